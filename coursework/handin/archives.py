"""What was handed in, as plain files: a folder, or the zip that a learning platform makes of a class, unpacked.

Nothing here follows a link, opens a pipe, or writes a file under a name that came from outside: what is unpacked lies in one folder
under a number. What cannot be had is listed all the same, with the reason.
"""

import contextlib
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

LARGEST = 64 * 2**20  # bytes of a file; more is no notebook that anybody typed
MOST_BYTES = 4 * 2**30  # of all that is unpacked
MOST_FILES, MOST_OWN = 20_000, 100  # of all, and in a zip that a student handed in
LEFT_BY_SYSTEMS = re.compile(
    r"[.~].*|__MACOSX|__pycache__|Thumbs\.db|desktop\.ini|submission_secret\.txt", re.IGNORECASE
)  # whole name of a file or folder; the last is nbgrader's
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # of platforms; other methods can fill the memory from a few bytes
DAMAGED = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, struct.error)  # what reading a zip may raise
UNICODE_NAME = 0x7075  # Info-ZIP's extra field


class File(NamedTuple):
    """A file that was handed in.

    name: where it lay in the folder or the zip, with "/", composed (NFC): text to show. path: where it can be opened now, or None.
    problem: a sentence that says why it cannot be, or "". time: when it was last changed, or 0 where nothing says so.
    """

    name: str
    path: Path | None
    problem: str = ""
    time: float = 0


class ArchiveError(ValueError):
    """Submissions cannot be read at all; says which file, what came and what was expected."""


def files_in(submissions: str | Path, scratch: Path) -> list[File]:
    """Every file of a folder or a zip, sorted by name, but for what systems leave (`.DS_Store`, `.ipynb_checkpoints`, `__MACOSX`).

    Args:
        submissions: a folder, or a .zip.
        scratch: an empty folder; what is unpacked goes there.

    Raises:
        ArchiveError: it is neither, or a damaged zip.

    Example:
        >>> [file.name for file in files_in("submissions.zip", scratch)]
        ['leemin_1001_900123_week3.ipynb', 'parkji_LATE_1002_900140_week3-1.ipynb']
    """
    submissions = Path(submissions)
    if submissions.is_dir():
        found = _in_folder(submissions)
    elif submissions.is_file():
        found = _in_zip(submissions, Path(scratch), MOST_FILES, MOST_BYTES)
    else:
        raise ArchiveError(f"{submissions}: got nothing there, expected a folder of submissions or a .zip of one")
    opened = [inner for number, file in enumerate(found) for inner in _own_zip(file, Path(scratch) / f"own{number}")]
    return sorted(opened, key=lambda file: file.name)


def _own_zip(file: File, scratch: Path) -> list[File]:
    """What lies in a zip that a student handed in, as if in a folder of its name; any other file as it is. Zips in it stay shut."""
    if file.path is None or not file.name.lower().endswith(".zip") or file.path.stat().st_size > LARGEST:
        return [file]
    try:
        inside = _in_zip(file.path, scratch, MOST_OWN, LARGEST)
    except ArchiveError:
        return [file]
    return [inner._replace(name=f"{file.name}/{inner.name}", time=file.time) for inner in inside] or [file]


def _in_folder(folder: Path) -> list[File]:
    found: list[File] = []
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(place) as entries:
                inside = [entry for entry in entries if not LEFT_BY_SYSTEMS.fullmatch(entry.name)]
        except OSError as error:
            found.append(File(_relative(place, folder), None, f"The folder cannot be opened: {error.strerror}."))
            continue
        waiting += [Path(entry.path) for entry in inside if entry.is_dir(follow_symlinks=False)]
        found += [_on_disk(Path(entry.path), folder) for entry in inside if not entry.is_dir(follow_symlinks=False)]
        if len(found) > MOST_FILES:
            return [
                *found[:MOST_FILES],
                File("…", None, f"The folder holds more than {MOST_FILES} files; the others were not read."),
            ]
    return found


def _on_disk(path: Path, folder: Path) -> File:
    name = _relative(path, folder)
    try:
        status = path.lstat()
    except OSError as error:
        return File(name, None, f"The file cannot be opened: {error.strerror}.")
    problem = _kind(status.st_mode)
    return File(name, None if problem else path, problem, status.st_mtime)


def _relative(path: Path, folder: Path) -> str:
    return decoded_name(os.fsencode(path.relative_to(folder)))


def _kind(mode: int) -> str:
    """Why a file is not opened, or ""."""
    if stat.S_ISREG(mode):
        return ""
    return "This is a link; it was not followed." if stat.S_ISLNK(mode) else "This is no plain file; it was not opened."


def _in_zip(path: Path, scratch: Path, most: int, size: int) -> list[File]:
    with contextlib.ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(path))
            entries = [entry for entry in archive.infolist() if not (entry.is_dir() or _is_left(name_of(entry)))]
        except (*DAMAGED, UnicodeDecodeError) as error:
            wanted = "expected a .zip of submissions; download it again"
            raise ArchiveError(f"{path}: got a file that cannot be unpacked ({error}), {wanted}") from error
        return list(_unpacked(archive, _fairly(entries), scratch, most, size))


def _fairly(entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The smallest of every student's folder, then the next of each: neither a bomb nor a flood costs the others their files."""
    turns: Counter[str] = Counter()
    queued = []
    for entry in sorted(entries, key=lambda entry: entry.file_size):
        folder = name_of(entry).partition("/")[0]
        queued.append((turns[folder], entry))
        turns[folder] += 1
    return [entry for _, entry in sorted(queued, key=lambda each: (each[0], each[1].file_size))]


def _unpacked(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], scratch: Path, most: int, size: int) -> Iterator[File]:
    total = 0
    for number, entry in enumerate(entries):
        name = name_of(entry)
        if number == most:
            yield File("…", None, f"The zip holds {len(entries)} files; {len(entries) - number} were not unpacked.")
            return
        problem = _refused(entry, name, size - total)
        total += 0 if problem else entry.file_size
        place = scratch / f"{number:05}{Path(name).suffix.lower() if len(Path(name).suffix) < 8 else ''}"
        problem = problem or _unpack(archive, entry, place)
        yield File(name, None if problem else place, problem)


def _refused(entry: zipfile.ZipInfo, name: str, room: int) -> str:
    """Why an entry is not unpacked, or "". No more comes out of an entry than it says it holds."""
    mode = entry.external_attr >> 16
    if name.startswith("/") or re.match(r"[A-Za-z]:/", name) or ".." in name.split("/"):
        return "Its name in the zip leads out of the folder; it was not unpacked."
    if stat.S_IFMT(mode) and (problem := _kind(mode)):
        return problem
    if entry.flag_bits & 0x1:
        return "It is encrypted in the zip; it was not unpacked."
    if entry.compress_type not in METHODS:
        return f"It is packed in a way that no platform uses (method {entry.compress_type}); it was not unpacked."
    if entry.file_size > LARGEST:
        return f"The file is larger than {LARGEST / 2**20:.0f} MB."
    return "" if entry.file_size <= room else "The zip holds more than is unpacked of one; this file was left in it."


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path) -> str:
    """Write one entry; give back why that failed, or ""."""
    try:
        content = archive.read(entry)
    except (*DAMAGED, ValueError, RuntimeError) as error:
        return f"It is damaged in the zip ({error}); download it again."
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return ""


def _is_left(name: str) -> bool:
    parts = name.split("/")
    return not parts[-1] or any(LEFT_BY_SYSTEMS.fullmatch(part) for part in parts if part != "..")


def name_of(entry: zipfile.ZipInfo) -> str:
    """The name of an entry as its author saw it.

    A zip says of a name that it is UTF-8 or says nothing; then Info-ZIP's extra field may hold it once more
    (APPNOTE 4.6.9, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT), and else it is guessed.
    """
    marked = entry.flag_bits & 0x800
    raw = entry.orig_filename.encode("utf-8" if marked else "cp437", "replace")
    name = _unicode_name(entry.extra, raw) or decoded_name(raw)
    return re.sub(r"(?<![^/])\./|(?<=/)/+", "", name.replace("\\", "/"))


def _unicode_name(extra: bytes, raw: bytes) -> str:
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_NAME and field[:1] == b"\1" and field[1:5] == struct.pack("<L", zlib.crc32(raw)):
            return _shown(field[5:].decode("utf-8", "replace"))
    return ""


def decoded_name(raw: bytes) -> str:
    """A file's name from its bytes: UTF-8, what a Korean Windows writes, or what DOS wrote; composed, as macOS does not.

    >>> decoded_name("김민수".encode("cp949")), decoded_name(b"Ren\\x82e")
    ('김민수', 'Renée')
    """
    for encoding in ("utf-8", "euc-kr", "cp949"):
        try:
            name = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "cp949" and re.search(r"(?<![^\x00-\x7f])[^\x00-\x7f](?![^\x00-\x7f])", name):
            continue  # a lone syllable among Latin letters is an accent of DOS
        return _shown(name)
    return _shown(raw.decode("cp437"))


def _shown(name: str) -> str:
    """Composed, and with _ for what would move a terminal's cursor or turn a line around."""
    return "".join("_" if unicodedata.category(c)[0] == "C" else c for c in unicodedata.normalize("NFC", name))
