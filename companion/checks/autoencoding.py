"""Checks for copying and for the bottleneck: what a decoder's last layer holds, what a copy costs, bits, subspaces.

A module and a training step, which chapter 1 asks for, are in `building`; damage and what a loss makes of it, for chapter 2, in `damage`.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from companion.checks.cases import Case, normals, seeded, uniform, whole
from companion.checks.comparing import compare
from companion.checks.verdict import Verdict, describe, judge_words, not_a_table, number

PICTURES = ("same", "surer", "mirror", "upside down", "half turn", "negative", "no digit")
EXCHANGED = {"a": "half turn", "b": "negative", "c": "surer", "d": "no digit"}  # what each new last layer draws
_MOVED = ("mirror", "upside down", "half turn")
EXCHANGED_WRONG = {
    ("a", "upside down"): "You read dimension 0 of the weight as the rows of the picture. It counts the pixels, one by one.",
    ("a", "mirror"): "You kept every row of the picture in its place. Where does the pixel in the top left corner end up?",
    ("a", "no digit"): "You expect the picture to fall apart. Does each pixel still have its own weights and its own bias?",
    ("a", "same"): "You expect no change. The sums are the ones they were; does each still reach the pixel that it was for?",
    ("a", "negative"): "You turned the values around. `flip` turns an order around: what stands in that order?",
    ("a", "surer"): "You let the bets change. No weight has another value here, only another place.",
    ("b", "same"): "You let two minus signs cancel. Weight and bias meet in a sum, not in a product.",
    ("b", "no digit"): "You expect the picture to fall apart. What does the sigmoid make of a logit of 3, and what of -3?",
    ("b", "surer"): "You expect other certainties. Is a logit of -3 a surer bet than one of 3, or a bet on the other side?",
    ("c", "same"): "You let the sigmoid undo the doubling. It keeps the side of one half that a bet is on; does it keep the bet?",
    ("c", "negative"): "You let ink and paper change sides. Does doubling a logit change its sign?",
    ("c", "no digit"): "You expect the picture to fall apart. Can doubling a logit carry a pixel across one half?",
    ("d", "same"): "You expect no change, as in a sum whose terms are reordered. The hidden numbers keep the order they had.",
    ("d", "negative"): "You turned the values around. `flip` turns an order around: what does dimension 1 of the weight count?",
    ("d", "surer"): "You let the bets keep their side. Does each weight still meet the hidden number that it was trained with?",
}
EXCHANGED_WRONG |= {("b", moved): "You moved pixels. A minus sign moves nothing to another place." for moved in _MOVED}
EXCHANGED_WRONG |= {("c", moved): "You moved pixels. A factor of 2 moves nothing to another place." for moved in _MOVED}
EXCHANGED_WRONG |= {
    ("d", moved): "You read dimension 1 of the weight as places in the picture. What are there 128 of?" for moved in _MOVED
}

ONE_MORE_BIT = {"bits": 6 / 5, "levels": 64 / 32, "step": 32 / 64, "rounding error": (32 / 64) ** 2}  # 6 bits a number for 5
ONE_MORE_BIT_WRONG = {
    ("bits", 2): "You doubled the size of the code. What did each of its numbers cost before, and what does it cost now?",
    ("bits", 1): "You kept the size of the code. The line says how many bits each number may have.",
    ("bits", 5 / 6): "You divided the old size by the new one.",
    ("bits", 81 / 80): "You added one bit to the whole code. How many numbers get one?",
    ("bits", 96): "That is a size, in bits. A factor is asked for.",
    ("levels", 6 / 5): "You let the levels grow as the bits do. Count the levels of 1, 2 and 3 bits.",
    ("levels", 1): "You kept the levels. How many numbers can you write with one more binary digit?",
    ("levels", 1 / 2): "You divided the old count by the new one.",
    ("levels", 4): "You counted the new bit twice.",
    ("levels", 2**16): "You counted the levels of the 16 numbers together. The line is about the levels of one number.",
    ("levels", 64): "That is a count. A factor is asked for.",
    ("step", 1): "You kept the step. The range is what it was, and more levels lie in it.",
    ("step", 2): "You let the step grow. More levels lie in the same range.",
    ("step", 5 / 6): "You let the step shrink as the bits grow. It is the levels that share the range.",
    ("step", 1 / 4): "You counted the new bit twice.",
    ("rounding error", 1): "You kept the rounding error. Finer levels lie closer to where the code was.",
    ("rounding error", 1 / 2): "You let the error fall as the step does. Which power of a distance does this error sum?",
    ("rounding error", 5 / 6): "You let the error fall as the bits grow. How far can a number be from its level?",
    ("rounding error", 2): "You let the error grow. Finer levels lie closer to where the code was.",
    ("rounding error", 4): "You have the size of the change, in the wrong direction.",
    ("rounding error", 1 / 8): "You took one power of the step too many.",
    ("rounding error", 1 / 16): "You squared twice.",
}


CLOSE = "Near, and not near enough. It can be worked out from what the line says, without a run."


def check_exchanged_decoder(prediction: Any, *, seed: int = 0) -> Verdict:  # nothing is drawn
    """Judge what a decoder draws when its last layer is exchanged: a dict from "a", "b", "c" and "d" to one of `PICTURES`."""
    wrong = {(key, picture): f"Line {key}: {said}" for (key, picture), said in EXCHANGED_WRONG.items()}
    praise = "A last layer is a list of pixels, each with weights of its own. Run the four lines and see the pictures."
    return judge_words(prediction, EXCHANGED, PICTURES, wrong, praise)


def check_blind_logits(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(x)``: the one drawing, as logits (pixels,), that costs least over images x (n, pixels), bets in [0.001, 0.999]."""
    return compare(
        answer,
        lambda x: torch.logit(_bets(x)),
        _blind_cases(seed),
        slips=BLIND_SLIPS | {OTHER_LIMITS: lambda x: _with_limits_of(answer, x)},
        name="blind_logits",
        praise="No other drawing costs less on the same images, and the pixel that is never inked has a finite logit.",
        dtype=True,
    )


def _blind_cases(seed: int) -> list[Case]:
    """Images with pixels that are always paper, always ink, and sometimes exactly 0."""
    generator = seeded(seed)
    few = uniform(0.05, 0.95, whole(2, 3, generator), 2, generator=generator)
    many = uniform(0.02, 0.98, whole(5, 8, generator), whole(4, 7, generator), generator=generator) ** 2
    many[:, 0], many[:, 1], many[:3, 2] = 0, 1, 0
    one = uniform(0.05, 0.95, 1, 4, generator=generator)
    one[:, 0], one[:, 2] = 1, 0
    single = uniform(0.05, 0.95, whole(2, 4, generator), 1, generator=generator)
    some, nearly = uniform(0.05, 0.95, 2, 2, generator=generator), uniform(0.05, 0.95, 2, 3, generator=generator)
    some[0, 1] = 0
    nearly[:, 0], nearly[:, 1] = torch.tensor([0, 0.001]), torch.tensor([1, 0.999])
    return [
        Case((single,), "several images of one pixel"),
        Case((few,), "grey pixels only"),
        Case((some,), "a pixel that is 0 in one image and grey in another"),
        Case((one,), "one image, with pixels of 0 and of 1"),
        Case((nearly,), "pixels that are nearly 0, or 1, in every image"),
        Case((many,), "pixels that are 0, or 1, in every image"),
        Case((many.float(),), "images in float32", extreme=True),
    ]


OTHER_LIMITS = (
    "It is right where a pixel is not nearly always paper, or ink. There the bets stop at other limits than those of the page, "
    "which are limits of a bet, not of a logit."
)


def _with_limits_of(answer: Any, x: Tensor) -> Tensor:
    """The one drawing, its logits between those that an answer gives for paper and for ink."""
    low, high = answer(torch.tensor([[0.0, 1.0]], dtype=torch.float64)).tolist()
    return torch.logit(x.mean(dim=0)).clamp(low, high)


def check_excess(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(x, logits)``: what a picture costs beyond a perfect copy of x, each (n, pixels), in nats, (n,)."""
    return compare(
        answer,
        _excess,
        _excess_cases(seed),
        slips=EXCESS_SLIPS,
        name="excess",
        praise="It is right for grey pixels, for pixels of exactly 0 and 1, and for very sure bets.",
        gradient=("logits",),
    )


def _excess_cases(seed: int) -> list[Case]:
    """Grey pixels, pixels of exactly 0 and 1, one image, and logits up to 50 that are right or wrong."""
    generator = seeded(seed)
    rows, columns = whole(2, 4, generator), whole(3, 6, generator)
    grey = uniform(0.05, 0.95, 2, 2, generator=generator)
    x = uniform(0.05, 0.95, rows, columns, generator=generator)
    x[0, 0], x[1, 1], x[-1, -1] = 0, 1, 0
    logits = 1.5 * normals(rows, columns, generator=generator)
    edges = torch.tensor([[0.0, 1.0, 0.5], [1.0, 0.0, 0.5]], dtype=torch.float64)
    signs = torch.tensor([[1, 1, -1], [-1, -1, 1]])
    sure = uniform(40, 50, 2, 3, generator=generator) * signs
    fairly_sure = uniform(5.1, 9, 2, 3, generator=generator) * signs
    nearly = torch.tensor([[0.004, 0.5], [0.5, 0.996]], dtype=torch.float64)  # in 8 bits the values next to 0 and 1
    return [
        Case((grey, normals(2, 2, generator=generator)), "grey pixels only"),
        Case((x[1:2], logits[1:2]), "one image, with a pixel of 1"),
        Case((x, logits), "pixels of exactly 0 and 1"),
        Case((nearly, normals(2, 2, generator=generator)), "pixels of nearly 0 and nearly 1"),
        Case((edges, fairly_sure), "logits from 5 to 9, right and wrong"),
        Case((edges, sure), "logits near 50 and -50", extreme=True),
        Case((x.float(), logits.float()), "numbers in float32"),
    ]


def check_one_more_bit(prediction: Any, *, seed: int = 0) -> Verdict:  # nothing is drawn
    """Judge what a sixth bit for each of 16 numbers does to a code of 5 bits a number: a dict of factors.

    Levels are the middles of bins of one width. Keys: the bits of the whole code, the levels of a number, the step between two
    levels, the squared error from rounding.
    """
    problem = not_a_table(prediction, ONE_MORE_BIT)
    if problem is not None:
        return problem
    for key, factor in ONE_MORE_BIT.items():
        value = number(prediction[key])
        if value is None:
            return Verdict(False, f"prediction[{key!r}] should be a number, a factor.", f"It is {describe(prediction[key])}.")
        if not math.isclose(value, factor, rel_tol=0.06):
            near = [wrong for name, wrong in ONE_MORE_BIT_WRONG if name == key and math.isclose(value, wrong, rel_tol=0.02)]
            _, nearest = min(((abs(value - wrong), wrong) for wrong in near), default=(math.inf, math.nan))
            unknown = (
                CLOSE if math.isclose(value, factor, rel_tol=0.2) else "It is a factor: the new number, divided by the old one."
            )
            said = ONE_MORE_BIT_WRONG.get((key, nearest), unknown)
            return Verdict(False, f"{key}: {said}")
    return Verdict(True, "Close enough for all four. Change the line, and look at the fifth number too.")


def check_overlap(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(a, b)``: the mean squared cosine of the principal angles between the spans of the columns, each (pixels, d).

    Source: Golub and Van Loan 2013, section 6.4.3, for the principal angles.
    """
    return compare(
        answer,
        _overlap,
        _overlap_cases(seed),
        slips=OVERLAP_SLIPS | {NOT_TO_FIVE_DIGITS: lambda a, b: _nearly(answer, a, b)},
        name="overlap",
        praise="It agrees for planes of one direction and of several, for the same plane listed in two ways, and for perpendicular ones.",
    )


NOT_TO_FIVE_DIGITS = (
    "Your numbers are near, and not right to five digits. Did you round, compute in half precision, or average over vectors that you "
    "drew?"
)


def _nearly(answer: Any, a: Tensor, b: Tensor) -> Any:
    """What an answer gives where it is near; elsewhere nothing."""
    got = answer(a, b)
    return got if abs(float(got) - float(_overlap(a, b))) < 0.01 else None


def _overlap(a: Tensor, b: Tensor) -> Tensor:
    return _cosines(a, b).pow(2).mean()


def _overlap_cases(seed: int) -> list[Case]:
    """Columns of several lengths; planes at random, the same plane listed in two ways, perpendicular ones."""
    generator = seeded(seed)
    pixels, d = whole(7, 9, generator), whole(3, 4, generator)
    a, b = normals(pixels, d, generator=generator), normals(pixels, d, generator=generator)
    long = a * torch.tensor([1.0, 0.01, 2.0, 0.5], dtype=torch.float64)[:d]
    mixed = a @ (torch.eye(d, dtype=torch.float64) + normals(d, d, generator=generator).triu(1))
    axes = torch.eye(pixels, dtype=torch.float64)
    short_a, short_b = (1e-4 * normals(4, 4, generator=generator)).split(2, dim=1)
    line_a, line_b = normals(whole(2, 3, generator), 2, generator=generator).split(1, dim=1)
    return [
        Case((line_a, line_b), "planes of one direction"),
        Case((normals(4, 2, generator=generator), normals(4, 2, generator=generator)), "planes of two directions"),
        Case((long, b), "columns of several lengths"),
        Case((short_a, short_b), "planes of short columns"),
        Case((a, mixed), "the same plane, listed by other columns", extreme=True),
        Case((axes[:, :d], axes[:, d : 2 * d] if 2 * d <= pixels else axes[:, -d:]), "planes along the axes", extreme=True),
        Case((a.float(), b.float()), "numbers in float32"),
    ]


def _bets(x: Tensor) -> Tensor:
    """The mean image, kept away from certainty: (n, pixels) -> (pixels,)."""
    return x.mean(dim=0).clamp(0.001, 0.999)


BLIND_SLIPS: dict[str, Callable] = {
    "You return grey values, the bets themselves. The loss puts a sigmoid on what you return, so the picture would lie between "
    "0.5 and 0.73: sigmoid twice.": _bets,
    "You return the mean image as it is: grey values, where logits are asked for, and not kept away from certainty.": lambda x: (
        x.mean(dim=0)
    ),
    "You put a sigmoid on the bets. It leads from logits to bets; you need the way back.": lambda x: _bets(x).sigmoid(),
    "You took the logarithm of each bet. Put a sigmoid on it: does the bet come back?": lambda x: _bets(x).log(),
    "Ink and paper have changed places: you bet on ink where there is paper.": lambda x: -torch.logit(_bets(x)),
    "Your logits are in powers of 2. The sigmoid is made with e.": lambda x: torch.logit(_bets(x)) / math.log(2),
    "Your logits are in powers of 10. The sigmoid is made with e.": lambda x: torch.logit(_bets(x)) / math.log(10),
    "A pixel that is never inked got an infinite logit. Such a bet costs nothing until somebody inks it: keep the bets from 0 and "
    "1.": lambda x: torch.logit(x.mean(dim=0)),
    "You averaged over the pixels: one number an image. One number a pixel is asked for.": lambda x: torch.logit(
        x.mean(dim=1).clamp(0.001, 0.999)
    ),
    "You make the same bet on every pixel. A pixel in the middle is inked more often than one in the corner.": lambda x: (
        torch.logit(x.mean().clamp(0.001, 0.999)).expand(x.shape[1])
    ),
    "You bet on the middle value of each pixel, half the images below and half above. It wins half of the bets by a little and "
    "loses the others by a lot.": lambda x: torch.logit(x.median(dim=0).values.clamp(0.001, 0.999)),
    "You are certain: each bet is as sure as it may be, for the side with more ink. An image that differs pays dearly.": lambda x: (
        torch.logit((x.mean(dim=0) > 0.5).to(x.dtype).clamp(0.001, 0.999))
    ),
    "You took the logits of every image and averaged those. What is to be averaged, the logits or the grey values?": lambda x: (
        torch.logit(x.clamp(0.001, 0.999)).mean(dim=0)
    ),
    "You kept the single images away from 0 and 1. It is the bet that has to stay away from certainty.": lambda x: torch.logit(
        x.clamp(0.001, 0.999).mean(dim=0)
    ),
    "You shifted every bet a little. Only a bet outside 0.001 to 0.999 has to move.": lambda x: torch.logit(
        0.001 + 0.998 * x.mean(dim=0)
    ),
    "You bet one half on every pixel: a network that knows nothing. It has seen the images, if not this one.": lambda x: (
        torch.zeros_like(x[0])
    ),
    "You counted in how many images a pixel has any ink. A grey pixel counts by its grey.": lambda x: torch.logit(
        (x > 0).to(x.dtype).mean(dim=0).clamp(0.001, 0.999)
    ),
    "You rounded the pixels before you averaged. A grey pixel counts by its grey.": lambda x: torch.logit(
        x.round().mean(dim=0).clamp(0.001, 0.999)
    ),
    "You added images of your own, one of paper and one of ink, to those that the network sees.": lambda x: torch.logit(
        (x.sum(dim=0) + 1) / (len(x) + 2)
    ),
    "You summed over the images. A bet is a share of them.": lambda x: torch.logit(x.sum(dim=0).clamp(0.001, 0.999)),
}


def _nll(x: Tensor, logits: Tensor) -> Tensor:
    """Cross-entropy in nats, each pixel by itself: (n, pixels)."""
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none")


def _copied_cost(x: Tensor) -> Tensor:
    """What a bet of exactly x costs, each pixel by itself: (n, pixels)."""
    return -(torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x))


def _excess(x: Tensor, logits: Tensor) -> Tensor:
    """The whole cost less that of a perfect copy, (n,)."""
    return (_nll(x, logits) - _copied_cost(x)).sum(dim=1)


def _excess_of_bets(x: Tensor, logits: Tensor) -> Tensor:
    """The same by way of the bets, which are rounded to 0 or 1 where the logits are large."""
    p = logits.sigmoid()
    return (-torch.xlogy(x, p) - torch.xlogy(1 - x, 1 - p) - _copied_cost(x)).sum(dim=1)


def _excess_of_clamped_log(x: Tensor, logits: Tensor) -> Tensor:
    """The same by way of `F.binary_cross_entropy`, which lets no logarithm fall below -100."""
    cost = F.binary_cross_entropy(logits.sigmoid(), x, reduction="none")
    return (cost - _copied_cost(x)).sum(dim=1)


def _turned_around(x: Tensor, logits: Tensor) -> Tensor:
    """The excess with the picture as what happens and x as the bet."""
    p = logits.sigmoid()
    return (-torch.xlogy(p, x) - torch.xlogy(1 - p, 1 - x) - _copied_cost(p)).sum(dim=1)


EXCESS_SLIPS: dict[str, Callable] = {
    "It is right for small logits. For logits of 50 and -50 it is not: the bet is rounded to 0 or 1 before its logarithm is taken. "
    "Which form of the loss needs no bet?": _excess_of_bets,
    "It is right for small logits. For logits of 50 and -50 it is not: `F.binary_cross_entropy` gets a bet that is rounded to 1, and "
    "lets no logarithm fall below -100. Which form of the loss needs no bet?": _excess_of_clamped_log,
    "You give the whole cost. What would a perfect copy have paid?": lambda x, logits: _nll(x, logits).sum(dim=1),
    "You give what the perfect copy costs. The picture is not in it.": lambda x, logits: _copied_cost(x).sum(dim=1),
    "You added the cost of the perfect copy to that of the picture.": lambda x, logits: (_nll(x, logits) + _copied_cost(x)).sum(
        dim=1
    ),
    "Yours is negative. No picture is cheaper than a perfect copy: what is taken from what?": lambda x, logits: -_excess(x, logits),
    "You took the mean over the pixels. The course sums over pixels.": lambda x, logits: _excess(x, logits) / x.shape[1],
    "You summed over the batch too. One number an image is asked for.": lambda x, logits: _excess(x, logits).sum(),
    "You took the mean over the batch. One number an image is asked for.": lambda x, logits: _excess(x, logits).mean(),
    "You summed over the images, which gives one number a pixel. One number an image is asked for.": lambda x, logits: (
        _nll(x, logits) - _copied_cost(x)
    ).sum(dim=0),
    "You took the same off every image, the mean over the batch. Each image has a perfect copy of its own.": lambda x, logits: (
        _nll(x, logits).sum(dim=1) - _copied_cost(x).sum(dim=1).mean()
    ),
    "You took chapter 1's number off every image. It is a mean over the test images; each image has a perfect copy of its own.": (
        lambda x, logits: _nll(x, logits).sum(dim=1) - 45.3
    ),
    "You took bits off nats: in the cost of the perfect copy the logarithm is another one.": lambda x, logits: (
        _nll(x, logits) - _copied_cost(x) / math.log(2)
    ).sum(dim=1),
    "You gave x to the loss where it wants logits. Which logits are bets of exactly x?": lambda x, logits: (
        _nll(x, logits) - _nll(x, x)
    ).sum(dim=1),
    "You kept the perfect copy's logits from infinity. Its bets are the pixels themselves, also where they are 0 or 1.": (
        lambda x, logits: (_nll(x, logits) - _nll(x, torch.logit(x, eps=0.001))).sum(dim=1)
    ),
    "You give one number a pixel. The sum over the pixels is missing.": lambda x, logits: _nll(x, logits) - _copied_cost(x),
    "Pixels of exactly 0 or 1 gave nan: 0 times the logarithm of 0. The pixel that did not happen has to count as 0; "
    "chapter 1's `cost` used a function for that.": lambda x, logits: (_nll(x, logits) + x * x.log() + (1 - x) * (1 - x).log()).sum(
        dim=1
    ),
    "You counted the ink and left out the paper, in both costs.": lambda x, logits: (
        torch.xlogy(x, x) - x * F.logsigmoid(logits)
    ).sum(dim=1),
    "Your perfect copy pays for ink and not for paper. A grey pixel is a bet on both.": lambda x, logits: (
        _nll(x, logits) + torch.xlogy(x, x)
    ).sum(dim=1),
    "You took off what the picture would cost if it were right about itself. The perfect copy is a copy of x.": lambda x, logits: (
        _nll(x, logits) - _copied_cost(logits.sigmoid())
    ).sum(dim=1),
    "You exchanged the two: here the picture happens and x is the bet. Which of them was drawn by the network?": _turned_around,
    "Sigmoid twice: the loss puts one on the logits, and you had put one on them before.": lambda x, logits: _excess(
        x, logits.sigmoid()
    ),
    "You hedged the perfect copy. Its bets are the pixels themselves, also where they are 0 or 1.": lambda x, logits: (
        _nll(x, logits) - _copied_cost(x.clamp(0.001, 0.999))
    ).sum(dim=1),
    "This is a squared error. Costs in nats are asked for.": lambda x, logits: ((x - logits.sigmoid()) ** 2).sum(dim=1),
    "These are bits. The course counts nats: which logarithm?": lambda x, logits: _excess(x, logits) / math.log(2),
}


def _orthonormal(a: Tensor) -> Tensor:
    """Orthonormal columns with the span of a's."""
    return torch.linalg.qr(a).Q


def _cosines(a: Tensor, b: Tensor) -> Tensor:
    """Cosines of the principal angles between two spans, largest first, (d,)."""
    return torch.linalg.svdvals(_orthonormal(a).T @ _orthonormal(b))


def _length_one(a: Tensor) -> Tensor:
    """The columns at length 1, their angles left as they are."""
    return a / a.norm(dim=0)


OVERLAP_SLIPS: dict[str, Callable] = {
    "Your number depends on how long the columns are. The plane that they span does not.": lambda a, b: (
        (a.T @ b).pow(2).sum() / a.shape[1]
    ),
    "You gave the columns length 1 and not right angles. Two columns that nearly agree count nearly twice.": lambda a, b: (
        (_length_one(a).T @ _length_one(b)).pow(2).sum() / a.shape[1]
    ),
    "You made one of the two orthonormal, and gave the other's columns length 1 and not right angles.": lambda a, b: (
        (_orthonormal(b).T @ _length_one(a)).pow(2).sum() / a.shape[1]
    ),
    "You took the share of what the columns of a have together: a long column counts more than a short one. List the plane by columns "
    "of one length and at right angles first.": lambda a, b: (_orthonormal(b).T @ a).pow(2).sum() / a.pow(2).sum(),
    "You took the mean off each column. The plane of columns without their means is another one.": lambda a, b: _overlap(
        a - a.mean(dim=0), b - b.mean(dim=0)
    ),
    "You averaged angles. Their cosines are to be squared and averaged: a share of a squared length is asked for.": lambda a, b: (
        1 - _cosines(a, b).clamp(max=1).acos().mean() / (math.pi / 2)
    ),
    "You made one of the two orthonormal and not the other.": lambda a, b: (_orthonormal(a).T @ b).pow(2).sum() / a.shape[1],
    "You made one of the two orthonormal, and the other not.": lambda a, b: (a.T @ _orthonormal(b)).pow(2).sum() / a.shape[1],
    "You compared the first column with the first, the second with the second. A network may list the same plane in another order.": (
        lambda a, b: (_length_one(a) * _length_one(b)).sum(dim=0).pow(2).mean()
    ),
    "You compared the columns one by one, made orthonormal before. Another mixing of the same plane would give another number.": (
        lambda a, b: (_orthonormal(a) * _orthonormal(b)).sum(dim=0).pow(2).mean()
    ),
    "You averaged cosines. A share of a squared length is asked for.": lambda a, b: _cosines(a, b).mean(),
    "You took a root at the end. A share of a squared length is asked for.": lambda a, b: _cosines(a, b).pow(2).mean().sqrt(),
    "Yours grows with the number of directions, up to that number. A share reaches 1.": lambda a, b: _cosines(a, b).pow(2).sum(),
    "You averaged over all pairs of directions, most of which are perpendicular even when the planes are the same.": lambda a, b: (
        (_orthonormal(a).T @ _orthonormal(b)).pow(2).mean()
    ),
    "You divided by the number of pixels. How many directions does the plane have?": lambda a, b: (
        _cosines(a, b).pow(2).sum() / a.shape[0]
    ),
    "You looked at the best direction only.": lambda a, b: _cosines(a, b)[0] ** 2,
    "You looked at the worst direction only, as chapter 2's table of angles does. The mean over all directions is asked for.": (
        lambda a, b: _cosines(a, b)[-1] ** 2
    ),
    "You multiplied the shares of the directions. One perpendicular direction would make it 0.": lambda a, b: (
        _cosines(a, b).pow(2).prod()
    ),
    "Yours is 1 for any two matrices: what you compare spans all there is. Either the rows were made orthonormal in place of the "
    "columns, or a complete QR gave directions that are not in the plane.": lambda a, b: torch.ones((), dtype=a.dtype),
    "You give what is lost. What is left is asked for.": lambda a, b: 1 - _cosines(a, b).pow(2).mean(),
    "You give an angle. A share is asked for.": lambda a, b: torch.rad2deg(_cosines(a, b).clamp(max=1).acos()).mean(),
    "You give the share of each direction. The mean over the directions is missing.": lambda a, b: _cosines(a, b).pow(2),
    "You averaged the lengths that are left. A share of a squared length is asked for.": lambda a, b: (
        (_orthonormal(b).T @ _orthonormal(a)).norm(dim=0).mean()
    ),
    "A complete QR also lists the directions that are not in the plane: nothing is lost, and the number has nothing of the planes.": (
        lambda a, b: torch.tensor(a.shape[0] / a.shape[1], dtype=a.dtype)
    ),
}
