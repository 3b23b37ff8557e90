"""The terms on which a class is graded, the same for all."""

from typing import NamedTuple

from coursework.assignment.source import Exercise
from coursework.assignment.variants import UNKEYED
from coursework.wire.limits import TIMEOUT, wall_of


class Terms(NamedTuple):
    """timeout, wall: seconds of processor time, and of the clock, for one cell and for one test; a submission has ten times that.
    forbid: modules that a student's code may not import, besides those that the exercise forbids. seed: what `secret_seed` is in tests.
    """

    timeout: float | int = TIMEOUT
    wall: float | int | None = None
    forbid: tuple[str, ...] = ()
    seed: int = UNKEYED

    @property
    def clock(self) -> float | int:
        """Seconds of the clock; where none were asked for, ten times those of processor time."""
        return wall_of(self.timeout, self.wall)

    def forbidden(self, exercise: Exercise) -> tuple[str, ...]:
        """All modules that are forbidden."""
        return tuple(dict.fromkeys((*exercise.forbid, *self.forbid)))
