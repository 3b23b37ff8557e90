"""Sphinx extension: what the folds of code cells say, whose output or code waits (tags hide-output and hide-input).

myst-nb makes the folds, with one pair of prompts for both kinds: "Show code cell output". A learner who has just written down a guess is
told what is behind the fold instead. How folds look is a section of book/_static/course.css.
"""

from typing import Any

from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

CODE = ("Show the code", "Hide the code")
OUTPUT = ("Show what came out", "Hide what came out")
PROMPTS = {"above-input": CODE, "below-input": OUTPUT, "above-output": OUTPUT}  # a class that myst-nb gives a fold -> closed, open


class Prompts(SphinxPostTransform):
    """Give each fold the words of its kind; runs after myst-nb has made the folds (its priority is 199)."""

    default_priority = 200
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Write both prompts of every fold on the page."""
        for fold in self.document.findall(HideCodeCellNode):
            kind = next(name for name in PROMPTS if name in fold["classes"])
            fold["prompt_show"], fold["prompt_hide"] = PROMPTS[kind]


def setup(app: Sphinx) -> dict:
    """Run on every page."""
    app.add_post_transform(Prompts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
