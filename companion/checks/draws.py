"""The check of a function that draws codes, by what the draws are like: any order of drawing, and any normal noise, will do.

A look is one question about draws. u stands for what is left of z when mu is taken away and sigma divided out: it should be standard
normal, each number of it independent of all others. Thresholds are five standard errors or more, so that right draws pass whatever
was drawn; what a look asks at its threshold is said there.
"""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from companion.checks import values
from companion.checks.calling import Called, example, not_given, run, trouble
from companion.checks.cases import Case, normals, seeded, whole
from companion.checks.randomness import generator_fault
from companion.checks.verdict import Verdict, kind

MANY = 4000  # draws of an image: its spread is known to 1.1 %, a correlation to 0.016
PARAMETERS = ("mu", "logvar", "samples", "generator")

Look = Callable[[Tensor, Tensor, Tensor], str | None]  # z (samples, batch, latent_dim), mu and logvar (batch, latent_dim)


def check_draws(answer: Any, *, seed: int = 0) -> Verdict:
    """Judge ``answer(mu, logvar, samples, generator)``: draws z = mu + sigma * eps, (samples, batch, latent_dim).

    mu, logvar: (batch, latent_dim). Every number of z has an eps of its own, drawn with the generator, and gradients reach mu and
    logvar. Source: Kingma and Welling 2014, section 2.4.
    """
    missing = not_given(answer, "draws")
    if missing is not None:
        return missing
    drawn: list[tuple[Case, Tensor]] = []
    for case in _draws_cases(seed):
        z = _drawn(answer, case)
        if isinstance(z, Verdict):
            return Verdict(False, "draws returned nothing in one case.", _example(case)) if z.right is None and drawn else z
        drawn.append((case, z))
    questions = (
        lambda: _generator(answer, drawn[0][0]),
        lambda: _look(drawn),
        lambda: _one_draw(drawn),
        lambda: _paths(answer, drawn[:4]),
    )
    found = next((verdict for ask in questions if (verdict := ask()) is not None), None)
    praise = "Place, spread, independence, generator and both gradients are right, for one draw and for many."
    return Verdict(True, praise) if found is None else found


def _draws_cases(seed: int) -> list[Case]:
    """Small ones first; what is looked at closely comes after these."""
    generator = seeded(seed)

    def case(samples: int, logvar: Tensor, about: str, dtype: torch.dtype = torch.float64) -> Case:
        mu = 2 * normals(*logvar.shape, generator=generator, dtype=dtype)
        return Case((mu, logvar.to(dtype), samples, seeded(whole(0, 2**40, generator))), about)

    def spread(batch: int, latent_dim: int) -> Tensor:
        """logvar at even distances from -8 (sigma 0.018) to 2.95, none of them 0; the mean sigma of a direction is never 1 for all of them."""
        even = (
            torch.linspace(-8, 2.95, batch * latent_dim, dtype=torch.float64).mul(100).round().div(100).reshape(latent_dim, batch)
        )
        return even[:, torch.randperm(batch, generator=generator)][torch.randperm(latent_dim, generator=generator)].T.contiguous()

    batch, latent_dim = whole(4, 5, generator), whole(2, 3, generator)
    calm = normals(batch, latent_dim, generator=generator) / 2
    return [
        case(whole(6, 7, generator), calm, "several draws of several images"),
        case(1, torch.full((1, 1), 0.5, dtype=torch.float64), "one draw of one image with one latent"),
        case(3, spread(1, latent_dim), "one image"),
        case(1, spread(batch, latent_dim), "one draw"),
        case(5, spread(batch, latent_dim), "float32", torch.float32),
        case(MANY, spread(batch, latent_dim), "many draws of several images"),
        case(MANY, spread(1, latent_dim + 1), "many draws of one image"),
        case(MANY, spread(batch + 1, 1), "many draws with one latent"),
        case(MANY, spread(batch, latent_dim), "many draws in float32", torch.float32),
        case(1, normals(MANY, latent_dim, generator=generator), "one draw of each of many images"),
    ]


def _example(case: Case, *lines: str) -> str:
    return example("draws", case.arguments, PARAMETERS, case.about, *lines)


def _drawn(answer: Callable, case: Case) -> Tensor | Verdict:
    """What came back for a case; a Verdict where it has not the right form."""
    called = run(answer, case.arguments)
    found = trouble(called, _example(case), "draws")
    if found is not None:
        return found
    z, mu = values.plain(called.value), case.arguments[0]
    message = _form(z, *case.arguments[:3]) or _changed(called)
    if message is None and z.dtype != mu.dtype:
        came, gave = map(values.dtype_name, (mu, z))
        message = f"mu in {came} should give draws in {came}; they are in {gave}."
    return z.detach() if message is None else Verdict(False, message, _example(case, f"gave {values.text(z)}"))


def _form(z: object, mu: Tensor, logvar: Tensor, samples: int) -> str | None:
    """What is wrong with the form of draws; None when nothing is."""
    if not isinstance(z, Tensor):
        return f"draws should return a tensor; it returned {kind(z)}."
    (batch, latent_dim), shape = mu.shape, tuple(z.shape)
    if shape != (samples, batch, latent_dim):
        if samples == 1 and shape == (batch, latent_dim):
            return "With samples = 1 the first axis should be there too, of length 1."
        known = {
            (batch, latent_dim): "That is one draw for each image. `samples` of them are asked for.",
            (batch, samples, latent_dim): "The draws of an image stand along the second axis. They should stand along the first.",
            (samples * batch, latent_dim): "All draws stand in one long list. Give the draws an axis of their own, the first.",
            (samples, latent_dim): "The images have no axis of their own: did they share their draws?",
            (samples, batch): "The latent directions have no axis of their own. A code is a vector.",
        }
        return known.get(shape, "The shape should be samples, then images, then directions of the code.")
    if not z.is_floating_point():
        return "draws returned whole numbers."
    if torch.equal(z.to(mu.dtype), mu.expand_as(z)):
        return "Every draw is mu itself. Where is the noise?"
    if not torch.isfinite(z).all():
        only = " for one draw. Does something divide by a spread over the draws?" if samples == 1 else "."
        return f"draws returned numbers that are not finite{only}"
    return None


def _changed(called: Called) -> str | None:
    names = " and ".join(PARAMETERS[i] for i in called.changed if i < len(PARAMETERS))
    return f"Your function changed its argument {names}. Work on a new tensor." if names else None


def _generator(answer: Callable, case: Case) -> Verdict | None:
    """The verdict on how the generator is used; None when all is well."""
    found = generator_fault(answer, case.arguments, "draws")
    if found is not None:
        return found
    mu, logvar, samples, _ = case.arguments
    first, again, other = (run(answer, (mu, logvar, samples, seeded(seed))).value for seed in (3, 3, 4))
    both = run(lambda *given: (answer(*given), answer(*given)), (mu, logvar, samples, seeded(3))).value
    z = [values.plain(each) for each in (first, again, other, *(both or (None,)))]
    if any(not isinstance(each, Tensor) or each.shape != z[0].shape for each in z):
        return Verdict(False, "draws returns something else when it is called again.", _example(case))
    off = [(each.detach() - mu).abs() for each in z]
    if not torch.equal(off[0], off[1]):
        message = "Some of your draws come from the generator that is handed in, and some do not."
    elif _repeats(_noise(z[0].detach(), mu, logvar).abs()) > 0.5:
        return None  # noise that repeats within a call is told so later
    elif _share_alike(off[0], off[2]) > 0.02:
        message = "Some of your draws are the same for another seed: they do not come from the generator that is handed in."
    elif _share_alike(off[3], off[4]) > 0.02:
        message = "A second call with the same generator repeats draws of the first, or mirrors them. Fresh noise is asked for."
    else:
        return None
    return Verdict(False, message, _example(case))


def _share_alike(a: Tensor, b: Tensor) -> float:
    return torch.isclose(a, b, rtol=1e-7, atol=0).double().mean().item()


def _look(drawn: list[tuple[Case, Tensor]]) -> Verdict | None:
    """The verdict of the first look that finds something; None when none does."""
    small_case, small = drawn[0]
    message = _standardised(_noise(small, *small_case.arguments[:2]))
    if message:
        return Verdict(False, message, _example(small_case))
    close = [(case, z) for case, z in drawn if case.arguments[2] == MANY]
    for i, (case, z) in enumerate(close):
        for look in LOOKS:
            if look in (_ties, _used_again) and z.dtype != torch.float64:
                continue  # float32 has too few numbers near a mu far from 0
            message = look(z.double(), *(each.double() for each in case.arguments[:2]))
            if message:
                only = f" It is right for {close[0][0].about}: what is special about {case.about}?" if i else ""
                return Verdict(False, f"{message}{only}", _example(case))
    message = _peaked(torch.cat([_noise(z, *case.arguments[:2]).flatten() for case, z in close]))
    return None if message is None else Verdict(False, message, _example(close[0][0]))


def _one_draw(drawn: list[tuple[Case, Tensor]]) -> Verdict | None:
    """The verdict on one draw of each of many images: its noise, looked at as if the images were draws."""
    case, z = drawn[-1]
    u = _noise(z, *case.arguments[:2]).transpose(0, 1)
    zeros = torch.zeros(u.shape[1:], dtype=u.dtype)
    message = next(filter(None, (look(u, zeros, zeros) for look in (_noiseless, _place, _spread, _shape))), None)
    if message is None and _repeats(u.abs()) > 0.03:
        message = "Images or directions share their noise, or mirror it. Each number needs an eps of its own."
    message = message or _together(u)
    return None if message is None else Verdict(False, f"With samples = 1, over many images: {message}", _example(case))


def _noise(z: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """u, the eps that would have given these draws, (samples, batch, latent_dim), in float64."""
    z, mu, logvar = z.double(), mu.double(), logvar.double()
    return (z - mu) * (-0.5 * logvar).exp()


def _standardised(u: Tensor) -> str | None:
    """A mean of exactly 0 or a spread of exactly 1, along any axes. Noise of one size has both, and is told so later."""
    if torch.allclose(u.abs(), u.abs().amax()):
        return None
    for axes in (each for n in (1, 2, 3) for each in combinations(range(3), n)):
        if (u.mean(dim=axes).abs() < 1e-6).all():
            return (
                "Your eps has a mean of exactly 0 over its draws, images or directions. Real draws miss it: was the mean subtracted, or do"
                " they come in mirrored pairs?"
            )
        spreads = u.std(dim=axes), u.std(dim=axes, correction=0), u.square().mean(dim=axes).sqrt()
        if any(((spread - 1).abs() < 1e-6).all() for spread in spreads):
            return (
                "Your eps has a spread of exactly 1 over its draws, images or directions. Real draws miss it; was eps standardised?"
            )
    return None


def _noiseless(z: Tensor, mu: Tensor, logvar: Tensor) -> str | None:
    if z.std(dim=0).amax() < 1e-9:
        return "All draws of an image are the same one, repeated. Each draw needs an eps of its own."
    if len((_noise(z, mu, logvar) * 1e6).round().unique()) < 100:
        return "Your noise has a few different values only. Standard normal noise is asked for."
    return None


def _place(z: Tensor, mu: Tensor, logvar: Tensor) -> str | None:
    sigma = (0.5 * logvar).exp()
    error = 6 * z.std(dim=0) / len(z) ** 0.5 + 1e-6 * (1 + mu.abs())
    places = {
        "Your draws lie around one place for the whole batch. Each image has a mu of its own: was it averaged, or did rows change"
        " places?": mu.mean(dim=0).expand_as(mu),
        "Your draws lie around 0: mu is missing.": torch.zeros_like(mu),
        "mu was stretched too. The noise is stretched first, and then moved.": mu * sigma,
        "Your draws lie off to one side of mu: noise of torch.rand has a mean of its own. Standard normal noise is asked for.": (
            mu + 0.5 * sigma
        ),
    }
    if ((z.mean(dim=0) - mu).abs() < error).all():
        return None
    for message, place in places.items():
        if ((z.mean(dim=0) - place).abs() < error).all():
            return message
    return "Your draws do not lie around mu: their mean over many draws is somewhere else."


SPREADS: dict[str, Callable] = {
    "Your draws have the variance for their spread. logvar is the logarithm of sigma squared, and the spread is sigma.": torch.exp,
    "You took logvar itself for the spread. It is a logarithm: 0 means a spread of 1, and not none.": torch.abs,
    "Your logvar was doubled on its way to sigma. What does a square root do to a logarithm?": lambda v: (2 * v).exp(),
    "logvar was halved twice on its way to sigma.": lambda v: (0.25 * v).exp(),
    "Your draws have a spread of 1 for every image: the eps was moved and not stretched.": torch.ones_like,
    "Softplus made the spread positive, and another one. This head says logvar.": F.softplus,
    "One sigma serves the whole batch. Each image has its own.": lambda v: (0.5 * v).exp().mean(dim=0).expand_as(v),
    "One sigma serves all directions of an image. Each direction has its own.": lambda v: (
        (0.5 * v).exp().mean(dim=1, keepdim=True).expand_as(v)
    ),
    "The sign of logvar is turned: what should be wide is narrow.": lambda v: (-0.5 * v).exp(),
}


def _spread(z: Tensor, mu: Tensor, logvar: Tensor) -> str | None:
    factor = z.std(dim=0) / (0.5 * logvar).exp()
    if ((factor - 1).abs() < 0.06).all():
        return None
    for message, wrong in SPREADS.items():
        if ((z.std(dim=0) / wrong(logvar) - 1).abs() < 0.06).all():
            return message
    right = (factor - 1).abs() < 0.06
    if right.any() and (factor[~right] > 1).all() and logvar[right].min() > logvar[~right].max():
        return "The small spreads come out too large, and the others are right. Does a clamp or a small number keep sigma off 0?"
    if right.any() and (factor[~right] < 1).all() and logvar[right].max() < logvar[~right].min():
        return "The large spreads come out too small, and the others are right. Is something clamped?"
    if right.any() and (factor[~right & (logvar < 0)] > 1).all() and (factor[~right & (logvar > 0)] < 1).all():
        return (
            "Spreads in the middle are right, small ones come out too large and large ones too small. Is logvar or sigma clamped?"
        )
    if ((factor / factor.mean() - 1).abs() < 0.06).all():
        size = "small" if factor.mean() < 1 else "large"
        return f"All your spreads are too {size}, by one and the same factor: was the noise scaled or clipped?"
    return "Place right, spread wrong: the standard deviation over the draws is not what logvar says."


USED_AGAIN = "Some of your noise is used more than once. Each number of the result needs an eps of its own."


def _ties(z: Tensor, mu: Tensor, logvar: Tensor) -> str | None:
    """Noise that is used again, as it is or with its sign turned. Of independent draws less than 1 % fall together."""
    u = (z - mu) / z.std(dim=0)  # whatever sigma they were stretched by
    if _repeats(u.abs()) < 0.03:
        return None
    if u.shape[1] > 1 and _share_alike(u[:, 0].abs(), u[:, 1].abs()) > 0.5:
        return "The images move together: one roll of the dice serves the whole batch. Each image needs an eps of its own."
    if u.shape[2] > 1 and _share_alike(u[..., 0].abs(), u[..., 1].abs()) > 0.5:
        return "The directions of a code move together: one eps serves them all, so z lies on a line. Each direction needs its own."
    if _repeats(u) > 0.03:
        return USED_AGAIN
    return "Your draws come in pairs that mirror each other about mu. They are not independent of each other."


def _used_again(z: Tensor, mu: Tensor, logvar: Tensor) -> str | None:
    """As `_ties`, for numbers that came back at other images or directions; sigma is right here."""
    return USED_AGAIN if _repeats(_noise(z, mu, logvar).abs()) > 0.03 else None


def _repeats(u: Tensor) -> float:
    """The share of numbers that are there already, those at a limit left out."""
    u = u[u.abs() < u.abs().amax(dim=0) * (1 - 1e-5)]
    return 1 - len((u * 1e8).round().unique()) / max(u.numel(), 1)


def _bounded(z: Tensor, mu: Tensor, logvar: Tensor) -> str | None:
    """Beyond the limit 20 draws are expected, and three do not tie for the largest."""
    size = _noise(z, mu, logvar).abs().flatten()
    limit = -torch.special.ndtri(torch.tensor(10 / len(size), dtype=torch.float64))
    if size.amax() < limit or (size > size.amax() * (1 - 1e-5)).sum() > 2:
        return "No draw lies far out: the noise ends at a limit. Was it clipped, or does it come from a distribution with ends?"
    return None


NO_GAUSSIAN = "Place and spread are right, and yet it is no Gaussian. Where does your noise come from?"


def _shape(z: Tensor, mu: Tensor, logvar: Tensor) -> str | None:
    """The mean fourth power of a standard normal number is 3, and its distribution function is known."""
    u = _noise(z, mu, logvar).flatten().sort().values
    share = torch.arange(1, len(u) + 1, dtype=u.dtype) / len(u)
    gap = (torch.special.ndtr(u) - share).abs().amax()
    fourth = u.pow(4).mean()
    if gap > 3 / len(u) ** 0.5 or (fourth - 3).abs() > 80 / len(u) ** 0.5:
        return NO_GAUSSIAN
    return None


def _peaked(u: Tensor) -> str | None:
    """The fourth power over the squared variance, of all draws together: five standard errors off 3."""
    ratio = u.pow(4).mean() / u.square().mean() ** 2
    return NO_GAUSSIAN if (ratio - 3).abs() > 5 * (24 / len(u)) ** 0.5 else None


def _independence(z: Tensor, mu: Tensor, logvar: Tensor) -> str | None:
    return _together(_noise(z, mu, logvar))


def _together(u: Tensor) -> str | None:
    """Correlations of 0.1 and more, six standard errors, of images, of directions, or of one draw with the next."""
    for i, a in enumerate(_columns(u)):
        for j, b in enumerate(_columns(u)):
            if i < j and (a[1] * b[1]).mean().abs() > 0.1:
                what = "directions of a code" if a[0][0] == b[0][0] else "images"
                return f"The {what} move together: they share a part of their noise. Each number needs an eps of its own."
    for step in (1, 2, len(u) // 2):
        if (u[step:] * u[:-step]).mean(dim=0).abs().amax() > 0.1:
            return "A draw depends on the draws before it. Each needs an eps of its own."
    return None


def _columns(u: Tensor) -> Iterator[tuple[tuple[int, int], Tensor]]:
    """((image, direction), its draws)."""
    for image in range(u.shape[1]):
        for direction in range(u.shape[2]):
            yield (image, direction), u[:, image, direction]


LOOKS: tuple[Look, ...] = (_noiseless, _ties, _place, _spread, _used_again, _independence, _bounded, _shape)


def _paths(answer: Callable, drawn: list[tuple[Case, Tensor]]) -> Verdict | None:
    """The verdict on the gradients at mu and logvar; None when they are right in all of these cases."""
    for case, z in drawn:
        message = _path(answer, case, z)
        if message:
            return Verdict(False, message, _example(case, "with mu and logvar wanting a gradient"))
    return None


def _path(answer: Callable, case: Case, z: Tensor) -> str | None:
    mu, logvar, samples, generator = case.arguments
    weights = torch.linspace(0.5, 1.5, z.numel(), dtype=z.dtype).reshape(z.shape)
    heads: list[Tensor] = []

    def led_back(mu: Tensor, logvar: Tensor, samples: int, generator: torch.Generator) -> tuple[Tensor | None, ...]:
        heads[:] = mu, logvar
        drawn = answer(mu, logvar, samples, generator)
        return torch.autograd.grad((weights * drawn).sum(), heads, allow_unused=True) if drawn.requires_grad else (None, None)

    wanting = (mu.clone().requires_grad_(), logvar.clone().requires_grad_(), samples, generator)
    with torch.enable_grad():
        called = run(led_back, wanting)
    if called.raised is not None:
        return "With a gradient wanted at mu and logvar, draws raises an error. Does a step work in place?"
    deaf = [name for name, grad in zip(PARAMETERS, called.value, strict=False) if grad is None or not grad.any()]
    if deaf:
        who = f"{deaf[0]} hears nothing" if len(deaf) == 1 else "neither head hears anything"
        return f"The draws are right, and {who} of them: the gradient there is none, or 0. Where does the path back end?"
    at_mu, at_logvar = called.value
    if not torch.allclose(at_mu, weights.sum(dim=0), rtol=1e-4):
        return "The draws are right, the gradient at mu is not. How far does z move when mu moves by 1?"
    if not torch.allclose(at_logvar, (weights * (z - mu) / 2).sum(dim=0), rtol=1e-4, atol=1e-6):
        return "The draws are right, the gradient at logvar is not: it does not belong to the sigma and the eps that were drawn."
    return None
