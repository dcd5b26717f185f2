"""What any store of the record must do. Runs for every entry of `STORES` in conftest.py."""

from __future__ import annotations

import hashlib
import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from enginehouse.core.errors import MachineError, NotAllowed, UserError
from enginehouse.ledger.chain import refuse, walk
from enginehouse.ledger.event import GENESIS, Event, Head
from enginehouse.ledger.events import CycleDecided, CycleSuspended, DataLoaded, ProtocolAmended
from enginehouse.ledger.store import LedgerStore

TODAY = date(2026, 3, 1)
A, B = "a" * 64, "b" * 64


def suspend(store: LedgerStore, reason: str = "snow", *, cycle: str | None = "first", **settings: Any) -> Event:
    return store.append(CycleSuspended(reason=reason), actor="ann", effective_on=TODAY, cycle=cycle, **settings)


class TestReadingAndWriting:
    def test_an_empty_record(self, store: LedgerStore) -> None:
        assert (store.head(), list(store.events()), list(store.entries()), store.faults()) == (GENESIS, [], [], ())

    def test_a_record_is_made_once(self, store: LedgerStore) -> None:
        store.create()
        suspend(store)
        store.create()
        assert store.exists()
        assert store.head().seq == 1

    def test_what_is_appended_is_read_back_by_whoever_opens_the_record(self, harness: Any) -> None:
        payloads = [
            DataLoaded(source="epd", snapshot="s1", file_sha256=A, rows=18_000_000, quarantined=0),
            ProtocolAmended(
                protocol=A,
                protocol_hash=A,
                definitions=A,
                previous_hash=B,
                changes=("margins", "£ and 日本"),
                reason="",
            ),
            CycleDecided(decision="implement", reason="line\nline\x00\\\"'", dissent="", evaluation=A),
        ]
        written = [
            harness.open().append(payload, actor="ann", effective_on=TODAY, cycle="first", documents=[A, B])
            for payload in payloads
        ]
        read = list(harness.open().events())
        assert read == written
        assert [event.payload for event in read] == payloads
        assert {event.documents for event in read} == {(A, B)}
        assert {(event.actor, event.effective_on, event.cycle) for event in read} == {("ann", TODAY, "first")}
        assert {event.recorded_at for event in read} == {datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)}

    def test_a_long_text(self, store: LedgerStore) -> None:
        suspend(store, "x" * 1_000_000)
        assert [len(event.payload.reason) for event in store.events()] == [1_000_000]  # type: ignore[attr-defined]

    def test_the_head_is_the_last_event(self, store: LedgerStore) -> None:
        assert suspend(store).head == store.head() == Head(1, next(store.events()).hash)
        assert suspend(store).head == store.head()

    def test_the_events_of_one_cycle_in_order(self, store: LedgerStore) -> None:
        for cycle in ("first", "second", None, "first"):
            suspend(store, cycle=cycle)
        assert [event.seq for event in store.events(cycle="first")] == [1, 4]
        assert [event.seq for event in store.events(cycle="third")] == []
        assert [event.seq for event in store.events()] == [1, 2, 3, 4]

    def test_entries_are_a_chain_by_a_second_computation(self, store: LedgerStore) -> None:
        for _ in range(3):
            suspend(store)
        before = "0" * 64
        for number, entry in enumerate(store.entries(), start=1):
            assert hashlib.sha256(entry.body).hexdigest() == entry.hash
            assert (entry.seq, entry.prev_hash) == (number, before)
            assert (json.loads(entry.body)["seq"], json.loads(entry.body)["prev_hash"]) == (number, before)
            before = entry.hash

    def test_appending_while_reading_ends(self, store: LedgerStore) -> None:
        """A reader sees the record as it stood when it began, and does not stand in the way of a writer."""
        for _ in range(3):
            suspend(store)
        seen = []
        for event in store.events():
            seen.append(event.seq)
            suspend(store)
        assert seen == [1, 2, 3]
        assert store.head().seq == 6


class TestRefusing:
    @pytest.mark.parametrize(
        "settings",
        [{"actor": "ann@example.org"}, {"cycle": "No Slug"}, {"payload": CycleSuspended(reason="\ud800")}],
    )
    def test_what_cannot_be_recorded_leaves_nothing(self, store: LedgerStore, settings: dict[str, Any]) -> None:
        good: dict[str, Any] = {"payload": CycleSuspended(reason="snow"), "actor": "ann", "effective_on": TODAY}
        with pytest.raises(UserError):
            store.append(**{**good, **settings})
        assert store.head() == GENESIS
        assert suspend(store).seq == 1

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE entries SET cycle = 'other' WHERE seq = 1",
            "DELETE FROM entries WHERE seq = 2",
            "INSERT INTO entries SELECT 2, prev_hash, 'h', cycle, body FROM entries WHERE seq = 2",
            "INSERT INTO entries SELECT 3, prev_hash, 'h', cycle, body FROM entries WHERE seq = 2",
            "INSERT INTO entries SELECT 5, hash, 'h', cycle, body FROM entries WHERE seq = 2",
        ],
    )
    def test_the_store_itself_is_append_only(self, harness: Any, store: LedgerStore, statement: str) -> None:
        for _ in range(2):
            suspend(store)
        before = list(store.entries())
        with pytest.raises(harness.refused):
            harness.execute(statement)
        assert list(store.entries()) == before


class TestChecking:
    def test_a_check_sees_the_events_of_its_cycle(self, store: LedgerStore) -> None:
        for cycle in ("first", "second", "first"):
            suspend(store, cycle=cycle)
        seen: list[list[int]] = []

        def look(events: Sequence[Event]) -> None:
            seen.append([event.seq for event in events])

        suspend(store, cycle="first", check=look)
        suspend(store, cycle=None, check=look)
        assert seen == [[1, 3], [1, 2, 3, 4]]

    def test_a_check_that_raises_records_nothing(self, store: LedgerStore) -> None:
        def forbid(events: Sequence[Event]) -> None:
            raise NotAllowed("not now")

        with pytest.raises(NotAllowed, match="not now"):
            suspend(store, check=forbid)
        assert store.head() == GENESIS
        assert suspend(store).seq == 1

    def test_preparation_comes_after_the_check_and_can_refuse_too(self, store: LedgerStore) -> None:
        order: list[str] = []

        def fail() -> None:
            order.append("prepare")
            raise MachineError("disk full")

        with pytest.raises(MachineError):
            suspend(store, check=lambda events: order.append("check"), prepare=fail)
        assert order == ["check", "prepare"]
        assert store.head() == GENESIS

    def test_what_was_checked_still_holds_when_it_is_recorded(self, harness: Any) -> None:
        """Eight threads each want to be the first, and only the first, to suspend the cycle."""
        outcomes: list[str] = []
        start = threading.Barrier(8)

        def only_first(events: Sequence[Event]) -> None:
            if events:
                raise NotAllowed("already suspended")

        def act() -> None:
            store = harness.open()
            start.wait()
            try:
                suspend(store, check=only_first)
                outcomes.append("recorded")
            except NotAllowed:
                outcomes.append("refused")

        threads = [threading.Thread(target=act) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["recorded"] + ["refused"] * 7
        assert harness.open().head().seq == 1

    def test_nobody_appends_while_the_store_is_held(self, harness: Any, store: LedgerStore) -> None:
        suspend(store)
        with store.exclusively():
            with pytest.raises(MachineError, match="another command has been writing"):
                suspend(harness.open(patience_seconds=0.1))
            assert len(list(harness.open().events())) == 1
        assert suspend(store).seq == 2


# The pause lets the other writer in: whoever finds the store locked sleeps a while before trying again.
WRITER = """
import sys, time
from datetime import date
from enginehouse.ledger.events import CycleSuspended
{opening}
print("ready", flush=True)
sys.stdin.readline()
for number in range(100):
    event = store.append(CycleSuspended(reason=f"{name} {{number}}"), actor="{name}", effective_on=date(2026, 3, 1), cycle="{name}")
    print(event.seq, event.hash, flush=True)
    time.sleep(0.002)
"""


class TestWritingAtOnce:
    @pytest.mark.parametrize("is_made", [False, True])
    def test_two_processes_lose_and_fork_nothing(self, harness: Any, *, is_made: bool) -> None:
        """Both start on a signal, also on a record that neither has made yet."""
        if is_made:
            harness.open().create()
        writers = [self.start(harness.opening, name) for name in ("ann", "bob")]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("go\n")
            writer.stdin.flush()
        acknowledged = [self.finish(writer) for writer in writers]

        events = [event for _, event in walk(harness.open().entries(), refuse) if event is not None]
        assert len(events) == 200
        for name, lines in zip(("ann", "bob"), acknowledged, strict=True):
            of_writer = [event for event in events if event.actor == name]
            assert lines == [str(event.head) for event in of_writer]
            assert [event.payload.reason for event in of_writer] == [f"{name} {number}" for number in range(100)]  # type: ignore[attr-defined]
        changes = sum(one.actor != other.actor for one, other in itertools.pairwise(events))
        assert changes > 1, "the two writers did not overlap, so this run showed nothing"

    @staticmethod
    def start(opening: str, name: str) -> subprocess.Popen[str]:
        script = WRITER.format(opening=opening, name=name)
        return subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @staticmethod
    def finish(writer: subprocess.Popen[str]) -> list[str]:
        out, err = writer.communicate(timeout=120)
        assert writer.returncode == 0, err
        return out.splitlines()
