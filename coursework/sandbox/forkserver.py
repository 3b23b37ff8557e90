"""The parent of workers: a process inside the sandbox that has torch loaded and forks one isolated worker for each submission.

It runs no code of a student's and reads nothing from a worker. Between it and each worker stands a *watchdog*, which waits for the
worker's end, watches its memory, and kills it with all that it started when the trusted side lets go.
"""

import contextlib
import gc
import json
import os
import re
import select
import shutil
import signal
import socket
import tempfile
from pathlib import Path
from typing import NoReturn

from coursework.sandbox import confine
from coursework.wire.limits import tree

LOOKS = 0.2, 0.004  # seconds between looks at the memory of a worker, at most and at least
RATE = 4 * 2**30  # bytes that one processor can fill in a second
SOCKET = 2**19  # bytes that may wait in a socket, which belong to no process


def main(settings: str) -> None:
    """Serve on standard input, a socket; each message on it brings a new worker's channel and monitor.

    settings: JSON of walled (bubblewrap stands around), nested (each worker has namespaces of its own) and limits.
    """
    told = json.loads(settings)
    control = socket.socket(fileno=os.dup(0))
    _quiet(0, 1)
    if told["walled"]:
        confine.become_nobody()
    confine.prctl(confine.DIE_WITH_PARENT, signal.SIGKILL)
    if told["nested"] and (fault := nesting_fault()):
        control.send(json.dumps({"cannot": fault}).encode())
        return
    from coursework.wire import worker  # here, because it takes torch along, which is needless where nesting fails

    worker.warm()
    gc.collect()
    gc.freeze()  # a collection in a worker would else write to, and so copy, every page
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # watchdogs are not waited for
    control.send(json.dumps({"ready": os.getpid()}).encode())
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 16, 2)
        if not message:
            return  # the trusted side is gone; with this process ends its process namespace
        with contextlib.suppress(OSError):  # no process to be had: the other side sees its channel end
            if os.fork() == 0:
                control.close()
                _watched(descriptors[0], descriptors[1], told)
        for descriptor in descriptors:
            os.close(descriptor)


def _quiet(*streams: int) -> None:
    with open(os.devnull, "r+b", buffering=0) as nothing:
        for stream in streams:
            os.dup2(nothing.fileno(), stream)


def nesting_fault() -> str | None:
    """Why a worker cannot have namespaces of its own here, or None where it can: found by trying."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            confine.leave()
            if os.fork() == 0:
                confine.own_files(1 << 20)
                confine.prctl(confine.NO_NEW_PRIVILEGES, 1)
                confine.drop_rights()
                os.write(write, b"fine")
        except OSError as error:
            os.write(write, f"{error.strerror}".encode())
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with open(read, "rb") as pipe:
        said = pipe.read().decode()
    return None if said == "fine" else said or "the trial ended early"


def _watched(channel: int, monitor: int, settings: dict) -> NoReturn:
    """Become a watchdog and fork the worker. Never returns."""
    status, folder = {"reason": "died"}, None
    try:
        os.write(monitor, b"!")  # with it the kernel tells the other side which process this is
        if not os.read(monitor, 1):  # the other side may first put it into a control group
            os._exit(0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if settings["nested"]:
            confine.leave()
        else:
            confine.prctl(confine.SUBREAPER, 1)
        if not settings["walled"]:
            folder = tempfile.mkdtemp(prefix="coursework-")
            os.chdir(folder)
        size = confine.mapped()
        child = os.fork()
        if child == 0:
            _work(channel, settings, size)
        os.close(channel)
        status = Watchdog(child, monitor, settings).wait()
    except BaseException as error:
        status = {"reason": "died", "detail": f"{type(error).__name__}: {error}"[:200]}
    finally:
        with contextlib.suppress(OSError):
            os.write(monitor, json.dumps(status).encode())
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)


def _work(channel: int, settings: dict, size: int) -> NoReturn:
    """Become a worker: give up what it has, then answer questions. Never returns.

    size: bytes of address space that the process has taken already.
    """
    limits = settings["limits"]
    try:
        confine.prctl(confine.DIE_WITH_PARENT, signal.SIGKILL)
        os.setsid()
        if settings["nested"]:
            confine.own_files(limits["disk"])
        _quiet(0, 1, 2)
        os.closerange(3, channel)
        os.closerange(channel + 1, 1 << 16)
        confine.bound(limits, size, alone=settings["walled"])
        confine.drop_rights()
        from coursework.wire import worker  # here, because it takes torch along; `main` has loaded it

        worker.serve(channel, limits["output"])
    finally:
        os._exit(1)


class Watchdog:
    """Waits for the end of a worker, and brings it about: when the monitor closes, or when its processes take too much memory."""

    def __init__(self, child: int, monitor: int, settings: dict):
        self.child, self.monitor, self.most = child, monitor, settings["limits"]["memory"]
        self.sweeps = not settings["nested"]  # no process namespace ends what the worker leaves behind
        self.own_network = settings["walled"]
        self.base = sum(memory(child))

    def wait(self) -> dict:
        """How the worker ended. When this returns, no process of it is left."""
        reason, end = "died", os.pidfd_open(self.child)
        poll = select.poll()
        poll.register(end, select.POLLIN)
        poll.register(self.monitor, select.POLLIN)
        pause = LOOKS[1]
        while end not in (ready := dict(poll.poll(1000 * pause))):
            if ready:
                reason = "closed" if reason == "died" else reason
                poll.unregister(self.monitor)
            elif (left := self.most - self.taken()) < 0:
                reason = "memory"
            else:  # before all processors together could fill what is left
                pause = min(LOOKS[0], max(LOOKS[1], left / RATE / (os.cpu_count() or 1)))
            if reason != "died":
                os.kill(self.child, signal.SIGKILL)
        _, code = os.waitpid(self.child, 0)
        if self.sweeps:
            self.sweep()
        return {"reason": reason, "code": os.waitstatus_to_exitcode(code)}

    def taken(self) -> int:
        """Bytes that the worker's processes have taken since the fork; what they share counts once."""
        found = [memory(process) for process in tree(self.child)]
        processes = sum(max(0, own - self.base) for own, _ in found) + max((shared for _, shared in found), default=0)
        return processes + (SOCKET * sockets() if self.own_network else 0)

    def sweep(self) -> None:
        """End what a worker left behind: this process is the heir of its orphans."""
        while True:
            for process in tree(os.getpid()):
                if process != os.getpid():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return


def sockets() -> int:
    """How many there are in this network namespace, those on their way from one process to another among them."""
    used = re.search(r"^sockets: used (\d+)", Path("/proc/self/net/sockstat").read_text(encoding="ascii"))
    return int(used[1]) if used else 0


def memory(process: int) -> tuple[int, int]:
    """Bytes of memory of a process that no file stands behind: its own, swapped out ones too, and shared ones. 0, 0 when it is gone."""
    try:
        text = Path(f"/proc/{process}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0, 0
    parts = dict(line.split(":", 1) for line in text.splitlines())
    own, swapped, shared = (int(parts.get(name, "0").split()[0]) * 1024 for name in ("RssAnon", "VmSwap", "RssShmem"))
    return own + swapped, shared
