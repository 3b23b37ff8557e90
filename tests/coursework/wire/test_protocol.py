"""Frames and values: what goes over comes back the same, and what no honest peer sends is refused, at once and whatever it is."""

import contextlib
import itertools
import json
import math
import pickle
import signal
import socket
import struct
import threading
import tracemalloc
from collections import Counter, OrderedDict, deque
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

from coursework.wire import protocol, values
from coursework.wire.errors import StudentError
from coursework.wire.limits import Limits
from coursework.wire.protocol import ProtocolError
from coursework.wire.session import Session, WorkerError
from coursework.wire.values import Decoder, Encoder, Ref
from coursework.wire.worker import Channel


def refuse(value):
    raise TypeError(f"not carried: {type(value).__name__}")


def over(value):
    """A value as it arrives: encoded, through JSON, decoded."""
    encoder = Encoder(refuse)
    node = encoder.encode(value)
    decoder = Decoder(bytearray(b"".join(encoder.body)), lambda ref, _: ref, None)
    arrived = decoder.decode(json.loads(json.dumps(node, allow_nan=False)))
    decoder.finish()
    return arrived


def same(a, b):
    if isinstance(a, torch.Tensor):
        return type(b) is torch.Tensor and a.dtype == b.dtype and a.shape == b.shape and bytes_of(a) == bytes_of(b)
    if isinstance(a, np.ndarray):
        return a.dtype.newbyteorder("=") == b.dtype and a.shape == b.shape and np.array_equal(a, b)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and (a == b or (a != a and b != b))


def bytes_of(tensor):
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


@pytest.mark.parametrize(
    "value",
    [
        *(
            None,
            True,
            False,
            0,
            -(2**63),
            2**200,
            -(2**200),
            0.1,
            -0.0,
            math.inf,
            -math.inf,
            math.nan,
            2 - 3j,
            complex(math.nan, 1),
        ),
        *("", "경계 \n", "long " * 5000, [], (), {}, [1, (2.0, ["x"]), {"a": None, "b": (1,)}], {"long " * 5000: 1}),
        *(torch.tensor(1.5), torch.empty(0, 3), torch.arange(6).reshape(2, 3).T, torch.tensor([True, False])),
        *(
            torch.tensor([1 / 3, -1.7, 2e3]).to(dtype)
            for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64)
        ),
        *(np.arange(6, dtype=">f8").reshape(2, 3), np.zeros((2, 0), "uint16"), np.array([True, False]), np.array(3)),
        *(b"\x00\xff", range(3, 9, 2), slice(None, 3), slice(1, (2, 3)), ..., Fraction(1, 3), Decimal("1.10"), Decimal("Infinity")),
        *({1, 2.5, "a", (1, 2)}, frozenset({None, True}), {1: 2, (1, 2): "a", None: [3]}, {"a": {3}}, {"long", "text"}),
        *(torch.Size([2, 3]), torch.float32, torch.uint32, np.dtype("float64"), torch.device("cpu")),
        *(
            np.float32(0.5),
            np.int64(3),
            np.bool_(True),
            np.complex64(1 + 2j),
            np.float64(0.1),
            np.longdouble(1) / 3,
            np.longdouble("inf"),
        ),
        *(np.arange(3, dtype=np.longdouble) / 7, np.zeros((0, 2), np.longdouble)),
        *(np.array([["경계", ""]]), np.zeros(0, "<U1"), np.array("a"), np.datetime64("2026-02"), np.timedelta64(90, "s")),
        *(np.array(["2026-02-27", "2026-03-01"], ">M8[D]"), np.arange(3).astype("m8[25s]").reshape(3, 1)),
        *(torch.tensor([math.nan, math.inf]), torch.complex(torch.ones(2), torch.ones(2)).conj()),
    ],
    ids=lambda value: "set" if isinstance(value, set | frozenset) else repr(value)[:30],  # the order of a set is another each time
)
def test_a_value_arrives_as_it_was(value):
    assert same(value.resolve_conj() if isinstance(value, torch.Tensor) else value, over(value))


class Pair(NamedTuple):
    a: int
    b: int


class Text(str):
    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Pair(1, 2), (1, 2)),
        (Text("a"), "a"),
        (OrderedDict(a=1), {"a": 1}),
        (Counter("aab"), {"a": 2, "b": 1}),
        (MappingProxyType({1: 2}), {1: 2}),
        (deque([1, 2]), [1, 2]),
        ({"a": 1}.keys(), ["a"]),
        ({"a": 1}.values(), [1]),
        ({"a": 1}.items(), [("a", 1)]),
        (np.str_("a"), "a"),
        (bytearray(b"ab"), b"ab"),
        (IntEnum("E", "a b")(2), 2),
        (nn.Parameter(torch.ones(2)).detach(), torch.ones(2)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_kind_of_ones_own_arrives_as_the_plain_kind(value, plain):
    assert same(plain, over(value))


@pytest.mark.parametrize(
    "value",
    [
        lambda: (x * x for x in range(3)),
        lambda: map(abs, [0, -1, -4]),
        lambda: filter(lambda x: x != 2, [0, 1, 2, 4]),
        lambda: reversed([4, 1, 0]),
        lambda: itertools.chain([0], [1, 4]),
    ],
    ids=["generator", "map", "filter", "reversed", "chain"],
)
def test_what_is_iterated_once_arrives_so(value):
    arrived = over(value())
    assert next(arrived) == 0
    assert list(arrived) == [1, 4]
    assert list(arrived) == []


def test_an_iterator_that_never_ends_gives_what_is_taken_of_it():
    arrived = over(itertools.count())
    assert [next(arrived) for _ in range(100)] == list(range(100))
    with pytest.raises(StudentError, match="at most 10,000 items"):
        list(arrived)
    large = over(torch.zeros(2**20) for _ in itertools.count())
    assert next(large).shape == (2**20,)


def test_what_is_large_is_counted_before_it_is_made():
    """Numbers of one hash make a set slow to build; digits and exponents without end, a number."""
    collide = [n * (2**61 - 1) for n in range(values.HASHED + 1)]
    for value in (set(collide), dict.fromkeys(collide), Decimal("1e99999"), Fraction(1, 1 << 10_001), 1 << 10_001):
        with pytest.raises(ProtocolError):
            over(value)
    assert len(over({str(n) for n in range(values.HASHED + 1)})) == values.HASHED + 1


def test_a_generator_arrives_where_it_was():
    generator = torch.Generator().manual_seed(5)
    torch.randn(7, generator=generator)
    arrived = over(generator)
    assert torch.equal(torch.randn(9, generator=arrived), torch.randn(9, generator=generator))


@pytest.mark.parametrize(
    "value",
    [
        torch.eye(2).to_sparse(),
        np.array([object()]),
        1 << 20_000,
        range(2**62),
        range(2**99),
        torch.device("meta"),
        object(),
        len,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_carried_is_refused_by_the_sender(value):
    with pytest.raises((TypeError, ProtocolError)):
        over(value)


def test_a_value_that_holds_itself_is_refused():
    value = []
    value.append(value)
    with pytest.raises(ProtocolError, match="deep"):
        over(value)


TENSOR = {"t": "tensor", "d": "float32", "s": [2], "g": False}


def read(decoder, node):
    decoder.decode(node)
    decoder.finish()


BAD_NODES = {
    "a list": [1],
    "no type": {},
    "unknown type": {"t": "lambda"},
    "a method's name": {"t": "_init__"},
    "type is a list": {"t": ["tensor"]},
    "negative shape": {**TENSOR, "s": [-2]},
    "two negative": {**TENSOR, "s": [-1, -2]},
    "huge shape": {**TENSOR, "s": [2**62, 2**62]},
    "huge beside nothing": {**TENSOR, "s": [0, 2**26, 2**26, 2**26]},
    "shape of floats": {**TENSOR, "s": [2.0]},
    "shape of bools": {**TENSOR, "s": [True, 2]},
    "shape is text": {**TENSOR, "s": "22"},
    "too many axes": {**TENSOR, "s": [1] * 65},
    "too many bytes": {**TENSOR, "s": [1]},
    "too few bytes": {**TENSOR, "s": [3]},
    "unknown dtype": {**TENSOR, "d": "object"},
    "dtype is a dict": {**TENSOR, "d": {}},
    "no gradient flag": {"t": "tensor", "d": "float32", "s": [2]},
    "gradient of ints": {**TENSOR, "d": "int32", "g": True},
    "array of objects": {"t": "array", "d": "object", "s": [1]},
    "array of bfloat16": {"t": "array", "d": "bfloat16", "s": [4]},
    "text longer than it is": {"t": "text", "n": 9},
    "text of negative length": {"t": "text", "n": -8},
    "generator of nonsense": {"t": "generator", "n": 8},
    "int too long": {"t": "int", "v": "0x" + "f" * 9000},
    "int of no number": {"t": "int", "v": "__import__"},
    "int out of range": 2**63,
    "float of no number": {"t": "float", "v": "1e5"},
    "complex of text": {"t": "complex", "v": ["1", "2"]},
    "dict with a list": {"t": "dict", "v": [[1, 2, 3]]},
    "dict with a list as key": {"t": "dict", "v": [[{"t": "list", "v": []}, 2]]},
    "set of lists": {"t": "set", "v": [{"t": "list", "v": []}]},
    "range of floats": {"t": "range", "v": [0.0, 1, 1]},
    "range of too many": {"t": "range", "v": [0, 2**62, 1]},
    "range without a step": {"t": "range", "v": [0, 1, 0]},
    "fraction of nothing": {"t": "fraction", "v": [1, 0]},
    "decimal of nothing": {"t": "decimal", "v": "1e"},
    "decimal out of range": {"t": "decimal", "v": "1e99999"},
    "size of text": {"t": "size", "v": ["a"]},
    "dtype of nothing": {"t": "dtype", "v": "load", "numpy": False},
    "number of many": {"t": "scalar", "v": {"t": "array", "d": "float32", "s": [2]}},
    "number of a list": {"t": "scalar", "v": {"t": "list", "v": []}},
    "long of two kinds": {"t": "long", "v": [{"t": "array", "d": "int32", "s": []}, {"t": "array", "d": "int32", "s": []}]},
    "words of numbers": {"t": "words", "d": "str", "s": [1], "v": [1]},
    "more words than their shape": {"t": "words", "d": "str", "s": [1], "v": ["a", "b"]},
    "words as wide as the longest": {"t": "words", "d": "str", "s": [100_000], "v": ["x" * 1000, *[""] * 99_999]},
    "times of floats": {"t": "times", "d": "<M8[D]", "v": {"t": "array", "d": "float64", "s": [1]}},
    "times of objects": {"t": "times", "d": "O", "v": {"t": "array", "d": "int64", "s": [1]}},
    "times of no unit": {"t": "times", "d": "<M8[Q]", "v": {"t": "array", "d": "int64", "s": [1]}},
    "times of no length": {"t": "times", "d": "<M8[0D]", "v": {"t": "array", "d": "int64", "s": [1]}},
    "iterator without an end": {"t": "iterator", "v": []},
    "generator that was not lent": {"t": "lent", "i": 0},
    "generator of impossible draws": {"t": "seeded", "v": "0x1", "drawn": [10, 8]},
    "generator drawn backwards": {"t": "seeded", "v": "0x1", "drawn": [-1, -1]},
    "generator without draws": {"t": "seeded", "v": "0x1"},
    "dict with a key twice": {"t": "dict", "v": [["a", 1], ["a", 2]]},
    "ref of no kind": {"t": "ref", "id": 1, "k": "code", "name": ""},
    "ref of no number": {"t": "ref", "id": True, "k": "object", "name": ""},
    "ref with a long number": {"t": "ref", "id": 2**40, "k": "object", "name": ""},
    "ref without a name": {"t": "ref", "id": 1, "k": "object"},
}


@pytest.mark.parametrize("node", BAD_NODES.values(), ids=BAD_NODES)
def test_a_node_that_no_sender_writes_is_refused(node):
    decoder = Decoder(bytearray(8), lambda ref, _: ref)
    with pytest.raises(ProtocolError):
        read(decoder, node)


def test_deep_and_wide_values_are_refused(monkeypatch):
    monkeypatch.setattr(values, "NODES", 1000)
    node = None
    for _ in range(60):
        node = {"t": "list", "v": [node]}
    with pytest.raises(ProtocolError, match="deep"):
        Decoder(bytearray(), refuse).decode(node)
    with pytest.raises(ProtocolError, match="parts"):
        Decoder(bytearray(), refuse).decode({"t": "list", "v": [None] * 1000})


def test_a_bool_is_true_or_false_whatever_its_byte():
    decoder = Decoder(bytearray([0, 1, 2, 255]), refuse)
    tensor = decoder.decode({"t": "tensor", "d": "bool", "s": [4], "g": False})
    assert bytes_of(tensor) == bytes([0, 1, 1, 1])
    array = Decoder(bytearray([0, 1, 2, 255]), refuse).decode({"t": "array", "d": "bool", "s": [4]})
    assert array.tobytes() == bytes([0, 1, 1, 1])


def test_what_arrives_can_be_written_to_and_shares_nothing():
    body = bytearray(struct.pack("2f", 1, 2))
    tensor = Decoder(body, refuse).decode(TENSOR)
    body[:4] = bytes(4)
    assert tensor.mul_(2).tolist() == [2, 4]


def test_text_is_made_fit_for_a_file_and_a_terminal():
    assert protocol.clean("경계\t\n\x1b[31m\x00\r\ud800\u202e") == "경계\t\n\ufffd[31m\ufffd\ufffd\ufffd\ufffd"
    assert protocol.plain("a\x1b\ud800") == "a\x1b?"
    assert isinstance(over("\ud800 here"), str)


@pytest.mark.parametrize(
    "text", [b"", b"[1]", b"{", b'{"a": NaN}', b'{"a": Infinity}', b"\xff{}", b"[" * 100_000, b'{"n": ' + b"9" * 9000 + b"}"]
)
def test_json_that_cannot_be_right_is_refused(text):
    with pytest.raises(ProtocolError):
        protocol.parse(text)


@pytest.mark.parametrize("prefix", [(b"HTTP", 2, 0), (protocol.MARK, 2**31, 0), (protocol.MARK, 2, 2**60)])
def test_a_frame_that_announces_too_much_is_refused(prefix):
    with pytest.raises(ProtocolError):
        protocol.sizes(protocol.PREFIX.pack(*prefix))


def test_a_frame_too_large_is_not_sent():
    with pytest.raises(ProtocolError, match="MB"):
        Encoder(refuse).encode([torch.zeros(20 * 2**20)] * 2)
    with pytest.raises(ProtocolError, match="carried"):
        protocol.pack({"text": "x" * 3_000_000})


# A session against a worker that is played by the test


@contextlib.contextmanager
def played(play, *, hello=True, **limits):
    """A session whose worker is `play(socket)`, in a thread."""
    ours, theirs = socket.socketpair()

    def act():
        with contextlib.suppress(OSError, EOFError), theirs:
            if hello:
                theirs.sendall(frame({"hello": 1}))
            play(theirs)

    thread = threading.Thread(target=act)
    thread.start()
    descriptor, ended = ours.detach(), []
    try:
        with Session(descriptor, lambda: ended.append(1), Limits(**{"start": 60, "call_wall": 60, **limits})) as session:
            yield session
    finally:
        thread.join()
        assert ended == [1]


def frame(message, body=b"", **sizes):
    text = message if isinstance(message, bytes) else json.dumps(message).encode()
    return (
        protocol.PREFIX.pack(sizes.get("mark", protocol.MARK), sizes.get("text", len(text)), sizes.get("size", len(body)))
        + text
        + body
    )


def answering(*answers):
    """Reads questions, one for each of `answers`, and sends what stands there."""

    def play(theirs):
        channel = Channel(theirs.fileno())
        for answer in answers:
            channel.receive()
            theirs.sendall(answer)
        with contextlib.suppress(OSError):
            theirs.recv(1)

    return play


def value(node, body=b"", number=1):
    return frame({"re": number, "ok": True, "value": node}, body)


BAD_ANSWERS = {
    "noise": b"\x00" * 64,
    "text": b"HTTP/1.1 200 OK\r\n\r\n" * 9,
    "json that is none": frame(b"{"),
    "NaN": frame(b'{"re": 1, "ok": true, "value": NaN}'),
    "deep json": frame(b"[" * 50_000),
    "a list": frame([1]),
    "another number": value(1, number=2),
    "an earlier number": value(1, number=0),
    "no number": frame({"ok": True, "value": 1}),
    "number is true": frame({"re": True, "ok": True, "value": 1}),
    "ok is text": frame({"re": 1, "ok": "yes", "value": 1}),
    "error without a type": frame({"re": 1, "ok": False, "message": ""}),
    "error of a list": frame({"re": 1, "ok": False, "type": [], "message": ""}),
    "huge text": frame({}, text=2**31),
    "huge body": frame({}, size=2**50),
    "body for nothing": value(1, b"body"),
    "bytes missing": value({**TENSOR, "s": [4]}, b"body"),
    "two answers": value(1) + value(2),
}


@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_an_answer_that_cannot_be_right_ends_the_worker(answer):
    with played(answering(answer, b"")) as session, pytest.raises(WorkerError) as caught:
        [session.value("x"), session.value("x")]
    assert caught.value.kind == "protocol"
    assert not session.alive
    with pytest.raises(WorkerError):
        session.value("x")


@pytest.mark.parametrize("part", [b"", b"\x00", frame({"re": 1})[:9], value(TENSOR, bytes(8))[:-1]])
def test_an_answer_that_does_not_come_is_not_waited_for(part):
    with played(answering(part), call_wall=0.2) as session, pytest.raises(WorkerError) as caught:
        session.value("x")
    assert caught.value.kind == "timeout"


def test_an_answer_that_trickles_has_the_same_deadline():
    def play(theirs):
        theirs.recv(1)
        for byte in value(1):
            theirs.sendall(bytes([byte]))
            if stop.wait(0.02):
                return

    stop = threading.Event()
    with played(play, call_wall=0.2) as session:
        with pytest.raises(WorkerError) as caught:
            session.value("x")
        stop.set()
    assert caught.value.kind == "timeout"


def test_an_alarm_of_the_callers_ends_the_worker_too():
    """The answer that was not waited for must not be taken for the next one's."""

    class Alarm(Exception):  # noqa: N818
        pass

    def ring(*_):
        raise Alarm

    def play(theirs):
        theirs.recv(1)  # the question is under way
        signal.pthread_kill(threading.main_thread().ident, signal.SIGALRM)
        while theirs.recv(1 << 16):  # the rest of it, until the channel is closed
            pass

    before = signal.signal(signal.SIGALRM, ring)
    try:
        with played(play) as session:
            with pytest.raises(Alarm):
                session.value("x")
            with pytest.raises(WorkerError, match="closed"):
                session.value("x")
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_worker_that_hangs_up_has_died():
    with played(lambda theirs: theirs.recv(1)) as session, pytest.raises(WorkerError) as caught:
        session.value("x")
    assert caught.value.kind == "died"


def test_a_worker_that_does_not_read_is_not_waited_for():
    stop = threading.Event()
    with played(lambda theirs: stop.wait(60), call_wall=0.2) as session:
        outcome = session.run("x" * 5_000_000, 1, 0.2)
        stop.set()
    assert (outcome.ok, outcome.alive, outcome.kind) == (False, False, "timeout")


def test_a_worker_that_speaks_unasked_is_found_out():
    sent = threading.Event()
    with played(lambda theirs: (theirs.sendall(value(1)), sent.set(), theirs.recv(1))) as session:
        sent.wait()
        with pytest.raises(WorkerError, match="not asked for") as caught:
            session.value("x")
    assert caught.value.kind == "protocol"


@pytest.mark.parametrize("hello", [{"hello": 2}, {"ready": 1}])
def test_a_worker_that_does_not_begin_as_one_is_refused(hello):
    with pytest.raises(WorkerError), played(lambda theirs: theirs.sendall(frame(hello)), hello=False):
        pass


def test_memory_is_taken_as_bytes_come_not_as_they_are_announced():
    big = frame({"re": 1, "ok": True}, size=protocol.BODY_BYTES) + b"x"
    with played(answering(big), call_wall=0.3) as session:
        tracemalloc.start()
        with pytest.raises(WorkerError, match="time"):
            session.value("x")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 8 * 2**20


def test_an_error_is_a_students_error_bounded_and_clean():
    answer = frame(
        {"re": 1, "ok": False, "type": "ValueError", "bases": ["ValueError"], "message": "\x1b]0;" + "x" * 9000, "line": 3}
    )
    with played(answering(answer)) as session, pytest.raises(StudentError) as caught:
        session.value("x")
    assert isinstance(caught.value, ValueError)
    assert caught.value.type == "ValueError"
    assert len(str(caught.value)) == 2000
    assert str(caught.value).startswith("\ufffd]0;x")


@pytest.mark.parametrize("name", ["SystemExit", "KeyboardInterrupt", "_OutOfTimeError", "WorkerError", "a b"])
def test_an_error_cannot_pose_as_one_of_the_graders(name):
    answer = frame({"re": 1, "ok": False, "type": name, "bases": [name, 3], "message": "", "line": None})
    with played(answering(answer)) as session, pytest.raises(StudentError) as caught:
        session.value("x")
    assert not isinstance(caught.value, (SystemExit, KeyboardInterrupt, WorkerError))


@pytest.mark.parametrize(
    ("name", "bases", "caught"),
    [
        ("Overdrawn", ["ValueError", "Exception"], ValueError),
        ("UnicodeDecodeError", ["UnicodeDecodeError", "UnicodeError", "ValueError"], ValueError),
        ("Missing", ["OSError", "AttributeError"], OSError),  # two that Python cannot join here
        ("Twice", ["RuntimeError", "NotImplementedError"], RuntimeError),
        ("Ends", ["SystemExit", "OSError", {}], OSError),
    ],
)
def test_an_error_is_caught_as_what_its_class_is(name, bases, caught):
    answer = frame({"re": 1, "ok": False, "type": name, "bases": bases, "message": "no", "line": None})
    with played(answering(answer)) as session, pytest.raises(caught, match="no") as raised:
        session.value("x")
    again = pickle.loads(pickle.dumps(raised.value))
    for error in (raised.value, again):
        assert isinstance(error, StudentError)
        assert isinstance(error, caught)
        assert not isinstance(error, SystemExit)
        assert (type(error).__name__, error.type) == (name, name)


def test_forged_gradients_and_generators_are_refused():
    x = torch.ones(2, requires_grad=True)
    function = {"t": "ref", "id": 1, "k": "function", "name": "f"}
    result = frame({"re": 2, "ok": True, "value": {**TENSOR, "g": True}, "generators": [], "noted": NOTED}, bytes(8))
    forged = frame({"re": 3, "ok": True, "value": {"t": "list", "v": [{**TENSOR, "s": [1, 2]}]}}, bytes(8))
    with played(answering(value(function), result, forged)) as session:
        out = session.value("f")(x).sum()
        with pytest.raises(WorkerError, match="gradient of another shape"):
            out.backward()
    state = torch.Generator().get_state().numpy().tobytes()
    made_up = frame({"re": 2, "ok": True, "value": {"t": "generator", "n": len(state)}, "generators": [], "noted": NOTED}, state)
    with played(answering(value(function), made_up)) as session, pytest.raises(WorkerError, match="state of a generator"):
        session.value("f")(x)
    unasked = frame({"re": 2, "ok": True, "value": 1, "generators": [{"t": "generator", "n": 0}]})
    with played(answering(value(function), unasked)) as session, pytest.raises(WorkerError, match="generators"):
        session.value("f")(x)


NOTED = {"changed": [], "printed": False}


@pytest.mark.parametrize(
    "noted",
    [
        None,
        [],
        {},
        {"changed": [], "printed": 1},
        {"changed": [], "printed": "SEEN 0.8123"},
        {"changed": None, "printed": True},
        {"changed": {"0": 0}, "printed": True},
        {"changed": [2], "printed": True},
        {"changed": [-1], "printed": True},
        {"changed": [True], "printed": True},
        {"changed": [0.0], "printed": True},
        {"changed": ["0"], "printed": True},
        {"changed": ["y"], "printed": True},
        {"changed": ["SEEN 0.8123"], "printed": True},
        {"changed": [[0]], "printed": True},
        {"changed": [{"t": "ref", "id": 1, "k": "object", "name": "x"}], "printed": True},
        {"changed": [0, 0], "printed": True},
        {"changed": [0] * 100_000, "printed": True},
    ],
    ids=str,
)
def test_what_a_call_did_besides_can_be_told_of_its_own_arguments_only(noted):
    """So no word of a student's comes in that way, and no list grows longer than that of the arguments."""
    function = {"t": "ref", "id": 1, "k": "function", "name": "f"}
    told = frame({"re": 2, "ok": True, "value": 1, "generators": [], "noted": noted})
    with played(answering(value(function), told)) as session:
        called = session.value("f")
        with pytest.raises(WorkerError, match=r"changes of|'noted'|'changed'|'printed'") as caught:
            called(1, 2, x=3)
    assert caught.value.kind == "protocol"
    assert "SEEN" not in str(caught.value)
    assert "_noted" not in vars(called)


def test_what_a_call_did_besides_is_kept_without_what_nobody_asked_for():
    function = {"t": "ref", "id": 1, "k": "function", "name": "f"}
    told = frame(
        {"re": 2, "ok": True, "value": 1, "generators": [], "noted": {"changed": ["x", 1], "printed": True, "more": "SEEN"}}
    )
    with played(answering(value(function), told)) as session:
        called = session.value("f")
        called(1, 2, x=3)
    assert vars(called)["_noted"] == {"changed": ["x", 1], "printed": True}


def test_a_ref_carries_what_it_names():
    ref = over_ref({"t": "ref", "id": 3, "k": "module", "name": "VAE\x1b" + "x" * 300})
    assert (ref.id, ref.kind, ref.name) == (3, "module", "VAE\ufffd" + "x" * 196)


def over_ref(node) -> Ref:
    return Decoder(bytearray(), lambda ref, _: ref).decode(node)
