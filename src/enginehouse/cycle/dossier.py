"""Step: write the whole record of an evaluated cycle as one document, from the record and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from enginehouse.core.errors import NotAllowed
from enginehouse.core.files import write_whole
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.appraise import recorded_appraisal
from enginehouse.cycle.dossier_facts import dossier_facts
from enginehouse.cycle.evaluate import recorded_its
from enginehouse.cycle.pages import TIMELINE, dossier_pages, pages_beside, write_page
from enginehouse.cycle.register import read_locked
from enginehouse.cycle.timeline import write_timeline
from enginehouse.cycle.trial_basis import trial_basis
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.economics.appraise import Appraisal
from enginehouse.governance.policies import next_step
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState
from enginehouse.governance.visibility import DocumentKind, check_may_read
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.event import Event
from enginehouse.ledger.events import DossierWritten
from enginehouse.reports.content import Document
from enginehouse.reports.dossier import dossier_document
from enginehouse.reports.html import render_html
from enginehouse.reports.pdf import render_pdf
from enginehouse.reports.trial_dossier import trial_dossier_of
from enginehouse.reports.trial_sections.basis import TrialBasis

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
        write_whole(written.pdf, pdf)
        write_page(workspace, written.html, html)
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
    facts = dossier_facts(workspace, cycle, state, events, _told(events), found.indicators[found.protocol.indicator])
    pages = _beside(workspace, cycle)
    if state.is_allocated:
        return trial_dossier_of(trial_basis(workspace, cycle, state, found, facts, pages=pages))
    appraisal = recorded_appraisal(workspace, state)
    return dossier_document(
        protocol=found.protocol,
        evaluation=recorded_its(workspace, state),
        appraisal=appraisal if isinstance(appraisal, Appraisal) else None,
        facts=facts,
        pages=pages,
    )


def _beside(workspace: Workspace, cycle: str) -> dict[str, str]:
    """What is written with it is linked, and what is written after it is not, so that a first and a second dossier of
    one record are the same.
    """
    found = pages_beside(workspace, "dossier", cycle=cycle)
    earlier = {kind: file for kind, file in found.items() if kind not in ("board", "board-pdf")}
    return earlier | {"pdf": dossier_pages(cycle)["pdf"], "timeline": TIMELINE}


def basis_of(workspace: Workspace, cycle: str, *, by: Acting) -> TrialBasis:
    """What the pages of an evaluated trial are written from."""
    state = authorise(workspace, Act.WRITE_DOSSIER, cycle, by)
    _check_readable(workspace, cycle, state, by)
    events = list(workspace.record.store.events(cycle=cycle))
    found = read_locked(workspace, cycle, state)
    facts = dossier_facts(workspace, cycle, state, events, _told(events), found.indicators[found.protocol.indicator])
    return trial_basis(workspace, cycle, state, found, facts)


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
