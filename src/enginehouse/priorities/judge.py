"""One candidate in numbers: what its expected effect is worth here, and what the triage rule says of it.

Pure: the same prior, facts and prices give the same answer, from the file or from the record.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from enginehouse.economics.discounting import discounted_years
from enginehouse.priorities.effects import MONTHS, Effect, change_at, improvement, learnt_sd, relative_change
from enginehouse.priorities.results import GateValues, LocalFacts, Prices, Triage, Worth
from enginehouse.priorities.triage import Option, TrialDesign, break_even_trial_cost, triage
from enginehouse.programme.enums import EvidenceScale
from enginehouse.stats.gaussian import Normal
from enginehouse.stats.results import t_quantile

_Z = t_quantile(0.975, math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a candidate is worth, and both rules' answers."""

    worth: Worth
    triage: Triage


def judge(prior: Normal, *, scale: EvidenceScale, local: LocalFacts, prices: Prices, gates: GateValues) -> Judged:
    """The worth of one candidate here and the triage rule's answer.

    Parameters
    ----------
    prior : Normal
        The predictive distribution of the effect here, on `scale`.
    scale : EvidenceScale
        Also that of the standard errors in `local.trial_sizes`.
    local : LocalFacts
        Baseline, denominator and sites above 0.
    prices : Prices
    gates : GateValues

    Returns
    -------
    Judged

    Notes
    -----
    Net benefit of one of the denominator in a year: v U - c. U is the improvement (`effects.improvement`), v the value
    of a unit (mean as stated; low to high read as its 95% interval; independent of U), c the running cost of all sites
    over the denominator. E = E[v] E[U] - c; variance = E[v]^2 var U + var v (var U + E[U]^2). The rule reads it as
    normal. A trial informs U alone: its preposterior standard deviation is E[v] times that of U.
    """
    effect = Effect(effect=prior, scale=scale, baseline=local.baseline, lower_is_better=local.lower_is_better)
    improved = improvement(effect)
    running = prices.cost_per_site_year * local.sites / local.denominator
    option = Option(
        net_benefit=Normal(prices.value * improved.mean - running, _sd(improved, prices)),
        units_a_year=local.denominator,
        roll_out_cost=prices.roll_out_cost,
        horizon_years=prices.horizon_years,
        discount_rate=prices.discount_rate,
        discounting=prices.discounting,
    )
    answer = triage(option, tuple(_designs(effect, local, prices)), gates)
    needed = running + prices.roll_out_cost / answer.discounted_units
    return Judged(
        worth=Worth(
            expected_change=relative_change(effect, improved.mean),
            change_low=change_at(effect, -_Z),
            change_high=change_at(effect, _Z),
            units_a_year=improved.mean * local.denominator,
            value_a_year=prices.value * improved.mean * local.denominator,
            cost_a_year=prices.cost_per_site_year * local.sites,
            mean_per_unit=option.net_benefit.mean,
            sd_per_unit=option.net_benefit.sd,
            sd_of_effect=prices.value * improved.sd,
            break_even_change=_break_even_change(effect, needed / prices.value),
            break_even_value=needed / improved.mean if improved.mean > 0 else None,
            break_even_trial_cost=break_even_trial_cost(answer, gates),
        ),
        triage=answer,
    )


def _sd(improved: Normal, prices: Prices) -> float:
    value_sd = (prices.value_high - prices.value_low) / (2 * _Z)
    of_effect = (prices.value * improved.sd) ** 2
    return math.sqrt(of_effect + value_sd**2 * (improved.sd**2 + improved.mean**2))


def _designs(effect: Effect, local: LocalFacts, prices: Prices) -> Iterator[TrialDesign]:
    if prices.trial_fixed is None or prices.trial_per_site is None or prices.trial_years is None:
        return
    patients = local.denominator / local.sites
    during = discounted_years(0, prices.trial_years, prices.discount_rate, prices.discounting)
    for size in local.trial_sizes:
        yield TrialDesign(
            sites_per_arm=size.sites_per_arm,
            patients_per_site=patients,
            std_error=size.std_error,
            preposterior_sd=prices.value * learnt_sd(effect, size.std_error),
            cost=prices.trial_fixed + 2 * size.sites_per_arm * prices.trial_per_site,
            years=prices.trial_years,
            unit_years_per_arm=size.sites_per_arm * patients * during,
            sites_available=local.sites_available,
        )


def _break_even_change(effect: Effect, units: float) -> float | None:
    """The relative change that makes so many units; None where there are not so many to be had."""
    change = relative_change(effect, units)
    is_share = effect.scale is EvidenceScale.LOG_ODDS_RATIO
    too_much = (
        units > MONTHS * effect.baseline if effect.lower_is_better else is_share and effect.baseline * (1 + change) > 1
    )
    return None if too_much else change
