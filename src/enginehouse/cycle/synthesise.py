"""Step: write the raw files of a synthetic region, with the effects that its protocols say were planted.

Only a programme marked `synthetic` has this step. The effect is decided here, from the protocols' stated truth, and
passed on: the data room never invents one.
"""

from __future__ import annotations

from pathlib import Path

from enginehouse.core.errors import NotAllowed, UserError
from enginehouse.core.progress import Progress, silent
from enginehouse.data.synthetic.parameters import PlantedEffect, RegionParameters
from enginehouse.data.synthetic.write import Truth, write_region
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.load import Programme, load_programme
from enginehouse.programme.protocol import Protocol

RAW_FOLDER = "raw"


def synthesise(folder: Path, parameters: RegionParameters | None = None, *, progress: Progress = silent) -> Truth:
    """Write `raw/` of the synthetic programme in `folder`, replacing the files it wrote before."""
    programme = load_programme(folder)
    if not programme.settings.synthetic:
        raise NotAllowed(
            "this programme is not marked synthetic.",
            where=str(folder / "programme.yaml"),
            remedy="Made-up data never go beside real ones: start from enginehouse new --template synthetic-region.",
        )
    return write_region(
        folder / RAW_FOLDER, parameters or RegionParameters(), effects=planted_effects(programme), progress=progress
    )


def planted_effects(programme: Programme) -> tuple[PlantedEffect, ...]:
    """The effects that the protocols state as the truth of their primary indicator."""
    effects = []
    for name, protocol in programme.protocols.items():
        truth = next((t for t in protocol.truth if t.indicator == protocol.indicator), None)
        if truth is not None:
            effects.append(
                PlantedEffect(
                    section=_section(programme.indicators[protocol.indicator]),
                    areas=_areas(name, protocol),
                    from_month=protocol.design.starts,
                    ratio=truth.ratio,
                )
            )
    return tuple(effects)


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
