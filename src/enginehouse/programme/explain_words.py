"""The wording of `explain`: a sentence for each word of the closed lists. A test finds a member without one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from enginehouse.core.months import Month
from enginehouse.core.words import counted
from enginehouse.programme.enums import (
    AllocationMethod,
    AllocationUnit,
    Check,
    DecisionWord,
    DesignType,
    Direction,
    Method,
    NumeratorKind,
    Verdict,
    Window,
)
from enginehouse.programme.indicator import Codes, From, Status

DESIGNS: Final = {
    DesignType.PARALLEL: "Chance decides who gets which arm, so nothing but chance and the arms makes the difference.",
    DesignType.FACTORIAL: "Chance decides on each component separately, so that one trial answers for each of them.",
    DesignType.INCOMPLETE_BLOCK: "Chance decides which topic each gets; each is the comparison for the other's topic.",
    DesignType.STEPPED_WEDGE: "All get it in the end; chance decides who starts when.",
    DesignType.CROSSOVER: "All get each arm in turn; chance decides the order.",
    DesignType.SMART: "Chance decides the first arm, and a second one for those who did not respond.",
    DesignType.STAGGERED: (
        "It started at different times in different places, not by chance; those not yet started are the comparison."
    ),
    DesignType.CONTROLLED_ITS: (
        "Nobody was drawn at random. The gap between the two is followed over the months before and after: what counts "
        "is whether it moved away from its own course at the start. Something else that began there at the same time "
        "would look the same."
    ),
}
METHODS: Final = {
    Method.ARM_DIFFERENCE_AR1: (
        "Month by month, the gap between the two groups is compared with where its own earlier course would have taken "
        "it, allowing for months that resemble their neighbours."
    ),
    Method.INDEPENDENCE_GEE: (
        "The arms are compared over all their patients together, taking into account where each site stood before. "
        "Sites differ from each other for many reasons, and the interval allows for that."
    ),
    Method.SITE_MIXED_MODEL: (
        "The arms are compared site by site, each counting once, taking into account where each stood before and how "
        "much sites differ from each other."
    ),
}
CHECKS: Final = {
    Check.PLACEBO_DATES: "Does the same method find an effect at earlier dates, when nothing happened?",
    Check.PRE_TREND: "Were the two groups already moving apart before the start, and how much would it matter?",
    Check.LEAVE_ONE_AREA_OUT: "Does the result hang on one single area of the comparison?",
    Check.UNTARGETED_OUTCOME: "Did something change that nobody tried to change?",
    Check.ALTERNATIVE_SPAN: "Does the result change when the data end earlier or later?",
    Check.OTHER_AVERAGE: "What is the result when each site counts once, or else when each patient does?",
    Check.CLUSTER_LEVEL: "Does the simplest analysis, of one number for each site, say the same?",
    Check.PERMUTATION: "How often would chance alone, drawing again in the same way, have given as large a difference?",
    Check.UNADJUSTED: "What is the result without taking into account where sites stood before?",
}
ALLOCATIONS: Final = {
    AllocationMethod.STRATIFIED_BLOCKS: (
        "The order is drawn in small blocks ({sizes}), so that the arms stay equal in number."
    ),
    AllocationMethod.COVARIATE_CONSTRAINED: (
        "{schemes} ways of dividing them are drawn and compared. The {share} of them that balance best are kept, and "
        "chance picks one. What is balanced: {balance}."
    ),
    AllocationMethod.MINIMISATION: (
        "Each in turn, in an order drawn before, gets with a chance of {probability} the arm that keeps the arms most "
        "alike in {balance}; otherwise another."
    ),
}
UNITS: Final = {
    AllocationUnit.SITE: "Chance decides for each {noun} by itself.",
    AllocationUnit.NETWORK: "Chance decides for each {level} as a whole, because its {nouns} share staff.",
}
VERDICTS: Final = {
    Verdict.WORTHWHILE: "the effect is worthwhile",
    Verdict.EQUIVALENT: "it is as good as none",
    Verdict.BETTER: "it is better, though perhaps by less than is worthwhile",
    Verdict.WORSE: "it is worse",
    Verdict.INCONCLUSIVE: "the result is inconclusive",
    Verdict.CANNOT_BE_ESTIMATED: "it cannot be estimated",
}
DECISIONS: Final = {
    DecisionWord.IMPLEMENT: "implement",
    DecisionWord.EVALUATE_FURTHER: "evaluate further",
    DecisionWord.DO_NOT_PURSUE: "do not pursue",
}
DIRECTIONS: Final = {
    Direction.LOWER_IS_BETTER: "Lower is better.",
    Direction.HIGHER_IS_BETTER: "Higher is better.",
    Direction.NONE: "Neither more nor less is better as such.",
}
KINDS: Final = {
    NumeratorKind.COUNT: "a count",
    NumeratorKind.QUANTITY: "a quantity",
    NumeratorKind.MONEY: "a sum of money",
    NumeratorKind.PATIENTS: "a number of patients",
}
WINDOWS: Final = {
    Window.FOLLOW_UP: "all months after the start",
    Window.LAST_MONTH: "the last month alone",
}
STATUSES: Final = {
    Status.DRAFT: "It is a draft and cannot be used in a cycle yet.",
    Status.PUBLISHED: "It is published and can be used in a cycle.",
    Status.RETIRED: "It is retired and cannot be used in a new cycle.",
}
MERGERS: Final = {
    "as-randomised": "A merged {noun} counts where it first belonged.",
    "as-of-membership-month": "A merged {noun} counts where it belonged in the month that fixes who belongs where.",
    "follow-successor": "A merged {noun} is followed into its successor.",
}
CLOSURES: Final = {
    "until-closed": "One that closed counts until then.",
    "excluded": "One that closed is left out altogether.",
}
OPT_OUTS: Final = {
    "kept-where-data-allow": "One that opted out is kept in the comparison wherever the data allow.",
    "excluded": "One that opted out is left out.",
    "none": "None could opt out.",
}
# Not `calendar.month_name`, which follows the machine's language.
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def long_month(month: Month) -> str:
    return f"{_MONTHS[month.month - 1]} {month.year}"


def long_day(day: date) -> str:
    return f"{day.day} {long_month(Month.of(day))}"


def months_words(number: int) -> str:
    return counted(number, "month")


def and_list(names: Iterable[str]) -> str:
    return _joined(list(names), "and")


def or_list(names: Iterable[str]) -> str:
    return _joined(list(names), "or")


def _joined(names: list[str], word: str) -> str:
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else "".join(names)


def sentence(text: str) -> str:
    """With a capital first letter; names in the middle keep theirs."""
    return f"{text[:1].upper()}{text[1:]}"


def source_words(origin: From) -> str:
    """Where an indicator's numbers come from."""
    if origin.totals is not None:
        return f"Ready-made numerators and denominators, '{origin.totals.name}' in the source {origin.totals.source}."
    assert origin.prescribing is not None
    above, below = origin.prescribing.numerator, origin.prescribing.denominator
    denominator = _codes_words(below) if isinstance(below, Codes) else "registered patients of the month"
    return f"From prescribing rows: {_codes_words(above)}; per {denominator}."


def _codes_words(codes: Codes) -> str:
    taken = [pattern for pattern in codes.bnf_codes if not pattern.startswith("~")]
    left_out = [pattern[1:] for pattern in codes.bnf_codes if pattern.startswith("~")]
    words = f"{codes.sum} of BNF codes like {_few(taken)}"
    words += f", without those like {_few(left_out)}" if left_out else ""
    return f"{words}, each weighed by the table '{codes.weights}'" if codes.weights else words


def _few(patterns: list[str]) -> str:
    """All of a short list; of a long one the first, and how many more."""
    return and_list(patterns) if len(patterns) <= 4 else f"{', '.join(patterns[:3])} and {len(patterns) - 3} more"
