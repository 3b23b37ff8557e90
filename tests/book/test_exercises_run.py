"""Every student notebook as a learner first meets it: unanswered, run from top to bottom."""

import nbformat
import pytest

from companion.checks import Verdict
from companion.checks.sampling import UNMENDED
from companion.checks.verdict import PENDING
from tests.support import ROOT, direct

NOTEBOOKS = sorted((ROOT / "book" / "exercises").glob("[0-9][0-9]-*.ipynb"))


def test_there_are_notebooks():
    assert NOTEBOOKS


# One in every run, the others with --slow.
@pytest.mark.parametrize(
    "path", [pytest.param(path, id=path.stem, marks=[] if path.stem == "07-loss" else pytest.mark.slow) for path in NOTEBOOKS]
)
@pytest.mark.medium
def test_unanswered_it_runs_and_every_check_says_so(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    notebook = nbformat.read(path, as_version=4)
    shown = {name: value for name, value in direct.unanswered(notebook) if name and name.startswith("test-")}
    assert shown
    for name, verdict in shown.items():
        # Code that is handed out with slips in it gives something: its check says that they are still there.
        expected = UNMENDED if name == "test-mean_cost" else PENDING
        assert verdict == Verdict(None, expected), f"{name} shows {verdict!r}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_as_it_is_given_out(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.outputs and cell.execution_count is None for cell in notebook.cells if cell.cell_type == "code")
    assert notebook.metadata.kernelspec.name == "python3"
    assert set(notebook.metadata) == {"kernelspec", "language_info", "companion"}
