"""Submissions as they come: found in a folder, and read whatever their state.

Nothing here runs a student's code, follows a link, or raises because of what a student handed in. What was out of the ordinary is
kept as a `Flag`, for the instructor to read. Which cell is which of the exercise's is found out in `matching`; points
are given in `scoring.scorer`.
"""

import contextlib
import hashlib
import json
import os
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from coursework.assignment.source import Exercise
from coursework.files import LONGEST
from coursework.handin.matching import Flag, Matcher, RawCell, StudentCell
from coursework.handin.names import parses, without_magics

LARGEST = 64 * 2**20  # bytes; more is no notebook that anybody typed
PIECEWISE = 4 * 2**20  # a notebook above this is read cell by cell, to hold only one of its outputs at a time
SUFFIXES = (".ipynb", ".py", ".md")
SIGNATURES = {b"%PDF": "a PDF", b"PK\x03\x04": "a zip archive", b"\x1f\x8b": "a gzip archive", b"Rar!": "a rar archive"}
SIGNATURES |= {
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x7fELF": "a program",
    b"\xd0\xcf\x11\xe0": "an Office file",
}
LEFT_BY_SYSTEMS = re.compile(r"^[.~]|^__MACOSX$|^Thumbs\.db$|^desktop\.ini$", re.IGNORECASE)
PERCENT = re.compile(r"^# ?(%%|In ?\[)", re.MULTILINE)


class Submission(NamedTuple):
    """What was handed in, as far as it could be read: the code cells in their order, and what to tell the instructor."""

    cells: list[StudentCell]
    flags: list[Flag]

    @property
    def readable(self) -> bool:
        return not any(flag.kind in ("unreadable", "link") for flag in self.flags)


class Found(NamedTuple):
    """A submission in a folder. student: a name fit for a file's name, unlike any other's in the folder. flags: as `Submission`'s."""

    student: str
    path: Path
    flags: tuple[Flag, ...] = ()


class UnreadableError(ValueError):
    """Nothing in a file could be read; says why."""


def find_submissions(folder: str | Path, exercise: str) -> list[Found]:
    """Every submission for an exercise in a folder, sorted by the student's name.

    Two layouts may stand side by side: one file a student (`kim.ipynb`, `.py`, `.md`; the stem is the student), and nbgrader's
    (`kim/EXERCISE/EXERCISE.ipynb`). A file that is no notebook is a submission too: it gets a result that says so. A student's
    folder without this exercise is none. What systems leave (`.ipynb_checkpoints`, `__MACOSX`) is passed over.

    Raises:
        NotADirectoryError: `folder` is no folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise NotADirectoryError(f"submissions: got {folder}, expected a folder with a notebook a student")
    found = []
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            found += [(entry.name, path) for path in _of_student(Path(entry.path), exercise)]
        else:
            found.append((Path(entry.name).stem, Path(entry.path)))
    return _named(sorted((_plain(name), path) for name, path in found))


def _entries(folder: Path) -> list[os.DirEntry]:
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if not LEFT_BY_SYSTEMS.match(entry.name)), key=lambda entry: entry.name)


def _of_student(folder: Path, exercise: str) -> list[Path]:
    """The files for an exercise in a student's folder: the notebook of its name, or else whatever stands in its place."""
    inner = folder / exercise
    if inner.is_symlink():
        return [inner]
    place = inner if inner.is_dir() else folder
    files = [Path(e.path) for e in _entries(place) if not e.is_dir(follow_symlinks=False)]
    exact = [path for path in files if path.stem == exercise]
    notebooks = [path for path in files if path.suffix.lower() in SUFFIXES]
    if place is folder:
        return exact
    return exact or notebooks or files


def _plain(name: str) -> str:
    """A student's name as part of a file name: composed (macOS takes Korean syllables apart), without what no shell should meet."""
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    name = "".join("_" if (unicodedata.category(c)[0] in "CZ" and c != " ") or c in '/\\:*?"<>|' else c for c in name)
    short = name.strip(" .").encode()[:LONGEST].decode("utf-8", "ignore")
    return short.strip(" .") or "nameless"


def _named(found: Sequence[tuple[str, Path]]) -> list[Found]:
    """Give each its own name; names that differ in case alone are one on many disks."""
    times = Counter(name.casefold() for name, _ in found)
    given: Counter[str] = Counter()
    result = []
    for name, path in found:
        key = name.casefold()
        given[key] += 1
        flags = [] if times[key] == 1 else [Flag("duplicate", f"{times[key]} submissions are named {name}.")]
        result.append(Found(name if given[key] == 1 else f"{name}~{given[key]}", path, tuple(flags)))
    return result


def read_bytes(path: Path) -> bytes:
    """The content of a plain file.

    Raises:
        UnreadableError: it is a link, a pipe, a device or a folder, or larger than LARGEST.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise UnreadableError(f"The file cannot be opened: {error.strerror}.") from error
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise UnreadableError("This is no plain file.")
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise UnreadableError(f"The file is larger than {LARGEST / 2**20:.0f} MB.")
    return content


def digest(path: Path) -> str:
    """SHA-256 of a submission; of what cannot be read, of the reason."""
    try:
        return hashlib.sha256(read_bytes(path)).hexdigest()
    except UnreadableError as error:
        return hashlib.sha256(f"unreadable: {error}".encode()).hexdigest()


def read_submission(path: str | Path, exercise: Exercise) -> Submission:
    """Read what a student handed in, whatever it is, and match its cells with those of `exercise`.

    Args:
        path: an `.ipynb` of any format, a `.py` (percent cells, or a script that nbconvert wrote) or an `.md`.
        exercise: an `Exercise`, its placeholders filled for this student.

    Returns:
        A `Submission`. It never raises: of a file without anything to read there are no cells, and a flag that says why.

    Example:
        >>> submission = read_submission("submitted/kim.ipynb", exercise)
        >>> submission.readable, [flag.kind for flag in submission.flags]
        (True, ['kernel'])
    """
    flags: list[Flag] = []
    path = Path(path)
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return Submission([], [Flag("link", f"{path.name} is no plain file; it was not opened.")])
    try:
        raw = _raw_cells(read_bytes(path), path.suffix.lower(), flags)
        cells = Matcher(exercise, flags).match(raw)
    except UnreadableError as error:
        return Submission([], [*flags, Flag("unreadable", str(error))])
    except Exception as error:  # a stranger's file: whatever it breaks is the file's fault, and the next one is to be read
        return Submission([], [*flags, Flag("unreadable", f"The file could not be read: {type(error).__name__}.")])
    return Submission(cells, flags)


def _raw_cells(content: bytes, suffix: str, flags: list[Flag]) -> list[RawCell]:
    for signature, kind in SIGNATURES.items():
        if content.startswith(signature):
            raise UnreadableError(f"The file is {kind}, not a notebook.")
    text = _decoded(content, flags).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise UnreadableError("The file is empty.")
    cells = _from_json(text, flags) if text.lstrip().startswith("{") else _from_text(text, suffix, flags)
    if not any(cell.kind == "code" for cell in cells):
        raise UnreadableError("There is no code cell in the file.")
    return cells


def _decoded(content: bytes, flags: list[Flag]) -> str:
    """Text of bytes: UTF-8, UTF-16, or else what Korean or Western Windows writes."""
    encodings = ["utf-8-sig", "cp949", "latin-1"]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings.insert(0, "utf-16")
    elif content[:4].count(0) == 2:
        encodings.insert(0, "utf-16-le" if content[1:2] == b"\0" else "utf-16-be")
    for encoding in encodings:
        with contextlib.suppress(UnicodeDecodeError):
            text = content.decode(encoding)
            if encoding != "utf-8-sig":
                flags.append(Flag("encoding", f"The file was read as {encoding}."))
            return text
    raise UnreadableError("The file is no text.")


def _from_json(text: str, flags: list[Flag]) -> list[RawCell]:
    if len(text) <= PIECEWISE:
        with contextlib.suppress(json.JSONDecodeError, RecursionError):
            return _from_notebook(json.loads(text), flags)
    return _from_pieces(text, flags)


def _from_notebook(notebook: object, flags: list[Flag]) -> list[RawCell]:
    cells = _at(notebook, "cells")
    if not isinstance(cells, list):
        sheets = _at(notebook, "worksheets")
        cells = [cell for sheet in sheets or [] for cell in _at(sheet, "cells") or []] if isinstance(sheets, list) else []
        flags.append(Flag("old-format", f"Notebook format {str(_at(notebook, 'nbformat'))[:20]}."))
    _flag_kernel(_at(notebook, "metadata"), flags)
    return _valid(cells, flags)


def _from_pieces(text: str, flags: list[Flag]) -> list[RawCell]:
    """The cells of a notebook that is too large to hold, or that breaks off: one after the other as far as they go."""
    decoder = json.JSONDecoder()
    cells: list[dict] = []
    start = re.search(r'"cells"\s*:\s*\[', text)
    position = start.end() if start else len(text)
    while position < len(text):
        while position < len(text) and text[position] in " \t\n,":
            position += 1
        if text[position : position + 1] == "]":
            return _valid(cells, flags)
        try:
            cell, position = decoder.raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError):
            break
        cells.append({key: _at(cell, key) for key in ("cell_type", "source", "metadata")})  # not its outputs
    flags.append(Flag("truncated", f"The notebook breaks off after {len(cells)} whole cells."))
    if not cells:
        raise UnreadableError("The notebook breaks off before its first cell ends.")
    return _valid(cells, flags)


def _flag_kernel(metadata: object, flags: list[Flag]) -> None:
    kernel, language = _at(metadata, "kernelspec"), _at(metadata, "language_info")
    name, spoken = _at(kernel, "name"), _at(kernel, "language") or _at(language, "name")
    if (name is not None and name not in ("python3", "python")) or spoken not in (None, "python", "ipython"):
        flags.append(Flag("kernel", f"The notebook names the kernel {str(name)[:60]!r}, language {str(spoken)[:60]!r}."))


def _valid(cells: list, flags: list[Flag]) -> list[RawCell]:
    """Cells out of JSON; what is no cell is left out."""
    valid = []
    for cell in cells:
        source = _at(cell, "source") if _at(cell, "source") is not None else _at(cell, "input")
        if isinstance(source, list):
            source = "".join(part for part in source if isinstance(part, str))
        if not isinstance(source, str):
            continue
        kind = _at(cell, "cell_type")
        grade_id = _at(_at(_at(cell, "metadata"), "nbgrader"), "grade_id")
        source = source.replace("\r\n", "\n").replace("\r", "\n")
        valid.append(RawCell(kind if isinstance(kind, str) else "code", source, grade_id if isinstance(grade_id, str) else None))
    if len(valid) < len(cells):
        flags.append(Flag("damaged", f"{len(cells) - len(valid)} cells could not be read."))
    return valid


def _at(value: object, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _from_text(text: str, suffix: str, flags: list[Flag]) -> list[RawCell]:
    """The cells of a script or of Markdown, through jupytext."""
    import jupytext

    looks = "md" if re.search(r"^(```|~~~)\s*(\{code-cell\}|\{code\}|i?python)", text, re.MULTILINE) else None
    if suffix != ".md" and (looks is None or PERCENT.search(text)):
        if not PERCENT.search(text) and not parses(without_magics(text)[0]) and suffix != ".py":
            raise UnreadableError("The file is neither a notebook nor Python nor Markdown with code in it.")
        looks = "py:percent"
    elif re.search(r"^```\{code-cell\}", text, re.MULTILINE):
        looks = "md:myst"
    flags.append(Flag("converted", f"The file was read as {looks or 'md'}."))
    try:
        return _valid([dict(cell) for cell in jupytext.reads(text, fmt=looks or "md").cells], flags)
    except Exception as error:  # jupytext's readers raise what they like
        if looks != "py:percent":
            raise UnreadableError(f"The file could not be read as Markdown: {type(error).__name__}.") from error
        flags.append(Flag("damaged", f"jupytext could not read the script ({type(error).__name__}); it was taken as one cell."))
        return [RawCell("code", text, None)]
