"""What a person types for each act: one table, which refusals and reminders read. It knows no command line.

Words in capitals are for the person to fill in; `for_cycle` fills in the cycle where it is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from enginehouse.governance.stages import Act

COMMANDS: Mapping[Act, str] = {
    Act.LOAD_DATA: "data load",
    Act.BUILD_PANEL: "indicators build",
    Act.WEIGH_PRIORITIES: "priorities weigh",
    Act.OVERRIDE_PRIORITY: "priorities override CANDIDATE ANSWER --reason REASON",
    Act.COMPARE_DESIGNS: "design CYCLE",
    Act.PROPOSE: "register CYCLE",
    Act.REGISTER: "register CYCLE",
    Act.AMEND: "register CYCLE --amend REASON",
    Act.RECORD_APPROVAL: "approval CYCLE APPROVAL --reference NUMBER --given-on DAY",
    Act.SIGN_CONTRACT: "contract CYCLE",
    Act.OPEN_RECRUITMENT: "recruit CYCLE",
    Act.RECORD_OPT_OUT: "opt-out CYCLE SITE --of SCOPE",
    Act.PREPARE_ALLOCATION: "allocate prepare CYCLE",
    Act.ALLOCATE: "allocate draw CYCLE",
    Act.EXPORT_LISTS: "lists export CYCLE STRATEGY",
    Act.START_DELIVERY: "delivery start CYCLE",
    Act.PREPARE_WAVE: "wave prepare CYCLE WAVE",
    Act.APPROVE_WAVE: "wave approve CYCLE WAVE",
    Act.SEND_WAVE: "wave send CYCLE WAVE",
    Act.NOTE_DELIVERY: "wave note CYCLE WAVE FILE",
    Act.LOG_CONTACTS: "contacts CYCLE FILE",
    Act.IMPORT_EXPOSURE: "lists import CYCLE STRATEGY FILE",
    Act.MONITOR: "monitor CYCLE",
    Act.LOOK_AT_HARMS: "harms CYCLE",
    Act.START_FOLLOW_UP: "delivery end CYCLE",
    Act.FREEZE: "freeze CYCLE",
    Act.EVALUATE: "evaluate CYCLE",
    Act.ANALYSE_UNREGISTERED: "analyse CYCLE TITLE --reason REASON",
    Act.APPRAISE: "appraise CYCLE",
    Act.DECIDE: "decide CYCLE DECISION --reason REASON",
    Act.SCORE_FORECASTS: "forecasts CYCLE",
    Act.POST_EVIDENCE: "evidence post CYCLE",
    Act.CLOSE: "close CYCLE",
    Act.SUSPEND: "suspend CYCLE --reason REASON",
    Act.RESUME: "resume CYCLE --reason REASON",
    Act.WITHDRAW: "withdraw CYCLE --reason REASON",
    Act.WRITE_DOSSIER: "dossier CYCLE",
}
_CYCLE = re.compile(r"(enginehouse [a-z][a-z -]*) CYCLE\b")


def command(act: Act, cycle: str | None = None, *, wave: int | None = None) -> str:
    """The command to type for an act."""
    words = COMMANDS[act] if wave is None else COMMANDS[act].replace("WAVE", str(wave))
    return for_cycle(f"enginehouse {words}", cycle)


def for_cycle(text: str, cycle: str | None) -> str:
    """A text with the cycle's name in its commands; as it was where the cycle is not known."""
    return _CYCLE.sub(lambda found: f"{found[1]} {cycle}", text) if cycle else text
