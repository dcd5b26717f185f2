"""The demo's trial is what any user can type: each call that it makes, typed as a command, gives the same record.

The calls are taken down while the demo's own functions walk through the trial, in a smaller region and with two waves.
"""

from __future__ import annotations

import functools
import inspect
import shutil
from pathlib import Path

import pytest

import enginehouse as eh
from enginehouse.cli.demo import TURNS, How
from enginehouse.cli.demo_trial import run_trial
from enginehouse.cli.main import main
from enginehouse.core.progress import silent
from enginehouse.ledger.record import Record

(TURN,) = (turn for turn in TURNS if turn.name == "trial")
PROTOCOL = f"cycles/{TURN.cycle}/protocol.yaml"
SMALLER = (
    ("waves: 6", "waves: 2"),
    ("every_months: 2", "every_months: 6"),
    ("replications: 1000", "replications: 100"),
)


def words(*names, **options):
    """A command: words in front, then what the call was given under these names, then options by the name of theirs."""

    def typed(given):
        found = [str(given[name[1:]]) if name.startswith(":") else name for name in names]
        for option, name in options.items():
            value = given.get(name)
            if value is not None:
                found += [f"--{option.replace('_', '-')}", str(getattr(value, "value", value))]
        return found

    return typed


def draft(given):
    options = given["options"]
    repeated = {"stratum": options.strata, "balancing": options.balancing, "secondary": options.secondary}
    repeated["approval"] = options.approvals
    return [
        *("draft", given["cycle"], "--candidate", given["candidate"], "--starts", str(options.starts)),
        *("--waves", str(options.waves), "--every", str(options.every_months)),
        *(word for name, values in repeated.items() for value in values for word in (f"--{name}", value)),
    ]


TYPED = {
    "synthesise": words("data", "synthesise", until="until"),
    "load_data": words("data", "load"),
    "check_loaded_data": words("data", "check"),
    "build_indicators": words("indicators"),
    "write_insight": words("insight"),
    "weigh_priorities": words("priorities", "weigh"),
    "draft_protocol": draft,
    "compare_cycle_designs": words("design", ":cycle", workers="workers"),
    "record_approval": words(
        "approval", ":cycle", ":approval", reference="reference", given_on="given_on", expires_on="expires_on"
    ),
    "register": words("register", ":cycle"),
    "sign_contract": words("contract", ":cycle"),
    "open_recruitment": words("recruit", ":cycle"),
    "record_opt_out": words("opt-out", ":cycle", ":site", of="scope"),
    "prepare_allocation": words("allocate", "prepare", ":cycle", seed="seed"),
    "allocate": words("allocate", "draw", ":cycle", seed="seed"),
    "export_list": words("lists", "export", ":cycle", ":strategy"),
    "prepare_wave": words("wave", "prepare", ":cycle", ":wave"),
    "approve_wave": words("wave", "approve", ":cycle", ":wave"),
    "send_wave": words("wave", "send", ":cycle", ":wave"),
    "note_delivery": words("wave", "note", ":cycle", ":wave", ":file"),
    "log_contacts": words("contacts", ":cycle", ":file"),
    "look_at_harms_of": words("harms", ":cycle", month="month"),
    "monitor": words("monitor", ":cycle"),
    "start_follow_up": words("delivery", "end", ":cycle"),
    "freeze": words("freeze", ":cycle"),
    "evaluate_cycle": words("evaluate", ":cycle"),
    "appraise_cycle": words("appraise", ":cycle"),
    "decide": words("decide", ":cycle", ":decision", reason="reason"),
    "score_cycle": words("forecasts", ":cycle"),
    "post_evidence": words("evidence", "post", ":cycle"),
    "write_dossier": words("dossier", ":cycle"),
    "write_board": words("board", ":cycle"),
    "export_calendar": words("calendar", on="on"),
}
"""The command of each call."""
ONLY_READ = {"open_workspace", "acting", "current_panel"}
"""What the demo asks of the programme without doing anything in it: a user reads it off a page."""


def taken_down(name, function, calls, kept):
    """The function, whose calls are kept with all that they were given, and a file as it was then."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def run(*args, **options):
        given = dict(signature.bind(*args, **options).arguments)
        if isinstance(given.get("file"), Path):
            given["file"] = shutil.copy(given["file"], kept / f"{len(calls)}-{given['file'].name}")
        calls.append((name, given))
        return function(*args, **options)

    return run


def as_typed(name, given, folder):
    who = given.get("by")
    acting = [] if who is None else ["--as", who.person.id, "--on", str(who.on)]
    return [*TYPED[name](given), *acting, "-p", str(folder)]


def small_region(folder):
    eh.new_programme(folder, template=TURN.template)
    text = (folder / PROTOCOL).read_text("utf-8")
    for old, new in SMALLER:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / PROTOCOL).write_text(text, "utf-8")
    assert main(["data", "synthesise", "--practices", "60", "-p", str(folder)]) == 0


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The folder in which the demo walked, the one in which its calls were typed, and the calls."""
    home = tmp_path_factory.mktemp("replay")
    walked, typed, calls = home / "walked", home / "typed", []
    small_region(walked)
    shutil.copytree(walked, typed)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ENGINEHOUSE_AS", raising=False)
        for name in set(eh.__all__) - ONLY_READ:
            found = getattr(eh, name)
            if inspect.isfunction(found):
                patch.setattr(eh, name, taken_down(name, found, calls, home), raising=False)
        run_trial(eh.open_workspace(walked), TURN.cycle, silent, seed=TURN.seed, how=How())
    for name, given in calls:
        type_it(name, given, typed)
    return walked, typed, calls


def type_it(name, given, folder):
    """Type the command; a draft is made where no cycle of this name is, and what people made of it is put in its place."""
    cycle, aside = folder / "cycles" / TURN.cycle, folder / "aside"
    if name == "draft_protocol":
        cycle.rename(aside)
    line = as_typed(name, given, folder)
    assert main(line) == 0, line
    if name == "draft_protocol":
        kept = folder / "output" / f"{TURN.cycle}-drafted"
        cycle.rename(kept)
        aside.rename(cycle)


def record_of(folder):
    return list(Record(folder / ".enginehouse").store.events())


def test_every_step_of_the_demo_is_a_command(both):
    *_, calls = both
    assert {name for name, _ in calls} == set(TYPED), "a call without a command, or a command that the demo leaves out"


def test_typed_by_the_same_people_on_the_same_days_it_is_the_same_record(both):
    walked, typed, _ = both
    first, second = record_of(walked), record_of(typed)
    told = [[(e.type, e.cycle, e.actor, e.effective_on) for e in events] for events in (first, second)]
    assert told[0] == told[1]
    for one, other in zip(first, second, strict=True):
        # A dossier prints the head of its own record, in which the clock is.
        if one.type != "dossier-written":
            assert one.payload == other.payload, one.type


def test_the_verdict_is_the_same(both):
    walked, typed, _ = both
    verdicts = [eh.open_workspace(folder).state(TURN.cycle).verdict for folder in (walked, typed)]
    assert verdicts[0] == verdicts[1] is not None


def test_what_was_drafted_of_the_candidate_stands_beside_what_was_locked(both):
    walked, typed, calls = both
    (given,) = (given for name, given in calls if name == "draft_protocol")
    drafted = [
        (folder / "output" / f"{TURN.cycle}-drafted" / "protocol.yaml").read_bytes() for folder in (walked, typed)
    ]
    assert drafted[0] == drafted[1]
    assert f"# Drafted from the candidate '{given['candidate']}'".encode() in drafted[0]
    changes = (walked / "output" / f"{TURN.cycle}-drafted" / "changes.txt").read_text("utf-8")
    assert "analysis.harm_looks: was nothing, is now 2025-11" in changes


def test_the_look_at_harms_is_taken_on_the_registered_day(both):
    walked, *_ = both
    (look,) = (event for event in record_of(walked) if event.type == "harms-looked")
    assert (str(look.effective_on), look.payload.last_month, look.actor) == (
        "2025-12-01",
        "2025-11",
        "asserted:governance",
    )
