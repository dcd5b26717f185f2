"""Write a synthetic region as raw files, with the truth beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from enginehouse.core.files import write_whole
from enginehouse.core.progress import Progress, silent
from enginehouse.data.synthetic.dirt import dirt_for
from enginehouse.data.synthetic.layouts import file_name, lines
from enginehouse.data.synthetic.parameters import PlantedEffect, RegionParameters
from enginehouse.data.synthetic.region import Region, make_region
from enginehouse.data.synthetic.registers import (
    deprivation_lines,
    epraccur_lines,
    list_size_files,
    map_lines,
    successor_lines,
)
from enginehouse.data.synthetic.rows import prescribing_rows

# English files of these kinds are published in latin-1, and reading them as UTF-8 fails on the first accent.
ENCODING = "latin-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What was put in: rows that should load, rows that should be set aside, and the planted effects."""

    rows: int
    broken_rows: int
    effects: tuple[PlantedEffect, ...]


def write_region(
    folder: Path,
    parameters: RegionParameters,
    *,
    effects: Sequence[PlantedEffect] = (),
    progress: Progress = silent,
) -> Truth:
    """Write every raw file of the region into `folder`, and `truth.json` beside them."""
    region = make_region(parameters)
    _write_registers(folder, region)
    rows, broken = 0, 0
    for count, (month, month_rows) in enumerate(prescribing_rows(region, effects), start=1):
        progress("Writing synthetic prescribing", count, parameters.months)
        header, *clean = lines(region, month, month_rows)
        dirt = dirt_for(region, month, clean)
        _write(folder / file_name(month), [header, *clean, *dirt.odd, *dirt.broken])
        rows += len(clean) + len(dirt.odd)
        broken += len(dirt.broken)
    truth = Truth(rows=rows, broken_rows=broken, effects=tuple(effects))
    write_whole(folder / "truth.json", json.dumps(_truth_record(region, truth), indent=1).encode())
    return truth


def _write_registers(folder: Path, region: Region) -> None:
    _write(folder / "epraccur.csv", epraccur_lines(region))
    _write(folder / "practice-map.csv", map_lines(region))
    _write(folder / "deprivation.csv", deprivation_lines(region))
    _write(folder / "successors.csv", successor_lines(region))
    for name, content in list_size_files(region):
        _write(folder / name, content)


def _write(path: Path, content: Iterable[str]) -> None:
    write_whole(path, ("\n".join(content) + "\n").encode(ENCODING))


def _truth_record(region: Region, truth: Truth) -> dict[str, object]:
    months = list(region.parameters.period)
    return {
        "synthetic": True,
        "seed": region.parameters.seed,
        "rows": truth.rows,
        "broken_rows": truth.broken_rows,
        "effects": [
            {"section": e.section, "areas": list(e.areas), "from_month": str(e.from_month), "ratio": e.ratio}
            for e in truth.effects
        ],
        "opened": {region.practices[i]: str(months[m]) for i, m in region.opened.items()},
        "closed": {region.practices[i]: str(months[m]) for i, m in region.closed.items()},
        "successor": {region.practices[i]: region.practices[j] for i, j in region.successor.items()},
    }
