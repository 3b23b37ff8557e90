"""A multilayer perceptron's weights as bytes: six to eight bits a weight, shipped once a page however many explorables use them."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import ipywidgets
import numpy as np
import traitlets

SILENT = -6.2  # a logit below which a pixel rounds to paper


class Weights(ipywidgets.Widget):
    """The linear layers of an MLP with SiLU between, each row of weights rounded to 2^bits - 1 levels of its own scale.

    A model without a view: explorables point at it, and a page holds it once. A weight is `(level - 2^(bits - 1)) * scale`, its
    level a whole number of `bits` bits. The bytes are
    1. the six high bits of every level, packed, first bit first: layer after layer, row after row;
    2. the other `bits` - 6 bits of every level, packed likewise;
    3. the scale of every row, then every bias, as little-endian float16.
    The state travels as base64, whose letters hold six bits: so each letter of the first part is one weight's high bits, and
    compression finds that small weights are more frequent.

    Args:
        parameters: weight (out, in), bias (out,), weight, bias, …, as `model.decoder.parameters()` gives them.
        bits: for each weight, 6, 7 or 8.

    Raises:
        ValueError: the shapes are not those of an MLP, a number is not finite or too large, or `bits` is not 6, 7 or 8.

    Example:
        >>> Weights(vae.decoder.parameters()).shapes
        [[128, 2], [64, 128], [784, 64]]
    """

    shapes: traitlets.List[list[int]] = traitlets.List(help="[out, in] of each layer").tag(sync=True)
    bits = traitlets.Int(8).tag(sync=True)
    data = traitlets.Bytes(help="all layers, see the class").tag(sync=True)

    def __init__(self, parameters: Iterable = (), *, bits: int = 8, **options: Any):
        if bits not in (6, 7, 8):
            raise ValueError(f"Weights: bits: got {bits!r}, expected 6, 7 or 8")
        layers = _layers([np.asarray(parameter, dtype=np.float64) for parameter in parameters])
        super().__init__(shapes=[list(weight.shape) for weight, _ in layers], bits=bits, data=_encode(layers, bits), **options)

    def __repr__(self) -> str:
        return f"Weights({' -> '.join(str(shape[1]) for shape in self.shapes)} -> {self.shapes[-1][0]})"

    def layers(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """The weights as the page sees them, rounding included: (out, in) and (out,) for each layer, float64."""
        count, rows = sum(r * c for r, c in self.shapes), sum(r for r, _ in self.shapes)
        low_bits = self.bits - 6
        at = -(-6 * count // 8)
        low = _unpack(self.data[at : -4 * rows], count, low_bits) if low_bits else 0
        levels = (_unpack(self.data[:at], count, 6) << low_bits) + low - 2 ** (self.bits - 1)
        scale, bias = np.frombuffer(self.data[-4 * rows :], "<f2").astype(np.float64).reshape(2, rows)
        found = []
        for r, c in self.shapes:
            found.append((levels[: r * c].reshape(r, c) * scale[:r, None], bias[:r]))
            levels, scale, bias = levels[r * c :], scale[r:], bias[r:]
        return found

    def forward(self, x: np.ndarray) -> np.ndarray:
        """What the page computes: (n, in) to (n, out), SiLU between the layers."""
        return forward(self.layers(), x)


def silence(parameters: Iterable, codes: np.ndarray) -> list[np.ndarray]:
    """A decoder whose pixels that stay paper for all of these codes keep a bias only: zeros, which compress well.

    Args:
        parameters: as `Weights` takes them; they stay as they are.
        codes: (n, in), all that the page will decode, or enough of it.
    """
    arrays = [np.asarray(parameter, dtype=np.float64).copy() for parameter in parameters]
    logits = forward(zip(arrays[::2], arrays[1::2], strict=True), codes)
    silent = logits.max(axis=0) < SILENT
    arrays[-2][silent] = 0
    arrays[-1][silent] = logits.mean(axis=0)[silent]
    return arrays


def forward(layers: Iterable[tuple[np.ndarray, np.ndarray]], x: np.ndarray) -> np.ndarray:
    """An MLP with SiLU between its layers, each (out, in) and (out,): (n, in) to (n, out)."""
    *hidden, last = layers
    for weight, bias in hidden:
        x = x @ weight.T + bias
        x = x / (1 + np.exp(-x))
    return x @ last[0].T + last[1]


def _layers(arrays: list[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    if not arrays or len(arrays) % 2:
        raise ValueError(f"Weights: parameters: got {len(arrays)} arrays, expected weight, bias, weight, bias, …")
    layers = list(zip(arrays[::2], arrays[1::2], strict=True))
    for weight, bias in layers:
        if weight.ndim != 2 or bias.shape != weight.shape[:1]:
            raise ValueError(f"Weights: parameters: got shapes {weight.shape} and {bias.shape}, expected (out, in) and (out,)")
        if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
            raise ValueError("Weights: parameters: got NaN or infinity, expected finite numbers")
    for (before, _), (after, _) in pairwise(layers):
        if after.shape[1] != before.shape[0]:
            raise ValueError(f"Weights: parameters: got a layer of {before.shape[0]} before one that takes {after.shape[1]}")
    return layers


def _encode(layers: list[tuple[np.ndarray, np.ndarray]], bits: int) -> bytes:
    largest = 2 ** (bits - 1) - 1
    with np.errstate(over="ignore"):  # the next line says it better
        scales = [(np.abs(weight).max(axis=1) / largest).astype("<f2") for weight, _ in layers]
        biases = [bias.astype("<f2") for _, bias in layers]
    if not np.isfinite(np.concatenate([*scales, *biases])).all():
        raise ValueError("Weights: parameters: got a bias above 65504 or weights far above, expected what fits in float16")
    levels = []
    for (weight, _), scale in zip(layers, scales, strict=True):
        whole = np.rint(weight / np.where(scale > 0, scale, 1).astype(np.float64)[:, None]).clip(-largest, largest)
        levels.append(whole.astype(int).ravel() + 2 ** (bits - 1))
    level = np.concatenate(levels)
    low = _pack(level & (2 ** (bits - 6) - 1), bits - 6) if bits > 6 else b""
    return _pack(level >> (bits - 6), 6) + low + np.concatenate([*scales, *biases]).tobytes()


def _pack(values: np.ndarray, bits: int) -> bytes:
    """Whole numbers below 2^bits, one after the other, the first bit first."""
    return np.packbits((values[:, None] >> np.arange(bits)[::-1] & 1).astype(np.uint8)).tobytes()


def _unpack(data: bytes, count: int, bits: int) -> np.ndarray:
    stream = np.unpackbits(np.frombuffer(data, np.uint8), count=count * bits).reshape(count, bits)
    return stream.astype(int) @ (1 << np.arange(bits)[::-1])
