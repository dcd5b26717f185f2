"""What an effect on one of the scales of evidence does to an indicator here: expectation and doubt, in its own units.

Units are of the indicator's numerator, for one of its denominator over one year, counted as improvement: less where
lower is better. Means are over the whole distribution of the effect, never at its mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.evidence.conversion import probability_after
from enginehouse.programme.enums import EvidenceScale
from enginehouse.stats.gaussian import Normal

Array = npt.NDArray[np.float64]

MONTHS = 12
WIDEST_LOG = 1.5
"""The standard deviation of a logarithm beyond which a few extreme values would decide the expected effect."""

_NODES = 80


def _hermite(points: int) -> tuple[Array, Array]:
    """Points and weights that integrate over a standard normal distribution."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    return nodes, weights / math.sqrt(2 * math.pi)


_Z, _WEIGHT = _hermite(_NODES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The distribution of a strategy's effect, and where it acts.

    Attributes
    ----------
    effect
        On `scale`; below 0 means less of the outcome.
    baseline
        Numerator for one of the denominator and one month.
    lower_is_better
        The indicator's direction.
    """

    effect: Normal
    scale: EvidenceScale
    baseline: float
    lower_is_better: bool


def unusable(effect: Effect) -> str:
    """Why nothing can be said of this effect here, in a sentence; empty where it can."""
    if effect.scale is EvidenceScale.STANDARDISED_MEAN_DIFFERENCE:
        return "A standardised mean difference says nothing in the indicator's own unit: evidence on another scale."
    if effect.scale is EvidenceScale.LOG_ODDS_RATIO and not 0 < effect.baseline < 1:
        return f"An odds ratio needs a proportion at the start, and the indicator's value is {effect.baseline:g}."
    if effect.scale is not EvidenceScale.DIFFERENCE and effect.effect.sd > WIDEST_LOG:
        return "The effect is too uncertain for an expected value: a few extreme values would decide it."
    return ""


def improvement(effect: Effect) -> Normal:
    """The improvement of one of the denominator in a year: expectation and standard deviation.

    Parameters
    ----------
    effect : Effect
        Usable (`unusable` says).

    Returns
    -------
    Normal
        In units of the numerator; above 0 is better. Only mean and sd are exact: the shape is normal for a difference,
        and nearly so for small effects on the other scales.

    Notes
    -----
    With b the baseline, R = exp(theta), theta ~ N(m, s^2): 12 b (1 - E R), E R = exp(m + s^2/2), and standard
    deviation 12 b E R sqrt(exp(s^2) - 1). A difference: 12 times itself. An odds ratio: p1 = OR p0 / (1 - p0 + OR p0),
    by Gauss-Hermite quadrature (80 points). Mirrored where higher is better.
    """
    changed = _CHANGE[effect.scale](effect)
    sign = -1.0 if effect.lower_is_better else 1.0
    return Normal(MONTHS * sign * changed.mean, MONTHS * changed.sd)


def learnt_sd(effect: Effect, std_error: float) -> float:
    """How far a trial is expected to move the expected improvement of one of the denominator in a year.

    Parameters
    ----------
    effect : Effect
    std_error : float
        Of the trial's estimate of the effect, on its scale, above 0.

    Returns
    -------
    float
        The standard deviation, before the trial, of the expected improvement after it; at most `improvement(...).sd`.

    Notes
    -----
    The posterior mean of theta has variance s'^2 = s^4 / (s^2 + std_error^2). Then E[R | trial] is log-normal with
    the same mean E R, and standard deviation E R sqrt(exp(s'^2) - 1). An odds ratio: quadrature inside quadrature.
    """
    return MONTHS * _LEARNT[effect.scale](effect, std_error)


def relative_change(effect: Effect, units: float) -> float:
    """The relative change of the indicator that an improvement of so many units means: -0.03 is a fall of 3%."""
    sign = -1.0 if effect.lower_is_better else 1.0
    return sign * units / (MONTHS * effect.baseline)


def change_at(effect: Effect, z: float) -> float:
    """The relative change of the indicator at `z` standard deviations from the mean of the effect."""
    theta = effect.effect.mean + z * effect.effect.sd
    if effect.scale is EvidenceScale.LOG_RATIO:
        return math.expm1(theta)
    if effect.scale is EvidenceScale.LOG_ODDS_RATIO:
        return probability_after(theta, effect.baseline) / effect.baseline - 1
    return theta / effect.baseline


def std_error_on(scale: EvidenceScale, std_error: float, *, of: EvidenceScale, baseline: float) -> float | None:
    """A trial's standard error put on another scale at the baseline, for effects near none; None where it cannot be.

    Notes
    -----
    One unit of a log ratio is worth b of the indicator, of a log odds ratio b (1 - b), of a difference 1.
    """
    before, after = (_SLOPE[s](baseline) for s in (of, scale))
    return None if before is None or after is None or after <= 0 else std_error * before / after


_SLOPE: Mapping[EvidenceScale, Callable[[float], float | None]] = {
    EvidenceScale.LOG_RATIO: lambda b: b,
    EvidenceScale.LOG_ODDS_RATIO: lambda b: b * (1 - b),
    EvidenceScale.DIFFERENCE: lambda _: 1.0,
    EvidenceScale.STANDARDISED_MEAN_DIFFERENCE: lambda _: None,
}


def _preposterior(effect: Effect, std_error: float) -> tuple[float, float]:
    """The standard deviations of theta's posterior mean as expected now, and of what will still be unknown."""
    total = math.hypot(effect.effect.sd, std_error)
    return effect.effect.sd**2 / total, effect.effect.sd * std_error / total


def _mean_ratio(effect: Effect) -> float:
    return math.exp(effect.effect.mean + effect.effect.sd**2 / 2)


def _change_of_ratio(effect: Effect) -> Normal:
    ratio = _mean_ratio(effect)
    spread = ratio * math.sqrt(math.expm1(effect.effect.sd**2))
    return Normal(effect.baseline * (ratio - 1), effect.baseline * spread)


def _learnt_of_ratio(effect: Effect, std_error: float) -> float:
    moved, _ = _preposterior(effect, std_error)
    return effect.baseline * _mean_ratio(effect) * math.sqrt(math.expm1(moved**2))


def _probabilities(theta: Array, baseline: float) -> Array:
    return 1.0 / (1.0 + (1.0 - baseline) / baseline * np.exp(-theta))


def _change_of_odds(effect: Effect) -> Normal:
    changes = _probabilities(effect.effect.mean + effect.effect.sd * _Z, effect.baseline) - effect.baseline
    mean = float(_WEIGHT @ changes)
    return Normal(mean, math.sqrt(float(_WEIGHT @ (changes - mean) ** 2)))


def _learnt_of_odds(effect: Effect, std_error: float) -> float:
    moved, left = _preposterior(effect, std_error)
    theta = effect.effect.mean + moved * _Z[:, None] + left * _Z[None, :]
    after = _probabilities(theta, effect.baseline) @ _WEIGHT
    return math.sqrt(float(_WEIGHT @ (after - _WEIGHT @ after) ** 2))


def _no_change(effect: Effect) -> Normal:
    raise ValueError(unusable(effect))


def _nothing_learnt(effect: Effect, std_error: float) -> float:  # noqa: ARG001 - one signature for all scales
    raise ValueError(unusable(effect))


_CHANGE: Mapping[EvidenceScale, Callable[[Effect], Normal]] = {
    EvidenceScale.LOG_RATIO: _change_of_ratio,
    EvidenceScale.LOG_ODDS_RATIO: _change_of_odds,
    EvidenceScale.DIFFERENCE: lambda effect: effect.effect,
    EvidenceScale.STANDARDISED_MEAN_DIFFERENCE: _no_change,
}
_LEARNT: Mapping[EvidenceScale, Callable[[Effect, float], float]] = {
    EvidenceScale.LOG_RATIO: _learnt_of_ratio,
    EvidenceScale.LOG_ODDS_RATIO: _learnt_of_odds,
    EvidenceScale.DIFFERENCE: lambda effect, std_error: _preposterior(effect, std_error)[0],
    EvidenceScale.STANDARDISED_MEAN_DIFFERENCE: _nothing_learnt,
}
