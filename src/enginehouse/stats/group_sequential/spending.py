"""How much of an error may have been spent by a look: the spending functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from scipy.special import ndtr, ndtri


class Spending(StrEnum):
    """The shape of a spending function."""

    OBRIEN_FLEMING = "obrien-fleming"
    POCOCK = "pocock"
    POWER = "power"
    HWANG_SHIH_DECANI = "hwang-shih-decani"


@dataclass(frozen=True, slots=True)
class SpendingFunction:
    """The error spent as a function of the information fraction, 0 at no information and all of it at 1.

    Attributes
    ----------
    shape
        The family.
    parameter
        Of `power` the exponent (above 0); of `hwang-shih-decani` gamma (negative: little is spent early); not used by
        the others.

    Notes
    -----
    With t the fraction and a the whole error of one tail::

        obrien-fleming      2 (1 - Phi(z(1 - a/2) / sqrt(t)))
        pocock              a log(1 + (e - 1) t)
        power               a t^parameter
        hwang-shih-decani   a (1 - exp(-parameter t)) / (1 - exp(-parameter)), a t where the parameter is 0

    References
    ----------
    Lan KKG, DeMets DL. Biometrika 1983;70:659-663. Hwang IK, Shih WJ, DeCani JS. Stat Med 1990;9:1439-1445.
    """

    shape: Spending
    parameter: float = 0.0

    def __post_init__(self) -> None:
        if self.shape is Spending.POWER and not self.parameter > 0:
            raise ValueError(f"got the exponent {self.parameter:g} of a power family; it must be above 0")

    def spent(self, fraction: float, error: float) -> float:
        """The part of `error` (one tail, 0-1) that may be spent by the information `fraction` (0 or more)."""
        if fraction <= 0:
            return 0.0
        return error if fraction >= 1 else _SHAPES[self.shape](fraction, error, self.parameter)


def _obrien_fleming(fraction: float, error: float, _: float) -> float:
    return 2 * float(ndtr(ndtri(error / 2) / math.sqrt(fraction)))


def _pocock(fraction: float, error: float, _: float) -> float:
    return error * math.log1p((math.e - 1) * fraction)


def _power(fraction: float, error: float, exponent: float) -> float:
    return error * float(fraction**exponent)


def _hwang_shih_decani(fraction: float, error: float, gamma: float) -> float:
    return error * fraction if gamma == 0 else error * math.expm1(-gamma * fraction) / math.expm1(-gamma)


_SHAPES: Mapping[Spending, Callable[[float, float, float], float]] = {
    Spending.OBRIEN_FLEMING: _obrien_fleming,
    Spending.POCOCK: _pocock,
    Spending.POWER: _power,
    Spending.HWANG_SHIH_DECANI: _hwang_shih_decani,
}


def check_fractions(fractions: Sequence[float]) -> tuple[float, ...]:
    """Information fractions as numbers, rising from above 0 to at most 1.

    Raises
    ------
    ValueError
        They do not.
    """
    found = tuple(float(f) for f in fractions)
    if not found or found[0] <= 0 or found[-1] > 1 + 1e-12 or any(b <= a for a, b in pairwise(found)):
        raise ValueError(f"got the information fractions {found}; they must rise, from above 0 to at most 1")
    return found
