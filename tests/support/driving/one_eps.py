"""How a test drives the explorable `one_eps`, and reads what it shows."""

import numpy as np
import torch

from companion import losses

PLANE = 600  # units of a plane's drawing each way
ARROW = 0.004  # length of an arrow in the plane of codes for a gradient of 1 nat per unit
WAYS = ("path", "score function", "with baseline")
INT8 = {"loss": 0.06, "gradient": 0.5, "pixel": 4}  # what eight bits a weight change in the region of chapter 5's 7, at most


def number(text):
    return float(text.replace("\N{MINUS SIGN}", "-").replace(",", ""))


def row(page, name):
    """Value and gradient of z, mu, sigma or logvar: (2, 2)."""
    cells = page.locator(f".explorable-row-{name} .explorable-value").all_inner_texts()
    return np.array([number(text) for text in cells]).reshape(2, 2)


def eps(page):
    first, second = page.locator("dd.explorable-eps").inner_text().strip("()").split(", ")
    return np.array([number(first), number(second)])


def loss(page):
    return number(page.locator("dd.explorable-loss").inner_text().removesuffix(" nats"))


def ends(page, name, plane=1):
    """Tail and tip of an arrow of a plane (0: the dice, 1: the codes), in units of its drawing, from its lower left corner."""
    arrow = page.locator(".explorable-plane").nth(plane).locator(f".explorable-vector.explorable-{name}")
    line, head = arrow.locator("line"), arrow.locator("polygon")
    tail = [float(line.get_attribute(key)) for key in ("x1", "y1")]
    tip = [float(part) for part in head.get_attribute("points").split(" ")[0].split(",")]
    return [np.array([x, PLANE - y]) for x, y in (tail, tip)]


def backpropagate(decode, x, z):
    """Loss and gradient at z (n, 2) of an image (1, 784), by autograd: (n,) and (n, 2)."""
    z = torch.as_tensor(z).clone().requires_grad_()
    nats = losses.bernoulli_nll(x.expand(len(z), -1), decode(z))
    (gradient,) = torch.autograd.grad(nats.sum(), z)
    return nats.detach().numpy(), gradient.numpy()


def estimates(page):
    """The table below the clouds: each row's name -> its three texts."""
    texts = [row.all_inner_texts() for row in _cells(page)]
    names = page.locator(".explorable-estimates tbody th").all_inner_texts()
    return dict(zip(names, texts, strict=True))


def _cells(page):
    return [row.locator(".explorable-value") for row in page.locator(".explorable-estimates tbody tr").all()]


def wait_for_estimates(page):
    page.wait_for_function("() => !document.querySelector('.explorable-waiting')")


def cloud(page, way):
    """The dots of an estimates' plane, in shares of what it shows from its middle, (n, 2)."""
    path = page.get_by_role("img", name=way, exact=True).locator(".explorable-cloud").get_attribute("d")
    pairs = [part.split(" ") for part in path.removeprefix("M").replace("h0", "").split("M") if part]
    return (np.array(pairs, dtype=float).reshape(-1, 2) / 100 - 1) * (1, -1)
