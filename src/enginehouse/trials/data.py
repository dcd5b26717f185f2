"""The outcome of a trial as arrays: sites as randomised, months of the design, mergers, closures and opt-outs by the
estimand. What is done to a site is told in the account beside the data (`account`); mergers are followed in
`successors`. No analysis lives here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt

from enginehouse.core.errors import UserError
from enginehouse.core.months import Period
from enginehouse.data.sites import SiteRegister
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.enums import NumeratorKind, OptOutScope
from enginehouse.programme.grouping import BASELINE
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol
from enginehouse.stats.trial_data import OutcomeKind, TrialData
from enginehouse.trials.account import LEFT_OUT, Told, TrialAccount, without_data
from enginehouse.trials.balance import check_same_sites
from enginehouse.trials.draw import Allocation
from enginehouse.trials.plan import NOT_KNOWN_SUFFIX
from enginehouse.trials.plan_record import AllocationPlan
from enginehouse.trials.roster import Roster
from enginehouse.trials.successors import merged_sites, with_successors

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]
Rows = npt.NDArray[np.bool_]


def trial_data(
    protocol: Protocol,
    indicator: Indicator,
    arrays: PanelArrays,
    roster: Roster,
    plan: AllocationPlan,
    allocation: Allocation | Integers,
    *,
    register: SiteRegister | None = None,
    opt_outs: Mapping[str, Collection[OptOutScope]] | None = None,
) -> TrialData:
    """The outcome of the trial as the analysis takes it; `trial_data_with_account` also tells what was done.

    Parameters
    ----------
    protocol, indicator
        The registered estimand and what is summed.
    arrays
        The indicator; it must reach over every month of the design.
    roster, plan
        As they were when the sites were allocated.
    allocation
        The allocation, or the arm of each site of the roster as a position in the plan's arms.
    register
        Openings, closures and successors, as known now. Without it no site is known to have closed or merged.
    opt_outs
        Site, and what it opted out of after it was allocated.

    Returns
    -------
    TrialData
        Sites without use of their data, or left out by the estimand, are not in it.

    Raises
    ------
    DataError
        Months of the design are missing.
    UserError
        Roster, plan and allocation do not belong together.

    Notes
    -----
    Followed in its successor: from the month in which a site closed, it gets the share of the successor's numerator
    and denominator that its own mean denominator had in the three months before, among the successor and everyone who
    merged into it; the successor keeps the rest. So no patient counts twice. A site that withdrew the use of its data
    gets no share, and its size is not looked at.
    """
    return trial_data_with_account(
        protocol, indicator, arrays, roster, plan, allocation, register=register, opt_outs=opt_outs
    )[0]


def trial_data_with_account(
    protocol: Protocol,
    indicator: Indicator,
    arrays: PanelArrays,
    roster: Roster,
    plan: AllocationPlan,
    allocation: Allocation | Integers,
    *,
    register: SiteRegister | None = None,
    opt_outs: Mapping[str, Collection[OptOutScope]] | None = None,
) -> tuple[TrialData, TrialAccount]:
    """The outcome of the trial, and what was done to which site on the way (parameters as in `trial_data`)."""
    check_same_sites(roster, plan, allocation if isinstance(allocation, Allocation) else None)
    arm = allocation.positions if isinstance(allocation, Allocation) else np.asarray(allocation, dtype=np.intp)
    span = months_of(protocol, arrays)
    n_before = protocol.design.starts - span.start
    within = arrays.in_period(span)
    known = register or SiteRegister(sites={})
    merged = merged_sites(protocol, roster, known)
    withdrawn = {site for site, scopes in (opt_outs or {}).items() if OptOutScope.DATA_USE in scopes}
    numerator, denominator, shares = with_successors(protocol, within, roster, known, merged, withdrawn)
    told = Told(protocol, known, merged, shares, opt_outs or {})
    changes = [change for site in roster.sites if (change := told.change(site)) is not None]
    changes += without_data(roster, numerator, denominator, n_before, changes)
    out = {change.site for change in changes if change.change in LEFT_OUT}
    keep = np.array([site not in out for site in roster.sites])
    if not keep.any():
        raise UserError("no allocated site is left to analyse.", where="estimand", remedy="See the account of sites.")
    data = make_trial_data(
        roster,
        plan,
        arm,
        numerator,
        denominator,
        n_before=n_before,
        indicator=indicator,
        keep=keep,
    )
    return data, TrialAccount(
        allocated=len(roster.sites),
        in_data=int(keep.sum()),
        left_out=tuple(site for site in roster.sites if site in out),
        changed=tuple(sorted(changes, key=lambda change: change.site)),
        missing_site_months=int(np.isnan(data.numerator).sum()),
    )


def months_of(protocol: Protocol, arrays: PanelArrays) -> Period:
    """Baseline and follow-up; an outcome other than the primary that begins later has a shorter baseline."""
    span, first = protocol.design.span, arrays.months[0]
    if arrays.indicator != protocol.indicator and span.start < first < protocol.design.starts:
        return Period(first, span.end)
    return span


def make_trial_data(
    roster: Roster,
    plan: AllocationPlan,
    arm: Integers,
    numerator: Array,
    denominator: Array,
    *,
    n_before: int,
    indicator: Indicator,
    keep: Rows,
) -> TrialData:
    """`TrialData` of the kept sites from matrices in the order of the roster.

    A month counts only where the numerator is known and the denominator positive. Units are numbered anew, so that
    none is empty.
    """
    ok = np.isfinite(numerator) & (np.nan_to_num(denominator) > 0)
    names, covariates = _covariates(roster, plan, keep)
    _, unit = np.unique(np.array(plan.unit_of_site)[keep], return_inverse=True)
    return TrialData(
        sites=tuple(site for site, kept in zip(roster.sites, keep, strict=True) if kept),
        arms=plan.arms,
        arm=arm[keep],
        numerator=np.where(ok, numerator, np.nan)[keep],
        denominator=np.where(ok, denominator, np.nan)[keep],
        n_before=n_before,
        kind=outcome_kind(indicator),
        unit=unit.astype(np.intp),
        covariates=covariates,
        covariate_names=names,
        stratum=np.array(plan.stratum_of_unit, dtype=np.intp)[list(plan.unit_of_site)][keep],
    )


def outcome_kind(indicator: Indicator) -> OutcomeKind:
    """What is summed, for analysis and for planting an effect."""
    return "proportion" if indicator.is_proportion else _KINDS[indicator.numerator_kind]


_KINDS: dict[NumeratorKind, OutcomeKind] = {
    NumeratorKind.COUNT: "count",
    NumeratorKind.PATIENTS: "count",
    NumeratorKind.QUANTITY: "quantity",
    NumeratorKind.MONEY: "quantity",
}


def _covariates(roster: Roster, plan: AllocationPlan, keep: Rows) -> tuple[tuple[str, ...], Array]:
    """What was balanced, apart from the baseline, standardised over the kept sites; what does not vary is dropped."""
    columns: dict[str, Array] = {}
    for name in plan.covariates:
        if name == BASELINE:
            continue
        of = roster.covariate(name.removesuffix(NOT_KNOWN_SUFFIX))
        unknown = np.array([value is None for value in of.values], dtype=np.float64)
        values = (unknown if name.endswith(NOT_KNOWN_SUFFIX) else of.filled())[keep]
        if np.ptp(values) > 0:
            columns[name] = (values - values.mean()) / values.std(ddof=1)
    stacked = np.column_stack(list(columns.values())) if columns else np.zeros((int(keep.sum()), 0))
    return tuple(columns), stacked
