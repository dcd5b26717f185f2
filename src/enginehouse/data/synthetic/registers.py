"""The files that describe practices: organisation register, hierarchy, list sizes, deprivation, successors.

Each says what was known in the last month that is written (its number, `last`): no practice opens, closes or merges in
them before it does.
"""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.core.months import Month
from enginehouse.data.synthetic.region import Region

_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
LIST_EXTRACT_EVERY = 3


def epraccur_lines(region: Region, last: int) -> Iterator[str]:
    """The 27-column register without a header; setting 4 is a general practice, and two other prescribers follow."""
    months = list(region.parameters.period)
    for number, code in _known(region, last):
        opened = _day(months[region.opened[number]]) if number in region.opened else "19740401"
        closed = _day(months[region.closed[number]]) if region.closed.get(number, last + 1) <= last else ""
        yield _register_line(code, region.names[number], opened, closed, region.areas[region.area_of[number]], "4")
    yield _register_line("Z99901", "SYNTHETIC OUT OF HOURS SERVICE", "20100401", "", region.areas[0], "2")
    yield _register_line("Z99902", "SYNTHETIC HOSPICE", "20100401", "", region.areas[0], "13")


def map_lines(region: Region, last: int) -> Iterator[str]:
    """Practice, area and region with their names, and the network where there are any."""
    network = ",PCN_CODE" if region.network_of else ""
    yield f"PRACTICE_CODE,PRACTICE_NAME,CCG_CODE,CCG_NAME,COMM_REGION_CODE,COMM_REGION_NAME{network}"
    for number, code in _known(region, last):
        area = int(region.area_of[number])
        office = region.region_of_area[area]
        place = f"{region.areas[area]},Synthetic Area {area + 1},Y9{office},{region.regions[office]}"
        network = f",{region.network_of[number]}" if region.network_of else ""
        yield f"{code},{region.names[number]},{place}{network}"


def list_size_files(region: Region, last: int) -> Iterator[tuple[str, Iterator[str]]]:
    """Quarterly extracts of registered patients, with their file names."""
    for column, month in enumerate(region.parameters.period):
        if column <= last and column % LIST_EXTRACT_EVERY == 0:
            yield f"gp-reg-pat-prac-all_{month.year}{month.month:02d}.csv", _list_lines(region, month, column)


def deprivation_lines(region: Region, last: int) -> Iterator[str]:
    """A deprivation score for each practice; every fortieth is missing."""
    yield f"practice,imd_{region.parameters.deprivation_year}_score"
    for number, code in _known(region, last):
        score = "" if number % 40 == 39 else f"{region.deprivation[number]}"
        yield f"{code},{score}"


def successor_lines(region: Region, last: int) -> Iterator[str]:
    """Which practice took over which, and from when."""
    months = list(region.parameters.period)
    yield "practice,successor,from"
    for old, new in region.successor.items():
        if region.closed[old] > last:
            continue
        yield f"{region.practices[old]},{region.practices[new]},{months[region.closed[old]]}"


def _known(region: Region, last: int) -> Iterator[tuple[int, str]]:
    """The practices that exist by then, with their numbers."""
    for number, code in enumerate(region.practices):
        if region.opened.get(number, 0) <= last:
            yield number, code


def _list_lines(region: Region, month: Month, column: int) -> Iterator[str]:
    yield "PUBLICATION,EXTRACT_DATE,TYPE,CCG_CODE,ONS_CCG_CODE,CODE,POSTCODE,SEX,AGE,NUMBER_OF_PATIENTS"
    stamp = f"01{_MONTH_NAMES[month.month - 1]}{month.year}"
    for number, code in enumerate(region.practices):
        patients = int(region.list_size[number, column])
        if patients:
            area = region.areas[region.area_of[number]]
            yield f"GP_PRAC_PAT_LIST,{stamp},GP,{area},E999{area},{code},ZZ99 {number % 10}ZZ,ALL,ALL,{patients}"


def _register_line(code: str, name: str, opened: str, closed: str, area: str, setting: str) -> str:
    status = "C" if closed else "A"
    cells = [
        code,
        name,
        "Y99",
        "Q99",
        "1 SYNTHETIC STREET",
        "",
        "TOWN",
        "",
        "",
        "ZZ99 1ZZ",
        opened,
        closed,
        status,
        "B",
    ]
    cells += [area, "20130401", "", "", "", "", "", "0", "", area, "", setting, ""]
    return ",".join(f'"{cell}"' for cell in cells)


def _day(month: Month) -> str:
    return f"{month.year}{month.month:02d}01"
