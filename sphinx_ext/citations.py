"""Sphinx extension: a plain link reaches one entry of the bibliography: [Kingma and Welling 2014](appendix/references.md#kingma2014).

Chapters are read in Jupyter too, where the role {cite} means nothing and a link does. The entries come into the page at the end of
the build, so MyST does not know them as targets; here their keys become targets of the page that holds the bibliography.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def add_entries(app: Sphinx, doctree: nodes.document) -> None:
    """Add each entry of the page's bibliographies to its slugs: key -> (line, id, text)."""
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    domain: Any = app.env.get_domain("cite")  # of sphinxcontrib-bibtex, which has no types
    for where, bibliography in domain.bibliographies.items():
        if where.docname == app.env.docname:
            for key, node in bibliography.citation_nodes.items():
                slugs.setdefault(key, (bibliography.line, node["ids"][0], key))


def setup(app: Sphinx) -> dict:
    """Let ids be the entries' keys; run when a page has been read."""
    app.config.bibtex_cite_id = "{key}"
    app.connect("doctree-read", add_entries)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
