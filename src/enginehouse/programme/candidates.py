"""`candidates.yaml`: targets and strategies to be weighed against each other, and the prices of trying them."""

from __future__ import annotations

from pydantic import Field

from enginehouse.programme.enums import EvidenceScale
from enginehouse.programme.spec import Many, NotNegative, Number, Positive, SchemaVersion, Share, Slug, Spec, Text


class Gates(Spec):
    """The probabilities at which a candidate is implemented or dropped without evaluation, and the least gain."""

    implement_at: Share = 0.9
    """At this probability of being cost-effective or more: implement."""
    drop_at: Share = 0.1
    """At this probability or less: do not pursue."""
    least_gain: NotNegative = 0
    """The net benefit of an evaluation, in the programme's currency, above which it is worth while."""


class Value(Spec):
    """What one unit less (or more, where that is better) of an indicator's numerator is worth."""

    per_unit: Positive
    """Its net value: savings and health together, in the programme's currency."""
    low: Positive
    """The lowest value that is plausible."""
    high: Positive
    """The highest value that is plausible."""
    is_assumption: bool
    """Whether pages must call it an assumption."""
    source: Text
    """Where it comes from."""


class TrialPrice(Spec):
    """What an embedded trial would cost, and the sizes that are possible."""

    fixed: NotNegative
    """Its cost whatever its size."""
    per_site: NotNegative
    """Its cost for each site in it."""
    years: Positive
    """How long it takes until it reports."""
    sites_per_arm: Many[int]
    """The sizes that are weighed."""


class Candidate(Spec):
    """One strategy for one target."""

    id: Slug
    """A short name, unique in the file."""
    title: Text
    """What pages call it."""
    indicator: Slug
    """The target."""
    strategy: Slug
    """What would be done."""
    over: Slug
    """What it would be added to or put in place of: a strategy, or `usual-care`."""
    scale: EvidenceScale = Field(strict=False)
    """The scale on which its evidence is pooled."""
    value: Value | None = None
    """What a unit of change is worth. Without it the candidate cannot be weighed yet."""
    roll_out_cost: NotNegative
    """The cost of a roll-out that cannot be got back, in the programme's currency."""
    cost_per_site_year: NotNegative
    """The cost of the strategy for each site and year."""
    trial: TrialPrice | None = None
    """What trying it would cost. Without it no evaluation is weighed."""


class Candidates(Spec):
    """The file."""

    schema_version: SchemaVersion = Field(alias="schema")
    """The version of this file's layout: 1."""
    horizon_years: Positive
    """For how many years the decision matters."""
    discount_rate: Share
    """The yearly rate by which later years count less."""
    gates: Gates = Gates()
    """The gates of the triage rule."""
    prior_mean: Number = 0.0
    """Without any study of a strategy, the effect that is expected."""
    prior_sd: Positive | None = None
    """Without any study of a strategy, how uncertain that is; left out, such a candidate cannot be weighed yet."""
    candidates: Many[Candidate]
    """The candidates."""
