"""How a test drives the explorable `bottleneck_dial`, and reads what it shows."""

import re

import numpy as np
from matplotlib import colormaps

from tests.support.seeing import canvas, next_frame

BITS = (1, 2, 3, 4, 5, 6, 7, 8, 64)
LARGEST, USUAL = 30, 1.6  # error of a pixel with eight bits a weight, in levels of 255: the largest, and root mean square
ERROR = 0.4  # of the squared error of an image, for the same reason


def size(dim, bits):
    """What a code takes, as the page writes it."""
    return f"{dim} \N{MULTIPLICATION SIGN} {bits} bit{'s' * (bits > 1)} = {dim * bits} bit{'s' * (dim * bits > 1)}"


def dial(page, name):
    """The slider `numbers` or `bits each`."""
    return page.get_by_role("slider", name=name, exact=True)


def settle(page):
    """Wait until what stands there belongs to the dials."""
    next_frame(page)
    page.wait_for_selector(".explorable-views[aria-busy=false]")
    next_frame(page)


def press(page, name, key):
    """Press a key on a dial, and wait for its picture."""
    dial(page, name).focus()
    page.keyboard.press(key)
    settle(page)


def choose(page, image):
    """Press the thumb of an image."""
    page.locator(".explorable-thumb").nth(image).click()
    settle(page)


def painted(page):
    """Original and reconstruction, (2, 784) levels, and the residual, (784, 3) levels of red, green and blue."""
    original, reconstruction, residual = (canvas(page.locator(".explorable-views canvas").nth(nth)) for nth in range(3))
    grey_ones = np.array([original[..., 0].ravel(), reconstruction[..., 0].ravel()], dtype=float)
    return grey_ones, residual[..., :3].reshape(784, 3)


def read(page):
    """The three readings as they are written."""
    return [page.locator(f".explorable-figures .explorable-{name}").inner_text() for name in ("bits", "own", "mean")]


def points(chart):
    """The dots of each line of the curve, in the chart's own pixels: (9, 2) each."""
    paths = chart.locator(".explorable-stop").evaluate_all("all => all.map((one) => one.getAttribute('d'))")
    return [np.array(re.findall(r"M([\d.]+) ([\d.]+)a", path), dtype=float) + np.array([3.5, 0]) for path in paths]


def point(chart, stage, nth):
    """Where a dot of the curve stands, in shares of the chart's box."""
    box = chart.bounding_box()
    x, y = points(chart)[stage][nth]
    return x / box["width"], y / box["height"]


def grey(x):
    """Levels of shares of ink."""
    return 255 * (1 - np.asarray(x))


def signed(difference):
    """The colours, (n, 3) levels, that the book's figures give to numbers in [-1, 1]."""
    return 255 * colormaps["PuOr"].resampled(257)((np.asarray(difference) + 1) / 2)[:, :3]
