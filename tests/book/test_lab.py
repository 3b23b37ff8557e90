"""The wrong-code lab, read off its stored notebook: every card has a wrong line, a symptom and a check, and every slip has a card."""

import ast
import builtins
import re
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from myst_parser.mdit_to_docutils.base import default_slugify

from tests.support import ROOT

BOOK = ROOT / "book"
LAB = BOOK / "appendix" / "wrong-code-lab.ipynb"
VERDICTS = "wrong line FAILS, right line passes"
LOOP_NAMES = {
    "name",
    "rows",
    "seed",
    "x",
    "z",
    "beta",
    "model",
    "kl",
    "steps",
    "columns",
}  # each cell sets them before it reads them
LINK = re.compile(r"\[((?:[^\]`]|`[^`]*`)+)\]\(([^)]+)\)")


class Card(NamedTuple):
    """One card: its title, its Markdown in one piece, its code cells up to the check (the two lines, runs, folded drawing), and the check."""

    title: str
    text: str
    runs: list[nbformat.NotebookNode]
    check: nbformat.NotebookNode


def headings(notebook) -> list[tuple[int, str]]:
    """(level, text) of every heading of a notebook, in order."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found += [(len(mark), text) for mark, text in re.findall(r"^(#+) (.+)$", cell.source, re.MULTILINE)]
    return found


def slug(title: str) -> str:
    return default_slugify(title.replace("`", ""))


def sections(notebook) -> list[list]:
    """The cells below each heading of the third level, up to the next heading of any level."""
    found, inside = [], False
    for cell in notebook.cells:
        level = re.match(r"#+ ", cell.source) if cell.cell_type == "markdown" else None
        if level:
            inside = level[0] == "### "
            found += [[]] if inside else []
        if inside:
            found[-1].append(cell)
    return found


def as_card(cells) -> Card:
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    title = texts[0].splitlines()[0].removeprefix("### ")
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert len(code) >= 3, f"{title}: {len(code)} code cells, expected the two lines, a run and the check"
    return Card(title, "\n\n".join(texts), code[:-1], code[-1])


NOTEBOOK = nbformat.read(LAB, as_version=4)
CARDS = [as_card(cells) for cells in sections(NOTEBOOK)]
OWN = {cell.id for card in CARDS for cell in (*card.runs, card.check)}
SHARED = [cell for cell in NOTEBOOK.cells if cell.cell_type == "code" and cell.id not in OWN]


def printed(cell) -> str:
    """What a cell shows in words: what it prints, and its table."""
    bundles = [output.get("data", {}) for output in cell.outputs]
    tables = [data["text/plain"] for data in bundles if "text/html" in data]
    return "".join([*(output.get("text", "") for output in cell.outputs), *tables])


def assigned(source: str) -> set[str]:
    """The names that a cell leaves behind for other cells."""
    outer = ast.parse(source)
    nodes = [node for statement in outer.body for node in walk_outside_functions(statement)]
    names = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    names |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return names | {(a.asname or a.name) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for a in node.names}


def walk_outside_functions(node):
    """Every node below `node`, but nothing within a function or a comprehension."""
    yield node
    if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        for child in ast.iter_child_nodes(node):
            yield from walk_outside_functions(child)


def read(source: str) -> set[str]:
    """The names that a cell reads and does not make anywhere within itself."""
    nodes = list(ast.walk(ast.parse(source)))
    made = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    made |= {node.arg for node in nodes if isinstance(node, ast.arg)} | assigned(source)
    made |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ExceptHandler) and node.name}
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)} - made - set(dir(builtins))


def test_there_are_at_least_twenty_cards_and_no_two_alike():
    assert len(CARDS) >= 20
    assert len({slug(card.title) for card in CARDS}) == len(CARDS)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: slug(card.title)[:40])
class TestACard:
    def test_has_a_wrong_line_that_says_so_and_a_right_one_in_one_visible_cell(self, card):
        (lines,) = (cell for cell in card.runs if {"wrong", "right"} <= assigned(cell.source))
        assert re.search(r"# wrong\b", lines.source)
        assert "hide-input" not in lines.metadata.get("tags", [])

    def test_shows_a_symptom_from_the_run(self, card):
        assert any(re.search(r"\d", printed(cell)) for cell in card.runs), "no number"

    def test_a_picture_is_drawn_in_a_folded_cell(self, card):
        for cell in (*card.runs, card.check):
            drawn = any("image/png" in output.get("data", {}) for output in cell.outputs)
            assert drawn == ("hide-input" in cell.metadata.get("tags", [])), cell.id

    def test_has_a_check_that_fails_the_wrong_line_and_passes_the_right_one(self, card):
        assert card.text.count("**The check.**") == 1
        assert "verdicts(" in card.check.source
        assert {"wrong", "right"} <= read(card.check.source)
        assert printed(card.check).startswith(VERDICTS)

    def test_says_where_it_is_explained(self, card):
        last = card.text.split("\n\n")[-1]
        assert last.startswith("Explained in: ")
        assert LINK.search(last)

    def test_stands_alone(self, card):
        """It reads what the shared cells define and what itself defines, and changes nothing that another card reads."""
        shared = set().union(*(assigned(cell.source) for cell in SHARED))
        known = set(shared)
        for cell in (*card.runs, card.check):
            assert read(cell.source) <= known, cell.id
            assert not shared & assigned(cell.source), cell.id
            known |= assigned(cell.source)

    def test_each_name_keeps_its_value(self, card):
        """No cell rebinds what an earlier one of the card made: a cell may be run twice."""
        seen: set[str] = set()
        for cell in (*card.runs, card.check):
            again = seen & assigned(cell.source) - LOOP_NAMES
            assert not again, (cell.id, again)
            seen |= assigned(cell.source)


def test_the_tool_refuses_a_check_that_does_not_tell_the_lines_apart():
    """So a notebook that runs has checks that work: a verdict cannot be printed and be untrue."""
    namespace: dict = {}
    tools = next(cell.source for cell in SHARED if "def verdicts(" in cell.source)
    function = next(node for node in ast.parse(tools).body if getattr(node, "name", "") == "verdicts")
    exec(compile(ast.Module([function], []), str(LAB), "exec"), namespace)
    namespace["verdicts"](lambda value: value == 2, 1, 2)
    for passes in (lambda value: True, lambda value: False, lambda value: value == 1):
        with pytest.raises(AssertionError, match="does not tell"):
            namespace["verdicts"](passes, 1, 2)


def test_the_table_of_symptoms_leads_to_every_card():
    top = next(cell.source for cell in NOTEBOOK.cells if "## What do you see?" in cell.source)
    rows = [line for line in top.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 12
    targets = [target for row in rows for _, target in LINK.findall(row)]
    assert all(LINK.search(row) for row in rows)
    assert set(targets) == {f"#{slug(card.title)}" for card in CARDS}


def test_every_slip_of_the_chapters_has_a_card():
    links = [link for card in CARDS for link in LINK.findall(card.text.split("Explained in: ")[1])]
    explained = {(target.split("#")[0].removeprefix("../"), text.split(", ", 1)[1]) for text, target in links}
    for path in sorted(BOOK.glob("[0-9][0-9]-*.ipynb")):
        slips = [text.split(": ", 1)[1] for _, text in headings(nbformat.read(path, as_version=4)) if text.startswith("Slip")]
        for slip in slips:
            assert (path.name, slip) in explained, f"{path.name}: {slip}"


def test_links_lead_to_headings_and_figures_that_are_there():
    for card in CARDS:
        for text, target in LINK.findall(card.text.split("Explained in: ")[1]):
            file, _, anchor = target.partition("#")
            chapter = nbformat.read(LAB.parent / file, as_version=4)
            names = {cell.metadata.get("mystnb", {}).get("figure", {}).get("name") for cell in chapter.cells}
            assert anchor in names | {slug(title) for _, title in headings(chapter)}, target
            assert text.startswith(f"chapter {int(Path(file).name[:2])}, ")
