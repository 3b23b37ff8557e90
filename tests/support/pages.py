"""Which pages the site has, and the windows in which they are looked at."""

import re

import yaml

from tests.support import ROOT
from tools import offline

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 375, "height": 800}

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
BOOK = [page.name for page in offline.toc_pages(TOC)]  # the front page first
CHAPTERS = [page for page in BOOK if re.match(r"book/0\d-", page)]
PAGES = [*BOOK, "search", "genindex"]
