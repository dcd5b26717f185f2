"""Deprivation by practice: a plain table of scores, or the 27-column download of Fingertips (indicator 93553).

The score becomes an attribute of the site: `imd`, or the name in `values: {attribute: imd_2015}`. A table with
several scores maps them under `attributes` instead.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from enginehouse.data.layouts import Field, Layout, Mask, Reads
from enginehouse.data.sources.reader import SourceReader
from enginehouse.data.sources.sites import attribute_fields, optional
from enginehouse.programme.sources import Source

DEFAULT_ATTRIBUTE = "imd"
FINGERTIPS_INDICATOR = "93553"
_SCORES = ("score", "imd", "imd_score", "imd_2015_score", "imd_2019_score", "imd_2025_score")


def _fingertips(source: Source) -> Layout:
    wanted = source.values.get("indicator", FINGERTIPS_INDICATOR)

    def not_wanted(arrays: Mapping[str, pa.Array]) -> Mask:
        other = pc.not_equal(pc.fill_null(arrays["indicator"], ""), wanted)
        area = pc.utf8_lower(pc.fill_null(arrays["area_type"], ""))
        practice = pc.or_(pc.starts_with(area, "gp"), pc.match_substring(area, "practice"))
        mask: Mask = pc.or_(other, pc.invert(practice)).to_numpy(zero_copy_only=False)
        return mask

    return Layout(
        name="Fingertips download",
        fields=(
            Field(name="site", reads=Reads.SITE, columns=("Area Code",)),
            Field(name="score", reads=Reads.NUMBER, columns=("Value",), required=False, minimum=0),
            Field(name="period", reads=Reads.TEXT, columns=("Time period",)),
            Field(name="area_type", reads=Reads.TEXT, columns=("Area Type",)),
            Field(name="indicator", reads=Reads.TEXT, columns=("Indicator ID",)),
            optional("attribute", Reads.TEXT),
        ),
        unique=("site", "period"),
        set_aside=not_wanted,
        set_aside_because=f"rows that are not indicator {wanted} by practice",
    )


def _plain(source: Source) -> Layout:
    score = Field(name="score", reads=Reads.NUMBER, columns=_SCORES, required=False, minimum=0)
    return Layout(
        name="one row a practice",
        fields=(
            Field(name="site", reads=Reads.SITE, columns=("site", "practice", "practice_code")),
            *(attribute_fields(source) or (score,)),
            optional("period", Reads.TEXT),
            optional("attribute", Reads.TEXT),
        ),
        unique=("site", "period"),
    )


def _layouts(source: Source) -> tuple[Layout, ...]:
    plain = _plain(source)
    return (plain,) if source.attributes else (_fingertips(source), plain)


READER = SourceReader(version=1, layouts=_layouts, unique_between_files=("site", "period"))
