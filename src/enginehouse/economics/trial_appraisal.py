"""The appraisal of a trial: what each arm cost, what the effect is worth, and what this turn of the loop cost.

Whom the expected net benefit favours stands beside the verdict, with the reason where the two differ: `beside_verdict`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from enginehouse.core.errors import Problems, UserError
from enginehouse.core.money import Money
from enginehouse.economics.appraise import Appraisal, PriceUsed, appraisal_from_record, price_problems
from enginehouse.economics.arm_costs import (
    ArmCost,
    IncrementalCost,
    LoggedActivity,
    arm_costs,
    incremental_cost,
)
from enginehouse.economics.beside_verdict import BesideVerdict, beside_verdict
from enginehouse.economics.discounting import DiscountUsed, discount_used, discount_words
from enginehouse.economics.net_benefit import NetBenefit, net_benefit
from enginehouse.economics.price_doubt import PriceDistribution
from enginehouse.economics.returns import ReturnRatios, headline_ratios
from enginehouse.economics.turn import TurnOfTheLoop, turn_of_the_loop
from enginehouse.evaluation.effects import AbsoluteEffect
from enginehouse.evaluation.parallel.results import ContrastResult, TrialEvaluation, TrialOutcome
from enginehouse.programme.programme import ProgrammeSettings
from enginehouse.programme.protocol import Economics, Protocol
from enginehouse.programme.strategy import Strategy
from enginehouse.stats.records import from_plain, to_plain
from enginehouse.stats.results import Estimate, Estimated, NotEstimable

APPRAISAL_KIND: Literal["trial-appraisal"] = "trial-appraisal"
MONTHS_PER_YEAR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialAppraisal:
    """Costs beside the effect of one trial.

    Attributes
    ----------
    arm, over
        The registered contrast; their titles for pages are in `titles`.
    price
        What one unit of the priced indicator's numerator is worth; `None` where the protocol has no economics (only a
        rehearsal may).
    effect
        The registered contrast's effect on the priced indicator.
    activity
        What was logged of each arm.
    costs
        What each arm cost, the programme's part and the sites' part apart. Empty in a rehearsal.
    incremental
        What the arm cost more than its comparator; *not incurred* in a rehearsal.
    within_trial
        Net benefit of the arm's own sites over the follow-up.
    horizon
        Net benefit of giving the arm to the sites of both arms for the horizon's years, at the yearly cost and effect
        of the trial, discounted at the registered rates; *cannot be estimated* where no horizon is registered.
    undiscounted
        The same with every year counted in full.
    discounting
        The rates, and what the horizon's years come to at each; `None` where no horizon is registered.
    programme_only
        As `horizon` (or `within_trial` where there is none), with the programme's costs alone: the time of the sites'
        staff left out.
    headline_return
        The two return ratios within the trial; *cannot be estimated* where the effect's interval includes no effect.
    turn
        What this turn of the loop cost, and its evaluation.
    beside_verdict
        Whom the expected net benefit favours, and why that may not be what the verdict says.
    value_label
        Whether the value is `gross` or `net of substitution`.
    """

    kind: Literal["trial-appraisal"] = APPRAISAL_KIND
    record_version: int = 1
    currency: str
    price_year: int
    rehearsal: bool
    arm: str
    over: str
    titles: Mapping[str, str]
    indicator: str
    unit: str
    price: PriceUsed | None
    effect: Estimated
    follow_up_months: int
    horizon_years: float | None
    activity: tuple[LoggedActivity, ...]
    costs: tuple[ArmCost, ...]
    incremental: IncrementalCost | NotEstimable
    within_trial: NetBenefit | NotEstimable
    horizon: NetBenefit | NotEstimable
    undiscounted: NetBenefit | NotEstimable
    discounting: DiscountUsed | None
    programme_only: NetBenefit | NotEstimable
    headline_return: ReturnRatios | NotEstimable
    turn: TurnOfTheLoop
    beside_verdict: BesideVerdict
    value_label: str
    notes: tuple[str, ...]

    @property
    def decisive(self) -> NetBenefit | NotEstimable:
        """What the decision goes by: the horizon, or the trial itself where no horizon is registered."""
        return self.within_trial if self.horizon_years is None else self.horizon

    def money(self, amount: float) -> Money:
        """A sum of this appraisal as money."""
        return Money.of(amount, self.currency, self.price_year)

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `trial_appraisal_from_record` is the inverse."""
        record: dict[str, Any] = to_plain(self)
        return record


def trial_appraisal_from_record(record: Mapping[str, Any]) -> TrialAppraisal:
    """Read back what `TrialAppraisal.to_record` wrote.

    Raises
    ------
    ValueError
        The record was written by a later version, or is none of a trial.
    """
    if record.get("kind") != APPRAISAL_KIND or record.get("record_version") != 1:
        raise ValueError(
            f"appraisal record of kind {record.get('kind')}, version {record.get('record_version')}; "
            f"this version reads {APPRAISAL_KIND}, 1"
        )
    appraisal: TrialAppraisal = from_plain(TrialAppraisal, record)
    return appraisal


type AnyAppraisal = Appraisal | TrialAppraisal


def any_appraisal_from_record(record: Mapping[str, Any]) -> AnyAppraisal:
    """What `to_record` of an appraisal of either kind wrote; a record without a kind is that of a campaign.

    Raises
    ------
    ValueError
        The record was written by a later version.
    """
    if record.get("kind") == APPRAISAL_KIND:
        return trial_appraisal_from_record(record)
    return appraisal_from_record(record)


def appraise_trial(
    protocol: Protocol,
    evaluation: TrialEvaluation,
    activity: Sequence[LoggedActivity],
    strategies: Mapping[str, Strategy],
    settings: ProgrammeSettings,
    *,
    confidence_level: float = 0.95,
) -> TrialAppraisal:
    """The appraisal of a trial from its evaluation and what was logged.

    Parameters
    ----------
    protocol
        The locked protocol, with its economics.
    evaluation
        The registered analysis; the priced indicator must be one of its outcomes.
    activity
        What was logged, one entry for each arm; not looked at in a rehearsal.
    strategies
        The locked strategies by id.
    settings
        The programme's currency and price year.
    confidence_level
        Of the intervals (0-1).

    Returns
    -------
    TrialAppraisal
        With *cannot be estimated* in place of whatever the inputs do not allow.

    Raises
    ------
    UserError
        The protocol has no economics (and is no rehearsal).
    Problems
        The price or the log contradicts itself: every contradiction at once.

    Notes
    -----
    Within the trial: the effect on the numerator of the arm's sites over the follow-up, at the price, less the
    incremental cost of the same sites. Over the horizon: the same for each site and year, times the sites of both
    arms and the years; the strategies go on at the trial's yearly cost, and the effect lasts while they do. Where
    substitution is known the value is net of it. Over a horizon of T years a yearly cost counts D(T, r) times, r being
    the registered rate for costs, and a yearly value D(T, q) times, q being that for effects:
    D(T, r) = 1 + (1 + r)^-1 + ... + (1 + r)^-(T - 1), a part of a year as that part of its weight. The price is
    multiplied by D(T, q) / T, so that units stay as they are counted. See `net_benefit` and `arm_costs`.
    """
    economics = protocol.economics
    if economics is None and not protocol.rehearsal:
        raise UserError(
            "the registered protocol has no economics.",
            where="protocol.yaml  economics",
            remedy="A price and the costs are registered with the protocol; without them nothing can be appraised.",
        )
    if economics is not None:
        problems = price_problems(economics, settings.price_year)
        if problems:
            raise Problems(problems)
    costs = () if protocol.rehearsal else arm_costs(protocol.arms, activity, strategies)
    worth = _Appraised(protocol, evaluation, economics, costs, confidence_level)
    decisive = worth.within_trial() if worth.horizon_years is None else worth.horizon(worth.discounting)
    outcome, contrast = worth.outcome, worth.contrast
    return TrialAppraisal(
        currency=settings.currency,
        price_year=settings.price_year,
        rehearsal=protocol.rehearsal,
        arm=contrast.arm,
        over=contrast.over,
        titles=dict(evaluation.arms),
        indicator=outcome.indicator,
        unit=outcome.unit,
        price=None if economics is None else PriceUsed(**economics.price.model_dump()),
        effect=contrast.effect,
        follow_up_months=evaluation.follow_up_months,
        horizon_years=worth.horizon_years,
        activity=() if protocol.rehearsal else tuple(activity),
        costs=costs,
        incremental=worth.incremental,
        within_trial=worth.within_trial(),
        horizon=worth.horizon(worth.discounting),
        undiscounted=worth.horizon(None),
        discounting=worth.discounting,
        programme_only=worth.programme_only(),
        headline_return=worth.headline_return(),
        turn=turn_of_the_loop(economics.turn if economics else (), strategies=worth.strategies_cost()),
        beside_verdict=beside_verdict(
            evaluation.verdict.word,
            decisive,
            arm=evaluation.arms.get(contrast.arm, contrast.arm),
            over=evaluation.arms.get(contrast.over, contrast.over),
            currency=settings.currency,
            price_year=settings.price_year,
            nothing_incurred=protocol.rehearsal,
        ),
        value_label="gross" if economics is None or economics.substitution is None else "net of substitution",
        notes=tuple(_notes(economics, worth)),
    )


NOT_INCURRED = NotEstimable(
    reason="not-incurred", detail="This is a rehearsal with made-up arms: nothing was done, so no cost was incurred."
)
NO_HORIZON = NotEstimable(
    reason="no-horizon", detail="The protocol registers no horizon, so nothing is said beyond the follow-up."
)


class _Appraised:
    """The registered contrast of the priced indicator beside the costs of its two arms."""

    def __init__(
        self,
        protocol: Protocol,
        evaluation: TrialEvaluation,
        economics: Economics | None,
        costs: Sequence[ArmCost],
        level: float,
    ) -> None:
        self.economics, self.costs, self.level = economics, costs, level
        self.outcome: TrialOutcome = evaluation.outcome(
            economics.price.indicator if economics else evaluation.primary.indicator
        )
        self.contrast: ContrastResult = self.outcome.registered
        self.years = evaluation.follow_up_months / MONTHS_PER_YEAR
        self.horizon_years = economics.horizon_years if economics else None
        self.discounting = discount_used(economics)
        self.incremental: IncrementalCost | NotEstimable = NOT_INCURRED
        if not protocol.rehearsal:
            by_arm = {cost.arm: cost for cost in costs}
            self.incremental = incremental_cost(by_arm[self.contrast.arm], by_arm[self.contrast.over])

    def within_trial(self) -> NetBenefit | NotEstimable:
        return self._net_benefit(self.contrast.sites, self.years, _both)

    def horizon(self, discounting: DiscountUsed | None) -> NetBenefit | NotEstimable:
        if isinstance(self.incremental, NotEstimable):
            return self.incremental
        if self.horizon_years is None:
            return NO_HORIZON
        return self._net_benefit(self._all_sites, self.horizon_years, _both, discounting)

    def programme_only(self) -> NetBenefit | NotEstimable:
        if self.horizon_years is None:
            return self._net_benefit(self.contrast.sites, self.years, _programme)
        return self._net_benefit(self._all_sites, self.horizon_years, _programme, self.discounting)

    def headline_return(self) -> ReturnRatios | NotEstimable:
        within = self.within_trial()
        if isinstance(within, NotEstimable):
            return within
        return within.cost if isinstance(within.cost, NotEstimable) else headline_ratios(within.value, within.cost)

    def strategies_cost(self) -> float | NotEstimable:
        """What the strategies of all arms cost the programme."""
        if isinstance(self.incremental, NotEstimable):
            return self.incremental
        total = 0.0
        for cost in self.costs:
            part = cost.programme
            if isinstance(part, NotEstimable):
                return part
            total += part
        return total

    @property
    def _all_sites(self) -> int:
        return self.contrast.sites + self.contrast.over_sites

    def _net_benefit(
        self, sites: int, years: float, part: Part, discounting: DiscountUsed | None = None
    ) -> NetBenefit | NotEstimable:
        """For so many sites and years, at the trial's yearly cost and effect, discounted where that is asked for."""
        if isinstance(self.incremental, NotEstimable):
            return self.incremental
        assert self.economics is not None, "only a rehearsal has no economics, and it incurs no cost"
        contrast, kept = self.contrast, 1.0 - (self.economics.substitution or 0.0)
        if isinstance(contrast.effect, NotEstimable) or contrast.absolute is None or kept == 0:
            return _no_value(contrast.effect, kept)
        scale = sites * years / (contrast.sites * self.years)
        each = part(self.incremental)
        cost_years = years if discounting is None else discounting.years_of_costs
        value_years = years if discounting is None else discounting.years_of_effects
        return net_benefit(
            contrast.effect,
            quantity=_quantity(contrast.effect, contrast.absolute) * scale,
            price=PriceDistribution.of(self.economics.price, factor=kept * value_years / years),
            direction=self.outcome.direction,
            cost=each if isinstance(each, NotEstimable) else each * sites * cost_years / self.years,
            sites=sites,
            years=years,
            confidence_level=self.level,
        )


type Part = Callable[[IncrementalCost], float | NotEstimable]


def _both(incremental: IncrementalCost) -> float | NotEstimable:
    return incremental.per_site


def _programme(incremental: IncrementalCost) -> float | NotEstimable:
    return incremental.programme_per_site


def _quantity(effect: Estimate, absolute: AbsoluteEffect) -> float:
    """What the effect is a share of, over the follow-up: the counterfactual, or all denominators month by month."""
    return absolute.counterfactual if effect.scale == "log-ratio" else absolute.denominator * absolute.months


def _no_value(effect: Estimated, kept: float) -> NotEstimable:
    if isinstance(effect, NotEstimable):
        return NotEstimable(reason=effect.reason, detail=f"The effect cannot be estimated. {effect.detail}")
    if kept == 0:
        return NotEstimable(
            reason="nothing-saved", detail="All that was saved was spent on something else instead: it has no value."
        )
    return NotEstimable(reason="no-quantity", detail="The effect is not known in the indicator's own unit.")


def _notes(economics: Economics | None, worth: _Appraised) -> Iterator[str]:
    if economics is not None:
        price = economics.price
        kind = "an assumption" if price.is_assumption else "sourced"
        yield f"The price is {kind}, at {price.price_year} prices: {price.source}"
        yield economics.substitution_note
    if isinstance(worth.incremental, NotEstimable):
        yield worth.incremental.detail
        return
    if worth.horizon_years is not None and worth.discounting is not None:
        years = "year" if worth.horizon_years == 1 else "years"
        yield (
            f"Over {worth.horizon_years:g} {years}: for the sites of both arms, at the yearly cost and effect of the "
            "trial. The effect is taken to last while the strategies go on, and no longer."
        )
        if worth.horizon_years > 1:
            yield discount_words(worth.horizon_years, worth.discounting)
    if isinstance(worth.incremental.per_site, NotEstimable):
        yield worth.incremental.per_site.detail
