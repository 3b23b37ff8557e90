"""The process that runs a student's code and answers questions about it. It is inside the sandbox and is trusted by nobody.

It runs cells in one namespace, as a notebook does, and lends out what they defined: values travel, functions and modules stay and
are called from outside. Every answer carries the number of its question. It needs `protocol`, no more of the kit. How its process was
shut in is in `sandbox.confine`.
"""

import ast
import asyncio
import builtins
import contextlib
import importlib.abc
import io
import itertools
import linecache
import operator
import os
import sys
import types
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from coursework.wire import generators, protocol
from coursework.wire.shape import fits
from coursework.wire.values import Decoder, Encoder

GRAPHS = 512  # calls whose gradients can still be asked for
MESSAGE = 2000  # characters of an error
RUN = {"time", "timeit", "capture", "prun", "run"}  # magics with Python behind or below them, or in a file
LIBRARIES = sys.stdlib_module_names | {"numpy", "torch", "pandas"}  # a class from elsewhere is the student's own


class Channel:
    """Frames over a socket's descriptor, for one who waits as long as it takes."""

    def __init__(self, descriptor: int):
        self.descriptor = descriptor

    def receive(self) -> tuple[dict, bytearray]:
        """The next question; EOFError at the end."""
        text, body = protocol.sizes(self._exactly(protocol.PREFIX.size))
        return protocol.parse(self._exactly(text)), self._exactly(body)

    def send(self, message: dict, body: Sequence[bytes] = ()) -> None:
        for piece in protocol.pack(message, body):
            view = memoryview(piece)
            while view:
                view = view[os.write(self.descriptor, view) :]

    def _exactly(self, size: int) -> bytearray:
        data = bytearray()
        while len(data) < size:
            block = os.read(self.descriptor, min(size - len(data), 1 << 20))
            if not block:
                raise EOFError
            data += block
        return data


class Bounded(io.TextIOBase):
    """What is printed, up to a number of characters; the rest is counted and forgotten. aside: how many of them are no `print`'s."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, most: int):
        self.most, self.size, self.aside = most, 0, 0
        self.parts: list[str] = []
        self.buffer = Bytes(self)

    def writable(self) -> bool:
        return True

    def reconfigure(self, **_: object) -> None:
        pass

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write: got {type(text).__name__}, expected str")
        if self.size < self.most:
            self.parts.append(text[: self.most - self.size])
        self.size += len(text)
        return len(text)

    def take(self) -> str:
        """What was printed since the last time."""
        text, lost = "".join(self.parts), max(0, self.size - self.most)
        self.parts, self.size, self.aside = [], 0, 0
        return text + (f"\n… {lost} more characters" if lost else "")


class Aside(io.TextIOBase):
    """Standard error: warnings and progress bars, which stand in the text of a `Bounded` among what is printed."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, text: Bounded):
        self.text, self.buffer = text, Bytes(self)

    def writable(self) -> bool:
        return True

    def reconfigure(self, **_: object) -> None:
        pass

    def write(self, text: str) -> int:
        self.text.aside += len(text)
        return self.text.write(text)


class Bytes(io.RawIOBase):
    """The `buffer` of what takes text."""

    def __init__(self, text: "Bounded | Aside"):
        self.text = text

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self.text.write(bytes(data).decode("utf-8", "replace"))


class Shell:
    """Stands for IPython in what its input transformer makes of magics: they do nothing, but for the Python below some of them, and files."""

    def __init__(self, worker: "Worker"):
        self._worker = worker

    def run_line_magic(self, name: str, line: str, *_: object, **__: object) -> None:
        if name == "run":
            with open(next(word.strip("'\"") for word in line.split() if word[0] != "-"), encoding="utf-8") as file:
                line = file.read()
        if name in RUN and line.strip():
            self._worker.execute(line)

    def run_cell_magic(self, name: str, line: str, cell: str, *_: object, **__: object) -> None:
        if name in ("writefile", "file"):
            with open(line.split()[-1], "a" if "-a" in line.split()[:-1] else "w", encoding="utf-8") as file:
                file.write(cell)
        elif name in RUN:
            self._worker.execute(cell)

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)

        return lambda *_, **__: None


class Forbidden(importlib.abc.MetaPathFinder):
    """Refuses modules. A bar and not a wall: what is loaded already, or lies on the disk, can be found by who looks for it."""

    def __init__(self, modules: Sequence[str]):
        self.modules = tuple(modules)
        for name in filter(self.has, list(sys.modules)):
            above, _, below = name.rpartition(".")
            if above in sys.modules:
                vars(sys.modules[above]).pop(below, None)  # else `from above import below` finds it there
            del sys.modules[name]

    def has(self, name: str) -> bool:
        return any(name == each or name.startswith(f"{each}.") for each in self.modules)

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if self.has(name):
            raise ImportError(f"{name} may not be imported here: this assignment asks for code of your own", name=name)


class Lending(Encoder):
    """Writes what a student's code gave: what is of no plain kind is lent.

    Where a test takes no such thing, what can be read as a dict, an array or a list goes over as one. Where it does, a student's own
    subclass of a plain kind is lent too, for its methods; so is the reference's own tuple, list or dict, where a class was called.

    Args:
        takes: the kinds that the test takes at the place, and inside what comes there; None: all, while the reference is graded.

    made: what is written was made by calling a class, as a test asked.
    """

    def __init__(self, refer: Callable[[Any], dict], lent: list[torch.Generator], takes: list[list[str]] | None):
        super().__init__(refer, lent)
        self.takes, self.made = takes, False

    def taken(self, value: object, depth: int) -> bool:
        return fits(kind_of(value), self.takes[depth > 0]) if self.takes is not None else True

    def stays(self, value: object, depth: int) -> bool:
        if type(value).__module__.partition(".")[0] in LIBRARIES:
            return False
        if self.takes is None:  # of numbers, text and iterators the operators count, which a stand-in has not
            return self.made and not depth and isinstance(value, tuple | list | dict)
        return self.taken(value, depth)

    def other(self, value: object, depth: int) -> dict:
        body, size, differentiable = len(self.body), self.size, len(self.differentiable)
        if not self.taken(value, depth):
            try:
                return self.contents(value, depth + 1)
            except Exception:  # whatever a student's iterator raises: then it is lent, and the test told that it takes none
                del self.body[body:], self.differentiable[differentiable:]
                self.size = size
        return self.refer(value)

    def contents(self, value: Any, depth: int) -> dict:
        """What is in an object, as a dict, an array or a list."""
        if isinstance(value, Mapping):
            return self.mapping(value, depth)
        if isinstance(value, memoryview) or hasattr(type(value), "__array__"):
            with contextlib.suppress(TypeError):  # an array of a dtype that is not carried
                return self.array(np.asarray(value), depth)
        items = self.iterator(iter(value), depth)
        return items if items["more"] else items | {"t": "list"}


class Picture(Encoder):
    """Writes what is in an argument, to be held against what is in it after the call; nothing of what is there to be drawn from."""

    def stays(self, value: object, depth: int) -> bool:
        return isinstance(value, torch.Generator | Iterator)


def picture(value: object) -> tuple[Any, bytes] | None:
    """What is in an argument: numbers, arrays and tensors, in tuples, lists and dicts too. None where it can no longer be written."""
    encoder = Picture(lambda _: {"t": "ref"})
    try:
        with torch.no_grad():  # whether a tensor wants a gradient is no change of its numbers
            return encoder.encode(value), b"".join(encoder.body)
    except Exception:
        return None


def kind_of(value: object) -> str:
    """What a thing that is lent is called: see `shape.KINDS`."""
    if isinstance(value, torch.nn.Module):
        return "module"
    if isinstance(value, type):
        return "class"
    return "function" if callable(value) else "object"


class Worker:
    """A student's namespace, and the answers to what the trusted side may ask: see the methods `do_…`."""

    def __init__(self, channel: Channel, output: int):
        self.channel, self.printed = channel, Bounded(output)
        self.space = types.ModuleType("__main__")
        self.cells = itertools.count(1)
        self.lent: dict[int, Any] = {}
        self.ids = itertools.count(1)
        self.graphs: OrderedDict[int, tuple] = OrderedDict()

    def prepare(self) -> None:
        """Make this process a notebook without a screen or a keyboard."""
        sys.modules["__main__"] = self.space
        sys.path.insert(0, os.getcwd())  # as in a notebook, whose folder can hold modules
        sys.stdout, sys.stderr = self.printed, Aside(self.printed)
        vars(sys).update(__stdout__=sys.stdout, __stderr__=sys.stderr)
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 (open as long as the process); input() meets its end
        shell = Shell(self)
        given = {"get_ipython": lambda: shell, "display": lambda *things, **_: print(*things), "__builtins__": builtins}
        vars(self.space).update(given)

    def serve(self) -> None:
        """Answer until the other side hangs up."""
        self.channel.send({"hello": 1})
        with contextlib.suppress(EOFError):
            while True:
                self.answer(*self.channel.receive())

    def answer(self, message: dict, body: bytearray) -> None:
        """Answer one question. Whatever is raised meanwhile is the answer."""
        number = message["n"]
        for lent in message.get("free", ()):
            self.lent.pop(lent, None)
        for graph in message.get("drop", ()):
            self.graphs.pop(graph, None)
        try:
            decoder = Decoder(body, lambda ref, _: self.lent[ref.id], None)
            encoder = Lending(self.lend, decoder.generators, message.get("takes"))
            answer = getattr(self, f"do_{message['op']}")(message, decoder, encoder)
            self.channel.send({"re": number, "ok": True, **answer}, encoder.body)
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the student's too
            name, text, line = described(error)
            bases = [each.__name__ for each in type.mro(type(error)) if each.__module__ == "builtins"]
            self.channel.send({"re": number, "ok": False, "type": name, "bases": bases, "message": text, "line": line})

    def lend(self, value: object) -> dict:
        """The node of what stays here."""
        number = next(self.ids)
        self.lent[number] = value
        name = getattr(value, "__name__", None)
        name = name if isinstance(name, str) else type(value).__name__
        return {"t": "ref", "id": number, "k": kind_of(value), "name": name[:200]}

    # What may be asked

    def do_run(self, message: dict, decoder: Decoder, encoder: Encoder) -> dict:
        """Run a cell; the body is its code."""
        error = ""
        try:
            self.execute(transformed(bytes(decoder.body).decode("utf-8", "replace")))
        except BaseException as raised:
            name, text, line = described(raised)
            error = f"{name}: {text}" + (f" (line {line})" if line else "")
        return {"error": error, "output": self.printed.take(), "dtype": str(torch.get_default_dtype())}

    def do_put(self, message: dict, decoder: Decoder, encoder: Encoder) -> dict:
        """Write a file; the body is what it holds."""
        os.makedirs(os.path.dirname(message["name"]) or ".", exist_ok=True)
        with open(message["name"], "wb") as file:
            file.write(decoder.body)
        return {}

    def do_forbid(self, message: dict, decoder: Decoder, encoder: Encoder) -> dict:
        """Let some modules, and all below them, be imported no more."""
        sys.meta_path.insert(0, Forbidden(message["modules"]))
        return {}

    def do_value(self, message: dict, decoder: Decoder, encoder: Encoder) -> dict:
        """What a name holds."""
        with torch.no_grad():
            return {"value": encoder.encode(vars(self.space)[message["name"]])}

    def do_get(self, message: dict, decoder: Decoder, encoder: Encoder) -> dict:
        """An attribute of something lent."""
        with torch.no_grad():
            return {"value": encoder.encode(getattr(self.lent[message["on"]], message["name"]))}

    def do_call(self, message: dict, decoder: Decoder, encoder: Lending) -> dict:
        """Call something lent. What the call needs for its gradients is kept under its number. What it did besides is told: `noted`."""
        arguments, keywords = decoder.decode(message["args"]), decoder.decode(message["kwargs"])
        came = dict(enumerate(arguments)) | keywords
        before, silent = {place: picture(value) for place, value in came.items()}, self.printed.size - self.printed.aside
        for tensor in decoder.differentiable:
            tensor.requires_grad_()
        inputs = decoder.differentiable + [
            dict(self.lent[owner].named_parameters())[name] for owner, names in message["parameters"] for name in names
        ]
        starts = [generator.get_state() for generator in decoder.generators]
        with torch.set_grad_enabled(message["grad"]):
            called = self.lent[message["on"]]
            result = HOW[message["how"]](called, *arguments, **keywords)
            encoder.made = message["how"] == "call" and isinstance(called, type)
            answer = {"value": encoder.encode(result)}
        changed = [place for place, value in came.items() if picture(value) != before[place]]
        answer["noted"] = {"changed": changed, "printed": self.printed.size - self.printed.aside > silent}
        self.printed.take()
        answer["generators"] = [drawn(start, generator) for start, generator in zip(starts, decoder.generators, strict=True)]
        if encoder.differentiable and inputs:
            self.graphs[message["n"]] = (inputs, list(encoder.differentiable))
            if len(self.graphs) > GRAPHS:
                self.graphs.popitem(last=False)
        return answer

    def do_backward(self, message: dict, decoder: Decoder, encoder: Encoder) -> dict:
        """The gradients of a call's inputs, given those of its outputs."""
        inputs, outputs = self.graphs[message["call"]]
        gradients = decoder.decode(message["gradients"])
        pairs = [(output, gradient) for output, gradient in zip(outputs, gradients, strict=True) if gradient is not None]
        ends, starts = zip(*pairs, strict=True)
        found = torch.autograd.grad(ends, inputs, starts, allow_unused=True, retain_graph=True)
        with torch.no_grad():
            return {"value": encoder.encode(list(found))}

    def do_parameters(self, message: dict, decoder: Decoder, encoder: Encoder) -> dict:
        """The parameters of a module, or with `buffers` its whole state, by name."""
        module = self.lent[message["on"]]
        with torch.no_grad():
            found = module.state_dict() if message["buffers"] else dict(module.named_parameters())
            wanted = [name for name, value in found.items() if value.requires_grad or message["buffers"]]
            return {"value": encoder.encode(dict(found)), "trained": wanted}

    def do_set(self, message: dict, decoder: Decoder, encoder: Encoder) -> dict:
        """Write parameters of a module."""
        parameters = dict(self.lent[message["on"]].named_parameters())
        with torch.no_grad():
            for name, value in decoder.decode(message["values"]).items():
                parameters[name].copy_(value)
        return {}

    def execute(self, code: str) -> None:
        """Run code in the namespace; a cell may await at its top level."""
        name = f"<cell {next(self.cells)}>"
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)  # for inspect.getsource
        compiled = compile(code, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        result = eval(compiled, vars(self.space))
        if asyncio.iscoroutine(result):
            asyncio.run(result)


# What a call may be: of the thing itself, or of what Python does with it.
HOW: dict[str, Callable[..., Any]] = {
    "call": lambda called, *args, **kwargs: called(*args, **kwargs),
    "len": len,
    "item": operator.getitem,
    "iter": iter,
}


def drawn(start: torch.Tensor, generator: torch.Generator) -> generators.Drawn | None:
    """What was drawn from a generator; None where it was seeded anew."""
    try:
        return generators.drawn(start, generator)
    except ValueError:
        return None


def transformed(code: str) -> str:
    """A cell as Python: Windows line ends, magics and shell commands (which become calls of `Shell`) taken care of."""
    code = code.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    try:
        from IPython.core.inputtransformer2 import TransformerManager

        return TransformerManager().transform_cell(code)
    except ImportError:
        return "\n".join("pass" if line[:1] in ("%", "!") else line for line in code.split("\n"))
    except SyntaxError:
        return code  # compiling it says what is wrong


def described(error: BaseException) -> tuple[str, str, int | None]:
    """The type of an error, its message, and the line of the cell, for whatever a student's code raises."""
    name, text, line = "Exception", "", None
    with contextlib.suppress(BaseException):
        name = str(type(error).__name__)[:200]
    with contextlib.suppress(BaseException):
        text = str(error)[:MESSAGE]
    with contextlib.suppress(BaseException):
        if isinstance(error, SyntaxError):
            return name, text, error.lineno
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename.startswith("<cell "):
                line = trace.tb_lineno
            trace = trace.tb_next
    return name, text, line


def serve(channel: int, output: int) -> None:
    """Be a worker on a descriptor until the other side hangs up. output: characters kept of what one cell prints."""
    worker = Worker(Channel(channel), output)
    worker.prepare()
    worker.serve()


def warm() -> None:
    """Import what students' cells import, so that no worker has to."""
    import matplotlib as mpl

    mpl.use("Agg")
    for name in (
        "matplotlib.pyplot",
        "IPython.core.inputtransformer2",
        "numpy",
        "pandas",
        "torch.nn.functional",
        "torch.distributions",
        "torch.fx.experimental.symbolic_shapes",  # at the first gradient that is asked for: 0.4 s
        "torch._dynamo",  # at the first optimizer: 0.7 s
    ):
        with contextlib.suppress(ImportError):
            __import__(name)
    with contextlib.suppress(RuntimeError):  # looks once which processor this is; a worker has nowhere to look
        torch.full((3,), -18.0).half().exp()
    for name in ("data", "losses", "models", "training", "evaluation", "plots", "checks"):
        with contextlib.suppress(ImportError):
            __import__(f"companion.{name}")
