"""Balance of an allocation: means and standardised differences of what is known of the sites, counts by stratum.

It names arms but no site; who may see it is decided in `governance`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from enginehouse.core.errors import UserError
from enginehouse.programme.grouping import LIST_SIZE
from enginehouse.stats.records import from_plain, to_plain
from enginehouse.trials.draw import Allocation
from enginehouse.trials.plan_record import AllocationPlan
from enginehouse.trials.roster import Covariate, Roster

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]
WORTH_A_LOOK = 0.25
"""A standardised difference beyond this is pointed out: a convention, not a test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCount:
    """What one arm holds: units, sites, and their list sizes added up."""

    arm: str
    units: int
    sites: int
    patients: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumCount:
    """How many units and sites of one stratum each arm holds, in the order of the arms."""

    stratum: str
    units: tuple[int, ...]
    sites: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmMean:
    """Mean and standard deviation of one covariate in one arm, over the sites where it is known."""

    arm: str
    known: int
    missing: int
    mean: float | None
    sd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRow:
    """One covariate by arm.

    `balanced` says whether the allocation balanced it. `difference` is the registered contrast's difference of means
    in standard deviations (root mean square of the two arms'), `largest` the largest such difference between any two
    arms without its sign; None where an arm has too few values.
    """

    name: str
    source: str
    balanced: bool
    by_arm: tuple[ArmMean, ...]
    difference: float | None
    largest: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceTable:
    """The baseline table of an allocation. `findings` are the rows worth a look, in words."""

    arms: tuple[ArmCount, ...]
    strata: tuple[StratumCount, ...]
    rows: tuple[BalanceRow, ...]
    findings: tuple[str, ...]

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `balance_from_record` is the inverse."""
        record: dict[str, Any] = to_plain(self)
        return record


def balance_from_record(record: Mapping[str, Any]) -> BalanceTable:
    """Read back what `BalanceTable.to_record` wrote."""
    found: BalanceTable = from_plain(BalanceTable, record)
    return found


def balance_table(roster: Roster, plan: AllocationPlan, allocation: Allocation) -> BalanceTable:
    """Means, standard deviations and standardised differences of each covariate by arm, and counts by stratum.

    Parameters
    ----------
    roster, plan, allocation
        That belong together.

    Returns
    -------
    BalanceTable

    Raises
    ------
    UserError
        The roster is not the one that was allocated.

    Notes
    -----
    standardised difference = (mean of arm - mean of comparator) / sqrt((sd_arm^2 + sd_comparator^2) / 2), over sites.
    No test is made: under random allocation every difference is by chance.

    References
    ----------
    Austin PC. Stat Med 2009;28:3083-3107 (standardised differences).
    """
    check_same_sites(roster, plan, allocation)
    arm = allocation.positions
    rows = tuple(_row(covariate, plan, arm) for covariate in roster.covariates)
    return BalanceTable(
        arms=tuple(_count(roster, plan, arm, position) for position in range(len(plan.arms))),
        strata=tuple(_stratum(plan, arm, position) for position in range(len(plan.strata))),
        rows=rows,
        findings=tuple(_finding(row) for row in rows if row.largest is not None and row.largest > WORTH_A_LOOK),
    )


def check_same_sites(roster: Roster, plan: AllocationPlan, allocation: Allocation | None = None) -> None:
    """Refuse a roster that changed after the plan was made, or an allocation of another plan."""
    if plan.roster != roster.identity or plan.sites != roster.sites:
        raise UserError(
            "the roster is not the one that the allocation plan was made for.",
            where="roster",
            remedy="A roster cannot change after allocation; sites that left since are told as opt-outs.",
        )
    if allocation is not None and (allocation.sites != plan.sites or allocation.plan != plan.identity):
        raise UserError(
            "the allocation was drawn from another plan.", where="allocation", remedy="Use the plan on record."
        )


def _row(covariate: Covariate, plan: AllocationPlan, arm: Integers) -> BalanceRow:
    values = np.array([np.nan if v is None else v for v in covariate.values])
    parts = [values[arm == position] for position in range(len(plan.arms))]
    known = [part[np.isfinite(part)] for part in parts]
    top, over = plan.contrasts[0]
    pairs = [(a, b) for a in range(len(known)) for b in range(a)]
    between = [abs(d) for a, b in pairs if (d := standardised_difference(known[a], known[b])) is not None]
    return BalanceRow(
        name=covariate.name,
        source=covariate.source,
        balanced=covariate.name in plan.covariates,
        by_arm=tuple(_mean(name, part) for name, part in zip(plan.arms, parts, strict=True)),
        difference=standardised_difference(known[top], known[over]),
        largest=max(between) if between else None,
    )


def standardised_difference(one: Array, other: Array) -> float | None:
    """The difference of means over the root mean square of the standard deviations; None with too few values."""
    if min(len(one), len(other)) < 2:
        return None
    spread = float(np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2))
    return float(one.mean() - other.mean()) / spread if spread > 0 else None


def _mean(arm: str, values: Array) -> ArmMean:
    known = values[np.isfinite(values)]
    return ArmMean(
        arm=arm,
        known=len(known),
        missing=len(values) - len(known),
        mean=float(known.mean()) if len(known) else None,
        sd=float(known.std(ddof=1)) if len(known) > 1 else None,
    )


def _count(roster: Roster, plan: AllocationPlan, arm: Integers, position: int) -> ArmCount:
    here = arm == position
    return ArmCount(
        arm=plan.arms[position],
        units=len({unit for unit, ours in zip(plan.unit_of_site, here, strict=True) if ours}),
        sites=int(here.sum()),
        patients=float(roster.covariate(LIST_SIZE).filled()[here].sum()),
    )


def _stratum(plan: AllocationPlan, arm: Integers, stratum: int) -> StratumCount:
    units = np.array(plan.unit_of_site)
    inside = np.array(plan.stratum_of_unit)[units] == stratum
    held = [inside & (arm == position) for position in range(len(plan.arms))]
    return StratumCount(
        stratum=plan.strata[stratum],
        units=tuple(len(np.unique(units[h])) for h in held),
        sites=tuple(int(h.sum()) for h in held),
    )


def _finding(row: BalanceRow) -> str:
    told = "although it was balanced" if row.balanced else "and was not among what was balanced"
    return f"{row.name} differs between arms by {row.largest:.2f} standard deviations, {told}."
