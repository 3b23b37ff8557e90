"""What a student may be told, and nothing else: every page, file and comment for students is made of what stands here.

Of a test it is the points and the `message`; of a flag a fixed sentence of its kind. A test's `detail`, a flag's `detail` and what cells
printed can hold a hidden test's numbers, and stay with the instructor.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from coursework.report.prose import MOST_SHOWN, readable
from coursework.report.reading import Graded
from coursework.report.standing import GRADED, MISSING, Standing, Words
from coursework.report.tables import of_somebody_else

STATES = {
    MISSING: "Nothing was handed in.",
    "unreadable": "{} could not be read as a notebook, so nothing was graded. "
    "Hand in the notebook itself, the file that ends in .ipynb.",
    "another assignment": "{} belongs to another assignment, so nothing was graded.",
}
WAITING = "Your submission has not been graded yet. This is not your fault: your instructor sees it."
FLAGS = {
    "other-student": "This notebook was made for somebody else: its numbers are not yours.",
    "truncated": "Your notebook breaks off. What stands before the break was graded.",
    "damaged": "Parts of your notebook could not be read. The rest was graded.",
    "encoding": "Your file is not saved as UTF-8, so some characters may have been lost.",
    "cell-type": "An answer does not stand in a code cell. It was run all the same.",
    "missing": "An exercise has no answer in your notebook.",
    "duplicated": "Your notebook answers an exercise more than once.",
    "test-edited": "A test cell was changed. The original was used.",
    "test-deleted": "A test cell is gone. The original was used.",
    "restored": "A cell that came with the exercise is gone. The original was run in its place.",
    "magic": "Notebook commands (%, !, ?) were left out.",
    "raised": "A cell raised an error. The cells after it were run.",
    "stopped": "A cell had to be stopped: it took too long, or too much memory. The others were run again without it.",
    "unfinished": "The time for one submission was over before all of it was graded.",
}


class Item(NamedTuple):
    """One line of feedback. points: None while a person has not marked it. text: a test's message, or the person's comment.

    answer: what the student wrote, where a person marks it; None: a test. code: it is code.
    """

    title: str
    points: float | int | None
    most: float | int
    level: str
    text: str
    answer: str | None = None
    code: bool = False

    @property
    def by_hand(self) -> bool:
        return self.answer is not None

    @property
    def full(self) -> bool:
        return self.points is not None and self.points >= self.most

    @property
    def says(self) -> str:
        """The level and the text in one."""
        return " ".join(filter(None, [self.level and f"{self.level.rstrip('.')}.", self.text]))


class Feedback(NamedTuple):
    """One exercise for one student. points: None while something is open; so_far: what there is before lateness takes from it.

    late: one sentence, or "". comment: of a person, on the whole. group: "" without one.
    """

    exercise: str
    title: str
    student: str
    name: str
    group: str
    graded: bool
    points: float | int | None
    so_far: float | int
    possible: float | int
    tests: tuple[Item, ...]
    words: tuple[Item, ...]
    late: str
    comment: str
    remarks: tuple[str, ...]


def feedback(graded: Graded, standing: Standing) -> Feedback:
    """What to tell one student of one exercise.

    Example:
        >>> feedback(graded, standing).tests[0].text
        'Your KL is negative. A KL never is.'
    """
    counts = standing.state == GRADED
    tests = [
        Item(test["title"], test["points"], test["max_points"], "", test["message"]) for test in standing.result.get("tests", ())
    ]
    words = [_word(each) for each in standing.words]
    return Feedback(
        graded.exercise,
        graded.title,
        standing.student,
        standing.name,
        standing.group,
        counts,
        standing.final,
        standing.raw,
        standing.possible,
        tuple(tests) if counts else (),
        tuple(words) if counts else (),
        standing.late.note if counts else "",
        standing.comment,
        tuple(_remarks(standing)),
    )


def as_text(told: Feedback) -> str:
    """Feedback as plain lines, for a platform's comment field."""
    lines = [_head(told), *told.remarks, *filter(None, (told.late, told.comment))]
    for item in (*told.tests, *told.words):
        points = "not marked yet" if item.points is None else f"{item.points:g} of {item.most:g}"
        lines.append(" ".join(filter(None, (f"{item.title}: {points}.", item.says))))
    return "\n".join(lines)


def _word(words: Words) -> Item:
    """An answer in words, as far as its mark is one of what was handed in."""
    answer = words.text[:MOST_SHOWN] if words.code else readable(words.text)
    if words.open:
        return Item(words.title, None, words.most, "", "", answer, words.code)
    return Item(words.title, words.mark.points, words.most, words.level, words.mark.comment, answer, words.code)


def _head(told: Feedback) -> str:
    points = "not complete yet" if told.points is None else f"{told.points:g} of {told.possible:g} points"
    return f"{told.exercise}: {points}."


def _remarks(standing: Standing) -> Iterator[str]:
    if standing.state != GRADED:
        files = [PurePosixPath(row["file"]).name for row in standing.files if row["state"] in (standing.state, "grade")]
        yield STATES.get(standing.state, WAITING).format(files[0] if files else "Your file")
        return
    kinds = {flag["kind"] for flag in standing.result.get("flags", ())}
    if of_somebody_else(standing):
        kinds = kinds - {"test-edited"} | {"other-student"}
    yield from (text for kind, text in FLAGS.items() if kind in kinds)
