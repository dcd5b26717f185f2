"""Steps: delivery begins where a cycle sends no reports; delivery is over and outcomes are still to come."""

from __future__ import annotations

from dataclasses import dataclass

from enginehouse.core.errors import NotAllowed
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.register import locked, read_locked
from enginehouse.cycle.send_wave import mirror_outbox, waiting
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.delivery.calendar import waves_of
from enginehouse.governance.commands import command
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState
from enginehouse.ledger.events import DeliveryStarted, FollowUpStarted


@dataclass(frozen=True, slots=True)
class EndedDelivery:
    """The event, the waves of which no report left, and those that stopped half-way."""

    event: FollowUpStarted
    never_sent: tuple[int, ...]
    halfway: tuple[int, ...]


def start_delivery(workspace: Workspace, cycle: str, *, by: Acting, dry_run: bool = False) -> DeliveryStarted:
    """Say that delivery began. Where reports are sent, sending the first wave does this."""
    state = authorise(workspace, Act.START_DELIVERY, cycle, by)
    if waves_of(locked(workspace, cycle, state).protocol.delivery):
        raise NotAllowed(
            "this cycle sends feedback: its delivery starts with the first wave.",
            where=Act.START_DELIVERY,
            remedy=f"Send it ({command(Act.SEND_WAVE)}).",
        )
    event = DeliveryStarted(wave=0)
    if not dry_run:
        record_act(workspace, Act.START_DELIVERY, event, cycle=cycle, by=by)
    return event


def start_follow_up(workspace: Workspace, cycle: str, *, by: Acting, dry_run: bool = False) -> EndedDelivery:
    """Say that nothing more will be delivered, and which waves never left, or not whole."""
    state = authorise(workspace, Act.START_FOLLOW_UP, cycle, by)
    waves = waves_of(read_locked(workspace, cycle, state).protocol.delivery)
    never = tuple(due.number for due in waves if not _left(state, due.number))
    halfway = tuple(wave.number for wave in state.waves if wave.batches and waiting(workspace, state, wave)[0])
    event = FollowUpStarted()
    if not dry_run:
        mirror_outbox(workspace, cycle)
        record_act(workspace, Act.START_FOLLOW_UP, event, cycle=cycle, by=by)
    return EndedDelivery(event, never, halfway)


def _left(state: CycleState, number: int) -> bool:
    wave = state.wave(number)
    return wave is not None and bool(wave.batches)
