"""Sphinx extension: a plain link reaches a term of the glossary: [bottleneck](appendix/glossary.md#bottleneck).

Chapters are read in Jupyter too, where the role {term} means nothing and a link does. MyST knows a page's headings as targets of such
links; here the terms of its glossary become targets too, each by what stands before its bracket: "code (`z`)" is #code.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx


def slug(term: str) -> str:
    """The anchor of a term: "autoencoder (AE)" -> "autoencoder", "forward KL, reverse KL" -> "forward-kl-reverse-kl"."""
    return re.sub(r"[^\w -]", "", term.partition(" (")[0]).lower().replace(" ", "-")


def add_terms(app: Sphinx, doctree: nodes.document) -> None:
    """Add each term of the page to its slugs: slug -> (line, id, text)."""
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for term in doctree.findall(nodes.term):
        for name in term["ids"][:1]:
            slugs.setdefault(slug(term.astext()), (term.line or 0, name, term.astext()))


def setup(app: Sphinx) -> dict:
    app.connect("doctree-read", add_terms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
