"""`cycles/<name>/protocol.yaml`: the question, who is compared with whom, and the analysis, before anyone looks.

The estimand is complete or refused: nothing in it has a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from enginehouse.core.months import Period
from enginehouse.programme.enums import (
    Average,
    Check,
    DesignType,
    Method,
    Multiplicity,
    PracticeMethod,
    Summary,
    Window,
)
from enginehouse.programme.schedule import SecondStage, Turn
from enginehouse.programme.spec import (
    Many,
    MonthField,
    NotNegative,
    Number,
    OneOrMany,
    Positive,
    PositiveShare,
    SchemaVersion,
    Share,
    Slug,
    Spec,
    Text,
    as_tuple,
)
from enginehouse.programme.trial import Allocation, Contrast, Delivery, Eligibility, Engaged, Power

Margins = Annotated[tuple[Number, Number], BeforeValidator(as_tuple)]


class Sites(Spec):
    """Sites by their place in the hierarchy as of one month, for example `{within: {area: west-yorkshire}}`.

    A site is in when its group is listed at every level of `within` and at no level of `outside`.
    """

    within: Mapping[Slug, OneOrMany[Text]] = {}
    """Level and group (or groups): the sites that are meant are in one of them, at every level named."""
    outside: Mapping[Slug, OneOrMany[Text]] = {}
    """Level and group (or groups) whose sites are left out."""


class Comparator(Spec):
    """Who the exposed are compared with. The first comparator of a protocol is the registered one."""

    name: Slug
    """The comparator's short name, unique in the protocol."""
    title: Text
    """What pages call it, in the middle of a sentence: *the rest of the region*."""
    sites: Sites
    """The sites it consists of."""


class Exposure(Spec):
    """Without random allocation: which sites got which arm."""

    arm: Slug
    """The arm, one of those under `arms`, that these sites got."""
    title: Text
    """What pages call the sites that got it."""
    sites: Sites
    """The sites that got it."""
    comparators: Many[Comparator]
    """Who they are compared with. The first is the registered comparison; the others are shown beside it."""


class Design(Spec):
    """The design and its calendar: baseline months, then follow-up months from `starts` on (half-open)."""

    type: DesignType = Field(strict=False)
    """How the arms are compared. This release runs `parallel` and `controlled-its`."""
    starts: MonthField
    """The first month of follow-up. The baseline ends with the month before."""
    baseline_months: int = Field(ge=1)
    """How many months before `starts` the analysis uses."""
    follow_up_months: int = Field(ge=1)
    """How many months from `starts` on the analysis uses."""
    transition_months: int = Field(default=0, ge=0)
    """How many months after each change of a site's arm are left out: the new one is set up, or the old wears off."""

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
    """Over whom the effect is averaged: `patients` (large sites count for more) or `sites` (each counts once)."""
    summary: Summary = Field(strict=False)
    """How two arms are compared: as a `ratio` (1 means no difference) or a `difference` (0 means none)."""
    window: Window = Field(strict=False)
    """The months that the effect speaks of: the whole `follow-up`, or its `last-month`."""
    mergers: Literal["as-randomised", "as-of-membership-month", "follow-successor"]
    """How a site that merged with another counts."""
    closures: Literal["until-closed", "excluded"]
    """How a site that closed counts: with its months until then, or not at all."""
    opt_outs: Literal["kept-where-data-allow", "excluded", "none"]
    """How a site that opted out counts; `none` when nobody could."""


class Drift(Spec):
    """How much untreated clusters move apart by themselves: estimated on placebo areas."""

    cluster: Slug
    """The level at which the exposure was given, for example `area`: each group there is one cluster."""
    within: Slug
    """The level inside which a placebo area is compared with the rest, for example `region`."""
    minimum_share: PositiveShare = 0.25
    """A placebo area has at least this share of the sites that the exposed cluster has."""


class EmbeddedTrial(Spec):
    """The trial that could have been run instead: half of the exposed sites, drawn at random, start first."""

    baseline_months: int = Field(ge=1)
    """Months before the start of that trial."""
    follow_up_months: int = Field(ge=1)
    """Months after it."""
    quoted_std_error: Positive | None = None
    """The standard error it would have had, printed with its source where data by site are absent."""
    source: str = ""
    """Where that number comes from."""


class Analysis(Spec):
    """The registered analysis and its margins, as ratios of the arm that is judged to the other (or differences)."""

    primary: Method = Field(strict=False)
    """The method whose interval gives the verdict."""
    worthwhile: Number
    """The margin of a worthwhile effect: `0.98` is a fall of 2%, where low is good and the summary is a ratio."""
    equivalence: Margins | None = None
    """The two margins inside which an effect is as good as none, on either side of no difference."""
    non_inferiority: Number | None = None
    """The margin of harm: the result says whether the arm is not worse by more than this."""
    drift: Drift | None = None
    """How the drift between whole areas enters the interval. Without it no interval covers that drift."""
    practice_models: Mapping[Slug, OneOrMany[Annotated[PracticeMethod, Field(strict=False)]]] = {}
    """Indicator, and the models of single sites and months that are shown beside the primary analysis."""
    subgroups: Many[Text] = ()
    """Attributes of sites by which the effect is also shown: in thirds, or as the name says (`imd_quintile`)."""
    checks: Many[Annotated[Check, Field(strict=False)]] = ()
    """What is looked at before the effect is believed."""
    embedded_trial: EmbeddedTrial | None = None
    """The trial that could have been run on the same sites, for comparison."""
    inequality: Text | None = None
    """The attribute, for example deprivation, across which the change in inequality is compared between arms."""
    engaged: Engaged | None = None
    """The effect among the sites that received a component, where that can be estimated at all."""
    harm_looks: Many[MonthField] = ()
    """With random allocation: each registered look, by arm, at what must not get worse: its last month of data."""
    multiplicity: Multiplicity = Field(default=Multiplicity.NONE, strict=False)
    """How the intervals of several comparisons of the primary outcome allow for each other."""


class Price(Spec):
    """What one unit of an indicator's numerator costs."""

    indicator: Slug
    """The indicator whose numerator is priced: the primary or a secondary one."""
    per_unit: Positive
    """The price of one unit, in the programme's currency."""
    low: Positive
    """The lowest price that is plausible."""
    high: Positive
    """The highest price that is plausible."""
    price_year: int = Field(ge=1990, le=2100)
    """The year of these prices; the programme's own."""
    source: Text
    """Where the price comes from."""
    is_assumption: bool
    """Whether pages must call it an assumption (`true`) or may call it a price (`false`)."""


class CostMark(Spec):
    """A campaign cost to mark on the curve of the probability of return."""

    amount: Positive
    """The cost, in the programme's currency."""
    label: Text
    """What the mark says."""


class PublishedReturn(Spec):
    """Published sums about the same campaign, checked against each other (they need not all be able to hold)."""

    net: Number | None = None
    """The published saving after costs."""
    gross: Number | None = None
    """The published saving before costs."""
    cost: Positive | None = None
    """The published cost."""
    ratio: Positive | None = None
    """The published return for each unit of money spent."""
    source: Text
    """Where they were published."""


class TurnCost(Spec):
    """One line of what a turn of the loop costs beside its strategies."""

    name: Text
    """What is done."""
    days: NotNegative
    """Staff days that it takes."""
    cost_per_day: NotNegative
    """What one day costs, in the programme's currency."""
    is_evaluation: bool
    """Whether it would not be needed if nothing were evaluated."""
    source: Text
    """Where these numbers come from."""


RATE = 0.035
RATE_SOURCE = "NICE health technology evaluations: the manual (PMG36), reference case"


class DiscountRates(Spec):
    """Yearly rates by which later years of the horizon count for less; the first year counts in full."""

    costs: Share = RATE
    """The rate for what the strategies cost."""
    effects: Share = RATE
    """The rate for what the effect is worth: another one where that is health (0.015 by HM Treasury's Green Book)."""
    source: Text = RATE_SOURCE
    """Who sets these rates."""


class Economics(Spec):
    """Inputs of the appraisal. Without `campaign_cost` no return is computed, only break-even and a curve."""

    price: Price
    """What one unit of the numerator costs."""
    campaign_cost: NotNegative | None = None
    """What the campaign cost, if it is known."""
    substitution: Share | None = None
    """The share of the saving that was spent on something else instead, if it is known."""
    substitution_note: Text
    """What is known about that, in words: printed beside the saving."""
    cost_marks: Many[CostMark] = ()
    """Costs to mark on the curve of the probability of return."""
    published: PublishedReturn | None = None
    """Published sums about the same campaign."""
    horizon_years: Positive | None = None
    """Over how many years the effect is valued after the follow-up; with random allocation."""
    discount: DiscountRates = DiscountRates()
    """How later years of the horizon count. Left out, by 3.5% a year on both sides, as in NICE's reference case."""
    turn: Many[TurnCost] = ()
    """What this turn of the loop costs beside its strategies: design, governance, data, evaluation."""


class Claim(Spec):
    """A published claim about this question, and how the data here bear on it.

    Either `indicator` names the outcome that tests it (with the published `ratio`, if one was given), or
    `not_testable` says why it cannot be tested here.
    """

    text: Text
    """The claim, as published."""
    source: Text
    """Where it was published."""
    indicator: Slug | None = None
    """The outcome of this protocol that tests it."""
    ratio: Positive | None = None
    """The published effect, as a ratio, if one was given."""
    not_testable: str = ""
    """Why it cannot be tested here."""


class DecisionRule(Spec):
    """What is meant to follow from which verdict, written before the result is known."""

    if_worthwhile: Text
    """What is meant to happen when the effect is worthwhile."""
    if_equivalent: Text
    """What is meant to happen when the effect is as good as none."""
    otherwise: Text
    """What is meant to happen in every other case."""


class Truth(Spec):
    """The effect that was planted in synthetic data, shown beside the estimate."""

    indicator: Slug
    """The outcome in which it was planted."""
    ratio: Positive
    """The planted effect, as a ratio; with random allocation the mean over all sites of the arm, reached or not."""
    note: Text
    """How it was planted, in words."""
    reached: PositiveShare = 1.0
    """With random allocation: the share of the arm's sites that the effect reaches; it is the larger there."""
    spread: NotNegative = 0.0
    """With random allocation: how much the effect varies between the sites reached, on the log scale."""


class Protocol(Spec):
    """One cycle's protocol."""

    schema_version: SchemaVersion = Field(alias="schema")
    """The version of this file's layout: 1."""
    title: Text
    """The title of the cycle."""
    question: Text
    """The question, as a commissioner would ask it."""
    background: Text
    """Why the question is asked."""
    indicator: Slug
    """The primary outcome: the one indicator that gives the verdict."""
    secondary: Many[Slug] = ()
    """Further outcomes, reported but not deciding."""
    untargeted: Many[Slug] = ()
    """Indicators that the campaign should not have moved: a check."""
    balancing: Many[Slug] = ()
    """Indicators that must not get worse."""
    arms: Mapping[Slug, Many[Slug]]
    """Arm and its strategies; an empty list is usual care."""
    arm_titles: Mapping[Slug, Text] = {}
    """What pages call an arm, in the middle of a sentence; left out, the titles of its strategies."""
    pooled_arms: Mapping[Slug, Many[Slug]] = {}
    """Arms taken together under a name for contrasts: in a factorial the two sides of each factor."""
    sequences: Mapping[Slug, Many[Turn]] = {}
    """In a stepped wedge or crossover: what is drawn at random, each the arms that its sites have in turn."""
    second_stage: SecondStage | None = None
    """In a SMART: who is drawn again, when and among what."""
    membership_as_of: MonthField
    """The month whose hierarchy says which site belongs to which group, throughout."""
    exposure: Exposure | None = None
    """Without random allocation: who got which arm, and who they are compared with."""
    eligibility: Eligibility | None = None
    """With random allocation: which sites may take part, and until when they may opt out."""
    allocation: Allocation | None = None
    """With random allocation: how."""
    contrasts: Many[Contrast] = ()
    """With random allocation: which arm is compared with which. The first gives the verdict."""
    delivery: Delivery | None = None
    """The calendar of feedback, where this cycle sends any."""
    approvals: Many[Slug] = ()
    """The approvals without which nothing is allocated or sent, for example `data-protection`."""
    concurrent_with: Many[Slug] = ()
    """Other cycles whose sites may be in this one at the same time; the other protocol must say so too."""
    rehearsal: bool = False
    """Whether this is a rehearsal on real history with made-up arms: nothing is sent, nothing becomes evidence."""
    power: Power | None = None
    """What the design is tried against before it is registered."""
    design: Design
    """The design and its calendar."""
    prior_knowledge: Text
    """What was known of the outcomes when the protocol was written: printed with every result."""
    estimand: Estimand
    """What is estimated. Nothing in it has a default."""
    analysis: Analysis
    """The registered analysis and its margins."""
    economics: Economics | None = None
    """Inputs of the appraisal."""
    decision: DecisionRule
    """What is meant to follow from which verdict."""
    claims: Many[Claim] = ()
    """Published claims about this question."""
    truth: Many[Truth] = ()
    """In synthetic data only: the planted effects."""
