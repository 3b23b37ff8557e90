"""Make the notebooks that Colab opens: each one of the book behind one cell that installs `companion`.

    python tools/colab.py OUT --repository https://github.com/OWNER/NAME --branch BRANCH

Colab opens a notebook alone, without the repository around it. The first cell fetches `companion` from that repository and branch, and the
few small packages that Colab lacks. It leaves Colab's own torch, torchvision, numpy and matplotlib as they are: pip is told to install
what is named and nothing that those want. Colab shows every output that a notebook stores, so the cells whose output answers a prediction
(tag hide-output) come without it. The rest of a notebook, its other outputs included, is byte for byte what the book holds. CI publishes
OUT as the branch `colab`, whose notebooks the site's buttons open.
"""

import argparse
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LACKING = (
    "anywidget",
    "jaxtyping",
    "wadler-lindig",
)  # of what companion wants, what Colab does not bring: pure Python, no torch behind it
CELL_ID = "install-companion"
FOLDED = "hide-output"  # the tag of a cell whose output the page folds
ADDRESS = re.compile(r"https://[\w.-]+/[\w.-]+/[\w.-]+")
BRANCH = re.compile(r"[\w./-]+")


def pins(text: str) -> dict[str, str]:
    """Return the lines ``name==version`` of a requirements file, whatever else they say: name -> version."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


def install_line(repository: str, branch: str, versions: dict[str, str]) -> str:
    """Return the command that installs `companion` from a public repository; raise ValueError for what is no address or branch.

    >>> install_line("https://github.com/ada/engine", "main", {"jaxtyping": "0.3"})
    '%pip install --quiet --no-deps jaxtyping==0.3 "companion @ git+https://github.com/ada/engine@main"'
    """
    if not ADDRESS.fullmatch(repository):
        raise ValueError(f"colab: the repository is {repository!r}, and https://host/owner/name is expected")
    if not BRANCH.fullmatch(branch) or branch.startswith("-"):
        raise ValueError(f"colab: the branch is {branch!r}, and letters, digits and . _ - / are expected")
    small = " ".join(f"{name}=={version}" for name, version in versions.items())
    return f'%pip install --quiet --no-deps {small} "companion @ git+{repository}@{branch}"'


def with_install_cell(notebook: str, line: str) -> str:
    """Return a notebook's JSON text with a first code cell that holds ``line``; everything else stays byte for byte.

    Raise ValueError when the text is not indented as the book's notebooks are, or holds that cell already.
    """
    start = '{\n "cells": [\n'
    if not notebook.startswith(start):
        raise ValueError("colab: a notebook begins otherwise than the book's, which nbformat wrote: run make notebooks")
    if f'"id": "{CELL_ID}"' in notebook:
        raise ValueError(f"colab: the notebook holds the cell {CELL_ID} already")
    source = ["# On Colab: companion from the book's repository, and the small packages that Colab lacks. A minute.\n", line]
    cell = {"cell_type": "code", "execution_count": None, "id": CELL_ID, "metadata": {}, "outputs": [], "source": source}
    text = json.dumps(cell, indent=1, ensure_ascii=False)
    return start + "\n".join("  " + row for row in text.splitlines()) + ",\n" + notebook.removeprefix(start)


def without_folded_outputs(notebook: str) -> str:
    """Return a notebook's JSON text without the outputs of its cells tagged hide-output; everything else stays byte for byte.

    Raise ValueError when the text is not what nbformat writes: then it cannot be written again without other changes.
    """
    read = json.loads(notebook)
    if _text(read) != notebook:
        raise ValueError("colab: a notebook is written otherwise than nbformat writes it: run make notebooks")
    for cell in read["cells"]:
        if "outputs" in cell and FOLDED in cell["metadata"].get("tags", []):
            cell["outputs"] = []
    return _text(read)


def _text(notebook: dict) -> str:
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def make(out: Path, repository: str, branch: str, root: Path = ROOT) -> list[Path]:
    """Write every notebook of the book below ``out``, at the path that it has in the repository; return the files."""
    known = pins((root / "binder" / "requirements.txt").read_text(encoding="utf-8"))
    line = install_line(repository, branch, {name: known[name] for name in LACKING})
    written = []
    for path in sorted(path for path in (root / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts):
        target = out / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = without_folded_outputs(path.read_text(encoding="utf-8"))
        target.write_text(with_install_cell(text, line), encoding="utf-8")
        written.append(target)
    return written


def main(arguments: list[str]) -> int:
    """Make the notebooks and say how many."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--repository", required=True, help="https://host/owner/name")
    parser.add_argument("--branch", required=True)
    options = parser.parse_args(arguments)
    try:
        written = make(options.out, options.repository, options.branch)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"colab: {len(written)} notebooks in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
