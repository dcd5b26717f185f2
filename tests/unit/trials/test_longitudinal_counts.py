"""Proportions and counts in periods against matrices of single people, built the long way."""

import math

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import expit

from enginehouse.core.errors import UserError
from enginehouse.trials.correlation import Correlation, nested_exchangeable
from enginehouse.trials.longitudinal import stepped_schedule
from enginehouse.trials.longitudinal_counts import Course, marginal_variance, mixed_power, straight_course
from enginehouse.trials.longitudinal_exact import conditional_variance

PLAN, K, PEOPLE = stepped_schedule(3), np.array([2.0, 3.0, 2.0]), 4
MEANS = {"identity": lambda eta: eta, "log": np.exp, "logit": expit}
SLOPES = {"identity": np.ones_like, "log": np.exp, "logit": lambda eta: expit(eta) * (1 - expit(eta))}


def people_design(plan_row, trend=True):
    """Each person's row: periods (or one level), and treatment."""
    periods = np.eye(len(plan_row)) if trend else np.ones((len(plan_row), 1))
    return np.repeat(np.column_stack([periods, plan_row]), PEOPLE, axis=0)


@pytest.mark.parametrize("link", MEANS)
@pytest.mark.parametrize("end", [0.35, 0.3])
@pytest.mark.parametrize("alpha2", [None, 0.4])
def test_a_marginal_model_is_that_of_single_people(link, end, alpha2):
    course = straight_course(0.3, end, 0.5, periods=4, link=link)
    found = marginal_variance(
        PLAN, K, PEOPLE, course, family="binomial", within_period=0.1, between_periods=0.05, within_person=alpha2
    )
    rows = [(t, i) for t in range(4) for i in range(PEOPLE)]
    alike = np.array(
        [
            [1.0 if (t, i) == (s, j) else 0.1 if t == s else (alpha2 if i == j and alpha2 else 0.05) for s, j in rows]
            for t, i in rows
        ]
    )
    information = 0
    for row, k in zip(PLAN, K, strict=True):
        design = people_design(row, trend=end != 0.3)
        eta = np.repeat(course.predictor(PLAN)[PLAN.tolist().index(row.tolist())], PEOPLE)
        p = MEANS[link](eta)
        sd = np.sqrt(p * (1 - p))
        slopes = design * SLOPES[link](eta)[:, None]
        information = information + k * slopes.T @ np.linalg.inv(sd[:, None] * alike * sd) @ slopes
    assert found == pytest.approx(np.linalg.inv(information)[-1, -1], rel=1e-9)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize("by_exposure", [False, True])
def test_a_mixed_model_is_that_of_single_people(family, by_exposure):
    correlation = Correlation(between=0.13, within=0.0, cac=0.09 / 0.13).with_effect(0.2, correlation=-0.4)
    control = np.array([-1.0, -0.9, -0.9, -0.7])
    effects = np.array([0.5, 0.3, 0.2]) if by_exposure else np.array([-0.4])
    found = mixed_power(
        PLAN,
        K,
        PEOPLE,
        family=family,
        control=control.tolist(),
        effect=effects.tolist() if by_exposure else -0.4,
        correlation=correlation,
    )
    variances = {}
    for name, size in (("null", 0 * effects), ("alternative", effects)):
        information = 0
        for row, k in zip(PLAN, K, strict=True):
            exposure = np.cumsum(row)
            x = np.equal.outer(exposure, [1, 2, 3]).astype(float) if by_exposure else row[:, None]
            mean = (expit if family == "binomial" else np.exp)(control + x @ size)
            weight = mean * (1 - mean) if family == "binomial" else mean
            z = np.repeat(np.column_stack([np.ones(4), row, np.eye(4)]), PEOPLE, axis=0)
            levels = np.zeros((6, 6))
            levels[:2, :2] = [[0.09, -0.4 * 0.3 * 0.2], [-0.4 * 0.3 * 0.2, 0.04]]
            levels[2:, 2:] = 0.04 * np.eye(4)
            whole = z @ levels @ z.T + np.diag(np.repeat(1 / weight, PEOPLE))
            design = np.repeat(np.column_stack([np.eye(4), x]), PEOPLE, axis=0)
            information = information + k * design.T @ np.linalg.inv(whole) @ design
        average = np.r_[np.zeros(4), np.full(effects.size, 1 / effects.size)]
        variances[name] = average @ np.linalg.inv(information) @ average
    assert found.variance == pytest.approx(variances["alternative"], rel=1e-9)
    assert found.null_variance == pytest.approx(variances["null"], rel=1e-9)
    assert 0.05 < found.power < 1


def chance(theta, result, row, link):
    """The probability of one cluster's result, by Simpson's rule over its level; theta: periods, effect, variance."""
    periods, (effect, variance) = theta[: len(row)], theta[len(row) :]
    eta = periods + effect * row
    every = np.concatenate([periods, periods + effect])
    sd = math.sqrt(variance)
    top = {"logit": math.inf, "log": -every.max(), "identity": 1 - every.max()}[link]
    bottom = -every.min() if link == "identity" else -math.inf
    low, high = max(bottom, -9 * sd), min(top, 9 * sd)

    levels = np.linspace(low, high, 2001)
    mass = stats.norm.pdf(levels, 0, sd)
    given = stats.binom.pmf(np.array(result)[:, None], 3, np.clip(MEANS[link](eta[:, None] + levels), 0, 1)).prod(
        axis=0
    )
    return integrate.simpson(mass * given, x=levels) / integrate.simpson(mass, x=levels)


@pytest.mark.parametrize(("link", "icc"), [("logit", 0.1), ("log", 0.05), ("identity", 0.05), ("identity", 0.3)])
def test_exact_information_by_differences_of_integrated_probabilities(link, icc):
    """Two periods, three people: 16 results; derivatives by small steps instead of by formula."""
    plan, clusters = np.array([[0.0, 1.0], [0.0, 0.0]]), np.array([5.0, 5.0])
    course = straight_course(0.3, 0.35, 0.5, periods=2, link=link)
    found = conditional_variance(plan, clusters, 3, course, icc=icc)
    theta = _parameters_by_hand(course, found.effect, icc)
    information = 0
    for row, k in zip(plan, clusters, strict=True):
        for result in np.ndindex(4, 4):
            steps = np.eye(4) * 1e-5
            slope = [
                (chance(theta + step, result, row, link) - chance(theta - step, result, row, link)) / 2e-5
                for step in steps
            ]
            information = information + k * np.outer(slope, slope) / chance(theta, result, row, link)
    assert found.variance == pytest.approx(np.linalg.inv(information)[2, 2], rel=1e-4)


def _parameters_by_hand(course, effect, icc):
    p = MEANS[course.link](np.array(course.control))
    if course.link == "identity":
        return np.r_[p, effect, icc * p[0] * (1 - p[0])]
    if course.link == "log":
        variance = math.log(icc * (1 - p[0]) / p[0] + 1)
        return np.r_[np.log(p) - variance / 2, effect, variance]
    low, high = 0.01, 3.0
    while high - low > 1e-9:
        sd = (low + high) / 2
        spread = _mean(_shift(p[0], sd), sd, 2) - p[0] ** 2
        low, high = (sd, high) if spread / (p[0] * (1 - p[0])) < icc else (low, sd)
    return np.r_[_shift(p[0], sd), _shift(p[1], sd), effect, sd**2]


def _mean(eta, sd, power=1):
    z = np.linspace(-9, 9, 2001)
    return integrate.simpson(stats.norm.pdf(z) * expit(eta + sd * z) ** power, x=z)


def _shift(p, sd):
    """The logit whose mean over levels is p, by halving."""
    low, high = -5.0, 5.0
    while high - low > 1e-11:
        middle = (low + high) / 2
        low, high = (middle, high) if _mean(middle, sd) < p else (low, middle)
    return low


def test_periods_without_a_trend_are_counted_together():
    """The same model by its own cells: fitting periods as well can only cost."""
    plan, clusters = stepped_schedule(2), np.full(2, 5.0)
    flat = Course(link="logit", control=(-1.0,) * 3, effect=0.5)
    nearly = Course(link="logit", control=(-1.0, -1.0, -1.0 + 2e-5), effect=0.5)
    together, apart = (conditional_variance(plan, clusters, 5, course, icc=0.05) for course in (flat, nearly))
    assert together.variance < apart.variance
    assert together.effect == pytest.approx(apart.effect, abs=1e-6)


def test_exact_and_linearised_agree_for_many_people():
    plan, clusters = stepped_schedule(2), np.full(2, 6.0)
    course = straight_course(0.3, 0.35, 0.45, periods=3, link="logit")
    exact = conditional_variance(plan, clusters, 40, course, icc=0.02)
    # icc on the scale of proportions is about sd^2 p (1 - p).
    linear = mixed_power(
        plan,
        clusters,
        40,
        family="binomial",
        control=course.control,
        effect=course.effect,
        correlation=Correlation(between=0.02 / 0.21, within=0.0),
    )
    assert linear.variance == pytest.approx(exact.variance, rel=0.05)


def test_what_cannot_be_answered():
    course = straight_course(0.3, 0.35, 0.45, periods=4, link="logit")
    plan, clusters = stepped_schedule(3), np.full(3, 2.0)
    assert conditional_variance(plan, clusters, 200, course, icc=0.05).reason == "too-many-results"
    nobody = np.zeros((3, 4))
    assert conditional_variance(nobody, clusters, 3, course, icc=0.05).reason == "no-contrast"
    options = {"family": "binomial", "within_period": 0.1, "between_periods": 0.05}
    assert marginal_variance(nobody, clusters, 3, course, **options).reason == "no-contrast"
    none = mixed_power(
        nobody, clusters, 3, family="binomial", control=[0] * 4, effect=1, correlation=nested_exchangeable(0.1, cac=1)
    )
    assert none.reason == "no-contrast"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: straight_course(0, 0.2, 0.3, periods=3, link="logit"), "got 0 for 'start'"),
        (lambda: straight_course(0.1, 0.2, -0.3, periods=3, link="log"), "got -0.3 for 'end_treated'"),
        (lambda: straight_course(0.1, 0.2, 0.3, periods=1, link="log"), "got 1 for 'periods'"),
        (
            lambda: marginal_variance(
                PLAN,
                K,
                4,
                straight_course(0.5, 0.9, 1.2, periods=4, link="identity"),
                family="binomial",
                within_period=0.1,
                between_periods=0.05,
            ),
            "proportions between 0 and 1",
        ),
        (
            lambda: mixed_power(
                PLAN,
                K,
                4,
                family="poisson",
                control=[0] * 4,
                effect=[1, 2],
                correlation=nested_exchangeable(0.1, cac=1),
            ),
            "got 2 for 'effect'. Give one number, or 3",
        ),
        (
            lambda: conditional_variance(
                PLAN / 2, K, 4, straight_course(0.3, 0.4, 0.5, periods=4, link="logit"), icc=0.1
            ),
            "0 or 1 for each period",
        ),
    ],
)
def test_impossible_designs_are_refused(call, message):
    with pytest.raises(UserError, match=message):
        call()
