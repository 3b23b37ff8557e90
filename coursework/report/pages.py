"""The report as pages: one for the instructor, one for each student to read or print. Each is one file that loads nothing.

Here is what the pages say; how they look is in templates/. Jinja escapes every text that comes from a result.
"""

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

STATES = {"unreadable": "could not be read", "failed": "the grader failed"}


def index(results: Sequence[dict], students: Sequence[str]) -> str:
    """The instructor's page: every student with scores and flags, and the way to each page."""
    exercises = sorted({each["exercise"] for each in results})
    of = {(each["student"], each["exercise"]): each for each in results}
    return TEMPLATES.get_template("index.html").render(
        rows=[_row(student, [of.get((student, exercise)) for exercise in exercises]) for student in students],
        means={exercise: _mean(results, exercise) for exercise in exercises},
        by_hand=[each["manual_points"] for each in results if each.get("manual_points")],
    )


def student(name: str, results: Sequence[dict], remarks: Sequence[Sequence[str]]) -> str:
    """One student's page.

    Args:
        name: the student's. results: of this student, one an exercise. remarks: for each of them, what to say of it as a whole.
    """
    return TEMPLATES.get_template("student.html").render(name=name, sections=list(zip(results, remarks, strict=True)))


def place(name: str) -> str:
    """Where a student's page lies, from the index."""
    return f"students/{name}.html"


def _row(name: str, results: Sequence[dict | None]) -> dict:
    """A line of the index; a result is None where the student has none for that exercise."""
    flags = [flag for result in results if result for flag in result["flags"] if flag["kind"] != "manual"]
    return {"student": name, "place": place(name), "results": results, "flags": flags}


def _mean(results: Sequence[dict], exercise: str) -> float | None:
    """The mean score of an exercise over what was graded; None where nothing was."""
    scores = [each["score"] for each in results if each["exercise"] == exercise and each["status"] == "graded"]
    return sum(scores) / len(scores) if scores else None


def _state(status: str) -> str:
    """What to say in place of a score."""
    return STATES.get(status, status)


def _number(points: int | float) -> str:
    """Points without needless zeros: 2, 2.5."""
    return f"{points:g}"


def _environment() -> Environment:
    templates = Environment(
        loader=PackageLoader("coursework.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters |= {"number": _number, "state": _state}
    return templates


TEMPLATES = _environment()
