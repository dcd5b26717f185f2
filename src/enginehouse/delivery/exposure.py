"""What others delivered, counted by site (how often a prompt was shown, for example), and the lists they work from."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from enginehouse.core.errors import Problem, Problems
from enginehouse.core.ids import plain_codes, site_codes
from enginehouse.programme.rows import Row, read_records
from enginehouse.stats.records import from_plain, to_plain

COLUMNS = ("site", "count", "from", "to")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How often a site was exposed between two days (both inclusive, YYYY-MM-DD)."""

    site: str
    count: float
    first: str
    last: str


def read_exposure(path: Path, *, sites: Collection[str], scheme: str = "ods") -> tuple[Exposure, ...]:
    """Exposure counts of the sites of one strategy.

    Raises
    ------
    Problems
        A row is faulty, a site is none of the cycle's, or its period is given twice: all are listed.
    """

    def read(row: Row) -> Exposure:
        site, count = row.site("site", sites, scheme=scheme), row.number("count")
        first, last = row.day("from"), row.day("to")
        if first is not None and last is not None and last < first:
            row.fault("to", f"got {last}, which is before {first}.", "Write the first day under from.")
        return Exposure(site=site, count=count, first=str(first), last=str(last))

    found = read_records(path, COLUMNS, read)
    twice = sorted({e.site for e in found if sum(o.site == e.site and o.first == e.first for o in found) > 1})
    if twice:
        raise Problems([Problem(str(path), f"got {site_codes(twice)} twice for one period.", "Add them up first.")])
    return found


def site_list(sites: Mapping[str, str]) -> bytes:
    """The list of sites (id -> name) that whoever delivers a strategy works from. It says nothing of other sites."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["site", "name"])
    codes = plain_codes(sites)
    writer.writerows((codes[site], name) for site, name in sorted(sites.items()))
    return text.getvalue().encode()


def exposure_document(exposures: Iterable[Exposure]) -> bytes:
    """Exposure as a document; `exposure_from_document` is the inverse."""
    return json.dumps(to_plain(tuple(exposures)), sort_keys=True, ensure_ascii=False).encode()


def exposure_from_document(content: bytes) -> tuple[Exposure, ...]:
    """Read back what `exposure_document` wrote."""
    exposures: tuple[Exposure, ...] = from_plain(tuple[Exposure, ...], json.loads(content))
    return exposures
