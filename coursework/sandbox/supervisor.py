"""Where workers come from: a sandbox opened once, that gives out one isolated worker for each submission.

In bubblewrap a forkserver with torch loaded forks a worker in milliseconds. Where namespaces cannot be nested, and in Docker, each
worker has a sandbox of its own and loads torch itself.
"""

import contextlib
import json
import os
import select
import shutil
import socket
import struct
import subprocess
import sys
import time
import uuid
import warnings
import weakref
from collections.abc import Sequence

from coursework.sandbox import commands
from coursework.sandbox.commands import SandboxError
from coursework.wire.limits import Limits, Meter, Used
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
        sandbox: "bwrap", "docker" (or Podman), "none" (no wall at all: only for code that you wrote), or "auto": the first of
            bwrap and docker that works here.
        limits: what each worker may take.
        image: the container image that holds companion and this kit, for "docker".

    Attributes:
        sandbox: the one in use. preloaded: workers are forked from a process that has torch loaded. fault: why
            they are not, where bubblewrap gives each worker a sandbox of its own.

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

    def __init__(self, sandbox: str = "auto", limits: Limits | None = None, *, image: str = commands.IMAGE):
        if sandbox not in ("auto", "bwrap", "docker", "none"):
            raise SandboxError(f"sandbox: got {sandbox!r}, expected auto, bwrap, docker or none")
        if os.name != "posix":
            raise SandboxError(f"grading needs Linux or macOS; {commands.INSTALL}")
        self.wanted, self.limits, self.image = sandbox, limits or Limits(), image
        self.sandbox, self.preloaded = sandbox, False
        self.engine: str | None = None
        self.forkserver: subprocess.Popen | None = None
        self.control: socket.socket | None = None
        self.fault: str | None = None
        self.mark = f"grade-{uuid.uuid4().hex[:12]}"
        self.begun, self.opened = 0, False
        self.sessions: weakref.WeakSet[Session] = weakref.WeakSet()

    def __enter__(self) -> "Supervisor":
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> None:
        faults = []
        for kind in ("bwrap", "docker") if self.wanted == "auto" else (self.wanted,):
            try:
                getattr(self, f"_open_{kind}")()
            except SandboxError as error:
                faults.append(f"{kind}: {error}")
            else:
                self.sandbox, self.opened = kind, True
                return
        raise SandboxError("; ".join([*faults, commands.INSTALL]))

    def _open_bwrap(self) -> None:
        if not LINUX or shutil.which("bwrap") is None:
            raise SandboxError("bubblewrap is not installed" if LINUX else "there is no bubblewrap for this system")
        self.fault = self._start_forkserver("bwrap")
        if self.fault:
            self._try_alone(self.fault)

    def _try_alone(self, fault: str) -> None:
        """Where workers cannot be isolated from each other in one sandbox, each gets its own, if that works."""
        self._end_forkserver()
        try:
            self._alone("bwrap").close()
        except WorkerError as error:
            raise SandboxError(f"{fault}; a sandbox for each worker does not start either: {error}") from None

    def _open_docker(self) -> None:
        self.engine = commands.engine()
        if self.engine is None:
            raise SandboxError("neither docker nor podman answers")
        command = [self.engine, "image", "inspect", self.image]
        if subprocess.run(command, capture_output=True, timeout=60, check=False).returncode:
            raise SandboxError(
                f"there is no image {self.image}; make it in the repository's folder: "
                f"{self.engine} build -t {self.image} -f coursework/sandbox/Dockerfile ."
            )

    def _open_none(self) -> None:
        message = "students' code runs without a sandbox: it can read, change and delete whatever you can"
        warnings.warn(message, UnconfinedWarning, stacklevel=4)
        if LINUX and (fault := self._start_forkserver("none")):
            raise SandboxError(fault)

    def _start_forkserver(self, kind: str) -> str | None:
        """Start a forkserver and wait until it is ready; what went wrong, or None."""
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command, began = commands.forkserver_command(self.limits, kind), time.monotonic()
        with theirs:
            self.forkserver = subprocess.Popen(
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=_variables(kind),
                start_new_session=True,
                cwd="/",
            )
        self.control.settimeout(self.limits.start)
        said = {}
        with contextlib.suppress(OSError, ValueError):
            said = json.loads(self.control.recv(4096) or b"{}")
        self.preloaded = "ready" in said
        if self.preloaded:
            return None
        if not said and time.monotonic() - began >= self.limits.start:
            raise SandboxError(f"the sandbox did not start within {self.limits.start} s")
        return said.get("cannot") or _last_line(self.forkserver) or "the sandbox ended while it started"

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
        self.begun += 1
        session = self._forked(shape, forbid) if self.preloaded else self._alone(self.sandbox, shape, forbid)
        self.sessions.add(session)
        return session

    def _forked(self, shape: Shape | None = None, forbid: Sequence[str] = ()) -> Session:
        assert self.control is not None  # there is one as long as workers are preloaded
        channel, theirs = socket.socketpair()
        monitor, watchdog = socket.socketpair()
        monitor.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        with theirs, watchdog:
            try:
                socket.send_fds(self.control, [b"new"], [theirs.fileno(), watchdog.fileno()])
            except OSError as error:
                channel.close()
                monitor.close()
                raise WorkerError("died", f"the sandbox is gone: {error.strerror}") from None
        try:
            process = _greeted(monitor, self.limits.start)
        except OSError as error:
            channel.close()
            monitor.close()
            raise WorkerError("died", f"the sandbox gave no worker: {error}") from None
        descriptor = channel.detach()
        return Session(descriptor, descriptor, watched(monitor), self.limits, monitor, Meter(process), shape, forbid)

    def _alone(self, kind: str, shape: Shape | None = None, forbid: Sequence[str] = ()) -> Session:
        """A worker with a sandbox of its own, which speaks over pipes."""
        name, engine = f"{self.mark}-{os.getpid()}x{self.begun}", self.engine or "docker"
        command = commands.worker_command(self.limits, kind, name=name, engine=engine, image=self.image)
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_variables(kind),
            start_new_session=True,
            bufsize=0,
        )
        assert process.stdin is not None  # a pipe, as asked for
        assert process.stdout is not None
        read, write = os.dup(process.stdout.fileno()), os.dup(process.stdin.fileno())
        process.stdout.close()
        process.stdin.close()

        def end() -> None:
            if kind == "docker":
                _quietly([engine, "kill", name])
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()

        used: Used = _Container(engine, name) if kind == "docker" else Meter(process.pid)
        return Session(read, write, end, self.limits, None, used, shape, forbid)

    def close(self) -> None:
        """End the sandbox and every worker in it. May be called again."""
        self.opened = False
        for session in list(self.sessions):
            session.close()
        self._end_forkserver()
        if self.engine:
            listed = _quietly([self.engine, "ps", "-q", "--filter", f"label=coursework={self.mark}"]).split()
            if listed:
                _quietly([self.engine, "kill", *listed])

    def _end_forkserver(self) -> None:
        self.preloaded = False
        if self.control is not None:
            with contextlib.suppress(OSError):
                self.control.shutdown(socket.SHUT_RDWR)
            self.control.close()
        if self.forkserver is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.forkserver.wait(PATIENCE)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.forkserver.pid, 9)
            self.forkserver.wait()
            if self.forkserver.stderr is not None:
                self.forkserver.stderr.close()
        self.forkserver = self.control = None


def _greeted(monitor: socket.socket, patience: float | int) -> int:
    """Wait for a watchdog's first byte; its process number as this process sees it, which the kernel sends along.

    Raises:
        OSError: the watchdog is gone, or silent.
    """
    monitor.settimeout(patience)
    said, extra, _, _ = monitor.recvmsg(1, socket.CMSG_SPACE(CREDENTIALS.size))
    monitor.settimeout(None)
    monitor.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
    process = next((CREDENTIALS.unpack(data)[0] for _, kind, data in extra if kind == socket.SCM_CREDENTIALS), 0)
    if not said or process <= 0:
        raise OSError("it ended at once" if not said else "its process is not in sight from here")
    return process


class _Container:
    """The processor time of a container's processes, seen from outside, where they are this machine's own processes."""

    def __init__(self, engine: str, name: str):
        self.command = [engine, "inspect", "--format", "{{.State.Pid}}", name]
        self.meter: Meter | None = None

    def __call__(self) -> float | None:
        """Seconds so far; None where the engine runs its containers in a machine of its own, as on macOS."""
        if self.meter is None:
            answer = _quietly(self.command).strip()
            process = int(answer) if answer.isdecimal() else 0
            self.meter = Meter(process) if process and os.path.exists(f"/proc/{process}") else None
        return self.meter() if self.meter else None


def _variables(kind: str) -> dict[str, str]:
    """The environment of a command that starts a sandbox. Docker's settings are the user's; code without a wall gets no secrets."""
    return dict(os.environ) if kind == "docker" else {**commands.ENVIRONMENT, "PATH": os.environ.get("PATH", "/usr/bin:/bin")}


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


def _quietly(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, timeout=30, check=False, text=True).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
