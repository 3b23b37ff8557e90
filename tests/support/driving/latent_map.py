"""How a test drives the explorable `latent_map`, and reads what it shows."""

import numpy as np

INT8 = 40  # the largest error of a pixel, in levels of 255, that eight bits a weight may make on the map
OUTPUT = ".explorable-slot >> nth=1 >> canvas"


def exact(page, low, high):
    """The code at the point, from the handle's place on a plane with these corners."""
    left, top = page.locator(".explorable-handle").evaluate("k => [parseFloat(k.style.left), parseFloat(k.style.top)]")
    (a, b), (c, d) = low, high
    return np.array([a + left / 100 * (c - a), d - top / 100 * (d - b)])


def numbers(page):
    """The two numbers in the hourglass's waist."""
    texts = page.locator(".explorable-waist .explorable-value").all_inner_texts()
    return [float(text.replace("\N{MINUS SIGN}", "-")) for text in texts]


def distance(page):
    """The distance to the nearest code, as it is shown."""
    return float(page.locator(".explorable-distance").inner_text())
