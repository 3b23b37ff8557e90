"""What grading gave, in files: `results/EXERCISE/class.json` for the class, and one file a student beside it.

    class.json              the exercise as a report needs it, the class list, what became of every file that was handed in
    students/STUDENT.json   points, messages, flags
    marks/STUDENT.json      what a person gave (`report.marks`); nothing here touches it

Of a result only each test's `message` is for the student's eyes, and `output`; all else is for the instructor. Each file holds a
sum of its own content, so that one that broke, or that somebody edited, is found out.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from coursework.assignment.source import Exercise
from coursework.files import write_whole

FORMAT = 2  # of these files
NOT_SCORED = "This was not scored."


class DamagedError(ValueError):
    """A file of results does not hold what grading wrote; says which file and what is wrong."""


class TestResult(NamedTuple):
    """What one test gave. message: for the student, where the points are not full; detail: for the instructor, with what was raised."""

    id: str
    title: str
    points: float | int
    max_points: float | int
    message: str
    detail: str = ""


TestResult.__test__ = False  # type: ignore[attr-defined]  # pytest, which would collect it by its name, asks for this


class Result(NamedTuple):
    """What a submission gave. status: "graded", "unreadable" (nothing in it could be read) or "failed" (the grader's own fault).

    score and max_score are of the tests. flags: `Flag`s. words: what stands in the
    cells that a person grades, by id. output: what the cells printed before any test had sent a value; output_after: what they
    printed later, which may tell of a test and is for the instructor. seconds: of the clock.
    """

    status: str
    score: float | int
    max_score: float | int
    tests: tuple[TestResult, ...]
    flags: tuple
    words: dict[str, str]
    output: str
    output_after: str
    seconds: float


def folder_of(results: str | Path, exercise: str) -> Path:
    """Where the results of an exercise are: the folder named like it in the folder of all results."""
    return Path(results) / exercise


def class_file(folder: str | Path) -> Path:
    """The class's file in the folder of an exercise's results."""
    return Path(folder) / "class.json"


def result_file(folder: str | Path, student: str) -> Path:
    """A student's file in the folder of an exercise's results."""
    return Path(folder) / "students" / f"{student}.json"


def as_json(result: Result, **about: Any) -> dict:
    """A result as the content of its file. about: what `grade` knows of the submission."""
    lists = {"tests": [test._asdict() for test in result.tests], "flags": [flag._asdict() for flag in result.flags]}
    return {"format": FORMAT, **about, **result._asdict(), **lists}


def class_json(exercise: Exercise, rows: Sequence, missing: Sequence[str], students: Sequence = (), **about: Any) -> dict:
    """The content of the class's file: all that a report needs beside the students' files, so that it needs no source.

    Args:
        rows: `Row`s, one for each file that was handed in. missing: ids of those who handed nothing in. students: `Student`s, where
            there is a class list. about: more of the run.
    """
    return {
        "format": FORMAT,
        "exercise": exercise.name,
        "title": exercise.title,
        "source_sha256": exercise.sha256,
        **about,
        "max_score": exercise.max_score,
        "due": exercise.due,
        "late": exercise.late,
        "tests": [{"id": test.id, "title": test.title, "points": test.points} for test in exercise.tests],
        "written": [each._asdict() for each in exercise.written],
        "students": [student._asdict() for student in students],
        "rows": [row_json(row) for row in rows],
        "missing": list(missing),
    }


def row_json(row: Any) -> dict:
    """A `Row` without what is of no use on another machine."""
    kept = {key: value for key, value in row._asdict().items() if key not in ("path", "values")}
    return {**kept, "flags": [flag._asdict() for flag in row.flags]}


def lost(exercise: Exercise, flags: Sequence) -> Result:
    """The result of a submission at which the grader's own process was lost."""
    tests = tuple(TestResult(test.id, test.title, 0, test.points, NOT_SCORED) for test in exercise.tests)
    return Result("failed", 0, exercise.max_score, tests, tuple(flags), {}, "", "", 0.0)


def sum_of(content: dict) -> str:
    """The sum of a file's content, the sum itself aside."""
    plain = json.dumps({key: value for key, value in content.items() if key != "sha256"}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()


def write_result(path: Path, content: dict) -> None:
    """Write a file of results with its sum, so that it is there whole or not at all.

    Raises:
        OSError: as of the system; names the file.
    """
    content = json.loads(json.dumps(content))
    write_whole(path, json.dumps({**content, "sha256": sum_of(content)}, indent=1, ensure_ascii=False) + "\n")


def read_result(path: Path) -> dict:
    """Read a file of results.

    Raises:
        FileNotFoundError: there is none. DamagedError: it cannot be read, is of another format, or was changed since.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedError(
            f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'it breaks off or is no JSON'}"
        ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        came = content.get("format") if isinstance(content, dict) else type(content).__name__
        raise DamagedError(f"{path}: got a file of format {came!r}, expected one of format {FORMAT}")
    if content.get("sha256") != sum_of(content):
        raise DamagedError(f"{path}: its content is not what was written: it was edited or damaged")
    return content
