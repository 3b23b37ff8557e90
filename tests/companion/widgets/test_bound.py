"""Bound: what the page says of q is Python's, Python's is torch.distributions and a finer sum, and log p(x) = ELBO + gap for every q."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from companion.widgets import Bound
from companion.widgets.bound import DRAWS, decode
from tests.support.driving.bound import drawn, handle, shown, state, told
from tests.support.seeing import next_frame

CASES = [
    ((0.2, 1.5), -1.0, 1.0, 0.5),
    ((0.0, 1.5), 1.99, 0.22, 0.5),
    ((-2.5, 2.5), 3.5, 0.05, 0.4),
    ((0.0, 0.0), 0.0, 2.0, 1.5),
]
CENT = 0.00501  # two places are shown


def torch_decode(z: torch.Tensor) -> torch.Tensor:
    return 1.5 * torch.stack([(1.5 * z).sin(), -(1.5 * z).cos()], dim=-1)


def log_joint(z: torch.Tensor, x, noise: float) -> torch.Tensor:
    """log p(z) + log p(x|z) by torch.distributions: (n,) -> (n,)."""
    likelihood = Independent(Normal(torch_decode(z), torch.tensor(noise, dtype=torch.float64)), 1)
    return Normal(torch.tensor(0.0, dtype=torch.float64), 1.0).log_prob(z) + likelihood.log_prob(
        torch.tensor(x, dtype=torch.float64)
    )


def log_evidence(x, noise: float) -> float:
    z = torch.linspace(-10, 10, 200_001, dtype=torch.float64)
    return (log_joint(z, x, noise).logsumexp(0) + math.log(20 / 200_000)).item()


# ---------------------------------------------------------------- Python against torch


@pytest.mark.parametrize(("x", "mu", "sigma", "noise"), CASES)
def test_terms_are_those_of_torch_on_a_finer_grid(x, mu, sigma, noise):
    terms = Bound(x, mu=mu, sigma=sigma, noise=noise).terms()
    q, prior = Normal(torch.tensor(mu, dtype=torch.float64), sigma), Normal(torch.tensor(0.0, dtype=torch.float64), 1.0)
    z = mu + sigma * torch.linspace(-10, 10, 40_001, dtype=torch.float64)
    weight = q.log_prob(z).exp() * sigma * 20 / 40_000
    log_likelihood = log_joint(z, x, noise) - prior.log_prob(z)
    log_posterior = log_joint(z, x, noise) - log_evidence(x, noise)
    assert terms.log_p == pytest.approx(log_evidence(x, noise), abs=1e-9)
    assert terms.reconstruction == pytest.approx(-(weight * log_likelihood).sum().item(), abs=1e-8)
    assert terms.kl == pytest.approx(kl_divergence(q, prior).item(), abs=1e-12)
    assert terms.gap == pytest.approx((weight * (q.log_prob(z) - log_posterior)).sum().item(), abs=1e-8)


def test_elbo_and_gap_sum_to_log_p_for_every_q(generator):
    bound = Bound()
    for a, b, c, d, e in torch.rand(40, 5, generator=generator).double().tolist():
        bound.set_trait("x", [5 * a - 2.5, 5 * b - 2.5])
        bound.mu, bound.sigma, bound.noise = 7 * c - 3.5, 0.05 + 1.95 * d, 0.4 + 1.1 * e
        terms = bound.terms()
        assert terms.elbo + terms.gap == pytest.approx(terms.log_p, abs=1e-9)
        assert min(terms.gap, terms.kl, terms.reconstruction, -terms.log_p) >= 0  # each bar has a length


@pytest.mark.parametrize(("x", "mu", "sigma", "noise"), CASES)
def test_the_posterior_has_area_one_and_is_bayes(x, mu, sigma, noise):
    z = np.linspace(-8, 8, 8001)
    posterior = Bound(x, mu=mu, sigma=sigma, noise=noise).posterior(z)
    assert np.trapezoid(posterior, z) == pytest.approx(1, abs=1e-9)
    expected = (log_joint(torch.from_numpy(z), x, noise) - log_evidence(x, noise)).exp()
    assert posterior == pytest.approx(expected.numpy(), abs=1e-9)


def test_the_best_q_is_a_minimum_of_the_loss_for_torch_too():
    for start in (-1.0, 1.0):
        bound = Bound(mu=start)
        mu, log_sigma = (
            torch.tensor(value, dtype=torch.float64).requires_grad_() for value in (bound.best()[0], math.log(bound.best()[1]))
        )
        e, weight = torch.linspace(-9, 9, 20_001, dtype=torch.float64), 18 / 20_000
        z = mu + log_sigma.exp() * e
        q = Normal(mu, log_sigma.exp())
        density = Normal(torch.tensor(0.0, dtype=torch.float64), 1.0).log_prob(e).exp() * weight
        loss = (density * (q.log_prob(z) - log_joint(z, bound.x, bound.noise))).sum()
        first = torch.autograd.grad(loss, (mu, log_sigma), create_graph=True)
        assert [slope.item() for slope in first] == pytest.approx([0, 0], abs=2e-4)
        assert all(
            torch.autograd.grad(slope, at, retain_graph=True)[0] > 0 for slope, at in zip(first, (mu, log_sigma), strict=True)
        )


def test_two_starts_end_at_two_optima_and_each_misses_a_hump():
    bound = Bound()
    z = np.linspace(-8, 0, 80_001)
    left = np.trapezoid(bound.posterior(z), z)
    for start, share in ((-1, left), (1, 1 - left)):
        bound.mu, bound.sigma = start, 1
        bound.mu, bound.sigma = bound.best()
        assert math.copysign(1, bound.mu) == start
        assert bound.terms().gap == pytest.approx(-math.log(share), abs=0.005)


def test_an_x_in_the_middle_tells_nothing_and_one_at_the_bottom_leaves_one_hump():
    middle = Bound((0, 0), mu=0, sigma=1).terms()
    assert [middle.gap, middle.kl] == pytest.approx([0, 0], abs=1e-12)
    bottom = Bound((0, -1.5))
    bottom.mu, bottom.sigma = bottom.best()
    assert 0 < bottom.terms().gap < 0.002


@pytest.mark.parametrize("k", [1, 10, 1000])
def test_the_bound_of_k_draws_is_torchs_iwae_and_lies_between(k):
    bound = Bound(mu=0, sigma=1.5, draws=k)
    mean, error = bound.drawn()
    terms = bound.terms()
    z = 1.5 * torch.randn(4000 if k < 1000 else 400, k, generator=torch.Generator().manual_seed(1)).double()
    weights = log_joint(z.flatten(), bound.x, bound.noise).reshape(z.shape) - Normal(0.0, 1.5).log_prob(z)
    groups = weights.logsumexp(1) - math.log(k)
    off = math.hypot(error, groups.std().item() / math.sqrt(len(groups)))
    assert mean == pytest.approx(groups.mean().item(), abs=4 * off)
    assert terms.elbo - 4 * error < mean < terms.log_p + 4 * error


def test_draws_that_see_one_hump_are_sure_of_a_wrong_value():
    bound = Bound(mu=-2.075, sigma=0.223, draws=1000)
    mean, error = bound.drawn()
    assert bound.terms().log_p - mean > 0.8
    assert error < 0.001


# ---------------------------------------------------------------- the page


def assert_page_is_pythons(page, noise: float) -> None:
    now = state(page)
    terms = Bound(np.round(now["x"], 2), mu=now["mu"], sigma=now["sigma"], noise=noise).terms()
    expected = {"evidence": -terms.log_p, "gap": terms.gap, "reconstruction": terms.reconstruction, "kl": terms.kl}
    assert shown(page) == pytest.approx(expected | {"loss": -terms.elbo}, abs=CENT)
    for name in ("Mean of q", "Sigma of q", "x"):
        assert told(page, name)[-3:] == pytest.approx([terms.elbo, terms.gap, terms.log_p], abs=CENT)


@pytest.mark.parametrize(
    ("x", "mu", "sigma", "noise"), [CASES[0], *(pytest.param(*each, marks=pytest.mark.slow) for each in CASES[1:])]
)
def test_the_page_says_what_python_says(explorable_page, x, mu, sigma, noise):
    page = explorable_page(Bound(x, mu=mu, sigma=sigma, noise=noise))
    assert_page_is_pythons(page, noise)
    before = shown(page)["evidence"]
    for name, key in (("Mean of q", "Shift+ArrowLeft"), ("Sigma of q", "ArrowRight")):
        handle(page, name).press(key)
        next_frame(page)
        assert_page_is_pythons(page, noise)
        assert shown(page)["evidence"] == before  # no q moves it
    for _ in range(3):
        handle(page, "x").press("Shift+ArrowDown")
        next_frame(page)
    assert_page_is_pythons(page, noise)
    assert shown(page)["evidence"] != before


def test_bars_start_at_zero_and_their_mark_stands_still(explorable_page):
    page = explorable_page(Bound())
    marks = page.locator(".explorable-bound-bars > svg > g text:not([hidden])")
    ruler = marks.evaluate_all("all => all.filter((n) => n.textContent).map((n) => [+n.textContent, +n.getAttribute('x')])")
    (first, at), (last, to) = min(ruler), max(ruler)

    def nats(pixel):
        return first + (pixel - at) / (to - at) * (last - first)

    for _ in range(2):
        said = shown(page)
        for start, end in (("evidence", "gap"), ("reconstruction", "kl")):
            edges = [
                [float(page.locator(f".explorable-bar-{name}").get_attribute(key)) for key in ("x", "width")]
                for name in (start, end)
            ]
            assert nats(edges[0][0]) == pytest.approx(0, abs=1e-6)
            assert nats(edges[1][0]) == pytest.approx(said[start], abs=0.006)
            assert nats(sum(edges[1])) == pytest.approx(min(said["loss"], nats(to)), abs=0.012)
        mark = page.locator(".explorable-bar-mark").get_attribute("d")
        assert nats(float(mark[1:].split(" ")[0])) == pytest.approx(said["evidence"], abs=0.006)
        handle(page, "Mean of q").press("Shift+ArrowLeft")
        next_frame(page)
        assert page.locator(".explorable-bar-mark").get_attribute("d") == mark


@pytest.mark.parametrize("start", [-1, pytest.param(1, marks=pytest.mark.slow)])
def test_the_button_walks_to_pythons_best_q(explorable_page, start):
    page = explorable_page(Bound(mu=start))
    page.get_by_role("button", name="Best q from here").click()
    said = page.locator(".explorable-bound-end")
    said.filter(has_text="Downhill to").wait_for()
    mu, sigma = Bound(mu=start).best()
    assert [state(page)[name] for name in ("mu", "sigma")] == pytest.approx([mu, sigma], abs=0.00051)
    assert_page_is_pythons(page, 0.5)
    handle(page, "Mean of q").press("ArrowRight")
    assert said.inner_text() == ""


@pytest.mark.slow
def test_a_reader_who_wants_no_motion_gets_there_at_once_and_a_hand_stops_the_walk(explorable_page):
    page = explorable_page(Bound(), reduced_motion="reduce")
    page.get_by_role("button", name="Best q from here").click()
    assert state(page)["mu"] == pytest.approx(Bound().best()[0], abs=0.00051)
    page = explorable_page(Bound(mu=1))
    page.get_by_role("button", name="Best q from here").click()
    handle(page, "Sigma of q").press("End")
    page.wait_for_timeout(1000)
    assert state(page)["sigma"] == 2


def test_the_bound_of_k_draws_is_pythons_draw_for_draw(explorable_page):
    page = explorable_page(Bound(mu=0, draws=10))
    for k, key in ((10, None), (20, "ArrowRight"), (1000, "End")):
        if key:
            page.get_by_role("slider", name="draws k").press(key)
            next_frame(page)
        assert drawn(page) == pytest.approx(Bound(mu=0, draws=k).drawn(), abs=CENT)


@pytest.mark.slow
def test_curves_and_ring_are_drawn_where_they_belong(explorable_page):
    page = explorable_page(Bound(mu=1, sigma=0.3))
    width = page.locator(".explorable-bound-line .explorable-chart").bounding_box()["width"]
    path = page.locator(".explorable-latent-density").get_attribute("d")[1:].split("L")
    x, y = np.array([[float(part) for part in point.split(" ")] for point in path]).T
    z = np.linspace(-4, 4, 321)
    assert x == pytest.approx(34 + (z + 4) / 8 * (width - 42), abs=0.06)
    heights = Bound().posterior(z)
    floor = y.max()
    assert (floor - y) / (floor - y.min()) == pytest.approx(heights / heights.max(), abs=0.002)
    own = page.locator(".explorable-latent-q").get_attribute("d")[1:].split("L")
    points = np.array([[float(part) for part in point.split(" ")] for point in own])
    expected = decode(np.linspace(0.7, 1.3, 41)).T
    assert np.stack([points[:, 0] / 120 - 2.5, 2.5 - points[:, 1] / 120], axis=1) == pytest.approx(expected, abs=0.001)


@pytest.mark.slow
def test_a_finger_moves_x_and_the_page_fits_a_phone(explorable_page):
    page = explorable_page(Bound(), phone=True)
    box = page.locator(".explorable-plane canvas").bounding_box()
    page.touchscreen.tap(box["x"] + 0.5 * box["width"], box["y"] + 0.8 * box["height"])
    next_frame(page)
    assert state(page)["x"] == pytest.approx((0, -1.5), abs=0.02)
    assert_page_is_pythons(page, 0.5)
    line, bars, plane = (page.locator(f".explorable-bound-{name}").bounding_box() for name in ("line", "bars", "plane"))
    assert plane["y"] + plane["height"] - line["y"] < 740  # curves, bars and plane are seen together
    assert bars["y"] < plane["y"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    said = page.locator(".explorable-bar-said").evaluate_all("all => all.map((p) => p.getBoundingClientRect().right)")
    assert max(said) <= 375


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mu", "draws"])
def test_a_state_without_a_trait_leaves_the_still_picture(explorable_page, name):
    def spoil(saved):
        for model in saved["state"].values():
            model["state"].pop(name, None)

    page = explorable_page(Bound(), spoil=spoil, wait=False)
    page.wait_for_selector(".explorable-failed")
    assert page.locator("img").is_visible()


# ---------------------------------------------------------------- Python's side


def test_the_still_picture_shows_ring_densities_and_bars():
    bound = Bound(mu=1, sigma=0.5)
    plane, line, bars = bound.still().axes
    z, height = line.lines[1].get_xydata().T
    assert height == pytest.approx(bound.posterior(z))
    assert np.hypot(*plane.lines[0].get_xydata().T) == pytest.approx(1.5)
    terms = bound.terms()
    widths = [patch.get_width() for patch in bars.patches]
    assert widths == pytest.approx([-terms.log_p, terms.gap, terms.reconstruction, terms.kl])
    plt.close("all")


def test_python_sees_the_state_it_gave():
    bound = Bound((1, -1), mu=2, sigma=0.1, noise=1, draws=5)
    assert (bound.x, bound.mu, bound.sigma, bound.noise, bound.draws) == ([1, -1], 2, 0.1, 1, 5)
    assert repr(bound) == "Bound()"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"x": (0, 3)}, r"x: got \[0, 3\], expected two numbers in \[-2.5, 2.5\]"),
        ({"x": (0, math.nan)}, "x: got"),
        ({"x": (0, 0, 0)}, "x: got"),
        ({"mu": 4}, "mu: got 4.0, expected a number from -3.5 to 3.5"),
        ({"sigma": 0}, "sigma: got 0.0, expected a number from 0.05 to 2"),
        ({"noise": math.nan}, "noise: got nan, expected a number from 0.4 to 1.5"),
        ({"draws": 3}, "draws: got 3, expected one of"),
    ],
)
def test_bad_input_is_named(options, said):
    with pytest.raises(ValueError, match=f"Bound: {said}"):
        Bound(**options)


def test_every_k_makes_whole_groups():
    assert all(10_000 % k == 0 for k in DRAWS)
