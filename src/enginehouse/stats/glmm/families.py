"""The three families of mixed models as derivatives of the log-density by the linear predictor.

Log link for counts, logit for events out of trials. The weight is minus the second derivative (observed information,
as in glmmTMB), its slope the derivative of the weight: what the Laplace approximation and its gradient need.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from scipy.special import expit, gammaln

from enginehouse.stats.fits import Array

MAX_COUNT = 10_000_000


class Family(StrEnum):
    """How counts vary about their expectation."""

    POISSON = "poisson"
    NEGATIVE_BINOMIAL = "negative-binomial"
    BINOMIAL = "binomial"


@dataclass(frozen=True, slots=True, eq=False)
class Curvature:
    """Log-density, score, weight and slope of the weight by row, each shape (n,)."""

    density: Array
    score: Array
    weight: Array
    slope: Array


@dataclass(frozen=True, slots=True, eq=False)
class SizeDerivatives:
    """Derivatives by the log of the negative binomial's size: of log-density, score and weight."""

    density: Array
    score: Array
    weight: Array


class Density(Protocol):
    """One family with its counts, at a given dispersion."""

    def score_and_weight(self, eta: Array) -> tuple[Array, Array]: ...
    def curvature(self, eta: Array) -> Curvature: ...
    def variance_ratio(self, eta: Array) -> Array: ...


class Poisson:
    """Counts with variance equal to the mean."""

    def __init__(self, counts: Array) -> None:
        self.counts = counts
        self.constant = -gammaln(counts + 1)

    def score_and_weight(self, eta: Array) -> tuple[Array, Array]:
        mean = np.exp(eta)
        return self.counts - mean, mean

    def curvature(self, eta: Array) -> Curvature:
        mean = np.exp(eta)
        return Curvature(self.counts * eta - mean + self.constant, self.counts - mean, mean, mean)

    def variance_ratio(self, eta: Array) -> Array:
        """Squared residual over the variance that the family expects."""
        mean = np.exp(eta)
        return np.asarray((self.counts - mean) ** 2 / mean)


class Binomial:
    """Events out of trials, logit link."""

    def __init__(self, events: Array, trials: Array) -> None:
        self.events, self.trials = events, trials
        self.constant = gammaln(trials + 1) - gammaln(events + 1) - gammaln(trials - events + 1)

    def score_and_weight(self, eta: Array) -> tuple[Array, Array]:
        chance = expit(eta)
        return self.events - self.trials * chance, self.trials * chance * (1 - chance)

    def curvature(self, eta: Array) -> Curvature:
        score, weight = self.score_and_weight(eta)
        density = self.events * eta - self.trials * np.logaddexp(0, eta) + self.constant
        return Curvature(density, score, weight, weight * (1 - 2 * expit(eta)))

    def variance_ratio(self, eta: Array) -> Array:
        """Squared residual over the variance that the family expects."""
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

    def curvature(self, eta: Array) -> Curvature:
        mean = np.exp(eta)
        score, weight = self.score_and_weight(eta)
        density = self.constant + self.counts * eta - (self.counts + self.size) * np.log1p(mean / self.size)
        return Curvature(density, score, weight, weight * (self.size - mean) / (self.size + mean))

    def by_log_size(self, eta: Array) -> SizeDerivatives:
        """Derivatives by log(size), which the gradient of the dispersion needs."""
        mean, size, counts = np.exp(eta), self.size, self.counts
        _, weight = self.score_and_weight(eta)
        total = size + mean
        density = self.rising_slope - size * np.log1p(mean / size) + mean * (counts + size) / total
        score = size * (counts - mean) * mean / total**2
        return SizeDerivatives(density, score, weight * (1 + size / (counts + size) - 2 * size / total))

    def variance_ratio(self, eta: Array) -> Array:
        """Squared residual over the variance that the family expects."""
        mean = np.exp(eta)
        return np.asarray((self.counts - mean) ** 2 / (mean + mean**2 / self.size))
