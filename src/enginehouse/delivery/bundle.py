"""The bundle of a wave: the bytes of every report in one archive, which the record names by its hash.

The same reports give the same bytes. The outbox is filled from it and from nothing else, so that what is sent is what
was approved.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from enginehouse.core.errors import IntegrityError
from enginehouse.core.ids import site_code

_NO_TIME = (1980, 1, 1, 0, 0, 0)
_READ_BY_ALL = 0o644 << 16


def folder_of(site: str) -> str:
    """The name of a site's folder: its id, without the colon that some file systems refuse."""
    return site.replace(":", "_")


def write_bundle(reports: Mapping[str, Mapping[str, bytes]]) -> bytes:
    """An archive of `site -> file name -> bytes`, in a fixed order and without a clock."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for site in sorted(reports):
            for name in sorted(reports[site]):
                entry = zipfile.ZipInfo(f"{folder_of(site)}/{name}", _NO_TIME)
                entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, _READ_BY_ALL, 3
                archive.writestr(entry, reports[site][name])
    return buffer.getvalue()


class Bundle:
    """An archive that was written by `write_bundle`, opened for reading."""

    def __init__(self, content: bytes) -> None:
        self._archive = zipfile.ZipFile(io.BytesIO(content))
        self._files: dict[str, list[str]] = {}
        for path in self._archive.namelist():
            folder, _, name = path.partition("/")
            self._files.setdefault(folder, []).append(name)

    def files(self, site: str) -> dict[str, bytes]:
        """The files of one site by name.

        Raises
        ------
        IntegrityError
            The bundle has no report for the site.
        """
        folder = folder_of(site)
        if folder not in self._files:
            raise IntegrityError(
                f"the bundle has no report for {site_code(site)}.", where="bundle", remedy="Prepare the wave again."
            )
        return {name: self._archive.read(f"{folder}/{name}") for name in self._files[folder]}
