"""How a test drives each explorable and reads what it shows: on a page of its own, and on the built site."""

from tests.support.browser import PATIENCE


def scroll_to(locator) -> None:
    """Bring an element to the top of the screen, as a reader would who follows a link to it."""
    locator.evaluate("element => element.scrollIntoView({ behavior: 'instant' })")


def bring_alive(page) -> None:
    """Scroll to each explorable of a page, which fetches what it needs, and wait until it lives; then back to the top."""
    views = page.locator(".explorable-view")
    for nth in range(views.count()):
        scroll_to(views.nth(nth))
        views.nth(nth).and_(page.locator(".explorable-live")).wait_for(state="attached", timeout=PATIENCE)
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
