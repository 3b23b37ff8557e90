"""BottleneckDial: at every setting its pictures, code and errors are companion's, and a decoder comes when it is first chosen."""

import base64
import gzip
import re

import numpy as np
import pytest
import torch

from companion import evaluation, models
from companion.widgets import BottleneckDial
from companion.widgets.bottleneck_dial import rounded
from tests.support import waiting
from tests.support.driving.bottleneck_dial import (
    BITS,
    ERROR,
    LARGEST,
    USUAL,
    choose,
    dial,
    grey,
    painted,
    points,
    press,
    read,
    settle,
    signed,
    size,
)
from tests.support.seeing import next_frame
from tests.support.spoiling import lose_files

FAMILY = {dim: f"bottleneck-{dim}" for dim in (8, 16)}  # of seven


@pytest.fixture(scope="module")
def ten(digits):
    return torch.tensor([(digits.y_test == digit).nonzero()[3].item() for digit in range(10)])


@pytest.fixture(scope="module")
def family(digits):
    """latent_dim -> model, low, high and the errors of 200 test images, as chapter 2 measures them."""
    found = {}
    x = digits.x_test[::10]
    for dim, name in FAMILY.items():
        model = models.load_trained(name)
        low, high = model.encode(digits.x_train).quantile(torch.tensor([0.01, 0.99]).double(), dim=0)
        z = model.encode(x)
        codes = [evaluation.round_code(z, bits, low, high) for bits in BITS[:-1]] + [z]
        errors = [((torch.sigmoid(model.decode(code)) - x) ** 2).sum(dim=1).mean().item() for code in codes]
        found[dim] = (model, low, high, errors)
    return found


@pytest.fixture
def make(family, digits, ten):
    def build(**options):
        models_, low, high, errors = (dict(zip(family, column, strict=True)) for column in zip(*family.values(), strict=True))
        x = digits.x_test[ten]
        given = {
            "decoders": {dim: list(model.decoder.parameters()) for dim, model in models_.items()},
            "codes": {dim: model.encode(x) for dim, model in models_.items()},
            "images": x,
            "low": low,
            "high": high,
            "errors": errors,
            "latent_dim": 8,
        } | options
        return BottleneckDial(given.pop("decoders"), given.pop("codes"), given.pop("images"), **given)

    return build


def through(family, dim, bits, x):
    """What companion makes of images: codes as they are, rounded codes, reconstructions."""
    model, low, high, _ = family[dim]
    z = model.encode(x)
    kept = z if bits == 64 else evaluation.round_code(z, bits, low, high)
    return z, kept, torch.sigmoid(model.decode(kept))


def check(page, widget, family, x, dim, bits):
    """Everything on the page against what companion makes of the image x, (784,)."""
    z, kept, x_hat = (tensor[0].numpy() for tensor in through(family, dim, bits, x[None]))
    low, high, errors = (np.asarray(values) for values in family[dim][1:])
    (original, reconstruction), residual = painted(page)
    np.testing.assert_array_equal(original, np.rint(grey(x)))
    weights = widget.decoders[list(family).index(dim)]
    np.testing.assert_allclose(reconstruction, grey(1 / (1 + np.exp(-weights.forward(kept[None])[0]))), atol=0.51)
    off = reconstruction - grey(x_hat)
    assert np.abs(off).max() < LARGEST
    assert (off**2).mean() ** 0.5 < 2 * USUAL  # that is over all images, and this is one
    np.testing.assert_allclose(residual, signed((original - reconstruction) / 255), atol=1.01)
    takes, own, mean = read(page)
    assert takes == size(dim, bits)
    assert float(own) == pytest.approx(((x_hat - x.numpy()) ** 2).sum(), abs=ERROR)
    assert float(own) == pytest.approx((((original - reconstruction) / 255) ** 2).sum(), abs=0.051)
    assert float(mean) == pytest.approx(errors[BITS.index(bits)], abs=0.051)
    assert_said(page, dim, bits, mean)
    assert code_shown(page) == (
        pytest.approx(((z - low) / (high - low)).clip(0, 1), abs=1e-5),
        pytest.approx(((kept - low) / (high - low)).clip(0, 1), abs=1e-5),
    )


def assert_said(page, dim, bits, mean):
    """Each dial says its own number first, then the other's, and what the two together come to."""
    numbers, each = (f"{n} {one if n == 1 else one + 's'}" for n, one in ((dim, "number"), (bits, "bit")))
    cost = f": {dim * bits} bits{', unrounded' * (bits == 64)}, mean squared error {mean}"
    assert dial(page, "numbers").get_attribute("aria-valuetext") == f"{numbers}, of {each} each{cost}"
    assert dial(page, "bits each").get_attribute("aria-valuetext") == f"{each}, for each of {numbers}{cost}"


def code_shown(page):
    """Where the lines and where the bars of the code end, in shares of the range."""
    lines = re.findall(r"M[\d.]+ ([-\de.]+)h", page.locator(".explorable-exact").get_attribute("d"))
    bars = re.findall(r"v(-?[\de.-]+)h", page.locator(".explorable-bars").get_attribute("d"))
    return [1 - float(y) for y in lines], [-float(v) for v in bars]


def fetched(page):
    return page.evaluate("performance.getEntriesByType('resource').filter((e) => e.name.includes('/buffers/')).map((e) => e.name)")


def test_with_every_number_of_bits_the_page_shows_what_companion_computes(explorable_page, make, family, digits, ten):
    widget = make()
    page = explorable_page(widget)
    x = digits.x_test[ten]
    check(page, widget, family, x[0], 8, 3)  # the stored picture
    choose(page, 4)
    press(page, "bits each", "Home")
    for bits in BITS:
        check(page, widget, family, x[4], 8, bits)
        press(page, "bits each", "ArrowRight")
    press(page, "numbers", "ArrowRight")
    check(page, widget, family, x[4], 16, 64)


@pytest.mark.slow
def test_every_image_goes_through_every_model(explorable_page, make, family, digits, ten):
    widget = make(bits=2)
    page = explorable_page(widget)
    for image, x in enumerate(digits.x_test[ten]):
        choose(page, image)
        pressed = page.locator(".explorable-thumb").evaluate_all("all => all.map((one) => one.ariaPressed)")
        assert pressed == ["true" if i == image else "false" for i in range(10)]
        for dim, key in ((8, "Home"), (16, "End")):
            press(page, "numbers", key)
            check(page, widget, family, x, dim, 2)


@pytest.mark.parametrize("bits", BITS)
def test_the_widget_rounds_as_companion_does(make, family, digits, ten, bits):
    outside = 0
    for stage, dim in zip(make().stages, FAMILY, strict=True):
        _, low, high, _ = family[dim]
        z, kept, _ = through(family, dim, bits, digits.x_test[ten])
        outside += ((z < low) | (z > high)).sum()
        np.testing.assert_allclose(rounded(stage, bits), kept, atol=2e-6)
    assert outside > 0


def test_a_decoder_comes_when_its_size_is_first_chosen_and_no_sooner(explorable_page, make, family, digits, ten):
    page = explorable_page(make())
    page.wait_for_load_state("networkidle")
    before = len(fetched(page))
    dial(page, "numbers").focus()  # a look is no touch
    page.keyboard.press("Tab")
    next_frame(page)  # a fetch would have begun by now, and would be over when the network is idle
    page.wait_for_load_state("networkidle")
    assert len(fetched(page)) == before
    for name, key, more in (
        ("bits each", "ArrowRight", 1),
        ("bits each", "ArrowRight", 1),
        ("numbers", "ArrowRight", 2),
        ("numbers", "ArrowLeft", 2),
    ):
        press(page, name, key)
        page.wait_for_load_state("networkidle")
        assert len(fetched(page)) == before + more, (name, key)


@pytest.mark.slow
def test_the_picture_stands_until_its_decoder_is_there(explorable_page, make, family, digits, ten):
    widget = make()
    page = explorable_page(widget)
    held = []
    page.route("**/buffers/*.js", lambda route: held.append(route))
    before = painted(page)
    dial(page, "numbers").press("ArrowRight")
    waiting.until(lambda: page.wait_for_timeout(10) or held, "the decoder is asked for")
    assert page.locator(".explorable-views").get_attribute("aria-busy") == "true"
    assert read(page)[:2] == [size(16, 3), "…"]
    for now, then in zip(painted(page), before, strict=True):
        np.testing.assert_array_equal(now, then)
    [route] = held
    route.continue_()
    settle(page)
    check(page, widget, family, digits.x_test[ten][0], 16, 3)


@pytest.mark.slow
def test_a_pressed_point_of_the_curve_sets_both_dials(explorable_page, make):
    page = explorable_page(make())
    chart = page.locator(".explorable-chart")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    for stage, k in ((1, 8), (0, 0)):
        x, y = points(chart)[stage][k]
        page.mouse.click(box["x"] + x + 4, box["y"] + y - 3)
        settle(page)
        assert [dial(page, name).input_value() for name in ("numbers", "bits each")] == [str(stage), str(k)]
        mark = [float(page.locator(".explorable-mark").get_attribute(name)) for name in ("cx", "cy")]
        assert mark == pytest.approx([x, y], abs=0.1)
    page.mouse.click(box["x"] + box["width"] - 20, box["y"] + 12)  # far from every point
    next_frame(page)
    assert [dial(page, name).input_value() for name in ("numbers", "bits each")] == ["0", "0"]


def test_the_curve_has_a_doubling_of_bits_across_and_the_error_upwards(explorable_page, make, family):
    page = explorable_page(make())
    next_frame(page)
    chart = page.locator(".explorable-chart")
    found = np.vstack(points(chart))
    bits = np.array([dim * b for dim in FAMILY for b in BITS])
    errors = np.concatenate([errors for *_, errors in family.values()])
    for seen, wanted in ((found[:, 0], np.log2(bits)), (found[:, 1], -errors)):
        slope, start = np.polyfit(wanted, seen, 1)
        assert slope > 0
        np.testing.assert_allclose(slope * wanted + start, seen, atol=0.15)
    label = chart.get_attribute("aria-label")
    assert label.endswith(f"3 bits stand at 24 bits and error {family[8][3][2]:.1f}")
    own = page.locator(".explorable-line").evaluate_all("all => all.map((one) => one.classList.contains('explorable-own'))")
    assert own == [True, False]


def test_eight_bits_and_silent_pixels_cost_little(make, family, digits, ten):
    worst = []
    for weights, dim in zip(make().decoders, FAMILY, strict=True):
        for bits in BITS:
            _, kept, x_hat = through(family, dim, bits, digits.x_test[ten])
            seen = 1 / (1 + np.exp(-weights.forward(kept.numpy())))
            off = 255 * (seen - x_hat.numpy())
            x = digits.x_test[ten].numpy()
            errors = ((seen - x) ** 2).sum(axis=1) - ((x_hat.numpy() - x) ** 2).sum(axis=1)
            worst.append((np.abs(off).max(), (off**2).mean() ** 0.5, np.abs(errors).max()))
    for found, limit in zip(np.max(worst, axis=0), (LARGEST, USUAL, ERROR), strict=True):
        assert limit / 3 < found < limit


def test_a_decoder_takes_at_most_80_kb_compressed(make):
    widget = make()
    sizes = [len(gzip.compress(base64.b64encode(weights.data), 6)) for weights in widget.decoders]
    assert max(sizes) <= 80_000
    assert all((~weights.layers()[-1][0].any(axis=1)).sum() > 100 for weights in widget.decoders)  # pixels that keep a bias only
    assert len(gzip.compress(base64.b64encode(widget.pictures), 6)) < 4000


@pytest.mark.slow
def test_on_a_phone_what_is_compared_is_seen_together_and_a_finger_moves_it(explorable_page, make):
    page = explorable_page(make(), phone=True, viewport={"width": 360, "height": 640})
    page.locator(".explorable").evaluate("element => element.scrollIntoView()")
    boxes = [dial(page, name).bounding_box() for name in ("numbers", "bits each")]
    boxes += [page.locator(".explorable-views canvas").nth(nth).bounding_box() for nth in range(3)]
    assert max(box["y"] + box["height"] for box in boxes) < 640 - 60  # the site's own bar
    assert min(box["y"] for box in boxes) > 0
    assert len({box["y"] for box in boxes[2:]}) == 1
    sizes = [page.locator(".explorable-thumb").nth(nth).bounding_box() for nth in range(10)]
    assert min(min(box["width"], box["height"]) for box in sizes) >= 44
    everything = page.locator(".explorable *").evaluate_all("all => all.map((one) => one.getBoundingClientRect().right)")
    assert max(everything) <= 348  # what sticks out is cut off, and makes no page wider
    page.touchscreen.tap(boxes[1]["x"] + boxes[1]["width"] - 3, boxes[1]["y"] + boxes[1]["height"] / 2)
    settle(page)
    assert read(page)[0] == size(8, 64)
    chart = page.locator(".explorable-chart")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    x, y = points(chart)[1][1]
    page.touchscreen.tap(box["x"] + x, box["y"] + y)
    settle(page)
    assert read(page)[0] == size(16, 2)


@pytest.mark.slow
def test_in_the_dark_lightness_turns_and_the_residual_keeps_its_hue(explorable_page, make):
    page = explorable_page(make())
    filters = "all => all.map((one) => getComputedStyle(one).filter)"
    canvases = page.locator(".explorable-views canvas")
    assert canvases.evaluate_all(filters) == ["none"] * 3
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    *grey_ones, coloured = canvases.evaluate_all(filters)
    assert grey_ones == ["invert(0.93)"] * 2
    assert coloured == "invert(0.93) hue-rotate(180deg)"


@pytest.mark.slow
def test_without_its_decoder_it_says_so(explorable_page, make):
    page = explorable_page(make(), spoil=lose_files)
    page.errors_expected = True
    dial(page, "numbers").press("ArrowRight")
    page.get_by_text("The decoder of 16 numbers could not be loaded").wait_for()
    assert page.locator(".explorable-waiting").count() == 1
    dial(page, "numbers").press("ArrowLeft")
    next_frame(page)
    assert page.locator(".explorable-waiting").count() == 0  # the picture of the start is on the page


@pytest.mark.slow
def test_it_works_from_disk(explorable_page, make, family, digits, ten):
    widget = make()
    page = explorable_page(widget, disk=True)
    press(page, "numbers", "End")
    check(page, widget, family, digits.x_test[ten][0], 16, 3)


@pytest.mark.slow
def test_python_sees_and_sets_the_state(make):
    widget = make()
    assert (widget.latent_dim, widget.bits, widget.image) == (8, 3, 0)
    widget.stage = 1
    assert widget.latent_dim == 16
    assert repr(widget) == "BottleneckDial()"
    bundle, metadata = widget._repr_mimebundle_()
    assert metadata["image/png"]["width"] == 600
    assert bundle["image/png"] == make()._repr_mimebundle_()[0]["image/png"]
    assert make(latent_dim=None).latent_dim == 16  # the middle


def test_bad_input_is_named(make, family, digits, ten):
    x = digits.x_test[ten]
    with pytest.raises(ValueError, match=r"images: got shape \(2, 783\), expected \(k, 784\) with k from 1 to 10"):
        make(images=x[:2, :783])
    with pytest.raises(ValueError, match=r"images: got values outside \[0, 1\]"):
        make(images=2 * x)
    with pytest.raises(ValueError, match=r"decoders: got latent_dims \[16, 8\], expected two or more, rising, from 1 to 64"):
        make(decoders={16: [], 8: []})
    with pytest.raises(ValueError, match=r"errors: got latent_dims \[8\], expected those of the decoders, \[8, 16\]"):
        make(errors={8: family[8][3]})
    with pytest.raises(ValueError, match=r"got latent_dim 8 and bits 9, expected them in \[8, 16\] and \[1, 2, .* 8, 64\]"):
        make(bits=9)
    with pytest.raises(ValueError, match=r"latent_dim 8: got codes of shape \(10, 8\), expected \(9, 8\), all finite"):
        make(images=x[:9])
    with pytest.raises(ValueError, match=r"latent_dim 16: got errors of shape \(8,\), expected \(9,\)"):
        make(errors={8: family[8][3], 16: family[16][3][:8]})
    with pytest.raises(ValueError, match=r"latent_dim 8: got a low that is not below its high"):
        make(low={dim: family[dim][2] for dim in FAMILY})
