"""What `tools/portable.py` puts into a notebook's kernel: an IPython extension that reads from the environment what it is to do.

    PORTABLE_PROBE=chaos   every optimizer that is made first moves its weights by 1e-15: a training that doubles an error shows it
    PORTABLE_PROBE=edges   every number that a cell rounds is moved by 1e-9: one whose printed form changes is written down
    PORTABLE_LOG=FILE      where it writes down what it did, one JSON object a line

A number counts as rounded in an f-string with a precision, in `format`, `str.format`, `round` and `.round`, and in a tensor, an array or a
table that is printed or shown. Text that a library makes, as the labels of an axis, is not seen.
"""

import ast
import builtins
import functools
import json
import math
import os
import re
import string
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

WEIGHTS = 1e-15  # how far chaos moves a weight of float64
PRINTED = 1e-9  # how far edges moves a number of float64: some thousand times what another machine does to a training
PRINTED_SINGLE = 1e-6  # and one of float32, whose own rounding is 6e-8
NOISE = (1e-20, 1e-12)  # what is left where numbers of size 1 cancel; a smaller one is a probability, or an exp
DECIMALS = 4  # what is rounded to more than that is made for a drawing
NAME = "__edges__"  # what the rewritten cells call; it is among the builtins, so that a notebook's own names stay as they are
ROUNDS = re.compile(r"\.\d+[eEfFgGn%]?$|[eEfFgGn%]$")  # a format that cuts digits off
SIGNIFICANT = re.compile(r"[eEgGn\d]$")  # one that cuts them off behind so many, wherever the point is
NOT_NEGATIVE = {"abs", "exp", "norm", "std", "sqrt", "square", "var"}  # calls whose result has no sign to lose


def load_ipython_extension(shell: object) -> None:
    """Start the probe that the environment names. IPython calls this when the kernel starts."""
    probe, file = os.environ["PORTABLE_PROBE"], Path(os.environ["PORTABLE_LOG"])

    def log(**record: object) -> None:
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(record) + "\n")

    {"chaos": start_chaos, "edges": start_edges}[probe](shell, log)
    log(started=probe)


def start_chaos(shell: object, log: Callable) -> None:
    """Let every optimizer move its weights when it is made: `training.fit` makes one, and so does a loop of a chapter's own."""
    import torch

    made, generator = torch.optim.Optimizer.__init__, torch.Generator().manual_seed(0)

    @functools.wraps(made)
    def make_and_move(self, *arguments, **options) -> None:
        made(self, *arguments, **options)
        log(optimizer=type(self).__name__, weights=move_weights(self, generator))

    torch.optim.Optimizer.__init__ = make_and_move


def move_weights(optimizer, generator) -> int:
    """Add to each weight a random number up to 1e-15 of its size, or of 1 where it is smaller; in float32 more, by the types' precision.

    Returns:
        how many weights moved.
    """
    import torch

    moved = 0
    for weights in (weights for group in optimizer.param_groups for weights in group["params"]):
        step = WEIGHTS * torch.finfo(weights.dtype).eps / torch.finfo(torch.float64).eps
        direction = 2 * torch.rand(weights.shape, generator=generator, dtype=torch.float64) - 1
        before = weights.detach().clone()
        # Not through autograd: a gradient that was computed before the optimizer was made must stay valid.
        weights.data.add_((step * direction.to(weights) * before.abs().clamp(min=1)).to(weights))
        moved += int((weights.detach() != before).sum())
    return moved


def start_edges(shell, log: Callable) -> None:
    """Rewrite every cell, so that each number is looked at before it is rounded."""
    edges = Edges(log)
    setattr(builtins, NAME, edges)
    shell.events.register("pre_run_cell", edges.begin)
    shell.events.register("post_run_cell", edges.end)
    shell.ast_transformers.append(Rewrite(edges))


class Rewrite(ast.NodeTransformer):
    """Puts a call of `Edges` around what rounds a number in a cell."""

    def __init__(self, edges: "Edges"):
        self.edges = edges

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        """`{value:spec}` becomes `{__edges__.formatted(...)}`, which gives the same text."""
        if node.conversion != -1:  # !r and !s give every digit
            return self.generic_visit(node)
        source, sign = ast.unparse(node.value) + _spec(node), _can_be_negative(node.value)
        self.generic_visit(node)
        call = self.call("formatted", source, sign, node.value, node.format_spec or ast.Constant(""))
        return ast.copy_location(ast.FormattedValue(call, -1, None), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """`f(...)` becomes `__edges__.called(..., f, ...)` where f rounds, prints or shows."""
        source = ast.unparse(node)
        name = _called(node)
        plain = isinstance(node.func, ast.Name)
        sign = _can_be_negative(node.args[0] if plain and node.args else getattr(node.func, "value", None))
        self.generic_visit(node)
        if name in ("round", "format", "print", "display"):
            call = self.call("called", source, sign, node.func, *node.args)
            call.keywords = node.keywords
            return ast.copy_location(call, node)
        return node

    def call(self, method: str, source: str, sign: bool, *values: ast.expr) -> ast.Call:
        """A call of a method of `Edges`, told where it stands."""
        function = ast.Attribute(ast.Name(NAME, ast.Load()), method, ast.Load())
        where = ast.Tuple([ast.Constant(part) for part in (self.edges.cell, source, sign)], ast.Load())
        return ast.Call(function, [where, *values], [])

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """The whole cell; its new nodes get line numbers from their neighbours. What runs unseen between cells stays as it is."""
        return ast.fix_missing_locations(self.generic_visit(node)) if self.edges.cell else node


def _spec(node: ast.FormattedValue) -> str:
    """The format of an f-string's value, as it was written."""
    return ":" + ast.unparse(node.format_spec)[2:-1] if node.format_spec else ""


def _called(node: ast.expr | None) -> str:
    """The last name of what a call calls, or nothing."""
    function = getattr(node, "func", None)
    return getattr(function, "id", getattr(function, "attr", ""))


def _can_be_negative(node: ast.expr | None) -> bool:
    """Say whether an expression may lose its sign when it is near 0: not behind `abs` and its like."""
    return _called(node) not in NOT_NEGATIVE


class Edges:
    """Looks at numbers before they are rounded, and writes down those that 1e-9 would round otherwise.

    `where` is what the rewritten cell says of a place: the cell, the expression, and whether its value may lose a sign.
    """

    def __init__(self, log: Callable):
        self.log = log
        self.cell = ""  # the source of the cell that runs, or nothing between cells
        self.numbers = 0  # looked at in this cell

    def begin(self, info) -> None:
        """Note which cell begins."""
        self.cell, self.numbers = info.raw_cell, 0

    def end(self, result) -> None:
        """Look at the value that the cell shows, and say how many numbers there were."""
        if not self.cell.rstrip().endswith(";"):
            self.shown((self.cell, "the cell's value", True), getattr(result, "result", None))
        self.log(numbers=self.numbers)
        self.cell = ""

    def formatted(self, where: tuple, value: object, spec: str) -> str:
        """What `format(value, spec)` gives, looked at."""
        if spec:
            self.look_at_text(where, value, spec)
        else:
            self.shown(where, value)
        return format(value, spec)

    def called(self, where: tuple, function: Callable, *arguments, **options) -> object:
        """What `function(*arguments, **options)` gives, its numbers looked at."""
        name, owner = getattr(function, "__name__", ""), getattr(function, "__self__", None)
        if function is format:
            self.look_at_text(where, *arguments)
        elif name == "format" and isinstance(owner, str):
            _Fields(lambda value, spec: self.look_at_text(where, value, spec)).vformat(owner, arguments, options)
        elif name == "round":
            numbers, *rest = arguments if _numbers(owner) is None else (owner, *arguments)
            self.look_at_decimals(where, numbers, *rest, *options.values())
        elif name in ("print", "display"):
            for value in arguments:
                self.shown(where, value)
        return function(*arguments, **options)

    def shown(self, where: tuple, value: object) -> None:
        """Look at a tensor, an array or a table, which cut digits off when they are shown. A plain number shows all it has."""
        decimals, numbers = _shown_decimals(value), _numbers(value)
        if decimals is not None and numbers is not None:
            fresh = numbers[numbers != np.round(numbers, DECIMALS)]  # the others were rounded and looked at before
            self.look_at_decimals(where, fresh, decimals, most=decimals)

    def look_at_text(self, where: tuple, value: object, spec: str = "") -> None:
        """Write a number down whose text changes when it moves by 1e-9: of itself where so many digits are shown, else of 1 at least."""
        cell, source, sign = where
        numbers = _numbers(value)
        if numbers is None or numbers.ndim or not ROUNDS.search(spec) or not math.isfinite(number := numbers.item()):
            return
        self.numbers += 1
        step = _step(value) * (abs(number) if SIGNIFICANT.search(spec) else max(abs(number), 1))
        low = number - step if _may_lose_sign(number, sign) else max(number - step, 0.0)
        texts = [format(each, spec).strip() for each in (number, low, number + step)]
        if len(set(texts)) > 1:
            self.log(edge=source, cell=cell, value=number, texts=sorted(set(texts)))

    def look_at_decimals(self, where: tuple, value: object, decimals: object = 0, most: int = DECIMALS) -> None:
        """Write the first number down that is rounded to other decimals when it moves by 1e-9 of its size, or of 1."""
        cell, source, sign = where
        if isinstance(decimals, dict):  # a table's columns
            for column, each in decimals.items():
                self.look_at_decimals(where, value[column], each, most)
            return
        numbers = _numbers(value)
        if numbers is None or (decimals := decimals or 0) > most:
            return
        finite = numbers[np.isfinite(numbers)]
        self.numbers += finite.size
        step = _step(value) * np.maximum(np.abs(finite), 1)
        flips = np.round(finite - step, decimals) != np.round(finite + step, decimals)
        flips |= (np.abs(finite) < step) & _may_lose_sign(finite, sign)
        for number in finite[flips][:1].tolist():
            texts = [f"{np.round(each, decimals):.{max(decimals, 0)}f}" for each in (number - step.min(), number + step.min())]
            self.log(edge=source, cell=cell, value=number, texts=texts)


class _Fields(string.Formatter):
    """Hands each field of a format string on."""

    def __init__(self, look: Callable):
        self.look = look

    def format_field(self, value: object, format_spec: str) -> str:
        self.look(value, format_spec)
        return format(value, format_spec)


def _numbers(value: object) -> np.ndarray | None:
    """The floating point numbers of a number, tensor, array or table, as float64; None for what has none."""
    if isinstance(value, float | np.floating):
        return np.asarray(float(value))
    if hasattr(value, "detach"):
        return value.detach().cpu().double().numpy() if value.is_floating_point() else None
    if hasattr(value, "select_dtypes"):
        return value.select_dtypes("floating").to_numpy(dtype=float).ravel()
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    return value.astype(float) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else None


def _may_lose_sign(numbers: float | np.ndarray, sign: bool) -> bool | np.ndarray:
    """Say of numbers near 0 whether a printed `-` hangs on them: those below 0, and those above that are as small as rounding noise."""
    return sign & ((numbers < 0) | ((NOISE[0] < numbers) & (numbers < NOISE[1])))


def _step(value: object) -> float:
    """How far a number of this precision is moved."""
    return PRINTED_SINGLE if str(getattr(value, "dtype", "")).endswith("float32") else PRINTED


def _shown_decimals(value: object) -> int | None:
    """How many decimals a tensor, array or table shows; None for another value."""
    if hasattr(value, "detach"):
        return sys.modules["torch"]._tensor_str.PRINT_OPTS.precision
    if hasattr(value, "to_numpy"):
        return sys.modules["pandas"].get_option("display.precision")
    return np.get_printoptions()["precision"] if isinstance(value, np.ndarray) else None
