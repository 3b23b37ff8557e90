"""The bound: one latent on a line, its exact posterior, and a Gaussian q under the reader's finger; log p(x) = ELBO + gap."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from companion import plots
from companion.widgets.dice import normals
from companion.widgets.explorable import Explorable

RADIUS, TURN = 1.5, 1.5  # of the ring; radians of it for a z of 1
LIMIT = 2.5  # the plane of the two pixels is [-LIMIT, LIMIT] both ways
REACH, STEP = 8.0, 0.02  # of the sums over z
SPAN, POINTS = 9.0, 361  # of the sums over q: sigmas each way
RANGES = {"mu": (-3.5, 3.5), "sigma": (0.05, 2.0), "noise": (0.4, 1.5)}
LONGEST, STEPS = 0.1, 2000  # of the steps downhill
DRAWS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # k of the importance-weighted bound
ROLLED = 10_000  # draws in all, in groups of k
LOG_TAU = math.log(2 * math.pi)


class BoundTerms(NamedTuple):
    """Nats of one x under one q. elbo = -reconstruction - kl, and log_p = elbo + gap.

    log_p: log p(x), a sum over z. reconstruction: mean of -log p(x|z) under q. kl: KL(q || p(z)). gap: KL(q || p(z|x)), a sum over z
    of its own, not the difference of the others.
    """

    log_p: float
    elbo: float
    gap: float
    reconstruction: float
    kl: float


class Bound(Explorable):
    """One latent, two pixels, and the evidence lower bound; every number in nats.

    z ~ N(0, 1). The decoder bends the line of z into a ring of radius 1.5, d(z) = 1.5 (sin 1.5z, -cos 1.5z), and
    x ~ N(d(z), noise^2 I). q(z) = N(mu, sigma^2) stands in for the posterior p(z|x), which is drawn beside it. Two bars split the same
    loss, -ELBO: into -log p(x), which no q moves, and the gap KL(q || p(z|x)); and into reconstruction and KL(q || p(z)).

    A mark at the first bar is the importance-weighted bound of k draws, as the mean over 10,000 seeded draws of q in groups of k.

    The ring's ends meet: an x near its top may come from z = 2.1 or z = -2.1, so its posterior has two humps, and no Gaussian closes the gap.

    Args:
        x: the observed point, two numbers in [-2.5, 2.5].
        mu: mean of q, in [-3.5, 3.5].
        sigma: standard deviation of q, in [0.05, 2].
        noise: standard deviation s of x around d(z), in [0.4, 1.5]; from 0.4 on no density passes 1, and every bar has a length.

        draws: k of the importance-weighted bound, one of 1, 2, 5, 10, … 1000.

    All sync both ways.

    Raises:
        ValueError: a number lies outside its range, now or when it is set later.

    Example:
        >>> bound = Bound((0.2, 1.5), mu=1.91, sigma=0.22)
        >>> terms = bound.terms()
        >>> round(terms.log_p, 2), round(terms.elbo + terms.gap, 2)
        (-3.35, -3.35)
    """

    x: traitlets.List[float] = traitlets.List(help="the observed point, two pixels").tag(sync=True)
    mu = traitlets.Float(help="mean of q").tag(sync=True)
    sigma = traitlets.Float(help="standard deviation of q").tag(sync=True)
    noise = traitlets.Float(help="standard deviation of x around d(z)").tag(sync=True)
    draws = traitlets.Int(help="k of the importance-weighted bound").tag(sync=True)

    def __init__(
        self,
        x: Iterable = (0.2, 1.5),
        *,
        mu: float | int = -1,
        sigma: float | int = 1,
        noise: float | int = 0.5,
        draws: int = 1,
        **options: Any,
    ):
        super().__init__(x=list(x), mu=mu, sigma=sigma, noise=noise, draws=draws, **options)

    @traitlets.validate("x")
    def _valid_x(self, proposal: dict) -> list[float]:
        point = np.asarray(proposal["value"], dtype=float)
        if point.shape != (2,) or not np.abs(point).max() <= LIMIT:  # written so that NaN fails too
            raise ValueError(f"Bound: x: got {proposal['value']}, expected two numbers in [-{LIMIT:g}, {LIMIT:g}]")
        return point.tolist()

    @traitlets.validate(*RANGES)
    def _valid_number(self, proposal: dict) -> float:
        name, value = proposal["trait"].name, proposal["value"]
        low, high = RANGES[name]
        if not low <= value <= high:  # written so that NaN fails too
            raise ValueError(f"Bound: {name}: got {value}, expected a number from {low:g} to {high:g}")
        return float(value)

    @traitlets.validate("draws")
    def _valid_draws(self, proposal: dict) -> int:
        if proposal["value"] not in DRAWS:
            raise ValueError(f"Bound: draws: got {proposal['value']}, expected one of {DRAWS}")
        return proposal["value"]

    def terms(self) -> BoundTerms:
        """What the page shows of q as it stands, as `BoundTerms`.

        The reconstruction is exact: under q, sin and cos of a multiple t of z have the mean of their value at mu times exp(-(t sigma)^2 / 2).
        """
        log_p = self._log_evidence()
        reconstruction, kl = _costs(self.mu, self.sigma, self.x, self.noise)
        e, step = np.linspace(-SPAN, SPAN, POINTS, retstep=True)
        z = self.mu + self.sigma * e
        log_q = _log_normal(e) - math.log(self.sigma)
        gap = (np.exp(_log_normal(e)) * (log_q - self._log_joint(z) + log_p)).sum() * step
        return BoundTerms(log_p, -reconstruction - kl, float(gap), reconstruction, kl)

    def drawn(self) -> tuple[float, float]:
        """Importance-weighted bound of `draws` draws (Burda et al. 2016), as the page estimates it, and its standard error, in nats.

        The mean of log of the mean of k weights p(z, x) / q(z), over groups of k of the 10,000 draws. The error tells how the groups
        scatter, and nothing of what no draw has seen.
        """
        e = normals(0, ROLLED)
        log_q = _log_normal(e) - math.log(self.sigma)
        weights = (self._log_joint(self.mu + self.sigma * e) - log_q).reshape(-1, self.draws)
        groups = np.logaddexp.reduce(weights, axis=1) - math.log(self.draws)
        return float(groups.mean()), float(groups.std(ddof=1) / math.sqrt(len(groups)))

    def posterior(self, z: Iterable) -> np.ndarray:
        """The density p(z|x): (n,) -> (n,)."""
        return np.exp(self._log_joint(np.asarray(z, dtype=float)) - self._log_evidence())

    def best(self) -> tuple[float, float]:
        """mu and sigma of the lowest -ELBO around q as it stands, where the page's button leads; another start may end elsewhere.

        Gradient steps, divided by the curvature of the KL between two Gaussians (1 / sigma^2 in mu, 2 in log sigma), none longer than
        0.1 in mu and log sigma, and halved until they lead down.
        """
        mu, sigma = self.mu, self.sigma
        for _ in range(STEPS):
            across, wider = self._downhill(mu, sigma)
            here = self._loss(mu, sigma)
            share = min(1.0, LONGEST / max(abs(across), abs(wider), 1e-12))
            while True:
                following = np.clip(mu + share * across, *RANGES["mu"]), np.clip(sigma * math.exp(share * wider), *RANGES["sigma"])
                share /= 2
                if self._loss(*following) <= here or share <= 1e-9:
                    break
            if here - self._loss(*following) < 1e-12:
                break
            mu, sigma = map(float, following)
        return mu, sigma

    def still(self) -> Figure:
        """The two pixels with the ring, the line of z with prior, posterior and q, and the two bars."""
        figure = plt.figure(figsize=(plots.WIDTH, 4.3))
        above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=(2, 1))[:, 0]
        plane, line = above.subplots(1, 2, width_ratios=(1, 1.35))
        self._draw_plane(plane)
        self._draw_line(line)
        _draw_bars(below.subplots(), self.terms())
        return figure

    def _log_joint(self, z: np.ndarray) -> np.ndarray:
        """log p(z) + log p(x|z)."""
        return _log_normal(z) + _log_noise(np.asarray(self.x)[:, None] - decode(z), self.noise)

    def _log_evidence(self) -> float:
        logs = self._log_joint(np.arange(-REACH, REACH + STEP / 2, STEP))
        return float(logs.max() + math.log(np.exp(logs - logs.max()).sum() * STEP))

    def _loss(self, mu: float, sigma: float) -> float:
        return sum(_costs(mu, sigma, self.x, self.noise))

    def _downhill(self, mu: float, sigma: float) -> tuple[float, float]:
        """Minus the slopes of -ELBO in mu and log sigma over their curvatures."""
        (a, b), (first, second) = decode(mu), self.x
        force = TURN * math.exp(-((TURN * sigma) ** 2) / 2) / self.noise**2
        slope_mu = mu + force * (first * b - second * a)
        slope_log = sigma**2 - 1 + force * TURN * sigma**2 * (first * a + second * b)
        return -(sigma**2) * slope_mu, -slope_log / 2

    def _draw_plane(self, axes: Axes) -> None:
        axes.plot(*decode(np.linspace(-math.pi / TURN, math.pi / TURN, 301)), color=plots.GREY, linewidth=1.5)
        axes.plot(*decode(np.linspace(self.mu - self.sigma, self.mu + self.sigma, 101)), color=plots.BLUE, linewidth=4)
        for z, side in zip(range(-2, 3), ("right", "center", "center", "center", "left"), strict=True):
            across, up = 0.76 * decode(z)
            axes.plot(*decode(z), "o", color=plots.GREY, markersize=4)
            axes.text(across, up, f"{z}".replace("-", "\N{MINUS SIGN}"), ha=side, va="center")
        for radius in (1, 2):
            axes.add_patch(Circle((self.x[0], self.x[1]), radius * self.noise, fc="none", ec=plots.SLATE, lw=1, ls="--"))
        axes.plot(*self.x, "o", color=plots.INK, markersize=7)
        ticks = range(-2, 3)
        axes.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT), xticks=ticks, yticks=ticks, aspect="equal")
        axes.set(xlabel="$x_1$", ylabel="$x_2$", title="$x$ and the ring $d(z)$")

    def _draw_line(self, axes: Axes) -> None:
        z = np.linspace(-4, 4, 801)
        q = np.exp(_log_normal((z - self.mu) / self.sigma)) / self.sigma
        axes.plot(z, np.exp(_log_normal(z)), color=plots.SLATE, linestyle="--", label="$p(z)$")
        axes.fill_between(z, self.posterior(z), color=plots.VIOLET, alpha=0.25, linewidth=0)
        axes.plot(z, self.posterior(z), color=plots.VIOLET, label="$p(z|x)$")
        axes.plot(z, q, color=plots.BLUE, label="$q(z)$")
        axes.set(xlim=(-4, 4), ylim=(0, 1.25 * max(self.posterior(z).max(), 0.5)), xlabel="$z$", title="density")
        axes.legend(loc="upper center", ncols=3, handlelength=1.2, columnspacing=1)


def decode(z: Any) -> np.ndarray:
    """d(z), the ring: (...) -> (2, ...)."""
    return RADIUS * np.stack([np.sin(TURN * np.asarray(z)), -np.cos(TURN * np.asarray(z))])


def _log_normal(z: Any) -> Any:
    return -(np.square(z) + LOG_TAU) / 2


def _log_noise(away: np.ndarray, noise: float) -> np.ndarray:
    """Log density of two pixels that are off by `away`: (2, n) -> (n,)."""
    return _log_normal(away / noise).sum(axis=0) - 2 * math.log(noise)


def _costs(mu: float, sigma: float, x: Sequence[float], noise: float) -> tuple[float, float]:
    """Reconstruction and KL(q || p(z)), both exact."""
    middle = math.exp(-((TURN * sigma) ** 2) / 2) * decode(mu)  # the mean of d(z) under q
    square = x[0] ** 2 + x[1] ** 2 + RADIUS**2 - 2 * float(middle @ np.asarray(x))
    reconstruction = square / (2 * noise**2) + LOG_TAU + 2 * math.log(noise)
    return reconstruction, (sigma**2 + mu**2 - 1) / 2 - math.log(sigma)


def _draw_bars(axes: Axes, terms: BoundTerms) -> None:
    """The loss, -ELBO, in its two splits, from 0, with a mark at -log p(x)."""
    rows = (
        (1, (-terms.log_p, "$-\\log p(x)$", plots.VIOLET), (terms.gap, "gap", plots.FLAME)),
        (0, (terms.reconstruction, "reconstruction", plots.SLATE), (terms.kl, "KL$(q\\,\\|\\,p(z))$", plots.BLUE)),
    )
    for row, (first, name, color), (second, other, hue) in rows:
        axes.barh(row, first, height=0.34, color=color)
        axes.barh(row, second, left=first, height=0.34, color=hue)
        axes.text(0, row + 0.24, f"{name} {first:.2f}  +  {other} {second:.2f}  =  {first + second:.2f}", va="bottom")
        axes.plot([-terms.log_p] * 2, [row - 0.23, row + 0.23], color=plots.INK, linewidth=2)
    axes.set(ylim=(-0.3, 1.6), yticks=[], xlabel="$-$ELBO, nats")
