"""The table of all exercises on their index is what their sources say, and how tools/exercise_index.py makes it."""

import re

import pytest
import torch

from companion.checks.cases import Case
from companion.checks.comparing import compare
from tests.support import ROOT
from tools import exercise_index

PAGE = (ROOT / "book" / "exercises" / "index.md").read_text(encoding="utf-8")
AWAY = (("two images", [[0.5, -1.2], [2.0, 0.3]]), ("one image", [[1.0, 2.0, 0.5]]))
SOURCE = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# Exercises: a page

## 1. Guess it

*1 point · easy · 5 minutes*

```{code-cell} ipython3
:companion: {answer: a}

guess = None
### BEGIN SOLUTION
guess = 1
### END SOLUTION
```

```{code-cell} ipython3
:companion: {test: a, points: 1}

print(guess)
### BEGIN HIDDEN TESTS
assert guess == 1
### END HIDDEN TESTS
```

Look back. Then go on.

## 2. Derive `it`, in steps

*3 points · hard · 1 hour*

```{code-cell} ipython3
:companion: {answer: b}

def steps(x):
    ### BEGIN SOLUTION
    return x
    ### END SOLUTION
```

```{code-cell} ipython3
:companion: {test: b, points: 3}

print(steps(1))
### BEGIN HIDDEN TESTS
assert steps(1) == 1
### END HIDDEN TESTS
```

+++ {"companion": {"written": "c", "points": 8, "rubric": ["no", "some", "most", "all"]}}

## 3. Try it yourself

*8 points · project · 3 hours*

### BEGIN SOLUTION
Nothing.
### END SOLUTION
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "03-a-page.md").write_text(SOURCE, encoding="utf-8")
    return tmp_path


def stored():
    """The exercises of the book with the kinds that its table gives."""
    return exercise_index.entries(exercise_index.EXERCISES / "source", exercise_index.kinds(PAGE))


def test_the_table_is_what_the_sources_say():
    found = exercise_index.TABLE.search(PAGE)
    assert found, "index.md has no table of exercises"
    assert found[0] == exercise_index.table(stored()), "run `.venv/bin/python tools/exercise_index.py`"


def test_each_kind_is_one_that_the_page_explains_and_each_of_those_comes():
    explained = re.findall(r"^\| ([a-z ]+) \|", PAGE.partition("| kind | what you write |")[2].partition("\n\n")[0], re.MULTILINE)
    assert explained == list(exercise_index.KINDS)
    assert {entry.kind for entry in stored()} == set(explained)


def test_kinds_that_a_cell_shows_are_those_of_the_table():
    """A prediction, a module and a project; which function is a derivation, a training step or a bug is for the author to say."""
    guessed = exercise_index.entries(exercise_index.EXERCISES / "source", {})
    shown = ("prediction", "module", "project")
    for entry, plain in zip(stored(), guessed, strict=True):
        assert plain.kind == entry.kind or not {plain.kind, entry.kind} & set(shown), entry.title


def test_a_source_becomes_rows(folder):
    found = exercise_index.entries(folder, {})
    assert [entry.kind for entry in found] == ["prediction", "derivation", "project"]
    assert exercise_index.table(found) == exercise_index.HEAD + (
        "| **[Chapter 3](03-a-page.ipynb)**, [questions](../03-a-page.ipynb#check-what-you-can-say-now), "
        "[solutions](solutions/03-a-page.md) | **12** | **4&nbsp;h&nbsp;05** |\n"
        "| [3.1 Guess it](03-a-page.ipynb#1-guess-it)<br>prediction, easy | 1 | 5&nbsp;min |\n"
        "| [3.2 Derive `it`, in steps](03-a-page.ipynb#2-derive-it-in-steps)<br>derivation, hard | 3 | 1&nbsp;h |\n"
        "| [3.3 Try it yourself](03-a-page.ipynb#3-try-it-yourself)<br>project | 8 | 3&nbsp;h |\n"
    )


def test_a_kind_that_was_put_right_in_the_table_stays(folder):
    table = exercise_index.table(exercise_index.entries(folder, {})).replace("<br>derivation,", "<br>find the bug,")
    again = exercise_index.entries(folder, exercise_index.kinds(table))
    assert [entry.kind for entry in again] == ["prediction", "find the bug", "project"]


def test_an_exercise_without_its_line_is_named(folder):
    (folder / "03-a-page.md").write_text(SOURCE.replace("*3 points · hard · 1 hour*", "*3 points, hard*"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"03-a-page\.md, '2\. Derive"):
        exercise_index.entries(folder, {})


def test_a_heading_that_a_note_has_swallowed_is_named(folder):
    note = '+++ {"companion": {"note": "b"}}\n\nSo it is.\n\n## 3. Try'
    (folder / "03-a-page.md").write_text(SOURCE.partition("+++")[0] + note, encoding="utf-8")
    with pytest.raises(ValueError, match="note on b"):
        exercise_index.entries(folder, {})


def test_the_verdict_that_the_page_shows_is_what_a_check_says():
    """Of `away` of the six questions before chapter 1, with one mean over all numbers in place of one for each pixel."""
    slip = "You took one mean over all numbers. Each pixel has its own."
    cases = [Case((torch.tensor(rows, dtype=torch.float64),), about) for about, rows in AWAY]
    verdict = compare(
        lambda x: (x - x.mean()).pow(2).sum(dim=1),
        lambda x: (x - x.mean(dim=0)).pow(2).sum(dim=1),
        cases,
        name="away",
        praise="",
        slips={slip: lambda x: (x - x.mean()).pow(2).sum(dim=1)},
    )
    assert f"```text\n{verdict!r}\n```" in PAGE, repr(verdict)


def test_the_plan_for_instructors_says_how_long_the_first_two_exercises_of_a_chapter_take():
    found = stored()
    times = [sum(entry.minutes for entry in found if entry.chapter == chapter and entry.number <= 2) for chapter in range(1, 9)]
    plan = (ROOT / "book" / "appendix" / "instructors.md").read_text(encoding="utf-8")
    assert f"take {min(times)} to {max(times)} minutes" in plan
