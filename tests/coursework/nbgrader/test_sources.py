"""nbgrader's notebooks as sources: read by nbgrader's rules, given out as nbgrader gives them out, and never with a solution."""

from pathlib import Path

import nbformat
import pytest

from coursework.assignment import nbgrader
from coursework.assignment.notebook import nbgrader_source, student_notebook
from coursework.assignment.source import SourceError, load_source
from tests.support.nbgrader import cases, course
from tests.support.nbgrader.course import cell

CODE_STUB, TEXT_STUB = "# YOUR CODE HERE\nraise NotImplementedError()", "YOUR ANSWER HERE"
PICTURE = "iVBORw0KGgo="


def given(path: Path) -> list:
    return student_notebook(load_source(path)).cells


# --- The example that nbgrader ships ------------------------------------------------------------------------


def test_the_quickstart_example_is_read_as_it_is_shipped(tmp_path):
    exercise = load_source(course.quickstart(tmp_path) / "source" / "ps1" / "problem1.ipynb")
    assert [answer.id for answer in exercise.answers] == ["squares", "sum_of_squares"]
    assert [(test.id, test.points, test.title) for test in exercise.tests] == [
        ("correct_squares", 1, "Part A (2 points)"),
        ("squares_invalid_input", 1, "Part A (2 points)"),
        ("correct_sum_of_squares", 0.5, "Part B (1 point)"),
        ("sum_of_squares_uses_squares", 0.5, "Part B (1 point)"),
    ]
    equation, use, task = exercise.written
    assert (equation.prompt.splitlines()[1], equation.solution, equation.stub) == (
        "## Part C (1 point)",
        r"$\sum_{i=1}^n i^2$",
        TEXT_STUB,
    )
    assert (use.code, use.points, use.stub, use.solution.splitlines()[0]) == (True, 2, CODE_STUB, "def pyramidal_number(n):")
    assert (task.task, task.points, task.solution) == (True, 4, "")
    assert task.prompt == task.stub
    assert exercise.answers[0].stub_code.endswith(f"    {CODE_STUB.splitlines()[1]}")
    assert "### " not in exercise.answers[0].reference_code


def test_an_assignment_of_words_only_is_read(tmp_path):
    exercise = load_source(course.quickstart(tmp_path) / "source" / "ps1" / "problem2.ipynb")
    assert (exercise.answers, exercise.tests) == ((), ())
    assert [(each.id, each.points, each.stub) for each in exercise.written] == [("part-a", 1, TEXT_STUB), ("part-b", 2, TEXT_STUB)]
    assert "fibonnaci" in exercise.written[0].solution


@pytest.mark.medium
@pytest.mark.parametrize("example", ["ps1", "ps1_autotest"])
def test_students_get_what_nbgrader_gives_them_cell_by_cell(tmp_path, example):
    folder = course.quickstart(tmp_path, example)
    course.generate(folder, "ps1")
    for path in sorted((folder / "source" / "ps1").glob("*.ipynb")):
        theirs = nbformat.read(str(folder / "release" / "ps1" / path.name), 4)
        ours = nbgrader.cleared(load_source(path).notebook, path.parent)
        assert [(each.cell_type, each.source, each.metadata) for each in ours.cells] == [
            (each.cell_type, each.source, each.metadata) for each in theirs.cells
        ]


# --- Nothing of a solution goes out -------------------------------------------------------------------------

SOLUTIONS = {
    "words without markers": cell("the model answer", "w", 1, grade=True, solution=True, markdown=True),
    "words with markers": cell(
        "Say.\n### BEGIN SOLUTION\nthe model answer\n### END SOLUTION", "w", 1, grade=True, solution=True, markdown=True
    ),
    "code without markers": cell("x = 'the model answer'", "a", solution=True),
    "code marked by hand": cell("x = 'the model answer'", "a", 1, grade=True, solution=True),
    "code with a marker of another look": cell(
        "x = 1\n# BEGIN SOLUTION\nx = 'the model answer'\n# END SOLUTION", "a", solution=True
    ),
    "a hidden test": cell("1\n### BEGIN HIDDEN TESTS\n'the model answer'\n### END HIDDEN TESTS", "t", 1, grade=True, locked=True),
    "a mark scheme": cell("Do.\n### BEGIN MARK SCHEME\nthe model answer\n### END MARK SCHEME", "t", 1, task=True, locked=True),
    "words with a mark scheme and no solution's markers": cell(
        "the model answer\n### BEGIN MARK SCHEME\nmodel\n### END MARK SCHEME", "w", 1, grade=True, solution=True, markdown=True
    ),
    "a note of ours": nbformat.v4.new_markdown_cell("the model answer", metadata={"companion": {"note": "a"}}),
}


@pytest.mark.parametrize("solution", SOLUTIONS.values(), ids=SOLUTIONS)
def test_no_solution_goes_out(tmp_path, solution):
    answer = [] if solution.metadata.get("nbgrader", {}).get("grade_id") == "a" else [cell("pass", "a", solution=True)]
    path = course.write(tmp_path / "ps.ipynb", cell("# Exercises", markdown=True), *answer, solution)
    exercise = load_source(path)
    released = nbformat.writes(student_notebook(exercise))
    assert "model" not in released
    everything = [exercise.answers, exercise.tests, exercise.written, exercise.notebook.cells]
    assert "the model answer" in str(everything), "the instructor's side still has it"
    assert not any(
        "the model answer" in text for text in (*(a.stub_code for a in exercise.answers), *(w.stub for w in exercise.written))
    )


def test_a_picture_of_the_solution_goes_away_with_it_and_one_that_is_shown_stays(tmp_path):
    words = cell(
        "Look: ![](attachment:asked.png)\n### BEGIN SOLUTION\n![](attachment:model.png)\n### END SOLUTION",
        "w",
        1,
        grade=True,
        solution=True,
        markdown=True,
    )
    words.attachments = {name: {"image/png": PICTURE} for name in ("asked.png", "model.png")}
    bare = cell("![](attachment:model.png)", "v", 1, grade=True, solution=True, markdown=True)
    bare.attachments = {"model.png": {"image/png": PICTURE}}
    words, bare = given(course.write(tmp_path / "ps.ipynb", words, bare))
    assert set(words.attachments) == {"asked.png"}
    assert "attachments" not in bare


def test_the_courses_own_words_for_markers_and_stubs_are_taken(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\nc.ClearSolutions.begin_solution_delimeter = 'ANFANG'\nc.ClearSolutions.end_solution_delimeter = 'ENDE'\n"
        "c.ClearSolutions.code_stub = {'python': '# hier'}\n"
    )
    path = course.write(tmp_path / "source" / "ps" / "ps.ipynb", cell("a = 0\n# ANFANG\na = 1\n# ENDE", "a", solution=True))
    assert load_source(path).answers[0][1:] == ("a = 0\na = 1", "a = 0\n# hier")
    assert given(path)[0].source == "a = 0\n# hier"


def test_a_configuration_elsewhere_is_not_run(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text("raise SystemExit('it ran')")
    load_source(course.write(tmp_path / "mine" / "ps" / "ps.ipynb", cell("a = 1", "a", solution=True)))


def test_what_is_locked_stays_locked_and_its_checksum_holds(tmp_path):
    from nbgrader.utils import compute_checksum

    read_only = cell("Read.", "r", locked=True, markdown=True)
    test = cell("assert a", "t", 1, grade=True)
    first, second, answer = given(course.write(tmp_path / "ps.ipynb", read_only, test, cell("a = 1", "a", solution=True)))
    for each in (first, second):
        assert (each.metadata.deletable, each.metadata.editable) == (False, False)
        assert each.metadata.nbgrader.checksum == compute_checksum(each)
    assert answer.metadata.deletable is False
    assert "editable" not in answer.metadata


def test_metadata_of_an_older_nbgrader_is_brought_up_to_date(tmp_path):
    old = cell("a = 1", "a", solution=True)
    old.metadata.nbgrader = {"grade": False, "grade_id": "a", "locked": False, "schema_version": 1, "solution": True}
    assert given(course.write(tmp_path / "ps.ipynb", old))[0].metadata.nbgrader.schema_version == 3


def test_every_role_and_the_test_ids_with_and_without_our_prefix_are_read(tmp_path):
    graded = {"grade": True, "locked": True}
    path = course.write(
        tmp_path / "ps.ipynb",
        cell("a = 1", "a", solution=True),
        cell("assert a", "test_a", 3, **graded),
        cell("assert a", "test-b", 1, **graded),
        cell("Because.", "w", 2, grade=True, solution=True, markdown=True),
    )
    exercise = load_source(path)
    assert [(test.id, test.grade_id, test.points) for test in exercise.tests] == [("test_a", "test_a", 3), ("b", "test-b", 1)]
    assert [each.id for each in exercise.written] == ["w"]


# --- Generated tests ----------------------------------------------------------------------------------------


@pytest.mark.medium
def test_autotest_lines_become_tests_hidden_and_shown(tmp_path):
    folder = course.quickstart(tmp_path)
    hidden = "### BEGIN HIDDEN TESTS\n### HASHED AUTOTEST f(21)\n### END HIDDEN TESTS"
    path = course.write(
        folder / "source" / "ps1" / "auto.ipynb",
        cell("def f(x):\n    return 2 * x", "f", solution=True),
        cell(f"### AUTOTEST f(1)\n{hidden}", "t", 1, grade=True, locked=True),
    )
    exercise = load_source(path)
    (test,) = exercise.tests
    assert "AUTOTEST" not in test.code
    assert 'assert str(f(1)) == """2"""' in test.visible
    assert "f(21)" in test.hidden
    assert "f(21)" not in test.visible
    exec(test.code, {"f": lambda x: 2 * x})
    with pytest.raises(AssertionError, match=r"value of f\(21\) is not correct"):
        exec(test.code, {"f": lambda x: 2 if x == 1 else 43})
    assert load_source(path).tests == exercise.tests, "made again, it is the same"


def test_autotest_lines_without_their_templates_are_refused(tmp_path):
    path = course.write(tmp_path / "ps.ipynb", cell("a = 1", "a", solution=True), cell("### AUTOTEST a", "t", 1, grade=True))
    with pytest.raises(SourceError, match=r"ps\.ipynb: got AUTOTEST lines, expected autotests\.yml beside the notebook or at"):
        load_source(path)


@pytest.mark.medium
def test_a_solution_that_raises_is_named_and_leaves_no_kernel(tmp_path):
    psutil = pytest.importorskip("psutil")
    folder = course.quickstart(tmp_path)
    path = course.write(
        folder / "source" / "ps1" / "auto.ipynb", cell("a = 1 / 0", "a", solution=True), cell("### AUTOTEST a", "t", 1, grade=True)
    )
    before = {child.pid for child in psutil.Process().children()}
    with pytest.raises(SourceError, match="ZeroDivisionError"):
        load_source(path)
    kernels = [child for child in psutil.Process().children() if child.pid not in before]
    assert not psutil.wait_procs(kernels, timeout=20)[1]


# --- What is refused ----------------------------------------------------------------------------------------

SOLVED = "### BEGIN SOLUTION\nb = 1\n### END SOLUTION"
ANSWER = cell("a = 1", "a", solution=True)
REFUSED = {
    "a solution outside of a solution cell": (
        cell(SOLVED),
        "got BEGIN SOLUTION, expected it only in an answer",
    ),
    "hidden tests outside of a test": (
        cell("### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS"),
        "got BEGIN HIDDEN TESTS, expected it only in a test",
    ),
    "a marker misspelt": (
        cell("### BEGIN HIDDEN TEST\n1\n### END HIDDEN TEST", "t", 1, grade=True),
        "got the line '### BEGIN HIDDEN TEST'",
    ),
    "an id twice": (cell("b = 1", "a", solution=True), "nbgrader would refuse it: Duplicate grade id: a"),
    "Markdown that solves and is not graded": (cell("Words.", "w", solution=True, markdown=True), "not marked as a grade cell"),
    "a test without points": (cell("assert a", "t", grade=True), "does not have points"),
    "a role of ours": (
        nbformat.v4.new_code_cell("b", metadata={"companion": {"answer": "b"}}),
        "got a role of ours, expected nbgrader's",
    ),
    "a mark scheme beside a solution": (
        cell(f"{SOLVED}\n### BEGIN MARK SCHEME\ny\n### END MARK SCHEME", "w", 1, grade=True, solution=True, markdown=True),
        "nbgrader would refuse it: Mark scheme region detected",
    ),
}


@pytest.mark.parametrize(("wrong", "said"), REFUSED.values(), ids=REFUSED)
def test_what_nbgrader_or_we_would_misread_is_refused_in_one_line(tmp_path, wrong, said):
    with pytest.raises(SourceError, match=said) as refused:
        load_source(course.write(tmp_path / "ps.ipynb", ANSWER, wrong))
    assert "\n" not in str(refused.value)
    assert "ps.ipynb" in str(refused.value)


# --- Files beside a notebook --------------------------------------------------------------------------------


def test_files_that_the_students_notebook_names_go_with_it_and_no_others(tmp_path):
    folder = tmp_path / "ps"
    path = course.write(
        folder / "ps.ipynb",
        cell(
            "![](pictures/a%20b.png) <img src='c.png'> [data](https://x.org/d.csv) ![](../outside.png) [key](coursework.key)",
            markdown=True,
        ),
        cell("import helper\nfrom package.part import f\nopen('data.csv')\nopen('.hidden')\nopen('/etc/hosts')"),
        cell("open('model.csv')", "a", solution=True),
        cell("1\n### BEGIN HIDDEN TESTS\nopen('hidden.csv')\n### END HIDDEN TESTS", "t", 1, grade=True),
        cell("open('ps2.ipynb'), open('gradebook.db'), open('link.csv'), open('own.csv')"),
    )
    names = ["pictures/a b.png", "c.png", "d.csv", "coursework.key", "helper.py", "package/part.py", "data.csv", ".hidden"]
    for name in [*names, "model.csv", "hidden.csv", "ps2.ipynb", "gradebook.db"]:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    (tmp_path / "outside.png").touch()
    (folder / "link.csv").symlink_to("/etc/hosts")
    (folder / "own.csv").symlink_to("coursework.key")
    made = nbgrader.cleared(load_source(path).notebook, folder)
    assert nbgrader.files_beside(made, folder) == ("c.png", "data.csv", "helper.py", "package/part.py", "pictures/a b.png")


# --- Ours for nbgrader --------------------------------------------------------------------------------------

WORDS = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
---

# Exercises: words

+++ {"companion": {"written": "why", "points": 1}}

Why?

+++ {"companion": {"written": "how", "points": 1}}

How?
### BEGIN SOLUTION
So.
### END SOLUTION
### BEGIN MARK SCHEME
One point.
### END MARK SCHEME
"""


@pytest.mark.medium
def test_a_source_of_ours_for_nbgrader_keeps_its_questions_and_gives_no_answers(tmp_path):
    (tmp_path / "words.md").write_text(WORDS)
    path = tmp_path / "source" / "ps" / "words.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(nbgrader_source(load_source(tmp_path / "words.md")), path)
    course.generate(tmp_path, "ps")
    released = nbformat.read(str(tmp_path / "release" / "ps" / "words.ipynb"), 4)
    assert [each.source for each in released.cells[1:]] == [f"Why?\n\n{TEXT_STUB}", f"How?\n\n{TEXT_STUB}"]


def test_nbgraders_own_source_for_nbgrader_says_the_same(tmp_path):
    exercise = load_source(cases.source(tmp_path))
    nbformat.write(nbgrader_source(exercise), tmp_path / "ps.ipynb")
    again = load_source(tmp_path / "ps.ipynb")
    assert (again.answers, again.tests, again.written) == (exercise.answers, exercise.tests, exercise.written)
