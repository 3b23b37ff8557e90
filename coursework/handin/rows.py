"""A class's submissions: a row for each file, whose it is, and which file of each student is graded.

Whose a file is follows from where it lay and from the class list. The stamp that a released notebook carries only says whether it is
this assignment's and was made for this student; it moves no file to anybody.
"""

import datetime
import hashlib
import unicodedata
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from coursework.assignment.roster import ClassList, Student
from coursework.assignment.source import Exercise
from coursework.assignment.stamp import Key, Read, Stamp, StampError, find_tokens, is_authentic, read_stamp
from coursework.assignment.variants import values_for
from coursework.files import safe_name
from coursework.flags import Flag
from coursework.handin.archives import File, files_in
from coursework.handin.cells import Submission, read_content, unreadable
from coursework.handin.names import same_code
from coursework.handin.platforms import Owner, owner_of, shared_folder, spells, whose
from coursework.handin.reading import UnreadableError, read_bytes, text_of

NOTEBOOKS = (".ipynb", ".py", ".md")


class WrongKeyError(ValueError):
    """The notebooks were released with another key, or for another class list; says what came and what was expected."""


class Row(NamedTuple):
    """What became of one file.

    student: the id in the class list, or the group's name where notebooks are for groups; without a class list what the platform calls
    the student, as a file's name; None: nobody's. path: to open; None where it could not be unpacked. file: its name in the folder or
    the zip, to show. state: "grade" (at most one a student), "superseded" (the student has another file that counts), "unreadable",
    "another assignment" or "no student". values: of the variants, of a file to grade. stamp: "yes", "none", "other key", "forged" or
    "of NAME". submitted: ISO time, where the platform tells it. late: the platform says so. flags: what is worth a look.
    """

    student: str | None
    path: Path | None
    file: str
    state: str
    values: dict | None
    stamp: str
    submitted: str | None
    late: bool
    flags: tuple[Flag, ...]
    sha256: str


class Collected(NamedTuple):
    """rows: one for each file, sorted by student and file. missing: who has no file of this assignment: `Student`s of the class list;
    without one, the names of those who only have other files."""

    rows: tuple[Row, ...]
    missing: tuple[Student | str, ...]


class _Seen(NamedTuple):
    """A file, before it is known what its student's other files are."""

    file: File
    owner: Owner
    student: str | None
    flags: tuple[Flag, ...]
    content: bytes | None
    reads: tuple[Read, ...]


def collect(
    submissions: str | Path, exercise: Exercise, *, key: Key | None, students: ClassList | None, scratch: str | Path
) -> Collected:
    """Find out of every file whose it is and whether it is graded. Nothing raises because of one file.

    Args:
        submissions: a folder, or a .zip as Canvas or Moodle makes it. exercise: its placeholders not filled.
        key: with which the notebooks were released. students: the class list. scratch: an empty folder for what is unpacked.

    Raises:
        ArchiveError: `submissions` is no folder and no zip. WrongKeyError: as it says.

    Example:
        >>> collected = collect("week3.zip", exercise, key=read_key("assignments"), students=read_class("class.csv"), scratch=folder)
        >>> collected.rows[0].student, collected.rows[0].state, collected.rows[0].stamp, len(collected.missing)
        ('kim', 'grade', 'yes', 2)
    """
    files, times = _without_timestamps(files_in(submissions, Path(scratch)))
    folder = shared_folder([file.name for file in files], exercise.name, students)
    seen = [_seen(file, file.name.removeprefix(folder), exercise, students) for file in files]
    _check_stamps(seen, exercise, key, students)
    for_all = {stamp.student for each in seen for stamp in _of_this(each, exercise, key)} == {None}
    ranked = defaultdict(list)
    for each in seen:
        row, rank = _row(each, exercise, key, for_all)
        row = row._replace(submitted=times.get(each.file.name.rpartition("/")[0]))
        ranked[row.student.casefold() if row.student else None].append((rank, row))
    rows = [row for student, mine in ranked.items() for row in _chosen(mine, student is not None)]
    return Collected(tuple(sorted(rows, key=lambda row: (row.student or "\uffff", row.file))), _missing(rows, students))


def _without_timestamps(files: Iterable[File]) -> tuple[list[File], dict[str, str]]:
    """The files without nbgrader's timestamps, and what these say: folder -> ISO time."""
    kept, times = [], {}
    for file in files:
        folder, _, name = file.name.rpartition("/")
        time = _timestamp(file.path) if name == "timestamp.txt" and "/" in folder and file.path else None
        if time is None:
            kept.append(file)
        else:
            times[folder] = time
    return kept, times


def _timestamp(path: Path) -> str | None:
    """nbgrader writes "2026-03-02 10:00:00.000000 UTC"; the zone may be any."""
    try:
        text = read_bytes(path)[:100].decode("utf-8").strip()
        day, clock, *zone = text.split()
        time = datetime.datetime.fromisoformat(f"{day}T{clock}")
        return (time if time.tzinfo else time.replace(tzinfo=zoneinfo.ZoneInfo(zone[0] if zone else "UTC"))).isoformat()
    except (UnreadableError, ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return None


def _seen(file: File, name: str, exercise: Exercise, students: ClassList | None) -> _Seen:
    owner = owner_of(name, exercise.name)
    student, flags = _student(owner, students)
    content, reads = None, ()
    if file.path is not None:
        try:
            content = read_bytes(file.path)
            reads = tuple(_reads(text_of(content)))
        except UnreadableError as error:
            file = file if content is not None else file._replace(problem=str(error))
    return _Seen(file, owner, student, flags, content, reads)


def _student(owner: Owner, students: ClassList | None) -> tuple[str | None, tuple[Flag, ...]]:
    if students is not None:
        student, said = whose(owner, students)
        return student, (Flag("two-students" if student else "no-student", said),) if said else ()
    if owner.platform == "plain" and PurePosixPath(owner.file).suffix.lower() not in NOTEBOOKS:
        return None, (Flag("no-student", "It is not named as a notebook, and no class list says who it could be."),)
    return safe_name("_".join(part for part in (owner.name, owner.id) if part)), ()


def _reads(text: str) -> Iterable[Read]:
    for token in find_tokens(text):
        try:
            yield read_stamp(token)
        except StampError:  # cut by a converter, or made up
            continue


def _of_this(seen: _Seen, exercise: Exercise, key: Key | None) -> list[Stamp]:
    """The authentic stamps of this assignment in a file."""
    return [read.stamp for read in seen.reads if _authentic(read, key) and read.stamp.assignment == exercise.name]


def _authentic(read: Read, key: Key | None) -> bool:
    return key is not None and is_authentic(read.token, key)


def _check_stamps(seen: Sequence[_Seen], exercise: Exercise, key: Key | None, students: ClassList | None) -> None:
    """Refuse a class whose notebooks say that the key or the class list is another, before everybody is graded with wrong numbers."""
    keys = {read.key_id for each in seen for read in each.reads if key is not None or read.stamp.assignment == exercise.name}
    if keys and (key is None or key.id not in keys):
        came = "no key" if key is None else f"the key {key.id}"
        raise WrongKeyError(f"got {came} for notebooks released with {', '.join(sorted(keys))}, expected its coursework.key")
    named = [(each, stamp.student) for each in seen for stamp in _of_this(each, exercise, key) if stamp.student is not None]
    known = set(students.recipients()) if students else set()
    if len({name for _, name in named}) > 1 and not any(_is(each, name) or name in known for each, name in named):
        names = ", ".join(sorted({name for _, name in named})[:3])
        raise WrongKeyError(f"got notebooks released for {names} and no file of theirs, expected the class list of the release")


def _is(seen: _Seen, name: str) -> bool:
    """Say whether a stamp's student is the one whose file it is."""
    mine = (seen.student or "", seen.owner.name)
    return any(_key(name) == _key(each) for each in mine) or spells(seen.owner.name, name)


def _key(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _row(seen: _Seen, exercise: Exercise, key: Key | None, for_all: bool) -> tuple[Row, tuple]:
    """A file's row as if it were its student's only one, and its rank among them: the highest is graded."""
    stamp, state, flags, values = _verdict(seen, exercise, key)
    if values is None or set(values) != set(exercise.variants):
        flags += (Flag("other-version", "It was released from a source with other variants."),) if values else ()
        values = values_for(exercise, key, None if for_all else seen.student)
    submission, filled = _read(seen, exercise, values)
    if not submission.readable:
        state = state or "unreadable"
        flags += tuple(flag for flag in submission.flags if flag.kind == "unreadable")
    elif not state and not submission.ours:
        state, flags = "another assignment", (*flags, Flag("another-assignment", f"Nothing of {exercise.name} is in it."))
    state = "no student" if seen.student is None else state or "grade"
    sha256 = hashlib.sha256(seen.content).hexdigest() if seen.content is not None else _sum(seen.file.problem)
    values = values if state == "grade" else None
    flags = seen.flags + flags
    row = Row(seen.student, seen.file.path, seen.file.name, state, values, stamp, None, seen.owner.late, flags, sha256)
    return row, _rank(row, seen, _worked(submission, filled), exercise)


def _verdict(seen: _Seen, exercise: Exercise, key: Key | None) -> tuple[str, str, tuple[Flag, ...], dict | None]:
    """What a file's stamps say: `Row.stamp`, the state that follows or "", flags, and the values of a stamp that may be believed."""
    here = _of_this(seen, exercise, key)
    if others := [stamp.student for stamp in here if stamp.student is not None and not _is(seen, stamp.student)]:
        return f"of {others[0]}", "", (Flag("other-student", f"Its stamp says that it was made for {others[0]}."),), None
    if here:
        return "yes", "", (), here[0].values
    named = [read.stamp.assignment for read in seen.reads if _authentic(read, key)]
    named += [read.stamp.assignment for read in seen.reads if key is None]  # somebody's, in practice without a key
    if named:
        return "yes", "another assignment", (Flag("another-assignment", f"Its stamp says that it is {named[0]}."),), None
    if not seen.reads:
        return "none", "", (), None
    forged = any(key is not None and read.key_id == key.id for read in seen.reads)
    how = "was changed, or made by somebody without the key" if forged else f"is of another key, {seen.reads[0].key_id}"
    return "forged" if forged else "other key", "", (Flag("forged" if forged else "other-key", f"Its stamp {how}."),), None


def _read(seen: _Seen, exercise: Exercise, values: dict) -> tuple[Submission, Exercise]:
    filled = exercise.with_values(values)
    if seen.content is None:
        return unreadable(seen.file.problem, filled), filled
    return read_content(seen.content, PurePosixPath(seen.file.name).suffix, filled), filled


def _sum(why: str) -> str:
    return hashlib.sha256(f"unreadable: {why}".encode()).hexdigest()


def _worked(submission: Submission, exercise: Exercise) -> bool:
    """Somebody wrote something into it."""
    stubs = {answer.id: answer.stub_code for answer in exercise.answers}
    answers = [cell for cell in submission.cells if cell.answers]
    return any(submission.words.values()) or any(not same_code(cell.source, stubs[cell.answers[0]]) for cell in answers)


def _rank(row: Row, seen: _Seen, worked: bool, exercise: Exercise) -> tuple:
    """Of a student's files the highest counts: a readable one of this assignment, with no stamp of somebody else, that holds work,
    handed in last, named like the exercise, a notebook, with a stamp, changed last."""
    name = PurePosixPath(seen.owner.file)
    trusted = row.stamp in ("yes", "none")
    exact, notebook = name.stem == exercise.name, NOTEBOOKS[::-1].index(name.suffix) if name.suffix in NOTEBOOKS else -1
    kinds = (row.state == "grade", row.state == "unreadable", trusted)
    return (*kinds, worked, seen.owner.order, exact, notebook, row.stamp == "yes", seen.file.time, row.file)


def _chosen(mine: list[tuple[tuple, Row]], somebody: bool) -> list[Row]:
    """A student's rows, of which one counts."""
    rows = [row for _, row in sorted(mine, key=lambda each: each[0], reverse=True)]
    if not somebody or rows[0].state not in ("grade", "unreadable"):
        return rows
    first, others = rows[0], []
    for row in rows[1:]:
        foreign = row.state == "another assignment" and row.stamp == "yes"
        others.append(row if foreign else row._replace(student=first.student, state="superseded", values=None))
    twice = [row.file for row in rows[1:] if row.state == "grade"]
    broken = [row.file for row in rows[1:] if row.state == "unreadable" and row.path and row.path.suffix == ".ipynb"]
    if twice or broken:
        told = Flag("several", f"Of {len(rows)} files {first.file} counts, not {', '.join(twice + broken)}.")
        first = first._replace(flags=(*first.flags, told))
    return [first, *others]


def _missing(rows: Sequence[Row], students: ClassList | None) -> tuple[Student | str, ...]:
    there = {row.student for row in rows if row.state in ("grade", "unreadable")}
    if students is not None:
        return tuple(student for student in students.students if student.whom not in there)
    return tuple(sorted({row.student for row in rows if row.student} - there))
