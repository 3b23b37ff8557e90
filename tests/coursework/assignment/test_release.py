"""What goes out: notebooks that real nbgrader takes, pages of solutions, files that are made again and never by mistake; and self-tests."""

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import nbformat
import pytest
from coursework.handin.submissions import read_submission

from coursework import selftest
from coursework.assignment import release
from coursework.assignment.release import ReleaseError, nbgrader_source, solution_page, student_notebook
from coursework.assignment.roster import RosterError, read_roster, unsafe
from coursework.assignment.source import load_source
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


def test_what_is_released_comes_back_without_a_flag(exercise, tmp_path):
    nbformat.write(student_notebook(exercise), tmp_path / "kim.ipynb")
    submission = read_submission(tmp_path / "kim.ipynb", exercise)
    assert {flag.kind for flag in submission.flags} == {"manual"}


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


def test_variants_are_filled_in_what_goes_out(secret):
    text = nbformat.writes(student_notebook(secret.with_values({"n": 4, "word": "blue"})))
    assert "double(4)" in text
    assert "Say why, for blue." in text
    assert "{{" not in text
    assert "double(3)" in nbformat.writes(student_notebook(secret)), "the first value where none is chosen"


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


# --- Files ------------------------------------------------------------------------------------------------


def test_files_are_written_once_and_then_unchanged(secret, tmp_path):
    out, solutions = tmp_path / "out", tmp_path / "out" / "solutions"
    made = release.release([secret], out, solutions=solutions)
    assert made == {out / "double.ipynb": "written", solutions / "double.md": "written"}
    before = {path: path.read_bytes() for path in made}
    assert set(release.release([secret], out, solutions=solutions).values()) == {"unchanged"}
    assert {path: path.read_bytes() for path in made} == before
    assert sorted(path.name for path in out.rglob("*")) == ["double.ipynb", "double.md", "solutions"], "no file is left over"


def test_a_new_version_replaces_what_was_made_here_even_when_it_was_run(secret, tmp_path):
    path = tmp_path / "out" / "double.ipynb"
    release.release([secret], path.parent)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="hello")]
    nbformat.write(notebook, path)
    assert release.release([secret], path.parent) == {path: "written"}
    assert "hello" not in path.read_text()


@pytest.mark.parametrize("kind", ["answered", "another", "no notebook", "a link"])
def test_work_that_was_done_in_a_file_is_not_overwritten(secret, tmp_path, kind):
    path = tmp_path / "out" / "double.ipynb"
    release.release([secret], path.parent)
    if kind == "answered":
        path.write_text(path.read_text().replace("...  # your code here", "return x + x"))
    elif kind == "another":
        nbformat.write(nbformat.v4.new_notebook(), path)
    elif kind == "no notebook":
        path.write_text("notes")
    else:
        path.unlink()
        path.symlink_to(tmp_path / "gone")
    before = os.readlink(path) if path.is_symlink() else path.read_bytes()
    with pytest.raises(ReleaseError, match=r"double\.ipynb: changed since it was made.*--force"):
        release.release([secret], path.parent, solutions=tmp_path / "s")
    assert (os.readlink(path) if path.is_symlink() else path.read_bytes()) == before
    assert not (tmp_path / "s").exists(), "nothing is written when one file is in the way"
    assert release.release([secret], path.parent, force=True) == {path: "written"}


def test_a_changed_page_of_solutions_is_not_overwritten(secret, tmp_path):
    release.release([secret], tmp_path / "out", solutions=tmp_path / "s")
    page = tmp_path / "s" / "double.md"
    page.write_text(page.read_text() + "\nMine.\n")
    with pytest.raises(ReleaseError, match=r"double\.md: changed"):
        release.release([secret], tmp_path / "out", solutions=tmp_path / "s")


def test_each_student_gets_a_folder_and_the_numbers_of_the_seed(secret, tmp_path):
    names = [f"student{i}" for i in range(12)] + ["김민수"]
    release.release([secret], tmp_path / "out", students=names, seed="s")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)
    texts = {name: (tmp_path / "out" / name / "double.ipynb").read_text(encoding="utf-8") for name in names}
    assert len(set(texts.values())) == 4, "every combination of two times two values came up"
    from coursework.assignment.variants import values_for

    for name, text in texts.items():
        assert f"double({values_for(secret, 's', name)['n']})" in text


def test_releases_that_would_go_wrong_are_refused(secret, tmp_path):
    for arguments, said in (
        ({"students": ["kim"]}, "expected --seed"),
        ({"students": ["../kim"], "seed": 1}, "it holds /"),
        ({"students": ["kim"], "seed": 1, "solutions": tmp_path / "s"}, "got --solutions with students"),
    ):
        with pytest.raises(ReleaseError, match=said):
            release.release([secret], tmp_path / "out", **arguments)
    with pytest.raises(ReleaseError, match="the folder of the sources"):
        release.release([secret], tmp_path / "private")
    assert not (tmp_path / "out").exists()


# --- Rosters ----------------------------------------------------------------------------------------------

ROSTERS = {
    "a name a line": "kim\nlee\n\n이서연\n",
    "a byte-order mark": "\ufeffkim\nlee\n이서연\n",
    "a heading": "student\nkim\nlee\n이서연\n",
    "a Korean heading in a later column": "번호,이름\n1,kim\n2,lee\n3,이서연\n",
    "semicolons and quotes": 'Name;Mail\n"kim";a@b\nlee;c@d\n이서연;e@f\n',
    "a comment": "# my class\nkim\nlee\n이서연\n",
    "Hangul in pieces": unicodedata.normalize("NFD", "kim\nlee\n이서연\n"),
}


AS_WRITTEN = [(name, encoding) for name in ROSTERS for encoding in ("utf-8", "utf-16")]
AS_WRITTEN += [
    (name, "cp949") for name in ROSTERS if name not in ("a byte-order mark", "Hangul in pieces")
]  # it has no such characters


@pytest.mark.parametrize(("name", "encoding"), AS_WRITTEN)
def test_a_roster_is_read_as_it_comes(tmp_path, name, encoding):
    text = ROSTERS[name]
    (tmp_path / "class.csv").write_text(text, encoding=encoding, newline="\r\n")
    assert read_roster(tmp_path / "class.csv") == ["kim", "lee", "이서연"]


def test_groups_stand_once_for_all_their_members(tmp_path):
    (tmp_path / "g.csv").write_text("student,group\nkim,A\nlee,B\npark,A\n")
    assert read_roster(tmp_path / "g.csv", groups=True) == ["A", "B"]
    assert read_roster(tmp_path / "g.csv") == ["kim", "lee", "park"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kim\nlee\nKim\n", "got kim more than once"),
        ("", "got no name"),
        ("student\n\n", "got no name"),
        ("kim\n../lee\n", r"line 2: got '\.\./lee'.*it holds /"),
        ("kim\nA:B\n", "it holds :"),
        ("CON\n", "Windows keeps it"),
        (".kim\n", "begins or ends with a dot"),
        ("a\u202eb\n", "cannot be seen"),
        ("가" * 90 + "\n", "longer than"),
    ],
)
def test_a_roster_that_would_go_wrong_is_refused(tmp_path, text, said):
    (tmp_path / "class.txt").write_text(text, encoding="utf-8")
    with pytest.raises(RosterError, match=said):
        read_roster(tmp_path / "class.txt")


def test_a_name_that_is_safe_is_the_one_that_the_grader_gives_its_folder(tmp_path):
    from coursework.handin.submissions import find_submissions

    for name in ("kim", "김민수", "O'Neil, Ann", "a b", "é"):
        assert unsafe(name) is None
        (tmp_path / name / "double").mkdir(parents=True)
        (tmp_path / name / "double" / "double.ipynb").write_text("{}")
    assert {found.student for found in find_submissions(tmp_path, "double")} == {"kim", "김민수", "O'Neil, Ann", "a b", "é"}


# --- Self-tests -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def supervisor(sandbox):
    with selftest.own_supervisor() as supervisor:
        yield supervisor


def problems(tmp_path, supervisor, old: str, new: str) -> str:
    assert old in private.SOURCE
    source = private.SOURCE.replace("companion: {variants: {n: [3, 4], word: [red, othermark]}}\n", "")
    source = source.replace(old, new).replace("{{n}}", "3")
    return "\n".join(selftest.self_test(load_source(private.folder(tmp_path, source) / "double.md"), supervisor))


def test_an_exercise_that_does_its_work_has_no_problem_for_any_value(secret, supervisor):
    assert len(selftest.combinations(secret)) == 2
    assert selftest.self_test(secret, supervisor) == []


def test_what_is_wrong_with_an_exercise_is_found(tmp_path, supervisor):
    said = problems(tmp_path, supervisor, "solutionmark = 2 * x", "solutionmark = 3 * x")
    assert said == "double: the reference gets 0 of 2 for double: Not the double."
    said = problems(tmp_path, supervisor, "wrongmark = x\n", "wrongmark = x + x\n")
    assert said == "double: the wrong answer “slipmark” for double gets full marks"
    said = problems(tmp_path, supervisor, "says: Once|saysmark", "says: saysmark")
    assert said == "double: the wrong answer “slipmark” for double is told: Once is not twice. This does not match 'saysmark'"
    empty = problems(tmp_path, supervisor, "assert hiddenmark is not None", "if hiddenmark is None: hiddenmark = 6\nassert True")
    assert empty == "double: an empty answer gets 2 of 2 for double"


@pytest.mark.slow
@pytest.mark.usefixtures("sandbox")
def test_a_grader_that_fails_is_not_taken_for_a_judgement(secret):
    """A sandbox that is gone: one line for each choice of values, and none that blames the exercise."""
    with selftest.own_supervisor() as supervisor:
        pass
    said = selftest.self_test(secret, supervisor)
    assert len(said) == 2
    assert all("could not be tried, because the grader failed" in line for line in said)


def test_a_value_for_which_the_reference_fails_is_found(tmp_path, supervisor):
    source = private.SOURCE.replace("solutionmark = 2 * x", "solutionmark = 6")
    said = selftest.self_test(load_source(private.folder(tmp_path, source) / "double.md"), supervisor)
    assert said == ["double with n = 4, word = othermark: the reference gets 0 of 2 for double: Not the double."]


def test_wrong_answers_share_a_run_only_where_none_spoils_the_others_test(tmp_path):
    more = private.SOURCE.split("```{code-cell} ipython3\n:companion: {answer: double}")[1]
    second = (
        more.replace("double", "twice").replace("twice({{n}})", "twice({{n}})").replace("2 * x", "double(x)").replace("why", "how")
    )
    third = more.replace("double", "thrice").replace("why", "when")
    source = private.SOURCE + "".join(
        f"\n+++\n\n```{{code-cell}} ipython3\n:companion: {{answer: {name}}}{text}"
        for name, text in (("twice", second), ("thrice", third))
    )
    exercise = load_source(private.folder(tmp_path, source) / "double.md")
    assert [sorted(batch) for batch in selftest.batches(exercise)] == [["double", "thrice"], ["twice"]]


def test_the_folder_of_a_release_is_not_left_when_it_cannot_be_written(secret, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(ReleaseError, match="cannot be written"):
        release.release([secret], tmp_path / "out")


def test_stamps_are_of_the_content_alone(secret):
    notebook = json.loads(nbformat.writes(student_notebook(secret)))
    assert set(notebook["metadata"]["companion"]) == {"release", "digest"}
    assert str(Path.cwd()) not in json.dumps(notebook)
