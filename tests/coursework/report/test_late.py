"""What lateness takes, to the second."""

import pytest

from coursework.report.late import Lateness, Rule, lateness, read_rule
from coursework.report.reading import ReportError

DUE = "2026-12-01T23:59+09:00"
RULE = {"per_day": 0.1, "days": 3, "grace_minutes": 10}


@pytest.mark.parametrize(
    ("submitted", "days", "deduction"),
    [
        ("2026-12-01T23:59:00+09:00", 0, 0),
        ("2026-12-02T00:09:00+09:00", 0, 0),  # the grace to its last second
        ("2026-12-02T00:09:01+09:00", 1, 2),  # and then the day counts from the due time
        ("2026-12-02T23:59:00+09:00", 1, 2),
        ("2026-12-02T23:59:01+09:00", 2, 4),
        ("2026-12-01T14:59:00+00:00", 0, 0),  # the same moment elsewhere
        ("2026-12-01T15:30:00+00:00", 1, 2),
        ("2026-12-02T12:00:00", 1, 2),  # no offset: that of the due time
        ("2026-12-04T23:59:00+09:00", 3, 6),
        ("2026-12-04T23:59:01+09:00", 4, 15),  # nothing is left
        (None, 0, 0),
        ("yesterday", 0, 0),
    ],
)
def test_a_day_begun_costs_its_share_of_the_points_possible(submitted, days, deduction):
    found = lateness(read_rule(DUE, RULE), submitted, False, 15.0, 20.0)
    assert (found.days, found.deduction) == (days, deduction)


def test_no_more_is_taken_than_there_is():
    assert lateness(read_rule(DUE, {"per_day": 0.5}), "2026-12-03T12:00+09:00", False, 3.0, 20.0).deduction == 3


def test_without_a_price_lateness_is_said_and_takes_nothing():
    assert lateness(read_rule(DUE, {}), "2026-12-03T12:00+09:00", False, 3.0, 20.0) == Lateness(
        2, 0.0, "2 days late, and nothing is taken off."
    )


def test_where_the_time_is_not_told_the_platforms_word_takes_nothing():
    assert lateness(read_rule(DUE, RULE), None, True, 15.0, 20.0) == Lateness(
        0, 0.0, "Late, as the platform says; nothing is taken off."
    )
    assert lateness(Rule(), "2026-12-03T12:00+09:00", False, 15.0, 20.0) == Lateness()


def test_a_rule_is_the_same_as_text():
    assert read_rule(DUE, "per_day=0.1,days=3 grace_minutes=10") == read_rule(DUE, RULE)
    assert read_rule(DUE, "none") == read_rule(DUE, {})


@pytest.mark.parametrize("late", ["per_day=2", "per_day=-1", "per_day=ten", "per_week=1", "days", {"days": -1}, "days=inf"])
def test_a_rule_that_means_nothing_is_refused(late):
    with pytest.raises(ReportError, match=r"got late: .*, expected "):
        read_rule(DUE, late)


@pytest.mark.parametrize("due", ["2026-12-01T23:59", "tomorrow"])
def test_a_due_time_needs_its_offset(due):
    with pytest.raises(ReportError, match="expected a time with its distance from UTC"):
        read_rule(due, {})
