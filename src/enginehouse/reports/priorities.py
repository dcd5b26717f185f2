"""Priorities as a document: each candidate with its answer and reason, and what changed since last time and why."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from enginehouse.core.words import first_upper, plural
from enginehouse.priorities.results import DesignValue, Priorities, PriorityChange, Weighed
from enginehouse.programme.enums import EvidenceScale, Priority
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Bullets, Callout, DataTable, Document, Paragraph, Section
from enginehouse.reports.effects import page_words
from enginehouse.reports.index import page_links
from enginehouse.reports.messages import say
from enginehouse.reports.priority_changes import changes_section


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideFact:
    """Someone decided otherwise than the rule. `on` is YYYY-MM-DD; `computed` and `chosen` are answers."""

    candidate: str
    computed: str
    chosen: str
    reason: str
    by: str
    on: str


def priorities_document(
    priorities: Priorities,
    *,
    programme: str,
    changes: Sequence[PriorityChange] = (),
    overrides: Sequence[OverrideFact] = (),
    synthetic: bool = False,
    pages: Mapping[str, str] | None = None,
) -> Document:
    """The page of one weighing; `changes` are those since the weighing before it."""
    titles = {weighed.candidate: weighed.title for weighed in priorities.weighed}
    sections = [_summary(priorities)]
    sections += [changes_section(changes)] if changes else []
    sections += [_overrides(overrides, titles)] if overrides else []
    sections += [_candidate(weighed, priorities) for weighed in priorities.ranked]
    sections.append(_how(priorities))
    return Document(
        title=_say("title"),
        subtitle=_say("subtitle", programme=programme, date=fmt.date_words(priorities.as_of)),
        kind=_say("kind"),
        sections=tuple(sections),
        banner=_say("banner") if synthetic else "",
        pages=page_links(pages),
    )


def answer_words(answer: Priority | str) -> str:
    """An answer as pages say it."""
    return _say(f"answer.{Priority(answer).value}")


def _summary(priorities: Priorities) -> Section:
    if not priorities.weighed:
        return Section(id="answers", title=_say("summary"), blocks=(Paragraph(text=_say("intro_none")),))
    intro = _say(
        "intro",
        count=_counted("candidates", len(priorities.weighed)),
        studies=_counted("studies", priorities.studies),
        when=_say("when"),
    )
    names = ("candidate", "answer", "chance", "net", "evpi", "trial", "rule")
    table = DataTable(
        caption=_say("table", years=_years(priorities.horizon_years)),
        header=tuple(_say(f"{name}_header") for name in names),
        rows=tuple(_row(weighed, priorities.currency) for weighed in priorities.ranked),
        numeric=frozenset({2, 3, 4, 5}),
        note=_say("table_note"),
    )
    return Section(id="answers", title=_say("summary"), blocks=(Paragraph(text=intro), table))


def _row(weighed: Weighed, currency: str) -> tuple[str, ...]:
    triage = weighed.triage
    answer = f"**{answer_words(weighed.priority)}**"
    if triage is None:
        dash = _say("none")
        return (weighed.title, answer, dash, dash, dash, dash, answer_words(weighed.value_rule))
    trial = _say("none") if triage.enbs is None else fmt.pounds(triage.enbs, currency)
    return (
        weighed.title,
        answer,
        fmt.probability(triage.prob_cost_effective),
        fmt.pounds(triage.net_benefit, currency),
        fmt.pounds(triage.evpi, currency),
        trial,
        answer_words(triage.value_rule),
    )


def _candidate(weighed: Weighed, priorities: Priorities) -> Section:
    title = first_upper(answer_words(weighed.priority))
    blocks: list[Block] = [Callout(title=title, text=page_words(weighed.because), tone="finding")]
    if weighed.rules:
        blocks.append(Paragraph(text=_say("rules", rules=page_words(weighed.rules))))
    facts = tuple(_facts(weighed, priorities))
    blocks += [Bullets(items=facts)] if facts else []
    if weighed.would_change:
        blocks.append(Paragraph(text=f"**{_say('would_change')}**"))
        blocks.append(Bullets(items=tuple(page_words(text) for text in weighed.would_change)))
    if weighed.triage is not None and weighed.triage.designs:
        blocks.append(_trials(weighed, priorities))
    return Section(id=f"candidate-{weighed.candidate}", title=weighed.title, blocks=tuple(blocks))


def _facts(weighed: Weighed, priorities: Priorities) -> Iterator[str]:
    if len(weighed.missing) > 1:
        yield _say("missing", missing="; ".join(page_words(text.rstrip(".")) for text in weighed.missing))
    yield from _expected(weighed)
    yield from _money(weighed, priorities.currency)
    yield from _known(weighed)
    yield from (_say("note", note=page_words(note)) for note in weighed.notes)


def _expected(weighed: Weighed) -> Iterator[str]:
    worth, local = weighed.worth, weighed.local
    if worth is None or local is None:
        return
    yield _say(
        "expected",
        change=fmt.percent(worth.expected_change),
        low=fmt.percent(worth.change_low),
        high=fmt.percent(worth.change_high),
        units=fmt.big_number(abs(worth.units_a_year)),
        unit=plural(local.unit) if local.unit.endswith("item") else local.unit,
        way=_say("less" if worth.expected_change < 0 else "more"),
    )


def _money(weighed: Weighed, currency: str) -> Iterator[str]:
    worth, prices = weighed.worth, weighed.prices
    if worth is None or prices is None:
        return
    once = _say("roll_out", amount=fmt.pounds(prices.roll_out_cost, currency)) if prices.roll_out_cost else ""
    yield _say(
        "money",
        value=fmt.pounds(worth.value_a_year, currency),
        cost=fmt.pounds(worth.cost_a_year, currency),
        roll_out=once,
    )
    yield _say(
        "price_assumed" if prices.value_is_assumption else "price_sourced",
        value=_unit_price(prices.value, currency),
        low=_unit_price(prices.value_low, currency),
        high=_unit_price(prices.value_high, currency),
        source=prices.value_source,
    )
    if worth.break_even_change is not None:
        yield _say("break_even", change=fmt.percent(worth.break_even_change))


def _known(weighed: Weighed) -> Iterator[str]:
    prior = weighed.prior
    if prior is None:
        return
    parts = [
        _say("basis_studies", count=_counted("studies", len(prior.pooled.studies)))
        if prior.pooled is not None
        else _say("basis_stated")
    ]
    if prior.own:
        own = [_say("own", study=update.study, effect=_effect(update.effect, prior.scale)) for update in prior.own]
        parts.append(_say("basis_own", studies="; ".join(own)))
    yield _say("basis", basis=f"{' '.join(parts)[:1].upper()}{' '.join(parts)[1:]}.")


def _effect(value: float, scale: EvidenceScale) -> str:
    """A study's effect: a log ratio as a change, anything else as it is."""
    return fmt.percent(math.expm1(value)) if scale is EvidenceScale.LOG_RATIO else fmt.significant(value)


def _trials(weighed: Weighed, priorities: Priorities) -> DataTable:
    assert weighed.triage is not None
    names = ("sites", "cost", "error", "wait", "with", "gain")
    note = _say("trials_note", years=_years(priorities.horizon_years), year=str(priorities.price_year))
    reasons = [
        _say("infeasible", sites=fmt.count(design.sites_per_arm), reason=page_words(design.infeasible))
        for design in weighed.triage.designs
        if design.infeasible
    ]
    return DataTable(
        caption=_say("trials", candidate=weighed.title),
        header=tuple(_say(f"{name}_header") for name in names),
        rows=tuple(_trial_row(design, weighed, priorities.currency) for design in weighed.triage.designs),
        numeric=frozenset(range(6)),
        note=" ".join([note, *reasons]),
    )


def _trial_row(design: DesignValue, weighed: Weighed, currency: str) -> tuple[str, ...]:
    assert weighed.triage is not None
    sites = fmt.count(design.sites_per_arm)
    best = weighed.triage.best is not None and weighed.triage.best.sites_per_arm == design.sites_per_arm
    error = fmt.percent(1.96 * design.std_error) if weighed.scale is EvidenceScale.LOG_RATIO else None
    return (
        f"**{_say('best', sites=sites)}**" if best else sites,
        fmt.pounds(design.cost, currency),
        error or fmt.significant(1.96 * design.std_error),
        fmt.pounds(design.only_in_evaluation, currency),
        fmt.pounds(design.with_roll_out, currency),
        fmt.pounds(design.enbs, currency),
    )


def _overrides(overrides: Sequence[OverrideFact], titles: Mapping[str, str]) -> Section:
    items = tuple(
        _say(
            "override",
            candidate=titles.get(o.candidate, o.candidate),
            by=o.by,
            chosen=answer_words(o.chosen),
            date=fmt.date_words(o.on),
            computed=answer_words(o.computed),
            reason=o.reason,
        )
        for o in overrides
    )
    return Section(id="overrides", title=_say("overrides"), blocks=(Bullets(items=items),))


def _how(priorities: Priorities) -> Section:
    gates = priorities.gates
    items = [
        _say(
            "horizon",
            years=_years(priorities.horizon_years),
            rate=fmt.percent(priorities.discount_rate),
            discounting=priorities.discounting.value,
        ),
        _say(
            "gates",
            implement=fmt.percent(gates.implement_at, 0),
            drop=fmt.percent(gates.drop_at, 0),
            gain=fmt.pounds(gates.least_gain, priorities.currency),
        ),
        _say("evidence", identity=priorities.evidence_identity),
        *(page_words(_titled(note, priorities)) for note in priorities.notes),
    ]
    return Section(id="how", title=_say("how"), blocks=(Bullets(items=tuple(items)),), aside=True)


def _titled(note: str, priorities: Priorities) -> str:
    """A note with candidates by their titles and not their ids, the longest id first."""
    for weighed in sorted(priorities.weighed, key=lambda weighed: -len(weighed.candidate)):
        note = re.sub(rf"(?<![\w-]){re.escape(weighed.candidate)}(?![\w-])", weighed.title, note)
    return note


def _unit_price(amount: float, currency: str) -> str:
    """A price of one unit, which may be far below a penny."""
    if abs(amount) >= 1:
        return fmt.pounds(amount, currency)
    return f"{fmt.currency_symbol(currency)}{fmt.significant(amount, 2)}"


def _counted(key: str, count: int) -> str:
    """`1 study`, `5 studies`."""
    many = _say(key, count=fmt.count(count))
    return many if count != 1 else many.replace("studies", "study").replace("candidates", "candidate")


def _years(years: float) -> str:
    return f"{fmt.quantity(years)} {'year' if years == 1 else 'years'}"


def _say(key: str, **values: str | int) -> str:
    return say(f"priorities.{key}", **values)
