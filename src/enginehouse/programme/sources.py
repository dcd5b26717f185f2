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
    """What the file holds, and so how it is read."""
    path: OneOrMany[Text]
    """The file or files, relative to the programme folder; `*` stands for any characters of a name."""
    columns: Mapping[str, str] = {}
    """Our name of a column, and the file's."""
    values: Mapping[str, str] = {}
    """Our name of a column that the file lacks, and the one value it has throughout."""
    levels: Mapping[Slug, str] = {}
    """For sites: a level of the hierarchy, and the file's column that holds each site's group."""
    attributes: Mapping[str, str] = {}
    """For sites: an attribute (a number), and the file's column that holds it."""
    patient_groups: Mapping[Slug, Text] = {}
    """For totals: a division of each site's patients (`age`, `deprivation`), and the file's column that holds the
    group. There is then a row for each group (of several divisions: each combination), and they add up to the site."""
    site_scheme: Slug = "site"
    """The scheme of the sites' codes: with `ods`, the code B85010 becomes `ods:B85010`."""
    as_of: MonthField | None = None
    """The month that the file describes, where the file does not say."""
    disclosure: Disclosure = Field(default=Disclosure.ROUND_AND_SUPPRESS, strict=False)
    """How small numbers are protected when they leave the house; `none` for data that are already published."""
    attribution: str = ""
    """The words that the data's licence asks for, printed where they are used."""
