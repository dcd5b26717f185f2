"""Cost-effectiveness and the value of information of one option against current practice, in closed form.

The triage rule that uses them is in `triage`; what a strategy's effect is worth here is in `effects`.
"""

from __future__ import annotations

from enginehouse.stats.gaussian import Normal, preposterior_sd, unit_normal_loss


def evpi(net_benefit: Normal) -> float:
    """The expected value of perfect information on one option against current practice.

    Parameters
    ----------
    net_benefit : Normal
        The option's incremental net benefit.

    Returns
    -------
    float
        In its unit; equal to the expected opportunity loss of the better choice.

    Examples
    --------
    >>> round(evpi(Normal(250_000, 180_000)))
    6763
    """
    return unit_normal_loss(net_benefit)


def evsi(mean: float, sd: float, std_error: float) -> float:
    """The expected value of a study whose estimate of the net benefit has this standard error.

    Parameters
    ----------
    mean, sd : float
        Of the incremental net benefit now; the `sd` from what the study informs, and from nothing else.
    std_error : float
        Of the study's estimate of it.

    Returns
    -------
    float
        From 0 to the expected value of perfect information about it.

    Notes
    -----
    UNL(mean, s), s = sd^2 / sqrt(sd^2 + std_error^2).

    Examples
    --------
    >>> round(evsi(250_000, 180_000, 90_000))
    4178
    """
    return unit_normal_loss(Normal(mean, preposterior_sd(sd, std_error)))


def cluster_trial_variance(
    *,
    clusters_per_arm: float,
    patients_per_cluster: float,
    sd_patient: float,
    icc: float,
    cv_cluster_size: float = 0.0,
    r2_baseline: float = 0.0,
) -> float:
    """The variance of the difference between two arms of a cluster trial.

    Parameters
    ----------
    clusters_per_arm, patients_per_cluster : float
        Above 0.
    sd_patient : float
        Standard deviation of the outcome (net benefit, say) between patients.
    icc : float
        Intracluster correlation, 0-1.
    cv_cluster_size : float
        Coefficient of variation of the clusters' sizes.
    r2_baseline : float
        Share of the variance that baseline covariates explain, 0-1.

    Returns
    -------
    float
        In the square of the outcome's unit.

    Notes
    -----
    2 sd^2 (1 - R2) (1 + ((cv^2 + 1) m - 1) icc) / (k m).

    References
    ----------
    Eldridge SM, Ashby D, Kerry S. Int J Epidemiol 2006;35:1292-1300 (unequal sizes).

    Examples
    --------
    >>> round(cluster_trial_variance(clusters_per_arm=80, patients_per_cluster=100, sd_patient=280, icc=0.05), 2)
    116.62
    """
    design_effect = 1 + ((cv_cluster_size**2 + 1) * patients_per_cluster - 1) * icc
    return 2 * sd_patient**2 * (1 - r2_baseline) * design_effect / (clusters_per_arm * patients_per_cluster)
