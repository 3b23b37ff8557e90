"""Opening a page of the book as a notebook: the addresses of the buttons, the file to download, and what Colab opens."""

import json
import re

import nbformat
import pytest

from tests.support import ROOT
from tests.support.browser import load_extension
from tests.support.pages import BOOK
from tests.support.small_site import build
from tools import colab

repository = load_extension("repository")
NOTEBOOKS = [page for page in BOOK if (ROOT / f"{page}.ipynb").is_file()]
ADDRESS = "https://github.com/ada/engine"
LINE = colab.install_line(ADDRESS, "main", {"jaxtyping": "0.3.11"})


# --- The buttons -------------------------------------------------------------------------------------------


def test_chapters_and_exercises_are_notebooks():
    """Guards what follows, which goes through the notebooks among the pages."""
    assert len([page for page in NOTEBOOKS if re.fullmatch(r"book/0[1-8]-[\w-]+", page)]) == 8
    assert len([page for page in NOTEBOOKS if re.fullmatch(r"book/exercises/0[1-8]-[\w-]+", page)]) == 8


@pytest.mark.slow
def test_every_notebook_has_its_own_addresses(tmp_path):
    """The theme's buttons on a site of the book's page names lead where the repository has the notebook and Colab's branch its copy."""
    fork = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "ada/engine", "GITHUB_REF_NAME": "main"}
    status, _, said = build(tmp_path, "Text.", ["repository"], fork, others=[p for p in NOTEBOOKS if p != "book/01-autoencoders"])
    assert status == 0, said
    copies = {file.relative_to(tmp_path / "colab") for file in colab.make(tmp_path / "colab", ADDRESS, "main")}
    for page in NOTEBOOKS:
        html = (tmp_path / "out" / f"{page}.html").read_text(encoding="utf-8")
        assert re.findall(r'href="(https://(?:mybinder|colab)[^"]+)"', html) == [
            f"https://mybinder.org/v2/gh/ada/engine/main?urlpath=lab/tree/{page}.ipynb",
            f"https://colab.research.google.com/github/ada/engine/blob/colab/{page}.ipynb",
        ]
        assert f'href="{"../" * page.count("/")}_sources/{page}.ipynb"' in html
        assert (ROOT / f"{page}.ipynb").relative_to(ROOT) in copies


@pytest.mark.medium
@pytest.mark.slow
def test_the_site_of_a_release_opens_that_release(tmp_path):
    """Binder from the tag, Colab from the tag of copies that .github/workflows/release.yml makes of it."""
    tag = {"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1.2.0"}
    fork = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "ada/engine", **tag}
    status, html, said = build(tmp_path, "Text.", ["repository"], fork)
    assert status == 0, said
    assert re.findall(r'href="(https://(?:mybinder|colab)[^"]+)"', html) == [
        "https://mybinder.org/v2/gh/ada/engine/v1.2.0?urlpath=lab/tree/book/01-autoencoders.ipynb",
        "https://colab.research.google.com/github/ada/engine/blob/colab-v1.2.0/book/01-autoencoders.ipynb",
    ]


def test_copies_for_colab_of_a_branch_and_of_a_release():
    assert repository.colab_ref({"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1.2.0"}) == "colab-v1.2.0"
    assert repository.colab_ref({"GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "v1.2.0"}) == repository.colab_ref({}) == "colab"
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert "HEAD:refs/tags/colab-$GITHUB_REF_NAME" in workflow


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_the_built_page_offers_the_books_own_notebook(site, page):
    """With or without a public address: what is downloaded is the file of the repository."""
    html = (site / f"{page}.html").read_text(encoding="utf-8")
    assert f'href="{"../" * page.count("/")}_sources/{page}.ipynb"' in html
    assert (site / "_sources" / f"{page}.ipynb").read_bytes() == (ROOT / f"{page}.ipynb").read_bytes()
    assert ("launch-hint" in html) == (page != BOOK[0])


def test_addresses_of_other_branches_and_hosts():
    assert "/ada/engine/a%2Fb?" in repository.launch_links(ADDRESS, "a/b", "book/07-loss")["Binder"]
    assert list(repository.launch_links("https://gitlab.com/ada/engine", "main", "book/07-loss")) == ["Binder"]


@pytest.mark.slow
def test_a_phones_reader_is_told_that_running_wants_a_computer(browser, address):
    page = browser.new_page(viewport={"width": 375, "height": 800})
    page.goto(f"{address}/{NOTEBOOKS[1]}.html")
    assert page.get_by_text("To run its code, open it on a computer").is_visible()
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.get_by_text("To run its code, open it on a computer").is_hidden()
    page.close()


# --- Colab's notebooks ---------------------------------------------------------------------------------------


def test_colabs_cell_installs_companion_and_no_other_torch():
    """--no-deps: pip must not put another torch, numpy or matplotlib in place of Colab's."""
    small = colab.install_line(ADDRESS, "main", {"anywidget": "1", "jaxtyping": "2"})
    assert small == '%pip install --quiet --no-deps anywidget==1 jaxtyping==2 "companion @ git+https://github.com/ada/engine@main"'
    assert colab.pins("torch==2.13.0\n# a==1\njaxtyping==0.3.11\n") == {"torch": "2.13.0", "jaxtyping": "0.3.11"}
    assert {"torch", "torchvision", "numpy", "matplotlib"}.isdisjoint(colab.LACKING)


@pytest.mark.parametrize(
    "address", ["git@github.com:ada/engine", "https://github.com/ada", 'https://github.com/ada/engine" && x', ""]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValueError, match="repository"):
        colab.install_line(address, "main", {})


@pytest.mark.parametrize("branch", ["", "a b", 'a"', "-f", "a@b"])
def test_what_is_no_branch_is_refused(branch):
    with pytest.raises(ValueError, match="branch"):
        colab.install_line(ADDRESS, branch, {})


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_the_rest_of_a_notebook_is_byte_for_byte_the_books(page):
    """One cell in front, and with it taken out again the very text; the whole is a valid notebook whose other cells keep their outputs.

    Those that answer a prediction are left out before.
    """
    text = (ROOT / f"{page}.ipynb").read_text(encoding="utf-8")
    made = colab.with_install_cell(text, LINE)
    first, rest = json.loads(made)["cells"][0], json.loads(made)["cells"][1:]
    assert "".join(first["source"]).splitlines()[-1] == LINE
    assert (first["cell_type"], first["outputs"]) == ("code", [])
    assert rest == json.loads(text)["cells"]
    kept = text.removeprefix('{\n "cells": [\n')
    assert made.endswith(kept)
    assert len(made) - len(text) < 600
    nbformat.validate(nbformat.reads(made, as_version=4))


@pytest.fixture
def with_answers():
    """A notebook of the book's with outputs, where every second cell's output answers a prediction."""
    notebook = nbformat.read(ROOT / f"{NOTEBOOKS[1]}.ipynb", as_version=4)
    for cell in [cell for cell in notebook.cells if cell.cell_type == "code"][::2]:
        cell.metadata["tags"] = ["hide-output"]
    return notebook


def test_colab_is_given_no_answer_to_a_prediction(with_answers):
    """It shows every output at once."""
    copy = nbformat.reads(colab.without_folded_outputs(nbformat.writes(with_answers) + "\n"), as_version=4)
    folded = [number for number, cell in enumerate(copy.cells) if "hide-output" in cell.metadata.get("tags", [])]
    assert sum(bool(with_answers.cells[number].outputs) for number in folded) > 3
    assert not any(copy.cells[number].outputs for number in folded)
    assert_the_rest_is_the_books(with_answers)


def assert_the_rest_is_the_books(notebook):
    """With the outputs that are left out put back, the text is what it was, byte for byte."""
    text = nbformat.writes(notebook) + "\n"
    copy = nbformat.reads(colab.without_folded_outputs(text), as_version=4)
    for cell, stored in zip(copy.cells, notebook.cells, strict=True):
        if "hide-output" in cell.metadata.get("tags", []):
            cell.outputs = stored.outputs
    assert nbformat.writes(copy) + "\n" == text


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_the_rest_of_a_copy_without_answers_is_byte_for_byte_the_books(page):
    notebook = nbformat.read(ROOT / f"{page}.ipynb", as_version=4)
    assert nbformat.writes(notebook) + "\n" == (ROOT / f"{page}.ipynb").read_text(encoding="utf-8")
    assert_the_rest_is_the_books(notebook)


def test_colabs_copies_leave_out_what_the_book_folds(with_answers, tmp_path):
    (tmp_path / "binder").mkdir()
    (tmp_path / "book").mkdir()
    (tmp_path / "binder" / "requirements.txt").write_text("".join(f"{name}==1\n" for name in colab.LACKING))
    text = nbformat.writes(with_answers) + "\n"
    (tmp_path / "book" / "01-a.ipynb").write_text(text, encoding="utf-8")
    [copy] = colab.make(tmp_path / "out", ADDRESS, "main", root=tmp_path)
    line = colab.install_line(ADDRESS, "main", dict.fromkeys(colab.LACKING, "1"))
    assert copy.read_text(encoding="utf-8") == colab.with_install_cell(colab.without_folded_outputs(text), line)


def test_a_second_cell_is_refused_and_so_is_another_format():
    text = (ROOT / f"{NOTEBOOKS[1]}.ipynb").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="already"):
        colab.with_install_cell(colab.with_install_cell(text, LINE), LINE)
    with pytest.raises(ValueError, match="begins otherwise"):
        colab.with_install_cell(json.dumps(json.loads(text)), LINE)
    with pytest.raises(ValueError, match="written otherwise"):
        colab.without_folded_outputs(json.dumps(json.loads(text), indent=2))


def test_the_command_line(tmp_path, capsys):
    assert colab.main([str(tmp_path), "--repository", ADDRESS, "--branch", "main"]) == 0
    assert len(list(tmp_path.rglob("*.ipynb"))) >= 17
    assert colab.main([str(tmp_path), "--repository", "nowhere", "--branch", "main"]) == 1
    assert "nowhere" in capsys.readouterr().err
