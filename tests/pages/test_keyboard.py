"""The site by keyboard alone: every stop of Tab is seen, none is a trap, and what a mouse opens keys open and close."""

import pytest

from tests.support.driving import bring_alive
from tests.support.pages import BOOK, DESKTOP, PHONE

CHAPTER = next(page for page in BOOK if page.endswith("04-gaussian-parameters"))  # boxes that fold, an explorable, tables, code
MOST = 400  # stops after which Tab must have come round
# What has the focus: a number of its own for each element, its words, and whether a reader sees that it is focused.
FOCUS = """() => {
  const at = document.activeElement;
  window.stops ??= new Map();
  if (!window.stops.has(at)) window.stops.set(at, window.stops.size);
  // The side bar's arrows stand in a summary without height: what is looked at is the arrow's own box.
  const target = at.matches('summary') && at.offsetHeight === 0 ? at.firstElementChild : at;
  const box = target.getBoundingClientRect();
  const marked = (element) => {
    const style = getComputedStyle(element);
    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  };
  return {
    number: window.stops.get(at), body: at === document.body,
    name: `${at.tagName.toLowerCase()} ${(at.getAttribute('aria-label') ?? at.textContent ?? '').trim().slice(0, 40)}`,
    seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && marked(target),
  };
}"""


@pytest.fixture
def chapter(browser, address):
    """A chapter whose explorable stands, on a desktop."""
    page = browser.new_page(viewport=DESKTOP)
    page.goto(f"{address}/{CHAPTER}.html")
    bring_alive(page)
    page.add_style_tag(content="*, *::before, *::after { transition: none !important; } html { scroll-behavior: auto !important; }")
    yield page
    page.close()


def walk(page, key="Tab"):
    """Press a key until the focus is where it was before; return each stop once, in order."""
    stops = []
    for _ in range(MOST):
        page.keyboard.press(key)
        stop = page.evaluate(FOCUS)
        if stop["body"] or (stops and stop["number"] == stops[0]["number"]):
            return stops
        stops.append(stop)
    pytest.fail(f"after {MOST} stops the focus is still on its way: {[stop['name'] for stop in stops[-5:]]}")


@pytest.mark.slow
def test_every_stop_is_seen_and_none_is_a_trap(chapter):
    stops = walk(chapter)
    assert [stop["name"] for stop in stops if not stop["seen"]] == []
    assert len({stop["number"] for stop in stops}) == len(stops)
    names = " | ".join(stop["name"] for stop in stops)
    for reached in (
        "a Skip to main content",
        "button Search",
        "button Region 2",
        "summary",
        "a previous",
        "a next",
        "button Download",
    ):
        assert reached in names, (reached, names)
    backwards = walk(chapter, "Shift+Tab")
    assert {stop["number"] for stop in backwards} == {stop["number"] for stop in stops}


@pytest.mark.slow
def test_the_skip_link_leads_to_the_text(chapter):
    chapter.keyboard.press("Tab")
    assert "Skip to main content" in chapter.evaluate(FOCUS)["name"]
    chapter.keyboard.press("Enter")
    chapter.keyboard.press("Tab")
    assert chapter.evaluate("document.activeElement.closest('main, #main-content') !== null")


@pytest.mark.slow
def test_the_search_dialog_opens_and_closes_by_key(chapter):
    chapter.keyboard.press("Control+k")
    assert chapter.evaluate("document.activeElement.matches('input[type=search]')")
    chapter.keyboard.type("variance")
    chapter.keyboard.press("Escape")
    assert not chapter.evaluate("document.activeElement.matches('input[type=search]') && document.activeElement.checkVisibility()")


def test_a_folded_box_opens_and_closes_by_key(chapter):
    box = chapter.locator(".bd-article details").first
    box.locator("summary").focus()
    for opened in (True, False):
        chapter.keyboard.press("Enter")
        assert box.evaluate("box => box.open") is opened


@pytest.mark.slow
def test_a_menu_of_the_header_opens_by_key_and_gives_the_focus_back(chapter):
    button = chapter.locator(".header-article-items button.dropdown-toggle:visible").first
    button.focus()
    chapter.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    chapter.keyboard.press("ArrowDown")
    assert chapter.evaluate("document.activeElement.closest('.dropdown-menu') !== null")
    chapter.keyboard.press("Escape")
    assert button.get_attribute("aria-expanded") == "false"
    assert chapter.evaluate("document.activeElement.matches('button.dropdown-toggle')")


@pytest.mark.slow
def test_the_side_bar_of_a_phone_opens_by_key(chapter):
    chapter.set_viewport_size(PHONE)
    chapter.locator(".primary-toggle:visible").first.focus()
    chapter.keyboard.press("Enter")
    inside = "document.activeElement.closest('.bd-sidebar-primary') !== null"
    chapter.wait_for_function(f"() => {inside}")
    chapter.keyboard.press("Tab")
    assert chapter.evaluate(inside)
    chapter.keyboard.press("Escape")
    chapter.wait_for_function(f"() => !({inside})")
