"""Whose file is it? Read from its name alone, in the way that the platform which made the download names files.

    Canvas     leemin_LATE_1001_900123_week3-1.ipynb     sortable name, LATE, user, attachment (instructure/canvas-lms lib/content_zipper.rb)
    Moodle     Han Soo_7781_assignsubmission_file/…      full name, participant (moodle/moodle mod/assign/classes/downloader.php)
    nbgrader   kim/ps1/problem1.ipynb                    and whatever else is a folder a student
    plain      kim.ipynb

Neither Canvas nor Moodle writes the time of a submission into its zip: the times there are those of the download.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from coursework.assignment.roster import ClassList, Student, letters, spells

CANVAS = re.compile(
    r"(?P<name>.*?)_?(?P<late>LATE_)?(?P<id>\d+|anon_[^\W_]+)_((?P<attachment>\d+)_(?P<file>.+)|(?P<typed>text|link)\.html)"
)
MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<file>.*)")
# What a browser, or a platform at another attempt, makes of a name that is there already.
COPY = re.compile(r"(?P<stem>.*\S)(?: ?\((?P<number>\d{1,4})\)|-(?P<attempt>\d{1,3}))")


class Owner(NamedTuple):
    """Whose a file is, as its place says.

    platform: "canvas", "moodle", "nbgrader" or "plain". id: the platform's own, or "". name: the student's, as the platform writes it.
    file: the file's own path, as the student named it. order: of two files, the higher was handed in later. late: the platform says so.
    """

    platform: str
    id: str
    name: str
    file: str
    order: int = 0
    late: bool = False


def owner_of(name: str, exercise: str = "") -> Owner:
    """Whose a file is.

    Args:
        name: a `File`'s. exercise: its name; GitHub Classroom puts it before a folder's.

    Example:
        >>> owner_of("leemin_LATE_1001_900123_week3-1.ipynb")
        Owner(platform='canvas', id='1001', name='leemin', file='week3-1.ipynb', order=900123, late=True)
        >>> owner_of("kim/week3/week3.ipynb").name
        'kim'
    """
    first, _, rest = name.partition("/")
    if found := MOODLE.fullmatch(first):
        return Owner("moodle", found["id"], found["name"], "/".join(part for part in (found["file"], rest) if part))
    if rest and first.lower().endswith(".zip"):  # a student's own, whose name says whose it is
        return owner_of(first, exercise)._replace(file=rest)
    if rest:
        return Owner("nbgrader", "", first.removeprefix(f"{exercise}-"), rest)
    if found := CANVAS.fullmatch(first):
        file = found["file"] or f"{found['typed']}.html"
        return Owner("canvas", found["id"], found["name"], file, int(found["attachment"] or 0), bool(found["late"]))
    stem = first.rpartition(".")[0] or first
    copy = COPY.fullmatch(stem)
    if copy is None or not copy["number"]:  # "kim-2" may well be a student
        return Owner("plain", "", stem, first)
    return Owner("plain", "", copy["stem"], first, int(copy["number"]))


def copy_of(stem: str) -> tuple[str, int]:
    """A file's name without the number of a copy, and that number.

    >>> copy_of("week3 (1)"), copy_of("week3-2"), copy_of("week3")
    (('week3', 1), ('week3', 2), ('week3', 0))
    """
    found = COPY.fullmatch(stem)
    return (found["stem"], int(found["number"] or found["attempt"])) if found else (stem, 0)


def shared_folder(names: Sequence[str], exercise: str, students: ClassList | None) -> str:
    """The folder that all files lie in and that is no student's ("submissions/" of a zip made by hand), with its slash, or ""."""
    first = {name.partition("/")[0] for name in names}
    if len(first) != 1 or not all("/" in name for name in names) or MOODLE.fullmatch(around := first.pop()):
        return ""
    if around.lower().endswith(".zip"):
        return ""
    inner = [name.split("/")[1:] for name in names]
    exact = [parts for parts in inner if parts[-1].rpartition(".")[0] == exercise]
    if students is not None:
        is_student = student_of(Owner("nbgrader", "", around, ""), students)[0] is not None
        return "" if is_student or any(parts[0] in (exercise, parts[-1]) for parts in exact) else f"{around}/"
    files = [parts[0] for parts in inner if len(parts) == 1 and parts[0].endswith(".ipynb")]
    several = (len(files) > 1 and not exact) or len({parts[0] for parts in exact if len(parts) == 2}) > 1
    deep = any(len(parts) > 2 for parts in exact) or any(CANVAS.fullmatch(p[0]) or MOODLE.fullmatch(p[0]) for p in inner)
    return f"{around}/" if several or deep else ""


def whose(owner: Owner, students: ClassList) -> tuple[str | None, str]:
    """Whose a file is in the class list: a student's id, or the group's name where notebooks are for groups; and what to tell of it."""
    groups = {student.group for student in students.students if student.group and letters(student.group) == letters(owner.name)}
    if len(groups) == 1:
        return groups.pop(), ""
    student, said = student_of(owner, students)
    return student.whom if student else None, said


def student_of(owner: Owner, students: ClassList) -> tuple[Student | None, str]:
    """The student of the class list whose a file is, and what to tell the instructor of it.

    The platform's id comes first, then the name. In a name that people gave a file themselves, one of its words may be the student
    ("20241234_이서연.ipynb"). A name that fits two students fits none.
    """
    by_id = _by_id(owner, students)
    named = [found] if (found := students.find(owner.name)) else [s for s in students.students if spells(owner.name, s.name)]
    if not named and owner.platform in ("plain", "nbgrader"):
        words = re.split(r"[_\W]+", owner.name)
        named = list({found.id: found for word in words if word and (found := students.find(word))}.values())
    if by_id is not None:
        other = len(named) == 1 and named[0].id != by_id.id
        return by_id, f"By the id {owner.id} it is {by_id.id}'s, by the name {owner.name} {named[0].id}'s." if other else ""
    if len(named) == 1:
        return named[0], ""
    listed = " or ".join(student.id for student in named)
    return None, f"{owner.name!r} could be {listed}." if named else f"Nobody in the class list is {owner.name or owner.id!r}."


def _by_id(owner: Owner, students: ClassList) -> Student | None:
    """Moodle's grading worksheet says "Participant 7781", in the site's language; Canvas's gradebook has the id in a column."""
    if owner.platform != "moodle":
        return students.find(owner.id) if owner.id else None
    ends = re.compile(rf"[^\W\d]+ {owner.id}")
    found = [student for student in students.students if any(ends.fullmatch(alias) for alias in student.aliases)]
    return found[0] if len(found) == 1 else None
