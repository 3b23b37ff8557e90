"""An exercise run in this process, as a learner would in Jupyter: quick, and without the grader's machinery between check and answer."""

import ast
import contextlib
import io
from collections.abc import Iterator, Sequence

import matplotlib.pyplot as plt

from coursework.assignment.source import SEED, Exercise, Test, role_of


def run(code: str, space: dict):
    """Run a cell and return what Jupyter would show: the value of its last expression, or None."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(tree, "<cell>", "exec"), space)
        return None if last is None else eval(compile(ast.Expression(last.value), "<cell>", "eval"), space)


def kernel() -> dict:
    """What cells find in a kernel before they define anything."""
    return {"__name__": "__main__", "display": lambda *things: None}


@contextlib.contextmanager
def figures_closed() -> Iterator[None]:
    """Let `plt.show()` close the figures, as the inline backend does."""
    shown, plt.show = plt.show, lambda *_, **__: plt.close("all")
    try:
        yield
    finally:
        plt.show = shown
        plt.close("all")


def verdict(test: Test, space: dict, seed: int):
    """What a test's cell shows, with the seed of practice, 0; with another one the verdict that its hidden lines come to."""
    if seed == 0:
        return run(test.visible, dict(space))
    hidden = dict(space) | {SEED: seed}
    with contextlib.suppress(AssertionError):
        run(test.hidden, hidden)
    return hidden["verdict"]


def verdicts(exercise: Exercise, seeds: Sequence[int] = (0,)) -> Iterator[tuple[str, str, int, object]]:
    """Run the exercise with its reference; at each check also each wrong answer in its place.

    Yields:
        (test id, "reference" or the slip's name, seed, the check's verdict).
    """
    space = kernel()
    answers, tests = ({each.id: each for each in many} for many in (exercise.answers, exercise.tests))
    with figures_closed():
        for cell in exercise.notebook.cells:
            kind, name = role_of(cell)
            if kind == "answer":
                run(answers[name].reference_code, space)
            elif kind == "test":
                yield from ((name, "reference", seed, verdict(tests[name], space, seed)) for seed in seeds)
                for wrong in exercise.wrong:
                    if wrong.id == name:
                        theirs = dict(space)
                        run(wrong.code, theirs)
                        yield from ((name, wrong.slip, seed, verdict(tests[name], theirs, seed)) for seed in seeds)
            elif kind is None and cell.cell_type == "code":
                run(cell.source, space)


def unanswered(notebook) -> Iterator[tuple[str | None, object]]:
    """Run a student's notebook as it was given out. Yields (grade id or None, what the cell shows) for each code cell."""
    space = kernel()
    with figures_closed():
        for cell in notebook.cells:
            if cell.cell_type == "code":
                yield cell.metadata.get("nbgrader", {}).get("grade_id"), run(cell.source, space)
