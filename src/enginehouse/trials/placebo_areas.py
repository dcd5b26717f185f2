"""What *all at once* would find where nothing happened: each area of the history treated in name only.

The statistics are in `stats.segmented` and `stats.placebo`; evaluation of a real campaign is in `evaluation`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import median

import numpy as np
import numpy.typing as npt

from enginehouse.core.months import Month, Period
from enginehouse.data.sites import SiteRegister
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.enums import Summary
from enginehouse.programme.protocol import Protocol
from enginehouse.stats.placebo import FEWEST_PLACEBO_AREAS, drift_ml
from enginehouse.stats.results import Estimate, NotEstimable, Scale
from enginehouse.stats.segmented import arm_difference, fit_segmented
from enginehouse.trials.design_report import PlaceboAreas
from enginehouse.trials.power_results import HistoryWindow

Array = npt.NDArray[np.float64]
LIKE_SIZE = 0.25
"""An area counts when it has at least this share of the sites of the trial (or of the middle area)."""


def placebo_areas(
    protocol: Protocol, arrays: PanelArrays, sites: SiteRegister, window: HistoryWindow, *, trial_sites: int
) -> PlaceboAreas | NotEstimable:
    """How often one area against all others shows an effect when there is none, in the months of the power history.

    Parameters
    ----------
    protocol
        Its drift level, or the level of its eligibility, is the level of the areas.
    arrays
        The primary indicator before the start, all sites.
    sites
        The register.
    window
        The months that stood in for the trial.
    trial_sites
        How many sites the trial has.

    Returns
    -------
    PlaceboAreas or NotEstimable
        Not estimable with fewer than 8 areas of like size, or fewer than 3 months on a side.

    Notes
    -----
    For each area: the monthly log ratio (or difference) of its sites' pooled rate to that of all other sites, level
    and slope change at the middle month, averaged over the months that stand in for the follow-up, with AR(1) errors;
    significant when its 95% interval excludes no effect. tau by maximum likelihood with mean zero.
    """
    level = area_level(protocol, sites, arrays)
    if isinstance(level, NotEstimable):
        return level
    groups = sites.groups(level, as_of=protocol.membership_as_of)
    months = window.baseline_months + window.follow_up_months
    ends = Month.parse(window.last) + 1
    data = arrays.in_period(Period(ends + -months, ends))
    members = _members(data, groups, trial_sites)
    estimates = [
        found
        for rows in members.values()
        if isinstance(found := _one_area(data, rows, window, protocol.estimand.summary), Estimate)
    ]
    if len(estimates) < FEWEST_PLACEBO_AREAS:
        detail = (
            f"Only {len(estimates)} {level}(s) of like size have a history, and at least {FEWEST_PLACEBO_AREAS} are "
            "needed to see how far they drift apart by themselves."
        )
        return NotEstimable(reason="too-few-placebo-areas", detail=detail)
    return _told(level, estimates)


def area_level(protocol: Protocol, sites: SiteRegister, arrays: PanelArrays) -> str | NotEstimable:
    """The level at which everyone could start at once: the registered one, or the coarsest with areas enough."""
    if protocol.analysis.drift is not None:
        return protocol.analysis.drift.cluster
    levels = list(protocol.eligibility.within) if protocol.eligibility is not None else []
    counts = {level: _area_count(protocol, sites, arrays, level) for level in sites.levels}
    enough = [level for level in levels if counts.get(level, 0) > FEWEST_PLACEBO_AREAS]
    others = sorted(
        (level for level, count in counts.items() if FEWEST_PLACEBO_AREAS <= count <= len(arrays.sites) / 3),
        key=lambda level: (counts[level], level),
    )
    if not (enough or others):
        detail = f"No level of the hierarchy has {FEWEST_PLACEBO_AREAS} areas with data of the primary indicator."
        return NotEstimable(reason="too-few-placebo-areas", detail=detail)
    return (enough or others)[0]


def _area_count(protocol: Protocol, sites: SiteRegister, arrays: PanelArrays, level: str) -> int:
    groups = sites.groups(level, as_of=protocol.membership_as_of)
    return len({groups[site] for site in arrays.sites if site in groups})


def _members(data: PanelArrays, groups: Mapping[str, str], trial_sites: int) -> dict[str, npt.NDArray[np.intp]]:
    """The rows of each area of like size."""
    found: dict[str, list[int]] = {}
    for row, site in enumerate(data.sites):
        if site in groups and np.isfinite(data.numerator[row]).any():
            found.setdefault(groups[site], []).append(row)
    sizes = [len(rows) for rows in found.values()]
    # A trial in one area is compared with areas like it; a trial over all of them, with the middle one.
    like = min(trial_sites, median(sizes)) if sizes else 0
    return {
        area: np.array(rows, dtype=np.intp) for area, rows in sorted(found.items()) if len(rows) >= LIKE_SIZE * like
    }


def _one_area(
    data: PanelArrays, rows: npt.NDArray[np.intp], window: HistoryWindow, summary: Summary
) -> Estimate | NotEstimable:
    inside = np.zeros(len(data.sites), dtype=bool)
    inside[rows] = True
    scale: Scale = "log-ratio" if summary is Summary.RATIO else "difference"
    series = arm_difference(_totals(data, inside), _totals(data, ~inside), scale=scale)
    if isinstance(series, NotEstimable):
        return series
    fit = fit_segmented(series, window.baseline_months, scale=scale)
    return fit if isinstance(fit, NotEstimable) else fit.window("average", months=window.follow_up_months)


def _totals(data: PanelArrays, rows: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
    tops, bottoms = data.numerator[rows], data.denominator[rows]
    present = np.isfinite(tops) & np.isfinite(bottoms)
    return np.where(present, tops, 0.0).sum(axis=0), np.where(present, bottoms, 0.0).sum(axis=0)


def _told(level: str, estimates: list[Estimate]) -> PlaceboAreas:
    errors = np.array([estimate.std_error for estimate in estimates])
    tau = drift_ml(np.array([estimate.value for estimate in estimates]), errors)
    naive = float(np.median(errors))
    return PlaceboAreas(
        level=level,
        areas=len(estimates),
        false_positive=sum(not estimate.interval().contains(0.0) for estimate in estimates) / len(estimates),
        naive_std_error=naive,
        tau=tau,
        std_error_with_drift=math.hypot(naive, tau),
    )
