"""Checks of sites over time: unknown ones, closed ones that still report, jumps, mergers, lists without patients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from enginehouse.core.months import Month
from enginehouse.data.checked import Checked, ask
from enginehouse.data.findings import DataCheck, Finding, Severity, number, some
from enginehouse.programme.enums import SourceKind

JUMP_TIMES, JUMP_AT_LEAST = 5.0, 50.0
"""A value is a jump when it is this many times its site's median, and at least so large."""

LIST_GROWTH, LIST_LOSS, LIST_AT_LEAST = 1.3, 0.7, 500
"""A list jumps when from one extract to the next it grows or shrinks beyond these, by at least so many patients."""

NEAR_MONTHS = 4
"""A closure this close to a jump may explain it: lists were quarterly until 2017."""


_BEFORE_ALL = Month(1900, 1)


class _Ending(NamedTuple):
    """A list that ended: the first month without it, and the patients that it had."""

    site: str
    month: Month
    patients: float


def unknown_sites(checked: Checked) -> Iterator[Finding]:
    """Sites that the data speak of and the register does not know."""
    if checked.register is None:
        return
    known = set(checked.register.sites)
    tables = checked.activity | checked.lists
    for name, table in tables.items():
        unknown = sorted(set(table.column("site").unique().to_pylist()) - known)
        if unknown:
            yield _unknown_finding(name, unknown, is_totals=name in checked.of_kind(SourceKind.TOTALS))


def _unknown_finding(name: str, unknown: list[str], *, is_totals: bool) -> Finding:
    """Prescribing of unknown sites is left out; totals of unknown sites stay in the panel, and in its sums."""
    many = number(len(unknown), "site is", "sites are")
    if is_totals:
        return Finding(
            check=DataCheck.UNKNOWN_SITES,
            severity=Severity.WARNING,
            source=name,
            what=f"{many} in the data but not in the register. They count among all sites, but in no area, arm or "
            "group by an attribute.",
            count=len(unknown),
            examples=some(unknown),
            remedy="Add them to the register, or take their rows out of the file. If no site is known, the two files "
            "write the codes differently.",
        )
    return Finding(
        check=DataCheck.UNKNOWN_SITES,
        severity=Severity.NOTE,
        source=name,
        what=f"{many} in the data but not in the register, so they count for nothing.",
        count=len(unknown),
        examples=some(unknown),
        remedy="Right for prescribers that are not practices. If practices are among them, load a newer register or "
        "add them to it.",
    )


def closed_but_active(checked: Checked) -> Iterator[Finding]:
    """Sites that report after the register says they closed."""
    if checked.register is None:
        return
    closed = {site.id: site.closed for site in checked.register.sites.values() if site.closed is not None}
    for name, table in checked.activity.items():
        late = [
            (row["site"], row["month"], closed[row["site"]])
            for row in ask(table, "SELECT site, max(month) AS month FROM activity WHERE value > 0 GROUP BY site")
            if row["site"] in closed and Month.of(row["month"]) >= closed[row["site"]]
        ]
        if late:
            yield Finding(
                check=DataCheck.CLOSED_BUT_ACTIVE,
                severity=Severity.WARNING,
                source=name,
                what=f"{number(len(late), 'site reports', 'sites report')} after closing.",
                count=len(late),
                examples=some(
                    [f"{site} closed in {end}, reports in {month:%Y-%m}" for site, month, end in sorted(late)]
                ),
                remedy="Prescriptions may be dispensed a few months after a closure. If it goes on, the closing date "
                "is wrong or the code is still in use: correct the register.",
            )


def jumps(checked: Checked) -> Iterator[Finding]:
    """Values far above what the site usually reports."""
    for name, table in checked.activity.items():
        rows = ask(
            table,
            f"""
            WITH usual AS (SELECT *, median(value) OVER (PARTITION BY series, site) AS usual FROM activity)
            SELECT series, site, strftime(month, '%Y-%m') AS month, value, usual FROM usual
            WHERE usual > 0 AND value > {JUMP_TIMES} * usual AND value >= {JUMP_AT_LEAST}
            ORDER BY value / usual DESC, series, site, month
            """,
        )
        if rows:
            yield Finding(
                check=DataCheck.JUMPS,
                severity=Severity.WARNING,
                source=name,
                what=f"{number(len(rows), 'value is', 'values are')} more than {JUMP_TIMES:g} times what the site "
                "usually reports.",
                count=len(rows),
                examples=some(
                    [f"{r['site']} in {r['month']}: {r['value']:,.0f}, usually {r['usual']:,.0f}" for r in rows]
                ),
                remedy="Look for a merger, a bulk order or a slip of the decimal point; correct the file, or say in "
                "the protocol how such sites are treated.",
            )


def list_size_jumps(checked: Checked) -> Iterator[Finding]:
    """Lists that grow or shrink at once: with a list that ends nearby they look like mergers, else like faults."""
    place_of = _places(checked)
    for name, table in checked.lists.items():
        ends = _endings(table, place_of)
        merged, alone = [], []
        for row in ask(table, _LIST_JUMPS):
            text = f"{row['site']} in {row['month']:%Y-%m}: {row['before']:,.0f} to {row['patients']:,.0f}"
            near = _taken_over(row, ends.get(place_of.get(row["site"], ""), ()))
            if near:
                merged.append(f"{text}, when {near} ended")
            else:
                alone.append(text)
        yield from _merger_findings(name, merged, alone)


def _places(checked: Checked) -> dict[str, str]:
    """The smallest area that each site last belonged to: practices merge with their neighbours."""
    if checked.register is None or not checked.register.memberships:
        return {}
    groups: dict[str, dict[str, str]] = {}
    for membership in sorted(checked.register.memberships, key=lambda m: m.start or _BEFORE_ALL):
        groups.setdefault(membership.level, {})[membership.site] = membership.group
    return max(groups.values(), key=lambda of_site: len(set(of_site.values())))


_LIST_JUMPS = f"""
    WITH before AS (
        SELECT *, lag(patients) OVER (PARTITION BY site ORDER BY month) AS before FROM activity
    )
    SELECT site, month, before, patients FROM before
    WHERE before > 0 AND abs(patients - before) >= {LIST_AT_LEAST}
        AND (patients > {LIST_GROWTH} * before OR (patients > 0 AND patients < {LIST_LOSS} * before))
    ORDER BY site, month
"""


def _endings(lists: pa.Table, place_of: Mapping[str, str]) -> dict[str, list[_Ending]]:
    """Sites whose list ends before the last extract, by the place they are in ('' where places are not known)."""
    rows = ask(
        lists,
        "SELECT site, max(month) AS month, arg_max(patients, month) AS patients FROM activity WHERE patients > 0 "
        "GROUP BY site HAVING max(month) < (SELECT max(month) FROM activity) ORDER BY site",
    )
    ends: dict[str, list[_Ending]] = {}
    for row in rows:
        ending = _Ending(row["site"], Month.of(row["month"]) + 1, row["patients"])
        ends.setdefault(place_of.get(row["site"], ""), []).append(ending)
    return ends


def _taken_over(row: Mapping[str, Any], ends: Sequence[_Ending]) -> str:
    """The site, ended near this growth, whose patients come nearest to explaining it (half to double)."""
    gained, month = row["patients"] - row["before"], Month.of(row["month"])
    near = [
        (abs(end.patients - gained), end.site)
        for end in ends
        if end.patients / 2 <= gained <= end.patients * 2
        and end.site != row["site"]
        and abs(month - end.month) <= NEAR_MONTHS
    ]
    return min(near)[1] if near else ""


def _merger_findings(name: str, merged: list[str], alone: list[str]) -> Iterator[Finding]:
    if merged:
        yield Finding(
            check=DataCheck.LIST_SIZE_JUMPS,
            severity=Severity.NOTE,
            source=name,
            what=f"{number(len(merged), 'list grows', 'lists grow')} at once when another ends: probably "
            f"{'a merger' if len(merged) == 1 else 'mergers'}.",
            count=len(merged),
            examples=some(merged),
            remedy="Confirm with the practice or the commissioner, and write practice, successor and month into the "
            "file of successors.",
        )
    if alone:
        yield Finding(
            check=DataCheck.LIST_SIZE_JUMPS,
            severity=Severity.WARNING,
            source=name,
            what=f"{number(len(alone), 'list grows or shrinks', 'lists grow or shrink')} by a third or more at once, "
            "and no list that ended explains it.",
            count=len(alone),
            examples=some(alone),
            remedy="Compare with the publisher's latest issue. Patients may have been moved between practices; a rate "
            "before and after is then not of the same people.",
        )


def zero_lists(checked: Checked) -> Iterator[Finding]:
    """Lists without a patient."""
    for name, table in checked.lists.items():
        rows = ask(
            table,
            "SELECT site, count(*) AS months FROM activity WHERE patients = 0 GROUP BY site ORDER BY months DESC, site",
        )
        if rows:
            months = sum(row["months"] for row in rows)
            yield Finding(
                check=DataCheck.ZERO_LISTS,
                severity=Severity.NOTE,
                source=name,
                what=f"{number(len(rows), 'site has', 'sites have')} nobody on the list in {number(months, 'month')}.",
                count=months,
                examples=some([f"{row['site']}: {number(row['months'], 'month')}" for row in rows]),
                remedy="Usually a service without a list of its own, or a practice just opened or closed: these months "
                "have no rate. A practice among them in the middle of its life is a fault of the extract.",
            )


def successors(checked: Checked) -> Iterator[Finding]:
    """Successors that the register does not know."""
    if checked.register is None:
        return
    sites = checked.register.sites
    lost = [f"{s.id} > {s.successor}" for s in sites.values() if s.successor is not None and s.successor not in sites]
    if lost:
        yield Finding(
            check=DataCheck.SUCCESSORS,
            severity=Severity.WARNING,
            source="sites",
            what=f"{number(len(lost), 'successor is', 'successors are')} not in the register.",
            count=len(lost),
            examples=some(lost),
            remedy="Correct the code in the file of successors, or load a register that knows it.",
        )
