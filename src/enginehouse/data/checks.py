"""The checks of what was loaded, in one table, and the report that a data manager can act on.

Checks of single files are in `check_files`, of sites over time in `check_sites`. Nothing here changes data.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from enginehouse.data.check_files import (
    coverage,
    late_months,
    missing_months,
    not_loaded,
    numerator_above,
    quarantined,
    set_aside,
    unidentified,
    zero_denominators,
)
from enginehouse.data.check_sites import (
    closed_but_active,
    jumps,
    list_size_jumps,
    successors,
    unknown_sites,
    zero_lists,
)
from enginehouse.data.checked import Checked, gather
from enginehouse.data.findings import DataCheck, DataQuality, Finding, LoadedSource, Severity
from enginehouse.data.warehouse import Warehouse
from enginehouse.programme.programme import ProgrammeSettings

CHECKS: Mapping[DataCheck, Callable[[Checked], Iterable[Finding]]] = {
    DataCheck.NOT_LOADED: not_loaded,
    DataCheck.QUARANTINED: quarantined,
    DataCheck.SET_ASIDE: set_aside,
    DataCheck.MISSING_MONTHS: missing_months,
    DataCheck.LATE_MONTHS: late_months,
    DataCheck.COVERAGE: coverage,
    DataCheck.UNKNOWN_SITES: unknown_sites,
    DataCheck.CLOSED_BUT_ACTIVE: closed_but_active,
    DataCheck.ZERO_DENOMINATORS: zero_denominators,
    DataCheck.NUMERATOR_ABOVE: numerator_above,
    DataCheck.JUMPS: jumps,
    DataCheck.LIST_SIZE_JUMPS: list_size_jumps,
    DataCheck.ZERO_LISTS: zero_lists,
    DataCheck.UNIDENTIFIED: unidentified,
    DataCheck.SUCCESSORS: successors,
}

__all__ = ["CHECKS", "DataCheck", "DataQuality", "Finding", "LoadedSource", "Severity", "check_data"]


def check_data(
    warehouse: Warehouse, settings: ProgrammeSettings, *, cannot_exceed: Collection[str] = ()
) -> DataQuality:
    """Look at the latest snapshot of every source.

    `cannot_exceed` names the indicators of totals (as the files call them) whose numerator is part of the denominator.
    """
    checked = gather(warehouse, settings, frozenset(cannot_exceed))
    found = [finding for check in CHECKS.values() for finding in check(checked)]
    rank = {severity: place for place, severity in enumerate(Severity)}
    return DataQuality(
        findings=tuple(sorted(found, key=lambda finding: rank[finding.severity])),
        sources=tuple(_summary(name, checked) for name in checked.snapshots),
    )


def _summary(name: str, checked: Checked) -> LoadedSource:
    snapshot = checked.snapshots[name]
    months = list(snapshot.months)
    return LoadedSource(
        source=name,
        kind=snapshot.kind.value,
        snapshot=snapshot.id,
        files=len(snapshot.files),
        rows=snapshot.rows,
        quarantined=snapshot.quarantined,
        set_aside=snapshot.set_aside,
        first_month=months[0] if months else "",
        last_month=months[-1] if months else "",
    )
