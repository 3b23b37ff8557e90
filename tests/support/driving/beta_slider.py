"""How a test drives the explorable `beta_slider`, and reads what it shows."""

import numpy as np

from tests.support.seeing import next_frame, pixels

LARGEST, USUAL = 45, 2.2  # error of a pixel with seven bits a weight, in levels of 255: the largest, and root mean square


def painted(page):
    return np.array([pixels(page, ".explorable-six canvas", nth) for nth in range(18)])


def go(page, key):
    page.locator("input[type=range]").focus()
    page.keyboard.press(key)
    next_frame(page)
    page.wait_for_selector(".explorable-live-rows[aria-busy=false]")
    next_frame(page)


def read(page):
    texts = [page.locator(f".explorable-figures .explorable-{name}").inner_text() for name in ("rate", "distortion", "sum")]
    return [float(text) for text in texts]


def grey(logits):
    return 255 / (1 + np.exp(np.asarray(logits)))
