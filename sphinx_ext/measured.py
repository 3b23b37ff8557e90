"""Sphinx extension: the directive {measured}, a table of each notebook's time and peak memory as `make notebooks` wrote them.

The numbers come from book/measured.json when the site is built. A notebook of the site without an entry, and an entry without its
notebook, are warnings, and so fail the build. Exercises are left out: they are stored without outputs.
"""

import json
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)
BOOK = "book"


def measured_notebooks(env: BuildEnvironment) -> list[str]:
    """The site's notebooks below book/, without the exercises, as measured.json names them."""
    pages = (Path(env.doc2path(page, base=False)) for page in env.found_docs)
    inside = (path.relative_to(BOOK) for path in pages if path.suffix == ".ipynb" and path.parts[0] == BOOK)
    return sorted(path.as_posix() for path in inside if "exercises" not in path.parts)


def table(measured: dict, notebooks: list[str]) -> list[str]:
    """Lines of a MyST table; a link without text takes the title of its page."""
    rows = [f"| [](/{BOOK}/{name}) | {measured[name]['seconds']:.1f} | {measured[name]['peak_mib']} |" for name in notebooks]
    return ["| notebook | time, s | peak, MiB |", "|---|--:|--:|", *rows]


class Measured(SphinxDirective):
    """``{measured}``: no arguments, no content."""

    def run(self) -> list[nodes.Node]:
        """Read the file, say what does not match, and render the rest."""
        file = Path(self.env.srcdir) / BOOK / "measured.json"
        self.env.note_dependency(str(file))
        self.env.note_reread()  # another notebook in the site changes the table and not this page
        measured, notebooks = json.loads(file.read_text(encoding="utf-8")), measured_notebooks(self.env)
        for name in sorted(set(notebooks) ^ set(measured)):
            lacks = (
                "no entry in measured.json: run make notebooks" if name in notebooks else "an entry in measured.json and no page"
            )
            logger.warning("measured: %s has %s", name, lacks, location=self.get_location(), type="measured")
        holder = nodes.container()
        known = [name for name in notebooks if name in measured]
        self.state.nested_parse(StringList(table(measured, known), source=str(file)), self.content_offset, holder)
        return holder.children


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.add_directive("measured", Measured)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
