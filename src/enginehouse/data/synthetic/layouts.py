"""Prescribing rows in the three layouts in which England has published them, faults of form included.

PDPI until 2018, EPD with quantities per item, EPD with SNOMED codes from November 2020; see each function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

from enginehouse.core.months import Month
from enginehouse.data.synthetic.parameters import SECTIONS
from enginehouse.data.synthetic.region import Region
from enginehouse.data.synthetic.rows import Dispensed, Row

LAST_PDPI, FIRST_SNOMED = Month(2018, 12), Month(2020, 11)

PDPI_HEADER = f" SHA,PCT,PRACTICE,BNF CODE,{'BNF NAME':<44},ITEMS  ,NIC        ,ACT COST   ,QUANTITY,PERIOD,"
_EPD_HEADER = (
    "YEAR_MONTH,REGIONAL_OFFICE_NAME,REGIONAL_OFFICE_CODE,{body}_NAME,{body}_CODE,PCO_NAME,PCO_CODE,PRACTICE_NAME,"
    "PRACTICE_CODE,ADDRESS_1,ADDRESS_2,ADDRESS_3,ADDRESS_4,POSTCODE,"
)
EPD_HEADER = _EPD_HEADER + (
    "BNF_CHEMICAL_SUBSTANCE,CHEMICAL_SUBSTANCE_BNF_DESCR,BNF_CODE,BNF_DESCRIPTION,BNF_CHAPTER_PLUS_CODE,"
    "QUANTITY,ITEMS,TOTAL_QUANTITY,ADQUSAGE,NIC,ACTUAL_COST,UNIDENTIFIED"
)
SNOMED_HEADER = _EPD_HEADER + (
    "BNF_CHEMICAL_SUBSTANCE_CODE,BNF_CHEMICAL_SUBSTANCE,BNF_PRESENTATION_CODE,BNF_PRESENTATION_NAME,BNF_CHAPTER_PLUS_CODE,"
    "QUANTITY,ITEMS,TOTAL_QUANTITY,ADQ_USAGE,NIC,ACTUAL_COST,UNIDENTIFIED,SNOMED_CODE"
)


def file_name(month: Month) -> str:
    """The name under which a month was published."""
    stamp = f"{month.year}{month.month:02d}"
    if month <= LAST_PDPI:
        return f"T{stamp}PDPI BNFT.CSV"
    return f"EPD_SNOMED_{stamp}.csv" if month >= FIRST_SNOMED else f"EPD_{stamp}.csv"


type Ends = dict[Callable[[Dispensed], str], dict[int, str]]
"""How each row that was written ends, by its layout and by which object it is: one is made for all that are alike."""


def lines(region: Region, month: Month, rows: Sequence[Row], ends: Ends | None = None) -> Iterator[str]:
    """The header and the lines of one month's file. `ends` is kept from month to month, with what is dispensed."""
    if month <= LAST_PDPI:
        yield PDPI_HEADER
        yield from _pdpi(region, month, rows)
        return
    snomed = month >= FIRST_SNOMED
    # The middle tier of the health service was renamed twice, and the columns with it.
    body = "AREA_TEAM" if month < Month(2019, 7) else "STP" if month < Month(2021, 1) else "ICB"
    yield (SNOMED_HEADER if snomed else EPD_HEADER).format(body=body)
    prefix = _practice_columns(region, month)
    write: Callable[[Dispensed], str] = _snomed if snomed else _epd
    known = {} if ends is None else ends.setdefault(write, {})
    alike = {id(dispensed): dispensed for _, dispensed in rows}
    known |= {key: write(alike[key]) for key in alike.keys() - known.keys()}
    yield from [prefix[practice] + known[id(dispensed)] for practice, dispensed in rows]


def _pdpi(region: Region, month: Month, rows: Iterable[Row]) -> Iterator[str]:
    """One row for each practice and presentation: quantities are already totals, numbers are padded with zeros."""
    merged: dict[tuple[int, str], list[Dispensed]] = {}
    for practice, dispensed in rows:
        merged.setdefault((practice, dispensed.presentation.bnf_code), []).append(dispensed)
    period = f"{month.year}{month.month:02d}"
    for (practice, code), parts in merged.items():
        items = sum(part.items for part in parts)
        nic, cost = sum(part.nic for part in parts), sum(part.actual_cost for part in parts)
        quantity = round(sum(part.total_quantity for part in parts))
        area = region.areas[region.area_of[practice]]
        name = parts[0].presentation.name
        numbers = f"{items:07d},{nic:011.2f},{cost:011.2f},{quantity:07d}"
        yield f"Q99,{area},{region.practices[practice]},{code},{name:<40},{numbers},{period},"


def _practice_columns(region: Region, month: Month) -> list[str]:
    """The fourteen columns that describe the practice, by practice; every seventh address is blank."""
    stamp = f'"{month}"' if month >= FIRST_SNOMED else f"{month.year}{month.month:02d}"
    columns = []
    for number, code in enumerate(region.practices):
        area = int(region.area_of[number])
        office = region.region_of_area[area]
        address = ",,,," if number % 7 == 0 else f'{number} SYNTHETIC STREET,"TOWN, NORTH",,COUNTY,ZZ99 {number % 10}ZZ'
        columns.append(
            f"{stamp},{region.regions[office].upper()},Y9{office},SYNTHETIC BODY {office + 1},Q9{office},"
            f"SYNTHETIC AREA {area + 1},{region.areas[area]}00,{region.names[number]},{code},{address},"
        )
    return columns


def _epd(row: Dispensed) -> str:
    p = row.presentation
    return (
        f"{p.bnf_code[:9]},,{p.bnf_code},{p.name},{SECTIONS[p.section].chapter},{row.quantity},{row.items},"
        f"{row.total_quantity},{row.adq_usage},{row.nic},{row.actual_cost},N"
    )


def _snomed(row: Dispensed) -> str:
    """Numbers are quoted strings such as "4."; items are not; the SNOMED code is text."""
    p = row.presentation
    numbers = [f'"{_dotted(value)}"' for value in (row.total_quantity, row.adq_usage, row.nic, row.actual_cost)]
    return (
        f'"{p.bnf_code[:9]}","","{p.bnf_code}","{p.name}","{SECTIONS[p.section].chapter}","{_dotted(row.quantity)}",{row.items},'
        f"{','.join(numbers)},N,9{abs(hash_code(p.bnf_code)):014d}"
    )


def _dotted(value: float) -> str:
    return f"{value:.0f}." if value == int(value) else f"{value}"


@cache
def hash_code(text: str) -> int:
    """A made-up but stable number of at most 14 digits for a product."""
    number = 0
    for letter in text:
        number = (number * 131 + ord(letter)) % 10**14
    return number
