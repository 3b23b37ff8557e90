"""Sphinx extension: a changed file of book/_static reaches the site although no page changed.

Sphinx copies static files only when it writes a page. So when one is newer than its copy, the front page counts as changed.
"""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def front_page_when_static_changed(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Return the front page's name when a static file is missing in the site or newer there, else nothing."""
    folders = [Path(app.confdir) / folder for folder in app.config.html_static_path]
    files = [(file, folder) for folder in folders for file in folder.rglob("*") if file.is_file()]
    return (
        [app.config.root_doc]
        if any(_stale(file, Path(app.outdir) / "_static" / file.relative_to(folder)) for file, folder in files)
        else []
    )


def _stale(file: Path, copy: Path) -> bool:
    return not copy.exists() or copy.stat().st_mtime < file.stat().st_mtime


def setup(app: Sphinx) -> dict:
    """Ask before each build."""
    app.connect("env-get-outdated", front_page_when_static_changed)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
