"""What it cost and what it saved: the saving, the break-even cost, and the probability of return over the cost."""

from __future__ import annotations

from enginehouse.economics.amounts import Amount
from enginehouse.economics.appraise import Appraisal, MarkedCost
from enginehouse.economics.returns import CampaignReturn, ReturnRatios
from enginehouse.economics.savings import Saving
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Bullets, DataTable, KeyNumber, KeyNumbers, Paragraph, Section
from enginehouse.reports.effects import page_words
from enginehouse.reports.figures import cost_curve_figure, cost_label
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis, period_words
from enginehouse.stats.results import NotEstimable


def costs_section(basis: Basis) -> Section | None:
    """The answer in short; nothing where the protocol registered no economics."""
    if basis.appraisal is None:
        return None
    appraisal = basis.appraisal
    blocks: list[Block] = []
    if isinstance(appraisal.saving, NotEstimable):
        blocks.append(Paragraph(text=_say("no_saving", reason=appraisal.saving.detail)))
    else:
        blocks += _key_numbers(appraisal)
        blocks += _saving(appraisal, appraisal.saving)
        blocks += _return(appraisal)
        blocks += _curve(basis, appraisal)
    return Section(id="costs", title=_say("title"), blocks=tuple(blocks))


def cost_details_section(basis: Basis) -> Section | None:
    """Price, cost by activity, what would have been needed, and the published sums set against each other."""
    if basis.appraisal is None:
        return None
    appraisal = basis.appraisal
    needed = [] if isinstance(appraisal.saving, NotEstimable) else _needed_effects(appraisal)
    blocks = (_price(appraisal), *needed, *_lines(appraisal), *_published(appraisal))
    return Section(id="cost-details", title=_say("details_title"), blocks=blocks, aside=True)


def _key_numbers(appraisal: Appraisal) -> list[Block]:
    """The break-even cost, and the chance that the saving exceeded the least and the greatest cost that is marked."""
    if isinstance(appraisal.break_even_cost, NotEstimable):
        return []
    spread, currency = appraisal.break_even_cost.range, appraisal.currency
    high = fmt.pounds(spread.high, currency)
    note = (
        _say("break_even_from_nothing", high=high)
        if spread.low <= 0
        else _say("break_even_note", low=fmt.pounds(spread.low, currency), high=high)
    )
    number = KeyNumber(label=_say("break_even_label"), value=fmt.pounds(spread.point, currency), note=note)
    chances = [_chance(cost, p, currency) for cost, p in _outer_marks(appraisal)]
    return [KeyNumbers(items=(number, *chances))]


def _chance(cost: float, probability: float, currency: str) -> KeyNumber:
    label = _say("chance_label", cost=fmt.pounds(cost, currency))
    return KeyNumber(label=label, value=fmt.probability(probability), note=_say("chance_note"))


def _outer_marks(appraisal: Appraisal) -> list[tuple[float, float]]:
    known = sorted(
        (mark.cost, mark.probability) for mark in appraisal.marks if not isinstance(mark.probability, NotEstimable)
    )
    return list(dict.fromkeys((known[0], known[-1]))) if known else []


def _saving(appraisal: Appraisal, saving: Saving) -> list[Block]:
    point, limits = _amount(saving.headline, appraisal)
    text = _say(
        "saving",
        label=_label(appraisal),
        amount=point,
        interval=limits,
        low_price=_amount(saving.at_low_price, appraisal)[0],
        high_price=_amount(saving.at_high_price, appraisal)[0],
    )
    if isinstance(saving.net, NotEstimable):
        text = f"{text} {_say('substitution', note=saving.net.detail)}"
    return [Paragraph(text=text)]


def _label(appraisal: Appraisal) -> str:
    """Whether the saving that is shown is gross or net."""
    saving = appraisal.saving
    return _say("gross" if isinstance(saving, NotEstimable) or isinstance(saving.net, NotEstimable) else "net")


def _return(appraisal: Appraisal) -> list[Block]:
    found = appraisal.campaign_return
    if isinstance(found, NotEstimable):
        point, limits = _amount_or_none(appraisal.break_even_cost, appraisal)
        return [Paragraph(text=_say("break_even", amount=point, interval=limits))]
    return [Paragraph(text=_return_words(found, appraisal))]


def _return_words(found: CampaignReturn, appraisal: Appraisal) -> str:
    cost = fmt.pounds(found.cost, appraisal.currency)
    probability = fmt.probability(found.probability)
    if not isinstance(found.headline_return, ReturnRatios):
        return _say("no_headline", cost=cost, probability=probability)
    ratio, net = found.headline_return.benefit_cost_ratio, found.headline_return.return_on_investment
    return _say(
        "headline",
        cost=cost,
        probability=probability,
        ratio=fmt.significant(ratio.point, 2),
        ratio_interval=f"{fmt.significant(ratio.low, 2)} to {fmt.significant(ratio.high, 2)}",
        net=fmt.significant(net.point, 2),
    )


def _curve(basis: Basis, appraisal: Appraisal) -> list[Block]:
    if not appraisal.curve:
        return []
    marks = [(mark.cost, mark.label, mark.probability) for mark in appraisal.marks]
    figure = cost_curve_figure(
        tuple(point.cost for point in appraisal.curve),
        tuple(point.probability for point in appraisal.curve),
        [(cost, label, p) for cost, label, p in marks if not isinstance(p, NotEstimable)],
        period=period_words(basis.protocol, basis.result.window),
        saving=_label(appraisal),
        currency=appraisal.currency,
    )
    return [figure]


def _needed_effects(appraisal: Appraisal) -> list[Block]:
    needed = [
        _needed(mark, appraisal.currency)
        for mark in appraisal.marks
        if not isinstance(mark.break_even_effect, NotEstimable)
    ]
    return [Bullets(items=tuple(needed))] if needed else []


def _needed(mark: MarkedCost, currency: str) -> str:
    effect = mark.break_even_effect
    assert not isinstance(effect, NotEstimable)
    return _say("needed", label=cost_label(mark.cost, mark.label, currency), effect=fmt.percent_change(effect))


def _price(appraisal: Appraisal) -> Paragraph:
    price = appraisal.price
    key = "price_assumed" if price.is_assumption else "price_sourced"
    return Paragraph(text=_say(key, year=str(price.price_year), source=price.source))


def _lines(appraisal: Appraisal) -> list[Block]:
    lines = appraisal.campaign_cost.lines
    if not lines:
        return []
    rows = tuple(
        (
            line.activity,
            f"{fmt.quantity(line.units)} {line.unit}",
            _say("not_known") if line.unit_cost is None else fmt.pounds(line.unit_cost, appraisal.currency),
            _say("not_known") if line.amount is None else fmt.pounds(line.amount, appraisal.currency),
        )
        for line in lines
    )
    table = DataTable(
        caption=_say("table"),
        header=tuple(_say(f"{name}_header") for name in ("activity", "units", "unit_cost", "amount")),
        rows=rows,
        numeric=frozenset({1, 2, 3}),
        note=_say("missing", missing="; ".join(appraisal.campaign_cost.missing))
        if appraisal.campaign_cost.missing
        else "",
    )
    return [table]


def _published(appraisal: Appraisal) -> list[Block]:
    if appraisal.published is None:
        return []
    sentences = tuple(page_words(sentence) for sentence in appraisal.published.sentences)
    return [Paragraph(text=_say("published")), Bullets(items=sentences)]


def _amount(amount: Amount, appraisal: Appraisal) -> tuple[str, str]:
    spread, currency = amount.range, appraisal.currency
    low, high = fmt.pounds(spread.low, currency), fmt.pounds(spread.high, currency)
    return fmt.pounds(spread.point, currency), fmt.interval_words(low, high, spread.confidence_level)


def _amount_or_none(amount: Amount | NotEstimable, appraisal: Appraisal) -> tuple[str, str]:
    return (fmt.EN_DASH, amount.detail) if isinstance(amount, NotEstimable) else _amount(amount, appraisal)


def _say(key: str, **values: str | int) -> str:
    return say(f"dossier.costs.{key}", **values)
