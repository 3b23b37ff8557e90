"""The page of licences names every file of others that the built site ships, and says of it what the package says."""

import fnmatch
import importlib.metadata
import re

import pytest

from tests.support import ROOT

PAGE = ROOT / "book" / "appendix" / "licences.md"
OURS = ("course.css", "course.js", "mark.svg", "readme.png", "explorables/*")


def rows():
    """The page's second table: (patterns of files below _static, package, licence)."""
    table = PAGE.read_text(encoding="utf-8").split("## What the packages bring")[1]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("| `")]
    return [(re.findall(r"`([^`]+)`", files), package, licence) for files, _, package, licence in cells]


def said_of(package):
    """What an installed package says of its licence, in any of the places where packages say it."""
    found = importlib.metadata.metadata(package)
    said = [found.get("License-Expression") or "", *(c for c in found.get_all("Classifier", []) if c.startswith("License"))]
    return " ".join([*said, (found.get("License") or "")[:40]])


def test_every_file_of_others_is_on_the_page_and_nothing_that_is_not_there(site):
    files = [path.relative_to(site / "_static").as_posix() for path in (site / "_static").rglob("*") if path.is_file()]
    patterns = [pattern for patterns, _, _ in rows() for pattern in patterns]
    assert [file for file in files if not any(fnmatch.fnmatch(file, pattern) for pattern in (*patterns, *OURS))] == []
    assert [pattern for pattern in patterns if not any(fnmatch.fnmatch(file, pattern) for file in files)] == []


@pytest.mark.parametrize(("package", "licence"), sorted({(p, licence) for _, p, licence in rows() if " " not in p + licence}))
def test_the_licence_is_the_packages(package, licence):
    said = said_of(package)
    if package == "pydata-sphinx-theme" and licence == "MIT":  # Bootstrap, which that theme carries
        return
    if said.strip():
        assert licence.partition("-")[0] in said, said


def test_licence_texts_go_along_where_the_licence_wants_it(site):
    for pattern in ("korean/LICENSE", "vendor/fontawesome/*/LICENSE.txt", "scripts/bootstrap.js.LICENSE.txt"):
        assert list((site / "_static").glob(pattern)), pattern
