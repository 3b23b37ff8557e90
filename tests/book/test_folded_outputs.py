"""Outputs that answer a prediction: folded by the tag hide-output, in JupyterLab too, and compared as any other output is."""

import os
import subprocess
import sys
from xml.etree import ElementTree

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from sphinx_ext import stored_widgets
from tests.support import ROOT
from tools import colab, notebooks

BOOK = ROOT / "book"
TAG = notebooks.FOLDED


def wrong(cells) -> list[str]:
    """What is wrong with the folds of a notebook's cells."""
    found = []
    for number, cell in enumerate(cells):
        folded = TAG in cell.metadata.get("tags", [])
        if folded and not cell.get("outputs"):
            found.append(f"cell {number}: there is no output to fold")
        if folded and stored_widgets.views(cell.get("outputs", [])):
            found.append(f"cell {number}: an explorable is for playing, not an answer that waits: take the tag away")
        if cell.metadata.get("jupyter") != ({"outputs_hidden": True} if folded else None):
            found.append(f"cell {number}: JupyterLab folds otherwise than the page: run tools/notebooks.py --clean")
    return found


@pytest.mark.parametrize("path", notebooks.book_notebooks(), ids=lambda path: path.stem)
def test_the_folds_of_a_notebook(path):
    assert wrong(nbformat.read(path, as_version=4).cells) == []


def test_each_mistake_is_named():
    """Guards the test above: few notebooks have a fold."""
    view = new_output("display_data", data={"image/png": "", stored_widgets.VIEW: {"model_id": "a"}})
    printed = new_output("stream", text="1")
    hidden = {"jupyter": {"outputs_hidden": True}}
    cells = [
        new_code_cell("1", outputs=[printed], metadata={"tags": [TAG], **hidden}),
        new_code_cell("1", metadata={"tags": [TAG], **hidden}),
        new_code_cell("1", outputs=[view], metadata={"tags": [TAG], **hidden}),
        new_code_cell("1", outputs=[printed], metadata={"tags": [TAG]}),
        new_code_cell("1", outputs=[printed], metadata=hidden),
    ]
    assert [text.partition(":")[0] for text in wrong(cells)] == ["cell 1", "cell 2", "cell 3", "cell 4"]


def test_the_tools_mean_the_same_tag():
    """CI runs tools/colab.py with a bare Python, so it has a copy."""
    assert colab.FOLDED == TAG


# ------------------------------------------------------------------ compared as any other output


FRAME = "import pandas as pd\nframe = pd.DataFrame({'loss, nats': [162.6, 154.1]}, index=['wide', 'deep'])\nframe"


def frame(*losses):
    """What a kernel gives for such a frame."""
    import pandas  # here, because it takes long

    made = pandas.DataFrame({"loss, nats": losses}, index=["wide", "deep"])
    return new_output("execute_result", data={"text/html": made._repr_html_(), "text/plain": repr(made)}, execution_count=1)


def cell(source, output, *tags):
    """A cell that was run."""
    return new_code_cell(source, outputs=[output], execution_count=1, metadata={"tags": list(tags)})


@pytest.mark.slow
def test_a_folded_output_and_a_frame_are_compared(tmp_path):
    """Of a frame its HTML too, which another process gives again."""
    other_html = frame(162.6, 154.1)
    other_html.data["text/html"] = other_html.data["text/html"].replace("154.1", "154.2")
    cells = [
        cell(FRAME, frame(162.6, 154.1)),
        cell("print(1)", new_output("stream", text="1\n"), TAG),
        cell("print(2)", new_output("stream", text="1\n"), TAG),
        cell("frame", frame(162.6, 154.2), TAG),
        cell("frame", other_html),
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "01-example.ipynb")
    command = [sys.executable, "-m", "pytest", "--nbval", "-p", "tests.support.figures", "--junitxml=report.xml", "--rootdir=."]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([*command, "01-example.ipynb"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    ran = list(ElementTree.parse(tmp_path / "report.xml").iter("testcase"))
    assert [each.find("failure") is not None for each in ran] == [False, False, True, True, True], done.stdout
