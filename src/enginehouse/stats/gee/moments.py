"""Dispersion and working correlation from residuals, by the conventions of the programs that people compare with.

Second estimating equations, with their own working variance and bias adjustment, are in `second_equations`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from enginehouse.stats.gee.correlation import AutoregressiveBound, Bound

type Array = npt.NDArray[np.float64]

MAX_STEPS = 100
TOLERANCE = 1e-12


class Moments(StrEnum):
    """How dispersion and correlation are estimated."""

    RESIDUAL_DF = "sums of products of residuals over their number less p (R's gee, statsmodels)"
    GEEPACK = "weighted means of products, nothing taken off (geepack)"
    PAIRED = "second estimating equations for pairs (Prentice; UEE)"
    PAIRED_ADJUSTED = "second estimating equations for pairs, adjusted for bias (Preisser, Lu and Qaqish; MAEE)"


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """What moments are made of, in sorted order.

    Attributes
    ----------
    raw
        (y - mu) / sqrt(v(mu)), shape (n,).
    weights
        Prior weights, shape (n,); the variance of a row is dispersion x v(mu) / weight.
    coefficients
        p.
    """

    raw: Array
    weights: Array
    coefficients: int


def dispersion_and_correlation(
    bound: Bound, residuals: Residuals, moments: Moments, *, known: Array | None
) -> tuple[float, Array]:
    """Dispersion, and the parameters of the working correlation: those that are known, or estimates.

    Notes
    -----
    With e = sqrt(w) r, `RESIDUAL_DF` has phi = sum e^2 / (n - p) and alpha = sum e_j e_k / (phi (P - p)), P the number
    of pairs (of all kinds; kinds share the p by their number). `GEEPACK` has phi = sum w r^2 / sum w and alpha the mean
    of r_j r_k / phi with weights w_j w_k. An autoregressive alpha solves sum_d d alpha^(d - 1) (S_d - N_d alpha^d) = 0;
    the first takes neighbours, each cluster's mean product counting once beside its mean square, the second all pairs.
    """
    first, second, phi, shrink = _SUMS[moments](residuals)
    if known is not None:
        return phi, known
    if isinstance(bound, AutoregressiveBound):
        return phi, _autoregressive(bound, first, second, phi, moments)
    products, numbers = bound.pairs(first), bound.pairs(second)
    left = numbers * (1 - residuals.coefficients / numbers.sum() if shrink else 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return phi, np.where(numbers > 0, products / phi / left, 0.0)


def _residual_df(residuals: Residuals) -> tuple[Array, Array, float, bool]:
    scaled = np.sqrt(residuals.weights) * residuals.raw
    left = max(len(scaled) - residuals.coefficients, 1)
    return scaled, np.ones_like(scaled), float(scaled @ scaled) / left, True


def _geepack(residuals: Residuals) -> tuple[Array, Array, float, bool]:
    weighted = residuals.weights * residuals.raw
    return weighted, residuals.weights, float(weighted @ residuals.raw / residuals.weights.sum()), False


_SUMS: Mapping[Moments, Callable[[Residuals], tuple[Array, Array, float, bool]]] = {
    Moments.RESIDUAL_DF: _residual_df,
    Moments.GEEPACK: _geepack,
    Moments.PAIRED: _residual_df,
    Moments.PAIRED_ADJUSTED: _residual_df,
}


def _autoregressive(bound: AutoregressiveBound, first: Array, second: Array, phi: float, moments: Moments) -> Array:
    if moments is Moments.GEEPACK:
        (products, lags), (numbers, _) = bound.all_pairs(first), bound.all_pairs(second)
        return np.array([_solve_autoregressive(products / phi, numbers, lags, bound.is_whole)])
    products, lags = bound.neighbours(first)
    numbers = bound.neighbour_weights
    level = float(np.mean(bound.layout.sums(first**2) / bound.layout.sizes))
    return np.array([_solve_autoregressive(numbers * products / level, numbers, lags, bound.is_whole)])


def _solve_autoregressive(products: Array, numbers: Array, lags: Array, is_whole: bool) -> float:
    """The root in alpha of sum d alpha^(d - 1) (S_d - N_d alpha^d), by Gauss-Newton from the shortest lag."""
    shortest = lags == lags.min()
    alpha = float(products[shortest].sum() / numbers[shortest].sum())
    if np.all(shortest) and lags[0] == 1:
        return alpha
    alpha = min(max(alpha, -0.99 if is_whole else 1e-6), 0.99)
    for _ in range(MAX_STEPS):
        slope = lags * _power(alpha, lags - 1)
        step = float(slope @ (products - numbers * _power(alpha, lags)) / (numbers @ slope**2))
        moved = min(max(alpha + step, -0.9999 if is_whole else 1e-12), 0.9999)
        if abs(moved - alpha) < TOLERANCE:
            return moved
        alpha = moved
    return alpha


def _power(alpha: float, exponents: Array) -> Array:
    return np.sign(alpha) ** exponents * np.abs(alpha) ** exponents if alpha < 0 else alpha**exponents
