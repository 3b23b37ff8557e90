"""How a test drives the explorable `one_eps`, and reads what it shows."""

import numpy as np
import pytest
import torch

UNIT = 75  # the drawings' 600 units over a plane of 8


def row(page, name):
    cells = page.locator(f".explorable-row-{name} td").all_inner_texts()
    return np.array([float(text.replace("\N{MINUS SIGN}", "-")) for text in cells])


def ends(page, name):
    """Tail and tip of an arrow, in units of the plane from its middle."""
    line, head = (page.locator(f".explorable-{name} {tag}") for tag in ("line", "polygon"))
    tail = [float(line.get_attribute(key)) for key in ("x1", "y1")]
    tip = [float(part) for part in head.get_attribute("points").split(" ")[0].split(",")]
    return [np.array([x / UNIT - 4, 4 - y / UNIT]) for x, y in (tail, tip)]


def check(page):
    """Everything shown follows from the mu, sigma and eps shown: z by hand, the derivatives and their arrows by autograd."""
    mu, sigma = (torch.from_numpy(row(page, name)).requires_grad_() for name in ("mu", "sigma"))
    eps = torch.from_numpy(row(page, "eps"))
    z = mu + sigma * eps
    by_mu, by_sigma = torch.autograd.grad(z.sum(), (mu, sigma))
    assert row(page, "z") == pytest.approx(z.detach().numpy(), abs=0.005 + 1e-9)
    assert row(page, "dz-dmu").tolist() == by_mu.tolist()
    assert row(page, "dz-dsigma").tolist() == by_sigma.tolist()
    for name, slopes in (("dz-dmu", by_mu), ("dz-dsigma", by_sigma)):
        for axis in (0, 1):
            tail, tip = ends(page, f"{name}-{axis + 1}")
            assert tip - tail == pytest.approx(np.eye(2)[axis] * slopes[axis].item(), abs=0.001)
            assert np.abs(tail - z.detach().numpy()).max() <= 0.2 + 1e-9  # beside z, so that both can be seen
    dot = page.locator("circle.explorable-z")
    assert [float(dot.get_attribute(key)) for key in ("cx", "cy")] == pytest.approx(
        [UNIT * (4 + z[0].item()), UNIT * (4 - z[1].item())], abs=0.001
    )
    return mu.detach().numpy(), sigma.detach().numpy(), eps.numpy()
