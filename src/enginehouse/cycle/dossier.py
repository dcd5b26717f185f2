"""Step: write the whole record of an evaluated cycle as one document, from the record and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from enginehouse.core.errors import NotAllowed
from enginehouse.core.files import write_whole
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.appraise import recorded_appraisal
from enginehouse.cycle.data_account import account_from_document
from enginehouse.cycle.evaluate import named, recorded_evaluation
from enginehouse.cycle.pages import TIMELINE, dossier_pages, pages_beside
from enginehouse.cycle.register import read_locked
from enginehouse.cycle.timeline import write_timeline
from enginehouse.cycle.workspace import Acting, Workspace, person_name
from enginehouse.governance.policies import next_step
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState, Done
from enginehouse.governance.visibility import DocumentKind, check_may_read
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.event import Event
from enginehouse.ledger.events import CycleEvaluated, DataFrozen, DossierWritten
from enginehouse.programme.indicator import Indicator
from enginehouse.reports.content import Document
from enginehouse.reports.dossier import dossier_document
from enginehouse.reports.effects import plural
from enginehouse.reports.facts import AmendmentFact, DecisionFact, DossierFacts
from enginehouse.reports.html import render_html
from enginehouse.reports.pdf import render_pdf

_TOLD = (DocumentKind.EVALUATION, DocumentKind.APPRAISAL, DocumentKind.DOSSIER)


@dataclass(frozen=True, slots=True)
class WrittenDossier:
    """Where the dossier is, and what it says; `is_new` when the record named no dossier with these very bytes yet."""

    html: Path
    pdf: Path
    document: Document
    is_new: bool


def write_dossier(workspace: Workspace, cycle: str, *, by: Acting, dry_run: bool = False) -> WrittenDossier:
    """Write the dossier and the timeline that it links into the output folder, and its hashes into the record."""
    document = dossier_of(workspace, cycle, by=by)
    html, pdf = render_html(document), render_pdf(document)
    events = list(workspace.record.store.events(cycle=cycle))
    payload = DossierWritten(html=sha256_hex(html), pdf=sha256_hex(pdf), head=_told(events).hash)
    is_new = all(event.payload != payload for event in events)
    page, paper = (workspace.output / name for name in dossier_pages(cycle).values())
    written = WrittenDossier(page, paper, document, is_new)
    if not dry_run:
        write_whole(written.html, html)
        write_whole(written.pdf, pdf)
        if is_new:
            record_act(workspace, Act.WRITE_DOSSIER, payload, cycle=cycle, by=by, documents=(html, pdf))
        write_timeline(workspace)
    return written


def dossier_of(workspace: Workspace, cycle: str, *, by: Acting) -> Document:
    """What the dossier says, from the record as it stands; nothing is written."""
    state = authorise(workspace, Act.WRITE_DOSSIER, cycle, by)
    _check_readable(workspace, cycle, state, by)
    events = list(workspace.record.store.events(cycle=cycle))
    found = read_locked(workspace, cycle, state)
    return dossier_document(
        protocol=found.protocol,
        evaluation=recorded_evaluation(workspace, state),
        appraisal=recorded_appraisal(workspace, state),
        facts=_facts(workspace, cycle, state, events, _told(events), found.indicators[found.protocol.indicator]),
        # Written with it, so that a first and a second dossier of one record are the same.
        pages=pages_beside(workspace, "dossier", cycle=cycle)
        | {"pdf": dossier_pages(cycle)["pdf"], "timeline": TIMELINE},
    )


def _told(events: Sequence[Event]) -> Event:
    """The last event that the dossier tells of: writing the dossier again does not move it."""
    return [event for event in events if not isinstance(event.payload, DossierWritten)][-1]


def _check_readable(workspace: Workspace, cycle: str, state: CycleState, by: Acting) -> None:
    if state.evaluation is None:
        raise NotAllowed(
            f"The cycle is {state.stage.words}: there is no result for a dossier to tell.",
            where=Act.WRITE_DOSSIER,
            remedy=next_step(state, design=workspace.protocol(cycle).design.type),
        )
    for document in _TOLD:
        check_may_read(document, state=state, person=by.person)


def _facts(
    workspace: Workspace,
    cycle: str,
    state: CycleState,
    events: Sequence[Event],
    told: Event,
    primary: Indicator,
) -> DossierFacts:
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
        AmendmentFact(on=str(a.effective_on), by=person_name(workspace, a.actor), changes=a.changes, reason=a.reason)
        for a in state.amendments
    )


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
