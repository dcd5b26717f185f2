"""Step: in a synthetic programme, the files that facilitators and practices would have handed in by a day.

Visits go to the sites that the planted effect reaches, so that what is logged and what happened agree. Everything is
drawn from the region's seed: the same day gives the same files, and a later day the same rows and more.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from enginehouse.core.files import write_whole
from enginehouse.core.seeds import derive_seed
from enginehouse.cycle.synthesise import RAW_FOLDER, reached_sites, recorded_allocations, region_of
from enginehouse.cycle.workspace import Workspace
from enginehouse.programme.enums import ContactKind, DeliveryState

VISITS_AFTER_DAYS = (20, 75, 150, 260)
"""Days after the start of follow-up around which a site is visited, if it has so many visits."""
_MINUTES, _SITE_MINUTES = (60, 120), (60, 180)
_REACHED = (
    (DeliveryState.BOUNCED, 0.02),
    (DeliveryState.OPENED, 0.62),
    (DeliveryState.DISCUSSED, 0.30),
    (DeliveryState.PLANNED, 0.14),
    (DeliveryState.ACTED, 0.08),
)
"""The shares of reports that get so far; made up, with the steps falling off as published process evaluations say."""


def synthesise_visits(workspace: Workspace, cycle: str, *, until: date) -> Path:
    """Write the visits that were made by `until` (inclusive), as facilitators log them."""
    folder = workspace.programme.folder
    allocation = recorded_allocations(folder)[cycle]
    starts = workspace.protocol(cycle).design.starts.first_day
    seed = region_of(folder).seed
    rows = [
        row
        for site in sorted(reached_sites(folder, cycle, allocation))
        for row in _visits(seed, site, starts)
        if row[2] <= str(until)
    ]
    path = folder / RAW_FOLDER / f"visits-{cycle}.csv"
    write_whole(path, _csv(("site", "kind", "on", "programme_minutes", "site_minutes"), rows))
    return path


def _visits(seed: int, site: str, starts: date) -> Iterator[tuple[str, ...]]:
    rng = np.random.default_rng(derive_seed(seed, "visits", site))
    visits = int(rng.choice([1, 2, 3, 4], p=[0.2, 0.35, 0.3, 0.15]))
    for days in VISITS_AFTER_DAYS[:visits]:
        on = starts + timedelta(days=days + int(rng.integers(0, 21)))
        minutes, theirs = int(rng.integers(*_MINUTES)), int(rng.integers(*_SITE_MINUTES))
        yield site, ContactKind.VISIT.value, str(on), str(minutes), str(theirs)


def synthesise_replies(workspace: Workspace, cycle: str, wave: int) -> Path:
    """Write what became of the reports of a wave that was sent, within the six weeks after it."""
    folder = workspace.programme.folder
    found = workspace.state(cycle).wave(wave)
    sent = found.sent_on if found else {}
    seed = region_of(folder).seed
    rows = [row for site in sorted(sent) for row in _replies(seed, site, wave, sent[site])]
    path = folder / RAW_FOLDER / f"replies-{cycle}-{wave}.csv"
    write_whole(path, _csv(("site", "state", "on"), rows))
    return path


def _replies(seed: int, site: str, wave: int, sent_on: date) -> Iterator[tuple[str, ...]]:
    """A site that replies much in one wave does in the next: its own inclination counts for most."""
    own = np.random.default_rng(derive_seed(seed, "inclination", site)).random()
    this = np.random.default_rng(derive_seed(seed, "replies", site, str(wave))).random()
    chance = 0.7 * own + 0.3 * this
    (bounced, share), *steps = _REACHED
    if this > 1 - share:
        yield site, bounced.value, str(sent_on + timedelta(days=1))
        return
    for number, (state, reached) in enumerate(steps, start=1):
        if chance < reached:
            yield site, state.value, str(sent_on + timedelta(days=9 * number))


def _csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
