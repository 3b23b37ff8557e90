"""The processes that grade beside each other: forks of one that has torch loaded and a sandbox open.

`Pool` hands submissions out and takes results back. A process that is lost is replaced, and what it was at is tried once more; then
its result says that it failed. Nothing that a submission does ends a run.
"""

import contextlib
import math
import multiprocessing
import os
import signal
import sys
import time
import warnings
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import NamedTuple

from coursework.assignment.source import Exercise, role_of
from coursework.handin.matching import StudentCell
from coursework.handin.submissions import Found, Submission
from coursework.scoring.fork import die_with
from coursework.scoring.results import as_json, lost
from coursework.wire.limits import WHOLE, Limits, longest, wall_of

START = 180  # seconds that a process may take to import torch, open the sandbox and grade the reference
TRIES = 2  # how often a submission is given out before its result says that it failed


class GradeError(RuntimeError):
    """Grading cannot begin: a wrong argument, no sandbox, a reference that fails its own tests. Says which and what to do."""


class Settings(NamedTuple):
    """What all submissions share. timeout, wall: seconds of processor time and of the clock for a cell and for a test."""

    exercise: Exercise
    sandbox: str
    timeout: float | int
    wall: float | int | None = None


class Task(NamedTuple):
    """A submission to grade. sha256: of its content. variant: the values of the exercise's placeholders for this student."""

    found: Found
    sha256: str
    variant: dict


class Pool:
    """Some processes that grade. A context manager: at its end, none of them is left.

    Raises:
        GradeError: from `run`, when a process cannot begin.

    Example:
        >>> with Pool(Settings(exercise, "auto", 30), jobs=2) as pool:
        ...     results = list(pool.run(tasks))
    """

    def __init__(self, settings: Settings, jobs: int):
        self.settings, self.jobs = settings, jobs
        self.pool: dict[Connection, _Job] = {}
        self.waiting: deque[Task] = deque()
        self.tried: Counter[str] = Counter()

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
            process = context.Process(target=_work, args=([theirs for _, theirs in pipes], self.settings))
            process.start()
            for ours, theirs in pipes:
                theirs.close()
                self.pool[ours] = _Job(ours, process, self.settings)

    def run(self, tasks: Sequence[Task]) -> Iterator[dict]:
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

    def take(self, job: "_Job", message: dict | None) -> Iterator[dict]:
        """Deal with what a process sent; None: its end."""
        task, job.task, job.deadline = job.task, None, float("inf")
        if message is None:
            yield from self.replace(job, task)
        elif "cannot" in message:
            raise GradeError(f"grade: {message['cannot']}")
        else:
            job.ready = True
            if "result" in message:
                yield message["result"]
            if self.waiting:
                job.give(self.waiting.popleft())

    def replace(self, job: "_Job", task: Task | None) -> Iterator[dict]:
        """Put another in the place of one that is lost; those that it shared its sandbox with go on if they can."""
        del self.pool[job.pipe]
        job.pipe.close()
        if job.process not in {other.process for other in self.pool.values()}:
            _end(job.process)
        if task is None and not job.ready:
            raise GradeError(f"grade: a process ended before it could begin (exit code {job.process.exitcode})")
        self.add(1)
        if task is not None:
            self.tried[task.found.student] += 1
            if self.tried[task.found.student] < TRIES:
                self.waiting.append(task)
            else:
                yield lost(self.settings.exercise, *task)


class _Job:
    """One process of a pool, as the pool sees it. task: what it is at; deadline: when it is taken for lost."""

    def __init__(self, pipe: Connection, process: multiprocessing.process.BaseProcess, settings: Settings):
        self.pipe, self.process, self.settings = pipe, process, settings
        self.task: Task | None = None
        self.ready, self.deadline = False, time.monotonic() + START

    def give(self, task: Task) -> None:
        self.task = task
        wall = wall_of(self.settings.timeout, self.settings.wall)
        self.deadline = time.monotonic() + TRIES * longest(wall) + START
        with contextlib.suppress(OSError):  # it is lost already: that is found out when its pipe is read
            self.pipe.send(task)


def _end(process: multiprocessing.process.BaseProcess) -> None:
    process.join(20)
    if process.exitcode is None:
        process.kill()
        process.join()


def _work(pipes: Sequence[Connection], settings: Settings) -> None:
    """The life of a process: make ready, fork the others that share what is loaded, then work as they do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the pool's own process hears it and ends this one
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    grader, others = None, []
    try:
        try:
            grader = _Grader(settings)
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


def _forked(grader: "_Grader", pipe: Connection, pipes: Sequence[Connection]) -> int:
    """Fork a process that grades beside this one; its id."""
    parent, child = os.getpid(), os.fork()
    if child == 0:
        try:
            die_with(parent)
            _serve(grader, pipe, pipes)
            grader.close()
        finally:
            os._exit(0)
    return child


def _serve(grader: "_Grader", pipe: Connection, pipes: Sequence[Connection]) -> None:
    """Say that all is ready, then send a result for each task, until the pool's process hangs up."""
    for other in pipes:
        if other is not pipe:
            other.close()
    with contextlib.suppress(EOFError, OSError):
        pipe.send({"ready": True})
        while True:
            pipe.send({"result": grader.result(pipe.recv())})


class _Grader:
    """Grades one submission after the other in a sandbox, which forks share; opens one of its own after a fault."""

    def __init__(self, settings: Settings):
        import torch

        torch.set_num_threads(1)  # before anything is forked: a forked process has no pool of threads
        self.exercise, self.settings = settings.exercise, settings
        self.owner: int | None = None  # the process that opened the sandbox; None: there is none to close
        self.open()
        try:
            self.check_reference()
        except BaseException:
            self.close()
            raise

    def open(self) -> None:
        from coursework.sandbox.supervisor import Supervisor, UnconfinedWarning

        self.close()
        limits = Limits(cpu=max(Limits().cpu, math.ceil(WHOLE * self.settings.timeout)))
        supervisor = Supervisor(self.settings.sandbox, limits)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnconfinedWarning)  # said once, by `grade`
            self.supervisor, self.owner = supervisor.__enter__(), os.getpid()

    def close(self) -> None:
        """Close the sandbox, if this process opened it."""
        if self.owner == os.getpid():
            self.supervisor.__exit__(None, None, None)
            self.owner = None

    def check_reference(self) -> None:
        """Grade the reference: when it fails its own tests, no result would mean anything."""
        from coursework.scoring.scorer import grade_submission, warm

        exercise = self.exercise.with_values({name: values[0] for name, values in self.exercise.variants.items()})
        warm(exercise)
        result = grade_submission(
            exercise, reference(exercise), self.supervisor, timeout=self.settings.timeout, wall=self.settings.wall
        )
        wrong = [f"{test.id}: {test.message}" for test in result.tests if test.points < test.max_points]
        if wrong or result.status != "graded":
            reasons = wrong or [flag.detail for flag in result.flags]
            raise GradeError(f"the reference of {exercise.name} fails its own tests, so nothing was graded. {'; '.join(reasons)}")

    def result(self, task: Task) -> dict:
        from coursework.scoring.scorer import grade_submission

        exercise = self.exercise.with_values(task.variant)
        for _ in range(TRIES):
            result = grade_submission(
                exercise, task.found.path, self.supervisor, timeout=self.settings.timeout, wall=self.settings.wall
            )
            if not any(flag.kind in ("failed", "unfinished") for flag in result.flags):
                break
            self.open()  # whatever is left of that submission ends with the old sandbox
            if result.status != "failed":
                break
        return as_json(result, self.exercise, *task)


def reference(exercise: Exercise) -> Submission:
    """The exercise's own solutions, in the form of a submission."""
    solutions = {answer.id: answer.reference_code for answer in exercise.answers}
    cells = []
    for cell in exercise.notebook.cells:
        role, id = role_of(cell)
        if cell.cell_type == "code" and role is None:
            cells.append(StudentCell(None, cell.source, "given"))
        elif role == "answer":
            cells.append(StudentCell(id, solutions[id], "answer", (id,)))
    return Submission(cells, [])
