"""Write a synthetic region as raw files, with the truth beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from enginehouse.core.files import write_whole
from enginehouse.core.months import Month, Period
from enginehouse.core.progress import Progress, silent
from enginehouse.data.synthetic.dirt import dirt_for
from enginehouse.data.synthetic.effects import practice_ratios
from enginehouse.data.synthetic.layouts import Ends, file_name, lines
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


TRUTH = "truth.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What was put in: rows that should load, rows that should be set aside, and the planted effects.

    The rows are those of the months that were written just now.
    """

    rows: int
    broken_rows: int
    effects: tuple[PlantedEffect, ...]
    months: tuple[Month, ...] = ()


def write_region(
    folder: Path,
    parameters: RegionParameters,
    *,
    effects: Sequence[PlantedEffect] = (),
    months: Period | None = None,
    progress: Progress = silent,
) -> Truth:
    """Write raw files of the region into `folder`, and `truth.json` beside them.

    Parameters
    ----------
    effects
        What is planted. Effects that begin later change no byte of an earlier month.
    months
        The months whose prescribing is written; all of the region where left out. Registers, list sizes and
        successors are written as they were known in the last of these months.
    """
    region, written = make_region(parameters), months or parameters.period
    last = parameters.column(written.last)
    _write_registers(folder, region, last)
    counts: dict[str, dict[str, int | str]] = {}
    ends: Ends = {}
    for count, (month, rows) in enumerate(prescribing_rows(region, effects, written), start=1):
        progress("Writing synthetic prescribing", count, len(written))
        header, *clean = lines(region, month, rows, ends)
        dirt = dirt_for(region, month, clean)
        _write(folder / file_name(month), [header, *clean, *dirt.odd, *dirt.broken])
        counts[str(month)] = {
            "rows": len(clean) + len(dirt.odd),
            "broken_rows": len(dirt.broken),
            "drawn_from": drawn_from(parameters, effects, month),
        }
    _write_truth(folder, region, last, counts, effects)
    return Truth(
        rows=sum(int(each["rows"]) for each in counts.values()),
        broken_rows=sum(int(each["broken_rows"]) for each in counts.values()),
        effects=tuple(effects),
        months=tuple(written),
    )


def drawn_from(parameters: RegionParameters, effects: Sequence[PlantedEffect], month: Month) -> str:
    """A name for all that decides the bytes of one month: the region, and the effects at work by then."""
    at_work = [effect for effect in effects if effect.from_month <= month]
    region = replace(parameters, months=1) if parameters.months <= parameters.drawn_months else parameters
    return hashlib.sha256(repr((region, at_work)).encode()).hexdigest()[:16]


def months_written(folder: Path) -> Mapping[Month, str]:
    """The months of which there are files in `folder`, and what each was drawn from."""
    known = _written_before(folder)
    return {Month.parse(month): str(each["drawn_from"]) for month, each in known.items()}


def size_and_seed(folder: Path) -> tuple[int, int] | None:
    """How many practices the region in `folder` has, and its seed; `None` where there is none."""
    record = _record(folder)
    return (record["practices"], record["seed"]) if "practices" in record else None


def _written_before(folder: Path) -> dict[str, dict[str, int | str]]:
    """What `truth.json` says of months whose files are there."""
    months = _record(folder).get("months", {})
    return {month: each for month, each in months.items() if (folder / file_name(Month.parse(month))).is_file()}


def _record(folder: Path) -> dict[str, Any]:
    """What `truth.json` says; nothing where it is missing or broken, as the region can be written again."""
    try:
        record: dict[str, Any] = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record


def _write_registers(folder: Path, region: Region, last: int) -> None:
    _write(folder / "epraccur.csv", epraccur_lines(region, last))
    _write(folder / "practice-map.csv", map_lines(region, last))
    _write(folder / "deprivation.csv", deprivation_lines(region, last))
    _write(folder / "successors.csv", successor_lines(region, last))
    for name, content in list_size_files(region, last):
        _write(folder / name, content)


def _write(path: Path, content: Iterable[str]) -> None:
    """A file that has these bytes already is left alone: a disk is slow, and its date would mislead."""
    encoded = ("\n".join(content) + "\n").encode(ENCODING)
    if not (path.is_file() and path.stat().st_size == len(encoded) and path.read_bytes() == encoded):
        write_whole(path, encoded)


def _write_truth(
    folder: Path,
    region: Region,
    last: int,
    counts: Mapping[str, Mapping[str, int | str]],
    effects: Sequence[PlantedEffect],
) -> None:
    """The months written before are still told of, if their files are there."""
    known = dict(sorted({**_written_before(folder), **counts}.items()))
    months = list(region.parameters.period)
    record = {
        "synthetic": True,
        "seed": region.parameters.seed,
        "practices": region.parameters.practices,
        "rows": sum(int(each["rows"]) for each in known.values()),
        "broken_rows": sum(int(each["broken_rows"]) for each in known.values()),
        "effects": [_effect_record(region, effect) for effect in effects],
        "opened": {region.practices[i]: str(months[m]) for i, m in region.opened.items() if m <= last},
        "closed": {region.practices[i]: str(months[m]) for i, m in region.closed.items() if m <= last},
        "successor": {
            region.practices[i]: region.practices[j] for i, j in region.successor.items() if region.closed[i] <= last
        },
        "months": known,
    }
    write_whole(folder / TRUTH, json.dumps(record, indent=1).encode())


def _effect_record(region: Region, effect: PlantedEffect) -> dict[str, object]:
    """What was planted, and how much in each practice where that differs."""
    record: dict[str, object] = {
        "section": effect.section,
        "areas": list(effect.areas),
        "from_month": str(effect.from_month),
        "ratio": effect.ratio,
    }
    if effect.practices:
        ratios = practice_ratios(region, effect)
        record |= {"name": effect.name, "reached": effect.reached, "spread": effect.spread}
        record["practices"] = {code: round(ratio, 6) for code, ratio in ratios.items()}
    return record
