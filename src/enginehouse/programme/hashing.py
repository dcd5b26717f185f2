"""The canonical form of a definition and its hash: the same for the same meaning, however the file is written.

Keys are sorted, comments and quoting are gone, numbers are decimal text (`1` and `1.0` are one number). A key that
says what leaving it out would say is left out, so that a key added in a later release does not change old hashes.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from enginehouse.ledger.canonical import canonical_json, sha256_hex
from enginehouse.programme.spec import Spec


def definition_hash(spec: Spec) -> str:
    """The SHA-256 of `definition_bytes`, in hex."""
    return sha256_hex(definition_bytes(spec))


def definition_bytes(spec: Spec) -> bytes:
    """The definition as canonical JSON (RFC 8785), by the names that files use."""
    return canonical_json(_without_floats(plain_values(spec)))


def plain_values(spec: Spec) -> dict[str, Any]:
    """The definition as texts, numbers, lists and dicts, by the names that files use and without defaults."""
    return spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def decimal_text(number: float) -> str:
    """The shortest decimal text of a number: `1`, `0.98`, never an exponent."""
    text = f"{Decimal(repr(number + 0.0)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _without_floats(value: Any) -> Any:
    if isinstance(value, float):
        return decimal_text(value)
    if isinstance(value, dict):
        return {key: _without_floats(item) for key, item in value.items()}
    return [_without_floats(item) for item in value] if isinstance(value, list) else value
