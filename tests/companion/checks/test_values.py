"""What came back: as good in any form that numbers have, compared as float64 or float32 deserve, and told without the right value."""

import collections
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from companion.checks import values
from companion.checks.values import Near, near

X = torch.tensor([1.0, -2.0, 4.0], dtype=torch.float64)
Pair = collections.namedtuple("Pair", "a b")


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.array([1.0, -2.0, 4.0]), X),
        ([1.0, -2, Fraction(4)], X),
        ([torch.tensor(1.0), np.float64(-2), 4], X),
        (Fraction(1, 4), 0.25),
        (Decimal("0.25"), 0.25),
        (torch.tensor([0.25]), 0.25),
        (torch.tensor([[0.25]]), torch.tensor(0.25)),
        ([0.25], 0.25),
        ((X,), X),
        ([X, 2.0], (X, 2.0)),
        (Pair(X, 2), (X, 2.0)),
        (torch.tensor([3.0, 2.0]), (3.0, 2.0)),
        ([3, 2], (3.0, 2.0)),
        (" Down ", "down"),
        (torch.tensor([1, -2, 4]), X),
        (float("inf"), float("inf")),
        (float("nan"), float("nan")),
        ((), ()),
    ],
)
def test_another_form_of_the_same_is_the_same(got, expected):
    assert near(values.plain(got), expected) is Near.SAME


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (X[None], X),
        (0.25, torch.tensor([0.25])),  # one image is a batch of one
        (X[:1], X),
        ((X, X), X),
        (X, (X, X)),
        ((X, X, X), (X, X)),
        ("0.25", 0.25),
        (0.25, "0.25"),
        (X * (1 + 1e-3), X),
        (-X, X),
        (float("nan"), 1.0),
        (1.0, float("nan")),
        (X > 0, X),
        ((), X),
        (X + 1j, X),
        ((X, None), (X, X)),
    ],
)
def test_another_shape_number_or_kind_is_wrong(got, expected):
    assert near(values.plain(got), expected) is Near.WRONG


def test_float32_is_as_near_as_float32_can_be():
    third = torch.tensor([1 / 3], dtype=torch.float64)
    assert near(third.float(), third) is Near.ROUNDED
    assert near(third.float(), third, single=True) is Near.SAME
    assert near(third * (1 + 1e-9), third) is Near.SAME
    assert near(third + 1e-3, third, single=True) is Near.WRONG
    assert near(third + 1e-3, third, scale=200) is Near.ROUNDED
    assert near(third + 1e-6, third) is Near.ROUNDED


@pytest.mark.parametrize(
    "value",
    [X.to(torch.complex64), X.to_sparse(), torch.zeros(3, device="meta"), 10**400, 1j, None, {}, np.array(["a"])],
    ids=["complex", "sparse", "meta", "huge", "1j", "None", "dict", "array of text"],
)
def test_only_dense_real_numbers_and_texts_can_be_compared(value):
    assert not values.comparable(values.plain(value))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (X, "tensor([1, -2, 4])"),
        (X.float(), "tensor([1, -2, 4], dtype=float32)"),
        (X[0], "tensor(1)"),
        (torch.zeros(40, 3), "tensor of shape (40, 3), float32"),
        (torch.zeros(0), "tensor of shape (0,), float32"),
        (torch.Generator(), "generator"),
        (3, "3"),
        (1 / 3, "0.333333"),
        (10**400, "a number too large to show"),
        (float("nan"), "nan"),
        (torch.tensor([float("inf")]), "tensor([inf], dtype=float32)"),
        ((X[:1], 2), "(tensor([1]), 2)"),
        ([1, 2], "[1, 2]"),
        ("a" * 100, "'" + "a" * 59),
        ({}, "<dict>"),
        (None, "None"),
    ],
)
def test_an_example_writes_out_what_is_short(value, text):
    assert values.text(value) == text


@pytest.mark.parametrize(
    ("got", "told"),
    [
        (torch.zeros(3, 1), ["shape (3, 1), (3,) is asked for"]),
        (-X, ["at [0] it has the other sign; 3 of 3 numbers differ"]),
        (X + torch.tensor([0, 1.0, 0]), ["at [1] it is too large; 1 of 3 numbers differ"]),
        (X - torch.tensor([0, 0, 1.0]), ["at [2] it is too small; 1 of 3 numbers differ"]),
        (X * torch.tensor([1, torch.nan, 1]), ["at [1] it is nan; 1 of 3 numbers differ"]),
        (X * torch.tensor([1, torch.inf, 1]), ["at [1] it is infinite; 1 of 3 numbers differ"]),
        ((X, X), ["a tuple of 2 came back where one value should"]),
        (X, []),
    ],
)
def test_a_difference_is_told_by_its_place_and_side(got, told):
    assert list(values.where(got, X)) == told


def test_in_a_tuple_the_part_is_named():
    assert list(values.where((X, 2.0), (X, 1.0), ("mean", "sigma"))) == ["sigma: it is too large"]
    assert list(values.where((X, 2.0), (X, 1.0))) == ["value 2: it is too large"]
    assert list(values.where(("up",), ("down",))) == ["value 1: another word"]
    assert list(values.where(1.0, float("nan"))) == ["it should not be finite"]


def test_what_is_right_but_for_rounding_does_not_differ():
    assert list(values.where((X * (1 + 1e-6), 2.0), (X, 1.0))) == ["value 2: it is too large"]
    assert list(values.where(0.001, 0.0, scale=1000.0)) == []
    rounded_and_wrong = torch.tensor([1.000001, 3.0]), torch.tensor([1.0, 2.0])
    assert list(values.where(*rounded_and_wrong)) == ["at [1] it is too large; 1 of 2 numbers differ"]


def test_a_list_of_two_tensors_of_one_number_is_as_good_as_a_tuple_of_them():
    one, other = torch.tensor([0.5]).double(), torch.tensor([[2.0]]).double()
    assert values.near(values.plain([one, other]), (one, other)) is Near.SAME
    assert values.near(values.plain([one, other]), (other, one)) is Near.WRONG
    assert values.near(values.plain([1.0, 2.0]), (1, 2)) is Near.SAME
