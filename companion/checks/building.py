"""Checks for what is built and trained: an autoencoder as a module, and the step that trains one.

A grader holds a learner's class and its models in another process. So a module is judged by what it gives, after known numbers were
written into its parameters, and a training step by the losses and weights that a whole run gives back.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from companion import losses, models
from companion.checks.calling import not_given, run
from companion.checks.cases import Case, normals, seeded, uniform, whole
from companion.checks.comparing import compare
from companion.checks.values import Near, near
from companion.checks.verdict import PENDING, Verdict, error_name, kind, told

TIED = "TiedAutoencoder"


class Sizes(NamedTuple):
    """Of an autoencoder with one hidden layer on each side."""

    pixels: int
    hidden: int
    latent_dim: int


class Weights(NamedTuple):
    """The six parameters of a tied autoencoder. inner_bias serves both hidden layers: which of the two is which cannot be told from outside."""

    first: Tensor  # (hidden, pixels)
    second: Tensor  # (latent_dim, hidden)
    inner_bias: Tensor  # (hidden,)
    code_bias: Tensor  # (latent_dim,)
    pixel_bias: Tensor  # (pixels,)


def check_tied_autoencoder(answer: Any, *, seed: int = 0) -> Verdict:
    """Judge a class ``answer(pixels, hidden, latent_dim, generator=...)``: an `nn.Module` whose decoder has the encoder's weights."""
    missing = not_given(answer, TIED, "class")
    if missing is not None:
        return missing
    sizes = _tied_sizes(seed)
    called = run(lambda: _faults(answer, sizes), ())
    if called.raised is not None:
        message = f"Making a {TIED} raised {error_name(called.raised)}.{_hint(answer, sizes[0], called.raised)}"
        return Verdict(False, message, f"{_shown(sizes[0])} raised {told(called.raised)}")
    return _judge_values(answer, seed) if called.value is None else called.value


def _hint(answer: Callable, sizes: Sizes, error: BaseException) -> str:
    """What may have made a module raise an error."""
    if isinstance(error, NotImplementedError):
        return " Does the class define `forward`?"
    if isinstance(error, AttributeError):
        return " Does the class define `encode`, `decode` and `forward`, and does `__init__` make all that they use?"
    x = torch.full((2, sizes.pixels), 0.5)
    if isinstance(error, RuntimeError) and run(lambda: answer(*sizes, generator=seeded(0))(x), ()).raised is None:
        return (
            " In float32 it can be called. `double()` reaches parameters, and not a plain tensor that is kept beside them: is a bias, or "
            "a transposed weight, one?"
        )
    return ""


def _tied_sizes(seed: int) -> list[Sizes]:
    """Two sizes, each of three different numbers, so that a parameter's shape says which it is."""
    generator = seeded(seed)
    return [Sizes(3, 2, 1), Sizes(whole(6, 8, generator), whole(4, 5, generator), whole(2, 3, generator))]


def _shown(sizes: Sizes) -> str:
    return f"{TIED}({sizes.pixels}, {sizes.hidden}, {sizes.latent_dim}, generator=generator)"


def _made(answer: Callable, sizes: Sizes, seed: int = 0) -> Any:
    """A model of the learner's class, in float64 whatever it was made in."""
    return answer(*sizes, generator=seeded(seed)).double()


def _faults(answer: Callable, sizes: list[Sizes]) -> Verdict | None:
    """What is wrong with the module before its values are looked at; None when nothing is."""
    for each in sizes:
        model: Any = answer(*each, generator=seeded(0))
        if not isinstance(model, nn.Module):
            return Verdict(False, f"{TIED} should be an `nn.Module`: `class {TIED}(nn.Module)`.")
        model = model.double()
        x = torch.full((2, each.pixels), 0.5, dtype=torch.float64)
        z = torch.full((2, each.latent_dim), 0.5, dtype=torch.float64)
        calls = {"encode": ("model.encode(x)", model.encode, x), "decode": ("model.decode(z)", model.decode, z)}
        given = {}
        for name, (shown, method, argument) in (calls | {"forward": ("model(x)", model, x)}).items():
            called = run(method, (argument,))
            if called.raised is not None:
                example = f"model = {_shown(each)}\n{shown} raised {told(called.raised)}"
                message = f"Calling a {TIED} raised {error_name(called.raised)}.{_hint(answer, each, called.raised)}"
                return Verdict(False, message, example)
            given[name] = called.value
        if all(value is None for value in given.values()):
            return Verdict(None, PENDING)
        for fault in (
            _return_fault(given),
            _parameter_fault(dict(model.named_parameters()), each),
            _start_fault(answer, each),
        ):
            if fault is not None:
                return fault
    return None


def _return_fault(given: dict[str, Any]) -> Verdict | None:
    """What is wrong with the kind of thing that the methods return: nothing, or more than one thing."""
    for name, value in given.items():
        if value is None:
            return Verdict(False, f"`{name}` returns nothing. `return` hands a value back; `print` only shows it.")
        if isinstance(value, (tuple, list, dict)):
            what = "codes" if name == "encode" else "logits"
            return Verdict(False, f"`{name}` returns {kind(value)}. It should return the {what} alone.")
    return None


def _wanted(sizes: Sizes) -> list[tuple[int, ...]]:
    """The shapes of the six parameters, with the smaller side of a weight first."""
    pixels, hidden, latent_dim = sizes
    shapes = [(hidden, pixels), (latent_dim, hidden), (hidden,), (hidden,), (latent_dim,), (pixels,)]
    return sorted(tuple(sorted(shape)) for shape in shapes)


def _parameter_fault(parameters: dict[str, Tensor], sizes: Sizes) -> Verdict | None:
    """What is wrong with the list of parameters: too many numbers, too few, others."""
    shapes = sorted(tuple(sorted(each.shape)) for each in parameters.values())
    if shapes == _wanted(sizes):
        return None
    listed = ", ".join(f"{name} {tuple(each.shape)}" for name, each in parameters.items()) or "none"
    example = f"{_shown(sizes)} has the parameters {listed}"
    weights = [each for each in shapes if len(each) == 2]
    if sorted(map(math.prod, shapes)) == sorted(map(math.prod, _wanted(sizes))):
        message = (
            "The six parameters have as many numbers as asked for, and not the axes: a weight has two, a bias one, as in (hidden,)."
        )
    elif len(weights) > 2:
        message = "`parameters()` lists more than two weights. The decoder of a tied autoencoder has no weight of its own."
    elif len(weights) < 2:
        message = (
            "`parameters()` lists fewer than two weights. An optimizer finds only an `nn.Parameter`, or a module, that is an attribute "
            "of the module: a tensor, or a Python list of layers, is not seen."
        )
    elif weights != [each for each in _wanted(sizes) if len(each) == 2]:
        message = "The two weights do not have the sizes that `pixels`, `hidden` and `latent_dim` ask for."
    elif len(shapes) < 6:
        message = "`parameters()` lists two weights and fewer than four biases. Each of the four layers has a bias of its own."
    elif len(shapes) > 6:
        message = "`parameters()` lists two weights and more than four biases. Each of the four layers has one, and no more."
    else:
        message = "`parameters()` lists two weights and four biases, but the biases do not have the sizes of the four layers."
    return Verdict(False, message, example)


def _start_fault(answer: Callable, sizes: Sizes) -> Verdict | None:
    """What is wrong with the starting weights: they come from the generator, and are not all the same."""

    def weights(seed: int) -> list[Tensor]:
        found = [each.detach().clone() for _, each in _made(answer, sizes, seed).named_parameters()]
        return [each for each in found if each.ndim == 2]

    first, again, other = weights(0), weights(0), weights(1)
    if any(each.numel() > 1 and bool((each == each.flatten()[0]).all()) for each in first):
        message = "All numbers of a starting weight are the same. Then all hidden numbers are the same, too, and stay so."
        return Verdict(False, message)
    if not all(map(torch.equal, first, again)):
        return Verdict(False, "Two generators with the same seed give different starting weights: draw them from `generator`.")
    if any(map(torch.equal, first, other)):
        which = (
            "the same starting weights: draw them"
            if all(map(torch.equal, first, other))
            else "one of the two weights the same: draw both"
        )
        return Verdict(False, f"Generators with different seeds give {which} from `generator`.")
    if all(map(torch.equal, *_two_of_one_generator(answer, sizes))):
        message = (
            "Two models made with one generator start the same: its seed was read, or the generator was set back or copied, and nothing "
            "was drawn from it."
        )
        return Verdict(False, message)
    return None


def _two_of_one_generator(answer: Callable, sizes: Sizes) -> list[list[Tensor]]:
    """The starting weights of two models that are made with one generator, one after the other."""

    def made(generator: torch.Generator) -> list[Tensor]:
        found = [each.detach().clone() for _, each in answer(*sizes, generator=generator).named_parameters()]
        return [each for each in found if each.ndim == 2]

    generator = seeded(0)
    return [made(generator), made(generator)]


def _judge_values(answer: Callable, seed: int) -> Verdict:
    """The verdict on codes, logits and the gradients of the weights."""
    praise = "Codes, logits and gradients are those of a tied autoencoder. Its list of parameters is half as long."
    verdict = compare(
        lambda x, z, *weights: _by_learner(answer, x, z, Weights(*weights)),
        _by_reference,
        _tied_cases(seed),
        slips=TIED_SLIPS,
        gradient=("x", "z"),
        gradient_slips={"The values are right, and no gradient goes from the logits back through the code: was it detached?": _cut},
        name="model",
        praise=praise,
        parts=("`encode(x)`", "`decode(z)`", "`model(x)`"),
    )
    if verdict.right is False:
        return _explained(answer, seed, verdict)
    return verdict if verdict.right is not True else _judge_weights(answer, seed, verdict)


def _explained(answer: Callable, seed: int, verdict: Verdict) -> Verdict:
    """A verdict on values that are not right, with the cause where one can be told: a parameter that nothing uses, an error."""
    x, z, *weights = _tied_cases(seed)[-1].arguments
    called = run(lambda: _unused(_with_weights(answer, Weights(*weights)), x, z), ())
    if called.raised is not None:
        return Verdict(False, verdict.message + _hint(answer, _tied_sizes(seed)[0], called.raised), verdict.example)
    if called.value:
        return Verdict(False, "One of the six parameters changes nothing: it is listed, and nothing uses it.", verdict.example)
    return verdict


def _unused(model: Any, x: Tensor, z: Tensor) -> bool:
    """Say whether one of a model's parameters can be changed and all outputs stay."""

    def outputs() -> Tensor:
        return torch.cat([each.detach().flatten() for each in (model.encode(x), model.decode(z), model(x))])

    before = outputs()
    if not torch.equal(before, outputs()):
        return False  # they change by themselves
    for _, parameter in model.named_parameters():
        kept = parameter.detach().clone()
        with torch.no_grad():
            parameter.add_(1)
        if torch.equal(before, outputs()):
            return True
        with torch.no_grad():
            parameter.copy_(kept)
    return False


def _tied_cases(seed: int) -> list[Case]:
    """Images, codes and weights of two sizes, in batches of one and of several."""
    generator = seeded(seed)
    cases = []
    for sizes, n in zip(_tied_sizes(seed), (1, whole(2, 4, generator)), strict=True):
        weights = _drawn_weights(sizes, generator)
        x = uniform(0.05, 0.95, n, sizes.pixels, generator=generator)
        z = 2 * normals(n, sizes.latent_dim, generator=generator)
        cases.append(Case((x, z, *weights), "one image" if n == 1 else "several images"))
    return cases


def _drawn_weights(sizes: Sizes, generator: torch.Generator) -> Weights:
    pixels, hidden, latent_dim = sizes
    shapes = [(hidden, pixels), (latent_dim, hidden), (hidden,), (latent_dim,), (pixels,)]
    return Weights(*(normals(*shape, generator=generator) for shape in shapes))


def _by_reference(
    x: Tensor, z: Tensor, first: Tensor, second: Tensor, inner_bias: Tensor, code_bias: Tensor, pixel_bias: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """encode(x), decode(z) and decode(encode(x))."""
    return _tied(x, z, Weights(first, second, inner_bias, code_bias, pixel_bias))


def _tied(
    x: Tensor,
    z: Tensor,
    weights: Weights,
    *,
    inward: Callable = F.silu,
    outward: Callable = F.silu,
    code: Callable = lambda z: z,
    last: Callable = lambda logits: logits,
) -> tuple[Tensor, Tensor, Tensor]:
    """A tied autoencoder, with what stands behind each of its four layers."""

    def encode(x: Tensor) -> Tensor:
        return code(F.linear(inward(F.linear(x, weights.first, weights.inner_bias)), weights.second, weights.code_bias))

    def decode(z: Tensor) -> Tensor:
        hidden = outward(F.linear(z, weights.second.T, weights.inner_bias))
        return last(F.linear(hidden, weights.first.T, weights.pixel_bias))

    return encode(x), decode(z), decode(encode(x))


def _variant(**options: Callable) -> Callable:
    return lambda x, z, *weights: _tied(x, z, Weights(*weights), **options)


def _cut(x: Tensor, z: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The outputs of a model that decodes a code without its history."""
    first, second, _ = _tied(x, z, Weights(*weights))
    return first, second, _tied(x, first.detach(), Weights(*weights))[1]


def _same_number(values: Tensor) -> Tensor:
    return values


TIED_SLIPS: dict[str, Callable] = {
    "`decode` returns grey values: there is a sigmoid behind its last layer. The losses of the course want logits.": _variant(
        last=torch.sigmoid
    ),
    "There is a SiLU behind the code. A code may be any number, also far below 0.": _variant(code=F.silu),
    "There is a SiLU behind the decoder's last layer. A logit may be any number, also far below 0.": _variant(last=F.silu),
    "There is a SiLU behind the last layer of the encoder, and of the decoder. It stands between two layers.": _variant(
        code=F.silu, last=F.silu
    ),
    "The SiLU between the decoder's two layers is missing.": _variant(outward=_same_number),
    "The SiLU between the encoder's two layers is missing.": _variant(inward=_same_number),
    "No SiLU stands between the layers: four linear layers in a row are one.": _variant(inward=_same_number, outward=_same_number),
    "You bend with a ReLU. The course's networks bend with a SiLU.": _variant(inward=F.relu, outward=F.relu),
    "You bend with a GELU. The course's networks bend with a SiLU.": _variant(inward=F.gelu, outward=F.gelu),
    "You bend with a tanh. The course's networks bend with a SiLU.": _variant(inward=torch.tanh, outward=torch.tanh),
    "You bend with a sigmoid. The course's networks bend with a SiLU.": _variant(inward=torch.sigmoid, outward=torch.sigmoid),
    "Calling the model gives the codes. It should decode them as well.": lambda x, z, *weights: (
        *_tied(x, z, Weights(*weights))[:2],
        _tied(x, z, Weights(*weights))[0],
    ),
    "Calling the model gives grey values. `forward` should return logits, as `decode` does.": lambda x, z, *weights: (
        *_tied(x, z, Weights(*weights))[:2],
        _tied(x, z, Weights(*weights))[2].sigmoid(),
    ),
}


def _by_learner(answer: Callable, x: Tensor, z: Tensor, weights: Weights) -> Any:
    """encode(x), decode(z) and model(x) of the learner's model, with these weights in it."""
    model = _with_weights(answer, weights)
    found = model.encode(x), model.decode(z), model(x)
    return None if all(each is None for each in found) else found


def _with_weights(answer: Callable, weights: Weights) -> Any:
    """A model of the learner's class with known numbers in its parameters, which their shapes tell apart."""
    model = _made(answer, Sizes(weights.first.shape[1], *weights.second.shape[::-1]))
    known = {tuple(each.shape): each for each in weights}
    known |= {tuple(each.T.shape): each.T for each in weights[:2]}
    with torch.no_grad():
        for _, parameter in model.named_parameters():
            parameter.copy_(known[tuple(parameter.shape)])
    return model


def _judge_weights(answer: Callable, seed: int, verdict: Verdict) -> Verdict:
    """The verdict on the gradients with respect to the six parameters."""
    case = _tied_cases(seed)[-1]
    x, z, weights = case.arguments[0], case.arguments[1], Weights(*(each.clone().requires_grad_() for each in case.arguments[2:]))
    wanted = torch.autograd.grad(_weighed(_tied(x, z, weights)), weights)
    right = {tuple(each.shape): each for each in wanted}
    right |= {tuple(each.T.shape): each.T for each in wanted[:2]}
    called = run(lambda: _gradients_of(answer, x, z, Weights(*(each.detach() for each in weights))), ())
    if called.raised is not None:
        return Verdict(False, "The values are right, and no gradient reaches the weights: was something detached on the way?")
    found: dict[str, tuple[tuple[int, ...], Tensor | None]] = called.value
    missing = [f"{name} {shape}" for name, (shape, each) in found.items() if each is None or not each.any()]
    inner = [each for shape, each in found.values() if shape == tuple(weights.inner_bias.shape) and each is not None]
    same = all(near(each, right[shape]) is not Near.WRONG for shape, each in found.values() if each is not None and len(shape) == 2)
    if missing:
        used = run(lambda: _unused(_with_weights(answer, Weights(*case.arguments[2:])), *case.arguments[:2]), ()).value is False
        why = (
            "the outputs change with it, so was it detached, or only its `.data` used?"
            if used
            else "it is listed, and nothing uses it."
        )
        message = f"The values are right, and one of the six parameters gets no gradient: {why}"
        return Verdict(False, message, f"in {_shown(_tied_sizes(seed)[-1])} no gradient reaches {', '.join(missing)}")
    if not same or near(torch.stack(inner).sum(dim=0), right[tuple(weights.inner_bias.shape)]) is Near.WRONG:
        message = (
            "The values are right, the gradient of a weight is not: a weight that is used twice learns from both uses. Did a `.data`, a "
            "`.detach()` or a copy cut one of them off?"
        )
        return Verdict(False, message)
    return verdict


def _weighed(outputs: tuple[Tensor, ...]) -> Tensor:
    """One number from several tensors, in which no two entries count the same."""
    flat = torch.cat([each.flatten() for each in outputs])
    return flat @ torch.linspace(0.5, 1.5, len(flat), dtype=flat.dtype)


def _gradients_of(answer: Callable, x: Tensor, z: Tensor, weights: Weights) -> dict[str, tuple[tuple[int, ...], Tensor | None]]:
    """The shape of each of the learner's parameters, and its gradient, by name."""
    model = _with_weights(answer, weights)
    total = _weighed((model.encode(x), model.decode(z), model(x)))
    parameters = dict(model.named_parameters())
    found = torch.autograd.grad(total, list(parameters.values()), allow_unused=True)
    return {name: (tuple(each.shape), gradient) for (name, each), gradient in zip(parameters.items(), found, strict=True)}


TOO_MANY = "train_in_parts raised MemoryError."


def check_train_in_parts(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(x, most, steps, lr, seed)``: losses (steps,) and weights of training on all of x, at most `most` images at once."""
    verdict = _judge_training(answer, seed)
    if not verdict.message.startswith(TOO_MANY):
        return verdict
    message = f"{TOO_MANY} More images than fit went through at once: `most` is how many images a part may have, not how many parts there are."
    return Verdict(False, message, verdict.example)


def _judge_training(answer: object, seed: int) -> Verdict:
    return compare(
        answer,
        _trained(_step),
        _training_cases(seed),
        slips=TRAINING_SLIPS,
        name="train_in_parts",
        praise="Losses and weights are those of a step on all images, and no more went through at once than fit.",
        parts=("The list of losses", "The row of weights"),
    )


def _training_cases(seed: int) -> list[Case]:
    """One image, a batch that fits, batches in parts of equal and of unequal size, and images with gradients that are large."""
    generator = seeded(seed)
    pixels, most, start = whole(4, 6, generator), whole(2, 3, generator), whole(0, 1000, generator)

    def images(n: int) -> Tensor:
        x = uniform(0.05, 0.95, n, pixels, generator=generator)
        x[0, 0], x[-1, -1] = 0, 1
        return x

    return [
        Case((images(1), most, 2, 0.2, start), "one image"),
        Case((images(most), most, 3, 0.2, start), "images that fit all at once"),
        Case((images(2 * most), most, 3, 0.2, start), "parts of one size"),
        # With one more image than most * most, as many parts as images fit at once are too few.
        Case((images(most * most + 1), most, 3, 0.2, start), "a last part that is smaller"),
        Case((_inked(most + 1, generator), most, 2, 0.01, start), "images of many pixels"),
    ]


def _inked(n: int, generator: torch.Generator) -> Tensor:
    """Images of many pixels, all nearly ink, so that the gradients of an untrained network are long."""
    return uniform(0.9, 1, n, 600, generator=generator)


def _trained(
    step: Callable,
    rule: Callable = torch.optim.SGD,
    *,
    parted: Callable = lambda x, most: x.split(most),
    counted: Callable = lambda n, most: n,
) -> Callable:
    """What `train_in_parts` gives with a step: ``step(model, optimizer, parts, n)`` returns the loss.

    rule: the optimizer. parted: into which parts images go. counted: by which number a sum over images is divided.
    """

    def train(x: Tensor, most: int, steps: int, lr: float, seed: int) -> tuple[Tensor, Tensor]:
        model = models.Autoencoder(2, hidden=(32,), pixels=x.shape[1], generator=seeded(seed))
        optimizer = rule(model.parameters(), lr=lr)
        costs = [float(step(model, optimizer, parted(x, most), counted(len(x), most))) for _ in range(steps)]
        return torch.tensor(costs, dtype=torch.float64), nn.utils.parameters_to_vector(model.parameters()).detach()

    return train


def _nll(model: nn.Module, part: Tensor) -> Tensor:
    return losses.bernoulli_nll(part, model(part))


def _step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    parts: tuple[Tensor, ...],
    n: int,
    *,
    each: Callable = _nll,
    share: Callable = lambda cost, parts, n: cost.sum() / n,
    zero: str = "first",
    step: str = "last",
    told: Callable | None = None,
    longest: float = math.inf,
) -> float:
    """A step over parts. zero, step: "first", "each", "last" or "never". told: what is given as the loss, from the parts' costs.

    longest: to which length gradients are cut.
    """
    costs = []
    if zero == "first":
        optimizer.zero_grad()
    if step == "first":
        optimizer.step()
    for part in parts:
        cost = each(model, part)
        if zero == "each":
            optimizer.zero_grad()
        share(cost, parts, n).backward()
        costs.append(cost.detach())
        if step == "each":
            optimizer.step()
    if zero == "last":
        optimizer.zero_grad()
    if step == "last":
        if longest < math.inf:
            nn.utils.clip_grad_norm_(model.parameters(), longest)
        optimizer.step()
    if not costs:
        return 0.0
    return float(torch.cat(costs).sum() / n if told is None else told(costs, n, model, parts))


def _with(**options: Any) -> Callable:
    return _trained(lambda *arguments: _step(*arguments, **options))


def _pixel_mean(model: nn.Module, part: Tensor) -> Tensor:
    return _nll(model, part) / part.shape[1]


def _squared(model: nn.Module, part: Tensor) -> Tensor:
    return ((part - model(part).sigmoid()) ** 2).sum(dim=1)


def _sigmoid_twice(model: nn.Module, part: Tensor) -> Tensor:
    return losses.bernoulli_nll(part, model(part).sigmoid())


def _stepping_before(model: nn.Module, optimizer: torch.optim.Optimizer, parts: tuple[Tensor, ...], n: int) -> float:
    """A step by the gradients of the step before, which are then thrown away and computed anew."""
    optimizer.step()
    optimizer.zero_grad()
    return _step(model, optimizer, parts, n, zero="never", step="never")


def _averaged(cost: Tensor, parts: tuple[Tensor, ...], n: int) -> Tensor:  # n is not used: that is the slip
    return cost.mean() / len(parts)


def _afterwards(costs: list[Tensor], n: int, model: nn.Module, parts: tuple[Tensor, ...]) -> Tensor:
    with torch.no_grad():
        return torch.cat([_nll(model, part) for part in parts]).sum() / n


TRAINING_SLIPS: dict[str, Callable] = {
    "Gradients of earlier steps are never set to zero, so each step goes by all of them together.": _with(zero="never"),
    "Your step goes by the last part alone: the gradients of the other parts are set to zero before it.": _with(zero="each"),
    "You take a step after each part. One step for all images is asked for.": _with(
        zero="each", step="each", share=lambda cost, parts, n: cost.mean()
    ),
    "You take a step after each part, by its share of the loss. One step for all images is asked for.": _with(
        zero="each", step="each"
    ),
    "You take a step after each part, by the gradients of all parts so far. One step for all images is asked for.": _with(
        step="each"
    ),
    "You give each part the same say. The last part may be smaller: what has to count the same, a part or an image?": _with(
        share=_averaged
    ),
    "You give each part the same say, in the gradients and in the loss. The last part may be smaller: what has to count the same?": _with(
        share=_averaged, told=lambda costs, n, model, parts: sum(each.mean() for each in costs) / len(costs)
    ),
    "You add up the means of the parts, so that two parts give a step twice as long. The mean over all images is asked for.": _with(
        share=lambda cost, parts, n: cost.mean()
    ),
    "You add up the means of the parts, in the gradients and in the loss. The mean over all images is asked for.": _with(
        share=lambda cost, parts, n: cost.mean(), told=lambda costs, n, model, parts: sum(each.mean() for each in costs)
    ),
    "Your step goes by the sum over the images. The loss is their mean.": _with(share=lambda cost, parts, n: cost.sum()),
    "You sum over the images, in the gradients and in the loss. The loss is their mean.": _with(
        share=lambda cost, parts, n: cost.sum(), told=lambda costs, n, model, parts: torch.cat(costs).sum()
    ),
    "The weights are still those from the start: no step is taken, or there is no gradient when it is.": _with(step="never"),
    "Each step goes by the gradients of the step before: it comes before `backward`.": _trained(_stepping_before),
    "You take the mean over the pixels too. The loss is summed over pixels, and `losses.bernoulli_nll` has done that.": _with(
        each=_pixel_mean
    ),
    "You train on a squared error. The loss of chapter 1 is the cross-entropy, `losses.bernoulli_nll`.": _with(each=_squared),
    "Sigmoid twice: `losses.bernoulli_nll` wants the logits that the model gives.": _with(each=_sigmoid_twice),
    "Only full parts count with you: a last part of fewer than `most` images is left out, and a single image is nothing at all.": _trained(
        _step, parted=lambda x, most: tuple(part for part in x.split(most) if len(part) == most)
    ),
    "Only the first part goes through the network, the same one in each step. A step is for all images.": _trained(
        _step, parted=lambda x, most: (x[:most],), counted=min
    ),
    "You divide by `most`, also where a part has fewer images, and there are more parts than one. The mean over all images is asked "
    "for.": _trained(_step, counted=lambda n, most: most),
    "Your gradients are cut to a length of 1. A step of plain SGD goes by the gradient as it is.": _with(longest=1.0),
    "Your steps are Adam's. The page's optimizer is plain SGD.": _trained(_step, torch.optim.Adam),
    "Your steps go uphill: the loss is to become smaller.": _with(share=lambda cost, parts, n: -cost.sum() / n),
    "The weights are right. As the loss you give that of the last part; the mean over all images is asked for.": _with(
        told=lambda costs, n, model, parts: costs[-1].mean()
    ),
    "The weights are right. As the loss you give the mean of the parts' means: a last part that is smaller counts too much in it.": _with(
        told=lambda costs, n, model, parts: sum(each.mean() for each in costs) / len(costs)
    ),
    "The weights are right. As the loss you give the sum of the parts' means; the mean over all images is asked for.": _with(
        told=lambda costs, n, model, parts: sum(each.mean() for each in costs)
    ),
    "The weights are right. As the loss you give the sum over the images; their mean is asked for.": _with(
        told=lambda costs, n, model, parts: torch.cat(costs).sum()
    ),
    "The weights are right. As the loss you give that of the last part, divided by the number of all images.": _with(
        told=lambda costs, n, model, parts: costs[-1].sum() / n
    ),
    "The weights are right. The loss is that after the step; the one before it is asked for.": _with(told=_afterwards),
}
