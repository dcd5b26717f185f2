"""An indicator by group of patients, from the file to the line of the practice report; and why there is none."""

from __future__ import annotations

import csv
import json
import re

import pytest

from enginehouse.cycle.build_indicators import current_panel
from enginehouse.delivery.bundle import Bundle

INDICATOR = "opioids-ome-per-patient"
SOURCE = """  by-age:
    kind: totals
    path: raw/by-age.csv
    patient_groups: {age: AGE_BAND}
    disclosure: DISCLOSURE
    attribution: Synthetic.
"""
SHARES = {"65 and over": (0.5, 0.2), "under 65": (0.5, 0.8)}
"""Half of the opioids go to the fifth of the patients who are 65 or older."""
SMALL = "ods:Z90009"
"""Has six patients aged 65 and over."""
SMALL_WORDS = "Numbers in groups of your patients are too small to show."
UNKNOWN = "The data hold no groups of patients, so the gap between groups cannot be shown."


def by_age(trial, disclosure):
    """The programme's main indicator, its totals now in a file by age."""
    arrays = current_panel(trial.workspace).arrays(INDICATOR)
    with (trial.folder / "raw" / "by-age.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["indicator", "site", "month", "AGE_BAND", "numerator", "denominator"])
        for row, site in enumerate(arrays.sites):
            for column, month in enumerate(arrays.months):
                used, patients = float(arrays.numerator[row, column]), float(arrays.denominator[row, column])
                if patients > 0:
                    for group, (numerator, denominator) in SHARES.items():
                        few = 6 if group == "65 and over" else patients - 6
                        shown = few if site == SMALL else denominator * patients
                        lines.writerow([INDICATOR, site.removeprefix("ods:"), month, group, numerator * used, shown])
    definition = trial.folder / "indicators" / f"{INDICATOR}.yaml"
    text = definition.read_text("utf-8")
    measured = re.search(r"^from:\n(?:  .*\n)+", text, re.MULTILINE).group()
    ready = f"from:\n  totals: {{source: by-age, name: {INDICATOR}}}\n"
    trial.edit(f"indicators/{INDICATOR}.yaml", measured, ready)
    source = SOURCE.replace("DISCLOSURE", disclosure).replace("    kind", "    site_scheme: ods\n    kind")
    trial.edit("programme.yaml", "  prescribing:\n    kind", source + "  prescribing:\n    kind")


@pytest.fixture
def reports(trial_at):
    """The text of every report of the first wave, with the figures by age under a rule of disclosure."""

    def made(disclosure):
        trial = trial_at("built")
        before = current_panel(trial.workspace).arrays(INDICATOR)
        by_age(trial, disclosure)
        trial.load_raw("2025-04-03")
        after = current_panel(trial.workspace).arrays(INDICATOR)
        assert after.sites == before.sites
        assert after.ratio[:, -1] == pytest.approx(before.ratio[:, -1], nan_ok=True)  # the groups add up to the site
        for stage in ("registered", "recruiting", "prepared", "allocated"):
            trial.step(stage)
        wave = trial.do("prepare_wave", "manager", "2025-06-12", 1, formats=("text",))
        bundle = Bundle(trial.document(wave.event.bundle))
        texts = {site: plain(bundle.files(site)["report.txt"].decode("utf-8")) for site in wave.manifest.sites}
        newest = slice(-3, None)  # the three months that an own value is of
        top, bottom = after.numerator[:, newest].sum(axis=1), after.denominator[:, newest].sum(axis=1)
        return texts, dict(zip(after.sites, (top / bottom).tolist(), strict=True))

    return made


def plain(text):
    return " ".join(text.split())


def by_age_in(text):
    """The values of the practice's older and younger patients."""
    found = re.search(r"By age, in [^:]+: 65 and over, ([\d.,]+) \([^)]+\); under 65, ([\d.,]+) \([^)]+\)\.", text)
    return [float(each.replace(",", "")) for each in found.groups()]


def test_the_line_by_age_stands_in_every_report_where_numbers_allow(reports):
    texts, own = reports("round-and-suppress")
    assert SMALL_WORDS in texts.pop(SMALL)
    shown = {site: by_age_in(text) for site, text in texts.items() if "By age, in" in text}
    assert len(shown) >= 50
    for site, groups in shown.items():
        expected = [own[site] * numerator / denominator for numerator, denominator in SHARES.values()]
        assert groups == pytest.approx(expected, abs=0.51)  # printed without decimals
    assert not any(UNKNOWN in text for text in texts.values())


def test_a_report_of_an_indicator_without_groups_says_why_there_is_no_line(trial_at):
    trial = trial_at("approved")
    wave = trial.state.waves[0]
    bundle = Bundle(trial.document(wave.bundle))
    sent = json.loads(trial.document(wave.manifest))["entries"]
    texts = [plain(bundle.files(entry["site"])["report.txt"].decode("utf-8")) for entry in sent]
    assert len(texts) > 50
    assert all(UNKNOWN in text for text in texts)
