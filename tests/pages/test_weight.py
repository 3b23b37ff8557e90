"""What a chapter weighs: the bytes that a phone fetches before the reader moves.

Counted from the built files, compressed where hosts of static sites compress, and not from what came over a network. A picture counts when
the browser asked for it or when it stands within LAZY of the first screen: how far ahead Chromium fetches one depends on the network.
"""

import gzip
from urllib.parse import unquote, urlsplit

import pytest

from tests.support.browser import watch
from tests.support.pages import BOOK, CHAPTERS

BUDGET = 500_000  # bytes
PHONE = {"width": 360, "height": 740}
LAZY = 1250  # CSS pixels ahead of the screen in which Chromium fetches a picture that waits, on a fast network
COMPRESSED = (".html", ".css", ".js", ".json", ".svg")
HEAVY = (CHAPTERS[2],)  # looked at in every run, the others with --slow

PICTURES_NEAR = """(reach) => [...document.images]
  .filter((image) => image.checkVisibility() && image.getBoundingClientRect().top < innerHeight + reach)
  .map((image) => image.currentSrc || image.src)"""


def weight(site, address) -> int:
    """The bytes of what an address names, as a host sends it."""
    file = site / unquote(urlsplit(address).path).lstrip("/")
    content = file.read_bytes()
    return len(gzip.compress(content, 6)) if file.suffix in COMPRESSED else len(content)


@pytest.fixture
def asked(browser, address):
    """What a page asks for before the reader moves: asked(name) -> addresses."""
    context = browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True, has_touch=True)

    def addresses(name):
        page = context.new_page()
        watch(page, address)
        found = set()
        page.on("request", lambda request: found.add(request.url))
        page.goto(f"{address}/{name}.html", wait_until="load")
        page.evaluate("document.fonts.ready")
        found |= set(page.evaluate(PICTURES_NEAR, LAZY))
        page.close()
        return {url for url in found if url.startswith(address)}

    yield addresses
    context.close()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in HEAVY else pytest.mark.slow) for name in (BOOK[0], *CHAPTERS)]
)
def test_a_page_is_within_its_budget_before_an_explorable_is_near(asked, site, name):
    sizes = {url.rpartition("/")[2]: weight(site, url) for url in asked(name)}
    assert len(sizes) > 15
    assert sum(sizes.values()) <= BUDGET, sorted(sizes.items(), key=lambda item: -item[1])[:12]
