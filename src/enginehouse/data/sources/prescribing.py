"""Prescribing rows of England in the three layouts in which they were published, and a plain table.

PDPI (to 2018): one row for a practice and presentation, QUANTITY already the total. EPD (2014 to 2025): one row for a
quantity per item as well; TOTAL_QUANTITY is ours. EPD with SNOMED (from November 2020): other column names, numbers
as quoted strings; one presentation may stand on several equal rows with different SNOMED codes, and all count.
Columns that describe the practice or the chemical are not read: they may be blank, renamed, or in Latin-1.

Rows of UNIDENTIFIED prescribers are kept and flagged. Beside the rows lie `codes.parquet` and `practices.parquet`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from enginehouse.core.errors import UserError
from enginehouse.core.ids import site_id
from enginehouse.data.duck import data_or_machine_error, engine, quoted
from enginehouse.data.keys import KeyBook
from enginehouse.data.layouts import Field, Layout, Reads
from enginehouse.data.sources.reader import SourceReader, always
from enginehouse.programme.sources import Source

PRACTICES, CODES = "practices", "codes"


def _layout(name: str, **published: str) -> Layout:
    """A layout by the published name of each of our columns; those that it lacks stay empty."""

    def field(ours: str, reads: Reads, *, required: bool = True, minimum: float | None = None) -> Field:
        return Field(
            name=ours,
            reads=reads,
            columns=(published[ours],) if ours in published else (),
            required=required,
            needed=ours in published,
            minimum=minimum,
            stored={"practice": "practice_key", "code": "code_key"}.get(ours, ours),
        )

    return Layout(
        name=name,
        fields=(
            field("practice", Reads.KEY),
            field("code", Reads.KEY),
            field("month", Reads.MONTH),
            field("items", Reads.COUNT, minimum=0),
            field("quantity", Reads.NUMBER, minimum=0),
            field("nic", Reads.NUMBER, required=False),
            field("actual_cost", Reads.NUMBER, required=False),
            field("adq_usage", Reads.NUMBER, required=False),
            field("unidentified", Reads.FLAG, required=False),
        ),
    )


_EPD = {
    "practice": "PRACTICE_CODE",
    "month": "YEAR_MONTH",
    "items": "ITEMS",
    "quantity": "TOTAL_QUANTITY",
    "nic": "NIC",
    "actual_cost": "ACTUAL_COST",
    "unidentified": "UNIDENTIFIED",
}
_PDPI = {
    "practice": "PRACTICE",
    "code": "BNF CODE",
    "month": "PERIOD",
    "items": "ITEMS",
    "quantity": "QUANTITY",
    "nic": "NIC",
    "actual_cost": "ACT COST",
}
_PLAIN = {"practice": "practice", "code": "bnf_code", "month": "month", "items": "items", "quantity": "quantity"}

LAYOUTS = (
    _layout("EPD with SNOMED", code="BNF_PRESENTATION_CODE", adq_usage="ADQ_USAGE", **_EPD),
    _layout("EPD version 2", code="BNF_CODE", adq_usage="ADQUSAGE", **_EPD),
    _layout("PDPI", **_PDPI),
    _layout("one row for a practice, presentation and month", **_PLAIN),
)


def _finish(folder: Path, books: Mapping[str, KeyBook], source: Source) -> None:
    """Write what the keys mean. A prescriber whose code cannot be a site's (a dash) has none."""
    codes, practices = books[CODES].texts, books[PRACTICES].texts
    sites = [_site(practice, source.site_scheme) for practice in practices]
    tables = {
        CODES: {"code_key": _keys(codes), "bnf_code": pa.array(codes, pa.string())},
        PRACTICES: {
            "practice_key": _keys(practices),
            "practice": pa.array(practices, pa.string()),
            "site": pa.array(sites, pa.string()),
        },
    }
    with engine() as duck, data_or_machine_error(str(folder)):
        for name, columns in tables.items():
            duck.register("keys", pa.table(columns))
            target = quoted(folder / f"{name}.parquet")
            duck.execute(f"COPY (SELECT * FROM keys) TO {target} (FORMAT parquet, COMPRESSION zstd)")
            duck.unregister("keys")


def _keys(texts: list[str]) -> pa.Array:
    return pa.array(range(len(texts)), pa.int32())


def _site(practice: str, scheme: str) -> str | None:
    try:
        return site_id(practice, scheme=scheme)
    except UserError:
        return None


READER = SourceReader(
    version=1,
    layouts=always(*LAYOUTS),
    reads_names=False,
    books={PRACTICES: "practice", CODES: "code"},
    unique_between_files=("month", "practice_key"),
    finish=_finish,
)
