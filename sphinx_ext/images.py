"""Sphinx extension: figures that load fast and leave the page where it is.

A notebook stores each figure as a PNG in full colour. On the site the same picture has twice the pixels that it is shown with, at most
256 colours, and its width and height in the tag, so that its place is kept before it arrives. Every figure of a page but the first is
fetched when the reader comes near it. The stored outputs stay as they are: the results lie in a cache beside the site, named by what
they were made of, so a build with nothing to do makes none again.
"""

import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

LARGEST = 250_000  # bytes of one picture on the site
WIDEST = 600  # CSS pixels of a figure: --course-figure in book/_static/course.css
DENSITY = 2  # pixels for each CSS pixel
COLOURS = 256
# What counts as no visible loss, in levels of 0 to 255: no channel of any pixel is off by more than the first, and the root of the mean
# square over all pixels and channels stays below the second. A picture over either, a photograph say, keeps its colours.
LARGEST_ERROR, LARGEST_RMS = 32, 1.5
MANY = 50_000  # colours from which no palette is tried: the book's fullest figure has 13,000
KEPT = 96  # colours that stay exactly as they are, the most frequent: paper, ink, the greys of wide areas
ROUNDS = 8  # of moving each other colour of the palette to the mean of what it stands for
VERSION = "1"  # of what is below: another one makes every picture again


def shown_size(natural: tuple[int, int], width: float | None) -> tuple[int, int]:
    """Return width and height in CSS pixels of a picture of ``natural`` pixels that was asked to be ``width`` wide (None: as it is).

    >>> shown_size((1200, 500), 600)
    (600, 250)
    """
    shown = min(width or natural[0], WIDEST)
    return round(shown), max(1, round(shown * natural[1] / natural[0]))


def smaller(png: bytes, width: float | None) -> bytes:
    """Return a PNG that shows the same at ``width`` CSS pixels in fewer bytes; the very bytes that came where none is found."""
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGBA")
    if picture.getchannel("A").getextrema() != (255, 255):  # a palette holds no half-transparent colour
        return png
    picture = picture.convert("RGB")
    wide, high = shown_size(picture.size, width)
    if DENSITY * wide < picture.width:
        picture = picture.resize((DENSITY * wide, DENSITY * high), Image.Resampling.LANCZOS)
    few = quantised(picture)
    choices = [png, encoded(few if few is not None else picture)]
    return min(choices, key=len)


def encoded(picture: Image.Image) -> bytes:
    """Return the picture as a PNG, packed as tightly as Pillow can."""
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def quantised(picture: Image.Image) -> Image.Image | None:
    """Return an RGB picture with at most COLOURS colours, exact when it had no more; None when the loss would be over the bounds."""
    pixels = np.asarray(picture).astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
    packed, inverse, counts = np.unique(pixels.ravel(), return_inverse=True, return_counts=True)
    if len(packed) > MANY:
        return None
    colours = np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1).astype(np.float32)
    palette = colours if len(colours) <= COLOURS else fitted_palette(colours, counts)
    near = nearest(palette, colours)
    off = np.abs(palette[near] - colours)
    if off.max() > LARGEST_ERROR or np.sqrt((off**2).mean(1) @ counts / counts.sum()) > LARGEST_RMS:
        return None
    indexed = Image.fromarray(near.astype(np.uint8)[inverse].reshape(pixels.shape))
    indexed.putpalette(palette.astype(np.uint8).ravel().tolist())
    return indexed


def fitted_palette(colours: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return COLOURS whole colours, (COLOURS, 3), that stand for the ``colours`` (n, 3), which come ``counts`` (n,) times.

    The most frequent ones are kept. For the rest, Pillow's choice that covers their range, then the rounds of k-means.
    """
    order = np.argsort(-counts, kind="stable")
    kept, rest, weights = colours[order[:KEPT]], colours[order[KEPT:]], counts[order[KEPT:]]
    start = Image.fromarray(rest.astype(np.uint8)[None]).quantize(COLOURS - KEPT, method=Image.Quantize.MAXCOVERAGE)
    palette = np.concatenate([kept, np.array((start.getpalette() or [])[: 3 * (COLOURS - KEPT)], dtype=np.float32).reshape(-1, 3)])
    for _ in range(ROUNDS):
        near = nearest(palette, rest)
        total = np.bincount(near, weights, minlength=len(palette))
        sums = np.stack([np.bincount(near, weights * channel, minlength=len(palette)) for channel in rest.T], axis=1)
        moved = (total > 0) & (np.arange(len(palette)) >= len(kept))
        palette[moved] = sums[moved] / total[moved, None]
    return palette.round()


def nearest(palette: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Return for each colour (n, 3) the index of the nearest one of the palette (m, 3)."""
    return ((palette**2).sum(1) - 2 * colours @ palette.T).argmin(1)


def stored(source: Path, width: float | None, cache: Path) -> Path:
    """Return the file in ``cache`` with the smaller form of a PNG file; make it when it is not there yet. Never leaves half of it."""
    png = source.read_bytes()
    settings = (VERSION, width, WIDEST, DENSITY, COLOURS, LARGEST_ERROR, LARGEST_RMS, KEPT, ROUNDS)
    file = cache / f"{hashlib.sha256(png + repr(settings).encode()).hexdigest()[:32]}.png"
    if not file.exists():
        half = file.with_suffix(f".{os.getpid()}")
        half.write_bytes(smaller(png, width))
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
    return {"version": VERSION, "parallel_read_safe": True, "parallel_write_safe": True}
