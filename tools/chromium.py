"""A Chromium or Chrome of this machine: where it is, and how it is started without a window and without a word to anybody."""

import shutil

PROGRAMS = ("chromium", "/usr/bin/chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find() -> str | None:
    """Return the path of the program, or None where there is none."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)
