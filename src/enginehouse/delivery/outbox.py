"""The outbox: a folder from which reports leave. It only mirrors the record: what was recorded as sent is in it.

`place` may be repeated after any interruption; a report is there once and whole, or not at all.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from enginehouse.core.errors import IntegrityError
from enginehouse.core.files import PARTIAL, file_sha256, write_whole
from enginehouse.core.ids import site_code
from enginehouse.delivery.bundle import Bundle, folder_of
from enginehouse.delivery.manifest import Manifest, mailing_list

MANIFEST = "manifest.csv"


@dataclass(frozen=True, slots=True)
class Outbox:
    """The outbox of one cycle."""

    folder: Path

    def wave_folder(self, wave: int) -> Path:
        return self.folder / f"wave-{wave:02d}"

    def place(self, manifest: Manifest, bundle: Bundle, sites: Iterable[str]) -> int:
        """Put the reports of `sites` where they belong, those that are not there yet; returns how many files were
        written.

        Raises
        ------
        IntegrityError
            A report in the bundle is not the one that the manifest names.
        """
        named = {entry.site: entry.files for entry in manifest.entries}
        return sum(self._place_site(manifest.wave, site, bundle, named.get(site, {})) for site in sites)

    def _place_site(self, wave: int, site: str, bundle: Bundle, named: Mapping[str, str]) -> int:
        folder = self.wave_folder(wave) / folder_of(site)
        if named and all(_is_there(folder / name, sha256) for name, sha256 in named.items()):
            return 0
        written = 0
        for name, content in bundle.files(site).items():
            if hashlib.sha256(content).hexdigest() != named.get(name):
                raise IntegrityError(
                    f"{name} of {site_code(site)} is not the report that was approved.",
                    where=f"wave {wave}",
                    remedy="Prepare the wave again and have it approved.",
                )
            if not _is_there(folder / name, named[name]):
                write_whole(folder / name, content)
                written += 1
        return written

    def placed(self, wave: int) -> frozenset[str]:
        """The folders of sites that have a report in the outbox."""
        folder = self.wave_folder(wave)
        return frozenset(entry.name for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else frozenset()

    def mirror(self, manifest: Manifest, bundle: Bundle, sent_on: Mapping[str, str]) -> int:
        """Make the folder show exactly the reports that the record says were sent: place what is missing, remove what
        nobody sent and what a killed run left half-written, write the mailing list.
        """
        sent = [site for site in manifest.sites if site in sent_on]
        written = self.place(manifest, bundle, sent)
        for stray in self.placed(manifest.wave) - {folder_of(site) for site in sent}:
            shutil.rmtree(self.wave_folder(manifest.wave) / stray)
        for partial in self.wave_folder(manifest.wave).rglob(f"*{PARTIAL}"):
            partial.unlink(missing_ok=True)
        write_whole(self.wave_folder(manifest.wave) / MANIFEST, mailing_list(manifest, sent_on))
        return written


def _is_there(path: Path, sha256: str) -> bool:
    return path.is_file() and file_sha256(path) == sha256
