"""What one cycle's protocol and contract ask of its governance: days, approvals, signatories, waves.

`rules_of` reads them off the specification; the conditions in this room see these rules and no protocol.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from enginehouse.core.months import add_months
from enginehouse.governance.stages import RANDOMISED
from enginehouse.programme.contract import Contract
from enginehouse.programme.enums import DesignType
from enginehouse.programme.hashing import definition_hash
from enginehouse.programme.protocol import Protocol


@dataclass(frozen=True, slots=True)
class WaveDate:
    """One wave of the registered calendar and the day on which it is due."""

    number: int
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleRules:
    """What must hold before this cycle's acts. A rehearsal asks for no approvals, signatures, opt-outs or waves.

    `opt_out_by` is the first day on which a site can no longer opt out of being allocated; `contract` the SHA-256 of
    the decision contract as it stands; `follow_up_ends` the first day after the last month of follow-up.
    """

    design: DesignType
    rehearsal: bool = False
    opt_out_by: date | None = None
    approvals: tuple[str, ...] = ()
    needs_contract: bool = False
    contract: str | None = None
    signatories: tuple[str, ...] = ()
    waves: tuple[WaveDate, ...] = ()
    follow_up_ends: date | None = None
    harm_looks: tuple[str, ...] = ()
    """The last month of data of each registered look at harms."""

    def wave(self, number: int) -> WaveDate | None:
        """The wave of this number in the calendar."""
        return next((wave for wave in self.waves if wave.number == number), None)


def rules_of(protocol: Protocol, contract: Contract | None = None) -> CycleRules:
    """The rules of a cycle, from its protocol (the locked one, once there is one) and its decision contract."""
    design, ends = protocol.design.type, protocol.design.follow_up.end.first_day
    looks = tuple(str(month) for month in protocol.analysis.harm_looks)
    if protocol.rehearsal:
        return CycleRules(design=design, rehearsal=True, follow_up_ends=ends, harm_looks=looks)
    return CycleRules(
        design=design,
        opt_out_by=protocol.eligibility.opt_out_by if protocol.eligibility else None,
        approvals=tuple(protocol.approvals),
        needs_contract=design in RANDOMISED,
        contract=definition_hash(contract) if contract else None,
        signatories=tuple(forecast.person for forecast in contract.forecasts) if contract else (),
        waves=tuple(_waves(protocol)),
        follow_up_ends=ends,
        harm_looks=looks,
    )


def _waves(protocol: Protocol) -> Iterator[WaveDate]:
    calendar = protocol.delivery
    if calendar is not None:
        for number in range(calendar.waves):
            yield WaveDate(number + 1, add_months(calendar.first, number * calendar.every_months))
