"""Checks for what one knob buys: the weight between the two terms, hidden and open, prices, a warm-up, and the gap that MIG measures."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from companion import evaluation
from companion.checks.cases import Case, seeded, uniform, whole
from companion.checks.comparing import compare
from companion.checks.verdict import PENDING, Verdict, describe, judge_words, number

KEPT = 6  # of ten directions, at beta 4 and with each number given twice
KEPT_WRONG = {
    0: "You raised the price with the numbers. The price is what it was; what does a direction save now?",
    1: "You kept the count. Every number is there twice now: what happens to the variance of a direction?",
    2: "You doubled the count. It is the variances that change; the count follows from them.",
    4: "You multiplied the variances by the square root of 2. The length of a direction grows so; its square is asked for.",
    10: "You let the variance of a direction grow fourfold, or the price vanish. Two copies, not four.",
    12: "You gave each copy latents of its own. Do the copies show anything new?",
    20: "You counted the numbers in x. The copies say nothing new: in how many directions do the images differ?",
}


def check_copied_numbers(prediction: Any, *, seed: int = 0) -> Verdict:
    """Judge a count: how many of the digits' ten largest directions a linear VAE keeps at beta 4 when each number is given twice.

    seed: not used.
    """
    if prediction is None:
        return Verdict(None, PENDING)
    value = number(prediction)
    if value is None or value != round(value) or value < 0:
        return Verdict(False, "prediction should be a count, a whole number.", f"It is {describe(prediction)}.")
    if value == KEPT:
        return Verdict(True, "Change the line and see. Then look for the run with one copy that gives each latent the same KL.")
    return Verdict(
        False, KEPT_WRONG.get(int(value), "Not what comes out. What is the variance of each direction now, and the price?")
    )


# The beta that nobody wrote down.


def check_hidden_beta(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(reconstruction, kl, pixels, latent_dim, batch)``: the beta of a loss that is the sum of two reduced tables.

    reconstruction, kl: "sum", "mean" or "image", how the table (batch, pixels) of the cross-entropy and the table (batch, latent_dim)
    of the KL become one number; "image" sums within an image and averages over the batch.
    """
    return compare(
        answer,
        _hidden_beta,
        _hidden_beta_cases(seed),
        slips=HIDDEN_SLIPS,
        name="hidden_beta",
        praise="All nine pairs, for two sizes of images, codes and batches, and for a batch of one image.",
    )


def _hidden_beta_cases(seed: int) -> list[Case]:
    generator = seeded(seed)
    few = 10 * whole(2, 6, generator), whole(2, 5, generator), whole(6, 9, generator)
    many = whole(500, 3000, generator), whole(10, 40, generator), whole(50, 300, generator)
    ways = ("image", "mean", "sum")
    pairs = [(first, second) for first in ways for second in ways]
    return [Case((*pair, *sizes), f'"{pair[0]}" beside "{pair[1]}"') for sizes in (few, many) for pair in pairs] + [
        Case((*pair, few[0], few[1], 1), f'"{pair[0]}" beside "{pair[1]}", with a batch of one image') for pair in pairs
    ]


def _weight_of(reduction: str, size: int, batch: int) -> float | int:
    """By what a reduction multiplies the mean over images of a sum within an image."""
    return {"image": 1, "mean": 1 / size, "sum": batch}[reduction]


def _hidden_beta(reconstruction: str, kl: str, pixels: int, latent_dim: int, batch: int) -> float | int:
    """The weight of the KL, for a weight of 1 on the reconstruction term."""
    return _weight_of(kl, latent_dim, batch) / _weight_of(reconstruction, pixels, batch)


def _by(weight_of: Callable) -> Callable:
    """The hidden beta with another idea of what a reduction does: ``weight_of(reduction, size, batch)``."""
    return lambda r, k, pixels, latent_dim, batch: weight_of(k, latent_dim, batch) / weight_of(r, pixels, batch)


HIDDEN_SLIPS: dict[str, Callable] = {
    "You divided the wrong way round: this is the price of a nat of reconstruction, in nats of KL.": lambda *case: (
        1 / _hidden_beta(*case)
    ),
    "You multiplied the two factors. What remains if you take the reconstruction's factor out of the sum?": (
        lambda r, k, pixels, latent_dim, batch: _weight_of(k, latent_dim, batch) * _weight_of(r, pixels, batch)
    ),
    'You let "sum" be what the course does. It adds over the batch as well.': _by(
        lambda reduction, size, batch: {"image": 1, "mean": 1 / size, "sum": 1}[reduction]
    ),
    'You let "mean" divide by the batch once more. The mean over the images is in D and R already.': _by(
        lambda reduction, size, batch: {"image": 1, "mean": 1 / size / batch, "sum": batch}[reduction]
    ),
    'You let "mean" divide by the batch alone. It averages within an image as well.': _by(
        lambda reduction, size, batch: {"image": 1, "mean": 1 / batch, "sum": batch}[reduction]
    ),
    'You let "sum" grow with the size of an image and the batch. Within an image D and R are sums already.': _by(
        lambda reduction, size, batch: {"image": 1, "mean": 1 / size, "sum": size * batch}[reduction]
    ),
    'You let "image" divide by the batch. The mean over the images is in D and R already.': _by(
        lambda reduction, size, batch: {"image": 1 / batch, "mean": 1 / size, "sum": batch}[reduction]
    ),
    'You let "mean" multiply by the number of terms. A mean is smaller than the sum.': _by(
        lambda reduction, size, batch: {"image": 1, "mean": size, "sum": batch}[reduction]
    ),
    'You let "sum" divide by the batch. A sum over more images is larger.': _by(
        lambda reduction, size, batch: {"image": 1, "mean": 1 / size, "sum": 1 / batch}[reduction]
    ),
    'You let "mean" be what the course does. It averages within an image as well.': _by(
        lambda reduction, size, batch: {"image": 1, "mean": 1, "sum": batch}[reduction]
    ),
    "Pixels and latents have changed places: each table has its own size.": lambda r, k, pixels, latent_dim, batch: _hidden_beta(
        r, k, latent_dim, pixels, batch
    ),
    "Your beta is a whole number. Did you divide with `//`?": lambda r, k, pixels, latent_dim, batch: (
        {"image": 1, "mean": pixels, "sum": 1}[r]
        * {"image": 1, "mean": 1, "sum": batch}[k]
        // ({"image": 1, "mean": 1, "sum": batch}[r] * {"image": 1, "mean": latent_dim, "sum": 1}[k])
    ),
    "You left the reduction of the KL out: the two terms may be reduced in different ways.": (
        lambda r, k, pixels, latent_dim, batch: 1 / _weight_of(r, pixels, batch)
    ),
    "You left the reduction of the reconstruction out: the two terms may be reduced in different ways.": (
        lambda r, k, pixels, latent_dim, batch: _weight_of(k, latent_dim, batch)
    ),
    "You averaged the KL over the pixels. How many numbers an image does its table have?": (
        lambda r, k, pixels, latent_dim, batch: _weight_of(k, pixels, batch) / _weight_of(r, pixels, batch)
    ),
    'A "mean" of the KL counts as a sum in your answer: the latents are missing.': (
        lambda r, k, pixels, latent_dim, batch: {"image": 1, "mean": 1, "sum": batch}[k] / _weight_of(r, pixels, batch)
    ),
    "You answer with the number of pixels, whatever the reductions. That is the chapter's one case.": (
        lambda r, k, pixels, latent_dim, batch: pixels
    ),
    "You let equal names cancel. Two means are not over equally many numbers.": lambda r, k, pixels, latent_dim, batch: (
        1 if r == k else _hidden_beta(r, k, pixels, latent_dim, batch)
    ),
}


# The price range.


def check_price_range(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(rate, distortion, i)``: the lowest and the highest price at which run i is the best buy, a tuple of two numbers.

    rate, distortion: (runs,), in nats. The lowest price is at least 0; the highest is infinite where no run has a lower rate.
    """
    return compare(
        answer,
        _price_range,
        _price_range_cases(seed),
        slips=PRICE_SLIPS,
        name="price_range",
        praise="It is right for one run and for several, also for the two at the ends and for the one that is never the best buy.",
        parts=("the lowest price", "the highest price"),
    )


def _price_range_cases(seed: int) -> list[Case]:
    generator = seeded(seed)
    rate, distortion = _runs(whole(6, 8, generator), generator)
    order = rate.argsort()
    ends = {int(order[0]): "the run with the lowest rate", int(order[-1]): "the run with the highest rate"}
    never = {i: "a run that is never the best buy" for i in range(len(rate)) if _is_never(rate, distortion, i)}
    names = dict.fromkeys(range(len(rate)), "a run in the middle") | ends | never
    two, bills = rate[order[[-1, 0]]], distortion[order[[-1, 0]]]
    return [
        Case((two[:1], bills[:1], 0), "a run without rivals"),
        Case((two, bills, 0), "the first of two runs"),
        Case((two, bills, 1), "the second of two runs"),
        Case((two, bills.flip(0), 1), "the cheaper of two runs, which is also the better one"),
        Case((two, bills.flip(0), 0), "a run with a rival that is cheaper and better"),
        *(Case((rate, distortion, i), names[i]) for i in range(len(rate))),
        *(Case((rate.float(), distortion.float(), i), f"{names[i]}, in float32") for i in range(len(rate))),
    ]


def _is_never(rate: Tensor, distortion: Tensor, i: int) -> bool:
    low, high = _price_range(rate, distortion, i)
    return low > high


def _runs(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Rates and distortions of runs near one curve, in any order: one at least is never the best buy, and for one that sometimes is
    neither neighbour on the curve sets the limit."""
    while True:
        rate = uniform(0.0, 10.0, count, generator=generator)
        distortion = ((60 * (-rate / 3).exp() + 100 + uniform(0.0, 4.0, count, generator=generator)) * 10).round() / 10
        if rate.sort().values.diff().min() < 0.2:
            continue
        ranges = [_price_range(rate, distortion, i) for i in range(count)]
        order = rate.argsort().tolist()
        inside = [i for i in range(count) if ranges[i][0] < ranges[i][1]]
        ends_never = any(_is_never(rate, distortion, i) for i in (order[0], order[-1]))
        farther = any(_beside(rate, distortion, i, order) != ranges[i] for i in inside)
        apart = any(_ends(rate, distortion, i) != _loosest(rate, distortion, i) for i in range(count))
        if len(inside) < count and farther and apart and not ends_never and all(abs(low - high) > 0.01 for low, high in ranges):
            return rate, distortion


def _prices(rate: Tensor, distortion: Tensor, i: int) -> tuple[list[float], list[float]]:
    """At which price run i costs as much as each other run: those with a higher rate, and those with a lower one."""
    others = [j for j in range(len(rate)) if rate[j] != rate[i]]
    prices = {j: float((distortion[i] - distortion[j]) / (rate[j] - rate[i])) for j in others}
    return [p for j, p in prices.items() if rate[j] > rate[i]], [p for j, p in prices.items() if rate[j] < rate[i]]


def _price_range(rate: Tensor, distortion: Tensor, i: int) -> tuple[float, float]:
    """The lowest and the highest price at which run i has the lowest distortion + price * rate."""
    higher, lower = _prices(rate, distortion, i)
    return max([0.0, *higher]), min([math.inf, *lower])


def _beside(rate: Tensor, distortion: Tensor, i: int, order: list[int]) -> tuple[float, float]:
    """The price range as the runs next to i in some order give it."""
    place = order.index(i)
    near = [order[place + step] for step in (-1, 0, 1) if 0 <= place + step < len(order)]
    return _price_range(rate[near], distortion[near], near.index(i))


def _ends(rate: Tensor, distortion: Tensor, i: int) -> tuple[float, float]:
    """The price range that the run with the lowest rate and the one with the highest give."""
    chosen = sorted({int(rate.argmin()), i, int(rate.argmax())})
    return _price_range(rate[chosen], distortion[chosen], chosen.index(i))


def _loosest(rate: Tensor, distortion: Tensor, i: int) -> tuple[float, float]:
    """The range with minimum and maximum exchanged."""
    higher, lower = _prices(rate, distortion, i)
    return max(0.0, min(higher, default=0.0)), max(lower, default=math.inf)


def _inverted(rate: Tensor, distortion: Tensor, i: int) -> tuple[float, float]:
    """The range with rate over distortion in place of distortion over rate."""
    higher, lower = ([1 / p for p in prices] for prices in _prices(rate, distortion, i))
    return max([0.0, *higher]), min([math.inf, *lower])


def _unsigned(rate: Tensor, distortion: Tensor, i: int) -> tuple[float, float]:
    """The range from the sizes of the slopes."""
    higher, lower = ([abs(p) for p in prices] for prices in _prices(rate, distortion, i))
    return max([0.0, *higher]), min([math.inf, *lower])


def _slopes(rate: Tensor, distortion: Tensor, i: int) -> tuple[float, float]:
    """The slopes themselves, to the runs of higher rate and to those of lower."""
    low, high = _price_range(rate, distortion, i)
    return -low, -high


def _bounded(low: float = 0.0, high: float = math.inf) -> Callable:
    """The range with another end where no run stands on that side."""

    def price_range(rate: Tensor, distortion: Tensor, i: int) -> tuple[float, float]:
        higher, lower = _prices(rate, distortion, i)
        return max(higher, default=low), min(lower, default=high)

    return price_range


PRICE_SLIPS: dict[str, Callable] = {
    "The two prices have changed places: first the lowest, then the highest.": lambda *case: _price_range(*case)[::-1],
    "Your prices are negative. The slope of the curve is; a price is what a nat costs.": _slopes,
    "The sign of your prices is turned around: the slope of the curve is negative, a price is what a nat costs.": (
        lambda rate, distortion, i: _price_range(rate, -distortion, i)
    ),
    "The sides have changed places: against a run with a higher rate run i wins when a nat is dear enough.": lambda *case: (
        max([0.0, *_prices(*case)[1]]),
        min([math.inf, *_prices(*case)[0]]),
    ),
    "Your lowest price falls below 0 where a rival with a higher rate has a higher distortion too.": _bounded(),
    "Your highest price stops at 0. Beside a rival that is cheaper and better it is negative: give it as it comes out.": (
        lambda *case: (_price_range(*case)[0], max(_price_range(*case)[1], 0.0))
    ),
    "You took the slopes without their sign. A rival that is cheaper and better makes the difference.": _unsigned,
    "From below you take the weakest of the limits. Run i has to be the best buy of all.": lambda *case: (
        min([0.0, *_prices(*case)[0]]),
        _price_range(*case)[1],
    ),
    "Your lowest price is 0 for every run: rivals with a higher rate set no limit.": lambda *case: (0.0, _price_range(*case)[1]),
    "From above you stop at the rival that is easiest to beat. Run i has to be the best buy of all.": lambda *case: (
        _price_range(*case)[0],
        _loosest(*case)[1],
    ),
    "From below you stop at the rival that is easiest to beat. Run i has to be the best buy of all.": lambda *case: (
        _loosest(*case)[0],
        _price_range(*case)[1],
    ),
    "You divided the rate by the distortion. A price is nats of distortion for one nat of rate.": _inverted,
    "You compared each run with its neighbours in the list. The runs come in any order.": lambda rate, distortion, i: _beside(
        rate, distortion, i, list(range(len(rate)))
    ),
    "You compared each run with its neighbours on the curve only. A run farther off may still be the better buy.": (
        lambda rate, distortion, i: _beside(rate, distortion, i, rate.argsort().tolist())
    ),
    "You compared each run with the first and the last of the curve only.": _ends,
    "You stop at the rival that is easiest to beat. Run i has to be the best buy of all.": _loosest,
    "The run with the highest rate has no rival beyond it; how low may a price be?": _bounded(low=-math.inf),
    "The run with the lowest rate has no rival below it; how high may the price rise before another run is the better buy?": (
        _bounded(high=0.0)
    ),
    "Where a run is never the best buy, your range is empty in another way: give the two prices as they come out.": (
        lambda *case: (math.nan, math.nan) if _price_range(*case)[0] > _price_range(*case)[1] else _price_range(*case)
    ),
    "You sorted the two prices. For a run that is never the best buy the lower end lies above the upper one, and that says so.": (
        lambda *case: tuple(sorted(_price_range(*case)))
    ),
    "You measured along R + D. That is the bill at a price of 1; the price is what varies here.": lambda rate, distortion, i: (
        _price_range(rate, rate + distortion, i)
    ),
}


# A warm-up.


def check_warm_up(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(step, beta, hold, rise)``: the weight of the KL at a step, counted from 0.

    0 for the first `hold` steps, then a straight line that reaches beta `rise` steps later, then beta. With a rise of 0 it jumps.
    """
    return compare(
        answer,
        _warm_up,
        _warm_up_cases(seed),
        slips=WARM_UP_SLIPS,
        name="warm_up",
        praise="It holds, rises and stays, and with a rise of 0 steps it jumps.",
    )


def _warm_up_cases(seed: int) -> list[Case]:
    generator = seeded(seed)
    hold, beta = whole(3, 6, generator), whole(2, 8, generator) / 2 + 0.25
    rise = hold + whole(2, 5, generator)
    places = {0: "the first step", hold: "the last step at 0", hold + rise: "the first step at beta"}
    about = {
        step: "the hold" if step < hold else "the rise" if step < hold + rise else "the end" for step in range(hold + rise + 4)
    }
    return [
        *(Case((step, beta, hold, rise), {**about, **places}[step]) for step in about),
        *(Case((step, beta, 0, rise), "no hold") for step in (0, 1, rise, 3 * rise)),
        *(Case((step, beta, hold, 0), "a rise of 0 steps", extreme=True) for step in (0, hold - 1, hold, hold + 1)),
        Case((0, beta, 0, 0), "no hold and a rise of 0 steps", extreme=True),
        *(Case((step, beta, 2000, 6000), "thousands of steps", extreme=True) for step in (2003, 6500, 90_000)),
    ]


def _warm_up(step: int, beta: float | int, hold: int, rise: int) -> float:
    if step < hold:
        return 0.0
    return beta if step >= hold + rise else beta * (step - hold) / rise


def _line(*, shift: int = 0, longer: int = 0, start: bool = True, low: float = 0.0, high: float = 1.0) -> Callable:
    """A warm-up with a slip: the line begins `shift` steps earlier, takes `longer` steps more, and is cut at other ends."""

    def warm_up(step: int, beta: float | int, hold: int, rise: int) -> float:
        share = (step - hold * start + shift) / (rise and rise + longer)
        return beta * min(max(share, low), high)

    return warm_up


def _held(line: Callable) -> Callable:
    """The weight that `line` gives, with 0 for the hold."""
    return lambda step, beta, hold, rise: 0.0 if step < hold else line(step, beta, hold, rise)


WARM_UP_SLIPS: dict[str, Callable] = {
    "Your weight never stops rising. After the rise it stays at beta.": _line(high=math.inf),
    "Your weight is below 0 during the hold.": _line(low=-math.inf),
    "Your weight is below 0 during the hold, and never stops rising.": _line(low=-math.inf, high=math.inf),
    "Your weight stays at 0 until the rise is over, and then jumps. Did you divide with `//`?": (
        lambda step, beta, hold, rise: beta * min(max((step - hold) // rise, 0), 1)
    ),
    "The hold is missing: your weight begins to rise at step 0.": _line(start=False),
    "Your line begins at step 0 and not at the end of the hold: where the hold is over the weight jumps.": _held(
        _line(start=False)
    ),
    "Your line is one step early: at step `hold` it should still be at 0.": _line(shift=1),
    "Your line takes one step too many to reach beta.": _line(longer=1),
    "Your line takes one step too few to reach beta.": _line(longer=-1),
    "Your line is one step late.": _line(shift=-1),
    "Your line runs from step 0 to the end of the rise, cut off during the hold: where the hold is over the weight jumps.": _held(
        lambda step, beta, hold, rise: beta * min(step / (hold + rise), 1.0)
    ),
    "Your line begins at step 0. The rise begins after the hold.": lambda step, beta, hold, rise: (
        beta * min(step / (hold + rise), 1.0)
    ),
    "You cut the weight at 1. Beta may be larger.": lambda step, beta, hold, rise: min(_warm_up(step, beta, hold, rise), 1.0),
    "Your weight is rounded down to a whole number. Did you divide with `//`?": lambda step, beta, hold, rise: (
        beta if step >= hold + rise else math.floor(_warm_up(step, beta, hold, rise))
    ),
    "With a rise of 0 steps your weight is still 0 at step `hold`. It is beta from there on.": lambda step, beta, hold, rise: (
        0.0 if step == hold and rise == 0 else _warm_up(step, beta, hold, rise)
    ),
    "With a rise of 0 steps your weight is beta from the first step on. It is 0 before step `hold`.": (
        lambda step, beta, hold, rise: beta if rise == 0 else _warm_up(step, beta, hold, rise)
    ),
    "Your line takes as many steps as hold and rise together.": lambda step, beta, hold, rise: (
        beta * min(max((step - hold) / (hold + rise), 0.0), 1.0)
    ),
    "Your line reaches beta at step `rise`. The rise begins after the hold.": lambda step, beta, hold, rise: (
        beta * (min(max((step - hold) / (rise - hold), 0.0), 1.0) if rise > hold else float(step >= hold))
    ),
    "Your line has the slope of a rise to 1, cut at beta. It should take `rise` steps to reach beta, whatever beta is.": (
        lambda step, beta, hold, rise: min(beta, max((step - hold) / rise, 0.0))
    ),
    "Your line ends at 1. It should end at beta.": lambda step, beta, hold, rise: min(max((step - hold) / rise, 0.0), 1.0),
    "Your line falls from beta to 0. It should rise.": lambda step, beta, hold, rise: (
        beta * (1 - min(max((step - hold) / rise, 0.0), 1.0))
    ),
    "Your weight jumps from 0 to beta. It should rise in a straight line.": lambda step, beta, hold, rise: (
        0.0 if step < hold else beta
    ),
    "Your weight rises along a curve. A straight line is asked for: half a cosine was found.": lambda step, beta, hold, rise: (
        beta * 0.5 * (1 - math.cos(math.pi * min(max((step - hold) / rise, 0.0), 1.0)))
    ),
    "Your weight starts again after each rise. It should stay at beta.": _held(
        lambda step, beta, hold, rise: beta * ((step - hold) % rise) / rise
    ),
}


LEVELS = ("lower", "higher", "same")
LOGGED = {"KL": "higher", "logged loss": "lower", "D + R": "higher"}  # with a warm-up, a third of the way
LOGGED_WRONG = {
    ("KL", "lower"): "You expect a smaller KL with the warm-up. What has a nat cost in that run up to here?",
    ("KL", "same"): "You keep the KL. What has a nat cost in the two runs up to here?",
    ("logged loss", "higher"): "You expect a larger logged loss with the warm-up. Which weight does the KL have in that number?",
    ("logged loss", "same"): "You let the two logged losses be the same. Are they the same objective at that step?",
    ("D + R", "lower"): (
        "You expect a smaller D + R with the warm-up, so soon. What has that run been lowering so far, and what has the other?"
    ),
    ("D + R", "same"): "You let the two bills be the same. What has the run with the warm-up been lowering so far?",
}


def check_warm_up_log(prediction: Any, *, seed: int = 0) -> Verdict:
    """Judge how a run with a warm-up stands beside one without, a third of the way up: a dict of "lower", "higher" or "same".

    Keys: the KL, the loss that each run logs (with the weight of its step) and D + R. seed: not used.
    """
    praise = "Now run the cell. Of the three numbers, which one compares the two runs?"
    return judge_words(prediction, LOGGED, LEVELS, LOGGED_WRONG, praise)


# The mutual information gap.


def check_information_gap(answer: object, *, seed: int = 0) -> Verdict:
    """Judge ``answer(mu, factors)``: the gap of each factor, (factors,), between the two latents that know most about it.

    mu: posterior means, (n, latent_dim). factors: (n, factors), levels from 0. The information of a latent and a factor is counted
    with 20 cells between the latent's own smallest and largest value, in nats, less Miller's bias and at least 0; the gap is divided
    by the factor's entropy, counted alike.
    The code as it is handed out, with its three slips, is no answer yet. Source: Chen et al. 2018, equation 6.
    """
    verdict = compare(
        answer,
        _gaps,
        _gaps_cases(seed),
        slips={HANDED_OUT: _gap_with(cut="one", divide="bits", rival="mean of the others")} | GAP_SLIPS,
        name="information_gap",
        praise="All three slips are out: it agrees with `evaluation.mutual_information_gap`, factor by factor.",
    )
    return Verdict(None, PENDING) if verdict.message == HANDED_OUT else verdict


def _gaps_cases(seed: int) -> list[Case]:
    generator = seeded(seed)
    few, latent_dim = whole(2, 3, generator), whole(4, 5, generator)
    small = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    told, half = small.clone(), small.clone()
    told[0], half[:2], half[-2:] = 1, 1, 0
    two = torch.stack([told * 1.5, half * 0.25 - 1], dim=1).double()
    alike = torch.stack([told * 1.5, told * 0.25 - 1, half * 3.0], dim=1).double()
    return [
        Case((two, small[:, None]), "ten pictures, two latents and one factor"),
        Case((alike, torch.stack([small, half], dim=1)), "ten pictures, of whose three latents two say the same"),
        Case(_codes(150, latent_dim, few, generator), "many pictures, and more latents than factors"),
        Case(_codes(200, 3, 5, generator), "more factors than latents"),
        Case(_codes(300, 2, few, generator), "two latents"),
        Case(_codes(150, latent_dim, few, generator, dtype=torch.float32), "float32"),
    ]


def _codes(
    n: int, latent_dim: int, factors: int, generator: torch.Generator, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor]:
    """A code of latents of very different widths, each of which knows something of a factor or two, and the factors' levels."""
    while True:
        sizes = [whole(2, 5, generator) for _ in range(factors)]
        levels = torch.stack(
            [(size * torch.rand(n, generator=generator, dtype=torch.float64) ** 1.5).long() for size in sizes], dim=1
        )
        mix = torch.randn(factors, latent_dim, generator=generator, dtype=torch.float64)
        noise = torch.randn(n, latent_dim, generator=generator, dtype=torch.float64)
        width = torch.logspace(-1, 1, latent_dim, dtype=torch.float64)[torch.randperm(latent_dim, generator=generator)]
        mu = (((levels.double() - 1) @ mix + 0.5 * noise).tanh() * width).to(dtype)  # many at either end, in the outer cells
        if _is_clear(mu.double(), levels):
            return mu, levels


def _is_clear(mu: Tensor, levels: Tensor) -> bool:
    """Whether no number lies on the border of a cell, each factor has two levels and is known to some latent, and no two slips agree."""
    low, high = mu.amin(dim=0), mu.amax(dim=0)
    at = (mu - low) / (high - low) * 20
    inner = at[(at > 0.5) & (at < 19.5)]
    if ((inner - inner.round()).abs() < 1e-4).any() or (levels.amax(dim=0) == levels.amin(dim=0)).any():
        return False
    known = evaluation.mutual_information_gap(mu, levels).mutual_information
    return bool((known.sort(dim=1).values[:, -2:] > 0.02).all())


def _gaps(mu: Tensor, factors: Tensor) -> Tensor:
    return evaluation.mutual_information_gap(mu, factors).per_factor


def _gap_with(*, divide: str = "nats", rival: str = "second", bias: bool = True, **slip: Any) -> Callable:
    """The gap with slips.

    divide: by the entropy in "nats" or "bits", by the "entropy without its bias", by "log levels", by the number of "levels", by what
    the "best" knows, or by "nothing". rival: what the best latent is held against. bias: whether Miller's is subtracted. slip: for `_told`.
    """

    def information_gap(mu: Tensor, factors: Tensor) -> Tensor:
        told = _told(mu, factors, bias=bias, **slip)
        best = told.sort(dim=1, descending=True).values
        entropy = torch.stack([_information(level, level, bias=bias) for level in factors.T])
        levels = (factors.amax(dim=0) + 1).double()
        by: dict[str, Any] = {
            "nats": entropy,
            "bits": entropy / math.log(2),
            "nothing": 1.0,
            "best": best[:, 0],
            "log levels": levels.log(),
            "levels": levels,
        }
        by["entropy without its bias"] = torch.stack([_information(level, level, bias=False) for level in factors.T])
        return (best[:, 0] - _rivals(best)[rival]) / by[divide]

    return information_gap


def _rivals(best: Tensor) -> dict[str, Tensor]:
    """What the best latent can be held against. best: (factors, latent_dim), what each knows, the largest first."""
    return {
        "best": best[:, 0],
        "second": best[:, 1],
        "less": torch.where(best < best[:, :1], best, 0.0).amax(dim=1),
        "second smallest": best[:, -2],
        "smallest": best[:, -1],
        "mean of the others": best[:, 1:].mean(dim=1),
        "sum of the others": best[:, 1:].sum(dim=1),
        "mean of all": best.mean(dim=1),
        "none": 0 * best[:, 0],
    }


def _told(
    mu: Tensor,
    factors: Tensor,
    *,
    bias: bool,
    cut: str = "own",
    cells: int = 20,
    last: int = 0,
    rounded: bool = False,
    least: float = 0.0,
) -> Tensor:
    """Information of each factor and latent, (factors, latent_dim).

    cut: the range of the cells, "own" of each latent, "one" for all, its own start and one "width" for all, or that of each "picture".
    last: the cell of the largest value, from 0, if not the last of all. least: what information below it counts as.
    """
    low, high = mu.amin(dim=0), mu.amax(dim=0)
    if cut == "picture":
        low, high = mu.amin(dim=1, keepdim=True), mu.amax(dim=1, keepdim=True)
    start, width = (mu.min() if cut == "one" else low), (high - low if cut in ("own", "picture") else mu.max() - mu.min())
    at = (mu - start) / width * cells
    columns = (at.round() if rounded else at).long().clamp(max=last or cells - 1).T
    rows = [[_information(cell, level, bias=bias) for cell in columns] for level in factors.T]
    return torch.stack([torch.stack(row) for row in rows]).clamp(min=least)


def _information(a: Tensor, b: Tensor, *, bias: bool) -> Tensor:
    """Of two columns of whole numbers, in nats."""
    table = torch.nn.functional.one_hot(a).double().T @ torch.nn.functional.one_hot(b).double() / len(a)
    rows, columns = table.sum(dim=1), table.sum(dim=0)
    nats = torch.special.entr(rows).sum() + torch.special.entr(columns).sum() - torch.special.entr(table).sum()
    cells, used = (table > 0).sum(), (rows > 0).sum() + (columns > 0).sum()
    return nats - bias * (cells - used + 1) / (2 * len(a))


HANDED_OUT = "As it was handed out."
ONE_RANGE = "All latents are cut with one range"
BITS = "the entropy is in bits, beside information in nats"
MEAN = "the best latent is held against the mean of the others and not against the second best"
GAP_SLIPS: dict[str, Callable] = {
    f"{ONE_RANGE}, and {BITS}. The third slip is out.": _gap_with(cut="one", divide="bits"),
    f"{ONE_RANGE}, and {MEAN}. The third slip is out.": _gap_with(cut="one", rival="mean of the others"),
    f"{BITS[0].upper()}{BITS[1:]}, and {MEAN}. The third slip is out.": _gap_with(divide="bits", rival="mean of the others"),
    f"{ONE_RANGE}: a latent that moves little falls into a few cells. The two other slips are out.": _gap_with(cut="one"),
    f"{BITS[0].upper()}{BITS[1:]}. The two other slips are out.": _gap_with(divide="bits"),
    f"{MEAN[0].upper()}{MEAN[1:]}. The two other slips are out.": _gap_with(rival="mean of the others"),
    "The gap is not divided by what there is to know about the factor.": _gap_with(divide="nothing"),
    "The entropy is counted in another way than the information: `information` subtracts a bias in both.": _gap_with(
        divide="entropy without its bias"
    ),
    "The gap is divided by the logarithm of the number of levels. That is the entropy only if every level comes equally often.": (
        _gap_with(divide="log levels")
    ),
    "The gap is divided by the number of levels. What there is to know about a factor is counted in nats.": _gap_with(
        divide="levels"
    ),
    "The gap is divided by what the best latent knows. It is divided by what there is to know, the factor's entropy.": _gap_with(
        divide="best"
    ),
    "The best latent is held against the mean of all latents, itself among them.": _gap_with(rival="mean of all"),
    "The best latent is held against the worst.": _gap_with(rival="smallest"),
    "Nothing is subtracted from what the best latent knows: a second latent that knows as much leaves no gap.": _gap_with(
        rival="none"
    ),
    "The bias of counting is not subtracted. `information` does that.": _gap_with(bias=False),
    "The largest value of a latent has a cell of its own, the 21st. It belongs into the last of 20.": _gap_with(last=20),
    "You return one number. One for each factor is asked for; MIG is their mean.": lambda mu, factors: _gaps(mu, factors).mean(),
    "The best latent is held against itself: your gap is 0.": _gap_with(rival="best"),
    "The best latent is held against the sum of all others. The second best alone counts.": _gap_with(rival="sum of the others"),
    "The best latent is held against the worst but one: in which order does `sort` give them?": _gap_with(rival="second smallest"),
    "The best latent is held against the best of those that know less. Where two know as much, the gap is 0.": _gap_with(
        rival="less"
    ),
    "Information below 0 is kept. It counts as 0.": _gap_with(least=-math.inf),
    "The cells have one width for all latents: each latent is cut between its own smallest and largest value.": _gap_with(
        cut="width"
    ),
    "The range of the cells is taken over the latents of each picture. It is one of each latent, over all pictures.": _gap_with(
        cut="picture"
    ),
    "You cut each latent into 10 cells. It is 20.": _gap_with(cells=10),
    "You cut each latent into 19 cells, and give its largest value one of its own.": _gap_with(cells=19, last=19),
    "You round to the nearest border of a cell. Every value belongs into the cell in which it lies.": _gap_with(rounded=True),
    "The signs are turned around: second best less best.": lambda mu, factors: -_gaps(mu, factors),
}
