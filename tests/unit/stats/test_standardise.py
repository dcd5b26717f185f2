"""Standardised risks and rates against numerical integration, differences of the whole average, and closed forms."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from enginehouse.stats.gee.families import GeeFamily
from enginehouse.stats.gee.fit import GeeFit, gee
from enginehouse.stats.glmm import Family, MixedFit, fit_glmm
from enginehouse.stats.lmm.structures import InterceptAndSlope, NestedExchangeable
from enginehouse.stats.standardise import Measure, standardise

NAMES = ["one", "arm", "age"]


class Trial:
    """30 clusters of 6 rows in 3 periods."""

    def __init__(self) -> None:
        rng = np.random.default_rng(11)
        self.cluster, self.period = np.repeat(np.arange(30), 6), np.tile(np.repeat(np.arange(3), 2), 30)
        self.design = np.column_stack([np.ones(180), self.cluster % 2, rng.normal(size=180)])
        self.trials = rng.integers(5, 20, 180)
        eta = self.design @ [-0.5, 0.6, 0.3] + rng.normal(0, 0.8, 30)[self.cluster]
        eta = eta + rng.normal(0, 0.4, (30, 3))[self.cluster, self.period]
        self.events, self.counts = rng.binomial(self.trials, expit(eta)), rng.poisson(np.exp(eta) * self.trials)

    def nested(self) -> MixedFit:
        fit = fit_glmm(
            self.events,
            self.design,
            clusters=self.cluster,
            family=Family.BINOMIAL,
            structure=NestedExchangeable(periods=self.period),
            trials=self.trials,
            names=NAMES,
        )
        assert isinstance(fit, MixedFit), fit
        return fit


@pytest.fixture(scope="module")
def trial() -> Trial:
    return Trial()


def naive_risk(trial: Trial, fit: MixedFit, arm: float) -> float:
    """One row at a time, by scipy's integral."""
    sd = math.sqrt(fit.intercept_sd**2 + (fit.inner_sd or 0) ** 2)
    total = 0.0
    for row, trials in zip(trial.design, trial.trials, strict=True):
        eta = float(np.array([1.0, arm, row[2]]) @ fit.fixed_effects)
        total += trials * quad(lambda z, eta=eta: expit(eta + sd * z) * norm.pdf(z), -9, 9)[0]
    return total / trial.trials.sum()


def test_risks_are_those_of_numerical_integration(trial: Trial) -> None:
    fit = trial.nested()
    one, none = (naive_risk(trial, fit, arm) for arm in (1.0, 0.0))
    expected = {
        Measure.RISK_DIFFERENCE: one - none,
        Measure.RISK_RATIO: math.log(one / none),
        Measure.ODDS_RATIO: math.log(one / (1 - one) * (1 - none) / none),
    }
    for measure, value in expected.items():
        found = standardise(fit, {"arm": (1, 0)}, design=trial.design, measure=measure, weights=trial.trials)
        assert found.value == pytest.approx(value, rel=1e-8)
        assert found.numbers == pytest.approx({"average_with": one, "average_without": none})
    # A conditional odds ratio is further from 1 than the population's.
    assert abs(expected[Measure.ODDS_RATIO]) < abs(fit.fixed_effects[1])


def test_the_error_is_that_of_differences_by_every_parameter(trial: Trial) -> None:
    fit = trial.nested()
    at, step = fit.optimum.at, 1e-5

    def value(move: np.ndarray) -> float:
        moved = replace(at, beta=at.beta + move[:3], factor=at.factor + move[3], inner=at.inner + move[4])
        other = replace(fit, fixed_effects=moved.beta, optimum=replace(fit.optimum, at=moved))
        return standardise(other, {"arm": (1, 0)}, design=trial.design, measure=Measure.RISK_DIFFERENCE).value

    gradient = np.array([(value(unit) - value(-unit)) / (2 * step) for unit in np.eye(5) * step])
    found = standardise(fit, {"arm": (1, 0)}, design=trial.design, measure=Measure.RISK_DIFFERENCE)
    assert found.std_error == pytest.approx(math.sqrt(gradient @ fit.optimum.everything @ gradient), rel=1e-6)
    assert found.df == 30 - 2
    assert "clusters (or rows) less coefficients" in found.notes[0]


def test_a_rate_ratio_without_interaction_is_the_coefficient(trial: Trial) -> None:
    """With a log link random effects multiply both averages alike."""
    fit = fit_glmm(
        trial.counts,
        trial.design,
        clusters=trial.cluster,
        family=Family.POISSON,
        offset=np.log(trial.trials),
        names=NAMES,
    )
    assert isinstance(fit, MixedFit), fit
    options = {"design": trial.design, "offset": np.log(trial.trials)}
    found = standardise(fit, {"arm": (1, 0)}, measure=Measure.RATE_RATIO, **options)
    assert found.value == pytest.approx(fit.fixed_effects[1])
    assert found.std_error == pytest.approx(fit.std_errors[1])
    rate = standardise(fit, {"arm": (1, 0)}, measure=Measure.RATE_DIFFERENCE, **options).numbers["average_without"]
    lines = trial.design @ (fit.fixed_effects * [1, 0, 1]) + fit.intercept_sd**2 / 2
    assert rate == pytest.approx(np.average(np.exp(lines), weights=trial.trials))


def test_estimating_equations_are_marginal_already(trial: Trial) -> None:
    fit = gee(
        trial.events,
        trial.design[:, :2],
        clusters=trial.cluster,
        family=GeeFamily.BINOMIAL,
        trials=trial.trials,
        names=NAMES[:2],
    )
    assert isinstance(fit, GeeFit), fit
    found = standardise(fit, {"arm": (1, 0)}, design=trial.design[:, :2], measure=Measure.ODDS_RATIO)
    assert found.value == pytest.approx(fit.coefficients[1])
    assert found.std_error == pytest.approx(fit.std_error(np.array([0.0, 1.0])))


def test_what_does_not_go_together(trial: Trial) -> None:
    fit = trial.nested()
    options = {"design": trial.design, "measure": Measure.RISK_RATIO}
    with pytest.raises(ValueError, match="no such column in the fit: leg"):
        standardise(fit, {"leg": (1, 0)}, **options)
    with pytest.raises(ValueError, match="no such column in the fit: none was given"):
        standardise(fit, {}, **options)
    with pytest.raises(ValueError, match="a rate-ratio cannot be had from a model of a yes or no"):
        standardise(fit, {"arm": (1, 0)}, design=trial.design, measure=Measure.RATE_RATIO)
    with pytest.raises(ValueError, match="the fit 3 columns"):
        standardise(fit, {"arm": (1, 0)}, design=trial.design[:, :2], measure=Measure.RISK_RATIO)
    with pytest.raises(ValueError, match="weights not negative"):
        standardise(fit, {"arm": (1, 0)}, weights=-np.ones(180), **options)
    slopes = fit_glmm(
        trial.events,
        trial.design,
        clusters=trial.cluster,
        family=Family.BINOMIAL,
        structure=InterceptAndSlope(column=trial.period - 1.0),
        trials=trial.trials,
        names=NAMES,
    )
    assert isinstance(slopes, MixedFit), slopes
    with pytest.raises(ValueError, match="pass the columns that vary in these rows"):
        standardise(slopes, {"arm": (1, 0)}, **options)
    varying = np.column_stack([np.ones(180), trial.period - 1.0])
    assert standardise(slopes, {"arm": (1, 0)}, random=varying, **options).std_error > 0
    with pytest.raises(ValueError, match="the model needs"):
        standardise(slopes, {"arm": (1, 0)}, random=varying[:, :1], **options)
