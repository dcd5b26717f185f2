"""What a protocol says when the arm of a site changes over time, or when arms are looked at together: sequences
(stepped wedge, crossover), pooled arms (factorial) and the second stage of a SMART.

Who may take part and how is drawn is in `trial.py`; the protocol itself in `protocol.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from enginehouse.programme.spec import Day, Many, MonthField, OneOrMany, Positive, Slug, Spec, Text


class Turn(Spec):
    """One turn of a sequence: the arm that its sites have from a month on, until the next turn."""

    starts: MonthField
    """The first month with this arm."""
    arm: Slug
    """The arm, one of those under `arms`."""


class Response(Spec):
    """The rule by which a site counts as having responded to the first stage: routine data, as they stood that day."""

    indicator: Slug
    """The indicator that is looked at; it must say which way is better."""
    months: int = Field(ge=1)
    """How many of the newest months that are known on the day of the decision are taken together."""
    compared_with: Literal["baseline", "same-months-a-year-before"]
    """What these months are compared with: the site's own baseline, or the same months a year before (seasons)."""
    ratio: Positive
    """A site responded when its value is this multiple of the earlier one, or better: `0.95` is a fall of 5%."""
    unmeasured: Literal["responder", "non-responder"]
    """What a site counts as whose months are not known on that day."""
    expected_lag_months: int = Field(ge=0)
    """How many months old the newest data will be on the day of the decision: what the design is tried with."""


class Regime(Spec):
    """An embedded regime: what a site gets first, and what follows where it does not respond."""

    first: Slug
    """The arm of the first stage; a site that responds stays with it."""
    then: Slug
    """The arm of the second stage for a site that did not respond; the same as `first` means going on."""
    title: Text
    """What pages call it, in the middle of a sentence."""


class SecondStage(Spec):
    """The second stage of a SMART: who responded, and among which arms the others are drawn again."""

    decide_on: Day
    """The day on which response is judged, from the data as they stood on that day."""
    starts: MonthField
    """The first month of the second stage."""
    response: Response
    """The rule that says who responded."""
    again: Mapping[Slug, Many[Slug]]
    """Arm of the first stage, and the arms among which its non-responders are drawn again; all others stay."""
    strata: OneOrMany[Text] = ()
    """Levels, or attributes in halves or thirds, inside which the second draw keeps its arms equal in number."""
    regimes: Mapping[Slug, Regime]
    """The embedded regimes that are compared: contrasts name them."""
