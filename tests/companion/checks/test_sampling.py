"""The checks of chapters 5 and 6: right answers by other routes are right, each slip is named, and nothing that is handed in raises."""

import math

import pytest
import torch
import torch.nn.functional as F

from companion import losses
from companion.checks import sampling

NAN, INF = float("nan"), float("inf")
Normal = torch.distributions.Normal


# Answers by another route than the module's own references.


def draws_image_by_image(mu, logvar, samples, generator):
    sigma = torch.exp(logvar / 2)
    columns = []
    for m, s in zip(mu, sigma, strict=True):
        eps = torch.stack([torch.randn(len(m), generator=generator, dtype=m.dtype) for _ in range(samples)])
        columns.append(m + s * eps)
    return torch.stack(columns, dim=1)


def score_by_autograd(cost, z, mu, logvar):
    heads = mu.clone().requires_grad_(), logvar.clone().requires_grad_()
    log_q = Normal(heads[0], (heads[1] / 2).exp()).log_prob(z).sum(dim=2)
    baseline = torch.stack([torch.cat([cost[:k], cost[k + 1 :]]).mean(dim=0) for k in range(len(cost))])
    return torch.autograd.grad(((cost - baseline) * log_q).mean(dim=0).sum(), heads)


def score_by_covariance(cost, z, mu, logvar):
    def covariance(scores):  # over the draws, divided by samples - 1
        return ((cost - cost.mean(dim=0))[..., None] * scores).sum(dim=0) / (len(cost) - 1)

    return covariance(z / logvar.exp()), covariance((z - mu) ** 2 / (2 * logvar.exp()))


def log_density_by_the_exponential(z, mu, logvar):
    eps = (z - mu) / (logvar / 2).exp()
    return Normal(0.0, 1.0).log_prob(eps).sum(dim=1) - 0.5 * logvar.sum(dim=1)


class StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(context, v, low, high):
        return v.clamp(low, high)

    @staticmethod
    def backward(context, grad):
        return grad, None, None


RIGHT = {
    "check_draws": [draws_image_by_image, lambda m, v, k, g: draws_image_by_image(m, v, k, g).flip(0)],
    "check_score_gradient": [score_by_autograd, score_by_covariance],
    "check_log_density": [log_density_by_the_exponential],
    "check_cut": [StraightThrough.apply],
}
SLIPS = {
    "check_score_gradient": sampling.SCORE_SLIPS,
    "check_log_density": sampling.DENSITY_SLIPS,
    "check_cut": sampling.CUT_SLIPS | sampling.SLOPE_SLIPS,
}
FUNCTIONS = sorted(RIGHT)
PREDICTIONS = {
    "check_constant_added": (sampling.CONSTANT, sampling.CONSTANT_WRONG),
    "check_small_logvar": (sampling.FLOAT16, sampling.FLOAT16_WRONG),
}


def check(name, answer):
    return getattr(sampling, name)(answer)


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in FUNCTIONS for answer in RIGHT[name]])
def test_an_answer_by_another_route_is_right(name, answer):
    verdict = check(name, answer)
    assert verdict.right is True, verdict.message


@pytest.mark.parametrize(("name", "message"), [(name, message) for name in SLIPS for message in SLIPS[name]])
def test_each_slip_is_named(name, message):
    assert check(name, SLIPS[name][message]) == (False, message)


# Draws are judged by what they are like, so their slips are written here.


def noise(*shape, generator=None):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def sigma_of(logvar):
    return (0.5 * logvar).exp()


def draw(mu, logvar, samples, generator):
    return mu + sigma_of(logvar) * noise(samples, *mu.shape, generator=generator)


def with_spread(spread):
    return lambda m, v, k, g: m + spread(v) * noise(k, *m.shape, generator=g)


def with_noise(eps):
    return lambda m, v, k, g: m + sigma_of(v) * eps(k, *m.shape, g)


def set_back(m, v, k, g):
    state = g.get_state()
    z = draw(m, v, k, g)
    g.set_state(state)
    return z


DRAW_SLIPS = [
    ("one draw for each image", lambda m, v, k, g: m + sigma_of(v) * noise(*m.shape, generator=g)),
    ("along the second axis", lambda m, v, k, g: draw(m, v, k, g).transpose(0, 1)),
    ("in one long list", lambda m, v, k, g: draw(m, v, k, g).flatten(0, 1)),
    ("images have no axis", lambda m, v, k, g: draw(m, v, k, g)[:, 0]),
    ("directions have no axis", lambda m, v, k, g: draw(m, v, k, g)[:, :, 0]),
    ("returned shape", lambda m, v, k, g: draw(m, v, k, g)[1:]),
    ("not finite", lambda m, v, k, g: draw(m, v, k, g).log()),
    ("mu itself", lambda m, v, k, g: m.expand(k, -1, -1)),
    ("does not come from the generator", lambda m, v, k, g: draw(m, v, k, None)),
    ("your eps is kept", lambda m, v, k, g: draw(m, v, k, torch.Generator().manual_seed(0))),
    ("set back, or copied", set_back),
    ("mu is missing", lambda m, v, k, g: draw(m, v, k, g) - m),
    ("one place for the whole batch", lambda m, v, k, g: draw(m, v, k, g) - m + m.mean(dim=0)),
    ("mu was stretched too", lambda m, v, k, g: sigma_of(v) * (m + noise(k, *m.shape, generator=g))),
    ("off to one side", with_noise(lambda *shape: torch.rand(shape[:-1], generator=shape[-1], dtype=torch.float64))),
    ("somewhere else", lambda m, v, k, g: draw(m, v, k, g) + 0.2 * sigma_of(v)),
    ("same one, repeated", lambda m, v, k, g: draw(m, v, 1, g).expand(k, -1, -1)),
    ("same one, repeated", with_noise(lambda k, n, d, g: noise(1, 1, d, generator=g).expand(k, -1, -1))),
    ("no Gaussian", with_noise(lambda *shape: torch.randint(0, 2, shape[:-1], generator=shape[-1]).double() * 2 - 1)),
    (
        "no Gaussian",
        with_noise(lambda *shape: 12**0.5 * (torch.rand(shape[:-1], generator=shape[-1], dtype=torch.float64) - 0.5)),
    ),
    ("variance for their spread", with_spread(torch.exp)),
    ("logvar itself", with_spread(lambda v: v)),
    ("doubled", with_spread(lambda v: (2 * v).exp())),
    ("halved twice", with_spread(lambda v: (0.25 * v).exp())),
    ("spread of 1", with_spread(torch.ones_like)),
    ("Softplus", with_spread(F.softplus)),
    ("One sigma serves the whole batch", with_spread(lambda v: sigma_of(v).mean(dim=0))),
    ("One sigma serves all directions", with_spread(lambda v: sigma_of(v).mean(dim=1, keepdim=True))),
    ("sign of logvar", with_spread(lambda v: (-0.5 * v).exp())),
    ("too small, by one and the same factor", with_spread(lambda v: 0.01 * sigma_of(v))),
    ("too large, by one and the same factor", with_spread(lambda v: 2 * sigma_of(v))),
    ("not what logvar says", with_spread(lambda v: 1 + v**2)),
    ("directions of a code move together", with_noise(lambda k, n, d, g: noise(k, n, 1, generator=g))),
    ("directions of a code move together", with_noise(lambda k, n, d, g: noise(k, 1, 1, generator=g))),
    ("images move together", with_noise(lambda k, n, d, g: noise(k, 1, d, generator=g))),
    ("neither head", lambda m, v, k, g: draw(m, v, k, g).detach()),
    ("neither head", lambda m, v, k, g: torch.normal(m.expand(k, -1, -1), sigma_of(v).expand(k, -1, -1), generator=g)),
    ("and mu hears nothing", lambda m, v, k, g: draw(m.detach(), v, k, g)),
    ("and logvar hears nothing", lambda m, v, k, g: draw(m, v.detach(), k, g)),
    ("gradient at mu is not", lambda m, v, k, g: draw(m, v, k, g) + m - m.detach()),
    ("gradient at logvar is not", lambda m, v, k, g: draw(m, v, k, g) + v - v.detach()),
]


@pytest.mark.parametrize(("says", "answer"), DRAW_SLIPS)
def test_each_wrong_way_to_draw_is_named(says, answer):
    state = torch.get_rng_state()
    verdict = sampling.check_draws(answer)
    torch.set_rng_state(state)
    assert verdict.right is False
    assert says in verdict.message


@pytest.mark.parametrize("seed", range(40))
def test_right_draws_are_right_whatever_was_drawn(seed):
    def other_numbers(mu, logvar, samples, generator):
        number = torch.randint(1 << 40, (1,), generator=generator).item()
        return draw(mu, logvar, samples, torch.Generator().manual_seed(number + seed))

    verdict = sampling.check_draws(other_numbers)
    assert verdict.right is True, verdict.message


def test_every_spread_of_a_slip_differs_from_the_right_one_and_from_the_others():
    logvar = torch.tensor([[-3.0, 1.2, -0.6], [0.8, -1.7, -2.4], [-4.2, -0.9, 0.5], [1.6, -2.1, -1.3]], dtype=torch.float64)
    spreads = [sigma_of(logvar), *(spread(logvar) for spread in sampling.SPREADS.values())]
    close = [(i, j) for i in range(len(spreads)) for j in range(i) if ((spreads[i] / spreads[j] - 1).abs() < 0.2).all()]
    assert close == []


def test_draws_that_raise_only_when_a_gradient_is_wanted_are_told_so():
    def in_place(mu, logvar, samples, generator):
        return logvar.mul_(0.5).exp() * noise(samples, *mu.shape, generator=generator) + mu

    verdict = sampling.check_draws(in_place)
    assert verdict.right is False
    assert "a gradient wanted" in verdict.message


# Whatever is handed in.


@pytest.mark.parametrize("name", [*FUNCTIONS, *PREDICTIONS])
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
        lambda *arguments: (arguments[0], arguments[0]),
        lambda *arguments: torch.full((sampling.SAMPLES, 4, 3), torch.nan),
        lambda *arguments: torch.zeros(sampling.SAMPLES, 4, 3),
        lambda *arguments: torch.zeros(sampling.SAMPLES, 4, 3, dtype=torch.int64),
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


# Log density and cut where the formats end.


def test_the_reference_density_holds_where_the_library_gives_nan():
    logvar = torch.tensor([[-110.0], [100.0]])
    z, mu = 0.4 * sigma_of(logvar), torch.zeros(2, 1)
    expected = -0.5 * (0.16 + logvar[:, 0].double() + math.log(2 * math.pi))
    torch.testing.assert_close(sampling._log_density(z, mu, logvar).double(), expected, rtol=1e-5, atol=0)
    assert not Normal(mu, sigma_of(logvar)).log_prob(z).isfinite().any()


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        ("not finite", lambda z, m, v: sampling._density((z - m) ** 2 / v.exp(), v)),
        ("not finite", lambda z, m, v: Normal(m, sigma_of(v)).log_prob(z).sum(dim=1)),
        (
            "small number added",
            lambda z, m, v: sampling._density((z - m).double() ** 2 / (v.double().exp() + 1e-12), v).to(z.dtype),
        ),
        ("another format", lambda z, m, v: sampling._log_density(z.double(), m, v)),
        ("returns None", lambda z, m, v: sampling._log_density(z, m, v) if z.dtype == torch.float64 else None),
        ("something else", lambda z, m, v: sampling._log_density(z, m, v)[: 3 if z.dtype == torch.float64 else 2]),
        ("raised", lambda z, m, v: sampling._log_density(z, m, v + torch.zeros(3, 2).log() * (z.dtype == torch.float64)).neg()[5]),
    ],
)
def test_a_density_that_float32_breaks_is_told_so(says, answer):
    verdict = sampling.check_log_density(answer)
    assert verdict.right is False
    assert says in verdict.message


def test_the_reference_cut_is_the_clamp_forward_and_the_identity_backward():
    v = torch.tensor([-1e20, -7.0, 0.3, 7.0, 1e20], dtype=torch.float64, requires_grad=True)
    value = sampling._cut(v, -5, 5)
    assert value.tolist() == [-5, -5, 0.3, 5, 5]
    assert torch.autograd.grad((torch.arange(5.0) * value).sum(), v)[0].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        ("At a logvar of 1e20", lambda v, low, high: v + (v.clamp(low, high) - v).detach()),
        ("path back is cut everywhere", lambda v, low, high: v.clamp(low, high).detach() + torch.zeros(1, requires_grad=True)),
        ("not 1 everywhere", lambda v, low, high: v.clamp(low, high).detach() + 0.3 * (v - v.detach())),
    ],
)
def test_a_cut_that_is_right_in_part_is_told_in_which(says, answer):
    verdict = sampling.check_cut(answer)
    assert verdict.right is False
    assert says in verdict.message


# Predictions, held against the run of the cell that is predicted.


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
    # The formulas of chapter 5: variance 30, and with f + c: 30 + 8 c + c squared.
    assert after["scatter, score function"] == pytest.approx(210**0.5, rel=0.01)
    assert scatters(-4)["scatter, score function"] < scatters(-2)["scatter, score function"] < before["scatter, score function"]


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
    assert {name: sampling._as_word(value) for name, value in values.items()} == sampling.FLOAT16
    assert sampling.check_small_logvar(values).right is True
    assert sampling.check_small_logvar(sampling.FLOAT16).right is True


@pytest.mark.parametrize(("name", "key", "word"), [(name, *slip) for name, (_, wrong) in PREDICTIONS.items() for slip in wrong])
def test_each_wrong_word_is_named(name, key, word):
    right, wrong = PREDICTIONS[name]
    assert check(name, right | {key: word}) == (False, wrong[key, word])


@pytest.mark.parametrize("name", PREDICTIONS)
def test_every_word_but_the_right_one_has_a_message(name):
    right, wrong = PREDICTIONS[name]
    words = {"check_constant_added": ("same", "larger", "smaller"), "check_small_logvar": ("number", "0", "inf", "nan")}[name]
    assert set(wrong) == {(key, word) for key in right for word in words} - set(right.items())


@pytest.mark.parametrize("name", PREDICTIONS)
@pytest.mark.parametrize("answer", ["same", 3, [], {}, {"variance": "0"}, {1: 2}, torch.zeros(2)])
def test_a_prediction_of_the_wrong_kind_is_told_so(name, answer):
    verdict = check(name, answer)
    assert verdict.right is False
    assert verdict.message


@pytest.mark.parametrize("name", PREDICTIONS)
def test_a_prediction_not_filled_in_is_not_answered_and_one_half_filled_in_is_told_so(name):
    right, _ = PREDICTIONS[name]
    assert check(name, dict.fromkeys(right)).right is None
    for value in (None, "huge", True, [], torch.zeros(2)):
        verdict = check(name, right | {next(iter(right)): value})
        assert verdict.right is False
        assert "should be one of" in verdict.message
    assert check(name, right | {"more": "same"}).right is False


def test_numbers_stand_for_their_words():
    assert [sampling._as_word(value) for value in (0, 0.0, 3, -2.5, INF, NAN)] == ["0", "0", "number", "number", "inf", "nan"]
    assert [sampling._as_word(value) for value in ("inf", None, True)] == ["inf", None, True]
