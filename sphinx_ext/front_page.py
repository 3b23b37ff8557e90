"""Sphinx extension: what the front page shows of the chapters, taken from the chapters when the site is built.

In Jupyter the front page is plain Markdown. Here its opening gets two columns (the words, and the explorable), and each chapter in the
list of the class "path" a picture and two times: a piece of a figure that the chapter's stored run drew, the seconds that the run took,
and the minutes that its words take to read. Nothing is kept beside the chapters, so nothing can be left behind when they change.
"""

import base64
import io
import json
import re
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import nbformat
from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

WIDTH, HEIGHT = 240, 160  # CSS pixels of a picture
DENSITY = 2  # stored pixels for each CSS pixel, as in the chapters
COLOURS = 32  # enough at this size, and a third of the bytes of 256
WORDS_A_MINUTE = 200  # the front page says so
NO_SECOND_COLUMN = "html_theme.sidebar_secondary.remove"  # the theme's name for it


class Piece(NamedTuple):
    """A part of a chapter's figure: from (left, top), width wide, all in CSS pixels of the figure; the height follows. alt describes it."""

    figure: str
    left: int
    top: int
    width: int
    alt: str


PIECES = {
    "01-autoencoders": Piece(
        "fig-01-copy",
        4,
        2,
        592,
        "An hourglass from a handwritten 7 through two numbers to a softer 7, above a map of coloured dots.",
    ),
    "02-bottleneck": Piece(
        "fig-02-ten-digits", 68, 3, 296, "Six digits in four rows: the originals, then copies through one, two and four numbers."
    ),
    "03-points-to-regions": Piece(
        "fig-03-growing", 147, 42, 345, "Small coloured ellipses on a map, and one of them with three larger ones around it."
    ),
    "04-gaussian-parameters": Piece(
        "fig-04-eight-numbers", 62, 105, 410, "Two regions that overlap, a blue and an orange one, each with three nested ellipses."
    ),
    "05-reparameterization": Piece(
        "fig-05-two-graphs",
        20,
        135,
        300,
        "The dice stand beside the path: blue arrows lead forward, and orange arrows all the way back.",
    ),
    "06-log-variance": Piece(
        "fig-06-fall", 300, 115, 290, "Three falling curves, the lowest of which ends in a shaded band, at a red cross."
    ),
    "07-loss": Piece(
        "fig-07-surface", 135, 60, 310, "Contour lines around one point, and arrows from all sides that lead down to it."
    ),
    "08-beta-tradeoff": Piece(
        "fig-08-filmstrip", 166, 108, 428, "Rows of digits, clear at the left, that dissolve into the same grey blur at the right."
    ),
}


def stored_figure(notebook: nbformat.NotebookNode, name: str) -> bytes:
    """Return the PNG of the figure that the notebook's metadata calls ``name``; ExtensionError when it stores none."""
    for cell in notebook.cells:
        if cell.metadata.get("mystnb", {}).get("figure", {}).get("name") == name:
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    return base64.b64decode(output.data["image/png"])
    raise ExtensionError(f"front page: no stored figure is called {name}: see PIECES in sphinx_ext/front_page.py")


def cut(png: bytes, piece: Piece) -> Image.Image:
    """Return the piece of a figure, WIDTH by HEIGHT at DENSITY, in few colours; ExtensionError when the piece leaves the figure."""
    with Image.open(io.BytesIO(png)) as figure:
        left, top, width, height = (DENSITY * side for side in (piece.left, piece.top, piece.width, piece.width * HEIGHT / WIDTH))
        box = (left, top, left + width, top + height)
        if min(box) < 0 or box[2] > figure.width or box[3] > figure.height:
            raise ExtensionError(
                f"front page: {piece.figure} is {figure.size} pixels, and its piece is {box}: see PIECES in front_page.py"
            )
        small = figure.convert("RGB").resize((DENSITY * WIDTH, DENSITY * HEIGHT), Image.Resampling.LANCZOS, box=box)
    return small.quantize(COLOURS, kmeans=1, dither=Image.Dither.NONE)


def minutes_to_read(notebook: nbformat.NotebookNode) -> int:
    """Return the minutes that the words of the Markdown cells take, folded answers and formulas included."""
    words = sum(len(re.findall(r"\w+(?:[-']\w+)*", cell.source)) for cell in notebook.cells if cell.cell_type == "markdown")
    return max(1, round(words / WORDS_A_MINUTE))


def is_cell(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def set_in_columns(page: nodes.section) -> None:
    """Put what stands before the first section into two boxes: the explorable with the paragraph before it, and all words before that."""
    page["classes"].append("course-front")
    opening = list(takewhile(lambda child: not isinstance(child, nodes.section), page.children[1:]))
    place = next(i for i, child in enumerate(opening) if is_cell(child)) - 1
    boxes = [
        nodes.container("", *opening[:place], classes=["front-say"]),
        nodes.container("", *opening[place:], classes=["front-try"]),
    ]
    page.children[1 : 1 + len(opening)] = []
    page.insert(1, boxes)


def chapter_of(item: nodes.list_item) -> str:
    """Return the stem of the notebook that the first link of a list item leads to."""
    link = next(node for node in item.findall() if "reftarget" in getattr(node, "attributes", {}))
    return Path(link["reftarget"]).stem


def add_picture(app: Sphinx, item: nodes.list_item, name: str, notebook: nbformat.NotebookNode) -> None:
    """Put the chapter's picture first in its item; the extension ``images`` reserves its place."""
    file = Path(app.doctreedir) / "front_page" / f"path-{name}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    cut(stored_figure(notebook, PIECES[name].figure), PIECES[name]).save(file)
    app.env.images.add_file(app.env.docname, str(file))
    picture = nodes.image(uri=str(file), candidates={"*": str(file)}, alt=PIECES[name].alt, width=f"{WIDTH}px")
    item.insert(0, nodes.container("", picture, classes=["path-picture"]))


def add_times(item: nodes.list_item, notebook: nbformat.NotebookNode, seconds: float) -> None:
    text = f"{minutes_to_read(notebook)} minutes to read, {seconds:.0f} seconds to run"
    item.append(nodes.paragraph("", text, classes=["path-time"]))


def fill_front_page(app: Sphinx, doctree: nodes.document) -> None:
    """Do all of it when the front page is read, and have it read again when a chapter or a measurement changes."""
    if app.env.docname != app.config.root_doc:
        return
    folder = (Path(app.srcdir) / app.env.docname).parent
    app.env.metadata[app.env.docname][NO_SECOND_COLUMN] = "true"
    set_in_columns(next(doctree.findall(nodes.section)))
    measured = json.loads((folder / "measured.json").read_text(encoding="utf-8"))
    app.env.note_dependency(str(folder / "measured.json"))
    for path in (box for box in doctree.findall(nodes.container) if "path" in box["classes"]):
        for item in path.findall(nodes.list_item):
            name = chapter_of(item)
            notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
            app.env.note_dependency(str(folder / f"{name}.ipynb"))
            add_picture(app, item, name, notebook)
            add_times(item, notebook, measured[f"{name}.ipynb"]["seconds"])


def setup(app: Sphinx) -> dict:
    """Connect after Sphinx has collected the page's own pictures."""
    app.connect("doctree-read", fill_front_page, priority=700)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
