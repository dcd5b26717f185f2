"""Step: look at a running cycle without looking at an arm: fidelity, missing months, balance, the pooled outcome."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from enginehouse.core.months import Month, Period
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.allocation import arm_by_site, read_allocation, read_plan, read_roster, sites_with
from enginehouse.cycle.build_indicators import current_panel
from enginehouse.cycle.contacts import contacts_of
from enginehouse.cycle.note_delivery import marks_of
from enginehouse.cycle.pages import cycle_page, pages_beside, write_page
from enginehouse.cycle.prepare_wave import arms_with_reports
from enginehouse.cycle.register import Locked, locked
from enginehouse.cycle.roster import register_of_sites
from enginehouse.cycle.send_wave import waiting
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.data.sites import SiteRegister
from enginehouse.delivery.calendar import waves_of
from enginehouse.delivery.states import reached
from enginehouse.governance.opt_outs import may_be_sent, may_use_data
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState
from enginehouse.indicators.panel import Panel
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import CycleMonitored
from enginehouse.programme.enums import OptOutScope
from enginehouse.programme.indicator import Indicator
from enginehouse.reports.html import render_html
from enginehouse.reports.monitoring import ShownIndicator, monitoring_document
from enginehouse.trials.balance import balance_table
from enginehouse.trials.monitoring import (
    ContactCount,
    MonitoringInputs,
    MonitoringReport,
    PooledMonth,
    WaveCount,
    monitoring_report,
)
from enginehouse.trials.roster import Roster


@dataclass(frozen=True, slots=True)
class Monitored:
    """What was seen, and the page that shows it."""

    report: MonitoringReport
    page: Path


def monitor(workspace: Workspace, cycle: str, *, by: Acting, dry_run: bool = False) -> Monitored:
    """Count what was delivered and what data have come, and write the page. No outcome is joined with an arm."""
    state = authorise(workspace, Act.MONITOR, cycle, by)
    registered = locked(workspace, cycle, state)
    report = monitoring_report(_inputs(workspace, cycle, registered, state, by))
    content = json.dumps(report.to_record(), sort_keys=True, allow_nan=False, ensure_ascii=False).encode()
    event = CycleMonitored(report=sha256_hex(content), last_month=report.last_month)
    settings, protocol = workspace.programme.settings, registered.protocol
    document = monitoring_document(
        report,
        cycle_title=protocol.title,
        programme=settings.title,
        indicators={name: _shown(indicator) for name, indicator in registered.indicators.items()},
        rehearsal=protocol.rehearsal,
        synthetic=settings.synthetic,
        pages=pages_beside(workspace, "monitoring", cycle=cycle),
    )
    page = workspace.output / cycle_page(cycle, "monitoring")
    if not dry_run:
        record_act(workspace, Act.MONITOR, event, cycle=cycle, by=by, documents=(content,))
        write_page(workspace, page, render_html(document))
    return Monitored(report, page)


def _shown(indicator: Indicator) -> ShownIndicator:
    scale = 100.0 if indicator.is_proportion else float(indicator.scale)
    unit = "%" if indicator.is_proportion else f"{indicator.unit} per {indicator.scale:,} {indicator.per} a month"
    return ShownIndicator(title=indicator.title, label=unit, factor=scale)


def _inputs(workspace: Workspace, cycle: str, found: Locked, state: CycleState, by: Acting) -> MonitoringInputs:
    roster, panel, register = read_roster(workspace, state), current_panel(workspace), register_of_sites(workspace)
    last = min(panel.last_month, found.protocol.design.follow_up.last)
    due = _follow_up_with_data(found, last)
    in_use = tuple(site for site in roster.sites if may_use_data(state, site))
    gaps = _gaps(panel, found, in_use, register, due)
    left = {
        opt_out.site
        for opt_out in state.opt_outs
        if opt_out.after_allocation and opt_out.scope is not OptOutScope.FEEDBACK
    }
    gone = {site: register.sites[site] for site in roster.sites if not register.sites[site].is_open(last)}
    at_first, now = _imbalance(workspace, state, roster, {*gone, *left})
    return MonitoringInputs(
        on=str(by.on),
        last_month=str(last),
        allocated=len(roster.sites),
        closed=sum(site.successor is None for site in gone.values()),
        merged=sum(site.successor is not None for site in gone.values()),
        opted_out=len(left & set(roster.sites)),
        follow_up_months=len(due) if due else 0,
        sites_with_gaps=len([count for count in gaps.values() if count]),
        missing_site_months=sum(gaps.values()),
        largest_imbalance=at_first,
        largest_imbalance_now=now,
        waves=tuple(_waves(workspace, cycle, found, state, set(gone), by)),
        contacts=tuple(_contacts(workspace, cycle, found, state)),
        pooled=tuple(_pooled(panel, found, in_use, last)),
        starts=str(found.protocol.design.starts),
    )


def _follow_up_with_data(found: Locked, last: Month) -> Period | None:
    start = found.protocol.design.starts
    return Period(start, last + 1) if last >= start else None


def _gaps(
    panel: Panel, found: Locked, sites: tuple[str, ...], register: SiteRegister, due: Period | None
) -> dict[str, int]:
    """Months of follow-up that each site that was open, and whose data may be used, lacks."""
    if due is None:
        return {}
    arrays = panel.arrays(found.protocol.indicator).in_period(due)
    row = {site: number for number, site in enumerate(arrays.sites)}
    gaps = {}
    for site in sites:
        is_open = np.array([register.sites[site].is_open(month) for month in due])
        has = np.isfinite(arrays.denominator[row[site]]) if site in row else np.zeros(len(due), dtype=bool)
        gaps[site] = int((is_open & ~has).sum())
    return gaps


def _imbalance(
    workspace: Workspace, state: CycleState, roster: Roster, gone: set[str]
) -> tuple[float | None, float | None]:
    """The largest standardised difference between arms in what was balanced, then and among those still in."""
    plan, allocation = read_plan(workspace, state), read_allocation(workspace, state)
    rows = [row for row in balance_table(roster, plan, allocation).rows if row.balanced and row.largest is not None]
    at_first = max((row.largest for row in rows if row.largest is not None), default=None)
    keep = np.array([site not in gone for site in roster.sites])
    still = []
    for row in rows:
        values = roster.covariate(row.name).filled()
        means = [values[keep & (allocation.positions == arm)] for arm in range(len(allocation.arms))]
        spread = float(np.sqrt(np.mean([part.var(ddof=1) for part in means if len(part) > 1])))
        averages = [part.mean() for part in means if len(part)]
        if spread > 0 and len(averages) > 1:
            still.append(float(max(averages) - min(averages)) / spread)
    return at_first, max(still, default=None)


def _waves(
    workspace: Workspace, cycle: str, found: Locked, state: CycleState, gone: set[str], by: Acting
) -> Iterator[WaveCount]:
    """Reports due are those of a prepared wave but for opt-outs since; of one to come, of every site that gets any."""
    with_reports = arms_with_reports(found)
    recipients = {site for site, arm in arm_by_site(read_allocation(workspace, state)).items() if arm in with_reports}
    no_feedback = {site for site in recipients if not may_be_sent(state, site)}
    for due in waves_of(found.protocol.delivery):
        wave = state.wave(due.number)
        sent = wave.sent if wave else frozenset()
        expected = len(sent) + len(waiting(workspace, state, wave)[0]) if wave else len(recipients - no_feedback - gone)
        got = reached(due.number, sent, marks_of(workspace, cycle, due.number))
        yield WaveCount(
            wave=due.number,
            due_on=str(due.due_on),
            due=expected if due.due_on <= by.on else 0,
            sent=len(sent),
            bounced=got.bounced,
            opened=got.counts["opened"],
            opted_out=len(no_feedback - sent),
        )


def _contacts(workspace: Workspace, cycle: str, found: Locked, state: CycleState) -> Iterator[ContactCount]:
    """For each strategy of contacts: one is planned for each site that is to have it."""
    allocation, contacts = read_allocation(workspace, state), contacts_of(workspace, cycle)
    for name, strategy in found.strategies.items():
        if strategy.contact is not None:
            held = [contact for contact in contacts if contact.kind is strategy.contact]
            yield ContactCount(
                strategy=strategy.title,
                planned=len(sites_with(found.protocol, allocation, name)),
                held=len(held),
                minutes=round(sum(contact.programme_minutes for contact in held)),
            )


def _pooled(panel: Panel, found: Locked, sites: tuple[str, ...], last: Month) -> Iterator[PooledMonth]:
    """Every indicator of the protocol, month by month, over all sites of the roster whose data may be used."""
    period = Period(found.protocol.design.baseline.start, last + 1)
    for name in found.indicators:
        arrays = panel.arrays(name).of_sites(sites)
        column = {month: number for number, month in enumerate(arrays.months)}
        for month in period:
            if month in column:
                numerator, denominator = arrays.numerator[:, column[month]], arrays.denominator[:, column[month]]
                has = np.isfinite(numerator) & np.isfinite(denominator)
                yield PooledMonth(
                    indicator=name,
                    month=str(month),
                    numerator=float(numerator[has].sum()),
                    denominator=float(denominator[has].sum()),
                    sites=int(has.sum()),
                    expected=len(sites),
                )
