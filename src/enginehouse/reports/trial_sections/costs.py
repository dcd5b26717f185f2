"""What the arms cost, what the difference is worth, and what this turn of the loop cost."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.core.words import counted, first_upper, plural
from enginehouse.economics.arm_costs import ArmCost, ArmCostLine
from enginehouse.economics.net_benefit import NetBenefit
from enginehouse.economics.trial_appraisal import TrialAppraisal
from enginehouse.economics.turn import TurnOfTheLoop
from enginehouse.programme.enums import Payer
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Bullets, DataTable, Paragraph, Section
from enginehouse.reports.effects import page_words
from enginehouse.reports.messages import say
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.reports.trial_sections.question import years_words
from enginehouse.reports.trial_sections.words import margin, money_words, probability_words
from enginehouse.stats.results import NotEstimable


def costs_section(basis: TrialBasis) -> Section | None:
    appraisal = basis.appraisal
    if appraisal is None:
        return None
    items = (_incurred(basis, appraisal), *_worth(basis, appraisal), *_return(appraisal))
    beside = Paragraph(
        text=_say("beside", sentence=appraisal.beside_verdict.sentence, why=appraisal.beside_verdict.why)
    )
    blocks: tuple[Block, ...] = (Bullets(items=items), beside)
    return Section(id="costs", title=_say("title"), blocks=blocks)


def cost_details_section(basis: TrialBasis) -> Section | None:
    appraisal = basis.appraisal
    if appraisal is None:
        return None
    blocks: list[Block] = [_arms(basis, appraisal)] if appraisal.costs else []
    blocks += [_lines(basis, appraisal, cost) for cost in appraisal.costs if cost.lines]
    if appraisal.turn.lines:
        blocks += [Paragraph(text=_turn_words(appraisal)), _turn(appraisal.turn, appraisal.currency)]
    notes = tuple(_say("note", note=page_words(note)) for note in appraisal.notes if note)
    blocks += [Bullets(items=notes)] if notes else []
    if not blocks:
        return None
    return Section(id="cost-details", title=_say("details_title"), blocks=tuple(blocks), aside=True)


def _incurred(basis: TrialBasis, appraisal: TrialAppraisal) -> str:
    incremental = appraisal.incremental
    if isinstance(incremental, NotEstimable):
        return _say("not_incurred", reason=page_words(incremental.detail))
    if isinstance(incremental.per_site, NotEstimable):
        return _say("not_incurred", reason=page_words(incremental.per_site.detail))
    each, ours = incremental.per_site, incremental.programme_per_site
    theirs = ours if isinstance(ours, NotEstimable) else each - ours
    return _say(
        "incurred",
        arm=first_upper(basis.title(appraisal.arm)),
        over=basis.title(appraisal.over),
        amount=fmt.pounds(each, appraisal.currency),
        noun=basis.noun,
        months=counted(appraisal.follow_up_months, "month"),
        year=str(appraisal.price_year),
        programme=money_words(ours, appraisal.currency),
        sites=money_words(theirs, appraisal.currency),
    )


def _worth(basis: TrialBasis, appraisal: TrialAppraisal) -> Iterator[str]:
    found = appraisal.decisive
    if isinstance(found, NotEstimable):
        yield _say("cannot", reason=page_words(found.detail))
        return
    where = _where(basis, appraisal, found)
    currency = appraisal.currency
    value = fmt.pounds(found.value.range.point, currency)
    if isinstance(found.cost, NotEstimable) or isinstance(found.net, NotEstimable):
        yield _say("value_no_cost", where=where, value=value, break_even=money_words(found.break_even_cost, currency))
        return
    yield _say(
        "value",
        where=where,
        value=value,
        cost=fmt.pounds(found.cost, currency),
        net=fmt.pounds(found.net.point, currency),
        low=fmt.pounds(found.net.low, currency),
        high=fmt.pounds(found.net.high, currency),
        probability=probability_words(found.probability),
    )
    yield from _in_full(appraisal)
    if not isinstance(found.break_even_effect, NotEstimable):
        effect = margin(basis, found.break_even_effect)
        yield _say("break_even", cost=money_words(found.break_even_cost, currency), effect=effect)
    alone = appraisal.programme_only
    if isinstance(alone, NetBenefit) and not isinstance(alone.probability, NotEstimable):
        yield _say("programme_only", probability=fmt.probability(alone.probability))


def _in_full(appraisal: TrialAppraisal) -> Iterator[str]:
    """The same sum with every year counted in full, where later years count for less."""
    used, full = appraisal.discounting, appraisal.undiscounted
    if used is None or appraisal.horizon_years is None or appraisal.horizon_years <= 1:
        return
    if isinstance(full, NotEstimable) or isinstance(full.net, NotEstimable):
        return
    yield _say(
        "undiscounted",
        costs=fmt.percent(used.costs),
        effects=fmt.percent(used.effects),
        net=fmt.pounds(full.net.point, appraisal.currency),
        low=fmt.pounds(full.net.low, appraisal.currency),
        high=fmt.pounds(full.net.high, appraisal.currency),
    )


def _where(basis: TrialBasis, appraisal: TrialAppraisal, found: NetBenefit) -> str:
    sites = counted(found.sites, basis.noun)
    if appraisal.horizon_years is None:
        return _say("within", sites=sites, months=counted(appraisal.follow_up_months, "month"))
    return _say("horizon", sites=sites, years=years_words(found.years))


def _return(appraisal: TrialAppraisal) -> Iterator[str]:
    found = appraisal.headline_return
    if isinstance(found, NotEstimable):
        yield _say("no_headline", reason=page_words(found.detail))
        return
    ratio = found.benefit_cost_ratio
    yield _say(
        "headline",
        ratio=fmt.significant(ratio.point, 2),
        low=fmt.significant(ratio.low, 2),
        high=fmt.significant(ratio.high, 2),
    )


def _arms(basis: TrialBasis, appraisal: TrialAppraisal) -> DataTable:
    names = ("arm", "programme", "sites", "total", "each")
    return DataTable(
        caption=_say("table"),
        header=tuple(_say(f"{name}_header") for name in names),
        rows=tuple(
            (
                first_upper(basis.title(cost.arm)),
                *(
                    money_words(amount, appraisal.currency)
                    for amount in (cost.programme, cost.borne_by_sites, cost.total, cost.per_site)
                ),
            )
            for cost in appraisal.costs
        ),
        numeric=frozenset({1, 2, 3, 4}),
    )


def _lines(basis: TrialBasis, appraisal: TrialAppraisal, cost: ArmCost) -> DataTable:
    return DataTable(
        caption=_say("lines", arm=basis.title(cost.arm)),
        header=tuple(_say(f"{name}_header") for name in ("activity", "counted", "unit", "amount", "borne")),
        rows=tuple(_line(line, appraisal.currency) for line in cost.lines),
        numeric=frozenset({1, 2, 3}),
    )


def _line(line: ArmCostLine, currency: str) -> tuple[str, ...]:
    unknown = say("trial.not_known")
    each = unknown if line.unit_cost is None else fmt.pounds(line.unit_cost, currency)
    amount = unknown if line.amount is None else fmt.pounds(line.amount, currency)
    many = _many(line.counted * line.units, line.unit)
    borne = _say("borne_programme" if line.borne_by is Payer.PROGRAMME else "borne_site")
    return (line.activity, many, each, amount, borne)


def _many(count: float, unit: str) -> str:
    """`4.5 staff days`, `1 report`."""
    number = fmt.quantity(round(count, 1))
    return f"{number} {unit if number == '1' else plural(unit)}"


def _turn_words(appraisal: TrialAppraisal) -> str:
    turn = appraisal.turn
    return _say(
        "turn",
        days=_days(turn.days),
        amount=fmt.pounds(turn.beside_strategies, appraisal.currency),
        evaluation_days=_days(turn.evaluation_days),
        evaluation=fmt.pounds(turn.evaluation, appraisal.currency),
    )


def _days(days: float) -> str:
    return f"{fmt.quantity(days)} {'day' if days == 1 else 'days'}"


def _turn(turn: TurnOfTheLoop, currency: str) -> DataTable:
    return DataTable(
        caption=_say("turn_table"),
        header=tuple(_say(f"{name}_header") for name in ("turn", "days", "cost", "evaluation")),
        rows=tuple(
            (
                line.name,
                fmt.quantity(line.days),
                fmt.pounds(line.amount, currency),
                say(f"trial.effect.{'covers' if line.is_evaluation else 'misses'}"),
            )
            for line in turn.lines
        ),
        numeric=frozenset({1, 2}),
    )


def _say(key: str, **values: str | int) -> str:
    return say(f"trial.costs.{key}", **values)
