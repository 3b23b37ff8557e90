"""What the outputs of code cells look like on a page: folded answers to predictions, and DataFrames, on a small site with the book's look."""

import base64
import io

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_output
from PIL import Image

from tests.support.browser import load_extension, watch
from tests.support.pages import DESKTOP
from tests.support.small_site import build
from tools import axe
from tools.loopback import serve

frames = load_extension("frames")
PHONE = {"width": 360, "height": 740}
CAPTION = "A field of one colour, which is all that this figure shows."
ALT = "A field of one colour, as an example of a figure that waits."


def narrow():
    """A frame of three columns, whose rows have a name. pandas takes long to import: only where a frame is made."""
    import pandas as pd

    columns = {"reconstruction": [151.3, 156.3, 205.0], "KL": [50.4, 5.5, 0.0], "-ELBO": [201.7, 161.8, 205.0]}
    return pd.DataFrame(columns, index=pd.Index([0, 1, 64], name="beta"))


def wide():
    """A frame of nine columns."""
    import pandas as pd

    return pd.DataFrame({f"seed {seed}": [162.6 + seed, 154.1 + seed] for seed in range(9)}, index=["one wide layer", "two layers"])


def picture() -> str:
    """A small PNG, as a notebook stores it."""
    file = io.BytesIO()
    Image.new("RGB", (400, 200), "steelblue").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def value(frame) -> list:
    """The output of a cell that ends in a frame."""
    bundle = {"text/html": frame._repr_html_(), "text/plain": repr(frame)}
    return [new_output("execute_result", data=bundle, execution_count=1)]


def cells() -> list:
    """A figure and a print that wait, code that waits, two frames, and one that waits."""
    figure = {"image": {"alt": ALT}, "figure": {"caption": CAPTION, "name": "fig-field"}}
    drawn = [new_output("display_data", data={"image/png": picture(), "text/plain": "<Figure>"})]
    printed = [new_output("stream", text="0.123 " * 12 + "\n")]
    folded = {"tags": ["hide-output"], "jupyter": {"outputs_hidden": True}}
    made = [
        ("draw()", drawn, folded | {"mystnb": figure}),
        ("print(row)", printed, folded),
        ("print(row)", printed, {"tags": ["hide-input"]}),
        ("narrow", value(narrow()), {}),
        ("wide", value(wide()), {}),
        ("wide", value(wide()), folded),
    ]
    return [
        new_code_cell(source, id=f"c{number}", outputs=outputs, metadata=metadata, execution_count=1)
        for number, (source, outputs, metadata) in enumerate(made)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The site."""
    place = tmp_path_factory.mktemp("outputs")
    extensions = ["theme_repairs", "palette", "images", "folds", "frames"]
    status, _, said = build(place, "Text.", ["repository", *extensions], cells=cells(), look=True)
    assert status == 0, said
    return place / "out"


@pytest.fixture(scope="module")
def article(folder):
    """The page as it is stored."""
    page = (folder / "book" / "01-autoencoders.html").read_text(encoding="utf-8")
    return BeautifulSoup(page, "html.parser").select_one("article")


@pytest.fixture(scope="module")
def opened(browser, folder):
    """The page in a browser, where nothing may go wrong."""
    with serve(folder) as address:
        page = browser.new_page()
        trouble = watch(page, address)
        page.goto(f"{address}/book/01-autoencoders.html")
        page.add_style_tag(content="*, *::before, *::after { transition: none !important; animation: none !important; }")
        yield page
        page.close()
    assert trouble == {"console": [], "failed": [], "left": []}


@pytest.fixture
def tab(opened):
    """The page as it opens on a desktop."""
    opened.set_viewport_size(DESKTOP)
    opened.emulate_media(media="screen")
    opened.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = false; })")
    return opened


# --- Folds ---------------------------------------------------------------------------------------------------


@pytest.mark.medium
def test_caption_alternative_text_and_figure_wait_inside_the_fold(article):
    fold = article.select_one("details:has(img)")
    assert "open" not in fold.attrs
    assert fold.select_one("figure#fig-field img")["alt"] == ALT
    assert CAPTION in fold.select_one("figcaption").text
    fold.extract()
    assert ALT not in str(article)
    assert CAPTION not in article.text


@pytest.mark.medium
def test_a_fold_says_what_is_behind_it(article):
    said = [" / ".join(p.text for p in fold.select("summary p")) for fold in article.select("div.cell details")]
    output, code = "Show what came out / Hide what came out", "Show the code / Hide the code"
    assert sorted(said) == sorted([output, code, output])


def test_a_fold_opens_by_key_and_is_called_what_it_shows(tab):
    fold = tab.locator("details.below-input").first
    shown, hidden = fold.locator("figure"), fold.get_by_text("Show what came out")
    assert hidden.is_visible()
    assert not shown.is_visible()
    assert fold.locator("summary").get_attribute("aria-label") is None  # it would be read in place of the words
    fold.locator("summary").focus()
    tab.keyboard.press("Enter")
    assert shown.is_visible()
    assert not hidden.is_visible()
    assert fold.get_by_text("Hide what came out").is_visible()
    tab.keyboard.press("Enter")
    assert not shown.is_visible()


def test_a_fold_is_open_on_paper(tab):
    fold = tab.locator("details.below-input").first
    tab.emulate_media(media="print")
    assert fold.locator("figcaption").is_visible()
    assert not fold.locator("summary").is_visible()


def test_on_a_phone_a_folded_figure_has_the_whole_column(tab):
    """Else its words would be smaller there than in other figures."""
    tab.set_viewport_size(PHONE)
    fold = tab.locator("details.below-input").first
    fold.locator("summary").click()
    assert fold.locator("img.figure-light").bounding_box()["width"] == tab.locator("article p").first.bounding_box()["width"]


# --- DataFrames ----------------------------------------------------------------------------------------------


@pytest.mark.medium
def test_pandas_own_look_is_taken_off_and_headers_say_whose_they_are():
    table = BeautifulSoup(frames.plain(narrow()._repr_html_()), "html.parser")
    assert not table.select("style, [style], [border]")
    assert [[head.text for head in row.select("th[scope=col]")] for row in table.select("thead tr")] == [
        ["beta", *narrow().columns]
    ]
    assert [head.text for head in table.select("tbody th[scope=row]")] == ["0", "1", "64"]
    assert [cell.text for cell in table.select("tbody tr")[0].select("td")] == ["151.3", "50.4", "201.7"]


@pytest.mark.medium
def test_every_kind_of_frame_keeps_its_words():
    """And no header is empty (axe-core: empty-table-header)."""
    import pandas as pd

    pairs = pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")])
    named = pairs.set_names(["i", "j"])
    kinds = [
        wide(),
        narrow().rename_axis(columns="nats"),
        pd.DataFrame([[1, 2]], columns=pairs),
        pd.DataFrame({"c": [1, 2]}, index=named),
    ]
    for html in [frame._repr_html_() for frame in (*kinds, pd.DataFrame([[1, 2], [3, 4]], columns=named, index=named))]:
        stored, shown = (BeautifulSoup(text, "html.parser").table for text in (html, frames.plain(html)))
        assert sorted(stored.stripped_strings) == sorted(shown.stripped_strings)
        assert [cell.text for cell in stored.tbody.select("td")] == [cell.text for cell in shown.tbody.select("td")]
        assert all(head.text and head["scope"] for head in shown.select("th"))


@pytest.mark.medium
def test_the_page_shows_frames_as_tables_and_not_as_text(article):
    assert len(article.select(".text_html > div > table.dataframe")) == 3
    assert not article.select("style, [border]")
    assert "two layers  " not in article.text  # as text/plain has it


BOXES = """() => [...document.querySelectorAll('.cell_output .text_html')].map((box) => ({
  wide: box.scrollWidth > box.clientWidth, stops: box.tabIndex === 0, name: box.getAttribute('aria-label')}))"""
FRAMES = "async () => { for (let frame = 0; frame < 6; frame++) await new Promise(requestAnimationFrame); }"
COLUMN = """() => [...document.querySelectorAll('.text_html')].map((box) => {
  const numbers = [...box.querySelectorAll('tbody td:nth-child(2)')].map((cell) => getComputedStyle(cell));
  const rows = [...box.querySelectorAll('tbody tr')].map((row) => getComputedStyle(row).backgroundColor);
  return [...numbers.map((style) => `${style.textAlign} ${style.fontVariantNumeric}`), ...rows];
}).flat()"""


def test_numbers_stand_under_each_other_on_plain_rows(tab):
    assert set(tab.evaluate(COLUMN)) == {"right tabular-nums", "rgba(0, 0, 0, 0)"}


def test_a_wide_frame_scrolls_in_its_own_box_which_the_keyboard_reaches(tab):
    """On a phone; the names of its rows stay where they are."""
    tab.set_viewport_size(PHONE)
    tab.locator("details").last.locator("summary").click()
    tab.wait_for_function(f"() => ({BOXES})().filter((box) => box.stops).length === 2")
    boxes = tab.evaluate(BOXES)
    assert [box["wide"] for box in boxes] == [box["stops"] for box in boxes] == [False, True, True]
    assert len({box["name"] for box in boxes}) == 3
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box, name = tab.locator(".text_html").last, tab.locator("tbody th").last
    before = name.bounding_box()["x"]
    box.focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function("box => box.scrollLeft > 0", arg=box.element_handle())
    assert name.bounding_box()["x"] == before


def shaded(box) -> bool:
    """Whether the box's right edge, in the margin below its last line, is of another colour than its middle."""
    image = Image.open(io.BytesIO(box.screenshot())).convert("RGB")
    y = image.height - 4
    return image.getpixel((image.width - 3, y)) != image.getpixel((image.width // 2, y))


def test_the_edge_over_which_a_frame_goes_on_is_in_shade_until_its_end(tab):
    tab.set_viewport_size(PHONE)
    tab.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    small, box = tab.locator(".text_html").first, tab.locator(".text_html").last
    assert (shaded(small), shaded(box)) == (False, True)
    box.evaluate("box => { box.scrollLeft = box.scrollWidth; }")
    assert not shaded(box)


def test_a_box_is_reached_too_where_a_browser_measured_nothing_while_it_was_folded(tab):
    """Chromium measures what is folded; this one does as browsers do that take it off the page."""
    style = tab.add_style_tag(content="details:not([open]) > :not(summary) { display: none !important; }")
    tab.set_viewport_size(PHONE)
    tab.wait_for_function(f"() => ({BOXES})().filter((box) => box.stops).length === 1")
    tab.evaluate(FRAMES)  # a window that was pulled twice is looked at twice
    tab.locator("details").last.locator("summary").click()
    tab.wait_for_function(f"() => ({BOXES})().filter((box) => box.stops).length === 2")
    style.evaluate("style => style.remove()")
    tab.set_viewport_size(DESKTOP)
    tab.wait_for_function(f"() => !({BOXES})().some((box) => box.stops)")


def test_a_frame_is_whole_on_paper(tab):
    tab.set_viewport_size(PHONE)
    tab.emulate_media(media="print")
    assert tab.locator(".text_html").nth(1).evaluate("box => getComputedStyle(box).overflowX") == "visible"


AXE = """async () => {
  const found = await axe.run(document.querySelector('article'), {resultTypes: ['violations']});
  return found.violations.map((rule) => `${rule.id}: ${rule.nodes[0].html.slice(0, 200)}`);
}"""


@pytest.mark.slow
@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_in_light_and_dark(tab, window):
    tab.set_viewport_size(window)
    tab.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    tab.evaluate(axe.script().read_text(encoding="utf-8"))
    for theme in ("light", "dark"):
        tab.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        assert tab.evaluate(AXE) == []
