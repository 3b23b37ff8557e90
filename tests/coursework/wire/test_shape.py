"""A test is given only the kinds of things that the reference gave: an object that says yes to everything earns nothing."""

import copy

import numpy as np
import pytest
import torch

from coursework.sandbox.supervisor import Supervisor
from coursework.wire.errors import StudentError
from coursework.wire.limits import Limits
from coursework.wire.proxies import Proxy
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


USES = {
    "attribute": lambda it: it.shape,
    "a method's": lambda it: hasattr(it, "allclose"),
    "setting": lambda it: setattr(it, "x", 1),
    "call": lambda it: it(1),
    "equal": lambda it: it == 3,
    "equal from the left": lambda it: 3 == it,  # noqa: SIM300
    "of a tensor": lambda it: torch.ones(2) == it,
    "in a list": lambda it: [1, it] == [1, 2],
    "unequal": lambda it: it != 3,
    "less": lambda it: 3 < it,  # noqa: SIM300
    "truth": lambda it: not it,
    "length": lambda it: len(it),
    "iterator": lambda it: [*it],
    "next": lambda it: next(it),
    "index": lambda it: it[0],
    "as an index": lambda it: [1, 2][it],
    "contains": lambda it: 1 in it,
    "number": lambda it: float(it),
    "complex": lambda it: complex(it),
    "rounded": lambda it: round(it, 2),
    "sum": lambda it: 1 + it,
    "power": lambda it: it**2,
    "product": lambda it: it @ torch.ones(2),
    "negative": lambda it: -it,
    "added to": lambda it: sum([it]),
    "text": lambda it: f"{it}",
    "str": lambda it: str(it),
    "hash": lambda it: {it},
    "its class": lambda it: isinstance(it, (int, torch.Tensor)),
    "torch's": lambda it: torch.as_tensor(it),
    "NumPy's": lambda it: np.allclose(it, 1),
    "block": lambda it: it.__enter__(),
    "copy": lambda it: copy.deepcopy(it),
}


@pytest.fixture(scope="module")
def unusable(supervisor):
    """What a test has in hand where the reference returned None and a student's code itself, and the session that it came from."""
    shape = Shape({"C": {"class"}, "C()": {"object"}, "C().fit": {"function"}, "C().fit()": {"plain"}, "f": {"function"}})
    with supervisor.session(shape=shape) as session:
        assert session.run("def f(x): return 1\nclass C:\n    def fit(self): return self", 20).ok
        yield session.value("C")().fit(), session


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_what_a_test_never_looks_at_costs_nothing_and_any_use_is_refused(unusable, use):
    it, _ = unusable
    assert it is not None
    assert repr(it) == repr([it])[1:-1] == "<something that the test does not take>"
    with pytest.raises(StudentError, match=r"C\(\).fit\(\) gave an object of a class, and the test takes plain values") as caught:
        use(it)
    assert caught.value.ours
    assert isinstance(caught.value, TypeError)


def test_what_is_refused_is_not_sent_either(unusable):
    it, session = unusable
    asked = session.number
    for value in (it, [it], {"a": it}):
        with pytest.raises(StudentError, match="gave an object"):
            session.value("f")(value)
    assert session.number == asked + 3  # for the name f alone


def test_an_attribute_of_a_module_that_is_refused_is_let_go_and_costs_nothing(supervisor):
    shape = Shape({"N": {"class"}, "N()": {"module"}, "N().state": {"plain"}, "left": {"plain"}})
    code = "import weakref\nfrom torch import nn\nclass O: pass\nclass N(nn.Module):\n    @property\n    def state(self):\n"
    code += "        it = O()\n        weakref.finalize(it, lambda: globals().update(left=0))\n        return it"
    with supervisor.session(shape=shape) as session:
        assert session.run(code, 20).ok
        assert session.value("N")().state is not None
        assert session.value("left") == 0


CONTENTS = {
    "a Series": ("import pandas as pd\ndef f(): return pd.Series([1, 2, 3])", np.ndarray),
    "a Series of text": ("import pandas as pd\ndef f(): return pd.Series(list('abc'), dtype=object)", list),
    "the module array": ("from array import array\ndef f(): return array('i', [1, 2, 3])", list),
    "a memoryview": ("import numpy as np\ndef f(): return memoryview(np.array([True, False]))", np.ndarray),
    "a user's dict": ("from collections import UserDict\ndef f(): return UserDict(a=1)", dict),
    "a chain of dicts": ("from collections import ChainMap\ndef f(): return ChainMap({'a': 1}, {'b': 2})", dict),
    "a user's list": ("from collections import UserList\ndef f(): return UserList([1, 2])", list),
    "iterable": ("class I:\n    def __iter__(self): return iter([1, 2])\ndef f(): return I()", list),
    "items": ("class I:\n    def __getitem__(self, i): return [1, 2][i]\ndef f(): return I()", list),
    "in a tuple": ("class I:\n    def __iter__(self): return iter([1, 2])\ndef f(): return 1, I()", tuple),
    "modules": ("from torch import nn, tensor\ndef f(): return nn.ParameterList([nn.Parameter(torch.ones(1))])", list),
}


@pytest.mark.parametrize(("code", "kind"), CONTENTS.values(), ids=CONTENTS)
def test_where_no_object_is_taken_what_is_in_one_arrives(supervisor, code, kind):
    shape = Shape({"f": {"function"}, "f()": {"plain"}})
    with supervisor.session(shape=shape) as session:
        assert session.run(f"import torch\n{code}\nwanted = f()\nwanted = wanted[1] if type(wanted) is tuple else wanted", 20).ok
        got = session.value("f")()
        assert type(got) is kind
        inner = got[1] if kind is tuple else got
        assert type(inner) in (np.ndarray, dict, list)
        assert session.run(f"assert {inner.tolist() if kind is np.ndarray else list(inner)!r} == [*wanted]", 20).error in (None, "")


def test_what_is_in_an_object_is_bounded_and_what_fails_on_the_way_leaves_nothing(supervisor):
    shape = Shape({"f": {"function"}, "f()": {"plain"}, "f()[]": {"plain"}})
    with supervisor.session(shape=shape) as session:
        code = "def __iter__(self):\n        while True: yield 'x' * 5000"
        assert session.run(f"class I:\n    {code}\ndef f(): return I()", 20).ok
        with pytest.raises(StudentError, match="at most 10,000 items"):
            list(session.value("f")())
        code = "def __iter__(self):\n        yield torch.ones(9, requires_grad=True)\n        raise ValueError"
        assert session.run(f"import torch\nclass I:\n    {code}\ndef f(x): return x, I(), 2 * x", 20).ok
        x = torch.ones(2, requires_grad=True)
        one, refused, two = session.value("f")(x)
        two.sum().backward()
        assert torch.equal(one, x)
        assert torch.equal(x.grad, torch.full((2,), 2.0))
        with pytest.raises(StudentError, match="gave an object"):
            refused == 1  # noqa: B015


OWN = """
import math, torch, typing
from collections import Counter
class Vector(typing.NamedTuple):
    x: int
    y: int
    def norm(self): return math.hypot(self.x, self.y)
    def plus(self, other): return Vector(self.x + other.x, self.y + other.y)
class Length(float):
    unit = "m"
class Bag(list):
    def __call__(self): return len(self)
class Table(dict): columns = 2
def f(): return Vector(1, 2), Bag("ab"), Table(a=1), Length(2)
def g(): return Vector(1, 2), 1.5, torch.ones(1), torch.nn.Parameter(torch.ones(1)).detach(), Counter("a"), [1]
"""


def test_a_plain_kinds_own_subclass_is_an_object_where_the_reference_gave_one(supervisor):
    names = ("Vector", "Length", "Bag", "Table")
    shape = (
        {"f": {"function"}, "g": {"function"}, "g()[]": {"object"}}
        | {name: {"class"} for name in names}
        | {f"{name}()": {"object"} for name in names}
    )
    attributes = {
        place: {"plain"} for place in ("Vector().x", "Vector().plus().y", "Vector().norm()", "Length().unit", "Table().columns")
    }
    methods = {"Vector().norm": {"function"}, "Vector().plus": {"function"}, "Vector().plus()": {"object"}}
    with supervisor.session(shape=Shape(shape | attributes | methods)) as session:
        assert session.run(OWN, 20).ok
        v = session.value("Vector")(3, 4)
        assert (v.x, v.norm(), v.plus(session.value("Vector")(1, -1)).y) == (3, 5, 3)
        assert (session.value("Length")(2).unit, session.value("Bag")("ab")(), session.value("Table")().columns) == ("m", 2, 2)
        got = session.value("f")()
        assert got == ((1, 2), ["a", "b"], {"a": 1}, 2.0)
        assert [type(each) for each in got] == [tuple, list, dict, float]
        vector, *others = session.value("g")()
        assert type(vector) is Proxy
        assert [type(each) for each in others] == [float, torch.Tensor, torch.Tensor, dict, list]


def test_the_references_own_subclass_is_an_object_where_a_class_was_called_and_plain_elsewhere(supervisor):
    shape = Shape()
    with supervisor.session(shape=shape) as session:
        assert session.run(OWN, 20).ok
        assert session.value("Vector")(3, 4).norm() == 5
        assert session.value("Bag")("ab")() == 2
        assert session.value("Length")(2) + 1 == 3
        assert session.value("f")()[0] == (1, 2)
    assert shape.places["Vector()"] == {"object"}
    assert shape.places["f()"] == {"plain"}
    assert "f()[]" not in shape.places


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
        ("def pieces(): return {'a': Yes, 'b': Yes}.values()", TypeError, r"pieces\(\)\[\]\(\) gave an object"),
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
