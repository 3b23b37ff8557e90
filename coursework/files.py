"""How this kit writes a file: whole or not at all."""

import hashlib
import os
from pathlib import Path


def write_whole(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a text beside its place, then move it there. Line ends stay as they are in the text; folders on the way are made.

    Raises:
        OSError: as of the system.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    short = hashlib.sha256(path.name.encode()).hexdigest()[:16]  # no longer than a long name's file may be
    part = path.with_name(f".{short}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding=encoding, newline="")
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
