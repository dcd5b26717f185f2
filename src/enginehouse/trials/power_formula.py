"""Power of the registered contrast by formula, from the moments of the sites' own history.

The formulas themselves are in `sample_size`; the simulation that they are set beside is in `power.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from enginehouse.programme.enums import Summary
from enginehouse.programme.trial import Power
from enginehouse.stats.results import NotEstimable
from enginehouse.stats.trial_data import TrialData
from enginehouse.trials.components import Components
from enginehouse.trials.design_variance import design_basis, with_varying_effect
from enginehouse.trials.history import Question
from enginehouse.trials.power_results import FormulaPower, Moments
from enginehouse.trials.sample_size.t_power import (
    detectable_effect,
    equivalence_power,
    expected_half_width,
    t_power,
)

FEWEST_DF = 2
DETECTED = 0.8
"""The probability with which the detectable effect is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """What follows from a standard error: power, detectable effect, P(equivalent | none), the interval's half-width."""

    std_error: float
    df: float
    power: float
    detectable: float
    equivalent_if_none: float | None
    half_width: float


def formula_power(
    data: TrialData, assumptions: Power, question: Question, *, components: Components | NotEstimable | None = None
) -> FormulaPower | NotEstimable:
    """Power, detectable effect and P(equivalent | no difference) of the registered contrast by formula.

    Parameters
    ----------
    data
        Months before anything was done, as if they were baseline and follow-up.
    assumptions
        The registered effect, how it varies between sites, and fidelity.
    question
        Summary, average and margins.
    components
        How months of a unit hang together, if that is known from a longer history; otherwise fitted to `data`.

    Returns
    -------
    FormulaPower or NotEstimable
        Not estimable with too few units for the terms of the model.

    Notes
    -----
    se^2 = (1 + cv^2) times the variance of generalised least squares with an effect of each month, for two arms that
    share the baseline: cv the coefficient of variation of how much units count (0 where sites count alike), the
    covariance of a unit's months that of the mixed model (`design_variance.design_basis`). The power adds to the
    arm's part the variance of the effect between sites, f v^2 + f (1 - f) e^2 with f the fidelity, e the effect and v
    its standard deviation. df = k1 + k0 - 3, less the covariates and strata that are adjusted for, k1 and k0 being
    the units of the two arms. Assumes that the coming months are like those of the history.
    """
    basis = design_basis(data, question, components)
    if isinstance(basis, NotEstimable):
        return basis
    found = basis.moments
    per_arm = found.units / len(data.arms)
    adjusted = len(data.covariate_names) + len(set(data.stratum.tolist())) - 1
    df = 2 * per_arm - 3 - adjusted
    if df < FEWEST_DF:
        detail = f"{found.units} units in {len(data.arms)} arms leave too little to adjust for {adjusted + 1} terms."
        return NotEstimable(reason="too-few-units", detail=detail)
    variance = basis.parallel(per_arm=per_arm)
    none = math.sqrt(variance)
    whole = in_whole_arm(assumptions, question.summary)
    more = varying_effect(found, assumptions, question.summary)
    at_effect = precision(with_varying_effect(variance, more, per_arm), df, whole, question)
    at_none = precision(none, df, whole, question)
    return FormulaPower(
        moments=found,
        std_error=none,
        df=df,
        effect=whole,
        power=at_effect.power,
        detectable=at_none.detectable,
        equivalent_if_none=at_none.equivalent_if_none,
        factor=variance / (found.between_sd**2 * 2 / per_arm),
        notes=_notes(variance / (basis.unequal * found.between_sd**2 * 2 / per_arm), found, more),
    )


def std_error(found: Moments, *, per_arm: float, other_arm: float | None = None) -> float:
    """The standard error of a contrast of two arms by analysis of covariance, on the scale of `between_sd`."""
    spread = found.between_sd**2 * (1 + found.size_cv**2) * (1 - found.autocorrelation**2)
    return math.sqrt(spread * (1 / per_arm + 1 / (per_arm if other_arm is None else other_arm)))


def precision(error: float, df: float, effect: float, question: Question) -> Precision:
    """Power against `effect`, the detectable effect and P(equivalent | none), as ratios or differences.

    Parameters
    ----------
    error, df
        Of the contrast; the error of the log ratio or of the difference.
    effect
        In the whole arm, as a ratio or a difference.
    question
        Says which way is good, and the margins.
    """
    is_ratio = question.summary is Summary.RATIO
    size = detectable_effect(error, df, power=DETECTED)
    signed = -size if question.lower_is_better else size
    margins = question.equivalence
    return Precision(
        std_error=error,
        df=df,
        power=t_power(math.log(effect) if is_ratio else effect, error, df),
        detectable=math.exp(signed) if is_ratio else signed,
        equivalent_if_none=None
        if margins is None
        else equivalence_power(error, df, *(math.log(m) if is_ratio else m for m in margins)),
        half_width=expected_half_width(error, df),
    )


def in_whole_arm(assumptions: Power, summary: Summary) -> float:
    """The effect over a whole arm when only the faithful sites show it: a ratio, or a difference."""
    null = 1.0 if summary is Summary.RATIO else 0.0
    return null + assumptions.fidelity * (assumptions.effect - null)


def varying_effect(found: Moments, assumptions: Power, summary: Summary) -> float:
    """The variance of the effect between sites, fidelity included, times how much unequal sizes add."""
    size = math.log(assumptions.effect) if summary is Summary.RATIO else assumptions.effect
    share = assumptions.fidelity
    variance = share * assumptions.effect_sd**2 + share * (1 - share) * size**2
    return variance * (1 + found.size_cv**2)


def _notes(baseline: float, found: Moments, more: float) -> tuple[str, ...]:
    notes = [
        f"A baseline of the same sites takes the variance to {baseline:.0%} of what it would be; "
        f"unequal sizes take it to {1 + found.size_cv**2:.0%}."
    ]
    if more:
        notes.append("An effect that differs between sites makes the power smaller; that is counted in.")
    return tuple(notes)
