"""tools/notebooks.py: stored outputs without noise, limits that fail, and nothing stored from a run that failed."""

import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tools import notebooks

pytestmark = pytest.mark.medium  # each runs kernels


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


def test_limits_fail_on_time_or_memory_and_check_stores_nothing(book, capsys):
    path = write(book / "01-a.ipynb", "held = bytearray(300 * 2**20)")
    before = path.read_bytes()
    assert notebooks.main(["--check", "--limits", "60", "1024"]) == 0
    assert notebooks.main(["--check", "--limits", "60", "250"]) == 1
    assert notebooks.main(["--check", "--limits", "0", "1024"]) == 1
    assert "OVER ITS LIMIT of 60 s and 250 MiB" in capsys.readouterr().out
    assert path.read_bytes() == before


def test_folders_below_the_book_are_run_too_but_not_the_exercises(book):
    (book / "appendix").mkdir()
    (book / "exercises").mkdir()
    lab = write(book / "appendix" / "lab.ipynb", "import os\nos.path.basename(os.getcwd())")
    exercise = write(book / "exercises" / "01-a.ipynb", "1")
    assert notebooks.main([]) == 0
    assert outputs(lab)[0][0].data["text/plain"] == "'appendix'"  # links and files are found from where the notebook lies
    assert outputs(exercise) == [[]]
    assert set(json.loads((book / "measured.json").read_text())) == {"appendix/lab.ipynb"}


def test_a_run_of_one_notebook_leaves_the_others_measurements_alone(book):
    write(book / "01-a.ipynb", "1")
    second = write(book / "02-a.ipynb", "1")
    assert notebooks.main([]) == 0
    stored = json.loads((book / "measured.json").read_text()) | {"01-a.ipynb": {"seconds": 7, "peak_mib": 7}}
    (book / "measured.json").write_text(json.dumps(stored))
    write(second, "2")
    assert notebooks.main([str(second)]) == 0
    assert json.loads((book / "measured.json").read_text())["01-a.ipynb"] == {"seconds": 7, "peak_mib": 7}


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


def test_widget_state_is_stored_under_names_that_a_second_run_gives_again(book):
    path = write(book / "01-a.ipynb", MOVING, "moving")
    assert notebooks.main([]) == 0
    first = path.read_bytes()
    state = json.loads(first)["metadata"]["widgets"][notebooks.WIDGET_STATE]["state"]
    views = [output.data[notebooks.WIDGET_VIEW]["model_id"] for cell in outputs(path) for output in cell]
    assert len(views) == 2
    assert views[0] == views[1]
    own = state[views[0]]
    assert own["state"]["value"] == 2.5
    assert own["buffers"] == [{"data": "MTIz", "encoding": "base64", "path": ["data"]}]
    assert own["state"]["layout"].removeprefix("IPY_MODEL_") in state
    assert len(state) == 2  # the view and its layout; the widget that no view leads to is not stored
    assert notebooks.main([]) == 0
    assert path.read_bytes() == first
