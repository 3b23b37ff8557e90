"""A course of nbgrader's for the tests of this folder: its own quickstart example, or notebooks of ours, graded by nbgrader itself."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import nbformat
import nbgrader
from nbformat import NotebookNode, v4

EXAMPLE = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"


POINTS = """
    select base_cell.name, grade.auto_score from grade join base_cell on base_cell.id = grade.cell_id
    join submitted_notebook on submitted_notebook.id = grade.notebook_id
    join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
    where submitted_assignment.student_id = ?
"""


def quickstart(folder: Path, example: str = "ps1") -> Path:
    """nbgrader's quickstart course; `ps1_autotest` is what its --autotest gives."""
    shutil.copytree(EXAMPLE / "source" / example, folder / "source" / "ps1")
    shutil.copyfile(EXAMPLE / "source" / "header.ipynb", folder / "source" / "header.ipynb")
    shutil.copyfile(EXAMPLE / "autotests.yml", folder / "autotests.yml")
    (folder / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.course_id = "course101"\nc.IncludeHeaderFooter.header = "source/header.ipynb"\n'
    )
    return folder


def cell(source: str, id: str = "", points: float | None = None, **roles: bool) -> NotebookNode:
    """A cell with nbgrader's metadata where it has an id. roles: grade, solution, task, locked, markdown."""
    made = v4.new_markdown_cell(source) if roles.pop("markdown", False) or roles.get("task") else v4.new_code_cell(source)
    if id:
        graded = {"grade": False, "solution": False, "task": False, "locked": False, **roles}
        made.metadata.nbgrader = {**graded, "grade_id": id, "schema_version": 3} | ({} if points is None else {"points": points})
    return made


def write(path: Path, *cells: NotebookNode) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    nbformat.write(v4.new_notebook(cells=list(cells), metadata=kernel), path)
    return path


def run(course: Path, *arguments: str) -> str:
    """Run `nbgrader` in a course, in a process of its own: it leaves sockets open, and warns."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # it calls programs that lie beside this Python
    command = [sys.executable, "-m", "nbgrader", *arguments]
    said = subprocess.run(command, cwd=course, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    return said.stdout


def generate(course: Path, assignment: str) -> None:
    """`nbgrader generate_assignment`."""
    run(course, "generate_assignment", assignment, "--force")


def autograde(course: Path, assignment: str) -> None:
    """`nbgrader autograde` of all that was handed in."""
    run(course, "autograde", assignment, "--force")


def points(course: Path, student: str) -> dict[str, float | None]:
    """What nbgrader gave: id of the graded cell -> its points, None where a person has to give them."""
    with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as database:
        return dict(database.execute(POINTS, (student,)))


def hand_in(course: Path, assignment: str, student: str, notebook: NotebookNode, name: str) -> Path:
    path = course / "submitted" / student / assignment / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def filled(
    notebook: NotebookNode, answers: Mapping[str, str], change: Callable[[NotebookNode], None] = lambda notebook: None
) -> NotebookNode:
    """A released notebook with some of its cells answered, and changed as a student might."""
    notebook = nbformat.from_dict(notebook)
    for each in notebook.cells:
        if (id := each.metadata.get("nbgrader", {}).get("grade_id")) in answers:
            each.source = answers[id]
    change(notebook)
    return notebook
