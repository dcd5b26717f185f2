"""Designs in periods against dense least squares over every cluster and period, written the other way round."""

import math

import numpy as np
import pytest

from enginehouse.core.errors import UserError
from enginehouse.trials.correlation import (
    Correlation,
    closed_cohort,
    discrete_decay,
    exchangeable,
    nested_exchangeable,
    open_cohort,
    period_covariance,
    proportional_decay,
)
from enginehouse.trials.longitudinal import (
    cell_information,
    cluster_df,
    crossover_schedule,
    exposure_columns,
    parallel_schedule,
    precision,
    staircase_schedule,
    stepped_schedule,
    treatment_variance,
    unequal_sizes_variance,
)

STRUCTURES = {
    "exchangeable": exchangeable(0.05),
    "nested": nested_exchangeable(0.05, cac=0.7),
    "decay": discrete_decay(0.05, decay=0.8, sd=2.0),
    "closed": closed_cohort(0.05, cac=0.8, iac=0.4),
    "open": open_cohort(0.05, cac=0.8, iac=0.4, retained=0.6),
    "proportional": proportional_decay(0.05, decay=0.8),
    "effects": nested_exchangeable(0.05, cac=0.7).with_effect(0.1, correlation=-0.3),
}
SCHEDULES = {
    "stepped": stepped_schedule(4),
    "extended": stepped_schedule(3, before=2, after=1),
    "staircase": staircase_schedule(4, before=2, after=2),
    "crossover": crossover_schedule(4),
    "parallel": parallel_schedule(before=2, after=2),
    "implementation": np.array([[0, math.nan, 1, 1, 1], [0, 0, math.nan, 1, 1], [0, 0, 0, math.nan, 1]]),
}


def person_covariance(correlation, schedule_row, people):
    """One cluster's people in all periods, one row each: what any two of them share."""
    periods = len(schedule_row)
    rows = [(t, i) for t in range(periods) for i in range(people)]
    matrix = np.empty((len(rows), len(rows)))
    for a, (t, i) in enumerate(rows):
        for b, (s, j) in enumerate(rows):
            lag = abs(t - s)
            shared = correlation.between * (correlation.cac if lag else 1) * correlation.decay**lag
            if i == j:
                shared += correlation.person * correlation.person_decay**lag
                shared += correlation.within if lag == 0 else 0
            x, y = np.nan_to_num(schedule_row[t]), np.nan_to_num(schedule_row[s])
            shared += correlation.effect * x * y + correlation.effect_with_level * (x + y)
            matrix[a, b] = shared
    return matrix


def dense_variance(schedule, clusters, covariances, *, time_averaged=False):
    """Weighted least squares on the whole stack of cluster-period means, one row each, with dummies of periods."""
    columns = exposure_columns(schedule) if time_averaged else np.nan_to_num(schedule)[:, :, None]
    designs, blocks = [], []
    for s, row in enumerate(schedule):
        seen = np.isfinite(row)
        for _ in range(int(clusters[s])):
            designs.append(np.hstack([np.eye(len(row)), columns[s]])[seen])
            blocks.append(covariances[s][np.ix_(seen, seen)])
    size = sum(map(len, blocks))
    whole, at = np.zeros((size, size)), 0
    for block in blocks:
        whole[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    design = np.vstack(designs)
    found = np.linalg.pinv(design.T @ np.linalg.inv(whole) @ design)
    weights = np.r_[np.zeros(schedule.shape[1]), np.full(columns.shape[2], 1 / columns.shape[2])]
    return weights @ found @ weights


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_sum_over_sequences_is_dense_least_squares(structure, schedule):
    plan = SCHEDULES[schedule]
    clusters = np.arange(2.0, 2 + len(plan))
    covariance = period_covariance(STRUCTURES[structure], np.full(len(plan), 12.0), periods=plan.shape[1], treated=plan)
    found = treatment_variance(plan, clusters, covariance)
    assert found == pytest.approx(dense_variance(plan, clusters, covariance), rel=1e-8)


@pytest.mark.parametrize("structure", [name for name in STRUCTURES if name != "open"])
def test_the_covariance_of_means_is_that_of_the_people(structure):
    """An open cohort has no fixed list of people: there only expected shares are retained."""
    correlation, row, people = STRUCTURES[structure], np.array([0.0, 1.0, 1.0]), 4
    averages = np.kron(np.eye(3), np.full(people, 1 / people))
    whole = averages @ person_covariance(correlation, row, people) @ averages.T
    made = period_covariance(correlation, np.full(1, float(people)), periods=3, treated=row[None])
    assert made[0] == pytest.approx(whole, abs=1e-12)


def test_an_open_cohort_lies_between_others_each_time_and_the_same():
    plan, k = stepped_schedule(4), np.full(4, 5.0)

    def variance(correlation):
        return treatment_variance(plan, k, period_covariance(correlation, 20, periods=5))

    ends = [variance(open_cohort(0.05, cac=0.8, iac=0.5, retained=share)) for share in (0.0, 0.5, 1.0)]
    assert ends[0] > ends[1] > ends[2]
    assert ends[0] == pytest.approx(variance(nested_exchangeable(0.05, cac=0.8)))


def test_hussey_and_hughes_in_closed_form():
    """Equation 8 of their paper: I s^2 (s^2 + T t^2) / ((I U - W) s^2 + (U^2 + I T U - T W - I V) t^2)."""
    plan, each, people, icc = stepped_schedule(4), 3, 20, 0.05
    x = np.repeat(plan, each, axis=0)
    clusters, periods = x.shape
    s, t = (1 - icc) / people, icc
    u, w, v = x.sum(), (x.sum(axis=0) ** 2).sum(), (x.sum(axis=1) ** 2).sum()
    by_hand = (clusters * s * (s + periods * t)) / (
        (clusters * u - w) * s + (u**2 + clusters * periods * u - periods * w - clusters * v) * t
    )
    covariance = period_covariance(exchangeable(icc), people, periods=periods)
    assert treatment_variance(plan, np.full(4, each), covariance) == pytest.approx(by_hand, rel=1e-10)


def test_a_crossover_of_two_periods_in_closed_form():
    """Giraudeau 2008: 1 + (m - 1) icc - m icc cac, times 2 s^2 / (2 k m) with k clusters in each sequence."""
    m, icc, cac, k = 20, 0.05, 0.7, 6
    covariance = period_covariance(nested_exchangeable(icc, cac=cac), m, periods=2)
    by_hand = (1 + (m - 1) * icc - m * icc * cac) / (k * m)
    assert treatment_variance(crossover_schedule(), np.full(2, k), covariance) == pytest.approx(by_hand)


def test_time_averaged_effects_cost_more_than_immediate_ones():
    plan, k = stepped_schedule(4), np.full(4, 5)
    covariance = period_covariance(nested_exchangeable(0.05, cac=0.8), 20, periods=5)
    averaged = treatment_variance(plan, k, covariance, effect="time-averaged")
    assert averaged == pytest.approx(dense_variance(plan, k, [covariance] * 4, time_averaged=True), rel=1e-8)
    assert averaged > treatment_variance(plan, k, covariance)


def test_each_cell_left_out_by_hand():
    plan, k = stepped_schedule(3), np.array([2.0, 3.0, 2.0])
    covariance = period_covariance(discrete_decay(0.1, decay=0.7), 10, periods=4)
    found = cell_information(plan, k, covariance)
    whole = treatment_variance(plan, k, covariance)
    for s in range(3):
        for t in range(4):
            less = plan.copy()
            less[s, t] = math.nan
            assert found[s, t] == pytest.approx(treatment_variance(less, k, covariance) / whole, rel=1e-9)


def test_a_cell_that_everything_hangs_on():
    found = cell_information(parallel_schedule(before=0, after=1), np.full(2, 5.0), np.eye(1))
    assert np.isinf(found).all()
    assert np.isnan(cell_information(SCHEDULES["implementation"], np.full(3, 2), np.eye(5))[0, 1])


def test_unequal_sizes_cost_a_little():
    plan, k = stepped_schedule(4), np.full(4, 3)
    options = {"people": 30.0, "rng": np.random.default_rng(5), "draws": 60}

    def of_sizes(sizes):
        return period_covariance(nested_exchangeable(0.05, cac=0.8), sizes, periods=5)

    equal = unequal_sizes_variance(plan, k, of_sizes, cv=0.0, **options)
    assert equal == pytest.approx(np.full(60, treatment_variance(plan, k, of_sizes(np.full(4, 30.0)))), rel=1e-9)
    assert 1 < unequal_sizes_variance(plan, k, of_sizes, cv=0.7, **options).mean() / equal[0] < 1.4
    assert unequal_sizes_variance(np.zeros((4, 5)), k, of_sizes, cv=0.7, **options).reason == "no-contrast"


def test_what_follows_from_a_variance():
    found = precision(0.01, effect=0.3, df=cluster_df(np.full(4, 5), 5))
    assert found.df == 14
    assert found.power == pytest.approx(0.80, abs=0.01)
    assert precision(0.01, effect=found.detectable, df=14).power == pytest.approx(0.8, abs=1e-9)
    assert 0.2 < found.half_width < 0.22


def test_everybody_treated_at_once_tells_nothing():
    schedule = np.tile([0.0, 1.0], (3, 1))
    assert treatment_variance(schedule, np.full(3, 5), np.eye(2)).reason == "no-contrast"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: treatment_variance(np.zeros(3), np.ones(3), np.eye(3)), "the schedule has shape"),
        (lambda: treatment_variance(np.zeros((2, 3)), np.ones(3), np.eye(3)), "one number of clusters for each row"),
        (lambda: treatment_variance(np.eye(2), -np.ones(2), np.eye(2)), "numbers of clusters are negative"),
        (lambda: period_covariance(exchangeable(0.1), 0, periods=3), "got 0.0 for 'people'"),
        (lambda: exchangeable(1.1), "got 1.1 for 'icc'"),
        (lambda: nested_exchangeable(0.1, cac=-0.1), "got -0.1 for 'cac'"),
        (lambda: Correlation(between=1, within=1, effect=1, effect_with_level=2), "for 'effect_with_level'"),
    ],
)
def test_impossible_designs_are_refused(call, message):
    with pytest.raises(UserError, match=message):
        call()
