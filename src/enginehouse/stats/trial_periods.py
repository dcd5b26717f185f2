"""Effects in trials whose sites change what they have: stepped wedge and crossover, from the months of sites.

Averages over patients are here (estimating equations) and averages over sites (mixed models); the permutation test is
in `sequence_permutation`, columns of these models in `period_rows`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from enginehouse.stats.gee import ClusterCorrection, GeeDf, GeeFit, gee
from enginehouse.stats.lmm.fit import LmmFit, fit_lmm
from enginehouse.stats.lmm.structures import DiscreteTimeDecay, RandomTerm, RandomTerms, Structure, crossed
from enginehouse.stats.period_rows import PeriodRows, check_conditions, exposure_columns, month_columns, period_rows
from enginehouse.stats.results import Estimate, Estimated, NotEstimable, Scale
from enginehouse.stats.site_average import MOST_ZEROS
from enginehouse.stats.trial_data import TrialData

type Array = npt.NDArray[np.float64]

CORRECTION = ClusterCorrection.KC_MD_AVERAGE
DF = GeeDf.SATTERTHWAITE


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodEffects:
    """What a condition does over another.

    Attributes
    ----------
    immediate
        The effect if it is the same from the first month on.
    by_exposure
        The effect in the first, second, ... period after the change, where sites change once; else empty.
    time_averaged
        Their mean, each period of exposure counting the same.
    long_term
        The last of them.
    """

    immediate: Estimated
    by_exposure: tuple[Estimated, ...]
    time_averaged: Estimated
    long_term: Estimated


NOT_ONE_WAY = NotEstimable(
    reason="not-one-way", detail="Effects by time since the change need sites that change once, and never back."
)


def patient_average_periods(
    data: TrialData,
    *,
    arm: int = 1,
    over: int = 0,
    scale: Scale = "log-ratio",
    correction: ClusterCorrection = CORRECTION,
    df_method: GeeDf = DF,
) -> PeriodEffects | NotEstimable:
    """The effect of one condition over another, every patient counting the same.

    Parameters
    ----------
    data
        With a schedule.
    arm, over
        Positions in `data.conditions`.
    scale
        A log ratio of means, or a difference of means for one of the denominator and one month.
    correction, df_method
        Small-sample correction of the standard error, and degrees of freedom.

    Returns
    -------
    PeriodEffects or NotEstimable
        Reasons: `no-schedule`, `one-condition`, `too-few-units`, and those of estimating equations.

    Notes
    -----
    log E(Y_it) = log D_it + month_t + b[condition_it]; working independence, robust to everything that the months and
    sites of one unit of allocation share. By exposure b is a number for each period since the change. Months are
    compared within themselves, so a trend that all share is no effect. Satterthwaite's degrees of freedom (Bell and
    McCaffrey's) follow how much of the comparison few units carry; see the methods page for the simulation.

    References
    ----------
    Kenny A, Voldal EC, Xia F, Heagerty PJ, Hughes JP. Stat Med 2022;41:4311-4339 (exposure time). Bell RM, McCaffrey
    DF. Surv Methodol 2002;28:169-181. Wang B, Wang X, Li F. Biometrics 2024;80:ujae079 (estimands).
    """
    rows = _rows(data, arm, over)
    if isinstance(rows, NotEstimable):
        return rows
    months = month_columns(rows)

    def solve(treated: Array) -> GeeFit | NotEstimable:
        return gee(
            rows.numerator,
            np.column_stack([months, treated]),
            clusters=rows.unit,
            offset=np.log(rows.denominator),
            correction=correction,
            df_method=df_method,
            within=months.shape[1],
        )

    def effect(fit: GeeFit, weights: Array) -> Estimated:
        vector = np.concatenate([np.zeros(len(fit.coefficients) - len(weights)), weights])
        if scale == "log-ratio":
            return fit.estimate(float(vector @ fit.coefficients), vector, scale=scale)
        return _difference(fit, rows, months, weights)

    return _effects(rows, arm, over, solve, effect)


def site_average_periods(
    data: TrialData, *, arm: int = 1, over: int = 0, scale: Scale = "log-ratio", decay: bool = False
) -> PeriodEffects | NotEstimable:
    """The effect of one condition over another, every site counting the same.

    Parameters
    ----------
    data, arm, over, scale
        As in `patient_average_periods`; logarithms of values for a ratio.
    decay
        Whether a unit's periods are less alike the further they are apart, instead of equally alike: the sensitivity
        analysis.

    Returns
    -------
    PeriodEffects or NotEstimable
        Reasons: those of `patient_average_periods`, `zeros`, and those of linear mixed models.

    Notes
    -----
    g(value_it) = month_t + b[condition_it] + u_i + v_ip + e_it: a level of each unit of allocation, one in each of its
    periods (the runs of months in which nobody changes), and one of each site where units have several. Restricted
    likelihood, Kenward and Roger's test below 60 units, Satterthwaite's otherwise. Where a period is one month of one
    site v and e are the same. A few zero months get half of the smallest other value.

    References
    ----------
    Hooper R, Teerenstra S, de Hoop E, Eldridge S. Stat Med 2016;35:4718-4728. Girling AJ, Hemming K. Stat Med
    2016;35:2149-2166. Kasza J, Hemming K, Hooper R, Matthews J, Forbes A. Stat Methods Med Res 2019;28:703-716 (decay).
    """
    rows = _rows(data, arm, over)
    if isinstance(rows, NotEstimable):
        return rows
    values = _values(rows, scale)
    if isinstance(values, NotEstimable):
        return values
    outcome, notes = values
    months, structure = month_columns(rows), _structure(rows, decay=decay)

    def solve(treated: Array) -> LmmFit | NotEstimable:
        return fit_lmm(outcome, np.column_stack([months, treated]), clusters=rows.unit, structure=structure)

    def effect(fit: LmmFit, weights: Array) -> Estimated:
        vector = np.concatenate([np.zeros(len(fit.fixed_effects) - len(weights)), weights])
        found = fit.estimate(vector, scale=scale)
        return replace(found, method="site-period-mixed-model", notes=(*found.notes, *notes))

    return _effects(rows, arm, over, solve, effect)


def _rows(data: TrialData, arm: int, over: int) -> PeriodRows | NotEstimable:
    rows = period_rows(data)
    return rows if isinstance(rows, NotEstimable) else check_conditions(rows, data, (arm, over)) or rows


def _effects[Fit: (GeeFit, LmmFit)](
    rows: PeriodRows,
    arm: int,
    over: int,
    solve: Callable[[Array], Fit | NotEstimable],
    effect: Callable[[Fit, Array], Estimated],
) -> PeriodEffects | NotEstimable:
    """The constant effect, and those by exposure, from one way to fit columns and to read a weighted sum of them."""
    others: list[int] = [c for c in np.unique(rows.condition).tolist() if c not in (over, arm)]
    constant = np.column_stack([rows.condition == c for c in (arm, *others)]).astype(float)
    fit = solve(constant)
    if isinstance(fit, NotEstimable):
        return fit
    immediate = effect(fit, np.eye(constant.shape[1])[0])
    exposures = exposure_columns(rows, arm, over)
    later = NOT_ONE_WAY if exposures is None else solve(exposures)
    if isinstance(later, NotEstimable) or exposures is None:
        refusal = later if isinstance(later, NotEstimable) else NOT_ONE_WAY
        return PeriodEffects(immediate=immediate, by_exposure=(), time_averaged=refusal, long_term=refusal)
    count = exposures.shape[1]
    each = tuple(effect(later, row) for row in np.eye(count))
    mean = effect(later, np.full(count, 1 / count))
    return PeriodEffects(immediate=immediate, by_exposure=each, time_averaged=mean, long_term=each[-1])


def _difference(fit: GeeFit, rows: PeriodRows, months: Array, weights: Array) -> Estimate:
    """Of the values that the model expects of all rows, by the delta method: each treated column on, less all off."""
    count, total = len(weights), rows.denominator.sum()
    off = np.column_stack([months, np.zeros((len(months), count))])
    base = rows.denominator * np.exp(off @ fit.coefficients) / total
    value, gradient = 0.0, np.zeros(len(fit.coefficients))
    for place, weight in enumerate(weights):
        on = off.copy()
        on[:, len(fit.coefficients) - count + place] = 1.0
        mean = rows.denominator * np.exp(on @ fit.coefficients) / total
        value += weight * float(mean.sum() - base.sum())
        gradient += weight * (mean @ on - base @ off)
    return fit.estimate(value, gradient, scale="difference")


def _values(rows: PeriodRows, scale: Scale) -> tuple[Array, tuple[str, ...]] | NotEstimable:
    value = rows.numerator / rows.denominator
    if scale == "difference":
        return value, ()
    zeros = value <= 0
    if zeros.mean() > MOST_ZEROS or zeros.all():
        detail = f"{np.count_nonzero(zeros)} of {len(value)} months of sites are zero, too many for logarithms."
        return NotEstimable(reason="zeros", detail=detail)
    told = f"Zero months, for which half of the smallest other value was used: {np.count_nonzero(zeros)}."
    return np.log(np.where(zeros, value[~zeros].min() / 2, value)), (told,) if zeros.any() else ()


def _structure(rows: PeriodRows, *, decay: bool) -> Structure:
    """Levels of units, of their periods, and of sites where units have several; with decay those of periods alone."""
    if decay:
        return DiscreteTimeDecay(times=rows.period)
    cells = crossed(rows.unit, rows.period, len(rows.unit))
    parts = [RandomTerm(name="unit")]
    if len(np.unique(cells)) < len(cells):
        parts.append(RandomTerm(groups=cells, name="unit and period"))
    if len(np.unique(rows.unit)) < len(np.unique(rows.site)) < len(rows.site):
        parts.append(RandomTerm(groups=rows.site, name="site"))
    return RandomTerms(tuple(parts))
