"""The manifest of a wave: which sites get a report, the hashes of its files, and who gets none and why.

It does not name an arm. It is what a second person approves.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass

from enginehouse.core.ids import plain_codes
from enginehouse.delivery.bundle import folder_of
from enginehouse.stats.records import from_plain, to_plain


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEntry:
    """One report: the SHA-256 of each of its files, the message that was chosen, and what the linter warned of."""

    site: str
    name: str
    files: Mapping[str, str]
    message: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A site that gets no report in this wave, and why."""

    site: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One wave, before it is sent. `data_to` is the newest month in the reports; `panel` the panel they came from."""

    cycle: str
    wave: int
    of: int
    due_on: str
    data_to: str
    panel: str
    entries: tuple[ManifestEntry, ...]
    withheld: tuple[Withheld, ...]

    @property
    def sites(self) -> tuple[str, ...]:
        """Sites with a report, in order."""
        return tuple(entry.site for entry in self.entries)

    def to_bytes(self) -> bytes:
        """Plain JSON in a fixed order; `manifest_from_bytes` is the inverse."""
        return json.dumps(to_plain(self), sort_keys=True, ensure_ascii=False).encode()


def manifest_from_bytes(content: bytes) -> Manifest:
    """Read back what `Manifest.to_bytes` wrote."""
    manifest: Manifest = from_plain(Manifest, json.loads(content))
    return manifest


def mailing_list(manifest: Manifest, sent_on: Mapping[str, str]) -> bytes:
    """The wave as a table for a mail merge: site, name, when it was sent, and each file by its path from the folder of
    the wave, with its hash.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["site", "name", "sent_on", "file", "sha256"])
    codes = plain_codes([*manifest.sites, *(each.site for each in manifest.withheld)])
    for entry in manifest.entries:
        for name, sha256 in sorted(entry.files.items()):
            if entry.site in sent_on:
                path = f"{folder_of(entry.site)}/{name}"
                writer.writerow([codes[entry.site], entry.name, sent_on[entry.site], path, sha256])
    return text.getvalue().encode()
