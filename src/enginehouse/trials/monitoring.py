"""Monitoring: fidelity, missing months, balance kept and the pooled outcome, from counts that `cycle` gathers.

Nothing here knows an arm. Harms by arm are looked at only through a registered look, elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from enginehouse.core.errors import UserError
from enginehouse.core.words import counted
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
    starts
        The first month of follow-up (`2026-05`): where `pooled` is cut into before and after.
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


Series = tuple[PooledSeries, ...]
FEW_OPENED = 0.3
MUCH_MISSING = 0.05
IMBALANCE = 0.25
MUCH_CHANGE = 0.2


def monitoring_report(inputs: MonitoringInputs) -> MonitoringReport:
    """One look at a running cycle: a finding for each thing watched, and the pooled series. No arm is known here.

    Parameters
    ----------
    inputs
        Counts over all sites together.

    Returns
    -------
    MonitoringReport

    Raises
    ------
    UserError
        Counts that cannot be, for example more reports sent than were due to sites.
    """
    _check(inputs)
    series = tuple(
        _series(name, [month for month in inputs.pooled if month.indicator == name], inputs.starts)
        for name in dict.fromkeys(month.indicator for month in inputs.pooled)
    )
    findings = tuple(_FINDINGS[watched](inputs, series) for watched in Watched)
    return MonitoringReport(on=inputs.on, last_month=inputs.last_month, inputs=inputs, findings=findings, series=series)


def _check(inputs: MonitoringInputs) -> None:
    wrong = [f"wave {w.wave} has {w.bounced} bounced of {w.sent} sent" for w in inputs.waves if w.bounced > w.sent]
    wrong += [f"wave {w.wave} has {w.opened} opened of {w.sent} sent" for w in inputs.waves if w.opened > w.sent]
    if inputs.closed + inputs.merged > inputs.allocated:
        wrong.append(f"{inputs.closed + inputs.merged} sites closed or merged of {inputs.allocated} allocated")
    if inputs.missing_site_months > inputs.allocated * inputs.follow_up_months:
        wrong.append(f"{inputs.missing_site_months} months of sites are missing, more than there were")
    if wrong:
        raise UserError(f"{'; '.join(wrong)}.", where="monitoring", remedy="Count each report and site once.")


def _series(name: str, months: list[PooledMonth], starts: str) -> PooledSeries:
    def value(chosen: list[PooledMonth]) -> float | None:
        bottom = sum(month.denominator for month in chosen)
        return sum(month.numerator for month in chosen) / bottom if bottom > 0 else None

    ordered = sorted(months, key=lambda month: month.month)
    before = value([month for month in ordered if month.month < starts])
    after = value([month for month in ordered if month.month >= starts])
    return PooledSeries(
        indicator=name,
        months=tuple(month.month for month in ordered),
        values=tuple(value([month]) for month in ordered),
        sites=tuple(month.sites for month in ordered),
        before=before,
        after=after,
        relative_change=after / before - 1 if before and after is not None else None,
    )


def _delivery(inputs: MonitoringInputs, _: Series) -> MonitoringFinding:
    due, sent = sum(wave.due for wave in inputs.waves), sum(wave.sent for wave in inputs.waves)
    if not due:
        return _not_yet(Watched.DELIVERY, "No report is due yet.")
    sentence = f"{sent} of {due} reports due by now were sent"
    bounced, opened = sum(wave.bounced for wave in inputs.waves), sum(wave.opened for wave in inputs.waves)
    sentence += f"; {bounced} came back." if bounced else "."
    if sent:
        sentence += f" {opened} were opened, as far as is known." if opened else " None is known to have been opened."
    if sent < due:
        return MonitoringFinding(
            watched=Watched.DELIVERY, light=Light.ACT, sentence=sentence, remedy="Send what is due, or say why not."
        )
    if bounced or opened < FEW_OPENED * sent:
        remedy = "Check addresses, and ask a few sites whether the report reached the people it was meant for."
        return MonitoringFinding(watched=Watched.DELIVERY, light=Light.LOOK, sentence=sentence, remedy=remedy)
    return _as_planned(Watched.DELIVERY, sentence)


def _contacts(inputs: MonitoringInputs, _: Series) -> MonitoringFinding:
    planned = [count for count in inputs.contacts if count.planned or count.held]
    if not planned:
        return _not_yet(Watched.CONTACTS, "No contact is planned by now.")
    sentence = " ".join(
        f"{count.strategy}: {count.held} held of {count.planned} planned, {counted(count.minutes, 'minute')}."
        for count in planned
    )
    if any(count.held < count.planned for count in planned):
        remedy = "Hold the contacts that are missing: what is not delivered cannot show an effect."
        return MonitoringFinding(watched=Watched.CONTACTS, light=Light.LOOK, sentence=sentence, remedy=remedy)
    return _as_planned(Watched.CONTACTS, sentence)


def _data(inputs: MonitoringInputs, _: Series) -> MonitoringFinding:
    months = inputs.allocated * inputs.follow_up_months
    if not months:
        return _not_yet(Watched.DATA, "No month of the follow-up has data yet.")
    share = inputs.missing_site_months / months
    sentence = (
        f"Data to {inputs.last_month}: {inputs.sites_with_gaps} of {inputs.allocated} sites lack a month; "
        f"{inputs.missing_site_months} of {months} months of sites are missing ({share:.1%})."
    )
    if share > MUCH_MISSING:
        remedy = "Find out whether the extract is late or sites are lost; freeze only when that is known."
        return MonitoringFinding(watched=Watched.DATA, light=Light.ACT, sentence=sentence, remedy=remedy)
    if inputs.missing_site_months:
        remedy = "Ask for the missing months."
        return MonitoringFinding(watched=Watched.DATA, light=Light.LOOK, sentence=sentence, remedy=remedy)
    return _as_planned(Watched.DATA, sentence)


def _sites(inputs: MonitoringInputs, _: Series) -> MonitoringFinding:
    lost = inputs.closed + inputs.merged + inputs.opted_out
    sentence = (
        f"Of {inputs.allocated} sites allocated, {inputs.closed} closed, {inputs.merged} merged and "
        f"{inputs.opted_out} opted out since."
    )
    if not lost:
        return _as_planned(Watched.SITES, sentence)
    remedy = "They count as the protocol's estimand says; nothing is to be decided now."
    return MonitoringFinding(watched=Watched.SITES, light=Light.LOOK, sentence=sentence, remedy=remedy)


def _balance(inputs: MonitoringInputs, _: Series) -> MonitoringFinding:
    then, now = inputs.largest_imbalance, inputs.largest_imbalance_now
    if then is None or now is None:
        return _not_yet(Watched.BALANCE, "Nothing was balanced, or the sites are not allocated.")
    sentence = (
        f"The largest difference between arms in what was balanced was {then:.2f} standard deviations at allocation; "
        f"among the sites that are still in it is {now:.2f}."
    )
    if now > IMBALANCE and now > then:
        remedy = "Note it for the report; the registered analysis adjusts for what was balanced."
        return MonitoringFinding(watched=Watched.BALANCE, light=Light.LOOK, sentence=sentence, remedy=remedy)
    return _as_planned(Watched.BALANCE, sentence)


def _outcome(_: MonitoringInputs, series: Series) -> MonitoringFinding:
    told = [found for found in series if found.relative_change is not None]
    if not told:
        return _not_yet(Watched.OUTCOME, "No month of the follow-up has an outcome yet.")
    changes = [(found, found.relative_change or 0.0) for found in told]
    sentence = "Over all sites together, since the start against before: " + "; ".join(
        f"{found.indicator} {100 * change:+.1f}%" for found, change in changes
    )
    sentence += ". That is no effect of anything: both arms are in it."
    if any(abs(change) > MUCH_CHANGE for _, change in changes):
        remedy = "Look for a change of definition, of coding or of the whole service."
        return MonitoringFinding(watched=Watched.OUTCOME, light=Light.LOOK, sentence=sentence, remedy=remedy)
    return _as_planned(Watched.OUTCOME, sentence)


_FINDINGS: dict[Watched, Callable[[MonitoringInputs, Series], MonitoringFinding]] = {
    Watched.DELIVERY: _delivery,
    Watched.CONTACTS: _contacts,
    Watched.DATA: _data,
    Watched.SITES: _sites,
    Watched.BALANCE: _balance,
    Watched.OUTCOME: _outcome,
}


def _as_planned(watched: Watched, sentence: str) -> MonitoringFinding:
    return MonitoringFinding(watched=watched, light=Light.AS_PLANNED, sentence=sentence)


def _not_yet(watched: Watched, sentence: str) -> MonitoringFinding:
    return MonitoringFinding(watched=watched, light=Light.NOT_YET, sentence=sentence)
