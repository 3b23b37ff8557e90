"""Two Gaussians: drag q against p = N(0, 1) and read both KL divergences, a Monte Carlo estimate, and the KL's two slopes."""

import math
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion import plots
from companion.widgets.dice import normals
from companion.widgets.explorable import Explorable

RANGES = {"mu": (-4.5, 4.5), "logvar": (-6, 3)}  # log sigma^2 as far down as encoders of digits go
SAMPLES = (10, 100, 1000)
MOST = 1000  # rolls that are counted


class TwoGaussians(Explorable):
    """q = N(mu, exp(logvar)) under the reader's finger, p = N(0, 1) behind it; every divergence in nats.

    Shown: KL(q || p) and KL(p || q) in closed form (Kingma & Welling 2014, appendix B), the integrand q log(q / p), the mean of
    log(q / p) over seeded samples of q with its standard error, and the slopes of KL(q || p) in mu and in logvar.

    Args:
        mu: mean of q, from -4.5 to 4.5.
        logvar: logarithm of the variance of q, from -6 to 3.
        samples: 10, 100 or 1000.
        seed: of the samples, at least 0; the page's button takes the next one.
        rolls: how many rolls are counted, up to 1000: those of this seed and of the ones before it.

    A roll misses when its mean is more than two of its own standard errors from the KL. That is more often than the 4.6 % of a
    normal distribution, since the error is estimated from the same few samples: about 12 % of 10 samples, and 5 % of 100, at the start.

    Raises:
        ValueError: a number lies outside its range.

    Example:
        >>> TwoGaussians(mu=1.5, logvar=-1)
        TwoGaussians()
    """

    mu = traitlets.Float(help="mean of q").tag(sync=True)
    logvar = traitlets.Float(help="log of the variance of q").tag(sync=True)
    samples = traitlets.Int(help="how many samples of q").tag(sync=True)
    seed = traitlets.Int(help="seed of the samples").tag(sync=True)
    rolls = traitlets.Int(help="how many rolls are counted").tag(sync=True)

    def __init__(
        self,
        *,
        mu: float | int = 1.5,
        logvar: float | int = -1,
        samples: int = 100,
        seed: int = 3,
        rolls: int = 1,
        **options: Any,
    ):
        for name, value in (("mu", mu), ("logvar", logvar)):
            low, high = RANGES[name]
            if not low <= value <= high:  # written so that NaN fails too
                raise ValueError(f"TwoGaussians: {name}: got {value}, expected a number from {low:g} to {high:g}")
        if samples not in SAMPLES:
            raise ValueError(f"TwoGaussians: samples: got {samples}, expected one of {SAMPLES}")
        if not 0 <= seed < 2**32:
            raise ValueError(f"TwoGaussians: seed: got {seed}, expected a whole number from 0 to 2**32 - 1")
        if not 1 <= rolls <= MOST:
            raise ValueError(f"TwoGaussians: rolls: got {rolls}, expected a whole number from 1 to {MOST}")
        super().__init__(mu=float(mu), logvar=float(logvar), samples=samples, seed=seed, rolls=rolls, **options)

    def misses(self) -> int:
        """Of the counted rolls, those whose mean is more than two standard errors from the KL."""
        sigma, kl = math.exp(self.logvar / 2), _kl(self.mu, self.logvar)
        missed = 0
        for seed in range(self.seed - self.rolls + 1, self.seed + 1):
            eps = normals(seed, self.samples)
            counts = ((self.mu + sigma * eps) ** 2 - eps**2 - self.logvar) / 2  # log q/p at each z
            missed += abs(counts.mean() - kl) > 2 * counts.std(ddof=1) / math.sqrt(self.samples)
        return int(missed)

    def still(self) -> Figure:
        """Both densities, the integrand with its area shaded, and the KL over (mu, logvar) with the slopes as arrows."""
        figure = plt.figure(figsize=(plots.WIDTH, 3.6))
        grid = figure.add_gridspec(1, 2, width_ratios=(1.35, 1))
        top, below = grid[0].subgridspec(2, 1, height_ratios=(1.3, 1)).subplots(sharex=True, squeeze=False)[:, 0]
        _draw_densities(top, self.mu, self.logvar)
        _draw_integrand(below, self.mu, self.logvar)
        _draw_slopes(figure.add_subplot(grid[1]), self.mu, self.logvar)
        return figure


def _density(z: Any, mu: float, logvar: float) -> Any:
    return np.exp(-((z - mu) ** 2) / (2 * math.exp(logvar)) - logvar / 2) / math.sqrt(2 * math.pi)


def _kl(mu: Any, logvar: Any) -> Any:
    """KL from N(mu, exp(logvar)) to N(0, 1), nats."""
    return (np.exp(logvar) + mu**2 - 1 - logvar) / 2


def _draw_densities(ax: Axes, mu: float, logvar: float) -> None:
    z, sigma = np.linspace(-6, 6, 601), math.exp(logvar / 2)
    ax.plot(z, _density(z, 0.0, 0.0), color=plots.SLATE, label="p")
    ax.plot(z, _density(z, mu, logvar), color=plots.BLUE, label="q")
    ax.fill_between(z, _density(z, mu, logvar), color=plots.BLUE, alpha=0.15, linewidth=0)
    ax.plot(mu, _density(mu, mu, logvar), "o", color=plots.INK, markersize=8)
    ax.plot(mu + sigma, _density(mu + sigma, mu, logvar), "s", color=plots.FLAME, markersize=7)
    ax.set(title="density", xlim=(-6, 6), ylim=(0, None))
    ax.legend(loc="upper left")


def _draw_integrand(ax: Axes, mu: float, logvar: float) -> None:
    z = np.linspace(-6, 6, 1201)
    values = _density(z, mu, logvar) * (z**2 - (z - mu) ** 2 * math.exp(-logvar) - logvar) / 2
    ax.fill_between(z, values, where=values > 0, color=plots.BLUE, alpha=0.45, linewidth=0)
    ax.fill_between(z, values, where=values < 0, color=plots.FLAME, alpha=0.6, linewidth=0)
    ax.plot(z, values, color=plots.INK, linewidth=1.2)
    ax.set(title=f"$q\\,\\log(q/p)$: area {_kl(mu, logvar):.3f}", xlabel="$z$")


def _draw_slopes(ax: Axes, mu: float, logvar: float) -> None:
    across, up = (np.linspace(*RANGES[name], 181) for name in ("mu", "logvar"))
    levels = [0.1, 0.5, 1, 2, 4]
    lines = ax.contour(across, up, _kl(*np.meshgrid(across, up)), levels=levels, colors=plots.GREY, linewidths=1)
    ax.clabel(lines, levels[::2])
    slopes = np.diag([mu, (math.exp(logvar) - 1) / 2])
    for color, slope in zip((plots.BLUE, plots.FLAME), slopes, strict=True):
        x, y = np.array([mu, logvar]) - 0.35 * np.sign(slope)  # from the rim of the point, so that a short arrow is seen
        style = {
            "arrowstyle": "->,head_width=0.35,head_length=0.35",
            "connectionstyle": "arc",
            "color": color,
            "linewidth": 2.5,
            "shrinkA": 0,
            "shrinkB": 0,
        }
        ax.annotate("", (x - 0.5 * slope[0], y - 0.5 * slope[1]), (x, y), arrowprops=style)
    ax.plot(mu, logvar, "o", color=plots.INK, markersize=8)
    ax.set(title="KL(q ‖ p), nats", xlabel="$\\mu$", ylabel="$\\log\\,\\sigma^2$", aspect="equal", xticks=range(-4, 5, 2), yticks=range(-6, 4, 2))
