"""What happened to each allocated site on the way to the analysis: changes, their words, the account of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from enginehouse.data.sites import SiteRegister
from enginehouse.programme.enums import OptOutScope
from enginehouse.programme.protocol import Protocol
from enginehouse.stats.records import from_plain, to_plain
from enginehouse.trials.roster import Roster

Array = npt.NDArray[np.float64]


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


LEFT_OUT = frozenset({SiteChange.CLOSED_EXCLUDED, SiteChange.OPTED_OUT_EXCLUDED, SiteChange.DATA_WITHDRAWN})
"""Changes after which a site is in no analysis."""


@dataclass(frozen=True, slots=True)
class Told:
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


def without_data(
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
