"""One eps, one z: hold eps and move the region, or hold the region and roll eps; the derivatives of z follow as arrows."""

from collections.abc import Iterable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from companion import plots
from companion.widgets.dice import normals
from companion.widgets.explorable import Explorable
from companion.widgets.region import LIMIT, four_numbers

DRAWS = 1000
SIGMAS = (0.2, 2.0)  # a sigma's range, which js/region_handles.js keeps


class OneEps(Explorable):
    """The dice in their own plane, and beside it z = mu + sigma * eps, its derivatives and 1,000 draws of the same region.

    The 1,000 eps are drawn once, from the seed. The one that is shown is one of them: each roll takes the next, rounded to
    hundredths as it is shown, so that a reader can check z by hand.

    Args:
        region: mu_1, mu_2, sigma_1, sigma_2: means in [-4, 4], sigmas in [0.2, 2].
        seed: of the dice, from 0.
        rolls: how often they have been rolled since the first eps.
        held: "eps" to move mu and sigma, "region" to roll eps.

    Raises:
        ValueError: not four finite numbers in their ranges, a negative seed or number of rolls, or another word for `held`.

    Example:
        >>> one = OneEps((1.0, 0.5, 0.8, 0.6), seed=4)
        >>> one.eps.tolist(), one.z.round(3).tolist()
        ([-1.13, 0.62], [0.096, 0.872])
    """

    region: traitlets.List[float] = traitlets.List(help="mu_1, mu_2, sigma_1, sigma_2").tag(sync=True)
    seed = traitlets.Int(help="of the dice").tag(sync=True)
    rolls = traitlets.Int(help="since the first eps").tag(sync=True)
    held = traitlets.Unicode(help="eps or region").tag(sync=True)

    def __init__(
        self, region: Iterable = (0.5, -0.6, 1.1, 0.8), *, seed: int = 4, rolls: int = 0, held: str = "eps", **options: Any
    ):
        super().__init__(region=list(region), seed=seed, rolls=rolls, held=held, **options)

    @traitlets.validate("region")
    def _valid_region(self, proposal: dict) -> list[float]:
        return four_numbers("OneEps: region", proposal["value"], SIGMAS)

    @traitlets.validate("seed", "rolls")
    def _valid_whole(self, proposal: dict) -> int:
        if not 0 <= proposal["value"] < 2**32:
            raise ValueError(f"OneEps: {proposal['trait'].name}: got {proposal['value']}, expected a whole number from 0")
        return proposal["value"]

    @traitlets.validate("held")
    def _valid_held(self, proposal: dict) -> str:
        if proposal["value"] not in ("eps", "region"):
            raise ValueError(f"OneEps: held: got {proposal['value']!r}, expected 'eps' or 'region'")
        return proposal["value"]

    @property
    def draws(self) -> np.ndarray:
        """The 1,000 eps, (1000, 2)."""
        return normals(self.seed, 2 * DRAWS).reshape(DRAWS, 2)

    @property
    def eps(self) -> np.ndarray:
        """The eps that is shown, (2,)."""
        return self.draws[self.rolls % DRAWS].round(2)

    @property
    def z(self) -> np.ndarray:
        """mu + sigma * eps, (2,)."""
        mu, sigma = np.reshape(self.region, (2, 2))
        return mu + sigma * self.eps

    def still(self) -> Figure:
        """The two planes, eps in one and z in the other, with the arrows."""
        figure, (dice, plane) = plt.subplots(1, 2, figsize=(plots.WIDTH, 3.3), sharex=True, sharey=True)
        (a, b, s, t), eps, z = self.region, self.eps, self.z
        for ax, (c, d, u, v) in ((dice, (0, 0, 1, 1)), (plane, self.region)):
            ax.scatter(*((c, d) + np.array((u, v)) * self.draws).T, s=2.5, color=plots.SLATE, alpha=0.4, linewidths=0)
            for r in (1, 2, 3):
                ax.add_patch(Ellipse((c, d), 2 * r * u, 2 * r * v, fc="none", ec=plots.BLUE, lw=1))
            ax.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT), aspect="equal", xticks=(-3, 0, 3), yticks=(-3, 0, 3))
        _arrow(dice, (0, 0), eps, plots.VIOLET, short=4)
        _arrow(plane, (a, b), z, plots.VIOLET, short=4)
        for axis, gap in ((0, (0, -0.2)), (1, (-0.2, 0))):
            unit = np.eye(2)[axis]
            _arrow(plane, z, z + unit, plots.BLUE)
            _arrow(plane, z + gap, z + gap + unit * eps, plots.FLAME)
        plane.plot(a, b, "o", color=plots.BLUE, markersize=8, markeredgecolor="white")
        plane.plot((a + s, a), (b, b + t), "s", color=plots.FLAME, markersize=7, markeredgecolor="white", linestyle="none")
        dice.plot(*eps, "o", color=plots.VIOLET, markersize=7, markeredgecolor="white")
        plane.plot(*z, "o", color=plots.INK, markersize=8, markeredgecolor="white")
        dice.set(title=r"The dice: $\varepsilon$", xlabel=r"$\varepsilon_1$", ylabel=r"$\varepsilon_2$")
        plane.set(title=r"$z = \mu + \sigma\varepsilon$", xlabel="$z_1$", ylabel="$z_2$")
        return figure


def _arrow(ax: Axes, start: Iterable, end: Iterable, color: str, *, short: int = 0) -> None:
    style = {
        "arrowstyle": "-|>",
        "connectionstyle": "arc",
        "color": color,
        "lw": 1.8,
        "shrinkA": 0,
        "shrinkB": short,
        "mutation_scale": 11,
    }
    ax.annotate("", tuple(end), tuple(start), arrowprops=style)
