"""Let a plain link reach a figure of another chapter: [text](03-points-to-regions.ipynb#fig-03-three-seeds).

MyST knows a page's headings as targets of such links and warns at any other anchor, although the link it writes is right. Here the
names of a page's figures become targets too. In Jupyter the same link opens the notebook.
"""

from docutils import nodes
from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict:
    app.connect("doctree-read", add_figures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def add_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Add each named figure to the slugs of its page: slug -> (line, id, caption)."""
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for figure in doctree.findall(nodes.figure):
        caption = next((child.astext() for child in figure.findall(nodes.caption)), "")
        for name in figure["ids"]:
            slugs.setdefault(name, (figure.line or 0, name, caption))
