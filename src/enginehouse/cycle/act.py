"""The frame of every step: may this person do this now, and the event that says it was done."""

from __future__ import annotations

from collections.abc import Sequence

from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.governance.permissions import check_permission
from enginehouse.governance.policies import check_act, check_day, check_payload, check_second_person, subject_of
from enginehouse.governance.rules import CycleRules, rules_of
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState, cycle_state
from enginehouse.governance.visibility import check_may_open
from enginehouse.ledger.event import Event
from enginehouse.ledger.events import Payload
from enginehouse.programme.read import protocol_from_json


def authorise(workspace: Workspace, act: Act, cycle: str, by: Acting) -> CycleState:
    """Refuse, with the reason and the next possible step, or return the state in which the act happens."""
    state = workspace.state(cycle)
    rules = rules_for(workspace, cycle, state)
    check_permission(act, by.person)
    check_act(state, act, design=rules.design, effective_on=by.on, rules=rules)
    check_may_open(act, state=state, person=by.person)
    return state


def authorise_for_programme(act: Act, by: Acting) -> None:
    """The same for an act that belongs to no cycle."""
    check_permission(act, by.person)
    check_day(CycleState(), act, by.on)


def rules_for(workspace: Workspace, cycle: str, state: CycleState) -> CycleRules:
    """What the locked protocol (the file, while none is locked) and the contract ask for."""
    protocol = workspace.protocol(cycle)
    if state.protocol is not None:
        protocol = protocol_from_json(workspace.record.documents.get(state.protocol))
    return rules_of(protocol, workspace.programme.contracts.get(cycle))


def record_act(
    workspace: Workspace, act: Act, payload: Payload, *, cycle: str, by: Acting, documents: Sequence[bytes] = ()
) -> Event:
    """Write the event with its documents; stage, references and people are checked again inside the transaction."""
    rules = rules_for(workspace, cycle, workspace.state(cycle))

    def check(events: Sequence[Event]) -> None:
        state = cycle_state(events)
        check_act(state, act, design=rules.design, effective_on=by.on, rules=rules)
        check_payload(state, payload, rules)
        check_second_person(state, act, by.actor, subject_of(payload), design=rules.design)

    return workspace.record.record(
        payload, actor=by.actor, effective_on=by.on, cycle=cycle, documents=documents, check=check
    )
