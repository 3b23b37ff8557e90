"""Checks for the terms of the loss: what KL and reconstruction cost, the bound of log p(x) in steps, and the bound that draws tighten."""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from companion import losses
from companion.checks.cases import Case, gaussians, normals, seeded, uniform, whole
from companion.checks.comparing import compare
from companion.checks.verdict import Verdict, judge_words

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


def check_region_widths(prediction: Any, *, seed: int = 0) -> Verdict:
    """Judge how the bill of a trained VAE moves when its sigmas are multiplied: a dict of "up", "down" or "same".

    Keys: the reconstruction term, the KL and their sum at a factor of 0.5, and the sum at a factor of 2. seed: not used.
    """
    praise = "Two forces, and they balance where the trained model stands. Run the line with 0.5 and with 2."
    return judge_words(prediction, WIDTHS, DIRECTIONS, WIDTHS_WRONG, praise)


# The KL.


def check_gaussian_kl(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(mu, logvar)``: the KL of N(mu, exp(logvar)) from N(0, I), each (batch, latent_dim), in nats, (batch,).

    Source: Kingma and Welling 2014, appendix B.
    """
    return compare(
        answer,
        _gaussian_kl,
        _gaussian_kl_cases(seed),
        slips=KL_SLIPS,
        name="gaussian_kl",
        praise="It agrees with the closed form, for one image and for many, narrow regions and wide ones.",
        gradient=("mu", "logvar"),
        dtype=True,
    )


def _gaussian_kl_cases(seed: int) -> list[Case]:
    generator = seeded(seed)
    batch, latent_dim = whole(2, 4, generator), whole(2, 5, generator)
    many = 9 - batch
    return [
        Case(gaussians(1, 1, generator, low=-2.0, high=1.0), "one image of one latent"),
        Case(gaussians(1, latent_dim, generator, low=-2.0, high=1.0), "one image of several latents"),
        Case(gaussians(batch, latent_dim, generator, low=-2.0, high=1.0), "a few images"),
        Case(gaussians(many, 6 - latent_dim, generator), "logvar from -8 to 3"),
        Case(
            (torch.tensor([[0.0, 0.0]], dtype=torch.float64), torch.tensor([[-8.0, 3.0]], dtype=torch.float64)),
            "logvar at -8 and 3, in one image of two latents",
        ),
        Case(
            (
                torch.tensor([[0.0, 0.0], [0.03, 1.2]], dtype=torch.float64),
                torch.tensor([[0.0, 0.0], [0.02, -1.0]], dtype=torch.float64),
            ),
            "latents at the prior, or close to it, in two images",
        ),
        Case(gaussians(many, latent_dim, generator, dtype=torch.float32), "float32"),
    ]


def _gaussian_kl(mu: Tensor, logvar: Tensor) -> Tensor:
    """The closed form, (batch,)."""
    return losses.gaussian_kl(mu, logvar)


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
    "The 1/2 does not reach every term: it stands before the first term alone, or a bracket closes too early.": lambda m, s: (
        0.5 * m**2 + s.exp() - 1 - s
    ).sum(1),
    "The 1/2 does not reach every term: it stands before the 1 alone, or a bracket closes too early.": lambda m, s: (
        -0.5 + s - m**2 - s.exp()
    ).sum(1),
    "The 1/2 does not reach the variance: a bracket closes before it.": lambda m, s: (-0.5 * (1 + s - m**2) - s.exp()).sum(1),
    "The 1/2 does not reach mu and the variance: a bracket closes before them.": lambda m, s: (-0.5 * (1 + s) - m**2 - s.exp()).sum(
        1
    ),
    "The 1/2 does not reach logvar: a bracket closes before it.": lambda m, s: (0.5 * (m**2 + s.exp() - 1) - s).sum(1),
    "logvar stands with the wrong sign. Is a narrow region, far from the prior, cheap or dear?": lambda m, s: (
        0.5 * (m**2 + s.exp() - 1 + s).sum(1)
    ),
    "The constant stands with the wrong sign: what is the KL of the prior from itself?": lambda m, s: (
        0.5 * (m**2 + s.exp() + 1 - s).sum(1)
    ),
    "The mean stands with the wrong sign: does it get cheaper to lie far from the prior?": lambda m, s: (
        0.5 * (s.exp() - 1 - s - m**2).sum(1)
    ),
    "You charge for the mean alone. The width of a region costs nats too.": lambda m, s: 0.5 * (m**2).sum(1),
    "You charge for the mean alone, and without its half.": lambda m, s: (m**2).sum(1),
    "You charge for the width alone. A mean that is not 0 costs nats too.": lambda m, s: 0.5 * (s.exp() - 1 - s).sum(1),
    "The logarithm of the variance is missing: nothing in your line makes a narrow region dear.": lambda m, s: (
        0.5 * (m**2 + s.exp() - 1).sum(1)
    ),
    "You clamp logvar. Trained models have log variances far outside of your range, and pay for them.": lambda m, s: (
        -0.5 * _terms(m, s.clamp(-4, 4)).sum(1)
    ),
    "You clamp logvar. Trained models have log variances outside of your range, and pay for them.": lambda m, s: (
        -0.5 * _terms(m, s.clamp(-5, 5)).sum(1)
    ),
    "You clamp logvar from above or below. Trained models have such log variances, and pay for them.": lambda m, s: (
        -0.5 * _terms(m, s.clamp(-6, 2)).sum(1)
    ),
}


# The negative ELBO.


def check_negative_elbo(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(x, logits, mu, logvar, beta)``: the loss of a VAE, the reconstruction term and the KL of each image, in nats.

    x, logits: (batch, pixels), x from 0 to 1. mu, logvar: (batch, latent_dim). The loss is a scalar, the mean over the batch of the
    reconstruction term plus beta times the KL; the two terms are (batch,) and hold no beta.
    """
    return compare(
        answer,
        _negative_elbo,
        _negative_elbo_cases(seed),
        slips=ELBO_SLIPS,
        name="negative_elbo",
        praise="Both terms and the loss are right, also where a probability rounds to 0 or 1. A training can start from it.",
        gradient=("logits", "mu", "logvar"),
        gradient_slips={
            "The loss has its gradient, and the two terms have none. It is asked of all three: did you detach them for the log?": (
                lambda *case: (_negative_elbo(*case)[0], *(each.detach() for each in _negative_elbo(*case)[1:]))
            )
        },
        dtype=True,
        parts=("the loss", "the reconstruction term", "the KL"),
        scale=10.0,
        follows="the loss",
    )


def _negative_elbo_cases(seed: int) -> list[Case]:
    generator = seeded(seed)
    batch, pixels, latent_dim = whole(2, 4, generator), whole(3, 6, generator), whole(2, 4, generator)

    def case(batch: int, pixels: int, latent_dim: int, about: str, beta: float | int, dtype: torch.dtype = torch.float64) -> Case:
        x = uniform(0.0, 1.0, batch, pixels, generator=generator, dtype=dtype)
        x[:, 0] = 1.0  # ink, as it comes
        logits = 2 * normals(batch, pixels, generator=generator, dtype=dtype)
        mu, logvar = gaussians(batch, latent_dim, generator, dtype=dtype, low=-2.0, high=1.0)
        return Case((x, logits, mu, logvar, beta), about)

    (sure,) = [case(batch, 6, latent_dim, "logits from -50 to 50, where a probability rounds to 0 or 1", 1.0)]
    sure.arguments[0][:, :6] = torch.tensor([0.0, 1.0, 0.0, 1.0, 0.5, 0.5])
    sure.arguments[1][:, :6] = torch.tensor([50.0, -50.0, -50.0, 50.0, 50.0, -50.0])
    narrow = case(9 - batch, pixels, latent_dim, "logvar from -8 to 3", 0.5)
    wide = uniform(-8.0, 3.0, 9 - batch, latent_dim, generator=generator)
    wide[0, 0], wide[-1, -1] = -8.0, 3.0
    narrow = narrow._replace(arguments=(*narrow.arguments[:3], wide, 0.5))
    return [
        case(1, 2, 1, "one image of two pixels and one latent", 2.0),
        case(1, pixels, latent_dim, "one image", 1.0),
        case(batch, pixels, latent_dim, "a few images, with a beta between whole numbers", whole(2, 30, generator) / 10 + 0.05),
        case(batch, pixels, latent_dim, "beta 0", 0.0),
        narrow,
        sure._replace(extreme=True),
        case(9 - batch, pixels, latent_dim, "float32", 4.0, torch.float32),
    ]


def _nll(x: Tensor, logits: Tensor) -> Tensor:
    """The cross-entropy of each pixel: (batch, pixels)."""
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none")


def _negative_elbo(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float | int) -> tuple[Tensor, Tensor, Tensor]:
    reconstruction, kl = _nll(x, logits).sum(dim=1), losses.gaussian_kl(mu, logvar)
    return (reconstruction + beta * kl).mean(), reconstruction, kl


def _elbo_with(
    *,
    nll: Callable = lambda x, logits: _nll(x, logits).sum(dim=1),
    kl: Callable = _gaussian_kl,
    loss: Callable = lambda r, k, beta: (r + beta * k).mean(),
) -> Callable:
    """The three values with a slip in one of the terms or in what becomes of them."""

    def negative_elbo(x: Tensor, logits: Tensor, mu: Tensor, logvar: Tensor, beta: float | int) -> tuple[Tensor, Tensor, Tensor]:
        reconstruction, nats = nll(x, logits), kl(mu, logvar)
        return loss(reconstruction, nats, beta), reconstruction, nats

    return negative_elbo


def _by_probabilities(x: Tensor, logits: Tensor, *, least: float = 0.0) -> Tensor:
    """The cross-entropy by way of probabilities, which are kept `least` away from 0 and 1."""
    p = logits.sigmoid().clamp(least, 1 - least)
    return -(x * p.log() + (1 - x) * (1 - p).log()).sum(dim=1)


ROUNDS = "You take the logarithm of a probability. For a sure decoder it rounds to 0 or 1, and the loss "
ROUNDED_AT = {f"{ROUNDS}becomes infinite or nan. Stay with the logits.": 0.0} | {
    f"{ROUNDS}stops where you clamp it, at {least:g}: no gradient comes back from there. Stay with the logits.": least
    for least in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12)
}
ELBO_SLIPS: dict[str, Callable] = (
    {
        "The loss holds no beta.": _elbo_with(loss=lambda r, k, beta: (r + k).mean()),
        "You put beta on the reconstruction term. It weighs the KL.": _elbo_with(loss=lambda r, k, beta: (beta * r + k).mean()),
        "You put beta on both terms. It weighs the KL alone.": _elbo_with(loss=lambda r, k, beta: (beta * (r + k)).mean()),
        "You subtract the KL in the loss. What would training do to a KL that lowers the loss?": _elbo_with(
            loss=lambda r, k, beta: (r - beta * k).mean()
        ),
        "You return the ELBO. The loss is what is minimised: look at its sign.": _elbo_with(
            loss=lambda r, k, beta: -(r + beta * k).mean()
        ),
        "Your loss is the sum over the images. The mean is asked for.": _elbo_with(loss=lambda r, k, beta: (r + beta * k).sum()),
        "Your loss still has one number an image. One number is asked for, the mean over the batch.": _elbo_with(
            loss=lambda r, k, beta: r + beta * k
        ),
        "In the loss one of the terms is the sum over the images, and the other their mean: the KL is added up.": _elbo_with(
            loss=lambda r, k, beta: r.mean() + beta * k.sum()
        ),
        "In the loss one of the terms is the sum over the images, and the other their mean: the reconstruction is added up.": _elbo_with(
            loss=lambda r, k, beta: r.sum() + beta * k.mean()
        ),
        "The loss holds the reconstruction term alone.": _elbo_with(loss=lambda r, k, beta: r.mean()),
        "The KL that you return holds beta. The terms are reported without it.": lambda *case: (
            *_negative_elbo(*case)[:2],
            case[4] * _negative_elbo(*case)[2],
        ),
        "The two terms have changed places: first the loss, then the reconstruction, then the KL.": lambda *case: (
            _negative_elbo(*case)[0],
            *_negative_elbo(*case)[:0:-1],
        ),
        "You return the terms before the loss. The loss comes first.": lambda *case: (
            *_negative_elbo(*case)[1:],
            _negative_elbo(*case)[0],
        ),
        "You return the mean of each term. Only the loss is a mean; the terms have one number an image.": lambda *case: tuple(
            each.mean() for each in _negative_elbo(*case)
        ),
        "You averaged the cross-entropy over the pixels. Beside a KL that is summed, that is a price of its own: sum within an image.": (
            _elbo_with(nll=lambda x, logits: _nll(x, logits).mean(dim=1))
        ),
        "You averaged the cross-entropy over pixels and images. Sum within an image, and keep one number an image.": _elbo_with(
            nll=lambda x, logits: _nll(x, logits).mean()
        ),
        "You summed the cross-entropy over the images too. One number an image is wanted.": _elbo_with(
            nll=lambda x, logits: _nll(x, logits).sum()
        ),
        "You averaged the cross-entropy over the images too. One number an image is wanted.": _elbo_with(
            nll=lambda x, logits: _nll(x, logits).sum(dim=1).mean()
        ),
        "The reconstruction term has the wrong sign: it is minus the log-likelihood, and for pixels from 0 to 1 never negative.": _elbo_with(
            nll=lambda x, logits: -_nll(x, logits).sum(dim=1)
        ),
        "You put a sigmoid on the logits and passed the result on as logits: sigmoid twice.": _elbo_with(
            nll=lambda x, logits: _nll(x, logits.sigmoid()).sum(dim=1)
        ),
        "Pixels and logits have changed places in the cross-entropy. Which of the two comes first there?": _elbo_with(
            nll=lambda x, logits: _nll(logits, x).sum(dim=1)
        ),
        "You rounded grey pixels to ink and paper. A grey pixel pays a part of each.": _elbo_with(
            nll=lambda x, logits: _nll((x > 0.5).to(x.dtype), logits).sum(dim=1)
        ),
        "You wrote the number of pixels in. An image has as many as come.": _elbo_with(
            nll=lambda x, logits: 784 * _nll(x, logits).mean(dim=1)
        ),
        "You return the ELBO and the log-likelihood. Loss and reconstruction term are what is minimised: look at their signs.": (
            lambda *case: (
                -_negative_elbo(*case)[0],
                -_negative_elbo(*case)[1],
                _negative_elbo(*case)[2],
            )
        ),
        "You count ink only. A pixel of paper has a probability too.": _elbo_with(
            nll=lambda x, logits: -(x * F.logsigmoid(logits)).sum(dim=1)
        ),
        "You count paper only. A pixel of ink has a probability too.": _elbo_with(
            nll=lambda x, logits: -((1 - x) * F.logsigmoid(-logits)).sum(dim=1)
        ),
        "Ink and paper have changed places: a decoder that is right pays most.": _elbo_with(
            nll=lambda x, logits: _nll(1 - x, logits).sum(dim=1)
        ),
        "You took the squared error. The pixels are Bernoulli here.": _elbo_with(
            nll=lambda x, logits: ((x - logits.sigmoid()) ** 2).sum(dim=1)
        ),
        "You took half the squared error. The pixels are Bernoulli here.": _elbo_with(
            nll=lambda x, logits: 0.5 * ((x - logits.sigmoid()) ** 2).sum(dim=1)
        ),
        "You took the squared error of the logits. They are no pixels yet, and the pixels are Bernoulli here.": _elbo_with(
            nll=lambda x, logits: ((x - logits) ** 2).sum(dim=1)
        ),
        ROUNDS + "stops at 100 a pixel, where PyTorch cuts the logarithm. Stay with the logits.": _elbo_with(
            nll=lambda x, logits: F.binary_cross_entropy(logits.sigmoid(), x, reduction="none").sum(dim=1)
        ),
    }
    | {
        message: _elbo_with(nll=lambda x, logits, least=least: _by_probabilities(x, logits, least=least))
        for message, least in ROUNDED_AT.items()
    }
    | {
        f"In the KL: {message[0].lower()}{message[1:]}": _elbo_with(kl=slip)
        for message, slip in KL_SLIPS.items()
        if slip(torch.zeros(2, 3), torch.zeros(2, 3)).shape in ((2,), ())
    }
)


# The steps from log p(x) to its bound.


def check_bound_steps(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(log_likelihood, prior, q)``: seven steps from log p(x) to the ELBO, for a code with a few values.

    log_likelihood: log p(x|z) of each value of z, (values,), in nats. prior, q: their probabilities, (values,), all above 0.
    """
    return compare(
        answer,
        _bound_steps,
        _bound_steps_cases(seed),
        slips=BOUND_STEP_SLIPS,
        name="bound_steps",
        praise="All seven steps. Add line 3 and line 7 of your result, and look at line 2.",
        parts=STEPS,
        scale=10.0,
        stepwise=True,
    )


STEPS = ("log w", "log p(x)", "the ELBO", "the mean of log p(x|z)", "KL(q || prior)", "the posterior", "KL(q || posterior)")


def _bound_steps_cases(seed: int) -> list[Case]:
    generator = seeded(seed)

    def case(count: int, about: str, level: float = -3.0, dtype: torch.dtype = torch.float64) -> Case:
        log_likelihood = level + normals(count, generator=generator, dtype=dtype)
        return Case((log_likelihood, _shares(count, generator, dtype), _shares(count, generator, dtype)), about)

    some = whole(3, 6, generator)
    return [
        case(2, "two values of z"),
        case(some, "a few values of z"),
        case(10 - some, "some more values of z"),
        case(some, "p(x|z) near exp(-900), too small for a number", level=-900.0)._replace(extreme=True),
        _rare(case(2, "a value of z that q hardly ever takes")),
        case(some, "float32", dtype=torch.float32),
    ]


def _rare(case: Case) -> Case:
    """A case of two values of z with a q that is nearly sure of one of them."""
    log_likelihood, prior, _ = case.arguments
    return Case((log_likelihood, prior, torch.tensor([1e-8, 1 - 1e-8], dtype=torch.float64)), case.about, extreme=True)


def _shares(count: int, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
    """Probabilities in whole hundredths, none of them 0, that add up to 1."""
    cuts = 1 + torch.randperm(99, generator=generator)[: count - 1].sort().values
    edges = torch.cat([torch.tensor([0]), cuts, torch.tensor([100])])
    return (edges.diff() / 100).to(dtype)


def _bound_steps(log_likelihood: Tensor, prior: Tensor, q: Tensor) -> tuple[Tensor, ...]:
    joint = log_likelihood + prior.log()
    log_w, posterior = joint - q.log(), joint.softmax(dim=0)
    return (
        log_w,
        joint.logsumexp(dim=0),
        (q * log_w).sum(),
        (q * log_likelihood).sum(),
        (q * (q / prior).log()).sum(),
        posterior,
        (q * (q.log() - joint.log_softmax(dim=0))).sum(),
    )


def _instead(place: int, value: Callable) -> Callable:
    """The seven steps with another value in one of them, from 1: value(log_likelihood, prior, q)."""
    return lambda *case: tuple(value(*case) if i == place else step for i, step in enumerate(_bound_steps(*case), 1))


def _from_weights(weigh: Callable, *, log_p: bool = True) -> Callable:
    """The seven steps where the first and the third come from another log weight, and with log_p the second too."""

    def steps(log_likelihood: Tensor, prior: Tensor, q: Tensor) -> tuple[Tensor, ...]:
        log_w, right = weigh(log_likelihood, prior, q), _bound_steps(log_likelihood, prior, q)
        return log_w, (log_w + q.log()).logsumexp(dim=0) if log_p else right[1], (q * log_w).sum(), *right[3:]

    return steps


def _from_posterior(posterior: Callable) -> Callable:
    """The seven steps where the last two come from another posterior."""

    def steps(log_likelihood: Tensor, prior: Tensor, q: Tensor) -> tuple[Tensor, ...]:
        other = posterior(log_likelihood, prior, q)
        return *_bound_steps(log_likelihood, prior, q)[:5], other, (q * (q / other).log()).sum()

    return steps


BOUND_STEP_SLIPS: dict[str, Callable] = {
    "Step 1: q is missing from the weight. What undoes that q draws some values more often than the prior would?": _instead(
        1, lambda lik, p, q: lik + p.log()
    ),
    "Steps 1 to 3: q is missing from the weight. What undoes that q draws some values more often than the prior would?": _from_weights(
        lambda lik, p, q: lik + p.log()
    ),
    "Step 1: the prior is missing from the weight.": _instead(1, lambda lik, p, q: lik - q.log()),
    "Steps 1 to 3: the prior is missing from the weight.": _from_weights(lambda lik, p, q: lik - q.log()),
    "Step 1: prior and q have changed places in the weight.": _instead(1, lambda lik, p, q: lik - p.log() + q.log()),
    "Steps 1 to 3: prior and q have changed places in the weight.": _from_weights(lambda lik, p, q: lik - p.log() + q.log()),
    "Steps 1 and 3: the prior is missing from the weight.": _from_weights(lambda lik, p, q: lik - q.log(), log_p=False),
    "Steps 1 and 3: prior and q have changed places in the weight.": _from_weights(
        lambda lik, p, q: lik - p.log() + q.log(), log_p=False
    ),
    "Steps 1 and 3: q is missing from the weight. What undoes that q draws some values more often than the prior would?": _from_weights(
        lambda lik, p, q: lik + p.log(), log_p=False
    ),
    "Step 1: you return the weight. Its logarithm is asked for.": _instead(1, lambda lik, p, q: (lik + p.log() - q.log()).exp()),
    "Step 2: you averaged p(x|z) over q. For p(x) it is averaged over another distribution, or weighted.": _instead(
        2, lambda lik, p, q: (lik + q.log()).logsumexp(dim=0)
    ),
    "Step 2: you added the weights up. Their mean over q is asked for.": _instead(
        2, lambda lik, p, q: (lik + p.log() - q.log()).logsumexp(dim=0)
    ),
    "Step 2: your mean of the weights counts every value of z alike. It is a mean over q.": _instead(
        2, lambda lik, p, q: (lik + p.log() - q.log()).logsumexp(dim=0) - math.log(len(q))
    ),
    "Step 2: the prior is missing. Every value of z counts alike in your p(x).": _instead(
        2, lambda lik, p, q: lik.logsumexp(dim=0)
    ),
    "Step 2: you return p(x). Its logarithm is asked for.": _instead(2, lambda lik, p, q: (lik.exp() * p).sum()),
    "Step 2: you averaged the logarithms over the prior. The logarithm comes last.": _instead(2, lambda lik, p, q: (p * lik).sum()),
    "Step 2 is right for ordinary numbers. Where p(x|z) is too small for a number the logarithm comes too late: `logsumexp` adds "
    "numbers of which you hold the logarithms.": _instead(2, lambda lik, p, q: (lik.exp() * p).sum().log()),
    "Step 3 is step 2 again. Which comes first in the ELBO, the logarithm or the mean?": _instead(
        3, lambda lik, p, q: (lik + p.log()).logsumexp(dim=0)
    ),
    "Step 3: the mean counts every value of z alike. It is a mean over q.": _instead(
        3, lambda lik, p, q: (lik + p.log() - q.log()).mean()
    ),
    "Step 3: the sum runs over the values of z without their probabilities. It is a mean over q.": _instead(
        3, lambda lik, p, q: (lik + p.log() - q.log()).sum()
    ),
    "Step 3: the mean is over the prior. It is a mean over q.": _instead(
        3, lambda lik, p, q: (p * (lik + p.log() - q.log())).sum()
    ),
    "Step 3: you return the loss. The ELBO is not turned around.": _instead(
        3, lambda lik, p, q: -(q * (lik + p.log() - q.log())).sum()
    ),
    "Step 3: you added the KL. The ELBO subtracts it.": _instead(3, lambda lik, p, q: (q * (lik - p.log() + q.log())).sum()),
    "Step 4: the mean is over the prior. It is a mean over q.": _instead(4, lambda lik, p, q: (p * lik).sum()),
    "Step 4: the mean counts every value of z alike. It is a mean over q.": _instead(4, lambda lik, p, q: lik.mean()),
    "Step 4: you took the logarithm of the mean. The mean of the logarithm is asked for.": _instead(
        4, lambda lik, p, q: (lik + q.log()).logsumexp(dim=0)
    ),
    "Step 4: you turned the sign around, as in the loss.": _instead(4, lambda lik, p, q: -(q * lik).sum()),
    "Step 5: the two distributions have changed places. Values come from q.": _instead(
        5, lambda lik, p, q: (p * (p / q).log()).sum()
    ),
    "Step 5: the sign is turned around. A KL is never negative.": _instead(5, lambda lik, p, q: (q * (p / q).log()).sum()),
    "Step 5: the terms are added up without the probabilities of q.": _instead(5, lambda lik, p, q: (q / p).log().sum()),
    "Step 5: the mean is over the prior, of log q - log prior. Values come from q.": _instead(
        5, lambda lik, p, q: (p * (q / p).log()).sum()
    ),
    "Step 5: the terms are averaged over the values of z. q weighs them already; they are added up.": _instead(
        5, lambda lik, p, q: (q * (q / p).log()).mean()
    ),
    "Step 6: you divided the weights by their sum. Those of the posterior do not depend on q.": _instead(
        6, lambda lik, p, q: (lik + p.log() - q.log()).softmax(dim=0)
    ),
    "Steps 6 and 7: you divided the weights by their sum. Those of the posterior do not depend on q.": _from_posterior(
        lambda lik, p, q: (lik + p.log() - q.log()).softmax(dim=0)
    ),
    "Steps 6 and 7 have changed places: first the posterior, then the gap.": lambda *case: (
        *_bound_steps(*case)[:5],
        *_bound_steps(*case)[:4:-1],
    ),
    "Step 6: your posterior holds no prior.": _instead(6, lambda lik, p, q: lik.softmax(dim=0)),
    "Steps 6 and 7: your posterior holds no prior.": _from_posterior(lambda lik, p, q: lik.softmax(dim=0)),
    "Step 6: your posterior does not add up to 1. What is it divided by?": _instead(6, lambda lik, p, q: lik.exp() * p),
    "Steps 6 and 7: your posterior does not add up to 1. What is it divided by?": _from_posterior(lambda lik, p, q: lik.exp() * p),
    "Step 6: your posterior holds q where the prior belongs.": _instead(6, lambda lik, p, q: (lik + q.log()).softmax(dim=0)),
    "Steps 6 and 7: your posterior holds q where the prior belongs.": _from_posterior(
        lambda lik, p, q: (lik + q.log()).softmax(dim=0)
    ),
    "Step 6: you return the logarithm of the posterior. Its probabilities are asked for.": _instead(
        6, lambda lik, p, q: (lik + p.log()).log_softmax(dim=0)
    ),
    "Step 7: the two distributions have changed places. Values come from q.": _instead(
        7,
        lambda lik, p, q: ((lik + p.log()).softmax(dim=0) * ((lik + p.log()).log_softmax(dim=0) - q.log())).sum(),
    ),
    "Step 7: the sign is turned around. A KL is never negative.": _instead(
        7, lambda lik, p, q: -(q * (q.log() - (lik + p.log()).log_softmax(dim=0))).sum()
    ),
    "Step 7 is step 5 again: the gap is measured from the posterior.": _instead(7, lambda lik, p, q: (q * (q / p).log()).sum()),
}


# The importance-weighted bound.


def check_bound(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(x, logits, z, mu, logvar)``: the importance-weighted bound of log p(x) in nats, (batch,).

    x: (batch, pixels), of 0 and 1. logits: (k, batch, pixels). z: (k, batch, latent_dim). mu, logvar: (batch, latent_dim).
    Source: Burda et al. 2016, equation 8.
    """
    return compare(
        answer,
        _bound,
        _bound_cases(seed),
        slips=BOUND_SLIPS,
        name="bound",
        praise="It agrees on small images and on large ones, with one draw and with many.",
        gradient=("logits", "z", "mu", "logvar"),
        dtype=True,
        scale=10.0,
    )


def _bound_cases(seed: int) -> list[Case]:
    generator = seeded(seed)
    k, batch, pixels, latent_dim = (whole(low, high, generator) for low, high in ((3, 6), (2, 4), (4, 8), (2, 3)))
    k += k == batch  # so that draws and images cannot be mixed up unseen

    def case(
        k: int, batch: int, pixels: int, latent_dim: int, about: str, *, low: float = -2.0, dtype: torch.dtype = torch.float64
    ) -> Case:
        mu, logvar = gaussians(batch, latent_dim, generator, low=low, high=1.0)
        eps = normals(k, batch, latent_dim, generator=generator)
        z = mu + (0.5 * logvar).exp() * eps
        logits = 1.5 * normals(k, batch, pixels, generator=generator)
        x = (uniform(0.0, 1.0, batch, pixels, generator=generator) > 0.6).double()
        return Case(tuple(each.to(dtype) for each in (x, logits, z, mu, logvar)), about)

    large = case(k, batch, 2000, latent_dim, "large images, where p(x|z) is too small for a number")
    apart = case(k, batch, 2000, latent_dim, "images that are explained well beside others that are not")
    x, logits = apart.arguments[:2]
    logits[:, 0], logits[:, 1] = (2 * x[0] - 1) / 2, 3 * (1 - 2 * x[1])
    sure = case(k, batch, 6, latent_dim, "logits from -50 to 50, where a probability rounds to 0 or 1")
    sure.arguments[0][:] = torch.tensor([0.0, 1.0, 0.0, 1.0, 1.0, 0.0])
    sure.arguments[1][:] = torch.tensor([50.0, -50.0, -50.0, 50.0, 1.5, -0.5])
    return [
        case(2, 1, 2, 1, "one image of two pixels, with two draws"),
        case(1, batch, pixels, latent_dim, "one draw"),
        case(k, 1, pixels, latent_dim, "one image"),
        case(k, batch, pixels, latent_dim, "a few draws of a few images"),
        case(max(k, batch), max(k, batch), pixels, latent_dim, "as many draws as images"),
        case(k, batch, pixels, latent_dim, "logvar from -8 to 1", low=-8.0),
        large._replace(extreme=True),
        apart._replace(extreme=True),
        sure._replace(extreme=True),
        case(k, batch, pixels, latent_dim, "float32", dtype=torch.float32),
    ]


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
        _log_weights(*case).logsumexp(dim=0) / len(case[2])
    ),
    "You took the largest weight. The mean of all of them is asked for.": lambda *case: _log_weights(*case).amax(dim=0),
    "It is right for small images. For large ones the weights are too small for a number before you take the logarithm: "
    "stay among logarithms until they are averaged.": lambda *case: _log_weights(*case).exp().mean(dim=0).log(),
    "You add a small number before the logarithm. Next to the weights of an image it is large: 1e-10 was found.": lambda *case: (
        _log_weights(*case).exp().mean(dim=0) + 1e-10
    ).log(),
    "You add a small number before the logarithm. Next to the weights of an image it is large: 1e-8 was found.": lambda *case: (
        _log_weights(*case).exp().mean(dim=0) + 1e-8
    ).log(),
    "You divided by the number of images. The mean of the weights is over the draws.": lambda *case: (
        _log_weights(*case).logsumexp(dim=0) - math.log(len(case[0]))
    ),
    "You averaged over the images: one number a draw. The mean runs over the draws, and every image keeps its own.": lambda *case: (
        _averaged(_log_weights(*case), dim=1)
    ),
    "You averaged over the batch too. One bound an image is wanted, shape (batch,).": lambda *case: _bound(*case).mean(),
    "You return the loss. The bound is a lower bound of log p(x), so it is not turned around.": lambda *case: -_bound(*case),
    "The cross-entropy has the wrong sign: a draw gets a large weight if it explains the image badly.": (
        lambda x, logits, z, mu, logvar: _averaged(-_log_p_x(x, logits) + _log_p_z(z) - _log_q(z, mu, logvar))
    ),
    "You took the largest weight of all images out. An image whose weights are all far smaller then has none left: each has its own.": (
        lambda *case: (_log_weights(*case) - _log_weights(*case).max()).exp().mean(dim=0).log() + _log_weights(*case).max()
    ),
    "The sum runs over the images: one number a draw came out. It should run over the draws.": lambda *case: (
        _log_weights(*case).logsumexp(dim=1) - math.log(len(case[2]))
    ),
    "You multiply by the density of q. The weight is divided by it: look at the sign of its logarithm.": (
        lambda x, logits, z, mu, logvar: _averaged(_log_p_x(x, logits) + _log_p_z(z) + _log_q(z, mu, logvar) - 2 * _constant(z))
    ),
    "The density of q stands with the wrong sign: the weight is divided by it.": (
        lambda x, logits, z, mu, logvar: _averaged(_log_p_x(x, logits) + _log_p_z(z) + _log_q(z, mu, logvar))
    ),
    "Your prior lies around mu. It is the same for every image, N(0, I).": lambda x, logits, z, mu, logvar: _averaged(
        _log_p_x(x, logits) + _log_p_z(z - mu) - _log_q(z, mu, logvar)
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
    "In the prior 2 pi is counted once for each latent, and in q once for all of them.": lambda *case: (
        _bound(*case) - _constant(case[2]) + _constant(case[2][..., :1])
    ),
    "In q 2 pi is counted once for each latent, and in the prior once for all of them.": lambda *case: (
        _bound(*case) + _constant(case[2]) - _constant(case[2][..., :1])
    ),
    "Prior and q are both missing: this is the mean of p(x|z) over draws that come from q.": lambda x, logits, z, mu, logvar: (
        _averaged(_log_p_x(x, logits))
    ),
    "You put the closed form of the KL into every weight. It is an average over z already; the weight asks for this draw's z.": (
        lambda x, logits, z, mu, logvar: _averaged(_log_p_x(x, logits) - losses.gaussian_kl(mu, logvar))
    ),
    "You divided z - mu by logvar. It is a logarithm; a width is needed.": _with_q(divisor=lambda logvar: logvar),
    "You divided z - mu by the variance before squaring.": _with_q(divisor=lambda logvar: logvar.exp()),
    "You divided the square of z - mu by sigma. It is divided by the variance.": _with_q(
        divisor=lambda logvar: (0.25 * logvar).exp()
    ),
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
} | {
    message: lambda x, logits, z, mu, logvar, least=least: _averaged(
        torch.stack([-_by_probabilities(x, each, least=least) for each in logits]) + _log_p_z(z) - _log_q(z, mu, logvar)
    )
    for message, least in ROUNDED_AT.items()
}
