"""The checks of chapters 1 and 2: right answers by other routes are right, each slip is named, and nothing that is handed in raises."""

import math
import re

import pytest
import torch
import torch.nn.functional as F
from scipy.optimize import minimize_scalar

from companion import losses, models
from companion.checks import autoencoding
from tests.support.strange import STRANGE

NAN = float("nan")
SEEDS = (0, 1, 2)


# Answers by another route than the module's own references.


def blind_by_search(x):
    """Each pixel's cheapest logit by a search, within the bets that are allowed."""
    limit = math.log(999)

    def cost(logit, pixel):
        return losses.bernoulli_nll(pixel[:, None], torch.full_like(pixel, logit)[:, None]).sum().item()

    found = [
        minimize_scalar(cost, bounds=(-limit, limit), args=(pixel,), method="bounded", options={"xatol": 1e-12})
        for pixel in x.double().T
    ]
    edges = (-limit, limit)
    best = [
        min((*edges, float(f.x)), key=lambda logit, pixel=pixel: cost(logit, pixel))
        for f, pixel in zip(found, x.double().T, strict=True)
    ]
    return torch.tensor(best, dtype=x.dtype)


def excess_by_torch(x, logits):
    drawn, there = torch.distributions.Bernoulli(logits=logits), torch.distributions.Bernoulli(probs=x)
    return (torch.distributions.kl_divergence(there, drawn)).sum(dim=1)


def excess_by_softplus(x, logits):
    each = x * F.softplus(-logits) + (1 - x) * F.softplus(logits) + torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x)
    return each.sum(dim=1)


def excess_by_loops(x, logits):
    rows = []
    for images, drawn in zip(x, logits, strict=True):
        total = 0
        for a, logit in zip(images, drawn, strict=True):
            copied = sum(float(share) * math.log(share) for share in (a, 1 - a) if share > 0)
            total = total + copied - a * F.logsigmoid(logit) - (1 - a) * F.logsigmoid(-logit)
        rows.append(total)
    return torch.stack(rows)


def overlap_by_projectors(a, b):
    return torch.trace(a @ torch.linalg.pinv(a) @ b @ torch.linalg.pinv(b)) / a.shape[1]


def overlap_by_least_squares(a, b):
    q = torch.linalg.svd(a, full_matrices=False).U
    left = b @ torch.linalg.lstsq(b, q).solution
    return (left**2).sum(dim=0).mean()


RIGHT = {
    "check_blind_logits": [blind_by_search, lambda x: (1 / (1 / x.mean(dim=0).clamp(0.001, 0.999) - 1)).log()],
    "check_excess": [
        excess_by_loops,
        excess_by_softplus,
        lambda x, logits: losses.bernoulli_nll(x, logits) - torch.distributions.Bernoulli(x).entropy().sum(1),
    ],
    "check_overlap": [
        overlap_by_projectors,
        overlap_by_least_squares,
        lambda a, b: float(overlap_by_projectors(b, a)),
        lambda a, b: overlap_by_projectors(a.float(), b.float()).numpy(),
    ],
}
SLIPS = {
    "check_blind_logits": autoencoding.BLIND_SLIPS,
    "check_excess": autoencoding.EXCESS_SLIPS,
    "check_overlap": autoencoding.OVERLAP_SLIPS,
}
FUNCTIONS = sorted(RIGHT)
TABLES = {
    "check_exchanged_decoder": autoencoding.EXCHANGED,
    "check_one_more_bit": autoencoding.ONE_MORE_BIT,
}


def check(name, answer, seed=0):
    return getattr(autoencoding, name)(answer, seed=seed)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in FUNCTIONS for answer in RIGHT[name]])
def test_an_answer_by_another_route_is_right(name, answer, seed):
    verdict = check(name, answer, seed)
    assert verdict.right is True, verdict


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "message"), [(name, message) for name in FUNCTIONS for message in SLIPS[name]])
def test_each_slip_is_named(name, message, seed):
    assert check(name, SLIPS[name][message], seed)[:2] == (False, message)


def test_the_reference_excess_is_the_divergence_of_two_bernoullis():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(5, 8, generator=generator, dtype=torch.float64)
    logits = 3 * torch.randn(5, 8, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(autoencoding._excess(x, logits), excess_by_torch(x, logits))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda x, logits: autoencoding._excess(x, logits.detach()), "no gradient"),
        (lambda x, logits: autoencoding._excess(x, logits.clamp(-40, 40)), "."),
        (lambda x, logits: autoencoding._excess(x.clamp_(1e-9, 1), logits), "changed its argument x"),
    ],
)
def test_an_excess_that_is_right_in_a_notebook_only_is_found_out(answer, says):
    verdict = autoencoding.check_excess(answer)
    assert verdict.right is False
    assert re.search(says, verdict.message)


def logits_within(low, high):
    return lambda x: torch.logit(x.mean(dim=0)).clamp(low, high)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("answer", [logits_within(-6, 6), logits_within(-7, 7), lambda x: torch.logit(x.mean(dim=0), eps=1e-6)])
def test_other_limits_of_bets_are_named(answer, seed):
    assert autoencoding.check_blind_logits(answer, seed=seed)[:2] == (False, autoencoding.OTHER_LIMITS)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_right_for_more_pixels_or_smaller_logits_is_found_out(seed):
    squeezed = autoencoding.check_blind_logits(lambda x: torch.logit(autoencoding._bets(x)).squeeze(), seed=seed)
    assert "what is special about several images of one pixel" in squeezed.message

    def early(x, logits):
        return (F.softplus(logits, threshold=5) - x * logits - autoencoding._copied_cost(x)).sum(dim=1)

    assert "logits from 5 to 9" in autoencoding.check_excess(early, seed=seed).message
    squeezed = autoencoding.check_excess(lambda x, logits: autoencoding._excess(x, logits).squeeze(), seed=seed)
    assert "what is special about one image" in squeezed.message


def overlap_of_long_columns(a, b):
    pairs = a @ torch.linalg.pinv(a, rtol=1e-2), b @ torch.linalg.pinv(b, rtol=1e-2)
    return torch.trace(pairs[0] @ pairs[1]) / a.shape[1]


def overlap_of_large_eigenvalues(a, b):
    (values, u), (others, v) = torch.linalg.eigh(a @ a.T), torch.linalg.eigh(b @ b.T)
    return (u[:, values > 1e-6].T @ v[:, others > 1e-6]).pow(2).sum() / a.shape[1]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("answer", "says"), [(overlap_of_long_columns, "several lengths"), (overlap_of_large_eigenvalues, "short columns")]
)
def test_a_plane_of_short_columns_is_a_plane(answer, says, seed):
    verdict = autoencoding.check_overlap(answer, seed=seed)
    assert verdict.right is False
    assert says in verdict.message


def test_a_factor_that_is_nearly_right_is_told_so():
    verdict = autoencoding.check_one_more_bit(autoencoding.ONE_MORE_BIT | {"bits": 1.3})
    assert verdict[:2] == (False, f"bits: {autoencoding.CLOSE}")


def test_blind_logits_have_the_dtype_of_the_images():
    verdict = autoencoding.check_blind_logits(lambda x: torch.logit(x.double().mean(dim=0).clamp(0.001, 0.999)))
    assert verdict.right is False
    assert "dtype" in verdict.message


@pytest.mark.parametrize("name", [*FUNCTIONS, *TABLES])
def test_no_answer_is_neither_right_nor_wrong(name):
    assert check(name, None).right is None
    if name in FUNCTIONS:
        assert check(name, lambda *arguments: None).right is None
    else:
        assert check(name, dict.fromkeys(TABLES[name])).right is None


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("answer", STRANGE)
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
        assert verdict[:2] == (False, f"Line {key}: {autoencoding.EXCHANGED_WRONG[key, choice]}")


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
    assert verdict[:2] == (False, f"{key}: {autoencoding.ONE_MORE_BIT_WRONG[key, wrong]}")


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
