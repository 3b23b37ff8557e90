"""What is minimised: negative log-likelihoods per image and the objectives made of them. No training loop here.

Every term is in nats, summed over pixels, one number an image: shape (batch,). Only an objective's `loss` is a mean over the batch.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from companion import _require


class ReconstructionTerms(NamedTuple):
    """loss: scalar, the mean over the batch. reconstruction: (batch,), nats an image. So loss = mean(reconstruction)."""

    loss: Float[Tensor, ""]
    reconstruction: Float[Tensor, "batch"]


class ELBOTerms(NamedTuple):
    """loss: scalar, the mean over the batch of reconstruction + beta * kl. reconstruction, kl: (batch,), nats an image."""

    loss: Float[Tensor, ""]
    reconstruction: Float[Tensor, "batch"]
    kl: Float[Tensor, "batch"]


class IWAETerms(NamedTuple):
    """loss: scalar, minus the mean over the batch of bound. bound: (batch,), nats an image."""

    loss: Float[Tensor, ""]
    bound: Float[Tensor, "batch"]


def bernoulli_nll(x: Float[Tensor, "batch pixels"], logits: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch"]:
    """Negative log-likelihood of pixels under independent Bernoulli distributions; on grey pixels, the cross-entropy.

    -sum over pixels of x log p + (1 - x) log(1 - p), with p = sigmoid(logits) (Kingma & Welling 2014, appendix C.1).
    For x strictly between 0 and 1 this is a score, not a likelihood: it is not normalised over grey values.

    Args:
        x: pixels in [0, 1], (batch, pixels).
        logits: the decoder's output before the sigmoid, (batch, pixels).

    Returns:
        (batch,), nats, summed over pixels.

    Raises:
        ValueError: shapes differ or are empty, or `x` leaves [0, 1]. TypeError: not floating point tensors.

    Example:
        >>> bernoulli_nll(torch.ones(1, 2), torch.zeros(1, 2))  # two pixels at probability one half: 2 log 2
        tensor([1.3863])
    """
    _require_pair("bernoulli_nll", x, "logits", logits)
    _require.between("bernoulli_nll: x", x, 0.0, 1.0)
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)


def gaussian_nll(
    x: Float[Tensor, "batch pixels"], mean: Float[Tensor, "batch pixels"], *, sigma: float | int = 1
) -> Float[Tensor, "batch"]:
    """Negative log-density of pixels under independent Gaussians of one standard deviation, constants included.

    sum over pixels of (x - mean)^2 / (2 sigma^2) + log sigma + log(2 pi) / 2 (Bishop 2006, equation 1.46).
    With sigma = 1 that is half the summed squared error plus 0.919 nats a pixel.

    Args:
        x: pixels, (batch, pixels), any real values.
        mean: the decoder's output, (batch, pixels).
        sigma: standard deviation of every pixel, in the units of `x`.

    Returns:
        (batch,), nats (of a density: it may be negative), summed over pixels.

    Raises:
        ValueError: shapes differ or are empty, `x` is not finite, `sigma` is not above 0. TypeError: not floating point tensors.

    Example:
        >>> gaussian_nll(torch.zeros(1, 1), torch.zeros(1, 1))  # log(2 pi) / 2
        tensor([0.9189])
    """
    _require_pair("gaussian_nll", x, "mean", mean)
    _require.finite("gaussian_nll: x", x)
    _require.positive("gaussian_nll: sigma", sigma)
    constant = math.log(sigma) + 0.5 * math.log(2 * math.pi)
    return ((x - mean) ** 2 / (2 * sigma**2) + constant).sum(dim=1)


def reconstruction_loss(
    model: nn.Module,
    x: Float[Tensor, "batch pixels"],
    *,
    nll: Callable[[Tensor, Tensor], Tensor] = bernoulli_nll,
    generator: torch.Generator | None = None,
) -> ReconstructionTerms:
    """The autoencoder's objective: how badly `model(x)` explains `x`.

    Args:
        model: maps (batch, pixels) to what `nll` takes as its second argument, (batch, pixels).
        x: images, (batch, pixels).
        nll: `bernoulli_nll` or `gaussian_nll`, or anything that returns (batch,) in nats.
        generator: not used, because nothing here is random; every loss that `training.fit` takes has it.

    Returns:
        `ReconstructionTerms`: `loss` is the mean over the batch of `reconstruction`.
    """
    reconstruction = nll(x, model(x))
    return ReconstructionTerms(reconstruction.mean(), reconstruction)


def gaussian_kl(mu: Float[Tensor, "batch latent_dim"], logvar: Float[Tensor, "batch latent_dim"]) -> Float[Tensor, "batch"]:
    """KL divergence from N(mu, diag(exp(logvar))) to the standard normal N(0, I).

    -1/2 * sum over latents of 1 + logvar - mu^2 - exp(logvar) (Kingma & Welling 2014, appendix B, with the sign of a KL).

    Args:
        mu: means, (batch, latent_dim).
        logvar: logarithms of the variances (not of the standard deviations), (batch, latent_dim).

    Returns:
        (batch,), nats, summed over latents; never negative.

    Raises:
        ValueError: shapes differ or are empty. TypeError: not floating point tensors.

    Example:
        >>> gaussian_kl(torch.ones(1, 2), torch.zeros(1, 2))  # two latents, one sigma off centre: 1/2 each
        tensor([1.])
    """
    _require_pair("gaussian_kl", mu, "logvar", logvar, first="mu")
    return -0.5 * _kl_terms(mu, logvar).sum(dim=1)  # the factor last: where numbers are narrow, it decides what overflows


def gaussian_kl_per_latent(
    mu: Float[Tensor, "batch latent_dim"], logvar: Float[Tensor, "batch latent_dim"]
) -> Float[Tensor, "batch latent_dim"]:
    """What each latent adds to `gaussian_kl`, which takes the same arguments: (batch, latent_dim), nats.

    Raises:
        ValueError: shapes differ or are empty. TypeError: not floating point tensors.

    Example:
        >>> gaussian_kl_per_latent(torch.tensor([[0.0, 2.0]]), torch.zeros(1, 2))
        tensor([[0., 2.]])
    """
    _require_pair("gaussian_kl_per_latent", mu, "logvar", logvar, first="mu")
    return -0.5 * _kl_terms(mu, logvar)


def _kl_terms(mu: Tensor, logvar: Tensor) -> Tensor:
    """What the KL is -1/2 of: (batch, latent_dim)."""
    return 1 + logvar - mu**2 - logvar.exp()


def negative_elbo(
    model: nn.Module,
    x: Float[Tensor, "batch pixels"],
    *,
    beta: float | int = 1,
    nll: Callable[[Tensor, Tensor], Tensor] = bernoulli_nll,
    generator: torch.Generator,
) -> ELBOTerms:
    """The VAE's objective: reconstruction + beta * KL, with one sample of z an image (Kingma & Welling 2014, equation 10).

    For beta = 1 its mean is an upper bound of -log p(x) in nats, the negative ELBO. For any other beta it is no ELBO: it is
    the objective of Higgins et al. 2017, and values for different beta cannot be compared.

    Args:
        model: `model(x, generator=generator)` has the fields `logits`, `mu` and `logvar`, as `models.VAE` has.
        x: images, (batch, pixels).
        beta: weight of the KL, at least 0.
        nll: `bernoulli_nll` or `gaussian_nll`, or anything that returns (batch,) in nats.
        generator: draws eps, one vector an image.

    Returns:
        `ELBOTerms`; `reconstruction` and `kl` do not hold beta.

    Raises:
        ValueError: `beta` is negative or not finite.
    """
    _require.not_negative("negative_elbo: beta", beta)
    output = model(x, generator=generator)
    reconstruction = nll(x, output.logits)
    kl = gaussian_kl(output.mu, output.logvar)
    return ELBOTerms((reconstruction + beta * kl).mean(), reconstruction, kl)


def iwae_bound(
    model: nn.Module,
    x: Float[Tensor, "batch pixels"],
    *,
    samples: int,
    beta: float | int = 1,
    nll: Callable[[Tensor, Tensor], Tensor] = bernoulli_nll,
    generator: torch.Generator,
) -> IWAETerms:
    """The importance-weighted bound: the logarithm of the mean of `samples` weights w = p(x|z) p(z) / q(z|x), z drawn from q.

    Its expectation is a lower bound of log p(x) that never falls with `samples` and reaches log p(x) in the limit
    (Burda et al. 2016, equation 8 and theorem 1). With one sample it is the ELBO, its KL estimated instead of computed.

    Args:
        model: `model.encode(x)` gives mu and logvar, `model.decode(z)` what `nll` takes, as `models.VAE` does.
        x: images, (batch, pixels).
        samples: how many z an image.
        beta: power of p(z) / q(z|x) in the weight, at least 0; for any other than 1 the result is no bound of log p(x).
        nll: `bernoulli_nll` or `gaussian_nll`, or anything that returns (batch,) in nats.
        generator: draws eps, `samples` vectors an image.

    Returns:
        `IWAETerms`: `bound` in nats an image, `loss` what `training.fit` minimises. Memory grows with `samples`;
        `evaluation.log_likelihood` does the same in chunks, without gradients.

    Raises:
        ValueError or TypeError: `samples` is no int of at least 1, `beta` is negative or not finite.

    Example:
        >>> iwae_bound(vae, x, samples=50, generator=torch.Generator().manual_seed(0)).bound.shape
        torch.Size([128])
    """
    weights = log_weights(model, x, samples=samples, beta=beta, nll=nll, generator=generator)
    bound = weights.logsumexp(dim=0) - math.log(samples)
    return IWAETerms(-bound.mean(), bound)


def log_weights(
    model: nn.Module,
    x: Float[Tensor, "batch pixels"],
    *,
    samples: int,
    beta: float | int = 1,
    nll: Callable[[Tensor, Tensor], Tensor] = bernoulli_nll,
    generator: torch.Generator,
) -> Float[Tensor, "samples batch"]:
    """Logarithms of the importance weights of `iwae_bound`: log p(x|z) + beta * (log p(z) - log q(z|x)), with its arguments.

    Returns:
        (samples, batch), nats, one z drawn from q(z|x) for each.
    """
    _require.whole("log_weights: samples", samples)
    _require.not_negative("log_weights: beta", beta)
    _require.generator("log_weights: generator", generator)
    mu, logvar = model.encode(x)  # type: ignore[operator]  # of any module: torch's own class does not know it
    eps = torch.randn((samples, *mu.shape), generator=generator, dtype=mu.dtype, device=mu.device)
    z = mu + (0.5 * logvar).exp() * eps  # as `models.reparameterize`; written out because the ratio of the densities needs eps
    log_ratio = 0.5 * (eps**2 + logvar - z**2).sum(dim=2)  # of the two Gaussian densities; their 2 pi cancel
    reconstruction = nll(x.repeat(samples, 1), model.decode(z.flatten(0, 1)))  # type: ignore[operator]  # as above
    return beta * log_ratio - reconstruction.reshape(samples, len(x))


def _require_pair(operation: str, x: Tensor, name: str, other: Tensor, *, first: str = "x") -> None:
    _require.tensor(f"{operation}: {first}", x, ndim=2)
    _require.tensor(f"{operation}: {name}", other, ndim=2)
    _require.same_shape(f"{operation}: {first}", x, name, other)
    _require.not_empty(f"{operation}: {first}", x)
