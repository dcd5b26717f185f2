"""Step: record what will be done after the result, by a second person, with reason and dissent; close the cycle."""

from __future__ import annotations

from enginehouse.core.errors import UserError
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.documents import named
from enginehouse.cycle.evaluate import recorded_evaluation
from enginehouse.cycle.register import read_locked
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.governance.policies import check_second_person
from enginehouse.governance.stages import Act
from enginehouse.ledger.events import CycleClosed, CycleDecided
from enginehouse.programme.enums import DecisionWord
from enginehouse.reports.sections.verdict import rule_text


def decide(
    workspace: Workspace,
    cycle: str,
    *,
    by: Acting,
    decision: DecisionWord,
    reason: str,
    dissent: str = "",
    dry_run: bool = False,
) -> CycleDecided:
    """Record the decision. The verdict is not the decision: both stand in the record."""
    state = authorise(workspace, Act.DECIDE, cycle, by)
    check_second_person(state, Act.DECIDE, by.actor)
    if not reason.strip():
        raise UserError("no reason was given.", where="--reason", remedy="Say in a sentence why this is decided.")
    event = CycleDecided(
        decision=decision.value, reason=reason.strip(), dissent=dissent.strip(), evaluation=named(state.evaluation)
    )
    if not dry_run:
        record_act(workspace, Act.DECIDE, event, cycle=cycle, by=by)
    return event


def registered_rule(workspace: Workspace, cycle: str) -> str:
    """What the protocol said would follow from this verdict: stands beside the decision, and never blocks it."""
    state = workspace.state(cycle)
    verdict = recorded_evaluation(workspace, state).verdict.word
    return rule_text(read_locked(workspace, cycle, state).protocol.decision, verdict)


def close(workspace: Workspace, cycle: str, *, by: Acting, dry_run: bool = False) -> CycleClosed:
    """End the cycle: nothing more will be done in it."""
    authorise(workspace, Act.CLOSE, cycle, by)
    event = CycleClosed()
    if not dry_run:
        record_act(workspace, Act.CLOSE, event, cycle=cycle, by=by)
    return event
