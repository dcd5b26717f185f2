"""The families of mixed models as derivatives of the log-density by the linear predictor.

Here are the canonical ones: Poisson and negative binomial (NB2) with log link, binomial with logit link. Those that go
through their mean (other links, NB1, beta-binomial) are in `mean_families`. The weight is minus the second derivative
(observed information, as in glmmTMB), its slope and bend the next two derivatives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

import numpy as np
from scipy.special import expit, gammaln

from enginehouse.stats.fits import Array

MAX_COUNT = 10_000_000


class Family(StrEnum):
    """How counts vary about their expectation."""

    POISSON = "poisson"
    NEGATIVE_BINOMIAL = "negative-binomial"
    NEGATIVE_BINOMIAL_LINEAR = "negative-binomial-linear"
    """Variance mean x (1 + dispersion), NB1."""
    BINOMIAL = "binomial"
    BETA_BINOMIAL = "beta-binomial"


SIMPLER: Mapping[Family, Family] = {
    Family.NEGATIVE_BINOMIAL: Family.POISSON,
    Family.NEGATIVE_BINOMIAL_LINEAR: Family.POISSON,
    Family.BETA_BINOMIAL: Family.BINOMIAL,
}
"""What a family becomes as its dispersion ends: only families with a dispersion are here."""
OF_TRIALS = frozenset({Family.BINOMIAL, Family.BETA_BINOMIAL})


@dataclass(frozen=True, slots=True, eq=False)
class Curvature:
    """Log-density, score, weight, and slope and bend of the weight by row, each shape (n,)."""

    density: Array
    score: Array
    weight: Array
    slope: Array
    bend: Array


@dataclass(frozen=True, slots=True, eq=False)
class SizeDerivatives:
    """Derivatives by the log of the size (large: no more variation than the simpler family)."""

    density: Array
    score: Array
    weight: Array


class Density(Protocol):
    """One family with its counts, at a given dispersion."""

    def score_and_weight(self, eta: Array) -> tuple[Array, Array]: ...
    def curvature(self, eta: Array) -> Curvature: ...
    def density_and_score(self, eta: Array) -> tuple[Array, Array]: ...
    def variance_ratio(self, eta: Array) -> Array:
        """Squared residual over the variance that the family expects."""
        ...


@runtime_checkable
class Dispersed(Protocol):
    """A family with a dispersion."""

    def by_log_size(self, eta: Array) -> SizeDerivatives: ...


class Poisson:
    """Counts with variance equal to the mean."""

    def __init__(self, counts: Array) -> None:
        self.counts = counts
        self.constant = -gammaln(counts + 1)

    def score_and_weight(self, eta: Array) -> tuple[Array, Array]:
        mean = np.exp(eta)
        return self.counts - mean, mean

    def density_and_score(self, eta: Array) -> tuple[Array, Array]:
        mean = np.exp(eta)
        return self.counts * eta - mean + self.constant, self.counts - mean

    def curvature(self, eta: Array) -> Curvature:
        mean = np.exp(eta)
        return Curvature(self.counts * eta - mean + self.constant, self.counts - mean, mean, mean, mean)

    def variance_ratio(self, eta: Array) -> Array:
        mean = np.exp(eta)
        return np.asarray((self.counts - mean) ** 2 / mean)


class Binomial:
    """Events out of trials, logit link."""

    def __init__(self, events: Array, trials: Array) -> None:
        self.events, self.trials = events, trials
        self.constant = gammaln(trials + 1) - gammaln(events + 1) - gammaln(trials - events + 1)

    def score_and_weight(self, eta: Array) -> tuple[Array, Array]:
        chance = expit(eta)
        expected = self.trials * chance
        return self.events - expected, expected * (1 - chance)

    def density_and_score(self, eta: Array) -> tuple[Array, Array]:
        density = self.events * eta - self.trials * np.logaddexp(0, eta) + self.constant
        return density, self.events - self.trials * expit(eta)

    def curvature(self, eta: Array) -> Curvature:
        chance = expit(eta)
        both = chance * (1 - chance)
        weight = self.trials * both
        density, score = self.density_and_score(eta)
        return Curvature(density, score, weight, weight * (1 - 2 * chance), weight * (1 - 6 * both))

    def variance_ratio(self, eta: Array) -> Array:
        score, weight = self.score_and_weight(eta)
        return np.asarray(score**2 / weight)


class NegativeBinomial:
    """Counts with variance mean + mean^2 / size (NB2)."""

    def __init__(self, counts: Array, size: float) -> None:
        self.counts, self.size = counts, size
        # log of (size)_y / size^y, exact however large the size: a table over 0 .. max(y) instead of gamma functions.
        steps = np.arange(counts.max(initial=0.0)) / size
        self.rising = np.concatenate([[0.0], np.cumsum(np.log1p(steps))])[counts.astype(np.intp)]
        self.rising_slope = np.concatenate([[0.0], -np.cumsum(steps / (1 + steps))])[counts.astype(np.intp)]
        self.constant = self.rising - gammaln(counts + 1)

    def score_and_weight(self, eta: Array) -> tuple[Array, Array]:
        mean = np.exp(eta)
        shrink = self.size / (self.size + mean)
        score = shrink * (self.counts - mean)
        return score, shrink * mean * (self.counts + self.size) / (self.size + mean)

    def density_and_score(self, eta: Array) -> tuple[Array, Array]:
        mean = np.exp(eta)
        density = self.constant + self.counts * eta - (self.counts + self.size) * np.log1p(mean / self.size)
        return density, self.size / (self.size + mean) * (self.counts - mean)

    def curvature(self, eta: Array) -> Curvature:
        mean = np.exp(eta)
        _, weight = self.score_and_weight(eta)
        density, score = self.density_and_score(eta)
        share = (self.size - mean) / (self.size + mean)
        return Curvature(density, score, weight, weight * share, weight * (1.5 * share**2 - 0.5))

    def by_log_size(self, eta: Array) -> SizeDerivatives:
        """Derivatives by log(size), which the gradient of the dispersion needs."""
        mean, size, counts = np.exp(eta), self.size, self.counts
        _, weight = self.score_and_weight(eta)
        total = size + mean
        density = self.rising_slope - size * np.log1p(mean / size) + mean * (counts + size) / total
        score = size * (counts - mean) * mean / total**2
        return SizeDerivatives(density, score, weight * (1 + size / (counts + size) - 2 * size / total))

    def variance_ratio(self, eta: Array) -> Array:
        mean = np.exp(eta)
        return np.asarray((self.counts - mean) ** 2 / (mean + mean**2 / self.size))
