"""What travels between the trusted process and a worker: frames. Never pickle, never code.

A frame is a fixed prefix, a JSON object, and a body of raw bytes; `values` says how values are written in them. Reading is strict: a
worker belongs to the student whose code it runs, so whatever it sends may be made to harm. What cannot be right raises `ProtocolError`.
"""

import json
import struct
import unicodedata
from collections.abc import Sequence
from typing import Any, NoReturn

PREFIX = struct.Struct("!4sIQ")  # mark, bytes of JSON, bytes of body
MARK = b"AEW1"
JSON_BYTES = 2 * 2**20
BODY_BYTES = 128 * 2**20


class ProtocolError(ValueError):
    """Bytes that no honest peer would send, or a value too large to be sent."""


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


def field(node: dict, key: str, kind: type) -> Any:
    """A field of a node or message, of the type that it has to have."""
    value = node.get(key)
    if type(value) is not kind:
        raise ProtocolError(f"a message whose {key!r} is not of type {kind.__name__}")
    return value


def count(node: dict, key: str, most: int = 2**31) -> int:
    """A field that has to be a whole number from 0 to below `most`."""
    value = field(node, key, int)
    if not 0 <= value < most:
        raise ProtocolError(f"a message whose {key!r} is out of range")
    return value


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
