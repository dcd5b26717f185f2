"""What each arm of a trial cost, from what was logged, and what one arm cost more than another.

The programme's costs and those of the sites are kept apart. A cost that nobody knows stays unknown; it is never 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from enginehouse.core.errors import Problem, Problems
from enginehouse.core.words import counted
from enginehouse.programme.enums import ContactKind, CostedPer, Payer
from enginehouse.programme.strategy import Activity, Strategy
from enginehouse.stats.results import NotEstimable

SAME_COUNT = 1e-9
"""Two arms got as much of an activity for each site when their counts differ by less than this share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactTotals:
    """The contacts of one kind that an arm had, with the staff minutes of both sides."""

    kind: ContactKind
    contacts: int
    programme_minutes: float
    site_minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedActivity:
    """What was logged of one arm from the allocation to the end of delivery.

    Attributes
    ----------
    arm
        The arm's name in the protocol.
    sites
        Sites allocated to it, whether they got anything or not.
    reports
        Reports sent to them, all waves together.
    contacts
        One entry for each kind of contact that was logged; a kind without an entry had none.
    """

    arm: str
    sites: int
    reports: int
    contacts: tuple[ContactTotals, ...] = ()

    def contacts_of(self, kind: ContactKind) -> ContactTotals:
        """The totals of one kind, 0 where none was logged."""
        none = ContactTotals(kind=kind, contacts=0, programme_minutes=0.0, site_minutes=0.0)
        return next((totals for totals in self.contacts if totals.kind is kind), none)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCostLine:
    """One activity in one arm: amount = `counted` x `units` x `unit_cost`, for instance 142 visits x 1 x £86.

    Attributes
    ----------
    counted
        How many sites, reports, contacts or minutes were logged; for `cycle`, the arm's share of the sites that had
        the strategy (1 where no other arm had it).
    units
        Units of the activity for each of them.
    unit_cost, amount
        `None` where the price is not known.
    """

    strategy: str
    activity: str
    per: CostedPer
    borne_by: Payer
    counted: float
    units: float
    unit: str
    unit_cost: float | None
    amount: float | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCost:
    """What one arm cost, line by line; the programme's part and the sites' part apart.

    Attributes
    ----------
    lines
        One for each activity of each strategy of the arm.
    missing
        What is not even listed (a strategy without activities, contacts that no strategy costs): nobody can say who
        bears it, so neither part has a total then.
    """

    arm: str
    sites: int
    lines: tuple[ArmCostLine, ...]
    missing: tuple[str, ...] = ()

    @property
    def programme(self) -> float | NotEstimable:
        """What the programme paid."""
        return self._total((Payer.PROGRAMME,))

    @property
    def borne_by_sites(self) -> float | NotEstimable:
        """What the sites bore: the time of their staff, mostly."""
        return self._total((Payer.SITE,))

    @property
    def total(self) -> float | NotEstimable:
        """Both together."""
        return self._total(tuple(Payer))

    @property
    def per_site(self) -> float | NotEstimable:
        """Both together, for each site of the arm."""
        total = self.total
        return total if isinstance(total, NotEstimable) else total / self.sites

    def known_part(self, payers: Sequence[Payer] = tuple(Payer)) -> float:
        """The sum of what is known: a floor for the cost, never the cost."""
        return math.fsum(line.amount for line in self.lines if line.amount is not None and line.borne_by in payers)

    def _total(self, payers: Sequence[Payer]) -> float | NotEstimable:
        unknown = [f"{line.activity}, cost per {line.unit}" for line in self.lines if _unknown(line, payers)]
        missing = [*self.missing, *unknown]
        return _not_known(f"the cost of {self.arm}", missing) if missing else self.known_part(payers)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostDifferenceLine:
    """One activity: what it cost for each site in either arm, and the difference.

    All three are `None` where the price is not known; the difference alone is 0 where both arms had as much of it.
    """

    strategy: str
    activity: str
    borne_by: Payer
    per_site: float | None
    per_site_over: float | None
    difference: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncrementalCost:
    """What one arm cost more than another, for each site and for the sites of the arm together.

    What both arms had alike cancels, known or not.

    Attributes
    ----------
    sites
        Sites of `arm`, which `in_all` refers to.
    programme_per_site, borne_by_sites_per_site, per_site
        The difference for each site: the programme's part, the sites' part, and both.
    """

    arm: str
    over: str
    sites: int
    lines: tuple[CostDifferenceLine, ...]
    programme_per_site: float | NotEstimable
    borne_by_sites_per_site: float | NotEstimable
    per_site: float | NotEstimable

    @property
    def in_all(self) -> float | NotEstimable:
        """Both parts, for the sites of the arm together."""
        return self.per_site if isinstance(self.per_site, NotEstimable) else self.per_site * self.sites


def arm_costs(
    arms: Mapping[str, Sequence[str]], activity: Sequence[LoggedActivity], strategies: Mapping[str, Strategy]
) -> tuple[ArmCost, ...]:
    """The cost of each arm by activity, from what was logged.

    Parameters
    ----------
    arms
        Arm and the ids of its strategies, as in the protocol.
    activity
        What was logged, one entry for each arm.
    strategies
        The strategies by id.

    Returns
    -------
    tuple of ArmCost
        In the order of `activity`; totals only where every price is known.

    Raises
    ------
    Problems
        An arm has no log or two, an arm without sites, or a log of an arm that the protocol does not know: all listed.

    Notes
    -----
    amount = counted x units x unit cost. `counted` is 1 for each site, report, contact or contact minute: programme
    minutes where the programme bears the line, site minutes where the site does. What is counted per cycle is
    shared by the sites of all arms that have the strategy, so that it cancels between two arms that both have it.

    Examples
    --------
    >>> visit = Activity(
    ...     name="Facilitator's time", units=1, unit="minute", unit_cost=0.9, source="payroll", per="contact-minute"
    ... )
    >>> facilitation = Strategy(
    ...     schema=1, id="visits", title="Visits", description="A visit", channel="in person",
    ...     components=("action planning",), activities=(visit,), contact="visit",
    ... )
    >>> visits = ContactTotals(kind=ContactKind.VISIT, contacts=12, programme_minutes=600.0, site_minutes=1440.0)
    >>> log = LoggedActivity(arm="visited", sites=10, reports=0, contacts=(visits,))
    >>> (cost,) = arm_costs({"visited": ["visits"]}, [log], {"visits": facilitation})
    >>> cost.programme, cost.borne_by_sites  # 600 minutes at 0.90
    (540.0, 0.0)
    """
    problems = list(_problems(arms, activity))
    if problems:
        raise Problems(problems)
    logged = {log.arm: log for log in activity}
    return tuple(
        _arm_cost(log, [strategies[name] for name in arms[log.arm]], _sharing(arms, logged)) for log in activity
    )


def incremental_cost(arm: ArmCost, over: ArmCost) -> IncrementalCost:
    """What one arm cost more than another for each site, activity by activity.

    Parameters
    ----------
    arm, over
        The costs of the two arms of a contrast.

    Returns
    -------
    IncrementalCost
        Each part is *not known* where an activity without a price was not the same in both arms.

    Notes
    -----
    difference = amount / sites in `arm` - amount / sites in `over`, summed over activities. For each site, because
    arms differ in their number of sites.
    """
    lines = tuple(_difference_lines(arm, over))
    missing = tuple(
        text for text in (*arm.missing, *over.missing) if not (text in arm.missing and text in over.missing)
    )
    what = f"the difference in cost between {arm.arm} and {over.arm}"
    return IncrementalCost(
        arm=arm.arm,
        over=over.arm,
        sites=arm.sites,
        lines=lines,
        programme_per_site=_difference(what, lines, missing, (Payer.PROGRAMME,)),
        borne_by_sites_per_site=_difference(what, lines, missing, (Payer.SITE,)),
        per_site=_difference(what, lines, missing, tuple(Payer)),
    )


def _sharing(arms: Mapping[str, Sequence[str]], logged: Mapping[str, LoggedActivity]) -> dict[str, int]:
    """How many sites had each strategy, all arms together."""
    sites: dict[str, int] = {}
    for arm, log in logged.items():
        for name in dict.fromkeys(arms[arm]):
            sites[name] = sites.get(name, 0) + log.sites
    return sites


def _arm_cost(log: LoggedActivity, strategies: Sequence[Strategy], sharing: Mapping[str, int]) -> ArmCost:
    lines = [
        _line(strategy, activity, _counted(activity, strategy, log, sharing))
        for strategy in strategies
        for activity in strategy.activities
    ]
    return ArmCost(arm=log.arm, sites=log.sites, lines=tuple(lines), missing=tuple(_missing(log, strategies)))


def _missing(log: LoggedActivity, strategies: Sequence[Strategy]) -> Iterator[str]:
    """What cannot be costed because no file lists it."""
    for strategy in strategies:
        if not strategy.activities:
            yield f"{strategy.title} (no activities are listed)"
    costed = {strategy.contact for strategy in strategies}
    for totals in log.contacts:
        if totals.contacts and totals.kind not in costed:
            made = counted(totals.contacts, "contact")
            yield f"{made} of the kind {totals.kind}, which is part of no strategy of {log.arm}"
    if log.reports and not any(strategy.sends_report for strategy in strategies):
        yield f"{counted(log.reports, 'report')}, which no strategy of {log.arm} sends"


def _counted(activity: Activity, strategy: Strategy, log: LoggedActivity, sharing: Mapping[str, int]) -> float:
    totals = log.contacts_of(strategy.contact) if strategy.contact else None
    minutes = 0.0
    if totals is not None:
        minutes = totals.programme_minutes if activity.borne_by is Payer.PROGRAMME else totals.site_minutes
    counted = {
        CostedPer.CYCLE: log.sites / sharing[strategy.id],
        CostedPer.SITE: float(log.sites),
        CostedPer.REPORT: float(log.reports if strategy.sends_report else 0),
        CostedPer.CONTACT: float(totals.contacts if totals else 0),
        CostedPer.CONTACT_MINUTE: minutes,
    }
    return counted[activity.per]


def _line(strategy: Strategy, activity: Activity, counted: float) -> ArmCostLine:
    cost = activity.unit_cost
    return ArmCostLine(
        strategy=strategy.id,
        activity=activity.name,
        per=activity.per,
        borne_by=activity.borne_by,
        counted=counted,
        units=activity.units,
        unit=activity.unit,
        unit_cost=cost,
        amount=None if cost is None else counted * activity.units * cost,
        source=activity.source,
    )


def _difference_lines(arm: ArmCost, over: ArmCost) -> Iterator[CostDifferenceLine]:
    """Every activity of either arm, in the order of the first, then of the second."""
    first, second = _by_activity(arm), _by_activity(over)
    for key in dict.fromkeys([*first, *second]):
        here, there = first.get(key), second.get(key)
        some = here or there
        assert some is not None, "a key comes from one of the arms"
        mine, theirs = _for_each_site(here, arm.sites), _for_each_site(there, over.sites)
        yield CostDifferenceLine(
            strategy=some.strategy,
            activity=some.activity,
            borne_by=some.borne_by,
            per_site=mine,
            per_site_over=theirs,
            difference=_cancelled(here, there, arm, over) if mine is None or theirs is None else mine - theirs,
        )


def _by_activity(cost: ArmCost) -> dict[tuple[str, str, Payer, CostedPer], ArmCostLine]:
    return {(line.strategy, line.activity, line.borne_by, line.per): line for line in cost.lines}


def _for_each_site(line: ArmCostLine | None, sites: int) -> float | None:
    """0 where the arm does not have the activity, `None` where it has it at an unknown price."""
    if line is None:
        return 0.0
    return None if line.amount is None else line.amount / sites


def _cancelled(here: ArmCostLine | None, there: ArmCostLine | None, arm: ArmCost, over: ArmCost) -> float | None:
    """0 where both arms had as much of it for each site, whatever it cost; otherwise unknown."""
    mine, theirs = (line.counted / cost.sites if line else 0.0 for line, cost in ((here, arm), (there, over)))
    return 0.0 if math.isclose(mine, theirs, rel_tol=SAME_COUNT, abs_tol=0.0) or mine == theirs == 0 else None


def _difference(
    what: str, lines: Sequence[CostDifferenceLine], missing: Sequence[str], payers: Sequence[Payer]
) -> float | NotEstimable:
    counted = [line for line in lines if line.borne_by in payers]
    unknown = [*missing, *(line.activity for line in counted if line.difference is None)]
    if unknown:
        return _not_known(what, unknown)
    return math.fsum(line.difference for line in counted if line.difference is not None)


def _unknown(line: ArmCostLine, payers: Sequence[Payer]) -> bool:
    """A price that nobody knows matters only where something was counted."""
    return line.amount is None and line.borne_by in payers and line.counted > 0


def _not_known(what: str, missing: Sequence[str]) -> NotEstimable:
    return NotEstimable(
        reason="cost-not-known",
        detail=f"{what[0].upper()}{what[1:]} is not known; missing: {'; '.join(dict.fromkeys(missing))}.",
    )


def _problems(arms: Mapping[str, Sequence[str]], activity: Sequence[LoggedActivity]) -> Iterator[Problem]:
    names = [log.arm for log in activity]
    for arm in arms:
        if names.count(arm) != 1:
            got = "no log" if arm not in names else f"{names.count(arm)} logs"
            yield Problem("logged activity", f"got {got} of the arm '{arm}'.", "Give one for each arm.")
    for log in activity:
        if log.arm not in arms:
            yield Problem("logged activity", f"got the arm '{log.arm}', which the protocol does not have.")
        if log.sites < 1:
            yield Problem("logged activity", f"got {log.sites} sites in the arm '{log.arm}'; expected at least 1.")
