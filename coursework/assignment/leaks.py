"""The second wall: whether what is about to go out holds a line that students must not see.

`release` takes solutions and tests out of what it makes. Here the source is read without its help, and the finished file is searched
for everything that was to be taken out.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from nbformat import NotebookNode

from coursework.assignment.source import HIDDEN, SCHEME, SOLUTION, STUB, STUB_BELOW, YOUR_WORDS, Exercise, role_of

MARK = re.compile(rf"\s*(?:#{{3}}|={{3}}) (BEGIN|END) ({SOLUTION}|{HIDDEN}|{SCHEME})\b")
LONG = 24  # letters and digits: so long a line is found within another one, a shorter one must be the whole line
SHORT = 8  # in a data or helper file a solution with fewer is no news
PLACEHOLDERS = (STUB, STUB_BELOW, YOUR_WORDS, "YOUR ANSWER HERE", "# YOUR CODE HERE", "raise NotImplementedError()")


class Part(NamedTuple):
    """Lines that students must not see. kind: SOLUTION, HIDDEN, SCHEME, "note" or "wrong"; what: kind and id, for people."""

    kind: str
    what: str
    lines: tuple[str, ...]


class Secrets(NamedTuple):
    """The parts of an exercise that students must not see, and the lines of it that they are given."""

    parts: tuple[Part, ...]
    given: frozenset[str]

    def without(self, kinds: Iterable[str]) -> "Secrets":
        """The same where the parts of some kinds may be seen, as on a page of solutions."""
        shown = [line for part in self.parts if part.kind in kinds for line in part.lines]
        return Secrets(tuple(part for part in self.parts if part.kind not in kinds), self.given.union(shown))


def secrets_of(exercise: Exercise) -> Secrets:
    """Cut an exercise in two: what between markers, in notes and in wrong answers must not go out, and all else.

    Example:
        >>> [part.what for part in secrets_of(load_source("private/kl.md")).parts]
        ['the solution of kl', 'the hidden tests of kl', 'the wrong of kl']
    """
    parts, given = [], set(map(_plain, PLACEHOLDERS))
    for cell in exercise.notebook.cells:
        for part in _parts(cell):
            if part.kind:
                parts.append(part)
            else:
                given.update(part.lines)
    return Secrets(tuple(parts), frozenset(given))


def leak_in(secrets: Secrets, content: bytes, whole: bool = True) -> str | None:
    """What of the secrets stands in a file, in words, or None.

    Args:
        secrets: of the exercise with the values of the file. content: the file. whole: it was made of the source, so that every line
            counts. In a file that goes with it a short one may stand by chance: there it takes a long line, or a part with all its lines.
    """
    text = _text(content)
    if (mark := MARK.search(text)) is not None:
        return f"a marker, {mark[0].strip()!r}"
    lines = {_plain(line) for line in text.splitlines()}
    everything, given = "\n".join(sorted(lines)), "\n".join(sorted(secrets.given))
    for part in secrets.parts:
        hidden = [line for line in part.lines if _size(line) and not _stands(line, secrets.given, given)]
        seen = [line for line in hidden if _stands(line, lines, everything)]
        if not whole and not (seen == hidden and sum(map(_size, seen)) >= SHORT):
            seen = [line for line in seen if _size(line) >= LONG and not re.match(r"(from|import)\b", line)]
        if seen:
            return f"{part.what}: {seen[0][:80]!r}"
    return None


def _parts(cell: NotebookNode) -> Iterator[Part]:
    """The parts of a cell; of kind "" what is given out."""
    kind, name = role_of(cell)
    found: dict[str, list[str]] = {}
    lines, now = cell.source.splitlines(), ""
    if kind in ("note", "wrong"):
        role = cell.metadata.companion
        yield Part(kind, f"the {kind} of {name}", tuple(map(_plain, [*lines, role.get("slip", ""), role.get("says", "")])))
        return
    if (cell.metadata.get("nbgrader") or {}).get("solution") and not any(map(MARK.match, lines)):
        now = SOLUTION  # nbgrader replaces the whole of such a cell
    for line in lines:
        if mark := MARK.match(line):
            now = mark[2] if mark[1] == "BEGIN" else ""
        else:
            found.setdefault(now, []).append(_plain(line))
    yield from (Part(kind, f"the {kind.lower()} of {name}", tuple(lines)) for kind, lines in found.items())


def _text(content: bytes) -> str:
    """All text of a file: of a notebook or other JSON every string in it, wherever it stands; of a picture, nothing."""
    if b"\0" in content:
        return ""
    text = content.decode("utf-8", "replace")
    try:
        return "\n".join(_strings(json.loads(text)))
    except (ValueError, RecursionError):
        return text


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
    elif isinstance(value, list):
        yield from ["".join(value)] if value and all(isinstance(item, str) for item in value) else []
        for item in value:
            yield from _strings(item)


def _stands(line: str, lines: Iterable[str], text: str) -> bool:
    return line in lines or (_size(line) >= LONG and line in text)


def _plain(line: str) -> str:
    return " ".join(line.split())


def _size(line: str) -> int:
    return sum(map(str.isalnum, line))
