"""When students handed in, as a table says: for Canvas and Moodle, whose downloads do not tell.

Moodle's grading worksheet serves as it is. Any other table names a student in each row, and when work came in or how late it is:

    student,submitted,days
    kim,2026-12-03T08:00,
    "Lee, Min",,2

What the table says of a student goes to the file that counts, in place of that file's own time. A group is as late as the latest of its rows.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from coursework.report.gradebooks import Row, class_of, read_gradebook, student_in
from coursework.report.late import Rule, read_time
from coursework.report.reading import Graded, ReportError
from coursework.report.tables import Sheet

WORKSHEET = "last modified (submission)"
WHO = ("student", "number", "identifier", "id number", "email address", "full name")
WHEN = ("submitted", WORKSHEET, "days")
MOODLE_FORMS = ("%A, %d %B %Y, %I:%M %p", "%A, %d %B %Y, %H:%M", "%A, %B %d, %Y, %I:%M %p")  # English; the last is the American
EXPECTED = "2026-12-03T08:00, Moodle's Thursday, 3 December 2026, 8:00 AM, or a whole number of days"


class Told(NamedTuple):
    """What a row says. submitted: ISO time with its offset, or None. days: late, where the row counts them itself."""

    submitted: str | None
    days: int | None
    by: str

    @property
    def latest(self) -> tuple:
        return self.days or 0, datetime.fromisoformat(self.submitted) if self.submitted else datetime.min.replace(tzinfo=UTC)


def with_times(sheet: Sheet, rule: Rule, path: Path, roster: bool = False) -> tuple[Graded, tuple[str, ...]]:
    """An exercise whose files have the times of a table, and a line on each thing in the table that could not be used.

    Args:
        rule: whose due time gives a time without an offset its zone.
        roster: the table was given for another purpose. It is used where it is Moodle's worksheet, and may name whom it will.

    Raises:
        ReportError: the table cannot be read, has no such columns, or there is no due time to hold its times against.

    Example:
        >>> graded, look = with_times(sheet, read_rule("2026-12-01T23:59+09:00", {"per_day": 0.1}), Path("times.csv"))
        >>> look
        ("times.csv: 'Nobody': nobody in the class, or more than one",)
    """
    graded, _ = sheet
    rows = [{name.strip().casefold(): cell for name, cell in row.items()} for row in read_gradebook(path, (), "a table of times")]
    columns = {name for row in rows[:1] for name in row}
    if roster and (WORKSHEET not in columns or rule.due is None):
        return graded, ()
    if not columns.intersection(WHO) or not columns.intersection(WHEN):
        raise ReportError(
            f"report: {path}: got {', '.join(sorted(columns)) or 'no row'}, expected the columns student and submitted (or days), "
            "or Moodle's grading worksheet in English"
        )
    if rule.due is None and any(_cell(row, *WHEN[:2]) for row in rows):
        raise ReportError(f"report: {path}: got times and no due time, expected `due` in the exercise's source, or --due")
    told, look = _read(rows, sheet, rule, path.name, roster)
    return graded._replace(about={**graded.about, "rows": [_timed(row, graded, told) for row in graded.rows]}), tuple(look)


def _read(rows: Iterable[Row], sheet: Sheet, rule: Rule, table: str, roster: bool) -> tuple[dict[str, Told], list[str]]:
    """What the table says of each student or group, and what of it could not be used."""
    graded, _ = sheet
    everybody, groups = class_of([sheet]), {person["group"] for person in graded.students} - {""}
    found: dict[str, Told | None] = {}
    look: list[str] = []
    for row in rows:
        text, name = _cell(row, "days") or _cell(row, *WHEN[:2]), _cell(row, *WHO)
        if not text:
            continue
        numbered = row | {"number": "".join(re.findall(r"\d+$", _cell(row, "identifier")))}
        student = name if name in groups else student_in(numbered, WHO, everybody)
        told = _told(row, rule)
        if student is None:
            look += [] if roster else [f"{table}: {name!r}: nobody in the class, or more than one"]
        elif told is None:
            look.append(f"{table}: {student}: got {text!r}, expected {EXPECTED}")
        elif student in found:
            look.append(f"{table}: {student}: got two rows, expected one; none of them counts")
            found[student] = None
        else:
            found[student] = told
    return {student: told for student, told in found.items() if told}, look


def _told(row: Row, rule: Rule) -> Told | None:
    """What a row says, or None where that is no time and no number."""
    if days := _cell(row, "days"):
        by = "The number of days is from the instructor's table."
        return Told(None, int(days), by) if re.fullmatch(r"[0-9]{1,4}", days) else None
    when = _time(_cell(row, *WHEN[:2]))
    if when is None:
        return None
    when = when if when.tzinfo or rule.due is None else when.replace(tzinfo=rule.due.tzinfo)
    by = "Moodle's grading worksheet" if WORKSHEET in row else "the instructor's table"
    return Told(when.isoformat(), None, f"The time, {when:%Y-%m-%d %H:%M}, is from {by}.")


def _time(text: str) -> datetime | None:
    """An ISO time, whose offset may be the word UTC, or a time as Moodle writes it in English.

    >>> _time("Tuesday, 1 December 2026, 11:58 PM").isoformat()
    '2026-12-01T23:58:00'
    """
    for form in MOODLE_FORMS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return read_time(re.sub(r" UTC$", "+00:00", text)) if ":" in text else None  # a day has no time


def _timed(row: Mapping, graded: Graded, told: Mapping[str, Told]) -> Mapping:
    """A file's row with what the table says of its student, or of the group whose it is."""
    names = [row["student"], *(person["id"] for person in graded.students if person["group"] and person["group"] == row["student"])]
    said: Sequence[Told] = [told[name] for name in names if name in told]
    if row["state"] != "grade" or not said:
        return row
    last = max(said, key=lambda each: each.latest)
    own = read_time(row["submitted"])
    flags = row["flags"]
    if own is not None and (last.submitted is None or own != datetime.fromisoformat(last.submitted)):
        flags = [*flags, {"kind": "time", "detail": f"Its own time, {row['submitted']}, does not count. {last.by}"}]
    return {**row, **last._asdict(), "flags": flags}


def _cell(row: Row, *columns: str) -> str:
    """The first of some cells that says something, its spaces single."""
    cells = (" ".join((row.get(column) or "").split()) for column in columns)
    return next((cell for cell in cells if cell not in ("", "-")), "")
