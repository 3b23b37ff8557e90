"""The exercise's own solutions in the form of a submission: graded first, because where they fail no result means anything."""

from coursework.assignment.source import SOLUTION, Exercise, role_of, without_markers
from coursework.handin.cells import StudentCell, Submission


def reference(exercise: Exercise) -> Submission:
    """The cells of the source in their order, each answer with its solution."""
    solved = solutions(exercise)
    visible = {test.id: test.visible for test in exercise.tests}
    cells = []
    for cell in exercise.notebook.cells:
        role, id = role_of(cell)
        if cell.cell_type == "code" and role is None:
            cells.append(StudentCell(None, cell.source, "given"))
        elif role == "answer":
            cells.append(StudentCell(id, solved[id], "answer", (id,)))
        elif role == "test":
            cells.append(StudentCell(id, visible[id], "test"))
        elif role == "written" and cell.cell_type == "code":
            cells.append(StudentCell(None, solved[id], "own"))
    return Submission(cells, [], {})


def solutions(exercise: Exercise) -> dict[str, str]:
    """The code of each answer, and of each code cell that a person marks: id -> code."""
    cells = [(*role_of(cell), cell) for cell in exercise.notebook.cells if cell.cell_type == "code"]
    return {id: without_markers(cell.source, SOLUTION) for role, id, cell in cells if role in ("answer", "written")}


def combinations(exercise: Exercise) -> list[dict[str, object]]:
    """Choices of variants in which every value comes up.

    >>> combinations(exercise)  # of {"n": [3, 4], "shape": ["(2,)"]}
    [{'n': 3, 'shape': '(2,)'}, {'n': 4, 'shape': '(2,)'}]
    """
    longest = max((len(values) for values in exercise.variants.values()), default=1)
    return [{name: values[i % len(values)] for name, values in exercise.variants.items()} for i in range(longest)]
