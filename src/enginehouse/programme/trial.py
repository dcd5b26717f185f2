"""What a protocol says when sites are allocated at random: who may take part, how arms are drawn, what is delivered.

The protocol itself is in `protocol.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from enginehouse.programme.enums import AllocationMethod, AllocationUnit, BalanceScore, ImbalanceDistance
from enginehouse.programme.spec import (
    Day,
    Many,
    Number,
    OneOrMany,
    Positive,
    PositiveShare,
    Share,
    Slug,
    Spec,
    Text,
)

FEWEST_WAVES = 2
"""Feedback that is given once is soon forgotten: a trial that sends reports sends at least so many."""


class Range(Spec):
    """Limits of an attribute, both inclusive."""

    at_least: Number | None = None
    """The smallest value that is let in."""
    at_most: Number | None = None
    """The largest value that is let in."""


class Eligibility(Spec):
    """Which sites may take part, and until when they may opt out."""

    within: Mapping[Slug, OneOrMany[Text]] = {}
    """Level and group (or groups): the sites that are meant are in one of them, at every level named."""
    outside: Mapping[Slug, OneOrMany[Text]] = {}
    """Level and group (or groups) whose sites are left out."""
    attributes: Mapping[str, Range] = {}
    """Limits of attributes of sites, for example `list_size: {at_least: 1000}`. A site without a value is left out."""
    baseline_months: int = Field(ge=1)
    """In how many of the baseline months a site must have data of the primary indicator."""
    opt_out_by: Day
    """The first day on which a site can no longer opt out of being allocated (exclusive)."""


class Allocation(Spec):
    """How sites are allocated to the arms at random."""

    unit: AllocationUnit = Field(strict=False)
    """What is allocated: each `site`, or each `network` where staff are shared."""
    network_level: Slug | None = None
    """The level of the hierarchy whose groups are the networks; only where the unit is `network`."""
    method: AllocationMethod = Field(strict=False)
    """`stratified-blocks` (inside strata), `covariate-constrained` (one of the balanced schemes), or `minimisation`."""
    strata: Many[Text] = ()
    """Levels, or attributes in halves (`list_size_half`) or thirds, inside which arms are kept equal in number."""
    balance: Many[Text] = ()
    """Attributes to balance; `baseline` is the primary indicator's baseline value, `list_size` its denominator."""
    block_sizes: Many[int] = ()
    """Sizes of permuted blocks, each a multiple of the number of arms."""
    schemes: int = Field(default=10_000, ge=100, le=200_000)
    """How many schemes are drawn for covariate-constrained randomisation (all of them where fewer exist)."""
    accepted_share: PositiveShare = 0.1
    """The share of the schemes, the best balanced, from which one is drawn uniformly."""
    alpha: PositiveShare = 0.05
    """The level of the permutation test that the accepted set must still allow."""
    accepted_at_least: int = Field(default=1, ge=1)
    """With covariate-constrained: the fewest schemes to accept, whatever their share; all where there are fewer."""
    score: BalanceScore = Field(default=BalanceScore.L2, strict=False)
    """With covariate-constrained: whether differences are added up squared (`l2`) or as they are (`l1`)."""
    weights: Mapping[Text, Positive] = {}
    """How much an attribute of `balance` counts for beside the others; 1 where it is not named."""
    bounds: Mapping[Text, Positive] = {}
    """With covariate-constrained: the largest difference of means between two arms, in standard deviations."""
    distance: ImbalanceDistance = Field(default=ImbalanceDistance.RANGE, strict=False)
    """With minimisation: what is made small: `range`, standard deviation (`sd`) or `variance` of the numbers."""
    probability: PositiveShare = 0.8
    """With minimisation: the chance with which a site gets the arm that balances best."""


class Contrast(Spec):
    """One registered comparison: the named arm over the named comparator.

    Either may be an arm, pooled arms (factorial), or an embedded regime (SMART).
    """

    arm: Slug
    """The arm that is judged."""
    over: Slug
    """The arm that it is compared with."""
    indicator: Slug | None = None
    """In an incomplete block: the indicator that this comparison is about; left out, the primary one."""


class Delivery(Spec):
    """The calendar of feedback: so many waves, so far apart."""

    waves: int = Field(ge=1)
    """How many issues every site gets."""
    every_months: int = Field(ge=1)
    """Months from one wave to the next."""
    first: Day
    """The day on which the first wave is due."""
    data_age_days: int = Field(default=120, ge=1)
    """How old the newest month in a report may be when it is sent."""


class Power(Spec):
    """What the design is tried against before it is registered."""

    effect: Number
    """The effect to be found, as a ratio (or a difference) in a site that gets the whole strategy."""
    effect_sd: Number = Field(default=0.0, ge=0)
    """How much the effect varies between sites, on the log scale (or in units)."""
    fidelity: Share = 1.0
    """The share of sites that get the strategy as planned; the others show no effect."""
    replications: int = Field(default=1000, ge=100, le=100_000)
    """How many times the sites' own history is allocated anew and analysed."""
    seed: int = Field(ge=0)
    """The seed, fixed before it is used."""


class Engaged(Spec):
    """The effect among the engaged: meaningful only where the comparator could not receive the component."""

    strategy: Slug
    """The strategy whose receipt is meant: its contacts or exposure are logged by site."""
    at_least: Positive = 1
    """How many contacts (or exposures) make a site engaged."""
    comparator_could_not_receive: bool
    """Whether no site of the comparator could receive it. Without that nothing is estimated."""
