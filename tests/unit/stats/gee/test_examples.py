"""Examples in docstrings of `stats.gee` give what they say."""

from __future__ import annotations

import doctest

import pytest

from enginehouse.stats.gee import cluster_period, fit


@pytest.mark.parametrize("module", [fit, cluster_period], ids=lambda module: module.__name__)
def test_examples(module) -> None:
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0
