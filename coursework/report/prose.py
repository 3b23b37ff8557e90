"""Markdown as the pages show it: what a question asks, a solution, a level of a rubric, and what a student wrote.

A page gets a flat list of parts, from which templates write HTML and the marking page's script makes elements. Its tags are chosen here and
never by a text: raw HTML is text, a link is its words and its address, a picture is named, and a formula stays as it was typed.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

MOST_SHOWN = 20_000  # characters of an answer
MOST_CELLS = 20_000  # of all tables in a text; short rows are filled up to the first one's width, and many of them take minutes
DEEPEST = 40  # elements in one another
PICTURE = re.compile(  # no part of it reads what another part could read, or starts anew in it: else a long text takes many minutes
    r"!\[[^\[\]]*+\]\(\s*+<?+([^()<>\s]*+)[^()]*+\)"
    r"|<img\b(?>[^<>]*?\bsrc\s*=\s*[\"']?)([^\"'<>\s]*+)[^<>]*+>",
    re.IGNORECASE,
)

Part = str | tuple[str, dict[str, str]] | tuple[str]
"""A text as it is; the start of an element, its tag and attributes; its end, the tag alone."""

ELEMENTS = {
    "paragraph": "p",
    "heading": "h4",  # of each level: a page has its own headings
    "blockquote": "blockquote",
    "bullet_list": "ul",
    "ordered_list": "ol",
    "list_item": "li",
    "table": "table",
    "thead": "thead",
    "tbody": "tbody",
    "tr": "tr",
    "th": "th",
    "td": "td",
    "em": "em",
    "strong": "strong",
    "s": "s",
}


def readable(text: str) -> str:
    """An answer as text: its Markdown as it was typed, with each picture named in its place, and cut where it is endless.

    >>> readable("See ![a plot](attachment:plot.png).")
    'See [picture: plot.png].'
    """
    return cut(PICTURE.sub(lambda found: _picture(found[1] or found[2] or ""), text))


def cut(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}\n[… {len(text) - MOST_SHOWN} more characters]"


@lru_cache(maxsize=4096)
def blocks(text: str) -> tuple[Part, ...]:
    """The parts of a text with paragraphs, lists and tables. text: as `readable` gives it, so not endless.

    >>> blocks("Some **bold** words.")
    (('p', {}), 'Some ', ('strong', {}), 'bold', ('strong',), ' words.', ('p',))
    """
    lines = text.splitlines()
    cells = len(lines) * max((each.count("|") for each in lines), default=0)
    return tuple(_parts((MARKDOWN if cells <= MOST_CELLS else WITHOUT_TABLES).parse(text)))


@lru_cache(maxsize=4096)
def line(text: str) -> tuple[Part, ...]:
    """The parts of a text that is one line, as a title or a level of a rubric is."""
    return tuple(_parts(MARKDOWN.parseInline(text)))


def _markdown() -> MarkdownIt:
    """A reader of Markdown as notebooks have it. Lines stay apart: a student who typed them meant them.

    Links by reference are left out: they would be text here anyway, and a column of them takes minutes.
    """
    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("reference")
    return reader.use(dollarmath_plugin, allow_labels=False, allow_blank_lines=False)


MARKDOWN, WITHOUT_TABLES = _markdown(), _markdown().disable("table")


def _parts(tokens: Sequence[Token]) -> Iterator[Part]:
    """The parts of what was read. Elements that lie too deep in others are left out, and their text is not."""
    depth = 0
    for part in _all_parts(tokens):
        if isinstance(part, str):
            yield part
            continue
        depth += len(part) == 2
        if depth <= DEEPEST:
            yield part
        depth -= len(part) == 1


def _all_parts(tokens: Sequence[Token]) -> Iterator[Part]:
    address = ""
    for token in tokens:
        name = token.type.removesuffix("_open").removesuffix("_close")
        if token.type == "inline":
            yield from _all_parts(token.children or ())
        elif token.type == "link_open":
            address = "" if token.markup == "autolink" else f" ({token.attrs['href']})"
        elif token.type == "link_close":
            yield address
        elif name not in ELEMENTS:
            yield from _leaf(token)
        elif not token.hidden:
            yield from _end(name) if token.nesting < 0 else _start(name, token)


def _start(name: str, token: Token) -> Iterator[Part]:
    """The start of an element. A table has a box of its own, in which a wide one is scrolled."""
    if name == "table":
        yield "div", {"class": "wide", "tabindex": "0"}
    attributes = {}
    side = str(token.attrs.get("style", "")).removeprefix("text-align:")
    if side in ("center", "right"):
        attributes["class"] = side
    if "start" in token.attrs:
        attributes["start"] = str(token.attrs["start"])
    yield ELEMENTS[name], attributes


def _end(name: str) -> Iterator[Part]:
    yield (ELEMENTS[name],)
    if name == "table":
        yield ("div",)


def _leaf(token: Token) -> Iterator[Part]:
    """What holds no other element."""
    match token.type:
        case "softbreak" | "hardbreak":
            yield "\n"
        case "code_inline":
            yield from _whole("code", {}, token.content)
        case "fence" | "code_block":
            yield from _whole("pre", {"tabindex": "0"}, token.content.rstrip("\n"))
        case "hr":
            yield from _whole("div", {"class": "rule"}, "")
        case "image":
            yield _picture(str(token.attrs["src"]))
        case "math_inline":
            yield f"${token.content}$"
        case "math_block":
            yield from _whole("p", {}, f"$${token.content}$$")
        case _:
            yield token.content


def _whole(tag: str, attributes: dict[str, str], text: str) -> Iterator[Part]:
    yield from ((tag, attributes), text, (tag,))


def _picture(source: str) -> str:
    """A picture's name in place of it."""
    if source.startswith("data:"):
        source = f"{source[5:].partition(';')[0].partition(',')[0][:40] or 'data'} inside the text"
    return f"[picture: {source.removeprefix('attachment:')[:200] or 'nameless'}]"
