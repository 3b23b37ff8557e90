"""Waiting until something has happened: no fixed delays. What has not happened after `HANG` seconds never will."""

import time
from collections.abc import Callable

HANG = 300  # seconds; only a failing test waits as long


def until(happened: Callable[[], object], what: str) -> object:
    """Wait until `happened()` is true; return what it gave.

    Raises:
        AssertionError: it has not happened after some minutes; says `what`.
    """
    end = time.monotonic() + HANG
    while not (answer := happened()):
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain until {what}")
        time.sleep(0.01)
    return answer
