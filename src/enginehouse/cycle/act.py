"""The frame of every step: may this person do this now, and the event that says it was done."""

from __future__ import annotations

from collections.abc import Sequence

from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.governance.permissions import check_permission
from enginehouse.governance.policies import (
    check_act,
    check_day,
    check_payload,
    check_proposal,
    check_second_person,
    is_first_of_two,
    subject_of,
)
from enginehouse.governance.rules import CycleRules, rules_of
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState, cycle_state
from enginehouse.governance.visibility import check_may_open
from enginehouse.ledger.event import Event
from enginehouse.ledger.events import ActProposed, Payload
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


def is_first(workspace: Workspace, act: Act, payload: Payload, state: CycleState, cycle: str, by: Acting) -> bool:
    """Whether the act takes two people and this is the first, who can do no more than propose it."""
    design = rules_for(workspace, cycle, state).design
    return is_first_of_two(state, act, by.actor, _agreed(payload), design=design)


def propose(
    workspace: Workspace,
    act: Act,
    payload: Payload,
    state: CycleState,
    cycle: str,
    *,
    by: Acting,
    reason: str = "",
    dry_run: bool = False,
) -> None:
    """Put on record that the first of two people stands by what `payload` would record."""
    design = rules_for(workspace, cycle, state).design
    check_proposal(state, act, by.person, _agreed(payload), design=design)
    if not dry_run:
        proposal = ActProposed(act=act.value, subject=_agreed(payload), reason=reason)
        record_act(workspace, Act.PROPOSE, proposal, cycle=cycle, by=by)


def _agreed(payload: Payload) -> str:
    subject = subject_of(payload)
    assert subject is not None, "an act of two people has something that they agree on"
    return subject


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
