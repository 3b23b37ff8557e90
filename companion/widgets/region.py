"""Regions in the plane: drag a centre, pull its two sigmas, and see the mixture's density and how many numbers it takes."""

from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from companion import plots
from companion.widgets.explorable import Explorable

MOST = 5  # regions
SIGMAS = (0.2, 2.0)  # a sigma's range
LIMIT = 4.0  # the plane is [-LIMIT, LIMIT] both ways
TWO = ((-1.5, -0.8, 0.9, 0.6), (1.2, 1.0, 0.6, 0.8))  # sigmas from 0.6 on: their handles leave a finger room at the centre


class Regions(Explorable):
    """A plane with 1 to 5 diagonal Gaussians in equal shares, the density of their mixture, and the count of their parameters.

    The page paints the density in blue: its square root, so that low parts show, and full from a density of 0.5 upwards.

    Args:
        regions: four numbers each, mu_1, mu_2, sigma_1, sigma_2: means in [-4, 4], sigmas in [0.2, 2].
        selected: the region that shows its handles for sigma, counted from 0.

    Raises:
        ValueError: fewer than 1 or more than 5 regions, not four finite numbers, or a number out of its range.

    Example:
        >>> Regions([(-1.5, -0.8, 0.9, 0.6), (1.2, 1.0, 0.6, 0.8)]).density([[0.0, 0.0]])
        array([0.02537901])
    """

    regions: traitlets.List[list[float]] = traitlets.List(help="mu_1, mu_2, sigma_1, sigma_2 of each region").tag(sync=True)
    selected = traitlets.Int(help="index of the region with handles").tag(sync=True)

    def __init__(self, regions: Iterable = TWO, *, selected: int = 0, **options: Any):
        super().__init__(regions=[list(region) for region in regions], selected=selected, **options)

    @traitlets.validate("regions")
    def _valid_regions(self, proposal: dict) -> list[list[float]]:
        return [four_numbers("Regions: regions", region) for region in _count(proposal["value"])]

    @traitlets.validate("selected")
    def _valid_selected(self, proposal: dict) -> int:
        if not 0 <= proposal["value"] < MOST:
            raise ValueError(f"Regions: selected: got {proposal['value']}, expected an index from 0 to {MOST - 1}")
        return proposal["value"]

    def density(self, z: Iterable) -> np.ndarray:
        """Density of the equal mixture: (n, 2) -> (n,), what the page paints."""
        regions = np.array(self.regions)
        mu, sigma = regions[:, :2], regions[:, 2:]
        scaled = (np.asarray(z, dtype=float)[:, None] - mu) / sigma
        return (np.exp(-0.5 * (scaled**2).sum(axis=2)) / (2 * np.pi * sigma.prod(axis=1))).mean(axis=1)

    def still(self) -> Figure:
        """The plane with its regions and, beside it, what they take."""
        figure, (plane, side) = plt.subplots(1, 2, figsize=(plots.WIDTH, 3.7), width_ratios=(1.7, 1))
        line = np.linspace(-LIMIT, LIMIT, 201)
        grid = np.stack(np.meshgrid(line, line[::-1]), axis=-1).reshape(-1, 2)
        shade = np.sqrt(2 * self.density(grid)).clip(0, 1).reshape(201, 201)
        half = LIMIT + LIMIT / 200
        plane.imshow(shade, extent=(-half, half, -half, half), cmap="Blues", vmin=0, vmax=1.5, interpolation="bilinear")
        for i, (a, b, s, t) in enumerate(self.regions):
            chosen = i == min(self.selected, len(self.regions) - 1)
            for r in (1, 2, 3):
                plane.add_patch(Ellipse((a, b), 2 * r * s, 2 * r * t, fc="none", ec=plots.INK if chosen else plots.SLATE, lw=1.2))
            plane.plot(a, b, "o", color=plots.INK if chosen else plots.SLATE, markersize=13, markeredgecolor="white")
            plane.text(a, b, str(i + 1), color="white", ha="center", va="center_baseline", fontweight="bold")
            if chosen:
                plane.plot((a + s, a), (b, b + t), "s", color=plots.FLAME, markersize=8, markeredgecolor="white", linestyle="none")
        plane.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT), aspect="equal", xlabel="$z_1$", ylabel="$z_2$")
        plane.set(xticks=(-3, 0, 3), yticks=(-3, 0, 3))
        _write_numbers(side, self.regions)
        return figure


def _count(regions: Sequence) -> Sequence:
    if not 1 <= len(regions) <= MOST:
        raise ValueError(f"Regions: regions: got {len(regions)}, expected 1 to {MOST}")
    return regions


def four_numbers(name: str, region: Iterable) -> list[float]:
    """mu_1, mu_2, sigma_1, sigma_2 of a region that a page can show, or a ValueError that begins with `name`."""
    four = np.asarray(region, dtype=float)
    if four.shape != (4,) or not np.isfinite(four).all():
        raise ValueError(f"{name}: got {region}, expected four finite numbers mu_1, mu_2, sigma_1, sigma_2")
    if np.abs(four[:2]).max() > LIMIT:
        raise ValueError(f"{name}: got means {four[:2].tolist()}, expected them in [-{LIMIT:g}, {LIMIT:g}]")
    if not (SIGMAS[0] <= four[2:].min() and four[2:].max() <= SIGMAS[1]):
        raise ValueError(f"{name}: got sigmas {four[2:].tolist()}, expected them in [{SIGMAS[0]:g}, {SIGMAS[1]:g}]")
    return four.tolist()


def _write_numbers(ax: Axes, regions: list) -> None:
    """The four numbers of each region, and the counts of the three kinds."""
    lines: list[tuple[str, ...]] = [("", "$\\mu_1$", "$\\mu_2$", "$\\sigma_1$", "$\\sigma_2$")]
    lines += [
        (str(i + 1), *(f"{value:.1f}".replace("-", "\N{MINUS SIGN}") for value in region)) for i, region in enumerate(regions)
    ]
    for row, cells in enumerate(lines):
        for column, text in enumerate(cells):
            ax.text(0.1 + 0.23 * column, 0.93 - 0.08 * row, text, ha="right", color=plots.INK if row else plots.SLATE)
    m = len(regions)
    ax.text(0, 0.38, "How many numbers?", fontweight="bold")
    for row, (kind, each) in enumerate((("isotropic", 3), ("diagonal", 4), ("full", 5))):
        weight = "bold" if kind == "diagonal" else "normal"
        ax.text(0, 0.27 - 0.085 * row, f"{kind}", fontweight=weight)
        total = f"{each} · {m} + {m - 1} = {each * m + m - 1}"
        ax.text(1.02, 0.27 - 0.085 * row, total, ha="right", fontweight=weight)
    ax.set(xlim=(0, 1.02), ylim=(0, 1))
    ax.set_axis_off()
