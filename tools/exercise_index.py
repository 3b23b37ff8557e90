"""Write the table of all exercises into book/exercises/index.md: kind, points, difficulty and time of each.

    python tools/exercise_index.py

`make exercises` calls it. Everything but the kind is taken from the sources: the headings, and the line in italics under each, as in
`*2 points · medium · 15 minutes*`. A kind that stands in the table is kept, so it may be put right there by hand; for a new exercise it
is guessed from the answer's cell and the heading.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from coursework.assignment import source

ROOT = Path(__file__).resolve().parent.parent
EXERCISES = ROOT / "book" / "exercises"
HEAD = "| exercise | points | time |\n|---|--:|--:|\n"
TABLE = re.compile(re.escape(HEAD) + r"(?:\|.*\n)+")
ROW = re.compile(r"^\| \[\d+\.\d+ .*\]\((\S+?)\)<br>([a-z ]+?)(?:, \w+)? \|", re.MULTILINE)
LINE = re.compile(r"^\*(\d+) points? · (easy|medium|hard|project) · (\d+) (minutes|hours?)\*$", re.MULTILINE)
QUESTIONS = "check-what-you-can-say-now"  # the section that ends a chapter
KINDS = ("prediction", "function", "module", "training step", "derivation", "find the bug", "project")
FROM_TITLE = {
    "find the bug": r"\bbugs?\b|\bmend\b|\bunfair\b",
    "derivation": r"\bderiv|\bprove",
    "training step": r"\btraining step|\btake one step\b",
}


class Entry(NamedTuple):
    """An exercise in the table. chapter, number: 7 and 2 of exercise 7.2. page: the notebook's name. minutes: an hour is 60."""

    chapter: int
    number: int
    title: str
    page: str
    kind: str
    points: int
    difficulty: str
    minutes: int

    @property
    def address(self) -> str:
        """The heading on its page, with MyST's anchor."""
        return f"{self.page}.ipynb#{anchor(f'{self.number}. {self.title}')}"


def main() -> int:
    """Write the table anew into the page."""
    page = EXERCISES / "index.md"
    text = page.read_text(encoding="utf-8")
    found = entries(EXERCISES / "source", kinds(text))
    page.write_text(TABLE.sub(lambda _: table(found), text), encoding="utf-8")
    print(f"exercise_index: {len(found)} exercises, {sum(entry.points for entry in found)} points")
    return 0


def entries(folder: Path, known: dict[str, str]) -> list[Entry]:
    """The exercises of all sources of a folder, in order.

    Args:
        folder: with one source a chapter, named like it.
        known: the address of an exercise -> its kind; the others are guessed.

    Raises:
        ValueError: an exercise has no line in italics of the right form under its heading, or its heading is part of a note; says which.
    """
    return [entry for path in sorted(folder.glob("*.md")) for entry in _of_source(path, known)]


def kinds(text: str) -> dict[str, str]:
    """The kinds that a page's table gives, by the addresses of its exercises."""
    return dict(ROW.findall(text))


def table(found: list[Entry]) -> str:
    """The table in Markdown: a row for each chapter with its sums, and below it one for each exercise."""
    rows = []
    for chapter in sorted({entry.chapter for entry in found}):
        own = [entry for entry in found if entry.chapter == chapter]
        page, points, minutes = own[0].page, sum(entry.points for entry in own), sum(entry.minutes for entry in own)
        pages = f"**[Chapter {chapter}]({page}.ipynb)**, [questions](../{page}.ipynb#{QUESTIONS}), [solutions](solutions/{page}.md)"
        rows.append(f"| {pages} | **{points}** | **{spoken(minutes)}** |\n")
        for entry in own:
            name = f"[{chapter}.{entry.number} {entry.title}]({entry.address})"
            about = entry.kind if entry.difficulty == "project" else f"{entry.kind}, {entry.difficulty}"
            rows.append(f"| {name}<br>{about} | {entry.points} | {spoken(entry.minutes)} |\n")
    return HEAD + "".join(rows)


def spoken(minutes: int) -> str:
    """A time as the table gives it, on one line.

    >>> spoken(15), spoken(60), spoken(205)
    ('15&nbsp;min', '1&nbsp;h', '3&nbsp;h&nbsp;25')
    """
    hours, rest = divmod(minutes, 60)
    said = f"{rest} min" if not hours else f"{hours} h {rest:02d}" if rest else f"{hours} h"
    return said.replace(" ", "&nbsp;")


def anchor(heading: str) -> str:
    """The anchor that MyST gives to a heading.

    >>> anchor("2. Write `away`, and try it")
    '2-write-away-and-try-it'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _of_source(path: Path, known: dict[str, str]) -> Iterator[Entry]:
    exercise = source.load_source(path)
    for title, text, given in _sections(exercise):
        number, name = title.split(". ", 1)
        line = LINE.search(text)
        if line is None:
            raise ValueError(f"{path.name}, '{title}': found no line such as '*2 points · medium · 15 minutes*' under the heading")
        points, difficulty, amount, unit = line.groups()
        minutes = int(amount) * (1 if unit == "minutes" else 60)
        entry = Entry(int(path.name[:2]), int(number), name, path.stem, "", int(points), difficulty, minutes)
        yield entry._replace(kind=known.get(entry.address) or _guess(entry, given))


def _sections(exercise: source.Exercise) -> list[tuple[str, str, str]]:
    """Of each exercise of a page: its heading, its text, and the code of its answers' cells as they are given out."""
    stubs = {answer.id: answer.stub_code for answer in exercise.answers}
    found: list[tuple[str, str, str]] = []
    for cell in exercise.notebook.cells:
        kind, id = source.role_of(cell)
        if kind == "note" and source.headings(cell.source, 2):
            raise ValueError(
                f"{exercise.path.name}: a heading stands in the note on {id}, which students do not get: put +++ before it"
            )
        for text in re.split(r"^(?=## )", cell.source, flags=re.MULTILINE) if kind in (None, "written") else ():
            if cell.cell_type == "markdown" and text.startswith("## "):
                found.append((text.partition("\n")[0].removeprefix("## ").strip(), "", ""))
            if found:
                found[-1] = (found[-1][0], f"{found[-1][1]}{text}\n", found[-1][2])
        if kind == "answer" and found:
            found[-1] = (*found[-1][:2], found[-1][2] + stubs[id] + "\n")
    return found


def _guess(entry: Entry, given: str) -> str:
    """What kind an exercise is, from the answer's cells as they are given out, and from the heading."""
    if entry.difficulty == "project":
        return "project"
    if not re.search(r"^(def|class) ", given, re.MULTILINE):
        return "prediction"
    if re.search(r"^class ", given, re.MULTILINE):
        return "module"
    return next((kind for kind, pattern in FROM_TITLE.items() if re.search(pattern, entry.title.lower())), "function")


if __name__ == "__main__":
    sys.exit(main())
