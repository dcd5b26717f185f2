"""The sections of `explain` that only a protocol with random allocation has; elsewhere each of them says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.core.money import Money
from enginehouse.core.words import counted, lower_first, plural
from enginehouse.programme.contract import Forecast
from enginehouse.programme.enums import AllocationMethod, Verdict
from enginehouse.programme.explain_told import Told, attribute_words, change_words, sites_words
from enginehouse.programme.explain_words import (
    ALLOCATIONS,
    DECISIONS,
    DESIGNS,
    UNITS,
    VERDICTS,
    and_list,
    long_day,
    long_month,
    months_words,
    sentence,
)
from enginehouse.programme.protocol import Analysis, Economics
from enginehouse.programme.trial import Allocation, Engaged, Range


def rehearsal(told: Told) -> Iterator[str]:
    if told.protocol.rehearsal:
        yield (
            f"It runs on real history. The arms are made up and were given to nobody, {plural(told.noun)} appear under "
            "made-up names, nothing is sent, no cost is incurred, and its result does not become evidence. It shows "
            "what a trial of this kind would have been able to see."
        )


def eligible(told: Told) -> Iterator[str]:
    eligibility = told.protocol.eligibility
    if eligibility is None:
        return
    yield f"{sentence(sites_words(eligibility, told.noun))}."
    for name, limits in eligibility.attributes.items():
        yield f"- {sentence(attribute_words(name))}: {_range(limits)}."
    yield (
        f"- It has data for at least {eligibility.baseline_months} of the {told.protocol.design.baseline_months} "
        "months before the start."
    )
    yield f"Which of them belongs where is taken from {long_month(told.protocol.membership_as_of)}."
    if not told.protocol.rehearsal:
        yield (
            f"A {told.noun} can say no until the day before {long_day(eligibility.opt_out_by)}: to the feedback, to "
            "being drawn, or to the use of its data, each by itself."
        )


def _range(limits: Range) -> str:
    parts = (("at least", limits.at_least), ("at most", limits.at_most))
    return " and ".join(f"{words} {value:,.6g}" for words, value in parts if value is not None)


def arms(told: Told) -> Iterator[str]:
    if not told.is_trial:
        return
    for arm, strategies in told.protocol.arms.items():
        titles = [lower_first(told.programme.strategies[name].title) for name in strategies]
        yield f"- {arm}: {and_list(titles) if titles else 'usual care, nothing added'}."
    seen = dict.fromkeys(name for strategies in told.protocol.arms.values() for name in strategies)
    for name in seen:
        strategy = told.programme.strategies[name]
        by = f" By {strategy.delivered_by}." if strategy.delivered_by else ""
        yield f"{strategy.title}: {strategy.description} ({strategy.channel}.){by}"


def allocated(told: Told) -> Iterator[str]:
    allocation = told.protocol.allocation
    if allocation is None:
        return
    words = {"noun": told.noun, "nouns": plural(told.noun), "level": allocation.network_level or ""}
    yield UNITS[allocation.unit].format(**words)
    if allocation.strata:
        strata = and_list([attribute_words(name) for name in allocation.strata])
        each = f"combination of {strata}" if len(allocation.strata) > 1 else strata
        yield f"In each {each} the arms are kept equal in number."
    yield ALLOCATIONS[allocation.method].format(**words, **_scheme_words(allocation))
    yield "What the draw starts from is fixed on the record before it is used, so that anybody can draw the same again."


def _scheme_words(allocation: Allocation) -> dict[str, str]:
    if allocation.method is AllocationMethod.STRATIFIED_BLOCKS:
        return {"sizes": and_list([str(size) for size in allocation.block_sizes])}
    balance = and_list([attribute_words(name) for name in allocation.balance])
    return {
        "schemes": f"{allocation.schemes:,}",
        "share": f"{allocation.accepted_share * 100:.3g}%",
        "balance": balance,
        "probability": f"{allocation.probability * 100:.3g}%",
    }


def compared(told: Told) -> Iterator[str]:
    """The registered comparison, then the others."""
    for number, contrast in enumerate(told.protocol.contrasts):
        yield f"{'This decides' if number == 0 else 'Shown beside it'}: {contrast.arm} compared with {contrast.over}."
    if told.is_trial:
        yield DESIGNS[told.protocol.design.type]


def waves(told: Told) -> Iterator[str]:
    delivery = told.protocol.delivery
    if delivery is None:
        return
    apart = "every month" if delivery.every_months == 1 else f"every {months_words(delivery.every_months)}"
    yield (
        f"Reports: {counted(delivery.waves, 'wave')}, {apart}, the first on {long_day(delivery.first)}; none with data "
        f"older than {counted(delivery.data_age_days, 'day')}."
    )


def engaged_words(told: Told, engaged: Engaged) -> Iterator[str]:
    title = told.programme.strategies[engaged.strategy].title
    least = "once" if engaged.at_least == 1 else f"{engaged.at_least:g} times"
    if engaged.comparator_could_not_receive:
        yield (
            f"- What it did in those who were reached: {title}, at least {least}. The comparator could not receive it."
        )
    else:
        yield f"- What it did in those who were reached cannot be told: the comparator could receive it too ({title})."


def harm_looks_words(analysis: Analysis) -> Iterator[str]:
    """When what must not get worse is compared between arms before the end."""
    if analysis.harm_looks:
        months = and_list([long_month(month) for month in analysis.harm_looks])
        yield (
            f"- Before the end, what must not get worse is compared between the arms with the data up to {months}: by "
            "the governance officer alone, once each, on the record. The one result that decides stays unseen."
        )


def tried(told: Told) -> Iterator[str]:
    power = told.protocol.power
    if power is None:
        return
    yield (
        f"Before the start the {plural(told.noun)}' own history is drawn anew {counted(power.replications, 'time')}, "
        f"with "
        f"an effect of {change_words(told, power.effect)} put into {power.fidelity:.0%} of one arm, and analysed as "
        "registered: how often is it found, and how often is 'equivalent' said when there is no difference?"
    )


def horizon_words(told: Told, economics: Economics) -> Iterator[str]:
    if economics.horizon_years is not None:
        years = "year" if economics.horizon_years == 1 else "years"
        yield f"The effect is valued over {economics.horizon_years:g} {years} after the follow-up."
    if economics.horizon_years is not None and economics.horizon_years > 1:
        rates = economics.discount
        yield (
            f"Years after the first count for less: by {rates.costs:.1%} a year for costs and {rates.effects:.1%} for "
            f"what the effect is worth ({rates.source})."
        )
    if economics.turn:
        settings = told.programme.settings
        sums = [
            Money.of(sum(line.days * line.cost_per_day for line in lines), settings.currency, settings.price_year)
            for lines in (economics.turn, [line for line in economics.turn if line.is_evaluation])
        ]
        yield f"This turn costs {sums[0]} beside its strategies, of which {sums[1]} because it is evaluated."


def in_place(told: Told) -> Iterator[str]:
    """Approvals, and the other cycles in which a site may be."""
    protocol = told.protocol
    if protocol.approvals:
        yield "Nothing is allocated or sent without these approvals, and none of them may have expired:"
        yield from (f"- {name.replace('-', ' ')}" for name in protocol.approvals)
    if told.is_trial and not protocol.rehearsal:
        yield "Registering, allocating and sending reports each take two people."
        others = and_list([f"'{name}'" for name in protocol.concurrent_with])
        yield (
            f"A {told.noun} may be in {others} at the same time; both protocols allow it."
            if others
            else f"No {told.noun} is in another cycle at the same time."
        )


def agreed(told: Told) -> Iterator[str]:
    """The decision contract, where there is one."""
    contract = told.programme.contracts.get(told.name)
    if contract is None or not told.is_trial:
        return
    for verdict in Verdict:
        undertaking = contract.under[verdict]
        yield f"- If {VERDICTS[verdict]}: {DECISIONS[undertaking.decision]}. {undertaking.action}"
    yield "What each signatory expects:" if contract.forecasts else "Nobody has said yet what they expect."
    yield from (_forecast(told, forecast) for forecast in contract.forecasts)


def _forecast(told: Told, forecast: Forecast) -> str:
    likeliest = max(forecast.verdicts, key=lambda verdict: forecast.verdicts[verdict])
    low, effect, high = (change_words(told, value) for value in (forecast.low, forecast.effect, forecast.high))
    chance = f"{forecast.verdicts[likeliest]:.0%}"
    return f"- {forecast.person}: {effect} ({low} to {high}); most likely '{likeliest}' ({chance})."
