"""The VAE's parts: gaussian_kl, reparameterize, VAE and negative_elbo, against torch.distributions, SciPy and finite differences."""

import math

import pytest
import torch
from scipy.stats import kstest
from torch.distributions import Independent, Normal, kl_divergence

from companion import losses, models


def normals(generator, *shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


# ------------------------------------------------------------------ gaussian_kl


@pytest.mark.parametrize("decade", range(-5, 6))
def test_kl_is_torchs_over_ten_decades_of_sigma(generator, decade):
    mu = 3 * normals(generator, 20, 4)
    sigma = 10.0**decade * (1 + torch.rand(20, 4, generator=generator, dtype=torch.float64))
    reference = kl_divergence(Independent(Normal(mu, sigma), 1), Independent(Normal(torch.zeros_like(mu), 1.0), 1))
    torch.testing.assert_close(losses.gaussian_kl(mu, 2 * sigma.log()), reference, rtol=1e-12, atol=1e-12)


def test_kl_is_zero_at_the_prior_and_positive_elsewhere(generator):
    zero = torch.zeros(1, 3, dtype=torch.float64)
    assert losses.gaussian_kl(zero, zero).item() == 0
    assert (losses.gaussian_kl(normals(generator, 500, 3), normals(generator, 500, 3)) > 0).all()


def test_kl_sums_over_latents(generator):
    mu, logvar = normals(generator, 6, 3), normals(generator, 6, 3)
    parts = sum(losses.gaussian_kl(mu[:, [i]], logvar[:, [i]]) for i in range(3))
    torch.testing.assert_close(losses.gaussian_kl(mu, logvar), parts)


def test_gradients_of_the_kl_agree_with_finite_differences(generator):
    mu, logvar = (normals(generator, 3, 2).requires_grad_() for _ in range(2))
    assert torch.autograd.gradcheck(losses.gaussian_kl, (mu, logvar))


# ------------------------------------------------------------------ reparameterize


def test_a_reparameterized_sample_has_the_distributions_moments(generator):
    n = 200_000
    mu, sigma = torch.tensor([-2.0, 0.0, 5.0]).double(), torch.tensor([0.01, 1.0, 30.0]).double()
    z = models.reparameterize(mu.expand(n, 3), (2 * sigma.log()).expand(n, 3), generator=generator)
    assert ((z.mean(dim=0) - mu).abs() < 4 * sigma / n**0.5).all()
    assert ((z.var(dim=0) / sigma**2 - 1).abs() < 4 * (2 / n) ** 0.5).all()
    assert (torch.corrcoef(z.T) - torch.eye(3)).abs().max() < 4 / n**0.5  # one eps a number, not one an image


@pytest.mark.parametrize(("mu", "sigma"), [(0.0, 1.0), (-3.0, 0.2), (1.0, 50.0)])
def test_a_reparameterized_sample_passes_a_kolmogorov_smirnov_test(generator, mu, sigma):
    shape = (5000, 1)
    z = models.reparameterize(torch.full(shape, mu).double(), torch.full(shape, 2 * math.log(sigma)).double(), generator=generator)
    assert kstest(z[:, 0].numpy(), "norm", args=(mu, sigma)).pvalue > 0.01
    assert kstest(z[:, 0].numpy(), "norm", args=(mu, 1.1 * sigma)).pvalue < 0.01  # the test would see a tenth too much


def test_eps_is_fresh_in_every_call_and_the_generators_alone(generator):
    mu = torch.zeros(4, 2)
    first, second = (models.reparameterize(mu, mu, generator=generator) for _ in range(2))
    assert not torch.equal(first, second)
    torch.manual_seed(5)
    again = models.reparameterize(mu, mu, generator=torch.Generator().manual_seed(0))
    assert torch.equal(first, again)


def test_gradients_through_a_sample_agree_with_finite_differences(generator):
    mu, logvar = (normals(generator, 3, 2).requires_grad_() for _ in range(2))

    def sample(mu, logvar):
        return models.reparameterize(mu, logvar, generator=torch.Generator().manual_seed(1)) ** 2

    assert torch.autograd.gradcheck(sample, (mu, logvar))


def test_the_gradient_in_mu_is_one_and_in_sigma_is_eps(generator):
    mu, sigma = torch.full((1, 1), 2.0).double().requires_grad_(), torch.full((1, 1), 3.0).double().requires_grad_()
    z = models.reparameterize(mu, 2 * sigma.log(), generator=generator)
    eps = ((z - mu) / sigma).item()
    dmu, dsigma = torch.autograd.grad(z.sum(), (mu, sigma))
    assert dmu.item() == pytest.approx(1)
    assert dsigma.item() == pytest.approx(eps)


# ------------------------------------------------------------------ VAE and negative_elbo


@pytest.fixture
def vae(generator):
    return models.VAE(3, generator=generator)


def test_the_vae_is_the_autoencoder_with_two_heads(vae, generator):
    shapes = {name: tuple(p.shape) for name, p in vae.named_parameters() if name.endswith("weight")}
    plain = {name: tuple(p.shape) for name, p in models.Autoencoder(3, generator=generator).named_parameters()}
    assert shapes.pop("mu_head.0.weight") == shapes.pop("logvar_head.0.weight") == plain["encoder.4.weight"] == (3, 128)
    assert all(plain[name] == shape for name, shape in shapes.items())


def test_another_activation_stands_wherever_silu_stood(vae, digits):
    other = models.VAE(3, activation=torch.nn.Tanh, generator=torch.Generator().manual_seed(0))
    kinds = [[type(layer) for layer in part] for model in (vae, other) for part in (model.encoder, model.decoder)]
    assert kinds[2:] == [[torch.nn.Tanh if kind is torch.nn.SiLU else kind for kind in part] for part in kinds[:2]]
    assert sum(kind is torch.nn.Tanh for part in kinds[2:] for kind in part) == 4
    assert torch.equal(other.mu_head[0].weight, vae.mu_head[0].weight)  # the weights are drawn in the same order


def test_both_heads_read_the_last_hidden_layer_after_its_activation(vae, digits):
    x = digits.x_test[:5]
    features = torch.nn.functional.silu(vae.encoder[:-1](x))
    torch.testing.assert_close(vae.encode(x), (vae.mu_head[0](features), vae.logvar_head[0](features)))


def test_forward_is_encode_sample_decode(vae, digits, generator):
    x = digits.x_test[:5]
    output = vae(x, generator=torch.Generator().manual_seed(4))
    mu, logvar = vae.encode(x)
    z = models.reparameterize(mu, logvar, generator=torch.Generator().manual_seed(4))
    assert torch.equal(output.z, z)
    assert torch.equal(output.logits, vae.decode(z))
    assert torch.equal(output.mu, mu)
    assert torch.equal(output.logvar, logvar)
    assert not torch.equal(mu, logvar)


def test_without_hidden_layers_the_vae_is_linear(generator, digits):
    model = models.VAE(2, generator=generator, hidden=())
    a, b = digits.x_test[:1], digits.x_test[1:2]
    for head in (0, 1):
        torch.testing.assert_close(model.encode((a + b) / 2)[head], (model.encode(a)[head] + model.encode(b)[head]) / 2)


@pytest.mark.parametrize("beta", [0, 0.5, 1.0, 4])
def test_the_objective_is_reconstruction_plus_beta_kl(vae, digits, beta):
    x = digits.x_test[:9]
    terms = losses.negative_elbo(vae, x, beta=beta, generator=torch.Generator().manual_seed(2))
    output = vae(x, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(terms.reconstruction, losses.bernoulli_nll(x, output.logits))
    torch.testing.assert_close(terms.kl, losses.gaussian_kl(output.mu, output.logvar))
    assert terms.loss.item() == pytest.approx((terms.reconstruction + beta * terms.kl).mean().item())
    assert terms.reconstruction.shape == terms.kl.shape == (9,)


def test_the_elbo_bounds_the_exact_likelihood_of_a_linear_gaussian_model(generator):
    """x = W z + noise of variance 1, z in 3 dimensions, x in 784: log p(x) is exact, and the ELBO reaches it at the true posterior."""
    model = models.VAE(3, generator=generator, hidden=())
    w = 0.3 * normals(generator, 784, 3)
    bias = normals(generator, 784)
    w = w @ torch.linalg.svd(w).Vh.T  # turn W so that the posterior's covariance is diagonal
    covariance = torch.linalg.inv(torch.eye(3, dtype=torch.float64) + w.T @ w)
    assert (covariance - covariance.diag().diag()).abs().max() < 1e-10
    with torch.no_grad():
        model.decoder[0].weight.copy_(w)
        model.decoder[0].bias.copy_(bias)
        model.mu_head[0].weight.copy_(covariance @ w.T)
        model.mu_head[0].bias.copy_(-covariance @ w.T @ bias)
        model.logvar_head[0].weight.zero_()
        model.logvar_head[0].bias.copy_(covariance.diag().log())
        x = bias + normals(generator, 400, 3) @ w.T + normals(generator, 400, 784)
        exact = torch.distributions.LowRankMultivariateNormal(bias, w, torch.ones(784).double()).log_prob(x).mean()
        bounds = torch.stack([losses.negative_elbo(model, x, nll=losses.gaussian_nll, generator=generator).loss for _ in range(50)])
        assert bounds.mean().item() == pytest.approx(-exact.item(), abs=4 * bounds.std().item() / 50**0.5)
        model.logvar_head[0].bias.add_(math.log(1.5))
        loose = torch.stack([losses.negative_elbo(model, x, nll=losses.gaussian_nll, generator=generator).loss for _ in range(50)])
        gap = 3 * 0.5 * (1.5 - 1 - math.log(1.5))  # KL of q from the posterior
        assert (loose.mean() + exact).item() == pytest.approx(gap, abs=4 * loose.std().item() / 50**0.5)


ONE = torch.ones(2, 3)


@pytest.mark.usefixtures("as_users_run")
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: losses.gaussian_kl(ONE, ONE[:1]), ValueError, r"gaussian_kl: mu and logvar: got shapes \(2, 3\) and \(1, 3\)"),
        (lambda m: losses.gaussian_kl(ONE.int(), ONE), TypeError, r"gaussian_kl: mu: got dtype torch.int32"),
        (lambda m: losses.gaussian_kl(ONE[:0], ONE[:0]), ValueError, r"gaussian_kl: mu: got shape \(0, 3\), which holds no data"),
        (lambda m: models.reparameterize(ONE, ONE[0], generator=torch.Generator()), ValueError, r"mu and logvar: got shapes"),
        (
            lambda m: models.reparameterize(ONE, ONE, generator=0),
            TypeError,
            r"reparameterize: generator: got int, expected a torch.Gen",
        ),
        (lambda m: m.encode(ONE.double()), ValueError, r"VAE.encode: x: got shape \(2, 3\), expected a last axis of 784"),
        (lambda m: m.decode(ONE[:, :2].double()), ValueError, r"VAE.decode: z: got shape \(2, 2\), expected a last axis of 3"),
        (lambda m: models.VAE(-1, generator=torch.Generator()), ValueError, r"VAE: latent_dim: got -1, expected at least 1"),
        (
            lambda m: losses.negative_elbo(m, torch.zeros(1, 784).double(), beta=-1.0, generator=torch.Generator()),
            ValueError,
            r"negative_elbo: beta: got -1.0, expected a finite number of at least 0",
        ),
    ],
)
def test_bad_input_is_named(vae, call, error, message):
    with pytest.raises(error, match=message):
        call(vae)
