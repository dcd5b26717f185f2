"""Seeds: one number from which every stream of random numbers in a run is derived by name.

Deriving by name (rather than drawing in order) means that adding a stream does not change the others.
"""

from __future__ import annotations

import hashlib


def derive_seed(root: int, *path: str | int) -> int:
    """A 128-bit seed for the stream called `path` under `root`: the first 16 bytes of a SHA-256."""
    text = "/".join([str(root), *(str(part) for part in path)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
