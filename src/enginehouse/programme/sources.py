"""Where routine data come from, as declared in `programme.yaml` under `sources`."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from enginehouse.programme.enums import Disclosure, SourceKind
from enginehouse.programme.spec import MonthField, OneOrMany, Slug, Spec, Text


class Source(Spec):
    """One source.

    `path` is relative to the programme folder, may hold `*`, and may begin with a variable in braces such as
    `${ENGINEHOUSE_DATA}`. `columns` maps our names to the file's; `values` fixes a name for the whole file
    (for example `indicator: opioidome` for a file that holds one indicator).
    """

    kind: SourceKind = Field(strict=False)
    path: OneOrMany[Text]
    columns: Mapping[str, str] = {}
    values: Mapping[str, str] = {}
    levels: Mapping[Slug, str] = {}
    attributes: Mapping[str, str] = {}
    site_scheme: Slug = "site"
    as_of: MonthField | None = None
    disclosure: Disclosure = Field(default=Disclosure.ROUND_AND_SUPPRESS, strict=False)
    attribution: str = ""
