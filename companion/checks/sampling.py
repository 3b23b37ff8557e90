"""Checks for drawing codes and for the number that says how widely: draws, the score function, log-variance, clamps, formats.

What is drawn is judged by what the draws are like, so that any order of drawing will do. Everything else is held against a reference.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from companion.checks.calling import call
from companion.checks.comparing import compare
from companion.checks.verdict import PENDING, Verdict, describe

CONSTANT = {
    "scatter, reparameterized": "same",
    "scatter, score function": "larger",
    "scatter, with baseline": "same",
    "mean, score function": "same",
}
CONSTANT_WRONG = {
    (
        "scatter, reparameterized",
        "larger",
    ): "You let the reparameterized estimates scatter more. What do they see of f: heights or slopes?",
    (
        "scatter, reparameterized",
        "smaller",
    ): "You let the reparameterized estimates scatter less. Does the slope of f know of a constant?",
    (
        "scatter, score function",
        "same",
    ): "You kept the scatter of the score function. It multiplies f itself by a direction: f is higher now.",
    (
        "scatter, score function",
        "smaller",
    ): "You let the score function scatter less. It multiplies f by a direction, and f is higher now.",
    (
        "scatter, with baseline",
        "larger",
    ): "You let the estimates with the baseline scatter more. What happens to the baseline when f rises?",
    (
        "scatter, with baseline",
        "smaller",
    ): "You let the baseline win by the constant. It rises with f: how much of the constant is left?",
    (
        "mean, score function",
        "larger",
    ): "You let the mean grow with f. A constant has no slope, and the mean is the slope that is looked for.",
    (
        "mean, score function",
        "smaller",
    ): "You let the mean fall. A constant has no slope, and the mean is the slope that is looked for.",
}

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

SAMPLES = 4000  # draws of the check: a spread is known to 1.1 %, a correlation to 0.016

Look = Callable[[Callable, torch.Tensor, torch.Tensor, torch.Tensor], str | None]


def check_constant_added(prediction: Any) -> Verdict:
    """Judge what a constant added to f does to three estimates of its gradient: a dict of "same", "larger" or "smaller"."""
    return _judge_words(
        prediction,
        CONSTANT,
        ("same", "larger", "smaller"),
        CONSTANT_WRONG,
        "One of the three looks at heights, and pays for it. Change the line and see.",
    )


def check_small_logvar(prediction: Any) -> Verdict:
    """Judge what five expressions give for logvar = -18 in float16: a dict of "number", "0", "inf" or "nan".

    The numbers 0, inf and nan themselves will do too.
    """
    if isinstance(prediction, dict):
        prediction = {key: _as_word(value) for key, value in prediction.items()}
    return _judge_words(
        prediction,
        FLOAT16,
        ("number", "0", "inf", "nan"),
        FLOAT16_WRONG,
        "Two lines for the same sigma, and only one of them survives. Change the line and see.",
    )


def check_draws(answer: object) -> Verdict:
    """Judge ``answer(mu, logvar, samples, generator)``: draws z = mu + sigma * eps, (samples, batch, latent_dim).

    mu, logvar: (batch, latent_dim). Every number of z has an eps of its own, drawn with the generator, and gradients reach mu and
    logvar. Source: Kingma and Welling 2014, section 2.4.
    """
    if answer is None:
        return Verdict(None, PENDING)
    if not callable(answer):
        return Verdict(False, f"draws should be a function; it is {describe(answer)}.")
    mu = torch.tensor([[3.0, -1.5, 0.8], [-2.0, 1.0, -4.0], [0.7, 2.5, 1.6], [-0.9, -3.0, 2.2]], dtype=torch.float64)
    logvar = torch.tensor([[-3.0, 1.2, -0.6], [0.8, -1.7, -2.4], [-4.2, -0.9, 0.5], [1.6, -2.1, -1.3]], dtype=torch.float64)
    z = call(answer, (mu, logvar, SAMPLES, _seeded(0)), "draws")
    if isinstance(z, Verdict):
        return z
    for look in LOOKS:
        message = look(answer, z, mu, logvar)
        if message:
            return Verdict(False, message)
    return Verdict(True, f"Place, spread, independence and both gradients are right, in {SAMPLES:,} draws for each of four images.")


def check_score_gradient(answer: object) -> Verdict:
    """Judge ``answer(cost, z, mu, logvar)``: the score-function estimate of the gradient in mu and in logvar, a tuple.

    cost: (samples, batch). z: (samples, batch, latent_dim). mu, logvar: (batch, latent_dim), and so is each part of the answer. The
    baseline of a draw is the mean cost of the other draws of its image (Kool, van Hoof and Welling 2019).
    """
    cases = []
    for samples, batch, seed in ((5, 4, 11), (3, 2, 12)):
        mu, logvar = 1 + _normals(batch, 3, seed=seed), -1 + 0.8 * _normals(batch, 3, seed=seed + 10)
        z = mu + (0.5 * logvar).exp() * _normals(samples, batch, 3, seed=seed + 20)
        cases.append((20 + z.square().sum(dim=2) + 3 * _normals(batch, seed=seed + 30), z, mu, logvar))
    return compare(
        answer,
        _score_gradient,
        cases,
        slips=SCORE_SLIPS,
        name="score_gradient",
        praise="It agrees for five draws of four images and for three draws of two, in mu and in logvar.",
    )


def check_log_density(answer: object) -> Verdict:
    """Judge ``answer(z, mu, logvar)``: the log density of z under N(mu, diag(exp(logvar))), each (batch, latent_dim), in nats, (batch,).

    It has to hold in float32 too, where logvar is -110 or 100. Source: Bishop 2006, equation 2.43.
    """
    mu, logvar = _normals(3, 2, seed=51), _normals(3, 2, seed=52) - 0.5
    verdict = compare(
        answer,
        _log_density,
        [(mu + (0.5 * logvar).exp() * _normals(3, 2, seed=53), mu, logvar)],
        slips=DENSITY_SLIPS,
        name="log_density",
        praise="It agrees on three ordinary codes, and in float32 where the variance has no place in the format.",
    )
    if not verdict.right:
        return verdict
    trouble = _in_float32(answer)
    return verdict if trouble is None else trouble  # a wrong verdict is false in a condition


def check_cut(answer: object) -> Verdict:
    """Judge ``answer(logvar, low, high)``: logvar cut to [low, high], with the slope of an uncut logvar, 1 everywhere.

    Source: the straight-through estimator, Bengio, Leonard and Courville 2013.
    """
    logvar = torch.tensor([[-30.0, -10.5, -8.2, -3.0, 0.5], [1.5, 4.0, 9.9, 206.0, 1e20]], dtype=torch.float64)
    cases = [(logvar, -10.0, 10.0), (logvar, -8.0, 3.0)]
    values = compare(answer, _cut, cases, slips=CUT_SLIPS, name="cut", praise="")
    if not values.right:
        return values
    slopes = {message: _slope(slip) for message, slip in SLOPE_SLIPS.items()}
    praise = "Cut on the way forward, slope 1 on the way back, inside the limits and outside."
    verdict = compare(_slope(answer), _slope(_cut), cases, slips=slopes, name="cut", praise=praise)
    if verdict.right is False and verdict.message.startswith("The shape is right"):
        return Verdict(False, "The values are right. The slope that comes back is not 1 everywhere, inside the limits and outside.")
    return verdict


def _judge_words(prediction: object, right: Mapping, words: tuple, wrong: Mapping, praise: str) -> Verdict:
    """Judge a dict of words against ``right``; ``wrong`` says what to tell a wrong word."""
    if prediction is None:
        return Verdict(None, PENDING)
    if not isinstance(prediction, dict) or set(prediction) != set(right):
        keys = ", ".join(repr(key) for key in right)
        came = f"has {', '.join(map(repr, prediction)) or 'none'}" if isinstance(prediction, dict) else f"is {describe(prediction)}"
        return Verdict(False, f"prediction should be a dict with the keys {keys}; it {came}.")
    if all(value is None for value in prediction.values()):
        return Verdict(None, PENDING)
    for key, expected in right.items():
        value = prediction[key]
        if not isinstance(value, str) or value not in words:
            choice = ", ".join(repr(word) for word in words)
            return Verdict(False, f"prediction[{key!r}] should be one of {choice}; it is {describe(value)}.")
        if value != expected:
            return Verdict(False, wrong[key, value])
    return Verdict(True, praise)


def _as_word(value: object) -> object:
    """Name a number as the table does: 0, inf, nan, or "number"; hand on anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    if math.isnan(value):
        return "nan"
    return "0" if value == 0 else "number" if math.isfinite(value) else "inf"


# What draws are like. Each look returns what is wrong, or None. z (samples, batch, latent_dim), mu and logvar (batch, latent_dim).


def _look_at_shape(answer: Callable, z: object, mu: Tensor, logvar: Tensor) -> str | None:
    batch, latent_dim = mu.shape
    known = {
        (batch, latent_dim): "That is one draw for each image. `samples` of them are asked for.",
        (batch, SAMPLES, latent_dim): "The draws of an image stand along the second axis. They should stand along the first.",
        (SAMPLES * batch, latent_dim): "All draws stand in one long list. Give the draws an axis of their own, the first.",
        (SAMPLES, latent_dim): "The images have no axis of their own: did they share their draws?",
        (SAMPLES, batch): "The latent directions have no axis of their own. A code is a vector.",
    }
    if not isinstance(z, torch.Tensor):
        return f"draws should return a tensor; it returned {describe(z) if not isinstance(z, tuple) else 'a tuple'}."
    if z.shape != (SAMPLES, batch, latent_dim):
        asked = f"{(SAMPLES, batch, latent_dim)} was expected, for {SAMPLES} samples and mu of shape {(batch, latent_dim)}."
        return f"draws returned shape {tuple(z.shape)} where {asked} {known.get(tuple(z.shape), '')}".rstrip()
    if not z.is_floating_point() or not torch.isfinite(z).all():
        return "draws returned something that is not finite floating point numbers."
    return None


def _look_at_generator(answer: Callable, z: Tensor, mu: Tensor, logvar: Tensor) -> str | None:
    case = (mu, logvar, SAMPLES, _seeded(0))
    again, other = call(answer, case, "draws"), call(answer, (*case[:3], _seeded(1)), "draws")
    twice = call(lambda m, s, k, generator: (answer(m, s, k, generator), answer(m, s, k, generator)), case, "draws")
    if not isinstance(twice, tuple) or not all(_like(value, z) for value in (again, other, *twice)):
        return "draws returns something else when it is called again."
    if torch.equal(z, mu.expand_as(z).to(z.dtype)):
        return "Every draw is mu itself. Where is the noise?"
    if not torch.equal(z, again):
        return (
            "Two generators with the same seed give different draws: the noise does not come from the generator that is handed in."
        )
    if torch.equal(z, other):
        return "Two generators with different seeds give the same draws: your eps is kept. It has to be fresh in every call."
    if torch.equal(*twice):
        return "Two calls with one generator give the same draws: it was set back, or copied. Fresh noise needs a generator that goes on."
    return None


def _look_at_place(answer: Callable, z: Tensor, mu: Tensor, logvar: Tensor) -> str | None:
    sigma = (0.5 * logvar).exp()
    error = 6 * z.std(dim=0) / SAMPLES**0.5 + 1e-9
    places = {
        "Your draws lie around 0: mu is missing.": torch.zeros_like(mu),
        "Your draws lie around one place for the whole batch. Each image has a mu of its own.": mu.mean(dim=0).expand_as(mu),
        "mu was stretched too. The noise is stretched first, and then moved.": mu * sigma,
        "Your draws lie off to one side of mu: noise of torch.rand has a mean of its own. Standard normal noise is asked for.": (
            mu + 0.5 * sigma
        ),
    }
    if z.std(dim=0).amax() < 1e-9 or ((z.mean(dim=0) - mu).abs() < error).all():
        return None
    for message, place in places.items():
        if ((z.mean(dim=0) - place).abs() < error).all():
            return message
    return "Your draws do not lie around mu: their mean over many draws is somewhere else."


def _look_at_spread(answer: Callable, z: Tensor, mu: Tensor, logvar: Tensor) -> str | None:
    spread, sigma = z.std(dim=0), (0.5 * logvar).exp()
    if spread.amax() < 1e-9:
        return "All draws of an image are the same one, repeated. Each draw needs an eps of its own."
    if _close(spread, sigma):
        fourth = ((z - mu) / sigma).pow(4).mean().item()  # 3 for a Gaussian, known here to 0.05
        gaussian = abs(fourth - 3) < 0.4
        return None if gaussian else "Place and spread are right, and yet it is no Gaussian. Where does your noise come from?"
    for message, wrong in SPREADS.items():
        if _close(spread, wrong(logvar)):
            return message
    factor = spread / sigma
    if _close(factor, factor.mean().expand_as(factor)):
        return f"All your spreads are too {'small' if factor.mean() < 1 else 'large'}, by one and the same factor: was the noise scaled?"
    return "Place right, spread wrong: the standard deviation over the draws is not what logvar says."


def _look_at_independence(answer: Callable, z: Tensor, mu: Tensor, logvar: Tensor) -> str | None:
    u = (z - mu) / (0.5 * logvar).exp()
    if (u[:, :, :-1] * u[:, :, 1:]).mean(dim=0).abs().amax() > 0.2:
        return "The directions of a code move together: one eps serves them all, so z lies on a line. Each direction needs its own."
    if (u[:, :-1] * u[:, 1:]).mean(dim=0).abs().amax() > 0.2:
        return "The images move together: one roll of the dice serves the whole batch. Each image needs an eps of its own."
    return None


def _look_at_path(answer: Callable, z: Tensor, mu: Tensor, logvar: Tensor) -> str | None:
    found = call(lambda m, v, samples, generator: _path(answer, m, v, samples, generator), (mu, logvar, 5, _seeded(2)), "draws")
    if isinstance(found, Verdict) or found[-1].shape != (5, *mu.shape):
        return f"With five samples, and a gradient wanted: {found.message if isinstance(found, Verdict) else 'the shape is wrong.'}"
    at_mu, at_logvar, drawn = found
    deaf = [name for name, grad in (("mu", at_mu), ("logvar", at_logvar)) if not grad.any()]
    if deaf:
        who = f"{deaf[0]} hears nothing" if len(deaf) == 1 else "neither head hears anything"
        return f"The draws are right, and {who} of them: the gradient there is none, or 0. Where does the path back end?"
    if not torch.allclose(at_mu, torch.full_like(mu, 5)):
        return "The draws are right, the gradient at mu is not. How far does z move when mu moves by 1?"
    if not torch.allclose(at_logvar, 0.5 * (drawn - mu).sum(dim=0)):
        return "The draws are right, the gradient at logvar is not: it does not belong to the eps that was drawn."
    return None


LOOKS: tuple[Look, ...] = (
    _look_at_shape,
    _look_at_generator,
    _look_at_place,
    _look_at_spread,
    _look_at_independence,
    _look_at_path,
)

SPREADS: dict[str, Callable] = {
    "Your draws have the variance for their spread. logvar is the logarithm of sigma squared, and the spread is sigma.": torch.exp,
    "You took logvar itself for the spread. It is a logarithm: 0 means a spread of 1, and not none.": torch.abs,
    "Your logvar was doubled on its way to sigma. What does a square root do to a logarithm?": lambda v: (2 * v).exp(),
    "logvar was halved twice on its way to sigma.": lambda v: (0.25 * v).exp(),
    "Your draws have a spread of 1 for every image: the eps was moved and not stretched.": torch.ones_like,
    "Softplus made the spread positive, and another one. This head says logvar.": F.softplus,
    "One sigma serves the whole batch. Each image has its own.": lambda v: (0.5 * v).exp().mean(dim=0).expand_as(v),
    "One sigma serves all directions of an image. Each direction has its own.": lambda v: (
        (0.5 * v).exp().mean(dim=1, keepdim=True).expand_as(v)
    ),
    "The sign of logvar is turned: what should be wide is narrow.": lambda v: (-0.5 * v).exp(),
}


def _path(answer: Callable, mu: Tensor, logvar: Tensor, samples: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """The gradients of the sum of the draws at mu and logvar, 0 where none arrives, and the draws."""
    heads = [head.requires_grad_() for head in (mu, logvar)]
    z = answer(*heads, samples, generator)
    grads = torch.autograd.grad(z.sum(), heads, allow_unused=True) if z.requires_grad else (None, None)
    return *(torch.zeros_like(mu) if grad is None else grad for grad in grads), z.detach()


def _like(value: object, z: Tensor) -> bool:
    """Say whether a value is a tensor of the shape and type of z."""
    return isinstance(value, torch.Tensor) and value.shape == z.shape and value.dtype == z.dtype


def _close(spread: Tensor, wanted: Tensor) -> bool:
    """Say whether measured spreads are the wanted ones: 6 %, five standard errors of a spread from 4,000 draws."""
    return bool(((spread / wanted - 1).abs() < 0.06).all())


# Score function. cost (samples, batch), z (samples, batch, latent_dim), mu and logvar (batch, latent_dim).


def _advantage(cost: Tensor, axis: int = 0) -> Tensor:
    """Cost less the mean cost of the others along an axis, (samples, batch)."""
    return cost - (cost.sum(dim=axis, keepdim=True) - cost) / (cost.shape[axis] - 1)


def _estimate(weight: Tensor, z: Tensor, mu: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor]:
    """Means over the draws of weight times d log q / d mu and d log q / d logvar."""
    off = z - mu
    weight = weight[..., None]
    return (weight * off / logvar.exp()).mean(dim=0), (weight * 0.5 * (off**2 / logvar.exp() - 1)).mean(dim=0)


def _score_gradient(cost: Tensor, z: Tensor, mu: Tensor, logvar: Tensor) -> tuple[Tensor, Tensor]:
    """The two estimates, with the baseline of the other draws."""
    return _estimate(_advantage(cost), z, mu, logvar)


def _scored(change: Callable) -> Callable:
    """What ``change`` makes of the right estimates: change(for_mu, for_logvar, logvar) -> what is returned."""
    return lambda cost, z, mu, logvar: change(*_score_gradient(cost, z, mu, logvar), logvar)


def _weighed(weight: Callable) -> Callable:
    """The estimates with another weight of each draw: weight(cost) -> (samples, batch)."""
    return lambda cost, z, mu, logvar: _estimate(weight(cost), z, mu, logvar)


def _others(cost: Tensor) -> Tensor:
    """Sum of the costs of the other draws of the image, (samples, batch)."""
    return cost.sum(dim=0) - cost


SCORE_SLIPS: dict[str, Callable] = {
    "You subtracted nothing: this is the plain score function. Each draw needs a baseline.": _weighed(lambda c: c),
    "Your estimates are too small, all by one factor. Is a draw's own cost among those that you subtract?": _weighed(
        lambda c: c - c.mean(dim=0)
    ),
    "Your baseline is a sum. The mean cost of the other draws is asked for.": _weighed(lambda c: c - _others(c)),
    "Your baseline is too low: you divided the costs of the others by the number of all draws.": _weighed(
        lambda c: c - _others(c) / len(c)
    ),
    "Your baseline comes from the other images. Here it comes from the other draws of the same image.": _weighed(
        lambda c: _advantage(c, axis=1)
    ),
    "You used one baseline for all images. An image that is hard to draw then looks bad in all its draws.": _weighed(
        lambda c: c - c.mean()
    ),
    "You used the baseline alone. Where is the cost of the draw itself?": _weighed(lambda c: _others(c) / (len(c) - 1)),
    "Your weights forget the costs: every draw counts the same.": _weighed(torch.ones_like),
    "Your gradient points the other way. A direction in which the cost is high is one that raises the cost.": _scored(
        lambda m, s, v: (-m, -s)
    ),
    "You added up the draws. The mean over the draws is asked for.": lambda c, z, m, v: tuple(
        len(c) * part for part in _score_gradient(c, z, m, v)
    ),
    "You divided by the number of other draws at the end too. How many draws do you average?": lambda c, z, m, v: tuple(
        len(c) / (len(c) - 1) * part for part in _score_gradient(c, z, m, v)
    ),
    "You averaged over the images too. Each image has a gradient of its own.": _scored(
        lambda m, s, v: (m.mean(dim=0), s.mean(dim=0))
    ),
    "In mu: you divided by sigma. What is the derivative of log q by mu?": _scored(lambda m, s, v: (m * (0.5 * v).exp(), s)),
    "In mu: you did not divide at all. What is the derivative of log q by mu?": _scored(lambda m, s, v: (m * v.exp(), s)),
    "In mu: you divided by logvar. It is a logarithm.": _scored(lambda m, s, v: (m * v.exp() / v, s)),
    "In logvar: this is the gradient by sigma. The head says logvar: one more link of the chain.": _scored(
        lambda m, s, v: (m, 2 * s / (0.5 * v).exp())
    ),
    "In logvar: this is the gradient by the variance. The head says its logarithm: one more link of the chain.": _scored(
        lambda m, s, v: (m, s / v.exp())
    ),
    "In logvar: twice what it should be. That would be the gradient by log sigma.": _scored(lambda m, s, v: (m, 2 * s)),
    "In logvar: you did not divide the squares by the variance.": lambda c, z, m, v: (
        _score_gradient(c, z, m, v)[0],
        (0.5 * _advantage(c)[..., None] * (z - m) ** 2).mean(dim=0),
    ),
    "In logvar: you measured z from 0. log q measures it from mu.": lambda c, z, m, v: (
        _score_gradient(c, z, m, v)[0],
        (0.5 * _advantage(c)[..., None] * (z**2 / v.exp() - 1)).mean(dim=0),
    ),
    "In logvar: this is the gradient through the path, with the cost for its slope. The derivative of log q by logvar is asked for.": (
        lambda c, z, m, v: (
            _score_gradient(c, z, m, v)[0],
            (0.5 * _advantage(c)[..., None] * (z - m) / (0.5 * v).exp()).mean(dim=0),
        )
    ),
    "The two have changed places: first the gradient in mu, then that in logvar.": _scored(lambda m, s, v: (s, m)),
    "You return the gradient in mu only. logvar wants one too.": _scored(lambda m, s, v: m),
}


# Log density. z, mu, logvar (batch, latent_dim) -> (batch,).

LOG_2PI = math.log(2 * math.pi)


def _log_density(z: Tensor, mu: Tensor | int, logvar: Tensor) -> Tensor:
    """The distance is divided by sigma before it is squared, so that no variance is formed."""
    return _density(((z - mu) * (-0.5 * logvar).exp()) ** 2, logvar)


def _density(squared: Tensor, logvar: Tensor, constant: Tensor | float | int = LOG_2PI) -> Tensor:
    """The log density from squared distances in sigmas, (batch, latent_dim)."""
    return -0.5 * (squared + logvar + constant).sum(dim=1)


DENSITY_SLIPS: dict[str, Callable] = {
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
    "You are off by a constant, the same for every code: the term that knows neither z nor logvar is missing.": lambda z, m, v: (
        _density((z - m) ** 2 / v.exp(), v, constant=0)
    ),
    "Your constant is twice what it should be: is it outside a bracket that halves the rest?": lambda z, m, v: _density(
        (z - m) ** 2 / v.exp(), v, constant=2 * LOG_2PI
    ),
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
}


def _in_float32(answer: Any) -> Verdict | None:
    """A verdict on codes whose variance float32 cannot hold, or None where all is well."""
    logvar = torch.tensor([[-110.0, 0.5], [100.0, -1.0], [-110.0, 100.0]], dtype=torch.float32)
    eps = torch.tensor([[0.4, -1.2], [-2.0, 0.3], [1.5, 0.7]], dtype=torch.float32)
    case = ((0.5 * logvar).exp() * eps, torch.zeros(3, 2), logvar)
    got, expected = call(answer, case, "log_density"), _log_density(*(part.double() for part in case))
    if isinstance(got, Verdict):
        return got if got.right is False else Verdict(False, "log_density returns None for codes in float32.")
    if not isinstance(got, torch.Tensor) or got.shape != expected.shape:
        return Verdict(False, "log_density returns something else for codes in float32.")
    if not torch.isfinite(got).all():
        text = "As a formula it is right. In float32 it is not finite where logvar is -110 or 100, although the answer is an ordinary number."
        return Verdict(False, f"{text} What do you form on the way that the format cannot hold?")
    if not torch.allclose(got.double(), expected, rtol=1e-3):
        return Verdict(
            False, "In float32 it is finite where logvar is -110 or 100, and wrong. Was something cut off, or a small number added?"
        )
    if got.dtype != torch.float32:
        return Verdict(
            False, "Codes in float32 come back in another format. The order of the steps is enough; no wider format is needed."
        )
    return None


# Cut. logvar of any shape, low and high numbers -> the shape of logvar.


def _cut(logvar: Tensor, low: float | int, high: float | int) -> Tensor:
    """The clamp, plus a zero whose slope is 1."""
    return logvar.clamp(low, high).detach() + (logvar - logvar.detach())


def _soft(logvar: Tensor, low: float | int, high: float | int) -> Tensor:
    """A smooth squeeze into the limits."""
    return low + (high - low) * torch.sigmoid(4 * (logvar - (low + high) / 2) / (high - low))


CUT_SLIPS: dict[str, Callable] = {
    "Nothing was cut: numbers outside the limits come back as they were.": lambda v, low, high: v,
    "Only the upper limit is kept.": lambda v, low, high: v.clamp(max=high),
    "Only the lower limit is kept.": lambda v, low, high: v.clamp(min=low),
    "Your limits lie as far below 0 as above it. `low` and `high` are two numbers.": lambda v, low, high: v.clamp(-high, high),
    "The squeeze is smooth, so it changes what lies inside the limits too. Inside, logvar should come back as it was.": _soft,
    "A sigmoid keeps the limits, and what lies between them is not what came in. Inside, logvar should come back as it was.": (
        lambda v, low, high: low + (high - low) * v.sigmoid()
    ),
    "Numbers outside the limits became 0. They should become the nearer limit.": lambda v, low, high: torch.where(
        (v < low) | (v > high), 0.0, v
    ),
    "You return the variance. The cut logvar is asked for.": lambda v, low, high: v.clamp(low, high).exp(),
    "You return where something was cut. The cut logvar is asked for.": lambda v, low, high: (v < low) | (v > high),
    "Right for ordinary numbers. At a logvar of 1e20 the limit is lost: which two large numbers are added there, and how many digits"
    " are left of the small one between them?": lambda v, low, high: v + (v.clamp(low, high) - v),
}

SLOPE_SLIPS: dict[str, Callable] = {
    "The values are right. This is the plain clamp: outside the limits its slope is 0, and no force leads back.": (
        lambda v, low, high: v.clamp(low, high)
    ),
    "The values are right, and the path back is cut everywhere: not even inside the limits does a gradient arrive.": (
        lambda v, low, high: v.clamp(low, high).detach()
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
    "The values are right. The slope comes back outside the limits only.": lambda v, low, high: torch.where(
        (v < low) | (v > high), v.clamp(low, high).detach() + (v - v.detach()), v.detach()
    ),
}


def _slope(function: Any) -> Callable:
    """The slope of the sum of ``function(logvar, low, high)`` at logvar; 0 where no gradient arrives."""

    def slope(logvar: Tensor, low: float | int, high: float | int) -> Tensor:
        leaf = logvar.detach().clone().requires_grad_()
        value = function(leaf, low, high)
        if not isinstance(value, torch.Tensor) or not value.requires_grad:
            return torch.zeros_like(logvar)
        grad = torch.autograd.grad(value.sum(), leaf, allow_unused=True)[0]
        return torch.zeros_like(logvar) if grad is None else grad

    return slope


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _normals(*shape: int, seed: int) -> Tensor:
    """Standard normal numbers in float64, the same in every call."""
    return torch.randn(*shape, generator=_seeded(seed), dtype=torch.float64)
