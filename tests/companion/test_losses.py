"""companion.losses against torch.distributions, quadrature and the errors that bad input gets."""

import math

import pytest
import torch
from scipy.integrate import quad
from torch.distributions import Bernoulli, Normal

from companion import losses


@pytest.fixture
def pair(generator):
    logits = 3 * torch.randn(7, 784, generator=generator, dtype=torch.float64)
    x = torch.rand(7, 784, generator=generator, dtype=torch.float64)
    return x, logits


def test_bernoulli_nll_of_black_and_white_pixels_is_torchs(pair):
    x, logits = pair[0].round(), pair[1]
    reference = -Bernoulli(logits=logits).log_prob(x).sum(dim=1)
    torch.testing.assert_close(losses.bernoulli_nll(x, logits), reference)


def test_bernoulli_nll_of_grey_pixels_is_the_cross_entropy_written_out(pair):
    x, logits = pair
    p = torch.sigmoid(logits)
    torch.testing.assert_close(losses.bernoulli_nll(x, logits), -(x * p.log() + (1 - x) * (1 - p).log()).sum(dim=1))


def test_bernoulli_nll_is_finite_where_the_sigmoid_saturates():
    x, logits = torch.tensor([[0.0, 1.0]]), torch.tensor([[800.0, -800.0]])
    assert losses.bernoulli_nll(x, logits).tolist() == [1600.0]


@pytest.mark.parametrize("sigma", [0.1, 1.0, 3.0])
def test_gaussian_nll_is_torchs(pair, sigma):
    x, mean = pair
    reference = -Normal(mean, sigma).log_prob(x).sum(dim=1)
    torch.testing.assert_close(losses.gaussian_nll(x, mean, sigma=sigma), reference)


def test_gaussian_nll_is_a_density_that_integrates_to_one():
    def density(value):
        x = torch.tensor([[value]], dtype=torch.float64)
        return math.exp(-losses.gaussian_nll(x, torch.full_like(x, 0.3), sigma=0.7).item())

    assert quad(density, -10, 10)[0] == pytest.approx(1, abs=1e-8)


def test_reconstruction_loss_is_the_mean_of_one_number_an_image(pair):
    x = pair[0]
    terms = losses.reconstruction_loss(torch.nn.Identity(), x)
    assert terms.reconstruction.shape == (7,)
    assert terms.loss.item() == pytest.approx(terms.reconstruction.mean().item())
    torch.testing.assert_close(terms.reconstruction, losses.bernoulli_nll(x, x))
    gaussian = losses.reconstruction_loss(torch.nn.Identity(), x, nll=losses.gaussian_nll)
    assert gaussian.loss.item() == pytest.approx(784 * 0.5 * math.log(2 * math.pi))


ONE = torch.ones(2, 3)


@pytest.mark.usefixtures("as_users_run")
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: losses.bernoulli_nll(ONE, torch.ones(2, 4)),
            ValueError,
            r"x and logits: got shapes \(2, 3\) and \(2, 4\), expected",
        ),
        (lambda: losses.bernoulli_nll(ONE[0], ONE[0]), ValueError, r"x: got shape \(3,\), expected 2 axes"),
        (lambda: losses.bernoulli_nll(255 * ONE, ONE), ValueError, r"x: got values from 255 to 255, expected them in \[0, 1\]"),
        (
            lambda: losses.bernoulli_nll(ONE * math.nan, ONE),
            ValueError,
            r"x: got values from nan to nan, expected them in \[0, 1\]",
        ),
        (lambda: losses.bernoulli_nll(ONE.long(), ONE), TypeError, r"x: got dtype torch.int64, expected a floating point tensor"),
        (lambda: losses.bernoulli_nll(ONE[:0], ONE[:0]), ValueError, r"x: got shape \(0, 3\), which holds no data"),
        (lambda: losses.bernoulli_nll(ONE, ONE.tolist()), TypeError, r"logits: got list, expected a torch.Tensor"),
        (lambda: losses.gaussian_nll(ONE, ONE, sigma=0.0), ValueError, r"sigma: got 0.0, expected a finite number above 0"),
        (lambda: losses.gaussian_nll(ONE, ONE, sigma="1"), TypeError, r"sigma: got '1' of type str, expected a number above 0"),
        (lambda: losses.gaussian_nll(ONE * math.inf, ONE), ValueError, r"x: got 6 values that are NaN or infinite"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_each_latents_kl_is_torchs_and_their_sum_is_gaussian_kl(generator):
    mu, logvar = (3 * torch.randn(50, 4, generator=generator, dtype=torch.float64) for _ in range(2))
    per_latent = losses.gaussian_kl_per_latent(mu, logvar)
    expected = torch.distributions.kl_divergence(
        torch.distributions.Normal(mu, (0.5 * logvar).exp()), torch.distributions.Normal(torch.zeros_like(mu), 1.0)
    )
    torch.testing.assert_close(per_latent, expected, rtol=1e-12, atol=1e-12)
    assert torch.equal(per_latent.sum(dim=1), losses.gaussian_kl(mu, logvar))


def test_in_float16_the_kl_overflows_where_its_formula_does():
    """Chapter 6 counts these: the sum over latents comes before the factor 1/2."""
    mu, logvar = torch.full((1, 2), 200.0, dtype=torch.float16), torch.zeros(1, 2, dtype=torch.float16)
    assert losses.gaussian_kl(mu, logvar).isinf().all()
    assert losses.gaussian_kl_per_latent(mu, logvar).isfinite().all()


def test_each_latents_kl_names_what_does_not_fit(as_users_run):
    with pytest.raises(ValueError, match="gaussian_kl_per_latent: mu and logvar: got shapes"):
        losses.gaussian_kl_per_latent(torch.zeros(2, 3), torch.zeros(2, 4))
