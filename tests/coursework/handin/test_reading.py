"""A file is read whatever its state: each accident keeps the answers beside it, and says what happened."""

import copy
import json
import os

import jupytext
import nbformat
import pytest

from coursework.assignment.notebook import student_notebook
from coursework.assignment.source import load_source
from coursework.assignment.stamp import Key, Stamp, make_stamp
from coursework.handin import cells, reading
from coursework.handin.cells import StudentCell, match, read_submission
from coursework.handin.names import same_code
from coursework.handin.reading import read_cells
from coursework.samples import small

CODE = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# Exercises: a figure

```{code-cell} ipython3
:companion: {written: figure, points: 2}

# Draw it.
### BEGIN SOLUTION
plot(1)
### END SOLUTION
```
"""


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
    return sorted({flag.kind for flag in submission.flags})


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
    monkeypatch.setattr(reading, "LARGEST", 1000)
    assert "larger than" in read(made).flags[-1].detail


def test_a_large_notebook_is_read_cell_by_cell(read, made, monkeypatch):
    monkeypatch.setattr(reading, "PIECEWISE", 1000)
    submission = read(made)
    assert answers(submission) == small.ANSWERS
    assert kinds(submission) == []


def test_values_are_counted_before_they_are_made(read, made, monkeypatch):
    for text, count in (('{"a": [1, 2, "[,\\"{,"]}', 4), ("[[],[],{}]", 6), ('"[[[', 0), ('"\\"[', 0), ("", 0), ("[1, 2, 3", 3)):
        assert reading.count_values(text, 100) == count
        assert reading.count_values(text, 2) == min(count, 2)
    monkeypatch.setattr(reading, "PIECEWISE", 1000)
    count = reading.count_values(json.dumps(made), 10**6)
    monkeypatch.setattr(reading, "MOST_VALUES", count + 1)
    assert answers(read(made)) == small.ANSWERS
    monkeypatch.setattr(reading, "MOST_VALUES", count)
    assert read(made).flags == [("unreadable", f"The notebook holds more than {count} values; it was not read.")]


def test_so_many_pieces_of_a_large_notebook_are_read(monkeypatch):
    monkeypatch.setattr(reading, "PIECEWISE", 10)
    monkeypatch.setattr(reading, "MOST_PIECES", 3)
    cell = '{"cell_type": "code", "source": "x"}'
    assert len(read_cells(b'{"cells": [' + cell.encode() * 5, ".ipynb")[0]) == 3  # no comma need come between


def test_of_more_code_than_anybody_types_the_first_is_read(read, made, monkeypatch):
    for name, most in (("MOST_CELLS", 5), ("MOST_CODE", sum(len(cell["source"]) for cell in made["cells"][:5]))):
        with monkeypatch.context() as patch:
            patch.setattr(cells, name, most)
            submission = read(made)
            assert set(answers(submission)) == {"guess"}
            assert "the first 5 were read" in submission.flags[0].detail


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


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_a_script_with_other_line_ends(read, made, end):
    script = jupytext.writes(nbformat.from_dict(made), fmt="py:percent")
    assert answers(read(script.replace("\n", end), "kim.py")) == answers(read(script, "kim.py"))


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


@pytest.mark.parametrize(("language", "flagged"), [("python", []), ("R", ["kernel"])])
def test_a_kernel_of_another_language_is_flagged_only(read, made, language, flagged):
    made["metadata"]["kernelspec"] = {"name": "conda-env-vae-py", "language": language, "display_name": "?"}
    submission = read(made)
    assert answers(submission) == small.ANSWERS
    assert kinds(submission) == flagged


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
    place = next(i for i, cell in enumerate(submission.cells) if cell.source.startswith("import torch"))
    assert submission.cells[place].kind == "given"
    assert "values = gaussian_kl(mu0" in submission.cells[place + 1].source  # the first cell that uses one of its names
    assert kinds(submission) == ["restored"]


def test_what_only_a_test_cell_uses_is_not_put_back(read, made):
    kept = [cell for cell in made["cells"] if small.grade_id(cell) in ("guess", "test-draw")]
    assert [cell.kind for cell in read(small.with_cells(made, kept)).cells] == ["answer", "test"]


def test_a_long_given_cell_is_not_put_back(read, made, monkeypatch):
    monkeypatch.setattr(cells, "LONGEST_RESTORED", 2)
    assert kinds(read(small.with_cells(made, [c for c in made["cells"] if not c["source"].startswith("import torch")]))) == []


def test_a_scratch_cell_that_uses_an_answers_name_again_is_the_students_own(read, made):
    submission = read(small.with_cells(made, [*made["cells"], small.code("for draw in range(3):\n    print(draw)")]))
    assert submission.cells[-1] == StudentCell(None, "for draw in range(3):\n    print(draw)", "own", ("draw",))
    assert kinds(submission) == []


def test_cells_keep_the_order_of_the_notebook(read, made):
    turned = read(small.with_cells(made, made["cells"][::-1]))
    assert [cell.source for cell in turned.cells] == [cell.source for cell in read(made).cells][::-1]


def test_an_answer_with_a_slip_of_the_pen_and_no_metadata_is_still_that_answer(read, made):
    small.cell_of(made, "draw").update(source="def draw(mu, logvar, generator:\n    return mu", metadata={})
    cell = next(cell for cell in read(made).cells if "generator:" in cell.source)
    assert (cell.id, cell.kind) == ("draw", "answer")


def test_a_stamp_in_a_given_cell_is_no_change(read, made):
    token = make_stamp(Stamp("small", "0" * 12, {}, "kim"), Key(bytes(16)))
    first = next(cell for cell in made["cells"] if cell["cell_type"] == "code")
    first["source"] += f"\n# {token}"
    submission = read(made)
    assert submission.cells[0].kind == "given"
    assert "coursework-1." not in submission.cells[0].source


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda cell: None, ""),
        (lambda cell: cell.update(source=cell["source"].replace("*Your answer here.*", "The noise has\nno parameters.")), 2),
        (lambda cell: cell.update(source=cell["source"] + " The noise has\nno parameters."), 2),
        (lambda cell: cell.update(source="The noise has\nno parameters."), 2),
        (lambda cell: cell.update(metadata={}, source=cell["source"] + "\n\nThe noise has\nno parameters."), 2),
        (lambda cell: cell.update(cell_type="raw", source="The noise has\nno parameters."), 2),
    ],
)
def test_the_words_of_a_written_answer(read, made, change, words):
    change(small.cell_of(made, "why"))
    assert read(made).words == {"why": "The noise has\nno parameters." if words else ""}


def test_words_in_a_cell_below_the_question_count(read, made):
    below = {"cell_type": "markdown", "metadata": {}, "source": "No parameters."}
    assert read(small.with_cells(made, [*made["cells"], below])).words == {"why": "No parameters."}


def test_text_further_down_is_no_part_of_an_answer(read, made):
    code, text = small.code("x = 1"), {"cell_type": "markdown", "metadata": {}, "source": "Notes of mine."}
    given = next(cell for cell in made["cells"] if cell["source"].startswith("## 2."))
    for between in ([code], [given], [small.cell_of(made, "draw")]):
        assert read(small.with_cells(made, [*made["cells"], *between, text])).words == {"why": ""}


def test_the_line_that_leads_to_the_solutions_is_no_part_of_an_answer(read, exercise):
    notebook = student_notebook(exercise, solutions="solutions/small.md")
    assert notebook["cells"][-1]["source"].startswith("When you have tried")
    assert read(notebook).words == {"why": ""}
    below = {"cell_type": "markdown", "metadata": {}, "source": "No parameters."}
    assert read(small.with_cells(notebook, [*notebook["cells"], below])).words == {"why": "No parameters."}


def test_words_that_are_code(tmp_path, made):
    path = tmp_path / "plot.md"
    path.write_text(CODE, encoding="utf-8")
    exercise = load_source(path)
    note = {"cell_type": "markdown", "metadata": {}, "source": "See above."}
    notebook = {"cells": [small.code("plot(3)", "figure"), note], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "kim.ipynb").write_text(json.dumps(notebook))
    submission = read_submission(tmp_path / "kim.ipynb", exercise)
    assert submission.words == {"figure": "plot(3)"}
    assert [cell.kind for cell in submission.cells] == ["own"]


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


def test_a_test_is_known_by_nbgraders_name_of_it(read, made, exercise):
    made = copy.deepcopy(made)
    small.cell_of(made, "test-draw")["metadata"]["nbgrader"]["grade_id"] = "check_of_nbgrader"
    tests = [test._replace(grade_id="check_of_nbgrader") if test.id == "draw" else test for test in exercise.tests]
    raw, _ = read_cells(json.dumps(made).replace("Written.", "Edited.").encode(), ".ipynb")
    submission = match(raw, [], exercise._replace(tests=tuple(tests)))
    assert "draw" in [cell.id for cell in submission.cells if cell.kind == "test"]


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
        assert [flag.kind for flag in submission.flags] == ["unreadable"]
    assert read_submission(tmp_path / "kim.ipynb", exercise).flags[0].detail == "This is a link; it was not followed."


def test_a_submission_that_is_gone_or_a_folder_is_unreadable(exercise, tmp_path):
    (tmp_path / "folder.ipynb").mkdir()
    for name in ("nothing.ipynb", "folder.ipynb"):
        assert not read_submission(tmp_path / name, exercise).readable
