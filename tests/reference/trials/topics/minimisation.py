"""Pocock and Simon's minimisation: how far apart the arms would be, for each arm that the next unit could get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data

from enginehouse.programme.enums import ImbalanceDistance
from enginehouse.trials.minimise import imbalance, unit_of

METHODS = {"Range": ImbalanceDistance.RANGE, "SD": ImbalanceDistance.SD, "Var": ImbalanceDistance.VARIANCE}
WEIGHT = 10**12
"""Weights become whole numbers."""


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """The units before the one in question have their arms; it is put in each in turn."""
    given, table = case.inputs, data.table(case.data or "")
    distance, ratio = METHODS[given["method"]], [int(part) for part in given["ratio"]]
    weights = [round(weight * WEIGHT) for weight in given["weights"]]
    factors = np.column_stack([table.numbers(name) for name in table if name.startswith("f")])
    row = int(np.flatnonzero(table.numbers("unit") == given["unit_to_allocate"])[0])
    arms = table.numbers("arm")[:row].astype(int)
    alike = factors[:row] == factors[row]
    heights = []
    for arm in range(1, len(ratio) + 1):
        counts = [
            [int((arms[same] == other).sum()) + (other == arm) for other in range(1, len(ratio) + 1)]
            for same in alike.T
        ]
        height = imbalance(counts, weights, distance, ratio)
        heights.append(height / unit_of(len(ratio), distance, ratio) / WEIGHT)
    return {"imbalance_if_arm_1_2_3": heights}
