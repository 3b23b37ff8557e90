"""What a folder of results says: a table for the instructor, files that Canvas and Gradescope read, pages for students."""

import json
from collections.abc import Sequence
from pathlib import Path

from coursework.files import write_whole
from coursework.report import pages
from coursework.report.gradebook import canvas, gradescope, read_gradebook, strangers
from coursework.report.reading import ReportError, exercises, read_results, remarks
from coursework.report.tables import table, write_table

FORMATS = ("csv", "canvas", "gradescope", "html")


def report(results: str | Path, format: str, out: str | Path | None = None, *, roster: str | Path | None = None) -> str:
    """Make a report.

    Args:
        results: a folder that `coursework grade` wrote, or one that holds such folders.
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
        return _table_out(rows, out, bom=format == "csv") + ("" if out is None else strangers(found, gradebook))
    out = Path(out or "report")
    return _gradescope_out(found, out) if format == "gradescope" else _pages_out(found, out)


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
        several = len(exercises(results)) > 1
        paths = [out / (each["exercise"] if several else "") / f"{each['student']}.json" for each in results]
    for path, result in zip(paths, results, strict=True):
        _write(path, json.dumps(gradescope(result), indent=1, ensure_ascii=False) + "\n")
    return f"{out}: {len(paths)} results" if len(paths) > 1 else f"{paths[0]}: 1 result"


def _pages_out(results: Sequence[dict], out: Path) -> str:
    students = sorted({each["student"] for each in results})
    for student in students:
        own = [each for each in results if each["student"] == student]
        _write(out / pages.place(student), pages.student(student, own, [list(remarks(each)) for each in own]))
    _write(out / "index.html", pages.index(results, students))
    return f"{out / 'index.html'}: {len(students)} students, {len(students)} pages"


def _write(path: Path, text: str, encoding: str = "utf-8") -> None:
    try:
        write_whole(path, text, encoding)
    except OSError as error:
        raise ReportError(f"report: {path}: cannot be written: {error.strerror}") from error
