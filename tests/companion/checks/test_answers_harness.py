"""How answers are tried (`tests/support/answers.py`): each by itself, on the page's own names, with nothing that escapes unsaid."""

import re

import pytest

from tests.support import answers, doubling
from tests.support.answers import SEEDS, Answer, AnswerFileError, Said, checked, problems, read, source_of


@pytest.fixture
def page(tmp_path):
    return doubling.exercise(tmp_path)


def said(page, *code, id="double", right=False, says="", seeds=SEEDS):
    """What the check says of each of some answers."""
    tried = [Answer(id, right, f"number {i}", says, each, i) for i, each in enumerate(code)]
    found = checked(page, tried, seeds)
    return [found[answer.name] for answer in tried]


def test_an_answer_is_judged_with_the_seed_of_practice_and_with_another(page):
    right, square, depends = said(
        page,
        "def double(x):\n    return x + x",
        "def double(x):\n    return x * x",
        "def double(x):\n    return 2 * x if x[0] in (0, 2) else 3 * x",
    )
    assert right == [Said(True, "Twice.", "")] * 2
    assert [each[:2] for each in square] == [(False, "You squared it.")] * 2
    assert "2.5" in square[0].example
    assert "3.5" in square[1].example
    assert [each.right for each in depends] == [True, False]


def test_another_answer_of_the_page_is_the_reference(page):
    (found,) = said(page, "def again(x):\n    return double(twos) if x.shape == (2,) else double(x)", id="again")
    assert [each.right for each in found] == [True, False]


def test_answers_do_not_meet(page):
    """What one does to the page's names, to torch or to its process is not there for the next."""
    right = "def double(x):\n    return x + x"
    spoiling = (
        "twos.mul_(0)\ndel check_double",
        "torch.allclose = None\ntorch.Tensor.__mul__ = None",
        "torch.set_default_dtype(torch.float16)\ncompare = lambda *_, **__: None",
        "import os\nos._exit(0)",
        "raise SystemExit",
    )
    found = said(page, *(each for code in spoiling for each in (f"{code}\n{right}", right)))
    assert all(each == [Said(True, "Twice.", "")] * 2 for each in found[1::2])
    assert all(each.escaped for one in (found[0], found[6], found[8]) for each in one)


@pytest.mark.medium
@pytest.mark.parametrize(
    ("code", "escaped"),
    [
        ("double = 1 / 0", "The cell raised ZeroDivisionError: division by zero"),
        ("def double(:", "The cell raised SyntaxError"),
        ("raise SystemExit", "The cell raised SystemExit"),
        ("import os\nos._exit(0)", "The process was lost."),
        ("def double(x):\n    raise KeyboardInterrupt", "KeyboardInterrupt"),
        (
            "def check_double(*_, **__):\n    raise ValueError('no')\ndef double(x):\n    return x",
            "ValueError: no (<cell>, line 2)",
        ),
        ("def check_double(*_, **__):\n    pass\ndef double(x):\n    return x", "AttributeError"),
        ("while True:\n    pass", "The process ended: over"),
    ],
)
def test_what_escapes_is_said(page, code, escaped, monkeypatch):
    if "while" in code:
        monkeypatch.setattr(answers, "SECONDS", 2)
    ((first, second),) = said(page, code)
    assert first.escaped.startswith(escaped)
    assert second.escaped.startswith(escaped)
    assert list(problems(Answer("double", False, "", "", code, 1), [first])) == [f"no verdict: {first.escaped}"]


def test_a_page_whose_own_cells_fail_is_said_so(page):
    cells = page.notebook.cells
    cells[1].source += "\nraise ValueError('mine')"
    with pytest.raises(RuntimeError, match="09-double: its own cells could not be run: failed: ValueError: mine"):
        said(page, "double = None")


@pytest.mark.parametrize(
    ("right", "says", "verdict", "found"),
    [
        (True, "", Said(True, "Twice.", ""), None),
        (False, "squared", Said(False, "You squared it.", "double(x=tensor([2.5])) gave 4"), None),
        (False, "squared", Said(True, "Twice.", ""), "Right: Twice."),
        (False, "squared", Said(False, "You cubed it.", ""), "which does not match 'squared'"),
        (False, "", Said(None, "Not answered yet.", ""), "open: Not answered yet."),
        (True, "", Said(False, "You squared it.", "double(x=2.5)"), "Not yet: You squared it.\ndouble(x=2.5)"),
        (True, "", Said(None, "Not answered yet.", ""), "open: Not answered yet."),
        (True, "", Said(True, "Not yet so short as it could be.", ""), "of a right answer it says"),
        (False, "4", Said(False, "It gave 4.75 here.", "gave 4.75"), "the message holds 4.75 of the example"),
        (False, "4", Said(False, "It gave 4.7 here.", "gave 4.75, float32, shape (4, 7)"), None),
    ],
)
def test_what_is_wrong_with_a_verdict(right, says, verdict, found):
    told = list(problems(Answer("double", right, "", says, "", 1), [verdict]))
    assert (told == []) if found is None else (found in told[0])


def test_a_file_is_read_answer_by_answer(tmp_path):
    path = tmp_path / "07-loss-more.py"
    path.write_text(
        '"""Words of\nits author."""\n\n# and more\n\n'
        "# %% kl | wrong | a | b | says: mean|sum\ndef kl():\n    return 1\n\n"
        "# %% kl | right | by hand\n\n\nkl = 2  # %% none\n"
        "#%%kl|wrong|close|says:x \n",
        encoding="utf-8",
    )
    assert read(path) == [
        Answer("kl", False, "a | b", "mean|sum", "def kl():\n    return 1", 6),
        Answer("kl", True, "by hand", "", "kl = 2  # %% none", 10),
        Answer("kl", False, "close", "x", "", 14),
    ]
    assert source_of(path).name == "07-loss"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\n# %% kl | right | a\n", "got code above the first line"),
        ("# %% kl | good | a\n", ":1: got '# %% kl | good | a', expected # %% id"),
        ("# %% kl | right |\n", "expected # %% id"),
        ("# %% kl | right\n", "expected # %% id"),
        ("\n# %% kl | wrong | a | says: (\n", ":2: got '[(]', expected a regular expression"),
        ("# %% kl | right | a\n# %% kl | right | a\n", "got 'kl, right: a' twice"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path, text, expected):
    (tmp_path / "a.py").write_text(text, encoding="utf-8")
    with pytest.raises(AnswerFileError, match=expected):
        read(tmp_path / "a.py")


def test_an_answer_to_nothing_and_a_file_of_no_page_are_refused(page, tmp_path):
    with pytest.raises(AnswerFileError, match="09-double has no test of line 0: triple; it has again, double"):
        said(page, "triple = 3", id="triple")
    with pytest.raises(AnswerFileError, match=r"expected one such as 07-loss\.py, or --exercise"):
        source_of(tmp_path / "99-none.py")


def test_the_command_line_counts_who_was_treated_unfairly(page, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(answers, "SOURCES", page.path.parent)
    (tmp_path / "09-double.py").write_text(
        "# %% double | wrong | squares | says: squared\ndef double(x):\n    return x**2\n"
        "# %% double | wrong | a right one | says: squared\ndef double(x):\n    return 2 * x\n"
        "# %% double | right | a wrong one\ndef double(x):\n    return x\n"
        "# %% double | wrong | adds | says: That is\ndef double(x):\n    return x + 4.75\n"
        "# %% again | wrong | none | says: other\ndef again(x):\n    return x**2\n",
        encoding="utf-8",
    )
    assert answers.main([str(tmp_path / "09-double.py"), "--check"]) == 1
    out = capsys.readouterr().out
    counts = dict(reversed(line.split(None, 1)) for line in out.split("right\n")[-1].splitlines())
    assert counts == {
        "wrong passed": "1",
        "right refused": "1",
        "no verdict": "0",
        "check and grader differ": "0",
        "another message": "1",
        "a number told": "0",
    }
    assert "5 answers, 1 of them right" in out
    assert re.search(r"^ +1 double +wrong +Not yet +squares +You squared it\.$", out, re.MULTILINE)
    assert answers.main([str(tmp_path / "09-double.py"), "--check", "--only", "again", "--json", str(tmp_path / "o.json")]) == 1
    assert "You squared it." in (tmp_path / "o.json").read_text()
    assert answers.main([str(tmp_path / "none.py"), "--check"]) == 2
