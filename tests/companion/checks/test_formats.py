"""The checks of chapter 6: right answers by other routes are right, each slip is named, and nothing that is handed in raises."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.distributions import Normal, kl_divergence

from companion import losses
from companion.checks import formats
from tests.support.strange import STRANGE

SEEDS = (0, 1, 2)
NAN, INF = float("nan"), float("inf")


# Answers by another route than the module's own references.


def log_density_by_the_exponential(z, mu, logvar):
    eps = (z - mu) / (logvar / 2).exp()
    return Normal(torch.zeros((), dtype=z.dtype), torch.ones((), dtype=z.dtype)).log_prob(eps).sum(dim=1) - 0.5 * logvar.sum(dim=1)


class StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(context, v, low, high):
        return v.clamp(low, high)

    @staticmethod
    def backward(context, grad):
        return grad, None, None


def cut_with_where(v, low, high):
    outside = torch.where(v < low, torch.full_like(v, low), torch.where(v > high, torch.full_like(v, high), v.detach()))
    return outside.detach() + v - v.detach() if v.abs().max() < 1e6 else outside.detach() + (v - v.detach())


def heads_by_autograd(sigma, slope, rate):
    ways = {
        "softplus": (F.softplus, lambda s: torch.where(s > 20, s, s + torch.log(-torch.expm1(-s)))),
        "exp": (torch.exp, torch.log),
        "logvar": (lambda a: (a / 2).exp(), lambda s: 2 * s.log()),
    }
    after = []
    for value, inverse in ways.values():
        a = inverse(sigma.double()).requires_grad_()
        (by_a,) = torch.autograd.grad(value(a).sum(), a)
        after.append(value(a.detach() - rate * slope.double() * by_a).to(sigma.dtype))
    return after


def heads_in_closed_form(sigma, slope, rate):
    grow = (-rate * slope * sigma).exp()
    rise = 1 / (1 + 1 / torch.expm1(sigma))  # a sigmoid at log(expm1(sigma))
    softplus = torch.logaddexp(torch.zeros_like(sigma), sigma + torch.log(-torch.expm1(-sigma)) - rate * slope * rise)
    return softplus, sigma * grow, sigma * (-rate * slope * sigma / 4).exp()


def settle_by_autograd(logvar, c, tau, beta):
    def parts(v):
        prior = Normal(torch.zeros_like(tau), tau)
        return 0.5 * c * v.exp(), kl_divergence(Normal(torch.zeros_like(v), (v / 2).exp()), prior)

    def slope_at(v):
        noise, kl = parts(v)
        return torch.autograd.grad((noise + beta * kl).sum(), v, create_graph=True)[0]

    v = logvar.clone().requires_grad_()
    rest = -(c / beta + tau**-2).log()
    at_rest = rest.clone().requires_grad_()
    (bend,) = torch.autograd.grad(slope_at(at_rest).sum(), at_rest)
    return [*(part.detach() for part in parts(v)), slope_at(v).detach(), rest, bend]


def settle_in_numpy(*given):
    v, c, t, b = (each.numpy() for each in given)
    bracket = c + b / t**2
    kl = (np.exp(v) / t**2 - 1 - v + np.log(t**2)) / 2
    return c * np.exp(v) / 2, kl, (bracket * np.exp(v) - b) / 2, np.log(b / bracket), b / 2


RIGHT = {
    "check_log_density": [log_density_by_the_exponential],
    "check_cut": [StraightThrough.apply, cut_with_where],
    "check_heads": [heads_by_autograd, heads_in_closed_form],
    "check_settle": [settle_by_autograd, settle_in_numpy],
}
SLIPS = {
    "check_log_density": formats.DENSITY_SLIPS,
    "check_cut": formats.CUT_SLIPS | formats.SLOPE_SLIPS,
    "check_heads": formats.HEADS_SLIPS,
    "check_settle": formats.SETTLE_SLIPS,
}
FUNCTIONS = sorted(RIGHT)


def check(name, answer, seed=0):
    return getattr(formats, name)(answer, seed=seed)


@pytest.mark.medium
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


# Log density and cut where the formats end.


def test_the_reference_density_holds_where_the_library_gives_nan():
    logvar = torch.tensor([[-110.0], [100.0]])
    z, mu = 0.4 * (0.5 * logvar).exp(), torch.zeros(2, 1)
    expected = -0.5 * (0.16 + logvar[:, 0].double() + math.log(2 * math.pi))
    torch.testing.assert_close(formats._log_density(z, mu, logvar).double(), expected, rtol=1e-5, atol=0)
    assert not Normal(mu, (0.5 * logvar).exp()).log_prob(z).isfinite().any()


def test_an_example_names_the_head_whose_digits_are_lost_and_not_those_that_are_rounded():
    def answer(sigma, slope, rate):
        a = torch.log(torch.expm1(sigma))
        softplus = F.softplus(a - rate * slope * a.sigmoid())
        return softplus, sigma * (-rate * slope * sigma).exp(), sigma * (-rate * slope * sigma / 4).exp()

    verdict = formats.check_heads(answer)
    assert verdict[:2] == (False, formats.HEADS_FAR)
    assert "the softplus head: at" in verdict.example
    assert "the exp head" not in verdict.example
    assert "the logvar head" not in verdict.example


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        ("where is a variance formed", lambda z, m, v: Normal(m, (0.5 * v).exp(), validate_args=False).log_prob(z).sum(dim=1)),
        ("where is a variance formed", lambda z, m, v: formats._density((z - m) ** 2 * (-v).exp(), v)),
        ("where is a variance formed", lambda z, m, v: formats._density((z - m).double() ** 2 / v.double().exp(), v).to(z.dtype)),
        ("clamped, added or replaced", lambda z, m, v: formats._density((z - m) ** 2 / (v.exp() + 1e-12), v)),
        ("clamped", lambda z, m, v: formats._log_density(z, m, v.clamp(-80, 80))),
        ("float64 came out", lambda z, m, v: formats._log_density(z.double(), m, v)),
        ("no gradient", lambda z, m, v: formats._log_density(z, m, v).detach()),
        ("far from mu", lambda z, m, v: formats._density(((z - m) * (-0.5 * v).exp()).clamp(-10, 10) ** 2, v)),
        ("gradient with respect to z", lambda z, m, v: formats._density((2 * (z - m).abs().log() - v).exp(), v)),
        ("from -8 to 3", lambda z, m, v: formats._log_density(z, m, torch.where(v < -20, v, v.clamp(min=-6)))),
        ("changed its argument z", lambda z, m, v: formats._log_density(z.data.sub_(m), 0, v)),
    ],
)
def test_a_density_that_is_right_for_ordinary_codes_is_told_what_else_is_asked(says, answer):
    for seed in SEEDS:
        verdict = formats.check_log_density(answer, seed=seed)
        assert verdict.right is False
        assert says in verdict.message, verdict


def test_the_reference_cut_is_the_clamp_forward_and_the_identity_backward():
    v = torch.tensor([-1e20, -7.0, 0.3, 7.0, 1e20], dtype=torch.float64, requires_grad=True)
    value = formats._cut(v, -5, 5)
    assert value.tolist() == [-5, -5, 0.3, 5, 5]
    assert torch.autograd.grad((torch.arange(5.0) * value).sum(), v)[0].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        ("At a logvar of 1e20", lambda v, low, high: v + (v.clamp(low, high) - v).detach()),
        ("no gradient comes back", lambda v, low, high: v.clamp(low, high).detach()),
        ("with respect to logvar is not", lambda v, low, high: v.clamp(low, high).detach() + 0.3 * (v - v.detach())),
        ("The shape stays", lambda v, low, high: formats._cut(torch.atleast_1d(v), low, high)),
        ("changed its argument logvar", lambda v, low, high: v.data.clamp_(low, high) + (v - v.detach())),
        ("float64 came out", lambda v, low, high: formats._cut(v.double(), low, high)),
    ],
)
def test_a_cut_that_is_right_in_part_is_told_in_which(says, answer):
    verdict = formats.check_cut(answer)
    assert verdict.right is False
    assert says in verdict.message, verdict


# Heads and the place where sigma settles, against numbers found without the formulas.


def test_the_heads_are_those_of_chapter_6():
    sigma = torch.tensor([0.02, 0.5, 1.0, 4.0], dtype=torch.float64)
    softplus, exp, logvar = formats._before(sigma)
    for again in (F.softplus(softplus), exp.exp(), (logvar / 2).exp()):
        torch.testing.assert_close(again, sigma)
    nothing = formats._heads(sigma, torch.zeros(4, dtype=torch.float64), 0.1)
    assert all(torch.allclose(each, sigma) for each in nothing)


@pytest.mark.parametrize(
    "inverse",
    [
        lambda s: (s.exp() - 1).log(),
        lambda s: s.expm1().log(),
        lambda s: s + (1 - (-s).exp()).log(),
    ],
)
def test_an_inverse_of_softplus_that_float32_breaks_is_told_so(inverse):
    def answer(sigma, slope, rate):
        a = inverse(sigma)
        return F.softplus(a - rate * slope * torch.sigmoid(a)), *formats._heads(sigma, slope, rate)[1:]

    for seed in range(20):
        assert formats.check_heads(answer, seed=seed)[:2] == (False, formats.HEADS_FAR)


def test_heads_in_numpy_are_right_in_the_dtype_that_came():
    def answer(*given):
        return tuple(each.numpy() for each in formats._heads(*given))

    for seed in SEEDS:
        assert formats.check_heads(answer, seed=seed).right is True
    told = formats.check_heads(lambda *given: tuple(each.astype("float64") for each in answer(*given)))
    assert "float32 came in and float64 came out" in told.message


def test_a_slip_that_is_carried_on_is_named_at_the_first_step_that_has_it():
    def answer(logvar, c, tau, beta):
        return formats._settle(logvar, 2 * c, tau, beta)

    for seed in SEEDS:
        assert formats.check_settle(answer, seed=seed).message.startswith("Step 1: the half is missing")


def test_a_step_of_logvar_is_a_quarter_of_that_of_exp():
    sigma, slope = torch.tensor([[0.3, 2.0], [-1.5, 0.7]], dtype=torch.float64)
    torch.testing.assert_close(formats._heads(sigma, slope, 0.4)[2], formats._heads(sigma, slope, 0.1)[1])


def test_sigma_settles_where_a_search_finds_the_lowest_loss():
    v = torch.linspace(-12, 4, 160_001, dtype=torch.float64)
    for c, tau, beta in ((0.5, 1.0, 1.0), (50.0, 2.0, 4.0), (3.0, 0.4, 0.2)):
        given = [torch.full_like(v, each) for each in (c, tau, beta)]
        noise, kl, _, rest, bend = formats._settle(v, *given)
        loss = noise + beta * kl
        lowest = loss.argmin()
        assert v[lowest].item() == pytest.approx(rest[0].item(), abs=2e-4)
        second = (loss[lowest + 1] - 2 * loss[lowest] + loss[lowest - 1]) / (v[1] - v[0]) ** 2
        assert second.item() == pytest.approx(bend[0].item(), rel=1e-2)


# The prediction, held against the run of the cell that is predicted.


def test_float16_does_what_the_check_says():
    v = torch.tensor(-18.0, dtype=torch.float16, requires_grad=True)
    lines = {
        "variance": v.exp(),
        "sigma": (0.5 * v).exp(),
        "root": v.exp().sqrt(),
        "slope of root": torch.autograd.grad(v.exp().sqrt(), v)[0],
        "KL": losses.gaussian_kl(torch.zeros(1, 1, dtype=torch.float16), v.reshape(1, 1)),
    }
    values = {name: value.item() for name, value in lines.items()}
    assert {name: formats._as_word(value) for name, value in values.items()} == formats.FLOAT16
    for right in (values, formats.FLOAT16, {name: np.float32(value) for name, value in values.items()}, lines):
        assert formats.check_small_logvar(right).right is True
    assert formats.check_small_logvar({name: word.upper() for name, word in formats.FLOAT16.items()}).right is True


@pytest.mark.parametrize(("key", "word"), formats.FLOAT16_WRONG)
def test_each_wrong_word_is_named(key, word):
    verdict = formats.check_small_logvar(formats.FLOAT16 | {key: word})
    assert verdict[:2] == (False, formats.FLOAT16_WRONG[key, word])


def test_every_word_but_the_right_one_has_a_message():
    every = {(key, word) for key in formats.FLOAT16 for word in ("number", "0", "inf", "nan")}
    assert set(formats.FLOAT16_WRONG) == every - set(formats.FLOAT16.items())


@pytest.mark.parametrize("answer", ["same", 3, [], {}, {"variance": "0"}, {1: 2}, torch.zeros(2)])
def test_a_prediction_of_the_wrong_kind_is_told_so(answer):
    assert formats.check_small_logvar(answer).right is False


def test_a_prediction_half_filled_in_is_told_so():
    assert formats.check_small_logvar(dict.fromkeys(formats.FLOAT16)).right is None
    for value in (None, "huge", True, [], torch.zeros(2)):
        assert formats.check_small_logvar(formats.FLOAT16 | {"KL": value}).right is False


def test_numbers_stand_for_their_words():
    assert [formats._as_word(value) for value in (0, 0.0, 3, -2.5, INF, NAN)] == ["0", "0", "number", "number", "inf", "nan"]
    assert [formats._as_word(value) for value in ("inf", None, True)] == ["inf", None, True]
    assert [formats._as_word(value) for value in (np.float64(0), np.nan, torch.tensor(INF))] == ["0", "nan", "inf"]


# Whatever is handed in.


@pytest.mark.parametrize("name", [*FUNCTIONS, "check_small_logvar"])
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
