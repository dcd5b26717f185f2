"""How a section's prescribing per patient moves: practice level, deprivation, calendar, area drift, planted effects.

All but the effects are a log deviation from the section's mean rate, as a matrix of practices x months. The area drift
is the part that no analysis of one treated area can see: all practices of an area move together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from enginehouse.core.seeds import derive_seed
from enginehouse.data.synthetic.effects import practice_ratios
from enginehouse.data.synthetic.parameters import CALENDAR, SECTIONS, PlantedEffect, Section
from enginehouse.data.synthetic.region import Region

Array = npt.NDArray[np.float64]


def log_deviations(region: Region, section_code: str) -> Array:
    """Log of each practice's expected rate over the section's mean, by month, while nothing is planted."""
    section = SECTIONS[section_code]
    rng = np.random.default_rng(derive_seed(region.parameters.seed, "rates", section_code))
    count, months = len(region.practices), region.parameters.columns
    level = practice_levels(section, region.deprivation, rng)
    drift = area_drift(section.drift_sd, region.parameters.areas, months, rng)[region.area_of]
    wander = autoregressive(section.wander_sd, section.autocorrelation, (count, months), rng)
    noise = rng.normal(0, section.noise_sd, (count, months))
    own = (level[:, None] + drift + wander + noise)[:, : region.parameters.months]
    return np.asarray(own + _calendar(region, section))


def planted_ratios(region: Region, section_code: str, effects: Sequence[PlantedEffect]) -> Array:
    """What the planted effects multiply each practice's expected rate by, by month: 1 where there are none."""
    planted = np.ones(region.list_size.shape)
    months = list(region.parameters.period)
    for effect in effects:
        if effect.section != section_code:
            continue
        ratios = practice_ratios(region, effect)
        rows = [region.practices.index(code) for code in ratios]
        columns = np.array([month >= effect.from_month for month in months])
        planted[np.ix_(rows, columns)] *= np.array(list(ratios.values()))[:, None]
    return planted


def practice_levels(section: Section, deprivation: Array, rng: np.random.Generator) -> Array:
    """Lasting log deviations of practices, correlated with deprivation; their rates average one."""
    spread = deprivation.std() or 1.0
    standardised = (deprivation - deprivation.mean()) / spread
    own = rng.normal(0, 1, len(deprivation))
    mixed: Array = section.deprivation_r * standardised + np.sqrt(1 - section.deprivation_r**2) * own
    return section.between_sd * mixed - section.between_sd**2 / 2


def area_drift(step_sd: float, areas: int, months: int, rng: np.random.Generator) -> Array:
    """A random walk for each area, in log units, centred on its own mean so that levels stay where they are."""
    walk = np.cumsum(rng.normal(0, step_sd, (areas, months)), axis=1)
    return walk - walk.mean(axis=1, keepdims=True)


def autoregressive(sd: float, autocorrelation: float, shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Stationary AR(1) series in rows with marginal standard deviation `sd`."""
    shocks = rng.normal(0, sd * np.sqrt(1 - autocorrelation**2), shape)
    series = np.empty(shape)
    series[:, 0] = rng.normal(0, sd, shape[0])
    for month in range(1, shape[1]):
        series[:, month] = autocorrelation * series[:, month - 1] + shocks[:, month]
    return series


def _calendar(region: Region, section: Section) -> Array:
    months = list(region.parameters.period)
    years = np.arange(len(months)) / 12
    return np.array([CALENDAR[month.month - 1] for month in months]) + section.trend_per_year * years
