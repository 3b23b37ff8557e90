"""The list of students or groups that an instructor exports from somewhere: read with patience, checked with none.

A name becomes a folder, so one that a disk would change, refuse or take for another is an error here and not a lost notebook later.
"""

import csv
import re
import unicodedata
from collections import Counter
from pathlib import Path

STUDENT = ("student", "students", "name", "login", "username", "sis login id", "학생", "이름", "성명", "학번")
GROUP = ("group", "groups", "team", "조", "모둠", "그룹", "팀")
UNSAFE = re.compile(r'[/\\:*?"<>|]')
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # what Windows keeps for devices
LONGEST = 200  # bytes of a name; a file's may have 255, and `~2.json` has to fit behind it


class RosterError(ValueError):
    """A list of names cannot be used; says which line, what came and what was expected."""


def read_roster(path: str | Path, *, groups: bool = False) -> list[str]:
    """Read names of students, or of groups.

    Args:
        path: text with a name a line, or a table whose columns are apart by commas, semicolons or tabs: the first column, or the one
            headed "student" (or "name", "login", "이름", "학번", …; "group", "team", "조", … with `groups`). UTF-8 with or without a
            byte-order mark, UTF-16, or what a Korean Windows writes.
        groups: take the groups; a group that stands in several rows, one for each member, is taken once.

    Returns:
        The names in the order of the file, composed (NFC).

    Raises:
        RosterError: no name, a name twice (upper and lower case aside), or one that cannot be a folder's.

    Example:
        >>> read_roster("students.csv")
        ['kim', '이서연']
    """
    path = Path(path)
    rows = _rows(_text(path))
    column, start = _column(rows, GROUP if groups else STUDENT)
    found = [(number, row[column].strip()) for number, row in rows[start:] if len(row) > column and row[column].strip()]
    if not found:
        raise RosterError(f"{path}: got no name, expected one a line, or a column headed {(GROUP if groups else STUDENT)[0]}")
    names = [unicodedata.normalize("NFC", name) for _, name in found]
    for (number, _), name in zip(found, names, strict=True):
        if (reason := unsafe(name)) is not None:
            raise RosterError(f"{path}: line {number}: got {name!r}, expected a name that can be a folder's: {reason}")
    if groups and any(len(row) > 1 for _, row in rows):
        names = list(dict.fromkeys(names))
    twice = [name for name, times in Counter(name.casefold() for name in names).items() if times > 1]
    if twice:
        raise RosterError(
            f"{path}: got {', '.join(twice)} more than once, expected names that differ in more than upper and lower case"
        )
    return names


def unsafe(name: str) -> str | None:
    """Say why a name cannot be that of a folder on every system, or None.

    >>> unsafe("../kim"), unsafe("김민수")
    ('it holds /', None)
    """
    if found := UNSAFE.search(name):
        return f"it holds {found[0]}"
    if any(unicodedata.category(c)[0] == "C" or (c.isspace() and c != " ") for c in name):
        return "it holds a character that cannot be seen"
    if name[0] in ".~" or name[-1] in ". " or "~" in name:
        return "it begins or ends with a dot, or holds ~"
    if RESERVED.fullmatch(name):
        return "Windows keeps it for a device"
    return f"it is longer than {LONGEST} bytes" if len(name.encode()) > LONGEST else None


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RosterError(f"{path}: cannot be read: {error.strerror}") from error
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp949"):
        try:
            return content.decode(encoding).lstrip("\ufeff")
        except UnicodeDecodeError:
            continue
    raise RosterError(f"{path}: got bytes that are no text, expected a list of names saved as UTF-8")


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """(line number, fields) of every line that is not blank and no comment."""
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    rows = ((number, next(csv.reader([line], delimiter=delimiter))) for number, line in enumerate(lines, 1) if line.strip())
    return [(number, row) for number, row in rows if not row[0].startswith("#")]


def _column(rows: list[tuple[int, list[str]]], headers: tuple[str, ...]) -> tuple[int, int]:
    """Which column holds the names, and the index of the first row that is no heading."""
    heading = [cell.strip().casefold() for cell in rows[0][1]] if rows else []
    for header in headers:
        if header in heading:
            return heading.index(header), 1
    return 0, 0
