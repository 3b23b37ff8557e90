"""What a forked process does first, so that none outlives the process that it works for."""

import ctypes
import os
import signal
import sys


def die_with(parent: int) -> None:
    """Leave no fork behind when its parent is killed. (Linux; elsewhere the end of its pipe ends it at its next message.)"""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)
