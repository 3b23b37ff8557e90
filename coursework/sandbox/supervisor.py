"""Where workers come from: a sandbox opened once, that gives out one isolated worker for each submission.

In bubblewrap a forkserver with torch loaded forks a worker in milliseconds. Where namespaces cannot be nested, each worker has a
sandbox and a forkserver of its own. Linux alone.
"""

import contextlib
import functools
import json
import os
import select
import shutil
import socket
import struct
import subprocess
import sys
import time
import warnings
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from coursework.sandbox import cgroup, commands
from coursework.sandbox.commands import SandboxError
from coursework.wire.limits import Limits, Meter
from coursework.wire.session import Session, WorkerError, watched
from coursework.wire.shape import Shape

LINUX = sys.platform == "linux"
CREDENTIALS = struct.Struct("3i")  # process, user, group
PATIENCE = 10  # seconds that a sandbox may take to end by itself


class UnconfinedWarning(UserWarning):
    """Students' code runs without a sandbox."""


class Supervisor:
    """A source of workers; a context manager. When it is closed, none of them is left.

    Args:
        sandbox: "bwrap", "none" (no wall at all: only for code that you wrote), or "auto", which is bwrap.
        limits: what each worker may take.

    Attributes:
        sandbox: the one in use. shared: the forkserver of all workers. fault: why there is none, where bubblewrap gives each worker
            a sandbox of its own. groups: where control groups bound the workers too, if anywhere.

    Raises:
        SandboxError: from `__enter__`, when there is no such sandbox here; says what to install.

    Workers may be asked for by processes forked from the one that opened it. Open it in a thread that outlives it: bubblewrap ends
    with the thread that started it.

    Example:
        >>> with Supervisor() as supervisor, supervisor.session() as session:
        ...     session.run("def double(x): return 2 * x", timeout=10)
        ...     session.value("double")(torch.ones(2))
        tensor([2., 2.])
    """

    def __init__(self, sandbox: str = "auto", limits: Limits | None = None):
        if sandbox not in ("auto", "bwrap", "none"):
            raise SandboxError(f"sandbox: got {sandbox!r}, expected auto, bwrap or none")
        self.sandbox, self.limits = "none" if sandbox == "none" else "bwrap", limits or Limits()
        self.shared: Forkserver | None = None
        self.fault: str | None = None
        self.groups: Path | None = None
        self.opened = False
        self.sessions: weakref.WeakSet[Session] = weakref.WeakSet()

    def __enter__(self) -> "Supervisor":
        if not LINUX or (self.sandbox == "bwrap" and shutil.which("bwrap") is None):
            raise SandboxError(f"{'bubblewrap is not installed' if LINUX else 'this is no Linux'}: {commands.INSTALL}")
        try:
            self._open()
        except BaseException as error:
            self.close()
            if isinstance(error, SandboxError):
                raise SandboxError(f"{self.sandbox}: {error}; {commands.INSTALL}") from None
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> None:
        if self.sandbox == "none":
            message = "students' code runs without a sandbox: it can read, change and delete whatever you can"
            warnings.warn(message, UnconfinedWarning, stacklevel=4)
        else:
            self.groups = cgroup.below()
        try:
            self.shared = Forkserver(self.sandbox, self.limits, nested=self.sandbox != "none")
        except CannotNestError as error:
            self.fault = str(error)
            Forkserver(self.sandbox, self.limits, nested=False).close()  # raises where that does not work either
        self.opened = True

    def session(self, *, shape: Shape | None = None, forbid: Sequence[str] = ()) -> Session:
        """A new worker.

        Args:
            shape: what kinds of things its code may give (`wire.shape`); None: any.
            forbid: modules that its code may not import.

        Raises:
            WorkerError: it did not begin.
        """
        if not self.opened:
            raise WorkerError("died", "the sandbox is closed")
        if self.shared is not None:
            session = self.shared.session(self.groups, shape, forbid)
        else:
            try:
                own = Forkserver(self.sandbox, self.limits, nested=False)
            except SandboxError as error:
                raise WorkerError("died", str(error)) from None
            session = own.session(self.groups, shape, forbid, alone=True)
        self.sessions.add(session)
        return session

    def close(self) -> None:
        """End the sandbox and every worker in it. May be called again."""
        self.opened = False
        for session in list(self.sessions):
            session.close()
        if self.shared is not None:
            self.shared.close()
            self.shared = None


class CannotNestError(SandboxError):
    """The system does not let a sandbox hold sandboxes."""


class Forkserver:
    """A sandbox with a process inside that forks workers. nested: each is isolated from the others, so that it may hold many.

    Raises:
        SandboxError: it did not start. CannotNestError: it started, and cannot isolate workers from each other.
    """

    def __init__(self, sandbox: str, limits: Limits, *, nested: bool):
        self.limits = limits
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # The same kernels as on this side: there is no /sys in the sandbox, where torch would look which this processor has.
        variables = {**commands.ENVIRONMENT, "ATEN_CPU_CAPABILITY": torch.backends.cpu.get_cpu_capability().lower()}
        with theirs:
            self.process = subprocess.Popen(
                commands.forkserver_command(limits, sandbox, variables, nested=nested),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={**variables, "PATH": os.environ.get("PATH", "/usr/bin:/bin")},
                start_new_session=True,
                cwd="/",
            )
        try:
            self._greet()
        except BaseException:
            self.close()
            raise

    def _greet(self) -> None:
        """Wait until it is ready."""
        self.control.settimeout(self.limits.start)
        began, said = time.monotonic(), {}
        with contextlib.suppress(OSError, ValueError):
            said = json.loads(self.control.recv(4096) or b"{}")
        if "cannot" in said:
            raise CannotNestError(said["cannot"])
        if "ready" not in said:
            if time.monotonic() - began >= self.limits.start:
                raise SandboxError(f"the sandbox did not start within {self.limits.start} s")
            raise SandboxError(_last_line(self.process) or "the sandbox ended while it started")

    def session(self, groups: Path | None, shape: Shape | None, forbid: Sequence[str], *, alone: bool = False) -> Session:
        """A new worker. groups: where its control group is made. alone: with its end this sandbox ends, too."""
        with contextlib.ExitStack() as undo:
            if alone:
                undo.callback(self.close)
            channel, theirs = socket.socketpair()
            monitor, watchdog = socket.socketpair()
            undo.callback(monitor.close)
            group = None
            with theirs, watchdog, channel:
                try:
                    process = self._watchdog(monitor, [theirs.fileno(), watchdog.fileno()])
                    if groups is not None:
                        group = cgroup.group(groups, self.limits)
                        undo.callback(group.close)
                        group.add(process)
                    monitor.send(b"+")
                except OSError as error:
                    raise WorkerError("died", f"the sandbox gave no worker: {error}") from None
                descriptor = channel.detach()
            undo.pop_all()
        end = functools.partial(_ended, watched(monitor), group, self.close if alone else None)
        used = group.used if group else Meter(process)
        return Session(descriptor, end, self.limits, monitor, used, shape, forbid)

    def _watchdog(self, monitor: socket.socket, descriptors: list[int]) -> int:
        """Ask for a worker and wait for its watchdog's first byte; the watchdog's number, which the kernel sends along.

        Raises:
            OSError: the sandbox or the watchdog is gone, or silent.
        """
        monitor.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        socket.send_fds(self.control, [b"new"], descriptors)
        monitor.settimeout(self.limits.start)
        said, extra, _, _ = monitor.recvmsg(1, socket.CMSG_SPACE(CREDENTIALS.size))
        monitor.settimeout(None)
        monitor.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
        process = next((CREDENTIALS.unpack(data)[0] for _, kind, data in extra if kind == socket.SCM_CREDENTIALS), 0)
        if not said or process <= 0:
            raise OSError("it ended at once" if not said else "its process is not in sight from here")
        return process

    def close(self) -> None:
        """End the sandbox. May be called again."""
        with contextlib.suppress(OSError):
            self.control.shutdown(socket.SHUT_RDWR)
        self.control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, 9)
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()


def _ended(watch: Callable[[], str | None], group: cgroup.Group | None, then: Callable[[], None] | None) -> str | None:
    """End a worker, its control group and its sandbox, where it has one of its own; "memory" where that was what it died of."""
    reasons = [watch(), group.close() if group else None]
    if then is not None:
        then()
    return "memory" if "memory" in reasons else reasons[0]


def _last_line(process: subprocess.Popen, most: int = 4000) -> str:
    """The last line of what a process says of its failure, if it says something soon."""
    assert process.stderr is not None  # a pipe, as asked for
    text, deadline = b"", time.monotonic() + 2
    while len(text) < most and select.select([process.stderr], [], [], max(0, deadline - time.monotonic()))[0]:
        block = os.read(process.stderr.fileno(), 4096)
        if not block:
            break
        text += block
    lines = text.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else ""
