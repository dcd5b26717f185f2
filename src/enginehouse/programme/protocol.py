"""`cycles/<name>/protocol.yaml`: the question, who is compared with whom, and the analysis, before anyone looks.

The estimand is complete or refused: nothing in it has a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from enginehouse.core.months import Period
from enginehouse.programme.enums import Average, Check, DesignType, Method, PracticeMethod, Summary, Window
from enginehouse.programme.spec import Many, MonthField, OneOrMany, Slug, Spec, Text


def _floats(value: object) -> object:
    return (
        tuple(float(v) for v in value)
        if isinstance(value, list) and all(isinstance(v, int | float) for v in value)
        else value
    )


Margins = Annotated[tuple[float, float], BeforeValidator(_floats)]
Number = Annotated[float, Field(strict=False)]


class Sites(Spec):
    """Sites by their place in the hierarchy as of one month, for example `{within: {area: west-yorkshire}}`.

    A site is in when its group is listed at every level of `within` and at no level of `outside`.
    """

    within: Mapping[Slug, OneOrMany[Text]] = {}
    outside: Mapping[Slug, OneOrMany[Text]] = {}


class Comparator(Spec):
    """Who the exposed are compared with. The first comparator of a protocol is the registered one."""

    name: Slug
    title: Text
    sites: Sites


class Exposure(Spec):
    """Without random allocation: which sites got which arm."""

    arm: Slug
    title: Text
    sites: Sites
    comparators: Many[Comparator]


class Design(Spec):
    """The design and its calendar: baseline months, then follow-up months from `starts` on (half-open)."""

    type: DesignType = Field(strict=False)
    starts: MonthField
    baseline_months: int = Field(ge=1)
    follow_up_months: int = Field(ge=1)

    @property
    def baseline(self) -> Period:
        return Period(self.starts + -self.baseline_months, self.starts)

    @property
    def follow_up(self) -> Period:
        return Period.from_months(self.starts, self.follow_up_months)

    @property
    def span(self) -> Period:
        """Every month that the analysis uses."""
        return Period(self.baseline.start, self.follow_up.end)


class Estimand(Spec):
    """What is estimated, completely."""

    average: Average = Field(strict=False)
    summary: Summary = Field(strict=False)
    window: Window = Field(strict=False)
    mergers: Literal["as-randomised", "as-of-membership-month", "follow-successor"]
    closures: Literal["until-closed", "excluded"]
    opt_outs: Literal["kept-where-data-allow", "excluded", "none"]


class Drift(Spec):
    """How much untreated clusters move apart by themselves: estimated on placebo areas."""

    cluster: Slug
    within: Slug
    minimum_share: Number = Field(default=0.25, gt=0, le=1)


class EmbeddedTrial(Spec):
    """The trial that could have been run instead: half of the exposed sites, drawn at random, start first.

    `quoted_std_error` is printed with its source where site-level data are absent; where they are found the number is
    computed from `baseline_months` and `follow_up_months` of history.
    """

    baseline_months: int = Field(ge=1)
    follow_up_months: int = Field(ge=1)
    quoted_std_error: Number | None = Field(default=None, gt=0)
    source: str = ""


class Analysis(Spec):
    """The registered analysis and its margins, as ratios of the exposed to the comparator (or differences)."""

    primary: Method = Field(strict=False)
    worthwhile: Number
    equivalence: Margins | None = None
    non_inferiority: Number | None = None
    drift: Drift | None = None
    practice_models: Mapping[Slug, OneOrMany[Annotated[PracticeMethod, Field(strict=False)]]] = {}
    subgroups: Many[Text] = ()
    checks: Many[Annotated[Check, Field(strict=False)]] = ()
    embedded_trial: EmbeddedTrial | None = None


class Price(Spec):
    """What one unit of an indicator's numerator costs."""

    indicator: Slug
    per_unit: Number = Field(gt=0)
    low: Number = Field(gt=0)
    high: Number = Field(gt=0)
    price_year: int = Field(ge=1990, le=2100)
    source: Text
    is_assumption: bool


class CostMark(Spec):
    """A campaign cost to mark on the curve of the probability of return."""

    amount: Number = Field(gt=0)
    label: Text


class PublishedReturn(Spec):
    """Published sums about the same campaign, checked against each other (they need not all be able to hold)."""

    net: Number | None = None
    gross: Number | None = None
    cost: Number | None = Field(default=None, gt=0)
    ratio: Number | None = Field(default=None, gt=0)
    source: Text


class Economics(Spec):
    """Inputs of the appraisal. Without `campaign_cost` no return is computed, only break-even and a curve."""

    price: Price
    campaign_cost: Number | None = Field(default=None, ge=0)
    substitution: Number | None = Field(default=None, ge=0, le=1)
    substitution_note: Text
    cost_marks: Many[CostMark] = ()
    published: PublishedReturn | None = None


class Claim(Spec):
    """A published claim about this question, and how the data here bear on it.

    Either `indicator` names the outcome that tests it (with the published `ratio`, if one was given), or
    `not_testable` says why it cannot be tested here.
    """

    text: Text
    source: Text
    indicator: Slug | None = None
    ratio: Number | None = Field(default=None, gt=0)
    not_testable: str = ""


class DecisionRule(Spec):
    """What is meant to follow from which verdict, written before the result is known."""

    if_worthwhile: Text
    if_equivalent: Text
    otherwise: Text


class Truth(Spec):
    """The effect that was planted in synthetic data, shown beside the estimate."""

    indicator: Slug
    ratio: Number = Field(gt=0)
    note: Text


class Protocol(Spec):
    """One cycle's protocol."""

    schema_version: Literal[1] = Field(alias="schema")
    title: Text
    question: Text
    background: Text
    indicator: Slug
    secondary: Many[Slug] = ()
    untargeted: Many[Slug] = ()
    balancing: Many[Slug] = ()
    arms: Mapping[Slug, Many[Slug]]
    membership_as_of: MonthField
    exposure: Exposure | None = None
    design: Design
    prior_knowledge: Text
    estimand: Estimand
    analysis: Analysis
    economics: Economics | None = None
    decision: DecisionRule
    claims: Many[Claim] = ()
    truth: Many[Truth] = ()
