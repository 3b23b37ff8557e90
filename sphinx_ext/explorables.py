"""Sphinx extension: explorables on the static page, and the Content-Security-Policy of every page.

A notebook's output holds a widget view and its still picture. Here the picture goes on the page, as a figure with its caption, in a box
that names the widget's model; book/_static/explorables/runtime.js puts the live widget in its place. The bytes of the saved state (weights,
codes) leave the page for classic scripts below _static/explorables/buffers, named by their hash: shared by pages, loaded when asked for.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
LARGE = 1024  # characters of base64 from which a buffer leaves the page
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'"
)


class StillPictures(SphinxPostTransform):
    """In each output that is a widget, keep the still picture and name the model; runs before myst-nb picks one form of the output."""

    default_priority = 3

    def run(self, **kwargs: Any) -> None:
        """Replace every bundle with a widget view."""
        for bundle in list(self.document.findall(nodes.container)):
            if bundle.get("nb_element") != "mime_bundle":
                continue
            forms = {child["mime_type"]: child for child in bundle.children}
            if VIEW in forms:
                model = re.findall(r'"model_id": "([\w-]+)"', forms[VIEW].astext())[0]
                still = forms["image/png"].children if "image/png" in forms else []
                box = nodes.container("", *still, classes=["explorable-view"], ids=[f"explorable-{model}"])
                bundle.replace_self(box)


def move_buffers(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Take large buffers out of the page's widget state; put the policy first among its meta tags."""
    context["metatags"] = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}" />\n{context.get("metatags", "")}'
    for script in context.get("script_files", []):
        attributes = getattr(script, "attributes", {})
        if attributes.get("type") == STATE:
            saved = json.loads(attributes["body"])
            for model in saved["state"].values():
                for buffer in model.get("buffers", []):
                    if len(buffer["data"]) >= LARGE:
                        buffer["external"] = store(Path(app.outdir) / "_static" / "explorables" / "buffers", buffer.pop("data"))
            attributes["body"] = json.dumps(saved).replace("</", "<\\/")


def store(folder: Path, data: str) -> str:
    """Write base64 text as a classic script, once; return its name."""
    name = hashlib.sha256(data.encode()).hexdigest()[:20]
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.js"
    if not file.exists():
        file.write_text(f'(window.courseBuffers ??= {{}})["{name}"] = "{data}";\n')
    return name


def setup(app: Sphinx) -> dict:
    """Connect both steps; move_buffers runs after myst-nb added the state to the page."""
    app.add_post_transform(StillPictures)
    app.connect("html-page-context", move_buffers, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
