"""Files of data that do not fit, as a user meets it: the message, the exit code, and that nothing half-done is left."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

INDICATOR = "metered-dose-inhaler-share"
ROW = "metered-dose-inhalers,P01,2022-04,360,639\n"


def loaded_rows(folder: Path) -> int:
    return len(list((folder / ".enginehouse/warehouse/snapshots/measurements").glob("*/snapshot.json")))


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
    assert "1 row does not fit and is set aside. To see why: enginehouse data quarantine" in loaded.out
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
    assert "2 rows do not fit and are set aside." in steps(folder, "data load").out
    shown = run("data", "quarantine", "-p", str(folder)).out
    assert "measurements: data/measurements.csv, row 3: " in shown
    assert "    metered-dose-inhalers,P01,2022-04,361,639\n2 rows set aside." in shown
    written = run("data", "quarantine", "-p", str(folder), "--csv", str(tmp_path / "aside.csv"))
    assert "Wrote 2 rows" in written.out
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
