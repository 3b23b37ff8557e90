"""How a test drives the explorable `bound`, and reads what it shows."""

import re

NAMES = ("evidence", "gap", "reconstruction", "kl")


def number(text: str) -> float:
    return float(text.replace("\N{MINUS SIGN}", "-"))


def shown(page) -> dict:
    """What the bars say, in nats, by name; `loss` is their sum as it is written."""
    found = {name: number(page.locator(f".explorable-value-{name}").inner_text()) for name in NAMES}
    return found | {"loss": number(page.locator(".explorable-bar-value.explorable-value-").inner_text())}


def drawn(page) -> list[float]:
    """The bound of k draws and its standard error."""
    return [number(part) for part in page.locator(".explorable-of-draws").inner_text().split(" ± ")]


def handle(page, name: str):
    return page.get_by_role("slider", name=name, exact=True)


def told(page, name: str) -> list[float]:
    """The numbers that a handle's text tells a screen reader: its own, then ELBO, gap and log p(x)."""
    text = handle(page, name).get_attribute("aria-valuetext").replace("\N{MINUS SIGN}", "-")
    return [float(part) for part in re.findall(r"-?\d+\.\d+", text)]


def state(page) -> dict:
    """x, mu and sigma to the digits that the handles are at."""
    x = handle(page, "x")
    left, top = x.evaluate("k => [parseFloat(k.style.left), parseFloat(k.style.top)]")
    mu, sigma = (float(handle(page, f"{name} of q").get_attribute("aria-valuenow")) for name in ("Mean", "Sigma"))
    return {"x": (0.05 * left - 2.5, 2.5 - 0.05 * top), "mu": mu, "sigma": sigma}
