"""The panel of a programme, built from the latest snapshot of each source that its indicators need.

This is where definitions meet data. How the numbers of one indicator come about is in `from_totals` and
`from_prescribing`; whether the data can be trusted was checked in `data`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from enginehouse.core.errors import DataError, did_you_mean
from enginehouse.core.progress import Progress, silent
from enginehouse.data.list_sizes import read_list_sizes
from enginehouse.data.prescribing import read_keys
from enginehouse.data.register import READS, build_register
from enginehouse.data.snapshot import LoadedFile, Snapshot
from enginehouse.data.sources.prescribing import CODES
from enginehouse.data.totals import read_totals
from enginehouse.data.warehouse import Warehouse
from enginehouse.indicators import from_prescribing, from_totals
from enginehouse.indicators.account import LeftOut, PanelBuild, Reason, worth_saying
from enginehouse.indicators.from_prescribing import PrescribingRows
from enginehouse.indicators.kept_sums import KeptSums, RowsOfFile
from enginehouse.indicators.panel import FIXED_COLUMNS, Panel
from enginehouse.programme.enums import SourceKind
from enginehouse.programme.indicator import Indicator, ListSize
from enginehouse.programme.programme import Programme

REGISTER_KINDS = frozenset({SourceKind.SITES, SourceKind.EPRACCUR, SourceKind.PRACTICE_MAP})

Part = tuple[pa.Table, tuple[LeftOut, ...]]


def build_panel(
    programme: Programme,
    warehouse: Warehouse,
    *,
    indicators: Iterable[str] | None = None,
    code_changes: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> Panel:
    """The panel of a programme's indicators; what is left out is told to `progress` (`build` returns it too).

    Parameters
    ----------
    indicators
        Ids; all of the programme's unless given.
    code_changes
        Old to new codes, applied to prescribing rows before any pattern is tried.

    Raises
    ------
    DataError
        An indicator or a source does not exist, or a source was not loaded.
    """
    built = build(programme, warehouse, indicators=indicators, code_changes=code_changes, progress=progress)
    for entry in built.left_out:
        progress(f"Note: {entry}")
    return built.panel


def build(
    programme: Programme,
    warehouse: Warehouse,
    *,
    indicators: Iterable[str] | None = None,
    code_changes: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> PanelBuild:
    """The panel with the snapshots it was made from and the account of what was left out; see `build_panel`."""
    chosen = choose(programme, indicators)
    used: dict[str, Snapshot] = {}
    ready = [i for i in chosen if i.measured_from.totals]
    parts = _from_totals(ready, warehouse, used, progress)
    unregistered = _unregistered([table for table, _ in parts], programme, warehouse)
    prescribed = [i for i in chosen if i.measured_from.prescribing]
    if prescribed:
        parts += _from_prescribing(prescribed, programme, warehouse, used, code_changes, progress)
    parts = [_without_impossible(part, i) for part, i in zip(parts, [*ready, *prescribed], strict=True)]
    left_out = dict.fromkeys(entry for _, entries in parts for entry in entries)
    return PanelBuild(
        panel=_panel([table for table, _ in parts]),
        snapshots=tuple(sorted({snapshot.id for snapshot in used.values()})),
        left_out=worth_saying((*left_out, unregistered)),
    )


def choose(programme: Programme, indicators: Iterable[str] | None) -> list[Indicator]:
    """The named indicators of the programme, or all of them."""
    names = list(programme.indicators) if indicators is None else list(indicators)
    for name in names:
        if name not in programme.indicators:
            raise DataError(
                f"got indicator '{name}'.",
                where=str(programme.folder / "indicators"),
                remedy=did_you_mean(name, programme.indicators),
            )
    if not names:
        raise DataError(
            "the programme has no indicators.",
            where=str(programme.folder / "indicators"),
            remedy="Write one file for each indicator.",
        )
    return [programme.indicators[name] for name in dict.fromkeys(names)]


def _from_totals(
    indicators: Sequence[Indicator], warehouse: Warehouse, used: dict[str, Snapshot], progress: Progress
) -> list[Part]:
    parts = []
    tables: dict[str, pa.Table] = {}
    for done, indicator in enumerate(indicators):
        progress("Reading totals", done, len(indicators))
        assert indicator.measured_from.totals is not None
        source = indicator.measured_from.totals.source
        if source not in tables:
            used[source] = _latest(warehouse, source)
            tables[source] = read_totals(used[source])
        parts.append(from_totals.indicator_rows(indicator, tables[source]))
    return parts


def _unregistered(tables: Sequence[pa.Table], programme: Programme, warehouse: Warehouse) -> LeftOut:
    """Sites of ready-made totals that the register does not have, where there is one: totals come with their sites."""
    kinds = {name: source.kind for name, source in programme.settings.sources.items() if source.kind in READS}
    is_loaded = all(warehouse.latest(name) is not None for name in kinds)
    if not tables or not is_loaded or REGISTER_KINDS.isdisjoint(kinds.values()):
        return LeftOut(Reason.NOT_IN_REGISTER, 0)
    known = build_register(warehouse, programme.settings).sites
    sites = {site for table in tables for site in table.column("site").unique().to_pylist()}
    return LeftOut.of(Reason.NOT_IN_REGISTER, sites - set(known))


def _from_prescribing(
    indicators: Sequence[Indicator],
    programme: Programme,
    warehouse: Warehouse,
    used: dict[str, Snapshot],
    code_changes: Mapping[str, str] | None,
    progress: Progress,
) -> list[Part]:
    source = _only_source(programme, SourceKind.PRESCRIBING)
    used[source] = _latest(warehouse, source)
    rows = prescribing_rows(used[source])
    kept = KeptSums(warehouse.folder / "sums")
    sums, about_codes = from_prescribing.sums_by_site(
        rows, indicators, code_changes=code_changes, kept=kept, progress=progress
    )
    patients = None
    if any(_needs_patients(indicator) for indicator in indicators):
        listed = _only_source(programme, SourceKind.LIST_SIZES)
        used[listed] = _latest(warehouse, listed)
        patients = read_list_sizes(used[listed])
    known = build_register(warehouse, programme.settings).sites.keys()
    used.update(_register_snapshots(programme, warehouse))
    parts = [from_prescribing.indicator_rows(i, sums, known=known, patients=patients) for i in indicators]
    first, entries = parts[0]
    return [(first, (*about_codes, *entries)), *parts[1:]]


def _without_impossible(part: Part, indicator: Indicator) -> Part:
    """The rows of a proportion without those whose numerator is above its denominator, which are counted."""
    rows, left_out = part
    if not indicator.is_proportion:
        return part
    # A sum of parts that were rounded apart may exceed the sum of the wholes by less than one can write down.
    most = pc.multiply(rows.column("denominator"), 1 + 1e-9)
    above = pc.greater(rows.column("numerator"), most)
    sites = rows.filter(above).column("site").to_pylist()
    entry = LeftOut.of(Reason.ABOVE_DENOMINATOR, sites, count=len(sites), indicator=indicator.id)
    return rows.filter(pc.invert(above)), (*left_out, entry)


def _register_snapshots(programme: Programme, warehouse: Warehouse) -> dict[str, Snapshot]:
    """The register decides which practices count, so its sources belong to what the panel was made from."""
    names = [name for name, source in programme.settings.sources.items() if source.kind in REGISTER_KINDS]
    found = ((name, warehouse.latest(name)) for name in names)
    return {name: snapshot for name, snapshot in found if snapshot is not None}


def prescribing_rows(snapshot: Snapshot) -> PrescribingRows:
    """The rows of a snapshot of prescribing, and what their keys mean."""
    keys = read_keys(snapshot)
    practices = keys.practices
    # A prescriber whose code cannot be a site's has none; under its own code it is not in the register either.
    names = zip(practices["site"].to_pylist(), practices["practice"].to_pylist(), strict=True)
    return PrescribingRows(
        paths=keys.paths,
        code_keys=keys.codes["code_key"].combine_chunks(),
        codes=keys.codes["bnf_code"].combine_chunks(),
        sites=dict(zip(practices["practice_key"].to_pylist(), (site or code for site, code in names), strict=True)),
        files=_named(snapshot.files),
    )


def _named(files: Sequence[LoadedFile]) -> tuple[RowsOfFile, ...]:
    """What names the rows of each file: its bytes, how they were read, and the meaning of the keys that they have."""
    if not all(CODES in file.seals for file in files):
        return ()
    return tuple(RowsOfFile(f"{file.converted} {sorted(file.seals.items())}", file.seals[CODES][0]) for file in files)


def _needs_patients(indicator: Indicator) -> bool:
    prescribing = indicator.measured_from.prescribing
    return prescribing is not None and isinstance(prescribing.denominator, ListSize)


def _only_source(programme: Programme, kind: SourceKind) -> str:
    names = [name for name, source in programme.settings.sources.items() if source.kind is kind]
    if len(names) != 1:
        raise DataError(
            f"found {len(names)} sources of kind '{kind.value}'; indicators from prescribing need exactly one.",
            where=str(programme.folder / "programme.yaml"),
            remedy="Put all files of that kind into one source." if names else f"Add a source of kind '{kind.value}'.",
        )
    return names[0]


def _latest(warehouse: Warehouse, source: str) -> Snapshot:
    snapshot = warehouse.latest(source)
    if snapshot is None:
        raise DataError(
            f"source '{source}' was not loaded.",
            where=str(warehouse.folder),
            remedy="Run `enginehouse data load` first.",
        )
    return snapshot


def _panel(tables: Sequence[pa.Table]) -> Panel:
    names = [*FIXED_COLUMNS, *sorted({name for t in tables for name in t.column_names} - set(FIXED_COLUMNS))]
    return Panel.from_table(pa.concat_tables([_with_columns(table, names) for table in tables]))


def _with_columns(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """The columns in one order and of plain types; a stratum that a source lacks is empty text."""
    columns = {}
    for name in names:
        kind = {"month": pa.date32(), "numerator": pa.float64(), "denominator": pa.float64()}.get(name, pa.string())
        there = name in table.column_names
        columns[name] = table.column(name).cast(kind) if there else pa.array([""] * table.num_rows, kind)
    return pa.table(columns)
