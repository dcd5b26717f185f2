"""Run what was registered and nothing else: a frozen panel and a locked protocol in, an `Evaluation` out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import overload

from enginehouse.core.errors import NotAllowed, UserError
from enginehouse.core.progress import Progress, silent
from enginehouse.data.sites import SiteRegister
from enginehouse.evaluation.controlled_run import evaluate_controlled_its
from enginehouse.evaluation.parallel.inputs import AllocatedTrial
from enginehouse.evaluation.parallel.results import TrialEvaluation
from enginehouse.evaluation.parallel.run import evaluate_trial
from enginehouse.evaluation.records import AnyEvaluation
from enginehouse.evaluation.results import Evaluation
from enginehouse.indicators.panel import FrozenPanel
from enginehouse.programme.enums import DesignType, Method
from enginehouse.programme.hashing import definition_hash
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol


@overload
def evaluate(
    protocol: Protocol,
    panel: FrozenPanel,
    sites: SiteRegister,
    indicators: Mapping[str, Indicator],
    *,
    trial: None = None,
    progress: Progress = silent,
) -> Evaluation: ...
@overload
def evaluate(
    protocol: Protocol,
    panel: FrozenPanel,
    sites: SiteRegister,
    indicators: Mapping[str, Indicator],
    *,
    trial: AllocatedTrial,
    progress: Progress = silent,
) -> TrialEvaluation: ...
@overload
def evaluate(
    protocol: Protocol,
    panel: FrozenPanel,
    sites: SiteRegister,
    indicators: Mapping[str, Indicator],
    *,
    trial: AllocatedTrial | None,
    progress: Progress = silent,
) -> AnyEvaluation: ...
def evaluate(
    protocol: Protocol,
    panel: FrozenPanel,
    sites: SiteRegister,
    indicators: Mapping[str, Indicator],
    *,
    trial: AllocatedTrial | None = None,
    progress: Progress = silent,
) -> AnyEvaluation:
    """The registered analysis of one cycle: estimates, checks and a verdict.

    Parameters
    ----------
    protocol
        As it was locked.
    panel
        The panel that the freeze names; its `protocol_hash` must be this protocol's.
    sites
        The register as it was frozen.
    indicators
        The locked definitions by id, at least those of the protocol.
    trial
        With random allocation: who was allocated to what, and what reached whom.
    progress
        Told what is being estimated.

    Returns
    -------
    Evaluation or TrialEvaluation
        The second with random allocation.

    Raises
    ------
    NotAllowed
        The panel is not frozen, or was frozen for another protocol.
    UserError
        An arm has no sites, an indicator is missing from panel or definitions, or a month is; a trial without its
        allocation, or an allocation without a trial.

    Notes
    -----
    Without random allocation the headline of every outcome carries the drift between areas (total se^2 = se^2 +
    tau^2). Nothing that was not registered is estimated, except what the model itself shows (both windows, other
    standard errors, both scales).
    """
    protocol_hash = check_frozen(protocol, panel)
    _check_design(protocol, trial)
    return METHODS[protocol.analysis.primary](protocol, protocol_hash, panel, sites, indicators, trial, progress)


def check_frozen(protocol: Protocol, panel: FrozenPanel) -> str:
    """The protocol's hash, if the panel was frozen for it.

    Raises
    ------
    NotAllowed
        The panel is not frozen, or was frozen for another protocol.
    """
    if not isinstance(panel, FrozenPanel):
        raise NotAllowed(
            "the panel is not frozen.", where="evaluate", remedy="Freeze it first: enginehouse freeze <cycle>."
        )
    expected = definition_hash(protocol)
    if panel.protocol_hash != expected:
        raise NotAllowed(
            f"the panel was frozen for protocol {panel.protocol_hash[:12]}, and this protocol is {expected[:12]}.",
            where="evaluate",
            remedy="The protocol changed after it was locked: restore it, or record an amendment and freeze again.",
        )
    return expected


def evaluate_parallel(
    protocol: Protocol,
    protocol_hash: str,
    panel: FrozenPanel,
    sites: SiteRegister,
    indicators: Mapping[str, Indicator],
    trial: AllocatedTrial | None,
    progress: Progress,
) -> TrialEvaluation:
    """Sites as they were allocated, by estimating equations or by a mixed model."""
    assert trial is not None  # `_check_design` has refused a trial without its allocation
    return evaluate_trial(protocol, protocol_hash, panel, sites, indicators, trial, progress)


type Run = Callable[
    [Protocol, str, FrozenPanel, SiteRegister, Mapping[str, Indicator], AllocatedTrial | None, Progress], AnyEvaluation
]
METHODS: Mapping[Method, Run] = {
    Method.ARM_DIFFERENCE_AR1: evaluate_controlled_its,
    Method.INDEPENDENCE_GEE: evaluate_parallel,
    Method.SITE_MIXED_MODEL: evaluate_parallel,
}
DESIGNS: Mapping[Method, frozenset[DesignType]] = {
    Method.ARM_DIFFERENCE_AR1: frozenset({DesignType.CONTROLLED_ITS}),
    Method.INDEPENDENCE_GEE: frozenset({DesignType.PARALLEL}),
    Method.SITE_MIXED_MODEL: frozenset({DesignType.PARALLEL}),
}


def _check_design(protocol: Protocol, trial: AllocatedTrial | None) -> None:
    allowed, design = DESIGNS[protocol.analysis.primary], protocol.design.type
    if design not in allowed:
        raise UserError(
            f"got the method '{protocol.analysis.primary}' for a design of type '{design}'.",
            where="protocol.yaml  analysis.primary",
            remedy=f"It analyses: {', '.join(sorted(allowed))}.",
        )
    if (trial is not None) != (design.is_randomised):
        got = "no allocation for" if trial is None else "an allocation for"
        raise UserError(
            f"got {got} a design of type '{design}'.",
            where="evaluate",
            remedy="A design with random allocation is evaluated with what was allocated, and no other design is.",
        )
    if trial is None and protocol.estimand.opt_outs == "excluded":
        raise UserError(
            "got 'excluded' for opt-outs, and no list of them comes with this design.",
            where="protocol.yaml  estimand.opt_outs",
            remedy="Register 'none', or 'kept-where-data-allow'.",
        )
