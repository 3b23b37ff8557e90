"""Checks for drawing codes, and for the gradient that comes back through a draw or around it: draws, the score function, the path.

What is drawn is judged by what the draws are like, so that any order of drawing will do; `draws` holds these looks. Everything else is
held against a reference.
"""

import math
import re
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from companion.checks import values
from companion.checks.calling import call
from companion.checks.cases import Case, gaussians, normals, seeded, uniform, whole
from companion.checks.comparing import compare
from companion.checks.verdict import Verdict, judge_words

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


def check_constant_added(prediction: Any, *, seed: int = 0) -> Verdict:
    """Judge what a constant added to f does to three estimates of its gradient: a dict of "same", "larger" or "smaller"."""
    return judge_words(
        prediction,
        CONSTANT,
        ("same", "larger", "smaller"),
        CONSTANT_WRONG,
        "One of the three looks at heights, and pays for it. Change the line and see.",
    )


def check_score_gradient(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(cost, baseline, z, mu, logvar)``: the score in mu and in logvar, and the estimates made of them, a tuple of four.

    cost, baseline: (samples, batch). z and both scores: (samples, batch, latent_dim). mu, logvar and both estimates: (batch,
    latent_dim). Source: Williams 1992.
    """
    return compare(
        answer,
        _score_gradient,
        _score_cases(seed),
        slips=SCORE_SLIPS,
        name="score_gradient",
        praise="Both derivatives of log q and both estimates are right, with any baseline, for one draw and for several.",
        parts=SCORE_PARTS,
        scale=1000.0,
        stepwise=True,
    )


def check_two_losses(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(mu, logvar, eps, target)``: a loss for z = mu + sigma * eps with its path, and one for the same z as a constant.

    mu, logvar, eps, target: (batch, latent_dim). The cost of a draw is its squared distance from target. The first loss is the mean
    cost, and its gradient that of the path; the gradient of the second is the score function's estimate, its value may be any.
    """
    if answer is None or not callable(answer):
        return compare(answer, _two_losses, [], name="two_losses", praise="")
    cases = _losses_cases(seed)
    pair = call(answer, cases[-1].arguments, "two_losses")  # of several images, so that a number is not one an image
    if isinstance(pair, Verdict):
        return pair
    pair = values.fitted(pair, (0.0, 0.0))
    if not isinstance(pair, tuple) or len(pair) != 2:
        return Verdict(False, f"two_losses should return a tuple of 2; it returned {values.count(pair)}.")
    if any(isinstance(loss, str) or values.as_float64(loss).numel() != 1 for loss in pair):
        return Verdict(False, "Each of the two losses should be one number, a mean over the batch.")
    again = values.fitted(call(answer, cases[-1].arguments, "two_losses"), pair)
    if isinstance(again, tuple) and values.near(again, pair) is values.Near.WRONG:
        return Verdict(False, "A second call with the same eps gives other losses: you draw noise of your own. eps is handed in.")
    verdict = compare(
        _led_back(answer),
        _led_back(_two_losses),
        cases,
        slips={message: _led_back(slip) for message, slip in LOSSES_SLIPS.items()},
        name="two_losses",
        praise="The path and the score function each give their own gradient, from the same draws.",
        parts=LOSSES_PARTS,
        scale=1000.0,
    )
    return Verdict(
        verdict.right,
        re.sub(r" \(value \d\)", "", verdict.message),  # two are returned, and five looked at
        verdict.example.replace("\ngave (", "\nits value of path_loss, and the four gradients: ("),
    )


def check_mean_cost(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(x, mu, logvar, eps, weight)``: the mean cost of each image over its draws, (batch,).

    x: (batch, pixels). mu, logvar: (batch, latent_dim). eps: (samples, batch, latent_dim). weight: (latent_dim, pixels), a linear
    decoder. The cost of a draw is the squared error, summed over the pixels. The code that is given out counts as no answer.
    """
    verdict = compare(
        answer,
        _mean_cost,
        _mean_cost_cases(seed),
        slips={AS_GIVEN: _as_given, **COST_SLIPS},
        name="mean_cost",
        praise="Each draw meets its own image, and each image its own draws.",
        gradient=("mu", "logvar"),
        scale=100.0,
    )
    return Verdict(None, UNMENDED) if verdict.message == AS_GIVEN else verdict


# The score function. cost, baseline (samples, batch), z (samples, batch, latent_dim), mu and logvar (batch, latent_dim).

SCORE_PARTS = ("The derivative of log q in mu", "The derivative of log q in logvar", "The estimate in mu", "The estimate in logvar")

Scores = tuple[Tensor, Tensor]


def _score_cases(seed: int) -> list[Case]:
    generator = seeded(seed)

    def case(
        samples: int,
        batch: int,
        latent_dim: int,
        about: str,
        dtype: torch.dtype = torch.float64,
        wide: bool = False,
        plain: bool = False,
    ) -> Case:
        low = -8 if wide else -2  # where sigma is small, z - mu has few digits in float32
        mu, logvar = gaussians(batch, latent_dim, generator, dtype=dtype, low=low, high=3 if wide else 2)
        eps = normals(samples, batch, latent_dim, generator=generator, dtype=dtype)
        if wide:
            eps[0, 0, 0], eps[-1, -1, -1] = 5.5, -5.5
        z = mu + (0.5 * logvar).exp() * eps
        cost = (
            20 + uniform(0, 9, batch, generator=generator, dtype=dtype) + normals(samples, batch, generator=generator, dtype=dtype)
        )
        baseline = 18 + uniform(0, 9, samples, batch, generator=generator, dtype=dtype)
        return Case((cost + 100, 0 * baseline, z, mu, logvar) if plain else (cost, baseline, z, mu, logvar), about)

    samples, batch, latent_dim = whole(4, 6, generator), whole(3, 4, generator), whole(2, 3, generator)
    return [
        case(1, 1, 1, "one draw of one image with one latent"),
        case(2, 1, 2, "one image"),
        case(1, 2, 2, "one draw"),
        case(samples, batch, latent_dim, "several draws of several images"),
        case(samples, batch, latent_dim, "logvar from -8 to 3, and draws far out", wide=True),
        case(samples, batch, latent_dim, "costs above 100 and no baseline", plain=True),
        case(samples, batch, latent_dim, "float32", torch.float32),
    ]


def _scores(z: Tensor, mu: Tensor, logvar: Tensor) -> Scores:
    """The derivatives of log q(z) in mu and in logvar, (samples, batch, latent_dim)."""
    off = z - mu
    return off / logvar.exp(), 0.5 * (off**2 / logvar.exp() - 1)


def _weighed(weight: Tensor, scores: Scores) -> tuple[Tensor, ...]:
    """The scores, and their means over the draws with a weight for each draw."""
    return *scores, *((weight[..., None] * score).mean(dim=0) for score in scores)


def _score_gradient(cost: Tensor, baseline: Tensor, z: Tensor, mu: Tensor, logvar: Tensor) -> tuple[Tensor, ...]:
    return _weighed(cost - baseline, _scores(z, mu, logvar))


def _scored(change: Callable) -> Callable:
    """A slip in the scores, carried on into the estimates: change(in_mu, in_logvar, z, mu, logvar) -> both scores."""
    return lambda cost, baseline, z, mu, logvar: _weighed(cost - baseline, change(*_scores(z, mu, logvar), z, mu, logvar))


def _weights(weight: Callable) -> Callable:
    """A slip in the weight of a draw: weight(cost, baseline) -> (samples, batch)."""
    return lambda cost, baseline, z, mu, logvar: _weighed(weight(cost, baseline), _scores(z, mu, logvar))


def _estimated(change: Callable) -> Callable:
    """A slip in what is made of right scores: change(each weighed score) -> an estimate."""

    def slip(cost: Tensor, baseline: Tensor, z: Tensor, mu: Tensor, logvar: Tensor) -> tuple[Tensor, ...]:
        scores = _scores(z, mu, logvar)
        return *scores, *(change((cost - baseline)[..., None] * score) for score in scores)

    return slip


def _std(logvar: Tensor) -> Tensor:
    return (0.5 * logvar).exp()


def _spread_of(weight: Tensor) -> Tensor | int:
    """The spread over the draws, 1 where there is one draw."""
    return weight.std(dim=0) if len(weight) > 1 else 1


def _standardised(weight: Tensor) -> Tensor:
    return (weight - weight.mean(dim=0)) / _spread_of(weight) if len(weight) > 1 else weight


SCORE_SLIPS: dict[str, Callable] = {
    "The derivative in mu is divided by sigma. What does log q divide the squared distance by?": _scored(
        lambda m, s, z, mu, v: (m * _std(v), s)
    ),
    "The derivative in mu is not divided by anything. What does log q divide the squared distance by?": _scored(
        lambda m, s, z, mu, v: (m * v.exp(), s)
    ),
    "You divided by logvar. It is a logarithm, and may be negative.": _scored(
        lambda m, s, z, mu, v: ((z - mu) / v, 0.5 * ((z - mu) ** 2 / v - 1))
    ),
    "The derivative in mu is divided by logvar. It is a logarithm, and may be negative.": _scored(
        lambda m, s, z, mu, v: ((z - mu) / v, s)
    ),
    "The derivative in mu has the wrong sign. Move mu towards z: does q(z) rise or fall?": _scored(lambda m, s, z, mu, v: (-m, s)),
    "The derivative in mu is half of what it should be. What does a square give down when it is differentiated?": _scored(
        lambda m, s, z, mu, v: (0.5 * m, s)
    ),
    "The derivative in mu is twice what it should be. Look at the factor in front of log q's sum.": _scored(
        lambda m, s, z, mu, v: (2 * m, s)
    ),
    "The derivative in logvar lacks the term that does not know z. Which term of log q holds logvar alone?": _scored(
        lambda m, s, z, mu, v: (m, s + 0.5)
    ),
    "The derivative in logvar is the one by sigma. The head says logvar: one more link of the chain.": _scored(
        lambda m, s, z, mu, v: (m, 2 * s / _std(v))
    ),
    "The derivative in logvar is the one by the variance. The head says its logarithm: one more link of the chain.": _scored(
        lambda m, s, z, mu, v: (m, s / v.exp())
    ),
    "The derivative in logvar is twice what it should be. That would be the one by log sigma.": _scored(
        lambda m, s, z, mu, v: (m, 2 * s)
    ),
    "The derivative in logvar has the wrong sign. Where z lies far out, should q get wider or narrower?": _scored(
        lambda m, s, z, mu, v: (m, -s)
    ),
    "The derivative in logvar does not divide the square by the variance.": _scored(
        lambda m, s, z, mu, v: (m, 0.5 * ((z - mu) ** 2 - 1))
    ),
    "The derivative in logvar divides the square by sigma only.": _scored(
        lambda m, s, z, mu, v: (m, 0.5 * ((z - mu) ** 2 / _std(v) - 1))
    ),
    "You measured z from 0. log q measures it from mu.": _scored(lambda m, s, z, mu, v: (z / v.exp(), 0.5 * (z**2 / v.exp() - 1))),
    "The derivative in logvar measures z from 0. log q measures it from mu.": _scored(
        lambda m, s, z, mu, v: (m, 0.5 * (z**2 / v.exp() - 1))
    ),
    "The derivative in logvar is that of z by logvar, along the path. The derivative of log q is asked for.": _scored(
        lambda m, s, z, mu, v: (m, 0.5 * (z - mu))
    ),
    "The two have changed places: mu comes first, then logvar.": _scored(lambda m, s, z, mu, v: (s, m)),
    "You read logvar as log sigma.": _scored(lambda m, s, z, mu, v: ((z - mu) / (2 * v).exp(), (z - mu) ** 2 / (2 * v).exp() - 1)),
    "Both derivatives are right. The estimates do not use the baseline.": _weights(lambda cost, baseline: cost),
    "Both derivatives are right. The estimates forget the costs: every draw counts the same.": _weights(
        lambda cost, baseline: torch.ones_like(cost)
    ),
    "Both derivatives are right. The estimates weigh with the baseline alone: where is the cost of the draw?": _weights(
        lambda cost, baseline: baseline
    ),
    "Both derivatives are right. The baseline was added to the cost.": _weights(lambda cost, baseline: cost + baseline),
    "Both derivatives are right. The estimates point the other way: a direction that costs more is one that raises the cost.": _weights(
        lambda cost, baseline: baseline - cost
    ),
    "Both derivatives are right. The baseline that is handed in was averaged; each draw has its own.": _weights(
        lambda cost, baseline: cost - baseline.mean(dim=0)
    ),
    "Both derivatives are right. You made a baseline of your own; use the one that is handed in.": _weights(
        lambda cost, baseline: cost - cost.mean(dim=0)
    ),
    "Both derivatives are right. The estimates multiply two means. Each draw has its own cost and its own derivative.": (
        lambda cost, baseline, z, mu, logvar: (
            *_scores(z, mu, logvar),
            *((cost - baseline).mean(dim=0)[:, None] * each.mean(dim=0) for each in _scores(z, mu, logvar)),
        )
    ),
    "Both derivatives are right. The weights were divided by their spread over the draws, which nobody asked for.": _weights(
        lambda cost, baseline: (cost - baseline) / _spread_of(cost - baseline)
    ),
    "Both derivatives are right. The weights were standardised over the draws. What to subtract is handed in, and nothing divides.": (
        _weights(lambda cost, baseline: _standardised(cost - baseline))
    ),
    "Both derivatives are right. The sum over the draws was divided by one draw less than there are.": _estimated(
        lambda each: each.sum(dim=0) / max(len(each) - 1, 1)
    ),
    "Both derivatives are right. The two estimates have changed places: the one in mu comes first.": (
        lambda *given: tuple(_score_gradient(*given)[i] for i in (0, 1, 3, 2))
    ),
    "Both derivatives come first, then both estimates. You paired them by head.": lambda *given: tuple(
        _score_gradient(*given)[i] for i in (0, 2, 1, 3)
    ),
    "The estimates are right. The derivatives come back multiplied with the weights: does a step work in place?": (
        lambda cost, baseline, z, mu, logvar: (
            *((cost - baseline)[..., None] * each for each in _scores(z, mu, logvar)),
            *_score_gradient(cost, baseline, z, mu, logvar)[2:],
        )
    ),
    "The derivatives of log q come first, then the estimates.": lambda *given: tuple(
        _score_gradient(*given)[i] for i in (2, 3, 0, 1)
    ),
    "The derivatives are added up over the directions. Each direction has its own.": _scored(
        lambda m, s, z, mu, v: tuple(each.sum(dim=2, keepdim=True).expand_as(each) for each in (m, s))
    ),
    "The derivatives are means over the draws already. Each draw has its own.": _scored(
        lambda m, s, z, mu, v: tuple(each.mean(dim=0, keepdim=True).expand_as(each) for each in (m, s))
    ),
    "Both derivatives are right. You added up the draws, and their mean is asked for.": _estimated(lambda each: each.sum(dim=0)),
    "Both derivatives are right. The estimates are means over the images too. Each image has a gradient of its own.": _estimated(
        lambda each: each.mean(dim=(0, 1))
    ),
    "Both derivatives are right. The estimates are means over the images, and the draws are kept.": _estimated(
        lambda each: each.mean(dim=1)
    ),
    "Both derivatives are right. The estimates still have one number for each draw: their mean is asked for.": _estimated(
        lambda each: each
    ),
}


# Two losses. mu, logvar, eps, target (batch, latent_dim).

LOG_2PI = math.log(2 * math.pi)
LOSSES_PARTS = (
    "The value of path_loss",
    "The gradient of path_loss in mu",
    "The gradient of path_loss in logvar",
    "The gradient of score_loss in mu",
    "The gradient of score_loss in logvar",
)


def _losses_cases(seed: int) -> list[Case]:
    generator = seeded(seed)

    def case(batch: int, latent_dim: int, about: str, wide: bool = False) -> Case:
        mu, logvar = gaussians(batch, latent_dim, generator, low=-8 if wide else -2, high=3 if wide else 2)
        eps, target = (normals(batch, latent_dim, generator=generator) for _ in range(2))
        if wide:
            eps[0, 0], eps[-1, -1] = 5.5, -40  # the density of the second is 0 in float64, and its logarithm is not infinite
        return Case((mu, logvar, eps, target), about)

    batch, latent_dim = whole(3, 5, generator), whole(2, 3, generator)
    return [
        case(1, 1, "one image with one latent"),
        case(1, 3, "one image"),
        case(2, 1, "one latent"),
        case(batch, latent_dim, "several images"),
        case(batch, latent_dim, "logvar from -8 to 3, and draws far out", wide=True),
    ]


def _led_back(function: Callable) -> Callable:
    """What a pair of losses leads back: the first one's value, and the gradient of each in mu and in logvar, 0 where none arrives."""

    def gradients(mu: Tensor, logvar: Tensor, eps: Tensor, target: Tensor) -> Any:
        with torch.enable_grad():
            heads = [mu.detach().requires_grad_(), logvar.detach().requires_grad_()]
            pair = function(*heads, eps, target)
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                return pair
            found = [gradient for loss in pair for gradient in _gradients_of(loss, heads)]
        return values.plain(pair[0]), *found

    gradients.__dict__ = getattr(function, "__dict__", {})  # a stand-in notes there what it changed and printed
    return gradients


def _gradients_of(loss: Any, heads: list[Tensor]) -> list[Tensor]:
    """The gradient of a loss at each head, 0 where none arrives."""
    if not isinstance(loss, Tensor) or not loss.requires_grad:
        return [torch.zeros_like(head) for head in heads]
    found = torch.autograd.grad(loss.sum(), heads, retain_graph=True, allow_unused=True)
    return [torch.zeros_like(head) if each is None else each for each, head in zip(found, heads, strict=True)]


def _cost(z: Tensor, target: Tensor) -> Tensor:
    """The squared distance of each draw from its target, (batch,)."""
    return ((z - target) ** 2).sum(dim=1)


def _log_q(z: Tensor, mu: Tensor, logvar: Tensor, constant: float | int = 0) -> Tensor:
    """The log density of each draw, by default up to a constant, (batch,)."""
    return -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + constant).sum(dim=1)


def _two_losses(mu: Tensor, logvar: Tensor, eps: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    path, constant = _two_draws(mu, logvar, eps)
    return _cost(path, target).mean(), (_cost(constant, target) * _log_q(constant, mu, logvar)).mean()


def _two_draws(mu: Tensor, logvar: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
    """The draw with its path, and without it."""
    z = mu + _std(logvar) * eps
    return z, z.detach()


def _slipped(change: Callable) -> Callable:
    """A slip: change(z, constant, mu, logvar, target) -> both losses, z with its path and as a constant."""
    return lambda mu, logvar, eps, target: change(*_two_draws(mu, logvar, eps), mu, logvar, target)


def _right_path(loss: Callable) -> Callable:
    """A slip in the second loss: loss(z, constant, mu, logvar, target)."""
    return _slipped(lambda z, c, m, v, t: (_cost(z, t).mean(), loss(z, c, m, v, t)))


LOSSES_SLIPS: dict[str, Callable] = {
    "path_loss is right. In score_loss the density is that of a draw that moves with mu: with rsample's z the distance from mu never"
    " changes. Hold z constant, as sample does.": _right_path(lambda z, c, m, v, t: (_cost(c, t) * _log_q(z, m, v)).mean()),
    "path_loss is right. In score_loss z still has its path, in the cost and in the density. sample gives a constant.": _right_path(
        lambda z, c, m, v, t: (_cost(z, t) * _log_q(z, m, v)).mean()
    ),
    "path_loss is right. In score_loss the cost still has a path: the score function uses its height and not its slope.": _right_path(
        lambda z, c, m, v, t: (_cost(z, t) * _log_q(c, m, v)).mean()
    ),
    "path_loss is right. In score_loss cost and density both still have the path of z. sample gives a constant.": _right_path(
        lambda z, c, m, v, t: (_cost(z, t) * _log_q(z, m, v, LOG_2PI)).mean()
    ),
    "path_loss is right. In score_loss the cost leads back through z: the score function uses its height and not its slope.": _right_path(
        lambda z, c, m, v, t: (_cost(z, t) * _log_q(c, m, v, LOG_2PI)).mean()
    ),
    "path_loss has the right value and no gradient: its z is a constant. rsample keeps the path.": _slipped(
        lambda z, c, m, v, t: (_cost(c, t).mean(), (_cost(c, t) * _log_q(c, m, v)).mean())
    ),
    "path_loss is right. score_loss is the cost of a constant z, which no head has any part in.": _right_path(
        lambda z, c, m, v, t: _cost(c, t).mean()
    ),
    "path_loss is right. score_loss is the path once more: its z should be a constant.": _right_path(
        lambda z, c, m, v, t: _cost(z, t).mean()
    ),
    "path_loss is right. score_loss has the path's gradient in it besides its own. One of them is enough.": _right_path(
        lambda z, c, m, v, t: (_cost(z, t) + _cost(c, t) * _log_q(c, m, v)).mean()
    ),
    "path_loss is right. score_loss has no cost in it: every draw counts the same.": _right_path(
        lambda z, c, m, v, t: _log_q(c, m, v).mean()
    ),
    "path_loss is right. score_loss has the wrong sign: minimising it makes costly draws more likely.": _right_path(
        lambda z, c, m, v, t: -(_cost(c, t) * _log_q(c, m, v)).mean()
    ),
    "path_loss is right. score_loss multiplies with the density, not with its logarithm.": _right_path(
        lambda z, c, m, v, t: (_cost(c, t) * _log_q(c, m, v, LOG_2PI).exp()).mean()
    ),
    "path_loss is right. In score_loss each direction is weighed with its own share of the cost. A code has one cost and one density.": (
        _right_path(lambda z, c, m, v, t: ((c - t) ** 2 * -0.5 * ((c - m) ** 2 / v.exp() + v)).sum(dim=1).mean())
    ),
    "path_loss is right. In score_loss the density lacks the term that holds logvar alone.": _right_path(
        lambda z, c, m, v, t: (_cost(c, t) * -0.5 * ((c - m) ** 2 / v.exp()).sum(dim=1)).mean()
    ),
    "path_loss is right. In score_loss the sum over the directions has become a mean: independent densities multiply.": _right_path(
        lambda z, c, m, v, t: (_cost(c, t) * _log_q(c, m, v)).mean() / m.shape[1]
    ),
    "path_loss is right. In score_loss the distance is divided by sigma once. What does log q divide a square by?": _right_path(
        lambda z, c, m, v, t: (_cost(c, t) * -0.5 * ((c - m) ** 2 / _std(v) + v).sum(dim=1)).mean()
    ),
    "path_loss is right. score_loss is a sum over the batch. Its mean is asked for.": _right_path(
        lambda z, c, m, v, t: (_cost(c, t) * _log_q(c, m, v)).sum()
    ),
    "path_loss is right. score_loss multiplies two means. Each draw has its own cost and its own density.": _right_path(
        lambda z, c, m, v, t: _cost(c, t).mean() * _log_q(c, m, v).mean()
    ),
    "No gradient comes back from either loss. Did `.item()`, `.detach()`, `.data`, NumPy or a new tensor cut it off?": _slipped(
        lambda z, c, m, v, t: (_cost(c, t).mean(), _cost(c, t).mean())
    ),
    "path_loss is right. score_loss subtracts the mean cost of the batch. No baseline is asked for here.": _right_path(
        lambda z, c, m, v, t: ((_cost(c, t) - _cost(c, t).mean()) * _log_q(c, m, v)).mean()
    ),
    "path_loss is right. In score_loss the variance stands where sigma belongs.": _right_path(
        lambda z, c, m, v, t: (_cost(c, t) * _log_q(c, m, 2 * v)).mean()
    ),
    "path_loss is right. score_loss's gradient is twice what it should be: look at the factor in front of log q's sum.": _right_path(
        lambda z, c, m, v, t: 2 * (_cost(c, t) * _log_q(c, m, v)).mean()
    ),
    "path_loss is right. In score_loss logvar hears nothing: sigma was held constant in log q. Only z is.": _right_path(
        lambda z, c, m, v, t: (_cost(c, t) * _log_q(c, m, v.detach())).mean()
    ),
    "path_loss is right. In score_loss mu hears nothing. Only z is held constant.": _right_path(
        lambda z, c, m, v, t: (_cost(c, t) * _log_q(c, m.detach(), v)).mean()
    ),
    "path_loss is right. In score_loss the batch was averaged twice.": _right_path(
        lambda z, c, m, v, t: (_cost(c, t) * _log_q(c, m, v)).mean() / len(m)
    ),
    "score_loss is right. path_loss is a mean over the directions too. The cost of a draw is their sum.": _slipped(
        lambda z, c, m, v, t: (_cost(z, t).mean() / m.shape[1], (_cost(c, t) * _log_q(c, m, v)).mean())
    ),
    "score_loss is right. path_loss is a sum over the batch. Its mean is asked for.": _slipped(
        lambda z, c, m, v, t: (_cost(z, t).sum(), (_cost(c, t) * _log_q(c, m, v)).mean())
    ),
    "The two losses are sums over the batch. Their means are asked for.": _slipped(
        lambda z, c, m, v, t: (_cost(z, t).sum(), (_cost(c, t) * _log_q(c, m, v)).sum())
    ),
    "The cost is a mean over the directions. Their sum is asked for.": _slipped(
        lambda z, c, m, v, t: (_cost(z, t).mean() / m.shape[1], (_cost(c, t) * _log_q(c, m, v)).mean() / m.shape[1])
    ),
    "The two have changed places: path_loss comes first.": _slipped(
        lambda z, c, m, v, t: ((_cost(c, t) * _log_q(c, m, v)).mean(), _cost(z, t).mean())
    ),
    "path_loss comes first, then score_loss.": _slipped(
        lambda z, c, m, v, t: ((_cost(c, t) * _log_q(c, m, v, LOG_2PI)).mean(), _cost(z, t).mean())
    ),
    "sigma is not what logvar says: logvar is the logarithm of sigma squared.": lambda mu, logvar, eps, target: _two_losses(
        mu, 2 * logvar, eps, target
    ),
}


# The mean cost. x (batch, pixels), mu and logvar (batch, latent_dim), eps (samples, batch, latent_dim), weight (latent_dim, pixels).

AS_GIVEN = "This is the code as it was given out."
UNMENDED = "Not answered yet: your function gives what the code gave as it was handed out. Both slips are still in it."


def _mean_cost_cases(seed: int) -> list[Case]:
    generator = seeded(seed)

    def case(samples: int, batch: int, latent_dim: int, pixels: int, about: str, dtype: torch.dtype = torch.float64) -> Case:
        mu, logvar = gaussians(batch, latent_dim, generator, dtype=dtype)
        shapes = (batch, pixels), (samples, batch, latent_dim), (latent_dim, pixels)
        x, eps, weight = (normals(*shape, generator=generator, dtype=dtype) for shape in shapes)
        return Case((x, mu, logvar, eps, weight), about)

    samples, batch, latent_dim = whole(3, 5, generator), whole(3, 5, generator), whole(2, 3, generator)
    return [
        case(2, 2, 1, 1, "two draws of two images"),
        case(3, 1, 2, 2, "one image"),
        case(1, 3, 2, 2, "one draw"),
        case(samples, batch, latent_dim, whole(4, 6, generator), "several draws of several images"),
        case(samples, batch + 1, latent_dim, 4, "more images"),
        case(samples, batch, latent_dim, 4, "float32", torch.float32),
    ]


def _decoded(mu: Tensor, logvar: Tensor, eps: Tensor, weight: Tensor) -> Tensor:
    """The decoded draws, (samples, batch, pixels)."""
    return (mu + _std(logvar) * eps) @ weight


def _squared(x: Tensor, mu: Tensor, logvar: Tensor, eps: Tensor, weight: Tensor) -> Tensor:
    """The cost of each draw, (samples, batch)."""
    return ((_decoded(mu, logvar, eps, weight) - x) ** 2).sum(dim=2)


def _mean_cost(x: Tensor, mu: Tensor, logvar: Tensor, eps: Tensor, weight: Tensor) -> Tensor:
    return _squared(x, mu, logvar, eps, weight).mean(dim=0)


def _exchanged(x: Tensor, mu: Tensor, logvar: Tensor, eps: Tensor, weight: Tensor) -> Tensor:
    """The costs of the draws in their order, each taken from the image that stands there in the other order, (samples * batch,)."""
    return ((_decoded(mu, logvar, eps, weight).flatten(0, 1) - x.repeat_interleave(len(eps), dim=0)) ** 2).sum(dim=1)


def _as_given(x: Tensor, mu: Tensor, logvar: Tensor, eps: Tensor, weight: Tensor) -> Tensor:
    return _exchanged(x, mu, logvar, eps, weight).reshape(len(x), len(eps)).mean(dim=1)


COST_SLIPS: dict[str, Callable] = {
    "One slip is left: the images are repeated in another order than the draws, so most draws are compared with another image.": (
        lambda x, mu, logvar, eps, weight: _exchanged(x, mu, logvar, eps, weight).reshape(len(eps), len(x)).mean(dim=0)
    ),
    "One slip is left: each draw meets its own image now, and the mean at the end is taken over costs of several images.": (
        lambda x, mu, logvar, eps, weight: _squared(x, mu, logvar, eps, weight).reshape(len(x), len(eps)).mean(dim=1)
    ),
    "The mean is taken over the images. Each image's mean over its draws is asked for.": (
        lambda x, mu, logvar, eps, weight: _squared(x, mu, logvar, eps, weight).mean(dim=1)
    ),
    "One number for the whole batch came back. Each image's mean is asked for.": (
        lambda x, mu, logvar, eps, weight: _squared(x, mu, logvar, eps, weight).mean()
    ),
    "The draws were added up. Their mean is asked for.": (
        lambda x, mu, logvar, eps, weight: _squared(x, mu, logvar, eps, weight).sum(dim=0)
    ),
    "The cost is a mean over the pixels now. It was a sum, and that was no slip.": (
        lambda x, mu, logvar, eps, weight: _squared(x, mu, logvar, eps, weight).mean(dim=0) / x.shape[1]
    ),
    "The draws were averaged before they were decoded and compared. The mean cost is not the cost of the mean.": (
        lambda x, mu, logvar, eps, weight: ((_decoded(mu, logvar, eps, weight).mean(dim=0) - x) ** 2).sum(dim=1)
    ),
    "A root was taken: the squared error is asked for, and not the distance.": (
        lambda x, mu, logvar, eps, weight: _squared(x, mu, logvar, eps, weight).sqrt().mean(dim=0)
    ),
    "The sum over the draws was divided by the number of images.": (
        lambda x, mu, logvar, eps, weight: _squared(x, mu, logvar, eps, weight).sum(dim=0) / len(x)
    ),
    "Each image has the cost of its first draw only.": lambda x, mu, logvar, eps, weight: _squared(x, mu, logvar, eps, weight)[0],
    "sigma is exp(logvar) now, which is the variance. The line was right before.": (
        lambda x, mu, logvar, eps, weight: _mean_cost(x, mu, 2 * logvar, eps, weight)
    ),
}
