"""Checks for the terms of the loss and the weight between them: KL, importance weights, the price of a nat, hidden betas."""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from companion import losses
from companion.checks.comparing import compare
from companion.checks.verdict import PENDING, Verdict, describe, not_a_table, number

DIRECTIONS = ("up", "down", "same")
WIDTHS = {"reconstruction": "down", "KL": "up", "sum": "up", "sum at factor 2": "up"}  # of a trained VAE's regions, at factor 0.5
WIDTHS_WRONG = {
    (
        "reconstruction",
        "up",
    ): "You expect worse pictures. In a narrower region z lies closer to mu. Is that picture harder to draw?",
    (
        "reconstruction",
        "same",
    ): "You keep the reconstruction. It is paid for the z that is drawn. Does z still stray as far from mu?",
    (
        "KL",
        "down",
    ): "You expect a cheaper code. Is a narrower region more like the prior, or less? The regions have sigmas well below 1.",
    ("KL", "same"): "You keep the KL. It asks for the mean and for the width of q, and the line changes the width.",
    (
        "sum",
        "down",
    ): "You expect a better bill from a change of width alone. If it were to be had, why did training leave it there?",
    ("sum", "same"): "You let the two changes cancel. They do for a tiny change at the bottom of a valley; is a factor of 2 tiny?",
    (
        "sum at factor 2",
        "down",
    ): "You expect a better bill from wider regions. If it were to be had, why did training leave it there?",
    (
        "sum at factor 2",
        "same",
    ): "You let the two changes cancel at a factor of 2. Does the decoder notice when z strays twice as far?",
}

KEPT = 6  # of ten directions, at beta 4 and with each number given twice
KEPT_WRONG = {
    0: "You raised the price with the numbers. The price is what it was; what does a direction save now?",
    1: "You kept the count. Every number is there twice now: what happens to the variance of a direction?",
    2: "You doubled the count. It is the variances that change; the count follows from them.",
    4: "You multiplied the variances by the square root of 2. The length of a direction grows so; its square is asked for.",
    10: "You let the variance of a direction grow fourfold, or the price vanish. Two copies, not four.",
    12: "You gave each copy latents of its own. Do the copies show anything new?",
    20: "You counted the numbers in x. The copies say nothing new: in how many directions do the images differ?",
}


def check_region_widths(prediction: Any) -> Verdict:
    """Judge how the bill of a trained VAE moves when its sigmas are multiplied: a dict of "up", "down" or "same".

    Keys: the reconstruction term, the KL and their sum at a factor of 0.5, and the sum at a factor of 2.
    """
    problem = not_a_table(prediction, WIDTHS)
    if problem is not None:
        return problem
    for key, direction in WIDTHS.items():
        choice = prediction[key].strip().lower() if isinstance(prediction[key], str) else None
        if choice not in DIRECTIONS:
            words = ", ".join(map(repr, DIRECTIONS))
            return Verdict(False, f"prediction[{key!r}] should be one of {words}; it is {describe(prediction[key])}.")
        if choice != direction:
            return Verdict(False, WIDTHS_WRONG[key, choice])
    return Verdict(True, "Two forces, and they balance where the trained model stands. Run the line with 0.5 and with 2.")


def check_gaussian_kl(answer: object) -> Verdict:
    """Judge ``answer(mu, logvar)``: the KL of N(mu, exp(logvar)) from N(0, I), each (batch, latent_dim), in nats, (batch,).

    Source: Kingma and Welling 2014, appendix B.
    """
    mu = torch.tensor([[0.4, -1.3, 2.0], [-0.7, 0.2, 1.1]], dtype=torch.float64)
    logvar = torch.tensor([[-0.9, 0.8, -2.1], [1.4, -0.3, 0.6]], dtype=torch.float64)
    return compare(
        answer,
        losses.gaussian_kl,
        [(mu, logvar)],
        slips=KL_SLIPS,
        name="gaussian_kl",
        praise="It agrees with the closed form on two images of three latents, in nats.",
    )


def check_bound(answer: object) -> Verdict:
    """Judge ``answer(x, logits, z, mu, logvar)``: the importance-weighted bound of log p(x) in nats, (batch,).

    x: (batch, pixels), of 0 and 1. logits: (samples, batch, pixels). z: (samples, batch, latent_dim). mu, logvar: (batch, latent_dim).
    Source: Burda et al. 2016, equation 8.
    """
    verdict = compare(
        answer, _bound, [_draws(pixels=6)], slips=BOUND_SLIPS, name="bound", praise="It agrees on small images and on large ones."
    )
    if verdict.right is not True:
        return verdict
    slips = {
        "It is right for small images. For large ones the weights are too small for a number before you take the logarithm: "
        "stay among logarithms until they are averaged.": lambda *case: _log_weights(*case).exp().mean(dim=0).log(),
    }
    return compare(answer, _bound, [_draws(pixels=2000)], slips=slips, name="bound", praise=verdict.message)


def check_copied_numbers(prediction: Any) -> Verdict:
    """Judge a count: how many of the digits' ten largest directions a linear VAE keeps at beta 4 when each number is given twice."""
    if prediction is None:
        return Verdict(None, PENDING)
    value = number(prediction)
    if value is None or value != round(value) or value < 0:
        return Verdict(False, f"prediction should be a count, a whole number; it is {describe(prediction)}.")
    if value == KEPT:
        return Verdict(True, "Change the line and see. Then look at the KL of each, beside that of the run with beta = 2.")
    return Verdict(
        False, KEPT_WRONG.get(int(value), "Not what comes out. What is the variance of each direction now, and the price?")
    )


def check_hidden_beta(answer: object) -> Verdict:
    """Judge ``answer(reconstruction, kl, pixels, latent_dim, batch)``: the beta of a loss that is the sum of two reduced tables.

    reconstruction, kl: "sum", "mean" or "image", how the table (batch, pixels) of the cross-entropy and the table (batch, latent_dim)
    of the KL become one number; "image" sums within an image and averages over the batch.
    """
    sizes = [(784, 20, 128), (30, 4, 8)]
    names = [("image", "image"), ("mean", "image"), ("image", "mean"), ("mean", "mean"), ("sum", "image"), ("image", "sum")]
    return compare(
        answer,
        _hidden_beta,
        [(*pair, *size) for pair in [*names, ("sum", "sum"), ("sum", "mean"), ("mean", "sum")] for size in sizes],
        slips=HIDDEN_SLIPS,
        name="hidden_beta",
        praise="All nine pairs, for two sizes of images, codes and batches.",
    )


def check_price_range(answer: object) -> Verdict:
    """Judge ``answer(rate, distortion, i)``: the lowest and the highest price at which run i is the best buy, a tuple of two numbers.

    rate, distortion: (runs,), in nats. The lowest price is at least 0; the highest is infinite where no run has a lower rate.
    """
    rate = torch.tensor([9.0, 0.5, 6.0, 3.5, 2.0, 4.0], dtype=torch.float64)
    distortion = torch.tensor([139.0, 190.0, 142.0, 155.0, 172.0, 156.0], dtype=torch.float64)
    return compare(
        answer,
        _price_range,
        [(rate, distortion, i) for i in range(6)],
        slips=PRICE_SLIPS,
        name="price_range",
        praise="It is right for six runs, also for the two at the ends and for the one that is never the best buy.",
    )


def _terms(mu: Tensor, logvar: Tensor) -> Tensor:
    """What the closed form of the KL sums: (batch, latent_dim)."""
    return 1 + logvar - mu**2 - logvar.exp()


KL_SLIPS: dict[str, Callable] = {
    "Your KL is half of what it should be: is the 1/2 counted twice?": lambda m, s: -0.25 * _terms(m, s).sum(1),
    "Your KL is twice what it should be: where is the 1/2?": lambda m, s: -_terms(m, s).sum(1),
    "Your KL is negative. A KL never is: look at the sign in front.": lambda m, s: 0.5 * _terms(m, s).sum(1),
    "This is the KL with log sigma in place of log variance: which of the two is the argument?": lambda m, s: (
        -0.5 * _terms(m, 2 * s).sum(1)
    ),
    "You took sigma where its square belongs.": lambda m, s: -0.5 * (1 + s - m**2 - (0.5 * s).exp()).sum(1),
    "You took log sigma where its double belongs.": lambda m, s: -0.5 * (1 + 0.5 * s - m**2 - s.exp()).sum(1),
    "You took the mean over the latents. The KL of independent directions is a sum.": lambda m, s: -0.5 * _terms(m, s).mean(1),
    "You summed over the batch too. One KL an image is wanted, shape (batch,).": lambda m, s: -0.5 * _terms(m, s).sum(),
    "You took the mean over the batch. One KL an image is wanted, shape (batch,).": lambda m, s: -0.5 * _terms(m, s).sum(1).mean(),
    "You took the mean over latents and batch. One KL an image is wanted, shape (batch,).": lambda m, s: -0.5 * _terms(m, s).mean(),
    "You summed over the images: one number a latent. One number an image is wanted.": lambda m, s: -0.5 * _terms(m, s).sum(0),
    "You did not sum over the latents. One number an image is wanted.": lambda m, s: -0.5 * _terms(m, s),
    "The variance is missing its exp: the last term adds the log-variance itself.": lambda m, s: -0.5 * (1 + s - m**2 - s).sum(1),
    "The mean is missing its square.": lambda m, s: -0.5 * (1 + s - m - s.exp()).sum(1),
    "The KL of the prior from itself is not 0 with your line: a constant is missing.": lambda m, s: (
        -0.5 * (s - m**2 - s.exp()).sum(1)
    ),
    "The two distributions have changed places: this is the KL of the prior from q.": lambda m, s: (
        0.5 * ((1 + m**2) * (-s).exp() - 1 + s).sum(1)
    ),
    "This is in bits. Nats are asked for.": lambda m, s: -0.5 * _terms(m, s).sum(1) / math.log(2),
}


def _draws(pixels: int) -> tuple[Tensor, ...]:
    """Arguments for a bound: five draws for each of three images, from a made-up encoder and decoder."""
    mu, logvar = _normals(3, 2, seed=71), 0.6 * _normals(3, 2, seed=72) - 1
    z = mu + (0.5 * logvar).exp() * _normals(5, 3, 2, seed=73)
    x = (_normals(3, pixels, seed=74) > 0.4).to(z.dtype)
    return x, 1.5 * _normals(5, 3, pixels, seed=75), z, mu, logvar


def _log_p_x(x: Tensor, logits: Tensor) -> Tensor:
    """log p(x|z) of each draw: (samples, batch)."""
    return -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=2)


def _log_p_z(z: Tensor) -> Tensor:
    """log p(z) of each draw, without the constant that log q(z|x) holds too: (samples, batch)."""
    return -0.5 * (z**2).sum(dim=2)


def _log_q(
    z: Tensor, mu: Tensor, logvar: Tensor, *, divisor: Tensor | float | int | None = None, log_sigma: Tensor | float | int = 0.5
) -> Tensor:
    """log q(z|x) of each draw, without the constant: (samples, batch). divisor and log_sigma put slips into it."""
    divisor = (0.5 * logvar).exp() if divisor is None else divisor
    return (-0.5 * ((z - mu) / divisor) ** 2 - log_sigma * logvar).sum(dim=2)


def _log_weights(x: Tensor, logits: Tensor, z: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """log p(x|z) + log p(z) - log q(z|x) of each draw: (samples, batch)."""
    return _log_p_x(x, logits) + _log_p_z(z) - _log_q(z, mu, logvar)


def _constant(z: Tensor) -> float:
    """The constant that both Gaussian log-densities lose, with its sign turned."""
    return z.shape[2] / 2 * math.log(2 * math.pi)


def _averaged(log_weights: Tensor, dim: int = 0) -> Tensor:
    """The logarithm of the mean of the weights."""
    return log_weights.logsumexp(dim=dim) - math.log(log_weights.shape[dim])


def _bound(x: Tensor, logits: Tensor, z: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """The importance-weighted bound, (batch,)."""
    return _averaged(_log_weights(x, logits, z, mu, logvar))


def _with_q(**slip: Any) -> Callable:
    """The bound with a slip in log q(z|x); `divisor` is a function of logvar."""

    def bound(x: Tensor, logits: Tensor, z: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        given = {name: value(logvar) if callable(value) else value for name, value in slip.items()}
        return _averaged(_log_p_x(x, logits) + _log_p_z(z) - _log_q(z, mu, logvar, **given))

    return bound


BOUND_SLIPS: dict[str, Callable] = {
    "You averaged the logarithms: that is the ELBO, with however many draws. Which comes first, the logarithm or the mean?": (
        lambda *case: _log_weights(*case).mean(dim=0)
    ),
    "You added the weights. Their mean is asked for; as it is, the bound grows with every draw and passes log p(x).": lambda *case: (
        _log_weights(*case).logsumexp(dim=0)
    ),
    "You divided the logarithm by the number of draws. It is the weights that are averaged.": lambda *case: (
        _log_weights(*case).logsumexp(dim=0) / 5
    ),
    "You took the largest weight. The mean of all of them is asked for.": lambda *case: _log_weights(*case).amax(dim=0),
    "You averaged over the images: one number a draw. The mean runs over the draws, and every image keeps its own.": lambda *case: (
        _averaged(_log_weights(*case), dim=1)
    ),
    "You averaged over the batch too. One bound an image is wanted, shape (batch,).": lambda *case: _bound(*case).mean(),
    "You return the loss. The bound is a lower bound of log p(x), so it is not turned around.": lambda *case: -_bound(*case),
    "The cross-entropy has the wrong sign: a draw gets a large weight if it explains the image badly.": (
        lambda x, logits, z, mu, logvar: _averaged(-_log_p_x(x, logits) + _log_p_z(z) - _log_q(z, mu, logvar))
    ),
    "Prior and q have changed places in the weight.": lambda x, logits, z, mu, logvar: _averaged(
        _log_p_x(x, logits) - _log_p_z(z) + _log_q(z, mu, logvar)
    ),
    "The prior is missing from the weight.": lambda x, logits, z, mu, logvar: _averaged(
        _log_p_x(x, logits) - _log_q(z, mu, logvar)
    ),
    "The density of the prior is missing from the weight.": lambda x, logits, z, mu, logvar: _averaged(
        _log_p_x(x, logits) - _log_q(z, mu, logvar) + _constant(z)
    ),
    "q is missing from the weight: the draws do not come from the prior, and the weight has to say so.": (
        lambda x, logits, z, mu, logvar: _averaged(_log_p_x(x, logits) + _log_p_z(z) - _constant(z))
    ),
    "The density of q is missing from the weight: the draws do not come from the prior, and the weight has to say so.": (
        lambda x, logits, z, mu, logvar: _averaged(_log_p_x(x, logits) + _log_p_z(z))
    ),
    "One of the two Gaussian densities has its 2 pi, and the other has not: in the prior it is there, in q it is missing.": (
        lambda *case: _bound(*case) - _constant(case[2])
    ),
    "One of the two Gaussian densities has its 2 pi, and the other has not: in q it is there, in the prior it is missing.": (
        lambda *case: _bound(*case) + _constant(case[2])
    ),
    "Prior and q are both missing: this is the mean of p(x|z) over draws that come from q.": lambda x, logits, z, mu, logvar: (
        _averaged(_log_p_x(x, logits))
    ),
    "You put the closed form of the KL into every weight. It is an average over z already; the weight asks for this draw's z.": (
        lambda x, logits, z, mu, logvar: _averaged(_log_p_x(x, logits) - losses.gaussian_kl(mu, logvar))
    ),
    "You divided z - mu by logvar. It is a logarithm; a width is needed.": _with_q(divisor=lambda logvar: logvar),
    "You divided z - mu by the variance before squaring.": _with_q(divisor=lambda logvar: logvar.exp()),
    "You took exp(logvar / 2) for the variance and its root for sigma: logvar is the logarithm of the variance itself.": _with_q(
        divisor=lambda logvar: (0.25 * logvar).exp(), log_sigma=0.25
    ),
    "Your q has a standard deviation of exp(logvar). logvar is the logarithm of the variance.": _with_q(
        divisor=lambda logvar: logvar.exp(), log_sigma=1
    ),
    "The density of q lacks the width in front: a narrow Gaussian is also a high one.": _with_q(log_sigma=0),
    "The density of q has the logarithm of the variance in front, where that of sigma belongs.": _with_q(log_sigma=1),
    "The density of q has the logarithm of sigma with the wrong sign.": _with_q(log_sigma=-0.5),
    "You averaged the cross-entropy over the pixels. The log-probability of an image is a sum.": lambda x, logits, z, mu, logvar: (
        _averaged(_log_p_x(x, logits) / x.shape[1] + _log_p_z(z) - _log_q(z, mu, logvar))
    ),
    "You averaged over the latents. The log-density of a vector of independent numbers is a sum.": lambda x, logits, z, mu, logvar: (
        _averaged(_log_p_x(x, logits) + (_log_p_z(z) - _log_q(z, mu, logvar)) / z.shape[2])
    ),
    "You put a sigmoid on the logits and passed the result on as logits: sigmoid twice.": lambda x, logits, z, mu, logvar: _bound(
        x, logits.sigmoid(), z, mu, logvar
    ),
}


def _weight_of(reduction: str, size: int, batch: int) -> float | int:
    """By what a reduction multiplies the mean over images of a sum within an image."""
    return {"image": 1, "mean": 1 / size, "sum": batch}[reduction]


def _hidden_beta(reconstruction: str, kl: str, pixels: int, latent_dim: int, batch: int) -> float | int:
    """The weight of the KL, for a weight of 1 on the reconstruction term."""
    return _weight_of(kl, latent_dim, batch) / _weight_of(reconstruction, pixels, batch)


def _by(weight_of: Callable) -> Callable:
    """The hidden beta with another idea of what a reduction does: ``weight_of(reduction, size, batch)``."""
    return lambda r, k, pixels, latent_dim, batch: weight_of(k, latent_dim, batch) / weight_of(r, pixels, batch)


HIDDEN_SLIPS: dict[str, Callable] = {
    "You divided the wrong way round: this is the price of a nat of reconstruction, in nats of KL.": lambda *case: (
        1 / _hidden_beta(*case)
    ),
    "You multiplied the two factors. What remains if you take the reconstruction's factor out of the sum?": (
        lambda r, k, pixels, latent_dim, batch: _weight_of(k, latent_dim, batch) * _weight_of(r, pixels, batch)
    ),
    'You let "sum" be what the course does. It adds over the batch as well.': _by(
        lambda reduction, size, batch: {"image": 1, "mean": 1 / size, "sum": 1}[reduction]
    ),
    'You let "mean" divide by the batch once more. The mean over the images is in D and R already.': _by(
        lambda reduction, size, batch: {"image": 1, "mean": 1 / size / batch, "sum": batch}[reduction]
    ),
    'You let "mean" divide by the batch alone. It averages within an image as well.': _by(
        lambda reduction, size, batch: {"image": 1, "mean": 1 / batch, "sum": batch}[reduction]
    ),
    'You let "sum" grow with the size of an image and the batch. Within an image D and R are sums already.': _by(
        lambda reduction, size, batch: {"image": 1, "mean": 1 / size, "sum": size * batch}[reduction]
    ),
    'You let "image" divide by the batch. The mean over the images is in D and R already.': _by(
        lambda reduction, size, batch: {"image": 1 / batch, "mean": 1 / size, "sum": batch}[reduction]
    ),
    'You let "mean" multiply by the number of terms. A mean is smaller than the sum.': _by(
        lambda reduction, size, batch: {"image": 1, "mean": size, "sum": batch}[reduction]
    ),
    'You let "sum" divide by the batch. A sum over more images is larger.': _by(
        lambda reduction, size, batch: {"image": 1, "mean": 1 / size, "sum": 1 / batch}[reduction]
    ),
    "You left the reduction of the KL out: the two terms may be reduced in different ways.": (
        lambda r, k, pixels, latent_dim, batch: 1 / _weight_of(r, pixels, batch)
    ),
    "You left the reduction of the reconstruction out: the two terms may be reduced in different ways.": (
        lambda r, k, pixels, latent_dim, batch: _weight_of(k, latent_dim, batch)
    ),
    "You averaged the KL over the pixels. How many numbers an image does its table have?": (
        lambda r, k, pixels, latent_dim, batch: _weight_of(k, pixels, batch) / _weight_of(r, pixels, batch)
    ),
    'A "mean" of the KL counts as a sum in your answer: the latents are missing.': (
        lambda r, k, pixels, latent_dim, batch: {"image": 1, "mean": 1, "sum": batch}[k] / _weight_of(r, pixels, batch)
    ),
    "You answer with the number of pixels, whatever the reductions. That is the chapter's one case.": (
        lambda r, k, pixels, latent_dim, batch: pixels
    ),
    "You let equal names cancel. Two means are not over equally many numbers.": lambda r, k, pixels, latent_dim, batch: (
        1 if r == k else _hidden_beta(r, k, pixels, latent_dim, batch)
    ),
}


def _prices(rate: Tensor, distortion: Tensor, i: int) -> tuple[list[float], list[float]]:
    """At which price run i costs as much as each other run: those with a higher rate, and those with a lower one."""
    others = [j for j in range(len(rate)) if rate[j] != rate[i]]
    prices = {j: float((distortion[i] - distortion[j]) / (rate[j] - rate[i])) for j in others}
    return [p for j, p in prices.items() if rate[j] > rate[i]], [p for j, p in prices.items() if rate[j] < rate[i]]


def _price_range(rate: Tensor, distortion: Tensor, i: int) -> tuple[float, float]:
    """The lowest and the highest price at which run i has the lowest distortion + price * rate."""
    higher, lower = _prices(rate, distortion, i)
    return max([0.0, *higher]), min([math.inf, *lower])


def _beside(rate: Tensor, distortion: Tensor, i: int, order: list[int]) -> tuple[float, float]:
    """The price range as the runs next to i in some order give it."""
    place = order.index(i)
    near = [order[place + step] for step in (-1, 0, 1) if 0 <= place + step < len(order)]
    return _price_range(rate[near], distortion[near], near.index(i))


def _ends(rate: Tensor, distortion: Tensor, i: int) -> tuple[float, float]:
    """The price range that the run with the lowest rate and the one with the highest give."""
    chosen = sorted({int(rate.argmin()), i, int(rate.argmax())})
    return _price_range(rate[chosen], distortion[chosen], chosen.index(i))


def _loosest(rate: Tensor, distortion: Tensor, i: int) -> tuple[float, float]:
    """The range with minimum and maximum exchanged."""
    higher, lower = _prices(rate, distortion, i)
    return max(0.0, min(higher, default=0.0)), max(lower, default=math.inf)


def _inverted(rate: Tensor, distortion: Tensor, i: int) -> tuple[float, float]:
    """The range with rate over distortion in place of distortion over rate."""
    higher, lower = ([1 / p for p in prices] for prices in _prices(rate, distortion, i))
    return max([0.0, *higher]), min([math.inf, *lower])


def _slopes(rate: Tensor, distortion: Tensor, i: int) -> tuple[float, float]:
    """The slopes themselves, to the runs of higher rate and to those of lower."""
    low, high = _price_range(rate, distortion, i)
    return -low, -high


def _bounded(low: float = 0.0, high: float = math.inf) -> Callable:
    """The range with another end where no run stands on that side."""

    def price_range(rate: Tensor, distortion: Tensor, i: int) -> tuple[float, float]:
        higher, lower = _prices(rate, distortion, i)
        return max(higher, default=low), min(lower, default=high)

    return price_range


PRICE_SLIPS: dict[str, Callable] = {
    "The two prices have changed places: first the lowest, then the highest.": lambda *case: _price_range(*case)[::-1],
    "Your prices are negative. The slope of the curve is; a price is what a nat costs.": _slopes,
    "You divided the rate by the distortion. A price is nats of distortion for one nat of rate.": _inverted,
    "You compared each run with its neighbours in the list. The runs come in any order.": lambda rate, distortion, i: _beside(
        rate, distortion, i, list(range(len(rate)))
    ),
    "You compared each run with its neighbours on the curve only. A run farther off may still be the better buy.": (
        lambda rate, distortion, i: _beside(rate, distortion, i, rate.argsort().tolist())
    ),
    "You compared each run with the first and the last of the curve only.": _ends,
    "You stop at the rival that is easiest to beat. Run i has to be the best buy of all.": _loosest,
    "The run with the highest rate has no rival beyond it; how low may a price be?": _bounded(low=-math.inf),
    "The run with the lowest rate has no rival below it; how high may the price rise before another run is the better buy?": (
        _bounded(high=0.0)
    ),
    "Where a run is never the best buy, your range is empty in another way: give the two prices as they come out.": (
        lambda *case: (math.nan, math.nan) if _price_range(*case)[0] > _price_range(*case)[1] else _price_range(*case)
    ),
    "You sorted the two prices. For a run that is never the best buy the lower end lies above the upper one, and that says so.": (
        lambda *case: tuple(sorted(_price_range(*case)))
    ),
    "You measured along R + D. That is the bill at a price of 1; the price is what varies here.": lambda rate, distortion, i: (
        _price_range(rate, rate + distortion, i)
    ),
}


def _normals(*shape: int, seed: int) -> Tensor:
    """Standard normal numbers in float64, the same in every call."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
