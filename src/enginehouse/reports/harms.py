"""A registered look at harms as a page: what must not get worse, arm by arm, in the months so far.

For the governance officer alone until the result is known; who may open it is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.core.words import counted, first_upper, plural
from enginehouse.evaluation.parallel.harms import HarmFinding, HarmsReport, HarmWord
from enginehouse.evaluation.parallel.outcome_results import TrialOutcome
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Callout, DataTable, Document, Paragraph, Section
from enginehouse.reports.effects import method_words, page_words, scaled_per, table_cells, value_format
from enginehouse.reports.messages import say


def harms_document(
    report: HarmsReport,
    *,
    programme: str,
    on: str,
    by: str,
    noun: str,
    rehearsal: bool = False,
    synthetic: bool = False,
) -> Document:
    """The page of one look; `on` is the day on which it was taken, `by` who took it, `noun` what one site is called."""
    banner = [_say("banner.rehearsal")] if rehearsal else []
    banner += [_say("banner.synthetic")] if synthetic else []
    return Document(
        title=_say("title", cycle=report.title),
        subtitle=_say("subtitle", programme=programme, month=fmt.month_words(report.last_month)),
        kind=_say("kind_rehearsal" if rehearsal else "kind"),
        sections=(_found(report), _arms(report, noun), _basis(report, on=on, by=by)),
        banner=" ".join(banner),
        footer=_say("footer", software=report.software),
    )


def _found(report: HarmsReport) -> Section:
    closed = Callout(title=_say("closed_title"), text=_say("closed"), tone="note")
    return Section(id="found", title=_say("found"), blocks=(*_callouts(report), closed))


def _callouts(report: HarmsReport) -> Iterator[Block]:
    """What somebody has to act on first."""
    for finding in sorted(report.findings, key=lambda each: each.word is not HarmWord.WORSE):
        is_worse = finding.word is HarmWord.WORSE
        words = {"arm": report.arms[finding.arm]} if is_worse else {}
        yield Callout(
            title=_say(f"word.{finding.word.value}", **words),
            text=page_words(finding.sentence),
            tone="caution" if is_worse else "note",
        )


def _arms(report: HarmsReport, noun: str) -> Section:
    blocks: list[Block] = []
    for outcome in report.outcomes:
        blocks.append(_values(report, outcome, noun))
        blocks.append(_effects(report, outcome))
    return Section(id="arms", title=_say("arms"), blocks=tuple(blocks))


def _values(report: HarmsReport, outcome: TrialOutcome, noun: str) -> DataTable:
    factor = 100.0 if outcome.is_proportion else float(outcome.scale)
    values = [
        None if v is None else v * factor for arm in outcome.arms for v in (arm.baseline_value, arm.follow_up_value)
    ]
    form = value_format(values, is_percent=outcome.is_proportion)
    unit = _say("percent") if outcome.is_proportion else f"{outcome.unit} per {scaled_per(outcome.per, outcome.scale)}"
    shown = [fmt.EN_DASH if value is None else form.format(value) for value in values]
    return DataTable(
        caption=_say("values", outcome=outcome.short_title, unit=unit),
        header=(_say("arm_header"), first_upper(plural(noun)), _say("before_header"), _say("so_far_header")),
        rows=tuple(
            (first_upper(arm.title), fmt.count(arm.sites), *shown[2 * place : 2 * place + 2])
            for place, arm in enumerate(outcome.arms)
        ),
        numeric=frozenset({1, 2, 3}),
        note=_say("values_note", months=counted(report.follow_up_months, "month")),
    )


def _effects(report: HarmsReport, outcome: TrialOutcome) -> DataTable:
    findings = [finding for finding in report.findings if finding.indicator == outcome.indicator]
    return DataTable(
        caption=_say("effects", outcome=outcome.short_title),
        header=tuple(_say(f"{name}_header") for name in ("compared", "effect", "interval", "word")),
        rows=tuple(_effect_row(report, outcome, finding) for finding in findings),
        numeric=frozenset({1, 2}),
        note=" ".join(page_words(note) for note in outcome.notes),
    )


def _effect_row(report: HarmsReport, outcome: TrialOutcome, finding: HarmFinding) -> tuple[str, ...]:
    effect = report.contrast(finding).effect
    title = _say("compared", arm=first_upper(report.arms[finding.arm]), over=report.arms[finding.over])
    return (title, *table_cells(effect, scale=outcome.scale), finding.word.value)


def _basis(report: HarmsReport, *, on: str, by: str) -> Section:
    months = [fmt.month_words(month) for month in report.registered_looks]
    number = report.registered_looks.index(report.last_month) + 1
    texts = (
        _say("taken", date=fmt.date_words(on), person=by, number=fmt.count(number), looks=fmt.count(len(months))),
        _say(
            "method",
            method=first_upper(method_words(report.method)),
            start=fmt.month_words(report.starts),
            last=fmt.month_words(report.last_month),
        ),
        _say("chance", comparisons=counted(len(report.findings), "comparison")),
    )
    return Section(id="basis", title=_say("basis"), blocks=tuple(Paragraph(text=text) for text in texts))


def _say(key: str, **values: str | int) -> str:
    return say(f"harms.{key}", **values)
