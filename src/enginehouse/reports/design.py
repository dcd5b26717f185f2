"""The design as a document: what each feasible way of asking could show, before one is registered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from enginehouse.core.words import counted, lower_first
from enginehouse.reports import format as fmt
from enginehouse.reports.content import (
    Block,
    Bullets,
    Callout,
    DataTable,
    Document,
    KeyNumber,
    KeyNumbers,
    Paragraph,
    Section,
)
from enginehouse.reports.design_curves import curve_blocks
from enginehouse.reports.design_figure import half_width_words, half_words, precision_figure
from enginehouse.reports.design_history import history_section
from enginehouse.reports.effects import margin_words, page_words
from enginehouse.reports.index import page_links
from enginehouse.reports.messages import say
from enginehouse.stats.results import NotEstimable
from enginehouse.trials.design_report import DesignLine, DesignOption, DesignReport, PlaceboAreas
from enginehouse.trials.power_results import HistoryWindow, Probability, Replicated


@dataclass(frozen=True, slots=True)
class _Shown:
    """A report with the words that its page needs."""

    report: DesignReport
    noun: str
    indicator_title: str

    def margin(self, value: float) -> str:
        return margin_words(value, is_ratio=self.report.scale == "log-ratio")

    def option(self, option: DesignOption) -> str:
        """A design in the words of a page."""
        key = f"option.{option.value}"
        if option in (DesignOption.PARALLEL_BY_SITE, DesignOption.FEWER_SITES):
            return _say(key, noun=self.noun)
        return _say(key)


def design_document(
    report: DesignReport,
    *,
    programme: str,
    indicator_title: str,
    noun: str = "practices",
    synthetic: bool = False,
    pages: Mapping[str, str] | None = None,
) -> Document:
    """The page of one comparison of designs."""
    shown = _Shown(report, noun, indicator_title)
    sections = (
        _answer(shown),
        _designs(shown),
        Section(id="curves", title=_say("curves"), blocks=curve_blocks(report, noun)),
        _answers(shown),
        history_section(report, noun),
        _how(shown),
    )
    return Document(
        title=_say("title"),
        subtitle=_say("subtitle", cycle=_ended(report.cycle_title), noun=noun),
        kind=f"{_say('kind')}: {programme}",
        sections=sections,
        banner=_say("banner") if synthetic else "",
        pages=page_links(pages),
    )


def _answer(shown: _Shown) -> Section:
    numbers = tuple(number for number in (_power(shown), _none(shown), _detectable(shown), _alone(shown)) if number)
    blocks: list[Block] = [KeyNumbers(items=numbers)] if numbers else []
    blocks += [
        Callout(title=_say("warning"), text=page_words(warning), tone="caution") for warning in shown.report.warnings
    ]
    return Section(id="answer", title=_say("answer"), blocks=tuple(blocks))


def _power(shown: _Shown) -> KeyNumber | None:
    power = shown.report.power
    if power.power is None:
        return None
    units = next((line for line in shown.report.lines if line.registered), None)
    count = 0 if units is None or isinstance(units.precision, NotEstimable) else units.precision.units
    note = _say(
        "power_note",
        outcome=lower_first(shown.indicator_title),
        units=counted(count, shown.noun),
        fidelity=fmt.percent(power.fidelity, 0),
    )
    label = _say("power_label", effect=shown.margin(shown.report.effect))
    return KeyNumber(label=label, value=fmt.probability(power.power), note=note)


def _none(shown: _Shown) -> KeyNumber | None:
    share, margins = shown.report.power.equivalent_if_none, shown.report.equivalence
    if margins is None:
        return KeyNumber(label=_say("none_label"), value=fmt.EN_DASH, note=_say("none_note_plain"))
    if share is None:
        return None
    note = _say("none_note", low=shown.margin(margins[0]), high=shown.margin(margins[1]))
    return KeyNumber(label=_say("none_label"), value=fmt.probability(share), note=note)


def _detectable(shown: _Shown) -> KeyNumber | None:
    formula = shown.report.power.formula
    if isinstance(formula, NotEstimable):
        return None
    return KeyNumber(label=_say("detectable_label"), value=shown.margin(formula.detectable))


def _alone(shown: _Shown) -> KeyNumber | None:
    placebo = _placebo(shown.report)
    if not isinstance(placebo, PlaceboAreas):
        return None
    note = _say("alone_note", areas=placebo.areas)
    return KeyNumber(label=_say("alone_label"), value=fmt.percent(placebo.false_positive, 0), note=note)


def _placebo(report: DesignReport) -> PlaceboAreas | NotEstimable | None:
    return next((line.placebo for line in report.lines if line.placebo is not None), None)


def _designs(shown: _Shown) -> Section:
    figure = precision_figure(shown.report, {line.option: shown.option(line.option) for line in shown.report.lines})
    blocks: list[Block] = [figure] if figure is not None else []
    blocks += [_table(shown), Bullets(items=tuple(_told(shown)))]
    return Section(id="designs", title=_say("designs"), blocks=tuple(blocks))


def _table(shown: _Shown) -> DataTable:
    names = ("design", "units", "months", "half", "power", "none", "withheld")
    words = {"power": {"effect": shown.margin(shown.report.effect)}}
    return DataTable(
        caption=_say("table"),
        header=tuple(_say(f"{name}_header", **words.get(name, {})) for name in names),
        rows=tuple(_row(shown, line) for line in shown.report.lines),
        numeric=frozenset({1, 2, 3, 4, 5}),
        note=_say("table_note"),
    )


def _row(shown: _Shown, line: DesignLine) -> tuple[str, ...]:
    name = shown.option(line.option)
    name = _say("registered", design=name) if line.registered else name
    found, length = line.precision, counted(line.months, "month")
    if isinstance(found, NotEstimable):
        reason = fmt.EN_DASH if line.feasible else _say("not_feasible")
        return (name, reason, length, fmt.EN_DASH, fmt.EN_DASH, fmt.EN_DASH, line.withheld)
    none = fmt.EN_DASH if found.equivalent_if_none is None else fmt.probability(found.equivalent_if_none)
    drawn = _say("no_units") if line.option is DesignOption.ALL_AT_ONCE else fmt.count(found.units)
    half = _say("half", half=half_words(found.half_width, shown.report.scale))
    return (name, drawn, length, half, fmt.probability(found.power), none, line.withheld)


def _told(shown: _Shown) -> Iterator[str]:
    for line in shown.report.lines:
        name = shown.option(line.option)
        yield _say("why", design=name, why=page_words(line.why), caution=page_words(line.caution)).strip() + (
            f" {_say('cannot_answer', what=line.cannot_answer)}" if line.cannot_answer else ""
        )
        if isinstance(line.precision, NotEstimable) and line.precision.detail not in line.why:
            yield _say("cannot", design=name, reason=page_words(line.precision.detail))
    placebo = _placebo(shown.report)
    if isinstance(placebo, NotEstimable):
        yield _say("alone_cannot", reason=page_words(placebo.detail))
    elif placebo is not None:
        yield _drift(shown, placebo)


def _drift(shown: _Shown, placebo: PlaceboAreas) -> str:
    words: dict[str, str | int] = {"areas": placebo.areas, "share": fmt.percent(placebo.false_positive, 0)}
    if placebo.std_error_with_drift is None:
        return _say("alone_short", **words)
    scale = shown.report.scale
    return _say(
        "alone",
        tau=half_width_words(placebo.tau, scale, df=None, level=None),
        wide=half_width_words(placebo.std_error_with_drift, scale, df=max(placebo.areas - 1, 1)),
        narrow=half_width_words(placebo.naive_std_error, scale, df=None),
        **words,
    )


def _answers(shown: _Shown) -> Section:
    power = shown.report.power
    none, effect = power.none, power.effect
    blocks: list[Block] = []
    if isinstance(none, Replicated):
        text = _say("answers_text", noun=shown.noun, count=fmt.count(none.replications), seed=power.seed)
        blocks.append(Paragraph(text=text))
    if isinstance(none, Replicated) and isinstance(effect, Replicated):
        blocks += [_words_table(shown, none, effect), Paragraph(text=_coverage(none, effect))]
    blocks.append(Paragraph(text=_drawn(shown)))
    for case, found in (("case_none", none), ("case_effect", effect)):
        if isinstance(found, NotEstimable):
            blocks.append(Paragraph(text=_say("answers_cannot", case=_say(case), reason=page_words(found.detail))))
    return Section(id="answers", title=_say("answers"), blocks=tuple(blocks))


def _drawn(shown: _Shown) -> str:
    power = shown.report.power
    none, effect, formula = power.drawn_none, power.drawn_effect, power.formula
    if isinstance(none, NotEstimable) or isinstance(effect, NotEstimable):
        refused = none if isinstance(none, NotEstimable) else effect
        assert isinstance(refused, NotEstimable)
        return _say("drawn_cannot", reason=page_words(refused.detail))
    return _say(
        "drawn",
        count=fmt.count(none.replications),
        effect=shown.margin(shown.report.effect),
        power=_share(effect.excludes_none),
        none=_share(none.probability("equivalent")),
        formula=fmt.EN_DASH if isinstance(formula, NotEstimable) else fmt.percent(formula.power),
    )


def _words_table(shown: _Shown, none: Replicated, effect: Replicated) -> DataTable:
    words = list(dict.fromkeys(word.word for found in (effect, none) for word in found.words))
    return DataTable(
        caption=_say("answers_table"),
        header=(
            _say("answer_header"),
            _say("if_none_header"),
            _say("if_effect_header", effect=shown.margin(shown.report.effect)),
        ),
        rows=tuple(
            (word[:1].upper() + word[1:], _share(none.probability(word)), _share(effect.probability(word)))
            for word in words
        ),
        numeric=frozenset({1, 2}),
        note=_say("answers_note"),
    )


def _share(found: Probability) -> str:
    if found.value == 0:
        return fmt.percent(0, 0)
    return _say("share", share=fmt.percent(found.value), error=fmt.percent(found.monte_carlo_error))


def _coverage(none: Replicated, effect: Replicated) -> str:
    return _say("coverage", none=fmt.percent(none.coverage.value), effect=fmt.percent(effect.coverage.value))


def _how(shown: _Shown) -> Section:
    return Section(id="how", title=_say("how"), blocks=(Bullets(items=tuple(_basis(shown))),), aside=True)


def _basis(shown: _Shown) -> Iterator[str]:
    power = shown.report.power
    if power.window is not None:
        yield _window(power.window)
    is_ratio = shown.report.scale == "log-ratio"
    sd = fmt.percent(power.effect_sd) if is_ratio else fmt.significant(power.effect_sd)
    yield _say(
        "assumed",
        effect=shown.margin(shown.report.effect),
        spread=_say("spread", sd=sd) if power.effect_sd else _say("spread_none"),
        fidelity=fmt.percent(power.fidelity, 0),
    )
    if not isinstance(power.formula, NotEstimable):
        moments = power.formula.moments
        yield _say(
            "moments",
            units=counted(moments.units, shown.noun),
            between=fmt.percent(moments.between_sd, 0) if is_ratio else fmt.significant(moments.between_sd),
            correlation=fmt.number(moments.autocorrelation, 2),
        )
        yield from (_say("note", note=page_words(note)) for note in power.formula.notes)
    if shown.report.smallest_p is not None:
        yield _say("smallest_p", p=fmt.p_value(shown.report.smallest_p))
    yield from (_say("note", note=page_words(note)) for note in power.notes)


def _ended(title: str) -> str:
    """A title as a sentence."""
    return title if title.endswith((".", "?", "!")) else f"{title}."


def _window(window: HistoryWindow) -> str:
    return _say(
        "window" if window.as_registered else "window_short",
        first=fmt.month_words(window.first),
        last=fmt.month_words(window.last),
        before=counted(window.baseline_months, "month"),
        after=counted(window.follow_up_months, "month"),
    )


def _say(key: str, **values: str | int) -> str:
    return say(f"design.{key}", **values)
