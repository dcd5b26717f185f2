"""`programme.yaml`: the health system's portfolio and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from enginehouse.programme.sources import Source
from enginehouse.programme.spec import Slug, Spec, Text


class ProgrammeSettings(Spec):
    """What `programme.yaml` says.

    `synthetic: true` marks a programme whose data were made by a computer: every page then says so.
    """

    schema_version: Literal[1] = Field(alias="schema")
    name: Slug
    title: Text
    setting: Text
    site_noun: Text = "practice"
    synthetic: bool = False
    currency: Literal["GBP", "USD", "EUR"] = "GBP"
    price_year: int = Field(ge=1990, le=2100)
    sources: Mapping[Slug, Source] = {}
