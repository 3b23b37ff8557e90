"""Regions: the density painted and printed is torch's, the counts are the chapter's, and mouse, touch and keys reach every number."""

import math

import numpy as np
import pytest
import torch

from companion.widgets import Regions
from tests.support.driving.region import mixture, shown
from tests.support.seeing import canvas, next_frame

THREE = [(-1.5, -0.8, 0.8, 0.4), (1.2, 1.0, 0.5, 0.7), (-0.5, 2.4, 1.5, 0.3)]
FINE, FULL = 200, 170  # pixels of the shade each way, and its strongest level


def counts(page):
    rows = page.locator(".explorable-counts tbody tr").all()
    return {row.locator("th").inner_text(): [int(cell) for cell in row.locator("td").all_inner_texts()] for row in rows}


def shade(page):
    """Levels of the painted density, (200, 200), first row on top."""
    return canvas(page.locator(".explorable-shade"))[..., 3].astype(int)


def level(regions):
    """What torch says each pixel should be."""
    middle = (torch.arange(FINE, dtype=torch.float64) + 0.5) / FINE * 8 - 4
    up, across = torch.meshgrid(middle.flip(0), middle, indexing="ij")
    density = mixture(regions).log_prob(torch.stack([across, up], dim=-1)).exp()
    return (FULL * (2 * density).sqrt().clamp(max=1)).numpy()


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


def test_the_painted_density_is_torchs(explorable_page):
    page = explorable_page(Regions(THREE))
    assert np.abs(shade(page) - level(THREE)).max() <= 0.501
    drag(page, "Centre of region 1", 0.7, -1.1)
    moved = [shown(page), *THREE[1:]]
    assert moved[0] == pytest.approx([-0.8, -1.9, 0.8, 0.4], abs=0.03)
    assert np.abs(shade(page) - level(moved)).max() <= 0.501
    assert np.abs(level(moved) - level(THREE)).max() > 50


def test_the_density_printed_at_the_selected_centre_is_torchs(explorable_page):
    page = explorable_page(Regions(THREE))
    for i, region in enumerate(THREE):
        page.get_by_role("button", name=f"Region {i + 1}", exact=True).click()
        next_frame(page)
        assert shown(page) == list(region)
        density = mixture(THREE).log_prob(torch.tensor(region[:2], dtype=torch.float64)).exp().item()
        assert float(page.locator(".explorable-density").inner_text()) == pytest.approx(density, abs=0.00051)


def test_python_and_the_page_have_one_density(generator):
    z = 8 * torch.rand(50, 2, generator=generator, dtype=torch.float64) - 4
    np.testing.assert_allclose(Regions(THREE).density(z), mixture(THREE).log_prob(z).exp())


def test_the_ellipses_stand_at_1_2_and_3_sigma_and_say_what_they_hold(explorable_page):
    page = explorable_page(Regions(THREE, selected=1))
    a, b, s, t = THREE[1]
    rings = page.locator(".explorable-own .explorable-ellipse").evaluate_all(
        "all => all.map(e => ['cx', 'cy', 'rx', 'ry'].map(k => Number(e.getAttribute(k))))"
    )
    for radius, ring in enumerate(rings, start=1):
        assert ring == pytest.approx([75 * (a + 4), 75 * (4 - b), 75 * radius * s, 75 * radius * t])
    shares = [f"{100 * (1 - math.exp(-r * r / 2)):.0f} %" for r in (1, 2, 3)]
    assert page.locator(".explorable-share").all_text_contents() == shares == ["39 %", "86 %", "99 %"]


@pytest.mark.slow
def test_two_handles_pull_the_sigmas_and_keep_within_their_range(explorable_page):
    page = explorable_page(Regions(THREE))
    drag(page, "Sigma 1 of region 1", 0.5, 0.4)
    assert shown(page) == pytest.approx([-1.5, -0.8, 1.3, 0.4], abs=0.03)
    drag(page, "Sigma 2 of region 1", 0.4, 0.6)
    assert shown(page) == pytest.approx([-1.5, -0.8, 1.3, 1.0], abs=0.03)
    drag(page, "Sigma 2 of region 1", 0, 5)
    assert shown(page)[3] == 2.0
    drag(page, "Sigma 1 of region 1", -3, 0)
    assert shown(page)[2] == 0.2


@pytest.mark.slow
def test_a_sigma_is_within_reach_where_the_plane_ends(explorable_page):
    page = explorable_page(Regions([(3.8, 3.9, 1.0, 0.5)]))
    plane = page.locator(".explorable-plane").bounding_box()
    for name in ("Sigma 1 of region 1", "Sigma 2 of region 1"):
        x, y = middle(handle(page, name))
        assert plane["x"] < x < plane["x"] + plane["width"]
        assert plane["y"] < y < plane["y"] + plane["height"]
    drag(page, "Sigma 1 of region 1", -0.5, 0)  # it stands on the left of the centre, so this makes it wider
    assert shown(page) == pytest.approx([3.8, 3.9, 1.5, 0.5], abs=0.03)


@pytest.mark.slow
def test_handles_that_overlap_are_told_apart_by_the_nearest_middle(explorable_page):
    page = explorable_page(Regions([(0, 0, 0.2, 0.2)]))
    x, y = middle(handle(page, "Centre of region 1"))
    assert page.evaluate("([x, y]) => document.elementFromPoint(x, y).getAttribute('aria-label')", [x, y]) != "Centre of region 1"
    drag(page, "Centre of region 1", 1, 1)
    assert shown(page) == pytest.approx([1, 1, 0.2, 0.2], abs=0.03)


def test_the_counts_are_those_of_the_chapter(explorable_page):
    page = explorable_page(Regions([(0, 0, 1, 1)]))
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


@pytest.mark.slow
def test_removing_takes_the_selected_region_and_leaves_one(explorable_page):
    page = explorable_page(Regions(THREE, selected=1))
    page.get_by_role("button", name="Remove region 2").click()
    next_frame(page)
    assert shown(page) == list(THREE[2])
    assert np.abs(shade(page) - level([THREE[0], THREE[2]])).max() <= 0.501
    page.get_by_role("button", name="Remove region 2").click()
    next_frame(page)
    assert shown(page) == list(THREE[0])
    assert page.get_by_role("button", name="Remove").is_disabled()


@pytest.mark.slow
def test_the_selected_region_is_told_to_eye_and_ear(explorable_page):
    page = explorable_page(Regions(THREE))
    page.mouse.click(*middle(handle(page, "Centre of region 2")))
    next_frame(page)
    centres = page.locator(".explorable-handle[data-number]:visible")
    assert [centre.get_attribute("aria-current") for centre in centres.all()] == ["false", "true", "false"]
    texts = [centre.get_attribute("aria-valuetext") for centre in centres.all()]
    assert texts[:2] == ["mu \N{MINUS SIGN}1.50, \N{MINUS SIGN}0.80", "mu 1.20, 1.00, selected"]
    pressed = [page.get_by_role("button", name=f"Region {i}", exact=True).get_attribute("aria-pressed") for i in (1, 2, 3)]
    assert pressed == ["false", "true", "false"]
    assert page.locator(".explorable-regions .explorable-heading").inner_text() == "Region 2 of 3"
    widths = page.locator(".explorable-ellipse:visible").evaluate_all("all => all.map(e => getComputedStyle(e).strokeWidth)")
    assert widths == ["2px"] * 3 + ["3px"] * 3 + ["2px"] * 3


def test_keys_move_centre_and_sigmas(explorable_page):
    page = explorable_page(Regions(THREE))
    handle(page, "Centre of region 2").press("Shift+ArrowRight")
    handle(page, "Centre of region 2").press("ArrowDown")
    next_frame(page)
    assert shown(page) == [1.6, 0.92, 0.5, 0.7]  # a key's step is a hundredth of the plane, with Shift five
    page.keyboard.press("Tab")  # the handles of a region that is selected come after its centre
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+ArrowLeft")
    next_frame(page)
    assert shown(page) == [1.6, 0.92, 0.54, 0.5]
    knob = handle(page, "Sigma 1 of region 2")
    told = [knob.get_attribute(f"aria-value{key}") for key in ("min", "max", "now", "text")]
    assert told == ["0.2", "2", "0.54", "0.54"]


@pytest.mark.slow
def test_touch_drags_on_a_phone_that_need_not_scroll_sideways(explorable_page):
    page = explorable_page(Regions(THREE), phone=True)
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


def test_it_works_from_disk_and_takes_the_colours_of_the_dark_page(explorable_page):
    page = explorable_page(Regions(THREE), disk=True)
    ink = "c => Array.from(c.getContext('2d').getImageData(62, 120, 1, 1).data)"
    assert page.locator(".explorable-shade").evaluate(ink)[:3] == pytest.approx([31, 98, 159], abs=3)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    next_frame(page)
    assert page.locator(".explorable-shade").evaluate(ink)[:3] == pytest.approx([132, 189, 242], abs=3)


def test_the_state_is_four_numbers_a_region():
    regions = Regions(THREE, selected=2)
    assert regions.regions == [list(region) for region in THREE]
    assert repr(regions) == "Regions()"
    regions.regions = [(0, 0, 1, 1)]
    assert regions.regions == [[0.0, 0.0, 1.0, 1.0]]
    bundle, metadata = Regions(THREE)._repr_mimebundle_()
    assert metadata["image/png"] == {"width": 600, "height": 370}
    assert bundle["image/png"] == Regions(THREE)._repr_mimebundle_()[0]["image/png"]


@pytest.mark.parametrize(
    ("regions", "message"),
    [
        ([], "Regions: regions: got 0, expected 1 to 5"),
        ([(0, 0, 1, 1)] * 6, "Regions: regions: got 6, expected 1 to 5"),
        ([(0, 0, 1)], r"Regions: regions: got \[0, 0, 1\], expected four finite numbers"),
        ([(0, 0, 1, math.nan)], "expected four finite numbers"),
        ([(0, 5, 1, 1)], r"got means \[0.0, 5.0\], expected them in \[-4, 4\]"),
        ([(0, 0, 1, 0.1)], r"got sigmas \[1.0, 0.1\], expected them in \[0.2, 2\]"),
    ],
)
def test_bad_input_is_named(regions, message):
    with pytest.raises(ValueError, match=message):
        Regions(regions)
    with pytest.raises(ValueError, match=message):
        Regions(THREE).regions = regions if not regions else [list(region) for region in regions]


def test_a_selection_that_cannot_be_is_named():
    with pytest.raises(ValueError, match="Regions: selected: got 5, expected an index from 0 to 4"):
        Regions(THREE, selected=5)
