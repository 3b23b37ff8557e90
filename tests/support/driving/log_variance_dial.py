"""How a test drives the explorable `log_variance_dial`, and reads what it shows."""

import math

import pytest
import torch

from companion import losses

HEADS = {"variance": (torch.sqrt, torch.log), "logvar": (lambda v: (0.5 * v).exp(), lambda v: v)}


def objective(name: str, value: torch.Tensor, cost: float):
    sigma_of, logvar_of = HEADS[name]
    sigma, logvar = sigma_of(value), logvar_of(value).reshape(1, 1)
    return sigma, cost / 2 * sigma**2 + losses.gaussian_kl(torch.zeros_like(logvar), logvar).sum()


def descend(name: str, *, cost: float, rate: float, steps: int, start: float = 1.0) -> list[dict]:
    """What torch.optim.SGD without momentum does: value, sigma, loss and slope before each step and after the last."""
    value = torch.tensor(start if name == "variance" else math.log(start), dtype=torch.float64, requires_grad=True)
    optimizer, seen = torch.optim.SGD([value], lr=rate), []
    for _ in range(steps + 1):
        optimizer.zero_grad()
        sigma, loss = objective(name, value, cost)
        loss.backward()
        seen.append({"value": value.item(), "sigma": sigma.item(), "loss": loss.item(), "slope": value.grad.item()})
        optimizer.step()
    return seen


def to_float(text: str) -> float:
    return float(text.replace("\N{MINUS SIGN}", "-").replace("\N{INFINITY}", "inf"))


def shown(page, name: str) -> dict:
    """The numbers of one dial as a reader sees them."""
    script = "dds => Object.fromEntries(dds.map((dd) => [dd.className.replace('explorable-', ''), dd.innerText]))"
    return page.locator(f".explorable-dial-{name} dd").evaluate_all(script)


def assert_shows(page, name: str, expected: dict) -> None:
    said = shown(page, name)
    for what, number in expected.items():
        tolerance = {"rel": 0.06} if "e" in said[what] else {"abs": 5.01e-4}  # two digits, or three places
        assert to_float(said[what]) == pytest.approx(number, nan_ok=True, **tolerance), (what, said, expected)
