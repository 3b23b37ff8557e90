"""What is made of a source: the student's notebook, the instructor's for nbgrader, and the page of solutions.

Everything here is a function of the exercise and the stamp alone, so that making it again changes no byte. Where it is written is for
`release` to say.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping

import nbformat
from nbformat import NotebookNode, v4

from coursework.assignment import nbgrader
from coursework.assignment.rubric import as_table
from coursework.assignment.source import (
    HIDDEN,
    SCHEME,
    SEED,
    SOLUTION,
    Exercise,
    given_out,
    headings,
    role_of,
    split,
    without_markers,
)
from coursework.assignment.stamp import Key
from coursework.assignment.variants import secret_seed, values_for

KEPT = ("tags", "mystnb")  # of a cell's metadata
MADE = re.compile(
    r"<!-- Made by coursework release from (?P<name>\S+), (?P<digest>[0-9a-f]{16})\. Edit that file, not this one\. -->\n"
)
LINK = re.compile(r"(\]\()(?![a-z][a-z0-9+.-]*:|[#/])([^)\s]+\))", re.IGNORECASE)
TRIED = "When you have tried: the [solutions]"  # begins the last cell of a notebook for practice
OPEN = "There is no one solution to this one."
JUDGED = "The highest level of which you can point at everything is yours:"


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
        cells = [made for cell in exercise.notebook.cells if (made := _student_cell(cell)) is not None]
    if solutions:
        cells.append(v4.new_markdown_cell(f"{TRIED}({solutions}), each folded away."))
    return _finished(exercise, cells, stamp)


def nbgrader_source(exercise: Exercise, key: Key | None = None) -> NotebookNode:
    """The instructor's notebook for nbgrader's own `source/` folder: with solutions and hidden tests in nbgrader's markers.

    For a course that grades with nbgrader; it holds everything that students must not see. nbgrader knows no `secret_seed`, so a hidden
    test that asks for it begins with a line that gives it.

    Args:
        key: of the course; draws the seed.
    """
    exercise, seed = _filled(exercise), secret_seed(exercise, key)
    cells = [cell for cell in exercise.notebook.cells if role_of(cell)[0] not in nbgrader.OURS]
    new = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell, "raw": v4.new_raw_cell}
    made = [new[cell.cell_type](_seeded(_asked_and_solved(cell), seed)) for cell in cells]
    for cell, each in zip(cells, made, strict=True):
        each.metadata = _metadata(cell)
        each.update({key: cell[key] for key in ("attachments",) if key in cell})
    return _finished(exercise, made)


def _seeded(source: str, seed: int) -> str:
    """A cell with a line that gives `secret_seed` at the head of the hidden lines that ask for it."""
    if not re.search(rf"\b{SEED}\b", split(source, HIDDEN)[1]):
        return source
    return re.sub(rf"(?m)^([ \t]*)((?:###|===) BEGIN {HIDDEN}\b.*)$", rf"\1\2\n\1{SEED} = {seed}", source, count=1)


def _asked_and_solved(cell: NotebookNode) -> str:
    """A cell for nbgrader. Of an answer in words it replaces the whole where nothing is marked, and it takes no mark scheme there."""
    if role_of(cell)[0] != "written" or cell.cell_type == "code" or "nbgrader" in cell.metadata:
        return cell.source
    outside, scheme = split(cell.source, SCHEME)
    asked, solution = split(outside, SOLUTION)
    model = "\n\n".join(part for part in (solution, scheme) if part)
    return f"{asked.rstrip()}\n\n### BEGIN {SOLUTION}\n{model}\n### END {SOLUTION}"


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
        body = "\n\n".join(_solution(kind, cell) for kind, cell in items)
        parts.append(f"## {title}")
        parts.append(_folded(LINK.sub(rf"\g<1>{up}\g<2>", body)) if body else OPEN)
    text = "\n\n".join(parts) + "\n"
    return f"<!-- Made by coursework release from {exercise.path.name}, {digest(text)}. Edit that file, not this one. -->\n" + text


def content_of(cells: Iterable[Mapping]) -> str:
    """What of a notebook is the release's: its cells without outputs and metadata, for `digest`."""
    return json.dumps([[cell["cell_type"], cell["source"]] for cell in cells])


def digest(content: str | bytes) -> str:
    """Sixteen hex digits that tell one content from another."""
    return hashlib.sha256(content if isinstance(content, bytes) else content.encode()).hexdigest()[:16]


def _filled(exercise: Exercise) -> Exercise:
    return exercise.with_values(values_for(exercise, None, None))


def _student_cell(cell: NotebookNode) -> NotebookNode | None:
    if role_of(cell)[0] in nbgrader.OURS:
        return None
    new = v4.new_code_cell(given_out(cell)) if cell.cell_type == "code" else v4.new_markdown_cell(given_out(cell))
    if "attachments" in cell:
        new.attachments = cell.attachments
        nbgrader.drop_unseen(new)
    new.metadata = _metadata(cell)
    return new


def _metadata(cell: NotebookNode) -> NotebookNode:
    """What a released cell says of itself: nbgrader's metadata, and that what is graded can be neither deleted nor, a test, edited."""
    kind, name = role_of(cell)
    kept = {key: cell.metadata[key] for key in KEPT if key in cell.metadata}
    if "nbgrader" in cell.metadata:
        return nbformat.from_dict({**kept, "nbgrader": cell.metadata.nbgrader})
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
    made = {"release": exercise.name, "digest": digest(content_of(cells))}
    metadata = {"kernelspec": exercise.notebook.metadata.kernelspec, "language_info": {"name": "python"}, "companion": made}
    if stamp:
        metadata["coursework"] = {"stamp": stamp}
    notebook = v4.new_notebook(cells=cells, metadata=nbformat.from_dict(metadata))
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
        name = f"{'' if cell.cell_type == 'code' else 'text-'}{graded.grade_id if graded else digest(cell.source)[:12]}"[:56]
        seen[name] = seen.get(name, 0) + 1
        cell.id = name if seen[name] == 1 else f"{name}-{seen[name]}"


def _sections(exercise: Exercise) -> list[tuple[str, list]]:
    """(heading, what answers it) for each exercise in the order of the source."""
    sections: list[tuple[str, list]] = []
    for cell in exercise.notebook.cells:
        kind, _ = role_of(cell)
        if kind is None and cell.cell_type == "markdown":
            sections += [(title, []) for title in headings(cell.source, 2)]
        elif kind in ("answer", "note", "written"):
            if not sections:
                sections.append((exercise.title, []))
            sections[-1][1].append((kind, cell))
    return sections


def _solution(kind: str, cell: NotebookNode) -> str:
    if kind == "written":
        return _judged(cell)
    if kind == "note" and cell.cell_type == "markdown":
        return cell.source.strip("\n")
    code = without_markers(cell.source, SOLUTION)
    if kind == "answer":
        code = "\n".join(line for line in code.splitlines() if not re.fullmatch(r"\w+ = None\s*# your.*", line))
    return _fenced(code.strip("\n"))


def _judged(cell: NotebookNode) -> str:
    """How an answer that a person marks is judged: its rubric, and a model answer where there is one."""
    role, solution = cell.metadata["companion"], split(split(cell.source, SCHEME)[0], SOLUTION)[1]
    if cell.cell_type == "code":
        solution = _fenced(solution)
    rubric = f"{JUDGED}\n\n{as_table(role['rubric'], role['points'])}" if "rubric" in role else ""
    return "\n\n".join(part for part in (rubric, solution) if part)


def _fenced(code: str) -> str:
    fence = "`" * max(3, 1 + max((len(mark) for mark in re.findall(r"^\s*(`{3,})", code, re.MULTILINE)), default=0))
    return f"{fence}python\n{code}\n{fence}" if code else ""


def _folded(body: str) -> str:
    summary = "Show how it is judged" if body.startswith(JUDGED) else "Show the solution"
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"
