"""What `make offline` writes: the zip read from disk without a network, and the PDF read back page by page.

The PDF holds every page of the book, as `make offline` makes it, which takes long.
"""

import os
import re
import unicodedata
import zipfile

import pytest
import yaml
from bs4 import BeautifulSoup, SoupStrainer
from pypdf import PdfReader

from tests.support import ROOT
from tests.support.browser import watch
from tools import chromium, offline

PAGES = offline.toc_pages(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))


# --- The zip ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unpacked(site, tmp_path_factory):
    """The folder that a reader gets from the zip of the built site."""
    folder = tmp_path_factory.mktemp("offline")
    offline.pack(site, folder / "course.zip")
    with zipfile.ZipFile(folder / "course.zip") as archive:
        archive.extractall(folder)
    return folder / "course"


def test_the_zip_holds_every_file_of_the_site(site, unpacked):
    def files(folder):
        return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}

    wanted = {name: content for name, content in files(site).items() if name != ".buildinfo"}
    assert files(unpacked) == wanted


def test_the_same_site_gives_the_same_bytes(tmp_path):
    """Whenever its files were written, in whatever order, and whoever may read them."""
    zips = []
    for place, names in enumerate([("b.html", "a/c.js"), ("a/c.js", "b.html")]):
        site = tmp_path / str(place) / "site"
        for name in names:
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).write_text(name)
            (site / name).chmod(0o600 + 0o44 * place)
            os.utime(site / name, (1e9 * place, 1e9 * place))
        offline.pack(site, tmp_path / str(place) / "course.zip")
        zips.append((tmp_path / str(place) / "course.zip").read_bytes())
    assert zips[0] == zips[1]


def test_no_page_in_the_zip_asks_for_a_file_outside_it(unpacked):
    """Neither by a full address nor by a path from the root of a server or of the machine that built it."""
    pages = [page for page in unpacked.rglob("*.html") if "_static" not in page.parts]  # the theme leaves templates there
    assert len(pages) >= len(PAGES)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert str(ROOT) not in text, page
        only = SoupStrainer(["img", "script", "link", "iframe"])
        for node in BeautifulSoup(text, "html.parser", parse_only=only).select("[src], link[rel~=stylesheet]"):
            address = node.get("src") or node.get("href")
            if not address.startswith("data:"):
                assert not address.startswith(("http:", "https:", "//", "/", "file:")), (page, address)
                assert (page.parent / address.partition("?")[0]).exists(), (page, address)


@pytest.fixture
def from_disk(browser, unpacked):
    """A tab without a network, and what goes wrong in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_offline(True)
    tab = context.new_page()
    trouble = watch(tab, unpacked.as_uri())
    yield tab, trouble
    context.close()


def test_search_answers_from_disk(from_disk, unpacked):
    tab, trouble = from_disk
    tab.goto(f"{unpacked.as_uri()}/index.html", wait_until="load")
    tab.wait_for_url("**/book/index.html")
    tab.keyboard.press("Control+k")
    tab.keyboard.type("reparameterization")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search.html?q=reparameterization")
    tab.wait_for_function("() => document.querySelector('#search-results .search-summary')?.textContent.includes('found')")
    found = tab.locator("#search-results ul.search a").all_inner_texts()
    assert any("reparameterization trick" in title for title in found), found
    assert trouble == {"console": [], "failed": [], "left": []}


@pytest.mark.slow
def test_an_explorable_answers_from_disk(from_disk, unpacked):
    tab, trouble = from_disk
    tab.goto(f"{unpacked.as_uri()}/book/index.html", wait_until="load")
    loss = tab.locator(".explorable-draw .explorable-loss")
    before = loss.inner_text()
    tab.locator(".explorable-thumb").nth(1).click()
    assert loss.inner_text() != before
    assert trouble == {"console": [], "failed": [], "left": []}


# --- One document ----------------------------------------------------------------------------------------


def small_site(folder, pages):
    """Write a site whose pages have these articles."""
    for name, article in pages.items():
        file = folder / f"{name}.html"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'<html><head></head><body><article class="bd-article">{article}</article></body></html>')
    return folder


def names(*pages):
    return [offline.Page(name, "", 0) for name in pages]


def test_pages_come_in_the_order_of_the_table_of_contents():
    toc = {"root": "a", "parts": [{"caption": "P", "chapters": [{"file": "b", "sections": [{"file": "c"}]}, {"file": "d"}]}]}
    assert offline.toc_pages(toc) == [("a", "", 0), ("b", "P", 0), ("c", "", 1), ("d", "", 0)]


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("#there", ("x/a", "there")),
        ("b.html#there", ("x/b", "there")),
        ("../y/c.html", ("y/c", "")),
        ("../y/c.html#%CE%B2", ("y/c", "β")),
        ("https://example.org/b.html", None),
        ("mailto:a@example.org", None),
        ("../_sources/b.ipynb", None),
        ("missing.html", None),
    ],
)
def test_addresses_inside_the_book(address, place):
    assert offline.inside("x/a", address, {"x/a", "x/b", "y/c"}) == place


def test_links_between_pages_become_links_inside_the_document(tmp_path):
    site = small_site(
        tmp_path,
        {
            "x/a": '<h1 id="t">A</h1><p><a href="b.html#t">to b</a> <a href="../_sources/b.ipynb">file</a> <a href="https://example.org">out</a></p>',
            "x/b": '<h1 id="t">B</h1><script>1</script><details><p><img src="../i.png" loading="lazy"></p></details>',
        },
    )
    soup = BeautifulSoup(offline.book(site, names("x/a", "x/b"), "../html"), "html.parser")
    assert [link["href"] for link in soup.select("p a")] == ["#x-b--t", "https://example.org"]
    assert [link["href"] for link in soup.select(".book-contents a")] == ["#x-a", "#x-b"]
    assert soup.find(id="x-b--t").name == "h1"
    assert soup.find(id="x-b").name == "article"
    assert soup.select_one("details img").attrs == {"src": "../html/i.png"}
    assert "open" in soup.select_one("details").attrs
    assert not soup.select("script")


def test_a_link_to_a_place_that_is_not_there_is_an_error(tmp_path):
    site = small_site(tmp_path, {"a": '<h1>A</h1><a href="b.html#gone">b</a>', "b": "<h1>B</h1>"})
    with pytest.raises(ValueError, match="#b--gone"):
        offline.book(site, names("a", "b"), ".")


def test_a_heading_says_a_formula_once():
    node = BeautifulSoup(
        '<h2>It bounds <span class="katex"><span class="katex-mathml"><math><mi>log</mi><mo>\u2061</mo><mi>p</mi>'
        '<annotation>\\log p</annotation></math></span><span class="katex-html">log p</span></span>\n here</h2>',
        "html.parser",
    ).h2
    assert offline.heading(node) == "It bounds log p here"


# --- The PDF ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def printed(browser, site, tmp_path_factory):
    """(pages, the PDF of them read back, the letters of each of its pages)."""
    target = tmp_path_factory.mktemp("printed") / "course.pdf"
    count = offline.write_pdf(site, PAGES, target, browser)
    reader = PdfReader(target)
    assert count == len(reader.pages) > len(PAGES)
    assert [file.name for file in target.parent.iterdir()] == ["course.pdf"]
    return PAGES, reader, [letters(page.extract_text()) for page in reader.pages]


def letters(text):
    """Only what is left when line breaks, spaces and ligatures are taken out."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


@pytest.mark.slow
def test_every_caption_is_in_the_pdf(printed, site):
    """Without the formulas of a caption, which a PDF holds in another order."""
    pages, _, texts = printed
    text, checked = "".join(texts), 0
    for page in pages:
        for caption in BeautifulSoup((site / f"{page.name}.html").read_text(encoding="utf-8"), "html.parser").select("figcaption"):
            for node in caption.select(".headerlink, .katex"):
                node.replace_with("\n\n")
            for part in filter(None, map(letters, caption.get_text().split("\n\n"))):
                assert part in text, (page.name, part)
                checked += 1
    assert checked >= 10


def is_picture(item):
    return item.get_object()["/Subtype"] == "/Image"


@pytest.mark.slow
def test_every_figure_is_in_the_pdf(printed, site):
    pages, reader, _ = printed
    figures = {
        image["src"].rpartition("/")[2]
        for page in pages
        for image in BeautifulSoup((site / f"{page.name}.html").read_text(encoding="utf-8"), "html.parser").select(
            "article img:not(.figure-dark)"
        )
    }
    drawn = {item.idnum for page in reader.pages for item in page["/Resources"].get("/XObject", {}).values() if is_picture(item)}
    assert len(drawn) >= len(figures) >= 10


@pytest.mark.slow
def test_every_link_inside_the_pdf_leads_to_a_page(printed):
    _, reader, _ = printed
    links = [item.get_object() for page in reader.pages for item in page.get("/Annots", [])]
    inner = [str(item["/Dest"]) for item in links if "/Dest" in item]
    outer = [item["/A"]["/URI"] for item in links if "/A" in item]
    assert len(inner) > 10
    for name in inner:
        assert 0 <= reader.get_destination_page_number(reader.named_destinations[name]) < len(reader.pages), name
    assert all(address.startswith(("https://", "http://", "mailto:")) for address in outer), outer


@pytest.mark.slow
def test_bookmarks_and_contents_name_every_page_and_where_it_begins(printed, site):
    pages, reader, texts = printed
    marks = {mark.title: reader.get_destination_page_number(mark) + 1 for mark in reader.outline if not isinstance(mark, list)}
    for page in pages:
        h1 = BeautifulSoup((site / f"{page.name}.html").read_text(encoding="utf-8"), "html.parser").select_one("article h1")
        h1.select_one(".headerlink").decompose()
        title = offline.heading(h1)
        assert letters(title) in texts[marks[title] - 1]
        assert letters(f"{title}{marks[title]}") in "".join(texts[1:3])


# --- The command -----------------------------------------------------------------------------------------


def test_without_a_browser_it_says_what_is_missing_and_leaves_the_zip(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(chromium, "PROGRAMS", ("no-such-browser",))
    site = small_site(tmp_path / "site", {"index": "<h1>A</h1>"})
    assert offline.main(["--site", str(site), "--out", str(tmp_path / "out")]) == 1
    assert "needs Chromium or Chrome, and none of no-such-browser is here" in capsys.readouterr().err
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["course.zip"]


def test_without_a_site_it_says_so(tmp_path, capsys):
    assert offline.main(["--site", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "run make book first" in capsys.readouterr().err
