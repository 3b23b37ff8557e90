"""The front page: what its pictures and times are taken from, what a reader sees first, how to cite; and how any page prints."""

import base64
import io
import json
import re

import nbformat
import numpy as np
import pytest
import yaml
from bs4 import BeautifulSoup
from PIL import Image
from pypdf import PdfReader
from sphinx.errors import ExtensionError

from tests.support import ROOT
from tests.support.browser import load_extension
from tests.support.driving import bring_alive

BOOK = ROOT / "book"
CHAPTERS = [path.stem for path in sorted(BOOK.glob("[0-9][0-9]-*.ipynb"))]
front_page = load_extension("front_page")


def page_of(site, name):
    return BeautifulSoup((site / "book" / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


@pytest.fixture(scope="module")
def front(site):
    return page_of(site, "index")


@pytest.fixture
def notebook():
    """A notebook with one figure of 600 by 300 CSS pixels, grey that grows lighter to the right."""
    file = io.BytesIO()
    Image.fromarray(np.tile(np.linspace(0, 255, 1200).astype(np.uint8), (600, 1))).save(file, "PNG")
    output = nbformat.v4.new_output("display_data", {"image/png": base64.b64encode(file.getvalue()).decode()})
    cell = nbformat.v4.new_code_cell("draw()", outputs=[output], metadata={"mystnb": {"figure": {"name": "fig-a"}}})
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("word " * 999), cell])


# --- The path --------------------------------------------------------------------------------------------


def test_every_chapter_has_a_piece_and_a_place_in_the_path(front):
    assert list(front_page.PIECES) == CHAPTERS
    assert [link["href"] for link in front.select(".path li a")] == [f"{name}.html" for name in CHAPTERS]


def test_a_picture_is_a_piece_of_what_the_chapter_stores(front, site):
    """The picture on the site against one cut now from the stored figure; its size is reserved and it waits for the reader."""
    for name, image in zip(CHAPTERS, front.select(".path img.figure-light"), strict=True):
        piece = front_page.PIECES[name]
        figure = front_page.stored_figure(nbformat.read(BOOK / f"{name}.ipynb", as_version=4), piece.figure)
        file = site / "book" / image["src"]
        shown, wanted = (np.asarray(picture.convert("RGB"), float) for picture in (Image.open(file), front_page.cut(figure, piece)))
        assert np.array_equal(shown, wanted), name
        assert file.stat().st_size < 30_000, name
        assert (image["width"], image["height"], image["loading"]) == ("240", "160", "lazy")
        assert image["alt"] == piece.alt
        assert len(piece.alt) >= 40


def test_times_are_those_of_the_run_and_of_the_words(front):
    measured = json.loads((BOOK / "measured.json").read_text(encoding="utf-8"))
    for name, time in zip(CHAPTERS, front.select(".path .path-time"), strict=True):
        minutes, seconds = map(int, re.findall(r"\d+", time.get_text()))
        assert seconds == round(measured[f"{name}.ipynb"]["seconds"])
        text = " ".join(c.source for c in nbformat.read(BOOK / f"{name}.ipynb", 4).cells if c.cell_type == "markdown")
        assert minutes == pytest.approx(len(text.split()) / 200, rel=0.2)


def test_a_thousand_words_take_five_minutes(notebook):
    assert front_page.minutes_to_read(notebook) == 5


def test_a_piece_keeps_its_place_and_shape(notebook):
    figure = front_page.stored_figure(notebook, "fig-a")
    picture = front_page.cut(figure, front_page.Piece("fig-a", 300, 100, 300, "")).convert("L")
    assert picture.size == (480, 320)
    assert picture.getpixel((4, 100)) == pytest.approx(255 * 300 / 600, abs=12)
    assert picture.getpixel((475, 100)) == pytest.approx(255, abs=12)


@pytest.mark.parametrize("place", [(310, 0, 300), (0, 110, 300), (-1, 0, 300), (0, -1, 300)])
def test_a_piece_that_leaves_its_figure_stops_the_build(notebook, place):
    with pytest.raises(ExtensionError, match=r"PIECES in front_page\.py"):
        front_page.cut(front_page.stored_figure(notebook, "fig-a"), front_page.Piece("fig-a", *place, ""))


def test_a_figure_that_is_gone_stops_the_build(notebook):
    with pytest.raises(ExtensionError, match="fig-b"):
        front_page.stored_figure(notebook, "fig-b")


# --- What a reader sees first ------------------------------------------------------------------------------


@pytest.fixture
def look(browser, address):
    """Open a page of the book: look(name, width, height, **context) -> tab."""
    contexts = []

    def open_page(name, width, height, **options):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **options))
        tab = contexts[-1].new_page()
        tab.goto(f"{address}/book/{name}.html", wait_until="load")
        bring_alive(tab)
        return tab

    yield open_page
    for context in contexts:
        context.close()


def bottom(tab, selector):
    box = tab.locator(selector).first.bounding_box()
    return box["y"] + box["height"]


def test_a_wide_window_shows_words_and_canvas_without_scrolling(look):
    tab = look("index", 1280, 900)
    for selector in ("article h1", ".front-say > p:last-child", ".explorable-pad", ".explorable-plane"):
        assert bottom(tab, selector) <= 900, selector


def test_a_phone_shows_headline_and_canvas_on_its_first_screen_and_a_half(look):
    tab = look("index", 375, 812)
    assert bottom(tab, "article h1") <= 812 / 2
    assert bottom(tab, ".explorable-pad") <= 812 * 1.5


@pytest.mark.slow
def test_the_side_bar_waits_behind_its_button(look):
    tab = look("index", 1280, 900)
    bar = tab.locator(".bd-sidebar-primary")
    assert not bar.is_visible()
    tab.locator(".primary-toggle").first.click()
    tab.wait_for_function("() => getComputedStyle(document.querySelector('.bd-sidebar-primary')).opacity === '1'")
    assert bar.is_visible()
    assert tab.locator(".search-button").first.is_visible()


# --- How to cite -------------------------------------------------------------------------------------------


def test_both_ways_to_cite_say_the_same():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    text = "\n".join(cell.source for cell in nbformat.read(BOOK / "index.ipynb", as_version=4).cells)
    entry = {
        name: " ".join(value.split()).strip("{}") for name, value in re.findall(r"(\w+) +?= (\{.*?\})(?:,\n|\n)", text, re.DOTALL)
    }
    title = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["title"]
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert cited["title"] == entry["title"] == title
    assert [author["name"] for author in cited["authors"]] == ["The course's authors"] == [entry["author"]]
    assert f"(c) {entry['year']} the course's authors" in licence
    assert cited["license"] == ["MIT", "CC-BY-4.0"]


# --- On paper ----------------------------------------------------------------------------------------------

ON_PAPER = """() => {
  const style = (selector, pseudo) => getComputedStyle(document.querySelector(selector), pseudo);
  const dark = colour => colour.match(/[\\d.]+/g).slice(0, 3).every(level => level < 110);
  const faint = [...document.querySelectorAll('.bd-article :is(p, li, pre, pre span, h2, figcaption, td)')]
    .filter(node => node.checkVisibility() && !node.closest(".explorable"))
    .map(node => getComputedStyle(node).color).filter(colour => !dark(colour));
  return {
    paper: style('body').backgroundColor, card: style('.bd-article .highlight pre').backgroundColor, faint: [...new Set(faint)],
    bars: ['.bd-sidebar-primary', '.bd-header-article', '.bd-sidebar-secondary', '.prev-next-footer', '.bd-footer-content', '.headerlink',
      '.copybtn', '#jb-print-docs-body'].filter(name => document.querySelector(name)?.checkVisibility()),
    title: document.querySelector('article h1').checkVisibility(),
    answers: [...document.querySelectorAll('details:not([class]) > p')].map(p => p.checkVisibility({contentVisibilityAuto: true})),
    stills: [...document.querySelectorAll('.explorable-view img.figure-light')].map(i => i.checkVisibility()),
    live: [...document.querySelectorAll('.explorable-view .explorable')].map(i => i.checkVisibility()),
    cut: [...document.querySelectorAll('article figure')].map(f => getComputedStyle(f).breakInside).filter(value => value !== 'avoid'),
    sideways: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  };
}"""


@pytest.mark.slow
def test_a_page_read_in_the_dark_prints_black_on_white_with_all_it_says(look):
    tab = look("04-gaussian-parameters", 605, 900, color_scheme="dark")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    tab.emulate_media(media="print")
    seen = tab.evaluate(ON_PAPER)
    assert seen["paper"] == "rgb(255, 255, 255)"
    assert all(int(level) > 240 for level in re.findall(r"\d+", seen["card"])[:3]), seen["card"]
    assert (seen["faint"], seen["bars"], seen["cut"], seen["sideways"]) == ([], [], [], 0)
    assert seen["title"]
    assert len(seen["answers"]) >= 3
    assert all(seen["answers"])
    assert seen["stills"]
    assert all(seen["stills"])
    assert not any(seen["live"])


# A colour, and a rectangle from the corner on that it fills: the sheet, or its part within the margins.
FILLED = re.compile(rb"([\d.]+ [\d.]+ [\d.]+) rg\n(?:/G\d+ gs\n)?0 0 \d+ \d+ re\nf")


@pytest.mark.slow
def test_the_margins_of_a_page_read_in_the_dark_are_white_when_backgrounds_are_printed(look):
    tab = look("04-gaussian-parameters", 605, 900, color_scheme="dark")
    sheets = PdfReader(io.BytesIO(tab.pdf(print_background=True))).pages
    filled = [colour for sheet in sheets for colour in FILLED.findall(sheet.get_contents().get_data())]
    assert len(filled) >= len(sheets) > 5
    assert set(filled) == {b"1 1 1"}
