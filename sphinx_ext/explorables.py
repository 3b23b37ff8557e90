"""Sphinx extension: explorables on the static page, and the Content-Security-Policy of every page.

A notebook stores an explorable's state and its still picture (stored_widgets.py). Here the picture goes on the page, as a figure with its
caption, in a box that names the widget's model, and a script puts the live widget in its place: runtime/runtime.js, joined with what it
imports. What is large or shared leaves the page for classic scripts below _static/explorables/buffers, named by their hash and loaded
when asked for: the bytes of the saved state (weights, codes), and the explorables' code, which companion/widgets has.
"""

import hashlib
import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import stored_widgets
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform

HERE = Path(__file__).parent
WIDGETS = HERE.parent / "companion" / "widgets"
LARGE = 1024  # characters of base64 from which a buffer leaves the page
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'"
)


def _load_bundle() -> ModuleType:
    """bundle.py alone: to import `companion.widgets` would load torch for each build of the site."""
    spec = importlib.util.spec_from_file_location("companion_bundle", WIDGETS / "bundle.py")
    assert spec is not None  # of a file that is there
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


bundle = _load_bundle()


class StillPictures(SphinxPostTransform):
    """In each output that is a widget, keep the still picture and name the model; runs before myst-nb picks one form of the output."""

    default_priority = 3

    def run(self, **kwargs: Any) -> None:
        """Replace every bundle with a widget view."""
        for mime_bundle in list(self.document.findall(nodes.container)):
            if mime_bundle.get("nb_element") != "mime_bundle":
                continue
            forms = {child["mime_type"]: child for child in mime_bundle.children}
            if stored_widgets.JUPYTER_VIEW in forms:
                model = re.findall(r'"model_id": "([\w-]+)"', forms[stored_widgets.JUPYTER_VIEW].astext())[0]
                still = forms["image/png"].children if "image/png" in forms else []
                box = nodes.container("", *still, classes=["explorable-view"], ids=[f"explorable-{model}"])
                mime_bundle.replace_self(box)


def restore_widgets(app: Sphinx, docname: str, source: list[str]) -> None:
    """Give myst-nb a notebook's widgets in Jupyter's form. Their code is a file that the page depends on."""
    if Path(app.env.doc2path(docname)).suffix != ".ipynb" or f'"{stored_widgets.STATE}"' not in source[0]:
        return
    notebook = json.loads(source[0])
    for model in stored_widgets.state(notebook).values():
        if stored_widgets.is_ours(model):
            for file in [page_code(model), *WIDGETS.glob("js/*.js"), WIDGETS / "common.css", bundle.PALETTE]:
                app.env.note_dependency(str(file))
    stored_widgets.restore(notebook)
    source[0] = json.dumps(notebook)


def page_code(model: dict) -> Path:
    """The script of an explorable: beside the Python module that its saved state names."""
    *_, module, _ = model["state"]["_anywidget_id"].split(".")
    return WIDGETS / f"{module}.js"


def move_out(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Take what is large or shared out of the page's widget state; put the policy first among its meta tags."""
    tags = [f'<meta http-equiv="Content-Security-Policy" content="{POLICY}" />']
    for script in context.get("script_files", []):
        attributes = getattr(script, "attributes", {})
        if attributes.get("type") == stored_widgets.JUPYTER_STATE:
            saved = json.loads(attributes["body"])
            names = externalize(saved["state"], Path(app.outdir) / "_static" / "explorables" / "buffers")
            attributes["body"] = json.dumps(saved).replace("</", "<\\/")
            tags += [preload(context["pathto"](f"_static/explorables/buffers/{name}.js", resource=True)) for name in names]
    context["metatags"] = "\n".join([*tags, context.get("metatags", "")])


def externalize(models: dict, folder: Path) -> list[str]:
    """Store the large buffers and the code of saved models as files in a folder, and name these in the models.

    Returns: the names of the code's files, without their ending, which the page wants at once.
    """
    code: dict[str, None] = {}
    for model in models.values():
        for buffer in model.get("buffers", []):
            if len(buffer["data"]) >= LARGE:
                buffer["external"] = store(folder, buffer.pop("data"))
        if stored_widgets.is_ours(model):
            texts = {"_esm": bundle.join(page_code(model)), "_css": bundle.style()}
            model["code"] = {name: store(folder, text) for name, text in texts.items()}
            model["state"] = {name: value for name, value in model["state"].items() if name not in stored_widgets.CODE}
            code |= dict.fromkeys(model["code"].values())
    return list(code)


def preload(address: str) -> str:
    """A tag that lets the browser fetch a script while it still reads the page."""
    return f'<link rel="preload" as="script" href="{address}" />'


def store(folder: Path, text: str) -> str:
    """Write a text as a classic script, once; return its name."""
    name = hashlib.sha256(text.encode()).hexdigest()[:20]
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.js"
    if not file.exists():
        file.write_text(f'(window.courseBuffers ??= {{}})["{name}"] = {json.dumps(text, ensure_ascii=False)};\n', encoding="utf-8")
    return name


def write_runtime(app: Sphinx, config: Config) -> None:
    """Make the runtime a static file of the site, beside it."""
    folder = Path(app.outdir).parent / "explorables-runtime"
    file = folder / "explorables" / "runtime.js"
    text = runtime()
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    config.html_static_path.append(str(folder))


def runtime() -> str:
    """The runtime as one classic script."""
    return bundle.script(HERE / "runtime" / "runtime.js")


def setup(app: Sphinx) -> dict:
    """Connect all steps; move_out runs after myst-nb added the state to the page."""
    app.add_post_transform(StillPictures)
    app.connect("config-inited", write_runtime)
    app.connect("source-read", restore_widgets)
    app.connect("html-page-context", move_out, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
