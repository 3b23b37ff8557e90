"""What other systems read: the table that Canvas imports, with the ids of the one that it exported, and Gradescope's results.json."""

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from coursework.report.reading import ReportError, exercises, remarks

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
CANVAS_FILE = re.compile(
    r".+?_(?:LATE_)?(\d+)_\d+_.+"
)  # what Canvas calls a downloaded submission: name, user's id, submission's id
NEVER_ZERO = ("failed", "unreadable")  # a person looks before anybody gets nothing for one of these


def canvas(results: Sequence[dict], gradebook: Sequence[dict] | None = None) -> list[list]:
    """The table that Canvas's gradebook imports: a column an exercise, and a row of the points that it can give.

    A submission that could not be graded has an empty cell, which Canvas leaves as it is. Points for answers in words are among those
    possible, and are yours to add. With a gradebook, rows carry its ids; a student who is not in it keeps the name alone.
    """
    columns = list(exercises(results))
    headers = [_canvas_header(exercise, gradebook) for exercise in columns]
    rows: list[list] = [
        [*CANVAS, *headers],
        ["    Points Possible", "", "", "", "", *(_possible(results, exercise) for exercise in columns)],
    ]
    scores = {(each["student"], each["exercise"]): each["score"] for each in results if each["status"] not in NEVER_ZERO}
    for student in sorted({each["student"] for each in results}):
        known = _in_gradebook(student, gradebook or ())
        who = [known.get(column, "") for column in CANVAS] if known else [student, "", "", student, ""]
        rows.append([*who, *(scores.get((student, exercise), "") for exercise in columns)])
    return rows


def gradescope(result: dict) -> dict:
    """A result as Gradescope's harness reads it: its results.json.

    Source: Gradescope's autograder specifications, "Output format".
    """
    tests = [
        {
            "name": test["title"],
            "score": test["points"],
            "max_score": test["max_points"],
            "status": "passed" if test["points"] >= test["max_points"] else "failed",
            "output": test["message"] or "Passed.",
            "output_format": "text",
            "visibility": "visible",
        }
        for test in result["tests"]
    ]
    return {
        "score": result["score"],
        "output": "\n".join(remarks(result)),
        "output_format": "text",
        "execution_time": round(result.get("seconds", 0)),
        "visibility": "visible",
        "stdout_visibility": "hidden",  # what the grader prints is for the instructor
        "tests": tests,
        "extra_data": {"status": result["status"], "flags": result["flags"], "source_sha256": result.get("source_sha256", "")},
    }


def read_gradebook(path: str | Path) -> list[dict]:
    """The rows of a gradebook that Canvas exported, the one of points aside."""
    try:
        rows = list(csv.DictReader(io.StringIO(Path(path).read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReportError(f"report: {path}: cannot be read: {error}") from error
    if not rows or not {"Student", "ID"} <= set(rows[0]):
        raise ReportError(f"report: {path}: got no columns Student and ID, expected the gradebook that Canvas exports")
    return [row for row in rows if (row["ID"] or "").strip()]


def strangers(results: Sequence[dict], gradebook: Sequence[dict] | None) -> str:
    if gradebook is None:
        return ""
    names = [name for name in sorted({each["student"] for each in results}) if _in_gradebook(name, gradebook) is None]
    return f"; not in the gradebook: {', '.join(names)}" if names else ""


def _possible(results: Sequence[dict], exercise: str) -> float | int:
    return max(each["max_score"] + each.get("manual_points", 0) for each in results if each["exercise"] == exercise)


def _canvas_header(exercise: str, gradebook: Sequence[dict] | None) -> str:
    """The name of the assignment's column: as in the gradebook, where Canvas has put its number behind it."""
    columns = [column for column in (gradebook[0] if gradebook else ()) if column]
    return next((column for column in columns if re.fullmatch(rf"{re.escape(exercise)}( \(\d+\))?", column)), exercise)


def _in_gradebook(student: str, gradebook: Sequence[dict]) -> dict | None:
    """The row of a student, by login, id or name, or by the id in the name of a file that Canvas made."""
    name = student.partition("~")[0]
    for column in ("SIS Login ID", "SIS User ID", "ID", "Student"):
        for row in gradebook:
            if row.get(column) and _plain(row[column]) == _plain(name):
                return row
    file = CANVAS_FILE.fullmatch(name)
    return next((row for row in gradebook if file and row["ID"].strip() == file[1]), None)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().casefold()
