"""A folder or a zip of submissions graded: on several processes, resumable, in slices for several machines, one result file each.

Every file that was handed in is accounted for, whatever it is and whatever it does. A result that is there already and still holds
(same submission, same source, same values, whole) is kept, so that a run that was broken off goes on where it stood, and slices of one
folder graded on several machines merge by copying their files together.
"""

import contextlib
import errno
import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from coursework.assignment.roster import ClassList
from coursework.assignment.source import Exercise
from coursework.assignment.stamp import Key
from coursework.assignment.variants import secret_seed
from coursework.files import listed_names
from coursework.handin.archives import ArchiveError
from coursework.handin.rows import Collected, Row, WrongKeyError, collect
from coursework.scoring.grader import GradeError, Settings, Task
from coursework.scoring.pool import NotFinishedError, Pool
from coursework.scoring.results import (
    DamagedError,
    Result,
    as_json,
    class_file,
    class_json,
    folder_of,
    read_result,
    result_file,
    write_result,
)
from coursework.scoring.terms import Terms

FULL = (errno.ENOSPC, errno.EDQUOT)
KEPT = ("graded", "unreadable")
MOST_NAMES = 10  # in one message


class Change(NamedTuple):
    """A result that was made again. old: its points before, or None where that file was damaged; new: its points now."""

    student: str
    old: float | int | None
    new: float | int


class Summary(NamedTuple):
    """What a run gave, of the students that it was asked for.

    handed_in: students of whom a file came. graded, unreadable, failed: results by status. kept: how many of them an earlier run had
    made. flagged: how many hold something for the instructor to look at. mean, median: of the tests' points of those graded, or None.
    max_score: of the tests; by_hand: points that a person can add. changes: results that were made again and have other points. notes:
    what else to tell, a line each. missing: who handed nothing in. odd: files that are nobody's submission for this exercise.
    per_minute: the rate of this run.
    """

    handed_in: int

    graded: int
    unreadable: int
    failed: int
    kept: int
    flagged: int
    mean: float | None
    median: float | None
    max_score: float
    by_hand: float
    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    missing: tuple[str, ...]
    odd: int
    per_minute: float

    def __str__(self) -> str:
        return f"grade: {'; '.join(self._students())}\ngrade: {'; '.join(self._points())}"

    def _students(self) -> Iterator[str]:
        """Students and files, each in words of their own."""
        failed = f", {self.failed} failed" if self.failed else ""
        who = "student who handed in is" if self.handed_in == 1 else "students who handed in are"
        yield f"{self.graded} of {self.handed_in} {who} graded ({self.kept} kept from before){failed}, {self.flagged} flagged"
        if odd := self.unreadable + self.odd:
            yield f"{odd} {'file is' if odd == 1 else 'files are'} unreadable, of another assignment or nobody's"
        if self.missing:
            yield f"{len(self.missing)} handed nothing in"

    def _points(self) -> Iterator[str]:
        if self.mean is not None:
            yield f"tests: mean {self.mean:.2f}, median {self.median:g} of {self.max_score:g}"
        if self.by_hand:
            yield f"{self.by_hand:g} more {'point is' if self.by_hand == 1 else 'points are'} marked by hand"
        yield f"{self.per_minute:.0f} a minute"


def grade(
    exercise: Exercise,
    submissions: str | Path,
    *,
    out: str | Path,
    key: Key | None = None,
    students: ClassList | None = None,
    jobs: int = 2,
    sandbox: str = "auto",
    shard: tuple[int, int] | None = None,
    only: Sequence[str] = (),
    terms: Terms = Terms(),  # noqa: B008 (nothing can change it)
    force: bool = False,
    progress: bool = True,
    command: Sequence[str] = (),
) -> Summary:
    """Grade submissions into `out/EXERCISE`: `class.json`, and a file a student in `students`.

    Args:
        exercise: an `Exercise`.
        submissions: a folder or a zip; see `handin.collect` for its layouts.
        out: the folder of all results; each exercise has its own in it.
        key: with which variants and stamps were made, and with which the tests' `secret_seed` is drawn; None: without.
        students: the class list, where there is one.
        jobs: how many processes. Each takes a core, and some 300 MB with its workers.
        sandbox: "auto", "bwrap" or "none"; see `sandbox.supervisor`.
        shard: (i, n) grades the i-th of n slices, i from 1. Which slice a student is in hangs on the name alone.
        only: grade these students and nobody else; their names as on the class list.
        terms: limits of time, and modules that are forbidden besides those that the source forbids.
        force: grade again what has a result already.
        progress: show a bar.
        command: the words with which this was asked for, kept with the results.

    Raises:
        GradeError: grading cannot begin; nothing was done. NotFinishedError, KeyboardInterrupt: grading stopped on its way; results
            made so far stay, and the same call goes on.

    Example:
        >>> print(grade(load_source("07-loss.md"), "submitted", out="results", jobs=2))
        grade: 30 of 31 students who handed in are graded (0 kept from before), 3 flagged; 1 file is unreadable, of another …
        grade: tests: mean 7.81, median 8 of 10; 2 more points are marked by hand; 54 a minute
    """
    started = time.monotonic()
    _check(jobs, terms, shard)
    terms = terms._replace(seed=secret_seed(exercise, key))
    if sandbox == "none":
        print("grade: students' code runs without a sandbox: it can read, change and delete whatever you can", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="coursework-") as scratch:
        collected = _collected(exercise, submissions, key, students, Path(scratch))
        wanted = _wanted(collected.rows, only, shard, students)
        rows = [(row.student, row) for row in collected.rows if row.student in wanted and row.state == "grade"]
        run = _Run(exercise, folder_of(out, exercise.name), rules_of(exercise, terms, key), rows, force)
        run.about(collected, students, str(Path(submissions).resolve()), command)
        with (
            _bar(len(rows), len(run.kept), progress) as bar,
            Pool(Settings(exercise, sandbox, terms), min(jobs, len(run.fresh))) as pool,
        ):
            for task, result in pool.run(list(run.fresh)):
                run.write(task, result)
                bar.update()
        run.finish()
        if only:
            run.tell_older()
        told = [row for row in collected.rows if row.student in wanted or (row.student is None and not only)]
        return summary(run, told, () if only else run.class_content["missing"], time.monotonic() - started)


def _check(jobs: int, terms: Terms, shard: tuple[int, int] | None) -> None:
    if jobs < 1:
        raise GradeError(f"grade: jobs: got {jobs}, expected 1 or more")
    for name, seconds in (("timeout", terms.timeout), ("wall", terms.clock)):
        if not 0 < seconds < float("inf"):
            raise GradeError(f"grade: {name}: got {seconds}, expected seconds above 0")
    if shard is not None and not 1 <= shard[0] <= shard[1]:
        raise GradeError(f"grade: shard: got {shard[0]}/{shard[1]}, expected i/n with i from 1 to n")
    if not hasattr(os, "fork"):
        raise GradeError("grade: this system cannot fork processes. Grade under Linux, or Windows' Linux subsystem (WSL).")


def _collected(
    exercise: Exercise, submissions: str | Path, key: Key | None, students: ClassList | None, scratch: Path
) -> Collected:
    try:
        collected = collect(Path(submissions), exercise, key=key, students=students, scratch=scratch)
    except (ArchiveError, WrongKeyError) as error:
        raise GradeError(f"grade: {error}") from error
    except OSError as error:
        raise GradeError(f"grade: {error.filename or submissions}: {error.strerror or error}") from error
    if not collected.rows:
        raise GradeError(
            f"grade: there is no submission for {exercise.name} in {submissions}; expected STUDENT.ipynb, "
            f"STUDENT/{exercise.name}/, or what Canvas or Moodle gives to download"
        )
    return collected


def _wanted(rows: Sequence[Row], only: Sequence[str], shard: tuple[int, int] | None, students: ClassList | None) -> set[str]:
    """The students whom this run is about, of those of whom a file came."""
    wanted = {row.student for row in rows if row.student is not None}
    if only:
        wanted = {_whom(name, rows, students) for name in only}
    if shard is not None:
        wanted = {student for student in wanted if slice_of(student, shard[1]) == shard[0] - 1}
    return wanted


def _whom(name: str, rows: Sequence[Row], students: ClassList | None) -> str:
    """The student whom a name on the command line means."""
    known = {row.student.casefold(): row.student for row in rows if row.student is not None and row.state == "grade"}
    listed = students.find(name) if students is not None else None
    names = [each.casefold() for each in ((name, listed.id, listed.group) if listed else (name,))]
    for each in names:
        if each in known:
            return known[each]
    if came := [row for row in rows if row.student is not None and row.student.casefold() in names]:
        raise GradeError(f"grade: --only: got {name}, of whom nothing can be graded: {'; '.join(map(_told, came))}")
    expected = listed_names(sorted(known.values()), MOST_NAMES) or "nobody"
    raise GradeError(f"grade: --only: got {name}, who handed nothing in; expected one of {expected}")


def _told(row: Row) -> str:
    """A file that is not graded, and why."""
    return " ".join([f"{row.file}: {row.state}.", *(flag.detail for flag in row.flags)])


def slice_of(student: str, n: int) -> int:
    """In which of n slices a student is, from 0; by the name alone."""
    return int.from_bytes(hashlib.sha256(student.casefold().encode("utf-8", "replace")).digest()[:8], "big") % n


class _Run:
    """One run over a folder: what is kept of earlier ones, what is fresh, and what it wrote."""

    def __init__(self, exercise: Exercise, folder: Path, rules: str, rows: Sequence[tuple[str, Row]], force: bool):
        self.exercise, self.folder, self.rules = exercise, folder, rules
        self.results: dict[str, dict] = {}
        self.changes: list[Change] = []
        self.notes: list[str] = []
        self.kept: set[str] = set()
        self.fresh: list[Task] = []
        self.before: dict[str, dict | None] = {}  # None: a damaged one
        self.facts: dict[str, dict] = {}
        self.class_content: dict = {}
        self.class_written = False
        for student, row in rows:
            self._sort(student, row, force)

    def _sort(self, student: str, row: Row, force: bool) -> None:
        """Keep an earlier result, or note that there is something to do."""
        assert row.path is not None  # there is one where the state is "grade"
        self.facts[student] = {
            "exercise": self.exercise.name,
            "student": student,
            "submission_sha256": row.sha256,
            "source_sha256": self.exercise.sha256,
            "rules_sha256": self.rules,
            "values": json.loads(json.dumps(row.values or {})),
        }
        with contextlib.suppress(FileNotFoundError):
            try:
                self.before[student] = read_result(result_file(self.folder, student))
            except DamagedError as error:
                self.before[student] = None
                self.notes.append(f"{error}; it is graded again")
        old = self.before.get(student)
        same = old is not None and all(old.get(name) == fact for name, fact in self.facts[student].items())
        if old is not None and same and not force and old.get("status") in KEPT:
            self.kept.add(student)
            self.results[student] = old
        else:
            self.fresh.append(Task(student, row.path, dict(row.values or {})))

    def about(self, collected: Collected, students: ClassList | None, submissions: str, command: Sequence[str]) -> None:
        """What the class's file says; rows that another folder gave for other students stay."""
        earlier = self._earlier_rows(submissions, {row.student for row in collected.rows})
        came = {row["student"] for row in earlier}
        missing = [student.id for student in collected.missing if student.whom not in came]
        listed = students.students if students is not None else ()
        facts = {"graded": datetime.now().astimezone().isoformat(timespec="seconds"), "command": list(command)}
        content = class_json(self.exercise, collected.rows, missing, listed, **facts)
        content["rows"] = [row | {"from": submissions} for row in content["rows"]] + earlier
        self.class_content = content

    def _earlier_rows(self, submissions: str, seen: set) -> list[dict]:
        try:
            rows = read_result(class_file(self.folder)).get("rows", [])
        except FileNotFoundError:
            return []
        except DamagedError as error:
            self.notes.append(f"{error}; it is made again")
            return []
        return [row for row in rows if row.get("from") != submissions and row.get("student") not in seen]

    def write(self, task: Task, result: Result) -> None:
        """Write a result, and note whether it gives other points than before. The class's file is there before the first of them."""
        if not self.class_written:
            self._written(class_file(self.folder), self.class_content)
            self.class_written = True
        content = as_json(result, **self.facts[task.student])
        self._written(result_file(self.folder, task.student), content)
        self.results[task.student] = content
        if task.student in self.before:
            old = self.before[task.student]
            points = None if old is None else old.get("score")
            if points != result.score:
                self.changes.append(Change(task.student, points, result.score))

    def finish(self) -> None:
        """Write the class's file, and put aside the results of those of whom nothing is there any more."""
        there = {row["student"] for row in self.class_content["rows"]}
        for path in sorted((self.folder / "students").glob("[!.]*.json")):
            if path.stem not in there:
                aside = self.folder / "aside" / path.name
                aside.parent.mkdir(exist_ok=True)
                os.replace(path, aside)
                self.notes.append(f"{path.stem}: the file that this result was of is gone; the result was moved to {aside}")
        self._written(class_file(self.folder), self.class_content)

    def tell_older(self) -> None:
        """Note how many results, of others than these, hang on another version of the source."""
        older = 0
        for path in (self.folder / "students").glob("[!.]*.json"):
            with contextlib.suppress(DamagedError, FileNotFoundError):
                older += read_result(path).get("source_sha256") != self.exercise.sha256
        if older:
            those = "1 other result was" if older == 1 else f"{older} other results were"
            self.notes.append(
                f"{those} made with another version of the source: run without --only to make {'it' if older == 1 else 'them'} again"
            )

    def _written(self, path: Path, content: dict) -> None:
        try:
            write_result(path, content)
        except OSError as error:
            why = "the disk is full" if error.errno in FULL else error.strerror
            raise NotFinishedError(
                f"grade: {path}: {why}; results made so far are kept. Mend this and run the same command again: it goes on"
            ) from error


def rules_of(exercise: Exercise, terms: Terms, key: Key | None) -> str:
    """A sum of what a result hangs on besides source and submission: forbidden modules, files of the exercise, and which key it was."""
    files = {name: hashlib.sha256((exercise.path.parent / name).read_bytes()).hexdigest() for name in exercise.files}
    rules = json.dumps([sorted(terms.forbidden(exercise)), files, key and key.id], sort_keys=True)
    return hashlib.sha256(rules.encode()).hexdigest()


def summary(run: _Run, rows: Sequence[Row], missing: Sequence[str], seconds: float | int) -> Summary:
    """Count results; `rows` are those to tell of. See `Summary`."""
    results = list(run.results.values())
    states = [result["status"] for result in results]
    scores = [result["score"] for result in results if result["status"] == "graded"]
    flagged = {row.student for row in rows if row.flags and row.student in run.results}
    flagged |= {student for student, result in run.results.items() if any(flag["kind"] != "manual" for flag in result["flags"])}
    odd = [row for row in rows if row.state not in ("grade", "superseded")]
    odd = [row for row in odd if row.flags or row.state != "another assignment"]  # nbgrader's other notebooks are as they should be
    return Summary(
        len({row.student for row in rows} - {None}),
        states.count("graded"),
        states.count("unreadable"),
        states.count("failed"),
        len(run.kept),
        len(flagged),
        statistics.mean(scores) if scores else None,
        statistics.median(scores) if scores else None,
        sum(test.points for test in run.exercise.tests),
        sum(each.points for each in run.exercise.written),
        tuple(run.changes),
        (*run.notes, *map(_told, odd)),
        tuple(missing),
        len(odd),
        60 * (len(results) - len(run.kept)) / max(seconds, 1e-9),
    )


@contextlib.contextmanager
def _bar(total: int, done: int, progress: bool) -> Iterator:
    from tqdm import tqdm

    with tqdm(total=total, initial=done, unit="submission", disable=not progress, file=sys.stderr) as bar:
        yield bar
