"""Years, discounted, at the edges that published cases do not reach."""

import pytest

from enginehouse.economics.discounting import Discounting, discounted_years


@pytest.mark.parametrize("convention", Discounting)
def test_without_a_rate_a_year_is_a_year(convention):
    assert discounted_years(0.5, 3.25, 0.0, convention) == pytest.approx(2.75)


def test_a_part_of_a_year_counts_as_that_part_of_its_year():
    # 1 + 1/1.1 + 0.5/1.21
    assert discounted_years(0, 2.5, 0.1) == pytest.approx(1 + 1 / 1.1 + 0.5 / 1.21)
    assert discounted_years(0.25, 0.75, 0.1) == pytest.approx(0.5)


def test_the_middle_and_end_of_a_year_come_later():
    start, middle, end = (
        discounted_years(0, 2, 0.1, c)
        for c in (Discounting.START_OF_YEAR, Discounting.MIDDLE_OF_YEAR, Discounting.END_OF_YEAR)
    )
    assert (start, end) == pytest.approx((1 + 1 / 1.1, 1 / 1.1 + 1 / 1.21))
    assert middle == pytest.approx(start / 1.1**0.5)


@pytest.mark.parametrize(("start", "end", "rate"), [(-1, 2, 0.1), (2, 1, 0.1), (0, 1, -0.1)])
def test_years_out_of_order_are_refused(start, end, rate):
    with pytest.raises(ValueError, match="years must rise from 0"):
        discounted_years(start, end, rate)


@pytest.mark.parametrize(
    ("rate", "three"),
    [
        (0.035, 1 + 1 / 1.035 + 1 / 1.035**2),  # NICE's reference case: 2.8997
        (0.015, 1 + 1 / 1.015 + 1 / 1.015**2),  # the Green Book's rate for health: 2.9559
    ],
)
def test_three_years_at_the_usual_rates(rate, three):
    assert discounted_years(0, 3, rate) == pytest.approx(three, rel=1e-14)
    assert round(three, 4) == {0.035: 2.8997, 0.015: 2.9559}[rate]
