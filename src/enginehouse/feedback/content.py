"""What one report says to one site, before it is drawn, and what drawing gave: shared by linter and `reports`.

How the content is made is in `make.py`. Numbers here are for display: a proportion in per cent, anything else times the
indicator's scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from enginehouse.programme.enums import Direction, NumeratorKind, Recipient, SignalKind
from enginehouse.programme.message import Action
from enginehouse.stats.records import from_plain, to_plain

Format = Literal["html", "pdf", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value of the indicator for display, with its 95% interval and how that was made."""

    value: float
    low: float
    high: float
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How the own value has moved over the last `months` months, for display: a fall is negative.

    `share` is the change as a share of where it began (0.05 is a rise by a twentieth); `certain` when its 95% interval
    excludes none.
    """

    months: int
    amount: float
    low: float
    high: float
    share: float
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTrend:
    """The site's own values by month (for display), the comparison's, and the month in which the campaign started.

    Months are `YYYY-MM`. The campaign may start after the last month that has data. `change` is absent where the site
    has too few months.
    """

    months: tuple[str, ...]
    own: tuple[float | None, ...]
    comparison: tuple[float | None, ...]
    campaign_start: str
    change: Change | None = None


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

    `amount` is in `unit` ("mg of oral morphine"), never negative: 0 where the target is reached. `share` is the gap as
    a share of the own value; `certain` when the own value's interval excludes the target. `patients` only for
    patient-level indicators, or by a sourced conversion (`about` is then true and `conversion_source` says which).
    """

    amount: float
    unit: str
    certain: bool
    share: float = 0.0
    patients: float | None = None
    about: bool = False
    conversion_source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The numbers as they are printed everywhere in this report; empty where a number cannot be said.

    `own`, `typical` and `target` without unit (`display_unit` follows them); `interval` is *58.1 to 63.0*; `gap` is
    rounded and stands before the gap's unit.
    """

    own: str = ""
    interval: str = ""
    typical: str = ""
    target: str = ""
    gap: str = ""
    patients: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The message that was chosen, and why; `others` are the candidates that were passed over, with their reason.

    `message` is empty and `signal` absent where no message could be said: the words are then the room's plain ones.
    """

    message: str
    signal: SignalKind | None
    reason: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Equity:
    """The site's own value by a group of its patients, where numbers allow; else `reason` says why not."""

    lines: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """This issue of so many, its dates, and the age of its data. `next_on` is empty on the last issue.

    Days are `YYYY-MM-DD`, months `YYYY-MM`: the months that the own value speaks of, both inclusive.
    """

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

    `own`, `comparator` and `gap` are absent where nothing can be said; `cannot_be_said` then tells the reader why. An
    empty text is not drawn. `value_format` is for `str.format` (`{:,.1f}`, `{:,.1f}%`). `components` are the behaviour
    change techniques that are in it. `DRAWN` names the fields that a reader may see; `arm`, `components` and `chosen`
    are not among them.
    """

    site: str
    site_name: str
    cycle: str
    arm: str
    recipient: Recipient
    to_role: str
    channel: str = ""
    indicator: str
    indicator_title: str
    short_title: str
    unit: str
    display_unit: str
    direction: Direction
    numerator_kind: NumeratorKind
    value_format: str
    own: Value | None
    comparator: Comparator | None
    gap: Gap | None
    figures: Figures = Figures()
    cannot_be_said: str = ""
    trend: OwnTrend
    chosen: Chosen
    headline: str
    comparison_words: str
    uncertainty_words: str
    trend_words: str = ""
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

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `content_from_record` is the inverse."""
        record = to_plain(self)
        record["actions"] = [action.model_dump() for action in self.actions]
        assert isinstance(record, dict)
        return record


def content_from_record(record: Mapping[str, Any]) -> ReportContent:
    """Read back what `ReportContent.to_record` wrote."""
    rest = {name: value for name, value in record.items() if name != "actions"}
    actions = tuple(Action.model_validate(action) for action in record["actions"])
    found = from_plain(ReportContent, rest | {"actions": []})
    assert isinstance(found, ReportContent)
    return replace(found, actions=actions)


DRAWN: Final[tuple[str, ...]] = (
    "site_name",
    "to_role",
    "indicator_title",
    "short_title",
    "display_unit",
    "headline",
    "comparison_words",
    "uncertainty_words",
    "trend_words",
    "cannot_be_said",
    "why",
    "evidence",
    "guideline",
    "actions",
    "barriers",
    "balancing",
    "discussion",
    "equity",
    "comparator",
    "credibility",
    "goal",
    "plan_words",
    "disagree_words",
    "opt_out_words",
    "facilitation_words",
)
"""The fields whose words a reader may see."""


def drawn_texts(content: ReportContent) -> dict[str, str]:
    """Every text that a reader may see, by where it stands (`headline`, `actions[0].does`, `equity.lines[0]`)."""
    found: dict[str, str] = {}
    for name in DRAWN:
        found |= _texts(name, getattr(content, name))
    return found


def _texts(where: str, value: object) -> dict[str, str]:
    if isinstance(value, str):
        return {where: value} if value else {}
    if isinstance(value, tuple):
        parts = [_texts(f"{where}[{number}]", entry) for number, entry in enumerate(value)]
    elif isinstance(value, Action):
        parts = [_texts(f"{where}.{name}", getattr(value, name)) for name in Action.model_fields]
    elif hasattr(value, "__dataclass_fields__"):
        parts = [_texts(f"{where}.{name}", getattr(value, name)) for name in value.__dataclass_fields__]
    else:
        return {}
    return {place: text for part in parts for place, text in part.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderFacts:
    """What drawing gave: read off the drawn document itself, so that the linter sees what the reader will see.

    Attributes
    ----------
    pages
        Of the PDF where there is one.
    headline_numbers
        The numbers as printed in the area of the headline: the headline and the figures told right under it.
    chart_own, chart_target
        The own and the target value that the chart shows; absent where it shows none.
    trend_points
        Points of the own trend that were drawn.
    campaign_start_marked
        Whether the chart of the trend marks it.
    least_contrast
        The lowest contrast ratio of text on its ground.
    words, text
        Of the whole document, as a reader (or a screen reader) meets it.
    order
        Names of fields of `ReportContent` in the order in which they are read; those of the heading (`site_name`,
        `issue`) may come first.
    chart_colours
        Colours of the marks in charts that carry meaning (`#rrggbb`).
    told_apart_without_colour
        Whether every mark is also told apart by its shape, dash or a label.
    """

    formats: tuple[Format, ...]
    pages: int
    charts: int
    headline_numbers: tuple[str, ...]
    chart_own: float | None
    chart_target: float | None
    trend_points: int
    campaign_start_marked: bool
    least_contrast: float
    words: int
    text: str
    order: tuple[str, ...]
    chart_colours: tuple[str, ...] = ()
    told_apart_without_colour: bool = False
