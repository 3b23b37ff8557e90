"""The Sphinx extensions in sphinx_ext: their functions, and small builds with them. tests/pages/test_pages.py visits the pages."""

import subprocess

import pytest
import yaml

from tests.support import ROOT
from tests.support.browser import load_extension
from tests.support.small_site import build

repository = load_extension("repository")


# --- The address of the repository ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/ada/engine",
        "https://github.com/ada/engine.git",
        "https://github.com/ada/engine/",
        "https://ada:secret@github.com/ada/engine.git",
        "https://x-access-token:secret@GitHub.com/ada/engine",
        "git@github.com:ada/engine.git",
        "ssh://git@github.com/ada/engine.git",
        "ssh://git@github.com:22/ada/engine.git",
        "git://github.com/ada/engine.git\n",
    ],
)
def test_public_remotes_become_one_address(remote):
    assert repository.repository_url({}, remote) == "https://github.com/ada/engine"


@pytest.mark.parametrize(
    "remote",
    [
        None,
        "",
        "/home/ada/engine.git",
        "../engine",
        "file:///srv/engine.git",
        "https://git.example.org/ada/engine.git",
        "git@github.com.example.org:ada/engine.git",
        "https://example.org/github.com/ada/engine",
        "https://github.com/ada",
        "https://github.com/ada/engine/tree/main",
        "https://gitlab.com/group/sub/engine.git",
        "https://github.com/ada/..",
        "https://example.org@evil@github.com/ada/engine",
    ],
)
def test_other_remotes_give_no_address(remote):
    assert repository.repository_url({}, remote) is None


def test_other_names_are_kept():
    assert repository.repository_url({}, "git@gitlab.com:Ada-L/an.engine_2.git") == "https://gitlab.com/Ada-L/an.engine_2"


def test_ci_comes_before_the_remote():
    ci = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "fork/engine"}
    remote = "https://github.com/ada/engine"
    assert repository.repository_url(ci, remote) == "https://github.com/fork/engine"
    assert repository.repository_url({"GITHUB_REPOSITORY": "fork/engine"}, remote) == remote
    assert repository.repository_url(ci | {"GITHUB_SERVER_URL": "https://git.example.org"}, None) is None


def test_branch():
    assert repository.repository_branch({}, None) == "main"
    assert repository.repository_branch({}, "draft") == "draft"
    assert repository.repository_branch({"GITHUB_REF_NAME": "v1"}, "draft") == "v1"
    assert repository.repository_branch({"GITHUB_REF_NAME": "7/merge", "GITHUB_BASE_REF": "main"}, "draft") == "main"


def test_git_is_asked_in_this_clone_only(tmp_path):
    """A folder inside another project's clone must not take that project's address."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "remote", "add", "origin", "git@github.com:ada/engine.git"], check=True)
    (tmp_path / "inside").mkdir()
    assert repository.git(tmp_path, "remote", "get-url", "origin") == "git@github.com:ada/engine.git"
    assert repository.git(tmp_path / "inside", "remote", "get-url", "origin") is None


def test_config_holds_no_address():
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    assert config["repository"]["url"] == ""
    assert "github.com/" not in (ROOT / "_config.yml").read_text()


# --- Small builds with the extensions --------------------------------------------------------------------


@pytest.mark.medium
@pytest.mark.slow
def test_buttons_lead_to_the_fork(tmp_path):
    fork = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "fork/engine", "GITHUB_REF_NAME": "main"}
    status, page, said = build(tmp_path, "Text.", ["repository"], fork)
    assert status == 0, said
    assert "https://mybinder.org/v2/gh/fork/engine/main?urlpath=lab/tree/book/01-autoencoders.ipynb" in page
    assert "https://colab.research.google.com/github/fork/engine/blob/colab/book/01-autoencoders.ipynb" in page
    assert 'href="https://github.com/fork/engine"' in page


@pytest.mark.slow
def test_no_address_no_buttons(tmp_path):
    status, page, said = build(tmp_path, "Text.", ["repository"])
    assert status == 0, said
    assert "buttons: none" in said
    assert not any(word in page for word in ("mybinder", "colab", "github.com"))


@pytest.mark.slow
def test_on_gitlab_there_is_binder_and_no_colab(tmp_path):
    fork = {"GITHUB_SERVER_URL": "https://gitlab.com", "GITHUB_REPOSITORY": "fork/engine", "GITHUB_REF_NAME": "main"}
    status, page, said = build(tmp_path, "Text.", ["repository"], fork)
    assert status == 0, said
    assert "https://mybinder.org/v2/gl/fork%2Fengine/main?urlpath=lab/tree/book/01-autoencoders.ipynb" in page
    assert "colab.research" not in page


@pytest.mark.medium
def test_a_formula_that_katex_cannot_render_fails_the_build(tmp_path):
    status, _, said = build(tmp_path, r"Good $\hat x$, bad $\notacommand{x}$.", ["repository", "katex_strict"])
    assert status != 0
    assert "01-autoencoders.ipynb:" in said
    assert "notacommand" in said
    assert said.count("WARNING: formula") == 1, said


@pytest.mark.medium
def test_a_page_is_rendered_with_katex_and_its_style_sheet(tmp_path):
    status, page, said = build(tmp_path, r"$\hat x$", ["repository", "katex_strict"], {"PATH": "/usr/bin:/bin"})
    assert status == 0, said
    assert 'class="katex"' in page
    assert not list((tmp_path / "out" / "_static" / "katex").glob("**/*.ttf"))
