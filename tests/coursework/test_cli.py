"""The command line as a new user meets it: help, exit codes, one line for an error, and a class from release to report."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from coursework import cli
from coursework.assignment.stamp import make_key
from tests.support import private

PROGRAM = Path(sys.executable).parent / "coursework"


@pytest.fixture
def ask(capsys):
    """Run the command line; give exit code, what it printed, and what it said of errors."""

    def run(*arguments):
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = stop.code
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def sources(tmp_path):
    return private.folder(tmp_path / "private")


# --- Help -------------------------------------------------------------------------------------------------


def test_the_program_is_installed_and_says_what_it_can_do():
    done = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "coursework release   makes the students' notebooks" in done.stdout
    assert "torch" not in done.stderr


def test_without_a_command_it_says_what_it_can_do(ask):
    code, out, _ = ask()
    assert code == 2
    assert "coursework grade " in out


@pytest.mark.parametrize("command", ["release", "grade", "mark", "report"])
def test_each_command_has_help_with_examples_in_lines_that_fit(ask, command):
    code, out, _ = ask(command, "--help")
    assert code == 0
    assert "examples:\n  coursework " + command in out
    assert max(map(len, out.splitlines())) <= 132


def test_help_needs_nothing_heavy():
    code = "import sys; from coursework import cli; cli._parser().format_help(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_without_the_extra_it_says_what_to_install(ask, monkeypatch, sources):
    monkeypatch.setattr(cli.importlib.util, "find_spec", lambda name: None)
    code, out, err = ask("report", sources)
    assert (code, out) == (2, "")
    assert err == "coursework: jupytext and nbgrader missing: pip install -e ./coursework in the course's folder\n"


# --- Errors -----------------------------------------------------------------------------------------------

WRONG = {
    "no source folder": (["release", "--source", "none", "--out", "o"], "none: got no folder"),
    "nowhere to write to": (["release", "--source", "private"], "got --source without --out"),
    "no such exercise": (["release", "--source", "private", "--out", "o", "kl"], "got no kl, expected one of double"),
    "no such roster": (["release", "--source", "private", "--out", "o", "--students", "none.csv"], "none.csv: cannot be read"),
    "a key that is none": (
        ["grade", "private/double.md", "private", "--key", "class.csv"],
        "class.csv: got 3 characters that are no key",
    ),
    "nobody of this name": (
        ["grade", "private/double.md", "submitted", "--only", "lee"],
        "--only: got lee, who handed nothing in; expected one of kim",
    ),
    "no folder of marks": (["mark", "none"], "none"),
    "the folder of the sources": (["release", "--source", "private", "--out", "private"], "got the folder of the sources"),
    "no such exercise to grade": (
        ["grade", "kl", "private"],
        "kl: got no source of this name, expected a file, or one of the book's",
    ),
    "no submissions": (
        ["grade", "private/double.md", "none"],
        "none: got nothing there, expected a folder of submissions or a .zip",
    ),
    "no results": (["report", "none"], "got none, expected the folder of results"),
    "no result": (["report", "private"], "got no class.json in private"),
    "a shard that is none": (["grade", "double", "private", "--shard", "3 of 8"], "got 3 of 8, expected I/N such as 2/8"),
    "no jobs": (["grade", "07-loss", "submitted", "-j", "0"], "jobs: got 0, expected 1 or more"),
    "a sandbox that is none": (["grade", "double", "private", "--sandbox", "chroot"], "invalid choice: 'chroot'"),
    "two rosters": (["release", "--students", "a", "--groups", "b"], "not allowed with"),
}


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_done_is_said_in_one_line(ask, monkeypatch, sources, tmp_path, arguments, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "class.csv").write_text("kim")
    (tmp_path / "submitted").mkdir()
    (tmp_path / "submitted" / "kim.py").write_text("double = 3")
    code, out, err = ask(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
    assert len([line for line in err.splitlines() if line.startswith("coursework")]) == 1
    assert not (tmp_path / "o").exists()


def test_a_broken_source_is_named_with_its_cell(ask, sources, tmp_path):
    private.folder(sources, private.SOURCE.replace("points: 2", "points: many"))
    code, _, err = ask("release", "--source", sources, "--out", tmp_path / "o")
    assert code == 2
    assert "double.md: cell 5 (test double): got points: 'many'" in err


# --- Release ----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.usefixtures("sandbox")
def test_it_refuses_to_release_what_does_not_test(ask, sources, tmp_path):
    private.folder(sources, private.SOURCE.replace("solutionmark = 2 * x", "solutionmark = 5 * x"))
    code, out, err = ask("release", "--source", sources, "--out", tmp_path / "o")
    assert (code, out) == (1, "")
    assert "the reference gets 0 of 2 for double: Not the double." in err
    assert err.endswith("coursework: nothing was written: mend the above first\n")
    assert not (tmp_path / "o").exists()


@pytest.mark.usefixtures("sandbox")
def test_an_exercise_is_tried_with_the_key_that_will_grade_it(ask, sources, monkeypatch):
    tried = []
    monkeypatch.setattr("coursework.selftest.self_test", lambda exercise, supervisor, key: tried.append(key) or [])
    ask("release", "--source", sources, "--check")
    key = make_key(sources)
    ask("release", "--source", sources, "--check")
    ask("release", "--check", "07-loss")
    assert tried == [None, key, None]


@pytest.mark.slow
@pytest.mark.usefixtures("sandbox")
def test_a_check_writes_nothing(ask, sources, tmp_path):
    code, out, err = ask("release", "--source", sources, "--check", "double")
    assert (code, err) == (0, "")
    assert out == "double: 1 checked, 2 points, 1 wrong answer rejected\n"
    assert [path.name for path in tmp_path.rglob("*")] == ["private", "double.md"]


@pytest.mark.slow
@pytest.mark.usefixtures("sandbox")
def test_solutions_of_a_private_folder_are_written_only_where_asked(ask, sources, tmp_path):
    code, out, _ = ask("release", "--source", sources, "--out", tmp_path / "o")
    assert code == 0
    assert "first value of each variant" in out
    assert [path.name for path in (tmp_path / "o").rglob("*")] == ["double.ipynb"]
    code, out, _ = ask("release", "--source", sources, "--out", tmp_path / "o", "--solutions", tmp_path / "s")
    assert code == 0
    assert f"{tmp_path / 's' / 'double.md'}: written" in out
    assert "double.ipynb: written" in out, "it has a link to the solutions now"


# --- A class from release to report -----------------------------------------------------------------------

ANSWERS = {"kim": "return 2 * x", "이서연": "return x", "park": "...  # your code here"}


def hand_in(released: Path, submitted: Path, student: str, line: str) -> None:
    notebook = nbformat.read(released / student / "double.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("...  # your code here", line)
    (submitted / student / "double").mkdir(parents=True)
    nbformat.write(notebook, submitted / student / "double" / "double.ipynb")


@pytest.mark.usefixtures("sandbox")
def test_a_class_from_release_to_report(ask, sources, tmp_path):
    (tmp_path / "class.csv").write_text("\ufeff이름\n" + "\n".join(ANSWERS) + "\n", encoding="utf-8")
    released, submitted, results = (tmp_path / name for name in ("released", "submitted", "results"))
    code, out, _ = ask("release", "--source", sources, "--out", released, "--students", tmp_path / "class.csv")
    assert code == 0
    assert f"{sources / 'coursework.key'}: made" in out
    assert f"{released}: 3 folders, 3 files, 3 written, 0 unchanged" in out
    code, out, _ = ask("release", "--source", sources, "--out", released, "--students", tmp_path / "class.csv")
    assert (code, "coursework.key" in out, "3 unchanged" in out) == (0, False, True)
    for student, line in ANSWERS.items():
        hand_in(released, submitted, student, line)
    (submitted / "이서연" / "double" / "double.ipynb").rename(submitted / "이서연" / "double" / "week3-final.ipynb")
    (submitted / "late.ipynb").write_bytes(b"%PDF-1.7")

    grade = ["grade", sources / "double.md", submitted, "-o", results, "-j", 1, "--quiet", "--students", tmp_path / "class.csv"]
    code, out, err = ask(*grade)
    assert code == 1, "one submission is a PDF"
    assert "grade: 3 of 3 students who handed in are graded (0 kept from before)" in out
    assert "; 1 file is unreadable, of another assignment or nobody's\ngrade: tests: mean 0.67, median 0 of 2" in out
    assert "coursework: late.ipynb: no student. Nobody in the class list is 'late'" in err
    assert "Traceback" not in err
    scores = {path.stem: json.loads(path.read_text())["score"] for path in (results / "double" / "students").glob("*.json")}
    assert scores == {"kim": 2, "이서연": 0, "park": 0}
    assert "(3 kept from before)" in ask(*grade)[1], "a second run has nothing left to do"

    assert json.loads((results / "double" / "students" / "이서연.json").read_text())["tests"][0]["message"] == "Once is not twice."
    code, out, err = ask("report", results)
    rows = {row["student"]: row for row in csv.DictReader(out.splitlines())}
    assert {student: row["double"] for student, row in rows.items()} == {"kim": "2", "이서연": "0", "park": "0"}
    assert code == 1, "an answer in words waits for a mark"
    assert "coursework mark" in err
    for format, name in (("html", "index.html"), ("gradescope", "kim.json"), ("canvas", None)):
        where = tmp_path / format
        _, out, _ = ask("report", results, "--format", format, "-o", where)
        assert str(where) in out
        assert name is None or (where / name).is_file()


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        ("NotFinishedError", 3, "the disk is full"),
        ("GradeError", 2, "the disk is full"),
        (KeyboardInterrupt(), 3, "the same command goes on"),
        (ZeroDivisionError(), 3, "this is a fault of the program"),
        (OSError(28, "No space left on device", "a.json"), 2, "a.json: No space left on device"),
    ],
)
def test_the_exit_code_says_whether_to_run_again(ask, sources, tmp_path, monkeypatch, raised, code, said):
    from coursework.scoring import grade, grader, pool

    def stop(*_, **__):
        if isinstance(raised, str):
            raise {"NotFinishedError": pool.NotFinishedError, "GradeError": grader.GradeError}[raised]("the disk is full")
        raise raised

    monkeypatch.setattr(grade, "grade", stop)
    got, _, err = ask("grade", sources / "double.md", tmp_path)
    assert (got, said in err) == (code, True)


@pytest.mark.parametrize(
    ("counts", "code"),
    [
        ({}, 0),
        ({"unreadable": 1}, 1),
        ({"odd": 1}, 1),
        ({"failed": 1, "odd": 1}, 3),
        ({"missing": ("kim",)}, 0),
        ({"flagged": 3}, 0),
    ],
)
def test_the_exit_code_of_a_run_that_came_to_its_end(ask, sources, tmp_path, monkeypatch, counts, code):
    from coursework.scoring import grade

    empty = grade.Summary(
        3, 3, 0, 0, 0, 0, 1.0, 1.0, 2, 0, (grade.Change("kim", 5, 7), grade.Change("lee", None, 7)), (), (), 0, 9.0
    )
    monkeypatch.setattr(grade, "grade", lambda *_, **__: empty._replace(**counts))
    got, out, _ = ask("grade", sources / "double.md", tmp_path)
    assert got == code
    assert out.startswith("kim: 5 -> 7\nlee: damaged -> 7\ngrade: 3 of")
