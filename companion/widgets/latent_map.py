"""The map: drag a point over the plane of codes and see what the decoder draws there; or send an image through the whole hourglass."""

from collections.abc import Iterable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from companion import plots
from companion.widgets.explorable import REFERENCE, Explorable, draw_codes, image_titles
from companion.widgets.weights import Weights

PIXELS = plots.SIDE**2
MOST = 12  # images
APART = 0.055  # of the plane's side: the least distance between the middles of two labels that are written on it


class LatentMap(Explorable):
    """An autoencoder with a code of two numbers: an image goes in, or a point of the plane is dragged, and the decoder draws.

    Args:
        decoder: its parameters, weight, bias, weight, bias, …, from 2 numbers to 784 logits.
        codes: (n, 2), of training images, shown on the map; the distance shown is that to the nearest of them.
        labels: (n,), whole numbers 0 to 9, the colours of the codes.
        images: (k, 784), values in [0, 1], one to twelve that can be sent through. They are stored in 256 levels, as MNIST is.
        at: (k, 2), what the encoder makes of them.
        low, high: the plane's range both ways, in which all codes lie; or two numbers each, for z_1 and z_2. The shorter of the two
            ranges is then made as long as the other, about its middle: a length is the same both ways.
        titles: what each image is called in a sentence, as "the 7"; None for "test image 8 of 10".
        start: which of `images` is in at first; None for none, with the point in the middle of the codes.

    `digit` is the image that is in, None where there is none; `point` is the code while there is none. Both sync both ways. Codes are
    stored in 65,536 levels of the range, weights as `Weights` says.

    Example:
        >>> LatentMap(ae.decoder.parameters(), z, y, images=x_test[:10], at=z_test[:10], low=-20, high=30)
    """

    decoder = traitlets.Instance(Weights).tag(**REFERENCE)
    low: traitlets.List[float] = traitlets.List(help="where the range of each direction begins").tag(sync=True)
    high: traitlets.List[float] = traitlets.List(help="where it ends").tag(sync=True)
    codes = traitlets.Bytes(help="four bytes a code, 0 to 65,535 across [low, high], little-endian").tag(sync=True)
    labels = traitlets.Bytes().tag(sync=True)
    names: traitlets.List[list] = traitlets.List(help="each label and where it is written").tag(sync=True)
    images = traitlets.Bytes(help="784 grey levels each, 255 is ink").tag(sync=True)
    titles: traitlets.List[str] = traitlets.List(help="what each image is called in a sentence").tag(sync=True)
    at: traitlets.List[list] = traitlets.List(help="the code of each image").tag(sync=True)
    point: traitlets.List[float] = traitlets.List(help="the code where no image is in").tag(sync=True)
    digit = traitlets.Int(None, allow_none=True, help="which image is in").tag(sync=True)

    def __init__(
        self,
        decoder: Iterable,
        codes: Iterable,
        labels: Iterable,
        *,
        images: Iterable,
        at: Iterable,
        low: float | int | Iterable,
        high: float | int | Iterable,
        titles: Iterable[str] | None = None,
        start: int | None = 0,
        **options: Any,
    ):
        codes, at, images = (np.asarray(values, dtype=float) for values in (codes, at, images))
        labels, weights = np.asarray(labels), Weights(decoder)
        plane = _square(low, high)
        _require_inside(plane, codes=codes, at=at)
        _require_shapes(weights, codes=codes, labels=labels, images=images, at=at)
        _require_place("start", start, len(images))
        first = codes[_nearest(codes, np.median(codes, axis=0))] if start is None else at[start]
        super().__init__(
            decoder=weights,
            low=plane[0].tolist(),
            high=plane[1].tolist(),
            codes=np.rint((codes - plane[0]) / (plane[1] - plane[0]) * 65535).astype("<u2").tobytes(),
            labels=labels.astype(np.uint8).tobytes(),
            names=place_names(codes, labels, APART * (plane[1] - plane[0]).max()),
            images=np.rint(255 * images).astype(np.uint8).tobytes(),
            titles=image_titles(titles, len(images)),
            at=at.round(6).tolist(),
            point=first.round(6).tolist(),
            digit=start,
            **options,
        )

    @traitlets.validate("digit")
    def _valid_digit(self, proposal: dict) -> int | None:
        _require_place("digit", proposal["value"], len(self.at))
        return proposal["value"]

    @property
    def z(self) -> np.ndarray:
        """The code that is decoded: (2,)."""
        return np.array(self.point if self.digit is None else self.at[self.digit])

    def still(self) -> Figure:
        """The hourglass, below it the map with the point and its nearest code, and the images that can be sent through."""
        figure = plt.figure(figsize=(plots.WIDTH, 6.0))
        above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=(1.75, 4.25))[:, 0]
        x_hat = 1 / (1 + np.exp(-self.decoder.forward(self.z[None])[0]))
        pictures = torch.from_numpy(np.frombuffer(self.images, np.uint8).reshape(-1, PIXELS) / 255)
        x = None if self.digit is None else pictures[self.digit]
        plots.hourglass(x, torch.from_numpy(self.z), torch.from_numpy(x_hat), ax=above.subplots())
        plane, digits = below.subplots(1, 2, width_ratios=(4.1, 1.9))
        self._draw_map(plane)
        plots.images(pictures, columns=2, ax=digits)
        digits.set_title("test images", fontweight="normal")
        return figure

    def _draw_map(self, axes: Axes) -> None:
        low, high = np.array(self.low), np.array(self.high)
        codes = np.frombuffer(self.codes, "<u2").reshape(-1, 2) / 65535 * (high - low) + low
        nearest = codes[_nearest(codes, self.z)]
        draw_codes(axes, codes, np.frombuffer(self.labels, np.uint8), names=self.names)
        axes.add_patch(Circle((self.z[0], self.z[1]), np.hypot(*nearest - self.z), fc=plots.FLAME, alpha=0.12, lw=0))
        axes.plot(*zip(self.z, nearest, strict=True), color=plots.FLAME, linewidth=2)
        if self.digit is not None:
            axes.plot(*self.z, "o", markerfacecolor="none", markeredgecolor=plots.BLUE, markeredgewidth=2, markersize=17, zorder=5)
        axes.plot(*self.z, "o", color=plots.INK, markersize=9, markeredgecolor="white", markeredgewidth=1.5, zorder=5)
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal", xlabel="$z_1$", ylabel="$z_2$")


def _nearest(codes: np.ndarray, point: np.ndarray) -> int:
    """Which code is nearest to a point."""
    return int(((codes - point) ** 2).sum(axis=1).argmin())


def place_names(codes: np.ndarray, labels: np.ndarray, least: float) -> list[list]:
    """Each label with a place for it, at the median of its codes or as near as leaves `least` between any two: [label, z_1, z_2]."""
    names = np.unique(labels)
    places = np.array([np.median(codes[labels == name], axis=0) for name in names])
    places += 1e-6 * least * np.arange(len(names))[:, None]  # so that two in one place have a direction to part in
    for _ in range(200):
        away = places[:, None] - places
        far = np.hypot(away[..., 0], away[..., 1]) + 2 * least * np.eye(len(names))
        push = np.maximum(1.01 * least - far, 0) / far
        places += 0.5 * (push[..., None] * away).sum(axis=1)
    return [[int(name), *(round(float(value), 3) for value in place)] for name, place in zip(names, places, strict=True)]


def _square(low: float | int | Iterable, high: float | int | Iterable) -> np.ndarray:
    """Begin and end of the two ranges, (2, 2), both as long as the longer one."""
    came = [np.asarray(end, dtype=float) for end in (low, high)]
    if any(end.shape not in ((), (2,)) for end in came) or not all(np.isfinite(end).all() for end in came):
        raise ValueError(f"LatentMap: low and high: got {low} and {high}, expected a finite number each, or two for z_1 and z_2")
    ends = np.stack([np.broadcast_to(end, 2) for end in came])
    if not (ends[0] < ends[1]).all():
        raise ValueError(f"LatentMap: low and high: got {low} and {high}, expected low below high")
    half = (ends[1] - ends[0]).max() / 2
    return ends.mean(axis=0) + np.array([[-half], [half]])


def _require_place(name: str, digit: int | None, count: int) -> None:
    if digit is not None and not 0 <= digit < count:
        raise ValueError(f"LatentMap: {name}: got {digit} with {count} images, expected the place of one of them or None")


def _require_inside(plane: np.ndarray, *, codes: np.ndarray, at: np.ndarray) -> None:
    for name, points in {"codes": codes, "at": at}.items():
        if points.ndim != 2 or points.shape[1] != 2 or not len(points):
            raise ValueError(f"LatentMap: {name}: got shape {points.shape}, expected (n, 2) with at least one code")
        for axis, (own, low, high) in enumerate(zip(points.T, *plane, strict=True), start=1):
            if not (own.min() >= low and own.max() <= high):  # written so that NaN fails too
                came = f"z_{axis} from {own.min():.4g} to {own.max():.4g}"
                raise ValueError(f"LatentMap: {name}: got {came}, expected it from low to high, in [{low:.4g}, {high:.4g}]")


def _require_shapes(weights: Weights, *, codes: np.ndarray, labels: np.ndarray, images: np.ndarray, at: np.ndarray) -> None:
    (_, inputs), outputs = weights.shapes[0], weights.shapes[-1][0]
    if (inputs, outputs) != (2, PIXELS):
        raise ValueError(f"LatentMap: decoder: got one from {inputs} numbers to {outputs}, expected one from 2 to {PIXELS}")
    if labels.shape != (len(codes),):
        raise ValueError(f"LatentMap: labels: got shape {labels.shape} for {len(codes)} codes, expected ({len(codes)},)")
    if images.ndim != 2 or images.shape[1] != PIXELS or not 1 <= len(images) <= MOST:
        raise ValueError(f"LatentMap: images: got shape {images.shape}, expected (k, {PIXELS}) with k from 1 to {MOST}")
    if not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(f"LatentMap: images: got values from {images.min():.4g} to {images.max():.4g}, expected them in [0, 1]")
    if len(at) != len(images):
        raise ValueError(f"LatentMap: at: got {len(at)} codes for {len(images)} images, expected one for each")
