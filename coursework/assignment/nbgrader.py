"""nbgrader's notebooks as sources: read by nbgrader's rules, and made ready for students by nbgrader's own preprocessors.

What a source holds is for `source` to say, which calls `adopted`; what goes out is for `release`, which calls `cleared`. Nothing here
needs nbgrader's database. `nbgrader_config.py` and `autotests.yml` are honoured where nbgrader looks for them: beside the notebook, or
at the root of its course (`course/source/ps1/problem1.ipynb`).
"""

import ast
import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import nbformat
from nbformat import NotebookNode

if TYPE_CHECKING:  # both take a while to load
    from nbgrader.preprocessors import NbGraderPreprocessor
    from traitlets.config import Config

CONFIG, AUTOTESTS = "nbgrader_config.py", "autotests.yml"
MARKS = {  # of each of our markers: the preprocessor that takes it out, and the two settings that hold nbgrader's words for it
    "SOLUTION": ("ClearSolutions", "begin_solution_delimeter", "end_solution_delimeter"),
    "HIDDEN TESTS": ("ClearHiddenTests", "begin_test_delimeter", "end_test_delimeter"),
    "MARK SCHEME": ("ClearMarkScheme", "begin_mark_scheme_delimeter", "end_mark_scheme_delimeter"),
}
# The order of `nbgrader generate_assignment`, without what only its database needs.
STEPS = ("LockCells", "ClearSolutions", "ClearOutput", "CheckCellMetadata", "ClearHiddenTests", "ClearMarkScheme")
MADE = ("release", "digest")  # what a notebook that `release` made says of itself
OURS = ("note", "wrong")  # cells that only this kit knows
ATTACHED = re.compile(r"attachment:([^\s)\"'>]+)")
LINKED = re.compile(r"\]\(\s*<?([^)\s>]+)|<(?:img|source|video|audio)\b[^>]*?\bsrc\s*=\s*[\"']([^\"']+)", re.IGNORECASE)
NEVER = (".ipynb", ".md", ".key", ".db")  # suffixes that no file for students has


class NbgraderError(ValueError):
    """nbgrader would not take the notebook; says what it says."""


def is_nbgraders(notebook: NotebookNode) -> bool:
    """Say whether a notebook was written for nbgrader.

    >>> is_nbgraders(nbformat.v4.new_notebook())
    False
    """
    return any(cell.metadata.get("nbgrader") for cell in notebook.cells)


def adopted(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """A notebook of nbgrader's as a source of ours: with roles in `cell.metadata["companion"]`, beside nbgrader's own metadata.

    A header or footer of the course is put in, `### AUTOTEST` lines become tests (which runs the notebook's code in a kernel), and
    every solution stands between our markers: a solution cell of which nbgrader would replace the whole is marked as a whole.

    Args:
        notebook: as read. folder: that it was read from.

    Raises:
        NbgraderError: metadata that nbgrader would refuse, or AUTOTEST lines that cannot be made into tests.
    """
    notebook = nbformat.from_dict(notebook)
    notebook.metadata.setdefault("kernelspec", {"name": "python3", "language": "python", "display_name": "Python 3"})
    for key in MADE:
        notebook.metadata.get("companion", {}).pop(key, None)
    with _as_nbgrader_error():
        _upgrade(notebook)
        notebook = _with_header(notebook, folder)
        notebook = _with_autotests(notebook, folder)
    words = _words(folder)
    for cell in notebook.cells:
        if graded := cell.metadata.get("nbgrader"):
            cell.metadata["companion"] = {**_role(graded), **cell.metadata.get("companion", {})} or None
            cell.source = _marked(cell, words)
        if not cell.metadata.get("companion"):
            cell.metadata.pop("companion", None)
    return notebook


def cleared(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """What students get of a source that `adopted` made: nbgrader's preprocessors take out solutions, hidden tests and mark schemes.

    Pictures attached to a cell whose text no longer shows them are taken out too, which nbgrader does not do. Cells of ours that
    students never see are left out, so that the others keep their order.

    Raises:
        NbgraderError: nbgrader refuses: a solution outside of a solution cell, an id twice.

    Example:
        >>> cleared(load_source("source/ps1/problem1.ipynb").notebook, Path("source/ps1")).cells[2].source
        '# YOUR CODE HERE\\nraise NotImplementedError()'
    """
    made = nbformat.from_dict(notebook)
    made.cells = [cell for cell in made.cells if not set(OURS) & set(cell.metadata.get("companion") or ())]
    made.metadata.pop("companion", None)
    for cell in made.cells:
        cell.metadata.pop("companion", None)
    with _as_nbgrader_error():
        for step in STEPS:
            made = _step(step, folder).preprocess(made, {})[0]
    for cell in made.cells:
        drop_unseen(cell)
    return checked(made)


def checked(notebook: NotebookNode) -> NotebookNode:
    """A notebook with nbgrader's checksums as they should be, to be called after the last change to a cell.

    Without it `nbgrader validate` tells students that a locked cell has changed.
    """
    with _as_nbgrader_error():
        for step in ("ComputeChecksums", "CheckCellMetadata"):
            notebook = _step(step, None).preprocess(notebook, {})[0]
    return notebook


def files_beside(notebook: NotebookNode, folder: Path) -> tuple[str, ...]:
    """The files beside a notebook that it names: pictures and links of its Markdown, texts and imports of its code.

    To be asked of what students get (`cleared`), so that a file that only a hidden test reads stays here. nbgrader itself hands out
    the whole folder; other notebooks, keys and databases are never among these.

    >>> files_beside(cleared(exercise.notebook, folder), folder)
    ('jupyter.png',)
    """
    found = {name for cell in notebook.cells for name in _named(cell)}
    root = folder.resolve()
    return tuple(sorted(name for name in found if _may_go_out(root, name)))


@contextlib.contextmanager
def _as_nbgrader_error() -> Iterator[None]:
    """Turns what nbgrader raises, which is of many classes, into a `NbgraderError` of one line."""
    try:
        yield
    except NbgraderError:
        raise
    except Exception as error:
        raise NbgraderError(f"nbgrader would refuse it: {_said(error)}") from error


def _said(error: Exception) -> str:
    from nbclient.exceptions import CellExecutionError

    if isinstance(error, CellExecutionError):  # nbgrader makes these in a way that str() fails on
        return f"its code raised {error.ename}: {error.evalue}"
    return " ".join(str(error).split())[:300] or type(error).__name__


def _step(name: str, folder: Path | None) -> "NbGraderPreprocessor":
    """A preprocessor with the course's settings; its markers are ours, which `adopted` has put in place of the course's."""
    from nbgrader import preprocessors

    ours = {}
    for word, (step, begin, end) in MARKS.items():
        if step == name:
            ours = {begin: f"BEGIN {word}", end: f"END {word}"}
    return getattr(preprocessors, name)(config=settings(folder), **ours)


def settings(folder: Path | None) -> "Config":
    """What the course's `nbgrader_config.py` sets; it is run."""
    from traitlets.config import Config, PyFileConfigLoader

    path = folder and _of_course(folder, CONFIG)
    return Config() if path is None else PyFileConfigLoader(path.name, path=str(path.parent)).load_config()


def _of_course(folder: Path, name: str) -> Path | None:
    """A file of nbgrader's beside a notebook, or at the root of its course where the notebook stands in `COURSE/source/ASSIGNMENT`."""
    root = folder.resolve()
    places = [root, *([root.parents[1]] if root.parent.name == "source" else [])]  # no other: such a file is run
    return next((place / name for place in places if (place / name).is_file()), None)


def _words(folder: Path) -> dict[str, tuple[str, str]]:
    """The course's words for the begin and the end of what is marked: kind -> both."""
    from nbgrader import preprocessors

    config = settings(folder)
    made = {word: getattr(preprocessors, step)(config=config) for word, (step, _, _) in MARKS.items()}
    return {word: (getattr(made[word], begin), getattr(made[word], end)) for word, (_, begin, end) in MARKS.items()}


def _upgrade(notebook: NotebookNode) -> None:
    """Metadata of older versions of nbgrader brought to today's, and checked."""
    from nbgrader.nbgraderformat import MetadataValidator

    for cell in notebook.cells:
        if not cell.metadata.get("nbgrader"):
            cell.metadata.pop("nbgrader", None)
    MetadataValidator().upgrade_notebook_metadata(notebook)
    MetadataValidator().validate_nb(notebook)


def _with_header(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """The course's header and footer put in; their paths begin at the course's root."""
    step, course = _step("IncludeHeaderFooter", folder), _of_course(folder, CONFIG)
    if course is not None:
        step.header, step.footer = (part and str(course.parent / part) for part in (step.header, step.footer))
    return step.preprocess(notebook, {})[0]


def _with_autotests(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """`### AUTOTEST` lines made into tests of what the solutions give, by running the notebook up to them."""
    step = _step("InstantiateTests", folder)
    if not any(cell.cell_type == "code" and step.autotest_delimiter in cell.source for cell in notebook.cells):
        return notebook
    path = _of_course(folder, step.autotest_filename)
    if path is None:
        raise NbgraderError(f"got AUTOTEST lines, expected {step.autotest_filename} beside the notebook or at the course's root")
    step.autotest_filename = str(path.resolve())
    kernel = notebook.metadata.kernelspec
    given, kernel.name = kernel.name, kernel.name if kernel.name in step.comment_strs else "python3"  # a conda environment's name
    with _kernels_ended():
        made = step.preprocess(notebook, {"metadata": {"path": str(folder.resolve())}})[0]
    made.metadata.kernelspec.name = given
    return made


@contextlib.contextmanager
def _kernels_ended() -> Iterator[None]:
    """End the kernel that `InstantiateTests` starts: it leaves its sockets open, and where a cell raises, the kernel running."""
    from nbgrader.preprocessors import instantiatetests

    start, started = instantiatetests.start_new_kernel, []

    def start_and_note(**options: object) -> tuple:
        started.append(start(**options))
        return started[-1]

    instantiatetests.start_new_kernel = start_and_note
    try:
        yield
    finally:
        instantiatetests.start_new_kernel = start
        for manager, client in started:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def _role(graded: NotebookNode) -> dict:
    """Our words for nbgrader's metadata; nothing for a cell that is only locked."""
    name, points = graded.grade_id, graded.get("points", 0)
    if graded.get("task") or (graded.solution and graded.grade):
        return {"written": name, "points": points}
    if graded.solution:
        return {"answer": name}
    return {"test": name.removeprefix("test-"), "points": points} if graded.grade else {}


def _marked(cell: NotebookNode, words: dict[str, tuple[str, str]]) -> str:
    """The text of a cell with our markers in place of the course's, and around the whole of a solution that has none."""
    lines, marks = [], {}
    for number, line in enumerate(cell.source.split("\n")):
        for word, (begin, end) in words.items():
            if begin in line or end in line:
                line = f"{line[: len(line) - len(line.lstrip())]}### {'BEGIN' if begin in line else 'END'} {word}"
                marks[number] = word
                break
        lines.append(line)
    if cell.metadata.nbgrader.solution and "SOLUTION" not in marks.values():
        lines = ["### BEGIN SOLUTION", *(line for number, line in enumerate(lines) if number not in marks), "### END SOLUTION"]
    return "\n".join(lines)


def drop_unseen(cell: NotebookNode) -> None:
    """Take out attachments that the text does not show: they belonged to what was cleared."""
    seen = {unquote(name) for name in ATTACHED.findall(cell.source)} | set(ATTACHED.findall(cell.source))
    if "attachments" in cell:
        cell.attachments = {name: picture for name, picture in cell.attachments.items() if name in seen}
        if not cell.attachments:
            del cell["attachments"]


def _named(cell: NotebookNode) -> Iterator[str]:
    """What a cell names that could be a file."""
    if cell.cell_type != "code":
        for link in LINKED.finditer(cell.source):
            yield unquote((link[1] or link[2]).partition("#")[0])
        return
    try:
        nodes = list(ast.walk(ast.parse(cell.source)))
    except (SyntaxError, ValueError):
        return
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value and len(node.value) < 200:
            yield node.value
        elif isinstance(node, ast.Import):
            yield from (f"{alias.name.replace('.', '/')}.py" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield f"{node.module.replace('.', '/')}.py"


def _may_go_out(root: Path, name: str) -> bool:
    """A plain file in the folder, not hidden, and none of those that only the instructor has."""
    if not name or "\0" in name or any(part.startswith(".") for part in Path(name).parts) or Path(name).is_absolute():
        return False
    path = root / name
    inside = path.is_file() and not path.is_symlink() and path.resolve().is_relative_to(root)
    return inside and path.suffix not in NEVER and path.name not in (CONFIG, AUTOTESTS)
