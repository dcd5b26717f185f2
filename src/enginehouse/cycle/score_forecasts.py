"""Step: hold the signatories' forecasts against the result; and how forecasts have done across cycles."""

from __future__ import annotations

import json
from dataclasses import dataclass

from enginehouse.core.errors import NotAllowed
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.contract import signed_contract
from enginehouse.cycle.documents import named
from enginehouse.cycle.evaluate import recorded_evaluation
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.evidence.forecasts import calibration, score_forecasts
from enginehouse.evidence.results import Calibration, ForecastScores, forecast_scores_from_record
from enginehouse.governance.stages import Act
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import ForecastsScored


@dataclass(frozen=True, slots=True)
class ScoredForecasts:
    """The scores of this cycle, and of all cycles so far together."""

    scores: ForecastScores
    calibration: Calibration


def score_cycle(workspace: Workspace, cycle: str, *, by: Acting, dry_run: bool = False) -> ScoredForecasts:
    """Score what each signatory expected before the allocation."""
    state = authorise(workspace, Act.SCORE_FORECASTS, cycle, by)
    contract = signed_contract(workspace, state)
    if contract is None:
        raise NotAllowed("nobody gave a forecast.", where=cycle, remedy="Forecasts come with the decision contract.")
    evaluation = recorded_evaluation(workspace, state)
    scores = score_forecasts(
        contract.forecasts,
        cycle=cycle,
        summary=evaluation.summary,
        estimate=evaluation.headline,
        verdict=evaluation.verdict.word,
    )
    content = json.dumps(scores.to_record(), sort_keys=True, allow_nan=False, ensure_ascii=False).encode()
    event = ForecastsScored(scores=sha256_hex(content), evaluation=named(state.evaluation))
    if not dry_run:
        record_act(workspace, Act.SCORE_FORECASTS, event, cycle=cycle, by=by, documents=(content,))
    return ScoredForecasts(scores, calibration((*recorded_scores(workspace), scores)))


def recorded_scores(workspace: Workspace) -> tuple[ForecastScores, ...]:
    """The scores of every cycle that has any, in the order of the record."""
    return tuple(
        forecast_scores_from_record(json.loads(workspace.record.documents.get(event.payload.scores)))
        for event in workspace.record.store.events()
        if isinstance(event.payload, ForecastsScored)
    )
