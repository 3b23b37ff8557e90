"""The report as pages: one for the instructor, one for each student to read or print. Each is one file that loads nothing.

Here is what the pages say; how they look is in templates/. Jinja escapes every text that comes from a result.
"""

import shlex
import unicodedata
from collections.abc import Iterator, Sequence
from statistics import fmean, median

from jinja2 import Environment, PackageLoader, StrictUndefined

from coursework.files import listed_names
from coursework.report.feedback import Feedback
from coursework.report.prose import blocks, line
from coursework.report.reading import Graded
from coursework.report.standing import GRADED, MISSING, Standing
from coursework.report.tables import Sheet, flags_of

MOST_SHOWN = 3000  # characters of what a student's cells printed


def index(sheets: Sequence[Sheet]) -> str:
    """The instructor's page: who stands where and why, what to look at, and every file that came in."""
    return TEMPLATES.get_template("index.html").render(sections=[_section(*sheet) for sheet in sheets])


def student(told: Sequence[Feedback]) -> str:
    """One student's page: a part for each exercise, of nothing but `Feedback`."""
    return TEMPLATES.get_template("student.html").render(name=told[0].name, sections=told)


def place(student: str) -> str:
    """Where a student's page lies, from the index."""
    return f"students/{student}.html"


def _section(graded: Graded, standings: Sequence[Standing]) -> dict:
    finals = [each.final for each in standings if each.final is not None]
    rows = sorted((_row(graded, each) for each in standings), key=lambda row: _folded(row["standing"].name))
    return {
        "exercise": graded.exercise,
        "title": graded.title,
        "due": graded.about.get("due"),
        "counts": list(_counts(standings)),
        "mean": fmean(finals) if finals else None,
        "median": median(finals) if finals else None,
        "most": max((each.possible for each in standings), default=0),
        "missing": listed_names([each.name for each in standings if each.state == MISSING]),
        "older": _older(graded),
        "parts": [("Need a look", [row for row in rows if row["look"]]), ("The others", [row for row in rows if not row["look"]])],
        "taken_off": any(each.late.deduction for each in standings),
        "by_hand": bool(graded.about["written"]),
        "tests": list(_tests(graded, standings)),
        "files": graded.rows,
        "nobodys": [row for row in graded.rows if not row.get("student")],
        "damaged": list(graded.damaged.values()),
    }


def _counts(standings: Sequence[Standing]) -> Iterator[tuple[int, str]]:
    """How many are in which state, the graded ones first."""
    states = [each.state for each in standings]
    for state in sorted(set(states), key=lambda state: (state != GRADED, state == MISSING, state)):
        yield states.count(state), "handed nothing in" if state == MISSING else state
    if waiting := sum(each.state == GRADED and each.open > 0 for each in standings):
        yield waiting, "with answers that wait for a mark"


def _row(graded: Graded, standing: Standing) -> dict:
    command = graded.about.get("command") or ["coursework", "grade", graded.exercise, "SUBMISSIONS"]
    found = _flags(standing)
    look = bool(found or standing.notes or standing.state not in (GRADED, MISSING))
    again = [*command, "--only", standing.owner or standing.student, "--force"]
    return {
        "standing": standing,
        "place": place(standing.student),
        "by_hand": sum(each.mark.points or 0 for each in standing.words),
        "look": look,
        "flags": found,
        "notes": [*standing.notes, *filter(None, [standing.late.note])],
        "tests": [test for test in standing.result.get("tests", ()) if test["points"] < test["max_points"]],
        "output": _output(standing),
        "again": shlex.join(again) if look and any(row["state"] == "grade" for row in standing.files) else "",
    }


def _flags(standing: Standing) -> dict[str, str]:
    """What each kind of flag says, in one line."""
    found: dict[str, list[str]] = {}
    for kind, detail in flags_of(standing):
        found.setdefault(kind, []).append(detail)
    return {kind: " ".join(details) for kind, details in found.items()}


def _older(graded: Graded) -> int:
    """How many results were made with another version of the source than the last ones."""
    now = graded.about.get("source_sha256")
    return sum(result.get("source_sha256") != now for result in graded.results.values())


def _folded(name: str) -> str:
    """A name as it is sorted: Á beside A."""
    return unicodedata.normalize("NFKD", name).casefold()


def _tests(graded: Graded, standings: Sequence[Standing]) -> Iterator[dict]:
    """How each test went: how many got all of it, some, nothing. A group's result counts once."""
    results = list({each.owner: each.result for each in standings if each.state == GRADED}.values())
    for test in graded.about["tests"]:
        got = [
            each["points"] / (each["max_points"] or 1) for result in results for each in result["tests"] if each["id"] == test["id"]
        ]
        full, none = sum(share >= 1 for share in got), sum(share <= 0 for share in got)
        yield {"title": test["title"], "points": test["points"], "full": full, "some": len(got) - full - none, "none": none}


def _output(standing: Standing) -> str:
    """What the cells printed, before a test had sent a value and after."""
    whole = "\n".join(filter(None, [standing.result.get("output", "").strip(), standing.result.get("output_after", "").strip()]))
    return whole if len(whole) <= MOST_SHOWN else f"{whole[:MOST_SHOWN]} …"


def _number(points: int | float) -> str:
    """Points without needless zeros: 2, 2.5."""
    return f"{points:.10g}"


def _environment() -> Environment:
    templates = Environment(
        loader=PackageLoader("coursework.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters |= {"number": _number, "blocks": blocks, "line": line}
    return templates


TEMPLATES = _environment()
