"""A worker used honestly: cells run as in a notebook, values and functions are lent out, gradients pass through."""

import multiprocessing
import os

import numpy as np
import pytest
import torch
from torch import nn

from coursework.sandbox.supervisor import Supervisor
from coursework.wire.limits import Limits
from coursework.wire.session import StudentError, WorkerError

LIMITS = Limits(call=20, output=1000)


@pytest.fixture(scope="module")
def supervisor(sandbox):
    with Supervisor("bwrap", LIMITS) as supervisor:
        yield supervisor


@pytest.fixture
def session(supervisor):
    with supervisor.session() as session:
        session.run("import torch\nfrom torch import nn\ntorch.set_default_dtype(torch.float64)", 20)
        yield session


def run(session, code):
    outcome = session.run(code, 20)
    assert outcome.ok, outcome.error
    return outcome


# Cells


def test_workers_are_forked_from_a_process_that_has_torch_loaded(supervisor, session):
    assert supervisor.sandbox == "bwrap"
    assert supervisor.shared, supervisor.fault
    assert "torch" in run(session, "import sys\nprint(sorted(m for m in sys.modules if m in ('torch', 'companion.losses')))").output


def test_cells_share_names_as_in_a_notebook(session):
    run(session, "a = 2")
    assert run(session, "def double(x):\n    return a * x\nprint(double(3))").output == "6\n"
    assert session.value("a") == 2
    assert session.value("double")(5) == 10


def test_an_error_is_told_with_its_line_and_the_worker_goes_on(session):
    outcome = session.run("x = 1\nprint('before')\nx / 0", 20)
    assert (outcome.ok, outcome.alive, outcome.output) == (False, True, "before\n")
    assert outcome.error == "ZeroDivisionError: division by zero (line 3)"
    assert session.value("x") == 1


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("def f(:", "SyntaxError"),
        ("raise SystemExit(0)", "SystemExit"),
        ("import sys\nsys.exit('bye')", "SystemExit: bye"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("input('name? ')", "EOFError"),
        ("class E(Exception):\n    def __str__(self):\n        raise ValueError\nraise E", "E: "),
        ("def f(): f()\nf()", "RecursionError"),
        ("x = '\0'", "null bytes"),  # a ValueError before Python 3.11.4, then a SyntaxError
        ("(" * 5000 + ")" * 5000, "SyntaxError"),
        ("raise ValueError('x' * 10**6)", "ValueError: xxx"),
    ],
    ids=lambda value: value[:20],
)
def test_whatever_a_cell_raises_the_worker_goes_on(session, code, error):
    outcome = session.run(code, 20)
    assert outcome.alive
    assert not outcome.ok
    assert error in outcome.error
    assert len(outcome.error) <= 2000
    assert session.run("1", 20).ok


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("%matplotlib inline\nx = 1", {"x"}),
        ("!touch here\nfiles = !ls\nx = 1", {"x", "files"}),
        ("%%time\nx = 1", {"x"}),
        ("%time x = 1", {"x"}),
        ("%%bash\necho no", set()),
        ("torch.ones?\n", set()),
        ("%no_such_magic and more", set()),
    ],
)
def test_magics_do_nothing_but_for_the_python_below_them(session, code, names):
    run(session, code)
    found = run(
        session, f"import os\nprint({sorted(names)} == [n for n in ('files', 'x') if n in globals()], os.path.exists('here'))"
    )
    assert found.output == "True False\n"


def test_what_a_notebook_can_do_a_worker_can_too(session):
    run(session, "x = 1\r\nif x:\r\n    y = '경계'\r\n")
    assert session.value("y") == "경계"
    run(session, "import asyncio\nawait asyncio.sleep(0)\nz = await asyncio.sleep(0, 5)")
    assert session.value("z") == 5
    run(session, "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nplt.savefig('figure.png')\ndisplay(plt.gcf())")
    run(session, "import inspect\ndef f(x):\n    return x\nassert 'return x' in inspect.getsource(f)")
    run(session, "from companion import data, losses, models, checks\ndata.load_digits()")
    run(session, "import sys\nsys.stderr.write('noise')\nsys.stdout.buffer.write(b'bytes')\nsys.stdout.flush()")
    run(session, "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int = 1\nP()")
    run(session, "from torch.utils.data import DataLoader\nassert len(list(DataLoader(range(4), num_workers=2))) == 4")
    run(session, "import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()")


def test_output_is_bounded(session):
    outcome = run(session, "for _ in range(10**4):\n    print('x' * 100)")
    assert len(outcome.output) < 1100
    assert "more characters" in outcome.output
    assert run(session, "print('again')").output == "again\n"


# Values


def test_values_come_as_they_are(session):
    run(session, "import numpy as np\nfrom typing import NamedTuple\nclass P(NamedTuple):\n    a: int\n    b: torch.Tensor")
    run(session, "v = [None, 1.5, P(1, torch.arange(3)), {'k': np.ones((2, 2))}, 'x', 1j, torch.Generator().manual_seed(3)]")
    none, number, pair, mapping, text, imaginary, generator = session.value("v")
    assert (none, number, text, imaginary) == (None, 1.5, "x", 1j)
    assert type(pair) is tuple
    assert torch.equal(pair[1], torch.arange(3))
    assert isinstance(mapping["k"], np.ndarray)
    assert torch.equal(torch.randn(4, generator=generator), torch.randn(4, generator=torch.Generator().manual_seed(3)))


def test_a_tensors_tricks_stay_behind(session):
    trick = "class T(torch.Tensor):\n    def __eq__(self, other):\n        return True\n    @classmethod\n"
    trick += "    def __torch_function__(cls, *a, **k):\n        return True\n"
    run(session, f"{trick}t = torch.zeros(2).as_subclass(T)\nclass N(float):\n    def __eq__(self, o): return True\nn = N(2)")
    assert type(session.value("t")) is torch.Tensor
    assert type(session.value("n")) is float


def test_a_name_that_is_not_there_and_a_value_that_is_not_carried(session):
    with pytest.raises(KeyError):
        session.value("nothing")
    run(session, "s = torch.eye(2).to_sparse()\nbig = torch.zeros(2 * 10**7)\nloop = []\nloop.append(loop)")
    for name, says in {"s": "dense", "big": "MB", "loop": "deep"}.items():
        with pytest.raises(StudentError, match=says):
            session.value(name)
    assert session.alive


def test_objects_are_asked_for_what_they_have(session):
    run(
        session,
        "class C:\n    def __init__(self, n): self.n = n\n    def add(self, k):\n        self.n += k\n        return self\n    _hidden = 1",
    )
    counter = session.value("C")(2)
    assert counter.n == 2
    assert counter.add(3).n == counter.n == 5
    assert not callable(counter)
    assert not hasattr(counter, "nothing")
    with pytest.raises(AttributeError):
        _ = counter._hidden
    with pytest.raises(AttributeError):
        counter.n = 3


# Calls


def test_a_call_with_arguments_of_every_kind(session):
    run(
        session, "def f(*args, **kwargs):\n    return args, kwargs\ndef g(h, x):\n    return h(x)\ndef double(x):\n    return 2 * x"
    )
    f = session.value("f")
    args, kwargs = f(1, torch.ones(2), [np.ones(3)], (None,), flag=True, name="x")
    assert args[0] == 1
    assert torch.equal(args[1], torch.ones(2))
    assert kwargs == {"flag": True, "name": "x"}
    assert session.value("g")(session.value("double"), 4) == 8
    with pytest.raises(TypeError, match="cannot be sent"):
        f(len)
    with pytest.raises(TypeError, match="cannot be sent"):
        f(nn.Linear(2, 2))
    assert f(2) == ((2,), {})


def test_errors_in_a_call_are_the_students_with_name_and_message(session):
    run(session, "class OwnError(Exception): pass\ndef f(kind):\n    raise {'v': ValueError, 'o': OwnError}[kind]('no ' + kind)")
    f = session.value("f")
    with pytest.raises(ValueError, match="no v") as caught:
        f("v")
    assert isinstance(caught.value, StudentError)
    with pytest.raises(StudentError, match="no o") as caught:
        f("o")
    assert type(caught.value).__name__ == caught.value.type == "OwnError"
    with pytest.raises(KeyError):
        f("x")
    run(session, "class Overdrawn(ValueError): pass\ndef g(): raise Overdrawn('by 3')\ndef h(): '음수'.encode('ascii')")
    for name in ("g", "h"):
        with pytest.raises(ValueError, match=r"by 3|ascii"):
            session.value(name)()


def test_a_generator_is_advanced_as_by_a_call_here(session):
    run(session, "def draw(n, generator):\n    return torch.randn(n, generator=generator)")
    here, there = (torch.Generator().manual_seed(1) for _ in range(2))
    draw = session.value("draw")
    for n in (3, 20, 700):
        assert torch.equal(draw(n, generator=there), torch.randn(n, generator=here, dtype=torch.float64))
    assert torch.equal(torch.randn(5, generator=there), torch.randn(5, generator=here))


def test_gradients_pass_through_as_if_the_function_were_here(session):
    source = "def f(a, pair, *, scale):\n    b, c = pair\n    return {'s': (a * b).sum() * scale, 'rest': [c.exp(), a.detach(), 3]}"
    run(session, source)
    here = {"torch": torch}
    exec(source, here)
    generator = torch.Generator().manual_seed(0)
    a, b, c = (torch.randn(4, generator=generator, dtype=torch.float64, requires_grad=True) for _ in range(3))

    def gradients(f):
        out = f(a * 2, (b, c), scale=3.0)
        assert not out["rest"][1].requires_grad
        return torch.autograd.grad(out["s"].sin() + (out["rest"][0] ** 2).sum(), (a, b, c))

    for got, expected in zip(gradients(session.value("f")), gradients(here["f"]), strict=True):
        assert torch.allclose(got, expected)


def test_gradients_more_than_once_unused_and_none(session):
    run(session, "def f(a, b):\n    return a * a, b.detach()\ndef count():\n    return torch.is_grad_enabled()")
    f, a, b = session.value("f"), torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    out, still = f(a, b)
    assert not still.requires_grad
    for _ in range(2):
        out.sum().backward(retain_graph=True)
    assert a.grad.tolist() == [4, 4]
    assert b.grad is None
    with torch.no_grad():
        assert not f(a, b)[0].requires_grad
        assert session.value("count")() is False
    assert session.value("count")() is True


def test_second_derivatives_are_refused_not_wrong(session):
    run(session, "def f(a):\n    return a ** 3")
    a = torch.ones(1, requires_grad=True)
    with pytest.raises(NotImplementedError, match="second derivatives"):
        torch.autograd.grad(session.value("f")(a), a, create_graph=True)
    assert session.alive


NET = """
class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.width, self.layer = width, nn.Linear(3, width)
        self.register_buffer("shift", torch.ones(1))
        self.frozen = nn.Parameter(torch.zeros(1), requires_grad=False)
    def forward(self, x):
        return self.layer(x) + self.shift + self.frozen
    def encode(self, x):
        return self.layer(x), -x
def loss(net, x):
    return net(x).square().mean()
"""


@pytest.fixture
def nets(session):
    """The same module twice: a proxy of one in the worker, and one here."""
    run(session, NET)
    space = {"nn": nn, "torch": torch}
    exec(NET, space)
    there, here = session.value("Net")(2), space["Net"](2).double()
    here.load_state_dict(there.state_dict())
    return there, here


X = torch.linspace(-1, 1, 12, dtype=torch.float64).reshape(4, 3)


def test_a_module_answers_as_a_module_does(nets):
    there, here = nets
    assert isinstance(there, nn.Module)
    assert there.width == 2
    assert torch.equal(there(X), here(X))
    assert torch.equal(there.encode(X)[0], here.encode(X)[0])
    assert torch.equal(there.layer(X), here.layer(X))
    assert [(name, value.shape) for name, value in there.named_parameters()] == [(n, p.shape) for n, p in here.named_parameters()]
    assert [parameter.requires_grad for parameter in there.parameters()] == [
        parameter.requires_grad for parameter in here.parameters()
    ]
    assert list(there.state_dict()) == list(here.state_dict())
    assert [name for name, _ in there.named_buffers()] == ["shift"]
    assert there.training
    assert not there.eval().training
    with pytest.raises(NotImplementedError, match="submodules"):
        list(there.modules())


@pytest.mark.parametrize("way", ["call", "method", "submodule", "function"])
def test_a_modules_parameters_have_their_gradients(session, nets, way):
    there, here = nets
    loss = session.value("loss")
    calls = {
        "call": lambda net: net(X).square().mean(),
        "method": lambda net: net.encode(X)[0].square().mean(),
        "submodule": lambda net: net.layer(X).square().mean(),
        "function": lambda net: loss(net, X) if net is there else net(X).square().mean(),
    }
    calls[way](there).backward()
    calls[way](here).backward()
    if way == "submodule":
        there, here = there.layer, here.layer
        there(X).square().mean().backward()
    for (name, got), (_, expected) in zip(there.named_parameters(), here.named_parameters(), strict=True):
        assert (got.grad is None) == (expected.grad is None), name
        assert got.grad is None or torch.allclose(got.grad, expected.grad), name


def test_an_optimizer_here_trains_the_module_there(nets):
    losses = []
    for net in nets:
        optimizer = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=0.1)
        for _ in range(5):
            optimizer.zero_grad()
            loss = net(X).square().mean()
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)
    there, here = nets
    assert torch.allclose(there.state_dict()["layer.weight"], here.state_dict()["layer.weight"])


def test_what_is_no_longer_used_is_let_go_in_the_worker(session):
    run(
        session,
        "import gc, weakref\nalive = weakref.WeakSet()\nclass T:\n    def __init__(self): alive.add(self)\ndef count():\n    return len(alive)",
    )
    make, count = session.value("T"), session.value("count")
    for _ in range(3):
        make()
    assert count() == 0
    kept = make()
    assert count() == 1
    assert kept is not None


# Sessions


def test_a_call_that_takes_too_long_ends_the_worker(supervisor):
    with supervisor.session() as session:
        session.run("def f():\n    while True: pass", 20)
        session.allow(0.3)
        with pytest.raises(WorkerError) as caught:
            session.value("f")()
        assert caught.value.kind == "timeout"
        assert not session.alive


def test_a_proxy_is_of_one_session_only(supervisor, session):
    run(session, "def f(x): return x")
    with supervisor.session() as other:
        run(other, "def g(x): return x")
        with pytest.raises(TypeError, match="cannot be sent"):
            session.value("f")(other.value("g"))


def in_a_fork(supervisor, queue):
    with supervisor.session() as session:
        session.run("def f(x): return 2 * x", 20)
        queue.put(session.value("f")(torch.ones(2)).tolist())


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_can_have_a_worker_of_its_own(supervisor):
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    process = context.Process(target=in_a_fork, args=(supervisor, queue))
    process.start()
    assert queue.get() == [2, 2]
    process.join()
    with supervisor.session() as session:
        assert session.run("1", 20).ok


def test_sessions_do_not_see_each_others_names_and_random_numbers_are_the_same(supervisor):
    with supervisor.session() as first, supervisor.session() as second:
        run(first, "import torch\nx = 1")
        with pytest.raises(StudentError, match="x"):
            second.value("x")
        code = "import torch, random\ny = torch.randn(3), random.random()"
        run(first, code), run(second, code)
        assert torch.equal(first.value("y")[0], second.value("y")[0])


def test_a_closed_session_says_so_and_leaves_no_descriptor(supervisor):
    before = len(os.listdir("/proc/self/fd"))
    session = supervisor.session()
    session.close()
    session.close()
    assert len(os.listdir("/proc/self/fd")) == before
    with pytest.raises(WorkerError, match="closed"):
        session.value("x")
    assert session.run("1", 1).alive is False


# What goes with an assignment


def test_files_of_an_assignment_are_there_to_read_and_to_import(supervisor):
    with supervisor.session() as session:
        session.put("data.csv", b"a,b\n1,2\n")
        session.put("images/pixel.bin", bytes(3))
        session.put("helper.py", b"def triple(x):\n    return 3 * x\n")
        assert session.told is False
        found = run(
            session, "import helper\nprint(open('data.csv').read(), len(open('images/pixel.bin').read()), helper.triple(2))"
        )
        assert found.output == "a,b\n1,2\n 3 6\n"
        with pytest.raises(StudentError, match="No space left"):
            session.put("large", bytes(100 * 2**20))
        for name in ("", "/etc/passwd", "../x", "a/../../b", "a//b", "."):
            with pytest.raises(ValueError, match="own folder"):
                session.put(name, b"")


def test_what_a_cell_writes_to_a_file_can_be_imported(session):
    run(session, "%%writefile own.py\nvalue = 3\n")
    run(session, "%%writefile -a own.py\nmore = 4\n")
    run(session, "from own import value, more\nassert (value, more) == (3, 4)")
    run(session, "%%file again.py\ndef six(): return 2 * value\n")
    run(session, "value = 3\n%run -i 'again.py'\nassert six() == 6")
    assert session.value("six")() == 6


@pytest.mark.parametrize(
    "code",
    [
        "import companion.losses",
        "from companion.losses import gaussian_kl",
        "from companion import losses",
        "import importlib\nimportlib.import_module('companion.losses')",
        "__import__('companion.losses')",
        "import sys\nimport companion\ncompanion.losses",
        "import torch.distributions.kl",
    ],
)
def test_a_module_that_is_forbidden_cannot_be_imported(supervisor, code):
    with supervisor.session(forbid=("companion.losses", "torch.distributions")) as session:
        outcome = session.run(code, 20)
        assert outcome.alive
        assert "ImportError: " in outcome.error or "AttributeError" in outcome.error
        assert "companion.losses" not in code or "import companion\n" in code or "asks for code of your own" in outcome.error
        run(session, "from companion import checks, models\nimport torch.distributed")


def test_it_is_known_when_a_test_has_told_something(session):
    run(session, "def f(x=0): return x\nclass C: n = 3\nc = C()")
    assert session.value("c").n == 3
    assert session.told is False
    session.value("f")(torch.ones(1))
    assert session.told is True


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_default_dtype_that_a_cell_leaves_is_told(supervisor, dtype):
    with supervisor.session() as session:
        assert run(session, "import torch").dtype is torch.float32
        assert run(session, f"torch.set_default_dtype({dtype})\n").dtype is dtype
        assert session.run(f"torch.set_default_dtype({dtype})\n1 / 0", 20).dtype is dtype
        outcome = session.run("torch.get_default_dtype = lambda: 'int8'", 20)
        assert (outcome.alive, outcome.kind, outcome.dtype) == (False, "protocol", None)


def test_a_worker_computes_as_this_side_does(session):
    """With the same kernels: a sum in another order differs in its last digits."""
    assert run(session, "print(torch.backends.cpu.get_cpu_capability())").output.strip() == torch.backends.cpu.get_cpu_capability()
    source = "def f(g): return torch.randn(1000, generator=g, dtype=torch.float32).exp().sum(), torch.randn(64, generator=g)"
    run(session, "torch.set_default_dtype(torch.float32)\n" + source)
    here: dict = {"torch": torch}
    exec(source, here)
    got, expected = (f(torch.Generator().manual_seed(2)) for f in (session.value("f"), here["f"]))
    assert all(map(torch.equal, got, expected))


DATA = """
from torch.utils.data import Dataset
class Squares(Dataset):
    def __len__(self): return 4
    def __getitem__(self, i):
        if i >= 4: raise IndexError(i)
        return torch.tensor(float(i)) ** 2, i
class Steps:
    def __iter__(self): return iter([1, 2])
net = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
"""


def test_an_objects_length_items_and_iterator_are_asked_for(session):
    run(session, DATA)
    squares = session.value("Squares")()
    assert (len(squares), squares[3][0].item(), squares[3][1]) == (4, 9.0, 3)
    assert [label for _, label in squares] == [0, 1, 2, 3]
    with pytest.raises(IndexError):
        squares[4]
    assert 2 in session.value("Steps")()
    net = session.value("net")
    assert len(net) == 2
    assert torch.equal(net[0](torch.ones(2, dtype=torch.float64)).tanh(), net(torch.ones(2, dtype=torch.float64)))
    with pytest.raises(TypeError):
        len(session.value("Steps")())
    assert session.value("Steps")()


# What a call did beside its result


CHANGES = """
import numpy as np, sys, warnings

def subtracts(z, mu):
    z -= mu
    return z

def clamps(mu, logvar):
    logvar.data.clamp_(-0.5, 0.5)
    return mu

def through_a_view(x):
    x[1:].view(-1).numpy()[:] = 0
    return x.sum()

def back_again(x):
    x.add_(1).sub_(1)
    return x

def turned(x):
    x.t_()
    return 1

def of_many(many):
    many[1]["b"] *= 2
    return 1

def sorts(numbers):
    numbers.sort()
    return numbers

def honest(x, generator, iterator):
    x = x.requires_grad_()
    next(iterator)
    return x + torch.rand(x.shape, generator=generator)

def shows(x):
    print(x)

def warns(x):
    warnings.warn("slow")
    sys.stderr.write("5 of 7")
    return x

def shows_and_raises(x):
    x += 1
    print(x)
    raise ValueError

class Model(nn.Module):
    def forward(self, x):
        print("forward")
        return x.mul_(2)
"""


def noted(session, name, *args, **kwargs):
    function = session.value(name)
    function(*args, **kwargs)
    return vars(function)["_noted"]


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "changed"),
    [
        ("subtracts", (torch.ones(2), torch.ones(2)), {}, [0]),
        ("subtracts", (), {"mu": np.ones(2), "z": np.ones(2)}, ["z"]),
        ("clamps", (torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)), {}, [1]),
        ("clamps", (torch.ones(2),), {"logvar": torch.ones(2)}, ["logvar"]),
        ("clamps", (torch.ones(2), torch.zeros(2)), {}, []),
        ("through_a_view", (torch.ones(3, 2),), {}, [0]),
        ("through_a_view", (torch.zeros(3, 2),), {}, []),
        ("back_again", (torch.ones(2),), {}, []),
        ("back_again", (torch.tensor([float("nan"), float("inf")]),), {}, []),
        ("turned", (torch.ones(2, 2),), {}, []),
        ("turned", (torch.ones(2, 3),), {}, [0]),
        ("of_many", ((1, {"a": 1, "b": torch.ones(2, dtype=torch.bfloat16)}),), {}, [0]),
        ("sorts", ([3, 1, 2],), {}, [0]),
        ("sorts", ([1, 2],), {}, []),
    ],
)
def test_a_stand_in_notes_what_its_last_call_changed_in_place(session, name, args, kwargs, changed):
    """By the bytes, whatever changed them, and without a change on this side."""
    run(session, CHANGES)
    before = repr((args, kwargs))
    assert noted(session, name, *args, **kwargs) == {"changed": changed, "printed": False}
    assert repr((args, kwargs)) == before


def test_what_is_only_used_is_no_change(session):
    run(session, CHANGES)
    generator = torch.Generator().manual_seed(0)
    assert noted(session, "honest", torch.ones(2), generator, iter([1, 2])) == {"changed": [], "printed": False}


def test_a_stand_in_notes_whether_its_last_call_printed(session):
    run(session, CHANGES + "\nprint('before')")
    x = torch.ones(2)
    assert noted(session, "shows", x)["printed"]
    assert not noted(session, "warns", x)["printed"], "a warning is no print"
    function = session.value("shows_and_raises")
    vars(function)["_noted"] = "of an earlier call"
    with pytest.raises(StudentError):
        function(x)
    assert "_noted" not in vars(function)
    assert not noted(session, "subtracts", x, x)["printed"], "the other one printed"
    model = session.value("Model")()
    model(x)
    assert vars(model)["_noted"] == {"changed": [0], "printed": True}
    assert torch.equal(x, torch.ones(2))


def test_what_stands_in_standard_error_stands_in_the_output_too(session):
    code = "import sys\nprint('a')\nsys.stderr.write('b')\nsys.stderr.buffer.write(b'c')\nprint('d', file=sys.stderr)"
    assert run(session, code).output == "a\nbcd\n"
