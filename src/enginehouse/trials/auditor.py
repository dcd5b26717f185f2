"""What an auditor is given: the script that makes an allocation again, and the three files that it reads.

The script is package data: nothing here runs it, and it shares no code with the package.
"""

from __future__ import annotations

import json
from importlib.resources import files

from enginehouse.trials.draw import Allocation
from enginehouse.trials.plan_record import AllocationPlan

SCRIPT_NAME = "audit_allocation.py"
HOW_TO = f"python3 {SCRIPT_NAME} plan.json seed.txt allocation.json"


def auditor_script() -> bytes:
    """The script as it goes into the dossier; it needs Python alone."""
    return (files("enginehouse.trials") / SCRIPT_NAME).read_bytes()


def audit_files(plan: AllocationPlan, seed: str, allocation: Allocation) -> dict[str, bytes]:
    """The script and its files by name. They show who is in which arm: only named roles may have them."""
    return {
        SCRIPT_NAME: auditor_script(),
        "plan.json": _text(plan.to_record()),
        "seed.txt": f"{seed}\n".encode("ascii"),
        "allocation.json": _text(allocation.to_record()),
    }


def _text(record: dict[str, object]) -> bytes:
    return f"{json.dumps(record, indent=1, sort_keys=True)}\n".encode("ascii")
