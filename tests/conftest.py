"""What every test may use: the folder of shared reference cases (or a skip that says why there is none), and a small
trial as it stands at each step of its cycle.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import enginehouse as eh

CHECKOUT = Path(__file__).resolve().parents[1]


def find_shared() -> Path | None:
    """`ENGINEHOUSE_SHARED`, by default the folder `shared` beside the checkout."""
    folder = Path(os.environ.get("ENGINEHOUSE_SHARED", CHECKOUT.parent / "shared"))
    return folder if folder.is_dir() else None


def skip_or_fail(reason: str) -> None:
    """Skip; where everything is required (`ENGINEHOUSE_REQUIRE_ALL=1`), fail instead."""
    if os.environ.get("ENGINEHOUSE_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared reference cases and data."""
    folder = find_shared()
    if folder is None:
        pytest.skip("no folder of shared reference cases (set ENGINEHOUSE_SHARED)")
    return folder


@pytest.fixture(scope="session")
def shared_file(shared: Path) -> Callable[[str], Path]:
    """A file of the shared folder by its relative path."""

    def find(relative: str) -> Path:
        path = shared / relative
        if not path.exists():
            skip_or_fail(f"the shared folder has no {relative}")
        return path

    return find


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of this checkout."""
    return CHECKOUT


CYCLE = "facilitation"
TEMPLATE = "head-to-head"
PRACTICES = 60
SEED, SECOND_SEED = "a seed that was fixed first", "a seed that came second"
NO_LOT, NO_REPORTS = "ods:Z90004", "ods:Z90007"
"""Before the allocation the first of these sites opts out of being drawn by lot, the second of feedback."""


class Trial:
    """The folder of a small trial, and steps in it by the people of the template, on any day."""

    def __init__(self, folder: Path, cycle: str = CYCLE) -> None:
        self.folder = folder
        self.cycle = cycle

    def step(self, stage: str) -> None:
        """What leads from the stage before to this one, on the days of `STAGES`."""
        STAGES[stage](self)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text of a file, which must be there once."""
        path = self.folder / file
        text = path.read_text("utf-8")
        assert text.count(old) == 1, (file, old)
        path.write_text(text.replace(old, new), "utf-8")

    @property
    def workspace(self) -> Any:
        """Opened anew at each call: what files and record say now."""
        return eh.open_workspace(self.folder)

    @property
    def state(self) -> Any:
        return self.workspace.state(self.cycle)

    def do(self, step: str, person: str, on: str, *words: Any, **options: Any) -> Any:
        """A step of the cycle, such as `do("allocate", "governance", "2025-05-20")`."""
        workspace = self.workspace
        return getattr(eh, step)(
            workspace, self.cycle, *words, by=eh.acting(workspace, person, date.fromisoformat(on)), **options
        )

    def load(self, until: str, on: str, **options: Any) -> None:
        """Make up the data to a month (`until`, YYYY-MM), load them and build the panel."""
        eh.synthesise(self.folder, _region(self.folder), until=eh.Month.parse(until), **options)
        self.load_raw(on)

    def load_raw(self, on: str) -> None:
        """Load the raw files as they are and build the panel."""
        workspace = self.workspace
        me = eh.acting(workspace, "me", date.fromisoformat(on))
        eh.load_data(workspace, by=me)
        eh.build_indicators(workspace, by=me)

    def events(self, kind: str) -> list[Any]:
        return [event for event in self.workspace.record.store.events() if event.type == kind]

    def document(self, name: str) -> bytes:
        """A document of the record, as it lies on disk."""
        return (self.folder / ".enginehouse" / "documents" / name).read_bytes()

    def arms(self) -> dict[str, str]:
        """The arm of each site, from the document as it lies on disk."""
        drawn = json.loads(self.document(self.state.allocation))
        return {site: drawn["arms"][arm] for site, arm in zip(drawn["sites"], drawn["arm_of_site"], strict=True)}


def _region(folder: Path) -> Any:
    """A small region whose history begins with the baseline, so that it is made and loaded in a second or two."""
    from enginehouse.cycle.synthesise import region_of

    region = region_of(folder, practices=PRACTICES)
    first = region.first_month + 12
    return replace(region, first_month=first, months=region.months - 12, events_from=14, events_until=21)


def _built(trial: Trial) -> None:
    trial.load("2025-03", "2025-04-02")


def _registered(trial: Trial) -> None:
    for approval in ("data-protection", "research-ethics-screening"):
        trial.do("record_approval", "governance", "2025-04-08", approval, reference="X1", given_on=date(2025, 4, 1))
    trial.do("register", "statistician", "2025-04-10")
    trial.do("register", "manager", "2025-04-11")


def _recruiting(trial: Trial) -> None:
    for person in ("board", "clinical-lead", "chief-pharmacist"):
        trial.do("sign_contract", person, "2025-04-14")
    trial.do("open_recruitment", "manager", "2025-04-15")
    trial.do("record_opt_out", "governance", "2025-05-01", NO_LOT, scope=eh.OptOutScope.RANDOMISATION)
    trial.do("record_opt_out", "governance", "2025-05-02", NO_REPORTS, scope=eh.OptOutScope.FEEDBACK)


def _prepared(trial: Trial) -> None:
    trial.do("prepare_allocation", "statistician", "2025-05-19", seed=SEED)


def _allocated(trial: Trial) -> None:
    trial.do("allocate", "second-statistician", "2025-05-20", seed=SECOND_SEED)


def _approved(trial: Trial) -> None:
    trial.do("prepare_wave", "manager", "2025-06-12", 1, formats=("html", "text"))
    trial.do("approve_wave", "second-manager", "2025-06-12", 1)


def _delivering(trial: Trial) -> None:
    trial.do("send_wave", "manager", "2025-06-12", 1)


def _following_up(trial: Trial) -> None:
    from enginehouse.cycle.synthesise_contacts import synthesise_visits

    trial.load("2026-05", "2026-05-29")
    visits = synthesise_visits(trial.workspace, trial.cycle, until=date(2026, 5, 29))
    trial.do("log_contacts", "manager", "2026-05-29", visits)
    trial.do("start_follow_up", "manager", "2026-05-31")


def _evaluated(trial: Trial) -> None:
    trial.do("freeze", "me", "2026-07-20")
    trial.do("evaluate_cycle", "statistician", "2026-07-21")


STAGES: dict[str, Callable[[Trial], None]] = {
    "built": _built,
    "registered": _registered,
    "recruiting": _recruiting,
    "prepared": _prepared,
    "allocated": _allocated,
    "approved": _approved,
    "delivering": _delivering,
    "following-up": _following_up,
    "evaluated": _evaluated,
}


@pytest.fixture(scope="session")
def trial_in() -> type[Trial]:
    """A trial in a folder, by the folder and the cycle's name."""
    return Trial


@pytest.fixture(scope="session")
def trial_standing(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The trial's folder as it stands after a step of `STAGES`: made once, never to be changed."""
    made: dict[str, Path] = {}

    def stand(stage: str) -> Path:
        if stage not in made:
            folder = tmp_path_factory.mktemp(f"trial-{stage}") / "programme"
            before = list(STAGES)[: list(STAGES).index(stage)]
            if before:
                shutil.copytree(stand(before[-1]), folder)
            else:
                eh.new_programme(folder, template=TEMPLATE)
            STAGES[stage](Trial(folder))
            made[stage] = folder
        return made[stage]

    return stand


@pytest.fixture
def trial_at(trial_standing: Callable[[str], Path], tmp_path: Path) -> Callable[..., Trial]:
    """A copy of the small trial as it stands after a step, to do anything with."""

    def copy(stage: str, name: str = "trial") -> Trial:
        return Trial(Path(shutil.copytree(trial_standing(stage), tmp_path / name)))

    return copy
