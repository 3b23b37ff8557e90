"""companion.successors: each formula against an independent reference, the losses' gradients, and the stored models."""

import itertools
import math

import pytest
import torch
from torch import nn
from torch.distributions import Independent, MultivariateNormal, Normal, kl_divergence

from companion import losses, models, successors
from companion.models import GaussianCode


def normals(generator, *shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


# ------------------------------------------------------------------ two layers


def test_the_kl_between_two_gaussians_is_torchs(generator):
    q, p = (GaussianCode(2 * normals(generator, 30, 4), normals(generator, 30, 4)) for _ in range(2))
    reference = kl_divergence(*(Independent(Normal(each.mu, (each.logvar / 2).exp()), 1) for each in (q, p)))
    torch.testing.assert_close(successors.gaussian_kl_between(q, p), reference)


def test_against_the_standard_normal_it_is_the_courses_kl(generator):
    q = GaussianCode(normals(generator, 5, 3), normals(generator, 5, 3))
    zero = torch.zeros(5, 3, dtype=torch.float64)
    torch.testing.assert_close(successors.gaussian_kl_between(q, GaussianCode(zero, zero)), losses.gaussian_kl(*q))


class Linear(nn.Module):
    """Two linear layers of latents: u ~ N(0, I), z = A u + noise of variance 1/4, x = W z + noise of variance 1. log p(x) is exact."""

    def __init__(self, generator):
        super().__init__()
        self.A, self.W = normals(generator, 3, 2), normals(generator, 10, 3)
        of_z = 0.25 * torch.eye(3).double() + self.A @ self.A.T  # covariances
        of_x = torch.eye(10).double() + self.W @ of_z @ self.W.T
        joint = torch.cat([torch.cat([torch.eye(2).double(), self.A.T], 1), torch.cat([self.A, of_z], 1)])  # of (u, z)
        across = joint[:, 2:] @ self.W.T
        self.gain = across @ torch.linalg.inv(of_x)
        self.covariance = joint - self.gain @ across.T  # of (u, z) given x
        self.spread = self.covariance.diagonal()  # of the encoder: not the best widths, but any q gives a bound
        self.evidence = MultivariateNormal(torch.zeros(10).double(), of_x)

    def _posterior(self, x):
        mean = x @ self.gain.T
        return mean, self.spread.log().expand(mean.shape)

    def encode(self, x):
        mean, logvar = self._posterior(x)
        return GaussianCode(mean[:, 2:], logvar[:, 2:])

    def encode_top(self, x):
        mean, logvar = self._posterior(x)
        return GaussianCode(mean[:, :2], logvar[:, :2])

    def prior(self, u):
        z = u @ self.A.T
        return GaussianCode(z, torch.full_like(z, math.log(0.25)))

    def decode(self, z):
        return z @ self.W.T


@pytest.mark.usefixtures("as_users_run")  # a linear model is no TwoLayerVAE
def test_minus_log_p_is_below_the_two_layer_loss_by_exactly_the_kl_to_the_posterior(generator, monkeypatch):
    model = Linear(generator)
    monkeypatch.setattr(losses, "bernoulli_nll", losses.gaussian_nll)
    x = 2 * normals(generator, 1, 10)
    mean, _ = model._posterior(x)
    # The exact posterior of (u, z): a Gaussian of the same mean, of the covariance whose diagonal is `spread`.
    exact = MultivariateNormal(mean[0], model.covariance)
    q = MultivariateNormal(mean[0], torch.diag(model.spread))
    expected = -model.evidence.log_prob(x) + kl_divergence(q, exact)
    terms = successors.two_layer_elbo(model, x.expand(200_000, 10), generator=generator)
    each = terms.reconstruction + terms.kl + terms.top_kl
    assert each.mean().item() == pytest.approx(terms.loss.item())
    assert abs(terms.loss - expected).item() < 4 * each.std().item() / len(each) ** 0.5
    assert each.std().item() / len(each) ** 0.5 < 0.02


def test_a_top_layer_that_says_nothing_leaves_the_plain_vae(generator, digits):
    model = successors.TwoLayerVAE(3, 2, generator=generator)
    with torch.no_grad():
        for net in (model.top_head, model.prior_net):
            net[-1].weight.zero_()
            net[-1].bias.zero_()
    terms = successors.two_layer_elbo(model, digits.x_test[:5], generator=generator)
    torch.testing.assert_close(terms.kl, losses.gaussian_kl(*model.encode(digits.x_test[:5])))
    assert terms.top_kl.abs().max() == 0


def test_samples_come_from_the_top_down(generator):
    model = successors.TwoLayerVAE(3, 2, generator=generator)
    again = torch.Generator().manual_seed(7)
    u = normals(again, 4, 2)
    z = models.reparameterize(*model.prior(u), generator=again)
    torch.testing.assert_close(model.sample(4, generator=torch.Generator().manual_seed(7)), torch.sigmoid(model.decode(z)))


# ------------------------------------------------------------------ a codebook


def test_the_nearest_entry_is_that_of_brute_force(generator):
    vectors, codebook = normals(generator, 6, 5, 3), normals(generator, 7, 3)
    for i, j in itertools.product(range(6), range(5)):
        by_hand = min(range(7), key=lambda k: math.dist(vectors[i, j].tolist(), codebook[k].tolist()))
        assert successors.nearest_entries(vectors, codebook)[i, j] == by_hand


def test_straight_through_gives_the_chosen_forward_and_the_gradient_back(generator):
    vectors, chosen = normals(generator, 4, 3).requires_grad_(), normals(generator, 4, 3).requires_grad_()
    out = successors.straight_through(vectors, chosen)
    torch.testing.assert_close(out, chosen)
    slope = normals(generator, 4, 3)
    (out * slope).sum().backward()
    torch.testing.assert_close(vectors.grad, slope)
    assert chosen.grad is None


def test_each_term_of_the_vq_loss_moves_what_it_is_for(generator, digits):
    model, x = successors.VQVAE(4, 2, 5, generator=generator), digits.x_test[:20]
    parts = {"encoder": model.encoder[0].weight, "codebook": model.codebook, "decoder": model.decoder[0].weight}
    moved = {"reconstruction": {"encoder", "decoder"}, "codebook": {"codebook"}, "commitment": {"encoder"}}
    for term, names in moved.items():
        terms = successors.vq_loss(model, x, generator=generator)
        gradients = torch.autograd.grad(getattr(terms, term).sum(), list(parts.values()), allow_unused=True)
        assert {name for name, gradient in zip(parts, gradients, strict=True) if gradient is not None and gradient.any()} == names
    vectors = model.encode(x)
    distance = (vectors - model.codebook[model.indices(x)]).square().sum(dim=(1, 2))
    torch.testing.assert_close(terms.codebook, distance)
    torch.testing.assert_close(terms.commitment, 0.25 * distance)
    torch.testing.assert_close(terms.reconstruction, losses.bernoulli_nll(x, model.decode_indices(model.indices(x))))


@pytest.fixture
def prior(generator):
    prior = successors.IndexPrior(3, 4)
    with torch.no_grad():
        prior.weight.copy_(normals(generator, 12, 12))
        prior.bias.copy_(normals(generator, 12))
    return prior


def test_the_prior_of_codes_sums_to_one_over_all_codes(prior):
    codes = torch.tensor(list(itertools.product(range(4), repeat=3)))
    assert prior.log_prob(codes).exp().sum().item() == pytest.approx(1)
    assert successors.IndexPrior(3, 4).log_prob(codes).tolist() == pytest.approx([-3 * math.log(4)] * 64)


def test_a_slot_sees_only_the_slots_before_it(prior):
    a, b = torch.tensor([[1, 2, 0]]), torch.tensor([[1, 3, 2]])
    torch.testing.assert_close(prior(a)[:, :2], prior(b)[:, :2])
    assert not torch.allclose(prior(a)[:, 2], prior(b)[:, 2])


def test_the_logits_of_a_slot_are_its_bias_and_a_weight_for_each_index_before(prior):
    logits = prior(torch.tensor([[1, 2, 0]]))[0]
    torch.testing.assert_close(logits[0], prior.bias[:4])
    torch.testing.assert_close(logits[2], prior.bias[8:] + prior.weight[8:, 1] + prior.weight[8:, 4 + 2])


def test_chances_that_rounding_left_short_of_1_draw_no_index_beyond_the_last(generator):
    short = torch.full((100_000, 3), 0.333, dtype=torch.float64)
    assert successors.draw(short, generator=generator).unique().tolist() == [0, 1, 2]


def test_drawn_codes_have_the_priors_probabilities(prior, generator):
    n = 50_000
    drawn = prior.sample(n, generator=generator) @ torch.tensor([16, 4, 1])
    share = torch.bincount(drawn, minlength=64) / n
    p = prior.log_prob(torch.tensor(list(itertools.product(range(4), repeat=3)))).exp()
    assert ((share - p).abs() < 5 * (p * (1 - p) / n).sqrt() + 1e-6).all()


def test_the_loss_of_the_prior_is_the_length_of_the_code(prior, generator):
    codes = torch.tensor([[0, 1, 2], [3, 3, 3]])
    terms = successors.index_loss(prior, codes.double(), generator=generator)
    torch.testing.assert_close(terms.code_length, -prior.log_prob(codes))
    torch.testing.assert_close(terms.loss, terms.code_length.mean())


# ------------------------------------------------------------------ many steps of noise


def test_the_image_fades_from_all_to_nothing():
    keep = successors.cosine_keep(50)
    assert keep.shape == (51,)
    assert keep[0] == 1
    assert (keep.diff() < 0).all()
    assert keep[-1].item() == pytest.approx(1e-4)  # and not 0, whose logarithm the bounds take
    angle = [math.pi / 2 * (time + 0.008) / 1.008 for time in (0.5, 0)]  # Nichol and Dhariwal 2021, equation 17, halfway
    assert keep[25].item() == pytest.approx((math.cos(angle[0]) / math.cos(angle[1])) ** 2)


def test_the_network_is_told_which_step_it_undoes(diffusion, digits):
    x_t, steps = digits.x_test[:1].expand(20, -1), torch.arange(1, 21)
    assert len(diffusion.logits(x_t, steps).detach().unique(dim=0)) == 20


def test_noise_in_one_go_is_noise_step_by_step(generator):
    keep, n = successors.cosine_keep(10), 200_000
    start = torch.full((n, 1), 0.7, dtype=torch.float64)
    x = start
    for step in range(1, 8):
        a = keep[step] / keep[step - 1]
        x = a.sqrt() * x + (1 - a).sqrt() * normals(generator, n, 1)
    at_once = successors.add_noise(start, normals(generator, n, 1), torch.full((n,), 7), keep)
    for draws in (x, at_once):
        assert abs(draws.mean() - 0.7 * keep[7].sqrt()).item() < 4 * (1 - keep[7]).sqrt().item() / n**0.5
        assert (draws.var() / (1 - keep[7])).item() == pytest.approx(1, abs=4 * (2 / n) ** 0.5)


@pytest.mark.parametrize("step", [2, 5, 10])
def test_a_step_back_is_bayes_rule_on_a_grid(step):
    keep = successors.cosine_keep(10)
    x_0, x_t = torch.tensor([[0.4]]).double(), torch.tensor([[-0.9]]).double()
    grid = torch.linspace(-9, 9, 20_001).double()
    a = keep[step] / keep[step - 1]
    before = Normal(keep[step - 1].sqrt() * x_0.squeeze(), (1 - keep[step - 1]).sqrt()).log_prob(grid)
    weight = (before + Normal(a.sqrt() * grid, (1 - a).sqrt()).log_prob(x_t.squeeze())).softmax(dim=0)
    mean, variance = successors.step_back(x_0, x_t, torch.tensor([step]), keep)
    assert mean.item() == pytest.approx((weight * grid).sum().item(), abs=1e-6)
    assert variance.item() == pytest.approx((weight * (grid - mean.squeeze()) ** 2).sum().item(), rel=1e-5)


def test_the_first_step_back_is_the_clean_image(generator):
    x_0, x_t = normals(generator, 2, 3), normals(generator, 2, 3)
    mean, variance = successors.step_back(x_0, x_t, torch.tensor([1, 1]), successors.cosine_keep(10))
    torch.testing.assert_close(mean, x_0)
    assert variance.max() == 0


@pytest.fixture
def diffusion(generator):
    return successors.Diffusion(20, generator=generator, hidden=(8,))


def test_the_denoising_loss_is_the_cross_entropy_of_the_clean_image(diffusion, digits):
    x = digits.x_test[:6]
    terms = successors.denoising_loss(diffusion, x, generator=torch.Generator().manual_seed(3))
    again = torch.Generator().manual_seed(3)
    t = torch.randint(1, 21, (6,), generator=again)
    x_t = successors.add_noise(2 * x - 1, torch.randn(x.shape, generator=again, dtype=x.dtype), t, diffusion.keep)
    ink = (diffusion.clean(x_t, t) + 1) / 2
    torch.testing.assert_close(terms.denoising, -(x * ink.log() + (1 - x) * (1 - ink).log()).sum(dim=1))
    torch.testing.assert_close(terms.loss, terms.denoising.mean())


def test_each_kl_of_the_bounds_is_torchs_and_weighs_the_error_of_the_clean_image(diffusion, digits):
    x, keep = digits.x_test[:3], diffusion.keep
    bounds = successors.diffusion_bounds(diffusion, x, generator=torch.Generator().manual_seed(3))
    again = torch.Generator().manual_seed(3)
    end = Normal(keep[-1].sqrt() * (2 * x - 1), (1 - keep[-1]).sqrt())
    rate = kl_divergence(end, Normal(torch.zeros_like(x), torch.ones_like(x))).sum(dim=1)
    for step in range(20, 0, -1):
        t = torch.full((3,), step)
        x_t = successors.add_noise(2 * x - 1, torch.randn(x.shape, generator=again, dtype=x.dtype), t, keep)
        torch.testing.assert_close(bounds.rate[step - 1], rate)
        torch.testing.assert_close(bounds.distortion[step - 1], losses.bernoulli_nll(x, diffusion.logits(x_t, t)))
        if step == 1:
            break
        steps = [successors.step_back(clean, x_t, t, keep) for clean in (2 * x - 1, diffusion.clean(x_t, t))]
        kl = kl_divergence(*(Independent(Normal(mean, variance.sqrt().expand(mean.shape)), 1) for mean, variance in steps))
        weight = 0.5 * (keep[step - 1] / (1 - keep[step - 1]) - keep[step] / (1 - keep[step]))
        torch.testing.assert_close(kl, weight * (2 * x - 1 - diffusion.clean(x_t, t)).square().sum(dim=1))
        rate = rate + kl


def test_when_the_clean_image_is_known_the_steps_back_end_where_noise_would_have_come_from(diffusion, generator, monkeypatch):
    clean, seen = torch.linspace(-1, 1, 784).double().expand(400, 784), {}
    monkeypatch.setattr(diffusion, "clean", lambda x_t, t: clean)
    monkeypatch.setattr(diffusion, "logits", lambda x_t, t: seen.update(x_1=x_t, t=t) or x_t)
    drawn = diffusion.sample(400, generator=generator)
    kept = diffusion.keep[1]
    standard = (seen["x_1"] - kept.sqrt() * clean) / (1 - kept).sqrt()
    assert set(seen["t"].tolist()) == {1}
    torch.testing.assert_close(drawn, torch.sigmoid(seen["x_1"]))
    assert abs(standard.mean().item()) < 4 / (400 * 784) ** 0.5
    assert standard.var().item() == pytest.approx(1, abs=0.02)


# ------------------------------------------------------------------ shapes and errors


@pytest.mark.usefixtures("as_users_run")
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda g: successors.TwoLayerVAE(16, 0, generator=g), ValueError, "TwoLayerVAE: top_dim: got 0, expected at least 1"),
        (lambda g: successors.TwoLayerVAE(2, 2, generator=g).encode(torch.zeros(1, 3)), ValueError, "expected a last axis of 784"),
        (lambda g: successors.VQVAE(4, 2.0, 5, generator=g), TypeError, "VQVAE: width: got 2.0 of type float, expected an int"),
        (lambda g: successors.nearest_entries(torch.zeros(1, 3), torch.zeros(4, 2)), ValueError, "expected a last axis of 2"),
        (lambda g: successors.straight_through(torch.zeros(1, 3), torch.zeros(3)), ValueError, "expected the same shape"),
        (lambda g: successors.Diffusion(1, generator=g), ValueError, "Diffusion: steps: got 1, expected at least 2"),
        (lambda g: successors.load_trained("gan"), models.ModelError, "name: got 'gan', expected one of two-layer, vq"),
    ],
)
def test_bad_input_is_named(call, error, message, generator):
    with pytest.raises(error, match=message):
        call(generator)
