"""Which cell of a submission is which of the exercise's, and what was changed on the way.

An answer is known by its metadata, or where that is gone by the names that it defines, or by its likeness to the stub. A test cell is
only ever recognised to be left alone: the instructor's own is what runs.
"""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from coursework.assignment.source import Exercise, Test, role_of
from coursework.flags import Flag
from coursework.handin.names import Names, names_of, parses, same_code, without_magics

SIMILAR = 0.75  # ratio of difflib above which a cell is taken for one that it resembles
MOST_CELLS = 1000
NOTHING = Names(frozenset(), frozenset(), frozenset())


class StudentCell(NamedTuple):
    """A cell as handed in.

    id: of the answer or test that it is, or None. source: its code. kind: "answer", "test", "given" (came with the exercise,
    unchanged), "restored" (so too, but put back) or "own". answers: ids of all answers whose names it defines.
    """

    id: str | None
    source: str
    kind: str = "own"
    answers: tuple[str, ...] = ()


class RawCell(NamedTuple):
    kind: str  # "code", "markdown" or "raw"
    source: str
    grade_id: str | None


class Matcher:
    """Finds out which cell of a submission is which of the exercise's, and flags what is not as it was given out."""

    def __init__(self, exercise: Exercise, flags: list[Flag]):
        self.exercise, self.flags = exercise, flags
        self.targets = answer_names(exercise)
        self.answers = {answer.id: answer for answer in exercise.answers}
        self.tests = {name: test for test in exercise.tests for name in (test.id, f"test-{test.id}") if name not in self.answers}
        self.given = given_cells(exercise)

    def match(self, raw: Sequence[RawCell]) -> list[StudentCell]:
        if len(raw) > MOST_CELLS:
            self.flags.append(Flag("damaged", f"There are {len(raw)} cells; the first {MOST_CELLS} were read."))
        raw = self._joined(self._code(raw[:MOST_CELLS]))
        cells = [self._identified(cell) for cell in raw]
        cells = self._by_name(cells)
        cells = self._without_stubs(cells)
        self._flag(cells)
        return self._restored(cells)

    def _code(self, raw: Iterable[RawCell]) -> Iterator[RawCell]:
        """The cells to run: code, without its notebook commands, and an answer that lost its type."""
        for cell in raw:
            if cell.kind != "code":
                if cell.grade_id not in self.answers or not parses(cell.source):
                    continue
                self.flags.append(Flag("cell-type", f"The answer {cell.grade_id} stands in a {cell.kind} cell."))
            source, changed = without_magics(cell.source)
            if changed:
                self.flags.append(Flag("magic", f"Left out of a cell: {_first_magic(cell.source)}"))
            if source.strip():
                yield cell._replace(kind="code", source=source)

    def _joined(self, raw: Iterable[RawCell]) -> list[RawCell]:
        """Put together what was cut in two: a cell that is no Python alone, but is with the one before it."""
        joined: list[RawCell] = []
        for cell in raw:
            together = f"{joined[-1].source}\n{cell.source}" if joined else ""
            if joined and not parses(cell.source) and parses(together):
                self.flags.append(Flag("split", f"A cell of {joined[-1].grade_id or 'no name'} was cut in two."))
                joined[-1] = RawCell("code", together, joined[-1].grade_id or cell.grade_id)
            else:
                joined.append(cell)
        return joined

    def _identified(self, cell: RawCell) -> StudentCell:
        """By metadata where there is any, and what came with the exercise by its text."""
        names = names_of(cell.source) or NOTHING
        defined = tuple(id for id, targets in self.targets.items() if targets & names.bound)
        if cell.grade_id in self.answers:
            others = [id for id in defined if not self.targets[id] & self.targets[cell.grade_id]]
            return StudentCell(cell.grade_id, cell.source, "answer", (cell.grade_id, *others))
        if cell.grade_id in self.tests:
            return StudentCell(self.tests[cell.grade_id].id, cell.source, "test", defined)
        if any(same_code(cell.source, given) for given in self.given):
            return StudentCell(None, cell.source, "given")
        return StudentCell(None, cell.source, "own", defined)

    def _by_name(self, cells: list[StudentCell]) -> list[StudentCell]:
        """Recognise cells without metadata: an answer by the names that it defines or by its stub, a test by its text."""
        known = {id for cell in cells if cell.kind in ("answer", "test") for id in cell.answers}
        for i, cell in enumerate(cells):
            if cell.kind != "own":
                continue
            if (id := self._answer_like(cell, known)) is not None:
                others = [a for a in cell.answers if not self.targets[a] & self.targets[id]]
                cells[i] = StudentCell(id, cell.source, "answer", (id, *others))
                if id not in known:
                    self.flags.append(Flag("no-metadata", f"The answer {id} was recognised by what it defines."))
                known.update(cells[i].answers)
            elif not cell.answers and (test := self._test_like(cell.source)) is not None:
                cells[i] = StudentCell(test.id, cell.source, "test")
        return cells

    def _answer_like(self, cell: StudentCell, known: set[str]) -> str | None:
        candidates = list(cell.answers)
        if not candidates and not parses(cell.source):
            candidates = [id for id, a in self.answers.items() if id not in known and _alike(cell.source, a.stub_code) > SIMILAR]
        fresh = [id for id in candidates if id not in known] or candidates
        stubs = {id: _alike(cell.source, self.answers[id].stub_code) for id in fresh if len(fresh) > 1}
        if stubs and max(stubs.values()) > SIMILAR:
            return max(stubs, key=lambda id: stubs[id])
        return fresh[0] if fresh else None

    def _test_like(self, source: str) -> Test | None:
        likeness = {test: 1.0 if same_code(source, test.visible) else _alike(source, test.visible) for test in self.exercise.tests}
        best = max(likeness, key=lambda test: likeness[test], default=None)
        return best if best and likeness[best] > SIMILAR else None

    def _without_stubs(self, cells: Sequence[StudentCell]) -> list[StudentCell]:
        """Leave out an empty copy beside an answer: run after it, it would undo it."""
        filled = {cell.id for cell in cells if cell.kind == "answer" and not self._is_stub(cell)}
        filled |= {id for cell in cells if cell.kind != "answer" for id in cell.answers}
        kept = []
        for cell in cells:
            if self._is_stub(cell) and cell.id in filled:
                self.flags.append(Flag("duplicated", f"An empty copy of the answer {cell.id} was left out."))
            else:
                kept.append(cell)
        return kept

    def _is_stub(self, cell: StudentCell) -> bool:
        """It is an answer as it was given out."""
        return cell.kind == "answer" and cell.id is not None and same_code(cell.source, self.answers[cell.id].stub_code)

    def _flag(self, cells: Sequence[StudentCell]) -> None:
        self._flag_answers(cells)
        self._flag_tests(cells)
        self.flags += [Flag("manual", f"{each.id} is an answer in words.") for each in self.exercise.written]

    def _flag_answers(self, cells: Sequence[StudentCell]) -> None:
        answered = [cell.id for cell in cells if cell.kind == "answer" and cell.id is not None]
        everywhere = {id for cell in cells for id in cell.answers}
        for id in self.answers:
            if id not in everywhere:
                self.flags.append(Flag("missing", f"No cell answers {id}."))
            elif answered.count(id) > 1:
                self.flags.append(Flag("duplicated", f"{answered.count(id)} cells answer {id}."))
        for cell in cells:
            if len(cell.answers) > 1 or (cell.kind == "test" and cell.answers):
                self.flags.append(Flag("merged", f"One cell holds {', '.join(dict.fromkeys([cell.id or '', *cell.answers]))}."))
        order = list(dict.fromkeys(answered))
        if order != [id for id in self.answers if id in order]:
            self.flags.append(Flag("reordered", f"The answers come in the order {', '.join(order)}."))

    def _flag_tests(self, cells: Sequence[StudentCell]) -> None:
        for test in self.exercise.tests:
            copies = [cell for cell in cells if cell.kind == "test" and cell.id == test.id]
            if not copies:
                self.flags.append(Flag("test-deleted", f"The test cell of {test.id} is gone."))
            elif not all(same_code(cell.source, test.visible) for cell in copies):
                self.flags.append(Flag("test-edited", f"The test cell of {test.id} was changed."))

    def _restored(self, cells: list[StudentCell]) -> list[StudentCell]:
        """Put back a cell that came with the exercise, where the student's cells use a name that only it defines."""
        cells = list(cells)
        for given, names in reversed(self.given.items()):
            used: set[str] = set()
            defined: set[str] = set()
            for cell in cells:
                if (found := names_of(cell.source)) and cell.kind != "test":
                    used |= found.used
                    defined |= found.bound | found.imported
            gone = sorted((names.bound | names.imported) & used - defined)
            if gone and not any(same_code(cell.source, given) for cell in cells):
                cells.insert(self._place(given, cells), StudentCell(None, given, "restored"))
                self.flags.append(Flag("restored", f"The cell that defines {', '.join(gone)} was put back."))
        return cells

    def _place(self, given: str, cells: Sequence[StudentCell]) -> int:
        """Before the first cell that uses one of its names."""
        mine = self.given[given].bound | self.given[given].imported
        for i, cell in enumerate(cells):
            if cell.kind != "test" and (names := names_of(cell.source)) and names.used & mine:
                return i
        return 0


def answer_names(exercise: Exercise) -> dict[str, frozenset[str]]:
    """The names that each answer defines in the reference or in its stub, imports left out: id -> names."""
    found = {}
    for answer in exercise.answers:
        both = [names_of(code) for code in (answer.reference_code, answer.stub_code)]
        bound = frozenset().union(*(names.bound for names in both if names))
        found[answer.id] = bound - frozenset().union(*(names.imported for names in both if names))
    return found


def given_cells(exercise: Exercise) -> dict[str, Names]:
    """The code cells that come with an exercise and are neither answer nor test: source -> names, in order."""
    given = {}
    for cell in exercise.notebook.cells:
        if cell.cell_type == "code" and role_of(cell)[0] is None:
            source = without_magics(cell.source)[0]
            if names := names_of(source):
                given[source] = names
    return given


def _alike(a: str, b: str) -> float:
    return difflib.SequenceMatcher(None, a[:4000].split(), b[:4000].split(), autojunk=False).ratio()


def _first_magic(source: str) -> str:
    return next((line.strip()[:80] for line in source.splitlines() if line.strip()[:1] in ("%", "!", "?")), "")
