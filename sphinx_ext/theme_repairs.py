"""Sphinx extension: leave out what the theme loads and this book does not use.

The theme loads FontAwesome twice: as style sheet with fonts, and as a script of 1.5 MB that draws the same
icons again. templates/static/webpack-macros.html keeps the first. Translations of the theme and maps of its
scripts are for those who build it. A table's empty corner is no header of
anything (axe-core: empty-table-header). The repairs of labels, landmarks and contrast are in
book/_static/course.js and course.css.
"""

import re
import shutil
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

TEMPLATES = Path(__file__).parent / "templates"


def use_templates(app: Sphinx, config: Config) -> None:
    """Put the local template before the theme's own of the same name."""
    config.templates_path.insert(0, str(TEMPLATES))


def remove_unused(app: Sphinx, exception: Exception | None) -> None:
    """Delete from a finished HTML site what no page names: the icon script, translations, source maps."""
    if exception is None and app.builder.format == "html":
        static = Path(app.outdir) / "_static"
        for folder in [*static.glob("vendor/fontawesome/*/js"), *static.glob("locales")]:
            shutil.rmtree(folder)
        for file in static.glob("*/*.map"):
            file.unlink()


def empty_corners(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Turn header cells without content into plain cells."""
    if "body" in context:
        context["body"] = re.sub(r'<th class="head([^"]*)">(?:<p></p>)?\s*</th>', r'<td class="head\1"></td>', context["body"])


def scripts_after_text(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Let no script but the options, which one in the page sets, hold up the first paint. The search page has scripts that want the others."""
    if pagename != "search":
        for script in context.get("script_files", []):
            if getattr(script, "filename", None) and "documentation_options" not in str(script.filename):
                script.attributes.setdefault("defer", "defer")
    else:
        for script in context.get("script_files", []):
            getattr(script, "attributes", {}).pop("defer", None)


def setup(app: Sphinx) -> dict:
    """Connect each step."""
    app.connect("config-inited", use_templates)
    app.connect("html-page-context", empty_corners)
    app.connect("html-page-context", scripts_after_text, priority=950)
    app.connect("build-finished", remove_unused)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
