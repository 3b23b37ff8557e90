"""The checks of chapters 3 and 4: right answers by other routes are right, each slip is named, and nothing that is handed in raises."""

import math

import pytest
import torch

from companion import losses, models
from companion.checks import gaussians

NAN = float("nan")


# Answers by another route than the module's own references.


def variety_by_loops(x):
    pairs = [math.dist(x[i].tolist(), x[j].tolist()) for i in range(len(x)) for j in range(i)]
    return sum(pairs) / len(pairs)


def draw_by_eigenvectors(z, eps, n_less=1):
    centred = z - z.mean(dim=0)
    values, vectors = torch.linalg.eigh(centred.T @ centred / (len(z) - n_less))
    return z.mean(dim=0) + eps @ (vectors * values.sqrt()) @ vectors.T


def share_by_loops(z, mu, logvar, radius):
    inside = 0
    for point, centre, s in zip(z.tolist(), mu.tolist(), logvar.tolist(), strict=True):
        inside += sum((a - b) ** 2 / math.exp(c) for a, b, c in zip(point, centre, s, strict=True)) < radius**2
    return inside / len(z)


def moments_by_torch(weights, mu, sigma):
    regions = torch.distributions.Independent(torch.distributions.Normal(mu, sigma), 1)
    mixture = torch.distributions.MixtureSameFamily(torch.distributions.Categorical(weights), regions)
    return mixture.mean, mixture.variance.sqrt()


RIGHT = {
    "check_variety": [variety_by_loops, lambda x: torch.cdist(x, x).sum() / (len(x) ** 2 - len(x))],
    "check_draw_like": [
        draw_by_eigenvectors,
        lambda z, eps: draw_by_eigenvectors(z, eps, n_less=0),
        lambda z, eps: draw_by_eigenvectors(z, -eps),
    ],
    "check_share_inside": [share_by_loops],
    "check_mixture_moments": [moments_by_torch],
}
SLIPS = {
    "check_variety": gaussians.VARIETY_SLIPS,
    "check_draw_like": gaussians.DRAW_SLIPS,
    "check_share_inside": gaussians.SHARE_SLIPS
    | {message: gaussians._counted(distance) for message, distance in gaussians.DISTANCE_SLIPS.items()},
    "check_mixture_moments": gaussians.MIXTURE_SLIPS,
}
FUNCTIONS = sorted(RIGHT)


def check(name, answer):
    return getattr(gaussians, name)(answer)


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in FUNCTIONS for answer in RIGHT[name]])
def test_an_answer_by_another_route_is_right(name, answer):
    verdict = check(name, answer)
    assert verdict.right is True, verdict.message


@pytest.mark.parametrize(("name", "message"), [(name, message) for name in FUNCTIONS for message in SLIPS[name]])
def test_each_slip_is_named(name, message):
    assert check(name, SLIPS[name][message]) == (False, message)


def test_an_answer_that_draws_its_own_noise_is_told_so():
    def own_noise(z, eps):
        return torch.distributions.MultivariateNormal(z.mean(dim=0), torch.cov(z.T)).sample(eps.shape[:1])

    state = torch.get_rng_state()
    verdict = gaussians.check_draw_like(own_noise)
    torch.set_rng_state(state)
    assert verdict.right is False
    assert "noise of your own" in verdict.message


@pytest.mark.parametrize("name", [*FUNCTIONS, "check_stretched_codes", "check_share_in_space"])
def test_no_answer_is_neither_right_nor_wrong(name):
    assert check(name, None).right is None
    if name in FUNCTIONS:
        assert check(name, lambda *arguments: None).right is None


def broken(*arguments):
    raise KeyError("x")


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(
    "answer",
    [
        broken,
        lambda: 1.0,
        lambda *arguments: "text",
        lambda *arguments: [1.0],
        lambda *arguments: (arguments[0], "text"),
        lambda *arguments: torch.full((40, 3), torch.nan),
        lambda *arguments: torch.zeros(40, 3),
        lambda *arguments: torch.zeros(40, 3, dtype=torch.int64),
        lambda *arguments: torch.zeros(0),
        lambda *arguments: NAN,
        lambda *arguments: arguments[0].mul_(0),
        "text",
        3.0,
        {},
    ],
)
def test_whatever_is_handed_in_gets_a_verdict(name, answer):
    verdict = check(name, answer)
    assert verdict.right is False
    assert verdict.message


def test_a_cloud_that_is_flat_is_no_answer_and_does_not_raise():
    flat = gaussians.check_draw_like(lambda z, eps: z.mean(dim=0) + eps[:, :1] * z.std(dim=0))
    assert flat.right is False


def test_the_noise_of_the_check_has_mean_zero_and_covariance_one():
    z, eps = gaussians._cloud_and_noise()
    torch.testing.assert_close(eps.mean(dim=0), torch.zeros(3).double(), atol=1e-12, rtol=0)
    torch.testing.assert_close(torch.cov(eps.T), torch.eye(3).double())
    assert torch.corrcoef(z.T)[0, 1].abs() > 0.5


# Predictions.

RIGHT_FACTORS = {"loss": 1, "spread": 10, "step of 0.1": 0.1, "step of 0.1 spreads": 1}


def test_the_factors_of_a_stretch_are_those_of_the_trained_autoencoder(digits):
    net, x = models.load_trained("ae-2-seed0"), digits.x_test[:500]
    numbers = []
    for factor in (1, 10):
        z = factor * net.encode(x)

        def picture(z, factor=factor):
            return torch.sigmoid(net.decode(z / factor))

        spread = z[:, 0].std()
        steps = [torch.tensor([step, 0.0]).double() for step in (0.1, 0.1 * spread)]
        moved = [(picture(z + step) - picture(z)).norm(dim=1).mean() for step in steps]
        numbers.append(torch.stack([losses.bernoulli_nll(x, net.decode(z / factor)).mean(), spread, *moved]))
    factors = dict(zip(RIGHT_FACTORS, (numbers[1] / numbers[0]).tolist(), strict=True))
    assert factors == pytest.approx(RIGHT_FACTORS, rel=0.01)
    assert gaussians.check_stretched_codes(factors).right is True
    assert gaussians.check_stretched_codes(RIGHT_FACTORS).right is True


@pytest.mark.parametrize(("key", "wrong"), gaussians.STRETCHED_WRONG)
def test_each_wrong_factor_is_named(key, wrong):
    assert gaussians.check_stretched_codes(RIGHT_FACTORS | {key: wrong}) == (False, gaussians.STRETCHED_WRONG[key, wrong])


@pytest.mark.parametrize(
    "answer",
    ["same", 3, [], {}, {"loss": 1}, RIGHT_FACTORS | {"more": 1}, {1: 2}]
    + [RIGHT_FACTORS | {"spread": value} for value in (None, "ten", NAN, True, 7, torch.zeros(2), float("inf"), 0, -10)],
)
def test_a_prediction_of_factors_of_the_wrong_kind_is_told_so(answer):
    verdict = gaussians.check_stretched_codes(answer)
    assert verdict.right is False
    assert verdict.message


def test_factors_not_filled_in_are_not_answered_and_a_tensor_counts_as_a_number():
    assert gaussians.check_stretched_codes(dict.fromkeys(RIGHT_FACTORS)).right is None
    assert gaussians.check_stretched_codes({key: torch.tensor(value) for key, value in RIGHT_FACTORS.items()}).right is True


def test_the_share_in_the_ball_is_that_of_the_chi_squared_distribution():
    exact = 100 * torch.special.gammainc(torch.tensor(1.5).double(), torch.tensor(0.5).double()).item()
    assert pytest.approx(exact, abs=1e-9) == gaussians.BALL
    for guess in (exact, exact - 3, exact + 3, 20):
        assert gaussians.check_share_in_space(guess).right is True


@pytest.mark.parametrize("wrong", gaussians.BALL_WRONG)
def test_each_wrong_share_is_named(wrong):
    verdict = gaussians.check_share_in_space(wrong)
    assert verdict == (False, gaussians.BALL_WRONG[wrong])
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


def test_a_guess_counts_as_a_number_only_if_it_is_one():
    assert [gaussians.number(value) for value in (3, 0.5, torch.tensor([2.0]))] == [3.0, 0.5, 2.0]
    others = (None, "3", True, NAN, float("inf"), torch.zeros(2), torch.tensor(True), torch.tensor(1j), [3])
    assert [gaussians.number(value) for value in others] == [None] * len(others)


def test_a_share_between_0_and_1_is_asked_for_again_in_per_cent():
    assert "per cent" in gaussians.check_share_in_space(0.199).message


def test_no_message_holds_the_number_that_is_asked_for():
    messages = [gaussians.check_share_in_space(guess).message for guess in (*gaussians.BALL_WRONG, 0.199, 5, 28)]
    assert not [message for message in messages if "19." in message or "20" in message]
    x = gaussians._normals(5, 6, seed=1).sigmoid()
    assert not [message for message in gaussians.VARIETY_SLIPS if f"{variety_by_loops(x):.2f}" in message]
