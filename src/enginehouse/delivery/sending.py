"""Which reports leave next. The event that names their sites is the commit; the outbox is filled after it.

So a kill before the event sends nothing, a kill after it loses nothing, and no site is ever named twice in a wave.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import batched

from enginehouse.delivery.manifest import Manifest

BATCH = 50


def next_batches(
    manifest: Manifest, *, sent: Iterable[str], held_back: Iterable[str] = (), size: int = BATCH
) -> Iterator[tuple[str, ...]]:
    """Sites of the manifest that were not sent a report yet and have not opted out, in order, so many at a time."""
    done = {*sent, *held_back}
    return batched([site for site in manifest.sites if site not in done], size)
