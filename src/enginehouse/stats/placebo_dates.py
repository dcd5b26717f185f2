"""Placebo dates: the same model with the start moved into the months before it, where there was nothing to find."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.stats.results import Estimate, NotEstimable, Scale
from enginehouse.stats.segmented import WindowKind, fit_segmented

Array = npt.NDArray[np.float64]
FEWEST_POINTS_A_SIDE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboDates:
    """What the model finds at dates when nothing began.

    Attributes
    ----------
    starts
        Positions in the series (months before the real start only) that were taken for the start.
    estimates
        The effect at each, over as much of the window as there are months.
    share_significant
        Share (0-1) whose 95% interval excludes no effect. Neighbouring dates share most of their months.
    """

    starts: tuple[int, ...]
    estimates: tuple[Estimate, ...]
    share_significant: float


def placebo_dates(
    series: Array,
    n_before: int,
    *,
    scale: Scale,
    kind: WindowKind,
    months: int,
    fewest: int = FEWEST_POINTS_A_SIDE,
) -> PlaceboDates | NotEstimable:
    """The effect that the registered model finds at every earlier date that leaves enough months on both sides.

    Parameters
    ----------
    series : array, shape (n,)
    n_before : int
        Months before the real start; later months are not used.
    scale : {"log-ratio", "difference"}
    kind : {"average", "last-month"}
    months : int
        The registered window; cut to the months that remain.
    fewest : int
        Points needed on each side of a placebo date.

    Returns
    -------
    PlaceboDates or NotEstimable
        Not estimable with fewer than twice `fewest` months before the start.

    Notes
    -----
    With few points the intervals are too narrow even where nothing happened; below 8 a side the check says nothing.

    Examples
    --------
    >>> import numpy as np
    >>> placebo_dates(np.zeros(27), 15, scale="log-ratio", kind="average", months=12).reason
    'too-few-months'
    """
    if n_before < 2 * fewest:
        return NotEstimable(
            reason="too-few-months",
            detail=f"There are {n_before} months before the start; a placebo date needs {fewest} on each side of it, "
            f"{2 * fewest} in all.",
        )
    before = series[:n_before]
    starts = tuple(range(fewest, n_before - fewest + 1))
    estimates: list[Estimate] = []
    for start in starts:
        fit = fit_segmented(before, start, scale=scale)
        if isinstance(fit, NotEstimable):
            return fit
        estimates.append(fit.window(kind, months=min(months, n_before - start)))
    significant = [not estimate.interval().contains(0.0) for estimate in estimates]
    return PlaceboDates(
        starts=starts, estimates=tuple(estimates), share_significant=sum(significant) / len(significant)
    )
