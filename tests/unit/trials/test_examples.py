"""The examples in docstrings hold."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["trials.formulas", "trials.gls", "stats.inject"])
def test_examples(name):
    results = doctest.testmod(importlib.import_module(f"enginehouse.{name}"))
    assert results.attempted > 0
    assert results.failed == 0
