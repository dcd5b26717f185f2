"""The triage rule: implement, evaluate, or do not pursue, from the expected net benefit and what a trial would add.

Two rules side by side: the probability-gated one, and the value rule of pure decision theory. Where the numbers come
from is in `weigh`; the sentences are in `wording`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from enginehouse.economics.discounting import Discounting, discounted_years
from enginehouse.priorities.results import DesignValue, GateAnswer, GateValues, Triage, TriageReason
from enginehouse.programme.enums import Priority
from enginehouse.stats.gaussian import Normal, emax, probability_positive, unit_normal_loss

DEFAULT_GATES = GateValues(implement_at=0.9, drop_at=0.1, least_gain=0.0)
OTHER_GATES = ((0.8, 0.2), (0.9, 0.1), (0.95, 0.05), (0.99, 0.01))
"""Pairs of gates at which the answer is shown too."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One strategy for one target, against current practice.

    Attributes
    ----------
    net_benefit
        Of one unit-year, running costs taken off and roll-out cost not: mean, and standard deviation from all doubts.
    units_a_year
        Eligible unit-years in each year.
    roll_out_cost
        Paid once, when rolled out; not to be got back.
    horizon_years, discount_rate, discounting
        For how long the decision matters, and how later years count.
    """

    net_benefit: Normal
    units_a_year: float
    roll_out_cost: float
    horizon_years: float
    discount_rate: float
    discounting: Discounting = Discounting.START_OF_YEAR

    def discounted_units(self, start: float, end: float) -> float:
        """I x D(start, end)."""
        return self.units_a_year * discounted_years(start, end, self.discount_rate, self.discounting)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialDesign:
    """One size of an embedded trial of an option.

    Attributes
    ----------
    sites_per_arm, patients_per_site
        Sites in each of two arms, and patients (or items) in each site.
    std_error
        Of the effect, on whichever scale the caller tells.
    preposterior_sd
        Standard deviation of the mean net benefit of a unit-year after the trial, as expected before it.
    cost, years
        Its cost, and when it reports.
    unit_years_per_arm
        Unit-years of one arm's sites during the trial: treated although roll-out waits, or without the strategy
        although it is rolled out. 0 where nobody is denied or gets it early.
    sites_available
        How many sites there are.
    """

    sites_per_arm: int
    patients_per_site: float
    std_error: float
    preposterior_sd: float
    cost: float
    years: float
    unit_years_per_arm: float
    sites_available: int


def triage(
    option: Option, designs: Sequence[TrialDesign] = (), gates: GateValues = DEFAULT_GATES, *, held_back: str = ""
) -> Triage:
    """The answer of both triage rules for one option.

    Parameters
    ----------
    option : Option
    designs : sequence of TrialDesign
        The trials that could be run; an infeasible one is weighed, shown and never chosen.
    gates : GateValues
        Probabilities 0-1 of being cost-effective, and the least net benefit of a trial.
    held_back : str
        Why no trial can be run whatever its size, if so; every design is infeasible then.

    Returns
    -------
    Triage

    Raises
    ------
    ValueError
        The gates are out of order, or the horizon holds no unit-years.

    Notes
    -----
    mu, sd of the net benefit of a unit-year; F roll-out cost; I units a year; T horizon; trial of cost C, reporting at
    tau, with n unit-years per arm and preposterior standard deviation s; D discounted years.

        V_implement = I D(0,T) mu - F
        V_only      = -C + n mu + I D(tau,T) emax(mu - F / (I D(tau,T)), s)         roll-out waits
        V_with      = -C - F + mu (I D(0,tau) - n) + I D(tau,T) emax(mu, s)         rolled out but in n
        ENBS        = max(V_only, V_with) - max(V_implement, 0)
        P           = Phi(mu_eff / sd), mu_eff = mu - F / (I D(0,T))

    Gated rule, first match: P >= implement_at and V_implement > 0: implement. P <= drop_at and V_implement <= 0: do
    not pursue. ENBS > least_gain: evaluate. V_implement > 0: implement. Else: do not pursue. The value rule leaves
    out the first two. Evaluating with V_with the better reads *implement with evaluation*, else *evaluate only*. Ties
    between designs go to the smallest.

    References
    ----------
    Claxton K and others. Health Technol Assess 2012;16(46) (only in research, approval with research).

    Examples
    --------
    >>> option = Option(net_benefit=Normal(25 / 3, 6.0), units_a_year=10_000, roll_out_cost=0.0, horizon_years=3,
    ...                 discount_rate=0.0)
    >>> round(triage(option).net_benefit), str(triage(option).priority)
    (250000, 'implement')
    """
    _check(option, gates)
    base = _without_trial(option)
    weighed = tuple(_weigh_design(option, design, base.net_benefit, held_back) for design in designs)
    best = _best(weighed)
    enbs = None if best is None else best.enbs
    priority, reason = _gated(base, best, gates)
    return Triage(
        priority=priority,
        reason=reason,
        value_rule=_by_value(base, best, gates)[0],
        prob_cost_effective=base.probability,
        effective_mean=base.effective.mean,
        sd=base.effective.sd,
        net_benefit=base.net_benefit,
        discounted_units=base.units,
        evpi_per_unit=unit_normal_loss(base.effective),
        evpi=base.units * unit_normal_loss(base.effective),
        enbs=enbs,
        best=best,
        designs=weighed,
        sensitivity=_at_other_gates(base, best, gates),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    """What the choice between implementing now and not at all rests on."""

    units: float
    effective: Normal
    net_benefit: float
    probability: float


def _check(option: Option, gates: GateValues) -> None:
    if not 0 <= gates.drop_at < gates.implement_at <= 1:
        raise ValueError(f"got gates {gates.drop_at} and {gates.implement_at}; the first must be below the second")
    if option.units_a_year <= 0 or option.horizon_years <= 0:
        raise ValueError("an option needs eligible units and a horizon")


def _without_trial(option: Option) -> _Base:
    units = option.discounted_units(0, option.horizon_years)
    effective = Normal(option.net_benefit.mean - option.roll_out_cost / units, option.net_benefit.sd)
    return _Base(
        units=units,
        effective=effective,
        net_benefit=units * option.net_benefit.mean - option.roll_out_cost,
        probability=probability_positive(effective),
    )


def _weigh_design(option: Option, design: TrialDesign, implement_now: float, held_back: str) -> DesignValue:
    reports = min(design.years, option.horizon_years)
    after = option.discounted_units(reports, option.horizon_years)
    with_roll_out = _with_roll_out(option, design, after)
    only = _only_in_evaluation(option, design, after)
    evsi = unit_normal_loss(Normal(option.net_benefit.mean, design.preposterior_sd))
    return DesignValue(
        sites_per_arm=design.sites_per_arm,
        patients_per_site=design.patients_per_site,
        std_error=design.std_error,
        cost=design.cost,
        preposterior_sd=design.preposterior_sd,
        evsi_per_unit=evsi,
        evsi=after * evsi,
        only_in_evaluation=only,
        with_roll_out=with_roll_out,
        enbs=max(only, with_roll_out) - max(implement_now, 0.0),
        mode=Priority.IMPLEMENT_WITH_EVALUATION if with_roll_out > only else Priority.EVALUATE_ONLY,
        infeasible=held_back or _why_infeasible(option, design),
    )


def _only_in_evaluation(option: Option, design: TrialDesign, after: float) -> float:
    """V_only: the roll-out waits for the result."""
    mean = option.net_benefit.mean
    now = -design.cost + design.unit_years_per_arm * mean
    if after <= 0:
        return now
    return now + after * emax(Normal(mean - option.roll_out_cost / after, design.preposterior_sd))


def _with_roll_out(option: Option, design: TrialDesign, after: float) -> float:
    """V_with: rolled out now, apart from the control sites."""
    mean = option.net_benefit.mean
    during = option.discounted_units(0, min(design.years, option.horizon_years)) - design.unit_years_per_arm
    later = after * emax(Normal(mean, design.preposterior_sd))
    return -design.cost - option.roll_out_cost + mean * during + later


def _why_infeasible(option: Option, design: TrialDesign) -> str:
    if 2 * design.sites_per_arm > design.sites_available:
        return f"It needs {2 * design.sites_per_arm} sites, and {design.sites_available} could take part."
    if design.years >= option.horizon_years:
        return "It reports after the decision has ceased to matter."
    if 2 * design.unit_years_per_arm > option.units_a_year * design.years * (1 + _ROUNDING):
        return "It needs more patients than are eligible while it runs."
    return ""


def _best(designs: Sequence[DesignValue]) -> DesignValue | None:
    """The feasible design of the highest value; the smallest among equals."""
    feasible = sorted(
        (design for design in designs if not design.infeasible),
        key=lambda design: (design.sites_per_arm, design.patients_per_site),
    )
    best: DesignValue | None = None
    for design in feasible:
        if best is None or design.enbs > best.enbs:
            best = design
    return best


def _gated(base: _Base, best: DesignValue | None, gates: GateValues) -> tuple[Priority, TriageReason]:
    if base.probability >= gates.implement_at and base.net_benefit > 0:
        return Priority.IMPLEMENT, TriageReason.CONFIDENT
    if base.probability <= gates.drop_at and base.net_benefit <= 0:
        return Priority.DO_NOT_PURSUE, TriageReason.CONFIDENT
    return _by_value(base, best, gates)


def _by_value(base: _Base, best: DesignValue | None, gates: GateValues) -> tuple[Priority, TriageReason]:
    if best is not None and best.enbs > gates.least_gain:
        return best.mode, TriageReason.WORTH_EVALUATING
    better = Priority.IMPLEMENT if base.net_benefit > 0 else Priority.DO_NOT_PURSUE
    return better, TriageReason.EVALUATION_NOT_WORTH_ITS_COST


def _at_other_gates(base: _Base, best: DesignValue | None, gates: GateValues) -> tuple[GateAnswer, ...]:
    pairs = sorted({*OTHER_GATES, (gates.implement_at, gates.drop_at)})
    return tuple(
        GateAnswer(
            implement_at=high,
            drop_at=low,
            priority=_gated(base, best, GateValues(implement_at=high, drop_at=low, least_gain=gates.least_gain))[0],
        )
        for high, low in pairs
    )


def break_even_trial_cost(weighed: Triage, gates: GateValues) -> float | None:
    """The cost of the best design at which the value rule stops asking for an evaluation.

    Parameters
    ----------
    weighed : Triage
    gates : GateValues

    Returns
    -------
    float or None
        In the programme's currency; below 0 where even a trial for nothing is not worth while; None without a
        feasible design.

    Notes
    -----
    ENBS falls by 1 for each unit of cost, for every design alike, so it is C + ENBS - least gain.
    """
    if weighed.best is None or not math.isfinite(weighed.best.enbs):
        return None
    return weighed.best.cost + weighed.best.enbs - gates.least_gain
