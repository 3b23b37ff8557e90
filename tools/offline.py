"""`make offline`: the built site as one zip that works from disk, and the whole book as one PDF.

The zip holds _build/html as it is: a site that asks nothing of a server needs no other form. Its bytes depend on the site only.

For the PDF every page of _toc.yml goes into one document, in order, behind a title and a table of contents, and a headless Chromium
prints it with the style sheet that a single page is printed with. In one document a link from chapter to chapter is a link inside it.
It is printed twice: the first time tells on which page each chapter begins.
"""

import argparse
import html
import logging
import os
import posixpath
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, TextStringObject

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools import chromium

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
OUT = ROOT / "_build" / "offline"
SLOW_MACHINE_SECONDS = 600
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can hold
LEFT_OUT = {".buildinfo"}  # of Sphinx's own
APPLIED = "\u2061"  # stands unseen between "log" and its argument
ON_SCREEN_ONLY = "script, style, button, template, .headerlink, .toctree-wrapper, .searchbox, .launch-hint, .figure-dark"
LOOK = """
  body { page: auto !important; }
  .book-page { break-before: page; }
  .book-page:has(.summary) { page: summary; width: 190mm; }
  html .bd-main .bd-content .bd-article-container .book-title { display: grid; align-content: center; gap: 10mm; height: 250mm; }
  .book-title p { margin: 0; }
  .book-title .book-name { font: 600 30pt/1.2 var(--course-serif); text-wrap: balance; }
  .book-title img { width: 85%; justify-self: center; }
  .book-contents { list-style: none; margin: 0; padding: 0; font-size: 10pt; line-height: 1.35; }
  .book-contents li { display: flex; gap: .6em; margin: 0; padding: .8mm 0; border-bottom: 1px dotted #c9ced4; }
  .book-contents a { flex: 1; text-decoration: none; }
  .book-contents .book-part { margin-top: 3.5mm; font: 600 11pt/1.4 var(--course-serif); }
  .book-contents .book-deep { padding-left: 6mm; }
  @page :first { @bottom-center { content: none; } }
"""


class Page(NamedTuple):
    """A page of the table of contents: its name, the part that begins with it or "", and how deep it lies below its part."""

    name: str
    part: str
    depth: int


def toc_pages(toc: dict) -> list[Page]:
    """Return the pages of a parsed _toc.yml, in order."""
    pages = [Page(toc["root"], "", 0)]
    for part in toc["parts"]:
        for place, chapter in enumerate(part["chapters"]):
            pages.append(Page(chapter["file"], "" if place else part["caption"], 0))
            pages += [Page(section["file"], "", 1) for section in chapter.get("sections", [])]
    return pages


# --- The zip ---------------------------------------------------------------------------------------------


def pack(site: Path, target: Path) -> None:
    """Write the files below ``site`` into a zip, in a folder named like the zip. The same files give the same bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(file for file in site.rglob("*") if file.is_file() and file.name not in LEFT_OUT):
            entry = zipfile.ZipInfo(f"{target.stem}/{file.relative_to(site).as_posix()}", EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, file.read_bytes())


# --- One document ----------------------------------------------------------------------------------------


def anchor(page: str, fragment: str = "") -> str:
    """Return the name that a page, or a place of it, has in the book.

    >>> anchor("book/07-loss", "fig-07-bill")
    'book-07-loss--fig-07-bill'
    """
    return page.replace("/", "-") + (f"--{fragment}" if fragment else "")


def inside(page: str, address: str, pages: set[str]) -> tuple[str, str] | None:
    """Return (page, fragment) of an address that ``page`` names, or None when it leads out of the book."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path))) if parts.path else f"{page}.html"
    name = path.removesuffix(".html")
    return (name, unquote(parts.fragment)) if path.endswith(".html") and name in pages else None


def article(site: Path, page: str, pages: set[str], base: str) -> Tag:
    """Return the article of a built page as a part of the book: its ids and links are the book's, its pictures lie below ``base``."""
    soup = BeautifulSoup((site / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    found = soup.select_one("article.bd-article")
    for node in found.select(ON_SCREEN_ONLY):
        node.decompose()
    for node in found.select("details"):
        node["open"] = ""
    for node in found.select("[id]"):
        node["id"] = anchor(page, node["id"])
    for node in found.select("img[src]"):
        if not node["src"].startswith("data:"):
            node["src"] = f"{base}/{posixpath.normpath(posixpath.join(posixpath.dirname(page), node['src']))}"
        node.attrs.pop("loading", None)
    for node in found.select("a[href]"):
        link(node, page, pages)
    found["class"] = [*found["class"], "book-page"]
    found["id"] = anchor(page)
    return found


def link(node: Tag, page: str, pages: set[str]) -> None:
    """Lead a link to its place in the book; one to a file that the book does not hold becomes text."""
    place = inside(page, node["href"], pages)
    if place:
        node["href"] = "#" + anchor(*place)
    elif not urlsplit(node["href"]).scheme:
        node.unwrap()


def contents(pages: list[Page], titles: dict[str, str]) -> str:
    """Return the table of contents; the page numbers are filled in when they are known."""
    lines = []
    for page in pages:
        if page.part:
            lines.append(f'<li class="book-part">{html.escape(page.part)}</li>')
        deep = ' class="book-deep"' if page.depth else ""
        lines.append(f'<li{deep}><a href="#{anchor(page.name)}">{html.escape(titles[page.name])}</a><span></span></li>')
    return f'<article class="bd-article book-page"><h1>Contents</h1><ul class="book-contents">{"".join(lines)}</ul></article>'


def title_page(title: str, picture: str) -> str:
    """Return the first page: the book's name, a picture of chapter 1, and the licences."""
    return f"""<article class="bd-article book-title"><p class="book-name">{html.escape(title)}</p>
<img src="{picture}" alt="Ten digits, the two numbers that stand for each, and what a decoder draws from those two numbers.">
<p>The authors of the course. Text and figures CC BY 4.0, code MIT; the digits are MNIST by LeCun, Cortes and Burges, CC BY-SA 3.0.
The pictures that move on the site stand still here.</p></article>"""


def book(site: Path, pages: list[Page], base: str) -> str:
    """Return the whole book as one HTML document; ``base`` is the site's address from where the document will lie.

    ValueError: a link inside the book leads to no place in it.
    """
    names = {page.name for page in pages}
    articles = [article(site, page.name, names, base) for page in pages]
    titles = {page.name: found.h1.get_text() for page, found in zip(pages, articles, strict=True)}
    places = {node["id"] for found in articles for node in [found, *found.select("[id]")]}
    lost = [node["href"] for found in articles for node in found.select('a[href^="#"]') if node["href"][1:] not in places]
    if lost:
        raise ValueError(f"offline: links inside the book that lead nowhere: {', '.join(sorted(set(lost)))}")
    body = title_page(titles[pages[0].name], f"{base}/_static/readme.png") + contents(pages, titles) + "".join(map(str, articles))
    return f"""<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">
<title>{html.escape(titles[pages[0].name])}</title>{style_sheets(site, pages, base)}<style>{LOOK}</style></head>
<body><main class="bd-main"><div class="bd-content"><div class="bd-article-container">{body}</div></div></main></body></html>"""


def style_sheets(site: Path, pages: list[Page], base: str) -> str:
    """Return links to every style sheet that one of the pages names, in the order of their first use."""
    seen: dict[str, None] = {}
    for page in pages:
        head = BeautifulSoup((site / f"{page.name}.html").read_text(encoding="utf-8").partition("</head>")[0], "html.parser")
        for node in head.select('link[rel~="stylesheet"]'):
            seen[posixpath.normpath(posixpath.join(posixpath.dirname(page.name), node["href"]))] = None
    return "".join(f'<link rel="stylesheet" href="{base}/{html.escape(name)}">' for name in seen)


# --- The PDF ---------------------------------------------------------------------------------------------


def first_pages(pdf: Path) -> dict[str, int]:
    """Return for each place that a link of the PDF leads to the number of its page, from 1."""
    reader = PdfReader(pdf)
    return {name: reader.get_destination_page_number(place) + 1 for name, place in reader.named_destinations.items()}


@contextmanager
def headless(program: str) -> Iterator:
    """A browser of Playwright's, closed at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=chromium.FLAGS)
        yield browser
        browser.close()


def print_book(document: Path, target: Path, browser) -> int:
    """Print an HTML file made by `book` to a PDF, page numbers in its contents; return the number of pages."""
    tab = browser.new_page()
    tab.set_default_timeout(SLOW_MACHINE_SECONDS * 1000)
    tab.goto(document.as_uri(), wait_until="load")
    for _ in range(2):
        tab.pdf(path=target, prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
        numbers = {f"#{name.removeprefix('/')}": str(page) for name, page in first_pages(target).items()}
        tab.evaluate(FILL_IN, numbers)
    tab.close()
    return len(PdfReader(target).pages)


FILL_IN = """numbers => document.querySelectorAll('.book-contents a')
  .forEach(link => { link.nextElementSibling.textContent = numbers[link.getAttribute('href')]; })"""


def heading(node: Tag) -> str:
    """Return the text of a heading on one line; of a formula, its symbols once."""
    drawn = [part for formula in node.select(".katex") for part in formula.select(".katex-html, annotation")]
    skipped = {id(text) for part in drawn for text in part.find_all(string=True)}
    kept = "".join(text for text in node.find_all(string=True) if id(text) not in skipped)
    return " ".join(kept.replace(APPLIED, " ").split())


def headings(document: Path) -> list[str]:
    """Return the text of every heading of an HTML file, in order."""
    soup = BeautifulSoup(document.read_text(encoding="utf-8"), "html.parser")
    return [heading(node) for node in soup.select("h1, h2, h3, h4, h5, h6")]


def name_bookmarks(pdf: Path, titles: list[str]) -> None:
    """Give the PDF's bookmarks these titles, in order: Chromium loses the space where a title breaks, and formulas.

    ValueError: there are more or fewer bookmarks than titles.
    """
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it warns that a copy has more objects than the original
    writer = PdfWriter(clone_from=pdf)
    places = list(flat(writer.outline))
    if len(places) != len(titles):
        raise ValueError(f"offline: bookmarks: got {len(places)}, expected {len(titles)}, one for each heading")
    for place, title in zip(places, titles, strict=True):
        place.node[NameObject("/Title")] = TextStringObject(title)
    writer.write(pdf)


def flat(outline: list) -> Iterator:
    """The bookmarks of an outline from top to bottom: pypdf puts the ones below a bookmark into a list after it."""
    for place in outline:
        yield from flat(place) if isinstance(place, list) else [place]


def write_pdf(site: Path, pages: list[Page], target: Path, browser) -> int:
    """Write the pages as one PDF; return how many pages it has. Nothing but the PDF is left."""
    target.parent.mkdir(parents=True, exist_ok=True)
    document = target.with_suffix(".html")
    document.write_text(book(site, pages, Path(os.path.relpath(site, document.parent)).as_posix()), encoding="utf-8")
    half = target.with_suffix(".half.pdf")
    try:
        count = print_book(document, half, browser)
        name_bookmarks(half, headings(document))
        half.replace(target)
    finally:
        document.unlink()
        half.unlink(missing_ok=True)
    return count


def main(arguments: list[str]) -> int:
    """Write both files; 1 when the site was not built, or when there is no browser to print with."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", type=Path, default=SITE)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args(arguments)
    if not (options.site / "index.html").is_file():
        print(f"make offline: no site in {options.site}: run make book first", file=sys.stderr)
        return 1
    archive, pdf = options.out / "course.zip", options.out / "course.pdf"
    pack(options.site, archive)
    print(f"make offline: {archive}, {archive.stat().st_size / 1e6:.1f} MB: unpack it and open course/index.html")
    program = chromium.find()
    if program is None:
        print(
            f"make offline: no PDF: printing needs Chromium or Chrome, and none of {', '.join(chromium.PROGRAMS)} is here",
            file=sys.stderr,
        )
        return 1
    pages = toc_pages(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))
    with headless(program) as browser:
        count = write_pdf(options.site.resolve(), pages, pdf.resolve(), browser)
    print(f"make offline: {pdf}, {pdf.stat().st_size / 1e6:.1f} MB, {count} pages")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
