"""Power by 1,000 re-randomisations of 300 practices by 24 months: seconds, and ratios to a peer in the same run.

    python benchmarks/power.py
    python benchmarks/power.py --replications 200

What is timed is the whole of it: the model of the history and its formula, 1,000 allocations without and 1,000 with an
effect put in, and a quarter as many on histories drawn by the model, each analysed as
registered (patient-average, independence estimating equations, corrected standard errors) and judged. The peers are
statsmodels' fits alone, without allocation, effect or verdict: a Poisson GEE with working independence and its
bias-reduced covariance (what the registered analysis does), and a Poisson GLM with cluster-robust covariance.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np
import statsmodels.api as sm

from enginehouse.programme.enums import AllocationMethod, AllocationUnit, Average, Summary
from enginehouse.programme.trial import Power
from enginehouse.stats.patient_average import patient_average
from enginehouse.stats.results import Estimate, Estimated
from enginehouse.stats.trial_data import TrialData
from enginehouse.trials.accepted import accept, rules_of
from enginehouse.trials.components import unit_months
from enginehouse.trials.design_variance import facts_of
from enginehouse.trials.history import Question
from enginehouse.trials.plan_record import AllocationPlan
from enginehouse.trials.power import power
from enginehouse.trials.scoring import RESOLUTION

PRACTICES, MONTHS, SEED, PEER_FITS, AIM = 300, 24, 2024, 100, 10.0
QUESTION = Question(
    indicator="opioids",
    summary=Summary.RATIO,
    average=Average.PATIENTS,
    lower_is_better=True,
    equivalence=(0.95, 1.05),
)


def history() -> TrialData:
    """Rates that differ by a third between practices and wander; 5 strata, 2 covariates."""
    rng = np.random.default_rng(SEED)
    size = np.exp(rng.normal(8.9, 0.5, PRACTICES)).round()
    wander = np.cumsum(rng.normal(0, 0.03, (PRACTICES, MONTHS)), axis=1)
    rate = 200 * np.exp(rng.normal(0, 0.33, PRACTICES)[:, None] + wander + rng.normal(0, 0.06, wander.shape))
    covariates = np.column_stack([(size - size.mean()) / size.std(ddof=1), rng.normal(size=PRACTICES)])
    return TrialData(
        sites=tuple(f"x:{i:03d}" for i in range(PRACTICES)),
        arms=("feedback", "visits"),
        arm=np.zeros(PRACTICES, dtype=np.intp),
        numerator=rate * size[:, None],
        denominator=np.repeat(size[:, None], MONTHS, axis=1),
        n_before=MONTHS // 2,
        kind="quantity",
        unit=np.arange(PRACTICES),
        covariates=covariates,
        covariate_names=("list_size", "imd"),
        stratum=np.arange(PRACTICES) % 5,
    )


def plan_of(data: TrialData) -> AllocationPlan:
    """Covariate-constrained inside the strata: the 1,000 best balanced of 10,000 schemes."""
    before, listed = data.totals(before=True)
    values = np.column_stack([data.covariates, before / listed])
    z = (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)
    units = tuple(range(PRACTICES))
    return AllocationPlan(
        method=AllocationMethod.COVARIATE_CONSTRAINED,
        unit=AllocationUnit.SITE,
        arms=data.arms,
        contrasts=((1, 0),),
        sites=data.sites,
        unit_of_site=units,
        units=data.sites,
        strata=tuple(f"stratum {i}" for i in range(5)),
        stratum_of_unit=tuple(int(s) for s in data.stratum),
        block_sizes=(),
        covariates=("list_size", "imd", "baseline"),
        balance=tuple(tuple(int(v) for v in np.rint(column * RESOLUTION)) for column in z.T),
        public_seed="benchmark",
        schemes=10_000,
        accepted_share="0.1",
        alpha="0.05",
        acceptance=None,
        pairs=None,
        log10_possible=0.0,
        smallest_p=0.001,
        roster="",
        notes=(),
    )


def word(estimate: Estimated) -> str:
    """The verdict by the margins of `QUESTION`, lower being better."""
    if not isinstance(estimate, Estimate):
        return "cannot be estimated"
    wide, narrow = estimate.ratio_interval(0.95), estimate.ratio_interval(0.9)
    if wide.high <= 0.95:
        return "worthwhile"
    if narrow.low >= 0.95 and narrow.high <= 1.05:
        return "equivalent"
    return "better" if wide.high < 1 else "worse" if wide.low > 1 else "inconclusive"


def peers(data: TrialData) -> dict[str, Callable[[], object]]:
    """The same model in statsmodels: follow-up sums, log denominator, log baseline rate, strata, covariates, arm."""
    before, listed = data.totals(before=True)
    after, denominator = data.totals(before=False)
    # GEE stops when an absolute score is small: milligrams in the millions would keep it going to its limit.
    after = after / after.mean()
    strata = (data.stratum[:, None] == np.arange(1, 5)).astype(float)
    arm = (np.arange(PRACTICES) % 2).astype(float)
    design = np.column_stack([np.ones(PRACTICES), np.log(before / listed), strata, data.covariates, arm])
    offset, groups = np.log(denominator), np.arange(PRACTICES)

    def gee() -> object:
        model = sm.GEE(after, design, groups=groups, family=sm.families.Poisson(), offset=offset)
        return model.fit(cov_type="bias_reduced")

    def glm() -> object:
        model = sm.GLM(after, design, family=sm.families.Poisson(), offset=offset)
        return model.fit(cov_type="cluster", cov_kwds={"groups": groups})

    return {"GEE, bias-reduced": gee, "GLM, robust by practice": glm}


def seconds(run: Callable[[], object]) -> tuple[float, float]:
    """Wall clock and CPU seconds of this process and its children."""

    def cpu() -> float:
        return sum(
            usage.ru_utime + usage.ru_stime
            for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
        )

    wall, before = time.perf_counter(), cpu()
    run()
    return time.perf_counter() - wall, cpu() - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=None, help="processes; by default as many as are worth it")
    given = parser.parse_args()
    data = history()
    plan = plan_of(data)
    assumptions = Power(effect=0.95, effect_sd=0.05, fidelity=0.85, replications=given.replications, seed=SEED)
    schemes, _ = seconds(lambda: accept(rules_of(plan)))
    wall, cpu = seconds(
        lambda: power(data, plan, assumptions, patient_average, word, question=QUESTION, workers=given.workers)
    )
    print(f"10,000 schemes of {PRACTICES} practices made, scored and accepted: {schemes:.2f} s")
    _, fitted = seconds(lambda: facts_of(unit_months(data), QUESTION))
    print(f"what the history says, both models fitted, with intervals: {fitted:.2f} CPU s")
    analyses = 2 * given.replications + 2 * min(given.replications, max(given.replications // 4, 100))
    print(
        f"power, {given.replications:,} re-randomisations of {PRACTICES} practices x {MONTHS} months, without and with "
        f"an effect ({analyses:,} analyses): {wall:.1f} s, {cpu:.1f} CPU s (aim: {AIM:.0f} s for 1,000)"
    )
    for name, fit in peers(data).items():
        fit()
        _, alone = seconds(lambda fit=fit: [fit() for _ in range(PEER_FITS)])
        scaled = alone / PEER_FITS * analyses
        print(f"  statsmodels {name}, as many fits alone: {scaled:.1f} CPU s; power takes {cpu / scaled:.2f} of that")


if __name__ == "__main__":
    main()
