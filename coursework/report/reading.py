"""The results of one exercise as they lie in a folder, read again. A damaged file is named and passed over; it ends no report.

    results/week3/class.json           the exercise and what came in
    results/week3/students/kim.json    what grading gave; kim is a student's id, or a group's name
    results/week3/marks/kim.json       what a person gave (report/marks.py)

`scoring/results.py` writes the first two. What a report takes of them:

    class.json  exercise (its name), title, due: ISO time with offset | null, late: {per_day, days, grace_minutes}
                tests: [{id, title, points}]    written: [{id, title, points, prompt, solution, rubric: [worst, .., best], code}]
                students: [{id, name, aliases, group}] of the class list
                rows: [{student | null, file, state, stamp, submitted, late, flags: [{kind, detail}]}], one for each file that came
                command: the words of the command that graded, ["coursework", "grade", "week3.md", "submitted", ..]
    kim.json    student, status, score, max_score, tests: [{id, title, points, max_points, message, detail}], words: {id: text},
                flags: [{kind, detail}], values: {name: value} of the variants
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from coursework.report.marks import Marks, read_marks
from coursework.scoring.results import DamagedError, class_file, read_result


class ReportError(ValueError):
    """A report cannot be made; says which file, what came and what was expected."""


class Graded(NamedTuple):
    """One exercise as it was graded.

    folder: results/EXERCISE. about: the content of class.json. results, marks: of students/ and marks/, by the name of the file.
    damaged: path -> what is wrong with it.
    """

    folder: Path
    about: dict[str, Any]
    results: dict[str, dict]
    marks: dict[str, Marks]
    damaged: dict[Path, str]

    @property
    def exercise(self) -> str:
        return self.about["exercise"]

    @property
    def title(self) -> str:
        return self.about["title"]

    @property
    def students(self) -> list[dict]:
        return self.about["students"]

    @property
    def rows(self) -> list[dict]:
        return self.about["rows"]


def read_all(folder: str | Path) -> list[Graded]:
    """Read the exercises of a folder: its own, or one for each folder in it that holds a class.json.

    Raises:
        ReportError: no such folder, no exercise in it, or a class.json that cannot be used.

    Example:
        >>> [graded.exercise for graded in read_all("results")]
        ['week3', 'week4']
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ReportError(f"report: got {folder}, expected the folder of results that `coursework grade` wrote")
    found = [folder] if (folder / "class.json").is_file() else sorted(path.parent for path in folder.glob("*/class.json"))
    if not found:
        raise ReportError(f"report: got no class.json in {folder}, expected the folder of results that `coursework grade` wrote")
    return [read(each) for each in found]


def read(folder: Path) -> Graded:
    """Read one exercise.

    Raises:
        ReportError: its class.json cannot be used.
    """
    about = _sealed(class_file(folder))
    damaged: dict[Path, str] = {}
    results = _read_files(folder / "students", _result, damaged)
    marks = _read_files(folder / "marks", read_marks, damaged)
    return Graded(folder, about, results, marks, damaged)


def filled(text: str, values: Mapping[str, object]) -> str:
    """A text of the source as one student got it.

    >>> filled("N({{m}}, 1)", {"m": 2})
    'N(2, 1)'
    """
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: str(values.get(found[1], found[0])), text)


def _read_files(folder: Path, read_one: Callable[[Path], Any], damaged: dict[Path, str]) -> dict[str, Any]:
    found = {}
    for path in sorted(folder.glob("[!.]*.json")):
        try:
            found[unicodedata.normalize("NFC", path.stem)] = read_one(path)
        except ValueError as error:
            damaged[path] = str(error)
    return found


def _result(path: Path) -> dict:
    result = _sealed(path)
    if result["student"] != unicodedata.normalize("NFC", path.stem):  # a Mac takes a name's syllables apart
        raise ReportError(f"{path}: got the result of {result['student']}, expected that of {path.stem}: grade again")
    return result


def _sealed(path: Path) -> dict:
    """A file that proves to be whole is as grading wrote it, so nothing more of it is checked."""
    try:
        return read_result(path)
    except DamagedError as error:
        raise ReportError(f"{error}: grade again") from error
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror or error}") from error
