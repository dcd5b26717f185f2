"""Which parts of a protocol each design needs and which mean nothing in it; which methods and checks it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from enginehouse.programme.checks.names import Fault, Known
from enginehouse.programme.enums import Average, Check, DesignType, Method, Multiplicity
from enginehouse.programme.positions import Path
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.wording import one_of

# A level and a slope with correlated errors; with fewer months no interval would mean anything.
FEWEST_BASELINE_MONTHS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one design asks of a protocol.

    `needs` and `refuses` say why, by key; `methods` the averages that each method can estimate; `mergers` and
    `opt_outs` the ways in which such sites can count.
    """

    needs: Mapping[Path, str]
    refuses: Mapping[Path, str]
    methods: Mapping[Method, tuple[Average, ...]]
    checks: tuple[Check, ...]
    mergers: tuple[str, ...]
    opt_outs: tuple[str, ...]


_NOT_DRAWN: Final = "controlled-its allocates nothing at random"
_NOT_SENT: Final = "this release sends nothing in a controlled-its"
_WITH_CHANCE_ONLY: Final = "this is worked out with random allocation only"
_ONE_ARM_THROUGHOUT: Final = "here a site has one arm throughout"
_CHANCE_DECIDES: Final = "in a parallel design chance decides who gets which arm"
_LOGGED: Final = "the cost of an arm comes from what is logged of its strategies"

RULES: Final[Mapping[DesignType, Rules]] = {
    DesignType.PARALLEL: Rules(
        needs={
            ("eligibility",): "parallel must say which sites may take part, and until when they may opt out",
            ("allocation",): "parallel must say how sites are allocated at random",
            ("contrasts",): "parallel must say which arm is compared with which",
        },
        refuses={
            ("exposure",): _CHANCE_DECIDES,
            ("sequences",): _ONE_ARM_THROUGHOUT,
            ("second_stage",): _ONE_ARM_THROUGHOUT,
            ("design", "transition_months"): _ONE_ARM_THROUGHOUT,
            ("analysis", "drift"): "chance decides here, so places that drift apart do so in both arms",
            ("analysis", "practice_models"): "these models stand beside a controlled-its only",
            ("analysis", "embedded_trial"): "this is a trial already",
            ("economics", "campaign_cost"): _LOGGED,
            ("economics", "cost_marks"): _LOGGED,
            ("economics", "published"): "nothing has been published of a trial that has not been run",
        },
        methods={Method.INDEPENDENCE_GEE: (Average.PATIENTS,), Method.SITE_MIXED_MODEL: (Average.SITES,)},
        checks=(Check.OTHER_AVERAGE, Check.CLUSTER_LEVEL, Check.PERMUTATION, Check.UNADJUSTED),
        mergers=("as-randomised", "follow-successor"),
        opt_outs=("kept-where-data-allow", "excluded"),
    ),
    DesignType.CONTROLLED_ITS: Rules(
        needs={("exposure",): "controlled-its must say which sites got which arm"},
        refuses={
            ("eligibility",): _NOT_DRAWN,
            ("allocation",): _NOT_DRAWN,
            ("contrasts",): _NOT_DRAWN,
            ("pooled_arms",): _NOT_DRAWN,
            ("sequences",): _NOT_DRAWN,
            ("second_stage",): _NOT_DRAWN,
            ("design", "transition_months"): _NOT_DRAWN,
            ("power",): _NOT_DRAWN,
            ("rehearsal",): _NOT_DRAWN,
            ("concurrent_with",): _NOT_DRAWN,
            ("delivery",): _NOT_SENT,
            ("approvals",): _NOT_SENT,
            ("analysis", "inequality"): _WITH_CHANCE_ONLY,
            ("analysis", "engaged"): _WITH_CHANCE_ONLY,
            ("analysis", "harm_looks"): _WITH_CHANCE_ONLY,
            ("analysis", "multiplicity"): _WITH_CHANCE_ONLY,
            ("economics", "horizon_years"): _WITH_CHANCE_ONLY,
            ("economics", "turn"): _WITH_CHANCE_ONLY,
        },
        methods={Method.ARM_DIFFERENCE_AR1: tuple(Average)},
        checks=(
            Check.PLACEBO_DATES,
            Check.PRE_TREND,
            Check.LEAVE_ONE_AREA_OUT,
            Check.UNTARGETED_OUTCOME,
            Check.ALTERNATIVE_SPAN,
        ),
        mergers=("as-randomised", "as-of-membership-month", "follow-successor"),
        opt_outs=("kept-where-data-allow", "excluded", "none"),
    ),
}
# The other designs cannot be stated in full yet: better refused than half read.
RUNNABLE_DESIGNS = tuple(RULES)


def check_design(protocol: Protocol, known: Known) -> Iterator[Fault]:  # noqa: ARG001  (called like its neighbours)
    design = protocol.design.type
    if design not in RULES:
        yield Fault(
            ("design", "type"),
            f"got '{design}', which this release cannot run; it runs {one_of(RUNNABLE_DESIGNS)}.",
            "Keep this protocol outside the folder cycles until then.",
        )
        return
    rules = RULES[design]
    for path, why in rules.needs.items():
        if not _at(protocol, path):
            yield Fault(path, f"is missing; {why}.", "Add it.")
    for path, why in rules.refuses.items():
        if _at(protocol, path) not in _NOTHING:
            yield Fault(path, f"got {path[-1]}, but {why}.", "Remove it.")
    yield from _baseline(protocol)
    yield from _estimand(protocol, rules)
    yield from _methods(protocol, rules)


_NOTHING: Final[tuple[object, ...]] = (None, (), {}, 0, "", False, Multiplicity.NONE)
"""What a key says that is left out."""


def _at(protocol: Protocol, path: Path) -> Any:
    """What stands at a key, or nothing where the section itself is not there."""
    value: Any = protocol
    for key in path:
        value = getattr(value, str(key)) if value is not None else None
    return value


def _baseline(protocol: Protocol) -> Iterator[Fault]:
    months = protocol.design.baseline_months
    if protocol.design.type is DesignType.CONTROLLED_ITS and months < FEWEST_BASELINE_MONTHS:
        yield Fault(
            ("design", "baseline_months"),
            f"got {months}; the trend before the start takes at least {FEWEST_BASELINE_MONTHS} months.",
            "Take 12 or more, where the data reach so far back.",
        )


def _estimand(protocol: Protocol, rules: Rules) -> Iterator[Fault]:
    design = protocol.design.type
    for key, allowed in (("mergers", rules.mergers), ("opt_outs", rules.opt_outs)):
        got = getattr(protocol.estimand, key)
        if got not in allowed:
            why = "sites can opt out" if key == "opt_outs" else "a site counts in the arm that was drawn for it"
            yield Fault(("estimand", key), f"got '{got}'; in a {design} design {why}.", f"Write {one_of(allowed)}.")


def _methods(protocol: Protocol, rules: Rules) -> Iterator[Fault]:
    design, analysis, average = protocol.design.type, protocol.analysis, protocol.estimand.average
    if analysis.primary not in rules.methods:
        what = f"got '{analysis.primary}', which is no analysis of a {design} design; expected {one_of(rules.methods)}."
        yield Fault(("analysis", "primary"), what, _fitting(rules, average))
    elif average not in rules.methods[analysis.primary]:
        over = one_of(rules.methods[analysis.primary])
        what = f"got '{analysis.primary}', whose effect is an average over {over}; estimand.average is '{average}'."
        yield Fault(("analysis", "primary"), what, _fitting(rules, average))
    for number, check in enumerate(analysis.checks):
        if check not in rules.checks:
            what = f"got '{check}', which is no check of a {design} design; expected {one_of(rules.checks)}."
            yield Fault(("analysis", "checks", number), what, "Remove it.")


def _fitting(rules: Rules, average: Average) -> str:
    methods = [method for method, averages in rules.methods.items() if average in averages]
    return f"For an average over {average}, write {one_of(methods)}."
