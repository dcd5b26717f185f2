"""Ready-made numerators and denominators: one row for an indicator, a site and a month."""

from __future__ import annotations

from enginehouse.data.layouts import Field, Layout, Reads
from enginehouse.data.sources.reader import SourceReader, always

KEY = ("indicator", "site", "month")


LAYOUT = Layout(
    name="one row for an indicator, a site and a month",
    fields=(
        Field(name="indicator", reads=Reads.TEXT),
        Field(name="site", reads=Reads.SITE),
        Field(name="month", reads=Reads.MONTH),
        Field(name="numerator", reads=Reads.NUMBER, minimum=0),
        Field(name="denominator", reads=Reads.NUMBER, minimum=0),
        Field(name="quality", reads=Reads.TEXT, required=False, needed=False),
    ),
    unique=KEY,
)

READER = SourceReader(version=1, layouts=always(LAYOUT), unique_between_files=KEY)
