"""Numbers that a design cannot have are refused, each with its name, what was received and what is allowed."""

from __future__ import annotations

import math

from enginehouse.core.errors import UserError

WHERE = "design of a trial"


def refuse(name: str, value: float, allowed: str) -> UserError:
    """The refusal of one number."""
    return UserError(f"got {value!r} for '{name}'.", where=f"{WHERE}  {name}", remedy=f"Give {allowed}.")


def share(**values: float) -> None:
    """Proportions and correlations: 0 to 1."""
    for name, value in values.items():
        if not 0 <= value <= 1:
            raise refuse(name, value, "a number from 0 to 1")


def inner(**values: float) -> None:
    """Probabilities that are neither sure nor impossible: above 0, below 1."""
    for name, value in values.items():
        if not 0 < value < 1:
            raise refuse(name, value, "a number above 0 and below 1")


def positive(**values: float) -> None:
    """Sizes, standard deviations, margins: above 0."""
    for name, value in values.items():
        if not (value > 0 and math.isfinite(value)):
            raise refuse(name, value, "a number above 0")


def not_negative(**values: float) -> None:
    """Coefficients of variation, variances: 0 or more."""
    for name, value in values.items():
        if not (value >= 0 and math.isfinite(value)):
            raise refuse(name, value, "0 or a number above 0")
