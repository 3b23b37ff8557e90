"""Chapter 5's toy objective: means and variances of two estimators of a gradient, by quadrature and not by sampling.

f(z) = z^2 with z ~ N(mu, sigma^2); the gradient in mu of its mean is 2 mu. Both estimators are taken from autograd, as the chapter
takes them in training: through the path z = mu + sigma * eps, and from the surrogate (f - baseline) * log q with z and f held
constant (Williams 1992). Gauss-Hermite nodes integrate polynomials in eps exactly, so no tolerance hides a sampling error.
"""

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm
from torch.distributions import Normal

POINTS = [(0.0, 1.0), (1.0, 1.0), (1.0, 0.1), (-2.0, 0.5), (3.0, 2.0)]
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(12)  # weight exp(-eps^2 / 2): exact up to degree 23, and squares have degree 6
EPS, PROBABILITIES = torch.from_numpy(NODES), torch.from_numpy(WEIGHTS / WEIGHTS.sum())


def reparameterized(mu: float, logvar: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradients of f in mu and logvar through z = mu + exp(logvar / 2) * eps, one for each node."""
    mu, logvar = leaves(mu, logvar)
    z = mu + (0.5 * logvar).exp() * EPS
    return torch.autograd.grad((z**2).sum(), (mu, logvar))


def score_function(mu: float, logvar: float, baseline: float = 0.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradients of the surrogate (f - baseline) * log q in mu and logvar, one for each node."""
    mu, logvar = leaves(mu, logvar)
    q = Normal(mu, (0.5 * logvar).exp())
    z = (q.mean + q.stddev * EPS).detach()
    return torch.autograd.grad(((z**2 - baseline) * q.log_prob(z)).sum(), (mu, logvar))


def leaves(mu: float, logvar: float) -> list[torch.Tensor]:
    return [torch.full_like(EPS, value).requires_grad_() for value in (mu, logvar)]


def mean(values: torch.Tensor) -> float:
    return (PROBABILITIES * values).sum().item()


def variance(values: torch.Tensor) -> float:
    return mean((values - mean(values)) ** 2)


def log_variance(sigma: float) -> float:
    return 2 * np.log(sigma)


@pytest.mark.parametrize(("mu", "sigma"), POINTS)
def test_the_gradient_of_the_mean_is_2_mu(mu, sigma):
    """The derivative of E z^2, an integral that SciPy computes, by a central difference (exact here: E z^2 is quadratic in mu)."""

    def expectation(at: float) -> float:
        return quad(lambda z: z**2 * norm.pdf(z, at, sigma), at - 12 * sigma, at + 12 * sigma, epsabs=1e-12)[0]

    assert (expectation(mu + 0.5) - expectation(mu - 0.5)) / 1.0 == pytest.approx(2 * mu, abs=1e-8)


@pytest.mark.parametrize(("mu", "sigma"), POINTS)
@pytest.mark.parametrize("estimate", [reparameterized, score_function])
def test_both_estimators_have_the_gradient_as_their_mean(estimate, mu, sigma):
    for_mu, for_logvar = estimate(mu, log_variance(sigma))
    assert mean(for_mu) == pytest.approx(2 * mu, abs=1e-10)
    assert mean(for_logvar) == pytest.approx(sigma**2, abs=1e-10)  # E z^2 = mu^2 + exp(logvar)


@pytest.mark.parametrize(("mu", "sigma"), POINTS)
def test_the_variance_through_the_path_is_4_sigma_squared(mu, sigma):
    for_mu, _ = reparameterized(mu, log_variance(sigma))
    assert variance(for_mu) == pytest.approx(4 * sigma**2, rel=1e-10)


@pytest.mark.parametrize(("mu", "sigma"), POINTS)
def test_the_variance_of_the_score_function_is_the_closed_form(mu, sigma):
    for_mu, _ = score_function(mu, log_variance(sigma))
    assert variance(for_mu) == pytest.approx(mu**4 / sigma**2 + 14 * mu**2 + 15 * sigma**2, rel=1e-10)


@pytest.mark.parametrize(("mu", "sigma"), POINTS)
def test_a_baseline_keeps_the_mean_and_gives_the_closed_form_variance(mu, sigma):
    for_mu, for_logvar = score_function(mu, log_variance(sigma), baseline=mu**2 + sigma**2)
    assert mean(for_mu) == pytest.approx(2 * mu, abs=1e-10)
    assert mean(for_logvar) == pytest.approx(sigma**2, abs=1e-10)
    assert variance(for_mu) == pytest.approx(8 * mu**2 + 10 * sigma**2, rel=1e-10)


def test_the_nodes_integrate_what_the_variances_need():
    moments = [mean(EPS**power) for power in range(7)]
    assert moments == pytest.approx([1, 0, 1, 0, 3, 0, 15], abs=1e-9)
