"""Every page of the built site as its readers meet it: what it asks for, what it holds, where its links lead, and what axe-core says.

Reads _build/html as `make book` leaves it. Each page is opened twice: from a loopback server with scripts, where everything is looked
at, in light, dark and at the width of a phone (axe-core: see `QUICK`); and from disk without scripts, at that width, where the text,
the formulas and the pictures must be there all the same. Nothing here needs the network: a request that would leave the machine is
stopped and reported.
"""

import functools
import re
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup

from tests.support.browser import SITE, load_extension, watch
from tests.support.driving import bring_alive
from tests.support.pages import BOOK, CHAPTERS, DESKTOP, PAGES, PHONE
from tools import axe

images = load_extension("images")
FROM_DISK = [  # once more with scripts; tests/pages/test_explorables.py has the other chapters
    BOOK[0],
    *(pytest.param(page, marks=pytest.mark.slow) for page in (CHAPTERS[0], CHAPTERS[6])),
    "search",
]

# What follows colour and width at once, rather than on its way there.
STILL = "*, *::before, *::after { transition: none !important; animation: none !important; }"
# Explorables stand, every box is unfolded, and the pictures that wait for a reader are fetched.
READY = """async () => {
  await document.fonts.ready;
  document.querySelectorAll('details').forEach((box) => { box.open = true; });
  const shown = [...document.images].filter((image) => image.checkVisibility());
  shown.forEach((image) => { image.loading = 'eager'; });
  await Promise.all(shown.map((image) => image.decode().catch(() => {})));
}"""
# An explorable's still picture hides behind the live one: it has no width to judge, and need not be fetched.
MEASURE = """() => ({
  title: document.title,
  language: document.documentElement.lang,
  pageWidth: document.documentElement.scrollWidth,
  windowWidth: document.documentElement.clientWidth,
  headings: [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].filter((h) => h.checkVisibility())
    .map((h) => [Number(h.tagName[1]), h.textContent.trim()]),
  images: [...document.querySelectorAll(
    'html[data-theme=dark] article img:not(.figure-light), html:not([data-theme=dark]) article img:not(.figure-dark)')].map((i) => ({
    alt: i.alt, file: i.src.split('/').pop(), drawn: i.naturalWidth > 0, behind: !!i.closest('.explorable-live'),
    width: i.getBoundingClientRect().width, height: i.getBoundingClientRect().height,
    reserved: [Number(i.getAttribute('width')), Number(i.getAttribute('height'))],
    waits: i.getAttribute('loading') === 'lazy', output: !!i.closest('.cell_output'),
    caption: i.closest('figure')?.querySelector(':scope > figcaption')?.textContent.trim() ?? ''})),
  formulas: [...document.querySelectorAll('article .katex')].map((k) => ({
    width: k.querySelector('.katex-html').getBoundingClientRect().width,
    font: getComputedStyle(k).fontFamily,
    copyWidth: k.querySelector('.katex-mathml').getBoundingClientRect().width})),
  rawMath: document.querySelectorAll('article .math:not(:has(.katex))').length,
})"""
# Read before anything is loaded lazily or moved: what the page itself says.
SOURCE = """() => ({
  links: [...document.querySelectorAll('[href], [src]')].map((e) => e.getAttribute('href') ?? e.getAttribute('src')),
  lazy: [...document.querySelectorAll('article img:not(.figure-dark)')].map((i) => i.getAttribute('loading') === 'lazy'),
  tokens: [...new Set([...document.querySelectorAll('.cell_input .highlight span[class]')].map((e) => e.className))],
  policy: document.querySelector('meta[http-equiv="Content-Security-Policy"]')?.content ?? '',
  stored: Object.keys(localStorage).concat(Object.keys(sessionStorage)),
})"""
FORMULAS = "book/appendix/notation"
# axe-core looks at the words of code cells on a few pages that have every kind: on the others they take most of its time.
CODE = ("book/05-reparameterization", "book/06-log-variance", "book/08-beta-tradeoff", "book/your-own-images")
AXE = """async ([options, exclude]) => {
  for (let frame = 0; frame < 4; frame++) await new Promise(requestAnimationFrame);
  const found = await axe.run(exclude.length ? {exclude} : document, {resultTypes: ['violations'], ...options});
  return found.violations.map((rule) => `${rule.id}, ${rule.nodes.length} times: ${rule.nodes[0].html.slice(0, 200)}`);
}"""
ONLY_COLOURS = {"runOnly": ["color-contrast"]}
MODES = ("light", "dark", "375 px")
# Two chapters, a page of solutions and the search; the other pages are visited with --slow. axe-core looks at these in the modes of
# QUICK, at all in three.
IN_EVERY_RUN = (
    BOOK[0],
    CODE[1],
    "book/exercises/solutions/06-log-variance",
    "search",
)
EVERY = [pytest.param(page, marks=[] if page in IN_EVERY_RUN else pytest.mark.slow) for page in PAGES]
QUICK = {(page, mode) for page in IN_EVERY_RUN for mode in MODES if mode == "light" or page == CODE[1]}
LOOKED_AT = [pytest.param(p, m, marks=[] if (p, m) in QUICK else pytest.mark.slow) for p in PAGES for m in MODES]


# --- The visits --------------------------------------------------------------------------------------------


def accessible(tab, modes=MODES) -> dict:
    """Run axe-core as the page stands, in the dark, and at a phone's width, in the dark; give what it finds in each of these modes."""
    tab.evaluate(axe.script().read_text(encoding="utf-8"))
    exclude = [] if any(page in tab.url for page in CODE) else [".cell_input pre"]
    found = {"light": tab.evaluate(AXE, [{}, exclude])}
    tab.evaluate("document.documentElement.dataset.theme = 'dark'")
    if "dark" in modes:
        found["dark"] = tab.evaluate(AXE, [ONLY_COLOURS, exclude])
    tab.set_viewport_size(PHONE)
    if "375 px" in modes:
        found["375 px"] = tab.evaluate(AXE, [{}, exclude])
    return found


def visit(context, start, page, *, look=None):
    """Open ``page`` below ``start``; return what stands on it, everything that went wrong on the way, and what ``look`` returns.

    Without ``look`` the page has no scripts.
    """
    tab = context.new_page()
    trouble = watch(tab, start, scripts=look is not None)
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(f"{start}/{page}.html", wait_until="load")
    found = tab.evaluate(SOURCE) | {"url": tab.url, "asked": asked} | trouble
    if look:
        bring_alive(tab)
        tab.add_style_tag(content=STILL)
    tab.evaluate(READY)
    found |= tab.evaluate(MEASURE)
    found |= look(tab) if look else {}
    tab.close()
    return found


@pytest.fixture(scope="module")
def served(browser, address, pytestconfig):
    """The pages of this run, from a server, with scripts: served[page]; and what the browser keeps afterwards."""
    context = browser.new_context(viewport=DESKTOP, color_scheme="light")
    whole, seen = pytestconfig.getoption("slow"), {}
    for page in PAGES if whole else IN_EVERY_RUN:
        modes = [mode for mode in MODES if whole or (page, mode) in QUICK]
        seen[page] = visit(context, address, page, look=functools.partial(look_closely, modes=modes))
    seen["cookies"] = context.cookies()
    context.close()
    return seen


@pytest.fixture(scope="module")
def visited(served):
    """The names of the pages that `served` has."""
    return [page for page in PAGES if page in served]


def look_closely(tab, modes) -> dict:
    """What axe-core finds in these modes, and the page's measures at the width of a phone."""
    return {"axe": accessible(tab, modes), "phone": tab.evaluate(MEASURE)}


@pytest.fixture
def plain(browser):
    """Open a page from disk, without scripts, at a phone's width."""
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    yield lambda page: visit(context, SITE.as_uri(), page)
    context.close()


# --- With scripts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", EVERY)
class TestPage:
    """Each page of the table of contents, the search page and the index."""

    def test_opens_quietly(self, served, page):
        """No error or warning on the console, nothing missing, nothing asked of another machine."""
        seen = served[page]
        assert seen["title"]
        assert seen["language"] == "en"
        assert (seen["console"], seen["failed"], seen["left"]) == ([], [], [])

    def test_has_the_policy_and_keeps_only_the_readers_colours(self, served, page):
        assert served[page]["policy"].startswith("default-src 'self'; script-src 'self' 'unsafe-inline' blob:")
        assert set(served[page]["stored"]) <= {"mode", "theme"}

    def test_does_not_scroll_sideways(self, served, page):
        for seen in (served[page], served[page]["phone"]):
            assert seen["pageWidth"] <= seen["windowWidth"]

    def test_headings_are_in_order(self, served, page):
        levels = [level for level, _ in served[page]["headings"]]
        assert levels[:1] == [1]
        assert levels.count(1) == 1
        skipped = [served[page]["headings"][i + 1] for i in range(len(levels) - 1) if levels[i + 1] > levels[i] + 1]
        assert skipped == []

    def test_images_are_drawn_and_described(self, served, page):
        """An alt text of a sentence, not the file name that Sphinx falls back to; an output's figure also has a caption."""
        for image in served[page]["images"]:
            assert image["drawn"] or image["behind"], image
            assert image["behind"] or image["width"] > 0, image
            assert image["width"] <= images.WIDEST + 0.5, image
            assert len(image["alt"]) >= 40, image
            assert " " in image["alt"].strip(), image
            assert image["alt"].rstrip("'\"").endswith((".", "?")), image
            assert image["file"] not in image["alt"], image
            assert not image["output"] or len(image["caption"]) >= 30, image

    def test_images_keep_their_place_and_wait_for_the_reader(self, served, page):
        """The tag holds the picture's size, in the very proportions in which it is drawn; all but the first wait."""
        for image in served[page]["images"]:
            width, height = image["reserved"]
            assert width > 0, image
            assert image["behind"] or image["width"] / image["height"] == pytest.approx(width / height, rel=0.02), image
        assert all(served[page]["lazy"][1:])
        assert not any(served[page]["lazy"][:1])

    def test_images_are_small(self, served, page, site):
        for link in served[page]["links"]:
            if urlsplit(link).path.endswith((".png", ".jpg", ".svg", ".webp", ".gif")):
                file = file_of(site, served[page]["url"], link)
                assert file.stat().st_size <= images.LARGEST, link

    def test_links_lead_somewhere(self, served, page, site):
        """Each address on the page is a file of the site, and the part behind # stands on the page that it names."""
        broken = []
        for link in served[page]["links"]:
            target, fragment = urldefrag(urljoin(served[page]["url"], link))
            if urlsplit(target).netloc != urlsplit(served[page]["url"]).netloc:
                continue  # another site: book/links.json has those
            file = file_of(site, served[page]["url"], link)
            if not file.is_file() or (fragment and unquote(fragment) not in anchors(file)):
                broken.append(link)
        assert broken == []

    def test_formulas_are_rendered(self, served, page):
        assert_formulas(served[page])
        assert_formulas(served[page]["phone"])


def file_of(site, page, link):
    """The file of the site that a link on a page names."""
    return site / unquote(urlsplit(urljoin(page, link)).path).lstrip("/")


@functools.cache
def anchors(file):
    """The ids of a page of the site, as it is stored."""
    return {node["id"] for node in BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser").find_all(id=True)}


def assert_formulas(seen):
    """KaTeX drew them at build time and its style sheet is there: without it, a formula shows twice."""
    assert seen["rawMath"] == 0
    for formula in seen["formulas"]:
        assert formula["width"] > 0, formula
        assert formula["copyWidth"] <= 1.5, formula
        assert "KaTeX_Main" in formula["font"], formula


@pytest.mark.parametrize(("page", "mode"), LOOKED_AT)
def test_axe_finds_nothing(served, page, mode):
    assert served[page]["axe"][mode] == []


def test_nothing_is_kept_in_cookies(served):
    assert served["cookies"] == []


@pytest.mark.slow
def test_every_page_that_is_linked_was_visited(served, site):
    """The table of contents and the two generated pages are all there is: nothing hides behind a link."""
    named = {
        file_of(site, served[page]["url"], link) for page in PAGES for link in served[page]["links"] if not urlsplit(link).scheme
    }
    pages = {file.relative_to(site).with_suffix("").as_posix() for file in named if file.suffix == ".html"}
    assert pages <= {*PAGES, "index"}


def test_what_the_visits_asked_for(served, visited, address):
    """Guards the tests of requests: many were logged, and every one stayed on this machine."""
    asked = [url for page in visited for url in served[page]["asked"]]
    assert len(asked) > 10 * len(visited)
    assert {urlsplit(url).scheme for url in asked} <= {"http", "data", "blob"}
    assert all(url.startswith((address, "data:", f"blob:{address}")) for url in asked)


@pytest.mark.slow
def test_what_the_tests_above_look_at_is_there(served):
    """Guards them in the same way: formulas, figures, and every kind of word in code on a page where axe-core looks at it."""
    assert {kind for page in PAGES for kind in served[page]["tokens"]} == {kind for page in CODE for kind in served[page]["tokens"]}
    assert set(IN_EVERY_RUN) <= set(PAGES)
    assert len(served[FORMULAS]["formulas"]) > 10
    assert all(len(served[page]["images"]) > 5 for page in CHAPTERS)
    assert all(len(served[page]["headings"]) > 3 for page in CHAPTERS)


def test_axe_would_find_something(browser):
    """Guards the runs of axe-core: a picture without alt text, pale text, and a skipped heading are found."""
    tab = browser.new_page()
    tab.set_content(
        "<html lang='en'><title>T</title><main><h1>A</h1><h4>B</h4><p style='color:#ccc'>pale</p><img src='data:,'></main>"
    )
    found = " ".join(rule for mode in accessible(tab).values() for rule in mode)
    tab.close()
    assert {"image-alt", "color-contrast", "heading-order"} <= set(re.findall(r"[a-z]+-[a-z-]+", found))


# --- Without scripts, and from disk --------------------------------------------------------------------------


@pytest.mark.parametrize("page", EVERY)
def test_without_scripts_the_page_reads(plain, page):
    seen = plain(page)
    assert (seen["console"], seen["failed"], seen["left"]) == ([], [], [])
    assert seen["pageWidth"] <= seen["windowWidth"]
    assert_formulas(seen)
    assert all(image["drawn"] and image["width"] > 0 for image in seen["images"])


@pytest.mark.parametrize("page", FROM_DISK)
def test_with_scripts_from_disk(browser, page):
    context = browser.new_context(viewport=DESKTOP)
    seen = visit(context, SITE.as_uri(), page, look=lambda tab: {})
    context.close()
    assert (seen["console"], seen["failed"], seen["left"]) == ([], [], [])


def test_icon_script_is_gone(site):
    """The theme's 1.5 MB script is neither in the site nor named by a page."""
    assert not list(site.glob("_static/vendor/fontawesome/*/js/*"))
    for page in PAGES:
        assert not re.search(r"fontawesome/[\d.]+/js", (site / f"{page}.html").read_text(encoding="utf-8")), page
