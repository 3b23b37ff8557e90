"""The parent of workers: a process inside the sandbox that has torch loaded and forks one isolated worker for each submission.

It runs no code of a student's and reads nothing from a worker. Between it and each worker stands a *watchdog*, which waits for the
worker's end, watches its memory, and kills it with all that it started when the trusted side lets go.
"""

import contextlib
import gc
import json
import os
import select
import signal
import socket
from pathlib import Path
from typing import NoReturn

from coursework.sandbox import confine
from coursework.wire.limits import tree

LOOK = 200  # milliseconds between looks at the memory of a worker
PAGE = os.sysconf("SC_PAGE_SIZE")


def main(settings: str) -> None:
    """Serve on standard input, a socket; each message on it brings a new worker's channel and monitor."""
    told = json.loads(settings)
    control = socket.socket(fileno=os.dup(0))
    _quiet()
    if told["walled"]:
        confine.become_nobody()
    if told["walled"] and (fault := nesting_fault()):
        control.send(json.dumps({"cannot": fault}).encode())
        return
    from coursework.sandbox import worker_process  # here, because it takes torch along, which is needless where nesting fails

    worker_process.warm()
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


def _quiet() -> None:
    with open(os.devnull, "r+b", buffering=0) as nothing:
        for stream in (0, 1):
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
    status = {"reason": "died"}
    try:
        os.write(monitor, b"!")  # with it the kernel tells the other side which process this is
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if settings["walled"]:
            confine.leave()
        else:
            confine.prctl(confine.SUBREAPER, 1)
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
        os._exit(0)


def _work(channel: int, settings: dict, size: int) -> NoReturn:
    """Become a worker. Never returns."""
    try:
        confine.prctl(confine.DIE_WITH_PARENT, signal.SIGKILL)
        os.setsid()
        if settings["walled"]:
            confine.own_files(settings["limits"]["disk"])
        from coursework.sandbox import worker_process  # here, because it takes torch along; `main` has loaded it

        worker_process.begin(channel, channel, settings["limits"], size, alone=settings["walled"])
    finally:
        os._exit(1)


class Watchdog:
    """Waits for the end of a worker, and brings it about: when the monitor closes, or when its processes take too much memory."""

    def __init__(self, child: int, monitor: int, settings: dict):
        self.child, self.monitor, self.walled = child, monitor, settings["walled"]
        self.most, self.base = settings["limits"]["memory"], private(child)

    def wait(self) -> dict:
        """How the worker ended. When this returns, no process of it is left."""
        reason, end = "died", os.pidfd_open(self.child)
        poll = select.poll()
        poll.register(end, select.POLLIN)
        poll.register(self.monitor, select.POLLIN)
        while end not in (ready := dict(poll.poll(LOOK))):
            if ready:
                reason = "closed" if reason == "died" else reason
                poll.unregister(self.monitor)
            elif self.taken() > self.most:
                reason = "memory"
            if reason != "died":
                os.kill(self.child, signal.SIGKILL)
        _, code = os.waitpid(self.child, 0)
        if not self.walled:
            self.sweep()
        return {"reason": reason, "code": os.waitstatus_to_exitcode(code)}

    def taken(self) -> int:
        """Bytes that the worker's processes have taken since the fork."""
        return sum(max(0, private(process) - self.base) for process in tree(self.child))

    def sweep(self) -> None:
        """End what a worker left behind, where no process namespace did so: this process is the heir of its orphans."""
        while True:
            for process in tree(os.getpid()):
                if process != os.getpid():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return


def private(process: int) -> int:
    """Bytes of memory of a process that no file stands behind; 0 when it is gone."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * PAGE
