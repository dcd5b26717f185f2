"""What answers the cases of each topic: a table of modules, loaded when a case asks for one.

Each module has `answer(case, data)`, which returns numbers in the shape of `case.expected`. Conventions of other programs
(one tail, other denominators) are met here by the named options of the functions under test, never by arithmetic of
their own.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data

Answer = Callable[[Case, Data], Mapping[str, Any]]

TOPICS: Mapping[str, str] = {
    "analysis.cluster_level": "cluster_level",
    "analysis.cluster_robust": "cluster_robust",
    "analysis.gee_cluster_period": "gee_cluster_period",
    "analysis.gee_fixed_correlation": "gee_fixed_correlation",
    "analysis.gee_nested_exchangeable": "gee_nested_exchangeable",
    "analysis.gee_packages": "gee_packages",
    "analysis.glmm": "glmm",
    "analysis.lmm": "lmm",
    "analysis.permutation": "permutation",
    "analysis.smart": "smart",
    "analysis.stepped_wedge": "stepped_wedge",
    "icc": "icc",
    "monitoring.anytime_valid": "anytime_valid",
    "monitoring.group_sequential": "group_sequential",
    "power.baseline": "power_baseline",
    "power.factorial": "power_factorial",
    "power.longitudinal": "power_longitudinal",
    "power.multiarm": "power_multiarm",
    "power.noninferiority": "power_noninferiority",
    "power.parallel": "power_parallel",
    "power.smart": "power_smart",
    "power.stepped_wedge": "power_stepped_wedge",
    "power.stepped_wedge_discrete": "power_stepped_wedge_discrete",
    "power.stepped_wedge_glmm": "power_stepped_wedge_glmm",
    "randomisation.constrained": "constrained",
    "randomisation.minimisation": "minimisation",
}
"""The module of each topic; one that is not there yet counts as a failure of its cases."""


def topic_function(topic: str) -> Answer | None:
    """What answers a topic, or nothing if there is no such function yet."""
    name = f"{__name__}.{TOPICS[topic]}" if topic in TOPICS else ""
    if not name or importlib.util.find_spec(name) is None:
        return None
    answer: Answer = importlib.import_module(name).answer
    return answer
