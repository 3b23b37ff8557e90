"""Checks for Gaussians and what describes them: shares inside, mixtures, and what a diagonal one loses on a tilted one."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from companion.checks import values
from companion.checks.calling import run
from companion.checks.cases import Case, normals, seeded, uniform, whole
from companion.checks.comparing import compare
from companion.checks.verdict import PENDING, Verdict, describe, number

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


def check_share_in_space(prediction: Any, *, seed: int = 0) -> Verdict:
    """Judge a guess, in per cent: the share of draws from N(0, I) in three dimensions within 1 of the mean."""
    if prediction is None:
        return Verdict(None, PENDING)
    value = number(prediction)
    if value is None:
        return Verdict(False, "prediction should be a number, in per cent.", f"It is {describe(prediction)}.")
    if not 0 <= value <= 100:
        return Verdict(False, "A share lies between 0 and 100 per cent.")
    if 0 < value <= 1:
        return Verdict(False, "Say it in per cent, a number between 1 and 100.")
    if abs(value - BALL) <= 3.5:
        return Verdict(True, "Close enough for a guess. Run the line with D = 3, then with D = 16.")
    nearest = min(BALL_WRONG, key=lambda wrong: abs(value - wrong))
    if abs(value - nearest) <= 0.75:
        return Verdict(False, BALL_WRONG[nearest])
    return Verdict(False, "More than a few points off. The numbers for one and two directions say which way it goes.")


def check_mixture_moments(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(weights, mu, sigma)``: mean and sigma of a mixture of diagonal Gaussians, a tuple, each (latent_dim,).

    weights: (regions,), above 0, with sum 1. mu, sigma: (regions, latent_dim).
    Source: the law of total variance, for example Bishop 2006, exercise 2.8.
    """
    return compare(
        answer,
        _mixture_moments,
        _mixture_cases(seed),
        slips=MIXTURE_SLIPS,
        name="mixture_moments",
        praise="It agrees with the moments of weighted regions, on a line, in the plane and beyond, and for a single region.",
        parts=("the mean", "sigma"),
        dtype=True,
    )


def _mixture_cases(seed: int) -> list[Case]:
    generator = seeded(seed)

    def case(regions: int, latent_dim: int, about: str, narrow: float = 0.3) -> Case:
        mu = 3 * normals(regions, latent_dim, generator=generator)
        return Case((_weights(regions, generator), mu, uniform(narrow, 1.5, regions, latent_dim, generator=generator)), about)

    several = case(whole(3, 5, generator), whole(2, 4, generator), "several regions")
    one_place = several.arguments[1][:1].expand_as(several.arguments[1]).clone()
    thin = uniform(0.02, 0.04, *one_place.shape, generator=generator)
    rare = case(3, 2, "regions with weights of a few thousandths")
    rare.arguments[0].copy_(torch.tensor([0.996, 0.003, 0.001]))
    return [
        case(2, 1, "two regions on a line"),
        case(2, 2, "two regions in the plane"),
        several,
        case(whole(6, 9, generator), whole(6, 9, generator), "narrow regions", narrow=0.02),
        case(1, 2, "a single region"),
        Case((several.arguments[0], one_place, several.arguments[2]), "regions with one centre"),
        Case((several.arguments[0], one_place + 5 * one_place.sign(), thin), "narrow regions with one centre"),
        rare,
        Case(tuple(each.float() for each in several.arguments), "regions in float32"),
    ]


def _weights(regions: int, generator: torch.Generator) -> Tensor:
    """Different weights with sum 1, in hundredths."""
    parts = torch.randperm(12, generator=generator)[:regions] + 2
    parts[0] += 100 - parts.sum()
    return parts.double() / 100


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
    "Your mean is weighted, the squared widths and distances are not: take the same weights for them.": lambda w, m, s: (
        _weighted(w, m),
        (s**2 + (m - _weighted(w, m)) ** 2).mean(dim=0).sqrt(),
    ),
    "Your weights lie along the directions. They belong to the regions: `weights[:, None]` stands them up.": lambda w, m, s: (
        (w * m).sum(dim=0),
        (w * (s**2 + (m - (w * m).sum(dim=0)) ** 2)).sum(dim=0).sqrt(),
    ),
    "You squared the weights between the regions. A weight is no part of a distance.": _with_sigma(
        lambda w, m, s, mean: (_weighted(w, s**2) + _weighted(w**2, (m - mean) ** 2)).sqrt()
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
    "The spread of your centres leaves the weights out. A centre that is drawn seldom counts little.": _with_sigma(
        lambda w, m, s, mean: (_weighted(w, s**2) + m.var(dim=0, correction=0)).sqrt()
    ),
    "This is the sigma of a weighted sum of draws, one from each region. A draw from a mixture comes from one region.": _with_sigma(
        lambda w, m, s, mean: _weighted(w**2, s**2).sqrt()
    ),
    "The two values have changed places: first the mean, then sigma.": lambda w, m, s: _mixture_moments(w, m, s)[::-1],
    "You divided by the number of regions after weighting. The weights already sum to 1.": lambda w, m, s: (
        (w[:, None] * m).mean(dim=0),
        (w[:, None] * (s**2 + (m - (w[:, None] * m).mean(dim=0)) ** 2)).mean(dim=0).sqrt(),
    ),
    "Your mean is divided by the number of regions after weighting. The weights already sum to 1.": lambda w, m, s: (
        (w[:, None] * m).mean(dim=0),
        _mixture_moments(w, m, s)[1],
    ),
    "This is the product of the Gaussians, as two measurements of one thing are joined. In a mixture each draw is of one region.": (
        lambda w, m, s: ((m / s**2).sum(dim=0) / (1 / s**2).sum(dim=0), (1 / s**2).sum(dim=0) ** -0.5)
    ),
    "This is a product of the Gaussians with weights, as measurements of one thing are joined. In a mixture each draw is of one region.": (
        lambda w, m, s: (_weighted(w, m / s**2) / _weighted(w, 1 / s**2), _weighted(w, 1 / s**2) ** -0.5)
    ),
}


def check_tilt_cost(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(rho, tau, s)``: eight steps from a tilted Gaussian in the plane to what an untilted one loses on it, a tuple.

    A None at the end stands for steps that are not written yet.
    """
    cases = _tilt_cases(seed)
    written = judged = _written(answer, cases[0]) if callable(answer) else len(TILT_STEPS)
    if callable(answer):  # a slip in one step makes those wrong that follow from it: it is looked for up to the first wrong one
        judged = min([written, *(_right_steps(answer, case) + 1 for case in cases)])
    verdict = compare(
        _first(answer, judged) if callable(answer) else answer,
        _first(_tilt_cost, judged),
        cases,
        slips={message: _first(slip, judged) for message, slip in TILT_SLIPS.items()},
        name="tilt_cost",
        praise="Eight steps, each right by itself. The last two say what the chapter only found on a grid.",
        parts=TILT_STEPS,
    )
    if verdict and written < len(TILT_STEPS):
        return Verdict(False, f"Right so far, up to {TILT_STEPS[written - 1]}. The next is {TILT_STEPS[written]}.")
    return verdict


def _tilt_cases(seed: int) -> list[Case]:
    generator = seeded(seed)

    def case(low: float, high: float, about: str) -> Case:
        rho, tau, s = (uniform(*ends, 1, generator=generator).item() for ends in ((low, high), (0.5, 0.9), (0.2, 0.45)))
        return Case((rho, tau, s), about)

    small = [case(0.3, 0.7, "sigmas near 0.1").arguments[0], *(uniform(0.05, 0.15, 2, generator=generator).tolist())]
    return [
        case(0.3, 0.7, "a tilt"),
        case(-0.7, -0.3, "a tilt the other way"),
        case(0.99, 0.99, "a strong tilt"),
        Case(tuple(small), "sigmas near 0.1"),
        Case((0.5, float(whole(2, 5, generator)), float(whole(6, 9, generator))), "sigmas above 1"),
        Case((0.0, 1.0, 1.0), "no tilt, and sigmas of 1", extreme=True),
    ]


TILT_STEPS = (
    "the determinant",
    "the mean of the square",
    "the mean of log p",
    "the mean of log q",
    "the KL",
    "its slope",
    "the best s",
    "what is lost",
)


def _tilt_cost(rho: float, tau: float, s: float) -> tuple:
    upright, log_2_pi = 1 - rho**2, math.log(2 * math.pi)
    return (
        tau**4 * upright,
        2 * s**2 / (tau**2 * upright),
        -log_2_pi - 0.5 * math.log(tau**4 * upright) - s**2 / (tau**2 * upright),
        -log_2_pi - 2 * math.log(s) - 1,
        s**2 / (tau**2 * upright) - 1 - 2 * math.log(s / tau) + 0.5 * math.log(upright),
        2 * s / (tau**2 * upright) - 2 / s,
        tau * upright**0.5,
        -0.5 * math.log(upright),
    )


def _written(answer: Callable, case: Case) -> int:
    """How many steps an answer gives before the first None; all, where it gives anything else than a tuple of the right length."""
    value = run(answer, case.arguments).value
    if not isinstance(value, (tuple, list)) or len(value) != len(TILT_STEPS):
        return len(TILT_STEPS)
    return next((i for i, each in enumerate(value) if each is None and i > 0), len(TILT_STEPS))


def _right_steps(answer: Callable, case: Case) -> int:
    """How many steps of an answer are right before the first that is not; all, where it gives anything else than eight values."""
    value = values.plain(run(answer, case.arguments).value)
    if not isinstance(value, (tuple, Tensor)) or len(value) != len(TILT_STEPS) or value[0] is None:
        return len(TILT_STEPS)
    pairs = zip(value, _tilt_cost(*case.arguments), strict=True)
    off = (i for i, (got, right) in enumerate(pairs) if values.near(got, right) is values.Near.WRONG)
    return next(off, len(TILT_STEPS))


def _first(steps: Callable, count: int) -> Callable:
    """The function that gives the first values of what another one gives."""
    if count == len(TILT_STEPS):
        return steps

    def first(rho: float, tau: float, s: float) -> Any:
        return tuple(steps(rho, tau, s)[:count])

    return first


def _with_step(step: int, wrong: Callable) -> Callable:
    """The eight steps with another value for one of them."""
    return lambda *symbols: tuple(wrong(*symbols) if i == step else each for i, each in enumerate(_tilt_cost(*symbols)))


TILT_SLIPS: dict[str, Callable] = {
    message: _with_step(step, wrong)
    for step, message, wrong in (
        (
            0,
            "The determinant: off the diagonal stands a covariance, and it is multiplied by itself. Is your rho squared?",
            lambda r, t, s: t**4 * (1 - r),
        ),
        (0, "The determinant: the two products are subtracted, not added.", lambda r, t, s: t**4 * (1 + r**2)),
        (
            0,
            "The determinant: each of its two products has two factors, and each factor a tau squared.",
            lambda r, t, s: t**2 * (1 - r**2),
        ),
        (
            0,
            "The determinant: tau is lost.",
            lambda r, t, s: 1 - r**2,
        ),
        (
            1,
            "The mean of the square: that is its mean over draws of p. It is q that draws.",
            lambda r, t, s: 2.0,
        ),
        (
            1,
            "The mean of the square: the mean of a number's square is s squared.",
            lambda r, t, s: 2 * s / (t**2 * (1 - r**2)),
        ),
        (
            1,
            "The mean of the square: that is one direction. There are two.",
            lambda r, t, s: s**2 / (t**2 * (1 - r**2)),
        ),
        (
            1,
            "The mean of the square: the tilt is missing. What stands on the diagonal of the inverse?",
            lambda r, t, s: 2 * s**2 / t**2,
        ),
        (
            1,
            "The mean of the square: q draws, so its two numbers are not correlated. What is the mean of their product?",
            lambda r, t, s: 2 * s**2 / (t**2 * (1 + r)),
        ),
        (
            1,
            "The mean of the square: you put in C where its inverse belongs.",
            lambda r, t, s: 2 * s**2 * t**2,
        ),
        (
            2,
            "The mean of log p: the half before the logarithm of the determinant is missing.",
            lambda r, t, s: -math.log(2 * math.pi) - math.log(t**4 * (1 - r**2)) - s**2 / (t**2 * (1 - r**2)),
        ),
        (
            2,
            "The mean of log p: a large determinant makes a density low. Look at the sign.",
            lambda r, t, s: -math.log(2 * math.pi) + 0.5 * math.log(t**4 * (1 - r**2)) - s**2 / (t**2 * (1 - r**2)),
        ),
        (
            2,
            "The mean of log p: the half before the square is missing.",
            lambda r, t, s: -math.log(2 * math.pi) - 0.5 * math.log(t**4 * (1 - r**2)) - 2 * s**2 / (t**2 * (1 - r**2)),
        ),
        (
            2,
            "The mean of log p: the constant is that of one direction.",
            lambda r, t, s: -0.5 * math.log(2 * math.pi) - 0.5 * math.log(t**4 * (1 - r**2)) - s**2 / (t**2 * (1 - r**2)),
        ),
        (
            2,
            "The mean of log p: all of it has the wrong sign.",
            lambda r, t, s: -_tilt_cost(r, t, s)[2],
        ),
        (
            2,
            "The mean of log p: that is the mean of log q.",
            lambda r, t, s: _tilt_cost(r, t, s)[3],
        ),
        (
            2,
            "The mean of log p: the mean of the square is missing.",
            lambda r, t, s: -math.log(2 * math.pi) - 0.5 * math.log(t**4 * (1 - r**2)),
        ),
        (
            3,
            "The mean of log q: that is its entropy, which has the other sign.",
            lambda r, t, s: -_tilt_cost(r, t, s)[3],
        ),
        (
            3,
            "The mean of log q: all of it is that of one direction. There are two.",
            lambda r, t, s: _tilt_cost(r, t, s)[3] / 2,
        ),
        (
            3,
            "The mean of log q: the mean of its square is missing. What is it, where q itself draws?",
            lambda r, t, s: -math.log(2 * math.pi) - 2 * math.log(s),
        ),
        (
            3,
            "The mean of log q: the mean of the square is that of one direction. There are two.",
            lambda r, t, s: -math.log(2 * math.pi) - 2 * math.log(s) - 0.5,
        ),
        (
            3,
            "The mean of log q: the logarithm of s is that of one direction. There are two.",
            lambda r, t, s: -math.log(2 * math.pi) - math.log(s) - 1,
        ),
        (
            3,
            "The mean of log q: the constant is that of one direction.",
            lambda r, t, s: -0.5 * math.log(2 * math.pi) - 2 * math.log(s) - 1,
        ),
        (
            3,
            "The mean of log q: there is a tau in it. The sigma of q is s.",
            lambda r, t, s: -math.log(2 * math.pi) - 2 * math.log(t) - s**2 / t**2,
        ),
        (
            4,
            "The KL: that is the other one, KL(p || q). Here q draws.",
            lambda r, t, s: t**2 / s**2 - 1 - 2 * math.log(t / s) - 0.5 * math.log(1 - r**2),
        ),
        (4, "The KL: you subtracted the wrong way round.", lambda r, t, s: -_tilt_cost(r, t, s)[4]),
        (
            4,
            "The KL: the determinant is lost, and with it tau and the tilt.",
            lambda r, t, s: s**2 / (t**2 * (1 - r**2)) - 1 - 2 * math.log(s),
        ),
        (
            5,
            "The slope: what is the derivative of s squared?",
            lambda r, t, s: s / (t**2 * (1 - r**2)) - 2 / s,
        ),
        (
            5,
            "The slope: the logarithm of s stands there for two directions.",
            lambda r, t, s: 2 * s / (t**2 * (1 - r**2)) - 1 / s,
        ),
        (5, "The slope: one of its two parts pulls down. Look at the signs.", lambda r, t, s: 2 * s / (t**2 * (1 - r**2)) + 2 / s),
        (
            5,
            "The slope: that is the one by s squared. The slope by s is asked for.",
            lambda r, t, s: 1 / (t**2 * (1 - r**2)) - 1 / s**2,
        ),
        (6, "The best s: that is the variance.", lambda r, t, s: t**2 * (1 - r**2)),
        (6, "The best s: that is the sigma of p, which is best for KL(p || q).", lambda r, t, s: t),
        (6, "The best s: tau is lost.", lambda r, t, s: (1 - r**2) ** 0.5),
        (
            6,
            "The best s: that is the sigma along the short axis of the ellipse. Solve the step before for s.",
            lambda r, t, s: t * (1 - abs(r)) ** 0.5,
        ),
        (7, "What is lost: a KL is never below 0. Look at the sign.", lambda r, t, s: 0.5 * math.log(1 - r**2)),
        (7, "What is lost: the half is missing.", lambda r, t, s: -math.log(1 - r**2)),
        (7, "What is lost: that is in bits. Nats are asked for.", lambda r, t, s: -0.5 * math.log2(1 - r**2)),
        (7, "What is lost: put in the best s, not s.", lambda r, t, s: _tilt_cost(r, t, s)[4]),
    )
}
