"""Verdicts, and predictions in words and numbers: what is said holds no answer, and what is meant counts, not how it is typed."""

import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from companion.checks import verdict
from companion.checks.verdict import PENDING, Verdict, judge_words

X = torch.tensor([1.0, -2.0, 4.0], dtype=torch.float64)


@pytest.mark.parametrize(("right", "true"), [(True, True), (False, False), (None, False)])
def test_only_a_right_answer_is_true(right, true):
    assert bool(Verdict(right, "So.")) is true


def test_a_verdict_reads_as_a_sentence_and_shows_its_example_below():
    assert repr(Verdict(True, "Twice as much.")) == "Right. Twice as much."
    assert repr(Verdict(False, "Half of it.", "f(1) gave 2")) == "Not yet. Half of it.\nf(1) gave 2"
    assert repr(Verdict(None, PENDING)) == PENDING


def test_a_verdict_on_a_page_escapes_what_the_learner_wrote_and_shows_its_kind():
    page = Verdict(False, "f raised <script>alert(1)</script> & more.", "f('<b>')")._repr_html_()
    assert "<script>" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page
    assert "&lt;b&gt;" in page
    assert [kind for kind in ("verdict-right", "verdict-wrong", "verdict-open") if kind in page] == ["verdict-wrong"]
    assert "verdict-right" in Verdict(True, "")._repr_html_()
    assert "<pre" not in Verdict(True, "")._repr_html_()
    assert "verdict-open" in Verdict(None, "")._repr_html_()


def test_a_name_in_backticks_is_code_on_a_page():
    page = Verdict(False, "`decode` returns `<b>`. A lone ` stays.", "f(`x`)")._repr_html_()
    assert "<code>decode</code> returns <code>&lt;b&gt;</code>. A lone ` stays." in page
    assert "f(`x`)" in page


class HoldsAnInput(Exception):  # noqa: N818
    pass


def test_a_message_says_only_what_python_itself_names():
    assert verdict.error_name(KeyError("mu")) == "KeyError"
    assert verdict.error_name(HoldsAnInput("0.81")) == "an error"
    assert verdict.kind(HoldsAnInput()) == "an object"
    assert verdict.kind("0.81") == "a text"


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
    assert verdict.told(error) == told


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (None, "None"),
        (True, "True or False"),
        (1.5, "a number"),
        (1j, "a complex number"),
        (X.to(torch.complex64), "a complex tensor"),
        (X.to_sparse(), "a sparse tensor"),
        (X.numpy(), "an ndarray"),
        ({}, "a dict"),
        (lambda x: x, "a function"),
        (X.mean, "a function"),
        (dict, "a class"),
        (torch.nn.Linear(2, 2), "a module"),
    ],
)
def test_a_kind_is_named_without_what_is_in_it(value, named):
    assert verdict.kind(value) == named


def test_a_description_is_short_and_needs_no_value_of_a_tensor():
    assert verdict.describe("a" * 500) == "'" + "a" * 59
    assert verdict.describe(torch.Generator()) == "a generator"
    assert verdict.describe(sys.maxsize) == str(sys.maxsize)
    assert verdict.describe(None) == "None"
    assert verdict.describe(10**5000) == "a number too large to show"
    assert verdict.describe(X) == "a tensor of shape (3,)"


# Guesses.


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (3, 3.0),
        (np.int64(3), 3.0),
        (np.float32(0.5), 0.5),
        (np.array([0.5]), 0.5),
        (Fraction(1, 4), 0.25),
        (Decimal("0.5"), 0.5),
        (torch.tensor([2.0]), 2.0),
        (torch.tensor(3), 3.0),
    ],
)
def test_a_guess_is_a_number_in_any_of_the_forms_that_numbers_have(value, found):
    assert verdict.number(value) == found


@pytest.mark.parametrize(
    "value",
    [
        None,
        "3",
        True,
        np.True_,
        float("nan"),
        float("inf"),
        X,
        torch.tensor(True),
        torch.tensor(1j),
        [3],
        10**400,
        1j,
        Decimal("NaN"),
    ],
    ids=repr,
)
def test_other_things_are_no_number(value):
    assert verdict.number(value) is None


def test_a_table_is_open_until_a_value_is_filled_in():
    wanted = {"a": 1, "b": 2}
    assert verdict.not_a_table(None, wanted).right is None
    assert verdict.not_a_table({"a": None, "b": None}, wanted).right is None
    assert verdict.not_a_table({"a": None, "b": 2}, wanted) is None
    assert verdict.not_a_table({"a": 5, "b": 2}, wanted) is None


@pytest.mark.parametrize(
    ("prediction", "came"),
    [({"a": 1}, "It has 'a'."), ({}, "It has none."), ({"a": 1, "c": 2}, "It has 'a', 'c'."), ("up", "It is 'up'.")],
)
def test_a_table_with_other_keys_is_told_which_it_should_have(prediction, came):
    found = verdict.not_a_table(prediction, {"a": 1, "b": 2})
    assert found == (False, "prediction should be a dict with the keys 'a', 'b'.", came)


def words(**prediction):
    wrong = {("loss", "down"): "Which way?", ("slope", "0"): "Not flat.", ("loss", "same"): "It moves."}
    return judge_words(prediction, {"loss": "up", "slope": "nan"}, ("up", "down", "same", "nan", "0"), wrong, "Yes.")


@pytest.mark.parametrize("typed", ["up", "Up", " UP ", "'up'", "up."])
def test_a_word_is_right_however_it_is_typed(typed):
    assert words(loss=typed, slope="NaN") == (True, "Yes.", "")


def test_a_wrong_word_is_told_its_own_sentence_and_an_unknown_one_the_choice():
    assert words(loss="Down", slope="nan").message == "Which way?"
    assert words(loss="higher", slope="nan").message == "prediction['loss'] should be one of 'up', 'down', 'same', 'nan', '0'."
    assert words(loss="higher", slope="nan").example == "It is 'higher'."
    assert words(loss="up", slope=None).message == "prediction['slope'] is not filled in yet."
    assert words(loss=None, slope=None).right is None
