"""LatentPads: what the page paints at the pointer is what companion computes, whichever way the pointer came there."""

import numpy as np
import pytest
import torch

from companion import evaluation, models, plots
from companion.widgets import LatentPads, Weights
from companion.widgets.latent_pads import Pad
from tests.support.driving.latent_pads import INT8, NAMES, exact
from tests.support.seeing import next_frame, pixels
from tests.support.spoiling import drop_weights

SIDE = 48


@pytest.fixture(scope="module")
def parts(digits):
    """Model and Pad of each kind; distances to 500 training images only, because a test has no time for 10,000."""
    found = {}
    for name in NAMES:
        model = models.load_trained(name)
        code = model.encode(digits.x_train[:300])
        codes = code if name.startswith("ae") else code.mu
        low, high = codes.min().item() - 1, codes.max().item() + 1
        grid = torch.sigmoid(model.decode(plots.grid_codes(low, high, SIDE)))
        found[name] = (
            model,
            Pad(model.decoder.parameters(), codes, low, high, evaluation.nearest_distance(grid, digits.x_train[:500]).values),
        )
    return found


@pytest.fixture
def pads(parts, digits):
    fresh = {
        name: pad._replace(decoder=model.decoder.parameters())
        for name, (model, pad) in zip(("autoencoder", "VAE"), parts.values(), strict=True)
    }
    return LatentPads(fresh, labels=digits.y_train[:300])


def place(page, index, point):
    """Press at a point of a plane with the mouse; return the code that the page says it is at."""
    plane = page.locator(".explorable-plane").nth(index)
    box = plane.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + point[0] * box["width"], box["y"] + point[1] * box["height"])
    page.mouse.down()
    page.mouse.up()
    next_frame(page)
    return shown(page, index)


def shown(page, index):
    text = page.locator(".explorable-reading").nth(index).locator("dd").first.inner_text()
    return [float(part) for part in text.replace("\N{MINUS SIGN}", "-").strip("z =()").split(",")]


@pytest.mark.parametrize("index", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_what_the_page_decodes_is_what_companion_decodes(explorable_page, pads, parts, generator, index):
    page = explorable_page(pads)
    model, pad = parts[NAMES[index]]
    weights = Weights(model.decoder.parameters())
    worst = 0
    for point in torch.rand(20, 2, generator=generator).tolist():
        place(page, index, point)
        left, top = exact(page, index)
        z = np.array([[pad.low + left / 100 * (pad.high - pad.low), pad.high - top / 100 * (pad.high - pad.low)]])
        assert shown(page, index) == pytest.approx(z[0], abs=0.006)
        painted = np.array(pixels(page, nth=index))
        rounded = 255 / (1 + np.exp(weights.forward(z)[0]))  # dark ink is a low level
        assert np.abs(painted - rounded).max() < 0.51  # float32 and the rounding to a level
        true = 255 * (1 - torch.sigmoid(model.decode(torch.from_numpy(z)))[0].numpy())
        worst = max(worst, np.abs(painted - true).max())
    assert 1 < worst < INT8


@pytest.mark.slow
def test_the_distance_shown_is_the_maps_read_between_its_points(explorable_page, pads, parts, digits, generator):
    page = explorable_page(pads)
    model, pad = parts["vae-2-seed0"]
    off = []
    for point in torch.rand(12, 2, generator=generator).tolist():
        place(page, 1, point)
        left, top = exact(page, 1)
        z = torch.tensor([[pad.low + left / 100 * (pad.high - pad.low), pad.high - top / 100 * (pad.high - pad.low)]]).double()
        true = torch.cdist(torch.sigmoid(model.decode(z)), digits.x_train[:500]).min().item()
        off.append(abs(float(page.locator(".explorable-distance").nth(1).inner_text()) - true))
    assert max(off) < 0.4
    assert sum(off) / len(off) < 0.12


@pytest.mark.slow
def test_mouse_touch_and_keys_move_the_point(explorable_page, pads):
    page = explorable_page(pads, phone=True)
    handle = page.locator(".explorable-handle").first
    before = exact(page, 0)
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    next_frame(page)
    assert exact(page, 0) == pytest.approx([before[0] + 1, before[1] - 5], abs=0.01)
    assert "distance to the nearest training image" in handle.get_attribute("aria-valuetext")
    box = page.locator(".explorable-plane canvas").first.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    next_frame(page)
    assert exact(page, 0) == pytest.approx([25, 75], abs=0.5)
    handle = handle.bounding_box()
    assert handle["width"] >= 44
    assert handle["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.slow
def test_a_drag_follows_the_mouse_and_stays_in_the_plane(explorable_page, pads):
    page = explorable_page(pads)
    box = page.locator(".explorable-plane canvas").first.bounding_box()
    knob = page.locator(".explorable-handle").first.bounding_box()
    page.mouse.move(knob["x"] + 22, knob["y"] + 22)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.3 * box["height"], steps=4)
    next_frame(page)
    assert exact(page, 0) == pytest.approx([60, 30], abs=0.5)
    page.mouse.move(box["x"] + 2 * box["width"], box["y"] - 50, steps=4)
    next_frame(page)
    assert exact(page, 0) == pytest.approx([100, 0], abs=0.01)
    page.mouse.up()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    next_frame(page)
    assert exact(page, 0) == pytest.approx([100, 0], abs=0.01)


def test_it_works_from_disk(explorable_page, pads):
    page = explorable_page(pads, disk=True)
    assert min(pixels(page)) < 128


def cut_weights(saved):
    for model in saved["state"].values():
        if model["model_name"] == "WidgetModel":
            model["buffers"] = [{"path": ["data"], "encoding": "base64", "data": "AAAA"}]


def drop_everything(saved):
    saved["state"].clear()


@pytest.mark.parametrize(
    "spoil", [drop_weights, *(pytest.param(each, marks=pytest.mark.slow) for each in (cut_weights, drop_everything))]
)
def test_a_damaged_state_leaves_the_still_picture_and_a_line(explorable_page, pads, spoil):
    page = explorable_page(pads, spoil=spoil, wait=False)
    page.wait_for_selector(".explorable-failed")
    assert "still picture" in page.locator(".explorable-note").inner_text()
    assert page.locator("img").is_visible()
    assert page.locator(".explorable-plane").count() == 0


@pytest.mark.slow
def test_the_still_picture_steps_aside_for_the_live_one(explorable_page, pads):
    page = explorable_page(pads)
    assert not page.locator("img").is_visible()


def test_python_sees_the_state_it_gave(pads):
    assert len(pads.points) == 2
    assert [decoder.shapes for decoder in pads.decoders] == [[[128, 2], [64, 128], [784, 64]]] * 2
    assert repr(pads) == "LatentPads()"
    bundle, metadata = pads._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "application/vnd.jupyter.widget-view+json", "image/png"}
    assert metadata["image/png"] == {"width": 600, "height": 460}


def test_bad_input_is_named(parts, digits):
    _, pad = parts["vae-2-seed0"]
    labels = digits.y_train[:300]
    with pytest.raises(ValueError, match=r"LatentPads: pads: got 1, expected two"):
        LatentPads({"VAE": pad}, labels=labels)
    with pytest.raises(ValueError, match=r"VAE: got codes of shape \(300, 2\) for 299 labels"):
        LatentPads({"VAE": pad, "other": pad}, labels=labels[:-1])
    with pytest.raises(ValueError, match=r"VAE: got 5 distances, expected the finite values on a square grid"):
        LatentPads({"VAE": pad._replace(distances=torch.ones(5)), "other": pad}, labels=labels)
