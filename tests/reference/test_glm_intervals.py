"""Intervals against the published vectors T1 to T4 and OHID's test file."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from enginehouse.stats.intervals import byar, byar_limits, exact_limits, wilson
from enginehouse.stats.results import Interval

PRINTED = 5e-7
"""The published values have six decimals."""


def test_wilson_t1_t2() -> None:
    """65 of 100 at 95% and 99.8%: test data of the Office for Health Improvement and Disparities."""
    for level, low, high in ((0.95, 0.552544, 0.736358), (0.998, 0.495495, 0.778354)):
        interval = wilson(65, 100, confidence_level=level)
        assert isinstance(interval, Interval)
        assert (interval.low, interval.high) == pytest.approx((low, high), abs=PRINTED)


def test_byar_t3_t4() -> None:
    assert (byar(65).low, byar(65).high) == pytest.approx((50.163188, 82.849139), abs=PRINTED)
    ten = byar(10, confidence_level=0.998)
    assert (ten.low, ten.high) == pytest.approx((2.916318, 24.193725), abs=PRINTED)


def test_exact_poisson_t4() -> None:
    low, high = exact_limits([10])
    assert (low[0], high[0]) == pytest.approx((4.795389, 18.390356), abs=PRINTED)


def test_ohid_vectors(shared_file: Callable[[str], Path]) -> None:
    """Every row, made in independent spreadsheets; a row without a lower limit has a cube below zero: here 0."""
    with shared_file("reference/analytics/data/phe_byars_wilson.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 13
    for row in rows:
        level = float(row["confidence"].rstrip("%")) / 100
        if row["method"] == "Wilson":
            interval = wilson(float(row["x"]), float(row["n"]), confidence_level=level)
            assert isinstance(interval, Interval)
            found = (interval.low, interval.high)
        else:
            low, high = byar_limits([float(row["x"])], confidence_level=level)
            found = (low[0], high[0])
        assert found == pytest.approx((float(row["lowercl"] or 0), float(row["uppercl"])), rel=1e-10)
