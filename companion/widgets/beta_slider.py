"""The beta slider: one knob moves latent map, reconstructions, samples and the point on the rate-distortion curve together."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase

from companion import plots
from companion.widgets.dice import normals
from companion.widgets.explorable import REFERENCE, Explorable, draw_codes
from companion.widgets.weights import Weights, silence

BITS = 7  # a weight; with eight the family would not fit in 350 kB
SHOWN = 6


class Stage(NamedTuple):
    """One model of the family. decoder: its parameters. codes: (n, 2), the posterior means of the images on the map.

    rate, distortion: where it stands, in nats an image, for example from `evaluation.rate_distortion`.
    """

    decoder: Iterable
    codes: np.ndarray
    rate: float | int
    distortion: float | int


class BetaSlider(Explorable):
    """A slider over VAEs that differ in beta only. The page fetches their decoders when it is first touched.

    A reconstruction is decoded from the posterior mean. Samples are decoded from draws of the prior, the same draws for every beta.
    Weights have seven bits; pixels that stay paper for all codes and for 2,000 draws of the prior keep a bias only.

    Args:
        stages: beta -> `Stage`, betas rising.
        labels: (n,), whole numbers 0 to 9, the colours of the codes.
        digits: (6, 784), values in [0, 1], the images that are reconstructed.
        shown: (6,), the places of `digits` among the codes.
        start: the beta that is there at first.

    Example:
        >>> BetaSlider(stages, labels=y_test[:500], digits=x_test[shown], shown=shown)
    """

    stages: traitlets.List[dict] = traitlets.List(help="beta, rate, distortion, reach, codes and means of each").tag(sync=True)
    decoders = traitlets.List(traitlets.Instance(Weights)).tag(**REFERENCE)
    labels = traitlets.Bytes().tag(sync=True)
    digits = traitlets.Bytes(help="784 grey levels each, 255 is paper").tag(sync=True)
    index = traitlets.Int(help="which stage is shown").tag(sync=True)
    seed = traitlets.Int(0, help="rolls the samples from the prior").tag(sync=True)
    start = traitlets.Int(help="the stage of `pictures`").tag(sync=True)
    pictures = traitlets.Bytes(help="reconstructions and samples (seed 0) of stage `start`, levels as in digits").tag(sync=True)

    def __init__(
        self,
        stages: Mapping[float | int, Stage],
        *,
        labels: Iterable,
        digits: Iterable,
        shown: Iterable[int],
        start: float | int = 1,
        **options: Any,
    ):
        labels, digits, shown = np.asarray(labels), np.asarray(digits, dtype=float), np.asarray(shown)
        betas = list(stages)
        if len(betas) < 2 or betas != sorted(betas) or start not in betas:
            raise ValueError(
                f"BetaSlider: stages: got betas {betas} and start {start}, expected two or more, rising, start among them"
            )
        if digits.shape != (SHOWN, plots.SIDE**2) or shown.shape != (SHOWN,):
            came = f"digits of shape {digits.shape} at places of shape {shown.shape}"
            raise ValueError(f"BetaSlider: got {came}, expected ({SHOWN}, {plots.SIDE**2}) and ({SHOWN},)")
        states = [_state(beta, stage, len(labels), shown) for beta, stage in stages.items()]
        decoders = [_decoder(stage) for stage in stages.values()]
        first = betas.index(start)
        super().__init__(
            stages=states,
            decoders=decoders,
            labels=labels.astype(np.uint8).tobytes(),
            digits=np.rint(255 * (1 - digits)).astype(np.uint8).tobytes(),
            index=first,
            start=first,
            pictures=_pictures(decoders[first], states[first]["means"]),
            **options,
        )

    @property
    def beta(self) -> float:
        """The beta that the slider stands at."""
        return self.stages[self.index]["beta"]

    def still(self) -> Figure:
        """Map, curve and pictures of the first beta."""
        figure = plt.figure(figsize=(plots.WIDTH, 5.3))
        above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=(1.1, 1))[:, 0]
        plane, curve = above.subplots(1, 2)
        stage = self.stages[self.start]
        codes = (np.frombuffer(stage["codes"], np.uint8).reshape(-1, 2) / 127.5 - 1) * stage["reach"]
        draw_codes(plane, codes, np.frombuffer(self.labels, np.uint8))
        for radius in (1, 2):
            plane.add_patch(plt.Circle((0, 0), radius, ec=plots.INK, fc="none", ls="--"))
        limits = (-stage["reach"], stage["reach"])
        plane.set(
            title=f"latent map, β = {stage['beta']:g}", xlim=limits, ylim=limits, aspect="equal", xlabel="$z_1$", ylabel="$z_2$"
        )
        self._draw_curve(curve)
        self._draw_pictures(below)
        return figure

    def _draw_curve(self, axes: Axes) -> None:
        widest = 1.2 * max((stage["rate"] for stage in self.stages if stage["beta"] > 0), default=1)
        for i, stage in enumerate(self.stages):
            place, own = (stage["rate"], stage["distortion"]), i == self.start
            axes.plot(*place, "o", color=plots.FLAME if own else plots.SLATE, markersize=10 if own else 6)
            if stage["rate"] <= widest:  # beta 0 stands far to the right
                axes.annotate(f"β {stage['beta']:g}", place, xytext=(6, 6), textcoords="offset points")
        axes.margins(y=0.13)
        axes.set(title="rate and distortion", xlim=(-0.05 * widest, widest), xlabel="rate, nats", ylabel="distortion, nats")

    def _draw_pictures(self, figure: FigureBase) -> None:
        rows = np.frombuffer(self.digits + self.pictures, np.uint8).reshape(3, SHOWN, plots.SIDE, plots.SIDE)
        names = ("test digits", "reconstructions", "samples from the prior")
        for axes, row, name in zip(figure.subplots(3, 1), rows, names, strict=True):
            axes.imshow(np.hstack(list(row)), cmap="gray", vmin=0, vmax=255)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
            axes.set_title(name, fontweight="normal")


def _state(beta: float | int, stage: Stage, labels: int, shown: np.ndarray) -> dict:
    codes = np.asarray(stage.codes, dtype=float)
    if codes.shape != (labels, 2) or not np.isfinite(codes).all():
        raise ValueError(f"BetaSlider: beta {beta:g}: got codes of shape {codes.shape}, expected ({labels}, 2), all finite")
    if not np.isfinite([beta, stage.rate, stage.distortion]).all() or beta < 0:
        came = f"rate {stage.rate} and distortion {stage.distortion}"
        raise ValueError(f"BetaSlider: beta {beta:g}: got {came}, expected finite numbers and a beta of at least 0")
    reach = max(3.0, float(np.ceil(10.5 * np.abs(codes).max()) / 10))  # so that the prior's circles are on every map
    levels = np.rint((codes / reach + 1) * 127.5).astype(np.uint8).tobytes()
    numbers = {"beta": float(beta), "rate": float(stage.rate), "distortion": float(stage.distortion), "reach": reach}
    return numbers | {"codes": levels, "means": codes[shown].tolist()}


def _decoder(stage: Stage) -> Weights:
    codes = np.vstack([np.asarray(stage.codes, dtype=float), normals(0, 2000, 2)])
    return Weights(silence(stage.decoder, codes), bits=BITS)


def _pictures(decoder: Weights, means: list) -> bytes:
    logits = decoder.forward(np.vstack([means, normals(0, SHOWN, 2)]))
    return np.rint(255 / (1 + np.exp(logits))).astype(np.uint8).tobytes()
