"""The sentences of a weighing: the reason of an answer, what would change it, and what is missing.

Plain words for people who buy and run care; the numbers come from `triage` and `weigh`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from enginehouse.core.money import Money
from enginehouse.priorities.results import DesignValue, GateValues, Prices, Triage, TriageReason, Worth
from enginehouse.programme.enums import Priority

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What sentences need beside numbers: the currency, its price year, what a site is called, and the indicator's
    words for its numerator and denominator.
    """

    currency: str
    price_year: int
    site_noun: str
    unit: str
    lower_is_better: bool

    def money(self, amount: float) -> str:
        """Rounded to three digits above a thousand: `£1,230,000`."""
        digits = max(0, math.floor(math.log10(abs(amount))) - 2) if abs(amount) >= 1000 else 0
        return str(Money.of(f"{round(amount, -digits):.0f}", self.currency, self.price_year)).replace("-", MINUS)

    def price(self, amount: float) -> str:
        """A price of one unit, to three digits, however small: `£0.00412`."""
        if abs(amount) >= 100 or amount == 0:
            return self.money(amount)
        decimals = max(2, 2 - math.floor(math.log10(abs(amount))))
        return f"{str(Money.of(0, self.currency, self.price_year)).removesuffix('0')}{amount:,.{decimals}f}"

    def sites(self, count: int) -> str:
        return f"{count} {self.site_noun}{'' if count == 1 else 's'}"


def chance(probability: float) -> str:
    """`72%`, never a false certainty."""
    if probability < 0.01:
        return "less than 1%"
    return "more than 99%" if probability > 0.99 else f"{probability * 100:.0f}%"


def change(relative: float) -> str:
    """`a fall of 3.1%`."""
    if abs(relative) < 0.0005:
        return "no change"
    return f"a {'fall' if relative < 0 else 'rise'} of {abs(relative) * 100:.1f}%"


def years(horizon: float) -> str:
    return f"{horizon:g} year{'' if horizon == 1 else 's'}"


def reason(triage: Triage, prices: Prices, words: Words) -> str:
    """Why the gated rule gives this answer, in one sentence."""
    return _REASONS[triage.priority](triage, prices, words)


def _expected(triage: Triage, prices: Prices, words: Words) -> str:
    kind = "gain" if triage.net_benefit >= 0 else "loss"
    return f"an expected net {kind} of {words.money(abs(triage.net_benefit))} over {years(prices.horizon_years)}"


def _implement(triage: Triage, prices: Prices, words: Words) -> str:
    start = f"Implement: {_expected(triage, prices, words)}, {chance(triage.prob_cost_effective)} likely to be a gain"
    if triage.reason is TriageReason.CONFIDENT:
        return f"{start}, which is sure enough to go on without a trial."
    return f"{start}, and {_no_trial(triage, words)}."


def _do_not_pursue(triage: Triage, prices: Prices, words: Words) -> str:
    likely = chance(triage.prob_cost_effective)
    start = f"Do not pursue: {_expected(triage, prices, words)}, {likely} likely to be worth its cost"
    if triage.reason is TriageReason.CONFIDENT:
        return f"{start}."
    return f"{start}, and {_no_trial(triage, words)}."


def _with_evaluation(triage: Triage, prices: Prices, words: Words) -> str:
    return (
        f"Implement with evaluation: {_expected(triage, prices, words)}, but only {chance(triage.prob_cost_effective)} "
        f"likely to be a gain; {_trial_adds(triage, words)}."
    )


def _evaluate_only(triage: Triage, prices: Prices, words: Words) -> str:
    return (
        f"Evaluate only: {_expected(triage, prices, words)} if it were rolled out now, but only "
        f"{chance(triage.prob_cost_effective)} likely to be worth its cost; {_trial_adds(triage, words)}."
    )


def _not_yet(triage: Triage, prices: Prices, words: Words) -> str:  # noqa: ARG001 - one signature for all answers
    raise ValueError("a candidate that was weighed has an answer")


_REASONS: Mapping[Priority, Callable[[Triage, Prices, Words], str]] = {
    Priority.IMPLEMENT: _implement,
    Priority.IMPLEMENT_WITH_EVALUATION: _with_evaluation,
    Priority.EVALUATE_ONLY: _evaluate_only,
    Priority.DO_NOT_PURSUE: _do_not_pursue,
    Priority.NOT_YET_EVALUABLE: _not_yet,
}


def _no_trial(triage: Triage, words: Words) -> str:
    if triage.best is None or triage.enbs is None:
        return "no trial of it can be run here"
    if triage.enbs > 0:
        return "no trial would add as much as was asked for"
    return f"no trial would be worth its cost (the best would lose {words.money(abs(triage.enbs))})"


def _trial_adds(triage: Triage, words: Words) -> str:
    best = triage.best
    assert best is not None, "an evaluation has a design"
    return (
        f"a trial with {words.sites(best.sites_per_arm)} in each arm, costing {words.money(best.cost)}, is expected to "
        f"add {words.money(best.enbs)} after its cost"
    )


def not_yet(missing: tuple[str, ...]) -> str:
    """What is missing."""
    return f"Not yet evaluable. {' '.join(missing)}"


def rules(triage: Triage, gates: GateValues, words: Words) -> str:
    """How the other rule differs, where it does."""
    if triage.rules_agree:
        return ""
    sure = chance(triage.prob_cost_effective)
    gate = gates.implement_at if triage.priority is Priority.IMPLEMENT else gates.drop_at
    gain = words.money(triage.enbs or 0.0)
    return (
        f"By value alone the answer would be {triage.value_rule.value}: the best trial is expected to add {gain} after "
        f"its cost, although at {sure} the gate of {gate * 100:.0f}% is passed."
    )


def would_change(triage: Triage, worth: Worth, prices: Prices, gates: GateValues, words: Words) -> tuple[str, ...]:
    """What would change the answer: the effect, the value of a unit, the cost of the trial, the gates."""
    lines = (
        _effect_line(worth),
        _value_line(worth, prices, words),
        _trial_line(triage, worth, words),
        _gates_line(triage, gates),
    )
    return tuple(line for line in lines if line)


def _effect_line(worth: Worth) -> str:
    expected = (
        f"expected is {change(worth.expected_change)} (95% between {change(worth.change_low)} and "
        f"{change(worth.change_high)})"
    )
    if worth.break_even_change is None:
        return f"No effect would pay for it at these prices; {expected}."
    return f"It pays for itself at {change(worth.break_even_change)}; {expected}."


def _value_line(worth: Worth, prices: Prices, words: Words) -> str:
    if worth.break_even_value is None:
        return ""
    called = "assumed is" if prices.value_is_assumption else "the price is"
    return (
        f"With the expected effect it pays for itself where one unit ({words.unit}) is worth "
        f"{words.price(worth.break_even_value)}; {called} {words.price(prices.value)} "
        f"({words.price(prices.value_low)} to {words.price(prices.value_high)})."
    )


def _trial_line(triage: Triage, worth: Worth, words: Words) -> str:
    limit, best = worth.break_even_trial_cost, triage.best
    if limit is None or best is None:
        return ""
    if limit <= 0:
        return "Not even a trial for nothing would be worth while."
    gated = triage.reason is TriageReason.CONFIDENT
    condition = ", were the gates not passed" if gated else ""
    return (
        f"A trial is worth while as long as it costs less than {words.money(limit)}{condition}; "
        f"that of {words.sites(best.sites_per_arm)} in each arm is priced at {words.money(best.cost)}."
    )


def _gates_line(triage: Triage, gates: GateValues) -> str:
    """The other gates at which the answer differs."""
    own = (gates.implement_at, gates.drop_at)
    other = [
        f"{answer.priority.value} at gates of {answer.implement_at * 100:.0f}% and {answer.drop_at * 100:.0f}%"
        for answer in triage.sensitivity
        if (answer.implement_at, answer.drop_at) != own and answer.priority is not triage.priority
    ]
    return f"The answer would be {'; '.join(other)}." if other else ""


def why_infeasible(designs: tuple[DesignValue, ...]) -> str:
    """Why no size of trial can be run, where none can."""
    if not designs or any(not design.infeasible for design in designs):
        return ""
    return f"No trial can be run: {designs[0].infeasible[0].lower()}{designs[0].infeasible[1:]}"
