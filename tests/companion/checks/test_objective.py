"""The checks of chapters 7 and 8: right answers by other routes are right, each slip is named, and nothing that is handed in raises."""

import math

import pytest
import torch
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

from companion import losses, models
from companion.checks import objective

NAN = float("nan")


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


def beta_by_tables(reconstruction, kl, pixels, latent_dim, batch):
    """Reduce two tables of random numbers and see what multiplies D and what multiplies R."""
    ways = {"image": lambda t: t.sum(dim=1).mean(), "mean": torch.mean, "sum": torch.sum}
    tables = [objective._normals(batch, n, seed=n).exp() for n in (pixels, latent_dim)]
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


RIGHT = {
    "check_gaussian_kl": [kl_by_torch, lambda mu, logvar: losses.gaussian_kl(mu, logvar)],
    "check_bound": [bound_by_torch, bound_by_loops],
    "check_hidden_beta": [beta_by_tables, lambda *case: float(beta_by_tables(*case))],
    "check_price_range": [lambda r, d, i: torch.tensor(objective._price_range(r, d, i)).unbind()],
}
SLIPS = {
    "check_gaussian_kl": objective.KL_SLIPS,
    "check_bound": objective.BOUND_SLIPS,
    "check_hidden_beta": objective.HIDDEN_SLIPS,
    "check_price_range": objective.PRICE_SLIPS,
}
FUNCTIONS = sorted(RIGHT)
PREDICTIONS = ["check_region_widths", "check_copied_numbers"]


def check(name, answer):
    return getattr(objective, name)(answer)


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in FUNCTIONS for answer in RIGHT[name]])
def test_an_answer_by_another_route_is_right(name, answer):
    verdict = check(name, answer)
    assert verdict.right is True, verdict.message


@pytest.mark.parametrize(("name", "message"), [(name, message) for name in FUNCTIONS for message in SLIPS[name]])
def test_each_slip_is_named(name, message):
    assert check(name, SLIPS[name][message]) == (False, message)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_there_are_at_least_six_slips_and_each_message_is_whole(name):
    assert len(SLIPS[name]) >= 6
    assert all(message[-1] in ".?" for message in SLIPS[name])


def test_weights_that_vanish_before_the_logarithm_are_named_for_large_images():
    def naive(*case):
        return objective._log_weights(*case).exp().mean(dim=0).log()

    assert not torch.isfinite(naive(*objective._draws(pixels=2000))).any()
    assert torch.isfinite(naive(*objective._draws(pixels=6))).all()
    assert "stay among logarithms" in objective.check_bound(naive).message


def test_the_bound_lies_below_log_p_and_comes_near_with_many_draws():
    """z has one number and x four pixels, so that p(x) can be integrated on a line."""
    line = torch.linspace(-10, 10, 20001, dtype=torch.float64)[:, None]
    weight, x = torch.tensor([[1.5, -1.0, 0.5, 2.0]]).double(), torch.tensor([[1.0, 0.0, 0.0, 1.0]]).double()
    p_x = Bernoulli(logits=line @ weight).log_prob(x).sum(dim=1)
    log_p = torch.trapezoid((p_x + Normal(0.0, 1.0).log_prob(line[:, 0])).exp(), line[:, 0]).log()
    mu, logvar = torch.tensor([[0.5]]).double(), torch.tensor([[-0.2]]).double()
    z = mu + (0.5 * logvar).exp() * objective._normals(40_000, 1, 1, seed=1)
    bound = objective._bound(x, z @ weight, z, mu, logvar)
    assert bound.item() == pytest.approx(log_p.item(), abs=0.01)
    singles = objective._log_weights(x, z @ weight, z, mu, logvar)
    assert singles.mean() < log_p - 0.05


def test_prices_between_the_corners_are_those_of_the_cheapest_run():
    for seed in range(20):
        rate, noise = 10 * objective._normals(7, seed=seed).sigmoid(), objective._normals(7, seed=seed + 100).exp()
        distortion = 60 * (-rate / 3).exp() + 100 + 2 * noise
        for i in range(7):
            low, high = objective._price_range(rate, distortion, i)
            expected = prices_by_corners(rate, distortion, i)
            assert (low >= high) if expected is None else (low, high) == pytest.approx(expected)


def test_the_runs_of_the_check_hold_one_that_is_never_the_best_buy():
    cases = []
    objective.check_price_range(lambda *case: cases.append(case) or (0.0, 0.0))
    ranges = [objective._price_range(*case) for case in cases]
    assert [low > high for low, high in ranges] == [prices_by_corners(*case) is None for case in cases]
    assert sum(low > high for low, high in ranges) == 1
    assert math.inf in [high for _, high in ranges]


# Whatever is handed in.


@pytest.mark.parametrize("name", FUNCTIONS + PREDICTIONS)
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
        lambda *arguments: (1.0, "text"),
        lambda *arguments: (1.0, 2.0, 3.0),
        lambda *arguments: torch.full((3,), torch.nan),
        lambda *arguments: torch.zeros(40, 3),
        lambda *arguments: torch.zeros(3, dtype=torch.complex64),
        lambda *arguments: torch.zeros(0),
        lambda *arguments: NAN,
        lambda *arguments: (NAN, NAN, NAN),
        lambda *arguments: 10**400,
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


@pytest.mark.parametrize(("key", "wrong"), objective.WIDTHS_WRONG)
def test_each_wrong_direction_is_named(key, wrong):
    prediction = objective.WIDTHS | {key: wrong}
    assert objective.check_region_widths(prediction) == (False, objective.WIDTHS_WRONG[key, wrong])


def test_every_wrong_direction_has_a_message():
    pairs = {(key, word) for key, right in objective.WIDTHS.items() for word in objective.DIRECTIONS if word != right}
    assert set(objective.WIDTHS_WRONG) == pairs


def test_directions_may_be_written_with_capitals_and_blanks():
    assert objective.check_region_widths({key: f" {word.upper()} " for key, word in objective.WIDTHS.items()}).right is True


@pytest.mark.parametrize(
    "answer",
    ["up", 3, [], {}, {"KL": "up"}, objective.WIDTHS | {"more": "up"}, {1: 2}]
    + [objective.WIDTHS | {"KL": value} for value in (None, 1, "higher", True, NAN, torch.zeros(2))],
)
def test_a_prediction_of_directions_of_the_wrong_kind_is_told_so(answer):
    verdict = objective.check_region_widths(answer)
    assert verdict.right is False
    assert verdict.message


def test_directions_not_filled_in_are_not_answered():
    assert objective.check_region_widths(dict.fromkeys(objective.WIDTHS)).right is None


@pytest.fixture(scope="module")
def variances(digits):
    """Of the ten largest principal directions of the digits."""
    return torch.linalg.eigvalsh(torch.cov(digits.x_train.T)).flip(0)[:10]


def test_the_count_is_that_of_the_covariance_of_numbers_given_twice(digits, variances):
    x = digits.x_train - digits.x_train.mean(dim=0)
    ten = x @ torch.linalg.eigh(x.T @ x).eigenvectors[:, -10:]
    twice = torch.cov(ten.repeat(1, 2).T)
    count = int((torch.linalg.eigvalsh(twice) > 4).sum())
    assert count == objective.KEPT == int((2 * variances > 4).sum())
    assert objective.check_copied_numbers(count).right is True
    assert objective.check_copied_numbers(torch.tensor(float(count))).right is True


def test_the_wrong_counts_are_what_their_names_say(variances):
    dearer, unchanged, root, squared, right = (int((factor * variances > 4).sum()) for factor in (0.5, 1, 2**0.5, 4, 2))
    assert list(objective.KEPT_WRONG) == [dearer, unchanged, 2 * unchanged, root, squared, 2 * right, 20]


@pytest.mark.parametrize("wrong", [*objective.KEPT_WRONG, 3, 5, 7, 8, 9, 15, 100])
def test_each_wrong_count_is_told(wrong):
    verdict = objective.check_copied_numbers(wrong)
    assert verdict.right is False
    assert verdict.message == objective.KEPT_WRONG.get(wrong, verdict.message)
    assert str(objective.KEPT) not in verdict.message
    assert "six" not in verdict.message


@pytest.mark.parametrize("answer", ["6", 6.5, -6, True, NAN, [6], torch.zeros(3), float("inf"), -(10**30)])
def test_what_is_no_count_is_told_so(answer):
    verdict = objective.check_copied_numbers(answer)
    assert verdict.right is False
    assert "a count" in verdict.message
