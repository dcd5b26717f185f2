"""The examples in the docstrings give what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import enginehouse.economics

MODULES = [module.name for module in pkgutil.iter_modules(enginehouse.economics.__path__)]
WITH_EXAMPLES = {
    "arm_costs",
    "budget_impact",
    "consistency",
    "costing",
    "discounting",
    "net_benefit",
    "returns",
    "savings",
    "turn",
    "uncertain_costs",
}


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    results = doctest.testmod(importlib.import_module(f"enginehouse.economics.{name}"))
    assert results.failed == 0
    assert (results.attempted > 0) == (name in WITH_EXAMPLES)
