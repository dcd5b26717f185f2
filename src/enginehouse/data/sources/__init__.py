"""How each kind of source is published, one file a kind; `SOURCES` is the complete table.

A kind here is data: the layouts it comes in. Reading them is `ingest`'s work, using the rows that of the modules above.
"""

from __future__ import annotations

from collections.abc import Mapping

from enginehouse.data.sources import (
    deprivation,
    epraccur,
    list_sizes,
    practice_map,
    prescribing,
    sites,
    successors,
    totals,
)
from enginehouse.data.sources.reader import SourceReader
from enginehouse.programme.enums import SourceKind

SOURCES: Mapping[SourceKind, SourceReader] = {
    SourceKind.TOTALS: totals.READER,
    SourceKind.SITES: sites.READER,
    SourceKind.EPRACCUR: epraccur.READER,
    SourceKind.PRACTICE_MAP: practice_map.READER,
    SourceKind.LIST_SIZES: list_sizes.READER,
    SourceKind.DEPRIVATION: deprivation.READER,
    SourceKind.PRESCRIBING: prescribing.READER,
    SourceKind.SUCCESSORS: successors.READER,
}

__all__ = ["SOURCES", "SourceReader"]
