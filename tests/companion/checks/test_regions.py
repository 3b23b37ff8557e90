"""The checks of chapter 3: right answers by other routes are right, each slip is named, and nothing that is handed in raises."""

import math

import numpy as np
import pytest
import torch

from companion import evaluation, losses, models
from companion.checks import regions
from companion.checks.verdict import PENDING
from tests.support.strange import STRANGE

NAN = float("nan")
SEEDS = (0, 1, 2)


# Answers by another route than the module's own references.


def variety_by_loops(x):
    pairs = [math.dist(x[i].tolist(), x[j].tolist()) for i in range(len(x)) for j in range(i)]
    return sum(pairs) / len(pairs)


def variety_in_numpy(x):
    x = x.numpy()
    i, j = np.tril_indices(len(x), -1)
    return np.linalg.norm(x[i] - x[j], axis=1).mean()


def by_rotation(a, b, t):
    """Gram and Schmidt's second direction, and a cosine and a sine of the turned angle; the angle from both, so exact when small."""
    length, other = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)
    u, v = a / length, b / other
    across = v - (u * v).sum(dim=1, keepdim=True) * u
    angle = torch.atan2(across.norm(dim=1), (u * v).sum(dim=1))
    w = torch.nn.functional.normalize(across, dim=1)
    turned = (t * angle[:, None])[..., None]
    walk = turned.cos() * u[:, None] + turned.sin() * w[:, None]
    return walk * ((1 - t)[:, None] * length[:, None] + t[:, None] * other[:, None])


def by_loops(a, b, t):
    walks = []
    for p, q in zip(a, b, strict=True):
        angle = torch.arccos(torch.clip(p @ q / p.norm() / q.norm(), -1, 1))
        walk = []
        for share in t:
            length = (1 - share) * p.norm() + share * q.norm()
            if angle < 1e-4:
                walk.append(length * p / p.norm())
                continue
            parts = torch.sin((1 - share) * angle) * p / p.norm() + torch.sin(share * angle) * q / q.norm()
            walk.append(length * parts / torch.sin(angle))
        walks.append(torch.stack(walk))
    return torch.stack(walks)


def distances_by_the_package(ae, vae, test, train):
    return tuple(evaluation.nearest_distance(x, train).mean for x in (ae.flatten(0, 1), vae.flatten(0, 1), test))


def distances_as_a_list(ae, vae, test, train):
    return [float(torch.cdist(x, train).min(dim=-1).values.mean()) for x in (ae, vae, test)]


def shrunk(ae, vae, test, train):
    value = regions._mean_distances(ae, vae, test, train)
    train[::2] *= 0.5
    return value


RIGHT = {
    "check_variety": [
        variety_by_loops,
        variety_in_numpy,
        lambda x: torch.cdist(x, x).sum() / (len(x) ** 2 - len(x)),
        lambda x: torch.pdist(x).mean().reshape(1),
        lambda x: torch.pdist(x.float()).mean(),
    ],
    "check_by_angle": [by_rotation, by_loops],
    "check_mean_distances": [distances_by_the_package, distances_as_a_list],
}
SLIPS = {
    "check_variety": regions.VARIETY_SLIPS,
    "check_by_angle": regions.ANGLE_SLIPS,
    "check_mean_distances": regions.FAIR_SLIPS,
}
CHANGING = {
    "check_variety": [lambda x: regions._variety(x.sub_(x.mean(dim=0)))],
    "check_by_angle": [lambda a, b, t: (regions._by_angle(a, b, t), a.div_(2))[0]],
    "check_mean_distances": [shrunk],
}
FUNCTIONS = sorted(RIGHT)


def check(name, answer, seed=0):
    return getattr(regions, name)(answer, seed=seed)


def expected(message):
    return (None, PENDING) if message == regions.UNMENDED else (False, message)


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


def test_a_walk_in_another_dtype_than_its_codes_is_told_so():
    verdict = regions.check_by_angle(lambda a, b, t: regions._by_angle(a.double(), b.double(), t.double()))
    assert "float32 came in and float64 came out" in verdict.message


def test_the_function_as_it_is_given_out_is_not_answered_yet():
    def given(ae, vae, test, train):
        some = train[::10]
        of_ae = [torch.cdist(x, some).amin(dim=1).mean() for x in ae]
        of_vae = [torch.cdist(x, train).amin(dim=1).mean() for x in vae]
        real = torch.cat([train, test])
        return sum(of_ae) / len(of_ae), min(of_vae), torch.cdist(test, real).amin(dim=1).mean()

    for seed in SEEDS:
        assert regions.check_mean_distances(given, seed=seed) == (None, PENDING, "")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_cases_of_a_seed_are_always_the_same_and_those_of_another_differ(name):
    cases = getattr(regions, name.replace("check", "") + "_cases")
    first, again, other = (cases(seed)[0].arguments[0] for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_seed_makes_it_ill_posed(name):
    found = [check(name, RIGHT[name][0], seed) for seed in range(200)]
    assert [verdict for verdict in found if verdict.right is not True] == []


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
    assert regions.check_stretched_codes(factors).right is True
    assert regions.check_stretched_codes(RIGHT_FACTORS).right is True


@pytest.mark.parametrize(("key", "wrong"), regions.STRETCHED_WRONG)
def test_each_wrong_factor_is_named(key, wrong):
    assert regions.check_stretched_codes(RIGHT_FACTORS | {key: wrong})[:2] == (False, regions.STRETCHED_WRONG[key, wrong])


@pytest.mark.parametrize(
    "answer",
    ["same", 3, [], {}, {"loss": 1}, RIGHT_FACTORS | {"more": 1}, {1: 2}]
    + [RIGHT_FACTORS | {"spread": value} for value in (None, "ten", NAN, True, 7, torch.zeros(2), float("inf"), 0, -10)],
)
def test_a_prediction_of_factors_of_the_wrong_kind_is_told_so(answer):
    verdict = regions.check_stretched_codes(answer)
    assert verdict.right is False
    assert verdict.message


def test_factors_not_filled_in_are_not_answered_and_a_tensor_counts_as_a_number():
    assert regions.check_stretched_codes(dict.fromkeys(RIGHT_FACTORS)).right is None
    assert regions.check_stretched_codes({key: torch.tensor(value) for key, value in RIGHT_FACTORS.items()}).right is True
