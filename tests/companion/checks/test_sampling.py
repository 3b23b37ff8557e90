"""The checks of chapter 5: right answers by other routes are right, each slip is named, and nothing that is handed in raises."""

import numpy as np
import pytest
import torch
from torch.distributions import Normal

from companion.checks import sampling
from tests.support.strange import STRANGE

SEEDS = (0, 1, 2)


# Answers by another route than the module's own references.


def score_by_autograd(cost, baseline, z, mu, logvar):
    heads = [head.expand_as(z).clone().requires_grad_() for head in (mu, logvar)]
    log_q = Normal(heads[0], (heads[1] / 2).exp()).log_prob(z)
    scores = torch.autograd.grad(log_q.sum(), heads)
    weighed = [((cost - baseline)[:, :, None] * score).mean(dim=0) for score in scores]
    return [*scores, *weighed]


def score_in_numpy(*given):
    cost, baseline, z, mu, logvar = (each.double().numpy() for each in given)
    eps = (z - mu) * np.exp(-logvar / 2)
    scores = eps * np.exp(-logvar / 2), (eps**2 - 1) / 2
    return *scores, *(np.einsum("kn,knd->nd", cost - baseline, score) / len(z) for score in scores)


def losses_by_the_library(mu, logvar, eps, target):
    q = Normal(mu, logvar.exp().sqrt())
    path = q.mean + q.stddev * eps
    constant = path.detach()
    cost = (path - target).square().sum(dim=1)
    return [cost.mean(), torch.dot(cost.detach(), q.log_prob(constant).sum(dim=1)) / len(mu)]


def losses_with_another_value(mu, logvar, eps, target):
    """The value of the second loss may be any: here it has a shape of one, and the cost's mean taken away."""
    first, second = sampling._two_losses(mu, logvar, eps, target)
    return first, (second - second.detach()).reshape(1)


def cost_image_by_image(x, mu, logvar, eps, weight):
    costs = []
    for i in range(len(x)):
        draws = mu[i] + torch.exp(logvar[i] / 2) * eps[:, i]
        costs.append(torch.stack([(draw @ weight - x[i]).square().sum() for draw in draws]).mean())
    return torch.stack(costs)


def cost_with_draws_second(x, mu, logvar, eps, weight):
    samples, batch, latent_dim = eps.shape
    z = (mu + (0.5 * logvar).exp() * eps).transpose(0, 1).reshape(batch * samples, latent_dim)
    cost = (z @ weight - x.repeat_interleave(samples, dim=0)).pow(2).sum(dim=1)
    return cost.view(batch, samples).mean(dim=1)


RIGHT = {
    "check_score_gradient": [score_by_autograd, score_in_numpy],
    "check_two_losses": [losses_by_the_library, losses_with_another_value],
    "check_mean_cost": [cost_image_by_image, cost_with_draws_second],
}
SLIPS = {
    "check_score_gradient": sampling.SCORE_SLIPS,
    "check_two_losses": sampling.LOSSES_SLIPS,
    "check_mean_cost": sampling.COST_SLIPS,
}
FUNCTIONS = sorted(RIGHT)


def check(name, answer, seed=0):
    return getattr(sampling, name)(answer, seed=seed)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in FUNCTIONS for answer in RIGHT[name]])
def test_an_answer_by_another_route_is_right(name, answer):
    for seed in range(40):
        verdict = check(name, answer, seed)
        assert verdict.right is True, f"{seed}: {verdict}"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "message"), [(name, message) for name in SLIPS for message in SLIPS[name]])
def test_each_slip_is_named(name, message):
    for seed in SEEDS:
        assert check(name, SLIPS[name][message], seed)[:2] == (False, message), seed


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_cases_of_two_seeds_differ_in_numbers(name):
    cases = {"check_score_gradient": "_score_cases", "check_two_losses": "_losses_cases", "check_mean_cost": "_mean_cost_cases"}[
        name
    ]
    for first, second in zip(getattr(sampling, cases)(0), getattr(sampling, cases)(1), strict=True):
        assert first.about == second.about
        assert not any(a.shape == b.shape and torch.equal(a, b) for a, b in zip(first.arguments, second.arguments, strict=True))


# What each page asks beside the values.


def test_only_the_part_that_is_wrong_is_named():
    def answer(*given):
        by_mu, by_logvar, for_mu, for_logvar = sampling._score_gradient(*given)
        return by_mu, by_logvar, for_mu, for_logvar + 1

    verdict = sampling.check_score_gradient(answer)
    assert "The estimate in logvar (value 4) is the first that is not right" in verdict.message


def test_a_path_loss_of_another_value_is_told_so():
    def answer(*given):
        first, second = sampling._two_losses(*given)
        return first + 1, second

    assert "The value of path_loss is the first that is not right" in sampling.check_two_losses(answer).message


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        ("a tuple of 2", lambda *given: sampling._two_losses(*given)[0]),
        ("a tuple of 2", lambda *given: (*sampling._two_losses(*given), 0)),
        ("one number", lambda mu, logvar, eps, target: (mu, logvar)),
        ("one number", lambda *given: (sampling._two_losses(*given)[0], "cost")),
        ("raised KeyError", lambda *given: {}["x"]),
    ],
)
def test_two_losses_of_another_form_are_told_so(says, answer):
    verdict = sampling.check_two_losses(answer)
    assert verdict.right is False
    assert says in verdict.message


def test_eps_changed_in_place_is_told_so_where_the_values_are_right():
    def answer(mu, logvar, eps, target):
        losses = sampling._two_losses(mu, logvar, eps.clone(), target)
        eps.mul_(2)
        return losses

    assert "changed its argument eps" in sampling.check_two_losses(answer).message


def test_an_example_of_two_losses_says_what_its_numbers_are():
    verdict = sampling.check_two_losses(lambda *given: sampling._two_losses(*given)[::-1])
    assert "its value of path_loss, and the four gradients: (" in verdict.example


def test_the_code_as_it_is_given_out_is_no_answer():
    for seed in SEEDS:
        verdict = sampling.check_mean_cost(sampling._as_given, seed=seed)
        assert verdict == (None, sampling.UNMENDED, "")
        assert verdict.message.startswith("Not answered yet")


@pytest.mark.slow
@pytest.mark.parametrize("limit", [3, 5])
def test_noise_that_is_cut_far_out_is_found_whatever_is_drawn(limit):
    def scores(cost, baseline, z, mu, logvar):
        eps = ((z - mu) * (-0.5 * logvar).exp()).clamp(-limit, limit)
        return sampling._score_gradient(cost, baseline, mu + (0.5 * logvar).exp() * eps, mu, logvar)

    def losses(mu, logvar, eps, target):
        return sampling._two_losses(mu, logvar, eps.clamp(-limit, limit), target)

    for seed in range(20):
        assert sampling.check_score_gradient(scores, seed=seed).right is False
        assert sampling.check_two_losses(losses, seed=seed).right is False


def test_a_floor_under_sigma_is_told_by_the_range_of_logvar():
    def answer(cost, baseline, z, mu, logvar):
        return sampling._score_gradient(cost, baseline, z, mu, logvar.clamp(min=-4))

    for seed in SEEDS:
        assert "what is special about logvar from -8 to 3" in sampling.check_score_gradient(answer, seed=seed).message


def test_losses_that_draw_noise_of_their_own_are_told_so():
    def answer(mu, logvar, eps, target):
        return sampling._two_losses(mu, logvar, torch.randn_like(eps), target)

    assert "noise of your own" in sampling.check_two_losses(answer).message


def test_a_slip_in_a_derivative_is_named_whatever_the_estimates_are():
    def answer(*given):
        by_mu, by_logvar, for_mu, for_logvar = sampling._score_gradient(*given)
        return by_mu, 2 * by_logvar, 3 * for_mu, for_logvar

    assert "twice what it should be" in sampling.check_score_gradient(answer).message


@pytest.mark.parametrize(
    ("says", "change"),
    [
        ("no gradient comes back", lambda x, mu, logvar, eps, weight: (x, mu.detach(), logvar.detach(), eps, weight)),
        ("no gradient reaches logvar", lambda x, mu, logvar, eps, weight: (x, mu, logvar.detach(), eps, weight)),
    ],
)
def test_a_mean_cost_without_its_gradient_is_told_so(says, change):
    verdict = sampling.check_mean_cost(lambda *given: sampling._mean_cost(*change(*given)))
    assert verdict.right is False
    assert says in verdict.message


# The prediction, held against the run of the cell that is predicted.


def scatters(constant):
    eps = torch.randn(400_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    z = (1 + eps).requires_grad_()
    f = z**2 + constant
    slope = torch.autograd.grad(f.sum(), z)[0]
    f = f.detach()
    ways = {"reparameterized": slope, "score function": f * eps, "with baseline": (f - f.mean()) * eps}
    found = {f"scatter, {name}": way.std().item() for name, way in ways.items()}
    return found | {"mean, score function": ways["score function"].mean().item()}


def test_a_constant_does_what_the_check_says():
    before, after = scatters(0), scatters(10)
    words = {}
    for key in before:
        change = after[key] / before[key]
        words[key] = "same" if abs(change - 1) < 0.01 else "larger" if change > 1 else "smaller"
    assert words == sampling.CONSTANT
    assert sampling.check_constant_added(words).right is True
    assert sampling.check_constant_added({key: word.upper() for key, word in words.items()}).right is True
    # The formulas of chapter 5: variance 30, and with f + c: 30 + 8 c + c squared.
    assert after["scatter, score function"] == pytest.approx(210**0.5, rel=0.01)
    assert scatters(-4)["scatter, score function"] < scatters(-2)["scatter, score function"] < before["scatter, score function"]


@pytest.mark.parametrize(("key", "word"), sampling.CONSTANT_WRONG)
def test_each_wrong_word_is_named(key, word):
    verdict = sampling.check_constant_added(sampling.CONSTANT | {key: word})
    assert verdict[:2] == (False, sampling.CONSTANT_WRONG[key, word])


def test_every_word_but_the_right_one_has_a_message():
    every = {(key, word) for key in sampling.CONSTANT for word in ("same", "larger", "smaller")}
    assert set(sampling.CONSTANT_WRONG) == every - set(sampling.CONSTANT.items())


# Whatever is handed in.


@pytest.mark.parametrize("name", [*FUNCTIONS, "check_constant_added"])
def test_no_answer_is_neither_right_nor_wrong(name):
    assert check(name, None).right is None
    if name in FUNCTIONS:
        assert check(name, lambda *arguments: None).right is None


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("answer", STRANGE)
def test_whatever_is_handed_in_gets_a_verdict(name, answer):
    verdict = check(name, answer)
    assert verdict.right is False
    assert verdict.message


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("last", [None, "text", torch.zeros(7), 1.0, KeyError("x")])
def test_an_answer_that_changes_after_the_first_call_gets_a_verdict(name, last):
    right, calls = RIGHT[name][0], []

    def changing(*arguments):
        calls.append(1)
        if len(calls) == 1:
            return right(*arguments)
        if isinstance(last, Exception):
            raise last
        return last

    assert check(name, changing).right is not True
