"""Lines of the comparison: more arms, components crossed, and designs in which sites have it in turn."""

from __future__ import annotations

from enginehouse.programme.enums import DesignType
from enginehouse.stats.results import NotEstimable
from enginehouse.trials.design_case import Case, component, lasting, months_words, withheld
from enginehouse.trials.design_report import DesignLine, DesignOption, DesignPrecision, Misclassified
from enginehouse.trials.longitudinal import crossover_schedule, staircase_schedule, stepped_schedule

FEWEST_SEQUENCES = 2
MOST_SEQUENCES = 6
FEWEST_IN_A_CELL = 4


def one_more_arm(case: Case) -> DesignLine:
    """One arm more than is registered, each compared with the same comparator."""
    arms = case.arms + 1
    return _line(
        case,
        DesignOption.ONE_MORE_ARM,
        case.parallel(case.basis, arms=arms),
        why=f"{arms} arms of about {case.units // arms} units each, two compared at a time.",
        withheld=withheld(case, "The units of the other arms"),
        caution="Intervals that allow for several comparisons are wider than this.",
    )


def factorial(case: Case) -> DesignLine:
    """Two components crossed: each at the margins."""
    cell = case.units // 4
    return _line(
        case,
        DesignOption.FACTORIAL,
        case.parallel(case.basis, arms=2, terms=case.terms + 1),
        why=f"Two components at the price of one: about {cell} units have both, one, the other, or neither.",
        withheld=f"Half go without {component(case)} for {months_words(case.months)}, and a quarter without either.",
        caution="Each component is judged on average over the other: right only where they hardly help or hinder.",
        cannot_answer="Whether the two work better together: that takes about four times as many units.",
        too_small=cell < FEWEST_IN_A_CELL,
        is_registered=case.protocol.design.type is DesignType.FACTORIAL,
    )


def incomplete_block(case: Case) -> DesignLine:
    """Each arm gets it for one outcome and is the other's control for another."""
    other = bool(case.protocol.secondary) or case.protocol.design.type is DesignType.INCOMPLETE_BLOCK
    return _line(
        case,
        DesignOption.INCOMPLETE_BLOCK,
        case.parallel(case.basis, arms=2),
        why="Half of the units have it for this topic and half for another; each half is the other's control.",
        withheld=f"Nobody goes without {component(case)}: the other half has it for another topic.",
        caution="What is done for one topic must not spill over to the other.",
        cannot_answer="Whether having it for any topic does good of its own.",
        not_here="" if other else "It needs a second topic with an indicator of its own, and none is registered.",
        is_registered=case.protocol.design.type is DesignType.INCOMPLETE_BLOCK,
    )


def stepped_wedge(case: Case) -> DesignLine:
    """All start in steps; the number of steps that is most precise."""
    most = min(MOST_SEQUENCES, case.follow_up)
    found = {n: case.in_turn(stepped_schedule(n, before=0)) for n in range(FEWEST_SEQUENCES, most + 1)}
    best = _best(found)
    tried = ", ".join(f"{n} groups {p.std_error:.3f}" for n, p in found.items() if isinstance(p, DesignPrecision))
    length = case.follow_up // max(best, 1)
    why = (
        f"{best} groups of sites would start {months_words(length)} after one another, in random order; everyone has "
        f"it at the end (standard errors: {tried})."
        if best
        else _refused(found, case)
    )
    wait = f"; the last group waits {months_words(length * (best - 1))} longer than the first" if best else ""
    return _line(
        case,
        DesignOption.STEPPED_WEDGE,
        found[best] if best else _none(found, case),
        why=why,
        withheld=f"Nobody goes without {component(case)} for good{wait}.",
        caution="Time and treatment go together, so the answer leans on the model and on an effect that comes at once.",
        cannot_answer="Whether an effect grows or fades, unless that is asked of the model too.",
        is_registered=case.protocol.design.type is DesignType.STEPPED_WEDGE,
    )


def staircase(case: Case) -> DesignLine:
    """Steps, each group compared only just before and just after its own start."""
    most = min(MOST_SEQUENCES, case.follow_up - 1)
    found = {n: case.in_turn(staircase_schedule(n)) for n in range(FEWEST_SEQUENCES, most + 1)}
    best = _best(found)
    length = case.follow_up // (best + 1)
    why = (
        f"{best} groups would start {months_words(length)} after one another; each counts only just before and just "
        "after its own start."
        if best
        else _refused(found, case)
    )
    return _line(
        case,
        DesignOption.STAIRCASE,
        found[best] if best else _none(found, case),
        why=why,
        withheld=f"Nobody goes without {component(case)} for good.",
        caution="Worth it where measuring costs; routine data are there anyway, so that a stepped wedge tells more.",
        cannot_answer="Anything about later months of each group: they are not looked at.",
    )


def crossover(case: Case) -> DesignLine:
    """Two groups that change places half-way."""
    half = case.follow_up // 2
    found = case.in_turn(crossover_schedule())
    return _line(
        case,
        DesignOption.CROSSOVER,
        found,
        why=f"Two groups change places after {months_words(half)}.",
        withheld=f"Each half goes without {component(case)} for {months_words(half)}; the first half loses it again.",
        caution="Only for what stops working when it stops; what was learnt stays, and hides the effect.",
        cannot_answer=f"Whether an effect lasts, or takes longer than {months_words(half)} to come.",
        is_registered=case.protocol.design.type is DesignType.CROSSOVER,
    )


def smart(case: Case) -> DesignLine:
    """All begin alike; those who do not respond are allocated again."""
    response = case.response
    found: DesignPrecision | NotEstimable
    if isinstance(case.basis, NotEstimable) or isinstance(response, NotEstimable):
        found = case.basis if isinstance(case.basis, NotEstimable) else _refusal(response)
        told, caution = found.detail, "Who responds is judged from data that vary by chance."
    else:
        share = 1 - response.called_responders
        again = share * case.units
        variance = share * case.basis.parallel(per_arm=case.units / 2) if again else 0.0
        found = (
            case.precision(variance, again - 3, case.units, treated=max(again / 2, 1.0), part=share)
            if again >= 2 * FEWEST_IN_A_CELL
            else NotEstimable(reason="too-few-units", detail=f"Only about {again:.0f} units would be drawn again.")
        )
        told = (
            f"After {months_words(response.after)} about {again:.0f} of {case.units} units would be drawn again, if "
            "the first stage does nothing."
        )
        caution = _chance(response)
    return _line(
        case,
        DesignOption.SMART,
        found,
        why=told,
        withheld=f"Half of those who do not respond go without {component(case)}; all others go on as they began.",
        caution=caution,
        cannot_answer="Whether what everyone begins with does anything: nobody goes without it.",
        is_registered=case.protocol.design.type is DesignType.SMART,
    )


def _chance(response: Misclassified) -> str:
    return (
        f"{response.called_responders:.0%} of sites would be called responders though nothing was done "
        f"({response.high_third:.0%} of the third that began worst, {response.low_third:.0%} of the third that began "
        f"best), and {response.missed:.0%} would be called non-responders though all had the registered effect."
    )


def _refusal(response: Misclassified | NotEstimable) -> NotEstimable:
    assert isinstance(response, NotEstimable)
    return response


def _best(found: dict[int, DesignPrecision | NotEstimable]) -> int:
    """The number of groups with the smallest standard error; 0 where none can be judged."""
    errors = {n: each.std_error for n, each in found.items() if isinstance(each, DesignPrecision)}
    return min(errors, key=lambda n: errors[n]) if errors else 0


def _none(found: dict[int, DesignPrecision | NotEstimable], case: Case) -> NotEstimable:
    for each in found.values():
        if isinstance(each, NotEstimable):
            return each
    return NotEstimable(reason="too-few-months", detail=f"{months_words(case.months)} leave no room for two steps.")


def _refused(found: dict[int, DesignPrecision | NotEstimable], case: Case) -> str:
    return _none(found, case).detail


def _line(
    case: Case,
    option: DesignOption,
    precision: DesignPrecision | NotEstimable,
    *,
    why: str,
    withheld: str,
    caution: str,
    cannot_answer: str = "",
    too_small: bool = False,
    not_here: str = "",
    is_registered: bool = False,
) -> DesignLine:
    """A line; a design that cannot be run here keeps its words, and says why instead of numbers."""
    reason = not_here or ("There are too few units for its smallest group." if too_small else "")
    cannot = isinstance(precision, NotEstimable) and precision.reason in ("too-few-units", "too-few-months")
    return DesignLine(
        option=option,
        registered=is_registered,
        feasible=not reason and not cannot,
        why=f"{why} {reason}".strip(),
        precision=NotEstimable(reason="not-feasible", detail=reason) if reason else precision,
        placebo=None,
        withheld=withheld,
        caution=caution,
        months=case.months,
        cannot_answer=cannot_answer or lasting(case),
    )
