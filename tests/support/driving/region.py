"""How a test drives the explorable `region`, and reads what it shows."""

import torch
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from tests.support.seeing import next_frame, pixels

INT8 = 40  # the largest error of a pixel, in levels of 255, that eight bits a weight may make where digits lie


def mixture(regions, weights=None):
    """The same by torch: (mu_1, mu_2, sigma_1, sigma_2[, rho]) of each region, in equal shares where no weights are given."""
    a, b, s, t, rho = torch.tensor([[*region, 0.0][:5] for region in regions], dtype=torch.float64).T
    covariance = torch.stack([s * s, rho * s * t, rho * s * t, t * t], dim=1).reshape(-1, 2, 2)
    shares = torch.ones(len(regions)) if weights is None else torch.tensor(weights)
    return MixtureSameFamily(Categorical(shares.double()), MultivariateNormal(torch.stack([a, b], dim=1), covariance))


def shown(page):
    """mu_1, mu_2, sigma_1, sigma_2 of the selected region, as they are written."""
    texts = page.locator(".explorable-four td").all_inner_texts()
    return [float(text.replace("\N{MINUS SIGN}", "-")) for text in texts if text]


def density(page):
    """The mixture's density at the selected centre, as it is written."""
    return float(page.locator(".explorable-density").inner_text())


def drawn(page):
    """Where the ten draws are marked, (10, 2), in the plane's units."""
    places = page.locator(".explorable-drawn").evaluate_all("all => all.map((dot) => [dot.cx.baseVal.value, dot.cy.baseVal.value])")
    return torch.tensor(places).double() / 75 * torch.tensor([1.0, -1.0]) + torch.tensor([-4.0, 4.0])


def decoded(page):
    """The ten pictures, (10, 784) grey levels."""
    return torch.tensor([pixels(page, ".explorable-ten .explorable-digit", nth) for nth in range(10)])


def press(page, name):
    """Press a button by its exact name."""
    page.get_by_role("button", name=name, exact=True).click()
    next_frame(page)
