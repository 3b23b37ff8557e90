"""How wide code on a page is: no line over 79 columns, no printed line over 75, and each cell as ruff lints and formats it."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from tests.support import ROOT

BOOK = ROOT / "book"
SETTINGS = tomllib.loads((BOOK / "ruff.toml").read_text(encoding="utf-8"))
CODE, PRINTED = SETTINGS["line-length"], 75
NOTEBOOKS = sorted(path for path in BOOK.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
SOLUTIONS = sorted((BOOK / "exercises" / "solutions").glob("*.md"))  # made of the exercises' sources, as their notebooks are
PAGES = [path.relative_to(BOOK).as_posix() for path in (*NOTEBOOKS, *SOLUTIONS)]
FENCED = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def cells_of(page: str) -> list:
    """The code cells of a page of the book; a page of solutions has code without outputs."""
    path = BOOK / page
    if path.suffix == ".md":
        return [new_code_cell(code) for code in FENCED.findall(path.read_text(encoding="utf-8"))]
    return nbformat.read(path, as_version=4).cells


def too_wide(cells) -> list[str]:
    """The lines of code cells that are too wide, each with its cell."""
    found = []
    for number, cell in enumerate(cells):
        if cell.cell_type == "code":
            found += [f"cell {number}, code: {line}" for line in cell.source.splitlines() if len(line) > CODE]
            found += [f"cell {number}, printed: {line}" for line in shown(cell.outputs).splitlines() if len(line) > PRINTED]
    return found


def shown(outputs) -> str:
    """The text that a page shows of outputs: what is printed, and values that have no form but text."""
    printed = [output.get("text", "") for output in outputs]
    bundles = [output["data"] for output in outputs if "data" in output]
    return "\n".join([*printed, *(data["text/plain"] for data in bundles if set(data) == {"text/plain"})])


def ruff(command: str, *arguments: str) -> str:
    """What ruff prints of files."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", command, "--no-cache", *map(str, arguments)], cwd=BOOK, capture_output=True, text=True
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def by_ruff() -> dict[str, list[str]]:
    """What ruff complains of on each page."""
    complaints: dict[str, list[str]] = {page: [] for page in PAGES}
    found = json.loads(ruff("check", "--output-format=json", *NOTEBOOKS))
    found += json.loads(ruff("format", "--check", "--output-format=json", *NOTEBOOKS, *SOLUTIONS))
    for each in found:
        page = Path(each["filename"]).relative_to(BOOK).as_posix()
        complaints[page].append(f"cell {each['cell']}, line {each['location']['row']}: {each['code']} {each['message']}")
    return complaints


@pytest.mark.parametrize("page", PAGES)
def test_a_page_keeps_to_its_columns(by_ruff, page):
    assert too_wide(cells_of(page)) + by_ruff[page] == []


def test_each_line_that_is_too_wide_is_named():
    cells = [
        new_markdown_cell("t" * 200),
        new_code_cell("a" * 79 + "\n" + "b" * 80),
        new_code_cell("1", outputs=[new_output("stream", text="p" * 75 + "\n" + "q" * 76 + "\n")]),
        new_code_cell("1", outputs=[new_output("execute_result", data={"text/plain": "r" * 76})]),
    ]
    assert too_wide(cells) == [f"cell 1, code: {'b' * 80}", f"cell 2, printed: {'q' * 76}", f"cell 3, printed: {'r' * 76}"]


def test_what_stands_behind_a_picture_or_a_table_is_not_shown():
    bundles = [{"image/png": "", "text/plain": "w" * 76}, {"text/html": "<table>", "text/plain": "w" * 76}]
    assert too_wide([new_code_cell("1", outputs=[new_output("execute_result", data=data) for data in bundles])]) == []
