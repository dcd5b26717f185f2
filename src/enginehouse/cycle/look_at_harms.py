"""Step: a registered look, by arm, at what must not get worse. The governance officer alone; every look is recorded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from enginehouse.core.errors import NotAllowed
from enginehouse.core.files import write_whole
from enginehouse.core.months import Month
from enginehouse.cycle.act import authorise, record_act, rules_for
from enginehouse.cycle.allocation import read_allocation, read_plan, read_roster
from enginehouse.cycle.build_indicators import newest_panel_event, panel_of
from enginehouse.cycle.freeze import check_built_as_registered
from enginehouse.cycle.register import Locked, locked
from enginehouse.cycle.roster import register_of_sites
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.evaluation.parallel.harms import HarmsReport, harms_from_record, look_at_harms
from enginehouse.evaluation.parallel.inputs import AllocatedTrial
from enginehouse.governance.opt_outs import scopes_by_site
from enginehouse.governance.payload_checks import check_payload
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState
from enginehouse.governance.visibility import DocumentKind, check_may_read
from enginehouse.indicators.panel import HarmsPanel
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import HarmsLooked
from enginehouse.programme.protocol import Protocol
from enginehouse.reports.content import Document
from enginehouse.reports.harms import harms_document
from enginehouse.reports.html import render_html

AS_REGISTERED = "As registered."


@dataclass(frozen=True, slots=True)
class LookedAtHarms:
    """What the look found (nothing in a trial run: a look that is not recorded is none), and the page that shows it."""

    report: HarmsReport | None
    page: Path


def look_at_harms_of(
    workspace: Workspace,
    cycle: str,
    *,
    by: Acting,
    month: Month | None = None,
    reason: str = AS_REGISTERED,
    dry_run: bool = False,
) -> LookedAtHarms:
    """Take a registered look: the next one, or the one with the data up to `month`.

    Raises
    ------
    NotAllowed
        Someone else asks, the look is not registered, or it was taken already.
    DataError
        Its last month of data is not loaded yet.
    """
    state = authorise(workspace, Act.LOOK_AT_HARMS, cycle, by)
    check_may_read(DocumentKind.HARMS, state=state, person=by.person)
    registered = locked(workspace, cycle, state)
    last = month or _next_look(registered.protocol, state)
    _check_look(workspace, cycle, state, last)
    panel = _panel(workspace, registered, last)
    page = workspace.output / "harms" / f"{cycle}-{last}.html"
    if dry_run:
        return LookedAtHarms(None, page)
    report = _report(workspace, state, registered, panel)
    content = json.dumps(report.to_record(), sort_keys=True, allow_nan=False, ensure_ascii=False).encode()
    event = HarmsLooked(report=sha256_hex(content), last_month=str(last), reason=reason.strip() or AS_REGISTERED)
    record_act(workspace, Act.LOOK_AT_HARMS, event, cycle=cycle, by=by, documents=(content,))
    write_whole(page, render_html(_document(workspace, registered, report, by)))
    return LookedAtHarms(report, page)


def recorded_looks(workspace: Workspace, state: CycleState) -> tuple[HarmsReport, ...]:
    """Every look that was taken, in the order of the record. Who may read them is asked before."""
    return tuple(
        harms_from_record(json.loads(workspace.record.documents.get(look.document))) for look in state.harms_looks
    )


def _next_look(protocol: Protocol, state: CycleState) -> Month:
    """The first registered look that was not taken."""
    taken = {look.about for look in state.harms_looks}
    left = [month for month in sorted(protocol.analysis.harm_looks) if str(month) not in taken]
    if left:
        return left[0]
    what = "every registered look at harms was taken" if taken else "no look at harms is registered"
    raise NotAllowed(
        f"{what}.",
        where="analysis.harm_looks",
        remedy="Only registered looks compare arms before the end: add one by an open amendment, with its reason.",
    )


def _check_look(workspace: Workspace, cycle: str, state: CycleState, last: Month) -> None:
    """What the record will refuse is refused before anything is computed."""
    blank = HarmsLooked(report="0" * 64, last_month=str(last), reason=AS_REGISTERED)
    check_payload(state, blank, rules_for(workspace, cycle, state))


def _panel(workspace: Workspace, registered: Locked, last: Month) -> HarmsPanel:
    built = newest_panel_event(workspace)
    check_built_as_registered(workspace, registered, built, then="look")
    return HarmsPanel.at_look(panel_of(workspace, built), registered.protocol.balancing, last)


def _report(workspace: Workspace, state: CycleState, registered: Locked, panel: HarmsPanel) -> HarmsReport:
    return look_at_harms(
        registered.protocol,
        registered.protocol_hash,
        panel,
        register_of_sites(workspace),
        registered.indicators,
        AllocatedTrial(
            roster=read_roster(workspace, state),
            plan=read_plan(workspace, state),
            allocation=read_allocation(workspace, state),
            opt_outs=scopes_by_site(state),
            strategy_titles={name: strategy.title for name, strategy in registered.strategies.items()},
        ),
    )


def _document(workspace: Workspace, registered: Locked, report: HarmsReport, by: Acting) -> Document:
    settings = workspace.programme.settings
    return harms_document(
        report,
        programme=settings.title,
        on=str(by.on),
        by=by.person.name,
        noun=settings.site_noun,
        rehearsal=registered.protocol.rehearsal,
        synthetic=settings.synthetic,
    )
