"""Control groups (v2): the kernel's own bounds on memory, processes and processor time of a worker with all that it starts.

They are used where the process that grades may make groups below its own, as in `systemd-run --user --scope -p Delegate=yes coursework
grade ...`, and in containers that hand out a writable hierarchy. Elsewhere the limits of `confine` and the watchdog stand alone.
"""

import contextlib
import os
import time
import uuid
from pathlib import Path

from coursework.wire.limits import Limits

MOUNT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
CONTROLLERS = ("cpu", "memory", "pids")
MAIN = "coursework-main"  # the group of the processes that grade: one with groups below it may hold no process itself
TRIES, PAUSE = 100, 0.02  # until a group whose processes were killed is empty
SLACK = 64 * 2**20  # bytes for what the kernel itself keeps for a worker


class Group:
    """The control group of one worker."""

    def __init__(self, folder: Path, limits: Limits):
        self.folder = folder
        folder.mkdir()
        # What bubblewrap's forkserver has loaded is charged to it; /tmp and /dev/shm are memory, too.
        self._write("memory.max", limits.memory + 2 * limits.disk + SLACK)
        with contextlib.suppress(OSError):  # there is no such file where the kernel does not swap
            self._write("memory.swap.max", 0)
        self._write("memory.oom.group", 1)
        self._write("pids.max", limits.processes + 3)  # the watchdog, and what `confine.bound` allows
        self._write("cpu.weight", 100)  # as any other worker, however many processes it has

    def _write(self, name: str, value: object) -> None:
        (self.folder / name).write_text(str(value), encoding="ascii")

    def _number(self, name: str, key: str) -> int:
        """A number in one of the files that hold a key and a number on each line; 0 where there is none."""
        with contextlib.suppress(OSError):
            lines = (self.folder / name).read_text(encoding="ascii").splitlines()
            return next((int(line.split()[1]) for line in lines if line.split()[0] == key), 0)
        return 0

    def add(self, process: int) -> None:
        """Move a process into the group; what it starts is born there."""
        self._write("cgroup.procs", process)

    def used(self) -> float:
        """Seconds of processor time of all that ever ran in the group."""
        return self._number("cpu.stat", "usage_usec") / 1e6

    def close(self) -> str | None:
        """End whatever is left in the group, and the group. "memory" where the kernel ended something for taking too much."""
        reason = "memory" if self._number("memory.events", "oom_kill") else None
        with contextlib.suppress(OSError):
            self._write("cgroup.kill", 1)
        for _ in range(TRIES):
            if not self._number("cgroup.events", "populated"):
                break
            time.sleep(PAUSE)
        with contextlib.suppress(OSError):
            self.folder.rmdir()
        return reason


def below() -> Path | None:
    """The folder in which this process may make groups with memory, processes and processor time bounded; None where there is none."""
    with contextlib.suppress(OSError, ValueError):
        [line] = [line for line in OWN.read_text(encoding="utf-8").splitlines() if line.startswith("0::")]
        folder = MOUNT / line[4:]
        folder = folder.parent if folder.name == MAIN else folder
        offered = (folder / "cgroup.controllers").read_text(encoding="ascii").split()
        if set(CONTROLLERS) <= set(offered) and all(os.access(folder / name, os.W_OK) for name in ("", "cgroup.procs")):
            return _opened(folder)
    return None


def _opened(folder: Path) -> Path:
    """Let groups below a folder be bounded, once its own processes have moved into one of them."""
    main = folder / MAIN
    main.mkdir(exist_ok=True)
    for process in (folder / "cgroup.procs").read_text(encoding="ascii").split():
        with contextlib.suppress(ProcessLookupError):
            (main / "cgroup.procs").write_text(process, encoding="ascii")
    enabled = (folder / "cgroup.subtree_control").read_text(encoding="ascii").split()
    for name in set(CONTROLLERS) - set(enabled):
        (folder / "cgroup.subtree_control").write_text(f"+{name}", encoding="ascii")
    return folder


def group(folder: Path, limits: Limits) -> Group:
    """A new group for one worker."""
    return Group(folder / f"coursework-{os.getpid()}-{uuid.uuid4().hex[:8]}", limits)
