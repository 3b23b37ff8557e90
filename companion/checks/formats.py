"""Checks for the number that says how widely a code is drawn: what a format does to it, its density, its clamps, its heads.

Everything is held against a reference that forms no variance where a format could not hold one.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from companion.checks.calling import call
from companion.checks.cases import Case, gaussians, normals, seeded, uniform, whole
from companion.checks.comparing import compare
from companion.checks.verdict import Verdict, judge_words

FLOAT16 = {"variance": "0", "sigma": "number", "root": "0", "slope of root": "nan", "KL": "number"}
FLOAT16_WRONG = {
    ("variance", "number"): "You let float16 hold the variance. Where does its exp end on the lower side?",
    ("variance", "inf"): "You let the variance grow. Which way does exp go for a negative number?",
    ("variance", "nan"): "You made the variance NaN. A format that runs out of small numbers rounds.",
    ("sigma", "0"): "You let sigma go where the variance goes. What does its line do to logvar before exp?",
    ("sigma", "inf"): "You let sigma grow. Which way does exp go for a negative number?",
    ("sigma", "nan"): "You made sigma NaN. There is one exp in its line, and no division.",
    ("root", "number"): "As a formula you are right, as a program not: exp comes first in this line. What does the root get to see?",
    ("root", "inf"): "You let the root grow. What does it get to see?",
    ("root", "nan"): "You made the root itself NaN. It is taken of something that has a root.",
    ("slope of root", "number"): "You gave the root an ordinary slope. How steep is a root at the place where it is taken here?",
    ("slope of root", "0"): "You let exp win: its slope is 0 there. What is it multiplied with on the way back?",
    ("slope of root", "inf"): "You let the root win: it is endlessly steep there. What is that multiplied with on the way back?",
    ("KL", "inf"): "You let the KL follow the logarithm of the variance. Does it take a logarithm, or is logvar handed to it?",
    ("KL", "nan"): "You made the KL NaN. It is a sum of terms: which of them would not be finite?",
    ("KL", "0"): "You let the KL vanish. It is 0 where sigma is 1, and this sigma is far from 1.",
}  # fmt: skip


def check_small_logvar(prediction: Any, *, seed: int = 0) -> Verdict:
    """Judge what five expressions give for logvar = -18 in float16: a dict of "number", "0", "inf" or "nan".

    The numbers 0, inf and nan themselves will do too.
    """
    if isinstance(prediction, Mapping):
        prediction = {key: _as_word(value) for key, value in prediction.items()}
    return judge_words(
        prediction,
        FLOAT16,
        ("number", "0", "inf", "nan"),
        FLOAT16_WRONG,
        "Two lines for the same sigma, and only one of them survives. Change the line and see.",
    )


def check_log_density(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(z, mu, logvar)``: the log density of z under N(mu, diag(exp(logvar))), each (batch, latent_dim), in nats, (batch,).

    It has to hold where the format cannot hold the variance. Source: Bishop 2006, equation 2.43.
    """
    cases = _density_cases(seed)
    options: dict[str, Any] = {"name": "log_density", "gradient": ("z", "mu", "logvar"), "dtype": True, "scale": 10.0}
    options["praise"] = "It is right for ordinary codes, and where the variance has no place in float32 or in float64."
    return _ordinary_first(
        answer, _log_density, cases, slips=DENSITY_SLIPS, extreme_slips=DENSITY_SLIPS, breaks=DENSITY_FAR, **options
    )


def check_cut(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(logvar, low, high)``: logvar cut to [low, high], with the slope of an uncut logvar, 1 everywhere.

    Source: the straight-through estimator, Bengio, Leonard and Courville 2013.
    """
    cases = _cut_cases(seed)
    verdict = compare(
        answer,
        _cut,
        cases,
        slips=CUT_SLIPS,
        name="cut",
        praise="Cut on the way forward, slope 1 on the way back, inside the limits and outside.",
        gradient=("logvar",),
        gradient_slips=SLOPE_SLIPS,
        dtype=True,
    )
    if not verdict.right:
        return verdict
    single = call(cast(Callable, answer), cases[0].arguments, "cut")  # `compare` takes a tensor of one number for a number
    if isinstance(single, Tensor) and single.ndim:
        return Verdict(False, "A single number came back with an axis more than it had. The shape stays, whatever it is.")
    return verdict


def check_heads(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(sigma, slope, rate)``: sigma after one gradient step in the output a of three heads, a tuple of three, each (n,).

    The heads: softplus, sigma = log(1 + exp(a)); exp, sigma = exp(a); logvar, sigma = exp(a / 2). slope: (n,), of the loss in sigma.
    """
    cases = _heads_cases(seed)
    options: dict[str, Any] = {"name": "heads", "dtype": True, "parts": HEADS_PARTS, "scale": 1e-4}
    options["praise"] = "All three steps are right, from sigma 0.00001 to 100, in float32 too."
    return _ordinary_first(answer, _heads, cases, slips=HEADS_SLIPS, extreme_slips={}, breaks=HEADS_FAR, **options)


def _ordinary_first(
    answer: object,
    reference: Callable,
    cases: list[Case],
    *,
    slips: Mapping[str, Callable],
    extreme_slips: Mapping[str, Callable],
    breaks: str,
    **options: Any,
) -> Verdict:
    """The verdict on the ordinary cases, and of an answer that is right there, on all.

    slips: for ordinary cases. extreme_slips: for the extreme ones. breaks: what to say where none of these is the answer's.
    """
    verdict = compare(answer, reference, [case for case in cases if not case.extreme], slips=slips, **options)
    if not verdict.right:
        return verdict
    return compare(answer, reference, cases, slips={**extreme_slips, breaks: cast(Callable, answer)}, **options)


def check_settle(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(logvar, c, tau, beta)``: five steps on the way to where training takes sigma, a tuple of five, each (n,).

    The cost of noise, the KL from N(0, tau^2), the slope of noise + beta KL in logvar, the logvar where that is 0, the bend there.
    """
    return compare(
        answer,
        _settle,
        _settle_cases(seed),
        slips=SETTLE_SLIPS,
        name="settle",
        praise="All five steps are right. The last one says something about the learning rate.",
        parts=SETTLE_PARTS,
        stepwise=True,
    )


def _as_word(value: object) -> object:
    """Name a number as the table does: 0, inf, nan, or "number"; hand on anything else.

    >>> [_as_word(value) for value in (0.0, -2, float("inf"), "0", "8.5", "small")]
    ['0', 'number', 'inf', '0', 'number', 'small']
    """
    if isinstance(value, str):
        try:
            value = float(value)  # as the table prints it
        except ValueError:
            return value
    if isinstance(value, (Tensor, np.ndarray, np.generic)):
        many = value.numel() if isinstance(value, Tensor) else value.size
        value = value.item() if many == 1 else value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    if math.isnan(value):
        return "nan"
    return "0" if value == 0 else "number" if math.isfinite(value) else "inf"


# Log density. z, mu, logvar (batch, latent_dim) -> (batch,).

LOG_2PI = math.log(2 * math.pi)


def _density_cases(seed: int) -> list[Case]:
    generator = seeded(seed)

    def case(batch: int, latent_dim: int, about: str, dtype: torch.dtype = torch.float64, wide: bool = False) -> Case:
        mu, logvar = gaussians(batch, latent_dim, generator, dtype=dtype, low=-8 if wide else -3, high=3 if wide else 2)
        eps = normals(batch, latent_dim, generator=generator, dtype=dtype)
        if wide:
            eps[0, 0], eps[-1, -1] = 17.5, 0
        return Case((mu + (0.5 * logvar).exp() * eps, mu, logvar), about)

    def far(size: int, about: str, dtype: torch.dtype) -> Case:
        """Codes at mu = 0, so that their distance has all its digits."""
        logvar = torch.tensor([[-size, 0.5], [size, -1.0], [-size, size]], dtype=dtype)
        eps = normals(3, 2, generator=generator, dtype=dtype)
        return Case(((0.5 * logvar).exp() * eps, torch.zeros(3, 2, dtype=dtype), logvar), about, extreme=True)

    batch, latent_dim = whole(3, 6, generator), whole(2, 4, generator)
    return [
        case(1, 1, "one code with one direction"),
        case(1, 3, "one code"),
        case(2, 1, "one direction"),
        case(batch, latent_dim, "several codes"),
        case(batch, latent_dim, "logvar from -8 to 3, with codes far from mu and at mu", wide=True),
        case(batch, latent_dim, "float32", torch.float32),
        far(whole(106, 112, generator), "logvar near -110 and 110 in float32", torch.float32),
        far(whole(1200, 1300, generator), "logvar beyond -1200 and 1200 in float64", torch.float64),
    ]


def _log_density(z: Tensor, mu: Tensor | int, logvar: Tensor) -> Tensor:
    """The distance is divided by sigma before it is squared, so that no variance is formed."""
    return _density(((z - mu) * (-0.5 * logvar).exp()) ** 2, logvar)


def _density(squared: Tensor, logvar: Tensor, constant: Tensor | float | int = LOG_2PI) -> Tensor:
    """The log density from squared distances in sigmas, (batch, latent_dim)."""
    return -0.5 * (squared + logvar + constant).sum(dim=1)


# Of an answer that is right on the other cases; where it breaks is its own.
DENSITY_FAR = (
    "As a formula it is right. It fails where the format cannot hold the variance, although the answer is an ordinary number: does a step"
    " form a variance or a density, and is anything clamped, added or replaced?"
)
DENSITY_SLIPS: dict[str, Callable] = {
    "As a formula it is right. It fails where the format cannot hold the variance, although the answer is an ordinary number: where is"
    " a variance formed on the way?": lambda z, m, v: _density((z - m) ** 2 / v.exp(), v),
    "As a formula it is right. Where the format cannot hold the variance, its logarithm is not finite: logvar was handed to you.": (
        lambda z, m, v: _density(((z - m) * (-0.5 * v).exp()) ** 2, v.exp().log())
    ),
    "You read logvar as log sigma, in every term. Which of the two is the argument?": lambda z, m, v: _log_density(z, m, 2 * v),
    "You read logvar as log sigma under the square: the distance is divided by sigma twice over.": lambda z, m, v: _density(
        (z - m) ** 2 / (2 * v).exp(), v
    ),
    "You squared the distance and divided by sigma once. The square is of the distance in sigmas.": lambda z, m, v: _density(
        (z - m) ** 2 / (0.5 * v).exp(), v
    ),
    "You divided by logvar. It is a logarithm, and may be negative; a variance never is.": lambda z, m, v: _density(
        (z - m) ** 2 / v, v
    ),
    "You counted the distance in plain units. A density counts it in sigmas.": lambda z, m, v: _density((z - m) ** 2, v),
    "You measured from the origin. Each Gaussian has its centre at its mu.": lambda z, m, v: _log_density(z, 0, v),
    "You are off by a constant in each direction: the term that knows neither z nor logvar is missing.": lambda z, m, v: _density(
        (z - m) ** 2 / v.exp(), v, constant=0
    ),
    "You are off by a constant: it was counted once a code. Each direction has its own.": lambda z, m, v: (
        _density((z - m) ** 2 / v.exp(), v, constant=0) - 0.5 * LOG_2PI
    ),
    "Your constant is twice what it should be: is it outside a bracket that halves the rest?": lambda z, m, v: _density(
        (z - m) ** 2 / v.exp(), v, constant=2 * LOG_2PI
    ),
    "Your constant has the wrong sign.": lambda z, m, v: _density((z - m) ** 2 / v.exp(), v, constant=-LOG_2PI),
    "The width has no price in your density: a wide Gaussian must be lower than a narrow one.": lambda z, m, v: _density(
        (z - m) ** 2 / v.exp(), 0 * v
    ),
    "You let a wide Gaussian be higher than a narrow one: look at the sign of the term that holds logvar alone.": lambda z, m, v: (
        _density((z - m) ** 2 / v.exp(), -v)
    ),
    "You took all of logvar where log sigma belongs: the price of the width is twice what it should be.": lambda z, m, v: _density(
        (z - m) ** 2 / v.exp(), 2 * v
    ),
    "The price of the width is half of what it should be: logvar was halved twice.": lambda z, m, v: _density(
        (z - m) ** 2 / v.exp(), 0.5 * v
    ),
    "The squared distance counts twice: there is a factor in front of it in the exponent of a Gaussian.": lambda z, m, v: _density(
        2 * (z - m) ** 2 / v.exp(), v
    ),
    "The distance in sigmas is not squared.": lambda z, m, v: _density((z - m) * (-0.5 * v).exp(), v),
    "This falls where the density rises: the sign in front is turned.": lambda z, m, v: -_log_density(z, m, v),
    "You took the mean over the directions. Independent densities multiply, and their logarithms?": lambda z, m, v: (
        _log_density(z, m, v) / z.shape[1]
    ),
    "You summed over the batch too. One number for each code is asked for.": lambda z, m, v: _log_density(z, m, v).sum(),
    "You took the mean over the batch. One number for each code is asked for.": lambda z, m, v: _log_density(z, m, v).mean(),
    "You give one number for each direction. A code has one density, of all its directions together.": lambda z, m, v: (
        -0.5 * ((z - m) ** 2 / v.exp() + v + LOG_2PI)
    ),
    "This is the density itself. Its logarithm is asked for.": lambda z, m, v: _log_density(z, m, v).exp(),
    "This would be right if softplus made sigma. This head says logvar.": lambda z, m, v: _log_density(
        z, m, 2 * F.softplus(v).log()
    ),
    "This is in bits, the logarithm to the base 2. Nats are asked for.": lambda z, m, v: _log_density(z, m, v) / math.log(2),
    "Your constant has a logarithm to the base 10. Nats are asked for.": lambda z, m, v: _density(
        (z - m) ** 2 / v.exp(), v, constant=math.log10(2 * math.pi)
    ),
    "Something was cut off: logvar was clamped. Every finite logvar counts as it is.": lambda z, m, v: _log_density(
        z, m, v.clamp(-80, 80)
    ),
}


# Cut. logvar of any shape, low and high numbers -> the shape of logvar.


def _cut_cases(seed: int) -> list[Case]:
    generator = seeded(seed)
    low, high = -whole(6, 10, generator), whole(2, 5, generator)

    def inside_and_out(rows: int, dtype: torch.dtype = torch.float64) -> Tensor:
        """Numbers below, between and above the limits, a row each of three, well away from the limits."""
        parts = (low - 20, low - 0.5), (low + 0.5, high - 0.5), (high + 0.5, high + 200)
        return torch.stack([uniform(a, b, rows, generator=generator, dtype=dtype) for a, b in parts], dim=1)

    one = uniform(low + 0.5, high - 0.5, 1, generator=generator)[0]
    return [
        Case((one, low, high), "a single number inside the limits"),
        Case((inside_and_out(1)[0], float(low), float(high)), "one row of numbers"),
        Case((inside_and_out(whole(3, 4, generator)), low, high), "numbers inside the limits and outside"),
        Case((inside_and_out(3), high + 1.25, high + 60.5), "limits that are both above 0, and no whole numbers"),
        Case((inside_and_out(3, torch.float32), low, high), "float32"),
        Case((torch.tensor([[-1e20, 1e20]], dtype=torch.float64), low, high), "a logvar of 1e20", extreme=True),
        Case((torch.tensor([[-1e30, 1e30]], dtype=torch.float32), low, high), "a logvar of 1e30 in float32", extreme=True),
    ]


def _cut(logvar: Tensor, low: float | int, high: float | int) -> Tensor:
    """The clamp, plus a zero whose slope is 1."""
    return logvar.clamp(low, high).detach() + (logvar - logvar.detach())


def _soft(logvar: Tensor, low: float | int, high: float | int) -> Tensor:
    """A smooth squeeze into the limits."""
    return low + (high - low) * torch.sigmoid(4 * (logvar - (low + high) / 2) / (high - low))


CUT_SLIPS: dict[str, Callable] = {
    "Right for ordinary numbers. At a logvar of 1e20 or 1e30 the limit is lost: which two large numbers are added there, and how many"
    " digits are left of the small one between them?": lambda v, low, high: v + (v.clamp(low, high) - v),
    "Nothing was cut: numbers outside the limits come back as they were.": lambda v, low, high: v,
    "Only the upper limit is kept.": lambda v, low, high: v.clamp(max=high),
    "Only the lower limit is kept.": lambda v, low, high: v.clamp(min=low),
    "Your limits lie as far below 0 as above it. `low` and `high` are two numbers.": lambda v, low, high: v.clamp(-high, high),
    "Your limits lie as far above 0 as below it. `low` and `high` are two numbers.": lambda v, low, high: v.clamp(low, -low),
    "The limits are numbers of your own. `low` and `high` are handed in.": lambda v, low, high: v.clamp(-10, 10),
    "Your limits are whole numbers. `low` and `high` may be any numbers.": lambda v, low, high: v.clamp(int(low), int(high)),
    "The limits have changed places.": lambda v, low, high: v.clamp(high, low),
    "The squeeze is smooth, so it changes what lies inside the limits too. Inside, logvar should come back as it was.": _soft,
    "A sigmoid keeps the limits, and what lies between them is not what came in. Inside, logvar should come back as it was.": (
        lambda v, low, high: low + (high - low) * v.sigmoid()
    ),
    "Numbers outside the limits became 0. They should become the nearer limit.": lambda v, low, high: torch.where(
        (v < low) | (v > high), 0.0, v
    ),
    "You return the variance. The cut logvar is asked for.": lambda v, low, high: v.clamp(low, high).exp(),
    "You return where something was cut. The cut logvar is asked for.": lambda v, low, high: (v < low) | (v > high),
    "You return what was cut off. The cut logvar is asked for.": lambda v, low, high: v - v.clamp(low, high),
}

SLOPE_SLIPS: dict[str, Callable] = {
    "The values are right. This is the plain clamp: outside the limits its slope is 0, and no force leads back.": (
        lambda v, low, high: v.clamp(low, high)
    ),
    "The values are right. Outside the limits the slope has the wrong sign, and inside it is 0: which of the parts is the constant?": (
        lambda v, low, high: v.clamp(low, high) - (v - v.detach())
    ),
    "The values are right. Inside the limits the slope is 2: two paths lead back there.": lambda v, low, high: (
        v.clamp(low, high) + (v - v.detach())
    ),
    "The values are right. The slope is -1 everywhere: it drives logvar the wrong way.": lambda v, low, high: (
        v.clamp(low, high).detach() - (v - v.detach())
    ),
    "The values are right. logvar was multiplied with what cuts it, so the slope is that factor. It should be 1 everywhere.": (
        lambda v, low, high: v * (v.clamp(low, high) / v).detach()
    ),
    "The values are right. The slope comes back outside the limits only.": lambda v, low, high: torch.where(
        (v < low) | (v > high), v.clamp(low, high).detach() + (v - v.detach()), v.detach()
    ),
    "The values are right. The slope is that of a smooth squeeze; it should be 1 everywhere.": lambda v, low, high: (
        v.clamp(low, high).detach() + _soft(v, low, high) - _soft(v, low, high).detach()
    ),
}


# Heads. sigma, slope (n,), rate a number -> sigma after a step, by head, each (n,).

HEADS_PARTS = ("sigma of the softplus head", "sigma of the exp head", "sigma of the logvar head")


def _heads_cases(seed: int) -> list[Case]:
    generator = seeded(seed)

    def case(sigma: Tensor, about: str, size: float | int = 0, extreme: bool = False) -> Case:
        """The slope is a few nats over sigma, as at the KL's wall, or of a given size."""
        nats = uniform(-3, 3, len(sigma), generator=generator, dtype=sigma.dtype)
        return Case((sigma, size * nats if size else (nats / sigma), whole(5, 30, generator) / 100), about, extreme)

    def several(low: float | int, high: float | int, dtype: torch.dtype = torch.float64) -> Tensor:
        return uniform(low, high, whole(3, 5, generator), generator=generator, dtype=dtype)

    tiny = torch.tensor([1e-5, 3e-5, 1e-4])
    return [
        case(several(0.3, 2.5)[:1], "one sigma"),
        case(several(0.3, 2.5), "several sigmas"),
        case(several(0.02, 0.1), "small sigmas"),
        case(several(3, 6), "large sigmas", size=1.0),
        case(several(0.3, 2.5, torch.float32), "float32"),
        case(tiny, "tiny sigmas in float32", extreme=True),
        case(several(90, 100, torch.float32), "sigma near 100 in float32", size=0.3, extreme=True),
    ]


def _before(sigma: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The output a of each head that gives sigma; exp is never taken of a large number, and no 1 is taken from a number near 1."""
    return sigma + (-torch.expm1(-sigma)).log(), sigma.log(), 2 * sigma.log()


def _slopes(sigma: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The derivative of sigma in a, by head."""
    return -torch.expm1(-sigma), sigma, sigma / 2


def _after(softplus: Tensor, exp: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return F.softplus(softplus), exp.exp(), (logvar / 2).exp()


def _heads(sigma: Tensor, slope: Tensor, rate: float | int) -> tuple[Tensor, Tensor, Tensor]:
    return _stepped(sigma, slope, rate, _slopes(sigma))


def _stepped(sigma: Tensor, slope: Tensor, rate: float | int, by_a: tuple) -> tuple[Tensor, Tensor, Tensor]:
    """A step in each head's a, with the derivatives of sigma in a as they are given."""
    return _after(*(a - rate * slope * each for a, each in zip(_before(sigma), by_a, strict=True)))


def _head(place: int, change: Callable) -> Callable:
    """A slip in one head: change(sigma, slope, rate) -> its sigma after the step."""

    def slip(sigma: Tensor, slope: Tensor, rate: float | int) -> tuple:
        right = list(_heads(sigma, slope, rate))
        right[place] = change(sigma, slope, rate)
        return tuple(right)

    return slip


# Of an answer that is right on the other cases; how its digits are lost is its own.
HEADS_FAR = (
    "Right for ordinary sigmas, and not in float32 where sigma is near 100 or near 0. Where do you take exp of a large number, where does"
    " a small number meet a 1, and is anything clamped?"
)
HEADS_SLIPS: dict[str, Callable] = {
    "The step was taken in sigma itself. A network's step is taken in a, the head's output.": lambda s, g, r: (s - r * g,) * 3,
    "The slope in sigma was used as the slope in a. One link of the chain is missing, in each head.": lambda s, g, r: _stepped(
        s, g, r, (1, 1, 1)
    ),
    "The step was taken in sigma itself, with the slope in a. It is a that makes the step.": lambda s, g, r: tuple(
        s - r * g * each for each in _slopes(s)
    ),
    "The link of the chain was divided by and not multiplied with: the slope in a is the slope in sigma times dsigma/da.": (
        lambda s, g, r: _stepped(s, g, r, tuple(1 / each for each in _slopes(s)))
    ),
    "The steps go uphill: a gradient step goes against the slope.": lambda s, g, r: _heads(s, g, -r),
    "The rate is left out.": lambda s, g, r: _heads(s, g, 1.0),
    "You return the outputs a after the step. The sigmas that they stand for are asked for.": lambda s, g, r: tuple(
        a - r * g * each for a, each in zip(_before(s), _slopes(s), strict=True)
    ),
    "You return by how much sigma changes. The sigma after the step is asked for.": lambda s, g, r: tuple(
        each - s for each in _heads(s, g, r)
    ),
    "You return the variances.": lambda s, g, r: tuple(each**2 for each in _heads(s, g, r)),
    "The steps follow a straight line: sigma changes by its slope times the step in a. The head is curved; go to a and back.": (
        lambda s, g, r: tuple(s - r * g * each**2 for each in _slopes(s))
    ),
    "softplus has the slope of a sigmoid, taken at a. You took it at sigma.": _head(
        0, lambda s, g, r: F.softplus(_before(s)[0] - r * g * s.sigmoid())
    ),
    "The softplus head is treated as a straight line, with a slope of 1.": _head(
        0, lambda s, g, r: F.softplus(_before(s)[0] - r * g)
    ),
    "The softplus head starts at a = sigma. Which a gives this sigma?": _head(
        0, lambda s, g, r: F.softplus(s - r * g * s.sigmoid())
    ),
    "Your softplus is the variance. Here it is sigma.": _head(
        0, lambda s, g, r: F.softplus(_before(s**2)[0] - r * g * _slopes(s**2)[0] / (2 * s)).sqrt()
    ),
    "logvar and exp are treated alike. logvar is the logarithm of the variance, exp that of sigma.": _head(
        2, lambda s, g, r: s * (-r * g * s).exp()
    ),
    "In the logvar head the derivative of sigma in a is twice what it should be.": _head(
        2, lambda s, g, r: s * (-r * g * s / 2).exp()
    ),
    "In the logvar head a is not halved on the way back to sigma.": _head(2, lambda s, g, r: (2 * s.log() - r * g * s / 2).exp()),
    "In the logvar head the way there takes log sigma, and the way back halves it.": _head(
        2, lambda s, g, r: ((s.log() - r * g * s / 2) / 2).exp()
    ),
    "In the logvar head the derivative is that of the variance. The slope is in sigma.": _head(
        2, lambda s, g, r: s * (-r * g * s**2 / 2).exp()
    ),
    "exp and logvar have changed places.": lambda s, g, r: tuple(_heads(s, g, r)[i] for i in (0, 2, 1)),
    "softplus and exp have changed places.": lambda s, g, r: tuple(_heads(s, g, r)[i] for i in (1, 0, 2)),
    "The softplus head comes first, then exp and logvar.": lambda s, g, r: tuple(_heads(s, g, r)[i] for i in (1, 2, 0)),
    "The order is softplus, exp, logvar.": lambda s, g, r: tuple(_heads(s, g, r)[i] for i in (2, 1, 0)),
}


# Where sigma settles. logvar, c, tau, beta (n,) -> five steps, each (n,).

SETTLE_PARTS = ("The cost of noise", "The KL", "The slope", "The logvar at rest", "The bend")


def _settle_cases(seed: int) -> list[Case]:
    generator = seeded(seed)

    def case(n: int, about: str, c: tuple, logvar: tuple = (-2, 2), beta: tuple = (0.1, 4)) -> Case:
        ranges = logvar, c, (0.3, 3), beta
        return Case(tuple(uniform(low, high, n, generator=generator) for low, high in ranges), about)

    n = whole(3, 6, generator)
    return [
        case(1, "one latent", (1, 9)),
        case(n, "several latents", (1, 90)),
        case(n, "a decoder that does not care, c below 0.1", (0, 0.1)),
        case(n, "a large c", (500, 5000)),
        case(n, "a large c and a small beta", (3500, 5000), beta=(0.1, 0.5)),
        case(n, "a logvar below -6", (1, 90), (-8, -6)),
        case(n, "a logvar above 2", (1, 90), (2, 3)),
    ]


def _settle(logvar: Tensor, c: Tensor, tau: Tensor, beta: Tensor) -> tuple[Tensor, ...]:
    variance = logvar.exp()
    noise = 0.5 * c * variance
    kl = 0.5 * (variance / tau**2 - 1 - logvar + 2 * tau.log())
    slope = 0.5 * (c * variance + beta * (variance / tau**2 - 1))
    return noise, kl, slope, beta.log() - (c + beta / tau**2).log(), beta / 2


def _step(place: int, change: Callable) -> Callable:
    """A slip in one of the five: change(logvar, c, tau, beta) -> what stands there."""

    def slip(logvar: Tensor, c: Tensor, tau: Tensor, beta: Tensor) -> tuple:
        right = list(_settle(logvar, c, tau, beta))
        right[place] = change(logvar, c, tau, beta)
        return tuple(right)

    return slip


SETTLE_SLIPS: dict[str, Callable] = {
    "Step 1: the half is missing. The cost of a small step is a parabola.": _step(0, lambda v, c, t, b: c * v.exp()),
    "Step 1: c is squared. It is a curvature already.": _step(0, lambda v, c, t, b: 0.5 * c**2 * v.exp()),
    "Step 1: the noise costs c times its mean square, and that is the variance. You took sigma.": _step(
        0, lambda v, c, t, b: 0.5 * c * (0.5 * v).exp()
    ),
    "Step 1: logvar is the logarithm of the variance. You squared the variance.": _step(
        0, lambda v, c, t, b: 0.5 * c * (2 * v).exp()
    ),
    "Step 2: this is the KL from N(0, 1). The prior here is tau wide.": _step(1, lambda v, c, t, b: 0.5 * (v.exp() - 1 - v)),
    "Step 2: the half in front is missing.": _step(1, lambda v, c, t, b: 2 * _settle(v, c, t, b)[1]),
    "Step 2: the sign is turned. A KL is never negative.": _step(1, lambda v, c, t, b: -_settle(v, c, t, b)[1]),
    "Step 2: the logarithm of tau is missing. Where q is the prior the KL should be 0.": _step(
        1, lambda v, c, t, b: 0.5 * (v.exp() / t**2 - 1 - v)
    ),
    "Step 2: log tau counts half. The logarithm is that of a ratio of variances.": _step(
        1, lambda v, c, t, b: 0.5 * (v.exp() / t**2 - 1 - v + t.log())
    ),
    "Step 2: tau is read as a variance. It is a standard deviation.": _step(
        1, lambda v, c, t, b: 0.5 * (v.exp() / t - 1 - v + t.log())
    ),
    "Step 2: log tau has the wrong sign. Where q is the prior the KL should be 0.": _step(
        1, lambda v, c, t, b: 0.5 * (v.exp() / t**2 - 1 - v - 2 * t.log())
    ),
    "Step 2: the variance is divided by tau, and tau is a standard deviation.": _step(
        1, lambda v, c, t, b: 0.5 * (v.exp() / t - 1 - v + 2 * t.log())
    ),
    "Step 2: the 1 is missing. Where q is the prior the KL should be 0.": _step(
        1, lambda v, c, t, b: 0.5 * (v.exp() / t**2 - v + 2 * t.log())
    ),
    "Step 2: the KL goes the other way, from the prior to q.": _step(
        1, lambda v, c, t, b: 0.5 * (t**2 / v.exp() - 1 + v - 2 * t.log())
    ),
    "Step 2: beta is in it. It comes in step 3.": _step(1, lambda v, c, t, b: b * _settle(v, c, t, b)[1]),
    "Step 3: this is the slope in the variance. The head says logvar: one more link of the chain.": _step(
        2, lambda v, c, t, b: _settle(v, c, t, b)[2] / v.exp()
    ),
    "Step 3: this is the slope in sigma. The head says logvar: one more link of the chain.": _step(
        2, lambda v, c, t, b: 2 * _settle(v, c, t, b)[2] / (0.5 * v).exp()
    ),
    "Step 3: beta is missing.": _step(2, lambda v, c, t, b: 0.5 * (c * v.exp() + v.exp() / t**2 - 1)),
    "Step 3: beta multiplies the noise too. It is the weight of the KL alone.": _step(
        2, lambda v, c, t, b: b * 0.5 * (c * v.exp() + v.exp() / t**2 - 1)
    ),
    "Step 3: the term that does not know the variance is missing. Which part of the KL is a straight line in logvar?": _step(
        2, lambda v, c, t, b: 0.5 * (c + b / t**2) * v.exp()
    ),
    "Step 3: the variance is divided by tau, and tau is a standard deviation.": _step(
        2, lambda v, c, t, b: 0.5 * (c * v.exp() + b * (v.exp() / t - 1))
    ),
    "Step 3: this is the sum itself, and its derivative is asked for.": _step(
        2, lambda v, c, t, b: _settle(v, c, t, b)[0] + b * _settle(v, c, t, b)[1]
    ),
    "Step 3: the slope of the noise is missing.": _step(2, lambda v, c, t, b: 0.5 * b * (v.exp() / t**2 - 1)),
    "Step 3: the prior is taken to be N(0, 1).": _step(2, lambda v, c, t, b: 0.5 * (c * v.exp() + b * (v.exp() - 1))),
    "Step 3: the half in front is missing.": _step(2, lambda v, c, t, b: 2 * _settle(v, c, t, b)[2]),
    "Step 4: this is the variance at rest. Its logarithm is asked for.": _step(3, lambda v, c, t, b: _settle(v, c, t, b)[3].exp()),
    "Step 4: this is the logarithm of sigma at rest. That of the variance is asked for.": _step(
        3, lambda v, c, t, b: 0.5 * _settle(v, c, t, b)[3]
    ),
    "Step 4: the sign is turned: a decoder that minds noise more should get less of it.": _step(
        3, lambda v, c, t, b: -_settle(v, c, t, b)[3]
    ),
    "Step 4: this is the rest for beta = 1 and tau = 1.": _step(3, lambda v, c, t, b: -(1 + c).log()),
    "Step 4: this is the rest for beta = 1.": _step(3, lambda v, c, t, b: -(c + 1 / t**2).log()),
    "Step 4: this is the rest for tau = 1.": _step(3, lambda v, c, t, b: b.log() - (c + b).log()),
    "Step 4: beta stands only beside tau. Where the slope is 0, beta stands alone on the other side, too.": _step(
        3, lambda v, c, t, b: -(c + b / t**2).log()
    ),
    "Step 4: tau is not squared, and it is a standard deviation.": _step(3, lambda v, c, t, b: b.log() - (c + b / t).log()),
    "Step 4: the logarithm is one to the base 10. exp undoes the natural one.": _step(
        3, lambda v, c, t, b: _settle(v, c, t, b)[3] / math.log(10)
    ),
    "Step 4: beta stands only in one of the two places where it belongs.": _step(
        3, lambda v, c, t, b: b.log() - (c + 1 / t**2).log()
    ),
    "Step 4 is the bend, step 5 the rest: they have changed places.": lambda v, c, t, b: tuple(
        _settle(v, c, t, b)[i] for i in (0, 1, 2, 4, 3)
    ),
    "Step 5: this is the bend at the logvar that was handed in. The one at rest is asked for.": _step(
        4, lambda v, c, t, b: 0.5 * (c + b / t**2) * v.exp()
    ),
    "Step 5: this is the bend in the variance. The one in logvar is asked for.": _step(
        4, lambda v, c, t, b: (c + b / t**2) ** 2 / (2 * b)
    ),
    "Step 5: twice what it should be. The half in front of the slope stays.": _step(4, lambda v, c, t, b: b),
    "Step 5: this is the slope at rest, which is 0.": _step(4, lambda v, c, t, b: 0 * b),
    "Step 5: this is the bend for beta = 1.": _step(4, lambda v, c, t, b: torch.full_like(b, 0.5)),
    "Step 5: the second derivative is there, and the variance at rest is not yet put in.": _step(
        4, lambda v, c, t, b: 0.5 * (c + b / t**2)
    ),
}
