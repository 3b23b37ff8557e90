"""Results and marks written into nbgrader's gradebook, so that `nbgrader export` and formgrader show them.

What a test gave becomes a cell's score of the autograder, what a person gave in words its manual score and comment. Points that somebody
gave in formgrader are left as they are. Writing again changes nothing.
"""

import contextlib
import os
import shutil
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursework.assignment import nbgrader

if TYPE_CHECKING:
    from nbgrader.api import Grade, Gradebook, SubmittedNotebook

DATABASE, COURSE = "gradebook.db", "default_course"  # nbgrader's own names for them
NO_ANSWER = "No response."  # nbgrader's own words


class GradebookError(ValueError):
    """The gradebook cannot take the results; says what came and what was expected."""


def write(
    results: Sequence[Mapping[str, Any]],
    path: str | Path,
    *,
    exercise: Mapping[str, Any] | None = None,
    assignment: str | None = None,
    marks: Mapping[str, Any] | None = None,
    penalties: Mapping[str, float | int] | None = None,
) -> int:
    """Write the results of one exercise.

    Args:
        results: contents of `students/STUDENT.json`: student, exercise, tests, words; submitted where it is known.
        path: a `gradebook.db`, or the folder of nbgrader's course, where formgrader is then given the notebooks to show too.
        exercise: what `class.json` says of it; needed where the gradebook does not know the notebook yet.
        assignment: nbgrader's name for it; None: the one assignment that has a notebook of the exercise's name, else the folder of its
            source in the course, else the exercise's name.
        marks: `Marks` by student. penalties: points taken off for lateness, by student.

    Returns:
        How many students were written.

    Raises:
        GradebookError: two assignments have such a notebook, the gradebook lacks a test, or cannot be opened.

    Example:
        >>> write(list(graded.results.values()), "course101", exercise=graded.about, marks=graded.marks)
        31
    """
    path = Path(path)
    database = path / DATABASE if path.is_dir() else path
    with _opened(database) as book:
        for result in results:
            named = assignment or _known(book, result["exercise"]) or _of_source(database.parent, result["exercise"])
            if named not in _having(book, result["exercise"]):
                _add_notebook(book, named, result["exercise"], exercise)
            _write_result(book, result, named, marks or {}, penalties or {})
            if path.is_dir():
                _show(path, named, result)
    return len(results)


@contextlib.contextmanager
def _opened(database: Path) -> Iterator["Gradebook"]:
    """The gradebook, made when there is none. nbgrader then calls `alembic`, which is beside this Python and may not be on the path."""
    import sqlalchemy
    from nbgrader.api import Gradebook

    if not database.parent.is_dir():
        raise GradebookError(f"{database}: got no folder {database.parent}, expected the folder of nbgrader's course")
    settings = nbgrader.settings(database.parent).get("CourseDirectory", {})
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        book = Gradebook(f"sqlite:///{database.resolve()}", settings.get("course_id") or COURSE)
    except Exception as error:  # of SQLAlchemy, sqlite or alembic
        raise GradebookError(f"{database}: cannot be opened as nbgrader's gradebook: {str(error).splitlines()[0][:200]}") from error
    finally:
        os.environ["PATH"] = before
    with book, warnings.catch_warnings():
        warnings.simplefilter("ignore", sqlalchemy.exc.SAWarning)  # nbgrader's own way with its database is what it warns of
        yield book


def _having(book: "Gradebook", notebook: str) -> list[str]:
    """The assignments that have a notebook of this name."""
    return sorted(each.name for each in book.assignments if any(one.name == notebook for one in each.notebooks))


def _known(book: "Gradebook", notebook: str) -> str | None:
    having = _having(book, notebook)
    if len(having) > 1:
        raise GradebookError(
            f"got a notebook {notebook} in each of the assignments {', '.join(having)}, expected one: see `nbgrader db assignment`"
        )
    return having[0] if having else None


def _of_source(course: Path, notebook: str) -> str:
    """The name of the assignment whose folder holds the notebook's source, where there is one such."""
    found = [path.parent.name for path in course.glob("source/*/*.ipynb") if path.stem == notebook]
    return found[0] if len(found) == 1 else notebook


def _add_notebook(book: "Gradebook", assignment: str, notebook: str, exercise: Mapping[str, Any] | None) -> None:
    if exercise is None:
        raise GradebookError(f"got no notebook {notebook} in the gradebook, expected what `nbgrader generate_assignment` writes")
    book.update_or_create_assignment(assignment)
    book.update_or_create_notebook(notebook, assignment)
    for test in exercise["tests"]:
        name = test.get("grade_id") or f"test-{test['id']}"
        book.update_or_create_grade_cell(name, notebook, assignment, max_score=test["points"], cell_type="code")
    for each in exercise["written"]:
        kind = {"max_score": each["points"], "cell_type": "code" if each.get("code") else "markdown"}
        if each.get("task"):
            book.update_or_create_task_cell(each["id"], notebook, assignment, **kind)
        else:
            book.update_or_create_grade_cell(each["id"], notebook, assignment, **kind)
            book.update_or_create_solution_cell(each["id"], notebook, assignment)


def _write_result(
    book: "Gradebook", result: Mapping[str, Any], assignment: str, marks: Mapping[str, Any], penalties: Mapping[str, float | int]
) -> None:
    student = result["student"]
    book.update_or_create_student(student)
    when = {"timestamp": result["submitted"]} if result.get("submitted") else {}
    book.update_or_create_submission(assignment, student, **when)
    notebook = book.find_submission_notebook(result["exercise"], assignment, student)
    grades = {grade.name: grade for grade in notebook.grades}
    for test in result["tests"]:
        grade = grades.get(f"test-{test['id']}") or grades.get(test["id"])
        if grade is None:
            raise GradebookError(
                f"got the test {test['id']}, expected one of {', '.join(grades)}: run `nbgrader generate_assignment`"
            )
        _set_auto(grade, test["points"])
    _write_words(notebook, grades, result.get("words") or {}, marks.get(student))
    if student in penalties:
        notebook.late_submission_penalty = penalties[student] or None
    book.db.commit()


def _set_auto(grade: "Grade", points: float | int) -> None:
    """A test's points. As nbgrader does, points that a person gave stay, and are to be looked at where the test now gives others."""
    changed = grade.auto_score != points
    grade.auto_score = points
    grade.needs_manual_grade = grade.manual_score is not None and (changed or grade.needs_manual_grade)


def _write_words(notebook: "SubmittedNotebook", grades: Mapping[str, "Grade"], words: Mapping[str, str], marks: Any) -> None:
    comments = {comment.name: comment for comment in notebook.comments}
    for id, text in words.items():
        grade, comment = grades.get(id), comments.get(id)
        if grade is None:
            continue
        empty = not text.strip() and grade.cell.type != "TaskCell"
        grade.auto_score = 0 if empty else None
        if comment is not None:
            comment.auto_comment = NO_ANSWER if empty else None
        mark = marks.marks.get(id) if marks else None
        if mark is not None and mark.points is not None:
            grade.manual_score = mark.points
        if mark is not None and comment is not None:
            comment.manual_comment = mark.comment or comment.manual_comment
        grade.needs_manual_grade = grade.manual_score is None and not empty


def _show(course: Path, assignment: str, result: Mapping[str, Any]) -> None:
    """Give formgrader the notebook as it was handed in: it shows a student only where there is a folder in `autograded/`."""
    shown = course / "autograded" / result["student"] / assignment
    came = course / "submitted" / result["student"] / assignment
    shown.mkdir(parents=True, exist_ok=True)
    for name in (f"{result['exercise']}.ipynb", "timestamp.txt"):
        if (came / name).is_file() and not (shown / name).exists():
            shutil.copyfile(came / name, shown / name)
