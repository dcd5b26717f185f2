"""A protocol or an indicator in the words of somebody who buys, gives or plans care, and no statistician.

Everything said here comes from the definition; nothing is computed from data.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

from enginehouse.core.errors import UserError, did_you_mean
from enginehouse.core.money import Money
from enginehouse.core.words import counted, plural
from enginehouse.programme.enums import Check
from enginehouse.programme.explain_told import Told, attribute_words, change_words, percent, sites_words
from enginehouse.programme.explain_trial import (
    agreed,
    allocated,
    arms,
    compared,
    eligible,
    engaged_words,
    harm_looks_words,
    horizon_words,
    in_place,
    rehearsal,
    tried,
    waves,
)
from enginehouse.programme.explain_words import (
    CHECKS,
    CLOSURES,
    DESIGNS,
    DIRECTIONS,
    KINDS,
    MERGERS,
    METHODS,
    OPT_OUTS,
    STATUSES,
    WINDOWS,
    and_list,
    long_day,
    long_month,
    months_words,
    sentence,
    source_words,
)
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.programme import Programme
from enginehouse.programme.protocol import Claim

WIDTH = 96
type Section = tuple[str, list[str]]


def explain_protocol(programme: Programme, name: str) -> str:
    """The protocol of the cycle `name`, section by section.

    Raises
    ------
    UserError
        There is no such cycle.
    """
    if name not in programme.protocols:
        where = str(programme.folder / "cycles")
        raise UserError(f"got the cycle '{name}'.", where=where, remedy=did_you_mean(name, programme.protocols))
    told = Told(programme, name, programme.protocols[name])
    sections = [(title, lines) for title, write in SECTIONS if (lines := list(write(told)))]
    return _page(told.protocol.title, sections)


def explain_indicator(programme: Programme, name: str) -> str:
    """The indicator `name`, section by section.

    Raises
    ------
    UserError
        There is no such indicator.
    """
    if name not in programme.indicators:
        where = str(programme.folder / "indicators")
        raise UserError(f"got the indicator '{name}'.", where=where, remedy=did_you_mean(name, programme.indicators))
    indicator = programme.indicators[name]
    return _page(
        indicator.title,
        [
            ("Why it matters", [indicator.why_it_matters, *(f"- {source}" for source in indicator.evidence)]),
            ("What is measured", list(_measured_words(indicator))),
            ("Where the numbers come from", list(_origin(indicator))),
            ("What must not get worse", [f"- {_title(programme, other)}" for other in indicator.balancing]),
            ("What to know about the data", [f"- {note}" for note in indicator.data_notes]),
            ("Who stands for it", list(_authors(indicator))),
        ],
    )


def _page(title: str, sections: list[Section]) -> str:
    parts = [title, "=" * min(len(title), WIDTH)]
    for heading, lines in sections:
        if lines:
            parts += ["", heading, "-" * len(heading), *(_wrapped(line) for line in lines)]
    return "\n".join(parts) + "\n"


def _wrapped(line: str) -> str:
    indent = "  " if line.startswith("- ") else ""
    return textwrap.fill(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _question(told: Told) -> Iterator[str]:
    yield told.protocol.question
    yield told.protocol.background


def _who(told: Told) -> Iterator[str]:
    exposure = told.protocol.exposure
    if exposure is None:
        return
    strategies = told.protocol.arms[exposure.arm]
    noun = told.programme.settings.site_noun
    yield f"{sentence(exposure.title)}: {sites_words(exposure.sites, noun)}. They got:"
    for name in strategies:
        strategy = told.programme.strategies[name]
        yield f"- {strategy.title}. {strategy.description} ({strategy.channel}.)"
    if not strategies:
        yield "- usual care, nothing added."
    yield f"Which of them belongs where is taken from {long_month(told.protocol.membership_as_of)} throughout."


def _compared(told: Told) -> Iterator[str]:
    exposure = told.protocol.exposure
    if exposure is None:
        yield from compared(told)
        return
    noun = told.programme.settings.site_noun
    first, *others = exposure.comparators
    yield f"{sentence(first.title)}: {sites_words(first.sites, noun)}. This is the comparison that counts."
    for other in others:
        yield f"Shown beside it: {other.title}: {sites_words(other.sites, noun)}."
    yield DESIGNS[told.protocol.design.type]


def _when(told: Told) -> Iterator[str]:
    design = told.protocol.design
    before, after = design.baseline, design.follow_up
    yield (
        f"Before: {long_month(before.start)} to {long_month(before.last)} ({months_words(len(before))}). "
        f"After: {long_month(after.start)} to {long_month(after.last)} ({months_words(len(after))})."
    )
    yield from waves(told)


def _what(told: Told) -> Iterator[str]:
    protocol = told.protocol
    yield f"The one result that decides: {told.indicator(protocol.indicator).title}."
    yield from _measured_words(told.indicator(protocol.indicator))
    for heading, names in (
        ("Also shown, without deciding", protocol.secondary),
        ("Should not have been moved by this, and is looked at for that reason", protocol.untargeted),
        ("Must not get worse", protocol.balancing),
    ):
        if names:
            yield f"{heading}: {and_list([told.indicator(name).title for name in names])}."
    yield from _estimand(told)


def _measured_words(indicator: Indicator) -> Iterator[str]:
    scaled = f", shown for each {indicator.scale:,}" if indicator.scale != 1 else ""
    shown = ", shown as a percentage" if indicator.is_proportion else scaled
    kind = KINDS[indicator.numerator_kind]
    yield f"It is {kind}: {indicator.unit} per {indicator.per}{shown}. {DIRECTIONS[indicator.direction]}"
    if indicator.conversion is not None:
        yield (
            f"About {indicator.conversion.patients_per_unit:g} patients for one of these {indicator.gap_unit} "
            f"(source: {indicator.conversion.source})."
        )


def _estimand(told: Told) -> Iterator[str]:
    estimand = told.protocol.estimand
    noun = told.programme.settings.site_noun
    average = (
        f"Every patient counts the same, so a large {noun} counts for more."
        if estimand.average == "patients"
        else f"Every {noun} counts the same, large or small."
    )
    yield f"{average} The result is the average over {WINDOWS[estimand.window]}."
    yield " ".join(
        text.format(noun=noun)
        for text in (MERGERS[estimand.mergers], CLOSURES[estimand.closures], OPT_OUTS[estimand.opt_outs])
    )


def _worthwhile(told: Told) -> Iterator[str]:
    analysis = told.protocol.analysis
    yield (
        f"Worthwhile: {change_words(told, analysis.worthwhile)} or better, with the whole 95% interval beyond that "
        "mark. A smaller but certain improvement is called better, not worthwhile."
    )
    if analysis.equivalence is not None:
        low, high = (change_words(told, margin) for margin in analysis.equivalence)
        yield f"As good as no difference: the 90% interval lies wholly between {low} and {high}."
    else:
        yield "No range was set in which a difference would count as none, so the result cannot say that there is none."
    if analysis.non_inferiority is not None:
        yield f"The result also says whether harm beyond {change_words(told, analysis.non_inferiority)} is ruled out."
    yield "Everything else is called inconclusive, and that is said plainly."


def _known(told: Told) -> Iterator[str]:
    yield told.protocol.prior_knowledge


def _checked(told: Told) -> Iterator[str]:
    analysis = told.protocol.analysis
    yield METHODS[analysis.primary]
    if analysis.drift is not None:
        yield (
            "Places move apart by themselves. How far is measured by pretending that each other "
            f"{analysis.drift.cluster} with at least {analysis.drift.minimum_share:.0%} as many sites had been "
            f"treated, and comparing it with the rest of its own {analysis.drift.within}; the interval is widened by "
            "what that shows."
        )
    elif told.protocol.exposure is not None:
        yield "Places move apart by themselves; nothing here measures how far, so the interval leaves that doubt out."
    yield from (f"- {CHECKS[check]}" for check in Check if check in analysis.checks)
    if analysis.practice_models:
        count = sum(len(models) for models in analysis.practice_models.values())
        yield f"- {counted(count, 'model')} of single {plural(told.programme.settings.site_noun)} stand beside it."
    if analysis.subgroups:
        yield f"- Whether the effect differs by {and_list([attribute_words(name) for name in analysis.subgroups])}."
    if analysis.inequality is not None:
        yield f"- Whether the gap by {attribute_words(analysis.inequality)} narrows or widens more in one arm."
    if analysis.engaged is not None:
        yield from engaged_words(told, analysis.engaged)
    yield from harm_looks_words(analysis)
    if analysis.embedded_trial is not None:
        yield "- What a trial on the same sites would have shown, half of them drawn at random to start first."


def _money(told: Told) -> Iterator[str]:
    economics = told.protocol.economics
    if economics is None:
        return
    settings = told.programme.settings
    price, cost = economics.price, economics.campaign_cost
    indicator, currency = told.indicator(price.indicator), settings.currency
    verb = "is assumed to cost" if price.is_assumption else "costs"
    yield (
        f"{indicator.title}: one unit ({indicator.unit}) {verb} {price.per_unit:g} {currency} ({price.low:g} to "
        f"{price.high:g}, prices of {price.price_year}). {price.source}"
    )
    if told.is_trial:
        yield "What each arm costs is worked out from what is logged while it runs."
    elif cost is None:
        yield "The campaign's cost is not known: no return is worked out, only the cost at which it would break even."
    else:
        yield f"The campaign cost {Money.of(cost, currency, settings.price_year)}."
    yield economics.substitution_note
    yield from horizon_words(told, economics)


def _claimed(told: Told) -> Iterator[str]:
    for claim in told.protocol.claims:
        yield f"- {claim.text} ({claim.source}.) {_bearing(told, claim)}"


def _bearing(told: Told, claim: Claim) -> str:
    if claim.indicator is None:
        return f"Cannot be tested here: {claim.not_testable}"
    return f"Tested here by {told.indicator(claim.indicator).title}."


def _next(told: Told) -> Iterator[str]:
    rule = told.protocol.decision
    yield f"- If the effect is worthwhile: {rule.if_worthwhile}"
    yield f"- If it is as good as none: {rule.if_equivalent}"
    yield f"- Otherwise: {rule.otherwise}"


def _planted(told: Told) -> Iterator[str]:
    if told.programme.settings.synthetic:
        yield "The data were made by a computer. Nothing here says anything about real care."
    for truth in told.protocol.truth:
        effect = "no effect" if truth.ratio == 1 else f"an effect ({percent(truth.ratio)})"
        yield f"- {told.indicator(truth.indicator).title}: {effect} was put in. {truth.note}"


SECTIONS: tuple[tuple[str, Callable[[Told], Iterator[str]]], ...] = (
    ("The data are synthetic", _planted),
    ("This is a rehearsal", rehearsal),
    ("The question", _question),
    ("Who", _who),
    ("Who may take part", eligible),
    ("What each arm gets", arms),
    ("Who gets what", allocated),
    ("Compared with whom", _compared),
    ("When", _when),
    ("What is measured", _what),
    ("What counts as worthwhile", _worthwhile),
    ("What was known before", _known),
    ("What is checked", _checked),
    ("What the design is tried against", tried),
    ("Costs and savings", _money),
    ("What has been claimed", _claimed),
    ("What must be in place first", in_place),
    ("What happens next", _next),
    ("What was agreed beforehand", agreed),
)


def _origin(indicator: Indicator) -> Iterator[str]:
    yield source_words(indicator.measured_from)


def _authors(indicator: Indicator) -> Iterator[str]:
    yield f"- Written by: {indicator.authored_by}"
    yield f"- Checked by: {indicator.checked_by}"
    yield f"- Reviewed on {long_day(indicator.date_reviewed)}; next review by {long_day(indicator.next_review)}"
    yield f"- {STATUSES[indicator.status]}"


def _title(programme: Programme, name: str) -> str:
    return programme.indicators[name].title
