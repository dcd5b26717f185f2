"""What every method returns: an estimate that can make its interval, or the typed answer *cannot be estimated*."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from scipy.special import stdtr, stdtrit

Scale = Literal["log-ratio", "difference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Two limits, the level they were made for and how. On the log-ratio scale they are logs."""

    low: float
    high: float
    confidence_level: float = 0.95
    method: str = "t"

    def contains(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One estimated contrast with its standard error.

    Attributes
    ----------
    value, std_error
        On `scale`: natural-log ratios for `log-ratio`, the indicator's own unit for `difference`.
    df
        Degrees of freedom of the t distribution that intervals use; `inf` means normal.
    method
        The name that menus and protocols use.
    notes
        What a reader must be told: a fallback, a boundary, an assumption that was made.
    numbers
        Numbers used or found on the way (sites, months, autocorrelation, dispersion), by name.
    """

    value: float
    std_error: float
    df: float
    scale: Scale
    method: str
    notes: tuple[str, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)

    def interval(self, confidence_level: float = 0.95) -> Interval:
        """The t interval at `confidence_level` (0-1), on the scale of the estimate."""
        half = t_quantile(0.5 + confidence_level / 2, self.df) * self.std_error
        return Interval(low=self.value - half, high=self.value + half, confidence_level=confidence_level)

    def p_value(self) -> float:
        """Two-sided p of no effect (0 on either scale)."""
        return 2 * float(stdtr(min(self.df, 1e10), -abs(self.value) / self.std_error))

    @property
    def ratio(self) -> float:
        """`exp(value)`; only a log ratio has one."""
        if self.scale != "log-ratio":
            raise ValueError("a difference has no ratio")
        return math.exp(self.value)

    def ratio_interval(self, confidence_level: float = 0.95) -> Interval:
        """The interval as ratios."""
        if self.scale != "log-ratio":
            raise ValueError("a difference has no ratio")
        logs = self.interval(confidence_level)
        return Interval(
            low=math.exp(logs.low), high=math.exp(logs.high), confidence_level=confidence_level, method=logs.method
        )

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `estimated_from_record` is the inverse."""
        return {
            "kind": "estimate",
            "value": self.value,
            "std_error": self.std_error,
            "df": None if math.isinf(self.df) else self.df,
            "scale": self.scale,
            "method": self.method,
            "notes": list(self.notes),
            "numbers": dict(self.numbers),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEstimable:
    """The answer *cannot be estimated*, with a short reason for machines and a sentence for people."""

    reason: str
    detail: str

    def to_record(self) -> dict[str, Any]:
        return {"kind": "not-estimable", "reason": self.reason, "detail": self.detail}


type Estimated = Estimate | NotEstimable


def estimated_from_record(record: Mapping[str, Any]) -> Estimated:
    """Read back what `to_record` wrote."""
    if record["kind"] == "not-estimable":
        return NotEstimable(reason=record["reason"], detail=record["detail"])
    return Estimate(
        value=record["value"],
        std_error=record["std_error"],
        df=math.inf if record["df"] is None else record["df"],
        scale=record["scale"],
        method=record["method"],
        notes=tuple(record["notes"]),
        numbers=dict(record["numbers"]),
    )


def t_quantile(probability: float, df: float) -> float:
    """The quantile of Student's t; normal where `df` is infinite."""
    return float(stdtrit(min(df, 1e10), probability))
