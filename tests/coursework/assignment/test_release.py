"""What goes out and where to: for all or for each of a class, with stamps and files; made again and never by mistake."""

import json
import os
import shutil

import nbformat
import pytest

from coursework.assignment import release
from coursework.assignment.leaks import secrets_of
from coursework.assignment.release import ReleaseError
from coursework.assignment.roster import ClassList, Student
from coursework.assignment.source import load_source, load_sources
from coursework.assignment.stamp import Key, find_tokens, is_authentic, make_key, read_key, read_stamp
from coursework.assignment.variants import values_for
from tests.support import private

KEY = Key(bytes(range(16)))
FRONT = "companion: {variants: {n: [3, 4], word: [red, othermark]}"
DATA = "x,y\n1,2\n"


def class_of(*names, group=""):
    return ClassList(tuple(Student(name, name, (), group) for name in names))


@pytest.fixture
def secret(tmp_path):
    return load_source(private.folder(tmp_path / "private") / "double.md")


def with_files(folder, *names, source=private.SOURCE, name="double.md", **contents):
    """The private exercise with files beside it, which its front matter lists."""
    private.folder(folder, source.replace(FRONT, FRONT + f", files: [{', '.join(names)}]"), name)
    for file in names:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(contents.get(file.partition(".")[0], DATA))
    return load_source(folder / name)


def everything(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- One notebook for all ---------------------------------------------------------------------------------


def test_files_are_written_once_and_then_unchanged(secret, tmp_path):
    out, solutions = tmp_path / "out", tmp_path / "out" / "solutions"
    made = release.release([secret], out, solutions=solutions)
    assert made == {out / "double.ipynb": "written", solutions / "double.md": "written"}
    before = everything(out)
    assert set(release.release([secret], out, solutions=solutions).values()) == {"unchanged"}
    assert everything(out) == before
    assert set(before) == {"double.ipynb", "solutions/double.md"}, "no file is left over"


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


def test_a_folder_that_cannot_be_written_is_an_error_of_one_line(secret, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(ReleaseError, match=r"double\.ipynb: cannot be written: "):
        release.release([secret], tmp_path / "out")


# --- A notebook for each ----------------------------------------------------------------------------------


def test_each_student_gets_a_folder_the_numbers_of_the_key_and_a_stamp_that_says_so(secret, tmp_path):
    names = [f"student{i}" for i in range(12)] + ["김민수"]
    release.release([secret], tmp_path / "out", students=class_of(*names), key=KEY)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)
    texts = {name: (tmp_path / "out" / name / "double.ipynb").read_text(encoding="utf-8") for name in names}
    seen = set()
    for name, text in texts.items():
        (token,) = find_tokens(text)
        assert is_authentic(token, KEY)
        values = values_for(secret, KEY, name)
        assert read_stamp(token).stamp == ("double", secret.sha256[:12], values, name)
        assert f"double({values['n']})" in text
        seen.add(tuple(values.items()))
    assert len(seen) == 4, "every combination of two times two values came up"


def test_a_second_run_changes_no_byte_and_a_new_student_only_adds(secret, tmp_path):
    out = tmp_path / "out"
    release.release([secret], out, students=class_of("kim", "lee"), key=KEY)
    before = everything(out)
    made = release.release([secret], out, students=class_of("choi", "kim", "lee"), key=KEY)
    assert sorted(made.values()) == ["unchanged", "unchanged", "written"]
    assert {path: content for path, content in everything(out).items() if path in before} == before


def test_a_group_gets_one_notebook_made_for_the_group(secret, tmp_path):
    students = ClassList((Student("kim", "kim", (), "A"), Student("lee", "lee", (), "B"), Student("park", "park", (), "A")))
    made = release.release([secret], tmp_path / "out", students=students, key=KEY)
    assert list(made) == [tmp_path / "out" / group / "double.ipynb" for group in "AB"]
    stamps = [read_stamp(token).stamp for path in made for token in find_tokens(path.read_text())]
    assert [(stamp.student, stamp.values) for stamp in stamps] == [(group, values_for(secret, KEY, group)) for group in "AB"]


def test_with_a_key_one_notebook_for_all_is_stamped_and_practice_is_not(secret, tmp_path):
    release.release([secret], tmp_path / "all", key=KEY)
    (token,) = find_tokens((tmp_path / "all" / "double.ipynb").read_text())
    assert read_stamp(token).stamp == ("double", secret.sha256[:12], {"n": 3, "word": "red"}, None)
    release.release([secret], tmp_path / "practice")
    assert "coursework-1" not in (tmp_path / "practice" / "double.ipynb").read_text()


def test_a_lost_key_is_noticed_before_the_class_is_released_anew(secret, tmp_path):
    out, students = tmp_path / "out", class_of("kim")
    release.release([secret], out, students=students, key=KEY)
    before = everything(out)
    with pytest.raises(ReleaseError, match=f"made with the key {KEY.id}, expected {Key(bytes(16)).id}: put back the key"):
        release.release([secret], out, students=students, key=Key(bytes(16)))
    assert everything(out) == before
    assert set(release.release([secret], out, students=students, key=Key(bytes(16)), force=True).values()) == {"written"}


def test_releases_that_would_go_wrong_are_refused(secret, tmp_path):
    for arguments, said in (
        ({"students": class_of("kim")}, "it has variants, expected a key"),
        ({"students": class_of("../kim"), "key": KEY}, "it holds /"),
        ({"students": class_of("kim"), "key": KEY, "solutions": tmp_path / "s"}, "got --solutions with students"),
    ):
        with pytest.raises(ReleaseError, match=said):
            release.release([secret], tmp_path / "out", **arguments)
    with pytest.raises(ReleaseError, match="the folder of the sources"):
        release.release([secret], tmp_path / "private")
    assert not (tmp_path / "out").exists()


def test_what_is_handed_out_does_not_hold_the_sources(secret, tmp_path):
    with pytest.raises(ReleaseError, match="holds that of the sources and the key"):
        release.release([secret], tmp_path, key=KEY)
    assert set(release.release([secret], tmp_path).values()) == {"written"}, "the book's practice lies so, in public"


# --- Files that go with an exercise -----------------------------------------------------------------------


def test_files_stand_beside_each_notebook_as_they_are(tmp_path):
    exercise = with_files(tmp_path / "private", "data.csv", "images/cat.png")
    (tmp_path / "private" / "images" / "cat.png").write_bytes(bytes(range(256)))
    out = tmp_path / "out"
    release.release([exercise], out, students=class_of("kim", "lee"), key=KEY)
    held = everything(out)
    assert set(held) == {f"{name}/{file}" for name in ("kim", "lee") for file in ("double.ipynb", "data.csv", "images/cat.png")}
    assert held["kim/images/cat.png"] == bytes(range(256))
    assert held["lee/data.csv"] == DATA.encode()
    assert set(release.release([exercise], out, students=class_of("kim", "lee"), key=KEY).values()) == {"unchanged"}


def test_new_data_replaces_the_old_but_not_what_a_student_made_of_it(tmp_path):
    exercise = with_files(tmp_path / "private", "data.csv")
    out = tmp_path / "out"
    release.release([exercise], out)
    (tmp_path / "private" / "data.csv").write_text("x,y\n3,4\n")
    assert release.release([exercise], out)[out / "data.csv"] == "written"
    (out / "data.csv").write_text("mine")
    with pytest.raises(ReleaseError, match=r"data\.csv: changed since it was made"):
        release.release([exercise], out)
    assert (out / "data.csv").read_text() == "mine"


def test_two_exercises_share_a_file_of_one_content_and_not_of_two(tmp_path):
    folder = tmp_path / "private"
    exercises = [with_files(folder, "data.csv", name=name) for name in ("one.md", "two.md")]
    assert len(release.release(exercises, tmp_path / "out")) == 3
    other = with_files(tmp_path / "private2", "data.csv", name="three.md", data="x\n")
    with pytest.raises(ReleaseError, match=r"data\.csv: got two files of this name"):
        release.plan([*exercises, other], tmp_path / "out2")
    with pytest.raises(ReleaseError, match=r"Double\.ipynb: got two files of this name"):
        release.plan([with_files(folder, "Double.ipynb"), with_files(folder, "data.csv")], tmp_path / "out3")


def test_a_picture_that_the_text_shows_must_be_among_the_files(tmp_path):
    source = private.SOURCE.replace("Use {{n}}", "![a cat](images/cat.png)\n\nUse {{n}}")
    (tmp_path / "private" / "images").mkdir(parents=True)
    (tmp_path / "private" / "images" / "cat.png").write_bytes(b"cat")
    exercise = load_source(private.folder(tmp_path / "private", source) / "double.md")
    with pytest.raises(ReleaseError, match=r"double\.md: its text shows images/cat\.png, expected this among the files"):
        release.release([exercise], tmp_path / "out")
    assert release.plan([with_files(tmp_path / "private", "images/cat.png", source=source)], tmp_path / "out")


def test_a_file_that_went_away_since_it_was_read_is_an_error(tmp_path):
    exercise = with_files(tmp_path / "private", "data.csv")
    (tmp_path / "private" / "data.csv").unlink()
    with pytest.raises(ReleaseError, match=r"data\.csv: cannot be read: No such file"):
        release.release([exercise], tmp_path / "out")


# --- The second wall --------------------------------------------------------------------------------------

LEAKS = {
    "a solution in a helper": (
        "helper.py",
        "def double(x):\n    solutionmark = 2 * x\n    return solutionmark\n",
        "the solution of double",
    ),
    "a long line of a hidden test": (
        "notes.txt",
        'assert hiddenmark is not None, "Not answered yet."\n',
        "the hidden tests of double",
    ),
    "the source itself": ("copy.md", private.SOURCE, "a marker, '### BEGIN SOLUTION'"),
    "the source in a notebook": ("a.ipynb", json.dumps({"cells": [{"source": ["x\n", "### BEGIN HIDDEN TESTS\n"]}]}), "a marker"),
    "the key by another name": ("my.txt", f"key = {KEY.secret.hex().upper()}\n", "your key"),
    "a note": ("note.txt", "Read [chapter 1](../01-autoencoders.ipynb) again: notemark.\n", "the note of double"),
}


@pytest.mark.parametrize(("name", "text", "said"), LEAKS.values(), ids=LEAKS)
def test_a_file_that_gives_something_away_is_refused_before_anything_is_written(tmp_path, name, text, said):
    exercise = with_files(tmp_path / "private", name)
    (tmp_path / "private" / name).write_text(text)
    with pytest.raises(ReleaseError, match=f"{name} would give out {said}"):
        release.release([exercise], tmp_path / "out", key=KEY, students=class_of("kim"))
    assert not (tmp_path / "out").exists()


def test_a_helper_may_have_short_lines_and_imports_of_a_test_in_it(tmp_path):
    exercise = with_files(tmp_path / "private", "helper.py", helper="def half(x):\n    return x / 2\n\n\nwrongmark = x\n")
    assert release.plan([exercise], tmp_path / "out", key=KEY)


LONG_LINE = 'x = 1; assert hiddenmark is not None, "Not answered yet."'


@pytest.mark.parametrize(
    "text", ["Because of wordsmark.", "    wrongmark = x", "hiddenmark = double(3)", "solutionmark = 2 * x", "slipmark", LONG_LINE]
)
def test_a_notebook_that_would_give_something_away_is_refused(secret, tmp_path, monkeypatch, text):
    """Whatever goes wrong where it is made: here its maker leaves a line in the last cell, or in the metadata."""
    made = release.student_notebook
    for place in ("source", "metadata"):

        def leaking(exercise, *rest, place=place):
            notebook = made(exercise, *rest)
            notebook.cells[-1][place] = {"note": text} if place == "metadata" else f"Why?\n\n{text}"
            return notebook

        monkeypatch.setattr(release, "student_notebook", leaking)
        with pytest.raises(ReleaseError, match=r"double\.ipynb would give out the \w+"):
            release.release([secret], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_page_of_solutions_may_show_solutions_and_no_more(secret, tmp_path, monkeypatch):
    made = release.solution_page
    monkeypatch.setattr(release, "solution_page", lambda *arguments: made(*arguments) + "hiddenmark = double(3)\n")
    with pytest.raises(ReleaseError, match=r"double\.md would give out the hidden tests of double"):
        release.release([secret], tmp_path / "out", solutions=tmp_path / "s")


def test_a_mark_scheme_is_on_no_page(tmp_path):
    """Not even where there is no solution that could stand there."""
    scheme = "### BEGIN MARK SCHEME\nTwo points for the schememark.\n### END MARK SCHEME"
    source = private.SOURCE.replace("### BEGIN SOLUTION\nBecause of wordsmark.\n### END SOLUTION", scheme)
    exercise = load_source(private.folder(tmp_path / "private", source) / "double.md")
    made = release.plan([exercise], tmp_path / "out", solutions=tmp_path / "s")
    assert not any(b"schememark" in content for content in made.values())


def test_a_helper_may_have_the_one_short_line_of_a_solution(tmp_path):
    source = private.SOURCE.replace("    solutionmark = 2 * x\n    return solutionmark", "    return x", 1)
    for line, refused in (("return x", False), ("return x + x", True)):
        (tmp_path / "private").mkdir(exist_ok=True)
        exercise = with_files(
            tmp_path / "private",
            "helper.py",
            source=source.replace("return x\n", line + "\n", 1),
            helper=f"def f(x):\n    {line}\n",
        )
        if refused:
            with pytest.raises(ReleaseError, match="the solution of double"):
                release.plan([exercise], tmp_path / "out")
        else:
            assert release.plan([exercise], tmp_path / "out")


def test_all_of_a_solution_cell_of_nbgraders_is_secret_though_nothing_marks_it(tmp_path):
    graded = {"grade": True, "solution": True, "task": False, "locked": False, "schema_version": 3, "grade_id": "why", "points": 1}
    cell = nbformat.v4.new_markdown_cell("Because.", metadata={"nbgrader": graded})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "words.ipynb")
    exercise = load_source(tmp_path / "words.ipynb")
    for source in (exercise.notebook.cells[0].source, "Because."):
        exercise.notebook.cells[0].source = source
        (part,) = secrets_of(exercise).parts
        assert (part.what, part.lines) == ("the solution of why", ("Because.",))


def test_a_picture_of_the_solution_goes_with_the_solution(tmp_path):
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(
                "Why? ![](attachment:why.png)\n\n### BEGIN SOLUTION\n![](attachment:a%20b.png)\n### END SOLUTION",
                metadata={"companion": {"written": "why", "points": 1}},
                attachments={name: {"image/png": name} for name in ("why.png", "a b.png")},
            )
        ]
    )
    (tmp_path / "private").mkdir()
    nbformat.write(notebook, tmp_path / "private" / "words.ipynb")
    (cell,) = release.student_notebook(load_source(tmp_path / "private" / "words.ipynb")).cells
    assert list(cell.attachments) == ["why.png"]


# --- The whole way ----------------------------------------------------------------------------------------


def test_the_folder_of_an_assignment_can_be_moved_with_its_key(tmp_path):
    private.folder(tmp_path / "private")
    key = make_key(tmp_path / "private")
    release.release(load_sources(tmp_path / "private"), tmp_path / "out", students=class_of("kim"), key=key)
    shutil.move(tmp_path / "private", tmp_path / "elsewhere")
    exercises = load_sources(tmp_path / "elsewhere")
    made = release.release(exercises, tmp_path / "out", students=class_of("kim"), key=read_key(tmp_path / "elsewhere"))
    assert set(made.values()) == {"unchanged"}
