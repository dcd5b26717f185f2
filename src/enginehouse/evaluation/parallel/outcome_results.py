"""What the evaluation of a trial says of one outcome: its arms, its contrasts, how much sites differ.

The rest of the evaluation is in `results.py`, which offers these too.
"""

from __future__ import annotations

from dataclasses import dataclass

from enginehouse.evaluation.effects import AbsoluteEffect
from enginehouse.evaluation.results import OutcomeRole
from enginehouse.programme.enums import Direction
from enginehouse.stats.results import Estimated


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSummary:
    """One arm and one outcome, before any model: sums over the arm's sites, so large sites count for more.

    Attributes
    ----------
    title
        What pages call the arm.
    sites, units
        Sites with data in baseline and follow-up, and units of allocation that they belong to.
    baseline_denominator, follow_up_denominator
        Mean over the months of the sum over sites (patients, or items).
    baseline_value, follow_up_value
        Numerator over denominator, for one of `per` and one month; `scale` is for display.
    baseline_site_mean, follow_up_site_mean
        The mean of the sites' own values, each site counting once.
    months, series
        The arm's value in every month of baseline and follow-up; None where no site has data.
    """

    arm: str
    title: str
    sites: int
    units: int
    baseline_denominator: float
    follow_up_denominator: float
    baseline_value: float | None
    follow_up_value: float | None
    baseline_site_mean: float | None
    follow_up_site_mean: float | None
    months: tuple[str, ...]
    series: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastResult:
    """One arm over another, for one outcome, in the registered window.

    Attributes
    ----------
    arm, over, title
        The arm that is judged, its comparator, and both in words.
    registered
        Whether it is the first contrast of the protocol, which gives the verdict on the primary outcome.
    effect
        The registered estimate on the registered scale: log ratio, or difference of values for one of `per`.
    ratio, difference
        The same model's answer on each scale, whichever is registered (for a table that shows both).
    absolute
        The effect in the indicator's own unit, over the window, for the sites of `arm`; None where not estimable.
    sites, over_sites, units
        Analysed sites of either arm, and units of allocation together.
    std_error_kind
        In words: which standard error, which small-sample correction.
    covariates
        What was adjusted for, in words.
    """

    arm: str
    over: str
    title: str
    registered: bool
    effect: Estimated
    ratio: Estimated
    difference: Estimated
    absolute: AbsoluteEffect | None
    sites: int
    over_sites: int
    units: int
    std_error_kind: str
    covariates: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteVariation:
    """How much sites differ, at baseline and within arms in follow-up; None where it cannot be told (`reason`).

    Attributes
    ----------
    icc
        Of one site's months: the share of the variance of logarithms of monthly values that lies between sites,
        within arms and with months taken out. It is not the patients' ICC, which needs rows of patients.
    between_site_cv
        Standard deviation over mean of the sites' own values in the baseline.
    size_cv
        Standard deviation over mean of the sites' denominators.
    dispersion
        Pearson dispersion of follow-up totals in the patient-average model: 1 where counts vary as Poisson says; None
        for quantities, whose unit it would depend on.
    """

    icc: float | None
    between_site_cv: float | None
    size_cv: float | None
    dispersion: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOutcome:
    """One indicator of the protocol, in all arms."""

    indicator: str
    indicator_version: int
    title: str
    short_title: str
    role: OutcomeRole
    direction: Direction
    unit: str
    per: str
    scale: int
    is_proportion: bool
    arms: tuple[ArmSummary, ...]
    contrasts: tuple[ContrastResult, ...]
    variation: SiteVariation
    notes: tuple[str, ...] = ()

    @property
    def registered(self) -> ContrastResult:
        return next(contrast for contrast in self.contrasts if contrast.registered)

    @property
    def headline(self) -> Estimated:
        return self.registered.effect

    def arm(self, name: str) -> ArmSummary:
        return next(summary for summary in self.arms if summary.arm == name)
