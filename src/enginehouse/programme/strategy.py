"""`strategies/*.yaml`: what is done to improve care, its components and what it costs."""

from __future__ import annotations

from pydantic import Field

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
