"""The capstone on other folders: the whole notebook, one line changed, on photographs, on scans of two values, on pictures of another size."""

import nbformat
import numpy as np
import pytest
from matplotlib import cbook
from nbclient import NotebookClient
from PIL import Image

from tests.support import ROOT

NOTEBOOK = ROOT / "book" / "your-own-images.ipynb"
LINE = 'folder = None  # your folder, as "holiday/photos"; None draws sprites'


def patches(folder, *, side=40, two_valued=False):
    """Write patches of a photograph that matplotlib ships, beside each other, in colour as JPEG, or of two values as PNG."""
    with cbook.get_sample_data("grace_hopper.jpg") as file:
        photo = Image.open(file).convert("RGB")
    count = 0
    for top in range(0, photo.height - side + 1, side):
        for left in range(0, photo.width - side + 1, side):
            patch = photo.crop((left, top, left + side, top + side))
            if two_valued:
                small = np.asarray(patch.resize((28, 28)).convert("L")) > 100
                Image.fromarray(small).save(folder / f"{count:03}.png")
            else:
                patch.save(folder / f"{count:03}.jpg", quality=95)
            count += 1
    return count


def run(folder, tmp_path, **changes):
    """Execute the notebook with its one line changed, and fewer steps: the code of each cell runs, the numbers are not looked at."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    text = {"folder": (LINE, f"folder = {str(folder)!r}"), "steps": ("steps=400", "steps=20")} | changes
    for before, after in text.values():
        holding = [cell for cell in notebook.cells if cell.cell_type == "code" and before in cell.source]
        assert len(holding) == 1, before
        holding[0].source = holding[0].source.replace(before, after)
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    said = {cell.id: "".join(o.get("text", "") for o in cell.outputs) for cell in notebook.cells if cell.cell_type == "code"}
    shown = {
        cell.id: " ".join(o["data"]["text/plain"] for o in cell.outputs if "text/plain" in o.get("data", {}))
        for cell in notebook.cells
        if cell.cell_type == "code"
    }
    return said, shown


def test_the_one_line_is_there_once():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert sum(cell.source.count("folder = None") for cell in notebook.cells) == 1
    assert LINE in "\n".join(cell.source for cell in notebook.cells)


@pytest.mark.slow
def test_patches_of_a_photograph_go_through_the_whole_notebook(tmp_path):
    (tmp_path / "photos").mkdir()
    count = patches(tmp_path / "photos")
    said, shown = run(tmp_path / "photos", tmp_path, size=('"size": 28', '"size": (32, 24)'))
    assert count > 60
    assert "grey pixels: 9" in said["own-grey"]
    assert str(count) in shown["own-load"]
    assert "PictureMap" in shown["own-map"]
    assert (tmp_path / "my-map.html").stat().st_size > 100_000


@pytest.mark.slow
def test_pictures_of_two_values_take_the_bernoulli(tmp_path):
    (tmp_path / "scans").mkdir()
    patches(tmp_path / "scans", two_valued=True)
    said, shown = run(tmp_path / "scans", tmp_path)
    assert "grey pixels: 0.0%" in said["own-grey"]
    assert "nan" not in shown["own-compare"].lower()
    assert (tmp_path / "my-map.html").is_file()
