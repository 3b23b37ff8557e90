"""Grading a folder: a row for every file, one result each, resumable, in slices; what is damaged, edited or changed is made again."""

import errno
import json
import os
import zipfile

import pytest

from coursework.assignment.roster import ClassList, Student
from coursework.assignment.source import load_source
from coursework.assignment.stamp import Key
from coursework.assignment.variants import UNKEYED, secret_seed
from coursework.samples import small
from coursework.scoring.grade import grade, rules_of, slice_of
from coursework.scoring.grader import GradeError
from coursework.scoring.pool import NotFinishedError, Pool
from coursework.scoring.results import read_result
from coursework.scoring.scorer import grade_submission
from coursework.scoring.terms import Terms

FIELDS = {
    *(
        "format",
        "exercise",
        "student",
        "submission_sha256",
        "source_sha256",
        "rules_sha256",
        "values",
        "status",
        "score",
        "max_score",
    ),
    *("tests", "flags", "words", "output", "output_after", "seconds", "sha256"),
}
CLASS = ClassList((Student("kim", "Kim, Minsu"), Student("lee", "Lee Min"), Student("choi", "Choi Yu")))


@pytest.fixture
def submitted(tmp_path, exercise):
    """A folder of two submissions."""
    folder = tmp_path / "submitted"
    folder.mkdir()
    hand_in(folder, exercise, "kim")
    hand_in(folder, exercise, "lee", {"guess": "prediction = 0.69"})
    return folder


def hand_in(folder, exercise, student, answers=small.ANSWERS):
    (folder / f"{student}.ipynb").write_text(json.dumps(small.notebook(exercise, answers)), encoding="utf-8")


@pytest.fixture
def quick(supervisor, monkeypatch):
    """Grade in this process's own supervisor, where a test is about the folder and not about the processes."""

    class InProcess(Pool):
        def add(self, count):
            pass

        def run(self, tasks):
            for task in tasks:
                exercise = self.settings.exercise.with_values(task.values)
                yield task, grade_submission(exercise, task.path, supervisor, self.settings.terms)

    monkeypatch.setattr("coursework.scoring.grade.Pool", InProcess)


@pytest.fixture
def counted(monkeypatch):
    """Grade nothing: every submission has the points that stand here."""
    from coursework.scoring.results import lost

    points = {}

    class Nobody(Pool):
        def add(self, count):
            pass

        def run(self, tasks):
            for task in tasks:
                points.setdefault(task.student, 4)
                yield task, lost(self.settings.exercise, ())._replace(status="graded", score=points[task.student])

    monkeypatch.setattr("coursework.scoring.grade.Pool", Nobody)
    return points


def run(exercise, submitted, out, **changes):
    return grade(exercise, submitted, out=out, **{"jobs": 1, "progress": False, **changes})


def loaded(out):
    return {path.stem: read_result(path) for path in (out / "small" / "students").glob("*.json")}


def scores(out):
    return {student: result["score"] for student, result in loaded(out).items()}


def test_nbgraders_other_notebooks_need_no_look(exercise, tmp_path, quick):
    made = {"small": small.notebook(exercise), "other": {"cells": [small.code("x = 1")], "metadata": {}, "nbformat": 4}}
    for name in ("kim/ps1/small", "kim/ps1/other", "lee/ps1/other"):
        path = tmp_path / "collected" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(made[path.stem]))
    summary = run(exercise, tmp_path / "collected", tmp_path / "results")
    assert (summary.graded, summary.odd, summary.flagged) == (1, 1, 0)
    assert [note.split(".ipynb")[0] for note in summary.notes] == ["lee/ps1/other"]


def test_a_folder_is_graded_and_each_field_is_there(exercise, submitted, tmp_path, quick):
    (submitted / "park.ipynb").write_bytes(b"")
    out = tmp_path / "results"
    summary = run(exercise, submitted, out, students=CLASS, command=["coursework", "grade"])
    assert (summary.graded, summary.kept, summary.unreadable, summary.odd) == (2, 0, 0, 1)
    assert (summary.mean, summary.median, summary.max_score) == (5.5, 5.5, 10)
    assert summary.missing == ("choi",)
    assert scores(out) == {"kim": 10, "lee": 1}
    assert all(set(result) == FIELDS for result in loaded(out).values())
    assert [test["message"] for test in loaded(out)["lee"]["tests"]][:2] == ["", "Not answered yet."]
    about = read_result(out / "small" / "class.json")
    assert [(row["student"], row["state"]) for row in about["rows"]] == [("kim", "grade"), ("lee", "grade"), (None, "no student")]
    assert (about["missing"], [student["id"] for student in about["students"]]) == (["choi"], ["kim", "lee", "choi"])
    assert (about["max_score"], about["command"], about["due"], about["late"]) == (10, ["coursework", "grade"], None, {})
    assert [test["id"] for test in about["tests"]] == list(small.POINTS)
    assert about["written"][0]["id"] == "why"


def test_a_zip_as_a_platform_makes_it_is_graded(exercise, submitted, tmp_path, quick):
    with zipfile.ZipFile(tmp_path / "week.zip", "w") as archive:
        archive.write(submitted / "kim.ipynb", "kimminsu_1001_900123_small.ipynb")
        archive.write(submitted / "lee.ipynb", "minlee_LATE_1002_900124_small-1.ipynb")
    run(exercise, tmp_path / "week.zip", tmp_path / "results", students=CLASS)
    assert scores(tmp_path / "results") == {"kim": 10, "lee": 1}
    rows = read_result(tmp_path / "results" / "small" / "class.json")["rows"]
    assert [(row["student"], row["late"]) for row in rows] == [("kim", False), ("lee", True)]


def test_what_holds_is_kept_and_what_changed_is_graded_again(exercise, submitted, tmp_path, counted):
    out = tmp_path / "results"
    assert run(exercise, submitted, out).kept == 0
    os.utime(out / "small" / "students" / "kim.json", (1, 1))
    hand_in(submitted, exercise, "lee")
    counted["lee"] = 9
    summary = run(exercise, submitted, out)
    assert (summary.kept, [tuple(change) for change in summary.changes]) == (1, [("lee", 4, 9)])
    assert (out / "small" / "students" / "kim.json").stat().st_mtime == 1


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, 2),
        ({"force": True}, 0),
        ({"terms": Terms(timeout=9)}, 2),
        ({"terms": Terms(forbid=("companion.losses",))}, 0),
        ({"terms": Terms(forbid=("companion.losses", "companion.losses"))}, 0),
    ],
)
def test_a_result_hangs_on_what_is_forbidden(exercise, submitted, tmp_path, counted, change, kept):
    run(exercise, submitted, tmp_path / "results")
    assert run(exercise, submitted, tmp_path / "results", **change).kept == kept


def test_a_result_hangs_on_the_source_and_on_files_that_go_with_it(exercise, submitted, tmp_path, counted):
    out, data = tmp_path / "results", exercise.path.parent / "data.csv"
    data.write_text("1")
    with_data = exercise._replace(files=("data.csv",))
    run(with_data, submitted, out)
    assert run(with_data, submitted, out).kept == 2
    data.write_text("2")
    assert run(with_data, submitted, out).kept == 0
    assert run(with_data._replace(sha256="another"), submitted, out).kept == 0


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text.replace('"max_score": 10', '"max_score": 800'), "edited or damaged"),
        (lambda text: text[:100], "cannot be read"),
        (lambda text: "[]", "format"),
    ],
)
def test_a_damaged_or_edited_result_is_made_again_and_said_so(exercise, submitted, tmp_path, counted, damage, said):
    out = tmp_path / "results"
    run(exercise, submitted, out)
    for path in (out / "small" / "students" / "kim.json", out / "small" / "class.json"):
        path.write_text(damage(path.read_text(encoding="utf-8")), encoding="utf-8")
    summary = run(exercise, submitted, out)
    assert (summary.kept, [tuple(change) for change in summary.changes]) == (1, [("kim", None, 4)])
    assert len(summary.notes) == 2
    assert all(said in note for note in summary.notes)
    assert run(exercise, submitted, out).notes == ()


def test_a_failed_result_is_tried_again(exercise, submitted, tmp_path, counted, monkeypatch):
    out = tmp_path / "results"
    run(exercise, submitted, out)
    path = out / "small" / "students" / "kim.json"
    from coursework.scoring.results import write_result

    write_result(path, {**read_result(path), "status": "failed"})
    assert run(exercise, submitted, out).kept == 1


def test_exercises_have_folders_of_their_own(exercise, submitted, tmp_path, counted):
    run(exercise, submitted, tmp_path / "results")
    run(exercise._replace(name="other"), submitted, tmp_path / "results")
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == ["other", "small"]


def test_marks_that_a_person_gave_are_never_touched(exercise, submitted, tmp_path, counted):
    marks = tmp_path / "results" / "small" / "marks" / "kim.json"
    marks.parent.mkdir(parents=True)
    marks.write_text("a person's")
    run(exercise, submitted, tmp_path / "results", force=True)
    (submitted / "kim.ipynb").unlink()
    run(exercise, submitted, tmp_path / "results", force=True)
    assert marks.read_text() == "a person's"


def test_a_result_whose_file_was_renamed_is_put_aside(exercise, submitted, tmp_path, counted):
    out = tmp_path / "results"
    run(exercise, submitted, out)
    (submitted / "lee.ipynb").rename(submitted / "leemin.ipynb")
    summary = run(exercise, submitted, out)
    assert set(loaded(out)) == {"kim", "leemin"}
    assert (out / "small" / "aside" / "lee.json").is_file()
    assert "lee: the file that this result was of is gone" in summary.notes[0]


def test_those_of_another_folder_stay(exercise, submitted, tmp_path, counted):
    """Who handed in late comes in a second zip."""
    out, late = tmp_path / "results", tmp_path / "late"
    run(exercise, submitted, out, students=CLASS)
    late.mkdir()
    hand_in(late, exercise, "choi")
    summary = run(exercise, late, out, students=CLASS)
    assert set(loaded(out)) == {"kim", "lee", "choi"}
    assert summary.missing == ()
    assert {row["student"] for row in read_result(out / "small" / "class.json")["rows"]} == {"kim", "lee", "choi"}


def test_a_group_of_another_folder_stays(exercise, submitted, tmp_path, counted):
    """Its members are known by other names than its file."""
    groups = ClassList(
        (Student("kim1", "Kim", (), "kim"), Student("kim2", "Kims", (), "kim"), Student("choi1", "Choi", (), "choi"))
    )
    late = tmp_path / "late"
    late.mkdir()
    hand_in(late, exercise, "choi")
    assert run(exercise, submitted, tmp_path / "results", students=groups).missing == ("choi1",)
    assert run(exercise, late, tmp_path / "results", students=groups).missing == ()


def test_only_some_are_graded_by_any_name_of_the_class_list(exercise, submitted, tmp_path, counted):
    out = tmp_path / "results"
    assert run(exercise, submitted, out, students=CLASS, only=["Minsu Kim"]).graded == 1
    assert set(loaded(out)) == {"kim"}
    assert len(read_result(out / "small" / "class.json")["rows"]) == 2
    with pytest.raises(GradeError, match=r"--only: got choi, who handed nothing in; expected one of kim, lee$"):
        run(exercise, submitted, out, students=CLASS, only=["choi"])


def test_only_somebody_whose_file_cannot_be_graded_says_why_and_names_few(exercise, submitted, tmp_path, counted):
    (submitted / "park.ipynb").write_bytes(b"%PDF-1.7")
    with pytest.raises(GradeError, match=r"got Park, of whom nothing can be graded: park.ipynb: unreadable\. The file is a PDF"):
        run(exercise, submitted, tmp_path / "results", only=["Park"])
    for number in range(20):
        hand_in(submitted, exercise, f"s{number:02}")
    with pytest.raises(GradeError, match=r"expected one of kim, lee, s00, .*, s07 and 12 more$"):
        run(exercise, submitted, tmp_path / "results", only=["choi"])


def test_only_some_hears_nothing_of_the_others(exercise, submitted, tmp_path, counted):
    for name in ("choi", "ghost"):
        (submitted / f"{name}.ipynb").write_bytes(b"%PDF-1.7")
    students = ClassList((*CLASS.students, Student("park", "Park")))
    whole = run(exercise, submitted, tmp_path / "results", students=students)
    assert (whole.handed_in, whole.odd, len(whole.notes), whole.missing) == (3, 2, 2, ("park",))
    some = run(exercise, submitted, tmp_path / "results", students=students, only=["kim"])
    assert (some.handed_in, some.odd, some.notes, some.missing) == (1, 0, (), ())


def test_only_some_with_a_changed_source_says_how_many_others_are_of_the_old_one(exercise, submitted, tmp_path, counted):
    out, changed = tmp_path / "results", exercise._replace(sha256="another")
    hand_in(submitted, exercise, "park")
    run(exercise, submitted, out)
    assert run(exercise, submitted, out, only=["kim"], force=True).notes == ()
    assert run(changed, submitted, out, only=["kim"]).notes == (
        "2 other results were made with another version of the source: run without --only to make them again",
    )
    assert run(changed, submitted, out, only=["kim", "lee"]).notes == (
        "1 other result was made with another version of the source: run without --only to make it again",
    )
    assert run(changed, submitted, out).notes == ()


def test_the_last_lines_count_students_files_and_points_apart(exercise, submitted, tmp_path, counted):
    (submitted / "park.ipynb").write_bytes(b"%PDF-1.7")
    students = ClassList((*CLASS.students, Student("park", "Park")))
    said = str(run(exercise, submitted, tmp_path / "results", students=students)._replace(per_minute=54.4))
    assert said.splitlines() == [
        "grade: 2 of 3 students who handed in are graded (0 kept from before), 0 flagged; "
        "1 file is unreadable, of another assignment or nobody's; 1 handed nothing in",
        "grade: tests: mean 4.00, median 4 of 10; 2 more points are marked by hand; 54 a minute",
    ]
    one = str(run(exercise, submitted, tmp_path / "results", students=students, only=["kim"]))
    assert one.startswith("grade: 1 of 1 student who handed in is graded (1 kept from before), 0 flagged\ngrade: tests: mean 4.00")


def test_every_student_is_in_one_slice_whatever_the_case_of_the_name():
    names = [f"s{i}" for i in range(50)]
    slices = [[name for name in names if slice_of(name, 7) == i] for i in range(7)]
    assert sorted(name for part in slices for name in part) == sorted(names)
    assert slice_of("kim", 7) == slice_of("Kim", 7)
    assert max(map(len, slices)) < 20


def test_slices_together_are_the_whole(exercise, submitted, tmp_path, counted):
    out = tmp_path / "results"
    graded = [run(exercise, submitted, out, shard=(i, 3)).graded for i in (1, 2, 3)]
    assert sum(graded) == 2
    assert set(loaded(out)) == {"kim", "lee"}


@pytest.mark.parametrize(("number", "said"), [(errno.ENOSPC, "the disk is full"), (errno.EACCES, "Permission denied")])
def test_a_disk_that_takes_no_more_names_the_file_and_the_run_goes_on_later(
    exercise, submitted, tmp_path, counted, monkeypatch, number, said
):
    out, replace = tmp_path / "results", os.replace

    def full(part, path):
        if path.name == "lee.json":
            raise OSError(number, os.strerror(number), str(part))
        replace(part, path)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(NotFinishedError, match=f"lee.json: {said}; results made so far are kept"):
        run(exercise, submitted, out)
    monkeypatch.setattr(os, "replace", replace)
    assert set(loaded(out)) == {"kim"}
    assert run(exercise, submitted, out).kept == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"jobs": 0}, "jobs: got 0"),
        ({"terms": Terms(timeout=0)}, "timeout: got 0"),
        ({"terms": Terms(wall=-1)}, "wall: got -1"),
        ({"shard": (3, 2)}, "shard: got 3/2"),
    ],
)
def test_what_cannot_begin_says_why(exercise, submitted, tmp_path, changes, message):
    with pytest.raises(GradeError, match=message):
        run(exercise, submitted, tmp_path / "results", **changes)
    assert not (tmp_path / "results").exists()


def test_a_folder_without_submissions_no_folder_and_no_zip(exercise, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "no.zip").write_bytes(b"no zip")
    for name, said in (("empty", "no submission for small"), ("nothing", "got nothing there"), ("no.zip", "cannot be unpacked")):
        with pytest.raises(GradeError, match=said):
            run(exercise, tmp_path / name, tmp_path / "results")
    assert not (tmp_path / "results").exists()


@pytest.fixture(scope="module")
def variants(tmp_path_factory):
    """An exercise whose number hangs on the student."""
    text = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
companion: {variants: {n: [3, 5, 7, 11, 13, 17]}}
---

# Exercises: variants

```{code-cell} ipython3
:companion: {answer: answer}

answer = None  # your answer: {{n}} times two
### BEGIN SOLUTION
answer = {{n}} * 2
### END SOLUTION
```

```{code-cell} ipython3
:companion: {test: answer, points: 1}

print(answer)
### BEGIN HIDDEN TESTS
assert answer == 2 * {{n}}, "Another number was asked for."
### END HIDDEN TESTS
```
"""
    path = tmp_path_factory.mktemp("variants") / "variants.md"
    path.write_text(text, encoding="utf-8")
    return load_source(path)


def test_a_class_has_one_seed_drawn_with_its_key_and_nothing_of_it_is_in_a_result(exercise, submitted, tmp_path, quick):
    key, seed = Key(b"k" * 16), secret_seed(exercise, Key(b"k" * 16))
    asked = [
        test._replace(code=f"raise ValueError(secret_seed == {seed})") if test.id == "draw" else test for test in exercise.tests
    ]
    exercise = exercise._replace(tests=tuple(asked))
    details = {}
    for each in (key, None):
        out = tmp_path / f"results-{each is not None}"
        for _ in range(2):
            run(exercise, submitted, out, key=each, force=True)
            found = {student: result["tests"][2]["detail"] for student, result in loaded(out).items()}
            assert details.setdefault(each, found) == found, "graded twice, it is the same"
        files = "".join(path.read_text() for path in out.rglob("*.json"))
        assert not any(str(number) in files for number in (seed, UNKEYED))
    assert details == {
        key: {"kim": "ValueError: True", "lee": "ValueError: True"},
        None: dict.fromkeys(("kim", "lee"), "ValueError: False"),
    }


def test_the_sum_of_rules_in_a_result_is_not_of_the_seed(exercise):
    """It has 31 bits, which somebody could go through."""
    key = Key(b"k" * 16)
    assert rules_of(exercise, Terms(seed=1), key) == rules_of(exercise, Terms(seed=2), key)


def test_a_result_hangs_on_the_key(exercise, submitted, tmp_path, counted):
    for key, kept in ((None, 0), (None, 2), (Key(bytes(16)), 0), (Key(bytes(16)), 2), (Key(b"k" * 16), 0), (None, 0)):
        assert run(exercise, submitted, tmp_path / "results", key=key).kept == kept


def test_each_student_is_graded_with_the_own_values_and_another_key_is_refused(variants, tmp_path, quick):
    from coursework.assignment.release import release

    key = Key(b"k" * 16)
    names = ("kim", "lee", "park")
    students = ClassList(tuple(Student(name, name) for name in names))
    release([variants], tmp_path / "released", students=students, key=key)
    values = {}
    for name in names:
        path = tmp_path / "released" / name / "variants.ipynb"
        made = json.loads(path.read_text(encoding="utf-8"))
        text = "".join(small.cell_of(made, "answer")["source"])
        values[name] = next(n for n in variants.variants["n"] if f"answer: {n} times two" in text)
        small.cell_of(made, "answer")["source"] = f"answer = {2 * values[name]}"
        path.write_text(json.dumps(made), encoding="utf-8")
    run(variants, tmp_path / "released", tmp_path / "results", key=key, students=students)
    results = {path.stem: read_result(path) for path in (tmp_path / "results" / "variants" / "students").iterdir()}
    assert {name: (result["score"], result["values"]) for name, result in results.items()} == {
        name: (1, {"n": value}) for name, value in values.items()
    }
    for other in (Key(b"x" * 16), None):
        with pytest.raises(GradeError, match=r"put its coursework\.key back"):
            run(variants, tmp_path / "released", tmp_path / "others", key=other, students=students)
    assert not (tmp_path / "others").exists()
