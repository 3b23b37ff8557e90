"""How this kit names a file and writes it, a name that every system takes, whole or not at all; and how it lists names."""

import contextlib
import os
import re
import secrets
import unicodedata
from collections.abc import Sequence
from pathlib import Path

UNSAFE = re.compile(r'[/\\:*?"<>|]')
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # what Windows keeps for devices
LONGEST = 200  # bytes of a name; a file's may have 255, and an ending has to fit behind it


def unsafe(name: str) -> str | None:
    """Say why a name cannot be that of a file or a folder on every system, or None.

    >>> unsafe("../kim"), unsafe("김민수")
    ('it holds /', None)
    """
    if not name:
        return "it is empty"
    if found := UNSAFE.search(name):
        return f"it holds {found[0]}"
    if any(unicodedata.category(c)[0] == "C" or (c.isspace() and c != " ") for c in name):
        return "it holds a character that cannot be seen"
    if name[0] in ".~ " or name[-1] in ". " or "~" in name:
        return "it begins or ends with a dot or a space, or holds ~"
    if RESERVED.fullmatch(name):
        return "Windows keeps it for a device"
    return f"it is longer than {LONGEST} bytes" if len(name.encode("utf-8", "replace")) > LONGEST else None


def safe_name(text: str) -> str:
    """The name nearest to a text that can be a file's: composed (macOS takes Korean syllables apart), with _ for what no system takes.

    >>> safe_name("../Lee: Min.")
    '_Lee_ Min'
    """
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))
    plain = "".join("_" if (unicodedata.category(c)[0] in "CZ" and c != " ") or UNSAFE.match(c) or c == "~" else c for c in text)
    short = plain.strip(" .").encode()[:LONGEST].decode("utf-8", "ignore").strip(" .")
    return "nameless" if not short else f"_{short}" if RESERVED.fullmatch(short) else short


def listed_names(names: Sequence[str], most: int | None = None) -> str:
    """Names in one line, no more than `most` of them; a semicolon parts them where one holds a comma.

    >>> listed_names(["Han, Soo", "Lim, Hyun"]), listed_names(["kim", "lee", "park"], 2)
    ('Han, Soo; Lim, Hyun', 'kim, lee and 1 more')
    """
    more = 0 if most is None else max(len(names) - most, 0)
    shown = names[: len(names) - more]
    return ("; " if any("," in name for name in shown) else ", ").join(shown) + (f" and {more} more" if more else "")


def write_whole(path: Path, text: str | bytes, encoding: str = "utf-8") -> None:
    """Write a file beside its place, then move it there. Line ends stay as they are in the text; folders on the way are made.

    Two that write the same file at once do not disturb each other: the later one stays.

    Raises:
        OSError: as of the system; its `filename` is `path`.
    """
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise type(error)(error.errno, error.strerror or str(error), str(path)) from error
