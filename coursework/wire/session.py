"""One worker as the trusted side sees it: questions with a budget, answers that are checked, an end that leaves nothing behind.

A worker belongs to the student whose code it runs. It may die, hang, or send anything. Whatever it does, a question ends in plain
data, a `StudentError` or a `WorkerError`; nothing that comes from it is ever executed here.
"""

import contextlib
import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, NoReturn

import torch

from coursework.wire import protocol, proxies
from coursework.wire.errors import StudentError, student_error
from coursework.wire.limits import Budget, Limits, Used
from coursework.wire.shape import PLAIN, Shape
from coursework.wire.values import Decoder, Encoder

__all__ = ["Outcome", "Session", "StudentError", "WorkerError"]

BLOCK = 1 << 20
LOOK = 0.1  # seconds between looks at what a worker has used, while it does not answer
ERROR = 2000  # characters of an error's message
FREED = 5000  # things that one question reports as no longer needed


class WorkerError(RuntimeError):
    """A worker that cannot be asked any more. kind: "timeout", "memory", "died" or "protocol"."""

    def __init__(self, kind: str, message: str):
        super().__init__(message)
        self.kind = kind

    def __reduce__(self) -> tuple:
        return type(self), (self.kind, str(self))


class Outcome(NamedTuple):
    """How a cell went.

    error: what it raised, or why its worker is gone; None when all went well. output: what it printed, as far as it is kept.
    alive: the worker can be asked on. kind: as a `WorkerError`'s where it cannot. dtype: torch's default dtype after the cell; None
    where the worker is gone.
    """

    ok: bool
    error: str | None = None
    output: str = ""
    alive: bool = True
    kind: str | None = None
    dtype: torch.dtype | None = None


DTYPES = {str(dtype): dtype for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64)}


class Session:
    """A worker for one submission. Made by `Supervisor.session`; a context manager that closes.

    Args:
        channel: a descriptor of the socket on which the worker answers.
        end: called once to end the worker and all that it started; returns "memory" where that was what it died of, or None.
        limits: what it may take.
        monitor: a socket on which a watchdog tells of the worker's end, where there is one.
        used: tells how many seconds of processor time the worker's processes have used so far, or None where nobody can tell.
        shape: notes or holds against each other what kinds of things come; None: anything may come.
        forbid: modules that the code may not import.

    Attributes:
        alive: it can be asked on.
        used: seconds of processor time since the worker was ready, as of the last look; stays when the worker is gone.
        told: a test has sent something into the worker, so what the student's code says from now on may tell of it.

    A session may be used by a process forked from its maker, but by one process at a time.
    """

    def __init__(
        self,
        channel: int,
        end: Callable[[], str | None],
        limits: Limits,
        monitor: socket.socket | None = None,
        used: Used = lambda: None,
        shape: Shape | None = None,
        forbid: Sequence[str] = (),
    ):
        self._channel, self._end, self._monitor = channel, end, monitor
        self.limits = limits
        self.used: float | int = 0.0
        self._ask_used, self._start, self._looked = used, 0.0, 0.0
        self._budget: Budget | None = None
        self.shape, self.told = shape or Shape(), False
        self.alive = True
        self.fault: WorkerError | None = None
        self.number = 0
        self._freed: list[int] = []
        self._dropped: list[int] = []
        os.set_blocking(channel, False)
        try:
            message, body = self._receive(Budget(limits.start, lambda: None, wall=limits.start))
            if message != {"hello": 1} or body:
                self._fail("protocol", "the worker did not begin as a worker does")
            self._start = used() or 0.0  # a worker of its own has loaded torch by now, which is not the student's doing
            if forbid:
                self.ask("forbid", {"modules": list(forbid)}, Encoder(proxies.refuse))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def allow(self, cpu: float | int, wall: float | int | None = None) -> None:
        """Let all questions from now on, other than `run`, share a budget. Without it each has `limits.call`, `limits.call_wall`."""
        self._budget = self._new_budget(cpu, wall)

    def _new_budget(self, cpu: float | int, wall: float | int | None) -> Budget:
        return Budget(cpu, self._look, wall)

    def _look(self) -> float | int | None:
        """Bring `used` up to date; None where nobody can tell."""
        self._looked = time.monotonic()
        if (now := self._ask_used()) is None:
            return None
        self.used = max(self.used, now - self._start)
        return self.used

    def run(self, code: str, timeout: float | int, wall: float | int | None = None) -> Outcome:
        """Run a cell. Never raises because of what the code does.

        Args:
            code: of the cell, as it stands in the notebook.
            timeout: seconds of processor time; a worker that takes more is ended.
            wall: seconds of the clock; None: ten times `timeout`.
        """
        try:
            budget = self._new_budget(timeout, wall)
            with self.checked():
                answer, _ = self.ask("run", {}, Encoder(proxies.refuse), raw=code.encode("utf-8", "replace"), budget=budget)
                error = protocol.clean(protocol.field(answer, "error", str)[:ERROR])
                output = protocol.clean(protocol.field(answer, "output", str)[: self.limits.output + 100])
                if (dtype := DTYPES.get(protocol.field(answer, "dtype", str))) is None:
                    raise protocol.ProtocolError("a default dtype that is none")
            return Outcome(not error, error or None, output, dtype=dtype)
        except StudentError as error:
            return Outcome(False, f"{error.type}: {error}")
        except WorkerError as error:
            return Outcome(False, str(error), alive=False, kind=error.kind)

    def put(self, name: str, data: bytes) -> None:
        """Write a file into the worker's folder, for its cells to read or import.

        Args:
            name: of the file, relative to that folder: "data.csv", "images/cat.png".

        Raises:
            ValueError: a name that leads elsewhere. StudentError: it cannot be written. WorkerError: the worker is gone.
        """
        if not name or name.startswith("/") or not {"", ".", ".."}.isdisjoint(name.split("/")):
            raise ValueError(f"put: got the name {name!r}, expected that of a file in the worker's own folder")
        self.ask("put", {"name": name}, Encoder(proxies.refuse), raw=data)

    def value(self, name: str) -> Any:
        """What a name holds: a plain value, or a proxy for a function, a class, a module or another object.

        Raises:
            StudentError: no cell has bound the name (its type is KeyError), or its value cannot be carried.
            WorkerError: the worker cannot be asked any more.
        """
        return self.fetch("value", {"name": name}, name)

    def fetch(self, op: str, message: dict, place: str) -> Any:
        """Ask for the value at a place."""
        return self.whole(*self.ask(op, message, Encoder(proxies.refuse), place), place)

    def whole(self, answer: dict, decoder: Decoder, place: str) -> Any:
        """The value in an answer, which holds nothing else."""
        with self.checked():
            value = decoder.decode(answer.get("value"))
            decoder.finish()
        if not issubclass(type(value), (proxies.Proxy, proxies.ModuleProxy, proxies.Unusable)):
            self.shape.gave(place, PLAIN)
        return value

    def ask(
        self,
        op: str,
        message: dict,
        encoder: Encoder,
        place: str = "",
        *,
        raw: bytes | None = None,
        budget: Budget | None = None,
    ) -> tuple[dict, Decoder]:
        """Put a question about a place and wait for its answer.

        Returns:
            The answer, and a decoder for the values in it.

        Raises:
            StudentError: the student's code raised. ProtocolError: the question is too large to send.
            WorkerError: the worker died, hung, took too much memory, or answered what cannot be an answer.
        """
        if not self.alive:
            raise self.fault or WorkerError("died", "the worker has been closed")
        self.number += 1
        self.told = self.told or op in ("call", "set", "backward")
        free, self._freed = self._freed[:FREED], self._freed[FREED:]
        drop, self._dropped = self._dropped[:FREED], self._dropped[FREED:]
        takes = self.shape.takes(place)
        question = {"n": self.number, "op": op, "takes": takes, "free": free, "drop": drop, **message}
        pieces = protocol.pack(question, encoder.body if raw is None else [raw])
        budget = budget or self._budget or self._new_budget(self.limits.call, self.limits.call_wall)
        try:
            self._send(pieces, budget)
            answer, body = self._receive(budget)
        except BaseException:  # an alarm of the caller's too: the answer, when it comes, would be taken for the next one's
            self._kill()
            raise
        with self.checked():
            self._check_answer(answer)
        return answer, Decoder(body, lambda ref, depth: proxies.proxy(self, ref, place + "[]" * (depth > 0)), encoder.generators)

    def _check_answer(self, answer: dict) -> None:
        """Raise unless it is an answer to this question, and not an error."""
        if protocol.field(answer, "re", int) != self.number:
            raise protocol.ProtocolError("an answer to another question")
        if not protocol.field(answer, "ok", bool):
            name, text = protocol.field(answer, "type", str), protocol.field(answer, "message", str)
            bases = [each for each in protocol.field(answer, "bases", list) if isinstance(each, str)]
            raise student_error(protocol.clean(name[:200]), protocol.clean(text[:ERROR]), bases=bases)

    @contextlib.contextmanager
    def checked(self) -> Iterator[None]:
        """Turn an answer that cannot be right into the end of the worker."""
        try:
            yield
        except protocol.ProtocolError as error:
            self._fail("protocol", f"the worker sent {error}")

    def free(self, lent: int) -> None:
        """Note that something lent is needed no more; told with the next question."""
        self._freed.append(lent)

    def drop(self, number: int) -> None:
        """Note that the gradients of a call are needed no more."""
        self._dropped.append(number)

    def _send(self, pieces: list[bytes], budget: Budget) -> None:
        if select.select([self._channel], [], [], 0)[0]:
            if os.read(self._channel, 1):
                self._fail("protocol", "the worker sent something that was not asked for")
            self._gone()
        for piece in pieces:
            view = memoryview(piece)
            while view:
                self._wait(select.POLLOUT, budget)
                try:
                    view = view[os.write(self._channel, view[:BLOCK]) :]
                except BlockingIOError:
                    continue
                except OSError:
                    self._gone()

    def _receive(self, budget: Budget) -> tuple[dict, bytearray]:
        """One frame, and nothing after it."""
        with self.checked():
            text, body = protocol.sizes(self._exactly(protocol.PREFIX.size, budget))
            return protocol.parse(self._exactly(text, budget)), self._exactly(body, budget)

    def _exactly(self, size: int, budget: Budget) -> bytearray:
        """Bytes of the channel. Memory is taken as they come, not as they are announced."""
        data = bytearray()
        while len(data) < size:
            self._wait(select.POLLIN, budget)
            try:
                block = os.read(self._channel, min(size - len(data), BLOCK))
            except BlockingIOError:
                continue
            except OSError:
                block = b""
            if not block:
                self._gone()
            data += block
        return data

    def _wait(self, event: int, budget: Budget) -> None:
        """Wait until the channel is ready, the worker is gone, or the time is over."""
        poll = select.poll()
        poll.register(self._channel, event)
        if self._monitor is not None:
            poll.register(self._monitor, select.POLLIN)
        ready: dict = {}
        while not ready:
            # A look costs a little: not for each of many quick answers, and not left out where they follow each other closely.
            late = time.monotonic() - self._looked > LOOK
            if budget.clock_left() <= 0 or (late and budget.cpu_left() <= 0):
                self._fail("timeout", "the code was not over in time and was stopped")
            ready = dict(poll.poll(1000 * max(0, min(LOOK, budget.clock_left()))))
        if self._channel not in ready:
            self._gone()

    def _gone(self) -> NoReturn:
        """The worker is no more: find out why, and raise that."""
        if self._kill() == "memory":
            raise self._error("memory", "the code took more memory than it may")
        raise self._error("died", "the code ended its own process")

    def _fail(self, kind: str, message: str) -> NoReturn:
        self._kill()
        raise self._error(kind, message)

    def _error(self, kind: str, message: str) -> WorkerError:
        self._kill()
        self.fault = WorkerError(kind, message)
        return self.fault

    def _kill(self) -> str | None:
        """End the worker, once."""
        if not self.alive:
            return None
        self.alive = False
        os.close(self._channel)
        with _undisturbed():
            return self._end()

    def close(self) -> None:
        """End the worker and all that it started. May be called again."""
        self._kill()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back the alarms of whoever asks, so that a worker's end is whole."""
    alarms = {signal.SIGALRM, signal.SIGPROF}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, alarms)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def watched(monitor: socket.socket, patience: float | int = 60) -> Callable[[], str | None]:
    """The `end` of a worker that a watchdog watches: let go of the monitor, and wait until the watchdog says that nothing is left."""

    def end() -> str | None:
        with contextlib.suppress(OSError, ValueError), monitor:
            monitor.settimeout(patience)
            with contextlib.suppress(OSError):
                monitor.shutdown(socket.SHUT_WR)
            told = monitor.recv(4096)
            monitor.recv(1)  # its own end
            return json.loads(told or b"{}").get("reason")
        return None

    return end
