"""Discounting, cost-effectiveness and the value of information of one option against current practice, in closed form.

The triage rule that uses them is in `triage`; what a strategy's effect is worth here is in `effects`.
"""

from __future__ import annotations

from enum import StrEnum


class Discounting(StrEnum):
    """When in a year its costs and benefits fall. Every page prints which."""

    START_OF_YEAR = "start of year, year 0 undiscounted"
    MIDDLE_OF_YEAR = "middle of year"
    END_OF_YEAR = "end of year"
    CONTINUOUS = "continuous, at the force of interest ln(1 + r)"
    CONTINUOUS_NOMINAL = "continuous, with the yearly rate as force of interest"
