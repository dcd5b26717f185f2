"""Small made-up trials as arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from enginehouse.stats.trial_data import TrialData


def make_trial(
    *,
    sites: int = 40,
    before: int = 6,
    after: int = 6,
    arms: int = 2,
    networks: int | None = None,
    kind: str = "count",
    ratio: float = 0.8,
    rate: float = 0.02,
    seed: int = 1,
    strata: int = 1,
) -> TrialData:
    """Sites of varying size with levels that last and a little drift, arms in turn, `ratio` in every later arm."""
    rng = np.random.default_rng(seed)
    size = np.exp(rng.normal(8.3, 0.5, sites))
    unit = np.arange(sites) if networks is None else np.arange(sites) % networks
    arm = unit % arms
    level = rng.normal(0, 0.3, sites)[:, None] + rng.normal(0, 0.1, (sites, 2)).repeat([before, after], axis=1)
    expected = rate * size[:, None] * np.exp(level)
    expected[:, before:] *= np.where(arm > 0, ratio, 1.0)[:, None]
    numerator = rng.poisson(expected).astype(float)
    if kind == "quantity":
        numerator = expected * rng.gamma(20, 1 / 20, expected.shape)
    return TrialData(
        sites=tuple(f"s{place}" for place in range(sites)),
        arms=tuple("abcdef"[:arms]),
        arm=arm,
        numerator=numerator,
        denominator=np.repeat(size[:, None], before + after, axis=1),
        n_before=before,
        kind=kind,  # type: ignore[arg-type]
        unit=unit,
        covariates=rng.normal(size=(sites, 1)),
        covariate_names=("deprivation",),
        stratum=(np.arange(sites) // arms) % strata,
    )


@pytest.fixture(scope="session")
def trial_of() -> Callable[..., TrialData]:
    def make(**fields: Any) -> TrialData:
        return make_trial(**fields)

    return make
