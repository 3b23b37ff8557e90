"""How a test drives the explorable `region`, and reads what it shows."""

import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal


def mixture(regions):
    numbers = torch.tensor(regions, dtype=torch.float64)
    weights = Categorical(torch.ones(len(regions), dtype=torch.float64))
    return MixtureSameFamily(weights, Independent(Normal(numbers[:, :2], numbers[:, 2:]), 1))


def shown(page):
    """The regions as the page has them, from its handles and, for the selected one, its table."""
    return [float(text.replace("\N{MINUS SIGN}", "-")) for text in page.locator(".explorable-four td").all_inner_texts() if text]
