"""The checks of a module and of a training step: other ways of writing them are right, and what is wrong is named."""

import math
import re

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from companion import losses, models
from companion.checks import building
from companion.checks.comparing import compare

SEEDS = (0, 1, 2)


class Tied(nn.Module):
    """With layers for the encoder, and two biases."""

    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.first, self.second = nn.Linear(pixels, hidden), nn.Linear(hidden, latent_dim)
        self.c, self.d = nn.Parameter(torch.zeros(hidden)), nn.Parameter(torch.zeros(pixels))
        for layer in (self.first, self.second):
            for w in layer.parameters():
                nn.init.uniform_(w, -0.3, 0.3, generator=generator)

    def encode(self, x):
        return self.second(F.silu(self.first(x)))

    def decode(self, z):
        return F.silu(z @ self.second.weight + self.c) @ self.first.weight + self.d

    def forward(self, x):
        return self.decode(self.encode(x))


class Plain(Tied):
    """With parameters of its own, one weight the other way round, in float64 from the start."""

    def __init__(self, pixels, hidden, latent_dim, *, generator):
        nn.Module.__init__(self)
        options = {"generator": generator, "dtype": torch.float64}
        self.v = nn.Parameter(torch.randn(pixels, hidden, **options))
        self.w = nn.Parameter(torch.randn(latent_dim, hidden, **options))
        self.biases = nn.ParameterList([torch.zeros(n).double() for n in (pixels, hidden, latent_dim, hidden)])

    def encode(self, x):
        h = x @ self.v + self.biases[1]
        return h * torch.sigmoid(h) @ self.w.T + self.biases[2]

    def decode(self, z):
        h = z @ self.w + self.biases[3]
        return h * torch.sigmoid(h) @ self.v.T + self.biases[0]


class Empty(Tied):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        nn.Module.__init__(self)

    def encode(self, x): ...

    def decode(self, z): ...


class Copied(Tied):
    def __init__(self, *sizes, generator):
        super().__init__(*sizes, generator=generator)
        self.third = nn.Parameter(self.second.weight.T.clone())


class Listed(Tied):
    def __init__(self, *sizes, generator):
        super().__init__(*sizes, generator=generator)
        self.layers = [self.second.double()]
        del self.second

    def encode(self, x):
        return self.layers[0](F.silu(self.first(x)))

    def decode(self, z):
        return F.silu(z @ self.layers[0].weight + self.c) @ self.first.weight + self.d


class Unbiased(Tied):
    def __init__(self, *sizes, generator):
        super().__init__(*sizes, generator=generator)
        del self.d

    def decode(self, z):
        return F.silu(z @ self.second.weight + self.c) @ self.first.weight


class OneBiasTwice(Tied):
    def decode(self, z):
        return F.silu(z @ self.second.weight + self.first.bias) @ self.first.weight + self.d


class Detached(Tied):
    def decode(self, z):
        return F.silu(z @ self.second.weight.detach() + self.c) @ self.first.weight.data + self.d


class Wide(Tied):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__(pixels, 2 * hidden, latent_dim, generator=generator)


class Global(Tied):
    def __init__(self, *sizes, generator):
        super().__init__(*sizes, generator=None)


class Fixed(Tied):
    def __init__(self, *sizes, generator):
        super().__init__(*sizes, generator=torch.Generator().manual_seed(0))


class Zero(Tied):
    def __init__(self, *sizes, generator):
        super().__init__(*sizes, generator=generator)
        nn.init.zeros_(self.first.weight)


class Crooked(Tied):
    def decode(self, z):
        return F.linear(z, self.second.weight)


class Kept(Tied):
    """The transposed weights are made once, and kept."""

    def __init__(self, *sizes, generator):
        super().__init__(*sizes, generator=generator)
        self.turned = self.second.weight.T, self.first.weight.T

    def decode(self, z):
        return F.linear(F.silu(F.linear(z, self.turned[0], self.c)), self.turned[1], self.d)


class SeedRead(Tied):
    def __init__(self, *sizes, generator):
        super().__init__(*sizes, generator=torch.Generator().manual_seed(generator.initial_seed()))


class Pair(Tied):
    def forward(self, x):
        return self.encode(x), self.decode(self.encode(x))


class Printed(Tied):
    def decode(self, z):
        print(super().decode(z).shape)

    def forward(self, x):
        return super().decode(self.encode(x))


class Unused(Tied):
    def decode(self, z):
        return F.silu(z @ self.second.weight + self.c) @ self.first.weight


class CodeCut(Tied):
    def forward(self, x):
        return self.decode(self.encode(x).detach())


class NoForward(Tied):
    forward = nn.Module.forward


class NoModule:
    def __init__(self, *sizes, generator):
        pass


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("answer", [Tied, Plain])
def test_a_tied_autoencoder_may_be_written_in_more_ways_than_one(answer, seed):
    verdict = building.check_tied_autoencoder(answer, seed=seed)
    assert verdict.right is True, verdict


@pytest.mark.parametrize("answer", [None, Empty])
def test_a_class_with_nothing_in_it_is_no_answer_yet(answer):
    assert building.check_tied_autoencoder(answer).right is None


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Copied, "no weight of its own"),
        (Listed, "fewer than two weights"),
        (Unbiased, "fewer than four biases"),
        (OneBiasTwice, "gets no gradient"),
        (Detached, "used twice"),
        (Wide, "sizes"),
        (Global, "same seed give different"),
        (Fixed, "different seeds give the same"),
        (Zero, "are the same"),
        (Crooked, "raised RuntimeError"),
        (Kept, "In float32 it can be called"),
        (SeedRead, "made with one generator start the same"),
        (Pair, "`forward` returns a tuple"),
        (Printed, "`decode` returns nothing"),
        (Unused, "nothing uses it"),
        (CodeCut, "back through the code"),
        (NoForward, "define `forward`"),
        (NoModule, "should be an `nn.Module`"),
        (lambda *sizes, generator: None, "should be an `nn.Module`"),
        (3, "should be a class"),
    ],
)
def test_what_is_wrong_with_a_module_is_named(answer, says, seed):
    verdict = building.check_tied_autoencoder(answer, seed=seed)
    assert verdict.right is False
    assert re.search(says, verdict.message), verdict


class NotTurned(Tied):
    def decode(self, z):
        return F.linear(z, torch.zeros(5, 4).double())


class Doubled(Tied):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__(pixels, hidden, latent_dim, generator=generator)
        self.more = nn.Parameter(torch.zeros(hidden))


def test_an_example_says_which_call_raised():
    assert "\nmodel.decode(z) raised RuntimeError" in building.check_tied_autoencoder(NotTurned).example


def test_a_bias_too_many_is_called_so():
    assert "more than four biases" in building.check_tied_autoencoder(Doubled).message


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("message", building.TIED_SLIPS)
def test_each_slip_of_a_module_is_named(message, seed):
    slip, cases = building.TIED_SLIPS[message], building._tied_cases(seed)
    verdict = compare(slip, building._by_reference, cases, slips=building.TIED_SLIPS, name="model", praise="")
    assert verdict[:2] == (False, message)


def train_in_parts(x, most, steps, lr, seed, *, told=lambda costs: costs):
    """The page's frame with the reference's step."""
    model = models.Autoencoder(2, hidden=(32,), pixels=x.shape[1], generator=torch.Generator().manual_seed(seed))
    optimizer, costs = torch.optim.SGD(model.parameters(), lr=lr), []
    for _ in range(steps):
        model.zero_grad()
        total = torch.zeros((), dtype=x.dtype)
        for i in range(math.ceil(len(x) / most)):
            part = x[i * most : (i + 1) * most]
            share = losses.bernoulli_nll(part, model(part)).mean() * len(part) / len(x)
            share.backward()
            total = total + share.detach()
        optimizer.step()
        costs.append(total)
    return told(costs), nn.utils.parameters_to_vector(model.parameters()).detach()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("told", [lambda costs: costs, torch.stack, lambda costs: [each.item() for each in costs]])
def test_a_step_in_parts_by_another_route_is_right(told, seed):
    verdict = building.check_train_in_parts(lambda *arguments: train_in_parts(*arguments, told=told), seed=seed)
    assert verdict.right is True, verdict


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("message", building.TRAINING_SLIPS)
def test_each_slip_of_a_step_is_named(message, seed):
    assert building.check_train_in_parts(building.TRAINING_SLIPS[message], seed=seed)[:2] == (False, message)


def test_a_step_on_all_images_at_once_does_not_fit():
    def answer(x, most, steps, lr, seed):
        if len(x) > most:
            raise MemoryError("too many")
        return train_in_parts(x, most, steps, lr, seed)

    verdict = building.check_train_in_parts(answer)
    assert verdict.right is False
    assert "raised MemoryError. More images than fit" in verdict.message


@pytest.mark.parametrize("seed", SEEDS)
def test_as_many_parts_as_images_fit_at_once_do_not_fit(seed):
    def answer(x, most, steps, lr, start):
        if any(len(part) > most for part in x.chunk(most)):
            raise MemoryError
        return train_in_parts(x, most, steps, lr, start)

    assert "not how many parts there are" in building.check_train_in_parts(answer, seed=seed).message


@pytest.mark.parametrize("seed", SEEDS)
def test_long_gradients_that_are_cut_are_found_out(seed):
    cut = building._with(longest=10.0)
    assert "many pixels" in building.check_train_in_parts(cut, seed=seed).message


@pytest.mark.parametrize("answer", [None, lambda *arguments: None])
def test_a_run_without_a_step_is_no_answer_yet(answer):
    assert building.check_train_in_parts(answer).right is None
