"""Step: write the whole record of an evaluated cycle as one document, from the record and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from enginehouse.core.files import write_whole
from enginehouse.cycle.act import authorise
from enginehouse.cycle.appraise import recorded_appraisal
from enginehouse.cycle.evaluate import named, recorded_evaluation
from enginehouse.cycle.register import read_locked
from enginehouse.cycle.sources import source_facts
from enginehouse.cycle.workspace import Acting, Workspace, person_name
from enginehouse.data.checks import check_data
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState, Done
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.event import Event
from enginehouse.ledger.events import CycleEvaluated, DataFrozen, DossierWritten, PanelBuilt
from enginehouse.programme.indicator import Indicator
from enginehouse.reports.dossier import dossier_document
from enginehouse.reports.effects import plural
from enginehouse.reports.facts import AmendmentFact, DecisionFact, DossierFacts, FaultFact, SourceFact
from enginehouse.reports.html import render_html
from enginehouse.reports.pdf import render_pdf


@dataclass(frozen=True, slots=True)
class WrittenDossier:
    """Where the dossier is."""

    html: Path
    pdf: Path


def write_dossier(workspace: Workspace, cycle: str, *, by: Acting) -> WrittenDossier:
    """Write the dossier into the output folder, and its hashes into the record."""
    state = authorise(workspace, Act.WRITE_DOSSIER, cycle, by)
    events = list(workspace.record.store.events(cycle=cycle))
    found = read_locked(workspace, cycle, state)
    document = dossier_document(
        protocol=found.protocol,
        evaluation=recorded_evaluation(workspace, state),
        appraisal=recorded_appraisal(workspace, state),
        facts=_facts(workspace, cycle, state, events, found.indicators[found.protocol.indicator]),
    )
    html, pdf = render_html(document), render_pdf(document)
    written = WrittenDossier(workspace.output / f"{cycle}-dossier.html", workspace.output / f"{cycle}-dossier.pdf")
    write_whole(written.html, html)
    write_whole(written.pdf, pdf)
    head = workspace.record.store.head()
    payload = DossierWritten(html=sha256_hex(html), pdf=sha256_hex(pdf), head=head.hash)
    workspace.record.record(payload, actor=by.actor, effective_on=by.on, cycle=cycle, documents=(html, pdf))
    return written


def _facts(
    workspace: Workspace, cycle: str, state: CycleState, events: Sequence[Event], primary: Indicator
) -> DossierFacts:
    # The head of the last event that the dossier tells of: writing the dossier again does not move it.
    told = [event for event in events if not isinstance(event.payload, DossierWritten)][-1]
    frozen = next(event.payload for event in events if isinstance(event.payload, DataFrozen))
    evaluated = next(event.payload for event in events if isinstance(event.payload, CycleEvaluated))
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
        sources=_sources(workspace, frozen),
        faults=_faults(workspace),
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


def _sources(workspace: Workspace, frozen: DataFrozen) -> tuple[SourceFact, ...]:
    """The snapshots of the panel that was frozen, by the event that built it."""
    built = [e.payload for e in workspace.record.store.events() if isinstance(e.payload, PanelBuilt)]
    ids = next((b.snapshots for b in reversed(built) if b.last_month == frozen.last_month), ())
    return source_facts(workspace, only=ids)


def _faults(workspace: Workspace) -> tuple[FaultFact, ...]:
    quality = check_data(workspace.warehouse, workspace.programme.settings)
    return tuple(
        FaultFact(severity=str(f.severity), source=f.source, what=f.what, count=f.count, remedy=f.remedy)
        for f in quality.findings
    )
