"""Exercises as their author writes them: one MyST file each, cells told apart by their `companion` metadata.

This file reads a source and says what is wrong with it; what students and readers get is made of it in `release`. A notebook or a
MyST file with nbgrader's metadata is read too, by nbgrader's rules (`nbgrader`). The instructors' page of the book describes the format.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode

from coursework.assignment import nbgrader
from coursework.assignment.settings import Settings, read_settings

SUFFIXES = (".md", ".ipynb")
KEYS = {
    "answer": {"answer"},
    "test": {"test", "points"},
    "note": {"note"},
    "wrong": {"wrong", "slip", "says"},
    "written": {"written", "points", "rubric"},
}
CODE_ONLY = ("answer", "test", "wrong")
SEED = "secret_seed"  # the name by which a hidden test asks for the class's number: see `variants`
NOT_GRADED = "not-graded"  # tag of a given code cell that students run and the grader leaves out
ID = re.compile(r"[A-Za-z0-9_-]+")  # as nbgrader's
YOUR_WORDS = "*Your answer here.*"
SOLUTION, HIDDEN, SCHEME = "SOLUTION", "HIDDEN TESTS", "MARK SCHEME"
MARKER = re.compile(r"(#{3}|={3}) (BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)\b.*")
NEARLY = re.compile(r"\s*[#=]*\s*(BEGIN|END)[ _-]+(HIDDEN|SOLUTION|TEST|MARK)", re.IGNORECASE)
STUB = "...  # your code here"
STUB_BELOW = "# your code here"  # at the top level `...` would be shown as the cell's value


class SourceError(ValueError):
    """A source is not as it should be; says which file and cell, what came and what was expected."""


class Answer(NamedTuple):
    """A cell that the learner fills. reference_code: the solution without its markers; stub_code: what the learner gets."""

    id: str
    reference_code: str
    stub_code: str


class Test(NamedTuple):
    """A check and its hidden part.

    title: the exercise's heading; visible: what the learner gets; code: both, for the grader. grade_id: nbgrader's name of the cell.
    """

    id: str
    points: int | float
    title: str
    visible: str
    hidden: str
    code: str
    grade_id: str = ""


Test.__test__ = False  # type: ignore[attr-defined]  # pytest, which would collect it by its name, asks for this


class Written(NamedTuple):
    """An answer that is marked by hand: words, or with `code` a code cell.

    prompt: what the learner reads. solution: what the solution page shows; where the cell has none, its note. rubric: names of levels,
    worst first. stub: the cell as it is given out; a cell that still says so is no answer. task: the cell is nbgrader's task, which
    asks and is not written in: the answer stands in cells of the student's own below it. title: the heading that it stands under.
    """

    id: str
    points: int | float
    prompt: str
    solution: str
    rubric: tuple[str, ...] = ()
    code: bool = False
    stub: str = ""
    task: bool = False
    title: str = ""


class Wrong(NamedTuple):
    """A wrong answer in place of answer `id`. slip: its short name; says: what the check's message must match, a regex."""

    id: str
    slip: str
    says: str
    code: str


class Exercise(NamedTuple):
    """One source file: a notebook with its parts. Placeholders `{{name}}` of `variants` stand in it until `with_values`.

    notebook: every cell as written, roles in `cell.metadata["companion"]`. sha256: of the file's text, line ends aside. files: beside
    the source, given out with it. due: ISO time with its offset. late: what a late submission loses. forbid: modules that answers
    must not import. The last four are explained in `settings`.
    """

    name: str
    title: str
    notebook: NotebookNode
    answers: tuple[Answer, ...]
    tests: tuple[Test, ...]
    written: tuple[Written, ...]
    wrong: tuple[Wrong, ...]
    variants: dict[str, list]
    sha256: str
    path: Path
    files: tuple[str, ...]
    due: str | None
    late: dict
    forbid: tuple[str, ...]

    @property
    def not_graded(self) -> tuple[str, ...]:
        """The code of given cells that the grader leaves out where a student has not changed them: figures, trainings."""
        return tuple(cell.source for cell in self.notebook.cells if NOT_GRADED in cell.metadata.get("tags", ()))

    @property
    def max_score(self) -> int | float:
        """Points that the tests can give; an answer in words is not among them."""
        return sum(test.points for test in self.tests)

    def with_values(self, values: Mapping[str, object]) -> "Exercise":
        """Fill the placeholders in text and code.

        Args:
            values: a value for each of `variants`, as `variants.values_for` chooses them.

        Raises:
            SourceError: a name is missing or unknown.

        Example:
            >>> load_source("private/kl.md").with_values({"latent_dim": 5}).variants
            {'latent_dim': [5]}
        """
        if set(values) != set(self.variants):
            raise SourceError(f"{self.path}: got values for {_listed(values)}, expected values for {_listed(self.variants)}")
        if not values:
            return self
        notebook = nbformat.from_dict(self.notebook)
        for cell in notebook.cells:
            cell.source = _filled(cell.source, values)
            role = cell.metadata.get("companion") or {}
            for key in ("says", "slip"):
                if key in role:
                    role[key] = _filled(role[key], values)
        chosen = {name: [value] for name, value in values.items()}
        return _exercise(self.path, notebook, Settings(chosen, self.files, self.due, self.late, self.forbid), self.sha256)


def load_source(path: str | Path) -> Exercise:
    """Read one exercise.

    Args:
        path: an `.md` that jupytext reads as MyST, or an `.ipynb`.

    Raises:
        SourceError: names the file and the cell, what is in it and what was expected.

    Example:
        >>> exercise = load_source("book/exercises/source/07-loss.md")
        >>> exercise.title, exercise.answers[0].id, exercise.tests[0].points
        ('Exercises: the loss', 'gaussian_kl', 2)
    """
    path = Path(path)
    text = _text(path)
    notebook = _notebook(path, text)
    if nbgrader.is_nbgraders(notebook):
        notebook = _adopted(path, notebook)
        text += "".join(cell.source for cell in notebook.cells)  # it hangs on the course's autotests.yml and header, too
    for number, cell in enumerate(notebook.cells, 1):
        _check_cell(path, number, cell)
    exercise = _exercise(path, notebook, _settings(path, notebook), hashlib.sha256(text.encode()).hexdigest())
    _check_whole(exercise)
    if nbgrader.is_nbgraders(notebook):  # which gives out what stands beside a notebook without being told
        beside = nbgrader.files_beside(nbgrader.cleared(notebook, path.parent), path.parent)
        exercise = exercise._replace(files=tuple(dict.fromkeys((*exercise.files, *beside))))
    return exercise


def load_sources(folder: str | Path, names: Sequence[str] = ()) -> list[Exercise]:
    """Read every exercise of a folder, sorted by name, or those named. A Markdown file without jupytext's front matter is not one.

    Raises:
        SourceError: no such folder, nothing in it, two files of one name, none of a name asked for, or what `load_source` raises.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise SourceError(f"{folder}: got no folder, expected one with sources of exercises (.md, .ipynb)")
    paths = [path for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES and path.name[0] not in "._" and _is_source(path)]
    if not paths:
        raise SourceError(f"{folder}: got no source, expected .md files with jupytext's front matter, or .ipynb files")
    known = [path.stem for path in paths]
    for name in known:
        if known.count(name) > 1:
            raise SourceError(f"{folder}: got two sources named {name}, expected one")
    if unknown := [name for name in names if name not in known]:
        raise SourceError(f"{folder}: got no {_listed(unknown)}, expected one of {_listed(known)}")
    return [load_source(path) for path in paths if not names or path.stem in names]


def role_of(cell: NotebookNode) -> tuple[str | None, Any]:
    """The kind of a cell and its id, (None, None) for an ordinary one. In what `load_source` gives an id is text.

    >>> role_of(nbformat.v4.new_code_cell("x", metadata={"companion": {"answer": "kl"}}))
    ('answer', 'kl')
    """
    role = cell.metadata.get("companion") or {}
    return next(((kind, role[kind]) for kind in KEYS if kind in role), (None, None))


def headings(markdown: str, level: int) -> list[str]:
    """The titles of one level in a Markdown text, code blocks aside.

    >>> headings("# A\\n\\n## 1. B\\n\\n```\\n## no\\n```", 2)
    ['1. B']
    """
    found, fence = [], None
    for line in markdown.splitlines():
        if mark := re.match(r" {0,3}(`{3,}|~{3,})", line):
            fence = mark[1] if fence is None else None if mark[1].startswith(fence) else fence
        elif fence is None and (title := re.match(rf"#{{{level}}}\s+(.*?)\s*$", line)):
            found.append(title[1])
    return found


def split(source: str, kind: str, stub: str | None = None) -> tuple[str, str]:
    """Take the marked parts out of a cell.

    Args:
        source: a cell with lines `### BEGIN kind` and `### END kind`.
        kind: SOLUTION, HIDDEN or SCHEME.
        stub: a line to put in place of each marked part, as far in as its marker.

    Returns:
        What lies outside of the markers, and what lies within.

    Example:
        >>> split("a\\n### BEGIN SOLUTION\\nb\\n### END SOLUTION", "SOLUTION")
        ('a', 'b')
    """
    outside: list[str] = []
    inside: list[str] = []
    within = False
    for line in source.splitlines():
        marker = MARKER.fullmatch(line.strip())
        if marker and marker[3] == kind:
            within = marker[2] == "BEGIN"
            if within and stub is not None:
                outside += _stub_line(line, outside, stub)
        else:
            (inside if within else outside).append(line)
    return "\n".join(outside).strip("\n"), "\n".join(inside).strip("\n")


def without_markers(source: str, kind: str) -> str:
    """A cell with the lines of its markers taken out, and nothing else."""
    kept = [line for line in source.splitlines() if not ((m := MARKER.fullmatch(line.strip())) and m[3] == kind)]
    return "\n".join(kept)


def _stub_line(marker: str, before: list[str], stub: str) -> list[str]:
    indent = marker[: len(marker) - len(marker.lstrip())]
    if indent:
        return [indent + stub]
    return [] if any("# your" in line for line in before) else [STUB_BELOW]


def _text(path: Path) -> str:
    if path.suffix not in SUFFIXES:
        raise SourceError(f"{path}: got {path.suffix or 'no suffix'}, expected a source ending in .md or .ipynb")
    try:
        return path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: got bytes that are not UTF-8, expected text saved as UTF-8") from error


def _is_source(path: Path) -> bool:
    front = re.match(r"---\n(.*?)\n---\n", _text(path) + "\n", re.DOTALL)
    return path.suffix == ".ipynb" or bool(front and re.search(r"^(jupytext|kernelspec):", front[1], re.MULTILINE))


def _notebook(path: Path, text: str) -> NotebookNode:
    import jupytext

    try:
        notebook = jupytext.reads(text, fmt="md:myst" if path.suffix == ".md" else "ipynb")
    except Exception as error:  # YAML, JSON and jupytext each have their own
        raise SourceError(f"{path}: cannot be read: {' '.join(str(error).split())[:300]}") from error
    notebook.metadata.setdefault("kernelspec", {"display_name": "Python 3", "language": "python", "name": "python3"})
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"  # jupytext makes them up anew each time
        cell.source = cell.source.replace("\r\n", "\n")
    return notebook


def _settings(path: Path, notebook: NotebookNode) -> Settings:
    try:
        return read_settings(notebook.metadata.get("companion"), path.parent)
    except ValueError as error:
        raise SourceError(f"{path}: front matter: {error}") from error


def _adopted(path: Path, notebook: NotebookNode) -> NotebookNode:
    for number, cell in enumerate(notebook.cells, 1):
        kind, name = role_of(cell)
        if kind not in (None, *nbgrader.OURS):
            raise SourceError(
                f"{path}: cell {number} ({kind} {name}): got a role of ours, expected nbgrader's metadata as in other cells"
            )
    try:
        return nbgrader.adopted(notebook, path.parent)
    except nbgrader.NbgraderError as error:
        raise SourceError(f"{path}: {error}") from error


def _check_cell(path: Path, number: int, cell: NotebookNode) -> None:
    """Refuse a cell whose role or markers are not what they should be: what is misread here is what leaks later."""
    kind, name = role_of(cell)
    here = f"{path}: cell {number}" + (f" ({kind} {name})" if kind else "")
    role = cell.metadata.get("companion")
    if NOT_GRADED in cell.metadata.get("tags", ()) and (kind is not None or cell.cell_type != "code"):
        raise SourceError(f"{here}: got the tag {NOT_GRADED}, expected it only on code that comes with the exercise")
    if role is not None:
        _check_role(here, cell, kind, name, dict(role))
    allowed = {"answer": [SOLUTION], "test": [HIDDEN], "written": [SOLUTION, SCHEME]}.get(kind or "", [])
    seen = list(_markers(here, cell.source))
    for word, what in seen:
        if what not in allowed:
            raise SourceError(f"{here}: got {word} {what}, expected it only in {'a test' if what == HIDDEN else 'an answer'}")
    pairs = [("BEGIN", what) if i % 2 == 0 else ("END", seen[i - 1][1]) for i, (_, what) in enumerate(seen)]
    if seen != pairs or len(seen) % 2:
        raise SourceError(f"{here}: got {_listed(' '.join(mark) for mark in seen)}, expected a BEGIN and its END, in turn")
    if (kind == "answer" or (kind == "written" and cell.cell_type == "code")) and not seen:
        raise SourceError(f"{here}: got no solution, expected lines ### BEGIN SOLUTION and ### END SOLUTION")


def _check_role(here: str, cell: NotebookNode, kind: str | None, name: object, role: dict) -> None:
    if kind is None or set(role) - KEYS[kind]:
        known = "one of " + _listed(KEYS) if kind is None else _listed(KEYS[kind]) + " (quote a value that holds a comma)"
        raise SourceError(f"{here}: got the keys {_listed(role)}, expected {known}")
    if not isinstance(name, str) or not ID.fullmatch(name):
        raise SourceError(f"{here}: got the id {name!r}, expected letters, digits, - and _")
    if cell.cell_type == "markdown" and kind in CODE_ONLY:
        raise SourceError(f"{here}: got a markdown cell, expected code")
    points = role.get("points")
    if "points" in KEYS[kind] and (isinstance(points, bool) or not isinstance(points, (int, float)) or points < 0):
        raise SourceError(f"{here}: got points: {points!r}, expected a number, 0 or more")
    rubric = role.get("rubric", ["", "-"])
    if not isinstance(rubric, list) or len(rubric) < 2 or not all(isinstance(level, str) for level in rubric):
        raise SourceError(f"{here}: got rubric: {rubric!r}, expected a list of two or more levels in words, worst first")
    if kind == "wrong":
        _check_wrong(here, role)


def _check_wrong(here: str, role: dict) -> None:
    for key in ("slip", "says"):
        if not isinstance(role.setdefault(key, ""), str):
            raise SourceError(f"{here}: got {key}: {role[key]!r}, expected text (put it in quotes)")
    try:
        re.compile(role["says"])
    except re.error as error:
        raise SourceError(f"{here}: got says: {role['says']!r}, expected a regular expression: {error}") from error


def _markers(here: str, source: str) -> Iterator[tuple[str, str]]:
    """The markers of a cell in their order, as (BEGIN or END, kind)."""
    for line in source.splitlines():
        if marker := MARKER.fullmatch(line.strip()):
            yield marker[2], marker[3]
        elif NEARLY.match(line) and re.match(r"\s*[#=]", line):
            raise SourceError(f"{here}: got the line {line.strip()!r}, expected a marker such as ### BEGIN SOLUTION")


def _exercise(path: Path, notebook: NotebookNode, settings: Settings, sha256: str) -> Exercise:
    answers, tests, written, wrong = [], [], [], []
    notes: dict[str, str] = {}
    title, said = None, ""
    for cell, stub in zip(notebook.cells, _stubs(path, notebook), strict=True):
        kind, name = role_of(cell)
        role = cell.metadata.get("companion") or {}
        if kind == "answer":
            answers.append(Answer(name, without_markers(cell.source, SOLUTION), stub))
        elif kind == "test":
            hidden, code = split(cell.source, HIDDEN)[1], without_markers(cell.source, HIDDEN)
            grade_id = (cell.metadata.get("nbgrader") or {}).get("grade_id") or f"test-{name}"
            tests.append(Test(name, role["points"], title or name, stub, hidden, code, grade_id))
        elif kind == "written":
            written.append(_written(cell, stub, said)._replace(title=title or ""))
        elif kind == "wrong":
            wrong.append(Wrong(name, role["slip"], role["says"], cell.source))
        elif kind == "note":
            notes[name] = "\n\n".join(filter(None, [notes.get(name), cell.source]))
        elif kind is None and cell.cell_type == "markdown":
            title, said = next(reversed(headings(cell.source, 2)), title), cell.source
    written = [each._replace(solution=each.solution or notes.get(each.id, "")) for each in written]
    parts = (tuple(answers), tuple(tests), tuple(written), tuple(wrong))
    return Exercise(path.stem, _title(path, notebook), notebook, *parts, settings.variants, sha256, path, *settings[1:])


def _stubs(path: Path, notebook: NotebookNode) -> list[str]:
    """The text of each cell as students get it; as it stands where they do not get it."""
    if not nbgrader.is_nbgraders(notebook):
        return [given_out(cell) for cell in notebook.cells]
    try:
        given = iter(nbgrader.cleared(notebook, path.parent).cells)
    except nbgrader.NbgraderError as error:
        raise SourceError(f"{path}: {error}") from error
    return [cell.source if role_of(cell)[0] in nbgrader.OURS else next(given).source for cell in notebook.cells]


def given_out(cell: NotebookNode) -> str:
    """The text of a cell of ours without what students must not see."""
    kind, _ = role_of(cell)
    if kind == "answer" or (kind == "written" and cell.cell_type == "code"):
        return split(split(cell.source, SCHEME)[0], SOLUTION, STUB)[0]
    if kind == "written":
        return f"{_asked(cell).rstrip()}\n\n{YOUR_WORDS}"
    return split(cell.source, HIDDEN)[0] if kind == "test" else cell.source


def _asked(cell: NotebookNode) -> str:
    return split(split(cell.source, SCHEME)[0], SOLUTION)[0]


def _written(cell: NotebookNode, stub: str, said: str) -> Written:
    """An answer marked by hand. said: the text before it, which asks where the cell itself does not."""
    role, graded = cell.metadata["companion"], cell.metadata.get("nbgrader") or {}
    outside, scheme = split(cell.source, SCHEME)
    asked, solution = split(outside, SOLUTION)
    rubric, code = tuple(role.get("rubric", ())), cell.cell_type == "code"
    prompt = asked if asked.strip() else said.strip()
    return Written(role["written"], role["points"], prompt, solution or scheme, rubric, code, stub, bool(graded.get("task")))


def _title(path: Path, notebook: NotebookNode) -> str:
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (found := headings(cell.source, 1)):
            return found[0]
    return path.stem


def _check_whole(exercise: Exercise) -> None:
    """Refuse names that stand for two things, or for nothing."""
    answers, tests = [a.id for a in exercise.answers], [t.id for t in exercise.tests]
    graded = [*answers, *(f"test-{name}" for name in tests), *(w.id for w in exercise.written)]
    for name in graded:
        if graded.count(name) > 1:
            raise SourceError(
                f"{exercise.path}: got {name} twice, expected an id of its own for each answer, test and written answer"
            )
    for wrong in exercise.wrong:
        if wrong.id not in answers or wrong.id not in tests:
            raise SourceError(f"{exercise.path}: got a wrong answer for {wrong.id}, expected an answer and a test of this id")
    for cell in exercise.notebook.cells:
        kind, name = role_of(cell)
        if kind == "note" and name not in {*answers, *(w.id for w in exercise.written)}:
            raise SourceError(f"{exercise.path}: got a note on {name}, expected an answer of this id")
    for number, cell in enumerate(exercise.notebook.cells, 1):
        if cell.cell_type == "code" and re.search(rf"\b{SEED}\b", split(cell.source, HIDDEN)[0]):
            raise SourceError(f"{exercise.path}: cell {number}: got {SEED}, expected it only in hidden tests: students have none")
    everything = "\n".join(cell.source for cell in exercise.notebook.cells)
    for name in exercise.variants:
        if not re.search(rf"\{{\{{\s*{name}\s*\}}\}}", everything):
            raise SourceError(f"{exercise.path}: got the variant {name}, expected {{{{{name}}}}} somewhere in text or code")


def _filled(text: str, values: Mapping[str, object]) -> str:
    """Only names that are declared are placeholders: braces also stand in formulas and f-strings."""
    names = "|".join(map(re.escape, values))
    return re.sub(rf"\{{\{{\s*({names})\s*\}}\}}", lambda found: str(values[found[1]]), text)


def _listed(names: Iterable) -> str:
    return ", ".join(map(str, names)) or "none"
