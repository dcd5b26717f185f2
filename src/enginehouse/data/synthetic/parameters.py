"""What a synthetic region is made of, and the real figures that each number was calibrated on."""

from __future__ import annotations

from dataclasses import dataclass

from enginehouse.core.errors import UserError
from enginehouse.core.months import Month, Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """How one BNF section varies, on the log scale.

    `between_sd` is between practices; `wander_sd` and `noise_sd` are within a practice between months (an AR(1) with
    `autocorrelation`, and independent noise); `drift_sd` is the monthly step of the random walk that all practices of
    an area share; `deprivation_r` the correlation of the practice's level with its deprivation.
    """

    code: str
    chapter: str
    between_sd: float
    wander_sd: float
    noise_sd: float
    autocorrelation: float
    drift_sd: float
    deprivation_r: float
    trend_per_year: float


# Between- and within-practice figures: 7,000 English practices, 2015-2019 (opioid and trimethoprim measures).
# drift_sd: with it, 27 areas of 80 or more practices show the drift variance of the real placebo areas
# (oral morphine equivalence: 0.9% on the campaign-year average, 1.4% in the last month).
SECTIONS = {
    "4.7": Section(
        code="4.7",
        chapter="04: Central Nervous System",
        between_sd=0.57,
        wander_sd=0.12,
        noise_sd=0.06,
        autocorrelation=0.9,
        drift_sd=0.0025,
        deprivation_r=0.40,
        trend_per_year=-0.02,
    ),
    "5.1": Section(
        code="5.1",
        chapter="05: Infections",
        between_sd=0.35,
        wander_sd=0.10,
        noise_sd=0.08,
        autocorrelation=0.8,
        drift_sd=0.0025,
        deprivation_r=0.21,
        trend_per_year=-0.03,
    ),
    # Gabapentinoids: 4,755 English practices, 2018-2019, defined daily doses. Anti-inflammatory drugs: assumed.
    "4.8": Section(
        code="4.8",
        chapter="04: Central Nervous System",
        between_sd=0.52,
        wander_sd=0.06,
        noise_sd=0.10,
        autocorrelation=0.9,
        drift_sd=0.0025,
        deprivation_r=0.34,
        trend_per_year=0.015,
    ),
    "10.1": Section(
        code="10.1",
        chapter="10: Musculoskeletal and Joint Diseases",
        between_sd=0.35,
        wander_sd=0.10,
        noise_sd=0.07,
        autocorrelation=0.8,
        drift_sd=0.0025,
        deprivation_r=0.20,
        trend_per_year=-0.02,
    ),
}

# Log deviation of each calendar month from the year's mean: dispensing days make February short and December long.
CALENDAR = (-0.01, -0.08, 0.025, -0.01, 0.01, 0.0, 0.01, 0.0, -0.01, 0.02, 0.0, 0.04)


FIRST_MONTH = Month(2018, 7)


FIRST_EVENT = 3
"""Unless a region says otherwise, nothing opens, closes or merges in the first three months."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionParameters:
    """The size of the region and the events that happen to its practices.

    `events_from` is the first month (counted from 0) in which a practice may open, close or merge, `events_until` the
    month before which it must have (left out, three months before the end). With `networks`, the practices of an area
    form networks of four to eight. `deprivation_year` is that of the deprivation index's name. With `drawn_months`, so
    many months are drawn whatever `months` is, so that a region that is made longer keeps its earlier months.
    """

    seed: int = 20160401
    practices: int = 120
    areas: int = 12
    regions: int = 2
    first_month: Month = FIRST_MONTH
    months: int = 39
    sections: tuple[str, ...] = ("4.7", "5.1")
    mergers: int = 2
    closures: int = 1
    openings: int = 1
    events_from: int = FIRST_EVENT
    events_until: int | None = None
    drawn_months: int = 0
    networks: bool = False
    deprivation_year: int = 2015

    def __post_init__(self) -> None:
        if self.practices < 2 * self.areas or self.areas < self.regions or self.months < 1:
            raise UserError(
                f"got {self.practices} practices, {self.areas} areas, {self.regions} regions and {self.months} months.",
                where="synthetic region",
                remedy="Give at least two practices an area, one area a region, and one month.",
            )
        if self.events_from < 1 or (self.events_until or self.events_from + 1) <= self.events_from:
            raise UserError(
                f"got events from month {self.events_from} until {self.events_until}.",
                where="synthetic region",
                remedy="The region needs at least one month before a practice opens or closes, and one to do so.",
            )
        unknown = [code for code in self.sections if code not in SECTIONS]
        if unknown:
            raise UserError(
                f"got section {', '.join(unknown)}.",
                where="synthetic region",
                remedy=f"Choose from {', '.join(SECTIONS)}.",
            )

    @property
    def period(self) -> Period:
        return Period.from_months(self.first_month, self.months)

    @property
    def columns(self) -> int:
        """How many months are drawn; the region shows the first `months` of them."""
        return max(self.months, self.drawn_months)

    def column(self, month: Month) -> int:
        """The month's number, counted from 0.

        Raises
        ------
        UserError
            The region has no such month.
        """
        if not self.first_month <= month <= self.period.end + -1:
            raise UserError(
                f"got {month}; this region has the months {self.first_month} to {self.period.end + -1}.",
                where="synthetic region",
                remedy="Name a month in between.",
            )
        return month - self.first_month


PROSPECTIVE = RegionParameters(
    seed=20250601,
    practices=300,
    regions=1,
    first_month=Month(2023, 6),
    months=36,
    sections=("4.7", "5.1", "4.8", "10.1"),
    mergers=2,
    closures=1,
    openings=1,
    events_from=26,
    events_until=33,
    drawn_months=120,
    networks=True,
    deprivation_year=2019,
)
"""A region for a trial: two years of history, a year of follow-up, and practices that merge, close and open in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedEffect:
    """From `from_month` on, every expected quantity of `section` is multiplied, in `areas` and in single `practices`.

    `ratio` is the mean over these practices. Of them the share `reached` gets it (the others get none, so it is the
    larger there), and among those it varies with `spread` on the log scale. Which practices are reached, and how much,
    depends on the region's seed, the effect's `name` and the practice alone: see `effects.py`.
    """

    section: str
    from_month: Month
    ratio: float
    areas: tuple[str, ...] = ()
    practices: tuple[str, ...] = ()
    reached: float = 1.0
    spread: float = 0.0
    name: str = ""

    def __post_init__(self) -> None:
        if not (self.ratio > 0 and 0 < self.reached <= 1 and self.spread >= 0 and self.ratio > 1 - self.reached):
            raise UserError(
                f"got a ratio of {self.ratio:g} that reaches {self.reached:g} of the sites with a spread of "
                f"{self.spread:g}.",
                where="planted effect",
                remedy="The ratio is above 0, and above 1 less the share that is reached; the spread is 0 or more.",
            )

    @property
    def ratio_where_reached(self) -> float:
        """The mean ratio of the practices that are reached, so that the mean over all is `ratio`."""
        return 1 - (1 - self.ratio) / self.reached
