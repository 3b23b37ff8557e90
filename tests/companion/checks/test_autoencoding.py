"""The checks of chapters 1 and 2: right answers by other routes are right, each slip is named, and nothing that is handed in raises."""

import math
import re

import pytest
import torch
from scipy.optimize import minimize_scalar

from companion import losses, models
from companion.checks import autoencoding

NAN = float("nan")


# Answers by another route than the module's own references.


def blind_by_search(x):
    """Each pixel's cheapest logit by a search, within the bets that are allowed."""
    limit = math.log(999)

    def cost(logit, pixel):
        return losses.bernoulli_nll(pixel[:, None], torch.full_like(pixel, logit)[:, None]).sum().item()

    found = [
        minimize_scalar(cost, bounds=(-limit, limit), args=(pixel,), method="bounded", options={"xatol": 1e-12}) for pixel in x.T
    ]
    edges = (-limit, limit)
    best = [
        min((*edges, float(f.x)), key=lambda logit, pixel=pixel: cost(logit, pixel)) for f, pixel in zip(found, x.T, strict=True)
    ]
    return torch.tensor(best, dtype=x.dtype)


def excess_by_torch(x, logits):
    drawn, there = torch.distributions.Bernoulli(logits=logits), torch.distributions.Bernoulli(probs=x)
    return (torch.distributions.kl_divergence(there, drawn)).sum(dim=1)


def excess_by_loops(x, logits):
    def log_bet(logit):  # of ink
        return -math.log1p(math.exp(-logit)) if logit > 0 else logit - math.log1p(math.exp(logit))

    def pixel(a, logit):
        copied = sum(share * math.log(share) for share in (a, 1 - a) if share > 0)
        return copied - a * log_bet(logit) - (1 - a) * log_bet(-logit)

    return torch.tensor([sum(map(pixel, *rows)) for rows in zip(x.tolist(), logits.tolist(), strict=True)], dtype=x.dtype)


def pca_by_svd(x_train, x, latent_dim):
    mean = x_train.sum(dim=0) / len(x_train)
    rows = torch.linalg.svd(x_train - mean, full_matrices=False).Vh[:latent_dim]
    return mean + (x - mean) @ rows.T @ rows


def pca_by_power(x_train, x, latent_dim):
    """Directions one after another, each by repeated multiplication."""
    centred = x_train - x_train.mean(dim=0)
    covariance, found = centred.T @ centred, []
    for _ in range(latent_dim):
        v = torch.ones(len(covariance), dtype=x.dtype)
        for _ in range(5000):
            v = covariance @ v
            v = v / v.norm()
        covariance = covariance - (v @ covariance @ v) * torch.outer(v, v)
        found.append(v)
    basis = torch.stack(found, dim=1)
    return x_train.mean(dim=0) + (x - x_train.mean(dim=0)) @ basis @ basis.T


def overlap_by_projectors(a, b):
    return torch.trace(a @ torch.linalg.pinv(a) @ b @ torch.linalg.pinv(b)) / a.shape[1]


def overlap_by_least_squares(a, b):
    q = torch.linalg.svd(a, full_matrices=False).U
    left = b @ torch.linalg.lstsq(b, q).solution
    return (left**2).sum(dim=0).mean()


RIGHT = {
    "check_blind_logits": [lambda x: blind_by_search(x), lambda x: (1 / (1 / x.mean(dim=0).clamp(0.001, 0.999) - 1)).log()],
    "check_excess": [
        excess_by_loops,
        lambda x, logits: losses.bernoulli_nll(x, logits) - torch.distributions.Bernoulli(x).entropy().sum(1),
    ],
    "check_pca_copy": [pca_by_svd, pca_by_power],
    "check_overlap": [overlap_by_projectors, overlap_by_least_squares, lambda a, b: float(overlap_by_projectors(b, a))],
}
SLIPS = {
    "check_blind_logits": autoencoding.BLIND_SLIPS,
    "check_excess": autoencoding.EXCESS_SLIPS,
    "check_pca_copy": autoencoding.PCA_SLIPS,
    "check_overlap": autoencoding.OVERLAP_SLIPS,
}
FUNCTIONS = sorted(RIGHT)
TABLES = {
    "check_exchanged_decoder": autoencoding.EXCHANGED,
    "check_one_more_bit": autoencoding.ONE_MORE_BIT,
}


def check(name, answer):
    return getattr(autoencoding, name)(answer)


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in FUNCTIONS for answer in RIGHT[name]])
def test_an_answer_by_another_route_is_right(name, answer):
    verdict = check(name, answer)
    assert verdict.right is True, verdict.message


@pytest.mark.parametrize(("name", "message"), [(name, message) for name in FUNCTIONS for message in SLIPS[name]])
def test_each_slip_is_named(name, message):
    assert check(name, SLIPS[name][message]) == (False, message)


def test_an_excess_by_way_of_bets_is_right_for_small_logits_only():
    verdict = autoencoding.check_excess(autoencoding._excess_of_bets)
    assert verdict.right is False
    assert "right for small logits" in verdict.message


def test_the_reference_excess_is_the_divergence_of_two_bernoullis():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(5, 8, generator=generator, dtype=torch.float64)
    logits = 3 * torch.randn(5, 8, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(autoencoding._excess(x, logits), excess_by_torch(x, logits))


@pytest.mark.parametrize("name", [*FUNCTIONS, *TABLES])
def test_no_answer_is_neither_right_nor_wrong(name):
    assert check(name, None).right is None
    if name in FUNCTIONS:
        assert check(name, lambda *arguments: None).right is None
    else:
        assert check(name, dict.fromkeys(TABLES[name])).right is None


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
        lambda *arguments: torch.full((5,), torch.nan),
        lambda *arguments: torch.zeros(3, dtype=torch.int64),
        lambda *arguments: torch.zeros(7, 6),
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


# Predictions.


@pytest.mark.parametrize("name", TABLES)
def test_the_right_table_is_right_and_one_wrong_entry_is_not(name):
    assert check(name, TABLES[name]).right is True
    for key in TABLES[name]:
        assert check(name, TABLES[name] | {key: -7}).right is False


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("answer", ["same", 3, [], {}, {"a": "same"}, {1: 2}, torch.zeros(4), ("a", "b")])
def test_what_is_no_table_is_told_so(name, answer):
    verdict = check(name, answer)
    assert verdict.right is False
    assert "should be a dict with the keys" in verdict.message


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("value", [None, "ten", NAN, True, 7, torch.zeros(2), float("inf"), -1, [], 1j])
def test_an_entry_of_the_wrong_kind_is_told_so(name, value):
    for key in TABLES[name]:
        verdict = check(name, TABLES[name] | {key: value})
        assert verdict.right is False
        assert verdict.message


@pytest.mark.parametrize(("key", "choice"), [(key, choice) for key in autoencoding.EXCHANGED for choice in autoencoding.PICTURES])
def test_each_wrong_picture_is_named(key, choice):
    verdict = autoencoding.check_exchanged_decoder(autoencoding.EXCHANGED | {key: f" {choice.upper()} "})
    if choice == autoencoding.EXCHANGED[key]:
        assert verdict.right is True
        assert (key, choice) not in autoencoding.EXCHANGED_WRONG
    else:
        assert verdict == (False, f"Line {key}: {autoencoding.EXCHANGED_WRONG[key, choice]}")


def test_the_pictures_are_what_the_trained_decoder_draws(digits):
    net = models.load_trained("ae-16-seed0")
    *front, last = net.decoder
    hidden = torch.nn.Sequential(*front)(net.encode(digits.x_test[:200]))
    lines = {
        "a": (last.weight.flip(0), last.bias.flip(0)),
        "b": (-last.weight, -last.bias),
        "c": (2 * last.weight, 2 * last.bias),
        "d": (last.weight.flip(1), last.bias),
    }
    own = torch.sigmoid(hidden @ last.weight.T + last.bias).reshape(-1, 28, 28)
    drawn = {key: torch.sigmoid(hidden @ w.T + b).reshape(-1, 28, 28) for key, (w, b) in lines.items()}
    pictures = {
        "same": own,
        "mirror": own.flip(2),
        "upside down": own.flip(1),
        "half turn": own.flip(1, 2),
        "negative": 1 - own,
        "surer": own**2 / (own**2 + (1 - own) ** 2),
    }
    for key, word in autoencoding.EXCHANGED.items():
        close = [name for name, picture in pictures.items() if torch.allclose(drawn[key], picture)]
        assert close == ([] if word == "no digit" else [word])
    assert (drawn["d"] - own).abs().mean() > 0.4


@pytest.mark.parametrize(("key", "wrong"), autoencoding.ONE_MORE_BIT_WRONG)
def test_each_wrong_factor_is_named(key, wrong):
    verdict = autoencoding.check_one_more_bit(autoencoding.ONE_MORE_BIT | {key: wrong})
    assert verdict == (False, autoencoding.ONE_MORE_BIT_WRONG[key, wrong])


def test_the_factors_are_those_of_a_trained_code(digits):
    z = models.load_trained("bottleneck-16").encode(digits.x_test)
    low, high = z.amin(dim=0), z.amax(dim=0)
    measured = []
    for bits in (5, 6):
        step = (high - low) / 2**bits
        moved = low + (((z - low) / step).floor().clamp(max=2**bits - 1) + 0.5) * step - z
        measured.append(
            torch.stack([torch.tensor(16.0 * bits), torch.tensor(2.0**bits), step.mean(), (moved**2).sum(dim=1).mean()])
        )
    factors = dict(zip(autoencoding.ONE_MORE_BIT, (measured[1] / measured[0]).tolist(), strict=True))
    assert factors == pytest.approx(autoencoding.ONE_MORE_BIT, rel=0.02)
    assert autoencoding.check_one_more_bit(factors).right is True
    assert (
        autoencoding.check_one_more_bit({"bits": 1.2, "levels": torch.tensor(2), "step": 0.5, "rounding error": 0.25}).right is True
    )


# What the messages may not say.


def test_no_message_holds_the_number_or_the_picture_that_is_asked_for():
    for key, factor in autoencoding.ONE_MORE_BIT.items():
        said = [message for (name, _), message in autoencoding.ONE_MORE_BIT_WRONG.items() if name == key]
        numbers = [float(found) for message in said for found in re.findall(r"\d+\.?\d*", message)]
        assert not [number for number in numbers if number == pytest.approx(factor, rel=0.05) and number not in (1, 2)]
    for (key, _), message in autoencoding.EXCHANGED_WRONG.items():
        assert autoencoding.EXCHANGED[key] not in message
