"""Signatories' forecasts held against a cycle's result, and how forecasts have done over several cycles.

The scores themselves are in `stats.forecast_scores`. Forecasts are a habit to be trained, so nobody's score is hidden
and no score decides anything.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from enginehouse.core.errors import Problem, Problems
from enginehouse.evidence.results import (
    Calibration,
    CalibrationLine,
    ForecastScore,
    ForecastScores,
    Predictive,
)
from enginehouse.programme.contract import Forecast
from enginehouse.programme.enums import EvidenceScale, Summary, Verdict
from enginehouse.stats.forecast_scores import (
    PROBABILITY_INSIDE,
    IntervalForecast,
    brier_score,
    coverage,
    crps,
    interval_score,
)
from enginehouse.stats.results import Estimate, Estimated

LIBRARY = "evidence-library"
"""The name under which the library's own expectation is scored beside the signatories'."""

METHOD = (
    "Brier score over all verdict words (0 best, 2 worst). Continuous ranked probability score of a distribution of "
    "two half normals that meet at the forecast effect, with the stated interval holding 80%; interval score of that "
    "interval. The estimate stands for the truth; its own error is part of every distance."
)
_SCALE_WORDS = {Summary.RATIO: "logarithm of the ratio", Summary.DIFFERENCE: "difference"}
_TOLERANCE = 1e-6
_FEW = 5


def score_forecasts(
    forecasts: Sequence[Forecast],
    *,
    cycle: str,
    summary: Summary,
    estimate: Estimated,
    verdict: Verdict,
    library: Predictive | None = None,
) -> ForecastScores:
    """Every signatory's forecast held against the registered result.

    Parameters
    ----------
    forecasts : sequence of Forecast
        Of the decision contract.
    cycle : str
    summary : Summary
        Whether the protocol's effect is a ratio or a difference: the scale of the forecasts.
    estimate : Estimate or NotEstimable
        The registered result; where it cannot be estimated, only the words are scored.
    verdict : Verdict
        The word that came about.
    library : Predictive, optional
        What the evidence library expected on that day: scored beside, as `evidence-library`, without verdict words.

    Returns
    -------
    ForecastScores
        Effects of ratios are scored as logarithms.

    Raises
    ------
    Problems
        A forecast's three numbers do not rise, or are not above 0 for a ratio, or its probabilities do not add up
        to 1. All of them at once.
    """
    problems = [problem for forecast in forecasts for problem in _problems(forecast, summary)]
    if problems:
        raise Problems(problems)
    found = estimate if isinstance(estimate, Estimate) else None
    scores = [_score(forecast, summary, found, verdict) for forecast in forecasts]
    if library is not None:
        scores.append(_library_score(library, summary, found))
    return ForecastScores(
        cycle=cycle,
        verdict=verdict,
        observed=None if found is None else _shown(found.value, summary),
        std_error=None if found is None else found.std_error,
        scoring_scale=_SCALE_WORDS[summary],
        scores=tuple(scores),
        method=METHOD,
        not_estimable="" if isinstance(estimate, Estimate) else estimate.detail,
    )


def calibration(cycles: Sequence[ForecastScores]) -> Calibration:
    """How forecasts have done over several cycles: of all signatories together, and of each.

    Parameters
    ----------
    cycles : sequence of ForecastScores
        One for each cycle; the same cycle twice counts once, the later one.

    Returns
    -------
    Calibration
        The line of all leaves the library's own expectation out.
    """
    latest = {scores.cycle: scores for scores in cycles}
    everything = [score for scores in latest.values() for score in scores.scores]
    people = [score for score in everything if score.person != LIBRARY]
    names = sorted({score.person for score in people})
    lines = [_line(None, people), *(_line(name, [s for s in people if s.person == name]) for name in names)]
    own = [score for score in everything if score.person == LIBRARY]
    lines += [_line(LIBRARY, own)] if own else []
    return Calibration(
        cycles=tuple(latest), expected_coverage=PROBABILITY_INSIDE, lines=tuple(lines), finding=_finding(lines[0])
    )


def _problems(forecast: Forecast, summary: Summary) -> list[Problem]:
    where = f"contract.yaml  forecasts, {forecast.person}"
    found = []
    numbers = (forecast.low, forecast.effect, forecast.high)
    if not forecast.low < forecast.effect < forecast.high:
        got = f"got low {forecast.low:g}, effect {forecast.effect:g} and high {forecast.high:g}."
        found.append(Problem(where, got, "The three must rise; the effect lies inside its interval."))
    if summary is Summary.RATIO and min(numbers) <= 0:
        found.append(Problem(where, f"got {min(numbers):g} for a ratio.", "A ratio is above 0; no effect is 1."))
    total = sum(forecast.verdicts.values())
    if abs(total - 1) > _TOLERANCE:
        found.append(
            Problem(where, f"the probabilities of the verdicts add up to {total:g}.", "Make them add up to 1.")
        )
    return found


def _score(forecast: Forecast, summary: Summary, found: Estimate | None, verdict: Verdict) -> ForecastScore:
    given = {word.value: share for word, share in forecast.verdicts.items()}
    distribution = _distribution(forecast.low, forecast.effect, forecast.high, summary)
    return ForecastScore(
        person=forecast.person,
        effect=forecast.effect,
        low=forecast.low,
        high=forecast.high,
        probability_of_verdict=given.get(verdict.value, 0.0),
        brier=brier_score(given, verdict.value),
        crps=None if found is None else crps(distribution, found.value),
        interval_score=None if found is None else interval_score(distribution, found.value),
        covered=None if found is None else distribution.low <= found.value <= distribution.high,
    )


def _library_score(library: Predictive, summary: Summary, found: Estimate | None) -> ForecastScore:
    """The library's expectation as if it had been signed; only on the scale of the result."""
    expected = EvidenceScale.LOG_RATIO if summary is Summary.RATIO else EvidenceScale.DIFFERENCE
    inside = library.interval(PROBABILITY_INSIDE)
    distribution = IntervalForecast(low=inside.low, middle=library.mean, high=inside.high)
    comparable = found if library.scale is expected else None
    return ForecastScore(
        person=LIBRARY,
        effect=_shown(library.mean, summary),
        low=_shown(inside.low, summary),
        high=_shown(inside.high, summary),
        probability_of_verdict=None,
        brier=None,
        crps=None if comparable is None else crps(distribution, comparable.value),
        interval_score=None if comparable is None else interval_score(distribution, comparable.value),
        covered=None if comparable is None else distribution.low <= comparable.value <= distribution.high,
    )


def _distribution(low: float, effect: float, high: float, summary: Summary) -> IntervalForecast:
    low, effect, high = (math.log(x) if summary is Summary.RATIO else x for x in (low, effect, high))
    return IntervalForecast(low=low, middle=effect, high=high)


def _shown(value: float, summary: Summary) -> float:
    return math.exp(value) if summary is Summary.RATIO else value


def _line(person: str | None, scores: Sequence[ForecastScore]) -> CalibrationLine:
    told = [score.covered for score in scores if score.covered is not None]
    return CalibrationLine(
        person=person,
        forecasts=len(scores),
        scored_effects=len(told),
        covered=sum(told),
        coverage=sum(told) / len(told) if told else None,
        coverage_interval=coverage(sum(told), len(told)) if told else None,
        mean_brier=_mean([score.brier for score in scores]),
        mean_crps=_mean([score.crps for score in scores]),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _finding(line: CalibrationLine) -> str:
    if line.coverage_interval is None:
        return "No effect has been scored yet."
    counted = f"{line.covered} of {line.scored_effects} results lay inside the forecast 80% intervals"
    if line.scored_effects < _FEW:
        return f"{counted}; too few to say more."
    if line.coverage_interval.high < PROBABILITY_INSIDE:
        return f"{counted}: the forecasts were surer than they should have been."
    if line.coverage_interval.low > PROBABILITY_INSIDE:
        return f"{counted}: the forecasts were less sure than they could have been."
    return f"{counted}, which agrees with 80%."
