"""Checks for chapter 3: the scale of a code space, fair measures of pictures, and paths between codes."""

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import torch
from torch import Tensor

from companion.checks.cases import Case, normals, seeded, uniform, whole
from companion.checks.comparing import compare
from companion.checks.verdict import PENDING, Verdict, describe, not_a_table, number

STRETCHED = {"loss": 1, "spread": 10, "step of 0.1": 0.1, "step of 0.1 spreads": 1}  # what a stretch by 10 multiplies each by
STRETCHED_WRONG = {
    ("loss", 10): "You let the loss grow with the codes. Does this loss compare codes, or images?",
    ("loss", 100): "You squared the stretch, as a squared error of the codes would. Does this loss compare codes, or images?",
    ("loss", 0): "0 stands for a number that becomes 0. By what is one multiplied that stays?",
    ("loss", 0.1): "You let the loss fall as the codes spread out. Does this loss compare codes, or images?",
    ("spread", 1): "You kept the spread. It is measured on the stretched codes.",
    ("spread", 0.1): "You let the spread shrink. Every code moves away from the origin: do they come closer to each other?",
    ("spread", 100): "That is what happens to the variance. The spread is a standard deviation.",
    (
        "step of 0.1",
        1,
    ): "You say that a step of 0.1 does what it did. The map is larger now: is the step still the same share of it?",
    ("step of 0.1", 10): "You let a step of 0.1 move the picture farther. On a larger map, is it a long step or a short one?",
    ("step of 0.1", 0.01): "You counted the stretch twice. How often does the decoder undo it?",
    ("step of 0.1 spreads", 0.1): "You took the spread of the old map. The step is measured in the spread of the stretched one.",
    ("step of 0.1 spreads", 0): "0 stands for a number that becomes 0. By what is one multiplied that stays?",
    ("step of 0.1 spreads", 10): "The step is longer in units of the new map. What does the decoder do with it first?",
    ("step of 0.1 spreads", 100): "You counted the stretch twice, and the wrong way. What does the decoder do with the step first?",
}


def check_stretched_codes(prediction: Any, *, seed: int = 0) -> Verdict:
    """Judge what a stretch of an autoencoder's codes by 10, undone by the decoder, does: a dict of factors.

    Keys: the loss, the spread of the codes, how far the picture moves for a step of 0.1, and for a step of 0.1 spreads.
    """
    unfilled = not_a_table(prediction, STRETCHED)
    if unfilled is not None:
        return unfilled
    guessed = {key: number(prediction[key]) for key in STRETCHED}
    if all(value is not None and math.isclose(value, 100 * STRETCHED[key], rel_tol=0.05) for key, value in guessed.items()):
        return Verdict(False, "You wrote per cent. A factor is asked for: 1 for a number that stays.")
    for key, factor in STRETCHED.items():
        value = number(prediction[key])
        if value is None:
            return Verdict(False, f"prediction[{key!r}] should be a number, a factor.", f"It is {describe(prediction[key])}.")
        if value < 0:
            return Verdict(False, f"Your factor for {key!r} is below 0. A number that shrinks has a factor between 0 and 1.")
        if not math.isclose(value, factor, rel_tol=0.05):
            known = [
                text for (name, wrong), text in STRETCHED_WRONG.items() if name == key and math.isclose(value, wrong, rel_tol=0.05)
            ]
            return Verdict(False, known[0] if known else f"Your factor for {key!r} is not what comes out.")
    return Verdict(True, "A step counted in spreads means the same on both maps. Change the line and see all four.")


def check_variety(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(x)``: the mean Euclidean distance between two different images of x (n, pixels), one number."""
    return compare(
        answer,
        _variety,
        _variety_cases(seed),
        slips=VARIETY_SLIPS,
        name="variety",
        praise="It agrees with the mean over all pairs, for two images and for more.",
    )


def _variety_cases(seed: int) -> list[Case]:
    generator = seeded(seed)
    x = uniform(0, 1, whole(5, 8, generator), whole(4, 9, generator), generator=generator)
    twins = x.clone()
    twins[1] = twins[0]
    return [
        Case((uniform(0, 1, 3, 2, generator=generator),), "three images"),
        Case((x[:2].clone(),), "two images"),
        Case((x,), "more images"),
        Case((10 * normals(*x.shape, generator=generator),), "images of other numbers than 0 to 1"),
        Case((twins,), "images of which two are alike"),
        Case((x[:1].repeat(4, 1),), "four copies of one image"),
        Case((x.float(),), "images in float32"),
        Case((uniform(0, 1, whole(110, 130, generator), 2, generator=generator),), "more than a hundred images", extreme=True),
    ]


def _variety(x: Tensor) -> Tensor:
    """The mean over all pairs, from differences, which stay exact where two images are alike."""
    first, second = torch.triu_indices(len(x), len(x), offset=1)
    return (x[first] - x[second]).norm(dim=1).mean()


def _without_self(x: Tensor) -> Tensor:
    """Distances of each image from the others, (n, n), with infinity where an image meets itself."""
    return torch.cdist(x, x).fill_diagonal_(torch.inf)


VARIETY_SLIPS: dict[str, Callable] = {
    "You averaged over all pairs, and an image with itself is among them. That distance is always 0.": lambda x: torch.cdist(
        x, x
    ).mean(),
    "Among your pairs each image stands once with itself. That distance is always 0, and it is no pair.": lambda x: (
        torch.pdist(x).sum() / (len(x) * (len(x) + 1) / 2)
    ),
    "Your variety is twice what it should be: is each pair counted from both sides, and divided by half as many?": lambda x: (
        2 * torch.pdist(x).mean()
    ),
    "Your variety is half of what it should be: you added each pair once. By how many did you divide?": lambda x: (
        torch.pdist(x).mean() / 2
    ),
    "You averaged squared distances.": lambda x: torch.pdist(x).pow(2).mean(),
    "You averaged squared distances and took the root afterwards. The mean of the distances themselves is asked for.": lambda x: (
        torch.pdist(x).pow(2).mean().sqrt()
    ),
    "You took the mean over the pixels inside the root. A Euclidean distance sums over the pixels.": lambda x: (
        torch.pdist(x).mean() / x.shape[1] ** 0.5
    ),
    "This is the mean absolute difference, summed over the pixels. A Euclidean distance squares the differences first.": lambda x: (
        torch.pdist(x, p=1).mean()
    ),
    "You measured from the mean image. Variety compares two of the pictures with each other.": lambda x: (
        (x - x.mean(dim=0)).norm(dim=1).mean()
    ),
    "You compared each image with the next one in the list only, so the order matters. All pairs count.": lambda x: (
        (x[1:] - x[:-1]).norm(dim=1).mean()
    ),
    "You took the distance to the nearest other image. That is a measure of its own; variety averages over all the others.": lambda x: (
        _without_self(x).amin(dim=1).mean()
    ),
    "You give one number an image. The mean over the images is missing.": lambda x: torch.cdist(x, x).sum(dim=1) / (len(x) - 1),
    "You give the sum over the pairs. The mean is asked for.": lambda x: torch.pdist(x).sum(),
    "You give the spread of each pixel, added up. Distances between pictures are asked for.": lambda x: x.std(dim=0).sum(),
    "You left out every distance of 0, also those of two different pictures that are alike. Such a pair counts.": lambda x: (
        found := torch.pdist(x)
    )[found > 0].mean(),
    "You took the median over the pairs. The mean is asked for.": lambda x: torch.pdist(x).median(),
    "You took the largest distance. The mean over the pairs is asked for.": lambda x: torch.pdist(x).max(),
    "Your mean is over a table in which one half is 0. Over which of its places should it go?": lambda x: (
        torch.cdist(x, x).triu(1).mean()
    ),
    "You went round in a ring, each image with the next one. All pairs count, also those that are not neighbours.": lambda x: (
        (x - x.roll(1, dims=0)).norm(dim=1).mean()
    ),
    "You measured from one image only. Every pair counts: does your `return` stand inside a loop?": lambda x: (
        (x[1:] - x[0]).norm(dim=1).mean()
    ),
    "You divided by three. That is the number of pairs of three images, and of no others.": lambda x: torch.pdist(x).sum() / 3,
    "You divided by the number of images. How many pairs are there?": lambda x: torch.pdist(x).sum() / len(x),
}


def check_by_angle(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(a, b, t)``: codes between a and b (n, latent_dim) at shares t (k,), by even turns: (n, k, latent_dim).

    The direction turns in the plane of a and b by equal parts of their angle, the length goes straight from |a| to |b|.
    Source: Shoemake 1985, for unit vectors; White 2016, for codes.
    """
    return compare(
        answer,
        _by_angle,
        _by_angle_cases(seed),
        slips=ANGLE_SLIPS,
        name="by_angle",
        praise="It turns evenly, keeps the length between the two lengths, and walks straight where there is nothing to turn.",
        dtype=True,
    )


def _by_angle_cases(seed: int) -> list[Case]:
    generator = seeded(seed)
    n, k, latent_dim = whole(2, 4, generator), whole(2, 4, generator), whole(3, 6, generator)
    a, b = _pairs(n, latent_dim, generator)
    flat = _pairs(1, 2, generator)
    later, sooner = uniform(0.6, 0.9, 1, generator=generator), uniform(0.1, 0.4, k - 1, generator=generator)
    t = torch.cat([later, sooner])  # not in the order in which a walk goes, and none of them near half the way
    ends = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64)
    straight = whole(1, 9, generator) * torch.tensor([[3.0, 4.0]], dtype=torch.float64)
    obtuse = -a + 0.5 * b
    close = _pairs(n, latent_dim, generator, slope=(0.09, 0.17))
    mixed = torch.cat([straight, flat[0]]), torch.cat([2 * straight, flat[1]])
    return [
        Case((*flat, t[:1]), "one pair of codes and one share"),
        Case((*flat, ends), "the two ends and the middle"),
        Case((a, b, t), "several pairs of codes of more than two numbers"),
        Case((a, 4 * b, t), "pairs of which one code is much longer"),
        Case((a, obtuse, t), "pairs with more than a right angle between them"),
        Case((straight, 2 * straight, t), "two codes that point the same way", extreme=True),
        Case((straight, straight.clone(), t), "twice the same code", extreme=True),
        Case((*mixed, t), "two pairs of which one points the same way", extreme=True),
        Case((*close, t), "pairs with a small angle between them"),
        Case((close[0], -close[1], t), "pairs that point nearly opposite ways"),
        Case((a.float(), b.float(), t.float()), "codes in float32"),
    ]


def _pairs(n: int, latent_dim: int, generator: torch.Generator, slope: tuple[float, float] = (0.75, 1.5)) -> tuple[Tensor, Tensor]:
    """Codes a and b, each (n, latent_dim), of other lengths. slope: the tangent of the angle between them; about 37 to 56 degrees."""
    a, c = normals(n, latent_dim, generator=generator), normals(n, latent_dim, generator=generator)
    a = a + 0.5 * a.sign()  # none of them near 0
    across = c - (c * a).sum(dim=1, keepdim=True) / (a * a).sum(dim=1, keepdim=True) * a
    across = across / across.norm(dim=1, keepdim=True) * a.norm(dim=1, keepdim=True)
    tangent = uniform(*slope, n, 1, generator=generator)
    length = uniform(0.5, 0.8, n, 1, generator=generator)
    return a, (100 * length * (a + tangent * across)).round() / 100


def _by_angle(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    return _turned(a, b, t)


def _turned(
    a: Tensor,
    b: Tensor,
    t: Tensor,
    *,
    length: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda p, q, t: (1 - t) * p + t * q,
    turn: Callable[[Tensor], Tensor] = lambda angle: angle,
    careful: bool = True,
) -> Tensor:
    """The path, (n, k, latent_dim), or what becomes of it with another length or another angle."""
    p, q = a.norm(dim=1)[:, None, None], b.norm(dim=1)[:, None, None]
    first, last, t = a[:, None] / p, b[:, None] / q, t[None, :, None]
    angle = turn((first * last).sum(dim=2, keepdim=True).clamp(-1, 1).acos())
    direction = (((1 - t) * angle).sin() * first + (t * angle).sin() * last) / angle.sin()
    if careful:
        direction = torch.where(angle < 1e-6, first, direction)
    return length(p, q, t) * direction


def _same_way(a: Tensor, b: Tensor) -> Tensor:
    """Which pairs point the same way, (n, 1, 1)."""
    return (torch.cosine_similarity(a, b, dim=1) > 1 - 1e-12)[:, None, None]


def _straight(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    return (1 - t)[None, :, None] * a[:, None] + t[None, :, None] * b[:, None]


def _stretched_line(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """The straight line, each point stretched to the length that it should have."""
    line = _straight(a, b, t)
    lengths = (1 - t) * a.norm(dim=1, keepdim=True) + t * b.norm(dim=1, keepdim=True)
    return line * (lengths / line.norm(dim=2))[..., None]


def _on_raw_codes(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Shoemake's weights on the codes themselves, whose lengths differ."""
    cosine = (a * b).sum(dim=1) / (a.norm(dim=1) * b.norm(dim=1))
    angle, share = cosine.clamp(-1, 1).acos()[:, None, None], t[None, :, None]
    return (((1 - share) * angle).sin() * a[:, None] + (share * angle).sin() * b[:, None]) / angle.sin()


def _one_angle(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """One angle for all pairs, from the sum over the whole batch."""
    cosine = ((a * b).sum() / (a.norm() * b.norm())).clamp(-1, 1)
    return _turned(a, b, t, turn=lambda _: cosine.acos().expand(len(a), 1, 1))


def _shorter_way(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Turned to the nearer of b and -b, as for quaternions, of which both mean the same."""
    return _turned(a, torch.where((a * b).sum(dim=1, keepdim=True) < 0, -b, b), t)


def _chord(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """The two directions mixed straight, and what comes out stretched to the length that it should have."""
    p, q, share = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True), t[None, :, None]
    mixed = _straight(a / p, b / q, t)
    return mixed / mixed.norm(dim=2, keepdim=True) * ((1 - share) * p[:, None] + share * q[:, None])


def _of_raw_codes(a: Tensor, b: Tensor, t: Tensor, *, room: float = 0.0, clamped: bool = True) -> Tensor:
    """With the arc cosine of the product of the codes as they are, which is often beyond 1."""
    product = (a * b).sum(dim=1)[:, None, None]
    angle = (product.clamp(-1 + room, 1 - room) if clamped else product).acos()
    return _turned(a, b, t, turn=lambda _: angle, careful=False)


def _as_if_right(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Cosine and sine of the turn as weights, which fit directions at a right angle."""
    p, q, share = a.norm(dim=1)[:, None, None], b.norm(dim=1)[:, None, None], t[None, :, None]
    first, last = a[:, None] / p, b[:, None] / q
    angle = (first * last).sum(dim=2, keepdim=True).clamp(-1, 1).acos()
    return ((1 - share) * p + share * q) * ((share * angle).cos() * first + (share * angle).sin() * last)


def _undivided(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Without the division by the sine of the angle."""
    cosine = torch.cosine_similarity(a, b, dim=1)[:, None, None]
    return (1 - cosine**2).clamp(min=0).sqrt() * _turned(a, b, t)


def _straight_where(a: Tensor, b: Tensor, t: Tensor, where: Tensor) -> Tensor:
    return torch.where(where, _straight(a, b, t), _by_angle(a, b, t))


ANGLE_SLIPS: dict[str, Callable] = {
    "Where one pair points the same way you walk straight for all of them. Each pair has its own angle.": lambda a, b, t: (
        _straight_where(a, b, t, _same_way(a, b).any())
    ),
    "It is not a number where the two codes point the same way: the angle is 0 there, and its sine, too.": lambda a, b, t: _turned(
        a, b, t, careful=False
    ),
    "Where the two codes point the same way you stay at the first. There is nothing to turn there, and a way to walk.": (
        lambda a, b, t: torch.where(_same_way(a, b), a[:, None].expand(-1, len(t), -1), _by_angle(a, b, t))
    ),
    "This is the straight line. Its length is not the one asked for, and its direction does not turn evenly.": _straight,
    "The ends, the middle and the lengths are right, the speed is not: you stretched the straight line, and its direction turns faster in "
    "the middle than at the ends.": _stretched_line,
    "The ends, the middle and the lengths are right, the speed is not: you mixed the two directions straight and stretched them to length "
    "1. Equal parts of the chord are not equal parts of the angle.": _chord,
    "It is 0 where the two codes point the same way: the angle is 0 there, and its sine, too, and what is not a number is no 0.": (
        lambda a, b, t: _turned(a, b, t, careful=False).nan_to_num()
    ),
    "Where the angle is small you walk straight. Only where it is 0 there is nothing to turn.": lambda a, b, t: _straight_where(
        a, b, t, (torch.cosine_similarity(a, b, dim=1) > 0.97)[:, None, None]
    ),
    "Where the angle is more than a right one you turn by a right one. A cosine below 0 is no slip: it says that the angle is larger.": (
        lambda a, b, t: _turned(a, b, t, turn=lambda angle: angle.clamp(max=math.pi / 2))
    ),
    "Your angle is never more than a right one: from a sine alone nobody can tell an angle from what is left to half a turn.": (
        lambda a, b, t: _turned(a, b, t, turn=lambda angle: angle.sin().asin())
    ),
    "Your angle comes from the product of the codes as they are. The arc cosine wants that of two directions, each of length 1.": (
        lambda a, b, t: _of_raw_codes(a, b, t, clamped=False)
    ),
    "Your angle comes from the product of the codes as they are, and is cut off at 1. The arc cosine wants the product of two directions, "
    "each of length 1.": _of_raw_codes,
    "Your angle comes from the product of the codes as they are, and is nearly 0 wherever that is large. The arc cosine wants the product "
    "of two directions, each of length 1.": lambda a, b, t: _of_raw_codes(a, b, t, room=1e-6),
    "You left out the division by the sine of the angle: your weights are the right ones only for a right angle.": _undivided,
    "Your weights are a cosine and a sine. They fit two directions at a right angle; which two weights turn by t times any angle?": (
        _as_if_right
    ),
    "You took even shares in place of t.": lambda a, b, t: _by_angle(a, b, torch.linspace(0, 1, len(t), dtype=t.dtype)),
    "Your direction goes from a to b, and your length from that of b to that of a.": lambda a, b, t: _turned(
        a, b, t, length=lambda p, q, t: t * p + (1 - t) * q
    ),
    "All your codes have length 1. The path should keep the lengths of its ends.": lambda a, b, t: _turned(
        a, b, t, length=lambda p, q, t: torch.ones_like(p)
    ),
    "All your codes are as long as the first. The length should reach that of the second.": lambda a, b, t: _turned(
        a, b, t, length=lambda p, q, t: p
    ),
    "You weighted the two codes as they are, and the weights are made for directions: take the lengths out first, and see to the length by "
    "itself.": _on_raw_codes,
    "Your length grows by equal factors. It should go straight from the one to the other.": lambda a, b, t: _turned(
        a, b, t, length=lambda p, q, t: p ** (1 - t) * q**t
    ),
    "You walk from b to a: at t = 0 the path should be at a.": lambda a, b, t: _turned(b, a, t),
    "You took one angle for the whole batch. Each pair has its own.": _one_angle,
    "Where the angle is more than a right one you walk to the code opposite of b. Codes are no quaternions: -b is another code.": (
        _shorter_way
    ),
    "You gave the shares first and the pairs second: row i should hold the path of pair i.": lambda a, b, t: _turned(
        a, b, t
    ).transpose(0, 1),
    "Your path goes along axes that you flattened: there should be one axis for the pairs, one for the shares and one for the numbers of a "
    "code.": lambda a, b, t: _turned(a, b, t).flatten(0, 1),
}


def check_mean_distances(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(ae, vae, test, train)``: how far drawn pictures and real ones lie from training images, three numbers.

    ae, vae: (seeds, n, pixels). test: (m, pixels). train: (k, pixels). As it is given out, it has three slips (`FAIR_SLIPS`); with all
    of them it is an answer not given yet.
    """
    verdict = compare(
        answer,
        _mean_distances,
        _mean_distances_cases(seed),
        slips=FAIR_SLIPS,
        name="mean_distances",
        praise="All pictures are looked up among the same images, all seeds count, and the yardstick is one.",
        parts=("the autoencoders' number", "the VAEs' number", "the number of the real images"),
    )
    return Verdict(None, PENDING) if verdict.message == UNMENDED else verdict


def _mean_distances_cases(seed: int) -> list[Case]:
    generator = seeded(seed)

    def images(*shape: int) -> Tensor:
        return uniform(0, 1, *shape, generator=generator)

    def case(seeds: int, n: int, m: int, k: int, pixels: int, about: str) -> Case:
        return Case((images(seeds, n, pixels), images(seeds, n, pixels), images(m, pixels), images(k, pixels)), about)

    n, m, k, pixels = (whole(*ends, generator) for ends in ((3, 6), (3, 6), (12, 19), (3, 6)))
    many = case(whole(3, 5, generator), n, m, k, pixels, "three seeds or more")
    many.arguments[2][1] = many.arguments[2][0]  # a yardstick that searches the other test images finds one at 0
    single = Case(tuple(each.float() for each in many.arguments), "images in float32")
    few, one = case(2, 1, 2, 3, 2, "two seeds with one picture each"), case(1, n, m, k, pixels, "one seed")
    copies = case(2, n, m, k, pixels, "pictures that are copies of training images")
    long = case(2, n, m, whole(110, 130, generator), 2, "more than a hundred training images")
    for ae, vae, test, train in (copies.arguments, long.arguments):
        for i, images_of in enumerate((ae[0], vae[1], test), 1):
            images_of[0] = train[-i]  # among the last, which a search that stops early does not find
    return [few, many, one, single, copies, long]


def _looked_up(x: Tensor, real: Tensor) -> Tensor:
    """Distance of each image of x (..., n, pixels) from the nearest of real, (..., n)."""
    return (x[..., :, None, :] - real).norm(dim=-1).amin(dim=-1)


def _mean_distances(ae: Tensor, vae: Tensor, test: Tensor, train: Tensor) -> tuple:
    return tuple(_looked_up(x, train).mean() for x in (ae, vae, test))


def _unfair(
    ae: Tensor, vae: Tensor, test: Tensor, train: Tensor, *, few: bool = False, best: bool = False, itself: bool = False
) -> tuple:
    """`mean_distances` with some of the three slips of the page."""
    of_ae = _looked_up(ae, train[::10] if few else train).mean()
    of_vae = _looked_up(vae, train).mean(dim=1)
    of_test = _looked_up(test, torch.cat([train, test]) if itself else train).mean()
    return of_ae, of_vae.min() if best else of_vae.mean(), of_test


UNMENDED = "All three slips are still there."
FEW = "Still unfair to the autoencoders: look at what each kind's pictures are compared with."
BEST = "Still unfair: look at what becomes of the three seeds, for the one kind and for the other."
ITSELF = "The yardstick is still none: look at what a real image can find at a distance of 0."


def _left(few: bool, best: bool, itself: bool) -> tuple[str, Callable]:
    """What to say where some of the three slips are left, and the function that has them."""
    hints = [hint for hint, there in ((FEW, few), (BEST, best), (ITSELF, itself)) if there]
    says = UNMENDED if len(hints) == 3 else f"{('One slip is', 'Two slips are')[len(hints) - 1]} left. {' '.join(hints)}"
    return says, lambda *images: _unfair(*images, few=few, best=best, itself=itself)


FAIR_SLIPS: dict[str, Callable] = dict(_left(*there) for there in product((True, False), repeat=3) if any(there)) | {
    "Now both kinds are judged by their best seed. That is the same for both, and still no mean over the seeds.": lambda *x: (
        _looked_up(x[0], x[3]).mean(dim=1).min(),
        _unfair(*x, best=True)[1],
        _looked_up(x[2], x[3]).mean(),
    ),
    "Now all are looked up among few training images. That is fair, and farther than asked for: the nearest of all is meant.": (
        lambda ae, vae, test, train: _mean_distances(ae, vae, test, train[::10])
    ),
    "The models' pictures are looked up among the test images too. What are the three numbers distances from?": lambda *x: (
        *(_looked_up(each, torch.cat([x[3], x[2]])).mean() for each in x[:2]),
        _looked_up(x[2], x[3]).mean(),
    ),
    "The yardstick leaves each image itself out, and still searches the other test images. The models' pictures are looked up among the "
    "training images only.": lambda ae, vae, test, train: (
        *_mean_distances(ae, vae, test, train)[:2],
        _looked_up_others(test, train).mean(),
    ),
    "You took the mean over all pairs of images. How far is the nearest?": lambda *x: tuple(
        (each[..., :, None, :] - x[3]).norm(dim=-1).mean() for each in x[:3]
    ),
    "A picture that is the same as a training image is at a distance of 0, and it counts. You left these distances out.": (
        lambda ae, vae, test, train: tuple(_looked_up_elsewhere(x, train).mean() for x in (ae, vae, test))
    ),
    "The numbers of the autoencoders and of the VAEs have changed places.": lambda ae, vae, test, train: _mean_distances(
        vae, ae, test, train
    ),
    "You looked at the first seed only. All seeds count.": lambda ae, vae, test, train: _mean_distances(
        ae[:1], vae[:1], test, train
    ),
    "You divided by three, whatever the number of seeds.": lambda *x: (
        *(_looked_up(each, x[3]).mean(dim=1).sum() / 3 for each in x[:2]),
        _looked_up(x[2], x[3]).mean(),
    ),
    "You went from each training image to the nearest picture. Go from each picture to the nearest training image.": lambda *x: (
        tuple((each[..., :, None, :] - x[3]).norm(dim=-1).amin(dim=-2).mean() for each in x[:3])
    ),
    "You averaged squared distances.": lambda *x: tuple(_looked_up(each, x[3]).pow(2).mean() for each in x[:3]),
    "You took the nearest of all pictures of a seed. Each picture has a nearest training image, and their mean is asked for.": lambda *x: (
        *(_looked_up(each, x[3]).amin(dim=1).mean() for each in x[:2]),
        _looked_up(x[2], x[3]).mean(),
    ),
    "Your numbers are those of the worst seed. All seeds count.": lambda *x: (
        *(_looked_up(each, x[3]).mean(dim=1).max() for each in x[:2]),
        _looked_up(x[2], x[3]).mean(),
    ),
    "You give one number for each seed. Take the mean over the seeds, too.": lambda *x: (
        *(_looked_up(each, x[3]).mean(dim=1) for each in x[:2]),
        _looked_up(x[2], x[3]).mean(),
    ),
}


def _looked_up_elsewhere(x: Tensor, real: Tensor) -> Tensor:
    """As `_looked_up`, among the images that are not the same."""
    apart = (x[..., :, None, :] - real).norm(dim=-1)
    return torch.where(apart == 0, torch.inf, apart).amin(dim=-1)


def _looked_up_others(test: Tensor, train: Tensor) -> Tensor:
    """Distance of each test image from the nearest of the training images and the other test images, (m,)."""
    among = torch.cat([train, test])
    apart = (test[:, None] - among).norm(dim=2)
    return apart.sort(dim=1).values[:, 1]
