"""The panel: indicator, site, month, strata, numerator, denominator. Small, sorted, immutable, named by its content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from enginehouse.core.errors import DataError, did_you_mean
from enginehouse.core.files import write_whole
from enginehouse.core.months import Month, Period

FIXED_COLUMNS = ("indicator", "site", "month", "numerator", "denominator", "quality")
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PanelArrays:
    """One indicator as matrices of sites (rows) x months (columns); `nan` where a site has no value."""

    indicator: str
    sites: tuple[str, ...]
    months: tuple[Month, ...]
    numerator: Array
    denominator: Array

    @property
    def ratio(self) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.denominator > 0, self.numerator / self.denominator, np.nan)

    def rows(self, sites: Iterable[str]) -> npt.NDArray[np.intp]:
        """Row numbers of those `sites` that are present, in the order given."""
        position = {site: row for row, site in enumerate(self.sites)}
        return np.array([position[s] for s in sites if s in position], dtype=np.intp)

    def of_sites(self, sites: Iterable[str]) -> PanelArrays:
        rows = self.rows(sites)
        names = tuple(self.sites[r] for r in rows)
        return PanelArrays(self.indicator, names, self.months, self.numerator[rows], self.denominator[rows])

    def in_period(self, period: Period) -> PanelArrays:
        """The months of `period`; a month of the period without any data is an error, not a gap."""
        position = {month: column for column, month in enumerate(self.months)}
        missing = [month for month in period if month not in position]
        if missing:
            raise DataError(
                f"{self.indicator} has no data for {len(missing)} of {len(period)} months ({missing[0]} first).",
                where="panel",
                remedy="Load the missing months, or register a shorter baseline or follow-up.",
            )
        columns = [position[month] for month in period]
        return PanelArrays(
            self.indicator, self.sites, tuple(period), self.numerator[:, columns], self.denominator[:, columns]
        )

    def complete(self) -> PanelArrays:
        """Only sites with a positive denominator in every month."""
        keep = np.all(np.nan_to_num(self.denominator) > 0, axis=1) & np.all(np.isfinite(self.numerator), axis=1)
        return self.of_sites(site for site, ok in zip(self.sites, keep, strict=True) if ok)

    def totals(self) -> tuple[Array, Array]:
        """Summed numerators and denominators by month over the sites that have both."""
        present = np.isfinite(self.numerator) & np.isfinite(self.denominator)
        return np.where(present, self.numerator, 0.0).sum(axis=0), np.where(present, self.denominator, 0.0).sum(axis=0)


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One Arrow table. Panels with the same content have the same `identity`, whatever the order they came in."""

    table: pa.Table

    @classmethod
    def from_columns(
        cls,
        *,
        indicator: Sequence[str],
        site: Sequence[str],
        month: Sequence[Month],
        numerator: Sequence[float] | Array,
        denominator: Sequence[float] | Array,
        quality: Sequence[str] | None = None,
        strata: Mapping[str, Sequence[str]] | None = None,
    ) -> Panel:
        columns: dict[str, pa.Array] = {
            "indicator": pa.array(indicator, pa.string()),
            "site": pa.array(site, pa.string()),
            "month": pa.array([m.first_day for m in month], pa.date32()),
            **{name: pa.array(values, pa.string()) for name, values in sorted((strata or {}).items())},
            "numerator": pa.array(numerator, pa.float64()),
            "denominator": pa.array(denominator, pa.float64()),
            "quality": pa.array(quality or ["ok"] * len(indicator), pa.string()),
        }
        return cls.from_table(pa.table(columns))

    @classmethod
    def from_table(cls, table: pa.Table) -> Panel:
        """Check, order and keep a table with the panel's columns.

        Raises
        ------
        DataError
            A column is missing, or an indicator has two rows for one site, month and stratum.
        """
        missing = [name for name in FIXED_COLUMNS if name not in table.column_names]
        if missing:
            raise DataError(
                f"the panel lacks the column(s) {', '.join(missing)}.",
                where="panel",
                remedy="Build it again from its snapshots.",
            )
        strata = sorted(name for name in table.column_names if name not in FIXED_COLUMNS)
        order = ["indicator", "site", "month", *strata]
        names = [*order, "numerator", "denominator", "quality"]
        plain = table.select(names).cast(pa.schema([(n, _TYPES.get(n, pa.string())) for n in names]))
        ordered = plain.sort_by([(name, "ascending") for name in order]).combine_chunks()
        if _repeats(ordered.select(order)):
            raise DataError(
                "two rows share one indicator, site, month and stratum.",
                where="panel",
                remedy="Remove the duplicate rows from the source.",
            )
        return cls(ordered)

    @classmethod
    def read(cls, path: Path) -> Panel:
        return cls.from_table(pq.read_table(path))

    @classmethod
    def from_bytes(cls, content: bytes) -> Panel:
        """The inverse of `to_bytes`."""
        return cls.from_table(pq.read_table(pa.BufferReader(content)))

    def only(self, indicators: Sequence[str]) -> Panel:
        """The same panel with no other indicators in it."""
        rows = pc.is_in(self.table.column("indicator"), pa.array(indicators, pa.string()))
        return Panel(self.table.filter(rows).combine_chunks())

    def write(self, path: Path) -> None:
        write_whole(path, self.to_bytes())

    def to_bytes(self) -> bytes:
        sink = pa.BufferOutputStream()
        pq.write_table(self.table, sink, compression="zstd")
        return bytes(sink.getvalue().to_pybytes())

    @property
    def identity(self) -> str:
        """SHA-256 of the canonical columns (not of file bytes, which change with the writer's version)."""
        digest = hashlib.sha256()
        for name in self.table.column_names:
            digest.update(f"{name}\n".encode())
            column = self.table.column(name).combine_chunks()
            if name in ("numerator", "denominator"):
                values = column.to_numpy(zero_copy_only=False).astype("<f8")
                digest.update(np.where(np.isnan(values), np.float64("nan"), values + 0.0).tobytes())
            else:
                digest.update(_lines(column))
        return digest.hexdigest()

    @property
    def strata(self) -> tuple[str, ...]:
        return tuple(name for name in self.table.column_names if name not in FIXED_COLUMNS)

    @property
    def indicators(self) -> tuple[str, ...]:
        return tuple(sorted(self.table.column("indicator").unique().to_pylist()))

    @property
    def sites(self) -> tuple[str, ...]:
        return tuple(sorted(self.table.column("site").unique().to_pylist()))

    @property
    def last_month(self) -> Month:
        return Month.of(pc.max(self.table.column("month")).as_py())

    def arrays(self, indicator: str) -> PanelArrays:
        """The indicator summed over strata, as matrices whose columns run over every calendar month from first to last.

        Raises
        ------
        DataError
            The panel has no such indicator.
        """
        return _Placed.of(self._rows(indicator)).arrays(indicator)

    def by_stratum(self, indicator: str) -> dict[str, dict[str, PanelArrays]]:
        """For each stratum that the indicator has, its groups: matrices of the same sites and months as `arrays`.

        Each is summed over the other strata, so the groups of one stratum add up to the whole.
        """
        rows = self._rows(indicator)
        placed = _Placed.of(rows)
        found = {}
        for stratum in self.strata:
            column = rows.column(stratum)
            groups = sorted(set(column.unique().to_pylist()) - {""})
            if groups:
                masks = {group: np.asarray(pc.equal(column, group)) for group in groups}
                found[stratum] = {group: placed.arrays(indicator, mask) for group, mask in masks.items()}
        return found

    def _rows(self, indicator: str) -> pa.Table:
        if indicator not in self.indicators:
            raise DataError(
                f"got indicator '{indicator}'.", where="panel", remedy=did_you_mean(indicator, self.indicators)
            )
        return self.table.filter(pc.equal(self.table.column("indicator"), indicator))


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """Rows of one indicator, each with its place in matrices of sites x months."""

    sites: tuple[str, ...]
    first: int
    last: int
    site: npt.NDArray[np.int_]
    month: npt.NDArray[np.int_]
    numerator: Array
    denominator: Array

    @classmethod
    def of(cls, rows: pa.Table) -> _Placed:
        codes = rows.column("site").combine_chunks().dictionary_encode()
        indexes = rows.column("month").cast(pa.int32()).to_numpy()
        months = (np.asarray(indexes, dtype="datetime64[D]").astype("datetime64[M]")).astype(int) + 1970 * 12
        return cls(
            tuple(codes.dictionary.to_pylist()),
            int(months.min()),
            int(months.max()),
            codes.indices.to_numpy(),
            months - int(months.min()),
            rows.column("numerator").to_numpy(),
            rows.column("denominator").to_numpy(),
        )

    def arrays(self, indicator: str, chosen: npt.NDArray[np.bool_] | slice = slice(None)) -> PanelArrays:
        """The sums of the chosen rows; `nan` where a site and month have none."""
        shape = (len(self.sites), self.last - self.first + 1)
        rows, columns = self.site[chosen], self.month[chosen]
        return PanelArrays(
            indicator=indicator,
            sites=self.sites,
            months=tuple(Month.from_index(i) for i in range(self.first, self.last + 1)),
            numerator=_matrix(shape, rows, columns, self.numerator[chosen]),
            denominator=_matrix(shape, rows, columns, self.denominator[chosen]),
        )


@dataclass(frozen=True, slots=True)
class FrozenPanel:
    """A panel that a freeze event names: the only panel from which a registered analysis may estimate."""

    panel: Panel
    frozen_as: str
    protocol_hash: str

    def __post_init__(self) -> None:
        if self.panel.identity != self.frozen_as:
            raise DataError(
                "the panel is not the one that was frozen.",
                where="panel",
                remedy="Restore the frozen document from a backup.",
            )


@dataclass(frozen=True, slots=True)
class HistoricalPanel:
    """A panel that ends before a cycle's start: what a design may be tried on, and a roster drawn from."""

    panel: Panel
    ends: Month

    @classmethod
    def before(cls, panel: Panel, start: Month) -> HistoricalPanel:
        """The months of `panel` before `start`."""
        keep = pc.less(panel.table.column("month"), pa.scalar(start.first_day, pa.date32()))
        return cls(Panel.from_table(panel.table.filter(keep)), start)

    def __post_init__(self) -> None:
        if self.panel.table.num_rows and not self.panel.last_month < self.ends:
            raise DataError(
                f"the history goes on to {self.panel.last_month}, and the cycle starts in {self.ends}.",
                where="panel",
                remedy="Use the months before the start only.",
            )


@dataclass(frozen=True, slots=True)
class HarmsPanel:
    """What a registered look at harms may join with arms before the freeze: the balancing indicators, up to a month."""

    panel: Panel
    indicators: tuple[str, ...]
    last: Month

    @classmethod
    def at_look(cls, panel: Panel, indicators: Sequence[str], last: Month) -> HarmsPanel:
        """The months of `panel` up to `last` (inclusive), of `indicators` alone."""
        keep = pc.less_equal(panel.table.column("month"), pa.scalar(last.first_day, pa.date32()))
        return cls(Panel.from_table(panel.table.filter(keep)).only(tuple(indicators)), tuple(indicators), last)

    def __post_init__(self) -> None:
        other = sorted(set(self.panel.indicators) - set(self.indicators))
        if other:
            raise DataError(
                f"a look at harms would see {', '.join(other)} as well.",
                where="panel",
                remedy="Keep only the indicators that must not get worse.",
            )
        for name in self.indicators:
            self._check_months(name)

    def _check_months(self, name: str) -> None:
        seen = self.panel.arrays(name).months[-1] if name in self.panel.indicators else None
        if seen is None or seen < self.last:
            so_far = "has no data yet" if seen is None else f"has data up to {seen}"
            raise DataError(
                f"the look is at the data up to {self.last}, and {name} {so_far}.",
                where="panel",
                remedy="Load the month and run: enginehouse indicators; then look.",
            )
        if seen > self.last:
            raise DataError(
                f"a look at harms up to {self.last} would see {name} up to {seen}.",
                where="panel",
                remedy="Cut the panel to the months of the look.",
            )


def _lines(column: pa.Array) -> bytes:
    """The values of a column as text, one a line; `None` for one that is absent."""
    texts = pc.fill_null(column.cast(pa.string()), "None")
    whole = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts)
    return bytes(pc.binary_join(whole, "\n")[0].as_buffer())


def _repeats(ordered: pa.Table) -> bool:
    """Whether any row of an ordered table equals the one before; what is absent equals what is absent."""
    if ordered.num_rows < 2:
        return False
    same = np.ones(ordered.num_rows - 1, dtype=bool)
    for column in ordered.columns:
        before, after = column.slice(0, len(column) - 1), column.slice(1)
        absent = pc.and_(before.is_null(), after.is_null())
        same &= pc.or_(pc.fill_null(pc.equal(before, after), False), absent).to_numpy()
        if not same.any():
            return False
    return True


_TYPES = {"month": pa.date32(), "numerator": pa.float64(), "denominator": pa.float64()}


def _matrix(shape: tuple[int, int], rows: npt.NDArray[np.int_], columns: npt.NDArray[np.int_], values: Array) -> Array:
    sums = np.zeros(shape)
    np.add.at(sums, (rows, columns), values)
    seen = np.zeros(shape, dtype=bool)
    seen[rows, columns] = True
    return np.where(seen, sums, np.nan)
