"""Defined daily doses of gabapentinoids against the published usage of four practices, September 2017."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from enginehouse.indicators.weight_tables import weight_table

PUBLISHED_TO = 1e-4
"""ADQUSAGE is printed to five decimals of a small dose."""


def test_doses_are_those_that_the_prescribing_data_were_published_with(shared_file: Callable[[str], Path]):
    """Pregabalin's ADQ is the defined daily dose of 300 mg; gabapentin's is 1,200 mg, so 1.5 times ours."""
    path = shared_file("data/prescribing/epd_201709_4practices.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["BNF_CODE"].startswith(("0408010AE", "0408010G0"))]
    weights = weight_table("gabapentinoid-ddd").of([row["BNF_CODE"] for row in rows])
    assert len(rows) > 100
    assert not np.isnan(weights).any()
    for row, weight in zip(rows, weights, strict=True):
        doses = weight * float(row["TOTAL_QUANTITY"])
        factor = 1.5 if row["BNF_CODE"].startswith("0408010G0") else 1.0
        assert float(row["ADQUSAGE"]) == pytest.approx(factor * doses, rel=PUBLISHED_TO), row["BNF_DESCRIPTION"]
