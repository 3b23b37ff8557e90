"""An explorable as one file: a page that works from disk, without a kernel, without a network and without this package."""

import base64
import html
import json
import os
import tempfile
from pathlib import Path

from ipywidgets.embed import dependency_state

from companion.widgets import bundle
from companion.widgets.explorable import Explorable

HERE = Path(__file__).parent
# Nothing may be fetched: not by us, and not by what somebody puts into a title.
POLICY = "default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; img-src data:"


def save_html(widget: Explorable, path: str | Path, *, title: str = "An explorable", text: str = "") -> Path:
    """Write an explorable as one HTML file: its state as it is now, its code, its style and its still picture.

    Opened from disk it works as in the notebook, and asks for nothing else. Where no script runs, it shows the still picture. A file
    that is there already is replaced when the new one is whole.

    Args:
        widget: any explorable of this package.
        path: the file to write, in a folder that exists.
        title: the page's title and heading.
        text: a paragraph below the heading; plain text, as `title`.

    Returns:
        The path.

    Raises:
        TypeError: `widget` is no explorable.
        OSError: the file cannot be written.

    Example:
        >>> save_html(PictureMap(...), "my-map.html", title="My pictures")
    """
    if not isinstance(widget, Explorable):
        raise TypeError(f"save_html: widget: got {type(widget).__name__}, expected an explorable of companion.widgets")
    path = Path(path)
    page = _page(widget, title, text)
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(page)
        os.chmod(scratch, 0o644)  # mkstemp's file is for its owner alone
        os.replace(scratch, path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
    return path


def _page(widget: Explorable, title: str, text: str) -> str:
    """The whole text of the page."""
    models = dependency_state(widget, drop_defaults=False)
    code, style = (models[widget.model_id]["state"].pop(name) for name in ("_esm", "_css"))
    saved = {"model": widget.model_id, "models": models, "code": code}
    data, _ = widget._repr_mimebundle_()
    paragraph = f"<p>{html.escape(text)}</p>" if text else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{html.escape(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{html.escape(title)}</title>
<style>
{style}
body {{ max-width: 600px; margin: 1rem auto; padding: 0 .75rem; font-family: system-ui, sans-serif; line-height: 1.5; }}
img {{ max-width: 100%; height: auto; }}
html[data-theme="dark"] body {{ background: {_dark_page()}; color: {_dark_page("ink")}; }}
</style>
</head>
<body>
<main>
<h1>{html.escape(title)}</h1>
{paragraph}
<div id="explorable"><img alt="still picture of the explorable" width="600" src="data:image/png;base64,{_png(data)}"></div>
</main>
<script type="application/json" id="saved">{json.dumps(saved).replace("<", chr(92) + "u003c")}</script>
<script>
{bundle.script(HERE / "js" / "standalone.js")}</script>
</body>
</html>
"""


def _png(data: dict) -> str:
    """The still picture, as base64."""
    picture = data["image/png"]
    return picture if isinstance(picture, str) else base64.b64encode(picture).decode()


def _dark_page(name: str = "page") -> str:
    """A colour of the dark page."""
    return json.loads(bundle.PALETTE.read_text(encoding="utf-8"))["dark"][name]
