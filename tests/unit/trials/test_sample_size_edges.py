"""Effects so large that the library's noncentral t gives no number: the tail is then integrated."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import nct

from enginehouse.trials.sample_size.t_power import beyond


@pytest.mark.parametrize(("limit", "ratio", "df"), [(4.302652729911275, 10.0, 2.0), (4.302652729911275, 12.3, 2.0)])
def test_a_large_noncentrality_against_simulation(limit: float, ratio: float, df: float):
    rng = np.random.default_rng(1)
    t = (rng.standard_normal(2_000_000) + ratio) / np.sqrt(rng.chisquare(df, 2_000_000) / df)
    found = beyond(limit, ratio, df)
    assert found == pytest.approx(float((t > limit).mean()), abs=4 * math.sqrt(found * (1 - found) / 2_000_000))


def test_where_the_library_has_a_number_it_is_the_same():
    from enginehouse.trials.sample_size.t_power import _above

    for df in (2.0, 3.5, 10.0, 250.0):
        for ratio in (0.5, 3.0, 6.0):
            assert _above(2.2, ratio, df) == pytest.approx(float(nct.sf(2.2, df, ratio)), abs=1e-10)
