"""The comparison of widget state that `pytest --nbval` makes at the end of a notebook with explorables."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from sphinx_ext import stored_widgets
from tests.support import ROOT, widget_state
from tools import notebooks

SOURCE = """import ipywidgets, traitlets
class Moving(ipywidgets.DOMWidget):
    _view_name = traitlets.Unicode("View").tag(sync=True)
    data = traitlets.Bytes(bytes(range(200))).tag(sync=True)
    value = traitlets.Float({value}).tag(sync=True)
    def __repr__(self):
        return "Moving()"
Moving()"""


def run(folder: Path, notebook) -> subprocess.CompletedProcess:
    path = folder / "book" / "01-example.ipynb"
    path.parent.mkdir()
    nbformat.write(notebook, path)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "-p",
        "tests.support.figures",
        "--color=no",
        "--rootdir",
        str(folder),
        "-q",
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run([*command, str(path)], cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    path = tmp_path_factory.mktemp("stored") / "01-example.ipynb"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(new_notebook(cells=[new_code_cell(SOURCE.format(value=0.5), id="a")], metadata=kernel), path)
    notebook, problem, _ = notebooks.run(path)
    assert problem is None
    return notebook


@pytest.mark.slow
def test_the_same_state_passes(stored, tmp_path):
    done = run(tmp_path, stored)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


@pytest.mark.medium
def test_a_changed_number_in_the_state_fails_and_is_named(stored, tmp_path):
    changed = nbformat.from_dict(stored)
    changed.cells[0].source = SOURCE.format(value=0.75)
    done = run(tmp_path, changed)
    assert done.returncode == 1, done.stdout
    assert "widget state differs from what is stored" in done.stdout
    assert "DOMWidgetModel.value: expected 0.5, got 0.75" in done.stdout


@pytest.mark.slow
def test_a_view_without_its_stored_state_fails(stored, tmp_path):
    changed = nbformat.from_dict(stored)
    del changed.metadata[stored_widgets.STATE]
    done = run(tmp_path, changed)
    assert done.returncode == 1, done.stdout
    assert "expected 0 models, got 2" in done.stdout


@pytest.mark.parametrize(
    ("got", "problem"),
    [
        ({"a": [1.0, 2.0 + 1e-8]}, None),
        ({"a": [1.0, 2.001]}, "here.a[1]: expected 2.0, got 2.001"),
        ({"a": [1.0]}, "here.a: expected [1.0, 2.0], got [1.0]"),
        ({"b": [1.0, 2.0]}, "here: expected {'a': [1.0, 2.0]}, got {'b': [1.0, 2.0]}"),
    ],
)
def test_numbers_have_a_tolerance_and_structure_has_none(got, problem):
    assert widget_state.compare_values({"a": [1.0, 2.0]}, got, "here") == ([problem] if problem else [])


def test_of_bytes_one_in_a_thousand_may_differ():
    data = bytes(4000)
    assert widget_state.compare_values(data, b"\1" * 4 + data[4:], "here") == []
    assert widget_state.compare_values(data, b"\1" * 5 + data[5:], "here") == ["here: 0.12% of the bytes differ"]
    assert widget_state.compare_values(data, data[:-1], "here")
