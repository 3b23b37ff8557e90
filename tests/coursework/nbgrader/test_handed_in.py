"""What students make of nbgrader's notebooks, as it is read and as its author's own solutions are tried."""

from pathlib import Path

import nbformat
import pytest

from coursework.assignment.release import student_notebook
from coursework.assignment.source import load_source
from coursework.handin.cells import Submission, read_submission
from coursework.selftest import own_supervisor, self_test
from tests.support.nbgrader import cases, course
from tests.support.nbgrader.course import cell


def handed_in(path: Path, answers: dict[str, str]) -> Submission:
    exercise = load_source(path)
    notebook = course.filled(student_notebook(exercise), answers)
    nbformat.write(notebook, path.with_name("kim.ipynb"))
    return read_submission(path.with_name("kim.ipynb"), exercise)


def test_code_that_a_person_marks_runs_as_the_students_own_and_not_at_all_while_nobody_wrote_any(tmp_path):
    path = cases.source(tmp_path)
    assert not any("NotImplementedError" in each.source for each in handed_in(path, cases.RIGHT).cells)
    empty = handed_in(path, {**cases.RIGHT, "free": "# YOUR CODE HERE\nraise NotImplementedError()"})
    assert not any("NotImplementedError" in each.source for each in empty.cells)
    assert empty.words["free"] == ""
    own = [each.source for each in handed_in(path, {"free": "def triple(x):\n    return x + x + x"}).cells if each.kind == "own"]
    assert own == ["def triple(x):\n    return x + x + x"]


def test_a_test_as_it_was_given_out_is_not_flagged_for_the_names_that_it_uses(tmp_path):
    assert handed_in(cases.source(tmp_path), cases.RIGHT).flags == []


def test_a_locked_cell_runs_as_it_was_given_out(tmp_path):
    submission = handed_in(cases.source(tmp_path), {**cases.RIGHT, "given": "LIMIT = 1"})
    assert [each.source for each in submission.cells if each.kind == "given"] == ["import math\n\nLIMIT = 10"]
    assert [flag.kind for flag in submission.flags] == ["given-edited"]


@pytest.mark.medium
def test_the_solutions_of_nbgraders_example_pass_as_ours_do(tmp_path):
    folder = course.quickstart(tmp_path)
    with own_supervisor() as supervisor:
        assert self_test(load_source(folder / "source" / "ps1" / "problem1.ipynb"), supervisor) == []


@pytest.mark.medium
def test_a_test_may_need_what_a_person_marks(tmp_path):
    path = course.write(
        tmp_path / "ps.ipynb",
        cell("def f(x):\n    return helper(x)", "f", solution=True),
        cell("def helper(x):\n    return 2 * x", "helper", 1, grade=True, solution=True),
        cell("assert f(2) == 4", "t", 1, grade=True, locked=True),
    )
    with own_supervisor() as supervisor:
        assert self_test(load_source(path), supervisor) == []
