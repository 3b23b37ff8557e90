"""Compares two pictures pixel by pixel, and draws what differs.

Three distances, because each is blind to what another sees: `rms` over the figure notices a faint change everywhere, `tile_rms`
over its worst 16 x 16 window a faint change in one place, `share` a strong change of a few pixels. They were chosen between two
measurements on figures of 1200 pixels' width:

- below: a float64 training of 1,000 steps and its 7 figures (scatters, images, curves, contours) under
  `ATEN_CPU_CAPABILITY=default` and `=avx2`, `MKL_CBWR=COMPATIBLE`, one and two threads: 0 in all three, no pixel changed. Training
  on another CPU moves a code by about 1e-10, and 2,000 points that each move by 1e-6 pixels give 0.001, 0.1 and 0. Points that
  move by 1/256 pixel, the grid on which matplotlib's Agg draws, give 0.10, 0.6 and no pixel in a scatter of several colours.
- above: one point of 2,000, moved by 3 pixels, in seven styles of scatter: where the point is in sight at least 0.06, 3.7 and 8 of
  960,000 pixels (8e-6), in the middle 0.1 to 0.5, 7 to 33 and 16 to 42 pixels. The top point of chapter 1's first scatter: 0.13,
  9.8 and 14 of 1,536,000 pixels (9e-6).

How near the book comes: its 68 figures of chapters 1 to 6, run by `make portable` as three other CPUs (plain vector code, avx2 with
two threads, MKL's compatible products), move by at most 0.024, 0.23 and 0; that is the first figure of chapter 1, which holds the
longest training. On the same machine every distance is 0.

`tile_rms` of 2 is three times the first and about half the second, and so is a `share` of 5e-6, 4 pixels of 960,000; they found 416
of 420 moved points. `rms` of 0.25 is a change of one level in every sixteenth channel. The four that were not found lie under
others of the same opaque colour, which leaves next to no trace in the picture. Other processors than x86-64 were not measured: a
scatter of one colour is drawn on whole pixels, so there a point on the border between two would jump by one and fail.
"""

import base64
import io
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

LEVELS = 8  # of 255; a pixel differs when a channel differs by more: points moved by 1/256 pixel stay below
TILE = 16  # pixels, the side of the window that a point of a scatter about fills
BAR = 44  # height of a panel's label, in pixels


class Distance(NamedTuple):
    """How far two pictures of one size are apart; 0 in every field when they are the same."""

    rms: float  # root of the mean square over all pixels and channels, in levels of 0 to 255
    tile_rms: float  # the same over the worst TILE x TILE window
    share: float  # pixels of which a channel differs by more than LEVELS, over all pixels


TOLERANCE = Distance(rms=0.25, tile_rms=2.0, share=5e-6)


class Verdict(NamedTuple):
    """What became of one picture: same, other, resized, missing, extra or unreadable."""

    kind: str
    detail: str
    distance: Distance | None = None


def decode(png):
    """Turn base64 text into an array of levels.

    Returns: (height, width, 4) uint8, red, green, blue, alpha. Raises ValueError for what is no 8-bit PNG.
    """
    try:
        image = Image.open(io.BytesIO(base64.b64decode(png)), formats=["PNG"])
        if image.mode.startswith("I"):
            raise ValueError(f"decode: expected 8 bits a channel, received mode {image.mode}")
        return np.asarray(image.convert("RGBA"))
    except (OSError, SyntaxError) as error:  # Pillow calls a broken chunk a syntax error
        raise ValueError(f"decode: expected a PNG, received {len(png)} characters: {error}") from error


def measure(expected, got):
    """Measure how far apart two pictures (height, width, channels) of one size are.

    >>> measure(np.zeros((20, 20, 4), np.uint8), np.zeros((20, 20, 4), np.uint8))
    Distance(rms=0.0, tile_rms=0.0, share=0.0)
    """
    if expected.shape != got.shape:
        raise ValueError(f"measure: expected one size, received {expected.shape} and {got.shape}")
    difference = np.abs(expected.astype(np.int64) - got)
    squares = (difference**2).sum(axis=2)
    height, width, channels = expected.shape
    tall, wide = min(TILE, height), min(TILE, width)
    return Distance(
        rms=float(np.sqrt(squares.mean() / channels)),
        tile_rms=float(np.sqrt(window_sums(squares, tall, wide).max() / (tall * wide * channels))),
        share=float((difference.max(axis=2) > LEVELS).mean()),
    )


def window_sums(values, tall, wide):
    """Sum (height, width) integers over every tall x wide window, so that no window's border can hide a change."""
    total = np.pad(values, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    return total[tall:, wide:] - total[:-tall, wide:] - total[tall:, :-wide] + total[:-tall, :-wide]


def judge(expected, got):
    """Compare two pictures, each base64 text or None where there is none. Returns a Verdict."""
    if got is None:
        return Verdict("missing", "it is stored, but the run did not draw it")
    if expected is None:
        return Verdict("extra", "the run drew it, but it is not stored")
    try:
        stored, drawn = decode(expected), decode(got)
    except ValueError as error:
        return Verdict("unreadable", str(error))
    if stored.shape != drawn.shape:
        return Verdict("resized", f"expected {pixels(stored)} pixels, got {pixels(drawn)}")
    distance = measure(stored, drawn)
    near = all(value <= allowed for value, allowed in zip(distance, TOLERANCE, strict=True))
    return Verdict("same" if near else "other", describe(distance), distance)


def pixels(array):
    """Name a picture's size the way people do, width first."""
    return f"{array.shape[1]}x{array.shape[0]}"


def describe(distance):
    """Put the distances beside the tolerances."""
    allowed = TOLERANCE
    return (
        f"RMS {distance.rms:.2f} (tolerance {allowed.rms:.2f}), "
        f"RMS of the worst {TILE}x{TILE} tile {distance.tile_rms:.2f} (tolerance {allowed.tile_rms:.2f}), "
        f"share of differing pixels {distance.share:.1e} (tolerance {allowed.share:.1e})"
    )


def draw_panels(expected, got):
    """Draw expected | got | difference side by side; a figure that is None or unreadable leaves its panel empty."""
    arrays = [picture_or_none(png) for png in (expected, got)]
    sizes = [array.shape[:2] for array in arrays if array is not None] or [(BAR, 4 * BAR)]
    height, width = (max(side) for side in zip(*sizes, strict=True))
    padded = [on_white(array, height, width) for array in arrays]
    gap = np.abs(padded[0].astype(np.int64) - padded[1]).max(axis=2)
    scale = 255 / max(int(gap.max()), 1)
    labels = ["expected (stored)", "got (this run)", f"difference, {scale:.1f} times"]
    sheet = Image.new("RGB", (3 * width + 2, height + BAR), "gray")
    for number, panel in enumerate([*map(Image.fromarray, padded), draw_difference(gap, scale)]):
        sheet.paste(panel, (number * (width + 1), BAR))
        empty = " - nothing" if number < 2 and arrays[number] is None else ""
        write_label(sheet, labels[number] + empty, number * (width + 1), width)
    return sheet


def picture_or_none(png):
    """Decode a figure for looking at."""
    try:
        return None if png is None else decode(png)
    except ValueError:
        return None


def on_white(array, height, width):
    """Lay a picture, or nothing, on a white canvas. Returns (height, width, 3) uint8."""
    canvas = Image.new("RGBA", (width, height), "white")
    if array is not None:
        canvas.alpha_composite(Image.fromarray(array))
    return np.asarray(canvas.convert("RGB"))


def draw_difference(gap, scale):
    """Draw (height, width) differences dark on white, with a red box around all that count, since a point is easily missed."""
    panel = Image.fromarray((255 - gap * scale).astype(np.uint8)).convert("RGB")
    rows, columns = np.nonzero(gap > min(LEVELS, gap.max() // 2))
    if rows.size:
        box = (columns.min() - TILE, rows.min() - TILE, columns.max() + TILE, rows.max() + TILE)
        ImageDraw.Draw(panel).rectangle(tuple(map(int, box)), outline="red", width=3)
    return panel


def write_label(sheet, text, left, width):
    """Write a panel's label into the bar above it."""
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((left, 0, left + width - 1, BAR - 1), fill="white")
    draw.text((left + 8, 8), text, fill="black", font=ImageFont.load_default(size=24))
