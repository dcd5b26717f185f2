"""Coverage of the mixed models' intervals on simulated panels, and what over-dispersion does to a Poisson model."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from enginehouse.stats.glm import poisson_fixed_effects
from enginehouse.stats.glmm import MixedFit, negative_binomial_mixed, poisson_mixed
from enginehouse.stats.results import Estimate, NotEstimable

SITES, MONTHS, START = 60, 24, 12
EFFECT = -0.01
"""Planted change of the monthly slope (log) in half the sites."""
MONTE_CARLO = 3.3
"""Standard errors of a simulated share that a fixed seed may be away from nominal."""


class Simulated:
    """One panel: random intercepts and slopes, counts Poisson or negative binomial about them."""

    def __init__(self, rng: np.random.Generator, *, size: float = math.inf) -> None:
        self.site, self.month = np.repeat(np.arange(SITES), MONTHS), np.tile(np.arange(MONTHS), SITES)
        self.years = (self.month - START) / 12
        self.since = np.maximum(self.month - START, 0)
        treated, post = (self.site % 2).astype(float), (self.month >= START).astype(float)
        effects = rng.normal(0, [0.5, 0.15], (SITES, 2))
        self.patients = rng.lognormal(9, 0.5, SITES)[self.site]
        eta = -5.5 + effects[self.site, 0] + effects[self.site, 1] * self.years + EFFECT * treated * self.since
        mean = self.patients * np.exp(eta)
        spread = 1.0 if math.isinf(size) else rng.gamma(size, 1 / size, len(mean))
        self.counts = rng.poisson(mean * spread)
        self.offset = np.log(self.patients)
        main = [np.ones(len(mean)), self.years, post, self.since]
        interactions = [treated, treated * self.years, treated * post, treated * self.since]
        self.design = np.column_stack([*main, *interactions])
        self.fixed_effects_design = np.column_stack(interactions[1:])

    def mixed(self, method: Callable[..., MixedFit | NotEstimable]) -> Estimate:
        fit = method(self.counts, self.design, clusters=self.site, offset=self.offset, slope=self.years)
        assert isinstance(fit, MixedFit), fit
        return fit.contrast(np.eye(8)[7])

    def fixed(self) -> Estimate:
        fit = poisson_fixed_effects(
            self.counts, self.fixed_effects_design, sites=self.site, months=self.month, offset=self.offset
        )
        assert not isinstance(fit, NotEstimable)
        return fit.contrast([0, 0, 1])


def coverage(make: Callable[[np.random.Generator], Estimate], *, panels: int, seed: int) -> float:
    streams = np.random.default_rng(seed).spawn(panels)
    return float(np.mean([make(stream).interval().contains(EFFECT) for stream in streams]))


def near(nominal: float, panels: int) -> object:
    return pytest.approx(nominal, abs=MONTE_CARLO * math.sqrt(nominal * (1 - nominal) / panels))


def poisson_panel(rng: np.random.Generator) -> Estimate:
    return Simulated(rng).mixed(poisson_mixed)


def overdispersed_by_poisson(rng: np.random.Generator) -> Estimate:
    return Simulated(rng, size=12).mixed(poisson_mixed)


def overdispersed_by_negative_binomial(rng: np.random.Generator) -> Estimate:
    return Simulated(rng, size=12).mixed(negative_binomial_mixed)


def overdispersed_by_fixed_effects(rng: np.random.Generator) -> Estimate:
    return Simulated(rng, size=12).fixed()


def test_random_slope_covers_quickly() -> None:
    assert coverage(poisson_panel, panels=40, seed=1) == near(0.95, 40)


def test_poisson_understates_over_dispersed_counts_quickly() -> None:
    """The same 16 panels: Poisson errors are about 2.5 times too small, and the interval misses the effect often."""
    streams = np.random.default_rng(2).spawn(16)
    panels = [Simulated(stream, size=12) for stream in streams]
    naive, honest = ([p.mixed(method) for p in panels] for method in (poisson_mixed, negative_binomial_mixed))
    ratio = np.median([b.std_error / a.std_error for a, b in zip(naive, honest, strict=True)])
    assert ratio > 1.5
    assert np.mean([e.interval().contains(EFFECT) for e in naive]) < 0.85
    assert np.mean([e.interval().contains(EFFECT) for e in honest]) == near(0.95, 16)
    assert all(any("too narrow" in note for note in e.notes) for e in naive)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "nominal"),
    [(poisson_panel, 0.95), (overdispersed_by_negative_binomial, 0.95), (overdispersed_by_fixed_effects, 0.94)],
)
def test_coverage_is_near_nominal(make: Callable[[np.random.Generator], Estimate], nominal: float) -> None:
    """500 panels. The clustered fixed effects have the usual small shortfall at 60 clusters."""
    assert coverage(make, panels=500, seed=3) == near(nominal, 500)


@pytest.mark.slow
def test_poisson_on_over_dispersed_counts_covers_far_too_rarely() -> None:
    assert coverage(overdispersed_by_poisson, panels=500, seed=4) < 0.75
