"""LogVarianceDial: every number and every dot in the page is torch's autograd and plain SGD on the same loss, up to and over the wall."""

import math
import re
from itertools import pairwise

import pytest
import torch

from companion.widgets import LogVarianceDial
from tests.support.driving.log_variance_dial import HEADS, assert_shows, descend, objective, shown, to_float
from tests.support.seeing import next_frame

# cost and rate; not (50, 0.02), whose bounces from wall to slope make rounding errors a hundred times larger every other step
SETTINGS = [(10, 0.08), (10, 0.05), (50, 0.003), (50, 0.03), (10, 1.0)]


def step(page, label="gradient step") -> None:
    page.get_by_role("button", name=label, exact=True).click()
    next_frame(page)


class Picture:
    """Pixels of a dial's chart and back, from the numbers written at its rulers."""

    def __init__(self, page, name: str):
        self.dial = page.locator(f".explorable-dial-{name}")
        texts = self.dial.locator(".explorable-chart > svg > g text:not([hidden])").evaluate_all(
            "nodes => nodes.map((n) => [n.textContent, +n.getAttribute('x'), +n.getAttribute('y'), n.getAttribute('text-anchor')])"
        )
        self.x = self._scale([(to_float(text), x) for text, x, _, anchor in texts if anchor == "middle"])
        self.y = self._scale([(to_float(text), y - 4) for text, _, y, anchor in texts if anchor == "end"])

    @staticmethod
    def _scale(marks):
        (first, at), (last, to) = marks[0], marks[-1]
        return lambda pixel: first + (pixel - at) / (to - at) * (last - first)

    def points(self, selector: str) -> list[tuple[float, float]]:
        path = self.dial.locator(selector).get_attribute("d")
        return [(self.x(float(x)), self.y(float(y))) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)]

    def knob(self) -> tuple[float, float]:
        left, top = self.dial.locator(".explorable-handle").evaluate("k => [parseFloat(k.style.left), parseFloat(k.style.top)]")
        return self.x(left), self.y(top)

    def ring(self) -> float:
        """Where the next step lands, by the ring on the ruler."""
        path = self.dial.locator(".explorable-arrow").get_attribute("d")
        return self.x(float(path.split("M")[2].split(" ")[0]) + 4)


@pytest.mark.parametrize(("cost", "rate"), [SETTINGS[0], *(pytest.param(*each, marks=pytest.mark.slow) for each in SETTINGS[1:])])
def test_twenty_steps_are_torchs_and_so_is_the_one_over_the_wall(explorable_page, cost, rate):
    page = explorable_page(LogVarianceDial(cost=cost, rate=rate))
    torchs = {name: descend(name, cost=cost, rate=rate, steps=20) for name in HEADS}
    wall = next((number for number, here in enumerate(torchs["variance"]) if here["value"] <= 0), None)
    for number in range(21):
        for name, path in torchs.items():
            assert_shows(page, name, path[number])
        step(page)
        said = re.search(r"over the wall at step (\d+)", page.locator(".explorable-status").inner_text())
        assert (int(said.group(1)) if said else None) == (wall if wall and wall <= number + 1 else None)
    assert all(math.isfinite(value) for here in torchs["logvar"] for value in here.values())
    marks = [page.locator(f".explorable-dial-{name} .explorable-nan").text_content() for name in HEADS]
    assert marks == ["NaN" if wall else "", ""]


@pytest.mark.slow
def test_a_fresh_start_mends_a_broken_dial(explorable_page):
    page = explorable_page(LogVarianceDial(cost=10, rate=0.08))
    step(page, "10 steps")
    assert shown(page, "variance")["value"] == "NaN"
    assert shown(page, "logvar")["steps"] == "10"
    step(page, "restart")
    for name in HEADS:
        assert_shows(page, name, descend(name, cost=10, rate=0.08, steps=0)[0])


def test_what_is_painted_is_the_loss_the_path_and_the_next_step(explorable_page):
    page = explorable_page(LogVarianceDial(cost=10, rate=0.06))
    step(page, "10 steps")
    for name in HEADS:
        picture, path = Picture(page, name), descend(name, cost=10, rate=0.06, steps=11)
        for value, loss in picture.points(f".explorable-curve.explorable-{name}"):
            at = torch.tensor(value, dtype=torch.float64)
            if loss < 8 and (name == "logvar" or value > 0.08):  # nearer to the wall a tenth of a pixel is too much
                assert loss == pytest.approx(objective(name, at, 10)[1].item(), abs=0.03)
        trail = [(here["value"], here["loss"]) for here in path[:11]]
        assert picture.points(".explorable-trail") == [pytest.approx(point, abs=0.02) for point in trail]
        assert picture.knob() == pytest.approx(trail[-1], abs=0.02)
        assert picture.ring() == pytest.approx(path[11]["value"], abs=0.02)
        (x0, y0), (x1, y1) = picture.points(".explorable-dashes")
        assert (y1 - y0) / (x1 - x0) == pytest.approx(path[10]["slope"], rel=0.03, abs=0.03)


def test_a_hand_moves_a_dial_over_the_wall_and_back(explorable_page):
    page = explorable_page(LogVarianceDial(cost=10, rate=0.08))
    picture = Picture(page, "variance")
    box = picture.dial.locator(".explorable-handle").bounding_box()
    pixels = 1 / (picture.x(1) - picture.x(0))
    page.mouse.move(box["x"] + 30, box["y"] + 25)  # not in its middle: it must not jump
    page.mouse.down()
    page.mouse.move(box["x"] + 30 - 1.2 * pixels, box["y"] + 60, steps=5)
    next_frame(page)
    assert to_float(shown(page, "variance")["value"]) == pytest.approx(-0.2, abs=0.01)
    assert shown(page, "variance")["loss"] == "NaN"
    page.mouse.move(box["x"] + 30 - 0.5 * pixels, box["y"], steps=5)
    page.mouse.up()
    next_frame(page)
    value = to_float(shown(page, "variance")["value"])
    assert value == pytest.approx(0.5, abs=0.01)
    assert_shows(page, "variance", descend("variance", cost=10, rate=0.08, steps=0, start=value)[0])
    assert shown(page, "variance")["steps"] == "0"
    step(page)
    assert_shows(page, "variance", descend("variance", cost=10, rate=0.08, steps=1, start=value)[1])


@pytest.mark.slow
def test_a_finger_drags_the_dot_and_the_page_fits_a_phone(explorable_page):
    page = explorable_page(LogVarianceDial(), phone=True)
    handle = page.locator(".explorable-dial-logvar .explorable-handle")
    handle.scroll_into_view_if_needed()
    box, finger = handle.bounding_box(), page.context.new_cdp_session(page)
    assert min(box["width"], box["height"]) >= 44
    x, y = box["x"] + 22, box["y"] + 22
    wanted = -100 * (Picture(page, "logvar").x(1) - Picture(page, "logvar").x(0))
    for kind, at in (("touchStart", [x]), ("touchMove", [x - 50]), ("touchMove", [x - 100]), ("touchEnd", [])):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": a, "y": y} for a in at]})
    next_frame(page)
    assert to_float(shown(page, "logvar")["value"]) == pytest.approx(wanted, abs=0.02)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.slow
def test_keys_move_the_dials_press_the_buttons_and_set_the_rate(explorable_page):
    page = explorable_page(LogVarianceDial(cost=10, rate=0.08))
    handle = page.locator(".explorable-dial-variance .explorable-handle")
    handle.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowRight")
    next_frame(page)
    assert to_float(shown(page, "variance")["value"]) == pytest.approx(1 + 4 * 0.021, abs=0.0015)
    page.keyboard.press("Home")
    next_frame(page)
    assert handle.get_attribute("aria-valuetext") == "a = \N{MINUS SIGN}0.500, sigma NaN, loss NaN"
    page.get_by_role("slider", name="learning rate").focus()
    page.keyboard.press("End")
    page.get_by_role("slider", name="noise cost c").focus()
    page.keyboard.press("Home")
    page.get_by_role("button", name="restart").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="gradient step").focus()
    page.keyboard.press("Space")
    next_frame(page)
    assert page.locator(".explorable-slider output").all_inner_texts() == ["1", "0"]
    for name in HEADS:
        assert_shows(page, name, descend(name, cost=0, rate=1, steps=1)[1])
    assert page.locator("[aria-live=polite]").inner_text().startswith("a = 1.000, loss 0.000; v = 0.000")


@pytest.mark.slow
def test_a_far_step_is_named_at_the_edge(explorable_page):
    page = explorable_page(LogVarianceDial(cost=50, rate=1), disk=True)
    step(page)
    assert page.locator(".explorable-dial-logvar .explorable-far").text_content().endswith("v = \N{MINUS SIGN}25.000")
    assert_shows(page, "logvar", descend("logvar", cost=50, rate=1, steps=1)[1])


def test_the_still_picture_shows_the_same_steps():
    figure = LogVarianceDial(cost=10, rate=0.08).still()
    for ax, name in zip(figure.axes, HEADS, strict=True):
        path = descend(name, cost=10, rate=0.08, steps=6)
        drawn = ax.lines[1].get_xydata()
        known = [(here["value"], here["loss"]) for here in path if math.isfinite(here["loss"])]
        assert drawn[: len(known)] == pytest.approx(torch.tensor(known).numpy())
    assert [text.get_text() for text in figure.axes[0].texts] == ["NaN"]
    assert LogVarianceDial(cost=10, rate=0.01).still().axes[0].texts[:] == []


@pytest.mark.parametrize("name", ["variance", "rate"])
def test_a_state_without_a_trait_leaves_the_still_picture(explorable_page, name):
    def spoil(saved):
        for model in saved["state"].values():
            model["state"].pop(name, None)

    page = explorable_page(LogVarianceDial(), spoil=spoil, wait=False)
    page.wait_for_selector(".explorable-failed")
    assert page.locator("img").is_visible()


def test_python_sees_the_state_it_gave():
    dial = LogVarianceDial(cost=50, rate=0.1, start=0.5)
    assert (dial.variance, dial.logvar) == ([0.5], [math.log(0.5)])
    assert repr(dial) == "LogVarianceDial()"
    assert dial._repr_mimebundle_()[1]["image/png"] == {"width": 600, "height": 320}
    assert all(a["image/png"] == b["image/png"] for a, b in pairwise(dial._repr_mimebundle_()[0] for _ in range(2)))


@pytest.mark.parametrize(
    ("name", "value"), [("cost", -1), ("cost", 51), ("rate", 0), ("rate", 2), ("start", 0), ("start", math.nan)]
)
def test_bad_input_is_named(name, value):
    with pytest.raises(ValueError, match=f"LogVarianceDial: {name}: got {value}, expected a number from"):
        LogVarianceDial(**{name: value})
