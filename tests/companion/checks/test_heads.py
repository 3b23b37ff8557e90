"""The check of an encoder with two heads: what is right by another build is right, each slip is named, and nothing raises."""

import itertools
import re

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from companion.checks import heads

SEEDS = (0, 1, 2)


class Right(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.SiLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        features = self.body(x)
        return self.mu_head(features), self.logvar_head(features)


class DeepAndDouble(nn.Module):
    """Three bends, weights in float64, heads in a Sequential, and a list for a tuple."""

    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        double = {"dtype": torch.float64}
        widths = [pixels, 20, 15, hidden]
        layers = [(nn.Linear(a, b, **double), nn.ReLU()) for a, b in itertools.pairwise(widths)]
        self.body = nn.Sequential(*(each for pair in layers for each in pair))
        self.mu_head = nn.Sequential(nn.Linear(hidden, latent_dim, **double))
        self.logvar_head = nn.Linear(hidden, latent_dim, bias=False, **double)

    def forward(self, x):
        features = self.body(x)
        return [self.mu_head(features), self.logvar_head(features)]


class BodyOfItsOwn(Right):
    """A body that is a module with a name for each layer."""

    class Body(nn.Module):
        def __init__(self, pixels, hidden):
            super().__init__()
            self.layer = nn.Linear(pixels, hidden)

        def forward(self, x):
            return F.gelu(self.layer(x))

    def __init__(self, pixels, hidden, latent_dim):
        super().__init__(pixels, hidden, latent_dim)
        self.body = self.Body(pixels, hidden)


class NamedTwice(nn.Module):
    """Each layer has a name outside of its part too, under which its weights are listed."""

    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.first, self.bend = nn.Linear(pixels, hidden), nn.ReLU()
        self.heads = nn.ModuleList(nn.Linear(hidden, latent_dim) for _ in range(2))
        self.body = nn.Sequential(self.first, self.bend)
        self.mu_head, self.logvar_head = self.heads

    forward = Right.forward


class BodyAsAMethod(Right):
    """A body that is a method, of layers that an optimizer finds."""

    def __init__(self, pixels, hidden, latent_dim):
        super().__init__(pixels, hidden, latent_dim)
        del self.body
        self.layers = nn.ModuleList([nn.Linear(pixels, hidden), nn.Linear(hidden, hidden)])

    def body(self, x):
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return x


def factory(pixels, hidden, latent_dim):
    return Right(pixels, hidden, latent_dim)


def changed(build=None, forward=None):
    """`Right` with something else at the end of `__init__`, or another forward."""

    class Changed(Right):
        def __init__(self, pixels, hidden, latent_dim):
            super().__init__(pixels, hidden, latent_dim)
            if build is not None:
                build(self, pixels, hidden, latent_dim)

    if forward is not None:
        Changed.forward = forward
    return Changed


def behind(bend, place=1):
    """`Right` with something behind a head."""

    def forward(self, x):
        given = list(Right.forward(self, x))
        given[place] = bend(given[place])
        return tuple(given)

    return changed(forward=forward)


def put(**parts):
    """`Right` with other parts, each made of (pixels, hidden, latent_dim)."""

    def build(self, *sizes):
        for name, make in parts.items():
            setattr(self, name, make(*sizes))

    return changed(build)


class NoSuper(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        self.body = nn.Linear(pixels, hidden)


class Hidden(nn.Module):
    """Its first layer stands in a plain list."""

    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.layers = [nn.Linear(pixels, hidden)]
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def body(self, x):
        return F.silu(self.layers[0](x))

    forward = Right.forward


def made_anew(self, x):
    self.mu_head = nn.Linear(self.mu_head.in_features, self.mu_head.out_features)
    return Right.forward(self, x)


def from_images(self, x):
    return self.mu_head(x), self.logvar_head(x)


WRONG = {
    "one tensor": (changed(forward=lambda self, x: torch.cat(Right.forward(self, x), dim=1)), "returns one tensor"),
    "a draw too": (changed(forward=lambda self, x: (*Right.forward(self, x), x)), "returns 3 values"),
    "the wrong order": (changed(forward=lambda self, x: Right.forward(self, x)[::-1]), "changed places"),
    "one layer": (changed(lambda self, *_: setattr(self, "logvar_head", self.mu_head)), "one layer answers for both"),
    "relu": (behind(torch.relu), "logvar is not what its head says: a relu"),
    "softplus": (behind(F.softplus), "a softplus keeps it above 0"),
    "variance": (behind(torch.exp), "an exponential makes it a variance"),
    "sigma": (behind(lambda logvar: (logvar / 2).exp()), "an exponential makes it a sigma"),
    "tanh of mu": (behind(torch.tanh, 0), "mu is not what its head says: a tanh"),
    "softmax of mu": (behind(lambda mu: mu.softmax(dim=1), 0), "mu is not what its head says: a so|is not finite|the same"),
    "clamp on a bounded body": (
        changed(
            lambda self, pixels, hidden, _: setattr(self, "body", nn.Sequential(nn.Linear(pixels, hidden), nn.Tanh())),
            lambda self, x: (self.mu_head(self.body(x)), self.logvar_head(self.body(x)).clamp(-10, 10)),
        ),
        "cut off where it is large",
    ),
    "tied heads": (changed(lambda self, *_: setattr(self.logvar_head, "weight", self.mu_head.weight)), "share a weight"),
    "a head of zeros": (
        changed(lambda self, *_: nn.init.zeros_(self.logvar_head.weight)),
        r"No gradient of logvar reaches `net\.body`. The weights of `net\.logvar_head` are all 0",
    ),
    "a bend before the layer": (
        put(body=lambda pixels, hidden, _: nn.Sequential(nn.ReLU(), nn.Linear(pixels, hidden))),
        "Nothing bends",
    ),
    "clamp": (behind(lambda logvar: logvar.clamp(-4, 4)), "cut off where it is large"),
    "something": (behind(lambda logvar: logvar - 1), "nothing stands behind a head"),
    "one for the batch": (behind(lambda logvar: logvar.mean(dim=0)), "logvar is one for the whole batch"),
    "the batch's mean, repeated": (behind(lambda logvar: logvar.mean(dim=0).expand_as(logvar)), "depends on the other images"),
    "one for each direction": (behind(lambda logvar: logvar.mean(dim=1)), "logvar has the wrong shape"),
    "detach": (
        changed(forward=lambda self, x: (self.mu_head(self.body(x)), self.logvar_head(self.body(x).detach()))),
        r"No gradient of logvar reaches `net\.body`",
    ),
    "detached answer": (behind(torch.Tensor.detach, 0), r"No gradient of mu reaches `net\.mu_head`"),
    "no bend": (put(body=lambda pixels, hidden, _: nn.Linear(pixels, hidden)), "Nothing bends"),
    "bend outside of the body": (
        changed(
            lambda self, pixels, hidden, _: setattr(self, "body", nn.Linear(pixels, hidden)),
            lambda self, x: (self.mu_head(F.silu(self.body(x))), self.logvar_head(F.silu(self.body(x)))),
        ),
        "belongs into the body",
    ),
    "a bend in a head": (
        put(mu_head=lambda _, hidden, latent_dim: nn.Sequential(nn.Linear(hidden, latent_dim), nn.Tanh())),
        r"`net\.mu_head` bends",
    ),
    "heads on images": (
        changed(
            lambda self, pixels, _, latent_dim: (
                setattr(self, "mu_head", nn.Linear(pixels, latent_dim)),
                setattr(self, "logvar_head", nn.Linear(pixels, latent_dim)),
            ),
            from_images,
        ),
        "does not take the features",
    ),
    "dropout": (
        put(body=lambda pixels, hidden, _: nn.Sequential(nn.Linear(pixels, hidden), nn.SiLU(), nn.Dropout(0.5))),
        "another answer the second time",
    ),
    "made anew": (changed(forward=made_anew), "another answer the second time"),
    "batch norm": (
        put(body=lambda pixels, hidden, _: nn.Sequential(nn.Linear(pixels, hidden), nn.SiLU(), nn.BatchNorm1d(hidden))),
        "fails for a single image",
    ),
    "fixed sizes": (lambda *_: Right(784, 128, 2), "raised RuntimeError"),
    "a latent_dim of its own": (lambda pixels, hidden, _: Right(pixels, hidden, 5), "mu has the wrong shape"),
    "a width of its own": (lambda pixels, _, latent_dim: Right(pixels, 3, latent_dim), "should give `hidden` numbers"),
    "float32 for ever": (behind(lambda logvar: logvar.float()), "should answer in float64"),
    "hidden in a list": (Hidden, "are not among the encoder's parameters"),
    "no super": (NoSuper, r"`super\(\).__init__\(\)` stand first"),
    "no module": (lambda *_: torch.zeros(3), "should make an nn.Module; it gave a tensor"),
    "nothing made": (lambda *_: None, "should make an nn.Module"),
    "other names": (
        changed(lambda self, *_: delattr(self, "logvar_head"), lambda self, x: (self.mu_head(self.body(x)),) * 2),
        "logvar_head",
    ),
    "an encoder and no class": (Right(3, 4, 2), "The class is asked for"),
    "a number": (3, "should be a class"),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("answer", [Right, DeepAndDouble, BodyOfItsOwn, NamedTwice, BodyAsAMethod, factory])
def test_an_encoder_of_another_build_is_right(answer, seed):
    verdict = heads.check_gaussian_encoder(answer, seed=seed)
    assert verdict.right is True, f"{verdict.message} {verdict.example}"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", WRONG)
def test_each_slip_is_named(name, seed):
    answer, says = WRONG[name]
    verdict = heads.check_gaussian_encoder(answer, seed=seed)
    assert verdict.right is False
    assert re.search(says, verdict.message), verdict.message


def test_an_encoder_that_is_not_written_is_not_answered_yet():
    class Empty(nn.Module):
        def __init__(self, pixels, hidden, latent_dim):
            super().__init__()

        def forward(self, x): ...

    assert heads.check_gaussian_encoder(Empty).right is None
    assert heads.check_gaussian_encoder(None).right is None


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(), RecursionError()])
def test_an_encoder_that_raises_gets_a_verdict(error):
    def raises(self, x):
        raise error

    for answer in (changed(raises), changed(forward=raises)):
        verdict = heads.check_gaussian_encoder(answer)
        assert verdict.right is False
        assert verdict.message


@pytest.mark.parametrize("name", WRONG)
def test_no_message_holds_a_number_of_a_case(name):
    """Sizes come from the seed, which a grader keeps to itself; examples may show them."""
    message = heads.check_gaussian_encoder(WRONG[name][0]).message
    assert not re.search(r"\d", re.sub("3 values|float64|all 0|-1 and 1|0 and 1|above 0|below 0|sum to 1", "", message)), message


def test_the_weights_of_the_answer_are_what_they_were_and_have_no_gradient_left_to_step_on():
    made = []

    def kept(*sizes):
        made.append(Right(*sizes))
        before.append({name: each.clone() for name, each in made[-1].state_dict().items()})
        return made[-1]

    before = []
    assert heads.check_gaussian_encoder(kept)
    for net, weights in zip(made, before, strict=True):
        assert all(torch.equal(weights[name].double(), each) for name, each in net.state_dict().items())


@pytest.mark.slow
def test_no_seed_makes_it_ill_posed():
    found = [heads.check_gaussian_encoder(answer, seed=seed) for seed in range(200) for answer in (Right, DeepAndDouble)]
    assert [verdict for verdict in found if verdict.right is not True] == []
