"""What goes out: the student's notebook with its stamp and files, and the page of solutions; all made of one source and never edited.

Everything here is a function of the source, the key and the class list alone, so that making it again changes no byte. A file that
somebody has changed since it was made, or that was made by something else, is not overwritten. What a source holds is read in
`source`; that its tests are worth something is shown in `selftest`; that nothing gets out, in `leaks`.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import nbformat
from nbformat import NotebookNode, v4

from coursework.assignment import nbgrader
from coursework.assignment.leaks import leak_in, secrets_of
from coursework.assignment.roster import ClassList
from coursework.assignment.source import HIDDEN, SCHEME, SOLUTION, STUB, Exercise, headings, role_of, split, without_markers
from coursework.assignment.stamp import Key, Stamp, StampError, find_tokens, make_stamp
from coursework.assignment.variants import values_for
from coursework.files import unsafe, write_whole

__all__ = ["ReleaseError", "nbgrader_source", "release", "solution_page", "student_notebook"]

KEPT = ("tags", "mystnb")  # of a cell's metadata
MADE = re.compile(
    r"<!-- Made by coursework release from (?P<name>\S+), (?P<digest>[0-9a-f]{16})\. Edit that file, not this one\. -->\n"
)
LINK = re.compile(r"(\]\()(?![a-z][a-z0-9+.-]*:|[#/])([^)\s]+\))", re.IGNORECASE)
OPEN = "There is no one solution to this one."


class ReleaseError(Exception):
    """A release was refused before anything was written; says why."""


def student_notebook(exercise: Exercise, solutions: str | None = None, stamp: str | None = None) -> NotebookNode:
    """The notebook that a student gets: no solution, no hidden test, no note, no wrong answer, no output.

    Args:
        exercise: placeholders are filled with first values where they are not filled yet.
        solutions: link to the page of solutions, for practice; a last cell then leads there.
        stamp: a token, put into the notebook's metadata and, for converters that lose it, into a text cell and a code cell.

    Returns:
        nbformat 4.5, with the metadata of nbgrader (schema 3). Cell ids follow from the content.
    """
    exercise = _filled(exercise)
    if nbgrader.is_nbgraders(exercise.notebook):
        cells = nbgrader.cleared(exercise.notebook, exercise.path.parent).cells
    else:
        cells = [made for cell in exercise.notebook.cells if (made := _student_cell(exercise, cell)) is not None]
    if solutions:
        cells.append(v4.new_markdown_cell(f"When you have tried: the [solutions]({solutions}), each folded away."))
    return _finished(exercise, cells, stamp)


def nbgrader_source(exercise: Exercise) -> NotebookNode:
    """The instructor's notebook for nbgrader's own `source/` folder: with solutions and hidden tests in nbgrader's markers.

    For a course that grades with nbgrader; it holds everything that students must not see.
    """
    exercise = _filled(exercise)
    cells = [cell for cell in exercise.notebook.cells if role_of(cell)[0] not in ("note", "wrong")]
    made = [v4.new_code_cell(cell.source) if cell.cell_type == "code" else v4.new_markdown_cell(cell.source) for cell in cells]
    for cell, new in zip(cells, made, strict=True):
        new.metadata = _metadata(exercise, cell)
    return _finished(exercise, made)


def solution_page(exercise: Exercise, up: str = "../") -> str:
    """The page of solutions: MyST, under each exercise's heading what answers it, folded away in an element that needs no script.

    Args:
        exercise: placeholders are filled with first values where they are not filled yet.
        up: from this page's folder to the notebook's; relative links of the notes are led through it.
    """
    exercise = _filled(exercise)
    subject = exercise.title.removeprefix("Exercises: ").strip()
    parts = [f"# Solutions: {subject}", f"To the notebook [{exercise.name}]({up}{exercise.name}.ipynb). Try before you unfold."]
    for title, items in _sections(exercise):
        body = "\n\n".join(_solution(exercise, kind, name, cell) for kind, name, cell in items)
        parts.append(f"## {title}")
        parts.append(_folded(LINK.sub(rf"\g<1>{up}\g<2>", body)) if body else OPEN)
    text = "\n\n".join(parts) + "\n"
    return f"<!-- Made by coursework release from {exercise.path.name}, {_digest(text)}. Edit that file, not this one. -->\n" + text


def release(
    exercises: Sequence[Exercise],
    out: Path,
    *,
    solutions: Path | None = None,
    students: ClassList | None = None,
    key: Key | None = None,
    force: bool = False,
) -> dict[Path, str]:
    """Write the students' notebooks and, where asked, the solutions. All is checked before anything is written.

    Whether the tests of an exercise do their work is for `selftest` to say, before this.

    Args:
        exercises: as loaded.
        out: folder of the notebooks, `EXERCISE.ipynb`, or `STUDENT/EXERCISE.ipynb` with `students`; the exercise's files stand beside.
        solutions: folder of the solution pages; None writes none.
        students: the class; of one read with groups, each group gets a notebook.
        key: signs the stamps and draws each student's values; None, for practice, makes notebooks without a stamp.
        force: overwrite what is in the way.

    Returns:
        path -> "written" or "unchanged".

    Raises:
        ReleaseError: a file in the way, variants for students without a key, a folder inside another that it must not be in, a
            solution or a test in what would go out.
    """
    planned = plan(exercises, out, solutions=solutions, students=students, key=key, force=force)
    return {path: _write(path, content) for path, content in planned.items()}


def plan(
    exercises: Sequence[Exercise],
    out: Path,
    *,
    solutions: Path | None = None,
    students: ClassList | None = None,
    key: Key | None = None,
    force: bool = False,
) -> dict[Path, bytes]:
    """What `release` would write, path -> content. Arguments and errors are those of `release`."""
    out, solutions = Path(out), solutions and Path(solutions)
    _check_folders(exercises, out, solutions, students, key)
    whom = [None] if students is None else list(students.recipients())
    planned: dict[Path, _Planned] = {}
    for exercise in exercises:
        _check_exercise(exercise, whom, key)
        link = None if solutions is None else f"{_between(out, solutions)}{exercise.name}.md"
        for student in whom:
            folder = out if student is None else out / student
            for path, made in _handed_out(exercise, folder, student, key, link).items():
                _add(planned, path, made)
        if solutions is not None:
            page = solution_page(exercise, _between(solutions, out)).encode()
            _check_leaks(exercise, f"{exercise.name}.md", page, shown=(SOLUTION, "note"))
            _add(planned, solutions / f"{exercise.name}.md", _Planned(page))
    if not force:
        _check_in_the_way(planned, key)
    return {path: made.content for path, made in planned.items()}


class _Planned(NamedTuple):
    """A file to be written. beside: the notebook that it goes with, which knows what was last given out with it."""

    content: bytes
    beside: Path | None = None


def _handed_out(exercise: Exercise, folder: Path, student: str | None, key: Key | None, link: str | None) -> dict[Path, _Planned]:
    """A student's notebook and the files that go with it."""
    values = values_for(exercise, key, student)
    filled = exercise.with_values(values)
    try:
        stamp = key and make_stamp(Stamp(exercise.name, exercise.sha256[:12], values, student), key)
    except StampError as error:
        raise ReleaseError(f"{exercise.path}: {error}") from error
    path = folder / f"{exercise.name}.ipynb"
    made = {path: _Planned((nbformat.writes(student_notebook(filled, link, stamp)) + "\n").encode())}
    _check_leaks(filled, path.name, made[path].content)
    for name, content in _contents(exercise).items():
        _check_leaks(filled, name, content, key=key)
        made[folder / name] = _Planned(content, path)
    return made


def _contents(exercise: Exercise) -> dict[str, bytes]:
    """The files that go with an exercise, name -> content."""
    try:
        return {name: (exercise.path.parent / name).read_bytes() for name in exercise.files}
    except OSError as error:
        raise ReleaseError(f"{error.filename}: cannot be read: {error.strerror}") from error


def _add(planned: dict[Path, _Planned], path: Path, made: _Planned) -> None:
    same = next((each for each in planned if str(each).casefold() == str(path).casefold()), None)
    if same is not None and (same != path or planned[same].content != made.content):
        raise ReleaseError(f"{path}: got two files of this name and of different content, expected each by a name of its own")
    planned[path] = made


def _check_folders(
    exercises: Sequence[Exercise], out: Path, solutions: Path | None, students: ClassList | None, key: Key | None
) -> None:
    for whom in students.recipients() if students else ():
        if (reason := unsafe(whom)) is not None:
            raise ReleaseError(f"got the name {whom!r}, expected one that can be a folder's: {reason}")
    if solutions is not None and students is not None:
        raise ReleaseError("got --solutions with students, expected solutions of practice only, which is the same for all")
    for exercise in exercises:
        folder = exercise.path.resolve().parent
        if out.resolve() == folder:
            raise ReleaseError(f"{out}: got the folder of the sources, expected another one to write to")
        if key is not None and folder.is_relative_to(out.resolve()):
            raise ReleaseError(
                f"{out}: the sources and the key are in {folder}, inside of it; expected a folder that you can hand out"
            )


def _check_exercise(exercise: Exercise, whom: Sequence[str | None], key: Key | None) -> None:
    if exercise.variants and key is None and whom != [None]:
        raise ReleaseError(f"{exercise.path}: it has variants, expected a key to draw each student's values with")
    text = nbformat.from_dict(exercise.notebook)
    text.cells = [cell for cell in text.cells if cell.cell_type == "markdown" and role_of(cell)[0] is None]
    for name in nbgrader.files_beside(text, exercise.path.parent):
        if name not in exercise.files:
            raise ReleaseError(
                f"{exercise.path}: the text shows {name}, expected it among `files` of the front matter, to go out too"
            )


def _check_leaks(exercise: Exercise, name: str, content: bytes, *, shown: Sequence[str] = (), key: Key | None = None) -> None:
    """The second wall. shown: kinds of parts that a page of solutions is there to show."""
    secrets = secrets_of(exercise).without(shown)
    leak = leak_in(secrets, content, name.endswith((".ipynb", ".md")) and name not in exercise.files)
    if key is not None and key.secret.hex().encode() in content.lower():
        leak = "your key"
    if leak is not None:
        raise ReleaseError(f"{exercise.path}: {name} would give out {leak}")


def _check_in_the_way(planned: Mapping[Path, _Planned], key: Key | None) -> None:
    foreign = [path for path, made in planned.items() if _is_foreign(path, made)]
    if foreign:
        listed = ", ".join(map(str, foreign[:3])) + (f" and {len(foreign) - 3} more" if len(foreign) > 3 else "")
        raise ReleaseError(f"{listed}: changed since it was made, or made by something else. --force overwrites it.")
    for path in planned:
        if key is not None and path.suffix == ".ipynb" and path.is_file():
            others = [token for token in find_tokens(path.read_text(encoding="utf-8")) if f".{key.id}." not in token]
            if others:
                raise ReleaseError(
                    f"{path}: was made with another key than {key.id}, and its students' work could then not be told from forged work:"
                    " put back the key that it was made with. --force overwrites it."
                )


def _between(start: Path, end: Path) -> str:
    """The relative way from one folder to another, as a link begins."""
    way = Path(os.path.relpath(end, start)).as_posix()
    return "" if way == "." else way + "/"


def _filled(exercise: Exercise) -> Exercise:
    return exercise.with_values(values_for(exercise, None, None))


def _student_cell(exercise: Exercise, cell: NotebookNode) -> NotebookNode | None:
    kind, name = role_of(cell)
    if kind in ("note", "wrong"):
        return None
    source = cell.source
    if kind == "answer":
        source = split(source, SOLUTION, STUB)[0]
    elif kind == "test":
        source = split(source, HIDDEN)[0]
    elif kind == "written":
        source = next(each.stub for each in exercise.written if each.id == name)
    new = v4.new_code_cell(source) if cell.cell_type == "code" else v4.new_markdown_cell(source)
    if shown := {name: picture for name, picture in cell.get("attachments", {}).items() if _shows(source, name)}:
        new.attachments = shown
    new.metadata = _metadata(exercise, cell)
    return new


def _shows(source: str, name: str) -> bool:
    """Whether a text still shows a picture that is attached to its cell; one of the solution goes with the solution."""
    return any(f"attachment:{each}" in source for each in (name, quote(name)))


def _metadata(exercise: Exercise, cell: NotebookNode) -> NotebookNode:
    """What a released cell says of itself: nbgrader's metadata, and that what is graded can be neither deleted nor, a test, edited."""
    kind, name = role_of(cell)
    kept = {key: cell.metadata[key] for key in KEPT if key in cell.metadata}
    if kind is None:
        return nbformat.from_dict(kept)
    graded: dict[str, object] = {
        "grade": kind != "answer",
        "grade_id": f"test-{name}" if kind == "test" else name,
        "locked": kind == "test",
    }
    graded |= {"schema_version": 3, "solution": kind != "test", "task": False}
    if kind != "answer":
        graded["points"] = cell.metadata["companion"]["points"]
    kept |= {"deletable": False, "nbgrader": graded} | ({"editable": False} if kind == "test" else {})
    return nbformat.from_dict(kept)


def _finished(exercise: Exercise, cells: list[NotebookNode], stamp: str | None = None) -> NotebookNode:
    _name_cells(cells)
    if stamp:
        _put_stamp(cells, stamp)
    made = {"release": exercise.name, "digest": _digest(_content(cells))}
    if exercise.files:
        made["files"] = {name: _digest(content) for name, content in _contents(exercise).items()}
    metadata = {"kernelspec": exercise.notebook.metadata.kernelspec, "language_info": {"name": "python"}, "companion": made}
    notebook = v4.new_notebook(
        cells=cells, metadata=nbformat.from_dict(metadata | ({"coursework": {"stamp": stamp}} if stamp else {}))
    )
    notebook.nbformat_minor = 5
    if nbgrader.is_nbgraders(exercise.notebook):
        notebook = nbgrader.checked(notebook)
    _check_nbgrader(exercise, notebook)
    return notebook


def _put_stamp(cells: Iterable[NotebookNode], stamp: str) -> None:
    """Write the stamp below the first text and the first code that the student does not write: see `stamp.without_stamp`."""
    given = [cell for cell in cells if not (cell.metadata.get("nbgrader") or {}).get("solution")]
    for kind, line in (("markdown", f"\n\n<!-- {stamp} -->"), ("code", f"\n# {stamp}")):
        cell = next((c for c in given if c.cell_type == kind and not c.source.startswith("%%")), None)
        if cell is not None:
            cell.source += line


def _check_nbgrader(exercise: Exercise, notebook: NotebookNode) -> None:
    """Let nbgrader say whether it would take the notebook."""
    from nbgrader.nbgraderformat import MetadataValidator, ValidationError

    try:
        nbformat.validate(notebook)
        MetadataValidator().validate_nb(notebook)
    except (ValidationError, nbformat.ValidationError) as error:
        raise ReleaseError(f"{exercise.path}: nbgrader would refuse what is made of it: {str(error).splitlines()[0]}") from error


def _name_cells(cells: Iterable[NotebookNode]) -> None:
    """Cell ids from what a cell is: the same again, and where one cell changes the others keep theirs."""
    seen: dict[str, int] = {}
    for cell in cells:
        graded = cell.metadata.get("nbgrader")
        name = f"{'' if cell.cell_type == 'code' else 'text-'}{graded.grade_id if graded else _digest(cell.source)[:12]}"[:56]
        seen[name] = seen.get(name, 0) + 1
        cell.id = name if seen[name] == 1 else f"{name}-{seen[name]}"


def _sections(exercise: Exercise) -> list[tuple[str, list]]:
    """(heading, what answers it) for each exercise in the order of the source."""
    sections: list[tuple[str, list]] = []
    for cell in exercise.notebook.cells:
        kind, name = role_of(cell)
        if kind is None and cell.cell_type == "markdown":
            sections += [(title, []) for title in headings(cell.source, 2)]
        elif kind in ("answer", "note", "written"):
            if not sections:
                sections.append((exercise.title, []))
            sections[-1][1].append((kind, name, cell))
    return sections


def _solution(exercise: Exercise, kind: str, name: str, cell: NotebookNode) -> str:
    if kind == "written":
        return split(split(cell.source, SCHEME)[0], SOLUTION)[1]
    if kind == "note" and cell.cell_type == "markdown":
        return cell.source.strip("\n")
    code = without_markers(cell.source, SOLUTION)
    if kind == "answer":
        code = "\n".join(line for line in code.splitlines() if not re.fullmatch(r"\w+ = None\s*# your.*", line))
    code = code.strip("\n")
    fence = "`" * max(3, 1 + max((len(mark) for mark in re.findall(r"^\s*(`{3,})", code, re.MULTILINE)), default=0))
    return f"{fence}python\n{code}\n{fence}"


def _folded(body: str) -> str:
    return f"<details>\n<summary>Show the solution</summary>\n\n{body}\n\n</details>"


def _content(cells: Iterable[Mapping]) -> str:
    return json.dumps([[cell["cell_type"], cell["source"]] for cell in cells])


def _digest(content: str | bytes) -> str:
    return hashlib.sha256(content if isinstance(content, bytes) else content.encode()).hexdigest()[:16]


def _is_foreign(path: Path, made: _Planned) -> bool:
    """Say whether a file in the way is not ours to overwrite: made by something else, or changed since. Outputs are no change."""
    if not os.path.lexists(path):
        return False
    try:
        if path.is_symlink():
            return True
        if made.beside is not None:
            before = nbformat.reads(made.beside.read_text(encoding="utf-8"), as_version=4).metadata["companion"]["files"]
            return path.read_bytes() != made.content and _digest(path.read_bytes()) not in before.values()
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".md":
            stamp = MADE.match(text)
            return not stamp or _digest(text[stamp.end() :]) != stamp["digest"]
        notebook = nbformat.reads(text, as_version=4)
        return _digest(_content(notebook.cells)) != notebook.metadata["companion"]["digest"]
    except Exception:  # whatever is wrong with it, it is not what was made here
        return True


def _write(path: Path, content: bytes) -> str:
    """Write a file whole or not at all."""
    if path.is_file() and path.read_bytes() == content:
        return "unchanged"
    try:
        write_whole(path, content)
    except OSError as error:
        raise ReleaseError(f"{path}: cannot be written: {error.strerror}") from error
    return "written"
