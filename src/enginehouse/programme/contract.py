"""`cycles/<name>/contract.yaml`: what will be bought or stopped under each verdict, and what each signatory expects.

Agreed and signed before the allocation; the decision is held against it, the forecasts are scored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from enginehouse.programme.enums import DecisionWord, Verdict
from enginehouse.programme.spec import Many, Number, SchemaVersion, Share, Slug, Spec, Text


class Undertaking(Spec):
    """What follows from one verdict."""

    decision: DecisionWord = Field(strict=False)
    """The word of the decision."""
    action: Text
    """What will be bought, changed or stopped."""


class Forecast(Spec):
    """What one signatory expects before the allocation."""

    person: Slug
    """The signatory's id, as in people.csv."""
    effect: Number
    """The expected effect, on the scale of the protocol's summary (a ratio, or a difference)."""
    low: Number
    """The lower end of an interval that contains the effect with probability 0.8."""
    high: Number
    """Its upper end."""
    verdicts: Mapping[Annotated[Verdict, Field(strict=False)], Share]
    """The probability of each verdict; they add up to 1, and one that is left out has none."""


class Contract(Spec):
    """The decision contract."""

    schema_version: SchemaVersion = Field(alias="schema")
    """The version of this file's layout: 1."""
    under: Mapping[Annotated[Verdict, Field(strict=False)], Undertaking]
    """What follows from each verdict; every verdict must be there."""
    forecasts: Many[Forecast]
    """One forecast for each signatory."""
