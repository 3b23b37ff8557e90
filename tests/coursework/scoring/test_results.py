"""Files of results: whole or not there, and one that somebody edited is found out."""

import json
import os

import pytest

from coursework.scoring.results import FORMAT, DamagedError, read_result, result_file, write_result

CONTENT = {"format": FORMAT, "student": "김민수", "score": 8, "words": {"why": "Weil es “so” ist.\n"}, "seconds": 0.1}


@pytest.fixture
def path(tmp_path):
    path = result_file(tmp_path, "kim")
    write_result(path, CONTENT)
    return path


def test_what_was_written_is_read_again(path):
    read = read_result(path)
    assert {key: value for key, value in read.items() if key != "sha256"} == CONTENT


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text.replace('"score": 8', '"score": 800'), "edited or damaged"),
        (lambda text: text.replace('"sha256": "', '"sha256": "0'), "edited or damaged"),
        (lambda text: text[: len(text) // 2], "breaks off or is no JSON"),
        (lambda text: "", "breaks off or is no JSON"),
        (lambda text: "[" * 100_000, "breaks off or is no JSON"),
        (lambda text: "[1]", "got a file of format 'list'"),
        (lambda text: text.replace(f'"format": {FORMAT}', '"format": 1'), "got a file of format 1, expected one of format 2"),
    ],
)
def test_a_damaged_or_edited_file_says_so(path, damage, said):
    path.write_text(damage(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(DamagedError, match=said) as caught:
        read_result(path)
    assert str(path) in str(caught.value)


def test_spaces_and_order_of_the_keys_are_no_damage(path):
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(dict(reversed(content.items()))), encoding="utf-8")
    assert read_result(path)["score"] == 8


def test_a_file_that_is_not_there_is_not_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_result(tmp_path / "none.json")


def test_a_file_that_cannot_be_opened_says_why(tmp_path):
    with pytest.raises(DamagedError, match="Is a directory"):
        read_result(tmp_path)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(path, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left") as caught:
        write_result(path, {**CONTENT, "score": 9})
    assert caught.value.filename == str(path)
    monkeypatch.undo()
    assert read_result(path)["score"] == 8
    assert [each.name for each in path.parent.iterdir()] == ["kim.json"]
