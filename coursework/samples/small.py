"""A small exercise as an instructor would write it, and notebooks that students could hand in for it, made in code."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path

from coursework.assignment.release import student_notebook
from coursework.assignment.source import Exercise, load_source

SOURCE = '''---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# Exercises: a small set

Four short exercises.

```{code-cell} ipython3
import torch
from torch import nn

from companion import checks

mu0 = torch.tensor([[0.5, -1.0], [0.0, 2.0]], dtype=torch.float64)
```

## 1. Guess a number

```{code-cell} ipython3
:companion: {answer: guess}

prediction = None  # your answer: how many nats does a fair coin hold?
### BEGIN SOLUTION
prediction = 0.6931
### END SOLUTION
```

```{code-cell} ipython3
:companion: {test: guess, points: 1}

print("Answered." if prediction is not None else "Not answered yet.")
### BEGIN HIDDEN TESTS
import math
assert prediction is not None, "Not answered yet."
assert math.isclose(prediction, math.log(2), rel_tol=0.01), "A fair coin holds another number of nats."
### END HIDDEN TESTS
```

## 2. Write the KL

```{code-cell} ipython3
:companion: {answer: gaussian_kl}

def gaussian_kl(mu, logvar):
    """Return the KL of each image, (batch,), from mu and logvar, each (batch, latent_dim)."""
    ### BEGIN SOLUTION
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    ### END SOLUTION
```

```{code-cell} ipython3
:companion: {test: gaussian_kl, points: 2}

checks.check_gaussian_kl(gaussian_kl)
### BEGIN HIDDEN TESTS
verdict = checks.check_gaussian_kl(gaussian_kl)
assert verdict, verdict.message
generator = torch.Generator().manual_seed(3)
mu, logvar = torch.randn(2, 5, 4, generator=generator, dtype=torch.float64)
q = torch.distributions.Normal(mu, (0.5 * logvar).exp())
kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(dim=1)
assert torch.allclose(gaussian_kl(mu, logvar), kl), "Your KL differs from torch.distributions on new numbers."
### END HIDDEN TESTS
```

Here is what it says of two images.

```{code-cell} ipython3
values = gaussian_kl(mu0, torch.zeros_like(mu0))
print(values)
```

## 3. Draw with a generator

```{code-cell} ipython3
:companion: {answer: draw}

def draw(mu, logvar, generator):
    """Return z = mu + sigma eps, eps drawn from the generator, in the shape of mu."""
    ### BEGIN SOLUTION
    eps = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
    return mu + (0.5 * logvar).exp() * eps
    ### END SOLUTION
```

```{code-cell} ipython3
:companion: {test: draw, points: 3}

print("Written." if draw(mu0, mu0, torch.Generator().manual_seed(0)) is not None else "Not answered yet.")
### BEGIN HIDDEN TESTS
mu, logvar = mu0.clone().requires_grad_(), (0.3 * mu0).requires_grad_()
z = draw(mu, logvar, torch.Generator().manual_seed(5))
assert z is not None, "Not answered yet."
eps = torch.randn(2, 2, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
assert torch.allclose(z, mu + (0.5 * logvar).exp() * eps), "The draws are not mu + sigma eps with eps from the generator."
z.sum().backward()
assert torch.allclose(mu.grad, torch.ones(2, 2, dtype=torch.float64)), "The gradient does not reach mu."
assert torch.allclose(logvar.grad, 0.5 * (0.5 * logvar).exp() * eps), "The gradient does not reach logvar."
generator = torch.Generator().manual_seed(5)
first, second = draw(mu0, mu0, generator), draw(mu0, mu0, generator)
assert not torch.equal(first, second), "Two calls with one generator gave the same draws."
### END HIDDEN TESTS
```

## 4. Build an encoder

```{code-cell} ipython3
:companion: {answer: encoder}

class Encoder(nn.Module):
    """Map x (batch, 6) to mu and logvar, each (batch, latent_dim), through one hidden layer of 8 with SiLU."""

    def __init__(self, latent_dim):
        super().__init__()
        ### BEGIN SOLUTION
        self.hidden = nn.Linear(6, 8)
        self.mu = nn.Linear(8, latent_dim)
        self.logvar = nn.Linear(8, latent_dim)
        ### END SOLUTION

    def forward(self, x):
        """Return (mu, logvar)."""
        ### BEGIN SOLUTION
        h = nn.functional.silu(self.hidden(x))
        return self.mu(h), self.logvar(h)
        ### END SOLUTION
```

```{code-cell} ipython3
:companion: {test: encoder, points: 4}

print("Written." if Encoder(3)(torch.zeros(2, 6)) is not None else "Not answered yet.")
### BEGIN HIDDEN TESTS
x = torch.randn(5, 6, generator=torch.Generator().manual_seed(7))
model = Encoder(3)
out = model(x)
assert isinstance(out, tuple) and len(out) == 2, "forward should return mu and logvar."
assert all(isinstance(part, torch.Tensor) and part.shape == (5, 3) for part in out), "mu and logvar should each be (batch, latent_dim)."
assert torch.allclose(model(x[:2])[0], out[0][:2], atol=1e-6), "An image's code should not hang on the other images."
assert not torch.allclose(out[0], out[1]), "mu and logvar are the same numbers."
count = sum(p.numel() for _, p in model.named_parameters())
assert count == 6 * 8 + 8 + 2 * (8 * 3 + 3), "The layers have other sizes than asked for."
wanted = x.clone().requires_grad_()
sum(part.sum() for part in model(wanted)).backward()
assert wanted.grad is not None and wanted.grad.abs().sum() > 0, "No gradient reaches the input."
### END HIDDEN TESTS
```

+++ {"companion": {"written": "why", "points": 2}}

Say in one sentence why the draw keeps its gradient.

### BEGIN SOLUTION
The noise does not depend on the parameters.
### END SOLUTION
'''

ANSWERS = {
    "guess": "prediction = 0.693",
    "gaussian_kl": "def gaussian_kl(mu, logvar):\n    return -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1)",
    "draw": (
        "def draw(mu, logvar, generator):\n    sigma = torch.exp(logvar / 2)\n"
        "    return mu + sigma * torch.randn(*mu.shape, generator=generator, dtype=mu.dtype)"
    ),
    "encoder": (
        "class Encoder(nn.Module):\n    def __init__(self, latent_dim):\n        super().__init__()\n"
        "        self.body = nn.Sequential(nn.Linear(6, 8), nn.SiLU())\n        self.head = nn.ModuleList(\n"
        "            [nn.Linear(8, latent_dim), nn.Linear(8, latent_dim)])\n\n"
        "    def forward(self, x):\n        h = self.body(x)\n        return self.head[0](h), self.head[1](h)"
    ),
}
POINTS = {"guess": 1, "gaussian_kl": 2, "draw": 3, "encoder": 4}
FULL = sum(POINTS.values())


def exercise(folder: Path) -> Exercise:
    """The exercise, written to `folder` and loaded from there."""
    path = Path(folder) / "small.md"
    path.write_text(SOURCE, encoding="utf-8")
    return load_source(path)


def notebook(exercise: Exercise, answers: Mapping[str, str] = ANSWERS) -> dict:
    """What a student hands in: the released notebook as plain JSON, with these answers (id -> code) in place of the stubs."""
    made = json.loads(json.dumps(student_notebook(exercise)))
    for cell in made["cells"]:
        cell["source"] = answers.get(grade_id(cell) or "", cell["source"])
    return made


def grade_id(cell: dict) -> str | None:
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def cell_of(made: dict, id: str) -> dict:
    """The cell with this grade_id."""
    return next(cell for cell in made["cells"] if grade_id(cell) == id)


def code(source: str, id: str | None = None) -> dict:
    """A code cell, an answer's where `id` names one."""
    metadata = {"nbgrader": {"grade_id": id, "grade": False, "solution": True, "schema_version": 3}} if id else {}
    return {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": source}


def with_cells(made: dict, cells: list) -> dict:
    """The same notebook with other cells."""
    return {**copy.deepcopy(made), "cells": cells}
