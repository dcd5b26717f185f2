"""Pages of long simulations: run on request, kept as JSON beside the page, rendered from that."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from simulations import drift

ROOT = Path(__file__).resolve().parents[2]
DRIFT_RESULTS = ROOT / "docs" / "methods" / "simulation-drift.json"
REPLICATES, SEED = 1500, 20160401


def run_drift() -> None:
    """Run every scenario whole and keep the shares."""
    rows = []
    for scenario in drift.SCENARIOS:
        print(f"simulating: {scenario.name} ...", flush=True)
        rows.append(asdict(drift.run(scenario, replicates=REPLICATES, seed=SEED)))
    DRIFT_RESULTS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def drift_page() -> str:
    """The page from the kept results of the scenarios that the simulation has now."""
    rows = [_row(record) for record in json.loads(DRIFT_RESULTS.read_text(encoding="utf-8"))]
    if tuple(row.scenario for row in rows) != drift.SCENARIOS:
        raise ValueError("the scenarios changed since the last full run: python -m docs.generate --simulations")
    return drift.page(rows)


def _row(record: dict) -> drift.Row:
    return drift.Row(**{**record, "scenario": drift.Scenario(**record["scenario"])})
