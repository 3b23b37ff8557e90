"""Sphinx extension: Korean words in English text: the role {ko}, which says the language, and a font, for machines that have none.

The role lets a browser and a screen reader know the language of the words. The font is Nanum Gothic from an npm package (SIL Open Font
License), fetched once and kept in the environment. The site gets the letters that its pages use, some kilobytes, in _static/korean;
a browser asks for the file only on a page with Korean letters, and only when the reader's own fonts come later in course.css.
"""

import io
import re
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import npm_package
from docutils import nodes
from fontTools import subset
from sphinx.application import Sphinx
from sphinx.config import Config

PACKAGE, VERSION = "@fontsource/nanum-gothic", "5.3.0"
STORE = Path(sys.prefix) / "share" / "nanum-gothic" / VERSION
FONT = "files/nanum-gothic-korean-400-normal.woff"
HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")


def korean(
    name: str, rawtext: str, text: str, lineno: int, inliner: Any, options: dict | None = None, content: Sequence[str] = ()
) -> tuple[list[nodes.Node], list]:
    """Return the words as <span class="ko" lang="ko">; docutils makes the attribute of the class language-ko."""
    return [nodes.inline(rawtext, text, classes=["ko", "language-ko"])], []


def unpack(package: bytes, target: Path) -> None:
    """Write the font and its licence from the npm package into ``target``."""
    target.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        for member in ("LICENSE", FONT):
            (target / Path(member).name).write_bytes(npm_package.member(archive, f"package/{member}"))


def letters(folder: Path) -> str:
    """The Korean letters of all pages below ``folder``, in order; a notebook writes them as they are, as a page does."""
    files = (file for kind in ("*.md", "*.ipynb") for file in folder.rglob(kind))
    return "".join(sorted({letter for file in files for letter in HANGUL.findall(file.read_text(encoding="utf-8"))}))


def cut(font: Path, text: str, target: Path) -> None:
    """Write a font that holds only the letters of ``text``: the same bytes each time."""
    options = subset.Options(flavor="woff", layout_features=[], recalc_timestamp=False)
    loaded = subset.load_font(str(font), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=text)
    subsetter.subset(loaded)
    target.parent.mkdir(parents=True, exist_ok=True)
    subset.save_font(loaded, str(target), options)


def add_font(app: Sphinx, config: Config) -> None:
    """Cut the font for this site's pages and let Sphinx copy it; without the package, stop with one line and no traceback."""
    try:
        kept = npm_package.keep(PACKAGE, VERSION, STORE, unpack)
    except npm_package.NpmError as error:
        sys.exit(
            f"Korean letters: {error}. The font is needed once: connect to the network and build again. It is then kept in {STORE}."
        )
    folder = Path(app.doctreedir) / "static"
    file, text = folder / "korean" / "nanum-gothic.woff", letters(Path(app.srcdir) / "book")
    sign = file.with_suffix(".txt")  # which letters it holds
    if not file.exists() or sign.read_text(encoding="utf-8") != text:
        cut(kept / Path(FONT).name, text, file)
        sign.write_text(text, encoding="utf-8")
        (file.parent / "LICENSE").write_bytes((kept / "LICENSE").read_bytes())
    config.html_static_path.append(str(folder))


def setup(app: Sphinx) -> dict:
    """Register the role; the font comes before Sphinx looks for static files."""
    app.add_role("ko", korean)
    app.connect("config-inited", add_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
