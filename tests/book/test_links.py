"""External links: each one on the site has a stored check, and tools/check_links.py stores what it sees, here of a server on loopback."""

import datetime
import json
import os
import re
import threading
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest

from tests.support import ROOT
from tests.support.browser import load_extension
from tools import check_links

repository = load_extension("repository")
ENTRIES = json.loads(check_links.LINKS.read_text(encoding="utf-8"))
STATUS = {"/here": 200, "/gone": 404, "/closed": 403, "/moved": 301}


def test_each_link_has_an_entry_and_each_entry_is_used():
    """Else: python tools/check_links.py --list, or without --list where there is a network."""
    assert sorted(ENTRIES) == sorted(check_links.find_links(ROOT))


def test_entries_say_when_and_how():
    for address, entry in ENTRIES.items():
        assert set(entry) == {"checked", "how"}, address
        assert datetime.date.fromisoformat(entry["checked"]).isoformat() == entry["checked"], address
        assert entry["how"] in check_links.KINDS, address


def article_links(page):
    """The addresses outside the site to which the text of a built page links; not those of its buttons."""
    article = page.read_text(encoding="utf-8").partition("<article")[2].partition("</article>")[0]
    found = {unquote(unescape(address)).partition("#")[0] for address in re.findall(r'<a [^>]*href="(https?:[^"]+)"', article)}
    return {address for address in found if not check_links.LAUNCH.match(address)}


def test_no_page_of_the_site_links_to_an_address_without_a_check(site):
    """The address of the fork that builds the site is its own matter, and tests/pages/test_site.py's."""
    known = {unquote(address).rstrip("/") for address in ENTRIES}
    fork = repository.repository_url(os.environ, repository.git(ROOT, "remote", "get-url", "origin"))
    for page in site.glob("book/**/*.html"):
        for address in article_links(page):
            assert address.rstrip("/") in known or (fork and address.startswith(fork)), (page.name, address)


def test_the_bibliography_links_to_its_dois(site):
    """Guards the test above, which says nothing about a page without links."""
    assert sum("doi.org" in address for address in article_links(site / "book/appendix/references.html")) >= 25


@pytest.fixture
def server(monkeypatch):
    """A server that answers as STATUS says; /slow answers when the test is over."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/slow":
                over.wait(60)
            self.send_response(STATUS.get(self.path, 200))
            self.send_header("Location", "/here")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments):
            pass

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    over.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("path", "verdict"), [("/here", "opened"), ("/moved", "opened"), ("/gone", "status 404"), ("/closed", "status 403")]
)
def test_what_a_server_answers_is_what_is_said(server, path, verdict):
    assert check_links.open_link(server + path, 60) == verdict


def test_a_server_that_does_not_answer_in_time_is_no_answer(server):
    assert check_links.open_link(server + "/slow", 0.2).startswith("no answer (")


def test_an_address_at_which_nobody_listens_is_no_answer(server):
    assert check_links.open_link("http://127.0.0.1:1/", 10).startswith("no answer (")
    assert check_links.open_link("http://[", 10).startswith("no answer (")


@pytest.fixture
def book(tmp_path, monkeypatch, server):
    """A small book with three links, of which one was opened on another day."""
    (tmp_path / "book" / "exercises" / "source").mkdir(parents=True)
    (tmp_path / "README.md").write_text(f"See [this]({server}/here), and\n\n```\n{server}/in-code\n```\n")
    (tmp_path / "book" / "page.md").write_text(f"<{server}/gone>. https://mybinder.org/v2/gh/A/B/main {server}/moved.\n")
    (tmp_path / "book" / "exercises" / "source" / "page.md").write_text(f"{server}/not-a-page\n")
    (tmp_path / "book" / "references.bib").write_text("")
    links = tmp_path / "book" / "links.json"
    links.write_text(json.dumps({a: {"checked": "2020-02-02", "how": "opened"} for a in (f"{server}/gone", f"{server}/old")}))
    monkeypatch.setattr(check_links, "ROOT", tmp_path)
    monkeypatch.setattr(check_links, "LINKS", links)
    return links


def test_opening_stores_today_and_a_failure_keeps_its_day(book, server, capsys, monkeypatch):
    class Day(datetime.date):
        @classmethod
        def today(cls):
            return cls(2026, 2, 3)

    monkeypatch.setattr(check_links.datetime, "date", Day)
    assert check_links.main(["--timeout", "60"]) == 1
    today = {"checked": "2026-02-03", "how": "opened"}
    kept = {"checked": "2020-02-02", "how": "opened"}
    assert json.loads(book.read_text()) == {f"{server}/here": today, f"{server}/gone": kept, f"{server}/moved": today}
    assert f"status 404: {server}/gone" in capsys.readouterr().out


def test_listing_opens_nothing(book, server, capsys):
    assert check_links.main(["--list"]) == 0
    entries = json.loads(book.read_text())
    assert {entry["how"] for address, entry in entries.items() if not address.endswith("gone")} == {"listed"}
    assert len(entries) == 3
    assert "opened" not in capsys.readouterr().out


def test_an_entry_of_the_bibliography_leads_to_its_doi_and_else_to_its_url(tmp_path):
    (tmp_path / "r.bib").write_text(
        "@misc{a, title={A}, year={2001}, doi={10.1000/a(1)b}, url={https://a.org}}\n@misc{c, title={C}, year={2002}, url={https://c.org}}"
    )
    assert check_links.bibliography_links(tmp_path / "r.bib") == {"https://doi.org/10.1000/a(1)b", "https://c.org"}
