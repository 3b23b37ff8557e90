"""The site's pictures: as many pixels as a reader can see and every colour, their place kept, and a build that fails over one too large."""

import base64
import colorsys
import io
import itertools
import json
import re

import nbformat
import numpy as np
import pytest
from nbformat import v4
from PIL import Image

from tests.support import ROOT
from tests.support.browser import load_extension
from tests.support.small_site import build

images = load_extension("images")
GENERATOR = np.random.default_rng(0)


def png(pixels) -> bytes:
    """A PNG of an array (height, width, channels) of levels."""
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def levels(data: bytes) -> np.ndarray:
    """The RGB levels of a picture, as floats."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(float)


def noise(height=300, width=400) -> np.ndarray:
    """What nothing makes small: every pixel of its own colour."""
    return GENERATOR.integers(0, 256, (height, width, 3))


def drawing() -> np.ndarray:
    """White paper, a field of all greys, a field of 300 colours and a red dot: 1200 x 600."""
    picture = np.full((600, 1200, 3), 255)
    picture[50:250, 100:300] = GENERATOR.integers(0, 256, (200, 200, 1))
    ramp = np.stack([np.linspace(0, 255, 300), np.linspace(255, 128, 300), np.full(300, 255)], axis=1).round()
    picture[50:250, 700:900] = ramp[GENERATOR.integers(0, 300, (200, 200))]
    picture[300:310, 50:60] = (255, 0, 0)
    return picture


def stored_figures():
    """The PNG outputs of the chapters with most colours in them, two of each chapter."""
    for path in sorted((ROOT / "book").glob("0*.ipynb")):
        outputs = [output for cell in nbformat.read(path, as_version=4).cells for output in cell.get("outputs", [])]
        figures = [base64.b64decode(output["data"]["image/png"]) for output in outputs if "image/png" in output.get("data", {})]
        yield from sorted(figures, key=len)[-2:]


# --- Sizes and colours ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("natural", "width", "shown"),
    [
        ((1200, 500), 600, (600, 250)),
        ((1200, 500), None, (600, 250)),  # wider than a figure may be
        ((300, 200), None, (300, 200)),
        ((1200, 500), 240, (240, 100)),
        ((1200, 1), 240, (240, 1)),
    ],
)
def test_shown_size(natural, width, shown):
    assert images.shown_size(natural, width) == shown


def test_a_drawing_keeps_each_pixel_in_fewer_bytes():
    picture = drawing()
    small = images.as_webp(png(picture), 600)
    assert np.array_equal(levels(small), picture)
    assert Image.open(io.BytesIO(small)).format == "WEBP"
    assert len(small) < len(png(picture))


@pytest.mark.medium
def test_the_books_figures_lose_nothing():
    """And take under two thirds of their bytes."""
    before, after = [], []
    for figure in stored_figures():
        small = images.as_webp(figure, 600)
        assert np.array_equal(levels(small), levels(figure))
        before.append(len(figure))
        after.append(len(small))
    assert len(before) == 16
    assert sum(after) < 0.6 * sum(before)


def turned(*rgb: int) -> np.ndarray:
    """One pixel for the dark page."""
    return np.asarray(images.in_the_dark(Image.new("RGB", (1, 1), rgb)))[0, 0, :3]


def test_white_becomes_the_dark_page_and_ink_is_read_on_it():
    palette = json.loads((ROOT / "companion" / "palette.json").read_text())
    page, ink = (bytearray.fromhex(colour[1:]) for colour in (palette["dark"]["page"], palette["light"]["ink"]))
    assert np.array_equal(turned(255, 255, 255), page)
    assert contrast(turned(*ink), page) > 7


def test_every_colour_of_the_figures_keeps_its_hue_and_is_seen_in_the_dark():
    palette = json.loads((ROOT / "companion" / "palette.json").read_text())
    page = bytearray.fromhex(palette["dark"]["page"][1:])
    for name, colour in palette["figures"].items():
        rgb = bytearray.fromhex(colour[1:])
        dark = turned(*rgb)
        assert contrast(dark, page) > 2.9, name
        change = abs(colorsys.rgb_to_hls(*rgb)[0] - colorsys.rgb_to_hls(*dark.tolist())[0])
        assert min(change, 1 - change) < 0.06 or name == "grey", name  # of a turn


def test_a_scale_of_colours_keeps_its_order_in_the_dark():
    from matplotlib import colormaps

    for name in ("gray_r", "Blues", "PuOr"):
        half = (colormaps[name](np.linspace(0.5 if name == "PuOr" else 0, 1, 64))[:, :3] * 255).round().astype(int)
        light = [luminance(turned(*rgb)) for rgb in half.tolist()]
        assert all(low <= high + 0.004 for low, high in itertools.pairwise(light)), name
        assert light[-1] > light[0] + 0.2, name


def luminance(rgb) -> float:
    """Relative luminance (WCAG 2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in rgb)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b) -> float:
    """Contrast of two colours (WCAG 2): 1 to 21."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_a_half_transparent_picture_stays_so():
    half = np.full((20, 20, 4), 128)
    half[:, :10, 3] = GENERATOR.integers(1, 255, (20, 10))
    small = Image.open(io.BytesIO(images.as_webp(png(half), 10)))
    assert np.array_equal(np.asarray(small), half)


def test_more_pixels_than_twice_the_shown_size_are_taken_away():
    small = images.as_webp(png(drawing()), 100)
    assert Image.open(io.BytesIO(small)).size == (200, 100)


def test_a_result_is_made_once(tmp_path, monkeypatch):
    source = tmp_path / "figure.png"
    source.write_bytes(png(drawing()))
    file = images.stored(source, 600, tmp_path)
    monkeypatch.setattr(images, "as_webp", lambda *_, **__: pytest.fail("made again"))
    assert images.stored(source, 600, tmp_path) == file
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([source.name, file.name])
    monkeypatch.setattr(images, "as_webp", lambda *_, **__: b"another")
    assert images.stored(source, 300, tmp_path) != file
    assert images.stored(source, 600, tmp_path, dark=True) != file
    monkeypatch.setattr(images, "DENSITY", 1)
    assert images.stored(source, 600, tmp_path) != file


# --- On the page ---------------------------------------------------------------------------------------------


@pytest.mark.medium
@pytest.mark.slow
def test_the_tags_of_a_page(tmp_path):
    """Sizes as attributes, the first picture at once and the others when they are near; the stored file as it was."""
    (tmp_path / "book").mkdir()
    for name in ("first", "second"):
        (tmp_path / "book" / f"{name}.png").write_bytes(png(drawing() if name == "first" else drawing()[:300]))
    before = (tmp_path / "book" / "first.png").read_bytes()
    status, page, said = build(tmp_path, "![One.](first.png)\n\n![Two.](second.png)", ["repository", "images"])
    assert status == 0, said
    tags = re.findall(r'<img [^>]*src="\.\./_images/[^>]*>', page)
    assert [re.findall(r'(?:width|height|decoding|loading|class)="[\w -]+"', tag) for tag in tags] == [
        ['width="600"', 'height="300"', 'decoding="async"', 'class="figure-light dark-light"'],
        ['loading="lazy"', 'width="600"', 'height="300"', 'decoding="async"', 'class="figure-dark dark-light"'],
        ['loading="lazy"', 'width="600"', 'height="150"', 'decoding="async"', 'class="figure-light dark-light"'],
        ['loading="lazy"', 'width="600"', 'height="150"', 'decoding="async"', 'class="figure-dark dark-light"'],
    ]
    assert [re.search(r'alt="([^"]+)"', tag)[1] for tag in tags] == ["One.", "One.", "Two.", "Two."]
    assert "style=" not in "".join(tags)
    files = [tmp_path / "out" / re.search(r'src="\.\./([^"]+)"', tag)[1] for tag in tags]
    assert all(Image.open(io.BytesIO(file.read_bytes())).format == "WEBP" for file in files)
    corners = [levels(file.read_bytes())[0, 0].tolist() for file in files]
    assert corners == [[255, 255, 255], turned(255, 255, 255).tolist()] * 2
    assert (tmp_path / "book" / "first.png").read_bytes() == before


@pytest.mark.slow
def test_a_picture_too_large_fails_the_build(tmp_path):
    """The message names the page, the size and the limit."""
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "noise.png").write_bytes(png(noise()))
    status, _, said = build(tmp_path, "![A photograph of noise.](noise.png)", ["repository", "images"])
    assert status != 0
    assert re.search(r"01-autoencoders.*a picture of book/01-autoencoders has 3\d\d kB, and 250 kB is the most", said), said
    assert "A photograph of noise" in said


@pytest.mark.slow
def test_an_output_keeps_the_width_that_its_notebook_gives(tmp_path):
    """A figure stored at two pixels for each CSS pixel is shown at its own size and no pixel of it is thrown away."""
    output = v4.new_output(
        "display_data",
        {"image/png": base64.b64encode(png(drawing())).decode()},
        metadata={"image/png": {"width": 300, "height": 150}},
    )
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# Page"), v4.new_code_cell("1", outputs=[output])], metadata=python)
    (tmp_path / "book").mkdir()
    nbformat.write(notebook, tmp_path / "book" / "figure.ipynb")
    status, _, said = build(tmp_path, "```{toctree}\n/book/figure\n```", ["repository", "images"])
    assert status == 0, said
    tag = re.search(r'<img [^>]*src="\.\./_images/([^"]+)"[^>]*>', (tmp_path / "out" / "book" / "figure.html").read_text())
    assert 'width="300" height="150"' in tag[0]
    assert Image.open(io.BytesIO((tmp_path / "out" / "_images" / tag[1]).read_bytes())).size == (600, 300)
