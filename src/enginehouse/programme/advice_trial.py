"""What is worth knowing of a protocol with random allocation, and of a decision contract, although nothing is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from enginehouse.core.errors import Problem
from enginehouse.programme.contract import Contract
from enginehouse.programme.enums import AllocationMethod, Check, Verdict
from enginehouse.programme.folder import Folder
from enginehouse.programme.positions import Path
from enginehouse.programme.programme import Programme
from enginehouse.programme.protocol import Protocol


@dataclass(frozen=True, slots=True)
class _Advice:
    """What to say where, and when: `path` is the key that is missing, or that it is about."""

    path: Path
    applies: Callable[[Protocol], bool]
    what: str
    remedy: str
    in_a_rehearsal: bool = False


def _without_permutation(protocol: Protocol) -> bool:
    allocation = protocol.allocation
    chooses = allocation is not None and allocation.method is not AllocationMethod.STRATIFIED_BLOCKS
    return chooses and Check.PERMUTATION not in protocol.analysis.checks


_OF_TRIALS = (
    _Advice(
        ("analysis", "equivalence"),
        lambda protocol: protocol.analysis.equivalence is None,
        "no margins are given inside which an effect is as good as none, so the trial cannot say that there is none.",
        "Add equivalence: [low, high].",
        in_a_rehearsal=True,
    ),
    _Advice(
        ("power",),
        lambda protocol: protocol.power is None,
        "nothing says which effect the design is tried against, so nobody knows what the trial can show.",
        "Add power: the effect to be found, and a seed.",
        in_a_rehearsal=True,
    ),
    _Advice(
        ("analysis", "checks"),
        _without_permutation,
        "the allocation does not leave all to chance, and only the permutation test takes account of exactly that.",
        "Add permutation to the checks.",
        in_a_rehearsal=True,
    ),
    _Advice(
        ("balancing",),
        lambda protocol: not protocol.balancing,
        "no indicator is watched that must not get worse.",
        "Add balancing: [...].",
    ),
    _Advice(
        ("approvals",),
        lambda protocol: not protocol.approvals,
        "no approval is asked for: nothing will keep sites from being allocated and reports from being sent.",
        "Add approvals, for example [data-protection].",
    ),
    _Advice(
        ("economics",),
        lambda protocol: protocol.economics is None,
        "no price is given, so nobody can say whether the effect is worth its cost.",
        "Add economics.",
    ),
)


def trial_advice(programme: Programme, found: Folder) -> Iterator[Problem]:
    """Of every cycle: its protocol, then its contract."""
    for name, protocol in programme.protocols.items():
        document = found.protocols[name].document
        if protocol.design.type.is_randomised:
            for advice in _OF_TRIALS:
                if advice.applies(protocol) and (advice.in_a_rehearsal or not protocol.rehearsal):
                    yield document.problem(advice.path, advice.what, advice.remedy)
        yield from _contract(name, protocol, programme, found)


def _contract(name: str, protocol: Protocol, programme: Programme, found: Folder) -> Iterator[Problem]:
    contract = programme.contracts.get(name)
    needed = protocol.design.type.is_randomised and not protocol.rehearsal
    if contract is None:
        if needed:
            what = "nobody has said what will be bought or stopped under which result."
            yield found.protocols[name].document.problem((), what, f"Write cycles/{name}/contract.yaml.")
        return
    document = found.contracts[name].document
    if not needed:
        what = "a contract is signed before an allocation, and in this cycle nothing is allocated to anybody."
        yield document.problem((), what, "It is not used; remove it.")
    elif not contract.forecasts:
        what = "nobody has said what they expect, so nobody can sign, and nothing is allocated before all have signed."
        yield document.problem(("forecasts",), what, "Add a forecast of each signatory.")
    elif protocol.analysis.equivalence is None:
        yield from _impossible(contract, name, found)


def _impossible(contract: Contract, name: str, found: Folder) -> Iterator[Problem]:
    for number, forecast in enumerate(contract.forecasts):
        if forecast.verdicts.get(Verdict.EQUIVALENT, 0) > 0:
            what = f"{forecast.person} expects 'equivalent', which the analysis cannot say: it has no margins for it."
            path = ("forecasts", number, "verdicts")
            yield found.contracts[name].document.problem(path, what, "Add equivalence to the protocol's analysis.")
