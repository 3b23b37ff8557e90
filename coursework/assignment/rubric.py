"""A rubric: levels in words, the worst first, and what each is worth."""

from collections.abc import Sequence


def points_of(level: int, levels: int, most: float | int) -> float | int:
    """The points of a level: even steps from nothing for the worst to all for the best.

    >>> [points_of(level, 4, 2) for level in range(4)]
    [0, 0.67, 1.33, 2]
    """
    points = round(most * level / max(1, levels - 1), 2)
    return int(points) if points == int(points) else points


def as_table(rubric: Sequence[str], most: float | int) -> str:
    """A rubric as a Markdown table, a row for each level, numbered from 0 as the keys are that choose one in `coursework mark`.

    >>> print(as_table(["no table", "a table, and what it does not show"], 4))
    | level | what it looks like | points |
    |:-:|---|--:|
    | 0 | no table | 0 |
    | 1 | a table, and what it does not show | 4 |
    """
    rows = [f"| {number} | {_cell(level)} | {points_of(number, len(rubric), most):g} |" for number, level in enumerate(rubric)]
    return "\n".join(["| level | what it looks like | points |", "|:-:|---|--:|", *rows])


def _cell(text: str) -> str:
    """A text on one line, its bars not those of the table."""
    return " ".join(text.split()).replace("|", r"\|")
