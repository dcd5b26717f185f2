"""What every section of a dossier is written from, and the few phrases that several of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from enginehouse.economics.appraise import Appraisal
from enginehouse.evaluation.results import Comparison, Evaluation, OutcomeResult, PlaceboSet, WindowResult
from enginehouse.programme.enums import Summary, Window
from enginehouse.programme.protocol import Protocol
from enginehouse.reports import format as fmt
from enginehouse.reports.facts import DossierFacts
from enginehouse.reports.messages import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The locked protocol, its evaluation, its appraisal if there is one, the facts of the record, the pages beside."""

    protocol: Protocol
    evaluation: Evaluation
    appraisal: Appraisal | None
    facts: DossierFacts
    pages: Mapping[str, str] = field(default_factory=dict)

    @property
    def primary(self) -> OutcomeResult:
        return self.evaluation.primary

    @property
    def comparison(self) -> Comparison:
        return self.primary.registered

    @property
    def result(self) -> WindowResult:
        return self.comparison.registered_window

    @property
    def placebo(self) -> PlaceboSet | None:
        return self.result.placebo

    @property
    def is_ratio(self) -> bool:
        return self.evaluation.summary is Summary.RATIO

    @property
    def scale(self) -> int:
        """What a difference is multiplied by for display; a ratio has no scale."""
        return self.primary.scale

    @property
    def window(self) -> str:
        return window_words(self.protocol, self.result.window)


def window_words(protocol: Protocol, window: Window) -> str:
    """The months of a window, inclusive."""
    period = protocol.design.follow_up
    if window is Window.LAST_MONTH:
        return say("dossier.window.last-month", last=fmt.month_words(period.last))
    first, last = fmt.month_words(period.start), fmt.month_words(period.last)
    return say("dossier.window.follow-up", first=first, last=last)


def period_words(protocol: Protocol, window: Window) -> str:
    """The months of a window where sums are meant."""
    period = protocol.design.follow_up
    if window is Window.LAST_MONTH:
        return say("dossier.period.last-month", last=fmt.month_words(period.last))
    return say("dossier.period.follow-up", first=fmt.month_words(period.start), last=fmt.month_words(period.last))
