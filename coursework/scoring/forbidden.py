"""Which modules an exercise forbids, and where a submission imports them. The worker refuses such an import, whatever its form; here
is read off the text what the instructor is told.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence

from coursework.handin.cells import StudentCell
from coursework.handin.names import parses


def imports_of(code: str) -> Iterator[str]:
    """The modules that a cell imports, or names to the functions that import.

    >>> list(imports_of("from companion.losses import gaussian_kl"))
    ['companion.losses', 'companion.losses.gaussian_kl']
    """
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("import_module", "__import__"):
            yield from (each.value for each in node.args[:1] if isinstance(each, ast.Constant) and isinstance(each.value, str))


def is_forbidden(module: str, forbid: Sequence[str]) -> bool:
    """Say whether a module is one of those forbidden, or within one.

    >>> is_forbidden("companion.losses", ["companion"]), is_forbidden("companions", ["companion"])
    (True, False)
    """
    return any(module == name or module.startswith(f"{name}.") for name in forbid)


def forbidden_imports(cells: Iterable[StudentCell], forbid: Sequence[str]) -> list[str]:
    """The forbidden modules that cells import, sorted. What came with the exercise is not asked."""
    return needed([cell for cell in cells if cell.kind not in ("given", "restored")], forbid)


def needed(cells: Iterable[StudentCell], forbid: Sequence[str]) -> list[str]:
    """The same of all cells."""
    sources = [cell.source for cell in cells if parses(cell.source)]
    return sorted({module for source in sources for module in imports_of(source) if is_forbidden(module, forbid)})
