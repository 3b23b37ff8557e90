"""Sphinx extension: figures that load fast and leave the page where it is.

A notebook stores each figure as a PNG. On the site the same picture is a lossless WebP with twice the pixels that it is shown with, and
its width and height stand in the tag, so that its place is kept before it arrives. Every figure of a page but the first is fetched when
the reader comes near it. The stored outputs stay as they are: the results lie in a cache beside the site, named by what they were made
of, so a build with nothing to do makes none again.
"""

import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

LARGEST = 250_000  # bytes of one picture on the site
WIDEST = 600  # CSS pixels of a figure: --course-figure in book/_static/course.css
DENSITY = 2  # pixels for each CSS pixel
VERSION = 2  # of what is below: with another one every picture and every page is made again


def shown_size(natural: tuple[int, int], width: float | None) -> tuple[int, int]:
    """Return width and height in CSS pixels of a picture of ``natural`` pixels that was asked to be ``width`` wide (None: as it is).

    >>> shown_size((1200, 500), 600)
    (600, 250)
    """
    shown = min(width or natural[0], WIDEST)
    return round(shown), max(1, round(shown * natural[1] / natural[0]))


def as_webp(png: bytes, width: float | None) -> bytes:
    """Return a lossless WebP of a PNG that is shown ``width`` CSS pixels wide (None: as wide as it is), in no more pixels than that needs."""
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGBA")
    wide, high = (DENSITY * side for side in shown_size(picture.size, width))
    if wide < picture.width:
        picture = picture.resize((wide, high), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "WEBP", lossless=True)  # method 6, the slowest, takes twenty times as long and saves 4 % of the bytes
    return file.getvalue()


def stored(source: Path, width: float | None, cache: Path) -> Path:
    """Return the file in ``cache`` with the smaller form of a PNG file; make it when it is not there yet. Never leaves half of it."""
    png = source.read_bytes()
    settings = (VERSION, width, WIDEST, DENSITY)
    file = cache / f"{hashlib.sha256(png + repr(settings).encode()).hexdigest()[:32]}.webp"
    if not file.exists():
        half = file.with_suffix(f".{os.getpid()}")
        half.write_bytes(as_webp(png, width))
        half.replace(file)
    return file


def asked_width(node: nodes.image) -> float | None:
    """Return the width in CSS pixels that the page asks for, or None when it asks for none or in another unit."""
    try:
        return float(str(node.get("width", "")).removesuffix("px"))
    except ValueError:
        return None


def prepare(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Point the PNG pictures of a page at their smaller forms; note their sizes, and which of them may wait."""
    if app.builder.format != "html":
        return
    cache = Path(app.outdir).parent / "figures"
    cache.mkdir(parents=True, exist_ok=True)
    images = [node for node in doctree.findall(nodes.image) if node["uri"] in app.env.images and node["uri"].endswith(".png")]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        files = list(pool.map(lambda node: stored(Path(app.srcdir) / node["uri"], asked_width(node), cache), images))
    for place, (node, file) in enumerate(zip(images, files, strict=True)):
        with Image.open(Path(app.srcdir) / node["uri"]) as original:
            width, height = shown_size(original.size, asked_width(node))
        check_bytes(file.stat().st_size, docname, node)
        app.env.images.add_file(docname, str(file))
        node["uri"], node["candidates"] = str(file), {"*": str(file)}
        node.attributes.pop("width", None)
        node.attributes.pop("height", None)
        node["reserved"] = f'width="{width}" height="{height}" decoding="async"' + (' loading="lazy"' if place else "")


def check_bytes(size: int, docname: str, node: nodes.image) -> None:
    """Warn, which fails the build, when a picture has more than LARGEST bytes."""
    if size > LARGEST:
        about = node.get("alt", "")[:60]
        logger.warning(
            "a picture of %s has %d kB, and %d kB is the most: draw fewer points or less noise, or split it (%s …)",
            docname,
            round(size / 1000),
            LARGEST // 1000,
            about,
            location=node,
            type="images",
        )


def visit_image(translator: HTML5Translator, node: nodes.image) -> None:
    """Write the tag as Sphinx does, and what `prepare` noted into it."""
    HTML5Translator.visit_image(translator, node)
    if "reserved" in node:
        translator.body[-1] = translator.body[-1].replace("<img ", f"<img {node['reserved']} ", 1)


def depart_image(translator: HTML5Translator, node: nodes.image) -> None:
    """Close what Sphinx opened."""
    HTML5Translator.depart_image(translator, node)


def setup(app: Sphinx) -> dict:
    """Prepare a page's pictures after every transform; write their tags."""
    app.connect("doctree-resolved", prepare)
    app.add_node(nodes.image, override=True, html=(visit_image, depart_image))
    return {"env_version": VERSION, "parallel_read_safe": True, "parallel_write_safe": True}
