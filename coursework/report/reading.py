"""The results of one exercise as they lie in a folder, read again. A damaged file is named and passed over; it ends no report.

    results/week3/class.json           the exercise and what came in; `coursework grade` writes it last
    results/week3/students/kim.json    what grading gave; kim is a student's id, or a group's name
    results/week3/marks/kim.json       what a person gave (report/marks.py); grading never touches it

class.json:

    format        2
    exercise      "week3", the name of its folder          title   "Exercises: week 3"
    source_sha256 of the source                            graded  when, ISO time with offset
    command       the words of the command that graded, such as ["coursework", "grade", "week3.md", "submitted", "-o", "results"]
    due           ISO time with offset, or null            late    {} or {per_day, days, grace_minutes} of the front matter
    tests         [{id, title, points}], in the source's order
    written       [{id, points, prompt, solution, rubric: [worst, .., best], code: true | false}]; {{name}} of variants may stand in
                  prompt and solution
    students      [{id, name, aliases: [..], group}] of the class list; [] without one
    rows          [{student: id | null, file, state, stamp, submitted: ISO time | null, late: true | false, flags: [{kind, detail}]}],
                  one for each file that came, as handin/ told it
    missing       [id, ..] who handed nothing in

students/kim.json:

    format 2, exercise, student, file (as the platform named it), submitted, late, stamp
    submission_sha256, source_sha256
    status        "graded", "unreadable" or "failed"
    score, max_score    of the tests
    tests         [{id, title, points, max_points, message, detail}]
    words         {id of a written answer: what the student wrote; "" where nothing was written}
    flags         [{kind, detail}]
    values        {name: value} of the variants
    output, seconds     for the instructor

How a result file proves to be whole is `coursework.scoring.results`' business; here it is only asked.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from coursework.report.marks import Marks, MarksError, read_marks

FORMAT = 2
NUMBER = (int, float)
CLASS = {"format": int, "exercise": str, "tests": list, "written": list, "students": list, "rows": list, "missing": list}
RESULT = {
    "student": str,
    "exercise": str,
    "status": str,
    "score": NUMBER,
    "max_score": NUMBER,
    "tests": list,
    "words": dict,
    "flags": list,
}
PARTS = {
    "tests": {"id": str, "title": str, "points": NUMBER},
    "written": {"id": str, "points": NUMBER, "prompt": str, "solution": str, "rubric": list},
    "students": {"id": str, "name": str, "aliases": list, "group": str},
    "rows": {"file": str, "state": str, "flags": list},
    "flags": {"kind": str, "detail": str},
}


class ReportError(ValueError):
    """A report cannot be made; says which file, what came and what was expected."""


class Graded(NamedTuple):
    """One exercise as it was graded.

    folder: results/EXERCISE. about: the content of class.json. results: of students/, by the name of the file. marks: of marks/, so too.
    damaged: a line for each file that cannot be used.
    """

    folder: Path
    about: dict[str, Any]
    results: dict[str, dict]
    marks: dict[str, Marks]
    damaged: tuple[str, ...]

    @property
    def exercise(self) -> str:
        return self.about["exercise"]


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
    about = _about(folder / "class.json")
    damaged: list[str] = []
    results: dict[str, dict] = {}
    for path in _files(folder / "students"):
        try:
            results[path.stem] = _result(path, about["exercise"])
        except ReportError as error:
            damaged.append(str(error))
    marks: dict[str, Marks] = {}
    for path in _files(folder / "marks"):
        try:
            marks[path.stem] = read_marks(path)
        except MarksError as error:
            damaged.append(str(error))
    return Graded(folder, about, results, marks, tuple(damaged))


def filled(text: str, values: Mapping[str, object]) -> str:
    """A text of the source as one student got it.

    >>> filled("N({{m}}, 1)", {"m": 2})
    'N(2, 1)'
    """
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: str(values.get(found[1], found[0])), text)


def load_json(path: Path) -> dict:
    """The object in a JSON file.

    Raises:
        ReportError: it cannot be read, or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{path}: got no whole JSON ({' '.join(str(error).split())[:120]}), expected a file of results") from error
    if not isinstance(content, dict):
        raise ReportError(f"{path}: got {type(content).__name__} in JSON, expected an object")
    return content


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.json") if path.name[0] != ".") if folder.is_dir() else []


def _about(path: Path) -> dict:
    about = load_json(path)
    if about.get("format") != FORMAT:
        raise ReportError(f"{path}: got format {about.get('format')!r}, expected {FORMAT}: grade again with this version")
    _check(path, about, CLASS)
    for name in ("tests", "written", "students", "rows"):
        _check_parts(path, about, name)
    return about


def _result(path: Path, exercise: str) -> dict:
    result = load_json(path)
    _check(path, result, RESULT)
    _check_parts(path, result, "tests", {"max_points": NUMBER, "message": str})
    _check_parts(path, result, "flags")
    if (result["student"], result["exercise"]) != (path.stem, exercise):
        raise ReportError(
            f"{path}: got the result of {result['student']} for {result['exercise']}, expected that of {path.stem} for {exercise}"
        )
    return result


def _check(path: Path, content: Mapping, needed: Mapping, where: str = "") -> None:
    for name, kind in needed.items():
        value = content.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            wanted = "a number" if kind is NUMBER else kind.__name__
            raise ReportError(f"{path}: {where}{name}: got {str(value)[:40]!r}, expected {wanted}: grade again")


def _check_parts(path: Path, content: Mapping, name: str, more: Mapping | None = None) -> None:
    for number, part in enumerate(content[name]):
        if not isinstance(part, dict):
            raise ReportError(f"{path}: {name}[{number}]: got {str(part)[:40]!r}, expected an object: grade again")
        _check(path, part, PARTS[name] | (more or {}), f"{name}[{number}].")
