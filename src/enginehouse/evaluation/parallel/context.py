"""What every step of one trial's evaluation shares: arms in words, and each outcome as arrays of allocated sites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from enginehouse.core.words import lower_first
from enginehouse.data.sites import SiteRegister
from enginehouse.evaluation.estimand import SCALES
from enginehouse.evaluation.parallel.analysis import in_window
from enginehouse.evaluation.parallel.inputs import AllocatedTrial
from enginehouse.indicators.panel import FrozenPanel, HarmsPanel
from enginehouse.programme.grouping import plain_name
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.trial import Contrast
from enginehouse.stats.results import Scale
from enginehouse.stats.trial_columns import analysed_sites
from enginehouse.stats.trial_data import TrialData
from enginehouse.trials.account import TrialAccount
from enginehouse.trials.data import trial_data_with_account

type Array = npt.NDArray[np.float64]
type Integers = npt.NDArray[np.intp]
USUAL_CARE = "usual care"


@dataclass(frozen=True, slots=True, eq=False)
class OutcomeData:
    """One outcome: every month of the design, and the registered window alone (`window`)."""

    whole: TrialData
    window: TrialData
    account: TrialAccount

    def analysed(self, arm: int) -> Integers:
        """Rows of the sites of an arm with data in baseline and registered window."""
        rows = analysed_sites(self.window)
        return np.asarray(rows[self.window.arm[rows] == arm])


@dataclass(frozen=True, eq=False)
class TrialContext:
    """The protocol, the allocation and the outcomes of one trial."""

    protocol: Protocol
    protocol_hash: str
    sites: SiteRegister
    indicators: Mapping[str, Indicator]
    trial: AllocatedTrial
    data: Mapping[str, OutcomeData]

    @property
    def scale(self) -> Scale:
        return SCALES[self.protocol.estimand.summary]

    @property
    def first(self) -> Contrast:
        """The contrast that gives the verdict."""
        return self.protocol.contrasts[0]

    @property
    def primary(self) -> OutcomeData:
        return self.data[self.protocol.indicator]

    @cached_property
    def arms(self) -> tuple[str, ...]:
        return self.trial.plan.arms

    def positions(self, contrast: Contrast) -> tuple[int, int]:
        """Arm and comparator as positions in `arms`."""
        return self.arms.index(contrast.arm), self.arms.index(contrast.over)

    def arm_title(self, arm: str) -> str:
        """What pages call an arm: as the protocol has it, or its strategies, or usual care; `arm A` in a rehearsal."""
        if arm in self.protocol.arm_titles:
            return self.protocol.arm_titles[arm]
        if self.protocol.rehearsal:
            return f"arm {arm.upper()}" if len(arm) == 1 else plain_words(arm)
        return self.strategies_title(self.protocol.arms[arm]) if self.protocol.arms[arm] else USUAL_CARE

    def strategies_title(self, strategies: tuple[str, ...]) -> str:
        titles = [lower_first(self.trial.strategy_titles.get(name, plain_words(name))) for name in strategies]
        return " and ".join([", ".join(titles[:-1]), titles[-1]] if len(titles) > 1 else titles)

    def contrast_title(self, contrast: Contrast) -> str:
        return f"{self.arm_title(contrast.arm)} compared with {self.arm_title(contrast.over)}"

    def attribute(self, name: str, sites: tuple[str, ...]) -> Array | None:
        """A covariate of the roster, or an attribute of the register, for the sites in order; None if nobody has it."""
        found = next((c for c in self.trial.roster.covariates if plain_name(c.name) == plain_name(name)), None)
        if found is not None:
            known = dict(zip(self.trial.roster.sites, found.values, strict=True))
            return np.array([np.nan if known[site] is None else known[site] for site in sites], dtype=np.float64)
        listed = next((a for a in self.sites.attributes if plain_name(a) == plain_name(name)), None)
        return None if listed is None else self.sites.attribute(listed, sites)

    def columns(self, allocations: Integers, data: TrialData) -> Integers:
        """Allocations of the roster's sites, for the sites of `data` only, shape (B, n)."""
        place = {site: column for column, site in enumerate(self.trial.plan.sites)}
        return allocations[:, [place[site] for site in data.sites]]


def gather_trial(
    protocol: Protocol,
    protocol_hash: str,
    panel: FrozenPanel | HarmsPanel,
    sites: SiteRegister,
    indicators: Mapping[str, Indicator],
    trial: AllocatedTrial,
    outcomes: tuple[str, ...],
) -> TrialContext:
    """The context of one evaluation, or of one look at harms; every outcome is read once."""
    found = {}
    for name in outcomes:
        whole, account = trial_data_with_account(
            protocol,
            indicators[name],
            panel.panel.arrays(name),
            trial.roster,
            trial.plan,
            trial.allocation,
            register=sites,
            opt_outs=trial.opt_outs,
        )
        found[name] = OutcomeData(whole, in_window(whole, protocol.estimand.window), account)
    return TrialContext(protocol, protocol_hash, sites, indicators, trial, found)


def plain_words(slug: str) -> str:
    """`usual-care` as a reader reads it."""
    return slug.replace("-", " ")
