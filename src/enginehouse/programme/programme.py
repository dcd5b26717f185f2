"""`programme.yaml`: the health system's portfolio and its settings; and the whole programme folder, once read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.sources import Source
from enginehouse.programme.spec import Currency, SchemaVersion, Slug, Spec, Text
from enginehouse.programme.strategy import Strategy


class ProgrammeSettings(Spec):
    """What `programme.yaml` says."""

    schema_version: SchemaVersion = Field(alias="schema")
    """The version of this file's layout: 1."""
    name: Slug
    """The programme's short name."""
    title: Text
    """What pages call the programme."""
    setting: Text
    """Where it is and whom it serves, in a few words."""
    site_noun: Text = "practice"
    """What one site is called: practice, hospital, ward."""
    member_noun: Text | None = None
    """Where a site is an area: what one of those that it adds up is called."""
    synthetic: bool = False
    """Whether the data were made by a computer: every page then says so."""
    currency: Currency = "GBP"
    """The currency of every price and cost of the programme: its code of three capitals (ISO 4217)."""
    price_year: int = Field(ge=1990, le=2100)
    """The year of the prices."""
    sources: Mapping[Slug, Source] = {}
    """Where routine data come from: a name for each source, and what it is."""


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme folder, read whole and found to fit together."""

    folder: Path
    settings: ProgrammeSettings
    indicators: Mapping[str, Indicator]
    strategies: Mapping[str, Strategy]
    protocols: Mapping[str, Protocol]
