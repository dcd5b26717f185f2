"""Which arm a site has in which month: the one place that reads sequences and second stages, for every room above."""

from __future__ import annotations

from enginehouse.core.months import Month
from enginehouse.programme.protocol import Protocol


def drawn_names(protocol: Protocol) -> tuple[str, ...]:
    """What chance draws for a site at the start: sequences, first-stage arms of a SMART, or else the arms.

    Arms come with the registered comparator first and the arm that is judged second; the rest as they are written.
    """
    if protocol.sequences:
        return tuple(protocol.sequences)
    if protocol.second_stage is not None:
        return tuple(dict.fromkeys(regime.first for regime in protocol.second_stage.regimes.values()))
    first = [name for contrast in protocol.contrasts[:1] for name in (contrast.over, contrast.arm)]
    return tuple(dict.fromkeys([*(name for name in first if name in protocol.arms), *protocol.arms]))


def arm_in(protocol: Protocol, drawn: str, month: Month, *, second: str | None = None) -> str:
    """The arm of a site in a month, by what was drawn for it (`second`: for the second stage, if it was drawn again).

    Before the start a site has what its first turn gives: it is what a report sent in advance is about.
    """
    turns = protocol.sequences.get(drawn)
    if turns is not None:
        begun = [turn.arm for turn in turns if turn.starts <= month]
        return begun[-1] if begun else turns[0].arm
    stage = protocol.second_stage
    return second if second is not None and stage is not None and month >= stage.starts else drawn


def arms_in_turn(protocol: Protocol, drawn: str) -> tuple[str, ...]:
    """Every arm that a site may have in the course of the cycle, by what was drawn for it, in order of time."""
    if drawn in protocol.sequences:
        return tuple(dict.fromkeys(turn.arm for turn in protocol.sequences[drawn]))
    stage = protocol.second_stage
    return tuple(dict.fromkeys([drawn, *(stage.again.get(drawn, ()) if stage is not None else ())]))


def is_settled(protocol: Protocol, drawn: str, month: Month, *, second: str | None = None) -> bool:
    """Whether the month counts in the analysis: not one of the transition months after a change of the site's arm."""
    starts = [turn.starts for turn in protocol.sequences.get(drawn, ())]
    if second is not None and second != drawn and protocol.second_stage is not None:
        starts.append(protocol.second_stage.starts)
    changed = [start for start in starts if start <= month and _is_change(protocol, drawn, start, second)]
    return not changed or month - max(changed) >= protocol.design.transition_months


def _is_change(protocol: Protocol, drawn: str, start: Month, second: str | None) -> bool:
    """Whether the strategies of a site change with a month; before the follow-up nobody has any."""
    before = () if start <= protocol.design.starts else protocol.arms[arm_in(protocol, drawn, start + -1)]
    return protocol.arms[arm_in(protocol, drawn, start, second=second)] != before
