"""Result files read again, and what they tell a student. Nothing of a test's code is in them, so none can get into a report."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from coursework.scoring.results import FORMAT

NEEDED: dict[str, type | tuple[type, ...]] = {
    "exercise": str,
    "student": str,
    "status": str,
    "score": (int, float),
    "max_score": (int, float),
    "tests": list,
    "flags": list,
}


class ReportError(ValueError):
    """A report cannot be made; says which file, what came and what was expected."""


def read_results(folder: str | Path) -> list[dict]:
    """Every result in a folder and the folders in it, sorted by student and exercise. Other JSON is passed over.

    Raises:
        ReportError: no folder, no result, a broken one, or two that differ for one student and exercise.
    """
    folder = Path(folder)
    found: dict[tuple[str, str], tuple[Path, dict]] = {}
    if not folder.is_dir():
        raise ReportError(f"report: got {folder}, expected a folder of result files")
    for path in sorted(folder.rglob("*.json")):
        if path.name.startswith(".") or (result := _result(path)) is None:
            continue
        key = (result["student"], result["exercise"])
        if key in found and found[key][1] != result:
            raise ReportError(f"report: got {found[key][0]} and {path}, expected one result of {key[0]} for {key[1]}")
        found.setdefault(key, (path, result))
    if not found:
        raise ReportError(f"report: got no result in {folder}, expected the .json files that `coursework grade` writes")
    return [found[key][1] for key in sorted(found)]


def _result(path: Path) -> dict | None:
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReportError(f"report: {path}: cannot be read: {error}") from error
    if not isinstance(result, dict) or not {"format", "student", "exercise"} <= set(result):
        return None
    wrong = [key for key, kind in NEEDED.items() if not isinstance(result.get(key), kind)]
    if result["format"] != FORMAT or wrong:
        lacking = f" without {', '.join(wrong)}" if wrong else ""
        raise ReportError(f"report: {path}: got a result of format {result['format']!r}{lacking}, expected one of format {FORMAT}")
    for name in (result["student"], result["exercise"]):
        if name in ("", ".", "..") or re.search(r"[/\\\x00]", name):
            raise ReportError(f"report: {path}: got the name {name!r}, expected one that can be a file's")
    return result


def exercises(results: Sequence[dict]) -> dict[str, list[str]]:
    """The exercises and the ids of their tests, each in the order of the source."""
    found: dict[str, list[str]] = {}
    for result in sorted(results, key=lambda each: each["exercise"]):
        tests = found.setdefault(result["exercise"], [])
        tests += [test["id"] for test in result["tests"] if test["id"] not in tests]
    return found


def remarks(result: dict) -> Iterator[str]:
    """What to tell a student about a submission as a whole."""
    if result["status"] == "unreadable":
        yield "Your file could not be read as a notebook, so nothing was graded."
    if result["status"] == "failed":
        yield "The grader failed at your submission. This is not your fault: your instructor sees it."
    if points := result.get("manual_points", 0):
        yield f"Answers in words are graded by hand, {points:g} points."
    yield from (flag["detail"] for flag in result["flags"] if flag["kind"] not in ("manual", "duplicate", "failed"))
