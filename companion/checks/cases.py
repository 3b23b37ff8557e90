"""What checks try an answer on: cases, and the numbers in them, drawn from a seed.

Practice uses seed 0, a grader a secret one: the same cases with other numbers and other sizes. Numbers are drawn with few digits, so
that a case can be shown.
"""

from typing import NamedTuple

import torch
from torch import Tensor


class Case(NamedTuple):
    """What a function is called with, and what is special about it.

    arguments: by position. about: completes "It is wrong for …": "one image", "numbers in float32". extreme: slips are not compared
    on it, because two functions that share a slip may still round or overflow in different places.
    """

    arguments: tuple
    about: str
    extreme: bool = False


def seeded(seed: int) -> torch.Generator:
    """A generator that starts at a seed."""
    return torch.Generator().manual_seed(seed)


def whole(low: int, high: int, generator: torch.Generator) -> int:
    """A whole number from low to high, both included."""
    return int(torch.randint(low, high + 1, (), generator=generator))


def normals(*shape: int, generator: torch.Generator, dtype: torch.dtype = torch.float64) -> Tensor:
    """Standard normal numbers with two digits behind the point, none of them 0.

    >>> normals(2, generator=seeded(0))
    tensor([ 1.5400, -0.2900], dtype=torch.float64)
    """
    drawn = torch.randn(*shape, generator=generator, dtype=torch.float64)
    return _two_digits(drawn, dtype)


def uniform(
    low: float | int, high: float | int, *shape: int, generator: torch.Generator, dtype: torch.dtype = torch.float64
) -> Tensor:
    """Numbers spread evenly from low to high, with two digits behind the point, none of them 0."""
    drawn = low + (high - low) * torch.rand(*shape, generator=generator, dtype=torch.float64)
    return _two_digits(drawn, dtype)


def gaussians(
    batch: int,
    latent_dim: int,
    generator: torch.Generator,
    *,
    dtype: torch.dtype = torch.float64,
    low: float | int = -8,
    high: float | int = 3,
) -> tuple[Tensor, Tensor]:
    """mu, standard normal, and logvar, even from low to high, both ends among them: each (batch, latent_dim).

    The course's models have logvar from -8 to 3. Of a single number, the lower end is not drawn for certain.
    """
    mu = normals(batch, latent_dim, generator=generator, dtype=dtype)
    logvar = uniform(low, high, batch, latent_dim, generator=generator, dtype=dtype)
    if logvar.numel() > 1:
        near_low, near_high = uniform(0, 0.05 * (high - low), 2, generator=generator, dtype=dtype)
        logvar[0, 0], logvar[-1, -1] = low + near_low, high - near_high
    return mu, logvar


def _two_digits(drawn: Tensor, dtype: torch.dtype) -> Tensor:
    """Rounded to hundredths; what would be 0 becomes a hundredth."""
    hundredths = (100 * drawn).round()
    return (torch.where(hundredths == 0, 1.0, hundredths) / 100).to(dtype)
