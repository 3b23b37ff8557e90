"""The checks of chapter 4: right answers by other routes are right, each slip is named, and nothing that is handed in raises."""

import math

import numpy as np
import pytest
import torch
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from companion.checks import gaussians
from tests.support.strange import STRANGE

NAN = float("nan")
SEEDS = (0, 1, 2)


# Answers by another route than the module's own references.


def moments_by_torch(weights, mu, sigma):
    regions = torch.distributions.Independent(Normal(mu, sigma), 1)
    mixture = torch.distributions.MixtureSameFamily(torch.distributions.Categorical(weights), regions)
    return mixture.mean, mixture.variance.sqrt()


def moments_by_second_moments(weights, mu, sigma):
    mean = weights @ mu
    return [mean, (weights @ (sigma**2 + mu**2) - mean**2).sqrt()]


def moments_in_numpy(weights, mu, sigma):
    mean = np.average(mu, axis=0, weights=weights)
    return mean, np.sqrt(np.average(sigma.numpy() ** 2 + (mu.numpy() - mean) ** 2, axis=0, weights=weights))


def tilt_by_the_library(rho, tau, s):
    """Each step from torch.distributions, a numerical derivative for the slope and a fine search for the best s."""
    eye, zero = torch.eye(2).double(), torch.zeros(2).double()
    covariance = tau**2 * torch.tensor([[1, rho], [rho, 1]]).double()
    p = MultivariateNormal(zero, covariance)

    def q(s):
        return MultivariateNormal(zero, s**2 * eye)

    def kl(s):
        return kl_divergence(q(s), p).item()

    square = s**2 * torch.linalg.inv(covariance).trace().item()
    log_q = -q(s).entropy().item()
    low, high = 1e-3 * tau, 2 * tau
    while high - low > 1e-12:
        third = (high - low) / 3
        low, high = (low + third, high) if kl(low + third) > kl(high - third) else (low, high - third)
    slope = (kl(s * (1 + 1e-6)) - kl(s * (1 - 1e-6))) / (2e-6 * s)
    return torch.linalg.det(covariance), square, log_q - kl(s), log_q, kl(s), slope, (low + high) / 2, kl((low + high) / 2)


def halved(weights, mu, sigma):
    value = gaussians._mixture_moments(weights, mu, sigma)
    mu[:, 0] -= 1
    return value


RIGHT = {
    "check_mixture_moments": [moments_by_torch, moments_by_second_moments],
    "check_tilt_cost": [tilt_by_the_library, lambda *symbols: np.array(gaussians._tilt_cost(*symbols))],
}
SLIPS = {"check_mixture_moments": gaussians.MIXTURE_SLIPS, "check_tilt_cost": gaussians.TILT_SLIPS}
CHANGING = {"check_mixture_moments": [halved], "check_tilt_cost": []}
FUNCTIONS = sorted(RIGHT)


def check(name, answer, seed=0):
    return getattr(gaussians, name)(answer, seed=seed)


def expected(message):
    return False, message


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in FUNCTIONS for answer in RIGHT[name]])
def test_an_answer_by_another_route_is_right(name, answer, seed):
    verdict = check(name, answer, seed)
    assert verdict.right is True, f"{verdict.message} {verdict.example}"


@pytest.mark.medium
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "message"), [(name, message) for name in FUNCTIONS for message in SLIPS[name]])
def test_each_slip_is_named(name, message, seed):
    verdict = check(name, SLIPS[name][message], seed)
    assert (verdict.right, verdict.message) == expected(message)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_answer_is_neither_right_nor_wrong(name):
    assert check(name, None).right is None
    assert check(name, lambda *arguments: None).right is None


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("answer", STRANGE)
def test_whatever_is_handed_in_gets_a_verdict(name, answer):
    verdict = check(name, answer)
    assert verdict.right is False
    assert verdict.message


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in FUNCTIONS for answer in CHANGING[name]])
def test_an_answer_that_changes_its_arguments_is_not_right(name, answer):
    verdict = check(name, answer)
    assert verdict.right is False
    assert "changed its argument" in verdict.message


def test_moments_in_float64_of_regions_in_float32_are_told_so():
    verdict = gaussians.check_mixture_moments(lambda *regions: gaussians._mixture_moments(*(each.double() for each in regions)))
    assert "float32 came in and float64 came out" in verdict.message


def test_numpy_inside_a_mixture_is_as_good():
    def back(weights, mu, sigma):
        return tuple(torch.from_numpy(each).to(mu.dtype) for each in moments_in_numpy(weights, mu, sigma))

    assert gaussians.check_mixture_moments(back)


@pytest.mark.parametrize("written", range(1, 8))
def test_steps_that_are_not_written_yet_may_be_none(written):
    def so_far(*symbols):
        return (*gaussians._tilt_cost(*symbols)[:written], *[None] * (8 - written))

    verdict = gaussians.check_tilt_cost(so_far)
    assert verdict.right is False
    assert verdict.message == (
        f"Right so far, up to {gaussians.TILT_STEPS[written - 1]}. The next is {gaussians.TILT_STEPS[written]}."
    )


def test_a_wrong_step_among_those_that_are_written_is_named():
    def so_far(rho, tau, s):
        return (*gaussians._tilt_cost(rho, tau, s)[:2], 0.0, None, None, None, None, None)

    verdict = gaussians.check_tilt_cost(so_far)
    assert "The mean of log p (value 3) is the first that is not right" in verdict.message


def test_no_step_but_the_last_are_missing():
    assert gaussians.check_tilt_cost(lambda *symbols: (None,) * 8).right is None
    gap = gaussians.check_tilt_cost(lambda *symbols: (None, *gaussians._tilt_cost(*symbols)[1:]))
    assert gap.right is False


def test_the_steps_hold_for_a_tilt_by_draws():
    """Means over draws of q, within five of their standard errors."""
    rho, tau, s = 0.6, 0.8, 0.5
    z = s * torch.randn(200_000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    covariance = tau**2 * torch.tensor([[1, rho], [rho, 1]]).double()
    log_p = MultivariateNormal(torch.zeros(2).double(), covariance).log_prob(z)
    log_q = Normal(0, s).log_prob(z).sum(dim=1)
    steps = gaussians._tilt_cost(rho, tau, s)
    for draws, step in ((log_p, 2), (log_q, 3), (log_q - log_p, 4)):
        assert abs(draws.mean() - steps[step]) < 5 * draws.std() / len(draws) ** 0.5


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_cases_of_a_seed_are_always_the_same_and_those_of_another_differ(name):
    cases = {"check_mixture_moments": gaussians._mixture_cases, "check_tilt_cost": gaussians._tilt_cases}[name]
    first, again, other = (cases(seed)[0].arguments[-1] for seed in (3, 3, 4))
    assert (torch.as_tensor(first) == torch.as_tensor(again)).all()
    assert (torch.as_tensor(first) != torch.as_tensor(other)).any()


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_seed_makes_it_ill_posed(name):
    found = [check(name, RIGHT[name][1], seed) for seed in range(200)]
    assert [verdict for verdict in found if verdict.right is not True] == []


# The prediction.


def test_the_share_in_the_ball_is_that_of_the_chi_squared_distribution():
    exact = 100 * torch.special.gammainc(torch.tensor(1.5).double(), torch.tensor(0.5).double()).item()
    assert pytest.approx(exact, abs=1e-9) == gaussians.BALL
    for guess in (exact, exact - 3, exact + 3, 20):
        assert gaussians.check_share_in_space(guess).right is True


@pytest.mark.parametrize("wrong", gaussians.BALL_WRONG)
def test_each_wrong_share_is_named(wrong):
    verdict = gaussians.check_share_in_space(wrong)
    assert verdict[:2] == (False, gaussians.BALL_WRONG[wrong])
    assert gaussians.check_share_in_space(round(wrong)) == verdict


def test_the_wrong_shares_are_what_their_names_say():
    line, plane, wrong = math.erf(0.5**0.5), 1 - math.exp(-0.5), list(gaussians.BALL_WRONG)
    slips = [line, plane, line**3, line**2, plane * line, plane - (line - plane), plane / 3, math.pi / 6, 1 - plane]
    slips += [1 - gaussians.BALL / 100, 1 - math.exp(-2), math.erf(2**0.5), math.erf(3 / 2**0.5)]
    assert wrong == pytest.approx([100 * slip for slip in slips], abs=0.06)


@pytest.mark.parametrize("answer", ["20 %", NAN, True, [20], torch.zeros(3), -1, 101, 0.199, 0, 5, 28])
def test_a_share_of_the_wrong_kind_or_far_off_is_told_so(answer):
    verdict = gaussians.check_share_in_space(answer)
    assert verdict.right is False
    assert verdict.message


def test_a_share_between_0_and_1_is_asked_for_again_in_per_cent():
    assert "per cent" in gaussians.check_share_in_space(0.199).message


def test_no_message_holds_the_number_that_is_asked_for():
    messages = [gaussians.check_share_in_space(guess).message for guess in (*gaussians.BALL_WRONG, 0.199, 5, 28)]
    assert not [message for message in messages if "19." in message or "20" in message]
