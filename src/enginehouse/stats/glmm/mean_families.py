"""Families that are written by their mean: NB1, and binomial and beta-binomial with any link.

Derivatives by the linear predictor follow from those by the mean and the link's by the chain rule; those of gamma
functions of a count from one series (`rising`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

import numpy as np
from scipy.special import expit, gammaln, ndtr

from enginehouse.stats.fits import Array
from enginehouse.stats.glmm.families import Curvature, SizeDerivatives

NEARLY = 1e-14
"""A chance is kept this far from 0 and 1."""


class Link(StrEnum):
    """The scale on which effects add up."""

    LOG = "log"
    LOGIT = "logit"
    PROBIT = "probit"
    CLOGLOG = "cloglog"


def _log(eta: Array) -> list[Array]:
    return [np.exp(eta)] * 5


def _logit(eta: Array) -> list[Array]:
    chance = expit(eta)
    both, odd = chance * (1 - chance), 1 - 2 * chance
    return [chance, both, both * odd, both * (1 - 6 * both), both * odd * (1 - 12 * both)]


def _probit(eta: Array) -> list[Array]:
    height = np.exp(-0.5 * eta**2) / np.sqrt(2 * np.pi)
    return [ndtr(eta), height, -eta * height, (eta**2 - 1) * height, -(eta**3 - 3 * eta) * height]


def _cloglog(eta: Array) -> list[Array]:
    hazard = np.exp(np.minimum(eta, 50.0))
    first = hazard * np.exp(-hazard)
    second = first * (1 - hazard)
    third = first * (1 - 3 * hazard + hazard**2)
    return [-np.expm1(-hazard), first, second, third, first * (1 - 7 * hazard + 6 * hazard**2 - hazard**3)]


MEANS: Mapping[Link, Callable[[Array], list[Array]]] = {
    Link.LOG: _log,
    Link.LOGIT: _logit,
    Link.PROBIT: _probit,
    Link.CLOGLOG: _cloglog,
}
"""The mean and its first four derivatives by the linear predictor."""


def by_chain(density: Array, by_mean: list[Array], mean: list[Array]) -> Curvature:
    """Derivatives by the linear predictor from those by the mean (Faa di Bruno's rule)."""
    l1, l2, l3, l4 = by_mean
    _, m1, m2, m3, m4 = mean
    return Curvature(
        density,
        l1 * m1,
        -(l2 * m1**2 + l1 * m2),
        -(l3 * m1**3 + 3 * l2 * m1 * m2 + l1 * m3),
        -(l4 * m1**4 + 6 * l3 * m1**2 * m2 + l2 * (3 * m2**2 + 4 * m1 * m3) + l1 * m4),
    )


class BinomialByMean:
    """Events out of trials, any link."""

    def __init__(self, events: Array, trials: Array, link: Link) -> None:
        self.events, self.trials, self.mean = events, trials, MEANS[link]
        self.constant = gammaln(trials + 1) - gammaln(events + 1) - gammaln(trials - events + 1)

    def _mean(self, eta: Array) -> tuple[list[Array], Array]:
        mean = self.mean(eta)
        mean[0] = np.clip(mean[0], NEARLY, 1 - NEARLY)
        return mean, 1 - mean[0]

    def score_and_weight(self, eta: Array) -> tuple[Array, Array]:
        (chance, m1, m2, *_), other = self._mean(eta)
        missed = self.trials - self.events
        by_mean = self.events / chance - missed / other
        return by_mean * m1, (self.events / chance**2 + missed / other**2) * m1**2 - by_mean * m2

    def density_and_score(self, eta: Array) -> tuple[Array, Array]:
        (chance, m1, *_), other = self._mean(eta)
        missed = self.trials - self.events
        density = self.events * np.log(chance) + missed * np.log(other) + self.constant
        return density, (self.events / chance - missed / other) * m1

    def curvature(self, eta: Array) -> Curvature:
        mean, other = self._mean(eta)
        yes, no = 1 / mean[0], 1 / other
        hit, missed = self.events, self.trials - self.events
        by_mean = [
            hit * yes - missed * no,
            -hit * yes**2 - missed * no**2,
            2 * (hit * yes**3 - missed * no**3),
            -6 * (hit * yes**4 + missed * no**4),
        ]
        return by_chain(self.density_and_score(eta)[0], by_mean, mean)

    def variance_ratio(self, eta: Array) -> Array:
        mean, other = self._mean(eta)
        return np.asarray((self.events - self.trials * mean[0]) ** 2 / (self.trials * mean[0] * other))


class BetaBinomial:
    """Events out of trials with variance n p (1 - p) (size + n) / (size + 1), any link."""

    def __init__(self, events: Array, trials: Array, size: float, link: Link) -> None:
        self.events, self.trials, self.size, self.mean = events, trials, size, MEANS[link]
        self.constant = gammaln(trials + 1) - gammaln(events + 1) - gammaln(trials - events + 1)
        self.whole = rising(np.full(trials.shape, size), trials, 1)

    def _parts(self, eta: Array, orders: int) -> tuple[list[Array], list[Array], list[Array]]:
        mean = self.mean(eta)
        mean[0] = np.clip(mean[0], NEARLY, 1 - NEARLY)
        hit = rising(mean[0] * self.size, self.events, orders)
        missed = rising((1 - mean[0]) * self.size, self.trials - self.events, orders)
        return mean, hit, missed

    def _by_mean(self, hit: list[Array], missed: list[Array]) -> list[Array]:
        pairs = enumerate(zip(hit[1:], missed[1:], strict=True), start=1)
        return [self.size**k * (one + (-1) ** k * other) for k, (one, other) in pairs]

    def score_and_weight(self, eta: Array) -> tuple[Array, Array]:
        mean, *parts = self._parts(eta, 2)
        first, second = self._by_mean(*parts)
        return first * mean[1], -(second * mean[1] ** 2 + first * mean[2])

    def density_and_score(self, eta: Array) -> tuple[Array, Array]:
        mean, hit, missed = self._parts(eta, 1)
        density = hit[0] + missed[0] - self.whole[0] + self.constant
        return density, self.size * (hit[1] - missed[1]) * mean[1]

    def curvature(self, eta: Array) -> Curvature:
        mean, hit, missed = self._parts(eta, 4)
        density = hit[0] + missed[0] - self.whole[0] + self.constant
        return by_chain(density, self._by_mean(hit, missed), mean)

    def by_log_size(self, eta: Array) -> SizeDerivatives:
        mean, hit, missed = self._parts(eta, 3)
        size, one, other = self.size, self.size * mean[0], self.size * (1 - mean[0])
        first = size * (hit[1] - missed[1] + one * hit[2] - other * missed[2])
        second = size**2 * (2 * (hit[2] + missed[2]) + one * hit[3] + other * missed[3])
        return SizeDerivatives(
            one * hit[1] + other * missed[1] - size * self.whole[1],
            first * mean[1],
            -(second * mean[1] ** 2 + first * mean[2]),
        )

    def variance_ratio(self, eta: Array) -> Array:
        chance = self.mean(eta)[0]
        variance = self.trials * chance * (1 - chance) * (self.size + self.trials) / (self.size + 1)
        return np.asarray((self.events - self.trials * chance) ** 2 / variance)


class NegativeBinomialLinear:
    """Counts with variance mean (1 + 1 / size) (NB1), log link: a negative binomial of size s = mean x size."""

    def __init__(self, counts: Array, size: float) -> None:
        self.counts, self.size = counts, size
        self.rate = float(np.log1p(1 / size))
        self.constant = -counts * np.log1p(size) - gammaln(counts + 1)

    def _powers(self, eta: Array, orders: int) -> tuple[Array, list[Array]]:
        """s, and the density's derivatives by log s, its constant left out of the first."""
        s = np.exp(eta) * self.size
        r = rising(s, self.counts, orders)
        terms = [s**k * r[k] for k in range(1, orders + 1)]
        stirling = [(1,), (1, 1), (1, 3, 1), (1, 7, 6, 1)][:orders]
        line = s * self.rate
        found = [sum((a * b for a, b in zip(row, terms, strict=False)), -line) for row in stirling]
        return s, [r[0] - line, *found]

    def score_and_weight(self, eta: Array) -> tuple[Array, Array]:
        _, (_, first, second) = self._powers(eta, 2)
        return first, -second

    def density_and_score(self, eta: Array) -> tuple[Array, Array]:
        _, (density, first) = self._powers(eta, 1)
        return density + self.constant, first

    def curvature(self, eta: Array) -> Curvature:
        _, (density, first, second, third, fourth) = self._powers(eta, 4)
        return Curvature(density + self.constant, first, -second, -third, -fourth)

    def by_log_size(self, eta: Array) -> SizeDerivatives:
        s, (_, first, second, third) = self._powers(eta, 3)
        share = s / (self.size + 1)
        density = first + share - self.counts * self.size / (1 + self.size)
        return SizeDerivatives(density, second + share, -third - share)

    def variance_ratio(self, eta: Array) -> Array:
        mean = np.exp(eta)
        return np.asarray((self.counts - mean) ** 2 / (mean * (1 + 1 / self.size)))


SHIFT = 9
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)


def rising(s: Array, counts: Array, orders: int) -> list[Array]:
    """The log of s (s + 1) ... (s + y - 1) and its first derivatives by s, as many as `orders` (1 to 4)."""
    upper, lower = polygammas(s + counts, orders), polygammas(s, orders)
    return [gammaln(s + counts) - gammaln(s), *(one - other for one, other in zip(upper, lower, strict=True))]


def polygammas(x: Array, orders: int) -> list[Array]:
    """The derivatives of log gamma, the first `orders` of them: recurrence up, then the asymptotic series."""
    far = x + SHIFT
    inverse = 1 / far
    square = inverse**2
    found = [np.log(far) - inverse / 2, inverse + square / 2, -square - inverse * square]
    found.append(2 * inverse * square + 3 * square**2)
    found = found[:orders]
    power = np.ones(np.shape(x))
    for k, bernoulli in enumerate(BERNOULLI, start=1):
        power = power * square
        falling = -bernoulli / (2 * k) * power
        for order in range(orders):
            found[order] = found[order] + falling
            falling = -falling * (2 * k + order) * inverse
    for step in range(SHIFT):
        part = -1 / (x + step)
        falling = part
        for order in range(orders):
            found[order] = found[order] + falling
            falling = falling * part * (order + 1)
    return found
