"""Every file that is handed in ends as a row: whose it is, what became of it, and whether it is the one that counts."""

import json
import os
import zipfile
from pathlib import Path

import jupytext
import pytest

from coursework.assignment.release import student_notebook
from coursework.assignment.roster import ClassList, Student
from coursework.assignment.source import load_source
from coursework.assignment.stamp import Key, Stamp, make_stamp
from coursework.assignment.variants import values_for
from coursework.handin.rows import WrongKeyError, collect

SOURCE = """---
jupytext: {{text_representation: {{extension: .md, format_name: myst}}}}
kernelspec: {{display_name: Python 3, language: python, name: python3}}
companion: {{variants: {{m: [1, 2, 3, 4, 5, 6, 7, 8]}}}}
---

# Exercises: {name}

```{{code-cell}} ipython3
import math
```

```{{code-cell}} ipython3
:companion: {{answer: {name}}}

def {name}(x):
    ### BEGIN SOLUTION
    return x + {{{{m}}}}
    ### END SOLUTION
```

```{{code-cell}} ipython3
:companion: {{test: {name}, points: 2}}

print({name}({{{{m}}}}))
### BEGIN HIDDEN TESTS
assert {name}(0) == {{{{m}}}}
### END HIDDEN TESTS
```
"""
KEY, OTHER = Key(b"k" * 16), Key(b"o" * 16)
CLASS = ClassList(
    tuple(
        Student(id, name, (alias,), "")
        for id, name, alias in [("kim", "Kim, Min", "1001"), ("lee", "Lee, Jo", "1002"), ("seo", "이서연", "7")]
    ),
    None,
)


@pytest.fixture(scope="module")
def exercises(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    for name in ("week2", "week3"):
        (folder / f"{name}.md").write_text(SOURCE.format(name=name), encoding="utf-8")
    return {name: load_source(folder / f"{name}.md") for name in ("week2", "week3")}


class Class:
    """A folder of submissions."""

    def __init__(self, exercises, folder):
        self.exercises, self.folder, self.scratch = exercises, folder / "in", folder / "scratch"
        self.folder.mkdir()
        self.scratch.mkdir()

    def put(self, file, student=None, *, name="week3", key=KEY, answer="return x + 1", forged=False):
        """Hand in a notebook that was released for a student; without one it has no stamp. Text is put as it is."""
        place = self.folder / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(self.notebook(student, name, key, answer, forged)))
        return place

    def notebook(self, student, name="week3", key=KEY, answer="return x + 1", forged=False):
        exercise = self.exercises[name]
        values = values_for(exercise, key, student or None)
        made = json.loads(json.dumps(student_notebook(exercise.with_values(values))))
        for cell in made["cells"]:
            if cell["source"].startswith("def "):
                cell["source"] = f"def {name}(x):\n    {answer}"
        if student is not None:
            token = make_stamp(Stamp(name, exercise.sha256[:12], values, student or None), key)
            token = token[:-1] + ("A" if token[-1] != "A" else "B") if forged else token
            made["cells"][1]["source"] += f"\n# {token}"
        return made

    def text(self, file, content):
        place = self.folder / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())

    def collect(self, *, name="week3", key=KEY, students=CLASS, path=None):
        return collect(path or self.folder, self.exercises[name], key=key, students=students, scratch=self.scratch)

    def states(self, **how):
        return {row.file: (row.student, row.state) for row in self.collect(**how).rows}

    def row(self, file, **how):
        return next(row for row in self.collect(**how).rows if row.file == file)


@pytest.fixture
def handed(exercises, tmp_path):
    return Class(exercises, tmp_path)


def kinds(row):
    return [flag.kind for flag in row.flags]


def test_a_canvas_download(handed):
    handed.put("kimmin_1001_900123_week3.ipynb", "kim")
    handed.put("leejo_LATE_1002_900140_week3-2.ipynb", "lee")
    for row, student, late in zip(handed.collect().rows, ("kim", "lee"), (False, True), strict=True):
        assert (row.student, row.state, row.stamp, row.late, row.flags) == (student, "grade", "yes", late, ())
        assert row.values == values_for(handed.exercises["week3"], KEY, student)
    assert [student.id for student in handed.collect().missing] == ["seo"]


def test_a_moodle_download_in_a_zip(handed, tmp_path):
    with zipfile.ZipFile(tmp_path / "week3.zip", "w") as archive:
        archive.writestr("이서연_7781_assignsubmission_file_/a/b (1).ipynb", json.dumps(handed.notebook("seo")))
        archive.writestr("Min Kim_7782_assignsubmission_file_week3.ipynb", json.dumps(handed.notebook("kim")))
    collected = handed.collect(path=tmp_path / "week3.zip")
    assert [(row.student, row.state, row.stamp) for row in collected.rows] == [("kim", "grade", "yes"), ("seo", "grade", "yes")]
    assert all(row.path.is_relative_to(handed.scratch) for row in collected.rows)


def test_nbgraders_layout_with_its_time(handed):
    handed.put("kim/ps1/week3.ipynb", "kim")
    handed.text("kim/ps1/timestamp.txt", "2026-03-02 10:00:00.5")
    handed.put("lee/ps1/week3.ipynb", "lee")
    handed.text("lee/ps1/timestamp.txt", "2026-03-02 10:00:00 Asia/Seoul")
    handed.put("seo/ps1/week3.ipynb", "seo")
    handed.text("seo/ps1/timestamp.txt", "yesterday")
    collected = handed.collect()
    assert [row.submitted for row in collected.rows if row.state == "grade"] == [
        "2026-03-02T10:00:00.500000+00:00",
        "2026-03-02T10:00:00+09:00",
        None,
    ]
    assert [row.file for row in collected.rows if row.state == "superseded"] == ["seo/ps1/timestamp.txt"]


def test_a_renamed_notebook_is_found(handed):
    handed.put("kim/week3-final (1).ipynb", "kim")
    handed.put("lee.ipynb", "lee")
    assert handed.states() == {"kim/week3-final (1).ipynb": ("kim", "grade"), "lee.ipynb": ("lee", "grade")}


def test_what_is_inside_a_file_moves_it_to_nobody(handed):
    handed.put("week3-final (1).ipynb", "kim")
    row = handed.row("week3-final (1).ipynb")
    assert (row.student, row.state, row.values) == (None, "no student", None)
    assert [student.id for student in handed.collect().missing] == ["kim", "lee", "seo"]


def test_last_weeks_notebook_says_so(handed):
    handed.put("kim.ipynb", "kim", name="week2")
    handed.put("lee.ipynb", name="week2")
    for file, stamp, said in (
        ("kim.ipynb", "yes", "Its stamp says that it is week2."),
        ("lee.ipynb", "none", "Nothing of week3 is in it."),
    ):
        row = handed.row(file)
        assert (row.state, row.stamp, row.values) == ("another assignment", stamp, None)
        assert [flag.detail for flag in row.flags] == [said]
    assert [student.id for student in handed.collect().missing] == ["seo"]


def test_of_two_files_of_one_name_the_higher_number_counts(handed):
    for file in ("kim/week3.ipynb", "kim/week3-2.ipynb", "kim/week3 (1).ipynb"):
        handed.put(file, "kim")
    assert handed.row("kim/week3-2.ipynb").state == "grade"


def test_the_stamp_of_a_neighbour_gives_no_numbers(handed):
    handed.put("kim.ipynb", "lee")
    handed.put("lee.ipynb", "lee")
    row = handed.row("kim.ipynb")
    assert (row.student, row.state, row.stamp, kinds(row)) == ("kim", "grade", "of lee", ["other-student"])
    assert row.values == values_for(handed.exercises["week3"], KEY, "kim") != handed.row("lee.ipynb").values


@pytest.mark.parametrize(("how", "stamp"), [({"student": "lee"}, "of lee"), ({"student": "kim", "forged": True}, "forged")])
def test_a_stamp_that_is_not_ones_own_replaces_nothing(handed, how, stamp):
    handed.put("lee.ipynb", "lee")
    handed.put("kim/old.ipynb", "kim")
    handed.put("kim/week3.ipynb", **how)
    assert handed.states()["kim/old.ipynb"] == ("kim", "grade")
    assert (handed.row("kim/week3.ipynb").state, handed.row("kim/week3.ipynb").stamp) == ("superseded", stamp)


def test_a_stamp_that_was_changed_is_graded_where_there_is_nothing_else(handed):
    handed.put("kim.ipynb", "kim", forged=True)
    row = handed.row("kim.ipynb")
    assert (row.state, row.stamp, kinds(row)) == ("grade", "forged", ["forged"])
    assert row.values == values_for(handed.exercises["week3"], KEY, "kim")


def test_a_wrong_key_is_refused_before_anything_is_graded(handed):
    handed.put("kim.ipynb", "kim", key=OTHER)
    for key, came in ((KEY, f"the key {KEY.id}"), (None, "no key")):
        with pytest.raises(WrongKeyError, match=f"got {came} for notebooks released with {OTHER.id}: put its coursework.key back"):
            handed.collect(key=key)
    handed.put("lee.ipynb", "lee")
    assert (handed.row("kim.ipynb").stamp, handed.row("kim.ipynb").state) == ("other key", "grade")


def test_a_class_list_that_fits_a_few_by_chance_is_asked_for_too(handed):
    for number, student in enumerate(("kim", "lee", "seo")):
        handed.put(f"{'kim' if student == 'kim' else f'other{number}'}.ipynb", student)
    with pytest.raises(WrongKeyError, match="--students"):
        handed.collect(students=None)


def test_a_forgotten_class_list_is_refused(handed):
    handed.put("2024_1001_900123_week3.ipynb", "kim")
    handed.put("2025_1002_900124_week3.ipynb", "lee")
    with pytest.raises(WrongKeyError, match="released for kim, lee and no file of theirs, expected its class list with --stu"):
        handed.collect(students=None)


def test_a_students_own_zip_is_opened(handed):
    notebook = json.dumps(handed.notebook("kim"))
    with zipfile.ZipFile(handed.folder / "kim_1001_900123_homework.zip", "w") as own:
        own.writestr("homework/week3.ipynb", notebook)
        own.writestr("homework/../../out.ipynb", notebook)
        own.writestr("inner.zip", "PK\x03\x04")
    row = handed.row("kim_1001_900123_homework.zip/homework/week3.ipynb")
    assert (row.student, row.state) == ("kim", "grade")
    assert [state for _, state in handed.states().values()].count("superseded") == 2


def test_without_a_class_list_the_platform_names_the_student(handed):
    handed.put("kim.ipynb", "kim")
    handed.put("leejo_1002_900124_week3.ipynb", "Lee, Jo")
    handed.put("Han Soo_7_assignsubmission_file_/x.ipynb", "Soo Han")
    handed.put("park/week3/week3.ipynb", "park")
    handed.text("grades.csv", "kim,10")
    assert handed.states(students=None) == {
        "kim.ipynb": ("kim", "grade"),
        "leejo_1002_900124_week3.ipynb": ("leejo_1002", "grade"),
        "Han Soo_7_assignsubmission_file_/x.ipynb": ("Han Soo_7", "grade"),
        "park/week3/week3.ipynb": ("park", "grade"),
        "grades.csv": (None, "no student"),
    }
    assert {row.stamp for row in handed.collect(students=None).rows if row.state == "grade"} == {"yes"}


def test_a_release_for_all_has_the_first_values(handed):
    handed.put("kim.ipynb", "")
    handed.put("lee.ipynb")
    assert [row.values for row in handed.collect().rows] == [{"m": 1}, {"m": 1}]


def test_groups_are_graded_once(handed):
    students = ClassList(tuple(Student(id, id, (), group) for id, group in [("kim", "A"), ("lee", "A"), ("seo", "B")]), None)
    handed.put("kim.ipynb", "A")
    handed.put("lee.ipynb", "A", answer="...  # your code here")
    collected = handed.collect(students=students)
    assert {row.file: (row.student, row.state, row.stamp) for row in collected.rows} == {
        "kim.ipynb": ("A", "grade", "yes"),
        "lee.ipynb": ("A", "superseded", "yes"),
    }
    assert [student.id for student in collected.missing] == ["seo"]


def test_a_platforms_group_is_known_by_its_name(handed):
    students = ClassList((Student("kim", "kim", (), "Group A"), Student("lee", "lee", (), "Group A")), None)
    handed.put("Group A_55_assignsubmission_file_/x.ipynb", "Group A")
    [row] = handed.collect(students=students).rows
    assert (row.student, row.state, row.stamp) == ("Group A", "grade", "yes")


def test_of_two_attempts_the_later_counts(handed):
    handed.put("kimmin_1001_900123_week3.ipynb", "kim")
    handed.put("kimmin_LATE_1001_900130_week3-1.ipynb", "kim", answer="return x + 2")
    rows = {row.file: row for row in handed.collect().rows}
    later = rows["kimmin_LATE_1001_900130_week3-1.ipynb"]
    assert (later.state, later.late, rows["kimmin_1001_900123_week3.ipynb"].state) == ("grade", True, "superseded")
    assert [flag.detail for flag in later.flags] == [f"Of 2 files {later.file} counts, not kimmin_1001_900123_week3.ipynb."]


def test_work_counts_before_an_empty_notebook(handed):
    handed.put("kim/week3.ipynb", "kim", answer="...  # your code here")
    handed.put("kim/my copy.ipynb", "kim")
    assert handed.row("kim/my copy.ipynb").state == "grade"


def test_what_lies_beside_a_notebook_is_no_second_one(handed):
    handed.put("kim/week3.ipynb", "kim")
    handed.text("kim/week3.pdf", b"%PDF-1.7")
    handed.text("kim/data.csv", "a,b\n1,2")
    handed.text("kim/helper.py", "def helper():\n    return 3")
    handed.put("kim/week2.ipynb", "kim", name="week2")
    collected = handed.collect()
    assert {row.file: row.state for row in collected.rows} == {
        "kim/week3.ipynb": "grade",
        "kim/week3.pdf": "superseded",
        "kim/data.csv": "superseded",
        "kim/helper.py": "superseded",
        "kim/week2.ipynb": "another assignment",
    }
    assert kinds(handed.row("kim/week3.ipynb")) == []


def test_nbgraders_other_notebooks_of_an_assignment_are_passed_over(handed):
    for stamped in ("kim", None):
        handed.put("kim/ps1/week3.ipynb", "kim")
        handed.put("kim/ps1/week2.ipynb", stamped, name="week2")
        row = handed.row("kim/ps1/week2.ipynb")
        assert (row.student, row.state, row.flags) == ("kim", "another assignment", ())
        assert kinds(handed.row("kim/ps1/week3.ipynb")) == []


@pytest.mark.parametrize(
    ("own", "other", "key"),
    [
        ("kim/ps2/week3.ipynb", "kim/ps1/week2.ipynb", KEY),  # another assignment of nbgrader's
        ("kim/week3.ipynb", "kim/week2.ipynb", KEY),  # no folder an assignment
        ("lee/ps1/week3.ipynb", "kim/ps1/week2.ipynb", KEY),  # nothing of this exercise came with it
        ("Kim_1001_assignsubmission_file/a/week3.ipynb", "Kim_1001_assignsubmission_file/a/week2.ipynb", KEY),
        ("kim/ps1/week3.ipynb", "kim/ps1/week2.ipynb", OTHER),  # a stamp that is worth a look
    ],
)
def test_what_else_is_another_assignment_is_told(handed, own, other, key):
    handed.put(own)
    handed.put(other, "kim", name="week2", key=key)
    handed.put("seo/ps1/week3.ipynb", "seo")
    assert handed.row(other).flags


def test_a_later_file_that_is_broken_is_told(handed):
    handed.put("kimmin_1001_900123_week3.ipynb", "kim")
    handed.text("kimmin_1001_900130_week3-1.ipynb", '{"cells": [')
    row = handed.row("kimmin_1001_900123_week3.ipynb")
    assert (row.state, kinds(row)) == ("grade", ["several"])


def test_a_student_whose_files_all_cannot_be_read_has_one_row_that_counts(handed):
    handed.text("kim/a.pdf", b"%PDF-1.7")
    handed.text("kim/b.zip", b"PK\x03\x04")
    rows = handed.collect().rows
    assert sorted(row.state for row in rows) == ["superseded", "unreadable"]
    assert [student.id for student in handed.collect().missing] == ["lee", "seo"]


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "empty"), (b"%PDF-1.7", "a PDF"), (b"PK\x03\x04rest", "a zip archive"), (b"{" * 100_000, "breaks off")],
)
def test_what_cannot_be_read_says_why(handed, content, why):
    handed.text("kimmin_1001_900123_week3.ipynb", content)
    [row] = handed.collect().rows
    assert (row.student, row.state, row.values) == ("kim", "unreadable", None)
    assert why in row.flags[-1].detail
    assert len(row.sha256) == 64


def test_links_and_pipes_are_rows(handed):
    secret = handed.put("../secret.ipynb", "kim")
    os.symlink(secret, handed.folder / "kim.ipynb")
    os.mkfifo(handed.folder / "lee.ipynb")
    rows = handed.collect().rows
    assert [(row.student, row.state, row.path) for row in rows] == [("kim", "unreadable", None), ("lee", "unreadable", None)]


def test_names_that_differ_in_case_or_composition_are_one_student(handed):
    handed.put("김민수.ipynb", answer="return 1")
    handed.put("김민수.py", answer="return 2")
    handed.put("Kim.ipynb")
    handed.put("kim/week3.ipynb")
    rows = handed.collect(students=None).rows
    assert sorted((row.student.casefold(), row.state) for row in rows) == [
        ("kim", "grade"),
        ("kim", "superseded"),
        ("김민수", "grade"),
        ("김민수", "superseded"),
    ]
    assert len({row.student for row in rows}) == 2


def test_a_name_is_made_fit_for_a_file(handed):
    for name in ("a\nb.ipynb", "a\\..\\x.ipynb", "​.ipynb", f"{'나' * 80}.ipynb"):
        handed.put(name)
    students = [row.student for row in handed.collect(students=None).rows]
    assert all("/" not in student and "\\" not in student and len(student.encode()) <= 200 for student in students)


def test_one_file_stops_nobody(handed, monkeypatch):
    handed.put("kim.ipynb", "kim")
    handed.text("lee.ipynb", b"{}")

    def failing(*_):
        raise RecursionError

    monkeypatch.setattr("coursework.handin.cells.match", failing)
    assert {row.state for row in handed.collect().rows} == {"unreadable"}


def test_a_source_with_other_variants_since_draws_anew(handed, exercises):
    notebook = handed.put("kim.ipynb", "kim")
    token = make_stamp(Stamp("week3", "0" * 12, {"gone": 3}, "kim"), KEY)
    made = json.loads(notebook.read_text())
    made["cells"][1]["source"] = f"import math\n# {token}"
    notebook.write_text(json.dumps(made))
    [row] = handed.collect().rows
    assert row.values == values_for(exercises["week3"], KEY, "kim")
    assert kinds(row) == ["other-version"]


def test_a_release_keeps_its_stamp_through_converters(handed, exercises):
    exercise = exercises["week3"]
    values = values_for(exercise, KEY, "kim")
    token = make_stamp(Stamp("week3", exercise.sha256[:12], values, "kim"), KEY)
    released = student_notebook(exercise.with_values(values), stamp=token)  # a converter leaves at least one of its three
    for file, form in (("kim.ipynb", "ipynb"), ("kim/a.py", "py:percent"), ("kim/a.md", "md:myst"), ("kim/b.md", "md")):
        handed.text(file, jupytext.writes(released, fmt=form))
    handed.text("kim/c.py", "\n\n".join(cell.source for cell in released.cells if cell.cell_type == "code"))
    assert [row.stamp for row in handed.collect().rows] == ["yes"] * 5


def test_a_time_that_a_student_wrote_is_not_believed(handed):
    handed.put("Min Kim_7782_assignsubmission_file_/a/week3.ipynb", "kim")
    handed.text("Min Kim_7782_assignsubmission_file_/a/timestamp.txt", "2020-01-01 00:00:00 UTC")
    assert {row.submitted for row in handed.collect().rows} == {None}


def test_by_a_class_list_only_its_name_is_the_stamps(handed):
    handed.put("seo_1001_900123_week3.ipynb", "seo")  # Canvas's id says kim
    row = handed.row("seo_1001_900123_week3.ipynb")
    assert (row.student, row.stamp, kinds(row)) == ("kim", "of seo", ["two-students", "other-student"])


def test_a_stamp_counts_more_than_what_is_left_of_the_cells(handed, exercises):
    made = handed.notebook("kim")
    handed.text("kim.ipynb", json.dumps(made | {"cells": made["cells"][:2]}))
    assert handed.states()["kim.ipynb"] == ("kim", "grade")
    token = make_stamp(Stamp("week2", "0" * 12, {}, "lee"), KEY)
    made = handed.notebook(None)
    made["cells"][1]["source"] += f"\n# {token}"
    handed.text("lee.ipynb", json.dumps(made))
    assert handed.states()["lee.ipynb"] == ("lee", "another assignment")


def test_practice_has_no_key_and_takes_a_stamp_of_elsewhere_at_its_word(handed):
    handed.put("kim.ipynb", "kim", name="week2")
    handed.put("lee.ipynb")
    assert handed.states(key=None) == {"kim.ipynb": ("kim", "another assignment"), "lee.ipynb": ("lee", "grade")}
    assert handed.row("lee.ipynb", key=None).values == {"m": 1}


def test_another_assignment_that_defines_the_same_names_is_told_by_its_cells(handed):
    made = handed.notebook(None, name="week2")
    made["cells"][2]["source"] = "def week3(x):\n    return x"
    handed.text("kim.ipynb", json.dumps(made))
    assert handed.states()["kim.ipynb"] == ("kim", "another assignment")


def test_rows_hold_no_path_twice(handed):
    handed.put("kim/week3.ipynb", "kim")
    handed.text("kim/notes/x.txt", "x")
    rows = handed.collect().rows
    assert sorted(row.file for row in rows) == sorted(str(p.relative_to(handed.folder)) for p in Path(handed.folder).rglob("*.*"))
