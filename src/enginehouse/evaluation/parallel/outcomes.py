"""One outcome of a trial: every arm before any model, every registered contrast, and how much sites differ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from enginehouse.core.months import Month
from enginehouse.evaluation.absolute import absolute_effect
from enginehouse.evaluation.effects import AbsoluteEffect
from enginehouse.evaluation.parallel.analysis import STD_ERROR_WORDS, registered_analysis
from enginehouse.evaluation.parallel.context import OutcomeData, TrialContext
from enginehouse.evaluation.parallel.results import ArmSummary, ContrastResult, SiteVariation, TrialOutcome
from enginehouse.evaluation.results import OutcomeRole
from enginehouse.programme.enums import Average, Method
from enginehouse.programme.trial import Contrast
from enginehouse.stats.patient_average import PatientAverage, fit_patient_average
from enginehouse.stats.results import Estimate, Estimated, NotEstimable
from enginehouse.stats.trial_columns import BASELINE, adjustment, analysed_sites
from enginehouse.stats.trial_data import TrialData
from enginehouse.stats.variance import VarianceComponents, cluster_size_variation, panel_icc

type Array = npt.NDArray[np.float64]

BASIS = "the registered interval, between units of allocation"


def trial_outcome(context: TrialContext, name: str, role: OutcomeRole) -> TrialOutcome:
    """Everything about one indicator of the protocol."""
    indicator, data = context.indicators[name], context.data[name]
    contrasts = tuple(
        _contrast(context, name, contrast, registered=place == 0)
        for place, contrast in enumerate(context.protocol.contrasts)
    )
    return TrialOutcome(
        indicator=name,
        indicator_version=indicator.version,
        title=indicator.title,
        short_title=indicator.short_title,
        role=role,
        direction=indicator.direction,
        unit=indicator.unit,
        per=indicator.per,
        scale=indicator.scale,
        is_proportion=indicator.is_proportion,
        arms=tuple(_arm(context, data, place, arm) for place, arm in enumerate(context.arms)),
        contrasts=contrasts,
        variation=_variation(data),
        notes=_notes(context, data, contrasts),
    )


def _arm(context: TrialContext, data: OutcomeData, place: int, arm: str) -> ArmSummary:
    rows = data.analysed(place)
    before, after = (tuple(part[rows] for part in data.window.totals(before=when)) for when in (True, False))
    monthly = _monthly(data.whole, rows)
    return ArmSummary(
        arm=arm,
        title=context.arm_title(arm),
        sites=len(rows),
        units=len(np.unique(data.window.unit[rows])),
        baseline_denominator=_per_month(data.window, rows, before=True),
        follow_up_denominator=_per_month(data.window, rows, before=False),
        baseline_value=_ratio(before[0].sum(), before[1].sum()),
        follow_up_value=_ratio(after[0].sum(), after[1].sum()),
        baseline_site_mean=_mean_of_sites(*before),
        follow_up_site_mean=_mean_of_sites(*after),
        months=tuple(str(month) for month in _months(context, data)),
        series=tuple(_ratio(top, bottom) for top, bottom in zip(*monthly, strict=True)),
    )


def _months(context: TrialContext, data: OutcomeData) -> tuple[Month, ...]:
    """The months of an outcome: all that are registered, or fewer baseline months where its data begin later."""
    return tuple(context.protocol.design.span)[-data.whole.numerator.shape[1] :]


def _monthly(data: TrialData, rows: npt.NDArray[np.intp]) -> tuple[Array, Array]:
    numerator, denominator = data.numerator[rows], data.denominator[rows]
    present = np.isfinite(numerator) & np.isfinite(denominator)
    return np.where(present, numerator, 0.0).sum(axis=0), np.where(present, denominator, 0.0).sum(axis=0)


def _per_month(data: TrialData, rows: npt.NDArray[np.intp], *, before: bool) -> float:
    months = data.n_before if before else data.numerator.shape[1] - data.n_before
    return float(data.totals(before=before)[1][rows].sum() / max(months, 1))


def _ratio(top: float, bottom: float) -> float | None:
    return float(top / bottom) if bottom > 0 else None


def _mean_of_sites(numerator: Array, denominator: Array) -> float | None:
    known = denominator > 0
    return float((numerator[known] / denominator[known]).mean()) if known.any() else None


def _contrast(context: TrialContext, name: str, contrast: Contrast, *, registered: bool) -> ContrastResult:
    protocol, indicator, data = context.protocol, context.indicators[name], context.data[name]
    analysis = registered_analysis(protocol, indicator, contrast=contrast)
    ratio, difference = (replace(analysis, scale=scale)(data.whole) for scale in ("log-ratio", "difference"))
    effect = ratio if analysis.scale == "log-ratio" else difference
    arm, over = (data.analysed(place) for place in context.positions(contrast))
    return ContrastResult(
        arm=contrast.arm,
        over=contrast.over,
        title=context.contrast_title(contrast),
        registered=registered,
        effect=effect,
        ratio=ratio,
        difference=difference,
        absolute=_absolute(context, name, effect, arm),
        sites=len(arm),
        over_sites=len(over),
        units=len(np.unique(data.window.unit[np.concatenate([arm, over])])),
        std_error_kind=STD_ERROR_WORDS[protocol.analysis.primary],
        covariates=_covariates(protocol.analysis.primary, data.window),
    )


def _absolute(context: TrialContext, name: str, effect: Estimated, rows: npt.NDArray[np.intp]) -> AbsoluteEffect | None:
    if not isinstance(effect, Estimate) or not len(rows):
        return None
    protocol = context.protocol
    whole = context.data[name].whole
    found = absolute_effect(
        effect,
        effect,
        _monthly(whole, rows),
        protocol,
        context.indicators[name],
        protocol.estimand.window,
        _months(context, context.data[name]),
    )
    return replace(found, basis=BASIS)


def _covariates(method: Method, data: TrialData) -> tuple[str, ...]:
    """What the registered model adjusts for, in words."""
    rows = analysed_sites(data)
    if method is Method.SITE_MIXED_MODEL:
        return ("the outcome in the baseline months", *data.covariate_names)
    names = adjustment(data, rows).names
    strata = sum(name.startswith("stratum ") for name in names)
    plain = [name for name in names if not name.startswith("stratum ")]
    words = ["the outcome's own baseline value (its logarithm)" if name == BASELINE else name for name in plain]
    return (*words, *(("the strata of the allocation",) if strata else ()))


def _variation(data: OutcomeData) -> SiteVariation:
    rows = analysed_sites(data.whole)
    if not len(rows):
        return SiteVariation(icc=None, between_site_cv=None, size_cv=None, dispersion=None, reason="No site has data.")
    icc = _icc(data.whole, rows)
    top, bottom = (part[rows] for part in data.whole.totals(before=bool(data.whole.n_before)))
    values = top / bottom
    sizes = cluster_size_variation(bottom)
    model = None if data.whole.kind == "quantity" else fit_patient_average(data.window)
    return SiteVariation(
        icc=icc.icc if isinstance(icc, VarianceComponents) else None,
        between_site_cv=float(values.std(ddof=1) / values.mean()) if len(values) > 1 and values.mean() > 0 else None,
        size_cv=sizes if isinstance(sizes, float) else None,
        dispersion=model.fit.dispersion if isinstance(model, PatientAverage) else None,
        reason="" if isinstance(icc, VarianceComponents) else icc.detail,
    )


def _icc(data: TrialData, rows: npt.NDArray[np.intp]) -> VarianceComponents | NotEstimable:
    """Of logarithms of the sites' months, with the mean of each arm and month taken out."""
    value = data.numerator[rows] / data.denominator[rows]
    logs = np.log(np.where(value > 0, value, np.nan))
    for arm in range(len(data.arms)):
        members = np.flatnonzero(data.arm[rows] == arm)
        seen = np.isfinite(logs[members])
        sums = np.where(seen, logs[members], 0.0).sum(axis=0)
        logs[members] -= sums / np.maximum(seen.sum(axis=0), 1)
    return panel_icc(logs)


def _notes(context: TrialContext, data: OutcomeData, contrasts: tuple[ContrastResult, ...]) -> tuple[str, ...]:
    notes = []
    registered = context.protocol.design.baseline_months
    if data.whole.n_before < registered:
        notes.append(
            f"Its data begin later: {data.whole.n_before} baseline months, where {registered} were registered."
        )
    if data.account.missing_site_months:
        notes.append(f"Months of sites without a value, which are left out: {data.account.missing_site_months}.")
    notes += [note for contrast in contrasts if isinstance(contrast.effect, Estimate) for note in contrast.effect.notes]
    if context.protocol.estimand.average is Average.SITES:
        notes.append(
            "Amounts in the indicator's own unit apply the average site's effect to what all sites of the arm together "
            "used: they hold where large and small sites changed alike."
        )
    return tuple(dict.fromkeys(notes))
