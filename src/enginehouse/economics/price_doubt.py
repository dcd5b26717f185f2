"""The doubt about a price: a triangle from the lowest to the highest plausible value, its top at the price used."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.programme.protocol import Price

Array = npt.NDArray[np.float64]
POINTS = 64
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(POINTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceDistribution:
    """The triangular distribution of a price.

    Attributes
    ----------
    low, top, high
        The lowest plausible price, the price used (the most plausible), the highest.
    """

    low: float
    top: float
    high: float

    @classmethod
    def of(cls, price: Price, *, factor: float = 1.0) -> PriceDistribution:
        """The distribution of a protocol's price, times a known factor above 0."""
        return cls(low=price.low * factor, top=price.per_unit * factor, high=price.high * factor)

    @property
    def mean(self) -> float:
        """(low + top + high) / 3."""
        return (self.low + self.top + self.high) / 3

    def quantile(self, probability: float) -> float:
        """The price below which the given share (0-1) of belief lies."""
        width = self.high - self.low
        rising = math.sqrt(probability * width * (self.top - self.low))
        falling = math.sqrt((1 - probability) * width * (self.high - self.top))
        return self.low + rising if probability * width <= self.top - self.low else self.high - falling

    def nodes(self) -> tuple[Array, Array]:
        """Prices and their weights (adding up to 1) for a sum over the distribution: Gauss-Legendre on either side."""
        if self.low == self.high:
            return np.array([self.top]), np.ones(1)
        width = self.high - self.low
        sides = [
            _side(self.low, self.top, 2 / width, rising=True),
            _side(self.top, self.high, 2 / width, rising=False),
        ]
        return np.concatenate([prices for prices, _ in sides]), np.concatenate([weights for _, weights in sides])


def _side(start: float, end: float, height: float, *, rising: bool) -> tuple[Array, Array]:
    """Nodes on one side of the triangle, where the density is linear from 0 to `height` or back."""
    share = (_NODES + 1) / 2
    density = height * (share if rising else 1 - share)
    return start + (end - start) * share, _WEIGHTS / 2 * (end - start) * density
