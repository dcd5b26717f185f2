"""The dossier of the campaign, word for word, as a commissioner reads it.

When the wording is meant to change: `ENGINEHOUSE_UPDATE_GOLDEN=1 pytest tests/golden/reports`, then read the difference.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from enginehouse.economics.appraise import appraisal_from_record
from enginehouse.evaluation.results import evaluation_from_record
from enginehouse.programme.read import protocol_from_json
from enginehouse.reports.dossier import dossier_document
from enginehouse.reports.facts import DossierFacts, FaultFact, SourceFact
from enginehouse.reports.text import render_text

HERE = Path(__file__).parent
FACTS = DossierFacts(
    programme="The West Yorkshire opioid feedback campaign, asked again of public data",
    cycle="west-yorkshire",
    registered_on="2026-03-02",
    registered_by="A. Statistician",
    retrospective=True,
    frozen_on="2026-03-03",
    last_month="2018-03",
    evaluated_on="2026-03-04",
    software="enginehouse 0.1.0",
    head_seq=7,
    head_hash="ab" * 32,
    protocol="01" * 32,
    definitions="02" * 32,
    panel="03" * 32,
    evaluation="04" * 32,
    appraisal="05" * 32,
    sources=(SourceFact(name="areas-by-month", snapshot="areas-by-month-1", files=1, rows=5049, quarantined=0),),
    faults=(
        FaultFact(
            severity="Caution",
            source="areas-by-month",
            what="List sizes are carried forward between quarters until March 2017",
            count=24,
            remedy="Both sides of the comparison are affected alike.",
        ),
    ),
)


def test_the_dossier_of_the_campaign() -> None:
    records = {
        name: json.loads((HERE / "campaign" / f"{name}.json").read_text("utf-8"))
        for name in ("evaluation", "appraisal")
    }
    document = dossier_document(
        protocol=protocol_from_json((HERE / "campaign" / "protocol.json").read_bytes()),
        evaluation=evaluation_from_record(records["evaluation"]),
        appraisal=appraisal_from_record(records["appraisal"]),
        facts=FACTS,
    )
    text = render_text(document)
    golden = HERE / "dossier.txt"
    if os.environ.get("ENGINEHOUSE_UPDATE_GOLDEN") == "1":
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
