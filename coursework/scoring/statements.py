"""Where a test runs among a student's cells, and which of the instructor's own statements it stands on.

Read from the syntax alone; nothing runs here. Cells run in the order of the student's notebook, all of them but untouched test cells
(the instructor's own test runs in their place) and untouched cells that the source tags `not-graded`. A test runs where its cell
stands, as it does for the student.
"""

import ast
import re
from collections.abc import Sequence
from typing import NamedTuple

from coursework.assignment.source import Exercise, Test, role_of
from coursework.handin.cells import StudentCell, answer_names
from coursework.handin.names import NOTHING, Names, names_of, needs, same_code, without_magics

# In a given cell: it acts on what stands outside its names.
EFFECTS = re.compile(r"\b(torch|numpy|np)\.set_|\btorch\.manual_seed\(|\brandom\.seed\(|\benviron\b|\bsys\.path\b")


class Statement(NamedTuple):
    """A top-level statement of a cell that came with the exercise. at: the index of its cell in the source."""

    at: int
    code: str
    names: Names


class Prepared(NamedTuple):
    """A test with all that it needs.

    test: an exercise's `Test`. providers: name -> id of the answer whose value it is; these names, and no others, come from the
    worker. before: statements of the exercise's own cells that define the other names, imports too, for the trusted process; one
    that only gives a name a first value, which an answer then replaces, is not among them.
    """

    test: Test
    providers: dict[str, str]
    before: tuple[Statement, ...]


def prepared(exercise: Exercise) -> list[Prepared]:
    """The tests of an exercise in the order of the source, each with the names and the statements that it needs.

    Example:
        >>> [(each.test.id, each.providers) for each in prepared(exercise)]
        [('gaussian_kl', {'gaussian_kl': 'gaussian_kl'})]
    """
    places = _places(exercise)
    targets = answer_names(exercise)
    statements = _statements(exercise)
    return [_prepare(test, places, targets, statements) for test in exercise.tests]


def _prepare(test: Test, places: dict, targets: dict, statements: Sequence[Statement]) -> Prepared:
    place = places.get(("test", test.id), float("inf"))
    needed = set(needs(test.code))
    answered = frozenset().union(*targets.values()) if targets else frozenset()
    before = []
    for statement in reversed([s for s in statements if s.at < place]):
        if _needed(statement, needed):
            before.append(statement)
            needed |= statement.names.used
    providers = {name: _provider(name, place, places, targets) for name in sorted(needed & answered)}
    answered_at = {name: places.get(("answer", id), -1) for name, id in providers.items()}
    kept = [s for s in before if not s.names.bound or any(s.at > answered_at.get(name, -1) for name in s.names.bound)]
    return Prepared(test, providers, tuple(reversed(kept)))


def _provider(name: str, place: float | int, places: dict, targets: dict) -> str:
    """The answer whose value a name has where a test stands: the last one before it that defines the name."""
    having = [id for id, names in targets.items() if name in names]
    earlier = [id for id in having if places.get(("answer", id), -1) < place]
    return (earlier or having)[-1]


def _needed(statement: Statement, needed: set[str]) -> bool:
    """Whether a statement defines one of the names, or acts on one (`x.requires_grad_()`), or sets something for all."""
    names = statement.names
    if (names.bound | names.imported) & needed:
        return True
    acts = not names.imported and not names.bound
    return acts and (EFFECTS.search(statement.code) is not None or _acted_on(statement.code) in needed)


def _acted_on(code: str) -> str | None:
    """The variable whose method a statement calls, if it is nothing else."""
    statement = ast.parse(code).body[0]
    called = statement.value.func if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) else None
    return called.value.id if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) else None


def _places(exercise: Exercise) -> dict[tuple[str, str], int]:
    """Where each answer and each test stands in the source."""
    places: dict[tuple[str, str], int] = {}
    for i, cell in enumerate(exercise.notebook.cells):
        role, id = role_of(cell)
        if role in ("answer", "test"):
            places[role, id] = i
    return places


def _statements(exercise: Exercise) -> list[Statement]:
    """What the exercise's own code defines, statement by statement: the given cells, and the imports of the answers' cells."""
    found = []
    for i, cell in enumerate(exercise.notebook.cells):
        role, _ = role_of(cell)
        if cell.cell_type != "code" or role not in (None, "answer"):
            continue
        source = without_magics(cell.source)[0]
        if names_of(source) is None:
            continue
        for node in ast.parse(source).body:
            code = ast.unparse(node)
            if role is None or isinstance(node, ast.Import | ast.ImportFrom):
                found.append(Statement(i, code, names_of(code) or NOTHING))
    return found


def steps(exercise: Exercise, cells: Sequence[StudentCell], tests: Sequence[Prepared]) -> list[StudentCell | Prepared]:
    """What to do for a submission, in order: run a student's cell in the worker, or a test in the trusted process.

    Args:
        exercise: an `Exercise`. cells: of a `Submission`. tests: what `prepared(exercise: Exercise)` gave.
    """
    at: list[list[Prepared]] = [[] for _ in range(len(cells) + 1)]
    for test in tests:
        at[place_of(test, cells)].append(test)
    left_out = [without_magics(source)[0] for source in exercise.not_graded]
    todo: list[StudentCell | Prepared] = [*at[0]]
    for i, cell in enumerate(cells, 1):
        if _runs(cell, left_out):
            todo.append(cell)
        todo += at[i]
    return todo


def _runs(cell: StudentCell, left_out: Sequence[str]) -> bool:
    if cell.kind == "test":
        return bool((names_of(cell.source) or NOTHING).bound)  # another cell may use what it defines
    return cell.kind != "given" or not any(same_code(cell.source, other) for other in left_out)


def place_of(test: Prepared, cells: Sequence[StudentCell]) -> int:
    """After how many cells a test runs: where its cell stands, if each answer that it needs and that is there stands above.

    Where one does not, or the test's cell is gone, after the last of those answers; where none is there, at the end.
    """
    answering = [found for id in set(test.providers.values()) or {test.test.id} if (found := _answering(id, cells))]
    begun = max((found[0] for found in answering), default=0)
    standing = [i for i, cell in enumerate(cells, 1) if cell.kind == "test" and cell.id == test.test.id and i > begun]
    if standing:
        return standing[0]
    return max((found[-1] for found in answering), default=len(cells))


def _answering(id: str, cells: Sequence[StudentCell]) -> list[int]:
    """After how many cells each cell that answers `id` has run: those that are the answer, or else those that define its names."""
    own = [i for i, cell in enumerate(cells, 1) if cell.id == id and cell.kind == "answer"]
    return own or [i for i, cell in enumerate(cells, 1) if id in cell.answers and cell.kind != "given"]
