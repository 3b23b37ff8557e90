"""A site of one page or few, built with the extensions that a test names."""

import os
import subprocess
import sys

import nbformat
import yaml
from nbformat import v4

from tests.support import ROOT, waiting
from tests.support.browser import EXTENSIONS

LOOK = f"""
html_static_path = [{str(ROOT / "book" / "_static")!r}]
html_css_files, html_js_files = ["course.css"], ["course.js"]
html_context = dict(default_mode="auto")
"""


def build(folder, text, extensions, environ=(), others=(), cells=(), look=False):
    """Build book/01-autoencoders, and notebooks named ``others`` below it, with warnings as errors.

    cells: more cells of the first page. look: the page has the style sheet and the script of the book.

    Return (exit status, the first page's HTML or "", what was said).
    """
    launch = yaml.safe_load((ROOT / "_config.yml").read_text())["launch_buttons"]
    below = "".join(f"/{page}\n" for page in others)
    write(folder, "book/01-autoencoders", f"# Page\n\n{text}" + (f"\n\n```{{toctree}}\n{below}```" if others else ""), cells)
    for page in others:
        write(folder, page, "# Page")
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
{LOOK if look else ""}
""")
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GITHUB_")}
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-b", "html", str(folder), str(folder / "out")],
        capture_output=True,
        text=True,
        env=clean | dict(environ),
        timeout=waiting.HANG,
    )
    page = folder / "out" / "book" / "01-autoencoders.html"
    return done.returncode, page.read_text() if page.exists() else "", done.stdout + done.stderr


def write(folder, page, text, cells=()):
    """Write a notebook of one text cell, and more cells, at the name of a page."""
    file = folder / f"{page}.ipynb"
    file.parent.mkdir(parents=True, exist_ok=True)
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
    nbformat.write(v4.new_notebook(cells=[v4.new_markdown_cell(text, id="text"), *cells], metadata=python), file)
