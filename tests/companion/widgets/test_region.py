"""Regions: density, draws and pictures are torch's and companion's, counts are the chapter's; mouse, touch and keys reach every number."""

import math
import re
from itertools import pairwise

import numpy as np
import pytest
import torch

from companion import models
from companion.widgets import Regions, Weights
from companion.widgets.region import OPACITY, STEPS
from tests.support.driving.region import INT8, decoded, density, drawn, mixture, press, shown
from tests.support.seeing import canvas, next_frame

THREE = [(-1.5, -0.8, 0.8, 0.4), (1.2, 1.0, 0.5, 0.7), (-0.5, 2.4, 1.5, 0.3)]
TILTED = [(-1.5, -0.8, 0.9, 0.6, 0.7), (1.2167, 1.0167, 0.02, 0.03, -0.95), (3.0, -2.0, 1.4, 2.0, 0.3)]
SHARES = [0.5, 0.3, 0.2]
FINE = 240  # pixels of the shade each way


@pytest.fixture(scope="module")
def model():
    return models.load_trained("vae-2-seed0")


@pytest.fixture(scope="module")
def make(model, digits):
    """Regions on the map of 100 training images, with the encoder's regions of two test images; what is given differently by name."""
    mu, logvar = (values.numpy() for values in model.encode(digits.x_test[:2]))
    given = {
        "decoder": list(model.decoder.parameters()),
        "codes": model.encode(digits.x_train[:100])[0].clamp(-4, 4),
        "labels": digits.y_train[:100],
        "encoded": [(digits.y_test[i].item(), *mu[i], *np.exp(logvar[i] / 2)) for i in range(2)],
    }
    return lambda regions=THREE, **other: Regions(regions, **given | other)


def counts(page):
    rows = page.locator(".explorable-counts tbody tr").all()
    return {row.locator("th").inner_text(): [int(cell) for cell in row.locator("td").all_inner_texts()] for row in rows}


def shade(page):
    """Opacity of the painted density, (240, 240), first row on top."""
    return canvas(page.locator(".explorable-shade"))[..., 3].astype(int)


def levels(regions, weights=None):
    """What torch says each pixel should be."""
    middle = (torch.arange(FINE, dtype=torch.float64) + 0.5) / FINE * 8 - 4
    up, across = torch.meshgrid(middle.flip(0), middle, indexing="ij")
    return OPACITY[np.digitize(mixture(regions, weights).log_prob(torch.stack([across, up], dim=-1)).exp().numpy(), STEPS)]


def off(page, regions, weights=None):
    """How many pixels have another step of the shade than torch's."""
    return (shade(page) != levels(regions, weights)).sum()


def handle(page, name):
    return page.get_by_role("slider", name=name, exact=True)


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, name, right, up):
    """Drag a handle by that much of the plane's units."""
    unit = page.locator(".explorable-plane canvas").first.bounding_box()["width"] / 8
    x, y = middle(handle(page, name))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right * unit, y - up * unit, steps=5)
    page.mouse.up()
    next_frame(page)


# ------------------------------------------------------------------ the density


def test_the_painted_density_is_torchs(explorable_page, make):
    page = explorable_page(make())
    assert off(page, THREE) == 0
    assert set(np.unique(shade(page))) == {0, 26, 52, 80}
    drag(page, "Centre of region 1", 0.7, -1.1)
    moved = [shown(page), *THREE[1:]]
    assert moved[0] == pytest.approx([-0.8, -1.9, 0.8, 0.4], abs=0.03)
    assert off(page, moved) == 0
    assert off(page, THREE) > 1000


@pytest.mark.slow
def test_a_tilted_region_a_tiny_one_and_one_at_the_edge_are_painted_with_their_weights(explorable_page, make):
    page = explorable_page(make(TILTED, kind="full", weights=SHARES))
    assert off(page, TILTED, SHARES) == 0
    assert shade(page).max() == OPACITY[-1]  # from a density of 100 up
    assert off(page, TILTED) > 300
    assert off(page, [region[:4] for region in TILTED], SHARES) > 1000


@pytest.mark.parametrize("kind", ["isotropic", pytest.param("full", marks=pytest.mark.slow)])
def test_the_density_written_at_each_centre_is_torchs_and_pythons(explorable_page, make, kind):
    regions = make(TILTED, kind=kind, weights=SHARES)
    page = explorable_page(regions)
    own = regions.shown.tolist()
    for i, region in enumerate(own):
        press(page, f"Region {i + 1} {100 * SHARES[i]:.0f} %")
        assert shown(page) == pytest.approx(region[:4], rel=0.05)
        expected = mixture(own, SHARES).log_prob(torch.tensor(region[:2], dtype=torch.float64)).exp().item()
        assert density(page) == pytest.approx(expected, rel=0.006)
        assert regions.density([region[:2]])[0] == pytest.approx(expected)


def test_python_knows_each_kind(make, generator):
    z = 8 * torch.rand(50, 2, generator=generator, dtype=torch.float64) - 4
    round_ones = [(a, b, math.sqrt(s * t), math.sqrt(s * t)) for a, b, s, t, _ in TILTED]
    upright = [region[:4] for region in TILTED]
    for kind, own in {"isotropic": round_ones, "diagonal": upright, "full": TILTED}.items():
        regions = make(TILTED, kind=kind, weights=SHARES)
        np.testing.assert_allclose(regions.density(z), mixture(own, SHARES).log_prob(z).exp(), atol=1e-300)
    assert make(TILTED).regions == [list(region) for region in TILTED]  # what another kind shows stays


def test_the_ellipses_stand_at_1_2_and_3_sigma_and_say_what_they_hold(explorable_page, make):
    page = explorable_page(make(selected=1))
    a, b, s, t = THREE[1]
    rings = page.locator(".explorable-own .explorable-ellipse").evaluate_all(
        "all => all.map(e => ['cx', 'cy', 'rx', 'ry'].map(k => Number(e.getAttribute(k))))"
    )
    for radius, ring in enumerate(rings, start=1):
        assert ring == pytest.approx([75 * (a + 4), 75 * (4 - b), 75 * radius * s, 75 * radius * t])
    shares = [f"{100 * (1 - math.exp(-r * r / 2)):.0f} %" for r in (1, 2, 3)]
    assert page.locator(".explorable-share").all_text_contents() == shares == ["39 %", "86 %", "99 %"]


@pytest.mark.slow
def test_a_tilted_ellipse_touches_its_sigmas(explorable_page, make):
    page = explorable_page(make(TILTED, kind="full"))
    ring = page.locator(".explorable-own .explorable-ellipse").first
    first, second, turn = ring.evaluate("e => [e.rx.baseVal.value, e.ry.baseVal.value, e.transform.baseVal[0].angle]")
    _, _, s, t, rho = TILTED[0]
    covariance = np.array([[s * s, rho * s * t], [rho * s * t, t * t]])
    direction = np.array([math.cos(math.radians(-turn)), math.sin(math.radians(-turn))])
    assert direction @ covariance @ direction == pytest.approx((first / 75) ** 2, rel=1e-4)
    assert np.linalg.det(covariance) == pytest.approx((first * second / 75**2) ** 2, rel=1e-4)


# ------------------------------------------------------------------ what is drawn and decoded


def check_draws(page, regions):
    """The page's ten dots and pictures are Python's."""
    assert drawn(page).numpy() == pytest.approx(regions.draws, abs=0.002)
    assert np.abs(decoded(page).numpy() - 255 * (1 - regions.pictures)).max() < 0.55  # float32 and the rounding to a level


def test_ten_draws_follow_the_region_and_are_decoded(explorable_page, make, model):
    regions = make(TILTED, kind="full")
    page = explorable_page(regions)
    check_draws(page, regions)
    true = 255 * (1 - torch.sigmoid(model.decode(torch.from_numpy(regions.draws))))
    assert 0.6 < (decoded(page) - true).abs().max() < INT8
    before = decoded(page)
    press(page, "Draw ten")
    regions.seed = 1
    check_draws(page, regions)
    assert (decoded(page) - before).abs().max() > 100
    handle(page, "Centre of region 1").press("Shift+ArrowUp")
    next_frame(page)
    regions.regions = [[*shown(page), 0.7], *TILTED[1:]]
    check_draws(page, regions)


@pytest.mark.slow
def test_the_mixture_is_drawn_by_weight(explorable_page, make):
    regions = make(weights=[0.1, 0.3, 0.6])
    page = explorable_page(regions)
    press(page, "Draw from the mixture")
    regions.source = "mixture"
    check_draws(page, regions)
    assert page.get_by_role("group", name="Ten draws from the mixture, decoded").is_visible()
    press(page, "Draw from region 1")
    regions.source = "region"
    check_draws(page, regions)


def test_draws_have_the_regions_moments_and_the_weights_shares(make):
    regions = make([(-2, 1, 0.5, 0.3, 0.8), (2, -1, 0.2, 0.2)], kind="full", weights=[0.7, 0.3], source="mixture")
    many = np.concatenate([(setattr(regions, "seed", seed), regions.draws)[1] for seed in range(300)])
    left = many[many[:, 0] < 0]
    assert len(left) / len(many) == pytest.approx(0.7, abs=0.03)
    assert left.mean(axis=0) == pytest.approx([-2, 1], abs=0.05)
    assert left.std(axis=0) == pytest.approx([0.5, 0.3], abs=0.03)
    assert np.corrcoef(left.T)[0, 1] == pytest.approx(0.8, abs=0.03)


def test_a_region_takes_the_numbers_of_an_encoder(explorable_page, make, model, digits):
    regions = make()
    page = explorable_page(regions)
    mu, logvar = model.encode(digits.x_test[1:2])
    press(page, f"The encoder's region of a {digits.y_test[1].item()}")
    expected = [*mu[0].tolist(), *(logvar[0] / 2).exp().tolist()]
    assert shown(page) == pytest.approx(expected, abs=0.00501)
    assert regions.encoded[1][1:] == shown(page)
    assert (
        page.locator(".explorable-said").inner_text() == f"Region 1 was set to the encoder's region of a {digits.y_test[1].item()}."
    )


# ------------------------------------------------------------------ hands


def test_two_handles_pull_the_sigmas_by_factors_down_to_two_hundredths(explorable_page, make):
    page = explorable_page(make([(0, 0, 0.2, 0.2)]))
    places = []
    for sigma in (0.02, 0.2, 2.0):
        drag(page, "Sigma 1 of region 1", {0.02: -3, 0.2: 0.44 * math.log(10), 2.0: 3}[sigma], 0.3)
        assert shown(page) == pytest.approx([0, 0, sigma, 0.2], rel=0.06)
        places.append(middle(handle(page, "Sigma 1 of region 1"))[0])
    steps = [later - earlier for earlier, later in pairwise(places)]
    assert steps[0] == pytest.approx(steps[1], abs=2.5)  # a factor of ten is as far everywhere
    assert handle(page, "Sigma 1 of region 1").get_attribute("aria-valuetext") == "2.0"
    drag(page, "Sigma 2 of region 1", 0, -3)
    assert shown(page) == [0, 0, 2.0, 0.02]


@pytest.mark.slow
def test_a_sigma_is_within_reach_where_the_plane_ends(explorable_page, make):
    page = explorable_page(make([(3.8, 3.9, 1.9, 0.5, 0.95)], kind="full"))
    plane = page.locator(".explorable-plane").bounding_box()
    for name in ("Sigma 1 of region 1", "Sigma 2 of region 1"):
        x, y = middle(handle(page, name))
        assert plane["x"] < x < plane["x"] + plane["width"]
        assert plane["y"] < y < plane["y"] + plane["height"]
    drag(page, "Sigma 1 of region 1", 0.5, 0)  # it stands on the left of the centre, so this makes it narrower
    assert shown(page)[2] == pytest.approx(1.9 * math.exp(-0.5 / 0.44), rel=0.06)


@pytest.mark.slow
def test_a_small_region_lies_free_and_its_handles_apart(explorable_page, make):
    page = explorable_page(make([(0, 0, 0.02, 0.02)]), phone=True, viewport={"width": 360, "height": 640})
    names = ("Centre of region 1", "Sigma 1 of region 1", "Sigma 2 of region 1")
    centre, *sigmas = [np.array(middle(handle(page, name))) for name in names]
    assert min(np.hypot(*(place - centre)) for place in sigmas) > 30
    assert np.hypot(*(sigmas[0] - sigmas[1])) >= 44
    number = handle(page, "Centre of region 1").evaluate("k => parseFloat(getComputedStyle(k, '::before').left) + 20")
    assert number <= 22 - 8  # its disc ends left of the centre, beside three sigmas


def test_an_isotropic_region_has_one_handle_and_a_full_one_a_tilt(explorable_page, make):
    page = explorable_page(make(TILTED))
    tilt = page.get_by_role("slider", name="tilt")
    assert tilt.is_disabled()
    press(page, "full")
    tilt.press("ArrowRight")
    next_frame(page)
    assert tilt.get_attribute("aria-valuetext") == "0.75"
    assert off(page, [[*TILTED[0][:4], 0.75], *TILTED[1:]]) == 0
    press(page, "isotropic")
    assert tilt.is_disabled()
    assert not handle(page, "Sigma 2 of region 1").is_visible()
    both = math.sqrt(0.9 * 0.6)
    assert shown(page)[2:] == pytest.approx([both, both], abs=0.006)
    handle(page, "Sigma of region 1").press("ArrowUp")
    next_frame(page)
    assert shown(page)[2:] == [0.78, 0.78]  # 6 % more, in two digits
    press(page, "diagonal")
    assert shown(page)[2:] == [0.78, 0.78]


def test_weights_sum_to_one_and_the_others_keep_their_ratio(explorable_page, make):
    page = explorable_page(make(weights=SHARES))
    percents = page.locator(".explorable-percent:visible")
    assert percents.all_inner_texts() == ["50 %", "30 %", "20 %"]
    weight = page.get_by_role("slider", name="weight")
    weight.press("ArrowRight")
    weight.press("PageUp")
    next_frame(page)
    share = int(weight.input_value()) / 100
    assert share > 0.55
    others = [(1 - share) * ratio for ratio in (0.6, 0.4)]
    assert percents.all_inner_texts() == [f"{100 * value:.0f} %" for value in (share, *others)]
    assert off(page, THREE, [share, *others]) == 0
    press(page, "Remove region 1")
    assert percents.all_inner_texts() == ["60 %", "40 %"]
    press(page, "Add")
    assert percents.all_inner_texts() == ["40 %", "27 %", "33 %"]


def test_the_counts_are_those_of_the_chapter(explorable_page, make):
    page = explorable_page(make([(0, 0, 1, 1)]))
    add, remove = (page.get_by_role("button", name=name) for name in ("Add", "Remove"))
    assert remove.is_disabled()
    for m in range(1, 6):
        kinds = {"isotropic": 1, "diagonal": 2, "full": 3}
        together = [m * (2 + shape) + m - 1 for shape in kinds.values()]
        expected = {"centres": [2 * m] * 3, "shapes": [m * shape for shape in kinds.values()], "weights": [m - 1] * 3}
        assert counts(page) == expected | {"together": together}
        if m < 5:
            add.click()
            next_frame(page)
            said = page.locator(".explorable-said").inner_text()
            assert said == f"Region {m + 1} added: {m + 1} regions, {5 * m + 4} numbers."
    assert add.is_disabled()
    assert page.locator(".explorable-handle:visible").count() == 5 + 2
    assert page.locator(".explorable-counts tr > .explorable-own").all_inner_texts() == ["diagonal", "10", "10", "4", "24"]
    press(page, "full")
    assert page.locator(".explorable-counts tr > .explorable-own").all_inner_texts() == ["full", "10", "15", "4", "29"]
    assert page.locator(".explorable-said").inner_text() == "Regions are full: 29 numbers."


@pytest.mark.slow
def test_removing_takes_the_selected_region_and_leaves_one(explorable_page, make):
    page = explorable_page(make(selected=1))
    press(page, "Remove region 2")
    assert shown(page) == list(THREE[2])
    assert off(page, [THREE[0], THREE[2]]) == 0
    press(page, "Remove region 2")
    assert shown(page) == list(THREE[0])
    assert page.get_by_role("button", name="Remove").is_disabled()
    assert page.get_by_role("slider", name="weight").is_disabled()


@pytest.mark.slow
def test_the_selected_region_is_told_to_eye_and_ear(explorable_page, make):
    page = explorable_page(make())
    page.mouse.click(*middle(handle(page, "Centre of region 2")))
    next_frame(page)
    centres = page.locator(".explorable-handle[data-number]:visible")
    assert [centre.get_attribute("aria-current") for centre in centres.all()] == ["false", "true", "false"]
    texts = [centre.get_attribute("aria-valuetext") for centre in centres.all()]
    assert texts[:2] == ["mu \N{MINUS SIGN}1.50, \N{MINUS SIGN}0.80", "mu 1.20, 1.00, selected"]
    pressed = [page.get_by_role("button", name=re.compile(rf"^Region {i} \d+ %$")).get_attribute("aria-pressed") for i in (1, 2, 3)]
    assert pressed == ["false", "true", "false"]
    assert page.locator(".explorable-regions .explorable-heading").inner_text() == "Region 2 of 3"
    rings = page.locator(".explorable-own .explorable-ellipse, .explorable-other .explorable-ellipse").locator("visible=true")
    widths = rings.evaluate_all("all => all.map(e => getComputedStyle(e).strokeWidth)")
    assert widths == ["2px"] * 3 + ["3px"] * 3 + ["2px"] * 3


@pytest.mark.slow
def test_keys_move_centre_and_sigmas(explorable_page, make):
    page = explorable_page(make())
    handle(page, "Centre of region 2").press("Shift+ArrowRight")
    handle(page, "Centre of region 2").press("ArrowDown")
    next_frame(page)
    assert shown(page) == [1.6, 0.92, 0.5, 0.7]  # a key's step is a hundredth of the plane, with Shift five
    handle(page, "Sigma 1 of region 2").press("ArrowUp")
    handle(page, "Sigma 2 of region 2").press("Shift+ArrowLeft")
    next_frame(page)
    assert shown(page) == [1.6, 0.92, 0.53, 0.52]  # a factor of 1.06, with Shift its fifth power
    knob = handle(page, "Sigma 1 of region 2")
    told = [knob.get_attribute(f"aria-value{key}") for key in ("min", "max", "now", "text")]
    assert told == ["0.02", "2", "0.53", "0.53"]


@pytest.mark.slow
def test_no_key_is_lost_to_rounding(explorable_page, make):
    page = explorable_page(make([(0, 0, 2, 1)]))
    knob = handle(page, "Sigma 1 of region 1")
    for key, last in (("ArrowLeft", 0.02), ("ArrowRight", 2.0)):
        seen = [shown(page)[2]]
        while seen[-1] != last:
            knob.press(key)
            next_frame(page)
            seen.append(shown(page)[2])
            assert seen[-1] != seen[-2]


@pytest.mark.slow
def test_touch_drags_on_a_phone_that_need_not_scroll_sideways(explorable_page, make):
    page = explorable_page(make(), phone=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    targets = page.locator(".explorable-handle:visible, .explorable button:visible")
    assert targets.evaluate_all("all => Math.min(...all.flatMap(target => [target.offsetWidth, target.offsetHeight]))") >= 44
    unit = page.locator(".explorable-plane canvas").first.bounding_box()["width"] / 8
    x, y = middle(handle(page, "Centre of region 2"))
    finger = page.context.new_cdp_session(page)
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x + unit / 2, "y": y}]),
        ("touchMove", [{"x": x + unit, "y": y + unit}]),
        ("touchEnd", []),
    ):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    next_frame(page)
    assert shown(page) == pytest.approx([2.2, 0.0, 0.5, 0.7], abs=0.05)


def test_on_a_phone_the_plane_and_what_is_decoded_are_seen_together(explorable_page, make):
    page = explorable_page(make(), phone=True, viewport={"width": 360, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = [page.locator(name).bounding_box() for name in (".explorable-plane", ".explorable-ten")]
    assert boxes[1]["y"] + boxes[1]["height"] - boxes[0]["y"] < 540  # what is left of 640 below the site's bar


@pytest.mark.slow
def test_it_works_from_disk_and_takes_the_colours_of_the_dark_page(explorable_page, make):
    page = explorable_page(make(), disk=True)
    ink = "c => Array.from(c.getContext('2d').getImageData(75, 144, 1, 1).data)"
    assert page.locator(".explorable-shade").evaluate(ink)[:3] == pytest.approx([31, 98, 159], abs=6)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    next_frame(page)
    assert page.locator(".explorable-shade").evaluate(ink)[:3] == pytest.approx([132, 189, 242], abs=6)


# ------------------------------------------------------------------ the state


def test_the_state_is_five_numbers_a_region(make):
    regions = make(selected=2)
    assert regions.regions == [[*region, 0.0] for region in THREE]
    assert regions.weights == pytest.approx([1 / 3] * 3)
    assert [make(kind=kind).parameter_count for kind in ("isotropic", "diagonal", "full")] == [11, 14, 17]
    assert repr(regions) == "Regions()"
    regions.regions = [(0, 0, 1, 1)]
    assert (regions.regions, regions.weights) == ([[0.0, 0.0, 1.0, 1.0, 0.0]], [1.0])
    regions.set_state({"weights": [0.2, 0.8], "regions": [[0, 0, 1, 1, 0]] * 2})  # as a page sends them, in one message
    assert regions.weights == [0.2, 0.8]


def test_the_map_is_stored_within_a_ten_thousandth(make, model, digits):
    stored = np.frombuffer(make().codes, "<u2").reshape(-1, 2) / 65535 * 8 - 4
    assert np.abs(stored - model.encode(digits.x_train[:100])[0].clamp(-4, 4).numpy()).max() < 1e-4


@pytest.mark.parametrize("kind", ["diagonal", pytest.param("full", marks=pytest.mark.slow)])
def test_the_still_picture_is_the_same_twice(make, kind):
    bundle, metadata = make(TILTED, kind=kind)._repr_mimebundle_()
    assert metadata["image/png"] == {"width": 600, "height": 470}
    assert bundle["image/png"] == make(TILTED, kind=kind)._repr_mimebundle_()[0]["image/png"]


@pytest.mark.parametrize(
    ("regions", "message"),
    [
        ([], "Regions: regions: got 0, expected 1 to 5"),
        ([(0, 0, 1, 1)] * 6, "Regions: regions: got 6, expected 1 to 5"),
        ([(0, 0, 1)], r"Regions: regions: got \[0, 0, 1\], expected four finite numbers"),
        ([(0, 0, 1, math.nan)], "expected four finite numbers"),
        ([(0, 5, 1, 1)], r"got means \[0.0, 5.0\], expected them in \[-4, 4\]"),
        ([(0, 0, 1, 0.01)], r"got sigmas \[1.0, 0.01\], expected them in \[0.02, 2\]"),
        ([(0, 0, 1, 1, 0.96)], r"got rho 0.96, expected it in \[-0.95, 0.95\]"),
        ([(0, 0, 1, 1, math.nan)], r"got rho nan, expected it in \[-0.95, 0.95\]"),
    ],
)
def test_regions_that_cannot_be_are_named(make, regions, message):
    with pytest.raises(ValueError, match=message):
        make(regions)
    with pytest.raises(ValueError, match=message):
        make().regions = regions if not regions else [list(region) for region in regions]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"selected": 5}, "selected: got 5, expected an index from 0 to 4"),
        ({"kind": "round"}, "kind: got 'round', expected one of isotropic, diagonal, full"),
        ({"source": "all"}, "source: got 'all', expected one of region, mixture"),
        ({"seed": -1}, "seed: got -1, expected a whole number from 0"),
        ({"weights": [0.5, 0.5]}, "weights: got 2 for 3 regions, expected one for each"),
        ({"weights": [0.5, 0.5, 0.5]}, r"weights: got \[0.5, 0.5, 0.5\], expected numbers above 0 with sum 1"),
        ({"weights": [1.5, -0.25, -0.25]}, "expected numbers above 0 with sum 1"),
        ({"weights": [0.5, 0.5, math.nan]}, "expected numbers above 0 with sum 1"),
        ({"encoded": [(7, 0, 0, 0.01, 1)]}, r"encoded 7: got sigmas \[0.01, 1.0\], expected them in \[0.02, 2\]"),
        ({"codes": np.zeros(100)}, r"codes: got shape \(100,\), expected \(n, 2\)"),
        ({"codes": np.full((100, 2), 4.5)}, r"codes: got numbers from 4.5 to 4.5, expected them in \[-4, 4\]"),
        ({"labels": np.zeros(99)}, r"labels: got shape \(99,\) for 100 codes, expected \(100,\)"),
        ({"decoder": [np.zeros((784, 3)), np.zeros(784)]}, "decoder: got one from 3 numbers to 784, expected one from 2 to 784"),
    ],
)
def test_what_else_cannot_be_is_named(make, given, message):
    with pytest.raises(ValueError, match=f"Regions: {message}" if ":" in message else message):
        make(**given)


def test_the_weights_are_those_of_the_decoder(make, model):
    assert make().decoder.shapes == Weights(model.decoder.parameters()).shapes
