"""`indicators/*.yaml`: what is measured, why it matters, and from which data."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import Field

from enginehouse.programme.enums import Direction, NumeratorKind
from enginehouse.programme.spec import Many, OneOrMany, Slug, Spec, Text


class Status(StrEnum):
    """A draft cannot be used in a registered cycle; a retired one can only be read."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class Summand(StrEnum):
    """What is added up over prescribing rows."""

    ITEMS = "items"
    QUANTITY = "quantity"
    NIC = "nic"
    ACTUAL_COST = "actual-cost"
    ADQ_USAGE = "adq-usage"


class Codes(Spec):
    """A sum over prescribing rows whose BNF code matches.

    `bnf_codes` are patterns: a prefix (`0407020`), `%` for any run of characters, `_` for one
    (`0407020A0%AF`), `~` in front to take codes out. `weights` names a table in `indicators/weights` that
    multiplies each code's sum, for example milligrams of oral morphine per unit.
    """

    sum: Summand = Field(strict=False)
    bnf_codes: Many[Text]
    weights: Slug | None = None


class ListSize(Spec):
    """Registered patients of the month."""

    list_size: Literal[True]


class Prescribing(Spec):
    """An indicator computed from prescribing rows."""

    numerator: Codes
    denominator: Codes | ListSize


class ReadyMade(Spec):
    """Numerators and denominators that come as they are from a `totals` source."""

    source: Slug
    name: Text


class From(Spec):
    """Exactly one way to the numbers."""

    totals: ReadyMade | None = None
    prescribing: Prescribing | None = None


class Conversion(Spec):
    """A sourced number that turns a gap in the numerator's unit into patients, always printed with *about*."""

    patients_per_unit: float = Field(gt=0)
    source: Text


class Indicator(Spec):
    """One indicator. `unit` is the numerator's, `per` the denominator's noun; `scale` only multiplies for display."""

    schema_version: Literal[1] = Field(alias="schema")
    id: Slug
    version: int = Field(ge=1)
    title: Text
    short_title: Text
    status: Status = Field(strict=False)
    why_it_matters: Text
    direction: Direction = Field(strict=False)
    numerator_kind: NumeratorKind = Field(strict=False)
    unit: Text
    per: Text
    scale: int = Field(default=1, ge=1)
    is_proportion: bool = False
    gap_unit: Text
    conversion: Conversion | None = None
    measured_from: From = Field(alias="from")
    balancing: Many[Slug] = ()
    evidence: OneOrMany[Text] = ()
    data_notes: OneOrMany[Text] = ()
    authored_by: Text
    checked_by: Text
    date_reviewed: date
    next_review: date
