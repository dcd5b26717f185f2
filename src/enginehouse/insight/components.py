"""Variance between and within sites, the intra-cluster correlation of one month, and autocorrelation over months.

Arrays in, numbers out. Months are taken off first: what all sites share in a month is not variation between sites.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """Standard deviations between sites and, within sites, from month to month; and the two mean squares' ICC."""

    between_sd: float
    within_sd: float
    icc: float


def without_months(values: Floats) -> Floats:
    """Each value less its month's mean over sites."""
    return np.asarray(values - values.mean(axis=0))


def components(values: Floats) -> Components:
    """Variance components of one-way analysis of variance, sites as groups.

    Parameters
    ----------
    values
        Sites x months, at least 2 x 2, no missing values; in some month sites must differ.

    Notes
    -----
    After the months' means are taken off, with n sites and m months: MSB = m * sum((site mean)^2) / (n - 1),
    MSW = sum((value - site mean)^2) / (n (m - 1)), between = (MSB - MSW) / m, and
    ICC = (MSB - MSW) / (MSB + (m - 1) MSW): the correlation of two months of one site, as far as one number can say it.
    The ICC may be slightly negative; the standard deviation between sites is then 0.

    References
    ----------
    Donner A, Koval JJ. The estimation of intraclass correlation in the analysis of family data. Biometrics
    1980;36:19-25.
    """
    sites, months = values.shape
    centred = without_months(values)
    means = centred.mean(axis=1)
    between = months * float(np.sum(means**2)) / (sites - 1)
    within = float(np.sum((centred - means[:, None]) ** 2)) / (sites * (months - 1))
    total = between + (months - 1) * within
    return Components(
        between_sd=max(0.0, (between - within) / months) ** 0.5,
        within_sd=within**0.5,
        icc=(between - within) / total,
    )


def autocorrelation(values: Floats, months: npt.NDArray[np.intp], lag: int) -> float | None:
    """The correlation over sites of two months `lag` apart, averaged over all such pairs of months.

    Parameters
    ----------
    values
        Sites x months, no missing values; in every month sites must differ.
    months
        The month of each column, as a running number.
    lag
        Months between the two, at least 1.

    Returns
    -------
    The mean correlation; `None` where no two months are that far apart.
    """
    column = {int(month): place for place, month in enumerate(months)}
    pairs = [(place, column[month + lag]) for month, place in column.items() if month + lag in column]
    if not pairs:
        return None
    return float(np.mean([np.corrcoef(values[:, a], values[:, b])[0, 1] for a, b in pairs]))
