"""Months and dates as they are written, and texts that cannot be read."""

from __future__ import annotations

import pytest

from enginehouse.core.months import Month
from enginehouse.data.cleaning import _READERS, ARROW, Unfit, read_day
from enginehouse.data.layouts import Reads


@pytest.mark.parametrize(
    "text",
    ["2017-09", "2017_09", "201709", "2017-09-01", "20170901", "01SEP2017", "01-Sep-17", "1 September 2017",
     "01/09/2017", "2017-09-01 00:00:00", "2017-09-01T00:00:00"],
)  # fmt: skip
def test_a_month_in_every_way_it_is_written(text: str) -> None:
    assert read_day(text) == (Month(2017, 9), False)


def test_a_day_inside_a_month_says_so() -> None:
    assert read_day("15/09/2017") == (Month(2017, 9), True)


@pytest.mark.parametrize("text", ["2017-13", "20170931", "31-Abc-17", "2017", "September", "00/01/2017", "1.9.2017"])
def test_what_is_not_a_month(text: str) -> None:
    with pytest.raises(Unfit, match=f"'{text}' is not a (month|date)"):
        read_day(text)


def test_every_way_of_reading_has_a_reader_and_a_type() -> None:
    assert set(_READERS) == set(ARROW) == set(Reads)
