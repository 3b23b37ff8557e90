"""tools/notebooks.py: stored outputs without noise, limits that fail, and nothing stored from a run that failed."""

import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from sphinx_ext import stored_widgets
from tools import notebooks, stored_figures
from tools.figure_hook import KEY

runs_kernels = pytest.mark.medium


@pytest.fixture
def book(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    monkeypatch.setattr(notebooks, "BOOK", tmp_path / "book")
    monkeypatch.setattr(notebooks, "MEASURED", tmp_path / "book" / "measured.json")
    (tmp_path / "book").mkdir()
    return tmp_path / "book"


def write(path: Path, *sources: str) -> Path:
    cells = [new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}), path)
    return path


def outputs(path: Path) -> list:
    return [cell.outputs for cell in nbformat.read(path, as_version=4).cells]


@runs_kernels
def test_a_second_run_changes_no_byte_and_a_first_one_stores_outputs(book, capsys):
    path = write(book / "01-a.ipynb", "print('a', flush=True)\nprint('b')", "40 + 2")
    assert notebooks.main([]) == 0
    printed, value = outputs(path)
    assert [output.text for output in printed] == ["a\nb\n"]
    assert value[0].data["text/plain"] == "42"
    stored = {file.name: file.read_bytes() for file in book.iterdir()}
    assert set(stored) == {"01-a.ipynb", "measured.json"}
    assert notebooks.main([]) == 0
    assert {file.name: file.read_bytes() for file in book.iterdir()} == stored
    assert "stored anew" in capsys.readouterr().out
    metadata = json.loads(stored["01-a.ipynb"])["metadata"]
    assert metadata["language_info"] == {"name": "python"}  # no version of the Python that ran it
    measure = json.loads(stored["measured.json"])["01-a.ipynb"]
    assert 0 <= measure["seconds"] < 60
    assert 20 < measure["peak_mib"] < 500


@runs_kernels
def test_a_failing_notebook_is_named_and_left_as_it_was(book, capsys):
    path = write(book / "01-a.ipynb", "1", "raise ValueError('broken on purpose')")
    before = path.read_bytes()
    assert notebooks.main([]) == 1
    assert path.read_bytes() == before
    assert not (book / "measured.json").exists()
    said = capsys.readouterr().out
    assert "book/01-a.ipynb" in said
    assert "cell 1 failed" in said
    assert "broken on purpose" in said


@pytest.mark.slow
@runs_kernels
def test_limits_fail_on_time_or_memory_and_check_stores_nothing(book, capsys):
    path = write(book / "01-a.ipynb", "held = bytearray(300 * 2**20)")
    before = path.read_bytes()
    assert notebooks.main(["--check", "--limits", "60", "1024"]) == 0
    assert notebooks.main(["--check", "--limits", "60", "250"]) == 1
    assert notebooks.main(["--check", "--limits", "0", "1024"]) == 1
    assert "OVER ITS LIMIT of 60 s and 250 MiB" in capsys.readouterr().out
    assert path.read_bytes() == before


@runs_kernels
def test_folders_below_the_book_are_run_too_but_not_the_exercises(book):
    (book / "appendix").mkdir()
    (book / "exercises").mkdir()
    lab = write(book / "appendix" / "lab.ipynb", "import os\nos.path.basename(os.getcwd())")
    exercise = write(book / "exercises" / "01-a.ipynb", "1")
    assert notebooks.main([]) == 0
    assert outputs(lab)[0][0].data["text/plain"] == "'appendix'"  # links and files are found from where the notebook lies
    assert outputs(exercise) == [[]]
    assert set(json.loads((book / "measured.json").read_text())) == {"appendix/lab.ipynb"}


@runs_kernels
def test_a_run_of_one_notebook_leaves_the_others_measurements_alone(book):
    write(book / "01-a.ipynb", "1")
    second = write(book / "02-a.ipynb", "1")
    assert notebooks.main([]) == 0
    stored = json.loads((book / "measured.json").read_text()) | {"01-a.ipynb": {"seconds": 7, "peak_mib": 7}}
    (book / "measured.json").write_text(json.dumps(stored))
    write(second, "2")
    assert notebooks.main([str(second)]) == 0
    assert json.loads((book / "measured.json").read_text())["01-a.ipynb"] == {"seconds": 7, "peak_mib": 7}


PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, {}], label='a')\nplt.legend();"


@runs_kernels
def test_what_a_figure_holds_is_stored_beside_the_notebook(book, capsys):
    path = write(book / "01-a.ipynb", "1", PLOT.format(2))
    assert notebooks.main([]) == 0
    [entry] = json.loads((book / "figures" / "01-a.json").read_text())
    [[picture]] = [cell for cell in outputs(path) if any("image/png" in output.data for output in cell)]
    assert entry["png"] == stored_figures.digest(picture.data["image/png"])
    assert (entry["cell"], entry["figure"]) == (1, 1)
    assert entry["contents"]["axes"][0]["legends"][0]["entries"][0]["words"] == "a"
    assert KEY not in path.read_text()
    assert KEY not in capsys.readouterr().out


@pytest.mark.slow
def test_contents_are_stored_anew_with_the_figure_and_go_with_it(book):
    path = write(book / "01-a.ipynb", PLOT.format(2))
    assert notebooks.main([]) == 0
    file = book / "figures" / "01-a.json"
    first = file.read_bytes()
    file.write_text("[]\n")
    assert notebooks.main(["--check"]) == 0
    assert file.read_text() == "[]\n"
    assert notebooks.main([]) == 0
    assert file.read_bytes() == first
    write(path, "1")
    assert notebooks.main([]) == 0
    assert not file.exists()


MOVING = """import ipywidgets, traitlets
class Moving(ipywidgets.DOMWidget):
    _view_name = traitlets.Unicode("View").tag(sync=True)
    data = traitlets.Bytes(b"123").tag(sync=True)
    value = traitlets.Float(0.5).tag(sync=True)
    def __repr__(self):
        return "Moving()"
unused = Moving()
moving = Moving()
moving.value = 2.5
moving"""


@runs_kernels
def test_widget_state_is_stored_under_names_that_a_second_run_gives_again(book):
    path = write(book / "01-a.ipynb", MOVING, "moving")
    assert notebooks.main([]) == 0
    first = path.read_bytes()
    state = json.loads(first)["metadata"][stored_widgets.STATE]
    views = [output.data[stored_widgets.VIEW]["model_id"] for cell in outputs(path) for output in cell]
    assert len(views) == 2
    assert views[0] == views[1]
    own = state[views[0]]
    assert own["state"]["value"] == 2.5
    assert own["buffers"] == [{"data": "MTIz", "encoding": "base64", "path": ["data"]}]
    assert own["state"]["layout"].removeprefix("IPY_MODEL_") in state
    assert len(state) == 2  # the view and its layout; the widget that no view leads to is not stored
    assert notebooks.main([]) == 0
    assert path.read_bytes() == first


# ------------------------------------------------------------------ without a run


VIEW = {"model_id": "aaaa", "version_major": 2, "version_minor": 1}
SAVED = {
    "aaaa": {
        "model_name": "AnyModel",
        "state": {"_anywidget_id": "companion.widgets.region.Regions", "_esm": "code", "_css": "style", "layout": "IPY_MODEL_bbbb"},
    },
    "bbbb": {"model_name": "LayoutModel", "state": {}},
    "cccc": {"model_name": "AnyModel", "state": {"_anywidget_id": "elsewhere.Widget", "_esm": "its own code"}},
    "dddd": {"model_name": "LayoutModel", "state": {}},
}


def saved_by_jupyter(path: Path) -> Path:
    """A notebook as JupyterLab saves it: two widgets, one of them ours, prints in pieces, times, folds, versions."""
    stream = {"output_type": "stream", "name": "stdout"}
    ours = {
        "output_type": "display_data",
        "data": {"image/png": "AAAA", "text/plain": "Regions()", stored_widgets.JUPYTER_VIEW: VIEW},
    }
    other = {"output_type": "display_data", "data": {stored_widgets.JUPYTER_VIEW: VIEW | {"model_id": "cccc"}}}
    pieces = [stream | {"text": "a\n"}, stream | {"text": "b\n"}]
    cell = new_code_cell("regions", id="a", execution_count=7, outputs=[*pieces, ours | {"metadata": {}}, other | {"metadata": {}}])
    cell.metadata.update(execution={"iopub.execute_input": "2026-01-01"}, scrolled=True, tags=["mine"])
    language = {"name": "python", "version": "3.11.2", "file_extension": ".py"}
    widgets = {stored_widgets.JUPYTER_STATE: {"state": SAVED, "version_major": 2, "version_minor": 0}}
    kernel = {"name": "python3", "display_name": "Python 3"}
    metadata = {"kernelspec": kernel, "language_info": language, "widgets": widgets}
    nbformat.write(nbformat.from_dict(new_notebook(cells=[cell], metadata=metadata)), path)
    return path


def test_clean_brings_what_jupyter_saved_into_the_stored_form(book, capsys):
    path = saved_by_jupyter(book / "01-a.ipynb")
    assert notebooks.main(["--clean"]) == 0
    assert capsys.readouterr().out == "book/01-a.ipynb: cleaned\n"
    notebook = json.loads(path.read_text())
    [cell] = notebook["cells"]
    assert cell["metadata"] == {"tags": ["mine"]}
    assert cell["execution_count"] == 7
    printed, ours, other = cell["outputs"]
    assert "".join(printed["text"]) == "a\nb\n"
    assert set(ours["data"]) == {"image/png", "text/plain", stored_widgets.VIEW}
    assert ours["data"]["image/png"] == "AAAA"
    assert set(notebook["metadata"]) == {"kernelspec", "language_info", stored_widgets.STATE}
    assert notebook["metadata"]["language_info"] == {"name": "python"}
    models = notebook["metadata"][stored_widgets.STATE]
    region = models[ours["data"][stored_widgets.VIEW]["model_id"]]["state"]
    assert set(region) == {"_anywidget_id", "layout"}
    assert region["layout"].removeprefix("IPY_MODEL_") in models
    assert models[other["data"][stored_widgets.VIEW]["model_id"]]["state"]["_esm"] == "its own code"  # nobody else has it
    assert len(models) == 3
    assert not set(models) & set(SAVED)


def test_clean_changes_nothing_the_second_time(book, capsys):
    path = saved_by_jupyter(book / "01-a.ipynb")
    notebooks.main(["--clean", str(path)])
    stored = path.read_bytes()
    assert notebooks.main(["--clean"]) == 0
    assert path.read_bytes() == stored
    assert capsys.readouterr().out.endswith("book/01-a.ipynb: unchanged\n")


def test_jupyterlab_collapses_what_the_tag_folds_and_nothing_else(book):
    """The tag alone says so: what somebody folded on a screen goes away."""
    path = write(book / "01-a.ipynb", "1", "2", "3")
    notebook = nbformat.read(path, as_version=4)
    answer, opened, folded = notebook.cells
    answer.metadata.tags = ["hide-output"]
    opened.metadata.update(tags=["hide-output"], jupyter={"outputs_hidden": False, "source_hidden": True})
    folded.metadata.update(collapsed=True, jupyter={"outputs_hidden": True})
    nbformat.write(notebook, path)
    notebooks.main(["--clean"])
    collapsed = {"tags": ["hide-output"], "jupyter": {"outputs_hidden": True}}
    assert [cell.metadata for cell in nbformat.read(path, as_version=4).cells] == [collapsed, collapsed, {}]


def test_clean_says_when_jupyter_saved_a_view_without_its_state(book, capsys):
    path = saved_by_jupyter(book / "01-a.ipynb")
    notebook = nbformat.read(path, as_version=4)
    del notebook.metadata["widgets"]
    nbformat.write(notebook, path)
    notebooks.main(["--clean"])
    assert "cleaned; Jupyter saved no state of 2 widgets: run it with make notebooks N=01-a" in capsys.readouterr().out
    assert outputs(path)[0][1].data["image/png"] == "AAAA"


def test_what_is_stored_becomes_what_jupyter_wrote_again_but_for_the_code(book):
    path = saved_by_jupyter(book / "01-a.ipynb")
    notebooks.main(["--clean"])
    notebook = json.loads(path.read_text())
    stored_widgets.restore(notebook)
    state = notebook["metadata"]["widgets"][stored_widgets.JUPYTER_STATE]
    assert (state["version_major"], state["version_minor"]) == (2, 0)
    _, ours, _ = notebook["cells"][0]["outputs"]
    assert ours["data"][stored_widgets.JUPYTER_VIEW]["model_id"] in state["state"]
    assert stored_widgets.STATE not in notebook["metadata"]
    stored_widgets.store(notebook)
    assert notebook == json.loads(path.read_text())


@pytest.mark.parametrize("name", ["03", "3", "03-points"])
def test_a_notebook_is_found_by_number_or_name(book, name):
    path = write(book / "03-points.ipynb", "1")
    write(book / "13-other.ipynb", "1")
    assert notebooks.find(name) == path
    assert notebooks.find(str(path)) == path


def test_a_wrong_name_says_what_there_is(book, capsys):
    write(book / "03-points.ipynb", "1")
    write(book / "index.ipynb", "1")
    with pytest.raises(SystemExit) as ended:
        notebooks.main(["4"])
    assert ended.value.code == 2
    assert "there is no notebook '4'; expected a path, a chapter's number, or one of 03-points, index" in capsys.readouterr().err
