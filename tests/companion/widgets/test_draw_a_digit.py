"""DrawADigit: what the page says of a picture is what companion says of it, and strokes become pictures as MNIST's did."""

import base64
import gzip

import numpy as np
import pytest
import torch

from companion import evaluation, models
from companion.widgets import DrawADigit
from companion.widgets.dice import normals
from tests.support.driving.draw_a_digit import INT8, arc, draw, expected, numbers, seen, shown, strip
from tests.support.seeing import next_frame

IMAGES = 20


@pytest.fixture(scope="module")
def vae():
    return models.load_trained("vae-2-seed0")


@pytest.fixture(scope="module")
def images(digits):
    return digits.x_test[:: len(digits.x_test) // IMAGES][:IMAGES]


@pytest.fixture
def make(vae, digits, images):
    def build(**options):
        codes = vae.encode(digits.x_train[:300]).mu
        options = {"digits": images, "start": None, "average": (149.0, 5.6)} | options
        return DrawADigit(vae, codes=codes, labels=digits.y_train[:300], **options)

    return build


@pytest.fixture
def widget(make):
    return make()


def rounded_vae(widget):
    """A companion model with the weights that the page has."""
    encoder, decoder = widget.encoder.layers(), widget.decoder.layers()
    heads_weight, heads_bias = encoder.pop()
    weights = {}
    for name, layers in (("encoder", encoder), ("decoder", decoder)):
        for i, (weight, bias) in enumerate(layers):
            weights |= {f"{name}.{2 * i}.weight": weight, f"{name}.{2 * i}.bias": bias}
    for i, name in enumerate(("mu_head", "logvar_head")):
        weights |= {f"{name}.0.weight": heads_weight[2 * i : 2 * i + 2], f"{name}.0.bias": heads_bias[2 * i : 2 * i + 2]}
    model = models.VAE(2, generator=torch.Generator())
    model.load_state_dict({key: torch.from_numpy(np.array(value)) for key, value in weights.items()})
    return model.requires_grad_(False)


@pytest.mark.slow
def test_what_the_page_says_of_a_picture_is_what_companion_says(explorable_page, widget, vae, images):
    page = explorable_page(widget)
    model, worst = rounded_vae(widget), dict.fromkeys(INT8, 0)
    for i, x in enumerate(images):
        page.locator(".explorable-thumb").nth(i).click()
        next_frame(page)
        np.testing.assert_array_equal(np.rint(255 * seen(page)).ravel(), np.rint(255 * x.numpy()))
        mu, logvar, mean, samples, reconstruction, kl = expected(model, x, seed=0)
        found = shown(page)
        np.testing.assert_allclose(found[0], mu, atol=6e-4)  # three places shown
        np.testing.assert_allclose(found[1], logvar, atol=6e-4)
        np.testing.assert_allclose(found[2:], [reconstruction, kl, reconstruction + kl], atol=6e-3)  # two places
        np.testing.assert_allclose(strip(page), np.vstack([mean, samples]), atol=0.51)  # whole levels
        mu, logvar, mean, _, reconstruction, kl = expected(vae, x, seed=0)
        off = {
            "mu": np.abs(found[0] - mu.numpy()).max(),
            "logvar": np.abs(found[1] - logvar.numpy()).max(),
            "pixel": np.abs(strip(page)[0] - mean).max(),
            "reconstruction": abs(found[2] - reconstruction),
            "kl": abs(found[3] - kl),
        }
        worst = {name: max(worst[name], off[name]) for name in worst}
    assert all(INT8[name] / 20 < value < INT8[name] for name, value in worst.items()), worst


@pytest.mark.slow
def test_a_roll_shows_new_samples_of_the_same_gaussian(explorable_page, make, images):
    widget = make(start=3, seed=41)
    page = explorable_page(widget)
    before = strip(page)
    np.testing.assert_allclose(before[1:], expected(rounded_vae(widget), images[3], seed=41)[3], atol=0.51)
    page.locator(".explorable-roll").click()
    next_frame(page)
    after = strip(page)
    np.testing.assert_allclose(after[1:], expected(rounded_vae(widget), images[3], seed=42)[3], atol=0.51)
    np.testing.assert_array_equal(before[0], after[0])
    assert np.abs(before[1:] - after[1:]).max() > 5


@pytest.mark.slow
def test_the_ellipses_are_one_and_two_sigma_around_the_mean(explorable_page, make, images):
    widget = make(start=5)
    page = explorable_page(widget)
    mu, logvar, *_ = expected(rounded_vae(widget), images[5], seed=0)
    sigma = (0.5 * logvar).exp()
    rings = page.locator(".explorable-plane:not(.explorable-glass) ellipse")
    assert rings.count() == 2
    for i in range(2):
        ring = [float(rings.nth(i).get_attribute(name)) for name in ("cx", "cy", "rx", "ry")]
        unit = 600 / (widget.high - widget.low)
        wanted = [(mu[0] - widget.low) * unit, (widget.high - mu[1]) * unit, (i + 1) * sigma[0] * unit, (i + 1) * sigma[1] * unit]
        assert ring == pytest.approx([float(value) for value in wanted], abs=0.01)
    z = mu + sigma * torch.from_numpy(normals(0, 6, 2))
    dots = page.locator(".explorable-glass circle").evaluate_all("all => all.map((c) => [c.cx.baseVal.value, c.cy.baseVal.value])")
    near = (z - mu).numpy() / 0.4  # the magnifier's half width
    np.testing.assert_allclose(dots, np.stack([120 + 120 * near[:, 0], 120 - 120 * near[:, 1]], axis=1), atol=0.05)


def test_mnist_digits_have_their_centre_of_mass_in_the_middle_and_fit_20_pixels(digits):
    """What strokes are made to be like; the next test holds the page to it."""
    x = digits.x_test.reshape(-1, 28, 28)
    rows, columns = ((x.sum(dim=axis) * torch.arange(28)).sum(dim=1) / x.sum(dim=(1, 2)) for axis in (2, 1))
    for centre in (rows, columns):
        assert (centre - 14).abs().max() < 0.501
    assert max((x.amax(dim=axis) > 0).sum(dim=1).max() for axis in (1, 2)) == 20


STROKES = {
    "a small 0 in a corner": [arc(0.2, 0.2, 0.1, -80, 280)],
    "a large 7": [[(0.1, 0.05), (0.9, 0.05), (0.4, 0.98)]],
    "a flat line": [[(0.2, 0.5), (0.8, 0.52)]],
    "a 4 in two strokes": [[(0.35, 0.15), (0.3, 0.5), (0.7, 0.5)], [(0.68, 0.2), (0.62, 0.88)]],
    "an L": [[(0.3, 0.1), (0.3, 0.9), (0.7, 0.9)]],
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] if i else []) for i, name in enumerate(STROKES)])
def test_strokes_become_pictures_as_mnists_did(explorable_page, widget, name):
    page = explorable_page(widget)
    draw(page, *STROKES[name])
    ink = seen(page)
    rows, columns = np.nonzero(ink)
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert 18 <= max(height, width) <= 20
    points = np.array([point for stroke in STROKES[name] for point in stroke])
    drawn = np.ptp(points, axis=0) * (20 - 4.2) / np.ptp(points, axis=0).max() + 4.2  # a line is 4.2 pixels wide with its edges
    assert [width, height] == pytest.approx(drawn, abs=1.6)
    centre = [(ink * np.arange(28)[:, None]).sum() / ink.sum(), (ink * np.arange(28)).sum() / ink.sum()]
    assert centre == pytest.approx([14, 14], abs=0.1)
    assert ink.max() == 1
    soft = ((ink > 0) & (ink < 1)).sum() / (ink > 0).sum()
    assert 0.3 < soft < 0.8  # MNIST: 0.57 of the inked pixels are below nine tenths


def test_a_line_is_rendered_as_its_distance_says(explorable_page, widget):
    """A straight line, against the distance to it computed here, sampled finely along the line."""
    page = explorable_page(widget)
    draw(page, [(0.3, 0.2), (0.7, 0.8)])
    half = 0.5 * (20 - 4.2) * np.array([0.4 / 0.6, 1])
    along = np.linspace(-1, 1, 2001)[:, None] * half + 14
    grid = np.stack(np.meshgrid(np.arange(28), np.arange(28)), axis=-1).reshape(-1, 1, 2)
    distance = np.sqrt(((grid - along) ** 2).sum(axis=-1)).min(axis=1)
    expected_ink = np.clip((2.1 - distance) / 1.6, 0, 1).reshape(28, 28)
    np.testing.assert_allclose(seen(page), expected_ink, atol=0.03)


def test_what_is_drawn_is_what_is_encoded(explorable_page, widget):
    page = explorable_page(widget)
    draw(page, arc(0.5, 0.5, 0.3, -80, 280))
    mu, _, mean, _, reconstruction, kl = expected(rounded_vae(widget), torch.from_numpy(seen(page)).flatten(), seed=0)
    found = shown(page)
    np.testing.assert_allclose(found[0], mu, atol=6e-4)
    np.testing.assert_allclose(found[2:], [reconstruction, kl, reconstruction + kl], atol=6e-3)
    np.testing.assert_allclose(strip(page)[0], mean, atol=0.51)
    assert found[4] < 200  # a good 0: the model knows it


@pytest.mark.slow
def test_an_empty_field_shows_a_hint_and_no_numbers(explorable_page, make):
    page = explorable_page(make(start=0))
    assert not page.locator(".explorable-hint").is_visible()
    page.locator(".explorable-clear").click()
    next_frame(page)
    assert page.locator(".explorable-hint").inner_text() == "Draw a digit here"
    assert page.locator(".explorable-hint").is_visible()
    cells = page.locator(".explorable-own, .explorable-reading dd").all_inner_texts()
    assert set(cells) == {"\N{EM DASH}"}
    assert page.locator(".explorable-plane svg").first.evaluate("s => getComputedStyle(s).visibility") == "hidden"
    assert page.locator(".explorable-roll").is_disabled()
    assert seen(page).max() == 0


@pytest.mark.slow
def test_keys_draw(explorable_page, widget):
    page = explorable_page(widget)
    field = page.locator(".explorable-pad")
    field.focus()
    for key in ["Shift+ArrowUp"] * 3 + [" "] + ["ArrowDown"] * 12 + [" "] + ["ArrowRight"] * 3:
        page.keyboard.press(key)
    next_frame(page)
    ink = seen(page)
    rows, columns = np.nonzero(ink)
    assert np.ptp(rows) + 1 >= 18
    assert np.ptp(columns) + 1 <= 5  # a 1; the last steps were made with the pen up
    assert "nats" in page.locator("[role=status]").last.inner_text()
    assert "pen up" in field.inner_text()
    outline = field.evaluate("f => getComputedStyle(f).outlineStyle")
    assert outline == "solid"


@pytest.mark.slow
def test_a_finger_draws_on_a_phone(explorable_page, widget):
    page = explorable_page(widget, phone=True)
    box = page.locator(".explorable-pad").bounding_box()
    client = page.context.new_cdp_session(page)
    places = [(0.3, 0.2), (0.5, 0.2), (0.7, 0.2), (0.6, 0.5), (0.5, 0.8)]
    touch = [[{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}] for x, y in places]
    client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": touch[0]})
    for points in touch[1:]:
        client.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": points})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    next_frame(page)
    rows, _ = np.nonzero(seen(page))
    assert np.ptp(rows) + 1 >= 18
    assert page.evaluate("scrollY") == 0  # the finger drew and did not scroll
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for button in page.locator(".explorable button").all():
        size = button.bounding_box()
        assert min(size["width"], size["height"]) >= 44


@pytest.mark.slow
def test_it_works_from_disk(explorable_page, make):
    page = explorable_page(make(start=0), disk=True)
    assert strip(page).min() < 100


def test_all_weights_take_at_most_150_kb_compressed(widget):
    sizes = [len(gzip.compress(base64.b64encode(weights.data), 6)) for weights in (widget.encoder, widget.decoder)]
    assert sum(sizes) < 120_000


def test_python_sees_and_sets_the_state(make, images):
    widget = make(start=2)
    np.testing.assert_allclose(widget.image, images[2], atol=1e-12)
    widget.pixels = []
    assert not widget.image.any()
    assert repr(widget) == "DrawADigit()"
    bundle, metadata = make(start=2)._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "application/vnd.jupyter.widget-view+json", "image/png"}
    assert metadata["image/png"]["width"] == 600
    assert bundle["image/png"] == make(start=2)._repr_mimebundle_()[0]["image/png"]


def test_the_stacked_heads_are_the_two_heads(widget, vae, images):
    answer = widget.encoder.forward(images.numpy())
    mu, logvar = vae.encode(images)
    np.testing.assert_allclose(answer[:, :2], mu, atol=INT8["mu"])
    np.testing.assert_allclose(answer[:, 2:], logvar, atol=INT8["logvar"])


def test_the_reference_is_what_rate_distortion_gives(make, explorable_page, vae, digits, generator):
    found = evaluation.rate_distortion(vae, digits.x_test[:200], generator=generator)
    page = explorable_page(make(average=(found.distortion, found.rate)))
    row = numbers(page.locator(".explorable-numbers tbody tr").last.inner_text())
    assert row == pytest.approx([found.distortion, found.rate, found.distortion + found.rate], abs=0.051)


def test_bad_input_is_named(make, vae, digits, images):
    with pytest.raises(ValueError, match=r"digits: got shape \(784,\), expected \(k, 784\)"):
        make(digits=images[0])
    with pytest.raises(ValueError, match=r"digits: got values from 0 to 255, expected them in \[0, 1\]"):
        make(digits=255 * images)
    with pytest.raises(ValueError, match=r"start: got 20 with 20 digits"):
        make(start=20)
    with pytest.raises(ValueError, match=r"got codes of shape \(5, 3\) for 4 labels"):
        DrawADigit(vae, codes=torch.ones(5, 3), labels=digits.y_train[:4], digits=images, average=(1, 1))
    with pytest.raises(ValueError, match=r"got a latent_dim of 16, expected 2"):
        DrawADigit(
            models.load_trained("vae-16-seed0"), codes=torch.ones(4, 2), labels=digits.y_train[:4], digits=images, average=(1, 1)
        )
