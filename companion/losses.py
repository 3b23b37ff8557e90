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
    return -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(dim=1)


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
    if beta != 0:
        _require.positive("negative_elbo: beta", beta)
    output = model(x, generator=generator)
    reconstruction = nll(x, output.logits)
    kl = gaussian_kl(output.mu, output.logvar)
    return ELBOTerms((reconstruction + beta * kl).mean(), reconstruction, kl)


def _require_pair(operation: str, x: Tensor, name: str, other: Tensor, *, first: str = "x") -> None:
    _require.tensor(f"{operation}: {first}", x, ndim=2)
    _require.tensor(f"{operation}: {name}", other, ndim=2)
    _require.same_shape(f"{operation}: {first}", x, name, other)
    _require.not_empty(f"{operation}: {first}", x)
