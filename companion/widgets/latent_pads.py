"""Two latent pads side by side: drag a code through an autoencoder's and a VAE's latent plane and see what each decoder draws on the way."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from companion import plots
from companion.widgets.dice import normals
from companion.widgets.explorable import REFERENCE, Explorable
from companion.widgets.weights import Weights

STRONGEST = 0.6  # how opaque the ground's tint gets, as on the page
STRIP = 10  # pictures of a strip, and draws
RADIUS = 2  # of the circle, which holds 1 - exp(-2), 86 %, of N(0, I)


class Pad(NamedTuple):
    """One model's plane: the square with this centre that reaches so far each way.

    decoder: its parameters. codes: (n, 2), shown on the plane, all inside. distances: (side * side,), above 0, for the codes
    `centre + plots.grid_codes(-reach, reach, side)`: how many times as far the decoded image lies from its nearest training image as
    that one from its own.
    """

    decoder: Iterable
    codes: np.ndarray
    centre: tuple[float, float]
    reach: float
    distances: np.ndarray


class LatentPads(Explorable):
    """Drag a point in each plane; the page decodes it, says how far the picture lies from real ones, and keeps what came on the way.

    A strip holds the last ten pictures of the path, equally far apart. A button walks straight from the median code of one label to
    that of another in both planes; another one decodes the same ten draws from N(0, I) in both.

    Args:
        pads: name -> `Pad`, two of them.
        labels: (n,), whole numbers 0 to 9, the colours of the codes.
        walk: the labels between which the button walks; the point stands at the first one's median at the start.
        seed: of the draws, from 0.

    Codes are stored in 256 levels of the range, distances in 256 levels of the range of their logarithms in both planes, read off
    between grid points, and weights as `Weights` says.

    Example:
        >>> LatentPads({"AE": ae_pad, "VAE": vae_pad}, labels=digits.y_train[:1000])
        LatentPads()
    """

    pads: traitlets.List[dict] = traitlets.List(help="name, low, high, side, codes, distances and ends of each pad").tag(sync=True)
    decoders = traitlets.List(traitlets.Instance(Weights)).tag(**REFERENCE)
    labels = traitlets.Bytes().tag(sync=True)
    scale: traitlets.List[float] = traitlets.List(help="the least and the largest distance, bytes 0 and 255").tag(sync=True)
    walk: traitlets.List[int] = traitlets.List(help="the labels at the ends of each pad").tag(sync=True)
    points: traitlets.List[list] = traitlets.List(help="the code at the point of each pad").tag(sync=True)
    paths: traitlets.List[list] = traitlets.List(help="the codes along the path of each pad, at most ten").tag(sync=True)
    seed = traitlets.Int(help="of the draws").tag(sync=True)
    rolls = traitlets.Int(help="how often ten were drawn").tag(sync=True)

    def __init__(self, pads: Mapping[str, Pad], *, labels: Iterable, walk: tuple[int, int] = (1, 0), seed: int = 0, **options: Any):
        labels = np.asarray(labels)
        if len(pads) != 2:
            raise ValueError(f"LatentPads: pads: got {len(pads)}, expected two")
        if missing := set(walk) - set(labels.tolist()):
            raise ValueError(f"LatentPads: walk: got {walk}, expected two of the labels; no code has {min(missing)}")
        grids = {name: _distances(name, pad) for name, pad in pads.items()}
        scale = [float(end(np.concatenate(list(grids.values())))) for end in (np.min, np.max)]
        state = [_state(name, pad, labels, walk) | {"distances": _levels(grids[name], scale)} for name, pad in pads.items()]
        super().__init__(
            pads=state,
            decoders=[Weights(pad.decoder) for pad in pads.values()],
            labels=labels.astype(np.uint8).tobytes(),
            scale=scale,
            walk=list(walk),
            points=[pad["ends"][0] for pad in state],
            paths=[[pad["ends"][0]] for pad in state],
            seed=seed,
            **options,
        )

    @traitlets.validate("seed", "rolls")
    def _valid_whole(self, proposal: dict) -> int:
        most = {"seed": 2**32, "rolls": 10_000}[proposal["trait"].name]  # the page rolls all of them again
        if not 0 <= proposal["value"] < most:
            came = f"{proposal['trait'].name}: got {proposal['value']}"
            raise ValueError(f"LatentPads: {came}, expected a whole number from 0, below {most}")
        return proposal["value"]

    @property
    def draws(self) -> np.ndarray:
        """The ten draws that both planes show, from left to right: (10, 2); (0, 2) before the first roll."""
        if not self.rolls:
            return np.empty((0, 2))
        last = normals(self.seed, self.rolls, STRIP, 2)[-1]
        return last[last[:, 0].argsort()]

    def still(self) -> Figure:
        """Both planes with their codes and, below, what each decoder draws on the way from the first label's median to the second's."""
        figure = plt.figure(figsize=(plots.WIDTH, 4.9))
        above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=(3.4, 1.5))[:, 0]
        rows = {}
        for axes, pad, weights in zip(above.subplots(1, 2), self.pads, self.decoders, strict=True):
            self._draw_plane(axes, pad)
            start, end = np.array(pad["ends"])
            way = np.linspace(start, end, STRIP)
            axes.plot(*way.T, "o-", color=plots.INK, markersize=3, linewidth=1)
            rows[pad["name"]] = 1 / (1 + np.exp(-weights.forward(way)))
        for axes, (name, pictures) in zip(below.subplots(2, 1), rows.items(), strict=True):
            strip = pictures.reshape(STRIP, plots.SIDE, plots.SIDE).swapaxes(0, 1).reshape(plots.SIDE, -1)
            axes.imshow(strip, cmap="gray_r", vmin=0, vmax=1)
            axes.set(xticks=[], yticks=[], ylabel=name)
            axes.grid(visible=False)
        return figure

    def _draw_plane(self, axes: Axes, pad: dict) -> None:
        low, high = np.array(pad["low"]), np.array(pad["high"])
        codes = np.frombuffer(pad["codes"], np.uint8).reshape(-1, 2) / 255 * (high - low) + low
        draw_distances(axes, pad, self.scale)
        axes.scatter(codes[:, 0], codes[:, 1], s=3, c=np.array(plots.PALETTE)[np.frombuffer(self.labels, np.uint8)], linewidths=0)
        axes.add_patch(Circle((0, 0), RADIUS, fill=False, edgecolor=plots.INK, linestyle="--"))
        axes.set(title=pad["name"], xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal", xlabel="$z_1$", ylabel="$z_2$")
        axes.locator_params(integer=True, nbins=6)


def draw_distances(axes: Axes, pad: dict, scale: Iterable[float]) -> None:
    """The ground as the page has it: no tint up to 1, the strongest at the end of the scale, even steps of the logarithm between."""
    least, most = np.log(list(scale))
    logs = least + np.frombuffer(pad["distances"], np.uint8) / 255 * (most - least)
    share = (logs / max(most, np.log(2))).reshape(pad["side"], -1)
    tint = LinearSegmentedColormap.from_list("far", [to_rgba(plots.VIOLET, alpha) for alpha in (0, STRONGEST)])
    low, high = np.array(pad["low"]), np.array(pad["high"])
    reach = (high - low)[0] / 2
    extent = np.array(plots.plane_extent(-reach, reach, pad["side"])) + np.repeat((low + high) / 2, 2)
    axes.imshow(share, cmap=tint, vmin=0, vmax=1, extent=tuple(extent), zorder=0)
    axes.grid(visible=False)


def _distances(name: str, pad: Pad) -> np.ndarray:
    distances = np.asarray(pad.distances, dtype=float)
    side = round(distances.size**0.5)
    if side < 2 or distances.shape != (side * side,) or not np.isfinite(distances).all() or not (distances > 0).all():
        came = f"distances of shape {distances.shape}"
        raise ValueError(f"LatentPads: {name}: got {came}, expected the finite values, above 0, on a square grid")
    return distances


def _levels(distances: np.ndarray, scale: list[float]) -> bytes:
    """Bytes from 0 for the least of the scale to 255 for its largest, in even steps of the logarithm."""
    least, most = np.log(scale)
    return np.rint((np.log(distances) - least) / max(most - least, 1e-9) * 255).astype(np.uint8).tobytes()


def _state(name: str, pad: Pad, labels: np.ndarray, walk: tuple[int, int]) -> dict:
    codes, centre = np.asarray(pad.codes, dtype=float), np.asarray(pad.centre, dtype=float)
    if codes.shape != (len(labels), 2):
        raise ValueError(
            f"LatentPads: {name}: got codes of shape {codes.shape} for {len(labels)} labels, expected ({len(labels)}, 2)"
        )
    if centre.shape != (2,) or not np.isfinite(centre).all() or not 0 < pad.reach < np.inf:
        raise ValueError(f"LatentPads: {name}: got centre {pad.centre} and reach {pad.reach}, expected two numbers and one above 0")
    low, high = centre - pad.reach, centre + pad.reach
    if not ((low <= codes) & (codes <= high)).all():  # written so that NaN fails too
        came = f"codes up to {np.abs(codes - centre).max():.4g} from the centre"
        raise ValueError(f"LatentPads: {name}: got {came}, expected all of them within {pad.reach:.4g} each way")
    return {
        "name": name,
        "low": low.tolist(),
        "high": high.tolist(),
        "side": round(len(np.asarray(pad.distances)) ** 0.5),
        "codes": np.rint((codes - low) / (high - low) * 255).astype(np.uint8).tobytes(),
        "ends": [np.median(codes[labels == label], axis=0).round(3).tolist() for label in walk],
    }
