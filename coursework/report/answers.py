"""The answers in words of one exercise, in an order that hides whose they are, and what a person does to them.

Each change is on the disk when its call returns. Whose an answer is stays here until somebody asks: outside, a student is an opaque id, and
each question has an order of its own.
"""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coursework.assignment.rubric import points_of
from coursework.report.late import Rule
from coursework.report.marks import LONGEST, Mark, Marks, fingerprint, is_number, marks_file, read_marks, write_marks
from coursework.report.prose import blocks, cut, line, readable
from coursework.report.reading import Graded, ReportError, read_all
from coursework.report.standing import GRADED, Standing, Words, standings_of


class MarkingError(ValueError):
    """The page asked for something that cannot be; says what came and what was expected."""


class Marking:
    """The answers in words of one exercise, and what a person does to them. Safe to call from several threads.

    Args:
        folder: of the exercise's results.

    Raises:
        ReportError: no results there, or no answers in words.
    """

    def __init__(self, folder: Path):
        self._secret = secrets.token_bytes(16)
        self._lock = threading.Lock()
        self._done: list[list[tuple[str, str | None, Mark | str]]] = []  # what to put back, the latest last
        self._typing: tuple[str, str | None] | None = None  # the comment that the last step was about
        self._read(folder)
        if not any(each.words for each in self._standings.values()):
            raise ReportError(f"mark: {folder}: got no answer in words that was handed in, expected an exercise with some")

    def data(self) -> dict:
        """All that the page shows, read anew."""
        with self._lock:
            self._read(self._graded.folder)
            whole = {who: each.comment for who, each in self._standings.items()}
            about = self._graded.about
            questions = [self._question(number, each["id"]) for number, each in enumerate(about["written"])]
            return {"exercise": self._graded.exercise, "title": self._graded.title, "questions": questions, "whole": whole}

    def mark(self, question: str, who: str, **change: Any) -> dict:
        """Change one mark: level=2, points=1.5 or comment="..."; points=None takes the mark away.

        Raises:
            MarkingError: there is no such answer, or no such level; points out of range; a comment too long.
        """
        with self._lock:
            words = self._words(question, who)
            old = self._marks(who)
            before = old.marks.get(question, Mark())
            after = before._replace(**_checked(words, change))
            self._write(who, old, question, after)
            self._remember(who, question, before, comment=set(change) == {"comment"})
            return self._shown(words._replace(mark=after))

    def comment(self, who: str, text: str) -> dict:
        """Change the comment on somebody's whole work."""
        with self._lock:
            old = self._marks(who)
            self._write(who, old, None, _comment(text))
            self._remember(who, None, old.comment, comment=True)
            return {}

    def empty(self, question: str) -> dict:
        """Give nothing to every answer of a question that was left empty and has no mark yet. Says how many."""
        with self._lock:
            step: list[tuple[str, str | None, Mark | str]] = []
            for who, each in self._standings.items():
                words = next((words for words in each.words if words.id == question), None)
                old = self._marks(who)
                before = old.marks.get(question, Mark())
                if words is None or words.text.strip() or not words._replace(mark=before).open:
                    continue
                step.append((who, question, before))
                self._write(
                    who, old, question, before._replace(points=0, level=0 if words.rubric else None, answer=fingerprint(words.text))
                )
            if step:
                self._done.append(step)
                self._typing = None
            return {"count": len(step)}

    def undo(self) -> dict:
        """Take back the last step. Says which answer it was about, {} when there is nothing to take back."""
        with self._lock:
            if not self._done:
                return {}
            step, self._typing = self._done.pop(), None
            for who, question, before in step:
                self._write(who, self._marks(who), question, before)
            who, question, _ = step[0]
            return {"who": who, "question": question}

    def whose(self, who: str) -> dict:
        """The name behind an id, and the file that was handed in."""
        each = self._standing(who)
        return {"name": each.owner, "file": each.handed_in.get("file", "")}

    def find(self, name: str) -> dict:
        """The id behind a name, {} where none fits: of a student, a name as it is said, or a group."""
        wanted = name.strip().casefold()
        for each in self._everybody:
            if each.owner is not None and wanted in (each.student.casefold(), each.name.casefold(), each.owner.casefold()):
                return {"who": self._id(each.owner)}
        return {}

    @property
    def damaged(self) -> list[str]:
        """A line for each file that cannot be used."""
        return list(self._graded.damaged.values())

    def progress(self) -> str:
        """How far it is.

        >>> Marking(Path("results/week3")).progress()
        '153 of 200 answers are marked'
        """
        with self._lock:
            self._read(self._graded.folder)
            words = [words for each in self._standings.values() for words in each.words]
            return f"{sum(not each.open for each in words)} of {len(words)} answers are marked"

    def _read(self, folder: Path) -> None:
        found = read_all(folder)
        if len(found) != 1:
            raise ReportError(f"mark: {folder}: got the results of {len(found)} exercises, expected the folder of one of them")
        self._graded: Graded = found[0]
        self._everybody = standings_of(self._graded, Rule())
        counted = {each.owner: each for each in self._everybody if each.owner is not None and each.state == GRADED}
        self._standings: dict[str, Standing] = {self._id(owner): each for owner, each in counted.items()}

    def _id(self, owner: str) -> str:
        return hmac.digest(self._secret, owner.encode(), "sha256").hex()[:12]

    def _question(self, number: int, name: str) -> dict:
        answers = [(who, each.words[number]) for who, each in self._standings.items()]
        answers.sort(key=lambda pair: hashlib.sha256(f"{name}/{self._standings[pair[0]].owner}".encode()).digest())
        about = self._graded.about["written"][number]
        title = answers[0][1].title if answers else name
        texts = [each for _, each in answers]
        return {
            "id": name,
            "title": line(title),
            "most": about["points"],
            "code": bool(about.get("code")),
            "rubric": bool(about["rubric"]),
            "levels": _levels(about["rubric"], about["points"]),
            "answers": [{"who": who, **self._shown(each), **_texts(each)} for (who, _), each in zip(answers, texts, strict=True)],
        }

    def _shown(self, words: Words) -> dict:
        return {**words.mark._asdict(), "open": words.open, "changed": words.changed}

    def _standing(self, who: str) -> Standing:
        if who not in self._standings:
            raise MarkingError(f"who: got {str(who)[:20]!r}, expected one of the page's ids")
        return self._standings[who]

    def _words(self, question: str, who: str) -> Words:
        for words in self._standing(who).words:
            if words.id == question:
                return words
        raise MarkingError(f"question: got {str(question)[:40]!r}, expected one of the exercise's")

    def _marks(self, who: str) -> Marks:
        """Somebody's marks as they are on the disk now: another person may mark another question at the same time."""
        owner = self._standing(who).owner or ""
        path = marks_file(self._graded.folder, owner)
        return read_marks(path) if path.exists() else Marks(owner, self._graded.exercise, {})

    def _write(self, who: str, old: Marks, question: str | None, new: Mark | str) -> None:
        if question is None:
            write_marks(self._graded.folder, old._replace(comment=str(new)))
        else:
            write_marks(self._graded.folder, old._replace(marks={**old.marks, question: new}))  # type: ignore[dict-item]

    def _remember(self, who: str, question: str | None, before: Mark | str, *, comment: bool) -> None:
        """Keep a step to take back. Letters typed into one comment are one step."""
        if not comment or self._typing != (who, question):
            self._done.append([(who, question, before)])
        self._typing = (who, question) if comment else None


def _levels(rubric: list[str], most: float | int) -> list[dict]:
    """What the keys 0 to 9 give: the rubric's levels, or without one the points themselves."""
    if rubric:
        return [{"text": line(text), "points": points_of(number, len(rubric), most)} for number, text in enumerate(rubric)]
    return [{"text": (), "points": number} for number in range(min(9, int(most)) + 1)]


def _texts(words: Words) -> dict:
    """What the page shows, in parts; an answer as it was typed, too, code in no other way."""
    text = cut(words.text) if words.code else readable(words.text)
    return {
        "text": text,
        "shown": () if words.code else blocks(text),
        "prompt": blocks(readable(words.prompt)),
        "solution": blocks(readable(words.solution)),
    }


def _checked(words: Words, change: Mapping[str, Any]) -> dict:
    """A change of a mark, whole: a level brings its points, points take the level away, and both belong to the answer as it is now."""
    if len(change) != 1:
        raise MarkingError(f"mark: got {', '.join(change) or 'nothing'}, expected one of level, points and comment")
    ((name, value),) = change.items()
    if name == "comment":
        return {"comment": _comment(value)}
    number, now = is_number(value), fingerprint(words.text)
    if name == "level" and isinstance(value, int) and number and 0 <= value < len(words.rubric):
        return {"level": value, "points": points_of(value, len(words.rubric), words.most), "answer": now}
    if name == "points" and value is None:
        return {"level": None, "points": None, "answer": ""}
    if name == "points" and number and 0 <= value <= words.most:
        return {"level": None, "points": value, "answer": now}
    wanted = f"a level of 0 to {len(words.rubric) - 1}" if name == "level" else f"points of 0 to {words.most:g}"
    raise MarkingError(f"mark: got {name} {str(value)[:40]}, expected {wanted}")


def _comment(text: object) -> str:
    if not isinstance(text, str) or len(text) > LONGEST:
        raise MarkingError(
            f"comment: got {len(text) if isinstance(text, str) else type(text).__name__}, expected text of up to {LONGEST}"
        )
    return text.encode("utf-8", "replace").decode()
