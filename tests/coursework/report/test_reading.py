"""Result files read again: what is damaged is named, and everything else is used."""

import json
import os
import unicodedata

import pytest

from coursework.report.reading import ReportError, filled, read, read_all
from tests.support.graded import graded, result


def test_a_folder_is_an_exercise_or_holds_exercises(tmp_path):
    graded(tmp_path / "week3", [result("kim")])
    graded(tmp_path / "week4", [result("lee")])
    (tmp_path / "notes").mkdir()
    assert [each.exercise for each in read_all(tmp_path)] == ["week3", "week4"]
    assert set(read_all(tmp_path / "week4")[0].results) == {"lee"}


@pytest.mark.parametrize("name", ["none", "."])
def test_a_folder_without_results_is_refused(tmp_path, name):
    with pytest.raises(ReportError, match="expected the folder of results"):
        read_all(tmp_path / name)


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 1}', "[" * 100_000, "\udce4"])
def test_a_damaged_file_is_named_and_the_others_are_read(tmp_path, content):
    folder = graded(tmp_path / "week3", [result("kim"), result("lee")])
    for name in ("students/kim.json", "marks/kim.json"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content.encode("utf-8", "surrogateescape"))
    found = read(folder)
    assert set(found.results) == {"lee"}
    assert [path.relative_to(folder).as_posix() for path in found.damaged] == ["students/kim.json", "marks/kim.json"]
    assert all(str(path) in line for path, line in found.damaged.items())


def test_an_edited_result_is_a_damaged_one(tmp_path):
    folder = graded(tmp_path / "week3", [result("kim", (0, 0))])
    path = folder / "students" / "kim.json"
    path.write_text(path.read_text().replace('"score": 0', '"score": 500'))
    assert "grade again" in read(folder).damaged[path]


def test_a_result_under_another_name_is_a_damaged_one(tmp_path):
    folder = graded(tmp_path / "week3", [result("kim")])
    path = folder / "students" / "lee.json"
    path.write_bytes((folder / "students" / "kim.json").read_bytes())
    found = read(folder)
    assert set(found.results) == {"kim"}
    assert "got the result of kim" in found.damaged[path]


def test_a_name_that_a_mac_has_taken_apart_is_the_same(tmp_path):
    folder = graded(tmp_path / "week3", [result("한서")])
    os.rename(folder / "students" / "한서.json", folder / "students" / unicodedata.normalize("NFD", "한서.json"))
    found = read(folder)
    assert set(found.results) == {"한서"}
    assert not found.damaged


def test_a_damaged_class_is_refused_by_name(tmp_path):
    folder = graded(tmp_path / "week3", [result("kim")])
    content = json.loads((folder / "class.json").read_text()) | {"due": "2027-01-01"}
    (folder / "class.json").write_text(json.dumps(content))
    with pytest.raises(ReportError, match=r"class\.json: its content is not what was written.*: grade again"):
        read(folder)


def test_placeholders_that_nobody_gave_stay():
    assert filled("{{ m }} and {{n}}", {"m": 2}) == "2 and {{n}}"
