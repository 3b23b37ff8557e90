"""What a learner may hand in for a function, and no check may stumble over."""

import torch


def broken(*arguments):
    raise KeyError("x")


STRANGE = [
    broken,
    lambda: 1.0,
    lambda *arguments: "text",
    lambda *arguments: [1.0],
    lambda *arguments: (),
    lambda *arguments: (1.0, "text"),
    lambda *arguments: (arguments[0], "text"),
    lambda *arguments: (arguments[0], arguments[0]),
    lambda *arguments: (1.0, 2.0, 3.0, 4.0, 5.0),
    lambda *arguments: torch.full((3,), torch.nan),
    lambda *arguments: torch.full((5,), torch.nan),
    lambda *arguments: torch.full((40, 3), torch.nan),
    lambda *arguments: torch.zeros(3, dtype=torch.int64),
    lambda *arguments: torch.zeros(40, 3, dtype=torch.int64),
    lambda *arguments: torch.zeros(3, dtype=torch.complex64),
    lambda *arguments: torch.zeros(0),
    lambda *arguments: float("nan"),
    lambda *arguments: 10**400,
    lambda *arguments: arguments[0].mul_(0),
    "text",
    3.0,
    {},
]
