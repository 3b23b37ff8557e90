"""Open every external link of the book, and keep in book/links.json when that was done and how.

    python tools/check_links.py [--list] [--timeout SECONDS]

It needs a network. A link that answers is stored as opened today. One that fails is printed, keeps its old entry, and makes the exit
status 1. With --list nothing is opened: new links are listed and those that no page uses any more are dropped.

An entry is {"checked": day, "how": how}, where how is one of

    opened                  this program got an answer below 400 that day
    stored copy             the address itself was in a collection of stored public pages, looked into that day
    cited in a stored copy  a text of such a collection names this address, DOI or arXiv number for this very work
    listed                  not confirmed by anybody yet; the day is the one on which the link came into the book

A link is an address in the text of a page, in README.md or in references.bib; code blocks and the launch addresses of a fork do not count.
"""

import argparse
import datetime
import json
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
from pybtex.database import parse_file

ROOT = Path(__file__).resolve().parent.parent
LINKS = ROOT / "book" / "links.json"
KINDS = ("opened", "stored copy", "cited in a stored copy", "listed")
ADDRESS = re.compile(r"https?://[^\s<>\"'`)\]}|\\]+")
FENCED = re.compile(r"^(`{3,}|~{3,}).*?^\1`*\s*$", re.MULTILINE | re.DOTALL)
# Built for each fork from its own address, which tests/pages/test_site.py checks.
LAUNCH = re.compile(r"https://(mybinder\.org/v2|colab\.research\.google\.com/github)/")
AGENT = "Mozilla/5.0 (compatible; check_links of a Jupyter Book)"  # some publishers refuse a client without a name


def main(arguments: list[str]) -> int:
    """Bring links.json up to date, open what it names unless told not to, and store what was found."""
    options = _parse(arguments)
    today = datetime.date.today().isoformat()
    entries = listed(find_links(ROOT), json.loads(LINKS.read_text(encoding="utf-8")) if LINKS.exists() else {}, today)
    failed = 0
    for address in entries if not options.list else ():
        verdict = open_link(address, options.timeout)
        failed += verdict != "opened"
        if verdict == "opened":
            entries[address] = {"checked": today, "how": "opened"}
        print(f"{verdict}: {address}", flush=True)
    LINKS.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"check_links: {len(entries)} links, {failed} without an answer")
    return 1 if failed else 0


def find_links(root: Path) -> set[str]:
    """All external addresses of the book below ``root`` and of its README."""
    texts = (text for file in pages(root) for text in _prose(file))
    found = {address.rstrip(".,;:") for text in texts for address in ADDRESS.findall(FENCED.sub("", text))}
    return {address for address in found if not LAUNCH.match(address)} | bibliography_links(root / "book" / "references.bib")


def pages(root: Path) -> list[Path]:
    """The book's Markdown files and notebooks, and the README; the sources of exercises are on the site as notebooks."""
    book = [file for kind in ("*.md", "*.ipynb") for file in (root / "book").rglob(kind)]
    return [
        root / "README.md",
        *(file for file in book if not {"source", ".ipynb_checkpoints"} & set(file.relative_to(root).parts)),
    ]


def _prose(file: Path) -> Iterator[str]:
    if file.suffix == ".md":
        yield file.read_text(encoding="utf-8")
    else:
        yield from (cell.source for cell in nbformat.read(file, as_version=4).cells if cell.cell_type == "markdown")


def bibliography_links(file: Path) -> set[str]:
    """The addresses of a BibTeX file's entries: of the DOI where there is one, and else the url."""
    fields = [entry.fields for entry in parse_file(str(file)).entries.values()]
    return {f"https://doi.org/{entry['doi']}" if "doi" in entry else entry["url"] for entry in fields}


def listed(links: set[str], entries: dict, today: str) -> dict:
    """Return ``entries`` for exactly these links; a new one is listed as of today.

    >>> listed({"https://a.org"}, {"https://b.org": {"checked": "2026-01-01", "how": "opened"}}, "2026-02-01")
    {'https://a.org': {'checked': '2026-02-01', 'how': 'listed'}}
    """
    return {link: entries.get(link, {"checked": today, "how": "listed"}) for link in sorted(links)}


def open_link(address: str, timeout: float) -> str:
    """Ask for an address, follow its redirections, read nothing. Returns "opened", the status that it answered, or why it did not."""
    try:
        request = urllib.request.Request(address, headers={"User-Agent": AGENT})
        with urllib.request.urlopen(request, timeout=timeout):
            return "opened"
    except urllib.error.HTTPError as error:
        error.close()
        return f"status {error.code}"
    except (OSError, ValueError) as error:  # no such host, no answer in time, no address
        return f"no answer ({getattr(error, 'reason', error)})"


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="open nothing; bring the list up to date with the book")
    parser.add_argument("--timeout", type=float, default=20, metavar="SECONDS", help="for each link (default: %(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
