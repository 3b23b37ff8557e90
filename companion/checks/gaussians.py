"""Checks for regions and what describes them: the scale of a code space, fair measures of pictures, Gaussians and their mixtures."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from companion.checks.calling import call
from companion.checks.comparing import compare
from companion.checks.values import Near, near
from companion.checks.verdict import PENDING, Verdict, describe, number

STRETCHED = {"loss": 1, "spread": 10, "step of 0.1": 0.1, "step of 0.1 spreads": 1}  # what a stretch by 10 multiplies each by
STRETCHED_WRONG = {
    ("loss", 10): "You let the loss grow with the codes. Does this loss compare codes, or images?",
    ("loss", 100): "You squared the stretch, as a squared error of the codes would. Does this loss compare codes, or images?",
    ("loss", 0.1): "You let the loss fall as the codes spread out. Does this loss compare codes, or images?",
    ("spread", 1): "You kept the spread. It is measured on the stretched codes.",
    ("spread", 0.1): "You let the spread shrink. Every code moves away from the origin: do they come closer to each other?",
    ("spread", 100): "That is what happens to the variance. The spread is a standard deviation.",
    (
        "step of 0.1",
        1,
    ): "You say that a step of 0.1 does what it did. The map is larger now: is the step still the same share of it?",
    ("step of 0.1", 10): "You let a step of 0.1 move the picture farther. On a larger map, is it a long step or a short one?",
    ("step of 0.1", 0.01): "You counted the stretch twice. How often does the decoder undo it?",
    ("step of 0.1 spreads", 0.1): "You took the spread of the old map. The step is measured in the spread of the stretched one.",
    ("step of 0.1 spreads", 10): "The step is longer in units of the new map. What does the decoder do with it first?",
    ("step of 0.1 spreads", 100): "You counted the stretch twice, and the wrong way. What does the decoder do with the step first?",
}

BALL = 100 * (
    math.erf(0.5**0.5) - (2 / math.pi) ** 0.5 * math.exp(-0.5)
)  # per cent of N(0, I) within 1 of the mean, three directions
BALL_WRONG = {
    68.3: "That is the share on a line, for one direction.",
    39.3: "That is the share in the plane, for two directions. A third direction is one more way to be far away.",
    31.8: "That is the share in a box, where each coordinate for itself is below 1. Is a corner of the box within 1 of the centre?",
    46.6: "That is the share in a square, where two coordinates for themselves are below 1.",
    26.9: "That is the plane's share times the line's: a cylinder. Is its rim within 1 of the centre?",
    10.4: "You took off the same number of points again, as from the line to the plane. Where would that lead in four directions?",
    13.1: "You divided the plane's share by three. Did the plane's share come from the line's by dividing by two?",
    52.4: "That is how much of a cube a ball fills. The draws are not spread evenly over a cube.",
    60.7: "That is the share outside the circle in the plane.",
    80.1: "Did you count the draws inside, or those outside?",
    86.5: "That is the share within 2 sigma in the plane.",
    95.4: "That is the share within 2 sigma on a line.",
    99.7: "That is the share within 3 sigma on a line.",
}


def check_stretched_codes(prediction: Any) -> Verdict:
    """Judge what a stretch of an autoencoder's codes by 10, undone by the decoder, does: a dict of factors.

    Keys: the loss, the spread of the codes, how far the picture moves for a step of 0.1, and for a step of 0.1 spreads.
    """
    if prediction is None:
        return Verdict(None, PENDING)
    if not isinstance(prediction, dict) or set(prediction) != set(STRETCHED):
        keys = ", ".join(repr(key) for key in STRETCHED)
        came = f"has {', '.join(map(repr, prediction)) or 'none'}" if isinstance(prediction, dict) else f"is {describe(prediction)}"
        return Verdict(False, f"prediction should be a dict with the keys {keys}; it {came}.")
    if all(value is None for value in prediction.values()):
        return Verdict(None, PENDING)
    for key, factor in STRETCHED.items():
        value = number(prediction[key])
        if value is None:
            return Verdict(False, f"prediction[{key!r}] should be a number, a factor; it is {describe(prediction[key])}.")
        if not math.isclose(value, factor, rel_tol=0.05):
            known = [
                text for (name, wrong), text in STRETCHED_WRONG.items() if name == key and math.isclose(value, wrong, rel_tol=0.05)
            ]
            return Verdict(False, known[0] if known else f"Your factor for {key!r} is not what comes out.")
    return Verdict(True, "A step counted in spreads means the same on both maps. Change the line and see all four.")


def check_share_in_space(prediction: Any) -> Verdict:
    """Judge a guess, in per cent: the share of draws from N(0, I) in three dimensions within 1 of the mean."""
    if prediction is None:
        return Verdict(None, PENDING)
    value = number(prediction)
    if value is None:
        return Verdict(False, f"prediction should be a number, in per cent; it is {describe(prediction)}.")
    if not 0 <= value <= 100:
        return Verdict(False, f"A share lies between 0 and 100 per cent; your number is {value:g}.")
    if 0 < value <= 1:
        return Verdict(False, "Say it in per cent, a number between 1 and 100.")
    if abs(value - BALL) <= 3.5:
        return Verdict(True, "Close enough for a guess. Run the line with D = 3, then with D = 16.")
    nearest = min(BALL_WRONG, key=lambda wrong: abs(value - wrong))
    if abs(value - nearest) <= 0.75:
        return Verdict(False, BALL_WRONG[nearest])
    return Verdict(False, "More than a few points off. The numbers for one and two directions say which way it goes.")


def check_variety(answer: object) -> Verdict:
    """Judge ``answer(x)``: the mean Euclidean distance between two different images of x (n, pixels), one number."""
    x = _normals(5, 6, seed=1).sigmoid()
    return compare(
        answer,
        lambda x: torch.pdist(x).mean(),
        [(x,)],
        slips=VARIETY_SLIPS,
        name="variety",
        praise="It agrees with the mean over all pairs of five small images.",
    )


def check_draw_like(answer: object) -> Verdict:
    """Judge ``answer(z, eps)``: noise eps (m, latent_dim) made into draws with the mean and covariance of the codes z (n, latent_dim).

    Any root of the covariance will do, and so will a covariance that divides by n or by n - 1: what counts is the moments of the
    draws. The eps of the check has mean 0 and covariance I exactly, so that they are exact too.
    """
    case = _cloud_and_noise()
    verdict = Verdict(None, PENDING)
    for correction in (0, 1):
        verdict = compare(
            _canonical(answer),
            _canonical(lambda z, eps, divisor=correction: z.mean(dim=0) + eps @ _root(z, divisor).T),
            [case],
            slips={message: _canonical(slip) for message, slip in DRAW_SLIPS.items()},
            name="draw_like",
            praise="The draws have the mean, the spreads and the correlations of the codes.",
        )
        if verdict.right is not False:
            return verdict
    first, second = (call(answer, case, "draw_like") if callable(answer) else None for _ in range(2))
    drawn = all(isinstance(draws, torch.Tensor) and draws.shape == case[1].shape for draws in (first, second))
    if drawn and near(first, second) is not Near.SAME:
        return Verdict(
            False, "Two calls with the same eps give two results: you draw noise of your own. The noise is an argument here."
        )
    return verdict


def check_share_inside(answer: object) -> Verdict:
    """Judge ``answer(z, mu, logvar, radius)``: the share of points z within `radius` sigmas of their own Gaussian, one number.

    z, mu, logvar: (n, latent_dim), a Gaussian for each point.
    """
    mu, logvar, eps = 2 * _normals(400, 3, seed=5), 0.3 + 1.2 * _normals(400, 3, seed=6), _normals(400, 3, seed=7)
    z = mu + (0.5 * logvar).exp() * eps
    slips = {message: _counted(distance) for message, distance in DISTANCE_SLIPS.items()} | SHARE_SLIPS
    return compare(
        answer,
        _share_inside,
        [(z, mu, logvar, 1.0), (z, mu, logvar, 2.0)],
        slips=slips,
        name="share_inside",
        praise="It counts 400 points in three dimensions, each by its own Gaussian, at two radii.",
    )


def check_mixture_moments(answer: object) -> Verdict:
    """Judge ``answer(weights, mu, sigma)``: mean and sigma of a mixture of diagonal Gaussians, a tuple, each (latent_dim,).

    weights: (regions,), above 0, with sum 1. mu, sigma: (regions, latent_dim).
    Source: the law of total variance, for example Bishop 2006, exercise 2.8.
    """
    weights = torch.tensor([0.5, 0.2, 0.3], dtype=torch.float64)
    mu, sigma = 2 * _normals(3, 2, seed=8) + 1, (0.4 * _normals(3, 2, seed=9)).exp()
    return compare(
        answer,
        _mixture_moments,
        [(weights, mu, sigma)],
        slips=MIXTURE_SLIPS,
        name="mixture_moments",
        praise="It agrees with the moments of three weighted regions in the plane.",
    )


def _without_self(x: Tensor) -> Tensor:
    """Distances of each image from the others, (n, n), with infinity where an image meets itself."""
    return torch.cdist(x, x).fill_diagonal_(torch.inf)


VARIETY_SLIPS: dict[str, Callable] = {
    "You averaged over all pairs, and an image with itself is among them. That distance is always 0.": lambda x: torch.cdist(
        x, x
    ).mean(),
    "Your variety is twice what it should be: is each pair counted from both sides, and divided by half as many?": lambda x: (
        2 * torch.pdist(x).mean()
    ),
    "Your variety is half of what it should be: you added each pair once. By how many did you divide?": lambda x: (
        torch.pdist(x).mean() / 2
    ),
    "You averaged squared distances.": lambda x: torch.pdist(x).pow(2).mean(),
    "You averaged squared distances and took the root afterwards. The mean of the distances themselves is asked for.": lambda x: (
        torch.pdist(x).pow(2).mean().sqrt()
    ),
    "You took the mean over the pixels inside the root. A Euclidean distance sums over the pixels.": lambda x: (
        torch.pdist(x).mean() / x.shape[1] ** 0.5
    ),
    "This is the mean absolute difference, summed over the pixels. A Euclidean distance squares the differences first.": lambda x: (
        torch.pdist(x, p=1).mean()
    ),
    "You measured from the mean image. Variety compares two of the pictures with each other.": lambda x: (
        (x - x.mean(dim=0)).norm(dim=1).mean()
    ),
    "You compared each image with the next one in the list only, so the order matters. All pairs count.": lambda x: (
        (x[1:] - x[:-1]).norm(dim=1).mean()
    ),
    "You took the distance to the nearest other image. That is a measure of its own; variety averages over all the others.": lambda x: (
        _without_self(x).amin(dim=1).mean()
    ),
    "You give one number an image. The mean over the images is missing.": lambda x: torch.cdist(x, x).sum(dim=1) / (len(x) - 1),
    "You give the sum over the pairs. The mean is asked for.": lambda x: torch.pdist(x).sum(),
    "You give the spread of each pixel, added up. Distances between pictures are asked for.": lambda x: x.std(dim=0).sum(),
}


def _root(z: Tensor, correction: int = 1) -> Tensor:
    """Lower Cholesky factor of the covariance of codes z (n, latent_dim)."""
    return torch.linalg.cholesky(torch.cov(z.T, correction=correction))


DRAW_SLIPS: dict[str, Callable] = {
    "These are the draws from N(0, I) as they came. Nothing of z is in them: look where the codes are.": lambda z, eps: eps,
    "Your draws have the shape of the cloud, in the wrong place: compare their mean with that of the codes.": lambda z, eps: (
        eps @ _root(z).T
    ),
    "All your draws are the same point, the mean of the codes. Where did eps go?": lambda z, eps: z.mean(dim=0).expand_as(eps),
    "Your draws are too spread out where the codes are: you multiplied by the covariance. Its units are squared.": lambda z, eps: (
        z.mean(dim=0) + eps @ torch.cov(z.T)
    ),
    "Place right, shape wrong: the draws tilt another way. The rows are the draws here: on which side does the factor stand?": (
        lambda z, eps: z.mean(dim=0) + eps @ _root(z)
    ),
    "Each direction has its spread, but the draws are not correlated as the codes are.": lambda z, eps: (
        z.mean(dim=0) + eps * z.std(dim=0)
    ),
    "You multiplied by the variance of each direction, and left out the correlations.": lambda z, eps: (
        z.mean(dim=0) + eps * z.var(dim=0)
    ),
    "You used one spread for all directions. The cloud is longer one way than another.": lambda z, eps: (
        z.mean(dim=0) + eps * z.std()
    ),
    "You used one mean for all directions. A code has one mean for each of its numbers.": lambda z, eps: (
        z.mean() + eps @ _root(z).T
    ),
    "You whitened: your map takes codes to noise. Noise comes in, and codes are asked for.": lambda z, eps: (
        torch.linalg.solve_triangular(_root(z), (eps - z.mean(dim=0)).T, upper=False).T
    ),
    "The factor multiplied the mean too, so the cloud has moved.": lambda z, eps: (z.mean(dim=0) + eps) @ _root(z).T,
}


def _canonical(function: Any) -> Any:
    """Wrap ``f(z, eps)`` so that every answer with the same mean and covariance gives the same draws.

    They are made anew from the two moments. What is not of the shape of eps, not finite or flat in some direction is left as it is,
    and so is what is no function.
    """
    if not callable(function):
        return function

    def drawn(z: Tensor, eps: Tensor) -> Any:
        draws = function(z.clone(), eps.clone())
        if not isinstance(draws, torch.Tensor) or draws.shape != eps.shape or not draws.is_floating_point():
            return draws
        covariance = torch.cov(draws.detach().double().T)
        if not torch.isfinite(covariance).all() or torch.linalg.cond(covariance) > 1e9:
            return draws
        return draws.double().mean(dim=0) + eps @ torch.linalg.cholesky(covariance).T

    return drawn


def _cloud_and_noise() -> tuple[Tensor, Tensor]:
    """Codes z (300, 3), off the origin and tilted, and eps (40, 3) whose mean is 0 and whose covariance is I, exactly."""
    mix = torch.tensor([[2.0, 0.0, 0.0], [-1.5, 0.7, 0.0], [0.4, 0.5, 1.3]], dtype=torch.float64)
    z = _normals(300, 3, seed=2) @ mix.T + torch.tensor([2.0, -4.0, 1.0], dtype=torch.float64)
    eps = _normals(40, 3, seed=3)
    eps = torch.linalg.qr(eps - eps.mean(dim=0)).Q * 39**0.5
    return z, eps


def _counted(distance: Callable) -> Callable:
    """The share of points whose ``distance(z, mu, logvar)``, (n,), is below the radius."""
    return lambda z, mu, logvar, radius: (distance(z, mu, logvar) < radius).double().mean()


def _off(z: Tensor, mu: Tensor | int, logvar: Tensor) -> Tensor:
    """How far each coordinate lies from the centre of its Gaussian, in sigmas: (n, latent_dim)."""
    return (z - mu) / (0.5 * logvar).exp()


_share_inside = _counted(lambda z, mu, logvar: _off(z, mu, logvar).norm(dim=1))

DISTANCE_SLIPS: dict[str, Callable] = {
    "You divided by the variance. A distance is counted in sigmas, and logvar is the logarithm of sigma squared.": lambda z, m, s: (
        (z - m) / s.exp()
    ).norm(dim=1),
    "You divided by logvar itself. It is a logarithm, and may be negative; a width never is.": lambda z, m, s: ((z - m) / s).norm(
        dim=1
    ),
    "You doubled logvar on the way to sigma. What does a square root do to a logarithm?": lambda z, m, s: (
        (z - m) / (2 * s).exp()
    ).norm(dim=1),
    "You used one sigma for the whole batch. Every point has a Gaussian of its own.": lambda z, m, s: (
        (z - m) / (0.5 * s).exp().mean(dim=0)
    ).norm(dim=1),
    "You used one logvar for the whole batch. Every point has a Gaussian of its own.": lambda z, m, s: (
        (z - m) / (0.5 * s.mean(dim=0)).exp()
    ).norm(dim=1),
    "You used one sigma for all directions of a point. Each direction has its own.": lambda z, m, s: (
        (z - m).norm(dim=1) / (0.5 * s).exp().mean(dim=1)
    ),
    "You counted in plain units. How far is far depends on the sigma of the point's own Gaussian.": lambda z, m, s: (z - m).norm(
        dim=1
    ),
    "You measured from the origin. Each point's own Gaussian has its centre elsewhere.": lambda z, m, s: _off(z, 0, s).norm(dim=1),
    "You measured from one centre for the whole batch. Every point has a mu of its own.": lambda z, m, s: _off(
        z, m.mean(dim=0), s
    ).norm(dim=1),
    "You asked each coordinate for itself, which counts a box. A corner of the box is farther out than its sides.": lambda z, m, s: (
        _off(z, m, s).abs().amax(dim=1)
    ),
    "One coordinate inside is enough for you. The point has to be inside with all of them together.": lambda z, m, s: (
        _off(z, m, s).abs().amin(dim=1)
    ),
    "You compared the squared distance with the radius.": lambda z, m, s: _off(z, m, s).pow(2).sum(dim=1),
    "You averaged over the directions inside the root. A distance sums over them.": lambda z, m, s: (
        _off(z, m, s).pow(2).mean(dim=1).sqrt()
    ),
    "You added the absolute differences. The Euclidean distance squares them first.": lambda z, m, s: (
        _off(z, m, s).abs().sum(dim=1)
    ),
}

SHARE_SLIPS: dict[str, Callable] = {
    "This is the share outside.": lambda z, m, s, r: 1 - _share_inside(z, m, s, r),
    "You counted the points. The share of them is asked for.": lambda z, m, s, r: len(z) * _share_inside(z, m, s, r),
    "This is per cent. A share lies between 0 and 1.": lambda z, m, s, r: 100 * _share_inside(z, m, s, r),
    "You counted coordinates and not points, so the shares for a line come out in any dimension.": lambda z, m, s, r: (
        (_off(z, m, s).abs() < r).double().mean()
    ),
    "You give one share for each direction. A point is inside or outside as a whole.": lambda z, m, s, r: (
        (_off(z, m, s).abs() < r).double().mean(dim=0)
    ),
    "You say of each point whether it is inside. The share is one number.": lambda z, m, s, r: _off(z, m, s).norm(dim=1) < r,
    "You scaled by the whole batch: one distance came out, where each point has one.": lambda z, m, s, r: (
        _off(z, m, s).norm() < r
    ).double(),
}


def _weighted(weights: Tensor, values: Tensor) -> Tensor:
    """The weighted mean over regions, (latent_dim,)."""
    return (weights[:, None] * values).sum(dim=0)


def _mixture_moments(weights: Tensor, mu: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and sigma of the mixture: the variance within the regions plus the variance of their centres."""
    mean = _weighted(weights, mu)
    return mean, _weighted(weights, sigma**2 + (mu - mean) ** 2).sqrt()


def _with_sigma(spread: Callable) -> Callable:
    """The right mean beside the sigma that ``spread(weights, mu, sigma, mean)`` gives."""
    return lambda w, m, s: (_weighted(w, m), spread(w, m, s, _weighted(w, m)))


MIXTURE_SLIPS: dict[str, Callable] = {
    "You left the weights out: all regions count the same in your answer.": lambda w, m, s: _mixture_moments(
        torch.full_like(w, 1 / len(w)), m, s
    ),
    "Your mean leaves the weights out; the sigma is that of the right mean.": lambda w, m, s: (
        m.mean(dim=0),
        _mixture_moments(w, m, s)[1],
    ),
    "Your sigma has the widths of the regions only. The mixture is also wide because their centres differ.": _with_sigma(
        lambda w, m, s, mean: _weighted(w, s**2).sqrt()
    ),
    "Your sigma has the distances of the centres only. Each region also has a width of its own.": _with_sigma(
        lambda w, m, s, mean: _weighted(w, (m - mean) ** 2).sqrt()
    ),
    "You averaged the sigmas. Standard deviations do not average, and the centres are not in it at all.": _with_sigma(
        lambda w, m, s, mean: _weighted(w, s)
    ),
    "You averaged the sigmas before you squared them. Which of the two averages, sigma or its square?": _with_sigma(
        lambda w, m, s, mean: (_weighted(w, s) ** 2 + _weighted(w, (m - mean) ** 2)).sqrt()
    ),
    "You added two standard deviations, that within and that between. Which quantity adds?": _with_sigma(
        lambda w, m, s, mean: _weighted(w, s**2).sqrt() + _weighted(w, (m - mean) ** 2).sqrt()
    ),
    "You took sigma where its square belongs: a width and a squared distance do not add.": _with_sigma(
        lambda w, m, s, mean: _weighted(w, s + (m - mean) ** 2).sqrt()
    ),
    "Your second value is the variance. Sigma is asked for.": lambda w, m, s: (
        _weighted(w, m),
        _mixture_moments(w, m, s)[1] ** 2,
    ),
    "You measured the spread around 0. It is measured around the mean of the mixture.": _with_sigma(
        lambda w, m, s, mean: _weighted(w, s**2 + m**2).sqrt()
    ),
    "You measured the centres from their plain average. The mean of the mixture is weighted.": _with_sigma(
        lambda w, m, s, mean: _weighted(w, s**2 + (m - m.mean(dim=0)) ** 2).sqrt()
    ),
    "This is the sigma of a weighted sum of draws, one from each region. A draw from a mixture comes from one region.": _with_sigma(
        lambda w, m, s, mean: _weighted(w**2, s**2).sqrt()
    ),
    "The two values have changed places: first the mean, then sigma.": lambda w, m, s: _mixture_moments(w, m, s)[::-1],
}


def _normals(*shape: int, seed: int) -> Tensor:
    """Standard normal numbers in float64, the same in every call."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
