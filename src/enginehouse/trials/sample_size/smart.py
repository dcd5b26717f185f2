"""Sizes of cluster-randomised SMARTs: clusters that did not respond are allocated again.

Two regimes that begin with different first-stage arms are compared; k counts all clusters of the trial.
"""

from __future__ import annotations

from typing import Literal

from enginehouse.trials.sample_size.checks import positive, refuse, share
from enginehouse.trials.sample_size.comparison import Comparison
from enginehouse.trials.sample_size.design_effects import design_effect

SmartDesign = Literal["prototypical", "adept", "all-again"]


def regimes(
    m: float,
    *,
    icc: float,
    design: SmartDesign = "prototypical",
    responds: tuple[float, float],
    covariate_correlation: float = 0.0,
    sd: float = 1.0,
    parameters: int = 0,
) -> Comparison:
    """The comparison of two embedded regimes that begin with different first-stage arms.

    Parameters
    ----------
    m
        People in each cluster.
    icc
        Intracluster correlation of the outcome under a regime, given the covariate if there is one (0-1).
    design
        Which clusters are allocated again: those of both first-stage arms that did not respond (`prototypical`),
        those of the first arm only (`adept`), or every cluster (`all-again`).
    responds
        The shares of clusters that respond to the first and to the second first-stage arm (0-1).
    covariate_correlation
        Of the outcome with a covariate of clusters that the analysis adjusts for.
    sd
        Standard deviation of the outcome under a regime.
    parameters
        Of the mean model; with them the test is t with k - parameters degrees of freedom, without them normal.

    Notes
    -----
    Var = 4 sd^2 / (m k) (1 + (m - 1) icc) (1 - correlation^2) [1 + sum of shares allocated again / 2]: a cluster that
    is allocated again follows a regime with probability 1/2 x 1/2 instead of 1/2.

    References
    ----------
    NeCamp T, Kilbourne A, Almirall D. Comparing cluster-level dynamic treatment regimens using sequential, multiple
    assignment, randomized trials. Stat Methods Med Res 2017;26:1572-1589, equations 5 to 7.
    """
    share(first_responds=responds[0], second_responds=responds[1])
    positive(sd=sd)
    if not -1 < covariate_correlation < 1:
        raise refuse("covariate_correlation", covariate_correlation, "a number between -1 and 1")
    again = {
        "adept": (1 - responds[0]) / 2,
        "prototypical": (1 - responds[0]) / 2 + (1 - responds[1]) / 2,
        "all-again": 1.0,
    }[design]
    variance = 4 * sd**2 / m * design_effect(m, icc) * (1 - covariate_correlation**2) * (1 + again)
    if parameters:
        return Comparison(variance=variance, df_per_cluster=1.0, df_lost=float(parameters), counted="in all")
    return Comparison(variance=variance, counted="in all")
