"""The processes that grade beside each other: forks of one that has torch loaded and a sandbox open.

`Pool` hands submissions out and takes results back. A process that is lost is replaced, and what it was at is tried once more; then
its result says that it failed. Nothing that a submission does ends a run, and nothing outlives the process that runs the pool.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path

from coursework.flags import Flag
from coursework.scoring.fork import die_with
from coursework.scoring.grader import TRIES, GradeError, Grader, Settings, Task
from coursework.scoring.results import Result, lost
from coursework.wire.limits import longest

START = 180  # seconds that a process may take to import torch, open the sandbox and grade the reference
LOST = Flag("failed", "The process that grades was lost at this submission, twice.")


class NotFinishedError(RuntimeError):
    """Grading stopped on its way, and goes on when it is run again; says why."""


class Pool:
    """Some processes that grade. A context manager: at its end, none of them is left.

    Raises:
        GradeError: from `run`, when no process can begin. NotFinishedError: so too, after some had begun.

    Example:
        >>> with Pool(Settings(exercise, "auto"), jobs=2) as pool:
        ...     results = {task.student: result for task, result in pool.run(tasks)}
    """

    def __init__(self, settings: Settings, jobs: int):
        self.settings, self.jobs = settings, jobs
        self.pool: dict[Connection, _Job] = {}
        self.waiting: deque[Task] = deque()
        self.tried: Counter[Path] = Counter()
        self.begun = False

    def __enter__(self) -> "Pool":
        self.add(self.jobs)
        return self

    def __exit__(self, *_: object) -> None:
        processes = {job.process for job in self.pool.values()}
        for process in processes:
            process.terminate()
        for pipe in self.pool:
            pipe.close()
        for process in processes:
            _end(process)
        self.pool.clear()

    def add(self, count: int) -> None:
        """Start some that share one sandbox and one copy of torch."""
        if count:
            context = multiprocessing.get_context("spawn")  # a fork would bring the caller's threads' locks along
            pipes = [context.Pipe() for _ in range(count)]
            process = context.Process(target=_work, args=([theirs for _, theirs in pipes], self.settings, os.getpid()))
            process.start()
            for ours, theirs in pipes:
                theirs.close()
                self.pool[ours] = _Job(ours, process, self.settings)

    def run(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Result]]:
        """Results, as they are made."""
        self.waiting.extend(tasks)
        while self.waiting or any(job.task for job in self.pool.values()):
            ready = wait(list(self.pool), timeout=1)
            for pipe in [pipe for pipe in self.pool if pipe in ready]:
                message: dict | None = None
                with contextlib.suppress(EOFError, OSError):
                    message = pipe.recv()
                yield from self.take(self.pool[pipe], message)
            for job in self.pool.values():
                if time.monotonic() > job.deadline:
                    job.process.kill()  # its pipe ends, and the next round finds that out

    def take(self, job: "_Job", message: dict | None) -> Iterator[tuple[Task, Result]]:
        """Deal with what a process sent; None: its end."""
        task, job.task, job.deadline = job.task, None, float("inf")
        if message is None:
            yield from self.replace(job, task)
        elif "cannot" in message:
            self.stop(message["cannot"])
        else:
            job.ready = self.begun = True
            if task is not None:
                yield task, message["result"]
            if self.waiting:
                job.give(self.waiting.popleft())

    def replace(self, job: "_Job", task: Task | None) -> Iterator[tuple[Task, Result]]:
        """Put another in the place of one that is lost; those that it shared its sandbox with go on if they can."""
        del self.pool[job.pipe]
        job.pipe.close()
        if job.process not in {other.process for other in self.pool.values()}:
            _end(job.process)
        if task is None and not job.ready:
            self.stop(f"a process ended before it could begin (exit code {job.process.exitcode})")
        self.add(1)
        if task is not None:
            self.tried[task.path] += 1
            if self.tried[task.path] < TRIES:
                self.waiting.append(task)
            else:
                yield task, lost(self.settings.exercise, [LOST])

    def stop(self, why: str) -> None:
        """Give up: there is no process that could grade."""
        raise (NotFinishedError if self.begun else GradeError)(f"grade: {why}")


class _Job:
    """One process of a pool, as the pool sees it. task: what it is at; deadline: when it is taken for lost."""

    def __init__(self, pipe: Connection, process: multiprocessing.process.BaseProcess, settings: Settings):
        self.pipe, self.process = pipe, process
        self.patience = TRIES * longest(settings.terms.clock) + START
        self.task: Task | None = None
        self.ready, self.deadline = False, time.monotonic() + START

    def give(self, task: Task) -> None:
        self.task, self.deadline = task, time.monotonic() + self.patience
        with contextlib.suppress(OSError):  # it is lost already: that is found out when its pipe is read
            self.pipe.send(task)


def _end(process: multiprocessing.process.BaseProcess) -> None:
    process.join(20)
    if process.exitcode is None:
        process.kill()
        process.join()


def _work(pipes: Sequence[Connection], settings: Settings, parent: int) -> None:
    """The life of a process: make ready, fork the others that share what is loaded, then work as they do."""
    die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the pool's own process hears it and ends this one
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    grader, others = None, []
    try:
        try:
            grader = Grader(settings)
        except Exception as error:
            for pipe in pipes:
                pipe.send({"cannot": str(error) or type(error).__name__})
            return
        others = [_forked(grader, pipe, pipes) for pipe in pipes[1:]]
        _serve(grader, pipes[0], pipes)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # nothing is to break off the clearing up
        for other in others:
            os.kill(other, signal.SIGKILL)
            os.waitpid(other, 0)
        if grader:
            grader.close()


def _forked(grader: Grader, pipe: Connection, pipes: Sequence[Connection]) -> int:
    """Fork a process that grades beside this one; its id."""
    parent, child = os.getpid(), os.fork()
    if child == 0:
        try:
            die_with(parent)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            _serve(grader, pipe, pipes)
            grader.close()
        finally:
            os._exit(0)
    return child


def _serve(grader: Grader, pipe: Connection, pipes: Sequence[Connection]) -> None:
    """Say that all is ready, then send a result for each task, until the pool's process hangs up."""
    for other in pipes:
        if other is not pipe:
            other.close()
    with contextlib.suppress(EOFError, OSError):
        pipe.send({"ready": True})
        while True:
            pipe.send({"result": grader.result(pipe.recv())})
