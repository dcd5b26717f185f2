"""What was done: how far each part reached each arm, the waves, the contacts, those who took it up, those who left."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.core.words import first_upper
from enginehouse.evaluation.parallel.results import ArmFidelity
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, DataTable, Paragraph, Section
from enginehouse.reports.effects import page_words, title_name
from enginehouse.reports.messages import say
from enginehouse.reports.trial_facts import WaveFact
from enginehouse.reports.trial_sections.baseline import baseline_attribute
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.trials.roster import OptOutDifference


def delivery_section(basis: TrialBasis) -> Section:
    blocks = [*_fidelity(basis), *_waves(basis), *_contacts(basis), *_engaged(basis)]
    if not blocks:
        blocks = [Paragraph(text=_say("nothing"))]
    return Section(id="delivery", title=_say("title"), blocks=tuple(blocks))


def left_section(basis: TrialBasis) -> Section:
    """Who opted out, and how they differ from those who stayed."""
    later = sum(flow.opted_out for flow in basis.evaluation.flow)
    before = basis.roster.consort.opted_out if basis.roster is not None else 0
    text = _say("left", count=before, later=fmt.count(later)) if before or later else _say("left_none")
    blocks: list[Block] = [Paragraph(text=text)]
    if basis.roster is not None and basis.roster.differences and before:
        blocks.append(
            DataTable(
                caption=_say("left_table"),
                header=tuple(_say(f"{name}_header") for name in ("what", "left", "stayed", "difference")),
                rows=tuple(_difference_row(basis, found) for found in basis.roster.differences),
                numeric=frozenset({1, 2, 3}),
                note=_say("left_note"),
            )
        )
    return Section(id="opted-out", title=_say("left_title"), blocks=tuple(blocks))


def _fidelity(basis: TrialBasis) -> Iterator[Block]:
    if basis.evaluation.fidelity:
        yield DataTable(
            caption=_say("fidelity"),
            header=(
                say("trial.baseline.arm_header"),
                _say("part_header"),
                _say("reached_header"),
                _say("amount_header"),
            ),
            rows=tuple(_fidelity_row(basis, found) for found in basis.evaluation.fidelity),
            numeric=frozenset({2, 3}),
        )


def _fidelity_row(basis: TrialBasis, found: ArmFidelity) -> tuple[str, ...]:
    reached = _say(
        "reached",
        reached=fmt.count(found.reached),
        sites=fmt.count(found.sites),
        share=fmt.percent(found.share, 0),
    )
    return (first_upper(basis.title(found.arm)), found.title, reached, fmt.quantity(found.amount))


def _waves(basis: TrialBasis) -> Iterator[Block]:
    if basis.facts.waves:
        names = ("wave", "due", "sent", "reports", "opened", "discussed", "acted", "bounced")
        yield DataTable(
            caption=_say("waves"),
            header=tuple(_say(f"{name}_header") for name in names),
            rows=tuple(_wave_row(wave) for wave in basis.facts.waves),
            numeric=frozenset({0, 3, 4, 5, 6, 7}),
            note=_say("waves_note"),
        )


def _wave_row(wave: WaveFact) -> tuple[str, ...]:
    sent = fmt.date_words(wave.sent_on) if wave.sent_on else _say("not_sent")
    counts = (wave.reports, wave.opened, wave.discussed, wave.acted, wave.bounced)
    return (str(wave.wave), fmt.date_words(wave.due_on), sent, *(fmt.count(count) for count in counts))


def _contacts(basis: TrialBasis) -> Iterator[Block]:
    if basis.facts.contacts:
        yield DataTable(
            caption=_say("contacts"),
            header=(
                say("trial.baseline.arm_header"),
                _say("kind_header"),
                _say("contacts_header"),
                _say("with_header", noun=basis.noun),
                _say("minutes_header"),
            ),
            rows=tuple(
                (
                    first_upper(basis.title(c.arm)),
                    title_name(c.kind),
                    fmt.count(c.contacts),
                    fmt.count(c.sites),
                    f"{fmt.number(c.programme_minutes)}, {fmt.number(c.site_minutes)}",
                )
                for c in basis.facts.contacts
            ),
            numeric=frozenset({2, 3, 4}),
        )


def _engaged(basis: TrialBasis) -> Iterator[Block]:
    engaged = basis.evaluation.engaged
    if engaged is not None:
        share = fmt.percent(engaged.engaged_share, 0)
        yield Paragraph(text=_say("engaged", finding=page_words(engaged.finding), share=share))


def _difference_row(basis: TrialBasis, found: OptOutDifference) -> tuple[str, ...]:
    scale = basis.scale if found.name == "baseline" else 1
    means = (
        fmt.EN_DASH if mean is None else fmt.significant(mean * scale) for mean in (found.left_mean, found.stayed_mean)
    )
    difference = fmt.EN_DASH if found.standardised is None else fmt.number(found.standardised, 2)
    return (baseline_attribute(basis, found.name), *means, difference)


def _say(key: str, **values: str | int) -> str:
    return say(f"trial.delivery.{key}", **values)
