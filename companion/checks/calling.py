"""Calling a learner's function: on copies, with nothing that escapes, and with a look at what it did beside giving a value."""

import asyncio
import contextlib
import inspect
import io
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch

from companion.checks import values
from companion.checks.verdict import PENDING, Verdict, describe, error_name, kind, told

ESCAPES = (Exception, SystemExit, GeneratorExit, asyncio.CancelledError)  # all but the learner's own interruption

WIDTH = 75  # columns of an example's line


class Called(NamedTuple):
    """What a call gave. value: None where it raised. raised: what it raised. changed: which arguments it changed, by position.

    printed: what it printed; a stand-in of a grader says only that something was printed.
    """

    value: Any
    raised: BaseException | None
    changed: tuple[int, ...]
    printed: str


def not_given(answer: object, name: str, what: str = "function") -> Verdict | None:
    """The verdict where there is nothing to call: no answer yet, or something that is no function or class; else None.

    what: "function" or "class".
    """
    if answer is None:
        return Verdict(None, PENDING)
    if not callable(answer):
        return Verdict(False, f"{name} should be a {what}; it is {kind(answer)}.", f"It is {describe(answer)}.")
    return None


def run(function: Callable, arguments: tuple, *, aloud: bool = False) -> Called:
    """Call a function on copies of the arguments. aloud: what it prints is let through."""
    given, stream = copied(arguments), io.StringIO()
    value = raised = None
    with torch.set_grad_enabled(torch.is_grad_enabled()), contextlib.redirect_stdout(stream):
        try:
            value = function(*given)
        except ESCAPES as error:
            raised = error
    if aloud and stream.getvalue():
        print(stream.getvalue(), end="")
    # A stand-in for a function in another process notes what the copies here cannot show.
    noted: Mapping = getattr(function, "__dict__", {}).get("_noted") or {}
    changed = {i for i, pair in enumerate(zip(given, arguments, strict=True)) if not unchanged(*pair)}
    changed |= {i for i in noted.get("changed", ()) if isinstance(i, int)}
    printed = stream.getvalue() or ("something" if noted.get("printed") else "")
    return Called(value, raised, tuple(sorted(changed)), printed)


def call(function: Any, arguments: tuple, name: str) -> Any:
    """What a function gives on copies of the arguments, made plain (`values.plain`); a Verdict where that gives nothing to compare."""
    called = run(function, arguments)
    found = trouble(called, shown(name, arguments), name)
    return values.plain(called.value) if found is None else found


def trouble(called: Called, example: str, name: str) -> Verdict | None:
    """The verdict on a call that gave nothing to compare; None when it gave something. example: the call, as it is shown."""
    if called.raised is not None:
        error = error_name(called.raised)  # a grader's stand-in raises an error of the same name, and of another class
        what = "tried to end the program" if error == "SystemExit" else f"raised {error}"
        return Verdict(False, f"{name} {what}.", f"{example} raised {told(called.raised)}")
    found = values.plain(called.value)
    parts = found if isinstance(found, tuple) else (found,)
    if parts and all(part is None for part in parts):
        if called.printed:
            message = f"{name} prints and returns nothing. `return` hands a value back; `print` only shows it."
            return Verdict(False, message, f"{example} returned None.")
        return Verdict(None, PENDING)
    odd = [_innermost(part) for part in parts if not values.comparable(part)]
    if odd:
        among = "" if found is odd[0] else ", among other values"
        message = f"{name} should return real numbers, in a tensor or plain; it returned {kind(odd[0])}{among}."
        return Verdict(False, message, f"{example} returned {describe(odd[0])}{among}.")
    return None


def _innermost(part: Any) -> Any:
    """What in a value cannot be compared: of a tuple, a text among its values or the first that cannot."""
    inner = [each for each in part if isinstance(each, str) or not values.comparable(each)] if isinstance(part, tuple) else []
    return _innermost(inner[0]) if inner else part


def shown(name: str, arguments: tuple, parameters: tuple[str, ...] = (), *, room: int = 0) -> str:
    """A call as an example shows it. room: columns that its last line has to leave.

    >>> shown("double", (torch.tensor([0.5, -1.2]), 3), ("x", "k"))
    'double(x=tensor([0.5, -1.2], dtype=float32), k=3)'
    """
    named = len(parameters) == len(arguments)
    leads = [f"{parameters[i]}=" if named else "" for i in range(len(arguments))]
    on_one_line = f"{name}({', '.join(lead + values.text(each) for lead, each in zip(leads, arguments, strict=True))})"
    if len(on_one_line) + room <= WIDTH:
        return on_one_line
    return "\n".join((f"{name}(", *(f"{laid(f'    {lead}', each)}," for lead, each in zip(leads, arguments, strict=True)), ")"))


def example(name: str, arguments: tuple, parameters: tuple[str, ...], about: str, *lines: str) -> str:
    """A call as the learner would write it, what is special about it, and lines of what came of it."""
    remark = f"  # {about}"
    return "\n".join((shown(name, arguments, parameters, room=len(remark)) + remark, *lines))


def laid(lead: str, value: Any) -> str:
    """A value behind a lead, as an example shows it: a wide tensor row by row, a wide tuple value by value.

    >>> print(laid("gave ", (torch.full((2, 3), 1 / 3, dtype=torch.float64), "a word that makes it so much wider")))
    gave (
        tensor([[0.333333, 0.333333, 0.333333], [0.333333, 0.333333, 0.333333]]),
        'a word that makes it so much wider',
    )
    """
    text = values.text(value)
    if len(lead + text) <= WIDTH + 4:
        return lead + text
    if isinstance(value, tuple) and len(value) <= values.SHOWN:
        return "\n".join((f"{lead}(", *(f"{laid('    ', each)}," for each in value), ")"))
    return lead + text.replace("], [", "],\n" + " " * len(f"{lead}tensor([") + "[")


def parameters(function: Callable) -> tuple[str, ...]:
    """The names of a function's parameters."""
    return tuple(inspect.signature(function).parameters)


def copied(arguments: tuple) -> tuple:
    """Copies of arguments, so that a function that writes into them harms only itself."""
    return tuple(copy(argument) for argument in arguments)


def copy(argument: Any) -> Any:
    """Copy a tensor, keeping whether it wants a gradient, or a generator with its state; hand on what cannot be changed."""
    if isinstance(argument, torch.Generator):
        return torch.Generator().set_state(argument.get_state())
    if isinstance(argument, torch.Tensor):
        return argument.detach().clone().requires_grad_(argument.requires_grad)
    if isinstance(argument, np.ndarray):
        return argument.copy()
    if type(argument) in (list, tuple):
        return type(argument)(copy(each) for each in argument)
    if type(argument) is dict:
        return {key: copy(each) for key, each in argument.items()}
    return argument


def unchanged(now: Any, before: Any) -> bool:
    """Say whether an argument is what it was. A generator may move on."""
    if isinstance(before, (torch.Tensor, np.ndarray)):
        return now.shape == before.shape and now.dtype == before.dtype and values.bits(now) == values.bits(before)
    if type(before) in (list, tuple):
        return len(now) == len(before) and all(map(unchanged, now, before))
    if type(before) is dict:
        return list(now) == list(before) and all(unchanged(now[key], before[key]) for key in before)
    return now is before or now == before or isinstance(before, torch.Generator)
