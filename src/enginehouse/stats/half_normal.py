"""Random-effects meta-analysis of few studies: the variation between places by a half-normal expectation of it.

The model without such an expectation, for five studies or more, is in `meta_analysis.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from enginehouse.stats.gaussian import Normal
from enginehouse.stats.meta_analysis import checked_studies

Array = npt.NDArray[np.float64]

_POINTS = 240
_REACH = 8.0
"""How many scales of the half-normal the quadrature covers; beyond lies less than 1e-14 of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfNormalPooling:
    """What is believed of mean, variation and a new place's effect: means and standard deviations of each."""

    mean: Normal
    tau: Normal
    new_place: Normal


def half_normal_pooling(
    effects: Sequence[float] | Array,
    std_errors: Sequence[float] | Array,
    *,
    tau_scale: float,
    mean_prior: Normal | None = None,
) -> HalfNormalPooling:
    """Mean effect, variation between places and effect in a new place, where few studies cannot tell the variation.

    Parameters
    ----------
    effects, std_errors : array-like, shape (k,), k at least 1
    tau_scale : float
        The scale of the half-normal expectation of tau: its root mean square, on the effects' scale.
    mean_prior : Normal, optional
        What was believed of the mean; left out, nothing.

    Returns
    -------
    HalfNormalPooling

    Raises
    ------
    ValueError
        No study, or an input that is not finite, or a scale that is not above 0.

    Notes
    -----
    Given tau, everything is normal; p(tau | y) is p(tau) times the likelihood with the mean integrated out, on a grid
    of tau (Gauss-Legendre on [0, 8 tau_scale]). The effect in a new place has variance E[tau2 + var(mu)] + var(E[mu]).

    References
    ----------
    Roever C. J Stat Softw 2020;93(6):1-51. Friede T and others. Res Synth Methods 2017;8:79-91 (few studies).
    """
    y, v = checked_studies(effects, std_errors)
    if len(y) == 0 or not (math.isfinite(tau_scale) and tau_scale > 0):
        raise ValueError("half-normal pooling needs a study, and a scale above 0")
    tau, quadrature = _tau_nodes(tau_scale)
    centre, variance, log_likelihood = _given_tau(y, v, tau, mean_prior)
    log_posterior = log_likelihood - 0.5 * (tau / tau_scale) ** 2
    share = quadrature * np.exp(log_posterior - log_posterior.max())
    share /= share.sum()
    mean = float(share @ centre)
    spread = float(share @ (variance + (centre - mean) ** 2))
    tau_mean, tau_square = float(share @ tau), float(share @ tau**2)
    return HalfNormalPooling(
        mean=Normal(mean, math.sqrt(spread)),
        tau=Normal(tau_mean, math.sqrt(max(tau_square - tau_mean**2, 0.0))),
        new_place=Normal(mean, math.sqrt(spread + tau_square)),
    )


def _tau_nodes(tau_scale: float) -> tuple[Array, Array]:
    nodes, weights = _legendre()
    half = 0.5 * _REACH * tau_scale
    return half * (nodes + 1.0), half * weights


@cache
def _legendre() -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(_POINTS)
    return nodes, weights


def _given_tau(y: Array, v: Array, tau: Array, mean_prior: Normal | None) -> tuple[Array, Array, Array]:
    """The posterior mean and variance of mu, and the log likelihood with mu integrated out, at each tau."""
    w = 1.0 / (v + tau[:, None] ** 2)
    prior_precision = 0.0 if mean_prior is None else mean_prior.sd**-2
    prior_mean = 0.0 if mean_prior is None else mean_prior.mean
    precision = w.sum(axis=1) + prior_precision
    centre = (w @ y + prior_precision * prior_mean) / precision
    misfit = (w * (y - centre[:, None]) ** 2).sum(axis=1) + prior_precision * (centre - prior_mean) ** 2
    return centre, 1.0 / precision, 0.5 * (np.log(w).sum(axis=1) - np.log(precision) - misfit)
