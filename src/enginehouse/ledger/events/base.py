"""What every payload is: a frozen dataclass of primitives with the type and version written beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

Sha256 = str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """Base of all payloads: its `type` and `version` are written beside it."""

    type: ClassVar[str] = ""
    version: ClassVar[int] = 1
