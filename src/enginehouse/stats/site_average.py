"""The effect of one arm over another in a parallel cluster trial, every site counting the same.

A mixed model of months, baseline and follow-up together; arms share the baseline. The average over patients is in
`patient_average`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from enginehouse.stats.comparison import ArmWeights, Side, arms_of, comparison
from enginehouse.stats.fits import Coefficients, weight_vector
from enginehouse.stats.glmm import MixedFit, negative_binomial_mixed
from enginehouse.stats.lmm.fit import LmmFit, fit_lmm
from enginehouse.stats.lmm.structures import RandomTerm, RandomTerms
from enginehouse.stats.multiplicity import correlation_of
from enginehouse.stats.results import Estimate, Estimated, NotEstimable, Scale
from enginehouse.stats.trial_columns import Rows, analysed_sites, check_arms
from enginehouse.stats.trial_data import TrialData

type Array = npt.NDArray[np.float64]

MOST_ZEROS = 0.05
"""With a larger share of zero months a model of logarithms would be a model of what stands in for zero."""


@dataclass(frozen=True, slots=True, eq=False)
class SiteMonths:
    """Rows of one site and month with a value.

    `design` has an intercept, an effect of every later month, one column for each later arm in follow-up months, and
    the covariates (centred) in follow-up months; `random` the unit's own level in baseline and in follow-up. `level` is
    the site's baseline value where units have several sites, 1 otherwise.
    """

    numerator: Array
    denominator: Array
    level: Array
    unit: npt.NDArray[np.intp]
    design: Array
    random: Array
    names: tuple[str, ...]
    units: int
    between: int

    @property
    def after(self) -> Array:
        return self.random[:, 1]


@dataclass(frozen=True, slots=True, eq=False)
class SiteAverage:
    """The fitted mixed model of one outcome: any contrast of its arms, on the scale that it was fitted on."""

    data: TrialData
    rows: Rows
    months: SiteMonths
    fit: MixedFit | LmmFit
    scale: Scale
    notes: tuple[str, ...] = ()

    def effect(self, *, arm: Side, over: Side) -> Estimated:
        """One side over another; arms of a side count the same."""
        return self.weighted(comparison(arm, over))

    def weighted(self, compared: ArmWeights) -> Estimated:
        """Any weighted sum of the arms: an interaction, for example."""
        refusal = check_arms(self.data, self.rows, compared)
        if refusal is not None:
            return refusal
        weights = self._weights(compared)
        if isinstance(self.fit, LmmFit):
            found = self.fit.estimate(weights, scale=self.scale)
            found = replace(found, notes=(*found.notes, *self.notes))
        else:
            found = self.fit.contrast(weights)
        return _of_sites(found, self.months, sites=len(self.rows))

    def correlation(self, compared: Sequence[ArmWeights]) -> Array:
        """The correlation of several such answers, shape (k, k)."""
        fit = Coefficients(self.fit.names, self.fit.fixed_effects, self.fit.covariance)
        weights = np.array([weight_vector(fit, self._weights(each)) for each in compared])
        return correlation_of([weights @ self.fit.covariance @ weights.T])

    def _weights(self, compared: ArmWeights) -> dict[str, float]:
        named = {_post(self.data, arm): weight for arm, weight in compared.items()}
        return {name: weight for name, weight in named.items() if name in self.months.names}


def site_average(
    data: TrialData, *, arm: Side = 1, over: Side = 0, scale: Scale = "log-ratio", adjust: bool = True
) -> Estimated:
    """The site-average effect of one side over another; `fit_site_average` has the equation.

    Parameters
    ----------
    arm, over
        Positions in `data.arms`: one, or several arms that are taken together, each counting the same.

    Returns
    -------
    Estimate or NotEstimable
    """
    refusal = check_arms(data, analysed_sites(data), arms_of(arm, over))
    if refusal is not None:
        return refusal
    fit = fit_site_average(data, scale=scale, adjust=adjust)
    return fit if isinstance(fit, NotEstimable) else fit.effect(arm=arm, over=over)


def fit_site_average(data: TrialData, *, scale: Scale = "log-ratio", adjust: bool = True) -> SiteAverage | NotEstimable:
    """The mixed model with baseline months from which the site-average effects of a trial are read.

    Parameters
    ----------
    data
        All arms; at least one baseline month.
    scale
        A log ratio, or a difference of values for one of the denominator and one month.
    adjust
        Whether registered covariates enter beside the baseline, which is always in the model.

    Returns
    -------
    SiteAverage or NotEstimable

    Notes
    -----
    g(value_it) = month_t + post_t (b[arm_i] + z_i c) + u_i[pre or post], with u_i normal, its two levels correlated:
    arms share the baseline (constrained longitudinal analysis), and a site may drift between baseline and follow-up,
    which months alone would mistake for precision. Counts: negative binomial with log link (Poisson where nothing
    varies beyond it; a note says so), t with units less coefficients between units. Quantities and proportions:
    logarithms, by restricted likelihood, with Kenward and Roger's test below 60 units and Satterthwaite's degrees of
    freedom otherwise (a note says which); differences: the values as they are. A zero month has no logarithm: half of
    the smallest value above zero stands in for it (a note says for how many), and proportions that are zero in more
    than 5% of months are modelled as counts, quantities not at all. Degrees of freedom never exceed those between
    units. Where networks of several sites are allocated the random terms
    belong to the network, and each site's own baseline level is taken off its months first (a change from baseline).

    References
    ----------
    Hooper R, Forbes A, Hemming K, Takeda A, Beresford L. BMJ 2018;360:k1121. Liang KY, Zeger SL. Sankhya B
    2000;62:134-148 (arms that share the baseline).
    """
    rows = analysed_sites(data)
    refusal = _check_months(data)
    if refusal is not None:
        return refusal
    months = site_months(data, rows, adjust=adjust)
    counted = scale == "log-ratio" and _as_counts(data, months)
    found = _counts(months) if counted else _linear(months, scale)
    return found if isinstance(found, NotEstimable) else SiteAverage(data, rows, months, found[0], scale, found[1])


def site_months(data: TrialData, rows: Rows, *, adjust: bool) -> SiteMonths:
    """The rows of the analysed sites' months, with the columns of the model."""
    numerator, denominator = data.numerator[rows], data.denominator[rows]
    site, month = np.nonzero(np.isfinite(numerator) & (np.nan_to_num(denominator) > 0))
    after = (month >= data.n_before).astype(np.float64)
    seen = np.unique(month)
    months = [(month == which).astype(np.float64) for which in seen[1:]]
    arms = [which for which in range(1, len(data.arms)) if np.any(data.arm[rows] == which)]
    terms = [after * (data.arm[rows] == which)[site] for which in arms]
    covariates, names = _covariates(data, rows) if adjust else (np.zeros((len(rows), 0)), ())
    design = np.column_stack([np.ones(len(site)), *months, *terms, after[:, None] * covariates[site]])
    units, codes = np.unique(data.unit[rows], return_inverse=True)
    return SiteMonths(
        numerator=numerator[site, month],
        denominator=denominator[site, month],
        level=_levels(data, rows)[site] if len(units) < len(rows) else np.ones(len(site)),
        unit=codes[site].astype(np.intp),
        design=design,
        random=np.column_stack([1 - after, after]),
        names=(
            "intercept",
            *(f"month {which + 1}" for which in seen[1:]),
            *(_post(data, which) for which in arms),
            *names,
        ),
        units=len(units),
        between=len(arms) + 1 + len(names),
    )


def _check_months(data: TrialData) -> NotEstimable | None:
    months = data.numerator.shape[1]
    if data.n_before and months > max(data.n_before, 1) and months > 2:
        return None
    return NotEstimable(
        reason="too-few-months",
        detail="The mixed model needs a baseline month, a follow-up month, and at least three months in all.",
    )


def _covariates(data: TrialData, rows: Rows) -> tuple[Array, tuple[str, ...]]:
    values = data.covariates[rows]
    centred = values - values.mean(axis=0) if values.size else values
    spread = np.sqrt((centred**2).mean(axis=0)) if values.size else np.zeros(values.shape[1])
    keep = spread > 1e-12 * np.abs(values).max(axis=0, initial=1e-300)
    names = tuple(f"{name} after" for name, kept in zip(data.covariate_names, keep, strict=True) if kept)
    return centred[:, keep] / spread[keep], names


def _levels(data: TrialData, rows: Rows) -> Array:
    numerator, denominator = (values[rows] for values in data.totals(before=True))
    rate = numerator / denominator
    return np.where(rate > 0, rate, rate[rate > 0].min(initial=1.0) / 2)


def _post(data: TrialData, arm: int) -> str:
    return f"arm {data.arms[arm]} after"


def _as_counts(data: TrialData, months: SiteMonths) -> bool:
    zeros = np.mean(months.numerator <= 0)
    whole = np.array_equal(months.numerator, np.round(months.numerator))
    return whole and (data.kind == "count" or (data.kind == "proportion" and bool(zeros > MOST_ZEROS)))


type _Fitted = tuple[MixedFit | LmmFit, tuple[str, ...]]


def _counts(months: SiteMonths) -> _Fitted | NotEstimable:
    fit = negative_binomial_mixed(
        months.numerator,
        months.design,
        clusters=months.unit,
        offset=np.log(months.denominator) + np.log(months.level),
        slope=months.after,
        names=months.names,
    )
    return fit if isinstance(fit, NotEstimable) else (fit, ())


def _linear(months: SiteMonths, scale: Scale) -> _Fitted | NotEstimable:
    value = months.numerator / months.denominator
    notes: tuple[str, ...] = ()
    if scale == "log-ratio":
        zeros = value <= 0
        if zeros.mean() > MOST_ZEROS or zeros.all():
            return NotEstimable(
                reason="zeros",
                detail=f"{np.count_nonzero(zeros)} of {len(value)} months of sites are zero, too many for logarithms.",
            )
        if zeros.any():
            notes = (f"Zero months, for which half of the smallest other value was used: {np.count_nonzero(zeros)}.",)
        value = np.log(np.where(zeros, value[~zeros].min() / 2, value)) - np.log(months.level)
    elif np.any(months.level != 1):
        value = value - months.level
    levels = RandomTerm(columns=months.random, name="unit", effects=("baseline", "follow-up"))
    fit = fit_lmm(value, months.design, clusters=months.unit, structure=RandomTerms((levels,)), names=months.names)
    return fit if isinstance(fit, NotEstimable) else (fit, notes)


def _of_sites(found: Estimate, months: SiteMonths, *, sites: int) -> Estimate:
    """The estimate under its method's name; its degrees of freedom never exceed those between units."""
    return replace(
        found,
        df=min(found.df, float(months.units - months.between)),
        method="site-mixed-model",
        numbers={**found.numbers, "sites": float(sites), "units": float(months.units)},
    )
