"""Sphinx extension: pandas' tables as the page shows them.

The HTML that pandas writes for a DataFrame has a style sheet of its own in front of every table, an attribute that draws borders, header
cells without content (axe-core: empty-table-header), and a row of its own for the index's name. Here the name moves into the empty corner,
and the rest goes: how a table looks is a section of book/_static/course.css. Which cells are headers of a row, and which of a column, is
said to screen readers.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

TABLE = '<table border="1" class="dataframe">'
STYLE = re.compile(r"<style scoped>.*?</style>\n?", re.DOTALL)
HEAD = re.compile(r"<thead>.*?</thead>", re.DOTALL)
ROW = re.compile(r"<tr[^>]*>(.*?)</tr>", re.DOTALL)
CELL = re.compile(r"<th>(.*?)</th>", re.DOTALL)


def plain(html: str) -> str:
    """The table of a DataFrame without pandas' own look, and with the directions of its headers.

    >>> plain('<table border="1" class="dataframe"><thead><tr><th></th><th>a</th></tr></thead><tr><th>0</th></tr></table>')
    '<table class="dataframe"><thead><tr><td></td><th scope="col">a</th></tr></thead><tr><th scope="row">0</th></tr></table>'
    """
    html = STYLE.sub("", html).replace(TABLE, '<table class="dataframe">').replace(' style="text-align: right;"', "")
    html = HEAD.sub(lambda head: re.sub(r"<th\b", '<th scope="col"', one_row(head[0])), html)
    html = re.sub(r"<th\b(?! scope)", '<th scope="row"', html)
    return re.sub(r'<th scope="\w+"></th>', "<td></td>", html)


def one_row(head: str) -> str:
    """A table's head with the names of the index in the empty cells above them; as it is where there are none, or columns of two levels.

    >>> one_row('<thead><tr><th></th><th>a</th></tr><tr><th>beta</th><th></th></tr></thead>')
    '<thead><tr><th>beta</th><th>a</th></tr></thead>'
    """
    rows = [CELL.findall(row) for row in ROW.findall(head)]
    if len(rows) != 2 or len(rows[0]) != len(rows[1]):
        return head
    pairs = list(zip(*rows, strict=True))
    if any(above and below for above, below in pairs):
        return head
    return "<thead><tr>" + "".join(f"<th>{above or below}</th>" for above, below in pairs) + "</tr></thead>"


class Frames(SphinxPostTransform):
    """Rewrite every DataFrame on a page."""

    default_priority = 200
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Look through the HTML that outputs brought along."""
        for raw in self.document.findall(nodes.raw):
            if raw.get("format") == "html" and TABLE in raw.astext():
                html = plain(raw.astext())
                raw.replace_self(nodes.raw("", html, format="html", classes=raw["classes"]))


def setup(app: Sphinx) -> dict:
    """Run on every page."""
    app.add_post_transform(Frames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
