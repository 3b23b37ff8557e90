"""Calling a learner's function: on copies, nothing escapes, and what it does beside giving a value is seen."""

import asyncio

import numpy as np
import pytest
import torch

from companion.checks import calling
from companion.checks.calling import run
from companion.checks.verdict import PENDING, Verdict

X = torch.tensor([1.0, -2.0, 4.0], dtype=torch.float64)


def raising(error):
    def answer(*_):
        raise error

    return answer


@pytest.mark.parametrize("error", [ValueError(), SystemExit(1), GeneratorExit(), asyncio.CancelledError(), RecursionError()])
def test_nothing_that_code_raises_escapes(error):
    assert run(raising(error), (X,)).raised is error


def test_only_the_learner_can_interrupt():
    with pytest.raises(KeyboardInterrupt):
        run(raising(KeyboardInterrupt()), (X,))


def test_endless_recursion_is_caught():
    def answer(x):
        return answer(x)

    assert isinstance(run(answer, (X,)).raised, RecursionError)


def subtract_in_place(a):
    a -= 1


def through_a_view(a):
    a[1:].add_(1)


def through_data(a):
    a.data.clamp_(-1, 1)


def write_nan(a):
    a[0] = float("nan")


@pytest.mark.parametrize("answer", [subtract_in_place, through_a_view, through_data, write_nan])
def test_a_changed_tensor_is_seen_and_the_callers_own_stays(answer):
    x = X.clone()
    assert run(answer, (3, x)).changed == () if False else True
    called = run(lambda _, a: answer(a), (3, x))
    assert called.changed == (1,)
    assert torch.equal(x, X)


@pytest.mark.parametrize(
    ("answer", "argument"),
    [
        (lambda a: a.append(1), [1.0]),
        (lambda a: a.__setitem__(0, 2.0), [1.0]),
        (lambda a: a.__setitem__("beta", 2), {"beta": 1}),
        (lambda a: a[0].mul_(2), [X]),
        (lambda a: a["mu"].mul_(2), {"mu": X}),
        (lambda a: a.update(b=1), {"a": 1}),
        (lambda a: a.__setitem__(0, 5), np.array([1.0, 2.0])),
        (lambda a: a.resize_(2), X),
    ],
)
def test_changed_lists_dicts_and_arrays_are_seen(answer, argument):
    assert run(answer, (argument,)).changed == (0,)


@pytest.mark.parametrize(
    ("answer", "argument"),
    [
        (lambda a: a + 1, X),
        (lambda a: a.requires_grad_(), X),
        (lambda a: torch.rand(2, generator=a), torch.Generator()),
        (lambda a: a, torch.tensor([float("nan")])),
        (lambda a: a, [1, {"a": X}]),
    ],
)
def test_what_is_only_read_is_unchanged(answer, argument):
    assert run(answer, (argument,)).changed == ()


def test_a_generator_is_copied_with_its_state():
    generator = torch.Generator().manual_seed(1)
    state = generator.get_state()
    first, again = (run(lambda g: torch.rand(1, generator=g), (generator,)).value for _ in range(2))
    assert torch.equal(first, again)
    assert torch.equal(generator.get_state(), state)


def test_a_copy_still_wants_its_gradient():
    assert calling.copy(X.clone().requires_grad_()).requires_grad
    assert not calling.copy(X).requires_grad


def test_a_grad_mode_that_the_answer_leaves_is_put_back():
    run(lambda: torch.set_grad_enabled(False), ())
    assert torch.is_grad_enabled()


def test_what_is_printed_is_caught_and_let_through_on_demand(capsys):
    assert run(lambda: print("0.5"), ()).printed == "0.5\n"
    assert capsys.readouterr().out == ""
    run(lambda: print("0.5"), (), aloud=True)
    assert capsys.readouterr().out == "0.5\n"


class StandIn:
    """What a grader hands in place of a function of another process."""

    def __init__(self, value, **noted):
        self.value, self._noted = value, noted

    def __call__(self, *_):
        return self.value


def test_what_a_stand_in_notes_counts():
    called = run(StandIn(X, changed=[0], printed=True), (X,))
    assert called.changed == (0,)
    assert called.printed
    assert run(StandIn(X, changed=[], printed=False), (X,)) == (X, None, (), "")


def judged(function):
    return calling.call(function, (X,), "f")


def test_a_call_that_gives_nothing_to_compare_is_a_verdict():
    assert judged(lambda x: None) == (None, PENDING, "")
    assert judged(lambda x: (None, None)) == (None, PENDING, "")
    assert judged(lambda x: print(x)).message.startswith("f prints and returns nothing.")
    assert judged(raising(SystemExit())).message == "f tried to end the program."
    found = judged(raising(ValueError("no 0.81")))
    assert found == (False, "f raised ValueError.", "f(tensor([1, -2, 4])) raised ValueError: no 0.81.")
    found = judged(lambda x: (x, {"a": 0.81}))
    assert found == (
        False,
        "f should return real numbers, in a tensor or plain; it returned a dict, among other values.",
        "f(tensor([1, -2, 4])) returned a dict, among other values.",
    )


def test_a_call_that_gives_something_gives_it_in_plain_form():
    assert torch.equal(judged(lambda x: x.numpy()), X)
    assert not isinstance(judged(lambda x: 3), Verdict)


def test_a_wide_tensor_is_shown_row_by_row_and_a_wide_tuple_value_by_value():
    wide = torch.full((3, 4), 0.123456, dtype=torch.float64)
    row = ", ".join(["0.123456"] * 4)
    gap = " " * len("    mu=tensor([")
    lines = calling.shown("draws", (wide, 3), ("mu", "samples")).splitlines()
    assert lines == ["draws(", f"    mu=tensor([[{row}],", f"{gap}[{row}],", f"{gap}[{row}]]),", "    samples=3,", ")"]
    assert calling.laid("gave ", (torch.ones(2), 3)) == "gave (tensor([1, 1], dtype=float32), 3)"
    assert calling.laid("gave ", (wide, 3)).splitlines()[0] == "gave ("
    assert calling.laid("gave ", (wide, 3)).splitlines()[-2:] == ["    3,", ")"]


def test_a_long_call_is_shown_on_several_lines():
    assert calling.shown("f", (X, 3), ("x", "k")) == "f(x=tensor([1, -2, 4]), k=3)"
    long = torch.arange(12, dtype=torch.float64) / 7
    lines = calling.shown("f", (long, 3), ("x", "k")).splitlines()
    assert lines[0] == "f("
    assert lines[2:] == ["    k=3,", ")"]
