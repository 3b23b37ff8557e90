"""Whether a learner's draws come from the generator that was handed in, and are fresh each time."""

from collections.abc import Callable
from typing import Any

import torch

from companion.checks import values
from companion.checks.calling import call, shown
from companion.checks.cases import seeded
from companion.checks.verdict import Verdict


def generator_fault(answer: Callable, arguments: tuple, name: str) -> Verdict | None:
    """What is wrong with how a function uses its generator; None when nothing is.

    Args:
        arguments: what it is called with. Each generator among them is replaced by others.
        name: what the learner called the function.
    """
    example = shown(name, arguments)

    def draw(seed: int, function: Callable = answer) -> Any:
        return call(function, tuple(seeded(seed) if isinstance(each, torch.Generator) else each for each in arguments), name)

    def twice(*given: Any) -> tuple:
        return _flat(answer(*given)), _flat(answer(*given))

    first, again, other, both = draw(0), draw(0), draw(1), draw(0, twice)
    for each in (first, again, other, both):
        if isinstance(each, Verdict):
            return each
    if not _equal(first, again):
        message = (
            "Two generators with the same seed give different draws: your noise does not come from the generator that is handed in."
        )
        return Verdict(False, message, f"{example}\ncalled with two generators of one seed: different numbers")
    if _equal(first, other):
        message = (
            "Two generators with different seeds give the same draws: nothing random comes from the generator that is handed in."
        )
        return Verdict(False, message, f"{example}\ncalled with two generators of different seeds: the same numbers")
    if _equal(*both):
        message = "Two calls with one generator give the same draws: it was set back, or copied. Fresh noise needs a generator that goes on."
        return Verdict(False, message, f"{example}\ncalled twice with one generator: the same numbers")
    return None


def _flat(value: Any) -> Any:
    """A result as one row of numbers, so that two of them stand side by side."""
    value = values.plain(value)
    parts = value if isinstance(value, tuple) else (value,)
    if not all(values.comparable(part) and not isinstance(part, str) for part in parts):
        return value
    return torch.cat([values.as_float64(part).reshape(-1) for part in parts])


def _equal(a: Any, b: Any) -> bool:
    a, b = _flat(a), _flat(b)
    return isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor) and a.shape == b.shape and values.bits(a) == values.bits(b)
