"""`strategies/*.yaml`: what is done to improve care, its components and what it costs."""

from __future__ import annotations

from pydantic import Field

from enginehouse.programme.enums import ContactKind, CostedPer, Payer
from enginehouse.programme.spec import Many, NotNegative, SchemaVersion, Slug, Spec, Text


class Activity(Spec):
    """One line of cost: so many units at so much each, or unknown (`null`), said plainly."""

    name: Text
    """What is done."""
    units: NotNegative
    """How many units of it."""
    unit: Text
    """What one unit is."""
    unit_cost: NotNegative | None = None
    """What one unit costs, in the programme's currency; left out when it is not known."""
    source: Text
    """Where these numbers come from."""
    per: CostedPer = Field(default=CostedPer.CYCLE, strict=False)
    """What the units are counted for: the whole `cycle`, each `site`, `report`, `contact` or `contact-minute`."""
    borne_by: Payer = Field(default=Payer.PROGRAMME, strict=False)
    """Who bears the cost: the `programme`, or the `site` (staff minutes of a practice)."""


class Strategy(Spec):
    """One implementation strategy."""

    schema_version: SchemaVersion = Field(alias="schema")
    """The version of this file's layout: 1."""
    id: Slug
    """The strategy's id: the file's name without `.yaml`."""
    title: Text
    """What pages call it."""
    description: Text
    """What is done, to whom, how often."""
    channel: Text
    """How it reaches people."""
    components: Many[Text]
    """The behaviour change techniques in it."""
    activities: Many[Activity] = ()
    """What it costs, line by line."""
    evidence: Many[Text] = ()
    """Studies of it."""
    sends_report: bool = False
    """Whether it consists of a feedback report: its components are then what the report may contain."""
    contact: ContactKind | None = Field(default=None, strict=False)
    """Where it consists of contacts with sites that are logged: their kind."""
    delivered_by: Text | None = None
    """Where others deliver it (decision support, for example): who. They get the list of sites, and report exposure."""
