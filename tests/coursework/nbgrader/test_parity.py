"""The same submissions graded by `nbgrader autograde` and by us: the same points, test by test, but where a case says otherwise."""

from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

from coursework.assignment.source import Exercise, load_source
from coursework.scoring.results import Result
from coursework.scoring.scorer import grade_reference, grade_submission
from coursework.selftest import own_supervisor
from tests.support.nbgrader import cases, course
from tests.support.nbgrader.cases import CASES, Case

pytestmark = pytest.mark.slow

# (nbgrader's points, ours) where they are not the same. A test runs here after the answers that it is about, wherever its cell stands,
# and also where its cell is gone; with nbgrader, it fails, or counts for nothing.
OTHERWISE = {
    "answers swapped": {"mean-simple": (0, 1), "mean-hidden": (0, 2), "mean-empty": (0, 0.5)},
    "an answer below its test": {"primes": (0, 3)},
    "a test deleted": {"mean-simple": (None, 1)},
    # "It raises NameError" also holds of a function that is not there.
    "one answer only": {"total-uses-mean": (1, 0)},
}


EXAMPLE = {
    "right": Case(
        {
            "squares": "def squares(n):\n    if n < 1:\n        raise ValueError('n')\n    return [i**2 for i in range(1, n + 1)]",
            "sum_of_squares": "def sum_of_squares(n):\n    return sum(squares(n))",
            "sum_of_squares_equation": "$1 + 4 + 9$",
            "sum_of_squares_application": "sum_of_squares(3)",
        }
    ),
    "half": Case(
        {
            "squares": "def squares(n):\n    return [i**2 for i in range(1, n + 1)]",
            "sum_of_squares": "def sum_of_squares(n):\n    return sum(i**2 for i in range(1, n + 1))",
        }
    ),
    "wrong": Case({"squares": "def squares(n):\n    return [1]", "sum_of_squares": "def sum_of_squares(n):\n    return 1"}),
    "empty": Case({}),
}


class Both(NamedTuple):
    """The same submissions graded twice. reference: what the solutions got from us. theirs: case -> points by nbgrader's cell."""

    exercise: Exercise
    reference: Result
    theirs: dict[str, dict[str, float | None]]
    ours: dict[str, Result]


def both(path: Path, cases: dict[str, Case]) -> Both:
    folder, assignment = path.parents[2], path.parent.name
    course.generate(folder, assignment)
    released = nbformat.read(str(folder / "release" / assignment / path.name), 4)
    exercise = load_source(path)
    files = {}
    for name, case in cases.items():
        files[name] = course.hand_in(folder, assignment, name.replace(" ", "-"), course.filled(released, *case), exercise.name)
    course.autograde(folder, assignment)
    with own_supervisor() as supervisor:
        reference, shape = grade_reference(exercise, supervisor)
        ours = {name: grade_submission(exercise, file, supervisor, shape=shape) for name, file in files.items()}
    return Both(exercise, reference, {name: course.points(folder, name.replace(" ", "-")) for name in cases}, ours)


@pytest.fixture(scope="module")
def everything(tmp_path_factory) -> Both:
    return both(cases.source(tmp_path_factory.mktemp("everything")), CASES)


@pytest.fixture(scope="module", params=["ps1", "ps1_autotest"])
def example(request, tmp_path_factory) -> Both:
    folder = course.quickstart(tmp_path_factory.mktemp("quickstart"), request.param)
    return both(folder / "source" / "ps1" / "problem1.ipynb", EXAMPLE)


def _passed(graded: Both) -> None:
    assert {test.id: (test.points, test.detail) for test in graded.reference.tests} == {
        test.id: (test.points, "") for test in graded.exercise.tests
    }
    assert graded.reference.flags == ()


def test_the_solutions_pass_their_own_tests(everything):
    _passed(everything)


@pytest.mark.parametrize("name", CASES)
def test_points_are_nbgraders(everything, name):
    theirs, ours = everything.theirs[name], everything.ours[name]
    assert ours.status == "graded"
    expected = {test.id: (theirs[test.grade_id],) * 2 for test in everything.exercise.tests} | OTHERWISE.get(name, {})
    got = {test.id: (theirs[test.grade_id], mine.points) for test, mine in zip(everything.exercise.tests, ours.tests, strict=True)}
    assert got == expected
    for id in ("words", "free"):
        assert (theirs[id] == 0) == (ours.words[id] == ""), f"{id}: nbgrader gives {theirs[id]}, we have {ours.words[id]!r}"


def test_points_of_nbgraders_own_example_are_nbgraders(example):
    _passed(example)
    for name, points in {"right": 3, "half": 1.5, "wrong": 0, "empty": 0}.items():
        theirs, ours = example.theirs[name], example.ours[name]
        assert {test.id: test.points for test in ours.tests} == {test.id: theirs[test.id] for test in ours.tests}, name
        assert ours.score == points
        for id in ("sum_of_squares_equation", "sum_of_squares_application"):
            assert (theirs[id] == 0) == (ours.words[id] == ""), name
