"""The map of one's own pictures: a plane of codes, and what any decoder draws there, stored as pictures on a grid of the plane."""

import math
from collections.abc import Iterable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
import traitlets
from matplotlib.figure import Figure

from companion import plots
from companion.widgets.explorable import Explorable, draw_codes, image_titles

MOST = 12  # images
MOST_BYTES = 2_000_000  # of the pictures on the grid


class PictureMap(Explorable):
    """A code of two numbers: drag a point over the plane and see what the decoder draws there, or send one of some images through.

    The page has no decoder. It has the pictures that the decoder drew at the codes of a grid, and shows that of the nearest one, whose
    code it names; of an image that is in it shows the copy, drawn at the image's own code. So a picture is the decoder's own whatever
    the decoder is made of. Between two codes of the grid there is none: a jump from one to the next may be that of the grid.

    Args:
        pictures: (side * side, rows * columns), in [0, 1], decoded at `plots.grid_codes(low, high, side)`.
        codes: (n, 2), of training images, shown as dots; the distance shown is that to the nearest of them.
        low, high: the plane's range both ways, in which all codes lie.
        size: rows and columns of a picture.
        images: (k, rows * columns), in [0, 1], one to twelve that can be sent through.
        at: (k, 2), what the encoder makes of them.
        copies: (k, rows * columns), in [0, 1], what the decoder draws at `at`.
        labels: (n,), whole numbers from 0 to 9, the colours of the codes; None for one colour.
        names: what each label is called in the key of the colours, from 0; None makes no key.
        titles: what each image is called in a sentence; None for "test image 1 of 10" and so on.

    1 is black, whether the page is light or dark. Pictures are stored in 256 levels, codes in 65,536 of the range. `image` is the
    image that is in, None where there is none; `point` is the code while there is none. Both sync both ways.

    Raises:
        ValueError: shapes do not fit, values leave [0, 1], codes leave the plane, or the pictures take more than 2 MB.

    Example:
        >>> grid = torch.sigmoid(vae.decode(plots.grid_codes(-4, 4, 21)))
        >>> PictureMap(grid, z_train, low=-4, high=4, size=(28, 28), images=x_test[:10], at=z_test[:10], copies=x_hat[:10])
    """

    side = traitlets.Int(help="pictures each way").tag(sync=True)
    size: traitlets.List[int] = traitlets.List(help="rows and columns of a picture").tag(sync=True)
    low = traitlets.Float(help="where the range of each direction begins").tag(sync=True)
    high = traitlets.Float(help="where it ends").tag(sync=True)
    pictures = traitlets.Bytes(help="grey levels, 255 is ink, in the order of plots.grid_codes").tag(sync=True)
    codes = traitlets.Bytes(help="four bytes a code, 0 to 65,535 across [low, high], little-endian").tag(sync=True)
    labels = traitlets.Bytes().tag(sync=True)
    names: traitlets.List[list] = traitlets.List(help="each label that is there, with its name").tag(sync=True)
    images = traitlets.Bytes(help="grey levels, 255 is ink").tag(sync=True)
    copies = traitlets.Bytes(help="grey levels, 255 is ink, what is drawn at the code of each image").tag(sync=True)
    titles: traitlets.List[str] = traitlets.List(help="what each image is called in a sentence").tag(sync=True)
    at: traitlets.List[list] = traitlets.List(help="the code of each image").tag(sync=True)
    point: traitlets.List[float] = traitlets.List(help="the code where no image is in").tag(sync=True)
    image = traitlets.Int(None, allow_none=True, help="which image is in").tag(sync=True)

    def __init__(
        self,
        pictures: Iterable,
        codes: Iterable,
        *,
        low: float | int,
        high: float | int,
        size: tuple[int, int],
        images: Iterable,
        at: Iterable,
        copies: Iterable,
        labels: Iterable | None = None,
        names: Iterable[str] | None = None,
        titles: Iterable[str] | None = None,
        **options: Any,
    ):
        arrays = (pictures, codes, images, at, copies)
        pictures, codes, images, at, copies = (np.asarray(values, dtype=float) for values in arrays)
        marks = np.zeros(len(codes), dtype=int) if labels is None else np.asarray(labels)
        called = [] if names is None else list(names)
        side = _require_pictures(size, pictures=pictures, images=images, copies=copies)
        _require_codes(low, high, codes=codes, at=at)
        _require_counts(codes, marks, called)
        _require_images(images, at, copies)
        super().__init__(
            side=side,
            size=list(size),
            low=float(low),
            high=float(high),
            pictures=_levels(pictures),
            codes=np.rint((codes - low) / (high - low) * 65535).astype("<u2").tobytes(),
            labels=marks.astype(np.uint8).tobytes(),
            names=[[int(label), called[label]] for label in np.unique(marks)] if called else [],
            images=_levels(images),
            copies=_levels(copies),
            titles=image_titles(titles, len(images)),
            at=at.round(6).tolist(),
            point=at[0].round(6).tolist(),
            image=0,
            **options,
        )

    @traitlets.validate("image")
    def _valid_image(self, proposal: dict) -> int | None:
        place = proposal["value"]
        if place is not None and not 0 <= place < len(self.at):
            raise ValueError(
                f"PictureMap: image: got {place} with {len(self.at)} images, expected the place of one of them or None"
            )
        return place

    @property
    def z(self) -> np.ndarray:
        """The code of the point: (2,)."""
        return np.array(self.point if self.image is None else self.at[self.image])

    @property
    def shown(self) -> int:
        """Which picture of the grid is shown while no image is in: that of the code nearest to the point."""
        across, up = np.floor((self.z - self.low) / (self.high - self.low) * (self.side - 1) + 0.5).astype(int)
        return int((self.side - 1 - up) * self.side + across)

    def still(self) -> Figure:
        """The map with the point; beside it the image that is in, what is drawn, and the images that can be sent through."""
        size = (self.size[0], self.size[1])
        figure, (plane, beside) = plt.subplots(1, 2, figsize=(plots.WIDTH, 4.1), width_ratios=(4.1, 1.9))
        if self.image is None:
            pair = _unpack(self.pictures, size)[[self.shown]]
        else:
            pair = torch.stack([_unpack(levels, size)[self.image] for levels in (self.images, self.copies)])
        codes = np.frombuffer(self.codes, "<u2").reshape(-1, 2) / 65535 * (self.high - self.low) + self.low
        draw_codes(plane, codes, np.frombuffer(self.labels, np.uint8), names=())
        plane.plot(*self.z, "o", color=plots.INK, markersize=9, markeredgecolor="white", markeredgewidth=1.5, zorder=5)
        ends = (self.low, self.high)
        plane.set(xlim=ends, ylim=ends, aspect="equal", xlabel="$z_1$", ylabel="$z_2$")
        for label, name in self.names:
            plane.plot([], [], "o", color=plots.PALETTE[label], markersize=5, label=name)
        if self.names:
            beside.legend(*plane.get_legend_handles_labels(), loc="upper center", bbox_to_anchor=(0.5, -0.05), frameon=False)
        plots.images(pair, size=size, columns=2, ax=beside)
        beside.set_title("image, drawn" if len(pair) == 2 else "drawn", fontweight="normal")
        return figure


def _levels(pictures: np.ndarray) -> bytes:
    """Values in [0, 1] as bytes."""
    return np.rint(255 * pictures).astype(np.uint8).tobytes()


def _unpack(levels: bytes, size: tuple[int, int]) -> torch.Tensor:
    """Bytes as pictures, (n, rows * columns) in [0, 1]."""
    return torch.from_numpy(np.frombuffer(levels, np.uint8).reshape(-1, size[0] * size[1]) / 255)


def _require_pictures(size: tuple[int, int], *, pictures: np.ndarray, **others: np.ndarray) -> int:
    """The side of the grid; raises where something is no picture of that size."""
    pixels = size[0] * size[1]
    for name, each in {"pictures": pictures, **others}.items():
        if each.ndim != 2 or each.shape[1] != pixels or not len(each):
            raise ValueError(f"PictureMap: {name}: got shape {each.shape}, expected (n, {pixels}) with at least one")
        if not (each.min() >= 0 and each.max() <= 1):  # written so that NaN fails too
            raise ValueError(f"PictureMap: {name}: got values from {each.min():.4g} to {each.max():.4g}, expected them in [0, 1]")
    side = math.isqrt(len(pictures))
    if side**2 != len(pictures) or side < 2:
        raise ValueError(f"PictureMap: pictures: got {len(pictures)}, expected the square of a whole number from 2")
    if pictures.size > MOST_BYTES:
        raise ValueError(f"PictureMap: pictures: got {pictures.size:,} pixels in all, expected at most {MOST_BYTES:,}: take fewer")
    return side


def _require_codes(low: float | int, high: float | int, **named: np.ndarray) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"PictureMap: low and high: got {low} and {high}, expected finite numbers, low below high")
    for name, codes in named.items():
        if codes.ndim != 2 or codes.shape[1] != 2 or not len(codes):
            raise ValueError(f"PictureMap: {name}: got shape {codes.shape}, expected (n, 2) with at least one code")
        if not (codes.min() >= low and codes.max() <= high):
            came = f"{codes.min():.4g} to {codes.max():.4g}"
            raise ValueError(f"PictureMap: {name}: got numbers from {came}, expected them from low to high, in [{low:g}, {high:g}]")


def _require_counts(codes: np.ndarray, labels: np.ndarray, names: list[str]) -> None:
    if labels.shape != (len(codes),) or not (labels.min() >= 0 and labels.max() < len(plots.PALETTE)):
        raise ValueError(
            f"PictureMap: labels: got shape {labels.shape} for {len(codes)} codes, values {labels.min()} to {labels.max()}, "
            "expected a whole number from 0 to 9 for each"
        )
    if names and labels.max() >= len(names):
        raise ValueError(f"PictureMap: names: got {len(names)}, expected one for each label, up to {labels.max()}")


def _require_images(images: np.ndarray, at: np.ndarray, copies: np.ndarray) -> None:
    counts = [len(each) for each in (images, at, copies)]
    if len(set(counts)) > 1 or len(images) > MOST:
        raise ValueError(f"PictureMap: images, at and copies: got {counts}, expected as many of each, at most {MOST}")
