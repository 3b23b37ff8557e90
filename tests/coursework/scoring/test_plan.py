"""The order in which cells and tests run, and the names that come from a student: read off the syntax, so tested without running."""

import pytest

from coursework.assignment.source import load_source
from coursework.handin.matching import StudentCell, answer_names, given_cells
from coursework.scoring.plan import prepared, steps

HEAD = "---\njupytext: {text_representation: {extension: .md, format_name: myst}}\nkernelspec: {name: python3, display_name: P}\n---\n\n# T\n"


@pytest.fixture
def source(tmp_path):
    """Make an exercise of cells: (role, code)."""

    def make(*cells):
        text = HEAD
        for role, code in cells:
            line = f":companion: {{{role}}}\n\n" if role else ""
            if role.startswith("answer"):
                code = f"### BEGIN SOLUTION\n{code}\n### END SOLUTION"
            text += f"\n```{{code-cell}} ipython3\n{line}{code}\n```\n"
        path = tmp_path / "made.md"
        path.write_text(text, encoding="utf-8")
        return load_source(path)

    return make


def own(*codes):
    return [StudentCell(None, code) for code in codes]


def order(exercise, cells):
    """What runs, in order: code of cells, and `test ID`."""
    todo, moved = steps(exercise, cells, prepared(exercise))
    return [step.cell.source if step.cell else f"test {step.test.test.id}" for step in todo], moved


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


def test_a_name_of_two_answers_is_taken_after_its_own(source):
    exercise = source(
        ("answer: a", "p = 1"),
        ("test: a, points: 1", "assert p == 1"),
        ("answer: b", "p = 2"),
        ("test: b, points: 1", "assert p == 2"),
    )
    cells = [StudentCell("a", "p = 1", "answer", ("a",)), StudentCell("b", "p = 2", "answer", ("b",))]
    assert order(exercise, cells) == (["p = 1", "test a", "p = 2", "test b"], False)
    assert [test.providers for test in prepared(exercise)] == [{"p": "a"}, {"p": "b"}]


def test_a_test_whose_answer_is_missing_comes_last(source):
    exercise = source(
        ("answer: a", "a = 1"), ("test: a, points: 1", "assert a"), ("answer: b", "b = 2"), ("test: b, points: 1", "assert b")
    )
    assert order(exercise, [StudentCell("b", "b = 2", "answer", ("b",))])[0] == ["b = 2", "test b", "test a"]


def test_a_cell_waits_for_the_name_that_it_lacks(source):
    exercise = source(("answer: f", "def f(x):\n    return x"), ("test: f, points: 1", "assert f(1)"))
    assert order(exercise, own("y = g(1)", "def g(x):\n    return helper(x)", "def helper(x):\n    return x"))[0][:3] == [
        "def helper(x):\n    return x",
        "def g(x):\n    return helper(x)",
        "y = g(1)",
    ]


def test_cells_in_a_circle_and_names_that_nobody_defines_keep_their_order(source):
    exercise = source(("answer: f", "f = 1"), ("test: f, points: 1", "assert f"))
    circle = own("def g():\n    return h()", "def h():\n    return g()", "print(nobody)")
    assert order(exercise, circle) == ([*(cell.source for cell in circle), "test f"], False)


def test_given_cells_run_only_where_something_needs_them(source):
    exercise = source(
        ("", "import torch\nx = torch.ones(3)"),
        ("answer: f", "def f():\n    return x"),
        ("test: f, points: 1", "assert f() is not None"),
        ("", "z = f() + 1\nprint(z)"),
        ("", "x.add_(1)"),
        ("", "torch.manual_seed(0)"),
        ("", "def train(x):\n    x.mul_(2)\ntrained = train(f())"),
        ("", "import matplotlib.pyplot as plt\n_, ax = plt.subplots()\n_ = ax.set_title(str(f()))"),
        ("", "noise = torch.randn(3, generator=torch.Generator().manual_seed(0)) + f()"),
    )
    cells = [StudentCell(None, code, "given") for code in given_cells(exercise)]
    cells.insert(1, StudentCell("f", "def f():\n    return x", "answer", ("f",)))
    cells.insert(2, StudentCell("f", "assert f() is not None", "test"))
    kept = ["import torch\nx = torch.ones(3)", "def f():\n    return x", "test f", "x.add_(1)", "torch.manual_seed(0)"]
    assert order(exercise, cells)[0] == kept


def test_an_edited_test_cell_that_defines_something_is_run_as_the_students_own(source):
    exercise = source(("answer: f", "def f():\n    return helper()"), ("test: f, points: 1", "assert f()"))
    cells = [
        StudentCell("f", "def f():\n    return helper()", "answer", ("f",)),
        StudentCell("f", "def helper():\n    return 1", "test"),
    ]
    assert order(exercise, cells)[0] == ["def helper():\n    return 1", "def f():\n    return helper()", "test f"]


def test_a_first_value_that_an_answer_replaces_does_not_replace_the_answer(source):
    exercise = source(
        ("", "x = None"), ("answer: x", "x = 1"), ("", "y = x + 1"), ("test: x, points: 1", "assert x == 1 and y == 2")
    )
    (test,) = prepared(exercise)
    assert (test.providers, [statement.code for statement in test.before]) == ({"x": "x"}, ["y = x + 1"])
