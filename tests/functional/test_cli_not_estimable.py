"""What cannot be estimated, and what registering says of it beforehand."""

from __future__ import annotations

from pathlib import Path

import pytest

INDICATOR = "metered-dose-inhaler-share"


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
    assert "only 5 untreated areas show how far areas of like size drift" in page
    assert "as a description and not as evidence" in page


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
    assert (
        "The effect will read 'cannot be estimated': only 5 untreated areas show how far areas of like size drift"
        in shown.out
    )
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
