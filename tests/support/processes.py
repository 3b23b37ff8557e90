"""What a run leaves behind: processes that still run after it."""

import psutil


def outlives(process: psutil.Process) -> bool:
    """Whether the process runs on: neither gone since it was listed, nor a zombie, nor Python's resource tracker.

    The tracker, one for each process that ever started another, ends with that process.
    """
    try:
        tracker = any("resource_tracker" in part for part in process.cmdline())
        return process.status() != psutil.STATUS_ZOMBIE and not tracker
    except psutil.NoSuchProcess:
        return False
