"""Bounds and likelihoods held against models whose log p(x) is known: a linear-Gaussian one, a one-latent one, probabilistic PCA."""

import itertools
import math
from functools import partial

import pytest
import torch
from scipy.integrate import quad
from torch.distributions import LowRankMultivariateNormal, MultivariateNormal, Normal, kl_divergence

from companion import data, evaluation, losses, models, training

SIGMA = 0.7
nll = partial(losses.gaussian_nll, sigma=SIGMA)


def normals(generator, *shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


class LinearGaussian(torch.nn.Module):
    """z ~ N(0, I), x = W z + b + sigma * noise. q is a diagonal Gaussian: the true posterior's mean, and `widen` times its variance.

    The posterior's covariance is (I + W'W / sigma^2)^-1, which is diagonal when the columns of W are orthogonal. `rotated` turns the
    latent axes so that they are, which changes no p(x), because the prior is round.
    """

    def __init__(self, w, b, *, rotated, widen=1.0):
        super().__init__()
        self.w, self.b = (w @ torch.linalg.eigh(w.T @ w).eigenvectors if rotated else w), b
        self.covariance = torch.linalg.inv(torch.eye(w.shape[1], dtype=w.dtype) + self.w.T @ self.w / SIGMA**2)
        self.widen = widen

    def mean(self, x):
        return (x - self.b) @ self.w @ self.covariance / SIGMA**2

    def encode(self, x):
        mu = self.mean(x)
        return models.GaussianCode(mu, (self.widen * self.covariance.diag()).log().expand_as(mu))

    def decode(self, z):
        return z @ self.w.T + self.b

    def forward(self, x, *, generator):
        mu, logvar = self.encode(x)
        z = models.reparameterize(mu, logvar, generator=generator)
        return models.VAEOutput(self.decode(z), mu, logvar, z)


@pytest.fixture
def exact(generator):
    """W (12, 3) with no zero and no two orthogonal columns, b, 40 images drawn from the model, and their log p(x)."""
    w, b = normals(generator, 12, 3) + 0.5, normals(generator, 12)
    x = b + normals(generator, 40, 3) @ w.T + SIGMA * normals(generator, 40, 12)
    return w, b, x, LowRankMultivariateNormal(b, w, torch.full((12,), SIGMA**2, dtype=torch.float64)).log_prob(x)


def test_at_the_true_posterior_every_weight_is_p_of_x(exact, generator):
    w, b, x, log_p = exact
    model = LinearGaussian(w, b, rotated=True)
    weights = losses.log_weights(model, x, samples=20, nll=nll, generator=generator)
    torch.testing.assert_close(weights, log_p.expand(20, 40), rtol=0, atol=1e-10)
    bound = losses.iwae_bound(model, x, samples=3, nll=nll, generator=generator)
    torch.testing.assert_close(bound.bound, log_p, rtol=0, atol=1e-10)
    assert bound.loss.item() == pytest.approx(-log_p.mean().item())


def test_the_elbo_at_the_true_posterior_is_log_p_on_average(exact, generator):
    w, b, x, log_p = exact
    model = LinearGaussian(w, b, rotated=True)
    runs = torch.stack([losses.negative_elbo(model, x, nll=nll, generator=generator).loss for _ in range(400)])
    assert -runs.mean().item() == pytest.approx(log_p.mean().item(), abs=4 * runs.std().item() / 400**0.5)


@pytest.mark.parametrize(("rotated", "widen"), [(False, 1.0), (True, 1.5), (False, 0.6)])
def test_log_p_is_the_elbo_plus_the_kl_from_q_to_the_posterior(exact, generator, rotated, widen):
    w, b, x, log_p = exact
    model = LinearGaussian(w, b, rotated=rotated, widen=widen)
    mu, logvar = model.encode(x)
    gap = kl_divergence(MultivariateNormal(mu, logvar.exp().diag_embed()), MultivariateNormal(model.mean(x), model.covariance))
    assert gap.min() > 0.02  # a q that is not the posterior loses something
    terms = [losses.negative_elbo(model, x, nll=nll, generator=generator) for _ in range(400)]
    elbos = -torch.stack([term.reconstruction + term.kl for term in terms])
    error = elbos.std(dim=0) / 400**0.5
    assert ((elbos.mean(dim=0) + gap - log_p).abs() < 4.5 * error).all()  # 40 comparisons
    assert (elbos.mean(dim=0) < log_p + 4.5 * error).all()


def test_the_importance_weighted_bound_rises_with_k_to_the_truth(exact, generator):
    w, b, x, log_p = exact
    model = LinearGaussian(w, b, rotated=True, widen=1.5)
    means, errors = [], []
    for k in (1, 4, 16, 64, 1024):
        runs = torch.stack([losses.iwae_bound(model, x, samples=k, nll=nll, generator=generator).bound.mean() for _ in range(60)])
        means.append(runs.mean().item())
        errors.append(runs.std().item() / 60**0.5)
    gap = 3 * 0.5 * (1.5 - 1 - math.log(1.5))
    assert means[0] == pytest.approx(log_p.mean().item() - gap, abs=4 * errors[0])
    assert all(low < high for low, high in itertools.pairwise(means))
    assert means[-1] == pytest.approx(log_p.mean().item(), abs=4 * errors[-1])
    assert errors[-1] < 1e-3  # so small that the bound of k = 4 would not pass
    assert log_p.mean().item() - means[1] > 4 * max(errors[-1], errors[1])


@pytest.mark.medium
def test_log_likelihood_is_within_its_errors_of_the_truth_and_the_errors_are_right(exact, generator):
    w, b, x, log_p = exact
    model = LinearGaussian(w, b, rotated=False, widen=1.5)  # a wide q, because a q narrower than the posterior has wild weights
    runs = [evaluation.log_likelihood(model, x, samples=400, nll=nll, chunk=1000, generator=generator) for _ in range(100)]
    means = torch.tensor([run.mean for run in runs])
    said = sum(run.monte_carlo_se for run in runs) / 100
    assert means.std().item() == pytest.approx(said, rel=0.25)  # a standard deviation from 100 runs has an error of 7 %
    assert (means.mean() - log_p.mean()).abs() < 4 * means.std() / 10 + said**2 * len(x)  # half the variance of one image is bias
    assert runs[0].image_se == pytest.approx(log_p.std().item() / 40**0.5, rel=0.02)
    assert (runs[0].values - log_p).abs().max() < 0.5
    assert 1 < runs[0].effective_samples.min() < runs[0].effective_samples.max() < 400


class OffCentre(LinearGaussian):
    """Its q stands `by` posterior standard deviations beside the posterior's mean, in every direction, and is as wide."""

    by = 8.0

    def encode(self, x):
        mu, logvar = super().encode(x)
        return models.GaussianCode(mu + self.by * (0.5 * logvar).exp(), logvar)


def test_where_q_misses_the_posterior_the_standard_error_is_small_the_estimate_wrong_and_doubtful_says_so(exact, generator):
    w, b, x, log_p = exact
    found = evaluation.log_likelihood(OffCentre(w, b, rotated=True), x, samples=200, nll=nll, generator=generator)
    wrong = log_p.mean().item() - found.mean
    assert wrong > 20  # KL(posterior || q) is 3 * 8^2 / 2 = 96 nats: exp(96) draws would be needed
    assert found.monte_carlo_se < 1 / 40**0.5  # as it is whatever the weights: below 1 nat an image
    assert wrong > 100 * found.monte_carlo_se
    assert found.doubtful > 0.95
    near = evaluation.log_likelihood(LinearGaussian(w, b, rotated=True, widen=1.5), x, samples=200, nll=nll, generator=generator)
    assert near.doubtful == 0
    assert (near.values - log_p).abs().max() < 0.5


def test_doubtful_is_the_share_of_images_with_fewer_than_ten_effective_draws(exact, generator):
    w, b, x, _ = exact
    model = OffCentre(w, b, rotated=True)
    model.by = 1.2
    found = evaluation.log_likelihood(model, x, samples=200, nll=nll, generator=generator)
    few = (found.effective_samples < 10).sum().item()
    assert 0 < few < 40
    assert found.doubtful == pytest.approx(few / 40)


class TwoHumps(torch.nn.Module):
    """One latent, one pixel, x ~ N(|z|, 0.1^2): z and -z draw the same, and q knows only the positive one."""

    def encode(self, x):
        return models.GaussianCode(x.clone(), torch.full_like(x, 0.01).log())

    def decode(self, z):
        return z.abs()


def test_no_sign_warns_of_a_hump_that_q_does_not_know(generator):
    x = torch.linspace(1, 2, 20, dtype=torch.float64)[:, None]
    found = evaluation.log_likelihood(TwoHumps(), x, samples=500, nll=partial(losses.gaussian_nll, sigma=0.1), generator=generator)
    z = torch.linspace(-8, 8, 16001, dtype=torch.float64)
    log_joint = Normal(z.abs(), 0.1).log_prob(x) + Normal(0.0, 1.0).log_prob(z)
    log_p = log_joint.logsumexp(dim=1) + math.log(0.001)
    torch.testing.assert_close(log_p - found.values, torch.full((20,), math.log(2)).double(), rtol=0, atol=0.05)
    assert found.effective_samples.min() > 400
    assert found.doubtful == 0


def test_log_likelihood_decodes_no_more_than_a_chunk_at_a_time_and_uses_every_sample(exact, generator):
    w, b, x, log_p = exact
    seen = []

    class Counting(LinearGaussian):
        def decode(self, z):
            seen.append(len(z))
            return super().decode(z)

    model = Counting(w, b, rotated=True)
    for samples, chunk in ((7, 30), (50, 30), (7, 1), (7, 10_000)):
        seen.clear()
        found = evaluation.log_likelihood(model, x, samples=samples, nll=nll, chunk=chunk, generator=generator)
        assert max(seen) <= chunk
        assert sum(seen) == samples * len(x)
        torch.testing.assert_close(found.values, log_p)  # q is the posterior, so every weight is p(x)
        torch.testing.assert_close(found.effective_samples, torch.full((40,), float(samples)).double())
        assert found.monte_carlo_se < 1e-7


# ------------------------------------------------------------------ two latents, on a grid of the plane


@pytest.fixture
def plane(generator):
    """A linear-Gaussian model with two latents, 12 images, log p(x), and the posterior, whose two directions go together."""
    w, b = 0.3 * normals(generator, 8, 2) + 0.5, normals(generator, 8)
    x = b + normals(generator, 12, 2) @ w.T + SIGMA * normals(generator, 12, 8)
    model = LinearGaussian(w, b, rotated=False)
    log_p = LowRankMultivariateNormal(b, w, torch.full((8,), SIGMA**2, dtype=torch.float64)).log_prob(x)
    return model, x, log_p, MultivariateNormal(model.mean(x), model.covariance)


def test_the_plane_gives_log_p_and_the_posterior_of_a_model_where_they_are_known(plane):
    model, x, log_p, posterior = plane
    found = evaluation.plane_posterior(model, x, margin=5, nll=nll)
    rho = (model.covariance / model.covariance.diag().outer(model.covariance.diag()).sqrt())[0, 1]
    assert rho.abs() > 0.3
    torch.testing.assert_close(found.log_p, log_p, rtol=0, atol=1e-8)
    torch.testing.assert_close(found.mean, posterior.mean, rtol=0, atol=1e-8)
    torch.testing.assert_close(found.sigma, posterior.stddev, rtol=0, atol=1e-8)
    torch.testing.assert_close(found.correlation, rho.expand(12), rtol=0, atol=1e-8)
    torch.testing.assert_close(found.mode, posterior.mean, rtol=0, atol=0.0075)  # the fine grid's step is 0.005


def test_the_quadrature_elbo_is_log_p_less_the_kl_from_q_to_the_posterior(plane, generator):
    model, x, log_p, posterior = plane
    mu, logvar = posterior.mean + 0.5 * normals(generator, 12, 2), -1 + normals(generator, 12, 2)
    gap = kl_divergence(MultivariateNormal(mu, logvar.exp().diag_embed()), posterior)
    assert gap.min() > 0.02
    found = evaluation.quadrature_elbo(model, x, mu, logvar, nodes=2, nll=nll)  # exact: the term is quadratic in z
    torch.testing.assert_close(log_p - found, gap, rtol=0, atol=1e-9)


def test_on_a_trained_vae_the_quadrature_agrees_with_draws_and_the_grid_with_importance_sampling(generator):
    vae = models.load_trained("vae-2-seed0")
    x = data.load_digits().x_test[:20]
    mu, logvar = vae.encode(x)
    elbo = evaluation.quadrature_elbo(vae, x, mu, logvar)
    terms = [losses.negative_elbo(vae, x, generator=generator) for _ in range(400)]
    draws = -torch.stack([term.reconstruction + term.kl for term in terms])
    assert ((draws.mean(dim=0) - elbo).abs() < 4.5 * draws.std(dim=0) / 400**0.5).all()
    torch.testing.assert_close(evaluation.quadrature_elbo(vae, x, mu, logvar, nodes=13), elbo, rtol=0, atol=0.01)
    exact = evaluation.plane_posterior(vae, x)
    assert (exact.log_p > elbo).all()
    estimated = evaluation.log_likelihood(vae, x, samples=2000, generator=generator)
    trusted = estimated.effective_samples > 500  # with 100 of 2,000 an estimate was 0.45 nats short
    assert trusted.sum() >= 5
    far = (exact.log_p - estimated.values).abs()[trusted]
    assert (far < 4.5 * (1 / estimated.effective_samples[trusted] - 1 / 2000).sqrt()).all()


def test_on_the_plane_the_estimate_is_short_and_doubtful_where_the_encoder_stands_beside_the_posterior(plane, generator):
    model, x, log_p, _ = plane
    beside = OffCentre(model.w, model.b, rotated=False)
    beside.by = 6.0
    exact = evaluation.plane_posterior(beside, x, margin=6, nll=nll)
    torch.testing.assert_close(exact.log_p, log_p, rtol=0, atol=1e-6)  # the plane does not care where q stands
    found = evaluation.log_likelihood(beside, x, samples=200, nll=nll, generator=generator)
    assert (exact.log_p.mean() - found.mean).item() > 20 * found.monte_carlo_se
    assert found.doubtful > 0.8


@pytest.mark.parametrize(
    "likelihood",
    [losses.bernoulli_nll, losses.gaussian_nll, partial(losses.gaussian_nll, sigma=0.2)],
    ids=["bernoulli", "gaussian", "gaussian, sigma 0.2"],
)
def test_any_likelihood_gives_on_the_plane_what_its_matrix_product_gives(likelihood):
    vae = models.load_trained("vae-2-seed0")
    x = data.load_digits().x_test[:3]
    z = torch.tensor([[0.0, 1.0], [-2.0, 0.3]]).double()
    quick = evaluation.log_joint(vae, x, z, nll=likelihood)
    slow = evaluation.log_joint(vae, x, z, nll=lambda a, b: likelihood(a, b))
    torch.testing.assert_close(quick, slow)
    by_hand = -likelihood(x[1:2], vae.decode(z[:1])) + Normal(0.0, 1.0).log_prob(z[0]).sum()
    torch.testing.assert_close(quick[0, 1:2], by_hand)


def test_the_plane_holds_no_more_numbers_at_a_time_than_it_may_and_their_count_changes_nothing(plane, monkeypatch):
    model, x, *_ = plane
    pairs = lambda a, b: nll(a, b)  # noqa: E731  # no likelihood that is a matrix product
    whole = evaluation.plane_posterior(model, x, nll=pairs)
    seen = []
    log_joint = evaluation.log_joint

    def counting(model, x, z, **options):
        seen.append(len(z) * x.numel())
        return log_joint(model, x, z, **options)

    monkeypatch.setattr(evaluation, "NUMBERS", 200_000)
    monkeypatch.setattr(evaluation, "log_joint", counting)
    parts = evaluation.plane_posterior(model, x, nll=pairs)
    assert max(seen) <= 200_000
    for part, value in zip(parts, whole, strict=True):
        torch.testing.assert_close(part, value)


@pytest.mark.parametrize(
    ("shift", "scale", "options", "said"),
    [
        (
            9.0,
            1.0,
            {},
            r"margin: got a posterior with .* on the border of the plane \(image \d+\) at margin=2, expected at most 1e-06",
        ),
        (9.0, 1.0, {"margin": 12}, None),
        (
            0.0,
            30.0,
            {},
            r"step: got a posterior with a standard deviation of 0\.0\d+ at step=0\.05, expected at least half the step",
        ),
        (0.0, 30.0, {"step": 0.01}, None),
        (0.0, 1.0, {"step": 0.0}, r"plane_posterior: step: got 0\.0"),
    ],
)
def test_a_posterior_that_the_plane_does_not_hold_or_resolve_is_an_error(shift, scale, options, said):
    w = scale * torch.tensor([[1.0, 0.2], [-0.3, 0.8]]).double()
    model = LinearGaussian(w, torch.zeros(2).double(), rotated=False)
    model.encode = lambda x: models.GaussianCode(torch.zeros(len(x), 2).double(), torch.zeros(len(x), 2).double())  # never looks
    x = shift * w.sum(dim=1)[None]
    if said:
        with pytest.raises(ValueError, match=said):
            evaluation.plane_posterior(model, x, nll=nll, **options)
    else:
        exact = LowRankMultivariateNormal(model.b, w, torch.full((2,), SIGMA**2, dtype=torch.float64)).log_prob(x)
        torch.testing.assert_close(evaluation.plane_posterior(model, x, nll=nll, **options).log_p, exact, rtol=0, atol=1e-3)


def test_the_plane_asks_for_two_latents():
    with pytest.raises(ValueError, match=r"mu: got shape \(2, 8\), expected a last axis of 2"):
        evaluation.plane_posterior(models.load_trained("vae-8-seed0"), data.load_digits().x_test[:2])


def test_the_plane_follows_the_codes_of_a_vae_whose_means_reach_far():
    """With beta 0.1 the means reach 7.2, where the prior has next to nothing: a square of +-5 would miss posteriors."""
    vae = models.load_trained("vae-2-beta0.1")
    x = data.load_digits().x_test
    x = x[vae.encode(x).mu.abs().amax(dim=1).topk(10).indices]
    exact = evaluation.plane_posterior(vae, x, step=0.1)
    wider = evaluation.plane_posterior(vae, x, step=0.1, margin=4)
    torch.testing.assert_close(exact.log_p, wider.log_p, rtol=0, atol=1e-6)
    assert exact.mode.abs().max() > 5


# ------------------------------------------------------------------ KL and one latent, by numerical integration


@pytest.mark.parametrize(("mu", "sigma"), [(0.0, 0.1), (1.5, 0.8), (-3.0, 2.0)])
def test_the_kl_is_its_defining_integral_and_its_monte_carlo_mean(generator, mu, sigma):
    q, p = (Normal(*torch.tensor(pair, dtype=torch.float64)) for pair in ((mu, sigma), (0.0, 1.0)))

    def integrand(z):
        at = torch.tensor(z, dtype=torch.float64)
        return (q.log_prob(at).exp() * (q.log_prob(at) - p.log_prob(at))).item()

    closed = losses.gaussian_kl(*(torch.tensor([[value]], dtype=torch.float64) for value in (mu, 2 * math.log(sigma)))).item()
    assert closed == pytest.approx(quad(integrand, mu - 12 * sigma, mu + 12 * sigma)[0], abs=1e-9)
    z = mu + sigma * normals(generator, 200_000)
    draws = q.log_prob(z) - p.log_prob(z)
    assert closed == pytest.approx(draws.mean().item(), abs=4 * draws.std().item() / 200_000**0.5)


@pytest.mark.medium
def test_log_likelihood_of_a_one_latent_vae_is_the_integral_over_its_latent(generator, digits):
    model = models.VAE(1, generator=generator)
    with torch.no_grad():
        model.decoder[0].weight.mul_(8)  # a decoder that depends on z
        model.decoder[-1].weight.mul_(8)
    x = torch.bernoulli(digits.x_test[:10], generator=generator)
    z = torch.linspace(-10, 10, 4001, dtype=torch.float64)[:, None]
    with torch.no_grad():
        logits = model.decode(z)
    log_joint = torch.stack([-losses.bernoulli_nll(image.expand(len(z), -1), logits) for image in x], dim=1)
    log_joint = log_joint + Normal(0.0, 1.0).log_prob(z)
    truth = log_joint.logsumexp(dim=0) + math.log(20 / 4000)  # the ends weigh nothing, so the trapezoid rule is a plain sum
    found = evaluation.log_likelihood(model, x, samples=5000, generator=generator)
    assert truth.std() > 1
    assert found.mean == pytest.approx(truth.mean().item(), abs=4 * found.monte_carlo_se)
    assert 1e-4 < found.monte_carlo_se < 0.05
    bound = -losses.negative_elbo(model, x, generator=generator).loss.item()
    assert bound < truth.mean() - 0.05


# ------------------------------------------------------------------ probabilistic PCA: when the objective itself wants a latent off


class LinearVAE(torch.nn.Module):
    """A VAE whose maps are all linear, on images of any number of pixels."""

    def __init__(self, pixels, latent_dim, *, generator):
        super().__init__()
        self.mu_head, self.logvar_head = (models.mlp([pixels, latent_dim], generator=generator) for _ in range(2))
        self.decoder = models.mlp([latent_dim, pixels], generator=generator)

    def forward(self, x, *, generator):
        mu, logvar = self.mu_head(x), self.logvar_head(x)
        z = models.reparameterize(mu, logvar, generator=generator)
        return models.VAEOutput(self.decoder(z), mu, logvar, z)


@pytest.mark.parametrize("beta", [1.0, 2.0, 4.0])
@pytest.mark.slow
def test_a_linear_vae_keeps_the_directions_whose_variance_exceeds_beta_sigma_squared(generator, beta):
    """At the optimum a kept latent's mean has variance 1 - beta sigma^2 / lambda (Tipping & Bishop 1999; Lucas et al. 2019)."""
    eigenvalues, n = torch.tensor([9.0, 3.0, 1.5, 0.6]).double(), 512
    scores = torch.linalg.qr(torch.cat([torch.ones(n, 1).double(), normals(generator, n, 4)], dim=1)).Q[:, 1:] * n**0.5
    x = (scores * eigenvalues.sqrt()) @ torch.linalg.qr(normals(generator, 8, 4)).Q.T  # its covariance has just these eigenvalues
    model = LinearVAE(8, 4, generator=generator)
    loss = partial(losses.negative_elbo, beta=beta, nll=losses.gaussian_nll)
    training.fit(model, x, loss, generator=generator, steps=3000, batch_size=n, learning_rate=1e-2)
    with torch.no_grad():
        kept = model.mu_head(x).var(dim=0).sort(descending=True).values
    assert (kept - (1 - beta / eigenvalues).clamp(min=0)).abs().max() < 0.02
    assert (kept > 0.01).sum() == (eigenvalues > beta).sum()


# ------------------------------------------------------------------ the bound as a loss, and bad input


def test_the_bounds_gradient_is_that_of_finite_differences(exact):
    w, b, x, _ = exact

    def loss(w):
        model = LinearGaussian(w, b, rotated=False, widen=1.5)
        return losses.iwae_bound(model, x[:5], samples=4, nll=nll, generator=torch.Generator().manual_seed(1)).loss

    assert torch.autograd.gradcheck(loss, (w.clone().requires_grad_(),))


def test_beta_is_the_weight_of_the_log_ratio(exact):
    w, b, x, _ = exact
    model = LinearGaussian(w, b, rotated=False)
    at = {
        beta: losses.log_weights(model, x, samples=5, beta=beta, nll=nll, generator=torch.Generator().manual_seed(1))
        for beta in (0, 1, 3)
    }
    torch.testing.assert_close(at[3] - at[0], 3 * (at[1] - at[0]))
    z = model.encode(x).mu + (0.5 * model.encode(x).logvar).exp() * normals(torch.Generator().manual_seed(1), 5, 40, 3)
    torch.testing.assert_close(at[0], Normal(model.decode(z), SIGMA).log_prob(x).sum(dim=2))


def test_training_on_the_bound_lowers_it(digits, generator):
    model = models.VAE(2, generator=generator)
    loss = partial(losses.iwae_bound, samples=5)
    history = training.fit(model, digits.x_train[:512], loss, generator=generator, steps=40)
    assert history.terms["loss"][-5:].mean() < 0.6 * history.terms["loss"][0]
    torch.testing.assert_close(history.terms["bound"], -history.terms["loss"])


@pytest.mark.usefixtures("as_users_run")
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (partial(losses.iwae_bound, samples=0), ValueError, r"log_weights: samples: got 0, expected at least 1"),
        (partial(losses.iwae_bound, samples=2.0), TypeError, r"log_weights: samples: got 2.0 of type float"),
        (partial(losses.iwae_bound, samples=2, beta=-1), ValueError, r"beta: got -1, expected a finite number of at least 0"),
        (partial(evaluation.log_likelihood, samples=1), ValueError, r"log_likelihood: samples: got 1, expected at least 2"),
        (partial(evaluation.log_likelihood, chunk=0), ValueError, r"log_likelihood: chunk: got 0, expected at least 1"),
    ],
)
def test_bad_input_is_named(exact, generator, call, error, message):
    w, b, x, _ = exact
    with pytest.raises(error, match=message):
        call(LinearGaussian(w, b, rotated=True), x, nll=nll, generator=generator)
    with pytest.raises(TypeError, match=r"generator: got int"):
        losses.iwae_bound(LinearGaussian(w, b, rotated=True), x, samples=2, nll=nll, generator=0)
