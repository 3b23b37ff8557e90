"""Checks for denoising: damage that is drawn from a generator, and the loss of a network that gets to see damaged images.

Which numbers an answer draws, and in which order, is its own affair. So damage is judged by its shape and by where it falls, and a loss
by whether it is one of those that some damage gives: on images of three pixels there are eight.
"""

import itertools
import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from companion.checks import values
from companion.checks.calling import Called, example, not_given, run, shown, trouble
from companion.checks.cases import Case, normals, seeded, uniform, whole
from companion.checks.randomness import generator_fault
from companion.checks.values import Near, near
from companion.checks.verdict import PENDING, Verdict

COVER, LOSS = "cover", "denoising_loss"
MANY = 2000  # images, so that a place that comes half as often as the others is seen


def check_cover(answer: Any, *, seed: int = 0) -> Verdict:
    """Judge ``answer(x, side, generator)``: images (n, rows * rows) with a square of side * side pixels set to 0, anywhere in each."""
    missing = not_given(answer, COVER)
    if missing is not None:
        return missing
    cases = _cover_cases(seed)
    calls = [run(answer, case.arguments, aloud=i == 0) for i, case in enumerate(cases)]
    found = [_cover_trouble(case, called) for case, called in zip(cases, calls, strict=True)]
    if all(each is not None and each.right is None for each in found):
        return Verdict(None, PENDING)
    for case, called, each in zip(cases, calls, found, strict=True):
        if each is not None:
            message = f"{COVER} returned nothing in one case." if each.right is None else each.message
            message += f" This is for {case.about}." if called.raised is not None else ""
            return Verdict(False, message, each.example or _example(COVER, case))
    x = uniform(0.1, 0.9, 20, 36, generator=seeded(seed))  # so many that draws from elsewhere do not agree by chance
    return _first_of(
        lambda: _changed_or_cast(COVER, cases, calls, dtype=True),
        lambda: generator_fault(answer, (x, 2, seeded(seed)), COVER),
        lambda: _place_fault(answer, seed),
        praise="Each image has a square of its own, all of it in the picture, and every place is as likely as any other.",
    )


def _cover_cases(seed: int) -> list[Case]:
    """Images without a pixel of 0, so that what is covered can be seen."""
    generator = seeded(seed)
    rows, n, start = whole(5, 7, generator), whole(3, 6, generator), whole(0, 1000, generator)

    def images(n: int, rows: int) -> Tensor:
        return uniform(0.1, 0.9, n, rows**2, generator=generator)

    many = images(n, rows)
    return [
        Case((images(1, 3), 1, seeded(start)), "a square of one pixel in one image"),
        Case((images(1, 3), 2, seeded(start)), "one image"),
        Case((images(2, 4), 4, seeded(start)), "a square as large as the image"),
        Case((many, whole(2, rows - 2, generator), seeded(start)), "several images"),
        Case((many.float(), 2, seeded(start)), "images in float32"),
    ]


def _cover_trouble(case: Case, called: Called) -> Verdict | None:
    """The verdict on one call; None where a whole square of each image is covered, and nothing else is changed."""
    found = trouble(called, shown(COVER, case.arguments, ("x", "side", "generator")), COVER)
    if found is not None:
        return found
    x, side, _ = case.arguments
    got = values.plain(called.value)
    if not isinstance(got, Tensor) or got.shape != x.shape:
        return Verdict(False, f"{COVER} should return images of the shape of x.", _example(COVER, case, f"gave {values.text(got)}"))
    got = got.detach().double()
    message = _cover_slip(x.double(), got, side)
    return (
        Verdict(False, f"{message} This is for {case.about}.", _example(COVER, case, f"gave {values.text(got)}"))
        if message
        else None
    )


def _cover_slip(x: Tensor, got: Tensor, side: int) -> str | None:
    """Say what is wrong with covered images; None when nothing is."""
    rows = math.isqrt(x.shape[1])
    different, hole = ~torch.isclose(got, x, rtol=1e-6, atol=1e-7), got == 0
    if not different.any():
        return "Nothing is covered."
    if torch.isin(got, torch.tensor([0.0, 1.0], dtype=got.dtype)).all() and side < rows:
        return "You give only zeros and ones: a mask, and not the images behind it."
    if bool((got[different] == 1).all()):
        return "You paint the square in ink, 1. It is to be paper, 0."
    if (different & ~hole).any():
        return "Pixels outside of the square are changed, or those in it are not 0."
    count = hole.sum(dim=1)
    if (count == rows**2 - side**2).all() and side**2 * 2 != rows**2:
        return "You keep the square and cover all the rest."
    if (count < side**2).any() and (count > 0).all():
        return "In some image fewer pixels are covered than the square has: does it stick out, or is it cut off at the border?"
    if (count != side**2).any():
        return "In some image the number of covered pixels is not that of the square: each image has one square."
    square = hole.reshape(-1, rows, rows)
    across, down = square.any(dim=1), square.any(dim=2)
    if ((across.sum(dim=1) != side) | (down.sum(dim=1) != side)).any():
        return "As many pixels are covered as the square has, but they form no square: which pixels lie below each other?"
    if (_broken(across) | _broken(down)).any():
        return "A square that leaves the picture on one side comes in again on the other. All of it is to lie in one piece."
    return None


def _broken(covered: Tensor) -> Tensor:
    """Say of each row of yes and no whether the yes are not all next to each other: (n, rows) -> (n,)."""
    return (covered[:, 1:] & ~covered[:, :-1]).sum(dim=1) + covered[:, 0] > 1


def _place_fault(answer: Callable, seed: int) -> Verdict | None:
    """What is wrong with where squares fall, over many images; None when nothing is."""
    generator = seeded(seed)
    rows, side = whole(6, 7, generator), whole(2, 3, generator)
    x = torch.full((MANY, rows**2), 0.5, dtype=torch.float64)
    called = run(answer, (x, side, seeded(whole(0, 1000, generator))))
    example = f"{COVER} with {MANY} images of {rows} x {rows} pixels and side {side}"
    found = trouble(called, example, COVER)
    if found is not None:
        return found
    got = values.plain(called.value)
    if not isinstance(got, Tensor) or got.shape != x.shape:
        return Verdict(False, f"{COVER} should return images of the shape of x. This is for many images.", example)
    hole = (values.as_float64(got) == 0).reshape(-1, rows, rows)
    top, left = hole.any(dim=2).double().argmax(dim=1), hole.any(dim=1).double().argmax(dim=1)
    message = _cover_slip(x, got.detach().double(), side) or _place_slip(top, left, side, rows - side + 1)
    return Verdict(False, message, example) if message else None


def _place_slip(top: Tensor, left: Tensor, side: int, places: int) -> str | None:
    """Say what is odd about the places of squares, of which each has `places` rows and as many columns; None when nothing is."""
    at = top * places + left
    if (at == at[0]).all():
        return "All images of a batch get the square at the same place. Each image is to have a place of its own."
    if (top == top[0]).all() or (left == left[0]).all():
        return "All squares of a batch lie in the same rows, or in the same columns. Draw both for each image."
    if (top == left).all():
        return "Row and column of a square are always the same number. Draw one for each."
    if (top % side == 0).all() and (left % side == 0).all():
        return "Squares lie on a grid, side by side. A square may begin in any row and column in which it fits."
    return (
        _edge_slip(top, left, places) or _repeat_slip(at, places**2) or _share_slip(top, left, places) or _chain_slip(at, places**2)
    )


def _edge_slip(top: Tensor, left: Tensor, places: int) -> str | None:
    if top.max() < places - 1 or left.max() < places - 1:
        return "No square ever reaches the last row, or the last column. Does your draw leave out its upper end?"
    if top.min() > 0 or left.min() > 0:
        return "No square ever reaches the first row, or the first column."
    return None


def _repeat_slip(at: Tensor, count: int) -> str | None:
    """Say it where places, whole numbers below count, come again further down."""
    lags = range(1, len(at) // 2 + 1)
    if any((at[lag:] == at[:-lag]).all() for lag in lags):
        return "The places come again in the same order further down the batch. Each image needs a draw of its own."
    if any((at[lag:] + at[:-lag] == count - 1).all() for lag in lags):
        return "The places come again further down the batch, seen from the other corner. Each image needs a draw of its own."
    return None


def _chain_slip(at: Tensor, count: int) -> str | None:
    """Say it where a place, a whole number below count, depends on the one before."""
    pairs = (len(at) - 1) / count
    for chained in (at[1:] == at[:-1], at[1:] + at[:-1] == count - 1):  # the same place again, or the one across
        if abs(chained.sum().item() - pairs) > 6 * math.sqrt(pairs):
            return "The place in one image depends on that in the image before it. Draw them independently."
    return None


def _share_slip(top: Tensor, left: Tensor, places: int) -> str | None:
    """Say it where a row, a column or a place comes more often than by chance, or more rarely; or all places as often as each other."""
    for at, count in ((top, places), (left, places), (top * places + left, places**2)):
        expected = len(at) / count
        off = (torch.bincount(at, minlength=count) - expected).abs()
        if (off > 6 * math.sqrt(expected)).any():
            return "Some places of the square come too often. Every place in the picture is to be as likely as any other."
        if count == places**2 and (off < 1).all():
            return "Each place comes equally often in a batch, so the last images get what is left. Each image needs a draw of its own."
    return None


def check_denoising_loss(answer: Any, *, seed: int = 0) -> Verdict:
    """Judge ``answer(weights, x, keep, generator)``: the mean over images of the cross-entropy of x under what is drawn from damaged x."""
    missing = not_given(answer, LOSS)
    if missing is not None:
        return missing
    cases = _loss_cases(seed)
    calls = [run(answer, case.arguments, aloud=i == 0) for i, case in enumerate(cases)]
    found = [trouble(called, shown(LOSS, case.arguments, LOSS_PARAMETERS), LOSS) for case, called in zip(cases, calls, strict=True)]
    if all(each is not None and each.right is None for each in found):
        return Verdict(None, PENDING)
    if any(each is not None for each in found):
        return _loss_trouble(cases, calls, found)
    large = (_drawn_weights(6, seeded(seed)), uniform(0.1, 0.9, 4, 6, generator=seeded(seed)), 0.5, seeded(seed))
    return _first_of(
        lambda: _loss_fault(cases, calls),
        lambda: _changed_or_cast(LOSS, cases, calls, dtype=False),
        lambda: generator_fault(answer, large, LOSS),
        lambda: _mask_fault(cases, calls),
        lambda: _slope_fault(answer, cases[-1]),
        lambda: _slope_fault(answer, cases[0]),
        praise="The network sees damage, fresh for every image and every step, and is judged by what was there before.",
    )


def _loss_trouble(cases: list[Case], calls: list[Called], found: list[Verdict | None]) -> Verdict:
    """The verdict where some calls gave no number: the slip that the others show, or what the first of them did."""
    there = [i for i, each in enumerate(found) if each is None]
    if len(there) > 5:
        slip = _loss_fault([cases[i] for i in there], [calls[i] for i in there])
        if slip is not None and slip.message in LOSS_SLIPS:
            return slip
    first, said = next((i, each) for i, each in enumerate(found) if each is not None)
    message, example = said.message, said.example
    if said.right is None:
        message = f"{LOSS} returned nothing in one case."
    elif isinstance(calls[first].raised, ValueError):
        message += (
            " `losses.bernoulli_nll` takes first what is compared with, from 0 to 1, and then logits. Does it get whole images?"
        )
    return Verdict(False, message, example)


LOSS_PARAMETERS = ("weights", "x", "keep", "generator")
Weights = tuple[Tensor, Tensor, Tensor]


def _drawn_weights(pixels: int, generator: torch.Generator) -> Weights:
    """first (pixels, 4), second (4, pixels), bias (pixels,)."""
    first, second = normals(pixels, 4, generator=generator), normals(4, pixels, generator=generator)
    return first, second, normals(pixels, generator=generator)


def _loss_cases(seed: int) -> list[Case]:
    """One image, two and three images, some times each, with nothing removed and with some: so few pixels that all damage can be listed.

    In one image a pixel that is kept stays below 1, so that a loss that compares with the damaged image has a value there.
    """
    generator = seeded(seed)
    keep = 0.6 + 0.01 * whole(0, 5, generator)
    cases = []
    one, two, three = (1, 3), (2, 3), (3, 2)  # images, pixels
    kinds = (
        (one, 1.0, 1, "keep = 1"),
        (one, keep, 20, "one image"),
        (two, keep, 80, "two images"),
        (three, keep, 5, "three images"),
    )
    for (n, pixels), share, times, about in kinds:
        for _ in range(times):
            x = uniform(0.1, 0.9 if n > 1 else 0.55, n, pixels, generator=generator)
            cases.append(Case((_drawn_weights(pixels, generator), x, share, seeded(whole(0, 10**6, generator))), about))
    return cases


def _masks(x: Tensor) -> Tensor:
    """Every choice of kept pixels: (2^numbers, n, pixels)."""
    choices = list(itertools.product((0.0, 1.0), repeat=x.numel()))
    return torch.tensor(choices, dtype=torch.float64).reshape(-1, *x.shape)


def _drawn(weights: Weights, x: Tensor) -> Tensor:
    """The page's network: images (..., pixels) -> logits."""
    first, second, bias = weights
    return F.silu(x @ first) @ second + bias


def _nats(x: Tensor, logits: Tensor) -> Tensor:
    """Cross-entropy a pixel, for x that may be larger than 1, too."""
    return F.softplus(logits) - logits * x


def _mean_loss(each: Tensor) -> Tensor:
    return each.sum(dim=-1).mean(dim=-1)


def _loss(weights: Weights, x: Tensor, keep: float, masks: Tensor) -> Tensor:
    """The loss for each choice of kept pixels, (masks,)."""
    return _mean_loss(_nats(x, _drawn(weights, x * masks / keep)))


LOSS_SLIPS: dict[str, Callable] = {
    "Your loss compares with the damaged image: the network is asked to copy the holes. What should it draw?": lambda w, x, k, m: (
        _mean_loss(_nats(x * m / k, _drawn(w, x * m / k)))
    ),
    "Your loss compares with the damaged image, cut off at 1: the network is asked to copy the holes. What should it draw?": (
        lambda w, x, k, m: _mean_loss(_nats((x * m / k).clamp(max=1), _drawn(w, x * m / k)))
    ),
    "Your loss compares with an image that has holes: the network is asked to copy them. What should it draw?": lambda w, x, k, m: (
        _mean_loss(_nats(x * m, _drawn(w, x * m / k)))
    ),
    "Your network sees the whole image, with no damage. It then learns to copy.": lambda w, x, k, m: _mean_loss(
        _nats(x, _drawn(w, x)) + 0 * m
    ),
    "You have exchanged the two: the network sees the whole image, and is compared with the damaged one.": lambda w, x, k, m: (
        _mean_loss(_nats(x * m / k, _drawn(w, x)))
    ),
    "You damage the target a second time: the network and the loss see different holes, and the loss should see none.": (
        lambda w, x, k, m: torch.cat([_mean_loss(_nats(x * other / k, _drawn(w, x * m / k))) for other in m])
    ),
    "The kept pixels get brighter twice: `damaged` does it, and what comes of it is damaged, or divided by `keep`, once more.": (
        lambda w, x, k, m: _mean_loss(_nats(x, _drawn(w, x * m / k / k)))
    ),
    "You cut the kept pixels off at 1. They get brighter so that their sum stays what it was.": lambda w, x, k, m: _mean_loss(
        _nats(x, _drawn(w, (x * m / k).clamp(max=1)))
    ),
    "You damage what the network draws, and it sees the whole image. It is what the network sees that has holes.": lambda w, x, k, m: (
        _mean_loss(_nats(x, _drawn(w, x) * m / k))
    ),
    "The pixels that are kept do not get brighter: divide by `keep`, as `damaged` does.": lambda w, x, k, m: _mean_loss(
        _nats(x, _drawn(w, x * m))
    ),
    "You have exchanged the two shares: `keep` is the share of pixels that stay, and not of those that go.": lambda w, x, k, m: (
        _mean_loss(_nats(x, _drawn(w, x * m / (1 - k if k < 1 else 1))))
    ),
    "With `keep = 1` your network sees nothing: `keep` is the share of pixels that stay, and not of those that go.": lambda w, x, k, m: (
        _loss(w, x, k, m if k < 1 else 0 * m)
    ),
    "The kept pixels get brighter by the share that happened to stay. `damaged` divides by `keep`, which is the same in each call.": (
        lambda w, x, k, m: _mean_loss(_nats(x, _drawn(w, x * m / m.mean(dim=(-2, -1), keepdim=True))))
    ),
    "Your loss counts the holes only. It is to count all pixels.": lambda w, x, k, m: _mean_loss(
        (1 - m) * _nats(x, _drawn(w, x * m / k))
    ),
    "Your loss counts the pixels that were kept only. It is to count all pixels, the holes too.": lambda w, x, k, m: _mean_loss(
        m * _nats(x, _drawn(w, x * m / k))
    ),
    "You take the mean over the pixels. The course sums over pixels.": lambda w, x, k, m: _loss(w, x, k, m) / x.shape[1],
    "You sum over the images. The loss is their mean.": lambda w, x, k, m: _loss(w, x, k, m) * len(x),
    "Sigmoid twice: the loss wants the logits that `draw` gives.": lambda w, x, k, m: _mean_loss(
        _nats(x, _drawn(w, x * m / k).sigmoid())
    ),
    "This is a squared error. The cross-entropy of chapter 1 is asked for.": lambda w, x, k, m: _mean_loss(
        (x - _drawn(w, x * m / k).sigmoid()) ** 2
    ),
    "Your loss is negative: a cross-entropy never is.": lambda w, x, k, m: -_loss(w, x, k, m),
}


def _loss_fault(cases: list[Case], calls: list[Called]) -> Verdict | None:
    """What is wrong with the values; None when each is a loss that some choice of kept pixels gives."""
    got = [values.fitted(values.plain(called.value), 0.0) for called in calls]
    shapes = [None if isinstance(each, tuple | str) else values.as_float64(each).shape for each in got]
    if any(shape != () for shape in shapes):
        first = next(i for i, shape in enumerate(shapes) if shape != ())
        message = f"{LOSS} should return one number, the mean over the images."
        return Verdict(False, message, _example(LOSS, cases[first], f"gave {values.text(got[first])}"))
    right = [_among(each, case, _loss) for each, case in zip(got, cases, strict=True)]
    if all(right):
        return None
    first = right.index(False)
    example = _example(LOSS, cases[first], f"gave {values.text(got[first])}, which no choice of holes gives")
    for message, slip in LOSS_SLIPS.items():
        if all(_among(each, case, slip) for each, case in zip(got, cases, strict=True)):
            return Verdict(False, message, example)
    return Verdict(
        False, f"No choice of holes gives the loss that came back. The first such case is {cases[first].about}.", example
    )


def _among(got: Any, case: Case, rule: Callable) -> bool:
    """Say whether a number is one of those that a rule gives, for some choice of kept pixels."""
    weights, x, keep, _ = case.arguments
    masks = torch.ones(1, *x.shape, dtype=torch.float64) if keep == 1 else _masks(x)
    return bool(torch.isclose(rule(weights, x, keep, masks), values.as_float64(got), rtol=1e-4, atol=1e-5, equal_nan=True).any())


def _mask_of(got: Any, case: Case) -> Tensor:
    """Which pixels were kept, read from the loss: the choice whose loss is nearest."""
    weights, x, keep, _ = case.arguments
    masks = _masks(x)
    return masks[(_loss(weights, x, keep, masks) - values.as_float64(got)).abs().argmin()]


def _mask_fault(cases: list[Case], calls: list[Called]) -> Verdict | None:
    """What is wrong with the holes, over all calls with two images: as many as `keep` says, and of each image its own."""
    pairs = [(case, called) for case, called in zip(cases, calls, strict=True) if case.about == "two images"]
    masks = torch.stack([_mask_of(called.value, case) for case, called in pairs])
    keep = pairs[0][0].arguments[2]
    message = _mask_slip(masks, keep)
    return Verdict(False, message, f"{LOSS} in {len(pairs)} calls with two images of 3 pixels and keep={keep}") if message else None


def _mask_slip(masks: Tensor, keep: float) -> str | None:
    """Say what is odd about which pixels of two images were kept in many calls, (calls, 2, pixels); None when nothing is."""
    if (masks[:, 0] == masks[:, 1]).all():
        return "All images of a batch get the same holes. Each is to have its own."
    if (masks == masks[:, :, :1]).all():
        return "All pixels of an image are kept, or none. Each pixel is to be drawn for itself."
    count = masks.sum(dim=2)
    if (count == count[0, 0]).all():
        return "In every image the same number of pixels stays. Each pixel is to be kept, or not, by a draw of its own."
    never = not (masks.sum(dim=1) == 0).any()  # where one has a hole, the other never has one
    if never or _tied(masks[:, 0], masks[:, 1]):
        return "The holes of one image depend on those of another. Each image is to have a draw of its own."
    if any(_tied(masks[..., i], masks[..., j]) for i, j in itertools.combinations(range(masks.shape[-1]), 2)):
        return "Whether a pixel stays depends on another pixel of its image. Each is to be kept, or not, by a draw of its own."
    if abs(masks.mean().item() - keep) > 6 * math.sqrt(keep * (1 - keep) / masks.numel()):
        return "`keep` is the share of pixels that stay. Over many images another share stays."
    return None


def _tied(a: Tensor, b: Tensor) -> bool:
    """Say whether pixels are kept together more often than by chance, or more rarely. a, b: 1 where one was kept, else 0."""
    p, q = a.double().mean().item(), b.double().mean().item()  # and not `keep`: another share is no dependence
    expected = p * q + (1 - p) * (1 - q)
    return abs((a == b).double().mean().item() - expected) > 5.5 * math.sqrt(expected * (1 - expected) / a.numel())


def _slope_fault(answer: Callable, case: Case) -> Verdict | None:
    """What is wrong with the gradient with respect to the weights; None when nothing is."""
    weights, x, keep, generator = case.arguments
    leaves = tuple(each.clone().requires_grad_() for each in weights)
    called = run(lambda: answer(leaves, x.clone(), keep, seeded(generator.initial_seed())), ())
    if called.raised is not None:
        return trouble(called, _example(LOSS, case, "with weights that want a gradient:"), LOSS)
    cut = "The values are right, and no gradient reaches the weights. Did a `.detach()`, `.item()`, `no_grad` or NumPy cut it off?"
    if not isinstance(called.value, Tensor) or not called.value.requires_grad:
        return Verdict(False, cut, _example(LOSS, case))
    got = torch.autograd.grad(called.value.sum(), leaves, allow_unused=True)
    if any(each is None for each in got):
        message = "The values are right, and one of the three weights gets no gradient. Was it detached, or what is made with it?"
        return Verdict(False, cut if all(each is None for each in got) else message, _example(LOSS, case))
    right = torch.autograd.grad(_loss(leaves, x, keep, _mask_of(called.value, case)[None]).sum(), leaves)
    if any(near(a, b) is Near.WRONG for a, b in zip(got, right, strict=True)):
        return Verdict(False, "The values are right, the gradient with respect to the weights is not.", _example(LOSS, case))
    return None


def _first_of(*steps: Callable[[], Verdict | None], praise: str) -> Verdict:
    """The first verdict that a step finds; right, with praise, when none finds one."""
    for step in steps:
        found = step()
        if found is not None:  # a verdict that is not right is false
            return found
    return Verdict(True, praise)


def _changed_or_cast(name: str, cases: list[Case], calls: list[Called], *, dtype: bool) -> Verdict | None:
    """What is wrong beside the values: an argument that was changed, a result of another dtype."""
    for case, called in zip(cases, calls, strict=True):
        if called.changed:
            message = f"{name} changed an argument: whoever called it has other numbers now. Work on a new tensor: `x = x.clone()`."
            return Verdict(False, message, _example(name, case))
        if dtype and values.plain(called.value).dtype != case.arguments[0].dtype:
            came, gave = map(values.dtype_name, (case.arguments[0], values.plain(called.value)))
            return Verdict(
                False, f"The images are right, the dtype is not: {came} came in and {gave} came out.", _example(name, case)
            )
    return None


def _example(name: str, case: Case, *lines: str) -> str:
    named = LOSS_PARAMETERS if name == LOSS else ("x", "side", "generator")
    return example(name, case.arguments, named, case.about, *lines)
