"""The worker of one submission, begun anew when it is lost: what ran before runs again, without the cell at fault.

A cell at which the worker is lost is flagged and never run again. When something spoke in the worker's place, the last cell of the
student's own, which may have left it there, is left out.
"""

import re
from collections.abc import Callable
from typing import Any

from coursework.handin.cells import StudentCell
from coursework.scoring.messages import STOPPED, error_name
from coursework.wire.session import Outcome, Session, StudentError, WorkerError

LOST = 6  # how often a submission may lose its worker
CELL = re.compile(r" \(<cell \d+>, line \d+\)")  # what Python adds to a SyntaxError; the line is told anyway
REREAD = 3  # how often a cell that raised runs once more, in a worker that no test has told anything, for the words of its error

Flagged = Callable[[str, str], None]
Left = Callable[[], tuple[float | int, float | int]]


class SandboxLostError(BaseException):
    """There is no new worker to be had: the fault of the sandbox, not of the submission."""


class LastingWorker:
    """A worker that can be lost and is there again.

    Args:
        start: opens a session. flag: notes something for the instructor (kind, detail). left: seconds of processor time and of the
            clock that a next cell may take. again: the same for each cell that runs again in a new worker.

    Attributes:
        session: the one in use, or None. dtype: torch's default in it, as of the last cell.
        raised: answer id -> how its cell failed, in words that a student may read.
        output, output_after: what cells printed before a test had told the worker anything, and after.
    """

    def __init__(self, start: Callable[[], Session], flag: Flagged, left: Left, again: tuple[float | int, float | int]):
        self.start, self.flag, self.left, self.again = start, flag, left, again
        self.session: Session | None = None
        self.done: list[StudentCell] = []  # what a new one has to run first
        self.raised: dict[str, str] = {}
        self.dtype: Any = None
        self.output = self.output_after = ""
        self.lost, self.reread = -1, 0
        self._used_before = 0.0  # seconds of processor time of those that are gone, less what ran again

    def used(self) -> float | int:
        """Seconds of processor time of all workers of this submission. What has to run again counts once."""
        return self._used_before + (self.session.used if self.session else 0)

    def run(self, cell: StudentCell) -> None:
        """Run a cell, and remember how it went."""
        outcome = self._attempt(cell)
        if outcome.kind == "protocol" and self.drop_suspect():
            return self.run(cell)
        for id in cell.answers:
            self.raised.pop(id, None)
        if outcome.kind is not None:
            self.flag("stopped", f"{called(cell)}: {outcome.error}")
            self.raised.update(dict.fromkeys(cell.answers, f"was stopped. {STOPPED[outcome.kind]}"))
            return None
        self.done.append(cell)
        if outcome.error:
            self.flag("raised", f"{called(cell)}: {outcome.error}")
            self.raised.update(dict.fromkeys(cell.answers, f"raised {self._in_words(cell, outcome.error)}"))
        return None

    def _in_words(self, cell: StudentCell, error: str) -> str:
        """An error as its author may read it: of a worker that a test has told something, only what kind it was.

        What a test told is in the words perhaps. So an answer's cell runs once more in a worker that knows nothing, for its words.
        """
        if self.session is None or not self.session.told:
            return error
        kind = error_name(error.partition(":")[0])
        if not cell.answers or self.reread >= REREAD:
            return f"{kind}."
        self.reread += 1
        self.lost -= 1  # this one is given up, not lost
        self.close()
        self.done.remove(cell)
        outcome = self._attempt(cell)
        self.done.append(cell)
        return outcome.error or f"{kind}."

    def drop_suspect(self) -> bool:
        """When something spoke in the worker's place: leave out the last cell of the student's own, which may have left it there."""
        suspect = next((cell for cell in reversed(self.done) if cell.kind == "own"), None)
        if suspect is None or self.lost >= LOST:
            return False
        self.done.remove(suspect)
        self.flag("stopped", f"{called(suspect)}: after it, the worker gave answers that were none.")
        return True

    def _attempt(self, cell: StudentCell) -> Outcome:
        try:
            session = self.open()
        except WorkerError as error:
            return Outcome(False, str(error), alive=False, kind=error.kind)
        told = session.told
        outcome = session.run(cell.source, *self.left())
        outcome = outcome._replace(error=outcome.error and CELL.sub("", outcome.error))
        if told:
            self.output_after += outcome.output
        else:
            self.output += outcome.output
        if outcome.alive:
            self.dtype = outcome.dtype
        else:
            self.close()
        return outcome

    def open(self) -> Session:
        """The session, begun anew and brought to where the lost one was if need be.

        Raises:
            WorkerError: it was lost too often. SandboxLostError: there is no new one.
        """
        while self.session is None:
            if self.lost >= LOST:
                raise WorkerError("often", f"The worker was lost {self.lost + 1} times; no more of this submission was run.")
            self.lost += 1
            try:
                self.session = self.start()
            except WorkerError as error:
                raise SandboxLostError(str(error)) from error
            self._run_again(self.session)
        return self.session

    def _run_again(self, session: Session) -> None:
        """Run in a new worker what ran in the lost one. A cell that it does not survive this time is left out, and said so."""
        for cell in list(self.done):
            outcome = session.run(cell.source, *self.again)
            if not outcome.alive:
                break
            self.dtype = outcome.dtype
        else:
            self._used_before -= session.used
            return
        self._used_before -= session.used
        self.done.remove(cell)
        self.flag("stopped", f"{called(cell)}, run again: {outcome.error}")
        self.close()

    def value(self, name: str) -> Any:
        """What a name holds: a plain value or a proxy.

        Raises:
            KeyError: nothing defines it. StudentError: its value cannot be carried. WorkerError: as `open`.
        """
        try:
            return self.open().value(name)
        except StudentError as error:
            if error.type == "KeyError":
                raise KeyError(name) from None
            raise

    @property
    def fault(self) -> WorkerError | None:
        """How the worker was lost, if that was so and nobody has looked yet."""
        return None if self.session is None or self.session.alive else self.session.fault

    def look(self) -> str | None:
        """Let go of a worker that was lost, even where a test did not say so; of what kind its end was."""
        if self.session is None or self.session.alive:
            return None
        fault = self.session.fault
        self.close()
        return fault.kind if fault else "died"

    def close(self) -> None:
        """End the worker, if there is one."""
        if self.session is not None:
            session, self.session = self.session, None
            session.close()
            self._used_before += session.used


def called(cell: StudentCell) -> str:
    """A cell in a message for the instructor."""
    first = next((line.strip() for line in cell.source.splitlines() if line.strip()), "")
    return f"answer {cell.id}" if cell.kind == "answer" else f"cell “{first[:40]}”"
