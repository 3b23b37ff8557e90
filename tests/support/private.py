"""A private assignment as an instructor keeps it: every part that must not get out says so in a word of its own."""

from pathlib import Path

SECRETS = ("solutionmark", "hiddenmark", "notemark", "wrongmark", "slipmark", "saysmark", "wordsmark", "othermark")
SOURCE = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
companion: {variants: {n: [3, 4], word: [red, othermark]}}
---

# Exercises: a private one

Use {{n}} and {{word}}. See [the first chapter](../01-autoencoders.ipynb).

```{code-cell} ipython3
import companion
```

## 1. Double it

```{code-cell} ipython3
:companion: {answer: double}

def double(x):
    ### BEGIN SOLUTION
    solutionmark = 2 * x
    return solutionmark
    ### END SOLUTION
```

```{code-cell} ipython3
:companion: {test: double, points: 2}

double({{n}})
### BEGIN HIDDEN TESTS
hiddenmark = double({{n}})
assert hiddenmark is not None, "Not answered yet."
assert hiddenmark == 2 * {{n}}, "Once is not twice." if hiddenmark == {{n}} else "Not the double."
### END HIDDEN TESTS
```

+++ {"companion": {"note": "double"}}

Read [chapter 1](../01-autoencoders.ipynb) again: notemark.

```{code-cell} ipython3
:companion: {wrong: double, slip: slipmark, says: Once|saysmark}

def double(x):
    wrongmark = x
    return wrongmark
```

+++ {"companion": {"written": "why", "points": 3}}

Say why, for {{word}}.

### BEGIN SOLUTION
Because of wordsmark.
### END SOLUTION
"""


def folder(place: Path, source: str = SOURCE, name: str = "double.md") -> Path:
    """A folder with the source in it."""
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(source, encoding="utf-8")
    return place
