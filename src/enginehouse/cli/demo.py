"""`enginehouse demo`: whole retrospective cycles, on real totals, on practices where found, and on a synthetic region.

It calls what any user can call, step by step, and adds one page that links what came out.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from enginehouse.cli.arguments import add_json
from enginehouse.cli.output import Output
from enginehouse.cli.progress import TerminalProgress
from enginehouse.core.errors import UserError

if TYPE_CHECKING:
    from enginehouse.core.progress import Progress
    from enginehouse.evaluation.results import Evaluation
    from enginehouse.reports.index import LinkGroup

EXAMPLES = ("enginehouse demo", "enginehouse demo --folder /tmp/demo --only campaign")
MARK = ".enginehouse-demo"


@dataclass(frozen=True, slots=True)
class Turn:
    """One cycle of the demo: where it is, what it starts from, and what is done after its evaluation."""

    name: str
    template: str
    cycle: str
    reason: str


TURNS = (
    Turn(
        "campaign",
        "opioid-campaign",
        "west-yorkshire",
        "One region at once cannot tell a small effect from drift; the next feedback starts in random order.",
    ),
    Turn(
        "practices",
        "opioid-campaign-practices",
        "west-yorkshire",
        "Practices do not change that one region is one cluster; the next feedback starts in random order.",
    ),
    Turn(
        "region",
        "synthetic-region",
        "area-one",
        "One area at once cannot show what was planted; the next feedback starts in random order.",
    ),
)
_NAMES = tuple(turn.name for turn in TURNS)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder", type=Path, default=Path("demo-output"), help="where to write (default: demo-output)"
    )
    parser.add_argument("--only", choices=_NAMES, action="append", help="run only this part (may be repeated)")
    add_json(parser)


def run(args: argparse.Namespace) -> Output:
    started = time.monotonic()
    folder = _fresh(args.folder)
    chosen = [turn for turn in TURNS if turn.name in (args.only or _NAMES)]
    found: dict[str, Evaluation] = {}
    for turn in chosen:
        if turn.name == "practices" and not _find_practice_data():
            continue
        print(f"{turn.template}:", file=sys.stderr)
        with TerminalProgress() as progress:
            found[turn.name] = _run_turn(turn, folder / turn.name, progress)
    page = _write_index(folder, chosen, found)
    lines = [line for name, evaluation in found.items() for line in (_title(name), *_summary(evaluation), "")]
    seconds = time.monotonic() - started
    text = "\n".join([*lines, f"Read this: {page}", f"({seconds:.0f} seconds)"])
    record = {"page": str(page), "verdicts": {name: e.verdict.word.value for name, e in found.items()}}
    return Output(text=text, record=record)


def _fresh(folder: Path) -> Path:
    """An empty folder; only one that an earlier demo made is emptied."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise UserError(
                "this folder holds something else than a demo.", where=str(folder), remedy="Name another with --folder."
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("Made by enginehouse demo, which may empty this folder.\n")
    return folder


def _run_turn(turn: Turn, folder: Path, progress: Progress) -> Evaluation:
    """Every step of one cycle."""
    import enginehouse as eh

    eh.new_programme(folder, template=turn.template)
    if turn.name == "region":
        eh.synthesise(folder, progress=progress)
    workspace = eh.open_workspace(folder)
    me, board = eh.acting(workspace, "me"), eh.acting(workspace, "board")
    progress("locking the protocol")
    eh.register(workspace, turn.cycle, by=me)
    eh.load_data(workspace, by=me, progress=progress)
    progress("checking the data")
    eh.check_loaded_data(workspace)
    eh.build_indicators(workspace, by=me, progress=progress)
    progress("describing variation")
    eh.write_insight(workspace)
    eh.freeze(workspace, turn.cycle, by=me)
    evaluation: Evaluation = eh.evaluate_cycle(workspace, turn.cycle, by=me, progress=progress)
    if workspace.protocol(turn.cycle).economics is not None:
        eh.appraise_cycle(workspace, turn.cycle, by=me)
    eh.decide(workspace, turn.cycle, by=board, decision=eh.DecisionWord.EVALUATE_FURTHER, reason=turn.reason)
    progress("writing the dossier")
    eh.write_dossier(workspace, turn.cycle, by=me)
    eh.write_timeline(workspace)
    return evaluation


def _find_practice_data() -> bool:
    """Whether practice-level data are found; sets `ENGINEHOUSE_DATA` for the programme that reads them."""
    shared = os.environ.get("ENGINEHOUSE_SHARED", "../shared")
    data = Path(os.environ.get("ENGINEHOUSE_DATA", f"{shared}/data"))
    if not (data / "measures_practice_month" / "opioidome.parquet").exists():
        return False
    os.environ["ENGINEHOUSE_DATA"] = str(data.resolve())
    return True


def _write_index(folder: Path, chosen: Sequence[Turn], found: Mapping[str, Evaluation]) -> Path:
    from enginehouse.core.files import write_whole
    from enginehouse.reports.html import render_html
    from enginehouse.reports.index import index_document
    from enginehouse.reports.messages import say

    document = index_document(
        [_links(turn, found.get(turn.name)) for turn in chosen],
        title=say("index.title"),
        subtitle=say("index.subtitle"),
        synthetic="region" in found,
    )
    page = folder / "index.html"
    write_whole(page, render_html(document))
    return page


def _links(turn: Turn, evaluation: Evaluation | None) -> LinkGroup:
    from enginehouse.reports.content import Link, Paragraph
    from enginehouse.reports.index import LinkGroup
    from enginehouse.reports.messages import say

    if evaluation is None:
        return LinkGroup(
            id=turn.name, title=say("index.no_practices.title"), text=say("index.no_practices.text"), links=()
        )
    pages = {
        "dossier": f"{turn.cycle}-dossier.html",
        "pdf": f"{turn.cycle}-dossier.pdf",
        "timeline": "timeline.html",
        "quality": "data-quality.html",
        "insight": "insight.html",
    }
    return LinkGroup(
        id=turn.name,
        title=say(f"index.{turn.name}.title"),
        text=say(f"index.{turn.name}.text"),
        blocks=tuple(Paragraph(text=line) for line in _summary(evaluation)),
        links=tuple(
            Link(
                label=say(f"index.links.{key}"), href=f"{turn.name}/output/{file}", note=say(f"index.links.{key}_note")
            )
            for key, file in pages.items()
        ),
    )


def _title(name: str) -> str:
    from enginehouse.reports.messages import say

    return f"{say(f'index.{name}.title')}:"


def _summary(evaluation: Evaluation) -> Iterator[str]:
    """What came out, in a few honest sentences."""
    from enginehouse.reports import format as fmt
    from enginehouse.reports.effects import effect_words
    from enginehouse.reports.messages import say
    from enginehouse.stats.results import Estimate

    outcome, headline = evaluation.primary, evaluation.headline
    effect = effect_words(headline) if isinstance(headline, Estimate) else headline.detail
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
    for truth in evaluation.truth:
        if truth.indicator == outcome.indicator and truth.covered is not None:
            covered = say("index.summary.covers" if truth.covered else "index.summary.misses")
            yield say("index.summary.truth", truth=fmt.percent_change(truth.ratio), covered=covered)
