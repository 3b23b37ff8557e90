"""A course of nbgrader's for the tests of this folder: its own quickstart example, or notebooks of ours, graded by nbgrader itself."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import nbformat
import nbgrader
from nbformat import NotebookNode, v4

NBGRADER = [sys.executable, "-m", "nbgrader"]
EXAMPLE = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """nbgrader works in the current folder, and calls programs that lie beside this Python."""
    path = os.environ["PATH"]
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), path])
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        os.environ["PATH"] = path


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


def api(course: Path) -> "nbgrader.apps.NbGraderAPI":
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config, PyFileConfigLoader

    config = (
        PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
        if (course / "nbgrader_config.py").is_file()
        else Config()
    )
    config.CourseDirectory.root = str(course)
    config.Exchange.root = str(course / "exchange")
    return NbGraderAPI(config=config)


def generate(course: Path, assignment: str) -> None:
    """`nbgrader generate_assignment`, in a process of its own: with AUTOTEST lines it leaves sockets open."""
    with inside(course):
        said = subprocess.run(
            [*NBGRADER, "generate_assignment", assignment, "--force"], capture_output=True, text=True, check=False
        )
    assert said.returncode == 0, said.stderr


def autograde(course: Path, assignment: str, student: str) -> dict[str, float | None]:
    """`nbgrader autograde`: id of the graded cell -> its points, None where a person has to give them."""
    with inside(course):
        made = api(course)
        said = made.autograde(assignment, student, force=True)
        assert said["success"], said
        with made.gradebook as book:
            notebooks = book.find_submission(assignment, student).notebooks
            return {grade.name: grade.auto_score for notebook in notebooks for grade in notebook.grades}


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
