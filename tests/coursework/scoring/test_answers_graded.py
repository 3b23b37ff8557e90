"""The answers of `tests/companion/checks/answers` through the real grader: it says what the check says, of all of them."""

import pytest

from tests.support import doubling
from tests.support.answers import FOLDER, Answer, Graded, Said, checked, disagreement, graded, graded_alone, read, some, source_of

FILES = sorted(FOLDER.glob("*.py"))
EVERY_RUN = 3  # answers of each kind to the questions of one page; all with --slow


@pytest.mark.medium
@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.stem, marks=[] if path.stem.startswith("07-loss") else pytest.mark.slow) for path in FILES],
)
def test_the_grader_says_what_the_check_says(path, pytestconfig):
    exercise, answers = source_of(path), read(path)
    if not pytestconfig.getoption("slow"):
        answers = some(answers, EVERY_RUN)
    said, marks = checked(exercise, answers), graded(exercise, answers)
    # Where they differ over answers that were handed in together, one may have spoiled the other's worker.
    if again := [answer for answer in answers if disagreement(said[answer.name], marks[answer.name])]:
        marks |= graded_alone(exercise, again)
    found = [
        f"{path.name}:{answer.line} {answer.name}: {told}"
        for answer in answers
        if (told := disagreement(said[answer.name], marks[answer.name]))
    ]
    assert not found, "\n".join(found)


# --- The harness itself -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("sandbox")
def test_answers_share_a_submission_and_each_has_its_own_points_and_words(tmp_path):
    code = {
        ("double", "adds"): "def double(x):\n    return x + x",
        ("double", "squares"): "def double(x):\n    return x * x",
        ("double", "raises"): "def double(x):\n    raise KeyError(3)",
        ("double", "changes"): "def double(x):\n    x.data.mul_(2)\n    return x",
        ("double", "prints"): "def double(x):\n    print(2 * x)",
        ("again", "calls"): "def again(x):\n    return double(x)",
        ("again", "ends"): "import os\nos._exit(1)",
    }
    answers = [Answer(id, what in ("adds", "calls"), what, "", each, 1) for (id, what), each in code.items()]
    exercise = doubling.exercise(tmp_path)
    marks, said = graded(exercise, answers), checked(exercise, answers)
    assert [marks[answer.name].right for answer in answers] == [answer.right for answer in answers]
    assert marks["double, wrong: squares"].message == "You squared it."
    assert marks["double, wrong: changes"].message.startswith("The values are right, but your function changed its argument x")
    assert marks["double, wrong: prints"].message.startswith("double prints and returns nothing.")
    assert [disagreement(said[answer.name], marks[answer.name]) for answer in answers] == [""] * len(answers)
    alone = graded_alone(exercise, answers[:2])
    assert alone == {answer.name: marks[answer.name] for answer in answers[:2]}


@pytest.mark.parametrize(
    ("check", "mark", "differ"),
    [
        (Said(True, "Twice.", ""), Graded(True, "", ""), False),
        (Said(True, "Twice.", ""), Graded(False, "You squared it.", ""), True),
        (Said(False, "You squared it.", "x"), Graded(True, "", ""), True),
        (Said(False, "You squared it.", "x"), Graded(False, "You squared it.", ""), False),
        (Said(False, "You squared it.", "x"), Graded(False, "You cubed it.", ""), True),
        (Said(False, "f raised E3: 0.81.", "x"), Graded(False, "f raised an error.", ""), False),
        (Said(False, "Set back.", "x"), Graded(False, "f raised ValueError.", ""), False),
        (Said(True, "Twice.", "x"), Graded(False, "f raised ValueError.", ""), True),
        (Said(None, "Not answered yet.", ""), Graded(False, "Not answered yet.", ""), False),
        (Said(False, "", "", "The process was lost."), Graded(False, "Your code ended its own process.", ""), False),
        (Said(True, "", "", "The process was lost."), Graded(True, "", ""), True),
    ],
)
def test_in_what_check_and_grader_differ(check, mark, differ):
    assert bool(disagreement([Said(True, "Of practice.", ""), check], mark)) is differ
