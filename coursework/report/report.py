"""A folder of results as a table, as what other systems read, or as pages. One function a format; `report` calls them by name."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from coursework.files import listed_names, write_whole
from coursework.report import gradebooks, pages
from coursework.report.feedback import feedback
from coursework.report.late import Rule, read_rule
from coursework.report.marks import Marks
from coursework.report.reading import Graded, ReportError, read_all
from coursework.report.standing import GRADED, MISSING, Standing, standings_of
from coursework.report.tables import Sheet, table, write_table
from coursework.report.times import with_times


class Made(NamedTuple):
    """What a report did. said: the text asked for, or what was written where. look: lines on what needs a person."""

    said: str
    look: tuple[str, ...] = ()


def report(
    results: Path,
    format: str,
    out: Path | None = None,
    *,
    roster: Path | None = None,
    due: str | None = None,
    late: str | None = None,
    times: Path | None = None,
) -> Made:
    """Make a report.

    Args:
        results: the folder of an exercise's results, or one that holds such folders.
        format: one of FORMATS.
        out: the file, or for html and gradescope the folder; None: the text is returned (csv, canvas, moodle), or a folder or file of
            the format's name is made here.
        roster: what the platform exported: Canvas's gradebook, Moodle's grading worksheet.
        due, late: in place of the front matter's, as `late.read_rule` reads them.
        times: a table of when students handed in, of one exercise, as `times.with_times` reads it; None: Moodle's worksheet, where
            `roster` is that.

    Raises:
        ReportError: no results, a file that cannot be read or written, an unknown format or rule.

    Example:
        >>> report(Path("results/week3"), "html", Path("feedback")).said
        'feedback/index.html: 31 students, 31 pages'
    """
    if format not in FORMATS:
        raise ReportError(f"report: got the format {format!r}, expected one of {', '.join(FORMATS)}")
    try:
        exercises = [(graded, _rule(graded, due, late)) for graded in read_all(results)]
        sheets, told = _timed(exercises, times, roster)
        made = FORMATS[format](sheets, out, roster)
    except OSError as error:
        raise ReportError(f"report: {error.filename}: cannot be written: {error.strerror}") from error
    return made._replace(look=(*told, *made.look, *_look(sheets)))


def as_csv(sheets: Sequence[Sheet], out: Path | None, roster: Path | None = None) -> Made:
    """The instructor's table."""
    rows = table(sheets)
    return _table_out(rows, out, len(rows) - 1, "utf-8-sig")  # Excel reads Korean only with the mark


def as_canvas(sheets: Sequence[Sheet], out: Path | None, roster: Path | None = None) -> Made:
    """The table that Canvas imports, with the ids of the gradebook that it exported."""
    rows, strangers = gradebooks.canvas(sheets, None if roster is None else gradebooks.read_canvas(roster))
    made = _table_out(rows, out, len(rows) - 2)
    return made._replace(look=_strangers(strangers, "the gradebook"))


def as_moodle(sheets: Sequence[Sheet], out: Path | None, roster: Path | None = None) -> Made:
    """Moodle's worksheet filled in, and beside it (where `out` is a file) the zip of feedback."""
    if roster is None or len(sheets) != 1:
        raise ReportError(
            "report: moodle needs the results of one exercise and, with --roster, the grading worksheet that Moodle exports"
        )
    worksheet = gradebooks.read_moodle(roster)
    rows, strangers = gradebooks.moodle(sheets[0], worksheet)
    made = _table_out(rows, out, len(rows) - 1)
    if out is not None:
        beside = out.with_name(f"{out.stem}-feedback.zip")
        write_whole(beside, gradebooks.feedback_zip(sheets[0], worksheet))
        made = made._replace(said=f"{made.said}; {beside}: their feedback")
    return made._replace(look=_strangers(strangers, "the worksheet"))


def as_gradescope(sheets: Sequence[Sheet], out: Path | None, roster: Path | None = None) -> Made:
    """A results.json for each student who handed in; with one, `out` may be that file."""
    out = out or Path("gradescope")
    told = [feedback(graded, each) for graded, standings in sheets for each in standings if each.state != MISSING]
    if out.suffix == ".json":
        if len(told) != 1:
            raise ReportError(f"report: got {len(told)} results for the one file {out}, expected a folder, or one result")
        paths = [out]
    else:
        paths = [out / (each.exercise if len(sheets) > 1 else "") / f"{each.student}.json" for each in told]
    for path, each in zip(paths, told, strict=True):
        write_whole(path, json.dumps(gradebooks.gradescope(each), indent=1, ensure_ascii=False) + "\n")
    return Made(f"{out}: {len(paths)} result{'s' * (len(paths) != 1)}")


def as_nbgrader(sheets: Sequence[Sheet], out: Path | None, roster: Path | None = None) -> Made:
    """Scores, marks and what lateness takes, into nbgrader's gradebook: its file, or the folder of its course."""
    from coursework.report.nbgrader_gradebook import GradebookError, write

    out, count = out or Path("gradebook.db"), 0
    for graded, standings in sheets:
        there = [each for each in standings if each.state == GRADED]
        results = [{**each.result, "student": each.student, "submitted": each.handed_in.get("submitted")} for each in there]
        marks = {each.student: _marks(graded, each) for each in there}
        penalties = {each.student: each.late.deduction for each in there}
        try:
            count += write(results, out, exercise=graded.about, marks=marks, penalties=penalties)
        except GradebookError as error:
            raise ReportError(f"report: {error}") from error
    return Made(f"{out}: {count} students")


def as_html(sheets: Sequence[Sheet], out: Path | None, roster: Path | None = None) -> Made:
    """The instructor's index, and a page for each student."""
    out = out or Path("feedback")
    told: dict[str, list] = {}
    for graded, standings in sheets:
        for each in standings:
            told.setdefault(each.student, []).append(feedback(graded, each))
    for student, parts in told.items():
        write_whole(out / pages.place(student), pages.student(parts))
    write_whole(out / "index.html", pages.index(sheets))
    return Made(f"{out / 'index.html'}: {len(told)} students, {len(told)} pages")


Format = Callable[[Sequence[Sheet], Path | None, Path | None], Made]
FORMATS: dict[str, Format] = {
    "csv": as_csv,
    "canvas": as_canvas,
    "moodle": as_moodle,
    "gradescope": as_gradescope,
    "nbgrader": as_nbgrader,
    "html": as_html,
}


def _rule(graded: Graded, due: str | None, late: str | None) -> Rule:
    return read_rule(due or graded.about.get("due"), graded.about.get("late") or {} if late is None else late)


def _timed(
    exercises: Sequence[tuple[Graded, Rule]], times: Path | None, roster: Path | None
) -> tuple[list[Sheet], tuple[str, ...]]:
    """Where everybody stands, with the times of a table where there is one, and what in that table needs a look."""
    sheets = [(graded, standings_of(graded, rule)) for graded, rule in exercises]
    if times is not None and len(sheets) != 1:
        raise ReportError(f"report: got --times for {len(sheets)} exercises, expected the results of one, such as results/week3")
    table = times or roster
    if table is None or len(sheets) != 1:
        return sheets, ()
    graded, look = with_times(sheets[0], exercises[0][1], table, roster=times is None)
    return [(graded, standings_of(graded, exercises[0][1]))], look


def _marks(graded: Graded, standing: Standing) -> Marks:
    """The marks of what was handed in last; those of an earlier answer are left out."""
    marks = {words.id: words.mark for words in standing.words if not words.open}
    return Marks(standing.student, graded.exercise, marks, standing.comment)


def _table_out(rows: list[list], out: Path | None, students: int, encoding: str = "utf-8") -> Made:
    text = write_table(rows)
    if out is None:
        return Made(text.replace("\r\n", "\n").rstrip("\n"))
    write_whole(out, text, encoding)
    return Made(f"{out}: {students} students")


def _strangers(students: Sequence[str], where: str) -> tuple[str, ...]:
    return (f"not in {where}: {listed_names(students, 20)}",) if students else ()


def _look(sheets: Sequence[Sheet]) -> list[str]:
    """What the instructor should know before giving this to anybody."""
    lines: list[str] = []
    for graded, standings in sheets:
        lines += graded.damaged.values()
        if stuck := [each.name for each in standings if each.state not in (GRADED, MISSING)]:
            lines.append(
                f"{graded.exercise}: no points for {listed_names(stuck, 20)}: coursework report {graded.folder} --format html says why"
            )
        if waiting := sum(each.state == GRADED and each.open > 0 for each in standings):
            lines.append(
                f"{graded.exercise}: {waiting} wait for a mark of an answer in words and have no points yet: coursework mark {graded.folder}"
            )
    return lines
