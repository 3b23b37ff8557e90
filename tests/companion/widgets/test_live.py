"""Explorables in JupyterLab: with a kernel, what a hand moves arrives in Python, what Python sets arrives in the view; before a cell is
run, the stored still picture stands in its place.

Of the two that are run, one has weights, which the view fetches from the page's models; the other has numbers only.
"""

import contextlib
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import nbformat
import nbformat.sign
import pytest

from sphinx_ext import stored_widgets
from tests.support import ROOT, waiting
from tests.support.browser import PATIENCE

TOKEN = "explorables"
MAKE = f"""import sys
sys.path.insert(0, {str(ROOT)!r})
import numpy as np
from companion.widgets import LatentPads, Pad, TwoGaussians

rng = np.random.default_rng(0)
codes = rng.normal(size=(20, 2))
decoder = [rng.normal(size=shape) for shape in ((8, 2), (8,), (784, 8), (784,))]
pads = LatentPads({{name: Pad(decoder, codes, (0, 0), 4, np.ones(16)) for name in ("one", "other")}}, labels=np.arange(20) % 2)
gaussians = TwoGaussians(mu=1.5, logvar=-1)"""
TELL = "print('Python has', *pads.points[0], gaussians.mu)"
SET = "pads.points, gaussians.mu = [[1.0, -2.0], [0.0, 0.0]], -1.25"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def jupyterlab(folder):
    """Run JupyterLab on a folder, with settings of its own; give its address; stop it and its kernels."""
    address = f"http://127.0.0.1:{free_port()}"
    own = {
        name: str(folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    own |= {name: str(folder / name.lower()) for name in ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")}
    options = ["--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={address.rsplit(':', 1)[1]}"]
    options += [f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={TOKEN}", "--LabApp.news_url=None"]
    options += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    with (folder / "server.log").open("w+b") as log:
        command = [sys.executable, "-m", "jupyterlab", *options]
        server = subprocess.Popen(command, env={**os.environ, **own}, stdout=log, stderr=log, cwd=folder)
        try:
            wait_for(server, f"{address}/api?token={TOKEN}", folder / "server.log")
            yield address
        finally:
            server.terminate()  # it ends its kernels itself
            try:
                server.wait(timeout=waiting.HANG)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def wait_for(server, url, log):
    """Until it answers, or has ended."""

    def answers() -> bool:
        with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(url):
            return True
        return server.poll() is not None

    waiting.until(answers, "JupyterLab answered")
    if server.poll() is not None:
        pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-2000:]}", pytrace=False)


@pytest.fixture
def lab(browser, tmp_path):
    """The page of a running notebook whose cells make and show the two explorables; `lab.left` has requests to elsewhere."""
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed: nothing to run explorables in")
    cells = [nbformat.v4.new_code_cell(source) for source in (MAKE, "pads", "gaussians", TELL, SET)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), tmp_path / "live.ipynb")
    with jupyterlab(tmp_path) as address, opened(browser, address, "live.ipynb") as page:
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=PATIENCE)
        for number in range(4):
            run(page, number)
        yield page


def close(dialog):
    """Close a dialog that Lab lays over the page. One was seen, once, beside other test runs; what it asked is not known, so it is told."""
    print(f"JupyterLab asks: {dialog.inner_text()}")
    dialog.page.keyboard.press("Escape")


@contextlib.contextmanager
def opened(browser, address, name):
    """A notebook's page; `page.left` has requests to elsewhere, `page.errors` what was thrown."""
    page = browser.new_page(viewport={"width": 1300, "height": 2600})  # all cells in sight: Lab puts the others away
    page.left, page.errors = [], []
    page.on("request", lambda r: r.url.startswith((address, "data:", "blob:")) or page.left.append(r.url))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.add_locator_handler(page.locator("dialog.jp-Dialog"), close)
    page.goto(f"{address}/lab/tree/{name}?token={TOKEN}&reset")
    yield page
    page.close()


def run(page, number) -> str:
    """Run a cell; return what it prints. While the kernel starts, Lab drops a run without a word: then it is asked for again."""
    from playwright.sync_api import TimeoutError  # here, because without a browser the test is skipped

    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(number)
    prompt = cell.locator(".jp-InputPrompt")
    before = prompt.text_content()
    started = prompt.filter(has_text=re.compile(rf"^(?!{re.escape(before)})"))
    while True:
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        with contextlib.suppress(TimeoutError):
            started.wait_for(timeout=2000)  # no verdict: after it, the run is asked for again
            break
    prompt.filter(has_text=re.compile(r"\[\d+\]:")).wait_for(timeout=PATIENCE)
    return " ".join(cell.locator(".jp-OutputArea-output pre").all_inner_texts()).strip()


@pytest.mark.slow
def test_a_live_explorable_and_python_follow_each_other(lab):
    point, mean = lab.get_by_label("Code of the one"), lab.get_by_label("Mean of q")
    plane = lab.locator(".explorable-plane").first.bounding_box()
    lab.mouse.move(plane["x"] + plane["width"] / 4, plane["y"] + plane["height"] / 4)
    lab.mouse.down()
    lab.mouse.move(plane["x"] + plane["width"] / 2, plane["y"] + plane["height"] / 4, steps=4)
    lab.mouse.up()
    mean.focus()
    lab.keyboard.press("ArrowLeft")
    lab.keyboard.press("x")  # with the focus on a cell, JupyterLab would cut it
    assert lab.locator(".jp-Notebook .jp-CodeCell").count() == 5
    said, *numbers = re.findall(r"Python has|-?\d[\d.e-]*", run(lab, 3))
    assert said == "Python has"
    *point_numbers, mean_number = map(float, numbers)
    assert point_numbers == pytest.approx([0, 2], abs=0.05)
    assert mean_number == pytest.approx(1.41)  # a step of 0.09 from 1.5: a hundredth of the axis

    run(lab, 4)
    point.and_(lab.locator("[aria-valuetext^='z = (1.00, \u22122.00)']")).wait_for()
    mean.and_(lab.locator("[aria-valuetext^='mu \u22121.25,']")).wait_for()
    assert (lab.left, lab.errors) == ([], [])


def trust(notebook, folder):
    """Sign a notebook for `jupyterlab(folder)`: in one that it does not trust, Lab shows no widget and takes the picture anyway."""
    data = folder / "jupyter_data_dir"
    data.mkdir()
    nbformat.sign.NotebookNotary(data_dir=str(data)).sign(notebook)


@pytest.mark.slow
def test_before_a_cell_is_run_its_still_picture_stands_there(browser, tmp_path):
    """A notebook of the book, cut down to its explorable: Jupyter would say "Error displaying widget" of a view without a model."""
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed: nothing to open notebooks in")
    notebook = nbformat.read(ROOT / "book" / "06-log-variance.ipynb", as_version=4)
    notebook.cells = [cell for cell in notebook.cells if stored_widgets.views(cell.get("outputs", []))]
    [cell] = notebook.cells
    nbformat.write(notebook, tmp_path / "stored.ipynb")
    trust(notebook, tmp_path)
    with jupyterlab(tmp_path) as address, opened(browser, address, "stored.ipynb") as page:
        still = page.locator(".jp-OutputArea-output img")
        still.wait_for(timeout=PATIENCE)
        assert still.get_attribute("src") == f"data:image/png;base64,{cell.outputs[0].data['image/png'].replace(chr(10), '')}"
        assert still.evaluate("img => img.decode().then(() => img.naturalWidth)") > 600
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=PATIENCE)
        shown = page.locator(".jp-OutputArea")
        assert shown.inner_text().strip() in ("", f"[{cell.execution_count}]:")
        assert shown.locator(".jp-OutputArea-output").count() == 1
        assert (page.left, page.errors) == ([], [])
