"""Which practice took over which, and from what month: nobody publishes it, so it is a file of the user's."""

from __future__ import annotations

from enginehouse.data.layouts import Field, Layout, Reads
from enginehouse.data.sources.reader import SourceReader, always

LAYOUT = Layout(
    name="practice, successor, from",
    fields=(
        Field(name="site", reads=Reads.SITE, columns=("practice", "site")),
        Field(name="successor", reads=Reads.SITE),
        Field(name="from", reads=Reads.MONTH),
    ),
    unique=("site",),
    may_be_empty=True,
)

READER = SourceReader(version=1, layouts=always(LAYOUT), unique_between_files=("site",))
