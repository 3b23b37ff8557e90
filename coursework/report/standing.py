"""Where each student stands: whose result counts, what tests and person gave, what lateness takes, and what is still open.

Everybody on the class list has a standing, whoever handed in; then come owners of results who are not on it. A result that two members
of a group could claim is the group's: each member gets it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from coursework.files import listed_names
from coursework.report.late import Lateness, Rule, lateness, read_time
from coursework.report.marks import Mark, Marks, fingerprint
from coursework.report.reading import Graded, filled

TITLE = 60  # characters of a title that is taken from the question's text
MISSING, GRADED, UNGRADED = "missing", "graded", "not graded"


class Words(NamedTuple):
    """An answer in words and its mark. text: what was written. open: it needs a mark. changed: it was marked, and is another since."""

    id: str
    title: str
    prompt: str
    solution: str
    text: str
    most: float | int
    rubric: tuple[str, ...]
    code: bool
    mark: Mark

    @property
    def open(self) -> bool:
        return self.mark.points is None or self.changed

    @property
    def changed(self) -> bool:
        return self.mark.points is not None and self.mark.answer != fingerprint(self.text)

    @property
    def level(self) -> str:
        """The words of the level that it got, or ""."""
        level = self.mark.level
        return self.rubric[level] if level is not None and level < len(self.rubric) else ""


class Standing(NamedTuple):
    """One student's.

    state: "graded", or why there are no points ("missing", "unreadable", "failed", "not graded", a state of a file).
    owner: the name of the result that counts, None without one. files: rows of class.json. comment: on the whole.
    tests, possible: points of the tests, and of everything. notes: for the instructor.
    """

    student: str
    name: str
    group: str
    state: str
    owner: str | None
    result: Mapping
    files: tuple[Mapping, ...]
    words: tuple[Words, ...]
    comment: str
    tests: float | int
    possible: float | int
    late: Lateness
    notes: tuple[str, ...]

    @property
    def handed_in(self) -> Mapping:
        """The row of the file that was graded, {} without one."""
        return _row(self.files, self.owner)

    @property
    def raw(self) -> float | int:
        """Points so far, before anything is taken off."""
        return _sum((self.tests, *(each.mark.points or 0 for each in self.words)))

    @property
    def open(self) -> int:
        """How many answers still need a mark."""
        return sum(each.open for each in self.words)

    @property
    def final(self) -> float | int | None:
        """The points that count; None while a person has to look, so that nobody gets nothing by mistake."""
        return _sum((self.raw, -self.late.deduction)) if self.state == GRADED and not self.open else None


def standings_of(graded: Graded, rule: Rule) -> list[Standing]:
    """Everybody's, in the order of the class list, then by name.

    Example:
        >>> [(each.student, each.state, each.final) for each in standings_of(read(Path("results/week3")), Rule())]
        [('kim', 'graded', 6), ('lee', 'missing', None)]
    """
    people = graded.students
    known = {person["id"] for person in people} | {person["group"] for person in people}
    others = {row["student"] for row in graded.rows if row.get("student")} | set(graded.results)
    more = [{"id": name, "name": name, "group": ""} for name in sorted(others - known)]
    return [_standing(graded, rule, person) for person in (*people, *more)]


def _standing(graded: Graded, rule: Rule, person: Mapping) -> Standing:
    mates = [each["id"] for each in graded.students if person["group"] and each["group"] == person["group"]]
    names = list(dict.fromkeys([*([person["group"]] if person["group"] else []), person["id"], *mates]))
    files = tuple(row for row in graded.rows if row.get("student") in names)
    owner, notes = _owner(graded, names)
    result = graded.results.get(owner or "", {})
    marks = graded.marks.get(owner or "", Marks(owner or "", graded.exercise, {}))
    words = tuple(words_of(graded.about["written"], result, marks)) if result else ()
    possible = _sum(each["points"] for name in ("tests", "written") for each in graded.about[name])
    damaged = any(path.parent.name == "students" and path.stem in names for path in graded.damaged)
    state = result["status"] if result else "damaged result" if damaged else _state(files)
    standing = Standing(
        person["id"],
        person["name"],
        person["group"],
        state,
        owner,
        result,
        files,
        words,
        marks.comment,
        result.get("score", 0),
        possible,
        Lateness(),
        notes,
    )
    row = standing.handed_in
    when = (row.get("submitted"), bool(row.get("late")))
    late = lateness(rule, *when, float(standing.raw), float(possible), row.get("days"), row.get("by", ""))
    return standing._replace(late=late)


def words_of(written: Sequence[Mapping], result: Mapping, marks: Marks) -> Iterable[Words]:
    """The answers in words of a result, each as its student got the question, with its mark."""
    above = [each.get("title") for each in written]
    for each in written:
        prompt = filled(each["prompt"], result.get("values") or {})
        solution = filled(each["solution"], result.get("values") or {})
        text = result["words"].get(each["id"]) or ""
        mark = marks.marks.get(each["id"], Mark())
        alone = each.get("title") if above.count(each.get("title")) == 1 else ""
        title, prompt = _titled(prompt, filled(alone or "", result.get("values") or {}), each["id"])
        yield Words(each["id"], title, prompt, solution, text, each["points"], tuple(each["rubric"]), bool(each.get("code")), mark)


def _owner(graded: Graded, names: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """Whose result counts of those that a student could claim: a graded one, then the latest, then the group's own."""
    found = [name for name in names if name in graded.results]
    if not found:
        return None, ()
    best = max(
        found, key=lambda name: (graded.results[name]["status"] == GRADED, _when(_row(graded.rows, name)), -found.index(name))
    )
    if len(found) == 1:
        return best, ()
    return best, (f"{listed_names(found)} each have a result; the one of {best} counts for the group.",)


def _row(rows: Sequence[Mapping], owner: str | None) -> Mapping:
    """The file that was graded for an owner."""
    return next((row for row in rows if row["state"] == "grade" and row["student"] == owner), {})


def _when(row: Mapping) -> datetime:
    when = read_time(row.get("submitted"))
    return datetime.min.replace(tzinfo=UTC) if when is None else when if when.tzinfo else when.replace(tzinfo=UTC)


def _state(files: Sequence[Mapping]) -> str:
    """Why there is no result."""
    states = [row["state"] for row in files if row["state"] != "superseded"]
    return MISSING if not states else UNGRADED if "grade" in states else states[0]


def _titled(prompt: str, above: str, name: str) -> tuple[str, str]:
    """The title of a question, and its text without it.

    That is the heading that it begins with, else the one above it, where no other question stands under it, else its first words, else
    its id.
    """
    first, _, rest = prompt.strip().partition("\n")
    if first.startswith("#"):
        return first.lstrip("# ").strip() or name, rest.strip()
    if above:
        return above, prompt.strip()
    return (first if len(first) <= TITLE else f"{first[:TITLE].rsplit(' ', 1)[0]} …") or name, prompt.strip()


def _sum(points: Iterable[float | int]) -> float | int:
    """A sum without the dust of binary fractions, whole where it is whole."""
    total = round(sum(points), 2)
    return int(total) if total == int(total) else total
