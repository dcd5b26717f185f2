"""Similar sites, their middle value and the value that the best of them reach.

Chance differences between sites are taken out before the best are read off, so that luck sets no target.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.data.sites import SiteRegister
from enginehouse.feedback.values import Floats, Values, known
from enginehouse.programme.grouping import COMPUTED, LIST_SIZE, grouping, plain_name
from enginehouse.stats.results import NotEstimable

DEFAULT_GROUPS = 3
LEAST_SIMILAR = 10
"""With fewer similar sites all sites are the comparison."""
LEAST_AT_ALL = 5
"""With fewer sites in all there is no comparison: a middle value would point at one of them."""

Groups = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The sites that one site is compared with (itself left out), as ratios.

    `attributes` are those in which they are alike; empty when all sites are the comparison. `rows` are their places.
    """

    attributes: tuple[str, ...]
    sites: int
    rows: npt.NDArray[np.intp]
    typical: float
    target: float


def site_groups(names: Sequence[str], register: SiteRegister, values: Values) -> dict[str, Groups]:
    """For each attribute of `names`, the group of every site from 1 up; 0 where the attribute is not known."""
    found: dict[str, Groups] = {}
    for name in names:
        parsed = grouping(name)
        numbers = _attribute(parsed.attribute, register, values)
        found[parsed.attribute] = _ranked(numbers, parsed.groups or DEFAULT_GROUPS)
    return found


def comparison_for(
    row: int, values: Values, groups: Mapping[str, Groups], *, sign: float, percentile: int, least: int = LEAST_SIMILAR
) -> Comparison | NotEstimable:
    """The comparison of the site in `row`; `sign` is 1 where lower is better, else -1."""
    candidates = known(values)
    candidates[row] = False
    attributes, rows = _alike(row, candidates, groups, least)
    if len(rows) < LEAST_AT_ALL:
        return NotEstimable(reason="too-few-sites", detail=str(len(rows)))
    own_values = values.value[rows]
    typical = float(np.median(own_values))
    reached = _without_chance(own_values, values.std_error[rows])
    best = float(np.quantile(reached, percentile / 100 if sign > 0 else 1 - percentile / 100))
    target = min(best, typical) if sign > 0 else max(best, typical)
    return Comparison(attributes=attributes, sites=len(rows), rows=rows, typical=typical, target=target)


def _alike(
    row: int, candidates: npt.NDArray[np.bool_], groups: Mapping[str, Groups], least: int
) -> tuple[tuple[str, ...], npt.NDArray[np.intp]]:
    """Alike in every attribute that is known; attributes are given up from the last on until enough sites are left."""
    usable = [name for name, numbers in groups.items() if numbers[row] > 0]
    while usable:
        alike = candidates.copy()
        for name in usable:
            alike &= groups[name] == groups[name][row]
        if alike.sum() >= least:
            return tuple(usable), np.flatnonzero(alike)
        usable.pop()
    return (), np.flatnonzero(candidates)


def _without_chance(found: Floats, errors: Floats) -> Floats:
    """Values pulled together until they vary as much as the sites' true values do.

    mean + sqrt(b / (b + e^2)) (value - mean), with b the variance of the values less the mean square of their errors:
    the constrained empirical Bayes estimate, as spread out as the truth (Ghosh. J Am Stat Assoc 1992;87:533-540).
    """
    mean = float(found.mean())
    between = max(0.0, float(found.var(ddof=1)) - float((errors**2).mean()))
    total = between + errors**2
    share = np.divide(between, total, out=np.ones(len(found)), where=total > 0)
    return np.asarray(mean + np.sqrt(share) * (found - mean))


def _attribute(name: str, register: SiteRegister, values: Values) -> Floats:
    written = next((attribute for attribute in register.attributes if plain_name(attribute) == name), None)
    if written is not None or name not in COMPUTED:
        return register.attribute(written or name, values.sites)
    there = known(values)
    return np.where(there, values.denominator if name == LIST_SIZE else values.value, np.nan)


def _ranked(numbers: Floats, groups: int) -> Groups:
    """1 + floor(groups x share of sites with a smaller number): equal numbers stay together."""
    found = np.zeros(len(numbers), dtype=np.int64)
    is_known = np.isfinite(numbers)
    there = numbers[is_known]
    smaller = np.searchsorted(np.sort(there), there, side="left")
    found[is_known] = 1 + (groups * smaller) // max(1, len(there))
    return found
