"""What the dossier and the board page of a trial are written from, read from the record and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from enginehouse.cycle.allocation import arm_by_site, read_allocation, read_plan, read_roster
from enginehouse.cycle.appraise import recorded_appraisal
from enginehouse.cycle.contacts import contacts_of
from enginehouse.cycle.contract import signed_contract
from enginehouse.cycle.documents import named
from enginehouse.cycle.evaluate import recorded_trial
from enginehouse.cycle.look_at_harms import recorded_looks
from enginehouse.cycle.note_delivery import marks_of
from enginehouse.cycle.register import Locked
from enginehouse.cycle.workspace import Workspace, person_name
from enginehouse.delivery.calendar import waves_of
from enginehouse.delivery.states import reached
from enginehouse.economics.trial_appraisal import TrialAppraisal
from enginehouse.evaluation.parallel.results import UnregisteredAnalysis, unregistered_from_record
from enginehouse.evidence.results import forecast_scores_from_record
from enginehouse.evidence.studies import study_from_record
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState
from enginehouse.ledger.events import CycleResumed, CycleSuspended, CycleWithdrawn, EvidencePosted
from enginehouse.programme.enums import ContactKind
from enginehouse.reports.facts import DossierFacts
from enginehouse.reports.trial_facts import (
    AllocationFact,
    ApprovalFact,
    ContactFact,
    HarmLookFact,
    InterruptionFact,
    SignatureFact,
    TrialFacts,
    WaveFact,
)
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.trials.auditor import HOW_TO, SCRIPT_NAME
from enginehouse.trials.balance import balance_from_record
from enginehouse.trials.design_report import designs_from_record

AUDIT_FILES = ("plan.json", "seeds.txt", "allocation.json")
_STOPS: Mapping[type, str] = {
    CycleSuspended: "suspended",
    CycleResumed: "resumed",
    CycleWithdrawn: "withdrawn",
}


def trial_basis(
    workspace: Workspace,
    cycle: str,
    state: CycleState,
    found: Locked,
    record: DossierFacts,
    *,
    pages: Mapping[str, str] | None = None,
) -> TrialBasis:
    """Everything that is on record of one evaluated trial."""

    def read[T](document: str | None, from_record: Callable[[Mapping[str, Any]], T]) -> T | None:
        return None if document is None else from_record(json.loads(workspace.record.documents.get(document)))

    appraisal = recorded_appraisal(workspace, state)
    return TrialBasis(
        protocol=found.protocol,
        evaluation=recorded_trial(workspace, state),
        facts=_facts(workspace, cycle, state, found, record),
        appraisal=appraisal if isinstance(appraisal, TrialAppraisal) else None,
        roster=read_roster(workspace, state),
        plan=read_plan(workspace, state),
        balance=read(state.balance, balance_from_record),
        design=read(state.design_report, designs_from_record),
        contract=signed_contract(workspace, state),
        scores=read(state.forecasts_scored, forecast_scores_from_record),
        unregistered=tuple(_unregistered(workspace, state)),
        pages=pages or {},
    )


def _facts(workspace: Workspace, cycle: str, state: CycleState, found: Locked, record: DossierFacts) -> TrialFacts:
    opened = state.last(Act.OPEN_RECRUITMENT)
    compared = state.last(Act.COMPARE_DESIGNS)
    return TrialFacts(
        record=record,
        rehearsal=found.protocol.rehearsal,
        allocation=_allocation(workspace, state),
        approvals=tuple(
            ApprovalFact(
                approval=given.name,
                reference=given.reference,
                given_on=str(given.given_on),
                expires_on=str(given.expires_on or ""),
            )
            for given in state.approvals
        ),
        notice_on=str(opened.effective_on) if opened and not found.protocol.rehearsal else "",
        notice_sites=state.sites_told or 0,
        waves=tuple(_waves(workspace, cycle, state, found)),
        contacts=tuple(_contacts(workspace, cycle, state)),
        signatures=tuple(
            SignatureFact(person=person_name(workspace, signed.person), on=str(signed.effective_on))
            for signed in state.signatures
            if signed.contract == state.contract
        ),
        interruptions=tuple(_interruptions(workspace, cycle)),
        monitored_on=tuple(str(each.effective_on) for each in state.monitored),
        harm_looks=tuple(_harm_looks(workspace, state)),
        evidence_posted=_posted(workspace, cycle),
        designs_compared_on=str(compared.effective_on) if compared else "",
        strategies=found.strategies,
        people={person.id: person.name for person in workspace.people.values()},
    )


def _allocation(workspace: Workspace, state: CycleState) -> AllocationFact:
    prepared, drawn = state.prepared, state.last(Act.ALLOCATE)
    assert prepared is not None, "what was allocated was prepared"
    assert drawn is not None, "what was allocated was drawn"
    return AllocationFact(
        prepared_on=str(prepared.effective_on),
        prepared_by=person_name(workspace, prepared.actor),
        allocated_on=str(drawn.effective_on),
        allocated_by=person_name(workspace, drawn.actor),
        seed=named(state.seed),
        seed_commitment=prepared.seed_commitment,
        second_seed=named(state.second_seed),
        seed_by_hand=prepared.seed_by_hand,
        second_by_hand=state.second_by_hand,
        prepared_times=len(state.preparations),
        roster=prepared.roster,
        plan=prepared.plan,
        allocation=named(state.allocation),
        script=SCRIPT_NAME,
        command=HOW_TO,
        files=AUDIT_FILES,
    )


def _waves(workspace: Workspace, cycle: str, state: CycleState, found: Locked) -> Iterator[WaveFact]:
    for due in waves_of(found.protocol.delivery):
        wave = state.wave(due.number)
        sent = wave.sent_on if wave else {}
        got = reached(due.number, sent, marks_of(workspace, cycle, due.number))
        counts = {name: got.counts[name] for name in ("opened", "discussed", "planned", "acted")}
        yield WaveFact(
            wave=due.number,
            due_on=str(due.due_on),
            sent_on=str(max(sent.values())) if sent else "",
            reports=len(sent),
            bounced=got.bounced,
            **counts,
        )


def _contacts(workspace: Workspace, cycle: str, state: CycleState) -> Iterator[ContactFact]:
    arm_of, contacts = arm_by_site(read_allocation(workspace, state)), contacts_of(workspace, cycle)
    for kind in ContactKind:
        for arm in dict.fromkeys(arm_of.values()):
            held = [each for each in contacts if each.kind is kind and arm_of.get(each.site) == arm]
            if held:
                yield ContactFact(
                    kind=kind.value,
                    arm=arm,
                    contacts=len(held),
                    sites=len({each.site for each in held}),
                    programme_minutes=sum(each.programme_minutes for each in held),
                    site_minutes=sum(each.site_minutes for each in held),
                )


def _interruptions(workspace: Workspace, cycle: str) -> Iterator[InterruptionFact]:
    for event in workspace.record.store.events(cycle=cycle):
        payload = event.payload
        if isinstance(payload, CycleSuspended | CycleResumed | CycleWithdrawn):
            yield InterruptionFact(
                on=str(event.effective_on),
                by=person_name(workspace, event.actor),
                what=_STOPS[type(payload)],
                reason=payload.reason,
            )


def _harm_looks(workspace: Workspace, state: CycleState) -> Iterator[HarmLookFact]:
    for look, report in zip(state.harms_looks, recorded_looks(workspace, state), strict=True):
        yield HarmLookFact(
            on=str(look.effective_on),
            by=person_name(workspace, look.actor),
            last_month=report.last_month,
            findings=tuple(finding.sentence for finding in report.findings),
        )


def _unregistered(workspace: Workspace, state: CycleState) -> Iterator[UnregisteredAnalysis]:
    for each in state.unregistered:
        yield unregistered_from_record(json.loads(workspace.record.documents.get(each.analysis)))


def _posted(workspace: Workspace, cycle: str) -> str:
    for event in workspace.record.store.events(cycle=cycle):
        if isinstance(event.payload, EvidencePosted):
            return study_from_record(json.loads(workspace.record.documents.get(event.payload.study))).id
    return ""
