"""Checks of what each source holds: rows that did not fit, months missing, late or thin, impossible numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from enginehouse.core.months import Month
from enginehouse.data.checked import Checked, ask
from enginehouse.data.duck import parquet, read_rows
from enginehouse.data.findings import DataCheck, Finding, Severity, number, some
from enginehouse.data.quarantine import reason_kind
from enginehouse.data.snapshot import Snapshot
from enginehouse.programme.enums import SourceKind

THIN_MONTH = 0.9
"""A month with fewer than this share of the usual number of sites has not all come in."""

LONGEST_LIST_GAP_MONTHS = 3
MOST_KINDS = 4
MONTHS_NAMED = 12
MONTHLY = (SourceKind.TOTALS, SourceKind.PRESCRIBING)


@dataclass(frozen=True, slots=True)
class _Fault:
    """A class of reasons in the quarantine: words by which it is known, how grave it is, and what to do."""

    signs: tuple[str, ...]
    what: str
    severity: Severity
    remedy: str


# The first whose sign is in the reason; the last has none and takes the rest.
_FAULTS = (
    _Fault(
        ("contradicts another row",),
        "another row of the same site and month says otherwise",
        Severity.ERROR,
        "Ask the supplier which row is right, correct the file and load again; until then these sites and months have "
        "no value.",
    ),
    _Fault(
        ("repeats an earlier row",),
        "they repeat an earlier row",
        Severity.NOTE,
        "Nothing is lost. Tell the supplier if it happens every month.",
    ),
    _Fault(
        ("is negative",),
        "a count is negative",
        Severity.WARNING,
        "A count cannot be negative: ask the supplier whether it is a correction of an earlier month, and load the "
        "corrected file.",
    ),
    _Fault(
        ("'*'",),
        "suppressed by the publisher",
        Severity.NOTE,
        "Small numbers are withheld at the source. Treat these sites as not known.",
    ),
    _Fault(
        (),
        "they do not fit",
        Severity.WARNING,
        "Look at the rows in the quarantine, correct the file or ask for it again, and load it.",
    ),
)


def not_loaded(checked: Checked) -> Iterator[Finding]:
    """Sources that the programme declares and nobody has loaded."""
    for name in checked.settings.sources:
        if name not in checked.snapshots:
            yield Finding(
                check=DataCheck.NOT_LOADED,
                severity=Severity.ERROR,
                source=name,
                what="The source has not been loaded.",
                count=1,
                remedy="Run: enginehouse data load.",
            )


def quarantined(checked: Checked) -> Iterator[Finding]:
    """Rows that did not fit, by what is wrong with them."""
    for name, snapshot in checked.snapshots.items():
        if not snapshot.quarantines:
            continue
        rows = read_rows(snapshot.quarantines, "SELECT * FROM rows ORDER BY file, row").to_pylist()
        by_fault: dict[_Fault, list[Mapping[str, Any]]] = {}
        for row in rows:
            by_fault.setdefault(_fault(row["reason"]), []).append(row)
        for fault, some_rows in by_fault.items():
            yield Finding(
                check=DataCheck.QUARANTINED,
                severity=fault.severity,
                source=name,
                what=f"{number(len(some_rows), 'row')} left out: {fault.what}{_kinds(fault, some_rows)}.",
                count=len(some_rows),
                examples=some([f"{row['file']} row {row['row']}: {row['reason']}" for row in some_rows]),
                remedy=fault.remedy,
            )


def _kinds(fault: _Fault, rows: Sequence[Mapping[str, Any]]) -> str:
    """What is wrong with the rows that no other class takes, and how many have it, the commonest first."""
    if fault.signs:
        return ""
    counts = Counter(kind for row in rows for kind in {reason_kind(one) for one in row["reason"].split("; ")})
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    named = [f"{kind}: {count:,}" for kind, count in ranked[:MOST_KINDS]]
    return f" ({', '.join(named)}{', and others' if len(ranked) > MOST_KINDS else ''})"


def _fault(reason: str) -> _Fault:
    return next(fault for fault in _FAULTS if not fault.signs or any(sign in reason for sign in fault.signs))


def set_aside(checked: Checked) -> Iterator[Finding]:
    """Rows that are right but of no use to the source."""
    for name, snapshot in checked.snapshots.items():
        if snapshot.set_aside:
            yield Finding(
                check=DataCheck.SET_ASIDE,
                severity=Severity.NOTE,
                source=name,
                what=f"{number(snapshot.set_aside, 'row')} set aside: {snapshot.set_aside_because}.",
                count=snapshot.set_aside,
                remedy="Nothing to do unless these were meant to count.",
            )


def missing_months(checked: Checked) -> Iterator[Finding]:
    """Months between the first and the last that have no rows; lists may come quarterly."""
    for name, snapshot in checked.of_kind(*MONTHLY, SourceKind.LIST_SIZES).items():
        longest = LONGEST_LIST_GAP_MONTHS if snapshot.kind is SourceKind.LIST_SIZES else 1
        months = [Month.parse(text) for text in snapshot.months]
        gaps = [
            before + step
            for before, after in pairwise(months)
            if after - before > longest
            for step in range(1, after - before)
        ]
        if gaps:
            yield Finding(
                check=DataCheck.MISSING_MONTHS,
                severity=Severity.WARNING if snapshot.kind is SourceKind.LIST_SIZES else Severity.ERROR,
                source=name,
                what=f"{number(len(gaps), 'month is', 'months are')} missing between {months[0]} and {months[-1]}: "
                f"{_runs(gaps)}.",
                count=len(gaps),
                examples=some([str(month) for month in gaps], 12),
                remedy="Fetch the months and put their files where the source looks; a baseline or follow-up that "
                "needs them cannot be evaluated.",
            )


def _runs(months: Sequence[Month]) -> str:
    """Months in words, those in a row together: `2023-07, 2024-01 to 2024-03`."""
    runs: list[list[Month]] = []
    for month in months:
        if runs and month - runs[-1][-1] == 1:
            runs[-1].append(month)
        else:
            runs.append([month])
    named = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    more = f" and {len(named) - MONTHS_NAMED} more gaps" if len(named) > MONTHS_NAMED else ""
    return ", ".join(named[:MONTHS_NAMED]) + more


def late_months(checked: Checked) -> Iterator[Finding]:
    """Sources that end before the others do."""
    ends = {
        name: Month.parse(list(snapshot.months)[-1])
        for name, snapshot in checked.of_kind(*MONTHLY).items()
        if snapshot.months
    }
    newest = max(ends.values(), default=None)
    for name, end in ends.items():
        if newest is not None and end < newest:
            yield Finding(
                check=DataCheck.LATE_MONTHS,
                severity=Severity.NOTE,
                source=name,
                what=f"The source ends in {end}; the newest of the programme reaches {newest}.",
                count=newest - end,
                remedy="Fetch the later months, or end the follow-up before they begin.",
            )


def coverage(checked: Checked) -> Iterator[Finding]:
    """Months in which far fewer sites report than usual."""
    for name, table in checked.activity.items():
        query = f"""
            WITH counted AS (SELECT series, month, count(DISTINCT site) AS sites FROM activity GROUP BY ALL),
            usual AS (SELECT *, median(sites) OVER (PARTITION BY series) AS usual FROM counted)
            SELECT series, strftime(month, '%Y-%m') AS month, sites, usual FROM usual
            WHERE sites < {THIN_MONTH} * usual ORDER BY series, month
        """
        thin = ask(table, query)
        if thin:
            yield Finding(
                check=DataCheck.COVERAGE,
                severity=Severity.WARNING,
                source=name,
                what=f"In {number(len(thin), 'month')} fewer than {THIN_MONTH:.0%} of the usual sites report.",
                count=len(thin),
                examples=some([f"{_series(r)}{r['month']}: {r['sites']} of {r['usual']:.0f} sites" for r in thin]),
                remedy="If late returns explain it, load these months again later; else keep them out of the "
                "protocol's periods.",
            )


def zero_denominators(checked: Checked) -> Iterator[Finding]:
    """Sites and months without anybody to count."""
    for name in checked.of_kind(SourceKind.TOTALS):
        rows = ask(
            checked.activity[name],
            "SELECT series, site, strftime(month, '%Y-%m') AS month, value FROM activity WHERE base = 0 "
            "ORDER BY value DESC, series, site, month",
        )
        if rows:
            impossible = [row for row in rows if row["value"] > 0]
            yield Finding(
                check=DataCheck.ZERO_DENOMINATORS,
                severity=Severity.WARNING if impossible else Severity.NOTE,
                source=name,
                what=f"{number(len(rows), 'row has', 'rows have')} a denominator of zero"
                + (f", {len(impossible):,} of them with a numerator above it." if impossible else "."),
                count=len(rows),
                examples=some([f"{_series(row)}{row['site']} in {row['month']}" for row in rows]),
                remedy="They have no ratio and drop out of every rate. Where the numerator is not zero, ask the "
                "supplier for the denominator.",
            )


def numerator_above(checked: Checked) -> Iterator[Finding]:
    """Numerators above their denominators, for the indicators where that cannot be."""
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(checked.cannot_exceed)) or "NULL"
    for name in checked.of_kind(SourceKind.TOTALS):
        rows = ask(
            checked.activity[name],
            "SELECT series, site, strftime(month, '%Y-%m') AS month, value, base FROM activity "
            f"WHERE value > base AND series IN ({names}) ORDER BY series, site, month",
        )
        if rows:
            yield Finding(
                check=DataCheck.NUMERATOR_ABOVE,
                severity=Severity.ERROR,
                source=name,
                what=f"{number(len(rows), 'numerator is', 'numerators are')} above the denominator that should contain "
                f"{'it' if len(rows) == 1 else 'them'}.",
                count=len(rows),
                examples=some(
                    [f"{_series(r)}{r['site']} in {r['month']}: {r['value']:g} of {r['base']:g}" for r in rows]
                ),
                remedy="The two columns may be swapped, or drawn on different days: ask the supplier.",
            )


def unidentified(checked: Checked) -> Iterator[Finding]:
    """Prescribing that its publisher could not give to a practice."""
    for name, snapshot in checked.of_kind(SourceKind.PRESCRIBING).items():
        [row] = _unidentified_rows(snapshot)
        if row["rows"]:
            yield Finding(
                check=DataCheck.UNIDENTIFIED,
                severity=Severity.NOTE,
                source=name,
                what=f"{number(row['rows'], 'row')} with {row['items']:,.0f} items could not be attributed to a "
                "prescriber by the publisher; they are kept and belong to no site.",
                count=row["rows"],
                remedy="Nothing to do: no practice's figures contain them.",
            )


def _unidentified_rows(snapshot: Snapshot) -> list[dict[str, Any]]:
    practices = parquet([snapshot.folder / "practices.parquet"])
    query = (
        "SELECT count(*) AS rows, coalesce(sum(items), 0) AS items FROM rows "
        f"JOIN {practices} USING (practice_key) WHERE unidentified OR practice = 'UNIDENTIFIED'"
    )
    rows: list[dict[str, Any]] = read_rows(snapshot.paths, query).to_pylist()
    return rows


def _series(row: Mapping[str, Any]) -> str:
    return f"{row['series']}, " if row["series"] else ""
