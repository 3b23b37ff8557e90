"""The checks of chapter 8: right answers by other routes are right, each slip is named, and nothing that is handed in raises."""

import math

import numpy as np
import pytest
import torch

from companion import losses, models, training
from companion.checks import tradeoff
from companion.checks.cases import seeded
from tests.support.strange import STRANGE

SEEDS = (0, 1, 2)
NAN = float("nan")


# Answers by another route than the module's own references.


def beta_by_tables(reconstruction, kl, pixels, latent_dim, batch):
    """Reduce two tables of random numbers and see what multiplies D and what multiplies R."""
    ways = {"image": lambda t: t.sum(dim=1).mean(), "mean": torch.mean, "sum": torch.sum}
    tables = [torch.rand(batch, n, generator=seeded(n), dtype=torch.float64) for n in (pixels, latent_dim)]
    on_d, on_r = (ways[way](table) / ways["image"](table) for way, table in zip((reconstruction, kl), tables, strict=True))
    return on_r / on_d


def prices_by_corners(rate, distortion, i):
    """The prices at which two runs cost the same cut the line of prices into pieces; in each, one run is the best buy."""
    n = len(rate)
    corners = {0.0}
    for a in range(n):
        for b in range(a):
            corners.add(max(0.0, float((distortion[a] - distortion[b]) / (rate[b] - rate[a]))))
    corners = sorted(corners)
    middles = [(low + high) / 2 for low, high in zip(corners, [*corners[1:], 2 * corners[-1] + 1], strict=True)]
    pieces = [k for k, price in enumerate(middles) if int((distortion + price * rate).argmin()) == i]
    if not pieces:
        return None
    return corners[pieces[0]], corners[pieces[-1] + 1] if pieces[-1] + 1 < len(corners) else math.inf


def warm_up_by_numpy(step, beta, hold, rise):
    return np.interp(step, [hold, hold + rise], [0, beta]) if rise else beta * (step >= hold)


def warm_up_in_one_line(step, beta, hold, rise):
    return beta * min(1, max(0, step - hold + (rise == 0)) / max(rise, 1))


def gaps_by_numpy(mu, factors):
    """Histograms by NumPy, and the entropies of their tables."""

    def information(x, y, bins):
        table = np.histogram2d(x, y, bins=bins)[0]
        used = [(t > 0).sum() for t in (table, table.sum(1), table.sum(0))]
        p = table / table.sum()
        with np.errstate(divide="ignore", invalid="ignore"):
            nats = np.nansum(p * np.log(p / p.sum(1, keepdims=True) / p.sum(0, keepdims=True)))
        return max(0.0, nats - (used[0] - used[1] - used[2] + 1) / (2 * len(x)))

    gaps = []
    for y in factors.numpy().T:
        levels = np.arange(y.max() + 2) - 0.5
        *_, second, best = sorted(information(x, y, (20, levels)) for x in mu.double().numpy().T)
        gaps.append((best - second) / information(y, y, (levels, levels)))
    return np.array(gaps)


RIGHT = {
    "check_hidden_beta": [beta_by_tables, lambda *case: float(beta_by_tables(*case))],
    "check_price_range": [lambda r, d, i: torch.tensor(tradeoff._price_range(r, d, i)).unbind()],
    "check_warm_up": [
        warm_up_by_numpy,
        warm_up_in_one_line,
    ],
    "check_information_gap": [gaps_by_numpy],
}
SLIPS = {
    "check_hidden_beta": tradeoff.HIDDEN_SLIPS,
    "check_price_range": tradeoff.PRICE_SLIPS,
    "check_warm_up": tradeoff.WARM_UP_SLIPS,
    "check_information_gap": tradeoff.GAP_SLIPS,
}
FUNCTIONS = sorted(RIGHT)
PREDICTIONS = ["check_copied_numbers", "check_warm_up_log"]


def check(name, answer, seed=0):
    return getattr(tradeoff, name)(answer, seed=seed)


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


@pytest.mark.medium
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_seed_draws_a_case_that_the_reference_fails(name):
    assert [seed for seed in range(3, 23) if check(name, RIGHT[name][0], seed).right is not True] == []


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


def test_a_right_count_does_not_say_which_beta_gives_the_same_kls():
    assert "beta = 2" not in tradeoff.check_copied_numbers(tradeoff.KEPT).message


def test_prices_between_the_corners_are_those_of_the_cheapest_run():
    for seed in range(20):
        rate, distortion = tradeoff._runs(7, seeded(seed))
        for i in range(7):
            low, high = tradeoff._price_range(rate, distortion, i)
            expected = prices_by_corners(rate, distortion, i)
            assert (low >= high) if expected is None else (low, high) == pytest.approx(expected)


def test_the_runs_hold_one_that_is_never_the_best_buy():
    for seed in SEEDS:
        cases = [case.arguments for case in tradeoff._price_range_cases(seed)]
        ranges = [tradeoff._price_range(*case) for case in cases]
        assert [low > high for low, high in ranges] == [prices_by_corners(*case) is None for case in cases]
        assert any(low > high for low, high in ranges)
        assert math.inf in [high for _, high in ranges]


# Predictions.


@pytest.mark.medium
def test_the_log_of_a_warm_up_is_as_the_prediction_says(digits):
    """Another seed than the exercise's, and the same three differences by more than a nat."""

    def run(rise):
        model, generator, rows = models.VAE(16, generator=seeded(5)), seeded(6), []

        def loss(model, x, *, generator):
            terms = losses.negative_elbo(model, x, beta=min(1, len(rows) / rise), generator=generator)
            D, R = terms.reconstruction.mean(), terms.kl.mean()  # noqa: N806
            rows.append([R.item(), terms.loss.item(), (D + R).item()])
            return {"loss": terms.loss}

        training.fit(model, digits.x_train, loss, generator=generator, steps=100)
        return torch.tensor(rows)[-10:].mean(dim=0)

    difference = run(300) - run(1e-9)
    words = ["higher" if nats > 1 else "lower" if nats < -1 else "same" for nats in difference.tolist()]
    assert dict(zip(tradeoff.LOGGED, words, strict=True)) == tradeoff.LOGGED


def test_every_wrong_word_has_a_message():
    pairs = {(key, word) for key, right in tradeoff.LOGGED.items() for word in tradeoff.LEVELS if word != right}
    assert set(tradeoff.LOGGED_WRONG) == pairs


@pytest.mark.parametrize(("key", "word"), tradeoff.LOGGED_WRONG)
def test_each_wrong_word_is_named(key, word):
    assert tradeoff.check_warm_up_log(tradeoff.LOGGED | {key: word}) == (False, tradeoff.LOGGED_WRONG[key, word], "")


def test_the_right_words_are_right():
    assert tradeoff.check_warm_up_log({key: f" {word.upper()} " for key, word in tradeoff.LOGGED.items()}).right is True
    assert tradeoff.check_warm_up_log(dict.fromkeys(tradeoff.LOGGED)).right is None


@pytest.fixture(scope="module")
def variances(digits):
    """Of the ten largest principal directions of the digits."""
    return torch.linalg.eigvalsh(torch.cov(digits.x_train.T)).flip(0)[:10]


def test_the_count_is_that_of_the_covariance_of_numbers_given_twice(digits, variances):
    x = digits.x_train - digits.x_train.mean(dim=0)
    ten = x @ torch.linalg.eigh(x.T @ x).eigenvectors[:, -10:]
    twice = torch.cov(ten.repeat(1, 2).T)
    count = int((torch.linalg.eigvalsh(twice) > 4).sum())
    assert count == tradeoff.KEPT == int((2 * variances > 4).sum())
    assert tradeoff.check_copied_numbers(count).right is True
    assert tradeoff.check_copied_numbers(torch.tensor(float(count))).right is True


def test_the_wrong_counts_are_what_their_names_say(variances):
    dearer, unchanged, root, squared, right = (int((factor * variances > 4).sum()) for factor in (0.5, 1, 2**0.5, 4, 2))
    assert list(tradeoff.KEPT_WRONG) == [dearer, unchanged, 2 * unchanged, root, squared, 2 * right, 20]


@pytest.mark.parametrize("wrong", [*tradeoff.KEPT_WRONG, 3, 5, 7, 8, 9, 15, 100])
def test_each_wrong_count_is_told(wrong):
    verdict = tradeoff.check_copied_numbers(wrong)
    assert verdict.right is False
    assert verdict.message == tradeoff.KEPT_WRONG.get(wrong, verdict.message)
    assert str(tradeoff.KEPT) not in verdict.message
    assert "six" not in verdict.message


@pytest.mark.parametrize("answer", ["6", 6.5, -6, True, NAN, [6], torch.zeros(3), float("inf"), -(10**30)])
def test_what_is_no_count_is_told_so(answer):
    verdict = tradeoff.check_copied_numbers(answer)
    assert verdict.right is False
    assert "a count" in verdict.message
