"""What tests of explorables share: a page that holds one of them, as the built site would, and a hand that drives it."""

import html
import json
import re
import shutil
from pathlib import Path

import ipywidgets
import pytest

from tests.support import ROOT
from tests.support.browser import PATIENCE, load_extension, watch
from tools.loopback import serve

explorables = load_extension("explorables")
stored_widgets = explorables.stored_widgets
COURSE_CSS = ROOT / "book" / "_static" / "course.css"
DESKTOP = {"viewport": {"width": 900, "height": 1200}}
PHONE = {"viewport": {"width": 375, "height": 900}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}


# In the still picture's place: to draw the picture takes longer than to show the page, and the pictures have tests of their own.
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEANl9ngAAAAABJRU5ErkJggg=="


def write_page(folder: Path, widget, *, spoil=lambda saved: None) -> Path:
    """Write index.html with one explorable, from its saved state, with the site's runtime, policy and way with large buffers."""
    saved = ipywidgets.Widget.get_manager_state(widgets=_reachable(widget))
    static = folder / "_static" / "explorables"
    static.mkdir(parents=True, exist_ok=True)
    (static / "runtime.js").write_text(explorables.runtime(), encoding="utf-8")
    shutil.copy(COURSE_CSS, folder / "_static")
    explorables.externalize(saved["state"], static / "buffers")
    spoil(saved)
    body = json.dumps(saved).replace("</", "<\\/")
    page = folder / "index.html"
    page.write_text(f"""<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{html.escape(explorables.POLICY)}"><title>One explorable</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<link rel="stylesheet" href="_static/course.css">
<style>body {{ margin: 12px }} html[data-theme="dark"] body {{ background: #14181d }}</style></head>
<body><main class="bd-article"><div class="explorable-view" id="explorable-{widget.model_id}">
<img alt="still picture" width="300" height="200" src="data:image/png;base64,{DOT}"></div></main>
<script type="{stored_widgets.JUPYTER_STATE}">{body}</script><script src="_static/explorables/runtime.js"></script></body></html>""")
    return page


def _reachable(widget) -> list:
    """The widget and the models that its state points at."""
    known = {w.model_id: w for w in ipywidgets.widgets.widget._instances.values()}
    found, todo = {}, [widget.model_id]
    while todo:
        model = todo.pop()
        if model in known and model not in found:
            found[model] = known[model]
            todo += re.findall(r"IPY_MODEL_(\w+)", json.dumps(known[model].get_state(), default=str))
    return list(found.values())


@pytest.fixture
def explorable_page(browser, tmp_path):
    """Open a widget's page: `explorable_page(widget, phone=False, disk=False, wait=True)` -> Playwright's page.

    `page.trouble` has what went wrong (console, failed, left), which must stay empty; at the end of the test that is checked.
    `page.errors_expected = True` switches that check off.
    """
    opened = []
    servers = []

    def open_page(widget, *, phone=False, disk=False, spoil=lambda saved: None, wait=True, **options):
        folder = tmp_path / f"page{len(opened)}"
        file = write_page(folder, widget, spoil=spoil)
        server = serve(folder)
        servers.append(server)
        start = folder.as_uri() if disk else server.__enter__()
        context = browser.new_context(**(PHONE if phone else DESKTOP) | options)
        page = context.new_page()
        page.trouble, page.errors_expected = watch(page, start), False
        opened.append((context, page, disk))
        page.goto(f"{start}/{file.name}")
        if phone:
            page.evaluate("document.documentElement.dataset.theme = 'dark'")
        if wait:
            page.wait_for_selector(".explorable-live", timeout=PATIENCE)
        return page

    yield open_page
    complaints = []
    for (context, page, disk), server in zip(opened, servers, strict=True):
        if not page.errors_expected and any(page.trouble.values()):
            complaints.append(page.trouble)
        context.close()
        if not disk:
            server.__exit__(None, None, None)
    assert complaints == []
