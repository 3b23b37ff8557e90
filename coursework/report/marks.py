"""What a person gives: points, level of the rubric and comment of each answer in words, and a comment on the whole.

    marks/kim.json   {format, exercise, student, comment, marks: {id: {points, level, comment, answer}}}

`answer` is the beginning of the SHA-256 of the text that was marked: where it no longer fits, the student has handed in another answer
since, and the mark is shown as one to look at again.
"""

import hashlib
import json
import unicodedata
from pathlib import Path
from typing import NamedTuple

from coursework.files import write_whole

FORMAT = 2
LONGEST = 10_000  # characters of a comment


class MarksError(ValueError):
    """A file of marks cannot be used; says which, what came and what was expected."""


class Mark(NamedTuple):
    """What one answer in words got.

    points: None where only a comment was written yet. level: index into the rubric, worst first, or None where points were typed.
    answer: `fingerprint` of the text that was marked.
    """

    points: float | int | None = None
    level: int | None = None
    comment: str = ""
    answer: str = ""


class Marks(NamedTuple):
    """What a person gave to one student or group. marks: by the id of the written answer. comment: on the whole."""

    student: str
    exercise: str
    marks: dict[str, Mark]
    comment: str = ""


def fingerprint(text: str) -> str:
    """A short name of a text, by which a mark knows the answer that it was given to.

    >>> fingerprint("Two nats.")
    '6c5fdff3dadb'
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def marks_file(folder: Path, student: str) -> Path:
    """Where the marks of a student or group are, in the folder of an exercise's results."""
    return folder / "marks" / f"{student}.json"


def read_marks(path: Path) -> Marks:
    """Read a file of marks.

    Raises:
        MarksError: it cannot be read, or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        marks = {name: Mark(**mark) for name, mark in content["marks"].items()}
        found = Marks(content["student"], content["exercise"], marks, content["comment"])
    except OSError as error:
        raise MarksError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise MarksError(
            f"{path}: got no marks ({type(error).__name__}: {str(error)[:80]}), expected a file that `mark` wrote; move it away"
        ) from error
    if (
        found.student != unicodedata.normalize("NFC", path.stem)
        or not all(map(_is_mark, marks.values()))
        or not isinstance(found.comment, str)
    ):
        raise MarksError(f"{path}: got marks that are not as `mark` writes them, expected those of {path.stem}; move it away")
    return found


def write_marks(folder: Path, marks: Marks) -> Path:
    """Write a student's marks, whole or not at all.

    Raises:
        OSError: as of the system.
    """
    path = marks_file(folder, marks.student)
    content = marks._asdict() | {"format": FORMAT, "marks": {name: mark._asdict() for name, mark in marks.marks.items()}}
    write_whole(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return path


def _is_mark(mark: Mark) -> bool:
    points = mark.points is None or (is_number(mark.points) and 0 <= mark.points < float("inf"))
    level = mark.level is None or (isinstance(mark.level, int) and not isinstance(mark.level, bool) and mark.level >= 0)
    return points and level and isinstance(mark.comment, str) and isinstance(mark.answer, str)


def is_number(value: object) -> bool:
    """Say whether a value out of JSON is a number: True and False are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
