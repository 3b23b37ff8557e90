"""Sphinx extension: the colours of companion/palette.json as custom properties of every page, which course.css uses.

`--figure-…` are the figures' own. `--course-…` are for text and lines on the page, light and dark, as explorables have them, too.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

PALETTE = Path(__file__).parents[1] / "companion" / "palette.json"
ON_PAGE = ("blue", "flame", "violet", "page", "card", "quiet")


def style() -> str:
    """The custom properties, as a style sheet."""
    palette = json.loads(PALETTE.read_text(encoding="utf-8"))
    light, dark = ({name: palette[scheme][name] for name in ON_PAGE} for scheme in ("light", "dark"))
    return (
        f"html{{{_properties('figure', palette['figures'])}}}"
        f"html[data-theme]{{{_properties('course', light)}}}"  # light: also on paper, and where no script has chosen
        f'@media screen{{html[data-theme="dark"]{{{_properties("course", dark)}}}}}'
    )


def _properties(kind: str, colours: dict[str, str]) -> str:
    return "".join(f"--{kind}-{name}:{value};" for name, value in colours.items())


def add_style(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Put the style on a page: it is short, and a file of its own would be one request more before the first paint."""
    context["metatags"] = f"{context.get('metatags', '')}\n<style>{style()}</style>"


def setup(app: Sphinx) -> dict:
    """Do so for every page."""
    app.connect("html-page-context", add_style)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
