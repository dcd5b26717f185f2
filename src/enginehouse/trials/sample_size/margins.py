"""Not worse by more than a margin, and no different by more than one: power and clusters needed."""

from __future__ import annotations

from enginehouse.stats.results import NotEstimable
from enginehouse.trials.sample_size.checks import inner, positive, refuse
from enginehouse.trials.sample_size.comparison import ClustersNeeded, Comparison, clusters_needed, power_of, smallest
from enginehouse.trials.sample_size.t_power import equivalence_power


def non_inferiority_power(
    comparison: Comparison, margin: float, clusters: float, *, truth: float = 0.0, alpha: float = 0.025
) -> float | NotEstimable:
    """The probability of showing that an arm is not worse by more than a margin (0-1).

    Parameters
    ----------
    comparison
        Of any design.
    margin
        How much worse would still be accepted; positive, on the comparison's scale.
    clusters
        As the comparison counts them.
    truth
        True difference, positive where the arm is better.
    alpha
        One-sided level.

    Returns
    -------
    float or NotEstimable
        Not estimable with too few clusters.

    Notes
    -----
    P(T > t_{1-alpha, df}), T noncentral t with noncentrality (margin + truth) / se. Against the margin: where the
    truth is worse than the margin, the power is below alpha.
    """
    positive(margin=margin)
    if margin + truth <= 0:
        return NotEstimable(reason="no-effect", detail="The true difference is as bad as the margin, or worse.")
    return power_of(comparison, margin + truth, clusters, alpha=2 * alpha, tails="upper")


def non_inferiority_clusters(
    comparison: Comparison, margin: float, *, truth: float = 0.0, power: float = 0.8, alpha: float = 0.025
) -> ClustersNeeded | NotEstimable:
    """The smallest number of clusters that shows, with probability `power`, that an arm is not worse by a margin.

    Parameters are those of `non_inferiority_power`.
    """
    positive(margin=margin)
    if margin + truth <= 0:
        return NotEstimable(reason="no-effect", detail="The true difference is as bad as the margin, or worse.")
    return clusters_needed(comparison, margin + truth, power=power, alpha=2 * alpha, tails="upper")


def equivalence_clusters(
    comparison: Comparison,
    low: float,
    high: float,
    *,
    truth: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.05,
) -> ClustersNeeded | NotEstimable:
    """The smallest number of clusters whose interval lies, with probability `power`, between two margins.

    Parameters
    ----------
    comparison
        Of any design.
    low, high
        Margins, low < high, on the comparison's scale.
    truth
        True difference.
    power
        Wanted probability (0-1).
    alpha
        Level of each one-sided test; the interval has level 1 - 2 alpha.

    Returns
    -------
    ClustersNeeded or NotEstimable
        Not estimable where the truth lies outside the margins.

    Notes
    -----
    Two one-sided tests, both of which must succeed: with no true difference and equal margins, each fails with half of
    1 - power. The estimate of the standard error is averaged over, see `equivalence_power`.

    References
    ----------
    Schuirmann DJ. A comparison of the two one-sided tests procedure and the power approach. J Pharmacokinet Biopharm
    1987;15:657-680.
    """
    inner(alpha=alpha, power=power)
    if low >= high:
        raise refuse("low", low, f"a margin below the other ({high})")
    if not low < truth < high:
        return NotEstimable(reason="no-effect", detail="The true difference lies outside the margins.")

    def power_at(clusters: float) -> float:
        error, df = comparison.std_error(clusters), comparison.df(clusters)
        return equivalence_power(error, df, low, high, truth=truth, alpha=alpha)

    return smallest(comparison, power_at, power)
