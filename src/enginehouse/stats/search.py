"""The highest point of a function of one number, found on a grid that is made finer around its best point.

A grid first, because likelihoods of a variance or an autocorrelation may have two modes or their top at a boundary.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def grid_maximum(
    heights: Callable[[Array], Array], low: float, high: float, *, points: int = 65, refined: int = 17, rounds: int = 5
) -> float:
    """The argument in [low, high] at which `heights` (vectorised) is highest; boundaries are allowed answers."""
    for _ in range(rounds + 1):
        grid = np.linspace(low, high, points)
        values = heights(grid)
        best = int(np.argmax(values))
        low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, points - 1)])
        points = refined
    return _peak(grid, values, best)


def _peak(grid: Array, values: Array, best: int) -> float:
    """The top of the parabola through the best point and its neighbours, where it has both."""
    if not 0 < best < len(grid) - 1:
        return float(grid[best])
    left, middle, right = (float(v) for v in values[best - 1 : best + 2])
    curvature = left - 2 * middle + right
    if curvature >= 0:  # pragma: no cover - the best point is above its left neighbour; only rounding brings it here
        return float(grid[best])
    return float(grid[best] + 0.5 * (grid[1] - grid[0]) * (left - right) / curvature)
