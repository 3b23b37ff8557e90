"""The page's seeded dice (js/dice.js), number for number, so that Python can foresee what a page rolls."""

import math
from collections.abc import Iterator

import numpy as np

WORD = 2**32


def uniforms(seed: int) -> Iterator[float]:
    """Numbers in [0, 1), without end: `makeUniform(seed)` of js/dice.js (mulberry32)."""
    state = seed % WORD
    while True:
        state = (state + 0x6D2B79F5) % WORD
        mixed = (state ^ state >> 15) * (state | 1) % WORD
        mixed ^= (mixed + (mixed ^ mixed >> 7) * (mixed | 61)) % WORD
        yield (mixed ^ mixed >> 14) / WORD


def normals(seed: int, *shape: int) -> np.ndarray:
    """Standard normal numbers: the first that `makeNormal(seed)` of js/dice.js gives (Box and Muller 1958), row by row.

    Example:
        >>> normals(0, 6, 2).shape
        (6, 2)
    """
    dice = uniforms(seed)
    values = [math.sqrt(-2 * math.log(1 - next(dice))) * math.cos(2 * math.pi * next(dice)) for _ in range(math.prod(shape))]
    return np.array(values).reshape(shape)
