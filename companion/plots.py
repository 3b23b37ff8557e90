"""Every figure of the book is drawn with these functions, in one style. They take tensors and know nothing of models.

Data first, options by keyword, `ax=None` makes a new figure of the book's width, and the Axes comes back. `use_style()` sets
matplotlib's defaults for the session; importing this module changes nothing. Changing the style moves every stored figure.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Float, Int
from matplotlib import colormaps, patheffects
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, FancyBboxPatch, Polygon, Rectangle
from torch import Tensor

from companion import _require

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

WIDTH = 6.0  # inches; 600 pixels on the page, stored at twice that
SMALL = 11.5  # points, the smallest text: 9 pixels where a phone shows a figure 340 pixels wide
SIDE = 28  # pixels of an image's side

# Explorables and the site's style sheet take their colours from the same file.
_COLOURS = json.loads((Path(__file__).parent / "palette.json").read_text(encoding="utf-8"))

# Petroff 2021 (arXiv:2107.02270): ten colours chosen to stay apart under the common colour vision deficiencies.
PALETTE = tuple(_COLOURS["figures"].values())
BLUE, ORANGE, RED, GREY, VIOLET, BROWN, FLAME, SAND, SLATE, SKY = PALETTE
INK = _COLOURS["light"]["ink"]
FAINT = _COLOURS["light"]["line"]
OUTLINE = (patheffects.withStroke(linewidth=3, foreground="white"),)  # path_effects of a text that stands on other things

STYLE: "dict[RcKeyType, Any]" = {
    "figure.figsize": (WIDTH, 3.4),
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",  # comes with matplotlib, so text is the same everywhere
    "font.size": SMALL,
    "axes.titlesize": 12.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.labelsize": 12,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#8a919c",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": plt.cycler(color=[BLUE, FLAME, VIOLET, SLATE, RED, BROWN, ORANGE, SAND, SKY, GREY]),
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "lines.linewidth": 2,
    "lines.markersize": 5,
    "image.cmap": "gray_r",
    "image.interpolation": "nearest",
}


def use_style() -> None:
    """Set matplotlib's defaults to the book's style, and in a notebook draw PNG at twice the size on the page.

    Example:
        >>> use_style()
    """
    plt.rcParams.update(STYLE)
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:  # outside Jupyter
        return
    if get_ipython() is not None:
        set_matplotlib_formats("retina", bbox_inches=None)  # the size of a figure must not hang on its text


def images(
    x: Float[Tensor, "n pixels"],
    *,
    columns: int = 10,
    signed: bool = False,
    titles: Sequence[str] | None = None,
    size: tuple[int, int] = (SIDE, SIDE),
    ax: Axes | None = None,
) -> Axes:
    """Draw images in a grid, row by row.

    Args:
        x: (n, pixels), values in [0, 1] (0 is paper, 1 is ink), or in [-1, 1] with `signed`.
        columns: images a row.
        signed: for differences: orange is negative, violet positive, paper is zero.
        titles: one short text above each image of the only row.
        size: rows and columns of an image.

    Raises:
        ValueError or TypeError: other than rows * columns pixels, no image, NaN, or more titles than images.

    Example:
        >>> images(digits.x_test[:20]).get_title()
        ''
    """
    _require_images("images: x", x, size)
    _require.whole("images: columns", columns)
    columns = min(columns, len(x))
    height = WIDTH * math.ceil(len(x) / columns) / columns * size[0] / size[1]
    ax = ax or _new_axes(height=height + (0.3 if titles else 0))
    _draw_tiles(_tile(x, columns, size), ax=ax, signed=signed)
    if titles is not None:
        if len(titles) != len(x) or len(x) > columns:
            came = f"{len(titles)} for {len(x)} images in rows of {columns}"
            raise ValueError(f"images: titles: got {came}, expected one for each image of a single row")
        _write_titles(titles, size[1], ax=ax)
    return ax


def image_rows(
    rows: Mapping[str, Float[Tensor, "n pixels"]],
    *,
    titles: Sequence[str] | None = None,
    signed: bool = False,
    size: tuple[int, int] = (SIDE, SIDE),
    ax: Axes | None = None,
) -> Axes:
    """Draw one row of images for each name, the names on the left: what to compare stands in one column.

    Args:
        rows: name -> (n, pixels), every row with the same n.
        titles: one short text above each column.
        signed, size: as in `images`.

    Raises:
        ValueError or TypeError: no row, rows of different lengths, as many titles as there are not columns, or images of another size.

    Example:
        >>> image_rows({"original": x, "reconstruction": x_hat})
    """
    if not rows:
        raise ValueError("image_rows: rows: got none, expected at least one name with its images")
    counts = {name: len(x) for name, x in rows.items()}
    for name, x in rows.items():
        _require_images(f"image_rows: {name}", x, size)
    if len(set(counts.values())) > 1:
        raise ValueError(f"image_rows: rows: got {counts} images, expected the same number in every row")
    n = next(iter(counts.values()))
    if titles is not None and len(titles) != n:
        raise ValueError(f"image_rows: titles: got {len(titles)} for {n} columns, expected one for each")
    ax = ax or _new_axes(height=(WIDTH - 1.1) * len(rows) / n * size[0] / size[1] + (0.4 if titles else 0.1))
    _draw_tiles(_tile(torch.cat(list(rows.values())), n, size), ax=ax, signed=signed)
    for i, name in enumerate(rows):
        ax.text(-3 * size[1] / SIDE, _centre(i, size[0]), name, ha="right", va="center")
    _write_titles(titles or (), size[1], ax=ax)
    return ax


def codes(
    z: Float[Tensor, "n 2"], labels: Int[Tensor, "n"] | None = None, *, size: float = 6, legend: bool = True, ax: Axes | None = None
) -> Axes:
    """Scatter two-dimensional codes, coloured by a label from 0 to 9 and with the label written at the median of its codes.

    Args:
        z: (n, 2), the codes.
        labels: (n,), whole numbers from 0 to 9; None draws every code in grey.
        size: area of a point, in points squared.
        legend: list the labels beside the plot.

    Example:
        >>> codes(model.encode(digits.x_test), digits.y_test)
    """
    _require.tensor("codes: z", z, ndim=2, last=2)
    _require.not_empty("codes: z", z)
    ax = ax or _new_axes(height=4.6)
    ax.set(xlabel="$z_1$", ylabel="$z_2$")
    points = z.detach().cpu().numpy()
    if labels is None:
        ax.scatter(points[:, 0], points[:, 1], s=size, color=SLATE, alpha=0.6, linewidths=0)
        return ax
    names = _require_labels(labels, len(z))
    order = np.random.RandomState(0).permutation(len(points))  # so that no class hides another by being drawn last
    ax.scatter(points[order, 0], points[order, 1], s=size, c=np.array(PALETTE)[names[order]], alpha=0.75, linewidths=0)
    for label in np.unique(names):
        _write_at_median(ax, points[names == label], str(label))
    if legend:
        handles = _dots(np.unique(names).tolist())
        ax.legend(handles=handles, loc="center left", bbox_to_anchor=(1.0, 0.5), handletextpad=0.1)
    return ax


def digit_legend(figure: Figure, digits: Sequence[int] = range(10)) -> None:
    """One row below the axes that tells the colours of digits, for maps too crowded to write on.

    Example:
        >>> digit_legend(plots.codes(z, y, legend=False).figure)
    """
    figure.legend(handles=_dots(digits), loc="outside lower center", ncols=len(digits), handletextpad=0, columnspacing=0.8)


def ellipses(
    mu: Float[Tensor, "n 2"],
    sigma: Float[Tensor, "n 2"],
    *,
    radii: Sequence[float | int] = (1, 2, 3),
    colors: Sequence[str] | str = BLUE,
    filled: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw diagonal Gaussians in the plane as ellipses: half axes of `radius * sigma` around `mu`.

    Ellipses of radius 1, 2 and 3 hold 39, 86 and 99 % of a two-dimensional Gaussian (1 - exp(-radius^2 / 2)).

    Args:
        mu: means, (n, 2).
        sigma: standard deviations (not variances), (n, 2), above 0.
        radii: which ellipses, in standard deviations.
        colors: one colour, or one for each Gaussian.
        filled: tint the inside.

    Example:
        >>> ellipses(mu, (0.5 * logvar).exp(), radii=(1,))
    """
    _require.tensor("ellipses: mu", mu, ndim=2, last=2)
    _require.tensor("ellipses: sigma", sigma, ndim=2, last=2)
    _require.same_shape("ellipses: mu", mu, "sigma", sigma)
    _require.not_empty("ellipses: mu", mu)
    if not (sigma > 0).all():
        raise ValueError(f"ellipses: sigma: got values down to {sigma.amin().item():.4g}, expected them above 0")
    ax = ax or _new_axes(height=4.6)
    each = [colors] * len(mu) if isinstance(colors, str) else list(colors)
    if len(each) != len(mu):
        raise ValueError(f"ellipses: colors: got {len(each)} for {len(mu)} Gaussians, expected one each")
    for centre, spread, color in zip(mu.detach().cpu().tolist(), sigma.detach().cpu().tolist(), each, strict=True):
        for radius in radii:
            face = to_rgba(color, 0.15) if filled else "none"
            ax.add_patch(Ellipse(centre, 2 * radius * spread[0], 2 * radius * spread[1], ec=color, fc=face, lw=1.2))
    ax.autoscale_view()
    ax.set(xlabel="$z_1$", ylabel="$z_2$")
    return ax


def grid_codes(low: float | int, high: float | int, n: int, *, dtype: torch.dtype = torch.float64) -> Float[Tensor, "codes 2"]:
    """Codes of a square grid over [low, high] in both directions, in the order in which `decoded_grid` draws their images.

    Row by row from the top: z_2 falls from row to row, z_1 rises within a row.

    Example:
        >>> decoded_grid(torch.sigmoid(vae.decode(grid_codes(-3, 3, 15))), low=-3, high=3)
    """
    _require.whole("grid_codes: n", n, least=2)
    line = torch.linspace(low, high, n, dtype=dtype)
    z_2, z_1 = torch.meshgrid(line.flip(0), line, indexing="ij")
    return torch.stack([z_1.flatten(), z_2.flatten()], dim=1)


def plane_extent(low: float | int, high: float | int, side: int) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of a picture of side x side places, with each code of `grid_codes` in the middle of its place.

    Example:
        >>> plane_extent(0, 4, 5)
        (-0.5, 4.5, -0.5, 4.5)
    """
    margin = (high - low) / (side - 1) / 2
    return low - margin, high + margin, low - margin, high + margin


def decoded_grid(
    x: Float[Tensor, "n pixels"],
    *,
    low: float | int,
    high: float | int,
    size: tuple[int, int] = (SIDE, SIDE),
    ax: Axes | None = None,
) -> Axes:
    """Draw the decoded images of `grid_codes(low, high, side)`, each at its code: a picture of the latent space itself.

    Args:
        x: (side * side, pixels), values in [0, 1].
        low, high: as given to `grid_codes`.
        size: rows and columns of an image.
    """
    _require_images("decoded_grid: x", x, size)
    side = _side("decoded_grid: x", x)
    ax = ax or _new_axes(height=WIDTH - 0.4)
    rows, columns = size
    tiles = x.detach().cpu().double().reshape(side, side, rows, columns)
    picture = tiles.permute(0, 2, 1, 3).reshape(side * rows, side * columns)
    _draw_plane(picture, side=side, low=low, high=high, cmap="gray_r", limits=(0, 1), ax=ax)
    return ax


def density(
    values: Float[Tensor, "n"],
    *,
    low: float | int,
    high: float | int,
    largest: float | int | None = None,
    signed: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Colour the plane by values at the codes of `grid_codes(low, high, side)`, for example a density.

    Args:
        values: (side * side,), from 0 up, or of both signs with `signed`.
        low, high: as given to `grid_codes`.
        largest: the value that gets the strongest colour; the largest that comes when None. Give it where two pictures are compared.
        signed: for differences: orange is negative, violet positive, and 0 has no colour.

    Raises:
        ValueError or TypeError: not the square of a whole number of values, NaN, or values below 0 without `signed`.

    Example:
        >>> density(log_p(grid_codes(-3, 3, 61)).exp(), low=-3, high=3)
    """
    _require.tensor("density: values", values, ndim=1)
    _require.finite("density: values", values)
    side = _side("density: values", values)
    if not signed and values.min() < 0:
        raise ValueError(f"density: values: got values down to {values.min().item():.4g}, expected them from 0 up, or signed=True")
    top = values.abs().max().item() if largest is None else largest
    _require.positive("density: largest", top)
    ax = ax or _new_axes(height=4.6)
    limits = (-top, top) if signed else (0, top)
    picture = values.detach().cpu().double().reshape(side, side)
    _draw_plane(picture, side=side, low=low, high=high, cmap=_signed_colours() if signed else "Blues", limits=limits, ax=ax)
    return ax


def arrows(
    start: Float[Tensor, "n 2"], end: Float[Tensor, "n 2"], *, color: str = FLAME, width: float | int = 2, ax: Axes | None = None
) -> Axes:
    """Draw straight arrows in the plane, each from a row of `start` to the same row of `end`.

    Args:
        start, end: (n, 2), in the units of the axes; both ends are brought into sight.
        width: of the shaft, in pixels on the page.

    Example:
        >>> arrows(z, z - 0.1 * z.grad)
    """
    _require_pairs("arrows", start=start, end=end)
    ax = ax or _new_axes(height=4.6)
    tails, heads = (points.detach().cpu().double().numpy() for points in (start, end))
    pixel = WIDTH / 600  # inches
    ax.quiver(
        *tails.T, *(heads - tails).T, color=color, angles="xy", scale_units="xy", scale=1, units="inches", width=width * pixel
    )
    ax.update_datalim(np.concatenate([tails, heads]))
    ax.autoscale_view()
    return ax


def errors_in_plane(
    x: Float[Tensor, "n 2"], x_hat: Float[Tensor, "n 2"], *, color: str = FLAME, label: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw points of the plane, and from each a thin line to what came back of it.

    Args:
        x: the points, (n, 2), drawn in grey.
        x_hat: what came back of each, (n, 2), drawn in `color`.
        label: the name of what came back, in the legend.

    Example:
        >>> errors_in_plane(cloud, mean + (cloud - mean) @ v[:, None] * v)
    """
    _require_pairs("errors_in_plane", x=x, x_hat=x_hat)
    ax = ax or _new_axes(height=4.6)
    given, back = (points.detach().cpu().double().numpy() for points in (x, x_hat))
    ax.add_collection(LineCollection(np.stack([given, back], axis=1).tolist(), colors=color, linewidths=0.8, alpha=0.6))
    ax.scatter(given[:, 0], given[:, 1], s=12, color=SLATE, linewidths=0)
    ax.scatter(back[:, 0], back[:, 1], s=12, color=color, linewidths=0, label=label)
    ax.set(xlabel="$x_1$", ylabel="$x_2$")
    ax.set_aspect("equal")
    return ax


def intervals(
    x: Float[Tensor, "n"] | Int[Tensor, "n"],
    mean: Float[Tensor, "n"],
    low: Float[Tensor, "n"],
    high: Float[Tensor, "n"],
    *,
    label: str | None = None,
    color: str = BLUE,
    marker: str = "o",
    ax: Axes | None = None,
) -> Axes:
    """Draw each estimate as a mark with a bar from `low` to `high`.

    Args:
        x: where they stand, (n,).
        mean, low, high: (n,) each, with low <= mean <= high.
        label: the name in the legend.
        marker: matplotlib's marker, for example "o-" to join the marks.

    Example:
        >>> intervals(draws, mean, mean - 2 * se, mean + 2 * se, label="two standard errors")
    """
    for name, values in {"mean": mean, "low": low, "high": high}.items():
        _require.tensor(f"intervals: {name}", values, ndim=1)
        _require.same_shape("intervals: x", x, name, values)
    _require.not_empty("intervals: mean", mean)
    if not ((low <= mean) & (mean <= high)).all():
        raise ValueError("intervals: got a mean outside of its interval, expected low <= mean <= high")
    ax = ax or _new_axes(height=3.4)
    at, middle, down, up = (values.detach().cpu() for values in (x, mean, mean - low, high - mean))
    ax.errorbar(at, middle, torch.stack([down, up]), fmt=marker, color=color, label=label, markersize=4.5, linewidth=1.4)
    return ax


def curves(
    values: Mapping[str, Float[Tensor, "n"]],
    *,
    x: Float[Tensor, "n"] | Int[Tensor, "n"] | None = None,
    xlabel: str = "step",
    ylabel: str = "nats an image",
    smooth: int = 1,
    marker: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one line for each name, with the name in the legend.

    Args:
        values: name -> (n,).
        x: where they stand, (n,); 0 to n - 1 when None.
        smooth: draw the mean of this many values in a row instead of each; the first point stands at the end of its window.
        marker: matplotlib's marker at each point.

    Example:
        >>> curves({"train": history.terms["loss"]}, smooth=20)
    """
    _require.whole("curves: smooth", smooth)
    ax = ax or _new_axes(height=3.4)
    for name, series in values.items():
        _require.tensor(f"curves: {name}", series, ndim=1, floating=False)
        _require.not_empty(f"curves: {name}", series)
        y = series.detach().cpu().double()
        at = torch.arange(len(y)) if x is None else x.detach().cpu()
        _require.same_shape(f"curves: {name}", y, "x", at)
        if smooth > len(y):
            raise ValueError(f"curves: smooth: got {smooth} for {len(y)} values of {name}, expected at most that many")
        ax.plot(at[smooth - 1 :], y.unfold(0, smooth, 1).mean(dim=1), label=name, marker=marker)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if len(values) > 1:
        ax.legend()
    return ax


def hourglass(
    x: Float[Tensor, "784"] | None, z: Float[Tensor, "k"], x_hat: Float[Tensor, "784"], *, ax: Axes | None = None
) -> Axes:
    """Draw an autoencoder as an hourglass: the image, the encoder that narrows, the code's numbers, the decoder that widens, the output.

    Args:
        x: the image that goes in, (784,), values in [0, 1]; None leaves its place empty and the encoder faint: only the decoder runs.
        z: the code, (k,), one to four numbers, written with two places.
        x_hat: what the decoder makes of it, (784,), values in [0, 1].

    Example:
        >>> hourglass(x[0], model.encode(x)[0], torch.sigmoid(model(x))[0])
    """
    _require_hourglass(x, z, x_hat)
    ax = ax or _new_axes(height=1.75)
    side, length, waist = 23, 17, 20  # of a picture 100 wide: an image, an encoder, the box of the numbers
    half, corner = 1.8 * len(z) + 1.4, 1.0  # of that box's height, and how far its corners are round
    _frame_image(ax, x, left=0, side=side)
    _frame_image(ax, x_hat, left=100 - side, side=side)
    for name, edge, inwards, color in (("encoder", side, 1, BLUE), ("decoder", 100 - side, -1, FLAME)):
        alpha = 0.4 if x is None and name == "encoder" else 1.0
        ends = ((edge, side / 2), (edge + inwards * length, half - corner))
        _draw_funnel(ax, name, *ends, color=color, alpha=alpha)
    outline = f"round,pad=0,rounding_size={corner}"
    ax.add_patch(FancyBboxPatch((side + length, -half), waist, 2 * half, boxstyle=outline, fc="white", ec=INK, lw=1.5))
    numbers = [f"$z_{i} = {round(value, 2) + 0.0:.2f}$" for i, value in enumerate(z.detach().cpu().tolist(), start=1)]
    ax.text(50, 0, "\n".join(numbers), ha="center", va="center", linespacing=1.25)
    below = -side / 2 - 3.6
    ax.text(side / 2, below, "no image" if x is None else "$x$: 784 pixels", ha="center")
    ax.text(50, below, "$z$: 1 number" if len(z) == 1 else f"$z$: {len(z)} numbers", ha="center")
    ax.text(100 - side / 2, below, r"$\hat{x}$: 784 pixels", ha="center")
    ax.set(xlim=(-0.5, 100.5), ylim=(below - 1.4, side / 2 + 0.5), aspect="equal")
    ax.set_axis_off()
    return ax


def _new_axes(*, height: float) -> Axes:
    _, ax = plt.subplots(figsize=(WIDTH, height))
    return ax


def _draw_funnel(
    ax: Axes, name: str, wide: Sequence[float | int], narrow: Sequence[float | int], *, color: str, alpha: float
) -> None:
    """A trapezoid from one (place along x, half height) to another, its name in the middle."""
    (x_0, y_0), (x_1, y_1) = wide, narrow
    corners = [(x_0, y_0), (x_1, y_1), (x_1, -y_1), (x_0, -y_0)]
    ax.add_patch(Polygon(corners, fc=to_rgba(color, 0.18 * alpha), ec=to_rgba(color, alpha), lw=1.5, joinstyle="round"))
    ax.text((x_0 + x_1) / 2, 0, name, ha="center", va="center", alpha=alpha)


def _frame_image(ax: Axes, image: Tensor | None, *, left: float | int, side: float | int) -> None:
    """An image in a frame; for None the frame alone, dashed."""
    if image is not None:
        picture = image.detach().cpu().double().reshape(SIDE, SIDE).numpy()
        ax.imshow(picture, cmap="gray_r", vmin=0, vmax=1, extent=(left, left + side, -side / 2, side / 2))
    line = {"ec": GREY, "ls": (0, (4, 3))} if image is None else {"ec": INK}
    ax.add_patch(Rectangle((left, -side / 2), side, side, fc="none", lw=1.2, **line))


def _write_titles(titles: Sequence[str], width: int, *, ax: Axes) -> None:
    """One text above each column of images, which are `width` pixels wide."""
    for i, title in enumerate(titles):
        ax.text(_centre(i, width), -2 * width / SIDE, title, ha="center", va="bottom")


def _centre(i: int, side: int) -> float:
    """Middle of the i-th tile along a side, in pixels of the tiled picture, where tiles are one pixel apart."""
    return i * (side + 1) + 1 + (side - 1) / 2


def _tile(x: Tensor, columns: int, size: tuple[int, int]) -> np.ndarray:
    """(n, pixels) -> one picture with `columns` images a row and a frame of NaN, one pixel wide, around each."""
    height, width = size
    rows = math.ceil(len(x) / columns)
    picture = np.full((rows * (height + 1) + 1, columns * (width + 1) + 1), np.nan)
    for i, image in enumerate(x.detach().cpu().double().reshape(-1, height, width).numpy()):
        top, left = (i // columns) * (height + 1) + 1, (i % columns) * (width + 1) + 1
        picture[top : top + height, left : left + width] = image
    return picture


def _draw_tiles(picture: np.ndarray, *, ax: Axes, signed: bool) -> None:
    cmap = _signed_colours().with_extremes(bad=GREY) if signed else colormaps["gray_r"].with_extremes(bad=FAINT)
    ax.imshow(picture, cmap=cmap, vmin=-1 if signed else 0, vmax=1)
    ax.set_axis_off()


def _signed_colours() -> Colormap:
    """Orange for below 0, violet for above. An odd number of colours puts 0 in the middle of one: rounding errors change no picture."""
    return colormaps["PuOr"].resampled(257)


def _side(name: str, values: Tensor) -> int:
    """The side of a square grid with one of `values` at each place."""
    side = math.isqrt(len(values))
    if side * side != len(values) or side < 2:
        raise ValueError(f"{name}: got {len(values)} of them, expected the square of a whole number from 2")
    return side


def _draw_plane(
    picture: Tensor,
    *,
    side: int,
    low: float | int,
    high: float | int,
    cmap: str | Colormap,
    limits: tuple[float | int, float | int],
    ax: Axes,
) -> None:
    """Lay a picture of side x side places over the plane, so that each code of the grid is in the middle of its place."""
    ax.imshow(picture.numpy(), cmap=cmap, vmin=limits[0], vmax=limits[1], extent=plane_extent(low, high, side))
    ax.set(xlabel="$z_1$", ylabel="$z_2$")
    ax.grid(False)


def _write_at_median(ax: Axes, points: np.ndarray, text: str) -> None:
    x, y = np.median(points, axis=0)
    ax.text(x, y, text, ha="center", va="center", fontsize=13, fontweight="bold", path_effects=OUTLINE)


def _dots(labels: Sequence[int]) -> list[Line2D]:
    """What stands for each label in a legend."""
    return [Line2D([], [], color=PALETTE[label], marker="o", markersize=6, linestyle="", label=str(label)) for label in labels]


def _require_images(name: str, x: Tensor, size: tuple[int, int]) -> None:
    _require.tensor(name, x, ndim=2, last=size[0] * size[1])
    _require.not_empty(name, x)
    _require.finite(name, x)


def _require_pairs(operation: str, **points: Tensor) -> None:
    """Two sets of points of the plane that belong together, by their names: (n, 2) each, at least one."""
    for name, each in points.items():
        _require.tensor(f"{operation}: {name}", each, ndim=2, last=2)
    (first, start), (second, end) = points.items()
    _require.same_shape(f"{operation}: {first}", start, second, end)
    _require.not_empty(f"{operation}: {first}", start)


def _require_hourglass(x: Tensor | None, z: Tensor, x_hat: Tensor) -> None:
    images = {"x_hat": x_hat} if x is None else {"x": x, "x_hat": x_hat}
    for name, image in images.items():
        _require.tensor(f"hourglass: {name}", image, ndim=1, last=SIDE * SIDE)
        _require.between(f"hourglass: {name}", image, 0, 1)
    _require.tensor("hourglass: z", z, ndim=1)
    if not 1 <= len(z) <= 4:
        raise ValueError(f"hourglass: z: got {len(z)} numbers, expected one to four")
    _require.finite("hourglass: z", z)


def _require_labels(labels: Tensor, n: int) -> np.ndarray:
    _require.tensor("codes: labels", labels, ndim=1, floating=False)
    if labels.is_floating_point() or len(labels) != n:
        came = f"shape {tuple(labels.shape)} of {labels.dtype}"
        raise ValueError(f"codes: labels: got {came}, expected {n} whole numbers from 0 to 9")
    _require.between("codes: labels", labels, 0, len(PALETTE) - 1)
    return labels.cpu().numpy()
