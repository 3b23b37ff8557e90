"""The log-variance dial beside the variance dial: one loss, two ways to write the same spread down, a gradient step on each."""

import math
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion import plots
from companion.widgets.explorable import Explorable

WIDEST = 1.6  # the largest variance on the pictures
STEPS = 6  # that the still picture takes


class LogVarianceDial(Explorable):
    """Two dials for the spread of one latent, a = sigma^2 and v = log sigma^2, and the same gradient step on both.

    The loss, in nats, is cost/2 * sigma^2 + KL of N(0, sigma^2) to N(0, 1): what the noise costs a decoder, and what the prior asks.
    The variance dial may step over 0, where square root and logarithm are NaN; the page shows it and goes on from a fresh start.

    Args:
        cost: what noise costs, c in c/2 * sigma^2, from 0 to 50.
        rate: the learning rate, from 0.001 to 1.
        start: the variance at which both dials start, above 0 and at most 1.6.

    Raises:
        ValueError: a number lies outside its range.

    Example:
        >>> LogVarianceDial(cost=10, rate=0.08)
        LogVarianceDial()
    """

    cost = traitlets.Float(help="c in c/2 * sigma^2").tag(sync=True)
    rate = traitlets.Float(help="learning rate of both dials").tag(sync=True)
    start = traitlets.Float(help="variance at the start").tag(sync=True)
    variance: traitlets.List[float | None] = traitlets.List(help="where the variance dial has been, now last; None is NaN").tag(
        sync=True
    )
    logvar: traitlets.List[float | None] = traitlets.List(help="where the log-variance dial has been, now last; None is NaN").tag(
        sync=True
    )

    def __init__(self, *, cost: float | int = 10, rate: float | int = 0.08, start: float | int = 1, **options: Any):
        _require_range("cost", cost, 0, 50)
        _require_range("rate", rate, 1e-3, 1)
        _require_range("start", start, 1e-3, WIDEST)
        super().__init__(
            cost=float(cost), rate=float(rate), start=float(start), variance=[float(start)], logvar=[math.log(start)], **options
        )

    def still(self) -> Figure:
        """Both loss curves with the first steps from the start."""
        figure, axes = plt.subplots(1, 2, figsize=(plots.WIDTH, 3.2), sharey=True)
        v = np.linspace(-7, math.log(WIDEST), 400)
        loss = _loss(np.exp(v), self.cost)
        a = _walk(self.start, lambda a: (self.cost + 1 - 1 / a) / 2 if a > 0 else math.nan, self.rate)
        logvar = _walk(math.log(self.start), lambda v: ((self.cost + 1) * math.exp(v) - 1) / 2, self.rate)
        axes[0].axvspan(-0.5, 0, color=plots.FLAME, alpha=0.25, linewidth=0)
        _draw_dial(axes[0], np.exp(v), loss, a, _loss(a, self.cost), plots.BLUE)
        _draw_dial(axes[1], v, loss, logvar, _loss(np.exp(logvar), self.cost), plots.FLAME)
        axes[0].set(title="variance dial", xlabel="$a = \\sigma^2$", ylabel="loss, nats", xlim=(-0.5, WIDEST))
        axes[1].set(title="log-variance dial", xlabel="$v = \\log\\,\\sigma^2$", xlim=(-7, math.log(WIDEST)))
        axes[0].set_ylim(0, max(3.6, _loss(WIDEST, self.cost)))
        if (a <= 0).any():
            at = max(a[a <= 0][0], -0.3)
            axes[0].plot(at, 0.3, "X", color=plots.RED, markersize=12, clip_on=False)
            axes[0].annotate("NaN", (at, 0.3), xytext=(-10, 4), textcoords="offset points", ha="right", color=plots.RED)
        return figure


def _require_range(name: str, value: float | int, low: float | int, high: float | int) -> None:
    if not low <= value <= high:  # written so that NaN fails too
        raise ValueError(f"LogVarianceDial: {name}: got {value}, expected a number from {low:g} to {high:g}")


def _loss(variance: Any, cost: float) -> Any:
    """cost/2 * sigma^2 + KL of N(0, sigma^2) to N(0, 1), nats; NaN where the variance is not above 0."""
    variance = np.where(np.asarray(variance) > 0, variance, np.nan)
    return cost / 2 * variance + (variance - 1 - np.log(variance)) / 2


def _walk(start: float, slope: Callable[[float], float], rate: float) -> np.ndarray:
    """The start and what `STEPS` gradient steps make of it."""
    path = [start]
    for _ in range(STEPS):
        path.append(path[-1] - rate * slope(path[-1]))
    return np.array(path)


def _draw_dial(ax: Axes, x: np.ndarray, loss: np.ndarray, path: np.ndarray, heights: np.ndarray, color: str) -> None:
    ax.plot(x, loss, color=color)
    ax.plot(path, heights, "o-", color=plots.INK, linewidth=0.8, markersize=5)
    ax.plot(path[0], heights[0], "o", color=plots.INK, markersize=9)
