"""What one comparison of two arms says: estimates in each window, placebo areas, the model, the series of the figure.

The rest of an evaluation is in `results.py`; nothing is computed in either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from enginehouse.programme.enums import Window
from enginehouse.stats.results import Estimated


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsoluteEffect:
    """The effect in the indicator's own unit, over the window and for the exposed sites together.

    Attributes
    ----------
    observed, counterfactual
        What was seen, and what the estimate says would have been seen, summed over the window (`unit`).
    change, change_low, change_high
        observed - counterfactual, and its 95% interval.
    denominator
        Mean monthly denominator over the window (`per`), printed beside every absolute number.
    change_per_denominator, ...
        change / denominator: over the whole window, for one of `per`. Multiply by `scale` for display. It means
        something where the denominator is a standing population (patients), whose months add up for each of them.
    is_proportion
        Whether the numerator is part of the denominator. Each month has a denominator of its own then (items), and
        the change for one of `per` is `change_in_ratio`.
    change_in_ratio, ...
        change / the sum of the monthly denominators: the change in the ratio itself, as in -0.01 for one percentage
        point of a proportion. Holds for every indicator.
    basis
        `with drift between areas`, or `months only` where drift cannot be estimated (descriptive).
    """

    unit: str
    per: str
    scale: int
    months: int
    observed: float
    counterfactual: float
    change: float
    change_low: float
    change_high: float
    denominator: float
    change_per_denominator: float
    change_per_denominator_low: float
    change_per_denominator_high: float
    is_proportion: bool
    change_in_ratio: float
    change_in_ratio_low: float
    change_in_ratio_high: float
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboArea:
    """An untreated area taken for the treated one."""

    area: str
    name: str
    region: str
    sites: int
    estimate: float
    std_error: float
    low: float
    high: float
    significant: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboSet:
    """The placebo areas of one outcome and window, and the treated area's place among them."""

    areas: tuple[PlaceboArea, ...]
    tau: float
    tau_reml: float
    mu_reml: float
    rank_p: float
    rank_p_studentised: float
    share_significant: float

    @property
    def significant(self) -> int:
        return sum(area.significant for area in self.areas)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowResult:
    """The effect in one window.

    `with_drift` is the headline. `months_only` carries no doubt but that of the months, and is descriptive.
    """

    window: Window
    registered: bool
    months_only: Estimated
    with_drift: Estimated
    placebo: PlaceboSet | None
    absolute: AbsoluteEffect | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    name: str
    value: float
    std_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedModel:
    """The regression behind a comparison, and the standard errors that other methods would have printed."""

    method: str
    months: int
    months_before: int
    df: float
    phi: float
    sigma: float
    coefficients: tuple[Coefficient, ...]
    residual_autocorrelation: tuple[float, ...]
    other_methods: Mapping[str, Estimated]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonSeries:
    """What the figure shows, month by month.

    `treated` and `control` are in the indicator's unit per one of its denominator; `contrast`, `fitted` and
    `counterfactual` are treated over control (or minus, for differences); `treated_without` is what the model expects
    of the treated arm without the campaign. `starts` is the first month after the start.
    """

    months: tuple[str, ...]
    starts: str
    treated: tuple[float, ...]
    control: tuple[float, ...]
    contrast: tuple[float, ...]
    fitted: tuple[float, ...]
    counterfactual: tuple[float, ...]
    treated_without: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The exposed sites against one comparator. Without a model, `reason` in every window says why."""

    comparator: str
    title: str
    registered: bool
    control_sites: int
    control_members: int
    windows: tuple[WindowResult, ...]
    model: FittedModel | None
    series: ComparisonSeries | None

    @property
    def registered_window(self) -> WindowResult:
        return next(window for window in self.windows if window.registered)

    def window(self, window: Window) -> WindowResult:
        return next(result for result in self.windows if result.window is window)
