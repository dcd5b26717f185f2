"""The roster: which sites may be allocated, what is known of each, who was excluded and why, and who opted out.

How sites are allocated is in `plan.py`; the counts of the flow diagram are in `consort.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from enginehouse.core.errors import UserError
from enginehouse.core.ids import site_codes
from enginehouse.core.months import Month
from enginehouse.core.words import counted
from enginehouse.data.sites import SiteRegister
from enginehouse.indicators.panel import HistoricalPanel, PanelArrays
from enginehouse.programme.enums import AllocationMethod, OptOutScope
from enginehouse.programme.grouping import BASELINE, LIST_SIZE
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.trial import Allocation, Eligibility
from enginehouse.stats.records import from_plain, to_plain
from enginehouse.trials.attributes import NOT_KNOWN, same_name
from enginehouse.trials.consort import Consort, Exclusion
from enginehouse.trials.eligibility import TAKES_OFF, Assessed, assess, consort_of

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Covariate:
    """What is known of each site of the roster, in its order; None is *not known*.

    `source` says where the values come from, `median` is what stands in for a value that is not known wherever a
    number is needed (None when no site has a value).
    """

    name: str
    source: str
    values: tuple[float | None, ...]
    missing: int
    median: float | None

    def filled(self) -> Array:
        """The values with the median where they are not known, shape (sites,)."""
        middle = 0.0 if self.median is None else self.median
        return np.array([middle if v is None else v for v in self.values])


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """One eligible site that opted out, and of what."""

    site: str
    scopes: tuple[OptOutScope, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOutDifference:
    """How the sites that opted out of being allocated differ from those that stayed, in one respect.

    `standardised` is the difference of means in standard deviations (root mean square of the two groups'), None where
    a group has too few values to have one.
    """

    name: str
    left: int
    left_mean: float | None
    stayed: int
    stayed_mean: float | None
    standardised: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The sites that will be allocated, sorted by id, with what is known of each.

    Attributes
    ----------
    indicator, membership_as_of, baseline_start, baseline_months
        The primary indicator, the month of the hierarchy, and the baseline that values are taken over.
    sites, networks
        In one order; a network is an empty text where there is no level of networks.
    network_level
        The level of the networks, or None.
    groups
        For each level named in the strata, or minimised: each site's group (`not known` where it has none).
    covariates
        `list_size`, `baseline`, and every attribute of the register.
    consort, exclusions, opt_outs, differences
        Who is not here, and why; `opt_outs` holds those of feedback alone too (they stay on the roster).
    notes
        What a reader must be told.
    """

    indicator: str
    membership_as_of: Month
    baseline_start: Month
    baseline_months: int
    sites: tuple[str, ...]
    networks: tuple[str, ...]
    network_level: str | None
    groups: Mapping[str, tuple[str, ...]]
    covariates: tuple[Covariate, ...]
    consort: Consort
    exclusions: tuple[Exclusion, ...]
    opt_outs: tuple[OptOut, ...]
    differences: tuple[OptOutDifference, ...]
    notes: tuple[str, ...]

    @property
    def identity(self) -> str:
        """SHA-256 of the record: a roster that changed has another one."""
        text = json.dumps(self.to_record(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def covariate(self, name: str) -> Covariate:
        """The covariate called `name`; hyphens and underscores are the same."""
        found = [c for c in self.covariates if same_name(c.name, name)]
        if not found:
            known = ", ".join(c.name for c in self.covariates)
            raise UserError(
                f"got '{name}', of which nothing is known for these sites.",
                where="protocol.yaml  allocation",
                remedy=f"Known are: {known}.",
            )
        return found[0]

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `roster_from_record` is the inverse."""
        record: dict[str, Any] = to_plain(self)
        return record


def roster_from_record(record: Mapping[str, Any]) -> Roster:
    """Read back what `Roster.to_record` wrote."""
    found: Roster = from_plain(Roster, record)
    return found


def eligible_roster(
    protocol: Protocol,
    history: HistoricalPanel,
    sites: SiteRegister,
    *,
    opt_outs: Mapping[str, Collection[OptOutScope]],
    elsewhere: Mapping[str, str],
) -> Roster:
    """The sites that may be allocated, with every exclusion and its reason.

    Parameters
    ----------
    protocol
        With `eligibility` and `allocation`.
    history
        A panel that ends before the start, with the primary indicator.
    sites
        The register: hierarchy, openings and closures, attributes.
    opt_outs
        Site, and what it opted out of. Feedback alone takes no site off the roster.
    elsewhere
        Site, and the running cycle in which it is now. Sites of a cycle are left out of this where both protocols name
        each other under `concurrent_with`.

    Returns
    -------
    Roster
        Sorted by site id.

    Raises
    ------
    UserError
        The protocol allocates nothing at random, or nobody is eligible.
    DataError
        A level, a group or an attribute does not exist.

    Notes
    -----
    A baseline value is the sum of numerators over the sum of denominators of the months that have both; the list size
    is the register's, or the mean of those denominators where no source gives one.
    """
    eligibility, allocation = random_parts(protocol)
    arrays = history.panel.arrays(protocol.indicator)
    baseline = _baseline(protocol, arrays)
    sizes = list_sizes(baseline, sites)
    assessed = assess(
        protocol,
        eligibility,
        allocation,
        arrays,
        sites,
        elsewhere=elsewhere,
        list_sizes=sizes.of,
    )
    if not assessed.eligible:
        raise UserError(
            f"none of the {len(assessed.sites)} sites assessed is eligible ({_reasons(assessed)}).",
            where="protocol.yaml  eligibility",
            remedy="Widen the eligibility, or load the months that are missing.",
        )
    stayed = tuple(site for site in assessed.eligible if not TAKES_OFF & frozenset(opt_outs.get(site, ())))
    if not stayed:
        raise UserError(
            f"all {len(assessed.eligible)} eligible sites opted out.",
            where="roster",
            remedy="There is nobody left to allocate: withdraw the cycle.",
        )
    everyone = _covariates(assessed.eligible, baseline, sizes, sites)
    known = _covariates(stayed, baseline, sizes, sites)
    return Roster(
        indicator=protocol.indicator,
        membership_as_of=protocol.membership_as_of,
        baseline_start=protocol.design.baseline.start,
        baseline_months=protocol.design.baseline_months,
        sites=stayed,
        networks=tuple(assessed.network_of.get(site, "") for site in stayed),
        network_level=allocation.network_level,
        groups=_groups(protocol, allocation, sites, stayed),
        covariates=known,
        consort=consort_of(assessed, opt_outs),
        exclusions=assessed.exclusions,
        opt_outs=_opt_outs(assessed, opt_outs),
        differences=opt_out_differences(everyone, assessed.eligible, frozenset(stayed)),
        notes=_notes(known, assessed, opt_outs),
    )


def random_parts(protocol: Protocol) -> tuple[Eligibility, Allocation]:
    """Who may take part and how they are allocated; a protocol without either allocates nobody."""
    if protocol.eligibility is None or protocol.allocation is None:
        missing = "eligibility" if protocol.eligibility is None else "allocation"
        raise UserError(
            f"the protocol has no '{missing}', so no site can be allocated at random.",
            where=f"protocol.yaml  {missing}",
            remedy="Add it, or use a design without random allocation.",
        )
    return protocol.eligibility, protocol.allocation


def opt_out_differences(
    covariates: Sequence[Covariate], sites: Sequence[str], stayed: frozenset[str]
) -> tuple[OptOutDifference, ...]:
    """For each covariate: the means of those who left and of those who stayed, and their standardised difference."""
    here = np.array([site in stayed for site in sites])
    return () if here.all() else tuple(_difference(covariate, here) for covariate in covariates)


def _difference(covariate: Covariate, here: npt.NDArray[np.bool_]) -> OptOutDifference:
    values = np.array([np.nan if v is None else v for v in covariate.values])
    left, stayed = (values[np.isfinite(values) & side] for side in (~here, here))
    spread = float(np.sqrt((left.var(ddof=1) + stayed.var(ddof=1)) / 2)) if min(len(left), len(stayed)) > 1 else 0.0
    return OptOutDifference(
        name=covariate.name,
        left=len(left),
        left_mean=float(left.mean()) if len(left) else None,
        stayed=len(stayed),
        stayed_mean=float(stayed.mean()) if len(stayed) else None,
        standardised=float(left.mean() - stayed.mean()) / spread if spread > 0 else None,
    )


@dataclass(frozen=True, slots=True)
class Named:
    """Values by site, and where they come from."""

    of: Mapping[str, float]
    source: str


@dataclass(frozen=True, slots=True)
class _Baseline:
    value: Mapping[str, float]
    mean_denominator: Mapping[str, float]
    period: str


def list_sizes(baseline: _Baseline, sites: SiteRegister) -> Named:
    """The list size of each site: the register's, or the primary indicator's denominator where no source gives one."""
    of_register = next((values for name, values in sites.attributes.items() if same_name(name, LIST_SIZE)), None)
    if of_register:
        return Named(of_register, "the register of sites")
    return Named(baseline.mean_denominator, f"mean monthly denominator of the primary indicator, {baseline.period}")


def _baseline(protocol: Protocol, arrays: PanelArrays) -> _Baseline:
    period = protocol.design.baseline
    columns = [column for column, month in enumerate(arrays.months) if month in period]
    numerator, denominator = arrays.numerator[:, columns], arrays.denominator[:, columns]
    present = np.isfinite(numerator) & (np.nan_to_num(denominator) > 0)
    months = present.sum(axis=1)
    tops, bottoms = (np.where(present, part, 0.0).sum(axis=1) for part in (numerator, denominator))
    rows = np.flatnonzero(months)
    return _Baseline(
        value={arrays.sites[row]: float(tops[row] / bottoms[row]) for row in rows},
        mean_denominator={arrays.sites[row]: float(bottoms[row] / months[row]) for row in rows},
        period=str(period),
    )


def _covariates(chosen: Sequence[str], baseline: _Baseline, sizes: Named, sites: SiteRegister) -> tuple[Covariate, ...]:
    """List size, baseline value, and every attribute that the register has."""
    first = {
        LIST_SIZE: sizes,
        BASELINE: Named(baseline.value, f"the primary indicator over {baseline.period}"),
    }
    others = {
        name: Named(values, "the register of sites")
        for name, values in sorted(sites.attributes.items())
        if not same_name(name, LIST_SIZE)
    }
    return tuple(_covariate(name, named, chosen) for name, named in {**first, **others}.items())


def _covariate(name: str, named: Named, chosen: Sequence[str]) -> Covariate:
    values = tuple(named.of.get(site) for site in chosen)
    known = [value for value in values if value is not None]
    return Covariate(
        name=name,
        source=named.source,
        values=values,
        missing=len(values) - len(known),
        median=float(np.median(known)) if known else None,
    )


def _groups(
    protocol: Protocol, allocation: Allocation, sites: SiteRegister, stayed: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Each site's group at every level that is a stratum, of either draw, or that minimisation balances."""
    found = {}
    minimised = allocation.balance if allocation.method is AllocationMethod.MINIMISATION else ()
    again = protocol.second_stage.strata if protocol.second_stage is not None else ()
    for name in (*allocation.strata, *minimised, *again):
        level = next((known for known in sites.levels if same_name(known, name)), None)
        if level is not None:
            groups = sites.groups(level, as_of=protocol.membership_as_of)
            found[name] = tuple(groups.get(site, NOT_KNOWN) for site in stayed)
    return found


def _opt_outs(assessed: Assessed, opt_outs: Mapping[str, Collection[OptOutScope]]) -> tuple[OptOut, ...]:
    return tuple(
        OptOut(site=site, scopes=tuple(scope for scope in OptOutScope if scope in opt_outs[site]))
        for site in assessed.eligible
        if opt_outs.get(site)
    )


def _notes(
    covariates: Sequence[Covariate], assessed: Assessed, opt_outs: Mapping[str, Collection[OptOutScope]]
) -> tuple[str, ...]:
    missing = tuple(
        f"{c.name} is not known for {c.missing} of {len(c.values)} sites"
        + ("; they count with the median." if c.median is not None else ".")
        for c in covariates
        if c.missing
    )
    others = sorted(set(opt_outs) - set(assessed.eligible))
    told = f"{counted(len(others), 'site')} opted out, not eligible anyway: {site_codes(others)}."
    late = (told,) if others else ()
    return (*missing, *late)


def _reasons(assessed: Assessed) -> str:
    counts = Counter(exclusion.reason for exclusion in assessed.exclusions)
    return "; ".join(f"{reason}: {sites}" for reason, sites in counts.most_common()) or "the places meant hold no site"
