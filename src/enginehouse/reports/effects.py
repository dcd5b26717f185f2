"""Effects as documents print them: estimates in display units and in words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from enginehouse.reports import format as fmt
from enginehouse.reports.figures import Effect
from enginehouse.reports.messages import has_message, say
from enginehouse.stats.results import Estimate, Estimated

_MINUS_BEFORE_NUMBER = re.compile(r"(?<![\w.])-(?=[£$€]?\d)")
_DAY = re.compile(r"(?<![\w-])\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?![\w-])")
_MONTH = re.compile(r"(?<![\w-])\d{4}-(?:0[1-9]|1[0-2])(?![\w-])")
_PLUS_BEFORE_NUMBER = re.compile(r"(?<![\w.])\+(?=[£$€]?\d)")


def display_effect(estimate: Estimate, *, scale: int = 1, level: float = 0.95) -> Effect:
    """A log ratio as per cent change, a difference in its unit times the display scale."""
    interval = estimate.interval(level)
    if estimate.scale == "log-ratio":
        ratios = estimate.ratio_interval(level)
        return Effect(value=100 * (estimate.ratio - 1), low=100 * (ratios.low - 1), high=100 * (ratios.high - 1))
    return Effect(value=estimate.value * scale, low=interval.low * scale, high=interval.high * scale)


def shown(value: float, estimate: Estimate) -> str:
    """One number of a displayed effect: `−1.1%`, or three digits of a difference."""
    return f"{fmt.number(value, 1)}%" if estimate.scale == "log-ratio" else fmt.significant(value)


def point_words(estimate: Estimate, *, scale: int = 1) -> str:
    """The estimate alone."""
    return shown(display_effect(estimate, scale=scale).value, estimate)


def limits_words(estimate: Estimate, *, scale: int = 1, level: float = 0.95) -> str:
    """`−3.7% to 1.5%`."""
    effect = display_effect(estimate, scale=scale, level=level)
    return f"{shown(effect.low, estimate)} to {shown(effect.high, estimate)}"


def effect_words(estimate: Estimate, *, scale: int = 1) -> str:
    """`−1.1% (95% interval −3.7% to 1.5%)`."""
    effect = display_effect(estimate, scale=scale)
    low, high = shown(effect.low, estimate), shown(effect.high, estimate)
    return f"{shown(effect.value, estimate)} ({fmt.interval_words(low, high)})"


def cell_words(estimate: Estimated, *, scale: int = 1) -> tuple[str, str]:
    """An estimate and its interval as two cells of a table; a dash and the reason where there is none."""
    if isinstance(estimate, Estimate):
        return point_words(estimate, scale=scale), limits_words(estimate, scale=scale)
    return fmt.EN_DASH, estimate.detail


def table_cells(estimate: Estimated, *, scale: int = 1) -> tuple[str, str]:
    """As `cell_words`, but where there is no estimate only that: the table's note has the reason."""
    if isinstance(estimate, Estimate):
        return cell_words(estimate, scale=scale)
    return fmt.EN_DASH, say("page.cannot_be_estimated")


def margin_words(margin: float, *, is_ratio: bool, scale: int = 1) -> str:
    """A registered margin as a change: `−2.0%`."""
    return fmt.percent_change(margin) if is_ratio else fmt.significant(margin * scale)


def page_words(text: str) -> str:
    """A sentence made elsewhere as pages write it: a real minus, no plus, and months by their names."""
    named = _MONTH.sub(lambda found: fmt.month_words(found[0]), _DAY.sub(lambda found: fmt.date_words(found[0]), text))
    return _PLUS_BEFORE_NUMBER.sub("", _MINUS_BEFORE_NUMBER.sub(fmt.MINUS, named))


def attribute_words(name: str) -> str:
    """An attribute of sites: `deprivation (IMD 2015 score)`, or its name without underscores."""
    key = f"page.attribute.{name}"
    return say(key) if has_message(key) else plain_name(name)


def plain_name(name: str) -> str:
    """`areas-by-month` as `areas by month`."""
    return name.replace("-", " ").replace("_", " ")


def title_name(name: str) -> str:
    """`areas-by-month` as `Areas by month`."""
    words = plain_name(name)
    return words[:1].upper() + words[1:]


def method_words(name: str) -> str:
    """A method of analysis: `Poisson, random slope`."""
    key = f"page.method.{name}"
    return say(key) if has_message(key) else plain_name(name)


def attribution_words(attributions: Iterable[str]) -> str:
    """Whom to name, each once: an attribution that another one begins with is left out."""
    distinct = list(dict.fromkeys(text.strip() for text in attributions if text.strip()))
    stems = {text: text.rstrip(".") for text in distinct}
    return " ".join(
        text for text in distinct if not any(other != text and other.startswith(stems[text]) for other in distinct)
    )


def value_format(values: Iterable[float | None], *, is_percent: bool = False) -> str:
    """As many decimals as show about three digits of the largest value."""
    largest = max((abs(v) for v in values if v is not None), default=0.0)
    decimals = 0 if largest >= 100 else 1 if largest >= 10 else 2 if largest >= 1 else 3
    return f"{{:,.{decimals}f}}%" if is_percent else f"{{:,.{decimals}f}}"


def scaled_per(per: str, scale: int) -> str:
    """`registered patient`, or `1,000 registered patients` where values are shown for a thousand."""
    if scale == 1:
        return per
    return f"{fmt.number(scale)} {per if per.endswith('s') else per + 's'}"
