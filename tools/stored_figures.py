"""The contents of a notebook's figures: gathered in its kernel, taken out of its outputs, stored in a file beside it, and read again.

`book/03-name.ipynb` has its figures' contents in `book/figures/03-name.json`: a list, in order, of {"cell", "figure", "png", "contents"}.
Cells are counted as nbval does, code cells from 0, and figures of a cell from 1. "png" is the hash of the stored picture, so that a
picture and contents of two runs are noticed. What `contents` has, `tools/figure_contents.py` says; None is for a picture that matplotlib
did not draw.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tools.figure_hook import KEY

FOLDER = "figures"  # beside a notebook
HERE = Path(__file__).parent
LINE = 200  # characters: what fits stands on one line of the file


def code_for_kernel() -> str:
    """What makes a kernel gather contents, as one statement that leaves no name behind."""
    hook, collector = (str(HERE / f"{name}.py") for name in ("figure_hook", "figure_contents"))
    sources = [Path(name).read_text(encoding="utf-8") for name in (hook, collector)]
    lines = [
        f"exec(compile({sources[0]!r}, {hook!r}, 'exec'), space := {{'__name__': 'figure_hook'}})",
        f"space['install'](get_ipython(), compile({sources[1]!r}, {collector!r}, 'exec'))",
    ]
    return f"exec({chr(10).join(lines)!r}, {{'get_ipython': get_ipython}})"


def file_of(notebook: Path) -> Path:
    """Where the contents of a notebook's figures are stored."""
    return notebook.parent / FOLDER / f"{notebook.stem}.json"


def pictures(outputs: list) -> Iterator[tuple[str, dict | None]]:
    """Every PNG among a cell's outputs, in order, with the contents that came with it, or None."""
    for output in outputs:
        if "image/png" in output.get("data", {}):
            yield output["data"]["image/png"], output.get("metadata", {}).get("image/png", {}).get(KEY)


def take_out(notebook: dict) -> list[dict]:
    """Take the contents out of a notebook's outputs, in place. Returns what its file has."""
    entries = []
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(cells):
        for index, (png, held) in enumerate(pictures(cell["outputs"]), start=1):
            entries.append({"cell": number, "figure": index, "png": digest(png), "contents": held})
        for output in cell["outputs"]:
            output.get("metadata", {}).get("image/png", {}).pop(KEY, None)
    return entries


def digest(png: str) -> str:
    """The hash of a picture, base64 as outputs have it."""
    return hashlib.sha256("".join(png.split()).encode()).hexdigest()[:16]


def is_stored(notebook: Path, entries: list[dict]) -> bool:
    """Whether a notebook's file has these entries, or, where there are none, is not there."""
    path = file_of(notebook)
    return (path.read_text(encoding="utf-8") if path.exists() else "") == _text(entries)


def store(notebook: Path, entries: list[dict]) -> None:
    """Write a notebook's file; a notebook without figures has none."""
    path = file_of(notebook)
    if not entries:
        return path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    path.write_text(_text(entries), encoding="utf-8")


def _text(entries: list[dict]) -> str:
    """The file's text: an artist a line, so that a change of one is one line in git."""
    return _laid_out(entries, "") + "\n" if entries else ""


def _laid_out(value: object, margin: str) -> str:
    line = json.dumps(value, ensure_ascii=False)
    packed = isinstance(value, dict) and "zlib+base64" in value
    if len(margin) + len(line) <= LINE or packed or not isinstance(value, dict | list):
        return line
    inner = margin + " "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key, ensure_ascii=False)}: {_laid_out(part, inner)}" for key, part in value.items()]
    else:
        parts = [_laid_out(part, inner) for part in value]
    start, end = "{}" if isinstance(value, dict) else "[]"
    return f"{start}\n{inner}" + f",\n{inner}".join(parts) + f"\n{margin}{end}"


def read(notebook: Path) -> dict[tuple[int, int], dict]:
    """What is stored of a notebook's figures, by (cell, figure); empty when nothing is."""
    path = file_of(notebook)
    entries = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return {(entry["cell"], entry["figure"]): entry for entry in entries}


def unpacked(value: object) -> np.ndarray:
    """An array as it was before `figure_contents` packed it."""
    if isinstance(value, dict):
        flat = np.frombuffer(zlib.decompress(base64.b64decode(value["zlib+base64"])), value["dtype"])
        return flat.reshape(value["shape"])
    return np.asarray(value, dtype=float)
