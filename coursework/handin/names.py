"""What a cell's code binds and uses, read from its syntax without running it.

The grader asks three things of a cell: which names it defines (that is how an answer is known when its metadata is gone), which
names it needs, and which names come into it by import (those are never a student's).
"""

import ast
import functools
import re
import symtable
from collections.abc import Iterator
from typing import NamedTuple

UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)  # what parsing a stranger's text may raise
MAGIC = re.compile(
    r"^(?P<space>[ \t]*)(?:%time\s+(?P<timed>\S.*)|(?P<magic>%run\s+(?P<run>\S.*)|[%!?].*|[\w.]+\?\??[ \t]*))$", re.MULTILINE
)
TIMERS = ("%%time", "%%timeit", "%%capture")  # cell magics below which Python stands
WRITES = re.compile(r"\s*%%(?:write)?file(?P<append>\s+-a|\s+--append)?\s+(?P<file>\S+)[ \t]*\n(?P<text>.*)", re.DOTALL)
DEFINES = re.compile(r"^(?:(?:async +def|def|class) +(\w+)|([^\W\d]\w*) *(?::[^=\n]*)?=(?!=))", re.MULTILINE)


class Names(NamedTuple):
    """The names of a piece of code.

    bound: assigned, defined or deleted at the top level, imports left out. imported: bound by an import. used: read at the top
    level or, as globals, in a function or class.
    """

    bound: frozenset[str]
    imported: frozenset[str]
    used: frozenset[str]


NOTHING = Names(frozenset(), frozenset(), frozenset())


@functools.lru_cache(maxsize=4096)
def names_of(code: str) -> Names | None:
    """The names of a cell, or None where it is not Python.

    Example:
        >>> names_of("import torch\\ndef f(x):\\n    return torch.exp(x) + shift")
        Names(bound=frozenset({'f'}), imported=frozenset({'torch'}), used=frozenset({'torch', 'shift'}))
    """
    try:
        table = symtable.symtable(code, "cell", "exec")
    except UNREADABLE:
        return None
    symbols = table.get_symbols()
    imported = {s.get_name() for s in symbols if s.is_imported()}
    bound = {s.get_name() for s in symbols if s.is_assigned()} - imported
    used = {s.get_name() for s in symbols if s.is_referenced()} | _augmented(code)
    for inner in _nested(table):
        for symbol in inner.get_symbols():
            if symbol.is_global():
                (bound if symbol.is_assigned() else used).add(symbol.get_name())
    return Names(frozenset(bound), frozenset(imported), frozenset(used))


def names_written(code: str) -> frozenset[str]:
    """The names that a text defines at its left edge, Python or not: what a cell with a slip of the pen was meant to define.

    >>> names_written("def kl(mu, sigma:\\n    return mu")
    frozenset({'kl'})
    """
    return frozenset(found[1] or found[2] for found in DEFINES.finditer(code))


def needs(code: str) -> frozenset[str]:
    """The names that a cell reads before it has bound them itself: those that must be there when it begins.

    Example:
        >>> needs("y = f(x)\\nx = y\\nprint(x)")
        frozenset({'f', 'x', 'print'})
    """
    needed: set[str] = set()
    bound: set[str] = set()
    for node in ast.parse(code).body:
        names = names_of(ast.unparse(node))
        assert names is not None  # it is Python: it has just been parsed
        first = names.bound if isinstance(node, ast.For | ast.With | ast.FunctionDef | ast.ClassDef) else frozenset()
        needed |= names.used - bound - first
        bound |= names.bound | names.imported
    return frozenset(needed)


def _augmented(code: str) -> set[str]:
    """Names that `name += …` reads: a symbol table counts them as assigned only."""
    targets = (node.target for node in ast.walk(ast.parse(code)) if isinstance(node, ast.AugAssign))
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _nested(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _nested(child)


def same_code(a: str, b: str) -> bool:
    """Say whether two cells say the same: the same syntax tree, or where one is no Python, the same words."""
    return a.split() == b.split() or (_tree(a) is not None and _tree(a) == _tree(b))


@functools.lru_cache(maxsize=4096)
def _tree(code: str) -> int | None:
    try:
        return hash(ast.dump(ast.parse(code)))
    except UNREADABLE:
        return None


@functools.lru_cache(maxsize=4096)
def parses(code: str) -> bool:
    """Say whether a cell is Python."""
    try:
        ast.parse(code)
    except UNREADABLE:
        return False
    return True


def without_magics(code: str) -> tuple[str, str]:
    """A cell with its notebook commands (%, !, ?) taken out, and the first of them, or "".

    Only a cell that is not Python as it stands is touched, so that a line of a string that begins with % stays. A cell in another
    language (`%%bash`) becomes empty; `%%writefile` becomes Python that writes the file, and `%run` asks the worker to run one.
    """
    if parses(code) or not (first := MAGIC.search(code)):
        return code, ""
    command = first["magic"] or f"%time {first['timed']}"
    if found := WRITES.fullmatch(code):
        mode, file = "a" if found["append"] else "w", found["file"].strip("'\"")
        return f"with open({file!r}, {mode!r}, encoding='utf-8') as _file:\n    _file.write({found['text']!r})", command
    if (start := code.lstrip()).startswith("%%") and not start.startswith(TIMERS):
        return "", command
    return MAGIC.sub(_without_magic, code), command


def _without_magic(found: re.Match) -> str:
    run = found["run"] and f"get_ipython().run_line_magic('run', {found['run']!r})"
    return found["space"] + (found["timed"] or run or f"pass  # {found['magic']}")
