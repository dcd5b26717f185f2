"""Step: run the registered analysis on the frozen panel."""

from __future__ import annotations

import json

from enginehouse import __version__
from enginehouse.core.errors import IntegrityError
from enginehouse.core.progress import Progress, silent
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.register import locked
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.data.sites import SiteRegister, register_from_record
from enginehouse.evaluation.results import Evaluation, evaluation_from_record
from enginehouse.evaluation.run import evaluate
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState
from enginehouse.governance.visibility import check_may_estimate
from enginehouse.indicators.panel import FrozenPanel, Panel
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import CycleEvaluated


def evaluate_cycle(
    workspace: Workspace, cycle: str, *, by: Acting, progress: Progress = silent, dry_run: bool = False
) -> Evaluation:
    """Estimate what was registered, and nothing else, from what was frozen."""
    state = authorise(workspace, Act.EVALUATE, cycle, by)
    check_may_estimate(state)
    registered = locked(workspace, cycle, state)
    result = evaluate(
        registered.protocol,
        frozen_panel(workspace, state),
        frozen_sites(workspace, state),
        registered.indicators,
        progress=progress,
    )
    content = json.dumps(result.to_record(), sort_keys=True, allow_nan=False, ensure_ascii=False).encode()
    event = CycleEvaluated(
        evaluation=sha256_hex(content),
        protocol_hash=registered.protocol_hash,
        panel=named(state.panel),
        verdict=result.verdict.word,
        software=f"enginehouse {__version__}",
    )
    if not dry_run:
        record_act(workspace, Act.EVALUATE, event, cycle=cycle, by=by, documents=(content,))
    return result


def recorded_evaluation(workspace: Workspace, state: CycleState) -> Evaluation:
    """The evaluation that the record names."""
    return evaluation_from_record(json.loads(workspace.record.documents.get(named(state.evaluation))))


def frozen_panel(workspace: Workspace, state: CycleState) -> FrozenPanel:
    panel = Panel.from_bytes(workspace.record.documents.get(named(state.panel)))
    return FrozenPanel(panel, named(state.panel_identity), named(state.protocol_hash))


def frozen_sites(workspace: Workspace, state: CycleState) -> SiteRegister:
    return register_from_record(json.loads(workspace.record.documents.get(named(state.sites))))


def named(document: str | None) -> str:
    if document is None:
        raise IntegrityError(
            "the record names no such document for this cycle.", remedy="Run: enginehouse ledger verify."
        )
    return document
