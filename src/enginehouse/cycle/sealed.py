"""The seed between its commitment and its use: in a file that only its owner's account can read.

On one's own machine this is policy and evidence, not cryptography: the record holds the seed's hash from before the
draw, and the seed itself from the draw on.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from enginehouse.core.errors import IntegrityError
from enginehouse.cycle.record_of import STATE_FOLDER
from enginehouse.cycle.workspace import Workspace
from enginehouse.ledger.canonical import sha256_hex


def new_seed() -> str:
    """256 random bits, in hexadecimal."""
    return secrets.token_hex(32)


def seal(workspace: Workspace, cycle: str, seed: str) -> None:
    """Keep the seed until the allocation."""
    path = _path(workspace, cycle)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(seed, encoding="ascii")


def unseal(workspace: Workspace, cycle: str, commitment: str) -> str:
    """The seed that was committed to.

    Raises
    ------
    IntegrityError
        It is gone, or is not the one that was committed to.
    """
    path = _path(workspace, cycle)
    try:
        seed = path.read_text(encoding="ascii")
    except OSError as error:
        raise IntegrityError(
            "the sealed seed is gone.", where=str(path), remedy="Prepare the allocation again: a new seed is drawn."
        ) from error
    if sha256_hex(seed.encode()) != commitment:
        raise IntegrityError(
            "the sealed seed is not the one that was committed to.",
            where=str(path),
            remedy="Prepare the allocation again, and find out who changed it.",
        )
    return seed


def discard(workspace: Workspace, cycle: str) -> None:
    """Remove the file: the seed is in the record now."""
    _path(workspace, cycle).unlink(missing_ok=True)


def _path(workspace: Workspace, cycle: str) -> Path:
    return workspace.programme.folder / STATE_FOLDER / "sealed" / f"{cycle}.seed"
