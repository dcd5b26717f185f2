"""Sites that merged: the successor that each ends in, and their shares of its months where mergers are followed."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt

from enginehouse.core.months import Month, Period
from enginehouse.data.sites import SiteRegister
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.protocol import Protocol
from enginehouse.trials.roster import Roster

Array = npt.NDArray[np.float64]


def merged_sites(protocol: Protocol, roster: Roster, register: SiteRegister) -> dict[str, str]:
    """Roster sites that closed before the end of the design, with the successor that a chain of mergers ends in."""
    found = {}
    for site in roster.sites:
        entry = register.sites.get(site)
        if entry is None or entry.closed is None or entry.closed >= protocol.design.span.end:
            continue
        last = _last_successor(register, site, protocol.design.span)
        if last is not None:
            found[site] = last
    return found


def _last_successor(register: SiteRegister, site: str, span: Period) -> str | None:
    seen = {site}
    following = register.sites[site].successor
    while following is not None and following not in seen:
        seen.add(following)
        entry = register.sites.get(following)
        if entry is None or entry.successor is None or entry.closed is None or entry.closed >= span.end:
            return following
        following = entry.successor
    return None


def with_successors(
    protocol: Protocol,
    arrays: PanelArrays,
    roster: Roster,
    register: SiteRegister,
    merged: Mapping[str, str],
    withdrawn: Collection[str],
) -> tuple[Array, Array, dict[str, float]]:
    """Numerators and denominators of the roster's sites; where mergers are followed, shares of successors' months, but
    of none that withdrew the use of its data.
    """
    rows = {site: row for row, site in enumerate(arrays.sites)}
    shape = (len(roster.sites), len(arrays.months))
    numerator, denominator = np.full(shape, np.nan), np.full(shape, np.nan)
    here = {site: row for row, site in enumerate(roster.sites)}
    for site, row in here.items():
        if site in rows:
            numerator[row], denominator[row] = arrays.numerator[rows[site]], arrays.denominator[rows[site]]
    shares: dict[str, float] = {}
    if protocol.estimand.mergers != "follow-successor":
        return numerator, denominator, shares
    for successor in sorted(set(merged.values())):
        joined = [site for site, last in merged.items() if last == successor and site not in withdrawn]
        if joined and successor in rows and successor not in withdrawn:
            shares |= _share_out(arrays, rows, here, successor, joined, register, numerator, denominator)
    return numerator, denominator, shares


def _share_out(
    arrays: PanelArrays,
    rows: Mapping[str, int],
    here: Mapping[str, int],
    successor: str,
    joined: list[str],
    register: SiteRegister,
    numerator: Array,
    denominator: Array,
) -> dict[str, float]:
    """Give each merged site its share of the successor's months from its closing on; the successor keeps the rest."""
    closings = {site: _month_index(arrays, register.sites[site].closed) for site in joined}
    sizes = {site: _size_before(arrays, rows.get(site), closings[site]) for site in joined}
    own = _size_before(arrays, rows[successor], min(closings.values()))
    given = np.zeros(len(arrays.months))
    total = own + sum(sizes.values())
    shares = {site: size / total for site, size in sizes.items()} if total > 0 else {}
    top, bottom = arrays.numerator[rows[successor]], arrays.denominator[rows[successor]]
    for site, share in shares.items():
        months = np.arange(len(arrays.months)) >= closings[site]
        numerator[here[site], months], denominator[here[site], months] = top[months] * share, bottom[months] * share
        given[months] += share
    if successor in here:
        numerator[here[successor]], denominator[here[successor]] = top * (1 - given), bottom * (1 - given)
    return shares


def _size_before(arrays: PanelArrays, row: int | None, month: int) -> float:
    """The mean denominator of the three months before a month; 0 where there is none."""
    if row is None or month <= 0:
        return 0.0
    recent = arrays.denominator[row, max(month - 3, 0) : month]
    known = recent[np.isfinite(recent)]
    return float(known.mean()) if len(known) else 0.0


def _month_index(arrays: PanelArrays, month: Month | None) -> int:
    return 0 if month is None else max(month - arrays.months[0], 0)
