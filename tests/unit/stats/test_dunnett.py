"""Dunnett's critical values: his table (two-sided, 5%), and what they must be at the ends."""

import math

import pytest
from scipy import stats

from enginehouse.stats.dunnett import dunnett_critical_value, probability_of_findings


@pytest.mark.parametrize(
    ("comparisons", "df", "table"),
    [(2, 5, 3.03), (3, 5, 3.29), (4, 10, 2.89), (2, 20, 2.38), (5, 20, 2.73), (9, 30, 2.86), (3, math.inf, 2.35)],
)
def test_the_table_of_1964(comparisons, df, table):
    assert dunnett_critical_value(comparisons, df) == pytest.approx(table, abs=0.006)


def test_one_comparison_is_students_t():
    assert dunnett_critical_value(1, 7) == pytest.approx(2.364624, abs=1e-5)


@pytest.mark.parametrize(("comparisons", "df", "table"), [(2, 20, 2.03), (3, 10, 2.34), (5, 30, 2.33)])
def test_his_one_sided_table_of_1955(comparisons, df, table):
    assert dunnett_critical_value(comparisons, df, sides=1) == pytest.approx(table, abs=0.006)


def test_without_correlation_normal_comparisons_are_independent():
    limit = dunnett_critical_value(4, math.inf, correlation=0.0)
    assert (2 * stats.norm.cdf(limit) - 1) ** 4 == pytest.approx(0.95, abs=1e-9)


def test_all_findings_are_rarer_than_any():
    ratios = [2.0, 3.0, 1.0]
    any_one = probability_of_findings(ratios, 20, 2.5)
    assert probability_of_findings(ratios, 20, 2.5, every=True) < any_one


def test_a_correlation_of_one_is_refused():
    with pytest.raises(ValueError, match="got 1 for 'correlation'"):
        dunnett_critical_value(2, 20, correlation=1)
