"""Who is compared with whom: sites of each arm, and their monthly sums as the estimand weighs them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from enginehouse.core.errors import UserError
from enginehouse.core.months import Month, Period
from enginehouse.core.words import agreeing
from enginehouse.data.sites import Membership, SiteRegister
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.enums import Average
from enginehouse.programme.protocol import Exposure, Protocol

Array = npt.NDArray[np.float64]
MEMBERS = "practices"


@dataclass(frozen=True, slots=True)
class Contributions:
    """What each site adds to its arm's numerator and denominator in each month; zero where it has no data.

    Patient-average: the site's own numerator and denominator. Site-average: its rate, and one.
    """

    sites: tuple[str, ...]
    months: tuple[Month, ...]
    numerator: Array
    denominator: Array
    quantity: Array
    patients: Array
    position: Mapping[str, int]

    @classmethod
    def of(cls, arrays: PanelArrays, average: Average) -> Contributions:
        present = np.isfinite(arrays.numerator) & (np.nan_to_num(arrays.denominator) > 0)
        quantity = np.where(present, arrays.numerator, 0.0)
        patients = np.where(present, arrays.denominator, 0.0)
        if average is Average.PATIENTS:
            numerator, denominator = quantity, patients
        else:
            denominator = present.astype(np.float64)
            numerator = np.divide(quantity, patients, out=np.zeros_like(quantity), where=present)
        position = {site: row for row, site in enumerate(arrays.sites)}
        return cls(arrays.sites, arrays.months, numerator, denominator, quantity, patients, position)

    def rows(self, sites: Iterable[str]) -> npt.NDArray[np.intp]:
        return np.array([self.position[site] for site in sites if site in self.position], dtype=np.intp)

    def arm(self, sites: Iterable[str]) -> tuple[Array, Array]:
        """Numerators and denominators of an arm by month, shape (months,) each."""
        rows = self.rows(sites)
        return self.numerator[rows].sum(axis=0), self.denominator[rows].sum(axis=0)

    def totals(self, sites: Iterable[str]) -> tuple[Array, Array]:
        """The arm's quantities and patients by month, however the estimand weighs its sites."""
        rows = self.rows(sites)
        return self.quantity[rows].sum(axis=0), self.patients[rows].sum(axis=0)

    def with_data(self, sites: Iterable[str], *, month: int | None = None) -> tuple[str, ...]:
        """Those of `sites` that have data in any month (or in the month at that position)."""
        rows = self.rows(sites)
        seen = self.patients[rows] > 0
        keep = seen.any(axis=1) if month is None else seen[:, month]
        return tuple(self.sites[row] for row, kept in zip(rows, keep, strict=True) if kept)


@dataclass(frozen=True, slots=True)
class Arms:
    """The exposed sites, and the sites of each comparator by name (registered first)."""

    exposed: tuple[str, ...]
    comparators: Mapping[str, tuple[str, ...]]


def choose_arms(protocol: Protocol, sites: SiteRegister) -> Arms:
    """The sites of each arm by their membership in the protocol's membership month.

    Raises
    ------
    UserError
        The protocol has no exposure, an arm is empty, or a site is in both arms.
    """
    exposure = _exposure(protocol)
    as_of = protocol.membership_as_of
    exposed = sites.select(exposure.sites.within, exposure.sites.outside, as_of=as_of)
    if not exposed:
        raise _no_sites(exposure.title, as_of)
    comparators = {}
    for comparator in exposure.comparators:
        chosen = sites.select(comparator.sites.within, comparator.sites.outside, as_of=as_of)
        if not chosen:
            raise _no_sites(comparator.title, as_of)
        both = set(chosen) & set(exposed)
        if both:
            raise UserError(
                f"{agreeing(len(both), 'site')} both exposed and in the comparator '{comparator.name}': {min(both)} "
                f"first.",
                where="protocol.yaml  exposure.comparators",
                remedy="Take the exposed sites out of the comparator with 'outside'.",
            )
        comparators[comparator.name] = chosen
    return Arms(exposed, comparators)


def register_for(protocol: Protocol, sites: SiteRegister) -> SiteRegister:
    """The register as the estimand counts mergers: with `follow-successor` a site belongs where its successor does."""
    if protocol.estimand.mergers != "follow-successor":
        return sites
    last = {site: _last_successor(sites, site) for site in sites.sites}
    own: dict[str, list[Membership]] = defaultdict(list)
    for membership in sites.memberships:
        own[membership.site].append(membership)
    moved = tuple(replace(m, site=site) for site, successor in last.items() for m in own[successor])
    return replace(sites, memberships=moved)


def contributions(arrays: PanelArrays, protocol: Protocol, span: Period) -> Contributions:
    """The indicator over `span`, as the estimand weighs sites and counts closures.

    `until-closed` keeps a site for the months that it has; `excluded` keeps only sites with every month.
    """
    inside = arrays.in_period(span)
    kept = inside.complete() if protocol.estimand.closures == "excluded" else inside
    return Contributions.of(kept, protocol.estimand.average)


def member_counts(sites: SiteRegister, names: Iterable[str]) -> dict[str, int]:
    """How many practices stand behind each site: the attribute `practices` where sites are areas, one otherwise."""
    known = sites.attributes.get(MEMBERS, {})
    return {name: round(known[name]) if name in known else 1 for name in names}


def _last_successor(sites: SiteRegister, site: str) -> str:
    """The end of the chain of successors; a chain that is not in the register, or turns back, ends where it was."""
    seen = {site}
    while (successor := sites.sites[site].successor) in sites.sites and successor not in seen:
        assert successor is not None  # it is in the register
        site = successor
        seen.add(site)
    return site


def _exposure(protocol: Protocol) -> Exposure:
    if protocol.exposure is None or not protocol.exposure.comparators:
        raise UserError(
            "the protocol names no comparator.",
            where="protocol.yaml  exposure.comparators",
            remedy="A controlled interrupted time series needs sites that were not exposed; name them.",
        )
    return protocol.exposure


def _no_sites(title: str, as_of: Month) -> UserError:
    return UserError(
        f"no site belongs to '{title}' in {as_of}.",
        where="protocol.yaml  exposure",
        remedy="Check 'within' and 'outside' against the hierarchy of sites in that month.",
    )
