"""Step: an analysis that nobody registered, on the frozen data; it decides nothing and is marked wherever it stands."""

from __future__ import annotations

import json

from enginehouse.core.errors import NotAllowed
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.documents import named
from enginehouse.cycle.evaluate import frozen_panel, frozen_sites
from enginehouse.cycle.register import read_locked
from enginehouse.cycle.trial import trial_on_record
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.evaluation.parallel.results import UnregisteredAnalysis
from enginehouse.evaluation.parallel.unregistered import Question, analyse_unregistered
from enginehouse.governance.stages import Act
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import UnregisteredAnalysed


def analyse(
    workspace: Workspace, cycle: str, question: Question, *, by: Acting, dry_run: bool = False
) -> UnregisteredAnalysis:
    """Answer a question that was not registered. Every one is on the record, whatever it shows."""
    state = authorise(workspace, Act.ANALYSE_UNREGISTERED, cycle, by)
    if not state.is_allocated:
        raise NotAllowed(
            "this cycle allocated nobody; only a trial can be analysed otherwise than registered.",
            where=Act.ANALYSE_UNREGISTERED,
            remedy="Register another cycle with the other question.",
        )
    found = read_locked(workspace, cycle, state)
    result = analyse_unregistered(
        found.protocol,
        named(state.protocol_hash),
        frozen_panel(workspace, state),
        frozen_sites(workspace, state),
        found.indicators,
        trial_on_record(workspace, cycle, state, found),
        question,
    )
    content = json.dumps(result.to_record(), sort_keys=True, allow_nan=False, ensure_ascii=False).encode()
    event = UnregisteredAnalysed(analysis=sha256_hex(content), what=question.title, reason=question.reason.strip())
    if not dry_run:
        record_act(workspace, Act.ANALYSE_UNREGISTERED, event, cycle=cycle, by=by, documents=(content,))
    return result
