"""Whether a learner's draws come from the generator that was handed in, and are fresh each time."""

import pytest
import torch

from companion.checks.cases import seeded
from companion.checks.randomness import generator_fault

MU = torch.zeros(3, dtype=torch.float64)


def noise(mu, generator):
    return mu + torch.randn(mu.shape, generator=generator, dtype=mu.dtype)


KEPT = torch.randn(3)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (noise, None),
        (lambda mu, generator: (noise(mu, generator), 1.0), None),
        (lambda mu, generator: mu + torch.randn(3), "does not come from the generator"),
        (lambda mu, generator: mu + KEPT, "nothing random comes from the generator"),
        (lambda mu, generator: noise(mu, seeded(0)), "nothing random comes from the generator"),
        (lambda mu, generator: noise(mu, seeded(generator.initial_seed())), "set back, or copied"),
        (lambda mu, generator: None, "Not answered yet."),
        (lambda mu, generator: mu.nothing, "raised AttributeError"),
    ],
)
def test_noise_comes_from_the_generator_and_goes_on(answer, said):
    found = generator_fault(answer, (MU, seeded(5)), "draws")
    assert (found is None) if said is None else (said in found.message)
