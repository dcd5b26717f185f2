"""Linear mixed models of cluster trials beside lme4, lmerTest and pbkrtest: seconds of CPU, memory, ratios, agreement.

    python benchmarks/trial_lmm.py

Three jobs, each the median of several runs of one thread: intercept and slope for 300 practices by 48 months with
Satterthwaite's degrees of freedom, the same with Kenward and Roger's, and 200 fits of simulated trials of 60 by 24.
Where `Rscript` finds the R packages the peer runs now, on the same data, and its answers are compared; otherwise the
ratio is to seconds measured once on another machine, and says so.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from enginehouse.stats.lmm.fit import LmmFit, fit_lmm, fit_outcome
from enginehouse.stats.lmm.freedom import DfMethod
from enginehouse.stats.lmm.model import LmmModel, prepare_lmm
from enginehouse.stats.lmm.structures import InterceptAndSlope

NAMES = ("intercept", "arm", "time", "arm:time")
RUNS, FITS, SEED = 9, 200, 2025
STORED = {"satterthwaite": 0.572, "kenward-roger": 12.7, "200 fits": 10.0}
"""CPU seconds of R 4.2.2 with lme4 1.1-31, lmerTest 3.1-3 and pbkrtest 0.5.2, measured once, on two cores of a Xeon."""
GOALS = {"satterthwaite": 10, "kenward-roger": 100, "200 fits": 15}

PEER = """
suppressMessages({library(lmerTest); library(pbkrtest)})
at <- commandArgs(TRUE)[1]
cpu <- function(work) { gc(FALSE); t <- system.time(work); unname(t[1] + t[2]) }
d <- read.csv(file.path(at, "large.csv"))
fit <- function() lmerTest::lmer(y ~ arm * time + (time | site), d)
m <- fit(); invisible(summary(m))
satterthwaite <- median(replicate(3, cpu(s <<- coef(summary(fit())))))
kr <- cpu(k <- coef(summary(fit(), ddf = "Kenward-Roger")))
d <- read.csv(file.path(at, "small.csv"))
m60 <- lme4::lmer(y ~ arm * time + (time | site), d)
n <- as.integer(commandArgs(TRUE)[2])
fits <- cpu(for (one in simulate(m60, nsim = n, seed = 1)) suppressMessages(invisible(lme4::refit(m60, one))))
row <- function(x) as.list(x["arm:time", c("Estimate", "Std. Error", "df")])
number <- function(x) paste0("[", paste(format(unlist(x), digits = 15), collapse = ","), "]")
cat(sprintf('{"satterthwaite": %f, "kenward-roger": %f, "200 fits": %f, "reml": %.9f, ',
  satterthwaite, kr, fits, REMLcrit(m)))
cat(sprintf('"rows": {"satterthwaite": %s, "kenward-roger": %s}}', number(row(s)), number(row(k))))
"""


class Trial:
    """A made-up trial: arms by time, levels and slopes of practices correlated."""

    def __init__(self, practices: int, months: int) -> None:
        rng = np.random.default_rng(SEED)
        self.site, month = np.repeat(np.arange(practices), months), np.tile(np.arange(months), practices)
        self.arm, self.time = (self.site % 2).astype(float), month / 12
        self.effects = rng.multivariate_normal([0, 0], [[1.0, 0.1], [0.1, 0.2]], practices)
        self.design = np.column_stack([np.ones(len(month)), self.arm, self.time, self.arm * self.time])
        self.structure = InterceptAndSlope(column=self.time)
        self.y = self.draw(rng)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        effects = rng.permutation(self.effects)[self.site]
        mean = self.design @ [10.0, 0.2, 0.3, 0.1]
        return mean + effects[:, 0] + effects[:, 1] * self.time + rng.normal(size=len(mean))

    def fit(self) -> LmmFit:
        fit = fit_lmm(self.y, self.design, clusters=self.site, structure=self.structure, names=NAMES)
        assert isinstance(fit, LmmFit)
        return fit

    def write(self, file: Path) -> None:
        table = np.column_stack([self.site, self.arm, self.time, self.y])
        np.savetxt(file, table, delimiter=",", header="site,arm,time,y", comments="", fmt="%.17g")


def cpu_seconds(work: Callable[[], object], runs: int = RUNS) -> float:
    """The median of several runs after one that is not counted."""
    work()
    found = []
    for _ in range(runs):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return statistics.median(found)


def table(trial: Trial, method: DfMethod) -> list[tuple[float, float, float]]:
    """A fit and the estimate, error and degrees of freedom of every coefficient: what R's summary prints."""
    fit = trial.fit()
    rows = (fit.estimate({name: 1.0}, method=method) for name in NAMES)
    return [(row.value, row.std_error, row.df) for row in rows]


def power(trial: Trial) -> int:
    """How many of the simulated trials find an effect."""
    rng = np.random.default_rng(SEED)
    model = prepare_lmm(trial.design, clusters=trial.site, structure=trial.structure, names=NAMES)
    assert isinstance(model, LmmModel)
    found, last = 0, None
    for _ in range(FITS):
        fit = fit_outcome(model, trial.draw(rng), like=last)
        assert isinstance(fit, LmmFit)
        last = last or fit
        found += fit.estimate({"arm:time": 1.0}, method=DfMethod.SATTERTHWAITE).p_value() < 0.05
    return found


def peer(large: Trial, small: Trial) -> dict | None:
    """The peer's seconds and answers of the same run; None where R or its packages are not there."""
    if not shutil.which("Rscript"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        large.write(Path(folder) / "large.csv")
        small.write(Path(folder) / "small.csv")
        script = Path(folder) / "peer.R"
        script.write_text(PEER, encoding="utf-8")
        done = subprocess.run(["Rscript", str(script), folder, str(FITS)], capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def main() -> None:
    """Print the jobs' seconds, ratios and agreement."""
    large, small = Trial(300, 48), Trial(60, 24)
    seconds = {
        "satterthwaite": cpu_seconds(lambda: table(large, DfMethod.SATTERTHWAITE)),
        "kenward-roger": cpu_seconds(lambda: table(large, DfMethod.KENWARD_ROGER)),
        "200 fits": cpu_seconds(lambda: power(small), runs=3),
    }
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    other = peer(large, small)
    what = "lme4, lmerTest, pbkrtest in this run" if other else "stored: measured once on another machine"
    print(f"peer: {what}")
    for job, ours in seconds.items():
        theirs = float((other or STORED)[job])
        print(
            f"{job:14s} {1000 * ours:8.1f} ms of CPU, peer {theirs:6.2f} s:"
            f" {theirs / ours:6.0f} times (at least {GOALS[job]})"
        )
    print(f"peak memory of the process: {memory:.0f} MB")
    if other:
        agreement(large, other)


def agreement(large: Trial, other: dict) -> None:
    """Largest differences from the peer on the effect over time."""
    print(f"restricted deviance differs by {abs(large.fit().deviance - other['reml']):.1e}")
    for method in (DfMethod.SATTERTHWAITE, DfMethod.KENWARD_ROGER):
        ours, theirs = np.array(table(large, method)[3]), np.array(other["rows"][method.value])
        print(f"{method.value}: estimate, error, df differ by {', '.join(f'{x:.1e}' for x in abs(ours / theirs - 1))}")


if __name__ == "__main__":
    main()
