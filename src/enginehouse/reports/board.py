"""The one page for a board: what we asked, did, found, spent, decided and do next, without a term of art."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from enginehouse.core.words import first_upper, lower_first
from enginehouse.evaluation.results import OutcomeRole
from enginehouse.programme.enums import Verdict
from enginehouse.reports import format as fmt
from enginehouse.reports.board_costs import cost_blocks
from enginehouse.reports.charts.scales import number_label
from enginehouse.reports.charts.spec import Emphasis, StandingBar, StandingChart
from enginehouse.reports.content import Block, Bullets, Callout, Document, Figure, Paragraph, Section
from enginehouse.reports.effects import display_effect, page_words, scaled_per, value_format
from enginehouse.reports.html import render_html
from enginehouse.reports.index import page_links
from enginehouse.reports.messages import say
from enginehouse.reports.pdf import render_pdf
from enginehouse.reports.practice.pdf import page_count
from enginehouse.reports.text import render_text
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.reports.trial_sections.words import added_words, joined
from enginehouse.stats.results import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPage:
    """The page as HTML, as a PDF with its number of pages (one), and as text."""

    html: bytes
    pdf: bytes
    text: bytes
    pages: int


def render_board(
    basis: TrialBasis, *, next_steps: Sequence[str] = (), pages: Mapping[str, str] | None = None
) -> BoardPage:
    """The board's page of one evaluated trial; `next_steps` are what the programme does next, each in a sentence."""
    document = board_document(basis, next_steps=next_steps, pages=pages)
    pdf = render_pdf(document)
    text = render_text(document).encode("utf-8")
    return BoardPage(html=render_html(document), pdf=pdf, text=text, pages=page_count(pdf))


def board_document(
    basis: TrialBasis, *, next_steps: Sequence[str] = (), pages: Mapping[str, str] | None = None
) -> Document:
    """The page of `render_board` as a document."""
    sections: dict[str, Sequence[Block]] = {
        "asked": (Paragraph(text=basis.evaluation.question),),
        "did": (Paragraph(text=" ".join(_did(basis))),),
        "found": tuple(_found(basis)),
        "cost": cost_blocks(basis),
        "decided": (Paragraph(text=" ".join(_decided(basis))),),
        "next": (Bullets(items=tuple(next_steps)) if next_steps else Paragraph(text=_say("no_next")),),
    }
    record = basis.record
    return Document(
        title=basis.protocol.title,
        subtitle=_say("subtitle", programme=record.programme),
        kind=_say("kind"),
        sections=tuple(
            Section(id=name, title=_say(f"part.{name}"), blocks=tuple(blocks))
            for name, blocks in sections.items()
            if blocks
        ),
        banner=" ".join(_banner(basis)),
        footer=_say("footer", software=record.software, head_seq=record.head_seq),
        pages=page_links(pages),
        compact=True,
    )


def change_words(change: float, *, unit: str = "%") -> str:
    """A change as `7.9% lower`, `2.0% higher` or `the same`."""
    size = fmt.number(abs(change), 1) if unit == "%" else fmt.significant(abs(change))
    if not size.strip("0.,"):
        return _say("same")
    shown = f"{size}%" if unit == "%" else f"{size} {unit}"
    return _say("lower" if change < 0 else "higher", size=shown)


def _banner(basis: TrialBasis) -> Iterator[str]:
    if basis.facts.rehearsal:
        yield _say("banner.rehearsal")
    if basis.record.synthetic:
        yield _say("banner.synthetic")


def _did(basis: TrialBasis) -> Iterator[str]:
    flow = basis.evaluation.flow
    period = basis.protocol.design.follow_up
    words: dict[str, str | int] = {
        "allocated": fmt.count(sum(arm.allocated for arm in flow)),
        "noun": basis.noun,
        "groups": fmt.in_words(len(flow)),
        "arms": joined(_say("arm", title=arm.title, count=fmt.count(arm.allocated)) for arm in flow),
    }
    months: dict[str, str | int] = {"first": fmt.month_words(period.start), "last": fmt.month_words(period.last)}
    if basis.facts.rehearsal:
        yield _say("rehearsed", **words, **months)
        return
    yield _say("drawn", **words)
    yield _say("ran", **months)
    if basis.facts.notice_on:
        yield _say("told")
    opted = (basis.roster.consort.opted_out if basis.roster else 0) + sum(arm.opted_out for arm in flow)
    yield _say("opted", count=first_upper(fmt.in_words(opted))) if opted else _say("opted_none")
    for found in basis.evaluation.fidelity:
        if found.arm == basis.contrast.arm and found.component not in basis.protocol.arms[basis.contrast.over]:
            yield _say(
                "reached",
                component=lower_first(found.title),
                reached=fmt.count(found.reached),
                sites=fmt.count(found.sites),
                noun=basis.noun,
            )


def _found(basis: TrialBasis) -> Iterator[Block]:
    yield Callout(title=_means(basis).replace("**", ""), text=_changed(basis), tone="finding")
    figure = _picture(basis)
    if figure is not None:
        yield figure
    watched = tuple(_watched(basis))
    if watched:
        yield Paragraph(text=" ".join(watched))


def _means(basis: TrialBasis) -> str:
    word, added = basis.evaluation.verdict.word, added_words(basis)
    if basis.facts.rehearsal:
        return _say("rehearsal_means")
    if word is Verdict.EQUIVALENT and added:
        return _say("means.equivalent_added", added=first_upper(added), over=basis.over_title)
    return _say(f"means.{word.value}")


def _changed(basis: TrialBasis) -> str:
    estimate = basis.contrast.effect
    if not isinstance(estimate, Estimate):
        return _say("cannot", outcome=basis.primary.short_title, reason=page_words(estimate.detail))
    shown = display_effect(estimate, scale=basis.scale)
    unit = "%" if basis.is_ratio else basis.primary.unit
    return _say(
        "changed",
        outcome=basis.primary.short_title,
        change=change_words(shown.value, unit=unit),
        arm=basis.arm_title,
        over=basis.over_title,
        low=change_words(shown.low, unit=unit),
        high=change_words(shown.high, unit=unit),
    )


def _picture(basis: TrialBasis) -> Figure | None:
    """What the group averaged while it ran, and what the estimate says it would have without: the two agree with the
    effect in words, which averages of two groups that differed before need not.
    """
    outcome, effect = basis.primary, basis.contrast.effect
    seen = outcome.arm(basis.contrast.arm).follow_up_value
    if seen is None or not isinstance(effect, Estimate):
        return None
    without = seen / effect.ratio if effect.scale == "log-ratio" else seen - effect.value
    factor = 100.0 if outcome.is_proportion else float(outcome.scale)
    form = value_format((seen * factor, without * factor), is_percent=outcome.is_proportion)
    labels = _say("seen", arm=first_upper(basis.arm_title)), _say("without", noun=basis.noun, over=basis.over_title)
    shown: tuple[tuple[str, float, Emphasis], ...] = ((labels[1], without, "muted"), (labels[0], seen, "main"))
    bars = tuple(
        StandingBar(label=label, value=value * factor, words=number_label(value * factor, form), emphasis=emphasis)
        for label, value, emphasis in shown
    )
    words = {} if outcome.is_proportion else {"unit": outcome.unit, "per": scaled_per(outcome.per, outcome.scale)}
    label = _say("picture_percent" if outcome.is_proportion else "picture", outcome=outcome.short_title, **words)
    better = _say("lower_better" if basis.lower_is_better else "higher_better")
    said = "; ".join(f"{bar.label}: {bar.words}" for bar in bars)
    return Figure(
        chart=StandingChart(x_label=label, bars=bars),
        caption=_say("caption", better=better),
        alt=_say("alt", bars=f"{label}. {said}."),
    )


def _watched(basis: TrialBasis) -> Iterator[str]:
    """What must not get worse: those that stood still together, each that moved, each of which nothing is known."""
    told, still = [], []
    for outcome in basis.evaluation.outcomes:
        if outcome.role is not OutcomeRole.BALANCING:
            continue
        estimate, name = outcome.headline, lower_first(outcome.short_title)
        if not isinstance(estimate, Estimate):
            told.append(_say("harm_unknown", outcome=name))
            continue
        shown = display_effect(estimate, scale=outcome.scale)
        if shown.excludes_zero:
            unit = "%" if basis.is_ratio else outcome.unit
            told.append(_say("harm_moved", outcome=name, change=change_words(shown.value, unit=unit)))
        else:
            still.append(name)
    if still:
        yield _say("harm_ok", outcomes=joined(still))
    yield from told


def _decided(basis: TrialBasis) -> Iterator[str]:
    decision, agreed = basis.record.decision, basis.agreed
    action = agreed.action if agreed is not None else ""
    if decision is None:
        yield _say("undecided", action=action) if action else _say("undecided_plain")
        return
    words = _say(f"decision_words.{decision.decision}")
    yield _say("decision", decision=words, reason=decision.reason)
    if agreed is not None and agreed.decision.value != decision.decision:
        yield _say("departed", action=action)
    elif action:
        yield _say("agreed", action=action)


def _say(key: str, **values: str | int) -> str:
    return say(f"board.{key}", **values)
