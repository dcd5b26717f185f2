"""The record of a programme folder, without reading its definitions: it can be verified whatever became of them."""

from __future__ import annotations

from pathlib import Path

from enginehouse.core.errors import UserError
from enginehouse.ledger.record import Record

STATE_FOLDER = ".enginehouse"
SETTINGS = "programme.yaml"


def open_record(folder: Path) -> Record:
    """The record in `folder`, which must be a programme's."""
    state = folder / STATE_FOLDER
    if not state.exists() and not (folder / SETTINGS).exists():
        raise UserError(
            "this is not a programme folder.",
            where=str(folder.resolve()),
            remedy=f"Name one with -p, or go to the folder that has {SETTINGS}.",
        )
    return Record(state)
