"""The grid that finds the highest point of a function of one number."""

from __future__ import annotations

import numpy as np
import pytest

from enginehouse.stats.search import grid_maximum


def test_the_top_of_a_parabola() -> None:
    assert grid_maximum(lambda x: -((x - 0.3217) ** 2), -1, 1) == pytest.approx(0.3217, abs=1e-9)


def test_the_higher_of_two_tops() -> None:
    assert grid_maximum(
        lambda x: np.exp(-50 * (x + 0.5) ** 2) + 2 * np.exp(-50 * (x - 0.5) ** 2), -1, 1
    ) == pytest.approx(0.5, abs=1e-6)


def test_a_boundary_is_an_answer() -> None:
    assert grid_maximum(lambda x: -x, 0, 1) == 0.0


def test_a_plateau_is_an_answer() -> None:
    assert 0 <= grid_maximum(np.zeros_like, 0, 1) <= 1


def test_a_flat_top_is_an_answer() -> None:
    assert 0.4 <= grid_maximum(lambda x: np.minimum(-np.abs(x - 0.5), -0.1), 0, 1) <= 0.6
