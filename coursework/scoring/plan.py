"""In which order a submission's cells and the instructor's tests run, and which statements a test stands on.

Read from the syntax alone; nothing runs here. A student's cells run in the order of the notebook, except that before a cell
comes what defines a name that it lacks, and that a cell given out with the exercise is left out where no answer and no test needs it (the
figures and the training runs that an exercise shows take most of a notebook's time). A test runs as soon as the answers that it
scores have run, so that a name that two exercises share has the value that the test is about.
"""

import ast
import builtins
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from coursework.assignment.source import Exercise, Test, role_of
from coursework.handin.matching import NOTHING, StudentCell, answer_names
from coursework.handin.names import Names, names_of, needs, without_magics

# In a given cell: it acts on what stands outside its names.
EFFECTS = re.compile(r"\b(torch|numpy|np)\.set_|\btorch\.manual_seed\(|\brandom\.seed\(|\benviron\b|\bsys\.path\b")
DEEPEST = 100  # cells that wait for each other in a row
OFFERED = frozenset(dir(builtins)) | {"display", "get_ipython", "__name__"}


class Step(NamedTuple):
    """One thing to do: run a student's cell in the worker, or a test (`Prepared`) in the trusted process."""

    cell: StudentCell | None
    test: "Prepared | None"


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
    providers = {}
    for name in sorted(needed & answered):
        having = [id for id, names in targets.items() if name in names]
        earlier = [id for id in having if places.get(("answer", id), -1) < place]
        providers[name] = (earlier or having)[-1]
    answered_at = {name: places.get(("answer", id), -1) for name, id in providers.items()}
    kept = [s for s in before if not s.names.bound or any(s.at > answered_at.get(name, -1) for name in s.names.bound)]
    return Prepared(test, providers, tuple(reversed(kept)))


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


def steps(exercise: Exercise, cells: Sequence[StudentCell], tests: Sequence[Prepared]) -> tuple[list[Step], bool]:
    """What to do for a submission, in order, and whether a cell had to wait for a later one.

    Args:
        exercise: an `Exercise`. cells: of a `Submission`. tests: what `prepared(exercise: Exercise)` gave.
    """
    wanted = frozenset(name for test in tests for name in test.providers)
    running = _worth_running(cells, wanted)
    ordered = _ordered(running)
    plan: list[list[Step]] = [[Step(cell, None)] for cell in ordered]
    last: list[Step] = []
    for test in tests:
        at = _place(test, ordered)
        (last if at is None else plan[at]).append(Step(None, test))
    return [*(step for group in plan for step in group), *last], ordered != running


def _place(test: Prepared, ordered: Sequence[StudentCell]) -> int | None:
    """The index of the cell after which a test can run; None: at the end."""
    wanted = set(test.providers.values()) or {test.test.id}
    places = [i for i, cell in enumerate(ordered) if wanted & {cell.id, *cell.answers} and cell.kind != "given"]
    answered = {id for i in places for id in (ordered[i].id, *ordered[i].answers)}
    return max(places) if wanted and wanted <= answered else None


def _worth_running(cells: Sequence[StudentCell], wanted: frozenset[str]) -> list[StudentCell]:
    """All but untouched test cells, and given cells that no answer needs."""
    names = [names_of(cell.source) or NOTHING for cell in cells]
    keep = [
        cell.kind not in ("given", "test") or (cell.kind == "test" and bool(n.bound)) for cell, n in zip(cells, names, strict=True)
    ]
    variables = frozenset().union(*(n.bound for n in names))
    given = [i for i, cell in enumerate(cells) if cell.kind == "given"]
    for i in given:
        keep[i] = EFFECTS.search(cells[i].source) is not None
    live = wanted.union(*(n.used for n, kept in zip(names, keep, strict=True) if kept))
    touches = {
        i: names[i].bound | names[i].imported | (names[i].used & variables if _acts(cells[i].source) else set()) for i in given
    }
    while more := [i for i in given if not keep[i] and touches[i] & live]:
        for i in more:
            keep[i] = True
            live |= names[i].used
    return [cell for cell, kept in zip(cells, keep, strict=True) if kept]


def _acts(source: str) -> bool:
    """Whether a cell calls, when it runs, a method of a variable for what it does and not for what it returns."""
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Expr) and _acted_on(ast.unparse(node)):
            return True
        if not isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
        ):  # what a function does, it does where it is called
            waiting.extend(ast.iter_child_nodes(node))
    return False


def _ordered(cells: Sequence[StudentCell]) -> list[StudentCell]:
    """The order of the notebook, but before a cell come those that define what it lacks; cells in a circle stay as they are."""
    names = [names_of(cell.source) or NOTHING for cell in cells]
    defining: dict[str, list[int]] = defaultdict(list)
    for i, each in enumerate(names):
        for name in each.bound | each.imported:
            defining[name].append(i)
    seen, defined, ordered = set(), set(OFFERED), []

    def place(i: int, depth: int = 0) -> None:
        seen.add(i)
        for name in sorted(names[i].used - names[i].bound - names[i].imported):
            later = next((j for j in defining[name] if j not in seen and not names[j].used & names[i].bound), None)
            if name not in defined and later is not None and depth < DEEPEST:
                place(later, depth + 1)
        ordered.append(cells[i])
        defined.update(names[i].bound | names[i].imported)

    for i in range(len(cells)):
        if i not in seen:
            place(i)
    return ordered
