"""Sphinx extension: figures that load fast, leave the page where it is, and do not glare in the dark.

A notebook stores each figure as a PNG on white. On the site the same picture is a lossless WebP with twice the pixels that it is shown
with, and its width and height stand in the tag, so that its place is kept before it arrives. Beside it stands the same figure for the dark
page, in which white and black change places and every colour keeps its hue (`in_the_dark`); the style sheet shows one of the two, and the
browser fetches that one alone, but for the first figure's light form, which it always fetches. Every other figure is fetched when the
reader comes near it. The stored outputs stay as they are: the results lie in a cache beside the site, named by what they were made of, so a
build with nothing to do makes none again.
"""

import hashlib
import io
import json
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
VERSION = 3  # of what is below: with another one every picture and every page is made again
DARK_PAGE = json.loads((Path(__file__).parents[1] / "companion" / "palette.json").read_text(encoding="utf-8"))["dark"]["page"]
BRIGHTEST = 0.96  # of 1: what black becomes on the dark page
LIFT = 0.8  # exponent of the rest: what was pale would sink into the page, and its colours with it


def shown_size(natural: tuple[int, int], width: float | None) -> tuple[int, int]:
    """Return width and height in CSS pixels of a picture of ``natural`` pixels that was asked to be ``width`` wide (None: as it is).

    >>> shown_size((1200, 500), 600)
    (600, 250)
    """
    shown = min(width or natural[0], WIDEST)
    return round(shown), max(1, round(shown * natural[1] / natural[0]))


def in_the_dark(picture: Image.Image) -> Image.Image:
    """The picture for a dark page: lightness upside down, hue as it was, white as the page is.

    A pixel's lightness in HSL is (min + max) / 2 of its channels. Adding 1 - min - max to each turns it into one minus itself and leaves
    the differences of the channels alone: white and black change places, a strong blue stays that blue, a pale one becomes a deep one. So
    a colour that a text names keeps its name, and a scale of colours keeps its order. The result is squeezed from 0 to 1 into the dark
    page's range, its lower end less than its upper: that takes some chroma, and turns a hue of the figures by 4 degrees at most, the grey
    by 11.
    """
    levels = np.asarray(picture.convert("RGBA"))
    red, green, blue = (levels[..., channel].astype(np.int16) for channel in range(3))
    shift = 255 - np.minimum(np.minimum(red, green), blue) - np.maximum(np.maximum(red, green), blue)
    dark = levels.copy()
    for channel, (values, page) in enumerate(zip((red, green, blue), bytearray.fromhex(DARK_PAGE[1:]), strict=True)):
        squeezed = (page + (255 * BRIGHTEST - page) * np.linspace(0, 1, 256) ** LIFT).round().astype(np.uint8)
        dark[..., channel] = squeezed[values + shift]
    return Image.fromarray(dark)


def as_webp(png: bytes, width: float | None, *, dark: bool = False) -> bytes:
    """Return a lossless WebP of a PNG that is shown ``width`` CSS pixels wide (None: as wide as it is), in no more pixels than that needs."""
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGBA")
    wide, high = (DENSITY * side for side in shown_size(picture.size, width))
    if wide < picture.width:
        picture = picture.resize((wide, high), Image.Resampling.LANCZOS)
    if dark:
        picture = in_the_dark(picture)
    file = io.BytesIO()
    picture.save(file, "WEBP", lossless=True)  # method 6, the slowest, takes twenty times as long and saves 4 % of the bytes
    return file.getvalue()


def stored(source: Path, width: float | None, cache: Path, *, dark: bool = False) -> Path:
    """Return the file in ``cache`` with the smaller form of a PNG file; make it when it is not there yet. Never leaves half of it."""
    png = source.read_bytes()
    settings = (VERSION, width, WIDEST, DENSITY, dark and (DARK_PAGE, BRIGHTEST, LIFT))
    file = cache / f"{hashlib.sha256(png + repr(settings).encode()).hexdigest()[:32]}.webp"
    if not file.exists():
        half = file.with_suffix(f".{os.getpid()}")
        half.write_bytes(as_webp(png, width, dark=dark))
        half.replace(file)
    return file


def asked_width(node: nodes.image) -> float | None:
    """Return the width in CSS pixels that the page asks for, or None when it asks for none or in another unit."""
    try:
        return float(str(node.get("width", "")).removesuffix("px"))
    except ValueError:
        return None


def prepare(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Point the PNG pictures of a page at their smaller forms; note their sizes, their dark forms, and which of them may wait."""
    if app.builder.format != "html":
        return
    cache = Path(app.outdir).parent / "figures"
    cache.mkdir(parents=True, exist_ok=True)
    images = [node for node in doctree.findall(nodes.image) if node["uri"] in app.env.images and node["uri"].endswith(".png")]

    def both(node: nodes.image) -> tuple[Path, Path]:
        source, width = Path(app.srcdir) / node["uri"], asked_width(node)
        return stored(source, width, cache), stored(source, width, cache, dark=True)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        files = list(pool.map(both, images))
    for place, (node, (file, dark)) in enumerate(zip(images, files, strict=True)):
        with Image.open(Path(app.srcdir) / node["uri"]) as original:
            width, height = shown_size(original.size, asked_width(node))
        for picture in (file, dark):
            check_bytes(picture.stat().st_size, docname, node)
        node["light"] = app.env.images.add_file(docname, str(file))
        app.builder.images[str(dark)] = node["dark"] = app.env.images.add_file(docname, str(dark))  # no node of its own asks for it
        node["uri"], node["candidates"] = str(file), {"*": str(file)}
        node.attributes.pop("width", None)
        node.attributes.pop("height", None)
        node["classes"] += ["figure-light", "dark-light"]  # the second tells the theme that it need not dim or frame the picture
        node["reserved"] = f'width="{width}" height="{height}" decoding="async"'
        node["waits"] = place > 0


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
    """Write the tag as Sphinx does, with what `prepare` noted, and the same tag once more for the dark page."""
    HTML5Translator.visit_image(translator, node)
    if "reserved" not in node:
        return
    tag = translator.body[-1].replace("<img ", f"<img {node['reserved']} ", 1)
    lazy = tag.replace("<img ", '<img loading="lazy" ', 1)
    dark = lazy.replace(node["light"], node["dark"]).replace("figure-light", "figure-dark")
    # A lazy picture that is not displayed is not fetched; the first light one is, in the dark too: it should not wait for the style sheet.
    translator.body[-1] = (lazy if node["waits"] else tag) + dark


def depart_image(translator: HTML5Translator, node: nodes.image) -> None:
    """Close what Sphinx opened."""
    HTML5Translator.depart_image(translator, node)


def setup(app: Sphinx) -> dict:
    """Prepare a page's pictures after every transform; write their tags."""
    app.connect("doctree-resolved", prepare)
    app.add_node(nodes.image, override=True, html=(visit_image, depart_image))
    return {"env_version": VERSION, "parallel_read_safe": True, "parallel_write_safe": True}
