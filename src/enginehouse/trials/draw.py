"""The draw: one plan and one seed give one allocation, the same whenever and wherever it is asked for.

The seed is made of two people's (`seeds.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from enginehouse.core.errors import UserError
from enginehouse.programme.enums import AllocationMethod
from enginehouse.stats.records import from_plain, to_plain
from enginehouse.trials.accepted import accepted_set
from enginehouse.trials.blocks import drawn_blocks
from enginehouse.trials.minimise import minimised
from enginehouse.trials.plan_record import AllocationPlan
from enginehouse.trials.sampler import Stream
from enginehouse.trials.seeds import check_seed

Integers = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Who is in which arm. Only named roles may open it.

    Attributes
    ----------
    plan
        Identity of the plan that was drawn from.
    seed
        The seed that drew it.
    scheme
        Which of the accepted schemes was drawn, counted from 0; None for permuted blocks and minimisation.
    arms
        Names; `arm_of_site` holds positions in it, in the order of `sites`.
    """

    plan: str
    seed: str
    scheme: int | None
    arms: tuple[str, ...]
    sites: tuple[str, ...]
    arm_of_site: tuple[int, ...]

    @property
    def positions(self) -> Integers:
        """The arm of each site as a position in `arms`, shape (sites,)."""
        return np.array(self.arm_of_site, dtype=np.intp)

    def arm_of(self, site: str) -> str:
        """The arm of one site."""
        if site not in self.sites:
            raise UserError(f"got '{site}', which was not allocated.", where="allocation", remedy="See the roster.")
        return self.arms[self.arm_of_site[self.sites.index(site)]]

    def sites_of(self, arm: str) -> tuple[str, ...]:
        """The sites of one arm, in order."""
        if arm not in self.arms:
            raise UserError(f"got arm '{arm}'.", where="allocation", remedy=f"The arms are: {', '.join(self.arms)}.")
        wanted = self.arms.index(arm)
        return tuple(site for site, a in zip(self.sites, self.arm_of_site, strict=True) if a == wanted)

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `allocation_from_record` is the inverse."""
        record: dict[str, Any] = to_plain(self)
        return record


def allocation_from_record(record: Mapping[str, Any]) -> Allocation:
    """Read back what `Allocation.to_record` wrote."""
    found: Allocation = from_plain(Allocation, record)
    return found


def _from_accepted(plan: AllocationPlan, key: str) -> tuple[int | None, Integers]:
    chosen = accepted_set(plan)
    scheme = Stream(key).below(len(chosen))
    return scheme, chosen[scheme].astype(np.intp)


_METHODS: Mapping[AllocationMethod, Callable[[AllocationPlan, str], tuple[int | None, Integers]]] = {
    AllocationMethod.STRATIFIED_BLOCKS: lambda plan, key: (None, drawn_blocks(plan, key)),
    AllocationMethod.COVARIATE_CONSTRAINED: _from_accepted,
    AllocationMethod.MINIMISATION: lambda plan, key: (None, minimised(plan, key)),
}


def draw(plan: AllocationPlan, seed: str) -> Allocation:
    """The allocation that `seed` draws from `plan`.

    Parameters
    ----------
    plan
        From `plan_allocation`.
    seed
        At least 16 plain characters that nobody could have guessed when the plan was made: `seed_of_two`.

    Returns
    -------
    Allocation
        For covariate-constrained randomisation a uniform draw from the accepted set.

    Raises
    ------
    UserError
        The seed is too short or not plain ASCII.

    Notes
    -----
    The stream's key is `seed/identity of the plan`, so that one seed draws independently from two plans. The stream
    is specified in `sampler.py`.
    """
    key = f"{check_seed(seed)}/{plan.identity}"
    scheme, arm_of_unit = _METHODS[plan.method](plan, key)
    return Allocation(
        plan=plan.identity,
        seed=seed,
        scheme=scheme,
        arms=plan.arms,
        sites=plan.sites,
        arm_of_site=tuple(plan.of_sites(arm_of_unit).tolist()),
    )
