"""What the demo says at its end: one page that links everything that is there, and a few honest sentences.

Both are put together from the records in the demo's folder, whichever run they are of.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import enginehouse as eh
from enginehouse.cli.demo import Turn
from enginehouse.cli.demo_trial import CHANGES
from enginehouse.core.errors import UserError
from enginehouse.core.files import write_whole
from enginehouse.cycle.evaluate import recorded_evaluation
from enginehouse.cycle.pages import INSIGHT, PRIORITIES, QUALITY, TIMELINE, dossier_pages
from enginehouse.evaluation.parallel.results import TrialEvaluation
from enginehouse.evaluation.records import AnyEvaluation
from enginehouse.evaluation.results import Evaluation
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Document, Figure, Link, Paragraph
from enginehouse.reports.effects import effect_words, page_words
from enginehouse.reports.html import render_html
from enginehouse.reports.index import LinkGroup, index_document
from enginehouse.reports.messages import say
from enginehouse.stats.results import Estimate

WIDTH = 96
NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven")


@dataclass(frozen=True, slots=True)
class Done:
    """One part of the demo that went to its end: its evaluation, and what its dossier says."""

    turn: Turn
    evaluation: AnyEvaluation
    dossier: Document
    synthetic: bool
    looks: tuple[str, ...] = ()
    """The last month of data of each look at harms."""


def turns_done(folder: Path, turns: Sequence[Turn]) -> list[Done]:
    """Every part with an evaluated cycle in `folder`, read back from its record."""
    return [found for turn in turns if (found := _read(turn, folder / turn.name)) is not None]


def _read(turn: Turn, folder: Path) -> Done | None:
    try:
        workspace = eh.open_workspace(folder)
        state = workspace.state(turn.cycle)
        dossier = eh.dossier_of(workspace, turn.cycle, by=eh.acting(workspace, "me"))
    except UserError:
        return None  # not there, or stopped half-way: there is nothing of it to link
    looks = tuple(look.about for look in state.harms_looks)
    return Done(turn, recorded_evaluation(workspace, state), dossier, workspace.programme.settings.synthetic, looks)


def write_index(page: Path, done: Sequence[Done], missing: Mapping[str, Sequence[str]]) -> Path:
    """The page that links what is there and says what is not."""
    document = index_document(
        [*(_group(each) for each in done), *(_absent(name, why) for name, why in missing.items())],
        title=say("index.title"),
        subtitle=say("index.subtitle_one" if len(done) == 1 else "index.subtitle", number=NUMBERS[len(done)]),
        synthetic=any(each.synthetic for each in done),
        top=_one_cluster(done),
    )
    write_whole(page, render_html(document))
    return page


def _one_cluster(done: Sequence[Done]) -> tuple[Block, ...]:
    """The campaign's figure of one region among areas without a campaign, from its dossier."""
    for each in done:
        figures = (
            block
            for section in each.dossier.sections
            if section.id == "one-cluster"
            for block in section.blocks
            if isinstance(block, Figure)
        )
        if each.turn.name == "campaign" and (figure := next(figures, None)) is not None:
            assert isinstance(each.evaluation, Evaluation), "the campaign allocated nobody"
            return Paragraph(text=say("index.top", exposed=each.evaluation.exposed_title)), figure
    return ()


def _group(done: Done) -> LinkGroup:
    turn = done.turn
    return LinkGroup(
        id=turn.name,
        title=_title(turn.name),
        text=say(f"index.{turn.name}.text"),
        blocks=tuple(Paragraph(text=line) for line in _summary(done.evaluation)),
        links=tuple(
            Link(label=say(f"index.links.{key}"), href=f"{turn.name}/{file}", note=say(f"index.links.{key}_note"))
            for key, file in _pages(done).items()
        ),
    )


def _pages(done: Done) -> dict[str, str]:
    """The pages of one part, by what the index calls them."""
    turn, cycle = done.turn, done.turn.cycle
    pages = {**dossier_pages(cycle), "timeline": TIMELINE, "quality": QUALITY}
    if turn.kind == "retrospective":
        pages["insight"] = INSIGHT
    if turn.kind == "trial":
        pages = {
            "board": f"{cycle}-board.html",
            **pages,
            "priorities": PRIORITIES,
            "design": f"{cycle}-design.html",
            "notice": f"{cycle}-notice.html",
            "report": f"proofs/{cycle}-wave-01/proof-1-report.html",
            "report_pdf": f"proofs/{cycle}-wave-01/proof-1-report.pdf",
            "monitoring": f"{cycle}-monitoring.html",
            **({"harms": f"harms/{cycle}-{done.looks[0]}.html"} if done.looks else {}),
            "insight": INSIGHT,
            "drafted": f"{cycle}-drafted/protocol.yaml",
            "changes": f"{cycle}-drafted/{CHANGES}",
        }
    return {key: f"output/{file}" for key, file in pages.items()} | {"protocol": f"cycles/{cycle}/protocol.yaml"}


def _absent(name: str, why: Sequence[str]) -> LinkGroup:
    blocks = tuple(Paragraph(text=reason) for reason in why)
    return LinkGroup(id=name, title=_title(name), text=say("index.no_practices.text"), links=(), blocks=blocks)


def closing_words(done: Sequence[Done], missing: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What came out, for the terminal."""
    for each in done:
        yield f"{_title(each.turn.name)}:"
        yield from (_wrapped(sentence) for sentence in _summary(each.evaluation))
        yield ""
    for name, why in missing.items():
        yield f"{_title(name)}:"
        yield from (_wrapped(sentence) for sentence in (say("index.no_practices.text"), *why[:1]))
        yield ""


def _wrapped(sentence: str) -> str:
    return textwrap.fill(
        sentence, WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def _title(name: str) -> str:
    return say(f"index.{name}.title")


def _summary(evaluation: AnyEvaluation) -> Iterator[str]:
    """What came out, in a few honest sentences."""
    return _trial(evaluation) if isinstance(evaluation, TrialEvaluation) else _retrospective(evaluation)


def _trial(evaluation: TrialEvaluation) -> Iterator[str]:
    outcome, headline = evaluation.primary, evaluation.headline
    effect = effect_words(headline) if isinstance(headline, Estimate) else page_words(headline.detail)
    yield say(
        "index.summary.contrast",
        contrast=outcome.registered.title,
        indicator=outcome.short_title,
        effect=effect,
        verdict=evaluation.verdict.word.value,
    )
    if evaluation.verdict.addition:
        yield page_words(evaluation.verdict.addition)
    yield from _truth(evaluation)
    if evaluation.rehearsal is not None:
        yield page_words(evaluation.rehearsal.finding)


def _truth(evaluation: AnyEvaluation) -> Iterator[str]:
    for truth in evaluation.truth:
        if truth.indicator == evaluation.primary.indicator and truth.covered is not None:
            covered = say("index.summary.covers" if truth.covered else "index.summary.misses")
            yield say("index.summary.truth", truth=fmt.percent_change(truth.ratio), covered=covered)


def _retrospective(evaluation: Evaluation) -> Iterator[str]:
    outcome, headline = evaluation.primary, evaluation.headline
    effect = effect_words(headline) if isinstance(headline, Estimate) else page_words(headline.detail)
    yield say(
        "index.summary.headline",
        exposed=evaluation.exposed_title,
        indicator=outcome.short_title,
        effect=effect,
        verdict=evaluation.verdict.word.value,
    )
    placebo = outcome.registered.registered_window.placebo
    if placebo is not None:
        yield say("index.summary.drift", significant=placebo.significant, count=len(placebo.areas))
    trial = evaluation.embedded_trial
    if trial is not None:
        yield say("index.summary.trial", half_width=fmt.percent(trial.half_width))
    yield from _truth(evaluation)
