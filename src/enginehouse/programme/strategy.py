"""`strategies/*.yaml`: what is done to improve care, its components and what it costs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from enginehouse.programme.spec import Many, Slug, Spec, Text


class Activity(Spec):
    """One line of cost: so many units at so much each, or unknown (`null`), said plainly."""

    name: Text
    units: float = Field(ge=0, strict=False)
    unit: Text
    unit_cost: float | None = Field(default=None, ge=0, strict=False)
    source: Text


class Strategy(Spec):
    """One implementation strategy."""

    schema_version: Literal[1] = Field(alias="schema")
    id: Slug
    title: Text
    description: Text
    channel: Text
    components: Many[Text]
    activities: Many[Activity] = ()
    evidence: Many[Text] = ()
