"""Step: write the raw files of a synthetic region, with the effects that its protocols say were planted.

Only a programme marked `synthetic` has this step. The effect is decided here, from the protocols' stated truth, and
passed on: the data room never invents one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from enginehouse.core.errors import NotAllowed, UserError
from enginehouse.core.months import Month, Period
from enginehouse.core.progress import Progress, silent
from enginehouse.cycle.allocation import arm_by_site, read_allocation
from enginehouse.cycle.record_of import STATE_FOLDER
from enginehouse.cycle.workspace import open_workspace
from enginehouse.data.synthetic.effects import reached_practices
from enginehouse.data.synthetic.parameters import PROSPECTIVE, PlantedEffect, RegionParameters
from enginehouse.data.synthetic.region import make_region
from enginehouse.data.synthetic.write import Truth, drawn_from, months_written, size_and_seed, write_region
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.load import Programme, load_programme
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.protocol import Truth as ProtocolTruth

RAW_FOLDER = "raw"
HISTORY_BEFORE_BASELINE = 12
"""Months of history that a trial's region has beside the baseline, so that designs can be tried."""
EVENTS = (2, 9)
"""Practices of a trial's region merge, close and open between these months of the first trial's follow-up."""


def synthesise(
    folder: Path,
    parameters: RegionParameters | None = None,
    *,
    until: Month | None = None,
    allocations: Mapping[str, Mapping[str, str]] | None = None,
    progress: Progress = silent,
) -> Truth:
    """Write `raw/` of the synthetic programme in `folder`, up to and including the month `until`.

    Months that are there already, drawn from the same region and effects, are left alone; so a trial's follow-up can be
    written as it comes, after the allocation, month by month.

    Parameters
    ----------
    until
        The last month; left out, the region's last, or the month before the first trial that has an effect to plant
        and no allocation.
    allocations
        The arm of each site in each cycle that has been allocated (cycle -> site -> arm); left out, as recorded.

    Raises
    ------
    NotAllowed
        The programme is not synthetic, or a trial's effect cannot be planted before its sites are allocated.
    """
    programme = load_programme(folder)
    if not programme.settings.synthetic:
        raise NotAllowed(
            "this programme is not marked synthetic.",
            where=str(folder / "programme.yaml"),
            remedy="Made-up data never go beside real ones: start from enginehouse new --template synthetic-region.",
        )
    region = parameters or _region(programme)
    allocated = recorded_allocations(folder) if allocations is None else allocations
    last = _last_month(programme, region, allocated, until)
    effects = planted_effects(programme, allocated)
    raw = folder / RAW_FOLDER
    return write_region(
        raw, region, effects=effects, months=_months_to_write(raw, region, effects, last), progress=progress
    )


def region_parameters(programme: Programme) -> RegionParameters:
    """The region that the programme's protocols need: with a trial, a year before its baseline, and its follow-up."""
    designs = [p.design for p in programme.protocols.values() if p.design.type.is_randomised]
    if not designs:
        return RegionParameters()
    first = min(design.baseline.start for design in designs) + -HISTORY_BEFORE_BASELINE
    starts = min(design.starts for design in designs)
    end = max(design.follow_up.end for design in designs)
    begun = starts - first
    return replace(
        PROSPECTIVE,
        first_month=first,
        months=end - first,
        events_from=begun + EVENTS[0],
        events_until=begun + EVENTS[1],
    )


def region_of(folder: Path, *, practices: int | None = None, seed: int | None = None) -> RegionParameters:
    """The region of the programme in `folder`: as large as asked, or as it was written before."""
    return _region(load_programme(folder), practices=practices, seed=seed)


def _region(programme: Programme, *, practices: int | None = None, seed: int | None = None) -> RegionParameters:
    written = size_and_seed(programme.folder / RAW_FOLDER)
    region = region_parameters(programme)
    before = written or (region.practices, region.seed)
    return replace(
        region,
        practices=before[0] if practices is None else practices,
        seed=before[1] if seed is None else seed,
    )


def recorded_allocations(folder: Path) -> dict[str, dict[str, str]]:
    """The arm of each site in each cycle that the programme's record says was allocated."""
    if not (folder / STATE_FOLDER).exists():
        return {}
    workspace = open_workspace(folder)
    states = {cycle: workspace.state(cycle) for cycle in workspace.programme.protocols}
    return {
        cycle: arm_by_site(read_allocation(workspace, state)) for cycle, state in states.items() if state.allocation
    }


def planted_effects(
    programme: Programme, allocations: Mapping[str, Mapping[str, str]] | None = None
) -> tuple[PlantedEffect, ...]:
    """The effects that the protocols state as the truth of what they measure.

    Without random allocation, of the primary indicator, in the exposed areas. With it, of primary and balancing
    indicators, in the sites of the first contrast's arm: none while the cycle is not among `allocations`.
    """
    effects: list[PlantedEffect] = []
    for name, protocol in programme.protocols.items():
        if protocol.design.type.is_randomised:
            effects += _in_a_trial(programme, name, protocol, (allocations or {}).get(name, {}))
        elif (truth := _truth_of(protocol, protocol.indicator)) is not None:
            effects.append(
                PlantedEffect(
                    section=_section(programme.indicators[protocol.indicator]),
                    areas=_areas(name, protocol),
                    from_month=protocol.design.starts,
                    ratio=truth.ratio,
                )
            )
    return tuple(effects)


def reached_sites(
    folder: Path, cycle: str, allocation: Mapping[str, str], parameters: RegionParameters | None = None
) -> tuple[str, ...]:
    """The sites that a trial's planted effect reaches: those with which a made-up contact may be logged."""
    programme = load_programme(folder)
    region = make_region(parameters or _region(programme))
    effects = _in_a_trial(programme, cycle, programme.protocols[cycle], allocation, even_without_effect=True)
    reached = {code for effect in effects[:1] for code in reached_practices(region, effect)}
    return tuple(site for site in allocation if _code(site) in reached)


def _in_a_trial(
    programme: Programme,
    cycle: str,
    protocol: Protocol,
    allocation: Mapping[str, str],
    *,
    even_without_effect: bool = False,
) -> list[PlantedEffect]:
    """One effect for each section of primary and balancing indicators in which anything was planted."""
    arm = protocol.contrasts[0].arm
    practices = tuple(sorted(_code(site) for site, its_arm in allocation.items() if its_arm == arm))
    effects: dict[str, PlantedEffect] = {}
    for indicator in (protocol.indicator, *protocol.balancing) if practices else ():
        truth = _truth_of(protocol, indicator)
        if truth is not None and (truth.ratio != 1 or even_without_effect):
            section = _section(programme.indicators[indicator])
            effects.setdefault(section, _effect(cycle, section, practices, protocol, truth))
    return list(effects.values())


def _effect(
    cycle: str, section: str, practices: tuple[str, ...], protocol: Protocol, truth: ProtocolTruth
) -> PlantedEffect:
    return PlantedEffect(
        section=section,
        practices=practices,
        from_month=protocol.design.starts,
        ratio=truth.ratio,
        reached=truth.reached,
        spread=truth.spread,
        name=cycle,
    )


def _truth_of(protocol: Protocol, indicator: str) -> ProtocolTruth | None:
    return next((truth for truth in protocol.truth if truth.indicator == indicator), None)


def _last_month(
    programme: Programme,
    region: RegionParameters,
    allocations: Mapping[str, Mapping[str, str]],
    until: Month | None,
) -> Month:
    """The last month to write; refused where a trial without allocation has begun by then."""
    waiting = {
        name: protocol.design.starts
        for name, protocol in programme.protocols.items()
        if protocol.design.type.is_randomised and name not in allocations and _plants(protocol)
    }
    unknown_from = min(waiting.values(), default=region.period.end)
    if until is None:
        return min(region.period.last, unknown_from + -1)
    region.column(until)
    late = [name for name, starts in waiting.items() if starts <= until]
    if late:
        raise NotAllowed(
            f"got {until}, but the cycle '{late[0]}' has an effect to plant from {waiting[late[0]]} on and its sites "
            "are not allocated.",
            where=f"cycles/{late[0]}/protocol.yaml  truth",
            remedy=f"Write until {waiting[late[0]] + -1}, allocate, and then write the months that follow.",
        )
    return until


def _plants(protocol: Protocol) -> bool:
    return any(truth.ratio != 1 for truth in protocol.truth)


def _months_to_write(raw: Path, region: RegionParameters, effects: tuple[PlantedEffect, ...], last: Month) -> Period:
    """From the first month that is missing, or was drawn from something else, to the last; at least the last."""
    there = months_written(raw)
    for month in Period(region.first_month, last + 1):
        if there.get(month) != drawn_from(region, effects, month):
            return Period(month, last + 1)
    return Period(last, last + 1)


def _code(site: str) -> str:
    """The practice's code in the id of a site: `ods:Z90001` is Z90001."""
    return site.rpartition(":")[2]


def _section(indicator: Indicator) -> str:
    """The BNF section (`4.7`) that the numerator's codes belong to."""
    prescribing = indicator.measured_from.prescribing
    if prescribing is None:
        raise UserError(
            f"the indicator {indicator.id} is not computed from prescribing rows.",
            where=f"indicators/{indicator.id}.yaml",
            remedy="Only such an indicator can have a planted effect.",
        )
    code = prescribing.numerator.bnf_codes[0]
    return f"{int(code[:2])}.{int(code[2:4])}"


def _areas(cycle: str, protocol: Protocol) -> tuple[str, ...]:
    areas = protocol.exposure.sites.within.get("area") if protocol.exposure else None
    if not areas:
        raise UserError(
            "the exposed sites are not given by area.",
            where=f"cycles/{cycle}/protocol.yaml",
            remedy="A planted effect needs exposure.sites: {within: {area: ...}}.",
        )
    return tuple(areas)
