"""What goes out, and where to: notebooks with their stamps and files for a class, pages of solutions for practice.

All is checked before anything is written, and a file that somebody has changed since it was made, or that was made by something else,
is not overwritten. What the files hold is made in `notebook`; that the tests of an exercise are worth something is shown in
`selftest`, that nothing gets out, in `leaks`.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import nbformat

from coursework.assignment import nbgrader
from coursework.assignment.leaks import leak_in, secrets_of
from coursework.assignment.notebook import MADE, ReleaseError, content_of, digest, nbgrader_source, solution_page, student_notebook
from coursework.assignment.roster import ClassList
from coursework.assignment.source import SOLUTION, Exercise, role_of
from coursework.assignment.stamp import Key, Stamp, StampError, find_tokens, make_stamp
from coursework.assignment.variants import values_for
from coursework.files import unsafe, write_whole

__all__ = ["ReleaseError", "nbgrader_source", "plan", "release", "solution_page", "student_notebook"]


def release(
    exercises: Sequence[Exercise],
    out: Path,
    *,
    solutions: Path | None = None,
    students: ClassList | None = None,
    key: Key | None = None,
    force: bool = False,
) -> dict[Path, str]:
    """Write the students' notebooks and, where asked, the solutions. The same again changes no byte.

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
        ReleaseError: a file in the way, or made with another key; variants for students without a key; a folder inside another that it
            must not be in; a picture that would not go out, or a solution that would. Before anything is written.
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
    whom = [None] if students is None else list(students.recipients())
    _check_folders(exercises, out, solutions, whom, key)
    planned: list[_Planned] = []
    for exercise in exercises:
        _check_exercise(exercise, whom, key)
        link = None if solutions is None else f"{_between(out, solutions)}{exercise.name}.md"
        planned += _handed_out(exercise, out, whom, key, link)
        if solutions is not None:
            planned.append(_solved(exercise, solutions / f"{exercise.name}.md", _between(solutions, out)))
    _check_different(planned)
    if not force:
        _check_in_the_way(planned, key)
    return {each.path: each.content for each in planned}


class _Planned(NamedTuple):
    """A file to be written. beside: the folder of the notebook that it goes with; None for a notebook or a page."""

    path: Path
    content: bytes
    beside: Path | None = None


def _handed_out(exercise: Exercise, out: Path, whom: Sequence[str | None], key: Key | None, link: str | None) -> Iterator[_Planned]:
    """The notebook of each student, or the one for all, and the files that go with it."""
    files = _files(exercise, key)
    digests = {name: digest(content) for name, content in files.items()}
    for student in whom:
        values = values_for(exercise, key, student)
        filled, folder = exercise.with_values(values), out if student is None else out / student
        notebook = student_notebook(filled, link, _stamp(exercise, values, student, key))
        if files:
            notebook.metadata.companion.files = digests
        content = (nbformat.writes(notebook) + "\n").encode()
        _refuse_leak(exercise, f"{exercise.name}.ipynb", leak_in(secrets_of(filled), content))
        yield _Planned(folder / f"{exercise.name}.ipynb", content)
        yield from (_Planned(folder / name, content, folder) for name, content in files.items())


def _stamp(exercise: Exercise, values: dict, student: str | None, key: Key | None) -> str | None:
    try:
        return key and make_stamp(Stamp(exercise.name, exercise.sha256[:12], values, student), key)
    except StampError as error:
        raise ReleaseError(f"{exercise.path}: {error}") from error


def _files(exercise: Exercise, key: Key | None) -> dict[str, bytes]:
    """The files that go out beside the notebook, name -> content."""
    try:
        files = {name: (exercise.path.parent / name).read_bytes() for name in exercise.files}
    except OSError as error:
        raise ReleaseError(f"{error.filename}: cannot be read: {error.strerror}") from error
    secrets = secrets_of(exercise.with_values(values_for(exercise, None, None)))
    for name, content in files.items():
        holds_key = key is not None and key.secret.hex().encode() in content.lower()
        _refuse_leak(exercise, name, "your key" if holds_key else leak_in(secrets, content, whole=False))
    return files


def _solved(exercise: Exercise, path: Path, up: str) -> _Planned:
    content = solution_page(exercise, up).encode()
    secrets = secrets_of(exercise.with_values(values_for(exercise, None, None)))
    _refuse_leak(exercise, path.name, leak_in(secrets.without([SOLUTION, "note"]), content))
    return _Planned(path, content)


def _refuse_leak(exercise: Exercise, name: str, leak: str | None) -> None:
    if leak is not None:
        raise ReleaseError(f"{exercise.path}: {name} would give out {leak}")


def _check_folders(
    exercises: Sequence[Exercise], out: Path, solutions: Path | None, whom: Sequence[str | None], key: Key | None
) -> None:
    for student in whom:
        if student is not None and (reason := unsafe(student)) is not None:
            raise ReleaseError(f"got the name {student!r}, expected one that can be a folder's: {reason}")
    if solutions is not None and whom != [None]:
        raise ReleaseError("got --solutions with students, expected solutions of practice only, which is the same for all")
    for exercise in exercises:
        folder = exercise.path.resolve().parent
        if out.resolve() == folder:
            raise ReleaseError(f"{out}: got the folder of the sources, expected another one to write to")
        if key is not None and folder.is_relative_to(out.resolve()):
            raise ReleaseError(
                f"{out}: got a folder that holds that of the sources and the key, {folder}, expected one to hand out"
            )


def _check_exercise(exercise: Exercise, whom: Sequence[str | None], key: Key | None) -> None:
    if exercise.variants and key is None and whom != [None]:
        raise ReleaseError(f"{exercise.path}: it has variants, expected a key to draw each student's values with")
    text = nbformat.from_dict(exercise.notebook)
    text.cells = [cell for cell in text.cells if cell.cell_type == "markdown" and role_of(cell)[0] is None]
    if missing := [name for name in nbgrader.files_beside(text, exercise.path.parent) if name not in exercise.files]:
        raise ReleaseError(f"{exercise.path}: its text shows {missing[0]}, expected this among the files in the front matter")


def _check_different(planned: Iterable[_Planned]) -> None:
    """Refuse two files at one place; two exercises may share a file of data."""
    seen: dict[str, _Planned] = {}
    for each in planned:
        other = seen.setdefault(str(each.path).casefold(), each)
        if (other.path, other.content) != (each.path, each.content):
            raise ReleaseError(
                f"{each.path}: got two files of this name and of different content, expected each by a name of its own"
            )


def _check_in_the_way(planned: Sequence[_Planned], key: Key | None) -> None:
    if foreign := [str(each.path) for each in planned if os.path.lexists(each.path) and _is_foreign(each)]:
        listed = ", ".join(foreign[:3]) + (f" and {len(foreign) - 3} more" if len(foreign) > 3 else "")
        raise ReleaseError(f"{listed}: changed since it was made, or made by something else. --force overwrites it.")
    for each in planned:
        if key is not None and each.path.suffix == ".ipynb" and each.path.is_file():
            stamps = find_tokens(each.path.read_text(encoding="utf-8"))
            if others := {token.split(".")[1] for token in stamps} - {key.id}:
                raise ReleaseError(
                    f"{each.path}: made with the key {others.pop()}, expected {key.id}: put back the key that your students' notebooks"
                    " were made with, or they cannot be graded. --force overwrites it."
                )


def _is_foreign(planned: _Planned) -> bool:
    """Say whether a file in the way is not ours to overwrite: made by something else, or changed since. Outputs are no change."""
    try:
        content = planned.path.read_bytes()
        if planned.path.is_symlink() or content == planned.content:
            return planned.path.is_symlink()
        if planned.beside is not None:
            return digest(content) not in _given_out(planned.beside)
        text = content.decode()
        if planned.path.suffix == ".md":
            made = MADE.match(text)
            return not made or digest(text[made.end() :]) != made["digest"]
        notebook = nbformat.reads(text, as_version=4)
        return digest(content_of(notebook.cells)) != notebook.metadata["companion"]["digest"]
    except Exception:  # whatever is wrong with it, it is not what was made here
        return True


def _given_out(folder: Path) -> set[str]:
    """Digests of the files that went out with the notebooks of a folder before."""
    notebooks = [nbformat.read(path, as_version=4) for path in folder.glob("*.ipynb")]
    return {each for notebook in notebooks for each in notebook.metadata.get("companion", {}).get("files", {}).values()}


def _between(start: Path, end: Path) -> str:
    """The relative way from one folder to another, as a link begins."""
    way = Path(os.path.relpath(end, start)).as_posix()
    return "" if way == "." else way + "/"


def _write(path: Path, content: bytes) -> str:
    """Write a file whole or not at all."""
    if path.is_file() and path.read_bytes() == content:
        return "unchanged"
    try:
        write_whole(path, content)
    except OSError as error:
        raise ReleaseError(f"{path}: cannot be written: {error.strerror}") from error
    return "written"
