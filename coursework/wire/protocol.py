"""What travels between the trusted process and a worker: frames, and values inside them. Never pickle, never code.

A frame is a fixed prefix, a JSON object, and a body of raw bytes. Values are written as JSON nodes; what is long (tensors, arrays,
generator states, long text) stands in the body, in the order of the nodes. Reading is strict: a worker belongs to the student whose
code it runs, so whatever it sends may be made to harm. What cannot be right raises `ProtocolError`, and what is read is plain data.
"""

import json
import math
import struct
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import numpy as np
import torch

PREFIX = struct.Struct("!4sIQ")  # mark, bytes of JSON, bytes of body
MARK = b"AEW1"
JSON_BYTES = 2 * 2**20
BODY_BYTES = 128 * 2**20
DEPTH, NODES, AXES, TEXT = 32, 200_000, 16, 4096

DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128),
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
    )
}
ARRAYS = {name: np.dtype(name) for name in (*(set(DTYPES) - {"bfloat16"}), "uint16", "uint32", "uint64")}
LONGEST_INT = 10_000  # bits


class ProtocolError(ValueError):
    """Bytes that no honest peer would send."""


class Ref:
    """Stands for something that stays in the worker: a function, a class, a module, any other object.

    kind: "function", "class", "module" or "object". name: what to call it.
    """

    __slots__ = ("id", "kind", "name")

    def __init__(self, id: int, kind: str = "object", name: str = ""):
        self.id, self.kind, self.name = id, kind, name


KINDS = ("function", "class", "module", "object")


def pack(message: dict, body: Sequence[bytes] = ()) -> list[bytes]:
    """A frame, as the pieces to write one after the other.

    Raises:
        ProtocolError: it is larger than a frame may be.
    """
    text = json.dumps(message, allow_nan=False).encode()
    size = sum(len(piece) for piece in body)
    check_sizes(len(text), size)
    return [PREFIX.pack(MARK, len(text), size) + text, *body]


def check_sizes(text: int, body: int) -> None:
    """Raise unless a frame of these sizes, in bytes, may travel."""
    if text > JSON_BYTES or body > BODY_BYTES:
        raise ProtocolError(
            f"a frame of {text} bytes of JSON and {body} of data; at most {JSON_BYTES} and {BODY_BYTES} are carried"
        )


def sizes(prefix: bytes | bytearray) -> tuple[int, int]:
    """The bytes of JSON and of body that a prefix announces."""
    mark, text, body = PREFIX.unpack(prefix)
    if mark != MARK:
        raise ProtocolError("bytes that are no frame")
    check_sizes(text, body)
    return text, body


def parse(text: bytes | bytearray) -> dict:
    """The JSON object of a frame: no NaN, no infinity, nothing but an object, no nesting that could exhaust a stack."""
    try:
        message = json.loads(text.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"a frame whose JSON cannot be read ({type(error).__name__})") from None
    if not isinstance(message, dict):
        raise ProtocolError("a frame whose JSON is no object")
    return message


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def plain(text: str) -> str:
    """Text without lone surrogates, which no file takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def clean(text: str) -> str:
    """Text fit for a file, a report and a terminal: no lone surrogates, no control characters other than tab and line feed.

    >>> clean("a\\x1b[31m\\ud800b")
    'a\ufffd[31m\ufffdb'
    """
    if text.isprintable():
        return text
    return "".join(c if c in "\n\t" or unicodedata.category(c)[0] != "C" else "\ufffd" for c in text)


class Encoder:
    """Writes values as nodes and gathers their bytes.

    Args:
        refer: called with what is no plain value; returns a node for it or raises TypeError.

    Afterwards `body` holds the bytes, `differentiable` the tensors that want a gradient and `generators` the generators, in order.
    """

    def __init__(self, refer: Callable[[Any], dict]):
        self.refer = refer
        self.body: list[bytes] = []
        self.size = 0
        self.differentiable: list[torch.Tensor] = []
        self.generators: list[torch.Generator] = []

    def encode(self, value: Any, depth: int = 0) -> Any:
        """The node of a value."""
        if depth > DEPTH:
            raise ProtocolError(f"a value nested more than {DEPTH} deep is not carried")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, np.generic):
            value = value.item()
        for kind, write in self._writers():
            if isinstance(value, kind):
                return write(value, depth + 1)
        return self.refer(value)

    def _writers(self) -> Iterator[tuple[type, Callable[[Any, int], Any]]]:
        yield bool, lambda value, _: value
        yield int, self._int
        yield float, self._float
        yield complex, lambda value, _: {"t": "complex", "v": [self._float(value.real), self._float(value.imag)]}
        yield str, self._text
        yield torch.Tensor, self._tensor
        yield np.ndarray, self._array
        yield torch.Generator, self._generator
        yield tuple, lambda value, depth: {"t": "tuple", "v": [self.encode(each, depth) for each in value]}
        yield list, lambda value, depth: {"t": "list", "v": [self.encode(each, depth) for each in value]}
        yield dict, self._dict

    def _int(self, value: int, _: int = 0) -> int | dict:
        value = int(value)
        if value.bit_length() > LONGEST_INT:
            raise ProtocolError(f"an int of {value.bit_length()} bits is not carried")
        return value if -(2**63) <= value < 2**63 else {"t": "int", "v": hex(value)}

    def _float(self, value: float | int, _: int = 0) -> float | dict:
        value = float(value)
        return value if math.isfinite(value) else {"t": "float", "v": str(value)}

    def _text(self, value: str, _: int = 0) -> str | dict:
        data = str(value).encode("utf-8", "replace")
        return data.decode() if len(data) <= TEXT else {"t": "text", "n": self._add(data)}

    def _dict(self, value: dict, depth: int) -> dict:
        if not all(isinstance(key, str) for key in value):
            raise TypeError("a dict whose keys are not all text is not carried")
        return {"t": "dict", "v": [[self._text(key), self.encode(each, depth)] for key, each in value.items()]}

    def _tensor(self, value: torch.Tensor, _: int = 0) -> dict:
        with torch._C.DisableTorchFunctionSubclass():  # a subclass of a student's may answer anything to what is asked here
            name = str(value.dtype).removeprefix("torch.")
            if name not in DTYPES or value.layout is not torch.strided or value.device.type != "cpu":
                raise TypeError(
                    f"a tensor of {value.dtype}, {value.layout}, on {value.device} is not carried; a dense one on the CPU is"
                )
            gradient = bool(value.requires_grad and torch.is_grad_enabled())
            if gradient:
                self.differentiable.append(value)
            self._check(value.numel() * value.element_size())
            flat = value.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
            self._add(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"")
            return {"t": "tensor", "d": name, "s": list(value.shape), "g": gradient}

    def _array(self, value: np.ndarray, _: int = 0) -> dict:
        if value.dtype.name not in ARRAYS:
            raise TypeError(f"a NumPy array of {value.dtype} is not carried; one of numbers is")
        self._check(value.nbytes)
        self._add(np.asarray(value, ARRAYS[value.dtype.name], order="C").tobytes())
        return {"t": "array", "d": value.dtype.name, "s": list(value.shape)}

    def _generator(self, value: torch.Generator, _: int = 0) -> dict:
        if value.device.type != "cpu":
            raise TypeError(f"a generator on {value.device} is not carried; one on the CPU is")
        self.generators.append(value)
        return {"t": "generator", "n": self._add(value.get_state().numpy().tobytes())}

    def _add(self, data: bytes) -> int:
        self._check(len(data))
        self.size += len(data)
        self.body.append(data)
        return len(data)

    def _check(self, more: int) -> None:
        if self.size + more > BODY_BYTES:
            raise ProtocolError(f"values of more than {BODY_BYTES // 2**20} MB are not carried at once")


class Decoder:
    """Reads nodes back to values; strict, and in the order in which they were written.

    Args:
        body: the bytes of the frame.
        resolve: called with a `Ref`, and with how deep it lies inside the value; returns what stands for it on this side.

    Afterwards `differentiable` holds the tensors marked as such, `generators` the generators, each in order.

    Raises:
        ProtocolError: from `decode` and `finish`, for anything that no `Encoder` writes.
    """

    def __init__(self, body: bytearray, resolve: Callable[[Ref, int], Any]):
        self.body, self.resolve = body, resolve
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
            return self._bounded(node)
        if not isinstance(node, dict) or not isinstance(node.get("t"), str):
            raise ProtocolError("a node of no known type")
        read = getattr(self, f"_read_{node['t']}", None) if node["t"].isidentifier() else None
        if read is None:
            raise ProtocolError("a node of no known type")
        return read(node, depth + 1)

    def _bounded(self, value: int) -> int:
        if not -(2**63) <= value < 2**63:
            raise ProtocolError("an int out of range")
        return value

    def _read_int(self, node: dict, _: int) -> int:
        text = field(node, "v", str)
        if len(text) > LONGEST_INT // 4 + 4:
            raise ProtocolError("an int out of range")
        try:
            return int(text, 16)
        except ValueError:
            raise ProtocolError("an int that is none") from None

    def _read_float(self, node: dict, _: int) -> float:
        if field(node, "v", str) not in ("nan", "inf", "-inf"):
            raise ProtocolError("a float that is none")
        return float(node["v"])

    def _read_complex(self, node: dict, depth: int) -> complex:
        parts = [self.decode(part, depth) for part in field(node, "v", list)]
        if len(parts) != 2 or not all(isinstance(part, float) for part in parts):
            raise ProtocolError("a complex number that is none")
        return complex(*parts)

    def _read_text(self, node: dict, _: int) -> str:
        return bytes(self._take(count(node, "n"))).decode("utf-8", "replace")

    def _read_tuple(self, node: dict, depth: int) -> tuple:
        return tuple(self._read_list(node, depth))

    def _read_list(self, node: dict, depth: int) -> list:
        return [self.decode(each, depth) for each in field(node, "v", list)]

    def _read_dict(self, node: dict, depth: int) -> dict:
        pairs = field(node, "v", list)
        if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            raise ProtocolError("a dict that is none")
        value = {self.decode(key, depth): self.decode(each, depth) for key, each in pairs if isinstance(key, (str, dict))}
        if len(value) != len(pairs) or not all(isinstance(key, str) for key in value):
            raise ProtocolError("a dict whose keys are not text, or not all different")
        return value

    def _read_tensor(self, node: dict, _: int) -> torch.Tensor:
        dtype, shape = self._layout(node, DTYPES)
        data = self._take(math.prod(shape) * dtype.itemsize)
        gradient = field(node, "g", bool)
        if gradient and not (dtype.is_floating_point or dtype.is_complex):
            raise ProtocolError("a gradient of whole numbers")
        raw = torch.frombuffer(bytearray(data), dtype=torch.uint8) if len(data) else torch.empty(0, dtype=torch.uint8)
        # A bool that is neither 0 nor 1 compares as it likes, so a bool is made here out of a number.
        value = (raw != 0 if dtype is torch.bool else raw.view(dtype)).reshape(shape)
        if gradient:
            self.differentiable.append(value)
        return value

    def _read_array(self, node: dict, _: int) -> np.ndarray:
        dtype, shape = self._layout(node, ARRAYS)
        raw = np.frombuffer(bytes(self._take(math.prod(shape) * dtype.itemsize)), dtype=np.uint8).copy()
        return (raw != 0 if dtype.kind == "b" else raw.view(dtype)).reshape(shape)

    def _read_generator(self, node: dict, _: int) -> torch.Generator:
        state = torch.frombuffer(bytearray(self._take(count(node, "n"))) or bytearray(1), dtype=torch.uint8)
        generator = torch.Generator()
        try:
            generator.set_state(state)
        except RuntimeError:
            raise ProtocolError("the state of no generator") from None
        self.generators.append(generator)
        return generator

    def _read_ref(self, node: dict, depth: int) -> Any:
        kind, name = field(node, "k", str), field(node, "name", str)
        if kind not in KINDS:
            raise ProtocolError("an object of no known kind")
        return self.resolve(Ref(count(node, "id"), kind, clean(name[:200])), depth - 1)

    def _layout(self, node: dict, known: dict) -> tuple[Any, list[int]]:
        name, shape = field(node, "d", str), field(node, "s", list)
        if name not in known:
            raise ProtocolError("numbers of no known dtype")
        if len(shape) > AXES or not all(type(size) is int and 0 <= size <= BODY_BYTES for size in shape):
            raise ProtocolError("a shape that is none")
        if math.prod(size for size in shape if size) > BODY_BYTES:
            raise ProtocolError("a shape that is too large")
        return known[name], shape

    def _take(self, size: int) -> memoryview:
        if size > len(self.body) - self.at:
            raise ProtocolError("a value whose bytes are missing")
        self.at += size
        return memoryview(self.body)[self.at - size : self.at]


def field(node: dict, key: str, kind: type) -> Any:
    """A field of a node or message, of the type that it has to have."""
    value = node.get(key)
    if type(value) is not kind:
        raise ProtocolError(f"a message whose {key!r} is not of type {kind.__name__}")
    return value


def count(node: dict, key: str) -> int:
    """A field that has to be a whole number from 0 to 2**31."""
    value = field(node, key, int)
    if not 0 <= value < 2**31:
        raise ProtocolError(f"a message whose {key!r} is out of range")
    return value
