"""A class's submissions: a row for each file, whose it is, and which file of each student is graded.

Whose a file is follows from where it lay and from the class list; nothing inside a file moves it to anybody.
"""

import datetime
import hashlib
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from coursework.assignment.roster import ClassList, Student
from coursework.assignment.source import Exercise
from coursework.assignment.stamp import Key
from coursework.assignment.variants import values_for
from coursework.files import safe_name
from coursework.flags import Flag
from coursework.handin.archives import ArchiveError, File, files_in
from coursework.handin.cells import Submission, read_content, unreadable
from coursework.handin.names import same_code
from coursework.handin.platforms import Owner, copy_of, owner_of, shared_folder, whose
from coursework.handin.reading import UnreadableError, read_bytes, text_of
from coursework.handin.stamped import Stamps, WrongKeyError, check_stamps, stamps_of, verdict

__all__ = ["ArchiveError", "Collected", "Row", "WrongKeyError", "collect"]

NOTEBOOKS = (".ipynb", ".py", ".md")  # the first is preferred


class Row(NamedTuple):
    """What became of one file.

    student: the id in the class list, or the group's name where notebooks are for groups; without a class list what the platform calls
    the student, as a file's name; None: nobody's. path: to open; None where it could not be unpacked. file: its name in the folder or
    the zip, to show. state: "grade" (at most one a student), "superseded" (the student has another file that counts), "unreadable",
    "another assignment" (without a flag: another notebook of nbgrader's, beside the one that counts) or "no student". values: of the
    variants, of a file to grade. stamp: "yes", "none", "other key", "forged" or "of NAME". submitted: ISO time, where nbgrader tells
    it. late: the platform says so. flags: what is worth a look.
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
    """rows: one for each file, sorted by student and file. missing: who of the class list has no file at all."""

    rows: tuple[Row, ...]
    missing: tuple[Student, ...]


class _Seen(NamedTuple):
    """A file with what is known of it alone. names: what its student is called. flags: of whose it is."""

    file: File
    owner: Owner
    student: str | None
    names: tuple[str, ...]
    flags: tuple[Flag, ...]
    stamps: Stamps


def collect(
    submissions: str | Path, exercise: Exercise, *, key: Key | None, students: ClassList | None, scratch: str | Path
) -> Collected:
    """Find out of every file whose it is and whether it is graded. Nothing raises because of one file.

    Args:
        submissions: a folder, or a .zip as Canvas or Moodle makes it. exercise: its placeholders not filled.
        key: with which the notebooks were released. students: the class list. scratch: an empty folder for what is unpacked.

    Raises:
        ArchiveError: `submissions` is no folder and no zip. WrongKeyError: as it says. OSError: `scratch` cannot be written.

    Example:
        >>> collected = collect("week3.zip", exercise, key=read_key("assignments"), students=read_class("class.csv"), scratch=folder)
        >>> collected.rows[0].student, collected.rows[0].state, collected.rows[0].stamp, len(collected.missing)
        ('kim', 'grade', 'yes', 2)
    """
    files, times = _without_timestamps(files_in(submissions, Path(scratch)))
    around = shared_folder([file.name for file in files], exercise.name, students)
    seen = [_seen(file, file.name.removeprefix(around), exercise, key, students) for file in files]
    check_stamps([(each.stamps, each.names) for each in seen], key, students)
    for_all = {stamp.student for each in seen for stamp in each.stamps.here} == {None}
    ranked: dict[str, list] = defaultdict(list)
    for each in seen:
        row, rank = _row(each, exercise, key, for_all)
        submitted = next((time for folder, time in times.items() if row.file.startswith(f"{folder}/")), None)
        ranked[(row.student or "").casefold()].append((rank, row._replace(submitted=submitted)))
    rows = [row for student, mine in ranked.items() for row in _chosen(mine, bool(student))]
    return Collected(
        tuple(sorted(rows, key=lambda row: (row.student is None, row.student or "", row.file))), _missing(rows, students)
    )


def _without_timestamps(files: Iterable[File]) -> tuple[list[File], dict[str, str]]:
    """The files without nbgrader's `STUDENT/ASSIGNMENT/timestamp.txt`, and what these say: folder -> ISO time."""
    kept, times = [], {}
    for file in files:
        folder, _, name = file.name.rpartition("/")
        ours = name == "timestamp.txt" and "/" in folder and owner_of(file.name).platform == "nbgrader"
        time = _timestamp(file.path) if ours and file.path else None
        if time is None:
            kept.append(file)
        else:
            times[folder] = time
    return kept, times


def _timestamp(path: Path) -> str | None:
    """nbgrader writes "2026-03-02 10:00:00.000000 UTC"; the zone may be any, and UTC where there is none."""
    try:
        day, clock, *zones = read_bytes(path)[:100].decode("ascii").split()
        zone = datetime.UTC if zones in ([], ["UTC"]) else zoneinfo.ZoneInfo(zones[0])  # a small system may know no other zone
        return datetime.datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone).isoformat()
    except (UnreadableError, ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return None


def _seen(file: File, name: str, exercise: Exercise, key: Key | None, students: ClassList | None) -> _Seen:
    owner = owner_of(name, exercise.name)
    student, flags = _student(owner, students)
    names = (student or "",) if students else (student or "", owner.name)
    try:
        stamps = stamps_of(text_of(read_bytes(file.path)), exercise.name, key) if file.path else Stamps()
    except UnreadableError:  # `_row` says why
        stamps = Stamps()
    return _Seen(file, owner, student, names, flags, stamps)


def _student(owner: Owner, students: ClassList | None) -> tuple[str | None, tuple[Flag, ...]]:
    if students is not None:
        student, said = whose(owner, students)
        return student, (Flag("two-students" if student else "no-student", said),) if said else ()
    if owner.platform == "plain" and PurePosixPath(owner.file).suffix.lower() not in NOTEBOOKS:
        return None, (Flag("no-student", "It is not named as a notebook, and no class list says who it could be."),)
    return safe_name("_".join(part for part in (owner.name, owner.id) if part)), ()


def _row(seen: _Seen, exercise: Exercise, key: Key | None, for_all: bool) -> tuple[Row, tuple]:
    """A file's row as if it were its student's only one, and its rank among them."""
    stamp, flags, values = verdict(seen.stamps, seen.names, key)
    if values is None or set(values) != set(exercise.variants):
        flags += (Flag("other-version", "It was released from a source with other variants."),) if values else ()
        values = values_for(exercise, key, None if for_all else seen.student)
    filled = exercise.with_values(values)
    submission, sha256 = _read(seen.file, filled)
    state = _state(seen, submission)
    if state == "another assignment" and not seen.stamps.elsewhere:
        flags += (Flag("another-assignment", f"Nothing of {exercise.name} is in it."),)
    flags = (*seen.flags, *flags, *(flag for flag in submission.flags if flag.kind == "unreadable"))
    shown = values if state == "grade" else None
    row = Row(seen.student, seen.file.path, seen.file.name, state, shown, stamp, None, seen.owner.late, flags, sha256)
    return row, _rank(row, seen, _worked(submission, filled), exercise)


def _read(file: File, filled: Exercise) -> tuple[Submission, str]:
    """What is in a file, and its SHA-256; of what cannot be read, that of the reason."""
    try:
        if file.path is None:
            raise UnreadableError(file.problem)
        content = read_bytes(file.path)
    except UnreadableError as error:
        return unreadable(str(error), filled), hashlib.sha256(f"unreadable: {error}".encode()).hexdigest()
    return read_content(content, PurePosixPath(file.name).suffix, filled), hashlib.sha256(content).hexdigest()


def _state(seen: _Seen, submission: Submission) -> str:
    if seen.student is None:
        return "no student"
    if seen.stamps.elsewhere and not seen.stamps.here:
        return "another assignment"
    if not submission.readable:
        return "unreadable"
    return "grade" if submission.ours or seen.stamps.here else "another assignment"


def _worked(submission: Submission, exercise: Exercise) -> bool:
    """Somebody wrote something into it."""
    stubs = {answer.id: answer.stub_code for answer in exercise.answers}
    answers = [cell for cell in submission.cells if cell.answers]
    return any(submission.words.values()) or any(not same_code(cell.source, stubs[cell.answers[0]]) for cell in answers)


def _rank(row: Row, seen: _Seen, worked: bool, exercise: Exercise) -> tuple:
    """Of a student's files the highest counts: a readable one of this assignment, with no stamp of somebody else, that holds work,
    handed in last, named like the exercise, the last copy, a notebook, with a stamp, changed last."""
    name = PurePosixPath(seen.owner.file)
    kinds = (row.state == "grade", row.state == "unreadable", row.stamp in ("yes", "none"))
    stem, copy = (name.stem, 0) if name.stem == exercise.name else copy_of(name.stem)
    named = (stem == exercise.name, copy, *(name.suffix == suffix for suffix in NOTEBOOKS))
    return (*kinds, worked, seen.owner.order, *named, row.stamp == "yes", seen.file.time, row.file)


def _chosen(mine: Sequence[tuple[tuple, Row]], somebody: bool) -> list[Row]:
    """A student's rows, of which one counts."""
    rows = [row for _, row in sorted(mine, key=lambda each: each[0], reverse=True)]
    first = rows[0]
    if not somebody or first.state not in ("grade", "unreadable"):
        return rows
    foreign = [row.state == "another assignment" and row.stamp != "none" for row in rows]
    others = [
        _other_notebook(row, first)
        or (_beside(row) if elsewhere else _beside(row)._replace(student=first.student, state="superseded", values=None))
        for row, elsewhere in zip(rows[1:], foreign[1:], strict=True)
    ]
    told = [row.file for row in rows[1:] if row.state == "grade" or (row.state == "unreadable" and row.file.endswith(".ipynb"))]
    if told:
        flag = Flag("several", f"Of {len(rows)} files {first.file} counts, not {', '.join(told)}.")
        first = first._replace(flags=(*first.flags, flag))
    return [first, *others]


def _beside(row: Row) -> Row:
    """A file that does not count: its flags name it, so that none is taken for one of the file that does."""
    return row._replace(flags=tuple(Flag(flag.kind, f"{row.file}: {flag.detail}") for flag in row.flags))


def _other_notebook(row: Row, first: Row) -> Row | None:
    """Another notebook of nbgrader's assignment, STUDENT/ASSIGNMENT/NOTEBOOK.ipynb, beside the one that counts: nothing to look at."""
    place, own = PurePosixPath(row.file), PurePosixPath(first.file)
    same = place.parent == own.parent and owner_of(row.file).platform == "nbgrader" and len(place.parts) >= 3
    if not same or (row.state, first.state, place.suffix) != ("another assignment", "grade", ".ipynb") or place.stem == own.stem:
        return None
    flags = tuple(flag for flag in row.flags if flag.kind != "another-assignment")
    return row._replace(student=first.student, flags=flags)


def _missing(rows: Sequence[Row], students: ClassList | None) -> tuple[Student, ...]:
    there = {row.student for row in rows}
    return tuple(student for student in (students.students if students else ()) if student.whom not in there)
