"""A pytest plugin: one Chromium, a loopback server over a folder, and a record of what goes wrong on a page."""

import importlib.util
import sys

import pytest

from tests.support import ROOT
from tests.support.needs import missing
from tools import chromium
from tools.loopback import serve

SITE = ROOT / "_build" / "html"
EXTENSIONS = ROOT / "sphinx_ext"
PATIENCE = 120_000  # milliseconds; only a failing test waits as long


def load_extension(name):
    """Import one of the site's extensions from its file, as Sphinx does: beside the others."""
    if str(EXTENSIONS) not in sys.path:
        sys.path.append(str(EXTENSIONS))
    spec = importlib.util.spec_from_file_location(name, EXTENSIONS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def browser(pytestconfig):
    """One Chromium for all pages."""
    program = chromium.find()
    if program is None:
        missing(pytestconfig, "no Chromium or Chrome on this machine: install chromium to test what a browser shows")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=chromium.FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site():
    """The folder of the built site; fails when it was never built."""
    if not (SITE / "index.html").is_file():
        pytest.fail("there is no _build/html: run make book first", pytrace=False)
    return SITE


@pytest.fixture(scope="session")
def address(site):
    """The address of a loopback server over the site."""
    with serve(site) as where:
        yield where


def watch(tab, start, *, scripts=True):
    """Stop and note every request that leaves `start`; note errors on the console and requests that failed.

    scripts: they may run. Where they may not, the browser refuses those that a page asks for ahead, as it should.
    """

    def failed(request):
        # A request is aborted when the reader leaves the page before it is answered: nothing failed. A missing file says otherwise.
        refused = not scripts and request.resource_type == "script" and request.failure == "csp"
        if request.failure != "net::ERR_ABORTED" and not refused:
            trouble["failed"].append(request.url)

    trouble = {"console": [], "failed": [], "left": []}
    # The theme logs which colour mode it took; errors and warnings are what must not be there.
    tab.on("console", lambda m: m.type in ("error", "warning") and trouble["console"].append(f"{m.type}: {m.text}"))
    tab.on("pageerror", lambda error: trouble["console"].append(str(error)))
    tab.on("requestfailed", failed)
    tab.on("response", lambda r: r.status >= 400 and trouble["failed"].append(f"{r.status} {r.url}"))

    def stay(route):
        if route.request.url.startswith((start, "data:", "blob:")):
            return route.continue_()
        trouble["left"].append(route.request.url)
        return route.abort()

    tab.route("**/*", stay)
    return trouble
