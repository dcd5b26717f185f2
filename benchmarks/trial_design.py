"""Power of a stepped wedge of 300 clusters over 11 periods: milliseconds, and the ratio to dense least squares here.

    python benchmarks/trial_design.py
    python benchmarks/trial_design.py --repeats 50

What is timed is all of it: covariance, variance by the engine over sequences, power. The peer does the same by one
matrix of every cluster and period (3,300 by 3,300), as swCRTdesign does, and must get the same number. Unequal sizes
make each cluster a sequence of its own.
"""

from __future__ import annotations

import argparse
import math
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from enginehouse.trials.correlation import Correlation, nested_exchangeable, period_covariance
from enginehouse.trials.longitudinal import cell_information, stepped_schedule, treatment_variance
from enginehouse.trials.sample_size.t_power import t_power

SEQUENCES, EACH, PEOPLE, EFFECT, AIM_MS = 10, 30, 30, 0.05, 1.0
CORRELATION: Correlation = nested_exchangeable(0.05, cac=0.8)
Array = npt.NDArray[np.float64]


def ours() -> float:
    """By sequence."""
    schedule = stepped_schedule(SEQUENCES)
    covariance = period_covariance(CORRELATION, PEOPLE, periods=SEQUENCES + 1)
    return power(treatment_variance(schedule, np.full(SEQUENCES, EACH), covariance))


def ours_unequal(sizes: Array) -> float:
    """By cluster, since each has a size of its own."""
    schedule = np.repeat(stepped_schedule(SEQUENCES), EACH, axis=0)
    covariance = period_covariance(CORRELATION, sizes, periods=SEQUENCES + 1)
    return power(treatment_variance(schedule, np.ones(len(schedule)), covariance))


def dense() -> float:
    """By every cluster and period at once."""
    schedule = np.repeat(stepped_schedule(SEQUENCES), EACH, axis=0)
    clusters, periods = schedule.shape
    block = period_covariance(CORRELATION, PEOPLE, periods=periods)
    whole = np.kron(np.eye(clusters), block)
    design = np.column_stack([np.tile(np.eye(periods), (clusters, 1)), schedule.ravel()])
    return power(float(np.linalg.inv(design.T @ np.linalg.inv(whole) @ design)[-1, -1]))


def power(variance: object) -> float:
    if not isinstance(variance, float):
        raise SystemExit(f"no variance: {variance}")
    return t_power(EFFECT, math.sqrt(variance), math.inf)


def milliseconds(work: Callable[[], object], repeats: int) -> float:
    """The median of several runs after one that is not counted."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeats", type=int, default=30)
    repeats = parser.parse_args().repeats
    sizes = np.random.default_rng(1).gamma(4, PEOPLE / 4, SEQUENCES * EACH)
    covariance = period_covariance(CORRELATION, PEOPLE, periods=SEQUENCES + 1)
    schedule, clusters = stepped_schedule(SEQUENCES), np.full(SEQUENCES, EACH)
    equal = milliseconds(ours, repeats)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    peer = milliseconds(dense, 3)
    if abs(ours() - dense()) > 1e-9:
        raise SystemExit(f"the two disagree: {ours()} and {dense()}")
    print(f"300 clusters x 11 periods, equal sizes: {equal:.2f} ms (aim: under {AIM_MS:.0f} ms), peak {peak:.0f} MB")
    print(f"dense least squares, 3,300 x 3,300:     {peer:.0f} ms, {peer / equal:,.0f} times as long, same power")
    unequal = milliseconds(lambda: ours_unequal(sizes), repeats)
    cells = milliseconds(lambda: cell_information(schedule, clusters, covariance), repeats)
    print(f"300 unequal clusters:                   {unequal:.2f} ms")
    print(f"information of all 110 cells:           {cells:.2f} ms")


if __name__ == "__main__":
    main()
