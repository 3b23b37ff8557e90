"""The exercise's own solutions in the form of a submission: graded first, because where they fail no result means anything."""

from coursework.assignment.source import Exercise, role_of
from coursework.handin.cells import StudentCell, Submission


def reference(exercise: Exercise) -> Submission:
    """The cells of the source in their order, each answer with its solution."""
    solutions = {answer.id: answer.reference_code for answer in exercise.answers}
    visible = {test.id: test.visible for test in exercise.tests}
    cells = []
    for cell in exercise.notebook.cells:
        role, id = role_of(cell)
        if cell.cell_type == "code" and role is None:
            cells.append(StudentCell(None, cell.source, "given"))
        elif role == "answer":
            cells.append(StudentCell(id, solutions[id], "answer", (id,)))
        elif role == "test":
            cells.append(StudentCell(id, visible[id], "test"))
    return Submission(cells, [], {})


def combinations(exercise: Exercise) -> list[dict[str, object]]:
    """Choices of variants in which every value comes up.

    >>> combinations(exercise)  # of {"n": [3, 4], "shape": ["(2,)"]}
    [{'n': 3, 'shape': '(2,)'}, {'n': 4, 'shape': '(2,)'}]
    """
    longest = max((len(values) for values in exercise.variants.values()), default=1)
    return [{name: values[i % len(values)] for name, values in exercise.variants.items()} for i in range(longest)]
