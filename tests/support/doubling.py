"""A page of two questions with a check of its own, on which tests try how answers are tried."""

from pathlib import Path

from coursework.assignment.source import Exercise, load_source

PAGE = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# Exercises: doubling

```{code-cell} ipython3
import torch
from companion import plots
from companion.checks.comparing import compare
from companion.checks.verdict import Verdict

twos = torch.tensor([2.0, 2.5], dtype=torch.float64)


def check_double(double, *, seed=0):
    cases = [(twos + seed % 8,), (torch.arange(5, dtype=torch.float64),)]
    slips = {"You squared it.": lambda x: x**2, "That is 4.75.": lambda x: x + 4.75}
    return compare(double, lambda x: 2 * x, cases, name="double", praise="Twice.", slips=slips)
```

```{code-cell} ipython3
:tags: [not-graded]
raise RuntimeError("this cell is slow")
```

```{code-cell} ipython3
plots.no_such_figure(twos)
```

## 1. Double

```{code-cell} ipython3
:companion: {answer: double}
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
```

```{code-cell} ipython3
half = double
```

```{code-cell} ipython3
:companion: {test: double, points: 1}
check_double(half)
### BEGIN HIDDEN TESTS
verdict = check_double(half, seed=secret_seed)
assert verdict, verdict.message
### END HIDDEN TESTS
```

## 2. Double again

```{code-cell} ipython3
:companion: {answer: again}
def again(x):
    ### BEGIN SOLUTION
    return double(x)
    ### END SOLUTION
```

```{code-cell} ipython3
:companion: {test: again, points: 1}
check_double(again)
### BEGIN HIDDEN TESTS
verdict = check_double(again, seed=secret_seed)
assert verdict, verdict.message
### END HIDDEN TESTS
```
"""


def exercise(folder: Path) -> Exercise:
    """The exercise, written to `folder` and loaded from there."""
    path = folder / "09-double.md"
    path.write_text(PAGE, encoding="utf-8")
    return load_source(path)
