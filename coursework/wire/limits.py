"""What a student's code may take: memory, processes, files; and, for one cell or one test, processor time and the clock far behind it.

On a busy machine a right answer takes longer by the clock, but no more processor time. So the clock is there only for code that waits
for something that never comes. Where the system does not tell what a process has used, the clock stands alone.
"""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

TIMEOUT = 30  # seconds of processor time for a cell and for a test, where nobody asks for another limit
WALL = 10  # seconds of the clock for each second of processor time
WHOLE = 10  # a submission has this many times what a cell or a test has
GRACE = 600  # seconds of the clock that the process which scores a submission may take longer before it is taken for lost

Used = Callable[[], float | int | None]  # seconds of processor time so far, of the processes in question; None: nobody can tell


class Limits(NamedTuple):
    """What a worker may take.

    memory: bytes beyond what Python and torch take when they are loaded, for all processes of a submission together.
    cpu: seconds of processor time of one process. processes: at a time, threads counted. files: open at a time. disk: bytes of one
    file, and of all of /tmp. start: seconds of the clock until a worker answers for the first time. call, call_wall: seconds of
    processor time, and of the clock, to one call. output: characters kept of what one cell prints.
    """

    memory: int = 2 * 2**30
    cpu: int = 600
    processes: int = 32
    files: int = 256
    disk: int = 64 * 2**20
    start: float | int = 120
    call: float | int = 20
    call_wall: float | int = 200
    output: int = 20_000


class Budget:
    """What may be used from now on. One budget can stand behind many questions.

    Args:
        cpu: seconds of processor time.
        used: what has been used so far, asked now and whenever the budget is looked at. Where it gives None, `cpu` bounds the clock.
        wall: seconds of the clock; None: `WALL` times `cpu`.

    Example:
        >>> budget = Budget(2, used=time.process_time)
        >>> budget.over()
        False
    """

    def __init__(self, cpu: float | int, used: Used, wall: float | int | None = None):
        self.used, now = used, used()
        wall = wall_of(cpu, wall)
        self.cpu_end = (now or 0) + cpu
        self.clock_end = time.monotonic() + (min(cpu, wall) if now is None else wall)

    def clock_left(self) -> float | int:
        """Seconds until the clock stops it."""
        return self.clock_end - time.monotonic()

    def cpu_left(self) -> float | int:
        """Seconds of processor time that are left; where nobody can tell, all of them are."""
        return self.cpu_end - (self.used() or 0)

    def over(self) -> bool:
        """The processor time or the clock has run out."""
        return self.clock_left() <= 0 or self.cpu_left() <= 0


def wall_of(timeout: float | int, wall: float | int | None) -> float | int:
    """Seconds of the clock for a cell or a test; None stands for `WALL` times the processor time."""
    return WALL * timeout if wall is None else wall


def longest(wall: float | int) -> float | int:
    """Seconds of the clock after which the process that scores one submission is taken for lost."""
    return WHOLE * wall + GRACE


class Meter:
    """Seconds of processor time of all processes that descend from one, those that have ended among them.

    A process adds the time of a child to its own only when it waits for it, and code can see to it that nobody waits. So the last
    reading of each process is kept, too. What a child takes between its last reading and an end without a waiter is lost.
    """

    def __init__(self, process: int):
        self.process = process
        self.seen: dict[tuple[int, str], float] = {}
        self.most = 0.0

    def __call__(self) -> float | None:
        """Seconds so far, never fewer than before; None where the system tells nothing of processes."""
        if not tells_children():
            return None
        now = 0.0
        for process in tree(self.process):
            if process != self.process and (found := times(process)):
                start, own, waited_for = found
                self.seen[process, start] = own
                now += own + waited_for
        self.most = max(self.most, now, sum(self.seen.values()))
        return self.most


def tells_children() -> bool:
    """The system says of a process which children it has: Linux, with /proc."""
    return os.path.exists(f"/proc/self/task/{os.getpid()}/children")


def tree(process: int) -> Iterator[int]:
    """A process and all its descendants, as far as they are in sight."""
    yield process
    try:
        tasks = os.listdir(f"/proc/{process}/task")
    except OSError:  # it has ended, or there is no /proc
        return
    for task in tasks:
        try:
            children = Path(f"/proc/{process}/task/{task}/children").read_text(encoding="ascii").split()
        except OSError:  # this thread has ended; others may have children
            continue
        for child in children:
            yield from tree(int(child))


def times(process: int) -> tuple[str, float, float] | None:
    """When a process began, and seconds of processor time: its own, and of those of its children that it has waited for."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    user, system, children_user, children_system = (int(each) / os.sysconf("SC_CLK_TCK") for each in fields[11:15])
    return fields[19], user + system, children_user + children_system
