"""A folder of submissions graded: on several processes, resumable, in slices for several machines, one result file each.

Every submission gets a result file, whatever it is and whatever it does. A result that is there already and still holds (same
submission, same source, same variant) is kept, so that a run that was broken off goes on where it stood, and slices of one folder
graded on several machines merge by copying their files together.
"""

import contextlib
import hashlib
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from coursework.assignment.source import Exercise
from coursework.assignment.variants import values_for
from coursework.handin.submissions import Found, digest, find_submissions
from coursework.scoring.pool import GradeError, Pool, Settings, Task
from coursework.scoring.results import FORMAT, result_file, write_result
from coursework.wire.limits import TIMEOUT


class Summary(NamedTuple):
    """What a run gave. graded, unreadable, failed: results by status. kept: how many of them an earlier run had made. flagged: how
    many hold something for the instructor to look at. mean, median: of the scores of those graded, or None. per_minute: the rate of
    this run.
    """

    graded: int
    unreadable: int
    failed: int
    kept: int
    flagged: int
    mean: float | None
    median: float | None
    max_score: float
    per_minute: float

    def __str__(self) -> str:
        scores = "" if self.mean is None else f"; mean {self.mean:.2f}, median {self.median:g} of {self.max_score:g}"
        total = self.graded + self.unreadable + self.failed
        return (
            f"grade: {self.graded} of {total} graded ({self.kept} kept from before), {self.unreadable} unreadable, "
            f"{self.failed} failed, {self.flagged} flagged{scores}; {self.per_minute:.0f} a minute"
        )


def grade(
    exercise: Exercise,
    submissions: str | Path,
    *,
    out: str | Path,
    jobs: int = 2,
    sandbox: str = "auto",
    shard: tuple[int, int] | None = None,
    seed: str | int | None = None,
    timeout: float | int = TIMEOUT,
    wall: float | int | None = None,
    force: bool = False,
    progress: bool = True,
) -> Summary:
    """Grade a folder of submissions into a folder of result files, `out/STUDENT.json`.

    Args:
        exercise: an `Exercise`.
        submissions: the folder; see `submissions.find_submissions` for its layouts.
        jobs: how many processes. Each takes a core, and some 300 MB with its workers.
        sandbox: "auto", "bwrap", "docker" or "none"; see `sandbox.supervisor`.
        shard: (i, n) grades the i-th of n slices, i from 1. Which slice a student is in hangs on the name alone.
        seed: with which variants were released; None: the first value of each.
        timeout: seconds of processor time for a cell and for a test; a submission has ten times that.
        wall: seconds of the clock for a cell and for a test, for code that waits; None: ten times `timeout`. A submission has ten
            times that.
        force: grade again what has a result already.
        progress: show a bar.

    Returns:
        A `Summary`; its `code` is 0 when all are graded, 1 when some are unreadable or failed.

    Raises:
        GradeError: grading cannot begin. The command line makes exit code 2 of it. KeyboardInterrupt: results made so far stay.

    Example:
        >>> print(grade(load_source("07-loss.md"), "submitted", out="results", jobs=2))
        grade: 31 of 31 graded (0 kept from before), 0 unreadable, 0 failed, 3 flagged; mean 7.81, median 8 of 10; 310 a minute
    """
    started = time.monotonic()
    _check(jobs, timeout, wall)
    folder = Path(out)
    todo = [_task(found, exercise, seed) for found in in_shard(_found(submissions, exercise.name), shard)]
    folder.mkdir(parents=True, exist_ok=True)
    if sandbox == "none":
        print("grade: students' code runs without a sandbox: it can read, change and delete whatever you can", file=sys.stderr)
    kept = {} if force else {task.found.student: old for task in todo if (old := _still_holds(folder, task, exercise))}
    fresh = [task for task in todo if task.found.student not in kept]
    results = list(kept.values())
    with (
        _bar(len(todo), len(kept), progress) as bar,
        Pool(Settings(exercise, sandbox, timeout, wall), min(jobs, len(fresh))) as pool,
    ):
        for result in pool.run(fresh):
            write_result(folder, result)
            results.append(result)
            bar.update()
    return summary(results, len(kept), exercise, time.monotonic() - started)


def _found(submissions: str | Path, exercise: str) -> list[Found]:
    try:
        found = find_submissions(submissions, exercise)
    except OSError as error:
        raise GradeError(f"grade: {error}") from error
    if not found:
        raise GradeError(
            f"grade: there is no submission for {exercise} in {submissions}; expected STUDENT.ipynb or STUDENT/{exercise}/"
        )
    return found


def _check(jobs: int, timeout: float | int, wall: float | int | None) -> None:
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise GradeError(f"grade: jobs: got {jobs!r}, expected an int of at least 1")
    if not timeout > 0:
        raise GradeError(f"grade: timeout: got {timeout!r}, expected seconds above 0")
    if wall is not None and not wall > 0:
        raise GradeError(f"grade: wall: got {wall!r}, expected seconds above 0")
    if not hasattr(os, "fork"):
        raise GradeError("grade: this system cannot fork processes. Grade under Linux, macOS, or Windows' Linux subsystem (WSL).")


def in_shard(found: Sequence[Found], shard: tuple[int, int] | None) -> list[Found]:
    """Those of a slice (i, n), i from 1 to n. Submissions of one name fall into one slice.

    Raises:
        GradeError: no such slice.
    """
    if shard is None:
        return list(found)
    i, n = shard
    if not 1 <= i <= n:
        raise GradeError(f"grade: shard: got {i}/{n}, expected i/n with i from 1 to n")
    return [each for each in found if _slice_of(each.student, n) == i - 1]


def _slice_of(student: str, n: int) -> int:
    name = student.partition("~")[0].casefold()
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % n


def _task(found: Found, exercise: Exercise, seed: str | int | None) -> Task:
    return Task(found, digest(found.path), values_for(exercise, seed, found.student.partition("~")[0]))


def _still_holds(folder: Path, task: Task, exercise: Exercise) -> dict | None:
    """An earlier result of the same submission, source and variant, unless it failed."""
    try:
        old = json.loads(result_file(folder, task.found.student).read_text(encoding="utf-8"))
        wanted = {
            "format": FORMAT,
            "exercise": exercise.name,
            "student": task.found.student,
            "submission_sha256": task.sha256,
            "source_sha256": exercise.sha256,
            "variant": json.loads(json.dumps(task.variant)),
        }
        same = all(old[key] == value for key, value in wanted.items())
        return old if same and old["status"] in ("graded", "unreadable") else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def summary(results: Sequence[dict], kept: int, exercise: Exercise, seconds: float | int) -> Summary:
    """Count results. See `Summary`."""
    states = [result["status"] for result in results]
    scores = [result["score"] for result in results if result["status"] == "graded"]
    flagged = sum(any(flag["kind"] != "manual" for flag in result["flags"]) for result in results)
    return Summary(
        states.count("graded"),
        states.count("unreadable"),
        states.count("failed"),
        kept,
        flagged,
        statistics.mean(scores) if scores else None,
        statistics.median(scores) if scores else None,
        sum(test.points for test in exercise.tests),
        60 * (len(results) - kept) / max(seconds, 1e-9),
    )


@contextlib.contextmanager
def _bar(total: int, done: int, progress: bool) -> Iterator:
    from tqdm import tqdm

    with tqdm(total=total, initial=done, unit="submission", disable=not progress, file=sys.stderr) as bar:
        yield bar
