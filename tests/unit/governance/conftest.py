"""Events of a made-up cycle, as the ledger would return them; its rules; and the matrix of acts written by hand."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from enginehouse.governance.recorded import Batch, Preparation, Wave
from enginehouse.governance.rules import CycleRules, WaveDate
from enginehouse.governance.stages import ASIDE, Act, Stage, payload_of
from enginehouse.governance.state import CycleState
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.event import Event
from enginehouse.ledger.events import Payload
from enginehouse.programme.enums import DesignType, Role

FIRST_DAY = date(2016, 4, 1)
FIRST_INSTANT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_BLANK = {"str": "x", "int": 1, "bool": True, "tuple[str, ...]": ("x",), "Sha256": "x"}
_BLANK_BY_NAME = {
    "act": "allocate",
    "given_on": "2016-01-01",
    "expires_on": "",
    "opt_out_by": "2016-04-15",
    "scope": "feedback",
    "site": "ods:A1",
}


@dataclass(frozen=True)
class Someone:
    """A person as far as permissions go."""

    id: str
    roles: frozenset[Role]


@dataclass(frozen=True)
class Row:
    """One act of the matrix: where it is possible with and without allocation, and whose it is."""

    act: Act
    allocated: frozenset[Stage]
    not_allocated: frozenset[Stage]
    roles: frozenset[Role]


def _payload(kind: type[Payload], **values: Any) -> Payload:
    blank = {f.name: _BLANK_BY_NAME.get(f.name, _BLANK[str(f.type)]) for f in fields(kind)}
    return kind(**{name: values.get(name, blank[name]) for name in blank})


@pytest.fixture(scope="session")
def make_payload() -> Callable[..., Payload]:
    """A payload of a kind, every field not given holding a blank."""
    return _payload


@pytest.fixture(scope="session")
def someone() -> Callable[..., Someone]:
    """A person with these roles."""
    return lambda name, *roles: Someone(name, frozenset(roles))


@pytest.fixture(scope="session")
def make_event() -> Callable[..., Event]:
    """One event: an act, its place, and how many days and hours after the first it held and was written."""

    def make(
        act: Act,
        seq: int = 1,
        /,
        *,
        day: int = 0,
        hour: int = 0,
        cycle: str | None = "c",
        actor: str = "p",
        **values: Any,
    ) -> Event:
        payload = _payload(payload_of(act), **values)
        return Event(
            seq=seq,
            event_id=f"e{seq}",
            type=payload.type,
            version=1,
            cycle=cycle,
            actor=actor,
            effective_on=FIRST_DAY + timedelta(days=day),
            recorded_at=FIRST_INSTANT + timedelta(hours=hour),
            payload=payload,
            documents=(),
            prev_hash="",
            hash="",
        )

    return make


@pytest.fixture(scope="session")
def make_events(make_event: Callable[..., Event]) -> Callable[[Sequence[Act]], tuple[Event, ...]]:
    """One event a day, written one an hour, for a sequence of acts."""
    return lambda acts: tuple(make_event(act, i + 1, day=i, hour=i) for i, act in enumerate(acts))


@pytest.fixture(scope="session")
def wave() -> Callable[..., Wave]:
    """A wave; the sites in `sent` have got theirs."""

    def make(number: int = 1, *, approved: bool = False, sent: Sequence[str] = (), **values: Any) -> Wave:
        made: dict[str, Any] = {
            "number": number,
            "manifest": f"{number}" * 64,
            "bundle": "b" * 64,
            "panel": "n" * 64,
            "sites": ("ods:A1", "ods:A2", "ods:A3"),
            "warnings": 0,
            "prepared_by": "asserted:mia",
            "prepared_on": FIRST_DAY,
            "approved_by": "asserted:gus" if approved else None,
            "approved_on": FIRST_DAY if approved else None,
            "batches": (Batch(effective_on=FIRST_DAY, sites=tuple(sent)),) if sent else (),
        }
        return Wave(**{**made, **values})

    return make


@pytest.fixture(scope="session")
def preparation() -> Preparation:
    """An allocation that Sam prepared; the seed is 'a seed that nobody knows'."""
    return Preparation(
        roster="r" * 64,
        plan="d" * 64,
        accepted_set="s" * 64,
        accepted=1000,
        smallest_p="0.001",
        seed_commitment=sha256_hex(b"a seed that nobody knows"),
        actor="asserted:sam",
        effective_on=FIRST_DAY,
        seq=5,
    )


@pytest.fixture(scope="session")
def standing(wave: Callable[..., Wave], preparation: Preparation) -> Callable[[Stage], CycleState]:
    """A state in a stage in which everything that an act of this stage waits for is there."""
    return lambda stage: CycleState(
        stage=stage,
        stood_in=Stage.REGISTERED if stage in ASIDE else None,
        preparations=(preparation,),
        waves=(wave(1, approved=True, sent=("ods:A1",)), wave(2, approved=True), wave(3)),
    )


@pytest.fixture(scope="session")
def rules() -> CycleRules:
    """A trial with two approvals, two signatories, a deadline and three waves."""
    return CycleRules(
        design=DesignType.PARALLEL,
        opt_out_by=date(2016, 4, 15),
        approvals=("data-protection", "ethics"),
        needs_contract=True,
        contract="c" * 64,
        signatories=("cora", "sam"),
        waves=tuple(WaveDate(n, date(2016, 4 + n, 1)) for n in (1, 2, 3)),
        follow_up_ends=date(2017, 4, 1),
    )


@pytest.fixture(scope="session")
def matrix() -> dict[Act, Row]:
    """`acts.csv`, written by hand from what a trial needs, not from the code."""
    letters = dict(zip("drcalufevxsw", Stage, strict=True))
    roles = dict(zip("asmcgu", Role, strict=True))
    with (Path(__file__).parent / "acts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return {
        Act(row["act"]): Row(
            act=Act(row["act"]),
            allocated=frozenset(letters[mark] for mark in row["allocated"].replace(".", "")),
            not_allocated=frozenset(letters[mark] for mark in row["not_allocated"].replace(".", "")),
            roles=frozenset(roles[mark] for mark in row["roles"].replace(".", "")),
        )
        for row in rows
    }
