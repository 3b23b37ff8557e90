"""What is graded twice, by nbgrader and by us: an assignment, and what students may hand in for it."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode, v4

from tests.support.nbgrader import course
from tests.support.nbgrader.course import cell

GRADED = {"grade": True, "locked": True}
SOLVED = "### BEGIN SOLUTION\n{}\n### END SOLUTION"
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

RIGHT = {
    "mean": "def mean(xs):\n    return sum(xs) / len(xs)",
    "primes": "def primes(n):\n    return [p for p in range(2, n) if all(p % q for q in range(2, p))]",
    "count": "def count(name):\n    with open(name) as file:\n        return len(file.readlines())",
    "stack": (
        "class Stack:\n    def __init__(self):\n        self.items = []\n\n"
        "    def push(self, item):\n        self.items.append(item)\n\n    def pop(self):\n        return self.items.pop()"
    ),
    "table": "table = {1: 'one', 2: 'two'}",
    "total": "def total(xs):\n    return len(xs) * mean(xs)",
    "words": "Because of the mean.",
    "free": "def triple(x):\n    return 3 * x",
}
WRONG = {
    "mean": "def mean(xs):\n    return 0",
    "primes": "def primes(n):\n    return [4]",
    "count": "def count(name):\n    return -1",
    "stack": "class Stack:\n    pass",
    "table": "table = []",
    "total": "def total(xs):\n    return 'much'",
    "words": "No idea.",
    "free": "1 / 0",
}
HALF = {
    "mean": "def mean(xs):\n    return xs[0]",  # right where all are the same
    "primes": "def primes(n):\n    yield from (2, 3, 5, 7)",  # two of three inputs
    "count": "def count(name):\n    return open('none.txt')",
    "table": "table = {1: 'one', 2: 'zwei'}",
    "total": "def total(xs):\n    return sum(xs)",
}
TESTS = {
    "mean-simple": (1, "assert mean([2, 2]) == 2\nassert mean((3.0,)) == 3.0"),
    "mean-hidden": (2, "mean([1])\n### BEGIN HIDDEN TESTS\nassert mean([1, 2, 4, 5]) == 3\n### END HIDDEN TESTS"),
    "mean-empty": (0.5, "try:\n    mean([])\nexcept ZeroDivisionError:\n    pass\nelse:\n    raise AssertionError('no error')"),
    "primes": (
        3,
        "wanted = {3: [2], 8: [2, 3, 5, 7], 10: [2, 3, 5, 7]}\nsum(list(primes(n)) == right for n, right in wanted.items())",
    ),
    "count": (1, "import os\nassert os.path.exists('data.txt')\nassert count('data.txt') == 3"),
    "stack": (2, "s = Stack()\nfor i in range(3):\n    s.push(i)\nassert [s.pop(), s.pop()] == [2, 1]"),
    "table": (1, "assert isinstance(table, dict)\nassert table[2] == 'two' and sorted(table) == [1, 2]"),
    "total": (1, "assert total([1, 2, 3]) == 6"),
    "total-uses-mean": (
        1,
        "kept = mean\ndel mean\ntry:\n    total([1])\nexcept NameError:\n    pass\nelse:\n    raise AssertionError('no use of mean')\n"
        "finally:\n    mean = kept",
    ),
    "after": (0.5, "assert mean([4]) == 4"),
}


def grade_id(test: str) -> str:
    """nbgrader's name of a test's cell: no two cells of a notebook have the same."""
    return f"test-{test}" if test in RIGHT else test


def source(folder: Path) -> Path:
    """An assignment with a bit of everything, in `folder/source/ps/ps.ipynb`."""

    def answer(id: str) -> NotebookNode:
        return cell(SOLVED.format(RIGHT[id]), id, solution=True)

    def test(id: str) -> NotebookNode:
        return cell(TESTS[id][1], grade_id(id), TESTS[id][0], **GRADED)

    shown = cell("Look: ![](attachment:dot.png)", markdown=True)
    shown.attachments = {"dot.png": {"image/png": PICTURE}}
    path = course.write(
        folder / "source" / "ps" / "ps.ipynb",
        cell("# Exercises: a bit of everything", "read", locked=True, markdown=True),
        shown,
        cell("import math\n\nLIMIT = 10", "given", locked=True),
        answer("mean"), test("mean-simple"), test("mean-hidden"), test("mean-empty"),
        answer("primes"), test("primes"),
        answer("count"), test("count"),
        answer("stack"), test("stack"),
        answer("table"), test("table"),
        answer("total"), test("total"), test("total-uses-mean"), test("after"),
        cell("## Say why", markdown=True),
        cell(RIGHT["words"], "words", 2, grade=True, solution=True, markdown=True),
        cell(RIGHT["free"], "free", 3, grade=True, solution=True),
        cell("## Show something of your own", "task", 4, task=True, locked=True),
    )  # fmt: skip
    (path.parent / "data.txt").write_text("a\nb\nc\n")
    return path


class Case(NamedTuple):
    """What a student hands in: answers, and what else was done to the notebook."""

    answers: dict[str, str]
    change: Callable[[NotebookNode], None] = lambda notebook: None


def _at(notebook: NotebookNode, id: str) -> int:
    return next(i for i, each in enumerate(notebook.cells) if each.metadata.get("nbgrader", {}).get("grade_id") == id)


def _swapped(one: str, other: str) -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        i, j = _at(notebook, one), _at(notebook, other)
        notebook.cells[i], notebook.cells[j] = notebook.cells[j], notebook.cells[i]

    return change


def _without(*ids: str) -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        for id in ids:
            del notebook.cells[_at(notebook, id)]

    return change


def _with(code: str, *, after: str | None = None) -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        notebook.cells.insert(len(notebook.cells) if after is None else _at(notebook, after) + 1, v4.new_code_cell(code))

    return change


def _saying(sources: dict[str, str]) -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        for id, text in sources.items():
            notebook.cells[_at(notebook, id)].source = text

    return change


def _picture(notebook: NotebookNode) -> None:
    words = notebook.cells[_at(notebook, "words")]
    words.source, words.attachments = "![](attachment:mine.png)", {"mine.png": {"image/png": PICTURE}}


def _task(notebook: NotebookNode) -> None:
    notebook.cells += [v4.new_markdown_cell("Here it is."), v4.new_code_cell("print(mean([1, 2]))")]


def _split(notebook: NotebookNode) -> None:
    at = _at(notebook, "total")
    notebook.cells.insert(at, v4.new_code_cell("def helper(xs):\n    return mean(xs)"))
    notebook.cells[at + 1].source = "def total(xs):\n    return len(xs) * helper(xs)"


def _with_old_outputs(notebook: NotebookNode) -> None:
    for each in notebook.cells:
        if each.cell_type == "code":
            each.outputs = [v4.new_output("stream", text="an output of before")]
            each.execution_count = 7


CASES = {
    "right": Case(RIGHT),
    "wrong": Case(WRONG),
    "half": Case(RIGHT | HALF),
    "empty": Case({}),
    "one answer only": Case({"mean": RIGHT["mean"]}),
    "words only": Case({"words": RIGHT["words"]}),
    "words with a picture": Case({}, _picture),
    "a task answered below": Case(RIGHT, _task),
    "answers swapped": Case(RIGHT, _swapped("mean", "total")),
    "an answer below its test": Case(RIGHT, _swapped("primes", "count")),
    "a scratch cell at the end": Case(RIGHT, _with("mean = primes = 5\nfor table in range(3):\n    pass")),
    "a scratch cell between": Case(RIGHT, _with("mean = lambda xs: 1000", after="mean")),
    "a scratch cell that raises": Case(RIGHT, _with("1 / 0", after="mean")),
    "a helper in a cell of its own": Case(RIGHT, _split),
    "an answer that raises": Case(RIGHT | {"table": "raise ValueError('no table')"}),
    "an answer that is no Python": Case(RIGHT | {"table": "table = {1: 'one',"}),
    "an answer that prints": Case(RIGHT | {"mean": f"print('hello')\n{RIGHT['mean']}\nmean([1])"}),
    "an answer with magics": Case(RIGHT | {"mean": f"%matplotlib inline\n{RIGHT['mean']}"}),
    "a test edited": Case(WRONG, _saying({"mean-hidden": "pass", "test-primes": "3", "test-table": "table = {}"})),
    "a locked cell edited": Case(RIGHT | {"table": "table = {1: 'one', 2: 'two'} if LIMIT == 10 else {}"}, _saying({"given": "LIMIT = 1"})),
    "a test deleted": Case(RIGHT, _without("mean-simple")),
    "an answer deleted": Case(RIGHT, _without("table")),
    "outputs of before": Case(RIGHT, _with_old_outputs),
}  # fmt: skip
