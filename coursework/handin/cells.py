"""Which cell of a submission is which of the exercise's, and what was changed on the way.

A cell is known by its metadata, or where that is gone by the names that it defines (an answer) or by its exact text (what was given
out). A test cell is only ever recognised to be left alone: the instructor's own is what runs.
"""

import bisect
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from coursework.assignment.notebook import TRIED
from coursework.assignment.source import Exercise, Test, Written, role_of
from coursework.assignment.stamp import without_stamp
from coursework.flags import Flag
from coursework.handin.names import NOTHING, Names, names_of, names_written, parses, same_code, without_magics
from coursework.handin.reading import RawCell, UnreadableError, read_bytes, read_cells

MOST_CELLS = 1000
MOST_CODE = 2**20  # characters of all cells together; who has more types no program, and reading it would take long
LONGEST_RESTORED = 20  # lines of a given cell that is put back; one that loads or trains is not


class StudentCell(NamedTuple):
    """A code cell as handed in.

    id: of the answer or test that it is, or None. source: its code. kind: "answer", "test", "given" (came with the exercise, and is
    unchanged) or "own". answers: ids of all answers whose names it defines.
    """

    id: str | None
    source: str
    kind: str = "own"
    answers: tuple[str, ...] = ()


class Submission(NamedTuple):
    """What was handed in, as far as it could be read.

    cells: the code cells in their order. flags: what to tell the instructor. words: id of each written answer -> the student's text,
    "" where it was left as it came. ours: something of the exercise is in it.
    """

    cells: list[StudentCell]
    flags: list[Flag]
    words: dict[str, str]
    ours: bool = True

    @property
    def readable(self) -> bool:
        return not any(flag.kind == "unreadable" for flag in self.flags)


def read_submission(path: str | Path, exercise: Exercise) -> Submission:
    """Read what a student handed in, whatever it is, and match its cells with those of `exercise`.

    Args:
        path: an `.ipynb` of any format, a `.py` (percent cells, or a script that nbconvert wrote) or an `.md`.
        exercise: an `Exercise`, its placeholders filled for this student.

    Returns:
        A `Submission`. It never raises: of a file without anything to read there are no cells, and a flag that says why.

    Example:
        >>> submission = read_submission("submitted/kim.ipynb", exercise)
        >>> submission.readable, submission.words
        (True, {'why': 'The noise does not depend on the parameters.'})
    """
    path = Path(path)
    try:
        return read_content(read_bytes(path), path.suffix, exercise)
    except UnreadableError as error:
        return unreadable(str(error), exercise)


def read_content(content: bytes, suffix: str, exercise: Exercise) -> Submission:
    """As `read_submission`, of a file's content and the suffix of its name."""
    try:
        return match(*read_cells(content, suffix), exercise)
    except UnreadableError as error:
        return unreadable(str(error), exercise)
    except Exception as error:  # a stranger's file: whatever it breaks is the file's fault, and the next one is to be read
        return unreadable(f"The file could not be read: {type(error).__name__}.", exercise)


def unreadable(why: str, exercise: Exercise) -> Submission:
    """A submission in which there is nothing."""
    return Submission([], [Flag("unreadable", why)], {each.id: "" for each in exercise.written})


def match(raw: Sequence[RawCell], flags: Iterable[Flag], exercise: Exercise) -> Submission:
    """Find out which of the cells are which of the exercise's, and flag what is not as it was given out.

    Args:
        raw, flags: what `read_cells` gave.
    """
    matcher = _Matcher(exercise, list(flags))
    sizes = list(itertools.accumulate(len(cell.source) for cell in raw))
    if (most := min(MOST_CELLS, bisect.bisect_right(sizes, MOST_CODE))) < len(raw):
        matcher.flag("damaged", f"There are {len(raw)} cells of {sizes[-1]} characters; the first {most} were read.")
    raw = [cell._replace(source=without_stamp(cell.source)) for cell in raw[:most]]
    cells = matcher.recognised(matcher.joined(matcher.code(raw)))
    cells = matcher.without_stubs(cells)
    matcher.flag_answers(cells)
    matcher.flag_tests(cells)
    return Submission(matcher.restored(cells), matcher.flags, _words(raw, exercise), _is_ours(raw, cells, exercise))


class _Matcher:
    def __init__(self, exercise: Exercise, flags: list[Flag]):
        self.exercise, self.flags = exercise, flags
        self.targets = answer_names(exercise)
        self.answers = {answer.id: answer for answer in exercise.answers}
        self.tests = {name: test for name, test in test_names(exercise).items() if name not in self.answers}
        self.given = given_cells(exercise)
        self.locked = locked_cells(exercise)

    def flag(self, kind: str, detail: str) -> None:
        self.flags.append(Flag(kind, detail))

    def code(self, raw: Iterable[RawCell]) -> Iterator[RawCell]:
        """The cells to run: code, without its notebook commands, and an answer that lost its type."""
        for cell in raw:
            if cell.kind != "code":
                if cell.grade_id not in self.answers or not parses(cell.source):
                    continue
                self.flag("cell-type", f"The answer {cell.grade_id} stands in a {cell.kind} cell.")
            source, left_out = without_magics(cell.source)
            if left_out:
                self.flag("magic", f"Left out of a cell: {left_out}")
            if source.strip() and not self._is_open(cell):
                yield cell._replace(kind="code", source=source)

    def _is_open(self, cell: RawCell) -> bool:
        """It is code that a person marks, and nobody has written any: what nbgrader puts there raises."""
        return any(each.code and each.id == cell.grade_id and same_code(cell.source, each.stub) for each in self.exercise.written)

    def joined(self, raw: Iterable[RawCell]) -> list[RawCell]:
        """Put together what was cut in two: a cell that is no Python alone, but is with the one before it."""
        joined: list[RawCell] = []
        for cell in raw:
            together = f"{joined[-1].source}\n{cell.source}" if joined else ""
            if joined and not parses(cell.source) and parses(together):
                self.flag("split", f"A cell of {joined[-1].grade_id or 'no name'} was cut in two.")
                joined[-1] = RawCell("code", together, joined[-1].grade_id or cell.grade_id)
            else:
                joined.append(cell)
        return joined

    def recognised(self, raw: Sequence[RawCell]) -> list[StudentCell]:
        known = {cell.grade_id for cell in raw} & set(self.answers)
        return [self._recognised(cell, known) for cell in raw]

    def _recognised(self, cell: RawCell, known: set) -> StudentCell:
        """known: ids of the answers that some cell's metadata names; any other cell that defines their names is the student's own."""
        bound = (names_of(cell.source) or NOTHING).bound or names_written(cell.source)
        defined = [id for id, targets in self.targets.items() if targets & bound]
        if cell.grade_id in self.answers:
            return StudentCell(cell.grade_id, cell.source, "answer", tuple(dict.fromkeys([cell.grade_id, *defined])))
        if cell.grade_id in self.tests:
            return StudentCell(self.tests[cell.grade_id].id, cell.source, "test", tuple(defined))
        if (locked := self.locked.get(cell.grade_id or "")) is not None:
            if not same_code(cell.source, locked):
                self.flag("given-edited", f"The locked cell {cell.grade_id} was changed; it was run as it was given out.")
            return StudentCell(None, locked, "given")
        if test := next((test for test in self.exercise.tests if same_code(cell.source, test.visible)), None):
            return StudentCell(test.id, cell.source, "test")
        if any(same_code(cell.source, given) for given in self.given):
            return StudentCell(None, cell.source, "given")
        stubs = [id for id, answer in self.answers.items() if same_code(cell.source, answer.stub_code)]
        fresh = [id for id in [*stubs, *defined] if id not in known]
        if not fresh:
            return StudentCell(None, cell.source, "own", tuple(defined))
        self.flag("no-metadata", f"The answer {fresh[0]} was recognised by what it defines.")
        return StudentCell(fresh[0], cell.source, "answer", tuple(dict.fromkeys([fresh[0], *defined])))

    def without_stubs(self, cells: Sequence[StudentCell]) -> list[StudentCell]:
        """Leave out an empty copy beside an answer: run after it, it would undo it."""
        filled = {id for cell in cells if not self._is_stub(cell) for id in cell.answers}
        kept = [cell for cell in cells if not (self._is_stub(cell) and cell.id in filled)]
        for cell in cells:
            if cell not in kept:
                self.flag("duplicated", f"An empty copy of the answer {cell.id} was left out.")
        return kept

    def _is_stub(self, cell: StudentCell) -> bool:
        return cell.kind == "answer" and same_code(cell.source, self.answers[cell.id or ""].stub_code)

    def _is_given(self, cell: StudentCell) -> bool:
        """It is a test as it was given out, which may well use an answer's name for something else meanwhile."""
        return any(cell.id == test.id and same_code(cell.source, test.visible) for test in self.exercise.tests)

    def flag_answers(self, cells: Sequence[StudentCell]) -> None:
        answered = [cell.id for cell in cells if cell.kind == "answer" and cell.id is not None]
        everywhere = {id for cell in cells for id in cell.answers}
        for id in self.answers:
            if id not in everywhere:
                self.flag("missing", f"No cell answers {id}.")
            elif answered.count(id) > 1:
                self.flag("duplicated", f"{answered.count(id)} cells answer {id}.")
        for cell in cells:
            if len(cell.answers) > (cell.kind == "answer") and cell.kind in ("answer", "test") and not self._is_given(cell):
                self.flag("merged", f"One cell holds {', '.join(dict.fromkeys([cell.id or '', *cell.answers]))}.")
        order = list(dict.fromkeys(answered))
        if order != [id for id in self.answers if id in order]:
            self.flag("reordered", f"The answers come in the order {', '.join(order)}.")

    def flag_tests(self, cells: Sequence[StudentCell]) -> None:
        for test in self.exercise.tests:
            copies = [cell for cell in cells if cell.kind == "test" and cell.id == test.id]
            if not copies:
                self.flag("test-deleted", f"The test cell of {test.id} is gone.")
            elif not all(same_code(cell.source, test.visible) for cell in copies):
                self.flag("test-edited", f"The test cell of {test.id} was changed.")

    def restored(self, cells: list[StudentCell]) -> list[StudentCell]:
        """Put back a short cell that came with the exercise, where the student's cells use a name that only it defines."""
        found = [names_of(cell.source) or NOTHING for cell in cells if cell.kind != "test"]
        used = frozenset().union(*(names.used for names in found))
        there = frozenset().union(*(names.bound | names.imported for names in found))
        for given, names in reversed(self.given.items()):
            mine = names.bound | names.imported
            if (gone := sorted(mine & used - there)) and len(given.splitlines()) <= LONGEST_RESTORED:
                at = next((i for i, cell in enumerate(cells) if _uses(cell, mine)), 0)
                cells = [*cells[:at], StudentCell(None, given, "given"), *cells[at:]]
                used, there = used | names.used, there | mine
                self.flag("restored", f"The cell that defines {', '.join(gone)} was put back.")
        return cells


def answer_names(exercise: Exercise) -> dict[str, frozenset[str]]:
    """The names that each answer defines in the reference or in its stub, imports left out: id -> names."""
    found = {}
    for answer in exercise.answers:
        both = [names_of(code) or NOTHING for code in (answer.reference_code, answer.stub_code)]
        found[answer.id] = (both[0].bound | both[1].bound) - both[0].imported - both[1].imported
    return found


def test_names(exercise: Exercise) -> dict[str, Test]:
    """What a test's cell may be called in a released notebook, by this kit or by nbgrader."""
    return {name: test for test in exercise.tests for name in (test.id, f"test-{test.id}", test.grade_id) if name}


def given_cells(exercise: Exercise) -> dict[str, Names]:
    """The code cells that come with an exercise and are neither answer nor test: source -> names, in order."""
    given = {}
    for cell in exercise.notebook.cells:
        if cell.cell_type == "code" and role_of(cell)[0] is None:
            source = without_magics(cell.source)[0]
            if names := names_of(source):
                given[source] = names
    return given


def locked_cells(exercise: Exercise) -> dict[str, str]:
    """The code cells that nbgrader calls read-only, by its name of them: what a student makes of one is not run."""
    code = [cell for cell in exercise.notebook.cells if cell.cell_type == "code" and role_of(cell)[0] is None]
    graded = [(cell.metadata.get("nbgrader") or {}, without_magics(cell.source)[0]) for cell in code]
    return {metadata["grade_id"]: source for metadata, source in graded if metadata.get("locked")}


def _uses(cell: StudentCell, names: frozenset[str]) -> bool:
    return cell.kind != "test" and bool((names_of(cell.source) or NOTHING).used & names)


def _is_ours(raw: Sequence[RawCell], cells: Sequence[StudentCell], exercise: Exercise) -> bool:
    """Where cells say which they are, that tells; else an answer's names do, or a test's or a question's text."""
    if ids := {cell.grade_id for cell in raw} - {None}:
        return not ids.isdisjoint({*test_names(exercise), *(role_of(cell)[1] for cell in exercise.notebook.cells)})
    texts = "\n".join(_plain(cell.source) for cell in raw)
    return any(cell.answers or cell.kind == "test" for cell in cells) or any(_plain(w.prompt) in texts for w in exercise.written)


def _words(raw: Sequence[RawCell], exercise: Exercise) -> dict[str, str]:
    """The text of each written answer: of its cell what was not given out, and cells of the student's own that follow it."""
    given = {_plain(cell.source) for cell in exercise.notebook.cells}
    words = {}
    for written in exercise.written:
        at = next((i for i, cell in enumerate(raw) if cell.grade_id == written.id), None)
        if at is None:
            at = next((i for i, cell in enumerate(raw) if _plain(cell.source).startswith(_plain(written.prompt))), len(raw))
        parts = [_written(cell.source, written) for cell in raw[at : at + 1]]
        for cell in () if written.code else raw[at + 1 :]:
            if cell.kind == "code" or cell.grade_id or _plain(cell.source) in given:
                break
            if not cell.source.startswith(TRIED):
                parts.append(cell.source.strip())
        words[written.id] = "\n\n".join(part for part in parts if part)
    return words


def _written(source: str, written: Written) -> str:
    """What a student wrote into a cell: code as a whole, of a text the lines that were not given out with it."""
    if written.code:
        return "" if same_code(source, written.stub) else source.strip()
    given = [line.strip() for line in written.stub.splitlines() if line.strip()]
    kept = []
    for line in source.splitlines():
        if line.strip() in given:
            given.remove(line.strip())
        else:
            kept.append(line.replace(given[-1], "") if given else line)  # who writes beside "Your answer here."
    return "\n".join(kept).strip()


def _plain(text: str) -> str:
    return " ".join(text.split())
