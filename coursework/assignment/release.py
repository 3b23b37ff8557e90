"""What goes out: the student's notebook and the page of solutions, both made of one source and never edited.

Everything here is a function of the source alone, so that making it again changes no byte. A file that somebody has changed since it
was made, or that was made by something else, is not overwritten. What a source holds is read in `source`; that its tests are worth
something is shown in `selftest`.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode, v4

from coursework.assignment import nbgrader
from coursework.assignment.roster import unsafe
from coursework.assignment.source import HIDDEN, SOLUTION, STUB, Exercise, headings, role_of, split, without_markers
from coursework.assignment.variants import values_for
from coursework.files import write_whole

__all__ = ["ReleaseError", "nbgrader_source", "release", "solution_page", "student_notebook"]

KEPT = ("tags", "mystnb")  # of a cell's metadata
STAMP = re.compile(
    r"<!-- Made by coursework release from (?P<name>\S+), (?P<digest>[0-9a-f]{16})\. Edit that file, not this one\. -->\n"
)
LINK = re.compile(r"(\]\()(?![a-z][a-z0-9+.-]*:|[#/])([^)\s]+\))", re.IGNORECASE)
OPEN = "There is no one solution to this one."


class ReleaseError(Exception):
    """A release was refused before anything was written; says why."""


def student_notebook(exercise: Exercise, solutions: str | None = None) -> NotebookNode:
    """The notebook that a student gets: no solution, no hidden test, no note, no wrong answer, no output.

    Args:
        exercise: placeholders are filled with first values where they are not filled yet.
        solutions: link to the page of solutions, for practice; a last cell then leads there.

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
    return _finished(exercise, cells)


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
    students: Sequence[str] | None = None,
    seed: str | int | None = None,
    force: bool = False,
) -> dict[Path, str]:
    """Write the students' notebooks and, where asked, the solutions. All is checked before anything is written.

    Whether the tests of an exercise do their work is for `selftest` to say, before this.

    Args:
        exercises: as loaded. out: folder of the notebooks, `EXERCISE.ipynb`, or `STUDENT/EXERCISE.ipynb` with `students`.
        solutions: folder of the solution pages; None writes none. students: names of students or groups.
        seed: which variant a student gets. force: overwrite what is in the way.

    Returns:
        path -> "written" or "unchanged".

    Raises:
        ReleaseError: a file in the way, students without a seed where there are variants, a folder inside another that it must not be in.
    """
    planned = plan(exercises, out, solutions=solutions, students=students, seed=seed, force=force)
    return {path: _write(path, text) for path, text in planned.items()}


def plan(
    exercises: Sequence[Exercise],
    out: Path,
    *,
    solutions: Path | None = None,
    students: Sequence[str] | None = None,
    seed: str | int | None = None,
    force: bool = False,
) -> dict[Path, str]:
    """What `release` would write, path -> text. Arguments and errors are those of `release`."""
    planned = _planned(exercises, Path(out), solutions and Path(solutions), students, seed)
    if not force and (foreign := [path for path in planned if _is_foreign(path)]):
        listed = ", ".join(map(str, foreign[:3])) + (f" and {len(foreign) - 3} more" if len(foreign) > 3 else "")
        raise ReleaseError(f"{listed}: changed since it was made, or made by something else. --force overwrites it.")
    return planned


def _planned(
    exercises: Sequence[Exercise], out: Path, solutions: Path | None, students: Sequence[str] | None, seed: str | int | None
) -> dict[Path, str]:
    planned: dict[Path, str] = {}
    _check_folders(exercises, out, solutions, students)
    for exercise in exercises:
        if students is not None and exercise.variants and seed is None:
            raise ReleaseError(f"{exercise.path}: it has variants, expected --seed with a text that only you know")
        link = None if solutions is None else f"{_between(out, solutions)}{exercise.name}.md"
        for student in [None] if students is None else students:
            filled = exercise.with_values(values_for(exercise, seed, student))
            path = (out if student is None else out / student) / f"{exercise.name}.ipynb"
            planned[path] = nbformat.writes(student_notebook(filled, link)) + "\n"
        if solutions is not None:
            planned[solutions / f"{exercise.name}.md"] = solution_page(exercise, _between(solutions, out))
    return planned


def _check_folders(exercises: Sequence[Exercise], out: Path, solutions: Path | None, students: Sequence[str] | None) -> None:
    for student in students or ():
        if (reason := unsafe(student)) is not None:
            raise ReleaseError(f"got the name {student!r}, expected one that can be a folder's: {reason}")
    if solutions is not None and students is not None:
        raise ReleaseError("got --solutions with students, expected solutions of practice only, which is the same for all")
    for exercise in exercises:
        if out.resolve() == exercise.path.resolve().parent:
            raise ReleaseError(f"{out}: got the folder of the sources, expected another one to write to")


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
    if "attachments" in cell:
        new.attachments = cell.attachments
    new.metadata = _metadata(exercise, cell)
    return new


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


def _finished(exercise: Exercise, cells: list[NotebookNode]) -> NotebookNode:
    _name_cells(cells)
    kernel = exercise.notebook.metadata.kernelspec
    stamp = {"release": exercise.name, "digest": _digest(_content(cells))}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}, "companion": stamp}
    notebook = v4.new_notebook(cells=cells, metadata=nbformat.from_dict(metadata))
    notebook.nbformat_minor = 5
    _check_nbgrader(exercise, notebook)
    return notebook


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
        return next(each.solution for each in exercise.written if each.id == name)
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


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _is_foreign(path: Path) -> bool:
    """Say whether a file in the way is not ours to overwrite: made by something else, or changed since. Outputs are no change."""
    if not os.path.lexists(path):
        return False
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".md":
            stamp = STAMP.match(text)
            return not stamp or _digest(text[stamp.end() :]) != stamp["digest"]
        notebook = nbformat.reads(text, as_version=4)
        return _digest(_content(notebook.cells)) != notebook.metadata["companion"]["digest"]
    except Exception:  # whatever is wrong with it, it is not what was made here
        return True


def _write(path: Path, text: str) -> str:
    """Write a file whole or not at all."""
    if path.is_file() and path.read_bytes() == text.encode():
        return "unchanged"
    try:
        write_whole(path, text)
    except OSError as error:
        raise ReleaseError(f"{path}: cannot be written: {error.strerror}") from error
    return "written"
