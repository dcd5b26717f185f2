"""A registered look, by arm, at what must not get worse, before the end: the registered estimator on the months so far.

The primary outcome is never in it: it takes a panel of the balancing indicators alone. Who may look, and when, is
decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from enginehouse import __version__
from enginehouse.core.errors import UserError
from enginehouse.core.months import Month
from enginehouse.data.sites import SiteRegister
from enginehouse.evaluation.parallel.analysis import check_method
from enginehouse.evaluation.parallel.context import TrialContext, gather_trial
from enginehouse.evaluation.parallel.inputs import AllocatedTrial
from enginehouse.evaluation.parallel.outcome_results import ContrastResult, TrialOutcome
from enginehouse.evaluation.parallel.outcomes import trial_outcome
from enginehouse.evaluation.results import OutcomeRole
from enginehouse.evaluation.roles import check_definitions
from enginehouse.evaluation.wording import effect_words
from enginehouse.indicators.panel import HarmsPanel
from enginehouse.ledger.canonical import canonical_json, sha256_hex
from enginehouse.programme.enums import Direction, Window
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol
from enginehouse.stats.records import from_plain, to_plain
from enginehouse.stats.results import Estimate, NotEstimable


class HarmWord(StrEnum):
    """What a look says of one indicator and one pair of arms."""

    WORSE = "worse"
    NO_SIGN = "no sign of harm"
    BETTER = "better"
    CANNOT_BE_ESTIMATED = "cannot be estimated"


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmFinding:
    """One indicator, one registered contrast: the word, and the finding as a sentence.

    The word is `worse` only when the 95% interval lies wholly on the bad side of no difference. It is a ratio or a
    difference as registered; the estimate is in the outcome of the same name.
    """

    indicator: str
    arm: str
    over: str
    word: HarmWord
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmsReport:
    """What one registered look at harms found.

    Attributes
    ----------
    last_month
        The last month of data, as registered (YYYY-MM).
    follow_up_months
        How many months of follow-up that makes.
    registered_looks
        Every look of the protocol, in its order: chance alone has as many occasions to raise an alarm.
    arms
        Arm and what pages call it.
    outcomes
        The balancing indicators: arms before any model, contrasts, with the window from the start to `last_month`.
    findings
        One for each outcome and contrast.
    """

    title: str
    last_month: str
    starts: str
    baseline_months: int
    follow_up_months: int
    registered_looks: tuple[str, ...]
    method: str
    arms: Mapping[str, str]
    outcomes: tuple[TrialOutcome, ...]
    findings: tuple[HarmFinding, ...]
    protocol_hash: str
    panel_identity: str
    allocation_hash: str
    software: str

    @property
    def worse(self) -> tuple[HarmFinding, ...]:
        """What somebody has to act on."""
        return tuple(finding for finding in self.findings if finding.word is HarmWord.WORSE)

    def outcome(self, indicator: str) -> TrialOutcome:
        return next(outcome for outcome in self.outcomes if outcome.indicator == indicator)

    def contrast(self, finding: HarmFinding) -> ContrastResult:
        """The estimate behind a finding."""
        contrasts = self.outcome(finding.indicator).contrasts
        return next(each for each in contrasts if (each.arm, each.over) == (finding.arm, finding.over))

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `harms_from_record` is the inverse."""
        record: dict[str, Any] = to_plain(self)
        return record


def harms_from_record(record: Mapping[str, Any]) -> HarmsReport:
    """Read back what `HarmsReport.to_record` wrote."""
    found: HarmsReport = from_plain(HarmsReport, record)
    return found


def look_at_harms(
    protocol: Protocol,
    protocol_hash: str,
    panel: HarmsPanel,
    sites: SiteRegister,
    indicators: Mapping[str, Indicator],
    trial: AllocatedTrial,
) -> HarmsReport:
    """The effect on every balancing indicator in the months so far, with its 95% interval and a finding in words.

    Parameters
    ----------
    protocol
        With the look among `analysis.harm_looks`.
    panel
        The balancing indicators up to the look's month.
    sites, indicators, trial
        As for the evaluation.

    Returns
    -------
    HarmsReport

    Raises
    ------
    UserError
        The look is not registered, the panel holds other indicators than the balancing ones, or the method does not
        fit the estimand.

    Notes
    -----
    Method, scale, adjustment and contrasts are the registered ones; the window is every month of follow-up so far,
    whatever the registered window is. Intervals are at 95% for each look and indicator: nothing is adjusted for how
    many there are, so that harm is not overlooked; a page says how many there are.
    """
    _check(protocol, panel)
    check_method(protocol)
    check_definitions(protocol.balancing, indicators)
    so_far = up_to(protocol, panel.last)
    context = gather_trial(so_far, protocol_hash, panel, sites, indicators, trial, protocol.balancing)
    outcomes = tuple(trial_outcome(context, name, OutcomeRole.BALANCING) for name in protocol.balancing)
    return HarmsReport(
        title=protocol.title,
        last_month=str(panel.last),
        starts=str(protocol.design.starts),
        baseline_months=protocol.design.baseline_months,
        follow_up_months=so_far.design.follow_up_months,
        registered_looks=tuple(str(month) for month in protocol.analysis.harm_looks),
        method=protocol.analysis.primary.value,
        arms={arm: context.arm_title(arm) for arm in context.arms},
        outcomes=outcomes,
        findings=tuple(_finding(context, outcome, each) for outcome in outcomes for each in outcome.contrasts),
        protocol_hash=protocol_hash,
        panel_identity=panel.panel.identity,
        allocation_hash=sha256_hex(canonical_json(trial.allocation.to_record())),
        software=f"enginehouse {__version__}",
    )


def up_to(protocol: Protocol, last: Month) -> Protocol:
    """The protocol as if its follow-up ended with `last`, with every month of it in the window."""
    design = protocol.design.model_copy(update={"follow_up_months": last - protocol.design.starts + 1})
    estimand = protocol.estimand.model_copy(update={"window": Window.FOLLOW_UP})
    return protocol.model_copy(update={"design": design, "estimand": estimand})


def word_of(contrast: ContrastResult, direction: Direction) -> HarmWord:
    """The word of one contrast: the side of no difference on which the whole 95% interval lies, if it does."""
    effect = contrast.effect
    if isinstance(effect, NotEstimable):
        return HarmWord.CANNOT_BE_ESTIMATED
    interval = effect.interval(0.95)  # of a log ratio or a difference: 0 is no difference
    if interval.low <= 0 <= interval.high:
        return HarmWord.NO_SIGN
    rises = interval.low > 0
    return HarmWord.WORSE if rises == (direction is Direction.LOWER_IS_BETTER) else HarmWord.BETTER


def _finding(context: TrialContext, outcome: TrialOutcome, contrast: ContrastResult) -> HarmFinding:
    word = word_of(contrast, outcome.direction)
    words = {
        "arm": context.arm_title(contrast.arm),
        "over": context.arm_title(contrast.over),
        "outcome": outcome.short_title,
        "effect": effect_words(_scaled(contrast, outcome)),
    }
    sentence = _SENTENCES[word].format(**words)
    return HarmFinding(indicator=outcome.indicator, arm=contrast.arm, over=contrast.over, word=word, sentence=sentence)


def _scaled(contrast: ContrastResult, outcome: TrialOutcome) -> Estimate | NotEstimable:
    """A difference as the indicator is shown; a ratio as it is."""
    effect = contrast.effect
    if isinstance(effect, Estimate) and effect.scale == "difference":
        return replace(effect, value=effect.value * outcome.scale, std_error=effect.std_error * outcome.scale)
    return effect


_SENTENCES: Mapping[HarmWord, str] = {
    HarmWord.WORSE: "Worse in {arm}: act. {outcome}, compared with {over}: {effect}.",
    HarmWord.NO_SIGN: "{outcome} in {arm} compared with {over}: nothing that chance would not give, {effect}.",
    HarmWord.BETTER: "{outcome} in {arm} compared with {over}: no harm, it moved the good way, {effect}.",
    HarmWord.CANNOT_BE_ESTIMATED: "{outcome} in {arm} compared with {over}: {effect}.",
}


def _check(protocol: Protocol, panel: HarmsPanel) -> None:
    looks = protocol.analysis.harm_looks
    if panel.last not in looks:
        known = ", ".join(str(month) for month in looks) or "none"
        raise UserError(
            f"got a look at the data up to {panel.last}; the registered looks are: {known}.",
            where="analysis.harm_looks",
            remedy="Only registered looks compare arms before the end.",
        )
    if set(panel.indicators) != set(protocol.balancing) or protocol.indicator in panel.indicators:
        raise UserError(
            f"got a panel of {', '.join(panel.indicators) or 'nothing'}; a look takes the balancing indicators alone: "
            f"{', '.join(protocol.balancing)}.",
            where="panel",
            remedy="Leave everything else out of it, the primary outcome above all.",
        )
