"""`indicators/*.yaml`: what is measured, why it matters, and from which data."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from enginehouse.programme.enums import Direction, NumeratorKind
from enginehouse.programme.spec import AlwaysTrue, Day, Many, OneOrMany, Positive, SchemaVersion, Slug, Spec, Text


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
    """A sum over prescribing rows whose BNF code matches."""

    sum: Summand = Field(strict=False)
    """What is added up."""
    bnf_codes: Many[Text]
    """Patterns of codes, in quotes: a prefix (`'0407020'`), `%` for any run of characters, `_` for one
    (`'0407020A0%AF'`), `~` in front to take codes out."""
    weights: Slug | None = None
    """A table in `indicators/weights` that multiplies each code's sum, for example milligrams of oral morphine per
    unit."""


class ListSize(Spec):
    """Registered patients of the month."""

    list_size: AlwaysTrue
    """Always `true`: the denominator is the number of registered patients."""


def _denominator_tag(value: Any) -> str:
    keys = value if isinstance(value, dict) else getattr(value, "__pydantic_fields_set__", ())
    return "list-size" if "list_size" in keys else "codes"


Denominator = Annotated[
    Annotated[Codes, Tag("codes")] | Annotated[ListSize, Tag("list-size")], Discriminator(_denominator_tag)
]


class Prescribing(Spec):
    """An indicator computed from prescribing rows."""

    numerator: Codes
    """What is counted."""
    denominator: Denominator
    """What it is counted per: other codes, or `{list_size: true}`."""


class ReadyMade(Spec):
    """Numerators and denominators that come as they are from a `totals` source."""

    source: Slug
    """The source, as named in `programme.yaml`."""
    name: Text
    """The indicator's name in that source."""


class From(Spec):
    """Exactly one way to the numbers."""

    totals: ReadyMade | None = None
    """Ready-made numerators and denominators."""
    prescribing: Prescribing | None = None
    """Sums over prescribing rows."""


class Conversion(Spec):
    """A sourced number that turns a gap in the numerator's unit into patients, always printed with *about*."""

    patients_per_unit: Positive
    """Patients for each unit of the numerator."""
    source: Text
    """Where that number comes from."""


class Indicator(Spec):
    """One indicator. `unit` is the numerator's, `per` the denominator's noun; `scale` only multiplies for display."""

    schema_version: SchemaVersion = Field(alias="schema")
    """The version of this file's layout: 1."""
    id: Slug
    """The indicator's id: the file's name without `.yaml`."""
    version: int = Field(ge=1)
    """Goes up by one whenever the meaning changes."""
    title: Text
    """The full title."""
    short_title: Text
    """The title where space is short."""
    status: Status = Field(strict=False)
    """Only a `published` indicator can be part of a protocol."""
    why_it_matters: Text
    """Why anyone should care, for the people who get the feedback."""
    direction: Direction = Field(strict=False)
    """Which way is better; an indicator with `none` cannot be a primary outcome."""
    numerator_kind: NumeratorKind = Field(strict=False)
    """What is summed in the numerator; it decides the model."""
    unit: Text
    """The numerator's unit: *items*, *mg*."""
    per: Text
    """The denominator's noun: *registered patient*."""
    scale: int = Field(default=1, ge=1)
    """Multiplies the value for display only: 1000 shows it per 1,000."""
    is_proportion: bool = False
    """Whether the numerator is part of the denominator, so that pages show a percentage."""
    gap_unit: Text
    """The unit in which a gap to the benchmark is told."""
    conversion: Conversion | None = None
    """How a gap becomes a number of patients, where a source says."""
    measured_from: From = Field(alias="from")
    """Where the numbers come from."""
    balancing: Many[Slug] = ()
    """Indicators that must not get worse when this one gets better."""
    evidence: OneOrMany[Text] = ()
    """Sources for why it matters."""
    data_notes: OneOrMany[Text] = ()
    """What a reader must know about the data."""
    authored_by: Text
    """Who wrote the definition."""
    checked_by: Text
    """Who checked it."""
    date_reviewed: Day
    """When it was last reviewed."""
    next_review: Day
    """When it is due for review."""
