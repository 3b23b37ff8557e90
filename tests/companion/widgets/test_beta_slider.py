"""BetaSlider: at every beta the pictures are companion's, the numbers those given, and the decoders come at first touch."""

import base64
import gzip
import re

import numpy as np
import pytest
import torch

from companion import evaluation, models
from companion.widgets import BetaSlider, Stage
from companion.widgets.dice import normals
from tests.support import waiting
from tests.support.driving.beta_slider import LARGEST, USUAL, go, grey, painted, read
from tests.support.seeing import canvas, next_frame
from tests.support.spoiling import lose_files

FAMILY = {
    0: "vae-2-beta0",
    0.1: "vae-2-beta0.1",
    1: "vae-2-seed0",
    4: "vae-2-beta4",
    8: "vae-2-beta8",
    16: "vae-2-beta16",
    32: "vae-2-beta32",
}


@pytest.fixture(scope="module")
def family(digits):
    """Model, codes of 500 test digits, and rate and distortion of each beta."""
    found = {}
    for beta, name in FAMILY.items():
        model = models.load_trained(name)
        where = evaluation.rate_distortion(model, digits.x_test[::4], generator=torch.Generator().manual_seed(0))
        found[beta] = (model, model.encode(digits.x_test[::4]).mu, where)
    return found


@pytest.fixture(scope="module")
def shown(digits):
    return [(digits.y_test[::4] == digit).nonzero()[3].item() for digit in (0, 1, 3, 4, 7, 8)]


@pytest.fixture
def make(family, digits, shown):
    def build(betas=tuple(FAMILY), **options):
        stages = {
            beta: Stage(model.decoder.parameters(), codes, where.rate, where.distortion)
            for beta, (model, codes, where) in family.items()
            if beta in betas
        }
        options = {"labels": digits.y_test[::4], "digits": digits.x_test[::4][shown], "shown": shown} | options
        return BetaSlider(stages, **options)

    return build


def fetched(page):
    return page.evaluate("performance.getEntriesByType('resource').filter((e) => e.name.includes('/buffers/')).map((e) => e.name)")


def test_at_every_beta_the_page_shows_what_companion_computes(explorable_page, make, family, digits, shown):
    widget = make()
    page = explorable_page(widget)
    go(page, "Home")
    eps = normals(0, 6, 2)
    for i, (beta, (model, codes, where)) in enumerate(family.items()):
        pictures = painted(page)
        np.testing.assert_array_equal(pictures[:6], np.rint(255 * (1 - digits.x_test[::4][shown].numpy())))
        z = np.vstack([codes[shown].numpy(), eps])
        np.testing.assert_allclose(pictures[6:], grey(widget.decoders[i].forward(z)), atol=0.51)
        off = pictures[6:] - grey(model.decode(torch.from_numpy(z)))
        assert np.abs(off).max() < LARGEST
        assert (off**2).mean() ** 0.5 < USUAL
        assert read(page) == pytest.approx([where.rate, where.distortion, where.rate + where.distortion], abs=0.0051)
        text = page.locator("input[type=range]").get_attribute("aria-valuetext")
        assert text.startswith(f"beta {beta}: rate {where.rate:.2f}, distortion {where.distortion:.2f} nats")
        go(page, "ArrowRight")


def test_seven_bits_and_silent_pixels_cost_little_over_many_codes(make, family):
    worst = []
    for weights, (model, codes, _) in zip(make().decoders, family.values(), strict=True):
        fresh = torch.randn(
            1000, 2, generator=torch.Generator().manual_seed(5)
        ).double()  # not the draws that the pixels were judged by
        for z in (codes, fresh):
            off = grey(weights.forward(z.numpy())) - grey(model.decode(z))
            worst.append((np.abs(off).max(), (off**2).mean() ** 0.5))
    largest, usual = np.max(worst, axis=0)
    assert LARGEST / 3 < largest < LARGEST
    assert USUAL / 3 < usual < USUAL


def test_a_pixel_that_keeps_only_its_bias_was_white_anyway(make, family):
    for weights, (model, codes, _) in zip(make().decoders, family.values(), strict=True):
        silent = ~weights.layers()[-1][0].any(axis=1)
        assert silent.sum() > 10
        fresh = torch.randn(1000, 2, generator=torch.Generator().manual_seed(5)).double()
        assert grey(model.decode(torch.cat([codes, fresh])))[:, silent].min() > 253


def test_the_family_takes_at_most_350_kb_compressed(make):
    sizes = [len(gzip.compress(base64.b64encode(weights.data), 6)) for weights in make().decoders]
    assert sum(sizes) < 320_000  # the page has 350,000 for it


def test_decoders_come_at_first_touch(explorable_page, make, shown):
    widget = make()
    page = explorable_page(widget)
    page.wait_for_load_state("networkidle")
    before = fetched(page)
    i = list(FAMILY).index(1)
    z = np.vstack([widget.stages[i]["means"], normals(0, 6, 2)])
    np.testing.assert_allclose(painted(page)[6:], grey(widget.decoders[i].forward(z)), atol=0.51)
    page.locator("input[type=range]").focus()  # a look is no touch
    page.keyboard.press("Tab")
    next_frame(page)  # a fetch would have begun by now, and would be over when the network is idle
    page.wait_for_load_state("networkidle")
    assert fetched(page) == before
    go(page, "ArrowRight")
    waiting.until(lambda: len(fetched(page)) >= len(before) + 7, "the decoders of the family are there")
    page.wait_for_load_state("networkidle")
    assert len(fetched(page)) == len(before) + 7


@pytest.mark.slow
def test_a_roll_draws_anew_and_the_same_for_every_beta(explorable_page, make):
    widget = make()
    page = explorable_page(widget)
    before = painted(page)
    page.locator(".explorable-roll").click()
    page.wait_for_selector(".explorable-live-rows[aria-busy=false]")
    next_frame(page)
    for i in (2, 3):
        pictures = painted(page)
        np.testing.assert_allclose(pictures[12:], grey(widget.decoders[i].forward(normals(1, 6, 2))), atol=0.51)
        go(page, "ArrowRight")
    assert np.abs(before[12:] - pictures[12:]).max() > 100
    assert "Roll 1" in page.locator("[role=status]").inner_text()


def marked(page):
    """The marked point, and the two ends of the line through it, in the chart's own pixels."""
    x, y = (float(page.locator(".explorable-mark").get_attribute(name)) for name in ("cx", "cy"))
    line = [float(part) for part in re.findall(r"-?[\d.]+", page.locator(".explorable-tangent").get_attribute("d"))]
    return x, y, line


def test_the_mark_stands_on_the_models_point_and_the_line_has_slope_minus_beta(explorable_page, make, family):
    page = explorable_page(make())
    rows = []
    for beta in (1, 4, 8, 16):
        where = family[beta][2]
        rows.append((beta, where.rate, where.distortion, *marked(page)))
        go(page, "ArrowRight")
    rate, distortion, x, y = (np.array([row[i] for row in rows]) for i in (1, 2, 3, 4))
    across, upward = np.polyfit(rate, x, 1), np.polyfit(distortion, y, 1)
    np.testing.assert_allclose(np.polyval(across, rate), x, atol=0.2)  # one straight scale each way
    np.testing.assert_allclose(np.polyval(upward, distortion), y, atol=0.2)
    for beta, *_, x, y, (x1, y1, x2, y2) in rows:
        slope = ((y2 - y1) / upward[0]) / ((x2 - x1) / across[0])
        assert slope == pytest.approx(-beta, rel=0.01)
        assert y1 + (y2 - y1) * (x - x1) / (x2 - x1) == pytest.approx(y, abs=0.3)


@pytest.mark.slow
def test_the_map_shows_the_prior_and_the_draws_in_its_scale(explorable_page, make):
    widget = make()
    page = explorable_page(widget)
    go(page, "Home")
    for i in range(2):
        reach = widget.stages[i]["reach"]
        rings = page.locator(".explorable-prior ellipse").evaluate_all(
            "all => all.map((e) => [e.cx.baseVal.value, e.rx.baseVal.value])"
        )
        np.testing.assert_allclose(rings, [[300, 300 / reach], [300, 600 / reach]], atol=0.01)
        dots = page.locator(".explorable-dot").evaluate_all("all => all.map((c) => [c.cx.baseVal.value, c.cy.baseVal.value])")
        np.testing.assert_allclose(dots, 300 + normals(0, 6, 2) * [300 / reach, -300 / reach], atol=0.01)
        go(page, "ArrowRight")
    codes = np.frombuffer(widget.stages[0]["codes"], np.uint8)
    assert codes.min() < 60  # the range is used
    assert page.locator(".explorable-plane").count() == 1


@pytest.mark.slow
def test_every_code_is_painted_on_the_map(explorable_page, make, family):
    widget = make(betas=(1, 4))
    page = explorable_page(widget)
    next_frame(page)  # the map is painted again in the frame in which it stands on the page
    picture = canvas(page.locator(".explorable-plane canvas"))
    reach = widget.stages[0]["reach"]
    places = 300 + family[1][1].numpy() * [300 / reach, -300 / reach]
    inked = [picture[int(y), int(x), 3] > 100 and picture[int(y), int(x), :3].min() < 250 for x, y in places]
    assert np.mean(inked) > 0.95  # the rest lies under the white edge of a label


@pytest.mark.slow
def test_a_finger_moves_the_slider_on_a_phone(explorable_page, make):
    page = explorable_page(make(), phone=True)
    box = page.locator("input[type=range]").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
    page.wait_for_selector(".explorable-live-rows[aria-busy=false]")
    next_frame(page)
    assert page.locator("input[type=range]").input_value() == "6"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert box["height"] >= 32
    roll = page.locator(".explorable-roll").bounding_box()
    assert min(roll["width"], roll["height"]) >= 44


@pytest.mark.slow
def test_without_its_decoders_it_says_so(explorable_page, make):
    page = explorable_page(make(), spoil=lose_files)
    page.errors_expected = True
    page.locator("input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("status").filter(has_text="could not be loaded").wait_for()
    assert page.locator(".explorable-waiting").count() == 1
    page.keyboard.press("ArrowLeft")
    next_frame(page)
    assert page.locator(".explorable-waiting").count() == 0  # the first beta's pictures are on the page


@pytest.mark.slow
def test_it_works_from_disk(explorable_page, make):
    page = explorable_page(make(), disk=True)
    go(page, "End")
    pictures = painted(page)[6:]
    assert np.abs(pictures - pictures[0]).max() <= 12  # collapsed: every code decodes to one picture
    assert pictures.min() < 200


@pytest.mark.slow
def test_python_sees_and_sets_the_state(make):
    widget = make()
    assert widget.beta == 1
    widget.index = 5
    assert widget.beta == 16
    assert repr(widget) == "BetaSlider()"
    assert [weights.bits for weights in widget.decoders] == [7] * 7
    bundle, metadata = widget._repr_mimebundle_()
    assert metadata["image/png"]["width"] == 600
    assert bundle["image/png"] == make()._repr_mimebundle_()[0]["image/png"]


def test_bad_input_is_named(make, family, digits, shown):
    with pytest.raises(ValueError, match=r"got betas \[1\] and start 1, expected two or more"):
        make(betas=(1,))
    with pytest.raises(ValueError, match=r"start 2, expected two or more, rising, start among them"):
        make(start=2)
    with pytest.raises(ValueError, match=r"digits of shape \(2, 784\) at places of shape \(6,\)"):
        make(digits=digits.x_test[:2])
    with pytest.raises(ValueError, match=r"beta 0: got codes of shape \(500, 2\), expected \(10, 2\)"):
        make(labels=digits.y_test[:10])
    model, codes, _ = family[1]
    stages = {beta: Stage(model.decoder.parameters(), codes, float("nan"), 1.0) for beta in (0, 1)}
    with pytest.raises(ValueError, match=r"beta 0: got rate nan and distortion 1.0"):
        BetaSlider(stages, labels=digits.y_test[::4], digits=digits.x_test[:6], shown=shown)
