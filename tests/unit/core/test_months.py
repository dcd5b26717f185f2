"""Months and half-open periods."""

import pytest

from enginehouse.core.errors import UserError
from enginehouse.core.months import Month, Period


@pytest.mark.parametrize("text", ["2016-04", "2016_04", "201604", " 2016-04-01 "])
def test_a_month_is_read_in_every_published_spelling(text):
    assert Month.parse(text) == Month(2016, 4)


@pytest.mark.parametrize("text", ["2016", "April 2016", "2016-13", "2016-4", "2016-04-15"])
def test_what_is_no_month_is_refused_with_an_example(text):
    with pytest.raises(UserError, match="Write a month as YYYY-MM, for example 2016-04"):
        Month.parse(text)


def test_arithmetic_counts_months_across_years():
    assert Month(2015, 11) + 3 == Month(2016, 2)
    assert Month(2016, 4) - Month(2015, 1) == 15
    assert Month(2016, 1) + -1 == Month(2015, 12)


def test_a_period_holds_its_start_and_not_its_end():
    period = Period(Month(2016, 4), Month(2017, 4))
    assert len(period) == 12
    assert Month(2016, 4) in period
    assert Month(2017, 4) not in period
    assert period.last == Month(2017, 3)
    assert [str(month) for month in period][:2] == ["2016-04", "2016-05"]


def test_an_empty_period_is_refused():
    with pytest.raises(UserError, match="The end is exclusive and must come after the start"):
        Period(Month(2016, 4), Month(2016, 4))
