"""Intervals by profile likelihood: of contrasts of fixed effects, and of standard deviations and correlations.

As lme4's `confint`: all are of the plain likelihood. Intervals of the correlations of clusters are in `correlation`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import chdtri

from enginehouse.stats.fits import Array
from enginehouse.stats.lmm.deviance import Deviance
from enginehouse.stats.lmm.fit import RESIDUAL, LmmFit, fit_outcome
from enginehouse.stats.lmm.search import search
from enginehouse.stats.lmm.structures import Decay, Term, Unstructured
from enginehouse.stats.results import Interval, NotEstimable

METHOD = "profile-likelihood"
FURTHEST = 60
"""How often an end is looked for twice as far away before it is called infinite."""
NUDGE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceInterval:
    """The interval of a standard deviation (`other` is None) or of a correlation of two effects of a term."""

    term: str
    effect: str
    other: str | None
    value: float
    interval: Interval


def profile_interval(
    fit: LmmFit, weights: Sequence[float] | Array | Mapping[str, float], *, confidence_level: float = 0.95
) -> Interval | NotEstimable:
    """The profile-likelihood interval of a weighted sum of fixed effects.

    Parameters
    ----------
    fit
        By either likelihood; the profile is of the plain one.
    weights
        Shape (p,), or weights of named effects.
    confidence_level
        Between 0 and 1.

    Notes
    -----
    All values c for which the smallest deviance with the sum held at c exceeds the smallest of all by no more than the
    chi-square quantile with one degree of freedom.

    References
    ----------
    Bates D, Maechler M, Bolker B, Walker S. J Stat Softw 2015;67(1), section 5.1.
    """
    plain = _plain(fit)
    if isinstance(plain, NotEstimable):
        return plain
    vector = plain.weights(weights)
    centre, error = float(vector @ plain.fixed_effects), math.sqrt(float(vector @ plain.covariance @ vector))
    held = _Held(plain, vector)
    height = _height(confidence_level)
    guess = error * math.sqrt(height)
    down = end_of(lambda distance: held(-distance) - plain.deviance, height, guess)
    up = end_of(lambda distance: held(distance) - plain.deviance, height, guess)
    return Interval(low=centre - down, high=centre + up, confidence_level=confidence_level, method=METHOD)


def _height(confidence_level: float) -> float:
    return float(chdtri(1, 1 - confidence_level))


def _plain(fit: LmmFit) -> LmmFit | NotEstimable:
    """The fit by plain likelihood."""
    return fit_outcome(fit.model, fit.outcome, reml=False) if fit.reml else fit


def end_of(rise: Callable[[float], float], height: float, guess: float, furthest: float = math.inf) -> float:
    """The distance at which a rise from zero reaches a height; `furthest` if it does not before."""

    def root(distance: float) -> float:
        return math.sqrt(max(rise(distance), 0.0)) - math.sqrt(height)

    if furthest <= 0:
        return 0.0
    near, far = 0.0, min(guess, furthest)
    for _ in range(FURTHEST):
        if root(far) >= 0:
            return float(brentq(root, near, far, xtol=1e-9 * max(far, 1e-12), rtol=1e-10))
        if far >= furthest:
            return furthest
        near, far = far, min(2 * far, furthest)
    return math.inf


class _Held:
    """The smallest deviance with a contrast held at its estimate plus a distance; each search begins at the last."""

    def __init__(self, fit: LmmFit, weights: Array) -> None:
        self.fit = fit
        self.theta = fit.solved.theta
        turned = fit.model.turn.T @ weights
        basis = np.linalg.qr(np.column_stack([turned, np.eye(len(turned))]))[0]
        self.along, self.rest = turned / float(turned @ turned), basis[:, 1:]
        self.centre = float(turned @ fit.solved.coefficients)

    def __call__(self, distance: float) -> float:
        shift = -(self.centre + distance) * self.along
        turn = np.block([[self.rest, shift[:, None]], [np.zeros((1, self.rest.shape[1])), np.ones((1, 1))]])
        objective = self.fit.objective
        found = search(replace(objective, sums=objective.sums.turned(turn)), self.theta)
        self.theta = found.solved.theta
        return found.solved.value


def variance_intervals(fit: LmmFit, *, confidence_level: float = 0.95) -> tuple[VarianceInterval, ...] | NotEstimable:
    """Profile-likelihood intervals of all standard deviations and correlations of effects, in the order of lme4.

    For each term the lower triangle by columns (a standard deviation, its effect's correlations with later ones, the
    next standard deviation), then the residual standard deviation; for decay the standard deviation and r. Limits at
    the edge of what is possible (0; -1 and 1) mean that the likelihood does not exclude it.
    """
    plain = _plain(fit)
    if isinstance(plain, NotEstimable):
        return plain
    found = [
        _interval(plain, number, pair, confidence_level)
        for number, term in enumerate(plain.model.terms)
        for pair in _pairs(term)
    ]
    return (*found, _interval(plain, None, (0, 0), confidence_level))


def _pairs(term: Term) -> list[tuple[int, int]]:
    """Places of the standard deviations (twice the same) and correlations; decay has one of each."""
    if isinstance(term.covariance, Decay):
        return [(0, 0), (0, 1)]
    return [(one, two) for one in range(len(term.effects)) for two in range(one, len(term.effects))]


def _interval(fit: LmmFit, number: int | None, pair: tuple[int, int], level: float) -> VarianceInterval:
    curve = _Curve(fit, number, pair)
    value, height = curve.estimate, _height(level)
    most, guess = (math.inf, 0.5 * max(value, 0.1 * curve.unit)) if pair[0] == pair[1] else (1.0, 0.3)
    least = -1.0 if curve.may_be_negative else 0.0
    down = end_of(lambda way: curve(value - way) - fit.deviance, height, guess, value - least)
    curve.begin()
    up = end_of(lambda way: curve(value + way) - fit.deviance, height, guess, most - value)
    term, effect, other = _words(fit, number, pair)
    return VarianceInterval(
        term=term,
        effect=effect,
        other=other,
        value=value,
        interval=Interval(low=value - down, high=value + up, confidence_level=level, method=METHOD),
    )


def _words(fit: LmmFit, number: int | None, pair: tuple[int, int]) -> tuple[str, str, str | None]:
    if number is None:
        return RESIDUAL, RESIDUAL, None
    term = fit.model.terms[number]
    if isinstance(term.covariance, Decay):
        return term.name, "level", "one unit of time later" if pair[0] != pair[1] else None
    return term.name, term.effects[pair[0]], None if pair[0] == pair[1] else term.effects[pair[1]]


class _Curve:
    """The smallest deviance with one standard deviation or correlation held, over all else; begins at the last point.

    The held effect comes first in the square root of its term's covariance (the two of a correlation come first), so
    that holding it fixes one number (or the ratio of two) and leaves the others free.
    """

    def __init__(self, fit: LmmFit, number: int | None, pair: tuple[int, int]) -> None:
        self.fit, self.number, self.pair = fit, number, pair
        self.deviance: Deviance = fit.objective
        self.unit = fit.residual_sd
        self.order = np.arange(0)
        self.scale = 1.0
        self.decay = False
        if number is None:
            self.estimate = self.unit
        else:
            term, covariance = fit.model.terms[number], fit.random_covariance(number)
            self.decay = isinstance(term.covariance, Decay)
            self.unit /= float(term.scale[pair[0]])
            self.scale = float(term.scale[pair[0]])
            self.order = np.array([*dict.fromkeys(pair), *(k for k in range(len(term.effects)) if k not in pair)])
            self.estimate = self._estimate(covariance)
        self.begin()

    @property
    def may_be_negative(self) -> bool:
        """Of a correlation, but not of r where gaps in time are not whole numbers."""
        return self.pair[0] != self.pair[1] and (not self.decay or self._covariance().whole)

    def _estimate(self, covariance: Array) -> float:
        one, two = self.pair
        if one == two:
            return math.sqrt(max(float(covariance[one, one]), 0.0))
        if self.decay:
            return float(self.fit.decay or 0.0)
        both = math.sqrt(float(covariance[one, one] * covariance[two, two]))
        return float(np.clip(covariance[one, two] / both, -1.0, 1.0)) if both > 0 else 0.0

    def begin(self) -> None:
        """Start from the estimate."""
        parts = self.deviance.split(self.fit.solved.theta)
        if self.number is not None and not self.decay:
            parts[self.number] = self._reordered(parts[self.number])
        self.start = np.append(np.concatenate(parts), math.log(self.fit.residual_sd))
        self.start[:-1] = np.where(np.abs(self.start[:-1]) < NUDGE, NUDGE, self.start[:-1])

    def _reordered(self, part: Array) -> Array:
        """The lower triangle for effects in another order."""
        covariance = Unstructured(len(self.order))
        factor = covariance.factor(part)[self.order]
        triangle = np.linalg.qr(factor.T, mode="r").T
        return covariance.settled(triangle[covariance.places])

    def __call__(self, held: float) -> float:
        found = minimize(
            self._value, self.start, args=(held,), jac=True, method="BFGS", options={"gtol": 1e-6, "maxiter": 300}
        )
        self.start = np.asarray(found.x)
        return float(found.fun)

    def _value(self, at: Array, held: float) -> tuple[float, Array]:
        """The deviance and its gradient by every number, zero for those that are held."""
        sigma = held if self.number is None else math.exp(at[-1])
        sigma = max(sigma, 1e-12)
        parts = self.deviance.split(at[:-1])
        factors = [self._factor(n, part, held, sigma) for n, part in enumerate(parts)]
        solved = self.deviance.with_factors(factors, at[:-1])
        by = self.deviance.gradient_by_covariance(solved, sigma**2)
        gradients = [self._gradient(n, part, held, sigma, by[n]) for n, part in enumerate(parts)]
        by_log_sigma = 2 * solved.rows - 2 * solved.quadratic / sigma**2 + sum(extra for _, extra in gradients)
        gradient = np.append(
            np.concatenate([one for one, _ in gradients]), 0.0 if self.number is None else by_log_sigma
        )
        return solved.value_at(sigma), gradient

    def _held_part(self, part: Array, held: float, sigma: float) -> Array:
        """The numbers of the term with the held one in its place."""
        found = part.copy()
        if self.pair[0] == self.pair[1]:
            found[0] = held / sigma * self.scale
        elif self.decay:
            found[1] = self._covariance().angle(held)
        else:
            # A mirror image of one of the two would be the opposite correlation.
            found[0], size = abs(part[0]), abs(float(part[2]))
            found[1], found[2] = held * size, math.sqrt(max(1 - held**2, 0.0)) * size
        return found

    def _covariance(self) -> Decay:
        found = self.deviance.covariances[self.number or 0]
        assert isinstance(found, Decay)  # only asked of decay terms
        return found

    def _factor(self, number: int, part: Array, held: float, sigma: float) -> Array:
        covariance = self.deviance.covariances[number]
        if number != self.number:
            return covariance.factor(part)
        factor = covariance.factor(self._held_part(part, held, sigma))
        return factor if self.decay else factor[np.argsort(self.order)]

    def _gradient(self, number: int, part: Array, held: float, sigma: float, by: Array) -> tuple[Array, float]:
        """The gradient by a term's numbers, and what holding adds to that by log sigma."""
        covariance = self.deviance.covariances[number]
        if number != self.number:
            return np.einsum("jab,ab->j", covariance.slopes(part), by), 0.0
        full = self._held_part(part, held, sigma)
        ordered = by if self.decay else by[np.ix_(self.order, self.order)]
        gradient = np.einsum("jab,ab->j", covariance.slopes(full), ordered)
        if self.pair[0] == self.pair[1]:
            extra = -float(gradient[0] * full[0])
            gradient[0] = 0.0
            return gradient, extra
        if self.decay:
            gradient[1] = 0.0
            return gradient, 0.0
        rise = held * gradient[1] + math.sqrt(max(1 - held**2, 0.0)) * gradient[2]
        gradient[:3] = np.sign(part[0]) * gradient[0], 0.0, np.sign(part[2]) * rise
        return gradient, 0.0
