"""The icons of the site: those that it names are there, and the rest of FontAwesome is not."""

import io
import re

from fontTools.ttLib import TTFont

from tests.support.browser import load_extension
from tests.support.pages import PAGES

icons = load_extension("icons")
CSS = (
    '.fa-lg{font-size:1.25em}.fa-bars:before,.fa-navicon:before{content:"\\f0c9"}.fa-beer:before{content:"\\f0fc"}'
    '@font-face{font-family:Font Awesome\\ 5 Free;src:url(a.woff2) format("woff2"),url(a.ttf) format("truetype")}'
    '@font-face{font-family:Font Awesome\\ 6 Free;src:url(a.woff2) format("woff2"),url(a.ttf) format("truetype")}'
)


def test_the_style_sheet_keeps_what_is_named():
    css, codes = icons.cut_style(CSS, {"fa-navicon", "fa-lg"})
    assert css == (
        '.fa-lg{font-size:1.25em}.fa-bars:before,.fa-navicon:before{content:"\\f0c9"}'
        '@font-face{font-family:Font Awesome\\ 6 Free;src:url(a.woff) format("woff")}'
    )
    assert codes == {0xF0C9}
    assert icons.cut_style(css, {"fa-navicon", "fa-lg"}) == (css, codes)  # a second build changes nothing


def test_codes_of_a_style_sheet():
    assert icons.codes_in('a:before{content:"\\f107"} html{--icon:"\uf09b"} b{content:"x"}') == {0xF107, 0xF09B}


def test_every_icon_of_the_site_is_in_its_face(site):
    """Each name on a page has its rule, and each code of the rules and of the theme's own style sheets a glyph with an outline."""
    folder = next(site.glob("_static/vendor/fontawesome/*"))
    css = (folder / "css" / "all.min.css").read_text(encoding="utf-8")
    named = set().union(
        *(re.findall(r'class="(?:fas|fa-solid) (fa-[\w-]+)', (site / f"{page}.html").read_text(encoding="utf-8")) for page in PAGES)
    )
    assert {"fa-bars", "fa-magnifying-glass", "fa-download"} <= named
    with TTFont(io.BytesIO((folder / "webfonts" / "fa-solid-900.woff").read_bytes())) as font:
        letters = font.getBestCmap()
        outlines = {code for code, name in letters.items() if font["glyf"][name].numberOfContours > 0}
    for name in named - {"fa-lg"}:
        code = re.search(rf'\.{name}:before[^{{]*\{{content:"\\([0-9a-f]+)"', css)
        assert code, name
        assert int(code[1], 16) in outlines, name
    assert len(letters) < 100


def test_the_whole_faces_are_gone(site):
    folder = next(site.glob("_static/vendor/fontawesome/*"))
    assert {file.suffix for file in folder.rglob("*") if file.is_file()} <= {".css", ".woff", ".txt"}
    assert sum(file.stat().st_size for file in folder.glob("webfonts/*")) < 20_000
