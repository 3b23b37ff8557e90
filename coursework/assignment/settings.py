"""What the front matter of a source says of the whole exercise: `companion: {variants: …, files: …, due: …, late: …, forbid: …}`."""

import datetime
import json
import re
from pathlib import Path
from typing import NamedTuple

from coursework.assignment.stamp import KEY_FILE
from coursework.files import unsafe

KNOWN = "variants, files, due, late, forbid"
LATE = "per_day (a share of the points, 0 to 1), days and grace_minutes (0 or more)"
MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


class Settings(NamedTuple):
    """variants: name -> values. files: beside the source, given out with it. due: an ISO time with its offset. late: per_day, and where
    said days and grace_minutes. forbid: modules that an answer must not import."""

    variants: dict[str, list]
    files: tuple[str, ...]
    due: str | None
    late: dict
    forbid: tuple[str, ...]


def read_settings(said: object, folder: Path) -> Settings:
    """Read and check the settings of a source that stands in a folder.

    Raises:
        ValueError: what came and what was expected; the caller says in which file.

    Example:
        >>> read_settings({"files": ["data.csv"], "due": "2026-12-01T23:59+09:00"}, Path("assignments")).files
        ('data.csv',)
    """
    said = {} if said is None else said
    if not isinstance(said, dict) or set(said) - set(Settings._fields):
        raise ValueError(f"got companion: {said}, expected companion: {{…}} with {KNOWN}")
    return Settings(
        _variants(said.get("variants") or {}),
        _files(said.get("files") or [], folder),
        read_due(said.get("due")),
        read_late(said.get("late") or {}),
        _forbid(said.get("forbid") or []),
    )


def _variants(variants: object) -> dict[str, list]:
    if not isinstance(variants, dict):
        raise ValueError(f"got variants: {variants}, expected variants: {{name: [values…]}}")
    for name, values in variants.items():
        if not isinstance(name, str) or not name.isidentifier() or not isinstance(values, list) or not values:
            raise ValueError(f"got the variant {name}: {values}, expected a name and a list of values")
        for value in values:
            if not _is_plain(value):
                raise ValueError(f"got {value!r} for the variant {name}, expected text (in quotes), numbers, or lists of them")
    return {name: list(values) for name, values in variants.items()}


def _is_plain(value: object) -> bool:
    """Whether a value is the same after it was written as JSON: a stamp and a result hold it so."""
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except (TypeError, ValueError):
        return False


def _files(files: object, folder: Path) -> tuple[str, ...]:
    if not isinstance(files, list) or not all(isinstance(name, str) for name in files):
        raise ValueError(f"got files: {files}, expected files: [data.csv, helper.py]")
    for name in files:
        if problem := _not_given_out(name, folder):
            raise ValueError(f"got {name!r} among the files, expected a plain file beside the source: {problem}")
    if len({name.casefold() for name in files}) < len(files):
        raise ValueError(f"got files: {files}, expected each once")
    return tuple(files)


def _not_given_out(name: str, folder: Path) -> str | None:
    """Say why a file cannot go out with an exercise, or None."""
    for part in name.split("/"):
        if (reason := unsafe(part)) is not None:
            return reason
    path, root = folder / name, folder.resolve()
    if path.name.casefold() == KEY_FILE:
        return "it is your key"
    if not path.is_file():
        return "there is none" if not path.exists() else "it is none"
    if path.resolve() != root / name:
        return "it is a link"
    return None


def read_due(due: object) -> str | None:
    """A time with its distance from UTC, as ISO text. Raises ValueError."""
    if due is None:
        return None
    try:
        time = due if isinstance(due, datetime.datetime) else datetime.datetime.fromisoformat(str(due))
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise ValueError(f"got due: {due}, expected a time with its distance from UTC, such as 2026-12-01T23:59+09:00")
    return time.isoformat(timespec="minutes" if not (time.second or time.microsecond) else "auto")


def read_late(late: object) -> dict:
    """What a late submission loses: per_day, days, grace_minutes, all optional. Raises ValueError."""
    known = {"per_day", "days", "grace_minutes"}
    if isinstance(late, dict) and not set(late) - known and all(map(_is_amount, late.values())) and late.get("per_day", 0) <= 1:
        return dict(late)
    raise ValueError(f"got late: {late}, expected {LATE}")


def _is_amount(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf")


def _forbid(forbid: object) -> tuple[str, ...]:
    if not isinstance(forbid, list) or not all(isinstance(name, str) and MODULE.fullmatch(name) for name in forbid):
        raise ValueError(f"got forbid: {forbid}, expected forbid: [companion.losses]")
    return tuple(dict.fromkeys(forbid))
