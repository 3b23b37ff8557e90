"""Where tests run among a student's cells, and the names that come from a student: read off the syntax, so tested without running."""

import pytest

from coursework.assignment.source import load_source
from coursework.handin.cells import StudentCell, answer_names
from coursework.scoring.statements import prepared, steps

HEAD = "---\njupytext: {text_representation: {extension: .md, format_name: myst}}\nkernelspec: {name: python3, display_name: P}\n---\n\n# T\n"


@pytest.fixture
def source(tmp_path):
    """Make an exercise of cells: (role, code)."""

    def make(*cells):
        text = HEAD
        for role, code in cells:
            option = f":{role}\n\n" if role.startswith("tags") else f":companion: {{{role}}}\n\n"
            line = option if role else ""
            if role.startswith("answer"):
                code = f"### BEGIN SOLUTION\n{code}\n### END SOLUTION"
            text += f"\n```{{code-cell}} ipython3\n{line}{code}\n```\n"
        path = tmp_path / "made.md"
        path.write_text(text, encoding="utf-8")
        return load_source(path)

    return make


def answer(id, code):
    return StudentCell(id, code, "answer", (id,))


def check_cell(id, code="print()"):
    return StudentCell(id, code, "test")


def order(exercise, cells):
    """What runs, in order: code of cells, and `test ID`."""
    todo = steps(exercise, cells, prepared(exercise))
    return [step.source if isinstance(step, StudentCell) else f"test {step.test.id}" for step in todo]


@pytest.fixture
def two(source):
    """Two answers, each with its test."""
    return source(
        ("answer: a", "a = 1"), ("test: a, points: 1", "assert a"), ("answer: b", "b = 2"), ("test: b, points: 1", "assert b")
    )


def test_only_names_that_answers_define_come_from_the_worker(source):
    exercise = source(
        ("", "import torch\nfrom torch import nn"),
        ("answer: f", "import math\nhelper = 2\ndef f(x):\n    return torch.exp(x) * helper"),
        ("test: f, points: 1", "assert f(torch.zeros(1)) == math.pi and isinstance(print, object)"),
    )
    (test,) = prepared(exercise)
    assert test.providers == {"f": "f"}
    assert [statement.code for statement in test.before] == ["import torch", "import math"]
    assert answer_names(exercise) == {"f": {"f", "helper"}}


def test_a_test_gets_the_given_statements_that_it_stands_on_and_no_others(source):
    exercise = source(
        (
            "",
            "import torch\nimport matplotlib.pyplot as plt\nn = 3\nx = torch.ones(n)\nx.mul_(2)\nplt.figure()\nother = torch.ones(9)",
        ),
        ("answer: f", "def f(x):\n    return x"),
        ("", "torch.set_default_dtype(torch.float64)"),
        ("test: f, points: 1", "y = f(x)\nassert y is not None"),
        ("", "y = 5"),
    )
    (test,) = prepared(exercise)
    assert [statement.code for statement in test.before] == [
        "import torch",
        "n = 3",
        "x = torch.ones(n)",
        "x.mul_(2)",
        "torch.set_default_dtype(torch.float64)",
    ]


def test_a_test_runs_where_its_cell_stands(two):
    cells = [
        answer("a", "a = 1"),
        StudentCell(None, "x"),
        check_cell("a"),
        answer("b", "b = 2"),
        check_cell("b"),
        StudentCell(None, "a = 0"),
    ]
    assert order(two, cells) == ["a = 1", "x", "test a", "b = 2", "test b", "a = 0"]


def test_a_test_whose_cell_is_gone_runs_after_its_answers(two):
    cells = [answer("a", "a = 1"), answer("b", "b = 2"), StudentCell(None, "a = b = 0", "own", ("a", "b"))]
    assert order(two, cells) == ["a = 1", "test a", "b = 2", "test b", "a = b = 0"]


def test_a_test_above_its_answer_waits_for_it(two):
    cells = [check_cell("a"), check_cell("b"), answer("b", "b = 2"), answer("a", "a = 1"), StudentCell(None, "x")]
    assert order(two, cells) == ["b = 2", "test b", "a = 1", "test a", "x"]


def test_a_test_runs_after_the_last_of_two_cells_that_answer_it(two):
    cells = [answer("a", "a = 1"), answer("a", "a = 2"), check_cell("a"), check_cell("a")]
    assert order(two, cells) == ["a = 1", "a = 2", "test a", "test b"]
    assert order(two, cells[:2]) == ["a = 1", "a = 2", "test a", "test b"]


def test_a_test_whose_answer_is_nowhere_runs_where_it_stands_or_last(two):
    assert order(two, [check_cell("a"), answer("b", "b = 2")]) == ["test a", "b = 2", "test b"]
    assert order(two, [answer("b", "b = 2"), StudentCell(None, "x")]) == ["b = 2", "test b", "x", "test a"]


def test_an_answer_known_by_its_names_counts_where_no_cell_is_the_answer(two):
    cells = [StudentCell(None, "a = 1", "own", ("a",)), StudentCell(None, "x"), answer("b", "b = 2")]
    assert order(two, cells) == ["a = 1", "test a", "x", "b = 2", "test b"]


def test_a_name_of_two_answers_is_taken_after_its_own(source):
    exercise = source(
        ("answer: a", "p = 1"),
        ("test: a, points: 1", "assert p == 1"),
        ("answer: b", "p = 2"),
        ("test: b, points: 1", "assert p == 2"),
    )
    assert order(exercise, [answer("a", "p = 1"), answer("b", "p = 2")]) == ["p = 1", "test a", "p = 2", "test b"]
    assert [test.providers for test in prepared(exercise)] == [{"p": "a"}, {"p": "b"}]


def test_cells_run_in_the_order_of_the_notebook_whatever_they_lack(two):
    cells = [StudentCell(None, code) for code in ("y = g(1)", "def g(x):\n    return helper(x)", "def helper(x):\n    return x")]
    assert order(two, cells)[:3] == [cell.source for cell in cells]


def test_an_untouched_cell_that_is_not_graded_is_left_out_and_no_other(source):
    exercise = source(
        ("", "x = 1"), ("tags: [not-graded]", "train()"), ("answer: f", "f = 1"), ("test: f, points: 1", "assert f"), ("", "plot()")
    )
    cells = [StudentCell(None, code, "given") for code in ("x = 1", "train( )", "plot()")]
    changed = StudentCell(None, "train()  # twice\ntrain()")
    assert order(exercise, [*cells, changed]) == ["x = 1", "plot()", changed.source, "test f"]


def test_an_edited_test_cell_that_defines_something_is_run_as_the_students_own(source):
    exercise = source(("answer: f", "def f():\n    return helper()"), ("test: f, points: 1", "assert f()"))
    cells = [
        StudentCell("f", "def f():\n    return helper()", "answer", ("f",)),
        StudentCell("f", "def helper():\n    return 1", "test"),
    ]
    assert order(exercise, cells) == ["def f():\n    return helper()", "def helper():\n    return 1", "test f"]


def test_a_first_value_that_an_answer_replaces_does_not_replace_the_answer(source):
    exercise = source(
        ("", "x = None"), ("answer: x", "x = 1"), ("", "y = x + 1"), ("test: x, points: 1", "assert x == 1 and y == 2")
    )
    (test,) = prepared(exercise)
    assert (test.providers, [statement.code for statement in test.before]) == ({"x": "x"}, ["y = x + 1"])
