"""Names of things: slugs for what a programme defines, `scheme:code` for sites, UUIDv7 for events."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Collection, Iterable
from uuid import UUID

from enginehouse.core.errors import UserError

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SITE = re.compile(r"[a-z][a-z0-9]*:[A-Za-z0-9][A-Za-z0-9._-]*")


def is_slug(text: str) -> bool:
    """Whether `text` is lower-case words and digits joined by single hyphens."""
    return _SLUG.fullmatch(text) is not None


def check_slug(text: str, *, where: str = "") -> str:
    if not is_slug(text):
        raise UserError(
            f"got '{text}' for an id.",
            where=where,
            remedy="Use lower-case words joined by hyphens, for example west-yorkshire.",
        )
    return text


def site_id(code: str, *, scheme: str) -> str:
    """The id of a site, for example `ods:B85010`; a code that already carries a scheme is left as it is."""
    text = code.strip() if ":" in code else f"{scheme}:{code.strip()}"
    if _SITE.fullmatch(text) is None:
        raise UserError(f"got '{code}' for a site.", remedy="A site is written scheme:code, for example ods:B85010.")
    return text


def site_code(site: str) -> str:
    """The code as people know it: `B85010`."""
    return site.partition(":")[2] or site


def site_codes(sites: Iterable[str]) -> str:
    """The codes of sites in a sentence: `P04, P12`."""
    return ", ".join(site_code(site) for site in sites)


def plain_codes(sites: Collection[str]) -> dict[str, str]:
    """By id the code that a table shows, and that is understood when the table comes back: without the scheme, unless
    the sites have several.
    """
    several = len({site.partition(":")[0] for site in sites}) > 1
    return {site: site if several else site_code(site) for site in sites}


def new_event_id() -> str:
    """A UUID of version 7 (RFC 9562): the clock in milliseconds, then random bits, so ids sort by time."""
    clock = int(time.time() * 1000) & ((1 << 48) - 1)
    random = secrets.randbits(74)
    value = (clock << 80) | (0x7 << 76) | ((random >> 62) << 64) | (0b10 << 62) | (random & ((1 << 62) - 1))
    return str(UUID(int=value))
