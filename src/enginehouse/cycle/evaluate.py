"""Step: run the registered analysis on the frozen panel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from enginehouse import __version__
from enginehouse.core.progress import Progress, silent
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.documents import named
from enginehouse.cycle.register import locked
from enginehouse.cycle.trial import trial_on_record
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.data.sites import SiteRegister, register_from_record
from enginehouse.evaluation.parallel.results import TrialEvaluation
from enginehouse.evaluation.records import AnyEvaluation, any_evaluation_from_record
from enginehouse.evaluation.results import Evaluation
from enginehouse.evaluation.run import evaluate
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState
from enginehouse.governance.visibility import check_may_estimate
from enginehouse.indicators.panel import FrozenPanel, Panel
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import CycleEvaluated
from enginehouse.stats.results import Estimated, NotEstimable


@dataclass(frozen=True, slots=True)
class CanEstimate:
    """Whether one registered effect can be estimated; `why_not` is empty when it can. The effect is not in it."""

    indicator: str
    comparator: str
    why_not: str


def evaluate_cycle(workspace: Workspace, cycle: str, *, by: Acting, progress: Progress = silent) -> AnyEvaluation:
    """Estimate what was registered, and nothing else, from what was frozen."""
    state, result = _estimate(workspace, cycle, by, progress)
    content = json.dumps(result.to_record(), sort_keys=True, allow_nan=False, ensure_ascii=False).encode()
    event = CycleEvaluated(
        evaluation=sha256_hex(content),
        protocol_hash=result.protocol_hash,
        panel=named(state.panel),
        verdict=result.verdict.word,
        software=f"enginehouse {__version__}",
    )
    record_act(workspace, Act.EVALUATE, event, cycle=cycle, by=by, documents=(content,))
    return result


def check_evaluation(
    workspace: Workspace, cycle: str, *, by: Acting, progress: Progress = silent
) -> tuple[CanEstimate, ...]:
    """Run everything, record nothing, and say only what can be estimated.

    Whoever saw the effect before it is on the record could still stop the cycle and leave it unsaid.
    """
    _, result = _estimate(workspace, cycle, by, progress)
    return tuple(CanEstimate(title, against, _why_not(answer)) for title, against, answer in _headlines(result))


def _headlines(result: AnyEvaluation) -> Iterator[tuple[str, str, Estimated]]:
    """Every outcome with every comparison, and the answer to it."""
    if isinstance(result, TrialEvaluation):
        for outcome in result.outcomes:
            for contrast in outcome.contrasts:
                yield outcome.short_title, contrast.title, contrast.effect
    else:
        for measured in result.outcomes:
            for comparison in measured.comparisons:
                yield measured.short_title, comparison.title, comparison.registered_window.with_drift


def _estimate(workspace: Workspace, cycle: str, by: Acting, progress: Progress) -> tuple[CycleState, AnyEvaluation]:
    state = authorise(workspace, Act.EVALUATE, cycle, by)
    check_may_estimate(state)
    registered = locked(workspace, cycle, state)
    panel, sites = frozen_panel(workspace, state), frozen_sites(workspace, state)
    trial = trial_on_record(workspace, cycle, state, registered) if state.is_allocated else None
    return state, evaluate(registered.protocol, panel, sites, registered.indicators, trial=trial, progress=progress)


def _why_not(answer: Estimated) -> str:
    return answer.detail if isinstance(answer, NotEstimable) else ""


def recorded_evaluation(workspace: Workspace, state: CycleState) -> AnyEvaluation:
    """The evaluation that the record names."""
    return any_evaluation_from_record(json.loads(workspace.record.documents.get(named(state.evaluation))))


def recorded_its(workspace: Workspace, state: CycleState) -> Evaluation:
    """The same, where nobody was allocated."""
    found = recorded_evaluation(workspace, state)
    assert isinstance(found, Evaluation), "a cycle without allocation has an evaluation of its kind"
    return found


def recorded_trial(workspace: Workspace, state: CycleState) -> TrialEvaluation:
    """The same, where sites were allocated."""
    found = recorded_evaluation(workspace, state)
    assert isinstance(found, TrialEvaluation), "a cycle with an allocation has an evaluation of its kind"
    return found


def frozen_panel(workspace: Workspace, state: CycleState) -> FrozenPanel:
    """The panel that the freeze fixed, checked against its hash."""
    panel = Panel.from_bytes(workspace.record.documents.get(named(state.panel)))
    return FrozenPanel(panel, named(state.panel_identity), named(state.protocol_hash))


def frozen_sites(workspace: Workspace, state: CycleState) -> SiteRegister:
    """The register of sites as it was frozen."""
    return register_from_record(json.loads(workspace.record.documents.get(named(state.sites))))
