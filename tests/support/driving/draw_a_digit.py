"""How a test drives the explorable `draw_a_digit`, and reads what it shows."""

import math
import re

import numpy as np
import torch

from companion import losses
from companion.widgets.dice import normals
from tests.support.seeing import next_frame, pixels

# How far the page, with eight bits a weight, may be from the stored model on the images tested.
INT8 = {"mu": 0.03, "logvar": 0.05, "pixel": 20, "reconstruction": 2, "kl": 0.1}


def expected(model, x, seed):
    """mu, logvar, grey levels at the mean, grey levels of the six samples, reconstruction and KL."""
    mu, logvar = model.encode(x[None])
    z = mu + (0.5 * logvar).exp() * torch.from_numpy(normals(seed, 6, 2))
    reconstruction = losses.bernoulli_nll(x.expand(6, -1), model.decode(z)).mean().item()
    levels = [255 * (1 - torch.sigmoid(model.decode(code)).numpy()) for code in (mu, z)]
    return mu[0], logvar[0], levels[0][0], levels[1], reconstruction, losses.gaussian_kl(mu, logvar).item()


def numbers(text):
    return [float(part) for part in re.findall(r"-?\d+\.\d+", text.replace("\N{MINUS SIGN}", "-"))]


def shown(page):
    texts = {name: page.locator(f".explorable-{name}").inner_text() for name in ("mu", "logvar", "reconstruction", "kl", "loss")}
    found = {name: numbers(text) for name, text in texts.items()}
    return found["mu"], found["logvar"], found["reconstruction"][0], found["kl"][0], found["loss"][0]


def seen(page):
    """The picture that the encoder sees, as shares of ink (28, 28)."""
    return 1 - np.reshape(pixels(page, ".explorable-seen canvas"), (28, 28)) / 255


def strip(page):
    return np.array([pixels(page, ".explorable-strip canvas", nth) for nth in range(7)])


def draw(page, *strokes):
    box = page.locator(".explorable-pad").bounding_box()
    for stroke in strokes:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=3)
        page.mouse.up()
    next_frame(page)


def arc(x, y, radius, start, end):
    angles = [math.radians(start + (end - start) * i / 20) for i in range(21)]
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]
