"""A test is given only the kinds of things that the reference gave: an object that says yes to everything earns nothing."""

import pytest
import torch

from coursework.sandbox.supervisor import Supervisor
from coursework.wire.errors import StudentError
from coursework.wire.limits import Limits
from coursework.wire.shape import Shape


@pytest.fixture(scope="module")
def supervisor(sandbox):
    with Supervisor("bwrap", Limits(call=20)) as supervisor:
        yield supervisor


REFERENCE = """
import torch
from torch import nn
def f(x): return x.sum() * 2
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)
    def forward(self, x): return self.layer(x)
    def encode(self, x): return self.layer(x), x
def pieces(): return [lambda: 1, lambda: 2]
word = "yes"
"""


def check(session):
    """What a test does with the names of an answer."""
    x = torch.ones(2)
    want = torch.tensor(4.0)
    assert session.value("f")(x).allclose(want)
    net = session.value("Net")()
    assert net.eval().encode(x)[0].shape == (2,)
    assert [piece() for piece in session.value("pieces")()] == [1, 2]
    assert session.value("word").strip().lower() == "yes"
    assert not hasattr(net, "decode")


@pytest.fixture
def graded(supervisor):
    """Grade code as a student's, after the reference."""
    shape = Shape()
    with supervisor.session(shape=shape) as session:
        assert session.run(REFERENCE, 20).ok
        check(session)

    def grade(code):
        with supervisor.session(shape=Shape(shape.places)) as session:
            outcome = session.run(REFERENCE + code, 20)
            assert outcome.ok, outcome.error
            check(session)

    return grade


@pytest.mark.parametrize(
    "code",
    [
        "",
        "class F:\n    def __call__(self, x): return x.sum() * 2\nf = F()",
        "from functools import partial\nf = partial(lambda k, x: k * x.sum(), 2)",
        "class F(nn.Module):\n    def forward(self, x): return 2 * x.sum()\nf = F()",
        "Made = Net\ndef Net(): return Made()",
        "def pieces(): return lambda: 1, lambda: 2",
    ],
    ids=["reference", "callable", "partial", "module", "factory", "tuple"],
)
def test_other_ways_to_write_the_same_are_taken(graded, code):
    graded(code)


YES = """
class Yes:
    def __getattr__(self, name): return lambda *a, **k: True
    def __eq__(self, other): return True
"""


@pytest.mark.parametrize(
    ("code", "error", "says"),
    [
        ("def f(x): return Yes()", TypeError, r"f\(\) gave an object of a class, and the test takes plain values"),
        ("def f(x): return lambda *a: True", TypeError, r"f\(\) gave a function"),
        ("def f(x): return nn.Linear(1, 1)", TypeError, r"f\(\) gave a module"),
        ("f = Yes()", TypeError, "f gave an object of a class, and the test takes a function"),
        ("word = Yes()", TypeError, "word gave an object"),
        ("class Y(str):\n    def strip(self): return Yes()\nword = Y('no')", AssertionError, "no"),
        ("Net.encode = lambda self, x: (Yes(), x)", TypeError, r"Net\(\).encode\(\)\[\] gave an object"),
        ("def pieces(): return [Yes(), Yes()]", TypeError, r"pieces\(\)\[\] gave an object"),
        ("def pieces(): return {'a': lambda: Yes()}.values()", TypeError, r"gave an object"),
    ],
)
def test_what_the_reference_never_gave_is_refused(graded, code, error, says):
    with pytest.raises(error, match=says) as caught:
        graded(YES + code)
    assert getattr(caught.value, "ours", True)


def test_an_attribute_that_the_reference_was_not_asked_for_is_refused(supervisor):
    shape = Shape({"C": {"class"}, "C()": {"object"}, "C().n": {"plain"}})
    with supervisor.session(shape=shape) as session:
        session.run("class C:\n    n = 3\n    def allclose(self, other): return True", 20)
        made = session.value("C")()
        assert made.n == 3
        assert not hasattr(made, "allclose")
        with pytest.raises(StudentError, match="no such thing") as caught:
            made.allclose(torch.ones(1))
        assert caught.value.ours


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("def f(x): return f\nf.allclose = lambda other: True", r"f\(\) gave a function"),
        (
            "class T(Yes):\n    __class__ = property(lambda self: torch.Tensor)\ndef f(x): return T()",
            "is not carried|not supported",
        ),
        ("def f(x): return range(2**62)", "range of more than"),
        ("def f(x): return {i * (2**61 - 1) for i in range(10_001)}", "set, or a dict"),
        ("def f(x): raise type('E_' + str(x.tolist()), (Exception,), {})('told')", "told"),
    ],
    ids=["attributes of a function", "poses as a tensor", "endless range", "numbers of one hash", "a name that tells"],
)
def test_what_students_who_know_the_kit_tried_earns_nothing_and_ends_nothing(supervisor, code, says):
    shape = Shape({"f": {"function"}, "f()": {"plain"}})
    with supervisor.session(shape=shape) as session:
        assert session.run(REFERENCE + YES + code, 20).ok
        with pytest.raises(StudentError, match=says):
            session.value("f")(torch.ones(2)).allclose(torch.ones(2))
        assert session.alive
