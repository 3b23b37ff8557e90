"""TwoGaussians: divergences, slopes, estimate and picture in the page against companion, torch.distributions and autograd."""

import math
import re

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from companion import losses
from companion.widgets import TwoGaussians, dice
from tests.support.driving.two_gaussians import point, shown, tally, tensors, to_float
from tests.support.seeing import next_frame

PLACES = 6e-4  # three places are shown, of a point that is read off to five


def press(page, across: float, up: float) -> tuple[float, float]:
    """Press in the plane, at shares of its sides; returns (mu, logvar) of the point there."""
    box = page.locator(".explorable-plane canvas").bounding_box()
    page.mouse.click(box["x"] + across * box["width"], box["y"] + up * box["height"])
    next_frame(page)
    return point(page)


def log_ratio(mu: float, logvar: float, eps: np.ndarray) -> torch.Tensor:
    """log q(z) - log p(z) at z = mu + sigma eps, by torch.distributions."""
    q = Normal(torch.tensor(mu).double(), torch.tensor(logvar / 2).double().exp())
    z = q.loc + q.scale * torch.from_numpy(eps)
    return q.log_prob(z) - Normal(torch.tensor(0.0).double(), 1.0).log_prob(z)


def test_divergences_and_slopes_are_torchs(explorable_page, generator):
    page = explorable_page(TwoGaussians())
    for across, up in torch.rand(20, 2, generator=generator).tolist():
        mu, logvar = tensors(*press(page, across, up))
        forward = losses.gaussian_kl(mu, logvar)
        slopes = torch.autograd.grad(forward.sum(), (mu, logvar))
        q, p = Normal(mu, (0.5 * logvar).exp()), Normal(torch.zeros_like(mu), torch.ones_like(mu))
        said = shown(page)
        assert said["q"] == pytest.approx([mu.item(), q.scale.item()], abs=0.00501)
        assert said["forward"] == pytest.approx(forward.item(), abs=PLACES)
        assert said["forward"] == pytest.approx(kl_divergence(q, p).item(), abs=PLACES)
        assert said["reverse"] == pytest.approx(kl_divergence(p, q).item(), abs=PLACES, rel=1e-5)
        assert [said["mu"], said["logvar"]] == pytest.approx([slope.item() for slope in slopes], abs=PLACES)


@pytest.mark.parametrize("samples", [*(pytest.param(n, marks=pytest.mark.slow) for n in (10, 100)), 1000])
def test_the_estimate_and_its_error_are_those_of_the_samples(explorable_page, generator, samples):
    page = explorable_page(TwoGaussians(seed=5, samples=100))
    page.get_by_role("button", name=f"{samples:,}", exact=True).click()
    for seed, (across, up) in enumerate(torch.rand(5, 2, generator=generator).tolist(), start=6):
        page.get_by_role("button", name="roll", exact=True).click()
        mu, logvar = press(page, across, up)
        counts = log_ratio(mu, logvar, dice.normals(seed, samples))
        mean, error = shown(page)["estimate"]
        assert [mean, error] == pytest.approx([counts.mean().item(), counts.std().item() / math.sqrt(samples)], abs=PLACES)
        if samples == 1000:
            variance = 0.5 * (math.exp(logvar) - 1) ** 2 + mu**2 * math.exp(logvar)  # of log q/p under q, in closed form
            assert error == pytest.approx(math.sqrt(variance / samples), rel=0.15)
            assert abs(mean - shown(page)["forward"]) < 4 * error


@pytest.mark.slow
def test_a_roll_says_how_far_off_it_is_and_a_move_keeps_the_noise(explorable_page):
    page = explorable_page(TwoGaussians(mu=1, logvar=0.5, samples=1000, seed=0), disk=True)
    page.get_by_role("button", name="roll", exact=True).click()
    next_frame(page)
    counts = log_ratio(1, 0.5, dice.normals(1, 1000))
    off = abs(counts.mean().item() - (math.exp(0.5) + 1 - 1 - 0.5) / 2) / (counts.std().item() / math.sqrt(1000))
    told = page.locator(".explorable-status")
    assert f"{off:.1f} standard errors" in told.inner_text()
    page.get_by_role("slider", name="Mean of q").press("ArrowRight")
    next_frame(page)
    assert told.inner_text() == ""
    assert shown(page)["estimate"][0] == pytest.approx(log_ratio(1.09, 0.5, dice.normals(1, 1000)).mean().item(), abs=PLACES)


# ---------------------------------------------------------------- what is painted


def scale(page, chart: int):
    """Functions from pixels of a chart to its numbers, from what is written at its rulers."""
    texts = (
        page.locator(".explorable-chart")
        .nth(chart)
        .locator("svg > g text:not([hidden])")
        .evaluate_all(
            "nodes => nodes.map((n) => [n.textContent, +n.getAttribute('x'), +n.getAttribute('y'), n.getAttribute('text-anchor')])"
        )
    )
    across = [(to_float(text), x) for text, x, _, anchor in texts if anchor == "middle"]
    upward = [(to_float(text), y - 4) for text, _, y, anchor in texts if anchor == "end"]
    return [
        lambda pixel, m=marks: m[0][0] + (pixel - m[0][1]) / (m[-1][1] - m[0][1]) * (m[-1][0] - m[0][0])
        for marks in (across or None, upward)
        if marks
    ]


def painted(page, selector: str, x, y) -> np.ndarray:
    path = page.locator(selector).get_attribute("d")
    return np.array([(x(float(a)), y(float(b))) for a, b in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)])


@pytest.mark.parametrize(
    ("mu", "logvar"), [(1.5, -1.0), *(pytest.param(*at, marks=pytest.mark.slow) for at in ((-2.0, 1.2), (0.3, -3.0)))]
)
def test_curves_area_samples_and_arrows_are_painted_where_they_belong(explorable_page, mu, logvar):
    page = explorable_page(TwoGaussians(mu=mu, logvar=logvar, samples=10, seed=4))
    (x, y), (y_below,) = scale(page, 0), scale(page, 1)
    q, p = Normal(mu, math.exp(logvar / 2)), Normal(0.0, 1.0)
    for kind, expected in (("q", q), ("p", p)):
        z, height = painted(page, f".explorable-gaussian-{kind}", x, y).T
        inside = np.abs(z) <= 8
        assert height[inside] == pytest.approx(
            expected.log_prob(torch.from_numpy(z)).exp().numpy()[inside], abs=0.02 * height.max()
        )
    z, height = painted(page, ".explorable-integrand", x, y_below).T
    forward = losses.gaussian_kl(*tensors(mu, logvar)).item()
    assert np.trapezoid(height, z) == pytest.approx(forward, rel=0.02)
    fine = torch.linspace(-12, 12, 100_001).double()
    counts = q.log_prob(fine).exp() * (q.log_prob(fine) - p.log_prob(fine))
    for kind, part in (("above", counts.clamp(min=0)), ("below", counts.clamp(max=0))):
        area = painted(page, f".explorable-{kind}", x, y_below)
        assert np.trapezoid(area[:, 1], area[:, 0]) == pytest.approx(torch.trapezoid(part, fine).item(), rel=0.005, abs=0.005)
    rug = painted(page, ".explorable-gaussian-rug", x, y)[:, 0]
    assert rug == pytest.approx(mu + q.scale.item() * dice.normals(4, 10), abs=0.02)
    for kind, slope, axis in (("mu", mu, 0), ("logvar", (math.exp(logvar) - 1) / 2, 1)):
        start, end = painted(page, f".explorable-slope-{kind}", float, float)[:2]
        length = (end - start)[axis] * (1 if axis == 0 else -1) * 9 / 300  # 300 units for the 9 of the plane
        assert length == pytest.approx(-0.5 * slope, abs=0.01)
        assert (end - start)[1 - axis] == 0


@pytest.mark.slow
def test_the_two_handles_on_the_curve_set_mean_and_sigma(explorable_page):
    page = explorable_page(TwoGaussians(mu=0, logvar=0))
    x, _ = scale(page, 0)
    unit = 1 / (x(1) - x(0))
    mean, sigma = (page.get_by_role("slider", name=name) for name in ("Mean of q", "Sigma of q"))
    wider = (4 - 1.3) / 4.5  # how far the handle of sigma goes for each factor of e
    for handle, by, expected in (
        (sigma, wider, [0, math.e]),
        (mean, -1.5, [-1.5, math.e]),
        (sigma, -2 * wider, [-1.5, 1 / math.e]),
    ):
        box = handle.bounding_box()
        page.mouse.move(box["x"] + 26, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + 26 + by * unit, box["y"] - 30, steps=6)
        page.mouse.up()
        next_frame(page)
        assert shown(page)["q"] == pytest.approx(expected, abs=0.05)
    mean.focus()
    page.keyboard.press("End")
    sigma.focus()
    page.keyboard.press("Home")
    next_frame(page)
    assert shown(page)["q"] == pytest.approx([4.5, math.exp(-3)], abs=0.0051)
    assert point(page) == pytest.approx((4.5, -6), abs=0.001)
    kl = losses.gaussian_kl(*tensors(4.5, -6)).item()
    assert sigma.get_attribute("aria-valuetext") == f"sigma 0.050, KL {kl:.3f}"


@pytest.mark.slow
def test_scales_stay_while_a_finger_is_down_and_fit_when_it_lets_go(explorable_page):
    page = explorable_page(TwoGaussians(mu=0, logvar=0))
    rulers = page.locator(".explorable-chart > svg > g")
    before = rulers.all_text_contents()
    box = page.get_by_role("slider", name="Sigma of q").bounding_box()
    page.mouse.move(box["x"] + 22, box["y"] + 22)
    page.mouse.down()
    page.mouse.move(box["x"] - 40, box["y"] + 22, steps=6)
    next_frame(page)
    assert point(page)[1] < -3
    assert rulers.all_text_contents() == before
    frame, knob = (
        page.locator(".explorable-chart").first.bounding_box(),
        page.get_by_role("slider", name="Mean of q").bounding_box(),
    )
    assert knob["y"] + 22 > frame["y"]  # the top of q lies beyond the frame, its handle does not
    page.mouse.up()
    next_frame(page)
    assert rulers.all_text_contents() != before


@pytest.mark.slow
def test_what_lies_beyond_the_picture_is_said(explorable_page):
    page = explorable_page(TwoGaussians(mu=-3.5, logvar=2.9))
    text = page.locator(".explorable-chart .explorable-title").last.text_content()
    area, beyond = (to_float(part) for part in re.search(r"area ([\d.]+), (\S+) beyond ±8", text).groups())
    q, p = Normal(-3.5, math.exp(1.45)), Normal(0.0, 1.0)
    z = torch.linspace(-80, 80, 400_001, dtype=torch.float64)
    counts = q.log_prob(z).exp() * (q.log_prob(z) - p.log_prob(z))
    assert area == pytest.approx(torch.trapezoid(counts, z).item(), abs=0.002)
    outside = torch.trapezoid(torch.where(z.abs() > 8, counts, 0), z).item()
    assert beyond == pytest.approx(outside, abs=0.005)


@pytest.mark.parametrize("samples", [10, pytest.param(1000, marks=pytest.mark.slow)])
def test_the_tally_counts_the_rolls_that_missed(explorable_page, samples):
    page = explorable_page(TwoGaussians(samples=samples))
    assert tally(page) == (TwoGaussians(samples=samples).misses(), 1)
    page.get_by_role("button", name="roll", exact=True).click()
    page.get_by_role("button", name="roll 100").click()
    page.locator(".explorable-tally").filter(has_text="of 102 rolls").wait_for()
    assert tally(page) == (TwoGaussians(samples=samples, seed=104, rolls=102).misses(), 102)
    page.get_by_role("slider", name="Mean of q").press("Home")
    next_frame(page)
    assert tally(page) == (
        TwoGaussians(mu=-4.5, samples=samples, seed=104, rolls=102).misses(),
        102,
    )  # the same noise, counted anew


def test_ten_samples_miss_more_often_than_a_normal_distribution_would():
    """12 % and 5 %: what the docstring says, with four standard errors of the count."""
    for samples, share in ((10, 0.117), (100, 0.0525)):
        missed = TwoGaussians(samples=samples, seed=1000, rolls=1000 if samples == 10 else 300).misses()
        rolls = 1000 if samples == 10 else 300
        assert missed / rolls == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / rolls))


@pytest.mark.slow
def test_keys_and_a_finger_move_the_point_and_the_page_fits_a_phone(explorable_page):
    page = explorable_page(TwoGaussians(mu=0, logvar=0), phone=True)
    handle = page.locator(".explorable-plane .explorable-handle")
    handle.press("Shift+ArrowLeft")
    handle.press("ArrowDown")
    next_frame(page)
    assert point(page) == pytest.approx((-0.45, -0.09), abs=0.001)
    assert handle.get_attribute("aria-valuetext").replace("\N{MINUS SIGN}", "-") == "mu -0.45, log sigma squared -0.09, KL 0.103"
    page.locator(".explorable-plane").scroll_into_view_if_needed()
    box = page.locator(".explorable-plane canvas").bounding_box()
    page.touchscreen.tap(box["x"] + 0.25 * box["width"], box["y"] + 0.75 * box["height"])
    next_frame(page)
    assert point(page) == pytest.approx((-2.25, -3.75), abs=0.03)
    assert all(min(b["width"], b["height"]) >= 44 for b in (h.bounding_box() for h in page.locator(".explorable-handle").all()))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# ---------------------------------------------------------------- Python's side


def test_the_still_picture_shows_densities_integrand_and_slopes():
    densities, integrand, plane = TwoGaussians(mu=1.5, logvar=-1).still().axes
    for line, expected in zip(densities.lines[:2], (Normal(0.0, 1.0), Normal(1.5, math.exp(-0.5))), strict=True):
        z, height = line.get_xydata().T
        assert height == pytest.approx(expected.log_prob(torch.from_numpy(z)).exp().numpy())
    z, height = integrand.lines[0].get_xydata().T
    assert np.trapezoid(height, z) == pytest.approx(losses.gaussian_kl(*tensors(1.5, -1)).item(), rel=1e-3)
    assert "1.309" in integrand.get_title(loc="left") + integrand.get_title()  # which of them is a matter of style
    first, second = (text for text in plane.texts if hasattr(text, "arrow_patch"))
    assert np.subtract(first.xy, first.xyann) == pytest.approx([-0.75, 0])
    assert np.subtract(second.xy, second.xyann) == pytest.approx([0, (1 - math.exp(-1)) / 4])


@pytest.mark.parametrize("name", ["mu", pytest.param("seed", marks=pytest.mark.slow)])
def test_a_state_without_a_trait_leaves_the_still_picture(explorable_page, name):
    def spoil(saved):
        for model in saved["state"].values():
            model["state"].pop(name, None)

    page = explorable_page(TwoGaussians(), spoil=spoil, wait=False)
    page.wait_for_selector(".explorable-failed")
    assert page.locator("img").is_visible()


def test_python_sees_the_state_it_gave():
    pair = TwoGaussians(mu=-1, logvar=0.5, samples=10, seed=7, rolls=3)
    assert (pair.mu, pair.logvar, pair.samples, pair.seed, pair.rolls) == (-1, 0.5, 10, 7, 3)
    assert repr(pair) == "TwoGaussians()"
    pictures = [pair._repr_mimebundle_() for _ in range(2)]
    assert pictures[0][1]["image/png"] == {"width": 600, "height": 360}
    assert pictures[0][0]["image/png"] == pictures[1][0]["image/png"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"mu": 5}, "mu: got 5, expected a number from -4.5 to 4.5"),
        ({"logvar": math.nan}, "logvar: got nan, expected a number from -6 to 3"),
        ({"rolls": 0}, "rolls: got 0, expected a whole number from 1 to 1000"),
        ({"samples": 50}, "samples: got 50, expected one of"),
        ({"seed": -1}, "seed: got -1, expected a whole number from 0"),
    ],
)
def test_bad_input_is_named(options, said):
    with pytest.raises(ValueError, match=f"TwoGaussians: {said}"):
        TwoGaussians(**options)
