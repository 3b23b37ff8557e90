"""What came back from a learner's function, made plain, compared, and told: how near two values are, and in what they differ."""

import math
from collections.abc import Iterator
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import Tensor

from companion.checks.verdict import word

RELATIVE, ABSOLUTE = 1e-8, 1e-10  # float64 answers differ by the order of their sums only
ROUNDED_RELATIVE, ROUNDED_ABSOLUTE = 1e-4, 1e-5  # and float32 ones by a few hundred roundings
SHOWN = 12  # numbers of a tensor that an example writes out


class Near(IntEnum):
    """How near a value is to what was expected."""

    WRONG = 0
    ROUNDED = 1  # as near as float32 can be
    SAME = 2


def plain(value: Any) -> Any:
    """A result as Python numbers, tensors and tuples of them: NumPy, Fraction, Decimal, lists and named tuples are as good.

    >>> plain([np.float64(0.5), Fraction(1, 4)]), plain((1, 2))
    (tensor([0.5000, 0.2500], dtype=torch.float64), (1, 2))
    """
    if isinstance(value, (np.ndarray, np.generic)):
        return torch.from_numpy(np.array(value)) if value.dtype.kind in "biuf" and value.dtype.itemsize <= 8 else value
    if isinstance(value, (Fraction, Decimal)):
        return _as_float(value)
    if isinstance(value, tuple):
        return tuple(plain(each) for each in value)
    if isinstance(value, list):
        return _from_list(value)
    return value


def _as_float(value: Fraction | Decimal) -> Any:
    try:
        return float(value)
    except (OverflowError, ValueError):
        return value


def _from_list(value: list) -> Any:
    """A list of single numbers as a tensor, any other as a tuple."""
    parts = tuple(plain(each) for each in value)
    if parts and all(comparable(each) and not isinstance(each, str) and as_float64(each).numel() == 1 for each in parts):
        return torch.stack([as_float64(each).reshape(()) for each in parts])
    return parts


def comparable(value: object) -> bool:
    """Say whether a value is a text, a real number that a float can hold, or a dense tensor of real numbers."""
    if isinstance(value, Tensor):
        return not value.is_complex() and not value.is_quantized and value.layout == torch.strided and not value.is_meta
    return isinstance(value, (float, str)) or (isinstance(value, int) and abs(value) < 2**1000)


def as_float64(value: Any) -> Tensor:
    """A number or a tensor as a float64 tensor on the CPU, without its graph."""
    return torch.as_tensor(value, dtype=torch.float64, device="cpu").detach()


def bits(value: Tensor | np.ndarray) -> bytes:
    """The bytes of a tensor or an array, so that nan is itself."""
    if isinstance(value, Tensor):
        return value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
    return value.tobytes()


def fitted(got: Any, expected: Any) -> Any:
    """A result in the form of what was expected, where only the form differs: a tensor of two for a pair, one of one for a number."""
    if isinstance(expected, tuple):
        if isinstance(got, Tensor) and got.shape == (len(expected),):  # a list of single numbers, whatever the shape of each was
            got = tuple(
                a if isinstance(b, str) or as_float64(b).numel() != 1 else a.reshape(as_float64(b).shape)
                for a, b in zip(got, expected, strict=True)
            )
        if isinstance(got, tuple) and len(got) == len(expected):
            return tuple(fitted(*pair) for pair in zip(got, expected, strict=True))
        return got
    if isinstance(got, tuple) and len(got) == 1:
        got = got[0]
    if isinstance(got, Tensor) and not isinstance(expected, str) and as_float64(expected).ndim == 0 and got.numel() == 1:
        return got.reshape(())
    return got


def near(got: Any, expected: Any, *, scale: float | int = 1.0, single: bool = False) -> Near:
    """How near two values, or tuples of values, are to each other.

    Args:
        scale: the size of the numbers that were added up on the way.
        single: the numbers came in float32, so that what is as near as float32 can be is the same.
    """
    got = fitted(got, expected)
    if isinstance(expected, tuple) or isinstance(got, tuple):
        both = isinstance(expected, tuple) and isinstance(got, tuple) and len(got) == len(expected)
        pairs = zip(got, expected, strict=True) if both else ()
        return min((near(a, b, scale=scale, single=single) for a, b in pairs), default=Near.SAME if both else Near.WRONG)
    if isinstance(got, str) or isinstance(expected, str):
        return Near.SAME if isinstance(got, str) and isinstance(expected, str) and word(got) == word(expected) else Near.WRONG
    if not comparable(got):
        return Near.WRONG
    a, b = as_float64(got), as_float64(expected)
    if a.shape != b.shape:
        return Near.WRONG
    if torch.allclose(a, b, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True):
        return Near.SAME
    rounded = torch.allclose(a, b, rtol=ROUNDED_RELATIVE, atol=ROUNDED_ABSOLUTE * scale, equal_nan=True)
    return (Near.SAME if single else Near.ROUNDED) if rounded else Near.WRONG


def dtype_name(value: Tensor | np.ndarray | np.generic) -> str:
    """A dtype as messages say it.

    >>> dtype_name(torch.zeros(2)), dtype_name(np.zeros(2))
    ('float32', 'float64')
    """
    return str(value.dtype).removeprefix("torch.")


def text(value: Any) -> str:
    """A value as an example shows it: short tensors written out, long ones by their shape.

    >>> text(torch.tensor([[0.5, -1.2]], dtype=torch.float64)), text(torch.zeros(40, 3))
    ('tensor([[0.5, -1.2]])', 'tensor of shape (40, 3), float32')
    """
    if isinstance(value, Tensor):
        name = dtype_name(value)
        if value.numel() > SHOWN or not comparable(value) or value.numel() == 0:
            return f"tensor of shape {tuple(value.shape)}, {name}"
        return (
            f"tensor({_nested(value.detach().tolist())}{'' if value.dtype in (torch.float64, torch.int64) else f', dtype={name}'})"
        )
    if isinstance(value, torch.Generator):
        return "generator"
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, (int, float)):
        return _digits(value)
    if isinstance(value, (tuple, list)):
        inner = ", ".join(text(each) for each in value[:SHOWN]) + (", ..." if len(value) > SHOWN else "")
        return f"({inner})" if isinstance(value, tuple) else f"[{inner}]"
    return repr(value)[:60] if isinstance(value, str) else f"<{type(value).__name__}>"


def _nested(numbers: Any) -> str:
    return f"[{', '.join(map(_nested, numbers))}]" if isinstance(numbers, list) else _digits(numbers)


def _digits(value: float | int) -> str:
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) < 10**15):
        return str(value)
    return "a number too large to show" if isinstance(value, int) and abs(value) >= 2**1000 else f"{value:.6g}"


def where(got: Any, expected: Any, parts: tuple[str, ...] = (), *, scale: float | int = 1.0) -> Iterator[str]:
    """In what a result differs, in words: how many values, axes, the sign, too large or too small, and where; never by how much.

    What is right but for rounding does not differ. scale: as in `near`.
    """
    got = fitted(got, expected)
    if isinstance(expected, tuple) != isinstance(got, tuple) or (isinstance(got, tuple) and len(got) != len(expected)):
        yield f"{count(got)} came back where {count(expected)} should"
        return
    if isinstance(expected, tuple):
        for i, pair in enumerate(zip(got, expected, strict=True)):
            label = parts[i] if i < len(parts) else f"value {i + 1}"
            yield from (f"{label}: {each}" for each in where(*pair, scale=scale))
        return
    if isinstance(expected, str) or isinstance(got, str):
        if near(got, expected) is Near.WRONG:
            yield "another word"
        return
    a, b = as_float64(got), as_float64(expected)
    if a.shape != b.shape:
        yield f"shape {tuple(a.shape)}, {tuple(b.shape)} is asked for"
    elif near(a, b, scale=scale) is Near.WRONG:
        yield _differs(a, b, scale)


def _differs(a: Tensor, b: Tensor, scale: float | int) -> str:
    """How numbers of one shape differ, and at which place first."""
    off = ~torch.isclose(a, b, rtol=ROUNDED_RELATIVE, atol=ROUNDED_ABSOLUTE * scale, equal_nan=True)
    place = tuple(off.nonzero()[0].tolist())
    x, y = a[place].item(), b[place].item()
    if math.isnan(x) or math.isinf(x):
        how = "is nan" if math.isnan(x) else "is infinite"
    elif math.isnan(y) or math.isinf(y):
        how = "should not be finite"
    elif x * y < 0:
        how = "has the other sign"
    else:
        how = "is too large" if x > y else "is too small"
    if not place:
        return f"it {how}"
    at = f"[{', '.join(map(str, place))}]"
    return f"at {at} it {how}" + (f"; {int(off.sum())} of {a.numel()} numbers differ" if a.numel() > 1 else "")


def count(value: object) -> str:
    """Name how many values there are."""
    return f"a tuple of {len(value)}" if isinstance(value, tuple) else "one value"
