"""Values inside a frame: written as JSON nodes, and what is long (tensors, arrays, long text) as bytes in the body, in their order.

Values of ordinary kinds arrive as they were, both ways; what is a value's own subclass arrives as the plain kind. Whatever else a
student's code has stays in the worker, and a `Ref` arrives. Reading is strict, and what is read is plain data.
"""

import itertools
import math
import re
from collections import deque
from collections.abc import Callable, Collection, ItemsView, Iterator, KeysView, Sequence, ValuesView
from decimal import Decimal
from fractions import Fraction
from types import EllipsisType, MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import torch

from coursework.wire import generators
from coursework.wire.errors import StudentError, refusal
from coursework.wire.protocol import BODY_BYTES, ProtocolError, clean, count, field, plain
from coursework.wire.shape import KINDS

DEPTH, NODES, AXES, TEXT = 32, 200_000, 16, 4096
LONGEST_INT = 10_000  # bits
HASHED = 10_000  # parts of a set, or of a dict with other keys than text: numbers can be made to collide
ITEMS, ITEM_BYTES = 10_000, 16 * 2**20  # taken of an iterator, which may never end

ALL_DTYPES = {str(each).removeprefix("torch."): each for each in vars(torch).values() if isinstance(each, torch.dtype)}
DTYPES = {
    name: ALL_DTYPES[name]
    for name in (
        *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
        *("bool", "uint8", "int8", "int16", "int32", "int64"),
    )
}
ARRAYS = {name: np.dtype(name) for name in (*(set(DTYPES) - {"bfloat16"}), "uint16", "uint32", "uint64")}
TIMES = re.compile(r"<[mM]8(\[([1-9]\d{0,3})?[A-Za-z]{1,2}\])?")  # "<M8[D]" and the like, which NumPy reads on
LONG = np.dtype(np.longdouble).name  # travels as two doubles, the second of which is what the first lacks


class Ref(NamedTuple):
    """Stands for something that stays in the worker. kind: "function", "class", "module" or "object". name: what to call it."""

    id: int
    kind: str = "object"
    name: str = ""


class Encoder:
    """Writes values as nodes and gathers their bytes.

    Args:
        refer: called with what is no plain value; returns a node for it or raises TypeError.
        lent: the generators that came with the question, in a worker, which sends no generator's state. None: states may be sent.

    Afterwards `body` holds the bytes, `differentiable` the tensors that want a gradient and `generators` the generators, in order.

    Raises:
        TypeError, ProtocolError: from `encode`, for what is not carried; says what is.
    """

    def __init__(self, refer: Callable[[Any], dict], lent: list[torch.Generator] | None = None):
        self.refer, self.lent = refer, lent
        self.body: list[bytes] = []
        self.size = 0
        self.differentiable: list[torch.Tensor] = []
        self.generators: list[torch.Generator] = []

    def encode(self, value: Any, depth: int = 0) -> Any:
        """The node of a value."""
        if depth > DEPTH:
            raise ProtocolError(f"a value nested more than {DEPTH} deep is not carried")
        for kind, write in WRITERS:
            if isinstance(value, kind) and not self.stays(value, depth):
                return write(self, value, depth + 1)
        return self.other(value, depth)

    def stays(self, value: Any, depth: int) -> bool:
        """Say whether a value of one of the kinds that are carried is referred to all the same."""
        return False

    def other(self, value: Any, depth: int) -> dict:
        """The node of what is of none of these kinds, or stays."""
        return self.refer(value)

    def parts(self, values: Any, depth: int = 0) -> list:
        return [self.encode(each, depth) for each in values]

    def whole(self, value: int, _: int = 0) -> int | dict:
        value = int(value)
        if value.bit_length() > LONGEST_INT:
            raise ProtocolError(f"an int of {value.bit_length()} bits is not carried")
        return value if -(2**63) <= value < 2**63 else {"t": "int", "v": hex(value)}

    def number(self, value: float | int, _: int = 0) -> float | dict:
        value = float(value)
        return value if math.isfinite(value) else {"t": "float", "v": str(value)}

    def text(self, value: str, _: int = 0) -> str | dict:
        data = str(value).encode("utf-8", "replace")
        return data.decode() if len(data) <= TEXT else {"t": "text", "n": self.add(data)}

    def mapping(self, value: Any, depth: int) -> dict:
        pairs = list(itertools.islice(value.items(), NODES))
        _check_hashed([key for key, _ in pairs])
        return {"t": "dict", "v": [self.parts(pair, depth) for pair in pairs]}

    def gathered(self, value: set | frozenset, depth: int) -> dict:
        _check_hashed(value)
        return {"t": "set" if isinstance(value, set) else "frozenset", "v": self.parts(value, depth)}

    def decimal(self, value: Decimal, _: int) -> dict:
        _check_decimal(value)
        return {"t": "decimal", "v": str(value)}

    def range(self, value: range, depth: int) -> dict:
        if value[NODES:]:  # what is in it is counted by who takes it, and adding it up cannot be broken off
            raise TypeError(f"a range of more than {NODES:,} numbers is not carried")
        return {"t": "range", "v": self.parts([value.start, value.stop, value.step], depth)}

    def iterator(self, value: Iterator, depth: int) -> dict:
        begin = self.size
        items: list[Any] = []
        for item in value:
            if len(items) == ITEMS or self.size - begin > ITEM_BYTES:
                return {"t": "iterator", "v": items, "more": True}
            items.append(self.encode(item, depth))
        return {"t": "iterator", "v": items, "more": False}

    def tensor(self, value: torch.Tensor, _: int = 0) -> dict:
        with torch._C.DisableTorchFunctionSubclass():  # a subclass of a student's may answer anything to what is asked here
            name = str(value.dtype).removeprefix("torch.")
            if name not in DTYPES or value.layout is not torch.strided or value.device.type != "cpu":
                raise TypeError(
                    f"a tensor of {value.dtype}, {value.layout}, on {value.device} is not carried; a dense one on the CPU is"
                )
            gradient = bool(value.requires_grad and torch.is_grad_enabled())
            if gradient:
                self.differentiable.append(value)
            self.check(value.numel() * value.element_size())
            flat = value.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
            self.add(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"")
            return {"t": "tensor", "d": name, "s": list(value.shape), "g": gradient}

    def array(self, value: np.ndarray, depth: int = 0) -> dict:
        name, kind = value.dtype.name, value.dtype.kind
        if name not in ARRAYS and name != LONG and kind not in "UMm":
            raise TypeError(f"a NumPy array of {value.dtype} is not carried; one of numbers, text or dates is")
        self.check(value.nbytes)
        if kind == "U":
            return {"t": "words", "d": "str", "s": list(value.shape), "v": self.parts(value.ravel().tolist(), depth)}
        if kind in "Mm":
            return {"t": "times", "d": value.dtype.newbyteorder("<").str, "v": self.array(value.astype(np.int64))}
        if name == LONG:
            with np.errstate(all="ignore"):
                high = value.astype(np.float64)
                low = np.where(np.isfinite(high), value - high, 0).astype(np.float64)
            return {"t": "long", "v": [self.array(high), self.array(low)]}
        self.add(np.asarray(value, ARRAYS[name], order="C").tobytes())
        return {"t": "array", "d": name, "s": list(value.shape)}

    def generator(self, value: torch.Generator, _: int = 0) -> dict:
        known = self.generators if self.lent is None else self.lent
        for place, other in enumerate(known):
            if other is value:
                return {"t": "lent", "i": place}
        if value.device.type != "cpu":
            raise TypeError(f"a generator on {value.device} is not carried; one on the CPU is")
        if self.lent is None:
            self.generators.append(value)
            return {"t": "generator", "n": self.add(value.get_state().numpy().tobytes())}
        seed = value.initial_seed()
        try:
            drawn = generators.drawn(torch.Generator().manual_seed(seed).get_state(), value)
        except ValueError:
            raise TypeError("a generator whose state was set is not carried; one that was seeded is") from None
        return {"t": "seeded", "v": hex(seed), "drawn": drawn}

    def dtype(self, value: np.dtype, _: int = 0) -> dict:
        return {"t": "dtype", "v": value.name, "numpy": True}

    def device(self, value: torch.device, _: int = 0) -> dict:
        if value.type != "cpu":
            raise TypeError(f"the device {value} is not carried; the CPU is")
        return {"t": "cpu"}

    def add(self, data: bytes) -> int:
        """Append to the body; the number of bytes."""
        self.check(len(data))
        self.size += len(data)
        self.body.append(data)
        return len(data)

    def check(self, more: int) -> None:
        if self.size + more > BODY_BYTES:
            raise ProtocolError(f"values of more than {BODY_BYTES // 2**20} MB are not carried at once")


def _check_hashed(values: Collection) -> None:
    if len(values) > HASHED and not all(isinstance(value, str) for value in values):
        raise ProtocolError(f"a set, or a dict, of more than {HASHED:,} parts that are not text is not carried")


def _check_decimal(value: Decimal) -> None:
    if value.is_finite() and abs(value.adjusted()) > LONGEST_INT:
        raise ProtocolError("a Decimal of so many digits is not carried")


def _parted(tag: str) -> Callable[[Encoder, Any, int], dict]:
    return lambda encoder, value, depth: {"t": tag, "v": encoder.parts(value, depth)}


# In this order, the first kind that a value is an instance of.
WRITERS: list[tuple[Any, Callable[[Encoder, Any, int], Any]]] = [
    ((type(None), bool), lambda encoder, value, depth: value),
    ((str, np.str_), Encoder.text),
    ((bytes, bytearray), lambda encoder, value, depth: {"t": "bytes", "n": encoder.add(bytes(value))}),
    (np.generic, lambda encoder, value, depth: {"t": "scalar", "v": encoder.array(np.asarray(value))}),
    (int, Encoder.whole),
    (float, Encoder.number),
    (complex, lambda encoder, value, depth: {"t": "complex", "v": [encoder.number(value.real), encoder.number(value.imag)]}),
    (torch.Tensor, Encoder.tensor),
    (np.ndarray, Encoder.array),
    (torch.Generator, Encoder.generator),
    (torch.Size, _parted("size")),
    (tuple, _parted("tuple")),
    ((list, deque, KeysView, ValuesView, ItemsView), _parted("list")),
    ((dict, MappingProxyType), Encoder.mapping),
    ((set, frozenset), Encoder.gathered),
    (range, Encoder.range),
    (slice, lambda encoder, value, depth: {"t": "slice", "v": encoder.parts([value.start, value.stop, value.step], depth)}),
    (Fraction, lambda encoder, value, depth: {"t": "fraction", "v": encoder.parts([value.numerator, value.denominator], depth)}),
    (Decimal, Encoder.decimal),
    (EllipsisType, lambda encoder, value, depth: {"t": "ellipsis"}),
    (torch.dtype, lambda encoder, value, depth: {"t": "dtype", "v": str(value).removeprefix("torch."), "numpy": False}),
    (np.dtype, Encoder.dtype),
    (torch.device, Encoder.device),
    (Iterator, Encoder.iterator),
]


class Decoder:
    """Reads nodes back to values; strict, and in the order in which they were written.

    Args:
        body: the bytes of the frame.
        resolve: called with a `Ref`, and with how deep it lies inside the value; returns what stands for it on this side.
        lent: the generators that went with the question, on the trusted side, which reads no generator's state. None, in a worker:
            states are read.

    Afterwards `differentiable` holds the tensors marked as such, `generators` the generators, each in order.

    Raises:
        ProtocolError: from `decode` and `finish`, for anything that no `Encoder` writes.
    """

    def __init__(self, body: bytearray, resolve: Callable[[Ref, int], Any], lent: Sequence[torch.Generator] | None = ()):
        self.body, self.resolve, self.lent = body, resolve, lent
        self.at = self.nodes = 0
        self.differentiable: list[torch.Tensor] = []
        self.generators: list[torch.Generator] = []

    def finish(self) -> None:
        """Raise when bytes are left over."""
        if self.at != len(self.body):
            raise ProtocolError(f"{len(self.body) - self.at} bytes that belong to no value")

    def decode(self, node: Any, depth: int = 0) -> Any:
        """The value of a node."""
        self.nodes += 1
        if depth > DEPTH or self.nodes > NODES:
            raise ProtocolError("a value that is too deep or has too many parts")
        if node is None or isinstance(node, (bool, float)):
            return node
        if isinstance(node, str):
            return plain(node)
        if isinstance(node, int):
            return self.bounded(node)
        if not isinstance(node, dict) or not isinstance(node.get("t"), str):
            raise ProtocolError("a node of no known type")
        read = getattr(self, f"read_{node['t']}", None) if node["t"].isidentifier() else None
        if read is None:
            raise ProtocolError("a node of no known type")
        try:
            return read(node, depth + 1)
        except StudentError:
            raise
        except (ArithmeticError, TypeError, ValueError, RuntimeError) as error:  # by what makes a number, a set, a generator of it
            raise error if isinstance(error, ProtocolError) else ProtocolError(f"a {node['t']} that is none") from None

    def bounded(self, value: int) -> int:
        if not -(2**63) <= value < 2**63:
            raise ProtocolError("an int out of range")
        return value

    def parts(self, node: dict, depth: int, *kinds: Any) -> list:
        """The values in a node's list; of these kinds, one each, where kinds are given."""
        values = [self.decode(each, depth) for each in field(node, "v", list)]
        if kinds and (len(kinds) != len(values) or not all(map(isinstance, values, kinds))):
            raise ProtocolError(f"a {node['t']} that is none")
        return values

    def read_int(self, node: dict, _: int) -> int:
        text = field(node, "v", str)
        if len(text) > LONGEST_INT // 4 + 4:
            raise ProtocolError("an int out of range")
        return int(text, 16)

    def read_float(self, node: dict, _: int) -> float:
        if field(node, "v", str) not in ("nan", "inf", "-inf"):
            raise ProtocolError("a float that is none")
        return float(node["v"])

    def read_complex(self, node: dict, depth: int) -> complex:
        return complex(*self.parts(node, depth, float, float))

    def read_fraction(self, node: dict, depth: int) -> Fraction:
        return Fraction(*self.parts(node, depth, int, int))

    def read_decimal(self, node: dict, _: int) -> Decimal:
        text = field(node, "v", str)
        value = Decimal(text if len(text) < LONGEST_INT // 3 else "")
        _check_decimal(value)
        return value

    def read_text(self, node: dict, _: int) -> str:
        return bytes(self.take(count(node, "n"))).decode("utf-8", "replace")

    def read_bytes(self, node: dict, _: int) -> bytes:
        return bytes(self.take(count(node, "n")))

    def read_tuple(self, node: dict, depth: int) -> tuple:
        return tuple(self.parts(node, depth))

    def read_list(self, node: dict, depth: int) -> list:
        return self.parts(node, depth)

    def read_size(self, node: dict, depth: int) -> torch.Size:
        return torch.Size(self.parts(node, depth))

    def read_range(self, node: dict, depth: int) -> range:
        value = range(*self.parts(node, depth, int, int, int))
        if value[NODES:]:
            raise ProtocolError("a range that is too long")
        return value

    def read_slice(self, node: dict, depth: int) -> slice:
        return slice(*self.parts(node, depth, object, object, object))

    def read_ellipsis(self, node: dict, _: int) -> EllipsisType:
        return ...

    def read_set(self, node: dict, depth: int) -> set:
        values = self.parts(node, depth)
        _check_hashed(values)
        return set(values)

    def read_frozenset(self, node: dict, depth: int) -> frozenset:
        return frozenset(self.read_set(node, depth))

    def read_dict(self, node: dict, depth: int) -> dict:
        pairs = field(node, "v", list)
        if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            raise ProtocolError("a dict that is none")
        parts = [(self.decode(key, depth), self.decode(each, depth)) for key, each in pairs]
        _check_hashed([key for key, _ in parts])
        value = dict(parts)
        if len(value) != len(pairs):
            raise ProtocolError("a dict whose keys are not all different")
        return value

    def read_iterator(self, node: dict, depth: int) -> Iterator:
        items = self.parts(node, depth)
        return itertools.chain(items, _endless() if field(node, "more", bool) else ())

    def read_tensor(self, node: dict, _: int) -> torch.Tensor:
        dtype, shape = self.layout(node, DTYPES)
        data = self.take(math.prod(shape) * dtype.itemsize)
        gradient = field(node, "g", bool)
        if gradient and not (dtype.is_floating_point or dtype.is_complex):
            raise ProtocolError("a gradient of whole numbers")
        raw = torch.frombuffer(bytearray(data), dtype=torch.uint8) if len(data) else torch.empty(0, dtype=torch.uint8)
        # A bool that is neither 0 nor 1 compares as it likes, so a bool is made here out of a number.
        value = (raw != 0 if dtype is torch.bool else raw.view(dtype)).reshape(shape)
        if gradient:
            value = value.clone()  # no view: what is not one can be made a result in place
            self.differentiable.append(value)
        return value

    def read_array(self, node: dict, _: int) -> np.ndarray:
        dtype, shape = self.layout(node, ARRAYS)
        raw = np.frombuffer(bytes(self.take(math.prod(shape) * dtype.itemsize)), dtype=np.uint8).copy()
        return (raw != 0 if dtype.kind == "b" else raw.view(dtype)).reshape(shape)

    def read_words(self, node: dict, depth: int) -> np.ndarray:
        words, (dtype, shape) = self.parts(node, depth), self.layout(node, {"str": np.str_})
        if not all(isinstance(each, str) for each in words) or 4 * len(words) * max(map(len, words), default=0) > BODY_BYTES:
            raise ProtocolError("text that is none or too long")  # each takes as much memory as the longest
        return np.array(words, dtype).reshape(shape)

    def read_times(self, node: dict, depth: int) -> np.ndarray:
        value, dtype = self.decode(field(node, "v", dict), depth), field(node, "d", str)
        if not isinstance(value, np.ndarray) or value.dtype != np.int64 or not TIMES.fullmatch(dtype):
            raise ProtocolError("times that are none")
        return value.view(dtype)

    def read_long(self, node: dict, depth: int) -> np.ndarray:
        high, low = self.parts(node, depth, np.ndarray, np.ndarray)
        if not (high.shape == low.shape and high.dtype == low.dtype == np.float64):
            raise ProtocolError("a long double that is none")
        return np.asarray(high.astype(np.longdouble) + low)

    def read_scalar(self, node: dict, depth: int) -> np.generic:
        value = self.decode(field(node, "v", dict), depth)
        if not isinstance(value, np.ndarray) or value.shape:
            raise ProtocolError("a number that is none")
        return value[()]  # type: ignore[return-value]  # of an array without axes: the number in it

    def read_dtype(self, node: dict, _: int) -> torch.dtype | np.dtype:
        known = ARRAYS | {LONG: np.dtype(np.longdouble)} if field(node, "numpy", bool) else ALL_DTYPES
        if field(node, "v", str) not in known:
            raise ProtocolError("a dtype that is none")
        return known[node["v"]]

    def read_cpu(self, node: dict, _: int) -> torch.device:
        return torch.device("cpu")

    def read_generator(self, node: dict, _: int) -> torch.Generator:
        if self.lent is not None:
            raise ProtocolError("the state of a generator")
        generator = torch.Generator()
        generator.set_state(torch.frombuffer(bytearray(self.take(count(node, "n"))), dtype=torch.uint8))
        self.generators.append(generator)
        return generator

    def read_lent(self, node: dict, _: int) -> torch.Generator:
        known = self.generators if self.lent is None else self.lent
        return known[count(node, "i", len(known))]

    def read_seeded(self, node: dict, depth: int) -> torch.Generator:
        generator = torch.Generator().manual_seed(self.read_int(node, depth))
        generators.advance(generator, self.drawn(node.get("drawn")))
        return generator

    def drawn(self, claim: Any) -> generators.Drawn:
        """What a worker says that was drawn from a generator."""
        if not (isinstance(claim, list) and len(claim) == 2 and all(type(each) is int for each in claim)):
            raise ProtocolError("draws that are none")
        return generators.Drawn(*claim)

    def read_ref(self, node: dict, depth: int) -> Any:
        kind, name = field(node, "k", str), field(node, "name", str)
        if kind not in KINDS:
            raise ProtocolError("an object of no known kind")
        return self.resolve(Ref(count(node, "id"), kind, clean(name[:200])), depth - 1)

    def layout(self, node: dict, known: dict) -> tuple[Any, list[int]]:
        name, shape = field(node, "d", str), field(node, "s", list)
        if name not in known:
            raise ProtocolError("numbers of no known dtype")
        if len(shape) > AXES or not all(type(size) is int and 0 <= size <= BODY_BYTES for size in shape):
            raise ProtocolError("a shape that is none")
        if math.prod(size for size in shape if size) > BODY_BYTES:
            raise ProtocolError("a shape that is too large")
        return known[name], shape

    def take(self, size: int) -> memoryview:
        if size > len(self.body) - self.at:
            raise ProtocolError("a value whose bytes are missing")
        self.at += size
        return memoryview(self.body)[self.at - size : self.at]


def _endless() -> Iterator:
    """What comes after the items that were taken of an iterator."""
    raise refusal("OverflowError", f"of an iterator at most {ITEMS:,} items and {ITEM_BYTES // 2**20} MB are taken")
    yield
