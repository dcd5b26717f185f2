"""A Poisson mixed model with random slopes on a generated region of the campaign's size: seconds, memory, ratios.

    python benchmarks/glmm.py

1,120 practices by 27 months, 30 fixed effects. The peer of the same run is the same likelihood in plain scipy: one
optimisation for each practice, the gradient by differences. Both must give the same likelihood.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

from enginehouse.stats.glmm import Family, MixedFit, negative_binomial_mixed, poisson_mixed
from enginehouse.stats.glmm.laplace import Laplace, Parameters
from enginehouse.stats.glmm.rows import ClusteredRows, clustered_rows

SITES, MONTHS, START, SEED = 1120, 27, 15, 2016
PEER_SITES = 60
"""The peer is timed on this many practices and scaled up: its cost is proportional to them."""


def region() -> dict[str, np.ndarray]:
    """Counts about as many and as variable as high-dose opioid items: sd 0.86 of intercepts, 0.25 a year of slopes."""
    rng = np.random.default_rng(SEED)
    site, month = np.repeat(np.arange(SITES), MONTHS), np.tile(np.arange(MONTHS), SITES)
    treated, time_, post = (site % 7 < 2).astype(float), month - START, (month >= START).astype(float)
    patients = rng.lognormal(8.8, 0.6, SITES)[site]
    effects = rng.normal(0, [0.86, 0.25], (SITES, 2))[site]
    eta = -6.5 + effects[:, 0] + effects[:, 1] * time_ / 12 - 0.003 * treated * post * time_
    terms = [treated, treated * time_, treated * post, treated * post * time_]
    return {
        "counts": rng.poisson(patients * np.exp(eta)),
        "design": np.column_stack([np.ones(len(site)), *(month == m for m in range(1, MONTHS)), *terms]).astype(float),
        "clusters": site,
        "offset": np.log(patients),
        "slope": time_ / 12,
    }


def peer_loss(rows: ClusteredRows, at: Parameters) -> float:
    """Minus the Laplace log-likelihood, one practice at a time, by a general optimiser."""
    fixed, total = rows.offset + rows.design @ at.beta, 0.0
    for cluster in range(rows.clusters):
        mine = rows.cluster == cluster
        loadings, counts, shift = at.factor.T @ rows.random[:, mine], rows.counts[mine], fixed[mine]

        def joint(v: np.ndarray, loadings=loadings, counts=counts, shift=shift) -> float:
            eta = shift + v @ loadings
            return float(np.sum(np.exp(eta) - counts * eta) + v @ v / 2)

        mode = minimize(joint, np.zeros(2), method="BFGS").x
        weight = np.exp(shift + mode @ loadings)
        total += joint(mode) + np.linalg.slogdet((loadings * weight) @ loadings.T + np.eye(2))[1] / 2
    return total


def cpu_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def peer_seconds(data: dict[str, np.ndarray], at: Parameters) -> float:
    """CPU seconds of one likelihood by the peer, scaled to all practices, after checking that it is the same."""
    few = data["clusters"] < PEER_SITES
    rows = clustered_rows(**{name: values[few] for name, values in data.items()}, names=None)
    found: list[float] = []
    seconds = cpu_seconds(lambda: found.append(peer_loss(rows, at))) * SITES / PEER_SITES
    constant = float(np.sum(gammaln(rows.counts + 1)))
    assert abs(Laplace(rows, Family.POISSON)(at).loss - found[0] - constant) < 1e-3
    return seconds


def main() -> None:
    data = region()
    fits: list[object] = []
    poisson = cpu_seconds(lambda: fits.append(poisson_mixed(**data)))
    negative = cpu_seconds(lambda: fits.append(negative_binomial_mixed(**{**data, "slope": None})))
    assert all(isinstance(fit, MixedFit) for fit in fits)
    fit = fits[0]
    assert isinstance(fit, MixedFit)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    at = Parameters(fit.fixed_effects, np.diag([0.86, 0.2]))
    peer = peer_seconds(data, at)
    whole = Laplace(clustered_rows(**{**data, "names": None}), Family.POISSON)
    whole(at)
    ours = cpu_seconds(lambda: [whole(at) for _ in range(20)]) / 20
    differences = 1 + len(fit.names) + 3
    print(f"{SITES:,} practices x {MONTHS} months, {len(fit.names)} fixed effects")
    print(f"Poisson, random intercept and slope: {poisson:.2f} s of CPU, {fit.evaluations} evaluations with gradient")
    print(f"negative binomial, random intercept: {negative:.2f} s of CPU")
    print("glmmTMB 1.1.5, the first model on real data of this size, another machine: 28 s")
    print(f"peak memory of the process: {memory:.0f} MB")
    print(
        f"one likelihood with gradient: {1000 * ours:.1f} ms; plain scipy {peer:.1f} s x {differences} for differences"
    )
    print(f"ratio {peer * differences / ours:,.0f}")


if __name__ == "__main__":
    main()
