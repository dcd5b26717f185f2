"""Numbers as a report prints them: few digits, a real minus sign, the same decimals for the values of one wave."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from enginehouse.core.months import Month
from enginehouse.core.words import plural
from enginehouse.feedback.texts import say
from enginehouse.programme.indicator import Indicator

MINUS = "\N{MINUS SIGN}"
_MOST_DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How an indicator's values are shown: `factor` times the ratio, with `decimals`, per cent or not."""

    factor: float
    decimals: int
    is_percent: bool
    unit: str
    axis_unit: str

    def shown(self, ratio: float) -> float:
        """The value as it stands on a chart."""
        return ratio * self.factor

    @property
    def value_format(self) -> str:
        """For `str.format`."""
        return f"{{:,.{self.decimals}f}}{'%' if self.is_percent else ''}"

    def words(self, ratio: float) -> str:
        """The value as it is printed."""
        return f"{number(self.shown(ratio), self.decimals)}{'%' if self.is_percent else ''}"

    def range_words(self, low: float, high: float) -> str:
        """Both limits as they are printed."""
        return say("value.range", low=self.words(low), high=self.words(high))


def display_of(indicator: Indicator, middle: float) -> Display:
    """How the indicator is shown in a wave whose middle value is `middle`: about three digits of it."""
    factor = 100.0 if indicator.is_proportion else float(indicator.scale)
    per = plural(indicator.per)
    if indicator.is_proportion:
        unit, axis = say("value.share", per=per), say("value.share_axis", per=per)
    elif indicator.scale > 1:
        unit = axis = say("value.per_scale", unit=indicator.unit, scale=number(indicator.scale), per=per)
    else:
        unit = axis = say("value.per", unit=indicator.unit, per=indicator.per)
    return Display(
        factor=factor,
        decimals=decimals_for(abs(middle) * factor),
        is_percent=indicator.is_proportion,
        unit=unit,
        axis_unit=axis,
    )


def decimals_for(size: float) -> int:
    """As many decimals as give about three digits."""
    if not math.isfinite(size) or size <= 0:
        return 1
    return min(_MOST_DECIMALS, max(0, 2 - math.floor(math.log10(size))))


def number(value: float, decimals: int = 0) -> str:
    """`1,234.5`; no sign on a number that rounds to zero."""
    text = f"{abs(value):,.{decimals}f}"
    return f"{MINUS}{text}" if value < 0 and text.strip("0.,") else text


def rounded(value: float, digits: int = 2) -> str:
    """A size in a sentence: two significant digits, never an exponent."""
    if value == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    return number(round(value, places), max(0, places))


def percent(share: float) -> str:
    """A share of one as per cent, without sign: `4.2%`, `38%`."""
    size = abs(share) * 100
    return f"{number(size, 0 if size >= 9.95 else 1)}%"


def month_words(month: Month | str) -> str:
    """`2016-04` as `April 2016`."""
    text = str(month)
    return say("month.words", month=say(f"month.{int(text[5:7])}"), year=text[:4])


def age_in_days(month: Month, on: date) -> int:
    """Days from the end of `month` to `on`."""
    return (on - (month + 1).first_day).days + 1
