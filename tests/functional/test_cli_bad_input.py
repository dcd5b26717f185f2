"""Bad input as a user meets it: the message, the exit code, and that nothing half-done is left."""

from __future__ import annotations

import csv
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

INDICATOR = "metered-dose-inhaler-share"
ROW = "metered-dose-inhalers,P01,2022-04,360,639\n"
PEOPLE = "id,name,roles\nana,Ana,analyst\nstat,Stat,statistician\nboard,Board,commissioner\nvisitor,Visitor,auditor\n"


@pytest.fixture
def steps(run):
    """Run steps one after another as the starter's `me`; the last one's result, those before must succeed."""

    def go(folder: Path, *commands: str, person: str = "me"):
        done = None
        for command in commands:
            assert done is None or done.code == 0, done.err
            done = run(*command.split(), "-p", str(folder), "--as", person)
        assert done is not None
        assert "Traceback" not in done.err
        return done

    return go


def loaded_rows(folder: Path) -> int:
    return len(list((folder / ".enginehouse/warehouse/snapshots/measurements").glob("*/snapshot.json")))


# ---- files of data


def test_a_missing_file(at, steps):
    folder = at("registered")
    (folder / "data/measurements.csv").rename(folder / "data/measurement.csv")
    refused = steps(folder, "data load")
    assert refused.code == 3
    assert "no file found for 'data/measurements.csv'" in refused.err
    assert "measurement.csv" in refused.err, "what the folder holds instead is listed"


def test_the_problems_of_all_sources_are_told_together(at, steps, run):
    folder = at("registered")
    for name in ("measurements", "sites"):
        (folder / f"data/{name}.csv").rename(folder / f"data/{name}.txt")
    refused = steps(folder, "data load")
    assert refused.code == 3
    assert "no file found for 'data/measurements.csv'" in refused.err
    assert "no file found for 'data/sites.csv'" in refused.err
    (folder / "data/sites.txt").rename(folder / "data/sites.csv")
    refused = steps(folder, "data load")
    assert refused.code == 3
    assert "Loaded all the same: sites." in refused.err
    kinds = [e["type"] for e in run("ledger", "show", "-p", str(folder), "--json").json]
    assert kinds.count("data-loaded") == 1


def test_a_synthetic_region_before_its_files_are_made(run, tmp_path):
    folder = tmp_path / "region"
    assert run("new", str(folder), "--template", "synthetic-region").code == 0
    refused = run("data", "load", "-p", str(folder), "--as", "me")
    assert refused.code == 3
    assert "have not been made yet. Run: enginehouse data synthesise, then load again." in refused.err


def test_renamed_columns(at, steps, edit):
    folder = at("registered")
    edit(
        folder / "data/measurements.csv",
        "indicator,site,month,numerator,denominator",
        "indicator,site,month,Numeratr,denominator",
    )
    refused = steps(folder, "data load")
    assert refused.code == 3
    assert "the file lacks the column(s) numerator." in refused.err
    assert "columns: {numerator: Numeratr}" in refused.err
    edit(folder / "programme.yaml", "numerator: numerator", "numerator: Numeratr")
    assert "1,440" in steps(folder, "data load").out


def test_a_file_in_a_wrong_encoding(at, steps):
    folder = at("registered")
    path = folder / "data/measurements.csv"
    path.write_bytes(path.read_text("utf-8").encode("utf-16"))
    refused = steps(folder, "data load")
    assert refused.code == 3
    assert "UTF-16" in refused.err
    assert "Save it as 'CSV UTF-8 (comma separated)'" in refused.err


def test_names_in_latin_1_are_read_as_they_are(at, steps, run):
    folder = at("registered")
    path = folder / "data/sites.csv"
    path.write_bytes(path.read_text("utf-8").replace("Ashdale Practice A", "Pontarddulais Süd").encode("latin-1"))
    steps(folder, "data load", "indicators")
    assert "Süd" in "".join(
        p.read_bytes().decode("utf-8", "ignore") for p in (folder / ".enginehouse").rglob("*.parquet")
    )


def test_a_file_without_one_row_that_fits(at, steps, edit):
    folder = at("registered")
    path = folder / "data/measurements.csv"
    path.write_text(path.read_text("utf-8").replace("metered-dose-inhalers,P", "metered-dose-inhalers,P,P"), "utf-8")
    refused = steps(folder, "data load")
    assert refused.code == 3
    assert loaded_rows(folder) == 0


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("metered-dose-inhalers,P01,2022-04,-3,639\n", "numerator is negative"),
        ("metered-dose-inhalers,P01,2022-04,many,639\n", "numerator"),
        ("metered-dose-inhalers,P01,2022-13,360,639\n", "month: '2022-13' is not a month"),
        ("metered-dose-inhalers,,2022-04,360,639\n", "site is missing"),
        (ROW + ROW, "repeats an earlier row of the same indicator, site and month"),
    ],
)
def test_a_row_that_does_not_fit_is_set_aside_with_its_reason(row, reason, at, steps, edit, run):
    folder = at("registered")
    edit(folder / "data/measurements.csv", ROW, row)
    loaded = steps(folder, "data load")
    assert loaded.code == 0
    assert "1 row(s) did not fit and were set aside, each with its reason: enginehouse data quarantine" in loaded.out
    found = run("data", "check", "-p", str(folder), "--json").json
    (finding,) = [each for each in found if each["check"] == "quarantined-rows"]
    assert (finding["source"], finding["count"]) == ("measurements", 1)
    assert reason in finding["what"] + " ".join(finding["examples"])
    (aside,) = run("data", "quarantine", "measurements", "-p", str(folder), "--json").json
    assert (aside["source"], aside["file"], aside["row"]) == (
        "measurements",
        "data/measurements.csv",
        3 if row == ROW + ROW else 2,
    )
    assert reason in aside["reason"]
    assert aside["text"] == row.splitlines()[-1]


def test_rows_that_contradict_are_both_set_aside(at, steps, edit, run, tmp_path):
    folder = at("registered")
    edit(folder / "data/measurements.csv", ROW, ROW + ROW.replace("360", "361"))
    assert "2 row(s) did not fit" in steps(folder, "data load").out
    shown = run("data", "quarantine", "-p", str(folder)).out
    assert "measurements: data/measurements.csv, row 3: " in shown
    assert "    metered-dose-inhalers,P01,2022-04,361,639\n2 row(s) set aside." in shown
    written = run("data", "quarantine", "-p", str(folder), "--csv", str(tmp_path / "aside.csv"))
    assert "Wrote 2 row(s)" in written.out
    rows = list(csv.reader((tmp_path / "aside.csv").read_text("utf-8").splitlines()))
    assert rows[0] == ["source", "file", "row", "reason", "text"]
    assert [row[2] for row in rows[1:]] == ["2", "3"]
    assert run("data", "quarantine", "sites", "-p", str(folder)).out == "No row was set aside.\n"
    assert "Did you mean 'sites'?" in run("data", "quarantine", "site", "-p", str(folder)).err
    assert "got csv, which 'check' does not use." in run("data", "check", "--csv", "x", "-p", str(folder)).err


def test_an_unfinished_protocol_stops_no_work_on_data(at, steps, run):
    folder = at("new")
    (folder / "cycles/second").mkdir()
    (folder / "cycles/second/protocol.yaml").write_text("schema: 1\ntitle: To be written\n", "utf-8")
    assert steps(folder, "data load", "indicators").code == 0
    for words in (("data", "check"), ("data", "quarantine"), ("indicators", "show", INDICATOR), ("insight",)):
        assert run(*words, "-p", str(folder)).code == 0
    assert run("check", "-p", str(folder)).code == 2
    refused = steps(folder, "register first")
    assert refused.code == 2
    assert "cycles/second/protocol.yaml" in refused.err


def test_a_numerator_above_its_denominator_where_that_cannot_be(at, steps, edit, run):
    folder = at("registered")
    edit(folder / "data/measurements.csv", ROW, "metered-dose-inhalers,P01,2022-04,640,639\n")
    built = steps(folder, "data load", "indicators")
    assert f"Note: {INDICATOR}: 1 row" in built.out
    assert "above the denominator that should contain it (such as site:P01)." in built.out
    shown = run("indicators", "show", INDICATOR, "--month", "2022-04", "-p", str(folder), "--json").json
    assert "site:P01" not in [row[0] for row in shown["rows"]]
    checked = run("data", "check", "-p", str(folder), "--json")
    assert [f["severity"] for f in checked.json if f["check"] == "numerator-above-denominator"] == ["error"]
    assert checked.code == 3, "an error in the data is an error of the command"
    steps(folder, "freeze first", "evaluate first", "dossier first")
    page = " ".join((folder / "output/first-dossier.html").read_text("utf-8").split())
    assert "numerator is above the denominator that should contain it" in page


def test_a_ratio_that_is_no_proportion_may_be_above_one(at, steps, edit):
    folder = at("new")
    edit(folder / "data/measurements.csv", ROW, "metered-dose-inhalers,P01,2022-04,640,639\n")
    edit(folder / f"indicators/{INDICATOR}.yaml", "is_proportion: true", "is_proportion: false")
    assert "Note" not in steps(folder, "register first", "data load", "indicators").out


# ---- definitions


def test_an_unknown_indicator(at, steps, edit, run):
    folder = at("loaded")
    refused = steps(folder, "indicators build metered-dose-inhaler")
    assert refused.code == 3
    assert f"Did you mean '{INDICATOR}'?" in refused.err
    edit(folder / f"indicators/{INDICATOR}.yaml", "name: metered-dose-inhalers", "name: metered-dose-inhaler")
    refused = steps(folder, "indicators")
    assert "got name 'metered-dose-inhaler', which source 'measurements' does not have" in refused.err
    edit(folder / "cycles/first/protocol.yaml", f"indicator: {INDICATOR}", "indicator: inhalers")
    assert "got the indicator 'inhalers'; expected 'metered-dose-inhaler-share'" in run("check", "-p", str(folder)).out


@pytest.mark.parametrize(
    "command",
    [
        "register frist",
        "freeze frist",
        "evaluate frist",
        "appraise frist",
        "decide frist implement --reason x",
        "dossier frist",
    ],
)
def test_an_unknown_cycle(command, at, steps):
    refused = steps(at("built"), command)
    assert refused.code == 2
    assert "got cycle 'frist'. Expected one of: first. Did you mean 'first'?" in refused.err


def test_an_unknown_source(at, steps):
    refused = steps(at("built"), "data load site")
    assert "got source 'site'. Expected one of: measurements, sites. Did you mean 'sites'?" in refused.err


# ---- the order of steps, days and people


def test_evaluation_before_the_freeze(at, steps):
    refused = steps(at("built"), "evaluate first")
    assert refused.code == 4
    assert "No estimate exists before the data are frozen." in refused.err
    assert "Next possible step: freeze" in refused.err


@pytest.mark.parametrize(
    ("step", "command", "said"),
    [
        ("built", "dossier first", "there is no result for a dossier to tell. Next possible step: freeze"),
        ("built", "decide first implement --reason x", "A decision follows an evaluation."),
        ("frozen", "appraise first", "An appraisal needs an evaluation."),
        ("loaded", "indicators show x", "no panel has been built yet. Run: enginehouse data load"),
        ("registered", "indicators", "source 'measurements' was not loaded. Run `enginehouse data load` first."),
        ("loaded", "freeze first", "no panel has been built yet."),
        ("new", "freeze first", "Next possible step: register"),
        ("new", "dossier first", "there is no record to write dossier from before it is registered"),
        ("evaluated", "appraise first", "the registered protocol has no economics"),
        ("new", "register first --amend x", "A draft is not locked: edit its file."),
    ],
)
def test_a_step_out_of_order_says_what_comes_first(step, command, said, at, steps):
    refused = steps(at(step), command)
    assert refused.code in (2, 3, 4)
    assert said in refused.err


def test_a_protocol_changed_after_the_freeze(at, steps, edit):
    folder = at("frozen")
    edit(folder / "cycles/first/protocol.yaml", "worthwhile: 0.97", "worthwhile: 0.95")
    refused = steps(folder, "evaluate first")
    assert refused.code == 4
    assert "the files no longer say what was registered" in refused.err
    assert "analysis.worthwhile" in refused.err
    assert "a different question is a new cycle." in refused.err
    edit(folder / "cycles/first/protocol.yaml", "worthwhile: 0.95", "worthwhile: 0.970   # the same")
    assert steps(folder, "evaluate first").code == 0


def test_a_definition_changed_after_the_lock(at, steps, edit):
    folder = at("built")
    edit(folder / f"indicators/{INDICATOR}.yaml", "direction: lower-is-better", "direction: higher-is-better")
    edit(folder / "cycles/first/protocol.yaml", "worthwhile: 0.97", "worthwhile: 1.03")
    refused = steps(folder, "freeze first")
    assert refused.code == 4
    assert f"indicator {INDICATOR}, direction" in refused.err


def test_a_panel_built_by_another_definition_than_was_registered(at, steps, edit):
    folder = at("loaded")
    path = folder / f"indicators/{INDICATOR}.yaml"
    edit(path, "unit: metered-dose inhaler items", "unit: items")
    assert steps(folder, "indicators").code == 0
    edit(path, "unit: items", "unit: metered-dose inhaler items")
    refused = steps(folder, "freeze first")
    assert refused.code == 4
    assert f"the panel was not built by the registered definitions of {INDICATOR}." in refused.err


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("evaluate first --on 2026-03-02", "which is before the cycle's last transition (2026-03-03). Use 2026-03-03"),
        ("evaluate first --on 2999-01-01", "which is after today"),
        ("data load --on 2999-01-01", "which is after today"),
        ("indicators --on 2999-01-01", "which is after today"),
        ("evaluate first --on 03/04/2026", "got '03/04/2026' for a day. Write it as YYYY-MM-DD"),
    ],
)
def test_days_out_of_order(command, said, at, steps):
    refused = steps(at("frozen"), command)
    assert refused.code in (2, 4)
    assert said in refused.err


def test_people_without_the_role(at, run):
    folder = at("built")
    (folder / "people.csv").write_text(PEOPLE, "utf-8")
    said = {
        (
            "data",
            "load",
            "--as",
            "board",
        ): "'board' (commissioner) may not load data. It takes the role analyst or statistician",
        ("indicators", "--as", "board"): "may not build panel",
        ("freeze", "first", "--as", "visitor"): "'visitor' (auditor) may not freeze.",
        ("freeze", "first", "--as", "nobody"): "got person 'nobody'. Expected one of: ana, board, stat, visitor.",
    }
    for words, why in said.items():
        refused = run(*words, "-p", str(folder))
        assert refused.code in (2, 4)
        assert why in refused.err
    for words in (("freeze", "first", "--as", "ana"), ("evaluate", "first", "--as", "stat")):
        assert run(*words, "-p", str(folder)).code == 0
    assert (
        "may not decide" in run("decide", "first", "implement", "--reason", "x", "--as", "stat", "-p", str(folder)).err
    )
    assert run("decide", "first", "implement", "--reason", "x", "--as", "board", "-p", str(folder)).code == 0
    assert run("dossier", "first", "--as", "visitor", "-p", str(folder)).code == 0, "a dossier is open to every role"


def test_one_person_decides_what_they_evaluated(at, steps):
    folder = at("evaluated")
    refused = steps(folder, "decide first implement --reason x")
    assert refused.code == 4
    assert "did evaluate this cycle and so may not decide it" in refused.err
    assert "This act takes a second person" in refused.err
    assert "no reason was given" in steps(folder, "decide first implement --reason=", person="board").err


# ---- what cannot be estimated


def test_months_missing(at, steps, run):
    folder = at("registered")
    path = folder / "data/measurements.csv"
    kept = [line for line in path.read_text("utf-8").splitlines() if ",2023-06," not in line]
    path.write_text("\n".join(kept) + "\n", "utf-8")
    refused = steps(folder, "data load", "indicators", "freeze first")
    assert refused.code == 3
    assert f"{INDICATOR} has no data for 1 of the 36 registered months: 2023-06." in refused.err
    found = run("data", "check", "-p", str(folder), "--json").json
    assert [f["check"] for f in found] == ["missing-months"]


def test_too_few_months(at, steps, edit):
    folder = at("new")
    edit(
        folder / "cycles/first/protocol.yaml",
        "baseline_months: 24\n  follow_up_months: 12",
        "baseline_months: 24\n  follow_up_months: 2",
    )
    shown = steps(folder, "register first", "data load", "indicators", "freeze first", "evaluate first")
    assert (
        "Verdict: cannot be estimated.\nCannot be estimated: There are 24 months before and 2 from the start on; at least 3 are needed on each side."
        in shown.out
    )
    assert "–" in shown.out


def test_no_controls(at, steps, edit, run):
    folder = at("new")
    edit(folder / "cycles/first/protocol.yaml", "within: {region: North}", "within: {region: Nroth}")
    refused = steps(folder, "register first", "data load", "indicators", "freeze first")
    assert refused.code in (2, 3)
    assert "got region 'Nroth', which no site belongs to in 2024-04." in refused.err
    assert "Did you mean 'North'?" in refused.err


def test_nobody_to_compare_with(at, run):
    folder = at("new")
    path = folder / "cycles/first/protocol.yaml"
    text = path.read_text("utf-8")
    start, end = text.index("  comparators:"), text.index("design:")
    path.write_text(text[:start] + "  comparators: []\n" + text[end:], "utf-8")
    found = run("check", "-p", str(folder))
    assert found.code == 2
    assert "got none; expected at least one. Say who is compared with." in found.out


def test_too_few_placebo_areas(at, steps, run):
    folder = at("registered")
    path = folder / "data/sites.csv"
    rows = path.read_text("utf-8").splitlines()
    # One area for the whole South leaves five in the North and nothing to compare the South with.
    kept = [
        ",".join([c[0], c[1], "South", *c[3:]]) if c[3] == "South" else ",".join(c)
        for c in (r.split(",") for r in rows)
    ]
    path.write_text("\n".join(kept) + "\n", "utf-8")
    shown = steps(folder, "data load", "indicators", "freeze first", "evaluate first")
    assert shown.code == 0
    assert "Verdict: cannot be estimated." in shown.out
    steps(folder, "dossier first")
    page = " ".join((folder / "output/first-dossier.html").read_text("utf-8").split())
    assert "Cannot be estimated" in page
    assert "only 5 untreated area(s) of like size" in page
    assert "as a description and not as evidence" in page


# ---- record and machine


def test_a_cycle_whose_folder_was_removed(at, steps, run):
    folder = at("frozen")
    shutil.rmtree(folder / "cycles/first")
    refused = steps(folder, "evaluate first")
    assert refused.code == 2
    assert "the cycle 'first' is in the record, but its folder is gone." in refused.err
    assert "Put the folder back as it was." in refused.err
    assert "Expected one of: ." not in refused.err
    assert "There is no cycle yet: write second/protocol.yaml." in steps(folder, "evaluate second").err
    assert "Protocol locked" in run("timeline", "-p", str(folder)).out, "what was recorded is still told"


def test_no_record_is_not_a_whole_record(at, run):
    folder = at("new")
    found = run("ledger", "verify", "-p", str(folder))
    assert found.code == 5
    assert "There is no record here" in found.out
    assert run("ledger", "verify", "-p", str(folder), "--json").json["ok"] is False


def test_a_record_that_was_removed_from_its_documents(at, run):
    folder = at("decided")
    for path in (folder / ".enginehouse").glob("ledger.sqlite*"):
        path.unlink()
    found = run("ledger", "verify", "-p", str(folder))
    assert found.code == 5
    assert "there are documents but no ledger beside them" in found.out


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("built", ("insight",)),
        ("built", ("data", "check")),
        ("evaluated", ("dossier", "first", "--as", "me")),
        ("registered", ("timeline",)),
    ],
)
def test_pages_that_cannot_be_written(step, words, at, run):
    folder = at(step)
    (folder / "output").write_text("a file where a folder should be", "utf-8")
    refused = run(*words, "-p", str(folder))
    assert refused.code == 6
    assert "could not write the file" in refused.err
    assert "Check the folder and its permissions." in refused.err


@pytest.mark.parametrize("words", [("new",), ("demo", "--only", "campaign", "--folder")])
def test_a_place_where_nothing_can_be_made(words, run, tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    refused = run(*words, str(tmp_path / "file" / "here"))
    assert refused.code == 6
    assert "could not write the file" in refused.err


def test_a_broken_ledger(at, run):
    folder = at("decided")
    with closing(sqlite3.connect(folder / ".enginehouse/ledger.sqlite")) as store, store:
        for trigger in ("entries_are_not_changed", "entries_are_not_removed"):
            store.execute(f"DROP TRIGGER {trigger}")
        store.execute("UPDATE entries SET body = replace(body, 'evaluate-further', 'implement') WHERE cycle = 'first'")
    found = run("ledger", "verify", "-p", str(folder))
    assert found.code == 5
    assert "The record is not whole:" in found.out
    assert run("ledger", "verify", "-p", str(folder), "--json").json["ok"] is False
    refused = run("dossier", "first", "-p", str(folder), "--as", "me")
    assert refused.code == 5
    assert "ledger verify" in refused.err


def test_a_record_that_was_cut_short(at, run):
    folder = at("decided")
    (folder / "head.txt").write_text(run("ledger", "head", "-p", str(folder)).out, "utf-8")
    with closing(sqlite3.connect(folder / ".enginehouse/ledger.sqlite")) as store, store:
        store.execute("DROP TRIGGER entries_are_not_removed")
        store.execute("DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)")
    found = run("ledger", "verify", "--head", str(folder / "head.txt"), "-p", str(folder))
    assert found.code == 5
    missing = run("ledger", "verify", "--head", str(folder / "nowhere.txt"), "-p", str(folder))
    assert "this file cannot be read" in missing.err


def test_a_document_that_was_changed(at, run):
    folder = at("evaluated")
    (frozen,) = [e for e in run("ledger", "show", "-p", str(folder), "--json").json if e["type"] == "cycle-evaluated"]
    path = folder / ".enginehouse/documents" / frozen["payload"]["evaluation"]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"worthwhile", b"equivalent"))
    assert run("ledger", "verify", "-p", str(folder)).code == 5
    refused = run("dossier", "first", "-p", str(folder), "--as", "me")
    assert (refused.code, "this document was altered" in refused.err) == (5, True)


@pytest.mark.parametrize(
    ("step", "words", "file_bytes"),
    [
        ("registered", ("data", "load"), 2_000),
        ("new", ("register", "first"), 1_000),
        ("evaluated", ("dossier", "first"), 20_000),
    ],
)
def test_a_full_disk(step, words, file_bytes, at, shell, run):
    folder = at(step)
    before = run("ledger", "show", "-p", str(folder), "--json").json
    refused = shell(*words, "-p", str(folder), "--as", "me", file_bytes=file_bytes)
    assert refused.code == 6, refused.err
    assert "Traceback" not in refused.err
    assert "Free some disk space" in refused.err
    assert run("ledger", "show", "-p", str(folder), "--json").json == before
    assert run("ledger", "verify", "-p", str(folder)).code == 0
    assert run(*words, "-p", str(folder), "--as", "me").code == 0, "with room again, the same command does it"


# ---- a question held against the data before it is locked


@pytest.fixture
def unlocked(at):
    """The starter with its data loaded and built, before anything is registered."""

    def make(run) -> Path:
        folder = at("new")
        for words in (("data", "load"), ("indicators",)):
            assert run(*words, "-p", str(folder), "--as", "me").code == 0
        return folder

    return make


def test_everything_that_could_never_be_evaluated_is_refused_together(unlocked, run, edit):
    folder = unlocked(run)
    path = folder / "cycles/first/protocol.yaml"
    edit(path, "within: {region: North}", "within: {region: Nroth}")
    edit(path, "sites: {within: {area: Ashdale}}", "sites: {within: {area: Ashdael}}")
    for dry in ((), ("--dry-run",)):
        refused = run("register", "first", "-p", str(folder), "--as", "me", *dry)
        assert refused.code == 2
        assert "exposure.sites.within.area\n  got area 'Ashdael', which no site belongs to in 2024-04." in refused.err
        assert "Did you mean 'Ashdale'?" in refused.err
        assert "got region 'Nroth', which no site belongs to in 2024-04. Expected one of: North, South." in refused.err
    assert [e["type"] for e in run("ledger", "show", "-p", str(folder), "--json").json].count("cycle-registered") == 0


def test_an_arm_without_sites_is_refused(unlocked, run, edit):
    folder = unlocked(run)
    edit(folder / "cycles/first/protocol.yaml", "within: {area: Ashdale}", "within: {area: Ashdale, region: South}")
    refused = run("register", "first", "-p", str(folder), "--as", "me")
    assert refused.code == 2
    assert "no site belongs to 'Ashdale' in 2024-04" in refused.err


def test_what_is_still_to_come_is_advice(at, run, edit):
    folder = at("new")
    path = folder / "data/measurements.csv"
    kept = [line for line in path.read_text("utf-8").splitlines() if ",2023-06," not in line and ",2025-" not in line]
    path.write_text("\n".join(kept) + "\n", "utf-8")
    sites = folder / "data/sites.csv"
    rows = [row.split(",") for row in sites.read_text("utf-8").splitlines()]
    sites.write_text("".join(",".join([*r[:2], "South" if r[3] == "South" else r[2], *r[3:]]) + "\n" for r in rows))
    for words in (("data", "load"), ("indicators",)):
        assert run(*words, "-p", str(folder), "--as", "me").code == 0
    shown = run("register", "first", "-p", str(folder), "--as", "me", "--dry-run")
    assert shown.code == 0
    assert "has no data for 1 of the 24 months of the baseline (2023-06)" in shown.out
    assert "has no data for 3 of the 12 months of the follow-up (2025-01, 2025-02, 2025-03)" in shown.out
    assert "The effect will read 'cannot be estimated': only 5 untreated area(s) of like size" in shown.out
    record = run("register", "first", "-p", str(folder), "--as", "me", "--json").json
    assert record["tested"] is True
    assert len(record["advice"]) == 3


def test_a_question_without_data_is_not_tested_and_says_so(at, run):
    shown = run("register", "first", "-p", str(at("new")), "--as", "me")
    assert shown.code == 0
    assert "The question could not be tested against data: none are loaded." in shown.out


def test_a_question_that_fits_its_data_has_no_note(unlocked, run):
    shown = run("register", "first", "-p", str(unlocked(run)), "--as", "me")
    assert shown.code == 0
    assert "Note" not in shown.out
