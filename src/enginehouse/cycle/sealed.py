"""The first person's seed between its commitment and its use: in a file that only its owner's account can read.

On one's own machine this is policy and evidence, not cryptography: the record holds the seed's hash from before the
draw, and the seed itself from the draw on. The second person's seed is made as it is used, and waits nowhere.
"""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from enginehouse.core.errors import IntegrityError
from enginehouse.cycle.record_of import STATE_FOLDER
from enginehouse.cycle.workspace import Workspace
from enginehouse.ledger.canonical import sha256_hex


def new_seed() -> str:
    """256 random bits, in hexadecimal."""
    return secrets.token_hex(32)


def seal(workspace: Workspace, cycle: str, seed: str) -> None:
    """Keep the seed until the allocation; one that was sealed before stays, should this preparation not be recorded."""
    path = _path(workspace, cycle, sha256_hex(seed.encode()))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
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
    path = _path(workspace, cycle, commitment)
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
    """Remove every seed of the cycle: the one that counts is in the record now."""
    shutil.rmtree(_folder(workspace, cycle), ignore_errors=True)


def _folder(workspace: Workspace, cycle: str) -> Path:
    return workspace.programme.folder / STATE_FOLDER / "sealed" / cycle


def _path(workspace: Workspace, cycle: str, commitment: str) -> Path:
    return _folder(workspace, cycle) / f"{commitment[:16]}.seed"
