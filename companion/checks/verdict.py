"""What a check answers: a verdict, with its words and its example, and the judging of predictions in words and numbers.

A message may be read in graded feedback: it names a slip and holds nothing of a case, neither an input nor what came back. An example
is for practice: it shows the smallest case that fails, what came back and in what it differs, and never the right value.
"""

import builtins
import html
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import torch

PENDING = "Not answered yet."


class Verdict(NamedTuple):
    """What a check says of an answer; true in a condition only when the answer is right.

    >>> bool(Verdict(True, "Right.")), bool(Verdict(None, "Not answered yet."))
    (True, False)
    """

    right: bool | None  # None: there is no answer yet
    message: str  # one or two sentences for the learner
    example: str = ""  # lines that show it on a small case; for practice only

    def __bool__(self) -> bool:
        return self.right is True

    def __repr__(self) -> str:
        said = {True: "Right. ", False: "Not yet. ", None: ""}[self.right] + self.message
        return f"{said}\n{self.example}" if self.example else said

    def _repr_html_(self) -> str:
        kind = {True: "right", False: "wrong", None: "open"}[self.right]
        colour = {"right": "#1a7f37", "wrong": "#b35900", "open": "#6e7781"}[kind]
        lead = {"right": "<strong>Right.</strong> ", "wrong": "<strong>Not yet.</strong> ", "open": ""}[kind]
        style = f"border-left: 4px solid {colour}; padding: 0.4em 0.8em; margin: 0.3em 0"
        shown = f'<pre style="margin: 0.4em 0 0; white-space: pre-wrap">{html.escape(self.example)}</pre>' if self.example else ""
        message = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(self.message))
        return f'<div class="verdict verdict-{kind}" style="{style}">{lead}{message}{shown}</div>'


def error_name(error: BaseException) -> str:
    """The name of an error as a message may say it: Python's own names only, since any other could hold an input.

    >>> error_name(KeyError("mu")), error_name(type("Mu_is_3", (Exception,), {})())
    ('KeyError', 'an error')
    """
    name = type(error).__name__
    return name if isinstance(getattr(builtins, name, None), type) else "an error"


def told(error: BaseException) -> str:
    """Name an exception in one sentence, with a full stop.

    >>> told(ValueError("no such axis")), told(KeyError())
    ('ValueError: no such axis.', 'KeyError.')
    """
    text = " ".join(str(error).split())
    text = text if len(text) <= 300 else text[:300] + " ..."
    sentence = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return sentence if sentence.endswith((".", "!", "?")) else sentence + "."


def kind(value: object) -> str:
    """Name what kind of thing a value is, and nothing of what is in it.

    >>> kind(torch.zeros(3, 2)), kind("0.81"), kind([1]), kind(torch.zeros(3).mean)
    ('a tensor', 'a text', 'a list', 'a function')
    """
    if isinstance(value, torch.Tensor):
        odd = "complex " if value.is_complex() else "" if value.layout == torch.strided else "sparse "
        return f"a {odd}tensor"
    known = {
        type(None): "None",
        str: "a text",
        bool: "True or False",
        int: "a number",
        float: "a number",
        complex: "a complex number",
    }
    name = type(value).__name__
    module = type(value).__module__.partition(".")[0]
    if type(value) in known:
        return known[type(value)]
    if isinstance(value, torch.nn.Module):
        return "a module"
    if callable(value):
        return "a class" if isinstance(value, type) else "a function"
    if module not in ("builtins", "numpy", "torch", "fractions", "decimal"):
        return "an object"  # the name of a class could hold an input
    return f"{'an' if name[0].lower() in 'aeiou' or name == 'ndarray' else 'a'} {name}"


def describe(value: object) -> str:
    """Name a value for an example: a tensor by its shape, a short number or text as it is.

    >>> describe(torch.zeros(3, 2)), describe(0.5)
    ('a tensor of shape (3, 2)', '0.5')
    """
    if isinstance(value, torch.Tensor):
        return f"{kind(value)} of shape {tuple(value.shape)}"
    if isinstance(value, torch.Generator):
        return "a generator"
    if isinstance(value, int) and abs(value) >= 2**1000:
        return "a number too large to show"
    if value is None or isinstance(value, (int, float, complex, str)):
        return repr(value)[:60]
    return kind(value)


def number(value: object) -> float | None:
    """A guess as a float: any real number that is finite, in a tensor or array of one too; None for anything else.

    >>> number(3), number(torch.tensor(0.5)), number("3"), number(True)
    (3.0, 0.5, None, None)
    """
    if isinstance(value, (np.ndarray, np.generic)) and value.size == 1:
        value = value.item()
    if isinstance(value, torch.Tensor) and value.numel() == 1 and value.layout == torch.strided and not value.is_meta:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (int, float, Fraction, Decimal)):
        return None
    try:
        found = float(value)
    except (OverflowError, ValueError):
        return None
    return found if math.isfinite(found) else None


def word(value: object) -> object:
    """A guessed word without capitals and blanks around it; anything else as it is.

    >>> word(" NaN "), word(3)
    ('nan', 3)
    """
    return " ".join(str(value).split()).strip("'\".").casefold() if isinstance(value, str) else value


def not_a_table(prediction: object, wanted: Mapping) -> Verdict | None:
    """The verdict on a prediction that is no filled-in dict with the wanted keys; None when it is one, its values yet to be judged."""
    if prediction is None:
        return Verdict(None, PENDING)
    if not isinstance(prediction, dict) or set(prediction) != set(wanted):
        keys = ", ".join(repr(key) for key in wanted)
        came = (
            f"It has {', '.join(map(repr, prediction)) or 'none'}."
            if isinstance(prediction, dict)
            else f"It is {describe(prediction)}."
        )
        return Verdict(False, f"prediction should be a dict with the keys {keys}.", came[:300])
    return Verdict(None, PENDING) if all(value is None for value in prediction.values()) else None


def judge_words(prediction: Any, right: Mapping, words: tuple, wrong: Mapping, praise: str) -> Verdict:
    """Judge a dict of words against ``right``; capitals and blanks do not count.

    Args:
        right: key -> the right word.
        words: all words that may be chosen.
        wrong: (key, word) -> what to say of a wrong word.
    """
    unfilled = not_a_table(prediction, right)
    if unfilled is not None:
        return unfilled
    for key, expected in right.items():
        value = word(prediction[key])
        if value is None:
            return Verdict(False, f"prediction[{key!r}] is not filled in yet.")
        if not isinstance(value, str) or value not in words:
            choice = ", ".join(repr(each) for each in words)
            return Verdict(False, f"prediction[{key!r}] should be one of {choice}.", f"It is {describe(prediction[key])}.")
        if value != expected:
            return Verdict(False, wrong[key, value])
    return Verdict(True, praise)
