"""Before the freeze no command, file name or page tells who is in which arm, but to those who deliver.

Two ways to look. The arms have names that occur nowhere else, and no output may hold one. And the same trial is drawn
with two seeds: whatever is printed to others than those who deliver must be the same in both, but for hashes.
"""

from __future__ import annotations

import re
import shutil
from datetime import date

import pytest

import enginehouse as eh
from enginehouse.core.ids import site_code

CYCLE = "facilitation"
ARMS = ("amber", "violet")
SEEDS = ("the seed of the first draw", "the seed of the other draw")
ON = "2025-06-13"
# What anybody may type whose acts do not need the arms; `{folder}` is the programme's.
LOOKS = (
    ("status",), ("status", "--as-of", "2025-05-30"), ("timeline",), ("timeline", "--as-of", "2025-05-30"), ("calendar",),
    ("ledger", "show"), ("ledger", "show", "--cycle", CYCLE), ("ledger", "verify"), ("ledger", "head"), ("check",),
    ("diff", CYCLE), ("insight",), ("data", "check"), ("indicators", "show", "opioids-ome-per-patient"),
    ("evidence", "show"),
)  # fmt: skip
ACTS = (
    ("monitor", CYCLE), ("harms", CYCLE), ("allocate", "draw", CYCLE), ("allocate", "prepare", CYCLE), ("allocate", "audit", CYCLE),
    ("lists", "export", CYCLE, CYCLE), ("wave", "prepare", CYCLE, "2"), ("wave", "approve", CYCLE, "1"),
    ("wave", "send", CYCLE, "1"), ("wave", "note", CYCLE, "1", "{folder}/none.csv"),
    ("contacts", CYCLE, "{folder}/none.csv"), ("lists", "import", CYCLE, CYCLE, "{folder}/none.csv"),
    ("register", CYCLE), ("contract", CYCLE), ("recruit", CYCLE), ("opt-out", CYCLE, "Z90012", "--of", "feedback"),
    ("approval", CYCLE, "data-protection", "--reference", "X", "--given-on", "2025-06-01"), ("delivery", "end", CYCLE),
    ("freeze", CYCLE), ("evaluate", CYCLE), ("appraise", CYCLE), ("dossier", CYCLE), ("board", CYCLE),
    ("forecasts", CYCLE), ("evidence", "post", CYCLE), ("close", CYCLE), ("priorities", "weigh"),
    ("suspend", CYCLE, "--reason", "x"), ("withdraw", CYCLE, "--reason", "x"), ("resume", CYCLE, "--reason", "x"),
    ("decide", CYCLE, "implement", "--reason", "x"), ("analyse", CYCLE, "x", "--reason", "x"),
)  # fmt: skip
OTHERS = ("statistician", "second-statistician", "board", "auditor", "governance")
NO_DRY_RUN = ("audit", "board")


@pytest.fixture(scope="module")
def drawn(trial_standing, trial_in, tmp_path_factory):
    """The trial with named arms, twice: drawn with one seed and with another, its first wave sent."""
    begun = trial_in(shutil.copytree(trial_standing("built"), tmp_path_factory.mktemp("blind") / "programme"))
    protocol = f"cycles/{CYCLE}/protocol.yaml"
    begun.edit(protocol, "  feedback: [bimonthly-feedback]", "  amber: [bimonthly-feedback]")
    begun.edit(protocol, "  feedback-plus-facilitation: [bim", "  violet: [bim")
    begun.edit(protocol, "{feedback: feedback alone, feedback-plus", "{amber: feedback alone, violet: feedback-plus")
    begun.edit(protocol, "violet: feedback-plus-facilitation: ", "violet: ")
    begun.edit(protocol, "{arm: feedback-plus-facilitation, over: feedback}", "{arm: violet, over: amber}")
    for stage in ("registered", "recruiting"):
        begun.step(stage)
    trials = []
    for number, seed in enumerate(SEEDS):
        trial = trial_in(shutil.copytree(begun.folder, tmp_path_factory.mktemp(f"draw{number}") / "programme"))
        trial.do("prepare_allocation", "statistician", "2025-05-19", seed=seed)
        for stage in ("allocated", "approved", "delivering"):
            trial.step(stage)
        trials.append(trial)
    return trials


def by_whom(words):
    """A command as each of the others types it, which changes nothing."""
    if words in LOOKS:
        yield words, None
        return
    for person in OTHERS:
        dry = () if NO_DRY_RUN[0] in words or words[0] in NO_DRY_RUN else ("--dry-run",)
        day = () if "audit" in words else ("--on", ON)
        yield (*words, "--as", person, *day, *dry), person


def masked(text, trial):
    """Without hashes (seeds and documents differ), instants and the folder's name."""
    text = text.replace(str(trial.folder), "PROGRAMME")
    text = re.sub(r"[0-9a-f]{64}|\b[0-9a-f]{12}\b", "HASH", text)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.+]+Z?", "INSTANT", text)


TYPED = [*((words, how) for words in LOOKS for how in ("text", "json")), *((words, "json") for words in ACTS)]


@pytest.mark.parametrize(("words", "how"), TYPED, ids=[f"{' '.join(words)} {how}" for words, how in TYPED])
def test_no_output_tells_an_arm(words, how, drawn, run):
    told = [[], []]
    for trial, outputs in zip(drawn, told, strict=True):
        for typed, person in by_whom(words):
            typed = [word.format(folder=trial.folder) for word in typed]
            done = run(*typed, *(("--json",) if how == "json" else ()), "-p", str(trial.folder))
            assert "Traceback" not in done.err
            for arm in ARMS:
                assert arm not in done.out + done.err, (typed, person)
            outputs.append((done.code, masked(done.out, trial), masked(done.err, trial)))
    if words[0] == "monitor":  # how far the arms differ on the whole is for everyone, and depends on the draw
        told = [[(code, re.sub(r"\d\.\d+", "NUMBER", out), err) for code, out, err in outputs] for outputs in told]
    assert told[0] == told[1]


def test_every_command_of_a_cycle_is_looked_at():
    from enginehouse.cli.main import COMMANDS

    looked_at = {words[0] for words in (*LOOKS, *ACTS)}
    # `explain` tells the registered arms, `design` and `draft` the history; the others know no programme's record.
    assert set(COMMANDS) - looked_at == {"new", "explain", "schema", "design", "draft", "demo", "completion"}


def test_no_page_or_file_name_tells_an_arm(drawn, run):
    paths = []
    for trial in drawn:
        for words in (("timeline",), ("calendar",), ("monitor", CYCLE, "--as", "statistician", "--on", ON)):
            assert run(*words, "-p", str(trial.folder)).code == 0
        found = [path for path in sorted(trial.folder.rglob("*")) if ".enginehouse" not in path.parts]
        names = [str(path.relative_to(trial.folder)) for path in found]
        assert not [name for name in names if any(arm in name for arm in ARMS)]
        written = [p for p in found if p.is_file() and p.relative_to(trial.folder).parts[0] in ("output", "outbox")]
        assert len(written) > 100
        for path in written:
            text = path.read_bytes().decode("utf-8", errors="ignore")
            assert not any(re.search(rf"\b{arm}\b", text) for arm in ARMS), path
        paths.append({name for name in names if "proofs" not in name})
    assert paths[0] == paths[1]


def test_the_two_draws_did_differ(drawn):
    arms = [trial.arms() for trial in drawn]
    assert arms[0].keys() == arms[1].keys()
    assert arms[0] != arms[1]
    assert {*arms[0].values()} == set(ARMS)


def test_those_who_deliver_get_the_list_and_others_are_told_who_may(drawn, run):
    trial = drawn[0]
    done = run("lists", "export", CYCLE, CYCLE, "-p", str(trial.folder), "--as", "second-manager", "--on", ON, "--json")
    assert done.code == 0
    listed = (trial.folder / "output" / "lists" / f"{CYCLE}-{CYCLE}.csv").read_text("utf-8")
    with_visits = {site for site, arm in trial.arms().items() if arm == "violet"}
    assert done.json["sites"] == len(with_visits) == 29
    assert {site for site in trial.arms() if f"{site_code(site)}," in listed} == with_visits
    refused = run("lists", "export", CYCLE, CYCLE, "-p", str(trial.folder), "--as", "me", "--on", ON)
    assert refused.code == 4
    assert "'me' can read the panel, and outcomes joined with arms stay closed until the freeze." in refused.err


def test_the_seed_is_shown_once_the_data_are_frozen_and_not_before(trial_standing, run):
    for stage, shown in (("following-up", False), ("evaluated", True)):
        done = run("ledger", "show", "--json", "-p", str(trial_standing(stage)))
        (drawn,) = [event["payload"] for event in done.json if event["type"] == "sites-allocated"]
        assert (drawn["seed"] == "a seed that was fixed first") is shown
        assert (drawn["second_seed"] == "a seed that came second") is shown
        assert ("a seed that was fixed first" in done.out) is shown
        assert ("a seed that came second" in done.out) is shown


def test_after_the_freeze_an_auditor_draws_the_same_again(trial_at, run, tmp_path):
    """The script is run by a Python that knows nothing of this package, in an empty folder."""
    import subprocess
    import sys

    trial = trial_at("evaluated")
    done = run("allocate", "audit", CYCLE, "-p", str(trial.folder), "--as", "auditor", "--json")
    assert done.code == 0
    words = [sys.executable, "-I", "-S", "audit_allocation.py", "plan.json", "seeds.txt", "allocation.json"]
    checked = subprocess.run(words, cwd=done.json["folder"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert eh.open_workspace(trial.folder).state(CYCLE).stage.value == "evaluated"
    assert date.fromisoformat(ON) < date.today()


# Who reads outcomes by site while sites have arms and the data are not frozen. The trial starts in June 2025, and these
# are its indicators; `antibacterial-items-per-patient` is none of them.
OUTCOME, OTHER = "opioids-ome-per-patient", "antibiotics-per-patient"
SHOW, INSIGHT = ("indicators", "show", OUTCOME), ("insight", OUTCOME)
NOBODY = ""
READS = [
    # stage, command, who, exit code, what is said
    ("following-up", SHOW, NOBODY, 2, "Say who acts with --as or ENGINEHOUSE_AS"),
    ("following-up", INSIGHT, NOBODY, 2, "Say who acts with --as or ENGINEHOUSE_AS"),
    ("following-up", ("insight",), NOBODY, 2, "From 2025-06 on these are outcomes of the running trial 'facilitation'"),
    ("following-up", SHOW, "manager", 4, "'manager' (programme manager) may open who is in which arm"),
    ("following-up", INSIGHT, "second-manager", 4, "outcomes joined with arms stay closed until the freeze"),
    ("following-up", SHOW, "governance", 4, "Months before its start are open to all: --until 2025-05."),
    ("following-up", INSIGHT, "governance", 4, "Pooled: enginehouse monitor facilitation."),
    ("following-up", (*SHOW, "--month", "2025-06"), "manager", 4, OUTCOME),
    ("following-up", (*SHOW, "--until", "2025-06"), "manager", 4, OUTCOME),
    ("following-up", (*INSIGHT, "--until", "2025-06"), "manager", 4, OUTCOME),
    ("following-up", SHOW, "mnager", 2, "Did you mean 'manager'?"),
    ("following-up", SHOW, "statistician", 0, ""),
    ("following-up", INSIGHT, "me", 0, ""),  # every role, and so one that is never shown an arm
    ("following-up", SHOW, "board", 0, ""),
    ("following-up", INSIGHT, "auditor", 0, ""),
    ("following-up", (*SHOW, "--month", "2025-05"), NOBODY, 0, ""),
    ("following-up", (*SHOW, "--until", "2025-05"), NOBODY, 0, ""),
    ("following-up", (*INSIGHT, "--until", "2025-05"), "manager", 0, ""),
    ("delivering", SHOW, NOBODY, 0, ""),  # no month after the start is loaded yet
    ("delivering", ("insight",), "manager", 0, ""),
    ("prepared", SHOW, NOBODY, 0, ""),
    ("evaluated", SHOW, NOBODY, 0, ""),
    ("evaluated", ("insight",), "manager", 0, ""),
]


@pytest.mark.parametrize(
    ("stage", "words", "who", "code", "said"), READS, ids=[f"{s} {' '.join(w)} {who}" for s, w, who, _, _ in READS]
)
def test_outcomes_by_site_are_not_for_those_who_may_open_the_arms(stage, words, who, code, said, trial_standing, run):
    named = ("--as", who) if who else ()
    done = run(*words, *named, "-p", str(trial_standing(stage)))
    assert done.code == code, done.out + done.err
    assert said in done.err
    assert "Traceback" not in done.err
    if code:
        assert not done.out


def test_months_up_to_one_are_shown_and_no_other(trial_standing, run):
    done = run(*SHOW, "--until", "2025-05", "--json", "-p", str(trial_standing("following-up")))
    months = {row[1] for row in done.json["rows"]}
    assert max(months) == "2025-05"
    assert len(months) == 12
    early = run(*SHOW, "--until", "2020-05", "-p", str(trial_standing("following-up")))
    assert (early.code, "has no rows up to 2020-05" in early.err) == (3, True)
    early = run(*INSIGHT, "--until", "2020-05", "-p", str(trial_standing("following-up")))
    assert (early.code, f"{OUTCOME} begins in 2024-06" in early.err) == (3, True)


def test_a_cycle_that_ended_without_a_result_closes_nothing(trial_at, run):
    trial = trial_at("following-up")
    trial.do("suspend", "governance", "2026-06-01", reason="A pause.")
    assert run(*SHOW, "--as", "manager", "-p", str(trial.folder)).code == 4
    trial.do("withdraw", "governance", "2026-06-02", reason="For good.")
    assert run(*SHOW, "-p", str(trial.folder)).code == 0
