"""Enginehouse: a learning health system you can run.

`import enginehouse as eh` gives one call for everything that the command line does. Nothing heavy is loaded until used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_EXPORTS = {
    "new_programme": "enginehouse.programme.templates",
    "load_programme": "enginehouse.programme.load",
    "explain_protocol": "enginehouse.programme.explain",
    "explain_indicator": "enginehouse.programme.explain",
    "diff": "enginehouse.programme.diff",
    "json_schemas": "enginehouse.programme.schemas",
    "DecisionWord": "enginehouse.programme.enums",
    "open_record": "enginehouse.cycle.record_of",
    "open_workspace": "enginehouse.cycle.workspace",
    "acting": "enginehouse.cycle.workspace",
    "synthesise": "enginehouse.cycle.synthesise",
    "load_data": "enginehouse.cycle.load_data",
    "check_loaded_data": "enginehouse.cycle.check_data",
    "quarantined_rows": "enginehouse.cycle.quarantined",
    "build_indicators": "enginehouse.cycle.build_indicators",
    "current_panel": "enginehouse.cycle.build_indicators",
    "import_definitions": "enginehouse.cycle.import_indicators",
    "show_indicator": "enginehouse.cycle.show_indicator",
    "write_insight": "enginehouse.cycle.insight",
    "weigh_priorities": "enginehouse.cycle.weigh_priorities",
    "override_priority": "enginehouse.cycle.weigh_priorities",
    "draft_protocol": "enginehouse.cycle.draft_protocol",
    "DraftOptions": "enginehouse.cycle.drafting",
    "compare_cycle_designs": "enginehouse.cycle.compare_designs",
    "record_approval": "enginehouse.cycle.approvals",
    "sign_contract": "enginehouse.cycle.contract",
    "open_recruitment": "enginehouse.cycle.recruit",
    "record_opt_out": "enginehouse.cycle.recruit",
    "prepare_allocation": "enginehouse.cycle.allocate",
    "allocate": "enginehouse.cycle.allocate",
    "write_audit": "enginehouse.cycle.audit",
    "export_list": "enginehouse.cycle.lists",
    "import_exposure": "enginehouse.cycle.lists",
    "prepare_wave": "enginehouse.cycle.prepare_wave",
    "approve_wave": "enginehouse.cycle.send_wave",
    "send_wave": "enginehouse.cycle.send_wave",
    "note_delivery": "enginehouse.cycle.note_delivery",
    "log_contacts": "enginehouse.cycle.contacts",
    "monitor": "enginehouse.cycle.monitor",
    "look_at_harms_of": "enginehouse.cycle.look_at_harms",
    "start_delivery": "enginehouse.cycle.follow_up",
    "start_follow_up": "enginehouse.cycle.follow_up",
    "write_board": "enginehouse.cycle.board",
    "analyse": "enginehouse.cycle.analyse",
    "score_cycle": "enginehouse.cycle.score_forecasts",
    "post_evidence": "enginehouse.cycle.evidence",
    "library_of": "enginehouse.cycle.evidence",
    "status": "enginehouse.cycle.status",
    "export_calendar": "enginehouse.cycle.export_calendar",
    "OptOutScope": "enginehouse.programme.enums",
    "Priority": "enginehouse.programme.enums",
    "try_question": "enginehouse.cycle.question",
    "register": "enginehouse.cycle.register",
    "amend": "enginehouse.cycle.amend",
    "changes_since_lock": "enginehouse.cycle.register",
    "freeze": "enginehouse.cycle.freeze",
    "check_evaluation": "enginehouse.cycle.evaluate",
    "evaluate_cycle": "enginehouse.cycle.evaluate",
    "appraise_cycle": "enginehouse.cycle.appraise",
    "decide": "enginehouse.cycle.decide",
    "registered_rule": "enginehouse.cycle.decide",
    "close": "enginehouse.cycle.decide",
    "suspend": "enginehouse.cycle.stop",
    "resume": "enginehouse.cycle.stop",
    "withdraw": "enginehouse.cycle.stop",
    "dossier_of": "enginehouse.cycle.dossier",
    "write_dossier": "enginehouse.cycle.dossier",
    "write_timeline": "enginehouse.cycle.timeline",
    "verify": "enginehouse.ledger.verify",
    "Month": "enginehouse.core.months",
    "Period": "enginehouse.core.months",
    "UserError": "enginehouse.core.errors",
    "Panel": "enginehouse.indicators.panel",
}

__all__ = ["__version__", *_EXPORTS]  # noqa: PLE0604 - the names are strings, held once


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module 'enginehouse' has no attribute '{name}'")
    return getattr(import_module(_EXPORTS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
