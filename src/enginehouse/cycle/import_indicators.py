"""Step: turn definitions of OpenPrescribing into indicator files, as drafts to be read and checked by a person."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from enginehouse.core.errors import DataError, UserError
from enginehouse.core.files import write_whole
from enginehouse.indicators.openprescribing import NotImported, import_measure
from enginehouse.programme.indicator import Indicator


@dataclass(frozen=True, slots=True)
class Imported:
    """One file: the indicator it became, or the reason why not."""

    file: Path
    indicator: str | None
    reason: str


def import_definitions(folder: Path, files: Iterable[Path], *, on: date | None = None) -> tuple[Imported, ...]:
    """Import each file (named by its measure) into `indicators/`; an existing indicator is never overwritten."""
    return tuple(_import_one(folder, file, on or date.today()) for file in files)


def _import_one(folder: Path, file: Path, on: date) -> Imported:
    found = import_measure(_read(file), measure_id=file.stem, imported_on=on)
    if isinstance(found, NotImported):
        return Imported(file, None, found.reason)
    target = folder / "indicators" / f"{found.id}.yaml"
    if target.exists():
        raise UserError("this indicator exists already.", where=str(target), remedy="Remove or rename it first.")
    write_whole(target, _as_yaml(found))
    return Imported(file, found.id, "")


def _read(file: Path) -> dict[str, object]:
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"cannot be read as JSON ({error}).", where=str(file), remedy="Name a definition file."
        ) from error
    if not isinstance(record, dict):
        raise DataError("holds no definition.", where=str(file), remedy="Name a definition file of OpenPrescribing.")
    return record


def _as_yaml(indicator: Indicator) -> bytes:
    record = indicator.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    text = yaml.safe_dump(record, sort_keys=False, allow_unicode=True, width=110)
    return (
        b"# Imported from OpenPrescribing as a draft: read it, check it, then set its status to published.\n"
        + text.encode()
    )
