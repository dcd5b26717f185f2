"""The variance of a cluster trial at the edges that published cases do not reach."""

import pytest

from enginehouse.priorities.value import cluster_trial_variance


def test_unequal_clusters_and_baseline_data():
    equal = {"clusters_per_arm": 20, "patients_per_cluster": 50, "sd_patient": 1.0, "icc": 0.05}
    plain = cluster_trial_variance(**equal)
    assert plain == pytest.approx(2 * (1 + 49 * 0.05) / 1000)
    assert cluster_trial_variance(**equal, cv_cluster_size=0.5) == pytest.approx(
        2 * (1 + (1.25 * 50 - 1) * 0.05) / 1000
    )
    assert cluster_trial_variance(**equal, r2_baseline=0.6) == pytest.approx(0.4 * plain)
