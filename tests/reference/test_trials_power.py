"""Power by formula against R: clusterPower, swCRTdesign, SteppedPower and CRTSize, row by row of the shared grids."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest

from enginehouse.trials.formulas import (
    baseline_correlation,
    design_effect,
    means_clusters,
    means_std_error,
    proportions_std_error,
    rates_power,
    t_power,
)
from enginehouse.trials.gls import cluster_covariance, stepped_schedule, treatment_variance

# The grids' own tolerance.
AS_R = 1e-6


@pytest.fixture(scope="module")
def grid(shared_file):
    def read(name):
        with shared_file(f"reference/trials/grids/{name}.csv").open() as file:
            return [
                {key: value if key in ("design", "schedule") else float(value) for key, value in row.items()}
                for row in csv.DictReader(file)
            ]

    return read


def test_means(grid):
    """clusterPower counts only the tail on the side of the effect."""
    for row in grid("parallel_normal_power"):
        k, m = row["nclusters_per_arm"], row["m"]
        for correction in ("taylor", "weighted"):
            factor = design_effect(m, row["icc"], cv=row["cv"], correction=correction)
            error = means_std_error(k, m, sd=row["sd"], effect_of_design=factor)
            assert t_power(row["d"], error, 2 * (k - 1), tails="upper") == pytest.approx(
                row[f"power_{correction}"], rel=AS_R
            )


def test_numbers_of_clusters(grid):
    for row in grid("parallel_normal_nclusters"):
        found = means_clusters(row["d"], row["m"], icc=row["icc"], cv=row["cv"], power=row["power"], tails="upper")
        assert found == pytest.approx(row["nclusters_per_arm_unrounded"], rel=1e-5)


def test_proportions(grid):
    for row in grid("parallel_binary_power"):
        k, m = row["nclusters_per_arm"], row["m"]
        factor = design_effect(m, row["icc"], cv=row["cv"], correction="weighted")
        error = proportions_std_error(k, m, row["p1"], row["p2"], effect_of_design=factor)
        found = t_power(row["p1"] - row["p2"], error, 2 * (k - 1), tails="upper")
        assert found == pytest.approx(row["power_t_unpooled"], rel=AS_R)


def test_rates(grid):
    for row in grid("parallel_rate_power"):
        found = rates_power(row["nclusters_per_arm"], row["person_time"], row["r1"], row["r2"], between_cv=row["cvb"])
        assert found == pytest.approx(row["power"], rel=AS_R)


def test_a_baseline(grid):
    for row in grid("parallel_baseline_power"):
        k, m = row["nclusters_per_arm"], row["m"]
        r = baseline_correlation(m, row["icc"], cac=row["rho_c"], iac=row["rho_s"])
        factor = design_effect(m, row["icc"])
        for gain, column in ((1 - r**2, "power_ancova_formula"), (2 * (1 - r), "power")):
            error = means_std_error(k, m, sd=1.0, effect_of_design=factor * gain)
            assert t_power(row["d"], error, 2 * (k - 1), tails="upper") == pytest.approx(row[column], rel=AS_R)


def test_stepped_wedges(grid):
    """swCRTdesign: variance components from icc, cac and iac with a residual standard deviation."""
    for row in grid("stepped_wedge_power"):
        sigma = row["sigma_residual"] ** 2
        person = sigma * row["iac"] / (1 - row["iac"])
        between = (sigma + person) * row["icc"] / (1 - row["icc"])
        sequences = int(row["sequences"])
        covariance = cluster_covariance(
            sequences + 1, row["n_per_cluster_period"], between=between, within=sigma, cac=row["cac"], person=person
        )
        variance = treatment_variance(
            stepped_schedule(sequences, before=1), np.full(sequences, row["clusters_per_sequence"]), covariance
        )
        assert variance == pytest.approx(row["var_delta"], rel=AS_R)
        assert t_power(row["delta"], math.sqrt(variance), math.inf) == pytest.approx(row["power"], rel=AS_R)


def test_longitudinal_designs(grid):
    """SteppedPower: parallel, parallel with baseline, crossover and stepped, with decay and closed cohorts."""
    for row in grid("longitudinal_crt_power"):
        schedule = np.array([[float(c) for c in sequence] for sequence in str(row["schedule"]).split("/")])
        rest = 1 - row["icc"]
        covariance = cluster_covariance(
            schedule.shape[1],
            row["n"],
            between=row["icc"],
            within=rest * (1 - row["closed_iac"]),
            decay=row["decay"],
            person=rest * row["closed_iac"],
        )
        variance = treatment_variance(schedule, np.full(len(schedule), row["clusters_per_sequence"]), covariance)
        assert variance == pytest.approx(row["var_delta"], rel=AS_R, abs=1e-7)
        assert t_power(row["delta"], math.sqrt(variance), math.inf) == pytest.approx(row["power"], rel=1e-5)


def test_a_factorial_main_effect_is_a_contrast_of_four_cells(grid):
    """Means of a cell have variance icc + (1 - icc) / m over k clusters; t with 4 (k - 1) degrees of freedom."""
    for row in grid("factorial_power"):
        k, m = row["clusters_per_cell"], row["m"]
        error = math.sqrt((row["icc"] + (1 - row["icc"]) / m) / k)
        assert t_power(row["main_effect"], error, 4 * (k - 1)) == pytest.approx(row["power_main"], rel=AS_R)
        assert t_power(row["interaction"], 2 * error, 4 * (k - 1)) == pytest.approx(row["power_interaction"], rel=AS_R)
