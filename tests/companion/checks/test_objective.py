"""The checks of chapter 7: right answers by other routes are right, each slip is named, and nothing that is handed in raises."""

import math

import pytest
import torch
from torch import nn
from torch.distributions import Bernoulli, Categorical, Independent, Normal, kl_divergence

from companion import checks, losses, models
from companion.checks import objective, training
from companion.checks.cases import seeded
from tests.support.strange import STRANGE

SEEDS = (0, 1, 2)


# Answers by another route than the module's own references.


def kl_by_torch(mu, logvar):
    return kl_divergence(Independent(Normal(mu, (0.5 * logvar).exp()), 1), Independent(Normal(0 * mu, 0 * mu + 1), 1))


def bound_by_torch(x, logits, z, mu, logvar):
    p_x = Independent(Bernoulli(logits=logits), 1).log_prob(x.expand_as(logits))
    p_z = Independent(Normal(0 * z, 0 * z + 1), 1).log_prob(z)
    log_w = p_x + p_z - Independent(Normal(mu, (0.5 * logvar).exp()), 1).log_prob(z)
    largest = log_w.amax(dim=0)
    return largest + (log_w - largest).exp().mean(dim=0).log()


def bound_by_loops(x, logits, z, mu, logvar):
    """One number at a time, each density written out with its constants; the largest weight taken out before the sum."""

    def log_normal(value, mean, sigma):
        return -((value - mean) ** 2) / (2 * sigma**2) - math.log(sigma) - 0.5 * math.log(2 * math.pi)

    bounds = []
    for n in range(len(x)):
        log_w = []
        for k in range(len(z)):
            total = sum(
                -math.log1p(math.exp(-a if ink else a)) for ink, a in zip(x[n].tolist(), logits[k, n].tolist(), strict=True)
            )
            for value, mean, s in zip(z[k, n].tolist(), mu[n].tolist(), logvar[n].tolist(), strict=True):
                total += log_normal(value, 0, 1) - log_normal(value, mean, math.exp(s / 2))
            log_w.append(total)
        bounds.append(max(log_w) + math.log(sum(math.exp(w - max(log_w)) for w in log_w) / len(log_w)))
    return torch.tensor(bounds, dtype=torch.float64)


def bound_in_pieces(x, logits, z, mu, logvar):
    """One draw at a time, added up two by two."""
    total = None
    for draw, pixels in zip(z, logits, strict=True):
        eps = (draw - mu) / (0.5 * logvar).exp()
        nll = losses.bernoulli_nll(x, pixels)
        log_w = 0.5 * (eps**2 + logvar - draw**2).sum(dim=1) - nll
        total = log_w if total is None else torch.logaddexp(total, log_w)
    return total - math.log(len(z))


def elbo_by_torch(x, logits, mu, logvar, beta):
    p = Independent(Bernoulli(logits=logits, validate_args=False), 1)
    reconstruction, kl = -p.log_prob(x), kl_by_torch(mu, logvar)
    return reconstruction.mean() + beta * kl.mean(), reconstruction, kl


def elbo_by_hand(x, logits, mu, logvar, beta):
    reconstruction = (nn.functional.softplus(logits) - x * logits).sum(dim=1)
    kl = 0.5 * (mu.square() + logvar.expm1() - logvar).sum(dim=1)
    return (reconstruction + beta * kl).sum() / len(x), reconstruction, kl


def trained(step):
    """A training step as the page runs it."""

    def trial(start, scale, images, noise, beta):
        model = models.VAE(noise.shape[2], hidden=(4,), pixels=images.shape[2], generator=seeded(start))
        with torch.no_grad():
            for weight in model.parameters():
                weight *= scale
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
        terms = [step(model, optimizer, x, eps, beta) for x, eps in zip(images, noise, strict=True)]
        if None in terms:
            return None
        return torch.tensor(terms).double(), torch.cat([p.detach().flatten() for p in model.parameters()])

    return trial


def step_by_grad(model, optimizer, x, eps, beta):
    """The gradient by `torch.autograd.grad`."""
    mu, logvar = model.encode(x)
    logits = model.decode(mu + logvar.mul(0.5).exp() * eps)
    loss, reconstruction, kl = elbo_by_torch(x, logits, mu, logvar, beta)
    weights = list(model.parameters())
    for weight, slope in zip(weights, torch.autograd.grad(loss, weights), strict=True):
        weight.grad = slope
    optimizer.step()
    return loss.item(), reconstruction.mean().item(), kl.mean().item()


def step_that_clears_at_the_end(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    terms = elbo_by_hand(x, model.decode(mu + (logvar / 2).exp() * eps), mu, logvar, beta)
    terms[0].backward()
    optimizer.step()
    optimizer.zero_grad()
    return [each.mean().item() for each in terms]


def steps_by_loops(log_likelihood, prior, q):
    """One value of z at a time, in Python's own numbers."""
    values = list(zip(log_likelihood.tolist(), prior.tolist(), q.tolist(), strict=True))
    top = max(log_likelihood.tolist())
    log_p = top + math.log(sum(p * math.exp(lik - top) for lik, p, _ in values))
    posterior = [p * math.exp(lik - log_p) for lik, p, _ in values]
    elbo = sum(w * (lik + math.log(p) - math.log(w)) for lik, p, w in values)
    kl = sum(w * math.log(w / p) for _, p, w in values)
    mean = sum(w * lik for lik, _, w in values)
    log_w = [lik + math.log(p) - math.log(w) for lik, p, w in values]
    gap = sum(w * (math.log(w) - (lik + math.log(p) - log_p)) for lik, p, w in values)
    return log_w, log_p, elbo, mean, kl, posterior, gap


def steps_by_differences(log_likelihood, prior, q):
    q, prior = Categorical(probs=q.double()), Categorical(probs=prior.double())
    joint = log_likelihood.double() + prior.logits
    posterior = Categorical(logits=joint)
    kl, mean = kl_divergence(q, prior), q.probs @ log_likelihood.double()
    log_p = joint.logsumexp(0)
    return joint - q.logits, log_p, mean - kl, mean, kl, posterior.probs, log_p - mean + kl


RIGHT = {
    "check_gaussian_kl": [kl_by_torch, lambda mu, logvar: losses.gaussian_kl(mu, logvar)],
    "check_negative_elbo": [elbo_by_torch, elbo_by_hand],
    "check_training_step": [trained(step_by_grad), trained(step_that_clears_at_the_end)],
    "check_bound_steps": [steps_by_loops, steps_by_differences],
    "check_bound": [bound_by_torch, bound_in_pieces],
}
SLIPS = {
    "check_gaussian_kl": objective.KL_SLIPS,
    "check_negative_elbo": objective.ELBO_SLIPS,
    "check_training_step": {message: training._trained(step) for message, step in training.STEP_SLIPS.items()},
    "check_bound_steps": objective.BOUND_STEP_SLIPS,
    "check_bound": objective.BOUND_SLIPS,
}
FUNCTIONS = sorted(RIGHT)
PREDICTIONS = ["check_region_widths"]


def check(name, answer, seed=0):
    return getattr(checks, name)(answer, seed=seed)


@pytest.mark.medium
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in FUNCTIONS for answer in RIGHT[name]])
def test_an_answer_by_another_route_is_right(name, answer, seed):
    verdict = check(name, answer, seed)
    assert verdict.right is True, verdict


@pytest.mark.medium
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_slip_is_named_and_shown(name, seed):
    verdicts = {message: check(name, slip, seed) for message, slip in SLIPS[name].items()}
    assert {
        message: verdict for message, verdict in verdicts.items() if verdict[:2] != (False, message) or not verdict.example
    } == {}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_there_are_at_least_six_slips_and_each_message_is_whole(name):
    assert len(SLIPS[name]) >= 6
    assert all(message[-1] in ".?" for message in SLIPS[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_seed_draws_a_case_that_the_reference_fails(name):
    assert [seed for seed in range(3, 23) if check(name, RIGHT[name][0], seed).right is not True] == []


@pytest.mark.medium
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("answer", STRANGE)
def test_whatever_is_handed_in_gets_a_verdict(name, answer):
    verdict = check(name, answer)
    assert verdict.right is False
    assert verdict.message


@pytest.mark.parametrize("name", FUNCTIONS + PREDICTIONS)
def test_no_answer_is_neither_right_nor_wrong(name):
    assert check(name, None).right is None
    if name in FUNCTIONS:
        assert check(name, lambda *arguments: None).right is None


# What the exercises rest on.


def test_loops_give_the_bound():
    for case in objective._bound_cases(0)[:4]:
        torch.testing.assert_close(bound_by_loops(*case.arguments), objective._bound(*case.arguments))


def test_the_bound_lies_below_log_p_and_comes_near_with_many_draws():
    """z has one number and x four pixels, so that p(x) can be integrated on a line."""
    line = torch.linspace(-10, 10, 20001, dtype=torch.float64)[:, None]
    weight, x = torch.tensor([[1.5, -1.0, 0.5, 2.0]]).double(), torch.tensor([[1.0, 0.0, 0.0, 1.0]]).double()
    p_x = Bernoulli(logits=line @ weight).log_prob(x).sum(dim=1)
    log_p = torch.trapezoid((p_x + Normal(0.0, 1.0).log_prob(line[:, 0])).exp(), line[:, 0]).log()
    mu, logvar = torch.tensor([[0.5]]).double(), torch.tensor([[-0.2]]).double()
    z = mu + (0.5 * logvar).exp() * torch.randn(40_000, 1, 1, generator=seeded(1), dtype=torch.float64)
    bound = objective._bound(x, z @ weight, z, mu, logvar)
    assert bound.item() == pytest.approx(log_p.item(), abs=0.01)
    singles = objective._log_weights(x, z @ weight, z, mu, logvar)
    assert singles.mean() < log_p - 0.05


def test_a_gradient_that_is_cut_off_and_a_changed_argument_are_told():
    def detached(x, logits, mu, logvar, beta):
        return elbo_by_torch(x, logits, mu.detach(), logvar, beta)

    def in_place(x, logits, mu, logvar, beta):
        terms = elbo_by_torch(x, logits.clone(), mu, logvar, beta)
        mu.data.zero_()
        return terms

    def single(*case):
        return tuple(each.float() for each in elbo_by_torch(*case))

    for answer, words in ((detached, "mu"), (in_place, "changed its argument mu"), (single, "dtype")):
        verdict = objective.check_negative_elbo(answer)
        assert verdict.right is False
        assert words in verdict.message


@pytest.mark.parametrize("slip", ["clamp", "cross_entropy", "naive"])
def test_a_loss_that_is_right_for_small_logits_only_is_told_so(slip):
    def answer(x, logits, mu, logvar, beta):
        p = logits.sigmoid()
        if slip == "cross_entropy":
            cost = nn.functional.binary_cross_entropy(p, x, reduction="none")
        else:
            p = p.clamp(1e-7, 1 - 1e-7) if slip == "clamp" else p
            cost = -(x * p.log() + (1 - x) * (1 - p).log())
        kl = losses.gaussian_kl(mu, logvar)
        return (cost.sum(dim=1) + beta * kl).mean(), cost.sum(dim=1), kl

    verdict = objective.check_negative_elbo(answer)
    assert verdict.right is False
    assert "rounds to 0 or 1" in verdict.message


def test_the_steps_add_up():
    for case in objective._bound_steps_cases(0):
        _, log_p, elbo, mean, kl, posterior, gap = objective._bound_steps(*case.arguments)
        torch.testing.assert_close(elbo + gap, log_p)
        torch.testing.assert_close(mean - kl, elbo)
        assert posterior.sum().item() == pytest.approx(1)


# Predictions.


def test_the_bill_moves_as_the_prediction_says(digits):
    vae, x = models.load_trained("vae-2-seed0"), digits.x_test
    mu, logvar = vae.encode(x)
    eps = torch.randn(mu.shape, generator=torch.Generator().manual_seed(5), dtype=mu.dtype)  # not the exercise's own draw
    bills = {}
    for factor in (1, 0.5, 2):
        sigma = factor * (0.5 * logvar).exp()
        terms = losses.bernoulli_nll(x, vae.decode(mu + sigma * eps)).mean(), losses.gaussian_kl(mu, 2 * sigma.log()).mean()
        bills[factor] = torch.stack([*terms, sum(terms)])
    change = [*(bills[0.5] - bills[1]).tolist(), (bills[2] - bills[1])[2].item()]
    words = ["up" if nats > 0.1 else "down" if nats < -0.1 else "same" for nats in change]
    assert objective.check_region_widths(dict(zip(objective.WIDTHS, words, strict=True))).right is True
    assert change[1] == pytest.approx(2 * math.log(2), abs=0.03)  # what the note says


def test_every_wrong_word_has_a_message():
    pairs = {(key, word) for key, right in objective.WIDTHS.items() for word in objective.DIRECTIONS if word != right}
    assert set(objective.WIDTHS_WRONG) == pairs


@pytest.mark.parametrize(("key", "word"), objective.WIDTHS_WRONG)
def test_each_wrong_word_is_named(key, word):
    assert objective.check_region_widths(objective.WIDTHS | {key: word}) == (False, objective.WIDTHS_WRONG[key, word], "")


def test_the_right_words_are_right():
    assert objective.check_region_widths({key: f" {word.upper()} " for key, word in objective.WIDTHS.items()}).right is True
    assert objective.check_region_widths(dict.fromkeys(objective.WIDTHS)).right is None
