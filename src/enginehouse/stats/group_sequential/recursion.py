"""Probabilities of crossing bounds look by look, by recursive numerical integration. Which bounds is decided elsewhere.

The score S_k (z times the square root of the information I_k) has independent normal increments with variance
I_k - I_{k-1} and mean theta times that. Its density on the region where the trial goes on is carried from look to look
on a Gauss-Legendre grid as fine as the narrowest increment asks for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

Array = npt.NDArray[np.float64]
REACH = 9.0
"""Standard deviations beyond which the density is nothing."""
NODES_PER_SD = 6
STEP = 48
"""Grids have a multiple of so many nodes, so that few different ones are worked out."""


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """Where the score may be after some looks: its density at grid points, ready to be integrated.

    `information` and `drift` (theta) belong to it; `weights` are density times quadrature weight. At the start the
    score is 0 for sure.
    """

    information: float
    drift: float
    scores: Array
    weights: Array

    @staticmethod
    def start(drift: float) -> Path:
        return Path(0.0, drift, np.zeros(1), np.ones(1))

    def above(self, z: float, information: float) -> float:
        """The probability of going on until here and then having a z statistic above `z` at `information`."""
        return float(
            self.weights @ ndtr((self._ahead(information) - z * math.sqrt(information)) / self._sd(information))
        )

    def below(self, z: float, information: float) -> float:
        """The probability of going on until here and then having a z statistic below `z` at `information`."""
        return float(
            self.weights @ ndtr((z * math.sqrt(information) - self._ahead(information)) / self._sd(information))
        )

    def onward(self, low: float, high: float, information: float) -> Path:
        """The path of those whose z statistic at `information` lies between `low` and `high`."""
        root, sd = math.sqrt(information), self._sd(information)
        expected = self.drift * information
        left = max(low * root, expected - REACH * root)
        right = min(high * root, expected + REACH * root)
        if right <= left:
            return Path(information, self.drift, np.zeros(1), np.zeros(1))
        nodes, weights = _gauss_legendre(math.ceil(NODES_PER_SD * (right - left) / sd / STEP))
        scores = left + (right - left) * (nodes + 1) / 2
        density = np.exp(-0.5 * ((scores[:, None] - self._ahead(information)) / sd) ** 2) @ self.weights
        return Path(
            information, self.drift, scores, density * weights * (right - left) / 2 / (sd * math.sqrt(2 * math.pi))
        )

    def _sd(self, information: float) -> float:
        return math.sqrt(information - self.information)

    def _ahead(self, information: float) -> Array:
        return self.scores + self.drift * (information - self.information)


@cache
def _gauss_legendre(steps: int) -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(STEP * (1 + steps))
    return nodes, weights


def bound_for(probability: float, tail: Callable[[float], float], *, falling: bool) -> float:
    """The z at which `tail(z)` is `probability`; infinite where nothing may be spent.

    `falling` says that the tail shrinks with z (upper tails).
    """
    if probability <= 0:
        return math.inf if falling else -math.inf
    sign = 1.0 if falling else -1.0
    if tail(-sign * REACH) <= probability:  # nothing is left to spend: all that goes on may stop here
        return -sign * REACH
    start = -sign * float(ndtri(min(probability, 0.5)))
    reach = max(abs(start), 1.0) + REACH
    return float(brentq(lambda z: tail(z) - probability, -reach, reach, xtol=1e-12, rtol=1e-14))
