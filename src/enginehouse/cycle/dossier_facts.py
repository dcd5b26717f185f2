"""What dossiers of every kind tell of the record of a cycle: when it was registered, frozen, evaluated, by whom."""

from __future__ import annotations

from collections.abc import Sequence

from enginehouse.core.words import plural
from enginehouse.cycle.data_account import account_from_document
from enginehouse.cycle.documents import named
from enginehouse.cycle.workspace import Workspace, person_name
from enginehouse.governance.recorded import Amendment
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState, Done
from enginehouse.ledger.event import Event
from enginehouse.ledger.events import CycleEvaluated, DataFrozen
from enginehouse.programme.indicator import Indicator
from enginehouse.reports.facts import AmendmentFact, DecisionFact, DossierFacts


def dossier_facts(
    workspace: Workspace,
    cycle: str,
    state: CycleState,
    events: Sequence[Event],
    told: Event,
    primary: Indicator,
) -> DossierFacts:
    """The record of one evaluated cycle, as far as every kind of dossier tells of it."""
    frozen = next(event.payload for event in events if isinstance(event.payload, DataFrozen))
    evaluated = next(event.payload for event in events if isinstance(event.payload, CycleEvaluated))
    account = account_from_document(workspace.record.documents.get(named(state.account)))
    registered, settings = _done(state, Act.REGISTER), workspace.programme.settings
    return DossierFacts(
        programme=settings.title,
        cycle=cycle,
        registered_on=str(registered.effective_on),
        registered_by=person_name(workspace, registered.actor),
        retrospective=state.retrospective,
        frozen_on=str(_done(state, Act.FREEZE).effective_on),
        last_month=frozen.last_month,
        evaluated_on=str(_done(state, Act.EVALUATE).effective_on),
        software=evaluated.software,
        head_seq=told.seq,
        head_hash=told.hash,
        protocol=named(state.protocol_hash),
        definitions=named(state.definitions),
        panel=named(state.panel_identity),
        evaluation=named(state.evaluation),
        appraisal=state.appraisal or "",
        synthetic=settings.synthetic,
        primary_is_proportion=primary.is_proportion,
        primary_numerator_kind=primary.numerator_kind,
        noun=plural(settings.member_noun or settings.site_noun),
        amendments=_amendments(workspace, state),
        decision=_decision(workspace, state),
        sources=account.sources,
        faults=account.faults,
        left_out=account.left_out,
    )


def _done(state: CycleState, act: Act) -> Done:
    done = state.last(act)
    assert done is not None, "an evaluated cycle was registered, frozen and evaluated"
    return done


def _amendments(workspace: Workspace, state: CycleState) -> tuple[AmendmentFact, ...]:
    return tuple(
        AmendmentFact(on=str(a.effective_on), by=_amended_by(workspace, a), changes=a.changes, reason=a.reason)
        for a in state.amendments
    )


def _amended_by(workspace: Workspace, amendment: Amendment) -> str:
    """One person, or two: who proposed it, and who agreed."""
    people = [amendment.proposed_by, amendment.actor] if amendment.proposed_by else [amendment.actor]
    return " and ".join(person_name(workspace, actor) for actor in people)


def _decision(workspace: Workspace, state: CycleState) -> DecisionFact | None:
    made = state.decision
    if made is None:
        return None
    return DecisionFact(
        on=str(made.effective_on),
        by=person_name(workspace, made.actor),
        decision=made.decision,
        reason=made.reason,
        dissent=made.dissent,
    )
