"""What each process of the pool does: it opens a sandbox, grades the reference, then one submission after the other."""

import math
import os
import warnings
from pathlib import Path
from typing import NamedTuple

from coursework.assignment.source import Exercise
from coursework.scoring.forbidden import needed
from coursework.scoring.reference import combinations, reference
from coursework.scoring.results import Result, lost
from coursework.scoring.scorer import grade_reference, grade_submission, warm
from coursework.scoring.terms import Terms
from coursework.wire.limits import WHOLE, Limits
from coursework.wire.shape import Shape

TRIES = 2  # how often a submission is graded before its result says that the grader failed


class GradeError(RuntimeError):
    """Grading cannot begin: a wrong argument, no sandbox, a reference that fails its own tests. Says which and what to do."""


class Settings(NamedTuple):
    """What all submissions share."""

    exercise: Exercise
    sandbox: str
    terms: Terms = Terms()


class Task(NamedTuple):
    """A submission to grade. student: whose result it is. values: of the exercise's placeholders."""

    student: str
    path: Path
    values: dict


class Grader:
    """Grades submissions in a sandbox, which processes forked from this one share; opens one of its own after a fault.

    Raises:
        GradeError: the reference fails its own tests. SandboxError: there is no sandbox.
    """

    def __init__(self, settings: Settings):
        import torch

        torch.set_num_threads(1)  # before anything is forked: a forked process has no pool of threads
        self.settings = settings
        self.owner: int | None = None  # the process that opened the sandbox; None: there is none to close
        self.open()
        try:
            self.shape = self._reference()
        except BaseException:
            self.close()
            raise

    def open(self) -> None:
        """Open a sandbox, in place of the one before."""
        from coursework.sandbox.supervisor import Supervisor, UnconfinedWarning

        self.close()
        limits = Limits(cpu=max(Limits().cpu, math.ceil(WHOLE * self.settings.terms.timeout)))
        supervisor = Supervisor(self.settings.sandbox, limits)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnconfinedWarning)  # said once, by `grade`
            self.supervisor, self.owner = supervisor.__enter__(), os.getpid()

    def close(self) -> None:
        """Close the sandbox, if this process opened it."""
        if self.owner == os.getpid():
            self.supervisor.__exit__(None, None, None)
            self.owner = None

    def _reference(self) -> Shape:
        """Grade the reference with each value of the variants: when it fails its own tests, no result would mean anything."""
        places: dict = {}
        for values in combinations(self.settings.exercise):
            exercise = self.settings.exercise.with_values(values)
            warm(exercise)
            result, shape = grade_reference(exercise, self.supervisor, self.settings.terms)
            if result.status != "graded":
                raise GradeError(f"the reference of {exercise.name} could not be graded: {result.flags[0].detail}")
            if wrong := [f"{test.id}: {test.detail or test.message}" for test in result.tests if test.points < test.max_points]:
                why = self._forbidden(exercise) or "fails its own tests"
                raise GradeError(f"the reference of {exercise.name} {why}, so nothing was graded. {'; '.join(wrong)}")
            for place, kinds in shape.places.items():
                places[place] = sorted({*places.get(place, ()), *kinds})
        return Shape(places)

    def _forbidden(self, exercise: Exercise) -> str:
        """Where the reference imports what is forbidden: which module, and who forbids it."""
        cells = reference(exercise).cells
        if modules := needed(cells, self.settings.terms.forbid):
            return f"itself imports {', '.join(modules)}, which --forbid {' '.join(self.settings.terms.forbid)} forbids"
        if modules := needed(cells, exercise.forbid):
            return f"itself imports {', '.join(modules)}, which the source's `forbid` forbids"
        return ""

    def result(self, task: Task) -> Result:
        """Grade a submission; once more, in a new sandbox, where the grader itself failed."""
        exercise = self.settings.exercise.with_values(task.values)
        result = lost(exercise, ())
        for _ in range(TRIES):
            result = grade_submission(exercise, task.path, self.supervisor, self.settings.terms, shape=self.shape)
            if not any(flag.kind in ("failed", "unfinished") for flag in result.flags):
                break
            self.open()  # whatever is left of that submission ends with the old sandbox
            if result.status != "failed":
                break
        return result
