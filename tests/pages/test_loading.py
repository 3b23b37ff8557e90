"""When what an explorable needs is fetched: as its view comes near the screen, however the reader got there, and once.

The parts that need no page are tested in tests/pages/js. What an explorable does when it lives: tests/pages/test_explorables.py.
"""

import contextlib
import http.server
import json
import re
import threading
from pathlib import Path

import pytest

from tests.support.browser import PATIENCE, watch
from tests.support.driving import bring_alive, scroll_to
from tests.support.pages import BOOK, CHAPTERS, DESKTOP, PHONE
from tests.support.seeing import next_frame
from tools.loopback import serve

NEAR = 1.5  # screens: MARGIN in sphinx_ext/runtime/near.js
BUFFERS = "/_static/explorables/buffers/"
LATER = CHAPTERS[1:]  # chapters whose explorable comes after the opening, or that have none
ONE, SEVERAL = CHAPTERS[3], CHAPTERS[6]  # chapters of one explorable and of several
WINDOWS = [pytest.param(PHONE, id="phone"), pytest.param(DESKTOP, id="desktop", marks=pytest.mark.slow)]


@pytest.fixture
def visit(browser, address):
    """Open a page at its top: visit(name, start=address, until="load", **context) -> page; `page.asked` has the buffers that it asked for."""
    contexts = []

    def open_page(name, *, start=address, until="load", **options):
        contexts.append(browser.new_context(**{"viewport": DESKTOP} | options))
        page = contexts[-1].new_page()
        page.trouble, page.asked = watch(page, start), []
        page.on("request", lambda request: page.asked.extend(re.findall(rf"{BUFFERS}(\w+)\.js", request.url)))
        page.goto(f"{start}/{name}.html", wait_until=until)
        return page

    yield open_page
    trouble = [context.pages[0].trouble for context in contexts if any(context.pages[0].trouble.values())]
    for context in contexts:
        context.close()
    assert trouble == []


@pytest.fixture
def halted(site):
    """A server that holds back some files: halted(word in their paths, before=b"") -> address; `halted.go()` lets them come.

    before: what stands in front of these bytes comes at once.
    """
    released = threading.Event()
    stack = contextlib.ExitStack()

    def start(word, before=b""):
        class Halting(http.server.SimpleHTTPRequestHandler):
            def do_GET(self):
                if word not in self.path:
                    return super().do_GET()
                whole = Path(self.translate_path(self.path)).read_bytes()
                cut = whole.index(before)
                self.send_response(200)
                self.send_header("Content-Type", self.guess_type(self.path))
                self.end_headers()
                self.wfile.write(whole[:cut])
                released.wait(PATIENCE / 1000)
                return self.wfile.write(whole[cut:])

        return stack.enter_context(serve(site, Halting))

    start.go = released.set
    yield start
    released.set()
    stack.close()


def states(page) -> dict:
    """The saved models that a page holds, by id."""
    return json.loads(page.locator("script[type='application/vnd.jupyter.widget-state+json']").text_content())["state"]


def wait_alive(view):
    view.and_(view.page.locator(".explorable-live")).wait_for(state="attached", timeout=PATIENCE)


def height(view) -> float:
    return view.evaluate("view => view.getBoundingClientRect().height")


def scroll_below(view, screens):
    """Scroll to where the top of an element is so many screens below the lower edge of the screen."""
    script = "(view, n) => scrollBy({ top: view.getBoundingClientRect().top - (1 + n) * innerHeight, behavior: 'instant' })"
    view.evaluate(script, screens)
    next_frame(view.page)


# The first section that begins behind all explorables.
BEYOND = """() => {
  const last = [...document.querySelectorAll('.explorable-view')].at(-1);
  return [...document.querySelectorAll('article section')]
    .find((section) => last.compareDocumentPosition(section) & Node.DOCUMENT_POSITION_FOLLOWING);
}"""


def assert_in_place(section, window):
    """Its heading stands in the upper fifth of the window."""
    assert 0 <= section.evaluate("(section) => section.getBoundingClientRect().top") <= window["height"] / 5


# --- When ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name == SEVERAL else pytest.mark.slow) for name in LATER])
def test_nothing_is_fetched_before_an_explorable_is_near(visit, name):
    """Not for the chapter's own, and nothing where there is none."""
    page = visit(name)
    next_frame(page)
    assert page.asked == []
    for view in page.locator(".explorable-view").all()[:1]:
        scroll_below(view, NEAR + 0.05)
        assert page.asked == []
        scroll_below(view, NEAR - 0.05)
        wait_alive(view)
        assert page.asked != []


def test_each_explorable_of_a_page_waits_for_its_own_turn_and_what_they_share_is_fetched_once(visit):
    """The style, and part of the code; and nothing comes that none of them needs."""
    page, asked = visit(SEVERAL), [0]
    views = page.locator(".explorable-view").all()
    for view in views:
        scroll_to(view)
        wait_alive(view)
        asked.append(len(page.asked))
    assert len(views) > 1
    assert asked == sorted(set(asked))
    scripts = page.locator(f"script[src*='{BUFFERS}']").evaluate_all("all => all.map((script) => script.src)")
    assert len(scripts) == len(set(scripts)) == len(set(page.asked))  # a browser may answer a second one without asking
    codes = [model["code"] for model in states(page).values() if "code" in model]
    assert len(codes) == len(views)
    for code in codes:
        assert code["_esm"][0] == codes[0]["_esm"][0] != code["_esm"][-1]
        assert code["_css"] == codes[0]["_css"]
    buffers = [buffer["external"] for model in states(page).values() for buffer in model.get("buffers", [])]
    assert set(page.asked) == {file for code in codes for files in code.values() for file in files} | set(buffers)


def test_one_on_the_first_screen_starts_with_the_page(visit, halted):
    """Before the page has come so far, and a frame could tell what is near."""
    page = visit(BOOK[0], start=halted("book/index.html", before=b'class="explorable-view'), until="commit")
    page.wait_for_function("() => document.querySelectorAll('head script[src*=buffers]').length > 3", timeout=PATIENCE)
    assert page.locator(".explorable-view").count() == 0
    halted.go()
    wait_alive(page.locator(".explorable-view"))


# --- However the reader gets there, and what moves ---------------------------------------------------------


@pytest.mark.slow
def test_a_link_into_the_page_wakes_what_stands_there(visit):
    page = visit(ONE)
    view = page.locator(".explorable-view")
    page.evaluate("hash => { location.hash = hash; }", view.get_attribute("id"))
    wait_alive(view)


@pytest.mark.parametrize("window", WINDOWS)
def test_a_link_over_an_explorable_leads_to_its_place_at_once(visit, window):
    """Without scrolling there for half a second; and what comes to life above the place does not move it."""
    page = visit(SEVERAL, viewport=window)
    beyond = page.evaluate_handle(BEYOND)
    page.evaluate("(section) => { location.hash = section.id; }", beyond)
    next_frame(page)
    assert_in_place(beyond, window)
    wait_alive(page.locator(".explorable-view").last)
    next_frame(page)
    assert_in_place(beyond, window)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name == ONE else pytest.mark.slow) for name in (BOOK[0], *CHAPTERS)]
)
def test_the_place_of_an_explorable_is_kept_until_it_comes(visit, name, window):
    """To a twelfth, since lines break elsewhere in other fonts. What is measured anew: tools/explorable_heights.py."""
    page = visit(name, viewport=window)
    kept = [height(view) for view in page.locator(".explorable-view").all()]
    bring_alive(page)
    lives = [height(view) for view in page.locator(".explorable-view").all()]
    assert kept == pytest.approx(lives, rel=1 / 12), "run tools/explorable_heights.py, and make book again"


@pytest.mark.slow
def test_on_paper_the_still_picture_stands_and_nothing_is_fetched(visit):
    page = visit(ONE)
    page.emulate_media(media="print")
    next_frame(page)
    assert page.locator(".explorable-view img.figure-light").is_visible()
    assert page.asked == []


# --- Whatever the browser and the network are like ----------------------------------------------------------


@pytest.mark.slow
def test_a_browser_that_cannot_tell_what_is_near_fetches_all(browser, address):
    """Without a record of errors: the theme's own scripts want to be told, too."""
    page = browser.new_page(viewport=DESKTOP)
    page.add_init_script("window.IntersectionObserver = undefined")
    page.goto(f"{address}/{SEVERAL}.html")
    for view in page.locator(".explorable-view").all():
        wait_alive(view)
    assert page.evaluate("scrollY") == 0
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize("late", ["explorables/runtime.js", BUFFERS])
def test_when_scripts_are_slow_the_still_picture_stands_until_they_come(visit, halted, late):
    page = visit(SEVERAL, start=halted(late), until="domcontentloaded")
    for view in page.locator(".explorable-view").all():
        scroll_to(view)
        next_frame(page)
        assert view.locator("img.figure-light").is_visible()
        assert page.locator(".explorable-live").count() == 0
    halted.go()
    bring_alive(page)


@pytest.mark.slow
def test_from_disk_it_is_the_same(visit, site):
    page = visit(SEVERAL, start=site.as_uri())
    next_frame(page)
    assert page.asked == []
    bring_alive(page)
    assert len(page.asked) == len(set(page.asked)) > 5
