"""Checks of what the public functions are given. Each raises an error that names the argument, what came and what was expected."""

from numbers import Real

import torch
from torch import Tensor

# What to do when a file that companion brings is missing or damaged.
RESTORE = "Reinstall companion, or restore the file with `git checkout -- companion/_bundled`."


def tensor(name: str, value: object, *, ndim: int | None = None, last: int | None = None, floating: bool = True) -> None:
    """Raise unless `value` is a (floating point) tensor with `ndim` axes, the last one of size `last`."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{name}: got {type(value).__name__}, expected a torch.Tensor")
    if floating and not value.is_floating_point():
        raise TypeError(f"{name}: got dtype {value.dtype}, expected a floating point tensor")
    if ndim is not None and value.ndim != ndim:
        raise ValueError(f"{name}: got shape {tuple(value.shape)}, expected {ndim} axes")
    if last is not None and value.shape[-1] != last:
        raise ValueError(f"{name}: got shape {tuple(value.shape)}, expected a last axis of {last}")


def not_empty(name: str, value: Tensor) -> None:
    """Raise unless `value` has at least one element."""
    if value.numel() == 0:
        raise ValueError(f"{name}: got shape {tuple(value.shape)}, which holds no data; expected at least one row")


def same_shape(first: str, a: Tensor, second: str, b: Tensor) -> None:
    """Raise unless `a` and `b` have one shape."""
    if a.shape != b.shape:
        raise ValueError(f"{first} and {second}: got shapes {tuple(a.shape)} and {tuple(b.shape)}, expected the same shape")


def between(name: str, value: Tensor, low: float | int, high: float | int) -> None:
    """Raise unless every element of `value` is finite and lies in [low, high]."""
    smallest, largest = value.amin().item(), value.amax().item()
    if not (smallest >= low and largest <= high):  # written so that NaN fails too
        raise ValueError(f"{name}: got values from {smallest:.4g} to {largest:.4g}, expected them in [{low:g}, {high:g}]")


def finite(name: str, value: Tensor) -> None:
    """Raise unless every element of `value` is finite."""
    if torch.isfinite(value.sum()):  # then each is; a sum of finite numbers may overflow, so what follows counts
        return
    bad = int((~torch.isfinite(value)).sum())
    if bad:
        raise ValueError(f"{name}: got {bad} values that are NaN or infinite, expected finite numbers")


def whole(name: str, value: object, *, least: int = 1) -> None:
    """Raise unless `value` is an int of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}: got {value!r} of type {type(value).__name__}, expected an int of at least {least}")
    if value < least:
        raise ValueError(f"{name}: got {value}, expected at least {least}")


def floating(name: str, dtype: object) -> None:
    """Raise unless `dtype` is a floating point torch.dtype."""
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise TypeError(f"{name}: got {dtype!r}, expected a floating point torch.dtype")


def positive(name: str, value: object) -> None:
    """Raise unless `value` is a finite number above zero."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name}: got {value!r} of type {type(value).__name__}, expected a number above 0")
    if not 0 < value < float("inf"):  # type: ignore[operator]  # typeshed does not know that an int compares with a Real
        raise ValueError(f"{name}: got {value}, expected a finite number above 0")


def not_negative(name: str, value: object) -> None:
    """Raise unless `value` is zero or a finite number above it."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name}: got {value!r} of type {type(value).__name__}, expected a number of at least 0")
    if not 0 <= value < float("inf"):  # type: ignore[operator]  # as above
        raise ValueError(f"{name}: got {value}, expected a finite number of at least 0")


def generator(name: str, value: object) -> None:
    """Raise unless `value` is a torch.Generator."""
    if not isinstance(value, torch.Generator):
        example = "torch.Generator().manual_seed(0)"
        raise TypeError(f"{name}: got {type(value).__name__}, expected a torch.Generator, for example {example}")
