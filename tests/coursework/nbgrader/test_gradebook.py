"""Results in nbgrader's gradebook: what its export and its formgrader show of them."""

import csv
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from coursework.report.marks import Mark, Marks
from coursework.report.nbgrader_gradebook import GradebookError, write
from tests.support.nbgrader import course
from tests.support.nbgrader.course import cell

pytestmark = pytest.mark.medium

EXERCISE = {
    "tests": [{"id": "kl", "points": 2}, {"id": "draw", "points": 3, "grade_id": "draw"}],
    "written": [
        {"id": "why", "points": 2, "code": False, "task": False},
        {"id": "plot", "points": 1, "code": True, "task": False},
        {"id": "show", "points": 4, "code": False, "task": True},
    ],
}
SHOWN = """
import json, sys, warnings
warnings.simplefilter("ignore")
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config
api = NbGraderAPI(config=Config({"CourseDirectory": {"root": sys.argv[1]}}))
print(json.dumps(api.get_submissions(sys.argv[2]), default=str))
"""


def result(student: str, kl: float, draw: float, **more) -> dict:
    tests = [{"id": "kl", "points": kl, "max_points": 2}, {"id": "draw", "points": draw, "max_points": 3}]
    return {"student": student, "exercise": "week3", "tests": tests, "words": {"why": "So.", "plot": "", "show": ""}, **more}


def exported(folder: Path, **environment: str) -> dict[str, dict]:
    """What `nbgrader export` writes: student -> row."""
    course.run(folder, "export", "--to", "grades.csv")
    return {row["student_id"]: row for row in csv.DictReader((folder / "grades.csv").read_text().splitlines())}


def shown(folder: Path, assignment: str) -> dict[str, dict]:
    """What formgrader lists: student -> submission."""
    said = subprocess.run(
        [sys.executable, "-c", SHOWN, str(folder), assignment], capture_output=True, text=True, check=True, cwd=folder
    )
    return {each["student"]: each for each in json.loads(said.stdout)}


def content(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "gradebook.db") as database:
        return list(database.iterdump())


def cells(folder: Path, student: str) -> dict[str, tuple]:
    """Score of the autograder, score by hand and whether it is to be looked at, of each cell."""
    query = course.POINTS.replace("grade.auto_score", "grade.auto_score, grade.manual_score, grade.needs_manual_grade")
    with sqlite3.connect(folder / "gradebook.db") as database:
        return {name: rest for name, *rest in database.execute(query, (student,))}


def marks(student: str, **given: Mark) -> dict[str, Marks]:
    return {student: Marks(student, "week3", given)}


def test_a_new_gradebook_holds_tests_words_and_marks(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # nbgrader calls a program of this environment
    given = marks("kim", why=Mark(1.5, comment="Nearly."), plot=Mark(None))
    assert write([result("kim", 2, 0.5), result("lee", 0, 3)], tmp_path, exercise=EXERCISE, marks=given, penalties={"lee": 1}) == 2
    assert os.environ["PATH"] == "/usr/bin:/bin"
    assert cells(tmp_path, "kim") == {
        "test-kl": [2, None, 0],
        "draw": [0.5, None, 0],
        "why": [None, 1.5, 0],
        "plot": [0, None, 0],  # left as it came: nothing, as nbgrader says
        "show": [None, None, 1],  # a task is never left as it came
    }
    rows = exported(tmp_path)
    assert [rows["kim"][key] for key in ("assignment", "raw_score", "score", "max_score")] == ["week3", "4.0", "4.0", "12.0"]
    assert [rows["lee"][key] for key in ("raw_score", "late_submission_penalty", "score")] == ["3.0", "1.0", "2.0"]


def test_writing_again_changes_nothing_and_new_points_only_themselves(tmp_path):
    given = marks("kim", why=Mark(2, comment="Yes."))
    write([result("kim", 1, 1)], tmp_path, exercise=EXERCISE, marks=given)
    before = content(tmp_path)
    write([result("kim", 1, 1)], tmp_path, exercise=EXERCISE, marks=given)
    assert content(tmp_path) == before
    write([result("kim", 2, 1)], tmp_path, exercise=EXERCISE)
    assert cells(tmp_path, "kim")["test-kl"] == [2, None, 0]
    assert cells(tmp_path, "kim")["why"] == [None, 2, 0], "a mark that is there stays"


def test_points_given_in_formgrader_stay_and_are_to_be_looked_at_when_the_test_gives_others(tmp_path):
    write([result("kim", 0, 0)], tmp_path, exercise=EXERCISE)
    with sqlite3.connect(tmp_path / "gradebook.db") as database:
        database.execute(
            "update grade set manual_score = 1 where auto_score = 0 and cell_id in (select id from base_cell where name = 'draw')"
        )
    write([result("kim", 0, 0)], tmp_path, exercise=EXERCISE)
    assert cells(tmp_path, "kim")["draw"] == [0, 1, 0]
    write([result("kim", 0, 3)], tmp_path, exercise=EXERCISE)
    assert cells(tmp_path, "kim")["draw"] == [3, 1, 1]


def test_a_course_of_nbgraders_shows_the_points_of_our_grading(tmp_path):
    path = course.write(
        tmp_path / "source" / "ps" / "week3.ipynb",
        cell("a = 1", "a", solution=True),
        cell("assert a", "kl", 2, grade=True, locked=True),
        cell("assert a", "test-draw", 3, grade=True, locked=True),
        cell("Because.", "why", 2, grade=True, solution=True, markdown=True),
    )
    course.generate(tmp_path, "ps")
    came = course.hand_in(tmp_path, "ps", "kim", nbformat.read(str(tmp_path / "release" / "ps" / path.name), 4), "week3")
    (came.parent / "timestamp.txt").write_text("2026-12-01 10:00:00 UTC")
    write([result("kim", 2, 1, submitted="2026-12-01T10:00:00+00:00")], tmp_path, marks=marks("kim", why=Mark(1)))
    listed = shown(tmp_path, "ps")["kim"]
    assert [listed[key] for key in ("score", "max_score", "needs_manual_grade", "autograded")] == [4, 7, False, True]
    assert exported(tmp_path)["kim"]["timestamp"] == "2026-12-01 10:00:00"
    assert (tmp_path / "autograded" / "kim" / "ps" / "week3.ipynb").read_bytes() == came.read_bytes()


def test_a_notebook_that_is_new_to_the_gradebook_belongs_to_the_assignment_of_its_source(tmp_path):
    course.write(tmp_path / "source" / "ps" / "week3.ipynb", cell("a = 1", "a", solution=True))
    write([result("kim", 1, 1)], tmp_path, exercise=EXERCISE)
    assert exported(tmp_path)["kim"]["assignment"] == "ps"


def test_what_the_gradebook_cannot_take_is_said(tmp_path):
    (tmp_path / "broken.db").write_text("no database")
    with pytest.raises(
        GradebookError, match="got no notebook week3 in the gradebook, expected what `nbgrader generate_assignment`"
    ):
        write([result("kim", 1, 1)], tmp_path)
    with pytest.raises(GradebookError, match=r"broken\.db: cannot be opened as nbgrader's gradebook"):
        write([result("kim", 1, 1)], tmp_path / "broken.db", exercise=EXERCISE)
    with pytest.raises(GradebookError, match=r"got no folder .*none, expected the folder of nbgrader's course"):
        write([result("kim", 1, 1)], tmp_path / "none" / "gradebook.db", exercise=EXERCISE)
    write([result("kim", 1, 1)], tmp_path, exercise=EXERCISE, assignment="ps1")
    other = {**result("kim", 1, 1), "tests": [{"id": "new", "points": 1}]}
    with pytest.raises(GradebookError, match="got the test new, expected one of test-kl, draw"):
        write([other], tmp_path, exercise=EXERCISE)
    write([result("kim", 1, 1)], tmp_path, exercise=EXERCISE, assignment="ps2")
    with pytest.raises(GradebookError, match="in each of the assignments ps1, ps2, expected one"):
        write([result("kim", 1, 1)], tmp_path, exercise=EXERCISE)
