"""The front matter of a source: what goes out with it, when it is due, what lateness costs, what may not be imported."""

import pickle

import pytest

from coursework.assignment.settings import read_settings
from coursework.assignment.source import SourceError, load_source
from coursework.assignment.stamp import make_key
from tests.support import private

FRONT = "companion: {variants: {n: [3, 4], word: [red, othermark]}"


def exercise(folder, more):
    private.folder(folder, private.SOURCE.replace(FRONT, f"{FRONT}, {more}"))
    (folder / "data.csv").write_text("1\n")
    return load_source(folder / "double.md")


def test_settings_are_read_and_stay_when_values_are_filled_in(tmp_path):
    more = 'files: [data.csv], due: "2026-12-01T23:59+09:00", late: {per_day: 0.1, days: 3, grace_minutes: 10}, forbid: [companion.losses]'
    read = exercise(tmp_path, more)
    for each in (read, read.with_values({"n": 4, "word": "red"}), pickle.loads(pickle.dumps(read))):
        assert each.files == ("data.csv",)
        assert each.due == "2026-12-01T23:59+09:00"
        assert each.late == {"per_day": 0.1, "days": 3, "grace_minutes": 10}
        assert each.forbid == ("companion.losses",)


def test_without_settings_there_are_none(tmp_path):
    assert read_settings(None, tmp_path) == ({}, (), None, {}, ())


@pytest.mark.parametrize(
    ("due", "said"),
    [
        ("2026-12-01T23:59:00+09:00", "2026-12-01T23:59+09:00"),  # without quotes YAML makes a time of it
        ("2026-12-01 23:59:30Z", "2026-12-01T23:59:30+00:00"),
        ("'2026-12-01T23:59+0900'", "2026-12-01T23:59+09:00"),
    ],
)
def test_a_due_time_may_be_written_with_quotes_or_without(tmp_path, due, said):
    assert exercise(tmp_path, f"due: {due}").due == said


REFUSED = {
    "fils: [data.csv]": "got companion: .*expected .*with variants, files, due, late, forbid",
    "files: data.csv": "got files: data.csv, expected",
    "files: [none.csv]": "got 'none.csv' among the files, .*there is none",
    "files: [.]": "begins or ends with a dot",
    "files: [../double.md]": "begins or ends with a dot",
    "files: [/etc/passwd]": "it is empty",
    "files: ['a\\b']": r"it holds \\",
    "files: [folder]": "it is none",
    "files: [link.csv]": "it is a link",
    "files: [linked/data.csv]": "it is a link",
    "files: [coursework.key]": "it is your key",
    "files: [data.csv, data.csv]": "expected each once",
    "due: 2026-12-01": "got due: 2026-12-01, expected a time with its distance from UTC",
    "due: 2026-12-01T23:59": "expected a time with its distance",
    "due: soon": "expected a time",
    "late: 3": "got late: 3, expected per_day",
    "late: {per_day: 10}": "expected per_day",
    "late: {per_day: 0.1, days: -1}": "expected per_day",
    "late: {per_day: 0.1, hours: 3}": "expected per_day",
    "late: {per_day: 0.1, days: .nan}": "expected per_day",
    "late: {per_day: 0.1, days: .inf}": "expected per_day",
    "late: {per_day: true}": "expected per_day",
    "forbid: companion": "got forbid: companion, expected",
    "forbid: ['import os']": "got forbid",
}


@pytest.mark.parametrize(("more", "said"), REFUSED.items())
def test_settings_that_are_none_are_refused(tmp_path, more, said):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "data.csv").write_text("1\n")
    (tmp_path / "link.csv").symlink_to("data.csv")
    (tmp_path / "linked").symlink_to("folder")
    make_key(tmp_path)
    with pytest.raises(SourceError, match=f"double.md: front matter: .*{said}"):
        exercise(tmp_path, more)


@pytest.mark.parametrize("values", ["[2026-12-01, 3]", "[.inf, 3]", "[{1: 2}, 3]"])
def test_a_variant_must_be_the_same_after_it_was_written_down(tmp_path, values):
    with pytest.raises(SourceError, match=r"for the variant n, expected text \(in quotes\), numbers"):
        load_source(private.folder(tmp_path, private.SOURCE.replace("n: [3, 4]", f"n: {values}")) / "double.md")


def test_only_code_that_comes_with_the_exercise_can_be_left_out_of_grading(tmp_path):
    tag = "```{code-cell} ipython3\n:tags: [not-graded]\n"
    given = private.SOURCE.replace("```{code-cell} ipython3\nimport", tag + "\nimport")
    exercise = load_source(private.folder(tmp_path, given) / "double.md")
    assert exercise.not_graded == exercise.with_values({"n": 4, "word": "red"}).not_graded == ("import companion",)
    for role in ("answer: double}", "test: double"):
        source = private.SOURCE.replace("```{code-cell} ipython3\n:companion: {" + role, tag + ":companion: {" + role)
        with pytest.raises(SourceError, match="got the tag not-graded, expected it only on code that comes with the exercise"):
            load_source(private.folder(tmp_path, source) / "double.md")
