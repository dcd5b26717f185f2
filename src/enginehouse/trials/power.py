"""Power by allocating the sites' own history anew by the plan's own scheme, with the registered analysis.

What it returns is in `power_results.py`, the formula beside it in `power_formula.py`, the months and the plan in
`history.py`; replications are run in `replications.py`. The registered analysis and the verdict rule are handed in, as
they belong to `evaluation`.
"""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from enginehouse.core.errors import UserError
from enginehouse.core.progress import Progress, silent
from enginehouse.core.seeds import derive_seed
from enginehouse.core.words import counted
from enginehouse.indicators.panel import HistoricalPanel
from enginehouse.programme.enums import Summary
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.trial import Power
from enginehouse.stats.results import NotEstimable
from enginehouse.stats.trial_data import TrialData
from enginehouse.trials.components import Components, fit_components, unit_months
from enginehouse.trials.history import PseudoTrial, Question, long_history, pseudo_trial, question_of
from enginehouse.trials.parametric import DrawnHistory, drawn_history
from enginehouse.trials.plan_record import AllocationPlan
from enginehouse.trials.power_formula import formula_power, in_whole_arm
from enginehouse.trials.power_results import (
    HistoryWindow,
    NotEstimableCount,
    PowerResult,
    Probability,
    Replicated,
    WordProbability,
    power_from_record,
)
from enginehouse.trials.replications import Analyse, Executor, Job, Judge, Late, Outcome, Side, Work, run
from enginehouse.trials.rerandomise import draws
from enginehouse.trials.roster import Roster

DRAWN_PART = 4
"""One in so many replications is made on drawn histories too: they cost as much as real ones."""
FEWEST_DRAWN = 100
__all__ = ["Analyse", "Executor", "Judge", "Late", "PowerResult", "power", "power_from_record", "power_on_history"]


def power_on_history(
    protocol: Protocol,
    indicator: Indicator,
    history: HistoricalPanel,
    roster: Roster,
    analyse: Analyse,
    judge: Judge,
    *,
    replications: int | None = None,
    progress: Progress = silent,
    workers: int | None = None,
    executor: Executor | None = None,
    late: Late | None = None,
) -> PowerResult:
    """What the registered design could show in these sites: by formula, and by allocating their own history anew.

    Parameters
    ----------
    protocol
        With `power`.
    indicator
        The primary one.
    history
        A panel that ends before the start.
    roster
        The sites.
    analyse
        The registered analysis of the primary contrast; to run in several processes it must be picklable.
    judge
        The verdict word of what `analyse` returns; picklable too.
    replications
        Instead of the registered number.
    progress
        Told how many replications are done.
    workers
        Processes; by default one for each core. Any number gives the same result.
    executor
        Runs the replications instead, with `submit` as in `concurrent.futures`: a pool of one's own, or
        `client.get_executor()` of a Dask cluster. The result is the same.
    late
        Reporting lag at the analysis: months that some sites have not reported yet.

    Returns
    -------
    PowerResult
        With `NotEstimable` in the parts that the history does not allow, and what was possible beside them.

    Notes
    -----
    The latest baseline + follow-up months of the history stand in for the trial. Baseline values are taken from the
    months that stand in for the baseline, and the plan is made with them; see `history.pseudo_trial`.
    """
    assumptions = _registered(protocol)
    trial = pseudo_trial(protocol, indicator, history.panel.arrays(protocol.indicator), roster)
    if isinstance(trial, NotEstimable):
        return PowerResult(
            indicator=protocol.indicator,
            arms=tuple(protocol.arms),
            window=None,
            formula=trial,
            none=trial,
            effect=trial,
            drawn_none=trial,
            drawn_effect=trial,
            effect_sd=assumptions.effect_sd,
            fidelity=assumptions.fidelity,
            seed=assumptions.seed,
            notes=(trial.detail,),
        )
    return power(
        trial.data,
        trial.plan,
        assumptions,
        analyse,
        judge,
        question=question_of(protocol, indicator),
        window=trial.window,
        replications=replications,
        progress=progress,
        workers=workers,
        executor=executor,
        late=late,
        components=long_components(history, protocol, trial),
        notes=_window_notes(protocol, trial),
    )


def power(
    data: TrialData,
    plan: AllocationPlan,
    assumptions: Power,
    analyse: Analyse,
    judge: Judge,
    *,
    question: Question,
    window: HistoryWindow | None = None,
    replications: int | None = None,
    progress: Progress = silent,
    workers: int | None = None,
    executor: Executor | None = None,
    late: Late | None = None,
    components: Components | NotEstimable | None = None,
    notes: tuple[str, ...] = (),
) -> PowerResult:
    """Probabilities of each verdict word, power, coverage and mean standard error of a plan on given outcomes.

    Parameters
    ----------
    data
        Every site of the plan in its order, with outcomes in which nothing was done; its `arm` is not used.
    plan
        From whose scheme allocations are drawn. What it balanced must not lie in the follow-up months of `data`.
    assumptions, analyse, judge, replications, progress, workers, executor, late
        As in `power_on_history`.
    question
        Summary, average, good side and margins.
    components
        How months of a unit hang together, from as long a history as there is; fitted to `data` if not given.
    window, notes
        Passed on into the result.

    Returns
    -------
    PowerResult

    Notes
    -----
    Three ways. By formula, see `formula_power`. On drawn histories (a quarter of the replications, at least 100 unless
    fewer are asked for): numerators of every site and month are drawn by the model of the history, see
    `parametric.drawn_history`; what was balanced stays that of the real sites. On the real history itself. The last two
    draw an allocation by the plan's scheme each time and run the registered analysis.

    Replication i of each kind has a generator of its own, seeded by name, so that the result does not depend on the
    number of processes. In a site of the arm that is judged, with probability `fidelity`, the follow-up outcomes are
    multiplied by a ratio whose logarithm is normal with standard deviation `effect_sd` and whose mean is `effect`
    (differences: by 1 + normal(effect, effect_sd) / mean rate, never below 0). The truth that intervals are held
    against is the mean of those ratios over the arm, 1 + fidelity (effect - 1).
    """
    if data.sites != plan.sites:
        raise UserError(
            "the outcomes are not those of the plan's sites, in its order.",
            where="power",
            remedy="Make both from the same roster.",
        )
    count = assumptions.replications if replications is None else replications
    shape = fit_components(unit_months(data), question.summary) if components is None else components
    drawn = drawn_history(data, shape)
    sides = _sides(assumptions, question)
    draws_of = {side: _drawn_count(count) if side.is_drawn else count for side in sides}
    jobs = [_job(plan, assumptions, side, draws_of[side]) for side in sides if _is_run(side, drawn)]
    work = Work(data, analyse, judge, question.summary, drawn if isinstance(drawn, DrawnHistory) else None, late)
    outcomes = dict(zip([job.side for job in jobs], run(work, jobs, progress, workers, executor), strict=True))
    results = [
        _summary(outcomes[side], side, assumptions, question) if side in outcomes else _not_drawn(drawn)
        for side in sides
    ]
    return PowerResult(
        indicator=question.indicator,
        arms=plan.arms,
        window=window,
        formula=formula_power(data, assumptions, question, components=shape),
        none=results[0],
        effect=results[1],
        drawn_none=results[2],
        drawn_effect=results[3],
        effect_sd=assumptions.effect_sd,
        fidelity=assumptions.fidelity,
        seed=assumptions.seed,
        notes=(*notes, *_late_notes(late)),
    )


def long_components(history: HistoricalPanel, protocol: Protocol, trial: PseudoTrial) -> Components | NotEstimable:
    """The model of how months hang together, fitted to the whole history of the trial's units."""
    return fit_components(long_history(history.panel.arrays(protocol.indicator), trial), protocol.estimand.summary)


def _sides(assumptions: Power, question: Question) -> tuple[Side, ...]:
    null = 1.0 if question.summary is Summary.RATIO else 0.0
    effect = assumptions.effect, assumptions.effect_sd, assumptions.fidelity
    return (
        Side("none", null, 0.0, 1.0, is_null=True),
        Side("effect", *effect, is_null=False),
        Side("drawn-none", null, 0.0, 1.0, is_null=True, is_drawn=True),
        Side("drawn-effect", *effect, is_null=False, is_drawn=True),
    )


def _drawn_count(count: int) -> int:
    return min(count, max(count // DRAWN_PART, FEWEST_DRAWN))


def _is_run(side: Side, drawn: DrawnHistory | NotEstimable) -> bool:
    return not side.is_drawn or isinstance(drawn, DrawnHistory)


def _not_drawn(drawn: DrawnHistory | NotEstimable) -> NotEstimable:
    assert isinstance(drawn, NotEstimable)
    return drawn


def _late_notes(late: Late | None) -> tuple[str, ...]:
    if late is None:
        return ()
    return (f"The newest {counted(late.months, 'month')} were taken as not yet reported by {late.share:.0%} of sites.",)


def _job(plan: AllocationPlan, assumptions: Power, side: Side, count: int) -> Job:
    rng = np.random.default_rng(derive_seed(assumptions.seed, "power", "allocation", side.name))
    return Job(side, assumptions.seed, draws(plan, rng, count).astype(np.int8))


def _summary(outcomes: list[Outcome], side: Side, assumptions: Power, question: Question) -> Replicated | NotEstimable:
    if not outcomes:
        return NotEstimable(reason="not-run", detail="No replication was asked for.")
    estimated = [outcome for outcome in outcomes if not outcome.reason]
    whole = side.effect if side.is_null else in_whole_arm(assumptions, question.summary)
    words = Counter(outcome.word for outcome in outcomes)
    reasons = Counter(outcome.reason for outcome in outcomes if outcome.reason)
    values = np.array([outcome.value for outcome in estimated])
    errors = np.array([outcome.std_error for outcome in estimated])
    enough = len(estimated) > 1
    return Replicated(
        effect=side.effect,
        in_whole_arm=whole,
        replications=len(outcomes),
        analysed=len(estimated),
        words=tuple(
            WordProbability(word=word, probability=_probability(n, len(outcomes))) for word, n in words.most_common()
        ),
        excludes_none=_probability(sum(not o.low <= 0 <= o.high for o in estimated), len(outcomes)),
        coverage=_probability(sum(o.low <= _truth(o, whole) <= o.high for o in estimated), len(estimated)),
        mean_std_error=float(errors.mean()) if enough else None,
        empirical_sd=float(values.std(ddof=1)) if enough else None,
        mean_estimate=float(values.mean()) if enough else None,
        not_estimable=tuple(NotEstimableCount(reason=reason, replications=n) for reason, n in reasons.most_common()),
    )


def _truth(outcome: Outcome, whole: float) -> float:
    return math.log(whole) if outcome.is_log else whole


def _probability(hits: int, of: int) -> Probability:
    """A share with its Monte Carlo error, sqrt(p (1 - p) / n)."""
    share = hits / of if of else 0.0
    return Probability(value=share, monte_carlo_error=math.sqrt(share * (1 - share) / of) if of else 0.0)


def _registered(protocol: Protocol) -> Power:
    if protocol.power is None:
        raise UserError(
            "the protocol does not say what the design is tried against.",
            where="protocol.yaml  power",
            remedy="Add 'power' with an effect and a seed.",
        )
    return protocol.power


def _window_notes(protocol: Protocol, trial: PseudoTrial) -> tuple[str, ...]:
    window, design = trial.window, protocol.design
    notes = [
        f"The months {window.first} to {window.last} stood in for the trial; baseline values were taken from the first "
        f"{window.baseline_months} of them."
    ]
    if not window.as_registered:
        notes.append(
            f"The history is shorter than the design: {window.baseline_months} and {window.follow_up_months} months "
            f"instead of {design.baseline_months} and {design.follow_up_months}. Longer windows vary less, so the "
            "registered design should do somewhat better than this."
        )
    return (*notes, *trial.plan.notes)
