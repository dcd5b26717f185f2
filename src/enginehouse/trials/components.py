"""What a history says by the model that analyses trials: how alike the months of one unit are, and how that fades.

What needs no model (seasons, trend, over-dispersion, sizes) is in `history_shape.py`; what a design makes of both is in
`design_variance.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from enginehouse.programme.enums import Summary
from enginehouse.stats.lmm.correlation import ClusterCorrelations, cluster_correlations
from enginehouse.stats.lmm.fit import LmmFit, fit_lmm
from enginehouse.stats.lmm.structures import DiscreteTimeDecay, NestedExchangeable, Structure
from enginehouse.stats.results import NotEstimable
from enginehouse.stats.trial_data import OutcomeKind, TrialData

Array = npt.NDArray[np.float64]
Form = Literal["nested", "decay"]
Scale = Literal["log", "relative", "rate"]
QUARTER = 3
MOST_MONTHS = 60
FEWEST_UNITS = 6
FEWEST_QUARTERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A number that the history gives, with its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """How the monthly values of units hang together: variances by a linear mixed model.

    Attributes
    ----------
    units, months
        Units with data, and months of history used.
    scale
        Of the values: logarithms of rates, rates over their mean (where some are zero), or rates.
    form
        The better of the two by likelihood: a level of the unit and one of the unit in each quarter (`nested`), or
        quarters that are less alike the further apart (`decay`).
    level
        Variance of a unit's level in a quarter.
    lasting
        Correlation of a unit's levels in two quarters (nested), or in two that follow one another (decay); the CAC.
    monthly
        Variance of a month's value around its quarter's level, sampling included.
    sampling
        The part of `monthly` that counting alone would give; 0 for quantities.
    icc, cac
        Of two months of a unit in one quarter, and `lasting`, with profile-likelihood intervals; None where the
        interval cannot be found.
    nested_deviance, decay_deviance
        Minus twice the restricted log-likelihoods; None for a fit that was not possible.
    """

    units: int
    months: int
    scale: Scale
    form: Form
    level: float
    lasting: float
    monthly: float
    sampling: float
    icc: Measured | None
    cac: Measured | None
    nested_deviance: float | None
    decay_deviance: float | None

    def covariance(self, months: int) -> Array:
        """The covariance of so many months' values of one unit, the first month beginning a quarter."""
        quarter = np.arange(months) // QUARTER
        gap = np.abs(np.subtract.outer(quarter, quarter))
        faded = np.where(gap == 0, 1.0, self.lasting) if self.form == "nested" else np.power(self.lasting, gap)
        return np.asarray(self.level * faded + self.monthly * np.eye(months))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class UnitMonths:
    """Numerators and denominators of units (rows) by month (columns); `nan` where a unit has no value."""

    numerator: Array
    denominator: Array
    kind: OutcomeKind

    @property
    def rates(self) -> Array:
        return self.numerator / self.denominator


def unit_months(data: TrialData) -> UnitMonths:
    """Sums over the sites of each unit; a month in which a site of it is missing is that of the others."""
    present = np.isfinite(data.numerator) & np.isfinite(data.denominator)
    shape = (data.n_units, data.numerator.shape[1])
    sums = []
    for values in (data.numerator, data.denominator):
        total = np.zeros(shape)
        np.add.at(total, data.unit, np.where(present, values, 0.0))
        sums.append(total)
    seen = sums[1] > 0
    return UnitMonths(
        numerator=np.where(seen, sums[0], np.nan), denominator=np.where(seen, sums[1], np.nan), kind=data.kind
    )


def fit_components(found: UnitMonths, summary: Summary) -> Components | NotEstimable:
    """Variances between units, between quarters and between months of a history, by restricted likelihood.

    Parameters
    ----------
    found
        Months before anything was done, oldest first; the newest 60 are used.
    summary
        A ratio is judged on logarithms, a difference on rates.

    Returns
    -------
    Components or NotEstimable
        Reasons: `too-few-units` (6 are needed), `too-short-history` (two quarters are needed), `zero`, or those of
        `stats.lmm` where neither form could be fitted.

    Notes
    -----
    y_it = m_t + b_iq + e_it, q the quarter of month t, m_t an effect of each month. Nested: b_iq = u_i + w_iq. Decay:
    corr(b_iq, b_is) = r^|q - s|. Both have three variances and the same fixed effects, so that the one with the lower
    restricted deviance fits better. Units count alike. Assumes normal values; the covariance matters, not the shape.
    """
    months = found.numerator.shape[1]
    numerator, denominator = (v[:, max(months - MOST_MONTHS, 0) :] for v in (found.numerator, found.denominator))
    values, scale = _values(numerator / denominator, summary)
    seen = np.isfinite(values)
    units, used = int(seen.any(axis=1).sum()), int(seen.any(axis=0).sum())
    if units < FEWEST_UNITS or used < FEWEST_QUARTERS * QUARTER:
        reason = "too-few-units" if units < FEWEST_UNITS else "too-short-history"
        detail = f"{units} units and {used} months of history are too few for a model of how months hang together."
        return NotEstimable(reason=reason, detail=detail)
    if not np.nan_to_num(numerator).any():
        return NotEstimable(reason="zero", detail="There is nothing to count in the history.")
    fits = {form: _fit(values, structure) for form, structure in _structures(seen).items()}
    good = {form: fit for form, fit in fits.items() if isinstance(fit, LmmFit)}
    if not good:
        refused = fits["nested"]
        assert isinstance(refused, NotEstimable)
        return refused
    form = min(good, key=lambda each: good[each].deviance)
    sampling = _sampling(numerator, denominator, found.kind, scale)
    return _components(good, form, units=units, months=used, scale=scale, sampling=sampling)


def _values(rates: Array, summary: Summary) -> tuple[Array, Scale]:
    if summary is Summary.DIFFERENCE:
        return rates, "rate"
    if np.nanmin(rates) > 0:
        return np.log(rates), "log"
    return rates / max(float(np.nanmean(rates)), 1e-300), "relative"


def _structures(seen: npt.NDArray[np.bool_]) -> dict[Form, Structure]:
    quarter = np.nonzero(seen)[1] // QUARTER
    return {"nested": NestedExchangeable(periods=quarter), "decay": DiscreteTimeDecay(times=quarter)}


def _fit(values: Array, structure: Structure) -> LmmFit | NotEstimable:
    unit, month = np.nonzero(np.isfinite(values))
    _, column = np.unique(month, return_inverse=True)
    return fit_lmm(values[unit, month], np.eye(int(column.max()) + 1)[column], clusters=unit, structure=structure)


def _components(
    good: dict[Form, LmmFit], form: Form, *, units: int, months: int, scale: Scale, sampling: float
) -> Components:
    fit = good[form]
    variances = [float(c.value) for c in fit.components() if c.other is None]
    if form == "nested":
        level = variances[0] + variances[1]
        lasting = variances[0] / level if level > 0 else 1.0
    else:
        level, lasting = variances[0], max(fit.decay or 0.0, 0.0)
    told = cluster_correlations(fit)
    return Components(
        units=units,
        months=months,
        scale=scale,
        form=form,
        level=level,
        lasting=lasting,
        monthly=fit.residual_variance,
        sampling=min(sampling, fit.residual_variance),
        icc=_measured(told, "icc"),
        cac=_measured(told, "cac"),
        nested_deviance=good["nested"].deviance if "nested" in good else None,
        decay_deviance=good["decay"].deviance if "decay" in good else None,
    )


def _measured(told: ClusterCorrelations | NotEstimable, name: Literal["icc", "cac"]) -> Measured | None:
    found = None if isinstance(told, NotEstimable) else getattr(told, name)
    if found is None or isinstance(found, NotEstimable):
        return None
    return Measured(value=found.value, low=found.interval.low, high=min(found.interval.high, 1.0))


def _sampling(numerator: Array, denominator: Array, kind: OutcomeKind, scale: Scale) -> float:
    """The mean variance that counting alone gives a month's value, by the delta method; none for quantities."""
    if kind == "quantity":
        return 0.0
    seen = np.isfinite(numerator) & np.isfinite(denominator)
    y, d = numerator[seen], denominator[seen]
    mean = float(y.sum() / d.sum())
    spread = mean * (1 - min(mean, 1.0)) if kind == "proportion" else mean
    relative = spread / mean**2 * float((1 / d).mean())
    return relative if scale != "rate" else relative * mean**2
