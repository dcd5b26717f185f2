"""How near is near enough: a value against what was expected, number by number, by the tolerance of each part.

Rules, which hold for every topic:

* `rel` and `abs` are alternatives: a number is good if it meets either. Nothing is asked to be nearer than 1e-12.
* Nested tolerances name parts of a fitted model: estimates (`fixed`), standard errors (`se`), degrees of freedom (`df`),
  variance components (`varcomp`, `sd`), deviances (`reml`, `minus2loglik`). What is made of them gets what they leave: a
  t or z value both tolerances of its parts, a p value the range that t and its degrees of freedom span, the ends of an
  interval the tolerance of the standard error times its width. A part that is not named gets the widest named `rel`.
* A standard deviation that the source left below a thousandth, on a log or logit scale, stands at its boundary: zero is
  as good (`EDGE`); what it makes of the likelihood and of the other parts is compared as always.
* `null` means that the source gave no number: any answer is good. A text must be the same text.
* A key or a place in a list that is missing is a failure; one that nobody asked for is not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scipy.special import stdtr

LEAST = 1e-12
NUMBER_TEXTS = {"Inf": math.inf, "-Inf": -math.inf}
PARTS: Mapping[str, str] = {
    "Estimate": "fixed",
    "Std. Error": "se",
    "df": "df",
    "vcov": "varcomp",
    "sd": "sd",
    "reml": "reml",
    "ml_minus2loglik": "reml",
    "minus2loglik": "minus2loglik",
}
"""Which nested tolerance a key stands under."""
EDGE = 1e-3
"""Where a search for a standard deviation that is zero may end."""
STATISTICS = ("t value", "z value")
P_VALUES = ("Pr(>|t|)", "Pr(>|z|)")
INTERVALS = ("ml_profile_ci95",)


@dataclass(frozen=True, slots=True)
class Gap:
    """One number beside what was expected; `ratio` is the error over the tolerance, so that 1 is the limit."""

    where: str
    got: Any
    want: Any
    ratio: float
    problem: str = ""


def gaps(got: Any, want: Any, tolerance: Mapping[str, Any], where: str = "") -> Iterator[Gap]:
    """Every number of `want` beside that of `got`."""
    if isinstance(want, Mapping):
        yield from _mapping(got, want, tolerance, where)
    elif isinstance(want, list):
        yield from _list(got, want, tolerance, where)
    else:
        allowed = _allowed(want, tolerance) if _is_number(want) else 0.0
        yield _single(got, want, allowed, where)


def _mapping(got: Any, want: Mapping[str, Any], tolerance: Mapping[str, Any], where: str) -> Iterator[Gap]:
    if not isinstance(got, Mapping):
        yield Gap(where, got, "...", math.inf, f"a table was expected, this is {type(got).__name__}")
        return
    for key, value in want.items():
        inner = f"{where}.{key}" if where else key
        if key not in got:
            if value is not None:
                yield Gap(inner, None, value, math.inf, "missing")
        elif key == "random_sd":
            yield from _deviations(got[key], value, _part(key, tolerance), inner)
        elif key in INTERVALS and _is_nested(tolerance):
            yield from _intervals(got[key], value, tolerance, inner)
        elif key in P_VALUES and _is_nested(tolerance):
            yield _single(got[key], value, _p_allowed(want, tolerance), inner)
        else:
            yield from gaps(got[key], value, _part(key, tolerance), inner)


def _list(got: Any, want: list[Any], tolerance: Mapping[str, Any], where: str) -> Iterator[Gap]:
    if not isinstance(got, (list, tuple)) and len(want) == 1:
        got = [got]
    if not isinstance(got, (list, tuple)) or len(got) != len(want):
        length = len(got) if isinstance(got, (list, tuple)) else "no"
        yield Gap(where, got, want, math.inf, f"{length} values instead of {len(want)}")
        return
    for place, (one, other) in enumerate(zip(got, want, strict=True)):
        yield from gaps(one, other, tolerance, f"{where}[{place}]")


def _deviations(got: Any, want: Any, tolerance: Mapping[str, Any], where: str) -> Iterator[Gap]:
    """Standard deviations of random effects, of which those at the boundary may be anywhere below `EDGE`."""
    for gap in gaps(got, want, tolerance, where):
        both = (gap.got, gap.want)
        at_edge = all(_is_number(value) and 0 <= value < EDGE for value in both)
        yield Gap(gap.where, gap.got, gap.want, min(gap.ratio, abs(gap.got - gap.want) / EDGE)) if at_edge else gap


def _intervals(got: Any, want: Mapping[str, list[float]], tolerance: Mapping[str, Any], where: str) -> Iterator[Gap]:
    for key, ends in want.items():
        inner = f"{where}.{key}"
        if not isinstance(got, Mapping) or key not in got:
            yield Gap(inner, None, ends, math.inf, "missing")
            continue
        known = [end for end in ends if _is_number(end)]
        width = max(known) - min(known) if len(known) == 2 else max(map(abs, known), default=0.0)
        for place, (one, other) in enumerate(zip(got[key], ends, strict=True)):
            yield _single(one, other, max(_rel("se", tolerance) * width, LEAST), f"{inner}[{place}]")


def _single(got: Any, want: Any, allowed: float, where: str) -> Gap:
    if want is None:
        return Gap(where, got, want, 0.0)
    if isinstance(got, (list, tuple)) and len(got) == 1:
        got = got[0]
    want = NUMBER_TEXTS.get(want, want) if isinstance(want, str) else want
    if isinstance(want, (str, bool)):
        same = got == want
        return Gap(where, got, want, 0.0 if same else math.inf, "" if same else "another text")
    if got is None or not _is_number(got):
        return Gap(where, got, want, math.inf, str(getattr(got, "detail", "") or "no number"))
    if math.isinf(want) or math.isinf(got):
        return Gap(where, got, want, 0.0 if got == want else math.inf)
    ratio = abs(float(got) - want) / allowed
    return Gap(where, float(got), want, math.inf if math.isnan(ratio) else ratio)


def _is_number(value: Any) -> bool:
    return not isinstance(value, (bool, str)) and hasattr(value, "__float__")


def _is_nested(tolerance: Mapping[str, Any]) -> bool:
    return any(isinstance(value, Mapping) for value in tolerance.values())


def _allowed(want: float, tolerance: Mapping[str, Any]) -> float:
    if _is_nested(tolerance):
        tolerance = {"rel": _widest(tolerance)}
    return float(max(tolerance.get("rel", 0.0) * abs(want), tolerance.get("abs", 0.0), LEAST))


def _part(key: str, tolerance: Mapping[str, Any]) -> Mapping[str, Any]:
    """The tolerance of what stands under a key: a named part of a nested one, or the same one further down."""
    if not _is_nested(tolerance):
        return tolerance
    if key in STATISTICS:
        return {"rel": _rel("fixed", tolerance) + _rel("se", tolerance), "abs": _abs_of_statistic(tolerance)}
    named = tolerance.get(PARTS.get(key, key))
    if key in PARTS:
        return named if isinstance(named, Mapping) else {"rel": _widest(tolerance)}
    return named if isinstance(named, Mapping) and key != "fixed" else tolerance


def _rel(part: str, tolerance: Mapping[str, Any]) -> float:
    named = tolerance.get(part, {})
    return float(named.get("rel", _widest(tolerance)))


def _abs_of_statistic(tolerance: Mapping[str, Any]) -> float:
    return float(tolerance.get("fixed", {}).get("abs", 0.0))


def _widest(tolerance: Mapping[str, Any]) -> float:
    return max((part.get("rel", 0.0) for part in tolerance.values() if isinstance(part, Mapping)), default=0.0)


def _p_allowed(want: Mapping[str, Any], tolerance: Mapping[str, Any]) -> float:
    """How far a p value may be moved by a t (or z) value and degrees of freedom within their own tolerances."""
    t = abs(float(next(want[key] for key in STATISTICS if key in want)))
    df = float(want.get("df") or math.inf)
    off = _part(next(key for key in STATISTICS if key in want), tolerance)
    step = max(off["rel"] * t, off["abs"])
    loose = [_p(t - step, df * (1 - _rel("df", tolerance))), _p(t + step, df * (1 + _rel("df", tolerance)))]
    return max(*(abs(p - _p(t, df)) for p in loose), LEAST)


def _p(t: float, df: float) -> float:
    return float(2 * stdtr(min(df, 1e10), -max(t, 0.0)))
