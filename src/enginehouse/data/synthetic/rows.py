"""From rates to prescribing rows: items by practice, month, presentation and quantity per item."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from enginehouse.core.months import Month, Period
from enginehouse.core.seeds import derive_seed
from enginehouse.data.synthetic.parameters import PlantedEffect
from enginehouse.data.synthetic.rates import log_deviations, planted_ratios
from enginehouse.data.synthetic.region import Region

type Integers = npt.NDArray[np.int64]
type Floats = npt.NDArray[np.float64]

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
class Dispensed:
    """What one prescribing row says beside the practice. `quantity` is per item."""

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


type Row = tuple[int, Dispensed]
"""One prescribing row: the practice's number, and what was dispensed there."""


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


def prescribing_rows(
    region: Region, effects: Sequence[PlantedEffect] = (), months: Period | None = None
) -> Iterator[tuple[Month, list[Row]]]:
    """The rows of each month (of `months` only, where given), in the order of practices and presentations."""
    products = presentations(region.parameters.sections)
    rows = _Rows(products)
    for month, items, usual in drawn_items(region, products, effects, months):
        yield month, rows.of(items, usual)


def drawn_items(
    region: Region,
    products: Sequence[Presentation],
    effects: Sequence[PlantedEffect] = (),
    months: Period | None = None,
) -> Iterator[tuple[Month, Integers, Integers]]:
    """Items of each month by practice and product, and how many of them are of the usual quantity.

    Each month is drawn from a seed of its own, so that what is drawn for one does not depend on which others are. What
    is planted is taken from, or added to, what was drawn without it: all else is the same with and without an effect.
    """
    sections = region.parameters.sections
    deviations = {code: log_deviations(region, code) for code in sections}
    rng = np.random.default_rng(derive_seed(region.parameters.seed, "preferences"))
    preference = np.exp(rng.normal(-(PREFERENCE_SD**2) / 2, PREFERENCE_SD, (len(region.practices), len(products))))
    usual_rate = np.array([p.items_per_1000 for p in products]) / 1000
    usual_share = np.array([p.usual_share for p in products])
    section_of = [sections.index(product.section) for product in products]
    rates = np.exp(np.stack([deviations[code] for code in sections]))
    planted = np.stack([planted_ratios(region, code, effects) for code in sections])
    for column, month in enumerate(region.parameters.period):
        if months is not None and month not in months:
            continue
        draw = np.random.default_rng(derive_seed(region.parameters.seed, "items", str(month)))
        expected = region.list_size[:, [column]] * usual_rate * preference * rates[section_of, :, column].T
        items = draw.poisson(expected)
        usual = draw.binomial(items, usual_share)
        _plant(region, month, items, usual, expected, planted[section_of, :, column].T, usual_share)
        yield month, items, usual


def _plant(
    region: Region, month: Month, items: Integers, usual: Integers, expected: Floats, ratios: Floats, share: Floats
) -> None:
    """Change the items of the practices that an effect reaches, each by numbers of its own.

    A Poisson number of which each item stays with probability r is Poisson with r times the mean; one to which another
    of (r - 1) times the mean is added has r times the mean, too.
    """
    for practice in np.flatnonzero((ratios != 1).any(axis=1)):
        rng = np.random.default_rng(
            derive_seed(region.parameters.seed, "planted", str(month), region.practices[practice])
        )
        ratio, of_each = ratios[practice], np.stack([usual[practice], items[practice] - usual[practice]])
        stay = rng.binomial(of_each, np.minimum(ratio, 1))
        added = rng.poisson(np.stack([share, 1 - share]) * expected[practice] * np.maximum(ratio - 1, 0))
        usual[practice], items[practice] = (stay + added)[0], (stay + added).sum(axis=0)


class _Rows:
    """Makes the rows of a month; what was dispensed is made once, however many practices and months have it alike."""

    def __init__(self, products: Sequence[Presentation]) -> None:
        self._one_quantity = np.array([product.usual_quantity == product.other_quantity for product in products])
        self._made = _Made(products)

    def of(self, items: Integers, usual: Integers) -> list[Row]:
        """One row for each practice, product and quantity with any items."""
        first = np.where(self._one_quantity, items, usual)
        counts = np.stack([first, items - first], axis=2)
        practice, product, other = np.nonzero(counts)
        keys = zip(product.tolist(), other.tolist(), counts[practice, product, other].tolist(), strict=True)
        return list(zip(practice.tolist(), map(self._made.__getitem__, keys), strict=True))


class _Made(dict[tuple[int, int, int], Dispensed]):
    """What was dispensed by product, whether in the other quantity, and items; made when it is first asked for."""

    def __init__(self, products: Sequence[Presentation]) -> None:
        super().__init__()
        self._products = products

    def __missing__(self, key: tuple[int, int, int]) -> Dispensed:
        product, other, count = key
        presentation = self._products[product]
        quantity = presentation.other_quantity if other else presentation.usual_quantity
        self[key] = Dispensed(presentation=presentation, quantity=quantity, items=count)
        return self[key]
