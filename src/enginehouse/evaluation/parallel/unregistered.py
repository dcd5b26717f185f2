"""An analysis that nobody registered, on the same frozen data. It decides nothing, and carries its mark everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from enginehouse import __version__
from enginehouse.core.errors import UserError
from enginehouse.data.sites import SiteRegister
from enginehouse.evaluation.estimand import SCALES
from enginehouse.evaluation.parallel.analysis import AVERAGES, RegisteredAnalysis, in_window
from enginehouse.evaluation.parallel.context import OutcomeData, TrialContext
from enginehouse.evaluation.parallel.groups import trial_subgroups
from enginehouse.evaluation.parallel.inputs import AllocatedTrial
from enginehouse.evaluation.parallel.results import UnregisteredAnalysis
from enginehouse.evaluation.parallel.run import trial_context
from enginehouse.evaluation.roles import outcome_roles
from enginehouse.indicators.panel import FrozenPanel
from enginehouse.programme.enums import Method, Summary, Window
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.trial import Contrast

MARK = "Not registered: chosen after the data could be seen. It decides nothing."


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked beyond the protocol; whatever is None stays as registered.

    `asked_by` and `reason` are printed with the answer. `subgroups` are attributes, as in a protocol.
    """

    title: str
    asked_by: str
    reason: str
    indicator: str | None = None
    method: Method | None = None
    summary: Summary | None = None
    window: Window | None = None
    contrast: Contrast | None = None
    subgroups: tuple[str, ...] = ()


def analyse_unregistered(
    protocol: Protocol,
    protocol_hash: str,
    panel: FrozenPanel,
    sites: SiteRegister,
    indicators: Mapping[str, Indicator],
    trial: AllocatedTrial,
    question: Question,
) -> UnregisteredAnalysis:
    """Another method, window, summary, outcome, contrast or subgroup on the frozen data, marked as unregistered.

    Raises
    ------
    UserError
        The question gives no reason, or names an outcome, an arm or a method that this trial does not have.
    """
    _check(protocol, question)
    context = trial_context(protocol, protocol_hash, panel, sites, indicators, trial)
    name = question.indicator or protocol.indicator
    method = question.method or protocol.analysis.primary
    summary = question.summary or protocol.estimand.summary
    window = question.window or protocol.estimand.window
    contrast = question.contrast or protocol.contrasts[0]
    analysis = RegisteredAnalysis(method, SCALES[summary], window, contrast.arm, contrast.over)
    return UnregisteredAnalysis(
        title=question.title,
        asked_by=question.asked_by,
        reason=question.reason,
        indicator=name,
        method=method.value,
        average=AVERAGES[method],
        summary=summary,
        window=window,
        arm=contrast.arm,
        over=contrast.over,
        effect=analysis(context.data[name].whole),
        subgroups=trial_subgroups(_turned(context, name, summary, window), question.subgroups, contrast),
        protocol_hash=protocol_hash,
        panel_identity=panel.frozen_as,
        software=f"enginehouse {__version__}",
        mark=MARK,
    )


def _turned(context: TrialContext, indicator: str, summary: Summary, window: Window) -> TrialContext:
    """The context as if the question had been registered."""
    estimand = context.protocol.estimand.model_copy(update={"summary": summary, "window": window})
    protocol = context.protocol.model_copy(update={"indicator": indicator, "estimand": estimand})
    data = {
        name: OutcomeData(found.whole, in_window(found.whole, window), found.account)
        for name, found in context.data.items()
    }
    return replace(context, protocol=protocol, data=data)


def _check(protocol: Protocol, question: Question) -> None:
    measured = tuple(outcome_roles(protocol))
    if not question.reason.strip():
        raise UserError(
            "an unregistered analysis needs a reason.", where="reason", remedy="Say why it is asked for, now."
        )
    if question.indicator is not None and question.indicator not in measured:
        raise UserError(
            f"got the indicator '{question.indicator}', which was not frozen with this trial.",
            where="indicator",
            remedy=f"Choose from: {', '.join(measured)}.",
        )
    if question.method is not None and question.method not in AVERAGES:
        raise UserError(
            f"got the method '{question.method}' for sites that were allocated at random.",
            where="method",
            remedy=f"Choose from: {', '.join(AVERAGES)}.",
        )
    arms = {question.contrast.arm, question.contrast.over} if question.contrast else set()
    if arms - set(protocol.arms) or len(arms) == 1:
        raise UserError(
            f"got the contrast {' and '.join(sorted(arms))}.",
            where="contrast",
            remedy=f"Choose two of: {', '.join(protocol.arms)}.",
        )
