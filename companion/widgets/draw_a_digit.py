"""Draw a digit: the page encodes it, shows its Gaussian on the latent map, decodes samples of it and adds up the loss."""

from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from companion import plots
from companion.widgets.dice import normals
from companion.widgets.explorable import REFERENCE, Explorable, draw_codes, image_titles
from companion.widgets.weights import Weights

SAMPLES = 6
PIXELS = plots.SIDE**2


class DrawADigit(Explorable):
    """Draw with mouse, finger or keys; a two-dimensional VAE in the page says what it takes the drawing for and what that costs.

    The strokes become a picture as MNIST's did (LeCun et al. 1998, section III.A): scaled to fit 20 x 20 pixels, edges soft, the
    centre of mass in the middle. Costs are in nats: the Bernoulli negative log-likelihood, averaged over the six samples shown; the KL
    in closed form; their sum, the negative ELBO.

    Args:
        vae: has `encoder`, `mu_head`, `logvar_head` and `decoder`, as `models.VAE` with latent_dim 2 has.
        codes: (n, 2), shown on the map.
        labels: (n,), whole numbers 0 to 9, the colours of the codes.
        digits: (k, 784), values in [0, 1], pictures that a button loads. They are stored in 256 levels, as MNIST is.
        average: reconstruction and KL of the average test image in nats, to compare with; for example
            `rate_distortion(...)`'s distortion and rate.
        titles: what each image is called in a sentence, as "the 7"; None for "test image 8 of 10".
        start: which of `digits` is there at first; None for an empty field.

    `image` is what the encoder sees. Strokes, picture and seed sync both ways.

    Example:
        >>> DrawADigit(vae, codes=mu[:1000], labels=y[:1000], digits=x_test[:5], average=(149.0, 5.6))
    """

    encoder = traitlets.Instance(Weights).tag(**REFERENCE)
    decoder = traitlets.Instance(Weights).tag(**REFERENCE)
    low = traitlets.Float().tag(sync=True)
    high = traitlets.Float().tag(sync=True)
    codes = traitlets.Bytes(help="two bytes a code, 0 to 255 across [low, high]").tag(sync=True)
    labels = traitlets.Bytes().tag(sync=True)
    digits = traitlets.Bytes(help="784 grey levels each").tag(sync=True)
    titles: traitlets.List[str] = traitlets.List(help="what each image is called in a sentence").tag(sync=True)
    average = traitlets.List(traitlets.Float()).tag(sync=True)
    strokes: traitlets.List[list] = traitlets.List(help="lines of points (x, y), each from 0 to 1, y downwards").tag(sync=True)
    pixels: traitlets.List[int] = traitlets.List(help="784 grey levels, 255 is ink; empty where nothing is drawn").tag(sync=True)
    seed = traitlets.Int(0, help="rolls the samples").tag(sync=True)

    def __init__(
        self,
        vae: Any,
        *,
        codes: Iterable,
        labels: Iterable,
        digits: Iterable,
        average: Sequence[float | int],
        titles: Iterable[str] | None = None,
        start: int | None = 0,
        **options: Any,
    ):
        codes, labels, levels = np.asarray(codes, dtype=float), np.asarray(labels), _levels(np.asarray(digits, dtype=float))
        if codes.shape != (len(labels), 2):
            raise ValueError(f"DrawADigit: got codes of shape {codes.shape} for {len(labels)} labels, expected ({len(labels)}, 2)")
        if start is not None and not 0 <= start < len(levels):
            raise ValueError(f"DrawADigit: start: got {start} with {len(levels)} digits, expected the place of one of them or None")
        reach = float(np.ceil(10 * 1.08 * np.abs(codes).max()) / 10)
        super().__init__(
            encoder=Weights(_stacked(vae)),
            decoder=Weights(_parameters(vae.decoder)),
            low=-reach,
            high=reach,
            codes=np.rint((codes / reach + 1) / 2 * 255).astype(np.uint8).tobytes(),
            labels=labels.astype(np.uint8).tobytes(),
            digits=levels.tobytes(),
            titles=image_titles(titles, len(levels)),
            average=[float(value) for value in average],
            pixels=[] if start is None else levels[start].tolist(),
            **options,
        )

    @property
    def image(self) -> np.ndarray:
        """What the encoder sees: (784,), values in [0, 1]; zeros where nothing is drawn."""
        return np.array(self.pixels or [0] * PIXELS) / 255

    def still(self) -> Figure:
        """The picture, its Gaussian on the map, and what is decoded from it."""
        figure = plt.figure(figsize=(plots.WIDTH, 4.3))
        above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=(3.2, 1.1))[:, 0]
        drawn, plane = above.subplots(1, 2)
        drawn.imshow(self.image.reshape(plots.SIDE, -1), cmap="gray_r", vmin=0, vmax=1, interpolation="bilinear")
        drawn.set(title="a drawing", xticks=[], yticks=[])
        for spine in drawn.spines.values():
            spine.set_visible(True)
        mu, logvar = self.encoder.forward(self.image[None])[0].reshape(2, 2)
        self._draw_map(plane, mu, np.exp(logvar / 2))
        z = np.vstack([mu, mu + np.exp(logvar / 2) * normals(self.seed, SAMPLES, 2)])
        for i, (axes, pixels) in enumerate(zip(below.subplots(1, len(z)), self.decoder.forward(z), strict=True)):
            axes.imshow(1 / (1 + np.exp(-pixels)).reshape(plots.SIDE, -1), cmap="gray_r", vmin=0, vmax=1)
            axes.set_axis_off()
            axes.set_title("mean" if i == 0 else "six samples" if i == 1 else "", fontweight="normal")
        return figure

    def _draw_map(self, axes: Axes, mu: np.ndarray, sigma: np.ndarray) -> None:
        codes = np.frombuffer(self.codes, np.uint8).reshape(-1, 2) / 255 * (self.high - self.low) + self.low
        draw_codes(axes, codes, np.frombuffer(self.labels, np.uint8))
        for radius in (1, 2):
            axes.add_patch(Ellipse((mu[0], mu[1]), *2 * radius * sigma, ec=plots.INK, fc="none", lw=1.5))
        limits = (self.low, self.high)
        axes.set(title="its Gaussian on the map", xlim=limits, ylim=limits, aspect="equal", xlabel="$z_1$", ylabel="$z_2$")


def _levels(digits: np.ndarray) -> np.ndarray:
    if digits.ndim != 2 or digits.shape[1] != PIXELS or not len(digits):
        raise ValueError(f"DrawADigit: digits: got shape {digits.shape}, expected (k, {PIXELS}) with at least one")
    if not (digits.min() >= 0 and digits.max() <= 1):  # written so that NaN fails too
        raise ValueError(f"DrawADigit: digits: got values from {digits.min():.4g} to {digits.max():.4g}, expected them in [0, 1]")
    return np.rint(255 * digits).astype(np.uint8)


def _parameters(module: Any) -> list[np.ndarray]:
    return [parameter.detach().numpy() for parameter in module.parameters()]


def _stacked(vae: Any) -> list[np.ndarray]:
    """Encoder and heads as one MLP with four outputs, mu and logvar: behind the encoder's last layer stands a SiLU, as between all."""
    (mu_weight, mu_bias), (logvar_weight, logvar_bias) = _parameters(vae.mu_head), _parameters(vae.logvar_head)
    if len(mu_bias) != 2:
        raise ValueError(f"DrawADigit: vae: got a latent_dim of {len(mu_bias)}, expected 2")
    return [*_parameters(vae.encoder), np.vstack([mu_weight, logvar_weight]), np.concatenate([mu_bias, logvar_bias])]
