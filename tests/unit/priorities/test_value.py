"""Years, discounted, at the edges that published cases do not reach."""

import pytest

from enginehouse.priorities.value import Discounting, cluster_trial_variance, discounted_years, present_value


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


def test_present_values_take_any_convention():
    assert present_value([100, 100], 0.1) == pytest.approx(100 + 100 / 1.1)
    assert present_value([100, 100], 0.1, Discounting.END_OF_YEAR) == pytest.approx(100 / 1.1 + 100 / 1.21)


def test_unequal_clusters_and_baseline_data():
    equal = {"clusters_per_arm": 20, "patients_per_cluster": 50, "sd_patient": 1.0, "icc": 0.05}
    plain = cluster_trial_variance(**equal)
    assert plain == pytest.approx(2 * (1 + 49 * 0.05) / 1000)
    assert cluster_trial_variance(**equal, cv_cluster_size=0.5) == pytest.approx(
        2 * (1 + (1.25 * 50 - 1) * 0.05) / 1000
    )
    assert cluster_trial_variance(**equal, r2_baseline=0.6) == pytest.approx(0.4 * plain)
