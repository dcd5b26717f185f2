"""Working correlation by second estimating equations for pairs of rows, adjusted for the bias of residuals or not.

Rows are patients here, with one trial each; for aggregated rows there is `cluster_period`. Simple moments are in
`moments`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from enginehouse.stats.gee.correlation import Bound, PairedBound
from enginehouse.stats.gee.families import GeeFamily, Mean
from enginehouse.stats.gee.layout import Batch, Layout
from enginehouse.stats.gee.moments import Moments
from enginehouse.stats.results import NotEstimable

type Array = npt.NDArray[np.float64]

PAIRED = frozenset({Moments.PAIRED, Moments.PAIRED_ADJUSTED})
LEVERAGE = NotEstimable(
    reason="leverage",
    detail="One unit alone determines a coefficient of the model, so its residuals cannot be adjusted for their bias.",
)
NO_VARIANCE = NotEstimable(
    reason="singular-correlation",
    detail="The working variance of a product of two residuals is not above zero at the correlation that they ask for.",
)


def paired_moments(
    bound: Bound,
    layout: Layout,
    mean: Mean,
    moments: Moments,
    *,
    rows: Array,
    residuals: Array,
    mean_values: Array,
    parameters: Array,
    known: Array | None,
) -> tuple[float, Array] | NotEstimable:
    """Dispersion, and one scoring step of the equations for the parameters of the correlation.

    Parameters
    ----------
    rows, residuals, mean_values
        Z of shape (n, p), raw residuals and means of shape (n,), sorted.
    parameters
        Where the step starts, shape (q,).

    Notes
    -----
    sum_i E_i' W_i^-1 (R_i - rho_i) = 0 over the pairs j < k of each cluster, R_ijk = e*_j e_k / phi. Without adjustment
    e* = e; with it e* = (I - H_i)^-1 e, row by row in the order of the data. W is diagonal, the variance of the product
    of two residuals: 1 + rho^2 (gaussian), 1 + (1 - 2 mu_j)(1 - 2 mu_k) rho / sqrt(v_j v_k) - rho^2 (binary),
    1 + rho^2 + rho / sqrt(mu_j mu_k) (Poisson). phi is 1 but for the gaussian family, where it is
    sum e*_j e_j / (n - p), adjusted in either case.

    References
    ----------
    Prentice RL. Biometrics 1988;44:1033-1048. Preisser JS, Lu B, Qaqish BF. Stat Med 2008;27:5764-5785.
    """
    if not isinstance(bound, PairedBound):
        raise ValueError("pairs need an exchangeable or a nested exchangeable working correlation")
    dispersion = 1.0
    bread = _bread(bound, rows, parameters)
    is_gaussian = mean.family is GeeFamily.GAUSSIAN
    adjusted = residuals
    if is_gaussian or moments is Moments.PAIRED_ADJUSTED:
        found = adjusted_residuals(bound, layout, rows, residuals, bread, parameters)
        if found is None:
            return LEVERAGE
        adjusted = found
    if is_gaussian:
        dispersion = float(adjusted @ residuals) / (len(residuals) - rows.shape[1])
    if known is not None:
        return dispersion, known
    first = adjusted if moments is Moments.PAIRED_ADJUSTED else residuals
    return _step(bound, layout, mean, first / dispersion, residuals, mean_values, parameters, dispersion)


def _bread(bound: Bound, rows: Array, parameters: Array) -> Array:
    whitened = bound.whiten(rows, parameters)
    return np.linalg.inv(whitened.T @ whitened)


def adjusted_residuals(
    bound: PairedBound, layout: Layout, rows: Array, residuals: Array, bread: Array, parameters: Array
) -> Array | None:
    """(I - H_i)^-1 e = R (R - Z B Z')^-1 e, shape (n,); None where a cluster has leverage 1."""
    found = np.empty_like(residuals)
    for batch in layout.batches(square=True):
        matrix = correlation_matrix(bound, batch, parameters)
        block = batch.take(rows)
        left = matrix - block @ bread @ block.transpose(0, 2, 1)
        if float(np.linalg.eigvalsh(left).min()) <= 1e-13:
            return None
        turned = (matrix @ np.linalg.solve(left, batch.take(residuals)[:, :, None]))[:, :, 0]
        found[_places(batch)] = turned[batch.present]
    return found


def correlation_matrix(bound: PairedBound, batch: Batch, parameters: Array) -> Array:
    """R of each cluster of a batch, with rows of the unit matrix where it is padded; (clusters, size, size)."""
    matrix = parameters[bound.kinds(batch)]
    both = batch.present[:, :, None] & batch.present[:, None, :]
    return np.where(np.eye(batch.size, dtype=bool), 1.0, np.where(both, matrix, 0.0))


def _places(batch: Batch) -> npt.NDArray[np.intp]:
    return (batch.starts[:, None] + np.arange(batch.size))[batch.present]


def _step(
    bound: PairedBound,
    layout: Layout,
    mean: Mean,
    first: Array,
    second: Array,
    mean_values: Array,
    parameters: Array,
    dispersion: float,
) -> tuple[float, Array] | NotEstimable:
    """The mean of the products of each kind of pairs, every one weighted by the inverse of its working variance."""
    sums, weights = np.zeros(len(parameters)), np.zeros(len(parameters))
    for batch in layout.batches(square=True):
        upper = np.triu_indices(batch.size, 1)
        kinds = bound.kinds(batch)[:, *upper]
        there = (batch.present[:, :, None] & batch.present[:, None, :])[:, *upper]
        variance = _VARIANCES[mean.family](batch.take(mean_values, absent=0.5), parameters[kinds], upper)
        if np.any(variance[there] <= 0):
            return NO_VARIANCE
        product = (batch.take(first)[:, :, None] * batch.take(second)[:, None, :])[:, *upper]
        sums += np.bincount(kinds[there], (product / variance)[there], minlength=len(parameters))
        weights += np.bincount(kinds[there], 1 / variance[there], minlength=len(parameters))
    return dispersion, np.where(weights > 0, sums / np.where(weights > 0, weights, 1.0), 0.0)


type Upper = tuple[npt.NDArray[np.intp], ...]


def _gaussian_variance(_mean: Array, rho: Array, _upper: Upper) -> Array:
    return np.asarray(1 + rho**2)


def _binary_variance(mean: Array, rho: Array, upper: Upper) -> Array:
    lean = (1 - 2 * mean) / np.sqrt(mean * (1 - mean))
    return np.asarray(1 + lean[:, upper[0]] * lean[:, upper[1]] * rho - rho**2)


def _poisson_variance(mean: Array, rho: Array, upper: Upper) -> Array:
    return np.asarray(1 + rho**2 + rho / np.sqrt(mean[:, upper[0]] * mean[:, upper[1]]))


_VARIANCES: Mapping[GeeFamily, Callable[[Array, Array, Upper], Array]] = {
    GeeFamily.GAUSSIAN: _gaussian_variance,
    GeeFamily.BINOMIAL: _binary_variance,
    GeeFamily.POISSON: _poisson_variance,
}
