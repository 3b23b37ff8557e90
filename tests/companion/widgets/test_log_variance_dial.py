"""LogVarianceDial: every number, dot and status in the page is torch's autograd and plain SGD on the same loss, up to and over the wall."""

import math
import re
from fractions import Fraction
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from companion.widgets import LogVarianceDial
from companion.widgets.log_variance_dial import DIALS
from tests.support.driving.log_variance_dial import (
    HEADS,
    assert_shows,
    curvature,
    descend,
    objective,
    press,
    shown,
    slide,
    to_float,
)
from tests.support.seeing import next_frame

# cost and rate; not (50, 0.02), whose bounces from wall to slope make rounding errors a hundred times larger every other step
SETTINGS = [(10, 0.08), (10, 0.05), (50, 0.003), (50, 0.03), (10, 1.0), (0, 10.0)]
TITLES = [dial.title for dial in DIALS]
OTHERS = [pytest.param(*each, marks=pytest.mark.slow) for each in SETTINGS[1:]]


class Picture:
    """Pixels of a chart and back, from the numbers written at its rulers: log2 of sigma along, loss or step upward."""

    def __init__(self, page, nth: int):
        self.chart = page.locator(".explorable-chart").nth(nth)
        self.across = self._scale(Picture._marks(page, 1, "middle"))
        self.up = self._scale(Picture._marks(page, nth, "end"))

    @staticmethod
    def _marks(page, nth: int, anchor: str) -> list[tuple[float, float]]:
        texts = page.locator(".explorable-chart").nth(nth).locator("> svg > g text:not([hidden])")
        place = "+n.getAttribute('x')" if anchor == "middle" else "+n.getAttribute('y') - 4"
        found = texts.evaluate_all(
            f"all => all.filter((n) => n.getAttribute('text-anchor') === '{anchor}').map((n) => [n.textContent, {place}])"
        )
        return [(math.log2(Fraction(text)) if anchor == "middle" else to_float(text), at) for text, at in found]

    @staticmethod
    def _scale(marks):
        (first, at), (last, to) = marks[0], marks[-1]
        return lambda pixel: first + (pixel - at) / (to - at) * (last - first)

    def points(self, selector: str, path: str = r"[ML](-?[\d.]+) (-?[\d.]+)") -> list[tuple[float, float]]:
        text = self.chart.locator(selector).get_attribute("d")
        return [(self.across(float(x)), self.up(float(y))) for x, y in re.findall(path, text)]


@pytest.mark.parametrize(("cost", "rate"), [SETTINGS[0], *OTHERS])
def test_steps_are_torchs_and_so_is_the_one_over_the_wall(explorable_page, cost, rate):
    page = explorable_page(LogVarianceDial(cost=cost, rate=rate))
    for steps in range(7):
        assert_shows(page, cost=cost, rate=rate, steps=steps)
        press(page, "one step")
    press(page, "20 steps")
    assert_shows(page, cost=cost, rate=rate, steps=27)


@pytest.mark.slow
def test_a_rate_settles_below_two_over_the_curvature(explorable_page):
    page = explorable_page(LogVarianceDial(steps=200))
    for cost, power, expected in [
        (10, -1.5, ["settles", "on its way"]),  # 0.032: 2 / L'' is 0.0331
        (10, -1.45, ["survives", "on its way"]),
        (10, -0.7, ["\N{INFINITY} at step 1", "settles"]),  # 0.2: the step ends at a variance of 0
        (50, 0.55, ["NaN at step 1", "settles"]),  # 3.5
        (50, 0.6, ["NaN at step 1", "survives"]),  # 4
    ]:
        slide(page, "noise cost c", cost)
        slide(page, "learning rate", power)
        rate = float(f"{10**power:.2g}")
        assert page.locator(".explorable-slider output").all_inner_texts() == [f"{rate:g}", f"{cost}"]
        products, verdicts = zip(*((to_float(each["product"]), each["verdict"]) for each in shown(page).values()), strict=True)
        assert list(verdicts) == expected
        assert products == pytest.approx([rate * curvature(name, cost) for name in HEADS], abs=5.01e-4)


def test_a_moved_slider_takes_the_same_steps_again_and_a_button_is_said(explorable_page):
    page = explorable_page(LogVarianceDial(steps=190))
    said = page.locator("[aria-live=polite]")
    assert said.inner_text() == ""
    press(page, "20 steps")
    assert said.inner_text() == "Step 200, the last. raw variance: NaN at step 3; log-variance: settles."
    slide(page, "noise cost c", 1)
    assert_shows(page, cost=1, rate=0.08, steps=200)
    assert page.get_by_role("slider", name="noise cost c").get_attribute("aria-valuetext") == (
        "1; raw variance: settles; log-variance: settles"
    )
    press(page, "restart")
    assert_shows(page, cost=1, rate=0.08, steps=0)
    assert said.inner_text() == "Step 0. raw variance: starts; log-variance: starts."


def test_the_charts_show_the_loss_both_ways_and_the_minimum(explorable_page):
    page = explorable_page(LogVarianceDial(cost=10, rate=0.06, steps=30))
    loss, ways = Picture(page, 0), Picture(page, 1)
    for power, height in loss.points(".explorable-curve"):
        assert height == pytest.approx(objective("logvar", torch.tensor(power * 2 * math.log(2)).double(), 10)[1].item(), abs=0.05)
    for name in HEADS:
        path = descend(name, cost=10, rate=0.06, steps=30)
        expected = [(math.log2(here["sigma"]), step) for step, here in enumerate(path)]
        assert ways.points(f".explorable-trail.explorable-{name}") == [pytest.approx(point, abs=0.15) for point in expected]
        corner = loss.points(f".explorable-mark.explorable-{name}")[0]
        half = 7.5 if name == "variance" else 6  # pixels; a square's path begins at its corner, a disc's at its left
        left = half * (loss.across(1) - loss.across(0))
        above = half * (loss.up(0) - loss.up(1)) if name == "variance" else 0
        assert (corner[0] + left, corner[1] - above) == pytest.approx((expected[-1][0], path[-1]["loss"]), abs=0.05)
    for picture in (loss, ways):
        x = picture.across(float(re.match(r"M([\d.]+)", picture.chart.locator(".explorable-dashes").get_attribute("d"))[1]))
        assert x == pytest.approx(math.log2(11) / -2, abs=0.02)
    assert "minimum: \N{GREEK SMALL LETTER SIGMA} = 0.302" in loss.chart.locator("text").all_text_contents()
    assert ways.chart.locator(".explorable-cross").get_attribute("d") == ""


def test_a_way_over_the_wall_ends_behind_it(explorable_page):
    page = explorable_page(LogVarianceDial(cost=10, rate=0.08, steps=6))
    ways = Picture(page, 1)
    *before, last = ways.points(".explorable-trail.explorable-variance")
    assert [step for _, step in (*before, last)] == pytest.approx(range(4), abs=0.1)
    assert min(x for x, _ in before) > -5
    assert -5.95 < last[0] < -5.15
    wall = ways.chart.locator(".explorable-wall")
    x, width = (float(wall.get_attribute(name)) for name in ("x", "width"))
    assert (ways.across(x), ways.across(x + width)) == pytest.approx((-5.95, -5.15), abs=0.01)
    assert ways.chart.locator(".explorable-cross").get_attribute("d").startswith("M")
    assert page.locator(".explorable-mark.explorable-variance").get_attribute("d") == ""


@pytest.mark.slow
def test_what_lies_beyond_the_axis_is_named_at_its_edge(explorable_page):
    page = explorable_page(LogVarianceDial(cost=50, rate=1, steps=1), disk=True)
    assert page.locator(".explorable-far").all_text_contents() == ["", "◂ \N{GREEK SMALL LETTER SIGMA} = 3.7e\N{MINUS SIGN}6"]
    assert Picture(page, 1).points(".explorable-trail.explorable-logvar")[-1] == pytest.approx((-5, 1), abs=0.05)
    slide(page, "noise cost c", 10)
    slide(page, "learning rate", -0.75)  # 0.18: the third step bounces off the wall, far to the right
    press(page, "one step", 2)
    assert page.locator(".explorable-far").all_text_contents() == ["\N{GREEK SMALL LETTER SIGMA} = 2.832 ▸", ""]
    assert descend("variance", cost=10, rate=0.18, steps=3)[-1]["sigma"] == pytest.approx(2.832, abs=5e-4)


@pytest.mark.slow
def test_keys_reach_every_rate_and_press_the_buttons(explorable_page):
    page = explorable_page(LogVarianceDial(), phone=True)
    slider = page.get_by_role("slider", name="learning rate")
    slider.press("Home")
    rates = []
    for _ in range(81):
        rates.append(float(page.locator(".explorable-slider output").first.inner_text()))
        slider.press("ArrowRight")
        next_frame(page)
    assert rates == [float(f"{10 ** (k / 20 - 3):.2g}") for k in range(81)]
    page.get_by_role("button", name="one step").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    next_frame(page)
    assert page.locator(".explorable-controls output").inner_text() == "step 2"
    assert_shows(page, cost=10, rate=10, steps=2)


@pytest.mark.slow
def test_on_a_phone_everything_but_the_note_is_seen_together(explorable_page):
    page = explorable_page(LogVarianceDial(steps=200), phone=True)
    top, bottom = page.locator(".explorable-slider").first.bounding_box(), page.locator(".explorable-two-dials").bounding_box()
    assert bottom["y"] + bottom["height"] - top["y"] < 740
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for button in page.get_by_role("button").all():
        assert min(button.bounding_box()[side] for side in ("width", "height")) >= 44


@pytest.mark.parametrize("rate", [0.08, 0.2, pytest.param(0.01, marks=pytest.mark.slow)])  # 0.2: the first step ends at 0 exactly
def test_the_still_picture_shows_the_same_steps(rate):
    dial = LogVarianceDial(cost=10, rate=rate, steps=6)
    figure = dial.still()
    above, below = figure.axes
    for name, way, mark in zip(HEADS, [line for line in below.lines if line.get_label() in TITLES], above.lines[2:], strict=True):
        path = descend(name, cost=10, rate=rate, steps=6)
        alive = [here for here in path if here["sigma"] > 0]
        x, step = way.get_data()
        assert x[: len(alive)] == pytest.approx([math.log2(here["sigma"]) for here in alive])
        assert (x[len(alive) :] < -5.15).all()
        assert step.tolist() == list(range(min(7, len(alive) + 1)))
        expected = path[-1]["loss"] if len(alive) == 7 else math.nan
        assert mark.get_ydata()[0] == pytest.approx(expected, nan_ok=True)
    assert above.lines[0].get_xdata()[0] == pytest.approx(math.log2(11) / -2)
    x, loss = above.lines[1].get_data()
    assert loss[::50] == pytest.approx([objective("logvar", torch.tensor(at * 2 * math.log(2)), 10)[1].item() for at in x[::50]])
    plt.close(figure)


@pytest.mark.parametrize("name", ["rate", pytest.param("steps", marks=pytest.mark.slow)])
def test_a_state_without_a_trait_leaves_the_still_picture(explorable_page, name):
    def spoil(saved):
        for model in saved["state"].values():
            model["state"].pop(name, None)

    page = explorable_page(LogVarianceDial(), spoil=spoil, wait=False)
    page.wait_for_selector(".explorable-failed")
    assert page.locator("img").is_visible()


def test_python_walks_as_torch_does():
    dial = LogVarianceDial(cost=10, rate=0.08, steps=6)
    for name, each in zip(HEADS, DIALS, strict=True):
        path = [here["sigma"] for here in descend(name, cost=10, rate=0.08, steps=6)]
        assert dial.walk(each) == pytest.approx(np.array(path), nan_ok=True)
    assert repr(dial) == "LogVarianceDial()"
    assert all(a["image/png"] == b["image/png"] for a, b in pairwise(dial._repr_mimebundle_()[0] for _ in range(2)))


@pytest.mark.parametrize(
    ("name", "value"), [("cost", -1), ("cost", 51), ("rate", 0), ("rate", 11), ("rate", math.nan), ("steps", -1), ("steps", 201)]
)
def test_bad_input_is_named_now_and_later(name, value):
    message = f"LogVarianceDial: {name}: got {value}.*, expected a number from"
    with pytest.raises(ValueError, match=message):
        LogVarianceDial(**{name: value})
    dial = LogVarianceDial()
    with pytest.raises(ValueError, match=message):
        setattr(dial, name, value)
