"""Sphinx extension: of the theme's icon font, the icons that the finished site shows.

FontAwesome's solid face has 1,400 icons in 156 kB and a style sheet of 22 kB (compressed); the site shows some twenty. After a build the
names of the icons are gathered from its pages and the codes from its style sheets; the face is cut down to these, and so is the list of
names in the style sheet. Everything else of FontAwesome leaves the site. The cut face is kept beside the site and made once for each set.
"""

import hashlib
import re
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

ICON = re.compile(r"\bfa-[a-z0-9-]+")
NAMED = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}')  # .fa-bars:before,.fa-navicon:before{content:"\f0c9"}
VERSION = "2"  # of how a face is cut: another one cuts every face again
CODE = re.compile(r'"\\(f[0-9a-f]{3})"')


def cut_style(css: str, names: set[str]) -> tuple[str, set[int]]:
    """Return FontAwesome's style sheet with the icons of ``names`` alone, faces as woff, and the code points of these icons."""
    codes = set()

    def keep(found: re.Match) -> str:
        if not names & set(ICON.findall(found[1])):
            return ""
        codes.add(int(found[2], 16))
        return found[0]

    css = re.sub(r"@font-face\{[^}]*(?:v4compatibility|FontAwesome|Font Awesome\\ 5)[^}]*\}", "", NAMED.sub(keep, css))
    return re.sub(
        r'url\(([^)]+)\.woff2\) format\("woff2"\),url\([^)]+\.ttf\) format\("truetype"\)', r'url(\1.woff) format("woff")', css
    ), codes


def cut_face(face: Path, codes: set[int], cache: Path) -> bytes:
    """Return a face with the code points of ``codes`` as woff; kept in ``cache``."""
    key = hashlib.sha256(face.read_bytes() + repr((VERSION, sorted(codes))).encode()).hexdigest()[:20]
    kept = cache / f"{key}.woff"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with TTFont(face) as font:
            cutter = subset.Subsetter(subset.Options(layout_features=[], hinting=False, notdef_outline=True))
            has = set(font.getBestCmap())
            cutter.populate(unicodes=codes & has or {min(has)})  # browsers refuse a face without any letter
            cutter.subset(font)
            font.flavor = "woff"
            font.save(kept)
    return kept.read_bytes()


def codes_in(css: str) -> set[int]:
    """Return the code points of icons that a style sheet holds, as escapes or as the letters themselves."""
    return {int(code, 16) for code in CODE.findall(css)} | {ord(letter) for letter in css if "\ue000" <= letter <= "\uf8ff"}


def cut_icons(app: Sphinx, exception: Exception | None) -> None:
    """Cut the finished site's FontAwesome down to what its pages and style sheets name."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    pages = [file for file in site.rglob("*.html") if "_static" not in file.parts]
    names = set().union(*(ICON.findall(file.read_text(encoding="utf-8")) for file in pages))
    for sheet in site.glob("_static/vendor/fontawesome/*/css/all.min.css"):
        others = [file for file in site.glob("_static/**/*.css") if file != sheet]
        css, codes = cut_style(sheet.read_text(encoding="utf-8"), names)
        codes |= set().union(*(codes_in(file.read_text(encoding="utf-8")) for file in others))
        cut_faces(sheet.parents[1] / "webfonts", codes, site.parent / "icons")
        sheet.write_text(css, encoding="utf-8")


def cut_faces(folder: Path, codes: set[int], cache: Path) -> None:
    """Write what is left of each face into ``folder`` as woff, and take the whole ones away; a folder without whole ones stays."""
    for whole in folder.glob("*.ttf"):
        whole.with_suffix(".woff").write_bytes(cut_face(whole, codes, cache))
    for file in [*folder.glob("*.ttf"), *folder.glob("*.woff2"), *folder.glob("*v4compat*")]:
        file.unlink(missing_ok=True)


def setup(app: Sphinx) -> dict:
    """Cut when the site is finished."""
    app.connect("build-finished", cut_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
