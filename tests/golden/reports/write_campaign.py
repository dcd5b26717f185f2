"""Write `campaign/*.json` anew: the packaged campaign, evaluated and appraised, as the records that documents read.

Run by hand when the shape of those records changes: `python tests/golden/reports/write_campaign.py`.
"""

from __future__ import annotations

import csv
import json
from importlib.resources import files
from pathlib import Path

from enginehouse.core.months import Month
from enginehouse.data.sites import Membership, Site, SiteRegister
from enginehouse.economics.appraise import appraise
from enginehouse.economics.costing import campaign_cost
from enginehouse.evaluation.run import evaluate
from enginehouse.indicators.panel import FrozenPanel, Panel
from enginehouse.programme.hashing import definition_bytes, definition_hash
from enginehouse.programme.load import load_programme

PROGRAMME = Path(str(files("enginehouse") / "programmes" / "opioid-campaign"))
OUT = Path(__file__).parent / "campaign"


def panel_of(names: dict[str, str]) -> Panel:
    with open(PROGRAMME / "data/areas_by_month.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["indicator"] in names]
    return Panel.from_columns(
        indicator=[names[row["indicator"]] for row in rows],
        site=[f"area:{row['area']}" for row in rows],
        month=[Month.parse(row["month"]) for row in rows],
        numerator=[float(row["numerator"]) for row in rows],
        denominator=[float(row["denominator"]) for row in rows],
    )


def register_of() -> SiteRegister:
    with open(PROGRAMME / "data/areas.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    levels = [(f"area:{row['area']}", level, row[level]) for row in rows for level in ("area", "region")]
    return SiteRegister(
        sites={f"area:{row['area']}": Site(f"area:{row['area']}", row["name"]) for row in rows},
        memberships=tuple(Membership(site, level, group) for site, level, group in levels),
        attributes={"practices": {f"area:{row['area']}": float(row["practices"]) for row in rows}},
        group_names={("area", row["area"]): row["name"] for row in rows},
    )


def main() -> None:
    programme = load_programme(PROGRAMME)
    protocol = programme.protocols["west-yorkshire"]
    names = {i.measured_from.totals.name: k for k, i in programme.indicators.items() if i.measured_from.totals}
    panel = panel_of(names)
    frozen = FrozenPanel(panel, panel.identity, definition_hash(protocol))
    evaluation = evaluate(protocol, frozen, register_of(), programme.indicators)
    result = evaluation.primary.registered.registered_window
    assert result.absolute is not None
    assert protocol.economics is not None
    appraisal = appraise(
        protocol.economics,
        effect=result.with_drift,
        counterfactual_quantity=result.absolute.counterfactual,
        strategy_costs=campaign_cost(programme.strategies.values()),
        currency="GBP",
        price_year=2017,
    )
    (OUT / "protocol.json").write_bytes(definition_bytes(protocol))
    (OUT / "evaluation.json").write_text(json.dumps(evaluation.to_record(), ensure_ascii=False))
    (OUT / "appraisal.json").write_text(json.dumps(appraisal.to_record(), ensure_ascii=False))


if __name__ == "__main__":
    main()
