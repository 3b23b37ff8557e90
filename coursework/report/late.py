"""What late work loses: the rule of the front matter, or of the command line in its place, held against the time of handing in.

For each day begun after `due` (and after the grace), `per_day` of the points possible is taken off, as learning platforms do it, and
never more than there is. Later than `days` days, nothing is left. Without a rule, lateness is said and takes nothing.
"""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from coursework.assignment.settings import read_due, read_late
from coursework.report.reading import ReportError


class Rule(NamedTuple):
    """due: None where there is no time to be late for. days: None where work is taken however late."""

    due: datetime | None = None
    per_day: float = 0.0
    days: float | None = None
    grace: timedelta = timedelta()


class Lateness(NamedTuple):
    """days: begun after the due time. deduction: points taken off. note: one sentence, empty where all is in time."""

    days: int = 0
    deduction: float = 0.0
    note: str = ""


def read_rule(due: str | None, late: Mapping[str, float | int] | str) -> Rule:
    """Make a rule of what a front matter or a command line says.

    Args:
        due: ISO time with its offset, or None. late: {per_day, days, grace_minutes}, all optional, or the same as text; "none" for none.

    Raises:
        ReportError: what cannot be read.

    Example:
        >>> read_rule("2026-12-01T23:59+09:00", "per_day=0.1,days=3").per_day
        0.1
    """
    try:
        values = read_late(({} if late == "none" else _pairs(late)) if isinstance(late, str) else late)
        when = read_time(read_due(due))
    except ValueError as error:
        raise ReportError(f"report: {error}") from error
    return Rule(when, values.get("per_day", 0.0), values.get("days"), timedelta(minutes=values.get("grace_minutes", 0)))


def read_time(text: str | None) -> datetime | None:
    """An ISO time, or None for what is none.

    >>> read_time("2026-12-01T23:59+09:00").hour
    23
    """
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        return None


def lateness(
    rule: Rule, submitted: str | None, said_late: bool, points: float, possible: float, days: int | None = None, by: str = ""
) -> Lateness:
    """How late work is, and what that takes off.

    Args:
        submitted: ISO time; without an offset it is taken to be that of the due time. said_late: the platform's own mark.
        points: earned so far. possible: what the exercise can give. days: late, where somebody counted them; no time is asked then.
        by: a sentence on where time or days come from, for the note.

    Example:
        >>> rule = read_rule("2026-12-01T23:59+09:00", {"per_day": 0.1, "days": 3})
        >>> lateness(rule, "2026-12-03T08:00+09:00", True, 15, 20)
        Lateness(days=2, deduction=4.0, note='2 days late: 4 points taken off.')
    """
    days = _days(rule, submitted) if days is None else days
    if days is None:
        return Lateness(note="Late, as the platform says; nothing is taken off." if said_late else "")
    if days == 0:
        return Lateness()
    said, source = f"{days} day{'s' * (days > 1)} late", f" {by}" if by else ""
    if rule.days is not None and days > rule.days:
        return Lateness(days, float(points), f"{said}, and nothing was taken after {rule.days:g}: no points are left.{source}")
    deduction = min(float(points), round(rule.per_day * days * possible, 2))
    taken = f": {deduction:g} point{'s' * (deduction != 1)} taken off" if deduction else ", and nothing is taken off"
    return Lateness(days, deduction, f"{said}{taken}.{source}")


def _days(rule: Rule, submitted: str | None) -> int | None:
    """Days begun after the due time and its grace; None where a time is missing."""
    when = read_time(submitted)
    if rule.due is None or when is None:
        return None
    over = (when if when.tzinfo else when.replace(tzinfo=rule.due.tzinfo)) - rule.due
    return 0 if over <= rule.grace else math.ceil(over / timedelta(days=1))


def _pairs(text: str) -> dict:
    """The rule as it is typed; what is no number stays text, which `read_late` refuses."""
    found: dict[str, float | str] = {}
    for part in text.replace(",", " ").split():
        name, _, value = part.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            found[name] = value
    return found
