"""What stands on a page of explorables: its canvases as numbers, and the frame that comes next."""

import base64

import numpy as np

CANVAS = """c => {
  const bytes = c.getContext('2d').getImageData(0, 0, c.width, c.height).data, parts = [];
  for (let i = 0; i < bytes.length; i += 8192) parts.push(String.fromCharCode(...bytes.subarray(i, i + 8192)));
  return [c.height, c.width, btoa(parts.join(''))];
}"""


def canvas(locator) -> np.ndarray:
    """What stands on a canvas: (height, width, 4), levels of red, green, blue and opacity."""
    height, width, data = locator.evaluate(CANVAS)  # as text: a list of a million numbers takes the browser's driver 20 s
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)


def pixels(page, selector=".explorable-digit", nth=0) -> list[int]:
    """The 784 grey levels of a painted digit."""
    return canvas(page.locator(selector).nth(nth))[..., 0].flatten().tolist()


def next_frame(page) -> None:
    """Wait until what was asked for has been painted."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
