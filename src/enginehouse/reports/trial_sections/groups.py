"""For whom: subgroups with their interaction, fairness across an attribute, and what must not get worse."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.core.words import first_upper
from enginehouse.evaluation.parallel.results import ArmGradient, InequalityResult, TrialSubgroup
from enginehouse.evaluation.results import OutcomeRole
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Bullets, DataTable, Paragraph, Section
from enginehouse.reports.effects import attribute_words, cell_words, effect_words, page_words
from enginehouse.reports.messages import say
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.reports.trial_sections.words import group_words
from enginehouse.stats.results import Estimate


def groups_section(basis: TrialBasis) -> Section | None:
    blocks: list[Block] = [_subgroup(basis, found) for found in basis.evaluation.subgroups]
    for inequality in basis.evaluation.inequality:
        blocks += [_gradients(basis, inequality), Paragraph(text=page_words(inequality.finding))]
    if not blocks:
        return None
    contrasts = len(basis.protocol.contrasts)
    if contrasts > 1:
        blocks.insert(0, Paragraph(text=_say("several", contrasts=contrasts)))
    return Section(id="groups", title=_say("title"), blocks=tuple(blocks))


def balancing_section(basis: TrialBasis) -> Section:
    outcomes = [o for o in basis.evaluation.outcomes if o.role is OutcomeRole.BALANCING]
    title = say("trial.balancing.title")
    if not outcomes:
        return Section(id="balancing", title=title, blocks=(Paragraph(text=say("trial.balancing.none")),))
    lines = [
        say(
            "trial.balancing.line",
            outcome=outcome.short_title,
            effect=effect_words(outcome.headline, scale=outcome.scale),
            window=basis.window,
        )
        if isinstance(outcome.headline, Estimate)
        else say("trial.balancing.cannot", outcome=outcome.short_title, reason=page_words(outcome.headline.detail))
        for outcome in outcomes
    ]
    return Section(id="balancing", title=title, blocks=(Bullets(items=tuple(lines)), *_looks(basis)))


def _looks(basis: TrialBasis) -> Iterator[Block]:
    """What each registered look before the end had found, in its own words."""
    for look in basis.facts.harm_looks:
        words = {"date": fmt.date_words(look.on), "person": look.by, "month": fmt.month_words(look.last_month)}
        yield Paragraph(text=say("trial.balancing.look", **words))
        yield Bullets(items=tuple(page_words(finding) for finding in look.findings))


def _subgroup(basis: TrialBasis, found: TrialSubgroup) -> DataTable:
    outcome = basis.evaluation.outcome(found.indicator)
    rows = [
        (
            first_upper(group.group),
            fmt.count(group.sites + group.over_sites),
            *cell_words(group.effect, scale=outcome.scale),
        )
        for group in found.groups
    ]
    last = (_say("interaction", label=found.interaction_label), "", *cell_words(found.interaction, scale=outcome.scale))
    notes = " ".join(page_words(note) for note in found.notes)
    return DataTable(
        caption=_say("by", outcome=outcome.short_title, attribute=group_words(found.attribute))
        + _compared(basis, found),
        header=(
            _say("group_header"),
            first_upper(basis.noun),
            say("trial.effect.change_header"),
            say("trial.effect.interval_header"),
        ),
        rows=(*rows, last),
        numeric=frozenset({1, 2, 3}),
        note=f"{_say('note', finding=page_words(found.finding))} {notes}".strip(),
    )


def _gradients(basis: TrialBasis, found: InequalityResult) -> DataTable:
    outcome, attribute = basis.evaluation.outcome(found.indicator), attribute_words(found.attribute)
    return DataTable(
        caption=_say("inequality_table", attribute=attribute) + _compared(basis, found),
        header=(
            say("trial.baseline.arm_header"),
            first_upper(basis.noun),
            _say("before_header"),
            _say("after_header"),
        ),
        rows=tuple(_gradient_row(basis, gradient) for gradient in found.gradients),
        numeric=frozenset({1, 2, 3}),
        note=_say("inequality", outcome=outcome.short_title, attribute=attribute),
    )


def _compared(basis: TrialBasis, found: TrialSubgroup | InequalityResult) -> str:
    """Which arms are compared, where the trial has several comparisons."""
    if len(basis.protocol.contrasts) < 2:
        return ""
    return _say("compared", arm=basis.title(found.arm), over=basis.title(found.over))


def _gradient_row(basis: TrialBasis, gradient: ArmGradient) -> tuple[str, ...]:
    values = (fmt.EN_DASH if v is None else fmt.number(v, 2) for v in (gradient.before, gradient.after))
    return (first_upper(basis.title(gradient.arm)), fmt.count(gradient.sites), *values)


def _say(key: str, **values: str | int) -> str:
    return say(f"trial.groups.{key}", **values)
