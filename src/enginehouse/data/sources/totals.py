"""Ready-made numerators and denominators: one row for an indicator, a site and a month, or for each group of patients.

The programme names the columns that hold groups of patients: `patient_groups: {age: age_band}`. Every row then has one.
"""

from __future__ import annotations

from enginehouse.data.layouts import Field, Layout, Reads
from enginehouse.data.sources.reader import SourceReader
from enginehouse.programme.sources import Source

KEY = ("indicator", "site", "month")
GROUP = "group:"


def _layouts(source: Source) -> tuple[Layout, ...]:
    groups = tuple(
        Field(name=f"{GROUP}{name}", reads=Reads.TEXT, columns=(column,))
        for name, column in source.patient_groups.items()
    )
    what = ", a month and a group of patients" if groups else " and a month"
    layout = Layout(
        name=f"one row for an indicator, a site{what}",
        fields=(
            Field(name="indicator", reads=Reads.TEXT),
            Field(name="site", reads=Reads.SITE),
            Field(name="month", reads=Reads.MONTH),
            *groups,
            Field(name="numerator", reads=Reads.NUMBER, minimum=0),
            Field(name="denominator", reads=Reads.NUMBER, minimum=0),
            Field(name="quality", reads=Reads.TEXT, required=False, needed=False),
        ),
        unique=(*KEY, *(group.name for group in groups)),
    )
    return (layout,)


READER = SourceReader(version=1, layouts=_layouts, unique_between_files=KEY)
