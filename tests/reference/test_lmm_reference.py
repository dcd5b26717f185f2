"""Linear mixed models against published numbers, and against lme4 where the reference cases have none: prior weights.

The reference cases themselves run through `tests.reference.trials`.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from enginehouse.stats.lmm.fit import LmmFit, fit_lmm
from enginehouse.stats.lmm.freedom import DfMethod
from enginehouse.stats.lmm.structures import InterceptAndSlope


@pytest.fixture(scope="module")
def sleep(shared_file: Callable[[str], Path]) -> dict[str, np.ndarray]:
    with shared_file("reference/trials/data/sleepstudy.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}


def fitted(sleep: dict[str, np.ndarray], **options: object) -> LmmFit:
    days = sleep["Days"]
    fit = fit_lmm(
        sleep["Reaction"],
        np.column_stack([np.ones(len(days)), days]),
        clusters=sleep["Subject"],
        structure=InterceptAndSlope(column=days),
        **options,
    )
    assert isinstance(fit, LmmFit)
    return fit


def test_the_sleep_study_as_published(sleep) -> None:
    """Bates et al. 2015, section 3 (J Stat Softw 67(1)): the printed summary, to its digits."""
    fit = fitted(sleep)
    covariance = fit.random_covariance()
    assert round(fit.deviance, 1) == 1743.6
    assert [round(value, 3) for value in fit.fixed_effects] == [251.405, 10.467]
    assert [round(value, 3) for value in fit.std_errors] == [6.825, 1.546]
    assert [round(math.sqrt(value), 2) for value in np.diag(covariance)] == [24.74, 5.92]
    assert round(covariance[0, 1] / math.sqrt(covariance[0, 0] * covariance[1, 1]), 2) == 0.07
    assert round(fit.residual_sd, 2) == 25.59


def test_eighteen_people_leave_seventeen_degrees_of_freedom(sleep) -> None:
    """Complete and balanced: people less one, by either method (Halekoh and Hojsgaard 2014)."""
    for method in (DfMethod.SATTERTHWAITE, DfMethod.KENWARD_ROGER):
        assert fitted(sleep).estimate([0, 1], method=method).df == pytest.approx(17, rel=1e-6)


def test_prior_weights(sleep) -> None:
    """lme4 1.1-31: `lmer(Reaction ~ Days + (Days | Subject), weights = w)`, w = 1, 2, 0.5, 3 over and over."""
    weights = np.resize([1, 2, 0.5, 3], len(sleep["Days"]))
    fit = fitted(sleep, weights=weights)
    assert fit.deviance == pytest.approx(1778.38096718, abs=1e-6)
    assert fit.fixed_effects == pytest.approx([252.83933315, 10.26754771], rel=1e-6)
    assert fit.std_errors == pytest.approx([7.257131840, 1.482223906], rel=1e-4)
    assert fit.residual_variance == pytest.approx(1038.379990885, rel=1e-5)
    plain = fitted(sleep, weights=weights, reml=False)
    assert plain.deviance == pytest.approx(1786.72290496, abs=1e-6)
