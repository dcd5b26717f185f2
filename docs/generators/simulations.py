"""Pages of long simulations: run on request, kept as JSON beside the page, rendered from that."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

from simulations import ar1, drift, parallel, pipeline, region

from enginehouse.stats.records import from_plain

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "methods"
SEED = 20160401


@dataclass(frozen=True, slots=True)
class Study:
    """A simulation module with `SCENARIOS`, `Row`, `run` and `page`, and how long its full run is."""

    module: ModuleType
    replicates: int


STUDIES: Mapping[str, Study] = {
    "drift": Study(drift, 1500),
    "ar1": Study(ar1, 4000),
    "region": Study(region, 1500),
    "parallel": Study(parallel, 2000),
    "pipeline": Study(pipeline, 1000),
}


def run_all() -> None:
    """Run every scenario of every study whole and keep the rows."""
    for name, study in STUDIES.items():
        rows = []
        for scenario in study.module.SCENARIOS:
            print(f"simulating {name}: {scenario} ...", flush=True)
            rows.append(asdict(study.module.run(scenario, replicates=study.replicates, seed=SEED)))
        _results(name).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def page(name: str) -> str:
    """The page of a study from its kept rows, if they are of the scenarios that it has now."""
    module = STUDIES[name].module
    rows = [from_plain(module.Row, record) for record in json.loads(_results(name).read_text(encoding="utf-8"))]
    if tuple(row.scenario for row in rows) != module.SCENARIOS:
        raise ValueError(
            f"the scenarios of {name} changed since its last full run: python -m docs.generate --simulations"
        )
    return str(module.page(rows))


def pages() -> dict[str, Callable[[], str]]:
    """Every simulation page and what makes it."""
    return {f"docs/methods/simulation-{name}.md": partial(page, name) for name in STUDIES}


def _results(name: str) -> Path:
    return FOLDER / f"simulation-{name}.json"
