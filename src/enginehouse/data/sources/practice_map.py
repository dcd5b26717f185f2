"""Which practice belonged to which area when: practice, commissioner, partnership, region, by column.

Files that map an area to larger areas say so: `columns: {member: ccg_code}` and `values: {member_level: ccg}`.
A file holds for the month in its own column, or for the source's `as_of`; an earlier one ends where a later one begins.
"""

from __future__ import annotations

from enginehouse.data.layouts import Field, Layout, Reads
from enginehouse.data.sources.reader import SourceReader
from enginehouse.data.sources.sites import GROUP_NAME, LEVEL, level_fields, optional
from enginehouse.programme.sources import Source

# Names as published since 2018; commissioners and partnerships were renamed in 2022.
_PUBLISHED = {
    "ccg": ("CCG_CODE", "SUB_ICB_LOCATION_CODE"),
    "stp": ("STP_CODE", "ICB_CODE"),
    "region": ("COMM_REGION_CODE", "REGION_CODE"),
}
_PUBLISHED_NAMES = {
    "ccg": ("CCG_NAME", "SUB_ICB_LOCATION_NAME"),
    "stp": ("STP_NAME", "ICB_NAME"),
    "region": ("COMM_REGION_NAME", "REGION_NAME"),
}


def _layouts(source: Source) -> tuple[Layout, ...]:
    levels = level_fields(source) or _published_levels()
    month = optional("month", Reads.MONTH, "EXTRACT_DATE", "month", "as_at")
    practices = Layout(
        name="one row a practice",
        fields=(
            Field(name="site", reads=Reads.SITE, columns=("PRACTICE_CODE", "practice", "site")),
            optional("name", Reads.TEXT, "PRACTICE_NAME", "name"),
            optional("member", Reads.TEXT),
            month,
            *levels,
        ),
        unique=("site", "month"),
    )
    areas = Layout(
        name="one row an area",
        fields=(
            Field(name="member", reads=Reads.TEXT),
            Field(name="member_level", reads=Reads.TEXT),
            optional("site", Reads.SITE),
            month,
            *levels,
        ),
        unique=("member", "month"),
    )
    return (areas, practices) if "member" in source.columns else (practices,)


def _published_levels() -> tuple[Field, ...]:
    fields = []
    for level, columns in _PUBLISHED.items():
        fields.append(optional(f"{LEVEL}{level}", Reads.TEXT, *columns))
        fields.append(optional(f"{level}{GROUP_NAME}", Reads.TEXT, *_PUBLISHED_NAMES[level]))
    return tuple(fields)


READER = SourceReader(version=1, layouts=_layouts, unique_between_files=("site", "member", "month"))
