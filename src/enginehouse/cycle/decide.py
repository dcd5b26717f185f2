"""Step: record what will be done after the result, by a second person, with reason and dissent; close the cycle."""

from __future__ import annotations

from dataclasses import dataclass

from enginehouse.core.errors import UserError
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.contract import signed_contract
from enginehouse.cycle.documents import named
from enginehouse.cycle.evaluate import recorded_evaluation
from enginehouse.cycle.register import read_locked
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.governance.policies import check_second_person
from enginehouse.governance.stages import Act
from enginehouse.ledger.events import CycleClosed, CycleDecided
from enginehouse.programme.contract import Undertaking
from enginehouse.programme.enums import DecisionWord, Verdict
from enginehouse.reports.sections.verdict import rule_text

AS_AGREED = "As agreed in the decision contract."
"""The reason of a decision for which nobody gave another."""


def decide(
    workspace: Workspace,
    cycle: str,
    *,
    by: Acting,
    decision: DecisionWord,
    reason: str = "",
    dissent: str = "",
    dry_run: bool = False,
) -> CycleDecided:
    """Record the decision. The verdict is not the decision: both stand in the record.

    A decision that a signed contract agreed beforehand for this verdict needs no other reason; any other does.
    """
    state = authorise(workspace, Act.DECIDE, cycle, by)
    check_second_person(state, Act.DECIDE, by.actor)
    event = CycleDecided(
        decision=decision.value,
        reason=reason.strip() or _agreed_reason(decision, agreed(workspace, cycle)),
        dissent=dissent.strip(),
        evaluation=named(state.evaluation),
    )
    if not dry_run:
        record_act(workspace, Act.DECIDE, event, cycle=cycle, by=by)
    return event


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the signed contract says for the verdict that was found."""

    verdict: Verdict
    undertaking: Undertaking

    def is_kept_by(self, decision: DecisionWord) -> bool:
        """Whether this decision is the one that was agreed."""
        return self.undertaking.decision is decision


def agreed(workspace: Workspace, cycle: str) -> Agreed | None:
    """The contract's words for the cycle's verdict; none where no contract was signed."""
    state = workspace.state(cycle)
    contract = signed_contract(workspace, state)
    if contract is None:
        return None
    verdict = recorded_evaluation(workspace, state).verdict.word
    return Agreed(verdict, contract.under[verdict])


def _agreed_reason(decision: DecisionWord, found: Agreed | None) -> str:
    if found is None:
        raise UserError("no reason was given.", where="--reason", remedy="Say in a sentence why this is decided.")
    if found.is_kept_by(decision):
        return AS_AGREED
    raise UserError(
        f"got '{decision}', and the contract says '{found.undertaking.decision}' for the verdict '{found.verdict}': "
        f"{found.undertaking.action} No reason was given for deciding otherwise than agreed.",
        where="--reason",
        remedy="Say in a sentence why; it is printed beside what was agreed.",
    )


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
