"""The script that makes an allocation again, which an auditor runs on the plan, the two seeds and the allocation.

The script is package data: nothing here runs it, and it shares no code with the package.
"""

from __future__ import annotations

from importlib.resources import files

SCRIPT_NAME = "audit_allocation.py"
HOW_TO = f"python3 {SCRIPT_NAME} plan.json seeds.txt allocation.json"


def auditor_script() -> bytes:
    """The script as it goes into the dossier; it needs Python alone."""
    return (files("enginehouse.trials") / SCRIPT_NAME).read_bytes()
