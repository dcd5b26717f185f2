"""A parallel cluster trial of practices: how often tests reject without an effect and intervals hold a planted one.

Practices vary as routine data do: list sizes with a coefficient of variation of 0.6, levels with heavy tails that last,
drift of each practice between baseline and follow-up, an effect that differs from practice to practice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from enginehouse.stats.gee import ClusterCorrection
from enginehouse.stats.patient_average import PatientAverage, fit_patient_average
from enginehouse.stats.permutation import PermutationTest
from enginehouse.stats.results import Estimate, t_quantile
from enginehouse.stats.trial_data import TrialData
from enginehouse.stats.trial_permutation import trial_permutation

Array = npt.NDArray[np.float64]
CORRECTIONS: Mapping[ClusterCorrection, str] = {
    ClusterCorrection.LIANG_ZEGER: "none",
    ClusterCorrection.DEGREES_OF_FREEDOM: "K/(K-p)",
    ClusterCorrection.KAUERMANN_CARROLL: "KC",
    ClusterCorrection.FAY_GRAUBARD: "FG",
    ClusterCorrection.KC_MD_AVERAGE: "KC and MD",
    ClusterCorrection.MANCL_DEROUEN: "MD",
}
REGISTERED = CORRECTIONS[ClusterCorrection.KC_MD_AVERAGE]
BEFORE, AFTER = 12, 12
SIZE_CV = 0.6
RATIO, RATIO_SD = 0.9, 0.1
ALLOCATIONS = 499


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Two arms of so many practices each, and what is summed."""

    practices: int
    kind: str


SCENARIOS = tuple(
    Scenario(practices=practices, kind=kind) for kind in ("count", "quantity") for practices in (10, 20, 40, 150)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Shares of trials without an effect that reject at 0.05, and of intervals that hold a planted effect.

    `rejects` and `covers` by correction; `permutation` is the share of permutation tests that reject.
    """

    scenario: Scenario
    replicates: int
    rejects: Mapping[str, float]
    covers: Mapping[str, float]
    permutation: float


def run(scenario: Scenario, *, replicates: int, seed: int) -> Row:
    """Simulate one scenario; the same seed gives the same shares."""
    rng = np.random.default_rng([seed, scenario.practices, len(scenario.kind)])
    rejects, covers = dict.fromkeys(CORRECTIONS.values(), 0), dict.fromkeys(CORRECTIONS.values(), 0)
    permuted = 0
    for _ in range(replicates):
        practices = _Practices.draw(scenario, rng)
        empty, planted = practices.trial(rng), practices.trial(rng, effect=True)
        for name, estimate in _estimates(empty).items():
            rejects[name] += not _holds(estimate, 0.0)
        for name, estimate in _estimates(planted).items():
            covers[name] += _holds(estimate, math.log(RATIO))
        permuted += _permutation_rejects(empty, rng)
    return Row(
        scenario=scenario,
        replicates=replicates,
        rejects={name: hits / replicates for name, hits in rejects.items()},
        covers={name: hits / replicates for name, hits in covers.items()},
        permutation=permuted / replicates,
    )


PAGE = """# How a cluster trial's tests and intervals behave

Two arms of practices, {before} months before and {after} after, list sizes with a coefficient of variation of {cv},
levels that last (of quantities with heavy tails, as t with 5 degrees of freedom cut at 4), and drift of each
practice. Analysed by [estimating equations](independence-gee.md)
with the practice's own baseline and its list size as covariates, by each correction for few practices, with t on units
less coefficients. {replicates:,} trials each (Monte Carlo error at 5% about {error:.1%}). The registered analysis takes
*KC and MD*, the mean of the two standard errors.

## Without an effect: how many reject (5% is meant)

| what is summed | practices in each arm | {names} | permutation |
|---|---|{lines}---|
{rejects}

## With an effect of {ratio} that differs between practices: how many 95% intervals hold it

| what is summed | practices in each arm | {names} |
|---|---|{lines}
{covers}

Effects that differ between practices make their own spread with few practices; the intervals hold the average over all
practices like these, not over those that took part. The permutation test needs no distribution: what it rejects beyond
5% here is Monte Carlo error.
"""


def page(rows: Sequence[Row]) -> str:
    """The generated docs page."""
    replicates = min(row.replicates for row in rows)
    return PAGE.format(
        before=BEFORE,
        after=AFTER,
        cv=SIZE_CV,
        ratio=RATIO,
        replicates=replicates,
        error=math.sqrt(0.05 * 0.95 / replicates),
        names=" | ".join(CORRECTIONS.values()),
        lines="---|" * len(CORRECTIONS),
        rejects="\n".join(_line(row, row.rejects, row.permutation) for row in rows),
        covers="\n".join(_line(row, row.covers) for row in rows),
    )


def _line(row: Row, shares: Mapping[str, float], *more: float) -> str:
    cells = [f"{100 * share:.1f}%" for share in (*(shares[name] for name in CORRECTIONS.values()), *more)]
    return f"| {row.scenario.kind} | {row.scenario.practices} | {' | '.join(cells)} |"


@dataclass(frozen=True, slots=True, eq=False)
class _Practices:
    """What stays from month to month, and the arm of each practice."""

    scenario: Scenario
    size: Array
    level: Array
    arm: npt.NDArray[np.intp]

    @classmethod
    def draw(cls, scenario: Scenario, rng: np.random.Generator) -> _Practices:
        count = 2 * scenario.practices
        size = np.exp(rng.normal(8.8, math.sqrt(math.log(1 + SIZE_CV**2)), count))
        heavy = np.clip(rng.standard_t(5, count), -4, 4) if scenario.kind == "quantity" else rng.normal(size=count)
        return cls(scenario, size, 0.35 * heavy, rng.permutation(np.arange(count) % 2).astype(np.intp))

    def trial(self, rng: np.random.Generator, *, effect: bool = False) -> TrialData:
        count, months = len(self.size), BEFORE + AFTER
        drift = rng.normal(0, 0.12, (count, 2)).repeat([BEFORE, AFTER], axis=1)
        noise = rng.normal(0, 0.1, (count, months))
        expected = 0.01 * self.size[:, None] * np.exp(self.level[:, None] + drift + noise)
        if effect:
            spread = math.sqrt(math.log(1 + (RATIO_SD / RATIO) ** 2))
            ratios = RATIO * np.exp(rng.normal(-(spread**2) / 2, spread, count))
            expected[:, BEFORE:] *= np.where(self.arm == 1, ratios, 1.0)[:, None]
        numerator = (
            rng.poisson(expected).astype(np.float64)
            if self.scenario.kind == "count"
            else expected * rng.lognormal(-0.125, 0.5, expected.shape)
        )
        return self._data(numerator)

    def _data(self, numerator: Array) -> TrialData:
        kind: Literal["count", "quantity"] = "count" if self.scenario.kind == "count" else "quantity"
        return TrialData(
            sites=tuple(str(place) for place in range(len(self.size))),
            arms=("comparator", "arm"),
            arm=self.arm,
            numerator=numerator,
            denominator=np.repeat(self.size[:, None], BEFORE + AFTER, axis=1),
            n_before=BEFORE,
            kind=kind,
            unit=np.arange(len(self.size)),
            covariates=np.log(self.size)[:, None],
            covariate_names=("list size",),
            stratum=np.zeros(len(self.size), dtype=np.intp),
        )


def _estimates(data: TrialData) -> dict[str, Estimate]:
    fit = fit_patient_average(data)
    assert isinstance(fit, PatientAverage)
    weights = np.zeros(len(fit.fit.coefficients))
    weights[1] = 1.0
    return {name: fit.fit.contrast(weights, correction=correction) for correction, name in CORRECTIONS.items()}


def _holds(estimate: Estimate, truth: float) -> bool:
    return abs(estimate.value - truth) <= t_quantile(0.975, estimate.df) * estimate.std_error


def _permutation_rejects(data: TrialData, rng: np.random.Generator) -> bool:
    """Complete randomisation: any allocation with half of the practices in each arm."""
    allocations = rng.permuted(np.tile(data.arm, (ALLOCATIONS, 1)), axis=1)
    found = trial_permutation(data, allocations, exact=False)
    assert isinstance(found, PermutationTest)
    return found.p_value <= 0.05
