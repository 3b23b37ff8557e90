"""What all checks are made of: verdicts, comparisons that name a slip, and messages that hold no answer. Nothing handed in raises."""

import sys

import pytest
import torch

from companion.checks import verdict
from companion.checks.verdict import PENDING, Verdict, compare

X = torch.tensor([1.0, -2.0, 4.0], dtype=torch.float64)


def double(x):
    return 2 * x


def judged(answer, reference=double, cases=((X,),), slips=None):
    return compare(answer, reference, list(cases), slips=slips or {}, name="double", praise="Twice as much.")


# A verdict.


@pytest.mark.parametrize(("right", "true"), [(True, True), (False, False), (None, False)])
def test_only_a_right_answer_is_true(right, true):
    assert bool(Verdict(right, "So.")) is true


def test_a_verdict_reads_as_a_sentence():
    assert repr(Verdict(True, "Twice as much.")) == "Right. Twice as much."
    assert repr(Verdict(False, "Half of it.")) == "Not yet. Half of it."
    assert repr(Verdict(None, PENDING)) == PENDING


def test_a_verdict_on_a_page_escapes_what_the_learner_wrote_and_shows_its_kind():
    page = Verdict(False, "f raised <script>alert(1)</script> & more.")._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert [kind for kind in ("verdict-right", "verdict-wrong", "verdict-open") if kind in page] == ["verdict-wrong"]
    assert "verdict-right" in Verdict(True, "")._repr_html_()
    assert "verdict-open" in Verdict(None, "")._repr_html_()


# A comparison.


@pytest.mark.parametrize("answer", [double, lambda x: x + x, lambda x: (2 * x).requires_grad_(), lambda x: 2 * x * (1 + 1e-9)])
def test_equal_values_are_right(answer):
    assert judged(answer) == (True, "Twice as much.")


def test_plain_numbers_count_as_tensors_without_axes_and_keep_their_digits():
    assert judged(lambda x: 4e40, lambda x: torch.tensor(4e40, dtype=torch.float64)).right is True
    assert judged(lambda x: 4.1e40, lambda x: torch.tensor(4e40, dtype=torch.float64)).right is False
    assert judged(lambda x: 1, lambda x: 1.0).right is True
    assert judged(lambda x: float("inf"), lambda x: float("inf")).right is True


def test_values_that_differ_in_the_fifth_digit_are_not_right():
    assert judged(lambda x: 2 * x * (1 + 1e-5)).right is False


def test_the_slip_that_gives_the_very_values_is_named():
    slips = {"Half of it.": lambda x: x / 2, "Its sign is turned.": lambda x: -2 * x, "It raises.": lambda x: x.nothing}
    assert judged(lambda x: x * 0.5, slips=slips) == (False, "Half of it.")
    assert judged(lambda x: -x - x, slips=slips) == (False, "Its sign is turned.")


def test_a_slip_is_named_only_where_every_case_agrees():
    cases, slips = [(torch.zeros(3),), (X,)], {"Three times as much.": lambda x: 3 * x}
    assert judged(lambda x: 3 * x, cases=cases, slips=slips).message == "Three times as much."
    assert "No slip that this check knows" in judged(lambda x: 5 * x, cases=cases, slips=slips).message


def test_each_side_draws_the_same_numbers_and_neither_moves_the_other():
    case = (X, torch.Generator().manual_seed(1))
    state = case[1].get_state()

    def noisy(x, generator):
        return x + torch.randn(3, generator=generator, dtype=x.dtype)

    assert judged(noisy, noisy, [case]).right is True
    assert torch.equal(case[1].get_state(), state)
    assert judged(lambda x, generator: noisy(x, torch.Generator().manual_seed(2)), noisy, [case]).right is False


def test_an_answer_that_writes_into_its_arguments_harms_only_itself():
    x = X.clone()
    assert judged(lambda x: x.mul_(2), cases=[(x,), (x,)]).right is True
    assert torch.equal(x, X)


def test_a_copy_still_wants_its_gradient():
    assert verdict.copy(X.clone().requires_grad_()).requires_grad
    assert not verdict.copy(X).requires_grad


# What is no answer.


@pytest.mark.parametrize("answer", [None, lambda x: None, lambda x: (None, None)])
def test_an_answer_not_given_yet_is_neither_right_nor_wrong(answer):
    assert judged(answer) == (None, PENDING)


def test_a_function_that_forgets_one_return_is_told_so():
    found = judged(lambda x: 2 * x if x.sum() == X.sum() else None, cases=[(X,), (torch.ones(2, 2),)])
    assert found == (False, "double returned nothing for a tensor of shape (2, 2).")


def test_what_is_no_function_is_named():
    assert judged(3.5) == (False, "double should be a function; it is 3.5.")
    assert judged(X).message == "double should be a function; it is a tensor of shape (3,)."


def raising(error):
    def answer(x):
        raise error

    return answer


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (AttributeError("no attribute 'foo'"), "AttributeError: no attribute 'foo'."),
        (ValueError("A whole sentence."), "ValueError: A whole sentence."),
        (ValueError("on\n  two lines"), "ValueError: on two lines."),
        (KeyError(), "KeyError."),
        (RuntimeError("a" * 1000), "RuntimeError: " + "a" * 300 + " ..."),
    ],
)
def test_what_an_answer_raises_is_told_in_whole_sentences(error, told):
    assert judged(raising(error)) == (False, f"double raised {told} It was called with a tensor of shape (3,).")


def test_endless_recursion_is_told():
    def answer(x):
        return answer(x)

    assert "RecursionError" in judged(answer).message


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("text", "'text'"),
        ([1.0], "a list"),
        ({}, "a dict"),
        (X.numpy(), "an ndarray"),
        (1j, "1j"),
        (X.to(torch.complex64), "a complex tensor of shape (3,)"),
        (X.to_sparse(), "a sparse tensor of shape (3,)"),
        pytest.param(10**400, "a number too large to show", id="huge"),
        ((X, "text"), "'text', among other values"),
        ((X, None), "None, among other values"),
        ((X, (X,)), "a tuple, among other values"),
        (torch.zeros(3, device="meta"), "a tensor of shape (3,)"),
        (lambda x: x, "a function"),
        (torch.nn.Linear(2, 2), "a Linear"),
    ],
)
def test_what_cannot_be_compared_is_named(value, named):
    found = judged(lambda x: value)
    assert found == (False, f"double should return real numbers, in a tensor or plain; it returned {named}.")


def test_a_number_too_long_for_python_to_print_is_named():
    assert judged(lambda x: 10**5000).message.endswith("it returned a number too large to show.")
    assert judged(10**5000).message == "double should be a function; it is a number too large to show."


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (torch.zeros(3, 1), "double returned shape (3, 1) where (3,) was expected, for a tensor of shape (3,)."),
        ((2 * X)[None], "double returned shape (1, 3) where (3,) was expected, for a tensor of shape (3,)."),
        (7.0, "double returned shape () where (3,) was expected, for a tensor of shape (3,)."),
        (torch.full((3,), torch.nan), "double returned a value that is not finite for a tensor of shape (3,)."),
        ((X, X), "double should return one value; it returned a tuple of 2."),
        ((), "double should return one value; it returned a tuple of 0."),
    ],
)
def test_how_an_answer_differs_is_told_without_the_value(value, told):
    assert judged(lambda x: value) == (False, told)


def test_of_several_values_the_one_that_differs_is_named():
    def pair(x):
        return x, 2 * x

    assert judged(lambda x: (x, x[:2]), pair).message.startswith("Value 2 of double has shape (2,) where (3,) was expected")
    assert judged(lambda x: (x / 0, 2 * x), pair).message.startswith("Value 1 of double is not finite")
    assert judged(lambda x: x, pair).message == "double should return a tuple of 2; it returned one value."
    assert judged(lambda x: (x, 2 * x, x), pair).message == "double should return a tuple of 2; it returned a tuple of 3."
    assert judged(lambda x: (x, 3 * x), pair, slips={"Thrice.": lambda x: (x, 3 * x)}).message == "Thrice."


def test_integer_and_boolean_tensors_are_compared_by_value():
    assert judged(lambda x: (2 * x).long()).right is True
    assert judged(lambda x: x > 0).right is False


# Guesses.


def test_a_guess_counts_as_a_number_only_if_it_is_one():
    assert [verdict.number(value) for value in (3, 0.5, torch.tensor([2.0]), X.numpy()[0])] == [3.0, 0.5, 2.0, 1.0]
    others = (None, "3", True, float("nan"), float("inf"), X, torch.tensor(True), torch.tensor(1j), [3], 10**400, 1j)
    assert [verdict.number(value) for value in others] == [None] * len(others)


def test_a_table_is_open_until_a_value_is_filled_in():
    wanted = {"a": 1, "b": 2}
    assert verdict.not_a_table(None, wanted).right is None
    assert verdict.not_a_table({"a": None, "b": None}, wanted).right is None
    assert verdict.not_a_table({"a": None, "b": 2}, wanted) is None
    assert verdict.not_a_table({"a": 5, "b": 2}, wanted) is None


@pytest.mark.parametrize(
    ("prediction", "came"), [({"a": 1}, "has 'a'"), ({}, "has none"), ({"a": 1, "c": 2}, "has 'a', 'c'"), ("up", "is 'up'")]
)
def test_a_table_with_other_keys_is_told_which_it_should_have(prediction, came):
    found = verdict.not_a_table(prediction, {"a": 1, "b": 2})
    assert found == (False, f"prediction should be a dict with the keys 'a', 'b'; it {came}.")


def test_a_description_is_short_and_needs_no_value_of_a_tensor():
    assert verdict.describe("a" * 500) == "'" + "a" * 59
    assert verdict.describe(torch.Generator()) == "a generator"
    assert verdict.describe(sys.maxsize) == str(sys.maxsize)
    assert verdict.describe(None) == "None"
    assert verdict.arguments((X, 0.5, torch.Generator())) == "a tensor of shape (3,), 0.5, a generator"
