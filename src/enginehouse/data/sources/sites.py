"""A programme's own register of sites: id, name, and columns for levels of the hierarchy and for attributes.

The programme names the columns: `levels: {area: area_col}`, `attributes: {list_size: col}`. A level's groups may have
names in a further column, `<level>_name` unless it is mapped. A site may have several rows where `valid_from` (and
`valid_to`) say when each holds.
"""

from __future__ import annotations

from enginehouse.data.layouts import Field, Layout, Reads
from enginehouse.data.sources.reader import SourceReader
from enginehouse.programme.sources import Source

LEVEL, GROUP_NAME, ATTRIBUTE = "level:", "_name", "attribute:"


def level_fields(source: Source) -> tuple[Field, ...]:
    """A field for each level that the programme maps, and one for its groups' names where there are any."""
    fields = []
    for level, column in source.levels.items():
        fields.append(Field(name=f"{LEVEL}{level}", reads=Reads.TEXT, columns=(column,), required=False))
        fields.append(optional(f"{level}{GROUP_NAME}", Reads.TEXT))
    return tuple(fields)


def attribute_fields(source: Source) -> tuple[Field, ...]:
    """A field for each attribute that the programme maps."""
    return tuple(
        Field(name=f"{ATTRIBUTE}{name}", reads=Reads.NUMBER, columns=(column,), required=False)
        for name, column in source.attributes.items()
    )


def optional(name: str, reads: Reads, *columns: str) -> Field:
    """A field that a file need not have and a row need not fill."""
    return Field(name=name, reads=reads, columns=columns, required=False, needed=False)


def _layouts(source: Source) -> tuple[Layout, ...]:
    dated = "valid_from" in source.columns
    layout = Layout(
        name="one row a site",
        fields=(
            Field(name="site", reads=Reads.SITE),
            optional("name", Reads.TEXT),
            optional("opened", Reads.MONTH),
            optional("closed", Reads.CLOSING),
            optional("successor", Reads.SITE),
            optional("valid_from", Reads.MONTH),
            optional("valid_to", Reads.CLOSING),
            *level_fields(source),
            *attribute_fields(source),
        ),
        unique=("site", "valid_from") if dated else ("site",),
    )
    return (layout,)


READER = SourceReader(version=1, layouts=_layouts, unique_between_files=("site", "valid_from"))
