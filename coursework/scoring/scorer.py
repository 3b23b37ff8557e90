"""One submission graded: the student's cells in a worker, the instructor's tests in a process of their own that the worker cannot reach.

Three processes take part. The caller forks a *scorer*, which reads the submission, has its cells run in a worker behind the sandbox
(`wire.session`), and runs the tests on what the worker's names hold. The scorer sends each finding on as it is made, so that what was
earned stays earned when the scorer has to be stopped. Only names that the exercise's answers define are ever taken from the worker,
and they come as plain values or proxies: nothing that a student defines is seen by the code of a test under another name.

The reference is graded in the same way, before any student: what kinds of things a test found where (`wire.shape`) is what it may
find in a student's work. Limits are of processor time (`wire.limits`), so that a busy machine costs nobody points.
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from coursework.assignment import nbgrader
from coursework.assignment.source import SEED, Exercise
from coursework.flags import Flag
from coursework.handin.cells import StudentCell, Submission, answer_names, read_submission
from coursework.sandbox.supervisor import Supervisor
from coursework.scoring import messages
from coursework.scoring.alarm import OutOfTimeError, alarm
from coursework.scoring.forbidden import forbidden_imports
from coursework.scoring.fork import Send, messages_of
from coursework.scoring.reference import reference
from coursework.scoring.restarts import LastingWorker, SandboxLostError
from coursework.scoring.results import NOT_SCORED, Result, TestResult
from coursework.scoring.space import Space, partial, run_cell
from coursework.scoring.statements import Prepared, Statement, prepared, steps
from coursework.scoring.terms import Terms
from coursework.wire import protocol
from coursework.wire.limits import WHOLE, Budget, longest
from coursework.wire.session import Session
from coursework.wire.shape import Shape

OUTPUT, MESSAGE, WORDS = 4000, 500, 20_000  # characters kept of what cells print, of a message, and of an answer in words
PART = "Some of what was asked is right."
FLAGS = 40  # kept of one submission
PRECISE = (torch.float32, torch.float64)  # of the student's choice of a default dtype, those that a test's numbers survive


def grade_submission(
    exercise: Exercise,
    submission: Submission | str | Path,
    supervisor: Supervisor,
    terms: Terms = Terms(),  # noqa: B008 (nothing can change it)
    *,
    shape: Shape | None = None,
) -> Result:
    """Grade one submission. It returns a `Result` whatever the submission does.

    Args:
        exercise: an `Exercise`, its placeholders filled for this student.
        submission: what `read_submission` returned, or a path, which is then read in the scorer too.
        supervisor: an open `Supervisor`, which gives out workers.
        shape: what the reference showed the tests (`grade_reference`); None: nothing of the kind is asked.

    Example:
        >>> with Supervisor() as supervisor:
        ...     _, shape = grade_reference(exercise, supervisor)
        ...     result = grade_submission(exercise, "submitted/kim.ipynb", supervisor, shape=shape)
        >>> result.score, result.max_score
        (10, 10)
    """
    return _graded(exercise, submission, supervisor, terms, shape)[0]


def grade_reference(
    exercise: Exercise,
    supervisor: Supervisor,
    terms: Terms = Terms(),  # noqa: B008
    submission: Path | None = None,
) -> tuple[Result, Shape]:
    """Grade the exercise's own solutions, or a notebook that holds them, and note what kinds of things the tests found in them."""
    result, places = _graded(exercise, submission or reference(exercise), supervisor, terms, Shape())
    return result, Shape(places)


def _graded(
    exercise: Exercise, submission: Submission | str | Path, supervisor: Supervisor, terms: Terms, shape: Shape | None
) -> tuple[Result, dict]:
    started = time.monotonic()
    found: dict = {"tests": {}, "flags": [], "end": None}

    def task(send: Send) -> None:
        _Scorer(exercise, submission, supervisor, terms, shape, send).run()

    for message in messages_of(task, longest(terms.clock)):
        if "test" in message:
            found["tests"][message["test"][0]] = message["test"][1:]
        elif "flag" in message:
            found["flags"].append(Flag(*message["flag"]))
        else:
            found.update(message)
    return _result(exercise, found, time.monotonic() - started), found.get("shape", {})


def warm(exercise: Exercise) -> None:
    """Import what the tests of an exercise import, once, so that no scorer has to."""
    with contextlib.suppress(ImportError):
        import companion.checks  # noqa: F401
    for statement in dict.fromkeys(each for test in prepared(exercise) for each in test.before if each.names.imported):
        with contextlib.suppress(Exception):  # the reference, which comes first, will say what is wrong
            exec(compile(statement.code, "<exercise>", "exec"), {})


def _result(exercise: Exercise, found: dict, seconds: float | int) -> Result:
    """A result out of what the scorer sent; a test of which it sent nothing has no points."""
    flags = [Flag(flag.kind, clean(flag.detail, MESSAGE)) for flag in found["flags"]]
    status, why = _status(found["end"])
    tests = []
    for test in exercise.tests:
        points, message, detail = found["tests"].get(test.id, (0, NOT_SCORED, ""))
        tests.append(TestResult(test.id, test.title, points, test.points, clean(message, MESSAGE), clean(detail, MESSAGE)))
    return Result(
        status,
        sum(test.points for test in tests),
        sum(test.max_points for test in tests),
        tuple(tests),
        tuple(dict.fromkeys([*why, *flags]))[:FLAGS],
        {id: clean(text, WORDS) for id, text in found.get("words", {}).items()},
        clean(found.get("output", ""), OUTPUT),
        clean(found.get("output_after", ""), OUTPUT),
        round(seconds, 2),
    )


def _status(end: str | None) -> tuple[str, list[Flag]]:
    """The status of a result by the last word of its scorer, and the flag that says why."""
    if end == "over":
        return "graded", [Flag("unfinished", "The process that scores this submission had to be stopped.")]
    if end in ("graded", "unreadable"):
        return end, []
    why = "The process that scores this submission was lost." if end is None else end.removeprefix("failed: ")
    return "failed", [Flag("failed", clean(why, MESSAGE))]


def clean(text: str, most: int) -> str:
    """Text from a stranger made fit for a file and a terminal, and not too long."""
    text = protocol.clean(text[: most + 1])
    return text if len(text) <= most else text[: most - 1] + "…"


class _Scorer:
    """Grades one submission in the forked process, and sends what it finds."""

    def __init__(
        self,
        exercise: Exercise,
        submission: Submission | str | Path,
        supervisor: Supervisor,
        terms: Terms,
        shape: Shape | None,
        send: Send,
    ):
        self.exercise, self.submission, self.terms, self.shape, self.send = exercise, submission, terms, shape, send
        self.forbid = terms.forbidden(exercise)
        self.supervisor = supervisor
        self.folder = exercise.path.resolve().parent
        self.most = (terms.timeout, terms.clock)
        self.worker = LastingWorker(self.start, self.flag, self.left, self.most)
        self.whole = Budget(WHOLE * terms.timeout, self.used, WHOLE * terms.clock)
        self.space = Space(self.run_line)
        self.partial = nbgrader.is_nbgraders(exercise.notebook)
        self.made: set[Statement] = set()
        self.targets = answer_names(exercise)
        self.ran: set[str | None] = set()  # ids of the answers that were run
        self.verdicts: set[str] = set()
        self.lacking = messages.Lacking({}, [])  # of the test that runs

    def start(self) -> Session:
        """A new worker, with the files of the exercise in its folder."""
        session = self.supervisor.session(shape=self.shape, forbid=self.forbid)
        for name in self.exercise.files:
            session.put(name, (self.folder / name).read_bytes())
        return session

    def used(self) -> float | int:
        """Seconds of processor time that this submission has taken, here and in its workers."""
        return time.process_time() + self.worker.used()

    def left(self) -> tuple[float | int, float | int]:
        """Seconds of processor time, and of the clock, that a next cell or test may take."""
        return max(min(self.most[0], self.whole.cpu_left()), 0.1), max(min(self.most[1], self.whole.clock_left()), 0.1)

    def flag(self, kind: str, detail: str) -> None:
        refused = kind == "raised" and any(f"ImportError: {name}" in detail for name in self.forbid)
        self.send(flag=["forbidden" if refused else kind, detail])

    def run(self) -> None:
        submission = self.submission
        if not isinstance(submission, Submission):
            submission = read_submission(submission, self.exercise)
        for flag in submission.flags:
            self.flag(*flag)
        self.send(words=submission.words)
        if not submission.readable:
            return self.send(end="unreadable")
        if found := forbidden_imports(submission.cells, self.forbid):
            self.flag("forbidden", f"It imports {', '.join(found)}.")
        self.make_ready()
        try:
            for step in steps(self.exercise, submission.cells, prepared(self.exercise)):
                self.step(step)
        finally:
            self.worker.close()
        worker = self.worker
        self.send(output=worker.output[:OUTPUT], output_after=worker.output_after[:OUTPUT], end="graded", shape=self.places())

    def places(self) -> dict:
        """What the tests found where, when that is being written down."""
        return (
            {} if self.shape is None or self.shape.checks else {place: sorted(kinds) for place, kinds in self.shape.places.items()}
        )

    def make_ready(self) -> None:
        """Make this process one in which the instructor's code runs as it does in its folder."""
        messages.record(self.verdicts)
        if self.exercise.files:
            sys.dont_write_bytecode = True
            sys.path.insert(0, str(self.folder))
            os.chdir(self.folder)

    def step(self, step: StudentCell | Prepared) -> None:
        if self.whole.over():
            self.flag("unfinished", "The time for one submission was over.")
        elif isinstance(step, StudentCell):
            self.worker.run(step)
            self.ran.update((step.id, *step.answers))
        else:
            self.test(step)

    def test(self, test: Prepared) -> None:
        """Score a test, once more where something else had answered in the worker's place, and send how it went."""
        points, told = self.score(test)
        while not points and self.worker.look() == "protocol" and self.worker.drop_suspect():
            points, told = self.score(test)
        self.worker.look()
        self.send(test=[test.test.id, points, *told])

    def score(self, test: Prepared) -> tuple[float | int, messages.Told]:
        """Run a test: its points. Whatever it raises is its verdict."""
        self.lacking = messages.Lacking({}, [])
        try:
            value, most = self.run_test(test), test.test.points
            points = partial(value, most) if self.partial else most
            return points, messages.Told("" if points == most else PART, "")
        except SandboxLostError:
            raise
        except BaseException as error:
            if isinstance(error, OutOfTimeError):
                self.worker.close()
            # A check goes on over the end of a worker as over any error of the answer's, and then has no words for it.
            return 0, messages.told(self.worker.fault or error, test.test.code, self.lacking, self.verdicts)

    def run_line(self, line: str) -> None:
        """Run a line of ours in the worker."""
        self.worker.open().run(line, *self.left())

    def run_test(self, test: Prepared) -> object:
        """Run a test within its own time; return its last line's value. What it needs of the worker is there before that begins."""
        own = [name for name, id in test.providers.items() if self.may_have(name, id)]
        if own:
            session = self.worker.open()  # a new one has to run what ran before: in those cells' time, not in this test's
            session.allow(*self.left())
        cpu, wall = self.left()
        with alarm(cpu, wall + 1):  # a second later than the worker's own clock, whose end is kinder
            for name, id in test.providers.items():
                self.space[name] = self.value(name, id, name in own)
            self.make(test.before)
            self.space[SEED] = self.terms.seed
            with self.dtype(), self.owning(own):
                return run_cell(test.test.code, f"<test {test.test.id}>", self.space)

    @contextlib.contextmanager
    def owning(self, names: Sequence[str]) -> Iterator[None]:
        """Have what a test deletes of the student's names deleted there, too, as long as the test runs."""
        self.space.begin(names)
        try:
            yield
        finally:
            self.space.end()

    def may_have(self, name: str, id: str) -> bool:
        """Whether a name is worth asking for: the answer that gives it was run, or no other answer could give it."""
        return id in self.ran or sum(name in names for names in self.targets.values()) == 1

    def value(self, name: str, id: str, own: bool) -> Any:
        """What a name holds; None, as in an untouched stub, where the student defines no such name."""
        with contextlib.suppress(KeyError):
            if own:
                value = self.worker.value(name)
                if value is None:
                    self.lacking.empty.append(name)
                return value
        self.lacking.absent[name] = messages.nothing_defines(name, id in self.ran, self.worker.raised.get(id))
        return None

    def make(self, statements: tuple[Statement, ...]) -> None:
        """Run those of the exercise's own statements that have not been run yet."""
        for statement in statements:
            if statement not in self.made:
                exec(compile(statement.code, "<exercise>", "exec"), self.space)
                self.made.add(statement)

    @contextlib.contextmanager
    def dtype(self) -> Any:
        """Torch's default as the student's cells have set it, so that a test's own numbers are of the same kind."""
        own = torch.get_default_dtype()
        if self.worker.dtype in PRECISE:
            torch.set_default_dtype(self.worker.dtype)
        try:
            yield
        finally:
            torch.set_default_dtype(own)
