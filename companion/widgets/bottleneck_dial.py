"""The bottleneck dial: how many numbers a code has and how many bits each may take, and what comes out at the other end."""

from collections.abc import Iterable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion import plots
from companion.widgets.explorable import REFERENCE, Explorable, image_titles
from companion.widgets.weights import Weights, silence

PIXELS = plots.SIDE**2
UNROUNDED = 64  # bits of a number as it is, a float64
BITS = (*range(1, 9), UNROUNDED)
MOST = 10  # images to choose from
LARGEST = 64  # numbers of a code
FINEST = 4  # bits of a number whose levels are drawn


class BottleneckDial(Explorable):
    """Two dials, for the numbers of a code and for the bits of each, over autoencoders that differ in their `latent_dim` only.

    One image is encoded, its code rounded as `evaluation.round_code` does, and decoded: reconstruction, residual, code and the point
    on the curve of error against bits move together. 64 bits stand for a number that is not rounded. An error is the squared error of
    an image, the sum over its pixels.

    The page fetches a decoder when its `latent_dim` is first chosen, 72 to 81 kB compressed for chapter 2's, and none
    before a dial is touched. Weights have eight bits; pixels that stay paper for every code that the dials can give keep a bias only,
    so the decoders are good for these codes and no others.

    Args:
        decoders: latent_dim -> its decoder's parameters, latent_dim rising, at most 64.
        codes: latent_dim -> (k, latent_dim), the codes of the images.
        images: (k, 784), values in [0, 1], at most ten images to choose from.
        low, high: latent_dim -> (latent_dim,), the range of each number of the code that is cut into levels.
        errors: latent_dim -> nine numbers, the mean error of many images with 1, 2, …, 8 bits a number and unrounded.
        titles: what each image is called in a sentence, as "the 7"; None for "test image 8 of 10".
        latent_dim, bits: where the dials stand at first; None for the middle of `decoders`.

    Raises:
        ValueError: the mappings have different keys, shapes do not fit, a number is not finite, or `low` is not below `high`.

    Example:
        >>> BottleneckDial(decoders, codes, x_test[ten], low=low, high=high, errors=errors, latent_dim=8, bits=3)
        BottleneckDial()
    """

    stages: traitlets.List[dict] = traitlets.List(help="latent_dim, errors, codes, low and high of each").tag(sync=True)
    decoders = traitlets.List(traitlets.Instance(Weights)).tag(**REFERENCE)
    pictures = traitlets.Bytes(help="the images, then the reconstruction at the start: 784 grey levels each, 255 is paper").tag(
        sync=True
    )
    titles: traitlets.List[str] = traitlets.List(help="what each image is called in a sentence").tag(sync=True)
    start: traitlets.List[int] = traitlets.List(help="stage, bits and image of that reconstruction").tag(sync=True)
    stage = traitlets.Int(help="which stage is shown").tag(sync=True)
    bits = traitlets.Int(help="of each number: 1 to 8, or 64 for unrounded").tag(sync=True)
    image = traitlets.Int(help="which image is shown").tag(sync=True)

    def __init__(
        self,
        decoders: Mapping[int, Iterable],
        codes: Mapping[int, Any],
        images: Any,
        *,
        low: Mapping[int, Any],
        high: Mapping[int, Any],
        errors: Mapping[int, Any],
        titles: Iterable[str] | None = None,
        latent_dim: int | None = None,
        bits: int = 3,
        **options: Any,
    ):
        images = np.asarray(images, dtype=float)
        if images.ndim != 2 or images.shape[1] != PIXELS or not 1 <= len(images) <= MOST:
            raise ValueError(f"BottleneckDial: images: got shape {images.shape}, expected (k, {PIXELS}) with k from 1 to {MOST}")
        if not (images.min() >= 0 and images.max() <= 1):
            raise ValueError("BottleneckDial: images: got values outside [0, 1], expected shares of ink")
        dims = _dims(decoders, {"codes": codes, "low": low, "high": high, "errors": errors})
        latent_dim = dims[len(dims) // 2] if latent_dim is None else latent_dim
        if latent_dim not in dims or bits not in BITS:
            raise ValueError(
                f"BottleneckDial: got latent_dim {latent_dim} and bits {bits}, expected them in {dims} and {list(BITS)}"
            )
        stages = [_stage(dim, codes[dim], low[dim], high[dim], errors[dim], len(images)) for dim in dims]
        weights = [Weights(silence(decoders[dim], _all_codes(stage))) for dim, stage in zip(dims, stages, strict=True)]
        first = dims.index(latent_dim)
        x_hat = decode(weights[first], rounded(stages[first], bits)[:1])
        super().__init__(
            stages=stages,
            decoders=weights,
            pictures=np.rint(255 * (1 - np.vstack([images, x_hat]))).astype(np.uint8).tobytes(),
            titles=image_titles(titles, len(images)),
            start=[first, bits, 0],
            stage=first,
            bits=bits,
            image=0,
            **options,
        )

    @property
    def latent_dim(self) -> int:
        """The numbers of the code that the dial stands at."""
        return self.stages[self.stage]["latent_dim"]

    def still(self) -> Figure:
        """What the dials show at the start: the pictures, the code and the curve."""
        figure = plt.figure(figsize=(plots.WIDTH, 5.4))
        above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=(1, 1.75))[:, 0]
        first, bits, image = self.start
        stage = self.stages[first]
        pictures = 1 - np.frombuffer(self.pictures, np.uint8).reshape(-1, PIXELS) / 255
        x, x_hat = pictures[image], pictures[-1]
        axes = above.subplots(1, 4, width_ratios=(1, 1, 1, 1.3))
        rows = (("original", x), ("reconstruction", x_hat), ("residual", x_hat - x))
        for ax, (name, values) in zip(axes[:3], rows, strict=True):
            signed = {"cmap": "PuOr", "vmin": -1} if name == "residual" else {"cmap": "gray_r", "vmin": 0}
            ax.imshow(values.reshape(plots.SIDE, plots.SIDE), vmax=1, **signed)
            ax.set_title(name, fontweight="normal", loc="center")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        axes[3].set_title("code", fontweight="normal", loc="center")
        _draw_code(axes[3], stage, bits, image)
        _draw_curve(below.subplots(), self.stages, stage, bits)
        return figure


def rounded(stage: Mapping[str, Any], bits: int) -> np.ndarray:
    """The codes of a stage, (k, latent_dim), each number rounded to `bits` bits; 64 leave it as it is."""
    codes, low, high = (np.array(stage[name]) for name in ("codes", "low", "high"))
    if bits == UNROUNDED:
        return codes
    levels = 2**bits
    return low + (high - low) * (np.floor((codes - low) / (high - low) * levels).clip(0, levels - 1) + 0.5) / levels


def decode(weights: Weights, codes: np.ndarray) -> np.ndarray:
    """What the page paints: (k, latent_dim) to (k, 784), shares of ink."""
    return 1 / (1 + np.exp(-weights.forward(codes)))


def _dims(decoders: Mapping[int, Iterable], others: Mapping[str, Mapping]) -> list[int]:
    dims = list(decoders)
    if len(dims) < 2 or dims != sorted(dims) or dims[0] < 1 or dims[-1] > LARGEST:
        raise ValueError(f"BottleneckDial: decoders: got latent_dims {dims}, expected two or more, rising, from 1 to {LARGEST}")
    for name, mapping in others.items():
        if set(mapping) != set(dims):
            raise ValueError(f"BottleneckDial: {name}: got latent_dims {sorted(mapping)}, expected those of the decoders, {dims}")
    return dims


def _stage(dim: int, codes: Any, low: Any, high: Any, errors: Any, images: int) -> dict:
    shapes = {"codes": (images, dim), "low": (dim,), "high": (dim,), "errors": (len(BITS),)}
    arrays = {"codes": codes, "low": low, "high": high, "errors": errors}
    state: dict[str, Any] = {"latent_dim": dim}
    for name, shape in shapes.items():
        values = np.asarray(arrays[name], dtype=float)
        if values.shape != shape or not np.isfinite(values).all():
            came = f"{name} of shape {values.shape}"
            raise ValueError(f"BottleneckDial: latent_dim {dim}: got {came}, expected {shape}, all finite")
        state[name] = np.round(values, 6).tolist()  # enough for a page, and a notebook need not keep more
    if not (np.array(state["low"]) < np.array(state["high"])).all():
        raise ValueError(
            f"BottleneckDial: latent_dim {dim}: got a low that is not below its high, expected a range for each number"
        )
    return state


def _all_codes(stage: Mapping[str, Any]) -> np.ndarray:
    """Every code that the dials can give with a stage."""
    return np.vstack([rounded(stage, bits) for bits in BITS])


def _draw_code(axes: Axes, stage: Mapping[str, Any], bits: int, image: int) -> None:
    """A bar to the rounded value of each number, in its own range, and a line at the value before it was rounded."""
    low, high = np.array(stage["low"]), np.array(stage["high"])
    places = np.arange(len(low))
    exact, kept = (((values[image] - low) / (high - low)).clip(0, 1) for values in (np.array(stage["codes"]), rounded(stage, bits)))
    axes.bar(places, kept, width=0.7, color=plots.BLUE, alpha=0.6)
    axes.hlines(exact, places - 0.45, places + 0.45, color=plots.INK)
    if bits <= FINEST:
        axes.set_yticks(np.linspace(0, 1, 2**bits + 1))
    axes.set_box_aspect(1 / 1.3)  # as high as the pictures
    axes.tick_params(labelleft=False, labelbottom=False, length=0)
    axes.grid(visible=False, axis="x")
    axes.set(ylim=(0, 1), xlim=(-0.7, max(len(low), 8) - 0.3))


def _draw_curve(axes: Axes, stages: list[dict], own: Mapping[str, Any], bits: int) -> None:
    for stage in stages:
        dim, errors = stage["latent_dim"], stage["errors"]
        totals = [dim * b for b in BITS]
        axes.plot(totals, errors, "o-", color=plots.INK if stage is own else plots.GREY, markersize=4)
        weight = "bold" if stage is own else "normal"
        axes.annotate(f"{dim}", (totals[-1], errors[-1]), xytext=(0, 7), textcoords="offset points", ha="center", weight=weight)
    axes.plot(own["latent_dim"] * bits, own["errors"][BITS.index(bits)], "o", color=plots.FLAME, markersize=10)
    axes.set_xscale("log", base=2)
    ticks = 4 ** np.arange(7)
    axes.set(xticks=ticks, xticklabels=ticks, xlabel="bits in the code", ylabel="squared error", xlim=(0.8, 6000), ylim=(0, None))
