"""How a test drives the explorable `log_variance_dial`, and reads what it shows."""

import math

import pytest
import torch

from companion import losses
from tests.support.seeing import next_frame

HEADS = {"variance": (torch.sqrt, torch.log), "logvar": (lambda v: (0.5 * v).exp(), lambda v: v)}
ROWS = ("sigma", "number", "next", "product", "verdict")  # of the table, a column a head


def objective(name: str, value: torch.Tensor, cost: float):
    sigma_of, logvar_of = HEADS[name]
    sigma, logvar = sigma_of(value), logvar_of(value).reshape(1, 1)
    return sigma, cost / 2 * sigma**2 + losses.gaussian_kl(torch.zeros_like(logvar), logvar).sum()


def descend(name: str, *, cost: float, rate: float, steps: int) -> list[dict]:
    """What torch.optim.SGD without momentum does from sigma = 1: number, sigma, loss and next step before each step and after the last."""
    value = torch.tensor(1.0 if name == "variance" else 0.0, dtype=torch.float64, requires_grad=True)
    optimizer, seen = torch.optim.SGD([value], lr=rate), []
    for _ in range(steps + 1):
        optimizer.zero_grad()
        sigma, loss = objective(name, value, cost)
        loss.backward()
        seen.append({"number": value.item(), "sigma": sigma.item(), "loss": loss.item(), "next": -rate * value.grad.item()})
        optimizer.step()
    return seen


def curvature(name: str, cost: float) -> float:
    """The second derivative of the loss at its minimum, by autograd."""
    best = 1 / (1 + cost)
    at = torch.tensor(best if name == "variance" else math.log(best), dtype=torch.float64)
    return torch.autograd.functional.hessian(lambda value: objective(name, value, cost)[1], at).item()


def verdict(name: str, path: list[dict], *, cost: float, rate: float) -> str:
    """The status that a path deserves: what became of it, and whether a step near the minimum comes nearer to it."""
    broken = next((step for step, here in enumerate(path) if not math.isfinite(here["loss"])), None)
    if broken is not None:
        return f"{'NaN' if math.isnan(path[broken]['loss']) else chr(0x221E)} at step {broken}"
    if len(path) == 1:
        return "starts"
    if abs(1 - rate * curvature(name, cost)) >= 1:
        return "survives"
    return "settles" if abs(math.log(path[-1]["sigma"] * math.sqrt(1 + cost))) < 0.005 else "on its way"


def to_float(text: str) -> float:
    return float(text.replace("\N{MINUS SIGN}", "-").replace("\N{INFINITY}", "inf"))


def shown(page) -> dict[str, dict[str, str]]:
    """The table as a reader sees it: head -> row -> text."""
    rows = page.locator(".explorable-two-dials tbody tr").evaluate_all(
        "all => all.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.innerText))"
    )
    return {name: dict(zip(ROWS, column, strict=True)) for name, column in zip(HEADS, zip(*rows, strict=True), strict=True)}


def press(page, label: str, times: int = 1) -> None:
    """Press a button."""
    for _ in range(times):
        page.get_by_role("button", name=label, exact=True).click()
    next_frame(page)


def slide(page, label: str, value: float) -> None:
    """Put a slider to a value, as a hand would that has found it; the learning rate's are powers of ten."""
    page.get_by_role("slider", name=label).fill(str(value))
    next_frame(page)


def assert_shows(page, *, cost: float, rate: float, steps: int) -> None:
    """Both columns are torch's after this many steps."""
    table = shown(page)
    for name, column in table.items():
        path = descend(name, cost=cost, rate=rate, steps=steps)
        expected = {row: path[-1][row] for row in ("sigma", "number", "next")} | {"product": rate * curvature(name, cost)}
        for row, number in expected.items():
            tolerance = {"rel": 0.06} if "e" in column[row] else {"abs": 5.01e-4}  # two digits, or three places
            assert to_float(column[row]) == pytest.approx(number, nan_ok=True, **tolerance), (name, row, column, number)
        assert column["verdict"] == verdict(name, path, cost=cost, rate=rate), (name, steps)
