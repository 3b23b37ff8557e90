"""The command line `coursework`: release, grade, report. What each does is in the module of its name; here is only how it is asked.

Exit codes: 0, all is well; 1, it was done, but something needs a look (a self-test that failed, a submission that could not be
graded); 2, nothing was done, because of what was asked or is missing. What goes wrong is said in one line.
"""

import argparse
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coursework.wire.limits import TIMEOUT

DONE, LOOK, REFUSED = 0, 1, 2
HERE = Path(__file__).resolve().parents[1]  # the repository: this kit is installed from its folder there
PRACTICE = HERE / "book" / "exercises" / "source"
SANDBOXES = ("auto", "bwrap", "docker", "none")

ABOUT = """\
Exercises for a course: make what students get, grade what they hand in, report.

  coursework release   makes the students' notebooks of the exercises' sources
  coursework grade     runs submissions behind a sandbox and scores them
  coursework report    makes tables and pages of the scores

`coursework COMMAND --help` says more. The book's page "For instructors" leads through all of it.
"""
RELEASE = """\
Make students' notebooks of the sources in a folder. First every exercise is tried: its reference must pass its own tests, an empty
answer must earn nothing, and every wrong answer in it must be rejected. When one does not, nothing is written.

Without --source, the book's practice exercises are made again, with their pages of solutions.
With --source DIR, no solutions are written unless you say where with --solutions.
"""
RELEASE_EXAMPLES = """\
examples:
  coursework release                                             the book's own exercises
  coursework release --check 07-loss                             try one of them, write nothing
  coursework release --source private --out released             your assignments
  coursework release --source private --out released --students class.csv
"""
GRADE = """\
Grade every submission for an exercise. Students' code runs in a locked-down process that sees neither the tests nor the network nor
other submissions; one result file a submission is written, whatever it does. A run that was broken off goes on where it stood.
"""
GRADE_EXAMPLES = """\
SUBMISSIONS holds STUDENT.ipynb, or STUDENT/EXERCISE/EXERCISE.ipynb as nbgrader collects them, or both.

examples:
  coursework grade private/kl.md submitted -o results/kl -j 4
  coursework grade private/kl.md submitted -o results/kl --seed "a text that only you know"
  coursework grade private/kl.md submitted -o results/kl --shard 2/8      the second of eight slices, say on the second machine
"""
REPORT = """\
Make a report of the result files in a folder and the folders in it. Nothing of a test's code is in any of them.
"""
REPORT_EXAMPLES = """\
formats:
  csv          one row a student: a column for each test, the sum, the flags
  canvas       the file that Canvas's gradebook imports; --roster takes ids from the file that it exports
  gradescope   one results.json a student, as Gradescope reads them; with one result, -o may be that file
  html         index.html for you, and a page for each student that you can send or print

examples:
  coursework report results --format csv
  coursework report results --format html -o feedback
  coursework report results --format canvas --roster canvas-export.csv -o grades.csv
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code.

    Example:
        >>> main(["release", "--check", "07-loss"])
        0
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return REFUSED
    try:
        _check_extra()
        return options.run(options)
    except _Refused as refused:
        return _say(str(refused))
    except KeyboardInterrupt:
        return _say("stopped; results made so far are kept")
    except OSError as error:
        return _say(f"{error.filename or 'a file'}: {error.strerror or error}")


class _Refused(Exception):  # noqa: N818
    """Something that the user can mend, in one line."""


def _say(message: str) -> int:
    print(f"coursework: {message}", file=sys.stderr)
    return REFUSED


def _check_extra() -> None:
    missing = [name for name in ("jupytext", "nbgrader") if importlib.util.find_spec(name) is None]
    if missing:
        raise _Refused(f"{' and '.join(missing)} missing: pip install -e ./coursework in the course's folder")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="coursework", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", help=argparse.SUPPRESS)
    parser._positionals.title = argparse.SUPPRESS
    for name, add, text, examples in (
        ("release", _add_release, RELEASE, RELEASE_EXAMPLES),
        ("grade", _add_grade, GRADE, GRADE_EXAMPLES),
        ("report", _add_report, REPORT, REPORT_EXAMPLES),
    ):
        add(commands.add_parser(name, description=text, epilog=examples, formatter_class=argparse.RawDescriptionHelpFormatter))
    return parser


def _add_release(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these exercises (file names without .md); default: all")
    parser.add_argument("--source", type=Path, metavar="DIR", help="folder of the sources; default: the book's practice exercises")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the notebooks; needed with --source")
    parser.add_argument("--solutions", type=Path, metavar="DIR", help="folder for pages of solutions")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--students", type=Path, metavar="FILE", help="the class: names, a line each, or a table: a notebook for each")
    who.add_argument("--groups", type=Path, metavar="FILE", help="the same with a column of groups: a notebook for each group")
    parser.add_argument("--check", action="store_true", help="try the exercises and write nothing")
    parser.add_argument("--force", action="store_true", help="overwrite files that were changed or made by something else")
    parser.set_defaults(run=_release)


def _add_grade(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("exercise", metavar="EXERCISE", help="a source, or the name of one of the book's exercises")
    parser.add_argument("submissions", type=Path, metavar="SUBMISSIONS", help="a folder")
    parser.add_argument("-o", "--out", type=Path, default=Path("results"), metavar="DIR", help="for result files; default: results")
    parser.add_argument(
        "-j", "--jobs", type=_at_least_one, default=os.cpu_count() or 1, metavar="N", help="processes; default: cores"
    )
    parser.add_argument(
        "--sandbox", choices=SANDBOXES, default="auto", help="auto: bwrap, or else docker; none: no protection at all"
    )
    parser.add_argument("--shard", type=_shard, metavar="I/N", help="grade the I-th of N slices; results of all go in one folder")
    parser.add_argument("--seed", metavar="TEXT", help="the one of the release, where there are variants")
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=TIMEOUT,
        metavar="S",
        help=f"seconds of processor time for a cell and for a test; default: {TIMEOUT}",
    )
    parser.add_argument(
        "--wall", type=_seconds, metavar="S", help="seconds of the clock for the same; default: ten times --timeout"
    )
    parser.add_argument("--force", action="store_true", help="grade again what has a result already")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(run=_grade)


def _add_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "results", type=Path, metavar="RESULTS", help="a folder that `coursework grade` wrote, or one of such folders"
    )
    parser.add_argument("--format", choices=("csv", "canvas", "gradescope", "html"), default="csv", help="default: csv")
    parser.add_argument("-o", "--out", type=Path, metavar="PATH", help="file (csv, canvas; default: printed) or folder")
    parser.add_argument("--roster", type=Path, metavar="FILE", help="canvas: the gradebook that Canvas exported, for its ids")
    parser.set_defaults(run=_report)


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"got {text}, expected a whole number of 1 or more")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"got {text}, expected seconds above 0")
    return value


def _shard(text: str) -> tuple[int, int]:
    first, slash, count = text.partition("/")
    if not (slash and first.isdecimal() and count.isdecimal() and 1 <= int(first) <= int(count)):
        raise argparse.ArgumentTypeError(f"got {text}, expected I/N such as 2/8")
    return int(first), int(count)


def _release(options: argparse.Namespace) -> int:
    from coursework.assignment import release, roster, source, stamp

    folder, out, solutions = _folders(options)
    try:
        exercises = source.load_sources(folder, [name.removesuffix(".md") for name in options.names])
        students = _students(options)
        private = folder.resolve() != PRACTICE
        key = (
            (stamp.read_key(folder) or stamp.Key.new()) if private else None
        )  # a new one is kept once there is something to release
        where = {"solutions": solutions, "students": students, "force": options.force}
        if not options.check:
            release.plan(exercises, out, key=key, **where)
        if _tried(exercises):
            return LOOK
        if options.check:
            return DONE
        made = release.release(exercises, out, key=_key(folder) if private else None, **where)
    except (release.ReleaseError, roster.RosterError, source.SourceError, stamp.KeyFileError) as error:
        raise _Refused(str(error)) from error
    _tell(exercises, made, out, students)
    return DONE


def _key(folder: Path) -> Any:
    """The key of a folder of sources, made where there is none yet."""
    from coursework.assignment.stamp import KEY_FILE, make_key, read_key

    if (key := read_key(folder)) is None:
        key = make_key(folder)
        print(f"{folder / KEY_FILE}: made. Keep a copy where no student can read it: grading needs it.")
    return key


def _folders(options: argparse.Namespace) -> tuple[Path, Path, Path | None]:
    """Where the sources are, where the notebooks go, and where the solutions, if anywhere."""
    if options.source is None:
        if not PRACTICE.is_dir():
            raise _Refused(f"{PRACTICE} is not there: give the folder of the sources with --source")
        out = options.out or PRACTICE.parent
        return PRACTICE, out, options.solutions or (out / "solutions" if options.out is None else None)
    if options.out is None and not options.check:
        raise _Refused("got --source without --out, expected the folder to write the students' notebooks to")
    return options.source, options.out or Path(), options.solutions


def _students(options: argparse.Namespace) -> Any:
    from coursework.assignment.roster import read_class

    path = options.students or options.groups
    return None if path is None else read_class(path, groups=options.groups is not None)


def _tried(exercises: Sequence) -> bool:
    """Try every exercise, say how it went, and whether anything is wrong."""
    from coursework.selftest import own_supervisor, self_test

    wrong = False
    with own_supervisor() as supervisor:
        for exercise in exercises:
            problems = self_test(exercise, supervisor)
            wrong = wrong or bool(problems)
            for problem in problems:
                print(f"coursework: {problem}", file=sys.stderr)
            if not problems:
                rejected = f"{len(exercise.wrong)} wrong answer{'s' * (len(exercise.wrong) != 1)} rejected"
                print(f"{exercise.name}: {len(exercise.tests)} checked, {exercise.max_score:g} points, {rejected}", flush=True)
    if wrong:
        print("coursework: nothing was written: mend the above first", file=sys.stderr)
    return wrong


def _tell(exercises: Sequence, made: dict[Path, str], out: Path, students: Any) -> None:
    if students is None:
        for path, what in made.items():
            print(f"{path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}: {what}")
        for exercise in exercises:
            if exercise.variants:
                print(f"{exercise.name}: first value of each variant; --students or --groups gives each their own")
        return
    written = sum(what == "written" for what in made.values())
    whom = students.recipients()
    print(f"{out}: {len(whom)} folders, {len(made)} files, {written} written, {len(made) - written} unchanged")


def _grade(options: argparse.Namespace) -> int:
    from coursework.assignment.source import SourceError
    from coursework.scoring.grade import grade
    from coursework.scoring.pool import GradeError

    try:
        exercise = _exercise(options.exercise)
        if not options.submissions.is_dir():
            raise _Refused(f"{options.submissions}: got no folder, expected one with a notebook for each student")
        if exercise.variants and options.seed is None:
            print("coursework: no --seed: everybody is graded with the first value of each variant", file=sys.stderr)
        summary = grade(
            exercise,
            options.submissions,
            out=options.out,
            jobs=options.jobs,
            sandbox=options.sandbox,
            shard=options.shard,
            seed=options.seed,
            timeout=options.timeout,
            wall=options.wall,
            force=options.force,
            progress=not options.quiet,
        )
    except (GradeError, SourceError) as error:
        raise _Refused(str(error)) from error
    print(summary)
    return LOOK if summary.unreadable or summary.failed else DONE


def _exercise(name: str) -> Any:
    """An exercise by its file, or one of the book's by its name."""
    from coursework.assignment.source import SUFFIXES, SourceError, load_source

    path = Path(name)
    if path.suffix in SUFFIXES or path.is_file():
        return load_source(path)
    own = PRACTICE / f"{name}.md"
    if not own.is_file():
        known = ", ".join(sorted(each.stem for each in PRACTICE.glob("*.md")))
        raise SourceError(f"{name}: got no source of this name, expected a file, or one of the book's: {known}")
    return load_source(own)


def _report(options: argparse.Namespace) -> int:
    from coursework.report.report import ReportError, report

    try:
        print(report(options.results, options.format, options.out, roster=options.roster))
    except ReportError as error:
        raise _Refused(str(error)) from error
    return DONE


if __name__ == "__main__":
    sys.exit(main())
