"""The evidence library of a programme, from its files and its record; and the step that posts a result to it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.documents import named
from enginehouse.cycle.evaluate import recorded_evaluation
from enginehouse.cycle.register import read_locked
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.evidence.posting import Posting, studied, study_from_evaluation
from enginehouse.evidence.studies import Library, LibraryStudy, study_from_record
from enginehouse.governance.stages import Act
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import DataFrozen, EvidencePosted


@dataclass(frozen=True, slots=True)
class PostedEvidence:
    """The event and the study that it names."""

    event: EvidencePosted
    study: LibraryStudy


def library_of(workspace: Workspace) -> Library:
    """Every study of the programme's files, and every own result that was posted."""
    posted = [
        study_from_record(json.loads(workspace.record.documents.get(event.payload.study)))
        for event in workspace.record.store.events()
        if isinstance(event.payload, EvidencePosted)
    ]
    return Library.of(workspace.programme.studies, posted)


def post_evidence(workspace: Workspace, cycle: str, *, by: Acting, dry_run: bool = False) -> PostedEvidence:
    """Put the registered result into the library, whatever it says: a null result counts like any other."""
    state = authorise(workspace, Act.POST_EVIDENCE, cycle, by)
    found = read_locked(workspace, cycle, state)
    strategy, over = studied(found.protocol)
    frozen = next(
        event.payload for event in workspace.record.store.events(cycle=cycle) if isinstance(event.payload, DataFrozen)
    )
    posting = Posting(
        cycle=cycle,
        posted_on=by.on,
        evaluation=named(state.evaluation),
        strategy=strategy,
        over=over,
        setting=workspace.programme.settings.title,
        last_month=min(frozen.last_month, str(found.protocol.design.follow_up.last)),
        components=tuple(found.strategies[strategy].components) if strategy in found.strategies else (),
    )
    study = study_from_evaluation(recorded_evaluation(workspace, state), posting)
    content = json.dumps(study.to_record(), sort_keys=True, allow_nan=False, ensure_ascii=False).encode()
    event = EvidencePosted(study=sha256_hex(content), evaluation=posting.evaluation)
    if not dry_run:
        record_act(workspace, Act.POST_EVIDENCE, event, cycle=cycle, by=by, documents=(content,))
    return PostedEvidence(event, study)
