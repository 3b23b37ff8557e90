"""A task in a process of its own that the caller forks: it tells what it finds as it goes, and leaves nothing behind."""

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

MEMORY = 2**30  # bytes that such a process may take beyond what it starts with
LAST_WORDS = 500  # characters of the error that ends it

Send = Callable[..., None]


def die_with(parent: int) -> None:
    """Leave no fork behind when its parent is killed. (Linux; elsewhere the end of its pipe ends it at its next message.)"""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)


def messages_of(task: Callable[[Send], None], seconds: float | int) -> Iterator[dict]:
    """What a forked process sends while it runs `task(send)`, each message as soon as it is sent.

    The last message has the key "end": "over" when the time was, "failed: …" when the task raised. There is none when the process was
    lost. It is killed when it takes longer than `seconds` of the clock.

    Example:
        >>> [message["n"] for message in messages_of(lambda send: [send(n=n) for n in range(3)], seconds=60)]
        [0, 1, 2]
    """
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child calls nothing that another thread could hold
        parent, child = os.getpid(), os.fork()
    if child == 0:
        os.close(read)
        _be_forked(task, write, parent)
    os.close(write)
    try:
        yield from _received(read, time.monotonic() + seconds)
    finally:
        os.close(read)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _be_forked(task: Callable[[Send], None], write: int, parent: int) -> None:
    """The life of the forked process, which never returns."""
    try:
        die_with(parent)
        _bound_memory()
        _be_silent()
        with open(write, "wb", buffering=0) as pipe:

            def send(**message: object) -> None:
                pipe.write(json.dumps(message).encode() + b"\n")

            try:
                task(send)
            except BaseException as error:
                send(end=f"failed: {type(error).__name__}: {error}"[:LAST_WORDS])
    finally:
        os._exit(0)


def _be_silent() -> None:
    """Neither read what is typed nor write to the screen of who started this."""
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _bound_memory() -> None:
    """Bound what a damaged notebook, or a proxy's large answer, can make the process take."""
    with contextlib.suppress(OSError, ValueError, ImportError):
        import resource

        size = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))


def _received(read: int, deadline: float | int) -> Iterator[dict]:
    rest = b""
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([read], [], [], left)[0]:
            break
        block = os.read(read, 1 << 16)
        if not block:
            return
        *lines, rest = (rest + block).split(b"\n")
        yield from (json.loads(line) for line in lines)
    yield {"end": "over"}
