"""Results of an exercise as `coursework grade` leaves them, made in code: what reports and marking are tried on."""

from pathlib import Path

from coursework.scoring.results import write_result

TESTS = (("kl", "1. Move the prior", 2), ("draw", "2. Draw", 3))
WHY = {
    "id": "why",
    "points": 2,
    "prompt": "## 3. Say what it costs\n\nWhat does a prior at {{m}} cost?",
    "solution": "Half the squared distance from {{m}}.",
    "rubric": ["nothing of it", "names a cost", "names it in nats"],
    "code": False,
}
FREE = {"id": "free", "points": 4, "prompt": "In your own words.", "solution": "", "rubric": [], "code": False}
DUE = "2026-12-01T23:59+09:00"


def result(student: str, points: tuple = (2, 3), **more) -> dict:
    """A student's result. points: of the two tests."""
    tests = [
        {
            "id": id,
            "title": title,
            "points": got,
            "max_points": most,
            "message": "" if got == most else f"{title}: no.",
            "detail": "",
        }
        for (id, title, most), got in zip(TESTS, points, strict=True)
    ]
    made = {
        "format": 2,
        "exercise": "week3",
        "student": student,
        "status": "graded",
        "score": sum(points),
        "max_score": 5,
        "tests": tests,
        "words": {"why": f"{student} says: half the distance."},
        "flags": [],
        "values": {"m": 2},
        "output": "",
        "output_after": "",
    }
    return made | more


def row(student: str | None, **more) -> dict:
    """What became of a file of a student's."""
    made = {
        "student": student,
        "file": f"{student}.ipynb",
        "state": "grade",
        "stamp": "yes",
        "submitted": None,
        "late": False,
        "flags": [],
    }
    return made | more


def student(id: str, name: str = "", *aliases: str, group: str = "") -> dict:
    return {"id": id, "name": name or id, "aliases": list(aliases), "group": group}


def graded(folder: Path, results: list[dict], rows: list[dict] | None = None, students: list[dict] | None = None, **more) -> Path:
    """Write a folder of results; return it. rows: of files, one for each result where none are given."""
    about = {
        "format": 2,
        "exercise": folder.name,
        "title": f"Exercises: {folder.name}",
        "due": None,
        "late": {},
        "tests": [{"id": id, "title": title, "points": most} for id, title, most in TESTS],
        "written": [],
        "students": students or [],
        "rows": [row(each["student"]) for each in results] if rows is None else rows,
        "missing": [],
        "command": ["coursework", "grade", "week3.md", "submitted", "-o", "results"],
    }
    write_result(folder / "class.json", about | more)
    for each in results:
        write_result(folder / "students" / f"{each['student']}.json", each | {"exercise": folder.name})
    return folder
