"""Marking answers in words: one page on this machine, driven by keys; each key press is in marks/ before the next.

`App` is the page and its few requests, without a network; `serve` puts it on 127.0.0.1. What may be done to answers is in `answers`.
"""

import hmac
import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from coursework.report.answers import Marking, MarkingError
from coursework.report.marks import MarksError
from coursework.report.reading import ReportError

MOST_SENT = 100_000  # bytes of a request
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
POLICY = (
    "default-src 'none'; script-src 'nonce-{0}'; style-src 'nonce-{0}'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


class Reply(NamedTuple):
    status: int
    kind: str
    body: bytes
    policy: str = "default-src 'none'"


class App:
    """The page and its requests. host: "127.0.0.1:PORT", the only name that it answers to. token: the first part of every path."""

    def __init__(self, marking: Marking, host: str, token: str):
        self.host, self.token = host, token
        self._posts: dict[str, Callable[..., dict]] = {
            "mark": marking.mark,
            "comment": marking.comment,
            "empty": marking.empty,
            "undo": marking.undo,
            "whose": marking.whose,
            "find": marking.find,
        }
        self._data = marking.data

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """Answer one request. headers: names as the standard spells them.

        A page of another site may send requests here, but knows no token, and its Host or Origin gives it away.
        """
        if headers.get("Host") != self.host:
            return _said(403, "This page answers to one address only: the one that `coursework mark` printed.")
        start, _, name = path.removeprefix("/").partition("/")
        if not hmac.compare_digest(start.encode(), self.token.encode()):
            return _said(404, "Not here. Open the whole address that `coursework mark` printed.")
        if method == "POST":
            return self._post(name, headers, body)
        if headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return _said(403, "Another site may not ask for this.")
        if name == "":
            nonce = secrets.token_urlsafe(16)
            return Reply(200, "text/html; charset=utf-8", page(nonce).encode(), POLICY.format(nonce))
        return _done(self._data) if name == "data" else _said(404, "There is nothing of this name.")

    def _post(self, name: str, headers: Mapping[str, str], body: bytes) -> Reply:
        kind = headers.get("Content-Type", "").partition(";")[0].strip()
        if headers.get("Origin") != f"http://{self.host}" or kind != "application/json":
            return _said(403, "Another site may not ask for this.")
        if name not in self._posts:
            return _said(404, "There is nothing of this name.")
        return _done(lambda: self._posts[name](**_asked(body)))


def serve(folder: Path, port: int = 0) -> int:
    """Serve the page until Ctrl-C; return 0.

    Args:
        folder: of the exercise's results. port: 0 takes a free one.

    Raises:
        ReportError: nothing to mark there, or the port is taken.
    """
    marking = Marking(Path(folder))
    with server(marking, port) as (httpd, address):
        for line in marking.damaged:
            print(f"cannot be used: {line}", file=sys.stderr)
        try:
            print(f"Marking at {address}\nCtrl-C ends it; every mark is saved as it is made.", flush=True)
            httpd.serve_forever()
        except KeyboardInterrupt:
            print()
    print(marking.progress())
    return 0


@contextmanager
def server(marking: Marking, port: int = 0) -> Iterator[tuple[ThreadingHTTPServer, str]]:
    """A server for the page on 127.0.0.1, bound and not yet running, and the page's address.

    Raises:
        ReportError: the port is taken, or none.
    """
    try:
        httpd = _Server(("127.0.0.1", port), _Handler)
    except (OSError, OverflowError) as error:
        raise ReportError(f"mark: port {port}: {getattr(error, 'strerror', None) or error}") from error
    with httpd:
        host, token = f"127.0.0.1:{httpd.server_port}", secrets.token_urlsafe(24)
        httpd.app = App(marking, host, token)
        yield httpd, f"http://{host}/{token}/"


class _Server(ThreadingHTTPServer):
    allow_reuse_address = os.name == "posix"  # on Windows it would let another program take the port
    app: App

    def handle_error(self, *about: object) -> None:
        """A browser that hangs up in the middle of an answer is nothing to tell."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*about)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    timeout = 30
    server: _Server
    server_version, sys_version = "coursework", ""

    def do_GET(self) -> None:
        self._reply(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal() or int(length) > MOST_SENT:
            self._send(_said(413, "That is too much for one request."))
        else:
            self._reply(self.rfile.read(int(length)))

    def _reply(self, body: bytes) -> None:
        headers = {name.title(): value for name, value in self.headers.items()}
        self._send(self.server.app.answer(self.command, self.path, headers, body))

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        headers = {"Content-Type": reply.kind, "Content-Length": str(len(reply.body)), "Content-Security-Policy": reply.policy}
        for name, value in (HEADERS | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, *_: object) -> None:
        pass


def page(nonce: str) -> str:
    """The page with its style and script in it. nonce: what the browser is told to know our own script and style by."""
    html, style, script = (
        files("coursework.report").joinpath("templates", name).read_text("utf-8")
        for name in ("marking.html", "prose.css", "marking.js")
    )
    return html.replace("NONCE", nonce).replace("PROSE", style).replace("SCRIPT", script)


def _asked(body: bytes) -> dict:
    """The arguments in a request: numbers of a mark, else text."""
    asked = json.loads(body)
    if not isinstance(asked, dict) or not all(isinstance(asked[name], str) for name in set(asked) - {"level", "points"}):
        raise MarkingError("got a request that is not of the page, expected level and points as numbers, and texts")
    return asked


def _done(call: Callable[[], dict]) -> Reply:
    """What a call gives, or in one line why it could not be done: 400 for what was asked, 500 for what the disk says."""
    try:
        return _json(200, call())
    except (MarkingError, MarksError, ReportError) as error:
        return _json(400, {"error": str(error)})
    except (ValueError, TypeError, RecursionError) as error:
        return _json(400, {"error": f"got a request that cannot be read: {str(error)[:120]}"})
    except OSError as error:
        return _json(500, {"error": f"{error.filename}: {error.strerror}"})


def _json(status: int, content: dict) -> Reply:
    return Reply(status, "application/json", json.dumps(content).encode())


def _said(status: int, text: str) -> Reply:
    return Reply(status, "text/plain; charset=utf-8", text.encode())
