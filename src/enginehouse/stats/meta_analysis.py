"""Random-effects meta-analysis: effects of several studies on one scale, pooled, and how much they vary by place.

REML with small-sample adjustments. The same model for few studies is in `half_normal.py`; which studies belong
together, and on which scale, is the business of `evidence`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import chdtrc, chdtri

from enginehouse.stats.results import Interval, NotEstimable, t_quantile

Array = npt.NDArray[np.float64]

_GRID_POINTS = 60
_SMALLEST_SHARE = 1e-4
"""The grid of tau2 begins, beside 0, at this share of the smallest sampling variance."""
_RELATIVE_TOLERANCE = 1e-12


class Adjustment(StrEnum):
    """How the interval of the mean allows for the variation between studies being estimated itself."""

    NONE = "none (normal)"
    KNAPP_HARTUNG = "Knapp-Hartung, t with k - 1 degrees of freedom"
    MODIFIED_KNAPP_HARTUNG = "Knapp-Hartung, never narrower than without, t with k - 1 degrees of freedom"


class PredictionConvention(StrEnum):
    """Which t distribution, and which standard error of the mean, a prediction interval uses."""

    T_K_MINUS_2 = "t with k - 2 degrees of freedom, adjusted standard error"
    T_K_MINUS_2_WALD = "t with k - 2 degrees of freedom, unadjusted standard error"
    T_K_MINUS_1 = "t with k - 1 degrees of freedom, adjusted standard error"
    NORMAL = "normal, unadjusted standard error"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaAnalysis:
    """The mean effect of several studies, and how much the effect varies between them.

    Attributes
    ----------
    k
        How many studies.
    mean, std_error, df
        Of the mean, after `adjustment`; `df` infinite means normal.
    wald_std_error
        Before it.
    adjustment, scale
        Which one, and the factor by which it multiplied the variance (1 where there is none).
    tau2
        The variance of effects between places (REML). *Cannot be estimated* from one study.
    q, q_df, q_p
        Cochran's test of whether studies differ; None for one study.
    i2
        The share of variation between the studies' results that is not chance, 0-1; None for one study.
    weights
        Shape (k,): each study's share of the mean.
    """

    k: int
    mean: float
    std_error: float
    df: float
    wald_std_error: float
    adjustment: Adjustment
    scale: float
    tau2: float | NotEstimable
    q: float | None
    q_df: int
    q_p: float | None
    i2: float | None
    weights: tuple[float, ...]

    @property
    def tau(self) -> float | NotEstimable:
        """The standard deviation of effects between places."""
        return self.tau2 if isinstance(self.tau2, NotEstimable) else math.sqrt(self.tau2)

    def interval(self, confidence_level: float = 0.95) -> Interval:
        """Of the mean effect."""
        half = t_quantile(0.5 + confidence_level / 2, self.df) * self.std_error
        return Interval(
            low=self.mean - half,
            high=self.mean + half,
            confidence_level=confidence_level,
            method=self.adjustment.value if self.k > 1 else "normal, one study",
        )

    def prediction(
        self,
        confidence_level: float = 0.95,
        convention: PredictionConvention = PredictionConvention.T_K_MINUS_2,
    ) -> Interval | NotEstimable:
        """Where the effect in a new place lies with this probability.

        Parameters
        ----------
        confidence_level : float
            0-1.
        convention : PredictionConvention
            Software differs; the one that was used is the interval's `method`.

        Returns
        -------
        Interval or NotEstimable
            mean +- t sqrt(tau2 + SE^2); `too-few-studies` where the t distribution has no degrees of freedom.

        References
        ----------
        Higgins JPT, Thompson SG, Spiegelhalter DJ. J R Stat Soc A 2009;172:137-159 (k - 2).
        IntHout J and others. BMJ Open 2016;6:e010247.
        """
        df, std_error = self._of_convention(convention)
        if isinstance(self.tau2, NotEstimable) or df < 1:
            return NotEstimable(
                reason="too-few-studies",
                detail=f"From {_studies(self.k)} it cannot be said how much the effect varies between places.",
            )
        half = t_quantile(0.5 + confidence_level / 2, df) * math.sqrt(self.tau2 + std_error**2)
        return Interval(
            low=self.mean - half, high=self.mean + half, confidence_level=confidence_level, method=convention.value
        )

    def _of_convention(self, convention: PredictionConvention) -> tuple[float, float]:
        return {
            PredictionConvention.T_K_MINUS_2: (self.k - 2, self.std_error),
            PredictionConvention.T_K_MINUS_2_WALD: (self.k - 2, self.wald_std_error),
            PredictionConvention.T_K_MINUS_1: (self.k - 1, self.std_error),
            PredictionConvention.NORMAL: (math.inf, self.wald_std_error),
        }[convention]


def random_effects(
    effects: Sequence[float] | Array,
    std_errors: Sequence[float] | Array,
    *,
    adjustment: Adjustment | None = None,
) -> MetaAnalysis | NotEstimable:
    """The mean effect over places of which the studies are a sample, by restricted maximum likelihood.

    Parameters
    ----------
    effects, std_errors : array-like, shape (k,)
        Studies' effects on one scale (logarithms for ratios), and their standard errors, above 0, taken as known.
    adjustment : Adjustment, optional
        Left out: `MODIFIED_KNAPP_HARTUNG` below 10 studies, `KNAPP_HARTUNG` from 10 on.

    Returns
    -------
    MetaAnalysis or NotEstimable
        `no-studies` for k = 0. One study gives its own effect and error, and the variation between places as *cannot
        be estimated*.

    Raises
    ------
    ValueError
        Lengths differ, or a number is not finite, or a standard error is not above 0.

    Notes
    -----
    y_i ~ N(theta_i, v_i), theta_i ~ N(mu, tau2). tau2 is the highest point of the restricted likelihood over
    [0, inf): a grid first, as there can be two tops, or the top at 0; then the root of the score between its
    neighbours. Knapp-Hartung: var(mu) times q = sum w_i (y_i - mu)^2 / (k - 1), w_i = 1 / (v_i + tau2); modified: q at
    least 1, as also wherever q is 0. I2 = tau2 / (tau2 + s2), s2 the typical sampling variance.

    References
    ----------
    Viechtbauer W. J Educ Behav Stat 2005;30:261-293 (REML). Knapp G, Hartung J. Stat Med 2003;22:2693-2710.
    Higgins JPT, Thompson SG. Stat Med 2002;21:1539-1558, eq 9 (s2).

    Examples
    --------
    >>> fit = random_effects([0.10, 0.30, 0.35], [0.1, 0.1, 0.1])
    >>> round(fit.mean, 3), round(fit.tau2, 4)
    (0.25, 0.0075)
    """
    y, v = checked_studies(effects, std_errors)
    if len(y) == 0:
        return NotEstimable(reason="no-studies", detail="There is no study to pool.")
    if len(y) == 1:
        return _one_study(float(y[0]), math.sqrt(float(v[0])))
    tau2 = _reml(y, v)
    chosen = adjustment or (Adjustment.KNAPP_HARTUNG if len(y) >= 10 else Adjustment.MODIFIED_KNAPP_HARTUNG)
    return _fitted(y, v, tau2, chosen)


def heterogeneity_interval(
    effects: Sequence[float] | Array, std_errors: Sequence[float] | Array, *, confidence_level: float = 0.95
) -> Interval | NotEstimable:
    """The interval of tau2, the variance of effects between places, by the Q-profile.

    Parameters
    ----------
    effects, std_errors : array-like, shape (k,)
    confidence_level : float
        0-1.

    Returns
    -------
    Interval or NotEstimable
        Limits of tau2, both 0 where even no variation at all leaves the studies more alike than chance would;
        `too-few-studies` below two.

    Notes
    -----
    Q(tau2) = sum (y_i - mu(tau2))^2 / (v_i + tau2) is chi-squared with k - 1 degrees of freedom at the true tau2 and
    falls with tau2; the limits are where it crosses the quantiles.

    References
    ----------
    Viechtbauer W. Stat Med 2007;26:37-52.
    """
    y, v = checked_studies(effects, std_errors)
    if len(y) < 2:
        return NotEstimable(
            reason="too-few-studies",
            detail=f"From {_studies(len(y))} it cannot be said how much the effect varies between places.",
        )
    tail = (1 - confidence_level) / 2
    low, high = (_where_q_is(y, v, float(chdtri(len(y) - 1, p))) for p in (tail, 1 - tail))
    return Interval(low=low, high=high, confidence_level=confidence_level, method="Q-profile")


def leave_one_out(
    effects: Sequence[float] | Array, std_errors: Sequence[float] | Array, *, adjustment: Adjustment | None = None
) -> tuple[MetaAnalysis, ...]:
    """The mean effect without each study in turn.

    Parameters
    ----------
    effects, std_errors : array-like, shape (k,)
    adjustment : Adjustment, optional
        As in `random_effects`.

    Returns
    -------
    tuple of MetaAnalysis
        k of them, in the order of the studies; none where there are fewer than two.
    """
    y, s = np.asarray(effects, dtype=float), np.asarray(std_errors, dtype=float)
    if len(y) < 2:
        return ()
    fits = (random_effects(np.delete(y, i), np.delete(s, i), adjustment=adjustment) for i in range(len(y)))
    return tuple(fit for fit in fits if isinstance(fit, MetaAnalysis))


def cumulative(
    effects: Sequence[float] | Array, std_errors: Sequence[float] | Array, *, adjustment: Adjustment | None = None
) -> tuple[MetaAnalysis, ...]:
    """The mean effect after each study, in the order given: what could be known when.

    Parameters
    ----------
    effects, std_errors : array-like, shape (k,)
        In the order of completion.
    adjustment : Adjustment, optional
        As in `random_effects`.

    Returns
    -------
    tuple of MetaAnalysis
        k of them: the first study alone, then two, up to all.
    """
    fits = (random_effects(effects[:n], std_errors[:n], adjustment=adjustment) for n in range(1, len(effects) + 1))
    return tuple(fit for fit in fits if isinstance(fit, MetaAnalysis))


def checked_studies(effects: Sequence[float] | Array, std_errors: Sequence[float] | Array) -> tuple[Array, Array]:
    """Effects and sampling variances as arrays, or `ValueError` where they cannot be such."""
    y, s = np.asarray(effects, dtype=float), np.asarray(std_errors, dtype=float)
    if y.shape != s.shape or y.ndim != 1:
        raise ValueError(f"got {y.size} effects and {s.size} standard errors")
    if not (np.isfinite(y).all() and np.isfinite(s).all() and (s > 0).all()):
        raise ValueError("effects must be finite, and standard errors finite and above 0")
    return y, s**2


def _one_study(effect: float, std_error: float) -> MetaAnalysis:
    return MetaAnalysis(
        k=1,
        mean=effect,
        std_error=std_error,
        df=math.inf,
        wald_std_error=std_error,
        adjustment=Adjustment.NONE,
        scale=1.0,
        tau2=NotEstimable(
            reason="too-few-studies",
            detail="From one study it cannot be said how much the effect varies between places.",
        ),
        q=None,
        q_df=0,
        q_p=None,
        i2=None,
        weights=(1.0,),
    )


def _fitted(y: Array, v: Array, tau2: float, adjustment: Adjustment) -> MetaAnalysis:
    w = 1.0 / (v + tau2)
    k, total = len(y), float(w.sum())
    mean = float(w @ y) / total
    q = _cochran(y, v)
    scale = _scale(float(w @ (y - mean) ** 2) / (k - 1), adjustment)
    return MetaAnalysis(
        k=k,
        mean=mean,
        std_error=math.sqrt(scale / total),
        df=math.inf if adjustment is Adjustment.NONE else k - 1,
        wald_std_error=math.sqrt(1.0 / total),
        adjustment=adjustment,
        scale=scale,
        tau2=tau2,
        q=q,
        q_df=k - 1,
        q_p=float(chdtrc(k - 1, q)),
        i2=tau2 / (tau2 + _typical_variance(v)),
        weights=tuple(float(x) for x in w / total),
    )


def _scale(scale: float, adjustment: Adjustment) -> float:
    """By how much the variance of the mean is multiplied; studies that agree exactly do not make it 0."""
    if adjustment is Adjustment.NONE or scale <= _RELATIVE_TOLERANCE:
        return 1.0
    return max(scale, 1.0) if adjustment is Adjustment.MODIFIED_KNAPP_HARTUNG else scale


def _cochran(y: Array, v: Array) -> float:
    w = 1.0 / v
    return float(w @ (y - (w @ y) / w.sum()) ** 2)


def _typical_variance(v: Array) -> float:
    w = 1.0 / v
    total = float(w.sum())
    return (len(v) - 1) * total / (total**2 - float(w @ w))


def _reml(y: Array, v: Array) -> float:
    """The tau2 at the highest point of the restricted likelihood over [0, inf)."""
    spread = float(np.ptp(y)) ** 2
    if spread == 0:
        return 0.0
    top = 10.0 * (spread + float(v.max()))
    grid = np.concatenate([[0.0], np.geomspace(_SMALLEST_SHARE * float(v.min()), top, _GRID_POINTS)])
    best = int(np.argmax(_restricted_likelihood(y, v, grid)))
    below, above = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)])
    if _score(below, y, v) <= 0 or _score(above, y, v) >= 0:
        return float(grid[best])
    return float(brentq(_score, below, above, args=(y, v), xtol=1e-300, rtol=_RELATIVE_TOLERANCE))


def _restricted_likelihood(y: Array, v: Array, tau2: Array) -> Array:
    """At each of the values of tau2, up to a constant."""
    w = 1.0 / (v + tau2[:, None])
    total = w.sum(axis=1)
    mean = (w @ y) / total
    misfit = (w * (y - mean[:, None]) ** 2).sum(axis=1)
    likelihood: Array = 0.5 * (np.log(w).sum(axis=1) - np.log(total) - misfit)
    return likelihood


def _score(tau2: float, y: Array, v: Array) -> float:
    """The slope of the restricted likelihood, times 2."""
    w = 1.0 / (v + tau2)
    total = w.sum()
    residual = w * (y - (w @ y) / total)
    return float(residual @ residual - total + (w @ w) / total)


def _where_q_is(y: Array, v: Array, target: float) -> float:
    """The tau2 at which the generalised Q statistic falls to `target`; 0 where it is below that from the start."""

    def excess(tau2: float) -> float:
        w = 1.0 / (v + tau2)
        return float(w @ (y - (w @ y) / w.sum()) ** 2) - target

    if excess(0.0) <= 0:
        return 0.0
    top = float(np.ptp(y)) ** 2 + float(v.max())
    while excess(top) > 0:
        top *= 4.0
    return float(brentq(excess, 0.0, top, xtol=1e-300, rtol=_RELATIVE_TOLERANCE))


def _studies(k: int) -> str:
    return {0: "no study", 1: "one study"}.get(k, f"{k} studies")
