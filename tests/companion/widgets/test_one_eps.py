"""OneEps: z is mu + sigma * eps to the places shown, the arrows are autograd's derivatives, and the draws have the region's moments."""

import numpy as np
import pytest
import torch

from companion.widgets import OneEps
from companion.widgets.dice import normals
from tests.support.driving.one_eps import UNIT, check, ends, row
from tests.support.seeing import canvas, next_frame

START = (0.5, -0.6, 1.1, 0.8)
DRAWS = 1000
SIGMA = "\N{GREEK SMALL LETTER SIGMA}"
ROLL_MODE = f"Hold μ and {SIGMA}, roll ε"


def handle(page, name):
    return page.get_by_role("slider", name=name, exact=True)


def drag(page, name, right, up):
    """Drag a handle by that much of the plane's units."""
    unit = page.locator(".explorable-plane canvas").last.bounding_box()["width"] / 8
    box = handle(page, name).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right * unit, y - up * unit, steps=5)
    page.mouse.up()
    next_frame(page)


def roll(page, times=1):
    page.get_by_role("button", name=ROLL_MODE).click()
    for _ in range(times):
        page.get_by_role("button", name="Roll", exact=True).click()
    next_frame(page)


def check_draws(page, mu, sigma):
    mean, deviation = row(page, "mean"), row(page, "deviation")
    assert (np.abs(mean - mu) <= 4 * sigma / DRAWS**0.5 + 0.005).all()
    assert (np.abs(deviation - sigma) <= 4 * sigma / (2 * (DRAWS - 1)) ** 0.5 + 0.005).all()


def test_held_eps_z_moves_along_with_mu_and_sigma(explorable_page):
    page = explorable_page(OneEps(START))
    first = check(page)
    assert np.concatenate(first[:2]).tolist() == list(START)
    drag(page, "Centre", -1.3, 1.1)
    moved = check(page)
    assert moved[0] == pytest.approx([-0.8, 0.5], abs=0.04)
    drag(page, "Sigma 1", 0.6, 0)
    drag(page, "Sigma 2", 0, -0.4)
    pulled = check(page)
    assert pulled[1] == pytest.approx([1.7, 0.4], abs=0.04)
    assert moved[2].tolist() == pulled[2].tolist() == first[2].tolist()
    assert page.locator(".explorable-row-eps th").inner_text() == "ε held"
    assert page.get_by_role("button", name="Roll", exact=True).is_disabled()


@pytest.mark.slow
def test_held_region_eps_rolls_and_nothing_else_moves(explorable_page):
    one = OneEps(START, seed=11)
    page = explorable_page(one)
    for times in (0, 1, 2):
        roll(page, times)
        mu, sigma, eps = check(page)
        assert [*mu, *sigma] == list(START)
        one.rolls += times
        assert eps.tolist() == one.eps.tolist()
        assert row(page, "z") == pytest.approx(one.z, abs=0.005 + 1e-9)
    said = page.locator(".explorable-said").inner_text()
    numbers = [f"{value:.2f}".replace("-", "\N{MINUS SIGN}") for value in (*eps, *row(page, "z"))]
    assert said == "Roll 3: ε {}, {} gives z {}, {}.".format(*numbers)
    drag(page, "Centre", 1, 1)
    handle(page, "Sigma 1").press("ArrowRight")
    next_frame(page)
    assert np.concatenate(check(page)[:2]).tolist() == list(START)
    assert handle(page, "Centre").get_attribute("aria-disabled") == "true"
    assert [page.locator(f".explorable-row-{name} th").inner_text() for name in ("mu", "sigma", "eps")] == [
        "μ held",
        f"{SIGMA} held",
        "ε",
    ]


@pytest.mark.slow
def test_a_seed_gives_the_same_rolls_again(explorable_page):
    found = []
    for _ in range(2):
        page = explorable_page(OneEps(START, seed=5))
        roll(page, 3)
        found.append(row(page, "eps").tolist())
    assert found[0] == found[1] == OneEps(START, seed=5, rolls=3).eps.tolist()
    assert OneEps(START, seed=6, rolls=3).eps.tolist() != found[0]


@pytest.mark.parametrize("region", [START, (-3.0, 2.5, 0.2, 2.0)])
def test_the_thousand_draws_have_the_regions_mean_and_deviation(explorable_page, region):
    one = OneEps(region)
    page = explorable_page(one)
    check_draws(page, np.array(region[:2]), np.array(region[2:]))
    z = np.array(region[:2]) + np.array(region[2:]) * one.draws
    assert row(page, "mean") == pytest.approx(z.mean(axis=0), abs=0.0051)
    assert row(page, "deviation") == pytest.approx(z.std(axis=0, ddof=1), abs=0.0051)


def painted(page):
    """Centre and deviation of the ink of the painted draws, in the plane's units."""
    ink = canvas(page.locator(".explorable-draws").last)[..., 3].astype(float)
    at = (np.arange(600) + 0.5) / UNIT - 4
    across, up = ink.sum(axis=0), ink.sum(axis=1)[::-1]
    moments = []
    for line in (across, up):
        mean = (line * at).sum() / line.sum()
        moments.append((mean, ((line * (at - mean) ** 2).sum() / line.sum()) ** 0.5))
    return np.array(moments).T


@pytest.mark.slow
def test_the_painted_cloud_moves_and_stretches_with_the_region(explorable_page):
    """Dots that overlap hide a little of the middle, so the ink spreads up to 6 % wider than the draws."""
    page = explorable_page(OneEps((0.0, 0.0, 1.0, 0.5)))
    drag(page, "Centre", -0.8, 0.6)
    drag(page, "Sigma 2", 0, 0.4)
    mu, sigma, _ = check(page)
    check_draws(page, mu, sigma)
    mean, deviation = painted(page)
    assert (np.abs(mean - mu) <= 4 * sigma / DRAWS**0.5 + 0.02).all()
    assert (np.abs(deviation / sigma - 1) <= 4 / (2 * DRAWS) ** 0.5 + 0.06).all()


@pytest.mark.slow
def test_the_vector_in_the_plane_of_the_dice_is_eps_and_its_image_leads_from_mu_to_z(explorable_page):
    page = explorable_page(OneEps(START))
    for times in (0, 1):
        roll(page, times)
        mu, sigma, eps = check(page)
        for name, start, step in (("eps", np.zeros(2), eps), ("step", mu, sigma * eps)):
            tail, tip = ends(page, name)
            assert tail == pytest.approx(start, abs=0.001)
            length = np.hypot(*step)
            assert tip - tail == pytest.approx(step * (1 - 11 / UNIT / length), abs=0.001)  # short of the dot's 11 units
        dot = page.locator("circle.explorable-of-eps")
        at = [float(dot.get_attribute(key)) for key in ("cx", "cy")]
        assert at == pytest.approx([UNIT * (4 + eps[0]), UNIT * (4 - eps[1])], abs=0.001)
        label = "Plane of the dice: eps is {:.2f}, {:.2f}".format(*eps).replace("-", "\N{MINUS SIGN}")
        assert page.get_by_role("img", name=label).count() == 1


@pytest.mark.slow
def test_keys_and_touch_on_a_phone(explorable_page):
    page = explorable_page(OneEps(START), phone=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    handle(page, "Centre").press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+ArrowUp")
    next_frame(page)
    mu, sigma, _ = check(page)
    assert [*mu, *sigma] == [0.58, -0.2, 1.3, 0.8]
    page.get_by_role("button", name=ROLL_MODE).tap()
    page.get_by_role("button", name="Roll", exact=True).tap()
    page.get_by_role("button", name="Hold ε").tap()
    next_frame(page)
    assert check(page)[2].tolist() == OneEps(START, rolls=1).eps.tolist()
    box = handle(page, "Sigma 2").bounding_box()
    assert min(box["width"], box["height"]) >= 44
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    unit = page.locator(".explorable-plane canvas").last.bounding_box()["width"] / 8
    finger = page.context.new_cdp_session(page)
    for kind, points in (("touchStart", [{"x": x, "y": y}]), ("touchMove", [{"x": x, "y": y - unit}]), ("touchEnd", [])):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    next_frame(page)
    assert check(page)[1] == pytest.approx([1.3, 1.8], abs=0.05)


def test_it_works_from_disk(explorable_page):
    check(explorable_page(OneEps(START), disk=True))


def test_the_dice_are_standard_normal_and_those_of_the_page():
    eps = normals(0, 20_000)
    assert abs(eps.mean()) < 4 / 20_000**0.5
    assert abs(eps.std() - 1) < 4 / 40_000**0.5
    normal = torch.distributions.Normal(torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64))
    share = np.sort(normal.cdf(torch.from_numpy(eps)).numpy())
    assert np.abs(share - (np.arange(20_000) + 0.5) / 20_000).max() < 1.95 / 20_000**0.5  # Kolmogorov and Smirnov, 1 in 1,000
    assert np.abs(np.corrcoef(eps[:-1], eps[1:])[0, 1]) < 4 / 20_000**0.5


def test_python_sees_the_state_it_gave():
    one = OneEps(START, seed=4, rolls=2, held="region")
    assert one.z.tolist() == (np.array(START[:2]) + np.array(START[2:]) * one.eps).tolist()
    assert one.draws.shape == (DRAWS, 2)
    assert np.abs(one.draws[2] - one.eps).max() <= 0.005
    assert repr(one) == "OneEps()"
    bundle, metadata = one._repr_mimebundle_()
    assert metadata["image/png"] == {"width": 600, "height": 330}
    assert bundle["image/png"] == OneEps(START, seed=4, rolls=2)._repr_mimebundle_()[0]["image/png"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"region": (0, 0, 1)}, r"OneEps: region: got \[0, 0, 1\], expected four finite numbers"),
        ({"region": (0, 0, 0, 1)}, r"OneEps: region: got sigmas \[0.0, 1.0\], expected them in \[0.2, 2\]"),
        ({"seed": -1}, "OneEps: seed: got -1, expected a whole number from 0"),
        ({"rolls": -3}, "OneEps: rolls: got -3, expected a whole number from 0"),
        ({"held": "z"}, "OneEps: held: got 'z', expected 'eps' or 'region'"),
    ],
)
def test_bad_input_is_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        OneEps(**wrong)
