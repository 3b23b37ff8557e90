"""What a run leaves behind: processes that were started below this one and still run."""

import psutil


def started() -> set[psutil.Process]:
    """Every process below this one but the browser of other tests, which starts and ends some of its own when it pleases."""
    found = set()
    for child in psutil.Process().children():
        try:
            if not any("playwright" in part for part in child.cmdline()):
                found |= {child, *child.children(recursive=True)}
        except psutil.NoSuchProcess:
            pass
    return found


def outlives(process: psutil.Process) -> bool:
    """Whether the process runs on: neither gone since it was listed, nor a zombie, nor Python's resource tracker.

    The tracker, one for each process that ever started another, ends with that process.
    """
    try:
        tracker = any("resource_tracker" in part for part in process.cmdline())
        return process.status() != psutil.STATUS_ZOMBIE and not tracker
    except psutil.NoSuchProcess:
        return False
