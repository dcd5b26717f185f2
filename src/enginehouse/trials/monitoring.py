"""Monitoring: fidelity, missing months, balance kept and the pooled outcome, from counts that `cycle` gathers.

Nothing here knows an arm. Harms by arm are looked at only through a registered look, elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from enginehouse.stats.records import from_plain, to_plain


class Watched(StrEnum):
    """What is watched while a cycle runs."""

    DELIVERY = "reports delivered"
    CONTACTS = "contacts made"
    DATA = "months with data"
    SITES = "sites still in"
    BALANCE = "balance kept"
    OUTCOME = "outcome of all sites together"


class Light(StrEnum):
    """How a finding stands."""

    AS_PLANNED = "as planned"
    LOOK = "worth a look"
    ACT = "act now"
    NOT_YET = "nothing to say yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveCount:
    """One wave: reports due by now, sent, bounced, opened or more, and withheld because the site opted out."""

    wave: int
    due_on: str
    due: int
    sent: int
    bounced: int = 0
    opened: int = 0
    opted_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCount:
    """Contacts of one strategy over all sites that are to have it, pooled: planned by now, held, and their minutes."""

    strategy: str
    planned: int
    held: int
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledMonth:
    """One month of one indicator over all sites of the roster together; `sites` gave data of `expected`."""

    indicator: str
    month: str
    numerator: float
    denominator: float
    sites: int
    expected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringInputs:
    """What `cycle` counted, without arms.

    Attributes
    ----------
    on, last_month
        The day of the look, and the newest month of data (`2026-07`), empty before there is any.
    allocated, closed, merged, opted_out
        Sites that were allocated, and how many of them closed, merged, or opted out since.
    follow_up_months
        How many months of follow-up have passed and should have data by now.
    sites_with_gaps, missing_site_months
        Sites that lack at least one of those months, and the months lacking in all.
    largest_imbalance, largest_imbalance_now
        The largest standardised difference between arms in what was balanced: at allocation, and among the sites that
        are still in. Only its size is known here. None where it cannot be told.
    baseline_months
        How many months of `pooled` lie before the start, for each indicator.
    """

    on: str
    last_month: str
    allocated: int
    closed: int
    merged: int
    opted_out: int
    follow_up_months: int
    sites_with_gaps: int
    missing_site_months: int
    largest_imbalance: float | None
    largest_imbalance_now: float | None
    waves: tuple[WaveCount, ...]
    contacts: tuple[ContactCount, ...]
    pooled: tuple[PooledMonth, ...]
    starts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringFinding:
    """One thing watched: how it stands, in a sentence, and what to do where something is to be done."""

    watched: Watched
    light: Light
    sentence: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledSeries:
    """One indicator over all sites together: the value of each month, and before against after the start.

    `relative_change` is what the months since the start have above the baseline months' value (0.02 is 2% more): it
    says nothing about any arm.
    """

    indicator: str
    months: tuple[str, ...]
    values: tuple[float | None, ...]
    sites: tuple[int, ...]
    before: float | None
    after: float | None
    relative_change: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringReport:
    """One look at a running cycle, the findings in the order of `Watched`. Nothing in it is by arm."""

    on: str
    last_month: str
    inputs: MonitoringInputs
    findings: tuple[MonitoringFinding, ...]
    series: tuple[PooledSeries, ...]

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `monitoring_from_record` is the inverse."""
        record: dict[str, Any] = to_plain(self)
        return record


def monitoring_from_record(record: Mapping[str, Any]) -> MonitoringReport:
    """Read back what `MonitoringReport.to_record` wrote."""
    found: MonitoringReport = from_plain(MonitoringReport, record)
    return found
