"""Histories drawn from what the model says: each unit's level, its quarters and months, seasons, and counts.

Which allocations and analyses are run on them is in `power.py`; real histories are used by `replications.py` as they
are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.stats.results import NotEstimable
from enginehouse.stats.trial_data import OutcomeKind, TrialData
from enginehouse.trials.components import Components, unit_months

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DrawnHistory:
    """Draws numerators for the sites and months of a history; it can be pickled.

    Attributes
    ----------
    root : array, shape (months, months)
        A square root of the covariance of a unit's expected monthly values; counting adds the rest.
    month : array, shape (months,)
        Each month's pooled rate: seasons and trend as they were.
    is_log
        Whether values are logarithms, or are added to the rate in units of `step`.
    step
        What one unit of a value is in rates; 1 on logarithms.
    share : array, shape (sites,)
        Each site's rate over its unit's, where units hold several sites.
    """

    root: Array
    month: Array
    is_log: bool
    step: float
    share: Array
    unit: npt.NDArray[np.intp]
    denominator: Array
    missing: npt.NDArray[np.bool_]
    kind: OutcomeKind

    def __call__(self, rng: np.random.Generator) -> Array:
        """Numerators, shape (sites, months); `nan` where the history has none."""
        units = int(self.unit.max()) + 1
        values = rng.standard_normal((units, len(self.root))) @ self.root.T
        if self.is_log:
            rates = self.month * np.exp(values - np.diag(self.root @ self.root.T) / 2)
        else:
            rates = np.maximum(self.month + self.step * values, 0.0)
        means = rates[self.unit] * self.share[:, None] * np.where(self.missing, 0.0, self.denominator)
        return np.where(self.missing, np.nan, self._counted(means, rng))

    def _counted(self, means: Array, rng: np.random.Generator) -> Array:
        if self.kind == "quantity":
            return means
        if self.kind == "count":
            return rng.poisson(means).astype(np.float64)
        people = np.where(self.missing, 0.0, np.floor(self.denominator))
        chance = np.divide(means, people, out=np.zeros_like(means), where=people > 0)
        return rng.binomial(people.astype(np.int64), np.minimum(chance, 1.0)).astype(np.float64)


def drawn_history(data: TrialData, components: Components | NotEstimable) -> DrawnHistory | NotEstimable:
    """What draws histories like that of `data`.

    Parameters
    ----------
    data
        Months before anything was done.
    components
        Of its units, from `fit_components`.

    Returns
    -------
    DrawnHistory or NotEstimable
        As `components`, where no model could be fitted.

    Notes
    -----
    log rate_it = m_t + b_iq + c_it with the variances of `components`, the part that counting gives taken from c_it;
    then y_it is Poisson (binomial for proportions) with mean d_it x rate_it; quantities are the means themselves.
    Denominators, gaps, and m_t (the pooled rate of each month, so seasons and trend) are as in the history; values have
    mean one, so that large and small units differ alike. Where networks are allocated, sites keep their place in them.
    """
    if isinstance(components, NotEstimable):
        return components
    missing = ~(np.isfinite(data.numerator) & np.isfinite(data.denominator))
    top, bottom = (np.where(missing, 0.0, v) for v in (data.numerator, data.denominator))
    month = np.divide(top.sum(axis=0), bottom.sum(axis=0), out=np.zeros(top.shape[1]), where=bottom.sum(axis=0) > 0)
    months = top.shape[1]
    covariance = components.covariance(months) - components.sampling * np.eye(months)
    values, vectors = np.linalg.eigh(covariance)
    return DrawnHistory(
        root=vectors * np.sqrt(np.maximum(values, 0.0)),
        month=month,
        is_log=components.scale == "log",
        step=1.0 if components.scale == "rate" else float(month.mean()),
        share=_share(data, top.sum(axis=1), bottom.sum(axis=1)),
        unit=data.unit,
        denominator=data.denominator,
        missing=missing,
        kind=data.kind,
    )


def _share(data: TrialData, top: Array, bottom: Array) -> Array:
    """Each site's rate over that of its unit; 1 where it is the unit, or has nothing."""
    found = unit_months(data)
    unit_top, unit_bottom = np.nansum(found.numerator, axis=1), np.nansum(found.denominator, axis=1)
    expected = np.divide(unit_top, unit_bottom, out=np.zeros_like(unit_top), where=unit_bottom > 0)[data.unit] * bottom
    return np.divide(top, expected, out=np.ones_like(top), where=expected > 0)
