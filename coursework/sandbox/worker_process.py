"""A process that becomes a worker: it gives up what it has (`confine`), then answers questions (`wire.worker`). Never returns.

Either the forkserver forks it, or it has a sandbox of its own and is started by its command line.
"""

import ctypes
import json
import os
from typing import NoReturn

from coursework.sandbox import confine
from coursework.wire.worker import serve, warm


def begin(read: int, write: int, limits: dict, size: int, *, alone: bool) -> NoReturn:
    """Turn this process into a worker on two descriptors, closing all others, and serve. Never returns.

    limits, size, alone: see `confine.bound`.
    """
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)
    keep = sorted({read, write})
    for low, high in zip([2, *keep], [*keep, 1 << 16], strict=True):
        os.closerange(low + 1, high)
    confine.bound(limits, size, alone=alone)
    if confine.LINUX:
        confine.drop_rights()
    try:
        serve(read, write, limits["output"])
    finally:
        os._exit(0)


def main(settings: str) -> NoReturn:
    """A single worker on standard input and output, for a sandbox that holds one submission."""
    told = json.loads(settings)
    read, write = os.dup(0), os.dup(1)
    if confine.LINUX:
        confine.become_nobody() if told["walled"] else None
        ctypes.CDLL(None).prctl(confine.DIE_WITH_PARENT, 9, 0, 0, 0)
    warm()
    begin(read, write, told["limits"], confine.mapped(), alone=told["walled"])
