"""The trial that could have been run instead: half of the exposed sites, drawn at random, start first.

Its standard error on the real history of the same sites, averaged over seeded re-randomisations; or, where only area
totals are at hand, the figure that the protocol quotes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from enginehouse.core.months import Period
from enginehouse.core.seeds import derive_seed
from enginehouse.evaluation.results import EmbeddedTrialResult
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.protocol import EmbeddedTrial, Protocol
from enginehouse.stats.results import t_quantile

Array = npt.NDArray[np.float64]
ALLOCATIONS = 1000
FEWEST_SITES = 10


def embedded_trial(
    protocol: Protocol, arrays: PanelArrays, exposed: Sequence[str], *, protocol_hash: str
) -> EmbeddedTrialResult | None:
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
    EmbeddedTrialResult or None
        None when neither computed nor quoted.
    """
    plan = protocol.analysis.embedded_trial
    if plan is None:
        return None
    baseline, follow_up, weights = _histories(protocol, plan, arrays, exposed)
    if len(weights) >= FEWEST_SITES:
        seed = derive_seed(0, "embedded-trial", protocol_hash)
        std_error = ancova_std_error(baseline, follow_up, weights, rng=np.random.default_rng(seed))
        return _result(plan, std_error, sites=len(weights), computed=True)
    if plan.quoted_std_error is None:
        return None
    return _result(plan, plan.quoted_std_error, sites=0, computed=False)


def ancova_std_error(
    baseline: Array, follow_up: Array, weights: Array, *, rng: np.random.Generator, allocations: int = ALLOCATIONS
) -> float:
    """The mean standard error of the arm coefficient over random halves of the sites.

    Parameters
    ----------
    baseline, follow_up : array, shape (sites,)
        Log ratios of each site before and after.
    weights : array, shape (sites,)
        Patients of each site.
    rng : Generator
    allocations : int
        Re-randomisations to average over.

    Returns
    -------
    float
        On the log-ratio scale.

    Notes
    -----
    log follow-up = a + b arm + c log baseline + e, weighted by patients. With M the projection off the weighted
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


def _histories(
    protocol: Protocol, plan: EmbeddedTrial, arrays: PanelArrays, exposed: Sequence[str]
) -> tuple[Array, Array, Array]:
    """Log ratios before and after the start, and patients, of exposed sites with every month and something in both."""
    start = protocol.design.starts
    span = Period(start + -plan.baseline_months, start + plan.follow_up_months)
    if span.start < arrays.months[0] or span.last > arrays.months[-1]:
        return np.empty(0), np.empty(0), np.empty(0)
    data = arrays.of_sites(exposed).in_period(span).complete()
    before, after = np.arange(plan.baseline_months), np.arange(plan.baseline_months, len(span))
    sums = [(data.numerator[:, part].sum(axis=1), data.denominator[:, part].sum(axis=1)) for part in (before, after)]
    keep = (sums[0][0] > 0) & (sums[1][0] > 0)
    logs = [np.log(numerator[keep] / denominator[keep]) for numerator, denominator in sums]
    return logs[0], logs[1], sums[1][1][keep] / plan.follow_up_months


def _result(plan: EmbeddedTrial, std_error: float, *, sites: int, computed: bool) -> EmbeddedTrialResult:
    df = sites - 3 if computed else np.inf
    return EmbeddedTrialResult(
        computed=computed,
        std_error=std_error,
        half_width=t_quantile(0.975, df) * std_error,
        sites=sites,
        allocations=ALLOCATIONS if computed else 0,
        baseline_months=plan.baseline_months,
        follow_up_months=plan.follow_up_months,
        quoted_std_error=plan.quoted_std_error,
        source=plan.source,
        note=(
            f"Mean over {ALLOCATIONS:,} random halves of the {sites} exposed sites with every month: patient-weighted "
            f"analysis of covariance of the log ratio, {plan.baseline_months} months before and "
            f"{plan.follow_up_months} after."
            if computed
            else "Quoted; it is computed where data of single sites are found."
        ),
    )
