"""The trial that could have been run instead: half of the exposed sites, drawn at random, start first.

Its standard error on the real history of the same sites, averaged over seeded re-randomisations; or, where only area
totals are at hand, the figure that the protocol quotes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.core.months import Period
from enginehouse.core.seeds import derive_seed
from enginehouse.core.words import counted
from enginehouse.evaluation.results import EmbeddedTrialResult
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.enums import Average
from enginehouse.programme.protocol import EmbeddedTrial, Protocol
from enginehouse.stats.results import NotEstimable, t_quantile

Array = npt.NDArray[np.float64]
ALLOCATIONS = 1000
FEWEST_SITES = 10
_WEIGHTS = {Average.PATIENTS: "patients", Average.SITES: "sites, each the same"}


def embedded_trial(
    protocol: Protocol, arrays: PanelArrays, exposed: Sequence[str], *, protocol_hash: str
) -> EmbeddedTrialResult | NotEstimable | None:
    """What the registered embedded trial would have offered, computed where there are sites enough.

    Parameters
    ----------
    protocol
        With `analysis.embedded_trial`; without it there is no result.
    arrays
        The primary indicator, all months.
    exposed
        The sites that a trial would have randomised.
    protocol_hash
        Seeds the re-randomisations, so that the number is the same on every machine.

    Returns
    -------
    EmbeddedTrialResult, NotEstimable or None
        None when it is not registered; NotEstimable when it can neither be computed nor is quoted.
    """
    plan = protocol.analysis.embedded_trial
    if plan is None:
        return None
    history = _history(protocol, plan, arrays, exposed)
    reason = _why_not(plan, history)
    if history is not None and reason is None:
        return _computed(protocol, plan, history, seed=derive_seed(0, "embedded-trial", protocol_hash))
    return reason if plan.quoted_std_error is None else _quoted(plan, plan.quoted_std_error)


def ancova_std_error(
    baseline: Array, follow_up: Array, weights: Array, *, rng: np.random.Generator, allocations: int = ALLOCATIONS
) -> float:
    """The mean standard error of the arm coefficient over random halves of the sites.

    Parameters
    ----------
    baseline, follow_up : array, shape (sites,)
        Each site's outcome before and after.
    weights : array, shape (sites,)
        Positive: patients of each site, or ones.
    rng : Generator
    allocations : int
        Re-randomisations to average over.

    Returns
    -------
    float
        In the unit of the outcome.

    Notes
    -----
    follow-up = a + b arm + c baseline + e, weighted. With M the projection off the weighted
    intercept and baseline, b = z'My/z'Mz and se^2 = s^2/z'Mz, s^2 = (y'My - (z'My)^2/z'Mz)/(n - 3): every allocation
    is two products of one matrix.
    """
    n = len(weights)
    root = np.sqrt(weights / weights.mean())
    basis, _ = np.linalg.qr(np.column_stack([root, root * baseline]))
    outcome = root * follow_up
    outcome = outcome - basis @ (basis.T @ outcome)
    arms = rng.permuted(np.tile((np.arange(n) < n // 2).astype(np.float64), (allocations, 1)), axis=1) * root
    arms = arms - (arms @ basis) @ basis.T
    spread = (arms**2).sum(axis=1)
    cross = arms @ outcome
    variance = (outcome @ outcome - cross**2 / spread) / (n - 3)
    return float(np.mean(np.sqrt(variance / spread)))


@dataclass(frozen=True, slots=True)
class _History:
    """Rates of exposed sites with every month, before and after the start, and the weight of each site."""

    before: Array
    after: Array
    weights: Array

    def logs(self) -> _History:
        """The logarithms, of sites with something in both periods."""
        keep = (self.before > 0) & (self.after > 0)
        return _History(np.log(self.before[keep]), np.log(self.after[keep]), self.weights[keep])


def _history(protocol: Protocol, plan: EmbeddedTrial, arrays: PanelArrays, exposed: Sequence[str]) -> _History | None:
    start = protocol.design.starts
    span = Period(start + -plan.baseline_months, start + plan.follow_up_months)
    if span.start < arrays.months[0] or span.last > arrays.months[-1]:
        return None
    data = arrays.of_sites(exposed).in_period(span).complete()
    parts = slice(None, plan.baseline_months), slice(plan.baseline_months, None)
    rates = [data.numerator[:, part].sum(axis=1) / data.denominator[:, part].sum(axis=1) for part in parts]
    patients = data.denominator[:, parts[1]].mean(axis=1)
    by_patients = protocol.estimand.average is Average.PATIENTS
    return _History(rates[0], rates[1], patients if by_patients else np.ones(len(patients)))


def _why_not(plan: EmbeddedTrial, history: _History | None) -> NotEstimable | None:
    """Why nothing can be computed; none where it can."""
    if history is None:
        months = f"{plan.baseline_months} months before the start and {plan.follow_up_months} after"
        return NotEstimable(reason="too-few-months", detail=f"The data do not reach over {months}.")
    sites = len(history.weights)
    if sites < FEWEST_SITES:
        have = f"{counted(sites, 'exposed site')} {'has' if sites == 1 else 'have'}"
        detail = (
            f"Only {have} a value in every month (an area's total counts as one site); a trial needs at least "
            f"{FEWEST_SITES}."
        )
        return NotEstimable(reason="too-few-sites", detail=detail)
    if not np.any(history.after > 0):
        return NotEstimable(reason="zero", detail="No exposed site has anything to count after the start.")
    return None


def _computed(protocol: Protocol, plan: EmbeddedTrial, history: _History, *, seed: int) -> EmbeddedTrialResult:
    def std_error(of: _History) -> float:
        return ancova_std_error(of.before, of.after, of.weights, rng=np.random.default_rng(seed))

    sites = len(history.weights)
    relative = std_error(history) / float(np.average(history.after, weights=history.weights))
    with_logs = history.logs()
    logs = std_error(with_logs) if len(with_logs.weights) >= FEWEST_SITES else None
    return EmbeddedTrialResult(
        computed=True,
        std_error=relative,
        half_width=t_quantile(0.975, sites - 3) * relative,
        std_error_of_logs=logs,
        sites=sites,
        allocations=ALLOCATIONS,
        baseline_months=plan.baseline_months,
        follow_up_months=plan.follow_up_months,
        quoted_std_error=plan.quoted_std_error,
        source=plan.source,
        note=f"analysis of covariance of the rate in {plan.follow_up_months} months on the rate in the "
        f"{plan.baseline_months} before, weighted by {_WEIGHTS[protocol.estimand.average]}; mean over {ALLOCATIONS:,} "
        "random halves.",
    )


def _quoted(plan: EmbeddedTrial, std_error: float) -> EmbeddedTrialResult:
    return EmbeddedTrialResult(
        computed=False,
        std_error=std_error,
        half_width=t_quantile(0.975, np.inf) * std_error,
        std_error_of_logs=None,
        sites=0,
        allocations=0,
        baseline_months=plan.baseline_months,
        follow_up_months=plan.follow_up_months,
        quoted_std_error=std_error,
        source=plan.source,
        note="Quoted; it is computed where data of single sites are found.",
    )
