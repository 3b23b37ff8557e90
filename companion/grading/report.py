"""What a folder of results says: a table for the instructor, files that Canvas and Gradescope read, pages for students.

Reads result files only, so nothing of a test's code can get into a report. A cell of a table never begins as a formula would,
whatever a student called a file. The pages are made in `pages`.
"""

import csv
import io
import json
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

FORMAT = 1
FORMATS = ("csv", "canvas", "gradescope", "html")
NEEDED = {
    "exercise": str,
    "student": str,
    "status": str,
    "score": (int, float),
    "max_score": (int, float),
    "tests": list,
    "flags": list,
}
FORMULA = re.compile("\\s*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\\t\\r\\n]")  # the wide ones too: a Korean spreadsheet takes them alike
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
CANVAS_FILE = re.compile(
    r".+?_(?:LATE_)?(\d+)_\d+_.+"
)  # what Canvas calls a downloaded submission: name, user's id, submission's id
NEVER_ZERO = ("failed", "unreadable")  # a person looks before anybody gets nothing for one of these


class ReportError(ValueError):
    """A report cannot be made; says which file, what came and what was expected."""


def report(results: str | Path, format: str, out: str | Path | None = None, *, roster: str | Path | None = None) -> str:
    """Make a report.

    Args:
        results: a folder that `companion grade` wrote, or one that holds such folders.
        format: "csv", "canvas", "gradescope" or "html".
        out: a file for csv and canvas (None: the text is returned), a folder for the others (None: "report"); for gradescope with
            one result also a file ending in .json.
        roster: for canvas, the gradebook that it exported: rows get its ids.

    Returns:
        What to print: the table, or one line that says what was written where.

    Raises:
        ReportError: no result, a file that cannot be read, a format that is not known.

    Example:
        >>> print(report("results/07-loss", "html", "feedback"))
        feedback/index.html: 31 students, 31 pages
    """
    if format not in FORMATS:
        raise ReportError(f"report: got the format {format!r}, expected one of {', '.join(FORMATS)}")
    found = read_results(results)
    if format in ("csv", "canvas"):
        gradebook = None if roster is None else read_gradebook(roster)
        rows = table(found) if format == "csv" else canvas(found, gradebook)
        return _table_out(rows, out, bom=format == "csv") + ("" if out is None else _strangers(found, gradebook))
    out = Path(out or "report")
    return _gradescope_out(found, out) if format == "gradescope" else _pages_out(found, out)


def read_results(folder: str | Path) -> list[dict]:
    """Every result in a folder and the folders in it, sorted by student and exercise. Other JSON is passed over.

    Raises:
        ReportError: no folder, no result, a broken one, or two that differ for one student and exercise.
    """
    folder, found = Path(folder), {}
    if not folder.is_dir():
        raise ReportError(f"report: got {folder}, expected a folder of result files")
    for path in sorted(folder.rglob("*.json")):
        if path.name.startswith(".") or (result := _result(path)) is None:
            continue
        key = (result["student"], result["exercise"])
        if key in found and found[key][1] != result:
            raise ReportError(f"report: got {found[key][0]} and {path}, expected one result of {key[0]} for {key[1]}")
        found.setdefault(key, (path, result))
    if not found:
        raise ReportError(f"report: got no result in {folder}, expected the .json files that `companion grade` writes")
    return [found[key][1] for key in sorted(found)]


def table(results: Sequence[dict]) -> list[list]:
    """One row a student: for each exercise status, score, points, a column for each test, flags. The first row names the columns."""
    exercises = _exercises(results)
    rows, of = [["student"]], {(each["student"], each["exercise"]): each for each in results}
    for exercise, tests in exercises.items():
        prefix = f"{exercise} " if len(exercises) > 1 else ""
        rows[0] += [f"{prefix}{name}" for name in ("status", "score", "max_score", "manual_points", *tests, "flags")]
    for student in sorted({each["student"] for each in results}):
        rows.append([student])
        for exercise, tests in exercises.items():
            rows[-1] += _cells(of.get((student, exercise)), tests)
    return rows


def canvas(results: Sequence[dict], gradebook: Sequence[dict] | None = None) -> list[list]:
    """The table that Canvas's gradebook imports: a column an exercise, and a row of the points that it can give.

    A submission that could not be graded has an empty cell, which Canvas leaves as it is. Points for answers in words are among those
    possible, and are yours to add. With a gradebook, rows carry its ids; a student who is not in it keeps the name alone.
    """
    exercises = list(_exercises(results))
    headers = [_canvas_header(exercise, gradebook) for exercise in exercises]
    rows = [[*CANVAS, *headers], ["    Points Possible", "", "", "", "", *(_possible(results, exercise) for exercise in exercises)]]
    scores = {(each["student"], each["exercise"]): each["score"] for each in results if each["status"] not in NEVER_ZERO}
    for student in sorted({each["student"] for each in results}):
        known = _in_gradebook(student, gradebook or ())
        who = [known.get(column, "") for column in CANVAS] if known else [student, "", "", student, ""]
        rows.append([*who, *(scores.get((student, exercise), "") for exercise in exercises)])
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
        "output": "\n".join(_remarks(result)),
        "output_format": "text",
        "execution_time": round(result.get("seconds", 0)),
        "visibility": "visible",
        "stdout_visibility": "hidden",  # what the grader prints is for the instructor
        "tests": tests,
        "extra_data": {"status": result["status"], "flags": result["flags"], "source_sha256": result.get("source_sha256", "")},
    }


def write_table(rows: Sequence[Sequence]) -> str:
    """Rows as CSV. Text that a spreadsheet would take for a formula gets an apostrophe in front.

    >>> write_table([["=1+1", 3]])
    "'=1+1,3\\r\\n"
    """
    text = io.StringIO()
    csv.writer(text).writerows([[_harmless(cell) for cell in row] for row in rows])
    return text.getvalue()


def read_gradebook(path: str | Path) -> list[dict]:
    """The rows of a gradebook that Canvas exported, the one of points aside."""
    try:
        rows = list(csv.DictReader(io.StringIO(Path(path).read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReportError(f"report: {path}: cannot be read: {error}") from error
    if not rows or not {"Student", "ID"} <= set(rows[0]):
        raise ReportError(f"report: {path}: got no columns Student and ID, expected the gradebook that Canvas exports")
    return [row for row in rows if (row["ID"] or "").strip()]


def _result(path: Path) -> dict | None:
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReportError(f"report: {path}: cannot be read: {error}") from error
    if not isinstance(result, dict) or not {"format", "student", "exercise"} <= set(result):
        return None
    wrong = [key for key, kind in NEEDED.items() if not isinstance(result.get(key), kind)]
    if result["format"] != FORMAT or wrong:
        lacking = f" without {', '.join(wrong)}" if wrong else ""
        raise ReportError(f"report: {path}: got a result of format {result['format']!r}{lacking}, expected one of format {FORMAT}")
    for name in (result["student"], result["exercise"]):
        if name in ("", ".", "..") or re.search(r"[/\\\x00]", name):
            raise ReportError(f"report: {path}: got the name {name!r}, expected one that can be a file's")
    return result


def _exercises(results: Sequence[dict]) -> dict[str, list[str]]:
    """The exercises and the ids of their tests, each in the order of the source."""
    found: dict[str, list[str]] = {}
    for result in sorted(results, key=lambda each: each["exercise"]):
        tests = found.setdefault(result["exercise"], [])
        tests += [test["id"] for test in result["tests"] if test["id"] not in tests]
    return found


def _cells(result: dict | None, tests: Sequence[str]) -> list:
    if result is None:
        return ["missing", *[""] * (len(tests) + 4)]
    points = {test["id"]: test["points"] for test in result["tests"]}
    flags = "; ".join(f"{flag['kind']}: {flag['detail']}" for flag in result["flags"])
    counts = [result["score"], result["max_score"], result.get("manual_points", 0)]
    return [result["status"], *counts, *(points.get(test, "") for test in tests), flags]


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


def _remarks(result: dict) -> Iterator[str]:
    """What to tell a student about a submission as a whole."""
    if result["status"] == "unreadable":
        yield "Your file could not be read as a notebook, so nothing was graded."
    if result["status"] == "failed":
        yield "The grader failed at your submission. This is not your fault: your instructor sees it."
    if points := result.get("manual_points", 0):
        yield f"Answers in words are graded by hand, {points:g} points."
    yield from (flag["detail"] for flag in result["flags"] if flag["kind"] not in ("manual", "duplicate", "failed"))


def _harmless(cell: object) -> object:
    return "'" + cell if isinstance(cell, str) and FORMULA.match(cell) else cell


def _strangers(results: Sequence[dict], gradebook: Sequence[dict] | None) -> str:
    if gradebook is None:
        return ""
    names = [name for name in sorted({each["student"] for each in results}) if _in_gradebook(name, gradebook) is None]
    return f"; not in the gradebook: {', '.join(names)}" if names else ""


def _table_out(rows: list[list], out: str | Path | None, *, bom: bool) -> str:
    text = write_table(rows)
    if out is None:
        return text.replace("\r\n", "\n").rstrip("\n")
    _write(Path(out), text, encoding="utf-8-sig" if bom else "utf-8")  # Excel reads Korean only with the mark
    return f"{out}: {len(rows) - (1 if bom else 2)} students"


def _gradescope_out(results: Sequence[dict], out: Path) -> str:
    if out.suffix == ".json":
        if len(results) != 1:
            raise ReportError(f"report: got {len(results)} results for the one file {out}, expected a folder, or one result")
        paths = [out]
    else:
        several = len(_exercises(results)) > 1
        paths = [out / (each["exercise"] if several else "") / f"{each['student']}.json" for each in results]
    for path, result in zip(paths, results, strict=True):
        _write(path, json.dumps(gradescope(result), indent=1, ensure_ascii=False) + "\n")
    return f"{out}: {len(paths)} results" if len(paths) > 1 else f"{paths[0]}: 1 result"


def _pages_out(results: Sequence[dict], out: Path) -> str:
    from companion.grading import pages

    students = sorted({each["student"] for each in results})
    for student in students:
        own = [each for each in results if each["student"] == student]
        _write(out / pages.place(student), pages.student(student, own, [list(_remarks(each)) for each in own]))
    _write(out / "index.html", pages.index(results, students))
    return f"{out / 'index.html'}: {len(students)} students, {len(students)} pages"


def _write(path: Path, text: str, encoding: str = "utf-8") -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{os.getpid()}.part")
        part.write_text(text, encoding=encoding, newline="")
        os.replace(part, path)
    except OSError as error:
        raise ReportError(f"report: {path}: cannot be written: {error.strerror}") from error
