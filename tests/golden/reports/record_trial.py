"""Run the small trial of the tests once, with what happens to trials, and write its records into `trial/*.json`.

By hand, when the shape of those records changes: `python tests/golden/reports/record_trial.py` (about a minute), then
`ENGINEHOUSE_UPDATE_GOLDEN=1 pytest tests/golden/reports`, and read the difference.
"""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import suppress
from dataclasses import replace
from datetime import date
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import enginehouse as eh
from enginehouse.cycle.dossier import basis_of
from enginehouse.cycle.synthesise_contacts import synthesise_visits
from enginehouse.programme.hashing import definition_bytes
from enginehouse.stats.records import to_plain

OUT = Path(__file__).parent / "trial"
PROTOCOL = "cycles/facilitation/protocol.yaml"


class Stopped(RuntimeError):
    """Whatever ends a run half-way."""


def stop(*_: object) -> None:
    raise Stopped


def steps() -> ModuleType:
    """The stages of the small trial, as every test uses them."""
    found = spec_from_file_location("steps_of_the_small_trial", Path(__file__).parents[2] / "conftest.py")
    assert found is not None
    assert found.loader is not None
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


def planned(trial: Any) -> dict[str, Any]:
    """From the data to the allocation, with an amendment on the way."""
    eh.new_programme(trial.folder, template="head-to-head")
    candidates = trial.folder / "candidates.yaml"
    text = candidates.read_text("utf-8").replace("sites_per_arm: [", "sites_per_arm: [20, ")
    candidates.write_text(text, "utf-8")  # so small that these few practices could do it
    trial.step("built")
    trial.edit(PROTOCOL, "harm_looks: [2025-11]", "harm_looks: [2025-09, 2026-01]")
    trial.edit(PROTOCOL, "replications: 1000", "replications: 200")
    design = trial.do("compare_cycle_designs", "statistician", "2025-04-03").report
    trial.step("registered")
    trial.edit(PROTOCOL, "accepted_share: 0.1", "accepted_share: 0.2")
    for person in ("statistician", "manager"):
        if not trial.state.amendments:
            trial.do("amend", person, "2025-04-12", reason="More schemes, so that none is foreseeable.")
    for stage in ("recruiting", "prepared", "allocated", "approved"):
        trial.step(stage)
    return {"design": design.to_record()}


def delivered(trial: Any) -> dict[str, Any]:
    """A first wave that stops half-way, an opt-out, visits, a look at harms, a weighing; later waves are not sent."""
    with suppress(Stopped):
        trial.do("send_wave", "manager", "2025-06-12", 1, batch=20, progress=stop)
    trial.do("suspend", "governance", "2025-06-13", reason="The postal service strikes.")
    trial.do("resume", "governance", "2025-06-16", reason="It is over.")
    trial.do("send_wave", "manager", "2025-06-16", 1)
    trial.do("record_opt_out", "governance", "2025-07-20", "ods:Z90022", scope=eh.OptOutScope.DATA_USE)
    trial.load("2025-10", "2025-12-01")
    visits = synthesise_visits(trial.workspace, trial.cycle, until=date(2025, 12, 1))
    trial.do("log_contacts", "manager", "2025-12-01", visits)
    trial.do("look_at_harms_of", "governance", "2025-12-05")
    monitoring = trial.do("monitor", "me", "2025-12-10").report
    before = weighed(trial, "2025-12-11")
    trial.load("2026-05", "2026-05-29")
    visits = synthesise_visits(trial.workspace, trial.cycle, until=date(2026, 5, 29))
    trial.do("log_contacts", "manager", "2026-05-29", visits)
    trial.do("start_follow_up", "manager", "2026-05-31")
    return {"monitoring": monitoring.to_record(), "priorities-before": before.to_record()}


def decided(trial: Any) -> dict[str, Any]:
    """From the freeze to the last weighing."""
    trial.step("evaluated")
    trial.do("appraise_cycle", "me", "2026-07-22")
    trial.do("score_cycle", "me", "2026-07-22")
    trial.do("post_evidence", "me", "2026-07-22")
    trial.do(
        "decide",
        "board",
        "2026-07-30",
        decision=eh.DecisionWord.EVALUATE_FURTHER,
        reason="As agreed.",
        dissent="One member.",
    )
    return {"priorities": weighed(trial, "2026-07-31").to_record()}


def weighed(trial: Any, on: str) -> Any:
    workspace = trial.workspace
    return eh.weigh_priorities(workspace, by=eh.acting(workspace, "me", date.fromisoformat(on))).priorities


def recorded(trial: Any) -> dict[str, Any]:
    """The rest, as the step that writes the dossier reads it from the record."""
    workspace = trial.workspace
    basis = basis_of(workspace, trial.cycle, by=eh.acting(workspace, "me", date(2026, 8, 1)))
    names = ("evaluation", "appraisal", "roster", "plan", "balance", "scores")
    return {
        **{name: getattr(basis, name).to_record() for name in names},
        "facts": to_plain(replace(basis.facts, strategies={})),
        "protocol": json.loads(definition_bytes(basis.protocol)),
        "contract": json.loads(definition_bytes(basis.contract)),
        **{name: json.loads(definition_bytes(spec)) for name, spec in basis.facts.strategies.items()},
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        trial = steps().Trial(Path(folder) / "programme")
        records: dict[str, Any] = {}
        for part in (planned, delivered, decided, recorded):
            records |= part(trial)
            print(part.__name__, file=sys.stderr)
    OUT.mkdir(exist_ok=True)
    for name, record in records.items():
        text = json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True)
        (OUT / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
