"""The main path of every command on the starter programme: what it prints, its JSON, and what it leaves behind."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from enginehouse.cli.main import main
from enginehouse.governance.disclosure import SUPPRESSED

INDICATOR = "metered-dose-inhaler-share"


def events(folder: Path) -> list[str]:
    """The kinds of events in the record, read without the package's own reader."""
    path = folder / ".enginehouse" / "ledger.sqlite"
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        bodies = [row[0] for row in store.execute("SELECT body FROM entries ORDER BY seq")]
    return [json.loads(body)["type"] for body in bodies]


def test_new_and_check(run, tmp_path):
    made = run("new", str(tmp_path / "mine"), "--json")
    assert made.json == {"folder": str(tmp_path / "mine"), "template": "starter"}
    again = run("new", str(tmp_path / "mine"))
    assert again.code == 2
    assert "this is not an empty folder; nothing was written" in again.err
    checked = run("check", "-p", str(tmp_path / "mine"))
    assert (checked.code, "no problems found" in checked.out) == (0, True)
    record = run("check", "-p", str(tmp_path / "mine"), "--json").json
    assert all(set(each) == {"where", "what", "remedy"} for each in record.pop("advice"))
    assert record == {
        "problems": [],
        "indicators": 1,
        "strategies": 1,
        "cycles": 1,
        "sources": 2,
        "messages": 0,
        "studies": 0,
        "candidates": 0,
    }


def test_check_ends_with_what_is_worth_knowing(run, at):
    folder = at("new")
    (folder / "data/sites.csv").unlink()
    (folder / "people.csv").write_text("id,name,roles\nme,My Name,boss\n", "utf-8")
    checked = run("check", "-p", str(folder))
    assert checked.code == 0
    assert "no problems found" in checked.out.splitlines()[0]
    assert "got 'boss'" in checked.out
    assert "no file found for 'data/sites.csv'" in checked.out
    advice = run("check", "-p", str(folder), "--json").json["advice"]
    places = [each["where"].rpartition("/")[2] for each in advice]
    assert {place.partition(":")[0] for place in places} >= {"people.csv", "programme.yaml"}


def test_check_lists_every_problem_and_fails(run, at, edit):
    folder = at("new")
    edit(folder / "cycles/first/protocol.yaml", "type: controlled-its", "type: controled-its")
    edit(folder / f"indicators/{INDICATOR}.yaml", "direction: lower-is-better", "direction: down")
    found = run("check", "-p", str(folder))
    assert found.code == 2
    assert "Did you mean 'controlled-its'?" in found.out
    assert "got 'down'" in found.out
    record = run("check", "-p", str(folder), "--json").json
    assert all(set(problem) == {"where", "what", "remedy"} for problem in record["problems"])
    assert any("protocol.yaml:" in problem["where"] for problem in record["problems"])


def test_explain_names_a_cycle_or_an_indicator(run, standing):
    folder = str(standing("new"))
    assert "Ashdale" in run("explain", "first", "-p", folder).out
    assert run("explain", INDICATOR, "-p", folder, "--json").json["name"] == INDICATOR
    refused = run("explain", "frist", "-p", folder)
    assert (refused.code, "Did you mean 'first'?" in refused.err) == (2, True)


def test_data_load_says_what_is_new_and_what_is_not(run, at):
    folder = at("registered")
    first = run("data", "load", "-p", str(folder), "--as", "me")
    assert first.code == 0
    assert re.search(r"^measurements +1,440 +0", first.out, re.MULTILINE)
    assert "measurements: 1,440 rows" in first.err
    second = run("data", "load", "-p", str(folder), "--as", "me", "--json").json
    assert [(s["source"], s["rows"], s["new"]) for s in second] == [("measurements", 1440, False), ("sites", 40, False)]
    assert events(folder).count("data-loaded") == 2


def test_data_check_writes_a_report(run, at):
    folder = at("built")
    found = run("data", "check", "-p", str(folder))
    assert found.code == 0
    assert " findings. The report is" in found.out
    assert (folder / "output" / "data-quality.html").read_bytes().startswith(b"<!DOCTYPE html>")
    assert run("data", "check", "-p", str(folder), "--json").json == []


def test_indicators_are_built_once(run, at):
    folder = at("loaded")
    first = run("indicators", "-p", str(folder), "--as", "me", "--json").json
    assert first["new"] is True
    assert first["indicators"] == [
        {"indicator": INDICATOR, "sites": "40", "months": "36", "from": "2022-04", "to": "2025-03"}
    ]
    again = run("indicators", "build", INDICATOR, "-p", str(folder), "--as", "me")
    assert f"Panel {first['panel']} (unchanged)." in again.out
    assert events(folder).count("panel-built") == 1


def test_an_indicator_is_shown_as_a_released_table(run, standing, tmp_path):
    folder = str(standing("built"))
    shown = run("indicators", "show", INDICATOR, "--month", "2024-05", "-p", folder, "--json").json
    assert shown["header"] == ["site", "month", "numerator", "denominator", "value", "quality"]
    assert shown["rule"] == "round-and-suppress"
    assert len(shown["rows"]) == 40
    raw = {
        (row["site"], row["month"]): row
        for row in csv.DictReader((Path(folder) / "data/measurements.csv").read_text("utf-8").splitlines())
    }
    for site, month, numerator, denominator, value, _ in shown["rows"]:
        true = raw[site.removeprefix("site:"), month]
        assert (numerator % 5, denominator % 5) == (0, 0)
        assert abs(numerator - int(true["numerator"])) <= 2
        assert abs(denominator - int(true["denominator"])) <= 2
        assert value == numerator / denominator
    path = tmp_path / "numbers.csv"
    written = run("indicators", "show", INDICATOR, "--csv", str(path), "-p", folder)
    assert f"Wrote 1,440 rows to {path}. Counts are rounded to the nearest 5." in written.out
    rows = list(csv.reader(path.read_text("utf-8").splitlines()))
    assert rows[0] == shown["header"]
    assert len(rows) == 1441
    assert "site:P01" in run("indicators", "show", INDICATOR, "-p", folder).out


def test_small_counts_do_not_leave_the_house(run, at, edit):
    folder = at("registered")
    edit(
        folder / "data/measurements.csv",
        "metered-dose-inhalers,P01,2022-04,360,639",
        "metered-dose-inhalers,P01,2022-04,7,639",
    )
    for words in (("data", "load"), ("indicators",)):
        assert run(*words, "-p", str(folder), "--as", "me").code == 0
    shown = run("indicators", "show", INDICATOR, "--month", "2022-04", "-p", str(folder), "--json").json
    assert shown["rows"][0] == ["site:P01", "2022-04", SUPPRESSED, 640, SUPPRESSED, "ok"]
    edit(folder / "programme.yaml", "disclosure: round-and-suppress", "disclosure: none")
    public = run("indicators", "show", INDICATOR, "--month", "2022-04", "-p", str(folder), "--json").json
    assert public["rows"][0][2:4] == [7, 639]


def test_insight_is_a_page_a_text_and_numbers(run, at):
    folder = at("built")
    shown = run("insight", "-p", str(folder))
    assert shown.code == 0
    assert "SYNTHETIC" in shown.out.upper()
    lines = shown.out.splitlines()
    assert lines[1].split() == ["indicator", "sites", "10th", "median", "90th", "ICC", "headroom"]
    assert re.match(
        r"Metered-dose inhalers +40 +\d\d\.\d% +\d\d\.\d% +\d\d\.\d% +0\.\d+ +[\d,]+ .*\(\d+\.\d%\)$", lines[2]
    )
    assert len(lines) <= 5, "the whole page is in the file"
    page = (folder / "output/insight.html").read_text("utf-8")
    assert "one in ten of 40 practices was below" in " ".join(page.split())
    record = run("insight", INDICATOR, "--benchmark", "achievable", "-p", str(folder), "--json").json[INDICATOR]
    assert record["headroom"]["benchmark"] == "achievable"
    assert record["headroom"]["sites"] == 40
    assert [table["attribute"] for table in record["groups"]] == ["deprivation", "list_size"]
    assert all(table["rule"] == "round-and-suppress" for table in record["groups"])
    # Eight practices in each fifth: the median of so few is withheld, and with it the page's column.
    medians = [row[table["header"].index("median")] for table in record["groups"] for row in table["rows"]]
    assert set(medians) == {SUPPRESSED}
    assert "Median" not in page
    # No number of a single site: only sites by their number, and only rounded counts.
    assert "site:P" not in json.dumps(record)
    assert not {"by_site", "smallest", "largest"} & set(re.findall(r'"(\w+)":', json.dumps(record)))
    refused = run("insight", "--benchmark", "best", "-p", str(folder))
    assert "Expected one of: achievable, best-decile, best-quarter, median." in refused.err


def test_a_cycle_from_register_to_close(run, at):
    folder = at("built")
    p = ("-p", str(folder), "--as", "me")
    frozen = run("freeze", "first", *p, "--json").json
    assert (frozen["cycle"], frozen["last_month"]) == ("first", "2025-03")
    result = run("evaluate", "first", *p, "--json").json
    assert result["verdict"]["word"] == "worthwhile"
    decided = run(
        "decide", "first", "implement", "--reason", "Beyond our margin.", "--dissent", "One would wait.", "--close",
        "-p", str(folder), "--as", "board", "--json",
    ).json  # fmt: skip
    assert decided == {
        "cycle": "first",
        "decision": "implement",
        "closed": True,
        "verdict": "worthwhile",
        "rule": "Offer the letter to the other areas, in random order.",
    }
    dossier = run("dossier", "first", *p, "--json").json
    assert dossier["new"] is True
    page = Path(dossier["html"]).read_text("utf-8")
    assert "One would wait." in page
    assert "synthetic" in page
    assert Path(dossier["pdf"]).read_bytes().startswith(b"%PDF")
    assert (folder / "output" / "timeline.html").exists(), "the dossier links it"
    timeline = run("timeline", "-p", str(folder), "--json").json
    assert {entry["kind"] for entry in timeline} == {"improvement", "evaluation"}
    assert (folder / "output" / "timeline.html").exists()
    assert events(folder)[-4:] == ["cycle-evaluated", "cycle-decided", "cycle-closed", "dossier-written"]


def test_evaluate_prints_effects_and_a_verdict(run, at):
    shown = run("evaluate", "first", "-p", str(at("frozen")), "--as", "me")
    assert shown.code == 0
    assert "Verdict: worthwhile.\nWorthwhile: −7.6% (95% interval −11.4% to −3.6%)" in shown.out
    assert "the rest of the North" in shown.out
    assert "checking" in shown.err
    assert "checking" not in shown.out


def test_a_cycle_stands_still_goes_on_and_ends(run, at):
    folder = at("built")
    p = ("-p", str(folder), "--as", "me")
    assert run("suspend", "first", "--reason", "Codes.", *p).out.startswith("Suspended first. It stands still until")
    refused = run("freeze", "first", *p)
    assert refused.code == 4
    assert "The cycle is suspended (it stood in registered)" in refused.err
    assert "Next possible step: resume (enginehouse resume first --reason REASON); or withdraw." in refused.err
    resumed = run("resume", "first", "--reason", "Explained.", *p, "--json").json
    assert resumed == {"cycle": "first", "reason": "Explained.", "stage": "registered"}
    assert "no reason was given" in run("withdraw", "first", "--reason", " ", *p).err
    assert run("withdraw", "first", "--reason", "Never sent.", *p).code == 0
    assert events(folder)[-3:] == ["cycle-suspended", "cycle-resumed", "cycle-withdrawn"]
    assert "nothing follows; register a new cycle" in run("freeze", "first", *p).err
    told = [entry["label"] for entry in run("timeline", "-p", str(folder), "--json").json]
    assert told[-3:] == ["Cycle suspended", "Cycle resumed", "Cycle withdrawn"]


def test_the_registered_rule_stands_beside_the_decision(run, at):
    words = ("decide", "first", "do-not-pursue", "--reason", "No money.", "--as", "board")
    shown = run(*words, "-p", str(at("evaluated")))
    assert shown.code == 0, "the rule says something else, and the board decides"
    assert shown.out == (
        "Decided on first: do-not-pursue.\n"
        "Registered for the verdict 'worthwhile': Offer the letter to the other areas, in random order.\n"
    )


def test_why_nothing_can_be_estimated_stands_below_the_table(run, at, edit):
    folder = at("new")
    edit(folder / "cycles/first/protocol.yaml", "follow_up_months: 12}", "follow_up_months: 2}")
    edit(folder / "cycles/first/protocol.yaml", "follow_up_months: 12\n", "follow_up_months: 2\n")
    for words in (("register", "first"), ("data", "load"), ("indicators",), ("freeze", "first")):
        assert run(*words, "-p", str(folder), "--as", "me").code == 0
    shown = run("evaluate", "first", "-p", str(folder), "--as", "me", "--dry-run").out.splitlines()
    assert [line.split()[-1] for line in shown[1:3]] == ["no", "no"]
    assert shown[3].startswith("There are 24 months before and 2 from the start on")


def test_what_was_evaluated_cannot_be_withdrawn(run, at):
    refused = run("withdraw", "first", "--reason", "We do not like it.", "-p", str(at("evaluated")), "--as", "me")
    assert refused.code == 4
    assert "A result exists, whatever it is: it is decided on and closed, not withdrawn." in refused.err


def test_diff_against_the_record_and_between_folders(run, at, standing, edit):
    folder = at("registered")
    p = ("-p", str(folder))
    assert run("diff", "first", *p).out == "No change of meaning.\n"
    edit(folder / "cycles/first/protocol.yaml", "worthwhile: 0.97", "worthwhile: 0.9700  # the same")
    assert run("diff", "first", *p, "--json").json == []
    edit(folder / "cycles/first/protocol.yaml", "0.9700  # the same", "0.96")
    assert "analysis.worthwhile" in run("diff", "first", *p).out
    edit(folder / "strategies/feedback-letter.yaml", "unit_cost: 15", "unit_cost: 16")
    between = run("diff", "--with", str(standing("new")), *p).out
    assert "protocol first, analysis.worthwhile: was 0.97, is now 0.96" in between
    assert "strategy feedback-letter, activities 'Preparing and sending the letters'.unit_cost: was 15" in between
    assert "name a registered cycle, or another folder" in run("diff", *p).err


def test_a_protocol_is_amended_openly_before_the_freeze(run, at, edit):
    folder = at("built")
    p = ("-p", str(folder), "--as", "me")
    edit(folder / "cycles/first/protocol.yaml", "worthwhile: 0.97", "worthwhile: 0.96")
    refused = run("freeze", "first", *p)
    assert refused.code == 4
    assert "analysis.worthwhile" in refused.err
    assert "enginehouse register first --amend 'the reason'" in refused.err
    amended = run("register", "first", "--amend", "A slip of the pen.", *p)
    assert amended.code == 0
    assert "analysis.worthwhile" in amended.out
    nothing = run("register", "first", "--amend", "Again.", *p)
    assert "There is nothing to amend." in nothing.err
    for words in (("freeze", "first"), ("evaluate", "first"), ("dossier", "first")):
        assert run(*words, *p).code == 0
    assert "A slip of the pen." in (folder / "output/first-dossier.html").read_text("utf-8")
    late = run("register", "first", "--amend", "Too late.", *p)
    assert late.code == 4
    assert "After the freeze, a changed plan would no longer have been written before the data were seen." in late.err


def test_definitions_are_imported_as_drafts(run, at, tmp_path):
    measure = {
        "name": "Opioid items", "title": ["Opioids"], "description": ["d"], "why_it_matters": ["w"], "numerator_type": "bnf_items",
        "numerator_bnf_codes_query": None, "numerator_bnf_codes_filter": ["0407020%"], "denominator_type": "list_size",
        "is_percentage": False, "is_cost_based": False, "low_is_good": True, "tags": ["opioids"], "authored_by": ["a@b"],
        "checked_by": ["c@d"], "date_reviewed": ["2020-01-01"], "next_review": ["2022-01-01"], "quantity_type": None,
    }  # fmt: skip
    (tmp_path / "opioids.json").write_text(json.dumps(measure), "utf-8")
    (tmp_path / "bad.json").write_text("{", "utf-8")
    folder = at("new")
    done = run(
        "indicators", "import", str(tmp_path / "opioids.json"), "-p", str(folder), "--on", "2026-01-02", "--json"
    )
    assert done.code in (0, 2)
    assert done.json[0]["file"].endswith("opioids.json")
    refused = run("indicators", "import", str(tmp_path / "bad.json"), "-p", str(folder))
    assert (refused.code, "cannot be read as JSON" in refused.err) == (3, True)
    assert "Name one or more JSON files" in run("indicators", "import", "-p", str(folder)).err


def test_who_acts_can_be_said_once(run, at, monkeypatch):
    folder = at("new")
    refused = run("register", "first", "-p", str(folder))
    assert "nobody was named for this act. Say who acts with --as or ENGINEHOUSE_AS: board, me." in refused.err
    monkeypatch.setenv("ENGINEHOUSE_AS", "me")
    assert run("register", "first", "-p", str(folder)).code == 0
    assert run("ledger", "show", "-p", str(folder), "--json").json[0]["actor"] == "asserted:me"


def test_steps_in_processes_of_their_own(shell, at):
    folder = str(at("frozen"))
    done = shell("evaluate", "first", ENGINEHOUSE_AS="me", cwd=Path(folder))
    assert done.code == 0, done.err
    assert "Verdict: worthwhile." in done.out
    assert main(["ledger", "verify", "-p", folder]) == 0
