"""Which rows stand for which embedded regime of a cluster SMART, and with what weight: for any estimating equations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

type Array = npt.NDArray[np.float64]
type Integers = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Replicated:
    """Rows of clusters, once for each regime with which their cluster is consistent.

    Attributes
    ----------
    rows, regime
        Shape (r,): position of the row, and of the regime that it stands for here.
    weights
        Shape (r,): of its cluster.
    """

    rows: Integers
    regime: Integers
    weights: Array


def regime_weights(
    first_probability: npt.ArrayLike, drawn_again: npt.ArrayLike, second_probability: npt.ArrayLike
) -> Array:
    """What each cluster counts for: one over the registered probability of what was drawn for it.

    Parameters
    ----------
    first_probability : array-like, shape (K,)
        Of the first-stage arm that it got, in (0, 1].
    drawn_again : array-like, shape (K,)
        Whether it was drawn a second time.
    second_probability : array-like, shape (K,)
        Of the arm that it then got, in (0, 1]; not used where it was not drawn again.

    Returns
    -------
    array, shape (K,)

    Raises
    ------
    ValueError
        A probability that is used is outside (0, 1].

    Notes
    -----
    With two arms at each stage: 2 for a cluster that was drawn once, 4 for one drawn twice. A responder is consistent
    with every regime that begins as it did, a non-responder with half of them: its weight makes up for that.

    Examples
    --------
    >>> regime_weights([0.5, 0.5], [False, True], [1.0, 0.5]).tolist()
    [2.0, 4.0]
    """
    first, again = np.asarray(first_probability, dtype=float), np.asarray(drawn_again).astype(bool)
    used = first * np.where(again, np.asarray(second_probability, dtype=float), 1.0)
    if not np.all((used > 0) & (used <= 1)):
        raise ValueError("got a probability outside (0, 1] for an arm that was drawn")
    return 1 / used


def replicate(clusters: npt.ArrayLike, consistent: npt.ArrayLike, weights: npt.ArrayLike) -> Replicated:
    """Every row once for each regime that its cluster is consistent with, with the cluster's weight.

    Parameters
    ----------
    clusters : array-like, shape (n,)
        Each row's cluster, 0 to K - 1.
    consistent : array-like, shape (K, D)
        Whether the cluster got what regime d would have given it.
    weights : array-like, shape (K,)
        From `regime_weights`.

    Returns
    -------
    Replicated
        Estimating equations of these rows, with errors robust by the original cluster, estimate what each regime would
        have given if every cluster had followed it.

    References
    ----------
    Nahum-Shani I et al. Psychol Methods 2012;17:457-477. NeCamp T, Kilbourne A, Almirall D. Stat Methods Med Res
    2017;26:1572-1589.
    """
    codes, follows = np.asarray(clusters, dtype=np.intp), np.asarray(consistent).astype(bool)
    regime, rows = np.nonzero(follows[codes].T)
    return Replicated(rows, regime, np.asarray(weights, dtype=float)[codes[rows]])
