"""Numbers that say how good a model's samples and codes are. They take tensors and functions, and train nothing.

Distances are Euclidean over the pixels of an image; an interval is the mean plus and minus 1.96 standard errors.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from companion import _require, losses, models

Z95 = 1.959964  # of the normal distribution
ROWS = 1000  # images whose distances are held at a time
FEW = 10  # effective draws: with fewer, the delta method alone gives an image's log p(x) an error of 0.3 nats
NUMBERS = 4_000_000  # that a plane's table holds at a time: 32 MB
PRIOR_REACH = 5.0  # a plane reaches that far both ways at least: N(0, I) has a share of 1e-6 beyond
BORDER = 1e-6  # share of a posterior's mass that may lie on the border of its plane


class Estimate(NamedTuple):
    """A mean over a sample with its 95 % confidence interval, and the values it is the mean of.

    mean, low, high: numbers. values: (n,), one an item, in the same unit.
    """

    mean: float
    low: float
    high: float
    values: Float[Tensor, "n"]


class NeighbourChange(NamedTuple):
    """picture: how far, in pixels' Euclidean distance, the picture moves. label: the share of neighbours read as another digit."""

    picture: Estimate
    label: Estimate


class LogLikelihood(NamedTuple):
    """An estimate of the mean of log p(x) over images, in nats, with its two errors and a warning.

    mean: over the images. monte_carlo_se: its standard error from drawing z, the images given; it knows only the draws that were
    made (see `log_likelihood`). image_se: its standard error from the choice of images. values: (n,), log p(x) of each.
    effective_samples: (n,), (sum of w)^2 / sum of w^2, from 1 to the number of draws. doubtful: the share of images for which that
    is below 10. Where it is not near 0, `mean` is likely too low, by more than its standard error says.
    """

    mean: float
    monte_carlo_se: float
    image_se: float
    values: Float[Tensor, "n"]
    effective_samples: Float[Tensor, "n"]
    doubtful: float


class PlanePosterior(NamedTuple):
    """What a model with two latents says of each image, summed over a grid of the plane instead of estimated.

    log_p: (n,), log p(x), nats. mean, mode, sigma: (n, 2), of the posterior p(z|x), sigma its standard deviations.
    correlation: (n,), of its z_1 and z_2.
    """

    log_p: Float[Tensor, "n"]
    mean: Float[Tensor, "n 2"]
    mode: Float[Tensor, "n 2"]
    sigma: Float[Tensor, "n 2"]
    correlation: Float[Tensor, "n"]


class RateDistortion(NamedTuple):
    """What a code costs and what it leaves open, in nats an image; distortion + rate is the negative ELBO.

    rate: the mean KL from q(z|x) to the prior. distortion: the mean reconstruction term. rate_per_unit: (latent_dim,), the
    share of each latent in `rate`.
    """

    rate: float
    distortion: float
    rate_per_unit: Float[Tensor, "latent_dim"]


class MIG(NamedTuple):
    """gap: the mean of per_factor. per_factor: (factors,), each from 0 to 1. mutual_information: (factors, latent_dim), in nats."""

    gap: float
    per_factor: Float[Tensor, "factors"]
    mutual_information: Float[Tensor, "factors latent_dim"]


class Whitening(NamedTuple):
    """An affine map that gives a cloud of codes mean 0 and covariance I. mean: (latent_dim,). factor: (latent_dim, latent_dim).

    `factor` is the lower Cholesky factor of the covariance: code = mean + factor @ white.
    """

    mean: Float[Tensor, "latent_dim"]
    factor: Float[Tensor, "latent_dim latent_dim"]

    def white(self, z: Float[Tensor, "n latent_dim"]) -> Float[Tensor, "n latent_dim"]:
        """Codes to whitened codes."""
        _require.tensor("Whitening.white: z", z, ndim=2, last=len(self.mean))
        return torch.linalg.solve_triangular(self.factor, (z - self.mean).T, upper=False).T

    def code(self, white: Float[Tensor, "n latent_dim"]) -> Float[Tensor, "n latent_dim"]:
        """Whitened codes to codes: of draws from N(0, I), draws with the cloud's own mean and covariance."""
        _require.tensor("Whitening.code: white", white, ndim=2, last=len(self.mean))
        return self.mean + white @ self.factor.T


def fit_whitening(z: Float[Tensor, "n latent_dim"]) -> Whitening:
    """Mean and covariance of a cloud of codes, as the map that takes N(0, I) to a Gaussian of that mean and covariance.

    Args:
        z: codes, (n, latent_dim), with n above latent_dim.

    Raises:
        ValueError: too few codes, NaN, or codes that lie in a plane of fewer dimensions, so that the covariance has no inverse.

    Example:
        >>> whitening = fit_whitening(ae.encode(digits.x_train))
        >>> x_hat = torch.sigmoid(ae.decode(whitening.code(torch.randn(10, 2, generator=generator, dtype=torch.float64))))
    """
    _require.tensor("fit_whitening: z", z, ndim=2)
    _require.finite("fit_whitening: z", z)
    n, latent_dim = z.shape
    if n <= latent_dim:
        raise ValueError(f"fit_whitening: z: got {n} codes of {latent_dim} numbers, expected at least {latent_dim + 1} codes")
    factor, failed = torch.linalg.cholesky_ex(torch.cov(z.T).reshape(latent_dim, latent_dim))
    if failed:
        raise ValueError(
            f"fit_whitening: z: got codes that do not fill their {latent_dim} dimensions, expected an invertible covariance"
        )
    return Whitening(z.mean(dim=0), factor)


def round_code(
    z: Float[Tensor, "n latent_dim"], bits: int, low: Float[Tensor, "latent_dim"], high: Float[Tensor, "latent_dim"]
) -> Float[Tensor, "n latent_dim"]:
    """Round each number of a code to one of 2^bits levels: what is left of a code of latent_dim * bits bits.

    The range of a number is cut into 2^bits pieces of one width, and a level is the middle of a piece:

        k = floor((z - low) / (high - low) * 2^bits), at least 0, at most 2^bits - 1
        rounded = low + (high - low) * (k + 0.5) / 2^bits

    Inside the range a number moves by half a piece at most. What lies outside goes to the first or the last level, however far it is.

    Args:
        z: codes, (n, latent_dim).
        bits: a number, from 1 to 32.
        low, high: (latent_dim,), the range of each number, low below high; for example quantiles of the training images' codes.

    Returns:
        (n, latent_dim), with at most 2^bits different values in a column.

    Raises:
        ValueError or TypeError: shapes do not fit, NaN, low not below high, or `bits` is no whole number from 1 to 32.

    Example:
        >>> low, high = z_train.quantile(torch.tensor([0.01, 0.99]).double(), dim=0)
        >>> x_hat = torch.sigmoid(ae.decode(round_code(ae.encode(x), 3, low, high)))
    """
    _require.tensor("round_code: z", z, ndim=2)
    _require.finite("round_code: z", z)
    _require.whole("round_code: bits", bits)
    if bits > 32:
        raise ValueError(f"round_code: bits: got {bits}, expected at most 32")
    for name, ends in (("low", low), ("high", high)):
        _require.tensor(f"round_code: {name}", ends, ndim=1, last=z.shape[1])
        _require.finite(f"round_code: {name}", ends)
    if not (low < high).all():
        i = int((low >= high).nonzero()[0])
        raise ValueError(
            f"round_code: low and high: got {low[i].item():.4g} and {high[i].item():.4g} for number {i}, expected low below high"
        )
    levels = 2**bits
    k = ((z - low) / (high - low) * levels).floor().clamp(0, levels - 1)
    return low + (high - low) * (k + 0.5) / levels


def nearest_distance(x: Float[Tensor, "n pixels"], real: Float[Tensor, "m pixels"], *, exclude_self: bool = False) -> Estimate:
    """How far each image lies from the nearest real one.

    Small means alike to some real image, which a blurred average can be too; it says nothing of variety.

    Args:
        x: the images to judge, (n, pixels).
        real: real images, (m, pixels).
        exclude_self: `x` is `real`, and an image does not count as its own neighbour.

    Returns:
        An `Estimate` over the n images, in pixels' Euclidean distance.

    Raises:
        ValueError: shapes do not fit, no image, or NaN.

    Example:
        >>> nearest_distance(samples, digits.x_train).mean
    """
    _require_images("nearest_distance", x, real)
    if exclude_self:
        _require.same_shape("nearest_distance: x", x, "real", real)
    lengths = torch.linalg.vector_norm(real, dim=1) ** 2
    nearest = []
    for start in range(0, len(x), ROWS):  # all pairs at once would take 8 bytes each
        part = x[start : start + ROWS]
        rest = torch.addmm(lengths, part, real.T, alpha=-2)  # |a - b|^2 - |a|^2
        if exclude_self:
            rest.diagonal(start).fill_(torch.inf)
        nearest.append((rest.amin(dim=1) + (part**2).sum(dim=1)).clamp(min=0).sqrt())
    return estimate(torch.cat(nearest))


def variety(x: Float[Tensor, "n pixels"]) -> Estimate:
    """How much images differ from each other: the mean distance of each from all the others, averaged.

    The interval counts images, not pairs: a pair's distances are not independent, and the estimate of a mean over pairs has
    twice the standard error of a mean over images of their mean distances (the first term of Hoeffding's decomposition, 1948).

    Args:
        x: (n, pixels) with n at least 3.

    Returns:
        An `Estimate`, in pixels' Euclidean distance. Compare it with the same of as many real images.
    """
    _require.tensor("variety: x", x, ndim=2)
    _require.finite("variety: x", x)
    if len(x) < 3:
        raise ValueError(f"variety: x: got {len(x)} images, expected at least 3")
    return estimate(torch.cdist(x, x).sum(dim=1) / (len(x) - 1), scale=2)


def neighbour_change(
    decode: Callable[[Tensor], Tensor],
    z: Float[Tensor, "n latent_dim"],
    *,
    radius: float | int,
    spread: Float[Tensor, "latent_dim latent_dim"],
    classify: Callable[[Tensor], Tensor],
    generator: torch.Generator,
) -> NeighbourChange:
    """Decode each code and one neighbour of it; how much does the picture change, and how often the digit?

    The neighbour lies at distance `radius` in a random direction, measured in the code cloud's own spread: in whitened codes.

    Args:
        decode: codes (n, latent_dim) to images (n, pixels) in [0, 1].
        z: codes.
        radius: length of the step, in standard deviations of the cloud.
        spread: `Whitening.factor` of the whole cloud, so that a radius means the same for every model.
        classify: images (n, pixels) to logits (n, classes).
        generator: draws the directions.

    Returns:
        `NeighbourChange`: the mean distance between the two pictures, and the share of pairs with two labels.
    """
    _require.tensor("neighbour_change: z", z, ndim=2)
    _require.not_empty("neighbour_change: z", z)
    _require.positive("neighbour_change: radius", radius)
    _require.tensor("neighbour_change: spread", spread, ndim=2, last=z.shape[1])
    _require.generator("neighbour_change: generator", generator)
    direction = torch.randn(z.shape, generator=generator, dtype=z.dtype)
    step = radius * direction / direction.norm(dim=1, keepdim=True)
    here, there = decode(z), decode(z + step @ spread.T)
    changed = classify(here).argmax(dim=1) != classify(there).argmax(dim=1)
    return NeighbourChange(estimate((here - there).norm(dim=1)), estimate(changed.to(z.dtype)))


@torch.no_grad()
def log_likelihood(
    model: nn.Module,
    x: Float[Tensor, "n pixels"],
    *,
    samples: int = 5000,
    nll: Callable[[Tensor, Tensor], Tensor] = losses.bernoulli_nll,
    chunk: int = 10_000,
    generator: torch.Generator,
) -> LogLikelihood:
    """Estimate log p(x) of each image by importance sampling: `losses.iwae_bound` with many samples, in chunks.

    In expectation a lower bound. Where the weights are tame it is short of log p(x) by about half the squared Monte Carlo error of
    one image, and that error comes from the spread of the weights (delta method, Owen 2013, section 9.2).

    What `monte_carlo_se` does not show is bias: where q(z|x) and the posterior lie apart, the draws that matter were never made,
    and the weights that were drawn say nothing of them. By its formula, sqrt(1 / effective - 1 / samples), an image's error is below
    1 nat however wrong the value is, so that of the mean is below 1 / sqrt(n). About exp(KL(posterior || q)) draws are needed
    (Chatterjee and Diaconis 2018, theorem 1.1), and a small spread of the weights that were drawn does not show that they were enough
    (the same paper, on testing for convergence). So `doubtful` is a warning, and its absence is no proof: of a posterior with two
    humps of which q knows one, every effective number may be large and half of p(x) missing. With two latents `plane_posterior` has
    the exact value.

    Args:
        model: has `encode` and `decode`, as `models.VAE`.
        x: images, (n, pixels), of the kind that `nll` is a likelihood of: black and white for `bernoulli_nll`.
        samples: how many z an image, at least 2.
        nll: as in `losses.negative_elbo`.
        chunk: how many z are decoded at a time; bounds the memory and decides which noise each image gets, nothing else.
        generator: draws z.

    Returns:
        `LogLikelihood`, float64 sums on the CPU, whatever the type and the device of the weights.

    Raises:
        ValueError or TypeError: fewer than 2 samples or images, `chunk` below 1.

    Example:
        >>> log_likelihood(vae, digits.x_test.round(), samples=500, generator=torch.Generator().manual_seed(0)).mean
    """
    _require.tensor("log_likelihood: x", x, ndim=2)
    _require.whole("log_likelihood: samples", samples, least=2)
    _require.whole("log_likelihood: chunk", chunk)
    if len(x) < 2:
        raise ValueError(f"log_likelihood: x: got {len(x)} images, expected at least 2")
    parts = []
    for images in x.split(max(1, chunk // samples)):
        parts.append(_log_sums(model, images, samples, nll, max(1, chunk // len(images)), generator))
    first, second = (torch.cat(sums) for sums in zip(*parts, strict=True))
    values = first - math.log(samples)
    share = (second - 2 * first).exp()  # sum of the squared normalised weights, from 1 / samples to 1
    variance = (share - 1 / samples).clamp(min=0)  # of each value
    n = len(values)
    monte_carlo_se, image_se = variance.sum().sqrt().item() / n, values.std().item() / n**0.5
    doubtful = (share > 1 / FEW).double().mean().item()
    return LogLikelihood(values.mean().item(), monte_carlo_se, image_se, values, 1 / share, doubtful)


@torch.no_grad()
def log_joint(
    model: nn.Module,
    x: Float[Tensor, "n pixels"],
    z: Float[Tensor, "codes latent_dim"],
    *,
    nll: Callable[[Tensor, Tensor], Tensor] = losses.bernoulli_nll,
) -> Float[Tensor, "codes n"]:
    """log p(x|z) + log p(z) for every code and every image. For one image it is log p(z|x) plus a number that no code changes.

    Args:
        model: `model.decode(z)` gives what `nll` takes, as `models.VAE` does.
        x: images, (n, pixels).
        z: codes, (codes, latent_dim).
        nll: as in `losses.negative_elbo`. For `bernoulli_nll`, `gaussian_nll` and `functools.partial(gaussian_nll, sigma=s)` all pairs
            are one matrix product; any other is called for each pair.

    Returns:
        (codes, n), nats. Beside it about 32 MB are in use, whatever the number of codes.

    Example:
        >>> posterior = log_joint(vae, x, plots.grid_codes(-4, 4, 161)).softmax(dim=0)  # of each image, over the codes of the grid
    """
    _require.tensor("log_joint: x", x, ndim=2)
    _require.tensor("log_joint: z", z, ndim=2)
    if nll is losses.bernoulli_nll:
        _require.between("log_joint: x", x, 0.0, 1.0)
    parts = z.split(_codes_at_a_time(x, nll))
    return torch.cat([_log_joint_of(model, x, part, nll) for part in parts])


@torch.no_grad()
def plane_posterior(
    model: nn.Module,
    x: Float[Tensor, "n pixels"],
    *,
    step: float = 0.05,
    margin: float | int = 2,
    nll: Callable[[Tensor, Tensor], Tensor] = losses.bernoulli_nll,
) -> PlanePosterior:
    """log p(x) and the posterior p(z|x) = p(x|z) p(z) / p(x) of each image, for a model with two latents, by a sum over a grid.

    The grid holds the square [-5, 5] of the prior, and reaches `margin` beyond the encoder's means. On a Gaussian posterior of
    standard deviation s the sum is off by a share of 2 exp(-2 pi^2 s^2 / step^2) (Poisson's summation formula): 5e-9 where s is
    the step, 0.014 where it is half the step. A posterior that is narrower, or that reaches the border, raises an error.

    Args:
        model: has `encode` and `decode`, as `models.VAE`, and two latents.
        x: images, (n, pixels).
        step: between two codes of the grid.
        margin: how far the grid reaches beyond the means.
        nll: as in `log_joint`; one that is no matrix product there takes about `pixels` times as long.

    Returns:
        `PlanePosterior`. The mode is looked for once more, on a grid ten times as fine around the best code.

    Raises:
        ValueError or TypeError: not two latents, a posterior that the grid does not hold or does not resolve.

    Example:
        >>> exact = plane_posterior(vae, digits.x_test[:500])
        >>> gap = exact.log_p - quadrature_elbo(vae, digits.x_test[:500], *vae.encode(digits.x_test[:500]))
    """
    _require.tensor("plane_posterior: x", x, ndim=2)
    _require.not_empty("plane_posterior: x", x)
    _require.positive("plane_posterior: step", step)
    _require.positive("plane_posterior: margin", margin)
    mu, _ = model.encode(x)  # type: ignore[operator]  # of any module: torch's own class does not know it
    _require.tensor("plane_posterior: model.encode(x).mu", mu, ndim=2, last=2)
    _require.finite("plane_posterior: model.encode(x).mu", mu)
    codes, outside = _plane_around(mu, step, margin)
    sums = _plane_sums(model, x, codes, outside, nll)
    mean = sums.moments[:, :2]
    variance = sums.moments[:, 2:4] - mean**2
    sigma = variance.clamp(min=0).sqrt()
    _require_on_plane(sigma, sums.outside, step, margin)
    middle = codes.mean(dim=0)  # the moments are around it, so that a square far from 0 costs no digits
    covariance = sums.moments[:, 4] - mean.prod(dim=1)
    fine = sums.mode[:, None] + _square(21, step / 10)  # (n, 441, 2)
    return PlanePosterior(
        sums.log_sum + 2 * math.log(step), mean + middle, _best_of(model, x, fine, nll), sigma, covariance / sigma.prod(dim=1)
    )


@torch.no_grad()
def quadrature_elbo(
    model: nn.Module,
    x: Float[Tensor, "n pixels"],
    mu: Float[Tensor, "n 2"],
    logvar: Float[Tensor, "n 2"],
    *,
    nodes: int = 9,
    nll: Callable[[Tensor, Tensor], Tensor] = losses.bernoulli_nll,
) -> Float[Tensor, "n"]:
    """The ELBO of each image with the Gaussian q = N(mu, diag(exp(logvar))) that is given, its expectation without a draw.

    log p(x) - ELBO is KL(q || p(z|x)), for any q: that of the encoder, or one that is made by hand. The expectation is a
    Gauss-Hermite sum over nodes * nodes codes (Abramowitz and Stegun 1964, 25.4.46), exact where the reconstruction term is a
    polynomial of a degree below 2 * nodes in each latent.

    Args:
        model: `model.decode(z)` gives what `nll` takes, as `models.VAE` does.
        x: images, (n, pixels).
        mu, logvar: (n, 2), one Gaussian for each image.
        nodes: codes each way.
        nll: as in `losses.negative_elbo`.

    Returns:
        (n,), nats.

    Example:
        >>> quadrature_elbo(vae, x, *vae.encode(x)).mean()
    """
    _require.tensor("quadrature_elbo: mu", mu, ndim=2, last=2)
    _require.same_shape("quadrature_elbo: mu", mu, "logvar", logvar)
    _require.whole("quadrature_elbo: nodes", nodes)
    places, weights = (torch.from_numpy(part).to(mu) for part in np.polynomial.hermite_e.hermegauss(nodes))
    weights = weights / weights.sum()
    elbo = -losses.gaussian_kl(mu, logvar)
    for eps, weight in zip(torch.cartesian_prod(places, places), torch.cartesian_prod(weights, weights).prod(dim=1), strict=True):
        elbo -= weight * nll(x, model.decode(mu + (0.5 * logvar).exp() * eps))  # type: ignore[operator]  # as above
    return elbo


def estimate(values: Float[Tensor, "n"], *, scale: float | int = 1) -> Estimate:
    """Mean of independent values with its 95 % interval; `scale` widens the standard error where the values share data."""
    _require.tensor("estimate: values", values, ndim=1)
    if len(values) < 2:
        raise ValueError(f"estimate: values: got {len(values)}, expected at least 2")
    mean, half = values.mean().item(), Z95 * scale * values.std().item() / len(values) ** 0.5
    return Estimate(mean, mean - half, mean + half, values)


@torch.no_grad()
def rate_distortion(
    model: nn.Module,
    x: Float[Tensor, "n pixels"],
    *,
    nll: Callable[[Tensor, Tensor], Tensor] = losses.bernoulli_nll,
    generator: torch.Generator,
    samples: int = 1,
) -> RateDistortion:
    """Where a VAE stands in the plane of rate and distortion (Alemi et al. 2018, equations 2 and 3, with their R and D).

    Args:
        model: has `encode` and `decode`, as `models.VAE`.
        x: images, (n, pixels).
        nll: as in `losses.negative_elbo`.
        generator: draws z.
        samples: how many z an image the distortion is averaged over. The rate is exact.

    Returns:
        `RateDistortion`, means over the images.

    Example:
        >>> rate, distortion, per_unit = rate_distortion(vae, digits.x_test, generator=torch.Generator().manual_seed(0))
    """
    _require.tensor("rate_distortion: x", x, ndim=2)
    _require.not_empty("rate_distortion: x", x)
    _require.whole("rate_distortion: samples", samples)
    _require.generator("rate_distortion: generator", generator)
    kl, reconstruction = [], []
    for images in x.split(2000):  # so that memory does not grow with n
        mu, logvar = model.encode(images)  # type: ignore[operator]  # as above
        kl.append(losses.gaussian_kl_per_latent(mu, logvar))
        for _ in range(samples):
            z = models.reparameterize(mu, logvar, generator=generator)
            reconstruction.append(nll(images, model.decode(z)))  # type: ignore[operator]  # as above
    per_unit = torch.cat(kl).mean(dim=0)
    return RateDistortion(per_unit.sum().item(), torch.cat(reconstruction).mean().item(), per_unit)


def active_units(mu: Float[Tensor, "n latent_dim"], threshold: float | int = 0.01) -> Bool[Tensor, "latent_dim"]:
    """Which latents say anything about the image: those whose posterior mean varies over images (Burda et al. 2016, section 5.2).

    Args:
        mu: posterior means, (n, latent_dim), n at least 2.
        threshold: the variance over the images that a unit must pass to count as active.

    Returns:
        (latent_dim,), True where active.

    Raises:
        ValueError: fewer than 2 images, NaN, or a negative threshold.

    Example:
        >>> active_units(vae.encode(digits.x_test).mu).sum()
        tensor(2)
    """
    _require.tensor("active_units: mu", mu, ndim=2)
    _require.finite("active_units: mu", mu)
    _require.not_negative("active_units: threshold", threshold)
    if len(mu) < 2:
        raise ValueError(f"active_units: mu: got {len(mu)} images, expected at least 2")
    return mu.var(dim=0) > threshold


def mutual_information_gap(mu: Float[Tensor, "n latent_dim"], factors: Int[Tensor, "n factors"], bins: int = 20) -> MIG:
    """How much more one latent knows about each factor than the next best latent does (Chen et al. 2018, equation 6).

    For each factor the mutual information with every latent, cut into `bins` of equal width between its smallest and largest
    value; the gap between the two largest, divided by the factor's entropy. 1 where each factor has a latent of its own, 0 where
    two latents know equally much.

    Counting overstates the information of n samples, by about (bins - 1) (levels - 1) / 2n nats. That is subtracted (Miller
    1955, counting the cells in use), so independent columns give 0 on average and values a little below 0. Use n well above
    bins * levels. The definition has no mask and is blind to scale: a collapsed latent whose mean moves by 1e-6 still counts. To
    leave such columns out, which is another measure, set them to 0: `mu * active_units(mu)`; a constant column knows nothing.

    Args:
        mu: a code, (n, latent_dim), for example posterior means.
        factors: (n, factors), the level of each factor from 0; independent of each other, or the gap means little.
        bins: how many cells a latent is cut into.

    Returns:
        `MIG`; with a single latent the next best counts as 0.

    Raises:
        ValueError: different numbers of rows, negative levels, NaN, or a factor with one level only.

    Example:
        >>> mutual_information_gap(sprites.factors.double(), sprites.factors).gap  # a code that is the factors
        1.0
    """
    _require_code_and_factors(mu, factors, bins)
    low, high = mu.amin(dim=0), mu.amax(dim=0)
    width = (high - low).where(high > low, 1)  # a constant column falls into one cell
    cells = ((mu - low) / width * bins).long().clamp(max=bins - 1)
    information = [[_mutual_information(cell, factor) for cell in cells.T] for factor in factors.T]
    entropy = [_mutual_information(factor, factor) for factor in factors.T]
    table = torch.tensor(information, dtype=torch.float64)
    best = torch.nn.functional.pad(table, (0, 1)).topk(2, dim=1).values  # a latent that knows nothing is always there to be second
    per_factor = (best[:, 0] - best[:, 1]) / torch.tensor(entropy, dtype=torch.float64)
    return MIG(per_factor.mean().item(), per_factor, table)


def _mutual_information(a: Tensor, b: Tensor) -> float:
    """Of two columns of whole numbers, in nats, less the bias of counting (Miller 1955)."""
    levels_a, levels_b = int(a.max()) + 1, int(b.max()) + 1
    table = torch.bincount(a * levels_b + b, minlength=levels_a * levels_b).double().reshape(levels_a, levels_b) / len(a)
    rows, columns = table.sum(dim=1), table.sum(dim=0)
    information = torch.special.entr(rows).sum() + torch.special.entr(columns).sum() - torch.special.entr(table).sum()
    in_use = [int((counts > 0).sum()) for counts in (table, rows, columns)]
    return information.item() - (in_use[0] - in_use[1] - in_use[2] + 1) / (2 * len(a))


def _require_code_and_factors(mu: Tensor, factors: Tensor, bins: int) -> None:
    _require.tensor("mutual_information_gap: mu", mu, ndim=2)
    _require.finite("mutual_information_gap: mu", mu)
    _require.tensor("mutual_information_gap: factors", factors, ndim=2, floating=False)
    _require.whole("mutual_information_gap: bins", bins, least=2)
    if len(mu) != len(factors) or factors.is_floating_point() or factors.numel() == 0:
        came = f"{tuple(factors.shape)} of {factors.dtype} for codes {tuple(mu.shape)}"
        raise ValueError(f"mutual_information_gap: factors: got {came}, expected a row of whole numbers for each code")
    _require.between("mutual_information_gap: factors", factors, 0, 2**20)
    if (constant := (factors.amin(dim=0) == factors.amax(dim=0))).any():
        column = int(constant.nonzero()[0])
        raise ValueError(f"mutual_information_gap: factors: got one level only in column {column}, expected at least two")


class _PlaneSums(NamedTuple):
    """log_sum: (n,), log of the summed joint. moments: (n, 5), means of z_1, z_2, their squares and product, around the middle of
    the plane. mode: (n, 2), the best code. outside: (n,), the share of the sum on the border."""

    log_sum: Tensor
    moments: Tensor
    mode: Tensor
    outside: Tensor


def _plane_around(mu: Tensor, step: float, margin: float | int) -> tuple[Tensor, Tensor]:
    """The codes of a grid that holds the prior and reaches `margin` beyond mu, (codes, 2); which stand on its border, (codes,)."""
    lines = []
    lows, highs = (mu.amin(dim=0) - margin).clamp(max=-PRIOR_REACH), (mu.amax(dim=0) + margin).clamp(min=PRIOR_REACH)
    for low, high in zip(lows.tolist(), highs.tolist(), strict=True):
        lines.append(low + step * torch.arange(math.ceil((high - low) / step) + 1, dtype=mu.dtype, device=mu.device))
    ends = [torch.zeros(len(line), dtype=torch.bool, device=mu.device) for line in lines]
    for end in ends:
        end[0] = end[-1] = True
    return torch.cartesian_prod(*lines), (ends[0][:, None] | ends[1]).flatten()


def _codes_at_a_time(x: Tensor, nll: Callable[[Tensor, Tensor], Tensor]) -> int:
    """How many codes `log_joint` works on at once: with one code it holds an image and a row, or an image for each row."""
    one_product = nll is losses.bernoulli_nll or _noise(nll) is not None
    a_code = len(x) + x.shape[1] if one_product else x.numel()
    return max(1, NUMBERS // a_code)


def _log_joint_of(model: nn.Module, x: Tensor, z: Tensor, nll: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """`log_joint`, all at once."""
    output = model.decode(z)  # type: ignore[operator]  # as above
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=1, keepdim=True)
    if nll is losses.bernoulli_nll:  # sum of x log p + (1 - x) log(1 - p) = x . logits - sum of log(1 + exp(logits))
        return output @ x.T - nn.functional.softplus(output).sum(dim=1, keepdim=True) + log_prior
    if (sigma := _noise(nll)) is not None:  # |x - mean|^2 = |x|^2 - 2 x . mean + |mean|^2
        distance = (output**2).sum(dim=1, keepdim=True) - 2 * output @ x.T + (x**2).sum(dim=1)
        return log_prior - distance / (2 * sigma**2) - x.shape[1] * (math.log(sigma) + 0.5 * math.log(2 * math.pi))
    pairs = nll(x.repeat(len(z), 1), output.repeat_interleave(len(x), dim=0))
    return log_prior - pairs.reshape(len(z), len(x))


def _noise(nll: Callable[[Tensor, Tensor], Tensor]) -> float | int | None:
    """The sigma of `losses.gaussian_nll`, or of a `functools.partial` of it; None for any other nll."""
    if nll is losses.gaussian_nll:
        return 1
    if isinstance(nll, functools.partial) and nll.func is losses.gaussian_nll and not nll.args:
        return nll.keywords.get("sigma", 1)
    return None


def _plane_sums(model: nn.Module, x: Tensor, codes: Tensor, outside: Tensor, nll: Callable[[Tensor, Tensor], Tensor]) -> _PlaneSums:
    """Sums over all codes, a part at a time, each scaled by the largest joint met so far."""
    largest = x.new_full((len(x),), -torch.inf)
    mode = codes.new_zeros(len(x), 2)
    sums = x.new_zeros(len(x), 7)
    a, b = (codes - codes.mean(dim=0)).T
    features = torch.stack([torch.ones_like(a), a, b, a**2, b**2, a * b, outside.to(a)], dim=1)
    for rows in torch.arange(len(codes), device=codes.device).split(_codes_at_a_time(x, nll)):
        joint = log_joint(model, x, codes[rows], nll=nll)
        best, place = joint.max(dim=0)
        mode = torch.where((best > largest)[:, None], codes[rows][place], mode)
        top = torch.maximum(best, largest)
        sums = sums * (largest - top).exp()[:, None] + (joint - top).exp().T @ features[rows]
        largest = top
    total = sums[:, 0]
    return _PlaneSums(largest + total.log(), sums[:, 1:6] / total[:, None], mode, sums[:, 6] / total)


def _square(side: int, step: float) -> Tensor:
    """A grid of side * side steps around 0: (side * side, 2)."""
    line = step * (torch.arange(side, dtype=torch.float64) - side // 2)
    return torch.cartesian_prod(line, line)


def _best_of(model: nn.Module, x: Tensor, codes: Tensor, nll: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Of each image's own codes, (n, codes, 2), the one with the largest joint: (n, 2)."""
    best = [own[log_joint(model, image[None], own, nll=nll).argmax()] for image, own in zip(x, codes.to(x), strict=True)]
    return torch.stack(best)


def _require_on_plane(sigma: Tensor, outside: Tensor, step: float, margin: float | int) -> None:
    if not (outside <= BORDER).all():  # written so that NaN fails too
        i = int(outside.argmax())
        came = f"a posterior with {outside[i].item():.2g} of its mass on the border of the plane (image {i})"
        raise ValueError(f"plane_posterior: margin: got {came} at margin={margin}, expected at most {BORDER:g}: make it larger")
    if sigma.min() < step / 2:
        came = f"a posterior with a standard deviation of {sigma.min().item():.2g}"
        raise ValueError(f"plane_posterior: step: got {came} at step={step}, expected at least half the step: make it smaller")


def _log_sums(
    model: nn.Module, x: Tensor, samples: int, nll: Callable[[Tensor, Tensor], Tensor], at_a_time: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Logarithms of the sum of the weights and of the sum of their squares, (n,) each, drawn a part at a time.

    They are summed on the CPU: some devices, Apple's GPUs among them, have no float64.
    """
    first = second = torch.full((len(x),), -torch.inf, dtype=torch.float64)
    for start in range(0, samples, at_a_time):
        part = min(at_a_time, samples - start)
        weights = losses.log_weights(model, x, samples=part, nll=nll, generator=generator).cpu().double()
        first = torch.logaddexp(first, weights.logsumexp(dim=0))
        second = torch.logaddexp(second, (2 * weights).logsumexp(dim=0))
    return first, second


def _require_images(operation: str, x: Tensor, real: Tensor) -> None:
    for name, images in (("x", x), ("real", real)):
        _require.tensor(f"{operation}: {name}", images, ndim=2)
        _require.not_empty(f"{operation}: {name}", images)
        _require.finite(f"{operation}: {name}", images)
    if x.shape[1] != real.shape[1]:
        raise ValueError(f"{operation}: x and real: got images of {x.shape[1]} and {real.shape[1]} pixels, expected the same")
