"""The frame of every step: may this person do this now, and the event that says it was done."""

from __future__ import annotations

from collections.abc import Sequence

from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.governance.permissions import check_permission
from enginehouse.governance.policies import check_act, check_day, check_payload
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState, cycle_state
from enginehouse.ledger.event import Event
from enginehouse.ledger.events import Payload


def authorise(workspace: Workspace, act: Act, cycle: str, by: Acting) -> CycleState:
    """Refuse, with the reason and the next possible step, or return the state in which the act happens."""
    design = workspace.protocol(cycle).design.type
    check_permission(act, by.person)
    state = workspace.state(cycle)
    check_act(state, act, design=design, effective_on=by.on)
    return state


def authorise_for_programme(act: Act, by: Acting) -> None:
    """The same for an act that belongs to no cycle."""
    check_permission(act, by.person)
    check_day(CycleState(), act, by.on)


def record_act(
    workspace: Workspace, act: Act, payload: Payload, *, cycle: str, by: Acting, documents: Sequence[bytes] = ()
) -> Event:
    """Write the event with its documents; stage and references are checked again inside the transaction."""
    design = workspace.protocol(cycle).design.type

    def check(events: Sequence[Event]) -> None:
        state = cycle_state(events)
        check_act(state, act, design=design, effective_on=by.on)
        check_payload(state, payload)

    return workspace.record.record(
        payload, actor=by.actor, effective_on=by.on, cycle=cycle, documents=documents, check=check
    )
