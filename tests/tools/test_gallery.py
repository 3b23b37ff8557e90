"""The gallery: one page, the worst figure first, that needs nothing beside itself."""

import base64
import io
import json
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from tools import gallery

TOLERANCE = {"rms": 0.25, "tile_rms": 2.0, "share": 5e-6}


def png(colour):
    file = io.BytesIO()
    Image.new("RGB", (60, 30), colour).save(file, "PNG")
    return file.getvalue()


def row(cell, verdict="same", nearness=0.0, rms=0.0, differences=()):
    distance = {"rms": rms, "tile_rms": 0.0, "share": 0.0}
    meaning = {"nearness": nearness, "differences": list(differences)}
    return {"chapter": "book/01-a.ipynb", "cell": cell, "figure": 1, "verdict": verdict, "distance": distance, "meaning": meaning}


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A repository with one notebook of four figures, compared."""
    monkeypatch.setattr(gallery, "ROOT", tmp_path)
    monkeypatch.setattr(gallery, "RESULTS", tmp_path / "test-results")
    for folder in ("book", "test-results"):
        (tmp_path / folder).mkdir()
    outputs = [new_output("display_data", {"image/png": base64.b64encode(png("white")).decode()})]
    cells = [new_code_cell("draw()", outputs=outputs, execution_count=1) for _ in range(4)]
    nbformat.write(new_notebook(cells=cells), tmp_path / "book" / "01-a.ipynb")
    (tmp_path / "test-results" / "01-a-cell02-fig1.png").write_bytes(png("red"))
    rows = [
        row(0, nearness=0.1),
        row(1, rms=0.1),
        row(2, "moved", 62.0, 0.1, ["axes 1, text 1 ('<b>'): words 1 < 2"]),
        row(3, "drawn differently", rms=90.0),
    ]
    (tmp_path / "test-results" / "figures.json").write_text(json.dumps({"tolerance": TOLERANCE, "figures": rows}))
    return tmp_path / "test-results"


def test_the_worst_figure_comes_first_with_its_distances(results, capsys):
    assert gallery.main() == 0
    assert "test-results/gallery.html" in capsys.readouterr().out
    page = (results / "gallery.html").read_text()
    assert re.findall(r"cell (\d), figure 1</h2>", page) == ["2", "3", "1", "0"]
    assert "4 figures: 1 drawn differently, 1 moved, 2 same." in page
    first, _, second = page.split("<article")[1:4]
    assert 'class="panels failed"' in first
    assert "<dt>what it holds</dt><dd>62 times</dd>" in first
    assert "words 1 &lt; 2" in first
    assert "<b>" not in first
    assert "<dt>all pixels</dt><dd>0.1 of 0.25: 40.0 %</dd>" in second


def test_the_page_needs_nothing_beside_itself(results):
    gallery.main()
    page = (results / "gallery.html").read_text()
    assert set(re.findall(r'(?:src|href)="([^,"]*)', page)) == {"data:image/webp;base64"}
    assert "url(" not in page


def test_without_results_it_says_what_to_run(results, capsys):
    (results / "figures.json").unlink()
    assert gallery.main() == 1
    assert "run make test first" in capsys.readouterr().out


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_without_scrolling_sideways(results, browser, scheme):
    """The order can be changed there, and text has the contrast of the site's own colours."""
    gallery.main()
    tab = browser.new_page(viewport={"width": 360, "height": 640}, color_scheme=scheme)
    tab.goto((results / "gallery.html").as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") == 360
    page = json.loads(gallery.PALETTE.read_text())[scheme]["page"]
    red, green, blue = (int(page[i : i + 2], 16) for i in (1, 3, 5))
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == f"rgb({red}, {green}, {blue})"
    tab.select_option("select", "place")
    assert (
        tab.evaluate("[...document.querySelectorAll('h2')].map((each) => each.textContent.match(/cell (\\d)/)[1]).join('')")
        == "0123"
    )
    tab.close()
