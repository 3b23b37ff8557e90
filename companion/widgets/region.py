"""Regions in the plane: drag a centre, pull sigmas, tilt, weigh; the mixture's density, the count of numbers and ten decoded draws follow."""

from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
import traitlets
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from companion import plots
from companion.widgets.dice import normals, uniforms
from companion.widgets.explorable import REFERENCE, Explorable, draw_codes
from companion.widgets.latent_map import APART, place_names
from companion.widgets.weights import Weights

MOST = 5  # regions
SIGMAS = (0.02, 2.0)  # a sigma's range: encoders of digits say 0.02 to 0.3
TILT = 0.95  # the largest correlation, either way
LIMIT = 4.0  # the plane is [-LIMIT, LIMIT] both ways
DRAWS = 10
KINDS = {"isotropic": 1, "diagonal": 2, "full": 3}  # numbers that say a region's shape
SOURCES = ("region", "mixture")
STEPS = np.array([0.001, 0.01, 0.1, 1, 10, 100])  # densities at which the shade gets one step stronger
DENSER = 1e4  # than any region can be
OPACITY = np.array([0, 26, 52, 80, 108, 138, 170])  # of the blue, of 255: lines must stay visible on the strongest
TWO = ((-1.5, -0.8, 0.9, 0.6), (1.2, 1.0, 0.6, 0.8))


class Regions(Explorable):
    """A plane with the mixture of 1 to 5 Gaussians, the count of their parameters, and ten draws that a decoder turns into pictures.

    Three kinds show the same regions: "isotropic" with one sigma, the geometric mean of the two; "diagonal" with two; "full" with two
    and the correlation rho of the directions. The blue gets a step stronger where the mixture's density reaches 0.001, 0.01, … 100.

    Args:
        regions: mu_1, mu_2, sigma_1, sigma_2 and, where it is not 0, rho of each: means in [-4, 4], sigmas in [0.02, 2], rho in
            [-0.95, 0.95].
        decoder: its parameters, weight, bias, weight, bias, …, from 2 numbers to 784 logits.
        codes: (n, 2), of training images, shown under the regions; within [-4, 4].
        labels: (n,), whole numbers 0 to 9, the colours of the codes.
        encoded: what an encoder says of an image, as (name, mu_1, mu_2, sigma_1, sigma_2), up to ten; a button each sets the selected
            region to it, mu rounded to hundredths and sigma to two digits, as they are shown.
        weights: the shares of the regions in the mixture, above 0, with sum 1; None for equal ones.
        kind: "isotropic", "diagonal" or "full".
        selected: the region that shows its handles, counted from 0.
        source: what is drawn from, "region" (the selected one) or "mixture".
        seed: of the dice of the ten draws; the page's button takes the next.

    When `regions` gets another length, `weights` are equal anew.

    Raises:
        ValueError: a number out of its range, or another count, shape or word than those above.

    Example:
        >>> regions = Regions([(-1.5, -0.8, 0.9, 0.6)], decoder=vae.decoder.parameters(), codes=z, labels=y)
        >>> regions.density([[-1.5, -0.8]]).round(3), regions.draws.shape
        (array([0.295]), (10, 2))
    """

    decoder = traitlets.Instance(Weights).tag(**REFERENCE)
    codes = traitlets.Bytes(help="four bytes a code, 0 to 65,535 across [-4, 4], little-endian").tag(sync=True)
    labels = traitlets.Bytes().tag(sync=True)
    names: traitlets.List[list] = traitlets.List(help="each label and where it is written").tag(sync=True)
    encoded: traitlets.List[list] = traitlets.List(help="name, mu_1, mu_2, sigma_1, sigma_2 of each").tag(sync=True)
    regions: traitlets.List[list[float]] = traitlets.List(help="mu_1, mu_2, sigma_1, sigma_2, rho of each").tag(sync=True)
    weights: traitlets.List[float] = traitlets.List(help="share of each region").tag(sync=True)
    kind = traitlets.Unicode(help="isotropic, diagonal or full").tag(sync=True)
    selected = traitlets.Int(help="index of the region with handles").tag(sync=True)
    source = traitlets.Unicode(help="what is drawn from: region or mixture").tag(sync=True)
    seed = traitlets.Int(help="of the ten draws").tag(sync=True)

    def __init__(
        self,
        regions: Iterable = TWO,
        *,
        decoder: Iterable,
        codes: Iterable,
        labels: Iterable,
        encoded: Iterable = (),
        weights: Iterable | None = None,
        kind: str = "diagonal",
        selected: int = 0,
        source: str = "region",
        seed: int = 0,
        **options: Any,
    ):
        own = _all_regions(list(regions))  # before the weights, which need their number
        codes, labels, network = np.asarray(codes, dtype=float), np.asarray(labels), Weights(decoder)
        _require_shapes(network, codes=codes, labels=labels)
        super().__init__(
            decoder=network,
            codes=np.rint((codes + LIMIT) / (2 * LIMIT) * 65535).astype("<u2").tobytes(),
            labels=labels.astype(np.uint8).tobytes(),
            names=place_names(codes, labels, APART * 2 * LIMIT),
            encoded=[_rounded(each) for each in encoded],
            regions=own,
            weights=[1 / len(own)] * len(own) if weights is None else list(weights),
            kind=kind,
            selected=selected,
            source=source,
            seed=seed,
            **options,
        )

    @traitlets.validate("regions")
    def _valid_regions(self, proposal: dict) -> list[list[float]]:
        return _all_regions(proposal["value"])

    @traitlets.observe("regions")
    def _weigh_anew(self, change: dict) -> None:
        if len(self.weights) != len(change["new"]):
            self.weights = [1 / len(change["new"])] * len(change["new"])

    @traitlets.validate("weights")
    def _valid_weights(self, proposal: dict) -> list[float]:
        weights = np.asarray(proposal["value"], dtype=float)
        if weights.shape != (len(self.regions),):
            raise ValueError(f"Regions: weights: got {weights.size} for {len(self.regions)} regions, expected one for each")
        if not (weights > 0).all() or not abs(weights.sum() - 1) < 1e-6:  # written so that NaN fails too
            raise ValueError(f"Regions: weights: got {weights.tolist()}, expected numbers above 0 with sum 1")
        return weights.tolist()

    @traitlets.validate("kind")
    def _valid_kind(self, proposal: dict) -> str:
        return _one_of("kind", proposal["value"], tuple(KINDS))

    @traitlets.validate("source")
    def _valid_source(self, proposal: dict) -> str:
        return _one_of("source", proposal["value"], SOURCES)

    @traitlets.validate("selected")
    def _valid_selected(self, proposal: dict) -> int:
        if not 0 <= proposal["value"] < MOST:
            raise ValueError(f"Regions: selected: got {proposal['value']}, expected an index from 0 to {MOST - 1}")
        return proposal["value"]

    @traitlets.validate("seed")
    def _valid_seed(self, proposal: dict) -> int:
        if not 0 <= proposal["value"] < 2**32:
            raise ValueError(f"Regions: seed: got {proposal['value']}, expected a whole number from 0")
        return proposal["value"]

    @property
    def shown(self) -> np.ndarray:
        """mu_1, mu_2, sigma_1, sigma_2, rho of each region as its kind has it: (M, 5)."""
        regions = np.array(self.regions)
        if self.kind == "isotropic":
            regions[:, 2:4] = np.sqrt(regions[:, 2] * regions[:, 3])[:, None]
        if self.kind != "full":
            regions[:, 4] = 0
        return regions

    def density(self, z: Iterable) -> np.ndarray:
        """Density of the mixture: (n, 2) -> (n,)."""
        a, b, s, t, rho = self.shown.T
        z = np.asarray(z, dtype=float)[:, None]
        u, v = (z[..., 0] - a) / s, (z[..., 1] - b) / t
        squares = (u**2 - 2 * rho * u * v + v**2) / (1 - rho**2)
        return np.exp(-0.5 * squares) / (2 * np.pi * s * t * np.sqrt(1 - rho**2)) @ np.array(self.weights)

    @property
    def draws(self) -> np.ndarray:
        """The ten codes that are drawn, (10, 2), from the selected region or from the mixture."""
        chosen = np.full(DRAWS, self._chosen)
        if self.source == "mixture":
            dice = uniforms(-1 - self.seed)
            chosen = np.searchsorted(np.cumsum(self.weights), [next(dice) for _ in range(DRAWS)], side="right")
        a, b, s, t, rho = self.shown[chosen.clip(max=len(self.regions) - 1)].T
        first, second = normals(self.seed, DRAWS, 2).T
        return np.stack([a + s * first, b + t * (rho * first + np.sqrt(1 - rho**2) * second)], axis=1)

    @property
    def pictures(self) -> np.ndarray:
        """What the page decodes of the ten draws: (10, 784), shares of ink."""
        return 1 / (1 + np.exp(-self.decoder.forward(self.draws)))

    @property
    def parameter_count(self) -> int:
        """Numbers that the mixture takes, its free weights included."""
        return len(self.regions) * (2 + KINDS[self.kind]) + len(self.regions) - 1

    @property
    def _chosen(self) -> int:
        return min(self.selected, len(self.regions) - 1)

    def still(self) -> Figure:
        """The plane with its regions, beside it what they take, below it the ten pictures."""
        figure = plt.figure(figsize=(plots.WIDTH, 4.7))
        above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=(3.8, 0.9))[:, 0]
        plane, side = above.subplots(1, 2, width_ratios=(1.7, 1))
        self._draw_plane(plane)
        _write_numbers(side, self)
        row = below.subplots()
        plots.images(torch.from_numpy(self.pictures), columns=DRAWS, ax=row)
        whose = f"region {self._chosen + 1}" if self.source == "region" else "the mixture"
        row.set_title(f"Ten draws from {whose}, decoded")
        return figure

    def _draw_plane(self, plane: Axes) -> None:
        codes = np.frombuffer(self.codes, "<u2").reshape(-1, 2) / 65535 * 2 * LIMIT - LIMIT
        draw_codes(plane, codes, np.frombuffer(self.labels, np.uint8), names=self.names)
        for r in (1, 2, 3):
            plane.add_patch(Ellipse((0, 0), 2 * r, 2 * r, fc="none", ec=plots.SLATE, lw=0.8, ls="--"))
        line = np.linspace(-LIMIT, LIMIT, 401)
        grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
        blues = [(*to_rgb(plots.BLUE), opacity / 255) for opacity in OPACITY[1:]]
        plane.contourf(line, line, self.density(grid).reshape(401, 401), levels=[*STEPS, DENSER], colors=blues, zorder=3)
        for i, region in enumerate(self.shown.tolist()):
            _draw_region(plane, region, i + 1, chosen=i == self._chosen)
        plane.scatter(self.draws[:, 0], self.draws[:, 1], s=14, color=plots.VIOLET, edgecolors="white", linewidths=0.6, zorder=5)
        plane.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT), aspect="equal", xlabel="$z_1$", ylabel="$z_2$")
        plane.set(xticks=range(-4, 5, 2), yticks=range(-4, 5, 2))


def four_numbers(name: str, region: Sequence, sigmas: tuple[float, float] = SIGMAS) -> list[float]:
    """mu_1, mu_2, sigma_1, sigma_2 of a region that a page can show, or a ValueError that begins with `name`."""
    four = np.asarray(region, dtype=float)
    if four.shape != (4,) or not np.isfinite(four).all():
        raise ValueError(f"{name}: got {region}, expected four finite numbers mu_1, mu_2, sigma_1, sigma_2")
    if np.abs(four[:2]).max() > LIMIT:
        raise ValueError(f"{name}: got means {four[:2].tolist()}, expected them in [-{LIMIT:g}, {LIMIT:g}]")
    if not (sigmas[0] <= four[2:].min() and four[2:].max() <= sigmas[1]):
        raise ValueError(f"{name}: got sigmas {four[2:].tolist()}, expected them in [{sigmas[0]:g}, {sigmas[1]:g}]")
    return four.tolist()


def _all_regions(regions: Sequence) -> list[list[float]]:
    """Five numbers for each of 1 to 5 regions."""
    if not 1 <= len(regions) <= MOST:
        raise ValueError(f"Regions: regions: got {len(regions)}, expected 1 to {MOST}")
    return [_five_numbers(region) for region in regions]


def _five_numbers(region: Sequence) -> list[float]:
    """The four numbers of a region and its rho, 0 where it was left out."""
    *four, rho = region if len(region) == 5 else [*region, 0.0]
    if not abs(rho) <= TILT:
        raise ValueError(f"Regions: regions: got rho {rho}, expected it in [-{TILT:g}, {TILT:g}]")
    return [*four_numbers("Regions: regions", four), float(rho)]


def _rounded(encoded: Sequence) -> list:
    """A name and four numbers, rounded as the page shows them."""
    name, *four = encoded
    a, b, s, t = four_numbers(f"Regions: encoded {name}", four)
    return [str(name), round(a, 2), round(b, 2), float(f"{s:.2g}"), float(f"{t:.2g}")]


def _one_of(name: str, value: str, words: tuple[str, ...]) -> str:
    if value not in words:
        raise ValueError(f"Regions: {name}: got {value!r}, expected one of {', '.join(words)}")
    return value


def _require_shapes(weights: Weights, *, codes: np.ndarray, labels: np.ndarray) -> None:
    (_, inputs), outputs = weights.shapes[0], weights.shapes[-1][0]
    if (inputs, outputs) != (2, plots.SIDE**2):
        raise ValueError(f"Regions: decoder: got one from {inputs} numbers to {outputs}, expected one from 2 to {plots.SIDE**2}")
    if codes.ndim != 2 or codes.shape[1] != 2 or not len(codes):
        raise ValueError(f"Regions: codes: got shape {codes.shape}, expected (n, 2) with at least one code")
    if not np.abs(codes).max() <= LIMIT:  # written so that NaN fails too
        came = f"numbers from {codes.min():.4g} to {codes.max():.4g}"
        raise ValueError(f"Regions: codes: got {came}, expected them in [-{LIMIT:g}, {LIMIT:g}]")
    if labels.shape != (len(codes),):
        raise ValueError(f"Regions: labels: got shape {labels.shape} for {len(codes)} codes, expected ({len(codes)},)")


def _draw_region(plane: Axes, region: list[float], name: int, *, chosen: bool) -> None:
    a, b, s, t, rho = region
    variances, axes = np.linalg.eigh([[s * s, rho * s * t], [rho * s * t, t * t]])
    angle = np.degrees(np.arctan2(axes[1, 0], axes[0, 0]))
    for r in (1, 2, 3):
        width, height = 2 * r * np.sqrt(variances)
        plane.add_patch(
            Ellipse((a, b), width, height, angle=angle, fc="none", ec=plots.INK if chosen else plots.SLATE, lw=1.2, zorder=4)
        )
    plane.annotate(
        str(name),
        (a, b),
        (-16 if a <= 1 else 16, 0),
        textcoords="offset points",
        color="white",
        ha="center",
        va="center",
        fontweight="bold",
        bbox={"boxstyle": "circle", "fc": plots.INK if chosen else plots.SLATE, "ec": "white"},
        arrowprops={"arrowstyle": "-", "connectionstyle": "arc", "color": plots.INK if chosen else plots.SLATE},
        zorder=6,
    )


def _write_numbers(ax: Axes, widget: Regions) -> None:
    """The selected region's numbers, and the counts of the three kinds."""
    a, b, s, t, rho = widget.shown[widget._chosen]
    numbers = {"$\\mu_1$": f"{a:.2f}", "$\\mu_2$": f"{b:.2f}", "$\\sigma_1$": f"{s:#.2g}", "$\\sigma_2$": f"{t:#.2g}"}
    tilt = {"$\\rho$": f"{rho:.2f}"} if widget.kind == "full" else {}
    ax.text(0, 0.96, f"Region {widget._chosen + 1} of {len(widget.regions)}", fontweight="bold")
    for row, (name, text) in enumerate((numbers | tilt | {"weight": f"{100 * widget.weights[widget._chosen]:.0f} %"}).items()):
        ax.text(0, 0.87 - 0.075 * row, name, color=plots.SLATE)
        ax.text(1.02, 0.87 - 0.075 * row, text.replace("-", "\N{MINUS SIGN}"), ha="right")
    m = len(widget.regions)
    ax.text(0, 0.36, "How many numbers?", fontweight="bold")
    for row, (kind, shape) in enumerate(KINDS.items()):
        weight = "bold" if kind == widget.kind else "normal"
        ax.text(0, 0.27 - 0.085 * row, kind, fontweight=weight)
        total = f"{2 + shape} · {m} + {m - 1} = {(3 + shape) * m - 1}"
        ax.text(1.02, 0.27 - 0.085 * row, total, ha="right", fontweight=weight)
    ax.set(xlim=(0, 1.02), ylim=(0, 1))
    ax.set_axis_off()
