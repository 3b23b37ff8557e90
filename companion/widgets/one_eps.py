"""One eps, one z: drag the dice or the region of an image, and see the decoded picture, its loss, and the gradient that comes back."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from companion import losses, plots
from companion.widgets.dice import normals
from companion.widgets.explorable import REFERENCE, Explorable
from companion.widgets.weights import Weights, forward

PIXELS = plots.SIDE**2
DRAWS = 1000
REACH = 3.5  # of eps, each way
GRID = 41  # points of the loss's map each way
SIGMAS = (0.04, 0.4)  # of half the window: what a sigma may be, which js has too
ARROW = 0.004  # length of an arrow in the plane of codes for a gradient of 1 nat per unit, which js has too


class Step(NamedTuple):
    """loss: nats at z. gradient: (2,), nats per unit of z. x_hat: (784,), what the decoder draws."""

    loss: float
    gradient: np.ndarray
    x_hat: np.ndarray


class OneEps(Explorable):
    """Two planes: eps among the circles of N(0, I), and z = mu + sigma * eps in the region of an image, over contours of its loss.

    Beside them what the decoder draws at z and what that costs; below, the gradient that mu, sigma and log sigma^2 get from z, and two
    estimates of mu's gradient from up to 1,000 draws: through the draws, and by the score function. The loss is the reconstruction
    term, `losses.bernoulli_nll`. Weights are rounded as `Weights` says, the last biases moved so that
    the picture at mu is exact; the image to 256 levels, mu and sigma to thousandths.

    Args:
        decoder: its parameters, weight, bias, weight, bias, …, from 2 numbers to 784 logits.
        image: (784,) or (1, 784), values in [0, 1].
        mu, sigma: two numbers each, (2,) or (1, 2): the region that the encoder gives the image.
        half: half the width of the window around mu that is shown. A sigma may be from 0.04 to 0.4 of it.
        eps: two numbers from -3.5 to 3.5, where the dice lie at first.
        seed: of the dice, from 0.

    Traits `region` (mu_1, mu_2, sigma_1, sigma_2), `eps`, `rolls` (how often one eps was rolled) and `drawn` (how many of `draws` the
    estimates are made of) sync both ways.

    Raises:
        ValueError: shapes, ranges or numbers that the page cannot show; the message says which.

    Example:
        >>> one = OneEps(vae.decoder.parameters(), seven, (1.115, 1.122), (0.1, 0.07), eps=(-2, 0))
        >>> one.z.round(3).tolist()
        [0.915, 1.122]
    """

    decoder = traitlets.Instance(Weights).tag(**REFERENCE)
    image = traitlets.Bytes(help="784 grey levels, 255 is ink").tag(sync=True)
    low: traitlets.List[float] = traitlets.List(help="the window's lower left corner").tag(sync=True)
    half = traitlets.Float(help="half the window's width").tag(sync=True)
    surface = traitlets.Bytes(help="the loss on 41 by 41 points, lowest row first, 0 to 65,535, little-endian").tag(sync=True)
    ends: traitlets.List[float] = traitlets.List(help="the loss of the surface's 0 and of its 65,535").tag(sync=True)
    start: traitlets.List[float] = traitlets.List(help="the encoder's mu_1, mu_2, sigma_1, sigma_2").tag(sync=True)
    region: traitlets.List[float] = traitlets.List(help="mu_1, mu_2, sigma_1, sigma_2").tag(sync=True)
    eps: traitlets.List[float] = traitlets.List(help="where the dice lie").tag(sync=True)
    seed = traitlets.Int(help="of the dice").tag(sync=True)
    rolls = traitlets.Int(help="of one eps").tag(sync=True)
    drawn = traitlets.Int(help="draws in the estimates").tag(sync=True)
    wide = traitlets.Bool(help="whether the estimates' planes show the wider range").tag(sync=True)

    def __init__(
        self,
        decoder: Iterable,
        image: Iterable,
        mu: Iterable,
        sigma: Iterable,
        *,
        half: float | int = 0.5,
        eps: Iterable = (-1.6, 0.25),
        seed: int = 4,
        **options: Any,
    ):
        centre, parameters, levels = _two("mu", mu), [np.asarray(each, dtype=float) for each in decoder], _levels(image)
        weights = Weights(parameters)
        if (weights.shapes[0][1], weights.shapes[-1][0]) != (2, PIXELS):
            came = f"{weights.shapes[0][1]} numbers to {weights.shapes[-1][0]}"
            raise ValueError(f"OneEps: decoder: got one from {came}, expected one from 2 to {PIXELS}")
        if not (np.isfinite(half) and half > 0):
            raise ValueError(f"OneEps: half: got {half}, expected a number above 0")
        weights = _anchored(parameters, weights, centre)
        region = [*centre.round(3).tolist(), *_two("sigma", sigma).round(3).tolist()]
        low = (np.array(region[:2]) - half).round(2)
        heights, ends = _surface(weights, levels / 255, low, half)
        super().__init__(
            decoder=weights,
            image=levels.tobytes(),
            low=low.tolist(),
            half=float(half),
            surface=heights.tobytes(),
            ends=ends,
            start=region,
            region=options.pop("region", region),
            eps=_two("eps", eps).tolist(),
            seed=seed,
            **options,
        )

    @traitlets.validate("region", "start")
    def _valid_region(self, proposal: dict) -> list[float]:
        four = np.asarray(proposal["value"], dtype=float)
        name = f"OneEps: {proposal['trait'].name}"
        if four.shape != (4,) or not np.isfinite(four).all():
            raise ValueError(f"{name}: got {proposal['value']}, expected four finite numbers mu_1, mu_2, sigma_1, sigma_2")
        low, high = np.array(self.low), np.array(self.low) + 2 * self.half
        if not ((low <= four[:2]) & (four[:2] <= high)).all():
            window = " and ".join(f"[{a:.4g}, {b:.4g}]" for a, b in zip(low, high, strict=True))
            raise ValueError(f"{name}: got mu {four[:2].tolist()}, expected it in the window, {window}")
        least, most = (share * self.half for share in SIGMAS)
        if not (least <= four[2:].min() and four[2:].max() <= most):
            raise ValueError(f"{name}: got sigma {four[2:].tolist()}, expected both numbers in [{least:.4g}, {most:.4g}]")
        return four.tolist()

    @traitlets.validate("eps")
    def _valid_eps(self, proposal: dict) -> list[float]:
        eps = _two("eps", proposal["value"])
        if np.abs(eps).max() > REACH:
            raise ValueError(f"OneEps: eps: got {eps.tolist()}, expected both numbers in [-{REACH}, {REACH}]")
        return eps.tolist()

    @traitlets.validate("seed", "rolls", "drawn")
    def _valid_whole(self, proposal: dict) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        most = DRAWS if name == "drawn" else 2**32 - 1
        if not 0 <= value <= most:
            raise ValueError(f"OneEps: {name}: got {value}, expected a whole number from 0 to {most}")
        return value

    @property
    def draws(self) -> np.ndarray:
        """The 1,000 eps of the estimates, (1000, 2); one roll after the other takes them too, rounded to hundredths."""
        return normals(self.seed, DRAWS, 2)

    @property
    def z(self) -> np.ndarray:
        """mu + sigma * eps, (2,)."""
        mu, sigma = np.reshape(self.region, (2, 2))
        return mu + sigma * np.array(self.eps)

    def step(self) -> Step:
        """Decode z, compare with the image, and go back to z: what the page computes, here by autograd."""
        z = torch.tensor(self.z[None], requires_grad=True)
        *hidden, last = [[torch.from_numpy(each) for each in layer] for layer in self.decoder.layers()]
        h = z
        for weight, bias in hidden:
            h = F.silu(F.linear(h, weight, bias))
        logits = F.linear(h, *last)
        x = torch.from_numpy(np.frombuffer(self.image, np.uint8) / 255)
        loss = losses.bernoulli_nll(x[None], logits).sum()
        (gradient,) = torch.autograd.grad(loss, z)
        return Step(loss.item(), gradient[0].numpy(), torch.sigmoid(logits)[0].detach().numpy())

    def still(self) -> Figure:
        """The dice above the two pictures, and beside them the region over the contours of the loss, with the arrows downhill."""
        figure = plt.figure(figsize=(plots.WIDTH, 3.9))
        left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(1, 1.75))[0]
        dice, pictures = left.subplots(2, 1, height_ratios=(1.5, 1))
        step = self.step()
        self._draw_dice(dice)
        self._draw_codes(right.subplots(), step)
        x = torch.from_numpy(np.frombuffer(self.image, np.uint8) / 255)
        plots.images(torch.stack([x, torch.from_numpy(step.x_hat)]), titles=["x", "x_hat"], ax=pictures)
        return figure

    def _draw_dice(self, axes: Axes) -> None:
        for radius in (1, 2, 3):
            axes.add_patch(Ellipse((0, 0), 2 * radius, 2 * radius, fc="none", ec=plots.BLUE, lw=1))
        _arrow(axes, np.zeros(2), np.array(self.eps), plots.VIOLET)
        axes.plot(*self.eps, "o", color=plots.VIOLET, markersize=7, markeredgecolor="white")
        axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal", xticks=(-2, 0, 2), yticks=(-2, 0, 2))
        axes.set(xlabel=r"$\varepsilon_1$", ylabel=r"$\varepsilon_2$")

    def _draw_codes(self, axes: Axes, step: Step) -> None:
        (a, b, s, t), z = self.region, self.z
        lines = [low + np.linspace(0, 2 * self.half, GRID) for low in self.low]
        low, high = self.ends
        heights = low + (high - low) * np.frombuffer(self.surface, "<u2").reshape(GRID, GRID) / 65535
        axes.contour(*lines, heights, levels=10, colors=plots.GREY, linewidths=1)
        for radius in (1, 2, 3):
            axes.add_patch(Ellipse((a, b), 2 * radius * s, 2 * radius * t, fc="none", ec=plots.BLUE, lw=1))
        _arrow(axes, np.array((a, b)), z, plots.VIOLET)
        for place in (np.array((a, b)), z):
            _arrow(axes, place, place - ARROW * step.gradient, plots.RED)
        axes.plot(a, b, "o", color=plots.BLUE, markersize=8, markeredgecolor="white")
        axes.plot(*z, "o", color=plots.VIOLET, markersize=7, markeredgecolor="white")
        axes.set(xlim=lines[0][[0, -1]], ylim=lines[1][[0, -1]], aspect="equal", xlabel="$z_1$", ylabel="$z_2$")
        axes.set_title(f"loss at z: {step.loss:.2f} nats", fontweight="normal")


def _two(name: str, values: Iterable) -> np.ndarray:
    two = np.asarray(values, dtype=float)
    if two.shape not in ((2,), (1, 2)) or not np.isfinite(two).all():
        raise ValueError(f"OneEps: {name}: got {values} of shape {two.shape}, expected two finite numbers, (2,) or (1, 2)")
    return two.reshape(2)


def _levels(image: Iterable) -> np.ndarray:
    values = np.asarray(image, dtype=float)
    if values.shape not in ((PIXELS,), (1, PIXELS)):
        raise ValueError(f"OneEps: image: got shape {values.shape}, expected ({PIXELS},) or (1, {PIXELS})")
    if not (values.min() >= 0 and values.max() <= 1):  # written so that NaN fails too
        raise ValueError(f"OneEps: image: got values from {values.min():.4g} to {values.max():.4g}, expected them in [0, 1]")
    return np.rint(255 * values.reshape(PIXELS)).astype(np.uint8)


def _anchored(parameters: list[np.ndarray], rounded: Weights, z: np.ndarray) -> Weights:
    """The rounded decoder with biases that give the exact decoder's logits at z: a reader compares its numbers with a chapter's."""
    exact = forward(zip(parameters[::2], parameters[1::2], strict=True), z[None])
    return Weights([*parameters[:-1], parameters[-1] + (exact - rounded.forward(z[None]))[0]])


def _surface(weights: Weights, x: np.ndarray, low: np.ndarray, half: float) -> tuple[np.ndarray, list[float]]:
    """The loss of x on the window's grid, (41, 41) in 65,536 levels, lowest row first, and its least and largest value."""
    lines = [start + np.linspace(0, 2 * half, GRID) for start in low]
    logits = weights.forward(np.stack(np.meshgrid(*lines), axis=-1).reshape(-1, 2))
    heights = losses.bernoulli_nll(torch.from_numpy(x).expand(len(logits), PIXELS), torch.from_numpy(logits)).numpy()
    least, most = heights.min(), heights.max()
    levels = np.rint((heights - least) / max(most - least, 1e-9) * 65535).astype("<u2")
    return levels.reshape(GRID, GRID), [float(least), float(most)]


def _arrow(axes: Axes, start: np.ndarray, end: np.ndarray, color: str) -> None:
    style = {"arrowstyle": "-|>", "connectionstyle": "arc", "color": color, "lw": 1.8, "shrinkA": 0, "shrinkB": 3}
    axes.annotate("", tuple(end), tuple(start), arrowprops=style | {"mutation_scale": 11})
