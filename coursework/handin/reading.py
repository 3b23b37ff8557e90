"""From a file's bytes to its cells, whatever state it is in. What was out of the ordinary is flagged; nothing here runs code."""

import contextlib
import itertools
import json
import os
import re
import stat
from pathlib import Path
from typing import Any, NamedTuple

from coursework.flags import Flag
from coursework.handin.archives import LARGEST
from coursework.handin.names import parses, without_magics

PIECEWISE = 4 * 2**20  # a notebook above this is read cell by cell, to hold only one of its outputs at a time
MOST_PIECES = 10_000  # cells of a notebook that is read so
MOST_VALUES = 4_000_000  # in one notebook; each may take a hundred bytes, and outputs of numbers have a tenth of it
SIGNATURES = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "an empty zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"Rar!": "a rar archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x7fELF": "a program",
    b"\xd0\xcf\x11\xe0": "an Office file",
}
# One bracket or comma outside strings, or the end; it never looks at a character twice, whatever the text.
VALUE = re.compile(r'(?:[^"\[{,]++|"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z))*+(?:([\[{,])|\Z)', re.DOTALL)
PERCENT = re.compile(r"^# ?(%%|In ?\[)", re.MULTILINE)
FENCE = re.compile(r"^(```|~~~)\s*(\{code-cell\}|\{code\}|i?python)", re.MULTILINE)


class UnreadableError(ValueError):
    """Nothing in a file could be read; says why."""


class RawCell(NamedTuple):
    """A cell as it stands in a file. kind: "code", "markdown" or "raw". grade_id: nbgrader's, or None."""

    kind: str
    source: str
    grade_id: str | None


def read_bytes(path: Path) -> bytes:
    """The content of a plain file.

    Raises:
        UnreadableError: it is a link, a pipe, a device or a folder, cannot be opened, or is larger than LARGEST.
    """
    if path.is_symlink():
        raise UnreadableError("This is a link; it was not followed.")
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError) as error:
        raise UnreadableError(f"The file cannot be opened: {getattr(error, 'strerror', error)}.") from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise UnreadableError("This is no plain file; it was not read.")
        with open(handle, "rb", closefd=False) as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise UnreadableError(f"The file cannot be read: {error.strerror}.") from error
    finally:
        os.close(handle)
    if len(content) > LARGEST:
        raise UnreadableError(f"The file is larger than {LARGEST / 2**20:.0f} MB.")
    return content


def read_cells(content: bytes, suffix: str) -> tuple[list[RawCell], list[Flag]]:
    """The cells of a notebook of any format, of a script (percent cells, or as nbconvert writes it), or of Markdown.

    Args:
        content: of the file. suffix: of its name, which is only asked where the content leaves a doubt.

    Raises:
        UnreadableError: there is no code cell in it.
    """
    flags: list[Flag] = []
    text = text_of(content, flags)
    cells = _from_json(text, flags) if text.lstrip().startswith("{") else _from_text(text, suffix.lower(), flags)
    if not any(cell.kind == "code" for cell in cells):
        raise UnreadableError("There is no code cell in the file.")
    return cells, flags


def text_of(content: bytes, flags: list[Flag] | None = None) -> str:
    """Text of bytes: UTF-8, UTF-16, or else what Korean or Western Windows writes; another encoding than UTF-8 is flagged.

    Raises:
        UnreadableError: it is empty, or begins as a file of another kind does.
    """
    for signature, kind in SIGNATURES.items():
        if content.startswith(signature):
            raise UnreadableError(f"The file is {kind}, not a notebook.")
    if not content.strip(b"\xef\xbb\xbf \t\r\n"):
        raise UnreadableError("The file is empty.")
    encodings = ["utf-8-sig", "cp949", "latin-1"]  # the last takes any byte
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings.insert(0, "utf-16")
    elif content[:4].count(0) == 2:
        encodings.insert(0, "utf-16-le" if content[1:2] == b"\0" else "utf-16-be")
    for encoding in encodings:
        with contextlib.suppress(UnicodeDecodeError):
            text = content.decode(encoding)
            break
    if encoding != "utf-8-sig" and flags is not None:
        flags.append(Flag("encoding", f"The file was read as {encoding}."))
    return text


def _from_json(text: str, flags: list[Flag]) -> list[RawCell]:
    if len(text) <= PIECEWISE:
        with contextlib.suppress(json.JSONDecodeError, RecursionError):
            return _from_notebook(json.loads(text), flags)
    elif count_values(text, MOST_VALUES) == MOST_VALUES:
        raise UnreadableError(f"The notebook holds more than {MOST_VALUES} values; it was not read.")
    return _from_pieces(text, flags)


def count_values(text: str, most: int) -> int:
    """How many values JSON makes of a text, told by its brackets and commas, without making them; of more than `most`, `most`.

    >>> count_values('{"a": [1, 2, "[,,]"]}', 100), count_values("[1, 2, 3]", 2)
    (4, 2)
    """
    return sum(found[1] is not None for found in itertools.islice(VALUE.finditer(text), most))


def _from_notebook(notebook: object, flags: list[Flag]) -> list[RawCell]:
    cells = _at(notebook, "cells")
    if not isinstance(cells, list):
        sheets = _at(notebook, "worksheets")
        cells = [cell for sheet in sheets for cell in _at(sheet, "cells") or []] if isinstance(sheets, list) else []
        flags.append(Flag("old-format", f"Notebook format {str(_at(notebook, 'nbformat'))[:20]}."))
    metadata = _at(notebook, "metadata")
    spoken = _at(_at(metadata, "kernelspec"), "language") or _at(_at(metadata, "language_info"), "name")
    if spoken not in (None, "python", "ipython"):
        flags.append(Flag("kernel", f"The notebook says that it is in {str(spoken)[:60]!r}; it was run as Python."))
    return _valid(cells, flags)


def _from_pieces(text: str, flags: list[Flag]) -> list[RawCell]:
    """The cells of a notebook that is too large to hold, or that breaks off: one after the other as far as they go."""
    decoder = json.JSONDecoder()
    cells: list[dict] = []
    start = re.search(r'"cells"\s*:\s*\[', text)
    position = start.end() if start else len(text)
    while position < len(text):
        position += len(text[position : position + 4096]) - len(text[position : position + 4096].lstrip(" \t\n,"))
        if text[position : position + 1] == "]" or len(cells) == MOST_PIECES:
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


def _valid(cells: list, flags: list[Flag]) -> list[RawCell]:
    """Cells out of JSON; what is no cell is left out."""
    valid = []
    for cell in cells:
        source = _at(cell, "source") if _at(cell, "source") is not None else _at(cell, "input")
        if isinstance(source, list):
            source = "".join(part for part in source if isinstance(part, str))
        if not isinstance(source, str):
            continue
        kind, grade_id = _at(cell, "cell_type"), _at(_at(_at(cell, "metadata"), "nbgrader"), "grade_id")
        source = source.replace("\r\n", "\n").replace("\r", "\n")
        valid.append(RawCell(kind if isinstance(kind, str) else "code", source, grade_id if isinstance(grade_id, str) else None))
    if len(valid) < len(cells):
        flags.append(Flag("damaged", f"{len(cells) - len(valid)} cells could not be read."))
    return valid


def _at(value: object, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _from_text(text: str, suffix: str, flags: list[Flag]) -> list[RawCell]:
    """The cells of a script or of Markdown, through jupytext."""
    form = _form(text, suffix)
    if form == "py:percent" and suffix != ".py" and not PERCENT.search(text) and not parses(without_magics(text)[0]):
        raise UnreadableError("The file is neither a notebook nor Python nor Markdown with code in it.")
    flags.append(Flag("converted", f"The file was read as {form}."))
    import jupytext

    try:
        return _valid([dict(cell) for cell in jupytext.reads(text, fmt=form).cells], flags)
    except Exception as error:  # jupytext's readers raise what they like
        if form != "py:percent":
            raise UnreadableError(f"The file could not be read as Markdown: {type(error).__name__}.") from error
        flags.append(Flag("damaged", f"jupytext could not read the script ({type(error).__name__}); it was taken as one cell."))
        return [RawCell("code", text, None)]


def _form(text: str, suffix: str) -> str:
    """What jupytext calls it."""
    if suffix != ".md" and (PERCENT.search(text) or not FENCE.search(text)):
        return "py:percent"
    return "md:myst" if re.search(r"^```\{code-cell\}", text, re.MULTILINE) else "md"
