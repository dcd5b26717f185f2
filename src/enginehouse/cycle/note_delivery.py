"""Step: note what became of the reports of a wave, from a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from enginehouse.core.errors import NotAllowed
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.recruit import site_scheme
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.delivery.states import Mark, Reached, marks_document, marks_from_document, reached, read_marks
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import DeliveryNoted


@dataclass(frozen=True, slots=True)
class NotedDelivery:
    """The event, and how far the reports of that wave have got by now."""

    event: DeliveryNoted
    reached: Reached


def note_delivery(
    workspace: Workspace, cycle: str, wave: int, file: Path, *, by: Acting, dry_run: bool = False
) -> NotedDelivery:
    """Take over bounced, opened, discussed, planned and acted; what was noted before is passed over."""
    state = authorise(workspace, Act.NOTE_DELIVERY, cycle, by)
    sent = _sent(state, wave)
    known = marks_of(workspace, cycle, wave)
    found = read_marks(file, sent=sent, scheme=site_scheme(workspace))
    new = tuple(mark for mark in dict.fromkeys(found) if mark not in set(known))
    content = marks_document(new)
    event = DeliveryNoted(wave=wave, states=sha256_hex(content), count=len(new))
    if new and not dry_run:
        record_act(workspace, Act.NOTE_DELIVERY, event, cycle=cycle, by=by, documents=(content,))
    return NotedDelivery(event, reached(wave, sent, (*known, *new)))


def _sent(state: CycleState, wave: int) -> frozenset[str]:
    """The sites whose report of this wave has left."""
    found = state.wave(wave)
    if found is None or not found.sent:
        left = ", ".join(str(other.number) for other in state.waves if other.sent)
        what = f"got wave {wave}, of which no report has left."
        raise NotAllowed(what, where="wave", remedy=f"Reports have left of: {left}.")
    return found.sent


def marks_of(workspace: Workspace, cycle: str, wave: int) -> tuple[Mark, ...]:
    """Everything that was noted of a wave, in the order of the record."""
    return tuple(
        mark
        for event in workspace.record.store.events(cycle=cycle)
        if isinstance(event.payload, DeliveryNoted) and event.payload.wave == wave
        for mark in marks_from_document(workspace.record.documents.get(event.payload.states))
    )
