"""Small panels written as matrices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from enginehouse.core.months import Month
from enginehouse.indicators.panel import PanelArrays

Make = Callable[..., PanelArrays]


@pytest.fixture
def panel_of() -> Make:
    """`panel_of(numerators, denominators)`: sites in rows, months in columns from January 2020."""

    def make(numerator: npt.ArrayLike, denominator: npt.ArrayLike) -> PanelArrays:
        top = np.array(numerator, dtype=np.float64)
        bottom = np.broadcast_to(np.array(denominator, dtype=np.float64), top.shape).copy()
        sites = tuple(f"site:{n:03d}" for n in range(top.shape[0]))
        months = tuple(Month(2020, 1) + n for n in range(top.shape[1]))
        return PanelArrays("things", sites, months, top, bottom)

    return make
