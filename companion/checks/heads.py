"""The check of an encoder with two heads, written as a module: what it gives, what it is made of, and what its gradients reach.

The encoder may live in another process (a grader's stand-in): it is called, its parts are asked for by name, and its parameters are
leaves with gradients. Nothing here lists its submodules or looks at their classes.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from companion.checks.calling import ESCAPES, not_given, run, trouble
from companion.checks.cases import normals, seeded, uniform, whole
from companion.checks.values import Near, near, plain
from companion.checks.verdict import Verdict, kind, told

NAME = "GaussianEncoder"
PARTS = ("body", "mu_head", "logvar_head")
WIDE = 300  # what images are multiplied by to see a bend or a clamp that small answers do not reach


class _Case(NamedTuple):
    """An encoder under judgement. x: (n, pixels), in its own dtype."""

    net: Any  # a module of the learner's, or the stand-in for one
    sizes: tuple[int, int, int]
    x: Tensor
    about: str

    def fault(self, message: str, *lines: str) -> Verdict:
        pixels, hidden, latent_dim = self.sizes
        made = f"net = {NAME}(pixels={pixels}, hidden={hidden}, latent_dim={latent_dim})  # {self.about}"
        return Verdict(False, message, "\n".join((made, *lines)))


class _Reached(NamedTuple):
    """names: the parameters. by: what a gradient from mu, and one from logvar, reaches of them."""

    names: set[str]
    by: tuple[set[str], set[str]]


def check_gaussian_encoder(answer: Any, *, seed: int = 0) -> Verdict:
    """Judge a class ``answer(pixels, hidden, latent_dim)``: a module that gives mu and logvar, each (batch, latent_dim), of images.

    Its parts are `body`, pixels to hidden with a bend, and `mu_head` and `logvar_head`, one linear layer each.
    """
    if isinstance(answer, nn.Module):
        return Verdict(False, f"{NAME} is an encoder already made. The class is asked for, which can make any number of them.")
    missing = not_given(answer, NAME, "class")
    if missing is not None:
        return missing
    for sizes, n, about in _sizes(seed):
        x = normals(n, sizes[0], generator=seeded(seed), dtype=torch.float32)
        net = _made(answer, sizes, about)
        found = net if isinstance(net, Verdict) else _judged(_Case(net, sizes, x, about))
        if found is not None:
            return found
    return Verdict(True, "Two heads on one body, each image with its own Gaussian, and gradients that reach what they should.")


def _sizes(seed: int) -> Iterator[tuple[tuple[int, int, int], int, str]]:
    """Sizes of encoders, how many images, and what is special about them."""
    generator = seeded(seed)
    for latent_dim, n, about in ((whole(2, 4, generator), 6, "several images"), (1, 5, "one latent")):
        pixels = whole(5, 9, generator)
        hidden = pixels + whole(8, 16, generator)  # wide, so that no body of ReLUs is dead by chance
        yield (pixels, hidden, latent_dim), n, about


def _made(answer: Callable, sizes: tuple[int, int, int], about: str) -> Any:
    """An encoder of these sizes, or the verdict on what came in its place."""
    called = run(answer, sizes)
    example = f"{NAME}(pixels={sizes[0]}, hidden={sizes[1]}, latent_dim={sizes[2]})  # {about}"
    if called.raised is not None:
        early = "__init__() call" in str(called.raised)
        hint = " Does `super().__init__()` stand first in `__init__`?" if early else ""
        return Verdict(False, f"An encoder cannot be made: an error was raised.{hint}", f"{example}\nraised {told(called.raised)}")
    if not isinstance(called.value, nn.Module):
        return Verdict(False, f"{NAME}(...) should make an nn.Module; it gave {kind(called.value)}.", example)
    return called.value


def _judged(case: _Case) -> Verdict | None:
    """The first thing that is wrong; None where nothing is."""
    with torch.no_grad():
        run(case.net, (case.x,))  # a lazy layer has no weights before
    dtypes = [each.dtype for each in dict(case.net.named_parameters()).values()]
    if dtypes:
        case = case._replace(x=case.x.to(dtypes[0]))
    for step in (_given, _alone, _parts, _composed, _large, _linear, _bent, _trained, _double):
        with torch.set_grad_enabled(step is _trained):
            found = step(case)
        if found is not None:
            return found
    return None


def _answer(case: _Case, x: Tensor) -> Any:
    """mu and logvar of images, or the verdict on a call that gave nothing to compare."""
    called = run(case.net, (x,))
    if isinstance(called.value, list):  # as good as a tuple, also where each part is a single number
        called = called._replace(value=tuple(called.value))
    found = trouble(called, f"net(x) with x of shape {tuple(x.shape)}", "Your encoder")
    return plain(called.value) if found is None else found


def _given(case: _Case) -> Verdict | None:
    """Whether two tensors of the right shape come, and the same ones twice."""
    given, again = _answer(case, case.x), _answer(case, case.x)
    if isinstance(given, Verdict):
        return given if given.right is None else case.fault(f"{given.message}{_why(case)}", given.example)
    n, latent_dim = len(case.x), case.sizes[2]
    if isinstance(given, Tensor):
        message = "Your encoder returns one tensor. Two are asked for, mu and logvar, in this order."
        return case.fault(message, f"net(x) gave a tensor of shape {tuple(given.shape)}")
    if len(given) != 2:
        return case.fault(f"Your encoder returns {len(given)} values. Two are asked for, mu and logvar, in this order.")
    for name, each in zip(("mu", "logvar"), given, strict=True):
        shape = tuple(getattr(each, "shape", ()))
        if shape != (n, latent_dim):
            shared = shape in ((latent_dim,), (1, latent_dim))
            message = (
                f"{name} is one for the whole batch. Each image has its own."
                if shared
                else f"{name} has the wrong shape. It is (batch, latent_dim), for any sizes."
            )
            return case.fault(message, f"{name} has shape {shape} for x of shape {tuple(case.x.shape)}")
    if near(again, given, single=True) is not Near.SAME:
        return case.fault(
            "The same images get another answer the second time. Nothing is drawn in an encoder, and no layer made anew."
        )
    return None


def _why(case: _Case) -> str:
    """What an encoder lacks that raises at its first images, as a question; nothing where that does not show."""
    raised = run(case.net, (case.x,)).raised
    if isinstance(raised, NotImplementedError):
        return " Does it have a method that is called `forward`?"
    if isinstance(raised, RuntimeError) and "shapes cannot be multiplied" in str(raised):
        return (
            " Two layers do not fit, or the first not to the images: are all of them made with `pixels`, `hidden` and `latent_dim`?"
        )
    return ""


def _alone(case: _Case) -> Verdict | None:
    """Whether an image gets the same answer alone as among others."""
    together, alone = _answer(case, case.x), _answer(case, case.x[1:2])
    if isinstance(alone, Verdict):
        return case.fault("Your encoder fails for a single image. Does something in it ask for more than one?", alone.example)
    one = tuple(each[1:2] for each in together)
    if not isinstance(alone, tuple) or [getattr(each, "shape", ()) for each in alone] != [each.shape for each in one]:
        return case.fault("Of a single image your encoder gives another shape. It is (1, latent_dim) then, also for one latent.")
    if near(alone, one, single=True) is not Near.SAME:
        return case.fault("What your encoder says of an image depends on the other images of the batch. Each has its own Gaussian.")
    return None


def _part(net: nn.Module, name: str) -> Any:
    try:
        return getattr(net, name, None)
    except ESCAPES:
        return None


def _parts(case: _Case) -> Verdict | None:
    """Whether the three parts are there, and fit to each other."""
    parts = {name: _part(case.net, name) for name in PARTS}
    missing = [name for name, part in parts.items() if not callable(part)]
    if missing:
        return case.fault(f"There is no layer at `net.{missing[0]}`. The three parts are called body, mu_head and logvar_head.")
    features = run(parts["body"], (case.x,))
    if features.raised is not None or not isinstance(features.value, Tensor):
        return case.fault("`net.body` does not take the images.", f"net.body(x): {_said(features.raised)}")
    if tuple(features.value.shape) != (len(case.x), case.sizes[1]):
        message = "`net.body` should give `hidden` numbers for each image."
        return case.fault(message, f"net.body(x) has shape {tuple(features.value.shape)}")
    for name in PARTS[1:]:
        called = run(parts[name], (features.value,))
        if called.raised is not None or not isinstance(called.value, Tensor) or len(called.value) != len(case.x):
            message = f"`net.{name}` does not take the features: a head stands on what the body gives, not on the images."
            return case.fault(message, f"net.{name}(net.body(x)): {_said(called.raised)}")
    return None


def _said(raised: BaseException | None) -> str:
    return "gave no tensor of the right size" if raised is None else f"raised {told(raised)}"


BEHIND: dict[str, Callable] = {  # what people put behind a head
    "a relu cuts off what is below 0": torch.relu,
    "a tanh keeps it between -1 and 1": torch.tanh,
    "a sigmoid keeps it between 0 and 1": torch.sigmoid,
    "a softplus keeps it above 0": nn.functional.softplus,
    "an exponential makes it a variance": torch.exp,
    "an exponential makes it a sigma": lambda head: (head / 2).exp(),
    "an exponential makes it a sigma, of a head that says log sigma": lambda head: (2 * head).exp(),
    "it is halved, which makes a log sigma of a logvar": lambda head: head / 2,
    "it is doubled": lambda head: 2 * head,
    "a logarithm of a softplus stands behind it": lambda head: nn.functional.softplus(head).log(),
    "a softmax makes its numbers sum to 1": lambda head: head.softmax(dim=1),
}


def _composed(case: _Case) -> Verdict | None:
    """Whether mu is what mu_head says of the body's features, and logvar what logvar_head does, however large they are."""
    for x in (case.x, WIDE * case.x):
        given = _answer(case, x)
        if isinstance(given, Verdict):
            return case.fault("Your encoder fails where the images hold large numbers.", given.example)
        features = case.net.body(x)
        heads = case.net.mu_head(features), case.net.logvar_head(features)
        if near(given, heads, single=True) is not Near.SAME:
            return case.fault(_uncomposed(given, heads, x is case.x))
        if near(heads[0], heads[1], single=True) is not Near.WRONG:
            return case.fault(
                "mu and logvar are the same numbers: one layer answers for both. There are two heads, each with its own."
            )
    return None


def _owned(case: _Case) -> dict[str, set[str]]:
    """Which parameters each part is made of: those that change what it gives. A layer may have a second name, outside of its part."""
    features = case.net.body(case.x)

    def given() -> list[Any]:
        return [run(getattr(case.net, part), (case.x if part == "body" else features,)).value for part in PARTS]

    before, owned = given(), {part: set[str]() for part in PARTS}
    for name, leaf in dict(case.net.named_parameters()).items():
        kept = leaf.detach().clone()
        leaf.add_(1)
        for part, was, now in zip(PARTS, before, given(), strict=True):
            if not isinstance(now, Tensor) or not torch.equal(was, now):
                owned[part].add(name)
        leaf.copy_(kept)
    return owned


def _large(case: _Case) -> Verdict | None:
    """Whether the heads have weights of their own, and mu and logvar are what they say where that is large, also on a bounded body."""
    owned = _owned(case)
    if owned["mu_head"] & owned["logvar_head"]:
        return case.fault("`net.mu_head` and `net.logvar_head` share a weight. There are two heads, each with its own.")
    leaves = dict(case.net.named_parameters())
    kept = {name: leaves[name].detach().clone() for name in owned["mu_head"] | owned["logvar_head"]}
    for name in kept:
        leaves[name].mul_(WIDE)
    given, features = _answer(case, case.x), case.net.body(case.x)
    heads = case.net.mu_head(features), case.net.logvar_head(features)
    for name, weight in kept.items():
        leaves[name].copy_(weight)
    if isinstance(given, Verdict):
        return case.fault("Your encoder fails where the weights of the heads are large.", given.example)
    return None if near(given, heads, single=True) is Near.SAME else case.fault(_uncomposed(given, heads, False))


def _uncomposed(given: tuple, heads: tuple, small: bool) -> str:
    """In what an answer is not what the heads say."""
    if near(given, heads[::-1], single=True) is not Near.WRONG:
        return "mu and logvar have changed places, in what your encoder returns or in which head says which."
    for name, got, head, other in zip(("mu", "logvar"), given, heads, heads[::-1], strict=True):
        if near(got, head, single=True) is not Near.WRONG:
            continue
        if near(got, other, single=True) is not Near.WRONG:
            return f"{name} is what the other head says: the same one answers twice."
        for what, behind in BEHIND.items():
            if near(got, behind(head), single=True) is not Near.WRONG:
                return f"{name} is not what its head says: {what}. The head's answer is asked for as it is."
        if not small:
            return f"{name} is what its head says while that is small, and is cut off where it is large. It may be any number."
        return (
            f"{name} is not what `net.{name}_head` says of `net.body(x)`. Whatever stands between the images and the heads belongs into the "
            "body, and nothing stands behind a head."
        )
    return "The heads' answers are not what your encoder returns."


def _linear(case: _Case) -> Verdict | None:
    """Whether each head is one linear layer: then it takes a sum of features to the sum of its answers."""
    first, second = (50 * normals(20, case.sizes[1], generator=seeded(i)).to(case.x.dtype) for i in (1, 2))
    for name in PARTS[1:]:
        head = getattr(case.net, name)
        together = head(first + second) + head(torch.zeros_like(first))
        if near(together, head(first) + head(second), scale=1000, single=True) is Near.WRONG:
            return case.fault(
                f"`net.{name}` bends or cuts off. One linear layer is asked for, so that its answer may be any number."
            )
    return None


def _bent(case: _Case) -> Verdict | None:
    """Whether the body bends for images, which are never below 0: if not, it is one linear layer under the heads."""
    first, second = (3 * uniform(0, 1, 20, case.sizes[0], generator=seeded(i)).to(case.x.dtype) for i in (1, 2))
    body = case.net.body
    if near(body(first + second) + body(torch.zeros_like(first)), body(first) + body(second), single=True) is not Near.WRONG:
        return case.fault(
            "Nothing bends in your body: a linear layer under a linear head is one linear layer. It needs an activation behind a layer."
        )
    return None


def _reached(case: _Case) -> _Reached:
    """What gradients from mu alone and from logvar alone reach."""
    x = 3 * normals(40, case.sizes[0], generator=seeded(0)).to(case.x.dtype)
    by: list[Any] = []
    for i in range(2):
        called = run(case.net, (x,))
        leaves = dict(case.net.named_parameters())
        for leaf in leaves.values():
            leaf.grad = None
        try:
            called.value[i].square().sum().backward()
        except RuntimeError:  # nothing in it wants a gradient
            by.append(set())
            continue
        by.append({name for name, leaf in leaves.items() if leaf.grad is not None and bool(leaf.grad.any())})
    return _Reached(set(leaves), (by[0], by[1]))


def _trained(case: _Case) -> Verdict | None:
    """Whether an optimizer finds all parts, and both answers train the body and their own head."""
    with torch.no_grad():
        owned = _owned(case)
    reached = _reached(case)
    for part in PARTS:
        if not owned[part]:
            message = (
                f"The weights of `net.{part}` are not among the encoder's parameters, so no optimizer would train them. A plain list, a "
                "function or a tensor hides them; nn.Sequential and nn.Linear do not."
            )
            return case.fault(message, f"net.named_parameters() has {', '.join(sorted(reached.names)) or 'none'}")
    for answer, head, found in zip(("mu", "logvar"), PARTS[1:], reached.by, strict=True):
        for part in (head, "body"):
            if not owned[part] & found:
                why = (
                    f"The weights of `net.{head}` are all 0, and what comes back is multiplied by them."
                    if part == "body" and _says_nothing(case, head)
                    else "Did a `.detach()`, `.data` or `no_grad` cut it off, or is a weight frozen?"
                )
                message = f"No gradient of {answer} reaches `net.{part}`. {why}"
                return case.fault(message, f"{answer}.square().sum().backward() reaches {', '.join(sorted(found)) or 'nothing'}")
    return None


def _says_nothing(case: _Case, head: str) -> bool:
    """Whether a head says the same of all features."""
    with torch.no_grad():
        said = getattr(case.net, head)(case.net.body(case.x))
    return torch.equal(said, said[:1].expand_as(said))


def _double(case: _Case) -> Verdict | None:
    """Whether an encoder that is made double gives float64."""
    case.net.double()
    given = _answer(case, case.x.double())
    if isinstance(given, Verdict):
        return case.fault("After `net.double()` your encoder fails for images in float64.", given.example)
    if any(each.dtype != torch.float64 for each in given):
        return case.fault(
            "After `net.double()` and for images in float64, your encoder should answer in float64. Where is it cast?"
        )
    return None
