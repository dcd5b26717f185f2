"""What every step of one evaluation shares, gathered once: arms, placebo areas, and each outcome's monthly sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from enginehouse.core.months import Period
from enginehouse.data.sites import SiteRegister
from enginehouse.evaluation.arms import Arms, Contributions, contributions
from enginehouse.evaluation.controlled_its import PlaceboFits, fit_placebos
from enginehouse.evaluation.estimand import SCALES
from enginehouse.evaluation.placebo_areas import PlaceboPlan
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Comparator, Protocol
from enginehouse.stats.results import Scale


@dataclass(frozen=True, slots=True)
class Context:
    """The protocol, and everything that its sites and panel say before any model."""

    protocol: Protocol
    protocol_hash: str
    sites: SiteRegister
    arms: Arms
    plan: PlaceboPlan
    indicators: Mapping[str, Indicator]
    arrays: Mapping[str, PanelArrays]
    members: Mapping[str, int]

    @property
    def scale(self) -> Scale:
        return SCALES[self.protocol.estimand.summary]

    @property
    def comparators(self) -> tuple[Comparator, ...]:
        assert self.protocol.exposure is not None  # `choose_arms` has refused a protocol without one
        return self.protocol.exposure.comparators

    @property
    def registered_control(self) -> tuple[str, ...]:
        return self.arms.comparators[self.comparators[0].name]

    def data(self, indicator: str, span: Period | None = None) -> Contributions:
        """Monthly sums of an indicator over the registered span, or another."""
        return contributions(self.arrays[indicator], self.protocol, span or self.protocol.design.span)

    def placebos(self, data: Contributions) -> PlaceboFits | None:
        """The placebo areas' fits over the months of `data`; None where the protocol registers no drift."""
        if self.protocol.analysis.drift is None:
            return None
        n_before = data.months.index(self.protocol.design.starts)
        return fit_placebos(data, self.plan, n_before=n_before, scale=self.scale)
