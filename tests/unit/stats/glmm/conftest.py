"""A made-up region of sites for mixed models."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit

from enginehouse.stats.glmm.families import OF_TRIALS, Family
from enginehouse.stats.glmm.rows import ClusteredRows, clustered_rows
from enginehouse.stats.lmm.structures import InterceptAndSlope


class Region:
    """Counts of sites by month with random intercepts and slopes, some months missing; rows in random order."""

    def __init__(
        self,
        *,
        seed: int = 3,
        sites: int = 25,
        months: int = 9,
        mean: float = 6.0,
        size: float = math.inf,
        sd: float = 0.5,
    ) -> None:
        rng = np.random.default_rng(seed)
        site, month = np.repeat(np.arange(sites), months), np.tile(np.arange(months), sites)
        keep = rng.permutation(len(site))[: int(0.95 * len(site))]
        self.site, self.time = site[keep], (month[keep] - months / 2) / 12
        self.treated = ((self.site % 2 == 0) & (self.time >= 0)).astype(float)
        self.patients = rng.lognormal(0, 0.3, len(keep))
        effects = rng.normal(0, [sd, sd / 2], (sites, 2))
        eta = effects[self.site, 0] + effects[self.site, 1] * self.time - 0.1 * self.treated
        rate = mean * self.patients * np.exp(eta)
        self.counts = rng.poisson(rate if math.isinf(size) else rate * rng.gamma(size, 1 / size, len(keep)))
        self.trials = np.full(len(keep), 12)
        self.events = rng.binomial(self.trials, expit(eta - 0.5))
        self.design = np.column_stack([np.ones(len(keep)), self.time, self.treated])
        self.offset = np.log(self.patients)

    def rows(self, family: Family, *, slope: bool) -> ClusteredRows:
        binomial = family in OF_TRIALS
        return clustered_rows(
            self.events if binomial else self.counts,
            self.design,
            clusters=self.site,
            offset=None if binomial else self.offset,
            structure=InterceptAndSlope(column=self.time) if slope else None,
            trials=self.trials if binomial else None,
        )


@pytest.fixture(scope="session")
def region_of() -> type[Region]:
    """A region of sites, made with the numbers that are given."""
    return Region
