"""What sites opted out of: who may be allocated, who may be sent feedback, whose data may be used.

The three scopes are separate: a site that wants no reports may stay in the trial. Only data use reaches further, since
without its data a site can neither be compared nor be told anything about itself. A site that opts out of being
allocated **after** the allocation keeps the arm that it was randomised to: leaving it out would undo the randomisation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from enginehouse.governance.recorded import OptOut, Wave
from enginehouse.governance.state import CycleState
from enginehouse.programme.enums import OptOutScope

_REACHES: Mapping[OptOutScope, frozenset[OptOutScope]] = {
    OptOutScope.FEEDBACK: frozenset({OptOutScope.FEEDBACK, OptOutScope.DATA_USE}),
    OptOutScope.RANDOMISATION: frozenset({OptOutScope.RANDOMISATION, OptOutScope.DATA_USE}),
    OptOutScope.DATA_USE: frozenset({OptOutScope.DATA_USE}),
}
"""A thing -> the scopes that take a site out of it."""


def scopes_by_site(state: CycleState, *, on: date | None = None) -> Mapping[str, frozenset[OptOutScope]]:
    """Site -> what it had opted out of by `on` (inclusive; by now when no day is given), as it was recorded."""
    scopes: dict[str, frozenset[OptOutScope]] = {}
    for opt_out in state.opt_outs:
        if _by(opt_out, on):
            scopes[opt_out.site] = scopes.get(opt_out.site, frozenset()) | {opt_out.scope}
    return scopes


def has_opted_out(state: CycleState, site: str, scope: OptOutScope, *, on: date | None = None) -> bool:
    """Whether the site is out of this by `on`, by an opt-out of this scope or of the use of its data."""
    return any(o.site == site and o.scope in _REACHES[scope] and _by(o, on) for o in state.opt_outs)


def may_be_sent(state: CycleState, site: str, *, on: date | None = None) -> bool:
    """Whether the site may be sent feedback."""
    return not has_opted_out(state, site, OptOutScope.FEEDBACK, on=on)


def may_use_data(state: CycleState, site: str, *, on: date | None = None) -> bool:
    """Whether the site's data may be used."""
    return not has_opted_out(state, site, OptOutScope.DATA_USE, on=on)


def held_back(state: CycleState, sites: Iterable[str], *, on: date | None = None) -> tuple[str, ...]:
    """Those of the sites that may not be sent feedback, in the order given."""
    return tuple(site for site in sites if not may_be_sent(state, site, on=on))


def reports_left(state: CycleState, wave: Wave) -> int:
    """How many reports of an approved wave are still to leave: those of sites that opted out meanwhile are not."""
    if not wave.is_approved or overtaken(state, wave.number):
        return 0
    return sum(site not in wave.sent and may_be_sent(state, site) for site in wave.sites)


def overtaken(state: CycleState, number: int) -> int | None:
    """The number of a later wave of which reports have left: an older one would come after it."""
    return max((wave.number for wave in state.waves if wave.number > number and wave.batches), default=None)


def _by(opt_out: OptOut, on: date | None) -> bool:
    return on is None or opt_out.effective_on <= on
