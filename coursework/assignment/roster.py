"""The class list that an instructor exports from somewhere: read with patience, checked with none.

An id becomes a folder, so one that a disk would change, refuse or take for another is an error here and not a lost notebook later.
"""

import csv
import functools
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from coursework.files import unsafe

# What tables call their columns, in lower case and with spaces for _, the plainest word first.
WORDS = {
    "login": ("sis login id", "login id", "login", "username", "user name", "netid", "github username", "아이디", "사용자 이름"),
    "number": ("sis user id", "sis id", "sid", "student id", "student number", "id number", "학번", "학번/사번"),
    "student": ("student", "students", "학생"),  # a login where another column holds names
    "name": ("full name", "fullname", "name", "student name", "member", "성명", "이름", "student", "students", "학생"),
    "first": ("first name", "given name", "firstname", "이름"),
    "last": ("last name", "surname", "family name", "lastname", "성"),
    "group": ("group", "groups", "group name", "team", "조", "모둠", "그룹", "팀"),
    "email": ("email", "email address", "e-mail", "mail", "이메일", "이메일 주소"),
    "role": ("role", "roles"),
    "id": ("id",),  # Canvas's, or a running number, which another term counts anew; only in letters the student's own
    "other": ("canvas user id", "user id", "identifier"),
}
HEADINGS = frozenset(word for kind, words in WORDS.items() if kind not in ("role", "id", "other") for word in words)
STAFF = re.compile(r"instructor|teacher|\bta\b|assistant|observer|reader", re.IGNORECASE)
CANVAS = {"student", "id", "section"}  # columns of its gradebook
NO_STUDENTS = ("pointspossible", "studenttest")  # rows of it, too
NAME_WITH_COMMA = re.compile(r"\s*[^\d\s,][^,]*(, [^,]+)+")
SHORTENED = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)
HINT = "expected a name a line, or a table whose first line names the columns: student, name, login, group, …"


class RosterError(ValueError):
    """A class list cannot be used; says which line, what came and what was expected."""


class Student(NamedTuple):
    """One of the class. id: names folder and results. aliases: what platforms call the same student. group: "" without one."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    group: str = ""

    @property
    def whom(self) -> str:
        """Whom the student's notebook is for: the group where there is one, or the student."""
        return self.group or self.id


class ClassList(NamedTuple):
    """The students of a class, in the order of the file."""

    students: tuple[Student, ...]
    path: Path | None = None

    def find(self, text: str) -> Student | None:
        """Who is meant by a platform's id or name: an id, an alias, a name in either order, with or without its spaces and signs.

        Returns:
            None when nobody is meant, or more than one.

        Example:
            >>> [read_class("canvas.csv").find(text).id for text in ("1001", "Min Lee", "leemin")]
            ['minlee', 'minlee', 'minlee']
        """
        for keys, index in zip(READINGS, _indexes(self.students), strict=True):
            if found := {student for key in keys(text) for student in index.get(key, ())}:
                return found.pop() if len(found) == 1 else None
        return None

    def recipients(self) -> tuple[str, ...]:
        """Whom notebooks are for, each once: the groups where there are groups, or the students."""
        return tuple(dict.fromkeys(student.whom for student in self.students))


def read_class(path: str | Path, groups: bool = False) -> ClassList:
    """Read a class list.

    Args:
        path: a name a line, such as `van der Berg, Jan`; or a table with a heading, its columns apart by commas, semicolons or tabs, as
            which Canvas's gradebook, Moodle's participants and its grading worksheet are read. UTF-8, UTF-16, or what a Korean Windows
            writes. An id is the table's login, or else the student number, or else the name.
        groups: students work in groups, named in a column headed "group" (team, 조, 모둠, …). A list of lines is then one of groups.

    Raises:
        RosterError: no student, two of one id (upper and lower case aside), an id that cannot be a folder's, columns without a heading.

    Example:
        >>> [student.id for student in read_class("students.csv").students]
        ['kim', '이서연']
    """
    try:
        students = tuple(_students(_text(Path(path)), groups))
        _check_different([student.id for student in students], "ids")
        _check_different(dict.fromkeys(student.group for student in students), "groups")
    except RosterError as error:
        raise RosterError(f"{path}: {error}") from error.__cause__
    if not students:
        raise RosterError(f"{path}: got no name, {HINT}")
    return ClassList(students, Path(path))


def spells(short: str, name: str) -> bool:
    """Say whether a platform may have written a name so: its letters alone, whichever of its words comes first.

    >>> spells("leemin", "Lee, Min"), spells("leemin", "Min Lee"), spells("leemin", "Lee, Mina")
    (True, True, False)
    """
    return letters(short) in _spellings(name)


def letters(text: str) -> str:
    """A name's letters and digits alone, upper and lower case and composition aside.

    >>> letters("O'Brien, Zoë")
    'obrienzoë'
    """
    return "".join(filter(str.isalnum, _folded(text)))


def _spellings(name: str) -> set[str]:
    """The letters of a name, begun at each of its words: Canvas names the files of Lee, Min and of Min Lee `leemin`."""
    words = re.split(r"[\s,]+", name.strip())
    return {letters("".join(words[i:] + words[:i])) for i in range(len(words))} - {""}


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RosterError(f"cannot be read: {error.strerror}") from error
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise RosterError("got a spreadsheet program's own file, expected it saved as CSV UTF-8")
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
        # Western names of an old Windows can pass for rare Korean syllables within a word.
        if "\0" not in text and not (encoding == "cp949" and re.search(r"[가-힣][a-z]|[A-Za-z][가-힣]", text)):
            return text
    raise RosterError("got bytes that are no text, or not for certain, expected a list saved as UTF-8")


def _encodings(content: bytes) -> tuple[str, ...]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    if b"\0" in content:
        return ("utf-16-le",) if content[1::2].count(0) > content[::2].count(0) else ("utf-16-be",)
    return ("utf-8", "euc_kr", "cp949")


def _students(text: str, groups: bool) -> Iterator[Student]:
    lines = [_uncommented(line) for line in text.splitlines()]
    first = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t", key=lambda sign: (len(HEADINGS & {*_heading(first, sign)}), first.count(sign)))
    heading = _heading(first, delimiter)
    if len(heading) == 1 or not HEADINGS & {*heading}:
        skipped = lines.index(first) + 1 if HEADINGS & {*heading} else 0
        yield from _listed(lines, skipped, groups)
    else:
        yield from _tabled(lines, delimiter, groups)


def _uncommented(line: str) -> str:
    """A line, or nothing for a comment and for Excel's hint to itself. A column may be headed #."""
    return "" if re.match(r"\s*#(?![,;\t])|sep=.$", line) else line


def _heading(line: str, delimiter: str) -> list[str]:
    return [_title(cell) for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])]


def _listed(lines: Sequence[str], skipped: int, groups: bool) -> Iterator[Student]:
    """A student, or a group, of each line that is not blank."""
    for number, line in enumerate(lines[skipped:], skipped + 1):
        fields = next(csv.reader([line], skipinitialspace=True), [])
        if ";" in line or "\t" in line.strip() or (len(fields) > 1 and not NAME_WITH_COMMA.fullmatch(line)):
            raise RosterError(f"line {number}: got several columns, {line.strip()[:60]!r}, {HINT}")
        name = _clean(fields[0] if len(fields) == 1 else line)
        if name and not _no_student(name):
            _check_names(number, id=name)
            yield Student(name, name, (), name if groups else "")


def _tabled(lines: Sequence[str], delimiter: str, groups: bool) -> Iterator[Student]:
    """A student of each row of a table."""
    rows = _rows(lines, delimiter)
    heading = [_title(cell) for cell in next(rows)[1]]
    columns = {kind: [heading.index(word) for word in words if word in heading] for kind, words in WORDS.items()}
    required = heading.index("id") if {*heading} >= CANVAS else None
    if groups and not columns["group"]:
        raise RosterError(f"got the columns {', '.join(filter(None, heading))}, expected one headed group")
    for number, row in rows:
        if any(cell.strip() for cell in row[len(heading) :]):
            raise RosterError(
                f"line {number}: got {len(row)} columns, expected {len(heading)}: put quotes around what holds {delimiter!r}"
            )
        cells = [_clean(cell) for cell in row] + [""] * (len(heading) - len(row))
        student = _of_row(number, cells, columns, groups)
        staff = any(STAFF.search(cells[i]) for i in columns["role"])
        if student.name and not staff and not _no_student(student.name) and (required is None or cells[required]):
            _check_names(number, id=student.id, **({"group": student.group} if groups else {}))
            yield student


def _rows(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line, fields) of each row that is not blank; a field in quotes may go over several lines."""
    reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        yield from ((reader.line_num, row) for row in reader if any(cell.strip() for cell in row))
    except csv.Error as error:
        raise RosterError(f"line {reader.line_num}: got quotes that do not match ({error}), expected a table") from error


def _of_row(number: int, cells: Sequence[str], columns: dict[str, list[int]], groups: bool) -> Student:
    found = {kind: [cells[i] for i in places if cells[i]] for kind, places in columns.items()}
    name = found["name"][0] if found["name"] else ""
    if columns["last"]:
        name = " ".join([*found["first"][:1], *found["last"][:1]])
    known = [*found["login"], *found["number"]]
    if len(columns["name"]) > 1:  # the column headed "student" then holds something else than names
        known += found["student"]
    known += [each for each in found["id"] if not each.isdecimal()]
    if spoilt := next((each for each in known if SHORTENED.fullmatch(each)), None):
        raise RosterError(f"line {number}: got {spoilt}, expected a whole number: a spreadsheet has shortened it")
    emails = [part for email in found["email"] for part in (email, email.partition("@")[0])]
    other = [
        part for each in (*found["id"], *found["other"]) for part in (each, each.rpartition(" ")[2])
    ]  # "Participant 7781" is 7781
    name = name or next(iter([*known, *emails, *other]), "")
    id = known[0] if known else name
    aliases = dict.fromkeys(each for each in (*known, *other, *emails) if each != id)
    return Student(id, name, tuple(aliases), next(iter(found["group"]), "") if groups else "")


def _check_names(line: int, **names: str) -> None:
    for what, name in names.items():
        if (reason := unsafe(name)) is not None:
            raise RosterError(f"line {line}: got the {what} {name!r}, expected one that can be a folder's name: {reason}")


def _check_different(names: Iterable[str], what: str) -> None:
    counts = Counter(_folded(name) for name in names)
    if twice := [name for name, times in counts.items() if times > 1]:
        hint = "; a column of logins or student numbers tells two of one name apart" if what == "ids" else ""
        raise RosterError(
            f"got {', '.join(twice)} more than once, expected {what} that differ in more than upper and lower case{hint}"
        )


def _title(heading: str) -> str:
    return _folded(heading).replace("_", " ")


def _no_student(name: str) -> bool:
    return letters(name) in NO_STUDENTS


def _clean(cell: str) -> str:
    """A cell composed, its spaces single; a spreadsheet's 20231234.0 is the number 20231234."""
    text = " ".join(unicodedata.normalize("NFC", cell).split())
    return text[:-2] if re.fullmatch(r"\d+\.0", text) else text


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", _clean(text).casefold())


# --- Finding a student: ways to read a text, the surest first ---


def _exact(text: str) -> set[str]:
    return {_folded(text)}


def _orders(text: str) -> set[str]:
    """A name in both orders: `Lee, Min` and `Min Lee` have both in common."""
    last, comma, first = _folded(text).partition(",")
    words = last.split()
    parts = [last.strip(), first.strip()] if comma else words if len(words) == 2 else [" ".join(words)]
    return {" ".join(parts), " ".join(reversed(parts))}


READINGS: tuple[Callable[[str], set[str]], ...] = (_exact, _exact, _orders, _spellings)


@functools.lru_cache(maxsize=8)
def _indexes(students: tuple[Student, ...]) -> tuple[dict[str, set[Student]], ...]:
    """For each reading, key -> students: by id, aliases, name in either order, its letters."""
    indexes: tuple[dict[str, set[Student]], ...] = tuple({} for _ in READINGS)
    for student in students:
        texts = ((student.id,), student.aliases, (student.name,), (student.name,))
        for index, keys, known in zip(indexes, READINGS, texts, strict=True):
            for key in {key for text in known for key in keys(text)}:
                index.setdefault(key, set()).add(student)
    return indexes
