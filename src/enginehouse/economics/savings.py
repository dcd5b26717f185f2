"""What an effect saved: the share of the counterfactual quantity that was avoided, at a sourced price."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import gammaln

from enginehouse.economics.amounts import Amount, Range
from enginehouse.programme.protocol import Price
from enginehouse.stats.results import Estimate, Estimated, NotEstimable, t_quantile

Label = Literal["gross", "net of substitution"]

CENTRAL_SHARE = 0.999
"""The part of the t distribution over which an expectation is taken (the mean of exp(t) is infinite)."""

WIDEST_LOG_RATIO = math.log(10)
"""Where the central share reaches beyond a tenfold change, its mean is made by the tail: not estimable."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What the effect saved, and how that depends on the price.

    Attributes
    ----------
    gross
        Before what was spent on something else instead. Negative: it cost more.
    net
        After that, or why it is not known.
    at_low_price, at_high_price
        The headline sum at the lowest and at the highest plausible price.
    counterfactual_cost
        What the whole quantity would have cost without the campaign, net of substitution where that is known: the
        most that could be saved.
    """

    gross: Amount
    net: Amount | NotEstimable
    at_low_price: Amount
    at_high_price: Amount
    counterfactual_cost: float

    @property
    def label(self) -> Label:
        """What the headline sum must be called."""
        return "gross" if isinstance(self.net, NotEstimable) else "net of substitution"

    @property
    def headline(self) -> Amount:
        """Net of substitution where that is known, otherwise gross."""
        return self.gross if isinstance(self.net, NotEstimable) else self.net


def saving(
    effect: Estimated,
    *,
    counterfactual_quantity: float,
    price: Price,
    substitution: float | None,
    substitution_note: str = "",
    confidence_level: float = 0.95,
) -> Saving | NotEstimable:
    """The saving that an effect on a priced quantity amounts to.

    Parameters
    ----------
    effect
        A log ratio of the exposed to what they would have been (negative: less was used).
    counterfactual_quantity
        What the numerator would have been over the window without the campaign, in its own unit.
    price
        The price of one unit of the numerator, with its lowest and highest plausible value.
    substitution
        The share (0-1) of the saving that was spent on something else instead; `None` when it is not known.
    substitution_note
        What is known about that, told where the net saving is not.
    confidence_level
        Of the intervals (0-1).

    Returns
    -------
    Saving or NotEstimable
        *Cannot be estimated* when the effect cannot be, or is not a ratio.

    Notes
    -----
    saving(theta) = (1 - exp(theta)) Q p (1 - s), with theta the log ratio, Q the counterfactual quantity, p the price
    and s the substitution. It falls with theta, so the limits of theta give the limits of the saving exactly, without
    a delta method. The interval carries the doubt of the effect only; prices are shown as a range beside it, and Q
    is taken as known. Its doubt is of second order where the effect is small.
    """
    if isinstance(effect, NotEstimable):
        return NotEstimable(reason=effect.reason, detail=f"No saving: the effect cannot be estimated. {effect.detail}")
    if effect.scale != "log-ratio":
        return NotEstimable(
            reason="not-a-ratio", detail="No saving: the effect is a difference, and a share of the quantity is needed."
        )
    share = share_saved(effect, confidence_level=confidence_level)
    gross = share.scaled(counterfactual_quantity * price.per_unit)
    kept = 1.0 if substitution is None else 1.0 - substitution
    unknown = NotEstimable(reason="substitution-not-known", detail=substitution_note or "Substitution is not known.")
    return Saving(
        gross=gross,
        net=unknown if substitution is None else gross.scaled(kept),
        at_low_price=share.scaled(counterfactual_quantity * price.low * kept),
        at_high_price=share.scaled(counterfactual_quantity * price.high * kept),
        counterfactual_cost=counterfactual_quantity * price.per_unit * kept,
    )


def share_saved(effect: Estimate, *, confidence_level: float = 0.95) -> Amount:
    """The share of the counterfactual quantity that was avoided: 1 - exp(log ratio), with its interval.

    Parameters
    ----------
    effect
        A log ratio.
    confidence_level
        Of the interval (0-1).

    Examples
    --------
    >>> e = Estimate(value=-0.011035346424, std_error=0.012810447251, df=27, scale="log-ratio", method="example")
    >>> share = share_saved(e).range
    >>> [round(100 * x, 1) for x in (share.point, share.low, share.high)]
    [1.1, -1.5, 3.7]
    """
    ratios = effect.ratio_interval(confidence_level)
    mean = expected_ratio(effect)
    return Amount(
        range=Range(
            point=1 - effect.ratio, low=1 - ratios.high, high=1 - ratios.low, confidence_level=confidence_level
        ),
        expected=mean if isinstance(mean, NotEstimable) else 1 - mean,
    )


def expected_ratio(effect: Estimate) -> float | NotEstimable:
    """The expectation of exp(log ratio) over the estimate's distribution.

    Returns
    -------
    float or NotEstimable
        *Cannot be estimated* where the central 99.9% reaches beyond a tenfold change either way.

    Notes
    -----
    Normal (infinite degrees of freedom): exp(value + se^2 / 2). Student's t: the expectation does not exist, as every t
    has tails heavier than any exponential, so the mean of the central 99.9% is given, by Gauss-Legendre
    quadrature. With a standard error of a few per cent the two differ by less than se^2.

    Examples
    --------
    >>> e = Estimate(value=0.0, std_error=0.1, df=float("inf"), scale="log-ratio", method="example")
    >>> round(expected_ratio(e), 6)  # exp(0.005)
    1.005013
    """
    if math.isinf(effect.df):
        return math.exp(effect.value + effect.std_error**2 / 2)
    reach = t_quantile(0.5 + CENTRAL_SHARE / 2, effect.df)
    if reach * effect.std_error > WIDEST_LOG_RATIO:
        return NotEstimable(
            reason="no-expectation",
            detail="The effect is too uncertain for an expected value: a few extreme values would decide it.",
        )
    points = reach * _NODES
    density = np.exp(_log_t_density(points, effect.df))
    weights = _WEIGHTS * density / np.sum(_WEIGHTS * density)
    return float(np.sum(weights * np.exp(effect.value + effect.std_error * points)))


def _log_t_density(points: np.ndarray, df: float) -> np.ndarray:
    """The log density of Student's t."""
    constant = gammaln((df + 1) / 2) - gammaln(df / 2) - 0.5 * math.log(df * math.pi)
    return np.asarray(constant - (df + 1) / 2 * np.log1p(points**2 / df))
