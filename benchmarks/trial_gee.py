"""Estimating equations of 300 practices by 24 months with 26 coefficients: CPU seconds, memory, ratio to R's geepack.

    python benchmarks/trial_gee.py

Exchangeable and autoregressive working correlation of monthly proportions weighted by patients, with Liang-Zeger,
Kauermann-Carroll and Mancl-DeRouen standard errors; geepack gives the first of the three only. It runs on the same data
in the same run where `Rscript` with geepack is found; otherwise its stored time is used, and said to be. Both must give
the same coefficients. One BLAS thread, as R has.
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

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from enginehouse.stats.gee import Autoregressive, ClusterCorrection, Exchangeable, GeeFamily, GeeFit, Moments, gee
from enginehouse.stats.patient_average import patient_average
from enginehouse.stats.results import Estimate
from enginehouse.stats.trial_data import TrialData

PRACTICES, MONTHS, START, PATIENTS, SEED, REPEATS = 300, 24, 12, 120, 2024, 15
STORED = {"exchangeable": 0.81, "ar1": 1.04}
"""CPU seconds of geepack 1.3.9 in R 4.2.2 on another machine of the same kind, 2 shared Xeon cores."""
CORRECTIONS = (ClusterCorrection.LIANG_ZEGER, ClusterCorrection.KAUERMANN_CARROLL, ClusterCorrection.MANCL_DEROUEN)
R_SCRIPT = """
library(geepack)
data <- read.csv("DATA")
for (structure in c("exchangeable", "ar1")) {
  times <- c()
  for (i in 1:3) {
    used <- system.time(fit <- geeglm(events / patients ~ factor(month) + arm + treated, family = binomial,
      weights = patients, id = practice, data = data, corstr = structure,
      control = geese.control(epsilon = 1e-8, maxit = 100)))
    times <- c(times, used[["user.self"]] + used[["sys.self"]])
  }
  cat(structure, median(times), sprintf("%.12g", coef(fit)[["treated"]]), "\\n")
}
"""


def region() -> dict[str, np.ndarray]:
    """Risks of about 0.25 that differ between practices and, less, between their months."""
    rng = np.random.default_rng(SEED)
    practice, month = np.repeat(np.arange(PRACTICES), MONTHS), np.tile(np.arange(MONTHS), PRACTICES)
    arm = (practice % 2).astype(float)
    treated = arm * (month >= START)
    patients = rng.poisson(PATIENTS, len(practice)).astype(float)
    shift = rng.normal(0, 0.4, PRACTICES)[practice] + rng.normal(0, 0.15, len(practice))
    events = rng.binomial(patients.astype(int), 1 / (1 + np.exp(1.1 - shift + 0.1 * treated))).astype(float)
    return {
        "practice": practice,
        "month": month,
        "arm": arm,
        "treated": treated,
        "patients": patients,
        "events": events,
    }


def design_of(data: dict[str, np.ndarray]) -> np.ndarray:
    months = [(data["month"] == month).astype(float) for month in range(1, MONTHS)]
    return np.column_stack([np.ones(len(data["month"])), *months, data["arm"], data["treated"]])


def analysed(data: dict[str, np.ndarray], design: np.ndarray, structure: str) -> GeeFit:
    """A fit with three kinds of standard errors of the effect."""
    fit = gee(
        data["events"],
        design,
        clusters=data["practice"],
        family=GeeFamily.BINOMIAL,
        trials=data["patients"],
        correlation=Exchangeable() if structure == "exchangeable" else Autoregressive(times=data["month"]),
        moments=Moments.GEEPACK,
    )
    assert isinstance(fit, GeeFit)
    effect = np.eye(design.shape[1])[-1]
    assert all(fit.std_error(effect, correction) > 0 for correction in CORRECTIONS)
    return fit


def cpu_seconds(work: Callable[[], object]) -> float:
    """The median of the repeats, after one that does not count."""
    work()
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return float(np.median(times))


def geepack(data: dict[str, np.ndarray]) -> dict[str, tuple[float, float]] | None:
    """CPU seconds and the effect, by structure; None without R or geepack."""
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
    if done.returncode:
        return None
    found = [line.split() for line in done.stdout.splitlines()]
    return {words[0]: (float(words[1]), float(words[2])) for words in found if words and words[0] in STORED}


def registered() -> float:
    """CPU seconds of the registered analysis of 300 sites, of which power makes thousands."""
    rng = np.random.default_rng(SEED)
    size = np.exp(rng.normal(8.9, 0.5, PRACTICES)).round()
    rate = 0.2 * np.exp(rng.normal(0, 0.3, (PRACTICES, 1)) + rng.normal(0, 0.05, (PRACTICES, MONTHS)))
    data = TrialData(
        sites=tuple(f"x:{i:03d}" for i in range(PRACTICES)),
        arms=("a", "b"),
        arm=np.arange(PRACTICES) % 2,
        numerator=rate * size[:, None],
        denominator=np.repeat(size[:, None], MONTHS, axis=1),
        n_before=START,
        kind="quantity",
        unit=np.arange(PRACTICES),
        covariates=rng.normal(size=(PRACTICES, 2)),
        covariate_names=("list_size", "imd"),
        stratum=np.arange(PRACTICES) % 5,
    )

    def hundred() -> None:
        assert all(isinstance(patient_average(data), Estimate) for _ in range(100))

    return cpu_seconds(hundred) / 100


def main() -> None:
    data = region()
    design = design_of(data)
    print(f"{PRACTICES} practices x {MONTHS} months, {design.shape[1]} coefficients; CPU seconds, medians of {REPEATS}")
    ours = {structure: cpu_seconds(lambda s=structure: analysed(data, design, s)) for structure in STORED}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    theirs = geepack(data)
    for structure, seconds in ours.items():
        peer = STORED[structure] if theirs is None else theirs[structure][0]
        where = "stored, from another machine" if theirs is None else "this run"
        print(f"{structure}, LZ + KC + MD: {1000 * seconds:.1f} ms; geepack, LZ only: {peer:.2f} s ({where})")
        print(f"ratio {peer / seconds:,.0f}")
        if theirs is not None:
            assert abs(analysed(data, design, structure).coefficients[-1] - theirs[structure][1]) < 1e-6
    print(f"peak memory of the process: {memory:.0f} MB")
    print(f"registered analysis of {PRACTICES} sites: {1000 * registered():.2f} ms a call")


if __name__ == "__main__":
    main()
