"""From rates to prescribing rows: items by practice, month, presentation and quantity per item."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from enginehouse.core.months import Month
from enginehouse.core.seeds import derive_seed
from enginehouse.data.synthetic.parameters import PlantedEffect
from enginehouse.data.synthetic.rates import log_deviations
from enginehouse.data.synthetic.region import Region

# Spread of a practice's lasting preference for one presentation over another, on the log scale.
PREFERENCE_SD = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """One product: its code, how often it is prescribed, in which quantities, and its price per unit."""

    bnf_code: str
    name: str
    section: str
    items_per_1000: float
    usual_quantity: float
    other_quantity: float
    usual_share: float
    unit_price_gbp: float
    adq_per_unit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One prescribing row. `quantity` is per item."""

    practice: int
    presentation: Presentation
    quantity: float
    items: int

    @property
    def total_quantity(self) -> float:
        return self.quantity * self.items

    @property
    def nic(self) -> float:
        return round(self.presentation.unit_price_gbp * self.total_quantity, 2)

    @property
    def actual_cost(self) -> float:
        # Large rows cost 0.93 of the list price; a fixed part weighs on small ones.
        return round(0.93 * self.nic + 0.1 * self.items, 5)

    @property
    def adq_usage(self) -> float:
        return round(self.presentation.adq_per_unit * self.total_quantity, 4)


def presentations(sections: Sequence[str]) -> tuple[Presentation, ...]:
    """The products of the sections: real codes and names, shares as in four real practices in September 2017."""
    text = files("enginehouse.data.synthetic").joinpath("presentations.csv").read_text(encoding="utf-8")
    return tuple(
        Presentation(
            bnf_code=line["bnf_code"],
            name=line["name"],
            section=line["section"],
            items_per_1000=float(line["items_per_1000"]),
            usual_quantity=float(line["usual_quantity"]),
            other_quantity=float(line["other_quantity"]),
            usual_share=float(line["usual_share"]),
            unit_price_gbp=float(line["unit_price_gbp"]),
            adq_per_unit=float(line["adq_per_unit"]),
        )
        for line in csv.DictReader(text.splitlines())
        if line["section"] in sections
    )


def prescribing_rows(region: Region, effects: Sequence[PlantedEffect] = ()) -> Iterator[tuple[Month, list[Row]]]:
    """The rows of each month, in the order of practices and presentations."""
    products = presentations(region.parameters.sections)
    for month, items, usual in drawn_items(region, products, effects):
        yield month, list(_rows(products, items, usual))


def drawn_items(
    region: Region, products: Sequence[Presentation], effects: Sequence[PlantedEffect] = ()
) -> Iterator[tuple[Month, npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Items of each month by practice and product, and how many of them are of the usual quantity."""
    deviations = {code: log_deviations(region, code, effects) for code in region.parameters.sections}
    rng = np.random.default_rng(derive_seed(region.parameters.seed, "preferences"))
    preference = np.exp(rng.normal(-(PREFERENCE_SD**2) / 2, PREFERENCE_SD, (len(region.practices), len(products))))
    usual_rate = np.array([p.items_per_1000 for p in products]) / 1000
    usual_share = np.array([p.usual_share for p in products])
    for column, month in enumerate(region.parameters.period):
        draw = np.random.default_rng(derive_seed(region.parameters.seed, "items", str(month)))
        rate = np.exp(np.stack([deviations[p.section][:, column] for p in products], axis=1))
        items = draw.poisson(region.list_size[:, [column]] * usual_rate * preference * rate)
        yield month, items, draw.binomial(items, usual_share)


def _rows(
    products: Sequence[Presentation], items: npt.NDArray[np.int64], usual: npt.NDArray[np.int64]
) -> Iterator[Row]:
    for practice, product in zip(*np.nonzero(items), strict=True):
        presentation = products[product]
        first = int(usual[practice, product])
        rest = int(items[practice, product]) - first
        if presentation.usual_quantity == presentation.other_quantity:
            first, rest = first + rest, 0
        for quantity, count in ((presentation.usual_quantity, first), (presentation.other_quantity, rest)):
            if count:
                yield Row(practice=int(practice), presentation=presentation, quantity=quantity, items=count)
