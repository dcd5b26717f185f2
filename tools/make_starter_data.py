"""Writes the two example files of the starter template. Nothing in them is real: every number is simulated here.

Run it from the checkout: `python tools/make_starter_data.py`. A test compares the files with what this script makes,
so it uses the standard library alone, whose `random()` gives the same stream everywhere.

What is simulated: 40 practices in 12 areas and 2 regions, 36 months. Inhaler items follow the list size and the season;
the share of metered-dose inhalers differs between practices, falls slowly everywhere, and drifts a little from area to
area. In Ashdale it is multiplied by 0.92 from April 2024 on: the effect that the example evaluation looks for.
"""

import csv
import io
import math
import random
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

FOLDER = Path(__file__).resolve().parents[1] / "src" / "enginehouse" / "programmes" / "starter" / "data"
# Of four seeds tried, the one whose estimate lies nearest the built-in effect: an example to read, not evidence.
SEED = 2024
MONTHS = [f"{year}-{month:02d}" for year in range(2022, 2026) for month in range(1, 13)][3:39]
START = MONTHS.index("2024-04")
TREATED, EFFECT = "Ashdale", 0.92
AREAS = {
    "North": {"Ashdale": 4, "Birchford": 3, "Cedarham": 4, "Damsonby": 3, "Elmley": 3, "Foxcote": 3},
    "South": {"Gorsebrook": 4, "Hazelwick": 3, "Irisham": 3, "Junipervale": 4, "Kelpton": 3, "Larchmoor": 3},
}
ITEMS_PER_PATIENT, WINTER, SHARE = 0.08, 0.1, 0.6
BETWEEN_PRACTICES, DRIFT_A_MONTH, MONTH_NOISE, TREND_A_MONTH = 0.12, 0.003, 0.01, -0.002


@dataclass(frozen=True)
class Practice:
    code: str
    name: str
    area: str
    region: str
    list_size: int
    deprivation: float
    level: float


class Draws:
    """A stream of random numbers from one seed."""

    def __init__(self, seed: int) -> None:
        self._uniform = random.Random(seed).random

    def normal(self) -> float:
        return NormalDist().inv_cdf(min(max(self._uniform(), 1e-9), 1 - 1e-9))

    def count(self, mean: float, *, of: int | None = None) -> int:
        """A Poisson count, or a binomial one `of` so many, by the normal curve: the means here are large enough."""
        sd = math.sqrt(mean if of is None else mean * (1 - mean / of))
        drawn = max(0, round(mean + sd * self.normal()))
        return drawn if of is None else min(of, drawn)


def practices(draws: Draws) -> list[Practice]:
    places = [(area, region) for region, areas in AREAS.items() for area, size in areas.items() for _ in range(size)]
    return [
        Practice(
            code=f"P{number:02d}",
            name=f"{area} Practice {chr(64 + sum(other == area for other, _ in places[:number]))}",
            area=area,
            region=region,
            list_size=round(math.exp(8.95 + 0.4 * draws.normal())),
            deprivation=round(math.exp(2.9 + 0.5 * draws.normal()), 1),
            level=BETWEEN_PRACTICES * draws.normal(),
        )
        for number, (area, region) in enumerate(places, start=1)
    ]


def drifts(draws: Draws) -> dict[str, list[float]]:
    """How each area moves away from the common course, month by month (log scale)."""
    paths = {}
    for area in (area for areas in AREAS.values() for area in areas):
        path = [0.0]
        while len(path) < len(MONTHS):
            path.append(path[-1] + DRIFT_A_MONTH * draws.normal())
        paths[area] = path
    return paths


def measurements(draws: Draws, sites: list[Practice]) -> list[list[object]]:
    paths = drifts(draws)
    rows: list[list[object]] = []
    for site in sites:
        for number, month in enumerate(MONTHS):
            season = 1 + WINTER * math.cos(2 * math.pi * (int(month[5:]) - 1) / 12)
            items = draws.count(site.list_size * ITEMS_PER_PATIENT * season)
            log_share = site.level + TREND_A_MONTH * number + paths[site.area][number] + MONTH_NOISE * draws.normal()
            effect = EFFECT if site.area == TREATED and number >= START else 1.0
            share = min(0.95, SHARE * effect * math.exp(log_share))
            rows.append(["metered-dose-inhalers", site.code, month, draws.count(items * share, of=items), items])
    return rows


def as_csv(header: list[str], rows: list[list[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def files() -> dict[str, str]:
    """The name and the text of both files."""
    draws = Draws(SEED)
    sites = practices(draws)
    places = [[s.code, s.name, s.area, s.region, s.list_size, s.deprivation] for s in sites]
    return {
        "sites.csv": as_csv(["site", "name", "area", "region", "list_size", "deprivation"], places),
        "measurements.csv": as_csv(
            ["indicator", "site", "month", "numerator", "denominator"], measurements(draws, sites)
        ),
    }


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"{FOLDER / name}: {text.count(chr(10)) - 1} rows")
