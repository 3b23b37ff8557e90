"""LatentMap: what the decoder draws is what companion's draws, for a point and for an image; numbers, distance and marks follow the point."""

import numpy as np
import pytest
import torch

from companion import models
from companion.widgets import LatentMap, Weights
from companion.widgets.latent_map import APART, place_names
from tests.support.driving.latent_map import INT8, OUTPUT, distance, exact, numbers
from tests.support.seeing import next_frame, pixels
from tests.support.spoiling import drop_weights

LOW, HIGH = (-16.0, -5.0), (14.0, 25.0)
INPUT = ".explorable-slot >> nth=0 >> canvas"
NO_IMAGE = "No image: the decoder needs only the two numbers."
UNIT = 600 / 30  # of the map's drawings, over a plane of 30


@pytest.fixture(scope="module")
def model():
    return models.load_trained("ae-2-seed0")


@pytest.fixture(scope="module")
def given(model, digits):
    """The arguments beside the decoder: codes of 200 training images, ten test images and theirs."""
    x, z = digits.x_test[:10], model.encode(digits.x_train[:200])
    inside = ((z > torch.tensor(LOW)) & (z < torch.tensor(HIGH))).all(dim=1)
    return {
        "codes": z[inside],
        "labels": digits.y_train[:200][inside],
        "images": x,
        "at": model.encode(x),
        "low": LOW,
        "high": HIGH,
    }


@pytest.fixture
def make(model, given):
    """A map; what is given differently by name."""
    return lambda **other: LatentMap(model.decoder.parameters(), **given | other)


def press(page, across, down):
    """Press the mouse at shares of the map's sides."""
    box = page.locator(".explorable-plane canvas").bounding_box()
    page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
    next_frame(page)


def send(page, number):
    """Send the test image of that number, from 1, through."""
    page.get_by_role("button", name=f"Send test image {number} of 10 through").click()
    next_frame(page)


def check_output(page, model, z):
    """What is painted is the rounded weights' picture of z to a level, and companion's to what the rounding may cost; say how far off."""
    painted = np.array(pixels(page, OUTPUT))
    rounded = 255 / (1 + np.exp(Weights(model.decoder.parameters()).forward(np.array([z]))[0]))  # ink is a low level
    assert np.abs(painted - rounded).max() < 0.51  # float32 and the rounding to a level
    true = 255 * (1 - torch.sigmoid(model.decode(torch.tensor([z]).double()))[0].numpy())
    off = np.abs(painted - true).max()
    assert off < INT8
    return off


def test_a_pressed_point_is_decoded_and_its_numbers_and_distance_are_companions(explorable_page, make, model, given, generator):
    page = explorable_page(make())
    off = []
    for across, down in torch.rand(12, 2, generator=generator).tolist():
        press(page, across, down)
        z = exact(page, LOW, HIGH)
        assert z == pytest.approx([LOW[0] + 30 * across, HIGH[1] - 30 * down], abs=0.1)
        off.append(check_output(page, model, z.tolist()))
        assert numbers(page) == pytest.approx(z, abs=0.00501)
        nearest = torch.cdist(torch.from_numpy(z[None]), given["codes"]).min().item()
        assert distance(page) == pytest.approx(nearest, abs=0.006)
    assert max(off) > 0.6  # the weights are rounded


@pytest.mark.parametrize("number", [1, pytest.param(7, marks=pytest.mark.slow)])
def test_a_test_image_goes_through_both_halves(explorable_page, make, model, given, number):
    page = explorable_page(make(start=None))
    assert page.locator(".explorable-said").inner_text() == NO_IMAGE
    assert not page.locator(INPUT).is_visible()
    send(page, number)
    code = given["at"][number - 1].tolist()
    assert exact(page, LOW, HIGH) == pytest.approx(code, abs=1e-3)
    assert numbers(page) == pytest.approx(code, abs=0.00501)
    check_output(page, model, code)
    assert page.locator(INPUT).is_visible()
    assert pixels(page, INPUT) == (255 - np.rint(255 * given["images"][number - 1].numpy())).tolist()
    assert page.locator("[aria-pressed=true]").get_attribute("aria-label") == f"Send test image {number} of 10 through"
    assert page.locator(".explorable-said").inner_text() == f"Test image {number} of 10 goes through both halves."
    ring = page.locator(".explorable-ring")
    assert ring.is_visible()
    at = [float(ring.get_attribute(name)) for name in ("cx", "cy")]
    assert at == pytest.approx([UNIT * (code[0] - LOW[0]), UNIT * (HIGH[1] - code[1])], abs=0.01)


def test_a_move_takes_the_image_out(explorable_page, make, model, given):
    shown = make()
    shown.digit = 4
    assert shown.z == pytest.approx(given["at"][4].tolist(), abs=1e-6)
    page = explorable_page(shown)
    assert page.locator(INPUT).is_visible()
    assert numbers(page) == pytest.approx(shown.z, abs=0.00501)
    page.locator(".explorable-handle").press("ArrowRight")
    next_frame(page)
    assert not page.locator(INPUT).is_visible()
    assert not page.locator(".explorable-ring").is_visible()
    assert page.locator("[aria-pressed=true]").count() == 0
    assert page.locator(".explorable-said").inner_text() == NO_IMAGE
    check_output(page, model, exact(page, LOW, HIGH).tolist())


def test_images_are_called_as_they_were_named(explorable_page, make, given):
    page = explorable_page(make(titles=[f"the {digit}" for digit in range(10)]))
    page.get_by_role("button", name="Send the 7 through").click()
    next_frame(page)
    assert page.locator(".explorable-said").inner_text() == "The 7 goes through both halves."


@pytest.mark.parametrize("titles", [["the 0"], [""] * 10])
def test_titles_that_name_no_image_are_refused(make, titles):
    with pytest.raises(ValueError, match=r"titles: got .* for 10 images, expected a word or more for each"):
        make(titles=titles)


def test_a_line_leads_to_the_nearest_code_and_a_disc_holds_none(explorable_page, make, given):
    page = explorable_page(make(start=None))
    press(page, 0.9, 0.3)
    z = exact(page, LOW, HIGH)
    nearest = given["codes"][torch.cdist(torch.from_numpy(z[None]), given["codes"]).argmin()].tolist()
    ends = [float(page.locator(".explorable-way").get_attribute(name)) for name in ("x1", "y1", "x2", "y2")]
    expected = [place for a, b in (z, nearest) for place in (UNIT * (a - LOW[0]), UNIT * (HIGH[1] - b))]
    assert ends == pytest.approx(expected, abs=0.02)
    radius = float(page.locator(".explorable-reach").get_attribute("r"))
    assert radius == pytest.approx(UNIT * np.hypot(*z - nearest), abs=0.02)


def test_mouse_touch_and_keys_move_the_point(explorable_page, make):
    page = explorable_page(make(), phone=True)
    handle = page.locator(".explorable-handle")
    before = exact(page, LOW, HIGH)
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    next_frame(page)
    assert exact(page, LOW, HIGH) == pytest.approx([before[0] + 0.3, before[1] + 1.5], abs=0.001)  # hundredths of the range
    assert "distance to the nearest dot" in handle.get_attribute("aria-valuetext")
    box = page.locator(".explorable-plane canvas").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    next_frame(page)
    assert exact(page, LOW, HIGH) == pytest.approx([-8.5, 2.5], abs=0.15)
    page.get_by_role("button", name="Send test image 3 of 10 through").tap()
    next_frame(page)
    assert page.locator(INPUT).is_visible()


def test_on_a_phone_the_hourglass_and_the_map_are_seen_together(explorable_page, make):
    page = explorable_page(make(), phone=True, viewport={"width": 360, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    encoder, decoder = page.locator("polygon").evaluate_all("all => all.map((one) => [...one.points].map(({ x, y }) => [x, y]))")
    assert encoder == [[0, 0], [100, 28], [100, 72], [0, 100]]
    assert decoder == [[100 - x, y] for x, y in encoder]
    boxes = [page.locator(name).bounding_box() for name in (".explorable-hourglass", ".explorable-plane")]
    assert boxes[1]["y"] + boxes[1]["height"] - boxes[0]["y"] < 540  # what is left of 640 below the site's bar
    for box in (page.locator(name).first.bounding_box() for name in (".explorable-handle", ".explorable-thumb")):
        assert min(box["width"], box["height"]) >= 44


@pytest.mark.slow
def test_a_drag_follows_the_mouse_and_stays_on_the_map(explorable_page, make):
    page = explorable_page(make())
    box = page.locator(".explorable-plane canvas").bounding_box()
    knob = page.locator(".explorable-handle").bounding_box()
    page.mouse.move(knob["x"] + 22, knob["y"] + 22)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.3 * box["height"], steps=4)
    next_frame(page)
    assert exact(page, LOW, HIGH) == pytest.approx([2, 16], abs=0.15)
    page.mouse.move(box["x"] + 2 * box["width"], box["y"] - 50, steps=4)
    page.mouse.up()
    next_frame(page)
    assert exact(page, LOW, HIGH) == pytest.approx(HIGH, abs=0.001)
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    next_frame(page)
    assert exact(page, LOW, HIGH) == pytest.approx(HIGH, abs=0.001)


def test_it_works_from_disk(explorable_page, make):
    page = explorable_page(make(), disk=True)
    assert min(pixels(page, OUTPUT)) < 128


def drop_codes(saved):
    for model in saved["state"].values():
        model["buffers"] = [buffer for buffer in model.get("buffers", []) if buffer["path"] != ["codes"]]


@pytest.mark.parametrize("spoil", [drop_weights, pytest.param(drop_codes, marks=pytest.mark.slow)])
def test_a_damaged_state_leaves_the_still_picture_and_a_line(explorable_page, make, spoil):
    page = explorable_page(make(), spoil=spoil, wait=False)
    page.wait_for_selector(".explorable-failed")
    assert "still picture" in page.locator(".explorable-note").inner_text()
    assert page.locator("img").is_visible()
    assert page.locator(".explorable-plane").count() == 0


def test_python_sees_the_state_it_gave(make, given):
    shown = make(start=2)
    assert shown.z.tolist() == shown.point == pytest.approx(given["at"][2].tolist(), abs=1e-6)
    with pytest.raises(ValueError, match="LatentMap: digit: got 10 with 10 images, expected the place of one of them or None"):
        shown.digit = 10
    shown.point, shown.digit = [1.0, 2.0], None
    assert shown.z.tolist() == [1.0, 2.0]
    assert (shown.low, shown.high) == (list(LOW), list(HIGH))
    assert repr(shown) == "LatentMap()"
    codes = given["codes"].numpy()
    nearest = np.hypot(*(codes - np.median(codes, axis=0)).T).argmin()
    assert make(start=None).z == pytest.approx(codes[nearest], abs=1e-6)
    bundle, metadata = shown._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "application/vnd.jupyter.widget-view+json", "image/png"}
    assert metadata["image/png"] == {"width": 600, "height": 600}


def test_labels_are_written_apart_and_near_their_codes(make, given):
    """Fives and eights have nearly the same median, and one would hide the other."""
    names = make().names
    labels, places = np.array(names)[:, 0], np.array(names)[:, 1:]
    assert labels.tolist() == sorted(set(given["labels"].tolist()))
    off = places[:, None] - places
    far = np.hypot(off[..., 0], off[..., 1]) + 99 * np.eye(len(names))
    assert far.min() >= 0.999 * APART * (HIGH[0] - LOW[0])
    medians = np.array([np.median(given["codes"][given["labels"] == label].numpy(), axis=0) for label in labels])
    assert np.hypot(*(places - medians).T).max() < 2 * APART * (HIGH[0] - LOW[0])
    assert np.hypot(*(places - medians).T).max() > 0.1  # some had to move
    (_, *one), (_, *other) = place_names(np.zeros((2, 2)), np.array([3, 5]), 1.0)
    assert one != other


def test_the_shorter_range_becomes_as_long_as_the_other_about_its_middle(make):
    shown = make(low=(-16, -4), high=(14, 24))
    assert (shown.low, shown.high) == ([-16, -5], [14, 25])
    shown = make(low=-20, high=30)
    assert (shown.low, shown.high) == ([-20, -20], [30, 30])


@pytest.mark.parametrize(("start", "images"), [(4, 3), (None, 2)])
def test_the_still_picture_has_the_hourglass_the_point_and_its_nearest_code(make, given, start, images):
    shown = make(start=start)
    figure = shown.still()
    hourglass, plane, _ = figure.axes
    assert len(hourglass.images) == images - 1
    x_hat = 1 / (1 + np.exp(-shown.decoder.forward(shown.z[None])[0]))
    assert (hourglass.images[-1].get_array() == x_hat.reshape(28, 28)).all()
    codes = given["codes"].numpy()
    nearest = codes[np.hypot(*(codes - shown.z).T).argmin()]
    way, *_, point = (line.get_xydata() for line in plane.lines)
    assert way == pytest.approx(np.array([shown.z, nearest]), abs=30 / 65535)
    assert point.tolist() == [shown.z.tolist()]
    assert (plane.get_xlim(), plane.get_ylim()) == ((-16, 14), (-5, 25))


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"low": 3, "high": 3}, "LatentMap: low and high: got 3 and 3, expected low below high"),
        ({"low": (1, 2, 3)}, r"LatentMap: low and high: got \(1, 2, 3\) and .*, expected a finite number each, or two"),
        ({"high": float("inf")}, "LatentMap: low and high: got .* and inf, expected a finite number each"),
        ({"codes": np.zeros((5, 3))}, r"LatentMap: codes: got shape \(5, 3\), expected \(n, 2\)"),
        ({"codes": [[0, 1], [0, 99]]}, r"LatentMap: codes: got z_2 from 1 to 99, expected it from low to high, in \[-5, 25\]"),
        ({"at": [[0, float("nan")]]}, "LatentMap: at: got z_2 from nan to nan, expected it from low to high"),
        ({"at": np.zeros((3, 2))}, "LatentMap: at: got 3 codes for 10 images, expected one for each"),
        ({"labels": [1, 2]}, r"LatentMap: labels: got shape \(2,\) for \d+ codes, expected \(\d+,\)"),
        ({"images": np.zeros((13, 784))}, r"LatentMap: images: got shape \(13, 784\), expected \(k, 784\) with k from 1 to 12"),
        ({"images": np.full((10, 784), 2)}, r"LatentMap: images: got values from 2 to 2, expected them in \[0, 1\]"),
        ({"start": 10}, "LatentMap: start: got 10 with 10 images, expected the place of one of them or None"),
    ],
)
def test_bad_input_is_named(make, other, message):
    with pytest.raises(ValueError, match=message):
        make(**other)


def test_a_decoder_of_another_shape_is_named(given):
    layers = [np.zeros((8, 3)), np.zeros(8), np.zeros((784, 8)), np.zeros(784)]
    with pytest.raises(ValueError, match="LatentMap: decoder: got one from 3 numbers to 784, expected one from 2 to 784"):
        LatentMap(layers, **given)
