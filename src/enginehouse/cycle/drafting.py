"""A protocol and a contract made from a weighed candidate: what can be filled in, and what a person must decide.

Nothing is read or written here; the step is `draft_protocol`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from enginehouse.core.errors import UserError
from enginehouse.core.months import Month
from enginehouse.priorities.results import Weighed, Worth
from enginehouse.programme.candidates import Candidate, Candidates
from enginehouse.programme.contract import Contract
from enginehouse.programme.enums import AllocationUnit, DecisionWord, Direction, SourceKind, Verdict
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.positions import Path
from enginehouse.programme.programme import Programme
from enginehouse.programme.protocol import RATE, RATE_SOURCE, Protocol
from enginehouse.programme.trial import FEWEST_WAVES

USUAL_CARE = "usual-care"
APPROVALS = ("data-protection", "research-ethics-screening")
TO_OPT_OUT = timedelta(days=14)
"""Before the start: time to draw, to print and to tell."""
TO_FIRST_WAVE = timedelta(days=11)
"""After the start: the first reports leave on the 12th."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOptions:
    """What a person says beside the candidate; None where it follows from the rest.

    `worthwhile` and `equivalence` are sizes of a relative change (0.05: 5%), put on the right side of no difference.
    `instead` puts the strategy in place of its comparator, and not on top of it.
    """

    starts: Month
    follow_up_months: int = 12
    baseline_months: int = 12
    unit: AllocationUnit = AllocationUnit.SITE
    network_level: str | None = None
    strata: tuple[str, ...] = ()
    waves: int | None = None
    every_months: int = 2
    worthwhile: float = 0.05
    equivalence: float = 0.05
    balancing: tuple[str, ...] = ()
    secondary: tuple[str, ...] = ()
    approvals: tuple[str, ...] = APPROVALS
    instead: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """What one candidate gives, beside the programme that it belongs to."""

    programme: Programme
    candidates: Candidates
    candidate: Candidate
    weighed: Weighed
    worth: Worth
    options: DraftOptions

    @property
    def indicator(self) -> Indicator:
        return self.programme.indicators[self.candidate.indicator]

    @property
    def improves_downwards(self) -> bool:
        return self.indicator.direction is Direction.LOWER_IS_BETTER

    @property
    def arms(self) -> tuple[str, str]:
        """The arm that is judged, and its comparator."""
        over, strategy = self.candidate.over, self.candidate.strategy
        return (strategy if over == USUAL_CARE or self.options.instead else f"{over}-plus-{strategy}"), over

    @property
    def strategies(self) -> Mapping[str, list[str]]:
        arm, over = self.arms
        base = [] if over == USUAL_CARE else [over]
        return {over: base, arm: [*([] if self.options.instead else base), self.candidate.strategy]}

    @property
    def sends_reports(self) -> bool:
        names = (name for strategies in self.strategies.values() for name in strategies)
        return any(self.programme.strategies[name].sends_report for name in names)

    def ratio(self, size: float) -> float:
        """A relative improvement of this size as a ratio."""
        return round(1 - size if self.improves_downwards else 1 + size, 4)

    def title_of(self, strategy: str) -> str:
        return "usual care" if strategy == USUAL_CARE else self.programme.strategies[strategy].title


def drafted_protocol(draft: Draft) -> Protocol:
    """The protocol: everything that a candidate, its weighing and the options say, and the usual for the rest."""
    options, candidate = draft.options, draft.candidate
    arm, over = draft.arms
    values: dict[str, Any] = {
        "schema": 1,
        "title": candidate.title,
        "question": _question(draft),
        "background": _background(draft),
        "indicator": candidate.indicator,
        "secondary": options.secondary,
        "balancing": options.balancing,
        "arms": draft.strategies,
        "membership_as_of": _membership(draft),
        "eligibility": {
            "baseline_months": math.ceil(0.75 * options.baseline_months),
            "opt_out_by": options.starts.first_day - TO_OPT_OUT,
        },
        "allocation": _allocation(draft),
        "contrasts": [{"arm": arm, "over": over}],
        "delivery": _delivery(draft) if draft.sends_reports else None,
        "approvals": options.approvals,
        "power": {"effect": _effect(draft), "seed": int(f"{options.starts.year}{options.starts.month:02d}01")},
        "design": {
            "type": "parallel",
            "starts": options.starts,
            "baseline_months": options.baseline_months,
            "follow_up_months": options.follow_up_months,
        },
        "prior_knowledge": _prior_knowledge(draft),
        "estimand": {
            "average": "patients",
            "summary": "ratio",
            "window": "follow-up",
            "mergers": "as-randomised",
            "closures": "until-closed",
            "opt_outs": "kept-where-data-allow",
        },
        "analysis": _analysis(draft),
        "economics": _economics(draft),
        "decision": {
            "if_worthwhile": f"Offer this to every {draft.programme.settings.site_noun}, those without it first.",
            "if_equivalent": "End it, and give the staff and the money another task.",
            "otherwise": "Go by the expected net benefit, and repeat the question where this works next.",
        },
    }
    return Protocol.model_validate({key: value for key, value in values.items() if value is not None}, strict=False)


def drafted_contract(draft: Draft) -> Contract:
    """What follows from each verdict, as is usual; forecasts are for people."""
    title = draft.title_of(draft.candidate.strategy)
    actions = {
        Verdict.WORTHWHILE: (DecisionWord.IMPLEMENT, f"Fund this everywhere: {title}."),
        Verdict.BETTER: (DecisionWord.EVALUATE_FURTHER, f"Keep this where it is for one year: {title}. Ask again."),
        Verdict.EQUIVALENT: (DecisionWord.DO_NOT_PURSUE, f"End this when the trial ends: {title}."),
        Verdict.WORSE: (DecisionWord.DO_NOT_PURSUE, f"End this at once, and tell everybody why: {title}."),
        Verdict.INCONCLUSIVE: (
            DecisionWord.EVALUATE_FURTHER,
            f"Keep this where it is for one year: {title}. Ask again.",
        ),
        Verdict.CANNOT_BE_ESTIMATED: (
            DecisionWord.EVALUATE_FURTHER,
            "Find out why the data failed before anything is bought or stopped.",
        ),
    }
    under = {verdict: {"decision": word, "action": action} for verdict, (word, action) in actions.items()}
    return Contract.model_validate({"schema": 1, "under": under, "forecasts": []}, strict=False)


def protocol_comments(draft: Draft) -> Iterator[tuple[Path, str]]:
    """What a person must decide or check, by the key above which it stands."""
    change, low, high = draft.worth.expected_change, draft.worth.change_low, draft.worth.change_high
    yield ("question",), "Decide: ask it as your commissioner would."
    yield ("background",), "Decide: say why it is asked, and why now."
    if draft.options.balancing:
        yield (
            ("balancing",),
            "Must not get worse. A look by arm before the end is registered under analysis.harm_looks.",
        )
    else:
        yield ("arms",), "Decide: add balancing: [...], indicators that must not get worse, above this line."
    yield ("eligibility",), "Decide: all sites may take part. Narrow it with within: {level: group} or attributes."
    yield ("eligibility", "opt_out_by"), "Two weeks before the start. Check that the notice leaves sites enough time."
    yield ("allocation", "unit"), "Write network where staff are shared: what one learns, the other knows."
    yield ("approvals",), "Check with your governance officer which approvals you need."
    yield (
        ("power", "effect"),
        (f"The weighing expects {change:+.1%} ({low:+.1%} to {high:+.1%}). Decide: effect_sd, and fidelity below 1."),
    )
    yield ("prior_knowledge",), "Say what else had been seen."
    yield ("analysis", "worthwhile"), "Decide: the least change that is worth its cost, and what is as good as none."
    if _engaged(draft) is not None:
        yield ("analysis", "engaged", "comparator_could_not_receive"), "Check: could nobody in the comparator get it?"
    if draft.candidate.value is not None:
        yield ("economics",), "From the candidate. Decide: add turn: [...], what this turn of the loop costs."
    yield ("decision",), "Decide: what is meant to follow. contract.yaml says it for every verdict."


def contract_comments() -> Iterator[tuple[Path, str]]:
    """The same for the contract."""
    yield ("under",), "Decide: what will be bought, changed or stopped under each verdict."
    yield (
        ("forecasts",),
        (
            "To be filled: one entry for each signatory, by id as in people.csv. Without them nobody signs. Example:\n"
            "- {person: board, effect: 0.97, low: 0.92, high: 1.02, verdicts: {worthwhile: 0.3, inconclusive: 0.7}}"
        ),
    )


def _question(draft: Draft) -> str:
    way = "fall" if draft.improves_downwards else "rise"
    top, base = draft.title_of(draft.candidate.strategy), draft.title_of(draft.candidate.over)
    how = "in place of" if draft.options.instead else "added to"
    return (
        f"{top}, {how} {base[:1].lower()}{base[1:]}: does it make this {way} by so much more that it is worth its "
        f"cost? {draft.indicator.title}."
    )


def _background(draft: Draft) -> str:
    return f"When the candidates were weighed, the answer was: {draft.weighed.sentence}"


def _membership(draft: Draft) -> Month:
    """The last month of the weighing's data, or the month before the start where that is earlier."""
    before = draft.options.starts + -1
    seen = Month.parse(draft.weighed.local.last_month) if draft.weighed.local is not None else before
    return min(seen, before)


def _allocation(draft: Draft) -> dict[str, Any]:
    options, deprivation = draft.options, _deprivation(draft)
    found: dict[str, Any] = {
        "unit": options.unit,
        "method": "covariate-constrained",
        "strata": options.strata,
        "balance": ["list_size", *deprivation, "baseline"],
    }
    if options.unit is AllocationUnit.NETWORK:
        found["network_level"] = options.network_level or "network"
    return found


def _deprivation(draft: Draft) -> tuple[str, ...]:
    """The attribute that the first source of deprivation gives, if there is one."""
    sources = (s for s in draft.programme.settings.sources.values() if s.kind is SourceKind.DEPRIVATION)
    return tuple(next(iter(s.attributes)) if s.attributes else s.values.get("attribute", "imd") for s in sources)[:1]


def _delivery(draft: Draft) -> dict[str, Any]:
    options = draft.options
    waves = options.waves or max(FEWEST_WAVES, math.ceil(options.follow_up_months / options.every_months))
    first: date = options.starts.first_day + TO_FIRST_WAVE
    return {"waves": waves, "every_months": options.every_months, "first": first}


def _effect(draft: Draft) -> float:
    """The predictive mean as a ratio; the margin of a worthwhile effect where no improvement is expected."""
    expected = round(1 + draft.worth.expected_change, 3)
    improves = expected < 1 if draft.improves_downwards else expected > 1
    return expected if improves and expected > 0 else draft.ratio(draft.options.worthwhile)


def _prior_knowledge(draft: Draft) -> str:
    seen = f" to {draft.weighed.local.last_month}" if draft.weighed.local is not None else ""
    return f"The history of all sites{seen} had been seen when this was written, and used to weigh the candidates."


def _analysis(draft: Draft) -> dict[str, Any]:
    options, deprivation = draft.options, _deprivation(draft)
    found: dict[str, Any] = {
        "primary": "independence-gee",
        "worthwhile": draft.ratio(options.worthwhile),
        "equivalence": [round(1 - options.equivalence, 4), round(1 + options.equivalence, 4)],
        "subgroups": [*(f"{name}_third" for name in deprivation), "list_size_third"],
        "checks": ["other-average", "cluster-level", "permutation", "unadjusted"],
        "engaged": _engaged(draft),
    }
    return found | ({"inequality": deprivation[0]} if deprivation else {})


def _engaged(draft: Draft) -> dict[str, Any] | None:
    """Where the strategy is logged, and the comparator does not have it."""
    strategy = draft.programme.strategies[draft.candidate.strategy]
    if strategy.contact is None and strategy.delivered_by is None:
        return None
    return {"strategy": strategy.id, "comparator_could_not_receive": True}


def _economics(draft: Draft) -> dict[str, Any] | None:
    value = draft.candidate.value
    if value is None:
        return None
    return {
        "price": {
            "indicator": draft.candidate.indicator,
            **value.model_dump(include={"per_unit", "low", "high", "is_assumption", "source"}),
            "price_year": draft.programme.settings.price_year,
        },
        "substitution_note": "The value is net of what is spent on something else instead; see its source.",
        "horizon_years": draft.candidates.horizon_years,
        "discount": _discount(draft.candidates.discount_rate),
    }


def _discount(rate: float) -> dict[str, float | str]:
    """The rate with which the candidates were weighed, on both sides."""
    return {"costs": rate, "effects": rate, "source": RATE_SOURCE if rate == RATE else "candidates.yaml, discount_rate"}


def check_options(options: DraftOptions) -> None:
    """Refuse numbers that no protocol could have, before anything is drafted."""
    for name, size in (("--worthwhile", options.worthwhile), ("--equivalence", options.equivalence)):
        if not 0 < size < 1:
            raise UserError(
                f"got {size:g}.", where=name, remedy="Write the size of a relative change between 0 and 1: 0.05 is 5%."
            )
    if options.worthwhile < options.equivalence:
        raise UserError(
            f"got {options.worthwhile:g}, which is inside the margins of no difference ({options.equivalence:g}).",
            where="--worthwhile",
            remedy="A worthwhile change is at least as large as one that counts as none.",
        )
    for name, number in (
        ("--follow-up", options.follow_up_months),
        ("--baseline", options.baseline_months),
        ("--every", options.every_months),
    ):
        if number < 1:
            raise UserError(f"got {number}.", where=name, remedy="Write a whole number of at least 1.")
    if options.waves is not None and options.waves < FEWEST_WAVES:
        raise UserError(
            f"got {options.waves}.",
            where="--waves",
            remedy=f"Feedback that is given once is soon forgotten: write {FEWEST_WAVES} or more.",
        )
    if options.network_level is not None and options.unit is not AllocationUnit.NETWORK:
        raise UserError(
            "got a level of networks, and the unit is a site.",
            where="--network-level",
            remedy="Add --unit network, or leave it out.",
        )
