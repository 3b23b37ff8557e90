"""What is made of a source: notebooks that real nbgrader takes, and pages of solutions."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.utils import compute_checksum

from coursework import selftest
from coursework.assignment.notebook import nbgrader_source, solution_page, student_notebook
from coursework.assignment.source import load_source
from coursework.assignment.stamp import Key, Stamp, make_stamp
from coursework.assignment.variants import UNKEYED, secret_seed
from coursework.handin.cells import read_submission
from coursework.samples import small
from tests.support import private, waiting


@pytest.fixture
def exercise(tmp_path):
    return small.exercise(tmp_path)


@pytest.fixture
def secret(tmp_path):
    return load_source(private.folder(tmp_path / "private") / "double.md")


# --- The student's notebook -------------------------------------------------------------------------------


def test_a_students_notebook_holds_the_stub_the_check_and_the_question(exercise):
    notebook = student_notebook(exercise)
    nbformat.validate(notebook)
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}
    assert list(cells) == [
        "guess",
        "test-guess",
        "gaussian_kl",
        "test-gaussian_kl",
        "draw",
        "test-draw",
        "encoder",
        "test-encoder",
        "why",
    ]
    assert cells["gaussian_kl"].source.endswith("    ...  # your code here")
    assert cells["test-gaussian_kl"].source == "checks.check_gaussian_kl(gaussian_kl)"
    assert cells["why"].source == "Say in one sentence why the draw keeps its gradient.\n\n*Your answer here.*"
    assert cells["test-draw"].metadata.nbgrader == {
        "grade": True,
        "grade_id": "test-draw",
        "locked": True,
        "points": 3,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")
    assert "solutions" not in notebook.cells[-1].source
    assert student_notebook(exercise, "solutions/small.md").cells[-1].source.count("](solutions/small.md)") == 1


def test_making_it_again_gives_the_same_bytes_and_a_changed_cell_changes_one_id(exercise, tmp_path):
    text = nbformat.writes(student_notebook(exercise))
    assert nbformat.writes(student_notebook(small.exercise(tmp_path))) == text
    path = tmp_path / "small.md"
    path.write_text(path.read_text().replace("Four short exercises.", "Four exercises."))
    before, after = student_notebook(exercise).cells, student_notebook(load_source(path)).cells
    assert [a.id == b.id for a, b in zip(before, after, strict=True)].count(False) == 1
    assert len({cell.id for cell in after}) == len(after)


def test_what_is_released_comes_back_without_a_flag_stamp_or_not(exercise, tmp_path):
    token = make_stamp(Stamp("small", "0" * 12, {}, "kim"), Key(bytes(16)))
    for stamp in (None, token):
        nbformat.write(student_notebook(exercise, stamp=stamp), tmp_path / "kim.ipynb")
        submission = read_submission(tmp_path / "kim.ipynb", exercise)
        assert submission.flags == []
        assert {cell.kind for cell in submission.cells} == {"given", "answer", "test"}


def test_nbgraders_checksums_are_those_of_the_stamped_cells(tmp_path):
    """Otherwise `nbgrader validate` tells a student that a locked cell was changed."""
    graded = {"grade": False, "solution": False, "task": False, "locked": True, "schema_version": 3}
    cells = [
        nbformat.v4.new_markdown_cell("# One", metadata={"nbgrader": graded | {"grade_id": "top"}}),
        nbformat.v4.new_code_cell("assert x", metadata={"nbgrader": graded | {"grade_id": "x", "grade": True, "points": 1}}),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "one.ipynb")
    token = make_stamp(Stamp("one", "0" * 12, {}, "kim"), Key(bytes(16)))
    made = student_notebook(load_source(tmp_path / "one.ipynb"), stamp=token).cells
    assert all(token in cell.source for cell in made)
    assert [cell.metadata.nbgrader.checksum for cell in made] == [compute_checksum(cell) for cell in made]


@pytest.mark.slow
def test_real_nbgrader_takes_the_notebook_and_gives_the_reference_full_marks(exercise, tmp_path, monkeypatch):
    """Its own generate_assignment and autograde, on the instructor's notebook and on a student's made here."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")  # nbgrader calls alembic
    course = tmp_path / "course"
    (course / "source" / "small").mkdir(parents=True)
    handed_in = course / "submitted" / "kim" / "small" / "small.ipynb"
    handed_in.parent.mkdir(parents=True)
    nbformat.write(nbgrader_source(exercise), course / "source" / "small" / "small.ipynb")
    nbformat.write(selftest.answered(exercise, {a.id: a.reference_code for a in exercise.answers}), handed_in)
    config = (
        "c = get_config()\nc.CourseDirectory.course_id = 'c'\nc.ClearSolutions.code_stub = {'python': '...  # your code here'}\n"
    )
    (course / "nbgrader_config.py").write_text(config)
    environment = os.environ | {"HOME": str(tmp_path), "PYTHONWARNINGS": "ignore", "JUPYTER_PLATFORM_DIRS": "1"}
    for command in ("generate_assignment", "autograde"):
        line = [sys.executable, "-m", "nbgrader", command, "small"]
        done = subprocess.run(line, cwd=course, env=environment, capture_output=True, text=True, timeout=waiting.HANG)
        assert done.returncode == 0, done.stderr[-3000:]
    released = nbformat.read(course / "release" / "small" / "small.ipynb", as_version=4)
    ours = [cell.source for cell in student_notebook(exercise).cells if cell.metadata.get("nbgrader", {}).get("solution")]
    theirs = [cell.source for cell in released.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    assert theirs[1:4] == ours[1:4], "nbgrader's own release has the same stubs"
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        notebook = book.find_submission_notebook("small", "small", "kim")
        scores = {grade.name: (grade.auto_score, grade.max_score) for grade in notebook.grades}
    assert scores == {f"test-{id}": (points, points) for id, points in small.POINTS.items()} | {"why": (None, 2)}


@pytest.mark.parametrize("mark", ["### BEGIN HIDDEN TESTS", "=== BEGIN HIDDEN TESTS ==="])
def test_nbgrader_gets_the_seed_in_the_hidden_lines_that_ask_for_it(tmp_path, mark):
    source = private.SOURCE.replace("hiddenmark = double({{n}})", "hiddenmark = double(secret_seed * {{n}})")
    source = source.replace("### BEGIN HIDDEN TESTS", mark).replace("2 * {{n}}", "2 * secret_seed * {{n}}")
    exercise, key = load_source(private.folder(tmp_path, source) / "double.md"), Key(bytes(16))
    for each, seed in ((None, UNKEYED), (key, secret_seed(exercise, key))):
        made = nbgrader_source(exercise, each)
        (cell,) = [cell for cell in made.cells if "HIDDEN" in cell.source]
        assert f"{mark}\nsecret_seed = {seed}\nhiddenmark = double(secret_seed * 3)\n" in cell.source
        exec(cell.source.replace("===", "###"), {"double": lambda x: 2 * x})
        nbformat.write(made, tmp_path / "ps.ipynb")
        again = load_source(tmp_path / "ps.ipynb")
        assert "secret_seed" not in nbformat.writes(student_notebook(again))
        assert f"secret_seed = {seed}\n" in again.tests[0].hidden


def test_nbgrader_gets_no_seed_where_no_test_asks_for_it(exercise):
    assert "secret_seed" not in nbformat.writes(nbgrader_source(exercise, Key(bytes(16))))


def test_variants_are_filled_in_what_goes_out(secret):
    text = nbformat.writes(student_notebook(secret.with_values({"n": 4, "word": "blue"})))
    assert "double(4)" in text
    assert "Say why, for blue." in text
    assert "{{" not in text
    assert "double(3)" in nbformat.writes(student_notebook(secret)), "the first value where none is chosen"


def test_stamps_are_of_the_content_alone(secret):
    notebook = json.loads(nbformat.writes(student_notebook(secret)))
    assert set(notebook["metadata"]["companion"]) == {"release", "digest"}
    assert str(Path.cwd()) not in json.dumps(notebook)


# --- The page of solutions --------------------------------------------------------------------------------


def test_a_page_of_solutions_shows_code_note_and_words_and_no_test(secret):
    page = solution_page(secret)
    assert page.startswith("<!-- Made by coursework release from double.md, ")
    assert "# Solutions: a private one\n" in page
    assert "## 1. Double it\n\n<details>\n<summary>Show the solution</summary>\n\n```python\ndef double(x):\n" in page
    for word in ("solutionmark", "notemark", "wordsmark"):
        assert word in page
    for word in ("hiddenmark", "wrongmark", "slipmark", "BEGIN", "Use 3"):
        assert word not in page
    assert "](../../01-autoencoders.ipynb)" in page, "a link of a note is led from the page's folder"
    assert page.count("<details>") == page.count("</details>") == 1


RUBRIC = """
+++

## 2. Go on

*4 points · project · 3 hours*

+++ {"companion": {"written": "go_on", "points": 4, "rubric": ["no table", "a table of x | y", "also its\\nspread", "also what it hides"]}}

Hand in your table.
%s
+++ {"companion": {"note": "go_on"}}

A sample, with [its chapter](../01-autoencoders.ipynb):

| seed | x |
|--:|--:|
| 0 | 3 |
"""
TABLE = """The highest level of which you can point at everything is yours:

| level | what it looks like | points |
|:-:|---|--:|
| 0 | no table | 0 |
| 1 | a table of x \\| y | 1.33 |
| 2 | also its spread | 2.67 |
| 3 | also what it hides | 4 |
"""


@pytest.mark.parametrize("model", ["", "\n### BEGIN SOLUTION\nA model answer.\n### END SOLUTION\n"])
def test_a_project_has_its_rubric_and_its_sample_on_the_page_of_solutions_alone(tmp_path, model):
    exercise = load_source(private.folder(tmp_path, private.SOURCE + RUBRIC % model) / "double.md")
    page = solution_page(exercise)
    whole = "## 2. Go on\n\n<details>\n<summary>Show how it is judged</summary>\n\n" + TABLE
    sample = "\nA sample, with [its chapter](../../01-autoencoders.ipynb):\n\n| seed | x |\n|--:|--:|\n| 0 | 3 |\n\n</details>\n"
    assert page.endswith(whole + ("\nA model answer.\n" if model else "") + sample)
    assert page.count("<summary>Show the solution</summary>") == 1
    given = nbformat.writes(student_notebook(exercise))
    assert "*4 points · project · 3 hours*" in given
    assert not any(word in given for word in ("a table of x", "what it hides", "model answer", "sample"))


def test_where_there_is_a_solution_too_the_page_says_so(tmp_path):
    source = private.SOURCE.replace('"points": 3', '"points": 3, "rubric": ["nothing of it", "all of it"]')
    page = solution_page(load_source(private.folder(tmp_path, source) / "double.md"))
    assert "<summary>Show the solution</summary>" in page
    assert "| 2 | all of it | 3 |\n\nBecause of wordsmark." in page


def test_code_that_a_person_marks_is_code_on_the_page(tmp_path):
    plot = (
        "\n```{code-cell} ipython3\n:companion: {written: plot, points: 1}\n\n### BEGIN SOLUTION\nplot(1)\n### END SOLUTION\n```\n"
    )
    assert "\n```python\nplot(1)\n```\n" in solution_page(
        load_source(private.folder(tmp_path, private.SOURCE + plot) / "double.md")
    )


def test_an_exercise_without_an_answer_has_its_heading_and_a_line(tmp_path):
    source = private.SOURCE + "\n+++\n\n## 2. Go on\n\nAs you like.\n"
    page = solution_page(load_source(private.folder(tmp_path, source) / "double.md"))
    assert page.endswith("## 2. Go on\n\nThere is no one solution to this one.\n")


def test_code_with_fences_in_it_stays_in_its_fence(tmp_path):
    source = private.SOURCE.replace("solutionmark = 2 * x", "solutionmark = 2 * x\n    '''\n    ````\n    '''", 1).replace(
        "```{code-cell} ipython3\n:companion: {answer", "`````{code-cell} ipython3\n:companion: {answer"
    )
    source = source.replace("### END SOLUTION\n```\n", "### END SOLUTION\n`````\n", 1)
    assert "`````python\n" in solution_page(load_source(private.folder(tmp_path, source) / "double.md"))
