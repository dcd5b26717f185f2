"""The examples in docstrings hold."""

import doctest
import importlib

import pytest

NAMES = [
    "stats.dunnett",
    "stats.inject",
    "trials.correlation",
    "trials.longitudinal",
    "trials.sample_size.design_effects",
    "trials.sample_size.t_power",
]


@pytest.mark.parametrize("name", NAMES)
def test_examples(name):
    results = doctest.testmod(importlib.import_module(f"enginehouse.{name}"))
    assert results.attempted > 0
    assert results.failed == 0
