"""What a power calculation says: by formula, on drawn histories, on the sites' own, and what was not possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from enginehouse.stats.records import from_plain, to_plain
from enginehouse.stats.results import NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryWindow:
    """Which months stood in for baseline and follow-up; `as_registered` is false where there were fewer than needed.

    Months are texts like `2017-11`, first and last inclusive.
    """

    first: str
    last: str
    baseline_months: int
    follow_up_months: int
    as_registered: bool
    sites: int
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """What the history says about the units that are allocated.

    Attributes
    ----------
    units, sites
        Units of allocation with data, and their sites.
    mean_rate
        Numerators over denominators in the months that stand for the follow-up.
    between_sd
        Standard deviation between units of the follow-up outcome: of its logarithm for a ratio, else in its unit.
    autocorrelation
        Correlation over units of the outcome in the baseline window and in the follow-up window.
    size_cv
        Coefficient of variation of how much the units count (0 where all count alike).
    """

    units: int
    sites: int
    mean_rate: float
    between_sd: float
    autocorrelation: float
    size_cv: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FormulaPower:
    """Power of the registered contrast by formula, on the log-ratio scale or as a difference.

    Attributes
    ----------
    std_error, df
        Standard error of the registered contrast and its degrees of freedom.
    effect
        Effect in the whole arm (fidelity counted in), as a ratio or difference.
    power
        Probability that the 95% interval excludes no effect (0-1).
    detectable
        The effect on the good side that is found with probability 0.8, as a ratio or difference.
    equivalent_if_none
        Probability that the 90% interval lies inside the equivalence margins if there is no difference; None without
        registered margins.
    factor
        Variance of the contrast relative to units of one size without a baseline (the gain is below 1).
    notes
        Assumptions in words.
    """

    moments: Moments
    std_error: float
    df: float
    effect: float
    power: float
    detectable: float
    equivalent_if_none: float | None
    factor: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Probability:
    """A share among replications, with its Monte Carlo standard error."""

    value: float
    monte_carlo_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WordProbability:
    """How often the verdict is one word."""

    word: str
    probability: Probability


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEstimableCount:
    """How many replications could not be analysed, for one reason."""

    reason: str
    replications: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicated:
    """The registered analysis on the sites' own history, allocated anew each time.

    Attributes
    ----------
    effect, in_whole_arm
        What was injected in a site that gets the whole strategy, and what that is on average over the arm when
        fidelity is counted in (the truth that intervals are held against); 1 (or 0) for no difference.
    replications, analysed
        How many were made, and how many gave an estimate.
    words
        Probability of each verdict word, most frequent first. *Cannot be estimated* counts.
    excludes_none
        How often the 95% interval excludes no effect: power, or with no difference the type I error.
    coverage
        How often the 95% interval holds the truth.
    mean_std_error, empirical_sd, mean_estimate
        On the estimates' own scale; None when fewer than two were estimable.
    not_estimable
        Replications that gave no estimate, by reason.
    """

    effect: float
    in_whole_arm: float
    replications: int
    analysed: int
    words: tuple[WordProbability, ...]
    excludes_none: Probability
    coverage: Probability
    mean_std_error: float | None
    empirical_sd: float | None
    mean_estimate: float | None
    not_estimable: tuple[NotEstimableCount, ...]

    def probability(self, word: str) -> Probability:
        """How often the verdict is `word`; a word that never came has probability 0."""
        for found in self.words:
            if found.word == word:
                return found.probability
        return Probability(value=0.0, monte_carlo_error=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerResult:
    """What the registered design could show in these sites.

    `none` is the simulation without a difference, `effect` the one with the registered effect, both on the real
    history; `drawn_none` and `drawn_effect` the same on histories drawn by the model of it. `seed` and
    `fidelity`, `effect_sd` are as registered. `window` says which months of history were used.
    """

    indicator: str
    arms: tuple[str, ...]
    window: HistoryWindow | None
    formula: FormulaPower | NotEstimable
    none: Replicated | NotEstimable
    effect: Replicated | NotEstimable
    drawn_none: Replicated | NotEstimable
    drawn_effect: Replicated | NotEstimable
    effect_sd: float
    fidelity: float
    seed: int
    notes: tuple[str, ...]

    @property
    def equivalent_if_none(self) -> float | None:
        """P(equivalent | no difference): simulated where possible, else by formula."""
        if isinstance(self.none, Replicated):
            return self.none.probability("equivalent").value
        return self.formula.equivalent_if_none if isinstance(self.formula, FormulaPower) else None

    @property
    def power(self) -> float | None:
        """Probability that the registered effect is told from none: simulated where possible, else by formula."""
        if isinstance(self.effect, Replicated):
            return self.effect.excludes_none.value
        return self.formula.power if isinstance(self.formula, FormulaPower) else None

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `power_from_record` is the inverse."""
        record: dict[str, Any] = to_plain(self)
        return record


def power_from_record(record: Mapping[str, Any]) -> PowerResult:
    """Read back what `PowerResult.to_record` wrote."""
    found: PowerResult = from_plain(PowerResult, record)
    return found
