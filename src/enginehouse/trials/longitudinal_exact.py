"""The information in yes-or-no outcomes of clusters over periods, by counting every possible result: no approximation.

For few people in few periods; for more, the linearised models of `longitudinal_counts.py` agree with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import expit, gammaln, roots_hermite, roots_legendre

from enginehouse.stats.results import NotEstimable
from enginehouse.trials.longitudinal import no_contrast
from enginehouse.trials.longitudinal_counts import LINKS, Course
from enginehouse.trials.sample_size.checks import inner, refuse

Array = npt.NDArray[np.float64]
HERMITE, LEGENDRE = 40, 200
FAR = 9.0
"""Standard deviations of the random effect beyond which it is left out."""
MOST_RESULTS = 20_000_000
AT_ONCE = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionalEffect:
    """The effect given a cluster's level, on the scale of the link, and the variance of its estimate."""

    effect: float
    variance: float


@dataclass(frozen=True, slots=True)
class _Level:
    """A cluster's level by quadrature: values, weights, and the ends beyond which some probability leaves 0 to 1.

    An end is (value, weight, +1 above or -1 below, the cell's row in the design): it moves with the parameters.
    """

    values: Array
    weights: Array
    variance: float
    ends: tuple[tuple[float, float, float, Array], ...] = ()


def conditional_variance(
    schedule: Array, clusters: Array, people: int, course: Course, *, icc: float
) -> ConditionalEffect | NotEstimable:
    """The treatment effect of a mixed model for proportions and the variance of its maximum-likelihood estimate.

    Parameters
    ----------
    schedule
        0 and 1, shape (sequences, periods); every period is measured.
    clusters
        Clusters in each sequence.
    people
        In each cluster and period, other people each time.
    course
        Expected proportions over all clusters. Without a trend the model has one level instead of one for each period.
    icc
        Correlation of two people of a cluster in the first period, without treatment (above 0, below 1).

    Returns
    -------
    ConditionalEffect or NotEstimable
        `too-many-results` where there are more than twenty million ways in which a cluster may turn out.

    Notes
    -----
    g(p) = level + period + effect x treatment, the cluster's level normal: with its mean, variance and effect such that
    expected proportions and the correlation are those given. Under the logarithm and the identity the level is cut
    where a probability would leave 0 to 1. Fisher's information is the sum, over every result z of a cluster, of P(z)
    score(z) score(z)', with all parameters unknown, the variance of levels among them.

    References
    ----------
    Zhou X and others. A maximum likelihood approach to power calculations for stepped wedge designs of binary outcomes.
    Biostatistics 2020;21:102-121.
    """
    inner(icc=icc)
    if not np.isin(schedule, (0.0, 1.0)).all():
        raise refuse("schedule", math.nan, "0 or 1 for each period of each sequence")
    base, effect, variance = _conditional(course, icc)
    information = np.zeros((0, 0))
    for row, k in zip(schedule, clusters, strict=True):
        cells = _cells(row, people, trend=course.has_trend)
        level = _level(course, base, effect, variance)
        if math.prod(int(size) + 1 for size in cells[0]) > MOST_RESULTS:
            detail = "A cluster may turn out in more than twenty million ways; use the linearised mixed model."
            return NotEstimable(reason="too-many-results", detail=detail)
        part = k * _information(course, cells, base, effect, level)
        information = part if not information.size else information + part
    place = len(information) - 2
    inverse = np.linalg.pinv(information, hermitian=True)
    if information[place, place] <= 0 or abs((information @ inverse)[place, place] - 1) > 1e-6:
        return no_contrast()
    return ConditionalEffect(effect=effect, variance=float(inverse[place, place]))


def _conditional(course: Course, icc: float) -> tuple[Array, float, float]:
    """Levels of the periods, effect and variance of levels, given a cluster, for what is expected over all of them."""
    p = LINKS[course.link].mean(np.asarray(course.control))
    treated = float(LINKS[course.link].mean(np.asarray(course.control[0] + course.effect)))
    if course.link == "identity":
        return np.asarray(course.control), course.effect, icc * float(p[0] * (1 - p[0]))
    if course.link == "log":
        variance = math.log(icc * float((1 - p[0]) / p[0]) + 1)
        return np.asarray(course.control) - variance / 2, course.effect, variance
    sd = float(brentq(lambda sd: _correlation(float(p[0]), sd) - icc, 1e-4, 50.0, xtol=1e-12))
    base = np.array([_given_level(float(value), sd) for value in p])
    return base, _given_level(treated, sd) - float(base[0]), sd**2


def _over_levels(eta: float, sd: float, power: int = 1) -> float:
    nodes, weights = roots_hermite(HERMITE)
    return float(expit(eta + math.sqrt(2) * sd * nodes) ** power @ weights) / math.sqrt(math.pi)


def _given_level(p: float, sd: float) -> float:
    """The logit at a level of 0 whose mean over levels is p."""
    return float(brentq(lambda eta: _over_levels(eta, sd) - p, -700.0, 700.0, xtol=1e-13))


def _correlation(p: float, sd: float) -> float:
    return (_over_levels(_given_level(p, sd), sd, 2) - p**2) / (p * (1 - p))


def _cells(row: Array, people: int, *, trend: bool) -> tuple[Array, Array]:
    """How many people each cell has, and its row in the design: level or periods, then treatment.

    Without a trend all periods of one kind are one cell, so that there are far fewer results to count.
    """
    if trend:
        periods = np.eye(len(row))
        periods[:, 0] = 1
        return np.full(len(row), float(people)), np.column_stack([periods, row])
    sizes = np.array([people * (row == kind).sum() for kind in (0, 1)], dtype=np.float64)
    return sizes[sizes > 0], np.array([[1.0, 0.0], [1.0, 1.0]])[sizes > 0]


def _level(course: Course, base: Array, effect: float, variance: float) -> _Level:
    sd = math.sqrt(variance)
    if course.link == "logit":
        nodes, weights = roots_hermite(HERMITE)
        return _Level(math.sqrt(2) * sd * nodes, weights, variance)
    eta = np.concatenate([base, base + effect])
    width = len(base) if course.has_trend else 1
    design = np.vstack([_row(place % len(base), place >= len(base), width) for place in range(len(eta))])
    high, low = int(np.argmax(eta)), int(np.argmin(eta))
    top = 1.0 if course.link == "identity" else 0.0
    ends = [(top - float(eta[high]), 1.0, -design[high])]
    if course.link == "identity":
        ends.append((-float(eta[low]), -1.0, -design[low]))
    above = min(ends[0][0], FAR * sd)
    below = max(ends[1][0], -FAR * sd) if len(ends) > 1 else -FAR * sd
    nodes, weights = roots_legendre(LEGENDRE)
    values = below + (above - below) * (nodes + 1) / 2
    weights = weights * (above - below) / 2 * np.exp(-(values**2) / (2 * variance))
    kept = tuple((at, math.exp(-(at**2) / (2 * variance)), side, move) for at, side, move in ends)
    return _Level(values, weights, variance, kept)


def _row(period: int, is_treated: bool, width: int) -> Array:
    row = np.zeros(width + 1)
    row[0] = 1
    if width > 1:
        row[period] = 1
    row[-1] = float(is_treated)
    return row


def _information(course: Course, cells: tuple[Array, Array], base: Array, effect: float, level: _Level) -> Array:
    sizes, design = cells
    parameters = _parameters(base, effect, design.shape[1])
    eta = design @ parameters
    at_nodes = eta[:, None] + level.values[None, :]
    at_ends = [(eta + at, weight, side, move) for at, weight, side, move in level.ends]
    total = np.zeros((design.shape[1] + 1,) * 2)
    for results in _results(sizes):
        probability, score = _scores(course, results, sizes, design, at_nodes, at_ends, level)
        total += (score * probability[:, None]).T @ score
    return total


def _parameters(base: Array, effect: float, width: int) -> Array:
    if width == 2:
        return np.array([base[0], effect])
    return np.concatenate([base[:1], base[1:] - base[0], [effect]])


def _scores(
    course: Course,
    results: Array,
    sizes: Array,
    design: Array,
    at_nodes: Array,
    at_ends: list[tuple[Array, float, float, Array]],
    level: _Level,
) -> tuple[Array, Array]:
    """Probabilities of results, and the derivatives of their logarithms by every parameter, the variance last."""
    yes, no, by_yes, by_no = _log_probabilities(course, at_nodes)
    ways = (gammaln(sizes + 1) - gammaln(results + 1) - gammaln(sizes - results + 1)).sum(axis=1)
    joint = np.exp(results @ yes + (sizes - results) @ no + ways[:, None]) * level.weights
    whole, norm = joint.sum(axis=1), level.weights.sum()
    slopes = results * (joint @ by_yes.T) - (sizes - results) * (joint @ by_no.T)
    by_design = slopes @ design
    shift = np.zeros(design.shape[1])
    for eta, weight, side, move in at_ends:
        yes_end, no_end, _, _ = _log_probabilities(course, eta[:, None])
        there = np.exp(results @ yes_end + (sizes - results) @ no_end + ways[:, None])[:, 0] * weight
        by_design = by_design + side * there[:, None] * move
        shift = shift + side * weight * move / norm
    square = level.values**2
    by_variance = (joint @ square / whole - level.weights @ square / norm) / (2 * level.variance**2)
    return whole / norm, np.column_stack([by_design / whole[:, None] - shift, by_variance])


def _log_probabilities(course: Course, eta: Array) -> tuple[Array, Array, Array, Array]:
    """log p, log(1 - p), and p' over each: at the ends of a cut level one of them is 0, which is kept from log."""
    tiny = np.finfo(np.float64).tiny
    mean = LINKS[course.link].mean(eta)
    yes, no = np.maximum(mean, tiny), np.maximum(1 - mean, tiny)
    slope = LINKS[course.link].slope(eta)
    return np.log(yes), np.log(no), slope / yes, slope / no


def _results(sizes: Array) -> Iterator[Array]:
    """Every result of the cells, some at a time."""
    counts = [int(size) + 1 for size in sizes]
    total = math.prod(counts)
    for first in range(0, total, AT_ONCE):
        number = np.arange(first, min(first + AT_ONCE, total))
        yield np.column_stack(np.unravel_index(number, counts)).astype(np.float64)
