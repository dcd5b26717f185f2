"""Who is assessed and who is eligible, each exclusion with its first reason. Covariates are in `roster.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from enginehouse.core.errors import DataError, did_you_mean
from enginehouse.data.sites import SiteRegister
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.enums import AllocationUnit, OptOutScope
from enginehouse.programme.grouping import LIST_SIZE
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.trial import Allocation, Eligibility, Range
from enginehouse.trials.attributes import same_name
from enginehouse.trials.consort import Consort, Exclusion, ExclusionReason, NetworkCount, ReasonCount

TAKES_OFF = frozenset({OptOutScope.RANDOMISATION, OptOutScope.DATA_USE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """The sites of the places that are meant; which are eligible, and why the others are not."""

    registered: int
    sites: tuple[str, ...]
    eligible: tuple[str, ...]
    exclusions: tuple[Exclusion, ...]
    network_of: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What one site is held against."""

    protocol: Protocol
    eligibility: Eligibility
    register: SiteRegister
    inside: frozenset[str]
    months: Mapping[str, int]
    network_of: Mapping[str, str]
    network_level: str | None
    elsewhere: Mapping[str, str]
    values: Mapping[str, Mapping[str, float]]


def assess(
    protocol: Protocol,
    eligibility: Eligibility,
    allocation: Allocation,
    arrays: PanelArrays,
    register: SiteRegister,
    *,
    elsewhere: Mapping[str, str],
    list_sizes: Mapping[str, float],
) -> Assessed:
    """Every site in the places that are meant, against each rule in turn."""
    as_of = protocol.membership_as_of
    meant = register.select(eligibility.within, {}, as_of=as_of)
    inside = register.select(eligibility.within, eligibility.outside, as_of=as_of)
    level = allocation.network_level
    case = _Case(
        protocol=protocol,
        eligibility=eligibility,
        register=register,
        inside=frozenset(inside),
        months=baseline_month_counts(protocol, arrays),
        network_of={} if level is None else register.groups(level, as_of=as_of),
        network_level=level if allocation.unit is AllocationUnit.NETWORK else None,
        elsewhere=elsewhere,
        values={name: _attribute(name, register, list_sizes) for name in eligibility.attributes},
    )
    found = {site: _first_exclusion(case, site) for site in meant}
    return Assessed(
        registered=len(register.sites),
        sites=meant,
        eligible=tuple(site for site, exclusion in found.items() if exclusion is None),
        exclusions=tuple(exclusion for exclusion in found.values() if exclusion is not None),
        network_of=case.network_of,
    )


def baseline_month_counts(protocol: Protocol, arrays: PanelArrays) -> dict[str, int]:
    """In how many months of the baseline each site has a numerator and a positive denominator."""
    columns = [column for column, month in enumerate(arrays.months) if month in protocol.design.baseline]
    present = np.isfinite(arrays.numerator[:, columns]) & (np.nan_to_num(arrays.denominator[:, columns]) > 0)
    return dict(zip(arrays.sites, present.sum(axis=1).tolist(), strict=True))


def consort_of(assessed: Assessed, opt_outs: Mapping[str, Collection[OptOutScope]]) -> Consort:
    """The counts of the flow diagram, which add up."""
    reasons = Counter(exclusion.reason for exclusion in assessed.exclusions)
    scopes = {site: frozenset(opt_outs.get(site, ())) for site in assessed.eligible}
    left = [site for site in assessed.eligible if scopes[site] & TAKES_OFF]
    return Consort(
        registered=assessed.registered,
        elsewhere=assessed.registered - len(assessed.sites),
        assessed=len(assessed.sites),
        excluded=len(assessed.exclusions),
        by_reason=tuple(ReasonCount(reason=r, sites=reasons[r]) for r in ExclusionReason if reasons[r]),
        eligible=len(assessed.eligible),
        opted_out_of_randomisation=sum(OptOutScope.RANDOMISATION in s for s in scopes.values()),
        opted_out_of_data_use=sum(OptOutScope.DATA_USE in s for s in scopes.values()),
        opted_out=len(left),
        on_roster=len(assessed.eligible) - len(left),
        opted_out_of_feedback_only=sum(bool(s) and not s & TAKES_OFF for s in scopes.values()),
        by_network=_by_network(assessed, frozenset(left)),
    )


def _by_network(assessed: Assessed, left: frozenset[str]) -> tuple[NetworkCount, ...]:
    if not assessed.network_of:
        return ()

    def count(sites: Collection[str]) -> Counter[str]:
        return Counter(assessed.network_of.get(site, "") for site in sites)

    assessed_in, eligible_in, left_in = count(assessed.sites), count(assessed.eligible), count(left)
    return tuple(
        NetworkCount(
            network=network,
            assessed=assessed_in[network],
            eligible=eligible_in[network],
            opted_out=left_in[network],
            on_roster=eligible_in[network] - left_in[network],
        )
        for network in sorted(assessed_in)
    )


def _first_exclusion(case: _Case, site: str) -> Exclusion | None:
    for reason, rule in _RULES.items():
        detail = rule(case, site)
        if detail:
            return Exclusion(site=site, reason=reason, detail=detail)
    return None


def _left_out(case: _Case, site: str) -> str:
    return "" if site in case.inside else "its place is listed under 'outside'"


def _not_open(case: _Case, site: str) -> str:
    starts, entry = case.protocol.design.starts, case.register.sites[site]
    if entry.is_open(starts):
        return ""
    if entry.opened is not None and entry.opened > starts:
        return f"opens in {entry.opened}, and the trial starts in {starts}"
    return f"closed in {entry.closed}, and the trial starts in {starts}"


def _unknown_attribute(case: _Case, site: str) -> str:
    unknown = [name for name in case.eligibility.attributes if site not in case.values[name]]
    return f"not known: {', '.join(unknown)}" if unknown else ""


def _out_of_range(case: _Case, site: str) -> str:
    wrong = [
        f"{name} is {case.values[name][site]:g}, {beyond}"
        for name, limits in case.eligibility.attributes.items()
        if (beyond := _beyond(case.values[name][site], limits))
    ]
    return "; ".join(wrong)


def _beyond(value: float, limits: Range) -> str:
    if limits.at_least is not None and value < limits.at_least:
        return f"below {limits.at_least:g}"
    if limits.at_most is not None and value > limits.at_most:
        return f"above {limits.at_most:g}"
    return ""


def _no_baseline(case: _Case, site: str) -> str:
    return "" if case.months.get(site, 0) else f"no month with data in {case.protocol.design.baseline}"


def _too_few_months(case: _Case, site: str) -> str:
    months, least = case.months.get(site, 0), case.eligibility.baseline_months
    return "" if months >= least else f"{months} of the baseline months have data, and {least} are asked for"


def _no_network(case: _Case, site: str) -> str:
    if case.network_level is None or site in case.network_of:
        return ""
    return f"no {case.network_level} in {case.protocol.membership_as_of}"


def _other_cycle(case: _Case, site: str) -> str:
    other = case.elsewhere.get(site)
    return f"in {other}, and the two protocols do not both allow it" if other else ""


_RULES: dict[ExclusionReason, Callable[[_Case, str], str]] = {
    ExclusionReason.LEFT_OUT: _left_out,
    ExclusionReason.NOT_OPEN: _not_open,
    ExclusionReason.UNKNOWN_ATTRIBUTE: _unknown_attribute,
    ExclusionReason.OUT_OF_RANGE: _out_of_range,
    ExclusionReason.NO_BASELINE: _no_baseline,
    ExclusionReason.TOO_FEW_MONTHS: _too_few_months,
    ExclusionReason.NO_NETWORK: _no_network,
    ExclusionReason.OTHER_CYCLE: _other_cycle,
}


def _attribute(name: str, register: SiteRegister, list_sizes: Mapping[str, float]) -> Mapping[str, float]:
    """The values of an attribute by site; the list size is the one that covariates use."""
    if same_name(name, LIST_SIZE):
        return list_sizes
    found = next((values for known, values in register.attributes.items() if same_name(known, name)), None)
    if found is None:
        raise DataError(
            f"got attribute '{name}', which no site has.",
            where="protocol.yaml  eligibility.attributes",
            remedy=did_you_mean(name, {LIST_SIZE, *register.attributes}),
        )
    return found
