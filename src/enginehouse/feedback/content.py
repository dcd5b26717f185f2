"""What one report says to one site, before it is drawn, and what drawing gave: shared by linter and `reports`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from enginehouse.programme.enums import Direction, NumeratorKind, Recipient, SignalKind
from enginehouse.programme.message import Action

Format = Literal["html", "pdf", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value of the indicator for display (already times its scale), with its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTrend:
    """The site's own values by month (for display), the comparison's, and the month in which the campaign started."""

    months: tuple[str, ...]
    own: tuple[float | None, ...]
    comparison: tuple[float | None, ...]
    campaign_start: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparator:
    """Whom the site is compared with, and why; `target` is the achievable value, `typical` the middle one."""

    title: str
    reason: str
    sites: int
    typical: float
    target: float
    target_title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """From the own value to the target, in the indicator's own unit for one month of the site.

    `amount` is in `unit` ("mg of oral morphine"), never negative; `patients` only for patient-level indicators, or
    by a sourced conversion (`about` is then true and `conversion_source` says which).
    """

    amount: float
    unit: str
    certain: bool
    patients: float | None = None
    about: bool = False
    conversion_source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The message that was chosen, and why; `others` are the candidates that were passed over, with their reason."""

    message: str
    signal: SignalKind
    reason: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Equity:
    """The site's own value by a group of its patients, where numbers allow; else `reason` says why not."""

    lines: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """This issue of so many, its dates, and the age of its data."""

    wave: int
    of: int
    due_on: str
    sent_on: str
    next_on: str
    first_month: str
    last_month: str
    data_age_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Credibility:
    """Where the figures come from: source, inclusion, number of patients, who made and signed the report."""

    source: str
    included: str
    denominator: float
    denominator_noun: str
    interval_words: str
    sent_by: str
    signed_by: tuple[str, ...]
    reply_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContent:
    """One report. Every text is finished; numbers stand beside it for the linter and the charts.

    `components` are the behaviour change techniques that are in it; `arm` never appears in anything that is drawn.
    """

    site: str
    site_name: str
    cycle: str
    arm: str
    recipient: Recipient
    to_role: str
    indicator: str
    indicator_title: str
    short_title: str
    unit: str
    display_unit: str
    direction: Direction
    numerator_kind: NumeratorKind
    value_format: str
    own: Value
    comparator: Comparator
    gap: Gap
    trend: OwnTrend
    chosen: Chosen
    headline: str
    comparison_words: str
    uncertainty_words: str
    why: str
    evidence: str
    guideline: str
    actions: tuple[Action, ...]
    barriers: str
    balancing: str
    discussion: str
    equity: Equity
    issue: Issue
    credibility: Credibility
    goal: str
    plan_words: str
    disagree_words: str
    opt_out_words: str
    facilitation_words: str
    components: tuple[str, ...]
    synthetic: bool
    language: str = "en-GB"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderFacts:
    """What drawing gave: read off the drawn document itself, so that the linter sees what the reader will see.

    `printed_numbers` are the numbers in the headline area as printed; `chart_values` the own and the target value that
    the chart shows; `least_contrast` the lowest contrast ratio of text on its ground.
    """

    formats: tuple[Format, ...]
    pages: int
    charts: int
    headline_numbers: tuple[str, ...]
    chart_own: float
    chart_target: float
    trend_points: int
    campaign_start_marked: bool
    least_contrast: float
    words: int
    text: str
    order: tuple[str, ...]
