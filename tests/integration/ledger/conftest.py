"""The stores that must keep the contract of `ledger/store.py`.

A further store (PostgreSQL) is one more entry in `STORES`: how to open it, and how to reach its table behind its back.
Everything in `test_store_contract.py` then runs for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from enginehouse.ledger.sqlite import SqliteLedger
from enginehouse.ledger.store import LedgerStore

NOON = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Harness:
    """A store under test."""

    open: Callable[..., LedgerStore]
    """A new object on the same record, with `patience_seconds` for another writer; its clock stands at NOON."""
    opening: str
    """Python text by which another process opens it, waiting as long as it must."""
    execute: Callable[[str], None]
    """Run a statement on the table `entries` as someone would who goes behind the store's back."""
    refused: type[Exception]
    """What the guards of the store raise then."""


def sqlite_harness(folder: Path) -> Harness:
    path = folder / "ledger.sqlite"

    def execute(statement: str) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(statement)
            connection.commit()

    def open_ledger(*, patience_seconds: float = 60) -> SqliteLedger:
        return SqliteLedger(path, clock=lambda: NOON, busy_timeout_seconds=patience_seconds)

    return Harness(
        open=open_ledger,
        opening=f"from pathlib import Path; from enginehouse.ledger.sqlite import SqliteLedger as S; store = S(Path({str(path)!r}))",
        execute=execute,
        refused=sqlite3.IntegrityError,
    )


STORES: dict[str, Callable[[Path], Harness]] = {"sqlite": sqlite_harness}


@pytest.fixture(params=sorted(STORES))
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Harness:
    return STORES[request.param](tmp_path)


@pytest.fixture
def store(harness: Harness) -> LedgerStore:
    return harness.open()
