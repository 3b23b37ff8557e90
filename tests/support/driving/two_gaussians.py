"""How a test drives the explorable `two_gaussians`, and reads what it shows: on a page with it alone, or in its view."""

import re

import torch


def to_float(text: str) -> float:
    return float(text.replace("\N{MINUS SIGN}", "-"))


def shown(page) -> dict:
    """The readings by their class: forward, reverse, mu and logvar as numbers, q and estimate as pairs."""
    script = "dds => Object.fromEntries(dds.map((dd) => [dd.className.replace('explorable-', ''), dd.innerText]))"
    texts = page.locator(".explorable-pairs dd").evaluate_all(script)
    found = {name: [to_float(part) for part in re.split(r", | ± ", text)] for name, text in texts.items()}
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


def point(page) -> tuple[float, float]:
    left, top = page.locator(".explorable-plane .explorable-handle").evaluate(
        "k => [parseFloat(k.style.left), parseFloat(k.style.top)]"
    )
    return -4.5 + 0.09 * left, 3 - 0.09 * top


def tensors(mu: float, logvar: float) -> tuple[torch.Tensor, torch.Tensor]:
    return tuple(torch.tensor([[value]], dtype=torch.float64, requires_grad=True) for value in (mu, logvar))


def tally(page) -> tuple[int, int]:
    """How many rolls missed, and of how many."""
    missed, rolls = re.match(r"(\d+) of ([\d,]+) rolls? missed", page.locator(".explorable-tally").inner_text()).groups()
    return int(missed), int(rolls.replace(",", ""))
