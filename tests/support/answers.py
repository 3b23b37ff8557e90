"""Answers as tests: files of right and wrong answers to the exercises of a page, each put through its check and through the grader.

A file is plain Python in `tests/companion/checks/answers`, one answer after another, each below a line that says what it is:

    # %% gaussian_kl | wrong | the mean over the latents | says: mean over
    # %% gaussian_kl | right | by torch.distributions

These are the id of a test, wrong or right, what the answer is, and of a wrong one a pattern that the message has to match. An answer
stands in place of the reference, among the page's own cells; each is tried in a process of its own.

    python -m tests.support.answers FILE

prints what check and grader say of each answer, and counts who was treated unfairly. It takes any such file, of hundreds of answers too.
"""

import argparse
import io
import json
import re
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from coursework.assignment.source import NOT_GRADED, Exercise, Test, Wrong, load_source, role_of
from coursework.assignment.variants import UNKEYED
from coursework.handin.names import NOTHING, names_of
from coursework.scoring.fork import messages_of
from coursework.scoring.messages import without_words
from tests.support import ROOT, direct

SOURCES = ROOT / "book" / "exercises" / "source"
FOLDER = ROOT / "tests" / "companion" / "checks" / "answers"
HEAD = re.compile(r"# ?%% ?(?P<id>[\w-]+) *\| *(?P<kind>wrong|right) *\| *(?P<what>.*?)(?: *\| *says: *(?P<says>.*?))? *")
NUMBER = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.])")
SEEDS = (0, UNKEYED)  # that of practice, and that of the grader, where the book's exercises have no key
SECONDS = 60  # for one answer, its check with every seed


class AnswerFileError(ValueError):
    """A file of answers that cannot be read; says which line, what came and what was expected."""


class Answer(NamedTuple):
    """An answer to try. id: of the test. what: in words. says: what the message must match, "" for nothing. line: of its head."""

    id: str
    right: bool
    what: str
    says: str
    code: str
    line: int

    @property
    def name(self) -> str:
        return f"{self.id}, {'right' if self.right else 'wrong'}: {self.what}"


class Said(NamedTuple):
    """What a check said of an answer. right: None, not answered yet. escaped: what got out of the check, or of the cell, where no
    verdict came."""

    right: bool | None
    message: str
    example: str
    escaped: str = ""

    @property
    def word(self) -> str:
        return "ESCAPED" if self.escaped else {True: "Right", False: "Not yet", None: "open"}[self.right]


class Graded(NamedTuple):
    """What the grader said of an answer. right: it has full marks. detail: what the instructor reads."""

    right: bool
    message: str
    detail: str


def read(path: Path) -> list[Answer]:
    """The answers of a file.

    Raises:
        AnswerFileError: it begins with something else than a head, a head is none, a wrong answer's pattern is none, or one stands twice.
    """
    found: list[Answer] = []
    lines: list[str] = []
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), "# %%"], 1):
        if not re.match(r"# ?%%", line):
            lines.append(line)
            continue
        code, lines = "\n".join(lines).strip("\n"), []
        if found:
            found[-1] = found[-1]._replace(code=code)
        elif _says_something(code):
            raise AnswerFileError(f"{path}: got code above the first line that begins with # %%")
        if line != "# %%":
            found.append(_head(path, number, line))
    if twice := [name for name, times in Counter(answer.name for answer in found).items() if times > 1]:
        raise AnswerFileError(f"{path}: got {twice[0]!r} twice, expected what tells them apart")
    return found


def _says_something(code: str) -> bool:
    return any(line.strip() and not line.startswith("#") for line in re.sub(r'^""".*?"""', "", code, flags=re.DOTALL).splitlines())


def _head(path: Path, number: int, line: str) -> Answer:
    found = HEAD.fullmatch(line)
    expected = "# %% id | wrong | what | says: pattern"
    if found is None or not found["what"]:
        raise AnswerFileError(f"{path}:{number}: got {line!r}, expected {expected}")
    try:
        re.compile(found["says"] or "")
    except re.error as error:
        raise AnswerFileError(f"{path}:{number}: got {found['says']!r}, expected a regular expression: {error}") from error
    return Answer(found["id"], found["kind"] == "right", found["what"], found["says"] or "", "", number)


def some(answers: Sequence[Answer], number: int) -> list[Answer]:
    """The first answers of each kind, to different questions as far as there are that many."""
    found: list[Answer] = []
    for right in (True, False):
        kind = [answer for answer in answers if answer.right is right]
        first = [answer for i, answer in enumerate(kind) if answer.id not in {each.id for each in kind[:i]}]
        found += [*first, *(answer for answer in kind if answer not in first)][:number]
    return found


def source_of(path: Path) -> Exercise:
    """The exercise to which a file of answers belongs: the one with whose name its own begins.

    >>> source_of(Path("07-loss-more.py")).name
    '07-loss'
    """
    names = [source.stem for source in SOURCES.glob("*.md") if path.stem.startswith(source.stem)]
    if not names:
        raise AnswerFileError(f"{path}: got a name that begins with no source's, expected one such as 07-loss.py, or --exercise")
    return load_source(SOURCES / f"{max(names, key=len)}.md")


# --- The check ------------------------------------------------------------------------------------------------


def checked(exercise: Exercise, answers: Sequence[Answer], seeds: Sequence[int] = SEEDS) -> dict[str, list[Said]]:
    """What the page's checks say of answers: name -> a `Said` for each seed.

    The page's own cells are run once, up to each answer, and every answer goes on from there in a process of its own. What is tagged
    `not-graded`, and cells that only draw, are left out.
    """
    known = {test.id for test in exercise.tests} & {answer.id for answer in exercise.answers}
    if strange := [f"line {answer.line}: {answer.id}" for answer in answers if answer.id not in known]:
        raise AnswerFileError(f"{exercise.name} has no test of {', '.join(strange)}; it has {', '.join(sorted(known))}")
    found: dict[str, list[Said]] = {}
    for message in messages_of(lambda send: _walk(exercise, answers, seeds, send), SECONDS * (len(answers) + 2)):
        if "name" in message:
            found[message["name"]] = [Said(*each) for each in message["said"]]
        elif message["end"] is not None:
            raise RuntimeError(f"{exercise.name}: its own cells could not be run: {message['end']}")
    return found


def _walk(exercise: Exercise, answers: Sequence[Answer], seeds: Sequence[int], send) -> None:
    """Run the page's cells, and at each answer's place those that are to be tried there.

    Warnings and `input()` are here what they are in a notebook without a keyboard, whatever the caller makes of them.
    """
    import torch

    torch.set_num_threads(1)  # a forked process has no pool of threads
    warnings.simplefilter("default")
    sys.stdin = io.StringIO()
    space, cells = direct.kernel(), exercise.notebook.cells
    with direct.figures_closed():
        for place, cell in enumerate(cells):
            kind, id = role_of(cell)
            if kind == "answer":
                for answer in [each for each in answers if each.id == id]:
                    said = _said(answer, space, cells[place + 1 :], exercise, seeds)
                    send(name=answer.name, said=said)
                direct.run(next(each.reference_code for each in exercise.answers if each.id == id), space)
            elif given(cell):
                direct.run(cell.source, space)
    send(end=None)


def given(cell) -> bool:
    """Whether a cell comes with the page and defines something that an answer may use."""
    if cell.cell_type != "code" or role_of(cell)[0] is not None or NOT_GRADED in cell.metadata.get("tags", ()):
        return False
    names = names_of(cell.source) or NOTHING
    return bool(names.bound or names.imported) or not re.search(r"\b(plots|plt)\.", cell.source)


def _said(answer: Answer, space: dict, below: Sequence, exercise: Exercise, seeds: Sequence[int]) -> list[Said]:
    """Try an answer in a process of its own, which has a copy of everything."""
    test = next(each for each in exercise.tests if each.id == answer.id)
    got: list[Said] = []

    def task(send) -> None:
        try:
            direct.run(answer.code, space)
            for cell in below:
                if role_of(cell) == ("test", answer.id):
                    break
                if given(cell):
                    direct.run(cell.source, space)
        except BaseException as error:
            send(said=Said(False, "", "", f"The cell raised {type(error).__name__}: {error}"[:500]))
            return
        for seed in seeds:
            send(said=_verdict(test, space, seed))

    for message in messages_of(task, SECONDS):
        if "said" in message:
            got.append(Said(*message["said"]))
        elif "end" in message:
            got.append(Said(False, "", "", f"The process ended: {message['end']}"))
    missing = Said(False, "", "", "The process was lost.")
    return (got + [got[-1] if got and got[-1].escaped else missing] * len(seeds))[: len(seeds)]


def _verdict(test: Test, space: dict, seed: int) -> Said:
    """What the test's cell shows, or what escapes from it."""
    try:
        found = direct.verdict(test, space, seed)
        return Said(found.right, found.message, found.example)
    except BaseException as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return Said(False, "", "", f"{type(error).__name__}: {error} ({Path(where.filename).name}, line {where.lineno})"[:500])


# --- The grader -----------------------------------------------------------------------------------------------


def graded(exercise: Exercise, answers: Sequence[Answer], jobs: int = 2) -> dict[str, Graded]:
    """What the grader says of answers, with its own seed: name -> `Graded`.

    Answers to different questions are handed in together where none can spoil another's test.
    """
    from coursework import selftest

    wanted = tuple(Wrong(answer.id, answer.name, "", answer.code) for answer in answers)
    batches = selftest.batches(exercise._replace(wrong=wanted))
    named = {answer.name: answer for answer in answers}
    return _graded(exercise, [[named[wrong.slip] for wrong in batch.values()] for batch in batches], jobs)


def _graded(exercise: Exercise, batches: Sequence[Sequence[Answer]], jobs: int) -> dict[str, Graded]:
    import nbformat

    from coursework import selftest
    from coursework.scoring.grade import grade
    from coursework.scoring.reference import solutions
    from coursework.scoring.results import read_result, result_file
    from coursework.scoring.terms import Terms

    found: dict[str, Graded] = {}
    with tempfile.TemporaryDirectory(prefix="answers-") as folder:
        for number, batch in enumerate(batches):
            code = solutions(exercise) | {answer.id: answer.code for answer in batch}
            path = Path(folder, "in", f"{number:04}.ipynb")
            path.parent.mkdir(exist_ok=True)
            nbformat.write(selftest.answered(exercise, code), path)
        grade(exercise, Path(folder, "in"), out=Path(folder, "out"), jobs=jobs, progress=False, terms=Terms(timeout=SECONDS))
        for number, batch in enumerate(batches):
            tests = read_result(result_file(Path(folder, "out", exercise.name), f"{number:04}"))["tests"]
            for answer in batch:
                test = next(each for each in tests if each["id"] == answer.id)
                found[answer.name] = Graded(test["points"] == test["max_points"], test["message"], test["detail"])
    return found


def graded_alone(exercise: Exercise, answers: Sequence[Answer], jobs: int = 2) -> dict[str, Graded]:
    """As `graded`, each answer in a submission of its own: what another one did in the same process is then no cause."""
    return _graded(exercise, [[answer] for answer in answers], jobs)


# --- What is wrong ----------------------------------------------------------------------------------------------


def problems(answer: Answer, said: Sequence[Said]) -> Iterator[str]:
    """What is wrong with what a check said of an answer, for each seed."""
    for each in said:
        if each.escaped:
            yield f"no verdict: {each.escaped}"
        elif each.right is not answer.right:
            yield f"{each.word}: {each.message}\n{each.example}"
        elif not answer.right and not re.search(answer.says, each.message):
            yield f"the message is {each.message!r}, which does not match {answer.says!r}"
        if answer.right and "Not yet" in each.message:
            yield f"of a right answer it says {each.message!r}"
        if told := sorted(numbers(each.example) & numbers(each.message)):
            yield f"the message holds {', '.join(told)} of the example: {each.message!r}"


def numbers(text: str) -> set[str]:
    """The decimal numbers in a text.

    >>> numbers("kl(mu=tensor([[0.5, -1.25]], dtype=float32)) gave 3, see 7.2.")
    {'0.5', '1.25', '7.2'}
    """
    return set(NUMBER.findall(text))


def disagreement(said: Sequence[Said], grader: Graded) -> str:
    """In what check and grader differ over an answer, or nothing: in the verdict, or in the words of one that is not right.

    What the wall refuses (a generator that is seeded anew, an object of a class where a module is asked for) is an error to the check
    in the grader, and "raised" in its words, or what "the test takes" there. A generator stays in the worker: outside it is an object.

    said: with the grader's seed last.
    """
    check = said[-1]
    if grader.right is not (check.right is True and not check.escaped):
        return f"the check says {check.word}, the grader {grader.message or 'that it is right'} ({grader.detail})"
    refused = " raised " in grader.message or ", and the test takes " in grader.message
    if grader.right or check.escaped or refused:
        return ""
    if without_words(check.message).replace("returned a generator", "returned an object") == grader.message:
        return ""
    return f"the check says {check.message!r}, the grader {grader.message!r} ({grader.detail})"


# --- The command line ---------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.support.answers", description="Try answers to an exercise's questions.")
    parser.add_argument("file", type=Path, help="answers, each below a line # %%%% id | wrong or right | what | says: pattern")
    parser.add_argument("--exercise", metavar="NAME", help="a source of the book; default: the one with whose name FILE's begins")
    parser.add_argument("--only", metavar="ID", help="answers to this question")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS), help="for the check; default: %(default)s")
    parser.add_argument("--check", action="store_true", help="leave the grader out")
    parser.add_argument("--full", action="store_true", help="messages whole, and examples")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was said there, too")
    options = parser.parse_args(arguments)
    try:
        exercise = load_source(SOURCES / f"{options.exercise}.md") if options.exercise else source_of(options.file)
        answers = [each for each in read(options.file) if options.only in (None, each.id)]
        said = checked(exercise, answers, options.seeds)
    except AnswerFileError as error:
        print(error, file=sys.stderr)
        return 2
    grader = {} if options.check else graded(exercise, answers)
    again = [each for each in answers if each.name in grader and disagreement(said[each.name], grader[each.name])]
    grader |= graded_alone(exercise, again) if again else {}
    if options.json:
        options.json.write_text(json.dumps({each.name: [said[each.name], grader.get(each.name)] for each in answers}, indent=1))
    return _print(answers, said, grader, full=options.full)


def _print(answers: Sequence[Answer], said: dict, grader: dict, *, full: bool) -> int:
    """The table and the counts; the exit code."""
    counts: Counter[str] = Counter()
    for answer in answers:
        check, mark = said[answer.name], grader.get(answer.name)
        counts.update(_kinds(answer, check, mark))
        words = "/".join(dict.fromkeys(each.word for each in check))
        points = "" if mark is None else "full" if mark.right else "none"
        told = check[0].message or check[0].escaped
        row = f"{answer.line:5} {answer.id:22.22} {'right' if answer.right else 'wrong'}  {words:14} {points:4}  {answer.what:40.40}  {told}"
        print(row if full else row[:220])
        for line in _more(answer, check, mark) if full else _told(answer, check, mark):
            print(f"{'':12}{line}")
    print(f"\n{len(answers)} answers, {sum(each.right for each in answers)} of them right")
    for what in ("wrong passed", "right refused", "no verdict", "check and grader differ", "another message", "a number told"):
        print(f"{counts[what]:5} {what}")
    return int(bool(counts))


def _kinds(answer: Answer, check: Sequence[Said], mark: Graded | None) -> Iterator[str]:
    """In what ways an answer was treated unfairly."""
    passed = [each.right is True for each in check] + ([] if mark is None else [mark.right])
    if not answer.right and any(passed):
        yield "wrong passed"
    if answer.right and not all(passed):
        yield "right refused"
    if any(each.escaped for each in check):
        yield "no verdict"
    if mark is not None and disagreement(check, mark):
        yield "check and grader differ"
    found = list(problems(answer, check))
    if any("does not match" in each for each in found):
        yield "another message"
    if any("of the example" in each for each in found):
        yield "a number told"


def _told(answer: Answer, check: Sequence[Said], mark: Graded | None) -> Iterator[str]:
    for each in dict.fromkeys(problems(answer, check)):
        yield "!! " + each.replace("\n", "\n" + " " * 15)
    if mark is not None and (said := disagreement(check, mark)):
        yield f"!! {said}"


def _more(answer: Answer, check: Sequence[Said], mark: Graded | None) -> Iterator[str]:
    for each in dict.fromkeys(check):
        yield from (each.message, *each.example.splitlines())
    if mark is not None:
        yield f"grader: {mark.message} {mark.detail}"
    yield from _told(answer, check, mark)


if __name__ == "__main__":
    sys.exit(main())
