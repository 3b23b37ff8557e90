"""The checks of chapter 2's damage: whatever draws squares or holes as the page asks is right, and what does not is named."""

import re

import pytest
import torch
import torch.nn.functional as F

from companion import losses
from companion.checks import damage

SEEDS = (0, 1, 2)


def squares(x, side, generator, *, places=None, at=None):
    """Covers square after square. places: how many first rows there are; at: turns the drawn (top, left) into another."""
    rows = round(x.shape[1] ** 0.5)
    covered = x.clone()
    for i, image in enumerate(covered.reshape(-1, rows, rows)):
        drawn = torch.randint(places(rows, side) if places else rows - side + 1, (2,), generator=generator).tolist()
        top, left = at(i, rows - side, *drawn) if at else drawn
        image[top : top + side, left : left + side] = 0
    return covered


def squares_at_once(x, side, generator):
    """All squares in one go, columns drawn before rows."""
    rows = round(x.shape[1] ** 0.5)
    left = torch.randint(rows - side + 1, (len(x), 1, 1), generator=generator)
    top = torch.randint(rows - side + 1, (len(x), 1, 1), generator=generator)
    row, column = torch.arange(rows)[:, None], torch.arange(rows)
    hole = (row >= top) & (row < top + side) & (column >= left) & (column < left + side)
    return torch.where(hole.reshape(x.shape), 0, x)


def in_place(x, side, generator):
    x[:] = squares(x, side, generator)
    return x


def scattered(x, side, generator):
    x = x.clone()
    for image in x:
        image[torch.randperm(len(image), generator=generator)[: side**2]] = 0
    return x


def twice_the_same(x, side, generator):
    half, state = (len(x) + 1) // 2, generator.get_state()
    first = squares(x[:half], side, generator)
    generator.set_state(state)
    return torch.cat([first, squares(x[half:], side, generator)])


class Across:
    """Every second square lies across from the one before."""

    def __call__(self, i, most, top, left):
        if i % 2:
            return most - self.last[0], most - self.last[1]
        self.last = top, left
        return self.last


def mirrored(x, side, generator):
    """The second half of the squares lies across from the first half."""
    rows, half = round(x.shape[1] ** 0.5), (len(x) + 1) // 2
    first = squares(x[:half], side, generator)
    turned = (first == 0).reshape(-1, rows, rows).flip(1, 2).reshape(half, -1)[: len(x) - half]
    return torch.cat([first, torch.where(turned, 0, x[half:])])


def rolled(x, side, generator):
    """Squares that run on at the other edge."""
    rows = round(x.shape[1] ** 0.5)
    covered = x.clone()
    for image in covered.reshape(-1, rows, rows):
        top, left = torch.randint(rows, (2,), generator=generator).tolist()
        i, j = (torch.arange(side) + top) % rows, (torch.arange(side) + left) % rows
        image[i[:, None], j] = 0
    return covered


def rounded(x, side, generator):
    """The first and the last place come half as often as the others."""
    rows = round(x.shape[1] ** 0.5)
    covered = x.clone()
    for image in covered.reshape(-1, rows, rows):
        top, left = (torch.rand(2, generator=generator) * (rows - side)).round().int().tolist()
        image[top : top + side, left : left + side] = 0
    return covered


class OneColumn:
    """Columns are drawn once for a batch."""

    def __call__(self, i, most, top, left):
        self.left = left if i == 0 else self.left
        return top, self.left


RIGHT_COVERS = [squares, squares_at_once, lambda x, side, generator: squares(x, side, generator).numpy()]
WRONG_COVERS = [
    (in_place, "changed an argument"),
    (scattered, "form no square"),
    (twice_the_same, "come again"),
    (mirrored, "from the other corner"),
    (rolled, "comes in again on the other"),
    (rounded, "too often"),
    (lambda x, s, g: squares(x, s, g, at=OneColumn()), "in the same columns"),
    (lambda x, s, g: squares(x, s, g, at=lambda i, most, top, left: (top // s * s, left // s * s)), "on a grid"),
    (lambda x, s, g: x[:, : 28 * 28 * 10].reshape(-1, 28, 28), "raised RuntimeError. This is for a square of one pixel"),
    (lambda x, s, g: squares(x, s, g, at=Across()), "depends on"),
    (lambda x, s, g: squares(x, s, g, at=lambda i, most, top, left: (top, top)), "always the same number"),
    (lambda x, s, g: squares(x, s, g, places=lambda rows, side: max(rows - side, 1)), "upper end"),
    (lambda x, s, g: squares(x, s, g, places=lambda rows, side: rows), "stick out"),
    (
        lambda x, s, g: squares(
            x, s, g, places=lambda rows, side: rows, at=lambda i, most, top, left: (min(top, most), min(left, most))
        ),
        "too often",
    ),
    (lambda x, s, g: squares(x, s, None), "not come from the generator"),
    (lambda x, s, g: squares(x, s, torch.Generator().manual_seed(0)), "nothing random comes"),
    (lambda x, s, g: squares(x, s, torch.Generator().manual_seed(g.initial_seed())), "set back, or copied"),
    (lambda x, s, g: x - squares(x, s, g), "cover all the rest"),
    (lambda x, s, g: torch.where(squares(x, s, g) == 0, 1, x), "in ink"),
    (lambda x, s, g: (squares(x, s, g) != 0).to(x.dtype), "a mask"),
    (lambda x, s, g: squares(x, s, g) * 0.5, "outside of the square"),
    (lambda x, s, g: squares(squares(x, s, g), s, g), "covered pixels|fewer pixels|form no square"),
    (lambda x, s, g: squares(x, s, g).double(), "dtype"),
    (lambda x, s, g: x.clone(), "Nothing is covered"),
    (lambda x, s, g: squares(x, s, g)[:1], "shape of x"),
    (lambda x, s, g: 1 / 0, "raised ZeroDivisionError"),
    (lambda x, s, g: "text", "shape of x"),
    (3, "should be a function"),
]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("answer", RIGHT_COVERS)
def test_squares_may_be_drawn_in_any_order(answer, seed):
    verdict = damage.check_cover(answer, seed=seed)
    assert verdict.right is True, verdict


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("answer", "says"), WRONG_COVERS)
def test_what_is_wrong_with_a_square_is_named(answer, says, seed):
    verdict = damage.check_cover(answer, seed=seed)
    assert verdict.right is False
    assert re.search(says, verdict.message), verdict


def damaged(x, keep, generator):
    """As chapter 2 has it."""
    return x * (torch.rand(x.shape, generator=generator, dtype=x.dtype) < keep) / keep


def draw(weights, x):
    first, second, bias = weights
    return F.silu(x @ first) @ second + bias


def each_nat(weights, seen, target):
    return F.binary_cross_entropy_with_logits(draw(weights, seen), target, reduction="none")


def denoising(weights, x, keep, generator):
    return losses.bernoulli_nll(x, draw(weights, damaged(x, keep, generator))).mean()


def one_after_the_other(weights, x, keep, generator):
    """Image after image, pixels drawn by another call."""
    total = 0
    for image in x:
        kept = torch.bernoulli(torch.full_like(image, keep), generator=generator)
        total = total + each_nat(weights, image * kept / keep, image).sum()
    return total / len(x)


def changing(weights, x, keep, generator):
    loss = denoising(weights, x, keep, generator)
    x *= 0
    return loss


def without_gradient(weights, x, keep, generator):
    with torch.no_grad():
        return denoising(weights, x, keep, generator)


def target_damaged(weights, x, keep, generator):
    seen = damaged(x, keep, generator)
    return each_nat(weights, seen, seen).sum(dim=1).mean()


def only(kept):
    def loss(weights, x, keep, generator):
        seen = damaged(x, keep, generator)
        return (each_nat(weights, seen, x) * ((seen != 0) == kept)).sum(dim=1).mean()

    return loss


def with_noise(shape, share=lambda keep: keep):
    """Holes from noise of another shape, or with another share of what stays."""

    def loss(weights, x, keep, generator):
        noise = torch.rand(shape(x), generator=generator, dtype=x.dtype)
        return each_nat(weights, x * (noise < share(keep)) / keep, x).sum(dim=1).mean()

    return loss


def ranked(weights, x, keep, generator):
    """Of every image the same number of pixels stays."""
    order = torch.rand(x.shape, generator=generator, dtype=x.dtype).argsort(dim=1).argsort(dim=1)
    return each_nat(weights, x * (order < round(keep * x.shape[1])) / keep, x).sum(dim=1).mean()


def antithetic(weights, x, keep, generator):
    noise = torch.rand(x.shape, generator=generator, dtype=x.dtype)
    half = len(x) // 2
    if half:
        noise[-half:] = 1 - noise[:half]
    return each_nat(weights, x * (noise < keep) / keep, x).sum(dim=1).mean()


def course_loss_of_damaged(weights, x, keep, generator):
    seen = damaged(x, keep, generator)
    return losses.bernoulli_nll(seen, draw(weights, seen)).mean()


RIGHT_LOSSES = [
    denoising,
    one_after_the_other,
    lambda w, x, k, g: denoising([each.float() for each in w], x.float(), k, g),
]
WRONG_LOSSES = [
    (target_damaged, "asked to copy the holes"),
    (course_loss_of_damaged, "asked to copy the holes"),
    (lambda w, x, k, g: losses.bernoulli_nll(draw(w, damaged(x, k, g)), x).mean(), "takes first what is compared with"),
    (ranked, "same number of pixels stays"),
    (antithetic, "depend on those of another"),
    (lambda w, x, k, g: each_nat(w, damaged(damaged(x, k, g), k, g), x).sum(dim=1).mean(), "brighter twice"),
    (lambda w, x, k, g: each_nat(w, damaged(x, k, g).clamp(max=1), x).sum(dim=1).mean(), "cut the kept pixels off"),
    (lambda w, x, k, g: denoising((w[0], w[1], w[2].detach()), x, k, g), "one of the three weights"),
    (lambda w, x, k, g: losses.bernoulli_nll(x, draw(w, x)).mean(), "with no damage"),
    (lambda w, x, k, g: each_nat(w, x, damaged(x, k, g)).sum(dim=1).mean(), "exchanged the two: the network"),
    (lambda w, x, k, g: each_nat(w, damaged(x, k, g), damaged(x, k, g)).sum(dim=1).mean(), "a second time"),
    (lambda w, x, k, g: each_nat(w, k * damaged(x, k, g), x).sum(dim=1).mean(), "get brighter"),
    (lambda w, x, k, g: denoising(w, x, 1 - k if k < 1 else k, g), "exchanged the two shares"),
    (only(False), "counts the holes only"),
    (only(True), "that were kept only"),
    (lambda w, x, k, g: denoising(w, x, k, g) / x.shape[1], "mean over the pixels"),
    (lambda w, x, k, g: denoising(w, x, k, g) * len(x), "sum over the images"),
    (lambda w, x, k, g: each_nat(w, damaged(x, k, g), x).sum(dim=1), "one number"),
    (lambda w, x, k, g: losses.bernoulli_nll(x, draw(w, damaged(x, k, g)).sigmoid()).mean(), "Sigmoid twice"),
    (lambda w, x, k, g: (x - draw(w, damaged(x, k, g)).sigmoid()).square().sum(dim=1).mean(), "squared error"),
    (lambda w, x, k, g: -denoising(w, x, k, g), "negative"),
    (lambda w, x, k, g: denoising(w, x, k, g) + 1, "No choice of holes"),
    (with_noise(lambda x: x.shape[1]), "the same holes"),
    (with_noise(lambda x: (len(x), 1)), "All pixels of an image"),
    (with_noise(lambda x: x.shape, lambda keep: keep / 3 if keep < 1 else 1), "another share"),
    (lambda w, x, k, g: denoising(w, x, k, None), "not come from the generator"),
    (lambda w, x, k, g: denoising(w, x, k, torch.Generator().manual_seed(0)), "nothing random comes"),
    (changing, "changed an argument"),
    (without_gradient, "no gradient"),
    (lambda w, x, k, g: denoising(w, x, k, g).item(), "no gradient"),
    (lambda w, x, k, g: denoising((w[0].detach(), *w[1:]), x, k, g), "no gradient"),
    (lambda w, x, k, g: {"loss": denoising(w, x, k, g)}, "real numbers"),
    (lambda w, x, k, g: 1 / 0, "raised ZeroDivisionError"),
    (3, "should be a function"),
]


@pytest.mark.medium
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("answer", RIGHT_LOSSES)
def test_holes_may_be_drawn_in_any_order(answer, seed):
    verdict = damage.check_denoising_loss(answer, seed=seed)
    assert verdict.right is True, verdict


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("answer", "says"), WRONG_LOSSES)
def test_what_is_wrong_with_a_denoising_loss_is_named(answer, says, seed):
    verdict = damage.check_denoising_loss(answer, seed=seed)
    assert verdict.right is False
    assert re.search(says, verdict.message), verdict


def test_a_gradient_that_is_not_that_of_the_loss_is_found_out():
    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, value):
            return value.clone()

        @staticmethod
        def backward(ctx, gradient):
            return 2 * gradient

    verdict = damage.check_denoising_loss(lambda w, x, k, g: Doubled.apply(denoising(w, x, k, g)))
    assert verdict.right is False
    assert "gradient with respect to the weights is not" in verdict.message


@pytest.mark.parametrize("check", [damage.check_cover, damage.check_denoising_loss])
@pytest.mark.parametrize("answer", [None, lambda *arguments: None])
def test_nothing_is_no_answer_yet(check, answer):
    assert check(answer).right is None
