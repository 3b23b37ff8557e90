"""Sphinx extension: leave out what the theme loads and this book does not use.

The theme loads FontAwesome twice: as style sheet with fonts, and as a script of 1.5 MB that draws the same
icons again. templates/static/webpack-macros.html keeps the first. The repairs of labels, landmarks and
contrast are in book/_static/course.js and course.css.
"""

import shutil
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"


def use_templates(app, config) -> None:
    """Put the local template before the theme's own of the same name."""
    config.templates_path.insert(0, str(TEMPLATES))


def remove_script(app, exception) -> None:
    """Delete the icon script, which no page names any more, from a finished HTML site."""
    if exception is None and app.builder.format == "html":
        for folder in Path(app.outdir).glob("_static/vendor/fontawesome/*/js"):
            shutil.rmtree(folder)


def setup(app):
    """Connect both steps."""
    app.connect("config-inited", use_templates)
    app.connect("build-finished", remove_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
