"""Sphinx extension: explorables on the static page, and the Content-Security-Policy of every page.

A notebook stores an explorable's state and its still picture (stored_widgets.py). Here the picture goes on the page, as a figure with its
caption, in a box that names the widget's model, and a script puts the live widget in its place: runtime/runtime.js, joined with what it
imports. What is large or shared leaves the page for classic scripts below _static/explorables/buffers, named by their hash: the bytes of
the saved state (weights, codes), and the explorables' code, which companion/widgets has. The runtime fetches all that an explorable needs
when it comes near the screen, and keeps its place until then. One that stands in the page's opening is near at once, and its code is asked
for ahead.
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
HEIGHTS = (
    HERE / "explorable_heights.json"
)  # kind -> [[width of its box, its height], ...]: tools/explorable_heights.py measures them
VERSION = 2  # of what a page tells the runtime: with another one every page is made again
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
            for file in [HEIGHTS, page_code(model), *WIDGETS.glob("js/*.js"), WIDGETS / "common.css", bundle.PALETTE]:
                app.env.note_dependency(str(file))
    stored_widgets.restore(notebook)
    source[0] = json.dumps(notebook)


def page_code(model: dict) -> Path:
    """The script of an explorable: beside the Python module that its saved state names."""
    return WIDGETS / f"{kind(model)}.js"


def kind(model: dict) -> str:
    """The Python module of an explorable, which its saved state names."""
    *_, module, _ = model["state"]["_anywidget_id"].split(".")
    return module


def move_out(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Take what is large or shared out of the page's widget state; put the policy first among its meta tags."""
    tags = [f'<meta http-equiv="Content-Security-Policy" content="{POLICY}" />']
    for script in context.get("script_files", []):
        attributes = getattr(script, "attributes", {})
        if attributes.get("type") == stored_widgets.JUPYTER_STATE:
            saved = json.loads(attributes["body"])
            externalize(saved["state"], Path(app.outdir) / "_static" / "explorables" / "buffers")
            names = mark_opening(saved["state"], views_in_opening(doctree))
            attributes["body"] = json.dumps(saved).replace("</", "<\\/")
            tags += [preload(context["pathto"](f"_static/explorables/buffers/{name}.js", resource=True)) for name in names]
    context["metatags"] = "\n".join([*tags, context.get("metatags", "")])


def externalize(models: dict, folder: Path) -> None:
    """Store the large buffers and the code of a page's saved models as files in a folder, and name these in the models; add heights.

    A file that several models name is one file: equal buffers, and the part of the code that the same explorables share.
    """
    ours = [model for model in models.values() if stored_widgets.is_ours(model)]
    pieces = bundle.pieces({page_code(model) for model in ours})
    heights = json.loads(HEIGHTS.read_text(encoding="utf-8"))
    for model in models.values():
        for buffer in model.get("buffers", []):
            if len(buffer["data"]) >= LARGE:
                buffer["external"] = store(folder, buffer.pop("data"))
    for model in ours:
        texts = {"_esm": pieces[page_code(model)], "_css": [bundle.style()]}
        model["code"] = {name: [store(folder, text) for text in parts] for name, parts in texts.items()}
        model["heights"] = heights.get(kind(model))
        model["state"] = {name: value for name, value in model["state"].items() if name not in stored_widgets.CODE}


def views_in_opening(doctree: nodes.document | None) -> list[str]:
    """The models whose views stand before the first heading below a page's title: a reader sees them first."""
    if doctree is None:
        return []
    views = [box for box in doctree.findall(nodes.container) if "explorable-view" in box["classes"]]
    return [view["ids"][0].removeprefix("explorable-") for view in views if depth(view) == 1]


def depth(node: nodes.Node) -> int:
    """In how many sections, one inside the other, a node stands."""
    return 0 if node.parent is None else depth(node.parent) + isinstance(node.parent, nodes.section)


def mark_opening(models: dict, names: list[str]) -> list[str]:
    """Mark the models in a page's opening for the runtime; return the files of their code, without their ending."""
    code: dict[str, None] = {}
    for name in names:
        if "code" in models.get(name, {}):
            models[name]["atTop"] = True
            code |= dict.fromkeys(file for files in models[name]["code"].values() for file in files)
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
    return {"env_version": VERSION, "parallel_read_safe": True, "parallel_write_safe": True}
