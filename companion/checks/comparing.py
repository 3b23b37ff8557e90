"""The comparison that most checks are: a learner's function against a reference on cases, and the known slip that gives its values.

What is asked of an answer, in this order: that it gives something, the right values in the right shape, its arguments left alone, the
dtype that came in and the right gradient, the last two only where the page asks for them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from companion.checks import values
from companion.checks.calling import Called, copied, example, laid, not_given, parameters, run, shown, trouble
from companion.checks.cases import Case
from companion.checks.values import Near
from companion.checks.verdict import PENDING, Verdict, kind

ROUNDED = "Close, but rounded: your numbers agree to about five digits, as if they had been float32 on the way. That is enough here. {praise}"
TOO_ROUNDED = (
    "Close, but rounded: your numbers agree to about five digits only, as if they had been float32 on the way. This exercise asks for "
    "float64."
)

DEAF = "Your function gives the same whatever comes in: does it use its arguments, or other names of the notebook?"
OTHER_AGAIN = "Called again with the same numbers, your function gives other values: does it draw, or remember earlier calls?"


class _Tried(NamedTuple):
    """A case and what came of it. got: what the learner's function gave, made plain. expected: what the reference gives."""

    case: Case
    called: Called
    got: Any
    expected: Any


class _Asked(NamedTuple):
    """What `compare` was asked, for its steps."""

    answer: Callable
    reference: Callable
    cases: list[Case]
    name: str
    parameters: tuple[str, ...]
    parts: tuple[str, ...]
    scale: float | int
    stepwise: bool
    follows: str

    def example(self, case: Case, *lines: str) -> str:
        """The call on a case as the learner would write it, and lines of what came of it."""
        return example(self.name, case.arguments, self.parameters, case.about, *lines)

    def tried(self, case: Case, *, aloud: bool) -> _Tried:
        called = run(self.answer, case.arguments, aloud=aloud)
        return _Tried(case, called, values.plain(called.value), expected_of(self.reference, case))

    def near(self, tried: _Tried) -> Near:
        return values.near(tried.got, tried.expected, scale=self.scale, single=is_single(tried.case))


def compare(
    answer: Any,
    reference: Callable,
    cases: Sequence[Case | tuple],
    *,
    name: str,
    praise: str,
    slips: Mapping[str, Callable] | None = None,
    gradient: Sequence[str] = (),
    gradient_slips: Mapping[str, Callable] | None = None,
    dtype: bool = False,
    exact: bool = False,
    parts: Sequence[str] = (),
    scale: float | int = 1.0,
    stepwise: bool = False,
    follows: str = "",
) -> Verdict:
    """Judge a function by what it gives on ``cases``.

    Args:
        answer: the learner's function. None, or a function that returns None, is an answer not given yet.
        reference: the right function; its parameters have the names that the page gives them. It stands numbers in float64, in which it
            is called where no generator is among the arguments.
        cases: smallest first; the first of the smallest that fail is shown. A generator among the arguments is copied for every call.
        name: what the learner called the function.
        praise: what to say when it is right.
        slips: message -> the function that this slip would make. The first that gives the learner's values on all cases that are not
            extreme is named.
        gradient: names of the parameters with respect to which the gradient is asked for, in float64.
        gradient_slips: message -> a function with the right values and the learner's gradient.
        dtype: the page asks that what comes back has the dtype of what came in.
        exact: the page asks for the precision of float64; otherwise what is as near as float32 can be is right.
        parts: names of the values of a tuple, for messages.
        scale: the size of the numbers that are added up on the way to the result.
        stepwise: a slip in one value of a tuple is named whatever the values after it are.
        follows: the part that is made of the others, so that a mistake in one of these is in it too; it is blamed last.

    Returns:
        A Verdict. An answer that raises, ends the program or returns no numbers is told so and never raises here.
    """
    missing = not_given(answer, name)
    if missing is not None:
        return missing
    named = parameters(reference)
    plain_cases = [case if isinstance(case, Case) else Case(case, "these numbers") for case in cases]
    asked = _Asked(answer, reference, plain_cases, name, named, tuple(parts), scale, stepwise, follows)
    tries = [asked.tried(case, aloud=i == 0) for i, case in enumerate(asked.cases)]
    steps = [lambda: _values(asked, tries, slips or {}), lambda: _untouched(asked, tries)]
    if dtype:
        steps.append(lambda: _dtypes(asked, tries))
    if gradient:
        steps.append(lambda: _gradients(asked, [named.index(each) for each in gradient], gradient_slips or {}))
    for step in steps:
        found = step()
        if found is not None:  # a verdict that is not right is false
            return found
    rounded = [each.case for each in tries if asked.near(each) is Near.ROUNDED]
    if rounded and exact:
        return Verdict(False, TOO_ROUNDED, asked.example(rounded[0]))
    return Verdict(True, ROUNDED.format(praise=praise) if rounded else praise)


def is_single(case: Case) -> bool:
    """Say whether a case comes in float32."""
    return any(isinstance(each, Tensor) and each.dtype == torch.float32 for each in case.arguments)


def expected_of(reference: Callable, case: Case) -> Any:
    """What a reference gives on a case, in float64 where nothing is drawn."""
    arguments = copied(case.arguments)
    if not any(isinstance(each, torch.Generator) for each in arguments):
        arguments = tuple(each.double() if isinstance(each, Tensor) and each.is_floating_point() else each for each in arguments)
    return reference(*arguments)


def _values(asked: _Asked, tries: list[_Tried], slips: Mapping[str, Callable]) -> Verdict | None:
    """The verdict on values that are not there or not right; None when all are right."""
    troubles = [trouble(each.called, shown(asked.name, each.case.arguments, asked.parameters), asked.name) for each in tries]
    if all(each is not None and each.right is None for each in troubles):
        return Verdict(None, PENDING)
    wrong = [i for i, each in enumerate(troubles) if each is None and asked.near(tries[i]) is Near.WRONG]
    fails = sorted([i for i, each in enumerate(troubles) if each is not None] + wrong, key=lambda i: (_size(tries[i].case), i))
    if not fails:
        return None
    if wrong:
        message = _slip(asked, tries, wrong, slips)
        if message:
            return Verdict(False, message, _differing(asked, tries[min(wrong, key=lambda i: _size(tries[i].case))]))
    first, passed = fails[0], _passed(asked, tries, fails)
    only = f" It is right for {tries[passed[0]].case.about}: what is special about {tries[first].case.about}?" if passed else ""
    said = troubles[first]
    if said is None:
        message = _change(asked, tries, wrong, first)
        if message is None:
            message = _unknown(asked, [tries[i] for i in wrong], tries[first]) + only
        return Verdict(False, message, _differing(asked, tries[first]))
    message = (
        f"{asked.name} returned nothing in one case. Does every way through it end in a `return`?"
        if said.right is None
        else said.message
    )
    return Verdict(False, f"{message}{only}", said.example or asked.example(tries[first].case, "gave None"))


def _change(asked: _Asked, tries: list[_Tried], wrong: list[int], first: int) -> str | None:
    """The message on values that change from call to call, or do not change from case to case."""
    largest = max(wrong, key=lambda i: _size(tries[i].case))  # where few numbers are drawn, they may come again
    if any(_changes(asked, tries[i]) for i in {first, largest}):
        return OTHER_AGAIN
    return DEAF if _deaf(tries) else None


def _passed(asked: _Asked, tries: list[_Tried], fails: list[int]) -> list[int]:
    """The cases that an answer is right for. One that is right but for rounding, and no smaller than what fails, may hide a slip."""
    size = _size(tries[fails[0]].case)
    right = (i for i in range(len(tries)) if i not in fails)
    return [i for i in right if asked.near(tries[i]) is Near.SAME or _size(tries[i].case) < size]


def _changes(asked: _Asked, tried: _Tried) -> bool:
    """Whether one of a few more calls with the same numbers gives other values, where no generator was handed over to draw from."""
    if any(isinstance(each, torch.Generator) for each in tried.case.arguments):
        return False
    again = [run(asked.answer, tried.case.arguments) for _ in range(4)]
    others = [values.plain(each.value) for each in again if each.raised is None]
    return any(_all_comparable(each) and values.near(each, tried.got, scale=asked.scale) is not Near.SAME for each in others)


def _deaf(tries: list[_Tried]) -> bool:
    """Whether a function gives the same finite numbers on all cases, and should not."""
    got, expected = ([getattr(each, name) for each in tries] for name in ("got", "expected"))
    parts = [part for each in got for part in (each if isinstance(each, tuple) else (each,))]
    numbers = all(
        values.comparable(each) and not isinstance(each, str) and values.as_float64(each).isfinite().all() for each in parts
    )
    if len(tries) < 3 or not numbers:
        return False
    same, right = (all(values.near(each, some[0]) is Near.SAME for each in some) for some in (got, expected))
    return same and not right


def _size(case: Case) -> int:
    """How large a case is to read: those in float64 first, then by how many numbers they have."""
    return 10**9 * is_single(case) + sum(each.numel() for each in case.arguments if isinstance(each, Tensor))


def _slip(asked: _Asked, tries: list[_Tried], wrong: list[int], slips: Mapping[str, Callable]) -> str | None:
    """The message of the first slip that gives the learner's values on every ordinary case, and on those that are wrong if all of these
    are extreme."""
    ordinary = [i for i, each in enumerate(tries) if each.called.raised is None and not each.case.extreme]
    if not set(wrong) & set(ordinary):
        ordinary = ordinary + wrong
    for upto in (None, _upto(asked, [tries[i] for i in wrong])) if asked.stepwise else (None,):
        for message, slip in slips.items():
            if all(_alike(asked, slip, tries[i], upto) for i in ordinary):
                return message
    return None


def _upto(asked: _Asked, wrong: list[_Tried]) -> int:
    """How many values of a tuple there are up to the first that is wrong in some case."""
    places = []
    for each in wrong:
        got, expected = values.fitted(each.got, each.expected), each.expected
        pairs = enumerate(zip(got, expected, strict=False), 1) if isinstance(got, tuple) and len(got) == len(expected) else ()
        places += [n for n, pair in pairs if values.near(*pair, scale=asked.scale, single=True) is Near.WRONG]
    return min(places, default=0)


def _alike(asked: _Asked, slip: Callable, tried: _Tried, upto: int | None = None) -> bool:
    """Say whether a slip gives what the learner's function gave. upto: look at so many values of a tuple."""
    theirs = run(slip, tried.case.arguments)
    got, value = tried.got, values.plain(theirs.value)
    if upto is not None:
        got = values.fitted(got, value)
        if not (upto and isinstance(got, tuple) and isinstance(value, tuple) and len(got) == len(value)):
            return False
        got, value = got[:upto], value[:upto]
    if theirs.raised is not None or got is None or value is None or not _all_comparable(value) or not _all_comparable(got):
        return False
    precise = values.near(got, value, scale=asked.scale, single=is_single(tried.case))
    return precise is not Near.WRONG and values.near(value, got, scale=asked.scale) is not Near.WRONG


def _all_comparable(value: Any) -> bool:
    return all(values.comparable(part) for part in (value if isinstance(value, tuple) else (value,)))


def _differing(asked: _Asked, tried: _Tried) -> str:
    differs = list(values.where(tried.got, tried.expected, asked.parts, scale=asked.scale))
    return asked.example(tried.case, laid("gave ", tried.got), *(f"  {each}" for each in differs[:4]))


def _unknown(asked: _Asked, wrong: list[_Tried], first: _Tried) -> str:
    """What is wrong where no known slip gives these values: the form, the part, or how the values are off."""
    pairs = [(each.got, each.expected) for each in wrong]
    got, expected = values.fitted(first.got, first.expected), first.expected
    if isinstance(got, tuple) != isinstance(expected, tuple) or (isinstance(got, tuple) and len(got) != len(expected)):
        return f"{asked.name} should return {values.count(expected)}; it returned {values.count(got)}."
    if isinstance(expected, tuple):
        return _first_part(asked, got, expected)
    if isinstance(got, str) or isinstance(expected, str):
        wanted = "a word" if isinstance(expected, str) else "numbers"
        return (
            f"{asked.name} returned another word." if isinstance(got, type(expected)) else f"{asked.name} should return {wanted}."
        )
    a, b = values.as_float64(got), values.as_float64(expected)
    if a.shape != b.shape:
        return _axes(asked, a, b)
    if not torch.isfinite(a).all() and torch.isfinite(b).all():
        return f"{asked.name} returned a value that is not finite."
    single = all(values.as_float64(each).numel() == 1 for each, _ in pairs)
    return _factor(pairs) or (
        "It is one number, as asked for, and not the right one." if single else "The shape is right, the values are not."
    )


def _first_part(asked: _Asked, got: tuple, expected: tuple) -> str:
    """Name the first value of a tuple that is not right; one that follows from the others comes last."""
    pairs = list(zip(got, expected, strict=True))
    wrong = [i for i, pair in enumerate(pairs) if values.near(*pair, scale=asked.scale, single=True) is Near.WRONG]
    made = [i for i in wrong if asked.parts[i : i + 1] == (asked.follows,)]
    if not wrong:
        return "The values are not right."
    i = next((i for i in wrong if i not in made), wrong[0])
    label = f"{asked.parts[i]} (value {i + 1})" if i < len(asked.parts) else f"Value {i + 1}"
    right = " is the first that is not right" + (", the ones before it are right" if i else "")
    if made:
        right = " is not right, the other values are" if made == wrong else f" is not right, and {asked.follows} holds it"
    return f"{label[0].upper()}{label[1:]}{right}.{_other_form(*pairs[i])}"


def _other_form(got: Any, expected: Any) -> str:
    """Say it where a part of a tuple is a text, or has another shape than the one asked for."""
    if isinstance(got, str) and not isinstance(expected, str):
        return " It is a text, and a number is asked for."
    if any(isinstance(each, (tuple, str)) or not values.comparable(each) for each in (got, expected)):
        return ""
    a, b = values.as_float64(got), values.as_float64(expected)
    if a.shape == b.shape:
        return ""
    return f" It has another shape than asked for: {'is an axis lost, or kept' if a.numel() == b.numel() else 'how many numbers are in it'}?"


def _axes(asked: _Asked, a: Tensor, b: Tensor) -> str:
    if a.ndim == b.ndim:
        return f"{asked.name} returned a tensor with as many axes as asked for, and not of the lengths asked for."
    more = "more" if a.ndim > b.ndim else "fewer"
    return f"{asked.name} returned a tensor with {more} axes than asked for: was an axis summed too few times, too often, or kept?"


def _factor(pairs: list[tuple[Any, Any]]) -> str | None:
    """Say it where in every case all values are off by one factor."""
    factors = []
    for got, expected in pairs:
        if (
            isinstance(got, tuple)
            or isinstance(expected, tuple)
            or values.as_float64(got).shape != values.as_float64(expected).shape
        ):
            return None
        a, b = values.as_float64(got).reshape(-1), values.as_float64(expected).reshape(-1)
        a, b = a[(a != 0) | (b != 0)], b[(a != 0) | (b != 0)]  # 0 is off by every factor
        ratio = a / b
        if not torch.isfinite(ratio).all() or not torch.allclose(ratio, ratio[:1].expand_as(ratio), rtol=1e-4):
            return None
        factors.append(ratio[0].item())
    if sum(values.as_float64(got).numel() for got, _ in pairs) < 3 or not all(factors):
        return None
    if all(abs(each + 1) < 1e-4 for each in factors):
        return "Your values are right but for their sign."
    if max(factors) - min(factors) < 1e-4 * abs(factors[0]):
        return f"All your values are too {'small' if abs(factors[0]) < 1 else 'large'}, by one and the same factor."
    if all(values.as_float64(got).numel() == 1 for got, _ in pairs):  # of a single number there is always such a factor
        return None
    return (
        "In each case all your values are off by one factor, and the factor changes from case to case: a sum where a mean belongs, or a "
        "mean where a sum does?"
    )


def _untouched(asked: _Asked, tries: list[_Tried]) -> Verdict | None:
    """The verdict on a function that changed what it was given."""
    for case, called, *_ in tries:
        if called.changed:
            names = " and ".join(asked.parameters[i] for i in called.changed if i < len(asked.parameters))
            one = " and " not in names
            return Verdict(
                False,
                f"The values are right, but your function changed its argument{'' if one else 's'} {names}: whoever called it has other "
                "numbers now. Work on a new tensor, for instance `a = a - b` in place of `a -= b`.",
                asked.example(case, f"{names} {'is not what it was' if one else 'are not what they were'} afterwards"),
            )
    return None


def _dtypes(asked: _Asked, tries: list[_Tried]) -> Verdict | None:
    """The verdict on a result in another dtype than what came in."""
    for case, called, *_ in tries:
        floats = [each for each in case.arguments if isinstance(each, Tensor) and each.is_floating_point()]
        got = called.value if isinstance(called.value, (tuple, list)) else (called.value,)
        for each in got:
            came = values.dtype_name(floats[0]) if floats else ""
            has_one = isinstance(each, (Tensor, np.ndarray, np.generic))
            gave = values.dtype_name(each) if has_one else kind(each)
            if floats and gave != came:
                message = f"The values are right, the dtype is not: {came} came in and {gave} came out."
                return Verdict(False, message, asked.example(case))
    return None


def _gradients(asked: _Asked, places: list[int], slips: Mapping[str, Callable]) -> Verdict | None:
    """The verdict on gradients with respect to some of the arguments, in the cases of float64."""
    cases = [case for case in asked.cases if not is_single(case)]
    wanted = [gradients(asked.reference, case, places) for case in cases]
    got = [gradients(asked.answer, case, places) for case in cases]
    off = [i for i in range(len(cases)) if not _same_gradients(got[i], wanted[i], asked.scale)]
    if not off:
        return None
    first = min(off, key=lambda i: _size(cases[i]))
    found = got[first]
    with_respect = " and ".join(asked.parameters[i] for i in places)
    if isinstance(found, Called):
        why = (
            f"raised {type(found.raised).__name__}" if found.raised is not None else "gave nothing that a gradient could come from"
        )
        message = (
            f"The values are right, and no gradient comes back: the exercise asks for the one with respect to {with_respect}. Did a "
            "`.detach()`, `.item()`, `.data`, `no_grad`, NumPy or an in-place step cut it off?"
        )
        return Verdict(False, message, asked.example(cases[first], f"with {with_respect} wanting a gradient: {why}"))
    ordinary = [i for i in range(len(cases)) if not cases[i].extreme] if any(not cases[i].extreme for i in off) else off
    for message, slip in slips.items():
        if all(_same_gradients(got[i], gradients(slip, cases[i], places), asked.scale) for i in ordinary):
            return Verdict(False, message, _wrong_gradient(asked, cases[first], places, found, wanted[first]).example)
    return _wrong_gradient(asked, cases[first], places, found, wanted[first])


def _wrong_gradient(asked: _Asked, case: Case, places: list[int], got: list, right: Any) -> Verdict:
    """The verdict on a gradient that is not what the reference's is, by argument."""
    wrong = [i for i in range(len(places)) if not _same_gradients(got[i : i + 1], right[i : i + 1], asked.scale)]
    names = " and ".join(asked.parameters[places[i]] for i in wrong)
    lines = []
    for i in wrong:
        wanted = torch.zeros_like(got[i]) if right[i] is None else right[i]
        how = "none" if got[i] is None else "; ".join(values.where(got[i], wanted, scale=asked.scale))
        lines.append(f"gradient with respect to {asked.parameters[places[i]]}: {how}")
    missing = all(got[i] is None for i in wrong)
    said = f"no gradient reaches {names}" if missing else f"the gradient with respect to {names} is not"
    if any(got[i] is not None and not torch.isfinite(got[i]).all() for i in wrong):
        said = f"the gradient with respect to {names} is not finite"
    return Verdict(False, f"The values are right, {said}.", asked.example(case, *lines))


def gradients(function: Callable, case: Case, places: Sequence[int]) -> list[Tensor | None] | Called:
    """The gradient of a weighted sum of what a function gives, with respect to the arguments at places.

    Returns:
        A tensor or None a place; what the call gave where nothing of it has a gradient.
    """
    leaves = [each.detach().clone().requires_grad_() if i in places else each for i, each in enumerate(case.arguments)]
    kept: dict[int, Tensor] = {}

    def tracked(*arguments: Any) -> Any:
        kept.update({i: arguments[i] for i in places})
        return function(*arguments)

    with torch.enable_grad():
        called = run(tracked, tuple(leaves))
        value = called.value if isinstance(called.value, (tuple, list)) else (called.value,)
        total = [_weighted(each) for each in value if isinstance(each, Tensor) and each.requires_grad]
        if called.raised is not None or not total:
            return called
        try:
            return list(torch.autograd.grad(torch.stack(total).sum(), [kept[i] for i in places], allow_unused=True))
        except RuntimeError as error:
            return called._replace(raised=error)


def _weighted(value: Tensor) -> Tensor:
    """A sum in which no two numbers count the same, so that gradients of different places cannot be exchanged."""
    weights = torch.linspace(0.5, 1.5, value.numel(), dtype=torch.float64).reshape(value.shape)
    return (weights * value.double()).sum()


def _same_gradients(got: list[Tensor | None] | Called, right: list[Tensor | None] | Called, scale: float | int) -> bool:
    if isinstance(got, Called) or isinstance(right, Called):
        return False
    pairs = zip(got, right, strict=True)
    return all(
        (a is None or not a.any()) if b is None else (a is not None and values.near(a, b, scale=scale) is not Near.WRONG)
        for a, b in pairs
    )
