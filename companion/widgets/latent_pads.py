"""Two latent pads side by side: drag a code through an autoencoder's and a VAE's latent plane and see what each decoder draws."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion import plots
from companion.widgets.explorable import REFERENCE, Explorable
from companion.widgets.weights import Weights

STRONGEST = 110 / 255  # how opaque the ground's grey gets, as on the page
FARTHEST = 16.0  # pixels' Euclidean distance that the largest byte of a distance map stands for


class Pad(NamedTuple):
    """One model's plane. decoder: its parameters. codes: (n, 2), shown behind the pointer. low, high: the plane's range both ways.

    distances: (side * side,) of `plots.grid_codes(low, high, side)`: how far the decoded image lies from the nearest training image.
    """

    decoder: Iterable
    codes: np.ndarray
    low: float
    high: float
    distances: np.ndarray


class LatentPads(Explorable):
    """Drag a point in each plane; the page decodes it and says how far the picture lies from the nearest training image.

    Args:
        pads: name -> `Pad`, two of them.
        labels: (n,), whole numbers 0 to 9, the colours of the codes.

    Codes are stored in 256 levels of the range, distances in 256 levels up to 16 and read off between grid points, weights as
    `Weights` says.

    Example:
        >>> LatentPads({"autoencoder": ae_pad, "VAE": vae_pad}, labels=digits.y_train[:1000])
    """

    pads: traitlets.List[dict] = traitlets.List(help="name, low, high, side, codes and distances of each pad").tag(sync=True)
    decoders = traitlets.List(traitlets.Instance(Weights)).tag(**REFERENCE)
    labels = traitlets.Bytes().tag(sync=True)
    points: traitlets.List[list] = traitlets.List(help="the code at the pointer of each pad").tag(sync=True)

    def __init__(self, pads: Mapping[str, Pad], *, labels: Iterable, **options: Any):
        labels = np.asarray(labels)
        if len(pads) != 2:
            raise ValueError(f"LatentPads: pads: got {len(pads)}, expected two")
        state = [_state(name, pad, len(labels)) for name, pad in pads.items()]
        super().__init__(
            pads=state,
            decoders=[Weights(pad.decoder) for pad in pads.values()],
            labels=labels.astype(np.uint8).tobytes(),
            points=[_start(np.asarray(pad.codes)) for pad in pads.values()],
            **options,
        )

    def still(self) -> Figure:
        """Both planes with their codes and, below, what stands at the pointers."""
        figure, axes = plt.subplots(2, 2, figsize=(plots.WIDTH, 4.6), height_ratios=(3, 1.1))
        labels = np.frombuffer(self.labels, np.uint8)
        for column, pad, weights, point in zip(axes.T, self.pads, self.decoders, self.points, strict=True):
            codes = np.frombuffer(pad["codes"], np.uint8).reshape(-1, 2) / 255 * (pad["high"] - pad["low"]) + pad["low"]
            draw_distances(column[0], pad)
            column[0].scatter(*codes.T, s=3, c=np.array(plots.PALETTE)[labels], linewidths=0)
            column[0].plot(*point, "o", color=plots.INK, markersize=9)
            limits = (pad["low"], pad["high"])
            column[0].set(title=pad["name"], xlim=limits, ylim=limits, aspect="equal", xlabel="$z_1$", ylabel="$z_2$")
            column[0].locator_params(integer=True, nbins=6)
            pixels = 1 / (1 + np.exp(-weights.forward(np.array([point]))))
            column[1].imshow(pixels.reshape(plots.SIDE, plots.SIDE), cmap="gray_r", vmin=0, vmax=1)
            column[1].set_axis_off()
        return figure


def draw_distances(axes: Axes, pad: dict) -> None:
    """The ground as the page has it: the farther a decoded picture from every training image, the more grey."""
    distances = np.frombuffer(pad["distances"], np.uint8).astype(float)
    share = (distances - distances.min()) / max(np.ptp(distances), 1) * STRONGEST
    extent = plots.plane_extent(pad["low"], pad["high"], pad["side"])
    axes.imshow(share.reshape(pad["side"], -1), cmap="gray_r", vmin=0, vmax=1, extent=extent, zorder=0)
    axes.grid(False)


def _state(name: str, pad: Pad, labels: int) -> dict:
    codes, distances = np.asarray(pad.codes, dtype=float), np.asarray(pad.distances, dtype=float)
    side = round(len(distances) ** 0.5)
    if codes.shape != (labels, 2):
        raise ValueError(f"LatentPads: {name}: got codes of shape {codes.shape} for {labels} labels, expected ({labels}, 2)")
    if side < 2 or side * side != distances.size or not np.isfinite(distances).all():
        raise ValueError(f"LatentPads: {name}: got {distances.size} distances, expected the finite values on a square grid")
    levels = np.rint((codes - pad.low) / (pad.high - pad.low) * 255).clip(0, 255).astype(np.uint8)
    heights = np.rint(distances / FARTHEST * 255).clip(0, 255).astype(np.uint8)
    state = {"name": name, "low": float(pad.low), "high": float(pad.high), "side": side, "farthest": FARTHEST}
    return state | {"codes": levels.tobytes(), "distances": heights.tobytes()}


def _start(codes: np.ndarray) -> list[float]:
    """The code nearest to the middle of the cloud, so that the first picture is a digit."""
    middle = np.median(codes, axis=0)
    return [round(float(value), 3) for value in codes[((codes - middle) ** 2).sum(axis=1).argmin()]]
