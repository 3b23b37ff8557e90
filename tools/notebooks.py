"""Run the book's notebooks, each in a fresh kernel: `make notebooks` stores outputs, `make limits` holds time and memory.

    python tools/notebooks.py [--check] [--limits SECONDS MIB] [NOTEBOOK ...]
    python tools/notebooks.py --clean [NOTEBOOK ...]

NOTEBOOK is a path, or a name: `03` or `3` for chapter 3, `index`, `wrong-code-lab`. Stored notebooks carry no noise: no execution times, no
Python version, neighbouring prints merged, widget models under names that a second run gives again, and no code of explorables. Where the
tag hide-output folds a cell's output on the page, the metadata say so to JupyterLab, too. --clean brings a notebook that Jupyter saved
into that form without running it; its outputs stay. What each figure holds is stored in a file beside the notebook
(tools/stored_figures.py). Time and peak memory go to book/measured.json; a notebook's entry is rewritten when the
notebook changed, so that a run that changes nothing changes no byte. The README's picture is the first figure of the first chapter and is
written with it.
"""

import argparse
import base64
import json
import re
import subprocess
import sys
import time
import uuid
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

sys.path += [str(Path(__file__).resolve().parents[1] / folder) for folder in ("sphinx_ext", "")]
import stored_widgets

from tools import stored_figures

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
MEASURED = BOOK / "measured.json"
PICTURE = BOOK / "_static" / "readme.png"
PICTURE_FROM = "01-autoencoders.ipynb"
KEPT = ("kernelspec", "mystnb", "widgets", stored_widgets.STATE)  # of a notebook's metadata
NOISE = ("execution", "collapsed", "scrolled", "jupyter")  # of a cell's: when it ran, and how it was folded on a screen
FOLDED = "hide-output"  # the tag of a cell whose output answers a prediction
PEAK = """import resource, sys
if sys.platform == "linux":  # not ru_maxrss, which a kernel inherits from the process that started it
    print(int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) // 2**10)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**20)"""


def main(arguments: list[str]) -> int:
    options = _parse(arguments)
    paths = options.notebooks or book_notebooks()
    if options.clean:
        for path in paths:
            print(f"{path.relative_to(ROOT)}: {clean(path)}")
        return 0
    failed = False
    for path in paths:
        notebook, problem, measure = run(path)
        figures = stored_figures.take_out(notebook)
        same = _text(notebook) == path.read_text(encoding="utf-8") and stored_figures.is_stored(path, figures)
        changed = problem is None and not same
        if problem is None and not options.check:
            _store(path, notebook, measure, changed)
            stored_figures.store(path, figures)
        problem = problem or _over_limit(measure, options.limits)
        failed = failed or problem is not None
        verdict = problem or ("would change" if changed and options.check else "stored anew" if changed else "unchanged")
        print(f"{path.relative_to(ROOT)}: {measure['seconds']:.1f} s, {measure['peak_mib']} MiB, {verdict}", flush=True)
    return 1 if failed else 0


def book_notebooks() -> list[Path]:
    """Every notebook below book/ but the exercises, which have sources of their own."""
    return sorted(path for path in BOOK.rglob("[0-9a-z]*.ipynb") if path.parent.name != "exercises")


def find(name: str) -> Path:
    """The notebook of a path, of a file's name without ending, or of a chapter's number.

    Raises:
        ValueError: there is none; says which there are.
    """
    if Path(name).is_file():
        return Path(name).resolve()
    for path in book_notebooks():
        number = path.stem.split("-")[0]
        if name == path.stem or (number.isdigit() and name.isdigit() and int(name) == int(number)):
            return path
    there = ", ".join(path.stem for path in book_notebooks())
    raise ValueError(f"there is no notebook {name!r}; expected a path, a chapter's number, or one of {there}")


def clean(path: Path) -> str:
    """Bring a stored notebook into the form of one that was run here, without running it. Returns what became of it."""
    before = path.read_text(encoding="utf-8")
    notebook = _clean(nbformat.reads(before, as_version=4), path.stem)
    if _text(notebook) != before:
        path.write_text(_text(notebook), encoding="utf-8")
    shown = {view["model_id"] for cell in notebook.cells for view in stored_widgets.views(cell.get("outputs", []))}
    verdict = "unchanged" if _text(notebook) == before else "cleaned"
    if lacking := len(shown - stored_widgets.state(notebook).keys()):
        verdict += f"; Jupyter saved no state of {lacking} widgets: run it with make notebooks N={path.stem}"
    return verdict


def run(path: Path) -> tuple[nbformat.NotebookNode, str | None, dict]:
    """Execute a notebook from its own folder.

    Returns: the notebook cleaned, with its figures' contents in the outputs' metadata; what went wrong or None; what the run took.
    """
    notebook = nbformat.read(path, as_version=4)
    for key in ("widgets", stored_widgets.STATE):
        notebook.metadata.pop(key, None)
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}}, record_timing=False)
    problem, started = None, time.perf_counter()
    with client.setup_kernel(stderr=subprocess.DEVNULL):  # what cells write to stderr comes as a message, not through this
        _ask(client, stored_figures.code_for_kernel())
        started = time.perf_counter()
        try:
            for index, cell in enumerate(notebook.cells):
                client.execute_cell(cell, index)
        except CellExecutionError as error:
            problem = f"cell {index} failed:\n{error}"
        seconds = time.perf_counter() - started
        client.set_widgets_metadata()
        peak = int(_ask(client, PEAK))
    return _clean(notebook, path.stem), problem, {"seconds": round(seconds, 1), "peak_mib": peak}


def _ask(client: NotebookClient, code: str) -> str:
    """Run code in the kernel beside the notebook's cells. Returns what it printed."""
    probe = nbformat.v4.new_code_cell(code)
    client.nb.cells.append(probe)
    client.execute_cell(probe, len(client.nb.cells) - 1, store_history=False)
    client.nb.cells.pop()
    return "".join(output.text for output in probe.outputs)


def _clean(notebook: nbformat.NotebookNode, stem: str) -> nbformat.NotebookNode:
    """Take out what differs from run to run, or from machine to machine, without meaning anything, and explorables' code."""
    kept = {key: notebook.metadata[key] for key in KEPT if key in notebook.metadata}
    notebook.metadata = nbformat.from_dict({**kept, "language_info": {"name": "python"}})
    stored_widgets.store(notebook)
    _name_models(notebook, stem)
    for cell in notebook.cells:
        for key in NOISE:
            cell.metadata.pop(key, None)
        if FOLDED in cell.metadata.get("tags", []):
            cell.metadata["jupyter"] = {"outputs_hidden": True}  # the page folds by the tag, JupyterLab by this
        if cell.cell_type == "code":
            cell.outputs = _merge_streams(cell.outputs)
    return nbformat.from_dict(notebook)


def _name_models(notebook: nbformat.NotebookNode, stem: str) -> None:
    """Store widget models under the names of `named_models`, and drop those that no view leads to."""
    views = [view for cell in notebook.cells for view in stored_widgets.views(cell.get("outputs", []))]
    names, state = named_models(stored_widgets.state(notebook), [view["model_id"] for view in views], stem)
    if state:
        notebook.metadata[stored_widgets.STATE] = state
    for view in views:
        view["model_id"] = names.get(view["model_id"], view["model_id"])


def named_models(state: dict, views: list[str], stem: str) -> tuple[dict[str, str], dict]:
    """Name widget models by the order in which the views of a notebook lead to them: what a second run gives again.

    Returns:
        names: random id -> name. state: name -> what is saved of the model, references renamed too.
    """
    names: dict[str, str] = {}
    todo = list(views)
    while todo:
        model = todo.pop(0)
        if model in state and model not in names:
            names[model] = uuid.uuid5(uuid.NAMESPACE_URL, f"{stem}/{len(names)}").hex
            todo += re.findall(r"IPY_MODEL_(\w+)", json.dumps(state[model], sort_keys=True))
    text = json.dumps({names[model]: state[model] for model in names}, sort_keys=True)
    return names, json.loads(re.sub(r"(IPY_MODEL_)(\w+)", lambda found: found[1] + names[found[2]], text))


def _merge_streams(outputs: list) -> list:
    """Join neighbouring prints: how a kernel cuts them into messages depends on timing."""
    merged: list = []
    for output in outputs:
        last = merged[-1] if merged else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            merged.append(output)
    return merged


def _text(notebook: nbformat.NotebookNode) -> str:
    return nbformat.writes(notebook) + "\n"


def _store(path: Path, notebook: nbformat.NotebookNode, measure: dict, changed: bool) -> None:
    measured = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}
    name = path.relative_to(BOOK).as_posix()
    if changed or name not in measured:
        measured[name] = measure
        MEASURED.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    if changed:
        path.write_text(_text(notebook), encoding="utf-8")
    if name == PICTURE_FROM:
        PICTURE.write_bytes(first_figure(notebook))


def first_figure(notebook: nbformat.NotebookNode) -> bytes:
    """The PNG of the first figure among a notebook's outputs."""
    outputs = (output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs)
    return next(base64.b64decode(output.data["image/png"]) for output in outputs if "image/png" in output.get("data", {}))


def _over_limit(measure: dict, limits: list[float] | None) -> str | None:
    if limits and (measure["seconds"] > limits[0] or measure["peak_mib"] > limits[1]):
        return f"OVER ITS LIMIT of {limits[0]:g} s and {limits[1]:g} MiB"
    return None


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="default: every notebook below book/ but the exercises")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="run, but store nothing")
    what.add_argument("--clean", action="store_true", help="run nothing, but store in the form that a run gives")
    parser.add_argument("--limits", nargs=2, type=float, metavar=("SECONDS", "MIB"), help="fail when a notebook takes more")
    options = parser.parse_args(arguments)
    try:
        options.notebooks = [find(name) for name in options.notebooks]
    except ValueError as error:
        parser.error(str(error))
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
