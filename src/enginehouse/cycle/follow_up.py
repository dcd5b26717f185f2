"""Steps: delivery begins where a cycle sends no reports; delivery is over and outcomes are still to come."""

from __future__ import annotations

from enginehouse.core.errors import NotAllowed
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.register import locked
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.delivery.calendar import waves_of
from enginehouse.governance.stages import Act
from enginehouse.ledger.events import DeliveryStarted, FollowUpStarted


def start_delivery(workspace: Workspace, cycle: str, *, by: Acting) -> DeliveryStarted:
    """Say that delivery began. Where reports are sent, sending the first wave does this."""
    state = authorise(workspace, Act.START_DELIVERY, cycle, by)
    if waves_of(locked(workspace, cycle, state).protocol.delivery):
        raise NotAllowed(
            "this cycle sends feedback: its delivery starts with the first wave.",
            where=Act.START_DELIVERY,
            remedy="Run: enginehouse wave send.",
        )
    event = DeliveryStarted(wave=0)
    record_act(workspace, Act.START_DELIVERY, event, cycle=cycle, by=by)
    return event


def start_follow_up(workspace: Workspace, cycle: str, *, by: Acting) -> FollowUpStarted:
    """Say that nothing more will be delivered. A wave that was never sent is named, and stays so in the record."""
    authorise(workspace, Act.START_FOLLOW_UP, cycle, by)
    event = FollowUpStarted()
    record_act(workspace, Act.START_FOLLOW_UP, event, cycle=cycle, by=by)
    return event
