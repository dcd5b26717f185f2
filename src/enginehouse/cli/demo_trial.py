"""The prospective parts of the demo: a trial from the choice of the question to what was learnt, and a rehearsal.

It calls what any user can call, in the order and on the days on which they would. Time is an input.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from enginehouse.programme.enums import DecisionWord, OptOutScope

if TYPE_CHECKING:
    from enginehouse.cli.demo import How
    from enginehouse.core.months import Month
    from enginehouse.core.progress import Progress
    from enginehouse.cycle.drafting import DraftOptions
    from enginehouse.cycle.workspace import Acting, Workspace
    from enginehouse.programme.protocol import Protocol

_DECISIONS = {
    "worthwhile": (DecisionWord.IMPLEMENT, "The whole interval is beyond the margin, as the contract foresaw."),
    "equivalent": (
        DecisionWord.DO_NOT_PURSUE,
        "Visits added nothing worthwhile to feedback here; their time goes elsewhere, and feedback goes on.",
    ),
}
CANDIDATE = "facilitation-on-opioids"
"""The candidate of which the trial is made: feedback goes on anyway, and visits are what is least known."""
CHANGES = "changes.txt"
_OTHERWISE = (DecisionWord.EVALUATE_FURTHER, "The contract foresaw another look for this verdict.")


@dataclass(frozen=True, slots=True)
class Trial:
    """One cycle, walked through: who acts by id and on which day."""

    workspace: Workspace
    cycle: str
    progress: Progress
    seed: str

    def by(self, person: str, on: date) -> Acting:
        from enginehouse.cycle.workspace import acting

        return acting(self.workspace, person, on)

    @property
    def second_seed(self) -> str:
        """What the second person adds, so that the demo is always the same."""
        return f"{self.seed}, the second person"

    @property
    def starts(self) -> date:
        return self.workspace.protocol(self.cycle).design.starts.first_day


def run_trial(workspace: Workspace, cycle: str, progress: Progress, *, seed: str, how: How) -> None:
    """Every step of a prospective cycle on made-up data, whose follow-up comes month by month."""
    trial = Trial(workspace, cycle, progress, seed)
    choose(trial, how)
    lock(trial)
    draw_by_lot(trial)
    deliver(trial, how)
    find_out(trial)
    decide_and_learn(trial)


def choose(trial: Trial, how: How) -> None:
    """Load the history, weigh the candidates, try the design on the practices' own past."""
    import enginehouse as eh

    day = trial.starts - timedelta(days=60)
    me = trial.by("me", day)
    eh.load_data(trial.workspace, by=me, progress=trial.progress)
    eh.check_loaded_data(trial.workspace)
    eh.build_indicators(trial.workspace, by=me, progress=trial.progress)
    eh.write_insight(trial.workspace)
    trial.progress("weighing five candidates, and drafting the protocol of one")
    eh.weigh_priorities(trial.workspace, by=me)
    draft(trial)
    statistician = trial.by("statistician", day + timedelta(days=3))
    workers = 1 if how.workers == 1 else None
    eh.compare_cycle_designs(trial.workspace, trial.cycle, by=statistician, workers=workers, progress=trial.progress)


def draft(trial: Trial) -> None:
    """Draft protocol and contract of the chosen candidate. They are kept beside what people made of them."""
    import enginehouse as eh
    from enginehouse.core.files import write_whole
    from enginehouse.programme.diff import diff

    folder, protocol = trial.workspace.programme.folder, trial.workspace.protocol(trial.cycle)
    cycle, finished = folder / "cycles" / trial.cycle, folder / ".finished"
    kept = trial.workspace.output / f"{trial.cycle}-drafted"
    cycle.rename(finished)
    undecided = eh.open_workspace(folder, need_cycles=False)
    drafted = eh.draft_protocol(undecided, trial.cycle, CANDIDATE, options_like(protocol))
    cycle.rename(kept)
    finished.rename(cycle)
    changes = "\n".join(map(str, diff(drafted.protocol, protocol)))
    write_whole(kept / CHANGES, f"{changes}\n".encode())


def options_like(protocol: Protocol) -> DraftOptions:
    """What a person says beside the candidate, so that the draft has the dates and outcomes of this protocol."""
    from enginehouse.cycle.drafting import DraftOptions

    assert protocol.allocation is not None
    assert protocol.delivery is not None
    return DraftOptions(
        starts=protocol.design.starts,
        strata=protocol.allocation.strata,
        waves=protocol.delivery.waves,
        every_months=protocol.delivery.every_months,
        balancing=protocol.balancing,
        secondary=protocol.secondary,
        approvals=protocol.approvals,
    )


def lock(trial: Trial) -> None:
    """Approvals, two people's registration, the contract and what each signatory expects."""
    import enginehouse as eh

    workspace, cycle, protocol = trial.workspace, trial.cycle, trial.workspace.protocol(trial.cycle)
    trial.progress("locking the protocol, by two people")
    day = trial.starts - timedelta(days=52)
    for number, approval in enumerate(protocol.approvals, start=1):
        eh.record_approval(
            workspace,
            cycle,
            approval,
            by=trial.by("governance", day),
            reference=f"Example {number}",
            given_on=day,
            expires_on=day.replace(year=day.year + 2),
        )
    eh.register(workspace, cycle, by=trial.by("statistician", day + timedelta(days=1)))
    eh.register(workspace, cycle, by=trial.by("manager", day + timedelta(days=2)))
    for forecast in workspace.programme.contracts[cycle].forecasts:
        eh.sign_contract(workspace, cycle, by=trial.by(forecast.person, day + timedelta(days=4)))


def draw_by_lot(trial: Trial) -> None:
    """Tell the practices, hear who would rather not, and allocate the others, by two people."""
    import enginehouse as eh

    workspace, cycle = trial.workspace, trial.cycle
    trial.progress("telling practices, and drawing by lot")
    eh.open_recruitment(workspace, cycle, by=trial.by("manager", trial.starts - timedelta(days=45)))
    sites = eh.current_panel(workspace).sites
    said = trial.by("governance", trial.starts - timedelta(days=30))
    for place, scope in ((3, OptOutScope.RANDOMISATION), (8, OptOutScope.DATA_USE), (21, OptOutScope.FEEDBACK)):
        eh.record_opt_out(workspace, cycle, sites[place], by=said, scope=scope)
    deadline = workspace.protocol(cycle).eligibility
    assert deadline is not None
    first = deadline.opt_out_by + timedelta(days=1)
    eh.prepare_allocation(workspace, cycle, by=trial.by("statistician", first), seed=trial.seed)
    eh.allocate(workspace, cycle, by=trial.by("second-statistician", first + timedelta(days=1)), seed=trial.second_seed)
    eh.export_list(workspace, cycle, "facilitation", by=trial.by("manager", first + timedelta(days=2)))


def deliver(trial: Trial, how: How) -> None:
    """Month after month: the wave that is due, the data as they come, visits, replies, a look at how it goes."""
    from enginehouse.core.months import Month
    from enginehouse.delivery.calendar import waves_of

    workspace, design = trial.workspace, trial.workspace.protocol(trial.cycle).design
    waves = {Month.of(wave.due_on): wave for wave in waves_of(workspace.protocol(trial.cycle).delivery)}
    for month in design.follow_up:
        last_day = (month + 1).first_day - timedelta(days=1)
        if month in waves:
            _wave(trial, waves[month].number, waves[month].due_on, how)
        _log_visits(trial, last_day)
        _load(trial, month, last_day)
        if month in workspace.protocol(trial.cycle).analysis.harm_looks:
            _look_at_harms(trial, month)
        if month.month % 3 == 0:
            _monitor(trial, last_day)


def _wave(trial: Trial, number: int, on: date, how: How) -> None:
    import enginehouse as eh

    workspace, cycle = trial.workspace, trial.cycle
    eh.prepare_wave(
        workspace,
        cycle,
        number,
        by=trial.by("manager", on),
        formats=("html", "text", "pdf") if how.every_format else None,
        workers=how.workers,
        progress=trial.progress,
    )
    eh.approve_wave(workspace, cycle, number, by=trial.by("second-manager", on))
    eh.send_wave(workspace, cycle, number, by=trial.by("manager", on), progress=trial.progress)


def _log_visits(trial: Trial, on: date) -> None:
    import enginehouse as eh
    from enginehouse.cycle.synthesise_contacts import synthesise_replies, synthesise_visits

    workspace, cycle, manager = trial.workspace, trial.cycle, trial.by("manager", on)
    eh.log_contacts(workspace, cycle, synthesise_visits(workspace, cycle, until=on), by=manager)
    for wave in workspace.state(cycle).waves:
        if wave.batches and not any(
            note.about == f"wave-{wave.number}" for note in workspace.state(cycle).delivery_notes
        ):
            eh.note_delivery(
                workspace, cycle, wave.number, synthesise_replies(workspace, cycle, wave.number), by=manager
            )


def _load(trial: Trial, month: Month, on: date) -> None:
    import enginehouse as eh

    me = trial.by("me", on)
    eh.synthesise(trial.workspace.programme.folder, until=month)
    trial.progress(f"loading {month} as it comes")
    eh.load_data(trial.workspace, by=me)
    eh.build_indicators(trial.workspace, by=me)


def _look_at_harms(trial: Trial, month: Month) -> None:
    """On the first day after its last month of data, as registered, by the governance officer alone."""
    import enginehouse as eh

    trial.progress("looking at harms, as registered")
    by = trial.by("governance", (month + 1).first_day)
    eh.look_at_harms_of(trial.workspace, trial.cycle, by=by, month=month)


def _monitor(trial: Trial, on: date) -> None:
    import enginehouse as eh

    eh.monitor(trial.workspace, trial.cycle, by=trial.by("me", on))


def find_out(trial: Trial) -> None:
    """Freeze, run the registered analysis once, and set costs beside it."""
    import enginehouse as eh

    workspace, cycle = trial.workspace, trial.cycle
    end = workspace.protocol(cycle).design.follow_up.end.first_day
    eh.start_follow_up(workspace, cycle, by=trial.by("manager", end - timedelta(days=1)))
    trial.progress("freezing the data, and analysing once")
    eh.freeze(workspace, cycle, by=trial.by("me", end + timedelta(days=40)))
    eh.evaluate_cycle(workspace, cycle, by=trial.by("statistician", end + timedelta(days=41)), progress=trial.progress)
    eh.appraise_cycle(workspace, cycle, by=trial.by("me", end + timedelta(days=42)))


def decide_and_learn(trial: Trial) -> None:
    """Decide by the contract, score the forecasts, post the evidence, weigh again, write it all down."""
    import enginehouse as eh

    workspace, cycle = trial.workspace, trial.cycle
    day = workspace.protocol(cycle).design.follow_up.end.first_day + timedelta(days=60)
    word, reason = _DECISIONS.get(workspace.state(cycle).verdict or "", _OTHERWISE)
    eh.decide(workspace, cycle, by=trial.by("board", day), decision=word, reason=reason)
    me = trial.by("me", day + timedelta(days=1))
    eh.score_cycle(workspace, cycle, by=me)
    eh.post_evidence(workspace, cycle, by=me)
    trial.progress("weighing the candidates again")
    eh.weigh_priorities(workspace, by=me)
    trial.progress("writing dossier, board page and calendar")
    eh.write_dossier(workspace, cycle, by=me)
    eh.write_board(workspace, cycle, by=me)
    eh.export_calendar(workspace, on=me.on)


def run_rehearsal(workspace: Workspace, cycle: str, progress: Progress, *, seed: str) -> None:
    """A trial that was never run, on real history: allocate, wait, analyse, and see what chance alone gives."""
    import enginehouse as eh

    trial = Trial(workspace, cycle, progress, seed)
    me = trial.by("me", date.today())
    eh.load_data(workspace, by=me, progress=progress)
    eh.check_loaded_data(workspace)
    eh.build_indicators(workspace, by=me, progress=progress)
    progress("locking the rehearsal, by two people")
    eh.register(workspace, cycle, by=trial.by("statistician", me.on))
    eh.register(workspace, cycle, by=trial.by("manager", me.on))
    eh.open_recruitment(workspace, cycle, by=trial.by("manager", me.on))
    eh.prepare_allocation(workspace, cycle, by=trial.by("statistician", me.on), seed=seed)
    eh.allocate(workspace, cycle, by=trial.by("second-statistician", me.on), seed=trial.second_seed)
    eh.start_delivery(workspace, cycle, by=trial.by("manager", me.on))
    eh.start_follow_up(workspace, cycle, by=trial.by("manager", me.on))
    progress("freezing, analysing, and allocating anew 1,000 times")
    eh.freeze(workspace, cycle, by=me)
    eh.evaluate_cycle(workspace, cycle, by=trial.by("statistician", me.on), progress=progress)
    eh.appraise_cycle(workspace, cycle, by=me)
    eh.decide(
        workspace,
        cycle,
        by=trial.by("board", me.on),
        decision=DecisionWord.EVALUATE_FURTHER,
        reason="A rehearsal decides nothing; it says what a trial here could see.",
    )
    eh.write_dossier(workspace, cycle, by=me)
