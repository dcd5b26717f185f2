"""Power and P(equivalent) of the registered design by formula, over effects and over numbers of units."""

from __future__ import annotations

import math

import numpy as np

from enginehouse.programme.enums import Summary
from enginehouse.stats.results import NotEstimable
from enginehouse.trials.design_case import Case
from enginehouse.trials.design_report import PowerCurves, PowerPoint
from enginehouse.trials.power_formula import FEWEST_DF
from enginehouse.trials.power_results import FormulaPower, PowerResult
from enginehouse.trials.sample_size.t_power import equivalence_power, t_power

POINTS = 21
FURTHEST_EFFECT = 2.0
MOST_UNITS = 2.0


def power_curves(case: Case, power: PowerResult) -> PowerCurves | NotEstimable:
    """Points of both curves: effects from none to twice the registered one, units to twice as many as there are.

    Returns
    -------
    PowerCurves or NotEstimable
        As the formula of the registered design.

    Notes
    -----
    With other numbers of units the standard error goes by sqrt(units / n), and the degrees of freedom by n less what
    the registered analysis adjusts for. Effects that differ between sites are counted in at the registered effect; at
    other effects they are taken to differ in proportion.
    """
    formula = power.formula
    if isinstance(formula, NotEstimable):
        return formula
    units = formula.moments.units
    end = _on_scale(case.effect, case)
    steps = np.linspace(0.0, FURTHEST_EFFECT, POINTS).tolist()
    by_effect = tuple(_point(case, formula, units, step * end, part=step) for step in steps)
    sizes = sorted({units, *np.linspace(0, MOST_UNITS * units, POINTS).round().astype(int).tolist()})
    least = units - formula.df * case.arms / 2 + FEWEST_DF * case.arms / 2
    by_units = tuple(_of_units(case, formula, n, end) for n in sizes if n > least)
    return PowerCurves(by_effect=by_effect, by_units=by_units, effect=case.effect, units=units)


def _on_scale(value: float, case: Case) -> float:
    return math.log(value) if case.question.summary is Summary.RATIO else value


def _error(case: Case, formula: FormulaPower, units: float, *, part: float) -> float:
    """The standard error with so many units where `part` of the registered effect is there."""
    none = formula.std_error**2 * formula.moments.units / units
    return math.sqrt(none + part**2 * case.varying * case.arms / units)


def _equivalent(case: Case, error: float, df: float, truth: float) -> float | None:
    margins = case.question.equivalence
    if margins is None:
        return None
    low, high = (_on_scale(margin, case) for margin in margins)
    return equivalence_power(error, df, low, high, truth=truth)


def _point(case: Case, formula: FormulaPower, units: float, effect: float, *, part: float) -> PowerPoint:
    error = _error(case, formula, units, part=part)
    at = math.exp(effect) if case.question.summary is Summary.RATIO else effect
    equivalent = _equivalent(case, error, formula.df, effect)
    return PowerPoint(at=at, power=t_power(effect, error, formula.df), equivalent=equivalent)


def _of_units(case: Case, formula: FormulaPower, units: int, effect: float) -> PowerPoint:
    df = formula.df + 2 * (units - formula.moments.units) / case.arms
    power = t_power(effect, _error(case, formula, units, part=1.0), df)
    equivalent = _equivalent(case, _error(case, formula, units, part=0.0), df, 0.0)
    return PowerPoint(at=float(units), power=power, equivalent=equivalent)
