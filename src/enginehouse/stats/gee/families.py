"""Families and links of the marginal mean: values, derivatives, working variances and where they are allowed.

How rows of a cluster hang together is in `correlation`; nothing is fitted here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from enginehouse.stats.results import Scale

type Array = npt.NDArray[np.float64]

SMALLEST_VARIANCE = 1e-9
"""With a link that lets means leave their range, a smaller variance means that the solution lies at the edge."""


class GeeFamily(StrEnum):
    """The working variance; the link that goes with it unless another is asked for."""

    POISSON = "log link, variance as the mean"
    BINOMIAL = "logit link, binomial variance"
    GAUSSIAN = "identity link, equal variance"


class Link(StrEnum):
    """What is linear in the columns."""

    IDENTITY = "identity"
    LOG = "log"
    LOGIT = "logit"


CANONICAL: Mapping[GeeFamily, Link] = {
    GeeFamily.POISSON: Link.LOG,
    GeeFamily.BINOMIAL: Link.LOGIT,
    GeeFamily.GAUSSIAN: Link.IDENTITY,
}
SCALES: Mapping[Link, Scale] = {Link.IDENTITY: "difference", Link.LOG: "log-ratio", Link.LOGIT: "log-ratio"}
"""Contrasts of coefficients are differences, or logs of rate, risk or odds ratios."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A family with a link: all that the equations ask of it."""

    family: GeeFamily
    link: Link

    @property
    def is_canonical(self) -> bool:
        return CANONICAL[self.family] is self.link

    def of(self, eta: Array) -> tuple[Array, Array, Array]:
        """Mean, its derivative by the linear predictor, and the variance function, each of the shape of `eta`."""
        mean, slope = _INVERSES[self.link](eta)
        return mean, slope, _VARIANCES[self.family](mean)

    def is_allowed(self, eta: Array) -> bool:
        """Whether every mean lies where the family's variance is above zero, and not just so by rounding."""
        mean = _INVERSES[self.link](eta)[0]
        least = 0.0 if self.is_canonical else SMALLEST_VARIANCE
        return bool(np.all(np.isfinite(mean)) and np.all(_VARIANCES[self.family](mean) > least))

    def start(self, level: float) -> float:
        """The linear predictor of one mean for all."""
        return float(_FORWARD[self.link](np.array(level)))


def mean_of(family: GeeFamily, link: Link | None) -> Mean:
    """The family with `link`, or with its own; a logit needs means between 0 and 1."""
    chosen = link or CANONICAL[family]
    if chosen is Link.LOGIT and family is not GeeFamily.BINOMIAL:
        raise ValueError("the logit link belongs to the binomial family")
    return Mean(family, chosen)


def _identity(eta: Array) -> tuple[Array, Array]:
    return eta, np.ones_like(eta)


def _exponential(eta: Array) -> tuple[Array, Array]:
    with np.errstate(over="ignore"):
        mean = np.exp(eta)
    return mean, mean


def _logistic(eta: Array) -> tuple[Array, Array]:
    mean = expit(eta)
    return mean, mean * (1 - mean)


_INVERSES: Mapping[Link, Callable[[Array], tuple[Array, Array]]] = {
    Link.IDENTITY: _identity,
    Link.LOG: _exponential,
    Link.LOGIT: _logistic,
}
_FORWARD: Mapping[Link, Callable[[Array], Array]] = {
    Link.IDENTITY: lambda mean: mean,
    Link.LOG: np.log,
    Link.LOGIT: lambda mean: np.log(mean / (1 - mean)),
}
_VARIANCES: Mapping[GeeFamily, Callable[[Array], Array]] = {
    GeeFamily.POISSON: lambda mean: mean,
    GeeFamily.BINOMIAL: lambda mean: mean * (1 - mean),
    GeeFamily.GAUSSIAN: np.ones_like,
}
