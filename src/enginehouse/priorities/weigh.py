"""Candidates weighed: evidence, the panel's history and the file's prices joined into the answer of the triage rule.

What is missing is said and never filled in. The rule is in `triage`, effects in `effects`, sentences in `wording`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from enginehouse.economics.discounting import Discounting
from enginehouse.evidence.predictive import Question, predict
from enginehouse.evidence.results import Predictive
from enginehouse.evidence.studies import Library
from enginehouse.priorities.effects import Effect, std_error_on, unusable
from enginehouse.priorities.judge import Judged, judge
from enginehouse.priorities.results import GateValues, LocalFacts, Prices, Priorities, TrialSize, Weighed
from enginehouse.priorities.wording import Words, not_yet, reason, rules, why_infeasible, would_change
from enginehouse.programme.candidates import Candidate, Candidates, Value
from enginehouse.programme.enums import EvidenceScale, Priority
from enginehouse.stats.gaussian import Normal
from enginehouse.stats.results import NotEstimable


def weigh(
    candidates: Candidates,
    library: Library,
    local: Mapping[str, LocalFacts],
    *,
    as_of: date,
    currency: str,
    price_year: int,
    site_noun: str = "site",
    discounting: Discounting = Discounting.START_OF_YEAR,
    tau_scale: Mapping[EvidenceScale, float] | None = None,
) -> Priorities:
    """Every candidate's answer, with its reason and what would change it.

    Parameters
    ----------
    candidates : Candidates
        The programme's file.
    library : Library
        The evidence; what came after `as_of` is left out.
    local : mapping of str to LocalFacts
        By candidate's id: what the panel's history says. A candidate without an entry cannot be weighed yet.
    as_of : date
        The day of the weighing.
    currency, price_year, site_noun
        Of the programme's settings, for sentences.
    discounting : Discounting
        When in a year its costs and benefits fall.
    tau_scale : mapping of EvidenceScale to float, optional
        How far effects vary between places, where few studies cannot tell; as in `evidence.predictive`.

    Returns
    -------
    Priorities
        In the order of the file.

    Notes
    -----
    The numbers are those of `judge`: the predictive distribution of the effect at the local baseline, priced.
    """
    known = library.as_of(as_of)
    gates = GateValues(
        implement_at=candidates.gates.implement_at,
        drop_at=candidates.gates.drop_at,
        least_gain=candidates.gates.least_gain,
    )
    desk = _Desk(
        file=candidates,
        known=known,
        gates=gates,
        currency=currency,
        price_year=price_year,
        site_noun=site_noun,
        discounting=discounting,
        tau_scale=tau_scale or {},
    )
    return Priorities(
        as_of=as_of.isoformat(),
        currency=currency,
        price_year=price_year,
        horizon_years=candidates.horizon_years,
        discount_rate=candidates.discount_rate,
        discounting=discounting,
        gates=gates,
        evidence_identity=known.identity,
        studies=len(known.studies),
        weighed=tuple(_weighed(desk, candidate, local.get(candidate.id)) for candidate in candidates.candidates),
        notes=_notes(candidates),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """What is the same for every candidate."""

    file: Candidates
    known: Library
    gates: GateValues
    currency: str
    price_year: int
    site_noun: str
    discounting: Discounting
    tau_scale: Mapping[EvidenceScale, float]


def _weighed(desk: _Desk, candidate: Candidate, local: LocalFacts | None) -> Weighed:
    prior = None if local is None else _prior(desk, candidate, local)
    missing = _missing(candidate, local, prior)
    if missing or local is None or candidate.value is None or not isinstance(prior, Predictive):
        return _not_yet(desk, candidate, local, prior, missing)
    prices = _prices(desk, candidate, candidate.value)
    facts, notes = _with_sizes(candidate, local)
    judged = judge(prior.normal, scale=candidate.scale, local=facts, prices=prices, gates=desk.gates)
    words = Words(
        currency=desk.currency,
        price_year=desk.price_year,
        site_noun=desk.site_noun,
        unit=facts.unit,
        lower_is_better=facts.lower_is_better,
    )
    return _answered(desk, candidate, prior, prices, facts, judged, words, notes)


def _answered(
    desk: _Desk,
    candidate: Candidate,
    prior: Predictive,
    prices: Prices,
    facts: LocalFacts,
    judged: Judged,
    words: Words,
    notes: tuple[str, ...],
) -> Weighed:
    none_feasible = why_infeasible(judged.triage.designs)
    return Weighed(
        candidate=candidate.id,
        title=candidate.title,
        indicator=candidate.indicator,
        strategy=candidate.strategy,
        over=candidate.over,
        scale=candidate.scale,
        priority=judged.triage.priority,
        sentence=reason(judged.triage, prices, words),
        rules=rules(judged.triage, desk.gates, words),
        would_change=would_change(judged.triage, judged.worth, prices, desk.gates, words),
        prior=prior,
        worth=judged.worth,
        triage=judged.triage,
        prices=prices,
        local=facts,
        gates=desk.gates,
        notes=(*notes, none_feasible) if none_feasible else notes,
    )


def _not_yet(
    desk: _Desk,
    candidate: Candidate,
    local: LocalFacts | None,
    prior: Predictive | NotEstimable | None,
    missing: tuple[str, ...],
) -> Weighed:
    return Weighed(
        candidate=candidate.id,
        title=candidate.title,
        indicator=candidate.indicator,
        strategy=candidate.strategy,
        over=candidate.over,
        scale=candidate.scale,
        priority=Priority.NOT_YET_EVALUABLE,
        sentence=not_yet(missing),
        missing=missing,
        prior=prior if isinstance(prior, Predictive) else None,
        prices=None if candidate.value is None else _prices(desk, candidate, candidate.value),
        local=local,
        gates=desk.gates,
    )


def _prior(desk: _Desk, candidate: Candidate, local: LocalFacts) -> Predictive | NotEstimable:
    question = Question(
        strategy=candidate.strategy,
        over=candidate.over,
        scale=candidate.scale,
        lower_is_better=local.lower_is_better,
        indicator=candidate.indicator,
    )
    stated = None if desk.file.prior_sd is None else Normal(desk.file.prior_mean, desk.file.prior_sd)
    return predict(desk.known, question, stated=stated, tau_scale=desk.tau_scale.get(candidate.scale))


def _missing(
    candidate: Candidate, local: LocalFacts | None, prior: Predictive | NotEstimable | None
) -> tuple[str, ...]:
    """Everything that must be known first, each in a sentence."""
    found = []
    if candidate.value is None:
        found.append("What a unit of change is worth is not stated.")
    found += _missing_here(candidate, local)
    if isinstance(prior, NotEstimable):
        found.append(prior.detail)
    elif prior is not None and local is not None:
        found.append(unusable(_effect(candidate, local, prior)))
    return tuple(sentence for sentence in found if sentence)


def _missing_here(candidate: Candidate, local: LocalFacts | None) -> list[str]:
    if local is None:
        return [f"The panel holds no whole year of history of {candidate.indicator}."]
    lacking = [
        name
        for name, value in (
            ("baseline value", local.baseline),
            ("denominator", local.denominator),
            ("sites", local.sites),
        )
        if value <= 0
    ]
    return [f"The history of {candidate.indicator} has no {' and no '.join(lacking)}."] if lacking else []


def _effect(candidate: Candidate, local: LocalFacts, prior: Predictive) -> Effect:
    return Effect(
        effect=prior.normal,
        scale=candidate.scale,
        baseline=local.baseline,
        lower_is_better=local.lower_is_better,
    )


def _prices(desk: _Desk, candidate: Candidate, value: Value) -> Prices:
    trial = candidate.trial
    return Prices(
        value=value.per_unit,
        value_low=value.low,
        value_high=value.high,
        value_is_assumption=value.is_assumption,
        value_source=value.source,
        roll_out_cost=candidate.roll_out_cost,
        cost_per_site_year=candidate.cost_per_site_year,
        trial_fixed=None if trial is None else trial.fixed,
        trial_per_site=None if trial is None else trial.per_site,
        trial_years=None if trial is None else trial.years,
        horizon_years=desk.file.horizon_years,
        discount_rate=desk.file.discount_rate,
        discounting=desk.discounting,
    )


def _with_sizes(candidate: Candidate, local: LocalFacts) -> tuple[LocalFacts, tuple[str, ...]]:
    """The facts with the standard errors of the sizes that the file asks for, on its scale; and what is lacking."""
    if candidate.trial is None:
        return replace(local, trial_sizes=()), ("No trial is priced, so none was weighed.",)
    known = {size.sites_per_arm: size.std_error for size in local.trial_sizes}
    wanted = sorted(set(candidate.trial.sites_per_arm))
    lacking = [size for size in wanted if size not in known]
    sizes = [TrialSize(sites_per_arm=size, std_error=known[size]) for size in wanted if size in known]
    converted = tuple(
        TrialSize(sites_per_arm=size.sites_per_arm, std_error=error)
        for size in sizes
        if (error := _on_scale(size.std_error, candidate.scale, local)) is not None
    )
    facts = replace(local, trial_sizes=converted, std_error_scale=candidate.scale)
    return facts, _about_sizes(lacking, len(converted) < len(sizes))


def _on_scale(std_error: float, scale: EvidenceScale, local: LocalFacts) -> float | None:
    if scale is local.std_error_scale:
        return std_error
    return std_error_on(scale, std_error, of=local.std_error_scale, baseline=local.baseline)


def _about_sizes(lacking: list[int], unconverted: bool) -> tuple[str, ...]:
    notes = []
    if lacking:
        notes.append(f"No precision is known for trials of {', '.join(map(str, lacking))} sites in each arm.")
    if unconverted:
        notes.append("The precision of trials could not be put on the scale of the evidence.")
    return tuple(notes)


def _notes(candidates: Candidates) -> tuple[str, ...]:
    assumed = [c.id for c in candidates.candidates if c.value is not None and c.value.is_assumption]
    return (f"Values that are assumptions: {', '.join(assumed)}.",) if assumed else ()
