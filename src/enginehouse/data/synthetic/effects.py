"""Which practices a planted effect reaches, and by how much: seed, effect and practice alone decide.

So nothing depends on how many practices there are, in which order they come, or how many months are written.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from enginehouse.core.seeds import derive_seed
from enginehouse.data.synthetic.parameters import PlantedEffect
from enginehouse.data.synthetic.region import Region


def practice_ratios(region: Region, effect: PlantedEffect) -> Mapping[str, float]:
    """The ratio planted in each practice that the effect is meant for; 1 where it does not reach.

    Among those reached it is log-normal with mean `ratio_where_reached`.
    """
    return {code: _ratio(region.parameters.seed, effect, code) for code in _practices(region, effect)}


def reached_practices(region: Region, effect: PlantedEffect) -> tuple[str, ...]:
    """The practices that the effect reaches: those with which a contact may be logged."""
    seed = region.parameters.seed
    return tuple(code for code in _practices(region, effect) if _draws(seed, effect, code)[0] < effect.reached)


def _practices(region: Region, effect: PlantedEffect) -> tuple[str, ...]:
    """The practices of the effect's areas and those it names, in the order of the region."""
    named, areas = set(effect.practices), set(effect.areas)
    return tuple(
        code
        for code, area in zip(region.practices, region.area_of, strict=True)
        if code in named or region.areas[area] in areas
    )


def _ratio(seed: int, effect: PlantedEffect, code: str) -> float:
    if effect.reached == 1.0 and effect.spread == 0.0:
        return effect.ratio
    chance, deviation = _draws(seed, effect, code)
    if chance >= effect.reached:
        return 1.0
    return effect.ratio_where_reached * math.exp(effect.spread * deviation - effect.spread**2 / 2)


def _draws(seed: int, effect: PlantedEffect, code: str) -> tuple[float, float]:
    """A uniform and a standard normal number for this practice."""
    rng = np.random.default_rng(derive_seed(seed, "effect", effect.name, code))
    return float(rng.random()), float(rng.normal())
