"""One submission graded: the student's cells in a worker, the instructor's tests in a process of their own that the worker cannot reach.

Three processes take part. The caller forks a *scorer*, which reads the submission, has its cells run in a worker behind the sandbox
(`wire.session`), and runs the tests on what the worker's names hold. The scorer sends each finding on as it is made, so that what was
earned stays earned when the scorer has to be stopped. Only names that the exercise's answers define are ever taken from the worker,
and they come as plain values or proxies: nothing that a student defines is seen by the code of a test under another name.

A worker that dies or has to be stopped is replaced: what ran before is run again, without the cell at fault. The tests after it are
scored on the rest. Limits are of processor time (`wire.limits`), so that neither a busy machine nor a neighbour's loop costs anybody points.
"""

import contextlib
import json
import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from coursework.assignment.source import Exercise
from coursework.handin.matching import Flag, StudentCell, answer_names
from coursework.handin.submissions import Submission, read_submission
from coursework.sandbox.supervisor import Supervisor
from coursework.scoring.fork import die_with
from coursework.scoring.plan import Prepared, Statement, prepared, steps
from coursework.scoring.results import Result, TestResult
from coursework.wire import protocol
from coursework.wire.limits import TIMEOUT, WHOLE, Budget, longest, wall_of
from coursework.wire.session import Session, StudentError, WorkerError

OUTPUT, MESSAGE = 4000, 500  # characters kept of what a student's cells print, and of a message
MEMORY = 2**30  # bytes that a scorer may take beyond what it starts with
RESTARTS = 6  # how often a submission gets a new worker
FLAGS = 40  # kept of one submission

STOPPED = {
    "timeout": "Your code was not over in time and was stopped.",
    "memory": "Your code took more memory than it may.",
    "died": "Your code ended its own process.",
    "protocol": "Your code's process gave no answer that could be understood.",
}


def grade_submission(
    exercise: Exercise,
    submission: Submission | str | Path,
    supervisor: Supervisor,
    *,
    timeout: float | int = TIMEOUT,
    wall: float | int | None = None,
) -> Result:
    """Grade one submission. It returns a `Result` whatever the submission does.

    Args:
        exercise: an `Exercise`, its placeholders filled for this student.
        submission: what `read_submission` returned, or a path, which is then read in the scorer too.
        supervisor: an open `Supervisor`, which gives out workers.
        timeout: seconds of processor time for one cell and for one test; a submission has ten times that.
        wall: seconds of the clock for one cell and for one test, far behind; None: ten times `timeout`. A submission has ten times that.

    Example:
        >>> with Supervisor() as supervisor:
        ...     result = grade_submission(exercise, "submitted/kim.ipynb", supervisor)
        >>> result.score, result.max_score
        (10, 10)
    """
    started = time.monotonic()
    found: dict = {"tests": {}, "flags": [], "output": "", "end": None}
    wall = wall_of(timeout, wall)
    for message in _scored(lambda send: _Scorer(exercise, submission, supervisor, timeout, wall, send).run(), longest(wall)):
        if "test" in message:
            found["tests"][message["test"][0]] = message["test"][1:]
        elif "flag" in message:
            found["flags"].append(Flag(*message["flag"]))
        else:
            found.update(message)
    return _result(exercise, found, time.monotonic() - started)


def warm(exercise: Exercise) -> None:
    """Import what the tests of an exercise import, once, so that no scorer has to."""
    for statement in dict.fromkeys(each for test in prepared(exercise) for each in test.before if each.names.imported):
        with contextlib.suppress(Exception):  # the reference, which comes first, will say what is wrong
            exec(compile(statement.code, "<exercise>", "exec"), {})


def _result(exercise: Exercise, found: dict, seconds: float | int) -> Result:
    """A result out of what the scorer sent; a test of which it sent nothing has no points."""
    end, flags = found["end"], found["flags"]
    if end is None or end.startswith("failed"):
        flags.append(Flag("failed", (end or "The process that scores this submission was lost.").removeprefix("failed: ")))
        end = "failed"
    tests = []
    for test in exercise.tests:
        passed, message = found["tests"].get(test.id, (False, "This was not scored."))
        tests.append(TestResult(test.id, test.title, test.points if passed else 0, test.points, clean(message, MESSAGE)))
    kept = dict.fromkeys(Flag(flag.kind, clean(flag.detail, MESSAGE)) for flag in flags)
    return Result(
        end,
        sum(test.points for test in tests),
        sum(test.max_points for test in tests),
        sum(each.points for each in exercise.written),
        tuple(tests),
        tuple(kept)[:FLAGS],
        clean(found["output"], OUTPUT),
        round(seconds, 2),
    )


def clean(text: str, most: int) -> str:
    """Text from a stranger made fit for a file and a terminal, and not too long."""
    text = protocol.clean(text[: most + 1])
    return text if len(text) <= most else text[: most - 1] + "…"


def _scored(task: Callable, seconds: float | int) -> Iterator[dict]:
    """What a forked process sends while it runs `task(send)`. It is killed when it takes longer than `seconds`."""
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child calls nothing that another thread could hold
        parent, child = os.getpid(), os.fork()
    if child == 0:
        os.close(read)
        _be_scorer(task, write, parent)
    os.close(write)
    try:
        yield from _messages(read, time.monotonic() + seconds)
    finally:
        os.close(read)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _be_scorer(task: Callable, write: int, parent: int) -> None:
    """The life of the forked process, which never returns."""
    try:
        die_with(parent)
        _bound_memory()
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        with open(write, "wb", buffering=0) as pipe:

            def send(**message: object) -> None:
                pipe.write(json.dumps(message).encode() + b"\n")

            try:
                task(send)
            except BaseException as error:
                send(end=f"failed: {type(error).__name__}: {error}"[:MESSAGE])
    finally:
        os._exit(0)


def _bound_memory() -> None:
    """Bound what a damaged notebook, or a proxy's large answer, can make the scorer take."""
    with contextlib.suppress(OSError, ValueError, ImportError):
        import resource

        size = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))


def _messages(read: int, deadline: float | int) -> Iterator[dict]:
    rest = b""
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([read], [], [], left)[0]:
            break
        block = os.read(read, 1 << 16)
        if not block:
            return
        *lines, rest = (rest + block).split(b"\n")
        yield from (json.loads(line) for line in lines)
    yield {"flag": ["unfinished", "The process that scores this submission had to be stopped."], "end": "graded"}


class _SandboxLostError(BaseException):
    """There is no new worker to be had: the fault of the sandbox, not of the submission."""


class _OutOfTimeError(BaseException):
    """The alarm of a test; says after how long. Not an Exception: a check that catches those of a student's code must not catch it."""


@contextlib.contextmanager
def _alarm(cpu: float | int, wall: float | int) -> Iterator[None]:
    """Stop this process's own code after seconds of its processor time, or of the clock."""
    clocks: dict[int, tuple[int, float | int]] = {
        signal.SIGPROF: (signal.ITIMER_PROF, cpu),
        signal.SIGALRM: (signal.ITIMER_REAL, wall),
    }

    def set_clocks(on: bool) -> None:
        for timer, seconds in clocks.values():
            signal.setitimer(timer, max(seconds, 0.01) if on else 0)

    def ring(number: int, frame: object) -> None:
        set_clocks(False)  # one ring is enough
        raise _OutOfTimeError(f"{clocks[number][1]:.0f} s" + (" by the clock" if number == signal.SIGALRM else ""))

    before = {number: signal.signal(number, ring) for number in clocks}
    set_clocks(True)
    try:
        yield
    finally:
        set_clocks(False)
        for number, handler in before.items():
            signal.signal(number, handler)


class _Scorer:
    """Grades one submission in the forked process, and sends what it finds."""

    def __init__(
        self,
        exercise: Exercise,
        submission: Submission | str | Path,
        supervisor: Supervisor,
        timeout: float | int,
        wall: float | int,
        send: Callable,
    ):
        self.exercise, self.submission, self.timeout, self.wall, self.send = exercise, submission, timeout, wall, send
        self.worker = _Worker(supervisor, self)
        self.whole = Budget(WHOLE * timeout, self.used, WHOLE * wall)
        self.space: dict = {"__name__": "__main__", "display": lambda *things: None}
        self.made: set[Statement] = set()
        self.targets = answer_names(exercise)
        self.ran: set[str | None] = set()  # ids of the answers that were run
        self.output = ""

    def used(self) -> float | int:
        """Seconds of processor time that this submission has taken, here and in its workers."""
        return time.process_time() + self.worker.used()

    def left(self) -> tuple[float | int, float | int]:
        """Seconds of processor time, and of the clock, that a next cell or test may take."""
        cpu, wall = min(self.timeout, self.whole.cpu_left()), min(self.wall, self.whole.clock_left())
        return max(cpu, 0.1), max(wall, 0.1)

    def flag(self, kind: str, detail: str) -> None:
        self.send(flag=[kind, detail])

    def run(self) -> None:
        submission = self.submission
        if not isinstance(submission, Submission):
            submission = read_submission(submission, self.exercise)
        for flag in submission.flags:
            self.flag(*flag)
        if not submission.readable:
            return self.send(end="unreadable")
        todo, moved = steps(self.exercise, submission.cells, prepared(self.exercise))
        if moved:
            self.flag("reordered", "A cell uses names that only a later cell defines; it was run after that one.")
        try:
            for step in todo:
                self.step(*step)
        finally:
            self.worker.close()
        self.send(output=self.output[:OUTPUT], end="graded")

    def step(self, cell: StudentCell | None, test: Prepared | None) -> None:
        if self.whole.over():
            self.flag("unfinished", "The time for one submission was over.")
        elif cell is not None:
            self.worker.run(cell)
            self.ran.update((cell.id, *cell.answers))
        elif test is not None:
            passed, message = self.score(test)
            while not passed and self.worker.look() == "protocol" and self.worker.drop_suspect():
                passed, message = self.score(test)
            self.worker.look()
            self.send(test=[test.test.id, passed, message])

    def score(self, test: Prepared) -> tuple[bool, str]:
        """Run a test. Whatever it raises is its verdict."""
        try:
            self.run_test(test)
            return True, ""
        except _OutOfTimeError as error:
            self.worker.close()
            return False, f"The test was not over after {error}."
        except WorkerError as error:
            return False, STOPPED.get(error.kind, str(error))
        except StudentError as error:
            return False, f"Your code raised {error.type}: {error.message}"
        except _SandboxLostError:
            raise
        except AssertionError as error:
            return False, str(error) or "Something that should hold does not."
        except BaseException as error:
            return False, f"{type(error).__name__}: {error}"

    def run_test(self, test: Prepared) -> None:
        """Run a test within its own time. What it needs of the worker is there before that time begins."""
        own = [name for name, id in test.providers.items() if self.may_have(name, id)]
        if own:
            session = self.worker.open()  # a new one has to run what ran before: in those cells' time, not in this test's
            session.allow(*self.left())
        cpu, wall = self.left()
        with _alarm(cpu, wall + 1):  # a second later than the worker's own clock, whose end is kinder
            for name in test.providers:
                self.space[name] = self.worker.value(name) if name in own else None
            self.make(test.before)
            exec(compile(test.test.code, f"<test {test.test.id}>", "exec"), self.space)

    def may_have(self, name: str, id: str) -> bool:
        """Whether a name is worth asking for: the answer that gives it was run, or no other answer could give it."""
        return id in self.ran or sum(name in names for names in self.targets.values()) == 1

    def make(self, statements: tuple[Statement, ...]) -> None:
        """Run those of the exercise's own statements that have not been run yet."""
        for statement in statements:
            if statement not in self.made:
                exec(compile(statement.code, "<exercise>", "exec"), self.space)
                self.made.add(statement)


class _Worker:
    """The worker of one submission, replaced when it is lost. `done` are the cells that a new one has to run first."""

    def __init__(self, supervisor: Supervisor, scorer: _Scorer):
        self.supervisor, self.scorer = supervisor, scorer
        self.session: Session | None = None
        self.done: list[StudentCell] = []
        self.restarts = 0
        self.used_before = 0.0  # seconds of processor time of those that are gone, less what ran again

    def used(self) -> float | int:
        """Seconds of processor time of all workers of this submission. What has to run again counts once."""
        return self.used_before + (self.session.used if self.session else 0)

    def run(self, cell: StudentCell) -> None:
        """Run a cell; one at which the worker is lost is flagged and never run again."""
        error, kind = self.attempt(cell)
        if kind == "protocol" and self.drop_suspect():
            return self.run(cell)
        if kind is not None:
            return self.scorer.flag("stopped", f"{_called(cell)}: {error}")
        self.done.append(cell)
        if error:
            self.scorer.flag("raised", f"{_called(cell)}: {error}")

    def drop_suspect(self) -> bool:
        """When something spoke in the worker's place: leave out the last cell of the student's own, which may have left it there."""
        suspect = next((cell for cell in reversed(self.done) if cell.kind == "own"), None)
        if suspect is None or self.restarts > RESTARTS:
            return False
        self.done.remove(suspect)
        self.scorer.flag("stopped", f"{_called(suspect)}: after it, the worker gave answers that were none.")
        return True

    def attempt(self, cell: StudentCell) -> tuple[str | None, str | None]:
        """Run a cell: what it raised, and of what kind the end of the worker was, if it came."""
        try:
            session = self.open()
        except WorkerError as error:
            return str(error), error.kind
        outcome = session.run(cell.source, *self.scorer.left())
        self.scorer.output += outcome.output
        if not outcome.alive:
            self.close()
        return outcome.error, outcome.kind

    def open(self) -> Session:
        """The session, begun anew and brought to where the lost one was if need be."""
        while self.session is None:
            if self.restarts > RESTARTS:
                raise WorkerError("often", f"The worker was lost {self.restarts} times; no more of this submission was run.")
            self.restarts += 1
            try:
                self.session = self.supervisor.session()
            except WorkerError as error:
                raise _SandboxLostError(str(error)) from error
            self.run_again(self.session)
        return self.session

    def run_again(self, session: Session) -> None:
        """Run in a new worker what ran in the lost one. A cell that it does not survive this time is left out, and said so."""
        lost = None
        for cell in list(self.done):
            outcome = session.run(cell.source, self.scorer.timeout, self.scorer.wall)
            if not outcome.alive:
                lost = cell
                break
        self.used_before -= session.used
        if lost:
            self.done.remove(lost)
            self.scorer.flag("stopped", f"{_called(lost)}, run again: {outcome.error}")
            self.close()

    def value(self, name: str) -> Any:
        """What a name holds: a plain value or a proxy; None, as in an untouched stub, where the student defines no such name."""
        try:
            return self.open().value(name)
        except StudentError as error:
            if error.type == "KeyError":
                return None
            raise

    def look(self) -> str | None:
        """Let go of a worker that was lost, even where a test did not say so; of what kind its end was."""
        if self.session is None or self.session.alive:
            return None
        fault = self.session.fault
        self.close()
        return fault.kind if fault else "died"

    def close(self) -> None:
        if self.session is not None:
            session = self.session
            self.session = None
            session.close()
            self.used_before += session.used


def _called(cell: StudentCell) -> str:
    first = next((line.strip() for line in cell.source.splitlines() if line.strip()), "")
    return f"answer {cell.id}" if cell.kind == "answer" else f"cell “{first[:40]}”"
