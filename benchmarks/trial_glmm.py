"""Mixed models of counts: CPU seconds and memory, and ratios to R's lme4 (and glmmTMB's stored times).

    python benchmarks/trial_glmm.py

Logistic models of 300 practices by 24 months with an effect for every month, and with four fixed effects; 200 fits of a
trial of 60 practices; and a Poisson model of random intercept and slope as large as the real campaign's. lme4 runs the
first on the same data in the same run where `Rscript` has it, and must find the same likelihood; otherwise its stored
time is used, and said to be. One BLAS thread, as R has.
"""

from __future__ import annotations

import csv
import io
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from enginehouse.stats.glmm import Family, MixedFit, fit_glmm
from enginehouse.stats.lmm.structures import InterceptAndSlope

PRACTICES, MONTHS, PATIENTS, SEED, REPEATS = 300, 24, 120, 2024, 5
CAMPAIGN, CAMPAIGN_MONTHS, START = 1120, 27, 15
STORED = {
    "month factors": {"lme4": 32.7, "glmmTMB": 7.9},
    "four fixed effects": {"lme4": 1.84, "gpboost at tight tolerance, without errors": 0.080},
    "200 fits of 60 practices": {"lme4": 142.0},
    "campaign": {"glmmTMB, on the real data": 28.0},
}
"""CPU seconds of lme4 1.1-31, glmmTMB 1.1.5 and gpboost 1.8 on another machine of the same kind, 2 shared cores."""
R_SCRIPT = """
library(lme4)
data <- read.csv("DATA")
used <- system.time(fit <- glmer(cbind(events, patients - events) ~ factor(month) + arm + treated + (1 | practice),
  family = binomial, data = data))
cat("found", used[["user.self"]] + used[["sys.self"]], sprintf("%.8f", logLik(fit)), "\\n")
"""


def trial(practices: int, seed: int = SEED) -> dict[str, np.ndarray]:
    """Risks of about 0.27 that differ between practices."""
    rng = np.random.default_rng(seed)
    practice, month = np.repeat(np.arange(practices), MONTHS), np.tile(np.arange(MONTHS), practices)
    arm = (practice % 2).astype(float)
    treated = arm * (month >= MONTHS // 2)
    patients = rng.poisson(PATIENTS, len(practice)) + 1
    eta = -1 + 0.05 * treated + rng.normal(0, 0.35, practices)[practice]
    events = rng.binomial(patients, 1 / (1 + np.exp(-eta)))
    return {
        "practice": practice,
        "month": month,
        "arm": arm,
        "treated": treated,
        "patients": patients,
        "events": events,
    }


def options(data: dict[str, np.ndarray], *, factors: bool) -> dict[str, Any]:
    """What `fit_glmm` takes."""
    month = data["month"]
    months = [(month == which).astype(float) for which in range(1, MONTHS)] if factors else [month / MONTHS]
    return {
        "outcome": data["events"],
        "design": np.column_stack([np.ones(len(month)), *months, data["arm"], data["treated"]]),
        "clusters": data["practice"],
        "trials": data["patients"],
        "family": Family.BINOMIAL,
    }


def campaign() -> dict[str, Any]:
    """Counts about as many and as variable as high-dose opioid items: sd 0.86 of intercepts, 0.25 a year of slopes."""
    rng = np.random.default_rng(SEED)
    site, month = np.repeat(np.arange(CAMPAIGN), CAMPAIGN_MONTHS), np.tile(np.arange(CAMPAIGN_MONTHS), CAMPAIGN)
    treated, time_, post = (site % 7 < 2).astype(float), month - START, (month >= START).astype(float)
    patients = rng.lognormal(8.8, 0.6, CAMPAIGN)[site]
    effects = rng.normal(0, [0.86, 0.25], (CAMPAIGN, 2))[site]
    eta = -6.5 + effects[:, 0] + effects[:, 1] * time_ / 12 - 0.003 * treated * post * time_
    terms = [treated, treated * time_, treated * post, treated * post * time_]
    months = [(month == which).astype(float) for which in range(1, CAMPAIGN_MONTHS)]
    return {
        "outcome": rng.poisson(patients * np.exp(eta)),
        "design": np.column_stack([np.ones(len(site)), *months, *terms]),
        "clusters": site,
        "offset": np.log(patients),
        "structure": InterceptAndSlope(column=time_ / 12),
        "family": Family.POISSON,
    }


def fitted(given: dict[str, Any]) -> MixedFit:
    fit = fit_glmm(**given)
    assert isinstance(fit, MixedFit), fit
    return fit


def cpu_seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """The median of the repeats, after one that does not count."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return float(np.median(times))


def lme4(data: dict[str, np.ndarray]) -> tuple[float, float] | None:
    """CPU seconds and log-likelihood; None without R or lme4."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        table = io.StringIO()
        writer = csv.writer(table)
        writer.writerow(data)
        writer.writerows(zip(*data.values(), strict=True))
        path = Path(folder, "data.csv")
        path.write_text(table.getvalue(), encoding="utf-8")
        script = Path(folder, "fit.R")
        script.write_text(R_SCRIPT.replace("DATA", path.as_posix()), encoding="utf-8")
        done = subprocess.run(["Rscript", str(script)], capture_output=True, text=True, check=False)
    found = [line.split() for line in done.stdout.splitlines() if line.startswith("found")]
    return (float(found[0][1]), float(found[0][2])) if found else None


def main() -> None:
    data, region = trial(PRACTICES), campaign()
    many = [options(trial(60, seed), factors=False) for seed in range(20)]
    jobs: dict[str, float] = {
        "month factors": cpu_seconds(lambda: fitted(options(data, factors=True))),
        "four fixed effects": cpu_seconds(lambda: fitted(options(data, factors=False))),
        "200 fits of 60 practices": 10 * cpu_seconds(lambda: [fitted(given) for given in many]),
        "campaign": cpu_seconds(lambda: fitted(region), repeats=3),
    }
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for job, seconds in jobs.items():
        print(f"{job}: {1000 * seconds:.1f} ms of CPU, standard errors included")
        for peer, stored in STORED[job].items():
            print(f"  {peer} {stored:g} s (stored, from another machine): ratio {stored / seconds:,.1f}")
    print(f"peak memory of the process: {memory:.0f} MB")
    found = lme4(data)
    if found is None:
        print("lme4 is not here: no ratio of this run")
        return
    difference = fitted(options(data, factors=True)).log_likelihood - found[1]
    assert abs(difference) < 1e-3, difference
    print(f"month factors, lme4 in this run: {found[0]:.1f} s, same log-likelihood (to {abs(difference):.0e})")
    print(f"ratio {found[0] / jobs['month factors']:,.0f}")


if __name__ == "__main__":
    main()
