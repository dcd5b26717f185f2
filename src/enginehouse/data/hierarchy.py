"""Where sites belonged when: spans put in sequence, and areas that belong to larger areas joined to their sites."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from enginehouse.core.months import Month
from enginehouse.data.sites import Membership


@dataclass(frozen=True, slots=True)
class Span:
    """Belonging to `group` from `start` (inclusive) to `end` (exclusive); `None` is open."""

    group: str
    start: Month | None = None
    end: Month | None = None


def in_sequence(spans: Sequence[Span], *, always: bool = False) -> list[Span]:
    """Spans ordered by start, none running into the next, equal neighbours joined.

    `always`: the first holds for all earlier months too (a map says nothing of the time before it, and is the best
    that is known).
    """
    ordered = sorted(spans, key=lambda span: (span.start is not None, span.start or _FIRST))
    if always and ordered:
        ordered[0] = replace(ordered[0], start=None)
    found: list[Span] = []
    for place, span in enumerate(ordered):
        following = ordered[place + 1].start if place + 1 < len(ordered) else None
        end = following if following is not None and (span.end is None or following < span.end) else span.end
        if found and found[-1].group == span.group and found[-1].end == span.start:
            found[-1] = replace(found[-1], end=end)
        elif span.start is None or end is None or span.start < end:
            found.append(replace(span, end=end))
    return found


def memberships(
    spans: Mapping[tuple[str, str], Sequence[Span]],
    of_areas: Mapping[tuple[str, str, str], Sequence[Span]],
    sites: Container[str],
) -> tuple[Membership, ...]:
    """Memberships of `sites`: their own, and of levels that they have none of, those of the areas they belong to."""
    own = [
        Membership(site, level, span.group, span.start, span.end)
        for (site, level), known in spans.items()
        if site in sites
        for span in known
    ]
    larger: dict[tuple[str, str], list[tuple[str, Sequence[Span]]]] = {}
    for (member_level, member, level), known in of_areas.items():
        larger.setdefault((member_level, member), []).append((level, known))
    inherited = [
        Membership(belongs.site, level, span.group, span.start, span.end)
        for belongs in own
        for level, known in larger.get((belongs.level, belongs.group), ())
        if (belongs.site, level) not in spans
        for span in _within(belongs, known)
    ]
    return tuple(own + inherited)


def _within(membership: Membership, spans: Iterable[Span]) -> Iterable[Span]:
    """The parts of `spans` that fall into the months of the membership."""
    for span in spans:
        start = max((m for m in (span.start, membership.start) if m is not None), default=None)
        end = min((m for m in (span.end, membership.end) if m is not None), default=None)
        if start is None or end is None or start < end:
            yield Span(span.group, start, end)


_FIRST = Month(1900, 1)
