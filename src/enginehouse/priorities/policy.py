"""Policy cost-effectiveness: a treatment's value together with the cost of getting it used (Mason 2001).

For targets whose value is known per patient treated (QALYs and costs). What `weigh` uses instead is a value for one
unit of an indicator.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from enginehouse.priorities.effects import MONTHS, Effect, improvement
from enginehouse.programme.enums import EvidenceScale
from enginehouse.stats.gaussian import Normal, upper_tail


class RatioStatus(StrEnum):
    """Whether a cost per QALY may be printed, and what it would mean."""

    ICER = "icer"
    DOMINANT = "dominant"
    DOMINATED = "dominated"
    SAVINGS_PER_QALY_FORGONE = "savings per QALY forgone"
    NO_HEALTH_EFFECT = "no health effect"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPerQaly:
    """A ratio with its status. `ratio` is None where there is nothing to divide, or one option is better in both."""

    status: RatioStatus
    ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyInputs:
    """One strategy for one treatment, in one average practice.

    Attributes
    ----------
    eligible
        Patients per practice.
    change
        Absolute change in the share of them treated right, 0-1.
    duration_years
        For how long it lasts.
    strategy_cost
        Per practice.
    treatment_cost, treatment_qaly
        What one more patient-year of right treatment costs and gives, against none.
    value_of_qaly
        Willingness to pay.
    practices
    """

    eligible: float
    change: float
    duration_years: float
    strategy_cost: float
    treatment_cost: float
    treatment_qaly: float
    value_of_qaly: float
    practices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyResult:
    """Treatment and policy side by side, per practice unless said otherwise.

    Attributes
    ----------
    patient_years
        More of right treatment.
    cost_per_patient_year
        Of the strategy.
    cost, qaly, net_benefit, net_benefit_all
        Of treatment and strategy together; the last for all practices.
    treatment, policy
        Cost per QALY without and with the strategy.
    loading_per_qaly
        What the strategy adds to it.
    break_even_cost
        The most that the strategy may cost; below 0 where no price is low enough.
    break_even_change
        The least change; None where the treatment itself is not worth its cost.
    """

    patient_years: float
    cost_per_patient_year: float
    cost: float
    qaly: float
    treatment: CostPerQaly
    policy: CostPerQaly
    loading_per_qaly: float | None
    net_benefit: float
    net_benefit_all: float
    break_even_cost: float
    break_even_change: float | None


def policy_cost_effectiveness(inputs: PolicyInputs) -> PolicyResult:
    """The cost-effectiveness of a treatment together with the strategy that gets it used.

    Parameters
    ----------
    inputs : PolicyInputs

    Returns
    -------
    PolicyResult

    Raises
    ------
    ValueError
        Nobody is eligible, nothing changes or it lasts no time.

    Notes
    -----
    dose = eligible x change x duration. Policy ICER = treatment ICER + strategy cost / (dose x QALYs). Break-even cost
    = dose (lambda dE - dC); break-even change = strategy cost / (eligible x duration x (lambda dE - dC)).

    References
    ----------
    Mason J and others. When is it cost-effective to change the behavior of health professionals? JAMA
    2001;286:2988-2992.
    """
    dose = inputs.eligible * inputs.change * inputs.duration_years
    if dose <= 0:
        raise ValueError("policy cost-effectiveness needs eligible patients, a change and a duration above 0")
    worth = inputs.value_of_qaly * inputs.treatment_qaly - inputs.treatment_cost
    cost, qaly = inputs.strategy_cost + dose * inputs.treatment_cost, dose * inputs.treatment_qaly
    net = inputs.value_of_qaly * qaly - cost
    return PolicyResult(
        patient_years=dose,
        cost_per_patient_year=inputs.strategy_cost / dose,
        cost=cost,
        qaly=qaly,
        treatment=cost_per_qaly(inputs.treatment_cost, inputs.treatment_qaly),
        policy=cost_per_qaly(cost, qaly),
        loading_per_qaly=inputs.strategy_cost / abs(qaly) if qaly else None,
        net_benefit=net,
        net_benefit_all=inputs.practices * net,
        break_even_cost=dose * worth,
        break_even_change=(
            inputs.strategy_cost / (inputs.eligible * inputs.duration_years * worth) if worth > 0 else None
        ),
    )


def cost_per_qaly(cost: float, qaly: float) -> CostPerQaly:
    """The ratio of two differences, only where it means something.

    Parameters
    ----------
    cost, qaly : float
        Differences against current practice.

    Returns
    -------
    CostPerQaly
        `dominant` and `dominated` have no ratio; where less health is bought with savings the ratio is what is saved
        per QALY forgone.
    """
    if qaly == 0:
        return CostPerQaly(status=RatioStatus.NO_HEALTH_EFFECT, ratio=None)
    if cost <= 0 < qaly:
        return CostPerQaly(status=RatioStatus.DOMINANT, ratio=None)
    if qaly < 0 <= cost:
        return CostPerQaly(status=RatioStatus.DOMINATED, ratio=None)
    status = RatioStatus.ICER if qaly > 0 else RatioStatus.SAVINGS_PER_QALY_FORGONE
    return CostPerQaly(status=status, ratio=cost / qaly)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainResult:
    """From an odds ratio to net benefit per eligible patient.

    Attributes
    ----------
    expected_change, net_benefit
        Of the share treated right, and what that is worth, over the distribution of the odds ratio.
    change_at_point, net_benefit_at_point
        At the mean log odds ratio: printed to show what plugging it in would have said.
    break_even_odds_ratio
        None where no odds ratio is enough.
    prob_cost_effective
        That the net benefit is above 0.
    """

    expected_change: float
    change_at_point: float
    net_benefit: float
    net_benefit_at_point: float
    break_even_odds_ratio: float | None
    prob_cost_effective: float


def net_benefit_of_odds_ratio(
    log_odds_ratio: Normal, *, baseline: float, value_of_change: float, strategy_cost: float
) -> ChainResult:
    """The net benefit per eligible patient of a strategy whose effect is known as an odds ratio of right treatment.

    Parameters
    ----------
    log_odds_ratio : Normal
        The predictive distribution for a new place, not that of a mean.
    baseline : float
        Share treated right now, above 0 and below 1.
    value_of_change : float
        lambda dE - dC: what one more patient treated right is worth.
    strategy_cost : float
        Per eligible patient.

    Returns
    -------
    ChainResult

    Raises
    ------
    ValueError
        `value_of_change` is not above 0.

    Notes
    -----
    E[p1 - p0] x value - cost, with p1 = OR p0 / (1 - p0 + OR p0), over the distribution (80-point Gauss-Hermite).
    """
    if value_of_change <= 0:
        raise ValueError("a change that is worth nothing is worth no strategy")
    change = _expected_change(log_odds_ratio, baseline)
    at_point = _expected_change(Normal(log_odds_ratio.mean, 0.0), baseline)
    needed = _needed_odds_ratio(baseline, strategy_cost / value_of_change)
    return ChainResult(
        expected_change=change,
        change_at_point=at_point,
        net_benefit=change * value_of_change - strategy_cost,
        net_benefit_at_point=at_point * value_of_change - strategy_cost,
        break_even_odds_ratio=needed,
        prob_cost_effective=_probability_above(log_odds_ratio, needed),
    )


def _expected_change(log_odds_ratio: Normal, baseline: float) -> float:
    effect = Effect(effect=log_odds_ratio, scale=EvidenceScale.LOG_ODDS_RATIO, baseline=baseline, lower_is_better=False)
    return improvement(effect).mean / MONTHS


def _needed_odds_ratio(baseline: float, change: float) -> float | None:
    after = baseline + change
    return None if after >= 1 else after / (1 - after) * (1 - baseline) / baseline


def _probability_above(log_odds_ratio: Normal, needed: float | None) -> float:
    if needed is None:
        return 0.0
    return upper_tail((math.log(needed) - log_odds_ratio.mean) / log_odds_ratio.sd)
