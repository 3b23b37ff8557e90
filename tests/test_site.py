"""The built site in a real browser, and the Sphinx extensions in tools/sphinx_ext.

The browser tests read _build/html as `make book` leaves it: over a loopback server, once more from disk, and once with
scripts switched off. Nothing here needs the network, and a request that would leave the machine is stopped and reported.
"""

import os
import subprocess
import sys

import nbformat
import pytest
import yaml
from nbformat import v4

from tests.browser import EXTENSIONS, ROOT, SITE, load_extension, watch

MODES = {
    "desktop, light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone, dark": {"viewport": {"width": 375, "height": 800}, "color_scheme": "dark"},
    "from disk": {"viewport": {"width": 1280, "height": 900}},
    "no script": {"viewport": {"width": 375, "height": 800}, "java_script_enabled": False},
}
# Folded text is opened, and an explorable's still picture, which hides behind the live one, has no width to judge.
MEASURE = """() => document.querySelectorAll('details').forEach(d => { d.open = true; }) ?? ({
  title: document.title,
  pageWidth: document.documentElement.scrollWidth,
  windowWidth: document.documentElement.clientWidth,
  images: [...document.querySelectorAll('article img')].map(i => ({
    alt: i.alt, file: i.src.split('/').pop(), drawn: i.naturalWidth > 0, behind: !!i.closest('.explorable-live'),
    width: i.getBoundingClientRect().width})),
  formulas: [...document.querySelectorAll('article .katex')].map(k => ({
    width: k.querySelector('.katex-html').getBoundingClientRect().width,
    font: getComputedStyle(k).fontFamily,
    copyWidth: k.querySelector('.katex-mathml').getBoundingClientRect().width})),
  rawMath: document.querySelectorAll('article .math:not(:has(.katex))').length,
})"""


def toc_pages():
    """Return the page names in _toc.yml, the front page first."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    return [toc["root"], *(page["file"] for chapter in chapters for page in [chapter, *chapter.get("sections", [])])]


PAGES = toc_pages()
repository = load_extension("repository")


# --- The site in a browser -----------------------------------------------------------------------------


def visit(context, start, page):
    """Open ``page`` below ``start``; return what it measured and everything that went wrong on the way."""
    tab = context.new_page()
    trouble = watch(tab, start)
    tab.goto(f"{start}/{page}.html", wait_until="load")
    tab.evaluate("document.fonts.ready.then(() => true)")
    found = tab.evaluate(MEASURE) | trouble
    tab.close()
    return found


@pytest.fixture(scope="module")
def visits(browser, address):
    """Every page in every mode, opened once: visits[mode][page]."""
    seen = {}
    for mode, options in MODES.items():
        context = browser.new_context(**options)
        start = SITE.as_uri() if mode == "from disk" else address
        seen[mode] = {page: visit(context, start, page) for page in PAGES}
        context.close()
    return seen


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("mode", MODES)
class TestPage:
    """Each page of the table of contents, in each mode."""

    def test_opens_quietly(self, visits, mode, page):
        """No error or warning on the console, nothing missing, nothing asked of another machine."""
        seen = visits[mode][page]
        assert seen["title"]
        assert (seen["console"], seen["failed"], seen["left"]) == ([], [], [])

    def test_does_not_scroll_sideways(self, visits, mode, page):
        seen = visits[mode][page]
        assert seen["pageWidth"] <= seen["windowWidth"]

    def test_images_are_drawn_and_described(self, visits, mode, page):
        """An alt text of a sentence, not the file name that Sphinx falls back to; at most 600 CSS pixels wide."""
        for image in visits[mode][page]["images"]:
            assert image["drawn"], image
            assert image["behind"] or image["width"] > 0, image
            assert image["width"] <= 600.5, image
            assert len(image["alt"]) >= 40, image
            assert image["file"] not in image["alt"], image

    def test_formulas_are_rendered(self, visits, mode, page):
        """KaTeX drew them at build time and its style sheet is there: without it, a formula shows twice."""
        seen = visits[mode][page]
        assert seen["rawMath"] == 0
        for formula in seen["formulas"]:
            assert formula["width"] > 0, formula
            assert formula["copyWidth"] <= 1.5, formula
            assert "KaTeX_Main" in formula["font"], formula


def test_the_notation_page_has_formulas(visits):
    """Guards the test above, which says nothing about a page without formulas."""
    assert len(visits["no script"]["book/appendix/notation"]["formulas"]) > 10


def test_chapters_have_figures(visits):
    """Guards the test of alt texts in the same way."""
    for page in PAGES[1:3]:
        assert visits["desktop, light"][page]["images"], page


def test_icon_script_is_gone(site):
    """The theme's 1.5 MB script is neither in the site nor named by a page."""
    assert not list(site.glob("_static/vendor/fontawesome/*/js/*"))
    for page in PAGES:
        assert "fontawesome/6.5.2/js" not in (site / f"{page}.html").read_text(encoding="utf-8"), page


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


def build(folder, text, extensions, environ=()):
    """Build one page, book/01-autoencoders, with warnings as errors; return (exit status, its HTML or "", what was said)."""
    launch = yaml.safe_load((ROOT / "_config.yml").read_text())["launch_buttons"]
    (folder / "book").mkdir()
    nbformat.write(
        v4.new_notebook(cells=[v4.new_markdown_cell(f"# Page\n\n{text}", id="text")]), folder / "book" / "01-autoencoders.ipynb"
    )
    (folder / "conf.py").write_text(f"""
import sys
sys.path.append({str(EXTENSIONS)!r})
extensions = ["myst_nb", "sphinx_book_theme", *{extensions!r}]
root_doc = "book/01-autoencoders"
exclude_patterns = ["out"]
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath"]
html_theme = "sphinx_book_theme"
html_theme_options = dict(launch_buttons={launch!r})
html_math_renderer = {"katex_strict" if "katex_strict" in extensions else "mathjax"!r}
katex_prerender = True
""")
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GITHUB_")}
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-b", "html", str(folder), str(folder / "out")],
        capture_output=True,
        text=True,
        env=clean | dict(environ),
        timeout=120,
    )
    page = folder / "out" / "book" / "01-autoencoders.html"
    return done.returncode, page.read_text() if page.exists() else "", done.stdout + done.stderr


def test_buttons_lead_to_the_fork(tmp_path):
    fork = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "fork/engine", "GITHUB_REF_NAME": "main"}
    status, page, said = build(tmp_path, "Text.", ["repository"], fork)
    assert status == 0, said
    assert "https://mybinder.org/v2/gh/fork/engine/main?urlpath=lab/tree/book/01-autoencoders.ipynb" in page
    assert "colab" not in page  # it would open a chapter without companion, which fails at its first import
    assert 'href="https://github.com/fork/engine"' in page


def test_no_address_no_buttons(tmp_path):
    status, page, said = build(tmp_path, "Text.", ["repository"])
    assert status == 0, said
    assert "buttons: none" in said
    assert not any(word in page for word in ("mybinder", "colab", "github.com"))


def test_a_formula_that_katex_cannot_render_fails_the_build(tmp_path):
    status, _, said = build(tmp_path, r"Good $\hat x$, bad $\notacommand{x}$.", ["repository", "katex_strict"])
    assert status != 0
    assert "01-autoencoders.ipynb:" in said
    assert "notacommand" in said
    assert said.count("WARNING: formula") == 1, said


def test_a_page_is_rendered_with_katex_and_its_style_sheet(tmp_path):
    status, page, said = build(tmp_path, r"$\hat x$", ["repository", "katex_strict"], {"PATH": "/usr/bin:/bin"})
    assert status == 0, said
    assert 'class="katex"' in page
    assert not list((tmp_path / "out" / "_static" / "katex").glob("**/*.ttf"))
