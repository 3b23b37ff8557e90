"""A lent generator comes back as what was drawn from it, never as a state.

A state made up by a student's code could set the inputs that a test draws next, or lead torch past the end of its own memory. So a
worker says how many words of the stream were drawn, and where the normal that still waits was drawn: Box and Muller's method makes
two at a time, and torch keeps the second. The trusted side draws the same words from its own generator.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch

MOST = 2**26  # words that one call may draw: 64 million numbers of float32, 32 million of float64
BLOCK, TAIL = 2**20, 2**16
# Of torch's 5,056 bytes of state (CPUGeneratorImpl.cpp and MT19937RNGEngine.h): how many of the 624 words are left and one, the words,
# the waiting normal of doubles, and that of floats, which nothing in torch draws.
SIZE, LEFT, STREAM, NORMAL, FLOATS = 5056, slice(8, 12), slice(24, 5016), slice(5016, 5048), slice(5048, 5056)
SEEDED = (
    "the generator that was handed in was seeded anew or set to another state; only draw from it, because the next draws of whoever "
    "handed it in come from it too"
)


class Drawn(NamedTuple):
    """What was drawn from a generator.

    words: of 32 bits. normal: at which word the waiting normal was drawn; NONE: none waits; KEPT: the one that waited before, if any.
    """

    words: int
    normal: int


NONE, KEPT = -1, -2


def drawn(start: torch.Tensor, generator: torch.Generator) -> Drawn:
    """What was drawn from a generator since its state was `start`.

    Raises:
        ValueError: no draws lead from there to here.
    """
    end = generator.get_state()
    words = _words(start, end)
    if not torch.equal(start[FLOATS], end[FLOATS]):
        raise ValueError(SEEDED)
    if torch.equal(start[NORMAL], end[NORMAL]):
        return Drawn(words, KEPT)
    return Drawn(words, _position(start, words, end) if end[NORMAL].any() else NONE)


def advance(generator: torch.Generator, claim: Drawn) -> None:
    """Draw from a generator what was drawn from a copy of it. A claim that no draws could lead to is a ValueError."""
    words, normal = claim
    if not (0 <= words <= MOST and (normal in (NONE, KEPT) or 0 <= normal <= words - 4)):
        raise ValueError("draws that no generator makes")
    start = generator.get_state()
    _skip(generator, words)
    if normal != KEPT:
        state = generator.get_state()
        state[NORMAL] = 0 if normal == NONE else _normal(start, normal)
        generator.set_state(state)


def _skip(generator: torch.Generator, words: int) -> None:
    """Draw words and forget them. A byte takes one word."""
    for begin in range(0, words, BLOCK):
        torch.empty(min(BLOCK, words - begin), dtype=torch.uint8).random_(generator=generator)


def _at(start: torch.Tensor, words: int) -> torch.Generator:
    """A generator so many words after a state, in which no normal waits."""
    generator, state = torch.Generator(), start.clone()
    state[NORMAL] = 0
    generator.set_state(state)
    _skip(generator, words)
    return generator


def _left(state: torch.Tensor) -> int:
    return int(state[LEFT].view(torch.int32)) - 1


def _words(start: torch.Tensor, end: torch.Tensor) -> int:
    """How many words lie between two states."""
    if not torch.equal(start[:8], end[:8]):  # the seed: no need to search
        raise ValueError(SEEDED)
    generator, words = _at(start, 0), 0
    while words <= MOST:
        state = generator.get_state()
        if torch.equal(state[STREAM], end[STREAM]) and 0 <= _left(end) <= _left(state):
            return words + _left(state) - _left(end)
        more = _left(state) + 1  # to the first of the next 624
        _skip(generator, more)
        words += more
    raise ValueError(SEEDED)


def _normal(start: torch.Tensor, word: int) -> torch.Tensor:
    """The normal that waits after one was drawn at a word, as bytes of a state."""
    generator = _at(start, word)
    torch.empty(1, dtype=torch.float64).normal_(generator=generator)
    return generator.get_state()[NORMAL]


def _position(start: torch.Tensor, words: int, end: torch.Tensor) -> int:
    """At which word the waiting normal was drawn; the last such, where more than one would do."""
    waiting = float(end[NORMAL][8:16].clone().view(torch.float64))
    for word in _candidates(start, words, waiting):
        if word + 4 <= words and torch.equal(_normal(start, word), end[NORMAL]):
            return word
    raise ValueError(SEEDED)


def _candidates(start: torch.Tensor, words: int, waiting: float) -> Iterator[int]:
    """The words at which about this normal may have been drawn: first near the end, then everywhere.

    A uniform number takes two words, and a normal two uniform numbers: u1 gives its angle, u2 its radius.
    """
    tail = max(0, words - TAIL)
    for begin in (tail, *range(0, tail, BLOCK)):
        length = min(BLOCK, words - begin) // 2 + 2
        for odd in (1, 0):
            uniform = torch.rand(length, dtype=torch.float64, generator=_at(start, begin + odd))
            second = (-2 * torch.log1p(-uniform[1:])).sqrt() * (2 * math.pi * uniform[:-1]).sin()
            near = torch.isclose(second, torch.tensor(waiting, dtype=torch.float64), rtol=1e-9, atol=1e-12)
            yield from (begin + odd + 2 * index for index in reversed(near.nonzero().flatten().tolist()))
