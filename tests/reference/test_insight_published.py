"""ICC, autocorrelation and percentiles of the shared panels, against values computed apart from this code.

The reference values were computed on all seven regions; the shared files hold five. They agree to the printed digits.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from enginehouse.indicators.panel import Panel, PanelArrays
from enginehouse.insight.selection import Inclusion
from enginehouse.insight.variation import BetweenSites, Spread, Stability, between_sites, spread, stability

PEOPLE = Inclusion(minimum_denominator=1_000)
ITEMS = Inclusion()

# indicator: inclusion, ICC of a single month, autocorrelation at lag 1 and 12
STABILITY = {
    "opioidper1000": (PEOPLE, 0.78, 0.92, 0.82),
    "opioidome": (PEOPLE, 0.91, 0.95, 0.92),
    "opioidspercent": (ITEMS, 0.61, 0.83, 0.66),
    "gabapentinoidsddd": (PEOPLE, 0.93, 0.96, 0.95),
    "environmental_inhalers": (ITEMS, 0.87, 0.94, 0.91),
    "trimethoprim": (ITEMS, 0.47, 0.76, 0.55),
}
# indicator: inclusion, multiplier, digits printed, p10, p50, p90 of the last month
SPREAD = {
    "opioidper1000": (PEOPLE, 1000, 2, 0.33, 1.48, 3.72),
    "opioidome": (PEOPLE, 1000, 0, 15132, 33729, 59406),
    "gabapentinoidsddd": (PEOPLE, 1000, 0, 211, 422, 745),
    "environmental_inhalers": (ITEMS, 100, 1, 42.8, 55.7, 67.1),
    "trimethoprim": (ITEMS, 100, 1, 16.7, 32.0, 53.4),
}
# log scale: lasting sd between sites, sd from month to month within sites
LOG_SD = {"opioidome": (0.57, 0.17), "gabapentinoidsddd": (0.52, 0.14)}

_cache: dict[str, PanelArrays] = {}


@pytest.fixture
def arrays_of(shared_file: Callable[[str], Path]) -> Callable[[str], PanelArrays]:
    def read(name: str) -> PanelArrays:
        if name not in _cache:
            table = pq.read_table(shared_file(f"data/measures_practice_month/{name}.parquet"))
            rows = table.num_rows
            columns = {
                "indicator": pa.array([name] * rows),
                "site": table.column("practice"),
                "month": table.column("month"),
                "numerator": table.column("numerator"),
                "denominator": table.column("denominator"),
                "quality": pa.array(["ok"] * rows),
            }
            _cache[name] = Panel.from_table(pa.table(columns)).arrays(name)
        return _cache[name]

    return read


@pytest.mark.parametrize("name", STABILITY)
def test_icc_and_autocorrelation(name: str, arrays_of: Callable[[str], PanelArrays]) -> None:
    include, icc, lag_1, lag_12 = STABILITY[name]
    found = stability(arrays_of(name), include=include)
    assert isinstance(found, Stability)
    assert (round(found.icc, 2), round(found.autocorrelation[1], 2), round(found.autocorrelation[12], 2)) == (
        icc,
        lag_1,
        lag_12,
    )


@pytest.mark.parametrize("name", SPREAD)
def test_percentiles_of_the_last_month(name: str, arrays_of: Callable[[str], PanelArrays]) -> None:
    include, times, digits, *expected = SPREAD[name]
    found = spread(arrays_of(name), include=include)
    assert isinstance(found, Spread)
    assert [round(times * q, digits) for q in (found.p10, found.p50, found.p90)] == expected


@pytest.mark.parametrize("name", LOG_SD)
def test_standard_deviations_on_the_log_scale(name: str, arrays_of: Callable[[str], PanelArrays]) -> None:
    found = between_sites(arrays_of(name), "log")
    assert isinstance(found, BetweenSites)
    assert (round(found.between_sd, 2), round(found.within_sd, 2)) == LOG_SD[name]


@pytest.mark.parametrize("name", ["opioidper1000", "trimethoprim"])
def test_naive_second_implementation_of_the_icc(name: str, arrays_of: Callable[[str], PanelArrays]) -> None:
    """Written another way by the same author: two-way sums of squares, column by column, without centring first."""
    arrays = arrays_of(name)
    include = STABILITY[name][0]
    rows = [
        site
        for site in range(len(arrays.sites))
        if np.all(np.nan_to_num(arrays.denominator[site]) >= max(1, include.minimum_denominator))
        and np.all(np.isfinite(arrays.numerator[site]))
    ]
    y = (arrays.numerator / np.where(arrays.denominator > 0, arrays.denominator, 1))[rows]
    n, m = y.shape
    correction = y.sum() ** 2 / (n * m)
    ss_sites = (y.sum(axis=1) ** 2).sum() / m - correction
    ss_months = (y.sum(axis=0) ** 2).sum() / n - correction
    ss_rest = (y**2).sum() - correction - ss_sites - ss_months
    ms_sites, ms_rest = ss_sites / (n - 1), ss_rest / (n * (m - 1))
    found = stability(arrays, include=include)
    assert isinstance(found, Stability)
    # Sums of squares of uncentred values lose some digits.
    assert found.icc == pytest.approx((ms_sites - ms_rest) / (ms_sites + (m - 1) * ms_rest), rel=1e-6)
