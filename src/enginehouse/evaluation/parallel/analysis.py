"""The registered analysis as a function of a trial's arrays: for the evaluation, power on history, and rehearsals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from enginehouse.core.errors import UserError
from enginehouse.evaluation.estimand import SCALES
from enginehouse.programme.enums import Average, Method, Window
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.trial import Contrast
from enginehouse.stats.gee import CORRECTION_WORDS, ClusterCorrection
from enginehouse.stats.patient_average import fit_patient_average
from enginehouse.stats.results import Estimated, NotEstimable, Scale
from enginehouse.stats.site_average import site_average
from enginehouse.stats.trial_data import TrialData

CORRECTION = ClusterCorrection.KC_MD_AVERAGE
"""Of every registered analysis by estimating equations."""


@dataclass(frozen=True, slots=True)
class RegisteredAnalysis:
    """One method, one contrast, one window: called with the trial's arrays it gives the estimate. It can be pickled."""

    method: Method
    scale: Scale
    window: Window
    arm: str
    over: str
    adjust: bool = True

    def __call__(self, data: TrialData) -> Estimated:
        refusal = self._strangers(data)
        return refusal or ESTIMATORS[self.method](self, in_window(data, self.window))

    def position(self, data: TrialData, arm: str) -> int:
        return data.arms.index(arm)

    def _strangers(self, data: TrialData) -> NotEstimable | None:
        missing = [arm for arm in (self.arm, self.over) if arm not in data.arms]
        if not missing:
            return None
        return NotEstimable(reason="unknown-arm", detail=f"No site was allocated to {' or '.join(missing)}.")


def registered_analysis(
    protocol: Protocol, indicator: Indicator, *, contrast: Contrast | None = None, adjust: bool = True
) -> RegisteredAnalysis:
    """The registered estimator of one outcome of a parallel trial.

    Parameters
    ----------
    protocol
        With contrasts; the first one gives the verdict.
    indicator
        The outcome. The analysis is the same for counts, quantities and proportions where it averages over patients.
    contrast
        One of the protocol's, the first by default.
    adjust
        False for the unadjusted check.

    Returns
    -------
    RegisteredAnalysis
        Called with a `TrialData` it gives an `Estimate` or `NotEstimable`, a log ratio where the estimand is a ratio.

    Raises
    ------
    UserError
        The protocol has no contrast, its method is of another design, or method and estimand average otherwise.
    """
    method = protocol.analysis.primary
    check_method(protocol)
    chosen = contrast or protocol.contrasts[0]
    if indicator.id not in (protocol.indicator, *protocol.secondary, *protocol.untargeted, *protocol.balancing):
        raise UserError(
            f"got the indicator '{indicator.id}', which the protocol does not measure.",
            where="protocol.yaml  indicator",
            remedy="Name one of its outcomes.",
        )
    return RegisteredAnalysis(
        method, SCALES[protocol.estimand.summary], protocol.estimand.window, chosen.arm, chosen.over, adjust
    )


def check_method(protocol: Protocol) -> None:
    """Whether the method averages as the estimand says, and there is something to compare.

    Raises
    ------
    UserError
        It does not, or there is not.
    """
    method = protocol.analysis.primary
    if method not in AVERAGES:
        raise UserError(
            f"got the method '{method}' for sites that are allocated at random.",
            where="protocol.yaml  analysis.primary",
            remedy=f"Expected one of: {', '.join(AVERAGES)}.",
        )
    if AVERAGES[method] is not protocol.estimand.average:
        fits = next(each for each, average in AVERAGES.items() if average is protocol.estimand.average)
        raise UserError(
            f"got the method '{method}', which averages over {AVERAGES[method]}, and an estimand that averages over "
            f"{protocol.estimand.average}.",
            where="protocol.yaml  analysis.primary",
            remedy=f"Register {fits}, or average over {AVERAGES[method]}.",
        )
    if not protocol.contrasts:
        raise UserError(
            "got no contrast.", where="protocol.yaml  contrasts", remedy="Say which arm is compared with which."
        )


def in_window(data: TrialData, window: Window) -> TrialData:
    """The baseline and those follow-up months that the estimand speaks of."""
    if window is Window.FOLLOW_UP or data.numerator.shape[1] <= data.n_before + 1:
        return data
    columns = [*range(data.n_before), data.numerator.shape[1] - 1]
    return replace(data, numerator=data.numerator[:, columns], denominator=data.denominator[:, columns])


def other_average(analysis: RegisteredAnalysis) -> RegisteredAnalysis:
    """The same question averaged over sites instead of patients, or the other way round."""
    other = next(method for method in AVERAGES if method is not analysis.method)
    return replace(analysis, method=other)


def _by_patients(analysis: RegisteredAnalysis, data: TrialData) -> Estimated:
    fit = fit_patient_average(data, adjust=analysis.adjust, correction=CORRECTION)
    if isinstance(fit, NotEstimable):
        return fit
    arm, over = analysis.position(data, analysis.arm), analysis.position(data, analysis.over)
    return fit.effect(arm=arm, over=over, scale=analysis.scale)


def _by_sites(analysis: RegisteredAnalysis, data: TrialData) -> Estimated:
    arm, over = analysis.position(data, analysis.arm), analysis.position(data, analysis.over)
    return site_average(data, arm=arm, over=over, scale=analysis.scale, adjust=analysis.adjust)


ESTIMATORS: Mapping[Method, Callable[[RegisteredAnalysis, TrialData], Estimated]] = {
    Method.INDEPENDENCE_GEE: _by_patients,
    Method.SITE_MIXED_MODEL: _by_sites,
}
AVERAGES: Mapping[Method, Average] = {
    Method.INDEPENDENCE_GEE: Average.PATIENTS,
    Method.SITE_MIXED_MODEL: Average.SITES,
}
STD_ERROR_WORDS: Mapping[Method, str] = {
    Method.INDEPENDENCE_GEE: "robust to everything that the sites and months of one unit of allocation share, "
    f"{CORRECTION_WORDS[CORRECTION]}; t with units less coefficients for degrees of freedom",
    Method.SITE_MIXED_MODEL: "of a mixed model with a level of each unit in baseline and in follow-up; t with degrees "
    "of freedom between units",
}
"""For pages: what kind of standard error an effect has."""
