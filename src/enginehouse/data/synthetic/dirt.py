"""The faults that real prescribing files have, put in on purpose and counted, so that a loader can be tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enginehouse.core.months import Month
from enginehouse.data.synthetic.layouts import FIRST_SNOMED, LAST_PDPI
from enginehouse.data.synthetic.region import Region


@dataclass(frozen=True, slots=True, kw_only=True)
class Dirt:
    """Lines to add to one month's file: those that must be set aside, and those that look odd but are right."""

    broken: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()


def dirt_for(region: Region, month: Month, clean: Sequence[str]) -> Dirt:
    """Faults for one month. Only EPD files get them: every fifth month broken rows, every month odd ones."""
    if month <= LAST_PDPI or len(clean) < 3:
        return Dirt()
    first = clean[0]
    odd = (_with_practice(region, first, "Z99901"), _with_practice(region, first, "UNIDENTIFIED"))
    if (month - region.parameters.first_month) % 5:
        return Dirt(odd=odd)
    return Dirt(
        odd=odd, broken=(_with_items(first, "many", month), _with_items(first, "-3", month), first[: len(first) // 2])
    )


def _with_practice(region: Region, line: str, practice: str) -> str:
    return line.replace(f",{region.practices[0]},", f",{practice},", 1)


def _with_items(line: str, items: str, month: Month) -> str:
    """The same line with another number of items: the sixth cell from the end, the seventh with a SNOMED code."""
    cells = line.split(",")
    cells[-6 if month < FIRST_SNOMED else -7] = items
    return ",".join(cells)
