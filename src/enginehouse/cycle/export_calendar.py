"""Step: what is due in the cycles of a programme, as iCalendar for any calendar program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from enginehouse.core.files import write_whole
from enginehouse.cycle.act import rules_for
from enginehouse.cycle.register import read_locked
from enginehouse.cycle.workspace import Workspace
from enginehouse.delivery.calendar import Entry, cycle_calendar
from enginehouse.delivery.ical import to_ical
from enginehouse.governance.allocating import opt_out_deadline
from enginehouse.governance.stages import Stage
from enginehouse.ledger.events import ApprovalRecorded
from enginehouse.programme.protocol import Protocol

CALENDAR = "calendar.ics"
_OVER = (Stage.CLOSED, Stage.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class ExportedCalendar:
    """Where the calendar is, and its entries."""

    file: Path
    entries: tuple[Entry, ...]


def export_calendar(workspace: Workspace, *, on: date) -> ExportedCalendar:
    """Write the calendar of every cycle that is not over, from what was locked (or the draft, while none is)."""
    entries = tuple(
        sorted(
            (entry for cycle in workspace.cycles for entry in calendar_entries(workspace, cycle)),
            key=lambda entry: (entry.on, entry.key),
        )
    )
    settings = workspace.programme.settings
    text = to_ical(entries, calendar_id=settings.name, title=settings.title, stamped=on)
    file = workspace.output / CALENDAR
    write_whole(file, text.encode())
    return ExportedCalendar(file, entries)


def calendar_entries(workspace: Workspace, cycle: str) -> tuple[Entry, ...]:
    """The days of one cycle; none once it is over."""
    state = workspace.state(cycle)
    if state.stage in _OVER:
        return ()
    protocol: Protocol
    if state.is_locked:
        protocol = read_locked(workspace, cycle, state).protocol
    else:
        protocol = workspace.protocol(cycle)
    deadline = opt_out_deadline(state, rules_for(workspace, cycle, state))
    entries = [*cycle_calendar(protocol, name=cycle, opt_out_by=deadline), *_expiries(workspace, cycle)]
    return tuple(Entry(key=f"{cycle}.{e.key}", on=e.on, title=e.title, note=e.note) for e in entries)


def _expiries(workspace: Workspace, cycle: str) -> list[Entry]:
    found = [
        event.payload
        for event in workspace.record.store.events(cycle=cycle)
        if isinstance(event.payload, ApprovalRecorded) and event.payload.expires_on
    ]
    return [
        Entry(
            key=f"approval-{approval.approval}",
            on=date.fromisoformat(approval.expires_on),
            title=f"{cycle}: approval '{approval.approval}' expires",
            note=f"Reference {approval.reference}. Nothing is allocated or sent without it.",
        )
        for approval in found
    ]
