"""The log-variance dial beside the raw-variance dial: one loss over one axis of sigma, and gradient steps on either number."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion import plots
from companion.widgets.explorable import Explorable

RANGES = {"cost": (0, 50), "rate": (1e-3, 10), "steps": (0, 200)}
LEFT, WALL, LOWEST, HIGHEST = -5.95, -5.15, -5, 1.1  # log2 sigma: of the picture; of what has no sigma; of what has one


class Dial(NamedTuple):
    """A number that tells sigma, and the loss in it."""

    title: str
    start: float  # where sigma is 1
    sigma: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[float, float], float]  # of the loss, at a value and a cost
    look: dict


DIALS = (
    Dial(
        "raw variance, $a = \\sigma^2$",
        1.0,
        lambda a: np.sqrt(np.where(a >= 0, a, np.nan)),
        lambda a, cost: (cost + 1 - 1 / a) / 2 if a > 0 else math.nan,
        {"color": plots.BLUE, "marker": "s"},
    ),
    Dial(
        "log-variance, $v = \\log\\,\\sigma^2$",
        0.0,
        lambda v: np.exp(v / 2),
        lambda v, cost: ((cost + 1) * math.exp(v) - 1) / 2,
        {"color": plots.FLAME, "marker": "o"},
    ),
)


class LogVarianceDial(Explorable):
    """Two numbers for the spread of one latent, a = sigma^2 and v = log sigma^2, and the same gradient steps on both from sigma = 1.

    The loss, in nats, is cost/2 * sigma^2 + KL of N(0, sigma^2) to N(0, 1): what the noise costs a decoder, and what the prior asks.
    It is least at sigma = 1/sqrt(1 + cost). Its curvature there is (1 + cost)^2 / 2 in a and 1/2 in v: near the minimum a step
    multiplies the distance by 1 - rate * curvature, so a rate settles when rate * curvature is below 2.
    A step on a may end below 0, where square root and logarithm are NaN, and so is all that follows.

    Args:
        cost: what noise costs, c in c/2 * sigma^2, from 0 to 50.
        rate: the learning rate, from 0.001 to 10.
        steps: how many gradient steps are taken, from 0 to 200.

    All three sync both ways; what the dials show follows from them.

    Raises:
        ValueError: a number lies outside its range, now or when it is set later.

    Example:
        >>> LogVarianceDial(cost=10, rate=0.08, steps=6)
        LogVarianceDial()
    """

    cost = traitlets.Float(help="c in c/2 * sigma^2").tag(sync=True)
    rate = traitlets.Float(help="learning rate of both dials").tag(sync=True)
    steps = traitlets.Int(help="gradient steps taken").tag(sync=True)

    def __init__(self, *, cost: float | int = 10, rate: float | int = 0.08, steps: int = 0, **options: Any):
        super().__init__(cost=cost, rate=rate, steps=steps, **options)

    @traitlets.validate(*RANGES)
    def _valid(self, proposal: dict) -> float | int:
        name, value = proposal["trait"].name, proposal["value"]
        low, high = RANGES[name]
        if not low <= value <= high:  # written so that NaN fails too
            raise ValueError(f"LogVarianceDial: {name}: got {value}, expected a number from {low:g} to {high:g}")
        return value

    def walk(self, dial: Dial) -> np.ndarray:
        """Sigma at the start and after each step, NaN from the step on that ends below 0: (steps + 1,)."""
        path = [dial.start]
        for _ in range(self.steps):
            path.append(path[-1] - self.rate * dial.slope(path[-1], self.cost))
        return dial.sigma(np.array(path))

    def still(self) -> Figure:
        """The loss with both dials where they stand, below it the sigmas of all steps."""
        figure, (above, below) = plt.subplots(2, 1, figsize=(plots.WIDTH, 4.6), sharex=True, height_ratios=(1, 1.2))
        for axes in (above, below):
            axes.axvspan(LEFT, WALL, color=plots.RED, alpha=0.15, linewidth=0)
            axes.axvline(-math.log2(1 + self.cost) / 2, color=plots.GREY, linestyle="--", linewidth=1.2)
        self._draw_loss(above)
        self._draw_steps(below)
        ticks = range(LOWEST, 2)
        names = [f"{2**tick:g}" if tick >= 0 else f"1/{2**-tick}" for tick in ticks]
        below.set(xlim=(LEFT, HIGHEST), xticks=ticks, xticklabels=names, xlabel="$\\sigma$")
        return figure

    def _draw_loss(self, axes: Axes) -> None:
        across = np.linspace(WALL, HIGHEST, 200)
        highest = max(3.6, 1.15 * _loss(1.0, self.cost))
        axes.plot(across, _loss(2**across, self.cost), color=plots.INK)
        for dial in DIALS:
            sigma = self.walk(dial)[-1]
            height = min(_loss(sigma, self.cost), highest) if sigma > 0 else math.nan  # which stands nowhere
            axes.plot(_along(sigma), height, markersize=9, linestyle="", **dial.look)
        axes.text((LEFT + WALL) / 2, 0.55 * highest, "below 0: NaN", rotation=90, ha="center", va="center", color=plots.RED)
        axes.set(ylabel="loss, nats", ylim=(0, highest))

    def _draw_steps(self, axes: Axes) -> None:
        for dial in DIALS:
            sigma = self.walk(dial)
            broken = ~(sigma > 0)  # NaN, or a step that ended at 0 exactly, where the loss is infinite
            shown = sigma[: int(broken.argmax()) + 1] if broken.any() else sigma
            axes.plot(_along(shown), np.arange(len(shown)), markersize=4, linewidth=1, label=dial.title, **dial.look)
            if broken.any():
                axes.plot(_along(shown)[-1], len(shown) - 1, "X", color=plots.RED, markersize=11)
        axes.set(ylabel="step", ylim=(max(20, self.steps) + 0.7, -0.7))
        axes.legend(loc="lower left", bbox_to_anchor=(0.13, 0))


def _loss(sigma: Any, cost: float) -> Any:
    """cost/2 * sigma^2 + KL of N(0, sigma^2) to N(0, 1), nats."""
    return cost / 2 * sigma**2 + (sigma**2 - 1) / 2 - np.log(sigma)


def _along(sigma: Any) -> np.ndarray:
    """Where a sigma stands on the picture, in log2; what is not above 0 stands behind the wall."""
    above = np.where(sigma > 0, sigma, 1)
    return np.where(sigma > 0, np.clip(np.log2(above), LOWEST, HIGHEST), (LEFT + WALL) / 2)
