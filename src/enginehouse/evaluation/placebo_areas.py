"""Which untreated areas stand in for the treated one, and whom each is compared with.

The same areas serve every outcome: they are chosen once, on the sites that have the primary indicator.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from enginehouse.data.sites import SiteRegister
from enginehouse.evaluation.arms import Arms, Contributions, member_counts
from enginehouse.evaluation.results import LeftOutArea
from enginehouse.programme.protocol import Drift, Protocol


@dataclass(frozen=True, slots=True)
class Area:
    """An untreated cluster: its sites, and the other untreated sites of its own region as controls."""

    id: str
    name: str
    region: str
    members: int
    sites: tuple[str, ...]
    controls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlaceboPlan:
    """The placebo areas in order of id, and the clusters that are none, with the reason."""

    areas: tuple[Area, ...]
    left_out: tuple[LeftOutArea, ...]


def plan_placebos(protocol: Protocol, sites: SiteRegister, arms: Arms, primary: Contributions) -> PlaceboPlan:
    """Each untreated area of like size against the other areas of its own region.

    Exposed sites are left out of both sides. An area needs at least `minimum_share` of the exposed practices, no
    exposed site of its own, and other untreated areas in its region.
    """
    drift = protocol.analysis.drift
    if drift is None:
        return PlaceboPlan((), ())
    clusters = _untreated_clusters(sites, drift, arms, primary, protocol)
    counts = member_counts(sites, primary.sites)
    least = drift.minimum_share * sum(counts[site] for site in primary.with_data(arms.exposed))
    partly_exposed = _partly_exposed(sites, drift, arms, protocol)
    chosen, left_out = [], []
    for area, members in sorted(clusters.members.items()):
        size = sum(counts[site] for site in members)
        controls = clusters.others_in_region(area)
        reason = _reason_against(area in partly_exposed, size, least, controls)
        name = sites.group_name(drift.cluster, area)
        if reason:
            left_out.append(LeftOutArea(area=area, name=name, sites=size, reason=reason))
        else:
            region = clusters.region[area]
            chosen.append(
                Area(area, name, sites.group_name(drift.within, region), size, tuple(members), tuple(controls))
            )
    return PlaceboPlan(tuple(chosen), tuple(left_out))


@dataclass(frozen=True, slots=True)
class _Clusters:
    members: Mapping[str, list[str]]
    region: Mapping[str, str]

    def others_in_region(self, area: str) -> list[str]:
        return [
            site
            for other, members in self.members.items()
            if other != area and self.region[other] == self.region[area]
            for site in members
        ]


def _untreated_clusters(
    sites: SiteRegister, drift: Drift, arms: Arms, primary: Contributions, protocol: Protocol
) -> _Clusters:
    cluster_of = sites.groups(drift.cluster, as_of=protocol.membership_as_of)
    region_of = sites.groups(drift.within, as_of=protocol.membership_as_of)
    exposed = set(arms.exposed)
    regions: dict[str, Counter[str]] = defaultdict(Counter)
    for site in cluster_of.keys() & region_of.keys():
        regions[cluster_of[site]][region_of[site]] += 1
    members: dict[str, list[str]] = defaultdict(list)
    for site in primary.with_data(primary.sites):
        if site not in exposed and site in cluster_of and site in region_of:
            members[cluster_of[site]].append(site)
    # The region of most of its registered sites, with data or not: one misplaced site must not move an area.
    return _Clusters(members, {area: _most_common(regions[area]) for area in members})


def _partly_exposed(sites: SiteRegister, drift: Drift, arms: Arms, protocol: Protocol) -> set[str]:
    cluster_of = sites.groups(drift.cluster, as_of=protocol.membership_as_of)
    return {cluster_of[site] for site in arms.exposed if site in cluster_of}


def _reason_against(partly_exposed: bool, size: int, least: float, controls: list[str]) -> str:
    if partly_exposed:
        return "part of it was exposed"
    if size < least:
        return f"too small ({size} against at least {least:.0f})"
    if not controls:
        return "no other untreated area in its region"
    return ""


def _most_common(counts: Counter[str]) -> str:
    """The commonest region; the first in the alphabet of equals."""
    return min(counts, key=lambda region: (-counts[region], region))
