"""What every check is made of: a verdict, and the comparison that finds the name of a slip.

A check runs the learner's function on cases, compares what comes back with a reference, and, where it differs, with what the known
slips would have given on the same cases. The first slip that gives the learner's very values is named. No message holds a reference
value or its formula. The checks themselves are in the modules beside this one, by subject.
"""

import html
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch

RELATIVE, ABSOLUTE = 1e-6, 1e-9  # float64 answers differ by the order of their sums only
PENDING = "Not answered yet."


class Verdict(NamedTuple):
    """What a check says of an answer; true in a condition only when the answer is right.

    >>> bool(Verdict(True, "Right.")), bool(Verdict(None, "Not answered yet."))
    (True, False)
    """

    right: bool | None  # None: there is no answer yet
    message: str  # one or two sentences for the learner

    def __bool__(self) -> bool:
        return self.right is True

    def __repr__(self) -> str:
        return {True: "Right. ", False: "Not yet. ", None: ""}[self.right] + self.message

    def _repr_html_(self) -> str:
        kind = {True: "right", False: "wrong", None: "open"}[self.right]
        colour = {"right": "#1a7f37", "wrong": "#b35900", "open": "#6e7781"}[kind]
        lead = {"right": "<strong>Right.</strong> ", "wrong": "<strong>Not yet.</strong> ", "open": ""}[kind]
        style = f"border-left: 4px solid {colour}; padding: 0.4em 0.8em; margin: 0.3em 0"
        return f'<div class="verdict verdict-{kind}" style="{style}">{lead}{html.escape(self.message)}</div>'


def compare(
    answer: object, reference: Callable, cases: Sequence[tuple], *, slips: Mapping[str, Callable], name: str, praise: str
) -> Verdict:
    """Judge a function by what it gives on ``cases``.

    Args:
        answer: the learner's function. None, or a function that returns None, is an answer not given yet.
        reference: the right function.
        cases: argument tuples; a generator among them is copied for every call, so that each side draws the same numbers.
        slips: message -> the function that this slip would make. Two slips that give the same values on every case cannot be told apart.
        name: what the learner called the function.
        praise: what to say when it is right: what the reader can now do or see.

    Returns:
        A Verdict. An answer that raises, or returns no tensor, number or tuple of them, is told so and never raises here.
    """
    if answer is None:
        return Verdict(None, PENDING)
    if not callable(answer):
        return Verdict(False, f"{name} should be a function; it is {describe(answer)}.")
    expected = [reference(*copied(case)) for case in cases]
    got: list[object] = []
    for case in cases:
        value = call(answer, case, name)
        if isinstance(value, Verdict) and value.right is None and got:  # some way through the function has no return
            return Verdict(False, f"{name} returned nothing for {arguments(case)}.")
        if isinstance(value, Verdict):
            return value
        got.append(value)
    if all(same(a, b) for a, b in zip(got, expected, strict=True)):
        return Verdict(True, praise)
    for message, slip in slips.items():
        if all(same(a, call(slip, case, name)) for a, case in zip(got, cases, strict=True)):
            return Verdict(False, message)
    index = next(i for i, pair in enumerate(zip(got, expected, strict=True)) if not same(*pair))
    return Verdict(False, unlike(name, cases[index], got[index], expected[index]))


def call(function: Any, case: tuple, name: str) -> Any:
    """Call a function on a copy of a case; a Verdict where that gives nothing to compare."""
    try:
        value = function(*copied(case))
    except Exception as error:  # whatever a learner's code raises is for the learner to read
        return Verdict(False, f"{name} raised {told(error)} It was called with {arguments(case)}.")
    parts = value if isinstance(value, tuple) else (value,)
    if parts and all(part is None for part in parts):
        return Verdict(None, PENDING)
    odd = [part for part in parts if not comparable(part)]
    if odd:
        among = "" if value is odd[0] else ", among other values"
        return Verdict(False, f"{name} should return real numbers, in a tensor or plain; it returned {describe(odd[0])}{among}.")
    return value


def told(error: BaseException) -> str:
    """Name an exception in one sentence, with a full stop.

    >>> told(ValueError("no such axis")), told(KeyError())
    ('ValueError: no such axis.', 'KeyError.')
    """
    text = " ".join(str(error).split())
    text = text if len(text) <= 300 else text[:300] + " ..."
    sentence = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return sentence if sentence.endswith((".", "!", "?")) else sentence + "."


def comparable(value: object) -> bool:
    """Say whether a value is a real number that a float can hold, or a dense tensor of real numbers."""
    if isinstance(value, torch.Tensor):
        return not value.is_complex() and not value.is_quantized and value.layout == torch.strided and not value.is_meta
    return isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**1000)


def as_float64(value: Any) -> torch.Tensor:
    """A number or a tensor as a float64 tensor on the CPU, without its graph."""
    return torch.as_tensor(value, dtype=torch.float64, device="cpu").detach()


def same(got: Any, expected: Any) -> bool:
    """Say whether two values, or tuples of values, agree in shape and numbers."""
    if isinstance(expected, tuple) or isinstance(got, tuple):
        both = isinstance(expected, tuple) and isinstance(got, tuple) and len(got) == len(expected)
        return both and all(same(a, b) for a, b in zip(got, expected, strict=True))
    if isinstance(got, Verdict) or isinstance(expected, Verdict):
        return False
    a, b = as_float64(got), as_float64(expected)
    return a.shape == b.shape and torch.allclose(a, b, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)


def unlike(name: str, case: tuple, got: Any, expected: Any) -> str:
    """Say how an answer differs, without the value it should have had."""
    if isinstance(expected, tuple) != isinstance(got, tuple) or (isinstance(got, tuple) and len(got) != len(expected)):
        return f"{name} should return {count(expected)}; it returned {count(got)}."
    several = isinstance(got, tuple)
    pairs = zip(got, expected, strict=True) if several else [(got, expected)]
    for i, (a, b) in enumerate(pairs, start=1):
        where = f"Value {i} of {name}" if several else name
        a, b = as_float64(a), as_float64(b)
        if a.shape != b.shape:
            verb = "has" if several else "returned"
            return f"{where} {verb} shape {tuple(a.shape)} where {tuple(b.shape)} was expected, for {arguments(case)}."
        if not torch.isfinite(a).all() and torch.isfinite(b).all():
            return f"{where} {'is' if several else 'returned a value that is'} not finite for {arguments(case)}."
    return f"The shape is right, the values are not, for {arguments(case)}. No slip that this check knows gives these values."


def count(value: object) -> str:
    """Name how many values there are."""
    return f"a tuple of {len(value)}" if isinstance(value, tuple) else "one value"


def copied(case: tuple) -> tuple:
    """Copy a case, so that a function that writes into its arguments harms only itself."""
    return tuple(copy(argument) for argument in case)


def copy(argument: Any) -> Any:
    """Copy a tensor, keeping whether it wants a gradient, or a generator with its state; hand on anything else."""
    if isinstance(argument, torch.Generator):
        return torch.Generator().set_state(argument.get_state())
    if isinstance(argument, torch.Tensor):
        return argument.detach().clone().requires_grad_(argument.requires_grad)
    return argument


def arguments(case: tuple) -> str:
    """Name the arguments of a call by kind and shape, not by value."""
    return ", ".join(describe(argument) for argument in case)


def describe(value: object) -> str:
    """Name a value as an error message can: a tensor by its shape.

    >>> describe(torch.zeros(3, 2)), describe(0.5)
    ('a tensor of shape (3, 2)', '0.5')
    """
    if isinstance(value, torch.Tensor):
        kind = "complex " if value.is_complex() else "" if value.layout == torch.strided else "sparse "
        return f"a {kind}tensor of shape {tuple(value.shape)}"
    if isinstance(value, torch.Generator):
        return "a generator"
    if isinstance(value, int) and not comparable(value):
        return "a number too large to show"
    if value is None or isinstance(value, (int, float, complex, str)):
        return repr(value)[:60]
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' or name == 'ndarray' else 'a'} {name}"


def number(value: object) -> float | None:
    """A guess as a float: an int, a float or a tensor of one number that is finite; None for anything else.

    >>> number(3), number(torch.tensor(0.5)), number("3"), number(True)
    (3.0, 0.5, None, None)
    """
    if isinstance(value, torch.Tensor) and comparable(value) and value.numel() == 1:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not comparable(value) or not math.isfinite(value):
        return None
    return float(value)


def not_a_table(prediction: object, wanted: Mapping) -> Verdict | None:
    """The verdict on a prediction that is no filled-in dict with the wanted keys; None when it is one, its values yet to be judged."""
    if prediction is None:
        return Verdict(None, PENDING)
    if not isinstance(prediction, dict) or set(prediction) != set(wanted):
        keys = ", ".join(repr(key) for key in wanted)
        came = f"has {', '.join(map(repr, prediction)) or 'none'}" if isinstance(prediction, dict) else f"is {describe(prediction)}"
        return Verdict(False, f"prediction should be a dict with the keys {keys}; it {came}.")
    return Verdict(None, PENDING) if all(value is None for value in prediction.values()) else None
