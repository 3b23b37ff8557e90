"""Submissions are found and read whatever their state: each accident keeps the answers beside it, and says what happened."""

import copy
import json
import os

import jupytext
import nbformat
import pytest

from coursework.handin import submissions
from coursework.handin.names import names_of, needs, same_code, without_magics
from coursework.handin.submissions import find_submissions, read_submission
from coursework.samples import small
from coursework.scoring import grade


@pytest.fixture(scope="module")
def exercise(tmp_path_factory):
    return small.exercise(tmp_path_factory.mktemp("source"))


@pytest.fixture
def made(exercise):
    return small.notebook(exercise)


@pytest.fixture
def read(exercise, tmp_path):
    """Write a content to a file and read it as a submission."""

    def read_content(content, name="kim.ipynb"):
        path = tmp_path / name
        data = json.dumps(content) if isinstance(content, dict) else content
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return read_submission(path, exercise)

    return read_content


def kinds(submission):
    """The kinds of its flags, but for the one that every submission to this exercise has."""
    return sorted({flag.kind for flag in submission.flags} - {"manual"})


def answers(submission):
    """id -> code of the answers, in the order in which they stand."""
    return {id: cell.source for cell in submission.cells for id in cell.answers}


def test_an_honest_notebook_raises_no_flag(read, made):
    submission = read(made)
    assert submission.readable
    assert kinds(submission) == []
    assert answers(submission) == small.ANSWERS
    assert [cell.kind for cell in submission.cells].count("test") == 4
    assert [cell.kind for cell in submission.cells].count("given") == 2


def test_an_answer_in_words_is_left_for_the_instructor(read, made):
    assert [flag.kind for flag in read(made).flags] == ["manual"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"PK\x03\x04rest", "zip"),
        (b"\x1f\x8b\x08rest", "gzip"),
        (b"\x89PNG\r\n", "picture"),
        (b"<!DOCTYPE html><html><body>Login</body></html>", "neither a notebook nor Python"),
        (b"{}", "no code cell"),
        (b'{"cells": 3}', "no code cell"),
        (b'{"cells": [], "metadata": []}', "no code cell"),
        (b'{"cells": [{"cell_type": "code", "sou', "breaks off"),
        (b"{" * 100_000, "breaks off"),
        (b"[" * 100_000, "neither"),
        (b'{"cells": ' + b"[" * 100_000, "breaks off"),
        (bytes(range(256)) * 40, "neither"),
    ],
)
def test_what_holds_no_notebook_is_unreadable_and_says_why(read, content, why):
    submission = read(content)
    assert not submission.readable
    assert submission.cells == []
    assert why in submission.flags[-1].detail


@pytest.mark.parametrize(
    "content", [b'{"cells": [1, null, {"source": 4}, {"cell_type": [], "source": [1, "x = 1"], "metadata": 7}]}']
)
def test_damaged_cells_are_left_out(read, content):
    submission = read(content)
    assert [cell.source for cell in submission.cells] == ["x = 1"]
    assert "damaged" in kinds(submission)


def test_a_file_above_the_limit_is_not_read(read, monkeypatch, made):
    monkeypatch.setattr(submissions, "LARGEST", 1000)
    assert "larger than" in read(made).flags[-1].detail


def test_a_large_notebook_is_read_cell_by_cell(read, made, monkeypatch):
    monkeypatch.setattr(submissions, "PIECEWISE", 1000)
    submission = read(made)
    assert answers(submission) == small.ANSWERS
    assert kinds(submission) == []


def test_a_truncated_notebook_keeps_the_cells_before_the_break(read, made):
    text = json.dumps(made)
    submission = read(text[: text.index("class Encoder")])
    assert set(answers(submission)) == {"guess", "gaussian_kl", "draw"}
    assert kinds(submission) == ["missing", "test-deleted", "truncated"]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be"), ("cp949", "cp949")],
)
def test_other_encodings_are_read_and_flagged(read, made, encoding, name):
    answer = small.cell_of(made, "gaussian_kl")
    answer["source"] += "  # 한글 주석"
    submission = read(json.dumps(made, ensure_ascii=False).encode(encoding))
    assert answers(submission)["gaussian_kl"].endswith("한글 주석")
    assert [flag.detail for flag in submission.flags if flag.kind == "encoding"] == [f"The file was read as {name}."]


def test_bytes_that_are_no_text_in_any_alphabet_still_give_their_code(read, made):
    small.cell_of(made, "gaussian_kl")["source"] += "  # XX"
    submission = read(json.dumps(made).encode().replace(b"XX", b"\xe9\xff"))
    assert set(answers(submission)) == set(small.ANSWERS)
    assert kinds(submission) == ["encoding"]


@pytest.mark.parametrize("change", [lambda text: b"\xef\xbb\xbf" + text, lambda text: text.replace(b"\\n", b"\\r\\n")])
def test_a_byte_order_mark_and_windows_line_ends_are_no_accident(read, made, change):
    submission = read(change(json.dumps(made, indent=1).encode()))
    assert answers(submission) == small.ANSWERS
    assert kinds(submission) == []


@pytest.mark.parametrize("name", ["kim.py", "kim.ipynb"])
def test_a_percent_script_keeps_ids(read, made, name):
    submission = read(jupytext.writes(nbformat.from_dict(made), fmt="py:percent"), name)
    assert {id: cell.split() for id, cell in answers(submission).items()} == {
        id: code.split() for id, code in small.ANSWERS.items()
    }
    assert kinds(submission) == ["converted"]


def test_a_script_of_nbconvert_is_read_by_names(read, made):
    parts = [f"# In[{i}]:\n\n\n{c['source']}\n\n\n" for i, c in enumerate(made["cells"]) if c["cell_type"] == "code"]
    submission = read("#!/usr/bin/env python\n# coding: utf-8\n\n# # Title\n\n" + "".join(parts), "kim.py")
    assert set(answers(submission)) == set(small.ANSWERS)
    assert kinds(submission) == ["converted", "no-metadata"]


@pytest.mark.parametrize("form", ["md:myst", "md"])
def test_markdown_is_read(read, made, form):
    submission = read(jupytext.writes(nbformat.from_dict(made), fmt=form), "kim.md")
    assert set(answers(submission)) == set(small.ANSWERS)
    assert "converted" in kinds(submission)


def test_markdown_that_jupytext_cannot_read_is_unreadable(read):
    submission = read("---\na: [\n---\n```{code-cell}\n---\nb: [\n---\nx = 1\n```\n", "kim.md")
    assert not submission.readable


def test_a_plain_script_is_one_cell(read):
    submission = read("\n\n".join(small.ANSWERS.values()), "kim.py")
    assert set(answers(submission)) == set(small.ANSWERS)
    assert "merged" in kinds(submission)


def test_format_3_is_read(read, made):
    cells = [{"cell_type": c["cell_type"], "metadata": c["metadata"], "input": c["source"].splitlines(True)} for c in made["cells"]]
    submission = read({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]})
    assert answers(submission) == small.ANSWERS
    assert kinds(submission) == ["old-format"]


def test_an_unknown_kernel_is_flagged_only(read, made):
    made["metadata"]["kernelspec"] = {"name": "my-env", "language": "python", "display_name": "?"}
    submission = read(made)
    assert answers(submission) == small.ANSWERS
    assert kinds(submission) == ["kernel"]


def test_stripped_metadata(read, made):
    for cell in made["cells"]:
        cell["metadata"] = {}
    submission = read(made)
    assert answers(submission) == small.ANSWERS
    assert [cell.kind for cell in submission.cells].count("test") == 4
    assert kinds(submission) == ["no-metadata"]


def test_deleted_cells(read, made):
    gone = ("draw", "test-encoder")
    submission = read(small.with_cells(made, [cell for cell in made["cells"] if small.grade_id(cell) not in gone]))
    assert set(answers(submission)) == {"guess", "gaussian_kl", "encoder"}
    assert kinds(submission) == ["missing", "test-deleted"]


def test_a_given_cell_that_answers_need_is_put_back(read, made):
    cells = [cell for cell in made["cells"] if not cell["source"].startswith("import torch")]
    submission = read(small.with_cells(made, cells))
    place = [cell.kind for cell in submission.cells].index("restored")
    assert "values = gaussian_kl(mu0" in submission.cells[place + 1].source  # the first cell that uses one of its names
    assert kinds(submission) == ["restored"]


def test_an_empty_copy_of_an_answer_does_not_undo_it(read, made, exercise):
    stub = small.code(next(a.stub_code for a in exercise.answers if a.id == "draw"), "draw")
    submission = read(small.with_cells(made, [*made["cells"], stub]))
    assert answers(submission) == small.ANSWERS
    assert kinds(submission) == ["duplicated"]


def test_of_two_answers_the_last_counts_and_is_flagged(read, made):
    again = small.code("def draw(mu, logvar, generator):\n    return mu", "draw")
    submission = read(small.with_cells(made, [*made["cells"], again]))
    assert answers(submission)["draw"].endswith("return mu")
    assert kinds(submission) == ["duplicated"]


def test_reordered_answers_are_flagged(read, made):
    submission = read(small.with_cells(made, made["cells"][::-1]))
    assert set(answers(submission)) == set(small.ANSWERS)
    assert "reordered" in kinds(submission)


def test_a_cell_cut_in_two_inside_a_function_is_joined(read, made):
    cell = small.cell_of(made, "draw")
    lines = cell["source"].splitlines()
    second = copy.deepcopy(cell) | {"source": lines[-1]}
    cell["source"] = "\n".join(lines[:-1])
    at = made["cells"].index(cell)
    submission = read(small.with_cells(made, [*made["cells"][: at + 1], second, *made["cells"][at + 1 :]]))
    assert same_code(answers(submission)["draw"], small.ANSWERS["draw"])
    assert kinds(submission) == ["split"]


def test_two_answers_in_one_cell(read, made):
    one, other = small.cell_of(made, "gaussian_kl"), small.cell_of(made, "draw")
    one["source"] += "\n\n" + other["source"]
    submission = read(small.with_cells(made, [cell for cell in made["cells"] if cell is not other]))
    assert set(answers(submission)) == set(small.ANSWERS)
    assert kinds(submission) == ["merged"]


def test_an_answer_that_became_markdown_is_run(read, made):
    small.cell_of(made, "draw")["cell_type"] = "markdown"
    submission = read(made)
    assert answers(submission) == small.ANSWERS
    assert kinds(submission) == ["cell-type"]


def test_an_edited_test_is_flagged(read, made):
    small.cell_of(made, "test-draw")["source"] = "assert True"
    assert kinds(read(made)) == ["test-edited"]


def test_notebook_commands_are_left_out(read, made):
    small.cell_of(made, "draw")["source"] = "%matplotlib inline\n" + small.ANSWERS["draw"]
    submission = read(made)
    assert "def draw" in answers(submission)["draw"]
    assert kinds(submission) == ["magic"]


def test_links_and_pipes_are_never_opened(exercise, tmp_path, made):
    secret = tmp_path / "secret.ipynb"
    secret.write_text(json.dumps(made))
    os.symlink(secret, tmp_path / "kim.ipynb")
    os.mkfifo(tmp_path / "lee.ipynb")
    for name in ("kim.ipynb", "lee.ipynb"):
        submission = read_submission(tmp_path / name, exercise)
        assert submission.cells == []
        assert [flag.kind for flag in submission.flags] == ["link"]


def test_a_submission_that_is_gone_or_a_folder_is_unreadable(exercise, tmp_path):
    (tmp_path / "folder.ipynb").mkdir()
    for name in ("nothing.ipynb", "folder.ipynb"):
        assert not read_submission(tmp_path / name, exercise).readable


def test_both_layouts_are_found(tmp_path):
    for path in (
        "kim.ipynb",
        "lee.py",
        "park/small/small.ipynb",
        "choi/small/mine.ipynb",
        "jung/small.ipynb",
        "han/other/other.ipynb",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    for path in (".DS_Store", ".ipynb_checkpoints/kim-checkpoint.ipynb", "__MACOSX/kim.ipynb"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    found = {each.student: each.path.relative_to(tmp_path).as_posix() for each in find_submissions(tmp_path, "small")}
    assert found == {
        "choi": "choi/small/mine.ipynb",
        "jung": "jung/small.ipynb",
        "kim": "kim.ipynb",
        "lee": "lee.py",
        "park": "park/small/small.ipynb",
    }


def test_two_submissions_of_one_name_are_both_graded_and_flagged(tmp_path):
    decomposed = "김민수"  # as macOS writes file names
    for name in ("Kim.ipynb", "kim.py", "김민수.ipynb", f"{decomposed}.py"):
        (tmp_path / name).touch()
    found = find_submissions(tmp_path, "small")
    assert [each.student for each in found] == ["Kim", "kim~2", "김민수", "김민수~2"]
    assert all([flag.kind for flag in each.flags] == ["duplicate"] for each in found)


def test_names_are_made_fit_for_a_file(tmp_path):
    for name in ("a\nb.ipynb", "a\\..\\x.ipynb", "​.ipynb"):
        (tmp_path / name).touch()
    found = [each.student for each in find_submissions(tmp_path, "small")]
    assert found == ["_", "a_.._x", "a_b"]


def test_a_linked_folder_of_a_student_is_not_entered(tmp_path):
    (tmp_path / "real" / "small").mkdir(parents=True)
    (tmp_path / "real" / "small" / "small.ipynb").touch()
    os.symlink(tmp_path / "real", tmp_path / "kim")
    found = {each.student: each.path.is_symlink() for each in find_submissions(tmp_path, "small")}
    assert found == {"kim": True, "real": False}


def test_no_folder(tmp_path):
    with pytest.raises(NotADirectoryError, match="expected a folder"):
        find_submissions(tmp_path / "nothing", "small")


def test_a_long_name_leaves_room_for_its_results_file(tmp_path):
    """83 syllables are the most that fit into a file name of 255 bytes beside `.ipynb`; a folder's name holds 85."""
    (tmp_path / ("가" * 85) / "small").mkdir(parents=True)
    (tmp_path / ("가" * 85) / "small" / "small.ipynb").write_text("{}")
    (tmp_path / f"{'나' * 83}.ipynb").write_text("{}")
    for found in find_submissions(tmp_path, "small"):
        assert found.student.startswith(("가" * 60, "나" * 60))
        assert grade.write_result(tmp_path, {"student": found.student}).is_file()


def test_names_of_a_cell():
    names = names_of("import a.b\nfrom c import d as e\nfor i in r:\n    y = i\ndef f(x):\n    global q\n    q = x + shift\nu += 1")
    assert names.bound == {"i", "y", "f", "q", "u"}
    assert names.imported == {"a", "e"}
    assert names.used == {"r", "i", "shift", "u"}
    assert names_of("def f(:") is None


def test_what_a_cell_needs_is_what_it_reads_before_it_binds_it():
    assert needs("x = torch.zeros(3)\nfor i in x:\n    f(i)\ny = y + x") == {"torch", "f", "y"}


def test_only_a_cell_that_is_no_python_loses_its_commands():
    assert without_magics("x = '''\n% a\n'''") == ("x = '''\n% a\n'''", False)
    assert without_magics("%time y = 3")[0] == "y = 3"
    assert without_magics("%%bash\nrm -rf /")[0] == ""
