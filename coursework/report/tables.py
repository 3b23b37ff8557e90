"""The instructor's table of results. A cell never begins as a formula would, whatever a student called a file."""

import csv
import io
import re
from collections.abc import Sequence

from coursework.report.reading import exercises

FORMULA = re.compile("\\s*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\\t\\r\\n]")  # the wide ones too: a Korean spreadsheet takes them alike


def table(results: Sequence[dict]) -> list[list]:
    """One row a student: for each exercise status, score, points, a column for each test, flags. The first row names the columns."""
    columns = exercises(results)
    rows, of = [["student"]], {(each["student"], each["exercise"]): each for each in results}
    for exercise, tests in columns.items():
        prefix = f"{exercise} " if len(columns) > 1 else ""
        rows[0] += [f"{prefix}{name}" for name in ("status", "score", "max_score", "manual_points", *tests, "flags")]
    for student in sorted({each["student"] for each in results}):
        rows.append([student])
        for exercise, tests in columns.items():
            rows[-1] += _cells(of.get((student, exercise)), tests)
    return rows


def write_table(rows: Sequence[Sequence]) -> str:
    """Rows as CSV. Text that a spreadsheet would take for a formula gets an apostrophe in front.

    >>> write_table([["=1+1", 3]])
    "'=1+1,3\\r\\n"
    """
    text = io.StringIO()
    csv.writer(text).writerows([[_harmless(cell) for cell in row] for row in rows])
    return text.getvalue()


def _cells(result: dict | None, tests: Sequence[str]) -> list:
    if result is None:
        return ["missing", *[""] * (len(tests) + 4)]
    points = {test["id"]: test["points"] for test in result["tests"]}
    flags = "; ".join(f"{flag['kind']}: {flag['detail']}" for flag in result["flags"])
    counts = [result["score"], result["max_score"], result.get("manual_points", 0)]
    return [result["status"], *counts, *(points.get(test, "") for test in tests), flags]


def _harmless(cell: object) -> object:
    return "'" + cell if isinstance(cell, str) and FORMULA.match(cell) else cell
