"""The check of draws: right ones are right whatever was drawn, and each wrong way to draw is named, by what its draws are like."""

import pytest
import torch
import torch.nn.functional as F

from companion.checks import draws


def noise(*shape, generator=None, dtype=torch.float64):
    return torch.randn(*shape, generator=generator, dtype=dtype)


def sigma_of(logvar):
    return (0.5 * logvar).exp()


def draw(mu, logvar, samples, generator):
    return mu + sigma_of(logvar) * noise(samples, *mu.shape, generator=generator, dtype=mu.dtype)


def with_noise(eps):
    """eps(samples, batch, latent_dim, generator, dtype) in the place of standard normal noise."""
    return lambda m, v, k, g: m + sigma_of(v) * eps(k, *m.shape, g, m.dtype).to(m.dtype)


def changed(change):
    """What ``change`` makes of standard normal noise."""
    return with_noise(lambda k, n, d, g, dtype: change(noise(k, n, d, generator=g, dtype=dtype)))


def with_spread(spread):
    return lambda m, v, k, g: m + spread(v) * noise(k, *m.shape, generator=g, dtype=m.dtype)


def uniform(k, n, d, g, dtype):
    return torch.rand(k, n, d, generator=g, dtype=torch.float64)


# Right ones.


def image_by_image(mu, logvar, samples, generator):
    columns = [
        m + s * noise(samples, len(m), generator=generator, dtype=m.dtype) for m, s in zip(mu, sigma_of(logvar), strict=True)
    ]
    return torch.stack(columns, dim=1)


def by_the_library(mu, logvar, samples, generator):
    """rsample takes no generator: the global one is set from it, and set back."""
    with torch.random.fork_rng():
        torch.manual_seed(int(torch.randint(1 << 40, (), generator=generator)))
        return torch.distributions.Normal(mu, sigma_of(logvar)).rsample((samples,))


RIGHT = {
    "all at once": draw,
    "image by image": image_by_image,
    "in another order": lambda m, v, k, g: draw(m, v, k, g).flip(0),
    "the library": by_the_library,
    "root of the variance": lambda m, v, k, g: m + v.exp().sqrt() * noise(k, *m.shape, generator=g, dtype=m.dtype),
    "float32 inside": lambda m, v, k, g: draw(m.float(), v.float(), k, g).to(m.dtype),
    "eps in float32": lambda m, v, k, g: m + sigma_of(v) * noise(k, *m.shape, generator=g, dtype=torch.float32).to(m.dtype),
    "a uniform number turned": with_noise(lambda *given: torch.special.ndtri(uniform(*given))),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_draws_are_right_for_any_seed(name):
    for seed in range(4):
        verdict = draws.check_draws(RIGHT[name], seed=seed)
        assert verdict.right is True, verdict


def test_right_draws_are_right_whatever_was_drawn():
    for seed in range(4, 24):
        verdict = draws.check_draws(draw, seed=seed)
        assert verdict.right is True, verdict


# Wrong ones.


def set_back(m, v, k, g):
    state = g.get_state()
    z = draw(m, v, k, g)
    g.set_state(state)
    return z


def first_from_the_generator(k, n, d, g, dtype):
    return torch.cat([noise(1, n, d, generator=g), noise(k - 1, n, d)])


def rest_from_seeds(k, n, d, g, dtype):
    first = noise(1, n, d, generator=g)
    return torch.cat([first, noise(k - 1, n, d, generator=torch.Generator().manual_seed(0))])


def mirrored(k, n, d, g, dtype):
    half = noise((k + 1) // 2, n, d, generator=g)
    return torch.cat([half, -half])[:k]


def in_mirrored_pairs(k, n, d, g, dtype):
    half = noise((k + 1) // 2, n, d, generator=g)
    return torch.stack([half, -half], dim=1).flatten(0, 1)[:k]


def mirrored_images(k, n, d, g, dtype):
    half = noise(k, (n + 1) // 2, d, generator=g)
    return torch.cat([half, -half], dim=1)[:, :n]


def first_only_is_fresh(k, n, d, g, dtype):
    """The rest comes from the generator's seed, and not from where it stands."""
    rest = noise(k - 1, n, d, generator=torch.Generator().manual_seed(g.initial_seed()))
    return torch.cat([noise(1, n, d, generator=g), rest])


def standardised(axes, correction=1):
    def change(eps):
        return (eps - eps.mean(axes, keepdim=True)) / eps.std(axes, keepdim=True, correction=correction)

    return change


def unless_one(change):
    """The change, where an axis has more than one number."""
    return lambda eps: change(eps) if min(eps.shape) > 1 else eps


WRONG = [
    ("one draw for each image", lambda m, v, k, g: draw(m, v, 1, g)[0]),
    ("along the second axis", lambda m, v, k, g: draw(m, v, k, g).transpose(0, 1)),
    ("in one long list", lambda m, v, k, g: draw(m, v, k, g).flatten(0, 1)),
    ("images have no axis", lambda m, v, k, g: draw(m, v, k, g)[:, 0]),
    ("directions have no axis", lambda m, v, k, g: draw(m, v, k, g)[:, :, 0]),
    ("samples, then images", lambda m, v, k, g: draw(m, v, k, g)[1:]),
    ("there too, of length 1", lambda m, v, k, g: draw(m, v, k, g).squeeze(0)),
    ("not finite", lambda m, v, k, g: draw(m, v, k, g).log()),
    ("whole numbers", lambda m, v, k, g: draw(m, v, k, g).long()),
    ("changed its argument logvar", lambda m, v, k, g: draw(m, v.data.clamp_(-4, 4), k, g)),
    ("in float32; they are in float64", lambda m, v, k, g: draw(m.double(), v, k, g)),
    ("in float64; they are in float32", lambda m, v, k, g: draw(m.float(), v.float(), k, g)),
    ("does not come from the generator", lambda m, v, k, g: draw(m, v, k, None)),
    ("different seeds give the same draws", lambda m, v, k, g: draw(m, v, k, torch.Generator().manual_seed(0))),
    ("set back, or copied", set_back),
    ("set back, or copied", lambda m, v, k, g: draw(m, v, k, torch.Generator().manual_seed(g.initial_seed()))),
    ("does not come from the generator", with_noise(first_from_the_generator)),
    ("the same for another seed", with_noise(rest_from_seeds)),
    ("repeats draws of the first, or mirrors them", with_noise(first_only_is_fresh)),
    ("mu itself", lambda m, v, k, g: m + 0 * draw(m, v, k, g)),
    ("a few different values", changed(torch.sign)),
    ("mu is missing", lambda m, v, k, g: draw(m, v, k, g) - m),
    ("one place for the whole batch", lambda m, v, k, g: draw(m, v, k, g) - m + m.mean(dim=0)),
    ("mu was stretched too", lambda m, v, k, g: sigma_of(v) * (m + noise(k, *m.shape, generator=g, dtype=m.dtype))),
    ("off to one side", with_noise(uniform)),
    ("somewhere else", lambda m, v, k, g: draw(m, v, k, g) + 0.2 * sigma_of(v)),
    ("same one, repeated", lambda m, v, k, g: draw(m, v, 1, g).expand(k, -1, -1)),
    ("variance for their spread", with_spread(torch.exp)),
    ("logvar itself", with_spread(lambda v: v)),
    ("doubled", with_spread(lambda v: (2 * v).exp())),
    ("halved twice", with_spread(lambda v: (0.25 * v).exp())),
    ("spread of 1", with_spread(torch.ones_like)),
    ("Softplus", with_spread(F.softplus)),
    ("One sigma serves the whole batch", with_spread(lambda v: sigma_of(v).mean(dim=0))),
    ("One sigma serves all directions", with_spread(lambda v: sigma_of(v).mean(dim=1, keepdim=True))),
    ("sign of logvar", with_spread(lambda v: (-0.5 * v).exp())),
    ("small spreads come out too large", with_spread(lambda v: sigma_of(v).clamp(min=0.1))),
    ("small spreads come out too large", with_spread(lambda v: sigma_of(v) + 0.01)),
    ("small spreads come out too large", with_spread(lambda v: sigma_of(v.clamp(-4, 4)))),
    ("large spreads come out too small", with_spread(lambda v: sigma_of(v.clamp(max=2)))),
    ("large ones too small", with_spread(lambda v: sigma_of(v.clamp(-2, 2)))),
    ("too small, by one and the same factor", with_spread(lambda v: 0.01 * sigma_of(v))),
    ("too large, by one and the same factor", with_spread(lambda v: 2 * sigma_of(v))),
    ("not what logvar says", with_spread(lambda v: 1 + v**2)),
    ("mirror each other|mirrored pairs", with_noise(mirrored)),
    ("mirror each other|mirrored pairs", with_noise(in_mirrored_pairs)),
    ("mirror each other|mirrored pairs", with_noise(mirrored_images)),
    ("used more than once", with_noise(lambda k, n, d, g, dtype: noise((k + 1) // 2, n, d, generator=g).repeat(2, 1, 1)[:k])),
    (
        "used more than once",
        with_noise(lambda k, n, d, g, dtype: noise((k + 1) // 2, n, d, generator=g).repeat_interleave(2, 0)[:k]),
    ),
    ("used more than once", with_noise(lambda k, n, d, g, dtype: noise(100, n, d, generator=g).repeat(-(-k // 100), 1, 1)[:k])),
    ("directions of a code move together", with_noise(lambda k, n, d, g, dtype: noise(k, n, 1, generator=g).expand(k, n, d))),
    ("images move together", with_noise(lambda k, n, d, g, dtype: noise(k, 1, d, generator=g).expand(k, n, d))),
    (
        "share a part of their noise",
        with_noise(lambda k, n, d, g, dtype: 0.6 * noise(k, 1, d, generator=g) + 0.8 * noise(k, n, d, generator=g)),
    ),
    ("depends on the draws before", changed(lambda eps: torch.cat([eps[:1], 0.6 * eps[:-1] + 0.8 * eps[1:]]))),
    *[("for one draw. Does something divide", changed(standardised(axes))) for axes in (0, (0, 1, 2))],
    *[("mean of exactly 0", changed(unless_one(standardised(axes)))) for axes in (0, 1, 2, (0, 1), (0, 1, 2))],
    ("mean of exactly 0", changed(lambda eps: eps - eps.mean(0) if len(eps) > 1 else eps)),
    ("spread of exactly 1", changed(unless_one(lambda eps: eps / eps.std(0)))),
    ("spread of exactly 1", changed(unless_one(lambda eps: eps / eps.square().mean(0).sqrt()))),
    *[("ends at a limit", changed(lambda eps, limit=limit: eps.clamp(-limit, limit))) for limit in (2.5, 3, 3.5)],
    ("ends at a limit", with_noise(lambda *given: 12**0.5 * (uniform(*given) - 0.5))),
    ("no Gaussian", changed(lambda eps: eps.sign() * (-(torch.special.ndtr(-eps.abs()) * 2).log()) / 2**0.5)),
    ("neither head", lambda m, v, k, g: draw(m, v, k, g).detach()),
    ("neither head", lambda m, v, k, g: torch.normal(m.expand(k, -1, -1), sigma_of(v).expand(k, -1, -1), generator=g)),
    ("and mu hears nothing", lambda m, v, k, g: draw(m.detach(), v, k, g)),
    ("and logvar hears nothing", lambda m, v, k, g: draw(m, v.detach(), k, g)),
    ("gradient at mu is not", lambda m, v, k, g: draw(m, v, k, g) + m - m.detach()),
    ("gradient at logvar is not", lambda m, v, k, g: draw(m, v, k, g) + v - v.detach()),
]


@pytest.mark.medium
@pytest.mark.parametrize(("says", "answer"), WRONG)
@pytest.mark.filterwarnings("ignore:std\\(\\).*degrees of freedom")
def test_each_wrong_way_to_draw_is_named(says, answer):
    with torch.random.fork_rng():
        for seed in range(3):
            verdict = draws.check_draws(answer, seed=seed)
            assert verdict.right is False, seed
            assert any(part in verdict.message for part in says.split("|")), f"{seed}: {verdict}"


def test_what_is_wrong_for_one_image_only_is_told_so():
    def shared(m, v, k, g):
        return draw(m, v, k, g) if len(m) > 1 else m + sigma_of(v) * noise(k, 1, 1, generator=g, dtype=m.dtype)

    verdict = draws.check_draws(shared)
    assert verdict.right is False
    assert "move together" in verdict.message
    assert "what is special about many draws of one image?" in verdict.message


def test_every_spread_of_a_slip_differs_from_the_right_one_and_from_the_others():
    for seed in range(20):
        logvar = next(case.arguments[1] for case in draws._draws_cases(seed) if case.about == "many draws of several images")
        spreads = [sigma_of(logvar), *(spread(logvar) for spread in draws.SPREADS.values())]
        close = [(i, j) for i in range(len(spreads)) for j in range(i) if ((spreads[i] / spreads[j] - 1).abs() < 0.1).all()]
        assert close == [], seed


def test_a_message_holds_no_number_of_a_case_and_the_example_shows_the_call():
    verdict = draws.check_draws(lambda m, v, k, g: draw(m, v, k, g)[0])
    assert "one draw for each image" in verdict.message
    assert verdict.example.startswith("draws(")


@pytest.mark.parametrize("answer", [None, lambda *arguments: None])
def test_no_answer_is_neither_right_nor_wrong(answer):
    assert draws.check_draws(answer).right is None


def broken(*arguments):
    raise KeyError("x")


def ends(*arguments):
    raise SystemExit


ODD = [
    broken,
    ends,
    lambda: 1.0,
    lambda *arguments: "text",
    lambda *arguments: [1.0],
    lambda *arguments: (arguments[0], "text"),
    lambda *arguments: (arguments[0], arguments[0]),
    lambda *arguments: torch.full((arguments[2], *arguments[0].shape), torch.nan),
    lambda *arguments: torch.zeros(arguments[2], *arguments[0].shape, dtype=arguments[0].dtype),
    lambda *arguments: torch.zeros(0),
    lambda *arguments: 3.0,
    "text",
    3.0,
    {},
]


@pytest.mark.parametrize("answer", ODD)
def test_whatever_is_handed_in_gets_a_verdict(answer):
    verdict = draws.check_draws(answer)
    assert verdict.right is False
    assert verdict.message


@pytest.mark.parametrize("last", [None, "text", torch.zeros(7), 1.0, KeyError("x")])
@pytest.mark.parametrize("after", [1, 4, 9, 11, 13, 16, 20])
def test_an_answer_that_changes_after_some_calls_gets_a_verdict(last, after):
    calls = []

    def changing(*arguments):
        calls.append(1)
        if len(calls) <= after:
            return draw(*arguments)
        if isinstance(last, Exception):
            raise last
        return last

    assert draws.check_draws(changing).right is not True
