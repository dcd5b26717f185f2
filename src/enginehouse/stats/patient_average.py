"""The effect of one arm over another in a parallel cluster trial, every patient counting the same.

The estimating equations are in `gee`, the columns in `trial_columns`; the effect averaged over sites is in
`site_average`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from enginehouse.stats.comparison import ArmWeights, Side, comparison
from enginehouse.stats.gee import ClusterCorrection, GeeFit, gee
from enginehouse.stats.multiplicity import correlation_of
from enginehouse.stats.results import Estimate, Estimated, NotEstimable, Scale
from enginehouse.stats.trial_columns import (
    Rows,
    adjustment,
    analysed_sites,
    arm_columns,
    arm_name,
    check_arms,
    contrast_weights,
)
from enginehouse.stats.trial_data import TrialData

type Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PatientAverage:
    """The fitted model of one outcome: any contrast of its arms, as a ratio or as a difference.

    Attributes
    ----------
    data, rows
        The trial, and which of its sites were analysed.
    fit
        The solved estimating equations.
    denominator
        Of the analysed sites, summed over the follow-up, shape (n,).
    design
        Shape (n, p).
    adjusted_for
        Names of the covariates.
    """

    data: TrialData
    rows: Rows
    fit: GeeFit
    denominator: Array
    design: Array
    adjusted_for: tuple[str, ...]

    def effect(self, *, arm: Side, over: Side, scale: Scale = "log-ratio") -> Estimated:
        """One side over another; as a difference, of the values standardised over all analysed sites.

        Arms of a side count the same, on the scale of the effect: for a ratio the mean of their logarithms.
        """
        return self.weighted(comparison(arm, over), scale=scale)

    def weighted(self, compared: ArmWeights, *, scale: Scale = "log-ratio") -> Estimated:
        """Any weighted sum of the arms' logarithms, or of their standardised values: an interaction, for example."""
        refusal = check_arms(self.data, self.rows, compared)
        if refusal is not None:
            return refusal
        value, gradient = self.gradient(compared, scale=scale)
        return self._told(self.fit.estimate(value, gradient, scale=scale))

    def gradient(self, compared: ArmWeights, *, scale: Scale) -> tuple[float, Array]:
        """A weighted sum of the arms and its gradient by the coefficients, shape (p,)."""
        if scale == "log-ratio":
            weights = contrast_weights(self.data, self.fit.names, compared)
            return float(weights @ self.fit.coefficients), weights
        value, total = 0.0, np.zeros(len(self.fit.coefficients))
        for arm, weight in compared.items():
            own, slope = self.standardised(arm)
            value, total = value + weight * own, total + weight * slope
        return value, total

    def correlation(self, compared: Sequence[ArmWeights], *, scale: Scale) -> Array:
        """The correlation of several such answers, shape (k, k)."""
        gradients = np.array([self.gradient(weights, scale=scale)[1] for weights in compared])
        return correlation_of([gradients @ matrix @ gradients.T for matrix in self.fit.covariances()])

    def standardised(self, arm: int) -> tuple[float, Array]:
        """What the model expects if every analysed site were in `arm`, for one of the denominator and one month.

        Returns
        -------
        (value, gradient)
            The gradient by the coefficients, shape (p,).
        """
        mean = self.expected(arm)
        total = self.denominator.sum()
        return float(mean.sum() / total), mean @ self.with_arm(arm) / total

    def expected(self, arm: int) -> Array:
        """What the model expects of each analysed site, over the follow-up, if it were in `arm`; shape (n,)."""
        return np.asarray(self.denominator * np.exp(self.with_arm(arm) @ self.fit.coefficients))

    def with_arm(self, arm: int) -> Array:
        """The design with every site in `arm`."""
        columns = self.design.copy()
        for which in range(len(self.data.arms)):
            if arm_name(self.data, which) in self.fit.names:
                columns[:, self.fit.names.index(arm_name(self.data, which))] = float(which == arm)
        return columns

    def _told(self, estimate: Estimate) -> Estimate:
        return replace(estimate, numbers={"sites": float(len(self.rows)), **estimate.numbers})


def fit_patient_average(
    data: TrialData,
    *,
    adjust: bool = True,
    correction: ClusterCorrection = ClusterCorrection.KC_MD_AVERAGE,
) -> PatientAverage | NotEstimable:
    """The model of follow-up totals from which the patient-average effects of a trial are read.

    Parameters
    ----------
    data
        All arms.
    adjust
        Whether to adjust for the baseline of the outcome, the registered covariates and the strata.
    correction
        Small-sample correction of the standard error.

    Returns
    -------
    PatientAverage or NotEstimable

    Notes
    -----
    log E(Y_i) = log D_i + a + b[arm_i] + z_i c, Y and D the site's sums over the follow-up; working independence,
    robust to everything that the sites of one unit of allocation share. Rows of months would give the same answer:
    with terms that do not change from month to month the sums are sufficient. Sites without a baseline month or
    without a follow-up month are left out. Quantities and proportions are treated like counts: only the mean is
    modelled. A ratio of means; where all strata have the same ratio, covariates do not change what is estimated.

    References
    ----------
    Wang B, Harhay MO, Tong J, Small DS, Morris TP, Li F. Biostatistics 2024;25:289-305 (estimands). Yelland LN,
    Salter AB, Ryan P. Am J Epidemiol 2011;174:984-992 (the log link for binary outcomes in clusters).
    """
    rows = analysed_sites(data)
    present = tuple(arm for arm in range(len(data.arms)) if np.any(data.arm[rows] == arm))
    if len(present) < 2:
        return NotEstimable(reason="one-arm", detail="Fewer than two arms have sites with data before and after.")
    arms = arm_columns(data, rows)
    extra = adjustment(data, rows) if adjust else None
    design = arms.values if extra is None else np.column_stack([arms.values, extra.values])
    names = arms.names if extra is None else (*arms.names, *extra.names)
    numerator, denominator = (values[rows] for values in data.totals(before=False))
    fit = gee(
        numerator,
        design,
        clusters=data.unit[rows],
        offset=np.log(denominator),
        correction=correction,
        names=names,
    )
    if isinstance(fit, NotEstimable):
        return fit
    notes = () if extra is None else extra.notes
    return PatientAverage(
        data, rows, replace(fit, notes=notes), denominator, design, () if extra is None else extra.names
    )


def patient_average(
    data: TrialData,
    *,
    arm: Side = 1,
    over: Side = 0,
    scale: Scale = "log-ratio",
    adjust: bool = True,
    correction: ClusterCorrection = ClusterCorrection.KC_MD_AVERAGE,
) -> Estimated:
    """The patient-average effect of one arm over another; `fit_patient_average` has the equation.

    Parameters
    ----------
    arm, over
        Positions in `data.arms`: one, or several arms that are taken together, each counting the same.
    scale
        A log ratio of means, or a difference of means for one of the denominator and one month.

    Returns
    -------
    Estimate or NotEstimable
    """
    fit = fit_patient_average(data, adjust=adjust, correction=correction)
    return fit if isinstance(fit, NotEstimable) else fit.effect(arm=arm, over=over, scale=scale)
