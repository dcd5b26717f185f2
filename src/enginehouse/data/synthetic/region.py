"""The practices of a synthetic region: who they are, how many patients they have, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.core.seeds import derive_seed
from enginehouse.data.synthetic.parameters import FIRST_EVENT, RegionParameters

# Registered patients of 6,250 English practices in December 2024 are close to log-normal with these two numbers.
LOG_LIST_MEAN, LOG_LIST_SD = 9.065, 0.591
SMALLEST_LIST = 1500
GROWTH_PER_MONTH = 0.0005
SMALLEST_NETWORK, LARGEST_NETWORK = 4, 8
LAST_EVENT = 3
"""Nothing opens, closes or merges in the last three months."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Practices in rows, months in columns. `list_size` is zero before a practice opens and after it closes."""

    parameters: RegionParameters
    practices: tuple[str, ...]
    names: tuple[str, ...]
    area_of: npt.NDArray[np.intp]
    region_of_area: tuple[int, ...]
    list_size: npt.NDArray[np.int64]
    deprivation: npt.NDArray[np.float64]
    opened: dict[int, int]
    closed: dict[int, int]
    successor: dict[int, int]
    network_of: tuple[str, ...] = ()

    @property
    def areas(self) -> tuple[str, ...]:
        """Codes of the areas, `X01` first."""
        return tuple(f"X{number + 1:02d}" for number in range(self.parameters.areas))

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(f"Synthetic Region {number + 1}" for number in range(self.parameters.regions))


def make_region(parameters: RegionParameters) -> Region:
    """Draw the practices of a region; the same parameters give the same region."""
    rng = np.random.default_rng(derive_seed(parameters.seed, "practices"))
    count = parameters.practices
    area_of = np.arange(count) % parameters.areas
    size = np.maximum(SMALLEST_LIST, np.exp(rng.normal(LOG_LIST_MEAN, LOG_LIST_SD, count)))
    area_level = rng.normal(0, 5, parameters.areas)
    deprivation = np.clip(rng.gamma(4, 6, count) + area_level[area_of], 3, 80).round(2)
    growth = np.exp(GROWTH_PER_MONTH * np.arange(parameters.columns))
    list_size = np.rint(size[:, None] * growth).astype(np.int64)
    opened, closed, successor = _events(parameters, area_of, rng)
    _apply_events(list_size, opened, closed, successor)
    shown = range(parameters.months)
    return Region(
        parameters=parameters,
        practices=tuple(f"Z{90001 + number}" for number in range(count)),
        names=tuple(_name(number) for number in range(count)),
        area_of=area_of,
        region_of_area=tuple(area % parameters.regions for area in range(parameters.areas)),
        list_size=list_size[:, : parameters.months],
        deprivation=deprivation,
        opened={practice: month for practice, month in opened.items() if month in shown},
        closed={practice: month for practice, month in closed.items() if month in shown},
        successor={practice: other for practice, other in successor.items() if closed[practice] in shown},
        network_of=_networks(parameters, area_of) if parameters.networks else (),
    )


def _networks(parameters: RegionParameters, area_of: npt.NDArray[np.intp]) -> tuple[str, ...]:
    """Codes of networks, four to eight practices of one area each (fewer only where the area has no more)."""
    rng = np.random.default_rng(derive_seed(parameters.seed, "networks"))
    code_of: dict[int, str] = {}
    for area in range(parameters.areas):
        members = [int(number) for number in np.flatnonzero(area_of == area)]
        for count, size in enumerate(_network_sizes(len(members), rng), start=1):
            code_of |= {members.pop(0): f"X{area + 1:02d}N{count}" for _ in range(size)}
    return tuple(code_of[number] for number in range(parameters.practices))


def _network_sizes(practices: int, rng: np.random.Generator) -> list[int]:
    """Sizes that add up to `practices`."""
    sizes = []
    while practices > LARGEST_NETWORK:
        most = min(LARGEST_NETWORK, practices - SMALLEST_NETWORK)
        sizes.append(int(rng.integers(SMALLEST_NETWORK, most + 1)))
        practices -= sizes[-1]
    return [*sizes, practices]


def _name(number: int) -> str:
    # Every tenth name has a letter outside ASCII, as files in latin-1 do.
    kind = "CHÂTEAU SURGERY" if number % 10 == 3 else "MEDICAL CENTRE"
    return f"SYNTHETIC {number + 1:03d} {kind}"


def _events(
    parameters: RegionParameters, area_of: npt.NDArray[np.intp], rng: np.random.Generator
) -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
    """Which practices open, close or merge, and in which month; from the month that the parameters say."""
    wanted = parameters.mergers + parameters.closures + parameters.openings
    first = min(parameters.events_from, max(FIRST_EVENT, parameters.months - LAST_EVENT - 1))
    end = max(first + 1, parameters.months - LAST_EVENT)
    if parameters.events_until is not None:
        first, end = parameters.events_from, parameters.events_until
    chosen = [int(i) for i in rng.permutation(parameters.practices)[:wanted]]
    months = [int(m) for m in rng.integers(first, end, wanted)]
    merging, closing = chosen[: parameters.mergers], chosen[: parameters.mergers + parameters.closures]
    closed = {practice: months[k] for k, practice in enumerate(closing)}
    opened = {practice: months[len(closing) + k] for k, practice in enumerate(chosen[len(closing) :])}
    successor = {}
    for practice in merging:
        neighbours = [j for j in np.flatnonzero(area_of == area_of[practice]) if int(j) not in chosen]
        if neighbours:
            successor[practice] = int(neighbours[0])
    return opened, closed, successor


def _apply_events(
    list_size: npt.NDArray[np.int64], opened: dict[int, int], closed: dict[int, int], successor: dict[int, int]
) -> None:
    for practice, month in opened.items():
        list_size[practice, :month] = 0
    for practice, month in closed.items():
        if practice in successor:
            list_size[successor[practice], month:] += list_size[practice, month:]
        list_size[practice, month:] = 0
