"""The marking page in a browser, by keys alone."""

import re
import threading

import pytest
from playwright.sync_api import expect

from coursework.report.answers import Marking
from coursework.report.marking import server
from coursework.report.marks import read_marks
from coursework.report.reading import read
from tests.support.browser import watch
from tests.support.graded import FREE, WHY, graded, result, student

SCRIPT = "<img src=x onerror=\"document.title='taken'\"><script>document.title = 'taken'</script>"


class Page:
    """The marking page of a folder, open in a tab."""

    def __init__(self, folder, address, tab, trouble):
        self.folder, self.address, self.tab, self.trouble = folder, address, tab, trouble

    def open(self):
        self.tab.goto(self.address)
        expect(self.tab.locator("main")).to_be_visible()
        return self

    def press(self, *keys):
        for key in keys:
            self.tab.keyboard.press(key)

    def saved(self):
        expect(self.tab.locator("#saved")).to_have_text("Saved")

    def expect(self, place, text):
        expect(self.tab.locator(place)).to_have_text(text)

    def marks(self):
        """Student -> (points, level, comment) of the first question."""
        paths = sorted((self.folder / "marks").glob("*.json"))
        return {path.stem: tuple(read_marks(path).marks["why"])[:3] for path in paths if "why" in read_marks(path).marks}


@pytest.fixture
def page(browser, tmp_path):
    """Opens the page of a class: what each student wrote on the two questions."""
    opened = []

    def start(texts, width=1280, scheme="light", **options):
        results = [result(name, words=dict(zip(("why", "free"), words, strict=True))) for name, words in texts.items()]
        people = [student(name, f"{name.title()} Park") for name in texts]
        folder = graded(tmp_path / "week3", results, students=people, written=[WHY, FREE])
        serving = server(Marking(folder))
        httpd, address = serving.__enter__()
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, **options)
        tab = context.new_page()
        tab.set_default_timeout(20_000)
        trouble = watch(tab, address)
        opened.append((context, httpd, serving, trouble))
        return Page(folder, address, tab, trouble).open()

    yield start
    for context, httpd, serving, trouble in opened:
        context.close()
        httpd.shutdown()
        serving.__exit__(None, None, None)
        assert trouble["left"] == []
        assert trouble["console"] == []


SMALL = {"kim": ("So.", ""), "lee": ("", "Well."), "an": ("Because.", "")}


def test_a_level_a_comment_and_on_to_the_next(page):
    marking = page(SMALL)
    marking.expect("#place", "Answer 1 of 3, not marked")
    marking.press("1", "c")
    marking.tab.keyboard.type("In which unit?")
    marking.saved()
    marking.expect("#place", "Answer 1 of 3, 1 of 2 points")
    assert list(marking.marks().values()) == [(1, 1, "In which unit?")]
    marking.press("Control+Enter")
    marking.expect("#place", "Answer 2 of 3, not marked")
    marking.press("ArrowLeft")
    assert marking.tab.locator("#comment").input_value() == "In which unit?"
    assert marking.tab.locator("#levels button[aria-pressed=true]").inner_text().split("\n")[-1] == "1"


def test_a_line_written_before_is_used_again(page):
    marking = page(SMALL)
    marking.press("c")
    marking.tab.keyboard.type("In which unit?\nGood.")
    marking.press("Escape", "ArrowRight", "s")
    marking.tab.keyboard.type("unit")
    expect(marking.tab.locator("#found button")).to_have_count(1)
    marking.press("Enter", "s", "ArrowDown", "Enter")
    expect(marking.tab.locator("#comment")).to_have_value("In which unit?\nGood.")
    marking.saved()
    assert sorted(mark[2] for mark in marking.marks().values()) == ["In which unit?\nGood.", "In which unit?\nGood."]


def test_undo_goes_back_to_the_answer(page):
    marking = page(SMALL)
    marking.press("2", "Enter", "0", "Enter", "u")
    marking.expect("#saved", "Undone")
    marking.expect("#place", "Answer 2 of 3, not marked")
    marking.press("u")
    marking.expect("#place", "Answer 1 of 3, not marked")
    marking.press("u")
    marking.expect("#saved", "Nothing to undo")


def test_points_are_typed_and_what_cannot_be_is_said(page):
    marking = page(SMALL)
    marking.press("p", "1", ".", "5", "Enter")
    marking.expect("#place", "Answer 2 of 3, not marked")
    marking.press("p", "7", "Enter")
    marking.expect("#most", "Expected 0 to 2")
    marking.press("Escape")
    marking.expect("#place", "Answer 2 of 3, not marked")
    marking.saved()
    assert [mark[0] for mark in marking.marks().values()] == [1.5]
    marking.press("ArrowLeft", "x")
    marking.saved()
    assert [mark[0] for mark in marking.marks().values()] == [None]


def test_empty_answers_get_nothing_and_the_next_question_follows(page):
    marking = page(SMALL)
    marking.press("e")
    marking.expect("#saved", "1 empty: nothing given")
    assert marking.marks() == {"lee": (0, 0, "")}
    for _ in range(2):
        if "not marked" not in marking.tab.inner_text("#place"):
            marking.press("Enter")
        marking.press("2", "Enter")
    marking.expect("#question", "In your own words.")
    marking.press("4")
    marking.saved()
    marking.press("[")
    marking.expect("#question", "3. Say what it costs")


def test_a_comment_on_the_whole_is_the_students(page):
    marking = page({"kim": ("So.", "Well.")})
    marking.press("o")
    marking.tab.keyboard.type("Good work.")
    marking.press("Escape", "]")
    expect(marking.tab.locator("#whole")).to_have_value("Good work.")
    marking.saved()
    assert read_marks(marking.folder / "marks" / "kim.json").comment == "Good work."


def test_a_name_is_shown_when_asked_for_and_found(page):
    marking = page(SMALL)
    assert "kim" not in marking.tab.content()
    marking.press("g")
    marking.tab.keyboard.type("an park")
    marking.press("Enter")
    marking.expect("#text", "Because.")
    marking.press("w")
    expect(marking.tab.locator("#place")).to_contain_text("an (an.ipynb)")
    marking.press("g")
    marking.tab.keyboard.type("nobody")
    marking.press("Enter")
    marking.expect("#choose-says", "No answer of nobody to this question.")


def test_what_a_student_wrote_is_shown_as_markdown_and_never_as_html(page):
    text = f"{SCRIPT} **bold**\n\n- a\n- b\n\n![x](http://127.0.0.1:9/x.png) [x](javascript:alert(1)) [site](http://127.0.0.1:9/)"
    marking = page({"kim": (text, "")})
    shown = marking.tab.locator("#text")
    assert shown.inner_text().startswith("[picture: x]<script>document.title = 'taken'</script> bold\n")
    assert shown.inner_text().endswith("[picture: http://127.0.0.1:9/x.png] [x](javascript:alert(1)) site (http://127.0.0.1:9/)")
    assert shown.locator("*").evaluate_all("found => found.map(each => each.localName)") == ["p", "strong", "ul", "li", "li", "p"]
    assert marking.tab.title() == "Marking week3"
    marking.press("t")
    assert "</script> **bold**\n\n- a\n- b\n" in marking.tab.locator("#typed").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_wide_table_is_scrolled_in_its_own_box(page, scheme):
    row = "|" + " 0.123456 |" * 12
    marking = page({"kim": (f"{row}\n{'|-:' * 12}|\n{row}", "")}, 360, scheme, bypass_csp=True)
    assert marking.tab.locator("#text table td").count() == 12
    assert marking.tab.evaluate("document.documentElement.scrollWidth") <= 360
    box = marking.tab.locator("#text .wide")
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    assert contrast(marking.tab, "#text td") >= 4.5


@pytest.mark.parametrize(
    ("key", "code"),
    [("ㅊ", "KeyC"), ("\u0441", "KeyC"), ("Process", "KeyC")],
    ids=["Korean", "Cyrillic", "an input method"],
)
def test_keys_work_where_the_keyboard_is_set_to_another_script(page, key, code):
    marking = page(SMALL)
    event = {"key": key, "code": code, "bubbles": True, "cancelable": True}
    marking.tab.locator("body").dispatch_event("keydown", event)
    expect(marking.tab.locator("#comment")).to_be_focused()


def test_a_digit_that_needs_shift_elsewhere_is_a_level_with_and_without(page):
    marking = page(SMALL)
    for key, shift in (("&", False), ("1", True)):
        event = {"key": key, "code": "Digit1", "shiftKey": shift, "bubbles": True, "cancelable": True}
        marking.tab.locator("body").dispatch_event("keydown", event)
        marking.expect("#place", "Answer 1 of 3, 1 of 2 points")
        marking.press("x")


def test_when_the_program_has_stopped_nothing_is_lost_and_it_is_said(page):
    marking = page(SMALL)
    block = re.compile(r"/mark$")
    marking.tab.route(block, lambda route: route.abort("connectionrefused"))
    marking.press("1", "c", "G", "o")
    expect(marking.tab.locator("#trouble")).to_contain_text("does not answer")
    marking.tab.unroute(block)
    marking.tab.locator("#trouble button").click()
    marking.saved()
    expect(marking.tab.locator("#trouble")).to_be_hidden()
    assert list(marking.marks().values()) == [(1, 1, "Go")]
    marking.trouble["console"].clear()  # of the refused connections


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_fits_and_its_text_stands_out(page, width, scheme):
    marking = page({"kim": ("word " * 200 + "x" * 500, "")}, width, scheme, bypass_csp=True)
    assert marking.tab.evaluate("document.documentElement.scrollWidth") <= width
    shown = "[...document.querySelectorAll('button')].filter(button => button.offsetParent)"
    assert marking.tab.evaluate(f"Math.min(...{shown}.map(button => button.offsetHeight))") >= 32
    for place in ("#text", "#place", "#levels button", "#next-open"):
        assert contrast(marking.tab, place) >= 4.5, place


def contrast(tab, place) -> float:
    """The ratio of luminances of an element's text and of what lies behind it. Source: WCAG 2.2, 1.4.3."""
    colours = tab.evaluate(
        """place => {
          let element = document.querySelector(place);
          const text = getComputedStyle(element).color;
          while (getComputedStyle(element).backgroundColor === 'rgba(0, 0, 0, 0)') element = element.parentElement;
          return [text, getComputedStyle(element).backgroundColor].map(colour => colour.match(/\\d+/g).slice(0, 3).map(Number));
        }""",
        place,
    )
    light, dark = sorted((luminance(colour) for colour in colours), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour) -> float:
    linear = [value / 3294 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in colour]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.slow
def test_two_hundred_answers_are_marked_by_keys(page):
    marking = page({f"s{i:03}": (f"{i % 3}" if i % 20 else "", "Well.") for i in range(200)})
    marking.press("e")
    marking.expect("#saved", "10 empty: nothing given")
    marking.press("?")
    marking.tab.locator("#by-itself").check()
    marking.press("Escape")
    if "not marked" not in marking.tab.inner_text("#place"):
        marking.press("n")
    for number in range(190):
        level = marking.tab.inner_text("#text")
        if number % 10 == 0:
            marking.press("c")
            marking.tab.keyboard.type(f"Comment {number}.")
            marking.press("Escape")
        marking.press(level)
    marking.expect("#question", "In your own words.")
    marking.saved()
    found = marking.marks()
    assert {name: mark[1] for name, mark in found.items()} == {f"s{i:03}": i % 3 if i % 20 else 0 for i in range(200)}
    assert sum(mark[2] != "" for mark in found.values()) == 19
    assert len(read(marking.folder).marks) == 200
    assert "200 of 200" in marking.tab.locator("#questions").inner_text()
