"""A stranger's clone: raw files of a region that never existed, from the first row to the dossier, held against the truth."""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

CYCLE = "area-one"
PRIMARY = "opioids-ome-per-patient"
SIZE = ("--practices", "144", "--seed", "7")
PLANTED = 0.7
SAME_NOISE = 0.03
"""Both are drawn from one stream of random numbers, but counts use it up differently, which leaves a little."""


def region(folder: Path, ratio: float, here: Callable[..., str], *, edit: Callable[[str], str] = str) -> Path:
    """A synthetic programme with its raw files, in which the feedback multiplied opioids by `ratio`."""
    here(["new", str(folder), "--template", "synthetic-region"])
    protocol = folder / "cycles" / CYCLE / "protocol.yaml"
    text = protocol.read_text("utf-8")
    assert text.count("ratio: 0.92") == 2
    protocol.write_text(edit(text.replace("ratio: 0.92", f"ratio: {ratio}")), "utf-8")
    written = json.loads(here(["data", "synthesise", *SIZE, "-p", str(folder), "--json"]))
    truth = json.loads((folder / "raw" / "truth.json").read_text("utf-8"))
    assert {name: truth[name] for name in ("rows", "broken_rows")} == {
        name: written[name] for name in ("rows", "broken_rows")
    }
    assert (written["first_month"], written["last_month"]) == ("2018-07", "2021-09")
    return folder


@pytest.fixture(scope="module")
def planted(tmp_path_factory, here, take_turn):
    return take_turn(region(tmp_path_factory.mktemp("planted") / "programme", PLANTED, here), CYCLE)


@pytest.fixture(scope="module")
def null(tmp_path_factory, here, take_turn):
    return take_turn(region(tmp_path_factory.mktemp("null") / "programme", 1.0, here, edit=_without_models), CYCLE)


def _without_models(text: str) -> str:
    """The models of single practices are looked at once, in the region with an effect."""
    found = re.sub(r"  practice_models:\n(    .*\n)+", "", text)
    assert found != text
    return found


def truth_of(turned: Any, indicator: str) -> dict[str, Any]:
    (found,) = [each for each in turned.evaluation["truth"] if each["indicator"] == indicator]
    return dict(found)


def test_every_broken_row_is_set_aside_and_no_other(planted):
    truth = json.loads((planted.folder / "raw" / "truth.json").read_text("utf-8"))
    loaded = {source["source"]: source for source in planted.printed["load"]}
    assert truth["broken_rows"] > 0
    assert loaded["prescribing"]["quarantined"] == truth["broken_rows"]
    assert loaded["prescribing"]["rows"] == truth["rows"]
    assert sum(source["quarantined"] for source in loaded.values()) == truth["broken_rows"]


def test_the_report_finds_what_was_put_in(planted):
    found = planted.printed["check"]
    truth = json.loads((planted.folder / "raw" / "truth.json").read_text("utf-8"))
    broken = [finding["count"] for finding in found if finding["check"] == "quarantined-rows"]
    assert sum(broken) == truth["broken_rows"]
    assert "unidentified-prescribers" in {finding["check"] for finding in found}
    assert all(finding["remedy"] for finding in found)


def test_a_planted_effect_is_found_and_its_truth_covered(planted):
    verdict = planted.evaluation["verdict"]
    assert verdict["word"] in ("worthwhile", "better")
    truth = truth_of(planted, PRIMARY)
    assert truth["ratio"] == PLANTED
    assert truth["covered"] is True
    assert truth_of(planted, "high-dose-opioid-items-per-patient")["covered"] is True
    assert truth_of(planted, "trimethoprim-share")["covered"] is True, "what was left alone shows no effect"


def test_no_effect_is_called_none(null):
    assert null.evaluation["verdict"]["word"] in ("inconclusive", "equivalent")
    assert all(truth["covered"] for truth in null.evaluation["truth"])


def test_the_two_regions_differ_by_what_was_planted(planted, null):
    """Drift, noise and calendar are the same in both, so the difference of the estimates is the effect itself."""
    difference = truth_of(planted, PRIMARY)["estimate"]["value"] - truth_of(null, PRIMARY)["estimate"]["value"]
    assert difference == pytest.approx(math.log(PLANTED), abs=SAME_NOISE)
    untouched = [truth_of(turned, "trimethoprim-share")["estimate"]["value"] for turned in (planted, null)]
    assert untouched[0] == pytest.approx(untouched[1], abs=SAME_NOISE)


def test_models_of_single_practices_stand_beside_the_headline(planted):
    models = [(model["indicator"], model["method"]) for model in planted.evaluation["practice_models"]]
    assert sorted(models) == [
        ("high-dose-opioid-items-per-patient", "negative-binomial-random-intercept"),
        ("high-dose-opioid-items-per-patient", "poisson-random-slope"),
        (PRIMARY, "log-linear-fixed-effects"),
        (PRIMARY, "quasi-poisson-fixed-effects"),
    ]
    assert all(10 <= model["exposed_sites"] <= 12 for model in planted.evaluation["practice_models"])


def test_every_page_says_synthetic(planted):
    pages = sorted((planted.folder / "output").glob("*.html"))
    assert [page.name for page in pages] == [
        "area-one-dossier.html",
        "data-quality.html",
        "index.html",
        "insight.html",
        "timeline.html",
    ]
    for page in pages:
        assert "synthetic" in page.read_text("utf-8").split("</header>")[0].lower()
    reader = PdfReader(planted.folder / "output" / "area-one-dossier.pdf")
    assert all("synthetic" in page.extract_text().lower() for page in reader.pages)


def test_the_dossier_shows_truth_beside_estimate(planted):
    page = re.sub(r"<[^>]+>", " ", (planted.folder / "output" / "area-one-dossier.html").read_text("utf-8"))
    flat = " ".join(page.split())
    assert "−30.0%" in flat or "30%" in flat
    assert "truth" in flat.lower()
    assert "Making the panel." in flat, "what was left out of the panel is among the faults"


def test_made_up_data_never_go_beside_real_ones(tmp_path, here):
    here(["new", str(tmp_path / "real"), "--template", "opioid-campaign"])
    with pytest.raises(AssertionError, match="this programme is not marked synthetic"):
        here(["data", "synthesise", "-p", str(tmp_path / "real")])


def test_a_merged_practice_counts_where_the_registered_rule_says(null, tmp_path, here):
    """Z90013 of the exposed area merged into Z90003 of another: kept as exposed, or followed to its successor."""
    folder = Path(shutil.copytree(null.folder, tmp_path / "merged"))
    with (folder / "raw" / "successors.csv").open("a", encoding="latin-1") as file:
        file.write("Z90013,Z90003,2020-01\n")
    text = (folder / "cycles" / CYCLE / "protocol.yaml").read_text("utf-8")
    arms = {}
    here(["data", "load", "successors", "--as", "me", "-p", str(folder)])
    for rule in ("as-of-membership-month", "follow-successor"):
        cycle = f"merger-{rule}"
        (folder / "cycles" / cycle).mkdir()
        changed = text.replace("mergers: as-of-membership-month", f"mergers: {rule}")
        (folder / "cycles" / cycle / "protocol.yaml").write_text(changed, "utf-8")
        for step in ("register", "freeze"):
            here([step, cycle, "--as", "me", "-p", str(folder)])
        result = json.loads(here(["evaluate", cycle, "--as", "me", "-p", str(folder), "--json"]))
        (primary,) = [each for each in result["outcomes"] if each["role"] == "primary"]
        arms[rule] = primary["exposed_sites"], primary["comparisons"][0]["control_sites"]
    assert arms["as-of-membership-month"] == (12, 60)
    assert arms["follow-successor"] == (11, 61)
