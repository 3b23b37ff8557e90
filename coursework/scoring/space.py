"""The names that an exercise's tests see, and what the value of a test's last line is worth."""

import ast
from collections.abc import Callable, Iterable
from typing import Any

KEPT = "__kept"  # where a student's worker keeps what a test has deleted


class Space(dict):
    """The namespace of the tests. A student's name that a test deletes is gone for the student's code too.

    So a test can see whether one answer calls another. The name is there again when the test gives it back its value, or ends.

    Args:
        run: runs a line of Python in the student's worker.
    """

    def __init__(self, run: Callable[[str], object]):
        super().__init__(__name__="__main__", display=lambda *things: None)
        self.run = run
        self.own: frozenset[str] = frozenset()
        self.gone: dict[str, Any] = {}

    def begin(self, own: Iterable[str]) -> None:
        """A test begins. own: the names whose values are the student's."""
        self.own = frozenset(own)

    def end(self) -> None:
        """A test is over: what it deleted and did not give back is there again."""
        for name in list(self.gone):
            self._give_back(name)
        self.own = frozenset()

    def __delitem__(self, name: str) -> None:
        value = self[name]
        super().__delitem__(name)
        if name in self.own:
            self.run(f"globals().setdefault({KEPT!r}, {{}})[{name!r}] = {name}\ndel {name}")
            self.gone[name] = value

    def __setitem__(self, name: str, value: object) -> None:
        super().__setitem__(name, value)
        if name in self.gone and value is self.gone[name]:
            self._give_back(name)

    def _give_back(self, name: str) -> None:
        del self.gone[name]
        self.run(f"{name} = {KEPT}.pop({name!r})")


def run_cell(code: str, name: str, space: dict) -> object:
    """Run a test as a notebook runs a cell; return the value of its last line where that is an expression.

    >>> run_cell("x = 1\\nx + 1", "<test>", {})
    2
    """
    tree = ast.parse(code)
    last = tree.body.pop().value if tree.body and isinstance(tree.body[-1], ast.Expr) else None  # type: ignore[attr-defined]
    exec(compile(tree, name, "exec"), space)
    return None if last is None else eval(compile(ast.Expression(last), name, "eval"), space)


def partial(value: object, most: float | int) -> float | int:
    """The points of a test that passed: its last line's value where that is a number from 0 to all of them, as with nbgrader.

    >>> partial(0.5, 2), partial(None, 2), partial(True, 2), partial(7, 2)
    (0.5, 2, 2, 2)
    """
    is_points = type(value) in (int, float) and 0 <= value <= most  # type: ignore[operator]
    return value if is_points else most  # type: ignore[return-value]
