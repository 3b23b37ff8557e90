"""How a test drives the explorable `latent_pads`, and reads what it shows."""

import numpy as np

from tests.support.seeing import canvas

INT8 = 40  # the largest error of a pixel, in levels of 255, that eight bits a weight may make in the planes shown
NAMES = ("ae-2-seed0", "vae-2-seed0")
PATH, DRAWS = 0, 2  # the strips of the first plane


def exact(page, index):
    """Where the point stands, from the handle's place: hundredths of the plane's side from the left and from above."""
    return page.locator(".explorable-handle").nth(index).evaluate("k => [parseFloat(k.style.left), parseFloat(k.style.top)]")


def code(page, index, pad):
    """The code at the point of a plane whose state is `pad`: (2,)."""
    left, top = exact(page, index)
    low, high = np.array(pad["low"]), np.array(pad["high"])
    return low + np.array([left, 100 - top]) / 100 * (high - low)


def numbers(page, index):
    """z_1, z_2 and the distance beside a picture."""
    texts = page.locator(".explorable-reading").nth(index).locator("dd").all_inner_texts()
    return [float(text.replace("\N{MINUS SIGN}", "-")) for text in texts]


def strip(page, index):
    """Ten pictures of 784 grey levels, and the texts below those that are there."""
    row = page.locator(".explorable-strip-row").nth(index)
    levels = canvas(row.locator("canvas"))[..., 0]
    return [levels[:, 30 * i : 30 * i + 28].flatten() for i in range(10)], [
        text for text in row.locator("span").all_inner_texts() if text
    ]


def marks(page, index, name):
    """Where dots or crosses begin on a plane, in shares of its side from the left and from above: (n, 2)."""
    d = page.locator(".explorable-plane").nth(index).locator(f".explorable-{name}").get_attribute("d") or ""
    return np.array(
        [[float(a) / 600, float(b) / 600] for a, b in (part.split("m")[0].split("h")[0].split() for part in d.split("M")[1:])]
    )
