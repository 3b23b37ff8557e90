"""The instructor's table of results, and how a table is written. A cell never begins as a formula would, whatever a student called a file."""

import csv
import io
import re
from collections.abc import Sequence

from coursework.report.reading import Graded
from coursework.report.standing import Standing

FORMULA = re.compile("\\s*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\\t\\r\\n]")  # the wide ones too: a Korean spreadsheet takes them alike


class Given(str):
    """A cell of a table that a platform exported: it goes back as it came."""

    __slots__ = ()


Sheet = tuple[Graded, list[Standing]]  # an exercise and where everybody stands in it


def table(sheets: Sequence[Sheet]) -> list[list]:
    """One row a student: for each exercise state, points, a column for each test and each answer in words, flags. The first row names them.

    final is empty while an answer waits for its mark, and where nothing was graded.
    """
    people = {standing.student: standing for _, standings in sheets for standing in standings}
    rows: list[list] = [["student", "name", "group"]] + [[each.student, each.name, each.group] for each in people.values()]
    for graded, standings in sheets:
        prefix = f"{graded.exercise} " if len(sheets) > 1 else ""
        rows[0] += [f"{prefix}{name}" for name in _columns(graded)]
        of = {standing.student: standing for standing in standings}
        for row in rows[1:]:
            row += _cells(graded, of.get(row[0]))
    return rows


def write_table(rows: Sequence[Sequence]) -> str:
    """Rows as CSV. Text that a spreadsheet would take for a formula gets an apostrophe in front, unless it is `Given`.

    >>> write_table([["=1+1", Given("-"), 3]])
    "'=1+1,-,3\\r\\n"
    """
    text = io.StringIO()
    csv.writer(text).writerows([[_harmless(cell) for cell in row] for row in rows])
    return text.getvalue()


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and not isinstance(cell, Given) and FORMULA.match(cell) else cell


def _columns(graded: Graded) -> list[str]:
    parts = [each["id"] for name in ("tests", "written") for each in graded.about[name]]
    return ["state", "final", "possible", "taken off", *parts, "not marked", "flags"]


def _cells(graded: Graded, standing: Standing | None) -> list:
    if standing is None:
        return [""] * len(_columns(graded))
    tests = {test["id"]: test["points"] for test in standing.result.get("tests", ())}
    words = {each.id: each.mark.points for each in standing.words if not each.open}
    parts = [points.get(each["id"], "") for name, points in (("tests", tests), ("written", words)) for each in graded.about[name]]
    final = "" if standing.final is None else standing.final
    return [
        standing.state,
        final,
        standing.possible,
        standing.late.deduction,
        *parts,
        standing.open,
        _short("; ".join(flags(standing))),
    ]


def _short(text: str, most: int = 2000) -> str:
    """A cell that a spreadsheet takes, however many files somebody handed in."""
    return text if len(text) <= most else text[: most - 1] + "…"


def flags(standing: Standing) -> list[str]:
    """What an instructor may want to look at, a line each."""
    found = [f"{kind}: {detail}" for kind, detail in flags_of(standing)]
    return list(dict.fromkeys([*found, *standing.notes, *filter(None, [standing.late.note])]))


def flags_of(standing: Standing) -> list[tuple[str, str]]:
    """Kind and detail of each flag, of the result and of the files.

    A stamp of somebody else explains why test cells hold other numbers: that is not said as well.
    """
    all_flags = [*standing.result.get("flags", ()), *(flag for row in standing.files for flag in row["flags"])]
    found = dict.fromkeys((flag["kind"], flag["detail"]) for flag in all_flags if flag["kind"] != "manual")
    return [each for each in found if each[0] != "test-edited" or not of_somebody_else(standing)]


def of_somebody_else(standing: Standing) -> bool:
    """The file that was graded bears a stamp that was made for somebody else."""
    return any(flag["kind"] == "other-student" for flag in standing.handed_in.get("flags", ()))
