"""What clusters and a baseline do to a variance: design effects and the correlation of a cluster's means over time."""

from __future__ import annotations

from typing import Literal

from enginehouse.trials.sample_size.checks import not_negative, positive, share

SizeCorrection = Literal["weighted", "taylor"]


def design_effect(m: float, icc: float, *, cv: float = 0.0, correction: SizeCorrection = "taylor") -> float:
    """The variance of a cluster trial over that of one with the same people allocated one by one.

    Parameters
    ----------
    m
        Mean number of people in a cluster.
    icc
        Intracluster correlation (0-1).
    cv
        Coefficient of variation of cluster size.
    correction
        `weighted` is the upper bound of Eldridge (2006); `taylor` that of van Breukelen (2007), the default.

    Notes
    -----
    weighted: 1 + ((cv^2 + 1) m - 1) icc. taylor: (1 + (m - 1) icc) / (1 - cv^2 L (1 - L)), where
    L = m icc / (1 + (m - 1) icc). The second needs cv^2 L (1 - L) < 1; L (1 - L) is at most 1/4, so that cv < 2 is
    enough.

    References
    ----------
    Eldridge SM, Ashby D, Kerry S. Int J Epidemiol 2006;35:1292-1300. van Breukelen GJ and others. Stat Med
    2007;26:2589-2603.

    Examples
    --------
    >>> round(design_effect(21, 0.05), 6)
    2.0
    """
    positive(m=m)
    share(icc=icc)
    not_negative(cv=cv)
    if correction == "weighted":
        return 1 + ((cv**2 + 1) * m - 1) * icc
    simple = 1 + (m - 1) * icc
    part = m * icc / simple
    # Beyond cv = 2 the expansion can turn negative; the bound is then the safer number.
    loss = cv**2 * part * (1 - part)
    return simple / (1 - loss) if cv < 2 else design_effect(m, icc, cv=cv, correction="weighted")


def baseline_correlation(m: float, icc: float, *, cac: float, iac: float = 0.0) -> float:
    """The correlation of a cluster's mean before and after: what a baseline is worth.

    Parameters
    ----------
    m, icc
        As in `design_effect`.
    cac
        Cluster autocorrelation (0-1).
    iac
        Individual autocorrelation (0-1); 0 where other people are measured each time.

    Notes
    -----
    r = (m icc cac + (1 - icc) iac) / (1 + (m - 1) icc). Analysis of covariance multiplies the variance by 1 - r^2, the
    difference of differences by 2 (1 - r), which is never less.

    References
    ----------
    Teerenstra S and others. Stat Med 2012;31:2169-2178. Hooper R and others. Stat Med 2016;35:4718-4728.

    Examples
    --------
    >>> round(baseline_correlation(21, 0.05, cac=0.8), 3)
    0.42
    """
    positive(m=m)
    share(icc=icc, cac=cac, iac=iac)
    return (m * icc * cac + (1 - icc) * iac) / (1 + (m - 1) * icc)
