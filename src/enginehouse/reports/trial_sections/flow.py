"""Who took part: from the register to the analysis, as a figure and in words."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.core.words import first_upper
from enginehouse.evaluation.parallel.results import ArmFlow
from enginehouse.reports import format as fmt
from enginehouse.reports.charts.spec import FlowBox, FlowChart, FlowStep
from enginehouse.reports.content import Block, Bullets, Figure, Section
from enginehouse.reports.effects import page_words
from enginehouse.reports.messages import say
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.reports.trial_sections.words import named_words


def flow_section(basis: TrialBasis) -> Section:
    chart = FlowChart(
        trunk=tuple(_trunk(basis)), arms=tuple(tuple(_arm(basis, flow)) for flow in basis.evaluation.flow)
    )
    figure = Figure(chart=chart, caption=_caption(basis), alt=_alt(chart))
    notes = tuple(_notes(basis))
    blocks: tuple[Block, ...] = (figure, Bullets(items=notes)) if notes else (figure,)
    return Section(id="flow", title=_say("title"), blocks=blocks)


def _trunk(basis: TrialBasis) -> Iterator[FlowStep]:
    allocated = sum(flow.allocated for flow in basis.evaluation.flow)
    if basis.roster is not None:
        counts = basis.roster.consort
        reasons = tuple(_say("reason", reason=_reason(r.reason.value), count=r.sites) for r in counts.by_reason)
        yield FlowStep(
            box=FlowBox(title=_say("considered", count=fmt.count(counts.assessed))),
            aside=FlowBox(title=_say("left_out", count=fmt.count(counts.excluded)), lines=reasons),
        )
        scopes = {
            "opted_random": counts.opted_out_of_randomisation,
            "opted_data": counts.opted_out_of_data_use,
        }
        lines = tuple(_say(key, count=count) for key, count in scopes.items() if count)
        yield FlowStep(
            box=FlowBox(title=_say("eligible", count=fmt.count(counts.eligible))),
            aside=FlowBox(title=_say("opted_out", count=fmt.count(counts.opted_out)), lines=lines),
        )
        allocated = counts.on_roster
    yield FlowStep(box=FlowBox(title=_say("allocated", count=fmt.count(allocated))))


def _arm(basis: TrialBasis, flow: ArmFlow) -> Iterator[FlowBox]:
    yield FlowBox(title=_say("arm_allocated", arm=first_upper(flow.title), count=fmt.count(flow.allocated)))
    got = tuple(
        _say("got", component=first_upper(f.title), reached=fmt.count(f.reached), sites=fmt.count(f.sites))
        for f in basis.evaluation.fidelity
        if f.arm == flow.arm and (f.reached or f.component in _strategies(basis, flow.arm))
    )
    yield FlowBox(title=_say("received"), lines=got or (_say("nothing_logged"),))
    left = {"closed": flow.closed, "merged": flow.merged, "opted_later": flow.opted_out}
    lines = tuple(_say(key, count=count) for key, count in left.items() if count)
    yield FlowBox(
        title=_say("left", count=fmt.count(sum(left.values()))), lines=(*lines, *((_say("kept"),) if lines else ()))
    )
    without = {"without_data": flow.without_data, "excluded": flow.excluded}
    yield FlowBox(
        title=_say("analysed", count=fmt.count(flow.analysed)),
        lines=tuple(_say(key, count=count) for key, count in without.items() if count),
    )


def _strategies(basis: TrialBasis, arm: str) -> tuple[str, ...]:
    return tuple(basis.protocol.arms.get(arm, ()))


def _reason(text: str) -> str:
    return page_words(text)


def _caption(basis: TrialBasis) -> str:
    units = sum(flow.units for flow in basis.evaluation.flow)
    sites = sum(flow.allocated for flow in basis.evaluation.flow)
    said = "" if units == sites else _say("caption_units", units=fmt.count(units))
    return _say("caption", noun=basis.noun, units=said)


def _alt(chart: FlowChart) -> str:
    trunk = [_box_words(box) for step in chart.trunk for box in (step.box, step.aside) if box is not None]
    arms = [_say("alt_arm", arm=column[0].title, boxes="; ".join(map(_inside, column[1:]))) for column in chart.arms]
    return _say("alt", trunk=" ".join(trunk), arms=" ".join(arms))


def _box_words(box: FlowBox) -> str:
    return f"{_inside(box)}."


def _inside(box: FlowBox) -> str:
    return f"{box.title} ({'; '.join(box.lines)})" if box.lines else box.title


def _notes(basis: TrialBasis) -> Iterator[str]:
    if basis.roster is None:
        return
    counts = basis.roster.consort
    if counts.elsewhere:
        yield _say("elsewhere", count=fmt.count(counts.elsewhere))
    if counts.opted_out_of_feedback_only:
        yield _say("feedback_only", count=fmt.count(counts.opted_out_of_feedback_only))
    for note in basis.roster.notes:
        yield _say("note", note=first_upper(named_words(basis, note)))


def _say(key: str, **values: str | int) -> str:
    return say(f"trial.flow.{key}", **values)
