"""LatentPads: what the page paints at the points, on the paths and for the draws is what companion computes; one scale for both planes."""

import numpy as np
import pytest
import torch

from companion import evaluation, models, plots
from companion.widgets import LatentPads, Weights
from companion.widgets.dice import normals
from companion.widgets.latent_pads import STRONGEST, Pad
from tests.support.driving.latent_pads import DRAWS, INT8, NAMES, PATH, code, exact, marks, numbers, strip
from tests.support.seeing import canvas, next_frame, pixels
from tests.support.spoiling import drop_weights

SIDE = 48
PLACES = {"ae-2-seed0": ((-2.0, 12.0), 18), "vae-2-seed0": ((0.0, 0.0), 5)}
RNG = np.random.default_rng(0)
SMALL = [RNG.normal(size=shape) for shape in ((8, 2), (8,), (784, 8), (784,))]
LABELS = np.arange(40) % 2


@pytest.fixture(scope="module")
def parts(digits):
    """Model and Pad of each kind; plain distances to 500 training images, because a test has no time for 10,000."""
    found = {}
    for name, (centre, reach) in PLACES.items():
        model = models.load_trained(name)
        codes = model.encode(digits.x_train[:300])
        grid = torch.tensor(centre) + plots.grid_codes(-reach, reach, SIDE)
        far = evaluation.nearest_distance(torch.sigmoid(model.decode(grid)), digits.x_train[:500]).values
        found[name] = model, Pad(model.decoder.parameters(), codes if name.startswith("ae") else codes.mu, centre, reach, far)
    return found


@pytest.fixture
def pads(parts, digits):
    fresh = {
        name: pad._replace(decoder=model.decoder.parameters())
        for name, (model, pad) in zip(("AE", "VAE"), parts.values(), strict=True)
    }
    return LatentPads(fresh, labels=digits.y_train[:300])


def plain_pads(*distances, **options):
    """Two planes of a small decoder, with these distances, or 1 all over."""
    codes = np.linspace(-3, 3, 80).reshape(40, 2)
    pads = {
        name: Pad(SMALL, codes, (0.0, 0.0), 4, far)
        for name, far in zip(("one", "other"), distances or [np.ones(16)] * 2, strict=True)
    }
    return LatentPads(pads, labels=LABELS, **options)


def press(page, index, point):
    """Press at a point of a plane with the mouse, given in shares of its sides."""
    box = page.locator(".explorable-plane canvas").nth(index).bounding_box()
    page.mouse.click(box["x"] + point[0] * box["width"], box["y"] + point[1] * box["height"])
    next_frame(page)


def click(page, name):
    page.get_by_role("button", name=name).click()
    next_frame(page)


def painted(weights, codes):
    """The levels that the page paints for codes, before they are rounded to whole ones: ink is a low level."""
    return 255 / (1 + np.exp(weights.forward(np.asarray(codes))))


def places(codes, pad):
    """Codes as shares of a plane's sides, from the left and from above."""
    share = (np.asarray(codes) - pad["low"]) / (np.array(pad["high"]) - pad["low"])
    return np.stack([share[:, 0], 1 - share[:, 1]], axis=1)


def read(widget, index, point):
    """The distance of a place, read off between the grid's points."""
    pad, (least, most) = widget.pads[index], widget.scale
    levels = np.frombuffer(pad["distances"], np.uint8).reshape(pad["side"], -1).astype(float)
    across, down = places([point], pad)[0] * (pad["side"] - 1)
    left, top = min(int(across), pad["side"] - 2), min(int(down), pad["side"] - 2)
    a, b = across - left, down - top
    (ul, ur), (ll, lr) = levels[top : top + 2, left : left + 2]
    return least * (most / least) ** (((1 - b) * ((1 - a) * ul + a * ur) + b * ((1 - a) * ll + a * lr)) / 255)


@pytest.mark.parametrize("index", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_what_the_page_decodes_is_what_companion_decodes(explorable_page, pads, parts, generator, index):
    page = explorable_page(pads)
    model, _ = parts[NAMES[index]]
    weights = Weights(model.decoder.parameters())
    worst = 0
    for point in (0.01 + 0.98 * torch.rand(20, 2, generator=generator)).tolist():
        press(page, index, point)
        z = code(page, index, pads.pads[index])
        assert places([z], pads.pads[index])[0] == pytest.approx(point, abs=0.003)
        assert numbers(page, index)[:2] == pytest.approx(z, abs=0.006)
        assert numbers(page, index)[2] == pytest.approx(read(pads, index, z), abs=0.0501)
        shown = np.array(pixels(page, nth=index))
        assert np.abs(shown - painted(weights, [z])[0]).max() < 0.51  # float32 and the rounding to a level
        true = 255 * (1 - torch.sigmoid(model.decode(torch.from_numpy(z[None])))[0].numpy())
        worst = max(worst, np.abs(shown - true).max())
    assert 1 < worst < INT8


@pytest.mark.slow
def test_the_distance_shown_is_near_to_that_of_the_picture(explorable_page, pads, parts, digits, generator):
    page = explorable_page(pads)
    model, _ = parts["vae-2-seed0"]
    off = []
    for point in (0.01 + 0.98 * torch.rand(12, 2, generator=generator)).tolist():
        press(page, 1, point)
        z = torch.from_numpy(code(page, 1, pads.pads[1])[None])
        true = torch.cdist(torch.sigmoid(model.decode(z)), digits.x_train[:500]).min().item()
        off.append(abs(numbers(page, 1)[2] - true))
    assert max(off) < 0.4
    assert sum(off) / len(off) < 0.12


def test_both_planes_are_tinted_by_one_scale(explorable_page):
    page = explorable_page(plain_pads(np.full(16, 2.0), np.full(16, 8.0)))
    assert [numbers(page, index)[2] for index in (0, 1)] == [2, 8]
    tints = [canvas(page.locator(".explorable-plane canvas").nth(index))[40, 220, 3] for index in (0, 1)]
    assert tints == pytest.approx([255 * STRONGEST / 3, 255 * STRONGEST], abs=1)  # log 2 is a third of log 8
    numerals = page.locator(".explorable-tint-numbers span")
    assert numerals.all_inner_texts() == ["1", "2", "4", "8"]
    lefts = numerals.evaluate_all("all => all.map((one) => parseFloat(one.style.left))")
    assert lefts == pytest.approx([0, 100 / 3, 200 / 3, 100], abs=0.06)


@pytest.mark.slow
def test_what_is_no_farther_than_real_images_has_no_tint(explorable_page):
    page = explorable_page(plain_pads(np.full(16, 0.5), np.ones(16)))
    for index in (0, 1):
        assert canvas(page.locator(".explorable-plane canvas").nth(index))[40, 220, 3] == 0
    assert page.locator(".explorable-tint-numbers span").all_inner_texts() == ["1", "2"]


@pytest.mark.slow
def test_a_plane_has_numbers_the_origin_and_the_circle_of_the_prior(explorable_page, pads):
    page = explorable_page(pads)
    for index, expected in enumerate((["-10", "0", "10", "0", "10", "20"], ["-4", "-2", "0", "2", "4"] * 2)):
        svg = page.locator(".explorable-plane").nth(index).locator("svg")
        texts = svg.locator("text:not(.explorable-end)").all_text_contents()
        assert [text.replace("\N{MINUS SIGN}", "-") for text in texts] == [*expected, "z₁", "z₂"]
        circle = [float(svg.locator("ellipse").get_attribute(name)) / 600 for name in ("cx", "cy", "rx", "ry")]
        origin, reach = places([[0, 0]], pads.pads[index])[0], (18, 5)[index]
        assert circle == pytest.approx([*origin, 1 / reach, 1 / reach])
        ends = svg.locator(".explorable-end")
        assert ends.all_text_contents() == ["1", "0"]
        heights = [float(end.get_attribute("y")) / 600 for end in ends.all()]
        assert heights == pytest.approx(places(pads.pads[index]["ends"], pads.pads[index])[:, 1])


def test_a_button_walks_from_the_ones_to_the_zeros_in_both_planes(explorable_page, pads, digits):
    page = explorable_page(pads)
    for index, pad in enumerate(pads.pads):
        codes = np.frombuffer(pad["codes"], np.uint8).reshape(-1, 2) / 255 * np.subtract(pad["high"], pad["low"]) + pad["low"]
        medians = [np.median(codes[digits.y_train[:300] == label], axis=0) for label in (1, 0)]
        assert np.array(pad["ends"]) == pytest.approx(np.array(medians), abs=0.15)
        assert code(page, index, pad) == pytest.approx(pad["ends"][0], abs=0.001)
    click(page, "From 1 to 0")
    for index, pad in enumerate(pads.pads):
        way = np.linspace(*pad["ends"], 10)
        assert code(page, index, pad) == pytest.approx(way[-1], abs=0.001)
        assert marks(page, index, "path-dots") == pytest.approx(places(way, pad), abs=2e-4)
        pictures, texts = strip(page, PATH + index)
        assert np.abs(np.array(pictures) - painted(pads.decoders[index], way)).max() < 0.51
        assert [float(text) for text in texts] == pytest.approx([read(pads, index, z) for z in way], abs=0.0501)
        label = page.locator(".explorable-pictures").nth(PATH + index).get_attribute("aria-label")
        assert label == f"On the path, {pad['name']}: pictures with the distances {', '.join(texts)}"
    assert page.locator(".explorable-unseen").inner_text() == "Straight from 1 to 0 in both planes."


def test_a_drag_leaves_pictures_equally_far_apart_until_the_path_is_cleared(explorable_page, pads):
    page = explorable_page(pads)
    box = page.locator(".explorable-plane canvas").nth(1).bounding_box()
    knob = page.locator(".explorable-handle").nth(1).bounding_box()
    x, y = knob["x"] + 22, knob["y"] + 22
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 0.2 * box["height"], steps=9)
    page.mouse.move(x + 0.2 * box["width"], y + 0.2 * box["height"])
    page.mouse.up()
    next_frame(page)
    start = places([pads.pads[1]["ends"][0]], pads.pads[1])[0]
    dots = marks(page, 1, "path-dots")
    assert len(dots) == 7
    assert dots[0] == pytest.approx(start, abs=0.001)
    assert np.hypot(*np.diff(dots, axis=0).T) == pytest.approx(1 / 16, abs=0.001)
    assert dots[:4, 0] == pytest.approx(start[0], abs=0.005)
    pictures, texts = strip(page, PATH + 1)
    low, high = np.array(pads.pads[1]["low"]), np.array(pads.pads[1]["high"])
    codes = low + np.stack([dots[:, 0], 1 - dots[:, 1]], axis=1) * (high - low)
    assert np.abs(np.array(pictures[:7]) - painted(pads.decoders[1], codes)).max() < 2  # dots are drawn to a tenth of a pixel
    assert len(texts) == 7
    assert len(strip(page, PATH)[1]) == 1  # nothing moved in the other plane
    click(page, "Clear")
    assert len(strip(page, PATH + 1)[1]) == 1
    assert marks(page, 1, "path-dots")[0] == pytest.approx(np.array(exact(page, 1)) / 100, abs=0.001)


def test_keys_leave_a_path_and_a_press_elsewhere_begins_another(explorable_page, pads):
    page = explorable_page(pads)
    handle = page.locator(".explorable-handle").first
    for _ in range(5):
        handle.press("Shift+ArrowDown")
    next_frame(page)
    dots = marks(page, 0, "path-dots")
    assert dots[:, 1] - dots[0, 1] == pytest.approx(np.arange(5) / 16, abs=0.001)  # 25 hundredths are four sixteenths
    press(page, 0, (0.2, 0.8))
    assert marks(page, 0, "path-dots") == pytest.approx(np.array([[0.2, 0.8]]), abs=0.003)
    assert len(strip(page, PATH)[1]) == 1


def test_the_same_ten_draws_are_decoded_in_both_planes(explorable_page, pads):
    page = explorable_page(pads)
    assert pads.draws.shape == (0, 2)
    assert [strip(page, DRAWS + index)[1] for index in (0, 1)] == [[], []]
    for rolls in (1, 2):
        click(page, "Draw ten")
        pads.rolls = rolls
        expected = normals(0, 2, 10, 2)[rolls - 1]
        assert pads.draws.tolist() == sorted(expected.tolist())
        for index, pad in enumerate(pads.pads):
            assert marks(page, index, "crosses") == pytest.approx(places(pads.draws, pad), abs=2e-4)
            pictures, texts = strip(page, DRAWS + index)
            assert np.abs(np.array(pictures) - painted(pads.decoders[index], pads.draws)).max() < 0.51
            assert [float(text) for text in texts] == pytest.approx([read(pads, index, z) for z in pads.draws], abs=0.0501)
    assert page.locator(".explorable-unseen").inner_text() == "Roll 2: the same ten draws in both planes."


@pytest.mark.slow
def test_codes_and_axes_are_painted_at_their_places(explorable_page, pads):
    page = explorable_page(pads)
    for index, pad in enumerate(pads.pads):
        opaque = canvas(page.locator(".explorable-plane canvas").nth(index))[..., 3] > 255 * 0.7  # no tint is
        codes = np.frombuffer(pad["codes"], np.uint8).reshape(-1, 2) / 255 * np.subtract(pad["high"], pad["low"]) + pad["low"]
        across, down = (600 * places(codes, pad)).clip(0, 599).astype(int).T
        assert opaque[down, across].all()
        right, below = (600 * places([[0, 0]], pad)[0]).astype(int)
        assert opaque[:, right].all()
        assert opaque[below].all()
        assert opaque.mean() < 0.1


@pytest.mark.slow
def test_a_seed_and_the_rolls_so_far_come_with_the_page(explorable_page):
    shown = plain_pads(seed=3, rolls=2)
    page = explorable_page(shown)
    assert shown.draws.tolist() == sorted(normals(3, 2, 10, 2)[1].tolist())
    assert marks(page, 0, "crosses") == pytest.approx(places(shown.draws, shown.pads[0]), abs=2e-4)


def test_on_a_phone_both_planes_their_pictures_and_the_strips_are_seen_together(explorable_page, pads):
    page = explorable_page(pads, phone=True, viewport={"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    planes = [page.locator(".explorable-plane").nth(index).bounding_box() for index in (0, 1)]
    assert planes[0]["y"] == planes[1]["y"]
    assert planes[1]["x"] > planes[0]["x"] + planes[0]["width"]
    assert planes[0]["width"] > 150
    strips = page.locator(".explorable-strip-row").last.bounding_box()
    assert strips["y"] + strips["height"] - planes[0]["y"] < 690  # what is left of 740 below the site's bar
    sizes = page.locator(".explorable-plane text").evaluate_all("all => all.map((one) => one.getBoundingClientRect().height)")
    assert min(sizes) > 9
    for box in (page.locator(name).first.bounding_box() for name in (".explorable-handle", ".explorable-buttons button")):
        assert min(box["width"], box["height"]) >= 44


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
    assert handle.get_attribute("aria-valuetext").endswith(f", distance {numbers(page, 0)[2]}")
    box = page.locator(".explorable-plane canvas").first.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    next_frame(page)
    assert exact(page, 0) == pytest.approx([25, 75], abs=0.5)


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


@pytest.mark.slow
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
    assert pads.points == [pad["ends"][0] for pad in pads.pads]
    assert pads.paths == [[point] for point in pads.points]
    assert [decoder.shapes for decoder in pads.decoders] == [[[128, 2], [64, 128], [784, 64]]] * 2
    assert repr(pads) == "LatentPads()"
    bundle, metadata = pads._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "application/vnd.jupyter.widget-view+json", "image/png"}
    assert metadata["image/png"] == {"width": 600, "height": 490}


def test_distances_are_stored_in_even_steps_of_one_logarithm(pads, parts):
    stored = [np.frombuffer(pad["distances"], np.uint8) for pad in pads.pads]
    true = [np.asarray(pad.distances) for _, pad in parts.values()]
    least, most = pads.scale
    assert (least, most) == (min(map(np.min, true)), max(map(np.max, true)))
    step = (most / least) ** (1 / 255)
    for levels, distances in zip(stored, true, strict=True):
        assert np.abs(np.log(least * step ** levels.astype(float) / distances)).max() <= 0.5001 * np.log(step)


def test_the_still_picture_has_both_planes_and_what_is_drawn_on_the_straight_way(pads):
    figure = pads.still()
    *planes, ae, vae = figure.axes
    for axes, strip_axes, pad, weights in zip(planes, (ae, vae), pads.pads, pads.decoders, strict=True):
        way = np.linspace(*pad["ends"], 10)
        assert axes.lines[0].get_xydata() == pytest.approx(way)
        assert axes.patches[0].get_radius() == 2
        assert (axes.get_xlim(), axes.get_ylim()) == (
            (pad["low"][0], pad["high"][0]),
            (pad["low"][1], pad["high"][1]),
        )
        pictures = np.hsplit(np.asarray(strip_axes.images[0].get_array()), 10)
        assert 255 * (1 - np.array([picture.ravel() for picture in pictures])) == pytest.approx(painted(weights, way))
        assert strip_axes.get_ylabel() == pad["name"]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"codes": np.zeros((39, 2))}, r"other: got codes of shape \(39, 2\) for 40 labels, expected \(40, 2\)"),
        ({"codes": np.full((40, 2), 4.5)}, r"other: got codes up to 4.5 from the centre, expected all of them within 4 each way"),
        ({"centre": (0.0, float("nan"))}, r"other: got centre \(0.0, nan\) and reach 4, expected two numbers and one above 0"),
        ({"reach": 0}, r"other: got centre \(0.0, 0.0\) and reach 0, expected two numbers and one above 0"),
        ({"distances": np.ones(5)}, r"other: got distances of shape \(5,\), expected the finite values, above 0, on a square"),
        ({"distances": np.zeros(16)}, r"other: got distances of shape \(16,\), expected the finite values, above 0, on a square"),
    ],
)
def test_a_bad_pad_is_named(other, message):
    pad = Pad(SMALL, np.zeros((40, 2)), (0.0, 0.0), 4, np.ones(16))
    with pytest.raises(ValueError, match=f"LatentPads: {message}"):
        LatentPads({"one": pad, "other": pad._replace(**other)}, labels=LABELS)


def test_bad_input_is_named():
    pad = Pad(SMALL, np.zeros((40, 2)), (0.0, 0.0), 4, np.ones(16))
    with pytest.raises(ValueError, match="LatentPads: pads: got 1, expected two"):
        LatentPads({"one": pad}, labels=LABELS)
    with pytest.raises(ValueError, match=r"LatentPads: walk: got \(1, 5\), expected two of the labels; no code has 5"):
        plain_pads(walk=(1, 5))
    with pytest.raises(ValueError, match="LatentPads: seed: got -1, expected a whole number from 0, below 4294967296"):
        plain_pads(seed=-1)
    with pytest.raises(ValueError, match="LatentPads: rolls: got 10000, expected a whole number from 0, below 10000"):
        plain_pads(rolls=10_000)
