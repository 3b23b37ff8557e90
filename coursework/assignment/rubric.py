"""A rubric: levels in words, the worst first, and what each is worth."""

from collections.abc import Sequence


def points_of(level: int, levels: int, most: float | int) -> float:
    """The points of a level: even steps from nothing for the worst to all for the best.

    >>> [points_of(level, 4, 2) for level in range(4)]
    [0.0, 0.67, 1.33, 2.0]
    """
    return round(most * level / max(1, levels - 1), 2)


def as_table(rubric: Sequence[str], most: float | int) -> str:
    """A rubric as a Markdown table, a row for each level.

    >>> print(as_table(["no table", "a table, and what it does not show"], 4))
    | level | what it looks like | points |
    |:-:|---|--:|
    | 1 | no table | 0 |
    | 2 | a table, and what it does not show | 4 |
    """
    rows = [
        f"| {number} | {_cell(level)} | {points_of(number - 1, len(rubric), most):g} |" for number, level in enumerate(rubric, 1)
    ]
    return "\n".join(["| level | what it looks like | points |", "|:-:|---|--:|", *rows])


def _cell(text: str) -> str:
    """A text on one line, its bars not those of the table."""
    return " ".join(text.split()).replace("|", r"\|")
