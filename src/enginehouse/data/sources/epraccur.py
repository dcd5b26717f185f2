"""The NHS organisation register of practices (`epraccur.csv`): 27 columns without a header.

Column 26 is the prescribing setting; 4 is a general practice. Others (hospitals, hospices, out-of-hours services) are
set aside unless the programme names their settings: `values: {settings: 4 2}`, or `all`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from enginehouse.data.layouts import Field, Layout, Mask, Reads
from enginehouse.data.sources.reader import SourceReader
from enginehouse.data.sources.sites import LEVEL, level_fields, optional
from enginehouse.programme.sources import Source

GENERAL_PRACTICE = "4"

# fmt: off
HEADER = (
    "code", "name", "national_grouping", "high_level_geography", "address_1", "address_2", "address_3", "address_4",
    "address_5", "postcode", "open_date", "close_date", "status", "sub_type", "commissioner", "join_date",
    "left_date", "telephone", "null_19", "null_20", "null_21", "amended", "null_23", "provider_purchaser", "null_25",
    "prescribing_setting", "null_27",
)
# fmt: on

# The register's own words for what it says of an organisation's state.
STATUS: Mapping[str, str] = {"A": "active", "B": "retired", "C": "closed", "D": "dormant", "P": "proposed"}


def _layouts(source: Source) -> tuple[Layout, ...]:
    wanted = source.values.get("settings", GENERAL_PRACTICE).replace(",", " ").split()

    def other_settings(arrays: Mapping[str, pa.Array]) -> Mask:
        setting = pc.fill_null(arrays["setting"], "")
        if wanted == ["all"]:
            return np.zeros(len(setting), dtype=np.bool_)
        mask: Mask = pc.invert(pc.is_in(setting, pa.array(wanted))).to_numpy(zero_copy_only=False)
        return mask

    layout = Layout(
        name="epraccur, 27 columns",
        header=HEADER,
        fields=(
            Field(name="site", reads=Reads.SITE, columns=("code",)),
            Field(name="name", reads=Reads.TEXT),
            optional("opened", Reads.MONTH, "open_date"),
            optional("closed", Reads.CLOSING, "close_date"),
            optional("status", Reads.TEXT),
            optional("valid_from", Reads.MONTH, "join_date"),
            optional("valid_to", Reads.CLOSING, "left_date"),
            optional("setting", Reads.TEXT, "prescribing_setting"),
            optional("settings", Reads.TEXT),
            *(level_fields(source) or (optional(f"{LEVEL}commissioner", Reads.TEXT, "commissioner"),)),
        ),
        unique=("site",),
        set_aside=other_settings,
        set_aside_because="organisations whose prescribing setting is not general practice (4)",
    )
    return (layout,)


READER = SourceReader(version=1, layouts=_layouts, unique_between_files=("site",))
