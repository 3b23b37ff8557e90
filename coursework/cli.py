"""The command line `coursework`: release, grade, mark, report. What each does is in the module of its name; here is only how it is
asked.

Exit codes: 0, all is well; 1, it was done, but something needs a look (a self-test that failed, a file that could not be graded); 2,
nothing was done, because of what was asked or is missing; 3, it is not finished, and the same command goes on where it stopped. What
goes wrong is said in one line.
"""

import argparse
import importlib.util
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coursework.wire.limits import TIMEOUT

DONE, LOOK, REFUSED, UNFINISHED = 0, 1, 2, 3
HERE = Path(__file__).resolve().parents[1]  # the repository: this kit is installed from its folder there
PRACTICE = HERE / "book" / "exercises" / "source"
SANDBOXES = ("auto", "bwrap", "none")
FORMATS = ("csv", "canvas", "moodle", "gradescope", "nbgrader", "html")

ABOUT = """\
Exercises for a course: make what students get, grade what they hand in, report.

  coursework release   makes the students' notebooks of the exercises' sources
  coursework grade     runs submissions behind a sandbox and scores them
  coursework mark      opens a page on which you mark answers in words
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
The first release of a folder makes its key, coursework.key: it signs each notebook and draws each student's numbers. Keep a copy,
and show it to nobody.

examples:
  coursework release                                             the book's own exercises
  coursework release --check 07-loss                             try one of them, write nothing
  coursework release --source private --out released             your assignments
  coursework release --source private --out released --students class.csv
"""
GRADE = """\
Grade every submission for an exercise. Students' code runs in a locked-down process that sees neither the tests nor the network nor
other submissions; every file is accounted for, whatever it is. A run that was broken off goes on where it stood.
"""
GRADE_EXAMPLES = """\
SUBMISSIONS is a folder, or a zip as Canvas and Moodle give it to download: of STUDENT.ipynb, STUDENT/EXERCISE/… as nbgrader
collects them, or files as those platforms name them. Results go into the folder EXERCISE in DIR.

examples:
  coursework grade private/week3.md week3.zip --students class.csv
  coursework grade private/week3.md submitted -o results -j 4
  coursework grade private/week3.md submitted --only kim --force          one student again
  coursework grade private/week3.md submitted --forbid companion.losses   who imports it earns nothing by it
  coursework grade private/week3.md submitted --shard 2/8                 the second of eight slices, say on the second machine
exit codes:
  0 done; flags are counted and do not change it
  1 done, but a file could not be graded: it is unreadable, of another assignment or nobody's
  2 refused, nothing done
  3 not finished: run the same command again
"""
MARK = """\
Mark answers in words, on a page in your browser that only this machine can open. Every mark is saved at once, beside the results.
"""
MARK_EXAMPLES = """\
examples:
  coursework mark results/week3
"""
REPORT = """\
Make a report of the results in a folder, of one exercise or of several. Nothing of a test's code is in any of them.
"""
REPORT_EXAMPLES = """\
formats:
  csv          one row a student: a column for each test, the sum, the flags
  canvas       the file that Canvas's gradebook imports; --roster takes ids from the file that it exports
  moodle       Moodle's grading worksheet filled in, and a zip of feedback; --roster is the worksheet that Moodle exports
  gradescope   one results.json a student, as Gradescope reads them; with one result, -o may be that file
  nbgrader     scores and comments in nbgrader's gradebook.db
  html         index.html for you, and a page for each student that you can send or print

examples:
  coursework report results --format csv
  coursework report results/week3 --format html -o feedback
  coursework report results --format canvas --roster canvas-export.csv -o grades.csv
  coursework report results/week3 --times times.csv --due 2026-12-01T23:59+09:00 --late per_day=0.1,days=3
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code.

    Example:
        >>> main(["release", "--check", "07-loss"])
        0
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    options.words = list(sys.argv[1:] if arguments is None else arguments)
    if options.command is None:
        parser.print_help()
        return REFUSED
    try:
        _check_extra()
        return options.run(options)
    except _Refused as refused:
        return _say(str(refused))
    except KeyboardInterrupt:
        return _say("stopped; results made so far are kept: the same command goes on", UNFINISHED)
    except OSError as error:
        return _say(f"{error.filename or 'a file'}: {error.strerror or error}")
    except Exception:  # Python's own code for it, 1, would say that all is done
        traceback.print_exc()
        return _say("this is a fault of the program; what it has written so far is kept", UNFINISHED)


class _Refused(Exception):  # noqa: N818
    """Something that the user can mend, in one line."""


def _say(message: str, code: int = REFUSED) -> int:
    print(f"coursework: {message}", file=sys.stderr)
    return code


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
        ("mark", _add_mark, MARK, MARK_EXAMPLES),
        ("report", _add_report, REPORT, REPORT_EXAMPLES),
    ):
        add(commands.add_parser(name, description=text, epilog=examples, formatter_class=argparse.RawDescriptionHelpFormatter))
    return parser


def _add_release(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these exercises (file names without .md); default: all")
    parser.add_argument("--source", type=Path, metavar="DIR", help="folder of the sources; default: the book's practice exercises")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the notebooks; needed with --source")
    parser.add_argument("--solutions", type=Path, metavar="DIR", help="folder for pages of solutions")
    _add_class(parser, "a notebook for each student", "a notebook for each group")
    parser.add_argument("--check", action="store_true", help="try the exercises and write nothing")
    parser.add_argument("--force", action="store_true", help="overwrite files that were changed or made by something else")
    parser.set_defaults(run=_release)


def _add_class(parser: argparse.ArgumentParser, students: str, groups: str) -> None:
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--students", type=Path, metavar="FILE", help=f"the class list: {students}")
    who.add_argument("--groups", type=Path, metavar="FILE", help=f"the class list with groups: {groups}")


def _add_grade(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("exercise", metavar="EXERCISE", help="a source, or the name of one of the book's exercises")
    parser.add_argument("submissions", type=Path, metavar="SUBMISSIONS", help="a folder, or a .zip")
    _add_class(parser, "who is who, and who handed nothing in", "the same, where notebooks were for groups")
    parser.add_argument("--key", type=Path, metavar="FILE", help="the key of the release; default: coursework.key beside EXERCISE")
    parser.add_argument("-o", "--out", type=Path, default=Path("results"), metavar="DIR", help="for results; default: results")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes; default: cores")
    parser.add_argument("--sandbox", choices=SANDBOXES, default="auto", help="auto: bwrap; none: no protection at all")
    parser.add_argument("--shard", type=_shard, metavar="I/N", help="grade the I-th of N slices; results of all go in one folder")
    parser.add_argument("--only", nargs="+", action="extend", default=[], metavar="STUDENT", help="grade these and nobody else")
    parser.add_argument(
        "--forbid", nargs="+", action="extend", default=[], metavar="MODULE", help="modules that students' code may not import"
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=TIMEOUT,
        metavar="S",
        help=f"seconds of processor time for a cell and for a test; default: {TIMEOUT}",
    )
    parser.add_argument("--wall", type=float, metavar="S", help="seconds of the clock for the same; default: ten times --timeout")
    parser.add_argument("--force", action="store_true", help="grade again what has a result already")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(run=_grade)


def _add_mark(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("results", type=Path, metavar="RESULTS", help="the folder of an exercise's results")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="of the page; default: a free one")
    parser.set_defaults(run=_mark)


def _add_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "results", type=Path, metavar="RESULTS", help="a folder that `coursework grade` wrote, or one exercise's in it"
    )
    parser.add_argument("--format", choices=FORMATS, default="csv", help="default: csv")
    parser.add_argument(
        "-o", "--out", type=Path, metavar="PATH", help="file (csv, canvas, moodle: printed without it; nbgrader) or folder"
    )
    parser.add_argument("--roster", type=Path, metavar="FILE", help="canvas, moodle: the table that the platform exported")
    parser.add_argument(
        "--times",
        type=Path,
        metavar="FILE",
        help="when students handed in: columns student and submitted, or days; or Moodle's worksheet, which --roster may be, too",
    )
    parser.add_argument("--due", metavar="TIME", help="in place of the source's: 2026-12-01T23:59+09:00")
    parser.add_argument("--late", metavar="RULE", help="in place of the source's: per_day=0.1,days=3,grace_minutes=10")
    parser.set_defaults(run=_report)


def _shard(text: str) -> tuple[int, int]:
    first, _, count = text.partition("/")
    if not (first.isdecimal() and count.isdecimal()):
        raise argparse.ArgumentTypeError(f"got {text}, expected I/N such as 2/8")
    return int(first), int(count)


def _release(options: argparse.Namespace) -> int:
    from coursework.assignment import release, roster, source, stamp

    folder, out, solutions = _folders(options)
    try:
        exercises = source.load_sources(folder, [name.removesuffix(".md") for name in options.names])
        students = _class_list(options)
        key = None if options.source is None else stamp.read_key(folder)
        what: dict[str, Any] = {"solutions": solutions, "students": students, "force": options.force}
        if not options.check:
            release.plan(exercises, out, key=key or _new_key(options), **what)
        if _tried(exercises, key):
            return LOOK
        if options.check:
            return DONE
        if key is None and options.source is not None:
            key = stamp.make_key(folder)
            print(f"{folder / stamp.KEY_FILE}: made. Grading needs it: keep a copy, and show it to nobody")
        made = release.release(exercises, out, key=key, **what)
    except (release.ReleaseError, roster.RosterError, source.SourceError, stamp.KeyFileError) as error:
        raise _Refused(str(error)) from error
    _tell(exercises, made, out, students)
    return DONE


def _new_key(options: argparse.Namespace) -> Any:
    """A key to plan with, which is thrown away."""
    from coursework.assignment.stamp import Key

    return None if options.source is None else Key.new()


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


def _class_list(options: argparse.Namespace) -> Any:
    from coursework.assignment.roster import read_class

    path = options.students or options.groups
    return None if path is None else read_class(path, groups=options.groups is not None)


def _tried(exercises: Sequence, key: Any) -> bool:
    """Try every exercise, say how it went, and whether anything is wrong."""
    from coursework.selftest import own_supervisor, self_test

    wrong = False
    with own_supervisor() as supervisor:
        for exercise in exercises:
            problems = self_test(exercise, supervisor, key)
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
    print(f"{out}: {len(students.recipients())} folders, {len(made)} files, {written} written, {len(made) - written} unchanged")


def _grade(options: argparse.Namespace) -> int:
    from coursework.assignment import roster, source, stamp
    from coursework.scoring.grade import grade
    from coursework.scoring.grader import GradeError
    from coursework.scoring.pool import NotFinishedError
    from coursework.scoring.terms import Terms

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a cluster asks so
    try:
        exercise = _exercise(options.exercise)
        summary = grade(
            exercise,
            options.submissions,
            out=options.out,
            key=stamp.read_key(options.key or exercise.path.parent),
            students=_class_list(options),
            jobs=options.jobs,
            sandbox=options.sandbox,
            shard=options.shard,
            only=options.only,
            terms=Terms(options.timeout, options.wall, tuple(options.forbid)),
            force=options.force,
            progress=not options.quiet,
            command=["coursework", *options.words],
        )
    except (GradeError, source.SourceError, roster.RosterError, stamp.KeyFileError) as error:
        raise _Refused(str(error)) from error
    except NotFinishedError as error:
        return _say(str(error), UNFINISHED)
    return _told(summary)


def _told(summary: Any) -> int:
    """Say how grading went; the exit code."""
    for note in summary.notes:
        print(f"coursework: {note}", file=sys.stderr)
    for change in summary.changes:
        print(f"{change.student}: {'damaged' if change.old is None else f'{change.old:g}'} -> {change.new:g}")
    print(summary)
    if summary.failed:
        return _say("the grader itself failed at some: the same command tries them again", UNFINISHED)
    return LOOK if summary.unreadable or summary.odd else DONE


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


def _mark(options: argparse.Namespace) -> int:
    from coursework.report.marking import serve
    from coursework.report.reading import ReportError

    try:
        return serve(options.results, options.port)
    except ReportError as error:
        raise _Refused(str(error)) from error


def _report(options: argparse.Namespace) -> int:
    from coursework.report.report import ReportError, report

    try:
        rule = {"due": options.due, "late": options.late, "times": options.times}
        made = report(options.results, options.format, options.out, roster=options.roster, **rule)
    except ReportError as error:
        raise _Refused(str(error)) from error
    print(made.said)
    for line in made.look:
        print(f"coursework: {line}", file=sys.stderr)
    return LOOK if made.look else DONE


if __name__ == "__main__":
    sys.exit(main())
