"""`enginehouse demo`: whole retrospective cycles, on real totals, on practices where found, and on simulated data.

It calls what any user can call, step by step. The page that links what came out is in `demo_page`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from enginehouse.cli.arguments import add_json
from enginehouse.cli.output import Output
from enginehouse.cli.side_by_side import cores, run_side_by_side
from enginehouse.core.errors import UserError
from enginehouse.core.files import machine_error

if TYPE_CHECKING:
    from enginehouse.core.progress import Progress

EXAMPLES = ("enginehouse demo", "enginehouse demo --folder /tmp/demo --only campaign")
MARK = ".enginehouse-demo"
INDEX = "index.html"
LINE = "-" * 72


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What changes no number: whether reports are drawn in every format, and how many processes draw them."""

    every_format: bool = False
    workers: int = 1


@dataclass(frozen=True, slots=True)
class Turn:
    """One cycle of the demo: where it is, what it starts from, and what is decided after its evaluation.

    A trial and a rehearsal decide by themselves; `seed` is that of their allocation, fixed here.
    """

    name: str
    template: str
    cycle: str
    reason: str = ""
    decision: str = "evaluate-further"
    kind: Literal["retrospective", "trial", "rehearsal"] = "retrospective"
    seed: str = ""


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
    Turn(
        "starter",
        "starter",
        "first",
        "The whole interval is beyond the margin that was registered.",
        decision="implement",
    ),
    Turn("trial", "head-to-head", "facilitation", kind="trial", seed="the trial of this demo"),
    Turn("null", "head-to-head-null", "facilitation", kind="trial", seed="the trial of this demo"),
    Turn("rehearsal", "rehearsal", "facilitation", kind="rehearsal", seed="the rehearsal of this demo"),
)
_NAMES = tuple(turn.name for turn in TURNS)
BEGUN = ("campaign", "practices", "rehearsal", "region", "starter", "trial", "null")
"""The order in which the parts are run: the two long ones last, so that they end together."""
_FOUND_BY = ("ENGINEHOUSE_DATA", "ENGINEHOUSE_SHARED")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder", type=Path, default=Path("demo-output"), help="where to write (default: demo-output)"
    )
    parser.add_argument(
        "--only",
        choices=_NAMES,
        action="append",
        help="run only this part (may be repeated); the others stay as they are",
    )
    parser.add_argument(
        "--all", action="store_true", help="make every report as PDF too, not those of the first wave alone"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cli.demo_page import closing_words, turns_done, write_index

    started = time.monotonic()
    chosen = [turn for turn in TURNS if turn.name in (args.only or _NAMES)]
    try:
        _make_room(args.folder, chosen)
        missing = _run_turns(args.folder, chosen, every_format=args.all)
        done = turns_done(args.folder, TURNS)
        page = write_index(args.folder / INDEX, done, missing)
    except OSError as error:
        raise machine_error(error, args.folder) from error
    text = "\n".join(
        [*closing_words(done, missing), f"Read this: {page}", f"({time.monotonic() - started:.0f} seconds)"]
    )
    verdicts = {each.turn.name: each.evaluation.verdict.word.value for each in done}
    return Output(text=f"\n{LINE}\n\n{text}", record={"page": str(page), "verdicts": verdicts, "missing": missing})


def _make_room(folder: Path, chosen: Sequence[Turn]) -> None:
    """Empty the folders of the chosen parts; only a folder that an earlier demo made is touched."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise UserError(
            "this folder holds something else than a demo.", where=str(folder), remedy="Name another with --folder."
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("Made by enginehouse demo, which may empty the folders beside this file.\n")
    for turn in chosen:
        if (folder / turn.name).exists():
            shutil.rmtree(folder / turn.name)


def _run_turns(folder: Path, chosen: Sequence[Turn], *, every_format: bool) -> dict[str, list[str]]:
    """Run each part, as many at once as there are cores; what data were missing for those that could not be run."""
    processes = min(cores(), len(chosen))
    run = partial(_run_turn, folder, every_format=every_format, workers=cores() // processes)
    work = {turn.name: partial(run, turn) for turn in sorted(chosen, key=lambda turn: BEGUN.index(turn.name))}
    absent = run_side_by_side(work, processes=processes)
    return {turn.name: absent[turn.name] for turn in chosen if absent[turn.name]}


def _run_turn(folder: Path, turn: Turn, progress: Progress, *, every_format: bool, workers: int) -> list[str]:
    """Run one part, unless data are missing for it: then which."""
    if absent := _begin(turn, folder / turn.name, progress):
        shutil.rmtree(folder / turn.name)
        progress("its data are not on this machine")
        return absent
    RUN[turn.kind](turn, folder / turn.name, progress, How(every_format=every_format, workers=workers))
    return []


def _begin(turn: Turn, folder: Path, progress: Progress) -> list[str]:
    """Make the programme and, where they are made up, its data; the problems of each file that is not there."""
    import enginehouse as eh
    from enginehouse.core.errors import DataError
    from enginehouse.programme.paths import find_files

    eh.new_programme(folder, template=turn.template)
    if turn.name == "region" or turn.kind == "trial":
        eh.synthesise(folder, progress=progress)
    for name in _FOUND_BY:
        if os.environ.get(name):  # a programme's paths start in its own folder, the user's in theirs
            os.environ[name] = str(Path(os.environ[name]).resolve())
    problems = []
    for source in eh.load_programme(folder).settings.sources.values():
        try:
            find_files(source.path, base=folder)
        except DataError as error:
            problems.append(error.what)
    return list(dict.fromkeys(problems))


def _run_retrospective(turn: Turn, folder: Path, progress: Progress, _how: How) -> None:
    """Every step of one retrospective cycle."""
    import enginehouse as eh

    workspace = eh.open_workspace(folder, index=f"../../{INDEX}")
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
    eh.evaluate_cycle(workspace, turn.cycle, by=me, progress=progress)
    if workspace.protocol(turn.cycle).economics is not None:
        eh.appraise_cycle(workspace, turn.cycle, by=me)
    eh.decide(workspace, turn.cycle, by=board, decision=eh.DecisionWord(turn.decision), reason=turn.reason)
    progress("writing the dossier")
    eh.write_dossier(workspace, turn.cycle, by=me)


def _run_trial(turn: Turn, folder: Path, progress: Progress, how: How) -> None:
    from enginehouse.cli.demo_trial import run_trial
    from enginehouse.cycle.workspace import open_workspace

    workspace = open_workspace(folder, index=f"../../{INDEX}")
    run_trial(workspace, turn.cycle, progress, seed=turn.seed, how=how)


def _run_rehearsal(turn: Turn, folder: Path, progress: Progress, _how: How) -> None:
    from enginehouse.cli.demo_trial import run_rehearsal
    from enginehouse.cycle.workspace import open_workspace

    run_rehearsal(open_workspace(folder, index=f"../../{INDEX}"), turn.cycle, progress, seed=turn.seed)


RUN = {"retrospective": _run_retrospective, "trial": _run_trial, "rehearsal": _run_rehearsal}
