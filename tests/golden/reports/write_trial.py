"""Write `trial/*.json` anew: one trial's records with hand-made numbers, as the pages of a trial read them.

Run by hand when the shape of those records changes: `python tests/golden/reports/write_trial.py`.
"""

from __future__ import annotations

import json
import math
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from enginehouse.core.months import Month
from enginehouse.economics.arm_costs import ContactTotals, LoggedActivity
from enginehouse.economics.trial_appraisal import appraise_trial
from enginehouse.evaluation.effects import AbsoluteEffect
from enginehouse.evaluation.parallel.results import (
    ArmFidelity,
    ArmFlow,
    ArmGradient,
    ArmSummary,
    ContrastResult,
    EngagedEffect,
    InequalityResult,
    SiteVariation,
    TrialCheck,
    TrialEvaluation,
    TrialOutcome,
    TrialSubgroup,
    TrialSubgroupEffect,
)
from enginehouse.evaluation.results import OutcomeRole, TruthResult, VerdictResult
from enginehouse.evidence.results import ForecastScore, ForecastScores
from enginehouse.evidence.studies import Library, LibraryStudy
from enginehouse.priorities.results import LocalFacts, Priorities, TrialSize
from enginehouse.priorities.weigh import weigh
from enginehouse.programme.candidates import Candidates
from enginehouse.programme.contract import Contract
from enginehouse.programme.enums import (
    AllocationMethod,
    AllocationUnit,
    Average,
    Check,
    ContactKind,
    Direction,
    EvidenceScale,
    StudyDesign,
    Summary,
    Verdict,
    Window,
)
from enginehouse.programme.hashing import definition_bytes
from enginehouse.programme.programme import ProgrammeSettings
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.read import from_yaml
from enginehouse.programme.strategy import Strategy
from enginehouse.reports.facts import AmendmentFact, DecisionFact, DossierFacts, FaultFact, SourceFact
from enginehouse.reports.trial_facts import (
    AllocationFact,
    ApprovalFact,
    ContactFact,
    HarmLookFact,
    InterruptionFact,
    SignatureFact,
    TrialFacts,
    WaveFact,
)
from enginehouse.stats.records import to_plain
from enginehouse.stats.results import Estimate, NotEstimable
from enginehouse.trials.balance import ArmCount, ArmMean, BalanceRow, BalanceTable, StratumCount
from enginehouse.trials.consort import Consort, Exclusion, ExclusionReason, NetworkCount, ReasonCount
from enginehouse.trials.design_report import DesignLine, DesignOption, DesignPrecision, DesignReport, PlaceboAreas
from enginehouse.trials.monitoring import (
    ContactCount,
    Light,
    MonitoringFinding,
    MonitoringInputs,
    MonitoringReport,
    PooledMonth,
    PooledSeries,
    Watched,
    WaveCount,
)
from enginehouse.trials.plan_record import Acceptance, AllocationPlan
from enginehouse.trials.power_results import (
    FormulaPower,
    HistoryWindow,
    Moments,
    PowerResult,
    Probability,
    Replicated,
    WordProbability,
)
from enginehouse.trials.roster import Covariate, OptOutDifference, Roster

PROGRAMME = Path(str(files("enginehouse") / "programmes" / "head-to-head"))
OUT = Path(__file__).parent / "trial"
ARM, OVER = "feedback-plus-facilitation", "feedback"
TITLES = {OVER: "feedback", ARM: "feedback and facilitation"}
PRIMARY = "opioids-ome-per-patient"
MONTHS = tuple(str(Month(2024, 6) + number) for number in range(24))


def effect(ratio: float, std_error: float = 0.018, df: float = 281.0) -> Estimate:
    return Estimate(
        value=math.log(ratio), std_error=std_error, df=df, scale="log-ratio", method="independence-gee", notes=()
    )


def arm(name: str, sites: int, start: float, end: float, scale: float = 1.0) -> ArmSummary:
    after = [start + (end - start) * min(1.0, (n - 11) / 6) if n >= 12 else start for n in range(24)]
    series = tuple(round((level + 0.4 * math.sin(n * 1.7)) * scale, 4) for n, level in enumerate(after))
    return ArmSummary(
        arm=name,
        title=TITLES[name],
        sites=sites,
        units=sites,
        baseline_denominator=sites * 8_100.0,
        follow_up_denominator=sites * 8_160.0,
        baseline_value=sum(series[:12]) / 12,
        follow_up_value=sum(series[12:]) / 12,
        baseline_site_mean=sum(series[:12]) / 12 * 1.02,
        follow_up_site_mean=sum(series[12:]) / 12 * 1.015,
        months=MONTHS,
        series=series,
    )


def contrast(estimate: Estimate | NotEstimable, counterfactual: float, unit: str, per: str) -> ContrastResult:
    absolute = None
    if isinstance(estimate, Estimate):
        interval = estimate.ratio_interval()
        change, low, high = (counterfactual * (r - 1) for r in (estimate.ratio, interval.low, interval.high))
        denominator = 139 * 8_160.0
        absolute = AbsoluteEffect(
            unit=unit,
            per=per,
            scale=1,
            months=12,
            observed=counterfactual + change,
            counterfactual=counterfactual,
            change=change,
            change_low=low,
            change_high=high,
            denominator=denominator,
            change_per_denominator=change / denominator,
            change_per_denominator_low=low / denominator,
            change_per_denominator_high=high / denominator,
            is_proportion=False,
            change_in_ratio=change / denominator / 12,
            change_in_ratio_low=low / denominator / 12,
            change_in_ratio_high=high / denominator / 12,
            basis="registered model",
        )
    return ContrastResult(
        arm=ARM,
        over=OVER,
        title="feedback and facilitation over feedback",
        registered=True,
        effect=estimate,
        ratio=estimate,
        difference=NotEstimable(reason="not-asked", detail="Only the ratio is registered."),
        absolute=absolute,
        sites=139,
        over_sites=143,
        units=282,
        std_error_kind="sandwich with the Kauermann-Carroll correction, t with 281 degrees of freedom",
        covariates=("the site's own baseline", "list size", "deprivation", "area"),
    )


def outcome(
    name: str, title: str, short: str, role: OutcomeRole, estimate: Estimate | NotEstimable, level: float, unit: str
) -> TrialOutcome:
    ratio = estimate.ratio if isinstance(estimate, Estimate) else 1.0
    per = "registered patient"
    return TrialOutcome(
        indicator=name,
        indicator_version=1,
        title=title,
        short_title=short,
        role=role,
        direction=Direction.LOWER_IS_BETTER,
        unit=unit,
        per=per,
        scale=1 if level > 1 else 1000,
        is_proportion=False,
        arms=(
            arm(OVER, 143, 46.1, 44.9, level / 46.1),
            arm(ARM, 139, 46.0, 44.9 * ratio, level / 46.1),
        ),
        contrasts=(contrast(estimate, 139 * 8_160.0 * level * 12, unit, per),),
        variation=SiteVariation(icc=0.91, between_site_cv=0.34, size_cv=0.52, dispersion=4.1),
    )


def outcomes() -> tuple[TrialOutcome, ...]:
    mg = "mg oral morphine equivalence"
    return (
        outcome(
            PRIMARY,
            "Oral morphine equivalence of all opioids per registered patient",
            "Opioids (oral morphine equivalence)",
            OutcomeRole.PRIMARY,
            effect(0.921),
            46.1,
            mg,
        ),
        outcome(
            "high-dose-opioid-items-per-patient",
            "High-dose opioid items per registered patient",
            "High-dose opioid items",
            OutcomeRole.SECONDARY,
            effect(0.934, 0.029),
            0.0021,
            "items",
        ),
        outcome(
            "gabapentinoids-ddd-per-patient",
            "Gabapentinoids in defined daily doses per registered patient",
            "Gabapentinoids",
            OutcomeRole.BALANCING,
            effect(1.006, 0.014),
            0.91,
            "defined daily doses",
        ),
        outcome(
            "nsaid-items-per-patient",
            "Anti-inflammatory items per registered patient",
            "Anti-inflammatory drugs",
            OutcomeRole.BALANCING,
            NotEstimable(reason="too-few-sites", detail="Only 3 sites have data of the follow-up."),
            0.011,
            "items",
        ),
    )


def check(kind: Check, title: str, finding: str, **more: Any) -> TrialCheck:
    return TrialCheck(check=kind, indicator=PRIMARY, arm=ARM, over=OVER, title=title, finding=finding, **more)


def checks() -> tuple[TrialCheck, ...]:
    return (
        check(
            Check.OTHER_AVERAGE,
            "Each site counting once",
            "The mixed model of sites gives -6.9% (95% interval -10.4% to -3.3%).",
            estimate=effect(0.931, 0.0195),
        ),
        check(
            Check.CLUSTER_LEVEL,
            "One number for each site",
            "A t test of the sites' own changes gives -7.4% (95% interval -11.2% to -3.4%).",
            estimate=effect(0.926, 0.021),
        ),
        check(
            Check.PERMUTATION,
            "Within the ways in which arms could have been drawn",
            "Of 1,000 accepted allocations none gave an effect as far from none: p = 0.001.",
            p_value=0.001,
            allocations=1000,
            exact=True,
            smallest_p=0.001,
        ),
        check(
            Check.UNADJUSTED, "Without the baseline", "", reason="The baseline of 4 sites is missing.", estimate=None
        ),
    )


def subgroup(attribute: str, groups: tuple[tuple[str, float], ...], p: float, finding: str) -> TrialSubgroup:
    return TrialSubgroup(
        indicator=PRIMARY,
        attribute=attribute,
        arm=ARM,
        over=OVER,
        groups=tuple(
            TrialSubgroupEffect(group=name, sites=46, over_sites=48, effect=effect(ratio, 0.031))
            for name, ratio in groups
        ),
        interaction=effect(groups[-1][1] / groups[0][1], 0.044),
        interaction_label=f"{groups[-1][0]} over {groups[0][0]}",
        p_value=p,
        df=(2.0, 276.0),
        finding=finding,
    )


def verdict(word: Verdict, estimate: Estimate | NotEstimable, sentence: str) -> VerdictResult:
    return VerdictResult(
        word=word,
        sentence=sentence,
        addition="",
        indicator=PRIMARY,
        comparator=OVER,
        window=Window.FOLLOW_UP,
        estimate=estimate,
        worthwhile=0.95,
        equivalence=(0.95, 1.05),
        non_inferiority=None,
    )


def flow(name: str, allocated: int, analysed: int, opted: int, closed: int) -> ArmFlow:
    return ArmFlow(
        arm=name,
        title=TITLES[name],
        units=allocated,
        allocated=allocated,
        closed=closed,
        merged=1,
        opted_out=opted,
        excluded=0,
        without_data=allocated - analysed,
        analysed=analysed,
    )


def evaluation(protocol: Protocol) -> TrialEvaluation:
    found = outcomes()
    return TrialEvaluation(
        rehearsed=False,
        title=protocol.title,
        question=protocol.question,
        protocol_hash="01" * 32,
        panel_identity="02" * 32,
        allocation_hash="03" * 32,
        software="enginehouse 0.1.0",
        method="independence-gee",
        average=Average.PATIENTS,
        summary=Summary.RATIO,
        window=Window.FOLLOW_UP,
        estimand=(
            "The ratio of oral morphine equivalence per patient, averaged over patients and June 2025 to May 2026, with "
            "feedback and facilitation over feedback alone; sites count as randomised, closed ones until they closed, "
            "those that opted out where their data may be used."
        ),
        prior_knowledge=protocol.prior_knowledge,
        starts="2025-06",
        baseline_months=12,
        follow_up_months=12,
        membership_as_of="2025-03",
        allocation_unit="site",
        arms=TITLES,
        outcomes=found,
        checks=checks(),
        subgroups=(
            subgroup(
                "imd_2019_score_third",
                (("lowest third", 0.93), ("middle third", 0.92), ("highest third", 0.91)),
                0.88,
                "The effect does not differ between thirds by more than chance would give (p = 0.88).",
            ),
            subgroup(
                "list_size_third",
                (("lowest third", 0.89), ("middle third", 0.92), ("highest third", 0.94)),
                0.31,
                "The effect does not differ between thirds by more than chance would give (p = 0.31).",
            ),
        ),
        inequality=(
            InequalityResult(
                indicator=PRIMARY,
                attribute="imd_2019_score",
                arm=ARM,
                over=OVER,
                gradients=(
                    ArmGradient(arm=OVER, sites=143, before=1.61, after=1.6),
                    ArmGradient(arm=ARM, sites=139, before=1.58, after=1.55),
                ),
                change=effect(0.982, 0.041),
                formula="(1.55 / 1.58) / (1.60 / 1.61)",
                finding="The gradient across deprivation changed by -1.8% (95% interval -9.4% to 6.5%).",
            ),
        ),
        flow=(flow(OVER, 146, 143, 2, 1), flow(ARM, 146, 139, 3, 2)),
        fidelity=(
            ArmFidelity(
                arm=OVER, component="bimonthly-feedback", title="feedback reports", sites=146, reached=145, amount=861
            ),
            ArmFidelity(
                arm=OVER, component="facilitation", title="facilitation visits", sites=146, reached=0, amount=0
            ),
            ArmFidelity(
                arm=ARM, component="bimonthly-feedback", title="feedback reports", sites=146, reached=146, amount=866
            ),
            ArmFidelity(
                arm=ARM, component="facilitation", title="facilitation visits", sites=146, reached=124, amount=371
            ),
        ),
        engaged=EngagedEffect(
            strategy="facilitation",
            at_least=1,
            arm=ARM,
            over=OVER,
            engaged_sites=124,
            sites=146,
            engaged_share=124 / 146,
            effect=effect(0.907, 0.021),
            finding="Among the sites that were visited, -9.3% (95% interval -13.0% to -5.5%).",
        ),
        verdict=verdict(
            Verdict.BETTER,
            found[0].headline,
            "Better: -7.9% (95% interval -11.1% to -4.6%) excludes no difference, and reaches -5.0% only in part.",
        ),
        truth=(
            TruthResult(
                indicator=PRIMARY,
                ratio=0.915,
                note="Planted: 10% in 85% of the practices.",
                estimate=found[0].headline,
                covered=True,
                covered_by_months_only=None,
            ),
        ),
        rehearsal=None,
        notes=("Four sites without a baseline month count with the median.",),
    )


def consort() -> Consort:
    return Consort(
        registered=320,
        elsewhere=20,
        assessed=300,
        excluded=6,
        by_reason=(
            ReasonCount(reason=ExclusionReason.OUT_OF_RANGE, sites=4),
            ReasonCount(reason=ExclusionReason.TOO_FEW_MONTHS, sites=2),
        ),
        eligible=294,
        opted_out_of_randomisation=2,
        opted_out_of_data_use=1,
        opted_out=2,
        on_roster=292,
        opted_out_of_feedback_only=1,
        by_network=(NetworkCount(network="", assessed=300, eligible=294, opted_out=2, on_roster=292),),
    )


def roster() -> Roster:
    return Roster(
        indicator=PRIMARY,
        membership_as_of=Month(2025, 3),
        baseline_start=Month(2024, 6),
        baseline_months=12,
        sites=("ods:A00001", "ods:A00002"),
        networks=("", ""),
        network_level=None,
        groups={"area": ("North", "South")},
        covariates=(
            Covariate(name="list_size", source="list sizes", values=(8000.0, 7200.0), missing=0, median=7600.0),
        ),
        consort=consort(),
        exclusions=(Exclusion(site="ods:A00003", reason=ExclusionReason.OUT_OF_RANGE, detail="list_size 640"),),
        opt_outs=(),
        differences=(
            OptOutDifference(
                name="list_size", left=2, left_mean=3100.0, stayed=292, stayed_mean=8111.0, standardised=-1.18
            ),
            OptOutDifference(name="baseline", left=2, left_mean=51.2, stayed=292, stayed_mean=46.0, standardised=None),
        ),
        notes=("imd_2019_score is not known for 3 of 292 sites; they count with the median.",),
    )


def plan() -> AllocationPlan:
    return AllocationPlan(
        method=AllocationMethod.COVARIATE_CONSTRAINED,
        unit=AllocationUnit.SITE,
        arms=(OVER, ARM),
        contrasts=((1, 0),),
        sites=("ods:A00001", "ods:A00002"),
        unit_of_site=(0, 1),
        units=("ods:A00001", "ods:A00002"),
        strata=("North", "South"),
        stratum_of_unit=(0, 1),
        block_sizes=(),
        covariates=("list_size", "imd_2019_score", "baseline"),
        balance=((0, 0), (0, 0), (0, 0)),
        public_seed="04" * 32,
        schemes=10_000,
        accepted_share="0.1",
        alpha="0.05",
        acceptance=Acceptance(
            enumerated=False,
            made=10_000,
            keep=1_000,
            accepted=1_000,
            cutoff=1_204,
            best=11,
            median=9_870,
            worst=88_120,
            set_hash="05" * 32,
        ),
        pairs=None,
        log10_possible=86.1,
        smallest_p=0.001,
        roster="06" * 32,
        notes=(),
    )


def balance() -> BalanceTable:
    def row(name: str, over: float, arm_: float, sd: float, difference: float, *, balanced: bool) -> BalanceRow:
        return BalanceRow(
            name=name,
            source="register",
            balanced=balanced,
            by_arm=(
                ArmMean(arm=OVER, known=146, missing=0, mean=over, sd=sd),
                ArmMean(arm=ARM, known=145, missing=1, mean=arm_, sd=sd),
            ),
            difference=difference,
            largest=abs(difference),
        )

    return BalanceTable(
        arms=(
            ArmCount(arm=OVER, units=146, sites=146, patients=1_184_000.0),
            ArmCount(arm=ARM, units=146, sites=146, patients=1_182_500.0),
        ),
        strata=(
            StratumCount(stratum="North", units=(73, 72), sites=(73, 72)),
            StratumCount(stratum="South", units=(73, 74), sites=(73, 74)),
        ),
        rows=(
            row("list_size", 8110.0, 8099.0, 4210.0, -0.003, balanced=True),
            row("imd_2019_score", 24.1, 24.3, 11.2, 0.018, balanced=True),
            row("baseline", 46.1, 46.0, 15.7, -0.006, balanced=True),
            row("gp_partners", 4.1, 5.2, 3.9, 0.28, balanced=False),
        ),
        findings=(
            "gp_partners differs between arms by 0.28 standard deviations, and was not among what was balanced.",
        ),
    )


def replicated(ratio: float, words: dict[str, float], excludes: float) -> Replicated:
    return Replicated(
        effect=ratio,
        in_whole_arm=ratio,
        replications=1000,
        analysed=1000,
        words=tuple(
            WordProbability(word=word, probability=Probability(value=p, monte_carlo_error=0.014))
            for word, p in words.items()
        ),
        excludes_none=Probability(value=excludes, monte_carlo_error=0.007),
        coverage=Probability(value=0.951, monte_carlo_error=0.007),
        mean_std_error=0.0181,
        empirical_sd=0.0179,
        mean_estimate=math.log(ratio),
        not_estimable=(),
    )


def power() -> PowerResult:
    return PowerResult(
        indicator=PRIMARY,
        arms=(OVER, ARM),
        window=HistoryWindow(
            first="2023-03",
            last="2025-02",
            baseline_months=12,
            follow_up_months=12,
            as_registered=True,
            sites=292,
            units=292,
        ),
        formula=FormulaPower(
            moments=Moments(
                units=292,
                sites=292,
                mean_rate=46.0,
                between_sd=0.34,
                autocorrelation=0.93,
                size_cv=0.52,
            ),
            std_error=0.0178,
            df=290.0,
            effect=0.915,
            power=0.998,
            detectable=0.951,
            equivalent_if_none=0.76,
            factor=0.14,
        ),
        none=replicated(1.0, {"equivalent": 0.78, "inconclusive": 0.17, "better": 0.026, "worse": 0.024}, 0.05),
        effect=replicated(0.915, {"better": 0.52, "worthwhile": 0.47, "inconclusive": 0.01}, 0.99),
        effect_sd=0.05,
        fidelity=0.85,
        seed=20250401,
        notes=(),
    )


def design() -> DesignReport:
    def precision(units: int, std_error: float, power_: float, detectable: float, same: float) -> DesignPrecision:
        return DesignPrecision(
            units=units,
            std_error=std_error,
            df=max(units - 2.0, 20.0),
            power=power_,
            detectable=detectable,
            equivalent_if_none=same,
        )

    lines = (
        DesignLine(
            option=DesignOption.PARALLEL_BY_SITE,
            registered=True,
            feasible=True,
            why="292 practices can be allocated one by one.",
            precision=precision(292, 0.0178, 0.998, 0.951, 0.76),
            placebo=None,
            withheld="Facilitation from half of the practices for a year.",
            caution="",
        ),
        DesignLine(
            option=DesignOption.FEWER_SITES,
            registered=False,
            feasible=True,
            why="146 practices would be allocated, the others would wait.",
            precision=precision(146, 0.0252, 0.94, 0.932, 0.41),
            placebo=None,
            withheld="Facilitation from three quarters of the practices for a year.",
            caution="It could not show that facilitation adds nothing.",
        ),
        DesignLine(
            option=DesignOption.PARALLEL_BY_NETWORK,
            registered=False,
            feasible=False,
            why="The register has no level of networks.",
            precision=NotEstimable(reason="no-networks", detail="The register has no level of networks."),
            placebo=None,
            withheld="",
            caution="",
        ),
        DesignLine(
            option=DesignOption.STEPPED_WEDGE,
            registered=False,
            feasible=True,
            why="Practices would start in four steps.",
            precision=precision(292, 0.0203, 0.99, 0.945, 0.65),
            placebo=None,
            withheld="Nothing in the end; the last quarter waits nine months.",
            caution="Its answer leans on the trend being the same for all.",
        ),
        DesignLine(
            option=DesignOption.ALL_AT_ONCE,
            registered=False,
            feasible=True,
            why="Every practice would start in the same month.",
            precision=precision(1, 0.041, 0.55, 0.885, 0.02),
            placebo=PlaceboAreas(
                level="area",
                areas=21,
                false_positive=0.33,
                naive_std_error=0.011,
                tau=0.039,
                std_error_with_drift=0.041,
            ),
            withheld="Nothing.",
            caution="One region is one cluster.",
        ),
    )
    return DesignReport(
        cycle_title="Does facilitation add to feedback in reducing opioid prescribing?",
        indicator=PRIMARY,
        scale="log-ratio",
        effect=0.9,
        worthwhile=0.95,
        equivalence=(0.95, 1.05),
        lines=lines,
        power=power(),
        smallest_p=0.001,
        warnings=(
            "P(equivalent | no difference) is 0.78, below 0.8: this trial may not show that facilitation adds nothing.",
        ),
    )


def scores(contract: Contract) -> ForecastScores:
    made = [
        ForecastScore(
            person=f.person,
            effect=f.effect,
            low=f.low,
            high=f.high,
            probability_of_verdict=f.verdicts.get(Verdict.BETTER),
            brier=0.8,
            crps=0.01 + 0.01 * n,
            interval_score=0.1,
            covered=n != 0,
        )
        for n, f in enumerate(contract.forecasts)
    ]
    return ForecastScores(
        cycle="facilitation",
        verdict=Verdict.BETTER,
        observed=0.921,
        std_error=0.018,
        scoring_scale="logarithm of the ratio",
        scores=tuple(made),
        method="CRPS of the normal distribution that the 80% interval implies; Brier score over all words.",
    )


def monitoring() -> MonitoringReport:
    months = MONTHS[:18]
    inputs = MonitoringInputs(
        on="2025-12-10",
        last_month="2025-11",
        allocated=292,
        closed=1,
        merged=2,
        opted_out=3,
        follow_up_months=6,
        sites_with_gaps=4,
        missing_site_months=9,
        largest_imbalance=0.018,
        largest_imbalance_now=0.024,
        waves=(
            WaveCount(wave=1, due_on="2025-06-12", due=292, sent=292, bounced=3, opened=201),
            WaveCount(wave=2, due_on="2025-08-12", due=292, sent=290, bounced=1, opened=188, opted_out=2),
        ),
        contacts=(ContactCount(strategy="facilitation", planned=146, held=118, minutes=10_620),),
        pooled=tuple(
            PooledMonth(indicator=PRIMARY, month=m, numerator=1.0, denominator=1.0, sites=290, expected=292)
            for m in months[:1]
        ),
        starts="2025-06",
    )
    sentences = {
        Watched.DELIVERY: (Light.AS_PLANNED, "582 of 584 reports due by now were sent.", ""),
        Watched.CONTACTS: (
            Light.LOOK,
            "118 of 146 visits planned by now were held.",
            "Ask the facilitators what holds them up.",
        ),
        Watched.DATA: (Light.LOOK, "4 sites lack 9 months.", "See the page on data."),
        Watched.SITES: (Light.AS_PLANNED, "286 of 292 sites are still in.", ""),
        Watched.BALANCE: (Light.AS_PLANNED, "The largest difference is 0.02 standard deviations.", ""),
        Watched.OUTCOME: (Light.NOT_YET, "All sites together stand 2.1% lower than in the baseline.", ""),
    }
    values = tuple(46.0 - 0.06 * n for n in range(18))
    return MonitoringReport(
        on="2025-12-10",
        last_month="2025-11",
        inputs=inputs,
        findings=tuple(
            MonitoringFinding(watched=w, light=light, sentence=said, remedy=remedy)
            for w, (light, said, remedy) in sentences.items()
        ),
        series=(
            PooledSeries(
                indicator=PRIMARY,
                months=months,
                values=(*values[:17], None),
                sites=(292,) * 17 + (0,),
                before=45.7,
                after=44.7,
                relative_change=-0.021,
            ),
        ),
    )


def priorities() -> tuple[Priorities, Priorities]:
    """The example's candidates, weighed before and after a result of our own."""
    candidates = from_yaml((PROGRAMME / "candidates.yaml").read_bytes(), Candidates, path="candidates.yaml")
    local = LocalFacts(
        baseline=46.0,
        denominator=2_366_000.0,
        sites=292,
        sites_available=292,
        lower_is_better=True,
        unit="mg oral morphine equivalence",
        per="registered patient",
        last_month="2025-02",
        trial_sizes=tuple(
            TrialSize(sites_per_arm=sites, std_error=0.0178 * math.sqrt(146 / sites))
            for sites in (30, 50, 75, 100, 140)
        ),
    )
    known = {c.id: local for c in candidates.candidates if c.indicator == PRIMARY}
    own = LibraryStudy(
        id="own-facilitation-2026",
        strategy="facilitation",
        over="bimonthly-feedback",
        target="opioids",
        scale=EvidenceScale.LOG_RATIO,
        effect=math.log(0.921),
        std_error=0.018,
        lower_is_better=True,
        design=StudyDesign.CLUSTER_TRIAL,
        setting="here",
        completed=2026,
        sites=282,
        baseline=46.0,
        source="the cycle facilitation",
        indicator=PRIMARY,
        cycle="facilitation",
        posted_on="2026-07-21",
        evaluation="04" * 32,
    )

    def weighed(library: Library, day: date) -> Priorities:
        return weigh(candidates, library, known, as_of=day, currency="GBP", price_year=2025, site_noun="practice")

    return weighed(Library.of(), date(2025, 3, 31)), weighed(Library.of(posted=(own,)), date(2026, 7, 22))


def facts() -> TrialFacts:
    """What the record would add; the strategies are stored beside it."""
    record = DossierFacts(
        programme="Opioids, head to head",
        cycle="facilitation",
        registered_on="2025-04-10",
        registered_by="A. Statistician",
        retrospective=False,
        frozen_on="2026-07-01",
        last_month="2026-05",
        evaluated_on="2026-07-02",
        software="enginehouse 0.1.0",
        head_seq=88,
        head_hash="ab" * 32,
        protocol="01" * 32,
        definitions="02" * 32,
        panel="03" * 32,
        evaluation="04" * 32,
        appraisal="05" * 32,
        synthetic=True,
        amendments=(
            AmendmentFact(
                on="2025-09-01", by="A. Statistician", changes=("harms: nsaid added",), reason="The board asked"
            ),
        ),
        decision=DecisionFact(
            on="2026-07-20", by="The board", decision="evaluate-further", reason="As agreed.", dissent="One member."
        ),
        sources=(SourceFact(name="prescribing", snapshot="s-1", files=24, rows=90_000, quarantined=3),),
        faults=(FaultFact(severity="Caution", source="prescribing", what="One month came late", count=1),),
    )
    return TrialFacts(
        record=record,
        allocation=AllocationFact(
            prepared_on="2025-05-17",
            prepared_by="B. Manager",
            allocated_on="2025-05-18",
            allocated_by="A. Statistician",
            seed="a-secret-seed",
            seed_commitment="07" * 32,
            roster="06" * 32,
            plan="08" * 32,
            allocation="09" * 32,
            script="audit_allocation.py",
            command="python audit_allocation.py plan.json seed.txt",
            files=("audit_allocation.py", "plan.json", "seed.txt"),
        ),
        approvals=(
            ApprovalFact(approval="data-protection", reference="DP-12", given_on="2025-04-12", expires_on="2027-04-12"),
            ApprovalFact(approval="research-ethics-screening", reference="not research", given_on="2025-04-14"),
        ),
        notice_on="2025-04-15",
        notice_sites=294,
        waves=(
            WaveFact(
                wave=1, due_on="2025-06-12", sent_on="2025-06-12", reports=292, bounced=3, opened=201, discussed=60
            ),
            WaveFact(wave=2, due_on="2025-08-12", sent_on="", reports=0),
        ),
        contacts=(
            ContactFact(
                kind="visit",
                arm="feedback-plus-facilitation",
                contacts=371,
                sites=124,
                programme_minutes=44_520.0,
                site_minutes=33_390.0,
            ),
        ),
        signatures=(
            SignatureFact(person="The board", on="2025-05-01"),
            SignatureFact(person="C. Lead", on="2025-05-02"),
        ),
        interruptions=(
            InterruptionFact(
                on="2025-10-01", by="B. Manager", what="wave 3 stopped half-way", reason="A wrong address"
            ),
        ),
        harm_looks=(
            HarmLookFact(
                on="2025-12-01",
                by="G. Officer",
                last_month="2025-09",
                findings=(
                    "Gabapentinoids in the arm: nothing that chance would not give, +0.4% (95% interval -1.9% to +2.8%).",
                ),
            ),
        ),
        evidence_posted="facilitation-2026",
        designs_compared_on="2025-04-02",
        people={"board": "The board", "clinical-lead": "C. Lead", "chief-pharmacist": "D. Pharmacist"},
    )


def main() -> None:
    cycle = PROGRAMME / "cycles" / "facilitation"
    protocol = from_yaml((cycle / "protocol.yaml").read_bytes(), Protocol, path="protocol.yaml")
    contract = from_yaml((cycle / "contract.yaml").read_bytes(), Contract, path="contract.yaml")
    settings = from_yaml((PROGRAMME / "programme.yaml").read_bytes(), ProgrammeSettings, path="programme.yaml")
    strategies = {
        name: from_yaml((PROGRAMME / "strategies" / f"{name}.yaml").read_bytes(), Strategy, path=name)
        for name in ("bimonthly-feedback", "facilitation")
    }
    found = evaluation(protocol)
    visits = ContactTotals(kind=ContactKind.VISIT, contacts=371, programme_minutes=44_520.0, site_minutes=33_390.0)
    logged = (
        LoggedActivity(arm=OVER, sites=146, reports=861),
        LoggedActivity(arm=ARM, sites=146, reports=866, contacts=(visits,)),
    )
    before, after = priorities()
    records: dict[str, Any] = {
        "facts": to_plain(facts()),
        "priorities-before": before.to_record(),
        "priorities": after.to_record(),
        "evaluation": found.to_record(),
        "appraisal": appraise_trial(protocol, found, logged, strategies, settings).to_record(),
        "roster": roster().to_record(),
        "plan": plan().to_record(),
        "balance": balance().to_record(),
        "design": design().to_record(),
        "scores": scores(contract).to_record(),
        "monitoring": monitoring().to_record(),
    }
    OUT.mkdir(exist_ok=True)
    for name, record in records.items():
        text = json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True)
        (OUT / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")
    for name, spec in {"protocol": protocol, "contract": contract, **strategies}.items():
        (OUT / f"{name}.json").write_bytes(definition_bytes(spec) + b"\n")


if __name__ == "__main__":
    main()
