"""What a page keeps in the reader's browser is what the page of licences says: nothing more, and each of those things is real."""

import re

import pytest

from tests.support import ROOT
from tests.support.browser import PATIENCE

KEPT = """async () => ({
  local: Object.keys(localStorage), session: Object.keys(sessionStorage),
  databases: (await indexedDB.databases()).map((each) => each.name), caches: await caches.keys(),
})"""


@pytest.fixture(scope="module")
def kept(browser, address):
    """What is kept while a reader chooses the dark, looks for a word, and opens a page: place -> names; and how often a search was kept."""
    context = browser.new_context()
    page = context.new_page()
    found = {"local": set(), "session": set(), "databases": set(), "caches": set()}

    def look():
        for place, names in page.evaluate(KEPT).items():
            found[place] |= set(names)

    page.goto(f"{address}/book/index.html")
    page.locator("button.theme-switch-button:visible").first.click()
    look()
    page.goto(f"{address}/search.html?q=bottleneck")
    page.locator("#search-results li a").first.wait_for(timeout=PATIENCE)
    page.wait_for_function("localStorage.getItem('sphinx_highlight_terms')", timeout=PATIENCE)
    look()
    page.goto(f"{address}/book/02-bottleneck.html")
    look()
    found["left of the search"] = page.evaluate("localStorage.getItem('sphinx_highlight_terms')")
    found["cookies"] = context.cookies()
    context.close()
    return found


@pytest.mark.slow
def test_the_page_of_licences_names_all_that_is_kept(kept):
    page = (ROOT / "book" / "appendix" / "licences.md").read_text(encoding="utf-8")
    said = set(re.findall(r"`([\w-]+)`", page.partition("## What the site keeps")[2]))
    assert kept["local"] | kept["session"] == said
    assert kept["session"] == {"sidebar-scroll-top"}


def test_nothing_is_kept_elsewhere(kept):
    assert (kept["databases"], kept["caches"], kept["cookies"]) == (set(), set(), [])


def test_the_words_of_a_search_are_gone_on_the_next_page(kept):
    assert kept["left of the search"] is None
