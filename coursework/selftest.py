"""Whether an exercise's tests are worth something: the reference passes, an empty answer earns nothing, every wrong answer is rejected.

Graded by the same scorer as a student's work. Wrong answers to different questions go into one submission, as long as no test of one
stands on the answer to another, so that an exercise takes about as many runs as its most tempting question has slips.
"""

import contextlib
import itertools
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from coursework.assignment.release import student_notebook
from coursework.assignment.source import SEED, Exercise, Wrong, role_of
from coursework.assignment.stamp import Key
from coursework.assignment.variants import secret_seed
from coursework.handin.cells import answer_names
from coursework.handin.names import NOTHING, names_of, without_magics
from coursework.scoring.reference import combinations, solutions
from coursework.scoring.results import Result, TestResult
from coursework.scoring.terms import Terms

if TYPE_CHECKING:
    import coursework.sandbox.supervisor  # takes torch along, so it is imported where it is needed

TERMS = Terms(timeout=60)  # the author's own code may take longer
SEEDS = (1, 2)  # tried as `secret_seed` beside the class's own: what a test asks must not hang on which numbers are drawn


def self_test(
    exercise: Exercise, supervisor: "coursework.sandbox.supervisor.Supervisor | None" = None, key: Key | None = None
) -> list[str]:
    """Try an exercise as its students will.

    With variants, as often as the longest list of values has entries, so that each value is tried once. Where a test asks for
    `secret_seed`, the reference is tried with a few, and the wrong answers with one of these after the other.

    Args:
        exercise: as loaded. supervisor: an open `Supervisor`; None opens one, without a sandbox where there is none: this is the author's
            code. key: of the course, where there is one: then the class's own `secret_seed` is among those that are tried.

    Returns:
        One line for each thing that is wrong; nothing when all is well.
    """
    if supervisor is None:
        with own_supervisor() as supervisor:
            return self_test(exercise, supervisor, key)
    problems = []
    for values in combinations(exercise):
        filled = exercise.with_values(values)
        where = exercise.name + (f" with {', '.join(f'{k} = {v}' for k, v in values.items())}" if values else "")
        try:
            problems += [f"{where}: {problem}" for problem in _problems(filled, supervisor, seeds(filled, key))]
        except _NotTriedError as error:
            problems.append(f"{where}: could not be tried, because the grader failed: {error}")
    return problems


class _NotTriedError(RuntimeError):
    """The grader failed; what it says is no judgement."""


def seeds(exercise: Exercise, key: Key | None) -> list[int]:
    """What to try as `secret_seed`: the class's own, and some others where a test asks for it."""
    asked = any(SEED in test.code for test in exercise.tests)
    return list(dict.fromkeys((secret_seed(exercise, key), *SEEDS * asked)))


@contextlib.contextmanager
def own_supervisor() -> Iterator:
    """A supervisor for the author's own code: behind a sandbox where there is one, and without where there is none."""
    from coursework.sandbox.commands import SandboxError
    from coursework.sandbox.supervisor import Supervisor, UnconfinedWarning

    with contextlib.ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter("ignore", UnconfinedWarning)
        try:
            supervisor = stack.enter_context(Supervisor())
        except SandboxError:
            supervisor = stack.enter_context(Supervisor("none"))
        yield supervisor


def batches(exercise: Exercise) -> list[dict[str, Wrong]]:
    """The wrong answers, put together so that none can spoil the test of another: answer id -> wrong answer."""
    waiting = {answer.id: [wrong for wrong in exercise.wrong if wrong.id == answer.id] for answer in exercise.answers}
    names, needs = answer_names(exercise), _needs(exercise)
    made = []
    while any(waiting.values()):
        batch: dict[str, Wrong] = {}
        for id, queue in waiting.items():
            clash = any(names[id] & needs[other] or names[other] & needs[id] for other in batch)
            if queue and not clash:
                batch[id] = queue.pop(0)
        made.append(batch)
    return made


def answered(exercise: Exercise, code: Mapping[str, str]) -> nbformat.NotebookNode:
    """A student's notebook with the cells of some answers filled: answer id -> code."""
    notebook = student_notebook(exercise)
    for cell in notebook.cells:
        graded = cell.metadata.get("nbgrader") or {}
        if graded.get("solution") and graded["grade_id"] in code:
            cell.source = code[graded["grade_id"]]
    return notebook


def _problems(exercise: Exercise, supervisor: "coursework.sandbox.supervisor.Supervisor", seeds: list[int]) -> Iterator[str]:
    from coursework.scoring.scorer import grade_reference, grade_submission, warm

    warm(exercise)
    reference, shapes = solutions(exercise), {}
    for seed in seeds:
        with _handed_in(exercise, reference) as path:
            result, shapes[seed] = grade_reference(exercise, supervisor, TERMS._replace(seed=seed), path)
        yield from _of_reference(_done(result), _seeded(exercise, seed))

    def graded(code: Mapping[str, str], seed: int) -> Result:
        with _handed_in(exercise, code) as path:
            return _done(grade_submission(exercise, path, supervisor, TERMS._replace(seed=seed), shape=shapes[seed]))

    for test in graded({}, seeds[0]).tests:
        if test.points > 0:
            yield f"an empty answer gets {test.points} of {test.max_points} for {test.id}"
    for batch, seed in zip(batches(exercise), itertools.cycle(seeds), strict=False):
        tests = {test.id: test for test in graded(reference | {id: wrong.code for id, wrong in batch.items()}, seed).tests}
        for id, wrong in batch.items():
            yield from _unrejected(wrong, tests[id], _seeded(exercise, seed))


def _seeded(exercise: Exercise, seed: int) -> str:
    """With which seed a test was run, where one asks for it: to see the same again, its author needs it."""
    return f" with {SEED} = {seed}" if any(SEED in test.code for test in exercise.tests) else ""


def _of_reference(result: Result, seeded: str) -> Iterator[str]:
    for test in result.tests:
        if test.points < test.max_points:
            points = f"{test.points} of {test.max_points} for {test.id}{seeded}"
            yield f"the reference gets {points}: {test.detail or test.message}"
    yield from (f"with the reference, {flag.kind}: {flag.detail}" for flag in result.flags if flag.kind != "manual")


def _unrejected(wrong: Wrong, test: TestResult, seeded: str) -> Iterator[str]:
    what = f"the wrong answer “{wrong.slip}” for {wrong.id}{seeded}"
    if test.points >= test.max_points:
        yield f"{what} gets full marks"
    elif not re.search(wrong.says, test.message):
        hidden = f" (for your eyes only: {test.detail})" if test.detail else ""
        yield f"{what} is told: {test.message}{hidden} This does not match {wrong.says!r}"


@contextlib.contextmanager
def _handed_in(exercise: Exercise, code: Mapping[str, str]) -> Iterator[Path]:
    """The notebook of a student with these answers."""
    with tempfile.TemporaryDirectory(prefix="coursework-") as folder:
        path = Path(folder) / f"{exercise.name}.ipynb"
        nbformat.write(answered(exercise, code), path)
        yield path


def _done(result: Result) -> Result:
    if result.status == "failed":  # says nothing of the exercise
        raise _NotTriedError("; ".join(flag.detail for flag in result.flags if flag.kind == "failed"))
    return result


def _needs(exercise: Exercise) -> dict[str, set[str]]:
    """For each answer the names, its own aside, that it, its wrong answers and its test stand on, directly or through other cells."""
    uses: dict[str, set[str]] = {}
    for cell in exercise.notebook.cells:
        if cell.cell_type == "code" and role_of(cell)[0] in (None, "answer"):
            names = names_of(without_magics(cell.source)[0]) or NOTHING
            for name in names.bound:
                uses.setdefault(name, set()).update(names.used - names.bound)
    needs = {}
    for answer in exercise.answers:
        code = [answer.reference_code, *(w.code for w in exercise.wrong if w.id == answer.id)]
        code += [test.code for test in exercise.tests if test.id == answer.id]
        read = [names_of(each) or NOTHING for each in code]
        found = set().union(*(names.used - names.bound for names in read))
        while more := set().union(*(uses.get(name, set()) for name in found)) - found:
            found |= more
        needs[answer.id] = found - answer_names(exercise)[answer.id]
    return needs
