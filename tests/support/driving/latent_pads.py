"""How a test drives the explorable `latent_pads`, and reads what it shows."""

INT8 = 40  # the largest error of a pixel, in levels of 255, that eight bits a weight may make in the planes shown
NAMES = ("ae-2-seed0", "vae-2-seed0")


def exact(page, index):
    """The code at the pointer, from the handle's place."""
    return page.locator(".explorable-handle").nth(index).evaluate("k => [parseFloat(k.style.left), parseFloat(k.style.top)]")
