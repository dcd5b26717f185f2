"""The outcome of a trial as arrays: sites as randomised, months of the design, mergers, closures and opt-outs by the
estimand. What is done to a site is told in the account beside the data; no analysis lives here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from enginehouse.core.errors import UserError
from enginehouse.core.months import Month, Period
from enginehouse.data.sites import SiteRegister
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.enums import NumeratorKind, OptOutScope
from enginehouse.programme.grouping import BASELINE
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol
from enginehouse.stats.records import from_plain, to_plain
from enginehouse.stats.trial_data import OutcomeKind, TrialData
from enginehouse.trials.balance import check_same_sites
from enginehouse.trials.draw import Allocation
from enginehouse.trials.plan import NOT_KNOWN_SUFFIX
from enginehouse.trials.plan_record import AllocationPlan
from enginehouse.trials.roster import Roster

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]
Rows = npt.NDArray[np.bool_]


class SiteChange(StrEnum):
    """What happened to an allocated site on the way to the analysis."""

    FOLLOWED = "merged, and followed in its successor"
    MERGED = "merged; its months until then count"
    CLOSED = "closed; its months until then count"
    CLOSED_EXCLUDED = "closed, and left out as registered"
    OPTED_OUT_EXCLUDED = "opted out, and left out as registered"
    OPTED_OUT_KEPT = "opted out, and kept as registered"
    DATA_WITHDRAWN = "withdrew the use of its data"
    NO_FOLLOW_UP = "no month with data in the follow-up"
    NO_BASELINE = "no month with data in the baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSite:
    """One allocated site and what happened to it."""

    site: str
    change: SiteChange
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialAccount:
    """From the allocated sites to the analysed ones: for the flow diagram, without arms.

    `left_out` are not in the data at all; `changed` holds every site with something to tell, those included.
    `missing_site_months` counts months of sites in the data that have no value.
    """

    allocated: int
    in_data: int
    left_out: tuple[str, ...]
    changed: tuple[ChangedSite, ...]
    missing_site_months: int

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `account_from_record` is the inverse."""
        record: dict[str, Any] = to_plain(self)
        return record


def account_from_record(record: Mapping[str, Any]) -> TrialAccount:
    """Read back what `TrialAccount.to_record` wrote."""
    found: TrialAccount = from_plain(TrialAccount, record)
    return found


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
    merged into it; the successor keeps the rest. So no patient counts twice.
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
    merged = _merged(protocol, roster, known)
    withdrawn = {site for site, scopes in (opt_outs or {}).items() if OptOutScope.DATA_USE in scopes}
    numerator, denominator, shares = _with_successors(protocol, within, roster, known, merged, withdrawn)
    told = _Told(protocol, known, merged, shares, opt_outs or {})
    changes = [change for site in roster.sites if (change := told.change(site)) is not None]
    changes += _without_data(roster, numerator, denominator, n_before, changes)
    out = {change.site for change in changes if change.change in _LEFT_OUT}
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
_LEFT_OUT = frozenset({SiteChange.CLOSED_EXCLUDED, SiteChange.OPTED_OUT_EXCLUDED, SiteChange.DATA_WITHDRAWN})


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


def _merged(protocol: Protocol, roster: Roster, register: SiteRegister) -> dict[str, str]:
    """Roster sites that closed before the end of the design, with the successor that a chain of mergers ends in."""
    found = {}
    for site in roster.sites:
        entry = register.sites.get(site)
        if entry is None or entry.closed is None or entry.closed >= protocol.design.span.end:
            continue
        last = _last_successor(register, site, protocol.design.span)
        if last is not None:
            found[site] = last
    return found


def _last_successor(register: SiteRegister, site: str, span: Period) -> str | None:
    seen = {site}
    following = register.sites[site].successor
    while following is not None and following not in seen:
        seen.add(following)
        entry = register.sites.get(following)
        if entry is None or entry.successor is None or entry.closed is None or entry.closed >= span.end:
            return following
        following = entry.successor
    return None


def _with_successors(
    protocol: Protocol,
    arrays: PanelArrays,
    roster: Roster,
    register: SiteRegister,
    merged: Mapping[str, str],
    withdrawn: Collection[str],
) -> tuple[Array, Array, dict[str, float]]:
    """Numerators and denominators of the roster's sites; where mergers are followed, shares of successors' months, but
    of none that withdrew the use of its data.
    """
    rows = {site: row for row, site in enumerate(arrays.sites)}
    shape = (len(roster.sites), len(arrays.months))
    numerator, denominator = np.full(shape, np.nan), np.full(shape, np.nan)
    here = {site: row for row, site in enumerate(roster.sites)}
    for site, row in here.items():
        if site in rows:
            numerator[row], denominator[row] = arrays.numerator[rows[site]], arrays.denominator[rows[site]]
    shares: dict[str, float] = {}
    if protocol.estimand.mergers != "follow-successor":
        return numerator, denominator, shares
    for successor in sorted(set(merged.values())):
        joined = [site for site, last in merged.items() if last == successor]
        if successor in rows and successor not in withdrawn:
            shares |= _share_out(arrays, rows, here, successor, joined, register, numerator, denominator)
    return numerator, denominator, shares


def _share_out(
    arrays: PanelArrays,
    rows: Mapping[str, int],
    here: Mapping[str, int],
    successor: str,
    joined: list[str],
    register: SiteRegister,
    numerator: Array,
    denominator: Array,
) -> dict[str, float]:
    """Give each merged site its share of the successor's months from its closing on; the successor keeps the rest."""
    closings = {site: _month_index(arrays, register.sites[site].closed) for site in joined}
    sizes = {site: _size_before(arrays, rows.get(site), closings[site]) for site in joined}
    own = _size_before(arrays, rows[successor], min(closings.values()))
    given = np.zeros(len(arrays.months))
    total = own + sum(sizes.values())
    shares = {site: size / total for site, size in sizes.items()} if total > 0 else {}
    top, bottom = arrays.numerator[rows[successor]], arrays.denominator[rows[successor]]
    for site, share in shares.items():
        months = np.arange(len(arrays.months)) >= closings[site]
        numerator[here[site], months], denominator[here[site], months] = top[months] * share, bottom[months] * share
        given[months] += share
    if successor in here:
        numerator[here[successor]], denominator[here[successor]] = top * (1 - given), bottom * (1 - given)
    return shares


def _size_before(arrays: PanelArrays, row: int | None, month: int) -> float:
    """The mean denominator of the three months before a month; 0 where there is none."""
    if row is None or month <= 0:
        return 0.0
    recent = arrays.denominator[row, max(month - 3, 0) : month]
    known = recent[np.isfinite(recent)]
    return float(known.mean()) if len(known) else 0.0


def _month_index(arrays: PanelArrays, month: Month | None) -> int:
    return 0 if month is None else max(month - arrays.months[0], 0)


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told of a site, by the estimand."""

    protocol: Protocol
    register: SiteRegister
    merged: Mapping[str, str]
    shares: Mapping[str, float]
    opt_outs: Mapping[str, Collection[OptOutScope]]

    def change(self, site: str) -> ChangedSite | None:
        return self._opted_out(site) or self._closed(site)

    def _opted_out(self, site: str) -> ChangedSite | None:
        scopes = frozenset(self.opt_outs.get(site, ()))
        if not scopes:
            return None
        detail = ", ".join(scope.value for scope in OptOutScope if scope in scopes)
        if OptOutScope.DATA_USE in scopes:
            return ChangedSite(site=site, change=SiteChange.DATA_WITHDRAWN, detail=detail)
        excluded = self.protocol.estimand.opt_outs == "excluded"
        change = SiteChange.OPTED_OUT_EXCLUDED if excluded else SiteChange.OPTED_OUT_KEPT
        return ChangedSite(site=site, change=change, detail=detail)

    def _closed(self, site: str) -> ChangedSite | None:
        entry = self.register.sites.get(site)
        if entry is None or entry.closed is None or entry.closed >= self.protocol.design.span.end:
            return None
        detail = f"closed in {entry.closed}"
        if site in self.shares:
            detail = f"{detail}; {self.shares[site]:.1%} of {self.merged[site]} from then on"
            return ChangedSite(site=site, change=SiteChange.FOLLOWED, detail=detail)
        if site in self.merged:
            return ChangedSite(site=site, change=SiteChange.MERGED, detail=f"{detail}, into {self.merged[site]}")
        excluded = self.protocol.estimand.closures == "excluded"
        change = SiteChange.CLOSED_EXCLUDED if excluded else SiteChange.CLOSED
        return ChangedSite(site=site, change=change, detail=detail)


def _without_data(
    roster: Roster, numerator: Array, denominator: Array, n_before: int, told: list[ChangedSite]
) -> list[ChangedSite]:
    """Sites that nothing else is told of, with no month in the baseline or in the follow-up."""
    present = np.isfinite(numerator) & (np.nan_to_num(denominator) > 0)
    already = {change.site for change in told}
    parts = ((SiteChange.NO_BASELINE, present[:, :n_before]), (SiteChange.NO_FOLLOW_UP, present[:, n_before:]))
    return [
        ChangedSite(site=site, change=change, detail="no value in any of these months")
        for change, part in parts
        for site, some in zip(roster.sites, part.any(axis=1), strict=True)
        if not some and site not in already
    ]
