"""`programme.yaml`: the health system's portfolio and its settings; and the whole programme folder, once read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from enginehouse.programme.candidates import Candidates
from enginehouse.programme.contract import Contract
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.message import Message
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.sources import Source
from enginehouse.programme.spec import Currency, Many, SchemaVersion, Slug, Spec, Text
from enginehouse.programme.strategy import Strategy
from enginehouse.programme.study import Study


class FeedbackSettings(Spec):
    """Who sends feedback reports, and how sites answer."""

    sent_by: Text
    """The organisation that sends the reports."""
    signed_by: Many[Text]
    """The people in whose name they are sent: a local clinician, a commissioner."""
    reply_to: Text
    """Where to ask, to disagree with the data, or to return a plan: an address."""
    opt_out: Text
    """How a site opts out, in a sentence."""
    to_role: Text
    """The role at the site to which reports are addressed."""
    similar_by: Many[Text] = ()
    """Attributes by which similar sites are found; left out, all sites of the cycle are the comparison."""
    target_percentile: int = Field(default=25, ge=1, le=99)
    """The percentile of similar sites that is the target (25: as good as the best quarter)."""
    banned_words: Many[Text] = ()
    """Words that no report may contain, beside those that the linter knows."""


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
    feedback: FeedbackSettings | None = None
    """Who sends feedback reports, and how sites answer; needed before a report can be made."""


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme folder, read whole and found to fit together."""

    folder: Path
    settings: ProgrammeSettings
    indicators: Mapping[str, Indicator]
    strategies: Mapping[str, Strategy]
    protocols: Mapping[str, Protocol]
    messages: Mapping[str, Message] = field(default_factory=dict)
    studies: tuple[Study, ...] = ()
    candidates: Candidates | None = None
    contracts: Mapping[str, Contract] = field(default_factory=dict)
