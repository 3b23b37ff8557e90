"""What grading a submission gave, and the file that says so: one a student, read again by `grade` and by the reports."""

import json
from pathlib import Path
from typing import NamedTuple

from coursework.assignment.source import Exercise
from coursework.files import write_whole
from coursework.handin.matching import Flag
from coursework.handin.submissions import Found

FORMAT = 1  # of a result file


class TestResult(NamedTuple):
    """What one test gave: its points and, where they are not full, a message for the student."""

    id: str
    title: str
    points: float | int
    max_points: float | int
    message: str


TestResult.__test__ = False  # type: ignore[attr-defined]  # pytest, which would collect it by its name, asks for this


class Result(NamedTuple):
    """What a submission gave. status: "graded", "unreadable" (nothing in it could be read) or "failed" (the grader's own fault).

    score and max_score are of the tests; manual_points are those that answers in words can add. output: what the cells printed.
    """

    status: str
    score: float | int
    max_score: float | int
    manual_points: float | int
    tests: tuple[TestResult, ...]
    flags: tuple[Flag, ...]
    output: str
    seconds: float


def as_json(result: Result, exercise: Exercise, found: Found, sha256: str, variant: dict) -> dict:
    """A result as the content of its file. sha256: of the submission. variant: the values of the exercise's placeholders."""
    return {
        "format": FORMAT,
        "exercise": exercise.name,
        "student": found.student,
        "submission": found.path.name,
        "submission_sha256": sha256,
        "source_sha256": exercise.sha256,
        **result._asdict(),
        "tests": [test._asdict() for test in result.tests],
        "flags": [flag._asdict() for flag in (*found.flags, *result.flags)],
        "variant": variant,
    }


def lost(exercise: Exercise, found: Found, sha256: str, variant: dict) -> dict:
    """The result of a submission at which the grader's own process was lost twice."""
    tests = tuple(TestResult(test.id, test.title, 0, test.points, "This was not scored.") for test in exercise.tests)
    flags = (Flag("failed", "The process that grades was lost at this submission, twice."),)
    manual = sum(each.points for each in exercise.written)
    result = Result("failed", 0, exercise.max_score, manual, tests, flags, "", 0.0)
    return as_json(result, exercise, found, sha256, variant)


def result_file(folder: Path, student: str) -> Path:
    """Where the result of a student is."""
    return folder / f"{student}.json"


def write_result(folder: Path, result: dict) -> Path:
    """Write a result file so that it is there whole or not at all."""
    path = result_file(folder, result["student"])
    write_whole(path, json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    return path
