"""One thing of a figure is changed at a time: the comparison fails, and says which thing it was. On small figures, and on the book's."""

from itertools import count

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.support import ROOT, changes, comparing
from tools import notebooks

NOTEBOOKS = [path.relative_to(ROOT).as_posix() for path in notebooks.book_notebooks()]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A notebook, stored as it is drawn, and run with the changes. Returns by name the cell and what must be said, and the run."""
    drawn = list(changes.cells())
    cells = [new_code_cell(source) for source in (changes.SETUP, *(source for source, _ in drawn))]
    notebook, entries = comparing.stored(new_notebook(cells=cells), tmp_path_factory.mktemp("stored"))
    notebook.cells[0].source += "\n" + changes.for_kernel()
    said = {}
    for number, (entry, (source, made)) in enumerate(zip(entries, drawn, strict=True), start=1):
        in_cell = list(changes.in_cell(made, entry["contents"]))
        said |= {name: (number, changes.sentence(change, *place)) for name, change, place in in_cell}
        notebook.cells[number].source = "".join(changes.planned(change, *place[:2]) for _, change, place in in_cell) + source
    return said, comparing.compare(notebook, tmp_path_factory.mktemp("changed"), entries)


@pytest.mark.medium
@pytest.mark.parametrize("name", changes.CHANGES)
def test_a_change_fails_and_is_named(small, name):
    said, run = small
    cell, sentence = said[name]
    assert f"cell {cell} (In [{cell + 1}]), figure 1: moved: " in run.failures[cell]
    assert sentence in run.failures[cell]


@pytest.mark.medium
def test_nothing_is_said_of_what_was_not_changed(small):
    """As many artists, axes and legends are named as were changed, and every cell but the first fails."""
    said, run = small
    assert sorted(run.failures) == list(range(1, run.cells))
    assert len({cell for cell, _ in said.values()}) == run.cells - 1
    named = [line for row in run.rows() for line in row["meaning"]["differences"]]
    unexpected = [line for line in named if not any(sentence.split(":")[0].split(" (")[0] in line for _, sentence in said.values())]
    assert unexpected == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_change_in_each_figure_of_a_chapter_fails_and_is_named(name, tmp_path):
    """Each figure is changed once, in another way than the others as far as its artists allow."""
    notebook, entries = comparing.of_the_book(name)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    said = {}
    for entry, change, place in plan(entries, offset=NOTEBOOKS.index(name)):
        said[entry["cell"]] = changes.sentence(change, *place)
        cells[entry["cell"]].source = changes.planned(change, *place[:2]) + cells[entry["cell"]].source
    cells[0].source = changes.for_kernel() + "\n" + cells[0].source
    run = comparing.compare(new_notebook(metadata=notebook.metadata, cells=cells), tmp_path, entries, chapter=name)
    failed = {number: message for number, message in run.failures.items() if number != "state"}
    assert sorted(failed) == sorted(said)
    assert {cell: sentence for cell, sentence in said.items() if sentence not in failed[cell]} == {}


def plan(entries, offset):
    """For the first figure of each cell, the change that fits it and was taken least often, with its place."""
    taken = dict.fromkeys(changes.CHANGES, 0)
    names = list(changes.CHANGES)
    for entry, start in zip((entry for entry in entries if entry["figure"] == 1), count(7 * offset, 13)):
        fits = {}
        for name in (names[(start + step) % len(names)] for step in range(len(names))):
            change = changes.CHANGES[name]
            there = (place for place in changes.places(change, entry["contents"]) if change.when and change.when(place[2]))
            if place := next(there, None):
                fits[name] = place
        name = min(fits, key=taken.get)
        taken[name] += 1
        yield entry, changes.CHANGES[name], fits[name]
