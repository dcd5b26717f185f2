"""The comparison of feasible designs as a result: what each could show, and what it would withhold from whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from enginehouse.stats.records import from_plain, to_plain
from enginehouse.stats.results import NotEstimable
from enginehouse.trials.design_variance import HistoryFacts
from enginehouse.trials.power_results import PowerResult


class DesignOption(StrEnum):
    """A way in which the same question could be asked of the same sites."""

    PARALLEL_BY_SITE = "each site allocated by itself"
    PARALLEL_BY_NETWORK = "whole networks allocated"
    FEWER_SITES = "half of the sites allocated"
    ONE_MORE_ARM = "one more arm"
    FACTORIAL = "two components crossed"
    INCOMPLETE_BLOCK = "each arm the other's control"
    STEPPED_WEDGE = "all sites start in steps, in random order"
    STAIRCASE = "steps, each compared near its own start"
    CROSSOVER = "two groups that change places"
    SMART = "those who do not respond are allocated again"
    ALL_AT_ONCE = "everyone at once, compared with other areas"


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignPrecision:
    """What a design could show, by formula from the sites' own history.

    `std_error` and `half_width`, the expected half of the 95% interval, are on the scale of the estimates (log ratio or
    difference); `detectable` is the effect found with
    probability 0.8, as a ratio or difference; `power` and `equivalent_if_none` are probabilities.
    """

    units: int
    std_error: float
    df: float
    power: float
    detectable: float
    equivalent_if_none: float | None
    half_width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboAreas:
    """What *all at once* finds where nothing happened: areas of history, each treated in name only.

    `false_positive` is the share of them whose 95% interval from their own months excludes no effect; `tau` the
    standard deviation of the drift between areas, on the scale of the estimates.
    """

    level: str
    areas: int
    false_positive: float
    naive_std_error: float
    tau: float
    std_error_with_drift: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignLine:
    """One design.

    Attributes
    ----------
    registered
        Whether it is the one that the protocol registers.
    feasible, why
        Whether it could be run here, and the reason in a sentence.
    precision
        What it could show, or why that cannot be told.
    placebo
        For *all at once*: what it finds where nothing happened.
    withheld
        What is withheld from whom, and for how long, in a sentence.
    caution
        What a reader must know before choosing it; may be empty.
    months
        From the start to the last month that the answer needs.
    cannot_answer
        What it leaves open, in a sentence.
    """

    option: DesignOption
    registered: bool
    feasible: bool
    why: str
    precision: DesignPrecision | NotEstimable
    placebo: PlaceboAreas | NotEstimable | None
    withheld: str
    caution: str
    months: int
    cannot_answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Misclassified:
    """What a response rule says of sites to which nothing was done, tried at every month that the history allows.

    Attributes
    ----------
    months, ratio, lag
        The rule: newest months taken together, multiple of the earlier value that counts as a response, and how many
        months old the newest are on the day. `after` is the number of months from the start to that day.
    starts, sites
        Starts that could be tried, and sites judged at the middle one.
    called_responders
        Share of sites called responders though nothing was done.
    low_third, high_third
        The same among the third that began best and the third that began worst: regression to the mean.
    missed
        Share called non-responders though all of them had the registered effect.
    """

    months: int
    ratio: float
    lag: int
    after: int
    starts: int
    sites: int
    called_responders: float
    low_third: float
    high_third: float
    missed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerPoint:
    """One point of a curve: an effect (ratio or difference) or a number of units, with power and P(equivalent)."""

    at: float
    power: float
    equivalent: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerCurves:
    """Power and P(equivalent) of the registered design by formula.

    `by_effect` over effects in a whole arm, `by_units` over numbers of units: power against the registered effect, and
    P(equivalent) if there is no difference. `effect` and `units` are where the registered design stands.
    """

    by_effect: tuple[PowerPoint, ...]
    by_units: tuple[PowerPoint, ...]
    effect: float
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignReport:
    """Every design that could be considered, the registered one first, and its power in full.

    `warnings` are what `check` says: for example that the trial could not show equivalence. `history` is what the
    sites' past says, `response` how far a response rule misleads (registered, or the one that is assumed for a SMART).
    """

    cycle_title: str
    indicator: str
    scale: str
    effect: float
    worthwhile: float
    equivalence: tuple[float, ...] | None
    lines: tuple[DesignLine, ...]
    power: PowerResult
    smallest_p: float
    warnings: tuple[str, ...]
    history: HistoryFacts | NotEstimable
    curves: PowerCurves | NotEstimable
    response: Misclassified | NotEstimable

    def line(self, option: DesignOption) -> DesignLine:
        return next(line for line in self.lines if line.option is option)

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `designs_from_record` is the inverse."""
        record: dict[str, Any] = to_plain(self)
        return record


def designs_from_record(record: Mapping[str, Any]) -> DesignReport:
    """Read back what `DesignReport.to_record` wrote."""
    found: DesignReport = from_plain(DesignReport, record)
    return found
