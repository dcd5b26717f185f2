"""The closed lists of the specification. Tables above this room are keyed by them; a test finds a missing member."""

from __future__ import annotations

from enum import StrEnum


class DesignType(StrEnum):
    """How the arms of a cycle are compared."""

    PARALLEL = "parallel"
    FACTORIAL = "factorial"
    INCOMPLETE_BLOCK = "incomplete-block"
    STEPPED_WEDGE = "stepped-wedge"
    CROSSOVER = "crossover"
    SMART = "smart"
    STAGGERED = "staggered"
    CONTROLLED_ITS = "controlled-its"

    @property
    def is_randomised(self) -> bool:
        """Whether chance decides who gets what, and when."""
        return self not in (DesignType.STAGGERED, DesignType.CONTROLLED_ITS)


class Method(StrEnum):
    """The registered analysis."""

    ARM_DIFFERENCE_AR1 = "arm-difference-ar1"
    INDEPENDENCE_GEE = "independence-gee"
    SITE_MIXED_MODEL = "site-mixed-model"


class Multiplicity(StrEnum):
    """How the intervals of several registered comparisons of one outcome allow for each other."""

    NONE = "none"
    HOLM = "holm"
    DUNNETT = "dunnett"


class PracticeMethod(StrEnum):
    """Models of single sites and months that stand beside a controlled interrupted time series."""

    POISSON_RANDOM_SLOPE = "poisson-random-slope"
    NEGATIVE_BINOMIAL = "negative-binomial-random-intercept"
    QUASI_POISSON = "quasi-poisson-fixed-effects"
    LOG_LINEAR = "log-linear-fixed-effects"


class Check(StrEnum):
    """What is looked at beside the effect before it is believed."""

    PLACEBO_DATES = "placebo-dates"
    PRE_TREND = "pre-trend"
    LEAVE_ONE_AREA_OUT = "leave-one-area-out"
    UNTARGETED_OUTCOME = "untargeted-outcome"
    ALTERNATIVE_SPAN = "alternative-span"
    OTHER_AVERAGE = "other-average"
    CLUSTER_LEVEL = "cluster-level"
    PERMUTATION = "permutation"
    UNADJUSTED = "unadjusted"


class Direction(StrEnum):
    """Which way is better."""

    LOWER_IS_BETTER = "lower-is-better"
    HIGHER_IS_BETTER = "higher-is-better"
    NONE = "none"


class NumeratorKind(StrEnum):
    """What is summed in a numerator."""

    COUNT = "count"
    QUANTITY = "quantity"
    MONEY = "money"
    PATIENTS = "patients"


class Average(StrEnum):
    """Over whom the estimand averages."""

    PATIENTS = "patients"
    SITES = "sites"


class Summary(StrEnum):
    """How two arms are compared."""

    RATIO = "ratio"
    DIFFERENCE = "difference"


class Window(StrEnum):
    """The months that the estimand speaks of."""

    FOLLOW_UP = "follow-up"
    LAST_MONTH = "last-month"


class SourceKind(StrEnum):
    """The kinds of routine data that can be loaded."""

    TOTALS = "totals"
    SITES = "sites"
    EPRACCUR = "epraccur"
    PRACTICE_MAP = "practice-map"
    LIST_SIZES = "list-sizes"
    DEPRIVATION = "deprivation"
    PRESCRIBING = "prescribing"
    SUCCESSORS = "successors"


class Disclosure(StrEnum):
    """How small numbers of a source are protected when they leave the house."""

    NONE = "none"
    ROUND_AND_SUPPRESS = "round-and-suppress"
    MIDPOINT_6 = "midpoint-6"


class DecisionWord(StrEnum):
    """What a programme does after a cycle."""

    IMPLEMENT = "implement"
    EVALUATE_FURTHER = "evaluate-further"
    DO_NOT_PURSUE = "do-not-pursue"


class Verdict(StrEnum):
    """What the registered contrast shows, by the interval and the registered margins."""

    WORTHWHILE = "worthwhile"
    EQUIVALENT = "equivalent"
    BETTER = "better"
    WORSE = "worse"
    INCONCLUSIVE = "inconclusive"
    CANNOT_BE_ESTIMATED = "cannot be estimated"


class Role(StrEnum):
    """What a person is in a programme. One person may have several."""

    ANALYST = "analyst"
    STATISTICIAN = "statistician"
    PROGRAMME_MANAGER = "programme-manager"
    COMMISSIONER = "commissioner"
    GOVERNANCE_OFFICER = "governance-officer"
    AUDITOR = "auditor"


class AllocationMethod(StrEnum):
    """How sites are allocated at random."""

    STRATIFIED_BLOCKS = "stratified-blocks"
    COVARIATE_CONSTRAINED = "covariate-constrained"
    MINIMISATION = "minimisation"


class BalanceScore(StrEnum):
    """How a scheme's differences between arms add up to one score of imbalance."""

    L1 = "l1"
    L2 = "l2"


class ImbalanceDistance(StrEnum):
    """In minimisation: how far apart the numbers in the arms are, at one level of one factor."""

    RANGE = "range"
    SD = "sd"
    VARIANCE = "variance"


class AllocationUnit(StrEnum):
    """What is allocated: each site by itself, or whole networks whose staff are shared."""

    SITE = "site"
    NETWORK = "network"


class OptOutScope(StrEnum):
    """What a site may opt out of, each by itself."""

    FEEDBACK = "feedback"
    RANDOMISATION = "randomisation"
    DATA_USE = "data-use"


class ContactKind(StrEnum):
    """A contact with a site that is more than a report."""

    VISIT = "visit"
    WEBINAR = "webinar"
    CALL = "call"


class CostedPer(StrEnum):
    """What the units of an activity are counted for."""

    CYCLE = "cycle"
    SITE = "site"
    REPORT = "report"
    CONTACT = "contact"
    CONTACT_MINUTE = "contact-minute"


class Payer(StrEnum):
    """Who bears a cost."""

    PROGRAMME = "programme"
    SITE = "site"


class DeliveryState(StrEnum):
    """What happened to one report, in this order; a later one implies the earlier ones, apart from `bounced`."""

    RENDERED = "rendered"
    APPROVED = "approved"
    SENT = "sent"
    BOUNCED = "bounced"
    OPENED = "opened"
    DISCUSSED = "discussed"
    PLANNED = "planned"
    ACTED = "acted"


class SignalKind(StrEnum):
    """What the data of a site say that a message may speak of."""

    GAP = "gap"
    TREND = "trend"
    ACHIEVEMENT = "achievement"
    LOSS = "loss"


class Recipient(StrEnum):
    """For whom a message is written."""

    GENERAL_PRACTITIONER = "general-practitioner"
    PHARMACIST = "pharmacist"
    PRACTICE_MANAGER = "practice-manager"
    WHOLE_TEAM = "whole-team"


class EvidenceScale(StrEnum):
    """The scale of a study's effect. Effects on different scales are never pooled."""

    LOG_RATIO = "log-ratio"
    LOG_ODDS_RATIO = "log-odds-ratio"
    DIFFERENCE = "difference"
    STANDARDISED_MEAN_DIFFERENCE = "standardised-mean-difference"


class StudyDesign(StrEnum):
    """How a study in the evidence library was designed."""

    CLUSTER_TRIAL = "cluster-trial"
    INDIVIDUAL_TRIAL = "individual-trial"
    CONTROLLED_ITS = "controlled-its"
    BEFORE_AFTER = "before-after"
    META_ANALYSIS = "meta-analysis"


class Priority(StrEnum):
    """What to do with a candidate: the triage answer."""

    IMPLEMENT = "implement"
    IMPLEMENT_WITH_EVALUATION = "implement with evaluation"
    EVALUATE_ONLY = "evaluate only"
    DO_NOT_PURSUE = "do not pursue"
    NOT_YET_EVALUABLE = "not yet evaluable"
