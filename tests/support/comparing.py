"""Runs `pytest --nbval` with the figure comparison on one notebook, in a folder and a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import nbformat
import numpy as np
from PIL import Image

from tests.support import ROOT
from tests.support.pixels import BAR
from tools import notebooks, stored_figures

CHAPTER = "book/01-example.ipynb"
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]), "OMP_NUM_THREADS": "1"}
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}


class Run(NamedTuple):
    """What a run of pytest gave: the message of each failed cell, all it printed, where it ran, and as which chapter."""

    failures: dict[int | str, str]  # by the cell's number, "state" for the widgets
    cells: int
    output: str
    folder: Path
    chapter: str

    def difference(self, cell, figure):
        """Open the last third of the picture drawn for a failed figure, without its label; (height, width, 3) uint8."""
        picture = np.asarray(Image.open(self.folder / f"test-results/{Path(self.chapter).stem}-cell{cell:02d}-fig{figure}.png"))
        return picture[BAR:, -(picture.shape[1] // 3) :]

    def rows(self):
        """Read the figures that the run recorded."""
        return json.loads((self.folder / "test-results/figures.json").read_text())["figures"]


def stored(notebook, folder):
    """Run a notebook as `make notebooks` does. Returns it as it is stored, and the contents of its figures."""
    path = folder / Path(CHAPTER).name
    notebook.metadata |= KERNEL
    nbformat.write(notebook, path)
    ran, problem, _ = notebooks.run(path)
    assert problem is None, problem
    return ran, stored_figures.take_out(ran)


def of_the_book(name):
    """A notebook of the book, and the contents that are stored of its figures."""
    path = ROOT / name
    return nbformat.read(path, as_version=4), list(stored_figures.read(path).values())


def compare(notebook, folder, entries, *options, chapter=CHAPTER, **environment):
    """Run pytest on a notebook, stored as ``chapter`` with its figures' contents in a folder of its own. Returns a Run."""
    path = folder / chapter
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    stored_figures.store(path, entries)
    command = [sys.executable, "-m", "pytest", "--nbval", "-p", "tests.support.figures", "--color=no", "--junitxml=report.xml"]
    done = subprocess.run(
        [*command, "--rootdir", str(folder), *options, chapter],
        cwd=folder,
        env=ENVIRONMENT | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    cells = list(ElementTree.parse(folder / "report.xml").iter("testcase"))
    failed = [cell for cell in cells if cell.find("failure") is not None]
    failures = {int(name) if (name := cell.get("name").split()[1]).isdigit() else name: cell.findtext("failure") for cell in failed}
    assert bool(failures) == bool(done.returncode), done.stdout
    return Run(failures, len(cells), done.stdout, folder, chapter)
