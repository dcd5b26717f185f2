"""What every design is judged on: the question, the sites, their history; and the words that designs share."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.core.words import counted
from enginehouse.data.sites import SiteRegister
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.enums import AllocationUnit, Summary
from enginehouse.programme.protocol import Protocol
from enginehouse.stats.results import NotEstimable
from enginehouse.trials.design_report import DesignPrecision, Misclassified
from enginehouse.trials.design_variance import DesignBasis, HistoryFacts, with_varying_effect
from enginehouse.trials.history import PseudoTrial, Question
from enginehouse.trials.power_formula import FEWEST_DF, in_whole_arm, precision, varying_effect
from enginehouse.trials.roster import Roster, random_parts

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """What every design is judged on."""

    protocol: Protocol
    question: Question
    arrays: PanelArrays
    roster: Roster
    sites: SiteRegister
    trial: PseudoTrial | NotEstimable
    basis: DesignBasis | NotEstimable
    history: HistoryFacts | NotEstimable
    response: Misclassified | NotEstimable

    @property
    def effect(self) -> float:
        """The registered effect over a whole arm."""
        if self.protocol.power is not None:
            return in_whole_arm(self.protocol.power, self.question.summary)
        return self.protocol.analysis.worthwhile

    @property
    def unit(self) -> AllocationUnit:
        return random_parts(self.protocol)[1].unit

    @property
    def arms(self) -> int:
        return len(self.protocol.arms)

    @property
    def months(self) -> int:
        return self.protocol.design.follow_up_months

    @property
    def follow_up(self) -> int:
        """Months that stand in for the follow-up: those registered, or fewer where the history is short."""
        return self.months if isinstance(self.basis, NotEstimable) else self.basis.follow_up

    @property
    def varying(self) -> float:
        """The variance of the effect between units, fidelity included."""
        power = self.protocol.power
        if power is None or isinstance(self.basis, NotEstimable):
            return 0.0
        return varying_effect(self.basis.moments, power, self.question.summary)

    @property
    def units(self) -> int:
        """Units of the registered kind with data on both sides."""
        return 0 if isinstance(self.basis, NotEstimable) else self.basis.moments.units

    def precision(
        self, variance: float, df: float, units: int, *, treated: float = math.inf, part: float = 1.0
    ) -> DesignPrecision | NotEstimable:
        """What a variance can show; `treated` units get it, and `part` of the effect is seen."""
        if df < FEWEST_DF:
            detail = f"{counted(units, 'unit')} leave too few degrees of freedom for this design."
            return NotEstimable(reason="too-few-units", detail=detail)
        null = 1.0 if self.question.summary is Summary.RATIO else 0.0
        effect = self.effect**part if null else self.effect * part
        found = precision(math.sqrt(variance), df, effect, self.question)
        at_effect = precision(with_varying_effect(variance, self.varying, treated), df, effect, self.question)
        detectable = found.detectable ** (1 / part) if null else found.detectable / part
        return DesignPrecision(
            units=units,
            std_error=math.sqrt(variance),
            df=df,
            power=at_effect.power,
            detectable=detectable,
            equivalent_if_none=found.equivalent_if_none,
            half_width=found.half_width,
        )

    def parallel(
        self,
        basis: DesignBasis | NotEstimable,
        *,
        share: float = 1.0,
        arms: int | None = None,
        terms: int | None = None,
    ) -> DesignPrecision | NotEstimable:
        """A parallel design on these units, or on a share of them, adjusted for what is balanced."""
        if isinstance(basis, NotEstimable):
            return basis
        per_arm = share * basis.moments.units / (arms or self.arms)
        lost = self.terms if terms is None else terms
        df = 2 * per_arm - 3 - lost
        if df < FEWEST_DF:
            detail = f"{2 * per_arm:.0f} units in two arms are too few to adjust for {lost + 1} terms."
            return NotEstimable(reason="too-few-units", detail=detail)
        variance = basis.parallel(per_arm=per_arm)
        return self.precision(variance, df, round(share * basis.moments.units), treated=per_arm)

    @property
    def terms(self) -> int:
        """How many terms the registered analysis adjusts for beside the baseline."""
        if isinstance(self.trial, NotEstimable):
            return 0
        data = self.trial.data
        return len(data.covariate_names) + len(set(data.stratum.tolist())) - 1

    def in_turn(self, turns: Array) -> DesignPrecision | NotEstimable:
        """A design in which sequences of units have it in turn; `turns` has shape (sequences, periods)."""
        if isinstance(self.basis, NotEstimable):
            return self.basis
        sequences, periods = turns.shape
        if periods > self.follow_up:
            detail = f"{counted(self.follow_up, 'month')} leave no room for {periods} periods."
            return NotEstimable(reason="too-few-months", detail=detail)
        if self.units < 2 * sequences:
            detail = f"Only {self.units} units have data, too few for {sequences} groups."
            return NotEstimable(reason="too-few-units", detail=detail)
        variance = self.basis.variance(self.basis.after_baseline(turns), np.full(sequences, self.units / sequences))
        if isinstance(variance, NotEstimable):
            return variance
        return self.precision(variance, self.units - periods - 2, self.units, treated=self.units)


def compared_strategies(protocol: Protocol) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Strategies of the comparator and of the arm that is judged first, and the name of the latter."""
    first = protocol.contrasts[0]
    regimes = protocol.second_stage.regimes if protocol.second_stage is not None else {}

    def strategies(name: str) -> tuple[str, ...]:
        arms = protocol.pooled_arms.get(name, (regimes[name].first, regimes[name].then) if name in regimes else (name,))
        return tuple(dict.fromkeys(strategy for arm in arms for strategy in protocol.arms[arm]))

    return strategies(first.over), strategies(first.arm), first.arm


def component(case: Case) -> str:
    """What the arm that is judged has and its comparator lacks."""
    has, gets, name = compared_strategies(case.protocol)
    extra = [strategy for strategy in gets if strategy not in has]
    return " and ".join(each.replace("-", " ") for each in extra) or name.replace("-", " ")


def months_words(number: int) -> str:
    return "1 month" if number == 1 else f"{number} months"


def withheld(case: Case, whom: str) -> str:
    still = [name.replace("-", " ") for name in compared_strategies(case.protocol)[0]]
    kept = f"they get {' and '.join(still)}" if still else "they have usual care"
    return f"{whom} go without {component(case)} for {case.months} months; {kept}."


def not_judged(case: Case) -> NotEstimable:
    assert isinstance(case.trial, NotEstimable)
    return case.trial


def lasting(case: Case) -> str:
    """What every design with a comparator for a limited time leaves open."""
    return f"Whether an effect lasts beyond {months_words(case.months)}."
