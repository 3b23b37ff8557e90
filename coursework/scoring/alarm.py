"""The alarm of a test: it stops this process's own code after seconds of its processor time, or of the clock."""

import contextlib
import signal
from collections.abc import Iterator


class OutOfTimeError(BaseException):
    """The alarm; says after how long. Not an Exception: a check that catches those of a student's code must not catch it."""


@contextlib.contextmanager
def alarm(cpu: float | int, wall: float | int) -> Iterator[None]:
    """Stop what runs within, and raise.

    Raises:
        OutOfTimeError: the processor time, or the clock, has run out.
    """
    clocks: dict[int, tuple[int, float | int]] = {
        signal.SIGPROF: (signal.ITIMER_PROF, cpu),
        signal.SIGALRM: (signal.ITIMER_REAL, wall),
    }

    def set_clocks(on: bool) -> None:
        for timer, seconds in clocks.values():
            signal.setitimer(timer, max(seconds, 0.01) if on else 0)

    def ring(number: int, frame: object) -> None:
        set_clocks(False)  # one ring is enough
        raise OutOfTimeError(f"{clocks[number][1]:.0f} s" + (" by the clock" if number == signal.SIGALRM else ""))

    before = {number: signal.signal(number, ring) for number in clocks}
    set_clocks(True)
    try:
        yield
    finally:
        set_clocks(False)
        for number, handler in before.items():
            signal.signal(number, handler)
